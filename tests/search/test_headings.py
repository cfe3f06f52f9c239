"""Headings counted with their documents, in Thai order, and offered while one types."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from config import database
from config.holdings import Holding
from search import headings
from search.documents import Documents
from search.headings import KINDS, Completion, Headings
from search.question import Document
from tests.conftest import emptied


def document(id_: str, title: str = "", creators: Iterable[str] = (), subjects: Iterable[str] = (), number: str = "") -> Document:  # fmt: skip
    values = {"title": (title,) if title else (), "creator": tuple(creators), "subject": tuple(subjects)}
    return Document(id_, values, holdings=(Holding("kku", call_number=number), Holding("cas", call_number=number)))


def stored(engine: Engine, *documents: Document) -> Headings:
    store = Documents(engine)
    with database.writing(engine) as connection:
        store.put(connection, documents)
    return Headings(engine)


def texts(found: Iterable[headings.Heading | Completion]) -> list[str]:
    return [heading.text for heading in found]


def everything(engine: Engine) -> dict[tuple[str, str], int]:
    with engine.connect() as connection:
        rows = connection.execute(select(headings._headings)).all()
    return {(KINDS[row.kind], row.text): row.titles for row in rows}


# ── counted ──────────────────────────────────────────────────────────────────────────────────────


def test_a_heading_counts_its_titles(engine: Engine) -> None:
    stored(
        engine,
        document("a", "แมวไทย", ["สมชาย ใจดี"], ["แมว", "สัตว์เลี้ยง"], "636.8 ส12ม"),
        document("b", "หมาไทย", ["สมชาย ใจดี"], ["หมา", "สัตว์เลี้ยง"], "636.7 ส12ห"),
    )
    assert everything(engine) == {
        ("title", "แมวไทย"): 1, ("title", "หมาไทย"): 1, ("creator", "สมชาย ใจดี"): 2, ("subject", "แมว"): 1,
        ("subject", "หมา"): 1, ("subject", "สัตว์เลี้ยง"): 2, ("call_number", "636.8 ส12ม"): 1, ("call_number", "636.7 ส12ห"): 1,
    }  # fmt: skip


def test_a_contributor_is_a_name_and_a_class_is_a_call_number(engine: Engine) -> None:
    values = {"contributor": ("สมหญิง ใจงาม",), "creator": ("สมหญิง ใจงาม",), "classification": ("895.913",)}
    stored(engine, Document("a", values))
    assert everything(engine) == {("creator", "สมหญิง ใจงาม"): 1, ("call_number", "895.913"): 1}


def test_what_has_no_letter_is_no_heading(engine: Engine) -> None:
    shelf = stored(engine, document("a", "???", ["."], ["--"], "-"))
    assert everything(engine) == {}
    store = Documents(engine)
    with database.writing(engine) as connection:
        store.remove(connection, ["a"])
    assert shelf.browse("title").headings == ()


changes = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.one_of(
            st.none(),
            st.builds(
                lambda title, names, subjects: document("", title, names, subjects, "895.913 ก12"),
                st.sampled_from(["", "แมว", "แมวไทย", "Cats"]),
                st.lists(st.sampled_from(["สมชาย ใจดี", "ใจดี สมชาย", "Stamp, Mark"]), unique=True, max_size=2),
                st.lists(st.sampled_from(["แมว", "แมว--ไทย", "Cats"]), max_size=3),
            ),
        ),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=changes)
def test_whatever_comes_and_goes_the_counts_are_those_of_the_documents(
    engine: Engine, some: list[tuple[str, Document | None]]
) -> None:
    store = Documents(engine)
    emptied(engine, headings.SHAPE)
    left: dict[str, Document] = {}
    for id_, given_document in some:
        with database.writing(engine) as connection:
            if given_document is None:
                store.remove(connection, [id_, id_, "never there"])
                left.pop(id_, None)
            else:
                left[id_] = Document(id_, given_document.values, given_document.holdings)
                store.put(connection, [left[id_]])
    counted = tables(engine)
    with database.writing(engine) as connection:
        store.recount(connection)
    assert counted == tables(engine)
    assert sum(count for (kind, _), count in everything(engine).items() if kind == "title") == sum(
        bool(d.first("title")) for d in left.values()
    )


def tables(engine: Engine) -> list[set[tuple[object, ...]]]:
    with engine.connect() as connection:
        return [{tuple(row) for row in connection.execute(select(t))} for t in (headings._headings, headings._starts)]


def test_documents_stored_in_bulk_are_counted_afterwards(engine: Engine) -> None:
    store = Documents(engine)
    shelf = stored(engine, document("old", "เก่า"))
    with database.writing(engine) as connection:
        store.put(connection, [document("a", "แมว"), document("old", "เก่ากว่า")], recounted=True)
    with database.writing(engine) as connection:
        store.put(connection, [document("b", "หมา")])  # the next night, after the first was killed
        assert store.postponed(connection)
    assert texts(shelf.browse("title").headings) == ["เก่า"]  # as they were
    with database.writing(engine) as connection:
        store.recount(connection)
        assert not store.postponed(connection)
    assert texts(shelf.browse("title").headings) == ["เก่ากว่า", "แมว", "หมา"]
    with database.writing(engine) as connection:
        store.recount(connection)
        store.remove(connection, ["a"])
    assert texts(shelf.browse("title").headings) == ["เก่ากว่า", "หมา"]


# ── browsed ──────────────────────────────────────────────────────────────────────────────────────

WORDS = ["๑๐๐ ปี", "2475", "กบ", "เก่า", "เกาะ", "ขอนแก่น", "ไข่", "คน", "แพ", "แพร่", "เสือ", "เสื้อ", "โอ่ง", "Python", "Zebra"]  # fmt: skip


@pytest.fixture
def shelf(engine: Engine) -> Headings:
    mixed = WORDS.copy()
    random.Random(1).shuffle(mixed)
    return stored(engine, *(document(f"d{i}", word) for i, word in enumerate(mixed)))


def test_titles_stand_in_the_order_of_the_thai_dictionary(shelf: Headings) -> None:
    assert texts(shelf.browse("title").headings) == WORDS


@pytest.mark.parametrize(
    ("start", "first"),
    [("เก", "เก่า"), ("ก", "กบ"), ("เ", "เก่า"), ("แ", "ขอนแก่น"), ("ข", "ขอนแก่น"), ("ขอนแ", "ขอนแก่น"), ("เส", "เสือ"),
     ("แพร", "แพร่"), ("๒๔๗๕", "2475"), ("2", "๑๐๐ ปี"), ("py", "Python"), ("ＰＹ", "Python"), ("z", "Zebra"), ("", "๑๐๐ ปี"),
     ("\x00", "๑๐๐ ปี"), ("\ud800", "๑๐๐ ปี")],
)  # fmt: skip
def test_a_shelf_begins_at_what_was_typed(shelf: Headings, start: str, first: str) -> None:
    assert shelf.browse("title", start).headings[0].text == first


@pytest.mark.parametrize("size", [1, 2, 4, 15, 20])
def test_page_by_page_every_heading_is_met_once_in_both_directions(engine: Engine, size: int) -> None:
    same = ["แมว", "แมว!", "แมว?", "«แมว»", "PYTHON", "python"]  # one key, several texts
    shelf = stored(engine, *(document(f"d{i}", word) for i, word in enumerate([*WORDS, *same])))
    pages = [shelf.browse("title", size=size)]
    assert pages[0].previous is None
    while (start := pages[-1].next) is not None:
        pages.append(shelf.browse("title", start, size))
    forwards = [text for page in pages for text in texts(page.headings)]
    assert sorted(forwards) == sorted([*WORDS, *same])
    back = [pages[-1]]
    while (start := back[-1].previous) is not None:
        back.append(shelf.browse("title", start, size, before=True))
    assert [text for page in reversed(back) for text in texts(page.headings)] == forwards
    assert len(back) == 1 or back[1].next == "=" + back[0].headings[0].text


def test_past_the_end_there_is_a_way_back(shelf: Headings) -> None:
    page = shelf.browse("title", "zzz")
    assert page.headings == ()
    assert page.next is None
    assert page.previous is not None
    assert texts(shelf.browse("title", page.previous, 2, before=True).headings) == ["Python", "Zebra"]


def test_call_numbers_stand_as_on_the_shelf(engine: Engine) -> None:
    numbers = ["QA76.73.P98 ก123 2560", "895.913 ก2", "895.913 ก12", "WY 150 ส812ก", "QA9 .A1", "025.04", "นว ก12ข"]
    shelf = stored(engine, *(document(f"d{i}", number=n) for i, n in enumerate(numbers)))
    order = ["025.04", "895.913 ก12", "895.913 ก2", "QA9 .A1", "QA76.73.P98 ก123 2560", "WY 150 ส812ก", "นว ก12ข"]
    assert texts(shelf.browse("call_number").headings) == order
    for typed, first in {"89": 1, "895.913 ก2": 2, "qa": 3, "QA 10": 4, "W": 5, "ก": 6}.items():
        assert shelf.browse("call_number", typed).headings[0].text == order[first]


@pytest.mark.parametrize("kind", ["", "titles", "member", "\x00"])
def test_an_unknown_kind_has_no_headings(shelf: Headings, kind: str) -> None:
    assert shelf.browse(kind) == headings.Shelf(())


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.text(max_size=30), kind=st.sampled_from(KINDS), before=st.booleans())
def test_any_text_can_be_typed(engine: Engine, start: str, kind: str, before: bool) -> None:
    shelf = stored(engine, document("a", "แมว", ["สมชาย"], ["แมว"], "636.8"))
    shelf.browse(kind, start, before=before)
    shelf.browse(kind, "=" + start, before=before)
    shelf.complete(start)


# ── offered ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def offers(engine: Engine) -> Headings:
    return stored(
        engine,
        document("1", "ขอนแก่นในอดีต", ["คึกฤทธิ์ ปราโมช", "Stamp, Mark"], ["ขอนแก่น", "น้ำ", "ขอนแก่น--ประวัติศาสตร์"]),
        document("2", "ขอนไม้", ["มหาวิทยาลัยขอนแก่น. คณะแพทยศาสตร์"], ["ขอนแก่น", "น้ำ"]),
        document("3", "ขอนแก่นวันนี้", ["มหาวิทยาลัยขอนแก่น. คณะแพทยศาสตร์"], ["ขอนแก่น", "แพร่", "พ.ศ. 2475"]),
        document("4", "Café Society", ["เสรี วงษ์มณฑา"], ["การเกษตร--ขอนแก่น", "เสื้อ", "<b>ไม้</b>"]),
    )


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("คึก", "คึกฤทธิ์ ปราโมช"),
        ("ปราโมช คึ", "คึกฤทธิ์ ปราโมช"),
        ("ปรา", "คึกฤทธิ์ ปราโมช"),
        ("mark st", "Stamp, Mark"),
        ("Stamp Ma", "Stamp, Mark"),
        ("ขอนแก่น", "มหาวิทยาลัยขอนแก่น. คณะแพทยศาสตร์"),
        ("ประวัติ", "ขอนแก่น--ประวัติศาสตร์"),
        ("นํ้", "น้ำ"),  # nikhahit typed first
        ("น\u0e49\u0e4dา", "น้ำ"),
        ("เเพร่", "แพร่"),
        ("พศ ๒๔", "พ.ศ. 2475"),
        ("CAFE", "Café Society"),
        ("café s", "Café Society"),
        ("ขอน แก่น", "ขอนแก่น"),
        ("เสรี  วงษ์", "เสรี วงษ์มณฑา"),
        ("<b>ไม้", "<b>ไม้</b>"),
    ],
)  # fmt: skip
def test_what_begins_so_is_offered(offers: Headings, typed: str, offered: str) -> None:
    assert offered in texts(offers.complete(typed))


@pytest.mark.parametrize(("typed", "never"), [("แพ", "แพร่ว"), ("เสือ", "เสื้อ"), ("แก่น", "ขอนแก่น"), ("อดีต", "ขอนแก่นในอดีต")])  # fmt: skip
def test_what_does_not_begin_so_is_not_offered(offers: Headings, typed: str, never: str) -> None:
    assert never not in texts(offers.complete(typed))


def test_most_titles_come_first_and_every_kind_has_room(offers: Headings) -> None:
    found = offers.complete("ขอน", 4)
    assert found[0] == Completion("ขอนแก่น", "subject", 3)
    assert {completion.kind for completion in found} == {"title", "subject", "creator"}
    assert [c.titles for c in found] == sorted((c.titles for c in found), reverse=True)


def test_a_text_of_two_kinds_is_offered_once(engine: Engine) -> None:
    offers = stored(engine, document("1", "ขอนแก่น", subjects=["ขอนแก่น"]), document("2", "ขอน แก่น", subjects=["ขอนแก่น"]))
    assert offers.complete("ขอน") == [Completion("ขอนแก่น", "subject", 2)]


def test_long_beginnings_are_compared_to_the_end(engine: Engine) -> None:
    one, other = "รายงานการวิจัยเรื่องการพัฒนาห้องสมุดโรงเรียน", "รายงานการวิจัยเรื่องการพัฒนาห้องสมุดประชาชน"
    offers = stored(engine, document("1", one), document("2", other))
    assert texts(offers.complete("รายงานการวิจัยเรื่องการพัฒนาห้องสมุดโ")) == [one]
    assert set(texts(offers.complete("รายงานการวิจัยเรื่อง"))) == {one, other}


def test_the_weightiest_of_very_many_are_offered(engine: Engine) -> None:
    """More than are read in one go: the index by weight finds them."""
    many = [document(f"d{i}", subjects=[f"การงาน{i:05d}"]) for i in range(headings.READ + 500)]
    heavy = [document(f"h{i}", subjects=["การงานหนัก"]) for i in range(9)]
    offers = stored(engine, *many, *heavy)
    for typed in ("ก", "กา", "การ", "การง", "การงาน"):
        assert offers.complete(typed)[0] == Completion("การงานหนัก", "subject", 9)


@pytest.mark.parametrize("typed", ["", " ", "\x00\x01\x02", "?", "ก" * 100_000, "\x1b" * 100_000, "\ud800", "ๆ"])
def test_what_says_nothing_is_answered_at_once(offers: Headings, typed: str) -> None:
    assert offers.complete(typed) == []
