"""ISO 2709: MARC records one after another in a file, in UTF-8, MARC-8 or an encoding that the source names."""

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

import msgspec
import pymarc
from pymarc import exceptions

from config import tables
from harvest import extract
from harvest.formats import letters, salvage
from harvest.formats.described import MARK, Field, MarcDescribed
from harvest.holdings import Mapping as HoldingMap
from harvest.holdings import holdings, mappings
from harvest.record import Parsed, Payload

END = b"\x1d"  # ends a record
BLANK = b" \r\n\t\x00\x1a"  # what programs leave between records and after the last one
LEADER, ENTRY = 24, 12
HOLDINGS = ("u", "v", "x", "y")  # what leader/06 says of a record of holdings
CHUNK = 1 << 20
LIMIT = 16 << 20  # bytes of one record: real ones that are too long for their leader have a little over one million

# What pymarc has to say of a record is said by the quarantine; on standard error nobody reads it.
logging.getLogger("pymarc").setLevel(logging.CRITICAL)


class Marc:
    """Reads ISO 2709 record by record, so that a bad one never hides the next."""

    def __init__(self, source: tables.Source, member: str, fields: Mapping[str, tables.Field]):
        self.encoding = source.encoding
        self.member = member
        self.wanted = extract.wanted("marc", fields)
        self.maps = mappings(source)

    def split(self, stream: BinaryIO, name: str) -> Iterator[Payload]:
        for number, data in enumerate(_pieces(stream), 1):
            yield Payload(data=data, place=f"{name}, record {number}", broken=_fault(data))

    def parse(self, payload: bytes) -> Parsed:
        return parsed(self.described(payload), self.member, self.wanted, self.maps)

    def described(self, payload: bytes) -> MarcDescribed:
        """As it stands where it stands right, as pymarc reads it where it is MARC-8, else salvaged."""
        if len(payload) <= LEADER:
            raise ValueError(f"too short for a MARC record: {len(payload)} bytes")
        read = _plainly(payload, self.encoding) or (None if self.encoding else _marc8(payload))
        return read or MarcDescribed(*msgspec.structs.astuple(salvage.read(payload, self.encoding)))


_UNCODED = re.compile("\x1f[\u0e00-\u0e7f]")  # no code, but the first letter of a Thai text that would be lost with it


def _plainly(payload: bytes, encoding: str) -> MarcDescribed | None:
    """A record whose lengths all hold and whose letters are what it says; None where anything is otherwise.

    It reads what pymarc reads, in half the time or less: the tests hold the two against each other.
    """
    base = payload[12:17]
    if not (base.isdigit() and payload[:5] == b"%05d" % len(payload) and payload.endswith(b"\x1e\x1d")):
        return None
    begin = int(base)
    directory, pieces = payload[LEADER : begin - 1], payload[begin:-2].split(b"\x1e")
    if payload[begin - 1 : begin] != b"\x1e" or len(directory) != ENTRY * len(pieces):
        return None
    try:
        text = _decoded(payload, encoding)
        tags = directory.decode("ascii")
        if text is None or _UNCODED.search(text):
            return None
        fields = []
        entry = start = 0
        for piece, part in zip(pieces, text[text.index("\x1e") + 1 : -2].split("\x1e"), strict=True):
            tag, place, length = tags[entry : entry + 3], tags[entry + 3 : entry + ENTRY], len(piece) + 1
            if not place.isdigit() or int(place) != length * 100_000 + start:
                return None
            mark = part.find(MARK)
            if tag < "010" and tag.isdigit():
                if mark >= 0:
                    return None
            elif (mark != 2 and (mark >= 0 or len(part) != 2)) or not part[:2].isascii():
                return None
            fields.append(Field(tag, part))
            entry += ENTRY
            start += length
    except ValueError:  # no such letters
        return None
    if (encoding or letters.may_be_troubled(payload, text)) and letters.troubled(text):
        return None
    return MarcDescribed(text[:LEADER], fields)


def _decoded(payload: bytes, encoding: str) -> str | None:
    """The letters of a whole record in the encoding that holds for it; None where that is MARC-8."""
    if encoding:
        return payload.decode(encoding)
    if payload[9:10] == b"a":
        return payload.decode("utf-8")
    return payload.decode("ascii") if payload.isascii() else None


