"""What some bytes say, whatever their record claims: UTF-8, TIS-620, MARC-8, Latin, Cyrillic, or saved wrongly."""

import contextlib
import io
import re
import unicodedata
from collections.abc import Callable, Iterable

from pymarc.marc8 import MARC8ToUnicode

REPLACEMENT = "\ufffd"
PRIOR = 0.6  # what the whole record's letters count beside those of one field
SURE = 2.0  # what valid UTF-8 counts: no other encoding looks like it by chance
CLEAR = 0.7  # by so much ahead, an encoding holds for the whole record, its one-letter words too (ศ760ล)
DECLARED = 0.3  # what the record's own word counts, where the letters leave it open

# What must be looked at more closely in text that was decoded without a fault: a numeric reference, UTF-8 that was
# read as Latin-1 or as Thai, TIS-620 that was read as Latin-1, a control character (ULibM, old exports).
_TROUBLE = re.compile("&#|[\u00c2-\u00f4][\u0080-\u00bf\u2013-\u203a]|[\u00a1-\u00fb]{4}|[\x00-\x1c\x7f\uf700-\uf71a]")
_AS_THAI = re.compile("เ[ธน][\u0080-\u00a0ก-ฟ\u2013-\u203a€…]เ[ธน][\u0080-\u00a0ก-ฟ\u2013-\u203a€…]")
# One character, if any, at which the first of them begins: a record is searched for it in a tenth of the time.
_HINT = re.compile("[&\x00-\x1c\x7f-\u00ff\uf700-\uf71a]")
_HINT_BYTES = bytes([*range(0x1D), 0x26, 0x7F, 0xC2, 0xC3, 0xEF])  # in UTF-8: what each of those begins with


def troubled(text: str) -> bool:
    """Whether a text must be looked at more closely (``mended``)."""
    if ("เธ" in text or "เน" in text) and _AS_THAI.search(text):
        return True
    return any(_TROUBLE.match(text, hint.start()) for hint in _HINT.finditer(text))


def may_be_troubled(data: bytes, text: str) -> bool:
    """Whether a text can be, told by its bytes in UTF-8 at once: False of nearly every one."""
    return len(data.translate(None, _HINT_BYTES)) < len(data) or "เธ" in text or "เน" in text


def decode(fields: Iterable[bytes], declared: str, named: str = "") -> tuple[list[str], list[str]]:
    """The texts of a record's fields, and the names of the encodings that they turned out to be in, with
    ``unreadable`` where blanks stand for what could not be read.

    ``declared`` is what the leader says (``utf-8`` or ``marc-8``), ``named`` what the source's table says.
    Each field is judged by what it would say in each encoding; the record as a whole has a voice in that.
    """
    raw = list(fields)
    foreign = b" ".join(data for data in raw if not _plain(data))
    if declared == "utf-8" and not named and _valid(foreign):
        return [data.decode("utf-8") for data in raw], []
    voices = _voices(foreign, declared) if foreign else {}
    first, second, *_ = sorted(voices, key=voices.__getitem__, reverse=True) if voices else ("", "")
    clear = first if voices and voices[first] - voices[second] > CLEAR else ""
    used: dict[str, None] = {}
    texts: list[str] = []
    for data in raw:
        text, names = (data.decode("ascii"), ()) if _plain(data) else _decoded(data, voices, clear, named)
        texts.append(text)
        used |= dict.fromkeys(names)
    return texts, list(used)


def is_marc8(data: bytes) -> bool:
    """Whether the bytes of a whole record make more sense as MARC-8 than as anything else."""
    if _plain(data):
        return True
    own = _sense("marc-8", data)
    return (own > 0.95 and not _valid(data)) or own + DECLARED >= max(_sense(name, data) for name in DECODERS)


_ASCII = bytes(range(0x80))


