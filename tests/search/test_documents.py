"""Documents stored with the time of their change, and brought along from earlier versions."""

import zlib
from pathlib import Path

import msgspec
from sqlalchemy import Column, Engine, Integer, LargeBinary, MetaData, String, Table, text

from config import database
from config.holdings import Holding
from search import documents
from search.documents import Documents
from search.headings import Headings
from search.question import Document
from tests.conftest import Databases, schema

CAT = Document(
    "a", {"title": ("แมว",), "creator": ("สมชาย ใจดี",)}, (Holding("kku", call_number="636.8 ส12ม"),), ("kku",)
)
DOG = Document("b", {"title": ("หมา",), "creator": ("สมชาย ใจดี",)})


def put(engine: Engine, store: Documents, *given: Document, moment: str = "") -> int:
    with database.writing(engine) as connection:
        return store.put(connection, given, moment)


def test_a_document_is_kept_with_its_times(engine: Engine) -> None:
    store = Documents(engine)
    assert put(engine, store, CAT, DOG, moment="2026-01-01T00:00:00Z") == 2
    changed = msgspec.structs.replace(CAT, work="w1")
    assert put(engine, store, changed, DOG, moment="2026-02-02T00:00:00Z") == 1
    assert store.fetch(["b", "never", "a"]) == [
        msgspec.structs.replace(DOG, added="2026-01-01T00:00:00Z", changed="2026-01-01T00:00:00Z"),
        msgspec.structs.replace(changed, added="2026-01-01T00:00:00Z", changed="2026-02-02T00:00:00Z"),
    ]
    assert (store.count(), store.revision()) == (2, 2)


def test_what_is_gone_is_known_to_be_gone_and_may_come_back(engine: Engine) -> None:
    store = Documents(engine)
    put(engine, store, CAT, DOG)
    with database.writing(engine) as connection:
        store.remove(connection, ["a"])
    assert list(store.since(1)) == [[("a", None)]]
    assert store.fetch(["a"]) == []
    assert put(engine, store, CAT) == 1
    assert [d.id for d in store.fetch(["a"])] == ["a"]
    assert [[id_ for id_, _ in batch] for batch in store.since(0, batch=1)] == [["b"], ["a"]]


def test_an_engines_numbers_lead_to_the_documents_for_good(engine: Engine) -> None:
    store = Documents(engine)
    put(engine, store, CAT)
    put(engine, store, DOG)
    numbers = {row.id: row.number for rows in store.rows() for row in rows}
    assert [d.id for d in store.numbered([numbers["b"], 999, numbers["a"]])] == ["b", "a"]
    put(engine, store, msgspec.structs.replace(CAT, work="w1"))
    with database.writing(engine) as connection:
        store.remove(connection, ["b"])
    put(engine, store, msgspec.structs.replace(CAT, id="c"))
    assert {row.id: row.number for rows in store.rows() for row in rows}.items() > numbers.items(), "gone, too"
    assert [d.id for d in store.numbered([numbers["a"], numbers["b"]])] == ["a"]


def old_installation(engine: Engine, *given: Document) -> None:
    """As the first version left it, on a machine with another zlib: no headings, no numbers, documents packed
    otherwise."""
    shape = MetaData()
    Table("documents", shape, Column("id", database.Ordered, primary_key=True), Column("body", LargeBinary),
          Column("revision", Integer, nullable=False, index=True),
          Column("added", String, nullable=False), Column("changed", String, nullable=False))  # fmt: skip
    database.prepare(engine, "search", shape)
    with engine.begin() as connection:
        for document in given:
            row = {
                "id": document.id,
                "body": zlib.compress(msgspec.json.encode(document), 1),
                "now": "2026-01-01T00:00:00Z",
            }
            connection.execute(text("INSERT INTO documents VALUES (:id, :body, 1, :now, :now)"), row)
        connection.execute(text("INSERT INTO documents VALUES ('gone', NULL, 1, 'x', 'x')"))


def test_an_installation_of_before_gets_its_headings(engine: Engine, tmp_path: Path) -> None:
    old_installation(engine, CAT, DOG)
    store, shelf = Documents(engine), Headings(engine)
    assert [(h.text, h.titles) for h in shelf.browse("title").headings] == [("แมว", 1), ("หมา", 1)]
    assert [(h.text, h.titles) for h in shelf.browse("creator").headings] == [("สมชาย ใจดี", 2)]
    assert [h.text for h in shelf.browse("call_number").headings] == ["636.8 ส12ม"]
    assert [c.text for c in shelf.complete("ใจดี")] == ["สมชาย ใจดี"]
    backups = 1 if engine.dialect.name == "sqlite" else 0  # PostgreSQL has its own
    assert len(list(tmp_path.glob("*.backup"))) == backups
    assert put(engine, store, CAT, DOG) == 0  # they say the same
    assert store.numbered([2, 1]) == store.fetch(["b", "a"]), "numbered in the order of their ids"
    with database.writing(engine) as connection:
        store.remove(connection, ["a"])
    assert [(h.text, h.titles) for h in shelf.browse("creator").headings] == [("สมชาย ใจดี", 1)]
    Documents(engine)  # a second time nothing is left to do
    assert len(list(tmp_path.glob("*.backup"))) == backups


def test_a_migrated_database_has_the_shape_of_a_new_one(databases: Databases) -> None:
    old, new = databases(), databases()
    old_installation(old, CAT)
    Documents(old)
    documents.SHAPE.create_all(new)
    assert schema(old) == schema(new)
    assert any("heading_starts_8" in said for said in schema(old))
