"""Bare tantivy, asked what Lucene is asked: all words, each in title, author or subject, with four facets.

No code of ours answers: the words were cut beforehand, and the query is the plainest that says this.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Occur, Query

from bench.measure import Clock

WEIGHTS = {"title": 6.0, "author": 3.0, "subject": 2.0}
TIE = 0.1  # what the other fields count beside the best
FACETS = ("member", "language", "material", "decade")
VALUES = 30  # of each facet, as the catalogue gives them
PAGE = 20
HEAP = 256 << 20  # bytes that the writer gathers before it writes a segment


class Bare:
    """Titles in an index of tantivy's. ``written`` is the clock of writing them."""

    def __init__(self, directory: Path):
        directory.mkdir(parents=True, exist_ok=True)
        self.schema = _schema()
        self.index = tantivy.Index(self.schema, path=str(directory), reuse=True)
        self.written = Clock()

    def write(self, rows: Iterable[Sequence[str]]) -> int:
        """Write the lines of RECORDS.tsv, as cells. How many titles the index holds."""
        writer = self.index.writer(heap_size=HEAP, num_threads=1)
        for cells in rows:
            with self.written:
                writer.add_document(_document(cells))
        with self.written:
            writer.commit()
            writer.wait_merging_threads()
            self.index.reload()
        return self.titles()

    def titles(self) -> int:
        return int(self.index.searcher().num_docs)

    def ask(self, words: Sequence[str]) -> int:
        """Every word in one field or another: the first page's ids and the facets. How many titles were found."""
        searcher = self.index.searcher()
        query = Query.boolean_query([(Occur.Must, self._in_any(word)) for word in words])
        found: Any = searcher.search(query, PAGE, count=True)  # tantivy's type hints leave the count out
        for _, address in found.hits:
            searcher.doc(address)["id"]
        searcher.aggregate(query, {name: {"terms": {"field": name, "size": VALUES}} for name in FACETS})
        return found.count or 0

    def _in_any(self, word: str) -> Query:
        fields = (
            Query.boost_query(Query.term_query(self.schema, field, word, index_option="freq"), weight)
            for field, weight in WEIGHTS.items()
        )
        return Query.disjunction_max_query(list(fields), tie_breaker=TIE)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in WEIGHTS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("isbn", tokenizer_name="raw", index_option="basic")
    for name in FACETS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def _document(cells: Sequence[str]) -> tantivy.Document:
    id_, title, author, subject, isbn, year, members, language, material = cells
    document = tantivy.Document()
    plain = {"id": id_, "title": title, "author": author, "subject": subject, "isbn": isbn}
    plain |= {"language": language, "material": material, "decade": year[:3]}
    for name, value in plain.items():
        document.add_text(name, value)
    for member in members.split(","):
        document.add_text("member", member)
    return document
