"""The measurement of harvesting: what it counts is what it was given."""

from pathlib import Path

import pymarc
import pytest

from bench import harvest

RATES = (
    "records_per_second",
    "pymarc_records_per_second",
    "ratio_to_pymarc",
    "harvested_per_second",
    "harvested_ratio_to_pymarc",
)


def test_both_loops_meet_every_record_that_is_served_and_every_record_of_the_file() -> None:
    figures = harvest.measure(rounds=1, items=120, records=600)
    oai, iso2709 = figures["oai"], figures["iso2709"]
    assert (oai["pages"], oai["records"], oai["bare_records"]) == (2, 120, 120)
    for name in ("seconds", "bare_seconds", "records_per_second", "bare_records_per_second", "ratio_to_bare"):
        assert isinstance(oai[name], float), name
        assert oai[name] > 0, name
    assert figures["records_per_second"] == oai["records_per_second"]
    assert figures["ratio_to_bare"] == oai["ratio_to_bare"]
    assert iso2709["records"] == iso2709["pymarc_records"] == iso2709["harvested"] >= 600
    assert iso2709["unreadable"] == 0
    assert all(isinstance(iso2709[name], float) and iso2709[name] > 0 for name in RATES)


def test_the_file_that_is_written_has_no_number_twice() -> None:
    numbers = [record["001"].data for record in pymarc.MARCReader(harvest.repeated(1000)) if record]
    assert len(numbers) == len(set(numbers)) >= 1000


def test_real_records_that_share_a_number_share_one_in_each_copy(tmp_path: Path) -> None:
    path = tmp_path / "own.mrc"
    path.write_bytes(harvest.repeated(1) * 2)
    many = len([record for record in pymarc.MARCReader(path.read_bytes()) if record])
    numbers = [record["001"].data for record in pymarc.MARCReader(harvest.repeated_file(path, 3 * many)) if record]
    assert len(numbers) == 3 * many == 2 * len(set(numbers))


def test_a_file_of_ones_own_with_a_broken_record(tmp_path: Path) -> None:
    path = tmp_path / "own.mrc"
    path.write_bytes(harvest.repeated(1) + b"00030nam a2200025 i 4500 \x1d")
    figures = harvest.measure_iso2709(path, 1, 0)
    assert figures["file"] == "own.mrc"
    assert (figures["records"], figures["unreadable"]) == (figures["harvested"] - 1, 1)


def test_a_harvest_that_fails_gives_no_figures() -> None:
    with harvest.provider(5) as url, pytest.raises(RuntimeError, match="lists no record in mods"):
        harvest.measure_oai(url, "marcxml", "mods", 1)
