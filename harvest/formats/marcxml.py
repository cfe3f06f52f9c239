"""MARCXML: MARC records as XML elements, from a file or inside an OAI-PMH answer."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from lxml import etree

from config import tables
from harvest.formats import xml
from harvest.formats.described import Field, MarcDescribed
from harvest.formats.marc import parsed
from harvest.holdings import mappings
from harvest.record import Parsed, Payload


class MarcXML:
    """Reads MARCXML whatever its prefix; the namespace may be missing, as at some servers."""

    def __init__(self, source: tables.Source, member: str, fields: Mapping[str, tables.Field]):
        self.member = member
        self.fields = fields
        self.maps = mappings(source)

    def split(self, stream: BinaryIO, name: str) -> Iterator[Payload]:
        return xml.cut(stream, "record", name)

    def parse(self, payload: bytes) -> Parsed:
        return self.of(xml.read(payload)[0])

    def of(self, element: etree._Element) -> Parsed:
        return parsed(_described(element), self.member, self.fields, self.maps)


def described(payload: bytes) -> MarcDescribed:
    """Raises ValueError where the XML is no MARC record."""
    return _described(xml.read(payload)[0])


def _described(root: etree._Element) -> MarcDescribed:
    record = next((e for e in root.iter() if xml.name(e) == "record"), None)
    if record is None:
        raise ValueError(f"no <record> in it, but <{xml.name(root)}>")
    leader = next((e.text or "" for e in record if xml.name(e) == "leader"), "")
    fields = [field for e in record if (field := _field(e))]
    if not fields:
        raise ValueError("a <record> without fields")
    return MarcDescribed(leader, fields)


def _field(element: etree._Element) -> Field | None:
    tag = element.get("tag", "")
    match xml.name(element):
        case "controlfield":
            return Field(_required(tag, "controlfield"), data=element.text or "")
        case "datafield":
            return Field(
                _required(tag, "datafield"),
                indicators=(element.get("ind1") or " ") + (element.get("ind2") or " "),
                subfields=tuple(
                    (_required(s.get("code", ""), f"subfield of {tag}", "code"), xml.text(s))
                    for s in element
                    if xml.name(s) == "subfield"
                ),
            )
    return None


def _required(value: str, where: str, attribute: str = "tag") -> str:
    if not value:
        raise ValueError(f"a {where} without its {attribute}")
    return value
