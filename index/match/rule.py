"""The plain, safe rule: records are one title when they share a key, and a key says everything that could part them.

One title by ISBN and title, or by title, first creator and year in one era; in both, volume, edition and
carrier must agree. Sharing a key is transitive, so the records of a block need only be linked in a chain.
"""

from collections.abc import Iterator

import msgspec

from harvest.record import Record
from index.match import normal

VERSION = 1  # raised with every change of the rule: all edges are then drawn again


class Key(msgspec.Struct, frozen=True):
    """What records share when they are one title, and why that says so."""

    block: str
    reasons: tuple[str, ...]


def keys(record: Record) -> Iterator[Key]:
    """The keys of a record; one that says too little of itself has none and stays alone."""
    title, volume = normal.title_and_volume(_first(record, "title"), _first(record, "volume"))
    if not title:
        return
    apart = "|".join((volume, normal.edition(_first(record, "edition")), normal.carrier(_first(record, "material"))))
    for isbn in record.values.get("isbn", ()):
        yield Key(f"i|{isbn}|{title}|{apart}", (f"isbn {isbn}", "title"))
    creator, year = normal.name(_first(record, "creator")), _first(record, "year")
    if creator and year:
        yield Key(f"t|{title}|{creator}|{year}|{apart}", ("title", "creator", f"year {year}"))


def _first(record: Record, field: str) -> str:
    return next(iter(record.values.get(field, ())), "")
