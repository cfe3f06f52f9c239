"""Files as members leave them: packed, half uploaded, unchanged, on a web server."""

import gzip
import http.server
import io
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, cast

import msgspec
import pytest
import xlsxwriter

from config.installation import Installation
from harvest import readers
from harvest.formats import open_format
from harvest.packing import Reading, pack
from harvest.protocols import file
from harvest.readers import read
from harvest.record import Batch, Format, Parsed, Payload
from harvest.store import Run, Store
from tests.conftest import Install, member
from tests.harvest.test_run import book, counts, drop, run


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def marc(install: Install, **source: str) -> Installation:
    return install(
        member("aaa", protocol="file", path="drop", format="marc") if not source else member("aaa", **source)
    )


def test_a_pattern_goes_into_folders_and_not_in_circles(install: Install) -> None:
    installation = marc(install, protocol="file", path="drop/**/*.mrc", format="marc")
    folder = drop(installation, **{"a.mrc": book(1)})
    for name, number in [("ปี 2560", 2), (".kept", 3)]:
        (folder / name).mkdir()
        (folder / name / "b.mrc").write_bytes(book(number))
        (folder / name / "one").symlink_to(folder)
        (folder / name / "two").symlink_to(folder)
    assert counts(run(installation)) == {"added": 2}


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.mrc.gz", gzip.compress(book(1) + book(2))),
        ("a.zip", packed(**{"b.mrc": book(1), "a.mrc": book(2), "__MACOSX/._a.mrc": b"x"})),
        ("a.mrc", packed(**{"ไฟล์.mrc": book(1) + book(2)})),
    ],
    ids=["gz", "zip", "zip-under-another-name"],
)
def test_an_archive_is_opened(install: Install, name: str, raw: bytes) -> None:
    installation = marc(install)
    drop(installation, **{name: raw})
    assert counts(run(installation)) == {"added": 2}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (gzip.compress(book(1) * 100)[:-20], "a.mrc: cannot be unpacked"),
        (packed(**{"a.mrc": book(1)})[:-30], "a.mrc: cannot be unpacked"),
        (packed(**{"b.zip": packed(**{"a.mrc": book(1)})}), "a.mrc, b.zip: is an archive within an archive"),
        (packed(), "a.mrc: there is no file in it"),
        (b"7z\xbc\xaf\x27\x1c....", "a.mrc: is packed as 7z or RAR; ask the member for a zip file"),
        (gzip.compress(b" " * (3 << 20)), "a.mrc: unpacks to more than 1 MB"),
        (packed(**{"a": b" " * (3 << 20)}), "a.mrc: unpacks to more than 1 MB"),
    ],
    ids=["cut-gz", "cut-zip", "nested", "empty", "7z", "gz-bomb", "zip-bomb"],
)
def test_an_archive_that_cannot_be_opened_says_why(install: Install, raw: bytes, said: str) -> None:
    installation = marc(install)
    settings = installation.directory / "settings.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("unpacked_mb = 2000", "unpacked_mb = 1"), encoding="utf-8")  # fmt: skip
    drop(installation, **{"a.mrc": raw})
    result = run(installation)
    assert result.outcome == "failed"
    assert said in (result.error or ""), result.error


def test_a_workbook_is_no_archive_and_an_archive_may_hold_one(install: Install) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["ชื่อเรื่อง", "ผู้แต่ง"])
        sheet.write_row(1, 0, ["เสือ", "ก"])
    installation = marc(install, protocol="file", path="drop", format="sheet")
    drop(installation, **{"a.xlsx": out.getvalue(), "b.zip": packed(**{"c.csv": "ชื่อเรื่อง,ผู้แต่ง\nเสื้อ,ข\n".encode()})})
    assert counts(run(installation)) == {"added": 2}


def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "opened", lambda *_: pytest.fail("the file was read again"))


