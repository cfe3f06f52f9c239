"""The blocks: which records are compared, with no block so large that its pairs cannot be counted."""

import hashlib
import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec
from sqlalchemy import Column, Connection, MetaData, Table, bindparam, delete, func, insert, select

from index import shape, sql
from index.match import blocking
from index.match.facts import Facts

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Facts)

# The keys of the records whose candidates are wanted.
_wanted = Table(
    "blocks_wanted", MetaData(), Column("block", shape.Number), Column("number", shape.Number),
    prefixes=["TEMPORARY"], postgresql_on_commit="DROP",
)  # fmt: skip


def packed(facts: Facts) -> bytes:
    return _encoder.encode(facts)


def unpacked(body: bytes) -> Facts:
    return _decoder.decode(body)


def block(key: str) -> int:
    """A key as 64 bits with a sign, as databases have them; the last bit tells whether no finer key splits it."""
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True) & ~1 | blocking.finest(key)


def final(b: int) -> bool:
    """Whether no finer key splits a block."""
    return bool(b & 1)


def spread(facts: Facts, split: Collection[int]) -> dict[int, bool]:
    """The blocks of a record, and whether it is compared there; where it is not, finer ones stand beside it."""
    found: dict[int, bool] = {}
    waiting = blocking.keys(facts)
    met = set(waiting)
    while waiting:
        key = waiting.pop()
        number = block(key)
        found[number] = number not in split or final(number)
        if not found[number]:
            finer = [one for one in blocking.finer(key, facts) if one not in met]
            met.update(finer)
            waiting += finer
    return found


def read(connection: Connection, numbers: Collection[int]) -> dict[int, Facts]:
    """The facts of those of the records that are live."""
    return {number: unpacked(body) for number, body in bodies(connection, numbers).items()}


def bodies(connection: Connection, numbers: Collection[int]) -> dict[int, bytes]:
    """The same as they are stored, to be unpacked elsewhere."""
    query = select(shape.facts.c.number, shape.facts.c.body)
    return dict(map(tuple, sql.within(connection, query, shape.facts.c.number, numbers)))


def split_now(connection: Connection) -> set[int]:
    return set(connection.scalars(select(shape.split.c.block)))


def hubs(connection: Connection, b: int) -> frozenset[int]:
    """The records that stand for a block which no finer key splits: all others are compared with them alone, so that
    a thousand records that say next to nothing are not half a million pairs. They are the first by their names."""
    return frozenset(_by_name(connection, b, blocking.LIMIT))


def _by_name(connection: Connection, b: int, most: int) -> dict[int, str]:
    """The first records of a block by their names, with these."""
    here, c = shape.blocks.c, shape.clusters.c
    joined = shape.blocks.join(shape.clusters, c.number == here.number)
    query = select(c.number, c.record).select_from(joined).where(here.block == b).order_by(c.record).limit(most)
    return dict(map(tuple, connection.execute(query)))


def near(
    connection: Connection, b: int, numbers: Collection[int], known: dict[int, frozenset[int]]
) -> Iterator[tuple[int, int]]:
    """(record, candidate) in a block which no finer key splits. ``known`` keeps what stands for the blocks, as a large
    one is met a hundred times in a run."""
    if b not in known:
        known[b] = hubs(connection, b)
    members = _members(connection, [b]) if not known[b].isdisjoint(numbers) else ()
    for number in numbers:
        yield from ((number, other) for other in (members if number in known[b] else known[b]) if other != number)


