"""From the record store to a live index: what changed, or everything anew, with the same result."""

import random
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from filelock import FileLock
from sqlalchemy import Engine

import sahaban
from config import Tables, read
from config.database import connect, writing
from harvest.packing import Reading
from harvest.record import Parsed, Payload
from harvest.store import Store
from index import decisions
from index.build import Busy, Index
from index.ledger import Ledger
from search.engines import EngineError
from search.question import Document, Query
from search.service import Catalogue
from tests.conftest import ROOT, Install, member, replaced
from tests.harvest.test_formats import csv_bytes

if TYPE_CHECKING:
    from tests.index.conftest import Networks


class Network:
    """A store that is filled by hand, with its index."""

    def __init__(self, tables: Tables, home: Path, engine: str = "memory", database: Engine | None = None):
        self.tables = replaced(tables, engine=engine)
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.database = database or connect(f"sqlite:///{home / 'sahaban.db'}")
        self.store = Store(self.database)

    def put(self, member: str, local_id: str, title: str = "", *, deleted: bool = False, **values: str) -> None:
        found = {name: (value,) for name, value in ({"title": title} | values).items() if value}
        data = b"" if deleted else msgspec.json.encode(found)
        reading = Reading(Payload(data, local_id, local_id, deleted=deleted), Parsed(found, deleted=deleted))
        with self.database.begin() as connection:
            run = self.store.begin(connection, member)
            self.store.put(connection, run, member, "s", "marc", "r", [reading])
            self.store.finish(connection, run, "done")

    def index(self, rebuild: bool = False) -> None:
        Index(self.tables, self.database, self.home).run(rebuild)

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.tables, self.database, self.home)

    def documents(self) -> dict[str, Document]:
        found = self.catalogue.search(Query(size=200)).hits
        return {document.id: document for hit in found for document in (hit.document, *hit.editions)}

    def titles(self) -> list[tuple[str, tuple[str, ...]]]:
        return sorted((d.first("title"), tuple(f"{m}/{i}" for m, i in d.records)) for d in self.documents().values())


BOOK = {"creator": "ศรีบูรพา", "year": "1937"}


def fill(network: Network) -> None:
    network.put("kku", "1", "ข้างหลังภาพ", **BOOK)
    network.put("kktc", "7", "ข้างหลังภาพ /", **BOOK, isbn="9789749113738")
    network.put("kkpl", "ก", "ข้างหลัง ภาพ", isbn="9789749113738")
    network.put("kkh", "x", "เสือ", **BOOK)


def test_records_of_one_title_become_one_document_with_all_holdings(network: Network) -> None:
    fill(network)
    network.index()
    assert network.titles() == [("ข้างหลังภาพ", ("kku/1", "kktc/7", "kkpl/ก")), ("เสือ", ("kkh/x",))]
    (document,) = [d for d in network.documents().values() if len(d.members) == 3]
    assert document.members == ("kku", "kktc", "kkpl")
    assert [h.member for h in document.holdings] == ["kku", "kktc", "kkpl"]
    assert document.all("isbn") == ("9789749113738",)


def test_nothing_new_changes_nothing(network: Network) -> None:
    fill(network)
    network.index()
    before = network.documents()
    network.index()
    assert network.documents() == before


def test_a_deleted_record_leaves_and_its_title_keeps_its_id(network: Network) -> None:
    fill(network)
    network.index()
    ids = {d.first("title"): id_ for id_, d in network.documents().items()}
    network.put("kktc", "7", deleted=True)
    network.put("kkh", "x", deleted=True)
    network.index()
    assert network.titles() == [("ข้างหลัง ภาพ", ("kkpl/ก",)), ("ข้างหลังภาพ", ("kku/1",))], (
        "it held the two others together"
    )
    assert ids["ข้างหลังภาพ"] in network.documents()
    network.put("kktc", "7", "ข้างหลังภาพ", **BOOK, isbn="9789749113738")
    network.put("kkh", "x", "เสือ", **BOOK)
    network.index()
    assert {ids["ข้างหลังภาพ"], ids["เสือ"]} == set(network.documents()), "what comes back has the id that it had"


def test_an_old_id_leads_to_the_title_that_took_its_place(network: Network) -> None:
    network.put("kku", "1", "ข้างหลังภาพ", **BOOK)
    network.put("kkpl", "2", "สงครามชีวิต", creator="ศรีบูรพา", year="1932")
    network.index()
    assert len(network.documents()) == 2
    old = set(network.documents())
    network.put("kkpl", "2", "ข้างหลังภาพ", **BOOK)
    network.index()
    (kept,) = network.documents()
    (gone,) = old - {kept}
    assert Ledger(network.database).resolve(gone) == kept
    assert Ledger(network.database).resolve(kept) == kept
    assert Ledger(network.database).resolve("never") is None


def test_a_decision_parts_and_joins_and_can_be_taken_back(network: Network) -> None:
    fill(network)
    network.index()

    def decide(a: str, b: str, verdict: str) -> None:
        with writing(network.database) as connection:
            if verdict == "none":
                decisions.take_back(connection, [(a, b)])
            else:
                decisions.decide(connection, [(a, b)], verdict, "บรรณารักษ์")
        network.index()

    def sizes() -> list[int]:
        return sorted(len(keys) for _, keys in network.titles())

    decide("kku/1", "kktc/7", "different")
    assert sizes() == [1, 1, 2]
    decide("kkh/x", "kku/1", "same")
    assert sizes() == [2, 2]
    network.index(rebuild=True)
    assert sizes() == [2, 2], "a rebuild forgets no decision"
    decide("kku/1", "kktc/7", "none")
    assert sizes() == [4]
    decide("kkh/x", "kku/1", "none")
    assert sizes() == [1, 3]


