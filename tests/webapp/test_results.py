"""Filters, the pager and holdings as a page shows them."""

import pytest

from config.holdings import Holding
from search.question import MAX_HITS, Document, Hit, Page, Query
from webapp.histogram import MOST, bars
from webapp.holdings import by_member, merged
from webapp.results import groups, last_page, pager, ungrouped


@pytest.mark.parametrize(
    ("present", "last", "shown"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 20, [1, 2, 0, 20]),
        (5, 20, [1, 0, 4, 5, 6, 0, 20]),
        (4, 20, [1, 2, 3, 4, 5, 0, 20]),  # a gap of one page is that page
        (20, 20, [1, 0, 19, 20]),
    ],
)
def test_the_pager(present: int, last: int, shown: list[int]) -> None:
    assert pager(present, last) == shown


@pytest.mark.parametrize(("total", "size", "last"), [(0, 20, 1), (20, 20, 1), (21, 20, 2), (10**6, 20, MAX_HITS // 20)])
def test_the_last_page(total: int, size: int, last: int) -> None:
    assert last_page(Page(Query(size=size), total, (), {})) == last


def test_a_long_facet_shows_its_first_values_and_every_chosen_one() -> None:
    counts = tuple((f"s{n}", 30 - n) for n in range(20))
    query = Query(filters=(("subject", ("s15", "gone")),))
    group = groups(Page(query, 30, (), {"subject": counts}), ["subject"])[0]
    assert [value.value for value in group.first] == ["gone", *(f"s{n}" for n in range(7)), "s15"]
    assert len(group.more) == 12
    assert [value.value for value in group.first if value.chosen] == ["gone", "s15"]
    assert group.open


def test_what_readers_narrow_by_most_comes_first_and_empty_facets_not_at_all() -> None:
    counted = dict.fromkeys(("creator", "year", "member", "subject"), (("x", 1),)) | {"language": ()}
    made = groups(Page(Query(), 1, (), counted), ["creator", "year", "language", "member", "subject"])
    assert [group.facet for group in made] == ["member", "year", "creator", "subject"]


def test_the_box_for_years_stays_where_a_span_left_nothing() -> None:
    assert [g.facet for g in groups(Page(Query(year="1500"), 0, (), {}), ["member", "year"])] == ["year"]
    assert groups(Page(Query(), 0, (), {}), ["member", "year"]) == []


def test_copies_that_differ_only_in_their_barcode_are_one_line() -> None:
    one = Holding(member="kku", call_number="A1")
    lines = merged([
        Holding(member="kku", call_number="A1", barcode="1"),
        Holding(member="kku", call_number="A1", barcode="2"),
        Holding(member="kku", call_number="A1", copies=3),
        Holding(member="kku", call_number="A1", status="ถูกยืม", barcode="3"),
        Holding(member="kku", call_number="B2"),
    ])  # fmt: skip
    assert [(line.call_number, line.status, line.copies) for line in lines] == [
        ("A1", "", 5),
        ("A1", "ถูกยืม", 1),
        ("B2", "", 0),  # how many is not known
    ]
    assert merged([one]) == (one,)
    assert merged([Holding(member="kku")]) == ()  # says only that it has the title


def test_a_member_without_holdings_still_has_the_title() -> None:
    document = Document("x", {}, holdings=(Holding(member="kkpl", call_number="1"),), members=("kku", "kkpl"))
    assert [(held.member, held.call_numbers) for held in by_member(document)] == [("kku", ()), ("kkpl", ("1",))]


# ── years ────────────────────────────────────────────────────────────────────────────────────────


def of_years(counts: dict[int, int], query: Query = Query()) -> Page:  # noqa: B008  (frozen)
    values = tuple(sorted(((str(year), n) for year, n in counts.items()), key=lambda value: -value[1]))
    return Page(query, sum(counts.values()), (), {"year": (*values, ("2500-ish", 3))})


def drawn(counts: dict[int, int], era: int = 543, query: Query = Query()) -> list[tuple[str, int]]:  # noqa: B008
    return [(bar.years, bar.titles) for bar in bars(of_years(counts, query), era)]


def test_few_years_are_a_bar_each_and_a_gap_is_seen() -> None:
    assert drawn({2014: 3, 2015: 1, 2017: 4}) == [("2557", 3), ("2558", 1), ("2559", 0), ("2560", 4)]
    assert drawn({2014: 3, 2015: 1}, era=0) == [("2014", 3), ("2015", 1)]


def test_many_years_are_decades_of_the_readers_era() -> None:
    counts = dict.fromkeys(range(1957, 2027), 2)
    thai, english = drawn(counts), drawn(counts, era=0)
    assert (thai[0], thai[-1]) == (("2500-2509", 20), ("2560-2569", 20))
    assert (english[0], english[-1]) == (("1950-1959", 6), ("2020-2029", 14))
    assert sum(n for _, n in thai) == sum(n for _, n in english) == 140


@pytest.mark.parametrize("era", [0, 543])
@pytest.mark.parametrize("years", [(1000, 2026), (1767, 2026), (1900, 2026), (1990, 2026), (2015, 2026), (2025, 2026)])
def test_the_bars_are_never_too_many_and_every_title_is_in_one(years: tuple[int, int], era: int) -> None:
    counts = dict.fromkeys(range(years[0], years[1] + 1), 1)
    found = drawn(counts, era)
    assert 2 <= len(found) <= MOST
    assert sum(n for _, n in found) == sum(counts.values())


def test_the_oldest_few_do_not_flatten_the_rest() -> None:
    found = drawn({1700: 1, 1850: 1} | dict.fromkeys(range(2001, 2011), 50))
    assert found[0] == ("-2543", 2)
    assert found[1:] == [(str(2001 + 543 + n), 50) for n in range(10)]


def test_a_span_that_no_bare_number_of_the_era_names_is_told_in_ce() -> None:
    """พ.ศ. 2390 is no year of its own: a bare 2390 would be the year CE."""
    assert drawn({1847: 5, 1848: 5}) == [("1847", 5), ("1848", 5)]


def test_one_year_is_no_histogram() -> None:
    assert bars(of_years({2017: 9}), 543) == bars(of_years({}), 543) == ()


def test_a_span_is_drawn_closer_and_a_single_year_among_the_others() -> None:
    counts = dict.fromkeys(range(1957, 2027), 2)
    assert [years for years, _ in drawn(counts, query=Query(year="2550-2552"))] == ["2550", "2551", "2552"]
    whole = bars(of_years(counts, Query(year="2552")), 543)
    assert [bar.years for bar in whole if bar.chosen] == ["2550-2559"]
    assert not any(bar.chosen for bar in bars(of_years(counts), 543))


def test_a_bar_narrows_the_same_question_and_takes_the_place_of_other_years() -> None:
    query = Query(text="วัด", filters=(("member", ("kku",)), ("year", ("2017",))), year="2500-", page=3, exact=True)
    bar = bars(of_years({2014: 3, 2017: 4}, query), 543)[0]
    assert bar.narrowed == Query(text="วัด", filters=(("member", ("kku",)),), year="2557", exact=True)
    assert bar.height == 75


def test_years_are_not_ticked_but_what_is_chosen_of_them_is() -> None:
    page = Page(Query(filters=(("year", ("2017",)),)), 9, (), {"year": (("2016", 5), ("2017", 4))})
    assert [(value.value, value.titles) for value in groups(page, ["year"])[0].first] == [("2017", 4)]


# ── editions ─────────────────────────────────────────────────────────────────────────────────────


def test_what_is_saved_leaves_no_edition_out() -> None:
    one, two, three = (Document(id, {}) for id in ("1", "2", "3"))
    page = ungrouped(Page(Query(), 3, (Hit(one, 2.0, (two,)), Hit(three)), {}))
    assert [hit.document.id for hit in page.hits] == ["1", "2", "3"]
    assert not any(hit.editions for hit in page.hits)
