"""What nights leave behind: their reports, the last one easily found, and their backups, each for its time."""

import contextlib
import datetime
import os
import re
from pathlib import Path

import msgspec

from config.tables import Settings, Tables
from index.night.page import page
from index.night.report import Report, text

LATE = 2  # days; one night more than the timer's own delay
FORMS = ("html", "json", "txt")
_REPORT = re.compile(r"night-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)\.(?:html|json|txt)")
_BACKUP = re.compile(r"night-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.backup")


def reports(home: Path) -> Path:
    return home / "reports"


def last(home: Path) -> Report | None:
    """The report of the last night that left one; None where there is none that can be read."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode((reports(home) / "last.json").read_bytes(), type=Report)
    return None


def overdue(night: Report | None, now: str) -> int:
    """The days for which there was no night; 0 where the last one is recent, or there never was one."""
    if night is None:
        return 0
    missed = (datetime.datetime.fromisoformat(now) - datetime.datetime.fromisoformat(night.started)).days
    return missed if missed >= LATE else 0


def keep(report: Report, home: Path, settings: Settings, typeface: str) -> Path:
    """Write a report in every form under its moment and as the last one, and let the old ones go: the last as HTML.

    Raises OSError.
    """
    folder = reports(home)
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        "html": page(report, settings, typeface),
        "json": msgspec.json.format(msgspec.json.encode(report)).decode(),
        "txt": text(report, settings.language) + "\n",
    }
    for form in FORMS:
        for name in (f"{named(report.started)}.{form}", f"last.{form}"):  # copies: a link is not for every system
            _write(folder / name, written[form].encode())
    _let_go(folder, settings.report_days, report.started)
    return folder / "last.html"


def named(moment: str) -> str:
    """A file's name without what a file system refuses."""
    return f"night-{moment.replace(':', '-')}"


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(data)
    os.replace(beside, path)


def _let_go(folder: Path, days: int, now: str) -> None:
    oldest = datetime.datetime.fromisoformat(now) - datetime.timedelta(days=days)
    limit = oldest.strftime("%Y-%m-%dT%H-%M-%SZ")
    for path in folder.iterdir():
        found = _REPORT.fullmatch(path.name)
        if found and found[1] < limit:
            path.unlink(missing_ok=True)


def backup_file(home: Path, tables: Tables, moment: str) -> Path:
    """Where a night's backup goes; its folder is made, for nobody else to enter. Raises OSError."""
    given = tables.settings.backup_directory
    folder = tables.directory / given if given else home / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{named(moment)}.backup"


def let_backups_go(newest: Path, most: int) -> None:
    """Keep so many of the nights' own backups, once the newest is whole; what others put beside them stays. The newest
    stays whatever its name: a clock may go backwards."""
    ours = sorted(path for path in newest.parent.iterdir() if _BACKUP.fullmatch(path.name) and path != newest)
    for path in ours[: max(0, len(ours) - most + 1)]:
        path.unlink(missing_ok=True)
