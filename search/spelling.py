"""What a question may have been meant to say: one edit away, in the words that the index has."""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise

import msgspec

from search import text
from search.text import dictionary
from search.vocabulary import Vocabulary

LONGEST = 120  # letters of a question that are looked at
WIDEST = 20  # letters of a stretch that is taken for one word
STRETCHES = 80  # that are looked up, in a fifth of a millisecond each
FAR = 8  # letters from which a Latin word may be two edits away
RARE = 2  # titles: so few may be a member's own typing error
FAMILIAR = 20  # titles that make a word of what no dictionary has
MANY = 20  # times as many titles make another word what was meant

# Letters that sound alike or stand for one another; a mark that is left out or put in is easily overlooked.
ALIKE = (
    "นณ",
    "สศษ",
    "ทธฑฒ",
    "ตฏ",
    "ดฎ",
    "ถฐ",
    "ลรฬ",
    "พภผ",
    "ฟฝ",
    "คขฆ",
    "ชฌฉ",
    "ยญ",
    "ไใ",
    "ิี",
    "ึื",
    "ุู",
    "ะาั",
    "าำ",
    "เแ",
)
MARKS = frozenset("็่้๊๋์")
ALIKE_COST, KEY_COST, COST = 3.0, 4.0, 6.0  # of an edit, as natural logarithms of how unlikely it is
DOUBLE = 1.5  # what a second edit costs beside the first
SHORT = 2.0  # letters of a word in which an edit is twice as unlikely: short words have many neighbours
UNKNOWN = 3.0  # what a letter of an unknown word costs


class _Spelling(msgspec.Struct, frozen=True):
    """A run of letters as it might be spelled, and how likely that is."""

    run: str
    score: float


def corrections(typed: str, vocabulary: Vocabulary, limit: int = 5) -> list[str]:
    """Texts to search instead of a plain question that finds nothing, best first.

    What is neither in the index nor in the dictionary is corrected; only where there is no such thing, a word
    that is rare or that stands beside what it should be one with (สวน ตัว for ส่วนตัว).
    """
    runs = text.runs(typed[:LONGEST])
    for doubtful in (_unknown, _rare):
        choices = [_spellings(run, vocabulary, doubtful(run, vocabulary)) for run in runs]
        if found := _combined(choices, limit):
            return found
    return []


def better(typed: str, vocabulary: Vocabulary) -> str | None:
    """What else a question that did find something may have been meant to say."""
    runs = [text.words(run) for run in text.runs(typed[:LONGEST])]
    meant = [[_instead(word, vocabulary) or word for word in words] for words in runs]
    return " ".join(map("".join, meant)) if meant != runs else None


def _instead(word: str, vocabulary: Vocabulary) -> str | None:
    titles = vocabulary.titles(word)
    if len(word) < 3 or titles > RARE or word.isdigit() or word in dictionary():
        return None
    best = max(vocabulary.near(word), key=lambda other: other[2], default=None)
    return best[0] if best and best[2] >= MANY * max(titles, 1) else None


@cache
def _function_words() -> frozenset[str]:
    """Words such as แห่ง and ต่อ, which are meant by แหง and ตอ more often than these are."""
    from pythainlp.corpus import thai_stopwords

    return frozenset(map(text.normalise, thai_stopwords()))


# ── which words are in doubt ─────────────────────────────────────────────────────────────────────

Span = tuple[int, int]


def _spans(words: Iterable[str]) -> list[Span]:
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    return list(pairwise(ends))


def _unknown(run: str, vocabulary: Vocabulary) -> list[Span]:
    """Where a run is in no dictionary and not in the index. A letter by itself is what the dictionary left over."""
    return [span for span in _spans(text.words(run)) if not _is_word(run[slice(*span)], vocabulary)]


def _is_word(word: str, vocabulary: Vocabulary) -> bool:
    if word.isdigit():
        return True
    if not _is_thai(word):
        return word in vocabulary
    return len(word) > 1 and (word in dictionary() or vocabulary.titles(word) >= FAMILIAR)


def _rare(run: str, vocabulary: Vocabulary) -> list[Span]:
    """Thai words that may be half of another one; a word that is the whole of a run says what it says."""
    spans = _spans(text.words(run))
    return spans if len(spans) > 1 and _is_thai(run) else []


def _is_thai(word: str) -> bool:
    return "\u0e01" <= word[0] <= "\u0e5b"


# ── how a run may be spelled ─────────────────────────────────────────────────────────────────────


def _spellings(run: str, vocabulary: Vocabulary, doubtful: Sequence[Span]) -> list[_Spelling]:
    """The run as it stands and its likelier spellings, best first."""
    asis = _Spelling(run, _likelihood(run, vocabulary))
    found: dict[str, float] = {}
    for start, end in _stretches(run, vocabulary, doubtful) if doubtful else ():
        for other, cost in _near(run[start:end], vocabulary):
            whole = run[:start] + other + run[end:]
            found[whole] = max(found.get(whole, -math.inf), -cost)
    spelled = [_Spelling(other, _likelihood(other, vocabulary) + score) for other, score in found.items()]
    return [asis, *sorted(spelled, key=lambda s: -s.score)[:8]]


