"""From edges and decisions to clusters and works: only what hangs together with what changed is computed again."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from index import shape, sql, todo
from index.cluster import Pair, assign, ordered, partition, works

# Relations that make titles editions of one work; what hangs together otherwise (a part of a host, a serial and
# its predecessor) is something else.
OF_ONE_WORK = frozenset(
    ("edition", "printing", "volume", "binding", "ebook", "translation", "coedition", "carrier", "set")
)

_edges, _decisions, _clusters = shape.edges, shape.decisions, shape.clusters


class _Standing(msgspec.Struct, frozen=True):
    """Records that hang together, by their names, as they stand."""

    names: dict[int, str]
    live: frozenset[str]
    ids: dict[str, str]
    works: dict[str, str]

    @property
    def numbers(self) -> dict[str, int]:
        return {name: number for number, name in self.names.items()}


def settle(connection: Connection, numbers: Collection[int]) -> set[int]:
    """Compute the clusters and works of everything that hangs together with some records, keep ids as long as they
    live, and mark the titles that changed. The records that are settled by that."""
    seen, found = _connected(connection, numbers)
    standing = _standing(connection, seen)
    name = standing.names
    pairs = {(name[e.a], name[e.b]): e for e in found}
    same, different = _decided(connection, name)
    split = partition(
        standing.live,
        {pair: e.points for pair, e in pairs.items() if e.verdict == "same"},
        same, different,
        [pair for pair, e in pairs.items() if e.against],
    )  # fmt: skip
    ids, aliases = assign(
        split.groups, standing.ids, lambda some: _taken(connection, some, seen), lambda some: _retired(connection, some)
    )
    apart = {ordered(pair) for pair in different}
    of_work = works(ids, {pair: e.points for pair, e in pairs.items() if _of_one_work(e, pair, apart)})
    _refuse(connection, seen, split.refused, standing.numbers)
    _move(connection, standing, ids, {record: of_work[id_] for record, id_ in ids.items() if id_ in of_work}, aliases)
    return seen


def _of_one_work(edge: Any, pair: Pair, apart: Collection[Pair]) -> bool:
    linked = edge.verdict == "same" or (edge.verdict == "related" and edge.relation in OF_ONE_WORK)
    return linked and ordered(pair) not in apart


def _connected(connection: Connection, numbers: Collection[int]) -> tuple[set[int], list[Any]]:
    """Everything that edges, decisions and old clusters connect with some records; and the edges."""
    c, d = _edges.c, _decisions.c
    columns = select(c.a, c.b, c.verdict, c.relation, c.points, c.against)
    joined = select(d.at_a, d.at_b).where(d.verdict == "same", d.at_a.is_not(None), d.at_b.is_not(None))
    linked = columns.where((c.verdict == "same") | (c.verdict == "related"))
    inside = columns.where(c.verdict == "review", c.against)
    seen: set[int] = set()
    edges: dict[tuple[int, int], Any] = {}
    waiting = set(numbers)
    while waiting:
        seen |= waiting
        found: set[int] = set()
        for row in (*sql.within(connection, linked, c.a, waiting), *sql.within(connection, linked, c.b, waiting)):
            edges[row.a, row.b] = row
            found |= {row.a, row.b}
        for end in (d.at_a, d.at_b):
            found.update(number for pair in sql.within(connection, joined, end, waiting) for number in pair)
        mates = {row[0] for row in sql.within(connection, select(_clusters.c.id), _clusters.c.number, waiting)} - {None}
        found |= {row[0] for row in sql.within(connection, select(_clusters.c.number), _clusters.c.id, mates)}
        waiting = found - seen
    vetoes = (row for row in sql.within(connection, inside, c.a, seen) if row.b in seen)
    return seen, [*edges.values(), *vetoes]


def _standing(connection: Connection, numbers: Collection[int]) -> _Standing:
    rows = list(sql.within(connection, select(_clusters), _clusters.c.number, numbers))
    return _Standing(
        {row.number: row.record for row in rows},
        frozenset(row.record for row in rows if row.live),
        {row.record: row.id for row in rows if row.id},
        {row.record: row.work for row in rows if row.work},
    )


def _decided(connection: Connection, names: dict[int, str]) -> tuple[list[Pair], list[Pair]]:
    """Decisions between those records: same, different."""
    d = _decisions.c
    query = select(d.at_a, d.at_b, d.verdict)
    rows = [row for row in sql.within(connection, query, d.at_a, names) if row.at_b in names and row.at_a != row.at_b]
    same = [(names[row.at_a], names[row.at_b]) for row in rows if row.verdict == "same"]
    return same, [(names[row.at_a], names[row.at_b]) for row in rows if row.verdict != "same"]


def _taken(connection: Connection, ids: Collection[str], seen: Collection[int]) -> set[str]:
    """Those of some ids that records elsewhere have."""
    query = select(_clusters.c.id, _clusters.c.number)
    return {id_ for id_, number in sql.within(connection, query, _clusters.c.id, ids) if number not in seen}


def _retired(connection: Connection, ids: Collection[str]) -> set[str]:
    """Those of some ids that redirect."""
    return {id_ for (id_,) in sql.within(connection, select(shape.aliases.c.old), shape.aliases.c.old, ids)}


def _refuse(connection: Connection, seen: Collection[int], links: dict[Pair, Pair], numbers: dict[str, int]) -> None:
    """Keep the links that were not followed, for a person to look at."""
    sql.drop(connection, shape.refused.c.a, seen)
    sql.drop(connection, shape.refused.c.b, seen)
    rows = []
    for link, because in links.items():
        a, b = sorted(numbers[record] for record in link)
        rows.append({"a": a, "b": b, "because_a": numbers[because[0]], "because_b": numbers[because[1]]})
    if rows:
        connection.execute(insert(shape.refused), rows)


def _move(
    connection: Connection, standing: _Standing, ids: dict[str, str], of_work: dict[str, str], aliases: dict[str, str]
) -> None:
    """Write the ids and works that changed, let old ids redirect, and mark the titles to be made again."""
    before = standing.ids
    moved = {record: id_ for record, id_ in ids.items() if before.get(record) != id_}
    regrouped = {record for record in {*ids, *standing.works} if standing.works.get(record) != of_work.get(record)}
    rows = [
        {"of": number, "to_id": ids.get(record, before.get(record)), "to_work": of_work.get(record)}
        for number, record in standing.names.items()
        if record in moved or record in regrouped
    ]
    if rows:
        here = update(_clusters).where(_clusters.c.number == bindparam("of"))
        connection.execute(here.values(id=bindparam("to_id"), work=bindparam("to_work")), rows)
    _redirect(connection, aliases, set(ids.values()))
    changed = {*moved.values(), *(before[r] for r in moved if r in before), *(ids[r] for r in regrouped if r in ids)}
    todo.mark(connection, {*changed, *aliases})


def _redirect(connection: Connection, aliases: dict[str, str], alive: set[str]) -> None:
    """An id that lives again is no alias; those that pointed to a vanished one point to its follower."""
    c = shape.aliases.c
    sql.drop(connection, c.old, alive | aliases.keys())
    for old, new in sorted(aliases.items()):
        connection.execute(update(shape.aliases).where(c.new == old).values(new=new))
        connection.execute(insert(shape.aliases).values(old=old, new=new))


def settled(connection: Connection, numbers: Collection[int]) -> None:
    """These need no settling any more."""
    if len(numbers) > 0:
        sql.drop(connection, shape.to_settle.c.number, numbers)


def to_settle(connection: Connection, most: int) -> list[int]:
    return list(connection.scalars(select(shape.to_settle.c.number).order_by(shape.to_settle.c.number).limit(most)))
