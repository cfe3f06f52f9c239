"""Call numbers, told from other text, found by their beginnings, and put in the order of the shelf."""

import re
from collections.abc import Iterator

import msgspec

from config.values import year
from search import text

LONGEST = 120  # letters of a call number that are read; what follows is a note

# ── the schemes ──────────────────────────────────────────────────────────────────────────────────

# The classes of the Library of Congress, one-letter and two-letter ones. Source: LC Classification Outline.
# DAW and DJK, and the three-letter classes of law (KPT is Thailand), stand in _LC_LONG.
_LC = {
    "a": "cegimnpqstyz", "b": " cdfhjlmpqrstvx", "c": " bcdejnrst", "d": " abcdefghjklpqrstux", "e": " ", "f": " ",
    "g": " abcefnrtv", "h": " abcdefgjmnqstvx", "j": " acfjklnqsvxz", "k": " bdefghjklmnpqrstuvwxz", "l": " abcdefghjt",
    "m": " lt", "n": " abcdekx", "p": " abcdefghjklmnqrstz", "q": " abcdehklmpr", "r": " abcdefgjklmstvxz",
    "s": " bdfhk", "t": " acdefghjklnprstx", "u": " abcdefgh", "v": " abcdefgkm", "z": " a",
}  # fmt: skip
_LC_LONG = re.compile("daw|djk|k[b-z][a-z]")
# Those of the National Library of Medicine: QS to QZ and W, letters that LC leaves free. Source: NLM Classification.
_NLM = re.compile("q[s-z]|w[a-z]?")
# Names of things in the form of a class; what a person who types them means is not a shelf.
_NAMES = frozenset(["cd34", "hd720", "hd1080", "pm10", "rj11", "rj45", "rs232", "rs422", "rs485", "tp53", "ww1", "ww2"])

# Marks of collections before the class, as they stand on the spines of Thai libraries: อ (reference), ว and วพ
# (thesis), วจ (research report), น and นว (novel), รส (short stories), ย, ยว and ด (young readers), ท (local
# collection). Before a class, any one to three consonants are such a mark; these are one before an author number too.
_OWN = "อ้างอิง|วิทยานิพนธ์|งานวิจัย|วิจัย|นวนิยาย|เรื่องสั้น|เยาวชน|เด็ก|วพ|วจ|นว|รส|ยว|อ|ว|น|ย|ด|ท"
_LATIN_COLLECTIONS = "ref|thesis|diss|juv|dvd|vcd|res|fic|cd|av|eb|th|r|j"

_GAP = r"[\s./_-]*"
_THAI_CUTTER = r"[ก-ฮ]\d{1,4}[ก-ฮเ-ไ]{0,2}(?![ก-๎])"  # ก123, อ67ป: the letters after it are the title's
_LATIN_CUTTER = r"[a-z]{1,2}\d{1,6}[a-z]{0,3}(?![a-z])"  # P98, JO595JA, M192r
_YEAR = r"(?<!\d)\d{4}[a-z]?(?![a-z\d])"
_VOLUME = r"(?:(?:v|vol|no|pt|c|bk|ล|ฉ)(?:\.\s*|\s+)|(?:เล่ม|ฉบับ|ภาค|ตอน)(?:ที่)?\s*)\d{1,4}(?!\d)"

_COLLECTION = re.compile(
    # before a class: อ 895, อ895.9, but อ895 is an author number
    rf"(?:{_OWN}|[ก-ฮ]{{1,3}})(?=[\s./-]+\d{{3}}(?!\d)|[\s./-]*(?:\d{{3}}\.\d|[a-z]{{1,3}}\s*\d))"
    rf"|(?:{_OWN}|{_LATIN_COLLECTIONS})(?=[\s./-]+{_THAI_CUTTER})"  # before an author number: นว ก123ข
    rf"|(?:{_LATIN_COLLECTIONS})(?=[\s./-]+[a-z]{{1,3}}\s*\d)"
    # R 895.913 and R895.913 are reference books, R130.5 and R 130.5 .A1 medicine: LC's cutter follows a dot, and its
    # decimals are one or two
    rf"|(?:{_LATIN_COLLECTIONS})(?=\d{{3}}\.\d{{3}})"
    rf"|(?:{_LATIN_COLLECTIONS})(?=[\s./-]+\d{{3}}(?!\d)(?:\s*\.\s*\d+)?(?!\s*\.\s*[a-z]))"
)
_LETTERS = re.compile(
    r"(?P<letters>[a-z]{1,3})(?P<space>\s*)(?P<number>\d{1,4})(?!\d)(?:\s*\.\s*(?P<decimals>\d{1,8}))?"
)
_DEWEY = re.compile(r"(?P<number>\d{3})(?!\d)(?:\s*\.\s*(?P<decimals>\d{1,16}))?")
_PART = re.compile(
    rf"{_GAP}(?:(?P<volume>(?<![a-zก-๎]){_VOLUME})|(?P<year>{_YEAR})"
    rf"|(?P<thai>{_THAI_CUTTER})|(?P<latin>{_LATIN_CUTTER}))"
)
_SEGMENTS = re.compile(r"(?<=\d)[/\u02b9\u2032](?=\.?\d)")  # 813/.54: where a Dewey number may be cut short


