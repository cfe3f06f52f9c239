"""tantivy: the default engine, one machine, up to tens of millions of titles."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, ClassVar

import tantivy
from tantivy import Occur, Query
from whoosh import query as wq

from search.engines import LETTERS, Counts, Facets, Found
from search.schema import BESIDE, ID, NUMBER, TOGETHER, Entry, Schema

HEAP = 768 << 20  # bytes that a writer gathers before it writes a segment
TOTAL = "total"  # the name of an aggregation
KEPT = 512  # trees whose translation is kept: a tree is searched and then counted, and comes again with its question
TRIGRAMS, UNSEEN = "trigrams", "unseen"  # tokenizers of those names
MOST = 5000  # sets that are counted
TOKENIZERS = {TRIGRAMS: tantivy.Tokenizer.ngram(3, 3, False), UNSEEN: tantivy.Tokenizer.regex(r"[^\s\S]")}
ALL = 1 << 22  # documents fetched at once where all are wanted


class Tantivy:
    """An index directory of tantivy's."""

    def __init__(self, directory: Path, schema: Schema):
        self.kinds: dict[str, str] = {ID: "facet", **schema.kinds}
        self.schema = _schema(schema)
        self.few = [column.name for column in schema.columns if column.kind == "few"]
        self._kept = lru_cache(KEPT)(lambda same: self._translated(same.tree))
        self.index = tantivy.Index(self.schema, path=str(directory), reuse=True)
        for name, tokenizer in TOKENIZERS.items():
            self.index.register_tokenizer(name, tantivy.TextAnalyzerBuilder(tokenizer).build())
        self.index.register_fast_field_tokenizer(UNSEEN, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).build())
        self.index.config_reader(reload_policy="manual")
        self.index.reload()

    def search(self, tree: wq.Query, sort: str | None, offset: int, limit: int) -> Found:
        if limit < 1:
            return Found(())
        searcher = self.index.searcher()
        order: dict[str, Any] = {"order_by_field": sort, "order": tantivy.Order.Asc} if sort else {}
        # Not counting lets tantivy pass over what cannot come into the first ones.
        result = searcher.search(self._query(tree), limit, count=False, offset=offset, **order)
        return Found(_numbers(searcher, result), () if sort else tuple([score for score, _ in result.hits]))

    def all(self, tree: wq.Query) -> set[int]:
        searcher = self.index.searcher()
        limit = max(1, min(ALL, searcher.num_docs))
        return set(_numbers(searcher, searcher.search(self._query(tree), limit, count=False)))

    def counts(self, tree: wq.Query, columns: Mapping[str, int]) -> Counts:
        # A few more than are wanted, so that values of equal count at the edge are chosen by name.
        asked: dict[str, Any] = {
            c: {"terms": {"field": c, "size": n + 50, "segment_size": 10 * n + 500}} for c, n in columns.items() if n
        }
        sets = {c + part: c for c in self.few if asked.pop(c, None) for part in TOGETHER}
        asked |= {s: {"terms": {"field": s, "size": MOST, "segment_size": MOST}} for s in sets}
        if not sets:
            asked[TOTAL] = {"value_count": {"field": NUMBER}}
        answer = self.index.searcher().aggregate(self._query(tree), asked)
        facets: Facets = {column: [] for column in columns}
        for column in asked.keys() - {TOTAL}:
            counted = [(b["key"], b["doc_count"]) for b in answer[column]["buckets"]]
            facets[sets.get(column, column)] += _apart(counted) if column in sets else counted
        for column, most in columns.items():
            facets[column].sort()
            facets[column].sort(key=itemgetter(1), reverse=True)
            del facets[column][most:]
        total = _documents(answer[next(iter(sets))]) if sets else int(answer[TOTAL]["value"])
        return Counts(total, facets)

    def words(self, column: str) -> Mapping[str, int]:
        searcher = self.index.searcher()
        return {word: titles for letter in LETTERS for word, titles in searcher.terms_with_prefix(column, letter)}

    def count(self) -> int:
        return int(self.index.searcher().num_docs)

    def write(self, entries: Iterable[Entry], gone: Iterable[str] = ()) -> None:
        replacing = self.index.searcher().num_docs > 0
        writer = self.index.writer(heap_size=HEAP, num_threads=1)
        try:
            for id_ in gone:
                writer.delete_documents_by_term(ID, id_)
            for entry in entries:
                if replacing:
                    writer.delete_documents_by_term(ID, entry.id)
                writer.add_json(entry.columns.decode())
            writer.commit()
            writer.wait_merging_threads()
        except BaseException:
            writer.rollback()
            raise
        self.index.reload()

    def refresh(self) -> None:
        self.index.reload()

    # ── translation ──────────────────────────────────────────────────────────────────────────────

    def _query(self, tree: wq.Query) -> Query:
        return self._kept(_Same(tree))

    def _translated(self, node: wq.Query) -> Query:
        translate, column = self._TRANSLATIONS.get(type(node)), getattr(node, "fieldname", None)
        if translate is None or (column is not None and column not in self.kinds):
            return Query.empty_query()
        query, boost = translate(self, node), getattr(node, "boost", 1.0)
        plain = boost == 1.0 or isinstance(node, wq.ConstantScoreQuery)
        return query if plain else Query.boost_query(query, boost)

    def _term(self, node: wq.Term) -> Query:
        option = {"words": "position", "terms": "freq", "trigrams": "freq"}.get(self.kinds[node.fieldname], "basic")
        return Query.term_query(self.schema, node.fieldname, node.text, index_option=option)

    def _phrase(self, node: wq.Phrase) -> Query:
        if len(node.words) < 2:  # a phrase of one word panics in tantivy
            return self._translated(wq.And([wq.Term(node.fieldname, word) for word in node.words]))
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
        return Query.const_score_query(self._translated(node.child), node.score)

    def _and_maybe(self, node: wq.AndMaybe) -> Query:
        parts = [(Occur.Must, self._translated(node.a)), (Occur.Should, self._translated(node.b))]
        return Query.boolean_query(parts)

    def _and(self, node: wq.And) -> Query:
        parts = [
            (Occur.MustNot, self._translated(child.query))
            if isinstance(child, wq.Not)
            else (Occur.Must, self._translated(child))
            for child in node.children()
        ]
        return Query.boolean_query(parts) if parts else Query.empty_query()

    def _or(self, node: wq.Or) -> Query:
        parts = [(Occur.Should, self._translated(child)) for child in node.children()]
        return Query.boolean_query(parts) if parts else Query.empty_query()

    _TRANSLATIONS: ClassVar[dict[type[wq.Query], Callable[..., Query]]] = {
        wq.Phrase: _phrase,
        wq.Prefix: _prefix,
        wq.Wildcard: _wildcard,
        wq.Term: _term,
        wq.NumericRange: _range,
        wq.ConstantScoreQuery: _constant,
        wq.Every: lambda self, node: Query.all_query(),
        wq.AndMaybe: _and_maybe,
        wq.And: _and,
        wq.Or: _or,
    }


