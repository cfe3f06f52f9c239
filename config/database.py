"""The one database of all rooms: opened here, each room's tables brought up to date with a backup first."""

import datetime
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
    select,
)

from config.tables import ConfigError

_shape = MetaData()
_versions = Table("schema_versions", _shape, Column("room", String, primary_key=True), Column("version", Integer))

Step = Callable[[Connection], None]


def connect(url: str) -> Engine:
    """An engine on a SQLAlchemy URL; SQLite in WAL mode, so that readers never wait for the night's writer."""
    try:
        engine = create_engine(url)
    except Exception as error:  # an unknown dialect, a missing driver, a malformed URL: each its own class
        raise ConfigError([f"settings.toml: database: {error}"]) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _pragmas)
        event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that means to write: it waits for its turn before it reads, so that what it read still holds
    when it writes. SQLite refuses at once a reader who becomes a writer while another one writes."""
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        yield connection


def fetched(engine: Engine, sql: str, parameters: Sequence[str]) -> list[Any]:
    """The rows of a SELECT with a ? for each parameter, by the driver itself: for what a page waits for, as SQLAlchemy
    takes three times as long over twenty rows."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(sql if engine.dialect.paramstyle == "qmark" else sql.replace("?", "%s"), parameters)
        return list(cursor.fetchall())
    finally:
        connection.close()


def _begin(connection: Connection) -> None:
    mode = "IMMEDIATE" if connection.get_execution_options().get("writing") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


def _pragmas(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself: the driver's own transactions leave DDL out
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=600000",
        "foreign_keys=ON",
        "mmap_size=268435456",
    ):
        connection.execute(f"PRAGMA {pragma}")


def prepare(engine: Engine, room: str, tables: MetaData, steps: Sequence[Step] = ()) -> None:
    """Bring a room's tables to their present version: create them, or run the steps that are missing.

    The version is the number of steps. Before the first step an SQLite database is copied beside
    itself. Raises ConfigError where the database is newer than this program.
    """
    with writing(engine) as connection:
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
        with writing(engine) as connection:
            for step in steps[version:]:
                step(connection)
            connection.execute(_versions.update().where(_versions.c.room == room).values(version=len(steps)))


def _backup(engine: Engine) -> None:
    if engine.dialect.name != "sqlite" or not engine.url.database or engine.url.database == ":memory:":
        return
    path = Path(engine.url.database)
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    with sqlite3.connect(path) as source, sqlite3.connect(path.with_suffix(f".{stamp}.backup")) as target:
        source.backup(target)


def now() -> str:
    """This moment as ISO 8601 in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
