"""The sample's descriptions as unqualified Dublin Core, the form of oai_dc."""

from collections.abc import Iterator

from lxml import etree

from demo.cataloguing import Description, describe
from demo.sample import NOTE, Entry

DC = "http://purl.org/dc/elements/1.1/"
OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
TYPES = {
    "thesis": "Thesis",
    "serial": "Journal",
    "av": "Moving Image",
    "audio": "Sound",
    "ebook": "E-book",
    "report": "Report",
}


def xml(entry: Entry) -> etree._Element:
    root = etree.Element(f"{{{OAI_DC}}}dc", nsmap={"oai_dc": OAI_DC, "dc": DC, "xsi": XSI})
    root.set(f"{{{XSI}}}schemaLocation", f"{OAI_DC} http://www.openarchives.org/OAI/2.0/oai_dc.xsd")
    for name, text in _elements(describe(entry)):
        if text:
            etree.SubElement(root, f"{{{DC}}}{name}").text = text
    return root


def _elements(written: Description) -> Iterator[tuple[str, str]]:
    title = written.entry.title
    yield "title", written.whole_title
    yield from (("creator", name.text) for name in written.named(main=True))
    yield from (("contributor", name.text) for name in written.named(main=False))
    yield "publisher", written.publisher
    yield "date", written.year.rstrip(".")
    yield "type", TYPES.get(title.kind, "Book")
    yield "format", written.extent
    yield "identifier", f"ISBN {written.isbn}" if written.isbn else ""
    yield "identifier", f"ISSN {title.issn}" if title.issn else ""
    yield "identifier", title.url
    yield "language", title.language
    yield from (("subject", heading) for heading in title.subjects)
    yield "description", NOTE
