"""One member's harvest, over real files and real servers."""

import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from config.installation import Installation
from harvest import notes
from harvest.record import HarvestError
from harvest.run import Locked, harvest, undo
from harvest.store import COUNTS, Run, Store
from tests.conftest import Install, member
from tests.harvest.test_formats import TIGER, marc21
from tests.harvest.test_notes import english_in


def run(installation: Installation, code: str = "aaa", **options: bool) -> Run:
    """A run, after which all that it notes can be said in Thai."""
    store = Store(installation.database)
    result = harvest(installation.tables.members[code], installation.tables, store, installation.home, **options)
    assert english_in(notes.in_language(result.error or "", "th")) == []
    return result


def counts(result: Run) -> dict[str, int]:
    return {name: getattr(result, name) for name in COUNTS if getattr(result, name)}


# ── servers by others ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fmt", ["marcxml", "oai_dc"])
@pytest.mark.parametrize(("port", "deleted"), [(8101, 27), (8104, 27), (8102, 0)])
def test_a_server_by_others_is_harvested_whole(
    servers: dict[int, str], install: Install, port: int, deleted: int, fmt: str
) -> None:
    installation = install(member("aaa", protocol="oai", url=servers[port], format=fmt))
    first = run(installation)
    assert first.outcome == "done", first.error
    assert counts(first) == {"added": 969} | ({"deleted": deleted} if deleted else {})
    standing = Store(installation.database).standings()["aaa"]
    assert (standing.live, standing.deleted, standing.quarantined) == (969, deleted, 0)
    assert counts(run(installation)) == {}, "nothing changed since"
    again = run(installation, full=True)
    assert counts(again) == {"unchanged": 969 + deleted}


def test_one_set_of_a_server(servers: dict[int, str], install: Install) -> None:
    installation = install(member("aaa", protocol="oai", url=servers[8104], format="oai_dc", set="thesis"))
    assert run(installation).seen == 473


def test_a_dry_run_counts_and_keeps_nothing(servers: dict[int, str], install: Install) -> None:
    installation = install(member("aaa", protocol="oai", url=servers[8104], format="marcxml"))
    assert counts(run(installation, dry_run=True)) == {"added": 969, "deleted": 27}
    assert Store(installation.database).standings() == {}


def test_a_format_that_the_server_lacks(servers: dict[int, str], install: Install) -> None:
    installation = install(member("aaa", protocol="oai", url=servers[8104], format="marcxml", prefix="mods"))
    result = run(installation)
    assert result.outcome == "failed"
    assert "CannotDisseminateFormat" in (result.error or "")


# ── a server that misbehaves ─────────────────────────────────────────────────────────────────────

HEAD = (
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2024-05-01T00:00:00Z</responseDate><request/>'
)
FORMATS = f"{HEAD}<ListMetadataFormats><metadataFormat><metadataPrefix>oai_dc</metadataPrefix><metadataNamespace>http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace></metadataFormat></ListMetadataFormats></OAI-PMH>"
IDENTIFY = f"{HEAD}<Identify><repositoryName>x</repositoryName><baseURL>x</baseURL><granularity>YYYY-MM-DD</granularity></Identify></OAI-PMH>"


def page(*ids: str, token: str = "") -> str:
    records = "".join(
        f"<record><header><identifier>{i}</identifier><datestamp>2024-01-01</datestamp></header><metadata>"
        f'<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>เสื้อ {i}</dc:title></oai_dc:dc></metadata></record>"
        for i in ids
    )
    return f"{HEAD}<ListRecords>{records}<resumptionToken>{token}</resumptionToken></ListRecords></OAI-PMH>"


