"""The engines that answer trees over columns; a new one is a file here and a row in ENGINES."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec
from whoosh.query import Query

from search.schema import Entry, Schema

ENGINES = {
    "tantivy": "search.engines.tantivy:Tantivy",
    "whoosh": "search.engines.whoosh:Whoosh",
    "memory": "search.engines.memory:Memory",
}
LETTERS = "abcdefghijklmnopqrstuvwxyz" + "".join(map(chr, range(0x0E01, 0x0E4F)))


class EngineError(Exception):
    """The index is not there, or of another version: the sentence names the command that helps."""


class Found(msgspec.Struct, frozen=True):
    """One page of what an engine finds: documents' numbers with their scores, which a field sort has none of."""

    numbers: tuple[int, ...]
    scores: tuple[float, ...] = ()


Facets = dict[str, list[tuple[str, int]]]


class Counts(msgspec.Struct, frozen=True):
    """All that an engine finds, counted: how many, and for each facet column its values, most first."""

    total: int
    facets: Facets


class Engine(Protocol):
    """One open index generation. It only translates trees: it knows nothing of fields or of Thai.

    Nodes that occur: Term, Phrase, Prefix, Wildcard, And, Or, AndMaybe (finds what its first part finds), Not (within
    And), NumericRange (integers, ends included), Every, NullQuery, ConstantScoreQuery. Terms score by BM25 (k1 1.2,
    b 0.75), And, Or and AndMaybe add up, everything else counts 1 for what it finds, or what its ConstantScoreQuery
    says. The column ID holds each document's id, NUMBER the number that is answered with; in a column that is not there
    nothing is found.
    """

    def search(self, tree: Query, sort: str | None, offset: int, limit: int) -> Found:
        """A page by relevance (``sort`` None) or upwards by a sort column."""
        ...

    def all(self, tree: Query) -> set[int]:
        """The number of everything that the tree finds."""
        ...

    def counts(self, tree: Query, columns: Mapping[str, int]) -> Counts:
        """How many the tree finds, and for each facet column its values with the number of them that have it: so
        many of the most frequent, most first, then by value."""
        ...

    def words(self, column: str) -> Mapping[str, int]:
        """The words of a column that begin with one of LETTERS, with the number of titles that have each: what can be
        misspelt. ISBNs and barcodes, as many as there are titles, are not among them."""
        ...

    def count(self) -> int: ...

    def write(self, entries: Iterable[Entry], gone: Iterable[str] = ()) -> None:
        """Put entries in the place of those of the same id, take out what is gone: all at once, or not at all."""
        ...

    def refresh(self) -> None:
        """Let this reader see what was written since."""
        ...


def open_engine(name: str, directory: Path, schema: Schema) -> Engine:
    """The engine of that name on a directory, which is made if it is not there."""
    module, _, cls = ENGINES[name].partition(":")
    directory.mkdir(parents=True, exist_ok=True)
    return cast(Engine, cast(Any, getattr(import_module(module), cls))(directory, schema))
