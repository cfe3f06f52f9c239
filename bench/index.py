"""Records recognised and merged a second, and from stored documents to a live index, with the memory that it takes.

    python -m bench.index [--titles N] [--engine NAME] [--home DIR] [--documents-only] [--json]

The records are composed (bench/composed.py). Recognising is measured beside a loop that only reads the same records
from the store. A generation is built from stored documents with all analysis of their texts, in a process of its
own, whose memory and that of its children is watched; beside it Lucene with its ThaiAnalyzer indexes the same texts,
and bare tantivy words that are already cut. Ratios are ours to the other's a second. ``--home`` keeps the documents
for the next run; ``--documents-only`` leaves the records out.
"""

import argparse
import multiprocessing
import shutil
from collections.abc import Callable
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import Engine as Database

from bench import kept, lucene
from bench.bare import Bare
from bench.composed import SEED, reading, titles, vocabulary
from bench.measure import BenchError, Clock, Figures, home, machine, positive, progress, rate, ratio, run, show, tables
from bench.memory import Peak
from config import database as databases
from config.tables import Tables
from demo.sample import MEMBERS
from harvest.store import Store
from index.build import Index
from search.engines import ENGINES
from search.service import Catalogue

TITLES = 5000
BATCH = 500  # titles whose records are stored in one transaction
LOOK = 0.1  # seconds between two looks at the memory

T = TypeVar("T")


def measure(
    count: int = TITLES, engine: str = "tantivy", directory: Path | None = None, *,
    documents_only: bool = False, peer: bool = True,
) -> Figures:  # fmt: skip
    """One build from an empty home over the records of so many titles, and one generation from as many documents.
    ``peer``: Lucene beside it, where it is there."""
    given = tables()
    given = msgspec.structs.replace(given, settings=msgspec.structs.replace(given.settings, engine=engine))
    figures = {} if documents_only else measure_records(given, count)
    figures |= measure_documents(given, count, directory, peer)
    return figures | {"engine": engine, "seed": SEED, "machine": machine()}


# ── records ──────────────────────────────────────────────────────────────────────────────────────


class ClockedIndex(Index):
    """The index, with a clock on each step of a build; a step that was renamed is missed in the figures at once."""

    def __init__(self, tables: Tables, database: Database, home: Path):
        super().__init__(tables, database, home, lambda step, done, of: progress(f"{step}: {done}"))
        self.clocks: dict[str, Clock] = {}

    def timed(self, step: str, work: Callable[[], T]) -> T:
        with self.clocks.setdefault(step, Clock()):
            return work()

    def _recognise(self, rebuild: bool) -> int:
        return self.timed("recognise", lambda: super(ClockedIndex, self)._recognise(rebuild))

    def _merge(self, rebuild: bool) -> None:
        self.timed("merge", lambda: super(ClockedIndex, self)._merge(rebuild))


def measure_records(given: Tables, count: int) -> Figures:
    vocabulary()  # what titles are composed from is no part of any step
    with home() as (directory, database):
        store = Store(database)
        records = fill(store, count)
        with Clock() as reading_alone:
            sum(len(batch) for batch in store.records())
        index = ClockedIndex(given, database, directory)
        with Clock() as whole:
            built = index.run()
    recognise, merge = index.clocks["recognise"].seconds, index.clocks["merge"].seconds
    per_second, read = rate(records, recognise + merge), rate(records, reading_alone.seconds)
    steps = {"recognise": (records, recognise), "merge": (records, merge),
             "write": (built.titles, whole.seconds - recognise - merge)}  # fmt: skip
    return {
        "titles": built.titles,
        "records": records,
        "seconds": round(whole.seconds, 3),
        "records_per_second": per_second,
        "read_records_per_second": read,
        "ratio_to_read": ratio(per_second, read),
        "by_step": {
            step: {"count": number, "seconds": round(seconds, 3), "per_second": rate(number, seconds)}
            for step, (number, seconds) in steps.items()
        },
    }


