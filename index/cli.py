"""The index's command line: index and status."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config import database
from config.installation import Installation
from config.tables import Tables
from harvest import wording
from harvest.cli import BUSY, DONE, PERSON
from harvest.run import SHOWN
from harvest.store import Standing, Store
from harvest.trouble import Trouble, troubles
from index.build import Built, Busy, Index
from index.night import kept
from index.night.report import Report, minute, verdict
from search.engines import EngineError
from search.service import Catalogue


@click.command("index")
@click.option(
    "--rebuild", is_flag=True, help="Everything anew, beside the live index: after a change of tables or program."
)
@click.pass_obj
def index(installation: Installation, rebuild: bool) -> None:
    """Bring titles, documents and the engine up to date with the record store."""
    try:
        click.echo(build(installation, rebuild).said.en)
    except Busy as error:
        click.echo(f"{error}; wait for it", err=True)
        sys.exit(BUSY)


def build(installation: Installation, rebuild: bool = False) -> Built:
    """Index with progress on a terminal. Raises Busy; an index that cannot be used is a one-line error."""
    with progress() as tell:
        try:
            return Index(installation.tables, installation.database, installation.home, tell).run(rebuild)
        except EngineError as error:
            raise click.ClickException(str(error)) from error


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Progress on a terminal, silence in a log: to be told a step, how much is done, and of how many."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as shown:
        yield _teller(shown)


def _teller(progress: Progress) -> Callable[[str, int, int | None], None]:
    tasks: dict[str, Any] = {}

    def tell(step: str, done: int, of: int | None) -> None:
        if step not in tasks:
            tasks[step] = progress.add_task(step, total=of)
        progress.update(tasks[step], completed=done, total=of)

    return tell


@click.command("status")
@click.argument("member", required=False)
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(installation: Installation, member: str | None, as_data: bool) -> None:
    """Every member: live, deleted and quarantined records, the last run, and what to do if something is wrong.

    With MEMBER only that one, its last runs, what was learned about its sources, what waits in its quarantine, where it
    stood and why, and what was mended in its records.
    """
    tables = installation.tables
    store = Store(installation.database)
    standings = store.standings()
    if member is not None:
        if member not in tables.members and member not in standings:
            raise click.UsageError(f"no member {member}; members are {', '.join(tables.members)}")
        standing = standings.get(member, Standing())
        if as_data:
            click.echo(msgspec.json.encode(_all_of(member, standing, store, tables)).decode())
        else:
            _tell_of(member, standing, store, tables)
        return
    members = {
        code: standings.get(code, Standing()) for code in [*tables.members, *sorted({*standings} - {*tables.members})]
    }
    waiting = _waiting(members, store, tables)
    night = kept.last(installation.home)
    late = kept.overdue(night, database.now())
    catalogue = Catalogue(tables, installation.database, installation.home)
    if as_data:
        shown = {code: _data(standing, waiting[code]) for code, standing in members.items()}
        data: dict[str, Any] = {"members": shown, "titles": catalogue.titles(), "engine": tables.settings.engine}
        if night:
            told = {"started": night.started, "finished": night.finished, "outcome": night.outcome, "overdue": late}
            data["night"] = told
        click.echo(msgspec.json.encode(data).decode())
    else:
        for code, standing in members.items():
            click.echo(member_line(code, standing, tables, waiting[code]))
        click.echo(f"{catalogue.titles()} titles in {tables.settings.engine}; {_index_said(catalogue)}")
        if night:
            click.echo(_night_line(night, late, installation))
    sys.exit(PERSON if late or any(waiting.values()) else DONE)


def _tell_of(member: str, standing: Standing, store: Store, tables: Tables) -> None:
    """All that is known of one member; of its quarantine the first few."""
    language = tables.settings.language
    click.echo(member_line(member, standing, tables, _waiting({member: standing}, store, tables)[member]))
    for number, kept_back, run in store.runs(member):
        undoable = "" if kept_back else " (cannot be undone)"
        said = wording.run_line(member, run).partition(": ")[2]
        click.echo(f"  run {number}, {minute(run.started, 'en')}: {said}{undoable}")
    for source, learned in store.learned(member).items():
        click.echo(f"  {source}{'' if source in _sources(member, tables) else ' (members.toml no longer names it)'}")
        for sentence in learned.said(language):
            click.echo(f"    {wording.one_line(sentence)}")
    aside = store.quarantined(member)
    for place, reason, raw in aside[:SHOWN]:
        click.echo(f"  {wording.aside(place, reason)} ({len(raw)} bytes are kept)")
    if len(aside) > SHOWN:
        click.echo(f"  … and {len(aside) - SHOWN:,} more in quarantine: sahaban status {member} --json")
    for repairs, count in store.repaired(member).items():
        click.echo(f"  {count} repaired: {wording.repaired(repairs.split(), language)}")


def _all_of(member: str, standing: Standing, store: Store, tables: Tables) -> dict[str, Any]:
    """The same for a program, whole."""
    runs = [{"run": n, "undoable": kept, **msgspec.structs.asdict(run)} for n, kept, run in store.runs(member)]
    sources = {
        source: {"named": source in _sources(member, tables), "learned": learned.said(tables.settings.language)}
        for source, learned in store.learned(member).items()
    }
    quarantine = [
        {"place": place, "reason": reason, "reason_th": wording.in_thai(reason), "bytes": len(raw)}
        for place, reason, raw in store.quarantined(member)
    ]
    waiting = _waiting({member: standing}, store, tables)[member]
    return _data(standing, waiting) | {
        "member": member, "runs": runs, "sources": sources,
        "quarantine": quarantine, "repaired": store.repaired(member),
    }  # fmt: skip


def _sources(member: str, tables: Tables) -> set[str]:
    """The keys of the sources that a member has now."""
    return {source.key for source in tables.members[member].source} if member in tables.members else set()


def _waiting(members: Mapping[str, Standing], store: Store, tables: Tables) -> dict[str, list[Trouble]]:
    """What waits for a person at each member; one that is no longer in the table is left in peace."""
    histories, known = store.histories(), tables.members
    return {
        code: troubles(known[code], standing, histories.get(code, []), tables.settings) if code in known else []
        for code, standing in members.items()
    }


def _data(standing: Standing, waiting: list[Trouble]) -> dict[str, Any]:
    """A standing with what waits at it, where something does."""
    data: dict[str, Any] = msgspec.structs.asdict(standing)
    return data | {"troubles": waiting} if waiting else data


def member_line(code: str, standing: Standing, tables: Tables, waiting: Sequence[Trouble] = ()) -> str:
    """One member in one line, with what is wrong and the next step."""
    counts = f"{code}: {standing.live} live, {standing.deleted} deleted, {standing.quarantined} quarantined"
    run = standing.last_run
    if run is None:
        member = tables.members.get(code)
        return f"{counts}; never harvested" + ("" if member and member.source else ": it has no source yet")
    when = minute(run.finished or run.started, "en")
    said = f"{counts}; last run {when}: {wording.run_line(code, run).partition(': ')[2]}"
    if run.outcome == "failed" and not (code in tables.members and tables.members[code].source):
        return f"{said}; it has no source now"
    for trouble in waiting:
        known = trouble.kind in ("failed", "held", "foreign")  # the run's own words say it
        what, step = trouble.said, trouble.step
        said += f"; {step.en}" if known else f"; {what.en}: {step.en}"
        if tables.settings.language == "th":
            said += f" · {step.th}" if known else f" · {what.th}: {step.th}"
    return wording.one_line(said)


def _night_line(night: Report, late: int, installation: Installation) -> str:
    words = verdict(night)
    told = f"{words.en} · {words.th}" if installation.tables.settings.language == "th" else words.en
    when = minute(night.finished, "en")
    said = f"last night {when}: {told}; {kept.reports(installation.home) / 'last.html'}"
    return f"{said}; no night for {late} days: does its timer run?" if late else said


def _index_said(catalogue: Catalogue) -> str:
    try:
        catalogue.engine()
    except EngineError as error:
        return str(error)
    return "the index is there"
