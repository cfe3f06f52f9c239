"""The command of the night."""

import sys

import click
import msgspec

from config.installation import Installation
from harvest.cli import BUSY, choose
from index.build import Busy
from index.cli import progress
from index.night.night import Night
from index.night.report import text
from index.night.turn import turn


@click.command("nightly")
@click.option("--json", "as_data", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def command(installation: Installation, as_data: bool) -> None:
    """Harvest every member, then index, under a lock, with a report.

    The report is kept in reports/ of the home directory (last.html is the latest), and sent by mail and webhook where
    settings.toml says so. A member's failure stops nobody else's harvest.
    """
    tables = installation.tables
    members = choose((), tables)
    try:
        with turn(installation.home, "nightly") as killed, progress() as tell:
            report = Night(installation, members, killed).run(tell)
    except Busy as error:
        click.echo(f"{error}; wait for it", err=True)
        sys.exit(BUSY)
    click.echo(msgspec.json.encode(report).decode() if as_data else text(report, tables.settings.language))
    sys.exit(report.code)
