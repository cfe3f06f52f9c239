"""Records of known truth recognised as titles: how well, how fast, with how much memory, and what a night costs.

    python -m bench.cluster [--records N ...] [--night] [--recognition] [--engine NAME] [--home DIR] [--json]

The records are those of bench/cataloguing.py. They go the way that a night takes: from the record store through
facts, blocks, edges and clusters to documents and the engine, in a process of its own whose memory is watched.
Precision and recall are B-cubed (Bagga and Baldwin, 1998), over all records. ``--night`` changes 1,000 records
afterwards, indexes again, and says what share of the full run that takes; recognition is told apart from the rest,
and ``--recognition`` leaves the rest out. Of each step the seconds by the clock are told and, where others are at
work on the machine, what counts: the seconds of all processors. Of several sizes it is told what a record costs at
each (``growth``). A million records take about 6 GB of disk, in ``--home`` or where temporary files are.
"""

import argparse
import multiprocessing
import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
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
from index.ledger import Ledger
from index.recognise import Recognition, encodings
from search.engines import ENGINES

RECORDS = 10_000
NIGHT = 1000  # records that a night changes
BATCH = 2000
LOOK = 0.2  # seconds between two looks at the memory
RECOGNITION = ("recognise", "arrange", "match", "cluster")


def measure(
    count: int = RECORDS, night: bool = False, engine: str = "tantivy", rest: bool = True, under: Path | None = None
) -> Figures:
    """The figures of one full run over so many records, and of a night after it. ``rest``: with documents and the
    engine."""
    vocabulary()
    with home(under) as (directory, database):
        truth = _fill(database, copies(count))
        figures, peak = indexed(directory, engine, rest)
        figures |= {"records_per_second": rate(count, figures["seconds"]), "peak_mib": round(peak.shared, 1)}
        figures |= quality(database, truth) | counted(database)
        if night:
            figures["night"] = _night(database, directory, engine, rest, count, figures)
        figures["disk_mib"] = round(sum(path.stat().st_size for path in directory.rglob("*") if path.is_file()) / 2**20)
    return {"records": count, **figures, "engine": engine, "seed": SEED, "machine": machine()}


def growth(several: Mapping[str, Figures]) -> Figures:
    """Of runs over more and more records: what each costs a record, and of what quality it is."""
    return {
        name: {
            "processor_ms": round(1000 * figures["processor_seconds"] / figures["records"], 3),
            "match_ms": round(1000 * figures["recognition_processor_seconds"] / figures["records"], 3),
            "blocks": round(figures["blocks"] / figures["records"], 2),
            "edges": round(sum(figures["edges"].values()) / figures["records"], 2),
            "peak_mib": figures["peak_mib"],
            "precision": figures["b_cubed_precision"],
            "recall": figures["b_cubed_recall"],
        }
        | ({"night_share": figures["night"]["processor_share"]} if "night" in figures else {})
        for name, figures in several.items()
    }


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


def indexed(directory: Path, engine: str, rest: bool = True) -> tuple[Figures, Peak]:
    """One run of the index in a process of its own: its figures and its memory."""
    context, peak = multiprocessing.get_context("spawn"), Peak()
    ours, theirs = context.Pipe()
    process = context.Process(target=_index, args=(theirs, directory, engine, rest))
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


def _index(pipe: Connection, directory: Path, engine: str, rest: bool) -> None:
    given = tables()
    given = msgspec.structs.replace(given, settings=msgspec.structs.replace(given.settings, engine=engine))
    database, steps = databases.connect(f"sqlite:///{directory / 'sahaban.db'}"), Steps()
    titles: Figures = {}
    if rest:
        titles["titles"] = Index(given, database, directory, steps.tell).run().titles
    else:
        Ledger(database)
        Recognition(Store(database), database, encodings(given), steps.tell).run()
    steps.tell("index" if rest else "cluster", 0, None)
    pipe.send(titles | _told("seconds", steps.seconds) | _told("processor_seconds", steps.worked))


def _told(what: str, by_step: Mapping[str, float]) -> Figures:
    return {
        what: round(sum(by_step.values()), 3),
        f"recognition_{what}": round(sum(by_step.get(step, 0) for step in RECOGNITION), 3),
        "by_step" if what == "seconds" else f"{what}_by_step": {step: round(n, 3) for step, n in by_step.items()},
    }


class Steps:
    """The time between two tellings belongs to the step that tells: a step tells when it has done something."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.worked: defaultdict[str, float] = defaultdict(float)  # the seconds of processors
        self.last, self.last_worked = perf_counter(), _worked()

    def tell(self, step: str, done: int, of: int | None) -> None:
        now, worked = perf_counter(), _worked()
        self.seconds[step] += now - self.last
        self.worked[step] += worked - self.last_worked
        self.last, self.last_worked = now, worked
        progress(f"{step}: {done}" + (f" of {of}" if of else ""))


def _worked() -> float:
    """The seconds of processors of this process and its children; of these when they end, perhaps a step later."""
    return sum(os.times()[:4])


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


def _night(database: Engine, directory: Path, engine: str, rest: bool, count: int, full: Figures) -> Figures:
    changed = len(_fill(database, _changed(count)))
    figures, _ = indexed(directory, engine, rest)
    return figures | {
        "changed": changed,
        "processor_share": round(figures["processor_seconds"] / full["processor_seconds"], 5),
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
    parser.add_argument(
        "--records", type=positive, nargs="+", default=[RECORDS], metavar="N", help=f"how many records ({RECORDS})"
    )
    parser.add_argument("--night", action="store_true", help=f"change {NIGHT} records afterwards")
    parser.add_argument("--recognition", action="store_true", help="without documents and the engine")
    parser.add_argument("--engine", default="tantivy", choices=tuple(ENGINES))
    parser.add_argument("--home", type=Path, metavar="DIR", help="where there is room; nothing stays there")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    several = {}
    for count in sorted(set(given.records)):
        several[f"{count}"] = measure(count, given.night, given.engine, not given.recognition, given.home)
    show({**several, "growth": growth(several)} if len(several) > 1 else next(iter(several.values())), given.json)


if __name__ == "__main__":
    run(main)
