"""What people decided of two records, with who and when; it outlives harvests, rebuilds and new numbers."""

import csv
import datetime
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TextIO

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from config import database
from index import settle, shape, sql, todo
from index.match.facts import NORM_VERSION

VERDICTS = ("same", "different")
_d, _clusters, _facts = shape.decisions.c, shape.clusters, shape.facts


class Decision(msgspec.Struct, frozen=True):
    """Two records, by the names they had when it was made, and what was decided of them."""

    a: str
    b: str
    verdict: str
    who: str
    moment: str
    note: str = ""
    print_a: int | None = None
    print_b: int | None = None


class Place(msgspec.Struct, frozen=True):
    """A record that is live."""

    number: int
    record: str
    print: int


class Taken(msgspec.Struct, frozen=True):
    """What an import did."""

    new: int
    known: int
    nowhere: int  # of the new ones: decisions of records that are not here
    faults: list[str]
    replaced: list[tuple[Decision, Decision]] = []  # opposite decisions that newer ones took the place of: (old, new)
    refused: list[tuple[Decision, Decision]] = []  # newer opposite decisions that stand: (what stands, what was given)


# ── made and taken back ──────────────────────────────────────────────────────────────────────────


def decide(connection: Connection, pairs: Iterable[tuple[str, str]], verdict: str, who: str, note: str = "") -> None:
    """Keep what a person decided of pairs of records, and compute the clusters again; the next ``index`` makes the
    documents. Another decision on a pair gives way."""
    moment = database.now()
    _put(connection, [Decision(min(pair), max(pair), verdict, who, moment, note) for pair in pairs])


def _put(connection: Connection, made: Collection[Decision]) -> None:
    places = _by_name(connection, {record for decision in made for record in (decision.a, decision.b)})
    touched = take_back(connection, [(decision.a, decision.b) for decision in made], settled=False)
    rows = []
    for decision in made:
        a, b = places.get(decision.a), places.get(decision.b)
        rows.append(msgspec.structs.asdict(decision) | {
            "print_a": a.print if a and decision.print_a is None else decision.print_a,
            "print_b": b.print if b and decision.print_b is None else decision.print_b,
        })  # fmt: skip
    if rows:
        connection.execute(insert(shape.decisions), rows)
    settle.settle(connection, touched | follow(connection))


def take_back(connection: Connection, pairs: Collection[tuple[str, str]], settled: bool = True) -> set[int]:
    """Forget what was decided of pairs of records, under whatever names; the records that this touches."""
    named = {(min(pair), max(pair)) for pair in pairs}
    places = {record: place.number for record, place in _by_name(connection, {r for p in named for r in p}).items()}
    met = {frozenset((places[a], places[b])) for a, b in named if a in places and b in places}
    query = select(shape.decisions)
    held = [*sql.within(connection, query, _d.a, {a for a, _ in named}),
            *sql.within(connection, query, _d.at_a, {number for pair in met for number in pair})]  # fmt: skip
    gone = {(row.a, row.b): row for row in held if (row.a, row.b) in named or {row.at_a, row.at_b} in met}
    if gone:
        connection.execute(_GONE, [{"of_a": a, "of_b": b} for a, b in gone])
    touched = {number for row in gone.values() for number in (row.at_a, row.at_b) if number is not None}
    if settled and touched:
        settle.settle(connection, touched)
    return touched


_GONE = delete(shape.decisions).where(_d.a == bindparam("of_a"), _d.b == bindparam("of_b"))


def between(connection: Connection, some: Collection[str], others: Collection[str]) -> list[tuple[str, str, Decision]]:
    """The decisions of a record among some with one among others: (the record, the other one, what was decided), by
    the names that they have now."""
    numbers = {p.number: p.record for p in _by_name(connection, {*some, *others}).values()}
    found = []
    for row in sql.within(connection, select(shape.decisions), _d.at_a, numbers):
        if row.at_b not in numbers:
            continue
        a, b = numbers[row.at_a], numbers[row.at_b]
        if a in some and b in others:
            found.append((a, b, _decision(row)))
        elif b in some and a in others:
            found.append((b, a, _decision(row)))
    return sorted(found, key=lambda each: each[:2])


