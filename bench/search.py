"""How long a question takes, by its kind: twenty documents and four facets, beside bare tantivy over the same titles.

    python -m bench.search [--titles N] [--engine NAME] [--json]

The titles are composed (bench/composed.py) and the questions drawn from them, with a fixed seed. Ours goes the whole
way of a page, ``Catalogue.search``: parsing, stages over all fields with sub-words and trigrams, facets, documents.
The bare one is given words that are already cut, and asks for all of them in the title. Ratios are ours to the
bare one's in time: 2.0 takes twice as long.
"""

import argparse
import functools
import random
import time
from collections.abc import Callable
from itertools import islice

import msgspec

from bench.bare import FACETS, PAGE, Bare
from bench.composed import SEED, Composed, compose, counts, document, titles
from bench.measure import Figures, home, machine, milliseconds, positive, progress, ratio, show, tables
from search import text
from search.engines import ENGINES
from search.question import Query
from search.service import Catalogue

TITLES = 5000
QUESTIONS = 30  # of each kind
REPEATS = 5
BATCH = 1000  # documents put in one transaction


class Question(msgspec.Struct, frozen=True):
    """What a reader types, and what bare tantivy is asked in its place: words, already cut, in a column."""

    typed: str
    words: tuple[str, ...]
    column: str = "words"


class Timed(msgspec.Struct):
    """The seconds of every asking, the first of each question apart, and how many titles each found."""

    seconds: list[float] = []
    first: list[float] = []
    found: list[int] = []

    def ask(self, question: Question, side: "Side", *, first: bool) -> None:
        began = time.perf_counter()
        found = side(question)
        self.seconds.append(time.perf_counter() - began)
        if first:
            self.first.append(self.seconds[-1])
            self.found.append(found)


Side = Callable[[Question], int]  # asks, and says how many titles were found
Times = dict[str, Timed]  # kind -> what it took


# ── questions ────────────────────────────────────────────────────────────────────────────────────


def _plain(*chunks: str) -> Question:
    return Question(" ".join(chunks), tuple(dict.fromkeys(word for chunk in chunks for word in text.words(chunk))))


def _common(chance: random.Random, count: int) -> Question:
    """One of the thirty most frequent Thai words: การ, ไทย, ใน …"""
    thai = [word for word, _ in counts().most_common() if "\u0e01" <= word[0] <= "\u0e5b"]
    return _plain(chance.choice(thai[:30]))


def _rare(chance: random.Random, count: int) -> Question:
    """The rarest word of a title."""
    return _plain(min(_drawn(chance, count).words, key=lambda word: (counts()[word], word)))


def _several(number: int, chance: random.Random, count: int) -> Question:
    """Words from anywhere in one title, with spaces between them."""
    title = _drawn(chance, count, lambda title: len(set(title.words)) >= number)
    return _plain(*chance.sample(sorted(set(title.words)), number))


def _phrase(chance: random.Random, count: int) -> Question:
    """Three words that follow each other in a Thai title, in quotes."""
    typed = "".join(_drawn(chance, count, lambda title: title.thai).words[:3])
    return msgspec.structs.replace(_plain(typed), typed=f'"{typed}"')


def _field(chance: random.Random, count: int) -> Question:
    """A word in the title only."""
    plain = _plain(chance.choice(_drawn(chance, count).words))
    return msgspec.structs.replace(plain, typed=f"title:{plain.typed}")


def _isbn(chance: random.Random, count: int) -> Question:
    number = _drawn(chance, count, lambda title: bool(title.isbn)).isbn
    return Question(number, (number,), "isbn")


def _drawn(chance: random.Random, count: int, fits: Callable[[Composed], bool] = lambda title: True) -> Composed:
    """A title that fits. Raises ValueError where none of them does."""
    start = chance.randrange(count)
    for step in range(count):
        if fits(title := compose((start + step) % count + 1)):
            return title
    raise ValueError(f"{count} titles are too few for every kind of question")


KINDS: dict[str, Callable[[random.Random, int], Question]] = {
    "common word": _common,
    "rare word": _rare,
    "two words": functools.partial(_several, 2),
    "three words": functools.partial(_several, 3),
    "thai phrase": _phrase,
    "field": _field,
    "isbn": _isbn,
}


