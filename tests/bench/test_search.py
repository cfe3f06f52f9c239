"""The measurement of searching: both sides are asked the same over the same titles."""

import pytest

from bench import search

TITLES = 60
TIMES = ("mean_ms", "p50_ms", "p99_ms", "first_mean_ms", "bare_mean_ms", "ratio_to_bare")


@pytest.mark.parametrize("engine", ["tantivy", "memory"])
def test_every_kind_is_asked_as_often_as_said(engine: str) -> None:
    figures = search.measure(TITLES, engine, each=2, repeats=2)
    assert (figures["titles"], figures["bare_titles"], figures["engine"]) == (TITLES, TITLES, engine)
    assert (figures["queries"], figures["repeats"]) == (2 * len(search.KINDS), 2)
    assert figures["facets"] == ["member", "language", "material", "year"]
    assert list(figures["by_kind"]) == list(search.KINDS)
    for told in (figures, *figures["by_kind"].values()):
        assert all(isinstance(told[name], float) and told[name] > 0 for name in TIMES)
        assert told["p50_ms"] <= told["p99_ms"]
        assert told["mean_found"] > 0, "a question is drawn from a title that is there"
    assert all(told["queries"] == 2 for told in figures["by_kind"].values())
    isbn = figures["by_kind"]["isbn"]
    assert (isbn["mean_found"], isbn["bare_mean_found"]) == (1.0, 1.0)
    assert figures["shipped_facets"]["facets"] > 4


def test_too_few_titles_for_a_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="2 titles are too few"):
        search._drawn(search.random.Random(1), 2, lambda title: False)
