"""From changed records to clusters, by facts, blocks and edges, in batches that a killed run need not repeat."""

import hashlib
import zlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Table, bindparam, delete, func, insert, select, update

from config import database
from config.tables import Tables
from harvest.record import Record
from harvest.store import Store
from index import blocks, decisions, isbns, processors, settle, shape, sql, todo
from index.ledger import record_key
from index.match.facts import NORM_VERSION, Facts, facts
from index.match.judge import Judgement, hopeless, judge
from index.match.table import table

VERSION = 3  # raised with every change of blocking or judging that points.toml does not show
DRAWN = 1000  # records whose edges are drawn in one transaction
MANY = 5 * DRAWN  # records from which on all processors read or judge them: to start a process takes a second
SETTLED = 2000  # records whose clusters are computed in one transaction

Tell = Callable[[str, int, int | None], None]  # step, done so far, of how many if known


def rule() -> int:
    """The rule by which edges are drawn; another one draws all of them again."""
    return zlib.crc32(f"{VERSION} {NORM_VERSION} {msgspec.json.encode(table()).decode()}".encode())


def encodings(tables: Tables) -> dict[str, str]:
    """The encoding of members whose MARC files do not say it themselves."""
    return {
        code: source.encoding
        for code, member in tables.members.items()
        for source in member.source
        if source.format == "marc" and source.encoding
    }


def fingerprint(found: Facts) -> int:
    """By which a record is known whatever number its member gives it."""
    body = blocks.packed(msgspec.structs.replace(found, control=""))
    return int.from_bytes(hashlib.blake2b(body, digest_size=8).digest(), signed=True)


