"""Index generations: a new one is built beside the live one and switched by one atomic rename."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from search.analysis import entries
from search.documents import Documents
from search.engines import Engine, EngineError, open_engine
from search.schema import Entry, Schema

REBUILD = "run `sahaban index --rebuild`, and start a running `sahaban serve` again"


class Meta(msgspec.Struct, frozen=True):
    """What a generation remembers of itself."""

    engine: str
    version: str  # of the analysis and the columns
    revision: int  # of the documents that it holds


class Generations:
    """The index directory of an installation: numbered generations, and ``current``, which names the live one."""

    def __init__(self, home: Path, engine: str, schema: Schema):
        self.directory = home / "index"
        self.engine = engine
        self.schema = schema
        self.pointer = self.directory / "current"
        self._pointed: tuple[tuple[int, ...], Path] = ((), self.pointer)

    def current(self) -> Path:
        """The live generation's directory. Raises EngineError where there is none that this program can read."""
        path = self.live()
        if path is None:
            raise EngineError("there is no index yet: run `sahaban index`")
        meta = self.meta(path)
        if (meta.engine, meta.version) != (self.engine, self.schema.version()):
            was = f"{meta.engine}, analysis {meta.version}"
            raise EngineError(f"the index is of another version ({was}): {REBUILD}")
        return path

    def live(self) -> Path | None:
        """The directory that ``current`` names, if it holds a whole generation; a damaged one is none."""
        try:
            path = self.directory / self.pointer.read_text("ascii").strip()
            self.meta(path)
        except (OSError, ValueError):
            return None
        return path

    def meta(self, path: Path) -> Meta:
        return msgspec.json.decode((path / "generation.json").read_bytes(), type=Meta)

    def stamp(self) -> tuple[int, ...]:
        """Changes whenever there is something new to read. The pointer's text is read only when it is another file."""
        try:
            pointer = self.pointer.stat()
            if self._pointed[0] != (pointer.st_mtime_ns, pointer.st_ino):
                live = self.directory / self.pointer.read_text("ascii").strip()
                self._pointed = ((pointer.st_mtime_ns, pointer.st_ino), live / "generation.json")
            told = self._pointed[1].stat()
            return (pointer.st_mtime_ns, told.st_mtime_ns, told.st_ino)
        except (OSError, ValueError):
            return ()

    def open(self) -> Engine:
        path = self.current()
        try:
            return open_engine(self.engine, path, self.schema)
        except Exception as error:  # each engine has errors of its own for files that are damaged
            raise EngineError(f"the index in {path} cannot be read ({error}): {REBUILD}") from error

    def build(self, documents: Documents, tell: Callable[[int], None] = lambda done: None) -> int:
        """A new generation of all documents, made live when it is whole. How many documents it holds."""
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / f"{self._latest() + 1:06d}"
        shutil.rmtree(path, ignore_errors=True)  # what a killed build left
        revision = documents.revision()
        engine = open_engine(self.engine, path, self.schema)
        engine.write(_told(entries(documents, self.schema, 0, []), tell))
        self._sign(path, revision)
        self._point(path)
        self._sweep(path)
        return engine.count()

    @contextmanager
    def replaced(self) -> Iterator[None]:
        """No generation is live while the documents are replaced by others, whose numbers are other titles'; none is
        afterwards, until one is built. Where it fails the live one is what it was."""
        live = self.live()
        self.pointer.unlink(missing_ok=True)
        try:
            yield
        except BaseException:
            if live:
                self._point(live)
            raise

    def update(self, documents: Documents, tell: Callable[[int], None] = lambda done: None) -> int:
        """Bring the live generation up to date. How many documents changed. Raises EngineError as ``current``."""
        path = self.current()
        after, revision = self.meta(path).revision, documents.revision()
        if revision == after:
            return 0
        gone: list[str] = []
        changed = list(_told(entries(documents, self.schema, after, gone), tell))
        engine = self.open()
        engine.write(changed, gone)
        self._sign(path, revision)
        return len(changed) + len(gone)

    def _latest(self) -> int:
        return max((int(p.name) for p in self.directory.iterdir() if p.name.isdecimal()), default=0)

    def _sign(self, path: Path, revision: int) -> None:
        _write(path / "generation.json", msgspec.json.encode(Meta(self.engine, self.schema.version(), revision)))

    def _point(self, path: Path) -> None:
        _write(self.pointer, path.name.encode())

    def _sweep(self, live: Path) -> None:
        """Older generations go, but for the one before: readers may still be turning its pages."""
        numbered = sorted(
            p for p in self.directory.iterdir() if p.is_dir() and p.name.isdecimal() and p.name < live.name
        )
        for old in numbered[:-1]:
            shutil.rmtree(old, ignore_errors=True)


def _told(made: Iterator[Entry], tell: Callable[[int], None]) -> Iterator[Entry]:
    for number, entry in enumerate(made, 1):
        yield entry
        if number % 1000 == 0:
            tell(number)


def _write(path: Path, data: bytes) -> None:
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
