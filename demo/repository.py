"""What the members with an OAI-PMH provider serve: repositories of records, and their resumption tokens."""

import base64
import binascii
import datetime
import functools
from collections.abc import Callable

import msgspec
from lxml import etree

from demo import dublincore, marc
from demo.cataloguing import habits_of
from demo.sample import Entry, share, withdrawn

PAGE = 100  # records in one answer


class Format(msgspec.Struct, frozen=True):
    """A metadata format: its prefix, its schema, its namespace, and how a record is written in it."""

    prefix: str
    schema: str
    namespace: str
    write: Callable[[Entry], etree._Element]


OAI_DC = Format("oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc.xsd", dublincore.OAI_DC, dublincore.xml)
MARCXML = Format(
    "marcxml",
    "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd",
    marc.MARC,
    lambda entry: marc.xml(marc.record(entry)),
)

SETS = {"book": "หนังสือ", "thesis": "วิทยานิพนธ์", "serial": "วารสาร", "media": "สื่อโสตทัศน์", "ebook": "หนังสืออิเล็กทรอนิกส์"}
SET_OF = {"thesis": "thesis", "serial": "serial", "av": "media", "audio": "media", "ebook": "ebook"}  # others: book


class Item(msgspec.Struct, frozen=True):
    """One record of a repository; a deleted one has a header and no metadata."""

    identifier: str
    entry: Entry
    set: str
    deleted: bool = False

    @property
    def datestamp(self) -> str:
        return stamp(self.entry.datestamp)


class Repository(msgspec.Struct, frozen=True):
    """What one member serves. Without sets, it has no set hierarchy."""

    name: str
    formats: tuple[Format, ...]
    items: tuple[Item, ...]  # in the order of their datestamps
    sets: tuple[tuple[str, str], ...] = tuple(SETS.items())
    page: int = PAGE

    def format(self, prefix: str) -> Format:
        found = next((f for f in self.formats if f.prefix == prefix), None)
        if not found:
            raise ProtocolError("cannotDisseminateFormat", f'this repository has no metadata format "{prefix}"')
        return found

    def item(self, identifier: str) -> Item:
        found = next((i for i in self.items if i.identifier == identifier), None)
        if not found:
            raise ProtocolError("idDoesNotExist", f'no record has the identifier "{identifier}"')
        return found


class ProtocolError(Exception):
    """An error condition of the protocol: its code and what it says."""

    def __init__(self, code: str, says: str):
        self.code = code
        super().__init__(says)


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a resumption token holds: the request that it goes on with, and how far it came."""

    verb: str
    prefix: str
    since: str
    until: str
    set: str
    cursor: int
    size: int

    def encode(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode("ascii")

    @classmethod
    def decode(cls, text: str) -> "Token":
        try:
            return msgspec.json.decode(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True), type=cls)
        except (ValueError, binascii.Error, msgspec.DecodeError) as error:
            raise ProtocolError("badResumptionToken", "this is no resumption token of this repository") from error


FORMATS = {"kku": (OAI_DC, MARCXML), "rmuti": (OAI_DC, MARCXML), "neu": (OAI_DC,)}


@functools.cache
def repository(member: str) -> Repository:
    """The repository of one of the members in FORMATS."""
    items = [_item(entry, deleted=False) for entry in share(member)]
    items += [_item(entry, deleted=True) for entry in withdrawn(member)]
    items.sort(key=lambda item: (item.datestamp, item.identifier))
    return Repository(f"{member}: sample repository", FORMATS[member], tuple(items))


def _item(entry: Entry, *, deleted: bool) -> Item:
    local_id = habits_of(entry.member).local_id.format(entry.number)
    identifier = f"oai:{entry.member}.sample.example.org:{local_id}"
    return Item(identifier, entry, SET_OF.get(entry.title.kind, "book"), deleted)


def stamp(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
