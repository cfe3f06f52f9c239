"""The night as an operator lives with it: everybody harvested, whatever one does; a report that reaches people."""

import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

import msgspec
import pytest
from filelock import FileLock
from sqlalchemy import update

import sahaban
from config import database
from config.installation import Installation
from config.tables import Settings, Tables, Text
from harvest.shape import runs
from harvest.store import Run, Store
from harvest.trouble import Trouble
from index.build import Built
from index.night import sending
from index.night.page import page
from index.night.report import MemberNight, Report, minute, subject, text
from tests.conftest import ROOT, Install, member, missing, replaced
from tests.harvest.misbehaving import serving
from tests.harvest.test_formats import csv_bytes
from tests.mailserver import Mailbox, mailbox
from webapp.typeface import embedded

Command = Callable[..., subprocess.CompletedProcess[str]]
GOOD = {"protocol": "file", "path": "drop/good.csv", "format": "sheet"}


def line(installation: Installation, *arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "sahaban.py"), "--config", str(installation.directory),
            "--home", str(installation.home), *arguments]  # fmt: skip


def environ(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SAHABAN_")} | more


def command(installation: Installation, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    asked = line(installation, *arguments)
    result = subprocess.run(asked, env=environ(**more), capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in result.stderr + result.stdout, result.stderr
    return result


def night(installation: Installation, **settings: object) -> tuple[int, dict[str, Any]]:
    """A night, its settings as environment: the exit code and the report."""
    given = {f"SAHABAN_{name.upper()}": str(value) for name, value in settings.items()}
    result = command(installation, "nightly", "--json", **given)
    assert result.stdout, result.stderr
    return result.returncode, json.loads(result.stdout)


def kinds(report: dict[str, Any]) -> list[str]:
    return [one["kind"] for one in report["troubles"]]


def shelve(installation: Installation, name: str = "good", titles: tuple[str, ...] = ("เสือสมิง", "เสื้อผ้าอีสาน")) -> None:
    (installation.directory / "drop").mkdir(exist_ok=True)
    rows = [["ชื่อเรื่อง", "ผู้แต่ง"], *([title, "น้อย อินทนนท์"] for title in titles)]
    (installation.directory / "drop" / f"{name}.csv").write_bytes(csv_bytes(rows))


@pytest.fixture
def library(install: Install) -> Installation:
    """One member with two books."""
    installation = install(member("good", **GOOD))
    shelve(installation)
    return installation


# ── the members ──────────────────────────────────────────────────────────────────────────────────


@contextmanager
def silence() -> Iterator[str]:
    """A server that takes a connection and says nothing, for ever."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/oai"


def test_a_member_that_hangs_stops_nobody_and_is_stopped(install: Install) -> None:
    with silence() as url:
        installation = install(member("hangs", protocol="oai", url=url, format="oai_dc") + member("good", **GOOD))
        shelve(installation)
        began = time.monotonic()
        code, report = night(installation, longest_harvest=6, members_at_once=1)
        assert time.monotonic() - began < 60, "its own time-outs would have been minutes"
    hangs, good = report["members"]["hangs"], report["members"]["good"]
    assert (code, report["outcome"], good["run"]["added"]) == (1, "person", 2)
    assert hangs["run"]["outcome"] == "failed"
    assert "took longer than 6 seconds (longest_harvest in settings.toml) and was stopped" in hangs["run"]["error"]
    assert [trouble["kind"] for trouble in hangs["troubles"]] == ["failed"]
    assert report["index"]["titles"] == 2
    (run,) = Store(installation.database).runs("hangs")
    assert run[2].outcome == "failed"
    code, report = night(installation, longest_harvest=6)
    assert report["members"]["hangs"]["busy"] == "", "its lock was given back"


def test_a_user_without_a_home_that_can_be_written(library: Installation) -> None:
    result = command(library, "nightly", HOME="/dev/null")
    assert result.returncode == 0, result.stdout
    found = command(library, "search", "เสือสมิง", "--json", HOME="/dev/null")
    assert json.loads(found.stdout)["total"] == 1


def test_another_members_file_is_not_told_as_records_that_are_missing(install: Install) -> None:
    """What is missing may be accepted; another's file is to be replaced. The second is news after the first."""
    installation = install(member("good", **GOOD | {"load": "full"}))
    shelve(installation, titles=("เสือสมิง", "เสื้อผ้าอีสาน", "นิทานอีสป"))
    assert night(installation)[0] == 0
    shelve(installation, titles=("เสือสมิง",))
    code, report = night(installation)
    assert (code, report["new"]) == (1, ["good/held"])
    shelve(installation, titles=("ช่างยนต์เบื้องต้น", "ไฟฟ้ากำลัง", "งานเชื่อมโลหะ"))
    code, report = night(installation)
    assert (code, report["new"]) == (1, ["good/foreign"])
    told = (installation.home / "reports" / "last.html").read_text(encoding="utf-8")
    assert "ไฟล์ที่ได้รับดูเหมือนเป็นของห้องสมุดอื่น" in told
    assert "จาก 3 ระเบียน ไม่รู้จัก 3" in told
    shown = command(installation, "status").stdout
    assert "put the right file in its place" in shown
    assert "if they were withdrawn" not in shown


def test_a_member_whose_process_dies_costs_only_itself(install: Install, tmp_path: Path) -> None:
    """As the kernel does it where memory is short."""
    with serving() as server:
        killed = threading.Event()

        def kill(server: Any, asked: Any, body: bytes) -> bytes:
            if asked.offset == 20 and not killed.is_set():
                killed.set()
                (process,) = of_parent(night_process.pid)
                os.kill(process, signal.SIGKILL)
            return body

        server.hooks["body"] = kill
        installation = install(member("dies", protocol="oai", url=server.url, format="oai_dc") + member("good", **GOOD))
        shelve(installation)
        asked = line(installation, "nightly", "--json")
        night_process = subprocess.Popen(asked, env=environ(SAHABAN_MEMBERS_AT_ONCE="1"), stdout=subprocess.PIPE)
        report = json.loads(night_process.communicate(timeout=120)[0])
        dies = report["members"]["dies"]
        assert "its process ended by itself, by signal 9 (Killed): is there memory enough?" in dies["run"]["error"]
        assert (dies["run"]["outcome"], report["members"]["good"]["run"]["added"]) == ("failed", 2)
        code, report = night(installation)
        assert (code, report["outcome"]) == (0, "done")
        assert report["members"]["dies"]["live"] == 40


def of_parent(parent: int) -> list[int]:
    """The harvests of a night: its children, but for multiprocessing's own tracker."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat, told = (path / "stat").read_text(), (path / "cmdline").read_bytes()
        except OSError:
            continue
        if int(stat.rpartition(") ")[2].split()[1]) == parent and b"spawn_main" in told:
            found.append(int(path.name))
    return found


def test_many_members_at_once_and_the_slow_one_last(install: Install) -> None:
    codes = [f"lib{number}" for number in range(5)]
    with serving() as server:
        server.hooks["body"] = lambda server, asked, body: time.sleep(0.5) or body
        slow = member("slow", protocol="oai", url=server.url, format="oai_dc")
        installation = install(
            slow + "".join(member(c, protocol="file", path=f"drop/{c}.csv", format="sheet") for c in codes)
        )
        for code in codes:
            shelve(installation, code, (f"เสือ {code}", "เสื้อ"))
        result, report = night(installation, members_at_once=3)
    assert (result, list(report["members"])) == (0, ["slow", *codes]), "in the table's order, whoever ended first"
    assert {code: one["live"] for code, one in report["members"].items()} == {"slow": 40} | dict.fromkeys(codes, 2)


def test_a_member_that_is_being_harvested_elsewhere_waits(install: Install) -> None:
    installation = install(
        member("good", **GOOD) + member("other", protocol="file", path="drop/other.csv", format="sheet")
    )
    shelve(installation)
    shelve(installation, "other")
    installation.home.mkdir()
    with FileLock(installation.home / "harvest-other.lock"):
        code, report = night(installation)
    assert (code, report["outcome"]) == (3, "busy")
    assert "another harvest of this member is running" in report["members"]["other"]["busy"]
    assert report["members"]["good"]["live"] == 2


# ── one night at a time ──────────────────────────────────────────────────────────────────────────


def test_a_second_night_is_told_who_is_at_it_since_when(install: Install) -> None:
    with silence() as url:
        installation = install(member("hangs", protocol="oai", url=url, format="oai_dc"))
        first = subprocess.Popen(line(installation, "nightly"), env=environ(), stdout=subprocess.DEVNULL)
        try:
            until(lambda: (installation.home / "nightly.json").exists() and of_parent(first.pid))
            second = command(installation, "nightly")
        finally:
            first.kill()
            first.wait()
        assert (second.returncode, second.stdout) == (3, "")
        (said,) = second.stderr.splitlines()
        told = json.loads((installation.home / "nightly.json").read_text())
        assert f"another run (nightly) is going on since {told['since']}, process {first.pid} on" in said


def test_a_night_that_was_killed_stops_nobody_and_is_told(install: Install) -> None:
    with silence() as url:
        installation = install(member("hangs", protocol="oai", url=url, format="oai_dc") + member("good", **GOOD))
        shelve(installation)
        first = subprocess.Popen(line(installation, "nightly"), env=environ(), stdout=subprocess.DEVNULL)
        store = Store(installation.database)
        until(lambda: {code: one.live for code, one in store.standings().items()} == {"hangs": 0, "good": 2})
        harvests = of_parent(first.pid)
        first.kill()
        first.wait()
        until(lambda: not any(Path(f"/proc/{process}").exists() for process in harvests))
    code, report = night(installation, retries=0)
    assert code == 1
    assert kinds(report) == ["killed"]
    assert f"nightly, {first.pid}@" in report["troubles"][0]["said"]["en"]
    assert report["members"]["hangs"]["busy"] == "", "no harvest was left behind that holds its member's lock"
    assert (report["members"]["good"]["run"]["unchanged"], report["index"]["titles"]) == (2, 2)
    assert kinds(night(installation, retries=0)[1]) == []


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


# ── the report ───────────────────────────────────────────────────────────────────────────────────


def test_a_night_that_cannot_say_who_has_the_turn_goes_on(library: Installation) -> None:
    (library.home / "nightly.json").mkdir(parents=True)  # as on a full disk, nothing can be written there
    assert night(library)[0] == 0


def test_the_report_is_kept_in_three_forms_and_the_last_one_is_found(library: Installation) -> None:
    code, report = night(library)
    assert (code, report["outcome"], report["new"]) == (0, "done", [])
    folder = library.home / "reports"
    stamp = report["started"].replace(":", "-")
    for form in ("html", "json", "txt"):
        assert (folder / f"night-{stamp}.{form}").read_bytes() == (folder / f"last.{form}").read_bytes()
    assert json.loads((folder / "last.json").read_text()) == report
    assert "เรียบร้อยทุกแห่ง" in (folder / "last.txt").read_text()
    told = (folder / "last.txt").read_text()
    assert "good: 2 ระเบียน: เพิ่ม 2\n" in told
    assert "ปรับปรุงดัชนีแล้ว: 2 ชื่อเรื่อง" in told or "สร้างดัชนีใหม่แล้ว: 2 ชื่อเรื่อง" in told
    shown = command(library, "status").stdout
    when = minute(report["finished"], "en")
    assert f"last night {when}: All is well · เรียบร้อยทุกแห่ง; {folder / 'last.html'}" in shown


def test_old_reports_go_and_what_others_put_there_stays(library: Installation) -> None:
    folder = library.home / "reports"
    folder.mkdir(parents=True)
    old, recent = ((database.now(-days)).replace(":", "-") for days in (8, 6))
    names = [f"night-{old}.html", f"night-{old}.json", f"night-{recent}.txt", "notes.txt", f"night-{old}.pdf"]
    for name in names:
        (folder / name).write_text("x")
    night(library, report_days=7)
    left = {path.name for path in folder.iterdir()}
    assert {name for name in names if name in left} == {f"night-{recent}.txt", "notes.txt", f"night-{old}.pdf"}
    assert not [name for name in left if name.startswith(".")]


def test_a_trouble_is_new_once(install: Install) -> None:
    installation = install(member("good", **GOOD))
    (_, first), (_, second) = night(installation), night(installation)
    assert (first["new"], second["new"]) == (["good/failed"], [])
    assert "[ใหม่]" in first_text(installation)
    assert "มี 1 เรื่องต้องดูแล (แจ้งแล้วคืนก่อน)" in (installation.home / "reports/last.txt").read_text()


def first_text(installation: Installation) -> str:
    return sorted((installation.home / "reports").glob("night-*.txt"))[0].read_text()


def test_a_night_without_its_database_is_told(library: Installation, tmp_path: Path) -> None:
    with mailbox() as box:
        url = f"sqlite:///{tmp_path}/nowhere/x.db"
        code, report = night(library, database=url, mail_to="a@x.ac.th", mail_from="b@x.ac.th", mail_port=box.port)
    assert (code, kinds(report), report["members"]) == (1, ["database"], {})
    assert "unable to open database file" in report["troubles"][0]["said"]["en"]
    assert len(box.letters) == 1


def test_an_index_that_cannot_be_used_is_told_and_the_harvest_stays(library: Installation) -> None:
    night(library)
    (meta,) = (library.home / "index").glob("*/generation.json")
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"version": "of old"}))
    code, report = night(library)
    assert (code, kinds(report), report["index"]) == (1, ["index"], None)
    assert "the index is of another version" in report["troubles"][0]["said"]["en"]
    assert report["members"]["good"]["run"]["unchanged"] == 2


HOSTILE = 'ก<script>alert(1)</script>\r\nBcc: evil@x.org\x1b[31m"\u202e'


def hostile() -> Report:
    run = Run("2026-11-27T18:30:00Z", "2026-11-27T18:30:05Z", "failed", 0, 0, 0, 0, 0, 0, 0, f"{HOSTILE}\nsecond line")
    trouble = Trouble("failed", Text(HOSTILE, HOSTILE), Text(HOSTILE, HOSTILE))
    one = MemberNight(Text(HOSTILE, HOSTILE), 5.0, 0, 0, 0, run, troubles=(trouble,))
    busy = MemberNight(Text("ข", "B"), 0.0, 0, 0, 0, busy=HOSTILE)
    return Report(
        "2026-11-27T18:30:00Z", "2026-11-27T18:31:00Z", "person", {"aaa": one, "bbb": busy},
        Built(1, 1, 1, False), HOSTILE, (trouble,), ("aaa/failed",),
    )  # fmt: skip


@pytest.mark.parametrize("language", ["th", "en"])
def test_hostile_names_and_errors_break_neither_page_nor_line_nor_mail(language: str) -> None:
    settings = Settings(language=language, mail_to="a@x.ac.th", mail_from="b@x.ac.th")  # type: ignore[arg-type]
    shown = page(hostile(), settings)
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    told = text(hostile(), language)
    for unwanted in ("\r", "\x1b", "\u202e"):
        assert unwanted not in shown + told + subject(hostile(), language)
    assert not [line for line in told.splitlines() if line.startswith(("Bcc", "second"))]
    message = sending.letter(hostile(), settings)
    names = message_from_bytes(bytes(message)).keys()
    assert sorted(names) == sorted("Subject From To Date Message-ID Auto-Submitted MIME-Version Content-Type".split())


def test_the_page_needs_no_other_file_and_has_the_colours_of_the_site() -> None:
    shown = page(hostile(), Settings(), embedded())
    assert shown.count("data:font/woff2;base64,") == 4
    assert "http" not in shown.replace("http://127.0.0.1", "")
    site = (ROOT / "webapp/static/site.css").read_text(encoding="utf-8")
    light = site[site.index(":root") : site.index("@media (prefers-color-scheme: dark)")]
    used = set(re.findall(r"#[0-9a-f]{3,6}\b", page(hostile(), Settings())))
    assert used <= {*re.findall(r"#[0-9a-f]{6}", light), "#fff"}, "only colours of the catalogue"


def test_days_are_those_of_khon_kaen() -> None:
    report = msgspec.structs.replace(hostile(), started="2026-11-27T18:30:00Z")
    assert text(report, "th").splitlines()[1] == "28 พฤศจิกายน 2569 01.30 น. – 01.31 น."
    assert text(report, "en").splitlines()[1] == "28 November 2026, 01:30 – 01:31"
    assert subject(report, "en").endswith("– 28 November 2026")


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────

TO = {"mail_to": "a@x.ac.th, b@y.ac.th", "mail_from": "sahaban@x.ac.th", "mail_host": "127.0.0.1"}


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as made:
        yield made


def test_the_report_comes_by_mail_as_text_and_as_a_page(library: Installation, box: Mailbox) -> None:
    code, _ = night(library, **TO, mail_port=box.port)
    assert code == 0
    (letter,) = box.letters
    assert box.recipients == ["a@x.ac.th", "b@y.ac.th"]
    assert letter["Subject"].startswith("สหบรรณ: เรียบร้อยทุกแห่ง – ")
    assert letter["Auto-Submitted"] == "auto-generated"
    plain, rich = (letter.get_body((form,)) for form in ("plain", "html"))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().strip() == (library.home / "reports/last.txt").read_text().strip()
    assert "<table>" in rich.get_content()
    assert "base64,AA" not in rich.get_content(), "no fonts in a mail"
    assert box.logins == []


def test_a_subject_says_the_outcome_and_whom_it_is_about(install: Install, box: Mailbox) -> None:
    night(install(member("good", **GOOD)), **TO, mail_port=box.port, language="en")
    assert box.letters[0]["Subject"].startswith("Sahaban: 1 thing needs a person [good] – ")


def test_who_wants_to_hear_of_troubles_only(library: Installation, box: Mailbox) -> None:
    night(library, **TO, mail_port=box.port, mail_when="trouble")
    assert box.letters == []
    (library.directory / "drop/good.csv").unlink()
    night(library, **TO, mail_port=box.port, mail_when="trouble")
    assert len(box.letters) == 1


@pytest.mark.parametrize(
    ("refuses", "said"),
    [
        (
            {"RCPT TO:<a@x": "550 no such user\x1b[1m here"},
            "does not take mail for a@x.ac.th (550 no such user[1m here)",
        ),
        ({"RCPT": "550 nobody"}, "does not take mail for a@x.ac.th (550 nobody), b@y.ac.th (550 nobody)"),
        ({"MAIL": "451 come back later"}, "answers 451: come back later"),
        ({"EHLO": "421 go away", "HELO": "421 go away"}, "go away"),
    ],
)
def test_a_mail_that_is_refused_is_told_and_the_night_stands(
    library: Installation, box: Mailbox, refuses: dict[str, str], said: str
) -> None:
    box.refuses = refuses
    code, report = night(library, **TO, mail_port=box.port)
    assert (code, kinds(report), report["index"]["titles"]) == (1, ["mail"], 2)
    assert said in report["troubles"][0]["said"]["en"]
    assert json.loads((library.home / "reports/last.json").read_text()) == report


def test_a_mail_server_that_is_not_there_is_told(library: Installation) -> None:
    code, report = night(library, **TO, mail_port=9)
    assert (code, kinds(report)) == (1, ["mail"])
    assert "127.0.0.1:9: Connection refused" in report["troubles"][0]["said"]["en"]


def test_a_mail_server_that_says_nothing_is_waited_for_only_so_long(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch, tables: Tables
) -> None:
    box.silent = True
    monkeypatch.setattr(sending, "LONGEST", 1.0)
    asked = replaced(tables, **TO, mail_port=box.port)
    with pytest.raises(sending.Untold, match="does not answer in time"):
        sending.mail(hostile(), asked)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if not shutil.which("openssl"):
        missing("openssl is missing: apt-get install openssl")
    folder = tmp_path_factory.mktemp("certificate")
    made = (folder / "cert.pem", folder / "key.pem")
    asked = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*asked.split(), "-out", made[0], "-keyout", made[1]], check=True, capture_output=True)
    return made


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_a_password_goes_over_tls_and_shows_nowhere(
    library: Installation, box: Mailbox, certificate: tuple[Path, Path], how: str
) -> None:
    box.certificate, box.tls = certificate, how == "tls"
    secured = {**TO, "mail_port": box.port, "mail_security": how, "mail_user": "union", "mail_password": "env:S"}
    given = {f"SAHABAN_{name.upper()}": str(value) for name, value in secured.items()} | {"S": "s3cret-word"}
    refused = command(library, "-v", "nightly", **given)
    assert refused.returncode == 1
    assert "certificate" in refused.stdout, "nobody vouches for it"
    assert box.logins == []
    taken = command(library, "-v", "nightly", **given, SSL_CERT_FILE=str(certificate[0]))
    assert (taken.returncode, box.logins) == (0, [("union", "s3cret-word", True)])
    box.refuses = {"AUTH": "535 who is union with s3cret?"}
    wrong = command(library, "-v", "nightly", **given, SSL_CERT_FILE=str(certificate[0]))
    assert "answers 535" in wrong.stdout
    kept = "".join(path.read_text() for path in (library.home / "reports").iterdir())
    assert "s3cret-word" not in kept + "".join(r.stdout + r.stderr for r in (refused, taken, wrong))


def test_a_password_that_others_can_read_is_not_used(library: Installation, box: Mailbox) -> None:
    (library.directory / "smtp").write_text("s3cret")
    (library.directory / "smtp").chmod(0o644)
    _, report = night(library, **TO, mail_port=box.port, mail_user="union", mail_password="file:smtp")
    assert "smtp: others can read this password; chmod 600" in report["troubles"][0]["said"]["en"]
    assert box.letters == []


# ── webhook ──────────────────────────────────────────────────────────────────────────────────────


class Hook:
    """A chat server's webhook."""

    def __init__(self) -> None:
        self.status, self.location = 200, ""
        self.came: list[tuple[str, str, Any]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.came.append((self.path, self.headers["Content-Type"], json.loads(body)))
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks/T0PS3CRET?token=s3cret"


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_the_report_comes_by_webhook(library: Installation, hook: Hook) -> None:
    code, report = night(library, webhook=hook.url)
    ((path, kind, sent),) = hook.came
    assert (code, path, kind) == (0, "/hooks/T0PS3CRET?token=s3cret", "application/json; charset=utf-8")
    assert set(sent) == {"subject", "text", "report"}
    assert sent["report"] == report
    assert sent["subject"].startswith("สหบรรณ: เรียบร้อยทุกแห่ง")


@pytest.mark.parametrize(
    ("status", "location", "said"),
    [
        (404, "", "answers HTTP 404"),
        (500, "", "answers HTTP 500"),
        (307, "http://127.0.0.1:9/else", "answers HTTP 307"),
    ],
)
def test_a_webhook_that_refuses_is_told_without_its_secret(
    library: Installation, hook: Hook, status: int, location: str, said: str
) -> None:
    hook.status, hook.location = status, location
    code, report = night(library, webhook=hook.url, retries=0)
    assert (code, kinds(report)) == (1, ["webhook"])
    assert said in report["troubles"][0]["said"]["en"]
    assert "s3cret" not in json.dumps(report).lower()


def test_a_webhook_that_is_not_there_is_told_without_its_secret(library: Installation) -> None:
    result = command(
        library, "-v", "nightly", SAHABAN_WEBHOOK="http://127.0.0.1:9/hooks/T0PS3CRET?token=s3cret", SAHABAN_RETRIES="1"
    )
    assert result.returncode == 1
    assert "http://127.0.0.1:9: cannot be reached" in result.stdout
    assert "s3cret" not in (result.stdout + result.stderr).lower()


# ── backups ──────────────────────────────────────────────────────────────────────────────────────


def test_a_night_keeps_so_many_backups(library: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    files = []
    for _ in range(3):
        code, report = night(library, backups=2, backup_directory=folder)
        assert code == 0
        files.append(Path(report["backup"]))
        (folder / "mine.backup").write_text("x")
    assert {path.name for path in folder.iterdir()} == {files[1].name, files[2].name, "mine.backup"}
    assert folder.stat().st_mode & 0o077 == 0
    restored = Installation(tmp_path / "config2", tmp_path / "home2", sahaban.known)
    shown = command(restored, "restore", str(files[2]))
    assert shown.returncode == 0, shown.stderr
    assert "2 records" in shown.stdout


def test_a_clock_that_goes_backwards_costs_no_new_backup(library: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    later = [folder / f"night-2099-01-0{day}T00-00-00Z.backup" for day in (1, 2)]
    for path in later:
        path.write_text("x")
    code, report = night(library, backups=2, backup_directory=folder)
    assert (code, {*folder.iterdir()}) == (0, {Path(report["backup"]), later[1]})


def test_a_backup_that_fails_is_told_and_deletes_none(library: Installation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, report = night(library, backups=1, backup_directory=tmp_path / "file")
    assert (code, kinds(report), report["backup"]) == (1, ["backup"], "")


# ── status ───────────────────────────────────────────────────────────────────────────────────────


def test_status_says_what_is_wrong_and_what_to_do_and_its_json_only_adds(install: Install) -> None:
    installation = install(member("good", **GOOD) + member("bad", protocol="file", path="drop/bad.csv", format="sheet"))
    shelve(installation)
    night(installation)
    shown = command(installation, "status")
    good, bad = shown.stdout.splitlines()[:2]
    assert shown.returncode == 1
    assert good.endswith("2 seen: 2 added")
    assert bad.endswith("; mend the source, then: sahaban harvest bad · แก้ที่ต้นทาง แล้วสั่ง sahaban harvest bad")
    found = json.loads(command(installation, "status", "--json").stdout)
    assert set(found) == {"members", "titles", "engine", "night"}
    assert set(found["members"]["good"]) == {"live", "deleted", "quarantined", "last_run"}
    (trouble,) = found["members"]["bad"]["troubles"]
    assert (trouble["kind"], set(trouble["said"])) == ("failed", {"th", "en"})
    assert found["night"]["outcome"] == "person"


def test_status_says_when_no_night_has_been_for_days(library: Installation) -> None:
    night(library)
    last = library.home / "reports/last.json"
    report = json.loads(last.read_text())
    last.write_text(json.dumps(report | {"started": database.now(-3)}))
    shown = command(library, "status")
    assert (shown.returncode, "no night for 3 days: does its timer run?" in shown.stdout) == (1, True)
    assert json.loads(command(library, "status", "--json").stdout)["night"]["overdue"] == 3
    last.write_text(json.dumps(report | {"started": database.now(-1)}))
    assert command(library, "status").returncode == 0


def test_the_alarm_of_a_silent_library_is_in_the_report_the_mail_and_the_status(
    library: Installation, box: Mailbox
) -> None:
    night(library)
    store = Store(library.database)
    with database.writing(store.engine) as connection:
        connection.execute(update(runs).values(started=database.now(-100)))
    code, report = night(library, **TO, mail_port=box.port)
    (trouble,) = report["members"]["good"]["troubles"]
    assert (code, trouble["kind"]) == (1, "stopped")
    assert "หยุดส่งข้อมูล: ไม่มีอะไรใหม่มา 100 วัน" in box.letters[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert (
        "stopped contributing: nothing new for 100 days: ask the library whether" in command(library, "status").stdout
    )
    assert "หยุดส่งข้อมูล" in (library.home / "reports/last.html").read_text()