class Scripted:
    """A real HTTP server that answers ListRecords from a script, in order; the last answer stays."""

    def __init__(self) -> None:
        self.answers: list[str | int] = []
        self.asked: list[str] = []
        self.identify = IDENTIFY
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                answer: str | int = FORMATS if "ListMetadataFormats" in self.path else outer.identify
                if "ListRecords" in self.path:
                    answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                body = b"" if isinstance(answer, int) else answer.encode()
                self.send_response(answer if isinstance(answer, int) else 200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/oai"


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    thread = threading.Thread(target=server.server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.server.shutdown()
    server.server.server_close()
    thread.join()


@pytest.fixture
def oai(install: Install, scripted: Scripted) -> Installation:
    return install(member("aaa", protocol="oai", url=scripted.url, format="oai_dc"))


def test_a_harvest_goes_on_from_the_last_good_page(oai: Installation, scripted: Scripted) -> None:
    scripted.answers = [page("1", "2", token="t1"), "<html>down</html>"]
    broken = run(oai)
    assert (broken.outcome, counts(broken)) == ("failed", {"added": 2})
    assert "not with OAI-PMH" in (broken.error or "")
    scripted.asked.clear()
    scripted.answers = [page("3", token="")]
    assert counts(run(oai)) == {"added": 1}
    assert "resumptionToken=t1" in scripted.asked[0], "the pages before are not fetched again"


def test_after_a_kill_what_was_fetched_is_not_fetched_again(oai: Installation, scripted: Scripted) -> None:
    """While page 2 is stored page 3 is there already; neither is in the store when the harvest is killed."""
    scripted.answers = [page("1", token="t1"), page("2", token="t2"), page("3")]
    kill = (
        "import os, time, harvest.store, sahaban\n"
        "put = harvest.store.Store.put\n"
        "def killed(self, *args, **more):\n"
        "    if put.__dict__.setdefault('batches', []): time.sleep(1); os.kill(os.getpid(), 9)\n"
        "    put.__dict__['batches'].append(1)\n"
        "    return put(self, *args, **more)\n"
        "harvest.store.Store.put = killed\n"
        "sahaban.main()\n"
    )
    environ = os.environ | {"SAHABAN_CONFIG": str(oai.directory), "SAHABAN_HOME": str(oai.home)}
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", kill, "harvest"], env=environ, cwd=root, check=False).returncode == -9
    assert Store(oai.database).standings()["aaa"].live == 1
    scripted.asked.clear()
    result = run(oai)
    assert (result.outcome, counts(result)) == ("done", {"added": 2})
    assert [asked for asked in scripted.asked if "ListRecords" in asked] == []
    run(oai)
    assert "from=" in scripted.asked[-1], "what was kept is used once"


def test_a_token_that_grew_old_begins_the_list_anew(oai: Installation, scripted: Scripted) -> None:
    scripted.answers = [page("1", token="t1"), 500]
    assert run(oai).outcome == "failed"
    scripted.answers = [f'{HEAD}<error code="badResumptionToken">old</error></OAI-PMH>', page("1", "2")]
    result = run(oai)
    assert (result.outcome, counts(result)) == ("done", {"unchanged": 1, "added": 1})


def test_the_next_visit_begins_at_the_first_answers_own_time_less_the_overlap(
    oai: Installation, scripted: Scripted
) -> None:
    scripted.answers = [page("1")]
    run(oai)
    run(oai)
    assert "from=2024-04-30&" in scripted.asked[-1] + "&", "a day less, in the granularity that Identify tells"


def test_a_token_that_leads_nowhere_ends(oai: Installation, scripted: Scripted) -> None:
    scripted.answers = [page("1", token="same")]
    result = run(oai)
    assert result.outcome == "failed"
    assert "same resumption token again" in (result.error or "")


def test_truncated_xml_is_an_error_and_not_the_end(oai: Installation, scripted: Scripted) -> None:
    scripted.answers = [page("1", "2", token="t")[:-60]]
    result = run(oai)
    assert (result.outcome, result.seen) == ("failed", 0)


def test_a_record_without_metadata_costs_only_itself(oai: Installation, scripted: Scripted) -> None:
    lone = "<record><header><identifier>9</identifier><datestamp>2024-01-01</datestamp></header></record>"
    scripted.answers = [page("1").replace("<ListRecords>", f"<ListRecords>{lone}")]
    assert counts(run(oai)) == {"added": 1, "quarantined": 1}
    assert "no metadata" in Store(oai.database).quarantined("aaa")[0][1]


def test_a_server_that_is_not_there(install: Install) -> None:
    installation = install(member("aaa", protocol="oai", url="http://127.0.0.1:9/oai", format="oai_dc"))
    result = run(installation)
    assert result.outcome == "failed"
    assert "http://127.0.0.1:9/oai: cannot be reached" in (result.error or "")
    assert "\n" not in (result.error or "")


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def drop(installation: Installation, **files: bytes) -> Path:
    directory = installation.directory / "drop"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    for name, raw in files.items():
        (directory / name).write_bytes(raw)
    return directory


def book(number: int, title: str = "เสือ") -> bytes:
    return marc21(("001", f"b{number}"), *TIGER[1:3], ("245", f"00$a{title} {number}"))


@pytest.mark.parametrize("path", ["drop", "drop/*.mrc", "drop/a.mrc"])
def test_a_file_a_pattern_or_a_directory(install: Install, path: str) -> None:
    installation = install(member("aaa", protocol="file", path=path, format="marc"))
    drop(installation, **{"a.mrc": book(1) + book(2)})
    assert counts(run(installation)) == {"added": 2}
    assert counts(run(installation)) == {"unchanged": 2}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"empty.mrc": b""}, "drop/empty.mrc: the file is empty (0 bytes)"),
        ({}, "drop: the directory has no file"),
    ],
)
def test_nothing_to_read_is_said_and_nothing_is_lost(install: Install, files: dict[str, bytes], said: str) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc", load="full"))
    drop(installation, **{"a.mrc": book(1) + book(2)})
    run(installation)
    drop(installation, **files)
    result = run(installation)
    assert result.outcome == "failed"
    assert said in (result.error or "")
    assert Store(installation.database).standings()["aaa"].live == 2


