"""From changed records to clusters, by facts, blocks and edges, in batches that a killed run need not repeat."""

import hashlib
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, Engine, Table, bindparam, delete, func, insert, select, update

from config import database
from config.tables import Tables
from harvest.record import Record
from harvest.store import Store
from index import blocks, decisions, isbns, settle, shape, sql, todo
from index.ledger import record_key
from index.match.facts import NORM_VERSION, Facts, facts
from index.match.judge import Judgement, judge
from index.match.table import table

VERSION = 2  # raised with every change of blocking or judging that points.toml does not show
DRAWN = 1000  # records whose edges are drawn in one transaction
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
        count = 0
        for batch in self.store.records(after):
            self._take(batch)
            count += len(batch)
            self.tell("recognise", count, None)
        self._arrange()
        self._draw()
        self._settle()
        return count

    # ── facts ────────────────────────────────────────────────────────────────────────────────────

    def _take(self, batch: Sequence[tuple[int, Record]]) -> None:
        given = {record_key(*record.key): record for _, record in batch}
        said = {k: facts(r, self.encodings.get(r.member, "")) for k, r in given.items() if not r.deleted}
        with database.writing(self.engine) as connection:
            numbers = _numbered(connection, {key: key in said for key in given})
            _keep(connection, numbers.values(), {numbers[key]: found for key, found in said.items()})
            todo.mark_of(connection, numbers.values())
            todo.set_state(connection, "revision", batch[-1][0])

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
        done = bytearray()  # by number: its pairs are judged
        drawn = 0
        while True:
            with database.writing(self.engine) as connection:
                numbers = _to_draw(connection, -1, DRAWN)
                if not numbers:
                    return
                _draw(connection, numbers, split, worthless, done)
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


def _keep(connection: Connection, numbers: Collection[int], said: Mapping[int, Facts]) -> None:
    """Store the facts of records, those without are gone; what that changes is to be drawn again."""
    c = shape.facts.c
    before = {row.number: row.body for row in sql.within(connection, select(c.number, c.body), c.number, numbers)}
    bodies = {number: blocks.packed(found) for number, found in said.items()}
    changed = [number for number in numbers if bodies.get(number) != before.get(number)]
    split = blocks.split_now(connection)
    staged = []
    for number in changed:
        old = blocks.spread(blocks.unpacked(before[number]), split) if number in before else {}
        new = blocks.spread(said[number], split) if number in said else {}
        staged += blocks.stage(number, old, new)
    if staged:
        connection.execute(insert(shape.staged), staged)
    sql.drop(connection, c.number, [number for number in changed if number in before])
    rows = [{"number": n, "print": fingerprint(said[n]), "body": bodies[n]} for n in changed if n in said]
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


def _draw(
    connection: Connection, numbers: Sequence[int], split: Collection[int], worthless: Collection[str], done: bytearray
) -> None:
    """Draw the edges of some records. A pair is judged once: with the one of the two that comes first."""
    known = blocks.read(connection, numbers)
    if numbers[-1] >= len(done):
        done.extend(bytes(numbers[-1] + 1 - len(done)))
    wanted = [(b, n) for n, found in known.items() for b, compared in blocks.spread(found, split).items() if compared]
    if wanted:
        met = [
            (one, two)
            for one, two in _met(connection, wanted, split)
            if not (two < one and two in known) and not (two < len(done) and done[two])
        ]
        known |= blocks.read(connection, {two for _, two in met} - known.keys())
        _insert(connection, _judged(met, known, worthless))
    for number in numbers:
        done[number] = 1


def _met(
    connection: Connection, wanted: Sequence[tuple[int, int]], split: Collection[int]
) -> Iterable[tuple[int, int]]:
    """(record, candidate), each once, in the blocks of some records."""
    whole = [(b, number) for b, number in wanted if b not in split]
    found = set(blocks.pairs(connection, whole)) if whole else set()
    finest: dict[int, list[int]] = {}
    for b, number in wanted:
        if b in split:
            finest.setdefault(b, []).append(number)
    for b, numbers in finest.items():
        found.update(blocks.near(connection, b, numbers))
    return sorted(found)


def _judged(
    met: Sequence[tuple[int, int]], known: Mapping[int, Facts], worthless: Collection[str]
) -> Iterator[tuple[int, int, Judgement]]:
    for pair in met:
        a, b = sorted(pair)
        judgement = judge(known[a], known[b], worthless)
        if judgement.verdict != "different":
            yield a, b, judgement


def _insert(connection: Connection, judged: Iterator[tuple[int, int, Judgement]]) -> None:
    rows = [
        {
            "a": a, "b": b, "verdict": found.verdict, "relation": found.relation, "points": found.points,
            "against": against(found), "reasons": reasons(found),
        }
        for a, b, found in judged
    ]  # fmt: skip
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