def questions(count: int, each: int, purpose: str) -> dict[str, list[Question]]:
    """So many questions of each kind over the first ``count`` titles; another purpose draws others."""
    chances = {kind: random.Random(f"{SEED}/{purpose}/{kind}") for kind in KINDS}
    return {kind: [write(chances[kind], count) for _ in range(each)] for kind, write in KINDS.items()}


# ── the measurement ──────────────────────────────────────────────────────────────────────────────


def measure(count: int = TITLES, engine: str = "tantivy", *, each: int = QUESTIONS, repeats: int = REPEATS) -> Figures:
    """Both indexes over the same titles; other questions to warm up; then each kind's, the sides taking turns."""
    given = tables()
    given = msgspec.structs.replace(given, settings=msgspec.structs.replace(given.settings, engine=engine))
    with home() as (directory, database):
        catalogue, shipped = (Catalogue(given, database, directory) for _ in range(2))
        catalogue.facets = FACETS
        _build(catalogue, count)
        bare = Bare(directory / "bare")
        bare_titles = bare.write(titles(count))
        sides: dict[str, Side] = {
            "ours": lambda question: catalogue.search(Query(question.typed, size=PAGE)).total,
            "bare": lambda question: bare.ask(question.column, question.words),
            "shipped": lambda question: shipped.search(Query(question.typed, size=PAGE)).total,
        }
        _asked(sides, questions(count, each, "warm"), 1)
        times = _asked(sides, questions(count, each, "asked"), repeats)
        held = catalogue.titles()
    return _figures(times, tuple(KINDS)) | {
        "by_kind": {kind: _figures(times, (kind,)) for kind in KINDS},
        "shipped_facets": _with_shipped_facets(times, len(shipped.facets)),
        "titles": held,
        "bare_titles": bare_titles,
        "repeats": repeats,
        "documents": PAGE,
        "facets": list(FACETS),
        "engine": engine,
        "seed": SEED,
        "machine": machine(),
    }


def _build(catalogue: Catalogue, count: int) -> None:
    source = titles(count)
    store = catalogue.documents_store
    done = 0
    while batch := [document(title) for title in islice(source, BATCH)]:
        with store.engine.begin() as connection:
            done += store.put(connection, batch)
        progress(f"documents: {done}")
    catalogue.generations.build(store, lambda done: progress(f"index: {done}"))


def _asked(sides: dict[str, Side], drawn: dict[str, list[Question]], repeats: int) -> dict[str, Times]:
    """Every question so many times, on every side in turn: side -> kind -> what it took."""
    times = {side: {kind: Timed() for kind in drawn} for side in sides}
    for number in range(repeats):
        progress(f"questions: {number + 1} of {repeats} times")
        for kind, asked in drawn.items():
            for question in asked:
                for side, ask in sides.items():
                    times[side][kind].ask(question, ask, first=number == 0)
    return times


def _figures(times: dict[str, Times], kinds: tuple[str, ...]) -> Figures:
    """Over all askings of those kinds; ``first_mean_ms`` over each question's first, of which nothing is remembered."""
    ours = [times["ours"][kind] for kind in kinds]
    bare = [times["bare"][kind] for kind in kinds]
    figures = milliseconds([second for timed in ours for second in timed.seconds])
    bare_mean = milliseconds([second for timed in bare for second in timed.seconds])["mean_ms"]
    return figures | {
        "first_mean_ms": milliseconds([second for timed in ours for second in timed.first])["mean_ms"],
        "bare_mean_ms": bare_mean,
        "ratio_to_bare": ratio(figures["mean_ms"], bare_mean),
        "queries": sum(len(timed.found) for timed in ours),
        "mean_found": _mean_found(ours),
        "bare_mean_found": _mean_found(bare),
    }


def _mean_found(some: list[Timed]) -> float:
    found = [number for timed in some for number in timed.found]
    return round(sum(found) / len(found), 1)


def _with_shipped_facets(times: dict[str, Times], facets: int) -> Figures:
    """The same questions with every facet of the shipped table, beside those with four."""
    every, four = (
        milliseconds([second for timed in times[side].values() for second in timed.seconds])["mean_ms"]
        for side in ("shipped", "ours")
    )
    return {"facets": facets, "mean_ms": every, "ratio_to_four": ratio(every, four)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--titles", type=positive, default=TITLES, metavar="N", help=f"how many titles ({TITLES})")
    parser.add_argument("--engine", default="tantivy", choices=tuple(ENGINES))
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    show(measure(given.titles, given.engine), given.json)


if __name__ == "__main__":
    main()