@pytest.mark.parametrize("load", ["full", "delta"])
def test_what_did_not_change_is_not_read_again_and_counts_as_it_did(
    install: Install, load: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = marc(install, protocol="file", path="drop", format="marc", load=load)
    drop(installation, **{"a.mrc": book(1) + book(2) + book(2) + b"?\x1d"})
    first = run(installation)
    assert counts(first) == {"added": 2, "superseded": 1, "quarantined": 1}
    with monkeypatch.context() as patched:
        unread(patched)
        for _ in range(2):
            assert counts(run(installation)) == {"unchanged": 2, "superseded": 1, "quarantined": 1}
    standing = Store(installation.database).standings()["aaa"]
    assert (standing.live, standing.quarantined) == (2, 1)
    assert counts(run(installation, full=True)) == {"unchanged": 2, "superseded": 1, "quarantined": 1}
    drop(installation, **{"a.mrc": book(1)})
    assert counts(run(installation)) == {"unchanged": 1} | ({"deleted": 1} if load == "full" else {})


def test_what_a_failed_run_met_is_counted_by_the_next_one(install: Install) -> None:
    """A stray file fails a night; when it is gone, all is as it was before, and is counted so."""
    installation = marc(install, protocol="file", path="drop", format="sheet")
    folder = drop(installation, **{"a.csv": "ชื่อเรื่อง,ผู้แต่ง\nเสือ,ก\nหมี,ข\n".encode()})
    run(installation)
    (folder / "z.pdf").write_bytes(b"%PDF-1.4")
    assert run(installation).outcome == "failed"
    (folder / "z.pdf").unlink()
    for _ in range(2):
        assert counts(run(installation)) == {"unchanged": 2}


def test_of_many_files_only_the_new_one_is_read(install: Install) -> None:
    installation = marc(install)
    directory = drop(installation, **{"a.mrc": book(1)})
    run(installation)
    (directory / "b.mrc").write_bytes(book(2))
    assert counts(run(installation)) == {"added": 1}


def test_a_full_load_that_is_held_back_is_looked_at_again(install: Install) -> None:
    installation = marc(install, protocol="file", path="drop", format="marc", load="full")
    drop(installation, **{"a.mrc": b"".join(book(n) for n in range(100))})
    run(installation)
    drop(installation, **{"a.mrc": b"".join(book(n) for n in range(40))})
    assert [run(installation).outcome for _ in range(2)] == ["held", "held"]
    assert counts(run(installation, accept=True)) == {"unchanged": 40, "deleted": 60}


def renamed(installation: Installation, old: str, new: str) -> Installation:
    """The same installation after a change of its members.toml."""
    table = installation.directory / "members.toml"
    table.write_text(table.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return Installation(installation.directory, installation.home, installation.known)


def test_a_load_that_becomes_full_is_looked_at_though_its_file_did_not_change(install: Install) -> None:
    installation = marc(install, protocol="file", path="drop", format="marc", load="delta")
    drop(installation, **{"a.mrc": b"".join(book(n) for n in range(100))})
    run(installation)
    drop(installation, **{"a.mrc": b"".join(book(n) for n in range(40))})
    assert counts(run(installation)) == {"unchanged": 40}
    full = renamed(installation, 'load = "delta"', 'load = "full"')
    held = run(full)
    assert (held.outcome, "60 of 100 records are missing" in (held.error or "")) == ("held", True)
    full.database.dispose()


def test_the_quarantine_of_a_source_that_was_named_wrongly_for_a_night_comes_back(install: Install) -> None:
    installation = marc(install)
    drop(installation, **{"a.mrc": book(1) + b"?\x1d"})
    assert counts(run(installation)) == {"added": 1, "quarantined": 1}
    wrong = renamed(installation, 'format = "marc"', 'format = "marcxml"')
    run(wrong)
    wrong.database.dispose()
    right = renamed(installation, 'format = "marcxml"', 'format = "marc"')
    for _ in range(2):
        assert counts(run(right)) == {"unchanged": 1, "quarantined": 1}
    assert Store(right.database).standings()["aaa"].quarantined == 1
    right.database.dispose()


def test_a_source_of_which_nothing_can_be_read_has_failed_and_takes_nothing_away(install: Install) -> None:
    right = marc(install)
    drop(right, **{"a.mrc": book(1) + book(2)})
    run(right)
    drop(right, **{"a.mrc": "ชื่อเรื่อง,ผู้แต่ง\nเสือ,ก\n".encode()})
    wrong = renamed(right, 'path = "drop"', 'path = "./drop"')
    for accept in (False, True):
        result = run(wrong, accept=accept)
        assert (result.outcome, counts(result)) == ("failed", {"quarantined": 1})
        assert "is it the right file, and the right format?" in (result.error or "")
    assert Store(wrong.database).standings()["aaa"].live == 2
    wrong.database.dispose()


def settling(installation: Installation, seconds: float) -> Installation:
    tables = installation.tables
    installation.__dict__["tables"] = msgspec.structs.replace(
        tables, settings=msgspec.structs.replace(tables.settings, settle=seconds)
    )
    return installation


def test_a_file_that_is_still_being_uploaded_is_left_for_the_next_run(install: Install) -> None:
    installation = settling(marc(install, protocol="file", path="drop", format="marc", load="full"), 0.5)
    directory = drop(installation, **{"a.mrc": book(1), "b.mrc": book(2)[:40], "c.mrc.part": book(3)[:50]})
    done = threading.Event()

    def upload() -> None:
        while not done.wait(0.02):
            with (directory / "b.mrc").open("ab") as growing:
                growing.write(b" ")

    thread = threading.Thread(target=upload)
    thread.start()
    try:
        result = run(installation)
    finally:
        done.set()
        thread.join()
    assert (result.outcome, counts(result)) == ("done", {"added": 1})
    assert "2 files were still being uploaded" in (result.error or "")
    (directory / "b.mrc").write_bytes(book(2))
    os.rename(directory / "c.mrc.part", directory / "c.mrc")
    (directory / "c.mrc").write_bytes(book(3))
    assert counts(run(installation)) == {"unchanged": 1, "added": 2}


@pytest.mark.parametrize("path", ["drop", "drop/**/*.mrc", "drop/*/*.mrc"])
@pytest.mark.parametrize("load", ["full", "delta"])
def test_a_link_that_leads_out_of_the_folder_is_not_read(
    install: Install, tmp_path: Path, path: str, load: str
) -> None:
    installation = marc(install, protocol="file", path=path, format="marc", load=load)
    folder = drop(installation)
    inside = folder if path == "drop" else folder / "ปี 2560"
    inside.mkdir(exist_ok=True)
    for number, name in enumerate(["a.mrc", "b.mrc"]):
        (inside / name).write_bytes(book(number))
    assert counts(run(installation)) == {"added": 2}
    secret = tmp_path / "secret" / "b.mrc"
    secret.parent.mkdir()
    secret.write_bytes(book(3))
    (inside / "b.mrc").unlink()
    (inside / "b.mrc").symlink_to(secret)
    (inside / "c.mrc").symlink_to(inside / "a.mrc")
    (folder / "year").symlink_to(secret.parent)
    many = 2 if path == "drop/*/*.mrc" else 1
    for night in ("it is found", "nothing changed"):
        result = run(installation)
        assert result.outcome == "done", night
        assert not result.added + result.deleted, night
        assert f"links that lead out of the source's folder, and were not read: {many} " in (result.error or "")
    said = Store(installation.database).learned("aaa")[f"{path} marc"].said("th")
    assert any(f"ไม่ได้อ่าน {many} ไฟล์" in sentence for sentence in said)
    (inside / "b.mrc").unlink()
    (folder / "year").unlink()
    assert run(installation).deleted == (1 if load == "full" else 0)


@pytest.mark.parametrize("path", ["drop", "drop/*.mrc", "drop/a.mrc"])
def test_what_the_operator_names_may_be_a_link(install: Install, tmp_path: Path, path: str) -> None:
    installation = marc(install, protocol="file", path=path, format="marc")
    folder = drop(installation)
    there = tmp_path / "there"
    there.mkdir()
    (there / "a.mrc").write_bytes(book(1))
    if path == "drop/a.mrc":
        (folder / "a.mrc").symlink_to(there / "a.mrc")
    else:
        folder.rmdir()
        folder.symlink_to(there)
    result = run(installation)
    assert (counts(result), result.error) == ({"added": 1}, None)


class Shelf(http.server.BaseHTTPRequestHandler):
    """One file on a web server, with its ETag."""

    data = b""
    asked: ClassVar[list[tuple[int, str]]] = []

    def do_GET(self) -> None:
        tag = f'"{hash(self.data)}"'
        same = self.headers.get("If-None-Match") == tag
        status = 404 if "gone" in self.path else 304 if same else 200
        self.asked.append((status, self.headers.get("User-Agent", "")))
        self.send_response(status)
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(self.data) if status == 200 else 0))
        self.end_headers()
        if status == 200:
            self.wfile.write(self.data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shelf() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Shelf.asked.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: packed(**{"a.mrc": data})], ids=["plain", "gz", "zip"])  # fmt: skip
