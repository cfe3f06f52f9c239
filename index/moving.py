"""The commands that move an installation: from one database to another, into one file, and back from it."""

import sys
from pathlib import Path

import click
from sqlalchemy import Engine, make_url

from config import database
from config.installation import Installation
from harvest.cli import BUSY
from harvest.run import Locked
from index import backup as backups
from index import copying
from index.build import Busy
from index.cli import progress
from search.engines import EngineError


@click.group("database")
def group() -> None:
    """The database of an installation."""


@group.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy(source: str, target: str) -> None:
    """Copy a whole installation from one database to another, which must hold none yet.

    FROM and TO are addresses such as sqlite:////srv/sahaban/sahaban.db and postgresql://sahaban@localhost/sahaban; a
    password may stand in PGPASSWORD or ~/.pgpass. What is being harvested meanwhile stays behind.
    """
    old, new = _standing(source), database.connect(target, "TO")
    try:
        with progress() as tell:
            copied = copying.copy(old, new, tell)
    finally:
        old.dispose()
        new.dispose()
    click.echo(f"copied {sum(copied.values())} rows of {len(copied)} tables: {_told(copied)}")
    click.echo(f'next: database = "{make_url(target).render_as_string()}" in settings.toml, or in SAHABAN_DATABASE')


def _standing(url: str) -> Engine:
    """A database that is there: SQLite would make a new one of a mistyped name."""
    engine = database.connect(url, "FROM")
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if (file and not Path(file).exists()) or not copying.rows(engine):
        raise click.UsageError(f"FROM: there is no installation in {engine.url!r}")
    return engine


# ── one file ─────────────────────────────────────────────────────────────────────────────────────


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace FILE where it is there already, once the new one is whole.")
@click.pass_obj
def backup(installation: Installation, file: Path, force: bool) -> None:
    """Keep the whole installation in FILE: the database with all decisions, and the tables.

    A harvest may run meanwhile; the file holds one moment. Only its owner may read it. Passwords that stand in the
    environment, and files that members left in folders, are not in it.
    """
    try:
        with progress() as tell:
            kept = backups.write(installation, file, force, tell)
    except backups.BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{file}: {_told(kept.rows)}, as of {kept.moment}")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace the installation that is here.")
@click.pass_obj
def restore(installation: Installation, file: Path, force: bool) -> None:
    """Bring the installation in FILE back: into the directory of the tables, and into the database that its own
    settings name, or SAHABAN_DATABASE. The index is made anew. Stop `sahaban serve` and harvests first."""
    try:
        with progress() as tell:
            restored, kept = backups.restore(installation, file, force, tell)
    except (backups.BackupError, EngineError) as error:
        raise click.ClickException(str(error)) from error
    except (Busy, Locked) as error:
        click.echo(f"{error}; wait for it", err=True)
        sys.exit(BUSY)
    click.echo(f"restored {_told(kept.rows)}, as of {kept.moment}; the tables are in {restored.directory}")


def _told(rows: dict[str, int]) -> str:
    return f"{rows['records']} records, {rows['documents']} titles, {rows['decisions']} decisions"
