"""The pages of the purchase check: bring a list, correct its columns, wait, read; nothing is kept, nothing runs."""

import csv
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

import sahaban
from config.installation import Installation
from harvest.store import Store
from index.build import Index
from search.service import Catalogue
from tests.conftest import ROOT
from tests.index.test_build import Network
from webapp import check_pages, checking
from webapp.app import create_app
from webapp.checking import Desk, Progress, work

LIST = (
    "ชื่อเรื่อง,ผู้แต่ง,ปีพิมพ์,ราคา,จำนวน\n"
    "ข้างหลังภาพ,ศรีบูรพา,2480,100,2\n"
    "<script>alert(1)</script>,<b>ก</b>,2560,50,1\n"
    "=1+1,ไม่มีใคร,2560,50,1\n"
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The shipped tables over a store with one title at two members."""
    made = Installation(ROOT / "config", tmp_path_factory.mktemp("home"), sahaban.known)
    network = Network(made.tables, made.home)
    network.put("kku", "1", "ข้างหลังภาพ", creator="ศรีบูรพา", year="1937", publisher="ผดุงศึกษา")
    network.put("kkpl", "9", "ข้างหลังภาพ", creator="ศรีบูรพา", year="1937", publisher="ผดุงศึกษา")
    network.index()
    network.database.dispose()
    yield made
    made.database.dispose()


@pytest.fixture
def desk(installed: Installation) -> Iterator[Desk]:
    made = Desk(installed.home)
    yield made
    made.sweep(older=0)


@pytest.fixture
def client(installed: Installation, desk: Desk) -> FlaskClient:
    catalogue = Catalogue(installed.tables, installed.database, installed.home)
    return create_app(installed, catalogue, TESTING=True).test_client()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check in the process of the test."""

    class Process:
        def __init__(self, target: Callable[..., None], args: tuple[Any, ...], daemon: bool):
            self.start = lambda: target(*args)

    monkeypatch.setattr(checking, "SPAWN", SimpleNamespace(Process=Process))
    monkeypatch.setattr(checking.os, "nice", lambda by: 0)


def bring(client: FlaskClient, text: str = LIST, language: str = "", **form: Any) -> str:
    """The address of the list that was brought."""
    form = form or {"file": (io.BytesIO(text.encode()), "รายการ.csv")}
    response = client.post(f"{language}/check", data=form)
    assert response.status_code == 303, said(response.text)
    return str(response.headers["Location"])


def said(page: str) -> str:
    return " ".join(html.document_fromstring(page).xpath("//main")[0].text_content().split())


def start(client: FlaskClient, address: str, **meanings: str) -> str:
    response = client.post(address, data=meanings)
    assert response.status_code == 303, said(response.text)
    return client.get(address).text


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("language", ["", "/en"])
def test_the_whole_way(client: FlaskClient, desk: Desk, language: str) -> None:
    address = bring(client, language=language)
    token = address.rpartition("/")[2]
    columns = html.document_fromstring(client.get(address).text)
    chosen = [option.get("value") for option in columns.xpath("//select/option[@selected]")]
    assert chosen == ["title", "creator", "year", "price", "quantity"]
    result = start(client, address)
    tree = html.document_fromstring(result)
    counts = tree.xpath("//span[@class='verdict-count']/text()")
    assert counts == ["1", "0", "0", "2"]
    assert "200.00" in said(result), "what is saved"
    assert not re.search("(?<!\u00a0)·", tree.xpath("string(//main)")), "a line could begin with it"
    assert tree.xpath("//a[contains(@href, '/title/')]")
    assert "<script>alert" not in result
    assert "<b>ก" not in result
    assert not (desk.folder / token / "list").exists(), "the list itself is gone when it is checked"
    only = client.get(f"{address}?verdict=not+held").text
    assert "ข้างหลังภาพ" not in said(only)
    assert client.get(f"{address}?page=99&verdict=x").status_code == 200


@pytest.mark.usefixtures("here")
def test_a_column_is_corrected(client: FlaskClient) -> None:
    address = bring(client, "ก,ข\nศรีบูรพา,ข้างหลังภาพ\nสมชาย,เสือ\n")
    page = start(client, address, **{"c0-0": "creator", "c0-1": "title"})
    assert html.document_fromstring(page).xpath("//span[@class='verdict-count']/text()")[3] in ("1", "2")
    address = bring(client, "ก,ข\nศรีบูรพา,ข้างหลังภาพ\nสมชาย,เสือ\n")
    refused = client.post(address, data={"c0-0": "creator", "c0-1": ""})
    assert (refused.status_code, "ยังไม่ได้เลือกคอลัมน์ชื่อเรื่อง" in refused.text) == (400, True)
    assert client.post(address, data={"c0-0": "colour"}).status_code == 400


@pytest.mark.usefixtures("here")
def test_what_is_not_checked_is_said(client: FlaskClient) -> None:
    address = bring(client, "ชื่อเรื่อง,ผู้แต่ง,ISBN,ราคา\nเสือ,,974-911-373-1,95 USD\nช้าง,,,\nม้า,,,\nวัว,สมชาย,,20\nรวม,,,95\n")
    columns = html.document_fromstring(client.get(address).text)
    examples = [[item.text_content() for item in cells] for cells in columns.xpath("//ul[@class='cells']")]
    assert examples[1] == ["สมชาย"], "the first that are not empty"
    result = said(start(client, address))
    assert "มี 1 แถวที่ไม่ใช่ชื่อเรื่อง" in result
    assert "แถวที่\u00a06: เป็นแถวผลรวม" in result or "แถวที่ 6: เป็นแถวผลรวม" in result
    assert "974-911-373-1" in result
    assert "เลขตรวจสอบไม่ตรง" in result
    assert "95.00 ดอลลาร์สหรัฐ" in result


@pytest.mark.usefixtures("here")
def test_a_pasted_list(client: FlaskClient) -> None:
    address = bring(client, list="ข้างหลังภาพ / ศรีบูรพา, 2480\r\nเรื่องที่ไม่มี\r\n")
    assert "รายการที่วาง" in client.get(address).text
    assert "แถวที่\u00a01" in start(client, address)


@pytest.mark.usefixtures("here")
def test_the_report_in_three_forms(client: FlaskClient) -> None:
    address = bring(client)
    start(client, address)
    book = client.get(f"{address}/report.xlsx")
    assert book.data.startswith(b"PK")
    assert "attachment" in book.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(client.get(f"{address}/report.csv").data.decode("utf-8-sig"))))
    assert "'=1+1" in rows[3]
    assert any(cell.startswith("http://localhost/title/") for cell in rows[1])
    assert client.get(f"{address}/report.json").get_json()["summary"]["held"] == 1


