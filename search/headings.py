"""Headings to leaf through and to be offered while a reader types, counted as documents come and go."""

import hashlib
import heapq
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.schema import CreateIndex, DropIndex

from config.database import Ordered, fetched
from search import callnumber, text
from search.question import Document

Kind = Literal["title", "creator", "subject", "call_number"]
KINDS: tuple[Kind, ...] = ("title", "creator", "subject", "call_number")
OFFERED: tuple[Kind, ...] = ("creator", "subject", "title")  # to one who types; of equals the first comes first
FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "creator": ("creator", "contributor"),
    "subject": ("subject",),
    "call_number": ("classification",),
}
_NUMBERS: Mapping[str, int] = {kind: number for number, kind in enumerate(KINDS)}

# ── the tables ───────────────────────────────────────────────────────────────────────────────────

SHAPE = MetaData()  # of the whole room: its documents stand here, too
_Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite has its row numbers by no other name

_headings = Table(
    "headings",
    SHAPE,
    Column("id", _Id, primary_key=True, autoincrement=False),  # drawn from kind and text: see _id
    Column("kind", SmallInteger, nullable=False),
    Column("key", Ordered, nullable=False),
    Column("text", String, nullable=False),
    Column("titles", Integer, nullable=False),
    Index("headings_in_order", "kind", "key", "id"),
)

HEAD = 24  # letters of a beginning that are kept; a longer one is compared with the heading itself
SHORT = (1, 2, 4, 8)  # lengths of typed beginnings that have an index by weight
_starts = Table(
    "heading_starts",
    SHAPE,
    Column("kind", SmallInteger, primary_key=True),
    Column("head", Ordered, primary_key=True),  # how the heading, or a later part of it, begins
    Column("heading", _Id, primary_key=True),
    Column("weight", SmallInteger, nullable=False),  # of its titles; 0 is a single one
    sqlite_with_rowid=False,
)

# One row while documents were stored that are not counted yet.
_postponed = Table("headings_postponed", SHAPE, Column("id", Integer, primary_key=True))


def _first(letters: int) -> ColumnElement[str]:
    return func.substr(_starts.c.head, literal_column("1"), literal_column(str(letters)))


_popular = _starts.c.weight > literal_column("0", Integer)
for _letters in SHORT:
    Index(
        f"heading_starts_{_letters}", _starts.c.kind, _first(_letters), _starts.c.weight,
        sqlite_where=_popular, postgresql_where=_popular,
    )  # fmt: skip

IN_ONE = 500  # ids in one SELECT
BATCH = 5000  # documents or headings in the memory at once
LONGEST = 500  # letters of a heading; a longer one is a field that something else was put in


def _id(kind: str, shown: str) -> int:
    """64 bits of a hash: among ten million headings two are the same by a chance of 1 in 400,000."""
    digest = hashlib.blake2b(shown.encode("utf-8", "surrogatepass"), digest_size=8, person=kind.encode()).digest()
    return int.from_bytes(digest, "big", signed=True)


def _weight(titles: int) -> int:
    """The order of magnitude of titles, so that an index is written at each doubling, not at each title."""
    return titles.bit_length() - 1


def _key(kind: str, shown: str) -> str:
    return callnumber.sort_key(shown) if kind == "call_number" else text.sort_key(shown)


# ── what a heading begins with ───────────────────────────────────────────────────────────────────

# What the names of bodies begin with: who looks for มหาวิทยาลัยขอนแก่น may type ขอนแก่น.
_BODY = re.compile(
    "(?:มหาวิทยาลัย(?:ราชภัฏ|เทคโนโลยีราชมงคล|เทคโนโลยี)?|วิทยาลัย(?:เทคนิค|อาชีวศึกษา|พยาบาล)?|โรงพยาบาล(?:ศูนย์)?|โรงเรียน|"
    "สถาบัน|สำนักงาน|สำนัก|สมาคม|มูลนิธิ|กระทรวง|กรม|กอง|คณะ|จังหวัด|อำเภอ|ตำบล|เทศบาล(?:นคร|เมือง|ตำบล)?|"
    "ห้องสมุด|หอสมุด|พิพิธภัณฑ์|บริษัท|ธนาคาร|ศูนย์|วัด)(?=[ก-ฮเ-ไ][ก-๎]{2})"
)
PARTS = 5  # of a heading that it is found by


def _squeezed(shown: str) -> str:
    return "".join(text.runs(shown))


