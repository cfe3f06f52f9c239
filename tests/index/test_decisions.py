"""People's decisions: made, taken back, kept through harvests and new numbers, carried as a file."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from config.database import writing
from index import decisions, shape
from index.ledger import Ledger
from index.look import Desk, MatchError
from index.match.facts import NORM_VERSION
from index.recognise import Recognition
from tests.index.conftest import Networks
from tests.index.test_build import Network

TIGER = {"creator": "น้อย อินทนนท์", "year": "2017", "isbn": "9789749113738", "publisher": "มติชน", "extent": "350 หน้า"}
RICE = {"creator": "สมหญิง รักเรียน", "year": "2010", "isbn": "9789749113721", "publisher": "คุรุสภา", "extent": "120 หน้า"}


def recognised(network: Network) -> dict[str, frozenset[str]]:
    """Title -> its live records, after the recognition of what changed."""
    Ledger(network.database)
    Recognition(network.store, network.database, {}, lambda step, done, of: None).run()
    return clusters(network)


def clusters(network: Network) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    with network.database.connect() as connection:
        c = shape.clusters.c
        for record, id_ in connection.execute(select(c.record, c.id).where(c.live)):
            found.setdefault(id_, set()).add(record)
    return {id_: frozenset(records) for id_, records in found.items()}


def decide(network: Network, a: str, b: str, verdict: str, who: str = "สมศรี") -> None:
    with writing(network.database) as connection:
        decisions.decide(connection, [(a, b)], verdict, who)


def take_back(network: Network, a: str, b: str) -> None:
    with writing(network.database) as connection:
        decisions.take_back(connection, [(a, b)])


def fill(network: Network) -> None:
    network.put("kku", "1", "เสือสมิงในป่าใหญ่", **TIGER)
    network.put("kkpl", "2", "เสือสมิงในป่าใหญ่", **TIGER)
    network.put("kktc", "3", "ข้าวเหนียวของชาวอีสาน", **RICE)


def together(network: Network, *records: str) -> bool:
    return any(set(records) <= group for group in clusters(network).values())


def test_who_and_when_are_kept(network: Network) -> None:
    fill(network)
    recognised(network)
    decide(network, "kku/1", "kktc/3", "same", "สมศรี")
    look = Desk(network.database).look("kktc/3", "kku/1")
    assert look.decision is not None
    assert (look.decision.who, look.decision.verdict, look.together) == ("สมศรี", "same", True)
    assert look.decision.moment.endswith("Z")


def test_a_later_decision_takes_the_place_of_the_earlier_one(network: Network) -> None:
    fill(network)
    recognised(network)
    decide(network, "kku/1", "kkpl/2", "different")
    assert not together(network, "kku/1", "kkpl/2")
    decide(network, "kkpl/2", "kku/1", "same")
    assert together(network, "kku/1", "kkpl/2")
    take_back(network, "kku/1", "kkpl/2")
    assert together(network, "kku/1", "kkpl/2")
    with network.database.connect() as connection:
        assert decisions.between(connection, ["kku/1"], ["kkpl/2"]) == []


def test_a_decision_goes_with_its_record_to_a_new_number_and_back(network: Network) -> None:
    fill(network)
    recognised(network)
    decide(network, "kku/1", "kkpl/2", "different")
    network.put("kkpl", "2", deleted=True)
    network.put("kkpl", "9002", "เสือสมิงในป่าใหญ่", **TIGER)
    recognised(network)
    assert not together(network, "kku/1", "kkpl/9002")
    with network.database.connect() as connection:
        ((a, b, decision),) = decisions.between(connection, ["kku/1"], ["kkpl/9002"])
    assert (a, b, decision.b) == ("kku/1", "kkpl/9002", "kku/1")
    network.put("kkpl", "9002", deleted=True)
    network.put("kkpl", "2", "เสือสมิงในป่าใหญ่", **TIGER)
    recognised(network)
    assert not together(network, "kku/1", "kkpl/2")


def test_a_number_that_was_given_to_another_record_takes_no_decision_with_it(network: Network) -> None:
    fill(network)
    recognised(network)
    decide(network, "kkpl/2", "kktc/3", "same")
    network.put("kkpl", "2", "ปลาน้ำจืด", creator="ก ข", year="1999")
    network.put("kkpl", "8", "เสือสมิงในป่าใหญ่", **TIGER)
    recognised(network)
    assert together(network, "kkpl/8", "kktc/3")
    assert not together(network, "kkpl/2", "kktc/3")


def test_of_two_that_say_the_same_neither_is_taken_for_the_lost_one(network: Network) -> None:
    fill(network)
    recognised(network)
    decide(network, "kkpl/2", "kktc/3", "same")
    network.put("kkpl", "2", deleted=True)
    for number in ("8", "9"):
        network.put("kkpl", number, "เสือสมิงในป่าใหญ่", **TIGER)
    recognised(network)
    assert together(network, "kkpl/8", "kkpl/9", "kku/1")
    assert not together(network, "kkpl/8", "kktc/3")


def test_a_decision_outlives_a_new_harvest_a_rebuild_and_another_rule(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(network)
    recognised(network)
    decide(network, "kku/1", "kkpl/2", "different")
    network.put("kku", "1", "เสือสมิงในป่าใหญ่ /", **TIGER)
    network.index(rebuild=True)
    assert not together(network, "kku/1", "kkpl/2")
    monkeypatch.setattr("index.recognise.NORM_VERSION", "another")
    monkeypatch.setattr("index.recognise.fingerprint", lambda found: hash(found.titles[0].full) % 1000)
    recognised(network)
    assert not together(network, "kku/1", "kkpl/2")
    network.put("kku", "1", deleted=True)
    network.put("kku", "77", "เสือสมิงในป่าใหญ่", **TIGER)
    recognised(network)
    assert not together(network, "kku/77", "kkpl/2"), "it is known by its new print, too"


BOOKS = {"เสือสมิงในป่าใหญ่": TIGER, "ข้าวเหนียวของชาวอีสาน": RICE}
RECORDS = ["kku/1", "kkpl/2", "kktc/3", "kkh/4", "neu/5"]
step = st.one_of(
    st.tuples(
        st.just("put"), st.sampled_from(RECORDS), st.sampled_from(sorted(BOOKS)), st.sampled_from(["", "พิมพ์ครั้งที่ 2"])
    ),
    st.tuples(st.just("gone"), st.sampled_from(RECORDS)),
    st.tuples(st.sampled_from(["same", "different"]), st.permutations(RECORDS)),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.lists(step, min_size=3, max_size=7), undone=st.lists(step, min_size=1, max_size=4))
def test_what_is_undone_leaves_no_trace(networks: Networks, first: list[Any], undone: list[Any]) -> None:
    """Any decision undone, any record as it was: exactly the clusters that were before, with their ids; and the same
    as one who never saw the steps between."""
    network = networks()
    told: dict[str, tuple[str, str] | None] = {}
    decided: dict[tuple[str, str], str] = {}
    moves: dict[str, Callable[[Any], None]] = {"put": lambda s: put(s[1], (s[2], s[3])), "gone": lambda s: put(s[1], None),
             "same": lambda s: say(s[1], "same"), "different": lambda s: say(s[1], "different")}  # fmt: skip

    def put(record: str, said: tuple[str, str] | None) -> None:
        member, _, local_id = record.partition("/")
        if said:
            network.put(member, local_id, said[0], **BOOKS[said[0]], edition=said[1])
        elif told.get(record):
            network.put(member, local_id, deleted=True)
        told[record] = said
        recognised(network)

    def say(records: list[str], verdict: str) -> None:
        a, b = sorted(records[:2])
        if told.get(a) and told.get(b):
            decide(network, a, b, verdict)
            decided[a, b] = verdict

    for number, record in enumerate(RECORDS):
        put(record, (sorted(BOOKS)[number % 2], ""))
    for each in first:
        moves[each[0]](each)
    before, told_before, decided_before = recognised(network), dict(told), dict(decided)
    for each in undone:
        moves[each[0]](each)
    for record, said in told_before.items():
        put(record, said)
    for a, b in {*decided, *decided_before}:
        if decided.get((a, b)) != decided_before.get((a, b)):
            take_back(network, a, b)
            if (a, b) in decided_before:
                decide(network, a, b, decided_before[a, b])
    after = recognised(network)
    assert set(after.values()) == set(before.values())
    fresh = networks("fresh")
    for record, said in told_before.items():
        if said:
            member, _, local_id = record.partition("/")
            fresh.put(member, local_id, said[0], **BOOKS[said[0]], edition=said[1])
    recognised(fresh)
    for (a, b), verdict in decided_before.items():
        if told_before[a] and told_before[b]:
            decide(fresh, a, b, verdict)
    assert set(recognised(fresh).values()) == set(before.values())


def test_what_was_joined_and_is_parted_has_the_ids_that_it_had(network: Network) -> None:
    fill(network)
    before = recognised(network)
    decide(network, "kku/1", "kktc/3", "same")
    (joined,) = clusters(network)
    (gone,) = set(before) - {joined}
    assert Ledger(network.database).resolve(gone) == joined
    take_back(network, "kku/1", "kktc/3")
    assert clusters(network) == before
    assert Ledger(network.database).resolve(gone) == gone


# ── contradictions ───────────────────────────────────────────────────────────────────────────────


def contradict(network: Network) -> None:
    """Two records in two languages, and one that does not say its language."""
    network.put("kku", "th", "เสือสมิงในป่าใหญ่", **TIGER, language="tha")
    network.put("kkpl", "none", "เสือสมิงในป่าใหญ่", **TIGER)
    network.put("kktc", "en", "เสือสมิงในป่าใหญ่", **TIGER, language="eng")
    recognised(network)


def test_a_contradiction_goes_to_review_and_chains_nothing(network: Network) -> None:
    contradict(network)
    assert not together(network, "kku/th", "kktc/en")
    assert sorted(map(len, clusters(network).values())) == [1, 2]
    ((kind, look),) = Desk(network.database).queue(10)
    assert kind == "contradiction"
    assert not look.together
    assert set(look.because or ()) == {"kku/th", "kktc/en"}


def test_a_person_settles_a_contradiction_and_the_queue_forgets_it(network: Network) -> None:
    contradict(network)
    ((_, look),) = Desk(network.database).queue(10)
    decide(network, "/".join(look.a.key), "/".join(look.b.key), "different")
    assert Desk(network.database).queue(10) == []


# ── at the desk ──────────────────────────────────────────────────────────────────────────────────


def test_titles_are_looked_at_by_their_nearest_records(network: Network) -> None:
    fill(network)
    ids = {records: id_ for id_, records in recognised(network).items()}
    tiger, rice = ids[frozenset({"kku/1", "kkpl/2"})], ids[frozenset({"kktc/3"})]
    desk = Desk(network.database)
    look = desk.look(tiger, rice)
    assert look.titles == (tiger, rice)
    assert look.judgement.verdict == "different"
    assert desk.look("kku/1", "kkpl/2").judgement.verdict == "same"


@pytest.mark.parametrize(
    ("one", "two", "said"),
    [
        ("kku/404", "kkpl/2", "there is no record kku/404"),
        ("nothing", "kkpl/2", "there is no title nothing"),
        ("kku/1", "kku/1", "are one title; name two of its records: kkpl/2, kku/1"),
    ],
)
def test_what_cannot_be_looked_at_is_said(network: Network, one: str, two: str, said: str) -> None:
    fill(network)
    recognised(network)
    with pytest.raises(MatchError, match=said):
        Desk(network.database).look(one, two)


# ── as a file ────────────────────────────────────────────────────────────────────────────────────


def exported(network: Network) -> str:
    out = io.StringIO()
    with network.database.connect() as connection:
        decisions.write(connection, out)
    return out.getvalue()


def imported(network: Network, text: str) -> decisions.Taken:
    with writing(network.database) as connection:
        return decisions.read(connection, io.StringIO(text))


def test_decisions_go_out_and_come_in_again(network: Network, networks: Networks) -> None:
    fill(network)
    recognised(network)
    decide(network, "kku/1", "kktc/3", "same")
    decide(network, "kku/1", "kkpl/2", "different", 'ก, "ข"')
    text = exported(network)
    other = networks("other")
    fill(other)
    recognised(other)
    assert imported(other, text) == decisions.Taken(2, 0, 0, [])
    assert set(clusters(other).values()) == set(clusters(network).values())
    assert exported(other) == text
    assert imported(other, text) == decisions.Taken(0, 2, 0, []), "the same again changes nothing"


def test_an_imported_decision_finds_its_record_under_another_number(network: Network, networks: Networks) -> None:
    fill(network)
    recognised(network)
    decide(network, "kku/1", "kkpl/2", "different")
    other = networks("other")
    other.put("kku", "1", "เสือสมิงในป่าใหญ่", **TIGER)
    other.put("kkpl", "4711", "เสือสมิงในป่าใหญ่", **TIGER)
    recognised(other)
    assert imported(other, exported(network)).new == 1
    assert not together(other, "kku/1", "kkpl/4711")


def test_the_later_of_two_decisions_stands(network: Network) -> None:
    fill(network)
    recognised(network)
    head = "a,b,verdict,who,moment\n"
    imported(network, head + "kku/1,kkpl/2,different,ก,2026-05-05T00:00:00Z\n")
    imported(network, head + "kkpl/2,kku/1,same,ข,2026-04-04T00:00:00Z\n")
    assert not together(network, "kku/1", "kkpl/2")
    imported(network, head + "kkpl/2,kku/1,same,ข,2026-06-06T00:00:00Z\n")
    assert together(network, "kku/1", "kkpl/2")


@pytest.fixture
def short_cells() -> Iterator[None]:
    """The limit that the csv module begins with, whatever was read before."""
    before = csv.field_size_limit(131_072)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("short_cells")
def test_a_bad_line_is_named_and_the_others_are_taken_in(network: Network) -> None:
    fill(network)
    recognised(network)
    text = (
        "a,b,verdict,who,moment,note,print_a\n"
        "kku/1,kkpl/2,different,ก,2026-05-05T00:00:00Z,ใช่\n"
        "kku/1,kkpl,same,ก,2026-05-05T00:00:00Z,\n"
        "kku/1,kktc/3,perhaps,ก,2026-05-05T00:00:00Z,\n"
        "kku/1,kktc/3,same,ก,เมื่อวาน,\n"
        "kku/1,kku/1,same,ก,2026-05-05T00:00:00Z,\n"
        "kku/1,kktc/nowhere,same,ก,2026-05-05T00:00:00Z,\n"
        f"kku/1,kktc/3,same,ก,2026-05-05T00:00:00Z,,{NORM_VERSION}:ffffffffffffffffffffffff\n"
        f"kku/1,kktc/3,same,ก,2026-05-05T00:00:00Z,{'ก' * 200_000}\n"
    )
    taken = imported(network, text)
    assert (taken.new, taken.nowhere) == (2, 1)
    assert taken.faults == [
        "line 3: b is kkpl; a record is MEMBER/NUMBER",
        "line 4: verdict is perhaps; it is same or different",
        "line 5: moment is เมื่อวาน; it is written 2026-11-22T15:04:05Z",
        "line 6: kku/1 stands on both sides",
        f"line 8: {NORM_VERSION}:ffffffffffffffffffffffff is no print of a record: leave it empty, or as it was exported",
        "line 9: field larger than field limit (131072)",
    ]
    assert imported(network, "x,y\n1,2\n").faults == ["line 1: the columns a, b, verdict, who, moment are missing"]
