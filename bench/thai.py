"""How often the title that a reader has in mind comes first, or among the first ten, by what was done to its words.

    python -m bench.thai [--titles FILE] [--queries FILE] [--sample N] [--engine NAME] [--json]

The titles stand in the catalogue among real MARC records, which go the whole way of a harvest. Each question goes
through ``Catalogue.search`` as a reader's does. Both files hold one JSON object a line, compressed or not:
``{"id", "title", "en"}`` ("en" is a second title, if it is there) and ``{"kind", "q", "id"}``.

``by_stage`` says what each stage of the answer contributes: the questions that it answered, how well, and how well
all would be answered if the chain ended there (``upto_…``: what a later stage answered counts as not found).
"""

import argparse
import gzip
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import Engine as Database

from bench.measure import BenchError, Clock, Figures, home, machine, material, positive, progress, run, show, tables
from config import database as databases
from config.tables import Member, Source, Tables, Text
from harvest.run import harvest
from harvest.store import Store
from index.build import Index
from search.engines import ENGINES
from search.question import Document, Query
from search.service import Catalogue

TITLES, QUERIES = "thai/retrieval/titles.jsonl.gz", "thai/retrieval/queries.jsonl.gz"
OTHERS = {  # the real records among which the titles stand: code -> (files, format)
    "psu": ("marc/psu-sample-728.mrc", "marc"),
    "uva": ("marc/uva-marc8-0001-1000.mrc", "marc"),
    "lc": ("marc/lcnetdev-cc0", "marcxml"),
}
SEED = "sahaban-bench-thai-1"
SIZE = 10
CHAIN = ("words", "trigrams", "folded", "keyboard", "spelling", "romanised", "some")  # as search/service.py goes
GZIP = b"\x1f\x8b"

T = TypeVar("T")


class Title(msgspec.Struct, frozen=True):
    id: int | str
    title: str
    en: str = ""


class Asked(msgspec.Struct, frozen=True):
    kind: str
    q: str
    id: int | str


class Answered(msgspec.Struct, frozen=True):
    """One question answered: where the title stood, from 1, and 0 where it did not."""

    kind: str
    place: int
    stage: str
    seconds: float


# ── the files ────────────────────────────────────────────────────────────────────────────────────


def lines(path: Path, row: type[T]) -> Iterator[tuple[int, T]]:
    """The objects of a file with the numbers of their lines. Raises BenchError naming the line that is none."""
    number = 0
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == GZIP
        with gzip.open(path) if compressed else path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, msgspec.json.decode(line, type=row)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BenchError(f"{path}, line {number}: {error}") from error
    except (OSError, EOFError) as error:
        raise BenchError(f"{path}, after line {number}: cannot be read: {error}") from error


def documents(path: Path) -> dict[int | str, Document]:
    """The titles as the catalogue holds them. Raises BenchError."""
    found: dict[int | str, Document] = {}
    for number, row in lines(path, Title):
        if not row.title.strip() or row.id in found:
            wrong = "has no title" if not row.title.strip() else f"the id {row.id} stands twice"
            raise BenchError(f"{path}, line {number}: {wrong}")
        values = {"title": tuple(filter(None, (row.title, row.en)))}
        found[row.id] = Document(identifier(row.id), values, members=("kku",), records=(("kku", str(row.id)),))
    return found


def identifier(given: int | str) -> str:
    return f"t{given}"


def questions(path: Path, known: Iterable[int | str]) -> list[Asked]:
    """The questions. Raises BenchError, also where one is for a title that is not there."""
    ids, found = set(known), []
    for number, row in lines(path, Asked):
        if row.id not in ids:
            raise BenchError(f"{path}, line {number}: the title {row.id} is not among the titles")
        found.append(row)
    if not found:
        raise BenchError(f"{path}: holds no question")
    return found


# ── the catalogue ────────────────────────────────────────────────────────────────────────────────


