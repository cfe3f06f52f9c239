"""Two records side by side: what they say, how they are judged and why, and where they stand."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, and_, or_, select

from harvest.record import Record
from harvest.store import Store
from index import blocks, decisions, isbns, shape, sql
from index.decisions import Decision
from index.ledger import Ledger, split_key
from index.match.judge import Judgement, judge


class MatchError(Exception):
    """Records or titles that cannot be looked at: one sentence that says which, and what would be right."""


class End(msgspec.Struct, frozen=True):
    """A title, or one record of it, as somebody named it."""

    given: str
    title: str
    records: list[str]


class Look(msgspec.Struct, frozen=True):
    """Two records beside each other."""

    a: Record
    b: Record
    titles: tuple[str, str]
    judgement: Judgement
    decision: Decision | None = None
    because: tuple[str, str] | None = None  # two records that keep their clusters apart though they are linked

    @property
    def together(self) -> bool:
        return self.titles[0] == self.titles[1]


class Desk:
    """What a person asks before deciding."""

    def __init__(self, engine: Engine):
        self.store, self.ledger, self.engine = Store(engine), Ledger(engine), engine

    def end(self, given: str) -> End:
        """A title by its id, old or new, or a record by member/number. Raises MatchError."""
        if "/" in given:
            title = self.ledger.titles_of([given]).get(given)
            if title is None:
                raise MatchError(f"there is no record {given} in the index; it is written MEMBER/NUMBER")
            return End(given, title, [given])
        title = self.ledger.resolve(given)
        records = self.ledger.records_of(title) if title else []
        if not title or not records:
            raise MatchError(f"there is no title {given}; a record is written MEMBER/NUMBER")
        return End(given, title, records)

    def ends(self, one: str, two: str) -> tuple[End, End]:
        """Two that can be told apart. Raises MatchError."""
        a, b = self.end(one), self.end(two)
        if a.title == b.title and not (len(a.records) == len(b.records) == 1 and a.records != b.records):
            names = ", ".join(self.ledger.records_of(a.title)[:20])
            raise MatchError(f"{one} and {two} are one title; name two of its records: {names}")
        return a, b

    def look(self, one: str, two: str) -> Look:
        """Two records, or those two of two titles that are most alike. Raises MatchError."""
        a, b = self.ends(one, two)
        with self.engine.connect() as connection:
            pair = _nearest(connection, a.records, b.records)
            return self._looks(connection, [pair])[0]

    def because(self, one: str, two: str) -> tuple[str, str] | None:
        """The two records that keep two linked titles apart."""
        with self.engine.connect() as connection:
            return _because(connection, one, two)

    def queue(self, most: int) -> list[tuple[str, Look]]:
        """What waits for a person, worst first: links that contradict others, then pairs that are nearly one title.
        Of two titles one pair, the strongest."""
        with self.engine.connect() as connection:
            found = list(islice(_waiting(connection), most))
            looks = self._looks(connection, [pair for _, pair in found])
        return [(kind, look) for (kind, _), look in zip(found, looks, strict=True)]

    def waiting(self) -> int:
        """How many pairs wait for a person in all."""
        with self.engine.connect() as connection:
            return sum(1 for _ in _waiting(connection))

    def _looks(self, connection: Connection, pairs: Collection[tuple[str, str]]) -> list[Look]:
        names = {record for pair in pairs for record in pair}
        records = {"/".join(r.key): r for r in self.store.fetch(map(split_key, sorted(names)))}
        numbers, titles = _numbers(connection, names), self.ledger.titles_of(names)
        facts, worthless = blocks.read(connection, numbers.values()), isbns.said(connection)
        looks = []
        for a, b in pairs:
            if missing := [name for name in (a, b) if name not in records or numbers.get(name) not in facts]:
                raise MatchError(f"{missing[0]} was withdrawn; `sahaban index` brings the titles up to date")
            found = decisions.between(connection, [a], [b])
            looks.append(
                Look(
                    records[a], records[b], (titles[a], titles[b]),
                    judge(facts[numbers[a]], facts[numbers[b]], worthless),
                    found[0][2] if found else None,
                    None if titles[a] == titles[b] else _because(connection, titles[a], titles[b]),
                )
            )  # fmt: skip
        return looks


def _numbers(connection: Connection, records: Collection[str]) -> dict[str, int]:
    c = shape.clusters.c
    return dict(sql.within(connection, select(c.record, c.number), c.record, records))


def _nearest(connection: Connection, some: Collection[str], others: Collection[str]) -> tuple[str, str]:
    """The pair with the best edge; without any the first records."""
    one, two = ({n: r for r, n in _numbers(connection, records).items()} for records in (some, others))
    c = shape.edges.c
    rows = [
        row
        for here in (c.a, c.b)
        for row in sql.within(connection, select(c.a, c.b, c.verdict, c.points), here, one)
        if {row.a, row.b} & two.keys()
    ]
    best = max(rows, key=lambda row: (row.verdict == "same", row.points, -row.a, -row.b), default=None)
    if best is None:
        return min(some), min(others)
    return (one[best.a], two[best.b]) if best.a in one and best.b in two else (one[best.b], two[best.a])


_a, _b = shape.clusters.alias("clusters_a"), shape.clusters.alias("clusters_b")


def _because(connection: Connection, one: str, two: str) -> tuple[str, str] | None:
    """The two records that keep two linked titles apart."""
    r = shape.refused.c
    x, y = shape.clusters.alias("because_a"), shape.clusters.alias("because_b")
    joined = (
        shape.refused.join(_a, _a.c.number == r.a).join(_b, _b.c.number == r.b)
        .join(x, x.c.number == r.because_a).join(y, y.c.number == r.because_b)
    )  # fmt: skip
    here = or_(and_(_a.c.id == one, _b.c.id == two), and_(_a.c.id == two, _b.c.id == one))
    query = select(x.c.record, y.c.record).select_from(joined).where(here, or_(_a.c.id == one, _a.c.id == two))
    row = connection.execute(query.limit(1)).first()
    return (row[0], row[1]) if row else None


def _waiting(connection: Connection) -> Iterator[tuple[str, tuple[str, str]]]:
    known = _parted(connection)
    for kind, rows in (("contradiction", _contradicted(connection)), ("review", _doubtful(connection))):
        for row in rows:
            titles = (min(row.id_a, row.id_b), max(row.id_a, row.id_b))
            if titles in known or titles[0] == titles[1]:
                continue
            known.add(titles)
            yield kind, (row.record_a, row.record_b)


def _parted(connection: Connection) -> set[tuple[str, str]]:
    """Pairs of titles that people have said are two."""
    d = shape.decisions.c
    joined = shape.decisions.join(_a, _a.c.number == d.at_a).join(_b, _b.c.number == d.at_b)
    query = select(_a.c.id, _b.c.id).select_from(joined).where(d.verdict == "different")
    return {(min(row), max(row)) for row in connection.execute(query) if None not in row}


_SHOWN = (_a.c.record.label("record_a"), _b.c.record.label("record_b"), _a.c.id.label("id_a"), _b.c.id.label("id_b"))


def _contradicted(connection: Connection) -> Iterable[Any]:
    r, e = shape.refused.c, shape.edges.c
    joined = (
        shape.refused.join(_a, _a.c.number == r.a).join(_b, _b.c.number == r.b)
        .outerjoin(shape.edges, and_(e.a == r.a, e.b == r.b))
    )  # fmt: skip
    return connection.execute(
        select(*_SHOWN).select_from(joined).order_by(e.points.desc().nulls_last(), _a.c.record, _b.c.record)
    )


def _doubtful(connection: Connection) -> Iterable[Any]:
    e = shape.edges.c
    joined = shape.edges.join(_a, _a.c.number == e.a).join(_b, _b.c.number == e.b)
    query = select(*_SHOWN).select_from(joined).where(e.verdict == "review", _a.c.id.is_not(None), _b.c.id.is_not(None))
    return connection.execute(query.order_by(e.points.desc(), e.a, e.b).execution_options(yield_per=500))
