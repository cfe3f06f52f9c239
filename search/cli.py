"""The search on the command line: the same as on the pages."""

from collections.abc import Iterator

import click
import msgspec

from config import values
from config.installation import Installation
from search.answer import as_json
from search.engines import EngineError
from search.question import ANY, CALL_NUMBER, MAX_SIZE, SORTS, Document, Page, Query
from search.service import Catalogue

SAID = {
    "trigrams": "ไม่พบครบทุกคำ แสดงรายการที่มีข้อความนี้ (containing the letters as typed)",
    "folded": "ไม่พบตามที่พิมพ์ แสดงรายการที่ต่างกันเพียงวรรณยุกต์หรือเครื่องหมาย (other tone marks or signs)",
    "some": "ไม่พบครบทุกคำ แสดงรายการที่มีบางคำ (containing some of the words)",
    "spelling": "ไม่พบตามที่พิมพ์ แสดงรายการที่สะกดใกล้เคียง (spelled nearly alike)",
    "keyboard": "ไม่พบตามที่พิมพ์ แสดงผลตามแป้นพิมพ์อีกภาษา (as on the other keyboard layout)",
    "romanised": "ไม่พบตามที่พิมพ์ แสดงผลเป็นอักษรไทย (in Thai letters)",
}
ADVICE = "ลองใช้คำให้น้อยลง หรือตรวจตัวสะกด วรรณยุกต์ และภาษาของแป้นพิมพ์ (try fewer words; check spelling and keyboard)"
INSTEAD = ("spelling", "keyboard", "romanised")  # stages that searched for another text


@click.command("search")
@click.argument("text", nargs=-1, metavar="TEXT")
@click.option(
    "--in", "field", default=ANY, metavar="FIELD", help="Look into this field only (title, creator, subject …)."
)
@click.option("--member", "members", multiple=True, metavar="CODE", help="Only what this member holds; may come again.")
@click.option("--year", default="", metavar="2550-2560", help="Published then, in either era.")
@click.option("--sort", type=click.Choice(SORTS), default="relevance")
@click.option("--size", type=click.IntRange(1, MAX_SIZE), default=20, help="Titles on a page.")
@click.option("--page", type=click.IntRange(1), default=1)
@click.option("--exact", is_flag=True, help="Only what was typed: no other spelling, layout or script in its place.")
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    installation: Installation, text: tuple[str, ...], field: str, members: tuple[str, ...],
    year: str, sort: str, size: int, page: int, exact: bool, as_data: bool,
) -> None:  # fmt: skip
    """Search the catalogue: words, "phrases", AND OR NOT, title:…, การ*, years in either era."""
    tables = installation.tables
    if field not in (ANY, CALL_NUMBER, *tables.fields):
        raise click.UsageError(f"--in: no field {field}; one of {', '.join((*tables.fields, CALL_NUMBER))}")
    if unknown := [code for code in members if code not in tables.members]:
        raise click.UsageError(f"--member: no member {', '.join(unknown)}; one of {', '.join(tables.members)}")
    if year and values.year_range(year) is None:
        raise click.UsageError(f"--year: {year} is no span of years; write 2550-2560 or 2007-2017")
    filters = (("member", members),) if members else ()
    query = Query(" ".join(text), field, filters, year, sort, page, size, exact)
    try:
        answer = Catalogue(tables, installation.database, installation.home).search(query)
    except EngineError as error:
        raise click.ClickException(str(error)) from error
    click.echo(msgspec.json.encode(as_json(answer)).decode() if as_data else _shown(answer))


def _shown(answer: Page) -> str:
    lines = [f"{answer.total} รายการ (titles)"]
    if answer.stage in SAID:
        lines.append(SAID[answer.stage])
    if answer.suggestion and answer.stage in INSTEAD:
        lines.append(f"ค้นหา (searched): {answer.suggestion}  · ตามที่พิมพ์ใช้ (as typed): --exact")
    elif answer.suggestion:
        lines.append(f"หมายถึง (did you mean): {answer.suggestion}")
    if not answer.total:
        lines.append(ADVICE)
    number = (answer.query.page - 1) * answer.query.size
    for hit in answer.hits:
        for document in hit.documents:
            number += 1
            indent = "   " if document is not hit.document else ""
            lines.append("\n" + "\n".join(indent + line for line in _title(number, document)))
    return "\n".join(lines)


def _title(number: int, document: Document) -> Iterator[str]:
    year = document.first("year")
    both = "พ.ศ. {} ({})".format(*values.both_eras(int(year))) if year.isdecimal() else ""
    about = " · ".join(filter(None, ["; ".join(document.all("creator")), document.first("publisher"), both]))
    yield f"{number}. {document.first('title') or '(ไม่มีชื่อเรื่อง)'}"
    if about:
        yield f"   {about}"
    yield f"   {', '.join(document.members)} · {document.id}"
