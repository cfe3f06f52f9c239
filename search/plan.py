"""A question becomes stages, from exact to forgiving: trees over the columns of the index.

words      every word, as the dictionary cuts it, or the number, year or call number that it is
trigrams   where a word is not found, its letters inside longer words
folded     the same letters but for tone marks and the like
near       (search/service.py compares) titles that share most of their letters with the question
some       any of the words
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby
from typing import Literal

import msgspec
from whoosh import query as wq

from config import values
from search import aliases, callnumber, text
from search.language import terms
from search.question import ANY, CALL_NUMBER, Query
from search.schema import FOLDED, TEXTS, TITLE, WHOLE, Schema, facet_column, keyword, whole

Name = Literal["words", "trigrams", "folded", "some"]
STRICT: tuple[Name, ...] = ("words", "trigrams")
TOGETHER = 10.0  # what a title counts more that holds the words of a chunk side by side
GRAMS = 3.0  # what a field that holds the whole chunk counts: the title that says just this comes first


class Reading:
    """A question as it is read: its tree, and over columns those of its stages, made when they are needed."""

    def __init__(self, planner: "Planner", tree: wq.Query):
        self.tree = tree
        self.typed = " ".join(typed(tree))
        self.terms = tuple(terms(tree))
        self.stage = cache(lambda stage: planner.tree(tree, stage))


class Planner:
    """Turns questions into trees over columns, for one schema."""

    def __init__(self, schema: Schema):
        self.schema = schema

    def tree(self, tree: wq.Query, stage: Name) -> wq.Query | None:
        """The tree of a stage; None for a question that says nothing."""
        physical = self._node(tree, stage)
        chunks = typed(tree)
        if not physical or not chunks or stage == "some":
            return physical
        found = [physical]
        if title := whole(" ".join(chunks)):
            found.append(wq.Term(WHOLE, title))  # the title that is just this
        if len(chunks) > 1:  # of one, its words are read so already
            found += _call_number(" ".join(chunks))
        return _any(found)

    def near(self, typed: str) -> wq.Query | None:
        """What shares trigrams with a text, those with most of them first."""
        return _any([wq.Term(FOLDED, gram) for gram in dict.fromkeys(_folded_grams(typed))])

    def filtered(self, tree: wq.Query | None, query: Query, but: str = "") -> wq.Query:
        """The tree with the question's filters, but for those of one facet. What says nothing asks for all."""
        filters = self._filters(query, but)
        found = tree or wq.Every()
        return wq.And([found, *(wq.ConstantScoreQuery(f, 0.0) for f in filters)]) if filters else found

    # ── inner nodes ──────────────────────────────────────────────────────────────────────────────

    def _node(self, node: wq.Query, stage: Name) -> wq.Query | None:
        """The node over columns; None where it says nothing (punctuation, an empty group)."""
        match node:
            case wq.Phrase():
                return self._phrase(node.fieldname, " ".join(node.words))
            case wq.Term():
                return self._plain(node.fieldname, [node.text], stage)
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
            case wq.And():
                return self._and(node, stage)
            case wq.Or():
                return _any([part for child in node.children() if (part := self._node(child, stage))])
        return None

    def _and(self, node: wq.And, stage: Name) -> wq.Query | None:
        """Words that stand together are read together: an abbreviation or a name may span several."""
        parts: list[wq.Query | None] = []
        unwanted = [child for child in node.children() if isinstance(child, wq.Not)]
        wanted = [child for child in node.children() if not isinstance(child, wq.Not)]
        for field, children in groupby(wanted, lambda c: c.fieldname if isinstance(c, wq.Term) else None):
            if field is None:
                parts += [self._node(child, stage) for child in children]
            else:
                parts.append(self._plain(field, [child.text for child in children], stage))
        found = [part for part in parts if part]
        if stage == "some" and (any_ := _any(found)):
            found = [any_]
        return _all([*found, *(part for child in unwanted if (part := self._node(child, stage)))])

    def _and_not(self, node: wq.AndNot, stage: Name) -> wq.Query | None:
        wanted = self._node(node.a, stage) or wq.Every()
        banned = self._node(node.b, "words")
        return wq.And([wanted, wq.Not(banned)]) if banned else wanted

    # ── leaves ───────────────────────────────────────────────────────────────────────────────────

    def _plain(self, field: str, chunks: Sequence[str], stage: Name) -> wq.Query | None:
        """Stretches without spaces between them. Names' titles and stop words only add to the score."""
        if field == CALL_NUMBER:
            number = callnumber.asked(" ".join(chunks), sure=True)
            return wq.Term(CALL_NUMBER, number) if number else wq.NullQuery
        if field != ANY and self._analyser(field) == "number" and any(values.year(chunk) is None for chunk in chunks):
            field = ANY  # year:abc is no year: words, then
        wanted: list[wq.Query] = []
        welcome: list[wq.Query] = []
        for unit in _units(tuple(chunks)):
            groups = _telling(unit.groups) if stage == "some" else unit.groups
            required = [self._group(field, group) for group in groups]
            also = [self._group(field, group) for group in unit.optional]
            found = _any(required) if stage == "some" else _all(required)
            whole_unit = self._unit(field, unit.text, found, stage)
            if whole_unit:
                wanted.append(whole_unit)
            welcome += also
        found = _any(wanted) if stage == "some" else _all(wanted)
        return wq.AndMaybe(found, _any(welcome)) if found and welcome else found or _any(welcome)

    def _unit(self, field: str, typed: str, words: wq.Query | None, stage: Name) -> wq.Query | None:
        """A chunk by its words, or as the number, year or call number that it is, or by its letters."""
        found = [words, *self._numbers(field, typed)]
        if words is None and not any(found):
            return None
        if stage == "words" and words and field == ANY:
            found[0] = self._together(words, typed)
        if stage == "trigrams" and len(typed) > 2:
            found += self._grams(field, _covering(text.runs(typed)))
        if stage == "folded" and field == ANY and len(typed) > 2:
            found.append(_all([wq.Term(FOLDED, gram) for gram in dict.fromkeys(_folded_grams(typed))]))
        return _any([part for part in found if part])

    def _together(self, words: wq.Query, typed: str) -> wq.Query:
        """The words, and more for a title that holds the chunk as it was typed, wherever the dictionary cuts it.

        Chunks that the reader parted by spaces may stand apart, so they are not looked for side by side.
        """
        if len(text.words(typed)) < 2:
            return words
        letters = wq.And([wq.Term(f"{TITLE}_g", gram) for gram in dict.fromkeys(_covering(text.runs(typed)))])
        return wq.AndMaybe(words, wq.ConstantScoreQuery(letters, TOGETHER))

    def _group(self, field: str, group: tuple[tuple[str, ...], ...]) -> wq.Query:
        """Words, or what they are short for."""
        found = [_all([self._word(field, word) for word in words]) for words in group]
        return _any([part for part in found if part]) or wq.NullQuery

    def _word(self, field: str, word: str) -> wq.Query:
        return wq.Term(self._column(field), word)

    def _column(self, field: str) -> str:
        """Where the words of a field stand."""
        if field in (ANY, CALL_NUMBER):
            return field
        return f"{field}_{'k' if self._analyser(field) == 'keyword' else 'w'}"

    def _grams(self, field: str, grams: Sequence[str]) -> Iterator[wq.Query]:
        told = list(dict.fromkeys(grams))
        for name in self.schema.lettered if field == ANY else {field}.intersection(self.schema.lettered):
            weight = self.schema.texts[name] if field == ANY else 1
            if every := _all([wq.Term(f"{name}_g", gram) for gram in told]):
                every.boost = weight * GRAMS / len(grams)
                yield every

    def _numbers(self, field: str, typed: str) -> Iterator[wq.Query]:
        """What a chunk with a digit in it may be: an ISBN, an ISSN or a barcode, a year, a call number."""
        if field != ANY or _numbered(typed):
            yield from self._identifiers(field, typed)
            if year := self._year(field, typed):
                yield year
            if field == ANY:
                yield from _call_number(typed)

    def _identifiers(self, field: str, typed: str) -> Iterator[wq.Query]:
        """The chunk as an ISBN of either length, an ISSN, or the keyword that it is as a whole."""
        if field == ANY or self._analyser(field) == "keyword":
            for number in dict.fromkeys((*values.isbns(typed), *values.issns(typed), typed)):
                if (token := keyword(number)) and [token] != text.words(typed):
                    yield self._word(field, token)

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
        if field == CALL_NUMBER:
            return self._plain(field, [typed], "words")
        found: list[wq.Query | None] = [*self._identifiers(field, typed), self._year(field, typed)]
        words = text.words(typed)
        if words:
            beside = [wq.Phrase(f"{name}_w", words) for name in self._ordered(field)] if len(words) > 1 else []
            terms = [self._word(field, word) for word in dict.fromkeys(words)]
            found.append(_all([*terms, *(wq.ConstantScoreQuery(part, 0.0) for part in [_any(beside)] if part)]))
        if len(typed) > 2:
            found += self._grams(field, _crossing(text.runs(typed)))
        if field == ANY:
            found += _call_number(typed)
        return _any([part for part in found if part])

    def _ordered(self, field: str) -> Sequence[str]:
        """The fields whose words stand in order."""
        if field == ANY:
            return tuple(self.schema.texts)
        return (field,) if self._analyser(field) in TEXTS else ()

    def _pattern(self, node: wq.Prefix | wq.Wildcard) -> wq.Query | None:
        """A word with * or ?, over the words of the fields. Without a letter of its own it says nothing."""
        shown = "".join(part if part in "*?" else "".join(text.runs(part)) for part in re.split(r"([*?])", node.text))
        if not shown.strip("*?"):
            return None
        kind = wq.Prefix if isinstance(node, wq.Prefix) else wq.Wildcard
        if node.fieldname != ANY and self._analyser(node.fieldname) == "number":
            return None
        return wq.ConstantScoreQuery(kind(self._column(node.fieldname), shown), 1.0)

    def _range(self, node: wq.TermRange, stage: Name) -> wq.Query | None:
        if node.fieldname != ANY and self._analyser(node.fieldname) == "number":
            low, high = values.year(node.start or ""), values.year(node.end or "")
            if low is not None or high is not None:
                return wq.NumericRange(f"{node.fieldname}_n", low, high)
        return self._plain(ANY, [t for t in (node.start, node.end) if t], stage)

    def _analyser(self, name: str) -> str:
        """How a field is searched; "" for one that is not, and for what is no field of the table."""
        return self.schema.fields[name].analyser if name in self.schema.fields else ""

    # ── filters ──────────────────────────────────────────────────────────────────────────────────

    def _filters(self, query: Query, but: str) -> list[wq.Query]:
        """What the answer is narrowed to: any value of a facet, all facets, a span of years."""
        found: list[wq.Query] = []
        for facet, chosen in query.filters:
            if facet in self.schema.facets and facet != but:
                clean = [value.encode("utf-8", "replace").decode() for value in chosen]
                found.append(wq.Or([wq.Term(facet_column(facet), value) for value in clean]))
        name = self._number_field()
        if name and query.year and name != but:
            span = values.year_range(query.year)
            found.append(wq.NumericRange(f"{name}_n", *span) if span else wq.NullQuery)
        return found


