"""The documents themselves, with the time each last changed; the engine holds only what it is searched by."""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from config import database
from search import headings
from search.question import Document

SHAPE = headings.SHAPE

Key = TypeVar("Key", str, int)

_documents = Table(
    "documents",
    SHAPE,
    # Given once, in the order of arrival: what the engine answers with, and a page's documents are looked up by.
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", database.Ordered, nullable=False, unique=True),
    Column("body", LargeBinary),  # JSON; null: the title is gone
    Column("revision", Integer, nullable=False, index=True),
    Column("added", String, nullable=False),
    Column("changed", String, nullable=False),
)

IN_ONE = 500  # ids in one SELECT
_FOUND = "SELECT {0}, body, added, changed FROM documents WHERE {0} IN (?{1}) AND body IS NOT NULL"


def _add_headings(connection: Connection) -> None:
    """Headings came after the first installations."""
    headings.SHAPE.create_all(connection)
    headings.recount(connection, _all(connection))


def _all(connection: Connection) -> Iterator[Document]:
    bodies = select(_documents.c.id, _documents.c.body).where(_documents.c.body.is_not(None)).order_by(_documents.c.id)
    last = ""
    while rows := connection.execute(bodies.where(_documents.c.id > last).limit(IN_ONE)).all():
        yield from (_read(row.body) for row in rows)
        last = rows[-1].id


def _add_numbers(connection: Connection) -> None:
    """Documents had no number but their id."""
    columns = "id, body, revision, added, changed"
    connection.execute(text(f"CREATE TABLE documents_before AS SELECT {columns} FROM documents"))
    _documents.drop(connection)
    _documents.create(connection)
    numbered = f"SELECT row_number() OVER (ORDER BY id), {columns} FROM documents_before"
    connection.execute(text(f"INSERT INTO documents (number, {columns}) {numbered}"))
    connection.execute(text("DROP TABLE documents_before"))


STEPS = (_add_headings, _add_numbers)


class Row(msgspec.Struct, frozen=True):
    """A document as it is stored."""

    number: int
    id: str
    body: bytes | None  # None: it is gone
    added: str
    changed: str


