"""XML without trust: no entities, no network; the records of a file cut out one by one."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from harvest.record import HarvestError, Payload

CHUNK = 1 << 20
LIMIT = 64 << 20  # bytes of one record: past that it is no record
_DECLARED = re.compile(rb"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)[\"']")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def parse(data: bytes) -> etree._Element:
    """The element of some bytes. Raises ValueError with the parser's own words."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_pis=True, remove_comments=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not well-formed XML: {error.msg}") from error


def name(element: etree._Element) -> str:
    """The element's name without its namespace; "" for anything that is no element."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext()).strip()


def cut(stream: BinaryIO, tag: str, file: str) -> Iterator[Payload]:
    """The innermost elements of that name, each as its own bytes in UTF-8, with the prefixes of the root.

    What does not end is yielded too, as broken. Raises HarvestError where there is none at all.
    """
    head = stream.read(CHUNK)
    encoding = _encoding(head)
    start = re.compile(rf"<(?:[A-Za-z_][\w.-]*:)?{tag}(?=[\s>/])".encode())
    end = re.compile(rf"</(?:[A-Za-z_][\w.-]*:)?{tag}\s*>".encode())
    buffer, number, spaces = b"", 0, b""
    for chunk in _utf8(head, stream, encoding, file):
        buffer += chunk
        if not spaces:
            spaces = _spaces(buffer)
        taken = 0
        for close in end.finditer(buffer):
            opened = [m.start() for m in start.finditer(buffer, taken, close.start())]
            if opened:
                number += 1
                yield Payload(_self_contained(buffer[opened[-1] : close.end()], spaces), f"{file}, record {number}")
            taken = close.end()
        buffer = buffer[taken:]
        if len(buffer) > LIMIT:
            break
    if left := start.search(buffer):
        number += 1
        yield Payload(
            buffer[left.start() :], f"{file}, record {number}", broken="the record is cut off: it does not end"
        )
    if not number:
        raise HarvestError(f"{file}: no <{tag}> element in it; is it the right file, and the right format?")


def _encoding(head: bytes) -> str:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    declared = _DECLARED.search(head[:200])
    return declared[1].decode("ascii").lower() if declared else "utf-8"


def _utf8(head: bytes, stream: BinaryIO, encoding: str, file: str) -> Iterator[bytes]:
    """The stream as UTF-8. UTF-8 passes as it is, so that a bad byte spoils one record and not the file."""
    if encoding in ("utf-8", "utf8", "us-ascii"):
        yield head
        while chunk := stream.read(CHUNK):
            yield chunk
        return
    try:
        yield (head + stream.read()).decode(encoding).encode()
    except (LookupError, UnicodeDecodeError) as error:
        raise HarvestError(f"{file}: says it is in {encoding}, and is not: {error}") from error


def _spaces(buffer: bytes) -> bytes:
    """The namespace declarations that stand before the records: a record cut out may need them."""
    return b" ".join(dict.fromkeys(re.findall(rb"xmlns(?::[\w.-]+)?=(?:\"[^\"<]*\"|'[^'<]*')", buffer[: CHUNK // 16])))


def _self_contained(element: bytes, spaces: bytes) -> bytes:
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
