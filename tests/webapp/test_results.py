"""Filters, the pager and holdings as a page shows them."""

import pytest

from config.holdings import Holding
from search.question import MAX_HITS, Document, Page, Query
from webapp.holdings import by_member, merged
from webapp.results import groups, last_page, pager


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