class Recognition:
    """The way from the record store to clusters."""

    def __init__(self, store: Store, engine: Engine, encodings: Mapping[str, str], tell: Tell):
        self.store, self.engine, self.encodings, self.tell = store, engine, encodings, tell

    def run(self, rebuild: bool = False) -> int:
        """Take in what changed since the last run; the number of records. ``rebuild``: everything from its records."""
        with database.writing(self.engine) as connection:
            if rebuild or todo.state(connection, "rule") != rule():
                _forget(connection)
            after = todo.state(connection, "revision")
        count = self._take(after)
        self._arrange()
        self._draw()
        self._settle()
        return count

    # ── facts ────────────────────────────────────────────────────────────────────────────────────

    def _take(self, after: int) -> int:
        """Keep the facts of what changed after a revision; the number of records."""
        with self.engine.connect() as connection:
            split = frozenset(blocks.split_now(connection))
        batches = self.store.records(after, DRAWN)
        first = list(islice(batches, MANY // DRAWN))
        given: deque[Sequence[tuple[int, Record]]] = deque()

        def questions() -> Iterator[_Asked]:
            for batch in chain(first, batches):
                given.append(batch)
                yield [record for _, record in batch], self.encodings, split

        count, last = 0, after
        for said in processors.each(_said, questions(), len(first) == MANY // DRAWN):
            batch = given.popleft()
            with database.writing(self.engine) as connection:
                numbers = _numbered(connection, {record_key(*record.key): not record.deleted for _, record in batch})
                _keep(connection, numbers.values(), {numbers[key]: found for key, found in said.items()}, split)
                todo.mark_of(connection, numbers.values())
                last = batch[-1][0]  # others of this revision may follow: a killed run reads it again
                todo.set_state(connection, "revision", last - 1)
            count += len(batch)
            self.tell("recognise", count, None)
        with database.writing(self.engine) as connection:
            todo.set_state(connection, "revision", last)
        return count

    # ── blocks ───────────────────────────────────────────────────────────────────────────────────

    def _arrange(self) -> None:
        """Bring the blocks, the worth of ISBNs and the places of decisions up to date."""
        with database.writing(self.engine) as connection:
            lost = _lost_isbns(connection)
            todo.redraw(connection, blocks.absorb(connection))
            todo.redraw(connection, isbns.weigh(connection, lost))
            last = -1
            while numbers := _to_draw(connection, last, DRAWN):
                found = blocks.read(connection, numbers)
                todo.redraw(connection, isbns.weigh(connection, {i for f in found.values() for i in f.isbns}))
                last = numbers[-1]
            sql.add(connection, shape.to_settle, decisions.follow(connection))
            self.tell("arrange", _count(connection, shape.to_draw), None)

    # ── edges ────────────────────────────────────────────────────────────────────────────────────

    def _draw(self) -> None:
        with self.engine.connect() as connection:
            total = _count(connection, shape.to_draw)
            split, worthless = blocks.split_now(connection), isbns.said(connection)
        given: deque[list[int]] = deque()

        def questions() -> Iterator[_Met]:
            done, last = bytearray(), -1  # by number: its pairs are judged
            hubs: dict[int, frozenset[int]] = {}
            while True:
                with self.engine.connect() as connection:
                    if not (numbers := _to_draw(connection, last, DRAWN)):
                        return
                    last = numbers[-1]
                    given.append(numbers)
                    pairs, bodies = _pairs(connection, numbers, split, hubs, done)
                    yield pairs, bodies, worthless

        drawn = 0
        for rows in processors.each(_edges, questions(), total >= MANY):
            numbers = given.popleft()
            with database.writing(self.engine) as connection:
                _insert(connection, rows)
                sql.drop(connection, shape.to_draw.c.number, numbers)
            drawn += len(numbers)
            self.tell("match", drawn, total)

    # ── clusters ─────────────────────────────────────────────────────────────────────────────────

    def _settle(self) -> None:
        with self.engine.connect() as connection:
            total = _count(connection, shape.to_settle)
        while True:
            with database.writing(self.engine) as connection:
                numbers = settle.to_settle(connection, SETTLED)
                if not numbers:
                    return
                settle.settled(connection, settle.settle(connection, numbers))
                left = _count(connection, shape.to_settle)
            self.tell("cluster", total - left, total)


def _forget(connection: Connection) -> None:
    """All that comes from records; numbers, ids and decisions stay."""
    known = todo.state(connection, "revision")
    for made in (shape.facts, shape.blocks, shape.staged, shape.split, shape.worthless, shape.edges, shape.refused,
                 shape.to_draw, shape.to_settle):  # fmt: skip
        connection.execute(delete(made))
    todo.set_state(connection, "revision", 0)
    todo.set_state(connection, "rule", rule())
    todo.set_state(connection, "reprint", int(known > 0))
    everything = select(shape.clusters.c.number)
    connection.execute(insert(shape.to_settle).from_select(["number"], everything))


def _numbered(connection: Connection, live: Mapping[str, bool]) -> dict[str, int]:
    """The numbers of records; new ones get theirs, and it is noted which are live."""
    c = shape.clusters.c
    query = select(c.record, c.number, c.live)
    known = {row.record: row for row in sql.within(connection, query, c.record, live)}
    new = [{"record": record, "live": alive} for record, alive in sorted(live.items()) if record not in known]
    if new:
        connection.execute(insert(shape.clusters), new)
        added = {row["record"] for row in new}
        known |= {row.record: row for row in sql.within(connection, query, c.record, added)}
    turned = [{"of": known[r].number, "to": alive} for r, alive in live.items() if known[r].live != alive]
    if turned:
        here = update(shape.clusters).where(c.number == bindparam("of"))
        connection.execute(here.values(live=bindparam("to")), turned)
    return {record: row.number for record, row in known.items()}


class _Read(msgspec.Struct, frozen=True):
    """What is kept of a record."""

    body: bytes  # its facts
    print: int
    blocks: list[int]


_Asked = tuple[Sequence[Record], Mapping[str, str], Collection[int]]  # records, encodings, blocks that are split


def _said(asked: _Asked) -> dict[str, _Read]:
    """What is kept of those records that are live."""
    records, known, split = asked
    live = {record_key(*record.key): record for record in records if not record.deleted}
    said = {key: facts(record, known.get(record.member, "")) for key, record in live.items()}
    return {
        key: _Read(blocks.packed(found), fingerprint(found), list(blocks.spread(found, split)))
        for key, found in said.items()
    }


def _keep(connection: Connection, numbers: Collection[int], said: Mapping[int, _Read], split: Collection[int]) -> None:
    """Store the facts of records, those without are gone; what that changes is to be drawn again."""
    c = shape.facts.c
    before = {row.number: row.body for row in sql.within(connection, select(c.number, c.body), c.number, numbers)}
    bodies = {number: found.body for number, found in said.items()}
    changed = [number for number in numbers if bodies.get(number) != before.get(number)]
    staged = []
    for number in changed:
        old = blocks.spread(blocks.unpacked(before[number]), split) if number in before else {}
        staged += blocks.stage(number, old, said[number].blocks if number in said else ())
    if staged:
        connection.execute(insert(shape.staged), staged)
    sql.drop(connection, c.number, [number for number in changed if number in before])
    rows = [{"number": n, "print": said[n].print, "body": bodies[n]} for n in changed if n in said]
    if rows:
        connection.execute(insert(shape.facts), rows)
    todo.redraw(connection, changed)


def _lost_isbns(connection: Connection) -> set[str]:
    """ISBNs that were worthless, and are so perhaps no longer: a record that had one has it no more."""
    numbered = {blocks.block(isbns.key(isbn)): isbn for isbn in isbns.said(connection)}
    gone = select(shape.staged.c.block).where(shape.staged.c.sign < 0)
    return {numbered[b] for b in set(connection.scalars(gone)) & numbered.keys()}


def _to_draw(connection: Connection, after: int, most: int) -> list[int]:
    c = shape.to_draw.c
    return list(connection.scalars(select(c.number).where(c.number > after).order_by(c.number).limit(most)))


def _count(connection: Connection, rows: Table) -> int:
    return connection.execute(select(func.count()).select_from(rows)).scalar_one()


def _pairs(
    connection: Connection,
    numbers: Sequence[int],
    split: Collection[int],
    hubs: dict[int, frozenset[int]],
    done: bytearray,
) -> tuple[list[tuple[int, int]], dict[int, bytes]]:
    """The pairs in which some records are to be judged, and the facts of all in them. A pair is judged once: with the
    one of the two that comes first."""
    bodies = blocks.bodies(connection, numbers)
    if numbers[-1] >= len(done):
        done.extend(bytes(numbers[-1] + 1 - len(done)))
    known = ((n, blocks.unpacked(body)) for n, body in bodies.items())
    wanted = [(b, n) for n, found in known for b, compared in blocks.spread(found, split).items() if compared]
    met = [
        (one, two)
        for one, two in _met(connection, wanted, split, hubs)
        if not (two < one and two in bodies) and not (two < len(done) and done[two])
    ]
    for number in numbers:
        done[number] = 1
    return met, bodies | blocks.bodies(connection, {two for _, two in met} - bodies.keys())


def _met(
    connection: Connection,
    wanted: Sequence[tuple[int, int]],
    split: Collection[int],
    hubs: dict[int, frozenset[int]],
) -> Iterable[tuple[int, int]]:
    """(record, candidate), each once, in the blocks of some records."""
    whole = [(b, number) for b, number in wanted if b not in split]
    found = set(blocks.pairs(connection, whole)) if whole else set()
    finest: dict[int, list[int]] = {}
    for b, number in wanted:
        if b in split:
            finest.setdefault(b, []).append(number)
    for b, numbers in finest.items():
        found.update(blocks.near(connection, b, numbers, hubs))
    return sorted(found)


_Met = tuple[list[tuple[int, int]], dict[int, bytes], Collection[str]]  # pairs, facts, worthless ISBNs


def _edges(met: _Met) -> list[dict[str, Any]]:
    """The edges of pairs."""
    pairs, bodies, worthless = met
    known = {number: blocks.unpacked(body) for number, body in bodies.items()}
    rows = []
    for pair in pairs:
        a, b = sorted(pair)
        if hopeless(known[a], known[b], worthless):
            continue
        found = judge(known[a], known[b], worthless)
        if found.verdict != "different":
            rows.append({
                "a": a, "b": b, "verdict": found.verdict, "relation": found.relation, "points": found.points,
                "against": against(found), "reasons": reasons(found),
            })  # fmt: skip
    return rows


def _insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    c = shape.edges.c
    held = {(row.a, row.b) for row in sql.within(connection, select(c.a, c.b), c.a, {row["a"] for row in rows})}
    if new := [row for row in rows if (row["a"], row["b"]) not in held]:
        connection.execute(insert(shape.edges), new)


# Vetoes that say how little is known of two records; another record may well say that they are one.
SILENT = frozenset(("little", "scripts"))


def against(found: Judgement) -> bool:
    """Whether it keeps the two out of one cluster: they are related, or a veto tells them apart."""
    vetoes = table().veto.keys() - SILENT
    return found.verdict == "related" or any(reason.name in vetoes for reason in found.reasons)


def reasons(found: Judgement) -> str:
    """The vetoes and what counted; what is only told to readers is judged again when they ask."""
    vetoes = table().veto
    kept = [(reason.name, reason.points) for reason in found.reasons if reason.points or reason.name in vetoes]
    return msgspec.json.encode(kept).decode()
