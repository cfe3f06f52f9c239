"""A reader's question and its answer."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import msgspec

from config.holdings import Holding
from config.values import year as year_of

ANY, CALL_NUMBER = "any", "call_number"  # asked like fields, and none of the table
YEAR = "year"  # the facet whose values are years CE
SORTS = ("relevance", "year", "-year", "title", "creator", "newest")
MAX_SIZE = 200
MAX_HITS = 10_000  # no page reaches past this hit: deep paging is for machines, which have the feeds


class QueryError(Exception):
    """A question that cannot be asked; the sentence says what would be right."""


class Document(msgspec.Struct, frozen=True, omit_defaults=True):
    """One recognised title as the engine holds it and a page shows it."""

    id: str
    values: dict[str, tuple[str, ...]]  # field name -> merged values; years are CE
    holdings: tuple[Holding, ...] = ()
    members: tuple[str, ...] = ()  # codes, in the order of the table
    records: tuple[tuple[str, str], ...] = ()  # (member, local id) of every record in it
    added: str = ""  # ISO time, UTC
    changed: str = ""
    work: str = ""  # the work that it is an edition of, where one is known

    def first(self, field: str) -> str:
        return next(iter(self.values.get(field, ())), "")

    def all(self, field: str) -> tuple[str, ...]:
        return self.values.get(field, ())


class Query(msgspec.Struct, frozen=True):
    """A question. ``from_args`` and ``to_args`` are inverse, so a page's address is its query.

    Facets, paging, sorting, exports and saved searches are the same query with one thing replaced:
    ``msgspec.structs.replace(query, page=2)``, ``query.narrowed("language", "tha")``.
    """

    text: str = ""
    field: str = ANY  # the field that words without a name of their own are looked up in
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()  # facet -> values; any of the values
    year: str = ""  # "2550-2560", either era, as the reader typed it
    sort: str = "relevance"
    page: int = 1
    size: int = 20
    exact: bool = False  # just what was typed: no other spelling, layout or script in its place

    @classmethod
    def from_args(cls, args: Mapping[str, Sequence[str]], fields: Sequence[str], size: int = 20) -> Self:
        """The query of an address. ``args`` maps a name to its values; ``fields`` are the facets.

        What makes no sense (an unknown sort, page "x", the year "abc") is left out: an address never fails.
        """

        def one(name: str) -> str:
            return next((v.strip() for v in reversed(args.get(name, ())) if v.strip()), "")

        def number(name: str, default: int, most: int) -> int:
            text = one(name)
            return min(max(int(text), 1), most) if text.isdecimal() and len(text) < 9 else default

        filters = tuple((name, chosen) for name in fields if (chosen := _chosen(name, args.get(name, ()))))
        per_page = number("size", size, MAX_SIZE)
        return cls(
            text=one("q"),
            field=one("in") or ANY,
            filters=tuple(sorted(filters)),
            year=one("years"),
            sort=one("sort") if one("sort") in SORTS else "relevance",
            page=number("page", 1, max(1, MAX_HITS // per_page)),
            size=per_page,
            exact=one("exact") == "yes",
        )

    def to_args(self, size: int = 20) -> dict[str, Any]:
        """What an address says of this query; what is as usual is left out."""
        args: dict[str, Any] = {"q": self.text, "in": self.field if self.field != ANY else ""}
        args |= {name: list(values) for name, values in self.filters}
        args |= {"years": self.year, "sort": self.sort if self.sort != "relevance" else ""}
        args |= {"page": str(self.page) if self.page > 1 else "", "size": str(self.size) if self.size != size else ""}
        args |= {"exact": "yes" if self.exact else ""}
        return {name: value for name, value in args.items() if value}

    def chosen(self, facet: str) -> tuple[str, ...]:
        return dict(self.filters).get(facet, ())

    def narrowed(self, facet: str, value: str) -> Self:
        """The same question with one more facet value, from its first page."""
        return self._with(facet, (*self.chosen(facet), value))

    def widened(self, facet: str, value: str) -> Self:
        """The same question without that facet value."""
        return self._with(facet, tuple(v for v in self.chosen(facet) if v != value))

    def _with(self, facet: str, values: tuple[str, ...]) -> Self:
        kept = dict(self.filters) | {facet: tuple(dict.fromkeys(values))}
        filters = tuple(sorted((name, chosen) for name, chosen in kept.items() if chosen))
        return msgspec.structs.replace(self, filters=filters, page=1)


def _chosen(facet: str, given: Sequence[str]) -> tuple[str, ...]:
    """What an address chooses of a facet, each value once; of years those that are one, as the year CE."""
    said = [str(ce) for text in given if (ce := year_of(text))] if facet == YEAR else given
    return tuple(dict.fromkeys(value for value in said if value))


class Hit(msgspec.Struct, frozen=True):
    """One title in an answer, with the other editions of its work that would stand on the same page."""

    document: Document
    score: float = 0.0
    editions: tuple[Document, ...] = ()

    @property
    def documents(self) -> tuple[Document, ...]:
        """The title, and those that stand under it."""
        return (self.document, *self.editions)


class Page(msgspec.Struct, frozen=True):
    """One page of an answer."""

    query: Query
    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, tuple[tuple[str, int], ...]]  # facet -> (value, titles), most first
    stage: str = "words"  # the stage that answered, from exact to forgiving: see search/plan.py
    # What was searched in place of the question (stages spelling, keyboard, romanised), or what the reader
    # may have meant (any other stage): a text to search for.
    suggestion: str | None = None
    terms: tuple[str, ...] = ()  # the words and phrases that were looked for, to be marked in what is shown
