"""What the matcher reads from records, how it splits blocks, and that its table, its reasons and its code are one."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from config.tables import Source, Tables
from harvest.formats import open_format
from harvest.record import Record
from index.match import blocking, features, names, statements, vetoes
from index.match.facts import Facts, facts, of_row
from index.match.judge import Reason, judge
from index.match.reasons import said
from index.match.table import table


def row(**values: str) -> Facts:
    return of_row({name: (value,) for name, value in values.items()})


BOOK = {"title": "สี่แผ่นดิน", "creator": "คึกฤทธิ์ ปราโมช", "year": "2553", "publisher": "ดอกหญ้า"}

# ── statements ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("text", "title", "volume"), [
    ("หลักการบัญชี เล่มที่ ๒", "หลักการบัญชี", ("2",)),
    ("พระอภัยมณี ภาคต้น", "พระอภัยมณี", ("ต้น",)),
    ("แคลคูลัส 1", "แคลคูลัส", ("1",)),
    ("Calculus II", "Calculus", ("2",)),
    ("World history, vol. 3", "World history", ("3",)),
    ("1984", "1984", ()),
    ("ปฏิวัติ 2475", "ปฏิวัติ 2475", ()),
    ("พิมพ์เล่มเดียวจบ", "พิมพ์เล่มเดียวจบ", ()),
    ("เอกสารการสอนชุดวิชาภาษาไทย หน่วยที่ 8-15", "เอกสารการสอนชุดวิชาภาษาไทย", ("8-15",)),
])  # fmt: skip
def test_a_volume_stands_in_the_title(text: str, title: str, volume: tuple[str, ...]) -> None:
    rest, found = statements.volume(text, bare=True)
    assert (rest.strip(" ,"), found) == (title, volume)


@pytest.mark.parametrize(("text", "title", "edition"), [
    ("รายงานการวิจัยเรื่อง น้ำใต้ดินในลุ่มน้ำชี", "น้ำใต้ดินในลุ่มน้ำชี", ""), ("น้ำใต้ดินในลุ่มน้ำชี : รายงานวิจัยฉบับสมบูรณ์", "น้ำใต้ดินในลุ่มน้ำชี", ""),
    ("รายงานการวิจัย", "", ""), ("รายงานการวิจัยไหม", "รายงานการวิจัยไหม", ""), ("การเขียนรายงานการวิจัย", "การเขียนรายงานการวิจัย", ""),
    ("เภสัชวิทยา (พิมพ์ครั้งที่ ๓)", "เภสัชวิทยา", "พิมพ์ครั้งที่ 3"), ("การประกวดหนังสือพิมพ์ครั้งที่ 3", "การประกวดหนังสือพิมพ์ครั้งที่ 3", ""),
    ("กายวิภาค ฉบับปรับปรุงใหม่", "กายวิภาค", "ฉบับปรับปรุงใหม่"), ("Anatomy, 2nd ed.", "Anatomy", "2nd ed"),
    ("The family, by Helen Bosanquet", "The family", ""), ("ลูกอีสาน โดย คำพูน บุญทวี", "ลูกอีสาน", ""), ("Stand by me", "Stand by me", ""),
])  # fmt: skip
def test_what_stands_with_a_title_is_no_part_of_it(text: str, title: str, edition: str) -> None:
    assert statements.bare(text, ["bosanquet helen dendy", "คำพูน บุญทวี"]) == (title, edition)


@pytest.mark.parametrize(("text", "number"), [
    ("พิมพ์ครั้งที่ 12", "12"), ("ครั้งที่ ๓", "3"), ("พิมพ์ครั้งแรก", "1"), ("พิมพ์ครั้งที่สอง", "2"), ("2nd ed.", "2"), ("3d ed., rev.", "3"),
    ("Second edition", "2"), ("ฉบับปรับปรุง", ""), ("Rev. ed.", ""), ("", ""),
])  # fmt: skip
def test_an_edition_has_a_number(text: str, number: str) -> None:
    assert statements.edition(text)[0] == number


@pytest.mark.parametrize(("text", "extent"), [
    ("xii, 350 หน้า : ภาพประกอบ", (350, 1)), ("viii, 3-216 p.", (216, 1)), ("2 เล่ม", (0, 2)), ("v. <1-5>", (0, -1)),
    ("1 แหล่งข้อมูลออนไลน์ (120 หน้า)", (120, 1)), ("2 v. (x, 1058 p.)", (1058, 2)), ("ก-ฮ, ๑๒๐ หน้า", (120, 1)), ("", (0, 0)),
    ("1 ออนไลน์", (0, 0)), ("1 แหล่งข้อมูลออนไลน์", (0, 0)), ("1 ไฟล์ (PDF)", (0, 0)), ("1 online resource", (0, 0)),
])  # fmt: skip
def test_an_extent_has_pages_or_volumes(text: str, extent: tuple[int, int]) -> None:
    assert statements.extent(text) == extent


@pytest.mark.parametrize(("text", "years", "rights", "span"), [
    ("2560", (2017,), (), None), ("[2560?]", (2017,), (), None), ("c2015", (2015,), (), None), ("2558, c2555", (2015,), (2012,), None),
    ("[254-]", (), (), (1997, 2006)), ("[25--]", (), (), None), ("ม.ป.ป.", (), (), None), ("1914-18", (1914,), (), None),
    ("1985 printing, c1979", (1979,), (1985,), None),
])  # fmt: skip
def test_dates(text: str, years: tuple[int, ...], rights: tuple[int, ...], span: tuple[int, int] | None) -> None:
    found = statements.dates([text])
    assert (found.span, set(found.years) | set(found.rights)) == (span, set(years) | set(rights))
    if len(years) == 1 and "printing" not in text:
        assert found.years == years


@pytest.mark.parametrize(("qualifier", "kind"), [
    ("ปกอ่อน", "soft"), ("ปกแข็ง", "hard"), ("ชุด", "set"), ("e-book", "e"), ("PDF", "pdf"), ("เล่ม 2", "volume"), ("เล่ม 1-3", "set"), ("", ""),
])  # fmt: skip
def test_an_isbn_has_a_class(qualifier: str, kind: str) -> None:
    assert statements.isbn_class(qualifier) == kind


@pytest.mark.parametrize(("one", "two", "level"), [
    ("สมชาย ใจดี", "ใจดี สมชาย", "equal"), ("หลวงวิจิตรวาทการ", "วิจิตรวาทการ หลวง", "equal"), ("stewart james", "james stewart", "equal"),
    ("cormen thomas h", "cormen t h", "initials"), ("สมชาย ใจดี", "สมชาย รักไทย", "part"), ("สมชาย ใจดี", "วิชัย มั่นคง", "differs"),
    ("สมชาย ใจดี", "somchai chaidi", "scripts"),
])  # fmt: skip
def test_names(one: str, two: str, level: str) -> None:
    assert names.level(one, two) == level == names.level(two, one)


# ── titles and houses ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("one", "two", "level"), [
    ("The Franklin arithmetic", "Franklin arithmetic", "title_equal"), ("A history of Siam", "The history of Siam", "title_partly"),
    ("The shift", "Shift work", "title_partly"), ("Index to palaeontology : publications", "Index to paleontology", "title_begins"),
])  # fmt: skip
def test_english_titles(one: str, two: str, level: str) -> None:
    a, b = row(title=one), row(title=two)
    assert features.title_level(a.titles[0], b.titles[0]) == level == features.title_level(b.titles[0], a.titles[0])


@pytest.mark.parametrize(("one", "two", "level"), [
    ("ASTM", "American Society for Testing and Materials", "publisher_equal"), ("U.S. G.P.O.", "U.S. Govt. Print. Off.", "publisher_equal"),
    ("มข.", "มหาวิทยาลัยขอนแก่น", "publisher_partly"), ("มช.", "จุฬาลงกรณ์มหาวิทยาลัย", "publisher_differs"),
    ("มติชน", "มหาวิทยาลัยขอนแก่น", "publisher_differs"), ("Penguin", "Praeger", "publisher_differs"),
])  # fmt: skip
def test_houses_in_short(one: str, two: str, level: str) -> None:
    a, b = row(publisher=one), row(publisher=two)
    assert [name for name, _, _ in (*features.publisher(a, b, ()), *features.publisher(b, a, ()))] == [level, level]


@pytest.mark.parametrize(("place", "country", "publisher", "verdict"), [
    ("newyork", "us", "praeger", "related"), ("newyork", "us", "oxford university", "same"), ("oxford", "uk", "clarendon", "same"),
])  # fmt: skip
def test_another_house_in_another_country_is_another_edition(
    place: str, country: str, publisher: str, verdict: str
) -> None:
    a = _book(publishers=("oxford university",), places=("london",), country="uk")
    b = _book(publishers=(publisher,), places=(place,), country=country)
    found = judge(a, b)
    assert (found.verdict, found.relation) == (verdict, "coedition" if verdict == "related" else "")


def _book(**said: tuple[str, ...] | str) -> Facts:
    known = row(title="Cultural origins in the Thai lowlands", creator="Sumet Jumsai", year="2000", extent="183 p.")
    return msgspec.structs.replace(known, **said)


def test_a_part_of_a_series_is_the_book_of_that_name() -> None:
    part = msgspec.structs.replace(row(**BOOK | {"title": "ชุดตำราอีสาน"}), part="การทอผ้าไหมมัดหมี่")
    assert judge(part, row(**BOOK | {"title": "การทอผ้าไหมมัดหมี่"})).verdict == "same"


def test_a_century_is_no_year() -> None:
    wide = msgspec.structs.replace(row(**BOOK), years=(), span=(1900, 1999))
    decade = msgspec.structs.replace(wide, span=(2010, 2019))
    assert [name for name, _, _ in features.year(wide, row(**BOOK | {"year": "1950"}), ())] == ["year_one"]
    assert [name for name, _, _ in features.year(decade, row(**BOOK), ())] == ["year_range"]


# ── facts of every format ────────────────────────────────────────────────────────────────────────

MARCXML = """<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000   4500</leader>
<controlfield tag="008">000101s2553    th            000 0 tha d</controlfield>
<datafield tag="245" ind1=" " ind2=" "><subfield code="a">สี่แผ่นดิน.</subfield><subfield code="n">เล่ม 2 /</subfield></datafield>
<datafield tag="300" ind1=" " ind2=" "><subfield code="a">520 หน้า</subfield></datafield></record>"""
DC = """<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>สี่แผ่นดิน เล่ม 2</dc:title><dc:date>2553</dc:date><dc:format>520 หน้า</dc:format></oai_dc:dc>"""


@pytest.mark.parametrize(("name", "payload"), [("marcxml", MARCXML), ("oai_dc", DC)])
def test_a_member_s_record(tables: Tables, name: str, payload: str) -> None:
    parsed = open_format(Source("file", name), "kku", tables.fields).parse(payload.encode())
    found = facts(Record("kku", "1", name, payload.encode(), parsed.values))
    assert (found.titles[0].full, found.volume, found.years, found.pages) == ("สี่แผ่นดิน", ("2",), (2010,), 520)


def test_a_record_in_the_sources_encoding(data: Path) -> None:
    path = data / "marc" / "ulibm-marcexport-all.mrc"
    payload = path.read_bytes().split(b"\x1d")[0] + b"\x1d"
    found = facts(Record("kktc", "1", "marc", payload, {"title": ("ไม่ใช้",)}), encoding="utf-8")
    assert found.source == "marc"
    assert found.titles[0].script in ("thai", "latin")


def test_what_cannot_be_read_again_is_known_by_its_values() -> None:
    found = facts(Record("kku", "1", "marc", b"nothing", {"title": ("สี่แผ่นดิน",), "year": ("2010",)}))
    assert (found.titles[0].full, found.years) == ("สี่แผ่นดิน", (2010,))


def test_facts_can_be_stored() -> None:
    found = row(**BOOK, isbn="9786169990017 (ชุด)", extent="2 เล่ม")
    assert msgspec.json.decode(msgspec.json.encode(found), type=Facts) == found
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Facts) == found


# ── ISBNs that say nothing ───────────────────────────────────────────────────────────────────────


def test_a_worthless_isbn_decides_nothing() -> None:
    a, b = row(title="โภชนาการ", isbn="9786169990017"), row(title="โภชนาการ", isbn="9786169990017")
    assert judge(a, b).verdict == "same"
    assert judge(a, b, {"9786169990017"}).verdict == "review"


# ── blocks ───────────────────────────────────────────────────────────────────────────────────────


def test_a_block_is_split_until_it_is_small_and_no_pair_is_lost() -> None:
    books = [row(**BOOK | {"title": f"รายงานการวิจัย {n}", "creator": f"ผู้วิจัยคนที่{n}"}) for n in range(300)]
    key = "title:รายงานการวิจ"
    twin = row(**BOOK | {"title": "รายงานการวิจัย 7", "creator": "ผู้วิจัยคนที่7", "year": "2554"})
    blocks: dict[str, int] = {}
    for book in books:
        for finer in _leaves(key, book):
            blocks[finer] = blocks.get(finer, 0) + 1
    assert max(blocks.values()) < blocking.LIMIT
    assert set(_leaves(key, twin)) & set(_leaves(key, books[7])), "one year apart, and still together"


def _leaves(key: str, book: Facts) -> Iterator[str]:
    finer = blocking.finer(key, book)
    if finer == [key]:
        yield key
    for one in finer if finer != [key] else ():
        yield from _leaves(one, book)


@pytest.mark.parametrize(("one", "two"), [
    ("The behaviour of domestic animals", "The behavior of domestic animals"), ("The Franklin arithmetic", "Franklin arithmetic"),
    ("Notebook project. Profile of the metal industry", "Profile of the metal industry"),
])  # fmt: skip
def test_what_begins_in_another_way_meets_all_the_same(one: str, two: str) -> None:
    assert set(blocking.keys(row(title=one))) & set(blocking.keys(row(title=two)))


@pytest.mark.parametrize("change", [
    {"year": "ม.ป.ป."}, {"year": "2490", "creator": "ผู้แต่งอีกคน"}, {"title": "ชื่อเรื่องอื่น", "year": "2490"},
    {"title": "ชื่อเรื่องอื่น", "creator": "", "year": "2490"}, {"title": "ชื่อเรื่องอื่น", "creator": "", "extent": ""},
])  # fmt: skip
def test_who_agrees_in_one_thing_still_meets_where_a_block_is_split(change: dict[str, str]) -> None:
    book = BOOK | {"extent": "350 หน้า"}
    one, two = row(**book), row(**book | change)
    assert set(blocking.finer("title:x", one)) & set(blocking.finer("title:x", two))


def test_what_says_the_same_in_another_order_is_one_block() -> None:
    book = row(**BOOK)
    twice = [finest for key in blocking.finer("title:x", book) for finest in blocking.finer(key, book)]
    assert len(set(twice)) < len(twice)
    assert not any(key.count("year=") > 1 for key in twice)


@pytest.mark.parametrize("kind", sorted(blocking.SPLIT_BY))
def test_splitting_comes_to_an_end(kind: str) -> None:
    leaves = [*_leaves(f"{kind}:x", row(**BOOK)), *_leaves(f"{kind}:x", Facts())]
    assert leaves
    assert all(blocking.finest(key) for key in leaves)
    assert not blocking.finest(f"{kind}:x")


# ── the table ────────────────────────────────────────────────────────────────────────────────────


def test_every_row_is_used_and_everything_has_a_row() -> None:
    rows = table()
    assert not rows.feature.keys() & rows.veto.keys(), "a reason's name says which of the two it is"
    assert not rows.told.keys() & {*rows.feature, *rows.veto}
    assert vetoes.VETOES.keys() == rows.veto.keys()
    assert features.TOGETHER.keys() <= rows.feature.keys()
    assert {n for sides in features.TOGETHER.values() for side in sides for n in side} <= rows.feature.keys()
    code = Path(features.__file__).read_text(encoding="utf-8")
    assert [name for name in rows.feature if name not in code and not name.startswith(("author_", "part_"))] == []
    assert all(row.sign in ("+", "-", "", "!") and row.why for row in rows.feature.values())
    assert rows.cut.same > rows.cut.loose > rows.cut.review


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_reason_can_be_said(language: str) -> None:
    for name in (*table().feature, *table().veto, *table().told):
        text = said(Reason(name, 0, "ก", "ข"), language)
        assert text
        assert "{" not in text


def test_the_reasons_come_from_the_points() -> None:
    found = judge(row(**BOOK), row(**BOOK | {"year": "2010"}))
    assert found.points == table().bias + sum(reason.points for reason in found.reasons)
    assert "ปีพิมพ์ตรงกัน: พ.ศ. 2553" in [said(reason, "th") for reason in found.reasons]
    assert "the years agree: 2010" in [said(reason, "en") for reason in found.reasons]
    assert {"author_equal", "publisher_equal"} <= {reason.name for reason in found.reasons}, "told whatever it counts"


def test_codes_are_said_in_words() -> None:
    assert said(Reason("carrier", 0, "print", "cd, dvd"), "th") == "สื่อคนละชนิด: สิ่งพิมพ์ กับ ซีดี, ดีวีดี"
    assert said(Reason("edition_one", -1, "", "3"), "en") == "only one names an edition: 3"


def test_the_order_of_two_records_does_not_matter() -> None:
    a, b = row(**BOOK, volume="1"), row(**BOOK, edition="พิมพ์ครั้งที่ 3")
    one, two = judge(a, b), judge(b, a)
    assert (one.verdict, one.relation, one.points) == (two.verdict, two.relation, two.points)
