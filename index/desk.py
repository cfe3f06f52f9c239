"""The desk's command line: why, same, different, undecide, review, decisions."""

import getpass
import io
import shutil
import sys
from collections.abc import Callable, Iterator
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
from index.decisions import Decision
from index.look import Desk, End, Look, MatchError
from index.match.reasons import said

T = TypeVar("T")

SHOWN = (
    "title", "creator", "contributor", "publisher", "place", "year", "edition", "volume", "extent",
    "series", "isbn", "issn", "language", "material",
)  # fmt: skip
TOLD = 5  # pairs that an answer names
STANDARD = Path("-")  # standard output, or input
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
    "waiting": ("รอพิจารณาทั้งหมด {} คู่ แสดง {} คู่", "{} pairs wait in all, {} are shown"),
    "you decided": ("{who} ตัดสินว่า{verdict}: {pairs}", "{who} decided {verdict}: {pairs}"),
    "and": ("{} กับ {}", "{} and {}"),
    "more": (" และอีก {} คู่", " and {} more pairs"),
    "replaced": (
        "แทนคำตัดสินเดิม: {pair} ซึ่ง {who} ตัดสินเมื่อ {moment} ว่า{verdict}",
        "in place of: {pair}, which {who} decided on {moment}: {verdict}",
    ),
    "refused": (
        "ไม่รับ: {pair} ซึ่ง {given} ตัดสินว่า{other} เพราะ {who} ตัดสินเมื่อ {moment} ว่า{verdict}",
        "not taken in: {pair}, {given} decided: {other}; {who} decided on {moment}: {verdict}",
    ),
    "now one": (
        "ขณะนี้เป็นรายการ {} แล้ว สั่ง `sahaban index` เพื่อให้ปรากฏในการสืบค้น",
        "they are title {} now; `sahaban index` brings it into the catalogue",
    ),
    "now more": (
        "ขณะนี้เป็น {} รายการ: {} สั่ง `sahaban index` เพื่อให้ปรากฏในการสืบค้น",
        "they are {} titles now: {}; `sahaban index` brings them into the catalogue",
    ),
    "taken back": (
        "ยกเลิกแล้ว: {pair} ซึ่ง {who} ตัดสินเมื่อ {moment} ว่า{verdict}",
        "taken back: {pair}, which {who} decided on {moment}: {verdict}",
    ),
    "undecided": ("ยังไม่มีคำตัดสินของ {} กับ {}", "nothing was decided of {} and {}"),
    "written": ("เขียนคำตัดสิน {} รายการลงใน {} แล้ว", "{} decisions written to {}"),
    "taken in": ("คำตัดสินใหม่ {} รายการ มีอยู่แล้ว {} รายการ", "{} decisions are new, {} were known"),
    "conflicts": (
        "ขัดแย้งกับคำตัดสินที่มีอยู่ {} รายการ (แทนที่ {} ไม่รับ {})",
        "{} contradict what was decided here ({} took its place, {} were not taken in)",
    ),
    "nowhere": ("ยังไม่พบระเบียนของคำตัดสิน {} รายการ", "{} wait for records that are not here"),
    "index": ("สั่ง `sahaban index` เพื่อให้ปรากฏในการสืบค้น", "`sahaban index` brings them into the catalogue"),
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
    click.echo(msgspec.json.encode(as_json(look, tables)).decode() if as_data else shown(look, installation))


@click.command("review")
@click.option("--size", type=click.IntRange(1, 1000), default=10, help="How many pairs.")
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@click.pass_obj
def review(installation: Installation, size: int, as_data: bool) -> None:
    """What waits for a person, worst first: links that contradict others, and records that may be one title."""
    tables = installation.tables
    language = tables.settings.language
    desk = Desk(installation.database)
    found = _asked(lambda: desk.queue(size))
    if as_data:
        pairs = [{"kind": kind} | as_json(look, tables) for kind, look in found]
        click.echo(msgspec.json.encode({"pairs": pairs, "waiting": desk.waiting()}).decode())
        return
    for number, (kind, look) in enumerate(found, 1):
        heading = _word("contradiction" if kind == "contradiction" else "waits", language)
        click.echo(f"{number}. {heading}\n{shown(look, installation)}\n")
    click.echo(_word("waiting", language).format(desk.waiting(), len(found)) if found else _word("nothing", language))