def _beginnings(kind: str, shown: str) -> set[str]:
    """A heading's beginnings: its own; for a name that of each later part, which the parts before it follow, so that
    it is found in either order; for a subject its subdivisions; for a body what stands after วิทยาลัย and the like."""
    runs = text.runs(shown)
    whole = "".join(runs)
    if kind == "title":
        return {whole}
    found = {whole}
    if kind == "creator":
        found |= {"".join(runs[i:] + runs[:i]) for i in range(1, min(len(runs), PARTS))}
    elif "--" in shown:
        found |= {_squeezed(part) for part in shown.split("--")[1:PARTS]} - {""}
    if body := _BODY.match(whole):
        found.add(whole[body.end() :])
    return found


def _heads(kind: str, shown: str) -> set[str]:
    return {beginning[:HEAD] for beginning in _beginnings(kind, shown)} if kind in OFFERED else set()


# ── counted ──────────────────────────────────────────────────────────────────────────────────────


def of(document: Document) -> set[tuple[str, str]]:
    """The headings of a document: (kind, text)."""
    found = {(kind, value) for kind, fields in FIELDS.items() for field in fields for value in document.all(field)}
    found.update(("call_number", holding.call_number) for holding in document.holdings)
    return {(kind, shown) for kind, value in found if (shown := " ".join(value[:LONGEST].split()))}


def count(connection: Connection, changes: Mapping[tuple[str, str], int]) -> None:
    """Add to the titles of headings; one that has none left is deleted. One writer at a time."""
    if postponed(connection):
        return
    wanted = {_id(*heading): (heading, change) for heading, change in changes.items() if change}
    held = dict(_held(connection, sorted(wanted)))
    new = [(id_, *wanted[id_]) for id_ in wanted.keys() - held.keys()]
    _add(connection, [(id_, kind, shown, titles) for id_, (kind, shown), titles in new if titles > 0])
    changed = {id_: (held[id_], held[id_] + wanted[id_][1]) for id_ in held}
    _remove(connection, [(id_, *wanted[id_][0]) for id_, (_, titles) in changed.items() if titles <= 0])
    _change(connection, [(id_, *wanted[id_][0], was, now) for id_, (was, now) in changed.items() if now > 0])


