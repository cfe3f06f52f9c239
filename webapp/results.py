"""What stands round the hits of an answer: filters, chips of what is chosen, the pager."""

from collections.abc import Iterator, Sequence

import msgspec

from search.question import MAX_HITS, Hit, Page, Query

SHOWN = 8  # values of a facet that are seen before "show more"
ALWAYS_OPEN = ("member", "material", "year")  # facets that stand open before anything is chosen
FIRST = ("member", "material", "year", "language")  # what readers narrow by most; the others follow as in the table
TYPED = "year"  # the facet with bars and a box to type a span in; only what is chosen of it is there to tick


class Value(msgspec.Struct, frozen=True):
    """One value of a facet; titles is None where the answer does not count it."""

    value: str
    titles: int | None
    chosen: bool


class Group(msgspec.Struct, frozen=True):
    """One facet as a group of check boxes."""

    facet: str
    first: tuple[Value, ...]
    more: tuple[Value, ...]
    open: bool


class Chip(msgspec.Struct, frozen=True):
    """One thing that was chosen, and the question without it. The facet "" is the span of years."""

    facet: str
    value: str
    without: Query


def groups(page: Page, facets: Sequence[str]) -> list[Group]:
    """The facets that have something to choose, those that are used most first."""
    ordered = sorted(facets, key=lambda facet: FIRST.index(facet) if facet in FIRST else len(FIRST))
    made = [_group(facet, page) for facet in ordered]
    return [group for group in made if group.first or (group.facet == TYPED and (page.total or page.query.year))]


def _group(facet: str, page: Page) -> Group:
    chosen = page.query.chosen(facet)
    counts = dict(page.facets.get(facet, ()))
    missing = [value for value in chosen if value not in counts]  # chosen, and nothing left of it
    offered = chosen if facet == TYPED else (*missing, *counts)
    values = [Value(value, counts.get(value, 0), value in chosen) for value in offered]
    first = [value for n, value in enumerate(values) if n < SHOWN or value.chosen]
    more = [value for n, value in enumerate(values) if n >= SHOWN and not value.chosen]
    return Group(facet, tuple(first), tuple(more), _is_open(facet, page.query))


def _is_open(facet: str, query: Query) -> bool:
    return bool(query.chosen(facet)) or facet in ALWAYS_OPEN


def chips(query: Query) -> Iterator[Chip]:
    for facet, values in query.filters:
        for value in values:
            yield Chip(facet, value, query.widened(facet, value))
    if query.year:
        yield Chip("", query.year, msgspec.structs.replace(query, year="", page=1))


def as_typed(query: Query, exact: bool = True) -> Query:
    """The same question insisted on, or left again to what the catalogue makes of it."""
    return msgspec.structs.replace(query, exact=exact, page=1)


def instead(query: Query, text: str) -> Query:
    """The same question with other words."""
    return msgspec.structs.replace(query, text=text, exact=False, page=1)


def ungrouped(page: Page) -> Page:
    """The page with every edition a hit of its own: a list that is saved leaves nothing out."""
    hits = tuple(Hit(document, hit.score) for hit in page.hits for document in hit.documents)
    return msgspec.structs.replace(page, hits=hits)


def plain(query: Query) -> Query:
    """The same words without anything that narrows them."""
    return msgspec.structs.replace(query, filters=(), year="", field="any", page=1)


# ── paging ───────────────────────────────────────────────────────────────────────────────────────


def last_page(page: Page) -> int:
    """The last page that can be asked for: no page reaches past MAX_HITS."""
    size = page.query.size
    return max(1, min(-(-page.total // size), MAX_HITS // size))


def at(query: Query, number: int) -> Query:
    return msgspec.structs.replace(query, page=number)


def pager(present: int, last: int) -> list[int]:
    """The page numbers to show, 0 for a gap: ``1 0 4 5 6 0 20``."""
    near = {1, last, *range(max(1, present - 1), min(last, present + 1) + 1)}
    numbers: list[int] = []
    for number in sorted(near):
        gap = number - numbers[-1] - 1 if numbers else 0
        numbers += [number - 1] if gap == 1 else [0] if gap else []
        numbers.append(number)
    return numbers