class CallNumber(msgspec.Struct, frozen=True):
    """A call number in its parts; what is not there is "". ``rest`` is what the schemes do not know."""

    collection: str = ""
    letters: str = ""  # of LC and NLM; a Dewey number has none
    number: str = ""
    decimals: str = ""
    parts: tuple[tuple[str, str], ...] = ()  # (thai | latin | year | volume, as written)
    rest: str = ""
    spaced: bool = False  # WY 150, not WY150
    dotted: bool = False  # the first cutter follows a dot

    @property
    def nlm(self) -> bool:
        return bool(_NLM.fullmatch(self.letters))

    def cutters(self) -> list[tuple[str, str]]:
        return [part for part in self.parts if part[0] in ("thai", "latin")]


def read(given: str) -> CallNumber | None:
    """The parts of a call number; None where it begins like none: neither with a class nor an author number."""
    flat = _flat(given)
    collection = _COLLECTION.match(flat)
    at = _after(flat, collection.end()) if collection else 0
    class_ = _class(flat, at)
    found = {name: value or "" for name, value in class_.groupdict().items()} if class_ else {}
    at = start = class_.end() if class_ else at
    parts: list[tuple[str, str]] = []
    while part := _PART.match(flat, at):
        kind = part.lastgroup or ""
        parts.append((kind, part[kind]))
        at = part.end()
    if not class_ and [kind for kind, _ in parts[:1]] != ["thai"]:
        return None
    return CallNumber(
        collection=collection[0] if collection else "",
        letters=found.get("letters", ""),
        number=found.get("number", ""),
        decimals=found.get("decimals", ""),
        parts=tuple(parts),
        rest=flat[at:].strip(" ./-"),
        spaced=bool(found.get("space")),
        dotted=bool(re.match(r"\s*\.", flat[start:])),
    )


def _flat(given: str) -> str:
    return _SEGMENTS.sub("", text.normalise(given[: 2 * LONGEST])).strip()[:LONGEST]


def _after(flat: str, at: int) -> int:
    while at < len(flat) and flat[at] in " ./-":
        at += 1
    return at


def _class(flat: str, at: int) -> re.Match[str] | None:
    if found := _LETTERS.match(flat, at):
        return found if _is_class(found["letters"]) else None
    return _DEWEY.match(flat, at)


def _is_class(letters: str) -> bool:
    if len(letters) == 3:
        return bool(_LC_LONG.fullmatch(letters))
    return (letters[1:] or " ") in _LC.get(letters[0], "") or bool(_NLM.fullmatch(letters))


# ── found by its beginning ───────────────────────────────────────────────────────────────────────

_ATOM = re.compile(r"(?P<digits>\d+)|[a-z]+|[ก-๎]+")
_SPELLED = re.compile(r"[a-z0-9ก-๎\s./,:;()\[\]_-]+")


def tokens(given: str) -> list[str]:
    """What a call number is found by: each beginning of it that ends with a part, spelled without spaces.

    ``QA76.73.P98 ก123 2560`` gives qa, qa76, qa76.73, qa76.73p98, qa76.73p98ก123 and qa76.73p98ก123_2560. A
    Dewey number may be cut after each decimal: its hierarchy is in the length of its notation (introduction to the
    DDC). An author number may be cut before the letters of the title, and is found by itself, too. With a
    collection's mark and without: a reader leaves out the R of the spine.
    """
    flat, number = _flat(given), read(given)
    if number is None:
        return _beginnings(flat)
    dewey = bool(number.number) and not number.letters
    found = [*_beginnings(flat, dewey), *_authors(number)]
    if number.collection:
        found += _beginnings(flat[len(number.collection) :], dewey)
    return list(dict.fromkeys(found))


def _squeezed(given: str) -> str:
    return (_beginnings(_flat(given)) or [""])[-1]


def _beginnings(flat: str, dewey: bool = False) -> list[str]:
    """A point stays in the first number only, in that of the class; _ parts two numbers. The letters of a cutter
    are no part without its number, nor is ก of ก123."""
    found: list[str] = []
    sofar, end, numbers = "", 0, 0
    for atom in _ATOM.finditer(flat):
        if not atom["digits"]:
            lone = (not sofar and atom[0].isascii()) or not flat[atom.end() : atom.end() + 1].isdecimal()
            sofar, end = sofar + atom[0], atom.end()
            found += [sofar] if lone else []
            continue
        numbers += 1
        decimals = numbers == 2 and flat[end : atom.start()].strip() == "." and sofar[-1:].isdecimal()
        sofar += "." if decimals else "_" if sofar[-1:].isdecimal() else ""
        cuts = range(1, len(atom[0])) if dewey and decimals else ()
        found += [sofar + atom[0][:cut] for cut in cuts]
        sofar, end = sofar + atom[0], atom.end()
        found.append(sofar)
    return found


