"""The reasons of a judgement as sentences in Thai and English."""

import re

from index.match.judge import Reason
from index.match.table import table

_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_OF_YEARS = ("year", "rights_equal", "coded_equal")  # reasons, and beginnings of them, whose values are years CE


def said(reason: Reason, language: str) -> str:
    """The sentence of a reason: ``th`` or ``en``. Years are said in the era of the language."""
    rows = table()
    row = rows.feature.get(reason.name) or rows.veto.get(reason.name) or rows.told[reason.name]
    sentence = row.th if language == "th" else row.en
    a, b = (_worded(text, language) for text in (reason.a, reason.b))
    if language == "th" and reason.name.startswith(_OF_YEARS):
        a, b = (_YEAR.sub(lambda year: f"พ.ศ. {int(year[0]) + 543}", text) for text in (a, b))
    if "{a}{b}" not in sentence:
        a, b = a or "–", b or "–"
    return sentence.format(a=a, b=b)


def _worded(text: str, language: str) -> str:
    """What a record says, its codes in words: ``online`` is ออนไลน์."""
    words = table().word
    if text in words or ", " in text:
        parts = text.split(", ")
        known = [words.get(part) for part in parts]
        return ", ".join(
            (word.th if language == "th" else word.en) if word else part
            for word, part in zip(known, parts, strict=True)
        )
    return text