def _valid(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _plain(data: bytes) -> bool:
    return data.isascii() and b"\x1b" not in data


def _voices(foreign: bytes, declared: str) -> dict[str, float]:
    """How much sense a whole record makes in each encoding. Long Thai text is Thai, and the others are not asked."""
    if len(foreign.translate(None, _ASCII)) > 20 and not _valid(foreign):
        thai = _sense("cp874", foreign)
        if thai > CLEAR:
            return dict.fromkeys(DECODERS, -1.0) | {"cp874": thai}
    voices = {name: _sense(name, foreign) for name in DECODERS}
    return voices | {declared: voices[declared] + DECLARED}


def _decoded(data: bytes, voices: dict[str, float], clear: str, named: str) -> tuple[str, tuple[str, ...]]:
    """One field: as the source's table says, as the record as a whole is, or as makes most sense of it."""
    if named:
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(named), (named.lower(),)
    name = clear
    if clear != "utf-8" and _three_bytes(data):
        name = "utf-8"
    elif not clear or REPLACEMENT in DECODERS[clear](data):
        name = max(voices, key=lambda n: _sense(n, data) + PRIOR * voices[n])
    if name == "marc-8":
        text, lost = _read_marc8(data)
        return text, (name, "unreadable") if lost else (name,)
    return DECODERS[name](data), (name,)


def _three_bytes(data: bytes) -> bool:
    """Whether the bytes are UTF-8 with a letter of three bytes in it: Thai, among others."""
    return _valid(data) and max(data.decode("utf-8")) > "\u07ff"


def _sense(name: str, data: bytes) -> float:
    """How much sense the bytes make in an encoding: 1 where every letter stands where such letters stand."""
    if name == "marc-8":
        text, lost = _read_marc8(data)
        return sense(text + REPLACEMENT * lost)
    text = DECODERS[name](data)
    if name == "utf-8" and REPLACEMENT not in text:
        # รถ in TIS-620 is ö in UTF-8: a letter or two of two bytes prove nothing
        return sense(text) + SURE * (max(text) > "\u07ff" or sum(c > "\x7f" for c in text) > 2)
    if name in ("cp1251", "cp866") and not _RUSSIAN.search(text):
        return -1.0
    return sense(text)


_RUSSIAN = re.compile("[\u0400-\u04ff]{3}")


# ── the encodings ────────────────────────────────────────────────────────────────────────────────


def _utf8(data: bytes) -> str:
    """UTF-8 with its bad bytes as cp1252, where they are its quotes and dashes, else as U+FFFD."""
    text = data.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]+", _stray, text)


def _stray(bad: re.Match[str]) -> str:
    raw = bad[0].encode("utf-8", "surrogateescape")
    quotes = len(raw) == 1 and raw[0] in _QUOTES
    return raw.decode("cp1252") if quotes else REPLACEMENT


_QUOTES = b"\x85\x91\x92\x93\x94\x96\x97"


def _marc8(data: bytes) -> str:
    return _read_marc8(data)[0]


def _read_marc8(data: bytes) -> tuple[str, int]:
    """The text, and how often pymarc found nothing to put in a character's place: it leaves a blank there."""
    said = io.StringIO()  # where pymarc writes of each
    texts, broken = [], 0
    with contextlib.redirect_stderr(said):
        for part in data.split(b"\x1f"):
            try:
                texts.append(MARC8ToUnicode().translate(part))  # type: ignore[no-untyped-call]  # pymarc's own
            except (IndexError, TypeError, ValueError):  # an escape sequence that is cut off
                plain = re.sub(rb"\x1b[$()\-,]*.?", b"", part)
                texts.append(MARC8ToUnicode(quiet=True).translate(plain))  # type: ignore[no-untyped-call]  # pymarc's own
                broken += 1
    return "\x1f".join(texts), broken + said.getvalue().count("\n")


def _charmap(name: str) -> Callable[[bytes], str]:
    return lambda data: data.decode(name, "replace")


# The order decides between encodings that make equal sense.
DECODERS: dict[str, Callable[[bytes], str]] = {
    "utf-8": _utf8,
    "cp874": _charmap("cp874"),
    "marc-8": _marc8,
    "cp1252": _charmap("cp1252"),
    "cp1251": _charmap("cp1251"),
    "cp866": _charmap("cp866"),
}


# ── sense ────────────────────────────────────────────────────────────────────────────────────────

_FOREIGN = re.compile(r"[^\x00-\x1a\x1c-\x7f]")  # an escape sequence too: it is left where text was no MARC-8
_THAI_WORD = re.compile("(?:[เ-ไ]?[ก-ฮ][\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]*[ะาำๅๆฯ\u0e4e]*)+")
_THAI = re.compile("[\u0e01-\u0e5b]+")
_OTHER = re.compile("[^\x00-\x1a\x1c-\x7f\u0e01-\u0e5b]")
_THAI_BESIDE = "๐๑๒๓๔๕๖๗๘๙฿ๆฯ"
_UNSORTED = "\u0098\u009c"  # around an article that is left out in sorting (MARC 21, from ISO 6630)
_PUNCTUATION = frozenset("“”‘’–—…«»©®°·•§¿¡№")


def sense(text: str) -> float:
    """From 1, every letter beyond ASCII stands where such letters stand, to -1, none does. ASCII alone is 0."""
    text = unicodedata.normalize("NFC", text)
    count = len(_FOREIGN.findall(text))
    if not count:
        return 0.0
    good = sum(_thai_good(run) for run in _THAI.findall(text))
    good += sum(_good(text, m.start(), m[0]) for m in _OTHER.finditer(text))
    return good / count


def _thai_good(run: str) -> float:
    """What a run of Thai letters counts: each letter that stands in a word 1, each other -2; a lone letter -1."""
    digits = sum(c in _THAI_BESIDE for c in run)
    words = sum(len(m[0]) for m in _THAI_WORD.finditer(run))
    if len(run) == 1:
        return -1.0
    if digits == len(run):
        return 0.2 * digits
    return min(len(run), words + digits) - 2.0 * max(0, len(run) - words - digits)


