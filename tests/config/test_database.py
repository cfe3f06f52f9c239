"""The database brings itself up to date, with a backup first; both kinds keep what rooms rely on."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, insert, inspect, select, text, update

from config import ConfigError, database
from tests.conftest import Databases

THINGS = MetaData()
things = Table("things", THINGS, Column("name", database.Ordered, primary_key=True), Column("count", Integer))


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


def test_a_failing_migration_changes_nothing(engine: Engine) -> None:
    database.prepare(engine, "room", shape("a"))

    def fail(connection: Connection) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.prepare(engine, "room", shape("a", "b"), [add_column, fail])
    assert [column["name"] for column in inspect(engine).get_columns("things")] == ["a"]


def test_a_database_of_a_newer_program_is_refused(engine: Engine) -> None:
    database.prepare(engine, "room", shape("a", "b"), [add_column])
    with pytest.raises(ConfigError, match="version 1, this program knows 0"):
        database.prepare(engine, "room", shape("a"))


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "oracle://x/y", "postgresql+asyncpg://x/y"])
def test_a_database_address_that_is_none_is_a_fault_of_the_settings(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^settings\.toml: database: [^\n]+$"):
        database.connect(url)


def test_a_server_that_does_not_answer_is_said_in_one_line_without_the_password(tmp_path: Path) -> None:
    engine = database.connect(f"postgresql://sahaban:secret@/sahaban?host={tmp_path}")
    with pytest.raises(ConfigError, match=r"^database: .* cannot be opened: [^\n]+$") as said:
        database.prepare(engine, "room", THINGS)
    assert "secret" not in str(said.value)


# ── what both keep ───────────────────────────────────────────────────────────────────────────────


def test_writers_come_one_after_the_other_and_each_sees_what_those_before_it_wrote(engine: Engine) -> None:
    database.prepare(engine, "room", THINGS)
    with database.writing(engine) as connection:
        connection.execute(insert(things).values(name="a", count=0))

    def count_up() -> None:
        for _ in range(10):
            with database.writing(engine) as connection:
                held = connection.execute(select(things.c.count)).scalar_one()
                connection.execute(update(things).values(count=held + 1))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.execute(select(things.c.count)).scalar_one() == 40


def test_a_reader_sees_one_state_and_waits_for_no_writer(engine: Engine) -> None:
    database.prepare(engine, "room", THINGS)
    with engine.connect() as reader:
        assert reader.execute(select(things)).all() == []
        with database.writing(engine) as writer:
            writer.execute(insert(things).values(name="a", count=1))
        assert reader.execute(select(things)).all() == []
    with engine.connect() as reader:
        assert reader.execute(select(things)).all() == [("a", 1)]


def test_texts_stand_in_the_order_of_their_letters_whatever_the_language_of_the_server(engine: Engine) -> None:
    database.prepare(engine, "room", THINGS)
    names = ["B", "a", "b-1", "b1", "ก", "เก", "ข", "\U0010ffff"]
    with database.writing(engine) as connection:
        connection.execute(insert(things), [{"name": name, "count": 1} for name in reversed(names)])
    with engine.connect() as connection:
        assert list(connection.scalars(select(things.c.name).order_by(things.c.name))) == sorted(names)
        after = select(things.c.name).where(things.c.name > "ก").order_by(things.c.name)
        assert list(connection.scalars(after)) == ["ข", "เก", "\U0010ffff"]


def test_a_nul_in_a_text_is_stored_and_found_again(engine: Engine) -> None:
    database.prepare(engine, "room", THINGS)
    with database.writing(engine) as connection:
        connection.execute(insert(things).values(name="a\0b", count=1))
    with engine.connect() as connection:
        assert connection.scalar(select(things.c.count).where(things.c.name == "a\0b")) == 1
    assert database.fetched(engine, "SELECT count FROM things WHERE name IN (?, ?)", ["a\0b", "c"]) == [(1,)]


def test_two_who_come_first_at_once_make_the_tables_once(databases: Databases) -> None:
    engine = databases()
    failed: list[BaseException] = []

    def first() -> None:
        try:
            database.prepare(engine, "room", THINGS)
        except BaseException as error:  # told in the main thread
            failed.append(error)

    threads = [threading.Thread(target=first) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_two_who_migrate_at_once_do_it_once(databases: Databases, tmp_path: Path) -> None:
    engine = databases()
    database.prepare(engine, "room", shape("a"))
    failed: list[BaseException] = []
    together = threading.Barrier(6)

    def migrate() -> None:
        try:
            together.wait()
            database.prepare(engine, "room", shape("a", "b"), [add_column])
        except BaseException as error:  # told in the main thread
            failed.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert [column["name"] for column in inspect(engine).get_columns("things")] == ["a", "b"]


def test_rooms_that_are_migrated_within_a_second_keep_what_was_before_both(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'a.db'}")
    database.prepare(engine, "room", shape("a"))
    database.prepare(engine, "hall", MetaData())

    def add_c(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE things ADD COLUMN c INTEGER"))

    time.sleep(1 - time.time() % 1)  # a second begins
    database.prepare(engine, "room", shape("a", "b"), [add_column])
    database.prepare(engine, "hall", MetaData(), [add_c])
    before = database.connect(f"sqlite:///{min(tmp_path.glob('*.backup'))}")
    assert [column["name"] for column in inspect(before).get_columns("things")] == ["a"]