class Documents:
    """The table of documents. Writers bring their own connection, so that documents change with what they show."""

    def __init__(self, engine: Engine):
        database.prepare(engine, "search", SHAPE, STEPS)
        self.engine = engine

    def put(
        self, connection: Connection, documents: Iterable[Document], moment: str = "", recounted: bool = False
    ) -> int:
        """Store documents; one that says what it said before is left alone. The number that changed.

        Their headings are counted with them; where there are very many, it is faster to say that they will be
        ``recounted``, and to do so afterwards.
        """
        if recounted:
            headings.postpone(connection)
        given = {document.id: document for document in documents}
        held = {row.id: row for row in _rows(connection, list(given))}
        now, revision, number = moment or database.now(), _next(connection, "revision"), _next(connection, "number")
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        counts: Counter[tuple[str, str]] = Counter()
        for id_, document in given.items():
            said, old = _encoded(document), held.get(id_)
            if old is None:
                row = {"number": number + len(new), "id": id_, "body": said, "revision": revision}
                new.append(row | {"added": now, "changed": now})
            elif old.body is None or _said(old.body) != said:
                changed.append({"of_id": id_, "body": said, "revision": revision, "changed": now})
                if old.body is not None:
                    counts.subtract(headings.of(_read(old.body)))
            else:
                continue
            counts.update(headings.of(document))
        if changed:
            connection.execute(update(_documents).where(_documents.c.id == bindparam("of_id")), changed)
        if new:
            connection.execute(insert(_documents), new)
        headings.count(connection, counts)
        return len(new) + len(changed)

    def remove(self, connection: Connection, ids: Iterable[str]) -> None:
        """Take documents away; that they were there stays known."""
        gone = {"body": None, "revision": _next(connection, "revision"), "changed": database.now()}
        counts: Counter[tuple[str, str]] = Counter()
        for some in _parts(list(dict.fromkeys(ids))):
            here = _documents.c.id.in_(some) & _documents.c.body.is_not(None)
            for row in connection.execute(select(_documents.c.body).where(here)):
                counts.subtract(headings.of(_read(row.body)))
            connection.execute(update(_documents).where(here).values(gone))
        headings.count(connection, counts)

    def recount(self, connection: Connection) -> None:
        """Count the headings of all documents anew: after a bulk ``put``, and where the analysis has changed."""
        headings.recount(connection, _all(connection))

    def postponed(self, connection: Connection) -> bool:
        """Whether documents were stored, perhaps by a process that was killed, whose headings are not counted."""
        return headings.postponed(connection)

    def fetch(self, ids: Sequence[str]) -> list[Document]:
        """The documents of those ids, in that order; one that is gone is left out."""
        return self._fetched("id", ids)

    def numbered(self, numbers: Sequence[int]) -> list[Document]:
        """The documents of those numbers, which an engine answers with; as ``fetch``."""
        return self._fetched("number", numbers)

    def _fetched(self, column: str, keys: Sequence[Key]) -> list[Document]:
        found: dict[Key, Document] = {}
        for some in _parts(keys):
            asked = _FOUND.format(column, ", ?" * (len(some) - 1))
            for key, body, added, changed in database.fetched(self.engine, asked, some):
                found[key] = _complete(_read(body), added, changed)
        return [found[key] for key in keys if key in found]

    def since(self, revision: int = 0, batch: int = 1000) -> Iterator[list[tuple[str, Document | None]]]:
        """What changed after a revision, a batch at a time; None is a document that is gone."""
        for rows in self.rows(revision, batch):
            yield [(row.id, unpacked(row) if row.body is not None else None) for row in rows]

    def rows(self, revision: int = 0, batch: int = 1000, part: int = 0, parts: int = 1) -> Iterator[list[Row]]:
        """The same as it is stored, to be unpacked elsewhere. A part is every so many-th batch."""
        order = (_documents.c.revision, _documents.c.id)
        last = (revision, "\U0010ffff")
        for number in count():
            follows = (order[0] > last[0]) | ((order[0] == last[0]) & (order[1] > last[1]))
            mine = number % parts == part
            wanted = select(_documents).limit(batch) if mine else select(*order).offset(batch - 1).limit(1)
            with self.engine.connect() as connection:
                rows = connection.execute(wanted.where(follows).order_by(*order)).all()
            if not rows:
                return
            if mine:
                yield [Row(row.number, row.id, row.body, row.added, row.changed) for row in rows]
            last = (rows[-1].revision, rows[-1].id)

    def revision(self) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(select(func.max(_documents.c.revision))) or 0

    def count(self) -> int:
        query = select(func.count()).select_from(_documents).where(_documents.c.body.is_not(None))
        with self.engine.connect() as connection:
            return connection.scalar(query) or 0


def _parts(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    return (keys[i : i + IN_ONE] for i in range(0, len(keys), IN_ONE))


def _rows(connection: Connection, ids: list[str]) -> Iterator[Any]:
    for some in _parts(ids):
        yield from connection.execute(select(_documents).where(_documents.c.id.in_(some))).all()


def _next(connection: Connection, column: str) -> int:
    """The next revision or number. One writer at a time: the index holds a lock."""
    return (connection.scalar(select(func.max(_documents.c[column]))) or 0) + 1


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Document)


def _encoded(document: Document) -> bytes:
    return _encoder.encode(msgspec.structs.replace(document, added="", changed=""))


def _said(body: bytes) -> bytes:
    """Bodies were compressed once: smaller by 300 bytes each, and a page waited for twenty of them."""
    return body if body.startswith(b"{") else zlib.decompress(body)


def _read(body: bytes) -> Document:
    return _decoder.decode(_said(body))


def unpacked(row: Row) -> Document:
    """The document of a row whose body is not None."""
    assert row.body is not None
    return _complete(_read(row.body), row.added, row.changed)


def _complete(document: Document, added: str, changed: str) -> Document:
    """A document that was just read, with its times: set in place, as a copy takes longer than the reading."""
    msgspec.structs.force_setattr(document, "added", added)
    msgspec.structs.force_setattr(document, "changed", changed)
    return document
