"""The database brings itself up to date, with a backup first."""

from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, inspect, text

from config import ConfigError, database


def shape(*columns: str) -> MetaData:
    metadata = MetaData()
    Table("things", metadata, *(Column(name, Integer) for name in columns))
    return metadata


def add_column(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE things ADD COLUMN b INTEGER"))


def test_an_old_database_is_backed_up_and_migrated(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'a.db'}")
    database.prepare(engine, "room", shape("a"))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO things VALUES (1)"))
    database.prepare(engine, "room", shape("a", "b"), [add_column])
    database.prepare(engine, "room", shape("a", "b"), [add_column])  # a second time nothing is left to do
    assert [column["name"] for column in inspect(engine).get_columns("things")] == ["a", "b"]
    backups = list(tmp_path.glob("*.backup"))
    assert len(backups) == 1
    before = database.connect(f"sqlite:///{backups[0]}")
    assert [column["name"] for column in inspect(before).get_columns("things")] == ["a"]


def test_a_failing_migration_changes_nothing(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'a.db'}")
    database.prepare(engine, "room", shape("a"))

    def fail(connection: Connection) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.prepare(engine, "room", shape("a", "b"), [add_column, fail])
    assert [column["name"] for column in inspect(engine).get_columns("things")] == ["a"]


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'a.db'}")
    database.prepare(engine, "room", shape("a", "b"), [add_column])
    with pytest.raises(ConfigError, match="version 1, this program knows 0"):
        database.prepare(engine, "room", shape("a"))


def test_a_database_address_that_is_none_is_a_fault_of_the_settings() -> None:
    with pytest.raises(ConfigError, match=r"settings\.toml: database"):
        database.connect("nonsense")