def _held(connection: Connection, ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    columns = select(_headings.c.id, _headings.c.titles)
    for i in range(0, len(ids), IN_ONE):
        for row in connection.execute(columns.where(_headings.c.id.in_(ids[i : i + IN_ONE]))):
            yield row.id, row.titles


Rows = list[dict[str, Any]]


def _add(connection: Connection, new: Iterable[tuple[int, str, str, int]]) -> None:
    headings, starts = _rows(new)
    if headings:
        connection.execute(insert(_headings), sorted(headings, key=lambda row: row["id"]))
    if starts:
        connection.execute(insert(_starts), sorted(starts, key=lambda row: (row["kind"], row["head"])))


def _rows(new: Iterable[tuple[int, str, str, int]]) -> tuple[Rows, Rows]:
    """The rows of new headings in both tables; one without a letter is no heading."""
    headings: Rows = []
    starts: Rows = []
    for id_, kind, shown, titles in new:
        if not text.runs(shown):
            continue
        number, key, weight = _NUMBERS[kind], _key(kind, shown), _weight(titles)
        headings.append({"id": id_, "kind": number, "key": key, "text": shown, "titles": titles})
        for head in _heads(kind, shown):
            starts.append({"kind": number, "head": head, "heading": id_, "weight": weight})
    return headings, starts


_THIS_START = (
    (_starts.c.kind == bindparam("of_kind"))
    & (_starts.c.head == bindparam("of_head"))
    & (_starts.c.heading == bindparam("of_heading"))
)


def _starts_of(id_: int, kind: str, shown: str) -> Iterator[dict[str, Any]]:
    for head in _heads(kind, shown):
        yield {"of_kind": _NUMBERS[kind], "of_head": head, "of_heading": id_}


def _remove(connection: Connection, gone: Sequence[tuple[int, str, str]]) -> None:
    if gone:
        connection.execute(
            delete(_headings).where(_headings.c.id == bindparam("of_id")), [{"of_id": g[0]} for g in gone]
        )
    if starts := [start for heading in gone for start in _starts_of(*heading)]:
        connection.execute(delete(_starts).where(_THIS_START), starts)


def _change(connection: Connection, changed: Sequence[tuple[int, str, str, int, int]]) -> None:
    titles = [{"of_id": id_, "to_titles": now} for id_, _, _, was, now in changed if was != now]
    if titles:
        values: dict[str, Any] = {"titles": bindparam("to_titles")}
        connection.execute(update(_headings).where(_headings.c.id == bindparam("of_id")).values(values), titles)
    weights = [
        start | {"to_weight": _weight(now)}
        for id_, kind, shown, was, now in changed
        if _weight(was) != _weight(now)
        for start in _starts_of(id_, kind, shown)
    ]
    if weights:
        connection.execute(update(_starts).where(_THIS_START).values(weight=bindparam("to_weight")), weights)


# ── counted anew ─────────────────────────────────────────────────────────────────────────────────

_seen = Table(
    "headings_seen",
    MetaData(),
    Column("id", _Id),
    Column("kind", SmallInteger),
    Column("text", String),
    Column("titles", Integer),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
_seen_starts = Table(
    "heading_starts_seen", MetaData(), *(Column(c.name, c.type) for c in _starts.c), prefixes=["TEMPORARY"]
)


def postpone(connection: Connection) -> None:
    """From here on ``count`` counts nothing, until ``recount`` counts everything."""
    if not postponed(connection):
        connection.execute(insert(_postponed).values(id=1))


def postponed(connection: Connection) -> bool:
    return connection.scalar(select(_postponed.c.id)) is not None


def recount(connection: Connection, documents: Iterable[Document]) -> None:
    """All headings from all documents. Every table is written in its own order, and sorted by the database: a
    million documents one by one would write as many pages as they have headings, here and there."""
    for table in (_headings, _starts, _postponed):
        connection.execute(delete(table))
    for index in _indexes():
        connection.execute(DropIndex(index, if_exists=True))
    _seen.create(connection)
    _seen_starts.create(connection)
    for batch in _batches(documents, BATCH):
        counts = Counter(heading for document in batch for heading in of(document))
        rows = [{"id": _id(*h), "kind": _NUMBERS[h[0]], "text": h[1], "titles": n} for h, n in counts.items()]
        if rows:
            connection.execute(insert(_seen), rows)
    _gather(connection)
    for index in _indexes():
        connection.execute(CreateIndex(index))
    _seen.drop(connection)
    _seen_starts.drop(connection)


def _gather(connection: Connection) -> None:
    s = _seen.c
    summed = (func.min(s.kind).label("kind"), func.min(s.text).label("text"), func.sum(s.titles).label("titles"))
    grouped = select(s.id, *summed).group_by(s.id).order_by(s.id).execution_options(yield_per=BATCH)
    with connection.execute(grouped) as found:
        for batch in found.partitions():
            headings, starts = _rows((row.id, KINDS[row.kind], row.text, row.titles) for row in batch)
            if headings:
                connection.execute(insert(_headings), headings)
            if starts:
                connection.execute(insert(_seen_starts), starts)
    names = list(_starts.c.keys())
    in_order = select(*_seen_starts.c).order_by(*(_seen_starts.c[name] for name in names[:3]))
    connection.execute(insert(_starts).from_select(names, in_order))


def _indexes() -> list[Index]:
    return sorted((*_headings.indexes, *_starts.indexes), key=lambda index: str(index.name))


def _batches(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    given = iter(documents)
    while batch := list(islice(given, size)):
        yield batch


# ── read ─────────────────────────────────────────────────────────────────────────────────────────


class Heading(msgspec.Struct, frozen=True):
    text: str
    titles: int
    key: str


class Shelf(msgspec.Struct, frozen=True):
    """Headings that stand side by side. ``previous`` and ``next`` are where the pages beside it start: for
    ``browse(kind, previous, before=True)`` and ``browse(kind, next)``; None where there is nothing."""

    headings: tuple[Heading, ...]
    previous: str | None = None
    next: str | None = None


class Completion(msgspec.Struct, frozen=True):
    text: str
    kind: str
    titles: int


EXACT = "="  # stands before a heading as it is shown; what a reader typed has none
_HALF_AM = re.compile("\u0e4d(?=[\u0e48-\u0e4b]?$)")  # นํ้, while the า of น้ำ is still to come
_LEADING_LAST = re.compile("[เ-ไ]$")


class Headings:
    """The headings of the documents, for those who read. ``Documents`` makes the tables and writes them."""

    def __init__(self, engine: Engine):
        self.engine = engine

    def browse(self, kind: str, start: str = "", size: int = 20, before: bool = False) -> Shelf:
        """The headings from the first one at ``start`` or after it, or the last ones before it, in their order.

        An unknown kind has none.
        """
        if kind not in _NUMBERS:
            return Shelf(())
        place = self._place(kind, start)
        with self.engine.connect() as connection:
            after = self._beside(connection, kind, place, 1 if before else size + 1, before=False)
            ahead = self._beside(connection, kind, place, size + 1 if before else 1, before=True)
        shown, following = (ahead[-size:], after) if before else (after[:size], after[size:])
        earlier = ahead[:-size] if before else ahead
        return Shelf(
            headings=tuple(Heading(row.text, row.titles, row.key) for row in shown),
            previous=(EXACT + shown[0].text if shown else start) if earlier else None,
            next=EXACT + following[0].text if following else None,
        )

    def _place(self, kind: str, start: str) -> tuple[str, int]:
        """(key, id): a typed start is before every heading of its key."""
        if start.startswith(EXACT):
            return _key(kind, start[1:]), _id(kind, start[1:])
        typed = start[:LONGEST]
        if kind == "call_number":
            return (callnumber.sort_key(typed) if typed.strip() else ""), -(2**63)
        # A leading vowel sorts after its consonant, so one without it stands where it stands with the first one.
        whole = _LEADING_LAST.sub(r"\g<0>ก", text.normalise(typed))
        return text.sort_key(whole).partition("\x02")[0], -(2**63)

    def _beside(self, connection: Connection, kind: str, place: tuple[str, int], size: int, before: bool) -> list[Any]:
        here = tuple_(_headings.c.key, _headings.c.id)
        there = tuple_(*place)
        order = (_headings.c.key.desc(), _headings.c.id.desc()) if before else (_headings.c.key, _headings.c.id)
        query = select(_headings).where(_headings.c.kind == _NUMBERS[kind], here < there if before else here >= there)
        rows = list(connection.execute(query.order_by(*order).limit(size)))
        return rows[::-1] if before else rows

    def complete(self, typed: str, size: int = 8) -> list[Completion]:
        """Headings that begin as was typed: those with most titles, a quarter at least of each kind that has any."""
        if len(typed) > LONGEST or not (wanted := _HALF_AM.sub("", _squeezed(typed))):
            return []
        return _mixed({kind: self._found(kind, wanted, size) for kind in OFFERED}, size)

    def _found(self, kind: str, wanted: str, size: int) -> list[Completion]:
        """The best of one kind. Of those with about as many titles any may be among them where there are very many."""
        weights = _candidates(self.engine, kind, wanted, 4 * size)
        if not weights:
            return []
        best = heapq.nlargest(4 * size, weights, key=weights.__getitem__)
        rows = fetched(self.engine, _TEXTS.format(", ?" * (len(best) - 1)), best)
        fitting = {
            _squeezed(shown): Completion(shown, kind, titles)
            for titles, shown in sorted((titles, shown) for shown, titles in rows)
            if len(wanted) <= HEAD or any(b.startswith(wanted) for b in _beginnings(kind, shown))
        }
        return sorted(fitting.values(), key=lambda c: -c.titles)


READ = 1000  # beginnings that are looked at for one kind: as many as are read in a millisecond


# Asked of the driver itself, for each letter that is typed. The heaviest of the first beginnings in their order:
_FIRST = f"""SELECT heading, weight FROM (
    SELECT heading, weight FROM heading_starts WHERE kind = ? AND head >= ? AND head < ? ORDER BY head LIMIT {READ}
) AS first ORDER BY weight DESC LIMIT ?"""
# Those among the heaviest that begin with the same letters, from an index:
_HEAVIEST = {
    letters: f"""SELECT heading, weight FROM (
        SELECT heading, weight, head FROM heading_starts
        WHERE kind = ? AND substr(head, 1, {letters}) = ? AND weight > 0 ORDER BY weight DESC LIMIT {READ}
    ) AS heavy WHERE head >= ? AND head < ? LIMIT ?"""
    for letters in SHORT
}
_TEXTS = "SELECT text, titles FROM headings WHERE id IN (?{})"


def _candidates(engine: Engine, kind: str, wanted: str, size: int) -> dict[int, int]:
    """The weights of headings that may begin so."""
    number, head = _NUMBERS[kind], wanted[:HEAD]
    between = (head, head + "\U0010ffff")
    letters = max(n for n in SHORT if n <= len(head))
    first = fetched(engine, _FIRST, (number, *between, size))
    return dict([*first, *fetched(engine, _HEAVIEST[letters], (number, head[:letters], *between, size))])


def _mixed(found: Mapping[Kind, list[Completion]], size: int) -> list[Completion]:
    """Most titles first, but a quarter of the room for each kind; what is a name and a subject, too, stands once."""
    once: dict[str, Completion] = {}
    for completion in sorted((c for some in found.values() for c in some), key=lambda c: -c.titles):
        once.setdefault(_squeezed(completion.text), completion)
    kinds = [[c for c in once.values() if c.kind == kind] for kind in found]
    sure = [completion for some in kinds for completion in some[: size // 4]]
    rest = [completion for completion in once.values() if completion not in sure]
    return sorted((sure + rest)[:size], key=lambda c: -c.titles)
