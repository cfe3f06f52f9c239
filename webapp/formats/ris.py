"""RIS for Zotero, EndNote and Mendeley: years CE with พ.ศ. in a note, Thai names whole.

A Thai name is given name then surname without a comma; a program that cuts it at the last space makes
somebody else of the author, so every name stands in one field as the record has it.
"""

from collections.abc import Iterator

from config.values import both_eras
from search.question import Document, Page
from webapp.formats import Reader

TYPES = {
    "book": "BOOK", "ebook": "EBOOK", "thesis": "THES", "serial": "JFULL", "article": "JOUR", "video": "VIDEO",
    "audio": "SOUND", "score": "MUSIC", "map": "MAP", "image": "ART", "manuscript": "MANSCPT", "software": "COMP",
}  # fmt: skip

TAGS = (  # RIS tag, field
    ("TI", "title"),
    ("AU", "creator"),
    ("A2", "contributor"),
    ("PB", "publisher"),
    ("CY", "place"),
    ("ET", "edition"),
    ("T3", "series"),
    ("VL", "volume"),
    ("SP", "extent"),
    ("SN", "isbn"),
    ("SN", "issn"),
    ("LA", "language"),
    ("KW", "subject"),
    ("N1", "note"),
)


def write(page: Page, reader: Reader) -> bytes:
    said = (line for hit in page.hits for line in lines(hit.document, reader))
    return "".join(f"{tag}  - {one_line(text)}\r\n" for tag, text in said).encode()


def lines(document: Document, reader: Reader) -> Iterator[tuple[str, str]]:
    yield "TY", TYPES.get(document.first("material"), "GEN")
    yield "ID", document.id
    for tag, field in TAGS:
        yield from ((tag, text) for text in document.all(field))
    yield from (("L2", url) for url in document.all("url") if url.startswith(("https://", "http://")))
    if (year := document.first("year")).isdecimal():
        yield "PY", year
        yield "N1", f"พ.ศ. {both_eras(int(year))[0]}"
    yield from (("CN", number) for number in dict.fromkeys(h.call_number for h in document.holdings) if number)
    known = reader.tables.members
    for code in document.members:
        yield "AV", known[code].name.in_language(reader.language.code) if code in known else code
    yield "UR", reader.address(document)
    yield "ER", ""


def one_line(text: str) -> str:
    """A line break within a value would begin a line without a tag."""
    return " ".join(text.split())
