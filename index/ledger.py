"""The ledger: what is linked to what and why, what people decided, and which id each title has for good."""

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from config import database
from index.cluster import Pair, assign, partition
from index.match.rule import Key

SHAPE = MetaData()

_keys = Table(
    "match_keys", SHAPE,
    Column("record", String, primary_key=True),
    Column("block", String, primary_key=True),
    Column("reasons", Text, nullable=False),
    Index("match_keys_by_block", "block", "record"),
)  # fmt: skip

_edges = Table(
    "edges", SHAPE,
    Column("block", String, primary_key=True),
    Column("a", String, primary_key=True, index=True),
    Column("b", String, primary_key=True, index=True),
    Column("verdict", String, nullable=False),
    Column("reasons", Text, nullable=False),
)  # fmt: skip

_decisions = Table(
    "decisions", SHAPE,
    Column("a", String, primary_key=True),
    Column("b", String, primary_key=True, index=True),
    Column("verdict", String, nullable=False),  # same | different
    Column("who", String, nullable=False),
    Column("moment", String, nullable=False),
)  # fmt: skip

_clusters = Table(
    "clusters", SHAPE,
    Column("record", String, primary_key=True),
    Column("id", String, index=True),  # null until it is first clustered; one that was deleted keeps its last
    Column("live", Boolean, nullable=False),
)  # fmt: skip

_aliases = Table("aliases", SHAPE, Column("old", String, primary_key=True), Column("new", String, index=True))

# Titles whose documents must be made again: they outlive a killed run.
_dirty = Table("dirty", SHAPE, Column("id", String, primary_key=True))

_state = Table(
    "ledger_state", SHAPE, Column("name", String, primary_key=True), Column("value", Integer, nullable=False)
)

IN_ONE = 400


class Edge(msgspec.Struct, frozen=True):
    """Two records that are one title, and why."""

    a: str
    b: str
    reasons: tuple[str, ...]


def record_key(member: str, local_id: str) -> str:
    """A record's name in the ledger; a code holds no "/"."""
    return f"{member}/{local_id}"


def split_key(key: str) -> tuple[str, str]:
    member, _, local_id = key.partition("/")
    return member, local_id


