"""An installation moves between databases and into a file and back, and answers as before."""

import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import Engine, delete, select, update

import sahaban
from config import ConfigError, Tables, database
from config.installation import Installation
from harvest.run import Locked, harvest
from harvest.store import Store
from index import backup, copying, decisions, shape
from index.build import Busy, Index
from search.question import Document, Page, Query
from search.service import Catalogue
from tests.conftest import ROOT, Databases, member
from tests.harvest.test_formats import SHEET, csv_bytes
from tests.postgresql import Server

RECORDS = 534


@pytest.fixture(scope="module")
def origin(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """531 real records, three rows and a sheet with a row for the quarantine; decided, redirected, withdrawn and indexed."""
    directory = tmp_path_factory.mktemp("origin")
    for name in ("fields.toml", "settings.toml"):
        shutil.copy(ROOT / "config" / name, directory)
    shutil.copy(data / "marc/psu-sample-728.mrc", directory)
    members = member("psu", protocol="file", path="psu-sample-728.mrc", format="marc")
    members += member("aaa", protocol="file", path="a.csv", format="sheet", load="full")
    (directory / "members.toml").write_text(members, encoding="utf-8")
    (directory / "a.csv").write_bytes(csv_bytes([*SHEET, ["", "แมวเหมียว", "ก", *[""] * 6]]))
    installation = Installation(directory, directory / "home", sahaban.known)
    night(installation)
    titles = [d for batch in Catalogue(*opened(installation)).documents_store.since() for _, d in batch if d]
    pair = ["/".join(document.records[0]) for document in titles[:2]]
    with database.writing(installation.database) as connection:
        decisions.decide(connection, [(pair[0], pair[1])], "same", "สมศรี", "อ่านแล้ว")
    (directory / "a.csv").write_bytes(csv_bytes(SHEET))
    night(installation)
    Index(*opened(installation)).anew()
    yield installation
    installation.database.dispose()


def night(installation: Installation) -> None:
    store = Store(installation.database)
    for row in installation.tables.members.values():
        assert harvest(row, installation.tables, store, installation.home).outcome == "done"
    Index(*opened(installation)).run()


def opened(installation: Installation) -> tuple[Tables, Engine, Path]:
    return installation.tables, installation.database, installation.home


def rows(engine: Engine) -> dict[str, set[tuple[object, ...]]]:
    with engine.connect() as connection:
        return {table.name: {tuple(row) for row in connection.execute(select(table))} for table in copying.tables()}


def questions(installation: Installation) -> list[Query]:
    """A hundred: titles, misspelt ones, names, subjects, numbers, years, sorted and narrowed."""
    found = Catalogue(*opened(installation)).documents_store.since()
    titles: list[Document] = [d for batch in found for _, d in batch if d][:20]
    asked = [Query(d.first("title")[:40]) for d in titles]
    asked += [Query(d.first("title")[1:20].replace("า", "ะ", 1)) for d in titles]
    asked += [Query(d.first("creator"), sort="title") for d in titles]
    asked += [Query(d.first("subject"), field="subject", sort="-year") for d in titles]
    asked += [Query(d.first("isbn"), filters=(("member", ("psu",)),)) for d in titles]
    return asked


def answers(installation: Installation, asked: list[Query]) -> list[Page]:
    catalogue = Catalogue(*opened(installation))
    return [catalogue.search(query) for query in asked]


def beside(installation: Installation, engine: Engine, home: Path) -> Installation:
    """The same tables on another database, with a home of its own."""
    other = Installation(installation.directory, home, sahaban.known)
    other.__dict__["database"] = engine
    Index(*opened(other)).anew()
    return other


def test_a_copied_installation_answers_as_before_and_goes_on(origin: Installation, databases: Databases, tmp_path: Path) -> None:  # fmt: skip
    engine, back = databases(), database.connect(f"sqlite:///{tmp_path / 'back.db'}")
    told: list[tuple[str, int, int | None]] = []
    counts = copying.copy(origin.database, engine, lambda *step: told.append(step))
    assert counts["records"] == RECORDS
    assert counts["quarantine"] > 0
    assert counts["decisions"] > 0
    assert counts["aliases"] > 0
    assert ("records", RECORDS, RECORDS) in told
    assert rows(engine) == rows(origin.database)
    copying.copy(engine, back)
    assert rows(back) == rows(origin.database)
    back.dispose()
    asked = questions(origin)
    assert len(asked) == 100
    other = beside(origin, engine, tmp_path / "other")
    expected = answers(origin, asked)
    assert answers(other, asked) == expected
    assert sum(page.total > 0 for page in expected) > 80, "the questions have answers"
    (origin.directory / "a.csv").write_bytes(csv_bytes([*SHEET, ["", "ช้างป่าเขาใหญ่", "ข", *[""] * 6]]))
    night(other)  # numbers are drawn from where they stood
    assert Catalogue(*opened(other)).search(Query("ช้างป่าเขาใหญ่")).total == 1


def test_a_database_that_holds_something_is_not_copied_over(origin: Installation, engine: Engine) -> None:
    copying.copy(origin.database, engine)
    with database.writing(engine) as connection:
        connection.execute(update(shape.decisions).values(note="อยู่ต่อ"))
    before = rows(engine)
    with pytest.raises(ConfigError, match="holds an installation already; nothing was copied"):
        copying.copy(origin.database, engine)
    assert rows(engine) == before


def test_a_copy_that_breaks_off_leaves_nothing_behind(origin: Installation, engine: Engine) -> None:
    def interrupted(table: str, done: int, of: int | None) -> None:
        if table == "documents":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copying.copy(origin.database, engine, interrupted)
    assert copying.rows(engine) == 0
    assert copying.copy(origin.database, engine)["records"] == RECORDS


# ── one file ─────────────────────────────────────────────────────────────────────────────────────


def test_what_was_kept_in_a_file_is_restored_and_searched(
    origin: Installation, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = databases(), databases()
    copying.copy(origin.database, first)
    asked = questions(origin)[::5]
    expected = answers(beside(origin, first, tmp_path / "first"), asked)
    kept = tmp_path / "kept.sahaban"
    contents = backup.write(beside(origin, first, tmp_path / "first"), kept)
    assert contents.rows["records"] == RECORDS
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".backup")] == []
    monkeypatch.setenv("SAHABAN_DATABASE", second.url.render_as_string(hide_password=False))
    empty = Installation(tmp_path / "tables", tmp_path / "second", sahaban.known)
    restored, _ = backup.restore(empty, kept)
    assert answers(restored, asked) == expected
    assert rows(restored.database) == rows(first)
    assert (tmp_path / "tables/members.toml").read_bytes() == (origin.directory / "members.toml").read_bytes()

    with database.writing(restored.database) as connection:
        connection.execute(delete(shape.decisions))
    with pytest.raises(
        backup.BackupError, match=r"members\.toml.* would be overwritten; nothing was restored: --force"
    ):
        backup.restore(empty, kept)
    assert rows(restored.database)["decisions"] == set(), "nothing was touched"
    again, _ = backup.restore(empty, kept, force=True)
    assert rows(again.database) == rows(first)
    again.database.dispose()
    restored.database.dispose()