def _stretches(run: str, vocabulary: Vocabulary, doubtful: Sequence[Span]) -> list[Span]:
    """The stretches around what is in doubt that may be one word, those that hold the most of it first.

    A typing error also shifts where the dictionary cuts: so a stretch may begin where a known word ends.
    """
    bounds = {0, *(end for _, end in _spans(text.words(run)))}
    begins = bounds | {b + n for b in bounds for n in range(2, 13) if run[b : b + n] in vocabulary}
    ends = bounds | {b - n for b in bounds for n in range(2, 13) if b >= n and run[b - n : b] in vocabulary}
    found = {(b, e) for b in begins for e in ends if 2 <= e - b <= WIDEST and _held((b, e), doubtful)}
    return sorted(found, key=lambda s: (s[0] not in bounds or s[1] not in bounds, -_held(s, doubtful), s[1] - s[0]))[
        :STRETCHES
    ]


def _held(stretch: Span, doubtful: Iterable[Span]) -> int:
    """How many letters in doubt a stretch holds."""
    return sum(max(0, min(stretch[1], end) - max(stretch[0], start)) for start, end in doubtful)


def _near(word: str, vocabulary: Vocabulary) -> Iterator[tuple[str, float]]:
    """The words that this may be, each with how unlikely its edit is."""
    far = 2 if len(word) >= FAR and not _is_thai(word) else 1
    for other, edits, _ in vocabulary.near(word, far, 12):
        if not _both_right(word, other):
            yield other, _cost(word, other) * (DOUBLE if edits > 1 else 1) * (1 + SHORT / len(other))


def _both_right(word: str, other: str) -> bool:
    """Two words of the dictionary that only their marks tell apart are two words: เสือ and เสื้อ."""
    unmarked = [spelled.translate(dict.fromkeys(map(ord, MARKS))) for spelled in (word, other)]
    return unmarked[0] == unmarked[1] and {word, other} <= dictionary() and other not in _function_words()


def _likelihood(run: str, vocabulary: Vocabulary) -> float:
    """How likely a run is by the words that it is cut into: few, and found in many titles."""
    every = math.log(len(vocabulary) + 2) + 2
    return sum(_word_likelihood(word, vocabulary) - every for word in text.words(run))


def _word_likelihood(word: str, vocabulary: Vocabulary) -> float:
    if _is_word(word, vocabulary):
        return math.log(vocabulary.titles(word) + 0.5)
    return -UNKNOWN * (1 if word in vocabulary else len(word))


# ── what an edit costs ───────────────────────────────────────────────────────────────────────────


def _cost(word: str, other: str) -> float:
    head = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    tails = zip(reversed(word[head:]), reversed(other[head:]), strict=False)
    tail = next((i for i, (a, b) in enumerate(tails) if a != b), min(len(word), len(other)) - head)
    return _edit_cost(word[head : len(word) - tail], other[head : len(other) - tail])


def _edit_cost(was: str, becomes: str) -> float:
    if {*was, *becomes} <= MARKS:
        return ALIKE_COST
    if len(was) == len(becomes) == 1:
        if any(was in letters and becomes in letters for letters in ALIKE):
            return ALIKE_COST
        return KEY_COST if _neighbours(was, becomes) else COST
    return COST


def _neighbours(one: str, other: str) -> bool:
    keys = _keys()
    if one not in keys or other not in keys:
        return False
    (row, column), (row_, column_) = keys[one], keys[other]
    return abs(row - row_) <= 1 and abs(column - column_) <= 1


@cache
def _keys() -> dict[str, tuple[int, int]]:
    """Where each letter lies on a keyboard, in both scripts and with shift."""
    from pythainlp.util.keyboard import TIS_820_2531_MOD, TIS_820_2531_MOD_SHIFT

    latin = ("", "qwertyuiop", "asdfghjkl", "zxcvbnm")
    layers = (TIS_820_2531_MOD, TIS_820_2531_MOD_SHIFT, latin)
    return {letter: (r, c) for layer in layers for r, row in enumerate(layer) for c, letter in enumerate(row) if letter}


# ── all runs together ────────────────────────────────────────────────────────────────────────────


def _combined(choices: Sequence[Sequence[_Spelling]], limit: int) -> list[str]:
    """The likeliest texts of the runs' spellings; the text as typed is none of them."""
    texts = [_Spelling("", 0.0)]
    for spellings in choices:
        grown = [_Spelling(f"{t.run} {s.run}".strip(), t.score + s.score) for t in texts for s in spellings]
        texts = sorted(grown, key=lambda t: -t.score)[: limit + 1 + len(choices)]
    typed = " ".join(spellings[0].run for spellings in choices)
    return [t.run for t in texts if t.run != typed][:limit]
