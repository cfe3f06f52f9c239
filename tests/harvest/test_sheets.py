"""Lists as people keep them: numbers that Excel shortened, quotation marks that nobody closed, merged cells, ODS."""

import io
import random
import zipfile

import pytest
import xlsxwriter

from config import Tables
from harvest.record import HarvestError
from harvest.store import Store
from harvest.wording import in_thai
from tests.conftest import Install, member
from tests.harvest import xls
from tests.harvest.test_formats import fault, pieces, reader, xlsx_bytes
from tests.harvest.test_run import drop, run


def outcomes(tables: Tables, raw: bytes, **source: object) -> list[str]:
    """Each row's title, or why it is set aside."""
    form = reader(tables, "sheet", **source)
    return [fault(form, p) or " | ".join(form.parse(p.data).values["title"]) for p in pieces(form, raw)]


@pytest.mark.parametrize(
    ("column", "cell"),
    [("ISBN", "9.78616E+12"), ("ISBN", "9,78616E+12"), ("ISBN", "9786160000000"), ("บาร์โค้ด", "8.85E+12"), ("เลขทะเบียน", "1.23E+15")],
)  # fmt: skip
def test_a_number_that_excel_shortened_is_set_aside_and_never_guessed(tables: Tables, column: str, cell: str) -> None:
    raw = f'ชื่อเรื่อง,ผู้แต่ง,{column}\nเสือ,ก,"{cell}"\nหมี,ข,9789749113738\n'.encode()
    first, second = outcomes(tables, raw)
    assert cell in first
    assert "make the column text" in first
    assert "ตั้งคอลัมน์เป็นข้อความ" in in_thai(first)
    assert second == "หมี"


def test_a_number_in_a_workbook_is_whole(tables: Tables) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["ชื่อเรื่อง", "ISBN", "ปี"])
        sheet.write_row(1, 0, ["เสือ", 9786162001062, 2560])
        sheet.write_row(2, 0, ["หมี", 9.78616e12, 2017])
    form = reader(tables, "sheet")
    first, second = pieces(form, out.getvalue())
    assert form.parse(first.data).values["isbn"] == ("9786162001062",)
    assert form.parse(first.data).values["year"] == ("2017",)
    assert "9786160000000" in second.broken


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (['"เสือ,ก', "หมี,ข", "ช้าง,ค"], ["", "หมี", "ช้าง"]),
        (["เสือ,ก", '"หมี,ข', '"ช้าง",ค', "ปลา,ง"], ["เสือ", "", "ช้าง", "ปลา"]),
        (["เสือ,ก", '"หมี,ข'], ["เสือ", ""]),
        (['"เสือ\nสมิง",ก', '"ว่า ""หมี""",ข', 'แผ่น 5",ค'], ["เสือ สมิง", 'ว่า "หมี"', 'แผ่น 5"']),
    ],
    ids=["to-the-end", "to-the-next", "last", "all-right"],
)
def test_a_quotation_mark_that_is_not_closed_costs_one_line(tables: Tables, lines: list[str], found: list[str]) -> None:
    told = outcomes(tables, "\n".join(["ชื่อเรื่อง,ผู้แต่ง", *lines]).encode())
    assert [" ".join(text.split()) if "never closed" not in text else "" for text in told] == found
    assert all(in_thai(text) for text in told if "never closed" in text)


def test_the_header_words_tell_what_parts_the_cells(tables: Tables) -> None:
    for encoding in ("utf-8", "utf-16", "cp874"):
        assert outcomes(tables, "ชื่อเรื่อง\tผู้แต่ง\nเสือ, สิงห์, กระทิง, แรด\tก\n".encode(encoding)) == ["เสือ, สิงห์, กระทิง, แรด"]


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a.csv", "ชื่อเรื่อง,,ผู้แต่ง\nเสือ,ส,ก\nหมี,,ข\nช้าง,ช,ค,,,หาย\n", "(drop/a.csv: B, F)"),
        ("a.xlsx", [["ที่", "ชื่อเรื่อง", " ", "ผู้แต่ง"], [1, "เสือ", 0.5, "ก"], [2, "หมี"], [3, "ช้าง", "x"]], "(drop/a.xlsx, หนังสือ: C)"),
        ("a.csv", [["ชื่อเรื่อง", "ผู้แต่ง", *[""] * 26], ["เสือ", "ก", *["x"] * 26], ["หมี", *[""] * 26, "x"]], "(drop/a.csv, หนังสือ: C, D, E, F, G …)"),
    ],
    ids=["csv", "xlsx", "many"],
)  # fmt: skip
def test_a_column_without_a_header_word_is_told(
    install: Install, name: str, raw: str | list[list[object]], said: str
) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="sheet"))
    drop(installation, **{name: raw.encode() if isinstance(raw, str) else xlsx_bytes(raw)})
    result = run(installation)
    assert result.outcome == "done"
    assert f"2 rows hold something in columns without a header word, which are not read {said}" in (result.error or "")
    told = Store(installation.database).learned("aaa")["drop sheet"].said("th")
    assert any(sentence.startswith("มี 2 แถว") and said in sentence for sentence in told), told