def test_a_backup_holds_one_moment_while_a_harvest_runs(origin: Installation, engine: Engine, tmp_path: Path) -> None:
    copying.copy(origin.database, engine)
    other = beside(origin, engine, tmp_path / "other")
    before = rows(engine)

    def meanwhile(table: str, done: int, of: int | None) -> None:
        if table == "clusters":  # the records are copied, what came from them is not
            with database.writing(engine) as connection:
                connection.execute(delete(shape.decisions))
                connection.execute(delete(shape.edges))

    kept = tmp_path / "kept"
    backup.write(other, kept, tell=meanwhile)
    assert rows(engine) != before
    with zipfile.ZipFile(kept) as packed:
        packed.extract(backup.DATABASE, tmp_path)
    inside = database.connect(f"sqlite:///{tmp_path / backup.DATABASE}")
    assert rows(inside) == before
    inside.dispose()


def test_a_backup_takes_the_place_of_another_file_only_by_force(origin: Installation, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_bytes(b"of last week")
    with pytest.raises(backup.BackupError, match=r"kept would be overwritten; nothing was kept: name another file, or"):
        backup.write(origin, file)
    assert file.read_bytes() == b"of last week"
    backup.write(origin, file, force=True)
    assert zipfile.is_zipfile(file)


def test_what_a_killed_backup_left_goes_with_the_next(origin: Installation, tmp_path: Path) -> None:
    left, beside = tmp_path / ".backup-killed", tmp_path / ".backup-running"
    for folder in (left, beside):
        folder.mkdir()
        (folder / "sahaban.db").write_bytes(b"half")
    os.utime(left, (0, 0))
    backup.write(origin, tmp_path / "kept.zip")
    assert {path.name for path in tmp_path.iterdir()} == {"kept.zip", ".backup-running"}


def test_a_damaged_backup_is_refused_and_what_is_here_stays(origin: Installation, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    backup.write(origin, kept)
    raw = kept.read_bytes()
    empty = Installation(tmp_path / "tables", tmp_path / "home", sahaban.known)
    middle = len(raw) // 2
    for damaged in (b"", raw[:middle], raw[:middle] + bytes(200) + raw[middle + 200 :], b"PK\x05\x06" + bytes(18)):
        kept.write_bytes(damaged)
        with pytest.raises(
            backup.BackupError, match=r"is no whole backup: .*; name a file that `sahaban backup` wrote"
        ):
            backup.restore(empty, kept)
    assert not (tmp_path / "tables").exists()
    assert [p.name for p in (tmp_path / "home").iterdir() if p.suffix != ".lock"] == []
    with pytest.raises(backup.BackupError, match="cannot be read: No such file"):
        backup.restore(empty, tmp_path / "nowhere")


def kept_again(origin: Installation, engine: Engine, tmp_path: Path) -> tuple[Installation, Path]:
    """An installation of its own, with an index, and a backup of another one to restore over it."""
    kept = tmp_path / "kept"
    backup.write(origin, kept)
    copying.copy(origin.database, engine)
    shutil.copytree(origin.directory, tmp_path / "tables", ignore=shutil.ignore_patterns("home"))
    other = Installation(tmp_path / "tables", tmp_path / "home", sahaban.known)
    other.__dict__["database"] = engine
    Index(*opened(other)).anew()
    return other, kept


@pytest.mark.parametrize("step", ["records", "index"])
def test_a_restore_that_breaks_off_leaves_no_index_of_other_titles(
    step: str, origin: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'there.db'}")
    monkeypatch.setenv("SAHABAN_DATABASE", f"sqlite:///{tmp_path / 'there.db'}")
    other, kept = kept_again(origin, engine, tmp_path)
    live = Catalogue(*opened(other)).generations.live()

    def break_off(told: str, done: int, of: int | None) -> None:
        if told == step:
            raise KeyboardInterrupt

    monkeypatch.setattr("search.generation._told", lambda made, tell: [*made, tell(1000)][:-1])
    with pytest.raises(KeyboardInterrupt):
        backup.restore(other, kept, force=True, tell=break_off)
    assert Catalogue(*opened(other)).generations.live() == (live if step == "records" else None)
    monkeypatch.undo()
    assert Index(*opened(other)).run().titles == Catalogue(*opened(origin)).titles()
    assert answers(other, questions(origin)[::20]) == answers(origin, questions(origin)[::20])
    engine.dispose()


@pytest.mark.parametrize("lock", ["index.lock", "harvest-psu.lock", "nightly.lock"])
def test_nothing_is_restored_over_what_is_being_written(
    lock: str, origin: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'there.db'}")
    monkeypatch.setenv("SAHABAN_DATABASE", f"sqlite:///{tmp_path / 'there.db'}")
    other, kept = kept_again(origin, engine, tmp_path)
    with database.writing(engine) as connection:
        connection.execute(delete(shape.decisions))
    with FileLock(other.home / lock), pytest.raises((Busy, Locked)):
        backup.restore(other, kept, force=True)
    assert rows(engine)["decisions"] == set()
    engine.dispose()


# ── as an operator does it ───────────────────────────────────────────────────────────────────────


def test_by_command(origin: Installation, postgres: Server, tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SAHABAN_")}
    url = postgres.create()

    def run(*arguments: object, database: str = "") -> subprocess.CompletedProcess[str]:
        line = [sys.executable, str(ROOT / "sahaban.py"), "--home", str(tmp_path / "home"), *map(str, arguments)]
        told = environ | ({"SAHABAN_DATABASE": database} if database else {})
        done = subprocess.run(line, env=told, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    source = origin.database.url.render_as_string()
    mistyped = run("database", "copy", f"sqlite:///{tmp_path}/nowhere.db", url)
    assert (mistyped.returncode, mistyped.stderr.count("FROM: there is no installation")) == (2, 1)
    assert not (tmp_path / "nowhere.db").exists()
    copied = run("database", "copy", source, url)
    assert (copied.returncode, f"{RECORDS} records" in copied.stdout) == (0, True), copied.stderr
    assert run("database", "copy", source, url).returncode == 2, "it holds something now"
    kept = run("--config", origin.directory, "backup", "kept", database=url)
    assert (kept.returncode, f"{RECORDS} records" in kept.stdout) == (0, True), kept.stderr
    refused = run("--config", origin.directory, "backup", "kept", database=url)
    assert (refused.returncode, "kept would be overwritten" in refused.stderr) == (2, True), refused.stderr
    assert run("--config", origin.directory, "backup", "kept", "--force", database=url).returncode == 0
    assert run("restore", "kept").returncode == 0, "into ./config and the home, as nothing else is said"
    assert "รายการ" in run("search", "การ").stdout
    assert run("status").stdout.count("live") == 2
    again = run("restore", "kept")
    assert (again.returncode, "--force" in again.stderr) == (2, True)
    postgres.drop(url)
