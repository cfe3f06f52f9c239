"""The physical columns behind the fields: what an engine is given of a document, computed from fields.toml."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Literal
from zlib import crc32

import msgspec

from config.tables import Field
from search import callnumber, text
from search.question import ANY, CALL_NUMBER, Document

ANALYSERS = ("thai", "name", "keyword", "number")
TEXTS = ("thai", "name")
MEMBER = "member"  # the facet that is no field
TITLE = "title"  # the field that a list shows, and the answer to a question is ranked by first
FOLDED, WHOLE, WORK = "folded", "whole", "work"  # columns that are no field, as are ANY and CALL_NUMBER
BETWEEN = f" {text.BREAK} "
FORGIVEN = 4  # fields of this weight are found in spite of a misspelling
LONGEST_WHOLE = 100  # characters
LETTERED = 3  # fields of this weight, and names, are found by the letters inside their words: network in networks
REPEATED = 150  # characters: names and headings come again, abstracts do not

Kind = Literal["words", "terms", "trigrams", "number", "facet", "few", "sort", "rank"]


class Column(msgspec.Struct, frozen=True):
    """One physical column. ``words`` keep positions, ``terms`` do not, ``trigrams`` are every three characters of a
    text (search.text.edged); ``facet`` holds values as they are shown, ``few`` those of which there are few in all;
    ``sort`` is a text and ``rank`` a number that are unique and order as they should; ``number`` is one integer."""

    name: str
    kind: Kind


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A document as engines take it: columns with their tokens, all analysed."""

    id: str
    tokens: dict[str, str]  # columns of words, terms and trigrams; words and terms stand between single spaces
    facets: dict[str, list[str]]
    numbers: dict[str, int]
    sorts: dict[str, str | int]


