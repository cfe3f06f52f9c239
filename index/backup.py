"""A whole installation in one file, as it stands at one moment, and brought back from it."""

import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

import config
from config import database
from config.installation import Installation
from config.tables import TABLES
from harvest.run import no_harvest
from index import copying
from index.build import Index, alone
from index.copying import Tell
from index.night.turn import turn
from search.generation import Generations
from search.schema import Schema

FORMAT = 1
STALE = 86_400  # seconds: what is older was left by a program that was killed
SHIPPED = Path(config.__file__).parent
DATABASE, CONTENTS = "sahaban.db", "contents.json"  # in the file, beside the three tables


class BackupError(Exception):
    """A file that cannot be written, or cannot be restored: one sentence."""


class Contents(msgspec.Struct, frozen=True):
    """What a backup says of itself."""

    format: int
    moment: str
    rows: dict[str, int]


def write(
    installation: Installation, file: Path, force: bool = False, tell: Tell = lambda table, done, of: None
) -> Contents:
    """Keep the database, with all decisions, and the tables in one file that only its owner reads. ``force`` puts it
    in the place of another one, when it is whole. Raises BackupError, ConfigError."""
    if os.path.lexists(file) and not force:
        raise BackupError(f"{file} would be overwritten; nothing was kept: name another file, or --force does so")
    for name in TABLES:
        if not (installation.directory / name).is_file():
            raise BackupError(f"{installation.directory / name} is missing; nothing was kept")
    try:
        with _beside(file.parent, ".backup-") as beside:
            kept = beside / DATABASE
            target = database.connect(f"sqlite:///{kept}")
            moment, rows = database.now(), copying.copy(installation.database, target, tell)
            target.dispose()  # what its journal held is in the file now
            contents = Contents(FORMAT, moment, rows)
            whole = beside / "whole"
            _pack(whole, contents, {name: installation.directory / name for name in TABLES} | {DATABASE: kept})
            os.replace(whole, file)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror or error}") from error
    return contents


@contextmanager
def _beside(folder: Path, prefix: str) -> Iterator[Path]:
    """A new folder in another, which nobody else may enter. Those of programs that were killed go."""
    for left in folder.glob(f"{prefix}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=folder, prefix=prefix) as made:
        yield Path(made)


def _pack(whole: Path, contents: Contents, files: dict[str, Path]) -> None:
    with open(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            packed.writestr(CONTENTS, msgspec.json.encode(contents))
            for name, path in files.items():
                packed.write(path, name)
        raw.flush()
        os.fsync(raw.fileno())


def restore(
    installation: Installation, file: Path, force: bool = False, tell: Tell = lambda step, done, of: None
) -> tuple[Installation, Contents]:
    """Bring an installation back: its tables, its database, and an index made anew. Where it was restored, and what.

    What is there already is replaced only by ``force``. Raises BackupError, ConfigError, Busy, Locked, EngineError.
    """
    directory = Path("config") if installation.directory.resolve() == SHIPPED.resolve() else installation.directory
    installation.home.mkdir(parents=True, exist_ok=True)
    with (
        _beside(installation.home, ".restore-") as beside,
        turn(installation.home, "restore"),
        alone(installation.home),
        no_harvest(installation.home),
    ):
        contents = _unpack(file, beside)
        there = Installation(beside, installation.home, installation.known, installation.named)
        target, settings = there.database, there.tables.settings
        try:
            if not force:
                _refuse(directory, target)
            with Generations(installation.home, settings.engine, Schema(there.tables.fields)).replaced():
                _take_in(beside / DATABASE, target, tell)
        finally:
            target.dispose()
        _place(beside, directory)
        restored = Installation(directory, installation.home, installation.known, installation.named)
        Index(restored.tables, restored.database, restored.home, tell).anew()
    return restored, contents


def _unpack(file: Path, into: Path) -> Contents:
    try:
        with zipfile.ZipFile(file) as packed:
            contents = msgspec.json.decode(packed.read(CONTENTS), type=Contents)
            if contents.format != FORMAT:
                raise BackupError(f"{file} is of format {contents.format}; this program knows {FORMAT}")
            for name in (*TABLES, DATABASE):
                with packed.open(name) as raw, (into / name).open("wb") as out:
                    shutil.copyfileobj(raw, out)
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, KeyError, EOFError, ValueError, RuntimeError) as error:
        raise BackupError(f"{file} is no whole backup: {error}; name a file that `sahaban backup` wrote") from error
    return contents


def _refuse(directory: Path, target: Engine) -> None:
    """Raises BackupError where something would be overwritten."""
    standing = [str(directory / name) for name in TABLES if (directory / name).exists()]
    if copying.rows(target):
        standing.append(repr(target.url))
    if standing:
        raise BackupError(f"{', '.join(standing)} would be overwritten; nothing was restored: --force does so")


def _take_in(kept: Path, target: Engine, tell: Tell) -> None:
    source = database.connect(f"sqlite:///{kept}")
    try:
        copying.copy(source, target, tell, replace=True)
    except DatabaseError as error:
        raise BackupError(f"the backup cannot be taken in: {error.orig}") from error
    finally:
        source.dispose()


def _place(unpacked: Path, directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            beside = directory / f"{name}.new"
            beside.write_bytes((unpacked / name).read_bytes())
            os.replace(beside, directory / name)
    except OSError as error:
        raise BackupError(f"{directory}: cannot be written: {error.strerror}") from error
