"""ISO 2709: MARC records one after another in a file, in UTF-8, MARC-8 or an encoding that the source names."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import pymarc
from pymarc import exceptions

from config import tables
from harvest import extract
from harvest.formats.described import Field, MarcDescribed
from harvest.holdings import Mapping as HoldingMap
from harvest.holdings import holdings, mappings
from harvest.record import Parsed, Payload

END = b"\x1d"  # ends a record
BLANK = b" \r\n\t\x00\x1a"  # what programs leave between records and after the last one
LEADER = 24
CHUNK = 1 << 20

# What pymarc has to say of a record is said by the quarantine; on standard error nobody reads it.
logging.getLogger("pymarc").setLevel(logging.CRITICAL)


class Marc:
    """Reads ISO 2709 record by record, so that a bad one never hides the next."""

    def __init__(self, source: tables.Source, member: str, fields: Mapping[str, tables.Field]):
        self.encoding = source.encoding
        self.member = member
        self.fields = fields
        self.maps = mappings(source)

    def split(self, stream: BinaryIO, name: str) -> Iterator[Payload]:
        for number, data in enumerate(_pieces(stream), 1):
            yield Payload(data=data, place=f"{name}, record {number}", broken=_fault(data))

    def parse(self, payload: bytes) -> Parsed:
        return parsed(self.described(payload), self.member, self.fields, self.maps)

    def described(self, payload: bytes) -> MarcDescribed:
        if len(payload) <= LEADER:
            raise ValueError(f"too short for a MARC record: {len(payload)} bytes")
        try:
            # pymarc keeps an odd subfield code and warns of each, and writes of MARC-8 to standard error
            with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
                warnings.simplefilter("ignore", exceptions.BadSubfieldCodeWarning)
                record = self._record(payload)
        except (exceptions.PymarcException, UnicodeDecodeError, ValueError, IndexError) as error:
            said = str(error) or type(error).__name__
            raise ValueError(f"cannot be read as MARC in {self._declared(payload)}: {said}") from error
        return MarcDescribed(str(record.leader), (_field(f) for f in record.fields))

    def _record(self, payload: bytes) -> pymarc.Record:
        if not self.encoding:
            return pymarc.Record(data=payload, hide_utf8_warnings=True)
        if self.encoding.lower().replace("-", "") == "utf8":
            return pymarc.Record(data=payload, force_utf8=True)
        # pymarc believes leader/09 before its own argument, and a file that lies has "a" there.
        return pymarc.Record(data=payload[:9] + b" " + payload[10:], file_encoding=self.encoding)

    def _declared(self, payload: bytes) -> str:
        return self.encoding or ("UTF-8" if payload[9:10] == b"a" else "MARC-8")


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    """The stretches that end in 0x1D; what is left after the last one too, unless it is blank."""
    rest = b""
    while chunk := stream.read(CHUNK):
        *whole, rest = (rest + chunk).split(END)
        for piece in whole:
            yield piece.lstrip(BLANK) + END
    if rest.strip(BLANK):
        yield rest.lstrip(BLANK)


def _fault(data: bytes) -> str:
    """Why these bytes are no record by ISO 2709's own rules, or ""."""
    if len(data) < LEADER + 2:
        return f"too short for a MARC record: {len(data)} bytes"
    if not data.endswith(END):
        return "the record is cut off: its end mark is missing"
    if not data[:5].isdigit():
        return f"the leader does not begin with the record's length but with {data[:5]!r}"
    if int(data[:5]) != len(data):
        return f"the record says it is {int(data[:5])} bytes long, and is {len(data)}"
    if data[6:7] == b"z":
        return "an authority record, not a bibliographic one"
    return ""


def _field(field: pymarc.Field) -> Field:
    if field.is_control_field():
        return Field(field.tag, data=field.data or "")
    return Field(
        field.tag,
        indicators="".join(field.indicators or "  "),
        subfields=tuple((s.code, s.value) for s in field.subfields),
    )


def parsed(
    marc: MarcDescribed, member: str, fields: Mapping[str, tables.Field], maps: tuple[HoldingMap, ...]
) -> Parsed:
    """What every MARC format reads: values, holdings, and the id that 001 and 003 make together.

    003 says whose number 001 is, so that two origins in one member's files never share an id.
    """
    number, origin = marc.control("001"), marc.control("003")
    return Parsed(
        values=extract.values(marc, fields),
        holdings=holdings(marc, member, maps),
        local_id=f"{origin}:{number}" if origin and number else number,
        deleted=marc.leader[5:6] == "d",
    )
