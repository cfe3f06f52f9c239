"""Dublin Core as OAI-PMH carries it: fifteen elements, each as often as one likes."""

import hashlib
from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import BinaryIO

from lxml import etree

from config import tables
from config.holdings import Holding
from harvest import extract
from harvest.formats import letters, xml
from harvest.record import Parsed, Payload


class DublinCoreDescribed:
    """A Dublin Core record as paths see it: a path is the element's name."""

    kind = "dc"

    def __init__(self, elements: dict[str, list[str]]):
        self.elements = elements

    @property
    def there(self) -> KeysView[str]:
        return self.elements.keys()

    def texts(self, path: str) -> list[str]:
        return [text for name in path.split(":") for text in self.elements.get(name, ())]


class DublinCore:
    """Reads oai_dc by the elements' local names, with whatever prefix and namespace they come."""

    def __init__(self, source: tables.Source, member: str, fields: Mapping[str, tables.Field]):
        self.member = member
        self.wanted = extract.wanted("dc", fields)

    def split(self, stream: BinaryIO, name: str) -> Iterator[Payload]:
        return xml.cut(stream, "dc", name)

    def parse(self, payload: bytes) -> Parsed:
        # the id is a file's: OAI-PMH brings the identifier itself
        return self._of(*xml.read(payload), hashlib.sha256(payload).hexdigest()[:16])

    def of(self, element: etree._Element, data: bytes) -> Parsed:
        return self._of(element)

    def _of(self, root: etree._Element, mended: Iterable[str] = (), local_id: str = "") -> Parsed:
        elements, repairs = _elements(root, mended)
        values = extract.values(DublinCoreDescribed(elements), self.wanted)
        links = tuple(Holding(member=self.member, link=link) for link in values.get("url", ()))
        return Parsed(values, links, local_id, repairs=repairs)


def _elements(root: etree._Element, mended: Iterable[str]) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """The texts by their elements' names, and what was mended in them."""
    repairs = dict.fromkeys(mended)
    elements: dict[str, list[str]] = {}
    for element in root:
        if xml.name(element) and (text := xml.text(element)):
            text, found = letters.mended(text)
            repairs |= dict.fromkeys(found)
            elements.setdefault(xml.name(element), []).append(text)
    if not elements:
        raise ValueError(f"no Dublin Core element in <{xml.name(root)}>")
    return elements, tuple(repairs)
