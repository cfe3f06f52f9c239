"""OAI-PMH servers that misbehave: each way against a real server, with what must come out."""

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from config import database
from config.installation import Installation
from harvest import notes, web
from harvest.protocols.oai import walk
from harvest.protocols.oai.ahead import Ahead
from harvest.protocols.oai.client import token_of
from harvest.run import harvest, undo
from harvest.store import COUNTS, Run, Store
from harvest.wording import in_thai
from index.cli import status
from tests.conftest import Install, member
from tests.harvest.misbehaving import BEHAVIOURS, Asked, Rec, Server, records, serving
from tests.harvest.test_notes import english_in

Serve = Callable[[str], Server]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long would have been waited; nothing is."""
    waited: list[float] = []
    monkeypatch.setattr(web.Web, "pause", lambda self, seconds: waited.append(seconds))
    for name, value in {"TIMEOUT": "0.3", "LONGEST_ANSWER": "0.6", "ANSWER_MB": "2"}.items():
        monkeypatch.setenv(f"SAHABAN_{name}", value)
    return waited


@pytest.fixture
def serve(waits: list[float]) -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda behaviour: stack.enter_context(serving(behaviour))


def installed(install: Install, server: Server, **source: str) -> Installation:
    return install(member("aaa", **({"protocol": "oai", "url": server.url, "format": "oai_dc"} | source)))


def run(installation: Installation, **options: bool) -> Run:
    """A run, after which all that it says can be said in Thai."""
    store = Store(installation.database)
    result = harvest(installation.tables.members["aaa"], installation.tables, store, installation.home, **options)
    assert [reason for _, reason, _ in store.quarantined("aaa") if not in_thai(reason)] == []
    assert english_in(notes.in_language(result.error or "", "th")) == []
    return result


def counts(result: Run) -> dict[str, int]:
    return {name: getattr(result, name) for name in COUNTS if getattr(result, name)}


def titles(installation: Installation) -> dict[str, str]:
    store = Store(installation.database)
    return {
        r.local_id: r.values["title"][0] for batch in store.records() for _, r in batch if not r.deleted and r.values
    }


WHOLE = {r.id: r.title for r in records()}
LESS = {r.id: r.title for r in records() if r.number != 13}

# behaviour -> (what stands in the store afterwards, what the report says)
SURVIVED = {
    "": (WHOLE, ""),
    "truncated-once": (WHOLE, "asked for again"),
    "truncated-pages": (WHOLE, "asked for in parts"),
    "every-token-is-an-error-of-the-server": (WHOLE, "asked for in parts"),
    "html-once": (WHOLE, "asked for again"),
    "empty-once": (WHOLE, "asked for again"),
    "warnings-around-the-xml": (WHOLE, "text around the XML"),
    "no-namespace": (WHOLE, "another namespace"),
    "wrong-namespace": (WHOLE, "another namespace"),
    "control-characters": (WHOLE, "2 control characters"),
    "bare-ampersands": (WHOLE | {"oai:x:13": "เสื้อ & กางเกง\xa0R&D; 13"}, "2 bare &"),
    "invalid-utf-8": (WHOLE | {"oai:x:13": "เสื้อ \ufffd 13"}, "2 bytes that are no UTF-8"),
    "a-token-that-leads-back": (WHOLE, "asked for in parts"),
    "the-same-token-for-ever": (WHOLE, "asked for in parts"),
    "one-empty-page-on-the-way": (WHOLE, ""),
    "no-token-on-the-last-page": (WHOLE, ""),
    "white-space-in-tokens": (WHOLE, ""),
    "a-token-refused-in-the-midst": (WHOLE, "went on by datestamp"),
    "a-token-refused-in-a-list-without-order": (WHOLE, "went on by datestamp"),
    "every-token-refused": (WHOLE, "asked for in parts"),
    "a-list-that-shrinks": (WHOLE, "became shorter"),
    "claims-three-more": (WHOLE, "claims 43 records and sent 40, 3 less"),
    "503-seconds": (WHOLE, ""),
    "429-seconds": (WHOLE, ""),
    "503-date": (WHOLE, ""),
    "429-date": (WHOLE, ""),
    "503-nonsense": (WHOLE, ""),
    "connection-reset": (WHOLE, ""),
    "answer-breaks-off": (WHOLE, ""),
    "silence-once": (WHOLE, ""),
    "slow-drip": (WHOLE, ""),
    "gzip-announced": (WHOLE, ""),
    "gzip-unannounced": (WHOLE, ""),
    "gzip-announced-and-plain": (WHOLE, ""),
    "deflate": (WHOLE, ""),
    "ignores-from": (WHOLE, ""),
    "days-though-seconds-promised": (WHOLE, "another granularity"),
    "seconds-though-days-promised": (WHOLE, "another granularity"),
    "refuses-seconds": (WHOLE, ""),
    "datestamps-in-the-future": (WHOLE, "10 datestamps lie in the future"),
    "datestamps-without-zone": (WHOLE, "no time zone"),
    "no-datestamps": (WHOLE, "no datestamp that can be read"),
    "never-says-deleted": (WHOLE, ""),
    "long-tokens-by-post-only": (WHOLE, "by POST"),
    "no-identify": (WHOLE, "does not answer Identify"),
}


@pytest.mark.parametrize("behaviour", SURVIVED)
def test_everything_comes_and_nothing_twice(serve: Serve, install: Install, behaviour: str) -> None:
    expected, said = SURVIVED[behaviour]
    installation = installed(install, serve(behaviour))
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 40}), result.error
    assert titles(installation) == expected
    assert said in (result.error or "")
    assert bool(said) == bool(result.error), "only what went wrong is said"
    again = run(installation)
    assert (again.outcome, again.added, again.changed, again.quarantined) == ("done", 0, 0, 0), again.error
    assert titles(installation) == expected


# behaviour -> what the report says; nothing may be lost or marked as done
FAILED = {
    "html-for-ever": "a web page (HTML), not with OAI-PMH",
    "empty-for-ever": "answered with nothing (0 bytes)",
    "empty-lists-with-tokens": "11 pages without a record",
    "claims-a-thousand": "claims 1000 records and sent 40: a shortfall of 960",
    "claims-forty-and-sends-none": "claims 40 records and sent 0: a shortfall of 40",
    "503-for-a-week": "asks to come back in 604800 seconds",
    "gzip-bomb": "larger than 2 MB",
    "too-large": "larger than 2 MB",
    "gzip-cut-short": "breaks off",
}


@pytest.mark.parametrize("behaviour", FAILED)
def test_what_cannot_be_had_is_said_and_the_next_visit_gets_it(serve: Serve, install: Install, behaviour: str) -> None:
    server = serve(behaviour)
    installation = installed(install, server)
    result = run(installation)
    assert result.outcome == "failed"
    assert FAILED[behaviour] in (result.error or "")
    server.hooks.clear()
    mended = run(installation)
    assert (mended.outcome, titles(installation)) == ("done", WHOLE), mended.error
    assert result.added + mended.added == 40


def test_every_behaviour_is_tested() -> None:
    elsewhere = {
        "one-bad-record", "one-bad-record-among-many-of-a-second", "a-record-that-crashes-the-server",
        "a-text-of-11-mb", "ignores-until", "drops-the-set-after-page-one",
    }  # fmt: skip
    assert {*SURVIVED, *FAILED, *elsewhere} == {*BEHAVIOURS}


# ── one bad record ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("behaviour", ["one-bad-record", "one-bad-record-among-many-of-a-second"])
def test_a_bad_record_is_found_by_halving_and_set_aside_with_its_bytes(
    serve: Serve, install: Install, behaviour: str
) -> None:
    server = serve(behaviour)
    installation = installed(install, server)
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 39, "quarantined": 1}), result.error
    assert titles(installation) == LESS
    ((place, reason, kept),) = Store(installation.database).quarantined("aaa")
    assert "oai:x:13" in place
    assert "not well-formed" in reason
    assert kept.startswith(b"<record>")
    assert kept.endswith("<dc:title>เสื้อ <b>13</dc:title></oai_dc:dc></metadata></record>".encode())
    assert len(server.asked) < 250


def test_a_record_that_the_server_cannot_give_costs_only_itself(serve: Serve, install: Install) -> None:
    installation = installed(install, serve("a-record-that-crashes-the-server"))
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 39, "quarantined": 1}), result.error
    assert titles(installation) == LESS
    assert "HTTP 500" in Store(installation.database).quarantined("aaa")[0][1]


def lacking(server: Server, numbers: set[int], status: int = 500, times: int = 10**9) -> None:
    """Whatever list holds one of those records is an error; so is each by itself, so many times only."""
    singly: Counter[str] = Counter()

    def http(server: Server, handler: Any, asked: Asked) -> bool:
        body = server.answer(asked)
        hit = {n for n in numbers if f"<identifier>oai:x:{n}<".encode() in body}
        if asked.verb == "GetRecord" and hit:
            singly[asked.args["identifier"]] += 1
            hit = hit if singly[asked.args["identifier"]] <= times else set()
        failed = bool(hit) and asked.verb != "ListIdentifiers"
        if failed:
            server.send(
                handler, f"error no. {len(server.asked)}".encode(), status if asked.verb == "GetRecord" else 500
            )
        return failed

    server.hooks["http"] = http


def test_a_moments_trouble_costs_no_record_that_is_good(serve: Serve, install: Install) -> None:
    server = serve("one-bad-record-among-many-of-a-second")
    down = {n for n in range(40) if n % 2}
    lacking(server, down, times=1)
    installation = installed(install, server)
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 39, "quarantined": 1}), result.error
    assert titles(installation) == LESS


def test_what_the_server_could_not_give_is_asked_for_again_by_the_next_visits(serve: Serve, install: Install) -> None:
    server = serve("")
    lacking(server, {13, 14})
    installation = installed(install, server)
    first = run(installation)
    assert (first.outcome, counts(first)) == ("done", {"added": 38, "quarantined": 2}), first.error
    second = run(installation)  # another error page each time is no other record
    assert (second.outcome, counts(second)) == ("done", {"quarantined": 2}), second.error
    store = Store(installation.database)
    assert [place.rpartition(" ")[2] for place, _, _ in store.quarantined("aaa")] == ["oai:x:13", "oai:x:14"]
    lacking(server, {14})
    third = run(installation)
    assert (third.outcome, counts(third)) == ("done", {"added": 1, "quarantined": 1}), third.error
    assert [place.rpartition(" ")[2] for place, _, _ in store.quarantined("aaa")] == ["oai:x:14"]
    server.hooks.clear()
    assert counts(run(installation)) == {"added": 1}
    assert (titles(installation), store.quarantined("aaa")) == (WHOLE, [])
    asked = len(server.asked)
    assert counts(run(installation)) == {}
    assert {a.verb for a in server.asked[asked:]} == {"Identify", "ListMetadataFormats", "ListRecords"}


def test_a_record_that_its_library_mended_leaves_the_quarantine(serve: Serve, install: Install) -> None:
    server = serve("one-bad-record")
    installation = installed(install, server)
    assert run(installation).quarantined == 1
    server.hooks.clear()
    server.records[13].title, server.records[13].stamp = "เสื้อที่ปะแล้ว", database.now()
    assert counts(run(installation)) == {"added": 1}
    assert Store(installation.database).quarantined("aaa") == []
    undo("aaa", Store(installation.database), installation.home)
    assert len(Store(installation.database).quarantined("aaa")) == 1


def test_many_records_in_a_row_that_the_server_cannot_give_hide_no_other(serve: Serve, install: Install) -> None:
    server = serve("one-bad-record-among-many-of-a-second")
    broken = {n for n in range(40) if 5 <= n < 25}
    lacking(server, broken)
    installation = installed(install, server)
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 20, "quarantined": 20}), result.error
    server.hooks.clear()
    assert counts(run(installation)) == {"added": 20}
    assert titles(installation) == WHOLE


@pytest.mark.parametrize("given", ["<identifier>oai:x:5<", "<identifier><"], ids=["another", "nameless"])
def test_another_record_than_was_asked_for_never_takes_its_place(serve: Serve, install: Install, given: str) -> None:
    server = serve("one-bad-record-among-many-of-a-second")
    spoilt = server.hooks["body"]
    server.hooks["body"] = lambda server, asked, body: (
        spoilt(server, asked, body).replace(b"<identifier>oai:x:20<", given.encode())
        if asked.verb == "GetRecord"
        else spoilt(server, asked, body)
    )
    installation = installed(install, server)
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 38, "quarantined": 2}), result.error
    assert titles(installation) == {n: title for n, title in LESS.items() if n != "oai:x:20"}
    server.hooks.clear()
    assert counts(run(installation)) == {"added": 2}
    assert titles(installation) == WHOLE


def test_a_record_that_only_others_may_see_hides_nothing(serve: Serve, install: Install) -> None:
    server = serve("")
    lacking(server, {13}, 403)
    installation = installed(install, server)
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 39, "quarantined": 1}), result.error
    server.records[20].title, server.records[20].stamp = "เสื้อใหม่", database.now()
    again = run(installation)
    assert (again.outcome, counts(again)) == ("done", {"changed": 1, "quarantined": 1}), again.error


def test_a_record_that_leads_to_a_page_of_passwords_hides_nothing(serve: Serve, install: Install) -> None:
    server = serve("")
    lacking(server, {13})
    failing = server.hooks["http"]

    def http(server: Server, handler: Any, asked: Asked) -> bool:
        if asked.verb == "GetRecord" and asked.args["identifier"] == "oai:x:13":
            server.send(handler, b"", 302, Location="http://127.0.0.2/login")
            return True
        return bool(failing(server, handler, asked))

    server.hooks["http"] = http
    installation = installed(install, server)
    for expected in ({"added": 39, "quarantined": 1}, {"quarantined": 1}):
        result = run(installation)
        assert (result.outcome, counts(result)) == ("done", expected), result.error


def test_what_an_undo_brought_back_into_quarantine_is_asked_for_again(serve: Serve, install: Install) -> None:
    server = serve("")
    lacking(server, {13})
    installation = installed(install, server)
    assert run(installation).quarantined == 1
    server.hooks.clear()
    assert counts(run(installation)) == {"added": 1}
    undo("aaa", Store(installation.database), installation.home)
    lacking(server, {*range(40)}, 503)
    run(installation)
    assert len(Store(installation.database).quarantined("aaa")) == 1
    server.hooks.clear()
    assert counts(run(installation)) == {"changed": 1}
    assert titles(installation) == WHOLE


def test_what_is_owed_keeps_its_bytes_and_waits_behind_the_others(
    serve: Serve, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "SINGLY", 1)
    server = serve("one-bad-record")
    spoilt = server.hooks["body"]
    lacking(server, {20, 30})
    server.hooks["body"] = spoilt
    installation = installed(install, server)
    assert run(installation).quarantined == 3
    store = Store(installation.database)
    before = {place: kept for place, _, kept in store.quarantined("aaa")}
    lacking(server, {13}, 503)
    assert run(installation).outcome == "done"
    assert {place: kept for place, _, kept in store.quarantined("aaa")} == before
    server.hooks.clear()
    for left in (2, 1, 0):
        assert counts(run(installation)) == {"added": 1}
        assert len(store.quarantined("aaa")) == left
    assert titles(installation) == WHOLE


def test_what_is_gone_from_a_whole_list_is_owed_no_more(serve: Serve, install: Install) -> None:
    server = serve("never-says-deleted")
    lacking(server, {13})
    installation = installed(install, server)
    assert run(installation).quarantined == 1
    server.hooks.clear()
    server.records = [r for r in server.records if r.number != 13]
    assert counts(run(installation, full=True)) == {"unchanged": 39}
    assert Store(installation.database).quarantined("aaa") == []


def test_a_record_whose_new_version_cannot_be_given_is_not_withdrawn(serve: Serve, install: Install) -> None:
    server = serve("never-says-deleted")
    installation = installed(install, server)
    assert run(installation).added == 40
    lacking(server, {13})
    result = run(installation, full=True)
    assert (result.outcome, counts(result)) == ("done", {"unchanged": 39, "quarantined": 1}), result.error
    assert titles(installation) == WHOLE


def test_an_error_without_a_code_costs_one_record(serve: Serve, install: Install) -> None:
    server = serve("")
    lacking(server, {13})
    installation = installed(install, server)
    assert run(installation).quarantined == 1
    server.hooks.clear()
    server.hooks["body"] = lambda server, asked, body: (
        body[: body.index(b"<request/>")] + b'<error code="">no</error></OAI-PMH>'
        if asked.verb == "GetRecord"
        else body
    )
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"quarantined": 1}), result.error


def test_a_record_that_moved_to_another_set_is_not_taken_for_this_ones(serve: Serve, install: Install) -> None:
    server = serve("")
    lacking(server, {13})
    installation = installed(install, server, set="book")
    assert run(installation).quarantined == 1
    server.hooks.clear()
    server.records[13].sets = ("thesis",)
    result = run(installation)
    assert (result.outcome, result.error, counts(result)) == ("done", None, {"quarantined": 1})


@pytest.mark.parametrize("refusal", [{"status": 503}, {"status": 503, "Retry_After": "604800"}])
def test_a_server_that_gives_nothing_for_now_is_not_taken_for_broken_records(
    serve: Serve, install: Install, refusal: dict[str, Any]
) -> None:
    server = serve("one-bad-record-among-many-of-a-second")

    def http(server: Server, handler: Any, asked: Asked) -> bool:
        if asked.verb == "GetRecord":
            server.send(handler, b"not now", **refusal)
        return asked.verb == "GetRecord"

    server.hooks["http"] = http
    installation = installed(install, server)
    result = run(installation)
    assert (result.outcome, counts(result)) == ("failed", {"added": 10}), result.error  # its first page
    assert Store(installation.database).quarantined("aaa") == []
    server.hooks.clear()
    assert counts(run(installation)) == {"added": 30, "unchanged": 10}
    assert titles(installation) == WHOLE


def test_a_server_that_ignores_until_cannot_be_halved_and_says_so(serve: Serve, install: Install) -> None:
    server = serve("ignores-until")
    installation = installed(install, server)
    result = run(installation)
    assert result.outcome == "failed"
    assert "not well-formed" in (result.error or "")
    assert "ignores `until`" in (result.error or "")
    server.hooks.pop("body")
    assert run(installation).outcome == "done"
    assert titles(installation) == WHOLE


def test_a_text_of_11_mb_hides_neither_the_page_nor_the_token(
    serve: Serve, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"ANSWER_MB": "100", "TIMEOUT": "60", "LONGEST_ANSWER": "60"}.items():
        monkeypatch.setenv(f"SAHABAN_{name}", value)
    installation = installed(install, serve("a-text-of-11-mb"))
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 40}), result.error
    assert len(titles(installation)["oai:x:13"].encode()) > 10 << 20


def test_the_bytes_of_a_mended_record_are_kept_as_they_came(serve: Serve, install: Install) -> None:
    installation = installed(install, serve("bare-ampersands"))
    run(installation)
    (record,) = Store(installation.database).fetch([("aaa", "oai:x:13")])
    assert "เสื้อ & กางเกง&nbsp;R&D; 13" in record.payload.decode()


# ── what is asked for ────────────────────────────────────────────────────────────────────────────


def test_a_refused_token_goes_on_by_datestamp(serve: Serve, install: Install) -> None:
    server = serve("a-token-refused-in-the-midst")
    run(installed(install, server))
    assert [args.get("from", "") for args in server.lists() if "resumptionToken" not in args] == [
        "",
        "2024-01-20T08:00:00Z",
    ]


def test_a_list_without_order_is_asked_for_from_its_beginning(serve: Serve, install: Install) -> None:
    server = serve("a-token-refused-in-a-list-without-order")
    run(installed(install, server))
    assert [args.get("from", "") for args in server.lists() if "resumptionToken" not in args] == ["", ""]


@pytest.mark.parametrize("behaviour", ["503-seconds", "429-seconds", "503-date", "429-date"])
def test_a_busy_server_is_given_the_time_that_it_asks_for(
    serve: Serve, install: Install, waits: list[float], behaviour: str
) -> None:
    run(installed(install, serve(behaviour)))
    assert waits == [7, 7]


def test_a_server_that_ignores_from_is_seen_through(serve: Serve, install: Install) -> None:
    server = serve("ignores-from")
    installation = installed(install, server)
    run(installation)
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"unchanged": 40})
    assert "ignores `from`: 40 records came that are older" in (result.error or "")
    assert any("ignores `from`" in said for said in learned(installation))


def learned(installation: Installation) -> list[str]:
    (known,) = Store(installation.database).learned("aaa").values()
    return known.said()


def test_a_server_that_drops_the_set_brings_no_strangers(serve: Serve, install: Install) -> None:
    installation = installed(install, serve("drops-the-set-after-page-one"), set="book")
    result = run(installation)
    assert result.outcome == "done", result.error
    assert titles(installation) == {r.id: r.title for r in records() if r.number % 2 == 0}
    assert "ignores the set" in (result.error or "")


@pytest.mark.parametrize(
    ("behaviour", "since"),
    [
        ("", 20),  # times, as promised
        ("days-though-seconds-promised", 10),
        ("seconds-though-days-promised", 10),
        ("refuses-seconds", 10),
        ("no-identify", 10),
    ],
)
def test_the_next_visit_asks_in_a_granularity_that_the_server_understands(
    serve: Serve, install: Install, behaviour: str, since: int
) -> None:
    server = serve(behaviour)
    installation = installed(install, server)
    run(installation)
    run(installation)
    assert len(server.lists()[-1]["from"]) == since


def test_a_record_changed_at_a_server_without_time_zone_is_not_missed(serve: Serve, install: Install) -> None:
    """Its clock is seven hours behind: what it changes now it dates to this morning."""
    server = serve("datestamps-without-zone")
    installation = installed(install, server)
    run(installation)
    server.records[5].title = "เสือ"
    server.records[5].stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - 7 * 3600))
    assert counts(run(installation)) == {"changed": 1}


def test_one_connection_serves_the_whole_visit(serve: Serve, install: Install) -> None:
    server = serve("")
    run(installed(install, server))
    assert len({*server.peers}) == 1


# ── deletions ────────────────────────────────────────────────────────────────────────────────────


def gone(server: Server, *numbers: int) -> None:
    server.records = [r for r in server.records if r.number not in numbers]


@pytest.mark.parametrize("deletions", ["no", "transient"])
def test_what_a_server_silently_drops_is_found_by_listing_it_whole(
    serve: Serve, install: Install, monkeypatch: pytest.MonkeyPatch, deletions: str
) -> None:
    server = serve("")
    server.deletions = deletions
    installation = installed(install, server)
    run(installation)
    gone(server, 3, 4)
    assert counts(run(installation)) == {}, "listed whole today already"
    store = Store(installation.database)
    ((key, known),) = store.learned("aaa").items()
    with store.engine.begin() as connection:
        store.learn(connection, "aaa", key, type(known)(known.facts | {"whole": "2024-01-01"}, known.lessons))
    assert counts(run(installation)) == {"unchanged": 38, "deleted": 2}


def test_a_full_visit_that_lacks_too_much_is_held(serve: Serve, install: Install) -> None:
    server = serve("never-says-deleted")
    installation = installed(install, server)
    run(installation)
    gone(server, *range(25))
    result = run(installation, full=True)
    assert (result.outcome, counts(result)) == ("held", {"unchanged": 15})
    assert "25 of 40 records are missing" in (result.error or "")
    assert "--full --accept" in (result.error or "")
    assert counts(run(installation, full=True, accept=True)) == {"unchanged": 15, "deleted": 25}


def test_a_shortfall_withdraws_nothing(serve: Serve, install: Install) -> None:
    server = serve("")
    installation = installed(install, server)
    run(installation)
    gone(server, 3, 4)
    server.hooks["size"] = lambda found: 40
    result = run(installation, full=True)
    assert counts(result) == {"unchanged": 38}
    assert "claims 40 records and sent 38, 2 less" in (result.error or "")
    assert len(titles(installation)) == 40


def test_an_empty_list_withdraws_nothing(serve: Serve, install: Install) -> None:
    server = serve("never-says-deleted")
    installation = installed(install, server)
    run(installation)
    server.hooks["body"] = lambda server, asked, body: (
        body
        if asked.verb != "ListRecords"
        else (body[: body.index(b"<request/>")] + server.error("noRecordsMatch").encode() + b"</OAI-PMH>")
    )
    result = run(installation, full=True)
    assert counts(result) == {}
    assert "its list is empty" in (result.error or "")
    assert len(titles(installation)) == 40


def test_deletions_with_and_without_metadata(serve: Serve, install: Install) -> None:
    server = serve("")
    installation = installed(install, server)
    run(installation)
    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    server.records[3] = Rec(3, deleted=True, stamp=later)
    server.records[4] = Rec(4, deleted=True, stamp=later)
    plain = server.record
    server.record = lambda r: (  # type: ignore[method-assign]
        plain(Rec(4, title="เสื้อ 4")).replace(server.header(Rec(4)), server.header(r)) if r.number == 4 else plain(r)
    )
    assert counts(run(installation)) == {"deleted": 2}
    assert titles(installation).keys() == {r.id for r in records() if r.number not in (3, 4)}


def test_nothing_new_is_a_success(serve: Serve, install: Install) -> None:
    installation = installed(install, serve(""))
    run(installation)
    result = run(installation)
    assert (result.outcome, result.seen, result.error) == ("done", 0, None)


# ── killed on the way ────────────────────────────────────────────────────────────────────────────


def test_after_a_failure_at_most_one_page_is_fetched_again(serve: Serve, install: Install) -> None:
    server = serve("503-for-a-week")
    installation = installed(install, server)
    assert run(installation).added == 10
    server.hooks.clear()
    server.asked.clear()
    assert run(installation).added == 30
    assert len(server.lists()) == 3


def test_a_harvest_that_is_killed_goes_on_where_it_was(
    serve: Serve, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve("")
    installation = installed(install, server)
    put, stored = Store.put, []

    def killed(self: Store, *args: Any) -> list[str]:
        if len(stored) == 2:
            raise SystemExit("killed")
        stored.append(args)
        return put(self, *args)

    monkeypatch.setattr(Store, "put", killed)
    with pytest.raises(SystemExit):
        run(installation)
    monkeypatch.undo()
    server.asked.clear()
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 20})
    assert [args["resumptionToken"][:2] for args in server.lists()] == ["20", "30"], "what was stored is not asked for"
    assert titles(installation) == WHOLE


def test_an_error_asked_ahead_is_not_kept_for_the_run_after_a_kill(
    serve: Serve, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve("every-token-is-an-error-of-the-server")
    installation = installed(install, server)
    following = threading.Event()
    ask = web.Web.ask

    def asked(self: web.Web, arguments: Mapping[str, str], *rest: Any, **options: Any) -> web.Response:
        answer = ask(self, arguments, *rest, **options)
        if answer.status == 500:
            following.set()
        return answer

    def killed(*_: Any) -> None:
        assert following.wait(10)
        time.sleep(0.1)
        monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # a kill clears nothing away
        raise SystemExit("killed")

    monkeypatch.setattr(web.Web, "ask", asked)
    monkeypatch.setattr(Store, "put", killed)
    with pytest.raises(SystemExit):
        run(installation)
    monkeypatch.undo()
    server.hooks.clear()
    result = run(installation)
    assert (result.outcome, counts(result), result.error) == ("done", {"added": 40}, None)


# ── on the way ───────────────────────────────────────────────────────────────────────────────────


def test_what_is_asked_ahead_is_asked_once_and_not_too_far() -> None:
    asked: list[int] = []
    fourth = threading.Event()

    def ask(arguments: Mapping[str, str]) -> web.Response:
        asked.append(int(arguments["page"]))
        if asked[-1] == 6:
            raise web.Unanswered("silence")
        if asked[-1] == 4:
            fourth.set()
        return web.Response("", 200, {}, arguments["page"].encode())

    def following(_: Mapping[str, str], response: web.Response) -> Mapping[str, str]:
        return {"page": str(int(response.content) + 1)}

    ahead = Ahead(ask, following)
    assert ahead.answer({"page": "1"}).content == b"1"
    assert ahead.answer({"page": "2"}).content == b"2"
    assert fourth.wait(10), "two more are on their way while the second is read"
    time.sleep(0.1)
    assert asked == [1, 2, 3, 4]
    assert ahead.answer({"page": "2"}).content == b"2", "it came broken, and is asked for again"
    for page in ("3", "4", "5"):
        assert ahead.answer({"page": page}).content == page.encode()
    with pytest.raises(web.Unanswered, match="silence"):
        ahead.answer({"page": "6"})
    ahead.close()
    assert asked == [1, 2, 3, 4, 2, 5, 6]


def test_a_list_that_is_given_up_is_not_followed_and_stands_in_no_others_way() -> None:
    asked: list[str] = []
    on_its_way, given_up = threading.Event(), threading.Event()

    def ask(arguments: Mapping[str, str]) -> web.Response:
        asked.append(arguments["page"])
        if asked[-1] == "2":
            on_its_way.set()
            given_up.wait(10)
        return web.Response("", 200, {}, arguments["page"].encode())

    def following(_: Mapping[str, str], response: web.Response) -> Mapping[str, str]:
        return {"page": str(int(response.content) + 1)}

    ahead = Ahead(ask, following)
    ahead.answer({"page": "1"})
    assert on_its_way.wait(10)
    ahead.forget()
    given_up.set()
    ahead.answer({"page": "100"})
    ahead.answer({"page": "101"})
    ahead.close()
    assert asked[:4] == ["1", "2", "100", "101"]


def test_a_page_that_leads_to_itself_is_asked_ahead_once() -> None:
    """The list's own look at its tokens comes later: when a page is read."""
    asked: list[str] = []
    first = threading.Event()

    def ask(arguments: Mapping[str, str]) -> web.Response:
        asked.append(arguments["page"])
        assert arguments["page"] == "1" or first.wait(10)
        return web.Response("", 200, {}, b"")

    ahead = Ahead(ask, lambda *_: {"page": "2"})
    ahead.answer({"page": "1"})
    first.set()
    ahead.coming[frozenset({("page", "2")})].result(10)
    ended = threading.Thread(target=ahead.answer, args=({"page": "1"},), daemon=True)
    ended.start()
    ended.join(10)
    assert (ended.is_alive(), asked) == (False, ["1", "2", "1"])


