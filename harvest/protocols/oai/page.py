"""One answer of a server: its bytes to its records, whatever stands in the way."""

import datetime
import re
from collections import Counter
from collections.abc import Iterator

import msgspec
from lxml import etree

from config import database
from harvest.formats import xml
from harvest.formats.mend import mended
from harvest.record import HarvestError, Payload
from harvest.web import Response

NAMESPACE = "http://www.openarchives.org/OAI/2.0/"

_ROOT = re.compile(rb"<(?:[\w.-]+:)?OAI-PMH[\s>]")
_END = re.compile(rb"</(?:[\w.-]+:)?OAI-PMH\s*>")
_RECORD = re.compile(rb"<(?:[\w.-]+:)?record(?:\s[^<>]*)?>(?=\s*(?:<!--.*?-->\s*)?<(?:[\w.-]+:)?header[\s/>])", re.S)
_RECORD_END = re.compile(rb"</(?:[\w.-]+:)?record\s*>")
_METADATA = re.compile(rb"<(?:[\w.-]+:)?metadata(?:\s[^<>]*)?>\s*(<.*>)\s*</(?:[\w.-]+:)?metadata\s*>", re.S)


class Astray(HarvestError):
    """What came is no answer of OAI-PMH: a web page, nothing, something else."""


class Unreadable(HarvestError):
    """An answer of OAI-PMH that no parser takes."""

    def __init__(self, said: str, content: bytes):
        super().__init__(said)
        self.content = content

    def record(self) -> bytes:
        """What can be seen of the one record in it."""
        begin = _RECORD.search(self.content)
        start = begin.start() if begin else 0
        ends = [end.end() for end in _RECORD_END.finditer(self.content, start)]
        return self.content[start : ends[-1] if ends else None]


class Item(msgspec.Struct, frozen=True):
    """One record of a list, and the sets that it says it is in."""

    payload: Payload
    sets: tuple[str, ...] = ()


class Page(msgspec.Struct, frozen=True):
    """One page of a list."""

    items: list[Item]
    token: str = ""
    size: int | None = None  # of the whole list, as the server says
    cursor: int | None = None  # how many came before this page, as the server says
    date: str = ""  # the answer's own time
    repeats: bool = False  # its token was given before: what it leads to has been here


class Read(msgspec.Struct, frozen=True):
    """An answer parsed: what was mended in it, and the foreign namespace that it came in."""

    root: etree._Element
    mended: Counter[str]
    namespace: str | None = None


def read(response: Response) -> Read:
    """Raises Astray and Unreadable."""
    content = response.content.strip()
    if not content:
        raise Astray(f"{response.url}: answered with nothing (0 bytes)")
    try:
        root, done = xml.parse_mended(content)
    except ValueError as error:
        root, done = _without_noise(response, content, str(error))
    if xml.name(root) != "OAI-PMH":
        what = "a web page (HTML)" if xml.name(root).lower() == "html" else f"<{root.tag}>"
        raise Astray(f"{response.url}: answered with {what}, not with OAI-PMH 2.0")
    space = etree.QName(root).namespace
    if space == NAMESPACE:
        return Read(root, done)
    _adopt(root, space)
    return Read(root, done, space or "none")


def _without_noise(response: Response, content: bytes, fault: str) -> tuple[etree._Element, Counter[str]]:
    """What a server's own warnings stand before or after is read without them."""
    begin, end = _ROOT.search(content), max(_END.finditer(content), key=re.Match.end, default=None)
    if begin is None or re.match(rb"\s*(?:<!doctype\s+html|<html)", content, re.I):
        kind = response.headers.get("content-type", "")
        what = "a web page (HTML)" if "html" in kind or b"<html" in content[:1000].lower() else "an answer that is"
        raise Astray(f"{response.url}: answered with {what}, not with OAI-PMH 2.0: {fault}")
    if end is not None and (end.end() < len(content) or begin.start() > 0):
        try:
            root, done = xml.parse_mended(content[begin.start() : end.end()])
        except ValueError:
            pass
        else:
            return root, done + Counter({"text around the XML": 1})
    raise Unreadable(f"{response.url}: the answer is {fault}", content)


