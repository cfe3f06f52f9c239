"""Records of known truth recognised as titles: how well, how fast, with how much memory, and what a night costs.

    python -m bench.cluster [--records N] [--night] [--engine NAME] [--json]

The records are those of bench/cataloguing.py. They go the way that a night takes: from the record store through
facts, blocks, edges and clusters to documents and the engine, in a process of its own whose memory is watched.
Precision and recall are B-cubed (Bagga and Baldwin, 1998), over all records. ``--night`` changes 1,000 records
afterwards, indexes again, and says what share of the full run that takes; recognition is told apart from the rest.
"""

import argparse
import multiprocessing
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

import msgspec
from sqlalchemy import Engine, func, select

from bench.cataloguing import SEED, Copy, copies
from bench.composed import vocabulary
from bench.measure import BenchError, Figures, home, machine, positive, progress, rate, run, show, tables
from bench.memory import Peak
from config import database as databases
from harvest.store import Store
from index import shape
from index.build import Index
from search.engines import ENGINES

RECORDS = 10_000
NIGHT = 1000  # records that a night changes
BATCH = 2000
LOOK = 0.2  # seconds between two looks at the memory
RECOGNITION = ("recognise", "arrange", "match", "cluster")


def measure(count: int = RECORDS, night: bool = False, engine: str = "tantivy") -> Figures:
    """The figures of one full run over so many records, and of a night after it."""
    vocabulary()
    with home() as (directory, database):
        truth = _fill(database, copies(count))
        figures, peak = indexed(directory, engine)
        figures |= {"records_per_second": rate(count, figures["seconds"]), "peak_mib": round(peak.shared, 1)}
        figures |= quality(database, truth) | counted(database)
        if night:
            figures["night"] = _night(database, directory, engine, count, figures)
    return {"records": count, **figures, "engine": engine, "seed": SEED, "machine": machine()}


# ── the store ────────────────────────────────────────────────────────────────────────────────────


def _fill(database: Engine, made: Iterable[Copy]) -> dict[str, str]:
    """Put records into the store, as harvests would; the book of each by its name."""
    store, truth = Store(database), dict[str, str]()
    source = iter(made)
    while batch := list(islice(source, BATCH)):
        by_member: dict[str, list[Copy]] = {}
        for copy in batch:
            by_member.setdefault(copy.member, []).append(copy)
            truth[f"{copy.member}/{copy.local_id}"] = copy.book
        with store.engine.begin() as connection:
            for member, some in sorted(by_member.items()):
                number = store.begin(connection, member)
                for marc in (True, False):
                    readings = [copy.reading() for copy in some if copy.marc == marc]
                    store.put(connection, number, member, "composed", "marc" if marc else "sheet", SEED, readings)
                store.finish(connection, number, "done")
        progress(f"store: {len(truth)} records")
    return truth


# ── the index ────────────────────────────────────────────────────────────────────────────────────


def indexed(directory: Path, engine: str) -> tuple[Figures, Peak]:
    """One run of the index in a process of its own: its figures and its memory."""
    context, peak = multiprocessing.get_context("spawn"), Peak()
    ours, theirs = context.Pipe()
    process = context.Process(target=_index, args=(theirs, directory, engine))
    process.start()
    theirs.close()
    while not ours.poll(LOOK):
        peak.look(process.pid or 0)
    try:
        figures: Figures = ours.recv()
    except EOFError as error:
        raise BenchError("the index was not built: its process ended") from error
    finally:
        ours.close()
        process.join()
        process.close()
    return figures, peak


def _index(pipe: Connection, directory: Path, engine: str) -> None:
    given = tables()
    given = msgspec.structs.replace(given, settings=msgspec.structs.replace(given.settings, engine=engine))
    steps = Steps()
    built = Index(given, databases.connect(f"sqlite:///{directory / 'sahaban.db'}"), directory, steps.tell).run()
    steps.tell("index", 0, None)
    pipe.send(
        {
            "titles": built.titles,
            "seconds": round(sum(steps.seconds.values()), 3),
            "recognition_seconds": round(sum(steps.seconds[step] for step in RECOGNITION), 3),
            "by_step": {step: round(seconds, 3) for step, seconds in steps.seconds.items()},
        }
    )


