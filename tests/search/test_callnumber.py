"""Call numbers of four schemes: told from other text, found by their beginnings, in the order of the shelf."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search import callnumber


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("QA76.73.P98 ก123 2560", "QA76"),
        ("QA76.73.P98 ก123 2560", "qa76.73"),
        ("QA76.73.P98 ก123 2560", "QA 76.73 P98"),
        ("QA76.73.P98 ก123 2560", "QA76.73.P98ก123"),
        ("QA76.73.P98 ก123 2560", "QA 76.73 .P98 ก123 ๒๕๖๐"),
        ("PN1997 .A1 1999", "PN1997.A1"),
        ("PN1997 .A1 1999", "PN1997 A1 1999"),
        ("895.913 ก123ข", "895.9"),
        ("895.913 ก123ข", "895.913"),
        ("895.913 ก123ข", "895.913 ก123"),
        ("895.913 ก123ข", "๘๙๕.๙๑๓ก๑๒๓ข"),
        ("025.04 ก12ด", "025.04ก12ด"),
        ("813/.54 H85w", "813.54 H85w"),
        ("WY 150 ส812ก", "WY150"),
        ("WY150 ส812ก", "WY 150 ส812"),
        ("QS 4 ก12", "QS 4"),
        ("W1 JO595JA", "W1 JO595JA"),
        ("W1 JO595JA", "w1 jo595"),
        ("R 895.913 ก123", "R 895.913"),
        ("R 895.913 ก123", "895.913 ก123"),
        ("R895.913 ก123", "895.913"),
        ("อ้างอิง 025.04 ก12", "025.04"),
        ("อ 025.04 ก12", "อ. 025.04"),
        ("วพ QA76.9 ก12 2555", "QA76.9 ก12"),
        ("วพ QA76.9 ก12 2555", "ว.พ. QA76.9"),
        ("นว ก123ข", "นว ก123"),
        ("นว ก123ข", "ก123ข"),
        ("895.913 อ67ป", "อ67ป"),
        ("Z693.3 .C37 ส831บ", "Z693.3 .C37"),
        ("HF5415.5 .M43 1984", "HF5415.5.M43 1984"),
        ("658 ม192ก 2557", "658 ม192ก"),
        ("895.913 ก123 ล.2", "895.913 ก123 ล. 2"),
    ],
)
def test_a_typed_beginning_finds_the_call_number_by_one_token(written: str, typed: str) -> None:
    token = callnumber.asked(typed)
    assert token is not None
    assert " " not in token
    assert token in callnumber.tokens(written)


@pytest.mark.parametrize(("written", "typed"), [("895.913 ก12", "895"), ("QA76.9 .A1", "QA"), ("ย ก12", "ย"), ("895 ส812", "ส812"), ("W1 JO595", "W1"), ("QA 76.5", "QA 76")])  # fmt: skip
def test_where_call_numbers_are_asked_for_less_is_enough(written: str, typed: str) -> None:
    assert callnumber.asked(typed) is None
    assert callnumber.asked(typed, sure=True) in callnumber.tokens(written)


@pytest.mark.parametrize(
    "typed",
    ["2560", "๒๕๖๐", "พ.ศ. 2560", "1984", "9786161630287", "978-616-163-028-7", "974-13-1234-5", "0028-0836", "c++", "c#",
     "3 ก๊ก", "007", "895", "365 วัน", "101 ข้อ", "100", "PM2.5", "PM 2.5", "PM10", "ม.112", "ม.6", "ป6", "ค31101", "AI 101",
     "H1N1", "M16A4", "B12", "MP3", "WW2", "RS232", "G20", "Python 3.11", "Windows 11", "ISO 690", "COVID-19", "KKU 123",
     "มอก. 166-2549", "20.5", "192.168.1.1", "043-202-424", "12.05.2560", "895.913 นิยาย", "ขอนแก่น", "อ", "วพ", "R", "QA", "",
     " ", ".", "๑", "+" * 50, "QA76 " * 100, "ก" * 200, "\x00", "QA76\x00", "(895.9)*", "c++ QA76"],
)  # fmt: skip
def test_what_people_type_for_other_reasons_is_none(typed: str) -> None:
    assert callnumber.asked(typed) is None


@pytest.mark.parametrize("typed", ["นิยาย", "c++", "3 ก๊ก", "2560", "มหาวิทยาลัยขอนแก่น", "machine learning", "", "\x00"])
def test_words_are_none_even_where_call_numbers_are_asked_for(typed: str) -> None:
    assert callnumber.asked(typed, sure=True) is None


# ── as properties ────────────────────────────────────────────────────────────────────────────────

digits = st.integers(1, 9999).map(str)
thai = st.builds(lambda c, n, t: f"{c}{n}{t}", st.sampled_from("กขจชตนบปพมรลวสหอ"), st.integers(10, 999), st.sampled_from(["", "ก", "ส"]))  # fmt: skip
latin = st.builds(lambda c, n: f".{c}{n}", st.sampled_from("ABCGMPSW"), digits)
lc = st.builds(lambda c, n, d: f"{c}{n}{d}", st.sampled_from(["QA", "PN", "HF", "TK", "Z", "R"]), digits, st.sampled_from(["", ".73", ".9"]))  # fmt: skip
nlm = st.builds(lambda c, s, n: f"{c}{s}{n}", st.sampled_from(["WY", "QS", "WB", "W"]), st.sampled_from(["", " "]), st.integers(1, 999))  # fmt: skip
dewey = st.builds(lambda n, d: f"{n:03d}{d}", st.integers(0, 999), st.sampled_from(["", ".9", ".913", ".04"]))
cutters = st.lists(st.one_of(thai, latin), max_size=2)
years = st.sampled_from([[], ["2560"], ["1999"]])
marks = st.sampled_from([[], ["อ"], ["วพ"], ["R"], ["อ้างอิง"]])
parts = st.builds(lambda m, c, k, y: [*m, c, *k, *y], marks, st.one_of(lc, nlm, dewey), cutters, years)


@settings(deadline=None)  # the first text loads the tables of letters
@given(parts, st.booleans())
def test_every_beginning_that_looks_like_one_is_a_token(given_parts: list[str], sure: bool) -> None:
    tokens = callnumber.tokens(" ".join(given_parts))
    assert tokens
    for end in range(1, len(given_parts) + 1):
        asked = callnumber.asked(" ".join(given_parts[:end]), sure)
        assert asked is None or asked in tokens
    assert callnumber.asked(" ".join(given_parts), sure=True) in tokens


@settings(deadline=None)
@given(parts)
def test_spaces_and_thai_digits_do_not_matter(given_parts: list[str]) -> None:
    written = " ".join(given_parts)
    thai_digits = written.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    assert callnumber.tokens(written.replace(" ", "  ")) == callnumber.tokens(written) == callnumber.tokens(thai_digits)
    assert callnumber.sort_key(written) == callnumber.sort_key(thai_digits)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_tokens_without_spaces_and_a_place(given_text: str) -> None:
    assert not [token for token in callnumber.tokens(given_text) if token.split() != [token]]
    callnumber.asked(given_text)
    callnumber.asked(given_text, sure=True)
    assert callnumber.sort_key(given_text)


# ── the shelf ────────────────────────────────────────────────────────────────────────────────────

SHELVES = {
    "dewey": ["005.1", "025.04 ก12ด", "025.04 ก2", "025.1", "100", "495.91", "895.9", "895.911 ก12", "895.913 ก12", "895.913 ก123",
              "895.913 ก123 2540", "895.913 ก123 1999", "895.913 ก123 ล.2", "895.913 ก123 ล.10", "895.913 ก123ข", "895.913 ก1234", "895.913 ก2",
              "895.913 ข1", "895.913 ร55", "895.913 ฤ14", "895.913 ล11", "895.913 อ67ป", "895.913 ฮ1", "895.913 B65", "895.92"],
    "lc": ["AC1 .A1", "B99 .A1", "BF8 .A1", "BF311 .A1", "PN56 .A1", "PN1997 .A1 1999", "PN1997 .A12", "PN1997 .A2", "PN1997.2 .A1",
           "Q9 .A1", "QA9 .A1", "QA76", "QA76 1999", "QA76 .A1", "QA76.5 .A1", "QA76.73.J38 ก123", "QA76.73.P98 ก123 2560",
           "QA76.73.P98 ก2", "QA76.73.P98 B3", "QA76.8 .A1", "QA100 .A1", "WY 20.5", "WY100", "WY 150 ส812ก", "WY 150 ส9"],
    "mixed": ["895.913 ก123", "QA76 .A1", "WY 150", "ก12ข", "นว ก123ข", "วพ ก11", "ชั้นล่าง ตู้ 3", "Micfilm 1518"],
}  # fmt: skip


@pytest.mark.parametrize("name", SHELVES)
def test_the_order_of_the_shelf(name: str) -> None:
    shuffled = SHELVES[name].copy()
    random.Random(1).shuffle(shuffled)
    assert sorted(shuffled, key=callnumber.sort_key) == SHELVES[name]


def test_the_copies_of_one_book_stand_together() -> None:
    given_numbers = ["อ 895.913 ก123", "895.913 ก124", "R 895.913 ก123", "895.913 ก123", "895.913 ก122", "R130.5 .A1"]
    inner = sorted(given_numbers, key=callnumber.sort_key)
    assert inner[0] == "895.913 ก122"
    assert set(inner[1:4]) == {"895.913 ก123", "อ 895.913 ก123", "R 895.913 ก123"}
    assert inner[4:] == ["895.913 ก124", "R130.5 .A1"]


@pytest.mark.parametrize(("typed", "first"), [("8", "895.9"), ("89", "895.9"), ("9", "QA76"), ("Q", "QA76"), ("QA", "QA76"), ("R", "WY 150"), ("ก", "นว ก12")])  # fmt: skip
def test_what_is_typed_first_is_where_it_begins(typed: str, first: str) -> None:
    shelf = ["025.04", "895.9", "QA76", "WY 150", "นว ก12", "ตู้ 3"]
    assert next(n for n in shelf if callnumber.sort_key(n) >= callnumber.sort_key(typed)) == first