class Schema:
    """The columns of a table of fields, and the way from a document to its entry.

    Behind a field of texts stand ``_w`` (words in their order, then their sub-words), and ``_g`` (trigrams) where it
    weighs much or holds names; behind keywords ``_k``; behind numbers ``_n``. Questions without a field are asked of
    columns of their own: ANY holds the words of every field that counts, more often where its field weighs more (the
    weight then acts inside BM25, where Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted
    fields", 2004, put it, and a word costs one list to read instead of one a field); FOLDED the trigrams of folded
    text; WHOLE whole titles.
    """

    def __init__(self, fields: Mapping[str, Field]):
        self.fields = fields
        self.facets = (MEMBER, *(name for name, f in fields.items() if f.facet))
        self.weights = {name: float(f.weight) for name, f in fields.items() if f.weight and f.analyser}
        self.texts = {n: max(1, round(f.weight / 2)) for n, f in fields.items() if f.weight and f.analyser in TEXTS}
        self.forgiven = [name for name in self.texts if fields[name].weight >= FORGIVEN]
        self.lettered = [n for n in self.texts if fields[n].weight >= LETTERED or fields[n].analyser == "name"]
        self.columns = tuple(self._columns())
        self.kinds = {column.name: column.kind for column in self.columns}

    def _columns(self) -> list[Column]:
        found = [Column(facet_column(name), "few" if name == MEMBER else "facet") for name in self.facets]
        found += [Column(name, "terms") for name in (ANY, WHOLE, CALL_NUMBER, WORK)] + [Column(FOLDED, "trigrams")]
        for name, field in self.fields.items():
            match field.analyser:
                case "thai" | "name":
                    found.append(Column(f"{name}_w", "words"))
                    found += [Column(f"{name}_g", "trigrams")] * (name in self.lettered)
                case "keyword":
                    found.append(Column(f"{name}_k", "terms"))
                case "number":
                    found.append(Column(f"{name}_n", "number"))
        found += [Column(sort_column(sort), "rank") for sort in ("year", "-year", "newest")]
        return found + [Column(sort_column(sort), "sort") for sort in (TITLE, "creator")]

    def version(self) -> str:
        """What an index must share with the program that reads it: the analysis, the columns and their weights."""
        told = repr((text.analyser_version(), self.columns, self.texts)).encode()
        return f"{text.VERSION}-{hashlib.sha256(told).hexdigest()[:12]}"

    def entry(self, document: Document) -> Entry:
        """The document analysed: every column that it has something for."""
        entry = Entry(document.id, {}, {facet_column(MEMBER): list(document.members)}, {}, sort_keys(document))
        anything = [keyword(holding.barcode) for holding in document.holdings if holding.barcode]
        for name, values in document.values.items():
            field = self.fields.get(name)
            if not field or not values:
                continue
            if field.facet:
                entry.facets[facet_column(name)] = list(values)
            match field.analyser:
                case "thai" | "name":
                    self._text(entry, name, values, anything)
                case "keyword":
                    entry.tokens[f"{name}_k"] = keys = " ".join(filter(None, map(keyword, values)))
                    if name in self.weights:
                        anything.append(keys)
                case "number" if values[0].isdecimal():
                    entry.numbers[f"{name}_n"] = int(values[0])
        entry.tokens[ANY] = " ".join(anything)
        entry.tokens[FOLDED] = text.folded("".join(entry.tokens.get(f"{name}_g", "") for name in self.forgiven))
        entry.tokens[WHOLE] = " ".join(filter(None, map(whole, document.all(TITLE))))
        entry.tokens[CALL_NUMBER] = " ".join(call_number_tokens(document))
        if document.work:
            entry.tokens[WORK] = keyword(document.work)
        return entry

    def _text(self, entry: Entry, name: str, values: tuple[str, ...], anything: list[str]) -> None:
        """Words, sub-words and trigrams of a field; a break stands between values, so no phrase crosses it."""
        said = [_analysed(value) if len(value) <= REPEATED else _analysed.__wrapped__(value) for value in values]
        parts = " ".join(dict.fromkeys(part for one in said for part in one.parts))
        ordered = [one.words for one in said]
        entry.tokens[f"{name}_w"] = BETWEEN.join(filter(None, (*ordered, parts)))
        if times := self.texts.get(name):
            anything += ordered * times + [parts] * (times // 2 or 1)
        if name in self.lettered:
            entry.tokens[f"{name}_g"] = text.edged(run for one in said for run in one.runs)


class _Analysed(msgspec.Struct, frozen=True, gc=False):
    """A text as it is indexed: its runs, its words between spaces, their sub-words."""

    runs: tuple[str, ...]
    words: str
    parts: tuple[str, ...]


@lru_cache(maxsize=1 << 15)
def _analysed(value: str) -> _Analysed:
    runs = text.runs(value)
    words = text.words_of(runs)
    return _Analysed(tuple(runs), " ".join(words), tuple(chain.from_iterable(map(text.subwords, words))))


def whole(title: str) -> str:
    """A whole title as one token; nothing for one that nobody types whole."""
    letters = "".join(text.runs(title))
    return letters if len(letters) <= LONGEST_WHOLE else ""


def call_number_tokens(document: Document) -> Iterable[str]:
    """The tokens of every call number that a member or a record gives the title."""
    given = {holding.call_number for holding in document.holdings if holding.call_number}
    return dict.fromkeys(t for number in given.union(document.all("classification")) for t in _call_number(number))


_call_number = lru_cache(maxsize=1 << 16)(callnumber.tokens)  # copies of one title, and volumes of one series


@lru_cache(maxsize=1 << 14)
def keyword(value: str) -> str:
    """A keyword as one token: letters and numbers, the rest as _."""
    return "_".join(text.runs(value))


def facet_column(name: str) -> str:
    return f"{name}_f"


def sort_column(sort: str) -> str:
    return f"sort_{sort.replace('-', 'desc_')}"


LAST, LAST_NUMBER = "\U0010fffd", 99_999_999_999  # what is missing comes last in either direction
TIE_BITS = 26  # of a number that orders, beside the 37 that LAST_NUMBER needs


def sort_keys(document: Document) -> dict[str, str | int]:
    """A key for each sort, always read upwards; what stands at its end of the id makes it unique."""
    year = document.first("year")
    numbers = {
        "year": int(year) if year.isdecimal() else LAST_NUMBER,
        "-year": 99_999 - int(year) if year.isdecimal() else LAST_NUMBER,
        "newest": LAST_NUMBER - _seconds(document.added) if document.added else LAST_NUMBER,
    }
    texts = {"title": document.first(TITLE), "creator": document.first("creator")}
    tie = crc32(document.id.encode()) & ((1 << TIE_BITS) - 1)
    keys: dict[str, str | int] = {sort_column(sort): number << TIE_BITS | tie for sort, number in numbers.items()}
    for sort, said in texts.items():
        keys[sort_column(sort)] = f"{text.sort_key(said) if said else LAST}\x01{document.id}"
    return keys


@lru_cache(maxsize=1024)
def _seconds(time: str) -> int:
    return int(datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp())
