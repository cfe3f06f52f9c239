"""Records of every format, on real records named for what they hold."""

import io
import json
import random
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from config import Source, Tables
from config.holdings import Holding
from harvest.formats import FORMATS, open_format, sheet, xml
from harvest.formats.described import Field, MarcDescribed, trim
from harvest.holdings import _told, holdings, mappings
from harvest.record import Format, HarvestError, Parsed, Payload


def reader(tables: Tables, fmt: str, **source: object) -> Format:
    return open_format(Source(protocol="file", path="x", format=fmt, **source), "kku", tables.fields)  # type: ignore[arg-type]


def pieces(form: Format, data: bytes) -> list[Payload]:
    return list(form.split(io.BytesIO(data), "file"))


def marc21(*fields: tuple[str, str], leader: str = "00000nam a2200000 a 4500", encoding: str = "utf-8") -> bytes:
    """An ISO 2709 record by hand: ``("245", "00$aชื่อ")``; right lengths, any encoding."""
    directory, body = b"", b""
    for tag, text in fields:
        data = text.replace("$", "\x1f").encode(encoding) + b"\x1e"
        directory += f"{tag}{len(data):04d}{len(body):05d}".encode()
        body += data
    base = 24 + len(directory) + 1
    head = f"{base + len(body) + 1:05d}{leader[5:12]}{base:05d}{leader[17:]}".encode()
    return head + directory + b"\x1e" + body + b"\x1d"


def fault(form: Format, piece: Payload) -> str:
    """Why a payload goes to quarantine; "" where it is stored."""
    try:
        return piece.broken or ("" if form.parse(piece.data) else "nothing")
    except ValueError as error:
        return str(error)


TIGER = (("001", "t1"), ("008", "170101s2560    th            000 0 tha d"), ("100", "0 $aสมชาย ใจดี,$d2500-"),
         ("245", "00$aเสือ :$bเรื่องสั้น /$cสมชาย ใจดี."), ("260", "  $aขอนแก่น :$bคลังนานา,$cพ.ศ. 2560."))  # fmt: skip


@pytest.mark.parametrize(
    ("name", "seen", "ids"), [("psu-sample-728.mrc", 728, 531), ("uva-marc8-0001-1000.mrc", 1000, 1000)]
)
def test_real_iso_2709_files_are_read_whole(data: Path, tables: Tables, name: str, seen: int, ids: int) -> None:
    form = reader(tables, "marc")
    read = [form.parse(p.data) for p in pieces(form, (data / "marc" / name).read_bytes()) if not p.broken]
    assert (len(read), len({item.local_id for item in read})) == (seen, ids)


def test_marc_8_is_read_with_its_accents(data: Path, tables: Tables) -> None:
    form = reader(tables, "marc")
    read = [form.parse(p.data) for p in pieces(form, (data / "marc/uva-marc8-0001-1000.mrc").read_bytes())]
    said = " ".join(text for item in read for texts in item.values.values() for text in texts)
    assert "Bibliothèque" in said
    assert "Universität" in said or "Göttingen" in said
    assert "\ufffd" not in said


def test_real_marcxml_of_eight_libraries(data: Path, tables: Tables) -> None:
    form = reader(tables, "marcxml")
    read = []
    for path in sorted((data / "marc/lcnetdev-cc0").glob("*.xml")):
        read += [form.parse(p.data) for p in form.split(io.BytesIO(path.read_bytes()), path.name)]
    assert (len(read), len({item.local_id for item in read})) == (792, 691)


@pytest.mark.parametrize("encoding", ["utf-8", "tis-620", "cp874"])
def test_a_thai_record_in_every_encoding(tables: Tables, encoding: str) -> None:
    source = {} if encoding == "utf-8" else {"encoding": encoding}
    parsed = reader(tables, "marc", **source).parse(marc21(*TIGER, encoding=encoding))
    assert parsed.values["title"] == ("เสือ : เรื่องสั้น",)
    assert parsed.values["creator"] == ("สมชาย ใจดี",)
    assert parsed.values["year"] == ("2017",)
    assert parsed.values["publisher"] == ("คลังนานา",)
    assert parsed.values["language"] == ("tha",)
    assert parsed.values["material"] == ("book",)


