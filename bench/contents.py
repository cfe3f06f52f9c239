"""All that an installation holds, without what names and times alone make different: to compare two installations."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Table, func, select

from config.tables import Tables
from harvest import shape as harvested
from harvest.packing import unpacked
from harvest.store import Store
from index import shape as indexed
from search.documents import SHAPE as SEARCHED
from search.documents import Documents
from search.question import Query
from search.service import Catalogue

Rows = dict[Any, Any]
Contents = dict[str, Rows]  # table -> key -> what stands there
SHOWN = 3  # differences of one table that are named

RECORD = ("source", "format", "datestamp", "deleted", "content", "digest", "reading", "repairs")
TO_DO = (indexed.to_draw, indexed.to_settle, indexed.dirty, indexed.staged)


def contents(tables: Tables, database: Engine, home: Path, questions: Sequence[Query]) -> Contents:
    """Numbers, revisions, runs and times are left out; the id of a title is the first of its records."""
    with database.connect() as connection:
        names = _Names(connection)
        found = {table.__name__.strip("_"): dict(table(connection, names)) for table in _TABLES}
    found["standings"] = {
        code: (standing.live, standing.deleted, standing.quarantined)
        for code, standing in Store(database).standings().items()
    }
    documents, titles = Rows(), dict[str, str]()
    for id_, document in (row for batch in Documents(database).since(0) for row in batch):
        if document is not None:
            titles[id_] = min("/".join(key) for key in document.records)
            work = names.works.get(document.work, document.work)
            documents[titles[id_]] = msgspec.structs.replace(document, id="", added="", changed="", work=work)
    found["documents"] = documents
    found["answers"] = _answers(Catalogue(tables, database, home), questions, titles)
    return found


def differences(one: Contents, other: Contents) -> dict[str, int | list[str]]:
    """Table -> how many rows differ, and which the first of them are; nothing where all is the same."""
    found: dict[str, int | list[str]] = {}
    for table in one.keys() | other.keys():
        here, there = one.get(table, {}), other.get(table, {})
        apart = (key for key in here.keys() | there.keys() if here.get(key) != there.get(key))
        if shown := [f"{key}: {here.get(key)!r:.300} / {there.get(key)!r:.300}" for key in islice(apart, SHOWN)]:
            found[table] = [*shown, f"{sum(1 for _ in apart) + len(shown)} in all"]
    return found


class _Names:
    """What stands in the index's tables as numbers and ids, by the names of records."""

    def __init__(self, connection: Connection):
        c = indexed.clusters.c
        rows = connection.execute(select(c.number, c.record, c.id, c.live, c.work).order_by(c.record)).all()
        self.records: dict[int, str] = {row.number: row.record for row in rows}
        self.live: dict[str, bool] = {row.record: row.live for row in rows}
        self.titles: dict[str, str] = {}  # id -> the first of its records
        self.works: dict[str, str] = {}
        self.of: dict[str, tuple[str, str]] = {}  # live record -> its title, its work
        for row in (row for row in rows if row.live):
            self.titles.setdefault(row.id, row.record)
            self.works.setdefault(row.work or "", row.record if row.work else "")
            self.of[row.record] = (self.titles[row.id], self.works[row.work or ""])

    def pair(self, a: int, b: int) -> tuple[str, ...]:
        return tuple(sorted((self.records[a], self.records[b])))


# ── the tables ───────────────────────────────────────────────────────────────────────────────────


def _records(connection: Connection, _: _Names) -> Iterator[tuple[Any, Any]]:
    for row in connection.execute(select(harvested.records)).mappings():
        yield (row["member"], row["local_id"]), (*(row[name] for name in RECORD), unpacked(row["payload"]))


def _quarantine(connection: Connection, _: _Names) -> Iterator[tuple[Any, Any]]:
    for row in connection.execute(select(harvested.quarantine)):
        said = (row.reason, unpacked(row.payload), row.resolved is None)
        yield (row.member, row.source, row.place, row.digest), said


def _unfinished(connection: Connection, _: _Names) -> Iterator[tuple[Any, Any]]:
    """Lists that stopped on the way, and what the index has still to do: nothing of either is left."""
    for row in connection.execute(select(harvested.sources)):
        yield (row.member, row.source), bool(msgspec.json.decode(row.progress).get("token"))
    for table in TO_DO:
        yield table.name, connection.scalar(select(func.count()).select_from(table))


def _clusters(connection: Connection, names: _Names) -> Iterator[tuple[Any, Any]]:
    for record, live in names.live.items():
        yield record, (live, names.of.get(record))


def _facts(connection: Connection, names: _Names) -> Iterator[tuple[Any, Any]]:
    for row in connection.execute(select(indexed.facts)):
        yield names.records[row.number], (row.print, row.body)


def _blocks(connection: Connection, names: _Names) -> Iterator[tuple[Any, Any]]:
    for row in connection.execute(select(indexed.blocks)):
        yield (row.block, names.records[row.number]), True


def _plain(table: Table) -> Callable[[Connection], Iterator[tuple[Any, Any]]]:
    return lambda connection: ((tuple(row), True) for row in connection.execute(select(table)))


def _split(connection: Connection, _: _Names) -> Iterator[tuple[Any, Any]]:
    yield from _plain(indexed.split)(connection)


def _worthless(connection: Connection, _: _Names) -> Iterator[tuple[Any, Any]]:
    yield from _plain(indexed.worthless)(connection)


def _edges(connection: Connection, names: _Names) -> Iterator[tuple[Any, Any]]:
    for row in connection.execute(select(indexed.edges)):
        reasons = sorted(map(str, msgspec.json.decode(row.reasons)))
        yield names.pair(row.a, row.b), (row.verdict, row.relation, row.points, row.against, reasons)


def _refused(connection: Connection, names: _Names) -> Iterator[tuple[Any, Any]]:
    for row in connection.execute(select(indexed.refused)):
        yield names.pair(row.a, row.b), names.pair(row.because_a, row.because_b)


def _headings(connection: Connection, _: _Names) -> Iterator[tuple[Any, Any]]:
    for row in connection.execute(select(SEARCHED.tables["headings"])):
        if row.titles:
            yield (row.kind, row.text), row.titles


_TABLES = (
    _records, _quarantine, _unfinished, _clusters, _facts, _blocks, _split, _worthless, _edges, _refused, _headings,
)  # fmt: skip


# ── what the engine answers ──────────────────────────────────────────────────────────────────────


def _answers(catalogue: Catalogue, questions: Sequence[Query], titles: dict[str, str]) -> Rows:
    """The titles of an answer that fits on one page; of a longer one how many there are."""
    found: Rows = {}
    for question in questions:
        page = catalogue.search(question)
        hits = {titles[document.id] for hit in page.hits for document in hit.documents}
        whole = page.total <= question.size
        found[question] = (page.total, page.stage, page.suggestion, {f: sorted(v) for f, v in page.facets.items()},
                           sorted(hits) if whole else ())  # fmt: skip
    return found
