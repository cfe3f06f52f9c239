"""From a described record to its values: one row of fields.toml at a time."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from config.tables import Field
from harvest.derive import DERIVES, Derive
from harvest.formats.described import parse_path
from harvest.record import Described

VERSION = 3  # raised when extraction itself changes, so that stored records are read again


class Wanted(NamedTuple):
    """A field, and where one kind of record has it."""

    name: str
    path: str  # "" is nowhere: the derive function asks for what it needs
    of: frozenset[str]  # the tags or names in the path: a record that has none of them lacks the field
    derive: Derive | None


def wanted(kind: str, fields: Mapping[str, Field]) -> tuple[Wanted, ...]:
    """The fields that a kind of record, "marc", "dc" or "sheet", may have."""
    rows = (_wanted(kind, name, field) for name, field in fields.items())
    return tuple(row for row in rows if row.path or row.derive)


def _wanted(kind: str, name: str, field: Field) -> Wanted:
    path = {"marc": field.marc, "dc": field.dc, "sheet": name}[kind]
    parts = [part.tag for part in parse_path(path)] if kind == "marc" else path.split(":")
    return Wanted(name, path, frozenset(parts), DERIVES.get(field.derive))


def values(described: Described, wanted: Iterable[Wanted]) -> dict[str, tuple[str, ...]]:
    """Field name -> its texts, without repeats; a field that the record lacks is left out."""
    found: dict[str, tuple[str, ...]] = {}
    there = described.there
    for name, path, of, derive in wanted:
        if path and there.isdisjoint(of):  # as some always
            continue
        texts = described.texts(path) if path else []
        if derive and (texts or not path):
            texts = derive(texts, described)
        if len(texts) == 1:  # as nearly always
            if text := texts[0].strip():
                found[name] = (text,)
        elif texts and (kept := tuple(dict.fromkeys([text for t in texts if (text := t.strip())]))):
            found[name] = kept
    return found
