"""Purchase lists as librarians and vendors have them: what is read, what columns mean, what is refused."""

import contextlib
import io
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from config import Tables
from config.tables import Source
from harvest.formats import open_format
from index.check import lists, money
from index.check.columns import Columns, isbn, rounded
from index.check.entries import Entry, LeftOut, entries, line, listed
from index.check.lists import MOST_ROWS, ListError
from index.check.money import Price
from tests.harvest.test_formats import TIGER, fault, marc21

Sheets = dict[str, Sequence[Sequence[object]]]


def workbook(sheets: Sheets) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    if value is not None:
                        sheet.write(r, c, value)
    return out.getvalue()


def ods(rows: str) -> bytes:
    names = "".join(
        f' xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
        for prefix in ("office", "table", "text")
    )
    content = f'<?xml version="1.0"?><office:document-content{names}><office:body><office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr("content.xml", content)
    return out.getvalue()


def ods_cell(text: str, repeated: int = 1) -> str:
    return f'<table:table-cell table:number-columns-repeated="{repeated}" office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def rows_of(tables: Tables, data: bytes, name: str = "list") -> list[Entry]:
    return list(entries(lists.read(data, name, tables.fields), tables.fields))


def told(entry: Entry) -> dict[str, str]:
    return {name: "; ".join(texts) for name, texts in entry.values.items()}


BANNERED = [
    ["รายชื่อหนังสือเสนอซื้อ ปีงบประมาณ 2568"],
    [],
    ["ลำดับ", "ชื่อเรื่อง", "ผู้แต่ง", "สำนักพิมพ์", "ปีที่พิมพ์", "ISBN", "ราคา (บาท)", "จำนวน"],
    [1, "ข้างหลังภาพ", "ศรีบูรพา", "ผดุงศึกษา", 2480, 9789749113738, 350, 2],
    [],
    [2, "สี่แผ่นดิน", "ม.ร.ว. คึกฤทธิ์ ปราโมช", None, "พ.ศ. ๒๕๖๐", "'974-911-373-X", "1,250.00 บาท"],
    [None, "รวม", None, None, None, None, 1950],
]


def test_a_header_below_a_banner_blank_rows_and_a_line_of_sums(tables: Tables) -> None:
    one, two = rows_of(tables, workbook({"หนังสือ": BANNERED}))
    assert (one.number, two.number) == (4, 6), "as the spreadsheet numbers them"
    assert told(one) == {
        "title": "ข้างหลังภาพ", "creator": "ศรีบูรพา", "publisher": "ผดุงศึกษา", "year": "1937", "isbn": "9789749113738",
    }  # fmt: skip
    assert (one.price, one.quantity) == (Price(Decimal(350)), 2)
    assert (told(two)["year"], told(two)["isbn"], two.price) == ("2017", "9789749113738", Price(Decimal("1250.00")))


def test_a_row_that_is_no_title_is_told(tables: Tables) -> None:
    data = workbook({"หนังสือ": [*BANNERED, [None, None, None, None, None, None, 1950]]})
    left = [row for row in listed(lists.read(data, "x", tables.fields), tables.fields) if isinstance(row, LeftOut)]
    assert [(row.number, row.why) for row in left] == [(7, "sum"), (8, "sum")]


def test_a_wrong_isbn_is_kept_as_it_was_typed(tables: Tables) -> None:
    one, two = rows_of(tables, "ชื่อเรื่อง,ISBN\nเสือ,974-911-373-1\n,9789749113731\n".encode())
    assert (one.typed, one.note, one.values.get("isbn", ())) == ("974-911-373-1", "isbn_wrong", ())
    assert (two.typed, two.note) == ("9789749113731", "isbn_wrong_alone")
    (pasted,) = rows_of(tables, b"9789749113731\n")
    assert (pasted.typed, pasted.values) == ("9789749113731", {}), "a number is no title"


def test_cells_pasted_without_a_header_are_known_by_what_they_hold(tables: Tables) -> None:
    text = (
        "เสือสมิง\tน้อย อินทนนท์\t2560\t9789749113738\t250\n"
        "ข้างหลังภาพ\tศรีบูรพา\t2480\t9.78974E+12\t150\n"
        "ประวัติศาสตร์ขอนแก่น\tสมชาย ใจดี\t2555\t\t300\n"
    )
    given = lists.read(text.encode(), "pasted list", tables.fields)
    assert given.tables[0].columns == ("title", "creator", "year", "isbn", "price")
    notes = [entry.note for entry in entries(given, tables.fields)]
    assert notes == ["", "isbn_rounded", ""]


