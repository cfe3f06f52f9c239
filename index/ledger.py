"""The ledger: which records are one title and why, what people decided, and which id each title has for good."""

from collections.abc import Collection

from sqlalchemy import Connection, Engine, select

from config import database
from index import isbns, shape, sql


def record_key(member: str, local_id: str) -> str:
    """A record's name in the ledger."""
    return f"{member}/{local_id}"


def split_key(key: str) -> tuple[str, str]:
    """(member, local id) of a record's name; a code holds no "/"."""
    member, _, local_id = key.partition("/")
    return member, local_id


class Ledger:
    """What others ask of the index's tables."""

    def __init__(self, engine: Engine):
        database.prepare(engine, "index", shape.SHAPE, shape.STEPS)
        self.engine = engine

    def resolve(self, id_: str) -> str | None:
        """The present id of a title: the id itself, or the one that followed it; None where it never was."""
        c, seen = shape.aliases.c, set[str]()
        with self.engine.connect() as connection:
            while id_ not in seen:
                seen.add(id_)
                follows = connection.scalar(select(c.new).where(c.old == id_))
                if follows is None:
                    known = select(shape.clusters.c.record).where(shape.clusters.c.id == id_).limit(1)
                    return id_ if connection.scalar(known) is not None else None
                id_ = follows
        return None

    def worthless(self) -> frozenset[str]:
        """ISBNs that stand on different titles."""
        with self.engine.connect() as connection:
            return isbns.said(connection)

    def titles_of(self, records: Collection[str]) -> dict[str, str]:
        """Record -> the title that it is in; one that is not live, or not indexed yet, is left out."""
        c = shape.clusters.c
        query = select(c.record, c.id).where(c.live, c.id.is_not(None))
        with self.engine.connect() as connection:
            return dict(sql.within(connection, query, c.record, records))

    def records_of(self, id_: str) -> list[str]:
        """The live records of a title."""
        c = shape.clusters.c
        query = select(c.record).where(c.id == id_, c.live).order_by(c.record)
        with self.engine.connect() as connection:
            return list(connection.scalars(query))


def _names(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    c = shape.clusters.c
    return dict(sql.within(connection, select(c.number, c.record), c.number, numbers))