def _marc8(payload: bytes) -> MarcDescribed | None:
    """What pymarc reads of MARC-8; None where it fails, or only believes that it succeeds."""
    if payload[9:10] == b"a" or payload[:5] != b"%05d" % len(payload) or not letters.is_marc8(payload[LEADER:]):
        return None
    said = io.StringIO()
    try:
        # pymarc warns of each odd subfield code, and writes of what it cannot read to standard error
        with warnings.catch_warnings(), contextlib.redirect_stderr(said):
            warnings.simplefilter("error", exceptions.BadSubfieldCodeWarning)
            record = pymarc.Record(data=payload)
    except (exceptions.PymarcException, exceptions.BadSubfieldCodeWarning, UnicodeDecodeError, ValueError, IndexError):
        return None
    fields = [_field(f) for f in record.fields]
    if said.getvalue() or any(letters.troubled(field.text) for field in fields):
        return None
    return MarcDescribed(str(record.leader), fields)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    """The stretches that end in 0x1D; what is left after the last one too, unless it is blank.

    A record that lost its end mark ends where the next one's leader begins, and what has no end mark at all is given
    out in parts that fit into memory.
    """
    rest = bytearray()
    while chunk := stream.read(CHUNK):
        begin = 0
        while (end := chunk.find(END, begin)) >= 0:
            piece = chunk[begin : end + 1]
            if rest:
                piece, rest = bytes(rest + piece), bytearray()
            begin = end + 1
            if piece.find(b"4500", piece.find(b"\x1e") + 1) < 0:  # no second leader in it
                yield piece.lstrip(BLANK)
            else:
                yield from _lone(piece)
        rest += chunk[begin:]
        if len(rest) > LIMIT:
            yield bytes(rest)
            rest = bytearray()
    if rest.strip(BLANK):
        yield from _lone(bytes(rest))


# A whole leader directly behind a field's end: 00714cam a2200205 a 4500, then the directory.
_NEXT = re.compile(rb"(?<=\x1e)[\r\n ]*(?=[0-9]{5}[acdnp][a-z]{2}[ a-z^][ a^]22[0-9]{5}[ 0-9a-zA-Z^]{3}4500[0-9]{3})")


def _lone(piece: bytes) -> Iterator[bytes]:
    begin = 0
    for match in _NEXT.finditer(piece):
        yield piece[begin : match.start()].lstrip(BLANK)
        begin = match.end()
    yield piece[begin:].lstrip(BLANK)


def _fault(data: bytes) -> str:
    """Why these bytes are no record of a title, whatever one does to them, or ""."""
    if data[:5].isdigit() and LEADER + 2 <= len(data) <= LIMIT:  # as nearly always
        return "an authority record, not a bibliographic one" if data[6:7] == b"z" else ""
    if (start := data.removeprefix(salvage.BOM).lstrip(BLANK))[:1] in (b"<", b"{", b"P", b"%"):
        return f"no MARC record, but something that begins with {start[:20].decode('ascii', 'replace')!r}"
    if len(data) < LEADER + 2:
        return f"too short for a MARC record: {len(data)} bytes"
    if len(data) > LIMIT:
        return f"no record ends within {LIMIT >> 20} MB"
    return ""


def _field(field: pymarc.Field) -> Field:
    if field.is_control_field():
        return Field(field.tag, field.data or "")
    return Field.coded(field.tag, "".join(field.indicators or "  "), field.subfields)


def parsed(marc: MarcDescribed, member: str, wanted: Iterable[extract.Wanted], maps: tuple[HoldingMap, ...]) -> Parsed:
    """What every MARC format reads: values, holdings, and the id that 001 and 003 make together.

    003 says whose number 001 is, so that two origins in one member's files never share an id.
    """
    number, origin = marc.control("001"), marc.control("003")
    return Parsed(
        values=extract.values(marc, wanted),
        holdings=holdings(marc, member, maps),
        local_id=f"{origin}:{number}" if origin and number else number,
        deleted=marc.leader[5:6] == "d",
        repairs=marc.repairs,
        beside=marc.leader[6:7] in HOLDINGS and not marc.texts("245a"),
    )