@pytest.mark.parametrize("named", ["", "tis-620"])
def test_tis_620_is_read_whatever_the_leader_says(tables: Tables, named: str) -> None:
    record = marc21(*TIGER, encoding="tis-620", leader="00000nam a2200000 a 4500")
    assert record[9:10] == b"a"
    parsed = reader(tables, "marc", encoding=named).parse(record)
    assert (parsed.values["title"], parsed.repairs) == (("เสือ : เรื่องสั้น",), () if named else ("cp874",))


def test_bad_records_are_named_and_hide_nothing(tables: Tables) -> None:
    good = marc21(*TIGER)
    wrong_length = b"00099" + good[5:]
    form = reader(tables, "marc")
    found = pieces(form, good + b"\r\n" + wrong_length + b"garbage\x1d" + good + good[:50])
    assert [fault(form, p) for p in found] == [
        "", "", "too short for a MARC record: 8 bytes", "", "no directory of fields stands at its beginning",
    ]  # fmt: skip
    assert form.parse(found[1].data).repairs == ("lengths",)
    assert (
        b"".join(p.data for p in found).replace(b"\r\n", b"") == good + wrong_length + b"garbage\x1d" + good + good[:50]
    )


def test_001_and_003_make_the_id_together(tables: Tables) -> None:
    with_origin = marc21(("001", "7"), ("003", "KKU"), ("245", "00$aก"))
    assert reader(tables, "marc").parse(with_origin).local_id == "KKU:7"
    assert reader(tables, "marc").parse(marc21(("001", "7"), ("245", "00$aก"))).local_id == "7"


@pytest.mark.parametrize("role", ["ผู้แปล", "ผู้แปลและเรียบเรียง", "ผู้เรียบเรียง", "editors", "Ed.", "translator"])
@pytest.mark.parametrize("dress", ["{}, {}", "{} [{}] ", "{} ({})", "{} {}"])
def test_a_role_behind_a_name_is_no_part_of_it(tables: Tables, role: str, dress: str) -> None:
    name = dress.format("สมชาย ใจดี", role)
    assert reader(tables, "marc").parse(marc21(("245", "00$aเสือ"), ("100", f"0 $a{name}"))).values["creator"] == (
        "สมชาย ใจดี",
    )


@pytest.mark.parametrize("encoding", ["", "utf-8", "tis-620"])
def test_a_subfield_without_a_code_loses_no_letter(tables: Tables, encoding: str) -> None:
    raw = marc21(*TIGER[:2], ("245", "00$aเสือ$สมิง"), encoding=encoding or "utf-8")
    assert "สมิง" in reader(tables, "marc", encoding=encoding).parse(raw).values["title"][0]


def test_a_leader_that_says_deleted(tables: Tables) -> None:
    assert reader(tables, "marc").parse(marc21(*TIGER, leader="00000dam a2200000 a 4500")).deleted


def test_a_field_in_two_scripts_gives_the_thai_form_first(tables: Tables) -> None:
    parsed = reader(tables, "marc").parse(
        marc21(("001", "1"), ("245", "00$6880-01$aKhō̜n Kǣn"), ("880", "00$6245-01$aขอนแก่น"))
    )
    assert parsed.values["title"] == ("ขอนแก่น", "Khō̜n Kǣn")


XML = '<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000 a 4500</leader><controlfield tag="001">x1</controlfield><datafield tag="245" ind1="0" ind2="0"><subfield code="a">เสื้อ</subfield></datafield></record>'


