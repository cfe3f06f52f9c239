"""The composed titles: the same on every machine, never twice the same, with words and lengths as real ones have."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import composed, search
from bench.measure import BenchError
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("data")

MANY = 20_000


def test_a_title_is_the_same_however_many_are_composed_and_when_it_is_asked_for_alone() -> None:
    fifty = list(composed.titles(composed.BLOCK + 50))
    composed.block.cache_clear()
    assert [*composed.titles(3)] == fifty[:3]
    assert composed.compose(composed.BLOCK + 50) == fifty[-1]


def test_another_process_composes_the_same_titles() -> None:
    code = "from bench import composed; print(*(t.values for t in composed.titles(20)), sep='\\n')"
    environ = os.environ | {"PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, env=environ, check=True).stdout
    assert out.decode().splitlines() == [str(title.values) for title in composed.titles(20)]


def test_no_title_no_heading_and_no_isbn_comes_twice() -> None:
    assert search.repeated(composed.titles(MANY)) == {"repeated_titles": 0.0, "repeated_subjects": 0.0}
    isbns = [title.isbn for title in composed.titles(MANY) if title.isbn]
    assert len(isbns) == len(set(isbns)) > MANY * 0.8


def test_repeats_would_be_counted() -> None:
    twice = itertools.chain(composed.titles(10), composed.titles(10))
    assert search.repeated(twice) == {"repeated_titles": 0.5, "repeated_subjects": 0.5}


def test_every_number_has_a_pair_of_words_of_its_own() -> None:
    for words in (*composed.vocabulary().titles.values(), composed.vocabulary().headings):
        if len(words.words) ** 2 > composed.PAIRS:
            pairs = {tuple(words.pair(number)) for number in range(0, composed.PAIRS, 11)}
            assert len(pairs) == len(range(0, composed.PAIRS, 11))


def test_titles_are_as_long_as_real_ones_and_common_words_are_common() -> None:
    real = [row["title"] for row in composed.real_titles()]
    thai = [title for title in composed.titles(MANY) if title.thai]
    assert abs(_mean([title.title for title in thai]) - _mean(real)) < 1.5
    for word in ("แห่ง", "การ", "ของ"):
        share = sum(word in title.words for title in thai) / len(thai)
        standing = sum(word in composed._cut(title) for title in real[:5000]) / 5000
        assert share > 0.02, word
        assert standing > 0.02, word
    headings = [heading for title in thai for heading in title.values["subject"]]
    assert abs(_mean(headings) - _mean(composed.real_headings())) < 1.5


def _mean(texts: list[str]) -> float:
    return sum(map(len, texts)) / len(texts)


def test_what_a_title_says() -> None:
    title = composed.compose(1)
    document = composed.document(title)
    assert set(title.values) - {"isbn"} == {"title", "creator", "year", "language", "material", "subject"}
    assert document.members == title.members
    assert [holding.member for holding in document.holdings] == list(title.members)
    assert all(holding.call_number and holding.location for holding in document.holdings)


def test_material_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bench.measure.MATERIAL", tmp_path)
    with pytest.raises(BenchError, match="is missing: it should lie in"):
        next(composed.real_titles())