def _decision(row: Any) -> Decision:
    return Decision(**{name: getattr(row, name) for name in Decision.__struct_fields__})


# ── found again ──────────────────────────────────────────────────────────────────────────────────


def follow(connection: Connection) -> set[int]:
    """Find the records of all decisions again; the records that a decision left or came to.

    A record is where its name is. Where nothing has the name any more, or something else has it, it is the one other
    record of its member that says the same.
    """
    rows = connection.execute(select(shape.decisions)).all()
    if todo.state(connection, "reprint"):
        rows = _reprinted(connection, rows)
    places = _by_name(connection, {record for row in rows for record in (row.a, row.b)})
    alike = _by_print(connection, {p for row in rows for p in (row.print_a, row.print_b) if p is not None})
    touched: set[int] = set()
    changed = []
    for row in rows:
        a, b = _found(row.a, row.print_a, places, alike), _found(row.b, row.print_b, places, alike)
        now = (a.number if a else None, b.number if b else None)
        known = (row.print_a if row.print_a is not None or not a else a.print,
                 row.print_b if row.print_b is not None or not b else b.print)  # fmt: skip
        if (*now, *known) == (row.at_a, row.at_b, row.print_a, row.print_b):
            continue
        changed.append(
            {"of_a": row.a, "of_b": row.b, "to_a": now[0], "to_b": now[1], "is_a": known[0], "is_b": known[1]}
        )
        if now != (row.at_a, row.at_b):
            touched |= {number for number in (*now, row.at_a, row.at_b) if number is not None}
    if changed:
        connection.execute(_MOVED, changed)
    return touched


_MOVED = (
    update(shape.decisions)
    .where(_d.a == bindparam("of_a"), _d.b == bindparam("of_b"))
    .values(at_a=bindparam("to_a"), at_b=bindparam("to_b"), print_a=bindparam("is_a"), print_b=bindparam("is_b"))
)


def _found(
    record: str, print_: int | None, places: Mapping[str, Place], alike: Mapping[tuple[str, int], list[Place]]
) -> Place | None:
    here = places.get(record)
    if print_ is None or (here and here.print == print_):
        return here
    others = alike.get((_member(record), print_), [])
    return others[0] if len(others) == 1 else here


def _member(record: str) -> str:
    return record.partition("/")[0]


_LIVE = select(_clusters.c.number, _clusters.c.record, _facts.c.print).join(
    _facts, _facts.c.number == _clusters.c.number
)


def _by_name(connection: Connection, records: Collection[str]) -> dict[str, Place]:
    return {row.record: Place(*row) for row in sql.within(connection, _LIVE, _clusters.c.record, records)}


def _by_print(connection: Connection, prints: Collection[int]) -> dict[tuple[str, int], list[Place]]:
    found: dict[tuple[str, int], list[Place]] = {}
    for row in sql.within(connection, _LIVE, _facts.c.print, prints):
        found.setdefault((_member(row.record), row.print), []).append(Place(*row))
    return found


def _reprinted(connection: Connection, rows: Iterable[Any]) -> list[Any]:
    """After another normalisation records are known by other prints: those of the decisions are taken again."""
    query = select(_facts.c.number, _facts.c.print)
    prints = dict(sql.within(connection, query, _facts.c.number, {n for r in rows for n in (r.at_a, r.at_b) if n}))
    again = update(shape.decisions).where(_d.a == bindparam("of_a"), _d.b == bindparam("of_b"))
    changed = [
        {"of_a": r.a, "of_b": r.b, "is_a": prints.get(r.at_a, r.print_a), "is_b": prints.get(r.at_b, r.print_b)}
        for r in rows
    ]
    if changed:
        connection.execute(again.values(print_a=bindparam("is_a"), print_b=bindparam("is_b")), changed)
    todo.set_state(connection, "reprint", 0)
    return list(connection.execute(select(shape.decisions)))


# ── as a file ────────────────────────────────────────────────────────────────────────────────────

COLUMNS = ("a", "b", "verdict", "who", "moment", "note", "print_a", "print_b")


