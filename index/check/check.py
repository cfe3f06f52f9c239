"""The check itself: each row of a list against the records of all members, and against the rows before it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from config.holdings import Holding
from config.tables import Field, Text
from index.check.entries import Entry, LeftOut, listed
from index.check.lists import List, told
from index.check.money import Price
from index.match.blocking import LIMIT, finer, keys
from index.match.facts import Facts
from index.match.features import AUTHOR, title
from index.match.judge import Judgement, Reason, judge
from index.match.table import table
from search.question import Document

HELD, RELATED, REVIEW, NOT_HELD = VERDICTS = ("held", "related", "review", "not held")
OF = {"same": HELD, "related": RELATED, "review": REVIEW}  # what a judgement means for who wants to buy
TITLES = 10  # matches that are told of a row, the best first
BATCH = 50  # rows whose titles are fetched together
SHOWN = ("title", "creator", "publisher", "year", "edition", "volume", "material", "isbn")

NAMES: dict[str, Text] = {
    HELD: Text(th="มีแล้ว", en="Held"),
    RELATED: Text(th="มีฉบับอื่น", en="Held in another form"),
    REVIEW: Text(th="ควรตรวจดูเอง", en="Please look"),
    NOT_HELD: Text(th="ยังไม่มี", en="Not held"),
}
RELATIONS: dict[str, Text] = {
    "edition": Text(th="พิมพ์ครั้งอื่น", en="other edition"),
    "printing": Text(th="พิมพ์ซ้ำครั้งอื่น", en="other printing"),
    "volume": Text(th="เล่มอื่นในชุด", en="other volume"),
    "binding": Text(th="ปกอีกแบบ", en="other binding"),
    "ebook": Text(th="ฉบับพิมพ์หรืออิเล็กทรอนิกส์", en="in print or as e-book"),
    "translation": Text(th="ฉบับภาษาอื่น", en="in another language"),
    "coedition": Text(th="ฉบับของสำนักพิมพ์อื่น", en="another publisher’s edition"),
    "carrier": Text(th="สื่อประเภทอื่น", en="on another carrier"),
    "set": Text(th="ทั้งชุดหรือเล่มในชุด", en="the set or a part of it"),
    "component": Text(th="ส่วนหนึ่งของเรื่อง", en="a part of it"),
    "serial": Text(th="วารสารหรือฉบับของวารสาร", en="the serial or an issue"),
}

Tell = Callable[[int, int], None]  # rows done, of how many


class Known(Protocol):
    """What the check asks of the ledger."""

    def candidates(self, rows: Sequence[Facts]) -> Sequence[Mapping[str, Facts]]:
        """For each row the live records that may be the same title, or one related to it."""
        ...

    def titles_of(self, records: Collection[str]) -> Mapping[str, str]:
        """Record -> the id of its title."""
        ...

    def worthless(self) -> Collection[str]:
        """ISBNs that stand on different titles."""
        ...


Fetch = Callable[[Sequence[str]], Sequence[Document]]


class Match(msgspec.Struct, frozen=True, omit_defaults=True):
    """One title that a row is, or is related to."""

    id: str
    verdict: str
    relation: str
    points: int
    reasons: tuple[Reason, ...]
    values: dict[str, str] = {}  # what a list shows of the title
    copies: dict[str, int] = {}  # member -> copies that are known of; 0 is not known

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(self.copies)


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row with its verdict."""

    sheet: str
    number: int
    values: dict[str, tuple[str, ...]]
    verdict: str
    matches: tuple[Match, ...] = ()
    duplicate_of: int | None = None  # the place in the list of an earlier row that is the same title
    price: Price | None = None  # of a copy
    quantity: int = 1
    note: str = ""
    typed: str = ""  # an ISBN that is none, as it was typed

    @property
    def members(self) -> tuple[str, ...]:
        """Who has it: the row itself, or what is related to it, or what may be it."""
        return tuple(self.copies)

    @property
    def copies(self) -> dict[str, int]:
        """Member -> copies, of all titles that the verdict rests on."""
        found: dict[str, int] = {}
        for match in self.matches:
            if match.verdict == self.verdict:
                for member, count in match.copies.items():
                    found[member] = found.get(member, 0) + count
        return found

    @property
    def cost(self) -> Price | None:
        """What its copies cost together."""
        return Price(self.price.amount * self.quantity, self.price.currency) if self.price else None

    def first(self, field: str) -> str:
        return next(iter(self.values.get(field, ())), "")


