"""Documents analysed in several processes are the same entries in the same order, and no failure is silent."""

from pathlib import Path

import pytest

from config import Tables, database
from search import analysis
from search.documents import Documents
from search.engines import EngineError
from search.question import Document
from search.schema import Schema


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    made = Documents(database.connect(f"sqlite:///{tmp_path / 'sahaban.db'}"))
    with database.writing(made.engine) as connection:
        made.put(connection, [Document(f"d{n:05d}", {"title": (f"การพยาบาล เล่ม {n}",)}) for n in range(1700)])
        made.remove(connection, ["d00007", "d01699"])
    return made


def test_in_several_processes_as_in_one(documents: Documents, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    schema, gone, also_gone = Schema(tables.fields), list[str](), list[str]()
    here = list(analysis.entries(documents, schema, 0, gone))
    monkeypatch.setattr(analysis, "MANY", 1)
    monkeypatch.setattr(analysis.os, "cpu_count", lambda: 3)
    there = list(analysis.entries(documents, schema, 0, also_gone))
    assert [e.id for e in there] == [e.id for e in here]
    assert [e.decoded()["title_w"] for e in there] == [e.decoded()["title_w"] for e in here]
    assert (len(here), set(gone)) == (1698, set(also_gone)) == (1698, {"d00007", "d01699"})


def test_a_document_that_cannot_be_analysed_ends_the_build_with_a_sentence(
    documents: Documents, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    with documents.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE documents SET body = x'00' WHERE id = 'd01000'")
    monkeypatch.setattr(analysis, "MANY", 1)
    monkeypatch.setattr(analysis.os, "cpu_count", lambda: 2)
    with pytest.raises(EngineError, match="analysis of the documents failed"):
        list(analysis.entries(documents, Schema(tables.fields), 0, []))
