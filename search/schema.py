"""The physical columns behind the fields: what an engine is given of a document, computed from fields.toml."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Literal
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
ID, NUMBER = "id", "number"  # the columns of each document's id, and of the number that the store gave it
BETWEEN = f" {text.BREAK} "
# What a title has of few values stands together in sets, too: counting values that are several costs four times as
# much. In two parts, as eleven members make 2,047 sets, and each set that is counted costs as much as eighty titles.
TOGETHER, BESIDE = ("_together0", "_together1"), "\x1f"  # the columns, and what stands between their values
FORGIVEN = 4  # fields of this weight are found in spite of a misspelling
LONGEST_WHOLE = 100  # characters
LETTERED = 3  # fields of this weight, and names, are found by the letters inside their words: network in networks
REPEATED = 150  # characters: names and headings come again, abstracts do not

Kind = Literal["words", "terms", "trigrams", "number", "facet", "few", "set", "sort", "rank"]


class Column(msgspec.Struct, frozen=True):
    """One physical column. ``words`` keep positions, ``terms`` do not, ``trigrams`` are every three characters of a
    text (search.text.edged); ``facet`` holds values as they are shown, ``few`` those of which there are few in all, and
    a ``set`` those of ``few`` as one text, for engines that count it faster; ``sort`` is a text and ``rank`` a number
    that are unique and order as they should; ``number`` is one integer."""

    name: str
    kind: Kind


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A document as engines take it, all analysed: its columns as JSON, which goes from process to process and into an
    engine as it is. Words and terms are texts with spaces between the tokens, facets lists of texts."""

    id: str
    columns: bytes

    def decoded(self) -> dict[str, Any]:
        """Column -> str, int or list of str."""
        return _DECODER.decode(self.columns)


Columns = dict[str, Any]  # column -> str, int or sequence of str
_DECODER = msgspec.json.Decoder(dict[str, Any])
_ENCODER = msgspec.json.Encoder()


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
        self._ways = {
            name: _Way(name, field, self.texts.get(name, 0), name in self.weights, name in self.lettered)
            for name, field in fields.items()
            if field.analyser
        }

    def _columns(self) -> list[Column]:
        found = [Column(facet_column(name), "few" if name == MEMBER else "facet") for name in self.facets]
        found += [Column(facet_column(MEMBER) + part, "set") for part in TOGETHER]
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
        return found + [Column(name, "rank") for name in _RANKS] + [Column(name, "sort") for name in _TEXTS]

    def version(self) -> str:
        """What an index must share with the program that reads it: the analysis, the columns and their weights."""
        told = repr((text.analyser_version(), ID, NUMBER, self.columns, self.texts)).encode()
        return f"{text.VERSION}-{hashlib.sha256(told).hexdigest()[:12]}"

    def entry(self, document: Document, number: int) -> Entry:
        """The document analysed: every column that it has something for."""
        columns: Columns = {ID: document.id, NUMBER: number, facet_column(MEMBER): document.members}
        columns |= _together(document.members)
        anything = [keyword(holding.barcode) for holding in document.holdings if holding.barcode]
        for name, values in document.values.items():
            if values and (way := self._ways.get(name)):
                way.put(values, columns, anything)
        columns[ANY] = " ".join(anything)
        columns[FOLDED] = text.folded("".join([columns.get(f"{name}_g", "") for name in self.forgiven]))
        columns[WHOLE] = " ".join(filter(None, map(whole, document.all(TITLE))))
        columns[CALL_NUMBER] = " ".join(call_number_tokens(document))
        if document.work:
            columns[WORK] = keyword(document.work)
        columns |= sort_keys(document)
        return Entry(document.id, _ENCODER.encode(columns))


