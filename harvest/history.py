"""What runs found before they changed it: kept as long as a run can be undone, and brought back by an undo."""

import hashlib

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, insert, literal, select, update

from config import database
from harvest.shape import WAS, records, records_before, runs, sources, sources_before

WITHDRAWN = hashlib.sha256(b"withdrawn").digest()  # stands for the digest of what no longer comes


_REMEMBERED = select(sources_before.c.run).where(
    sources_before.c.run == bindparam("of"), sources_before.c.source == bindparam("at")
)  # asked with every batch


def remember(connection: Connection, run: int, which: ColumnElement[bool]) -> None:
    """Keep what a run finds before it changes it; the first time counts."""
    known = select(records_before.c.run).where(
        records_before.c.run == run, records_before.c.local_id == records.c.local_id
    )
    found = select(literal(run), *(records.c[name] for name in WAS)).where(which, ~known.exists())
    connection.execute(insert(records_before).from_select(["run", *WAS], found))


def remember_progress(connection: Connection, run: int, member: str, source: str) -> None:
    """Keep how far a source was read before a run; the first time counts."""
    if connection.scalar(_REMEMBERED, {"of": run, "at": source}) is None:
        here = and_(sources.c.member == member, sources.c.source == source)
        stood = connection.scalar(select(sources.c.progress).where(here))
        connection.execute(insert(sources_before).values(run=run, source=source, progress=stood))


def forget(connection: Connection, member: str, days: int) -> None:
    """Let go of what runs found that began more than so many days ago: they cannot be undone any more."""
    old = and_(runs.c.member == member, runs.c.kept, runs.c.started < database.now(-days))
    numbers = list(connection.scalars(select(runs.c.id).where(old)))
    if numbers:
        connection.execute(delete(records_before).where(records_before.c.run.in_(numbers)))
        connection.execute(delete(sources_before).where(sources_before.c.run.in_(numbers)))
        connection.execute(update(runs).where(runs.c.id.in_(numbers)).values(kept=False))


# ── brought back ─────────────────────────────────────────────────────────────────────────────────


def withdraw_what_came(
    connection: Connection, run: int, member: str, number: int, revision: int, counts: dict[str, int]
) -> None:
    """What those runs brought is gone again."""
    came = and_(records.c.member == member, records.c.first >= number, records.c.deleted.is_(False))
    remember(connection, run, came)
    gone = {"deleted": True, "digest": WITHDRAWN, "revision": revision, "run": run}
    counts["deleted"] += connection.execute(update(records).where(came).values(gone)).rowcount


def bring_back(
    connection: Connection, run: int, member: str, number: int, since: list[int], revision: int,
    counts: dict[str, int],
) -> None:  # fmt: skip
    """What the first of those runs found of each record that it did not bring itself."""
    found = records_before.c
    earliest = select(found.local_id, func.min(found.run)).where(found.run.in_(since)).group_by(found.local_id)
    were: dict[str, int] = {row[0]: row[1] for row in connection.execute(earliest)}
    own = and_(records.c.member == member, func.coalesce(records.c.first, 0) < number)
    for ids in (sorted(were)[i : i + 500] for i in range(0, len(were), 500)):
        here = and_(own, records.c.local_id.in_(ids))
        rows = connection.execute(select(records.c.local_id, records.c.digest).where(here))
        now = {local_id: digest for local_id, digest in rows}  # noqa: C416  # a row is no tuple to mypy
        remember(connection, run, here)
        found_then = select(records_before).where(found.run.in_({were[i] for i in now}), found.local_id.in_(now))
        for was in connection.execute(found_then).mappings():
            local_id = was["local_id"]
            if was["run"] != were[local_id]:
                continue
            back = {name: was[name] for name in WAS} | {"revision": revision, "run": run}
            this = and_(records.c.member == member, records.c.local_id == local_id)
            connection.execute(update(records).where(this).values(back))
            counts[outcome(now[local_id], was["digest"], was["deleted"])] += 1


def outcome(before: bytes | None, after: bytes, deleted: bool) -> str:
    """What a run did to a record, by its digests."""
    if before == after:
        return "unchanged"
    if deleted:
        return "deleted"
    return "added" if before is None else "changed"
