"""Dublin Core as OAI-PMH carries it: fifteen elements, each as often as one likes."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import msgspec
from lxml import etree

from config import tables
from config.holdings import Holding
from harvest import extract
from harvest.formats import xml
from harvest.record import Parsed, Payload


class DublinCoreDescribed:
    """A Dublin Core record as paths see it: a path is the element's name."""

    kind = "dc"

    def __init__(self, elements: dict[str, list[str]]):
        self.elements = elements

    def texts(self, path: str) -> list[str]:
        return [text for name in path.split(":") for text in self.elements.get(name, ())]


class DublinCore:
    """Reads oai_dc by the elements' local names, with whatever prefix and namespace they come."""

    def __init__(self, source: tables.Source, member: str, fields: Mapping[str, tables.Field]):
        self.member = member
        self.fields = fields

    def split(self, stream: BinaryIO, name: str) -> Iterator[Payload]:
        return xml.cut(stream, "dc", name)

    def parse(self, payload: bytes) -> Parsed:
        local_id = hashlib.sha256(payload).hexdigest()[:16]  # of a file; OAI-PMH brings the identifier itself
        return msgspec.structs.replace(self.of(xml.read(payload)[0]), local_id=local_id)

    def of(self, element: etree._Element) -> Parsed:
        values = extract.values(DublinCoreDescribed(_elements(element)), self.fields)
        return Parsed(values, tuple(Holding(member=self.member, link=link) for link in values.get("url", ())))


def _elements(root: etree._Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in root:
        if xml.name(element) and (text := xml.text(element)):
            found.setdefault(xml.name(element), []).append(text)
    if not found:
        raise ValueError(f"no Dublin Core element in <{xml.name(root)}>")
    return found