class Report(msgspec.Struct, frozen=True):
    """A list that was checked."""

    name: str
    results: tuple[Result, ...]
    broken: tuple[tuple[int, str], ...] = ()
    titles: int = 0  # that the catalogue held
    left: tuple[LeftOut, ...] = ()  # rows that are no titles

    @property
    def summary(self) -> dict[str, int]:
        """Verdict -> rows; every verdict is there."""
        counts = Counter(result.verdict for result in self.results)
        return {verdict: counts[verdict] for verdict in VERDICTS}

    @property
    def duplicates(self) -> int:
        return sum(result.duplicate_of is not None for result in self.results)

    def money(self, which: Callable[[Result], bool]) -> dict[str, Decimal]:
        """Currency -> what the rows cost."""
        sums: dict[str, Decimal] = {}
        for result in filter(which, self.results):
            if cost := result.cost:
                sums[cost.currency] = sums.get(cost.currency, Decimal()) + cost.amount
        return sums

    @property
    def asked(self) -> dict[str, Decimal]:
        return self.money(lambda result: True)

    @property
    def saved(self) -> dict[str, Decimal]:
        """What need not be paid: for rows that a member holds, and for those that stand in the list already."""
        return self.money(lambda result: result.verdict == HELD or result.duplicate_of is not None)


class Check:
    """Checks lists against what the members hold."""

    def __init__(self, known: Known, fetch: Fetch, fields: Mapping[str, Field], titles: int = 0):
        self.known, self.fetch, self.fields, self.titles = known, fetch, fields, titles

    def run(self, given: List, tell: Tell = lambda done, of: None) -> Report:
        """The verdict on every row. Raises ListError where no column says which titles are meant."""
        told(given)
        read = list(listed(given, self.fields))
        left = tuple(row for row in read if isinstance(row, LeftOut))
        titles = [row for row in read if isinstance(row, Entry)]
        tell(0, len(titles))
        first = duplicates(titles)
        worthless = self.known.worthless()
        results: list[Result] = []
        for begin in range(0, len(titles), BATCH):
            some = titles[begin : begin + BATCH]
            results += self._batch(some, worthless, [first.get(begin + n) for n in range(len(some))])
            tell(len(results), len(titles))
        return Report(given.name, tuple(results), given.broken, self.titles, left)

    def _batch(
        self, rows: Sequence[Entry], worthless: Collection[str], firsts: Sequence[int | None]
    ) -> Iterator[Result]:
        candidates = self.known.candidates([row.facts for row in rows])
        judged = [_judged(row, some, worthless) for row, some in zip(rows, candidates, strict=True)]
        ids = self.known.titles_of({record for found in judged for record in found})
        best = [_best(found, ids) for found in judged]
        documents = {d.id: d for d in self.fetch(list(dict.fromkeys(id_ for titles in best for id_ in titles)))}
        for row, titles, first in zip(rows, best, firsts, strict=True):
            matches = [_match(documents[id_], judgement) for id_, judgement in titles.items() if id_ in documents]
            verdict = matches[0].verdict if matches else NOT_HELD if _can_be_judged(row) else REVIEW
            kept = tuple(matches[:TITLES])
            yield Result(
                row.sheet, row.number, row.values, verdict, kept, first, row.price, row.quantity, row.note, row.typed
            )  # fmt: skip


def _can_be_judged(row: Entry) -> bool:
    """A row without title and ISBN was not looked for, and so it must not be called missing."""
    return bool(row.facts.titles or row.facts.isbns)


def _judged(row: Entry, candidates: Mapping[str, Facts], worthless: Collection[str]) -> dict[str, Judgement]:
    """Record -> its judgement, of those that say anything to who wants to buy."""
    facts = row.facts
    if not _can_be_judged(row):
        return {}
    any_edition = not row.typed and _names_no_edition(facts)
    near = ((key, other) for key, other in candidates.items() if _near(facts, other))
    judged = {key: asked(facts, judge(facts, other, worthless), any_edition) for key, other in near}
    return {key: judgement for key, judgement in judged.items() if judgement.verdict in OF}


SAME_TITLE = frozenset(["title_equal", "title_near", "title_variant"])
ALONE = frozenset(["little", "volume_one"])  # what an ISBN without a title cannot but lack
ANY_EDITION = frozenset(["little", "edition_alone"])  # what title and author alone cannot but lack


def asked(row: Facts, judgement: Judgement, any_edition: bool) -> Judgement:
    """What a judgement of two records means for who asks: a row that is nothing but an ISBN asks for what has it, and
    one of title and author only for any edition."""
    names = {reason.name for reason in judgement.reasons}
    spoken = names & table().veto.keys()
    if "isbn_shared" in names and not row.titles and spoken <= ALONE:
        return _held(judgement, Reason("isbn_alone", 0), ALONE | {"title_missing"})
    if any_edition and SAME_TITLE & names and AUTHOR & names and spoken <= ANY_EDITION:
        return _held(judgement, Reason("any_edition", 0), ANY_EDITION)
    return judgement


def _names_no_edition(row: Facts) -> bool:
    return not (
        row.years or row.coded or row.span or row.rights or row.edition or row.edition_of or row.publishers
        or row.places or row.pages or row.pieces or row.series or row.isbns or row.weak or row.issns
    )  # fmt: skip


