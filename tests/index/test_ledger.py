"""Facts, blocks and edges kept up to date: after any night as if everything had been made anew."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from config import Tables
from config.database import connect, writing
from harvest.packing import Reading
from harvest.record import Parsed, Payload
from index import blocks, isbns, processors, recognise, shape
from index.check.lookup import Lookup
from index.ledger import Ledger
from index.look import MatchError
from index.match import blocking
from index.match.facts import Facts, of_row
from index.recognise import Recognition
from tests.index.conftest import Networks
from tests.index.test_build import Network
from tests.index.test_decisions import RICE, TIGER, clusters, decide, recognised

Edge = tuple[frozenset[str], str, str, int, bool]


def edges(network: Network) -> set[Edge]:
    c, e = shape.clusters.c, shape.edges.c
    with network.database.connect() as connection:
        names = dict(connection.execute(select(c.number, c.record)).all())  # type: ignore[arg-type]  # rows of two
        rows = connection.execute(select(e.a, e.b, e.verdict, e.relation, e.points, e.against)).all()
    return {(frozenset((names[r.a], names[r.b])), r.verdict, r.relation, r.points, r.against) for r in rows}


def steps(chance: random.Random, count: int) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Records that come, change and go; an empty one is gone."""
    for _ in range(count):
        member, local_id = chance.choice(["kku", "kktc", "kkpl"]), str(chance.randrange(7))
        said = {
            "title": chance.choice(["หลักการตลาดเบื้องต้น", "หลักการตลาดขั้นสูง", "ข้าวเหนียว"]),
            "creator": chance.choice(["สมหญิง รักเรียน", "น้อย อินทนนท์"]), "year": chance.choice(["2010", "2011", "2017"]),
            "isbn": chance.choice(["", "9789749113738", "9789749113721"]), "extent": chance.choice(["", "350 หน้า"]),
        }  # fmt: skip
        yield member, local_id, {} if chance.random() < 0.2 else {k: v for k, v in said.items() if v}


def put(network: Network, member: str, local_id: str, said: dict[str, str]) -> None:
    if said:
        network.put(member, local_id, **said)
    else:
        network.put(member, local_id, deleted=True)


@pytest.mark.parametrize("limit", [2, 4, 200])
@pytest.mark.parametrize("seed", range(3))
def test_night_by_night_and_all_at_once_draw_the_same_edges(
    networks: Networks, monkeypatch: pytest.MonkeyPatch, limit: int, seed: int
) -> None:
    """Also where blocks become too large to be compared as a whole, and small enough again."""
    monkeypatch.setattr(blocking, "LIMIT", limit)
    stepwise, at_once = networks("a"), networks("b")
    for number, step in enumerate(steps(random.Random(seed), 50)):
        put(stepwise, *step)
        put(at_once, *step)
        if number % 4 == 3:
            recognised(stepwise)
    found = recognised(stepwise), recognised(at_once)
    assert edges(stepwise) == edges(at_once)
    assert edges(stepwise), "there is something to compare"
    assert set(found[0].values()) == set(found[1].values())
    assert rows(stepwise, shape.worthless) == rows(at_once, shape.worthless)
    assert rows(stepwise, shape.split) == rows(at_once, shape.split)
    assert bool(rows(at_once, shape.split)) == (limit < 200)


