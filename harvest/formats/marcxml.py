"""MARCXML: MARC records as XML elements, from a file or inside an OAI-PMH answer."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import BinaryIO

from lxml import etree

from config import tables
from harvest import extract
from harvest.formats import letters, xml
from harvest.formats.described import MARK, Field, MarcDescribed
from harvest.formats.marc import parsed
from harvest.holdings import mappings
from harvest.record import Parsed, Payload


class MarcXML:
    """Reads MARCXML whatever its prefix; the namespace may be missing, as at some servers."""

    def __init__(self, source: tables.Source, member: str, fields: Mapping[str, tables.Field]):
        self.member = member
        self.wanted = extract.wanted("marc", fields)
        self.maps = mappings(source)

    def split(self, stream: BinaryIO, name: str) -> Iterator[Payload]:
        return xml.cut(stream, "record", name)

    def parse(self, payload: bytes) -> Parsed:
        return parsed(described(payload), self.member, self.wanted, self.maps)

    def of(self, element: etree._Element, data: bytes) -> Parsed:
        return parsed(plainly(data) or _described(element), self.member, self.wanted, self.maps)


_OPENED = re.compile(r"<((?:[\w.-]+:)?)record(?:\s[^<>]*)?>\s*")


@lru_cache(maxsize=16)
def _patterns(prefix: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The leader, and a field with what follows it, where each name has that prefix."""
    subfield = rf'<{prefix}subfield code="[^"&<>]"(?:/>|>[^<]*</{prefix}subfield>)\s*'
    return (
        re.compile(rf"<{prefix}leader>([^<]*)</{prefix}leader>\s*"),
        re.compile(
            rf'<{prefix}(?:controlfield tag="([^"&<>]+)">([^<]*)</{prefix}controlfield>|'
            rf'datafield tag="([^"&<>]+)" ind1="([^"&<>]+)" ind2="([^"&<>]+)">\s*((?:{subfield})*)'
            rf"</{prefix}datafield>)\s*"
        ),
    )


def plainly(data: bytes) -> MarcDescribed | None:
    """A record as lxml writes it, whose elements and attributes are the usual ones in the usual order; None where
    anything is otherwise.

    It reads what is read of the elements, in three quarters of the time: the tests hold the two against each other.
    """
    text = data.decode()
    opened = _OPENED.match(text)
    if not opened or "&#" in text:
        return None
    first, field = _patterns(opened[1])
    at, leader = opened.end(), ""
    if found := first.match(text, at):
        at, leader = found.end(), _unescaped(found[1])
    begin, end = f'<{opened[1]}subfield code="', f"</{opened[1]}subfield>"
    fields = []
    while found := field.match(text, at):
        at = found.end()
        control, value, tag, one, two, inner = found.groups()
        if control:
            fields.append(Field(control, _unescaped(value)))
            continue
        parts = inner.replace('"/>', '">').replace('">', "").replace(end, "").split(begin)[1:]
        inner = "".join([MARK + part[0] + part[1:].strip() for part in parts])
        fields.append(Field(tag, one + two + _unescaped(inner)))
    if text[at:] != f"</{opened[1]}record>" or not fields or letters.troubled(" ".join([f.text for f in fields])):
        return None
    return MarcDescribed(leader, fields)


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def described(payload: bytes) -> MarcDescribed:
    """Raises ValueError where the XML is no MARC record."""
    return _described(*xml.read(payload))


def _described(root: etree._Element, mended: Iterable[str] = ()) -> MarcDescribed:
    record = next((e for e in root.iter() if xml.name(e) == "record"), None)
    if record is None:
        raise ValueError(f"no <record> in it, but <{xml.name(root)}>")
    repairs = dict.fromkeys(mended)
    leader = next((e.text or "" for e in record if xml.name(e) == "leader"), "")
    fields = [field for e in record if (field := _field(e, repairs))]
    if not fields:
        raise ValueError("a <record> without fields")
    if letters.troubled(" ".join([field.text for field in fields])):
        fields = [_mended(field, repairs) for field in fields]
    return MarcDescribed(leader, fields, tuple(repairs))


def _field(element: etree._Element, repairs: dict[str, None]) -> Field | None:
    """A field; None for what is none, and for one that does not say which it is."""
    kind, tag = xml.name(element), element.get("tag", "")
    if kind not in ("controlfield", "datafield"):
        return None
    if not tag:
        repairs["nameless"] = None
        return None
    if kind == "controlfield":
        return Field(tag, element.text or "")
    subfields = [(s.get("code"), xml.text(s)) for s in element if xml.name(s) == "subfield"]
    coded = tuple([(code, text) for code, text in subfields if code])
    if len(coded) < len(subfields):
        repairs["nameless"] = None
    return Field.coded(tag, (element.get("ind1") or " ") + (element.get("ind2") or " "), coded)


def _mended(field: Field, repairs: dict[str, None]) -> Field:
    if MARK not in field.text:
        return Field(field.tag, _text(field.text, repairs))
    return Field.coded(field.tag, field.indicators, [(code, _text(value, repairs)) for code, value in field.subfields])


def _text(text: str, repairs: dict[str, None]) -> str:
    text, found = letters.mended(text)
    repairs |= dict.fromkeys(found)
    return text
