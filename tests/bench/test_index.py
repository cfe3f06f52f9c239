"""The measurement of indexing: what it counts is what it was given."""

import os
from pathlib import Path

import pytest

from bench import composed, index, lucene
from bench.measure import BenchError, tables
from bench.memory import Peak, processes

pytestmark = pytest.mark.usefixtures("data")

TITLES = 40


def test_every_composed_record_is_taken_in_and_every_title_written() -> None:
    figures = index.measure(TITLES, "memory", peer=False)
    records = sum(len(title.members) for title in composed.titles(TITLES))
    assert (figures["titles"], figures["records"], figures["engine"]) == (TITLES, records, "memory")
    assert records > TITLES
    counts = {step: told["count"] for step, told in figures["by_step"].items()}
    assert counts == {"recognise": records, "merge": records, "write": TITLES}
    for told in (figures, *figures["by_step"].values()):
        assert isinstance(told["seconds"], float)
    steps = [told["seconds"] for told in figures["by_step"].values()]
    assert sum(steps) == pytest.approx(figures["seconds"], abs=0.01), "nothing is left out"
    for name in ("records_per_second", "documents_per_second", "ratio_to_read", "ratio_to_bare"):
        assert isinstance(figures[name], float), name
        assert figures[name] > 0, name


def test_a_generation_beside_lucene_on_the_same_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []

    def read(records: Path, directory: Path, *, thai: bool) -> float:
        assert thai, "its own analyser cuts the words"
        directory.mkdir()
        given.extend(lucene.read_records(records))
        return 50.0

    monkeypatch.setattr(lucene, "present", lambda: True)
    monkeypatch.setattr(lucene, "index", read)
    figures = index.measure(TITLES, "tantivy", documents_only=True)
    assert [cells[1] for cells in given] == [title.title for title in composed.titles(TITLES)]
    assert figures["documents"] == TITLES
    assert figures["lucene_documents_per_second"] == 50.0
    assert figures["ratio_to_lucene"] == pytest.approx(figures["documents_per_second"] / 50, abs=0.01)
    assert figures["peak_rss_mib"] >= figures["peak_mib"] > 20, "an interpreter alone needs as much"
    assert "records" not in figures


def test_a_build_that_dies_gives_no_figures(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="the generation was not built"):
        index.generation(tables(), "nothing:///", tmp_path / "home")


def test_memory_is_that_of_the_children_too() -> None:
    peak = Peak()
    peak.look(os.getpid())
    alone = peak.added
    assert alone > 10
    with os.popen("sleep 5") as child:
        assert len(list(processes(os.getpid()))) > 1
        peak.look(os.getpid())
        os.kill(list(processes(os.getpid()))[-1], 15)
        child.read()
    assert peak.added > alone
    assert list(processes(2**22 + 1)) == [2**22 + 1], "one that is not there has no children"
