"""The commands as an operator runs them: what they print, their JSON, their exit codes; never a traceback."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

import sahaban
from tests.conftest import ROOT, Install, member
from tests.harvest.test_formats import SHEET, TIGER, csv_bytes, marc21, xlsx_bytes

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def command(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SAHABAN_")}
        kept |= {"SAHABAN_CONFIG": str(tmp_path / "config"), "SAHABAN_HOME": str(tmp_path / "home")} | environ
        line = [sys.executable, str(ROOT / "sahaban.py"), *arguments]
        result = subprocess.run(line, env=kept, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert "Traceback" not in result.stderr + result.stdout, result.stderr
        return result

    return command


def drop(directory: Path, name: str, raw: bytes) -> None:
    (directory / "drop").mkdir(exist_ok=True)
    (directory / "drop" / name).write_bytes(raw)


BOOKS = [
    ["ชื่อเรื่อง", "ผู้แต่ง", "ปีที่พิมพ์", "ISBN", "จำนวนเล่ม"],
    ["เสือสมิง", "น้อย อินทนนท์", "2560", "974-911-373-X", "2"],
    ["เสื้อผ้าอีสาน", "สมหญิง รักเรียน", "พ.ศ. 2561", "", "1"],
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that needs shelves leaves them for the others."""
    return tmp_path_factory.mktemp("filled") / "shelves"


@pytest.fixture
def shelves(install: Install, run: Run, tmp_path: Path, filled: Path) -> Run:
    """Two members with a handful of books, harvested and indexed."""
    if filled.exists():
        shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
        return run
    installation = install(
        member("aaa", protocol="file", path="drop/a.csv", format="sheet")
        + member("bbb", protocol="file", path="drop/b.mrc", format="marc", encoding="tis-620")
    )
    drop(installation.directory, "a.csv", csv_bytes(BOOKS))
    same = marc21(
        ("001", "7"),
        ("020", "  $a9789749113738"),
        ("100", "0 $aนายน้อย อินทนนท์"),
        ("245", "00$aเสือสมิง /"),
        ("260", "  $c2017"),
        encoding="tis-620",
    )
    drop(installation.directory, "b.mrc", same + marc21(*TIGER, encoding="tis-620"))
    assert run("harvest").returncode == 0
    assert run("index").returncode == 0
    shutil.copytree(tmp_path, filled)
    return run


