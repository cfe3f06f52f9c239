"""The record store: counts that add up, whatever comes in which order, and nothing lost."""

import zlib
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, MetaData, update
from sqlalchemy import text as sql

from config import database
from harvest import history
from harvest.packing import Reading
from harvest.record import HarvestError, Parsed, Payload, Progress
from harvest.shape import SHAPE, records
from harvest.store import COUNTS, Run, Store
from tests.conftest import Databases, emptied, schema


@pytest.fixture
def store(engine: Engine) -> Store:
    return Store(engine)


def item(local_id: str, text: str = "ก", *, deleted: bool = False, fault: str = "") -> Reading:
    data = b"" if deleted else f"{local_id} {text}".encode()
    payload = Payload(data, f"place {local_id}", local_id, deleted=deleted)
    return Reading(payload, fault=fault) if fault else Reading(payload, Parsed({"title": (text,)}, deleted=deleted))


def load(store: Store, *batches: Iterable[Reading], full: bool = False, reading: str = "r1") -> Run:
    with store.engine.begin() as connection:
        run = store.begin(connection, "kku")
    for batch in batches:
        with store.engine.begin() as connection:
            store.put(connection, run, "kku", "source", "marc", reading, batch)
    with store.engine.begin() as connection:
        if full:
            store.withdraw(connection, run, "kku", "source")
            store.resolve_quarantine(connection, run, "kku", "source")
        return store.finish(connection, run, "done")


def counts(run: Run) -> dict[str, int]:
    return {name: getattr(run, name) for name in COUNTS if getattr(run, name)}


def titles(store: Store) -> dict[str, str]:
    return {r.local_id: r.values["title"][0] for batch in store.records() for _, r in batch if not r.deleted}


def test_added_changed_unchanged_deleted(store: Store) -> None:
    assert counts(load(store, [item("1"), item("2"), item("3")])) == {"added": 3}
    run = load(store, [item("1"), item("2", "ข"), item("3", deleted=True), item("4")])
    assert counts(run) == {"unchanged": 1, "changed": 1, "deleted": 1, "added": 1}
    assert titles(store) == {"1": "ก", "2": "ข", "4": "ก"}
    assert store.standings()["kku"].deleted == 1


def test_the_same_id_again_in_one_load_supersedes_the_earlier(store: Store) -> None:
    once = [item("1", "ก"), item("1", "ข")], [item("1", "ค"), item("2")]
    assert counts(load(store, *once)) == {"added": 2, "superseded": 2}
    assert titles(store) == {"1": "ค", "2": "ก"}
    before = store.revision()
    assert counts(load(store, *once)) == {"unchanged": 2, "superseded": 2}
    assert store.revision() == before, "what came through other versions to the same one has not changed"


def test_a_deletion_by_header_alone_keeps_what_was_known(store: Store) -> None:
    load(store, [item("1", "เสือ")])
    load(store, [item("1", deleted=True)])
    (record,) = [r for batch in store.records() for _, r in batch]
    assert record.deleted
    assert record.payload == "1 เสือ".encode()
    assert counts(load(store, [item("1", deleted=True)])) == {"unchanged": 1}


@pytest.mark.parametrize("data", [b"0", b"x", b"xyz", b"<x/>" * 5000, zlib.compress(b"a"), "เสือ".encode() * 9000])
def test_a_payload_comes_back_as_it_came_however_it_is_kept(store: Store, data: bytes) -> None:
    load(store, [Reading(Payload(data, "p", "1"), Parsed({"title": ("ก",)}))])
    assert [r.payload for batch in store.records() for _, r in batch] == [data]
    assert list(store.stale("kku", "source", "r2")) == [[("1", data)]]


def test_a_payload_that_an_earlier_version_packed_can_be_read(store: Store) -> None:
    load(store, [item("1", "เสือ")])
    packed = {"payload": zlib.compress("1 เสือ".encode(), 0)}
    with store.engine.begin() as connection:
        connection.execute(update(records).values(packed))
    assert [r.payload for batch in store.records() for _, r in batch] == ["1 เสือ".encode()]


