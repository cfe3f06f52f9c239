"""The measurement of searching: all sides are asked the same over the same titles."""

import random
from pathlib import Path

import pytest

from bench import kept, lucene, questions, search
from bench.measure import BenchError

pytestmark = pytest.mark.usefixtures("data")

TITLES = 300
TIMES = ("mean_ms", "p50_ms", "p99_ms", "first_mean_ms")
BESIDE = ("bare_mean_ms", "bare_p99_ms", "ratio_to_bare", "p99_ratio_to_bare")


@pytest.mark.parametrize("engine", ["tantivy", "memory"])
def test_every_kind_is_asked_as_often_as_said(engine: str) -> None:
    figures = search.measure(TITLES, engine, each=2, repeats=2, peer=False)
    assert (figures["titles"], figures["bare_titles"], figures["engine"]) == (TITLES, TITLES, engine)
    assert (figures["questions"], figures["repeats"]) == (2, 2)
    assert figures["facets"] == list(search.FACETS)
    assert list(figures["by_kind"]) == list(questions.KINDS)
    for name, told in {"words_only": figures["words_only"], **figures["by_kind"]}.items():
        beside = BESIDE if name == "words_only" or name in questions.PLAIN else ()
        assert all(isinstance(told[time], float) and told[time] > 0 for time in (*TIMES, *beside)), name
        assert told["p50_ms"] <= told["p99_ms"]
        assert told["mean_found"] > 0, "a question is drawn from a title that is there"
        assert not beside or told["bare_mean_found"] > 0
        assert not any(key.startswith("lucene") for key in told)
    assert all(figures[name] > 0 for name in ("mean_ms", "p50_ms", "p99_ms"))
    assert set(figures["processor_share"]) == {"ours", "bare"}
    assert figures["by_kind"]["isbn"]["mean_found"] == 1.0
    assert figures["shipped_facets"]["mean_ms"] > 0


def test_lucene_s_figures_stand_beside_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What it measures is looked at in test_lucene.py: here it says what it is told to."""
    said = {label: {"mean_ms": 1000.0, "p99_ms": 2000.0} for label in ("ALL", *questions.LABELS.values())}
    monkeypatch.setattr(lucene, "present", lambda: True)
    monkeypatch.setattr(kept, "peer", lambda path, count: tmp_path)
    monkeypatch.setattr(lucene, "search", lambda queries, directory, repeats: said if queries.exists() else {})
    figures = search.measure(TITLES, "memory", each=1, repeats=1)
    for told in (figures["words_only"], *(figures["by_kind"][kind] for kind in questions.PLAIN)):
        assert (told["lucene_mean_ms"], told["lucene_p99_ms"]) == (1000.0, 2000.0)
        assert told["ratio_to_lucene"] == round(told["mean_ms"] / 1000, 3)
        assert told["p99_ratio_to_lucene"] == round(told["p99_ms"] / 2000, 3)
    assert "lucene_mean_ms" not in figures["by_kind"]["isbn"]


def test_questions_are_the_same_each_time_and_others_for_another_purpose() -> None:
    assert questions.questions(TITLES, 3, "asked") == questions.questions(TITLES, 3, "asked")
    assert questions.questions(TITLES, 3, "asked") != questions.questions(TITLES, 3, "warm")


def test_beginnings_of_every_length() -> None:
    drawn = questions.beginnings(TITLES, 2)
    assert list(drawn) == ["title", "creator", "subject"]
    assert all([len(text) for text in some] == [n for n in range(1, 9) for _ in range(2)] for some in drawn.values())


def test_too_few_titles_for_a_kind_are_refused() -> None:
    with pytest.raises(BenchError, match="2 titles are too few"):
        questions._drawn(random.Random(1), 2, lambda title: False)


def test_what_is_kept_is_not_made_again_unless_it_is_of_something_else(tmp_path: Path) -> None:
    made: list[str] = []
    for said in ("1000 titles", "1000 titles", "2000 titles"):
        kept.once(tmp_path / "x", said, lambda path, said=said: made.append(said))  # type: ignore[misc]
    assert made == ["1000 titles", "2000 titles"]


def test_a_making_that_was_broken_off_is_made_again(tmp_path: Path) -> None:
    def broken(path: Path) -> None:
        (path / "half").write_text("")
        raise OSError

    with pytest.raises(OSError):
        kept.once(tmp_path / "x", "it", broken)
    kept.once(tmp_path / "x", "it", lambda path: (path / "whole").write_text(""))
    assert sorted(p.name for p in (tmp_path / "x").iterdir()) == ["made.txt", "whole"]
