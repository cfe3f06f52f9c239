"""What a member's history of runs gives away: quiet for longer than its habit, or no longer contributing."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from config import database
from config.installation import Installation
from config.tables import Member, Settings, Source, Text
from harvest.habit import Alarm, Past, alarm
from harvest.run import harvest, undo
from harvest.shape import runs
from harvest.store import Run, Standing, Store
from harvest.trouble import Trouble, troubles
from tests.conftest import Install, member
from tests.harvest.misbehaving import serving
from tests.harvest.test_formats import csv_bytes

MEMBER = Member(Text("ก", "A"), "college", code="aaa")
SETTINGS = Settings()
START = datetime.datetime(2026, 1, 5, 18, 30, tzinfo=datetime.UTC)


def past(told: str, every: int = 1) -> list[Past]:
    """A run a night: ``+`` brought something, ``.`` nothing, ``x`` failed, ``h`` was held back, a blank is no night."""
    outcomes = {"+": ("done", 3), ".": ("done", 0), "x": ("failed", 0), "h": ("held", 0), "u": ("undone", 9)}
    return [
        Past((START + datetime.timedelta(days=n * every)).isoformat(), *outcomes[c])
        for n, c in enumerate(told)
        if c != " "
    ]


WORKDAYS = "+++++.." * 10


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (WORKDAYS, None),
        (WORKDAYS + "." * 10, None),  # twelve days: Songkran, and the weekends around it
        (WORKDAYS + "." * 14, "quiet"),
        (("+" + "." * 6) * 8 + "." * 6, None),  # a week is its habit, and twice that is 12
        (("+" + "." * 6) * 8 + "." * 20, "quiet"),
        (("+" + "." * 29) * 6 + "." * 29, None),  # of a monthly one two months say nothing yet
        (("+" + "." * 29) * 6 + "." * 31, "quiet"),
        ("+" + "." * 60, None),  # too short a history for a habit ...
        ("+" + "." * 90, "stopped"),  # ... and then it is so many days for everybody
        ("." * 80, None),  # it never brought anything
        ("." * 91, "stopped"),
        ("+" * 20 + "x" * 6, None),
        ("+" * 20 + "x" * 8, "failing"),
        ("x" * 8, "failing"),
        ("+" * 20 + "x" * 8 + ".", None),
        ("+" * 20 + "h" * 16, "quiet"),  # it is told as held back, too
        (WORKDAYS + " " * 40 + ".", "quiet"),  # in all that time nothing came, whoever looked or did not
        (WORKDAYS + " " * 40, None),  # nobody looked: no member's fault
        (("+" + " " * 30) * 8 + "+" + "." * 20, "quiet"),  # and what nobody looked at makes no habit
        (WORKDAYS + "u" * 20, None),
        ("", None),
    ],
)
def test_when_a_member_is_asked_about(told: str, kind: str | None) -> None:
    found = alarm(past(told), MEMBER, SETTINGS)
    assert (found.kind if found else None) == kind


def test_an_alarm_says_since_when_and_what_was_usual() -> None:
    found = alarm(past(WORKDAYS + "." * 14), MEMBER, SETTINGS)
    last = START + datetime.timedelta(days=len(WORKDAYS) - 3)
    assert found == Alarm("quiet", last.isoformat(), 16, 2)
    failing = alarm(past("+" * 20 + "x" * 8), MEMBER, SETTINGS)
    assert failing == Alarm("failing", (START + datetime.timedelta(days=19)).isoformat(), 8)
    assert alarm(past("x" * 8), MEMBER, SETTINGS) == Alarm("failing", "", 7)


def test_several_runs_of_one_day_are_no_habit() -> None:
    """A first load that was killed and taken up six times."""
    load = [Past((START + datetime.timedelta(hours=n / 2)).isoformat(), "done", 100) for n in range(6)]
    later = [msgspec.structs.replace(run, started=_later(run.started, 1)) for run in past("." * 60)]
    assert alarm(load + later, MEMBER, SETTINGS) is None


def _later(started: str, days: int) -> str:
    return (datetime.datetime.fromisoformat(started) + datetime.timedelta(days=days)).isoformat()


def test_a_habit_of_long_ago_is_forgotten() -> None:
    slow = past(("+" + "." * 35) * 6)
    then = [msgspec.structs.replace(r, started=_later(r.started, 36 * 6)) for r in past("+" * 51 + "." * 16)]
    assert alarm(slow + then[:-40] + then[-16:], MEMBER, SETTINGS) is None, "too few of the new habit"
    found = alarm(slow + then, MEMBER, SETTINGS)
    assert found is not None
    assert (found.kind, found.longest) == ("quiet", 0)


@pytest.mark.parametrize(("days", "kind"), [(0, None), (20, "stopped"), (400, None)])
def test_an_operator_who_knows_better_says_so(days: int, kind: str | None) -> None:
    known = msgspec.structs.replace(MEMBER, quiet_days=days)
    for told in (WORKDAYS + "." * 30, "+" + "." * 120):
        found = alarm(past(told), known, SETTINGS)
        assert (found.kind if found else None) == kind


@given(st.text("+.xhu ", max_size=300), st.integers(0, 40))
def test_no_alarm_before_its_time_and_none_forgotten(told: str, more: int) -> None:
    found = alarm(past(told), MEMBER, SETTINGS)
    if found and found.kind == "quiet":
        assert found.days >= SETTINGS.quiet_days
        assert found.days >= 2 * found.longest
    later = alarm(past(told + "+"), MEMBER, SETTINGS)
    assert later is None, "what has come ends every alarm"
    silent = alarm(past(told + "." * (SETTINGS.stopped_days + 1)), MEMBER, SETTINGS)
    assert silent is not None
    assert silent.kind == "stopped"


# ── a real history ───────────────────────────────────────────────────────────────────────────────


def books(count: int) -> bytes:
    return csv_bytes([["ชื่อเรื่อง", "ผู้แต่ง"], *([f"เสือ เล่ม {n}", "น้อย"] for n in range(count))])


class Library:
    """A member whose list is harvested day after day."""

    def __init__(self, installation: Installation):
        self.installation, self.count = installation, 1
        self.member = installation.tables.members["aaa"]
        self.store = Store(installation.database)
        self.file = installation.directory / "drop" / "a.csv"
        self.file.parent.mkdir()

    def days(self, told: str) -> None:
        """``+`` a book more, ``.`` the same list again, ``x`` no list."""
        for what in told:
            with database.writing(self.store.engine) as connection:
                for number, started in connection.execute(select(runs.c.id, runs.c.started)).all():
                    connection.execute(update(runs).where(runs.c.id == number).values(started=_later(started, -1)))
            self.count += what == "+"
            self.file.write_bytes(b"" if what == "x" else books(self.count))
            self.run = harvest(self.member, self.installation.tables, self.store, self.installation.home)

    def troubles(self) -> list[Trouble]:
        standing, history = self.store.standings()["aaa"], self.store.histories()["aaa"]
        return troubles(self.member, standing, history, self.installation.tables.settings)


@pytest.fixture
def library(install: Install, tmp_path: Path) -> Iterator[Library]:
    installation = install(member("aaa", protocol="file", path="drop", format="sheet"))
    yield Library(installation)
    installation.database.dispose()


def test_a_library_that_falls_silent(library: Library) -> None:
    library.days("+++.." * 3)
    library.days("." * 12)
    assert library.troubles() == []
    library.days(".")
    (trouble,) = library.troubles()
    assert trouble.kind == "quiet"
    assert trouble.said.en == (
        "its harvests finish, but nothing new came for 15 days; it was never quiet for more than 2"
    )
    assert "ไม่มีอะไรใหม่มา 15 วัน ก่อนหน้านี้ไม่เคยเงียบเกิน 2 วัน" in trouble.said.th
    assert "sahaban harvest aaa --full" in trouble.step.en
    library.days("+")
    assert library.troubles() == []


def test_a_library_whose_harvest_fails_day_after_day(library: Library) -> None:
    library.days("+" + "x" * 6)
    assert [trouble.kind for trouble in library.troubles()] == ["failed"]
    library.days("x")
    (trouble,) = library.troubles()
    assert (trouble.kind, trouble.said.en) == ("failing", "stopped contributing: no harvest has finished for 7 days")


def test_to_undo_is_not_to_bring(library: Library) -> None:
    library.days("+" + "." * 85)
    undo("aaa", library.store, library.installation.home, 80)
    library.days("." * 5)
    assert [trouble.kind for trouble in library.troubles()] == ["stopped"]


def test_a_harvest_that_finishes_with_nothing_is_told(install: Install) -> None:
    with serving() as server:
        installation = install(member("aaa", protocol="oai", url=server.url, format="oai_dc", set="mistyped"))
        known, store = installation.tables.members["aaa"], Store(installation.database)
        result = harvest(known, installation.tables, store, installation.home)
        assert result.outcome == "done"
        (trouble,) = troubles(known, store.standings()["aaa"], store.histories()["aaa"], installation.tables.settings)
        assert trouble.kind == "empty"
        installation.database.dispose()


def test_whom_to_ask_is_said() -> None:
    known = msgspec.structs.replace(
        MEMBER, email="a@x.ac.th", phone="043 000000", source=(Source("file", "sheet", path="drop"),)
    )
    run = Run("2026-04-05T18:30:00Z", None, "done", 0, 0, 0, 0, 0, 0, 0, None)
    (trouble,) = troubles(known, Standing(5, last_run=run), past("." * 92), SETTINGS)
    assert trouble.step.en.startswith("ask the library (a@x.ac.th, 043 000000) whether it still exports")
    assert trouble.step.th.startswith("ถามห้องสมุด (a@x.ac.th, 043 000000) ว่ายังส่งออกข้อมูลอยู่หรือไม่")