def test_a_deleted_record_that_was_never_here_is_kept_as_deleted(store: Store) -> None:
    assert counts(load(store, [item("1", deleted=True)])) == {"deleted": 1}
    assert store.standings()["kku"].live == 0


def test_what_a_full_load_lacks_is_withdrawn_and_may_come_back(store: Store) -> None:
    load(store, [item("1"), item("2")], full=True)
    assert counts(load(store, [item("1")], full=True)) == {"unchanged": 1, "deleted": 1}
    assert titles(store) == {"1": "ก"}
    assert counts(load(store, [item("1"), item("2")], full=True)) == {"unchanged": 1, "changed": 1}
    assert titles(store) == {"1": "ก", "2": "ก"}


def test_quarantine_keeps_the_bytes_and_the_reason_once(store: Store) -> None:
    bad = item("9", "เสีย", fault="no end")
    assert counts(load(store, [bad, item("1")])) == {"quarantined": 1, "added": 1}
    load(store, [bad])
    assert store.quarantined("kku") == [("place 9", "no end", "9 เสีย".encode())]
    load(store, [item("9", "ดี"), item("1")], full=True)
    assert store.quarantined("kku") == []


def test_records_read_with_other_tables_are_new_to_the_index(store: Store) -> None:
    load(store, [item("1")])
    before = store.revision()
    assert counts(load(store, [item("1")], reading="r2")) == {"unchanged": 1}
    assert store.revision() > before


def test_a_number_and_a_reason_with_a_nul_are_kept_like_any_other(store: Store) -> None:
    given = [item("a\0b"), item("c\0d", fault="no \0 here")]
    assert counts(load(store, given)) == {"added": 1, "quarantined": 1}
    assert counts(load(store, given)) == {"unchanged": 1, "quarantined": 1}
    assert counts(load(store, [item("a\0b", "ข")])) == {"changed": 1}
    assert titles(store) == {"a␀b": "ข"}
    ((_, _, raw),) = store.quarantined("kku")
    assert raw == b"c\0d \xe0\xb8\x81"