class Ledger:
    """The index's tables. Methods that write take the connection of the transaction that they belong to."""

    def __init__(self, engine: Engine):
        database.prepare(engine, "index", SHAPE)
        self.engine = engine

    # ── asked by others ──────────────────────────────────────────────────────────────────────────

    def resolve(self, id_: str) -> str | None:
        """The present id of a title: the id itself, or the one that followed it; None where it never was."""
        seen: set[str] = set()
        with self.engine.connect() as connection:
            while id_ not in seen:
                seen.add(id_)
                follows = connection.scalar(select(_aliases.c.new).where(_aliases.c.old == id_))
                if follows is None:
                    known = connection.scalar(select(_clusters.c.record).where(_clusters.c.id == id_).limit(1))
                    return id_ if known is not None else None
                id_ = follows
        return None

    def edges_of(self, records: Iterable[str]) -> list[Edge]:
        """The evidence between records: every edge that has an end among them."""
        with self.engine.connect() as connection:
            rows = [row for some in _parts(records) for row in connection.execute(
                select(_edges).where(or_(_edges.c.a.in_(some), _edges.c.b.in_(some))))]  # fmt: skip
        found = {(r.a, r.b, r.reasons): Edge(r.a, r.b, tuple(msgspec.json.decode(r.reasons))) for r in rows}
        return [found[key] for key in sorted(found)]

    def decide(self, connection: Connection, a: str, b: str, verdict: str, who: str) -> None:
        """Keep what a person decided of two records (same, different; anything else takes it back), and recompute
        what it touches; the next ``index`` makes the documents."""
        a, b = sorted((a, b))
        connection.execute(delete(_decisions).where(_decisions.c.a == a, _decisions.c.b == b))
        if verdict in ("same", "different"):
            row = {"a": a, "b": b, "verdict": verdict, "who": who, "moment": database.now()}
            connection.execute(insert(_decisions).values(row))
        self.recluster(connection, {a, b})

    # ── keys and edges ───────────────────────────────────────────────────────────────────────────

    def state(self, connection: Connection, name: str) -> int:
        return connection.scalar(select(_state.c.value).where(_state.c.name == name)) or 0

    def set_state(self, connection: Connection, name: str, value: int) -> None:
        if not connection.execute(update(_state).where(_state.c.name == name).values(value=value)).rowcount:
            connection.execute(insert(_state).values(name=name, value=value))

    def set_keys(self, connection: Connection, keys: dict[str, list[Key]]) -> set[str]:
        """Replace the keys of records. The blocks that thereby gained or lost one."""
        before: dict[str, set[str]] = {record: set() for record in keys}
        for some in _parts(keys):
            for row in connection.execute(select(_keys.c.record, _keys.c.block).where(_keys.c.record.in_(some))):
                before[row.record].add(row.block)
        touched: set[str] = set()
        rows = []
        for record, given in keys.items():
            now = {key.block: key for key in given}
            if before[record] == set(now):
                continue
            touched |= before[record] ^ set(now)
            if before[record]:
                connection.execute(delete(_keys).where(_keys.c.record == record))
            rows += [{"record": record, "block": b, "reasons": _json(k.reasons)} for b, k in now.items()]
        if rows:
            connection.execute(insert(_keys), rows)
        return touched

    def link(self, connection: Connection, blocks: set[str] | None) -> set[str]:
        """Draw the edges of blocks again (None: of all). The records that are or were linked there."""
        linked: set[str] = set()
        if blocks is None:
            connection.execute(delete(_edges))
            rows: Iterable[tuple[str, str, str]] = connection.execute(
                select(_keys.c.block, _keys.c.record, _keys.c.reasons).order_by(_keys.c.block, _keys.c.record)
            )
            self._chain(connection, rows)
            return linked
        for some in _parts(blocks):
            old = connection.execute(select(_edges.c.a, _edges.c.b).where(_edges.c.block.in_(some)))
            linked.update(record for pair in old for record in pair)
            connection.execute(delete(_edges).where(_edges.c.block.in_(some)))
            query = select(_keys.c.block, _keys.c.record, _keys.c.reasons).where(_keys.c.block.in_(some))
            rows = connection.execute(query.order_by(_keys.c.block, _keys.c.record)).all()
            linked.update(record for _, record, _ in rows)
            self._chain(connection, rows)
        return linked

    def _chain(self, connection: Connection, rows: Iterable[tuple[str, str, str]]) -> None:
        found: list[dict[str, str]] = []
        for block, members in groupby(rows, key=lambda row: row[0]):
            for (_, a, reasons), (_, b, _) in pairwise(members):
                found.append({"block": block, "a": a, "b": b, "verdict": "same", "reasons": reasons})
            if len(found) > 5000:
                connection.execute(insert(_edges), found)
                found = []
        if found:
            connection.execute(insert(_edges), found)

    # ── clusters ─────────────────────────────────────────────────────────────────────────────────

    def observe(self, connection: Connection, live: dict[str, bool]) -> None:
        """Take note of records: new ones, deleted ones, those that came back."""
        known: dict[str, bool] = {}
        for some in _parts(live):
            query = select(_clusters.c.record, _clusters.c.live).where(_clusters.c.record.in_(some))
            known.update(connection.execute(query).all())
        new = [{"record": record, "live": alive} for record, alive in live.items() if record not in known]
        if new:
            connection.execute(insert(_clusters), new)
        for record, alive in live.items():
            if record in known and known[record] != alive:
                connection.execute(update(_clusters).where(_clusters.c.record == record).values(live=alive))

    def recluster(self, connection: Connection, touched: set[str] | None) -> None:
        """Compute the clusters of what is connected with the touched records (None: of all), keep the ids as
        long as they live, and mark the titles that changed."""
        records, edges = self._connected(connection, touched)
        same, different = self._decided(connection, records)
        live, before = self._standing(connection, records)
        ids, aliases = assign(partition(live, edges, same, different), before, lambda i: self._given(connection, i))
        changed = {record: id_ for record, id_ in ids.items() if before.get(record) != id_}
        self._move(connection, changed)
        self._alias(connection, aliases, set(ids.values()))
        self.mark(connection, {*changed.values(), *(before[r] for r in changed if r in before), *aliases})

    def _connected(self, connection: Connection, touched: set[str] | None) -> tuple[set[str] | None, list[Pair]]:
        """Everything that edges, decisions and old clusters connect with the touched records, and the edges."""
        if touched is None:
            return None, list(connection.execute(select(_edges.c.a, _edges.c.b).distinct()))
        seen: set[str] = set()
        edges: set[Pair] = set()
        waiting = set(touched)
        while waiting:
            seen |= waiting
            found: set[str] = set()
            for some in _parts(waiting):
                for a, b in connection.execute(
                    select(_edges.c.a, _edges.c.b).where(or_(_edges.c.a.in_(some), _edges.c.b.in_(some)))
                ):
                    edges.add((a, b))
                    found |= {a, b}
                for a, b in connection.execute(
                    select(_decisions.c.a, _decisions.c.b).where(
                        or_(_decisions.c.a.in_(some), _decisions.c.b.in_(some)), _decisions.c.verdict == "same"
                    )
                ):
                    found |= {a, b}
                mates = select(_clusters.c.id).where(_clusters.c.record.in_(some))
                found.update(connection.scalars(select(_clusters.c.record).where(_clusters.c.id.in_(mates))))
            waiting = found - seen
        return seen, sorted(edges)

    def _decided(self, connection: Connection, records: set[str] | None) -> tuple[list[Pair], list[Pair]]:
        rows = connection.execute(select(_decisions.c.a, _decisions.c.b, _decisions.c.verdict)).all()
        inside = [(a, b, v) for a, b, v in rows if records is None or (a in records and b in records)]
        return [(a, b) for a, b, v in inside if v == "same"], [(a, b) for a, b, v in inside if v == "different"]

    def _standing(self, connection: Connection, records: set[str] | None) -> tuple[set[str], dict[str, str]]:
        """(the live records, record -> its id so far)."""
        query = select(_clusters.c.record, _clusters.c.id, _clusters.c.live)
        queries = [query] if records is None else [query.where(_clusters.c.record.in_(p)) for p in _parts(records)]
        rows = [row for q in queries for row in connection.execute(q)]
        return {record for record, _, live in rows if live}, {record: id_ for record, id_, _ in rows if id_}

    def _given(self, connection: Connection, id_: str) -> bool:
        known = select(_clusters.c.record).where(_clusters.c.id == id_).limit(1)
        gone = select(_aliases.c.old).where(_aliases.c.old == id_)
        return connection.scalar(known) is not None or connection.scalar(gone) is not None

    def _move(self, connection: Connection, changed: dict[str, str]) -> None:
        if changed:
            here = update(_clusters).where(_clusters.c.record == bindparam("of")).values(id=bindparam("to"))
            connection.execute(here, [{"of": record, "to": id_} for record, id_ in changed.items()])

    def _alias(self, connection: Connection, aliases: dict[str, str], alive: set[str]) -> None:
        """An id that lives again is no alias; those that pointed to a vanished one point to its follower."""
        for some in _parts(alive):
            connection.execute(delete(_aliases).where(_aliases.c.old.in_(some)))
        for old, new in aliases.items():
            connection.execute(update(_aliases).where(_aliases.c.new == old).values(new=new))
            connection.execute(delete(_aliases).where(_aliases.c.old == old))
            connection.execute(insert(_aliases).values(old=old, new=new))

    # ── titles to make again ─────────────────────────────────────────────────────────────────────

    def mark(self, connection: Connection, ids: Iterable[str]) -> None:
        ids = set(ids)
        for some in _parts(ids):
            known = set(connection.scalars(select(_dirty.c.id).where(_dirty.c.id.in_(some))))
            if new := [{"id": i} for i in some if i not in known]:
                connection.execute(insert(_dirty), new)

    def mark_of(self, connection: Connection, records: Iterable[str]) -> None:
        """Mark the titles that records belong to."""
        self.mark(connection, self._standing(connection, set(records))[1].values())

    def mark_all(self, connection: Connection) -> None:
        connection.execute(delete(_dirty))
        connection.execute(
            insert(_dirty).from_select(["id"], select(_clusters.c.id).where(_clusters.c.id.is_not(None)).distinct())
        )

    def dirty(self, connection: Connection, most: int) -> dict[str, list[str]]:
        """Some marked titles with their records, live or not."""
        ids = list(connection.scalars(select(_dirty.c.id).order_by(_dirty.c.id).limit(most)))
        found: dict[str, list[str]] = {id_: [] for id_ in ids}
        for some in _parts(ids):
            query = select(_clusters.c.id, _clusters.c.record).where(_clusters.c.id.in_(some))
            for id_, record in connection.execute(query):
                found[id_].append(record)
        return found

    def dirty_count(self, connection: Connection) -> int:
        return connection.scalar(select(func.count()).select_from(_dirty)) or 0

    def clean(self, connection: Connection, ids: Iterable[str]) -> None:
        for some in _parts(ids):
            connection.execute(delete(_dirty).where(_dirty.c.id.in_(some)))


def _parts(items: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(items)
    return (ordered[i : i + IN_ONE] for i in range(0, len(ordered), IN_ONE))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
