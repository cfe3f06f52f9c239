"""From the record store to a live index: recognise, merge, write; what changed, or everything anew."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, select

from config import database
from config.tables import Tables, Text
from harvest.run import reread
from harvest.store import Store
from index import shape, sql, todo
from index.ledger import Ledger, split_key
from index.merge import document
from index.recognise import Recognition, Tell, encodings
from search.documents import Documents
from search.generation import Generations
from search.schema import Schema

logger = logging.getLogger(__name__)

MUCH = 10  # a tenth of the documents is much to change at once
TITLES = 1000  # documents made in one transaction


class Busy(Exception):
    """Another process is building the index."""


class Built(msgspec.Struct, frozen=True):
    """What a build did."""

    records: int  # that are new to it, or other than before
    changed: int  # documents that are now other than before, or gone
    titles: int  # that the live index holds
    rebuilt: bool  # a whole generation, or the live one brought up to date

    @property
    def said(self) -> Text:
        """In one line."""
        how = Text("สร้างดัชนีใหม่", "index built") if self.rebuilt else Text("ปรับปรุงดัชนี", "index updated")
        return Text(
            f"{how.th}แล้ว: {self.titles} ชื่อเรื่อง ระเบียนใหม่หรือแก้ไข {self.records} รายการ "
            f"ชื่อเรื่องที่เปลี่ยน {self.changed} รายการ",
            f"{how.en}: {self.titles} titles; records new or changed: {self.records}, titles changed: {self.changed}",
        )


class Title(msgspec.Struct, frozen=True):
    """A title that is marked, with its records and its work."""

    id: str
    records: list[str]
    work: str = ""


def _marked(connection: Connection, most: int) -> list[Title]:
    c = shape.clusters.c
    ids = todo.marked(connection, most)
    records: dict[str, list[str]] = {id_: [] for id_ in ids}
    works: dict[str, str] = {}
    for row in sql.within(connection, select(c.id, c.record, c.work).where(c.live), c.id, ids):
        records[row.id].append(row.record)
        works[row.id] = row.work or ""
    return [Title(id_, found, works.get(id_, "")) for id_, found in records.items()]


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Nobody else builds the index meanwhile. Raises Busy."""
    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / "index.lock").acquire(timeout=0):
            yield
    except Timeout as error:
        raise Busy("another process is building the index") from error


class Index:
    """The way from records to the engine, for one installation."""

    def __init__(self, tables: Tables, database: Engine, home: Path, tell: Tell = lambda step, done, of: None):
        self.tables, self.home, self.tell, self.database = tables, home, tell, database
        self.store, self.ledger, self.documents = Store(database), Ledger(database), Documents(database)
        self.generations = Generations(home, tables.settings.engine, Schema(tables.fields))

    def run(self, rebuild: bool = False) -> Built:
        """Bring titles, documents and the engine up to date. Raises Busy, EngineError.

        A rebuild reads payloads again where the tables changed, draws all edges and makes all documents anew;
        ids and decisions stay. Without one, the engine must have an index of this version, or none yet.
        """
        with alone(self.home):
            return self._run(rebuild)

    def anew(self) -> None:
        """A new generation of the documents as they stand: after they came from elsewhere. Raises EngineError. Nobody
        else may be at it: see ``alone``."""
        self.generations.build(self.documents, lambda done: self.tell("index", done, None))

    def _run(self, rebuild: bool) -> Built:
        whole = rebuild or not self._live()
        if rebuild:
            logger.info("read %d stored records again", reread(self.tables, self.store))
        records = self._recognise(rebuild)
        before = self.documents.revision()
        self._merge(rebuild)
        if whole:
            self.generations.build(self.documents, lambda done: self.tell("index", done, None))
        else:
            self.generations.update(self.documents, lambda done: self.tell("index", done, None))
        changed = sum(len(batch) for batch in self.documents.since(before))
        return Built(records, changed, self.documents.count(), whole)

    def _live(self) -> bool:
        """Whether there is an index to bring up to date. Raises EngineError where there is one of another version."""
        if self.generations.live() is None:
            return False
        self.generations.current()
        return True

    def _recognise(self, rebuild: bool) -> int:
        """Take in the records that changed since: facts, edges, clusters."""
        known = encodings(self.tables)
        count = Recognition(self.store, self.database, known, self.tell).run(rebuild)
        if rebuild:
            with database.writing(self.database) as connection:
                todo.mark_all(connection)
        return count

    def _merge(self, rebuild: bool) -> None:
        """Make the documents of the marked titles again, a batch in a transaction."""
        with self.database.connect() as connection:
            total = todo.count(connection)
            # Counting headings one document at a time scatters its writes; a great part of them are counted anew.
            recount = rebuild or total * MUCH > self.documents.count() or self.documents.postponed(connection)
        done = 0
        while True:
            with database.writing(self.database) as connection:
                titles = _marked(connection, TITLES)
                if not titles:
                    break
                keys = [split_key(record) for title in titles for record in title.records]
                records = {record.key: record for record in self.store.fetch(keys)}
                made, gone = [], []
                for title in titles:
                    live = [records[key] for key in map(split_key, title.records) if key in records]
                    if live:
                        made.append(
                            document(title.id, live, self.tables.fields, tuple(self.tables.members), title.work)
                        )
                    else:
                        gone.append(title.id)
                self.documents.put(connection, made, recounted=recount)
                self.documents.remove(connection, gone)
                todo.clean(connection, [title.id for title in titles])
            done += len(titles)
            self.tell("merge", done, total)
        if recount:
            self.tell("headings", 0, None)
            with database.writing(self.database) as connection:
                self.documents.recount(connection)
