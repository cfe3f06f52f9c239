"""tantivy: the default engine, one machine, up to tens of millions of titles."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Occur, Query
from whoosh import query as wq

from search.engines import Facets, Found
from search.schema import Entry, Schema

HEAP = 256 << 20  # bytes that a writer gathers before it writes a segment
ALL = 1 << 22  # documents fetched at once where all are wanted


class Tantivy:
    """An index directory of tantivy's."""

    def __init__(self, directory: Path, schema: Schema):
        self.kinds = schema.kinds
        self.schema = _schema(schema)
        self.index = tantivy.Index(self.schema, path=str(directory), reuse=True)
        self.index.config_reader(reload_policy="manual")
        self.index.reload()

    def search(self, tree: wq.Query, sort: str | None, offset: int, limit: int) -> Found:
        searcher, query = self.index.searcher(), self._query(tree)
        if limit < 1:
            return Found(_total(searcher.search(query, 1, count=True)), ())
        order: dict[str, Any] = {"order_by_field": sort, "order": tantivy.Order.Asc} if sort else {}
        result = searcher.search(query, limit, count=True, offset=offset, **order)
        ids = tuple(str(searcher.doc(address)["id"][0]) for _, address in result.hits)
        scores = () if sort else tuple(float(score) for score, _ in result.hits)
        return Found(_total(result), ids, scores)

    def all_ids(self, tree: wq.Query) -> set[str]:
        searcher = self.index.searcher()
        hits = searcher.search(self._query(tree), max(1, min(ALL, searcher.num_docs)), count=False).hits
        return {str(searcher.doc(address)["id"][0]) for _, address in hits}

    def facets(self, tree: wq.Query, columns: Sequence[str], size: int) -> Facets:
        if not columns or size < 1:
            return {column: [] for column in columns}
        # A few more than are wanted, so that values of equal count at the edge are chosen by name.
        asked = {c: {"terms": {"field": c, "size": size + 50, "segment_size": 10 * size + 500}} for c in columns}
        answer = self.index.searcher().aggregate(self._query(tree), asked)
        found: Facets = {}
        for column in columns:
            counted = [(str(b["key"]), int(b["doc_count"])) for b in answer[column]["buckets"]]
            found[column] = sorted(counted, key=lambda pair: (-pair[1], pair[0]))[:size]
        return found

    def count(self) -> int:
        return int(self.index.searcher().num_docs)

    def write(self, entries: Iterable[Entry], gone: Iterable[str] = ()) -> None:
        replacing = self.index.searcher().num_docs > 0
        writer = self.index.writer(heap_size=HEAP, num_threads=1)
        try:
            for id_ in gone:
                writer.delete_documents_by_term("id", id_)
            for entry in entries:
                if replacing:
                    writer.delete_documents_by_term("id", entry.id)
                writer.add_document(self._document(entry))
            writer.commit()
            writer.wait_merging_threads()
        except BaseException:
            writer.rollback()
            raise
        self.index.reload()

    def refresh(self) -> None:
        self.index.reload()

    def _document(self, entry: Entry) -> tantivy.Document:
        document = tantivy.Document()
        document.add_text("id", entry.id)
        for column, tokens in entry.tokens.items():
            document.add_text(column, " ".join(tokens))
        for column, facets in entry.facets.items():
            for value in facets:
                document.add_text(column, value)
        for column, number in entry.numbers.items():
            document.add_integer(column, number)
        for column, key in entry.sorts.items():
            document.add_text(column, key)
        return document

    # ── translation ──────────────────────────────────────────────────────────────────────────────

    def _query(self, node: wq.Query) -> Query:
        for kind, translate in self._TRANSLATIONS:
            if isinstance(node, kind):
                query = translate(self, node)
                boost = getattr(node, "boost", 1.0)
                return (
                    Query.boost_query(query, boost)
                    if boost != 1.0 and not isinstance(node, wq.ConstantScoreQuery)
                    else query
                )
        return Query.empty_query()

    def _term(self, node: wq.Term) -> Query:
        kind = self.kinds.get(node.fieldname)
        if kind is None:
            return Query.empty_query()
        option = {"words": "position", "terms": "freq"}.get(kind, "basic")
        return Query.term_query(self.schema, node.fieldname, node.text, index_option=option)

    def _phrase(self, node: wq.Phrase) -> Query:
        if len(node.words) < 2:  # a phrase of one word panics in tantivy
            return self._query(wq.And([wq.Term(node.fieldname, word) for word in node.words]))
        return Query.phrase_query(self.schema, node.fieldname, list(node.words))

    def _prefix(self, node: wq.Prefix) -> Query:
        return Query.regex_query(self.schema, node.fieldname, re.escape(node.text) + ".*")

    def _wildcard(self, node: wq.Wildcard) -> Query:
        parts = ({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in node.text)
        return Query.regex_query(self.schema, node.fieldname, "".join(parts))

    def _range(self, node: wq.NumericRange) -> Query:
        if node.start is None and node.end is None:
            return Query.all_query()
        return Query.range_query(self.schema, node.fieldname, tantivy.FieldType.Integer, node.start, node.end)

    def _constant(self, node: wq.ConstantScoreQuery) -> Query:
        return Query.const_score_query(self._query(node.child), node.score)

    def _and(self, node: wq.And) -> Query:
        parts = [
            (Occur.MustNot, self._query(child.query)) if isinstance(child, wq.Not) else (Occur.Must, self._query(child))
            for child in node.children()
        ]
        return Query.boolean_query(parts) if parts else Query.empty_query()

    def _or(self, node: wq.Or) -> Query:
        parts = [(Occur.Should, self._query(child)) for child in node.children()]
        return Query.boolean_query(parts) if parts else Query.empty_query()

    _TRANSLATIONS: tuple[tuple[type[wq.Query], Callable[..., Query]], ...] = (
        (wq.Phrase, _phrase),
        (wq.Prefix, _prefix),
        (wq.Wildcard, _wildcard),
        (wq.Term, _term),
        (wq.NumericRange, _range),
        (wq.ConstantScoreQuery, _constant),
        (wq.Every, lambda self, node: Query.all_query()),
        (wq.And, _and),
        (wq.Or, _or),
    )


def _total(result: Any) -> int:
    """How many were found; tantivy's type hints leave the count out."""
    return result.count or 0


def _schema(schema: Schema) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for column in schema.columns:
        match column.kind:
            case "words":
                builder.add_text_field(column.name, tokenizer_name="whitespace", index_option="position")
            case "terms":
                builder.add_text_field(column.name, tokenizer_name="whitespace", index_option="freq")
            case "number":
                builder.add_integer_field(column.name, indexed=True, fast=True)
            case "facet" | "sort":
                builder.add_text_field(column.name, fast=True, tokenizer_name="raw", index_option="basic")
    return builder.build()
