"""The desk's command line: why, same, different, undecide, review, decisions."""

import getpass
import shutil
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from config import database
from config.installation import Installation
from config.tables import Tables
from index import decisions
from index.look import Desk, End, Look, MatchError
from index.match.reasons import said

T = TypeVar("T")

SHOWN = (
    "title", "creator", "contributor", "publisher", "place", "year", "edition", "volume", "extent",
    "series", "isbn", "issn", "language", "material",
)  # fmt: skip
MOST = 400  # pairs of records that are decided at once

# What the desk says, in Thai and English.
WORDS: dict[str, tuple[str, str]] = {
    "same": ("เป็นรายการเดียวกัน", "one title"),
    "related": ("คนละรายการแต่เกี่ยวข้องกัน", "two titles that belong together"),
    "review": ("ยังไม่แน่ชัด ควรให้บรรณารักษ์พิจารณา", "not clear: a person should look"),
    "different": ("คนละรายการ", "two titles"),
    "edition": ("พิมพ์คนละครั้ง", "another edition"),
    "printing": ("พิมพ์ซ้ำคนละครั้ง", "another printing"),
    "volume": ("คนละเล่มในชุดเดียวกัน", "another volume"),
    "binding": ("ต่างกันที่ปก", "another binding"),
    "ebook": ("ฉบับพิมพ์กับหนังสืออิเล็กทรอนิกส์", "print and e-book"),
    "translation": ("คนละภาษา", "a translation"),
    "coedition": ("คนละสำนักพิมพ์", "another publisher's edition"),
    "carrier": ("สื่อคนละชนิด", "another carrier"),
    "set": ("ทั้งชุดกับเล่มเดียว", "a set and one of its volumes"),
    "component": ("ส่วนหนึ่งของอีกรายการ", "a part of the other"),
    "serial": ("วารสารที่ต่อเนื่องกัน", "serials that follow each other"),
    "points": ("{} คะแนน", "{} points"),
    "decided": ("{who} ตัดสินเมื่อ {moment} ว่า{verdict}", "{who} decided on {moment}: {verdict}"),
    "together": ("ขณะนี้อยู่ในรายการเดียวกัน ({})", "they are in one title now ({})"),
    "apart": ("ขณะนี้อยู่คนละรายการ ({} และ {})", "they are in two titles now ({} and {})"),
    "because": ("รวมกันไม่ได้ เพราะ {} กับ {} ขัดแย้งกัน", "they cannot be joined: {} and {} contradict it"),
    "nothing": ("ไม่มีรายการที่รอพิจารณา", "nothing waits for a person"),
    "contradiction": ("ขัดแย้งกัน", "contradiction"),
    "waits": ("รอพิจารณา", "to be looked at"),
}

who = click.option("--who", default="", help="Who decides (default: the login name).")
note = click.option("--note", default="", help="Why; kept with the decision.")


def _word(name: str, language: str) -> str:
    return WORDS[name][0 if language == "th" else 1] if name in WORDS else name


# ── looking ──────────────────────────────────────────────────────────────────────────────────────


@click.command("why")
@click.argument("one", metavar="ID")
@click.argument("two", metavar="ID")
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@click.pass_obj
def why(installation: Installation, one: str, two: str, as_data: bool) -> None:
    """Two records side by side: whether they are one title, and why.

    An ID is that of a title, or a record as MEMBER/NUMBER. Of two titles the two records that are most alike are shown.
    """
    tables = installation.tables
    look = _asked(lambda: Desk(installation.database).look(one, two))
    click.echo(msgspec.json.encode(as_json(look, tables)).decode() if as_data else shown(look, tables))


@click.command("review")
@click.option("--size", type=click.IntRange(1, 1000), default=10, help="How many pairs.")
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@click.pass_obj
def review(installation: Installation, size: int, as_data: bool) -> None:
    """What waits for a person, worst first: links that contradict others, and records that may be one title."""
    tables = installation.tables
    language = tables.settings.language
    found = _asked(lambda: Desk(installation.database).queue(size))
    if as_data:
        pairs = [{"kind": kind} | as_json(look, tables) for kind, look in found]
        click.echo(msgspec.json.encode({"pairs": pairs}).decode())
        return
    for number, (kind, look) in enumerate(found, 1):
        heading = _word("contradiction" if kind == "contradiction" else "waits", language)
        click.echo(f"{number}. {heading}\n{shown(look, tables)}\n")
    if not found:
        click.echo(_word("nothing", language))