def _held(judgement: Judgement, why: Reason, instead: Collection[str]) -> Judgement:
    """Held, for a reason that stands in the place of others."""
    reasons = (*(reason for reason in judgement.reasons if reason.name not in instead), why)
    points = sum(reason.points for reason in reasons) + table().bias
    return Judgement("same", "", points, reasons)


def _near(row: Facts, other: Facts) -> bool:
    """Whether two are worth a judgement, which costs thirty times as much: of different titles only those that share
    a number. A block holds many that merely begin alike."""
    shared = row.isbns.keys() & other.isbns.keys() or set(row.issns) & set(other.issns)
    return bool(shared) or next(title(row, other, ()))[0] != "title_far"


def _best(judged: Mapping[str, Judgement], ids: Mapping[str, str]) -> dict[str, Judgement]:
    """Title -> the judgement of its record that is nearest; the nearest title first. What is held comes first, then
    what has the title of the row, so that another edition does not stand behind another work. What is surely another
    volume does not hide what may be the very one."""
    found: dict[str, Judgement] = {}
    ordered = sorted(judged.items(), key=lambda pair: (_rank(pair[1]), -pair[1].points, pair[0]))
    for record, judgement in ordered:
        if record in ids:
            found.setdefault(ids[record], judgement)
    return dict(list(found.items())[: 2 * TITLES])


def _rank(judgement: Judgement) -> int:
    if OF[judgement.verdict] == HELD:
        return 0
    names = {reason.name for reason in judgement.reasons}
    titled = SAME_TITLE & names or "title_subtitle" in names or "isbn_shared" in names
    sure = OF[judgement.verdict] == REVIEW or AUTHOR & names
    return 1 if titled and sure else 2


def _match(document: Document, judgement: Judgement) -> Match:
    values = {name: "; ".join(document.all(name)[:3]) for name in SHOWN if document.all(name)}
    values["title"] = document.first("title")
    return Match(
        document.id, OF[judgement.verdict], judgement.relation, judgement.points, judgement.reasons,
        values, copies(document.members, document.holdings),
    )  # fmt: skip


def copies(members: Sequence[str], holdings: Iterable[Holding]) -> dict[str, int]:
    """Member -> its copies; one with a barcode is a copy though no number is told."""
    found = dict.fromkeys(members, 0)
    for holding in holdings:
        found[holding.member] = found.get(holding.member, 0) + (holding.copies or int(bool(holding.barcode)))
    return found


# ── rows that repeat each other ──────────────────────────────────────────────────────────────────


def duplicates(rows: Sequence[Entry]) -> dict[int, int]:
    """Row -> the first row that is the same title, by the same judge; and of rows that say the same to the letter."""
    found: dict[int, int] = {}
    alike: dict[tuple[object, ...], int] = {}
    blocks = _blocks(rows)
    for n, row in enumerate(rows):
        if not row.facts.titles and not row.facts.isbns:
            continue
        first = alike.setdefault(_said(row.facts), n)
        if first == n:
            before = sorted({m for key in blocks.of[n] for m in blocks.rows[key] if m < n and m not in found})
            first = next((m for m in before[:LIMIT] if judge(row.facts, rows[m].facts).verdict == "same"), n)
        if first != n:
            found[n] = found.get(first, first)
    return found


def _said(facts: Facts) -> tuple[object, ...]:
    return (
        tuple(title.full for title in facts.titles), facts.creators, facts.publishers, facts.years,
        facts.edition, facts.volume, facts.part, tuple(sorted(facts.isbns)), facts.carrier,
    )  # fmt: skip


class _Blocks(msgspec.Struct):
    of: list[list[str]]  # row -> its blocks
    rows: dict[str, list[int]]


def _blocks(rows: Sequence[Entry]) -> _Blocks:
    """The rows by their blocking keys; a block with too many is split until it is not, or cannot be. What cannot be
    split is a long set: its volumes are told by their numbers."""
    of = [keys(row.facts) for row in rows]
    while True:
        large = {key for key, members in _by_block(of).rows.items() if len(members) > LIMIT}
        split = [
            list(dict.fromkeys(f for key in own for f in (finer(key, row.facts) if key in large else [key])))
            for own, row in zip(of, rows, strict=True)
        ]
        if split == of:
            split = [
                [f"{key}|{_numbers(row.facts)}" if key in large else key for key in own]
                for own, row in zip(of, rows, strict=True)
            ]
            return _by_block(split)
        of = split


def _by_block(of: list[list[str]]) -> _Blocks:
    found: dict[str, list[int]] = {}
    for n, own in enumerate(of):
        for key in own:
            found.setdefault(key, []).append(n)
    return _Blocks(of, found)


def _numbers(facts: Facts) -> str:
    return " ".join((*facts.volume, *facts.numbers))
