"""XML without trust: no entities, no network; the records of a file cut out one by one."""

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from lxml import etree

from harvest.formats.mend import mended
from harvest.record import HarvestError, Payload

CHUNK = 1 << 20
LIMIT = 64 << 20  # bytes of one record: past that it is no record
UTF8 = ("utf-8", "utf8", "us-ascii")
TOO_LONG = f"part of a record that is longer than {LIMIT >> 20} MB"
_ENTITY = re.compile(rb"<!ENTITY\s+([\w.-]+)")
_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
RECORD_END = b"\x1d"  # of ISO 2709
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def parse_mended(data: bytes) -> tuple[etree._Element, Counter[str]]:
    """The element of some bytes, and what had to be mended first. Raises ValueError with the parser's own words."""
    try:
        return _strict(data), Counter()
    except etree.XMLSyntaxError as error:
        better, done = mended(data)
        if done:
            with contextlib.suppress(etree.XMLSyntaxError):
                return _strict(better), done
        raise ValueError(f"not well-formed XML: {error.msg}") from error


def read(data: bytes) -> tuple[etree._Element, tuple[str, ...]]:
    """The element of one record, and what had to be mended in it: tags and their nesting are never guessed.
    Raises ValueError with the parser's own words."""
    try:
        root, done = parse_mended(data)
    except ValueError as error:
        if b'=\\"' in data:
            data = data.replace(b'\\"', b'"').replace(b"\\n", b"\n")  # taken out of JSON as it stood
        elif "is not defined" in str(error):
            data = _declared(data)
        else:
            raise
        root, _ = parse_mended(data)
        return root, ("xml",)
    return root, ("xml",) if done else ()


def _declared(data: bytes) -> bytes:
    """An element with its prefixes declared, of which its file does not say what they stand for."""
    used = {*re.findall(rb"<([A-Za-z_][\w.-]*):", data), *re.findall(rb"\s([A-Za-z_][\w.-]*):[\w.-]+\s*=", data)}
    known = {b"xml", b"xmlns", *re.findall(rb"xmlns:([\w.-]+)", data)}
    spaces = b"".join(b' xmlns:%s="undeclared"' % prefix for prefix in sorted(used - known))
    return re.sub(rb"<[A-Za-z_][^\s/>]*", lambda opening: opening[0] + spaces, data, count=1)


def _strict(data: bytes) -> etree._Element:
    """Texts of any size: what is fetched is bounded already. Where entities could multiply it libxml2's bounds hold."""
    plain = _encoding(data) in UTF8 and b"<!DOCTYPE" not in data and b"<!ENTITY" not in data
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_pis=True, remove_comments=True, huge_tree=plain
    )
    return etree.fromstring(data, parser)


def in_utf8(data: bytes) -> bytes:
    """The bytes in UTF-8 where they say, rightly, that they are in something else; as they are otherwise."""
    encoding = _encoding(data)
    if encoding in UTF8:
        return data
    try:
        return _DECLARED.sub(b"<?xml", data.decode(encoding).encode(), count=1)
    except (LookupError, UnicodeDecodeError):
        return data


