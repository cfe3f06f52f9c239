"""One member's harvest: fetch, read, store, count; one member's failure never stops another."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from filelock import FileLock, Timeout
from sqlalchemy import Connection

from config import database
from config.tables import Member, Source, Tables
from harvest import extract
from harvest.formats import open_format
from harvest.lessons import Lessons
from harvest.protocols import Visit, fetch
from harvest.readers import read as read_payload
from harvest.readers import readings
from harvest.record import Format, HarvestError, Payload, Progress
from harvest.store import Run, Store

logger = logging.getLogger(__name__)

T = TypeVar("T")
Tell = Callable[[int, int | None], None]  # records seen so far, of how many if the source says


class Locked(HarvestError):
    """Another process is harvesting this member."""


def harvest(
    member: Member, tables: Tables, store: Store, home: Path, *,
    full: bool = False, dry_run: bool = False, accept: bool = False, tell: Tell = lambda seen, of: None,
) -> Run:  # fmt: skip
    """One run over a member's sources. Raises Locked; every other trouble is the run's outcome and error.

    ``full`` asks for everything again, ``accept`` withdraws what a full load lacks however much it is,
    ``dry_run`` does all of it and keeps nothing.
    """
    with _alone(home, member.code):
        return _Harvest(member, tables, store, None if dry_run else home, full, accept, tell).run(dry_run)


def undo(code: str, store: Store, home: Path, number: int | None = None) -> Run:
    """A member's records as they were before a run of it, by default the last. Raises Locked, HarvestError."""
    with _alone(home, code), database.writing(store.engine) as connection:
        known = store.runs(code, 1)
        if not known:
            raise HarvestError(f"{code}: it was never harvested; there is nothing to undo")
        return store.undo(connection, code, known[0][0] if number is None else number)


@contextmanager
def _alone(home: Path, code: str) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / f"harvest-{code}.lock").acquire(timeout=0):
            yield
    except Timeout as error:
        raise Locked(f"{code}: another harvest of this member is running") from error