def write(connection: Connection, file: TextIO) -> int:
    """All decisions as CSV, in their order; how many."""
    out = csv.writer(file)
    out.writerow(COLUMNS)
    rows = connection.execute(select(shape.decisions).order_by(_d.a, _d.b)).all()
    for row in rows:
        prints = (_said(row.print_a), _said(row.print_b))
        out.writerow((row.a, row.b, row.verdict, row.who, row.moment, row.note, *prints))
    return len(rows)


def read(connection: Connection, file: TextIO) -> Taken:
    """Take decisions in from CSV. Of two on one pair the later one stands; a line that makes no sense is named, and
    the others are taken in."""
    faults: list[str] = []
    given: dict[tuple[str, str], Decision] = {}
    for decision in _lines(file, faults):
        pair = (decision.a, decision.b)
        if pair not in given or given[pair].moment <= decision.moment:
            given[pair] = decision
    held = {
        (row.a, row.b): _decision(row)
        for row in sql.within(connection, select(shape.decisions), _d.a, {a for a, _ in given})
    }
    new = [
        d for pair, d in given.items() if pair not in held or (held[pair].moment < d.moment and _other(held[pair], d))
    ]
    places = _by_name(connection, {record for d in new for record in (d.a, d.b)})
    _put(connection, new)
    nowhere = sum(d.a not in places or d.b not in places for d in new)
    opposite = [(held[pair], d) for pair, d in given.items() if pair in held and held[pair].verdict != d.verdict]
    replaced = [(old, d) for old, d in opposite if old.moment < d.moment]
    refused = [(old, d) for old, d in opposite if old.moment >= d.moment]
    return Taken(len(new), len(given) - len(new) - len(refused), nowhere, faults, replaced, refused)


def _other(held: Decision, given: Decision) -> bool:
    return (held.verdict, held.who, held.moment, held.note) != (given.verdict, given.who, given.moment, given.note)


def _lines(file: TextIO, faults: list[str]) -> Iterator[Decision]:
    rows = csv.DictReader(file)
    if missing := [name for name in COLUMNS[:5] if name not in (rows.fieldnames or ())]:
        faults.append(f"line 1: the columns {', '.join(missing)} are missing")
        return
    for row in _whole(rows, faults):
        try:
            yield _line({name: (row.get(name) or "").strip() for name in COLUMNS})
        except ValueError as error:
            faults.append(f"line {rows.line_num}: {error}")


def _whole(rows: "csv.DictReader[str]", faults: list[str]) -> Iterator[dict[str, str]]:
    """The lines that are CSV at all."""
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            faults.append(f"line {rows.line_num + 1}: {error}")


def _line(row: dict[str, str]) -> Decision:
    for name in ("a", "b"):
        member, _, local_id = row[name].partition("/")
        if not member or not local_id:
            raise ValueError(f"{name} is {row[name] or 'empty'}; a record is MEMBER/NUMBER")
    if row["a"] == row["b"]:
        raise ValueError(f"{row['a']} stands on both sides")
    if row["verdict"] not in VERDICTS:
        raise ValueError(f"verdict is {row['verdict'] or 'empty'}; it is same or different")
    if not row["who"]:
        raise ValueError("it does not say who decided")
    try:
        datetime.datetime.strptime(row["moment"], "%Y-%m-%dT%H:%M:%SZ")
    except ValueError as error:
        raise ValueError(f"moment is {row['moment'] or 'empty'}; it is written 2026-11-22T15:04:05Z") from error
    ends = sorted(((row["a"], _read(row["print_a"])), (row["b"], _read(row["print_b"]))), key=lambda end: end[0])
    (a, print_a), (b, print_b) = ends
    return Decision(a, b, row["verdict"], row["who"], row["moment"], row["note"], print_a, print_b)


def _said(print_: int | None) -> str:
    """With the version of the normalisation: by another one the record has another print."""
    return "" if print_ is None else f"{NORM_VERSION}:{print_ & 0xFFFF_FFFF_FFFF_FFFF:016x}"


_PRINT = re.compile("[0-9a-f]{16}")


def _read(text: str) -> int | None:
    version, _, digits = text.partition(":")
    if not digits or version != str(NORM_VERSION):
        return None
    if not _PRINT.fullmatch(digits):
        raise ValueError(f"{text} is no print of a record: leave it empty, or as it was exported")
    number = int(digits, 16)
    return number - (1 << 64) if number >> 63 else number