def _adopt(root: etree._Element, space: str | None) -> None:
    """Take a foreign namespace for the protocol's own; the records themselves are left as they are."""
    for element in [root, *_frame(root)]:
        if isinstance(element.tag, str) and etree.QName(element).namespace == space:
            element.tag = f"{{{NAMESPACE}}}{xml.name(element)}"


def _frame(root: etree._Element) -> Iterator[etree._Element]:
    """What is the protocol's: all but what stands in metadata and about."""
    for element in root:
        yield element
        if xml.name(element) not in ("metadata", "about"):
            yield from _frame(element)


# ── records ──────────────────────────────────────────────────────────────────────────────────────


def items(answer: Read, verb: str, number: int, content: bytes) -> list[Item]:
    """The records of a page, or its headers. Raises HarvestError where it holds neither them nor an error."""
    lists = [e for e in answer.root if xml.name(e) == verb]
    if not lists:
        raise Astray(f"page {number}: holds neither records nor an error")
    if verb == "ListIdentifiers":
        headers = [e for part in lists for e in part if xml.name(e) == "header"]
        return [_item(None, header, number, b"") for header in headers]
    records = [e for part in lists for e in part if xml.name(e) == "record"]
    originals = _originals(content) if answer.mended else []
    if len(originals) != len(records):
        originals = [b""] * len(records)
    return [
        _item(record, _child(record, "header"), number, original)
        for record, original in zip(records, originals, strict=True)
    ]


def _item(record: etree._Element | None, header: etree._Element | None, number: int, original: bytes) -> Item:
    told: dict[str, str] = {}
    sets: list[str] = []
    for element in header if header is not None else ():
        name = xml.name(element)
        if name == "setSpec":
            sets.append(xml.text(element))
        else:
            told[name] = xml.text(element)
    identifier = told.get("identifier", "")
    deleted = header is not None and header.get("status") == "deleted"
    metadata = _child(record, "metadata") if record is not None else None
    body = next((e for e in metadata if isinstance(e.tag, str)), None) if metadata is not None else None
    whole = body if body is not None else None if deleted else record
    data = etree.tostring(whole, encoding="utf-8", with_tail=False) if whole is not None else b""
    payload = Payload(
        data=original if original and body is not None else data,
        place=f"page {number}, {identifier or 'a record without identifier'}",
        local_id=identifier,
        datestamp=told.get("datestamp", ""),
        deleted=deleted,
        broken="" if record is None else _fault(identifier, body is not None or deleted),
        element=None if original else body,
    )
    return Item(payload, tuple(sets))


def _child(element: etree._Element, wanted: str) -> etree._Element | None:
    return next((child for child in element if xml.name(child) == wanted), None)


def _fault(identifier: str, whole: bool) -> str:
    if not identifier:
        return "the record has no identifier in its header"
    return "" if whole else "the record has no metadata, and is not said to be deleted"


def _originals(content: bytes) -> list[bytes]:
    """Of a page that was mended: the metadata of each record that is concerned, as it came; b"" for the others."""
    content = xml.in_utf8(content)
    starts = [match.start() for match in _RECORD.finditer(content)]
    spaces = xml.spaces(content[: starts[0]]) if starts else b""
    found = []
    for begin, end in zip(starts, [*starts[1:], len(content)], strict=True):
        part = content[begin:end]
        metadata = _METADATA.search(part)
        found.append(xml.self_contained(metadata[1], spaces) if metadata and mended(part)[1] else b"")
    return found


def response_date(root: etree._Element) -> str:
    """The answer's own time. A server that tells none, or one to come (2569), is given this machine's."""
    date = next((e.text or "" for e in root if xml.name(e) == "responseDate"), "").strip()
    try:
        moment = datetime.datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        return database.now()
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    return date if datetime.datetime(1990, 1, 1, tzinfo=datetime.UTC) < moment < tomorrow else database.now()
