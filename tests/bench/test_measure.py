"""Percentiles, and how figures are printed."""

import json
import time

import pytest

from bench import measure


def test_percentiles_are_values_that_were_measured() -> None:
    seconds = [number / 1000 for number in range(200, 0, -1)]
    assert measure.milliseconds(seconds) == {"mean_ms": 100.5, "p50_ms": 100.0, "p99_ms": 198.0}
    assert measure.milliseconds([0.002]) == {"mean_ms": 2.0, "p50_ms": 2.0, "p99_ms": 2.0}


def test_a_clock_adds_up_its_blocks() -> None:
    clock = measure.Clock()
    with clock:
        first = clock.seconds
    once = clock.seconds
    with clock:
        pass
    assert first == 0.0 < once < clock.seconds


def test_who_waits_has_a_small_share_of_the_processor() -> None:
    with measure.Share() as share:
        time.sleep(0.05)
    assert share.seconds >= 0.05
    assert share.said() < 0.5


FIGURES = {"records": 12345, "by_step": {"merge": {"seconds": 1.5}, "write": {"seconds": 2.5, "count": 7}}}


def test_figures_as_json_and_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    measure.show(FIGURES, True)
    assert json.loads(capsys.readouterr().out) == FIGURES
    measure.show(FIGURES, False)
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert lines[0] == "records  12,345"
    assert [line.split() for line in lines[1:]] == [
        ["by_step"],
        ["seconds", "count"],
        ["merge", "1.5"],
        ["write", "2.5", "7"],
    ]
    assert told.err == "", "nobody watches: nothing but the figures"