def test_one_bad_file_does_not_hide_the_next(install: Install) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc"))
    drop(installation, **{"a.mrc": b"", "b.mrc": book(1)})
    result = run(installation)
    assert (result.outcome, counts(result)) == ("failed", {"added": 1})


def test_a_full_load_that_lacks_too_much_is_held_until_a_person_accepts(install: Install) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc", load="full"))
    drop(installation, **{"a.mrc": b"".join(book(n) for n in range(100))})
    run(installation)
    drop(installation, **{"a.mrc": b"".join(book(n) for n in range(85))})
    assert counts(run(installation)) == {"unchanged": 85, "deleted": 15}, "below the floor of 20 it just happens"
    drop(installation, **{"a.mrc": b"".join(book(n) for n in range(40))})
    held = run(installation)
    assert (held.outcome, counts(held)) == ("held", {"unchanged": 40})
    assert "45 of 85 records are missing" in (held.error or "")
    accepted = run(installation, accept=True)
    assert (accepted.outcome, counts(accepted)) == ("done", {"unchanged": 40, "deleted": 45})


@pytest.mark.parametrize(("old", "kept", "new"), [(3, 1, 1), (600, 560, 500)])
def test_a_load_that_was_held_back_is_held_each_night(install: Install, old: int, kept: int, new: int) -> None:
    """Its new records are taken in the first night; they must not make what is missing a smaller share the second."""
    installation = install(member("aaa", protocol="file", path="drop", format="marc", load="full"))
    drop(installation, **{"a.mrc": b"".join(book(n) for n in range(old))})
    run(installation)
    drop(installation, **{"a.mrc": b"".join(book(n) for n in [*range(kept), *range(1000, 1000 + new)])})
    for night in (1, 2, 3):
        held = run(installation)
        assert held.outcome == "held", (night, counts(held))
        assert f"{old - kept} of {old} records are missing" in (held.error or "")
    accepted = run(installation, accept=True)
    assert (accepted.outcome, counts(accepted)) == ("done", {"unchanged": kept + new, "deleted": old - kept})


