"""The index's command line: index, nightly, status."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import msgspec
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config import database
from config.installation import Installation
from config.tables import Tables
from harvest import wording
from harvest.cli import BUSY, DONE, PERSON, choose, harvest_all
from harvest.cli import line as run_line
from harvest.store import Standing, Store
from index.build import Built, Busy, Index
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
        click.echo(told(build(installation, rebuild)))
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


def told(built: Built) -> str:
    how = "index built" if built.rebuilt else "index updated"
    return f"{how}: {built.titles} titles; {built.records} records were new, {built.changed} titles changed"


@click.command("nightly")
@click.pass_obj
def nightly(installation: Installation) -> None:
    """Harvest every member, then index, under a lock, with a report."""
    tables = installation.tables
    chosen = choose((), tables)
    installation.home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(installation.home / "nightly.lock").acquire(timeout=0):
            click.echo(f"started {database.now()}")
            code = harvest_all(chosen, tables, Store(installation.database), installation)
            click.echo(told(build(installation)))
            click.echo(f"finished {database.now()}: {'all well' if code == DONE else 'something needs a person'}")
    except Timeout:
        click.echo("another nightly run is going on; wait for it", err=True)
        code = BUSY
    except Busy as error:
        click.echo(f"{error}; the harvest is stored, and the next index takes it in", err=True)
        code = BUSY
    sys.exit(code)


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
        click.echo(member_line(member, standings.get(member, Standing()), tables))
        for number, kept_back, run in store.runs(member):
            undoable = "" if kept_back else " (cannot be undone)"
            click.echo(f"  run {number}, {run.started}: {run_line(member, run).partition(': ')[2]}{undoable}")
        for source, learned in store.learned(member).items():
            click.echo(f"  {source}")
            for sentence in learned.said(tables.settings.language):
                click.echo(f"    {sentence}")
        for place, reason, kept in store.quarantined(member):
            thai = wording.in_thai(reason)
            click.echo(f"  {place}: {reason}{f' · {thai}' if thai else ''} ({len(kept)} bytes are kept)")
        for repairs, count in store.repaired(member).items():
            click.echo(f"  {count} repaired: {wording.repaired(repairs.split(), tables.settings.language)}")
        return
    members = {
        code: standings.get(code, Standing()) for code in [*tables.members, *sorted({*standings} - {*tables.members})]
    }
    catalogue = Catalogue(tables, installation.database, installation.home)
    if as_data:
        data = {"members": members, "titles": catalogue.titles(), "engine": tables.settings.engine}
        click.echo(msgspec.json.encode(data).decode())
    else:
        for code, standing in members.items():
            click.echo(member_line(code, standing, tables))
        click.echo(f"{catalogue.titles()} titles in {tables.settings.engine}; {_index_said(catalogue)}")
    waiting = any(needs_person(code, standing, tables) for code, standing in members.items())
    sys.exit(PERSON if waiting else DONE)


def needs_person(code: str, standing: Standing, tables: Tables) -> bool:
    """Whether something waits for a person; a member whose sources were taken out of the table is left in peace."""
    run = standing.last_run
    if code not in tables.members or not tables.members[code].source:
        return False
    failed = run is not None and run.outcome in ("failed", "held")
    return failed or standing.quarantined > tables.settings.quarantine_limit


def member_line(code: str, standing: Standing, tables: Tables) -> str:
    """One member in one line, with the next step where something is wrong."""
    counts = f"{code}: {standing.live} live, {standing.deleted} deleted, {standing.quarantined} quarantined"
    run = standing.last_run
    if run is None:
        member = tables.members.get(code)
        return f"{counts}; never harvested" + ("" if member and member.source else ": it has no source yet")
    said = f"{counts}; last run {run.finished or run.started}: {run_line(code, run).partition(': ')[2]}"
    if run.outcome == "failed":
        listed = code in tables.members and tables.members[code].source
        return f"{said}; mend the source, then: sahaban harvest {code}" if listed else f"{said}; it has no source now"
    if standing.quarantined > tables.settings.quarantine_limit:
        return f"{said}; {standing.quarantined} records wait in quarantine: sahaban status {code}"
    return said


def _index_said(catalogue: Catalogue) -> str:
    try:
        catalogue.engine()
    except EngineError as error:
        return str(error)
    return "the index is there"
