"""How long a question takes, by its kind: twenty documents and four facets, beside Lucene and bare tantivy.

    python -m bench.search [--titles N] [--engine NAME] [--home DIR] [--export DIR] [--json]

The titles are composed (bench/composed.py) and the questions drawn from them (bench/questions.py), with a fixed
seed. Ours goes the whole way of a page, ``Catalogue.search``. On questions of one, two and three words, Lucene
(bench/lucene.py) and bare tantivy (bench/bare.py) answer the same over the same titles in the same run: they are
given words that are already cut. Each side is alone while it is asked; Lucene is asked before and after the others,
and its better time counts. ``processor_share`` well below 1 says that others were at work on the machine: then no
figure here means much. Ratios are ours to the other's in time: 2.0 takes twice as long.

``--home`` keeps the documents and the indexes for the next run; ``--export`` only writes what Lucene is given.
"""

import argparse
import contextlib
import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from bench import kept, lucene
from bench.bare import PAGE
from bench.composed import SEED, Composed, titles
from bench.measure import Figures, Share, machine, milliseconds, positive, progress, ratio, run, show, tables
from bench.questions import KINDS, LABELS, PLAIN, Question, beginnings, questions
from search.engines import ENGINES, EngineError
from search.question import Query
from search.service import Catalogue

TITLES = 5000
FACETS = ("member", "language", "material", "year")
QUESTIONS = 50  # of each kind
REPEATS = 5
BEGINNINGS = 10  # of each length and field
COMPLETIONS = 8

Side = Callable[[Question], int]  # asks, and says how many titles were found


class Timed(msgspec.Struct):
    """The seconds of every asking, the first of each question apart, and how many titles each found."""

    seconds: list[float] = []
    first: list[float] = []
    found: list[int] = []

    def ask(self, question: Question, side: Side, *, first: bool) -> None:
        began = time.perf_counter()
        found = side(question)
        self.seconds.append(time.perf_counter() - began)
        if first:
            self.first.append(self.seconds[-1])
            self.found.append(found)


Times = dict[str, Timed]  # kind -> what it took


def measure(
    count: int = TITLES, engine: str = "tantivy", directory: Path | None = None, *,
    each: int = QUESTIONS, repeats: int = REPEATS, peer: bool = True,
) -> Figures:  # fmt: skip
    """All sides over the same titles. ``peer``: Lucene among them, where it is there."""
    with kept.home(directory, count) as (path, database):
        asked = questions(count, each, "asked")
        given = tables()
        given = msgspec.structs.replace(given, settings=msgspec.structs.replace(given.settings, engine=engine))
        catalogue, shipped = (Catalogue(given, database, path / engine) for _ in range(2))
        catalogue.facets = FACETS
        build(catalogue)
        bare = kept.bare(path, count)
        peers = _Peer(path, count, asked, repeats) if peer and lucene.present() else None
        before = peers.ask() if peers else {}
        with _settled():
            plain = {kind: asked[kind] for kind in PLAIN}
            with Share() as bare_share:
                bare_times = timed(lambda question: bare.ask(question.words), plain, repeats, "bare tantivy")
            timed(_asking(catalogue), questions(count, each, "warm"), 1, "warm")
            with Share() as share:
                times = timed(_asking(catalogue), asked, repeats, "ours")
            whole = timed(_asking(shipped), asked, 1, "all facets")
            completing = _completing(catalogue, count)
        told = lucene.faster(before, peers.ask()) if peers else {}
        held = catalogue.titles()
        bare_held = bare.titles()
    by_kind = {kind: _figures(times, bare_times, (kind,), told.get(LABELS.get(kind, ""))) for kind in KINDS}
    return _mean([*times.values()]) | {
        "words_only": _figures(times, bare_times, PLAIN, told.get("ALL")),
        "by_kind": by_kind,
        "complete": completing,
        "shipped_facets": {"facets": len(shipped.facets), **_mean([*whole.values()])},
        "processor_share": {"ours": share.said(), "bare": bare_share.said()},
        "titles": held,
        "bare_titles": bare_held,
        "questions": each,
        "repeats": repeats,
        "documents": PAGE,
        "facets": list(FACETS),
        "engine": engine,
        "seed": SEED,
        "machine": machine(),
    }


def _asking(catalogue: Catalogue) -> Side:
    return lambda question: catalogue.search(Query(question.typed, size=PAGE)).total


def build(catalogue: Catalogue) -> None:
    """An index of all documents, unless a kept home has one that this program reads."""
    try:
        catalogue.generations.current()
    except EngineError:
        catalogue.generations.build(catalogue.documents_store, lambda done: progress(f"index: {done}"))
    catalogue.warm()