def answer(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert result.returncode == 0, result.stderr
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def test_search_as_json_has_its_stable_shape(shelves: Run) -> None:
    found = answer(shelves("search", "เสือสมิง", "--json"))
    assert set(found) == {"total", "hits", "facets", "stage", "suggestion"}
    (hit,) = found["hits"]
    assert set(hit) == {"id", "title", "creators", "year", "members", "holdings"}
    assert (hit["title"], hit["year"], hit["members"]) == ("เสือสมิง", 2017, ["aaa", "bbb"]), "one title at two members"
    assert hit["creators"] == ["น้อย อินทนนท์"]
    assert hit["holdings"][0]["copies"] == 2
    assert found["facets"]["member"] == [["aaa", 1], ["bbb", 1]]
    assert (found["stage"], found["suggestion"]) == ("words", None)


@pytest.mark.parametrize(
    ("arguments", "titles"),
    [
        (["9789749113738"], {"เสือสมิง"}),
        (["974911373X"], {"เสือสมิง"}),
        (["--year", "2560", "เสือ"], {"เสือสมิง", "เสือ : เรื่องสั้น"}),
        (["--year", "2018-2019"], {"เสื้อผ้าอีสาน"}),
        (["--member", "bbb"], {"เสือสมิง", "เสือ : เรื่องสั้น"}),
        (["--in", "creator", "สมหญิง"], {"เสื้อผ้าอีสาน"}),
        (["--in", "title", "สมหญิง"], set()),
        (["เสื้อ"], {"เสื้อผ้าอีสาน"}),
        (["--size", "1", "--page", "2", "--sort", "title"], {"เสื้อผ้าอีสาน"}),
        (["((("], {"เสือสมิง", "เสือ : เรื่องสั้น", "เสื้อผ้าอีสาน"}),
    ],
)
def test_search_finds(shelves: Run, arguments: list[str], titles: set[str]) -> None:
    found = answer(shelves("search", "--json", *arguments))
    assert {hit["title"] for hit in found["hits"]} == titles


def test_search_for_people_shows_both_eras(shelves: Run) -> None:
    shown = shelves("search", "เสือสมิง").stdout
    assert "พ.ศ. 2560 (2017)" in shown
    assert "aaa, bbb" in shown


def test_search_that_finds_nothing_says_what_to_try(shelves: Run) -> None:
    assert "ลองใช้คำให้น้อยลง" in shelves("search", "ฮฮฮฮฮฮ").stdout
    assert "ลองใช้คำให้น้อยลง" not in shelves("search", "เสือสมิง").stdout


def test_search_tells_every_edition_of_a_work(install: Install, run: Run) -> None:
    installation = install(member("aaa", protocol="file", path="drop/a.csv", format="sheet"))
    header = ["ชื่อเรื่อง", "ผู้แต่ง", "ปีที่พิมพ์", "เล่มที่"]
    volumes = [["สี่แผ่นดิน", "คึกฤทธิ์ ปราโมช", "2544", number] for number in ("1", "2")]
    drop(installation.directory, "a.csv", csv_bytes([header, *volumes, ["แผ่นดินไหว", "สมหญิง รักเรียน", "2561", ""]]))
    run("harvest")
    run("index")
    found = answer(run("search", "สี่แผ่นดิน", "--json"))
    assert (found["total"], [hit["title"] for hit in found["hits"]]) == (2, ["สี่แผ่นดิน"] * 2)
    assert all(set(hit) == {"id", "title", "creators", "year", "members", "holdings"} for hit in found["hits"])
    shown = run("search", "สี่แผ่นดิน").stdout
    assert "\n1. สี่แผ่นดิน\n" in shown
    assert "\n   2. สี่แผ่นดิน\n" in shown, "under the first"
    assert all(hit["id"] in shown for hit in found["hits"])


def test_status_as_json_has_its_stable_shape(shelves: Run) -> None:
    found = answer(shelves("status", "--json"))
    assert set(found) == {"members", "titles", "engine"}
    assert (found["titles"], found["engine"]) == (3, "tantivy")
    standing = found["members"]["aaa"]
    assert set(standing) == {"live", "deleted", "quarantined", "last_run"}
    assert set(standing["last_run"]) == {
        "started", "finished", "outcome", "seen", "added", "changed", "unchanged", "deleted", "superseded", "quarantined", "error",
    }  # fmt: skip
    assert (standing["live"], standing["last_run"]["seen"], standing["last_run"]["error"]) == (2, 2, None)


# ── the purchase check ───────────────────────────────────────────────────────────────────────────

WANTED = [
    ["รายการเสนอซื้อ"],
    ["ชื่อเรื่อง", "ผู้แต่ง", "ปีที่พิมพ์", "ISBN", "ราคา"],
    ["เสือสมิง", "น้อย อินทนนท์", "พ.ศ. 2560", "", "250 บาท"],
    ["เรื่องที่ไม่มีใครมี", "ไม่มีใคร", "2565", "", "100"],
]


def test_check_as_json_has_its_stable_shape(shelves: Run, tmp_path: Path) -> None:
    (tmp_path / "สั่งซื้อ.xlsx").write_bytes(xlsx_bytes(WANTED))
    found = answer(shelves("check", "สั่งซื้อ.xlsx", "--json"))
    assert found["summary"] == {"held": 1, "related": 0, "review": 0, "not held": 1}
    held, other = found["rows"]
    assert (held["row"], held["verdict"], held["members"], held["copies"]) == (
        3,
        "held",
        ["aaa", "bbb"],
        {"aaa": 2, "bbb": 0},
    )
    match = held["matches"][0]
    assert {"id", "relation", "points", "reasons"} <= match.keys()
    assert match["reasons"]
    assert (other["verdict"], other["members"], other["matches"]) == ("not held", [], [])
    assert found["saved"] == {"THB": "250"}


@pytest.mark.parametrize(("name", "start"), [("r.xlsx", b"PK"), ("r.csv", b"\xef\xbb\xbf"), ("r.json", b"{")])
def test_check_writes_its_report(shelves: Run, tmp_path: Path, name: str, start: bytes) -> None:
    (tmp_path / "wanted.xlsx").write_bytes(xlsx_bytes(WANTED))
    shown = shelves("check", "wanted.xlsx", "--out", name)
    assert (shown.returncode, f"รายงาน: {name}" in shown.stdout) == (0, True)
    assert "มีแล้ว 1" in shown.stdout
    assert (tmp_path / name).read_bytes().startswith(start)


def test_check_speaks_one_language_and_marks_a_title_that_it_cuts(shelves: Run, tmp_path: Path) -> None:
    rows = [
        *WANTED,
        ["เสือสมิง : " + "กับป่าดงพงไพร" * 6, "น้อย อินทนนท์", "พ.ศ. 2560", "", "5 USD"],
        ["รวม", "", "", "", "355"],
    ]
    (tmp_path / "wanted.xlsx").write_bytes(xlsx_bytes(rows))
    thai = shelves("check", "wanted.xlsx").stdout
    assert "3. มีแล้ว: เสือสมิง · aaa, bbb" in thai
    assert "แถวที่ 6: เป็นแถวผลรวม" in thai
    assert "250.00 จาก 350.00 บาท" in thai
    assert not {"held", "review", "related"} & set(re.findall("[a-z]+", thai))
    english = shelves("check", "wanted.xlsx", "--language", "en").stdout
    assert "3. Held: เสือสมิง · aaa, bbb" in english
    assert "saved: 250.00 of 350.00 baht" in english
    (cut,) = [line for line in thai.splitlines() if line.startswith("5.")]
    assert "… ·" in cut


@pytest.mark.parametrize("form", [[], ["--json"], ["--out", "r.csv"]])
def test_check_of_a_list_that_was_cut_off_needs_a_person(shelves: Run, tmp_path: Path, form: list[str]) -> None:
    record = '<record><leader>00000nam a2200000 a 4500</leader><datafield tag="245" ind1="0" ind2="0"><subfield code="a">เสือสมิง</subfield></datafield></record>'
    (tmp_path / "cut.xml").write_text(f"<collection>{record}{record[:60]}", encoding="utf-8")
    shown = shelves("check", "cut.xml", *form)
    assert (shown.returncode, "เสือสมิง" in shown.stdout or bool(form)) == (1, True)
    if "--json" not in form:
        assert "อ่านไม่ได้ 1 ระเบียน" in shown.stdout


def test_check_reads_a_pasted_list_and_takes_columns_by_hand(shelves: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("ลำดับ,สาขาวิชา,งาน\n1,น้อย อินทนนท์,เสือสมิง\n2,สมชาย,เรื่องอื่น\n", encoding="utf-8")
    found = answer(shelves("check", "odd.csv", "--json", "--column", "B=creator", "--column", "งาน=title"))
    assert [row["title"] for row in found["rows"]] == ["เสือสมิง", "เรื่องอื่น"]
    line = [sys.executable, str(ROOT / "sahaban.py"), "check", "-", "--json"]
    environ = os.environ | {"SAHABAN_CONFIG": str(tmp_path / "config"), "SAHABAN_HOME": str(tmp_path / "home")}
    pasted = subprocess.run(
        line, input="เสือสมิง / น้อย อินทนนท์, 2560".encode(), env=environ, capture_output=True, check=True, timeout=120
    )
    assert json.loads(pasted.stdout)["rows"][0]["verdict"] == "held"


@pytest.mark.parametrize(
    ("name", "raw", "arguments", "said"),
    [
        ("nowhere.csv", None, [], "nowhere.csv: cannot be read: No such file or directory; check the path"),
        ("empty.csv", b"", [], "empty.csv: the file is empty"),
        ("list.xlsx", b"PK\x03\x04", [], "list.xlsx: cannot be read as a workbook"),
        ("list.csv", b"Price,Qty\n5,6\n", [], "list.csv: no column of titles or ISBN was recognised (Price, Qty)"),
        ("list.csv", b"Title,x\na,b\n", ["--column", "x=colour"], "list.csv: a column cannot mean colour"),
        ("list.csv", b"Title,x\na,b\n", ["--column", "y=title"], "list.csv: no column y (Title, x)"),
        ("list.csv", b"Title,x\na,b\n", ["--out", "report.pdf"], "report.pdf: a report is .xlsx, .csv, .json"),
    ],
)
def test_a_wrong_list_is_one_line_and_exit_code_2(
    shelves: Run, tmp_path: Path, name: str, raw: bytes | None, arguments: list[str], said: str
) -> None:
    if raw is not None:
        (tmp_path / name).write_bytes(raw)
    result = shelves("check", name, *arguments)
    assert result.returncode == 2
    assert said in result.stderr
    if "--out" not in arguments:
        assert len(result.stderr.splitlines()) == 1


def test_check_says_when_it_only_guessed_the_columns(shelves: Run, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Livre;Auteur\nเสือ;ก\nหมี;ข\n")
    told = shelves("check", str(path), "--json", "--language", "en")
    assert len(json.loads(told.stdout)["rows"]) == 3
    assert "no header row is known; the columns were told by what is in them: 1 = Title, 2 = Creator" in told.stderr
    assert shelves("check", str(path), "--column", "1=title").stderr == ""
    path.write_text("ชื่อเรื่อง;ผู้แต่ง\nเสือ;ก\n")
    assert shelves("check", str(path)).stderr == ""


def test_a_check_before_the_first_index_says_what_to_do(install: Install, run: Run, tmp_path: Path) -> None:
    install(member("aaa", protocol="file", path="drop", format="sheet"))
    (tmp_path / "list.csv").write_text("Title,Author\na,b\n", encoding="utf-8")
    result = run("check", "list.csv")
    assert (result.returncode, "sahaban index" in result.stderr) == (2, True)


def test_a_second_night_changes_nothing(shelves: Run) -> None:
    shown = shelves("nightly")
    assert shown.returncode == 0
    assert "aaa: 2 ระเบียน: คงเดิม 2\n" in shown.stdout
    assert "ระเบียนใหม่หรือแก้ไข 0 รายการ ชื่อเรื่องที่เปลี่ยน 0 รายการ" in shown.stdout


@pytest.mark.parametrize(
    ("source", "raw", "said", "code"),
    [
        ({"protocol": "oai", "url": "http://127.0.0.1:9/oai", "format": "oai_dc"}, None, "cannot be reached", 1),
        ({"protocol": "file", "path": "drop", "format": "marc"}, b"", "drop/file: the file is empty (0 bytes)", 1),
        (
            {"protocol": "file", "path": "nowhere/*.mrc", "format": "marc"},
            None,
            "nowhere/*.mrc: there is no such file or directory",
            1,
        ),
        ({"protocol": "file", "path": "drop", "format": "sheet"}, b"", "drop/file: the file is empty (0 bytes)", 1),
        (
            {"protocol": "file", "path": "drop", "format": "sheet"},
            xlsx_bytes([]),
            "drop/file: there is no record in it",
            1,
        ),
        ({"protocol": "file", "path": "drop", "format": "marcxml"}, b"<html></html>", "no <record> element", 1),
        ({"protocol": "file", "path": "drop", "format": "marc"}, b"nothing of the kind", "1 quarantined", 1),
    ],
    ids=["unreachable", "empty-marc", "no-file", "0-byte-xlsx", "empty-workbook", "html", "no-marc"],
)
def test_a_source_in_trouble_is_one_clear_line(
    install: Install, run: Run, source: dict[str, str], raw: bytes | None, said: str, code: int
) -> None:
    installation = install(member("aaa", **source))
    if raw is not None:
        drop(installation.directory, "file", raw)
    result = run("harvest")
    assert result.returncode == code
    assert said in result.stdout
    assert len(result.stdout.splitlines()) == 1, result.stdout
    assert run("status").returncode == 1


def test_a_directory_without_files(install: Install, run: Run) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc"))
    (installation.directory / "drop").mkdir()
    result = run("harvest", "aaa")
    assert (result.returncode, "the directory has no file" in result.stdout) == (1, True)


def test_one_members_failure_never_stops_another(install: Install, run: Run) -> None:
    installation = install(
        member("aaa", protocol="oai", url="http://127.0.0.1:9/oai", format="oai_dc")
        + member("bbb", protocol="file", path="drop", format="sheet")
    )
    drop(installation.directory, "b.csv", csv_bytes(SHEET))
    result = run("harvest")
    assert result.returncode == 1
    assert "bbb: 3 seen: 2 added, 1 quarantined" in result.stdout


@pytest.mark.parametrize(("lock", "command"), [("harvest-aaa", "harvest"), ("index", "index"), ("nightly", "nightly")])
def test_another_run_that_holds_the_lock(install: Install, run: Run, lock: str, command: str) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="sheet"))
    drop(installation.directory, "b.csv", csv_bytes(SHEET))
    installation.home.mkdir()
    with FileLock(installation.home / f"{lock}.lock"):
        result = run(command)
    assert result.returncode == 3
    assert len(result.stderr.splitlines()) == 1
    assert "another" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["harvest", "nobody"], ["harvest", "empty"], ["search", "--in", "nothing", "x"], ["search", "--year", "ปีก่อน"],
        ["search", "--member", "nobody"], ["search", "--sort", "colour"], ["nonsense"], ["search", "--size", "0"], ["search", "x"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_use_is_exit_code_2(install: Install, run: Run, arguments: list[str]) -> None:
    install(
        member("aaa", protocol="file", path="drop", format="sheet")
        + '[empty]\nname.th = "ก"\nname.en = "A"\nkind = "x"\n'
    )
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stderr.strip()


def test_a_wrong_table_says_all_its_faults_and_is_exit_code_2(install: Install, run: Run) -> None:
    install(member("aaa", protocol="oay", url="x", format="mark") + "[aaa]\n")
    result = run("harvest")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) >= 3
    assert all(line.startswith("members.toml: [") for line in result.stderr.splitlines())


def test_init_writes_the_tables_and_overwrites_none(tmp_path: Path, run: Run) -> None:
    assert run("init", str(tmp_path / "config")).returncode == 0
    assert sorted(p.name for p in (tmp_path / "config").iterdir()) == ["fields.toml", "members.toml", "settings.toml"]
    shown = run("status")
    assert "kku: 0 live" in shown.stdout
    assert "it has no source yet" in shown.stdout
    again = run("init", str(tmp_path / "config"))
    assert again.returncode == 2
    assert "nothing was written" in again.stderr
    harvested = run("harvest")
    assert (harvested.returncode, "no member has a source yet" in harvested.stderr) == (2, True)


def test_the_help_names_every_command(run: Run) -> None:
    shown = run("--help").stdout
    assert all(f"  {command} " in shown for command in sahaban.COMMANDS)


@pytest.mark.parametrize("command", sahaban.COMMANDS)
def test_every_command_has_its_help(run: Run, command: str) -> None:
    assert "Usage:" in run(command, "--help").stdout


def test_the_quarantine_of_a_member_is_shown(install: Install, run: Run) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="sheet"))
    drop(installation.directory, "b.csv", csv_bytes(SHEET))
    run("harvest")
    shown = run("status", "aaa").stdout
    assert "records in quarantine: 1: sahaban status aaa" in shown
    assert "drop/b.csv, row 3: the row has no title" in shown
    assert run("status", "nobody").returncode == 2


