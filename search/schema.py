"""The physical columns behind the fields: what an engine is given of a document, computed from fields.toml."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from config.tables import Field
from search import text
from search.question import SORTS, Document

ANALYSERS = ("thai", "name", "keyword", "number")
MEMBER = "member"  # the facet that is no field
GAP = text.BREAK

Kind = Literal["words", "terms", "number", "facet", "sort"]


class Column(msgspec.Struct, frozen=True):
    """One physical column. ``words`` keep positions, ``terms`` do not; ``facet`` holds values as they are
    shown, ``sort`` a text that is unique and orders as it should, ``number`` one integer."""

    name: str
    kind: Kind


class Entry(msgspec.Struct, frozen=True):
    """A document as engines take it: columns with their tokens, all analysed."""

    id: str
    tokens: dict[str, list[str]]  # words and terms columns
    facets: dict[str, list[str]]
    numbers: dict[str, int]
    sorts: dict[str, str]


class Schema:
    """The columns of a table of fields, and the way from a document to its entry."""

    def __init__(self, fields: Mapping[str, Field]):
        self.fields = fields
        self.facets = (MEMBER, *(name for name, f in fields.items() if f.facet))
        self.columns = tuple(self._columns())
        self.kinds = {column.name: column.kind for column in self.columns}
        self.weights = {name: float(f.weight) for name, f in fields.items() if f.weight and f.analyser}

    def _columns(self) -> list[Column]:
        found = [Column(facet_column(name), "facet") for name in self.facets]
        for name, field in self.fields.items():
            match field.analyser:
                case "thai" | "name":
                    found += [Column(f"{name}_w", "words"), Column(f"{name}_s", "terms"), Column(f"{name}_g", "terms")]
                case "keyword":
                    found.append(Column(f"{name}_k", "terms"))
                case "number":
                    found.append(Column(f"{name}_n", "number"))
        return found + [Column(sort_column(sort), "sort") for sort in SORTS if sort != "relevance"]

    def version(self) -> str:
        """What an index must share with the program that reads it: the analysis and the columns."""
        told = repr((text.analyser_version(), self.columns)).encode()
        return f"{text.VERSION}-{hashlib.sha256(told).hexdigest()[:12]}"

    def entry(self, document: Document) -> Entry:
        """The document analysed: every column that it has something for."""
        entry = Entry(document.id, {}, {facet_column(MEMBER): list(document.members)}, {}, sort_keys(document))
        for name, field in self.fields.items():
            values = document.all(name)
            if values:
                self._analyse(entry, name, field, values)
        return entry

    def _analyse(self, entry: Entry, name: str, field: Field, values: tuple[str, ...]) -> None:
        if field.facet:
            entry.facets[facet_column(name)] = list(values)
        match field.analyser:
            case "thai" | "name":
                entry.tokens.update(text_tokens(name, values))
            case "keyword":
                entry.tokens[f"{name}_k"] = [k for value in values if (k := keyword(value))]
            case "number" if values[0].isdecimal():
                entry.numbers[f"{name}_n"] = int(values[0])


def text_tokens(name: str, values: tuple[str, ...]) -> dict[str, list[str]]:
    """The words, sub-words and trigrams of a field; a break stands between values, so no phrase crosses it."""
    words: list[str] = []
    for value in values:
        words += [GAP, *text.words(value)] if words else text.words(value)
    parts = dict.fromkeys(part for word in words for part in text.subwords(word))
    grams = dict.fromkeys(gram for value in values for gram in text.grams(value))
    return {f"{name}_w": words, f"{name}_s": list(parts), f"{name}_g": list(grams)}


def keyword(value: str) -> str:
    """A keyword as one token: letters and numbers, the rest as _."""
    return "_".join(text.runs(value))


def facet_column(name: str) -> str:
    return f"{name}_f"


def sort_column(sort: str) -> str:
    return f"sort_{sort.replace('-', 'desc_')}"


LAST = "\U0010fffd"  # what is missing comes last in either direction


def sort_keys(document: Document) -> dict[str, str]:
    """A text for each sort, always read upwards; the id at its end makes it unique."""
    year = document.first("year")
    number = int(year) if year.isdecimal() else None
    keys = {
        "year": f"{number:05d}" if number is not None else LAST,
        "-year": f"{99999 - number:05d}" if number is not None else LAST,
        "title": text.sort_key(title) if (title := document.first("title")) else LAST,
        "creator": text.sort_key(name) if (name := document.first("creator")) else LAST,
        "newest": _newest_first(document.added),
    }
    return {sort_column(sort): f"{key}\x01{document.id}" for sort, key in keys.items()}


def _newest_first(added: str) -> str:
    if not added:
        return LAST
    return f"{99_999_999_999 - int(datetime.fromisoformat(added.replace('Z', '+00:00')).timestamp()):011d}"
