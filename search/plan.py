"""From a question's tree over fields to stages of trees over columns: each stage looks further than the one before.

words     every chunk: all its words, as words or as parts of longer words, each in any searched field
trigrams  also a chunk whose letters stand in a field just so, wherever the dictionary cuts them
some      any of the words
"""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec
from whoosh import query as wq

from config import values
from search import text
from search.language import ANY
from search.question import Query
from search.schema import Schema, facet_column, keyword

Name = Literal["words", "trigrams", "some"]
STAGES: tuple[Name, ...] = ("words", "trigrams", "some")
PART = 0.5  # what a hit in a sub-word counts beside one in the word itself
GRAMS = 3.0  # what a field that holds the whole chunk counts: the title that says just this comes first


class Stage(msgspec.Struct, frozen=True):
    """One tree to run. The next stage is worth running when this one found too few."""

    name: Name
    tree: wq.Query


class Planner:
    """Turns questions into stages, for one schema."""

    def __init__(self, schema: Schema):
        self.schema = schema

    def stages(self, tree: wq.Query, query: Query) -> Iterator[Stage]:
        """The stages of a question with its filters; a stage that could find nothing new is left out."""
        seen: list[wq.Query] = []
        for name in STAGES:
            physical = _narrowed(self._node(tree, name), self._filters(query))
            if physical not in seen:
                seen.append(physical)
                yield Stage(name, physical)

    # ── inner nodes ──────────────────────────────────────────────────────────────────────────────

    def _node(self, node: wq.Query, stage: Name) -> wq.Query | None:
        """The node over columns; None where it says nothing (punctuation, an empty group)."""
        match node:
            case wq.Phrase():
                return self._phrase(node.fieldname, " ".join(node.words))
            case wq.Term():
                return self._chunk(node.fieldname, node.text, stage)
            case wq.Prefix() | wq.Wildcard():
                return self._pattern(node)
            case wq.TermRange():
                return self._range(node, stage)
            case wq.Not():
                inner = self._node(node.query, "words")
                return wq.And([wq.Every(), wq.Not(inner)]) if inner else None
            case wq.AndNot():
                return self._and_not(node, stage)
            case wq.AndMaybe():
                return self._node(node.a, stage) or self._node(node.b, stage)
            case wq.Every():
                return wq.Every()
            case wq.And() | wq.Or():
                return self._group(node, stage)
        return None

    def _group(self, node: wq.Query, stage: Name) -> wq.Query | None:
        parts = [part for child in node.children() if (part := self._node(child, stage))]
        loose = isinstance(node, wq.Or) or stage == "some"
        return _any(parts) if loose else _all(parts)

    def _and_not(self, node: wq.AndNot, stage: Name) -> wq.Query | None:
        wanted = self._node(node.a, stage) or wq.Every()
        banned = self._node(node.b, "words")
        return wq.And([wanted, wq.Not(banned)]) if banned else wanted

    # ── leaves ───────────────────────────────────────────────────────────────────────────────────

    def _fields(self, field: str) -> dict[str, float]:
        """The fields that are looked into, with their weights."""
        return self.schema.weights if field == ANY else {field: self.schema.weights.get(field, 1.0)}

    def _chunk(self, field: str, typed: str, stage: Name) -> wq.Query | None:
        """One stretch without spaces. Beside its words it may be a year or an identifier."""
        fields = self._fields(field)
        if field != ANY and self.schema.fields[field].analyser == "number" and values.year(typed) is None:
            fields = self.schema.weights  # year:abc is no year: words, then
        found = [self._words(fields, typed, stage), *self._identifiers(fields, typed), self._year(field, typed)]
        if stage != "words" and len(typed) > 2:
            found += self._grams(fields, typed)
        return _any([part for part in found if part])

    def _words(self, fields: dict[str, float], typed: str, stage: Name) -> wq.Query | None:
        words = list(dict.fromkeys(text.words(typed)))
        loose = stage == "some" and sum(len(word) > 1 for word in words) > 1
        if loose:  # a letter that the dictionary left over would find everything
            words = [word for word in words if len(word) > 1]
        found = [part for word in words if (part := _any(list(self._word(fields, word))))]
        return _any(found) if loose else _all(found)

    def _word(self, fields: dict[str, float], word: str) -> Iterator[wq.Query]:
        for name, weight in fields.items():
            if self._analyser(name) in ("thai", "name"):
                yield wq.Term(f"{name}_w", word, boost=weight)
                yield wq.Term(f"{name}_s", word, boost=weight * PART)
            elif self._analyser(name) == "keyword":
                yield wq.Term(f"{name}_k", word, boost=weight)

    def _grams(self, fields: dict[str, float], typed: str) -> Iterator[wq.Query]:
        grams = list(dict.fromkeys(text.grams(typed)))
        for name, weight in fields.items():
            if grams and self._analyser(name) in ("thai", "name"):
                boost = weight * GRAMS / len(grams)
                yield _all([wq.Term(f"{name}_g", gram, boost=boost) for gram in grams]) or wq.NullQuery

    def _identifiers(self, fields: dict[str, float], typed: str) -> Iterator[wq.Query]:
        """The chunk as an ISBN of either length, an ISSN, or the keyword that it is as a whole."""
        for name, weight in fields.items():
            if self._analyser(name) == "keyword":
                for number in {*values.isbns(typed), *values.issns(typed), typed}:
                    yield wq.Term(f"{name}_k", keyword(number), boost=weight)

    def _year(self, field: str, typed: str) -> wq.Query | None:
        """A bare year finds what was published then, in either era; in a title it is found as a word."""
        span = values.year_range(typed)
        name = field if field != ANY else self._number_field()
        if not span or not name or self._analyser(name) != "number" or len(text.runs(typed)) > 2:
            return None
        return wq.NumericRange(f"{name}_n", *span)

    def _number_field(self) -> str | None:
        return next((n for n, f in self.schema.fields.items() if f.analyser == "number"), None)

    def _phrase(self, field: str, typed: str) -> wq.Query | None:
        """The words side by side; or, as the dictionary may cut the same letters otherwise elsewhere, the letters."""
        found: list[wq.Query] = list(self._identifiers(self._fields(field), typed))
        if year := self._year(field, typed):
            found.append(year)
        words = text.words(typed)
        for name, weight in self._fields(field).items():
            if words and self._analyser(name) in ("thai", "name"):
                terms: list[wq.Query] = [wq.Term(f"{name}_w", word, boost=weight) for word in dict.fromkeys(words)]
                if len(words) > 1:
                    terms.append(wq.ConstantScoreQuery(wq.Phrase(f"{name}_w", words), 0.0))
                found.append(wq.And(terms))
        if len(typed) > 2:
            found += self._grams(self._fields(field), typed)
        return _any(found)

    def _pattern(self, node: wq.Prefix | wq.Wildcard) -> wq.Query | None:
        """A word with * or ?, over the words of the fields. Without a letter of its own it says nothing."""
        shown = "".join(part if part in "*?" else "".join(text.runs(part)) for part in re.split(r"([*?])", node.text))
        if not shown.strip("*?"):
            return None
        kind = wq.Prefix if isinstance(node, wq.Prefix) else wq.Wildcard
        columns = [f"{n}_{'k' if self._analyser(n) == 'keyword' else 'w'}" for n in self._fields(node.fieldname)
                   if self._analyser(n) != "number"]  # fmt: skip
        return _any([wq.ConstantScoreQuery(kind(column, shown), 1.0) for column in columns])

    def _range(self, node: wq.TermRange, stage: Name) -> wq.Query | None:
        if node.fieldname != ANY and self._analyser(node.fieldname) == "number":
            low, high = values.year(node.start or ""), values.year(node.end or "")
            if low is not None or high is not None:
                return wq.NumericRange(f"{node.fieldname}_n", low, high)
        typed = [t for t in (node.start, node.end) if t]
        return _all([part for t in typed if (part := self._chunk(ANY, t, stage))])

    def _analyser(self, name: str) -> str:
        return self.schema.fields[name].analyser

    # ── filters ──────────────────────────────────────────────────────────────────────────────────

    def _filters(self, query: Query) -> list[wq.Query]:
        """What the answer is narrowed to: any value of a facet, all facets, a span of years."""
        found: list[wq.Query] = []
        for facet, chosen in query.filters:
            if facet in self.schema.facets:
                clean = [value.encode("utf-8", "replace").decode() for value in chosen]
                found.append(wq.Or([wq.Term(facet_column(facet), value) for value in clean]))
        name = self._number_field()
        span = values.year_range(query.year) if query.year else None
        if name and query.year:
            found.append(wq.NumericRange(f"{name}_n", *span) if span else wq.NullQuery)
        return found


def _all(parts: list[wq.Query]) -> wq.Query | None:
    return (parts[0] if len(parts) == 1 else wq.And(parts)) if parts else None


def _any(parts: list[wq.Query]) -> wq.Query | None:
    return (parts[0] if len(parts) == 1 else wq.Or(parts)) if parts else None


def _narrowed(tree: wq.Query | None, filters: list[wq.Query]) -> wq.Query:
    """The tree with its filters, which do not count in the score. A question that says nothing asks for all."""
    whole = tree or wq.Every()
    return wq.And([whole, *(wq.ConstantScoreQuery(f, 0.0) for f in filters)]) if filters else whole