def test_a_long_quarantine_is_shown_in_part_and_given_to_programs_whole(install: Install, run: Run) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="sheet"))
    drop(installation.directory, "b.csv", csv_bytes([["ชื่อเรื่อง", "ผู้แต่ง"], ["เสือ", "ก"], *[["", "ข"]] * 30]))
    run("harvest")
    shown = run("status", "aaa").stdout
    assert shown.count("the row has no title") == 20
    assert "… and 10 more in quarantine: sahaban status aaa --json" in shown
    found = json.loads(run("status", "aaa", "--json").stdout)
    assert (found["member"], found["live"], len(found["quarantine"])) == ("aaa", 1, 30)
    assert found["quarantine"][0]["reason_th"] == "แถวนี้ไม่มีชื่อเรื่อง"
    assert (found["runs"][0]["seen"], found["runs"][0]["undoable"]) == (31, True)
    assert found["troubles"][0]["kind"] == "quarantine"


def test_a_dry_run_says_what_it_would_set_aside_and_keeps_nothing(install: Install, run: Run) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="sheet"))
    drop(installation.directory, "b.csv", csv_bytes([["ชื่อเรื่อง", "ผู้แต่ง"], ["เสือ", "ก"], *[["", "ข"]] * 30]))
    shown = run("harvest", "--dry-run").stdout
    assert shown.splitlines()[0] == "aaa: 31 seen: 1 added, 30 quarantined"
    assert "\n  drop/b.csv, row 3: the row has no title · แถวนี้ไม่มีชื่อเรื่อง\n" in shown
    assert shown.count("the row has no title") == 20
    assert shown.splitlines()[-1] == "  … and 10 more would be set aside"
    (found,) = json.loads(run("harvest", "--dry-run", "--json").stdout)
    assert (found["member"], found["quarantined"], len(found["aside"])) == ("aaa", 30, 20)
    assert found["aside"][0] == {
        "place": "drop/b.csv, row 3", "reason": "the row has no title", "reason_th": "แถวนี้ไม่มีชื่อเรื่อง",
    }  # fmt: skip
    assert json.loads(run("status", "aaa", "--json").stdout)["quarantine"] == []
    (kept,) = json.loads(run("harvest", "--json").stdout)
    assert (kept["member"], kept["outcome"], kept["added"], "aside" in kept) == ("aaa", "done", 1, False)
    assert run("harvest", "--dry-run").stdout.count("the row has no title") == 20, "unchanged, and set aside already"


