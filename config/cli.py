"""The command that writes the tables for an operator to edit."""

from pathlib import Path

import click

import config
from config.tables import TABLES

SHIPPED = Path(config.__file__).parent


@click.command("init")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default="config", metavar="[DIR]")
def command(directory: Path) -> None:
    """Write the three tables (members, fields, settings) into DIR (default: config) to edit."""
    standing = [name for name in TABLES if (directory / name).exists()]
    if standing:
        raise click.ClickException(f"{directory} holds {', '.join(standing)} already; nothing was written")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            (directory / name).write_bytes((SHIPPED / name).read_bytes())
    except OSError as error:
        raise click.ClickException(f"{directory}: cannot be written: {error.strerror}") from error
    click.echo(f"wrote {', '.join(TABLES)} into {directory}")
    click.echo(
        f"next: give a member its source in {directory / 'members.toml'}, then: sahaban --config {directory} harvest"
    )
