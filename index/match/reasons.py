"""The reasons of a judgement as sentences in Thai and English."""

from index.match.judge import Reason
from index.match.table import table


def said(reason: Reason, language: str) -> str:
    """The sentence of a reason: ``th`` or ``en``."""
    rows = table()
    row = rows.feature.get(reason.name) or rows.veto[reason.name]
    return (row.th if language == "th" else row.en).format(a=reason.a, b=reason.b)
