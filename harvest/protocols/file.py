"""Files that a member left: one file, a pattern, a directory or a web address; packed or not."""

import glob
import io
import os
import time
from collections.abc import Iterator, Mapping
from itertools import islice, takewhile
from pathlib import Path
from typing import cast

import msgspec

from harvest import web
from harvest.archives import opened
from harvest.lessons import Lessons
from harvest.protocols import Visit
from harvest.record import Batch, Format, HarvestError, Progress, TableFormat

BATCH = 500  # payloads in one transaction
LARGE = 4 << 20  # bytes of a file, or of an archive: thousands of records
UPLOADING = (".part", ".filepart", ".crdownload", ".tmp", ".uploading", ".download")  # what is not there yet
OUTSIDE = "outside"  # what is kept of a link that leads out, in place of size and time: it may become a file
ASIDE = (".", "~$", "Thumbs.db", "desktop.ini")  # hidden ones, Office's marks that a workbook is open, and Windows' own


def fetch(visit: Visit, form: Format) -> Iterator[Batch]:
    """Every file in turn that is not as it was read last. A file that cannot be read does not hide the next; the
    faults are raised at the end. What is still being uploaded is left for the next visit."""
    known = {} if visit.full else visit.progress.files
    if visit.source.path.startswith(("http://", "https://")):
        yield from _download(visit, form, known)
        return
    found = files(visit.source.path, visit.directory)
    still = _quiet(found, visit.settings.settle)
    outside = _outside(found, visit.directory / visit.source.path)
    for path in sorted(outside):
        visit.lessons.notice("outside", _shown(path, visit.directory))
        visit.lessons.left = True
    quiet = [path for path in still if path not in outside]
    stamps = {_shown(path, visit.directory): _stamp(path) for path in quiet}
    read = stamps | {_shown(path, visit.directory): OUTSIDE for path in outside}
    if read == known and len(still) == len(found):
        visit.lessons.still = True
        return
    faults: list[str] = []
    visit.lessons.anew = True
    for path, name in zip(quiet, stamps, strict=True):
        if visit.source.load == "delta" and known.get(name) == stamps[name]:
            visit.lessons.left, visit.lessons.anew = True, False  # nothing can be said of what is in it
            continue
        try:
            yield from _file(path, name, stamps[name], form, visit)
        except HarvestError as error:
            faults.append(str(error))
        except OSError as error:
            faults.append(f"{name}: cannot be read: {error.strerror or error}")
    for path in set(found) - {*still} - outside:
        visit.lessons.notice("uploading", _shown(path, visit.directory))
        visit.lessons.left = True
    if faults:
        visit.lessons.anew = False
        raise HarvestError("; ".join(faults))
    yield Batch((), Progress(files=read))


def _file(path: Path, name: str, stamp: str, form: Format, visit: Visit) -> Iterator[Batch]:
    """One file, as it was when it was chosen: a link that took its place meanwhile is not followed out either."""
    changed = HarvestError(f"{name}: changed while it was read; the next run reads it again")
    with path.open("rb") as stream:
        another = not os.path.samestat(os.fstat(stream.fileno()), path.stat())
        if another or _outside([path], visit.directory / visit.source.path):
            raise changed
        yield from _batches(stream, name, form, visit)
    if _stamp(path) != stamp:
        raise changed


def _download(visit: Visit, form: Format, known: Mapping[str, str]) -> Iterator[Batch]:
    """The file at a web address, unless the server says that it is as it was."""
    address = visit.source.path
    tag, _, date = known.get(address, "").partition("\t")
    with web.Web(msgspec.structs.replace(visit.source, url=address), visit.settings, visit.directory) as client:
        asked = {"If-None-Match": tag, "If-Modified-Since": date}
        client.session.headers.update({name: value for name, value in asked.items() if value})
        answer = client.ask({})
    if answer.status == 304 and known:
        visit.lessons.still = True
        return
    if answer.status != 200:
        raise HarvestError(f"{address}: HTTP {answer.status}; is the address still right?")
    yield from _batches(io.BytesIO(answer.content), address, form, visit)
    visit.lessons.anew = True
    tag, date = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    yield Batch((), Progress(files={address: f"{tag}\t{date}"} if tag or date else {}))