def test_lines_of_text(tables: Tables) -> None:
    text = "1. ข้างหลังภาพ / ศรีบูรพา. กรุงเทพฯ : ผดุงศึกษา, 2480. 150 บาท\n๒) สี่แผ่นดิน\n\n9789749113738\n1984 / George Orwell\nเธอ, ฉัน และเขา\n"
    found = rows_of(tables, text.encode())
    assert [entry.number for entry in found] == [1, 2, 4, 5, 6]
    assert told(found[0]) == {
        "title": "ข้างหลังภาพ", "creator": "ศรีบูรพา", "place": "กรุงเทพฯ", "publisher": "ผดุงศึกษา", "year": "1937",
    }  # fmt: skip
    assert found[0].price == Price(Decimal(150))
    assert told(found[1]) == {"title": "สี่แผ่นดิน"}
    assert (told(found[2]), found[2].note) == ({"isbn": "9789749113738"}, "no_title")
    assert told(found[3]) == {"title": "1984", "creator": "George Orwell"}
    assert told(found[4]) == {"title": "เธอ, ฉัน และเขา"}, "a comma in a title parts nothing"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("พจนานุกรม ฉบับราชบัณฑิตยสถาน พ.ศ. 2554", {"title": "พจนานุกรม ฉบับราชบัณฑิตยสถาน พ.ศ. 2554"}),
        ("ฟ้าบ่กั้น (2548)", {"title": "ฟ้าบ่กั้น", "year": "2548"}),
        ("ฟ้าบ่กั้น / ลาว คำหอม. พิมพ์ครั้งที่ 19", {"title": "ฟ้าบ่กั้น", "creator": "ลาว คำหอม", "edition": "19"}),
        ("คู่มือแพทย์ ISBN 978-974-91-1373-8 ฿350", {"title": "คู่มือแพทย์", "isbn": "9789749113738", "price": "฿350"}),
        ("Thai food / Thompson, David. 2002", {"title": "Thai food", "creator": "Thompson, David", "year": "2002"}),
        ("ไผ่แดง / ม.ร.ว. คึกฤทธิ์ ปราโมช, 2545", {"title": "ไผ่แดง", "creator": "ม.ร.ว. คึกฤทธิ์ ปราโมช", "year": "2545"}),
        (
            "ไผ่แดง / ม.ร.ว. คึกฤทธิ์ ปราโมช. สยามรัฐ, 2545",
            {"title": "ไผ่แดง", "creator": "ม.ร.ว. คึกฤทธิ์ ปราโมช", "publisher": "สยามรัฐ", "year": "2545"},
        ),
        ("Harry Potter / J. K. Rowling, 2007", {"title": "Harry Potter", "creator": "J. K. Rowling", "year": "2007"}),
        ("คู่มือแพทย์ ISBN 9789749113731", {"title": "คู่มือแพทย์", "isbn": "9789749113731"}),
        ("๑๐๐ ปี ศรีบูรพา", {"title": "100 ปี ศรีบูรพา"}),
    ],
)
def test_what_a_line_tells(text: str, said: dict[str, str]) -> None:
    assert line(text) == said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874", "tis-620", "utf-16"])
def test_every_encoding_of_a_csv_file(tables: Tables, encoding: str) -> None:
    text = 'ชื่อเรื่อง,ผู้แต่ง,ราคา\r\nเสือ,น้อย,"1,200"\r\n"=HYPERLINK(""http://x"")",ก,9\r\n'
    one, two = rows_of(tables, text.encode(encoding), "list.csv")
    assert (told(one), one.price) == ({"title": "เสือ", "creator": "น้อย"}, Price(Decimal(1200)))
    assert two.first("title") == '=HYPERLINK("http://x")', "kept as what it is: text"


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("ชื่อเรื่อง/Title", "title"), ("รายชื่อหนังสือที่เสนอ", "title"), ("Book Title", "title"),
        ("ชื่อผู้แต่ง", "creator"), ("Author(s)", "creator"), ("ชื่อสำนักพิมพ์", "publisher"), ("สนพ.", "publisher"), ("Imprint", "publisher"),
        ("ปีพิมพ์ (พ.ศ.)", "year"), ("Pub. Date", "year"), ("พิมพ์ครั้งที่", "edition"), ("ISBN-13", "isbn"), ("เลข ISBN", "isbn"),
        ("ราคา", "price"), ("ราคาปก (บาท)", "price"), ("Unit Price", "price"), ("ราคารวม", "total"),
        ("จำนวน", "quantity"), ("Qty.", "quantity"), ("จำนวนหน้า", "extent"), ("ลำดับที่", ""), ("หมายเหตุ", ""), ("สีปก", None),
    ],
)  # fmt: skip
def test_header_words_in_thai_and_english(tables: Tables, header: str, meaning: str | None) -> None:
    assert Columns(tables.fields).named(header) == meaning