def test_several_processes_find_what_one_finds(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, together = Network(tables, tmp_path / "a"), Network(tables, tmp_path / "b")
    for step in steps(random.Random("processes"), 60):
        put(alone, *step)
        put(together, *step)
    recognised(alone)
    monkeypatch.setattr(recognise, "MANY", 8)
    monkeypatch.setattr(recognise, "DRAWN", 4)
    monkeypatch.setattr(processors.os, "cpu_count", lambda: 2)
    recognised(together)
    assert edges(together) == edges(alone)
    assert edges(alone), "there is something to compare"
    assert set(clusters(together).values()) == set(clusters(alone).values())


def test_a_run_that_is_killed_amid_records_of_one_harvest_loses_none(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"title": ("เสือสมิงในป่าใหญ่",), "year": ("1990",)}
    readings = [Reading(Payload(str(n).encode(), str(n), str(n)), Parsed(values)) for n in range(9)]
    with network.database.begin() as connection:
        run = network.store.begin(connection, "kku")
        network.store.put(connection, run, "kku", "s", "sheet", "r", readings)
        network.store.finish(connection, run, "done")
    monkeypatch.setattr(recognise, "DRAWN", 2)
    kept, calls = recognise._keep, []

    def killed(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        kept(*given)

    monkeypatch.setattr(recognise, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        recognised(network)
    monkeypatch.setattr(recognise, "_keep", kept)
    found = recognised(network).values()
    assert set().union(*found) == {f"kku/{n}" for n in range(9)}


def test_a_process_that_dies_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors.os, "cpu_count", lambda: 2)
    assert list(processors.each(abs, [-1, 2, -3, 4, -5, 6], many=True)) == [1, 2, 3, 4, 5, 6]
    with pytest.raises(MatchError, match="ended by itself"):
        list(processors.each(os._exit, [9], many=True))


def rows(network: Network, table: object) -> set[object]:
    with network.database.connect() as connection:
        return set(connection.scalars(select(table)))  # type: ignore[call-overload]  # any table of one column


def test_an_oversized_block_loses_nobody_who_agrees_in_year_and_author(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "LIMIT", 5)
    for number in range(40):
        network.put("kku", str(number), "รายงานประจำปี", creator="กรมป่าไม้", year=str(1970 + number))
    network.put("kkpl", "x", "รายงานประจำปี", creator="กรมป่าไม้", year="1990")
    recognised(network)
    (found,) = Lookup(network.database).candidates(
        [of_row({"title": ["รายงานประจำปี"], "creator": ["กรมป่าไม้"], "year": ["1990"]})]
    )
    assert {"kku/20", "kkpl/x"} <= set(found)
    assert all(isinstance(facts, Facts) for facts in found.values())
    assert frozenset(("kku/20", "kkpl/x")) in clusters(network).values()


def test_records_that_say_next_to_nothing_are_not_all_compared_with_each_other(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "LIMIT", 5)
    for number in range(60):
        network.put("kku", f"{number:02}", "รายงานประจำปี", creator="กรมป่าไม้", year="1990")
    recognised(network)
    assert list(map(len, clusters(network).values())) == [60], "one title, whoever was compared with whom"
    assert len(edges(network)) < 60 * 5
    row = of_row({"title": ["รายงานประจำปี"], "creator": ["กรมป่าไม้"], "year": ["1990"]})
    assert [len(found) for found in Lookup(network.database).candidates([row])] == [5], "nor with each row of a list"
    network.put("kku", "00", deleted=True)
    network.put("kku", "01", deleted=True)
    recognised(network)
    assert list(map(len, clusters(network).values())) == [58]


def test_candidates_of_a_row_are_live_records(network: Network) -> None:
    network.put("kku", "1", "เสือสมิงในป่าใหญ่", **TIGER)
    network.put("kkpl", "2", "เสือสมิงในป่าใหญ่", **TIGER)
    network.put("kktc", "3", "ข้าวเหนียวของชาวอีสาน", **RICE)
    recognised(network)
    lookup, isbn = Lookup(network.database), of_row({"isbn": ["9789749113721"]})
    found = lookup.candidates([of_row({"title": ["เสือสมิงในป่าใหญ่"]}), isbn])
    assert list(map(set, found)) == [{"kku/1", "kkpl/2"}, {"kktc/3"}]
    network.put("kktc", "3", deleted=True)
    recognised(network)
    assert lookup.candidates([isbn]) == [{}]


# ── ISBNs ────────────────────────────────────────────────────────────────────────────────────────


def test_an_isbn_on_two_titles_is_worth_nothing_until_one_of_them_is_gone(network: Network) -> None:
    network.put("kku", "1", "เสือสมิงในป่าใหญ่", isbn="9789749113738")
    network.put("kkpl", "2", "เสือสมิงในป่าใหญ่ เรื่องสั้น", isbn="9789749113738")
    recognised(network)
    ledger = Ledger(network.database)
    assert ledger.worthless() == set(), "one title is the beginning of the other"
    before = edges(network)
    network.put("kktc", "3", "ข้าวเหนียวของชาวอีสาน", isbn="9789749113738")
    recognised(network)
    assert ledger.worthless() == {"9789749113738"}
    assert edges(network) != before, "the two others are judged again"
    network.put("kktc", "3", "ข้าวเหนียวของชาวอีสาน")
    recognised(network)
    assert (ledger.worthless(), edges(network)) == (set(), before)


@pytest.mark.parametrize(
    ("titles", "volumes", "worthless"),
    [
        (["เสือสมิง", "เสือสมิง"], ["", ""], False),
        (["เสือสมิงในป่าใหญ่", "เสือสมิงในปาใหญ่"], ["", ""], False),
        (["เสือสมิงในป่าใหญ่", "ปลาน้ำจืดของไทย"], ["", ""], True),
        (["สามก๊ก"] * 3, ["เล่ม 1", "เล่ม 2", "เล่ม 3"], False),
        (["สามก๊ก"] * 4, ["เล่ม 1", "เล่ม 2", "เล่ม 3", "เล่ม 4"], True),
        (["เสือสมิง", "The tiger"], ["", ""], False),
    ],
    ids=["one", "a-tone-mark-off", "two", "volumes", "a-set", "two-scripts"],
)
def test_which_isbns_are_worth_nothing(titles: list[str], volumes: list[str], worthless: bool) -> None:
    given = [of_row({"title": [t], "volume": [v] if v else []}) for t, v in zip(titles, volumes, strict=True)]
    assert isbns.worthless(given) == worthless


# ── killed, old, renumbered ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "after", [("recognise", 1), ("arrange", 1), ("match", 1), ("match", 3), ("cluster", 1)], ids=str
)
def test_a_killed_run_is_taken_up_where_it_stopped(
    networks: Networks, monkeypatch: pytest.MonkeyPatch, after: tuple[str, int]
) -> None:
    killed, whole = networks("a"), networks("b")
    monkeypatch.setattr(recognise, "DRAWN", 3)
    monkeypatch.setattr(recognise, "SETTLED", 3)
    for step in steps(random.Random(5), 40):
        put(killed, *step)
        put(whole, *step)
    told: list[str] = []
    Ledger(killed.database)

    def tell(step: str, done: int, of: int | None) -> None:
        told.append(step)
        if told.count(after[0]) == after[1]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Recognition(killed.store, killed.database, {}, tell).run()
    assert recognised(killed).values()
    recognised(whole)
    assert edges(killed) == edges(whole)
    assert set(clusters(killed).values()) == set(clusters(whole).values())


def test_another_rule_draws_all_edges_again_and_keeps_ids_and_decisions(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.put("kku", "1", "เสือสมิงในป่าใหญ่", **TIGER)
    network.put("kkpl", "2", "เสือสมิงในป่าใหญ่", **TIGER)
    network.put("kktc", "3", "ข้าวเหนียวของชาวอีสาน", **RICE)
    recognised(network)
    decide(network, "kku/1", "kktc/3", "same")
    before = clusters(network)
    with writing(network.database) as connection:
        connection.execute(text("UPDATE edges SET points = 0, verdict = 'review'"))
    monkeypatch.setattr(recognise, "VERSION", 4711)
    assert recognised(network) == before
    assert {verdict for _, verdict, *_ in edges(network)} == {"same"}


def test_a_ledger_of_the_first_kind_keeps_its_ids_and_decisions(tables: Tables, tmp_path: Path) -> None:
    network = Network(tables, tmp_path / "home")
    network.put("kku", "1", "เสือสมิงในป่าใหญ่", **TIGER)
    network.put("kkpl", "2", "เสือสมิงในป่าใหญ่", **TIGER)
    network.put("kktc", "3", "ข้าวเหนียวของชาวอีสาน", **RICE)
    with network.database.begin() as connection:
        for statement in FIRST.split(";"):
            connection.execute(text(statement))
    network.index()
    assert clusters(network) == {"tiger": {"kku/1", "kkpl/2"}, "rice": {"kktc/3"}} or clusters(network) == {
        "tiger": {"kku/1"}, "tiger2": {"kkpl/2"}, "rice": {"kktc/3"},
    }  # fmt: skip
    assert Ledger(network.database).resolve("older") == "tiger"
    with network.database.connect() as connection:
        assert connection.execute(text("SELECT a, b, verdict, who, moment FROM decisions")).all() == [
            ("kkpl/2", "kku/1", "different", "ก", "2026-01-01T00:00:00Z")
        ]
    assert "tiger2" in clusters(network), "what was decided holds"
    assert list(network.home.glob("*.backup")), "a copy was made first"


FIRST = """
CREATE TABLE IF NOT EXISTS schema_versions (room VARCHAR NOT NULL PRIMARY KEY, version INTEGER);
INSERT INTO schema_versions VALUES ('index', 0);
CREATE TABLE match_keys (record VARCHAR NOT NULL, block VARCHAR NOT NULL, reasons TEXT NOT NULL, PRIMARY KEY (record, block));
CREATE INDEX match_keys_by_block ON match_keys (block, record);
CREATE TABLE edges (block VARCHAR NOT NULL, a VARCHAR NOT NULL, b VARCHAR NOT NULL, verdict VARCHAR NOT NULL, reasons TEXT NOT NULL, PRIMARY KEY (block, a, b));
CREATE INDEX ix_edges_a ON edges (a); CREATE INDEX ix_edges_b ON edges (b);
CREATE TABLE decisions (a VARCHAR NOT NULL, b VARCHAR NOT NULL, verdict VARCHAR NOT NULL, who VARCHAR NOT NULL, moment VARCHAR NOT NULL, PRIMARY KEY (a, b));
CREATE INDEX ix_decisions_b ON decisions (b);
CREATE TABLE clusters (record VARCHAR NOT NULL PRIMARY KEY, id VARCHAR, live BOOLEAN NOT NULL);
CREATE INDEX ix_clusters_id ON clusters (id);
CREATE TABLE aliases (old VARCHAR NOT NULL PRIMARY KEY, new VARCHAR);
CREATE INDEX ix_aliases_new ON aliases (new);
CREATE TABLE dirty (id VARCHAR NOT NULL PRIMARY KEY);
CREATE TABLE ledger_state (name VARCHAR NOT NULL PRIMARY KEY, value INTEGER NOT NULL);
INSERT INTO clusters VALUES ('kku/1', 'tiger', 1), ('kkpl/2', 'tiger2', 1), ('kktc/3', 'rice', 1);
INSERT INTO decisions VALUES ('kkpl/2', 'kku/1', 'different', 'ก', '2026-01-01T00:00:00Z');
INSERT INTO aliases VALUES ('older', 'tiger');
INSERT INTO ledger_state VALUES ('revision', 3), ('rule', 1)
"""


# ── works ────────────────────────────────────────────────────────────────────────────────────────


def test_editions_of_a_work_are_shown_together_and_stay_titles_of_their_own(network: Network) -> None:
    first = {"creator": "น้อย อินทนนท์", "publisher": "มติชน", "extent": "350 หน้า", "year": "2017"}
    network.put("kku", "1", "เสือสมิงในป่าใหญ่", **first, edition="พิมพ์ครั้งที่ 1")
    network.put("kkpl", "2", "เสือสมิงในป่าใหญ่", **first, edition="พิมพ์ครั้งที่ 2")
    network.put("kktc", "3", "ข้าวเหนียวของชาวอีสาน", **RICE)
    network.index()
    documents = {document.records[0][0]: document for document in network.documents().values()}
    assert len(documents) == 3
    assert documents["kku"].work == documents["kkpl"].work != ""
    assert documents["kktc"].work == ""
    assert [d.id for d in network.catalogue.editions(documents["kku"])] == [documents["kkpl"].id]
    network.put("kkpl", "2", deleted=True)
    network.index()
    assert {d.work for d in network.documents().values()} == {""}, "an only edition is of no work"


def test_facts_are_stored_small_and_read_as_they_were() -> None:
    facts = of_row({"title": ["เสือสมิง เล่ม 2"], "creator": ["น้อย อินทนนท์"], "isbn": ["9789749113738"], "year": ["2017"]})
    assert blocks.unpacked(blocks.packed(facts)) == facts
    assert len(blocks.packed(facts)) < 600


def test_the_tables_are_those_that_are_made_anew(tmp_path: Path) -> None:
    """A ledger that was brought up to date has the tables of one that is new."""
    old, new = (connect(f"sqlite:///{tmp_path / name}.db") for name in ("old", "new"))
    with old.begin() as connection:
        for statement in FIRST.split(";"):
            connection.execute(text(statement))
    made = []
    for engine in (old, new):
        Ledger(engine)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT type, name, sql FROM sqlite_master WHERE sql NOT NULL")).all()
        made.append({(kind, name, " ".join(sql.split())) for kind, name, sql in rows if name not in KEPT})
    assert made[0] == made[1]
    assert ("table", "edges") in {row[:2] for row in made[0]}


KEPT = ("schema_versions", "aliases", "ix_aliases_new", "dirty")
