"""Whoosh: pure Python, for small networks, any platform, and reading along."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from whoosh import fields, index, scoring
from whoosh import query as wq
from whoosh.analysis import RegexTokenizer

from search import text
from search.engines import LETTERS, Counts, Facets, Found
from search.schema import BESIDE, ID, NUMBER, Entry, Schema

# Tokens and values come already made: joined here, parted again by Whoosh.
TOKENS = RegexTokenizer(r"[^ ]+")
VALUES = RegexTokenizer(r"[^\x1f]+")


class Plain(scoring.BM25F):  # type: ignore[misc]  # whoosh's scoring is untyped
    """BM25 with the idf of Lucene and tantivy, so that all engines rank alike."""

    def __init__(self) -> None:
        super().__init__(B=0.75, K1=1.2)

    def idf(self, searcher: Any, fieldname: str, text: str) -> float:
        parent = searcher.get_parent()
        n, documents = parent.doc_frequency(fieldname, text), parent.doc_count_all()
        return math.log(1 + (documents - n + 0.5) / (n + 0.5))


class Whoosh:
    """An index directory of Whoosh's."""

    def __init__(self, directory: Path, schema: Schema):
        self.columns: dict[str, str] = {ID: "facet", NUMBER: "rank", **schema.kinds}
        self.facets = {column for column, kind in schema.kinds.items() if kind in ("facet", "few")}
        exists = index.exists_in(str(directory))
        self.index = index.open_dir(str(directory)) if exists else index.create_in(str(directory), _schema(schema))
        self._open()

    def _open(self) -> None:
        self.searcher = self.index.searcher(weighting=Plain())

    def search(self, tree: wq.Query, sort: str | None, offset: int, limit: int) -> Found:
        query = self._query(tree)
        # Asked for its first ten only, Whoosh skips blocks by an estimate that deep trees break, and loses hits
        # (optimize=False does not help): so all are scored, and the page is cut here.
        how = {"sortedby": sort, "scored": False} if sort else {}
        results = self.searcher.search(query, limit=None, **how)
        page = results[offset : offset + limit] if limit > 0 else []
        scores = () if sort else tuple(float(hit.score or 0.0) for hit in page)
        return Found(tuple(hit[NUMBER] for hit in page), scores)

    def _documents(self, query: wq.Query) -> Iterable[int]:
        return self.searcher.docs_for_query(query)  # type: ignore[no-any-return]  # whoosh is untyped

    def all(self, tree: wq.Query) -> set[int]:
        return {self.searcher.stored_fields(number)[NUMBER] for number in self._documents(self._query(tree))}

    def counts(self, tree: wq.Query, columns: Mapping[str, int]) -> Counts:
        found = [self.searcher.stored_fields(number) for number in self._documents(self._query(tree))]
        facets: Facets = {}
        for column, size in columns.items():
            counts = Counter(value for stored in found for value in dict.fromkeys(stored.get(column, ())))
            facets[column] = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[: max(size, 0)]
        return Counts(len(found), facets)

    def words(self, column: str) -> Mapping[str, int]:
        terms = self.searcher.reader().iter_field(column)
        counts = ((word.decode(), info.doc_frequency()) for word, info in terms)
        return {word: titles for word, titles in counts if word[0] in LETTERS}

    def count(self) -> int:
        return int(self.searcher.doc_count())

    def write(self, entries: Iterable[Entry], gone: Iterable[str] = ()) -> None:
        empty = self.index.is_empty()
        writer = self.index.writer(limitmb=256)
        try:
            for id_ in gone:
                writer.delete_by_term(ID, id_)
            for entry in entries:
                add = writer.add_document if empty else writer.update_document
                add(**self._document(entry))
        except BaseException:
            writer.cancel()
            raise
        writer.commit(optimize=empty)
        self.refresh()

    def refresh(self) -> None:
        if not self.searcher.up_to_date():
            self._open()

    def _document(self, entry: Entry) -> dict[str, Any]:
        row = {column: said for column, said in entry.decoded().items() if self.columns[column] != "set"}
        for column in row.keys() & self.facets:
            values = row[column]
            row[column] = BESIDE.join(values)
            row[f"_stored_{column}"] = tuple(values)
        return row

    # ── translation: Whoosh's own nodes, less what would raise or mean something else ────────────

    def _query(self, node: wq.Query) -> wq.Query:
        match node:
            case wq.And():
                parts = [self._query(child) for child in node.children()]
                return wq.And(parts) if parts and wq.NullQuery not in parts else wq.NullQuery
            case wq.Or():
                parts = [p for child in node.children() if (p := self._query(child)) is not wq.NullQuery]
                return wq.Or(parts) if parts else wq.NullQuery
            case wq.AndMaybe():
                wanted, more = self._query(node.a), self._query(node.b)
                return wanted if wq.NullQuery in (wanted, more) else wq.AndMaybe(wanted, more)
            case wq.Not():
                return wq.Not(self._query(node.query))
            case wq.ConstantScoreQuery():
                inner = self._query(node.child)
                return inner if inner is wq.NullQuery else wq.ConstantScoreQuery(inner, node.score)
            case wq.Term() | wq.Phrase() | wq.Prefix() | wq.Wildcard() if node.fieldname not in self.columns:
                return wq.NullQuery
            case wq.Phrase() if len(node.words) < 2:
                return wq.And([wq.Term(node.fieldname, word) for word in node.words])
            case wq.NumericRange() if node.start is None and node.end is None:
                return wq.Every()
        return node


def _schema(schema: Schema) -> fields.Schema:
    shapes: dict[str, Any] = {ID: fields.ID(unique=True), NUMBER: fields.STORED()}
    for column in schema.columns:
        match column.kind:
            case "words":
                shapes[column.name] = fields.TEXT(analyzer=TOKENS)
            case "terms":
                shapes[column.name] = fields.TEXT(analyzer=TOKENS, phrase=False)
            case "trigrams":
                shapes[column.name] = fields.TEXT(analyzer=text.TRIGRAMS, phrase=False)
            case "number":
                shapes[column.name] = fields.NUMERIC(int, bits=32, signed=True)
            case "facet" | "few":
                shapes[column.name] = fields.KEYWORD(stored=True, analyzer=VALUES)
            case "rank":
                shapes[column.name] = fields.NUMERIC(int, bits=64, signed=True, sortable=True)
            case "sort":
                shapes[column.name] = fields.ID(sortable=True)
    return fields.Schema(**shapes)