class _Unit(msgspec.Struct):
    """Chunks that are read as one, as an abbreviation's long form or a name may stand in several."""

    text: str
    groups: list[tuple[tuple[str, ...], ...]]
    optional: list[tuple[tuple[str, ...], ...]]


@lru_cache(maxsize=256)  # every stage of a question asks for them
def _units(chunks: tuple[str, ...]) -> tuple[_Unit, ...]:
    return tuple(_united(chunks))


def _united(chunks: Sequence[str]) -> Iterator[_Unit]:
    cut = [text.words(chunk) for chunk in chunks]
    words = [word for some in cut for word in some]
    owner = [number for number, some in enumerate(cut) for _ in some]
    joined = {at for at, number in enumerate(owner) if len(cut[number]) > 1}
    optional = aliases.optional(words, joined)
    unit, last, at = _Unit("", [], []), -1, 0
    for group in aliases.groups(words):
        first, end = owner[at], owner[at + len(group[0]) - 1]
        if first > last:
            if last >= 0:
                yield unit
            unit = _Unit("", [], [])
        unit.text = " ".join(filter(None, (unit.text, *chunks[max(first, last + 1) : end + 1])))
        needed = not optional.issuperset(range(at, at + len(group[0])))
        (unit.groups if needed else unit.optional).append(group)
        last, at = max(last, end), at + len(group[0])
    if last >= 0:
        yield unit
    yield from (_Unit(chunk, [], []) for chunk, some in zip(chunks, cut, strict=True) if not some)


