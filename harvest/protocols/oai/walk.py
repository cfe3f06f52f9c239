"""A visit's way through the list: on from where it stopped, around what the server cannot give, nothing twice."""

import datetime
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from config import database
from harvest.protocols import Visit
from harvest.protocols.oai import stamps
from harvest.protocols.oai.client import BadDate, Client, Looping, Nothing, Stale
from harvest.protocols.oai.page import Astray, Item, Unreadable
from harvest.protocols.oai.stamps import DAY, SECOND, STEPS
from harvest.record import Batch, HarvestError, Payload, Progress
from harvest.web import BUSY, Failed, NotNow, Refused, Unanswered

# A server stamps a record when it is saved and shows it when it is committed: what was saved shortly
# before the last visit may have been shown only after it. So each visit looks back a little.
OVERLAP = {DAY: datetime.timedelta(days=1), SECOND: datetime.timedelta(hours=1)}
EARLIEST = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)  # for halving, where Identify tells none
TROUBLES = 40  # one after another, and nothing came between: then it is the server, and not what was asked for
WEIGHT: dict[type[HarvestError], int] = {Unanswered: 10}  # a silence costs a minute or more
SHRUNK = 3  # so often a list that becomes shorter is asked for again
SINGLY = 100  # records asked for one by one, in one transaction

NOT_NOW = (401, 403, 429, 503)  # a part would not be given either
PARTABLE = (Unreadable, Looping, Stale, Failed, Unanswered)  # a part of the list may still be had
PASSING = (Unreadable, Astray, Failed, Unanswered)  # may be over in a moment

T = TypeVar("T")


class Span(msgspec.Struct, frozen=True):
    """A stretch of datestamps; "" is an open end."""

    since: str = ""
    until: str = ""


class Short(HarvestError):
    """The list holds far less than the server says."""


class Shorter(Stale):
    """The list became shorter while it was read: what moved up may have been passed over."""


