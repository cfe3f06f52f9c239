"""The peer's files and figures: what is written is read again, and what it prints is understood."""

import shutil
from pathlib import Path

import pytest

from bench import composed, lucene, search
from bench.bare import Bare
from bench.measure import BenchError
from bench.questions import LABELS, questions
from search import text
from tests.conftest import missing

pytestmark = pytest.mark.usefixtures("data")

TITLES, EACH = 300, 3
TOLD = """lucene ALL        n=1000 p50 0.92 ms p99 5.76 ms mean 1.28 ms
lucene common     n=250 p50 2.04 ms p99 8.37 ms mean 2.45 ms
"""


def test_what_is_exported_are_the_titles_word_by_word(tmp_path: Path) -> None:
    told = search.export(tmp_path, TITLES, EACH)
    assert (told["titles"], told["queries"]) == (TITLES, EACH * len(LABELS))
    rows = list(lucene.read_records(tmp_path / lucene.RECORDS))
    for cells, title in zip(rows, composed.titles(TITLES), strict=True):
        id_, name, author, subject, isbn, year, members, language, material = cells
        assert id_ == composed.document(title).id
        assert name.split(" ") == lucene.words(title.title).split(" ")
        assert name.replace(" ", "") == "".join(text.runs(title.title))
        assert author == lucene.words(title.values["creator"][0])
        assert all(
            word in subject.split(" ") for text in title.values["subject"] for word in lucene.words(text).split()
        )
        assert (isbn, year, language, material) == (
            title.isbn, *title.values["year"], *title.values["language"], *title.values["material"],
        )  # fmt: skip
        assert tuple(members.split(",")) == title.members


def test_the_questions_that_are_exported_stand_in_the_titles(tmp_path: Path) -> None:
    search.export(tmp_path, TITLES, EACH)
    lines = [line.split("\t") for line in (tmp_path / lucene.QUERIES).read_text("utf-8").splitlines()]
    assert [label for label, _ in lines] == [label for label in ("common", "rare", "two", "three") for _ in range(EACH)]
    assert {label: len(words.split(" ")) for label, words in lines} == {"common": 1, "rare": 1, "two": 2, "three": 3}
    titles = [set(cells[1].split(" ")) for cells in lucene.read_records(tmp_path / lucene.RECORDS)]
    for label, words in lines:
        assert label == "common" or any(set(words.split(" ")) <= held for held in titles), words


def test_what_lucene_prints_is_read() -> None:
    assert lucene.parsed(TOLD) == {
        "ALL": {"mean_ms": 1.28, "p50_ms": 0.92, "p99_ms": 5.76, "asked": 1000},
        "common": {"mean_ms": 2.45, "p50_ms": 2.04, "p99_ms": 8.37, "asked": 250},
    }
    other = {"ALL": {"mean_ms": 1.2}}
    assert lucene.faster(lucene.parsed(TOLD), other) == lucene.faster(other, lucene.parsed(TOLD)) == other


def test_a_peer_that_fails_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    peer = tmp_path / "run.sh"
    peer.write_text("#!/bin/sh\necho no java here >&2\nexit 3\n")
    peer.chmod(0o755)
    monkeypatch.setattr(lucene, "PEER", peer)
    with pytest.raises(BenchError, match="Lucene fails: no java here"):
        lucene.index(tmp_path / "x.tsv", tmp_path / "x")
    peer.write_text("#!/bin/sh\necho nothing of use\n")
    with pytest.raises(BenchError, match="does not say how long"):
        lucene.search(tmp_path / "x.tsv", tmp_path / "x", 1)


def test_lucene_and_bare_tantivy_find_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if not (lucene.present() and shutil.which("java")):
        missing("Lucene or Java is not there: the peer cannot be run")
    search.export(tmp_path, TITLES, EACH)
    assert lucene.index(tmp_path / lucene.RECORDS, tmp_path / "lucene") > 0
    bare = Bare(tmp_path / "bare")
    assert bare.write(lucene.read_records(tmp_path / lucene.RECORDS)) == TITLES
    assert bare.written.seconds > 0
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Dshow=1")  # then it prints what each question finds
    told = lucene._run("search", str(tmp_path / lucene.QUERIES), str(tmp_path / "lucene"), "2", run=tmp_path)
    asked = {kind: some for kind, some in questions(TITLES, EACH, "asked").items() if kind in LABELS}
    for kind, some in asked.items():
        for question in some:
            assert f"{LABELS[kind]} {' '.join(question.words)} -> {bare.ask(question.words)} {{" in told
    assert {label: figures["asked"] for label, figures in lucene.parsed(told).items()} == {
        "ALL": 4 * EACH, **dict.fromkeys(LABELS.values(), EACH),
    }  # fmt: skip
