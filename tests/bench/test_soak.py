"""Nights that are killed: afterwards all is as if they had not been."""

import random
from pathlib import Path

from sqlalchemy import update

import sahaban
from bench import soak
from bench.contents import contents, differences
from config import database
from config.installation import Installation
from harvest.shape import records
from search.question import Query


def test_what_was_killed_holds_what_was_not() -> None:
    figures = soak.measure(400, 6, seed=2560, per_round=2)
    assert sum(figures["kills_in"].values()) == figures["kills"] == 6
    assert figures["records"] == 400
    assert figures["rows_compared"] > 5000
    assert figures["asked_again"]["most after one kill"] <= 1


def test_records_change_go_and_come_back() -> None:
    whole = soak.entries("cas", 1000)
    assert len({entry.number for entry in whole}) == 1000
    first, second, third = (list(soak.state(whole, rounds)) for rounds in range(3))
    assert [(entry, False, 0) for entry in whole] == first
    gone = {entry.number for entry, gone, _ in second if gone}
    assert 5 < len(gone) < 40
    assert any(entry.number in gone and not back for entry, back, _ in third), "some come back"
    assert sum(a != b for (a, *_), (b, *_) in zip(first, second, strict=True)) > 20, "some change"


def test_a_difference_is_found(tmp_path: Path) -> None:
    with soak._Served() as served:
        run = soak._Soak(tmp_path, served, 60, random.Random(1))
        run._serve()
        assert run._night("one", rebuild=False)
    installation = Installation(tmp_path, tmp_path / "one", sahaban.known)
    questions = [Query(text="การ")]

    def now() -> dict[str, dict[object, object]]:
        return contents(installation.tables, installation.database, installation.home, questions)

    before = now()
    assert differences(before, now()) == {}
    with database.writing(installation.database) as connection:
        connection.execute(update(records).where(records.c.member == "cas").values(deleted=True))
    assert {"records", "standings"} <= differences(before, now()).keys()