class Walk:
    """One visit. What is met on the way stands in the visit's lessons."""

    def __init__(self, client: Client, visit: Visit):
        self.client, self.visit, self.lessons = client, visit, visit.lessons
        self.watermark = ""
        self.until = ""  # the first answer's own time: the watermark of a list that is whole
        self.order = stamps.Order()
        self.seen: set[int] = set()  # what came in this visit already
        self.troubles = 0
        self.trouble: HarvestError | None = None  # the first one
        self.blind = False  # the server ignores dates: asking for parts is of no use
        self.gaps: list[str] = []
        self.missing = 0  # records that the server claims and did not send
        self.shrunk = 0
        self.in_set: bool | None = None  # whether the records say that they are in the set that was asked for
        self.known: dict[str, str] | None = None  # what Identify says
        self.whole = False  # the list is asked for from its beginning
        self.prefix = visit.source.prefix
        self.spoilt = 0  # troubles with single records, one after another
        self.owed = dict.fromkeys(visit.owed)  # and did not come in this visit yet
        self.far = stamps.written(stamps.now() + datetime.timedelta(days=1), SECOND)

    def batches(self) -> Iterator[Batch]:
        """Raises HarvestError where the list could not be had whole."""
        kept = Progress() if self.visit.full else self.visit.progress
        self.watermark, self.until = kept.watermark, kept.until
        self.whole = not kept.token and (not kept.watermark or self._due())
        self.order = stamps.Order(kept.reached, not kept.token or bool(kept.reached))
        try:
            yield from self._span(Span("" if self.whole else self._since(kept)), kept.token)
        except Nothing as error:
            if self.whole:
                self.lessons.notice("empty", str(error))
            else:
                yield from self._owed()
            return  # nothing new is a success; the watermark stays, and the next visit asks a little more
        if self.gaps:
            raise HarvestError(f"{self.client.endpoint}: not all could be had: {'; '.join(self.gaps[:3])}")
        if self.whole:  # what it lacks is gone
            self._learn_whole()
        else:
            yield from self._owed()
        yield Batch((), self._reached(self.until or database.now()))

    def _learn_whole(self) -> None:
        trusted = not self.missing or self.lessons.facts.get("missing") == str(self.missing)
        self.lessons.facts |= {"whole": database.now()[:10], "missing": str(self.missing)}
        self.lessons.whole = trusted and not self.lessons.noticed("set-untold")

    # ── what to ask for ──────────────────────────────────────────────────────────────────────────

    def _due(self) -> bool:
        """Whether a source that does not tell every deletion is to be listed whole again."""
        facts = self.lessons.facts
        last = stamps.moment(facts.get("whole", ""))
        if facts.get("deletions", "persistent") == "persistent":
            return False
        return last is None or stamps.now() - last >= datetime.timedelta(days=self.visit.settings.whole_days)

    def _identify(self) -> dict[str, str]:
        """What the server says of itself, asked once; little where it cannot say it."""
        if self.known is None:
            try:
                self.known = self.client.identify()
            except (Astray, Unreadable, Failed) as error:
                self.lessons.notice("identify", str(error))
                self.known = {}
            promised = self.known.get("granularity", "")
            self.lessons.facts["granularity"] = SECOND if promised == SECOND else DAY
            self.lessons.facts["deletions"] = self.known.get("deletedRecord") or "no"
        return self.known

    def _granularity(self) -> str:
        """Seconds only where the server promises them and keeps it: days must be understood by every server."""
        self._identify()
        odd = {"granularity", "refuses-seconds"}
        days = odd & self.lessons.before.keys() or self.lessons.noticed(*odd)
        return DAY if days else self.lessons.facts["granularity"]

    def _since(self, kept: Progress) -> str:
        """Where the visit begins: where an ordered list stopped, or the watermark less the overlap."""
        moment = stamps.moment(kept.watermark)
        if kept.reached or moment is None:
            return kept.reached
        granularity = DAY if kept.token or "zone" in self.lessons.before else self._granularity()
        return stamps.written(moment - OVERLAP[granularity], SECOND)

    def _arguments(self, span: Span) -> dict[str, str]:
        granularity = self._granularity()
        given = {
            "metadataPrefix": self._named(),
            "set": self.visit.source.set,
            "from": _in(granularity, span.since),
            "until": _in(granularity, span.until),
        }
        return {name: value for name, value in given.items() if value}

    def _named(self) -> str:
        """The server's name for the format, asked for once."""
        self.prefix = self.prefix or self.client.prefix(self.visit.source.format)
        return self.prefix

    # ── the list, whole or in parts ──────────────────────────────────────────────────────────────

    def _span(self, span: Span, token: str = "", *, part: bool = False) -> Iterator[Batch]:
        """Everything of a span. A token that is refused costs nothing: the list goes on by datestamp; what cannot be
        had as one list is asked for as two."""
        while True:
            came = len(self.seen)
            try:
                yield from self._list(span, token, part)
                self.troubles = 0
                return
            except BadDate as error:
                if self._granularity() == DAY or part:
                    raise
                self.lessons.notice("refuses-seconds", str(error))
            except Nothing:
                if not part:
                    raise
                return
            except PARTABLE as trouble:
                began = bool(token) or len(self.seen) > came
                self._bearable(trouble, began)
                rest = Span(self.order.reached or span.since, span.until)
                if isinstance(trouble, Stale) and began:
                    self.lessons.notice("shrunk" if isinstance(trouble, Shorter) else "stale", str(trouble))
                    span, token, self.order = rest, "", stamps.Order()
                    continue
                yield from self._halves(rest, trouble)
                return

    def _bearable(self, trouble: HarvestError, began: bool) -> None:
        """Raises the trouble again where asking for a part would be of no use."""
        began = began or self.trouble is not None
        refused = isinstance(trouble, Failed) and (trouble.status in NOT_NOW or (trouble.status < 500 and not began))
        if refused or (isinstance(trouble, Unanswered) and not began):
            raise trouble
        self.trouble = self.trouble or trouble
        self.troubles += WEIGHT.get(type(trouble), 1)
        if self.troubles > TROUBLES or self.blind:
            raise self.trouble
        self.client.patient = self.client.patient and isinstance(trouble, Stale)

    def _halves(self, span: Span, trouble: HarvestError) -> Iterator[Batch]:
        """A span in two parts; one that cannot be parted any more, record by record."""
        granularity = self._granularity()
        low = stamps.moment(span.since) or stamps.moment(self._identify().get("earliestDatestamp", "")) or EARLIEST
        high = stamps.moment(span.until) or stamps.now() + STEPS[DAY]
        if high - low <= STEPS[granularity]:
            yield from self._singly(span, trouble)
            return
        self.lessons.notice("halved", str(trouble))
        middle = stamps.written(low + (high - low) / 2, granularity)
        if middle <= stamps.written(low, granularity):
            middle = stamps.written(low + STEPS[granularity], granularity)
        # Both parts hold the moment between them: some servers leave out the one that `until` names.
        for half in (Span(span.since, middle), Span(middle, span.until)):
            self.order = stamps.Order()
            yield from self._span(half, part=True)
            if half.until and not self.gaps:
                self.watermark = half.until
                yield Batch((), self._reached(self.watermark))

    def _singly(self, span: Span, trouble: HarvestError) -> Iterator[Batch]:
        """The records of the narrowest span, one by one; what cannot be read is set aside with its bytes."""
        try:
            headers = self._twice(lambda: self._headers(span))
        except Nothing:
            return
        except HarvestError as error:
            self.gaps.append(f"{span.since or 'the beginning'} to {span.until or 'now'}: {trouble}, and {error}")
            return
        left = {} if self.whole else self.owed  # they are asked for at the end, and would hide these
        wanted = [item for item in headers if _key(item) not in self.seen and item.payload.local_id not in left]
        for start in range(0, len(wanted), SINGLY):
            yield from self._each(wanted[start : start + SINGLY], span)
        self.troubles = 0

    def _headers(self, span: Span) -> list[Item]:
        pages = self.client.pages("ListIdentifiers", self._arguments(span))
        return [item for page in pages for item in page.items]

    def _owed(self) -> Iterator[Batch]:
        """What earlier visits were not given: its datestamp is past, and no list brings it any more. What is not given
        again stays in quarantine as it is, and waits behind the others."""
        self.client.patient = False
        payloads: list[Payload] = []
        for local_id in list(self.owed)[:SINGLY]:
            header = Item(Payload(b"", local_id, local_id))
            try:
                item = self._one(header, again=True)
            except HarvestError as error:
                self.lessons.notice("owed", str(error))
                payloads.append(_set_aside(header, b"", f"the server cannot give this record: {error}").payload)
                break
            if not self._inside(item.sets):
                item = _set_aside(header, b"", f"the record is in other sets now: {', '.join(item.sets)[:200]}")
            payloads.append(item.payload)
        yield Batch(tuple(payloads))

    def _each(self, headers: list[Item], span: Span) -> Iterator[Batch]:
        """Records one by one; what came is kept where the server gives no more."""
        came: list[Item] = []
        trouble: HarvestError | None = None
        try:
            for header in headers:
                came.append(self._one(header))  # noqa: PERF401  # what came before a trouble is kept
        except HarvestError as error:
            trouble = error
        yield Batch(self._taken(came, span, part=True))
        if trouble:
            raise trouble

    def _twice(self, ask: Callable[[], T]) -> T:
        """What is asked for by itself is asked for again: a moment's trouble would cost a record that is good."""
        try:
            return ask()
        except PASSING as error:
            if isinstance(error, Failed) and error.status in NOT_NOW:
                raise
            self.client.web.pause(self.visit.settings.backoff)
            return ask()

    def _one(self, header: Item, *, again: bool = False) -> Item:
        """A record by itself. Raises HarvestError where it seems to be the server, and not the record."""
        payload = header.payload
        if payload.deleted:
            return header
        try:
            found = self._twice(lambda: self.client.record(payload.local_id, self._named()))
        except Unreadable as error:
            return _set_aside(header, error.record(), f"the server's XML of this record is broken: {error}")
        except NotNow:
            raise
        except (Failed, Unanswered, Astray, Refused) as error:
            self.spoilt += WEIGHT.get(type(error), 1)
            if self.spoilt > TROUBLES or (isinstance(error, Failed) and error.status in BUSY):
                raise  # 401 and 403 may be one record's own
            content = error.content if isinstance(error, Failed) and not again else b""  # each time another page
            return _set_aside(header, content, f"the server cannot give this record: {error}")
        except HarvestError as error:
            return _set_aside(header, b"", f"the server lists this record and does not give it: {error}")
        self.spoilt = 0
        if found.payload.local_id != payload.local_id:
            told = found.payload.local_id[:200] or "one without an identifier"
            return _set_aside(header, found.payload.data, f"the server gives another record instead: {told}")
        return msgspec.structs.replace(found, sets=found.sets or header.sets)

    # ── one list ─────────────────────────────────────────────────────────────────────────────────

    def _list(self, span: Span, token: str, part: bool) -> Iterator[Batch]:
        """The pages of one list, each with the progress that it makes. Nothing is skipped where it becomes shorter."""
        arguments = {"resumptionToken": token} if token else self._arguments(span)
        listed, size = None if token else 0, None
        for page in self.client.pages("ListRecords", arguments):
            self.until = self.until or page.date
            self.order.page([item.payload.datestamp for item in page.items])
            shorter = page.size is not None and size is not None and page.size < size and self.shrunk < SHRUNK
            size = page.size if page.size is not None else size
            listed = page.cursor if listed is None else listed
            listed = None if listed is None else listed + len(page.items)
            payloads = self._taken(page.items, span, part)
            goes_on = page.token and not (part or shorter or page.repeats)
            yield Batch(payloads, self._on(page.token) if goes_on else None, size)
            if shorter:
                self.shrunk += 1
                raise Shorter(f"{self.client.endpoint}: the list became shorter while it was read")
        short = 0 if size is None or listed is None else size - listed
        if short > 0 and not self._bearably_short(size or 0, listed or 0):
            yield Batch((), self._reached(self.watermark))
            raise Short(f"{self.client.endpoint}: it claims {size} records and sent {listed}: a shortfall of {short}")

    def _on(self, token: str) -> Progress:
        return self._reached(self.watermark, token, self.until, self.order.reached)

    def _reached(self, watermark: str, token: str = "", until: str = "", reached: str = "") -> Progress:
        return Progress(watermark, token, until, reached, run=self.visit.progress.run)

    def _bearably_short(self, size: int, listed: int) -> bool:
        """Whether a list that is shorter than the server claims is taken for whole: it lacks little, or it lacked as
        much at the last visit."""
        short, settings = size - listed, self.visit.settings
        self.missing += short
        self.lessons.notice("shortfall", f"it claims {size} records and sent {listed}, {short} less")
        known = self.lessons.facts.get("short") == f"{size} {listed}"
        self.lessons.facts["short"] = f"{size} {listed}"
        allowed = max(settings.withdraw_floor, size * settings.withdraw_percent / 100)
        return listed > 0 and (known or short <= allowed)

    # ── records ──────────────────────────────────────────────────────────────────────────────────

    def _taken(self, items: list[Item], span: Span, part: bool) -> tuple[Payload, ...]:
        """What is new in this visit and belongs to the source; what the datestamps give away is noticed."""
        taken = []
        again = part or self.trouble is not None
        floor, ceiling = _shifted(span.since, -1), _shifted(span.until, 1)
        for item, mine in zip(items, self._belonging(items), strict=True):
            key = _key(item)
            if mine and not item.payload.broken:
                self._look_at(item.payload, floor, ceiling, part)
            if mine and not (again and key in self.seen):
                self.seen.add(key)
                self.owed.pop(item.payload.local_id, None)
                taken.append(item.payload)
        return tuple(taken)

    def _belonging(self, items: list[Item]) -> list[bool]:
        """Which records are in the set that was asked for. A record that names no set says nothing about it."""
        wanted = self.visit.source.set
        if not wanted:
            return [True] * len(items)
        inside = [bool(item.sets) and self._inside(item.sets) for item in items]
        if self.in_set is None and any(item.sets for item in items):
            self.in_set = any(inside)
            if not self.in_set:
                self.lessons.notice("set-untold", ", ".join(next(item.sets for item in items if item.sets)))
        if not self.in_set:
            return [True] * len(items)
        mine = [inner or not item.sets for inner, item in zip(inside, items, strict=True)]
        if strangers := [item for item, m in zip(items, mine, strict=True) if not m]:
            self.lessons.notice("set", ", ".join(strangers[0].sets), len(strangers))
        return mine

    def _inside(self, sets: tuple[str, ...]) -> bool:
        """Whether a record may belong to the set that was asked for: it says so, or names no set."""
        wanted = self.visit.source.set
        return not (wanted and sets) or any(s == wanted or s.startswith(f"{wanted}:") for s in sets)

    def _look_at(self, payload: Payload, floor: str, ceiling: str, part: bool) -> None:
        """What a datestamp gives away of its server."""
        stamp, day = payload.datestamp, payload.datestamp[:10]
        if stamps.moment(stamp) is None:
            self._odd("undated", payload)
            return
        if self.known is not None and (len(stamp) > 10) != (self.lessons.facts["granularity"] == SECOND):
            self._odd("granularity", payload)
        if len(stamp) > 10 and not stamp.endswith("Z") and not {"+", "-"} & {*stamp[10:]}:
            self._odd("zone", payload)
        if stamp > self.far:
            self._odd("future", payload)
        for name, outside in (("from", day < floor), ("until", bool(ceiling) and day > ceiling)):
            if outside:
                self._odd(name, payload)
                self.blind = self.blind or part

    def _odd(self, name: str, payload: Payload) -> None:
        self.lessons.notice(name, f"{payload.datestamp} of {payload.local_id}"[:200])


def _key(item: Item) -> int:
    payload = item.payload
    return hash((payload.local_id or payload.data, payload.datestamp, payload.deleted))


def _set_aside(header: Item, data: bytes, reason: str) -> Item:
    return msgspec.structs.replace(header, payload=msgspec.structs.replace(header.payload, data=data, broken=reason))


def _shifted(stamp: str, days: int) -> str:
    """The day so many days off: a day of grace for servers that count in their own time zone."""
    moment = stamps.moment(stamp)
    return stamps.written(moment + datetime.timedelta(days=days), DAY) if moment else ""


def _in(granularity: str, stamp: str) -> str:
    moment = stamps.moment(stamp)
    return stamps.written(moment, granularity) if moment else ""
