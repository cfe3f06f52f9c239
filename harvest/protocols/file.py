"""Files that a member left: one file, a pattern or a directory."""

import glob
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from harvest.protocols import Visit
from harvest.record import Batch, Format, HarvestError

BATCH = 500  # payloads in one transaction


def fetch(visit: Visit, form: Format) -> Iterator[Batch]:
    """Every file in turn. A file that cannot be read does not hide the next; the faults are raised at the end."""
    faults: list[str] = []
    for path in files(visit.source.path, visit.directory):
        try:
            yield from _batches(path, _shown(path, visit.directory), form)
        except HarvestError as error:
            faults.append(str(error))
    if faults:
        raise HarvestError("; ".join(faults))


def files(place: str, directory: Path) -> list[Path]:
    """The files of a path in the order of their names. Raises HarvestError where there is none."""
    path = directory / place
    if path.is_dir():
        found = [child for child in path.iterdir() if child.is_file() and not child.name.startswith(".")]
    elif path.is_file():
        found = [path]
    else:
        found = [p for p in map(Path, glob.glob(str(path), recursive=True)) if p.is_file()]
    if not found:
        what = "the directory has no file" if path.is_dir() else "there is no such file or directory"
        where = path.parent if glob.has_magic(path.name) else path
        raise HarvestError(f"{place}: {what}; put the member's export there: {where}")
    return sorted(found)


def _batches(path: Path, name: str, form: Format) -> Iterator[Batch]:
    try:
        if path.stat().st_size == 0:
            raise HarvestError(f"{name}: the file is empty (0 bytes); ask the member to send it again")
        with path.open("rb") as stream:
            payloads = iter(form.split(stream, name))
            some = False
            while batch := tuple(islice(payloads, BATCH)):
                some = True
                yield Batch(batch)
            if not some:
                raise HarvestError(f"{name}: there is no record in it; is it the right file, and the right format?")
    except OSError as error:
        raise HarvestError(f"{name}: cannot be read: {error.strerror or error}") from error


def _shown(path: Path, directory: Path) -> str:
    """A path for people: relative to the tables, with nothing in it that a terminal or a database would choke on."""
    short = path.relative_to(directory) if path.is_relative_to(directory) else path
    name = os.fsencode(short).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\ufffd" for c in name)
