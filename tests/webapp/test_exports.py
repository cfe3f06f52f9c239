"""The same answers as files: JSON, RIS for reference managers, CSV for spreadsheets."""

import csv
import io
import json
import os
from pathlib import Path

import msgspec
import pytest
from flask.testing import FlaskClient

from config.cells import FORMULA, safe
from config.tables import Tables
from search.answer import as_json
from search.question import Query
from search.service import Catalogue
from tests.conftest import ROOT
from webapp.formats import FORMATS


@pytest.mark.parametrize("extension", FORMATS)
def test_a_title_as_a_file(client: FlaskClient, golden: Path, extension: str) -> None:
    """``SAHABAN_GOLDEN=write`` writes the files anew; read the difference before it is kept."""
    response = client.get(f"/title/t-everything.{extension}")
    assert response.content_type == FORMATS[extension].content_type
    file = golden / f"t-everything.{extension}"
    if os.environ.get("SAHABAN_GOLDEN") == "write":
        file.write_bytes(response.data)
    assert response.data == file.read_bytes()


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("language", ["", "/en"])
def test_every_format_is_offered_on_both_pages_and_answers(client: FlaskClient, extension: str, language: str) -> None:
    for path in ("/title/t-everything", "/search?q=ชุมชน&page=2&size=7&member=kku"):
        page = client.get(language + path).text
        offered = next(part for part in page.split('href="') if f".{extension}" in part.split('"')[0]).split('"')[0]
        response = client.get(offered.replace("&amp;", "&"))
        assert response.status_code == 200
        assert response.data
        assert ("attachment" in response.headers.get("Content-Disposition", "")) == FORMATS[extension].attachment


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("id_", ["t-empty", "t-script", "t-strange-codes"])
def test_a_title_of_which_little_is_known(client: FlaskClient, extension: str, id_: str) -> None:
    assert client.get(f"/title/{id_}.{extension}").status_code == 200


def test_the_file_of_an_answer_holds_the_hits_of_its_page(client: FlaskClient, catalogue: Catalogue) -> None:
    asked = "q=ชุมชน&member=kku&sort=title&size=7&page=2"
    query = Query(text="ชุมชน", filters=(("member", ("kku",)),), sort="title", size=7, page=2)
    page = catalogue.search(query)
    ids = [hit.document.id for hit in page.hits]
    assert len(ids) == 7
    assert client.get(f"/search.json?{asked}").json == json.loads(msgspec.json.encode(as_json(page)))
    rows = list(csv.reader(io.StringIO(client.get(f"/search.csv?{asked}").text.removeprefix("\ufeff"))))
    assert [row[0] for row in rows[1:]] == ids
    ris = client.get(f"/search.ris?{asked}").text
    assert [line[6:] for line in ris.splitlines() if line.startswith("ID  - ")] == ids


def test_a_thai_author_stays_whole_and_the_year_is_ce(client: FlaskClient) -> None:
    lines = client.get("/title/t-everything.ris").data.decode().split("\r\n")
    assert "AU  - สุพัฒน์ ส่องแสงจันทร์" in lines
    assert "PY  - 2017" in lines
    assert "N1  - พ.ศ. 2560" in lines
    assert lines[0] == "TY  - BOOK"
    assert lines[-2:] == ["ER  - ", ""]
    assert "UR  - http://localhost/title/t-everything" in lines


def test_a_line_break_in_a_value_begins_no_line() -> None:
    from webapp.formats.ris import one_line

    assert one_line("ก\r\nER  - \n ข") == "ก ER - ข"


@pytest.mark.parametrize("first", FORMULA)
def test_no_cell_runs_as_a_formula(first: str) -> None:
    assert safe(f"{first}cmd|'/c calc'!A1").startswith("'")
    assert safe(f"ก{first}") == f"ก{first}"


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\ufeff", "\u2060\u200d", " \u00ad", "\u3000", "\u200e", "\x00", "\u2028"]
)
def test_what_nobody_sees_hides_no_formula(unseen: str) -> None:
    assert safe(f"{unseen}=1+1") == f"'{unseen}=1+1"
    assert safe(f"{unseen}เสือ") == f"{unseen}เสือ"
    assert safe("") == ""


def test_a_sheet_opens_in_excel_with_headers_in_the_readers_language(client: FlaskClient, tables: Tables) -> None:
    assert client.get("/search.csv").data.startswith(b"\xef\xbb\xbf")
    for prefix, year, buddhist in (("", "ปีพิมพ์ (ค.ศ.)", "ปีพิมพ์ (พ.ศ.)"), ("/en", "Year (C.E.)", "Year (B.E.)")):
        text = client.get(f"{prefix}/title/t-everything.csv").data.decode("utf-8-sig")
        header, row = csv.reader(io.StringIO(text))
        held = dict(zip(header, row, strict=True))
        assert (held[year], held[buddhist]) == ("2017", "2560")
        assert len(header) == len(set(header)) == len(tables.fields) + 5
        assert "'=SUM(A1:A9)" in row


def test_every_format_says_which_file_writes_it() -> None:
    files = {path.stem for path in (ROOT / "webapp" / "formats").glob("*.py")} - {"__init__"}
    assert files == {row.module for row in FORMATS.values()}
    for row in FORMATS.values():
        assert callable(row.writer().write)


def test_an_unknown_member_is_told_by_its_code(client: FlaskClient) -> None:
    assert "gone-member" in client.get("/title/t-strange-codes.csv").text
    assert "AV  - gone-member" in client.get("/title/t-strange-codes.ris").text
