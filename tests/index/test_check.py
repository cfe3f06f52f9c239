"""The purchase check: what is held, in which form, by whom; and reports in which nothing of a list runs."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from config import Tables
from index.check import lists
from index.check.check import HELD, NAMES, NOT_HELD, RELATED, RELATIONS, REVIEW, VERDICTS, Report, duplicates
from index.check.entries import entries
from index.check.report import FORMS, Reader, place
from index.check.service import NothingHeld, check_of
from tests.index.test_build import Network

ON = Callable[[str], Report]


@pytest.fixture
def network(tables: Tables, tmp_path: Path) -> Network:
    made = Network(tables, tmp_path / "home")
    book = {"creator": "ศรีบูรพา", "publisher": "ผดุงศึกษา", "year": "1937"}
    made.put("kku", "1", "ข้างหลังภาพ", **book, extent="250 หน้า")
    made.put("kktc", "7", "ข้างหลังภาพ", **book, extent="250 หน้า", isbn="9789749113738")
    made.put("kkpl", "2", "ข้างหลังภาพ", **book | {"year": "2005", "edition": "พิมพ์ครั้งที่ 41"}, extent="301 หน้า")
    made.put("kkh", "x", "การพยาบาลผู้ป่วยวิกฤต", creator="สมหญิง รักเรียน", publisher="โรงพิมพ์ขอนแก่น", year="2017")
    made.index()
    return made


@pytest.fixture
def check(network: Network, tables: Tables) -> ON:
    def on(text: str) -> Report:
        given = lists.read(text.encode(), "list.csv", tables.fields)
        return check_of(network.tables, network.database).run(given)

    return on


LIST = """ชื่อเรื่อง,ผู้แต่ง,สำนักพิมพ์,ปีที่พิมพ์,ราคา,จำนวน
ข้างหลังภาพ,ศรีบูรพา,ผดุงศึกษา,2480,100,2
ข้างหลัง ภาพ,"ศรีบูรพา",สำนักพิมพ์ผดุงศึกษา,ค.ศ. 1937,"1,000",1
การปลูกผักในเมือง,ไม่มีใคร,แก่นนคร,2560,฿50.50,
"""


def test_what_is_held_is_held_whatever_the_era_and_the_spaces(check: ON) -> None:
    report = check(LIST)
    one, two, three = report.results
    assert (one.verdict, one.members) == (HELD, ("kku", "kktc")), "without an ISBN in the row"
    assert one.matches[0].reasons
    assert two.verdict == HELD
    assert (three.verdict, three.members, three.matches) == (NOT_HELD, (), ())
    assert report.summary == {HELD: 2, RELATED: 0, REVIEW: 0, NOT_HELD: 1}
    assert report.titles == 3


def test_another_edition_is_related_and_says_whose(check: ON) -> None:
    (result,) = check("ชื่อเรื่อง,ผู้แต่ง,ปีที่พิมพ์,ครั้งที่พิมพ์\nข้างหลังภาพ,ศรีบูรพา,2565,พิมพ์ครั้งที่ 55\n").results
    assert result.verdict == RELATED
    assert set(result.members) == {"kku", "kktc", "kkpl"}
    assert {match.relation for match in result.matches} <= set(RELATIONS)


def test_another_volume_does_not_hide_what_may_be_the_very_one(network: Network, check: ON) -> None:
    for number, year in (("3", "1997"), ("7", "2005")):
        network.put("kku", f"v{number}", f"สารานุกรมไทยสำหรับเยาวชน เล่ม {number}", publisher="วิชาการอีสาน", year=year)
    network.index()
    (result,) = check("ชื่อเรื่อง,สำนักพิมพ์\nสารานุกรมไทยสำหรับเยาวชน เล่ม 7,วิชาการอีสาน\n").results
    assert result.matches[0].values["title"] == "สารานุกรมไทยสำหรับเยาวชน เล่ม 7"
    assert {match.relation for match in result.matches[1:]} == {"volume"}


def test_a_row_of_nothing_but_an_isbn_is_held_where_it_stands(check: ON) -> None:
    one, two = check("ISBN\n974-911-373-X\n9786160000012\n").results
    assert (one.verdict, one.members, one.note) == (HELD, ("kku", "kktc"), "no_title")
    assert {"isbn_shared", "isbn_alone"} <= {reason.name for reason in one.matches[0].reasons}
    assert two.verdict == NOT_HELD
    (pasted,) = check("9789749113738\n").results
    assert pasted.verdict == HELD


def test_an_isbn_of_different_titles_says_nothing_alone(network: Network, check: ON) -> None:
    for n, title in enumerate(("การเลี้ยงปลานิล", "ประวัติศาสตร์ล้านช้าง", "เคมีอินทรีย์")):
        network.put("kku", f"w{n}", title, isbn="9786160000012")
    network.index()
    (result,) = check("ISBN\n9786160000012\n").results
    assert result.verdict == NOT_HELD


def test_a_row_of_title_and_author_asks_for_any_edition(check: ON) -> None:
    (result,) = check("ข้างหลังภาพ / ศรีบูรพา\n").results
    assert result.verdict == HELD
    assert set(result.members) == {"kku", "kktc", "kkpl"}, "of either edition"
    assert {"author_equal", "any_edition"} <= {reason.name for reason in result.matches[0].reasons}
    others = check("ชื่อเรื่อง,ผู้แต่ง,ISBN\nข้างหลังภาพ,สมหญิง รักเรียน,\nข้างหลังภาพ,,\nข้างหลังภาพ,ศรีบูรพา,9789749113731\n").results
    assert len(others) == 3
    assert HELD not in {result.verdict for result in others}


def test_the_same_title_in_another_edition_stands_before_another_work(network: Network, check: ON) -> None:
    network.put(
        "kku", "h7", "Harry Potter and the deathly hallows", creator="Rowling, J. K.", year="2015", edition="2nd ed."
    )
    network.put("kkh", "h6", "Harry Potter and the chamber of hallows", creator="Rowling, J. K.", year="2007")
    network.index()
    (result,) = check("title,author,year\nHarry Potter and the Deathly Hallows,Rowling,2007\n").results
    assert (result.verdict, result.members) == (RELATED, ("kku",))


def test_a_row_that_says_nothing_is_told_and_not_judged(check: ON) -> None:
    one, two = check("ชื่อเรื่อง,ผู้แต่ง\nข้างหลังภาพ,ศรีบูรพา\n,สมชาย\n").results
    assert (two.verdict, two.note) == (REVIEW, "empty")
    assert one.note == ""


def test_rows_that_repeat_each_other(check: ON, tables: Tables) -> None:
    report = check(LIST + LIST.splitlines()[3] + "\nการปลูกผักในเมือง,,,,,\n")
    assert [result.duplicate_of for result in report.results[:4]] == [None, 0, None, 2]
    assert place(report, 2) == "4", "as the list numbers it"
    many = "\n".join(f"สารานุกรมไทย เล่ม {n}" for n in range(1, 301))
    rows = list(entries(lists.read(many.encode(), "x", tables.fields), tables.fields))
    assert duplicates(rows) == {}, "volumes of one set"


def test_money_counts_copies_and_what_is_held_or_repeated(check: ON) -> None:
    report = check(LIST + LIST.splitlines()[3] + "\n")
    assert report.asked == {"THB": Decimal("1301.00")}
    assert report.saved == {"THB": Decimal("1250.50")}


def test_copies_are_those_of_the_holdings(tables: Tables) -> None:
    from config.holdings import Holding
    from index.check.check import copies

    held = [Holding("kku", barcode="1"), Holding("kku", barcode="2"), Holding("kkpl", copies=3), Holding("kkh")]
    assert copies(("kku", "kkpl", "kkh"), held) == {"kku": 2, "kkpl": 3, "kkh": 0}


def test_progress_is_told_to_the_end(network: Network, tables: Tables) -> None:
    given = lists.read("\n".join(f"เรื่องที่ {n} / ผู้แต่ง" for n in range(120)).encode(), "x", tables.fields)
    told: list[tuple[int, int]] = []
    check_of(network.tables, network.database).run(given, lambda done, of: told.append((done, of)))
    assert told == [(0, 120), (50, 120), (100, 120), (120, 120)]


def test_an_empty_catalogue_says_so(tables: Tables, tmp_path: Path) -> None:
    empty = Network(tables, tmp_path / "empty")
    with pytest.raises(NothingHeld, match="sahaban index"):
        check_of(empty.tables, empty.database)


# ── reports ──────────────────────────────────────────────────────────────────────────────────────

HOSTILE = """ชื่อเรื่อง,ผู้แต่ง,ราคา
"=HYPERLINK(""http://evil"",""x"")",@SUM(1),100
+cmd|' /C calc'!A0,-2+3,1
ข้างหลังภาพ,ศรีบูรพา,100
"""


def reader(tables: Tables, language: str = "th") -> Reader:
    return Reader(tables, language, lambda id: f"https://union.example/title/{id}")


def test_no_form_of_the_report_holds_a_formula(check: ON, tables: Tables) -> None:
    report = check(HOSTILE)
    raw = FORMS["xlsx"].write(report, reader(tables))
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        for name in book.namelist():
            assert not re.search(rb"<f[ >]|externalLink", book.read(name)), name
    text = FORMS["csv"].write(report, reader(tables)).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text)):
        assert not [cell for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]
    assert "'=HYPERLINK" in text
    titles = [row["title"] for row in json.loads(FORMS["json"].write(report, reader(tables)))["rows"]]
    assert titles[0].startswith("=HYPERLINK"), "data for programs stays as it was"


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_workbook_has_summary_rows_and_evidence(check: ON, tables: Tables, language: str) -> None:
    raw = FORMS["xlsx"].write(check(LIST), reader(tables, language))
    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    summary, rows, evidence = (book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    said = {row[0]: row[1] for row in summary}
    assert [said[NAMES[verdict].in_language(language)] for verdict in VERDICTS] == [2, 0, 0, 1]
    assert 1200.0 in said.values(), "the money that is saved"
    assert len(rows) == 4
    assert rows[1][1] == NAMES[HELD].in_language(language)
    assert rows[1][-1].startswith("https://union.example/title/")
    assert any("ข้างหลังภาพ" in str(cell) for row in evidence[1:] for cell in row)
    assert "หน้า" not in said


def test_the_json_keeps_its_shape(check: ON, tables: Tables) -> None:
    told = json.loads(FORMS["json"].write(check(LIST), reader(tables)))
    assert told["summary"] == {"held": 2, "related": 0, "review": 0, "not held": 1}
    row = told["rows"][0]
    assert {"row", "verdict", "members", "matches", "copies", "price", "quantity"} <= row.keys()
    assert (row["row"], row["verdict"], row["members"]) == (2, "held", ["kku", "kktc"])
    match = row["matches"][0]
    assert {"id", "relation", "points", "reasons", "members", "copies"} <= match.keys()
    assert match["reasons"][0].keys() == {"name", "points", "row", "record", "said"}
    assert told["rows"][1]["duplicate_of"] == 2


def test_a_report_tells_what_was_left_out_and_the_isbn_as_typed(check: ON, tables: Tables) -> None:
    report = check("ชื่อเรื่อง,ผู้แต่ง,ISBN,ราคา\nเสือ,สมชาย,974-911-373-1,95 USD\nรวม,,,95\n")
    (row,) = list(csv.DictReader(io.StringIO(FORMS["csv"].write(report, reader(tables, "en")).decode("utf-8-sig"))))
    assert (row["ISBN"], row["Author"], row["Currency"]) == ("974-911-373-1", "สมชาย", "US dollars")
    assert "check digit" in row["Note"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(FORMS["xlsx"].write(report, reader(tables))))
    summary = [cell for line in book.get_sheet_by_index(0).to_python() for cell in line]
    assert {"3: เป็นแถวผลรวม", "ดอลลาร์สหรัฐ"} <= set(summary)
    told = json.loads(FORMS["json"].write(report, reader(tables, "en")))
    assert told["left_out"] == [{"row": 3, "reason": "a line of sums"}]
    assert told["rows"][0]["isbn_typed"] == "974-911-373-1"
