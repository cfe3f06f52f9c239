"""The command that checks a purchase list."""

import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.installation import Installation
from config.tables import Tables, Text
from index.check import lists
from index.check.check import NOT_HELD, VERDICTS, Report, Result
from index.check.columns import LINE
from index.check.lists import List, ListError
from index.check.report import FORMS, Reader
from index.check.service import NothingHeld, check_of

SAID: dict[str, Text] = {
    "rows": Text(th="{0} แถว: {1}", en="{0} rows: {1}"),
    "repeated": Text(th="ซ้ำกันในรายการ: {0} แถว", en="repeated in the list: {0}"),
    "left": Text(th="ไม่ใช่ชื่อเรื่อง จึงไม่ได้ตรวจ: แถวที่ {0}", en="no titles, left out: row {0}"),
    "saved": Text(th="ประหยัดได้ {0:,.2f} จาก {1:,.2f} {2}", en="saved: {0:,.2f} of {1:,.2f} {2}"),
    "unread": Text(th="อ่านไม่ได้ {0} ระเบียน; ระเบียนที่ {1}: {2}", en="{0} records cannot be read; record {1}: {2}"),
    "guessed": Text(
        th="ไม่พบแถวหัวตารางที่รู้จัก จึงดูคอลัมน์จากเนื้อหา: {0} ถ้าไม่ถูกต้อง ให้ระบุเอง เช่น --column 1=title",
        en="no header row is known; the columns were told by what is in them: {0}; if that is wrong: --column 1=title",
    ),
    "report": Text(th="รายงาน: {0}", en="report: {0}"),
}
WIDE = 70  # letters of a title in a line
LEFT_SHOWN = 5  # rows that are no titles


@click.command("check")
@click.argument("path", metavar="LIST", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="REPORT",
              help="Write the report there: .xlsx, .csv or .json.")  # fmt: skip
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@click.option("--column", "named", multiple=True, metavar="WHICH=MEANING",
              help="A column by header, number or letter: 2=title, ราคาสุทธิ=price; may come again.")  # fmt: skip
@click.option(
    "--language",
    type=click.Choice(["th", "en"]),
    help="Of what is printed and of the report (default: language of settings.toml).",
)
@click.pass_obj
def command(
    installation: Installation, path: Path, out: Path | None, as_data: bool, named: tuple[str, ...],
    language: str | None,
) -> None:  # fmt: skip
    """Check a purchase list against every member's holdings.

    LIST is CSV, Excel, ODS, ISO 2709, MARCXML or plain text, a title a line; "-" reads it from standard input.
    The exit code is 1 where some of its records cannot be read.
    """
    tables = installation.tables
    form = out.suffix.lower().removeprefix(".") if out else ""
    if out and form not in FORMS:
        raise click.UsageError(f"--out: {out.name}: a report is {', '.join(f'.{suffix}' for suffix in FORMS)}")
    try:
        given = _named(_read(path, tables), named, tables)
        report = _checked(installation, given)
    except ListError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except NothingHeld as error:
        raise click.ClickException(str(error)) from error
    reader = Reader(tables, language or tables.settings.language, tables.settings.title_address)
    for guess in () if named else _guesses(given, tables, reader.language):
        click.echo(_say("guessed", reader, guess), err=True)
    if out:
        try:
            out.write_bytes(FORMS[form].write(report, reader))
        except OSError as error:
            raise click.ClickException(f"{out}: cannot be written: {error.strerror}") from error
    if as_data:
        click.echo(FORMS["json"].write(report, reader).decode())
    else:
        click.echo("\n".join(_said(report, reader, brief=out is not None)))
        if out:
            click.echo(_say("report", reader, out))
    if report.broken:
        sys.exit(1)


def _read(path: Path, tables: Tables) -> List:
    if str(path) == "-":
        return lists.read(sys.stdin.buffer.read(), lists.PASTED, tables.fields)
    try:
        return lists.read(path.read_bytes(), path.name, tables.fields)
    except IsADirectoryError as error:
        raise ListError(f"{path}: is a directory; name a file in it") from error
    except OSError as error:
        raise ListError(f"{path}: cannot be read: {error.strerror}; check the path") from error


