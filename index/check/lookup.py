"""What the records of all members say to many rows at once: their candidates, a few statements for all of them."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, Engine, select

from index import blocks, shape, sql
from index.ledger import Ledger
from index.match import blocking
from index.match.facts import Facts


class Lookup:
    """The ledger as a check asks it."""

    def __init__(self, engine: Engine):
        self.ledger, self.engine = Ledger(engine), engine

    def candidates(self, rows: Sequence[Facts]) -> list[dict[str, Facts]]:
        """For each row the live records that share a block with it, by their names."""
        with self.engine.connect() as connection:
            found = _numbers(connection, rows)
            numbers = set().union(*found)
            known = blocks.read(connection, numbers)
            c = shape.clusters.c
            names = dict(map(tuple, sql.within(connection, select(c.number, c.record), c.number, numbers)))
        return [{names[number]: known[number] for number in mine if number in known} for mine in found]

    def titles_of(self, records: Collection[str]) -> dict[str, str]:
        return self.ledger.titles_of(records)

    def worthless(self) -> Collection[str]:
        return self.ledger.worthless()


def _numbers(connection: Connection, rows: Sequence[Facts]) -> list[set[int]]:
    """The records in the blocks of each row; finer blocks stand for one that is split. So a row has a few hundred
    candidates at most, however many records there are."""
    found: list[set[int]] = [set() for _ in rows]
    waiting = [blocking.keys(facts) for facts in rows]
    seen: list[set[str]] = [set() for _ in rows]
    while any(waiting):
        named = {key: blocks.block(key) for keys in waiting for key in keys}
        wanted = set(named.values())
        split = {row[0] for row in sql.within(connection, select(shape.split), shape.split.c.block, wanted)}
        finer = [
            {key: blocking.finer(key, facts) for key in keys if named[key] in split}
            for keys, facts in zip(waiting, rows, strict=True)
        ]
        compared = [
            [named[key] for key in keys if named[key] not in split or blocks.final(named[key])] for keys in waiting
        ]
        members = _members(connection, {block for mine in compared for block in mine}, split)
        for n, mine in enumerate(compared):
            found[n].update(*(members[block] for block in mine))
            seen[n].update(waiting[n])
            replaced = dict.fromkeys(key for keys in finer[n].values() for key in keys)
            waiting[n] = [key for key in replaced if key not in seen[n]]
    return found


def _members(connection: Connection, wanted: set[int], split: set[int]) -> dict[int, Collection[int]]:
    """The records of blocks; of an oversized one, which no finer key splits, those that stand for it."""
    c = shape.blocks.c
    found: dict[int, Collection[int]] = {block: blocks.hubs(connection, block) for block in wanted & split}
    whole: dict[int, list[int]] = defaultdict(list)
    for block, number in sql.within(connection, select(c.block, c.number), c.block, wanted - split):
        whole[block].append(number)
    return defaultdict(tuple, found | whole)
