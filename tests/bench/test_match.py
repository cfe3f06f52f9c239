"""The measurement of the matcher: pairs are read in every format, judged and counted, and points are fitted alike each time."""

import gzip
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import fit, match
from bench.measure import BenchError
from index.match.table import table
from tests.conftest import ROOT

BOOK = {"title": "สี่แผ่นดิน", "creator": "คึกฤทธิ์ ปราโมช", "year": "2554", "publisher": "ดอกหญ้า"}
HEADED = {"ชื่อเรื่อง": "สี่แผ่นดิน", "ผู้แต่ง": "คึกฤทธิ์ ปราโมช", "ปีที่พิมพ์": "2554", "สำนักพิมพ์": "ดอกหญ้า"}
MARC = {
    "leader": "00000nam a2200000   4500",
    "fields": [
        {"008": "000101s2011    th            000 0 tha d"},
        {"100": {"subfields": [{"a": "คึกฤทธิ์ ปราโมช, ม.ร.ว."}], "ind1": "0", "ind2": " "}},
        {"245": {"subfields": [{"a": "สี่แผ่นดิน /"}], "ind1": "1", "ind2": "0"}},
        {"260": {"subfields": [{"b": "ดอกหญ้า,"}, {"c": "2554"}], "ind1": " ", "ind2": " "}},
    ],
}


def line(a: object, a_format: str, b: object, b_format: str, label: int) -> str:
    texts = (x if isinstance(x, str) else json.dumps(x, ensure_ascii=False) for x in (a, b))
    return json.dumps(
        dict(zip("ab", texts, strict=True)) | {"a_format": a_format, "b_format": b_format, "label": label}
    )


def write(path: Path, *rows: str) -> Path:
    path.write_bytes(gzip.compress("\n".join(rows).encode()))
    return path


def test_pairs_of_several_formats(tmp_path: Path) -> None:
    other = BOOK | {"title": "ไผ่แดง"}
    path = write(
        tmp_path / "pairs.jsonl.gz",
        line(MARC, "marc-in-json", BOOK, "sheet", 1),
        line(MARC, "marc-in-json", other, "sheet", 0),
        line(BOOK, "sheet", BOOK | {"creator": ""}, "sheet", 1),
        line(HEADED, "sheet", [[name, text] for name, text in HEADED.items()], "sheet", 1),
        line(HEADED, "sheet", MARC, "marc-in-json", 1),
    )
    figures = match.measure(path)
    assert (figures["pairs"], figures["precision"], figures["recall"]) == (5, 1.0, 0.75)
    assert figures["by_reason"]["veto little"] == {"right": 0, "wrong": 0, "missed": 1, "refused": 0}
    assert figures["by_reason"]["title_far"]["refused"] == 1
    assert figures["verdicts"]["same"] == {"same": 3, "different": 0}


@pytest.mark.parametrize(("row", "told"), [
    (line(BOOK, "cards", BOOK, "sheet", 1), "'cards' is not known"),
    (line("{", "sheet", BOOK, "sheet", 1), "line 1: no record"),
    ('{"a": 1}', "line 1"),
    ("", "holds no pair"),
])  # fmt: skip
def test_a_file_that_is_none_is_said(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(BenchError, match=told):
        match.measure(write(tmp_path / "pairs.jsonl.gz", row))


def test_the_command_prints_json(tmp_path: Path) -> None:
    path = write(tmp_path / "pairs.jsonl.gz", line(MARC, "marc-in-json", BOOK, "sheet", 1))
    done = subprocess.run(
        [sys.executable, "-m", "bench.match", str(path), "--json"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert {"precision", "recall", "loose", "by_reason", "published"} <= json.loads(done.stdout).keys()


def some(data: Path, name: str, count: int, path: Path) -> Path:
    with gzip.open(data / "match" / name, "rt", encoding="utf-8") as file:
        return write(path / name, *itertools.islice(file, count))


def test_real_pairs(data: Path, tmp_path: Path) -> None:
    figures = match.measure(some(data, "goldfinch-val.jsonl.gz", 600, tmp_path))
    assert figures["precision"] >= 0.985
    assert figures["recall"] >= 0.93


def test_points_are_fitted_alike_each_time(data: Path, tmp_path: Path) -> None:
    path = some(data, "goldfinch-val.jsonl.gz", 400, tmp_path)
    given = match.pairs(path)
    one, two = fit.fitted(given, table()), fit.fitted(given[::-1], table())
    assert one == two
    signs = [(row.sign, row.points) for row in one.feature.values()]
    assert all(points >= 0 for sign, points in signs if sign == "+")
    assert all(points <= 0 for sign, points in signs if sign == "-")
    assert all(one.feature[n].points == row.points for n, row in table().feature.items() if row.sign == "!")
    assert "points = 77" in fit.written('[feature.core]\npoints = 3\nsign = "+"', _with(one, 77))
    assert match.measure(path, folds=3)["precision"] >= 0.97


def _with(rows: match.Table, points: int) -> match.Table:
    import msgspec

    core = msgspec.structs.replace(rows.feature["core"], points=points)
    return msgspec.structs.replace(rows, feature=rows.feature | {"core": core})


def test_folds_do_not_share_records(data: Path, tmp_path: Path) -> None:
    given = match.pairs(some(data, "goldfinch-val.jsonl.gz", 1000, tmp_path))
    part = match.folded(given, 5)
    seen: dict[str, int] = {}
    for pair, fold in zip(given, part, strict=True):
        if pair.same:
            assert {seen.setdefault(name, fold) for name in pair.names} == {fold}
    assert set(part) == set(range(5))


def test_sets_volumes_and_carriers_are_refused(data: Path) -> None:
    """A set and a volume on one ISBN, parts, carriers, forms: none is the same, and nine of ten that are the same are."""
    figures = match.measure(data / "match" / "melinda-visible.jsonl.gz")
    assert figures["wrong"] == 0
    assert figures["recall"] >= 0.9
