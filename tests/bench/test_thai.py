"""The measurement of Thai search: known titles are found, and a file that is no such file is said."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import thai
from bench.measure import BenchError
from tests.conftest import ROOT

TITLES = [
    {"id": 0, "src": "thesis", "title": "การพัฒนาระบบห้องสมุดดิจิทัลของมหาวิทยาลัย", "en": "Digital library development"},
    {"id": 1, "src": "law", "title": "พระราชบัญญัติคุ้มครองผู้บริโภค พ.ศ. 2522", "en": ""},
    {"id": "x2", "title": "จิตวิทยาการศึกษาเบื้องต้น"},
]
QUERIES = [
    {"kind": "A_whole", "q": "ห้องสมุดดิจิทัล", "id": 0, "df": 1, "qid": 0},
    {"kind": "A_whole", "q": "คุ้มครองผู้บริโภค", "id": 1},
    {"kind": "A_english", "q": "digital library development", "id": 0},
    {"kind": "D_apart", "q": "จิตวิทยา เบื้องต้น", "id": "x2"},
    {"kind": "Z_not_there", "q": "จักรพรรดิปูยี", "id": "x2"},
]

Write = Callable[[str, list[object]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, rows: list[object]) -> Path:
        path = tmp_path / name
        lines = "\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
        data = lines.encode("utf-8", "surrogateescape")
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


@pytest.mark.usefixtures("data")
def test_titles_are_found_among_real_records(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(thai.OTHERS, "uva")  # the others are enough here
    figures = thai.measure(write("titles.jsonl.gz", [*TITLES]), write("queries.jsonl", [*QUERIES, ""]))
    assert figures["titles"] > 1000, "the real records are there"
    assert (figures["questions"], figures["success_at_1"], figures["success_at_10"]) == (5, 0.8, 0.8)
    found = {kind: (told["n"], told["success_at_10"]) for kind, told in figures["by_kind"].items()}
    assert found == {"A_english": (1, 1.0), "A_whole": (2, 1.0), "D_apart": (1, 1.0), "Z_not_there": (1, 0.0)}
    assert {letter: told["n"] for letter, told in figures["by_letter"].items()} == {"A": 3, "D": 1, "Z": 1}
    assert all(told["mean_ms"] > 0 for told in figures["by_kind"].values())
    stages = list(figures["by_stage"].values())
    assert sum(told["n"] for told in stages) == 5
    upto = [told["upto_success_at_10"] for told in stages]
    assert upto == sorted(upto)
    assert upto[-1] == figures["success_at_10"]


def test_stages_stand_in_the_order_of_the_chain_and_a_later_one_counts_for_nothing_before() -> None:
    told = [
        thai.Answered("E", 0, "some", 0.1),
        thai.Answered("A", 1, "words", 0.1),
        thai.Answered("E", 3, "spelling", 0.1),
        thai.Answered("A", 2, "words", 0.1),
    ]
    stages = thai._stages(told)
    assert list(stages) == ["words", "spelling", "some"]
    assert [(s["upto_success_at_1"], s["upto_success_at_10"]) for s in stages.values()] == [
        (0.25, 0.5),
        (0.25, 0.75),
        (0.25, 0.75),
    ]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('{"id": 3, "title": "ก"', "titles.jsonl, line 2"),
        ({"id": 3}, "titles.jsonl, line 2: Object missing required field `title`"),
        ({"id": 3, "title": " "}, "titles.jsonl, line 2: has no title"),
        ({"id": 0, "title": "สองครั้ง"}, "titles.jsonl, line 2: the id 0 stands twice"),
        ('{"id": 3, "title": "\udcff"}', "titles.jsonl, line 2"),
        ([], "titles.jsonl, line 2: Expected `object`, got `array`"),
    ],
)
def test_a_line_that_is_no_title_is_named(write: Write, row: object, says: str) -> None:
    with pytest.raises(BenchError, match=says):
        thai.documents(write("titles.jsonl", [TITLES[0], row, TITLES[1]]))


def test_a_question_for_a_title_that_is_not_there_is_named(write: Write) -> None:
    path = write("queries.jsonl", [QUERIES[0], {"kind": "A", "q": "ก", "id": 77}])
    with pytest.raises(BenchError, match="line 2: the title 77 is not among the titles"):
        thai.questions(path, {0})
    with pytest.raises(BenchError, match="holds no question"):
        thai.questions(write("empty.jsonl", []), {0})


def test_a_compressed_file_that_breaks_off_is_named(write: Write) -> None:
    path = write("titles.jsonl.gz", [*TITLES])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BenchError, match="after line 2: cannot be read"):
        thai.documents(path)


def test_the_command_says_one_line_and_ends_with_2(write: Write) -> None:
    command = [sys.executable, "-m", "bench.thai", "--titles", str(write("titles.jsonl", ["nonsense"]))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert "titles.jsonl, line 1" in line