def test_what_came_from_an_address_that_is_no_longer_named_is_told_until_a_person_decides(install: Install) -> None:
    old = member("aaa", protocol="file", path="drop", format="marc")
    installation = install(old)
    drop(installation, **{"a.mrc": book(1) + book(2) + book(3)})
    run(installation)
    (installation.directory / "members.toml").write_text(old.replace('"drop"', '"moved"'), encoding="utf-8")
    moved = Installation(installation.directory, installation.home, installation.known)
    (moved.directory / "moved").mkdir()
    (moved.directory / "moved/a.mrc").write_bytes(book(1) + book(4))
    for _ in range(2):
        result = run(moved)
        assert result.outcome == "done"
        assert "drop marc: members.toml no longer names it; records that came from there only: 2" in (
            result.error or ""
        )
    (moved.directory / "moved/a.mrc").write_bytes(b"")
    assert counts(run(moved, accept=True)) == {}, "nothing goes while the new address brings nothing"
    (moved.directory / "moved/a.mrc").write_bytes(book(1) + book(4))
    result = run(moved, accept=True)
    assert (result.error, counts(result)) == (None, {"unchanged": 2, "deleted": 2})
    undo("aaa", Store(moved.database), moved.home)
    assert Store(moved.database).standings()["aaa"].live == 4
    moved.database.dispose()


def test_the_psu_sample_comes_with_its_repeated_ids(install: Install, data: Path) -> None:
    installation = install(member("aaa", protocol="file", path=str(data / "marc/psu-sample-728.mrc"), format="marc"))
    first = run(installation)
    assert (first.seen, first.added, first.superseded) == (728, 531, 197)
    second = run(installation)
    assert (second.seen, second.unchanged, second.superseded) == (728, 531, 197)


def test_a_holdings_record_does_not_stand_in_its_titles_place(install: Install) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc"))
    holdings = [
        marc21(("001", number), ("852", "  $aขอนแก่น$hน 1"), leader=f"00000n{kind}  a2200000 n 4500")
        for number, kind in [("b1", "x"), ("b2", "y"), ("b9", "v")]
    ]
    drop(installation, **{"a.mrc": book(1) + holdings[0] + book(2), "b.mrc": holdings[1] + holdings[2]})
    for _ in range(2):
        result = run(installation)
        assert (result.superseded, result.quarantined, result.seen) == (2, 1, 5)
    ((place, reason, _),) = Store(installation.database).quarantined("aaa")
    assert (place, reason) == ("drop/b.mrc, record 2", "a holdings record whose title is not there")
    read = [record for batch in Store(installation.database).records() for _, record in batch]
    assert [record.values["title"] for record in read] == [("เสือ 1",), ("เสือ 2",)]


def test_an_undo_that_has_nothing_to_undo_says_so_and_changes_nothing(install: Install) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc"))
    store = Store(installation.database)
    assert run(installation).outcome == "failed"
    with pytest.raises(HarvestError, match="nothing to undo"):
        undo("aaa", store, installation.home)
    assert [result.outcome for _, _, result in store.runs("aaa")] == ["failed"]


def test_a_second_harvest_of_the_same_member_at_the_same_time_is_refused(install: Install) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc"))
    installation.home.mkdir(parents=True)
    with FileLock(installation.home / "harvest-aaa.lock"), pytest.raises(Locked):
        run(installation)


def test_a_killed_harvest_is_completed_by_the_next(install: Install, tmp_path: Path) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc"))
    drop(installation, **{"a.mrc": b"".join(book(n) for n in range(3000))})
    code = (
        "import os, harvest.run, harvest.store, sahaban\n"
        "put = harvest.store.Store.put\n"
        "def once(self, *args, **more):\n"
        "    stored = put(self, *args, **more)\n"
        "    once.batches = getattr(once, 'batches', 0) + 1\n"
        "    if once.batches == 3: os.kill(os.getpid(), 9)\n"
        "    return stored\n"
        "harvest.store.Store.put = once\n"
        "sahaban.main()\n"
    )
    environ = os.environ | {"SAHABAN_CONFIG": str(installation.directory), "SAHABAN_HOME": str(installation.home)}
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", code, "harvest"], env=environ, cwd=root, check=False)
    assert killed.returncode == -9
    result = run(installation)
    assert (result.outcome, result.seen) == ("done", 3000)
    assert Store(installation.database).standings()["aaa"].live == 3000