def _authors(number: CallNumber) -> Iterator[str]:
    """The Thai author number by itself: all that a person wrote, whatever class it stands in."""
    for kind, cutter in number.parts:
        if kind == "thai":
            yield cutter
            yield cutter.rstrip("กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลวศษสหฬอฮเแโใไ")


def asked(typed: str, sure: bool = False) -> str | None:
    """The token that a typed call number, or its beginning, is found by; None where it looks like none.

    ``sure``: it was typed where call numbers are asked for, so "895" and "QA" will do. Otherwise nothing may be
    left over, and what people type for other reasons must not be taken for one: 2560, 007, 3 ก๊ก, c++, PM2.5,
    ม.112, AI 101, an ISBN.
    """
    if len(typed) > LONGEST or not _SPELLED.fullmatch(text.normalise(typed)):
        return None
    squeezed = _squeezed(typed)
    number = read(typed)
    if number is None:
        return squeezed if sure and _is_beginning(squeezed) else None
    if number.rest:
        return None
    return squeezed if sure or _clear(number, squeezed) else None


def _is_beginning(squeezed: str) -> bool:
    """Letters of a class, or the mark of a collection."""
    return (squeezed.isascii() and squeezed.isalpha() and len(squeezed) < 4 and _is_class(squeezed)) or bool(
        re.fullmatch(rf"(?:{_OWN}|{_LATIN_COLLECTIONS})", squeezed)
    )


def _clear(number: CallNumber, squeezed: str) -> bool:
    """Whether it can hardly be anything but a call number."""
    cutters = number.cutters()
    thai = any(kind == "thai" and len(re.sub(r"\D", "", cutter)) > 1 for kind, cutter in cutters)
    if not number.number:  # ก123ข, นว ก123
        return thai and bool(number.collection or re.search(r"\D$", cutters[0][1]))
    if not number.letters:
        return thai or len(number.decimals) > 0 or any(re.search(r"\d{2}[a-z]$", cutter) for _, cutter in cutters)
    return squeezed not in _NAMES and (_clear_nlm(number) if number.nlm else thai or _clear_lc(number))


def _clear_nlm(number: CallNumber) -> bool:
    return len(number.letters) > 1 or bool(number.cutters())


def _clear_lc(number: CallNumber) -> bool:
    """Two letters and a number are a class where they stand together (QA76; not AI 101), or have decimals (not
    PM2.5); a single letter or three need a cutter that is set off (not M16A4, H1N1)."""
    long = len(number.number) > 1
    if number.cutters():
        return number.dotted or (long and len(number.letters) == 2)
    return long and len(number.letters) == 2 and bool(number.decimals or not number.spaced)


# ── the order of the shelf ───────────────────────────────────────────────────────────────────────

_AFTER_THAI = {c: c + 0xE100 for c in range(ord("a"), ord("z") + 1)}


def sort_key(given: str) -> str:
    """A key whose order is the shelf's: Dewey, LC and NLM, Thai marks, then what is no call number, by its text.

    Class letters, then the whole number as a number, decimals and cutters as decimals (ก12 before ก2), nothing
    before something, Thai author letters before Latin ones, a year as a year whatever its era. Source for cutters:
    Library of Congress, Classification and Shelflisting Manual, G 63; ก to ฮ stand in Unicode as in the Royal
    Institute Dictionary. A collection's mark counts last, so that the copies of one book stand together.
    """
    flat = _flat(given)
    if re.fullmatch(r"\d{1,2}", flat):  # "89" and "Q" are where they begin
        return f"0{flat}"
    if re.fullmatch(r"[a-z]{1,3}", flat) and _is_class(flat):
        return f"1{flat} "
    number = read(given)
    if number is None:
        own = re.fullmatch("[ก-ฮ]{1,3}", flat)
        return f"2{flat} " if own else f"3{text.sort_key(given)}"
    parts = " ".join(_part_key(kind, part) for kind, part in number.parts)
    rest = text.sort_key(number.rest) if number.rest else ""
    decimals = f".{number.decimals}" if number.decimals else ""
    if not number.number:
        return "2" + f"{number.collection} {parts} {rest}".strip()
    if not number.letters:
        return f"0{number.number}{decimals} {parts} {rest}\x01{number.collection}"
    return f"1{number.letters} {number.number:0>4}{decimals} {parts} {rest}\x01{number.collection}"


def _part_key(kind: str, part: str) -> str:
    """Digits of a cutter compare as decimals; a letter after them comes after the end, before another digit."""
    if kind == "year":
        return f"{year(part[:4]) or part[:4]}{part[4:]}"
    if kind == "volume":
        return text.sort_key(part).partition("\x02")[0]
    letters, digits, marks = re.fullmatch(r"(\D+)(\d+)(\D*)", part).groups()  # type: ignore[union-attr]  # its pattern
    return f"{letters.translate(_AFTER_THAI)}{digits}" + (f"!{marks.translate(_AFTER_THAI)}" if marks else "")