def files(place: str, directory: Path) -> list[Path]:
    """The files of a path in the order of their names. Raises HarvestError where there is none."""
    path = directory / place
    if path.is_file():
        found = [path]
    else:
        named = path.iterdir() if path.is_dir() else _matching(path)
        found = [child for child in named if child.is_file() and not child.name.startswith(ASIDE)]
    if not found:
        what = "the directory has no file" if path.is_dir() else "there is no such file or directory"
        where = path.parent if glob.has_magic(path.name) else path
        raise HarvestError(f"{place}: {what}; put the member's export there: {where}")
    return sorted(found)


def _matching(path: Path) -> Iterator[Path]:
    """What a pattern names. ``**`` follows no links: two that lead in a circle would keep it for ever."""
    base = _folder(path)
    pattern = path.parts[len(base.parts) :]
    try:
        for found in base.glob("/".join(pattern)) if pattern else ():
            if not any(part.startswith(".") for part in found.relative_to(base).parts):
                yield found
    except ValueError as error:
        raise HarvestError(f"{path}: {error}") from error


def _folder(path: Path) -> Path:
    """What the operator named, up to where a pattern begins; a file may be called by a pattern's name."""
    if path.is_dir() or (path.exists() and not glob.has_magic(path.name)):
        return path
    return Path(*takewhile(lambda part: not glob.has_magic(part), path.parts))


def _outside(found: list[Path], path: Path) -> set[Path]:
    """The links that lead out of the source's folder: who may write into it must not choose what else is read. The
    folder may be a link itself, as that is the operator's word."""
    folder = os.path.realpath(_folder(path))
    return {child for child in found if not Path(os.path.realpath(child)).is_relative_to(folder)}


def _quiet(found: list[Path], settle: float) -> list[Path]:
    """Those that nobody is writing to: none of the names that programs give to half a file, and for so many seconds
    neither longer nor newer."""
    whole = [path for path in found if not path.name.lower().endswith(UPLOADING)]
    before = {path: _state(path) for path in whole}
    age = time.time() - max((state[1] for state in before.values()), default=0) / 1e9
    if 0 <= age < settle:
        time.sleep(settle - age)
    return [path for path in whole if _state(path) == before[path]]


def _state(path: Path) -> tuple[int, int]:
    try:
        told = path.stat()
    except OSError:
        return 0, 0  # reading it will say why
    return told.st_size, told.st_mtime_ns


def _stamp(path: Path) -> str:
    return "{} {}".format(*_state(path))


def _batches(stream: io.BufferedIOBase, name: str, form: Format, visit: Visit) -> Iterator[Batch]:
    if not stream.read(1):
        raise HarvestError(f"{name}: the file is empty (0 bytes); ask the member to send it again")
    large = stream.seek(0, io.SEEK_END) > LARGE
    stream.seek(0)
    some = False
    for inner, unpacked in opened(stream, name, visit.settings.unpacked_mb << 20):  # type: ignore[arg-type]  # a stream of bytes that can be sought
        payloads = iter(form.split(unpacked, inner))
        while batch := tuple(islice(payloads, BATCH)):
            some = True
            yield Batch(batch, large=large)
        if hasattr(form, "noticed"):
            _notice(cast(TableFormat, form), visit.lessons)
    if not some:
        raise HarvestError(f"{name}: there is no record in it; is it the right file, and the right format?")


def _notice(form: TableFormat, lessons: Lessons) -> None:
    for name, told, many in form.noticed:
        lessons.notice(name, told, many)
    form.noticed.clear()


def _shown(path: Path, directory: Path) -> str:
    """A path for people: relative to the tables, with nothing in it that a terminal or a database would choke on."""
    short = path.relative_to(directory) if path.is_relative_to(directory) else path
    name = os.fsencode(short).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\ufffd" for c in name)