def test_a_file_at_a_web_address_is_fetched_when_it_changed(install: Install, shelf: str, pack: type) -> None:
    installation = marc(install, protocol="file", path=f"{shelf}/books.mrc", format="marc", load="full")
    Shelf.data = pack(book(1) + book(2))
    assert counts(run(installation)) == {"added": 2}
    assert counts(run(installation)) == {"unchanged": 2}
    assert [status for status, _ in Shelf.asked] == [200, 304]
    assert all(agent.startswith("Sahaban/") for _, agent in Shelf.asked)
    Shelf.data = pack(book(1))
    assert counts(run(installation)) == {"unchanged": 1, "deleted": 1}


def test_a_web_address_that_is_wrong(install: Install, shelf: str) -> None:
    installation = marc(install, protocol="file", path=f"{shelf}/gone.mrc", format="marc")
    result: Run = run(installation)
    assert result.outcome == "failed"
    assert f"{shelf}/gone.mrc: HTTP 404; is the address still right?" in (result.error or "")


@pytest.mark.parametrize("path", ["drop", "drop/*.csv"])
def test_what_office_puts_beside_an_open_workbook_is_no_file_of_the_member(install: Install, path: str) -> None:
    installation = marc(install, protocol="file", path=path, format="sheet")
    drop(installation, **{"a.csv": "ชื่อเรื่อง,ผู้แต่ง\nเสื้อ,ข\n".encode(), "~$a.csv": b"\x05librarian", "Thumbs.db": b""})
    result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 1}), result.error


