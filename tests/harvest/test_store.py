"""The record store: counts that add up, whatever comes in which order, and nothing lost."""

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from harvest.record import Parsed, Payload
from harvest.store import COUNTS, SHAPE, Reading, Run, Store
from tests.conftest import emptied


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
        if full:
            expected = {i: text for i, text in expected.items() if i in good}
        for i, (text, kind) in good.items():
            if kind == "deleted":
                expected.pop(i, None)
            else:
                expected[i] = text
        assert titles(store) == expected
        again = load(store, items[: len(items) // 2], items[len(items) // 2 :], full=full)
        assert (again.added, again.changed, again.deleted) == (0, 0, 0)
