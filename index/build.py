"""From the record store to a live index: recognise, merge, write; what changed, or everything anew."""

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from sqlalchemy import Engine

from config import database
from config.tables import Tables
from harvest.run import reread
from harvest.store import Store
from index.ledger import Ledger, record_key, split_key
from index.match import rule
from index.merge import document
from search.documents import Documents
from search.generation import Generations
from search.schema import Schema

logger = logging.getLogger(__name__)

Tell = Callable[[str, int, int | None], None]  # step, done so far, of how many if known
MUCH = 10  # a tenth of the documents is much to change at once
TITLES = 1000  # documents made in one transaction


class Busy(Exception):
    """Another process is building the index."""


class Built(msgspec.Struct, frozen=True):
    """What a build did."""

    records: int  # that were new to it
    changed: int  # documents that are now other than before, or gone
    titles: int  # that the live index holds
    rebuilt: bool  # a whole generation, or the live one brought up to date


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
        self.home.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.home / "index.lock").acquire(timeout=0):
                return self._run(rebuild)
        except Timeout as error:
            raise Busy("another process is building the index") from error

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
        """Take in the records that changed since: keys, edges, clusters, in one transaction."""
        ledger = self.ledger
        with database.writing(self.database) as connection:
            rebuild = rebuild or ledger.state(connection, "rule") != rule.VERSION
            after = 0 if rebuild else ledger.state(connection, "revision")
            first = after == 0
            touched: set[str] = set()
            changed: set[str] = set()
            count = 0
            last = after
            for batch in self.store.records(after):
                keys = {record_key(*r.key): [] if r.deleted else list(rule.keys(r)) for _, r in batch}
                ledger.observe(connection, {record_key(*r.key): not r.deleted for _, r in batch})
                touched |= ledger.set_keys(connection, keys)
                if not first:
                    changed |= keys.keys()
                count, last = count + len(batch), batch[-1][0]
                self.tell("recognise", count, None)
            if count or rebuild:
                ledger.mark_of(connection, changed)
                linked = ledger.link(connection, None if first else touched)
                ledger.recluster(connection, None if first else changed | linked)
                ledger.mark_of(connection, changed)
                ledger.set_state(connection, "revision", last)
                ledger.set_state(connection, "rule", rule.VERSION)
            if rebuild:
                ledger.mark_all(connection)
            return count

    def _merge(self, rebuild: bool) -> None:
        """Make the documents of the marked titles again, a batch in a transaction."""
        with self.database.connect() as connection:
            total = self.ledger.dirty_count(connection)
            # Counting headings one document at a time scatters its writes; a great part of them are counted anew.
            recount = rebuild or total * MUCH > self.documents.count() or self.documents.postponed(connection)
        done = 0
        while True:
            with database.writing(self.database) as connection:
                titles = self.ledger.dirty(connection, TITLES)
                if not titles:
                    break
                records = {r.key: r for r in self.store.fetch(split_key(k) for ks in titles.values() for k in ks)}
                made, gone = [], []
                for id_, keys in titles.items():
                    live = [records[key] for key in map(split_key, keys) if key in records]
                    if live:
                        made.append(document(id_, live, self.tables.fields, tuple(self.tables.members)))
                    else:
                        gone.append(id_)
                self.documents.put(connection, made, recounted=recount)
                self.documents.remove(connection, gone)
                self.ledger.clean(connection, titles)
            done += len(titles)
            self.tell("merge", done, total)
        if recount:
            self.tell("headings", 0, None)
            with database.writing(self.database) as connection:
                self.documents.recount(connection)
