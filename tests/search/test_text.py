"""Thai text: repaired, cut, and never confused."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search import text

THAI = st.text(st.characters(min_codepoint=0x0E01, max_codepoint=0x0E4E), max_size=40)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("น\u0e4d\u0e49า", "น้ำ"),  # nikhahit, tone, aa
        ("น\u0e49\u0e4dา", "น้ำ"),
        ("น\u0e33\u0e49", "น้ำ"),  # sara am before its tone
        ("ทํางาน", "ทำงาน"),
        ("เเมว", "แมว"),
        ("ก่ิ", "กิ่"),
        ("ก่่อน", "ก่อน"),
        ("ขอน\u200bแก่น", "ขอนแก่น"),
        ("ขอนแก่น\ufeff", "ขอนแก่น"),
        ("๒๕๖๐", "2560"),
        ("ฤๅษี", "ฤษี"),
        ("CAFÉ", "cafe"),
        ("Khō̜n Kǣn", "khon kaen"),
        ("ＡＢＣ", "abc"),
        ("O'Neill", "oneill"),
    ],
)
def test_one_spelling_for_one_text(wrong: str, right: str) -> None:
    assert text.normalise(wrong) == right


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("ประจ\u0e4dาปี ๒๕๖๐ : USA", "ประจำปี ๒๕๖๐ : USA"),
        ("น\u0e4d\u0e49า", "น้ำ"),
        ("น\u0e49\u0e4dา", "น้ำ"),
        ("น\u0e33\u0e49", "น้ำ"),
        ("เเมว", "แมว"),
        ("ก่ิ", "กิ่"),
        ("ฤๅษี Café O'Neill พ.ศ. 2560", "ฤๅษี Café O'Neill พ.ศ. 2560"),
    ],
)
def test_spelled_to_be_shown(given: str, shown: str) -> None:
    assert text.spelled(given) == shown


@example("\u0e33\u0e48\u0e38")
@example("\u0e38\u0e4c\u0e3a")
@given(THAI)
def test_what_is_shown_is_found_as_before(given: str) -> None:
    assert text.normalise(text.spelled(given)) == text.normalise(given)
    assert text.spelled(text.spelled(given)) == text.spelled(given)


@pytest.mark.parametrize(
    ("one", "other"),
    [("เสือ", "เสื้อ"), ("ขาว", "ข้าว"), ("ขาว", "ข่าว"), ("ปา", "ป่า"), ("ป่า", "ป้า"), ("สวน", "ส่วน"), ("แผน", "แผ่น"),
     ("รู", "รู้"), ("ที", "ที่"), ("แพ", "แพร่"), ("มา", "ม้า"), ("เก่า", "เก้า"), ("ใจ", "ไจ"), ("การ", "การณ์")],
)  # fmt: skip
def test_tone_marks_and_vowels_are_letters(one: str, other: str) -> None:
    assert text.normalise(one) != text.normalise(other)
    assert text.words(one) != text.words(other)
    assert not set(text.grams([one])) & set(text.grams([other])) or text.grams([one]) != text.grams([other])
    assert text.sort_key(one) != text.sort_key(other)


@given(THAI)
def test_normalising_twice_changes_nothing_more(given_text: str) -> None:
    once = text.normalise(given_text)
    assert text.normalise(once) == once


@given(st.text(max_size=60))
def test_no_letter_is_lost_between_runs_and_words(given_text: str) -> None:
    assert "".join(text.words(given_text)) == "".join(text.runs(given_text))


@given(THAI)
def test_canonical_order_means_nothing(given_text: str) -> None:
    assert text.normalise(unicodedata.normalize("NFD", given_text)) == text.normalise(given_text)


def test_words_of_a_title_with_their_sub_words() -> None:
    assert text.words("การพยาบาลผู้ป่วยโรคหัวใจ") == ["การ", "พยาบาล", "ผู้ป่วย", "โรคหัวใจ"]
    assert set(text.subwords("โรงพยาบาล")) == {"โรง", "พยาบาล"}
    assert "ขอนแก่น" in text.subwords("มหาวิทยาลัยขอนแก่น")
    assert text.subwords("เสือ") == ()
    assert text.subwords("library") == ()


@pytest.mark.parametrize(
    ("typed", "cut"),
    [
        ("พ.ศ. 2560", ["พศ", "2560"]),
        ("ม.ร.ว.คึกฤทธิ์", ["มรว", "คึกฤทธิ์"]),
        ("กรุงเทพฯ", ["กรุงเทพ"]),
        ("ต่าง ๆ", ["ต่าง"]),
        ("C++ และ C#", ["c++", "และ", "c#"]),
        ("TCP/IP", ["tcp", "ip"]),
        ("U.S.A.", ["usa"]),
        ("", []),
        ("...", []),
    ],
)
def test_runs(typed: str, cut: list[str]) -> None:
    assert text.runs(typed) == cut


def test_trigrams_stay_within_a_run() -> None:
    assert text.grams(["แมวดำ", "กข", "ก"]) == ["แมว", "มวด", "วดำ", "_กข", "กข_", "_ก_"]
    assert set(text.grams(["แมวดำ", "กข", "ก"])) < set(text.trigrams(text.edged(["แมวดำ", "กข", "ก"])))


def test_the_thai_dictionarys_order() -> None:
    given_order = ["Zoo", "ข้าว", "เก่า", "apple", "แกะ", "๑๐", "ขา", "กา", "ขาว", "2", "เกา"]
    ordered = ["2", "๑๐", "กา", "เกา", "เก่า", "แกะ", "ขา", "ขาว", "ข้าว", "apple", "Zoo"]
    assert sorted(given_order, key=text.sort_key) == ordered


def test_whoosh_analysers_say_the_same() -> None:
    phrase = "โรงพยาบาลขอนแก่น 2560"
    assert [t.text for t in text.WORDS(phrase, positions=True)] == text.words(phrase)
    assert [t.pos for t in text.WORDS(phrase, positions=True)] == list(range(len(text.words(phrase))))
    assert {t.text for t in text.SUBWORDS(phrase)} == {p for w in text.words(phrase) for p in text.subwords(w)}
    assert [t.text for t in text.TRIGRAMS("_กข_")] == text.trigrams("_กข_") == ["_กข", "กข_"]


def test_a_long_run_without_a_space_is_cut_in_bounded_time() -> None:
    assert "".join(text.words("กรรม" * 5000)) == "กรรม" * 5000


@given(st.text(alphabet=st.characters(codec="utf-8")) | st.text(alphabet="กขเแะาำิีึืุู่้๊๋์ํ็ 1a."))
def test_the_short_way_says_what_the_thorough_one_says(typed: str) -> None:
    lower = typed.lower()
    if text._PLAIN.fullmatch(lower) and not text._ODD.search(lower):
        assert text._thorough(lower) == lower


def test_folded_text_bridges_what_damaged_files_lose() -> None:
    assert text.folded("สำรวจ") == text.folded("สารวจ")
    assert text.folded("เสื้อผ้า") == text.folded("เสือผา")
    assert text.folded("เสือ") != text.folded("เสา")


EVERY = [chr(c) for c in (*range(0x20, 0x7F), *range(0x0E01, 0x0E5C))]


def test_the_quick_way_through_plain_texts_reads_what_the_thorough_one_reads() -> None:
    """Every sign of ASCII and of Thai between letters, and every two of Thai after one: one spelling, the same runs."""
    thai = EVERY[0x5F:]
    for said in [*(f"a{c}ข" for c in EVERY), *(f"ก{a}{b}า" for a in thai for b in thai)]:
        thorough = text._thorough(said.lower())
        assert text.normalise(said) == thorough or "." in said, said
        assert text.runs(said) == text._run_pattern().findall(text.normalise(said)), said