class Steps:
    """The time between two tellings belongs to the step that tells: a step tells when it has done something."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.last = perf_counter()

    def tell(self, step: str, done: int, of: int | None) -> None:
        now = perf_counter()
        self.seconds[step] += now - self.last
        self.last = now
        progress(f"{step}: {done}" + (f" of {of}" if of else ""))


# ── how well ─────────────────────────────────────────────────────────────────────────────────────


def quality(database: Engine, truth: dict[str, str]) -> Figures:
    """B-cubed precision and recall of the clusters that stand in the ledger."""
    c = shape.clusters.c
    with database.connect() as connection:
        rows = connection.execute(select(c.record, c.id).where(c.live))
        met = Counter((id_, truth[record]) for record, id_ in rows)
    precision, recall = b_cubed(met)
    sizes = Counter[str]()
    for (id_, _), number in met.items():
        sizes[id_] += number
    return {"b_cubed_precision": precision, "b_cubed_recall": recall, "clusters": len(sizes),
            "largest_cluster": max(sizes.values()), "books": len({book for _, book in met})}  # fmt: skip


def b_cubed(met: Counter[tuple[str, str]]) -> tuple[float, float]:
    """From how many records are in a cluster and of a book: the mean over records of the share of its cluster that
    is of its book, and of its book that is in its cluster."""
    clusters, books = Counter[str](), Counter[str]()
    for (cluster, book), number in met.items():
        clusters[cluster] += number
        books[book] += number
    total = sum(met.values())
    precision = sum(number * number / clusters[cluster] for (cluster, _), number in met.items())
    recall = sum(number * number / books[book] for (_, book), number in met.items())
    return round(precision / total, 4), round(recall / total, 4)


def counted(database: Engine) -> Figures:
    with database.connect() as connection:
        rows = connection.execute(select(shape.edges.c.verdict, func.count()).group_by(shape.edges.c.verdict))
        verdicts = {row[0]: row[1] for row in rows}
        tables = {"blocks": shape.blocks, "split": shape.split, "refused": shape.refused, "worthless": shape.worthless}
        counts = {name: connection.scalar(select(func.count()).select_from(t)) for name, t in tables.items()}
        works = connection.scalar(select(func.count(shape.clusters.c.work.distinct())))
    return {"edges": verdicts, **counts, "works": works}


# ── a night ──────────────────────────────────────────────────────────────────────────────────────


def _night(database: Engine, directory: Path, engine: str, count: int, full: Figures) -> Figures:
    changed = len(_fill(database, _changed(count)))
    figures, _ = indexed(directory, engine)
    return figures | {
        "changed": changed,
        "share": round(figures["seconds"] / full["seconds"], 5),
        "recognition_share": round(figures["recognition_seconds"] / full["recognition_seconds"], 5),
    }


def _changed(count: int) -> Iterator[Copy]:
    """A night's records, from all over the catalogue: half of them corrected, half new at a member that had none."""
    chance = random.Random(SEED)
    every = max(1, count // NIGHT)
    for number, copy in enumerate(islice(islice(copies(count), 0, None, every), NIGHT)):
        if number % 2:
            yield msgspec.structs.replace(copy, local_id=f"n{number}")
        else:
            pages = f"{chance.randint(100, 400)} หน้า"
            yield msgspec.structs.replace(copy, values=copy.values | {"extent": (pages,)})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=positive, default=RECORDS, metavar="N", help=f"how many records ({RECORDS})")
    parser.add_argument("--night", action="store_true", help=f"change {NIGHT} records afterwards")
    parser.add_argument("--engine", default="tantivy", choices=tuple(ENGINES))
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    show(measure(given.records, given.night, given.engine), given.json)


if __name__ == "__main__":
    run(main)