@pytest.mark.parametrize(
    "raw",
    [
        "ชื่อเรื่อง,,ผู้แต่ง\nเสือ,,ก\nหมี, ,ข,,\n",
        "รายการหนังสือ,,,2560\nชื่อเรื่อง,,ผู้แต่ง\nเสือ,,ก\nหมี,,ข\n",
        'ชื่อเรื่อง,ผู้แต่ง\nเสือ,ก\nหมี,ข\n"ช้าง,ค,ง\n',
    ],
    ids=["empty", "above", "unclosed"],
)
def test_an_empty_column_without_a_header_word_is_nothing_to_tell(install: Install, raw: str) -> None:
    installation = install(member("aaa", protocol="file", path="drop", format="sheet"))
    drop(installation, **{"a.csv": raw.encode()})
    result = run(installation)
    assert (result.added, result.error) == (2, None)


def test_a_merged_cell_holds_for_each_of_its_rows(tables: Tables) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "ทะเบียนหนังสือ")
        sheet.write_row(1, 0, ["ชื่อเรื่อง", "ผู้แต่ง", "ชั้น"])
        sheet.write(2, 0, "สี่แผ่นดิน เล่ม 1")
        sheet.write(3, 0, "สี่แผ่นดิน เล่ม 2")
        sheet.merge_range(2, 1, 3, 1, "คึกฤทธิ์ ปราโมช")
        sheet.write(4, 0, "เสือ")
    form = reader(tables, "sheet")
    read = [form.parse(p.data).values.get("creator") for p in pieces(form, out.getvalue())]
    assert read == [("คึกฤทธิ์ ปราโมช",), ("คึกฤทธิ์ ปราโมช",), None]


def ods(*sheets: list[list[str]]) -> bytes:
    """An OpenDocument spreadsheet by hand."""
    rows = "".join(
        f'<table:table table:name="{n}">'
        + "".join("<table:table-row>" + "".join(f'<table:table-cell office:value-type="string"><text:p>{c}</text:p></table:table-cell>' for c in row) + "</table:table-row>" for row in sheet)
        + "</table:table>"
        for n, sheet in enumerate(sheets)
    )  # fmt: skip
    spaces = " ".join(f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{p}:1.0"' for p in ("office", "table", "text"))
    content = f"<office:document-content {spaces}><office:body><office:spreadsheet>{rows}</office:spreadsheet></office:body></office:document-content>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr("content.xml", content)
    return out.getvalue()


def test_every_sheet_of_an_open_document_spreadsheet(tables: Tables) -> None:
    header = ["ชื่อเรื่อง", "ผู้แต่ง"]
    assert outcomes(tables, ods([header, ["เสือ", "ก"]], [header, ["เสื้อ", "ข"]])) == ["เสือ", "เสื้อ"]


def test_letters_that_were_saved_wrongly_are_mended_in_a_list_too(tables: Tables) -> None:
    raw = "ชื่อเรื่อง,ผู้แต่ง\n{},ก\n".format("การพยาบาล".encode().decode("latin-1")).encode()
    form = reader(tables, "sheet")
    parsed = form.parse(pieces(form, raw)[0].data)
    assert (parsed.values["title"], parsed.repairs) == (("การพยาบาล",), ("twice",))


def test_a_workbook_of_excel_97(tables: Tables) -> None:
    raw = xls.workbook(
        [
            ["ทะเบียนหนังสือ ห้องสมุดประชาชน"],
            ["เลขทะเบียน", "ชื่อหนังสือ", "ผู้แต่ง", "ISBN", "ปีที่พิมพ์"],
            ["ท001", "เสือสมิง", "น้อย อินทนนท์", 9786162001062, 2560],
            ["ท002", "หมี", "มนัส", "9789749113738", "พ.ศ. ๒๕๔๙"],
            ["ท003", "ช้าง", "มาลา", 9.78616e12, 2550],
        ]
    )
    form = reader(tables, "sheet")
    first, second, third = pieces(form, raw)
    tiger = form.parse(first.data)
    assert (tiger.local_id, tiger.values["title"], tiger.values["creator"]) == ("ท001", ("เสือสมิง",), ("น้อย อินทนนท์",))
    assert (tiger.values["isbn"], tiger.values["year"]) == (("9786162001062",), ("2017",))
    assert form.parse(second.data).values["year"] == ("2006",)
    assert "9786160000000" in third.broken


@pytest.mark.parametrize("cut", [8, 300, 600, 1100, 2000, 4000])
def test_a_workbook_of_excel_97_that_is_cut_off(tables: Tables, cut: int) -> None:
    raw = xls.workbook([["ชื่อเรื่อง", "ผู้แต่ง"], *([f"เรื่องที่ {n}", "ผู้แต่ง"] for n in range(60))])
    with pytest.raises(HarvestError, match="cannot be"):
        pieces(reader(tables, "sheet"), raw[:cut])


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("a.xlsx", {}, "is no workbook, though its name says so: damaged, or something else; open it and save it as .xlsx"),
        ("b.zip, a.XLS", {}, "is no workbook, though its name says so"),
        ("a.csv", {}, "is neither a workbook nor text in UTF-8, UTF-16 or TIS-620 (cp874); is it the right file?"),
        ("a.csv", {"encoding": "cp874"}, "is no text in cp874; mend the encoding of its source in members.toml"),
    ],
)  # fmt: skip
def test_what_is_neither_a_workbook_nor_text_is_told_in_plain_words(
    tables: Tables, name: str, source: dict[str, str], said: str
) -> None:
    for seed in range(20):
        raw = random.Random(seed).randbytes(5000)
        with pytest.raises(HarvestError) as told:
            list(reader(tables, "sheet", **source).split(io.BytesIO(raw), name))
        assert str(told.value).startswith(f"{name}: {said}")
        assert str(told.value).endswith("; or ask for it again, as Excel or as CSV in UTF-8")