def _named(given: List, named: Sequence[str], tables: Tables) -> List:
    """The list with the meanings that were given by hand."""
    if not named:
        return given
    meanings = [list(table.columns) for table in given.tables]
    for pair in named:
        which, equals, meaning = pair.rpartition("=")
        if not equals:
            raise click.UsageError(f"--column: write WHICH=MEANING, as in 1=title, not {pair}")
        found = [(n, at) for n, table in enumerate(given.tables) if (at := _place(which, table.headers)) is not None]
        if not found:
            seen = ", ".join(h for table in given.tables for h in table.headers if h) or "no header row"
            raise ListError(
                f"{given.name}: no column {which} ({seen}); name it by its header, its number or its letter"
            )
        for n, at in found:
            meanings[n][at] = meaning
    return lists.arranged(given, meanings, tables.fields)


def _place(which: str, headers: Sequence[str]) -> int | None:
    """Where a column stands: by its header, its number from 1 or its letter."""
    if which in headers:
        return headers.index(which)
    number = int(which) if re.fullmatch(r"[0-9]{1,3}", which) else 0
    if re.fullmatch(r"[A-Za-z]", which):
        number = ord(which.upper()) - 64
    return number - 1 if 0 < number <= len(headers) else None


def _guesses(given: List, tables: Tables, language: str) -> Iterator[str]:
    """The columns of each table that has no header row and more than lines."""
    for table in given.tables:
        if not any(table.headers) and LINE not in table.columns:
            told = [(n, tables.fields.get(meaning)) for n, meaning in enumerate(table.columns, 1)]
            columns = ", ".join(f"{n} = {field.label.in_language(language)}" for n, field in told if field)
            yield f"{table.name}: {columns}" if table.name else columns


def _checked(installation: Installation, given: List) -> Report:
    """Check with a progress bar on a terminal."""
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*bar, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("check", total=len(given))
        check = check_of(installation.tables, installation.database)
        return check.run(given, lambda done, of: progress.update(task, completed=done, total=of))


def _say(word: str, reader: Reader, *values: object) -> str:
    return SAID[word].in_language(reader.language).format(*values)


def _said(report: Report, reader: Reader, brief: bool) -> Iterator[str]:
    """The summary for people; and without a report the rows that somebody should look at."""
    if not brief:
        yield from (_line(result, reader) for result in report.results if result.verdict != NOT_HELD)
        yield ""
    counts = ", ".join(f"{reader.verdict(verdict)} {report.summary[verdict]}" for verdict in VERDICTS)
    yield _say("rows", reader, len(report.results), counts)
    if report.duplicates:
        yield _say("repeated", reader, report.duplicates)
    if report.left:
        more = " …" if len(report.left) > LEFT_SHOWN else ""
        yield _say("left", reader, "; ".join(map(reader.left, report.left[:LEFT_SHOWN])) + more)
    for currency, amount in report.saved.items():
        yield _say("saved", reader, amount, report.asked[currency], reader.currency(currency))
    if report.broken:
        number, why = report.broken[0]
        yield _say("unread", reader, len(report.broken), number, reader.why_unread(why))


def _line(result: Result, reader: Reader) -> str:
    place = f"{result.sheet} {result.number}" if result.sheet else str(result.number)
    relation = result.matches[0].relation
    what = f" ({reader.relation(relation)})" if relation else ""
    title = result.first("title") or result.first("isbn") or result.typed
    title = title if len(title) <= WIDE else f"{_cut(title)}…"
    return f"{place}. {reader.verdict(result.verdict)}{what}: {title} · {', '.join(result.members)}"


def _cut(title: str) -> str:
    """Never between a Thai letter and its marks."""
    at = WIDE - 1
    while at and unicodedata.category(title[at]) == "Mn":
        at -= 1
    return title[:at].rstrip()
