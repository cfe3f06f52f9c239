"""What readers ask of composed titles: questions of seven kinds and beginnings of words, drawn with a fixed seed."""

import functools
import random
from collections.abc import Callable, Sequence

import msgspec

from bench.composed import SEED, Composed, compose, counts
from bench.measure import BenchError
from search import text

COMMON = 30  # of the most frequent words, to draw from
LONGEST = 8  # letters of a beginning


class Question(msgspec.Struct, frozen=True):
    """What a reader types; and its words, for who is given them already cut."""

    typed: str
    words: tuple[str, ...]


def _plain(words: Sequence[str]) -> Question:
    return Question(" ".join(words), tuple(words))


def _known(title: Composed) -> list[str]:
    """The words of the title as the index has them, and that are cut in the same way when they stand alone."""
    return [word for word in dict.fromkeys(text.words(title.title)) if len(word) > 1 and text.words(word) == [word]]


@functools.cache
def _frequent() -> tuple[str, ...]:
    """การ, ไทย, มหาวิทยาลัย …: of three letters at least, as no reader asks for the pieces of foreign names."""
    thai = (word for word, _ in counts().most_common() if len(word) > 2 and "\u0e01" <= word[0] <= "\u0e5b")
    known = (word for word in thai if text.words(word) == [word])
    return tuple(word for word, _ in zip(known, range(COMMON), strict=False))


def _common(chance: random.Random, count: int) -> Question:
    return _plain([chance.choice(_frequent())])


def _rare(chance: random.Random, count: int) -> Question:
    """The word of a title that stands in the fewest real ones."""
    title = _drawn(chance, count, lambda title: bool(_known(title)))
    return _plain([min(_known(title), key=lambda word: (counts()[word], word))])


def _several(number: int, chance: random.Random, count: int) -> Question:
    """Words from anywhere in one title, with spaces between them."""
    title = _drawn(chance, count, lambda title: len(_known(title)) >= number)
    return _plain(chance.sample(_known(title), number))


def _phrase(chance: random.Random, count: int) -> Question:
    """Three words that follow each other in a Thai title, in quotes."""
    words = _drawn(chance, count, lambda title: title.thai and len(title.words) > 2).words[:3]
    return Question(f'"{"".join(words)}"', words)


def _field(chance: random.Random, count: int) -> Question:
    """A word in the title only."""
    word = chance.choice(_known(_drawn(chance, count, lambda title: bool(_known(title)))))
    return Question(f"title:{word}", (word,))


def _isbn(chance: random.Random, count: int) -> Question:
    isbn = _drawn(chance, count, lambda title: bool(title.isbn)).isbn
    return Question(isbn, (isbn,))


def _drawn(chance: random.Random, count: int, fits: Callable[[Composed], bool]) -> Composed:
    """A title that fits. Raises BenchError where none of them does."""
    start = chance.randrange(count)
    for step in range(count):
        if fits(title := compose((start + step) % count + 1)):
            return title
    raise BenchError(f"{count} titles are too few for every kind of question")


KINDS: dict[str, Callable[[random.Random, int], Question]] = {
    "common word": _common,
    "rare word": _rare,
    "two words": functools.partial(_several, 2),
    "three words": functools.partial(_several, 3),
    "thai phrase": _phrase,
    "field": _field,
    "isbn": _isbn,
}
PLAIN = ("common word", "rare word", "two words", "three words")  # what the peers answer too
LABELS = {kind: kind.split()[0] for kind in PLAIN}  # as the peer's file names them


def questions(count: int, each: int, purpose: str) -> dict[str, list[Question]]:
    """So many questions of each kind over the first ``count`` titles; another purpose draws others."""
    chances = {kind: random.Random(f"{SEED}/{purpose}/{kind}") for kind in KINDS}
    return {kind: [write(chances[kind], count) for _ in range(each)] for kind, write in KINDS.items()}


def beginnings(count: int, each: int) -> dict[str, list[str]]:
    """The first 1 to 8 letters of titles, creators and subject headings: so many of each length and field."""
    chance = random.Random(f"{SEED}/beginnings")
    drawn: dict[str, list[str]] = {}
    for field in ("title", "creator", "subject"):
        for length in range(1, LONGEST + 1):
            some = (compose(chance.randrange(count) + 1) for _ in range(each))
            drawn.setdefault(field, []).extend(title.values[field][0][:length] for title in some)
    return drawn
