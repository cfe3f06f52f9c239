"""Numbers as cataloguing writes them: digits of both scripts, Roman numerals, ordinals and number words."""

import re

from config.values import ascii_digits

# Words for numbers in volume and edition statements, Thai and English, as they stand after normalisation.
WORDS = {
    **{word: str(n) for n, word in enumerate(("หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า", "สิบ"), 1)},
    **{word: str(n) for n, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1)},
    **{word: str(n) for n, word in enumerate(("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"), 1)},
    "แรก": "1", "ปฐม": "1",
}  # fmt: skip

_ROMAN = re.compile(r"m{0,3}(?:c[md]|d?c{0,3})(?:x[cl]|l?x{0,3})(?:i[xv]|v?i{0,3})")
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_NUMBER = re.compile(r"\d+")


def roman(text: str) -> str:
    """A Roman numeral in lower case as digits, or ""."""
    if not text or not _ROMAN.fullmatch(text):
        return ""
    total = 0
    for letter, after in zip(text, [*text[1:], ""], strict=True):
        value = _VALUES[letter]
        total += -value if after and _VALUES[after] > value else value
    return str(total)


def digits(text: str) -> list[str]:
    """Every number that is written in digits, without leading zeros: ``หน่วยที่ ๐๘-๑๕`` gives 8 and 15."""
    return [n.lstrip("0") or "0" for n in _NUMBER.findall(ascii_digits(text))]


def number(word: str) -> str:
    """One word as a number, or "": ``๒``, ``2nd``, ``II``, ``second``, ``สอง``."""
    if found := digits(word):
        return found[0]
    word = word.casefold()
    return WORDS.get(word) or roman(word)
