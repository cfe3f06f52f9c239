"""What records and questions share: digits, years in both eras, ISBN and ISSN."""

import re
from collections.abc import Iterator
from operator import mul

from stdnum import isbn as _isbn
from stdnum import issn as _issn

THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_DIGIT = re.compile(r"\d")
_THAI_DIGIT = re.compile("[๐-๙]")

# What is added to a year of each era to make it a year CE. The Rattanakosin era (ร.ศ.) counts from
# 1782, the lesser era (จ.ศ.) from 639.
ERAS = {"พ.ศ.": -543, "be": -543, "ค.ศ.": 0, "ce": 0, "ad": 0, "ร.ศ.": 1781, "จ.ศ.": 638}
BUDDHIST = range(2400, 2601)  # a bare year in here is พ.ศ.: พ.ศ. 2400 is 1857, พ.ศ. 2600 is 2057
CHRISTIAN = range(1000, 2100)

_ERA = (
    r"พ\s*\.?\s*ศ\s*\.?|พุทธศักราช|b\.?\s*e\.?|ค\s*\.?\s*ศ\s*\.?|คริสต์?ศักราช|c\.?\s*e\.?|a\.?\s*d\.?|ร\.\s*ศ\.|จ\.\s*ศ\."
)
_YEAR = re.compile(
    rf"(?<![a-z])(?P<before>{_ERA})\s*(?P<era_year>\d{{2,4}})(?!\d)|(?<!\d)(?P<bare>\d{{4}})(?!\d)", re.I
)
_ERA_WORDS = {"พุทธศักราช": "พ.ศ.", "คริสตศักราช": "ค.ศ.", "คริสต์ศักราช": "ค.ศ."}


def ascii_digits(text: str) -> str:
    """The text with Thai digits as 0-9: ๒๕๖๐ becomes 2560."""
    return text.translate(THAI_DIGITS) if _THAI_DIGIT.search(text) else text


def years(text: str) -> Iterator[int]:
    """Every year that a text names, as a year CE, in the order of the text.

    ``พ.ศ. 2560``, ``๒๕๖๐``, ``c2017`` and ``ร.ศ. 236`` all give 2017. A number that is no year
    (``25--``, ``ม.ป.ป.``, ``450 หน้า``) gives nothing.
    """
    for match in _YEAR.finditer(ascii_digits(text)):
        if (bare := match["bare"]) is not None:
            year = _of_either_era(int(bare))
        else:
            year = int(match["era_year"]) + _offset(match["before"])
        if year in CHRISTIAN:
            yield year


def _of_either_era(year: int) -> int:
    return year - 543 if year in BUDDHIST else year


def _offset(era: str) -> int:
    word = re.sub(r"\s", "", era).lower()
    word = _ERA_WORDS.get(word, word)
    if word[0] in "พครจ":
        word = f"{word[0]}.ศ."
    return ERAS[word.replace(".", "") if word[0] in "bca" else word]


def year(text: str) -> int | None:
    """The first year that a text names, CE, or None."""
    bare = text.strip("[].")
    if len(bare) == 4 and bare.isdecimal():  # as nearly always
        found = _of_either_era(int(bare))
        return found if found in CHRISTIAN else None
    return next(years(text), None) if _DIGIT.search(text) else None


def both_eras(ce: int) -> tuple[int, int]:
    """The year as (พ.ศ., ค.ศ.): 2017 is (2560, 2017)."""
    return ce + 543, ce


def year_range(text: str) -> tuple[int | None, int | None] | None:
    """A span of years in either era as years CE: ``2550-2560``, ``2007-``, ``-พ.ศ. 2560``, ``2560``.

    None where the text is no span of years; an open end is None.
    """
    parts = re.split(r"\s*(?:-|–|—|\.\.|ถึง|\bto\b)\s*", text.strip(), flags=re.I)
    if not 1 <= len(parts) <= 2:
        return None
    ends = [year(part) if part else None for part in parts]
    if any(part and end is None for part, end in zip(parts, ends, strict=True)) or not any(ends):
        return None
    low, high = ends[0], ends[-1]
    if low is not None and high is not None and low > high:
        low, high = high, low
    return low, high


_ISBN = re.compile(r"(?<![\dXx-])(?:97[89][-\s]?)?(?:\d[-\s]?){9}[\dXx](?![\dXx])")
_ZERO = ord("0")
_TEN_TO_TWO = tuple(range(10, 1, -1))
_SEPARATORS = re.compile(r"[-\s]")
_ISSN = re.compile(r"(?<![\dXx-])\d{4}[-\s]?\d{3}[\dXx](?![\dXx-])")


def isbns(text: str) -> list[str]:
    """Every ISBN in a text whose check digit holds, as 13 digits, whatever length it was written in."""
    if len(text) in (10, 13) and text.isascii() and text.isdecimal():  # as nearly always
        found = [_isbn13(text)]
    else:
        found = [_isbn13(_SEPARATORS.sub("", match[0]).upper()) for match in _ISBN.finditer(ascii_digits(text))]
    return [isbn for isbn in found if isbn]


def _isbn13(digits: str) -> str:
    """A valid ISBN of either length as 13 digits, or "". stdnum says the same in ten times the time."""
    if not digits.isascii():
        return ""
    if len(digits) == 10:
        nine = digits[:9]
        wanted = (54 * _ZERO - sum(map(mul, _TEN_TO_TWO, nine.encode()))) % 11
        return _with_check_digit(f"978{nine}") if digits[9] == "0123456789X"[wanted] else ""
    return digits if digits[:3] in ("978", "979") and digits.isdecimal() and _weighted(digits) % 10 == 0 else ""


def _with_check_digit(twelve: str) -> str:
    return f"{twelve}{-_weighted(f'{twelve}0') % 10}"


def _weighted(thirteen: str) -> int:
    """The sum of the digits by the weights 1, 3, 1, 3 …"""
    codes = thirteen.encode()
    return sum(codes[::2]) + 3 * sum(codes[1::2]) - 25 * _ZERO


def compact_isbns(text: str) -> str:
    """The text with each valid ISBN as its digits alone: ``978 616 200 106 2`` is ``9786162001062``."""
    return _ISBN.sub(lambda m: _isbn.compact(m[0]) if _isbn.is_valid(m[0]) else m[0], ascii_digits(text))


def issns(text: str) -> Iterator[str]:
    """Every ISSN in a text whose check digit holds, as ``1234-5678``."""
    for match in _ISSN.finditer(ascii_digits(text)):
        if _issn.is_valid(match[0]):
            yield _issn.format(_issn.compact(match[0]))