def test_a_former_source_is_marked(install: Install, run: Run) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="sheet"))
    drop(installation.directory, "b.csv", csv_bytes(SHEET))
    run("harvest")
    path = installation.directory / "members.toml"
    path.write_text(path.read_text().replace('path = "drop"', 'path = "other"'))
    assert "  drop sheet (members.toml no longer names it)" in run("status", "aaa").stdout
    assert json.loads(run("status", "aaa", "--json").stdout)["sources"]["drop sheet"]["named"] is False


def test_a_run_that_should_not_have_been_is_undone(shelves: Run, tmp_path: Path) -> None:
    drop(tmp_path / "config", "a.csv", csv_bytes([BOOKS[0], ["ไฟล์ผิด", "คนอื่น", "2560", "", "1"]]))
    shelves("harvest", "aaa")
    shelves("index")
    assert "ไฟล์ผิด" in shelves("search", "ไฟล์ผิด", "--exact").stdout
    runs = re.findall(r"run (\d+), ", shelves("status", "aaa").stdout)
    undone = shelves("undo", "aaa", "--run", runs[0])
    assert (undone.returncode, f"UNDONE: as before run {runs[0]}" in undone.stdout) == (0, True), undone.stderr
    shelves("index")
    assert "0 รายการ" in shelves("search", "ไฟล์ผิด", "--exact").stdout
    assert "เสือสมิง" in shelves("search", "เสือสมิง").stdout
    for wrong, said in ((("aaa", "--run", "4711"), "run 4711 cannot be undone"), (("nobody",), "no member nobody")):
        refused = shelves("undo", *wrong)
        assert (refused.returncode, said in refused.stderr) == (2, True)
    with FileLock(tmp_path / "home/harvest-aaa.lock"):
        assert shelves("undo", "aaa").returncode == 3


