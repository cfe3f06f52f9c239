"""Cells that a spreadsheet program reads as text, whatever they begin with."""

BOM = "\ufeff"  # without it Excel reads Thai in CSV as Windows-874
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones are read as the narrow ones


def safe(cell: str) -> str:
    """A cell of a CSV file that is no formula: ``=1+1`` becomes ``'=1+1``."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(FORMULA) else cell
