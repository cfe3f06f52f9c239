"""Records recognised and merged a second, documents analysed and written to the engine a second, step by step.

    python -m bench.index [--titles N] [--engine NAME] [--json]

The records are composed (bench/composed.py). Recognising is measured beside a loop that only reads the same
records from the store; writing beside bare tantivy, which gets four facets and title words that are already cut.
Ratios are ours to the bare one's a second.
"""

import argparse
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import Engine as Database

from bench.bare import Bare
from bench.composed import SEED, reading, titles, vocabulary
from bench.measure import Clock, Figures, home, machine, positive, progress, rate, ratio, show, tables
from config.tables import Field, Tables
from demo.sample import MEMBERS
from harvest.store import Store
from index.build import Index
from search.engines import ENGINES
from search.generation import Generations
from search.question import Document
from search.schema import Entry, Schema

TITLES = 5000
BATCH = 500  # titles whose records are stored in one transaction

T = TypeVar("T")


class ClockedSchema(Schema):
    """The schema, with a clock on the analysis."""

    def __init__(self, fields: Mapping[str, Field]):
        super().__init__(fields)
        self.analysed = Clock()

    def entry(self, document: Document) -> Entry:
        with self.analysed:
            return super().entry(document)


class ClockedIndex(Index):
    """The index, with a clock on each step of a build; a step that was renamed is missed in the figures at once."""

    def __init__(self, tables: Tables, database: Database, home: Path):
        super().__init__(tables, database, home, lambda step, done, of: progress(f"{step}: {done}"))
        self.schema = ClockedSchema(tables.fields)
        self.generations = Generations(home, tables.settings.engine, self.schema)
        self.clocks: dict[str, Clock] = {}

    def timed(self, step: str, work: Callable[[], T]) -> T:
        with self.clocks.setdefault(step, Clock()):
            return work()

    def _recognise(self, rebuild: bool) -> int:
        return self.timed("recognise", lambda: super(ClockedIndex, self)._recognise(rebuild))

    def _merge(self, rebuild: bool) -> None:
        self.timed("merge", lambda: super(ClockedIndex, self)._merge(rebuild))


def measure(count: int = TITLES, engine: str = "tantivy") -> Figures:
    """One build from an empty home over the records of so many titles."""
    vocabulary()  # loads the dictionary, which is no part of any step
    given = tables()
    given = msgspec.structs.replace(given, settings=msgspec.structs.replace(given.settings, engine=engine))
    with home() as (directory, database):
        store = Store(database)
        records = _fill(store, count)
        with Clock() as reading_alone:
            sum(len(batch) for batch in store.records())
        index = ClockedIndex(given, database, directory)
        with Clock() as whole:
            built = index.run()
        progress("bare tantivy")
        bare = Bare(directory / "bare")
        bare_written = bare.write(titles(count))
    figures = _figures(index, records, built.titles, whole.seconds)
    per_second, documents = figures["records_per_second"], figures["documents_per_second"]
    read, bare_documents = rate(records, reading_alone.seconds), rate(bare_written, bare.written.seconds)
    return figures | {
        "read_records_per_second": read,
        "ratio_to_read": ratio(per_second, read),
        "bare_documents_per_second": bare_documents,
        "ratio_to_bare": ratio(documents, bare_documents),
        "engine": engine,
        "seed": SEED,
        "machine": machine(),
    }


def _figures(index: ClockedIndex, records: int, documents: int, whole: float) -> Figures:
    """Seconds and rates of the steps; what is neither recognising, merging nor analysing is writing."""
    recognise, merge = index.clocks["recognise"].seconds, index.clocks["merge"].seconds
    analyse = index.schema.analysed.seconds
    write = whole - recognise - merge - analyse
    steps = {"recognise": (records, recognise), "merge": (records, merge),
             "analyse": (documents, analyse), "write": (documents, write)}  # fmt: skip
    by_step = {
        step: {"count": count, "seconds": round(seconds, 3), "per_second": rate(count, seconds)}
        for step, (count, seconds) in steps.items()
    }
    return {
        "titles": documents,
        "records": records,
        "seconds": round(whole, 3),
        "records_per_second": rate(records, recognise + merge),
        "documents_per_second": rate(documents, analyse + write),
        "by_step": by_step,
    }


def _fill(store: Store, count: int) -> int:
    """Put the members' records of so many titles into the store, as harvests would. How many records they are."""
    with store.engine.begin() as connection:
        runs = {code: store.begin(connection, code) for code in MEMBERS}
    stored = 0
    source = titles(count)
    while batch := list(islice(source, BATCH)):
        with store.engine.begin() as connection:
            for code, run in runs.items():
                readings = [reading(title, code) for title in batch if code in title.members]
                store.put(connection, run, code, "composed", "marc", SEED, readings)
                stored += len(readings)
        progress(f"store: {stored} records")
    with store.engine.begin() as connection:
        for run in runs.values():
            store.finish(connection, run, "done")
    return stored


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.index", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--titles", type=positive, default=TITLES, metavar="N", help=f"how many titles ({TITLES})")
    parser.add_argument("--engine", default="tantivy", choices=tuple(ENGINES))
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    show(measure(given.titles, given.engine), given.json)


if __name__ == "__main__":
    main()