def pairs(connection: Connection, wanted: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """(record, candidate), each once, for records given as (block, record)."""
    _wanted.create(connection, checkfirst=True)
    connection.execute(delete(_wanted))
    connection.execute(insert(_wanted), [{"block": b, "number": n} for b, n in wanted])
    here, there = _wanted.c, shape.blocks.c
    joined = _wanted.join(shape.blocks, (there.block == here.block) & (there.number != here.number))
    query = select(here.number, there.number).select_from(joined).distinct()
    for rows in connection.execute(query).partitions(10_000):
        yield from ((one, two) for one, two in rows)


# ── kept up ──────────────────────────────────────────────────────────────────────────────────────


def stage(number: int, before: Collection[int], now: Collection[int]) -> list[dict[str, int]]:
    """What a record's blocks gained and lost, as rows to be staged."""
    gone = [{"block": b, "number": number, "sign": -1} for b in before if b not in now]
    return gone + [{"block": b, "number": number, "sign": 1} for b in now if b not in before]


def absorb(connection: Connection) -> set[int]:
    """Bring in what was staged, in the order of the table. The records that are compared with others than before,
    because a block of theirs became too large to be compared as a whole, or small enough again."""
    net = func.sum(shape.staged.c.sign)
    grouped = select(shape.staged.c.block, shape.staged.c.number).group_by(shape.staged.c.block, shape.staged.c.number)
    gone = connection.execute(grouped.having(net < 0)).all()
    _write(connection, [], [{"of_block": b, "of_number": number} for b, number in gone])
    turned = _turned(connection)
    new = grouped.having(net > 0).order_by(shape.staged.c.block, shape.staged.c.number)
    connection.execute(insert(shape.blocks).from_select(["block", "number"], new))
    moved = _split(connection) | _join(connection, {b for b, _ in gone})
    for b in turned.keys() & split_now(connection):
        moved |= _other_hubs(connection, b, turned[b])
    connection.execute(delete(shape.staged))
    return moved


def _turned(connection: Connection) -> dict[int, dict[int, int]]:
    """Oversized block which no finer key splits -> its records that come (1) and go (-1). Who says what its key says
    stands in it already, as all coarser blocks are larger: so splits and joins bring none."""
    s = shape.staged.c
    net = func.sum(s.sign).label("net")
    query = select(s.block, s.number, net).group_by(s.block, s.number).having(net != 0)
    found: dict[int, dict[int, int]] = {}
    finest = {b for b in split_now(connection) if final(b)}
    for b, number, sign in sql.within(connection, query, s.block, finest):
        found.setdefault(b, {})[number] = sign
    return found


def _other_hubs(connection: Connection, b: int, turned: Mapping[int, int]) -> set[int]:
    """The records that stand for the block now and did not before, or no longer."""
    new = {number for number, sign in turned.items() if sign > 0}
    first = _by_name(connection, b, blocking.LIMIT + len(new))
    c = shape.clusters.c
    gone = sql.within(connection, select(c.number, c.record), c.number, turned.keys() - new)
    before = {number: name for number, name in first.items() if number not in new} | dict(map(tuple, gone))
    return _first(before) ^ _first(first)


def _first(names: Mapping[int, str]) -> set[int]:
    return set(heapq.nsmallest(blocking.LIMIT, names, key=names.__getitem__))


def _split(connection: Connection) -> set[int]:
    touched = select(shape.staged.c.block).where(shape.staged.c.sign > 0).distinct().subquery()
    joined = shape.blocks.join(touched, touched.c.block == shape.blocks.c.block)
    query = select(shape.blocks.c.block).select_from(joined).group_by(shape.blocks.c.block)
    split = split_now(connection)
    large = set(connection.scalars(query.having(func.count() > blocking.LIMIT))) - split
    moved: set[int] = set()
    while large:
        connection.execute(insert(shape.split), [{"block": b} for b in sorted(large)])
        members = _members(connection, large)
        moved |= members
        finer = _respread(connection, members, split, split | large)
        split |= large
        large = _oversized(connection, finer) - split
    return moved


def _join(connection: Connection, lost: set[int]) -> set[int]:
    """Blocks that are no longer oversized: from the coarse to the fine, as those below lose their records with them."""
    moved: set[int] = set()
    split = split_now(connection)
    small = (lost & split) - _oversized(connection, lost & split)
    while small:
        sql.drop(connection, shape.split.c.block, small)
        members = _members(connection, small)
        moved |= members
        lost = _respread(connection, members, split, split - small)
        split -= small
        small = (lost & split) - _oversized(connection, lost & split)
    return moved


def _members(connection: Connection, some: Collection[int]) -> set[int]:
    query = select(shape.blocks.c.number)
    return {row[0] for row in sql.within(connection, query, shape.blocks.c.block, some)}


def _oversized(connection: Connection, some: Collection[int]) -> set[int]:
    query = select(shape.blocks.c.block).group_by(shape.blocks.c.block).having(func.count() > blocking.LIMIT)
    return {row[0] for row in sql.within(connection, query, shape.blocks.c.block, some)}


def _respread(connection: Connection, members: Collection[int], before: set[int], after: set[int]) -> set[int]:
    """Write records' rows anew after splits or joins; the blocks that gained or lost one."""
    touched: set[int] = set()
    for some in sql.parts(members, 5000):
        gained: list[dict[str, int]] = []
        lost: list[dict[str, int]] = []
        for number, facts in read(connection, some).items():
            old, new = spread(facts, before), spread(facts, after)
            gained += [{"block": b, "number": number} for b in new.keys() - old.keys()]
            lost += [{"of_block": b, "of_number": number} for b in old.keys() - new.keys()]
        touched |= _write(connection, gained, lost)
    return touched


def _write(connection: Connection, gained: list[dict[str, int]], lost: list[dict[str, int]]) -> set[int]:
    here = shape.blocks.c
    if lost:
        this = (here.block == bindparam("of_block")) & (here.number == bindparam("of_number"))
        connection.execute(delete(shape.blocks).where(this), lost)
    if gained:
        connection.execute(insert(shape.blocks), sorted(gained, key=lambda row: (row["block"], row["number"])))
    return {row["block"] for row in gained} | {row["of_block"] for row in lost}
