"""A small catalogue for the pages: titles named for the trouble they hold, and enough others to turn pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

import sahaban
from config.holdings import Holding
from config.installation import Installation
from harvest.packing import Reading
from harvest.record import Parsed, Payload
from harvest.store import Store
from index.ledger import Ledger
from search.question import Document
from search.service import Catalogue
from tests.conftest import ROOT
from webapp.app import create_app

EVERYTHING = Document(
    id="t-everything",
    values={
        "title": ("ประวัติศาสตร์ขอนแก่น : เมืองเก่าและวัดต่าง ๆ",),
        "creator": ("สุพัฒน์ ส่องแสงจันทร์", "มหาวิทยาลัยขอนแก่น. คณะมนุษยศาสตร์และสังคมศาสตร์"),
        "contributor": ("Chris Baker",),
        "publisher": ("สำนักพิมพ์มหาวิทยาลัยขอนแก่น",),
        "place": ("ขอนแก่น",),
        "year": ("2017",),
        "edition": ("พิมพ์ครั้งที่ 2",),
        "extent": ("350 หน้า : ภาพประกอบ ; 26 ซม.",),
        "isbn": ("9786164380943",),
        "language": ("tha", "eng"),
        "material": ("book",),
        "subject": ("ขอนแก่น -- ประวัติศาสตร์", "วัด"),
        "classification": ("959.3",),
        "note": ("=SUM(A1:A9)",),
        "url": ("https://example.ac.th/books/1", "javascript:alert(1)"),
    },
    holdings=(
        Holding(member="kku", library="สำนักหอสมุดกลาง", location="ชั้น 3", call_number="DS589.K4 ส43", barcode="1001"),
        Holding(member="kku", library="สำนักหอสมุดกลาง", location="ชั้น 3", call_number="DS589.K4 ส43", barcode="1002"),
        Holding(member="kku", location="หนังสืออ้างอิง", call_number="อ DS589.K4", copies=1, status="ใช้ในห้องสมุด"),
        Holding(member="kkpl", call_number="959.3 ส43", status="อยู่บนชั้น", link="javascript:alert(2)"),
    ),
    members=("kku", "kkpl", "kkh"),
    records=(("kku", "b1"), ("kkpl", "17"), ("kkh", "<9>")),
)

EDITIONS = tuple(
    Document(
        id=f"t-edition-{number}",
        values={
            "title": (title,),
            "creator": ("ลาว คำหอม",),
            "publisher": (publisher,),
            "year": (year,),
            "language": (language,),
            "material": ("book",),
            "subject": ("เรื่องสั้นไทย",),
        },
        members=members,
        work="w-fa-bo-kan",
    )
    for number, title, publisher, year, language, members in (
        (1, "ฟ้าบ่กั้น", "เกวียนทอง", "1958", "tha", ("kkpl",)),
        (2, "ฟ้าบ่กั้น", "บรรณกิจ", "1969", "tha", ("kku", "kkpl")),
        (3, "ฟ้าบ่กั้น", "แพรวสำนักพิมพ์", "2005", "tha", ("kku",)),
        (4, "ฟ้าบ่กั้น = The politician and other stories", "Silkworm Books", "2001", "eng", ("kku",)),
    )
)

NAMED = (
    EVERYTHING,
    *EDITIONS,
    Document(
        id="t-script",
        values={
            "title": ("<script>alert('ไทย')</script> & <b>วัวชน</b>",),
            "creator": ('"><img src=x onerror=alert(3)>',),
        },
        members=("kktc",),
        records=(("kktc", "x"),),
    ),
    Document(
        id="t-german",
        values={
            "title": ("Grundriß der siamesischen Grammatik",),
            "language": ("ger",),
            "material": ("book",),
            "year": ("1881",),
        },
        members=("kku",),
        holdings=(Holding(member="kku", call_number="PL4163 .E9 1881"),),
    ),
    Document(id="t-empty", values={}, members=("neu",)),
    Document(
        id="t-strange-codes",
        values={"title": ("ตำราใบลาน",), "language": ("xyz",), "material": ("palm leaf",), "year": ("2500-ish",)},
        members=("gone-member",),
    ),
    Document(
        id="t-everywhere",
        values={"title": ("พจนานุกรม ฉบับราชบัณฑิตยสถาน",), "material": ("book",), "language": ("tha",), "year": ("2013",)},
        members=("kku", "kkvc", "kktc", "rmuti", "neu", "cas"),
        holdings=tuple(
            Holding(member=code, call_number="ร 495.91") for code in ("kku", "kkvc", "kktc", "rmuti", "neu")
        ),
    ),
)

MANY = tuple(
    Document(
        id=f"n-{number:03}",
        values={
            "title": (f"การจัดการความรู้ในชุมชน เล่ม {number}",),
            "creator": (f"ผู้แต่งคนที่ {number % 12}",),
            "year": (str(2000 + number % 20),),
            "language": ("eng" if number % 5 == 0 else "tha",),
            "material": ("thesis" if number % 3 == 0 else "book",),
            "subject": ("การจัดการความรู้", f"หัวเรื่องที่ {number % 15}"),
        },
        holdings=(Holding(member=("kku", "bcnkk")[number % 2], call_number=f"658.4 ก{number}", copies=1),),
        members=(("kku", "bcnkk")[number % 2],),
    )
    for number in range(1, 66)
)
LANGUAGE_PREFIXES = ("", "/en")
MERGED_AWAY = "t-merged-away"
VANISHED = "t-vanished"


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The shipped tables, with a record store and a ledger that know a little."""
    made = Installation(ROOT / "config", tmp_path_factory.mktemp("home"), sahaban.known)
    _harvested(Store(made.database))
    Ledger(made.database)
    with made.database.begin() as connection:
        rows = f"('{MERGED_AWAY}', '{EVERYTHING.id}'), ('t-before-that', '{MERGED_AWAY}')"
        connection.execute(text(f"INSERT INTO aliases (old, new) VALUES {rows}"))
        rows = f"('kku b1', '{EVERYTHING.id}', 1), ('kku gone', '{VANISHED}', 0)"
        connection.execute(text(f"INSERT INTO clusters (record, id, live) VALUES {rows}"))
    yield made
    made.database.dispose()


def _harvested(store: Store) -> None:
    """Two records of kku, one of them mended, a failed run of kktc; nothing of anybody else."""
    with store.engine.begin() as connection:
        run = store.begin(connection, "kku")
        mended = {"b1": ("cp874", "end", "<i>"), "b2": ()}
        readings = [
            Reading(Payload(b"<r/>", "1", local_id=local_id), Parsed({"title": ("ก",)}, repairs=repairs))
            for local_id, repairs in mended.items()
        ]
        store.put(connection, run, "kku", "source", "marcxml", "1", readings)
        store.finish(connection, run, "done")
        store.finish(connection, store.begin(connection, "kktc"), "failed", "no answer")
        connection.execute(text("UPDATE runs SET started = '2026-11-22T02:00:00Z', finished = '2026-11-22T02:10:31Z'"))


@pytest.fixture(scope="session")
def catalogue(installation: Installation) -> Iterator[Catalogue]:
    made = Catalogue.of([*NAMED, *MANY], installation.tables, installation.home)
    yield made
    made.documents_store.engine.dispose()


@pytest.fixture(scope="session")
def app(installation: Installation, catalogue: Catalogue) -> Flask:
    return create_app(installation, catalogue, TESTING=True)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def golden() -> Path:
    return Path(__file__).parent / "golden"
