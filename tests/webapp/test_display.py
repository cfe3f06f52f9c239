"""Texts, years and moments as they stand on a page."""

import pytest

from webapp import dates, display, wording
from webapp.language import languages, tag, written_in

TH, EN = languages()["th"], languages()["en"]
NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("การเขียนโปรแกรม Python", "th"),
        ("Python สำหรับผู้เริ่มต้น", "th"),
        ("ວຽງຈັນ", "lo"),
        ("日本語の文法", "ja"),
        ("中文", "zh"),
        ("Война и мир", "ru"),
        ("Crime", "en"),
        ("2560", ""),
        ("๒๕๖๐", "th"),
    ],
)
def test_the_language_of_a_text_is_told_by_its_script(text: str, language: str) -> None:
    assert display.language_of(text) == language


def test_latin_letters_are_the_records_own_language() -> None:
    assert display.language_of("Grundriß", ["ger"]) == "de"
    assert display.language_of("Histoire", ["tha", "fre"]) == "fr"
    assert display.language_of("Crime", ["tha"]) == "en"
    assert display.language_of("ประวัติ", ["eng"]) == "th"


def test_codes_of_records_are_tags_of_pages() -> None:
    assert [tag(code) for code in ("tha", "eng", "chi", "xyz")] == ["th", "en", "zh", "xyz"]
    assert [written_in(code) for code in ("tha", "ger", "xyz")] == ["Thai", "Latn", ""]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("วัดต่าง ๆ ในเมือง", f"วัดต่าง{NBSP}ๆ ในเมือง"),
        ("พิมพ์ พ.ศ. 2560", f"พิมพ์ พ.ศ.{NBSP}2560"),
        ("พิมพ์ครั้งที่ ๒", f"พิมพ์ครั้งที่{NBSP}๒"),
        ("เล่ม 2 ตอน 1", f"เล่ม{NBSP}2 ตอน 1"),
        ("350 หน้า ; 26 ซม.", f"350{NBSP}หน้า ; 26{NBSP}ซม."),
        ("8.00 น.", f"8.00{NBSP}น."),
        ("มี 12 หน้าที่", "มี 12 หน้าที่"),  # "duties", no pages
        ("Plain English text 2", "Plain English text 2"),
    ],
)
def test_spaces_that_must_not_break(text: str, shown: str) -> None:
    assert display.unbroken(text) == shown


def test_what_stays_on_one_line_is_held_together_and_escaped() -> None:
    assert display.whole("<ห้องสมุด> เปิด 08.30–20.00 น.") == (
        '&lt;<span class="whole">ห้องสมุด</span>&gt; เปิด <span class="whole">08.30–20.00\u00a0น.</span>'
    )


def test_a_word_that_is_torn_apart_is_held_as_long_as_it_is() -> None:
    assert display.whole("ราชมงคลอีสาน") == '<span class="whole">ราชมงคลอีสาน</span>'
    assert display.whole("ราชมงคลล้านนา") == '<span class="whole">ราชมงคล</span>ล้านนา'


def test_a_heading_breaks_between_its_phrases() -> None:
    assert display.phrases("ค้น & Find", "th") == (
        '<span class="phrase">ค้น</span> <span class="phrase">&amp;</span> <span class="phrase"><span lang="en">Find</span></span>'
    )


def test_a_text_in_the_pages_language_is_not_marked() -> None:
    assert display.shown("การ & งาน", [], "th") == "การ &amp; งาน"
    assert display.shown("A <b>", [], "th") == '<span lang="en">A &lt;b&gt;</span>'
    assert display.shown("2560", [], "en") == "2560"


def test_years_stand_in_both_eras_the_readers_first() -> None:
    assert dates.year(2017, TH) == f"พ.ศ.{NBSP}2560{NBSP}(2017)"
    assert dates.year(2017, EN) == f"2017{NBSP}(B.E.{NBSP}2560)"


@pytest.mark.parametrize(
    ("iso", "thai", "english"),
    [
        ("2026-11-22T02:10:31Z", "22 พฤศจิกายน 2569 09.10 น.", "22 November 2026, 09:10"),
        ("2026-12-31T17:00:00Z", "1 มกราคม 2570 00.00 น.", "1 January 2027, 00:00"),  # the new year begins in Bangkok
        ("2026-01-01T00:30:00+07:00", "1 มกราคม 2569 00.30 น.", "1 January 2026, 00:30"),
        ("2024-02-29T05:05:05", "29 กุมภาพันธ์ 2567 12.05 น.", "29 February 2024, 12:05"),
    ],
)
def test_moments_in_words(iso: str, thai: str, english: str) -> None:
    when = dates.moment(iso)
    assert when is not None
    assert dates.minute(when, TH).replace(NBSP, " ") == thai
    assert dates.minute(when, EN) == english


@pytest.mark.parametrize("text", ["", "soon", "2569"])
def test_what_is_no_moment(text: str) -> None:
    assert dates.moment(text) is None


@pytest.mark.parametrize(
    ("years", "thai", "english"),
    [
        ("2550-2560", "พ.ศ. 2550–2560 (2007–2017)", "2007–2017 (B.E. 2550–2560)"),
        ("2560-", "ตั้งแต่ พ.ศ. 2560 (2017)", "from 2017 (B.E. 2560)"),
        ("-2017", "ถึง พ.ศ. 2560 (2017)", "until 2017 (B.E. 2560)"),
        ("2560", "พ.ศ. 2560 (2017)", "2017 (B.E. 2560)"),
        ("เมื่อวาน", "", ""),
        ("", "", ""),
    ],
)
def test_a_span_of_years_as_it_was_understood(years: str, thai: str, english: str) -> None:
    assert wording.span_name(years, TH).replace(NBSP, " ") == thai
    assert wording.span_name(years, EN).replace(NBSP, " ") == english


@pytest.mark.parametrize(
    ("text", "terms", "shown"),
    [
        ("ประวัติศาสตร์ขอนแก่น", ["ขอนแก่น"], "ประวัติศาสตร์<mark>ขอนแก่น</mark>"),
        ("ห้องสมุดประชาชน", ["ห้องสมุด"], '<span class="whole"><mark>ห้องสมุด</mark></span>ประชาชน'),
        ("วัดต่าง ๆ & เมือง", ["เมือง"], f"วัดต่าง{NBSP}ๆ &amp; <mark>เมือง</mark>"),
        ("<b>Wat</b>", ["b"], "&lt;<mark>b</mark>&gt;Wat&lt;/<mark>b</mark>&gt;"),
        ("ตำราใบลาน", [], "ตำราใบลาน"),
        ("ตำราใบลาน", ["<mark>"], "ตำราใบลาน"),
    ],
)
def test_what_was_looked_for_is_marked_and_everything_escaped(text: str, terms: list[str], shown: str) -> None:
    assert display.whole(text, terms) == shown


def test_a_mark_stands_within_the_language_of_the_text() -> None:
    assert display.shown("ขอนแก่น", (), "en", ["ขอนแก่น"]) == '<span lang="th"><mark>ขอนแก่น</mark></span>'
    assert display.shown("ขอนแก่น", (), "th", ["ขอนแก่น"]) == "<mark>ขอนแก่น</mark>"
