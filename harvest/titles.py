"""Whether two records of one number are the same one: a title that was corrected still begins as it did."""

from collections.abc import Mapping

ALIKE = 8  # letters with which two titles of one record begin

Values = Mapping[str, tuple[str, ...]]


def key(values: Values) -> str:
    """The letters and digits of a record's title, "" where it has none."""
    said = "".join(values.get("title", ())[:1]).casefold()
    return "".join(c for c in said if c.isalnum())


def alike(one: Values, other: Values) -> bool:
    """A title that is missing says nothing."""
    a, b = key(one), key(other)
    return not a or not b or a[:ALIKE] == b[:ALIKE] or a in b or b in a
