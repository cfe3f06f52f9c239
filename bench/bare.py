"""Bare tantivy: title words cut beforehand, four facets, and the plainest query; no code of ours answers."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import tantivy
from tantivy import Occur, Query

from bench.composed import Composed
from bench.measure import Clock
from search import text

FACETS = ("member", "language", "material", "year")
VALUES = 30  # of each facet, as the catalogue gives them
PAGE = 20
HEAP = 256 << 20  # bytes, as our own engine's writer


class Row(msgspec.Struct, frozen=True):
    """One title as it is written: its words are already cut."""

    number: int
    title: str
    words: str
    isbn: str
    facets: dict[str, tuple[str, ...]]


def row(title: Composed) -> Row:
    facets = {name: title.values[name] for name in FACETS if name != "member"} | {"member": title.members}
    return Row(title.number, title.title, " ".join(text.words(title.title)), title.isbn, facets)


class Bare:
    """The titles in an index of tantivy's. ``written`` is the clock of writing them, without the cutting of words."""

    def __init__(self, directory: Path):
        directory.mkdir(parents=True)
        self.schema = _schema()
        self.index = tantivy.Index(self.schema, path=str(directory))
        self.written = Clock()

    def write(self, titles: Iterable[Composed]) -> int:
        """Write the titles. How many they were."""
        writer = self.index.writer(heap_size=HEAP, num_threads=1)
        for title in titles:
            given = row(title)
            with self.written:
                writer.add_document(_document(given))
        with self.written:
            writer.commit()
            writer.wait_merging_threads()
            self.index.reload()
        return int(self.index.searcher().num_docs)

    def ask(self, field: str, words: Sequence[str]) -> int:
        """Every word in the field: the first page's documents and the facets. How many titles were found."""
        searcher = self.index.searcher()
        query = Query.boolean_query([(Occur.Must, Query.term_query(self.schema, field, word)) for word in words])
        found: Any = searcher.search(query, PAGE, count=True)  # tantivy's type hints leave the count out
        for _, address in found.hits:
            searcher.doc(address)
        searcher.aggregate(query, {name: {"terms": {"field": name, "size": VALUES}} for name in FACETS})
        return found.count or 0


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("number", stored=True)
    builder.add_text_field("title", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("isbn", tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def _document(given: Row) -> tantivy.Document:
    document = tantivy.Document()
    document.add_integer("number", given.number)
    document.add_text("title", given.title)
    document.add_text("words", given.words)
    document.add_text("isbn", given.isbn)
    for name, values in given.facets.items():
        for value in values:
            document.add_text(name, value)
    return document
