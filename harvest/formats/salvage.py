"""ISO 2709 whose lengths and leader lie: cut at its end marks, tagged in the order of its directory, and decoded."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from harvest.formats import letters
from harvest.formats.described import MARK, Field

LEADER, ENTRY = 24, 12
FIELD_END, RECORD_END, SUBFIELD = b"\x1e", b"\x1d", b"\x1f"
BLANK = b" \r\n\t\x00\x1a"
BOM = b"\xef\xbb\xbf"
NEAREST, FURTHEST = 20, 40  # bytes: the directory begins at 24, or where the leader is too short or too long
MOST = 1_000_000  # pairs of a directory's entry and a field that are compared; past that they are taken in order

_ENTRY = re.compile(rb"[0-9A-Za-z]{3}[0-9]{9}")
_TAG = re.compile(rb"[0-9A-Za-z]{3}")


class Entry(msgspec.Struct, frozen=True):
    """What the directory says of one field; -1 where it says no number."""

    tag: str
    length: int
    start: int

    @property
    def control(self) -> bool:
        return self.tag < "010" and self.tag.isdigit()


class Salvaged(msgspec.Struct, frozen=True):
    """A record as it could be read, and what had to be mended: names in ``harvest.wording.REPAIRS``."""

    leader: str
    fields: tuple[Field, ...]
    repairs: tuple[str, ...]


def read(data: bytes, encoding: str = "") -> Salvaged:
    """A record whatever its lengths say. ``encoding`` is the source's word on its letters, which they may overrule.

    Raises ValueError where there is no directory, or no field that fits it.
    """
    repairs: dict[str, None] = {}
    whole = data.removeprefix(BOM).lstrip(BLANK)
    before, mark, body = whole.removesuffix(RECORD_END).partition(FIELD_END)
    leader, entries, rest = _directory(before)
    if not mark or not entries:
        raise ValueError("no directory of fields stands at its beginning")
    pieces = ([rest] if rest else []) + body.split(FIELD_END)
    if not pieces[-1].strip(BLANK):
        pieces.pop()
    elif not whole.endswith(RECORD_END):
        raise ValueError("the record is cut off: its last field does not end")
    if not whole.endswith(RECORD_END):
        if len(pieces) < len(entries):
            raise ValueError(f"the record is cut off: {len(pieces)} of its {len(entries)} fields are there")
        repairs["end"] = None
    if len(pieces) != len(entries):
        repairs["fields"] = None
    if rest or leader[:5] != f"{len(data):05d}" or not _consistent(entries, pieces):
        repairs["lengths"] = None
    pairs = _paired(entries, pieces)
    if not pairs or not any(_fits(entry, piece) for entry, piece in pairs):
        raise ValueError("its directory does not fit its fields")
    declared = "utf-8" if leader[9:10] == "a" else "marc-8"
    texts, used = letters.decode((piece for _, piece in pairs), declared, encoding)
    repairs |= {name: None for name in used if name not in (declared, encoding.lower())}
    carets = "^" in leader
    fields = tuple(
        _field(entry.tag, entry.control, text, repairs, carets) for (entry, _), text in zip(pairs, texts, strict=True)
    )
    return Salvaged(leader.replace("^", " "), fields, tuple(repairs))


# ── the directory ────────────────────────────────────────────────────────────────────────────────


def _directory(before: bytes) -> tuple[str, list[Entry], bytes]:
    """The leader, the directory's entries, and what stands behind them where the directory's own end is lost."""
    begin, linked = LEADER, _linked(before, LEADER)
    if linked < (len(before) - LEADER) // ENTRY - 1:  # something may stand before the leader, or within it
        best = max(range(NEAREST, FURTHEST), key=lambda n: _linked(before, n))
        begin = best if _linked(before, best) > linked + 1 else LEADER
    found = [m for m in range(begin, len(before) - ENTRY + 1, ENTRY) if _ENTRY.fullmatch(before, m, m + ENTRY)]
    if not found:
        return "", [], b""
    end = found[-1] + ENTRY
    while _TAG.match(before, end) and SUBFIELD not in before[end : end + ENTRY] and len(before) >= end + ENTRY:
        end += ENTRY
    leader = before[max(0, begin - LEADER) : begin].decode("ascii", "replace")
    entries = [_entry(before[n : n + ENTRY]) for n in range(begin, end, ENTRY)]
    rest = before[end:] if SUBFIELD in before[end:] or len(before) - end > ENTRY else b""
    return leader, entries, rest


def _linked(before: bytes, begin: int) -> int:
    """How many entries, if they begin there, end where another one's field starts: digits alone look alike anywhere."""
    places = range(begin, len(before) - ENTRY + 1, ENTRY)
    entries = [_entry(before[n : n + ENTRY]) for n in places if _ENTRY.fullmatch(before, n, n + ENTRY)]
    starts = {entry.start for entry in entries}
    return sum(entry.start + entry.length in starts for entry in entries)