def _good(text: str, at: int, char: str) -> float:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if char in _UNSORTED:
        return 0.0
    category = unicodedata.category(char)
    if char == REPLACEMENT or category in ("Cc", "Co", "Cn", "So") or 0x2500 <= ord(char) < 0x25A0:
        return 0.0 if char in _PUNCTUATION else -1.0
    if char in _PUNCTUATION:
        return 0.3 if not (before.isalpha() and after.isalpha()) or char in "’·" else -0.5
    if category == "Mn":  # MARC-8 puts a mark on its letter; where the two make no letter, it was none
        return 0.2 if char in "\ufe20\ufe21\u0331\u0323\u0325\u032e\u0310" and before.isalpha() else -0.7
    if char in "ÿþýðÞÝÐ¶¤×÷µªº\u00a0":
        return -1.0 if char == "ÿ" else -0.3
    if category[0] == "L":
        return _letter(before, char, after)
    return -0.3


def _letter(before: str, char: str, after: str) -> float:
    script = _script(char)
    beside = [c for c in (before, after) if c.isalpha()]
    if script in ("LATIN", "CYRILL", "GREEK "):
        if any(_script(c) != script for c in beside):
            return -1.0
        if char.isupper() and before.islower():
            return -1.0
        if char.isupper() and before.isupper() and after.islower():
            return -0.5
        return 1.0 if beside or char in "àéèóíáäöåøæАаяиво" else 0.2
    return 1.0  # Chinese, Arabic, Hebrew …: nothing but MARC-8's own tables or UTF-8 makes them


def _script(char: str) -> str:
    return "LATIN" if char.isascii() else unicodedata.name(char, "?????")[:6].removesuffix(" ") if char else ""


# ── text that was decoded wrongly and saved so ───────────────────────────────────────────────────

_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{2,6})|([0-9]{2,7}));")
_CONTROL = re.compile("[\x00-\x1e\x7f]+")
# Thai letters in another place or without their tail, as the fonts of Windows 3 had them: U+F700 and on.
_TAILS = (
    "ฐ\u0e34\u0e35\u0e36\u0e37\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e48\u0e49\u0e4a\u0e4b\u0e4c"
    "ญ\u0e31\u0e4d\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e38\u0e39\u0e3a"
)
_OLD_THAI = {0xF700 + n: letter for n, letter in enumerate(_TAILS)}


def mended(text: str) -> tuple[str, tuple[str, ...]]:
    """The text as it was meant, and what had to be mended: ``references``, ``twice``, ``control``."""
    if not troubled(text):
        return text, ()
    found: list[str] = []
    for name, mend in (("references", _dereferenced), ("twice", _once), ("control", _printable)):
        if (better := mend(text)) != text:
            found.append(name)
            text = better
    return text, tuple(found)


def _dereferenced(text: str) -> str:
    return _REFERENCE.sub(_character, text)


def _character(reference: re.Match[str]) -> str:
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    allowed = number >= 0x20 and number != 0x7F and not 0x80 <= number < 0xA0
    return chr(number) if allowed and number < 0x110000 and not 0xD800 <= number < 0xE000 else reference[0]


def _printable(text: str) -> str:
    return _CONTROL.sub(" ", text).translate(_OLD_THAI)


def _once(text: str) -> str:
    """Text whose UTF-8 was taken for Latin-1, cp1252 or Thai, or whose TIS-620 for Latin-1, once or twice."""
    for _ in range(3):
        better = _MISREAD.sub(_reread_utf8, text)
        if better == text and sense(text) < 0.5:
            better = _LATIN_RUN.sub(_reread_thai, text)
        if better == text:
            return text
        text = better
    return text


def _bytes_of(encoding: str) -> dict[str, int]:
    """Character -> the byte it was read from; where the encoding has none, the control character of that number."""
    found = {chr(n): n for n in range(0x80, 0x100)}
    for number in range(0x80, 0x100):
        with contextlib.suppress(UnicodeDecodeError):
            found[bytes([number]).decode(encoding)] = number
    return found


_LATIN, _THAI_BYTES = _bytes_of("cp1252"), _bytes_of("cp874")
_MISREAD = re.compile("[" + "".join(map(re.escape, sorted({*_LATIN, *_THAI_BYTES}))) + "]{2,}")
_LATIN_RUN = re.compile("[\u00a0-\u00ff]{2,}")


def _reread_utf8(run: re.Match[str]) -> str:
    for table in (_LATIN, _THAI_BYTES):
        with contextlib.suppress(KeyError, UnicodeDecodeError):
            text = bytes(table[c] for c in run[0]).decode("utf-8")
            if table is _LATIN or (len(text) > 1 and sense(text) > 0.8):
                return text
    return run[0]


def _reread_thai(run: re.Match[str]) -> str:
    """A run of Latin-1 letters as Thai, where that makes words."""
    text = run[0].encode("latin-1").decode("cp874", "replace")
    return text if len(text) > 2 and sense(text) > 0.8 else run[0]