def _asked(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except MatchError as error:
        raise click.UsageError(str(error)) from error


def shown(look: Look, installation: Installation) -> str:
    """Both records, the judgement with its reasons, the decision, and where they stand."""
    tables = installation.tables
    language = tables.settings.language
    judgement = look.judgement
    grid = Table(box=None, padding=(0, 2, 0, 0), show_header=True, header_style="")
    for heading in ("", "/".join(look.a.key), "/".join(look.b.key)):
        grid.add_column(heading, overflow="fold")
    for name in SHOWN:
        given = [record.values.get(name, ()) for record in (look.a, look.b)]
        cells = ["; ".join(installation.named(name, value, language) for value in values) for values in given]
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
        lines.append(_decision("decided", look.decision, language))
        lines += [f"  {look.decision.note}"] if look.decision.note else []
    lines.append(_standing(look, language))
    return "\n".join(lines)


def _decision(sentence: str, decision: Decision, language: str, **more: str) -> str:
    told = {"who": decision.who, "moment": decision.moment, "verdict": _word(decision.verdict, language)}
    return _word(sentence, language).format(**told, **more)


def _pair(a: str, b: str, language: str) -> str:
    return _word("and", language).format(a, b)


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
    by, language = who or _login(), installation.tables.settings.language
    with database.writing(installation.database) as connection:
        held = [found for found in decisions.between(connection, a.records, b.records) if found[2].verdict != verdict]
        decisions.decide(connection, pairs, verdict, by, note)
    told = ", ".join(_pair(*pair, language) for pair in pairs[:TOLD]) + _more(len(pairs), language)
    click.echo(_word("you decided", language).format(who=by, verdict=_word(verdict, language), pairs=told))
    for x, y, decision in held[:TOLD]:
        click.echo(_decision("replaced", decision, language, pair=_pair(x, y, language)) + _note(decision))
    if len(held) > TOLD:
        click.echo(_more(len(held), language).strip())
    _report(desk, a, b, language)


def _report(desk: Desk, a: End, b: End, language: str) -> None:
    """What became of it."""
    titles = desk.ledger.titles_of([*a.records, *b.records])
    now = sorted(set(titles.values()))
    if len(now) == 1:
        click.echo(_word("now one", language).format(now[0]))
        return
    click.echo(_word("now more", language).format(len(now), ", ".join(now)))
    because = desk.because(titles[a.records[0]], titles[b.records[0]])
    if because and a.records != b.records:
        click.echo(_word("because", language).format(*because))


def _more(count: int, language: str) -> str:
    return _word("more", language).format(count - TOLD) if count > TOLD else ""


def _note(decision: Decision) -> str:
    return f" ({decision.note})" if decision.note else ""


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
    desk, language = Desk(installation.database), installation.tables.settings.language
    a, b = _asked(lambda: (desk.end(one), desk.end(two)))
    with database.writing(installation.database) as connection:
        found = decisions.between(connection, a.records, b.records)
        decisions.take_back(connection, [(x, y) for x, y, _ in found])
    if not found:
        raise click.UsageError(_word("undecided", language).format(one, two))
    for x, y, decision in found:
        click.echo(_decision("taken back", decision, language, pair=_pair(x, y, language)))
    _report(desk, a, b, language)


# ── as a file ────────────────────────────────────────────────────────────────────────────────────


@click.group("decisions")
def group() -> None:
    """Decisions as a file (CSV), to be kept elsewhere and taken in again."""


@group.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.pass_obj
def export(installation: Installation, file: Path) -> None:
    """Write all decisions into FILE; "-" is standard output."""
    Desk(installation.database)
    out = io.StringIO(newline="")
    with installation.database.connect() as connection:
        count = decisions.write(connection, out)
    if file == STANDARD:
        click.echo(out.getvalue(), nl=False)
        return
    try:
        file.write_text(out.getvalue(), encoding="utf-8-sig", newline="")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}") from error
    click.echo(_word("written", installation.tables.settings.language).format(count, file))


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.pass_obj
def import_(installation: Installation, file: Path) -> None:
    """Take decisions in from FILE ("-" is standard input). What is there already stays, unless it is older; what
    contradicts it and lines that make no sense are named."""
    Desk(installation.database)
    try:
        raw = sys.stdin.buffer.read() if file == STANDARD else file.read_bytes()
        given = io.StringIO(raw.decode("utf-8-sig"), newline="")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file} is not in UTF-8: save it as CSV UTF-8") from error
    with database.writing(installation.database) as connection:
        taken = decisions.read(connection, given)
    if not taken.faults or taken.new or taken.known or taken.refused:
        for line in _taken(taken, installation.tables.settings.language):
            click.echo(line)
    for fault in taken.faults:
        click.echo(f"{file}: {fault}", err=True)
    sys.exit(1 if taken.faults else 0)


def _taken(taken: decisions.Taken, language: str) -> Iterator[str]:
    said = [_word("taken in", language).format(taken.new, taken.known)]
    if conflicts := len(taken.replaced) + len(taken.refused):
        said.append(_word("conflicts", language).format(conflicts, len(taken.replaced), len(taken.refused)))
    said.append(_word("nowhere", language).format(taken.nowhere) if taken.nowhere else _word("index", language))
    yield "; ".join(said)
    for old, new in taken.replaced:
        yield "  " + _decision("replaced", old, language, pair=_pair(new.a, new.b, language))
    for old, new in taken.refused:
        other = {"given": new.who, "other": _word(new.verdict, language)}
        yield "  " + _decision("refused", old, language, pair=_pair(new.a, new.b, language), **other)