@pytest.mark.parametrize(
    "text",
    [
        XML,
        f"<collection>{XML}</collection>",
        "<c xmlns:marc='http://www.loc.gov/MARC21/slim'>"
        + XML.replace(' xmlns="http://www.loc.gov/MARC21/slim"', "").replace("</", "</marc:").replace("<marc:", "<marc:")
        .replace("<record", "<marc:record").replace("<leader", "<marc:leader").replace("<controlfield", "<marc:controlfield")
        .replace("<datafield", "<marc:datafield").replace("<subfield", "<marc:subfield") + "</c>",
        f"<OAI><record><header/><metadata>{XML}</metadata></record></OAI>",
        XML.replace(' xmlns="http://www.loc.gov/MARC21/slim"', ""),
    ],
    ids=["bare", "collection", "prefix-of-the-root", "inside-oai", "no-namespace"],
)  # fmt: skip
def test_marcxml_in_every_dress(tables: Tables, text: str) -> None:
    form = reader(tables, "marcxml")
    found = pieces(form, text.encode())
    assert [form.parse(p.data).values["title"] for p in found] == [("เสื้อ",)]


def test_a_bad_marcxml_record_costs_only_itself(tables: Tables) -> None:
    bad = XML.replace("</subfield>", "")
    found = pieces(reader(tables, "marcxml"), f"<c>{XML}{bad}{XML}<record><leader>".encode())
    outcomes = []
    for piece in found:
        try:
            outcomes.append(piece.broken or bool(reader(tables, "marcxml").parse(piece.data)))
        except ValueError as error:
            outcomes.append(str(error).split(":")[0])
    assert outcomes == [True, "not well-formed XML", True, "the record is cut off: it does not end"]


def test_marcxml_in_tis_620_says_so_itself(tables: Tables) -> None:
    form = reader(tables, "marcxml")
    found = pieces(form, f'<?xml version="1.0" encoding="TIS-620"?><c>{XML}</c>'.encode("tis-620"))
    assert form.parse(found[0].data).values["title"] == ("เสื้อ",)


@pytest.mark.parametrize("text", ["", "<html><body>404</body></html>", "not xml at all"])
def test_a_file_without_a_record_is_said(tables: Tables, text: str) -> None:
    with pytest.raises(HarvestError, match="file: no <record> element"):
        pieces(reader(tables, "marcxml"), text.encode())


def test_an_entity_is_never_expanded(tables: Tables, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    attack = f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]>' + XML.replace("เสื้อ", "&x;")
    form = reader(tables, "marcxml")
    try:
        values = form.parse(attack.encode()).values
    except ValueError:
        return
    assert "secret" not in json.dumps(values)


DC = """<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>การพยาบาล</dc:title><dc:creator>ดร. สมหญิง รักเรียน ; สมชาย ใจดี (ผู้แปล)</dc:creator><dc:date>๒๕๖๐</dc:date>
<dc:identifier>ISBN 974-911-373-X</dc:identifier><dc:identifier>https://example.ac.th/1</dc:identifier>
<dc:language>ไทย</dc:language><dc:type>วิทยานิพนธ์</dc:type><dc:subject>การพยาบาล; ผู้ป่วย</dc:subject></oai_dc:dc>"""


def test_dublin_core_with_a_thai_year_and_an_isbn(tables: Tables) -> None:
    parsed = reader(tables, "oai_dc").parse(DC.encode())
    assert parsed.values["creator"] == ("ดร. สมหญิง รักเรียน", "สมชาย ใจดี")
    assert parsed.values["subject"] == ("การพยาบาล", "ผู้ป่วย")
    assert {name: parsed.values[name] for name in ("year", "isbn", "url", "language", "material")} == {
        "year": ("2017",), "isbn": ("9789749113738",), "url": ("https://example.ac.th/1",),
        "language": ("tha",), "material": ("thesis",),
    }  # fmt: skip
    assert parsed.holdings == (Holding(member="kku", link="https://example.ac.th/1"),)


SHEET = [
    ["เลขทะเบียน", "ชื่อหนังสือ", "ผู้แต่ง", "ปีที่พิมพ์", "ISBN", "เลขเรียกหนังสือ", "จำนวนเล่ม", "ชั้น", "ราคา"],
    ["ก001", "เสือสมิง", "น้อย อินทนนท์", "๒๕๖๐", "974-911-373-X", "895.913 น531ส", "3 เล่ม", "2", "120"],
    ["ก002", "", "ไม่มีชื่อ", "2560", "", "", "", "", ""],
    ["", "ปู่ย่า", "นิรนาม", "", "", "", "", "", ""],
]


