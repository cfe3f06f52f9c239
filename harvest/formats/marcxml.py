"""MARCXML: MARC records as XML elements, from a file or inside an OAI-PMH answer."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import BinaryIO, NamedTuple

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


_OPENED = re.compile(r"<((?:[\w.-]{1,40}:)?)record(?:\s[^<>]*)?>")
LONG = 1 << 20  # bytes of a record whose shape one look would take too much memory for


class _Usual(NamedTuple):
    """How a record is written as a rule, where each name has a certain prefix.

    ``close`` and ``loose`` are all that follows <record>, its leader and its fields: without and with blanks between
    them and about their texts. ``field`` is one of the fields, once the subfields are written as in ISO 2709.
    """

    close: re.Pattern[str]
    loose: re.Pattern[str]
    field: re.Pattern[str]
    begin: str  # of a subfield
    end: str


@lru_cache(maxsize=16)
def _usual(prefix: str) -> _Usual:
    p, some = re.escape(prefix), '[^"&<>]'
    control = rf'<{p}controlfield tag="({some}{{3}})">([^<]*)'
    data = rf'<{p}datafield tag="({some}{{3}})" ind1="({some})" ind2="({some})">'

    def whole(blank: str, text: str) -> re.Pattern[str]:
        subfields = rf'(?:<{p}subfield code="{some}">{text}</{p}subfield>{blank})*'
        fields = rf"(?:{control}</{p}controlfield>{blank}|{data}{blank}{subfields}</{p}datafield>{blank})+"
        return re.compile(
            rf"{blank}(?:<{p}leader>(?P<leader>[^<]*)</{p}leader>{blank})?(?P<fields>{fields})</{p}record>"
        )

    return _Usual(
        whole("", r"(?:[^<\s][^<]*(?<!\s))?"),
        whole(r"\s*", "[^<]*"),
        re.compile(f"{control}|{data}([^<]*)"),
        f'<{prefix}subfield code="',
        f"</{prefix}subfield>",
    )


def plainly(data: bytes) -> MarcDescribed | None:
    """A record as lxml writes it, whose elements and attributes are the usual ones in the usual order; None where
    anything is otherwise.

    It reads what is read of the elements, in half the time or less: the tests hold the two against each other.
    """
    if len(data) > LONG:
        return None
    text = data.decode()
    opened = _OPENED.match(text)
    if not opened or "&#" in text:
        return None
    usual = _usual(opened[1])
    found = close = usual.close.fullmatch(text, opened.end())
    if not found:
        found = usual.loose.fullmatch(text, opened.end())
    if not found:
        return None
    written = found["fields"].replace(f"{usual.end}{usual.begin}" if close else usual.end, MARK if close else "")
    written = written.replace(usual.begin, MARK)
    fields = []
    for control, value, tag, one, two, subfields in usual.field.findall(written):
        if control:
            fields.append(Field(control, value))
        elif close:
            fields.append(Field(tag, one + two + subfields.replace('">', "")))
        else:
            fields.append(Field(tag, one + two + _without_blanks(subfields)))
    if "&" in text:
        fields = [Field(field.tag, _unescaped(field.text)) for field in fields]
    if letters.may_be_troubled(data, text) and letters.troubled(" ".join([field.text for field in fields])):
        return None
    return MarcDescribed(_unescaped(found["leader"] or ""), fields)


def _without_blanks(subfields: str) -> str:
    """Behind each mark a code, the end of its tag, and the text."""
    return "".join([MARK + part[0] + part[3:].strip() for part in subfields.split(MARK)[1:]])


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
