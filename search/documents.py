"""The documents themselves, with the time each last changed; the engine holds only what it is searched by."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
    update,
)

from config import database
from search.question import Document

SHAPE = MetaData()

_documents = Table(
    "documents",
    SHAPE,
    Column("id", String, primary_key=True),
    Column("body", LargeBinary),  # JSON, zlib; null: the title is gone
    Column("revision", Integer, nullable=False, index=True),
    Column("added", String, nullable=False),
    Column("changed", String, nullable=False),
)

IN_ONE = 500  # ids in one SELECT


class Documents:
    """The table of documents. Writers bring their own connection, so that documents change with what they show."""

    def __init__(self, engine: Engine):
        database.prepare(engine, "search", SHAPE)
        self.engine = engine

    def put(self, connection: Connection, documents: Iterable[Document], moment: str = "") -> int:
        """Store documents; one that says what it said before is left alone. The number that changed."""
        given = {document.id: document for document in documents}
        held = {row.id: row for row in _rows(connection, list(given))}
        now, revision = moment or database.now(), _next_revision(connection)
        new: list[dict[str, Any]] = []
        changed = 0
        for id_, document in given.items():
            body = _packed(document)
            old = held.get(id_)
            if old is None:
                new.append({"id": id_, "body": body, "revision": revision, "added": now, "changed": now})
            elif old.body != body:
                values = {"body": body, "revision": revision, "changed": now}
                connection.execute(update(_documents).where(_documents.c.id == id_).values(values))
                changed += 1
        if new:
            connection.execute(insert(_documents), new)
        return len(new) + changed

    def remove(self, connection: Connection, ids: Iterable[str]) -> None:
        """Take documents away; that they were there stays known."""
        gone = {"body": None, "revision": _next_revision(connection), "changed": database.now()}
        for some in _parts(list(ids)):
            here = _documents.c.id.in_(some) & _documents.c.body.is_not(None)
            connection.execute(update(_documents).where(here).values(gone))

    def fetch(self, ids: Sequence[str]) -> list[Document]:
        """The documents of those ids, in that order; one that is gone is left out."""
        with self.engine.connect() as connection:
            found = {row.id: row for row in _rows(connection, list(ids)) if row.body is not None}
        return [_unpacked(found[id_]) for id_ in ids if id_ in found]

    def since(self, revision: int = 0, batch: int = 1000) -> Iterator[list[tuple[str, Document | None]]]:
        """What changed after a revision, a batch at a time; None is a document that is gone."""
        order = (_documents.c.revision, _documents.c.id)
        last = (revision, "\U0010ffff")
        while True:
            follows = (order[0] > last[0]) | ((order[0] == last[0]) & (order[1] > last[1]))
            with self.engine.connect() as connection:
                rows = connection.execute(select(_documents).where(follows).order_by(*order).limit(batch)).all()
            if not rows:
                return
            yield [(row.id, _unpacked(row) if row.body is not None else None) for row in rows]
            last = (rows[-1].revision, rows[-1].id)

    def revision(self) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(select(func.max(_documents.c.revision))) or 0

    def count(self) -> int:
        query = select(func.count()).select_from(_documents).where(_documents.c.body.is_not(None))
        with self.engine.connect() as connection:
            return connection.scalar(query) or 0


def _parts(ids: list[str]) -> Iterator[list[str]]:
    return (ids[i : i + IN_ONE] for i in range(0, len(ids), IN_ONE))


def _rows(connection: Connection, ids: list[str]) -> Iterator[Any]:
    for some in _parts(ids):
        yield from connection.execute(select(_documents).where(_documents.c.id.in_(some)))


def _next_revision(connection: Connection) -> int:
    """One writer at a time: the index holds a lock."""
    return (connection.scalar(select(func.max(_documents.c.revision))) or 0) + 1


def _packed(document: Document) -> bytes:
    return zlib.compress(msgspec.json.encode(msgspec.structs.replace(document, added="", changed="")))


def _unpacked(row: Any) -> Document:
    document = msgspec.json.decode(zlib.decompress(row.body), type=Document)
    return msgspec.structs.replace(document, added=row.added, changed=row.changed)
