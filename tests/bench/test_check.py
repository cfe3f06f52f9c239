"""The measurement of the purchase check: what counts as right follows from the labels alone."""

import json
from pathlib import Path

import pymarc
import pytest

from bench import check
from bench.measure import BenchError, tables


def record(id_: str, title: str, creator: str, year: str) -> str:
    made = pymarc.Record(leader="00000nam a2200000 a 4500")
    made.add_field(pymarc.Field("001", data=id_))
    made.add_field(pymarc.Field("008", data=f"850101s{year}    nyu           000 0 eng d"))
    for tag, values in (("100", creator), ("245", title), ("260", f"Harper, {year}")):
        codes = zip("bc", values.split(", "), strict=True) if tag == "260" else [("a", values)]
        subfields = [pymarc.Subfield(code, value) for code, value in codes]
        made.add_field(pymarc.Field(tag, pymarc.Indicators("1", "0"), subfields))
    return str(made.as_json())


TIGERS = ("The complete history of tigers in the northern provinces", "Smith, John", "1985")
ELEPHANTS = ("A practical handbook of elephant keeping for villages", "Jones, Mary", "1970")
RIVERS = ("Rivers and floods of the Chi valley", "Brown, Anne", "1961")
SHIPS = ("Building small ships of teak in wartime", "Green, Peter", "1943")


LONGER = (f"{SHIPS[0]}. A guide", *SHIPS[1:])


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rows = [
        ("a1", TIGERS, "b1", TIGERS, 1),
        ("a2", ELEPHANTS, "b2", RIVERS, 0),
        ("a1", TIGERS, "b3", TIGERS, 0),  # labelled apart, and the same to the letter: wrongly held
        ("a3", SHIPS, "b4", ELEPHANTS, 1),  # labelled the same, and quite another: not seen
        ("a4", RIVERS, "b5", LONGER, 0),  # nobody labelled it against a3
    ]
    lines = [
        json.dumps({"a": record(a, *one), "b": record(b, *two), "label": label, "id": f"{a}|{b}"})
        for a, one, b, two, label in rows
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_what_is_right_follows_from_the_labels(pairs: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.txt"
    figures = check.measure_pairs(pairs, wrong)
    assert (figures["rows"], figures["held"]) == (5, 2)
    assert figures["said_held"] == 5, "b2 is a4, b4 is a2 and b5 is a3, which nobody labelled"
    assert (figures["precision"], figures["unlabelled"]) == (0.2, 3)
    assert figures["precision_labelled"] == 0.5
    assert (figures["alike"], figures["attainable"]) == (2, 0.5), "the title of b5 goes on"
    assert (figures["recall_held"], figures["recall_seen"]) == (0.5, 0.5)
    assert "[wrongly held] b3" in wrong.read_text(encoding="utf-8")


def test_labels_are_chained() -> None:
    same: dict[str, str] = {}
    for a, b in (("a", "b"), ("c", "d"), ("b", "d")):
        check._join(same, a, b)
    assert len({check._root(same, id_) for id_ in "abcd"}) == 1
    assert check._root(same, "e") == "e"


def test_what_is_no_pair_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": "[]"}\n', encoding="utf-8")
    with pytest.raises(BenchError, match=r"x\.jsonl, line 1: no pair"):
        check.read_pairs(path, tables())


@pytest.mark.usefixtures("data")
def test_half_of_the_composed_rows_are_held(tmp_path: Path) -> None:
    figures = check.measure_speed(60, 20, tmp_path, profile=False)
    assert figures["verdicts"]["held"] + figures["verdicts"]["review"] + figures["verdicts"]["related"] >= 10
    assert figures["rows"] == 20
    assert figures["rows_per_second"] > 0
