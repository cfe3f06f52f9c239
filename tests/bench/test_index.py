"""The measurement of indexing: what it counts is what it was given."""

import os
import subprocess
import sys

import pytest

from bench import composed, index
from tests.conftest import ROOT

TITLES = 40


@pytest.mark.parametrize("engine", ["tantivy", "memory"])
def test_every_composed_record_is_taken_in_and_every_title_written(engine: str) -> None:
    figures = index.measure(TITLES, engine)
    records = sum(len(title.members) for title in composed.titles(TITLES))
    assert (figures["titles"], figures["records"], figures["engine"]) == (TITLES, records, engine)
    assert records > TITLES
    counts = {step: told["count"] for step, told in figures["by_step"].items()}
    assert counts == {"recognise": records, "merge": records, "analyse": TITLES, "write": TITLES}
    for told in (figures, *figures["by_step"].values()):
        assert isinstance(told["seconds"], float)
    steps = [told["seconds"] for told in figures["by_step"].values()]
    assert sum(steps) == pytest.approx(figures["seconds"], abs=0.01), "nothing is left out"
    for name in ("records_per_second", "documents_per_second", "ratio_to_read", "ratio_to_bare"):
        assert isinstance(figures[name], float), name
        assert figures[name] > 0, name


def test_a_title_is_the_same_however_many_are_composed() -> None:
    assert [*composed.titles(3)] == [*composed.titles(5)][:3]


def test_another_process_composes_the_same_titles() -> None:
    code = "from bench import composed; print(*(t.title for t in composed.titles(20)), sep='\\n')"
    environ = os.environ | {"PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, env=environ, check=True).stdout
    assert out.decode().splitlines() == [title.title for title in composed.titles(20)]