# ── at the desk ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tiger(shelves: Run, filled: Path) -> dict[str, Any]:
    """The title that both members have, as search tells of it, and its records; asked once, of shelves that are the same."""
    asked = filled.with_name("tiger.json")
    if not asked.exists():
        (hit,) = answer(shelves("search", "เสือสมิง", "--json"))["hits"]
        records = records_of(shelves, hit["id"])
        assert answer(shelves("why", *records, "--json"))["together"]
        asked.write_text(json.dumps(hit | {"records": records}), encoding="utf-8")
    found: dict[str, Any] = json.loads(asked.read_text(encoding="utf-8"))
    return found


def records_of(shelves: Run, title: str) -> list[str]:
    """The two records of the tiger: the number of a row is drawn from what identifies it."""
    refused = shelves("why", title, title)
    assert refused.returncode == 2
    return [name.strip() for name in refused.stderr.splitlines()[-1].rpartition(": ")[2].split(",")]


def test_why_tells_both_records_the_reasons_and_where_they_stand(shelves: Run, tiger: dict[str, Any]) -> None:
    found = answer(shelves("why", *tiger["records"], "--json"))
    assert set(found) == {"a", "b", "verdict", "relation", "points", "reasons", "decision", "together", "because"}
    assert (found["verdict"], found["decision"]) == ("same", None)
    assert sorted((found["a"]["record"], found["b"]["record"])) == sorted(tiger["records"])
    assert {found["a"]["title"], found["b"]["title"]} == {tiger["id"]}
    assert all(set(reason) == {"name", "points", "a", "b", "said"} for reason in found["reasons"])
    shown = shelves("why", *tiger["records"]).stdout
    assert "เป็นรายการเดียวกัน" in shown
    assert "ชื่อเรื่อง" in shown
    assert f"ขณะนี้อยู่ในรายการเดียวกัน ({tiger['id']})" in shown
    assert "one title" in shelves("why", *tiger["records"], SAHABAN_LANGUAGE="en").stdout