def test_rows_of_a_list_are_no_header(tables: Tables) -> None:
    known = Columns(tables.fields)
    assert known.header([["เสือ", "สำนักพิมพ์มติชน", "2560"], ["ช้าง", "สำนักพิมพ์ผีเสื้อ", "2561"]]) is None


def test_several_sheets_each_with_its_own_columns(tables: Tables) -> None:
    data = workbook({
        "ไทย": [["ชื่อหนังสือ", "ราคา"], ["ข้างหลังภาพ", 100]],
        "English": [["Author", "Title"], ["Siburapha", "Behind the painting"]],
        "หมายเหตุ": [["โปรดส่งภายในเดือนนี้"]],
    })  # fmt: skip
    given = lists.read(data, "two.xlsx", tables.fields)
    assert [(table.name, table.columns) for table in given.tables] == [
        ("ไทย", ("title", "price")), ("English", ("creator", "title")),
    ]  # fmt: skip
    assert [(e.sheet, e.number, e.first("title")) for e in entries(given, tables.fields)] == [
        ("ไทย", 2, "ข้างหลังภาพ"), ("English", 2, "Behind the painting"),
    ]  # fmt: skip


def test_columns_are_corrected_by_hand(tables: Tables) -> None:
    given = lists.read(b"A,B\nx,y\n", "list.csv", tables.fields)
    lists.told(lists.arranged(given, [["creator", "title"]], tables.fields))
    with pytest.raises(ListError, match=r"list.csv: no column of titles or ISBN was recognised"):
        lists.told(lists.arranged(given, [["creator", ""]], tables.fields))
    with pytest.raises(ListError, match="a column cannot mean colour"):
        lists.arranged(given, [["colour", ""]], tables.fields)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("978-974-91-1373-8", "9789749113738"), ("974911373X", "9789749113738"), ("๙๗๘๙๗๔๙๑๑๓๗๓๘", "9789749113738"),
        ("9789749113738.0", "9789749113738"), ("747532699", "9780747532699"), ("9789749113739", ""), ("9.78974E+12", ""), ("350", ""),
    ],
)  # fmt: skip
def test_isbns_as_spreadsheets_leave_them(cell: str, found: str) -> None:
    assert isbn(cell) == found
    assert rounded(cell) == (cell == "9.78974E+12")


@pytest.mark.parametrize(
    ("cell", "price"),
    [
        ("1,250.00 บาท", Price(Decimal("1250.00"))), ("฿350", Price(Decimal(350))), ("๓๕๐.-", Price(Decimal(350))), ("350", Price(Decimal(350))),
        ("USD 25.50", Price(Decimal("25.50"), "USD")), ("£12", Price(Decimal(12), "GBP")), ("แจกฟรี", None), ("", None),
    ],
)  # fmt: skip
def test_prices(cell: str, price: Price | None) -> None:
    assert money.price(cell) == price


def test_a_price_for_all_copies_is_shared_among_them(tables: Tables) -> None:
    (entry,) = rows_of(tables, "ชื่อเรื่อง,จำนวน,ราคารวม\nเสือ,4,1000\n".encode(), "list.csv")
    assert (entry.price, entry.quantity) == (Price(Decimal(250)), 4)


@pytest.mark.parametrize("encoding", ["utf-8", "tis-620"])
@pytest.mark.parametrize(
    "leader", ["00000nam a2200000 a 4500", "00000nam  2200000 a 4500"], ids=["says-utf-8", "says-marc-8"]
)
def test_a_vendors_marc_file_in_the_encoding_that_it_does_not_tell(tables: Tables, encoding: str, leader: str) -> None:
    record = marc21(*TIGER, ("020", "  $a9789749113738$c350 บาท"), encoding=encoding, leader=leader)
    given = lists.read(record + record[:40], "vendor.mrc", tables.fields)
    (entry,) = entries(given, tables.fields)
    assert (entry.first("title"), entry.first("year")) == ("เสือ : เรื่องสั้น", "2017")
    assert entry.price == Price(Decimal(350))
    assert entry.facts.source == "marc", "all that the record tells is used"
    assert [number for number, _ in given.broken] == [2]


def test_a_vendors_broken_marc_file_is_read_as_a_harvest_reads_it(tables: Tables, data: Path) -> None:
    for path in sorted((data / "damaged" / "iso2709").iterdir()):
        with contextlib.suppress(ListError):
            given = lists.read(path.read_bytes(), path.name, tables.fields)
            form = open_format(Source("file", "marc", path=path.name), "", tables.fields)
            outcomes = [fault(form, p) for p in form.split(io.BytesIO(path.read_bytes()), path.name)]
            assert [why for _, why in given.broken] == [why for why in outcomes if why], path.name
            assert len(given.records) == outcomes.count(""), path.name