def fill(store: Store, count: int, copies: int | None = None) -> int:
    """Put the members' records of so many titles into the store, as harvests would; ``copies``: no more than so many
    of each. How many records they are."""
    with store.engine.begin() as connection:
        runs = {code: store.begin(connection, code) for code in MEMBERS}
    stored = 0
    source = titles(count)
    while batch := list(islice(source, BATCH)):
        with store.engine.begin() as connection:
            for code, run in runs.items():
                readings = [reading(title, code) for title in batch if code in title.members[:copies]]
                store.put(connection, run, code, "composed", "marc", SEED, readings)
                stored += len(readings)
        progress(f"store: {stored} records")
    with store.engine.begin() as connection:
        for run in runs.values():
            store.finish(connection, run, "done")
    return stored


# ── documents ────────────────────────────────────────────────────────────────────────────────────


def measure_documents(given: Tables, count: int, directory: Path | None, peer: bool) -> Figures:
    """From stored documents to a live generation."""
    with kept.home(directory, count) as (path, database):
        lucene_rate = _lucene(path, count) if peer and lucene.present() else None
        bare_rate = _bare(path, count)
        built, seconds, peak = generation(given, str(database.url), path / "generation")
    documents = rate(built, seconds)
    figures = {
        "documents": built,
        "documents_seconds": round(seconds, 3),
        "documents_per_second": documents,
        "peak_mib": round(peak.shared, 1),
        "peak_rss_mib": round(peak.added, 1),
        "bare_documents_per_second": bare_rate,
        "ratio_to_bare": ratio(documents, bare_rate),
    }
    if lucene_rate:
        figures |= {"lucene_documents_per_second": lucene_rate, "ratio_to_lucene": ratio(documents, lucene_rate)}
    return figures


def _lucene(path: Path, count: int) -> float:
    """The rate of Lucene with its ThaiAnalyzer over the texts as they stand."""
    texts, said = path / "texts", f"{SEED}, {count} titles"
    progress("Lucene")
    kept.once(texts, said, lambda made: lucene.write_records(made / lucene.RECORDS, titles(count), lucene.unsegmented))
    rate = lucene.index(texts / lucene.RECORDS, path / "lucene-thai", thai=True)
    shutil.rmtree(path / "lucene-thai")
    return rate


def _bare(path: Path, count: int) -> float:
    records = kept.records(path, count)
    progress("bare tantivy")
    with Clock() as whole:
        written = Bare(path / "bare-built").write(lucene.read_records(records))
    shutil.rmtree(path / "bare-built")
    return rate(written, whole.seconds)


def generation(given: Tables, url: str, home: Path) -> tuple[int, float, Peak]:
    """One generation of the documents in the database, built in a process of its own: (documents, seconds, memory).
    Raises BenchError where that process ends without one."""
    progress("index")
    shutil.rmtree(home, ignore_errors=True)
    context, peak = multiprocessing.get_context("spawn"), Peak()
    ours, theirs = context.Pipe()
    process = context.Process(target=_generation, args=(theirs, given, url, home))
    process.start()
    theirs.close()
    while not ours.poll(LOOK):
        peak.look(process.pid or 0)
    try:
        built, seconds = ours.recv()
    except EOFError as error:
        raise BenchError("the generation was not built: its process ended") from error
    finally:
        ours.close()
        process.join()
        process.close()
        shutil.rmtree(home, ignore_errors=True)
    return built, seconds, peak


def _generation(pipe: Connection, given: Tables, url: str, home: Path) -> None:
    home.mkdir(parents=True)
    catalogue = Catalogue(given, databases.connect(url), home)
    with Clock() as clock:
        built = catalogue.generations.build(catalogue.documents_store)
    pipe.send((built, clock.seconds))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.index", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--titles", type=positive, default=TITLES, metavar="N", help=f"how many titles ({TITLES})")
    parser.add_argument("--engine", default="tantivy", choices=tuple(ENGINES))
    parser.add_argument("--home", type=Path, metavar="DIR", help="keep the documents there for the next run")
    parser.add_argument("--documents-only", action="store_true", help="only from documents to a generation")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    show(measure(given.titles, given.engine, given.home, documents_only=given.documents_only), given.json)


if __name__ == "__main__":
    run(main)