def name(element: etree._Element) -> str:
    """The element's name without its namespace; "" for anything that is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def text(element: etree._Element) -> str:
    if not len(element):  # as nearly always
        return (element.text or "").strip()
    return "".join(str(part) for part in element.itertext()).strip()


def cut(stream: BinaryIO, tag: str, file: str) -> Iterator[Payload]:
    """The innermost elements of that name, each as its own bytes in UTF-8, with the prefixes of the root.

    What is no whole element is yielded as broken: one that does not end, an empty one, what stands before a
    lone end tag. Comments and CDATA are passed over. Raises HarvestError where no such element is met.
    """
    head = stream.read(CHUNK)
    cutter = _Cutter(tag)
    entities = {b"&%s;" % name for name in _ENTITY.findall(head)}  # of the file's own making: never expanded
    number = 0
    for chunk in chain(_utf8(head, stream, _encoding(head)), [None]):
        for data, broken in cutter.feed(chunk):
            number += 1
            if any(entity in data for entity in entities):
                broken = "not well-formed XML: it uses an entity that its file defines, and such are never expanded"
            yield Payload(data, f"{file}, record {number}", broken=broken)
    if not number:
        raise HarvestError(f"{file}: no <{tag}> element in it; is it the right file, and the right format?")


class _Cutter:
    """Takes a stream of bytes and gives its elements, whole or broken."""

    def __init__(self, tag: str):
        name = rf"(?:[A-Za-z_][\w.-]*:)?{tag}"
        self.tokens = re.compile(
            rf"<!--.*?-->|<!\[CDATA\[.*?\]\]>|(?P<empty><{name}(?:\s[^<>]*)?/>)|(?P<start><{name}(?=[\s>]))|(?P<end></{name}\s*>)".encode(),
            re.S,
        )
        self.buffer = b""
        self.open: list[tuple[int, bytes]] = []  # where each open element begins; what stood before its first child
        self.spaces = b""
        self.free = 0  # all before is given out or belongs to nothing
        self.seen = 0  # all tags before were taken
        self.spilling = False  # what comes is still the rest of an element that was too long
        self.met = False  # an element, at least one

    def feed(self, chunk: bytes | None) -> Iterator[tuple[bytes, str]]:
        """The elements that a further chunk completes, with why each is broken; None ends the stream."""
        self.buffer += chunk or b""
        self.spaces = self.spaces or spaces(self.buffer)
        upto = len(self.buffer) if chunk is None else self._sure()
        for token in self.tokens.finditer(self.buffer, min(self.seen, upto), upto):
            yield from self._token(token)
            self.seen = token.end()
        if chunk is None:
            yield from self._strange(len(self.buffer))
            for begin, before in self.open:
                yield before or self.buffer[begin:], "the record is cut off: it does not end"
        else:
            yield from self._forget()

    def _sure(self) -> int:
        """How far the buffer can be read: a tag, a comment or CDATA may go on in the next chunk."""
        opened = max(self.buffer.rfind(b"<!--"), self.buffer.rfind(b"<![CDATA["))
        if opened >= 0 and not re.search(rb"-->|\]\]>", self.buffer[opened:]) and len(self.buffer) - opened < LIMIT:
            return opened
        last = self.buffer.rfind(b"<")
        return last if last >= 0 and b">" not in self.buffer[last:] else len(self.buffer)

    def _token(self, token: re.Match[bytes]) -> Iterator[tuple[bytes, str]]:
        if token["empty"]:
            yield token["empty"], "an empty element"
            self.free = token.end()
        elif token["start"]:
            yield from self._strange(token.start())
            yield from self._spill(token.start())
            if self.open and not self.open[-1][1]:  # an element within: the outer one is a wrapper, or does not end
                begin = self.open[-1][0]
                self.open[-1] = (begin, self.buffer[begin : token.start()])
            self.open.append((token.start(), b""))
        elif token["end"] and self.open:
            begin, before = self.open.pop()
            if not before:
                self.met = True
                yield self_contained(self.buffer[begin : token.end()], self.spaces), ""
            self.free = token.end()
        elif token["end"]:
            yield self.buffer[self.free : token.end()], "an end without its beginning"
            self.free, self.spilling = token.end(), False

    def _forget(self) -> Iterator[tuple[bytes, str]]:
        """Let go of what is done with; of an element that never seems to end, give out what there is."""
        if len(self.buffer) - self.free > LIMIT and self.open and not self.open[-1][1]:
            upto = self._sure()
            yield self.buffer[self.open.pop()[0] : upto], TOO_LONG
            self.free, self.spilling = upto, True
        elif self.spilling:
            yield from self._spill(self._sure())
            self.spilling = True
        yield from self._strange(self._idle())
        keep = min((begin for begin, before in self.open if not before), default=self._idle())
        self.buffer = self.buffer[keep:]
        self.free = max(0, self.free - keep)
        self.seen = max(0, self.seen - keep)
        self.open = [(max(0, begin - keep), before) for begin, before in self.open]

    def _strange(self, upto: int) -> Iterator[tuple[bytes, str]]:
        """Records of another format that stand behind an element: somebody put two files into one."""
        if self.met and not self.open and RECORD_END in self.buffer[self.free : upto]:
            yield self.buffer[self.free : upto].strip(), "no XML, but ISO 2709; ask for it in a file of its own"
            self.free = upto

    def _spill(self, upto: int) -> Iterator[tuple[bytes, str]]:
        """The rest of an element that was too long, as far as it goes."""
        if self.spilling and self.buffer[self.free : upto].strip():
            yield self.buffer[self.free : upto], TOO_LONG
            self.free = upto
        self.spilling = False

    def _idle(self) -> int:
        """Where nothing is open: from the last end on, but no more than could still be of use."""
        return max(self.free, min(self._sure(), len(self.buffer) - CHUNK // 16))


def _encoding(head: bytes) -> str:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    declared = _DECLARED.search(head[:200])
    named = declared[1].decode("ascii").lower() if declared else "utf-8"
    return {"windows-874": "cp874"}.get(named, named)


def _utf8(head: bytes, stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The stream as UTF-8. UTF-8 passes as it is, so that a bad byte spoils one record and not the file."""
    if encoding in UTF8:
        yield head
        while chunk := stream.read(CHUNK):
            yield chunk
        return
    whole = head + stream.read()
    try:
        yield whole if _is_utf8(whole) else whole.decode(encoding).encode()
    except (
        LookupError,
        UnicodeDecodeError,
    ):  # it is in something else than it says: each record is read by what it holds
        yield whole


def _is_utf8(data: bytes) -> bool:
    """Whatever it says: no text in another encoding is well-formed UTF-8 by chance, but for one that is ASCII."""
    if b"\0" in data[:100] or data.isascii():
        return b"\0" not in data[:100] and b"utf-16" in data[:100].lower()
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def spaces(buffer: bytes) -> bytes:
    """The namespace declarations that stand before the records: a record cut out may need them."""
    return b" ".join(dict.fromkeys(re.findall(rb"xmlns(?::[\w.-]+)?=(?:\"[^\"<]*\"|'[^'<]*')", buffer[: CHUNK // 16])))


def self_contained(element: bytes, spaces: bytes) -> bytes:
    """The element with those of the root's declarations that it uses and does not make itself."""
    opening = element[: element.index(b">")]
    needed = []
    for space in re.findall(rb"xmlns(?::[\w.-]+)?=(?:\"[^\"]*\"|'[^']*')", spaces):
        prefix = space[6:].split(b"=")[0] if space[5:6] == b":" else b""
        own = space.split(b"=")[0] + b"="
        used = (
            re.search(rb"[<\s/]" + re.escape(prefix) + b":", element)
            if prefix
            else not opening[1:].split()[0].count(b":")
        )
        if used and own not in opening:
            needed.append(space)
    if not needed:
        return element
    split = re.match(rb"<[^\s>/]+", element)
    at = split.end() if split else 0
    return element[:at] + b" " + b" ".join(dict.fromkeys(needed)) + element[at:]
