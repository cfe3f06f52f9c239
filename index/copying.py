"""A whole installation's tables copied from one database to another, of whichever kinds."""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, Engine, MetaData, Table, delete, func, insert, inspect, select, text

from config import database
from config.tables import ConfigError
from harvest import shape as harvested
from harvest.store import Store
from index import shape
from index.ledger import Ledger
from search import documents

SHAPES: tuple[MetaData, ...] = (harvested.SHAPE, shape.SHAPE, documents.SHAPE)
BATCH = 2000  # rows in the memory at once

Tell = Callable[[str, int, int | None], None]  # table, rows copied, of how many


def tables() -> list[Table]:
    """The tables of all rooms; those that are kept with each have the version of this program."""
    return [table for room in SHAPES for table in room.sorted_tables]


def prepared(engine: Engine) -> Engine:
    """The same, with the tables of all rooms at their present version."""
    Store(engine)
    Ledger(engine)
    documents.Documents(engine)
    return engine


def rows(engine: Engine) -> int:
    """How many rows our tables have in a database; none where they are not there. Raises ConfigError."""
    database.check(engine)
    there = set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        return sum(_count(connection, table) for table in tables() if table.name in there)


def copy(
    source: Engine, target: Engine, tell: Tell = lambda table, done, of: None, replace: bool = False
) -> dict[str, int]:
    """Copy everything, as it stands at one moment, into a database that holds nothing of ours yet, or whose rows it is
    to ``replace``; how many rows, by table.

    The versions of the tables come with them: the source is brought up to date first, as by any command. All of it
    is there in the end, or what was. Raises ConfigError.
    """
    if not replace and rows(target):
        raise ConfigError([f"{target.url!r} holds an installation already; nothing was copied"])
    prepared(source)
    prepared(target)
    with source.connect() as reading, database.writing(target) as writing:
        for table in reversed(tables()):
            writing.execute(delete(table))
        copied = {table.name: _copied(reading, writing, table, tell) for table in tables()}
        _go_on_counting(writing)
        found = {table.name: _count(writing, table) for table in tables()}
        if found != copied:
            raise AssertionError(f"copied {copied}, but {found} arrived")
    return copied


def _copied(reading: Connection, writing: Connection, table: Table, tell: Tell) -> int:
    of, done = _count(reading, table), 0
    for batch in _batches(reading, table):
        writing.execute(insert(table), batch)
        done += len(batch)
        tell(table.name, done, of)
    if done != of:
        raise AssertionError(f"{table.name} has {of} rows, but {done} were read")
    return done


def _batches(reading: Connection, table: Table) -> Iterator[list[dict[str, object]]]:
    everything = select(table).order_by(*table.primary_key).execution_options(yield_per=BATCH)
    with reading.execute(everything) as found:
        for batch in found.mappings().partitions():
            yield [dict(row) for row in batch]


def _go_on_counting(connection: Connection) -> None:
    """PostgreSQL draws its numbers elsewhere, and knows nothing of those that were given."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables():
        column = table.autoincrement_column
        if column is not None:
            last = select(func.max(column)).scalar_subquery()
            name = text(f"pg_get_serial_sequence('{table.name}', '{column.name}')")
            connection.execute(select(func.setval(name, func.coalesce(last, 1), last.is_not(None))))


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
