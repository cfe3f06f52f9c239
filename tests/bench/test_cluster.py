"""The measurement of clusters: known truth, copies as libraries make them, and figures that are right."""

from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

from bench import cataloguing, cluster
from harvest.record import Record
from index.match.facts import facts

pytestmark = pytest.mark.usefixtures("data")


def test_the_same_records_each_time_and_none_twice() -> None:
    many = list(cataloguing.copies(600))
    assert list(cataloguing.copies(50)) == many[:50]
    assert len({(copy.member, copy.local_id) for copy in many}) == 600


def test_copies_of_a_book_differ_and_books_of_a_work_are_of_many_kinds() -> None:
    many = list(cataloguing.copies(4000))
    books = [list(group) for _, group in groupby(many, key=lambda copy: copy.book)]
    differing = sum(len({str(copy.values) for copy in book}) > 1 for book in books if len(book) > 1)
    assert differing > 0.9 * sum(len(book) > 1 for book in books)
    kinds = Counter(copy.book.lstrip("0123456789")[:1] for copy in many)
    assert set(kinds) == {"", "e", "p", "v", "x", "y"}, "editions, printings, volumes, e-books, yearly reports"
    titles = Counter(book[0].values["title"][0].rstrip(" /.") for book in books)
    assert max(titles[title] for title in cataloguing.COMMON) > 2, "titles that many works have"


def test_both_kinds_of_record_say_the_same() -> None:
    for copy in cataloguing.copies(300):
        payload = copy.reading().payload.data
        found = facts(Record(copy.member, copy.local_id, "marc" if copy.marc else "sheet", payload, copy.values))
        assert found.source == ("marc" if copy.marc else "row")
        assert list(found.isbns) == list(copy.values.get("isbn", ()))
        if not found.thesis and "year" in copy.values:
            assert int(copy.values["year"][0]) in found.years


@pytest.mark.parametrize(
    ("met", "precision", "recall"),
    [
        ({("c1", "b1"): 2, ("c2", "b2"): 1}, 1.0, 1.0),
        ({("c1", "b1"): 1, ("c2", "b1"): 1}, 1.0, 0.5),
        ({("c1", "b1"): 1, ("c1", "b2"): 1}, 0.5, 1.0),
        ({("c1", "b1"): 2, ("c1", "b2"): 1, ("c2", "b1"): 1}, (2 * 2 / 3 + 1 / 3 + 1) / 4, (2 * 2 / 3 + 1 + 1 / 3) / 4),
    ],
)
def test_b_cubed(met: dict[tuple[str, str], int], precision: float, recall: float) -> None:
    assert cluster.b_cubed(Counter(met)) == (pytest.approx(precision, abs=1e-4), pytest.approx(recall, abs=1e-4))


def test_a_full_run_and_a_night() -> None:
    figures = cluster.measure(300, night=True, engine="memory")
    assert figures["records"] == 300
    assert figures["b_cubed_precision"] > 0.9
    assert figures["b_cubed_recall"] > 0.8
    assert set(cluster.RECOGNITION) <= set(figures["by_step"])
    assert figures["seconds"] == pytest.approx(sum(figures["by_step"].values()), abs=0.01)
    assert figures["peak_mib"] > 20
    assert figures["night"]["changed"] == 300, "a night changes no more than there is"
    assert figures["disk_mib"] > 0


def test_several_sizes_are_told_side_by_side(tmp_path: Path) -> None:
    several = {str(count): cluster.measure(count, rest=False, under=tmp_path / "room") for count in (100, 200)}
    assert not list((tmp_path / "room").iterdir()), "nothing stays"
    for figures in several.values():
        assert set(figures["by_step"]) <= set(cluster.RECOGNITION), "without documents and the engine"
        assert figures["processor_seconds"] == figures["recognition_processor_seconds"] > 0
    told = cluster.growth(several)
    assert list(told) == ["100", "200"]
    assert all(row["match_ms"] > 0 and row["blocks"] > 1 and row["recall"] > 0.8 for row in told.values())