def test_a_vendors_marcxml_file(tables: Tables, data: Path) -> None:
    path = sorted((data / "marc/lcnetdev-cc0").glob("*.xml"))[0]
    given = lists.read(path.read_bytes(), path.name, tables.fields)
    assert len(given.records) > 5
    assert all(entry.facts.titles for entry in entries(given, tables.fields))


# ── what is refused, in one sentence ─────────────────────────────────────────────────────────────

ENTITIES = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><collection><record><leader>00000nam a2200000 a 4500</leader><datafield tag="245" ind1="0" ind2="0"><subfield code="a">&b;</subfield></datafield></record></collection>'


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"0" * (300 << 20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "said", "kind"),
    [
        (lambda: b" \n", "the file is empty", "empty"),
        (lambda: workbook({"a": [["ชื่อเรื่อง", "ผู้แต่ง"]]}), "there is no row in it", "empty"),
        (lambda: ("ชื่อเรื่อง\n" + "ก\n" * (MOST_ROWS + 1)).encode(), "more than 20,000 rows; split the list", "too_long"),
        (bomb, "unpacks to more than", "unreadable"),
        (lambda: workbook({"a": [["ชื่อเรื่อง"], *[[]] * 900_000, [*[None] * 99, "x"]]}), "one lies far off", "unreadable"),
        (lambda: ods(f'<table:table-row table:number-rows-repeated="20000">{ods_cell("x", 1000)}</table:table-row>'), "one lies far off", "unreadable"),
        (lambda: b"PK\x03\x04nothing", "cannot be read as a workbook", "unreadable"),
        (lambda: b"<html><body>x</body></html>", "no <record> element", "unreadable"),
        (lambda: b"%PDF-1.4\n1 0 obj\n", "is a PDF; ask the vendor for Excel or CSV", "unreadable"),
        (lambda: ENTITIES, "no record can be read", "unreadable"),
        (lambda: b"\x81\x00\xff" * 100, "is neither a workbook nor text", "unreadable"),
    ],
    ids=["empty", "header-only", "too-long", "zip-bomb", "far-cell", "ods-bomb", "no-zip", "html", "pdf", "entities", "bytes"],
)  # fmt: skip
def test_a_list_that_cannot_be_checked(tables: Tables, make: object, said: str, kind: str) -> None:
    with pytest.raises(ListError, match=r"^list") as error:
        lists.read(make(), "list", tables.fields)  # type: ignore[operator]  # a function without arguments
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.kind == kind


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"title\n" + b"\n" * 2_000_000, "more than 200,000 lines"),
        (b"title\r" + b"\r" * 2_000_000, "more than 200,000 lines"),
        ((b";" * 30 + b"\n") * 600_000, "more than 200,000 lines"),
        (b"title" + b"," * 2_000_001, "more than 2,000,000 cells"),
        (b"title,isbn\n" + b"a,b\n" * (MOST_ROWS + 100), "more than 20,000 rows"),
        (b"00500nam a2200100   4500\x1e" + b"\x1d" * MOST_ROWS * 2, "no record can be read"),
    ],
    ids=["blank-lines", "returns", "empty-rows", "one-wide-row", "rows", "marc"],
)
def test_what_no_list_is_is_refused_before_a_row_is_made_of_it(
    tables: Tables, data: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    monkeypatch.setattr(lists, "tidy", lambda cell: made.append(cell) or cell)
    with pytest.raises(ListError, match=said):
        lists.read(data, "list.csv", tables.fields)
    assert len(made) < 1000


@pytest.mark.parametrize("title", ["<Hello> world", "<b>เสือ</b>", "<recorded> live", "<!-- a note"])
def test_a_title_that_begins_with_a_bracket_is_no_xml(tables: Tables, title: str) -> None:
    assert len(lists.read(f"{title}\nเสือ\n".encode(), lists.PASTED, tables.fields)) == 2


@pytest.mark.parametrize("root", ["<record>", "<marc:record>", "  <collection xmlns='x'>", "<?xml version='1.0'?><r>"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_begins_as_marcxml_does(tables: Tables, root: str, encoding: str) -> None:
    with pytest.raises(ListError, match="record"):
        lists.read(f"{root}เสือ".encode(encoding), "x", tables.fields)


def test_an_ods_file_whose_empty_rows_reach_to_the_end(tables: Tables) -> None:
    empty = '<table:table-row table:number-rows-repeated="1048573"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    rows = f"<table:table-row>{ods_cell('ชื่อเรื่อง')}{ods_cell('ผู้แต่ง')}</table:table-row><table:table-row>{ods_cell('เสือ')}{ods_cell('น้อย')}</table:table-row>{empty}"
    (entry,) = rows_of(tables, ods(rows))
    assert told(entry) == {"title": "เสือ", "creator": "น้อย"}
