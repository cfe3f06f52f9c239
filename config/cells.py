"""Cells that a spreadsheet program reads as text, whatever they begin with."""

import unicodedata

BOM = "\ufeff"  # without it Excel reads Thai in CSV as Windows-874
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones are read as the narrow ones
UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Zs"}  # categories of characters that may be dropped on the way, as U+200B is


def safe(cell: str) -> str:
    """A cell of a CSV file that is no formula: ``=1+1`` becomes ``'=1+1``."""
    seen = next((character for character in cell if unicodedata.category(character) not in UNSEEN), "")
    return f"'{cell}" if seen in FORMULA or cell.lstrip(" \u00a0").startswith(FORMULA) else cell