def csv_bytes(rows: list[list[str]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    return "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows).encode(encoding)


def xlsx_bytes(rows: Sequence[Sequence[object]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("หนังสือ")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


@pytest.mark.parametrize(
    "raw",
    [
        csv_bytes(SHEET),
        csv_bytes(SHEET, encoding="utf-8-sig"),
        csv_bytes(SHEET, encoding="cp874"),
        csv_bytes(SHEET, delimiter=";"),
        csv_bytes(SHEET, delimiter="\t"),
        xlsx_bytes(SHEET),
        xlsx_bytes([["รายชื่อหนังสือ ปี 2560"], [], *SHEET]),
    ],
    ids=["utf-8", "bom", "cp874", "semicolon", "tab", "xlsx", "title-above-the-header"],
)
def test_a_sheet_with_thai_headers(tables: Tables, raw: bytes) -> None:
    form = reader(tables, "sheet")
    found = pieces(form, raw)
    assert [p.broken for p in found] == ["", "the row has no title", ""]
    first = form.parse(found[0].data)
    assert first.local_id == "ก001"
    assert first.values["title"] == ("เสือสมิง",)
    assert (first.values["year"], first.values["isbn"]) == (("2017",), ("9789749113738",))
    assert first.holdings == (Holding(member="kku", location="2", call_number="895.913 น531ส", copies=3),)
    assert "120" in found[0].data.decode(), "a column that is not mapped stays in the payload"


def test_a_row_without_an_id_is_known_by_what_identifies_it(tables: Tables) -> None:
    form = reader(tables, "sheet")
    once = [form.parse(p.data).local_id for p in pieces(form, csv_bytes(SHEET)) if not p.broken]
    turned = [form.parse(p.data).local_id for p in pieces(form, csv_bytes([SHEET[0], SHEET[3], SHEET[1]]))]
    assert sorted(once) == sorted(turned)
    assert any(local_id.startswith("row-") for local_id in once)


def test_the_operator_names_a_column(tables: Tables) -> None:
    form = reader(tables, "sheet", columns={"ตู้เหล็ก": "location", "เรื่อง": "title"})
    found = pieces(form, csv_bytes([["เรื่อง", "ตู้เหล็ก"], ["เสือ", "ต.4"]]))
    assert form.parse(found[0].data).holdings == (Holding(member="kku", location="ต.4"),)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04nothing", "cannot be read as a workbook"),
        ("ก,ข\n1,2\n".encode(), "no header row"),
        (b"\xff\xfe\xdb\xdc\xfc,title", "is neither a workbook nor text in UTF-8, UTF-16 or TIS-620"),
    ],
    ids=["0-bytes", "broken-xlsx", "no-header", "no-encoding"],
)
def test_a_sheet_that_cannot_be_read_says_why(tables: Tables, raw: bytes, said: str) -> None:
    with pytest.raises(HarvestError, match=f"file.*{said}"):
        pieces(reader(tables, "sheet"), raw)


EMPTY = {
    "marc": marc21(("001", "1")),
    "marcxml": b"<record><leader/><controlfield tag='001'>1</controlfield></record>",
    "oai_dc": b"<dc><language>xx-unknown</language></dc>",
    "sheet": '[["ชื่อเรื่อง","ก"]]'.encode(),
}


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_format_reads_a_record_that_says_almost_nothing(tables: Tables, fmt: str) -> None:
    assert isinstance(reader(tables, fmt).parse(EMPTY[fmt]), Parsed)


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("junk", [b"", b"\x00\xff\xfe", b"<a", "เสือ".encode(), b"{}"])
def test_what_is_no_record_is_a_value_error(tables: Tables, fmt: str, junk: bytes) -> None:
    with pytest.raises(ValueError):
        reader(tables, fmt).parse(junk)


@pytest.mark.parametrize(
    ("text", "trimmed"),
    [
        ("เสือ /", "เสือ"),
        ("กรุงเทพฯ :", "กรุงเทพฯ"),
        ("2543.", "2543"),
        ("ปราโมช, ม.ร.ว.", "ปราโมช, ม.ร.ว."),
        ("Smith, J.", "Smith, J."),
        ("The end.", "The end."),
        ("History.", "History"),
        ("a = b ;", "a = b"),
        ("", ""),
    ],
)
def test_isbd_punctuation_goes_and_abbreviations_stay(text: str, trimmed: str) -> None:
    assert trim(text) == trimmed


def held(source: dict[str, object], *fields: Field) -> tuple[Holding, ...]:
    given = Source(protocol="file", format="marc", path="x", **source)  # type: ignore[arg-type]
    return holdings(MarcDescribed("", fields), "kku", mappings(given))


def field(tag: str, *subfields: tuple[str, str], indicators: str = "  ") -> Field:
    return Field.coded(tag, indicators, subfields)


@pytest.mark.parametrize(
    ("given", "holding"),
    [
        (
            field("852", ("b", "หอสมุดกลาง"), ("c", "ชั้น 3"), ("h", "895.913"), ("i", "ศ236ข")),
            Holding("kku", library="หอสมุดกลาง", location="ชั้น 3", call_number="895.913 ศ236ข"),
        ),
        (field("945", ("l", "ห้องทั่วไป"), ("i", "B1"), ("p", "120")), Holding("kku", location="ห้องทั่วไป", copies=1, barcode="B1")),
        (
            field("949", ("a", "QA76 .B3"), ("l", "STACKS"), ("m", "MAIN"), ("i", "3001")),
            Holding("kku", library="MAIN", location="STACKS", call_number="QA76 .B3", copies=1, barcode="3001"),
        ),
        (
            field("952", ("b", "สาขา"), ("c", "GEN"), ("o", "005.8 จ144ม"), ("p", "39001")),
            Holding("kku", library="สาขา", location="GEN", call_number="005.8 จ144ม", copies=1, barcode="39001"),
        ),
        (field("856", ("u", "https://x.th/1"), ("z", "ฉบับเต็ม"), indicators="40"), Holding("kku", note="ฉบับเต็ม", link="https://x.th/1")),
        (field("866", ("a", "ปีที่ 1 (2550)-ปีที่ 5 (2554)")), Holding("kku", note="ปีที่ 1 (2550)-ปีที่ 5 (2554)")),
    ],
    ids=["852", "945-ulibm", "949-sirsi", "952-koha", "856", "866"],
)  # fmt: skip
def test_holdings_of_every_ready_mapping(given: Field, holding: Holding) -> None:
    assert held({}, given) == (holding,)


def test_a_mapping_of_the_members_own() -> None:
    mapping = "949: b=barcode c=call_number d=status"
    given = field("949", ("b", "1"), ("c", "ก12"), ("d", "ยืมได้"))
    assert held({"holdings": mapping}, given) == (
        Holding("kku", call_number="ก12", copies=1, barcode="1", status="ยืมได้"),
    )


SOMETIMES = st.sampled_from(["", "ก"])
HELD = st.builds(Holding, *[SOMETIMES] * 4, st.integers(0, 1), *[SOMETIMES] * 4)


@given(st.lists(HELD, max_size=6))
def test_textual_holdings_are_told_from_shelves_as_when_each_was_looked_for_among_them(found: list[Holding]) -> None:
    shelves = [h for h in found if h.location or h.library or h.call_number or h.barcode]
    spoken = [h for h in found if h.note and h not in shelves and not h.link]
    expected = found
    if len(shelves) == 1 and spoken:
        said = "; ".join(filter(None, [shelves[0].note, *(h.note for h in spoken)]))
        expected = [msgspec.structs.replace(shelves[0], note=said), *(h for h in found if h.link)]
    assert _told(found) == expected


def test_ten_thousand_shelves_and_as_many_textual_holdings_are_told_at_once() -> None:
    many = range(10_000)
    fields = [field("852", ("p", f"B{n}")) for n in many] + [field("866", ("a", f"ปีที่ {n}")) for n in many]
    began = time.process_time()
    assert len(held({}, *fields)) == 20_000
    assert time.process_time() - began < 1


def test_a_textual_holding_is_said_of_the_one_shelf() -> None:
    found = held({}, field("852", ("c", "วารสาร")), field("866", ("a", "ปีที่ 1-5")))
    assert found == (Holding("kku", location="วารสาร", note="ปีที่ 1-5"),)


def test_a_table_of_contents_is_no_holding() -> None:
    assert held({}, field("856", ("u", "https://x.th/toc"), indicators="42")) == ()


def test_ulibms_call_number_stands_with_the_class() -> None:
    found = held({}, field("082", ("a", "025.316"), ("b", "ส878ม")), field("945", ("i", "B1")))
    assert found[0].call_number == "025.316 ส878ม"


def test_parsed_survives_a_round_trip(tables: Tables) -> None:
    parsed = reader(tables, "marc").parse(marc21(*TIGER))
    assert msgspec.json.decode(msgspec.json.encode(parsed), type=Parsed) == parsed


def cut(data: str) -> list[tuple[str, str]]:
    return [(p.data.decode(), p.broken) for p in xml.cut(io.BytesIO(data.encode()), "record", "f")]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("<c><record>1</record><record>2 <record>3</record></c>",
         [("<record>1</record>", ""), ("<record>3</record>", ""), ("<record>2 ", "the record is cut off: it does not end")]),
        ('<c><record id="5"/>x</record></c>', [('<record id="5"/>', "an empty element"), ("x</record>", "an end without its beginning")]),
        ("<c><!-- <record>x</record> --><record>a<![CDATA[</record>]]>b</record></c>", [("<record>a<![CDATA[</record>]]>b</record>", "")]),
    ],
    ids=["no-end", "empty-and-lone-end", "comment-and-cdata"],
)  # fmt: skip
@pytest.mark.parametrize("chunk", [1 << 20, 7])
def test_no_byte_of_a_record_is_dropped(monkeypatch: pytest.MonkeyPatch, data: str, found: object, chunk: int) -> None:
    monkeypatch.setattr(xml, "CHUNK", chunk)
    assert [(text, why) for text, why in cut(data) if why != "an end without its beginning" or chunk > 7] == [
        (text, why)
        for text, why in found
        if why != "an end without its beginning" or chunk > 7  # type: ignore[attr-defined]
    ]