def _asked(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except MatchError as error:
        raise click.UsageError(str(error)) from error


def shown(look: Look, tables: Tables) -> str:
    """Both records, the judgement with its reasons, the decision, and where they stand."""
    language = tables.settings.language
    judgement = look.judgement
    grid = Table(box=None, padding=(0, 2, 0, 0), show_header=True, header_style="")
    for heading in ("", "/".join(look.a.key), "/".join(look.b.key)):
        grid.add_column(heading, overflow="fold")
    for name in SHOWN:
        cells = ["; ".join(record.values.get(name, ())) for record in (look.a, look.b)]
        if any(cells):
            label = tables.fields[name].label.in_language(language) if name in tables.fields else name
            grid.add_row(label, *cells)
    console = Console(width=max(80, shutil.get_terminal_size((110, 24)).columns), highlight=False, markup=False)
    with console.capture() as captured:
        console.print(grid)
    verdict = _word(judgement.verdict, language)
    if judgement.relation:
        verdict += f": {_word(judgement.relation, language)}"
    lines = ["\n".join(line.rstrip() for line in captured.get().splitlines())]
    lines.append(f"{verdict} ({_word('points', language).format(judgement.points)})")
    lines += [f"  {reason.points:+4d}  {said(reason, language)}" for reason in judgement.reasons]
    if look.decision:
        told = {"who": look.decision.who, "moment": look.decision.moment}
        lines.append(_word("decided", language).format(verdict=_word(look.decision.verdict, language), **told))
        lines += [f"  {look.decision.note}"] if look.decision.note else []
    lines.append(_standing(look, language))
    return "\n".join(lines)


def _standing(look: Look, language: str) -> str:
    if look.together:
        return _word("together", language).format(look.titles[0])
    lines = [_word("apart", language).format(*look.titles)]
    if look.because:
        lines.append(_word("because", language).format(*look.because))
    return "\n".join(lines)


def as_json(look: Look, tables: Tables) -> dict[str, Any]:
    language, judgement = tables.settings.language, look.judgement
    records = [
        {"record": "/".join(record.key), "title": title, "values": record.values}
        for record, title in zip((look.a, look.b), look.titles, strict=True)
    ]
    return {
        "a": records[0],
        "b": records[1],
        "verdict": judgement.verdict,
        "relation": judgement.relation,
        "points": judgement.points,
        "reasons": [msgspec.structs.asdict(r) | {"said": said(r, language)} for r in judgement.reasons],
        "decision": None if look.decision is None else {
            name: getattr(look.decision, name) for name in ("verdict", "who", "moment", "note")
        },
        "together": look.together,
        "because": look.because,
    }  # fmt: skip


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────


@click.command("same")
@click.argument("one", metavar="ID")
@click.argument("two", metavar="ID")
@who
@note
@click.pass_obj
def same(installation: Installation, one: str, two: str, who: str, note: str) -> None:
    """Decide that two records, or all records of two titles, are one title."""
    _decide(installation, one, two, "same", who, note)


@click.command("different")
@click.argument("one", metavar="ID")
@click.argument("two", metavar="ID")
@who
@note
@click.pass_obj
def different(installation: Installation, one: str, two: str, who: str, note: str) -> None:
    """Decide that two records, or all records of two titles, are not one title."""
    _decide(installation, one, two, "different", who, note)


def _decide(installation: Installation, one: str, two: str, verdict: str, who: str, note: str) -> None:
    desk = Desk(installation.database)
    a, b = _asked(lambda: desk.ends(one, two))
    pairs = list(product(a.records, b.records))
    if len(pairs) > MOST:
        raise click.UsageError(f"{one} and {two} have {len(pairs)} pairs of records; name two of their records")
    by = who or _login()
    with database.writing(installation.database) as connection:
        decisions.decide(connection, pairs, verdict, by, note)
    click.echo(f"{by} decided {verdict}: {', '.join(f'{x} and {y}' for x, y in pairs[:5])}{_more(len(pairs), 5)}")
    _report(desk, a, b)


def _report(desk: Desk, a: End, b: End) -> None:
    """What became of it."""
    titles = desk.ledger.titles_of([*a.records, *b.records])
    now = sorted(set(titles.values()))
    if len(now) == 1:
        click.echo(f"they are title {now[0]} now; `sahaban index` brings it into the catalogue")
        return
    click.echo(f"they are {len(now)} titles now: {', '.join(now)}; `sahaban index` brings them into the catalogue")
    because = desk.because(titles[a.records[0]], titles[b.records[0]])
    if because and a.records != b.records:
        click.echo(f"they cannot be joined: {because[0]} and {because[1]} contradict it")


def _more(count: int, told: int) -> str:
    return f" and {count - told} more pairs" if count > told else ""


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:  # a process without a name
        raise click.UsageError("who decides? add --who NAME") from error


@click.command("undecide")
@click.argument("one", metavar="ID")
@click.argument("two", metavar="ID")
@click.pass_obj
def undecide(installation: Installation, one: str, two: str) -> None:
    """Take back what was decided of two records, or between the records of two titles.

    Where the two IDs are one title by now, all decisions between its records are taken back.
    """
    desk = Desk(installation.database)
    a, b = _asked(lambda: (desk.end(one), desk.end(two)))
    with database.writing(installation.database) as connection:
        found = decisions.between(connection, a.records, b.records)
        decisions.take_back(connection, [(x, y) for x, y, _ in found])
    if not found:
        raise click.UsageError(f"nothing was decided of {one} and {two}")
    for x, y, decision in found:
        click.echo(f"taken back: {x} and {y} were {decision.verdict} ({decision.who}, {decision.moment})")
    _report(desk, a, b)


# ── as a file ────────────────────────────────────────────────────────────────────────────────────


@click.group("decisions")
def group() -> None:
    """Decisions as a file (CSV), to be kept elsewhere and taken in again."""


@group.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def export(installation: Installation, file: Path) -> None:
    """Write all decisions into FILE."""
    Desk(installation.database)
    try:
        with installation.database.connect() as connection, file.open("w", encoding="utf-8-sig", newline="") as out:
            count = decisions.write(connection, out)
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"{count} decisions written to {file}")


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def import_(installation: Installation, file: Path) -> None:
    """Take decisions in from FILE. What is there already stays; lines that make no sense are named."""
    Desk(installation.database)
    try:
        with (
            file.open(encoding="utf-8-sig", newline="") as given,
            database.writing(installation.database) as connection,
        ):
            taken = decisions.read(connection, given)
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file} is not in UTF-8: save it as CSV UTF-8") from error
    click.echo(f"{taken.new} decisions are new, {taken.known} were known; {_nowhere(taken.nowhere)}")
    for fault in taken.faults:
        click.echo(f"{file}: {fault}", err=True)
    sys.exit(1 if taken.faults else 0)


def _nowhere(count: int) -> str:
    return f"{count} wait for records that are not here" if count else "`sahaban index` brings them into the catalogue"