class _Way:
    """The way of a field's values into their columns, and into what ANY holds. Names are made once a field: there may
    be a million documents."""

    def __init__(self, name: str, field: Field, times: int, weighs: bool, lettered: bool):
        self.facet = facet_column(name) if field.facet else ""
        self.column = f"{name}_{'w' if field.analyser in TEXTS else field.analyser[:1]}"
        self.letters = f"{name}_g" if lettered else ""
        self.times, self.weighs = times, weighs
        self.fill = {"keyword": self._keywords, "number": self._number}.get(field.analyser, self._texts)

    def put(self, values: tuple[str, ...], columns: Columns, anything: list[str]) -> None:
        if self.facet:
            columns[self.facet] = values
        self.fill(values, columns, anything)

    def _texts(self, values: tuple[str, ...], columns: Columns, anything: list[str]) -> None:
        """Words, sub-words and trigrams of a field; a break stands between values, so no phrase crosses it."""
        said = [_analysed(value) if len(value) <= REPEATED else _analysed.__wrapped__(value) for value in values]
        parts = said[0].parts if len(said) == 1 else _once(one.parts for one in said)
        ordered = [one.words for one in said]
        columns[self.column] = BETWEEN.join(filter(None, (*ordered, parts)))
        if self.times:
            anything += ordered * self.times + [parts] * (self.times // 2 or 1)
        if self.letters:
            columns[self.letters] = text.EDGE + "".join([one.letters for one in said])

    def _keywords(self, values: tuple[str, ...], columns: Columns, anything: list[str]) -> None:
        columns[self.column] = keys = " ".join(filter(None, map(keyword, values)))
        if self.weighs:
            anything.append(keys)

    def _number(self, values: tuple[str, ...], columns: Columns, anything: list[str]) -> None:
        if values[0].isdecimal():
            columns[self.column] = int(values[0])


class _Analysed(msgspec.Struct, frozen=True, gc=False):
    """A text as it is indexed: its runs, each with an edge behind it; its words between spaces, and their sub-words."""

    letters: str
    words: str
    parts: str


@lru_cache(maxsize=1 << 15)
def _analysed(value: str) -> _Analysed:
    runs = text.runs(value)
    words = text.words_of(runs)
    letters = f"{text.EDGE.join(runs)}{text.EDGE}" if runs else ""
    return _Analysed(letters, " ".join(words), " ".join(dict.fromkeys(chain.from_iterable(map(text.subwords, words)))))


def _once(parts: Iterable[str]) -> str:
    """The sub-words of several texts, each once."""
    return " ".join(dict.fromkeys(" ".join(parts).split()))


@lru_cache(maxsize=1 << 12)  # libraries that have the same titles are few
def _together(members: tuple[str, ...]) -> dict[str, str]:
    """The members as one text a part; which part a member belongs to never changes."""
    parts = [crc32(member.encode()) % len(TOGETHER) for member in members]
    return {
        facet_column(MEMBER) + name: BESIDE.join(m for m, part in zip(members, parts, strict=True) if part == number)
        for number, name in enumerate(TOGETHER)
    }


def whole(title: str) -> str:
    """A whole title as one short token, a hash of its letters; nothing for one that nobody types whole."""
    letters = "".join(text.runs(title))
    return hashlib.blake2b(letters.encode(), digest_size=8).hexdigest() if 0 < len(letters) <= LONGEST_WHOLE else ""


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
_RANKS = tuple(map(sort_column, ("year", "-year", "newest")))
_TEXTS = {sort_column(sort): sort for sort in (TITLE, "creator")}  # and the field whose first value it goes by


def sort_keys(document: Document) -> dict[str, str | int]:
    """A key for each sort, always read upwards; what stands at its end of the id makes it unique."""
    year, added = document.first("year"), document.added
    tie = crc32(document.id.encode()) & ((1 << TIE_BITS) - 1)
    upwards, downwards = (int(year), 99_999 - int(year)) if year.isdecimal() else (LAST_NUMBER, LAST_NUMBER)
    numbers = upwards, downwards, LAST_NUMBER - _seconds(added) if added else LAST_NUMBER
    keys: dict[str, str | int] = {
        column: number << TIE_BITS | tie for column, number in zip(_RANKS, numbers, strict=True)
    }
    for column, field in _TEXTS.items():
        said = document.first(field)
        keys[column] = f"{text.sort_key(said) if said else LAST}\x01{document.id}"
    return keys


@lru_cache(maxsize=1024)
def _seconds(time: str) -> int:
    return int(datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp())