@contextlib.contextmanager
def _settled() -> Iterator[None]:
    """What was needed to build is no part of what answers: the garbage collector need not look at it in the block."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Peer:
    """Lucene with the titles and the questions."""

    def __init__(self, path: Path, count: int, asked: dict[str, list[Question]], repeats: int):
        self.directory = kept.peer(path, count)
        self.queries = path / lucene.QUERIES
        self.repeats = repeats + 1  # the first warms up, and does not count
        write_queries(self.queries, asked)

    def ask(self) -> dict[str, Figures]:
        progress("questions: Lucene")
        return lucene.search(self.queries, self.directory, self.repeats)


def write_queries(path: Path, asked: dict[str, list[Question]]) -> None:
    lucene.write_queries(path, {label: [q.words for q in asked[kind]] for kind, label in LABELS.items()})


def timed(side: Side, asked: dict[str, list[Question]], repeats: int, name: str) -> Times:
    """Every question so many times: kind -> what it took."""
    times = {kind: Timed() for kind in asked}
    for number in range(repeats):
        progress(f"questions: {name}, {number + 1} of {repeats} times")
        for kind, some in asked.items():
            for question in some:
                times[kind].ask(question, side, first=number == 0)
    return times


def _mean(some: Sequence[Timed]) -> Figures:
    return milliseconds([second for one in some for second in one.seconds])


def _figures(times: Times, bare: Times, kinds: Sequence[str], told: Figures | None) -> Figures:
    """Over all askings of those kinds; ``first_mean_ms`` over each question's first, of which nothing is remembered."""
    some = [times[kind] for kind in kinds]
    figures = _mean(some) | {
        "first_mean_ms": milliseconds([second for one in some for second in one.first])["mean_ms"],
        "mean_found": _found(some),
    }
    if all(kind in bare for kind in kinds):
        beside = [bare[kind] for kind in kinds]
        figures |= _beside_bare(figures, _mean(beside)) | {"bare_mean_found": _found(beside)}
    return figures | (lucene.beside(figures, told) if told else {})


def _beside_bare(ours: Figures, bare: Figures) -> Figures:
    return {
        "bare_mean_ms": bare["mean_ms"],
        "bare_p99_ms": bare["p99_ms"],
        "ratio_to_bare": ratio(ours["mean_ms"], bare["mean_ms"]),
        "p99_ratio_to_bare": ratio(ours["p99_ms"], bare["p99_ms"]),
    }


def _found(some: Iterable[Timed]) -> float:
    found = [number for one in some for number in one.found]
    return round(sum(found) / len(found), 1)


def _completing(catalogue: Catalogue, count: int) -> Figures:
    """What it takes to complete what was typed so far, by the field that it is the beginning of."""
    drawn = {field: [Question(text, ()) for text in some] for field, some in beginnings(count, BEGINNINGS).items()}
    times = timed(lambda question: len(catalogue.complete(question.typed, COMPLETIONS)), drawn, 1, "complete")
    by_field = {field: _mean([one]) | {"mean_found": _found([one])} for field, one in times.items()}
    return _mean([*times.values()]) | {"by_field": by_field}


def export(directory: Path, count: int, each: int = QUESTIONS) -> Figures:
    """RECORDS.tsv and QUERIES.tsv of the peer: how many of each."""
    directory.mkdir(parents=True, exist_ok=True)
    written = lucene.write_records(directory / lucene.RECORDS, titles(count))
    write_queries(directory / lucene.QUERIES, questions(count, each, "asked"))
    return {"titles": written, "queries": each * len(PLAIN), "seed": SEED, **repeated(titles(count))}


def repeated(composed: Iterable[Composed]) -> Figures:
    """The share of titles and of subject headings that stood in an earlier title."""
    seen: dict[str, set[str]] = {"title": set(), "subject": set()}
    total = dict.fromkeys(seen, 0)
    for title in composed:
        for field, texts in seen.items():
            texts.update(title.values[field])
            total[field] += len(title.values[field])
    return {f"repeated_{field}s": round(1 - len(texts) / total[field], 6) for field, texts in seen.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--titles", type=positive, default=TITLES, metavar="N", help=f"how many titles ({TITLES})")
    parser.add_argument("--engine", default="tantivy", choices=tuple(ENGINES))
    parser.add_argument("--home", type=Path, metavar="DIR", help="keep documents and indexes there for the next run")
    parser.add_argument("--export", type=Path, metavar="DIR", help="only write the peer's two files there")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    figures = export(given.export, given.titles) if given.export else measure(given.titles, given.engine, given.home)
    show(figures, given.json)


if __name__ == "__main__":
    run(main)