def _telling(groups: list[tuple[tuple[str, ...], ...]]) -> list[tuple[tuple[str, ...], ...]]:
    """Without the single letters that the dictionary left over beside others: each would find nearly everything."""
    return [group for group in groups if len("".join(group[0])) > 1] if len(groups) > 1 else groups


def typed(tree: wq.Query) -> list[str]:
    """The chunks of a question that is nothing but words; [] where it has operators, fields or quotes."""
    nodes = list(tree.children()) if isinstance(tree, wq.And) else [tree]
    plain = all(isinstance(node, wq.Term) and node.fieldname == ANY for node in nodes)
    return [node.text for node in nodes] if plain else []


def _numbered(typed: str) -> bool:
    return any(map(str.isdigit, typed))


def _call_number(typed: str) -> list[wq.Query]:
    """A text as the call number that it looks like."""
    number = callnumber.asked(typed) if _numbered(typed) else None
    return [wq.Term(CALL_NUMBER, number)] if number else []


def _covering(runs: Sequence[str]) -> list[str]:
    """Every second trigram of each run and its last: each letter is in one, and half as many lists are read."""
    cut = (text.grams([run]) for run in runs)
    return [gram for grams in cut for gram in (*grams[:-1:2], grams[-1])]


def _crossing(runs: Sequence[str]) -> list[str]:
    """The trigrams of runs that follow each other; a short one at an end is whole there: 1 is not the 1 of 16."""
    if not runs:
        return []
    first, last = (text.EDGE if len(run) < 3 else "" for run in (runs[0], runs[-1]))
    return text.trigrams(f"{first}{text.EDGE.join(runs)}{last}")


def _folded_grams(typed: str) -> list[str]:
    return text.grams(map(text.folded, text.runs(typed)))


def _all(parts: Sequence[wq.Query]) -> wq.Query | None:
    return (parts[0] if len(parts) == 1 else wq.And(parts)) if parts else None


def _any(parts: Sequence[wq.Query]) -> wq.Query | None:
    return (parts[0] if len(parts) == 1 else wq.Or(parts)) if parts else None