def test_two_records_are_parted_and_joined_again(shelves: Run, tiger: dict[str, Any]) -> None:
    one, two = tiger["records"]
    shown = shelves("different", one, two, "--who", "สมศรี", "--note", "ปกต่างกัน")
    assert (shown.returncode, "สมศรี ตัดสินว่าคนละรายการ" in shown.stdout, "ขณะนี้เป็น 2 รายการ" in shown.stdout) == (
        0,
        True,
        True,
    )
    assert shelves("index").returncode == 0
    assert answer(shelves("search", "เสือสมิง", "--json"))["total"] == 2
    decision = answer(shelves("why", one, two, "--json"))["decision"]
    assert (decision["verdict"], decision["who"], decision["note"]) == ("different", "สมศรี", "ปกต่างกัน")
    shown = shelves("undecide", two, one)
    assert "ยกเลิกแล้ว" in shown.stdout
    assert "สมศรี" in shown.stdout
    assert shelves("index").returncode == 0
    assert [hit["id"] for hit in answer(shelves("search", "เสือสมิง", "--json"))["hits"]] == [tiger["id"]]
    assert shelves("undecide", one, two).returncode == 2


def test_two_titles_are_joined_by_their_ids_and_the_old_id_still_leads_there(
    shelves: Run, tiger: dict[str, Any]
) -> None:
    (other,) = answer(shelves("search", "เสื้อผ้าอีสาน", "--json"))["hits"]
    shown = shelves("same", other["id"], tiger["id"], SAHABAN_LANGUAGE="en")
    assert f"they are title {tiger['id']} now" in shown.stdout, shown.stderr
    assert shelves("index").returncode == 0
    assert answer(shelves("search", "เสื้อผ้าอีสาน", "--json"))["hits"][0]["id"] == tiger["id"]
    shown = shelves("undecide", other["id"], tiger["id"], SAHABAN_LANGUAGE="en")
    assert shown.returncode == 0
    assert "2 titles now" in shown.stdout
    shelves("index")
    assert {hit["id"] for hit in answer(shelves("search", "เสือสมิง OR เสื้อผ้าอีสาน", "--json"))["hits"]} == {
        tiger["id"],
        other["id"],
    }


