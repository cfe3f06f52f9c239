"""Composed titles as the documents of a home, which may be kept between runs: what is there is not made again."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine

from bench import lucene, measure
from bench.bare import Bare
from bench.composed import SEED, Composed, document, titles
from bench.measure import progress
from config import database
from search import text
from search.documents import Documents

BATCH = 1000  # documents put in one transaction


@contextlib.contextmanager
def home(directory: Path | None, count: int) -> Iterator[tuple[Path, Engine]]:
    """A home with so many documents and no index yet: a temporary one, or the one that is kept in the directory."""
    with contextlib.ExitStack() as stack:
        path = directory.resolve() if directory else stack.enter_context(measure.home())[0]
        once(path / "documents", _said(count), lambda made: _put(made, count))
        engine = database.connect(f"sqlite:///{path / 'documents' / 'sahaban.db'}")
        stack.callback(engine.dispose)
        yield path, engine


def once(path: Path, said: str, make: Callable[[Path], object]) -> None:
    """Make what belongs into a directory, unless it holds just what is said already."""
    note = path / "made.txt"
    if note.exists() and note.read_text("utf-8") == said:
        return
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    make(path)
    note.write_text(said, "utf-8")


def _said(count: int) -> str:
    return f"{SEED}, {count} titles, analysis {text.analyser_version()}"


def _put(path: Path, count: int) -> None:
    engine = database.connect(f"sqlite:///{path / 'sahaban.db'}")
    store, source, done = Documents(engine), titles(count), 0
    while batch := [document(title) for title in islice(source, BATCH)]:
        with database.writing(engine) as connection:
            done += store.put(connection, batch, recounted=True)
        progress(f"documents: {done}")
    progress("headings")
    with database.writing(engine) as connection:
        store.recount(connection)
    engine.dispose()


def records(path: Path, count: int) -> Path:
    """RECORDS.tsv of the titles, their words cut."""
    made = path / "words"
    once(made, _said(count), lambda made: lucene.write_records(made / lucene.RECORDS, _told(count)))
    return made / lucene.RECORDS


def bare(path: Path, count: int) -> Bare:
    """The titles in bare tantivy, from the same lines as Lucene's."""
    given = records(path, count)
    once(path / "bare", _said(count), lambda made: Bare(made / "index").write(lucene.read_records(given)))
    return Bare(path / "bare" / "index")


def peer(path: Path, count: int) -> Path:
    """The titles in Lucene. Raises BenchError."""
    given = records(path, count)
    progress("Lucene")
    once(path / "lucene", _said(count), lambda made: lucene.index(given, made / "index"))
    return path / "lucene" / "index"


def _told(count: int) -> Iterator[Composed]:
    for done, title in enumerate(titles(count)):
        if done % BATCH == 0:
            progress(f"words: {done}")
        yield title