def catalogue(given: Tables, directory: Path, database: Database, titles: Sequence[Document]) -> Catalogue:
    """The titles among the other records."""
    members = {code: _member(code, path, fmt) for code, (path, fmt) in OTHERS.items()}
    network = msgspec.structs.replace(given, members=given.members | members)
    store = Store(database)
    for code, member in members.items():
        progress(f"harvest: {code}")
        if (done := harvest(member, network, store, directory)).outcome != "done":
            raise BenchError(f"the harvest of {code} ended as {done.outcome}: {done.error}")
    Index(network, database, directory, lambda step, done, of: progress(f"{step}: {done}")).run()
    made = Catalogue(given, database, directory)
    with databases.writing(database) as connection:
        made.documents_store.put(connection, titles)
    made.generations.build(made.documents_store, lambda done: progress(f"index: {done}"))
    made.warm()
    return made


def _member(code: str, path: str, fmt: str) -> Member:
    source = Source("file", fmt, path=str(material(path)))
    return Member(Text(code, code), "college", code=code, source=(source,))


# ── the measurement ──────────────────────────────────────────────────────────────────────────────


def measure(
    titles: Path | None = None, queries: Path | None = None, engine: str = "tantivy", *, sample: int | None = None
) -> Figures:
    """Every question once, or a sample of them. Raises BenchError."""
    held = documents(titles or material(TITLES))
    asked = questions(queries or material(QUERIES), held)
    if sample and sample < len(asked):
        asked = random.Random(SEED).sample(asked, sample)
    given = tables()
    given = msgspec.structs.replace(given, settings=msgspec.structs.replace(given.settings, engine=engine))
    with home() as (directory, database):
        made = catalogue(given, directory, database, list(held.values()))
        answered = [answer(made, question) for question in _told(asked)]
        total = made.titles()
    return _figures(answered) | {
        "questions": len(answered),
        "by_kind": _each(answered, lambda one: one.kind),
        "by_letter": _each(answered, lambda one: one.kind[:1]),
        "by_stage": _stages(answered),
        "titles": total,
        "engine": engine,
        "machine": machine(),
    }


def answer(made: Catalogue, question: Asked) -> Answered:
    with Clock() as clock:
        page = made.search(Query(question.q, size=SIZE))
    ids = [hit.document.id for hit in page.hits]
    wanted = identifier(question.id)
    place = ids.index(wanted) + 1 if wanted in ids else 0
    return Answered(question.kind, place, page.stage, clock.seconds)


def _told(asked: Sequence[Asked]) -> Iterator[Asked]:
    for number, question in enumerate(asked):
        if number % 100 == 0:
            progress(f"questions: {number}")
        yield question


def _figures(some: Sequence[Answered]) -> Figures:
    return {
        "success_at_1": _share(sum(one.place == 1 for one in some), len(some)),
        "success_at_10": _share(sum(one.place > 0 for one in some), len(some)),
        "mean_ms": round(1000 * sum(one.seconds for one in some) / len(some), 3),
    }


def _share(some: int, of: int) -> float:
    return round(some / of, 4)


def _each(answered: Sequence[Answered], key: Callable[[Answered], str]) -> dict[str, Figures]:
    groups: dict[str, list[Answered]] = {}
    for one in answered:
        groups.setdefault(key(one), []).append(one)
    return {name: {"n": len(groups[name])} | _figures(groups[name]) for name in sorted(groups)}


def _stages(answered: Sequence[Answered]) -> dict[str, Figures]:
    """Each stage in the order of the chain, with what all would be if it were the last."""
    told = _each(answered, lambda one: one.stage)
    before: list[Answered] = []
    for stage in sorted(told, key=lambda name: CHAIN.index(name) if name in CHAIN else len(CHAIN)):
        before += [one for one in answered if one.stage == stage]
        figures = told.pop(stage)
        told[stage] = figures | {
            "upto_success_at_1": _share(sum(one.place == 1 for one in before), len(answered)),
            "upto_success_at_10": _share(sum(one.place > 0 for one in before), len(answered)),
        }
    return told


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.thai", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--titles", type=Path, metavar="FILE", help="titles in place of the given ones")
    parser.add_argument("--queries", type=Path, metavar="FILE", help="questions in place of the given ones")
    parser.add_argument("--sample", type=positive, metavar="N", help="only so many of the questions, always the same")
    parser.add_argument("--engine", default="tantivy", choices=tuple(ENGINES))
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    show(measure(given.titles, given.queries, given.engine, sample=given.sample), given.json)


if __name__ == "__main__":
    run(main)
