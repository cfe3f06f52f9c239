"""The engines that answer trees over columns; a new one is a file here and a row in ENGINES."""

from collections.abc import Iterable, Sequence
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


class EngineError(Exception):
    """The index is not there, or of another version: the sentence names the command that helps."""


class Found(msgspec.Struct, frozen=True):
    """What an engine answers: how many, and the ids of one page with their scores."""

    total: int
    ids: tuple[str, ...]
    scores: tuple[float, ...] = ()


Facets = dict[str, list[tuple[str, int]]]


class Engine(Protocol):
    """One open index generation. It only translates trees: it knows nothing of fields or of Thai.

    Nodes that occur: Term, Phrase, Prefix, Wildcard, And, Or, Not (within And), NumericRange (integers, ends
    included), Every, NullQuery, ConstantScoreQuery. Terms score by BM25 (k1 1.2, b 0.75), And and Or add up,
    everything else counts 1 for what it finds, or what its ConstantScoreQuery says.
    """

    def search(self, tree: Query, sort: str | None, offset: int, limit: int) -> Found:
        """A page by relevance (``sort`` None) or upwards by a sort column."""
        ...

    def all_ids(self, tree: Query) -> set[str]:
        """Every id that the tree finds; for tests and exports."""
        ...

    def facets(self, tree: Query, columns: Sequence[str], size: int) -> Facets:
        """For each facet column its values with the number of titles found that have it: the ``size`` most
        frequent, most first, then by value."""
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