def test_a_batch_that_fails_leaves_nothing_behind(store: Store) -> None:
    with store.engine.begin() as connection:
        run = store.begin(connection, "kku")

    def interrupted() -> Iterable[Reading]:
        yield item("1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), store.engine.begin() as connection:
        store.put(connection, run, "kku", "source", "marc", "r1", interrupted())
    assert titles(store) == {}


def test_a_run_that_was_killed_is_said_so_by_the_next(store: Store) -> None:
    with store.engine.begin() as connection:
        store.begin(connection, "kku")
    load(store, [item("1")])
    assert store.standings()["kku"].last_run is not None
    with store.engine.connect() as connection:
        outcomes = connection.exec_driver_sql("SELECT outcome, error FROM runs ORDER BY id").all()
    assert [tuple(row) for row in outcomes] == [("failed", "the run was killed"), ("done", None)]


def test_records_come_in_batches_and_each_once(store: Store) -> None:
    load(store, [item(f"{n:03d}") for n in range(25)])
    batches = list(store.records(batch=10))
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert len({record.local_id for batch in batches for _, record in batch}) == 25


steps = st.lists(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(["ก", "ข"]), st.sampled_from(["live", "live", "deleted", "bad"])),
        max_size=6,
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(loads=steps, full=st.booleans())
def test_every_record_seen_is_accounted_for_and_the_last_copy_stands(store: Store, loads: list[list[tuple[str, str, str]]], full: bool) -> None:  # fmt: skip
    emptied(store.engine, SHAPE)
    expected: dict[str, str] = {}
    for given_load in loads:
        items = [
            item(i, text, deleted=kind == "deleted", fault="broken" if kind == "bad" else "")
            for i, text, kind in given_load
        ]
        run = load(store, items[: len(items) // 2], items[len(items) // 2 :], full=full)
        assert run.seen == sum(getattr(run, name) for name in COUNTS)
        good = {i: (text, kind) for i, text, kind in given_load if kind != "bad"}
        if full:  # what came and cannot be read stays as it was
            came = {i for i, _, _ in given_load}
            expected = {i: text for i, text in expected.items() if i in came}
        for i, (text, kind) in good.items():
            if kind == "deleted":
                expected.pop(i, None)
            else:
                expected[i] = text
        assert titles(store) == expected
        again = load(store, items[: len(items) // 2], items[len(items) // 2 :], full=full)
        assert (again.added, again.changed, again.deleted) == (0, 0, 0)


# ── undone ───────────────────────────────────────────────────────────────────────────────────────


def undo(store: Store, number: int, member: str = "kku") -> Run:
    with database.writing(store.engine) as connection:
        return store.undo(connection, member, number)


def last(store: Store, member: str = "kku") -> int:
    return store.runs(member, 1)[0][0]


State = dict[str, tuple[object, ...]]


def state(store: Store, *, gone: bool = True) -> State:
    """All that is said of records, of those that are deleted, too."""
    return {
        r.local_id: (r.deleted, r.payload, r.values, r.format)
        for batch in store.records()
        for _, r in batch
        if gone or not r.deleted
    }


def test_a_run_is_undone_whole_and_the_index_hears_of_it(store: Store) -> None:
    load(store, [item("1"), item("2"), item("3")])
    before, revision = state(store), store.revision()
    load(store, [item("1", "ข"), item("4")], [item("1", "ค"), item("2", deleted=True)], full=True)
    run = undo(store, last(store))
    assert (run.outcome, counts(run)) == ("undone", {"changed": 3, "deleted": 1})
    assert titles(store) == {"1": "ก", "2": "ก", "3": "ก"}
    assert {i: said for i, said in state(store).items() if i != "4"} == before
    assert {r.local_id for batch in store.records(revision + 1) for _, r in batch} == {"1", "2", "3", "4"}
    assert counts(load(store, [item("1", "ค"), item("4")])) == {"changed": 2}, "and harvests go on"


def test_the_undoing_is_a_run_and_can_be_undone(store: Store) -> None:
    load(store, [item("1"), item("2")])
    load(store, [item("1", "ข"), item("3")], full=True)
    after = state(store)
    undo(store, last(store))
    undo(store, last(store))
    assert state(store) == after


def test_a_source_is_read_again_from_where_it_stood(store: Store) -> None:
    def read(watermark: str) -> None:
        with database.writing(store.engine) as connection:
            run = store.begin(connection, "kku")
            store.put(connection, run, "kku", "source", "marc", "r1", [], Progress(watermark + " half"))
            store.put(connection, run, "kku", "source", "marc", "r1", [], Progress(watermark))
            store.finish(connection, run, "done")

    read("monday")
    first = last(store)
    read("tuesday")
    read("wednesday")
    undo(store, last(store))
    assert store.progress("kku", "source").watermark == "tuesday"
    undo(store, first)
    assert store.progress("kku", "source") == Progress()


def test_after_an_undo_files_are_read_again_though_they_did_not_change(store: Store) -> None:
    for stamp in ("monday", "tuesday"):
        with database.writing(store.engine) as connection:
            run = store.begin(connection, "kku")
            store.advance(connection, run, "kku", "source", Progress(files={"books.mrc": stamp}, run=run))
            store.finish(connection, run, "done")
    undo(store, last(store))
    assert store.progress("kku", "source").files == {}


def test_what_an_undone_run_put_into_quarantine_needs_nobody_and_what_it_resolved_does(store: Store) -> None:
    load(store, [item("8", "เก่า", fault="no end")])
    load(store, [item("9", "ใหม่", fault="no title")], full=True)
    assert [place for place, *_ in store.quarantined("kku")] == ["place 9"]
    undo(store, last(store))
    assert [place for place, *_ in store.quarantined("kku")] == ["place 8"]


def test_only_as_long_as_it_is_kept_and_only_ones_own_runs(store: Store) -> None:
    load(store, [item("1")])
    load(store, [item("1", "ข")])
    old = last(store)
    with database.writing(store.engine) as connection:
        connection.execute(sql("UPDATE runs SET started = '2020-01-01T00:00:00Z'"))
        history.forget(connection, "kku", 30)
    load(store, [item("1", "ค")])
    assert [kept for _, kept, _ in store.runs("kku")] == [True, False, False]
    for member, number in (("kku", old), ("kkpl", last(store)), ("kku", 4711)):
        with pytest.raises(HarvestError, match=f"run {number} cannot be undone"):
            undo(store, number, member)
    undo(store, last(store))
    assert titles(store) == {"1": "ข"}
    with store.engine.connect() as connection:
        kept = set(connection.execute(sql("SELECT DISTINCT run FROM records_before")).scalars())
    assert kept == {old + 1, old + 2}, "what is not kept takes no room"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    nights=st.lists(st.tuples(steps, st.booleans(), st.integers(0, 3)), min_size=1, max_size=5), back=st.integers(0, 9)
)
def test_whatever_came_everything_is_as_it_was_before_that_run(
    store: Store, nights: list[tuple[list[list[tuple[str, str, str]]], bool, int]], back: int
) -> None:
    """Loads of several batches, with copies, deletions, broken records and withdrawals, and undoings between them."""
    emptied(store.engine, SHAPE)
    stood: dict[int, State] = {}

    def went(before: State) -> None:
        stood[last(store)] = before

    for batches, full, undone in nights:
        before = state(store)
        load(store, *([item(i, t, deleted=k == "deleted", fault="x" if k == "bad" else "") for i, t, k in batch]
                      for batch in batches), full=full)  # fmt: skip
        went(before)
        if undone == 0:
            before = state(store)
            undo(store, last(store))
            went(before)
    number = sorted(stood)[back % len(stood)]
    undo(store, number)
    now = state(store)
    assert {i: said for i, said in now.items() if i in stood[number]} == stood[number]
    assert not {i for i, (deleted, *_) in now.items() if not deleted and i not in stood[number]}


def test_a_store_of_before_is_brought_up_to_date(databases: Databases) -> None:
    old, new = databases(), databases()
    with old.begin() as connection:
        SHAPE.create_all(connection)
        for statement in ("DROP TABLE records_before", "DROP TABLE sources_before", "ALTER TABLE runs DROP COLUMN kept",
                          "ALTER TABLE records DROP COLUMN first", "ALTER TABLE quarantine DROP COLUMN first",
                          "ALTER TABLE runs DROP COLUMN repaired", "ALTER TABLE records DROP COLUMN repairs",
                          "ALTER TABLE sources DROP COLUMN learned", "DROP INDEX quarantine_by_id", "ALTER TABLE quarantine DROP COLUMN local_id",
                          "ALTER TABLE quarantine DROP COLUMN owed"):  # fmt: skip
            connection.execute(sql(statement))
        connection.execute(
            sql(
                "INSERT INTO runs (id, member, started, outcome, seen, added, changed, unchanged, deleted, superseded, quarantined) VALUES (7, 'kku', '2026-01-01T00:00:00Z', 'done', 0, 0, 0, 0, 0, 0, 0)"
            )
        )
    database.prepare(old, "harvest", MetaData())
    store = Store(old)
    assert [(number, kept) for number, kept, _ in store.runs("kku")] == [(7, False)]
    assert (store.repaired("kku"), store.learned("kku")) == ({}, {})
    Store(new)
    assert {s for s in schema(old) if "_before" in s} == {s for s in schema(new) if "_before" in s}