# ── what is kept, and for how long ───────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("here")
def test_a_list_is_gone_after_an_hour_or_at_a_word(
    client: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = bring(client)
    start(client, address)
    assert client.post(f"{address}/forget").status_code == 303
    assert (client.get(address).status_code, list(desk.folder.iterdir())) == (404, [])
    later = bring(client)
    now = time.time()
    monkeypatch.setattr(checking.time, "time", lambda: now + checking.HOUR + 5)
    gone = client.get(later)
    assert (gone.status_code, "ไม่มีรายการนี้แล้ว" in gone.text) == (404, True)
    assert not list(desk.folder.iterdir())


def test_old_lists_go_though_nobody_asks(client: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(client)
    looks = iter([None])
    monkeypatch.setattr(checking.time, "sleep", lambda seconds: next(looks))  # the second ends the thread
    monkeypatch.setattr(checking.threading, "excepthook", lambda args: None)
    now = time.time()
    monkeypatch.setattr(checking.time, "time", lambda: now + checking.HOUR + 5)
    desk.keep_swept()
    for thread in checking.threading.enumerate():
        if thread.name == "sweep":
            thread.join(10)
    assert not list(desk.folder.iterdir())


def test_a_check_ends_with_its_server_and_leaves_no_list(
    client: FlaskClient, installed: Installation, desk: Desk
) -> None:
    token = bring(client).rpartition("/")[2]
    server = f"""
import os, signal, time
from pathlib import Path
import sahaban
from config.installation import Installation
from webapp.checking import Desk
installation = Installation(Path({str(installed.directory)!r}), Path({str(installed.home)!r}), sahaban.known)
desk = Desk(installation.home)
desk.start({token!r}, desk.list({token!r}), installation)
while desk.progress({token!r}).state != "queued":
    time.sleep(0.05)
os.kill(os.getpid(), signal.SIGKILL)
"""
    with FileLock(installed.home / "check.lock"):  # another list is being checked
        subprocess.run([sys.executable, "-c", server], cwd=ROOT, timeout=60, check=False)
        until = time.monotonic() + 30
        while (desk.folder / token / "list").exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert not (desk.folder / token / "list").exists()
    assert "การตรวจไม่สำเร็จ" in client.get(f"/check/{token}").text


def test_what_a_list_says_is_kept_by_nobody_else(client: FlaskClient) -> None:
    for response in (client.get("/check"), client.get(bring(client))):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Robots-Tag"] == "noindex"
        assert "Set-Cookie" not in response.headers
    assert client.head("/check").status_code == 200


@pytest.mark.parametrize("token", ["x", "..", "../../etc", "a" * 32, "%2e%2e%2fsahaban.db"])
def test_a_name_that_was_never_given(client: FlaskClient, token: str) -> None:
    for path in (f"/check/{token}", f"/check/{token}/report.xlsx", f"/check/{token}/progress.json"):
        assert client.get(path).status_code == 404
    assert client.post(f"/check/{token}").status_code in (404, 405)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_no_other_site_makes_work(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/check", data={"list": "เสือ"}, headers=headers).status_code == 403
    assert client.post("/check", data={"list": "เสือ"}, headers={"Origin": "http://localhost"}).status_code == 303


def test_only_so_many_lists_at_once(client: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST", 1)
    bring(client)
    full = client.post("/check", data={"list": "เสือ"})
    assert (full.status_code, "โปรดลองอีกครั้ง" in full.text, "เสือ" in full.text) == (503, True, True)


def test_one_address_has_only_so_many_of_the_places(client: FlaskClient, desk: Desk) -> None:
    def brought(address: str, **headers: str) -> tuple[int, str]:
        place = {"REMOTE_ADDR": address}
        answer = client.post("/check", data={"list": "เสือ"}, environ_base=place, headers=headers)
        return answer.status_code, answer.text

    for n in range(checking.MOST_OF_ONE):
        assert brought(f"2001:db8::{n}")[0] == 303
    code, page = brought("2001:db8::ffff")
    assert (code, "มีรายการจากเครือข่ายของท่านอยู่ในระบบแล้ว 15 รายการ" in page) == (429, True)
    assert brought("203.0.113.5")[0] == 303
    assert brought("127.0.0.1", **{"X-Forwarded-For": "203.0.113.9, 2001:db8::7"})[0] == 429, "behind a proxy"
    assert brought("203.0.113.5", **{"X-Forwarded-For": "2001:db8::7"})[0] == 303, "whoever says so is not believed"


@pytest.mark.parametrize("most", ["MOST", "MOST_OF_ONE"])
def test_a_list_that_was_left_makes_room(
    client: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch, most: str
) -> None:
    monkeypatch.setattr(checking, most, 2)
    first, second = (bring(client).rpartition("/")[2] for _ in range(2))
    assert client.post("/check", data={"list": "เสือ"}).status_code in (429, 503)
    for token, minutes in ((first, 11), (second, 12)):
        since = time.time() - 60 * minutes
        os.utime(desk.folder / token / "since", (since, since))
    bring(client)
    assert (desk.folder / first).exists()
    assert not (desk.folder / second).exists(), "the older one"


def test_only_so_many_lists_are_read_at_once(client: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    inner: list[int] = []
    read = check_pages.lists.read

    def nested(*args: Any) -> Any:
        depth.append(1)
        if len(depth) <= check_pages.READING:
            inner.append(client.application.test_client().post("/check", data={"list": "เสือ"}).status_code)
        return read(*args)

    depth: list[int] = []
    monkeypatch.setattr(check_pages.lists, "read", nested)
    assert client.post("/check", data={"list": "เสือ"}).status_code == 303
    assert inner == [503, 303], "the third finds no place; the second was read inside the first"
    assert client.post("/check", data={"list": "เสือ"}).status_code == 303


def test_a_button_that_is_pressed_eight_times_at_once_checks_once(
    client: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []

    write = checking._write

    def slowly(*args: Any) -> None:
        time.sleep(0.02)
        write(*args)

    class Process:
        def __init__(self, **_: Any):
            pass

        def start(self) -> None:
            started.append(1)

    monkeypatch.setattr(checking, "SPAWN", SimpleNamespace(Process=Process))
    address, at_once = bring(client), Barrier(8)
    monkeypatch.setattr(checking, "_write", slowly)

    def press(_: int) -> int:
        other = client.application.test_client()
        at_once.wait()
        return other.post(address).status_code

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(press, range(8))) == [303] * 8
    assert started == [1]


# ── waiting ──────────────────────────────────────────────────────────────────────────────────────


def test_progress_without_javascript(client: FlaskClient, desk: Desk) -> None:
    address = bring(client)
    folder = desk.folder / address.rpartition("/")[2]
    for progress, text in (
        (Progress("starting", 0, 3), "กำลังจะเริ่มตรวจ"),
        (Progress("queued", 0, 3), "รอคิวอยู่"),
        (Progress("running", 2, 3), "ตรวจแล้ว 2 จาก 3 แถว"),
        (Progress("failed"), "การตรวจไม่สำเร็จ"),
    ):
        checking._write(folder / "progress", checking.msgspec.json.encode(progress))
        page = client.get(address).text
        assert text in said(page)
        assert ('http-equiv="refresh"' in page) == (progress.state != "failed")
    assert client.get(f"{address}/progress.json").get_json() == {"state": "failed", "done": 0, "of": 0}


def test_a_check_whose_process_died_is_told(client: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    address = bring(client)
    folder = desk.folder / address.rpartition("/")[2]
    checking._write(folder / "progress", checking.msgspec.json.encode(Progress("running", 2, 3)))
    now = time.time()
    monkeypatch.setattr(checking.time, "time", lambda: now + checking.STARTING + 5)
    assert "การตรวจไม่สำเร็จ" in client.get(address).text


def test_a_check_that_fails_leaves_no_list(
    installed: Installation, client: FlaskClient, desk: Desk, tmp_path: Path
) -> None:
    address = bring(client)
    folder = desk.folder / address.rpartition("/")[2]
    (folder / "list").write_bytes(b"nonsense")
    work(installed.directory, installed.home, sahaban.known, folder)
    assert not (folder / "list").exists()
    assert "การตรวจไม่สำเร็จ" in client.get(address).text


# ── what cannot be checked ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "text", "code"),
    [
        (b"", "โปรดเลือกไฟล์หรือวางรายการก่อน", 400),
        (b"PK\x03\x04 nothing", "ระบบอ่านไฟล์นี้ไม่ได้", 400),
        (("ชื่อเรื่อง\n" + "ก\n" * 20_001).encode(), "รายการนี้มีเกิน 20,000 แถว", 400),
    ],
    ids=["nothing", "damaged", "too-long"],
)
def test_a_kind_sentence(client: FlaskClient, desk: Desk, data: bytes, text: str, code: int) -> None:
    response = client.post("/check", data={"file": (io.BytesIO(data), "x.xlsx")})
    assert (response.status_code, text in response.text) == (code, True)
    assert not desk.folder.exists() or not list(desk.folder.iterdir())


def test_a_file_that_is_too_large_is_not_even_read(client: FlaskClient) -> None:
    response = client.post("/check", data=b"x" * (21 << 20), content_type="multipart/form-data; boundary=x")
    assert (response.status_code, "ไฟล์มีขนาดเกิน 20 MB" in response.text) == (413, True)


def test_an_empty_catalogue_says_so(tmp_path: Path) -> None:
    empty = Installation(ROOT / "config", tmp_path / "home", sahaban.known)
    Store(empty.database)
    Index(empty.tables, empty.database, empty.home)
    app: Flask = create_app(empty, Catalogue(empty.tables, empty.database, empty.home), TESTING=True)
    response = app.test_client().post("/check", data={"list": "เสือ"})
    assert (response.status_code, "ยังไม่มีรายการใด" in response.text) == (503, True)
    empty.database.dispose()


def test_the_page_is_linked_from_every_page(client: FlaskClient) -> None:
    assert re.search(r'href="/check"', client.get("/members").text)
    assert 'href="/en/check"' in client.get("/en/members").text