def test_what_waits_for_a_person(shelves: Run) -> None:
    found = answer(shelves("review", "--json"))
    assert set(found) == {"pairs", "waiting"}
    assert found["waiting"] == len(found["pairs"]) or len(found["pairs"]) == 10
    assert all(pair["kind"] in ("contradiction", "review") and not pair["together"] for pair in found["pairs"])
    assert shelves("review").returncode == 0


def test_the_desk_shows_values_in_words(shelves: Run, tiger: dict[str, Any]) -> None:
    assert "พ.ศ. 2560 (2017)" in shelves("why", *tiger["records"]).stdout
    shown = shelves("why", *tiger["records"], SAHABAN_LANGUAGE="en").stdout
    assert "2017 (B.E. 2560)" in shown
    assert "Book" in shown
    assert "book" not in shown


def test_who_overrules_somebody_is_told_so(shelves: Run, tiger: dict[str, Any]) -> None:
    one, two = tiger["records"]
    first = shelves("different", one, two, "--who", "สมศรี", SAHABAN_LANGUAGE="en").stdout
    assert "in place of" not in first
    second = shelves("same", one, two, "--who", "มานะ", SAHABAN_LANGUAGE="en").stdout
    assert "in place of:" in second
    assert "which สมศรี decided on 20" in second
    assert second.splitlines()[1].endswith(": two titles")
    assert "แทนคำตัดสินเดิม" in shelves("different", one, two).stdout


