"""Several members at once on either database, and a run whose process is gone."""

from pathlib import Path

from sqlalchemy import Engine

from config import database
from harvest.run import broken_off
from harvest.store import Store
from harvest.together import harvest_together
from tests.conftest import Install, member, replaced
from tests.harvest.test_formats import marc21

CODES = ("aaa", "bbb", "ccc")


def test_members_are_harvested_at_once_into_one_database(install: Install, engine: Engine) -> None:
    installation = install("".join(member(c, protocol="file", path=f"drop/{c}.mrc", format="marc") for c in CODES))
    (installation.directory / "drop").mkdir()
    for code in CODES:
        books = (marc21(("001", f"{code}{n}"), ("245", "00$aเสือ")) for n in range(1200))
        (installation.directory / "drop" / f"{code}.mrc").write_bytes(b"".join(books))
    told: dict[str, list[int]] = {code: [] for code in CODES}
    tables = replaced(installation.tables, members_at_once=2)
    installation.home.mkdir()
    found = harvest_together(
        list(tables.members.values()), tables, engine, installation.home, lambda code, seen, of: told[code].append(seen)
    )
    ended = {one.code: one for one in found}
    assert {code: one.run.added for code, one in ended.items() if one.run} == dict.fromkeys(CODES, 1200)
    assert all(seen == sorted(seen) and seen[0] == 0 for seen in told.values())
    store = Store(engine)
    assert {code: one.live for code, one in store.standings().items()} == dict.fromkeys(CODES, 1200)
    assert {code: [past.brought for past in runs] for code, runs in store.histories().items()} == {
        code: [1200] for code in CODES
    }


def test_a_run_whose_process_is_gone_is_marked_once(engine: Engine, tmp_path: Path) -> None:
    store = Store(engine)
    with database.writing(engine) as connection:
        store.begin(connection, "aaa")
    assert store.histories() == {}, "what goes on is no history"
    run = broken_off("aaa", store, tmp_path, "it hung")
    assert run is not None
    assert (run.outcome, run.error) == ("failed", "it hung")
    assert broken_off("aaa", store, tmp_path, "it hung") is None
    assert [past.outcome for past in store.histories()["aaa"]] == ["failed"]


def test_a_member_whose_sources_ask_for_what_is_not_there_is_not_the_end(install: Install, engine: Engine) -> None:
    """A home that cannot be written: the process says so, and the others go on."""
    installation = install(member("aaa", protocol="file", path="drop", format="marc"))
    installation.home.mkdir()
    (installation.home / "harvest-aaa.lock").mkdir()
    (one,) = harvest_together(
        list(installation.tables.members.values()), installation.tables, engine, installation.home, lambda *_: None
    )
    assert one.run is None
    assert "IsADirectoryError" in one.fault