@pytest.mark.parametrize(
    "title",
    [
        "VAT 7%",
        "(หนึ่งร้อยบาทถ้วน)",
        "รวม",
        "รวมทั้งสิ้น 300 เล่ม",
        "รวม ๓๐๐ รายการ",
        "Total: 1,200 baht",
        "ยอดรวม 300 เล่ม 45,000 บาท",
        "รวมเป็นเงิน",
    ],
)
def test_a_line_of_sums_is_no_title(tables: Tables, title: str) -> None:
    form = reader(tables, "sheet")
    said = [p.broken for p in form.split(io.BytesIO(f'ชื่อเรื่อง,ปีพิมพ์\nเสือ,2560\n"{title}",\n'.encode()), "a.csv")]
    assert said == ["", "a line of sums, not a title"]
    assert in_thai(said[1])


@pytest.mark.parametrize("title", ["รวมเรื่องสั้น", "รวม 300 สูตรอาหาร", "Total war", "ผลรวมของชีวิต", "Sum of us"])
def test_a_title_that_begins_as_sums_do_is_one(tables: Tables, title: str) -> None:
    form = reader(tables, "sheet")
    assert [p.broken for p in form.split(io.BytesIO(f"ชื่อเรื่อง\n{title}\n".encode()), "a.csv")] == [""]


def test_a_book_that_is_called_total_is_one_where_somebody_wrote_it(tables: Tables) -> None:
    form = reader(tables, "sheet")
    assert [p.broken for p in form.split(io.BytesIO("ชื่อเรื่อง,ผู้แต่ง\nTotal,ก. ข.\n".encode()), "a.csv")] == [""]


def test_a_line_of_sums_of_any_length_is_judged_at_once(tables: Tables) -> None:
    form = reader(tables, "sheet")
    rows = f"ชื่อเรื่อง\nรวม {'1' * 100_000} ก\nรวม {'1 ' * 50_000}ก\n".encode()
    assert [p.broken for p in form.split(io.BytesIO(rows), "a.csv")] == ["", ""]


@pytest.mark.parametrize(("raw", "what"), [(b"%PDF-1.4 x", "a PDF"), (b" <!DOCTYPE html><table>", "a web page")])
def test_what_is_no_list_is_named(tables: Tables, raw: bytes, what: str) -> None:
    with pytest.raises(HarvestError, match=f"a.xls: is {what}, and no list; ask the member for CSV or Excel"):
        list(reader(tables, "sheet").split(io.BytesIO(raw), "a.xls"))
