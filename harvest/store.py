"""The record store: every payload as it came, what was read from it, each run's counts, and the quarantine."""

import hashlib
import zlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    true,
    update,
)

from config import database
from config.holdings import Holding
from harvest import history, titles
from harvest.habit import Past
from harvest.lessons import Learned
from harvest.packing import Reading, content, pack, unpacked
from harvest.record import HarvestError, Parsed, Progress, Record
from harvest.shape import SHAPE, STEPS, counter, quarantine, records, runs, sources, sources_before

COUNTS = ("added", "changed", "unchanged", "deleted", "superseded", "quarantined")


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """One member's one run. ``seen`` is the sum of the other counts; those ``repaired`` are among them."""

    started: str
    finished: str | None
    outcome: str
    seen: int
    added: int
    changed: int
    unchanged: int
    deleted: int
    superseded: int
    quarantined: int
    error: str | None
    repaired: int = 0


class Standing(msgspec.Struct, frozen=True):
    """Where a member stands: what is in the store, and how its last run went."""

    live: int = 0
    deleted: int = 0
    quarantined: int = 0
    last_run: Run | None = None


class Store:
    """The harvest's tables. Every method is one transaction, unless it is given a connection."""

    def __init__(self, engine: Engine):
        database.prepare(engine, "harvest", SHAPE, STEPS)
        self.engine = engine

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def records(self, after: int = 0, batch: int = 1000) -> Iterator[list[tuple[int, Record]]]:
        """Records that changed after a revision, deleted ones too, with their revisions, a batch at a time."""
        query = select(records).order_by(records.c.revision, records.c.member, records.c.local_id)
        last: tuple[int, str, str] = (after, "\U0010ffff", "\U0010ffff")
        while True:
            with self.engine.connect() as connection:
                rows = connection.execute(query.where(_follows(last)).limit(batch)).mappings().all()
            if not rows:
                return
            yield [(row["revision"], _record(row)) for row in rows]
            last = (rows[-1]["revision"], rows[-1]["member"], rows[-1]["local_id"])

    def fetch(self, keys: Iterable[tuple[str, str]]) -> list[Record]:
        """The live records of those keys, in the order of the keys; one that is gone is left out."""
        wanted = list(keys)
        with self.engine.connect() as connection:
            rows = _rows_of_keys(connection, wanted, tuple(records.c))
            found = {(row["member"], row["local_id"]): _record(row) for row in rows if not row["deleted"]}
        return [found[key] for key in wanted if key in found]

    def revision(self) -> int:
        """The revision of the latest change."""
        with self.engine.connect() as connection:
            return connection.scalar(select(func.max(records.c.revision))) or 0

    def standings(self) -> dict[str, Standing]:
        """Every member that was ever harvested."""
        live: dict[str, list[int]] = {}
        with self.engine.connect() as connection:
            counted = select(records.c.member, records.c.deleted, func.count()).group_by(
                records.c.member, records.c.deleted
            )
            for member, gone, count in connection.execute(counted):
                live.setdefault(member, [0, 0, 0])[1 if gone else 0] = count
            waiting = select(quarantine.c.member, func.count()).where(quarantine.c.resolved.is_(None))
            for member, count in connection.execute(waiting.group_by(quarantine.c.member)):
                live.setdefault(member, [0, 0, 0])[2] = count
            last = select(func.max(runs.c.id)).group_by(runs.c.member)
            latest = connection.execute(select(runs).where(runs.c.id.in_(last))).mappings().all()
        by_member = {row["member"]: _run(row) for row in latest}
        counts = {member: live.get(member, [0, 0, 0]) for member in {*live, *by_member}}
        return {m: Standing(here, gone, aside, by_member.get(m)) for m, (here, gone, aside) in counts.items()}

    def histories(self) -> dict[str, list[Past]]:
        """Every member's runs that have ended, the first one first."""
        c = runs.c
        brought = (c.added + c.changed + c.deleted).label("brought")
        query = select(c.member, c.started, c.outcome, brought).where(c.outcome != "running").order_by(c.id)
        found: dict[str, list[Past]] = {}
        with self.engine.connect() as connection:
            for member, *told in connection.execute(query):
                found.setdefault(member, []).append(Past(*told))
        return found

    def quarantined(self, member: str) -> list[tuple[str, str, bytes]]:
        """What waits in a member's quarantine: (place, reason, bytes)."""
        query = select(quarantine).where(quarantine.c.member == member, quarantine.c.resolved.is_(None))
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(quarantine.c.id)).mappings().all()
        return [(row["place"], row["reason"], unpacked(row["payload"])) for row in rows]

    def set_aside(self, connection: Connection, run: int, most: int) -> list[tuple[str, str]]:
        """What a run met and set aside, the first so many: (place, reason)."""
        c = quarantine.c
        query = select(c.place, c.reason).where(c.run == run, c.resolved.is_(None)).order_by(c.id).limit(most)
        return [(row.place, row.reason) for row in connection.execute(query)]

    def repaired(self, member: str) -> dict[str, int]:
        """What was mended in a member's live records, each set of repairs with the number of its records."""
        mended = and_(records.c.member == member, records.c.deleted.is_(False), records.c.repairs != "")
        query = select(records.c.repairs, func.count()).where(mended).group_by(records.c.repairs)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(func.count().desc())).all()
        return {repairs: count for repairs, count in rows}  # noqa: C416  # a row is no tuple to mypy

    def repairs(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
        """What was mended in each of those records; one in which nothing was, or that is gone, is left out."""
        c = records.c
        with self.engine.connect() as connection:
            rows = _rows_of_keys(connection, keys, (c.member, c.local_id, c.deleted, c.repairs))
            mended = [row for row in rows if row["repairs"] and not row["deleted"]]
        return {(row["member"], row["local_id"]): row["repairs"].split() for row in mended}

    def progress(self, member: str, source: str) -> Progress:
        query = select(sources.c.progress).where(sources.c.member == member, sources.c.source == source)
        with self.engine.connect() as connection:
            kept = connection.scalar(query)
        return msgspec.json.decode(kept, type=Progress) if kept else Progress()

    def owed(self, member: str, source: str) -> tuple[str, ...]:
        """The ids of records that the source's server could not give; first those that it was asked for longest ago."""
        c = quarantine.c
        open_ = and_(c.member == member, c.source == source, c.owed, c.resolved.is_(None))
        with self.engine.connect() as connection:
            return tuple(connection.scalars(select(c.local_id).where(open_).order_by(c.run, c.id)))

    def learned(self, member: str) -> dict[str, Learned]:
        """What is known of a member's sources, by their keys."""
        query = select(sources.c.source, sources.c.learned).where(sources.c.member == member)
        with self.engine.connect() as connection:
            rows = connection.execute(query.order_by(sources.c.source)).all()
        return {source: msgspec.json.decode(kept, type=Learned) for source, kept in rows if kept}

    # ── a run ────────────────────────────────────────────────────────────────────────────────────

    def begin(self, connection: Connection, member: str) -> int:
        """A new run's number. A run of this member that never ended was killed, and is marked so."""
        self.break_off(connection, member, "the run was killed")
        row = {"member": member, "started": database.now(), "outcome": "running", "kept": True}
        return int(connection.execute(insert(runs).values(row).returning(runs.c.id)).scalar_one())

    def break_off(self, connection: Connection, member: str, why: str) -> Run | None:
        """The run of a member that goes on no more, marked as failed; None where all have ended."""
        killed = and_(runs.c.member == member, runs.c.outcome == "running")
        told = {"outcome": "failed", "finished": database.now(), "error": why}
        row = connection.execute(update(runs).where(killed).values(told).returning(runs)).mappings().first()
        return _run(row) if row else None

    def put(
        self, connection: Connection, run: int, member: str, source: str, fmt: str, reading: str,
        readings: Iterable[Reading], progress: Progress | None = None,
    ) -> list[str]:  # fmt: skip
        """Store one batch with its counts and the progress that it makes: all of it, or nothing. The ids under which
        this run brought a record of quite another title before; it is superseded all the same."""
        counts = dict.fromkeys(COUNTS, 0)
        repaired = 0
        clashes: list[str] = []
        good: dict[str, Reading] = {}
        beside: list[Reading] = []
        for item in readings:
            if item.fault or not item.parsed:
                counts["quarantined"] += 1
                self._set_aside(connection, run, member, source, item)
            elif item.parsed.beside:
                beside.append(item)
            else:
                repaired += bool(item.parsed.repairs)
                local_id = id_of(item)
                if local_id in good:
                    counts["superseded"] += 1
                    if not titles.alike(content_of(good[local_id]), content_of(item)):
                        clashes.append(local_id)
                good[local_id] = item
        if beside:
            self._put_beside(connection, run, member, source, beside, good, counts)
        clashes += self._write(connection, run, member, source, fmt, reading, good, counts)
        if progress:
            self.advance(connection, run, member, source, progress)
        _count(connection, run, counts, repaired)
        return clashes

    def _put_beside(
        self, connection: Connection, run: int, member: str, source: str, beside: Sequence[Reading],
        good: Container[str], counts: dict[str, int],
    ) -> None:  # fmt: skip
        """Records of holdings: superseded by those of their titles, else in quarantine."""
        ids = [id_of(item) for item in beside]
        rows = _rows_of(connection, member, ids, (records.c.local_id, records.c.deleted))
        here = {row["local_id"] for row in rows if not row["deleted"]}
        for local_id, item in zip(ids, beside, strict=True):
            if local_id in good or local_id in here:
                counts["superseded"] += 1
            else:
                counts["quarantined"] += 1
                said = "a holdings record whose title is not there"
                self._set_aside(connection, run, member, source, msgspec.structs.replace(item, fault=said))

    def last_run(self, member: str, source: str) -> int:
        """The last run that met a record of a source; 0: none is here."""
        query = select(func.max(records.c.run)).where(records.c.member == member, records.c.source == source)
        with self.engine.connect() as connection:
            return connection.scalar(query) or 0

    def superseded(self, connection: Connection, run: int) -> int:
        """How many records of a run were replaced by a later one of the same id, so far."""
        return connection.scalar(select(runs.c.superseded).where(runs.c.id == run)) or 0

    def still(self, connection: Connection, run: int, member: str, source: str, known: Progress) -> None:
        """What was read in an earlier run is there as it was, and counts as it did; it is not read again."""
        told = {"run": run, "digest_before": records.c.digest, "revision_before": records.c.revision}
        here = and_(records.c.member == member, records.c.source == source, records.c.run == known.run)
        mended = select(func.count()).select_from(records).where(here, records.c.repairs != "")
        repaired = connection.scalar(mended) or 0
        unchanged = connection.execute(update(records).where(here).values(told)).rowcount
        aside = and_(
            quarantine.c.member == member, quarantine.c.source == source,
            quarantine.c.run == known.run, quarantine.c.resolved.is_(None),
        )  # fmt: skip
        quarantined = connection.execute(update(quarantine).where(aside).values(run=run)).rowcount
        counts = {"unchanged": unchanged, "superseded": known.superseded, "quarantined": quarantined}
        _count(connection, run, counts, repaired)

    def _write(
        self, connection: Connection, run: int, member: str, source: str, fmt: str, reading: str,
        good: Mapping[str, Reading], counts: dict[str, int],
    ) -> list[str]:  # fmt: skip
        held = {row["local_id"]: row for row in _rows_of(connection, member, list(good), _STATE)}
        revision = _next_revision(connection)
        new: list[dict[str, Any]] = []
        untouched: list[str] = []
        changed: list[tuple[RowMapping, dict[str, Any]]] = []
        for local_id, item in good.items():
            row = _row(run, member, source, fmt, reading, revision, local_id, item)
            old = held.get(local_id)
            if old is None:
                counts[history.outcome(None, row["digest"], row["deleted"])] += 1
                row["first"] = run
                new.append(row)
            elif all(old[name] == row[name] for name in _SAME) and old["run"] != run:
                counts["unchanged"] += 1
                untouched.append(local_id)
            else:
                changed.append((old, row))
        if changed:
            found = [old["local_id"] for old, _ in changed if old["first"] != run]
            history.remember(connection, run, and_(records.c.member == member, records.c.local_id.in_(found)))
        again = [old["local_id"] for old, _ in changed if old["run"] == run]
        before = _rows_of(connection, member, again, (records.c.local_id, records.c.content))
        clashes = [
            row["local_id"]
            for row in before
            if not titles.alike(values_of(row["content"]), content_of(good[row["local_id"]]))
        ]
        for old, row in changed:
            self._replace(connection, old, row, counts, keep_payload=not good[row["local_id"]].payload.data)
        if new:
            database.insert_rows(connection, records, new)
        if untouched:
            here = and_(records.c.member == member, records.c.local_id.in_(untouched))
            told = {"run": run, "digest_before": records.c.digest, "revision_before": records.c.revision}
            connection.execute(update(records).where(here).values(told))
        return clashes

    def _replace(
        self,
        connection: Connection,
        old: RowMapping,
        row: dict[str, Any],
        counts: dict[str, int],
        *,
        keep_payload: bool,
    ) -> None:
        """One record over the one that is held.

        Within a run the first copy counts as superseded by the second, and the outcome is told against
        what stood before the run: the same file twice changes nothing, though an id comes twice in it.
        """
        again = old["run"] == row["run"]
        before = old["digest_before"] if again else old["digest"]
        revision_before = old["revision_before"] if again else old["revision"]
        if again:
            counts["superseded"] += 1
            counts[history.outcome(before, old["digest"], old["deleted"])] -= 1
        counts[history.outcome(before, row["digest"], row["deleted"])] += 1
        if row["reading"] != old["reading"]:
            revision_before = row["revision"]  # read with other tables: new to the index, whatever the payload
        if row["digest"] == before:
            row["revision"] = revision_before
        if keep_payload:  # a deletion by its header alone brings no record: what was known stays
            row = {
                name: value for name, value in row.items() if name not in ("payload", "content", "format", "repairs")
            }
        row |= {"digest_before": before, "revision_before": revision_before}
        here = and_(records.c.member == row["member"], records.c.local_id == row["local_id"])
        connection.execute(update(records).where(here).values(row))

    def _set_aside(self, connection: Connection, run: int, member: str, source: str, item: Reading) -> None:
        """A record with its bytes. Where the protocol tells its id, it waits there once, as it came last."""
        data, place, local_id = item.payload.data, item.payload.place, _key(item.payload.local_id)
        digest = hashlib.sha256(data).digest()
        c = quarantine.c
        ours = and_(c.member == member, c.source == source)
        told = {
            "run": run, "resolved": None, "reason": item.fault, "local_id": local_id,
            "owed": bool(local_id and item.payload.broken),
        }  # fmt: skip
        if local_id:
            before = and_(ours, c.local_id == local_id, c.resolved.is_(None))
            still = {"run": run, "owed": told["owed"]}
            if not data and connection.execute(update(quarantine).where(before).values(still)).rowcount:
                return  # nothing came that could stand in the place of what is kept
            connection.execute(update(quarantine).where(before).values(resolved=run))
        same = or_(c.place == place, and_(c.local_id == local_id, c.local_id != ""))
        here = select(func.min(c.id)).where(ours, c.digest == digest, same).scalar_subquery()
        if not connection.execute(update(quarantine).where(c.id == here).values(told)).rowcount:
            new = {
                "member": member, "source": source, "digest": digest, "place": place,
                "payload": zlib.compress(data), "first": run,
            }  # fmt: skip
            connection.execute(insert(quarantine).values(told | new))

    def advance(self, connection: Connection, run: int, member: str, source: str, progress: Progress) -> None:
        """Keep how far the harvest of a source has come, and how far it had before the run."""
        history.remember_progress(connection, run, member, source)
        self._keep(connection, member, source, progress=msgspec.json.encode(progress).decode())

    def learn(self, connection: Connection, member: str, source: str, learned: Learned) -> None:
        """Keep what a visit found out about its source."""
        self._keep(connection, member, source, learned=msgspec.json.encode(learned).decode())

    def _keep(self, connection: Connection, member: str, source: str, **kept: str) -> None:
        here = and_(sources.c.member == member, sources.c.source == source)
        if not connection.execute(update(sources).where(here).values(kept)).rowcount:
            connection.execute(insert(sources).values({"member": member, "source": source, "progress": "{}"} | kept))

    def missing(self, connection: Connection, run: int, member: str, source: str, since: int = 0) -> tuple[int, int]:
        """After a full load: (live records of the source that did not come, live records that it had before).

        ``since`` is the last run whose load was taken for whole; 0: none is known. What came in a run after it that
        was held back is not counted: the same load would lack a smaller share the next night, and go through.
        """
        done = select(runs.c.id).where(runs.c.member == member, runs.c.outcome == "done")
        counted = or_(records.c.first.is_(None), records.c.first <= since, records.c.first.in_(done))
        before = counted if since else true()
        live = and_(
            records.c.member == member, records.c.source == source,
            records.c.deleted.is_(False), records.c.first.is_distinct_from(run), before,
        )  # fmt: skip
        count = select(func.count()).select_from(records)
        gone = connection.scalar(count.where(live, records.c.run != run, not_(_set_aside_in(run)))) or 0
        return gone, connection.scalar(count.where(live)) or 0

    def came(self, connection: Connection, run: int, member: str, source: str) -> tuple[int, int]:
        """(records of the source that a run brought, those that were new)."""
        here = and_(records.c.member == member, records.c.source == source, records.c.run == run)
        count = select(func.count()).select_from(records)
        new = connection.scalar(count.where(here, records.c.first == run)) or 0
        return connection.scalar(count.where(here)) or 0, new

    def withdraw(self, connection: Connection, run: int, member: str, source: str) -> int:
        """Mark as deleted what a full load no longer brought; they count as seen and deleted."""
        revision = _next_revision(connection)
        gone = and_(
            records.c.member == member, records.c.source == source,
            records.c.run != run, records.c.deleted.is_(False), not_(_set_aside_in(run)),
        )  # fmt: skip
        history.remember(connection, run, and_(gone, records.c.first.is_distinct_from(run)))
        count = connection.execute(
            update(records).where(gone).values(deleted=True, revision=revision, digest=history.WITHDRAWN)
        ).rowcount
        _count(connection, run, {"deleted": count})
        return count

    def resolve_quarantine(self, connection: Connection, run: int, member: str, source: str) -> None:
        """After a full load: what was broken and no longer comes so needs nobody any more. Its bytes stay."""
        gone = and_(
            quarantine.c.member == member, quarantine.c.source == source,
            quarantine.c.run != run, quarantine.c.resolved.is_(None),
        )  # fmt: skip
        connection.execute(update(quarantine).where(gone).values(resolved=run))

    def resolve_arrived(self, connection: Connection, run: int, member: str, source: str) -> None:
        """What lay in quarantine and came good since, or was deleted at its server, needs nobody any more."""
        c, good = quarantine.c, records.c
        since = exists().where(good.member == member, good.local_id == c.local_id, good.run > c.run)
        here = and_(c.member == member, c.source == source, c.local_id != "", c.resolved.is_(None), since)
        connection.execute(update(quarantine).where(here).values(resolved=run))

    def resolve_former(self, connection: Connection, run: int, member: str, named: list[str]) -> None:
        """What came broken from sources that the member no longer has needs nobody any more. Its bytes stay.

        Their files are forgotten: should such a source come back, they are read again, and their quarantine with them.
        """
        former = and_(quarantine.c.member == member, quarantine.c.source.not_in(named), quarantine.c.resolved.is_(None))
        connection.execute(update(quarantine).where(former).values(resolved=run))
        known = select(sources.c.source, sources.c.progress)
        known = known.where(sources.c.member == member, sources.c.source.not_in(named))
        for source, kept in connection.execute(known).all():
            progress = msgspec.json.decode(kept, type=Progress)
            if progress.files:
                self.advance(connection, run, member, source, msgspec.structs.replace(progress, files={}))

    def former(self, connection: Connection, member: str, sources: list[str]) -> dict[str, int]:
        """The live records of sources that the member no longer has, counted."""
        gone = and_(records.c.member == member, records.c.source.not_in(sources), records.c.deleted.is_(False))
        rows = connection.execute(select(records.c.source, func.count()).where(gone).group_by(records.c.source))
        return {source: count for source, count in rows}  # noqa: C416  # a row is no tuple to mypy

    def finish(self, connection: Connection, run: int, outcome: str, error: str | None = None) -> Run:
        done = {"outcome": outcome, "finished": database.now(), "error": error}
        connection.execute(update(runs).where(runs.c.id == run).values(done))
        row = connection.execute(select(runs).where(runs.c.id == run)).mappings().one()
        counted = sum(row[name] for name in COUNTS)
        if row["seen"] != counted:
            raise AssertionError(f"run {run} of {row['member']}: {row['seen']} records seen, {counted} accounted for")
        return _run(row)

    # ── undone ───────────────────────────────────────────────────────────────────────────────────

    def runs(self, member: str, most: int = 10) -> list[tuple[int, bool, Run]]:
        """A member's last runs, the latest first: (number, whether it can be undone, what it did)."""
        query = select(runs).where(runs.c.member == member).order_by(runs.c.id.desc()).limit(most)
        with self.engine.connect() as connection:
            return [(row["id"], row["kept"], _run(row)) for row in connection.execute(query).mappings()]

    def last_change(self, member: str) -> int:
        """A member's last run that changed any record, as far as it can be undone; 0: none is known."""
        changed = runs.c.added + runs.c.changed + runs.c.deleted > 0
        query = select(func.max(runs.c.id)).where(runs.c.member == member, runs.c.kept, changed)
        with self.engine.connect() as connection:
            return connection.scalar(query) or 0

    def undo(self, connection: Connection, member: str, number: int) -> Run:
        """Bring a member's records, and how far its sources are read, back to what they were before a run. That is a
        run of its own, which can be undone. Raises HarvestError where what the run found is not kept."""
        theirs = and_(runs.c.member == member, runs.c.id >= number)
        if not connection.scalar(select(runs.c.kept).where(theirs, runs.c.id == number)):
            raise HarvestError(
                f"{member}: run {number} cannot be undone; `sahaban status {member}` names those that can"
            )
        since = list(connection.scalars(select(runs.c.id).where(theirs)))
        run, revision, counts = self.begin(connection, member), _next_revision(connection), dict.fromkeys(COUNTS, 0)
        history.withdraw_what_came(connection, run, member, number, revision, counts)
        history.bring_back(connection, run, member, number, since, revision, counts)
        self._read_again(connection, run, member, since)
        new = and_(quarantine.c.member == member, func.coalesce(quarantine.c.first, 0) >= number)
        old = and_(quarantine.c.member == member, func.coalesce(quarantine.c.first, 0) < number)
        connection.execute(update(quarantine).where(new, quarantine.c.resolved.is_(None)).values(resolved=run))
        again = or_(quarantine.c.resolved.is_(None), quarantine.c.resolved >= number)
        connection.execute(update(quarantine).where(old, again).values(resolved=None, run=run))  # no record came since
        connection.execute(update(runs).where(runs.c.id == run).values(counts | {"seen": sum(counts.values())}))
        return self.finish(connection, run, "undone", f"as before run {number}")

    def _read_again(self, connection: Connection, run: int, member: str, since: list[int]) -> None:
        """The sources stand where the first of those runs found them; files are read again, changed or not."""
        s = sources_before.c
        rows = connection.execute(select(sources_before).where(s.run.in_(since)).order_by(s.run.desc())).all()
        for source, progress in {row.source: row.progress for row in rows}.items():
            stood = msgspec.json.decode(progress or b"{}", type=Progress)
            self.advance(connection, run, member, source, msgspec.structs.replace(stood, files={}))

    # ── reading again ────────────────────────────────────────────────────────────────────────────

    def stale(self, member: str, source: str, reading: str, batch: int = 500) -> Iterator[list[tuple[str, bytes]]]:
        """(local id, payload) of live records that were read with other tables than the present ones."""
        old = and_(
            records.c.member == member, records.c.source == source,
            records.c.reading != reading, records.c.deleted.is_(False),
        )  # fmt: skip
        query = select(records.c.local_id, records.c.payload).where(old).order_by(records.c.local_id).limit(batch)
        last = ""
        while True:
            with self.engine.connect() as connection:
                rows = connection.execute(query.where(records.c.local_id > last)).all()
            if not rows:
                return
            yield [(local_id, unpacked(payload)) for local_id, payload in rows]
            last = rows[-1][0]

    def reread(self, member: str, reading: str, parsed: Mapping[str, Parsed]) -> None:
        """Replace what was read from payloads; the payloads stay."""
        with database.writing(self.engine) as connection:
            revision = _next_revision(connection)
            for local_id, item in parsed.items():
                here = and_(records.c.member == member, records.c.local_id == local_id)
                changed = {
                    "content": content(item), "reading": reading, "revision": revision,
                    "repairs": " ".join(item.repairs),
                }  # fmt: skip
                connection.execute(update(records).where(here).values(changed))


def _follows(last: tuple[int, str, str]) -> Any:
    revision, member, local_id = last
    c = records.c
    return (c.revision > revision) | (
        (c.revision == revision) & ((c.member > member) | ((c.member == member) & (c.local_id > local_id)))
    )


def _set_aside_in(run: int) -> ColumnElement[bool]:
    """A record that did come in that run, but could not be read: what was known of it stays."""
    c = quarantine.c
    same = and_(c.member == records.c.member, c.source == records.c.source, c.local_id == records.c.local_id)
    return exists().where(same, c.local_id != "", c.run == run, c.resolved.is_(None))


_SAME = ("digest", "reading", "datestamp", "source", "format")
_STATE = tuple(
    records.c[name]
    for name in (*_SAME, "local_id", "deleted", "run", "revision", "digest_before", "revision_before", "first")
)


def _rows_of(
    connection: Connection, member: str, ids: list[str], columns: tuple[Column[Any], ...]
) -> Iterator[RowMapping]:
    query = _by_ids(columns)
    for start in range(0, len(ids), 500):
        given = {"of": member, "ids": ids[start : start + 500]}
        yield from connection.execute(query, given).mappings()


def _rows_of_keys(
    connection: Connection, keys: Iterable[tuple[str, str]], columns: tuple[Column[Any], ...]
) -> Iterator[RowMapping]:
    by_member: dict[str, list[str]] = {}
    for member, local_id in keys:
        by_member.setdefault(member, []).append(local_id)
    for member, ids in by_member.items():
        yield from _rows_of(connection, member, ids, columns)


# What is asked with every batch is written once: SQLAlchemy takes longer over a statement than the database does.
@cache
def _by_ids(columns: tuple[Column[Any], ...]) -> Select[Any]:
    c = records.c
    return select(*columns).where(c.member == bindparam("of"), c.local_id.in_(bindparam("ids", expanding=True)))


_COUNTED = (
    update(runs)
    .where(runs.c.id == bindparam("this"))
    .values({name: runs.c[name] + bindparam(f"more_{name}") for name in ("seen", "repaired", *COUNTS)})
)
_GROWN = update(counter).where(counter.c.id == 1).values(value=counter.c.value + 1).returning(counter.c.value)


def _count(connection: Connection, run: int, counts: Mapping[str, int], repaired: int = 0) -> None:
    """Add to what a run has counted."""
    more = {**dict.fromkeys(COUNTS, 0), **counts, "seen": sum(counts.values()), "repaired": repaired}
    connection.execute(_COUNTED, {"this": run} | {f"more_{name}": count for name, count in more.items()})


def _row(
    run: int, member: str, source: str, fmt: str, reading: str, revision: int, local_id: str, item: Reading
) -> dict[str, Any]:
    payload, parsed = item.payload, item.parsed or Parsed({})
    packed = item.packed or pack(payload, parsed)
    return {
        "member": member, "local_id": local_id, "source": source, "format": fmt, "datestamp": payload.datestamp,
        "deleted": payload.deleted or parsed.deleted,
        "payload": payload.data if packed.payload is None else packed.payload, "content": packed.content,
        "digest": packed.digest, "reading": reading, "revision": revision, "run": run, "digest_before": None,
        "revision_before": None, "repairs": " ".join(parsed.repairs),
    }  # fmt: skip


def _next_revision(connection: Connection) -> int:
    """The next revision. The counter's row stays locked until the transaction ends, so revisions become
    visible in their order and a reader who goes on from one misses nothing."""
    value = connection.execute(_GROWN).scalar()
    if value is None:
        connection.execute(insert(counter).values(id=1, value=1))
        return 1
    return int(value)


def id_of(item: Reading) -> str:
    """By what a record is known."""
    return _key(item.payload.local_id or (item.parsed.local_id if item.parsed else ""))


def _key(local_id: str) -> str:
    """No database keys a NUL."""
    return local_id.replace("\0", "\u2400")


def content_of(item: Reading) -> dict[str, tuple[str, ...]]:
    """The values of a reading, whichever process made it."""
    return values_of(item.packed.content) if item.packed else item.parsed.values if item.parsed else {}


def values_of(content: bytes) -> dict[str, tuple[str, ...]]:
    """The values in a stored content."""
    values: dict[str, tuple[str, ...]] = msgspec.json.decode(unpacked(content), type=_Content)[0]
    return values


_Content = tuple[dict[str, tuple[str, ...]], tuple[Holding, ...]]


def _record(row: RowMapping) -> Record:
    values, holdings = msgspec.json.decode(unpacked(row["content"]), type=_Content)
    return Record(
        member=row["member"], local_id=row["local_id"], format=row["format"],
        payload=unpacked(row["payload"]), values=values, holdings=holdings,
        datestamp=row["datestamp"], deleted=row["deleted"],
    )  # fmt: skip


def _run(row: RowMapping) -> Run:
    return Run(**{name: row[name] for name in Run.__struct_fields__})
