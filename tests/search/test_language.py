"""What a person types becomes a tree; nothing that they type is an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whoosh.query import And, AndNot, Every, Not, Or, Prefix, Query, Term, TermRange, Wildcard

from config import Tables
from search.language import Language, Quote


@pytest.fixture(scope="module")
def language(tables: Tables) -> Language:
    return Language(tables.fields)


@pytest.mark.parametrize(
    ("typed", "tree"),
    [
        ("แมว", Term("any", "แมว")),
        ("แมว ดำ", And([Term("any", "แมว"), Term("any", "ดำ")])),
        ("แมว AND ดำ", And([Term("any", "แมว"), Term("any", "ดำ")])),
        ("แมว OR หมา", Or([Term("any", "แมว"), Term("any", "หมา")])),
        ("NOT แมว", Not(Term("any", "แมว"))),
        ("แมว -หมา", AndNot(Term("any", "แมว"), Term("any", "หมา"))),
        ('"แมวดำ"', Quote("any", ["แมวดำ"])),
        ("“แมว ดำ”", Quote("any", ["แมว ดำ"])),
        ("title:แมว", Term("title", "แมว")),
        ("ชื่อเรื่อง:แมว", Term("title", "แมว")),
        ("ผู้แต่ง:(ก ข)", And([Term("creator", "ก"), Term("creator", "ข")])),
        ('title:"แมว ดำ"', Quote("title", ["แมว ดำ"])),
        ("การ*", Prefix("any", "การ")),
        ("ab?d", Wildcard("any", "ab?d")),
        ("year:[2550 TO 2560]", TermRange("year", "2550", "2560")),
        ("พ.ศ. 2560", Term("any", "พ.ศ.2560")),
        ("978-616-08-1234-5", Term("any", "978-616-08-1234-5")),
        ("C++: programming", And([Term("any", "C++:"), Term("any", "programming")])),
        ("http://x.com/a", Term("any", "http://x.com/a")),
        ("สวัสดี:ฉัน", Term("any", "สวัสดี:ฉัน")),
        ("and or not", And([Term("any", "and"), Term("any", "or"), Term("any", "not")])),
        ("*", Every("any")),
    ],
)
def test_the_language(language: Language, typed: str, tree: Query) -> None:
    assert language.parse(typed) == tree


@pytest.mark.parametrize(
    ("called", "field"),
    [
        ("ปี", "year"), ("year", "year"), ("Year", "year"), ("เลขเรียก", "call_number"), ("เลขเรียกหนังสือ", "call_number"),
        ("call", "call_number"), ("callnumber", "call_number"), ("ผู้เขียน", "creator"), ("author", "creator"), ("Author", "creator"),
        ("ชื่อ", "title"), ("หัวข้อ", "subject"), ("TITLE", "title"), ("Call_Number", "call_number"),
    ],
)  # fmt: skip
def test_a_field_goes_by_its_other_names(language: Language, called: str, field: str) -> None:
    assert language.parse(f"{called}:2560") == Term(field, "2560")
    assert language.parse(f'แมว {called}:"ก ข"') == And([Term("any", "แมว"), Quote(field, ["ก ข"])])


def test_words_go_into_the_field_that_was_chosen(language: Language) -> None:
    assert language.parse("แมว year:2560", "title") == And([Term("title", "แมว"), Term("year", "2560")])
    assert language.parse("แมว", "nonsense") == Term("any", "แมว")


@pytest.mark.parametrize(
    "typed", ["((", '"', "a AND", "[a TO", "year:[", "AND", "NOT", "::::", "title:", "(a OR (b", "+", "- -"]
)
def test_what_cannot_be_parsed_is_plain_words(language: Language, typed: str) -> None:
    assert isinstance(language.parse(typed), Query)


@given(st.one_of(st.text(max_size=300), st.text('ก "()[]:*?+-ANDORTO\\~^{}', max_size=100)))
def test_no_question_is_an_error(language: Language, typed: str) -> None:
    assert isinstance(language.parse(typed), Query)


def test_a_question_of_any_length(language: Language) -> None:
    assert isinstance(language.parse("(" * 50_000), Query)
    assert isinstance(language.parse("แมว " * 50_000), Query)
