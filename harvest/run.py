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
from harvest.protocols import Visit, fetch
from harvest.record import Format, HarvestError, Parsed, Payload
from harvest.store import Reading, Run, Store

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
        return _Harvest(member, tables, store, full, accept, tell).run(dry_run)


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
    def __init__(self, member: Member, tables: Tables, store: Store, full: bool, accept: bool, tell: Tell):
        self.member, self.tables, self.store = member, tables, store
        self.full, self.accept, self.tell = full, accept, tell
        self.seen = 0
        self.faults: list[str] = []
        self.held: list[str] = []

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
        said = "; ".join(self.faults + self.held) or None
        keys = [source.key for source in self.member.source]
        self._with(within, lambda c: self.store.resolve_former(c, number, self.member.code, keys))
        return self._with(within, lambda connection: self.store.finish(connection, number, outcome, said))

    def _source(self, source: Source, number: int, within: Connection | None) -> None:
        code, settings = self.member.code, self.tables.settings
        form = open_format(source, code, self.tables.fields)
        reading = fingerprint(source, self.tables)
        known = self.store.progress(code, source.key)
        visit = Visit(source, self.tables.directory, settings, known, self.full)
        for batch in fetch(visit, form):
            read = [_read(payload, form) for payload in batch.payloads]
            self._with(within, lambda c, b=batch, r=read: self.store.put(  # type: ignore[misc]  # bound in the loop
                c, number, code, source.key, source.format, reading, r, b.progress))  # fmt: skip
            self.seen += len(read)
            self.tell(self.seen, batch.of)
        if source.load == "full":
            self._with(within, lambda c: self._withdraw(c, source, number))
        if source.protocol == "file" or self.full:  # all of it was read: what is not broken any more needs nobody
            self._with(within, lambda c: self.store.resolve_quarantine(c, number, code, source.key))

    def _withdraw(self, connection: Connection, source: Source, number: int) -> None:
        """What a full load no longer brings was withdrawn, unless it is so much that a person must say so."""
        code, settings = self.member.code, self.tables.settings
        gone, live = self.store.missing(connection, number, code, source.key)
        allowed = max(settings.withdraw_floor, live * settings.withdraw_percent / 100)
        if gone > allowed and not self.accept:
            self.held.append(
                f"{source.key}: {gone} of {live} records are missing from the full load; they are kept. "
                f"If they were withdrawn: sahaban harvest {code} --accept"
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


def _read(payload: Payload, form: Format) -> Reading:
    if payload.broken:
        return Reading(payload, fault=payload.broken)
    if payload.deleted and not payload.data:
        return Reading(payload, Parsed({}, deleted=True))
    try:
        parsed = form.parse(payload.data)
    except ValueError as error:
        if payload.deleted:  # the header's word holds, whatever stands below it
            return Reading(msgspec.structs.replace(payload, data=b""), Parsed({}, deleted=True))
        return Reading(payload, fault=str(error))
    except Exception as error:  # members' data finds what no format foresaw: it must cost one record, not the run
        logger.exception("%s cannot be read", payload.place)
        return Reading(payload, fault=f"cannot be read: {type(error).__name__}: {error}")
    if not (payload.local_id or parsed.local_id):
        digest = hashlib.sha256(payload.data).hexdigest()[:16]
        parsed = msgspec.structs.replace(parsed, local_id=f"sha-{digest}")
    return Reading(payload, parsed)


def reread(tables: Tables, store: Store) -> int:
    """Read stored payloads again where the tables changed since: the number of records."""
    count = 0
    for member in tables.members.values():
        for source in member.source:
            form, reading = open_format(source, member.code, tables.fields), fingerprint(source, tables)
            for batch in store.stale(member.code, source.key, reading):
                read = [(local_id, _read(Payload(data, local_id), form)) for local_id, data in batch]
                store.reread(member.code, reading, {i: r.parsed for i, r in read if r.parsed})
                count += len(batch)
    return count
