"""The harvest's command line."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config.installation import Installation
from config.tables import ConfigError, Member, Tables
from harvest.record import HarvestError
from harvest.run import SHOWN, Locked, Rehearsal, harvest
from harvest.run import undo as take_back
from harvest.store import Run, Store
from harvest.wording import aside, in_thai, run_line

DONE, PERSON, WRONG, BUSY = 0, 1, 2, 3


@click.command("harvest")
@click.argument("members", nargs=-1, metavar="[MEMBER]…")
@click.option("--full", is_flag=True, help="Ask for everything again, not only for what changed.")
@click.option("--dry-run", is_flag=True, help="Fetch, read, count, say what would be set aside, and keep nothing.")
@click.option("--accept", is_flag=True, help="Take full loads as they are; withdraw what former sources brought.")
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    installation: Installation, members: tuple[str, ...], full: bool, dry_run: bool, accept: bool, as_data: bool
) -> None:
    """Pull what changed at the members (all of them, or those named)."""
    tables = installation.tables
    chosen = choose(members, tables)
    store, done = Store(installation.database), list[dict[str, Any]]()
    told = (lambda code, run: done.append(_data(code, run))) if as_data else _say
    code = harvest_all(chosen, tables, store, installation, told, full=full, dry_run=dry_run, accept=accept)
    if as_data:
        click.echo(msgspec.json.encode(done).decode())
    sys.exit(code)


@click.command("undo")
@click.argument("member", metavar="MEMBER")
@click.option(
    "--run", "number", type=click.IntRange(1), help="Before this run, and not only before the last that changed any."
)
@click.pass_obj
def undo(installation: Installation, member: str, number: int | None) -> None:
    """Bring MEMBER's records back to what they were before its last run that changed any, or before that of --run.

    `sahaban status MEMBER` names the runs. The next harvest asks the sources again from there on: mend them first. An
    undo is a run, too: a second one takes it back.
    """
    known = installation.tables.members
    store = Store(installation.database)
    if member not in known and not store.runs(member, 1):
        raise click.UsageError(f"no member {member}; members are {', '.join(known)}")
    try:
        run = take_back(member, store, installation.home, number)
    except Locked as error:
        click.echo(f"{error}; wait for it", err=True)
        sys.exit(BUSY)
    except HarvestError as error:
        raise click.UsageError(str(error)) from error
    click.echo(run_line(member, run))
    click.echo("next: sahaban index")


def choose(codes: Sequence[str], tables: Tables) -> list[Member]:
    """The members of those codes; none means all that have a source."""
    unknown = [code for code in codes if code not in tables.members]
    if unknown:
        raise click.UsageError(f"no member {', '.join(unknown)}; members are {', '.join(tables.members)}")
    chosen = [tables.members[code] for code in dict.fromkeys(codes)] or [m for m in tables.members.values() if m.source]
    for member in chosen:
        if not member.source:
            raise click.UsageError(f"{member.code} has no source: add [[{member.code}.source]] to members.toml")
    if not chosen:
        raise ConfigError(["members.toml: no member has a source yet: add a [[code.source]] table to one"])
    return chosen


def _say(code: str, run: Run) -> None:
    """A run in a line; of a dry one also what it would set aside, which nobody could look at afterwards."""
    click.echo(run_line(code, run))
    if isinstance(run, Rehearsal):
        for place, reason in run.aside:
            click.echo(f"  {aside(place, reason)}")
        if len(run.aside) == SHOWN < run.quarantined:
            click.echo(f"  … and {run.quarantined - SHOWN:,} more would be set aside")


def _data(code: str, run: Run) -> dict[str, Any]:
    """The same for a program."""
    data = {"member": code, **msgspec.structs.asdict(run)}
    if isinstance(run, Rehearsal):
        data["aside"] = [{"place": at, "reason": why, "reason_th": in_thai(why)} for at, why in run.aside]
    return data


def harvest_all(
    members: Sequence[Member], tables: Tables, store: Store, installation: Installation,
    told: Callable[[str, Run], None] = _say, *, full: bool = False, dry_run: bool = False, accept: bool = False,
) -> int:  # fmt: skip
    """Harvest each member in turn and tell of its run. The exit code of the whole."""
    worst = DONE
    with _Bar() as tell_for:
        for member in members:
            try:
                run = harvest(
                    member, tables, store, installation.home,
                    full=full, dry_run=dry_run, accept=accept, tell=tell_for(member.code),
                )  # fmt: skip
            except Locked as error:
                click.echo(f"{error}; wait for it, or look at it with `sahaban status`", err=True)
                worst = max(worst, BUSY)
                continue
            told(member.code, run)
            if run.outcome != "done" or run.quarantined > tables.settings.quarantine_limit:
                worst = max(worst, PERSON)
    return worst


class _Bar:
    """Progress on a terminal, silence in a log."""

    def __enter__(self) -> Callable[[str], Callable[[int, int | None], None]]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(
            *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
        )
        self.progress.start()
        return self._tell_for

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def _tell_for(self, code: str) -> Callable[[int, int | None], None]:
        task = self.progress.add_task(code, total=None)
        return lambda seen, of: self.progress.update(task, completed=seen, total=of)