class _Same:
    """A tree as a key: itself, whatever others say the same."""

    def __init__(self, tree: wq.Query):
        self.tree = tree

    def __hash__(self) -> int:
        return id(self.tree)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.tree is other.tree


def _numbers(searcher: Any, found: Any) -> tuple[int, ...]:
    return tuple(searcher.fast_field_values(NUMBER, [address for _, address in found.hits]))


def _documents(sets: Any) -> int:
    """How many documents the buckets of sets stand for: each has one set, which may be an empty one."""
    return int(sum(bucket["doc_count"] for bucket in sets["buckets"]) + sets["sum_other_doc_count"])


def _apart(counted: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The counts of single values from those of values that stand together."""
    single: dict[str, int] = {}
    for together, titles in counted:
        for value in _values(together):
            single[value] = single.get(value, 0) + titles
    return list(single.items())


@lru_cache(MOST)
def _values(together: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(together.split(BESIDE))) if together else ()


def _schema(schema: Schema) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(ID, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field(NUMBER, fast=True)
    for column in schema.columns:
        match column.kind:
            case "words":
                builder.add_text_field(column.name, tokenizer_name="whitespace", index_option="position")
            case "terms":
                builder.add_text_field(column.name, tokenizer_name="whitespace", index_option="freq")
            case "trigrams":
                builder.add_text_field(column.name, tokenizer_name=TRIGRAMS, index_option="freq")
            case "number":
                builder.add_integer_field(column.name, indexed=True, fast=True)
            case "rank":
                builder.add_integer_field(column.name, fast=True)
            case "sort" | "set":  # kept to order by and to count, not looked up
                builder.add_text_field(column.name, fast=True, tokenizer_name=UNSEEN, index_option="basic")
            case "few":
                builder.add_text_field(column.name, tokenizer_name="raw", index_option="basic")
            case "facet":
                builder.add_text_field(column.name, fast=True, tokenizer_name="raw", index_option="basic")
    return builder.build()
