"""The measurement of hostile questions: every family is asked, and what goes wrong is counted."""

import pytest

from bench import hostile
from search.question import Query, QueryError
from search.service import Catalogue

pytestmark = pytest.mark.usefixtures("data")


def test_every_question_is_asked_and_none_fails() -> None:
    figures = hostile.measure(200, 60, "tantivy")
    assert (figures["titles"], figures["queries"], figures["errors"], figures["examples"]) == (200, 60, 0, [])
    assert set(figures["by_family"]) <= set(hostile.FAMILIES)
    assert figures["slowest_ms"] == max(told["slowest_ms"] for told in figures["by_family"].values())
    assert figures["over_100_ms"] >= figures["over_500_ms"]
    assert set(figures["slowest"]) == set(figures["by_family"])


def test_the_questions_are_the_same_each_time_and_of_every_family() -> None:
    asked = hostile.questions(300)
    assert asked == hostile.questions(300)
    assert {family for family, _ in asked} == set(hostile.FAMILIES)
    assert max(len(query.text.encode()) for _, query in asked) > 90_000
    assert all(not 0xD800 <= ord(letter) < 0xE000 for _, query in asked for letter in query.text)
    assert any(query.year or query.filters for _, query in asked)


def test_errors_and_refusals_are_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def search(self: Catalogue, query: Query) -> None:
        raise QueryError("too long") if query.text == "long" else ValueError("broken")

    monkeypatch.setattr(Catalogue, "search", search)
    tally = hostile.Tally()
    catalogue = Catalogue.__new__(Catalogue)
    for text in ("long", "ก" * 200):
        tally.ask(catalogue, Query(text))
    assert (tally.refused, len(tally.seconds)) == (1, 2)
    (error,) = tally.errors
    assert error.startswith("ValueError: broken in 'กก")
    assert "(200)" in error