@pytest.mark.parametrize(
    "answer",
    [f"{HEAD}</OAI-PMH>", "<html/>"],
    ids=["neither-records-nor-error", "html"],
)  # fmt: skip
def test_an_answer_that_is_none_moves_no_watermark(oai: Installation, scripted: Scripted, answer: str) -> None:
    scripted.answers = [answer]
    assert run(oai).outcome == "failed"
    scripted.asked.clear()
    scripted.answers = [page("1")]
    assert counts(run(oai)) == {"added": 1}
    assert not any("from=" in asked for asked in scripted.asked)


@pytest.mark.parametrize("date", ["2569-01-01T00:00:00Z", "9999-99-99T99:99:99Z", "", "เวลาไทย"])
def test_an_answer_from_the_future_is_dated_by_this_machine(oai: Installation, scripted: Scripted, date: str) -> None:
    scripted.answers = [page("1").replace("2024-05-01T00:00:00Z", date)]
    run(oai)
    result = run(oai)
    assert (result.outcome, counts(result)) == ("done", {"unchanged": 1})
    (since,) = [part for part in scripted.asked[-1].split("&") if part.startswith("from=")]
    assert "from=2024" < since < "from=2100"


def test_a_deletion_holds_whatever_stands_below_its_header(oai: Installation, scripted: Scripted) -> None:
    scripted.answers = [page("1", "2")]
    run(oai)
    empty = '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"/>'
    deleted = f'<record><header status="deleted"><identifier>1</identifier><datestamp>2024-01-02</datestamp></header><metadata>{empty}</metadata></record>'
    scripted.answers = [page("2").replace("<ListRecords>", f"<ListRecords>{deleted}")]
    assert counts(run(oai)) == {"deleted": 1, "unchanged": 1}
    assert Store(oai.database).standings()["aaa"].live == 1


def test_pages_without_end_and_without_records_end(oai: Installation, scripted: Scripted) -> None:
    scripted.answers = [page(token=f"t{n}") for n in range(40)]
    result = run(oai)
    assert (result.outcome, result.seen) == ("failed", 0)
    assert "pages without a record" in (result.error or "")


def test_what_was_broken_and_is_mended_leaves_the_quarantine(install: Install) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc"))
    drop(installation, **{"a.mrc": book(1) + b"broken\x1d"})
    run(installation)
    assert Store(installation.database).standings()["aaa"].quarantined == 1
    drop(installation, **{"a.mrc": book(1) + book(2)})
    run(installation)
    assert Store(installation.database).standings()["aaa"].quarantined == 0


def test_several_harvests_and_an_index_write_at_once(install: Install) -> None:
    codes = ("aaa", "bbb", "ccc")
    installation = install(
        "".join(member(code, protocol="file", path=f"drop/{code}.mrc", format="marc") for code in codes)
    )
    drop(installation, **{f"{code}.mrc": b"".join(book(n, code) for n in range(1500)) for code in codes})
    root = Path(__file__).parents[2]
    line = [
        sys.executable,
        str(root / "sahaban.py"),
        "--config",
        str(installation.directory),
        "--home",
        str(installation.home),
    ]
    running = [
        subprocess.Popen([*line, *words], stdout=subprocess.DEVNULL)
        for words in (*(("harvest", c) for c in codes), ("index",))
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0, 0]
    assert {s.live for s in Store(installation.database).standings().values()} == {1500}


def test_a_file_whose_name_is_no_utf_8(install: Install) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc"))
    folder = drop(installation, **{"a.mrc": book(1)})
    (folder / os.fsdecode("หนังสือ\n.mrc".encode("tis-620"))).write_bytes(b"broken\x1d")
    assert counts(run(installation)) == {"added": 1, "quarantined": 1}
