"""What is in a file that a member packed: zip and gzip opened by their first bytes, and never past a bound."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO

from harvest.record import HarvestError

MEMBERS = 10_000  # files in one archive
PARTS_OF_A_WORKBOOK = ("[Content_Types].xml", "mimetype")  # an Excel or ODS file is a zip file, too
PACKED = (".zip", ".gz", ".7z", ".rar", ".tar")
_UNREADABLE = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


def opened(stream: BinaryIO, name: str, limit: int) -> Iterator[tuple[str, BinaryIO]]:
    """The files of an archive one after another, or the file itself where it is none, with their names for people.

    ``limit`` is how many bytes all of them may unpack to. Raises HarvestError for what cannot be opened.
    """
    first = stream.read(6)
    stream.seek(0)
    bound = Bound(limit, name)
    try:
        if first[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=stream) as unpacked:
                inner = bound.over(unpacked)
                if inner.peek(2)[:2] == b"\x1f\x8b":
                    raise HarvestError(f"{name}: is an archive within an archive; unpack it first")
                yield name, inner
        elif first[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            yield from _members(stream, name, bound)
        elif first in (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"):
            raise HarvestError(f"{name}: is packed as 7z or RAR; ask the member for a zip file")
        else:
            yield name, stream
    except _UNREADABLE as error:
        raise HarvestError(
            f"{name}: cannot be unpacked: {str(error) or type(error).__name__}; ask for it again"
        ) from error


def _members(stream: BinaryIO, name: str, bound: "Bound") -> Iterator[tuple[str, BinaryIO]]:
    with zipfile.ZipFile(stream) as archive:
        parts = [part for part in archive.infolist() if not part.is_dir()]
        if any(part.filename in PARTS_OF_A_WORKBOOK for part in parts):
            stream.seek(0)
            yield name, stream
            return
        wanted = [part for part in parts if not _hidden(part.filename)]
        if not wanted:
            raise HarvestError(f"{name}: there is no file in it")
        if len(wanted) > MEMBERS:
            raise HarvestError(f"{name}: holds more than {MEMBERS} files")
        for part in sorted(wanted, key=lambda part: part.filename):
            inner = f"{name}, {_shown(part.filename)}"
            if part.flag_bits & 1:
                raise HarvestError(f"{inner}: is locked with a password; ask for it without one")
            if part.filename.lower().endswith(PACKED):
                raise HarvestError(f"{inner}: is an archive within an archive; unpack it first")
            with archive.open(part) as unpacked:
                yield inner, bound.over(unpacked)


def _hidden(filename: str) -> bool:
    """What macOS and Windows add: __MACOSX/._books.mrc, .DS_Store, Thumbs.db."""
    last = filename.rpartition("/")[2]
    return filename.startswith("__MACOSX/") or last.startswith(".") or last in ("Thumbs.db", "desktop.ini")


def _shown(filename: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in filename.encode("utf-8", "replace").decode())


def _broken(name: str, error: Exception) -> HarvestError:
    return HarvestError(f"{name}: cannot be unpacked: {str(error) or type(error).__name__}; ask for it again")


class Bound:
    """How much may still be unpacked, whatever the archive says of its sizes."""

    def __init__(self, limit: int, name: str):
        self.left, self.limit, self.name = limit, limit, name

    def over(self, stream: IO[bytes] | gzip.GzipFile) -> io.BufferedReader:
        return io.BufferedReader(_Bounded(stream, self), 1 << 18)

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            most = f"{self.limit >> 20} MB, the unpacked_mb of settings.toml"
            raise HarvestError(f"{self.name}: unpacks to more than {most}")


class _Bounded(io.RawIOBase):
    """What is unpacked, as it is read: here an archive turns out to be broken."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, bound: Bound):
        self.stream, self.bound = stream, bound

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader hands in nothing else
        try:
            data = self.stream.read(len(buffer))
        except _UNREADABLE as error:
            raise _broken(self.bound.name, error) from error
        self.bound.take(len(data))
        buffer[: len(data)] = data
        return len(data)