def test_a_record_without_bounds_is_set_aside_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "CHUNK", 1000)
    monkeypatch.setattr(xml, "LIMIT", 5000)
    found = cut("<c><record>" + "z" * 20_000 + "</record><record>1</record></c>")
    assert found[-1] == ("<record>1</record>", "")
    assert sum(text.count("z") for text, _ in found) == 20_000
    assert all(why for _, why in found[:-1])


def test_two_copies_of_one_book_without_an_id_are_two_records(tables: Tables) -> None:
    form = reader(tables, "sheet")
    rows = [["ชื่อเรื่อง", "ผู้แต่ง", "บาร์โค้ด", "ชั้น"], ["คู่กรรม", "ทมยันตี", "B001", "1"], ["คู่กรรม", "ทมยันตี", "B002", "2"]]
    assert len({form.parse(p.data).local_id for p in pieces(form, csv_bytes(rows))}) == 2


def test_one_bad_byte_costs_one_row(tables: Tables) -> None:
    raw = csv_bytes([["ชื่อเรื่อง", "ผู้แต่ง"], ["เสือ", "ก"], ["X", "ข"], ["เสื้อ", "ค"]]).replace(b'"X"', b'"\xff"')
    found = pieces(reader(tables, "sheet"), raw)
    assert [bool(p.broken) for p in found] == [False, True, False]
    assert b"\xff" in found[1].data