def test_step_by_step_and_all_at_once_give_the_same_titles(networks: "Networks") -> None:
    chance = random.Random(3)
    steps = [
        ("put", chance.choice(["kku", "kktc", "kkpl"]), str(chance.randrange(6)), chance.choice(["เสือ", "เสื้อ", "ข้าว"]),
         chance.choice(["1937", "1938"]), chance.random() < 0.2)
        for _ in range(60)
    ]  # fmt: skip
    stepwise, at_once = networks("a"), networks("b")
    for number, (_, code, local_id, title, year, deleted) in enumerate(steps):
        for network in (stepwise, at_once):
            if deleted:
                network.put(code, local_id, deleted=True)
            else:
                network.put(code, local_id, title, creator="ก ข", year=year)
        if number % 5 == 4:
            stepwise.index()
    at_once.index()
    stepwise.index()
    assert stepwise.titles() == at_once.titles()
    ids = set(stepwise.documents())
    stepwise.index(rebuild=True)
    assert stepwise.titles() == at_once.titles()
    assert set(stepwise.documents()) == ids, "a rebuild gives no new ids"


@pytest.mark.parametrize("engine", ["tantivy", "whoosh", "memory"])
def test_a_reader_sees_the_next_generation_without_being_restarted(networks: "Networks", engine: str) -> None:
    network = networks(engine=engine)
    network.put("kku", "1", "เสือ")
    network.index()
    reader = network.catalogue
    assert reader.search(Query("เสือ")).total == 1
    network.put("kku", "2", "เสือ ดาว")
    network.index()
    assert reader.search(Query("เสือ")).total == 2, "brought up to date"
    network.put("kku", "1", deleted=True)
    network.index(rebuild=True)
    assert reader.search(Query("เสือ")).total == 1, "a new generation"
    assert len(list((network.home / "index").glob("0*"))) <= 2


def test_a_killed_build_leaves_the_live_index_and_the_next_completes_it(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(network)
    network.index()
    network.put("kku", "9", "ช้าง")
    with monkeypatch.context() as patch:
        patch.setattr("search.generation.Generations._sign", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            network.index(rebuild=True)
    assert network.catalogue.search(Query("ข้างหลังภาพ")).total == 1
    network.index()
    assert network.catalogue.search(Query("ช้าง")).total == 1


def test_an_index_of_another_version_is_refused_with_the_command_that_helps(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EngineError, match="there is no index yet: run `sahaban index`"):
        network.catalogue.search(Query("x"))
    fill(network)
    network.index()
    monkeypatch.setattr("search.text.VERSION", "other")
    with pytest.raises(EngineError, match=r"of another version .* run `sahaban index --rebuild`"):
        network.catalogue.search(Query("x"))
    with pytest.raises(EngineError, match="--rebuild"):
        network.index()
    network.index(rebuild=True)
    assert network.catalogue.search(Query("เสือ")).total == 1


def test_two_builds_at_once_are_refused(network: Network) -> None:
    with FileLock(network.home / "index.lock"), pytest.raises(Busy):
        network.index()


def test_a_member_and_a_field_are_one_table_each(install: Install) -> None:
    """The twelfth member and the nineteenth field: a table each, and a record is found by the new field."""
    installation = install(member("school", protocol="file", path="drop", format="sheet"))
    (installation.directory / "drop").mkdir()
    rows = [["ชื่อเรื่อง", "ผู้แต่ง", "ผู้วาดภาพประกอบ"], ["นิทานเสือ", "ก", "ช่วง มูลพินิจ"]]
    (installation.directory / "drop/books.csv").write_bytes(csv_bytes(rows))
    sahaban_run(installation.directory, installation.home, "harvest", "index")
    fields = installation.directory / "fields.toml"
    illustrator = '\n[illustrator]\nlabel.th = "ผู้วาด"\nlabel.en = "Illustrator"\nmarc = "700a"\nsheet = ["ผู้วาดภาพประกอบ"]\nanalyser = "name"\nweight = 2\nfacet = true\n'
    fields.write_text(fields.read_text(encoding="utf-8") + illustrator, encoding="utf-8")
    sahaban_run(installation.directory, installation.home, "index --rebuild")
    tables = read(installation.directory, sahaban.known(), {})
    catalogue = Catalogue(tables, installation.database, installation.home)
    for typed in ("illustrator:มูลพินิจ", "ผู้วาด:ช่วง", "ช่วง มูลพินิจ"):
        page = catalogue.search(Query(typed))
        assert [hit.document.first("title") for hit in page.hits] == ["นิทานเสือ"], typed
    assert page.facets["illustrator"] == (("ช่วง มูลพินิจ", 1),)
    assert page.facets["member"] == (("school", 1),)


def sahaban_run(directory: Path, home: Path, *commands: str) -> None:
    import subprocess
    import sys

    for command in commands:
        arguments = [
            sys.executable,
            str(ROOT / "sahaban.py"),
            "--config",
            str(directory),
            "--home",
            str(home),
            *command.split(),
        ]
        subprocess.run(arguments, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("file", "raw"),
    [("current", b"\xff\xfe"), ("current", b"000099"), ("current", b""), ("000001/generation.json", b"{")],
)
def test_a_damaged_index_is_built_again_by_the_next_index(network: Network, file: str, raw: bytes) -> None:
    fill(network)
    network.index()
    (network.home / "index" / file).write_bytes(raw)
    with pytest.raises(EngineError, match="run `sahaban index"):
        network.catalogue.search(Query("x"))
    network.index()
    assert network.catalogue.search(Query("เสือ")).total == 1
