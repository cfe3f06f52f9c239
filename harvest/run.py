"""One member's harvest: fetch, read, store, count; one member's failure never stops another."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from filelock import FileLock, Timeout
from sqlalchemy import Connection

from config import database
from config.tables import Member, Source, Tables
from harvest import extract, history
from harvest.foreign import Foreign, Watch, copied
from harvest.formats import open_format
from harvest.lessons import Lessons
from harvest.packing import Reading
from harvest.protocols import Visit, fetch
from harvest.readers import read as read_payload
from harvest.readers import readings
from harvest.record import Format, HarvestError, Payload, Progress
from harvest.store import Run, Store

logger = logging.getLogger(__name__)

T = TypeVar("T")
MOST = 0.5  # of a source's records that are withdrawn in one night without a person's word
NAMED = 5  # numbers that a note names
SHOWN = 20  # records set aside that a terminal shows
Tell = Callable[[int, int | None], None]  # records seen so far, of how many if the source says


class Rehearsal(Run, frozen=True):
    """A dry run, with what it would set aside, of which nothing is kept: (place, reason), the first few."""

    aside: tuple[tuple[str, str], ...] = ()


class Locked(HarvestError):
    """Another process is harvesting this member."""


def harvest(
    member: Member, tables: Tables, store: Store, home: Path, *,
    full: bool = False, dry_run: bool = False, accept: bool = False, tell: Tell = lambda seen, of: None,
) -> Run:  # fmt: skip
    """One run over a member's sources. Raises Locked; every other trouble is the run's outcome and error.

    ``full`` asks for everything again, ``accept`` takes a full load as it is, whatever it lacks or brings, and
    withdraws what came only from sources that the member no longer has, ``dry_run`` does all of it and keeps nothing:
    the run is a Rehearsal.
    """
    with _alone(home, member.code):
        return _Harvest(member, tables, store, None if dry_run else home, full, accept, tell).run(dry_run)


def undo(code: str, store: Store, home: Path, number: int | None = None) -> Run:
    """A member's records as they were before a run of it, by default the last that changed any. Raises Locked,
    HarvestError."""
    with _alone(home, code), database.writing(store.engine) as connection:
        if not store.runs(code, 1):
            raise HarvestError(f"{code}: it was never harvested; there is nothing to undo")
        wanted = number or store.last_change(code)
        if not wanted:
            raise HarvestError(f"{code}: no run that is remembered changed any record; there is nothing to undo")
        return store.undo(connection, code, wanted)


def broken_off(code: str, store: Store, home: Path, why: str) -> Run | None:
    """The run of a harvest whose process is gone, marked as failed; None where it had not begun. Raises Locked."""
    with _alone(home, code), database.writing(store.engine) as connection:
        return store.break_off(connection, code, why)


@contextmanager
def _alone(home: Path, code: str) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / f"harvest-{code}.lock").acquire(timeout=0):
            yield
    except Timeout as error:
        raise Locked(f"{code}: another harvest of this member is running") from error


@contextmanager
def no_harvest(home: Path) -> Iterator[None]:
    """No member that was ever harvested is harvested meanwhile. Raises Locked."""
    with ExitStack() as held:
        for lock in sorted(home.glob("harvest-*.lock")):
            held.enter_context(_alone(home, lock.stem.removeprefix("harvest-")))
        yield


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
                history.forget(connection, self.member.code, self.tables.settings.history_days)
            return self._sources(number, None)
        with (
            self.store.engine.connect().execution_options(writing=True) as connection,
            connection.begin() as transaction,
        ):
            number = self.store.begin(connection, self.member.code)
            result = self._sources(number, connection)
            aside = self.store.set_aside(connection, number, SHOWN)
            transaction.rollback()
            return Rehearsal(**msgspec.structs.asdict(result), aside=tuple(aside))

    def _sources(self, number: int, within: Connection | None) -> Run:
        for source in self.member.source:
            try:
                self._source(source, number, within)
            except HarvestError as error:
                self.faults.append(str(error))
            except Exception as error:  # whatever a source provokes is that run's outcome, not the night's end
                logger.exception("harvest of %s failed", self.member.code)
                self.faults.append(f"{source.key}: {type(error).__name__}: {error}")
        self._with(within, lambda c: self._former(c, number))
        outcome = "failed" if self.faults else "held" if self.held else "done"
        said = "; ".join(self.faults + self.held + self.noticed) or None
        return self._with(within, lambda connection: self.store.finish(connection, number, outcome, said))

    def _former(self, connection: Connection, number: int) -> None:
        """What came from sources that the member no longer has: an address that changed, a file of another name."""
        code, keys = self.member.code, [source.key for source in self.member.source]
        self.store.resolve_former(connection, number, code, keys)
        for source, many in self.store.former(connection, code, keys).items():
            if self.accept and not self.faults:
                self.store.withdraw(connection, number, code, source)
                self.store.advance(connection, number, code, source, Progress())  # should it be named again: anew
            else:
                self.noticed.append(
                    f"{source}: members.toml no longer names it; records that came from there only: {many}. "
                    f"They are kept; if they were withdrawn: sahaban harvest {code} --accept"
                )

    def _source(self, source: Source, number: int, within: Connection | None) -> None:
        code, settings = self.member.code, self.tables.settings
        form = open_format(source, code, self.tables.fields)
        reading = fingerprint(source, self.tables)
        known = self.store.progress(code, source.key)
        lessons = Lessons(self.store.learned(code).get(source.key))
        again = self.full or (self.accept and source.protocol == "file")  # what is accepted is looked at
        owed = self.store.owed(code, source.key)
        visit = Visit(source, self.tables.directory, settings, known, again, owed, self._pages(source), lessons)
        try:
            self._visit(visit, form, reading, number, within)
        finally:
            self.noticed += (f"{source.key}: {sentence}" for sentence in lessons.said())
            self._with(within, lambda c: self.store.resolve_arrived(c, number, code, source.key))
            self._with(within, lambda c: self.store.learn(c, code, source.key, lessons.learned()))

    def _pages(self, source: Source) -> Path | None:
        if self.home is None:
            return None
        return self.home / f"harvest-{self.member.code}.{hashlib.sha256(source.key.encode()).hexdigest()[:8]}"

    def _visit(self, visit: Visit, form: Format, reading: str, number: int, within: Connection | None) -> None:
        code, source = self.member.code, visit.source
        known = visit.progress
        other = known.reading != reading or known.load not in ("", source.load)  # read with other tables, or never
        if other or self.store.last_run(code, source.key) > known.run:  # or a run that did not end well met some of it
            visit = msgspec.structs.replace(visit, progress=msgspec.structs.replace(visit.progress, files={}))
        before = self._with(within, lambda c: self.store.superseded(c, number))
        try:
            files = self._taken_in(visit, form, reading, number, within)
        except Foreign as error:
            self.held.append(str(error))
            return
        if visit.lessons.still:
            known = msgspec.structs.replace(visit.progress, run=number)
            self._with(within, lambda c: self.store.still(c, number, code, source.key, visit.progress))
            self._with(within, lambda c: self.store.advance(c, number, code, source.key, known))
            return
        held = len(self.held)
        whole = visit.lessons.whole
        if (source.load == "full" or whole) and not visit.lessons.left:
            self._with(within, lambda c: self._withdraw(c, visit, number))
        if len(self.held) > held:
            return
        if (source.protocol == "file" or whole) and not visit.lessons.left:  # what is not broken any more needs nobody
            self._with(within, lambda c: self.store.resolve_quarantine(c, number, code, source.key))
        if whole:
            known = msgspec.structs.replace(self.store.progress(code, source.key), run=number)
            self._with(within, lambda c: self.store.advance(c, number, code, source.key, known))
        self._with(within, lambda c: self._note_copies(c, source, number))
        if files:
            superseded = self._with(within, lambda c: self.store.superseded(c, number)) - before
            files = msgspec.structs.replace(files, reading=reading, run=number, superseded=superseded, load=source.load)
            self._with(within, lambda c: self.store.advance(c, number, code, source.key, files))

    def _note_copies(self, connection: Connection, source: Source, number: int) -> None:
        """Where most of what came is new, and another member's: a file in the wrong place adds its records here."""
        others = [code for code in self.tables.members if code != self.member.code]
        came, new = self.store.came(connection, number, self.member.code, source.key)
        if not others or self.accept or self.home is None or new <= came / 2:
            return
        if other := copied(connection, self.member.code, source.key, number, others):
            self.noticed.append(
                f"{source.key}: {new} of {came} records are new, and {other} has them under the same numbers; "
                f"if they are not this library's, take them back: sahaban undo {self.member.code}"
            )

    def _taken_in(
        self, visit: Visit, form: Format, reading: str, number: int, within: Connection | None
    ) -> Progress | None:
        """Every batch stored; which files they came from. From the batch on whose records are strangers, a full load
        is taken in whole or not at all. Raises Foreign where it is another member's, with nothing of that part kept."""
        code, source = self.member.code, visit.source
        full = source.load == "full" and not self.accept and self._with(within, lambda c: self._live(c, number, source))
        watch = Watch(code, source.key, reading) if full else None
        files: Progress | None = None
        came = unread = 0
        clashes: list[str] = []
        with ExitStack() as aside:
            trouble: HarvestError | None = None
            try:
                for batch, read in readings(fetch(visit, form), form, source, code, self.tables):
                    if batch.progress and batch.progress.files:
                        files = batch.progress
                        continue
                    if watch and self._sees(watch, within, read) and within is None:
                        within = aside.enter_context(database.writing(self.store.engine))
                    clashes += self._with(within, lambda c, b=batch, r=read: self.store.put(  # type: ignore[misc]  # bound here
                        c, number, code, source.key, source.format, reading, r, b.progress))  # fmt: skip
                    unread += sum(bool(item.fault) for item in read)
                    came += len(read)
                    self.seen += len(read)
                    self.tell(self.seen, batch.of)
            except HarvestError as error:  # what came until then is kept
                trouble = error
            if watch and within is not None:
                gone, live = self.store.missing(within, number, code, source.key, visit.progress.run)
                if told := watch.told(within, gone, live, gone > self._allowed(live)):
                    raise Foreign(told) from trouble
        if clashes and source.protocol == "file":  # a server may tell of one record twice, as it changed
            self._note_clashes(source, list(dict.fromkeys(clashes)))
        if trouble:
            raise trouble
        never = source.protocol == "file" and 0 < unread == came
        if never and not self._with(within, lambda c: self._live(c, number, source)):
            told = "is it the right file, and the right format?"
            raise HarvestError(f"{source.key}: none of its records can be read ({unread} in quarantine); {told}")
        return files

    def _note_clashes(self, source: Source, ids: list[str]) -> None:
        """Records of one number in a file take each other's place; where they are of different titles, one is lost."""
        shown = ", ".join(ids[:NAMED]) + (" …" if len(ids) > NAMED else "")
        self.noticed.append(
            f"{source.key}: records whose number another one of quite another title has: {len(ids)} ({shown}); "
            "of each number only the last is kept. Ask the member for numbers that are one record's each"
        )

    def _live(self, connection: Connection, number: int, source: Source) -> bool:
        return self.store.missing(connection, number, self.member.code, source.key)[1] > 0

    def _sees(self, watch: Watch, within: Connection | None, read: list[Reading]) -> bool:
        if within is not None:
            return watch.sees(within, read)
        with self.store.engine.connect() as connection:
            return watch.sees(connection, read)

    def _allowed(self, live: int) -> float:
        """How much may go in one night unasked; of a small member, too, no more than a half."""
        settings = self.tables.settings
        return min(max(settings.withdraw_floor, live * settings.withdraw_percent / 100), live * MOST)

    def _withdraw(self, connection: Connection, visit: Visit, number: int) -> None:
        """What a full load no longer brings was withdrawn, unless it is so much that a person must say so."""
        code, source = self.member.code, visit.source
        gone, live = self.store.missing(connection, number, code, source.key, visit.progress.run)
        if gone > self._allowed(live) and not self.accept:
            self.held.append(
                f"{source.key}: {gone} of {live} records are missing from the full load; they are kept. "
                f"If they were withdrawn: sahaban harvest {code} {'' if source.load == 'full' else '--full '}--accept"
                f"{self._foreign_list(connection, source, number)}"
            )
            return
        if self.store.withdraw(connection, number, code, source.key):
            self._read_others_again(connection, source, number)

    def _read_others_again(self, connection: Connection, source: Source, number: int) -> None:
        """What a source no longer brings may stand in another file of the member, which is read only when it changes:
        the record was the source's that brought it last."""
        code = self.member.code
        for other in self.member.source:
            if other.key != source.key and other.protocol == "file" and other.load == "full":
                known = msgspec.structs.replace(self.store.progress(code, other.key), files={})
                self.store.advance(connection, number, code, other.key, known)

    def _foreign_list(self, connection: Connection, source: Source, number: int) -> str:
        """A server's list is stored page by page; where most of it is new it may be another library's."""
        came, new = self.store.came(connection, number, self.member.code, source.key)
        if source.protocol == "file" or new <= came / 2:
            return ""
        told = f"{new} of {came} records that came are new; does this address serve another library?"
        return f". {told} They are taken back by: sahaban undo {self.member.code}"

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
