"""What matched, marked in the text as it is shown: found in one spelling, marked in the writer's own."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from search import text

LONGEST = 5000  # letters of a text that are looked at; a longer one is no title
TERMS = 30  # that are looked for; a question has no more words that matter

_MARKS = "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
_UNSEEN = "\u00ad\u200b-\u200f\u2060\ufeff"
# What is repaired together: เเ; a letter with its marks, and the vowels that follow it: sara am in one sign or two.
_UNIT = re.compile(rf"\u0e40[{_UNSEEN}]*\u0e40[{_UNSEEN}]*|[\s\S][{_MARKS}{_UNSEEN}]*[ะาำๅ]?[{_MARKS}{_UNSEEN}]*")
# What no mark may cut: a consonant, the vowel before it and what stands on and after it; เ–ีย and –ือ as one.
_SIGNS = f"[{_MARKS}{_UNSEEN}]*"
_CLOSED = "(?<=ี)ย|(?<=ี[่-๋])ย|(?<=ื)อ|(?<=ื[่-๋])อ"
_CLUSTER = re.compile(rf"[เ-ไ]*{_SIGNS}[ก-ฮ]{_SIGNS}(?:{_CLOSED})?{_SIGNS}[ะาำๅ]*{_SIGNS}|[\s\S]{_SIGNS}")


class Shown(msgspec.Struct, frozen=True):
    """A text in one spelling, without what stands between its letters, and the way back to it."""

    letters: str
    begins: tuple[int, ...]  # for each letter the offset where it begins; -1 where a mark must not begin
    ends: tuple[int, ...]  # for each letter the offset after it; -1 where a mark must not end
    first: frozenset[int]  # letters that begin a word or a part of one
    last: frozenset[int]  # letters that a word, or a part of one, ends before
    breaks: tuple[int, ...]  # letters that something stands before that is no letter


def marks(shown: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    """The stretches of a shown text that match what was looked for: (start, end), in order, none touching another.

    Thai matches from word to word or part of a word; where a term does so nowhere, its letters are enough, if it
    has three; else its words are marked one by one. Other scripts match whole words, with * at its end a term
    matches beginnings.
    """
    if not shown or not terms:
        return []
    read = _read(shown[:LONGEST])
    found = sorted({stretch for term in terms[:TERMS] for stretch in _stretches(read, term)})
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def marked(shown: str, terms: Sequence[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is marked; joined they are the text."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in marks(shown, terms):
        pieces += [(shown[at:start], False), (shown[start:end], True)]
        at = end
    pieces.append((shown[at:], False))
    return [piece for piece in pieces if piece[0]]


# ── a term in a text ─────────────────────────────────────────────────────────────────────────────


def _stretches(read: Shown, term: str) -> Iterator[tuple[int, int]]:
    wanted, open_ended = _wanted(term)
    found = _whole(read, wanted, open_ended) or _lettered(read, wanted)
    if not found:  # a chunk whose words stand apart
        found = [place for word in text.words(term) if len(word) > 2 for place in _whole(read, word, False)]
    for a, b in found:
        if read.begins[a] >= 0 and read.ends[b - 1] >= 0:
            yield read.begins[a], read.ends[b - 1]


def _whole(read: Shown, wanted: str, open_ended: bool) -> list[tuple[int, int]]:
    places = _places(read.letters, wanted)
    return [(a, b) for a, b in places if a in read.first and (open_ended or b in read.last)]


def _lettered(read: Shown, wanted: str) -> list[tuple[int, int]]:
    """Thai that was found by its trigrams, cut as the dictionary does not cut it."""
    if len(wanted) < 3 or not _is_thai(wanted):
        return []
    return [(a, b) for a, b in _places(read.letters, wanted) if not _broken(read, a, b)]


@lru_cache(maxsize=1 << 10)
def _wanted(term: str) -> tuple[str, bool]:
    """(the letters of a term, whether it may go on); of a vowel that waits for its consonant nothing is left."""
    letters = "".join(text.runs(term[:LONGEST]))
    return re.sub("[เ-ไ]+$", "", letters), term.rstrip().endswith("*")


def _is_thai(letters: str) -> bool:
    return any("\u0e01" <= letter <= "\u0e2e" for letter in letters)


def _places(letters: str, wanted: str) -> Iterator[tuple[int, int]]:
    at = letters.find(wanted) if wanted else -1
    while at >= 0:
        yield at, at + len(wanted)
        at = letters.find(wanted, at + 1)


def _broken(read: Shown, start: int, end: int) -> bool:
    """Whether a space or a point stands inside."""
    at = bisect_left(read.breaks, start + 1)
    return at < len(read.breaks) and read.breaks[at] < end


# ── a text read ──────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1 << 12)
def _read(shown: str) -> Shown:
    runs = text.runs(shown)
    letters = "".join(runs)
    begins, ends = _way_back(shown, letters)
    first, last, breaks = {0}, {len(letters)}, []
    at = 0
    for run in runs:
        breaks.append(at)
        for word in text.words_of([run]):
            first.add(at)
            last.add(at + len(word))
            for start, end in _parts(word):
                first.add(at + start)
                last.add(at + end)
            at += len(word)
    return Shown(letters, begins, ends, frozenset(first), frozenset(last), tuple(breaks))


@lru_cache(maxsize=1 << 14)
def _parts(word: str) -> tuple[tuple[int, int], ...]:
    """Where the sub-words of a word stand in it."""
    return tuple(place for part in text.subwords(word) for place in _places(word, part))


def _way_back(shown: str, letters: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The offsets of each letter. The text is spelled anew unit by unit; what the whole text lost besides (the
    points of พ.ศ.) is passed over. Where the two do not meet (Greek's final sigma), nothing can be marked."""
    begins, ends = [-1] * len(letters), [-1] * len(letters)
    at = 0
    clusters = _edges(shown)
    for unit in _UNIT.finditer(shown):
        start = at
        for letter in _spelled(unit[0]):
            if at < len(letters) and letters[at] == letter:
                at += 1
        if at > start:
            begins[start] = unit.start() if unit.start() in clusters else -1
            ends[at - 1] = unit.end() if unit.end() in clusters else -1
    if at < len(letters):
        return (-1,) * len(letters), (-1,) * len(letters)
    return tuple(begins), tuple(ends)


@lru_cache(maxsize=1 << 12)
def _spelled(unit: str) -> str:
    return text.normalise(unit)


def _edges(shown: str) -> set[int]:
    return {0, *(cluster.end() for cluster in _CLUSTER.finditer(shown))}
