"""A page's address is its question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.question import SORTS, Query

FACETS = ("member", "language", "subject")
words = st.text(min_size=1, max_size=10).map(str.strip).filter(bool)
queries = st.builds(
    Query,
    text=st.one_of(st.just(""), words),
    field=st.sampled_from(["any", "title"]),
    filters=st.dictionaries(
        st.sampled_from(FACETS), st.lists(words, min_size=1, max_size=3, unique=True), max_size=3
    ).map(lambda d: tuple(sorted((name, tuple(values)) for name, values in d.items()))),
    year=st.sampled_from(["", "2550-2560", "2007"]),
    sort=st.sampled_from(SORTS),
    page=st.integers(1, 50),
    size=st.integers(1, 200),
)


@given(queries)
def test_from_args_and_to_args_are_inverse(query: Query) -> None:
    args = {name: value if isinstance(value, list) else [value] for name, value in query.to_args().items()}
    assert Query.from_args(args, FACETS) == query


@given(
    st.dictionaries(
        st.sampled_from(["q", "page", "size", "sort", "years", "member", "in"]), st.lists(st.text(max_size=8))
    )
)
def test_no_address_fails(args: dict[str, list[str]]) -> None:
    assert Query.from_args(args, FACETS).page >= 1


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "๓", ""])
def test_a_page_that_is_none_is_the_first_or_the_last(page: str) -> None:
    assert 1 <= Query.from_args({"page": [page]}, FACETS).page <= 500


def test_a_year_to_choose_is_one_of_either_era_or_left_out() -> None:
    given = {"year": ["abc", "2017", "๒๕๖๐", "", "-1", "99999"], "language": ["abc"]}
    query = Query.from_args(given, ("year", "language"))
    assert query.filters == (("language", ("abc",)), ("year", ("2017",)))


def test_narrowing_begins_again_at_the_first_page() -> None:
    query = Query("เสือ", page=3).narrowed("language", "tha").narrowed("language", "eng")
    assert (query.page, query.chosen("language")) == (1, ("tha", "eng"))
    assert query.widened("language", "tha").widened("language", "eng").filters == ()
