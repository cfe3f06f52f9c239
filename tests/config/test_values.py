"""Years in both eras, Thai digits, ISBN and ISSN."""

import random

import pytest
from stdnum import isbn

from config import values


@pytest.mark.parametrize(
    ("text", "ce"),
    [
        ("2560", 2017),
        ("๒๕๖๐", 2017),
        ("พ.ศ. 2560", 2017),
        ("พ.ศ.๒๕๖๐", 2017),
        ("พุทธศักราช 2560", 2017),
        ("[2560?]", 2017),
        ("2543.", 2000),
        ("c2017", 2017),
        ("ค.ศ. 2017", 2017),
        ("2017 [2560]", 2017),
        ("B.E. 2560", 2017),
        ("ร.ศ. 120", 1901),
        ("จ.ศ. 1181", 1819),
        ("พิมพ์ครั้งที่ 2, 2552", 2009),
        ("2400", 1857),
        ("2600", 2057),
        ("1999", 1999),
        ("พ.ศ. 2390", 1847),  # before 2400 only with its era
    ],
)
def test_a_year_is_the_same_in_either_era(text: str, ce: int) -> None:
    assert values.year(text) == ce


@pytest.mark.parametrize("text", ["25--", "ม.ป.ป.", "450 หน้า", "", "12345", "199", "เล่ม 2", "0000", "9999"])
def test_what_is_no_year_gives_none(text: str) -> None:
    assert values.year(text) is None


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2550-2560", (2007, 2017)),
        ("2007-2017", (2007, 2017)),
        ("๒๕๕๐–๒๕๖๐", (2007, 2017)),
        ("พ.ศ. 2550 ถึง 2560", (2007, 2017)),
        ("2560-2550", (2007, 2017)),
        ("2560", (2017, 2017)),
        ("2550-", (2007, None)),
        ("-2560", (None, 2017)),
        ("", None),
        ("-", None),
        ("ปีก่อน", None),
        ("2550-ปีนี้", None),
        ("2550-2555-2560", None),
    ],
)
def test_a_span_of_years(text: str, span: object) -> None:
    assert values.year_range(text) == span


def test_an_isbn_is_one_number_in_either_length() -> None:
    texts = ("974911373X", "974-911-373-x", "978-974-9113-73-8", "9789749113738 (ปกอ่อน)", "ISBN ๙๗๘๙๗๔๙๑๑๓๗๓๘")
    assert {tuple(values.isbns(text)) for text in texts} == {("9789749113738",)}


@pytest.mark.parametrize("text", ["9749113739", "1234567890123", "", "978974911373", "12345678901234567"])
def test_a_wrong_check_digit_is_no_isbn(text: str) -> None:
    assert not list(values.isbns(text))


def test_an_isbn_10_that_ends_in_x() -> None:
    assert list(values.isbns("0-8044-2957-x")) == ["9780804429573"]


def test_an_issn_with_and_without_its_hyphen() -> None:
    assert list(values.issns("ISSN 0378-5955; 03785955; 0378-5956")) == ["0378-5955", "0378-5955"]


def test_isbns_are_told_as_stdnum_tells_them() -> None:
    chance = random.Random(2560)
    for _ in range(3000):
        length = chance.choice((9, 12))
        digits = chance.choice(("", "978", "979"))[: length - 9] + "".join(chance.choices("0123456789", k=length))
        text = digits[:length] + chance.choice("0123456789X")
        valid = isbn.is_valid(text)
        assert list(values.isbns(text)) == ([isbn.to_isbn13(text)] if valid else []), text