def test_decisions_as_a_file(shelves: Run, tiger: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    shelves("different", *tiger["records"], "--who", "ก")
    assert "เขียนคำตัดสิน 1 รายการ" in shelves("decisions", "export", str(file)).stdout
    shelves("undecide", *tiger["records"])
    assert "คำตัดสินใหม่ 1 รายการ มีอยู่แล้ว 0 รายการ" in shelves("decisions", "import", str(file)).stdout
    again = shelves("decisions", "import", str(file), SAHABAN_LANGUAGE="en").stdout
    assert "0 decisions are new, 1 were known" in again
    assert not answer(shelves("why", *tiger["records"], "--json"))["together"]
    file.write_text("a,b,verdict,who,moment\nx,y,same,ก,z\n", encoding="utf-8")
    faulty = shelves("decisions", "import", str(file))
    assert (faulty.returncode, "line 2: a is x; a record is MEMBER/NUMBER" in faulty.stderr) == (1, True)
    assert faulty.stdout == "", "only the error"


def test_decisions_go_to_standard_output(shelves: Run, tiger: dict[str, Any], tmp_path: Path) -> None:
    shelves("different", *tiger["records"], "--who", "ก")
    header, line = shelves("decisions", "export", "-").stdout.splitlines()
    assert header.startswith("a,b,verdict,who")
    assert ",different,ก," in line
    assert not (tmp_path / "-").exists()


def test_an_import_names_what_contradicts_it(shelves: Run, tiger: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    shelves("different", *tiger["records"], "--who", "ก")
    row = ",".join(tiger["records"]) + ",same,ข,{}\n"
    for moment, said in (
        ("2001-01-01T00:00:00Z", "0 decisions are new, 0 were known; 1 contradict what was decided here (0 took"),
        ("2101-01-01T00:00:00Z", "1 decisions are new, 0 were known; 1 contradict what was decided here (1 took"),
    ):
        file.write_text("a,b,verdict,who,moment\n" + row.format(moment), encoding="utf-8")
        shown = shelves("decisions", "import", str(file), SAHABAN_LANGUAGE="en").stdout
        assert said in shown
        assert "ก decided on 20" in shown.splitlines()[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["why", "aaa/404", "bbb/405"], "there is no record aaa/404 in the index"),
        (["same", "nothing", "bbb/405"], "there is no title nothing"),
        (["decisions", "import", "nowhere.csv"], "nowhere.csv cannot be read"),
        (["decisions", "export", "no/such/folder.csv"], "cannot be written"),
        (["why", "\udcff/\udcff", "aaa/1"], "text that is not UTF-8 cannot be taken"),
    ],
)
def test_wrong_use_of_the_desk_is_one_line(shelves: Run, arguments: list[str], said: str) -> None:
    result = shelves(*arguments)
    assert (result.returncode, said in result.stderr) == (2, True), result.stderr


def test_what_was_mended_is_counted_and_shown(install: Install, run: Run) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="marc"))
    good = marc21(*TIGER)
    drop(
        installation.directory,
        "a.mrc",
        b"00099" + good[5:] + marc21(("001", "2"), ("245", "00$aเสื้อ"), encoding="cp874") + b"?\x1d",
    )
    assert "2 added, 1 quarantined (2 repaired)" in run("harvest").stdout
    shown = run("status", "aaa").stdout
    assert "1 repaired: ความยาวในระเบียนไม่ตรง" in shown
    assert "too short for a MARC record: 2 bytes · สั้นเกินกว่าจะเป็นระเบียน MARC" in shown