def test_a_title_line_above_a_header_with_semicolons(tables: Tables) -> None:
    raw = "รายชื่อหนังสือ, ปี 2560\n".encode() + csv_bytes(SHEET, delimiter=";")
    assert len(pieces(reader(tables, "sheet"), raw)) == 3


def test_a_sheet_of_notes_before_the_books(tables: Tables) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("อ่านก่อน").write(0, 0, "โปรดอ่าน")
        books = book.add_worksheet("หนังสือ")
        for number, row in enumerate(SHEET):
            books.write_row(number, 0, row)
    found = pieces(reader(tables, "sheet"), out.getvalue())
    assert [p.broken for p in found] == ["", "the row has no title", "", "the sheet has no header row"]


def test_a_cell_at_the_far_end_of_a_sheet_is_refused_before_it_takes_the_memory(tables: Tables) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["title", "author"])
        sheet.write(1_048_575, 16_383, "x")
    with pytest.raises(HarvestError, match="one lies far off"):
        pieces(reader(tables, "sheet"), out.getvalue())


def test_a_workbook_that_lies_about_its_size(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few hundred kilobytes that say they hold a thousand bytes, and hold as much as fits into no memory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (20 << 20))
    honest = out.getvalue()
    lying = honest.replace((20 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != honest
    monkeypatch.setattr(sheet, "UNPACKED", 10 << 20)
    for data in (honest, lying):
        with pytest.raises(HarvestError, match="unpacks to more than 10 MB"):
            pieces(reader(tables, "sheet"), data)


@pytest.mark.parametrize("chunk", [7, 64, 1 << 20])
def test_a_far_cell_is_seen_wherever_a_chunk_ends(chunk: int) -> None:
    xml = (
        b'<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row><row><c s="1" t="s" r="XFD900000"/></row></sheetData>'
    )
    chunks = [xml[n : n + chunk] for n in range(0, len(xml), chunk)]
    assert sheet._area(chunks) == (len(xml), 16_384 * 900_000)


@pytest.mark.parametrize("chunk", [3, 5, 11])
def test_records_are_cut_alike_wherever_a_chunk_ends(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    chance = random.Random(chunk)
    parts = ["<record>", "</record>", "<record/>", "text", "<!--x-->", "<![CDATA[</record>]]>", "<a>", " "]
    for _ in range(300):
        data = "".join(chance.choice(parts) for _ in range(chance.randrange(1, 15)))
        outcomes = []
        for size in (1 << 20, chunk):
            monkeypatch.setattr(xml, "CHUNK", size)
            try:
                outcomes.append([item for item in cut(data) if item[1] != "an end without its beginning"])
            except HarvestError:
                outcomes.append([])
        assert outcomes[0] == outcomes[1], data


def test_a_file_is_read_as_it_is_cut_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "CHUNK", 100)
    stream = io.BytesIO(b"<c>" + b"<record>1</record>" * 1000 + b"</c>")
    next(iter(xml.cut(stream, "record", "f")))
    assert stream.tell() < 1000


def test_a_leader_with_a_mark_in_it_still_says_what_kind_of_thing_it_is(tables: Tables) -> None:
    record = b"00058nam a2200049 a\x1f4500001000200000245000600002\x1e1\x1e00\x1faT\x1e\x1d"
    assert reader(tables, "marc").parse(record).values["material"] == ("book",)


def test_a_field_that_is_called_as_the_leader_is_none(tables: Tables) -> None:
    record = b'<record><controlfield tag="LDR">00000cam a22</controlfield><datafield tag="245" ind1="0" ind2="0"><subfield code="a">T</subfield></datafield></record>'
    assert "material" not in reader(tables, "marcxml").parse(record).values


@pytest.mark.parametrize("entry", [b"001 00200000", b"001+00200000", b"0010_0200000"])
def test_a_directory_that_is_no_number_is_salvaged_and_said(tables: Tables, entry: bytes) -> None:
    record = b"00058nam a2200049 a4500" + b" " + entry + b"245000600002\x1e1\x1e00\x1faT\x1e\x1d"
    assert len(record) == 58
    assert reader(tables, "marc").parse(record).repairs == ("lengths",)


def test_a_link_without_indicators_costs_no_record(tables: Tables) -> None:
    record = b'<record><controlfield tag="856"/><datafield tag="245" ind1="0" ind2="0"><subfield code="a">T</subfield></datafield></record>'
    assert reader(tables, "marcxml").parse(record).values["title"] == ("T",)


@pytest.mark.parametrize("tail", [" /" * 500_000, " : " * 300_000, "/" * 1_000_000])
def test_a_title_with_an_endless_tail_is_trimmed_at_once(tail: str) -> None:
    assert trim(f"เสือ{tail}") == "เสือ"
