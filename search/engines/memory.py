"""The plainest true answer: every token of every document in a dictionary. The specification of the other engines."""

import fnmatch
import math
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from whoosh import query as wq

from search import text
from search.engines import LETTERS, Counts, Facets, Found
from search.schema import ID, NUMBER, Columns, Entry, Schema

K1, B = 1.2, 0.75
FILE = "entries.msgpack"

Scores = dict[str, float]
Tokens = dict[str, list[str]]


class Memory:
    """Entries in a dictionary, kept in one file between processes."""

    def __init__(self, directory: Path, schema: Schema):
        self.path = directory / FILE
        self.kinds = schema.kinds
        self.entries: dict[str, Columns] = {}
        self._tokens: dict[str, Tokens] = {}  # id -> column -> tokens
        self._lengths: dict[str, float] = {}
        self._frequencies: dict[str, dict[str, Counter[str]]] = {}  # column -> token -> id -> how often
        self._stamp: tuple[int, int] | None = None
        self.refresh()

    def search(self, tree: wq.Query, sort: str | None, offset: int, limit: int) -> Found:
        scores = self._scores(tree)
        if sort:
            ids = sorted(scores, key=lambda id_: self.entries[id_][sort])
        else:
            ids = sorted((id_ for id_ in self.entries if id_ in scores), key=lambda id_: -scores[id_])
        page = tuple(ids[offset : offset + limit]) if limit > 0 else ()
        return Found(self._numbers(page), () if sort else tuple(scores[id_] for id_ in page))

    def all(self, tree: wq.Query) -> set[int]:
        return set(self._numbers(self._scores(tree)))

    def _numbers(self, ids: Iterable[str]) -> tuple[int, ...]:
        return tuple(self.entries[id_][NUMBER] for id_ in ids)

    def counts(self, tree: wq.Query, columns: Mapping[str, int]) -> Counts:
        found = [self.entries[id_] for id_ in self._scores(tree)]
        facets: Facets = {}
        for column, size in columns.items():
            counts = Counter(value for entry in found for value in dict.fromkeys(entry.get(column, ())))
            facets[column] = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[: max(size, 0)]
        return Counts(len(found), facets)

    def words(self, column: str) -> Mapping[str, int]:
        return {word: len(ids) for word, ids in self._column(column).items() if word[0] in LETTERS}

    def count(self) -> int:
        return len(self.entries)

    def write(self, entries: Iterable[Entry], gone: Iterable[str] = ()) -> None:
        kept = dict(self.entries)
        for id_ in gone:
            kept.pop(id_, None)
        for entry in entries:
            kept[entry.id] = entry.decoded()
        beside = self.path.with_suffix(".new")
        beside.write_bytes(msgspec.msgpack.encode(list(kept.values())))
        os.replace(beside, self.path)
        self.refresh()

    def refresh(self) -> None:
        if not self.path.exists():
            return
        told = self.path.stat()
        if (stamp := (told.st_mtime_ns, told.st_size)) != self._stamp:
            self.entries = {columns[ID]: columns for columns in msgspec.msgpack.decode(self.path.read_bytes())}
            self._stamp = stamp
            self._tokens = {id_: dict(self._cut(columns)) for id_, columns in self.entries.items()}
            self._lengths = _average_lengths(self._tokens.values())
            self._frequencies = {}

    def _cut(self, columns: Columns) -> Iterator[tuple[str, list[str]]]:
        for column, said in columns.items():
            match self.kinds.get(column):
                case "trigrams":
                    yield column, text.trigrams(said)
                case "words" | "terms":
                    yield column, said.split()

    # ── the meaning of each node ─────────────────────────────────────────────────────────────────

    def _scores(self, node: wq.Query) -> Scores:
        match node:
            case wq.Every():
                return dict.fromkeys(self.entries, 1.0)
            case wq.ConstantScoreQuery():
                return dict.fromkeys(self._scores(node.child), node.score)
            case wq.And():
                return {id_: node.boost * score for id_, score in self._and(list(node.children())).items()}
            case wq.AndMaybe():
                more = self._scores(node.b)
                return {id_: score + more.get(id_, 0.0) for id_, score in self._scores(node.a).items()}
            case wq.Or():
                total: Counter[str] = Counter()
                for child in node.children():
                    total.update(self._scores(child))
                return dict(total)
            case wq.Term():
                return self._term(node)
            case wq.Phrase():
                return self._phrase(node)
            case wq.Prefix():
                return self._holding(node.fieldname, node.text + "*")
            case wq.Wildcard():
                return self._holding(node.fieldname, node.text)
            case wq.NumericRange():
                return {id_: 1.0 for id_, e in self.entries.items() if _within(e.get(node.fieldname), node)}
        return {}

    def _and(self, children: list[wq.Query]) -> Scores:
        wanted = [self._scores(child) for child in children if not isinstance(child, wq.Not)]
        banned = {id_ for child in children if isinstance(child, wq.Not) for id_ in self._scores(child.query)}
        if not wanted:
            return {}
        shared = set.intersection(*map(set, wanted)) - banned
        return {id_: sum(scores[id_] for scores in wanted) for id_ in self.entries if id_ in shared}

    def _term(self, node: wq.Term) -> Scores:
        column, term = node.fieldname, node.text
        if column == ID:
            return {term: 1.0} if term in self.entries else {}
        if self.kinds.get(column) in ("facet", "few"):
            return {id_: 1.0 for id_, e in self.entries.items() if term in e.get(column, ())}
        found: Mapping[str, int] = self._column(column).get(term, {})
        idf = math.log(1 + (len(self.entries) - len(found) + 0.5) / (len(found) + 0.5))
        mean = self._lengths.get(column, 1.0)
        scores: Scores = {}
        for id_, frequency in found.items():
            length = len(self._tokens[id_][column])
            scores[id_] = node.boost * idf * frequency * (K1 + 1) / (frequency + K1 * (1 - B + B * length / mean))
        return scores

    def _phrase(self, node: wq.Phrase) -> Scores:
        holding = [self._column(node.fieldname).get(word, {}).keys() for word in node.words]
        there = set.intersection(*map(set, holding)) if holding else set()
        return {id_: 1.0 for id_ in there if _beside(self._tokens[id_][node.fieldname], node.words)}

    def _column(self, column: str) -> dict[str, Counter[str]]:
        """Which entries have each token of a column, and how often: gone through once."""
        if column not in self._frequencies:
            found: dict[str, Counter[str]] = defaultdict(Counter)
            for id_, tokens in self._tokens.items():
                for token in tokens.get(column, ()):
                    found[token][id_] += 1
            self._frequencies[column] = dict(found)
        return self._frequencies[column]

    def _holding(self, column: str, pattern: str) -> Scores:
        """What has a token of that pattern; only * and ? mean anything in it."""
        tokens = self._column(column)
        return {id_: 1.0 for token in fnmatch.filter(tokens, pattern.replace("[", "[[]")) for id_ in tokens[token]}


def _average_lengths(documents: Collection[Tokens]) -> dict[str, float]:
    """Column -> mean number of tokens over all documents, as BM25 wants it."""
    total: Counter[str] = Counter()
    for tokens in documents:
        total.update({column: len(some) for column, some in tokens.items()})
    return {column: count / len(documents) for column, count in total.items() if count}


def _beside(tokens: Sequence[str], words: Sequence[str]) -> bool:
    return any(list(tokens[i : i + len(words)]) == list(words) for i in range(len(tokens) - len(words) + 1))


def _within(number: int | None, node: wq.NumericRange) -> bool:
    if number is None:
        return node.start is None and node.end is None
    return (node.start is None or number >= node.start) and (node.end is None or number <= node.end)