@pytest.mark.parametrize(
    ("end", "token"),
    [
        ("<resumptionToken>a&amp;b</resumptionToken></ListRecords></OAI-PMH>", "a&b"),
        ('<oai:resumptionToken cursor="0" >\n t|2 </oai:resumptionToken >', "t|2"),
        ("<resumptionToken/></ListRecords>", ""),
        ("<resumptionToken><![CDATA[t]]></resumptionToken>", ""),
        ("<resumptionToken>early</resumptionToken>" + " " * 5000, ""),
        ("<resumptionToken>cut", ""),
    ],
)
def test_a_token_is_seen_before_the_page_is_read(end: str, token: str) -> None:
    assert token_of(b"<OAI-PMH>" + end.encode()) == token


def test_entities_are_neither_fetched_nor_multiplied(serve: Serve, install: Install, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cr3t")
    many = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    attack = f'<!DOCTYPE x [<!ENTITY s SYSTEM "file://{tmp_path}/secret"><!ENTITY e0 "เสือ">{many}]>'
    server = serve("")
    server.hooks["body"] = lambda server, asked, body: (
        body.replace(b"?>\n", b"?>" + attack.encode())
        .replace("<dc:title>เสื้อ 3<".encode(), "<dc:title>เสื้อ &s;&e9;<".encode())
        .replace("<dc:title>เสื้อ 4<".encode(), '<dc:title lang="&e9;">เสื้อ 4<'.encode())
    )
    installation = installed(install, server)
    run(installation)
    read = [(r.payload, r.values) for batch in Store(installation.database).records() for _, r in batch]
    assert "s3cr3t" not in str(read)
    assert len(str(read)) < 1 << 20


def test_what_was_learned_is_shown(serve: Serve, install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    installation = installed(install, serve("datestamps-without-zone"))
    run(installation)
    shown = CliRunner().invoke(status, ["aaa"], obj=installation).output
    assert "การลบ: บอกทุกครั้งที่ลบระเบียน" in shown
    assert "วันเวลาไม่บอกเขตเวลา 40 รายการ (2024-01-01T08:00:00 of oai:x:0)" in shown
    monkeypatch.setenv("SAHABAN_LANGUAGE", "en")
    english = installed(install, serve(""))
    assert "40 datestamps have no time zone" in CliRunner().invoke(status, ["aaa"], obj=english).output


def test_a_source_that_mended_its_ways_is_believed_after_a_whole_visit(serve: Serve, install: Install) -> None:
    server = serve("days-though-seconds-promised")
    installation = installed(install, server)
    run(installation)
    for r in server.records:
        r.stamp += "T08:00:00Z"
    assert any("another granularity" in said for said in learned(installation))
    run(installation, full=True)
    assert not any("another granularity" in said for said in learned(installation))