def test_what_a_member_mended_in_its_list_is_told_no_more(install: Install) -> None:
    installation = marc(install, protocol="file", path="drop", format="sheet")
    drop(installation, **{"a.csv": "ชื่อเรื่อง,\nเสื้อ,ชั้น 1\n".encode()})
    run(installation)
    store = Store(installation.database)
    assert [*store.learned("aaa")["drop sheet"].lessons] == ["nameless"]
    assert run(installation).unchanged == 1
    assert [*store.learned("aaa")["drop sheet"].lessons] == ["nameless"]
    drop(installation, **{"a.csv": "ชื่อเรื่อง,สถานที่เก็บ\nเสื้อ,ชั้น 1\n".encode()})
    run(installation)
    assert store.learned("aaa")["drop sheet"].lessons == {}


def test_a_file_that_becomes_a_link_out_while_others_are_read_is_not_taken(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = marc(install)
    folder = drop(installation, **{"a.mrc": book(1), "b.mrc": book(2)})
    secret = folder.parent / "secret.mrc"
    secret.write_bytes(book(3))
    split = file._batches

    def swapped(*given: Any) -> Any:
        yield from split(*given)
        (folder / "b.mrc").unlink(missing_ok=True)
        (folder / "b.mrc").symlink_to(secret)

    monkeypatch.setattr(file, "_batches", swapped)
    result = run(installation)
    assert (result.outcome, counts(result)) == ("failed", {"added": 1})
    assert "b.mrc: changed while it was read" in (result.error or "")


def test_a_link_called_as_the_pattern_is_read_by_nobody(install: Install) -> None:
    installation = marc(install, protocol="file", path="drop/*.mrc", format="marc")
    folder = drop(installation, **{"a.mrc": book(1)})
    (folder / "*.mrc").symlink_to(__file__)
    result = run(installation)
    assert "lead out of the source's folder" in (result.error or "")
    assert result.quarantined == 0


def test_a_folder_may_have_any_name(install: Install, tmp_path: Path) -> None:
    installation = marc(install)
    directory = drop(installation, **{"สมุด\n1.mrc": book(1)})
    assert directory.is_dir()
    assert counts(run(installation)) == {"added": 1}


@pytest.mark.parametrize(("many", "large"), [(500, 4 << 20), (10_000, 1000)])
def test_a_large_file_is_read_by_two_processes_as_by_one(
    install: Install, monkeypatch: pytest.MonkeyPatch, many: int, large: int
) -> None:
    """Values, counts and what is set aside are the same, and the last of two records of one id wins."""
    raw = b"".join(book(n) for n in range(4000)) + book(7, "เสื้อ") + b"?\x1d" + book(5000)
    found, here = [], []

    def slowly(payload: Payload, form: Format) -> Reading:
        here.append(payload)
        time.sleep(0.0005)  # so that the second process is there before all is read
        return read(payload, form)

    monkeypatch.setattr(readers, "MANY", many)
    monkeypatch.setattr(file, "LARGE", large)
    monkeypatch.setattr(readers, "read", slowly)
    for processors in (1, 2):
        monkeypatch.setattr(os, "cpu_count", lambda n=processors: n)
        installation = marc(install)
        drop(installation, **{"a.mrc": raw})
        result = run(installation, full=True)
        store = Store(installation.database)
        aside = store.quarantined("aaa")
        records = {r.local_id: (r.values, r.payload, r.holdings) for batch in store.records() for _, r in batch}
        store.engine.dispose()
        shutil.rmtree(installation.home)
        found.append((result.seen, result.superseded, result.quarantined, records, aside))
    assert len(here) < 2 * 4003, "the second process read some of them"
    assert found[0] == found[1]
    assert found[1][0] == 4003
    assert found[1][3]["b7"][0]["title"] == ("เสื้อ 7",)


def test_at_the_end_nobody_waits_for_what_the_second_process_has_not_begun(install: Install) -> None:
    """It is given the first batches, and is slow: while it reads one of them the others are read here."""
    installation = marc(install)
    source = installation.tables.members["aaa"].source[0]
    form = open_format(source, "aaa", installation.tables.fields)
    batches = [Batch((Payload(book(n), f"record {n}"),)) for n in range(readers.WAITING)]
    given: list[Future[Any]] = []

    class Slow:
        def submit(self, work: Callable[..., Any], payloads: Sequence[Payload]) -> Future[Any]:
            given.append(Future())
            return given[-1]

    read_here: list[str] = []

    class Watched:
        def parse(self, data: bytes) -> Parsed:
            parsed = form.parse(data)
            read_here.append(parsed.local_id)
            if len(read_here) == readers.WAITING - 1:
                given[0].set_result([("", Parsed({}, local_id="b0"), pack(batches[0].payloads[0], parsed))])
            return parsed

    late = threading.Timer(20, lambda: given[0].set_exception(TimeoutError("all waited for the second process")))
    late.start()
    done = list(readers._shared(iter(batches), cast(Format, Watched()), cast(ProcessPoolExecutor, Slow())))
    late.cancel()
    assert [reading.parsed.local_id for _, read in done for reading in read if reading.parsed] == [
        f"b{n}" for n in range(readers.WAITING)
    ]
    assert read_here == [f"b{n}" for n in range(readers.WAITING - 1, 0, -1)]


@pytest.mark.parametrize("between", [0, 600], ids=["near", "far"])
def test_two_titles_under_one_number_are_told(install: Install, between: int) -> None:
    """The later one stands, as the earlier may have been corrected; but not into quite another title."""
    rows = ["รหัส,ชื่อเรื่อง", "7,เสือสมิง", "8,น้ำพริก"]
    rows += [f"x{n},เล่มที่ {n}" for n in range(between)]
    rows += ["7,เสื้อผ้าไทย", "8,น้ำพริกและผักจิ้ม"]
    installation = marc(install, protocol="file", path="drop", format="sheet")
    drop(installation, **{"a.csv": "\n".join(rows).encode()})
    result = run(installation)
    assert (result.outcome, result.superseded) == ("done", 2)
    assert "quite another title has: 1 (7); of each number only the last is kept" in (result.error or "")


def test_a_later_file_that_cannot_be_read_costs_a_large_one_nothing(install: Install) -> None:
    """Two processes read the large one; what they have not stored when the other file fails is stored all the same."""
    installation = marc(install)
    many = b"".join(book(n, "เสือ" * 120) for n in range(4000))
    assert len(many) > file.LARGE
    drop(installation, **{"a.mrc": many, "b.mrc": b""})
    for added in ({"added": 4000}, {"unchanged": 4000}):
        result = run(installation)
        assert (result.outcome, counts(result)) == ("failed", added)
        assert "b.mrc: the file is empty" in (result.error or "")
