"""The one database of all rooms: opened here, each room's tables brought up to date with a backup first."""

import datetime
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    make_url,
    select,
)
from sqlalchemy.exc import OperationalError

from config.tables import ConfigError

_shape = MetaData()
_versions = Table("schema_versions", _shape, Column("room", String, primary_key=True), Column("version", Integer))

Step = Callable[[Connection], None]

# Text that is put in order: by code point on either database, whatever language PostgreSQL was made for.
Ordered = String().with_variant(String(collation="C"), "postgresql")

DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_TURN = 0x5AB  # the number of the lock for which PostgreSQL's writers wait; every database has its own


def connect(url: str, place: str = "settings.toml: database") -> Engine:
    """An engine on a URL: SQLite in WAL mode, so that readers never wait for the night's writer, or PostgreSQL.

    On both a reading transaction sees one state of the database, and writing ones come one after the other. Raises
    ConfigError, which says the place where the URL stands.
    """
    try:
        given = make_url(url)
        given = given.set(drivername=DRIVERS.get(given.drivername, given.drivername))
        of_server = {"isolation_level": "REPEATABLE READ"} if given.get_backend_name() == "postgresql" else {}
        engine = create_engine(given, **of_server)
    except Exception as error:  # an unknown dialect, a missing driver, a malformed URL: each its own class
        raise ConfigError([f"{place}: {error}"]) from error
    kind = engine.dialect.name
    if kind not in _OPENED:
        raise ConfigError([f"{place}: {kind} is not known; it is sqlite or postgresql"])
    opened, begun = _OPENED[kind]
    event.listen(engine, "connect", opened)
    event.listen(engine, "begin", begun)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that means to write: it waits for its turn before it reads, so that what it read still holds
    when it writes. SQLite refuses at once a reader who becomes a writer while another one writes."""
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        yield connection


def fetched(engine: Engine, sql: str, parameters: Sequence[str | int]) -> list[Any]:
    """The rows of a SELECT with a ? for each parameter, by the driver itself: for what a page waits for, as SQLAlchemy
    takes three times as long over twenty rows."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(sql if engine.dialect.paramstyle == "qmark" else sql.replace("?", "%s"), parameters)
        return list(cursor.fetchall())
    finally:
        connection.close()


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows that all name the same columns in the same order, put in by the driver itself: SQLAlchemy takes longer over
    each of thousands than the database does."""
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    quote = connection.dialect.identifier_preparer.quote
    columns, marks = ", ".join(map(quote, rows[0])), ", ".join([mark] * len(rows[0]))
    statement = f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({marks})"
    connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])


def _begin_sqlite(connection: Connection) -> None:
    mode = "IMMEDIATE" if connection.get_execution_options().get("writing") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


def _begin_postgresql(connection: Connection) -> None:
    """A writer waits for its turn, and then sees what those before it wrote."""
    if connection.get_execution_options().get("writing"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")


def _adapt(connection: Any, _: object) -> None:
    connection.adapters.register_dumper(str, _without_nul())


@cache
def _without_nul() -> type[Any]:
    """PostgreSQL's texts hold no NUL; its picture stands in its place, where one is written and where one is asked."""
    from psycopg.types.string import StrDumper  # a tenth of a second that SQLite need not wait for

    class WithoutNul(StrDumper):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\u2400") if "\0" in obj else obj)

    return WithoutNul


def _pragmas(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself: the driver's own transactions leave DDL out
    for pragma in (
        "page_size=8192",  # of a new database: four records fit into a page, and less is written
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=600000",
        "foreign_keys=ON",
        "mmap_size=268435456",
        "wal_autocheckpoint=2000",  # pages, 16 MB: a harvest writes many pages twice within that
    ):
        connection.execute(f"PRAGMA {pragma}")


_OPENED: dict[str, tuple[Callable[..., None], Callable[[Connection], None]]] = {
    "sqlite": (_pragmas, _begin_sqlite),
    "postgresql": (_adapt, _begin_postgresql),
}


def check(engine: Engine) -> None:
    """Raises ConfigError where the database cannot be reached."""
    try:
        engine.connect().close()
    except OperationalError as error:
        said = " ".join(str(error.orig).split())
        raise ConfigError([f"database: {engine.url!r} cannot be opened: {said}"]) from error


def prepare(engine: Engine, room: str, tables: MetaData, steps: Sequence[Step] = ()) -> None:
    """Bring a room's tables to their present version: create them, or run the steps that are missing.

    The version is the number of steps. Before the first step an SQLite database is copied beside
    itself. Raises ConfigError where the database is newer than this program, or cannot be reached.
    """
    check(engine)
    with writing(engine) as connection:  # one transaction: of two who come at once, the second finds it done
        _shape.create_all(connection)
        version = connection.scalar(select(_versions.c.version).where(_versions.c.room == room))
        if version is None:
            tables.create_all(connection)
            connection.execute(insert(_versions).values(room=room, version=len(steps)))
            return
        if version > len(steps):
            raise ConfigError([f"database: the {room} tables have version {version}, this program knows {len(steps)}"])
        if version < len(steps):
            _backup(engine)
            for step in steps[version:]:
                step(connection)
            connection.execute(_versions.update().where(_versions.c.room == room).values(version=len(steps)))


def _backup(engine: Engine) -> None:
    """What is committed; where two rooms are migrated within a second, what was there before the first of them."""
    if engine.dialect.name != "sqlite" or not engine.url.database or engine.url.database == ":memory:":
        return
    path = Path(engine.url.database)
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_suffix(f".{stamp}.backup")
    if kept.exists():
        return
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(kept)) as target:
        source.backup(target)


def now(days: int = 0) -> str:
    """This moment, or one so many days from it, as ISO 8601 in UTC, to the second."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