class _Harvest:
    def __init__(
        self, member: Member, tables: Tables, store: Store, home: Path | None, full: bool, accept: bool, tell: Tell
    ):  # fmt: skip
        self.member, self.tables, self.store, self.home = member, tables, store, home
        self.full, self.accept, self.tell = full, accept, tell
        self.seen = 0
        self.faults: list[str] = []
        self.held: list[str] = []
        self.noticed: list[str] = []

    def run(self, dry_run: bool) -> Run:
        if not dry_run:
            with database.writing(self.store.engine) as connection:
                number = self.store.begin(connection, self.member.code)
                self.store.forget(connection, self.member.code, self.tables.settings.history_days)
            return self._sources(number, None)
        with (
            self.store.engine.connect().execution_options(writing=True) as connection,
            connection.begin() as transaction,
        ):
            result = self._sources(self.store.begin(connection, self.member.code), connection)
            transaction.rollback()
            return result

    def _sources(self, number: int, within: Connection | None) -> Run:
        for source in self.member.source:
            try:
                self._source(source, number, within)
            except HarvestError as error:
                self.faults.append(str(error))
            except Exception as error:  # whatever a source provokes is that run's outcome, not the night's end
                logger.exception("harvest of %s failed", self.member.code)
                self.faults.append(f"{source.key}: {type(error).__name__}: {error}")
        outcome = "failed" if self.faults else "held" if self.held else "done"
        said = "; ".join(self.faults + self.held + self.noticed) or None
        keys = [source.key for source in self.member.source]
        self._with(within, lambda c: self.store.resolve_former(c, number, self.member.code, keys))
        return self._with(within, lambda connection: self.store.finish(connection, number, outcome, said))

    def _source(self, source: Source, number: int, within: Connection | None) -> None:
        code, settings = self.member.code, self.tables.settings
        form = open_format(source, code, self.tables.fields)
        reading = fingerprint(source, self.tables)
        known = self.store.progress(code, source.key)
        lessons = Lessons(self.store.learned(code).get(source.key))
        again = self.full or (self.accept and source.protocol == "file")  # what is accepted is looked at
        visit = Visit(source, self.tables.directory, settings, known, again, self._pages(source), lessons)
        try:
            self._visit(visit, form, reading, number, within)
        finally:
            self.noticed += (f"{source.key}: {sentence}" for sentence in lessons.said())
            self._with(within, lambda c: self.store.learn(c, code, source.key, lessons.learned()))

    def _pages(self, source: Source) -> Path | None:
        if self.home is None:
            return None
        return self.home / f"harvest-{self.member.code}.{hashlib.sha256(source.key.encode()).hexdigest()[:8]}"

    def _visit(self, visit: Visit, form: Format, reading: str, number: int, within: Connection | None) -> None:
        code, source = self.member.code, visit.source
        if visit.progress.reading != reading:  # read with other tables, or never
            visit = msgspec.structs.replace(visit, progress=msgspec.structs.replace(visit.progress, files={}))
        before = self._with(within, lambda c: self.store.superseded(c, number))
        files: Progress | None = None
        for batch, read in readings(fetch(visit, form), form, source, code, self.tables):
            if batch.progress and batch.progress.files:
                files = batch.progress
                continue
            self._with(within, lambda c, b=batch, r=read: self.store.put(  # type: ignore[misc]  # bound in the loop
                c, number, code, source.key, source.format, reading, r, b.progress))  # fmt: skip
            self.seen += len(read)
            self.tell(self.seen, batch.of)
        if visit.lessons.still:
            known = msgspec.structs.replace(visit.progress, run=number)
            self._with(within, lambda c: self.store.still(c, number, code, source.key, visit.progress))
            self._with(within, lambda c: self.store.advance(c, number, code, source.key, known))
            return
        held = len(self.held)
        whole = visit.lessons.whole
        if (source.load == "full" or whole) and not visit.lessons.left:
            self._with(within, lambda c: self._withdraw(c, source, number))
        if (source.protocol == "file" or whole) and not visit.lessons.left:  # what is not broken any more needs nobody
            self._with(within, lambda c: self.store.resolve_quarantine(c, number, code, source.key))
        if files and len(self.held) == held:
            superseded = self._with(within, lambda c: self.store.superseded(c, number)) - before
            files = msgspec.structs.replace(files, reading=reading, run=number, superseded=superseded)
            self._with(within, lambda c: self.store.advance(c, number, code, source.key, files))

    def _withdraw(self, connection: Connection, source: Source, number: int) -> None:
        """What a full load no longer brings was withdrawn, unless it is so much that a person must say so."""
        code, settings = self.member.code, self.tables.settings
        gone, live = self.store.missing(connection, number, code, source.key)
        allowed = max(settings.withdraw_floor, live * settings.withdraw_percent / 100)
        if gone > allowed and not self.accept:
            self.held.append(
                f"{source.key}: {gone} of {live} records are missing from the full load; they are kept. "
                f"If they were withdrawn: sahaban harvest {code} {'' if source.load == 'full' else '--full '}--accept"
            )
            return
        self.store.withdraw(connection, number, code, source.key)

    def _with(self, within: Connection | None, work: Callable[[Connection], T]) -> T:
        if within is not None:
            return work(within)
        with database.writing(self.store.engine) as connection:
            return work(connection)


def fingerprint(source: Source, tables: Tables) -> str:
    """With which tables a payload is read: when it changes, stored records are read again."""
    told = msgspec.json.encode(
        (extract.VERSION, tables.fields, source.format, source.encoding, source.holdings, source.columns)
    )
    return hashlib.sha256(told).hexdigest()[:16]


def reread(tables: Tables, store: Store) -> int:
    """Read stored payloads again where the tables changed since: the number of records."""
    count = 0
    for member in tables.members.values():
        for source in member.source:
            form, reading = open_format(source, member.code, tables.fields), fingerprint(source, tables)
            for batch in store.stale(member.code, source.key, reading):
                read = [(local_id, read_payload(Payload(data, local_id), form)) for local_id, data in batch]
                store.reread(member.code, reading, {i: r.parsed for i, r in read if r.parsed})
                count += len(batch)
    return count
