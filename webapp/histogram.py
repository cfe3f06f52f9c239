"""How an answer lies over the years: bars of a year, a decade or more, each the way to its span."""

import msgspec

from config.values import BUDDHIST, year_range
from search.question import Page, Query

YEAR = "year"  # the facet that is drawn
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
MOST = 12  # bars that stand beside each other on a phone, each wide enough for a finger
FEW = 0.01  # the oldest titles, up to this share of all, stand together in one bar without a beginning


class Bar(msgspec.Struct, frozen=True):
    """The titles of some years. ``years`` is the span as a reader types it, ``narrowed`` the answer within it."""

    years: str
    titles: int
    height: int  # per cent of the highest bar; 0 only where there is nothing
    chosen: bool
    narrowed: Query


def bars(page: Page, era: int) -> tuple[Bar, ...]:
    """The bars of an answer, the oldest first; none where there is only one year to choose.

    ``era`` is what makes a year CE one of the reader's: the decades of a Thai page are 2550–2559. Of an answer that
    is narrowed to a span only that is drawn, so that each choice looks closer; a single year stands among the others.
    """
    counts = {int(year): titles for year, titles in page.facets.get(YEAR, ()) if year.isdecimal()}
    span = year_range(page.query.year) if page.query.year else None
    within = {year: titles for year, titles in counts.items() if span and _in(year, span)}
    if len(counts) < 2:
        return ()
    closer = len(within) > 1
    drawn = _drawn({year + era: titles for year, titles in (within if closer else counts).items()})
    highest = max(titles for _, titles in drawn)
    return tuple(
        Bar(
            years=_typed(*years, era),
            titles=titles,
            height=max(4, round(100 * titles / highest)) if titles else 0,
            chosen=not closer and any((years[0] or 0) <= year + era <= years[1] for year in within),
            narrowed=_narrowed(page.query, _typed(*years, era)),
        )
        for years, titles in drawn
    )


def _in(year: int, span: tuple[int | None, int | None]) -> bool:
    low, high = span
    return (low is None or low <= year) and (high is None or year <= high)


def _drawn(counts: dict[int, int]) -> list[tuple[tuple[int | None, int], int]]:
    """The spans of the bars with their titles: of as many years as leave no more than MOST bars."""
    low, high = _after_the_few(counts), max(counts)
    older = low > min(counts)
    step = next(s for s in STEPS if high // s - low // s + 1 + older <= MOST or s == STEPS[-1])
    first = low // step * step
    spans: list[tuple[int | None, int]] = [(start, start + step - 1) for start in range(first, high + 1, step)]
    if first > min(counts):
        spans.insert(0, (None, first - 1))
    return [(span, sum(n for year, n in counts.items() if (span[0] or 0) <= year <= span[1])) for span in spans]


def _after_the_few(counts: dict[int, int]) -> int:
    """The year with which the oldest few end."""
    passed, bound = 0, FEW * sum(counts.values())
    for year in sorted(counts):
        passed += counts[year]
        if passed > bound:
            return year
    return max(counts)


def _typed(low: int | None, high: int, era: int) -> str:
    """A span in the reader's era, or in CE where a bare number of that era would not be read as one."""
    back = 0 if all(year in BUDDHIST for year in (low, high) if year is not None) else era
    if low == high:
        return str(high - back)
    return f"{'' if low is None else low - back}-{high - back}"


def _narrowed(query: Query, years: str) -> Query:
    filters = tuple(chosen for chosen in query.filters if chosen[0] != YEAR)
    return msgspec.structs.replace(query, filters=filters, year=years, page=1)
