"""Names of values and members in the page's language."""

import pytest

from config.tables import Tables
from search.question import SORTS, Page, Query
from webapp import wording
from webapp.language import languages

TH, EN = languages()["th"], languages()["en"]


@pytest.mark.parametrize(
    ("facet", "value", "thai", "english"),
    [
        ("language", "tha", "ไทย", "Thai"),
        ("language", "chi", "จีน", "Chinese"),
        ("language", "ger", "เยอรมัน", "German"),
        ("language", "pli", "บาลี", "Pali"),
        ("language", "nod", "ไทยถิ่นเหนือ", "Northern Thai"),
        ("language", "q?!", "q?!", "q?!"),
        ("material", "thesis", "วิทยานิพนธ์", "Thesis"),
        ("material", "hologram", "hologram", "hologram"),
        ("member", "kku", "สำนักหอสมุด มข.", "KKU Library"),
        ("member", "nobody", "nobody", "nobody"),
        ("subject", "วัด", "วัด", "วัด"),
        ("year", "25--", "25--", "25--"),
    ],
)
def test_a_value_in_words(tables: Tables, facet: str, value: str, thai: str, english: str) -> None:
    assert wording.value_name(facet, value, tables, TH) == thai
    assert wording.value_name(facet, value, tables, EN) == english


def test_members_have_names_for_a_phone(tables: Tables) -> None:
    for language in (TH, EN):
        names = {code: wording.short_name(member, language) for code, member in tables.members.items()}
        assert len(set(names.values())) == len(names)
        assert all(len(name) <= 50 for name in names.values()), names
    assert wording.short_name(tables.members["kkpl"], TH) == "ห้องสมุดประชาชนจังหวัดขอนแก่น"


def test_every_kind_of_member_material_and_sort_has_a_name(tables: Tables) -> None:
    from harvest.derive import MATERIALS, RECORD_TYPES

    assert {member.kind for member in tables.members.values()} <= set(wording.KINDS)
    assert {*MATERIALS.values(), *RECORD_TYPES.values(), "ebook"} <= set(wording.MATERIALS)
    assert set(wording.SORTS) == set(SORTS)


def said_of(stage: str, total: int = 1, suggestion: str | None = "สวัสดี") -> str:
    row = wording.stage(Page(Query(text="l;ylfu"), total, (), {}, stage=stage, suggestion=suggestion))
    return TH.catalogue.gettext(row.said) % {"typed": "l;ylfu", "found": suggestion} if row else ""


def test_every_stage_but_the_first_is_said_aloud() -> None:
    stages = ("words", "trigrams", "some", "folded", "spelling", "keyboard", "romanised", "a-stage-of-tomorrow")
    assert set(stages[1:-1]) == set(wording.STAGES)
    for name in stages:
        assert bool(said_of(name)) == (name != "words"), name
        assert not said_of(name, total=0), name


@pytest.mark.parametrize("stage", ["spelling", "keyboard", "romanised"])
def test_what_was_looked_for_instead_is_named_and_is_the_heading(stage: str) -> None:
    assert said_of(stage) == "ไม่พบ “l;ylfu” แสดงผลของ “สวัสดี” แทน"
    page = Page(Query(text="l;ylfu"), 7, (), {}, stage=stage, suggestion="สวัสดี")
    assert wording.sentence(page, TH) == "พบ 7 รายการ สำหรับ “สวัสดี”"
    assert wording.replaced(page)


def test_the_nearest_titles_are_no_other_words() -> None:
    """The stage spelling without a suggestion compared titles letter by letter: there is nothing to name."""
    page = Page(Query(text="ขอแกน"), 3, (), {}, stage="spelling")
    assert not wording.replaced(page)
    assert wording.sentence(page, TH) == "พบ 3 รายการ สำหรับ “ขอแกน”"
    assert said_of("spelling", suggestion=None).startswith("ไม่พบรายการที่ตรงกับคำค้นทุกคำ")


def test_what_the_reader_may_have_meant_is_not_what_was_looked_for() -> None:
    page = Page(Query(text="แพ"), 2, (), {}, stage="words", suggestion="แพร่")
    assert not wording.replaced(page)
    assert wording.sentence(page, TH) == "พบ 2 รายการ สำหรับ “แพ”"


def test_each_language_counts_in_its_era() -> None:
    assert (wording.era(TH), wording.era(EN)) == (543, 0)


@pytest.mark.parametrize(
    ("text", "total", "thai", "english"),
    [
        ("วัด", 1234, "พบ 1,234 รายการ สำหรับ “วัด”", "1,234 titles for “วัด”"),
        ("วัด", 1, "พบ 1 รายการ สำหรับ “วัด”", "1 title for “วัด”"),
        ("100%", 0, "ไม่พบรายการสำหรับ “100%”", "Nothing found for “100%”"),
        ("", 1, "ทั้งหมด 1 รายการ", "1 title in all"),
        ("", 0, "ไม่พบรายการ", "No titles found"),
    ],
)
def test_the_sentence_over_an_answer(text: str, total: int, thai: str, english: str) -> None:
    page = Page(Query(text=text), total, (), {})
    assert (wording.sentence(page, TH), wording.sentence(page, EN)) == (thai, english)


def test_what_an_answer_is_narrowed_to(tables: Tables) -> None:
    query = Query(filters=(("language", ("tha", "eng")), ("member", ("kku",))), year="2560")
    assert [said.replace("\u00a0", " ") for said in wording.narrowing(query, tables, TH)] == [
        "ภาษา: ไทย หรือ อังกฤษ",
        "ห้องสมุด: สำนักหอสมุด มข.",
        "ช่วงปีพิมพ์ พ.ศ. 2560 (2017)",
    ]