def _entry(raw: bytes) -> Entry:
    length, start = (int(part) if part.isdigit() else -1 for part in (raw[3:7], raw[7:12]))
    return Entry(raw[:3].decode("ascii", "replace"), length, start)


def _consistent(entries: Sequence[Entry], pieces: Sequence[bytes]) -> bool:
    at = 0
    for entry, piece in zip(entries, pieces, strict=False):
        if (entry.start, entry.length) != (at, len(piece) + 1):
            return False
        at += entry.length
    return True


# ── which field is which ─────────────────────────────────────────────────────────────────────────


def _paired(entries: Sequence[Entry], pieces: list[bytes]) -> list[tuple[Entry, bytes]]:
    """Each field with its entry. The directory may list them in another order than they stand in."""
    starts = [entry.start for entry in entries]
    if -1 not in starts and len(set(starts)) == len(starts) and any(a > b for a, b in pairwise(starts)):
        ordered = sorted(entries, key=lambda entry: entry.start)
        if _misfits(ordered, pieces) <= _misfits(entries, pieces):
            entries = ordered
    if len(entries) == len(pieces) or len(entries) * len(pieces) > MOST:
        return list(zip(entries, pieces, strict=False))
    return _aligned(entries, pieces)


def _misfits(entries: Sequence[Entry], pieces: Sequence[bytes]) -> int:
    return sum(not _fits(entry, piece) for entry, piece in zip(entries, pieces, strict=False))


def _fits(entry: Entry, piece: bytes) -> bool:
    """A control field has no subfields, a data field has; one that ULibM left without a code has two indicators."""
    return entry.control != (SUBFIELD in piece.lstrip(b" \x1f"))


_GAP = 3


def _aligned(entries: Sequence[Entry], pieces: list[bytes]) -> list[tuple[Entry, bytes]]:
    """Entries and fields side by side where one of them has more: an entry may have lost its field, and a field may be
    cut in two by a stray end mark. The cheapest way through, after Needleman and Wunsch (1970)."""
    width = len(pieces) + 1
    costs = [[_GAP * column for column in range(width)]]
    for row, entry in enumerate(entries, 1):
        above, line = costs[-1], [_GAP * row]
        for column, piece in enumerate(pieces, 1):
            line.append(min(above[column - 1] + _cost(entry, piece), above[column] + _GAP, line[-1] + _GAP))
        costs.append(line)
    found: list[tuple[Entry, bytes]] = []
    row, column, tail = len(entries), len(pieces), b""
    while row and column:
        entry, piece = entries[row - 1], pieces[column - 1]
        if costs[row][column] == costs[row - 1][column - 1] + _cost(entry, piece):
            found.append((entry, piece + tail))
            row, column, tail = row - 1, column - 1, b""
        elif costs[row][column] == costs[row - 1][column] + _GAP:
            row -= 1
        else:
            column, tail = column - 1, b" " + piece + tail
    return found[::-1]


def _cost(entry: Entry, piece: bytes) -> int:
    if not _fits(entry, piece):
        return 7
    characters = len(piece) - sum(0x80 <= byte < 0xC0 for byte in piece)
    return 0 if entry.length - 1 in (len(piece), characters) else 2


# ── a field ──────────────────────────────────────────────────────────────────────────────────────


def _field(tag: str, control: bool, text: str, repairs: dict[str, None], carets: bool) -> Field:
    text, found = letters.mended(text)
    repairs |= dict.fromkeys(found)
    if letters.REPLACEMENT in text:
        repairs["unreadable"] = None
    if control:
        return Field(tag, (text.replace("^", " ") if carets else text).lstrip(MARK).replace(MARK, " "))
    first, *parts = text.split(MARK)
    indicators, said = _indicators(first.replace("^", " ") if carets else first)
    if said or indicators != first:
        repairs["indicators"] = None
    pairs = ([("a", said)] if said.strip() else []) + [_subfield(part, repairs) for part in parts if part]
    return Field.coded(tag, indicators, pairs)


def _indicators(first: str) -> tuple[str, str]:
    """Two indicators, and what stands behind them where the first subfield has lost its code."""
    if len(first) <= 2 and first.isascii():
        return f"{first:2}", ""
    match = re.match(r"[0-9 ]{0,2}", first)
    found = match[0] if match else ""
    if len(first) <= 2:  # a letter that is no indicator, and no text either
        return "".join(c if c.isascii() else " " for c in f"{first:2}"), ""
    return f"{found:2}", first[len(found) :]


def _subfield(part: str, repairs: dict[str, None]) -> tuple[str, str]:
    """Code and value; a code with an accent (``á``) was an ``a``, and a Thai letter begins a text that has none."""
    code = unicodedata.normalize("NFD", part[0])[0]
    if "\u0e00" <= code <= "\u0e7f":
        repairs["codes"] = None
        return "a", part
    if code != part[0]:
        repairs["codes"] = None
    return code, part[1:]
