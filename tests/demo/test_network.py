"""What the members of the sample network drop: files that the plainest reader of each form can read."""

import csv
import io
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pymarc
import pytest
from lxml import etree
from python_calamine import CalamineWorkbook

from config.tables import Source
from demo import dublincore, marc, network, sample, sheets
from demo.sample import NOTE
from harvest.formats import salvage
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network")
    network.write(path, 9999)
    return path


def _file(directory: Path, member: str) -> Path:
    return directory / "drop" / member / network.FILES[member][0]


def test_two_writes_are_the_same_bytes(directory: Path, tmp_path: Path):
    network.write(tmp_path, 9999)
    files = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert len(files) == 11
    assert files == {p.relative_to(directory): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


# ── the tables ──────────────────────────────────────────────────────────────────────────────────


def test_the_tables_name_a_source_for_every_member_and_the_provider_s_port(directory: Path):
    members = tomllib.loads((directory / "members.toml").read_text(encoding="utf-8"))
    assert tuple(members) == tuple(m for m in members if m in sample.MEMBERS)
    sources = {code: msgspec.convert(row["source"][0], Source) for code, row in members.items()}
    assert {code for code, s in sources.items() if s.protocol == "oai"} == {"kku", "rmuti", "neu"}
    assert sources["kku"].url == "http://127.0.0.1:9999/kku/oai"
    for code, source in sources.items():
        if source.protocol == "file":
            assert source.load == "full"
            assert [p.name for p in directory.glob(source.path)] == [network.FILES[code][0]]
    assert {code for code, s in sources.items() if s.encoding} == {"kkvc"}


def test_the_other_tables_are_the_shipped_ones(directory: Path):
    shipped = Path(network.__file__).parent.parent / "config"
    for name in ("fields.toml", "settings.toml"):
        assert (directory / name).read_bytes() == (shipped / name).read_bytes()


# ── MARC ────────────────────────────────────────────────────────────────────────────────────────


def _as_pymarc(data: bytes) -> Iterator[pymarc.Field]:
    for field in salvage.read(data + b"\x1d").fields:
        if field.subfields:
            yield pymarc.Field(
                field.tag, pymarc.Indicators(*field.indicators), [pymarc.Subfield(*s) for s in field.subfields]
            )
        else:
            yield pymarc.Field(field.tag, data=field.data)


def _records(directory: Path, member: str) -> Iterator[pymarc.Record]:
    path = _file(directory, member)
    if member == "bcnkk":
        yield from pymarc.parse_xml_to_array(str(path))
        return
    if member == "kktc":  # pymarc reads none of it
        yield from (pymarc.Record(fields=[*_as_pymarc(data)]) for data in path.read_bytes().split(b"\x1d")[:-1])
        return
    with path.open("rb") as file:
        for record in pymarc.MARCReader(file, file_encoding="utf-8" if member == "cas" else "tis-620"):
            assert record is not None
            yield record


@pytest.mark.parametrize("member", ["cas", "kkvc", "kktc", "bcnkk"])
def test_every_record_is_read(directory: Path, member: str):
    records = list(_records(directory, member))
    assert len(records) == len(sample.share(member))
    assert all(NOTE in [f["a"] for f in record.get_fields("500")] for record in records)
    ids = [record["001"].data for record in records]
    assert len(set(ids)) == len(ids)
    assert all(len(record["008"].data) == 40 for record in records)
    assert all(record["245"]["a"] for record in records)
    expected = {marc.unaccented(marc.record(entry)["245"]["a"]) for entry in sample.share(member)}
    assert {marc.unaccented(record["245"]["a"]) for record in records} == expected


def test_the_technical_college_sends_what_ulibm_exports(directory: Path):
    data = _file(directory, "kktc").read_bytes()
    assert not any(pymarc.MARCReader(io.BytesIO(data))), "bare pymarc reads none"
    assert "ระเบียนตัวอย่าง" in data.decode("tis-620")
    for record in data.split(b"\x1d")[:-1]:
        assert int(record[:5]) == len(record.decode("tis-620").encode()), "the length in UTF-8, without the end mark"
        assert record[9:10] == b"a", "and it says that it is UTF-8"


def test_a_file_in_tis_620_has_the_lengths_of_its_bytes(directory: Path):
    data = _file(directory, "kkvc").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    assert "ระเบียนตัวอย่าง" in data.decode("tis-620")
    for record in data.split(b"\x1d")[:-1]:
        assert int(record[:5]) == len(record) + 1
        assert record[9:10] == b" "


@pytest.mark.parametrize(("member", "era"), [("kkvc", ("24", "25")), ("kktc", ("24", "25")), ("cas", ("19", "20"))])
def test_the_year_in_008_is_of_the_member_s_era(directory: Path, member: str, era: tuple[str, ...]):
    assert all(record["008"].data[7:11].startswith(era) for record in _records(directory, member))


@pytest.mark.parametrize(
    ("member", "tag", "codes"),
    [
        ("kku", "852", "bchipt"),
        ("cas", "852", "bchipt"),
        ("bcnkk", "949", "abl"),
        ("rmuti", "952", "7abcopy"),
        ("kktc", "945", "ilp"),
    ],
)
def test_copies_stand_in_the_fields_of_the_member_s_system(member: str, tag: str, codes: str):
    for entry in sample.share(member):
        fields = marc.record(entry).get_fields(tag)
        if entry.title.kind == "ebook":
            assert not fields
        else:
            assert len(fields) == entry.copies
            assert all("".join(sorted(s.code for s in field.subfields)) == codes for field in fields)


def _kku(kind: str) -> Iterator[pymarc.Record]:
    return (marc.record(entry) for entry in sample.share("kku") if entry.title.kind == kind)


def test_serials_say_which_volumes_are_held():
    found = list(_kku("serial"))
    assert len(found) >= 20
    assert all(record["866"]["a"].startswith("ปีที่ ") and record.leader[7] == "s" for record in found)


def test_theses_and_e_books_are_told_apart():
    assert all(record["502"]["a"].startswith("วิทยานิพนธ์") for record in _kku("thesis"))
    books = list(_kku("ebook"))
    assert books
    assert all(record["008"].data[23] == "o" and record["856"]["u"].startswith("https://") for record in books)


def test_isbd_punctuation_stands_before_what_follows():
    for entry in sample.share("cas"):
        field = marc.record(entry)["245"]
        codes = [s.code for s in field.subfields]
        before = {following: s.value[-2:] for s, following in zip(field.subfields, codes[1:], strict=False)}
        assert before.get("b", " :") == " :"
        assert before.get("c", " /") == " /"
        assert codes == sorted(codes, key="anhbc".index)
        assert not field.value().endswith((" :", " /"))


def test_titles_in_two_scripts_are_linked():
    linked = [r for entry in sample.share("kku") if "880" in (r := marc.record(entry))]
    assert len(linked) >= 30
    assert all(r["245"]["6"] == "880-01" and r["880"]["6"] == "245-01" for r in linked)
    romanised_first = [r for r in linked if r["245"]["a"].isascii()]
    assert 0 < len(romanised_first) < len(linked) / 2


def test_marcxml_is_the_same_record():
    entry = sample.share("kku")[0]
    record = marc.record(entry)
    again = pymarc.parse_xml_to_array(io.BytesIO(etree.tostring(marc.xml(record))))[0]
    assert again.as_marc() == record.as_marc()


def test_accents_that_tis_620_cannot_write_are_left_out_and_thai_is_not_touched():
    assert marc.unaccented("Gabriel García Márquez – น้ำป่า") == "Gabriel Garcia Marquez - น้ำป่า"


# ── Dublin Core ─────────────────────────────────────────────────────────────────────────────────


def _texts(root: etree._Element, name: str) -> list[str]:
    return [e.text or "" for e in root.iter(f"{{{dublincore.DC}}}{name}")]


def test_dublin_core_is_marked_and_names_its_isbn():
    for entry in sample.share("neu"):
        root = dublincore.xml(entry)
        assert NOTE in _texts(root, "description")
        assert len(_texts(root, "title")) == 1
        for text in _texts(root, "identifier"):
            assert text.startswith(("ISBN 97", "ISSN ", "https://"))


# ── spreadsheets ────────────────────────────────────────────────────────────────────────────────


def _rows(directory: Path, member: str) -> list[list[object]]:
    path = _file(directory, member)
    if path.suffix == ".csv":
        encoding = "utf-8-sig" if member == "kkpl" else "utf-8"
        with path.open(encoding=encoding, newline="") as file:
            return [list(row) for row in csv.reader(file)]
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


@pytest.mark.parametrize("member", ["kkpl", "kkm", "kkh", "kkpao"])
def test_sheets_have_a_header_and_a_marked_row_for_every_record(directory: Path, member: str):
    header, *rows = _rows(directory, member)
    assert header == [word for word, _ in sheets.COLUMNS[member]]
    assert len(rows) == len(sample.share(member))
    assert {row[header.index("หมายเหตุ")] for row in rows} == {NOTE}
    ids = [row[header.index(next(w for w in ("เลขทะเบียน", "รหัส", "ID") if w in header))] for row in rows]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(text, str) and text for text in ids)


def test_the_records_that_the_readme_names_are_there(directory: Path):
    named = re.findall(
        r"^\$S (?:why|same) (\w+)/(\S+) (\w+)/(\S+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M
    )
    assert len(named) == 2
    for one, number, other, another in named:
        assert any(number in row for row in _rows(directory, one))
        assert any(another in row for row in _rows(directory, other))


def test_the_byte_order_mark_is_excel_s_way_and_only_kkpl_s(directory: Path):
    assert _file(directory, "kkpl").read_bytes().startswith(b"\xef\xbb\xbf")
    assert not _file(directory, "kkm").read_bytes().startswith(b"\xef\xbb\xbf")


def test_isbns_in_workbooks_are_text(directory: Path):
    header, *rows = _rows(directory, "kkh")
    isbns = [row[header.index("ISBN")] for row in rows]
    assert all(isinstance(isbn, str) for isbn in isbns)
    assert sum(len(isbn) == 13 for isbn in isbns if isinstance(isbn, str)) > 50


def test_several_creators_stand_in_one_cell(directory: Path):
    header, *rows = _rows(directory, "kkpl")
    assert any(" ; " in str(row[header.index("ผู้แต่ง")]) for row in rows)
