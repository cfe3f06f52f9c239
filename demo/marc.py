"""The sample's descriptions as MARC 21: records, ISO 2709 in UTF-8, TIS-620 or as ULibM has it, MARCXML."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import cast

import pymarc
from lxml import etree
from pymarc import Field, Indicators, Subfield

from demo import callnumbers
from demo.cataloguing import Description, Name, describe, habits_of
from demo.sample import NOTE, Entry
from demo.title import Role, Title

MARC = "http://www.loc.gov/MARC21/slim"
LEADERS = {"serial": "as", "av": "gm", "audio": "im", "manuscript": "tm"}  # leader/06-07; everything else is "am"
RELATORS: dict[Role, str] = {
    "translator": "ผู้แปล",
    "editor": "บรรณาธิการ",
    "illustrator": "ผู้วาดภาพประกอบ",
    "director": "ผู้กำกับ",
}
MEDIA = {"av": "[วีดิทัศน์]", "audio": "[บันทึกเสียง]", "ebook": "[ทรัพยากรอิเล็กทรอนิกส์]"}
BUDDHIST_008 = ("kkvc", "kktc")  # ULibM puts the year of the Buddhist era into 008
RDA = ("kku", "bcnkk")  # 264 in place of 260


def record(entry: Entry) -> pymarc.Record:
    """One member's record of one title."""
    found = pymarc.Record(to_unicode=True, leader=_leader(entry.title))
    found.fields = sorted(_fields(describe(entry)), key=lambda field: field.tag)
    return found


def iso2709(entries: Iterable[Entry], encoding: str = "utf-8") -> bytes:
    """The records of a file. In an encoding other than UTF-8 the lengths count its bytes and leader/09 is blank."""
    return b"".join(_encoded(record(entry), encoding) for entry in entries)


def ulibm(entries: Iterable[Entry]) -> bytes:
    """The records of a file as ULibM exports them "in TIS-620": one that no other reader takes for MARC.

    Lengths are those of the record in UTF-8, less the end mark, and are not corrected when its letters become TIS-620;
    leader/09 still says UTF-8; control fields but 008 begin with two blanks; 999 has no indicators.
    Source: ulibm/ulibm, ULIB/inc/marc_export.php and ULIB/_input/marcexport-allth.mrc.
    """
    return b"".join(_by_ulibm(record(entry)) for entry in entries)


def _by_ulibm(found: pymarc.Record) -> bytes:
    directory = body = ""
    for tag, text in [*((field.tag, _ulibm_field(field)) for field in found.fields), ("999", "\x1faใช้งานได้ทุกระบบ")]:
        length, start = len(f"{text}\x1e".encode()), len(body.encode())
        directory += f"{tag}{length:04d}{start:05d}"
        body += f"{text}\x1e"
    base = 24 + len(directory) + 1
    leader = f"{base + len(body.encode()):05d}{str(found.leader)[5:8]} a22{base:05d}Ia 4500"
    return f"{leader}{directory}\x1e{body}\x1d".encode("tis-620")


def _ulibm_field(field: Field) -> str:
    if field.control_field:
        return ("" if field.tag == "008" else "  ") + unaccented(field.data or "")
    subfields = "".join(f"\x1f{code}{unaccented(value)}" for code, value in field.subfields)
    return "".join(field.indicators or "  ") + subfields


def _encoded(found: pymarc.Record, encoding: str) -> bytes:
    if encoding == "utf-8":
        return bytes(found.as_marc())
    found.to_unicode = False
    found.leader = pymarc.Leader(f"{found.leader!s:.9} {str(found.leader)[10:]}")
    for field in found.fields:
        if field.control_field:
            field.data = _bytewise(field.data or "", encoding)
        else:
            field.subfields = [Subfield(code, _bytewise(value, encoding)) for code, value in field.subfields]
    return bytes(found.as_marc())


def _bytewise(text: str, encoding: str) -> str:
    """The text as Latin-1 that has the bytes of the encoding: pymarc writes blank leader/09 as Latin-1."""
    return unaccented(text).encode(encoding).decode("latin-1")


def unaccented(text: str) -> str:
    """Latin letters without their accents and dashes as hyphens, as a catalogue in TIS-620 must write them."""
    plain = "".join(unicodedata.normalize("NFD", c) if unicodedata.name(c, "").startswith("LATIN") else c for c in text)
    return re.sub(r"[\u0300-\u036f]", "", plain).translate(
        {0x2013: "-", 0x2014: "-", 0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'}
    )


def default_namespace(uri: str) -> dict[str, str]:
    """An nsmap without a prefix, which lxml-stubs does not know."""
    return cast("dict[str, str]", {None: uri})


def xml(found: pymarc.Record) -> etree._Element:
    """A record as MARCXML."""
    root = etree.Element(f"{{{MARC}}}record", nsmap=default_namespace(MARC))
    etree.SubElement(root, f"{{{MARC}}}leader").text = str(found.leader)
    for field in found.fields:
        if field.control_field:
            etree.SubElement(root, f"{{{MARC}}}controlfield", tag=field.tag).text = field.data
            continue
        first, second = field.indicators or Indicators(" ", " ")
        data = etree.SubElement(root, f"{{{MARC}}}datafield", tag=field.tag, ind1=first, ind2=second)
        for code, value in field.subfields:
            etree.SubElement(data, f"{{{MARC}}}subfield", code=code).text = value
    return root


def collection(entries: Iterable[Entry]) -> bytes:
    """The records of a file in MARCXML, UTF-8."""
    root = etree.Element(f"{{{MARC}}}collection", nsmap=default_namespace(MARC))
    root.extend(xml(record(entry)) for entry in entries)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


# ── a description as fields ──────────────────────────────────────────────────────────────────────


def _leader(title: Title) -> str:
    return f"00000n{LEADERS.get(title.kind, 'am')} a2200000 i 4500"


def _field(tag: str, indicators: str, *pairs: str) -> Field:
    """A field of subfields given as "a" and its text in turn; what has no text is left out."""
    given = zip(pairs[::2], pairs[1::2], strict=True)
    return Field(
        tag, indicators=Indicators(*indicators), subfields=[Subfield(code, text) for code, text in given if text]
    )


def _fields(written: Description) -> Iterator[Field]:
    entry, title = written.entry, written.entry.title
    yield Field("001", data=written.local_id)
    yield Field("003", data=f"sample-{entry.member}")
    yield Field("005", data=f"{entry.datestamp:%Y%m%d%H%M%S}.0")
    yield Field("008", data=_008(entry))
    if written.isbn:
        isbn, _, qualifier = written.isbn.partition(" ")
        yield _field("020", "  ", "a", isbn, "q", qualifier)
    if title.issn:
        yield _field("022", "  ", "a", title.issn)
    if any(p.role == "translator" for p in title.creators):
        yield _field("041", "1 ", "a", title.language)
    scheme = habits_of(entry.member).scheme
    tag = callnumbers.tag(title, scheme)
    yield _field(tag, "04" if tag == "082" else " 4", "a", written.class_number, "b", written.author_number)
    yield from _names(written)
    yield from _titles(written)
    if written.edition:
        yield _field("250", "  ", "a", f"{written.edition.rstrip('.')}.")
    yield _imprint(written)
    yield _extent(written)
    yield _field("500", "  ", "a", NOTE)
    if title.kind == "thesis":
        degree = f" ({title.degree})" if title.degree else ""
        yield _field(
            "502", "  ", "a", f"วิทยานิพนธ์{degree}--{', '.join(filter(None, (title.publisher, written.year.strip('.'))))}"
        )
    for heading in title.subjects:
        yield _field(
            "650", " 4", *(x for code, part in zip("axx", heading.split("--"), strict=False) for x in (code, part))
        )
    if title.url:
        yield _field("856", "40", "u", title.url, "z", "อ่านฉบับเต็ม")
    yield from _holdings(written)


def _008(entry: Entry) -> str:
    """Fixed-length data. Source: MARC 21 Format for Bibliographic Data, 008, Library of Congress."""
    title = entry.title
    year = title.year + 543 if entry.member in BUDDHIST_008 else title.year
    dates = f"c{year}9999" if title.kind == "serial" else f"s{year}    "
    return f"{entry.datestamp:%y%m%d}{dates}th {_008_of_kind(title):<17}{title.language} d"


def _008_of_kind(title: Title) -> str:
    """008/18-34: books, continuing resources, visual materials, music."""
    if title.kind == "serial":
        return f"qr p       0   {'i' if title.thai else 'a'}0"
    if title.kind == "av":
        return f"{title.minutes:03d}            vl"
    if title.kind == "audio":
        return "nn"
    form, contents = "o" if title.kind == "ebook" else " ", "m" if title.kind == "thesis" else " "
    return f"     {form}{contents}    000 {int(title.area in ('novel', 'fiction'))} "


def _names(written: Description) -> Iterator[Field]:
    main, others = written.named(main=True), written.named(main=False)
    for number, name in enumerate((*main, *others)):
        yield _name("1" if number == 0 else "7", name)


def _name(level: str, name: Name) -> Field:
    role = RELATORS.get(name.role, "")
    if name.person.form == "corporate":
        head, *under = name.name.split(". ")
        divisions = [text for part in under for text in ("b", part)]
        return _field(f"{level}10", "2 ", "a", head + ("." if under else ""), *divisions)
    surname_first = name.person.form == "western" and "," in name.name
    comma = "," if (name.rank or role) and not name.name.endswith(",") else ""
    rank = name.rank + ("," if name.rank and role else "")
    return _field(f"{level}00", "1 " if surname_first else "0 ", "a", name.name + comma, "c", rank, "e", role)


def _titles(written: Description) -> Iterator[Field]:
    """245 with ISBD punctuation, 246 for the title in another language, 880 for the same title in another script."""
    title = written.entry.title
    said = ", ".join(name.text for name in written.named(main=True))
    parts = [
        ("a", written.title + ("." if written.volume else "")),
        ("n", written.volume),
        ("h", MEDIA.get(title.kind, "")),
    ]
    parts = [(code, text) for code, text in parts if text]
    parts[-1] = (parts[-1][0], parts[-1][1] + (" :" if written.subtitle else " /" if said else ""))
    subtitle = f"{written.subtitle}{' /' if said else ''}" if written.subtitle else ""
    whole = [text for pair in (*parts, ("b", subtitle), ("c", said)) for text in pair]
    filed = "10" if written.creators else "00"
    if written.entry.member == "kku" and title.romanised:
        # Most have the Thai title in its place and the romanised one linked to it; what came from abroad the other way.
        roman, thai = ["a", title.romanised], whole
        plain, linked = (roman, thai) if written.entry.number % 6 == 0 else (thai, roman)
        yield _field("245", filed, "6", "880-01", *plain)
        yield _field("880", filed, "6", "245-01", *linked)
    else:
        yield _field("245", filed, *whole)
    if title.original:
        yield _field("246", "31", "a", title.original)


def _imprint(written: Description) -> Field:
    tag, indicators = ("264", " 1") if written.entry.member in RDA else ("260", "  ")
    place = written.entry.title.place
    publisher = written.publisher + ("," if written.year else "")
    return _field(tag, indicators, "a", f"{place} :" if place else "", "b", publisher, "c", written.year)


def _extent(written: Description) -> Field:
    kind, chance = written.entry.title.kind, written.entry.chance
    thai = written.entry.title.thai
    if kind in ("serial", "ebook", "manuscript"):
        return _field("300", "  ", "a", written.extent)
    illustrated = ("ภาพประกอบ ;" if thai else "ill. ;") if chance.random() < 0.5 and kind not in ("av", "audio") else ""
    size = "12 ซม." if kind in ("av", "audio") else f"{chance.choice((18, 21, 24, 26))} {'ซม.' if thai else 'cm.'}"
    return _field("300", "  ", "a", written.extent + (" :" if illustrated else " ;"), "b", illustrated, "c", size)


# ── holdings, in the fields of each member's system ──────────────────────────────────────────────


def _holdings(written: Description) -> Iterator[Field]:
    entry = written.entry
    if entry.title.kind == "ebook":
        return
    if entry.title.kind == "serial":
        yield from _serial(written)
        return
    for copy, barcode in enumerate(written.barcodes, 1):
        yield _copy(written, copy, barcode)


def _copy(written: Description, copy: int, barcode: str) -> Field:
    member = written.entry.member
    if member in BUDDHIST_008:  # ULibM: the call number stands in 082
        price = f"{written.entry.title.pages // 10 * 5 + 45}"
        return _field("945", "  ", "p", price, "l", written.location, "i", barcode)
    if member == "rmuti":  # Koha
        loan = "1" if written.entry.title.kind in ("reference", "thesis") else "0"
        kind = {"thesis": "TH", "reference": "REF", "av": "AV"}.get(written.entry.title.kind, "BK")
        item = {
            "a": written.library,
            "b": written.library,
            "c": written.location,
            "o": written.call_number,
            "p": barcode,
        }
        return _field("952", "  ", *(x for pair in (item | {"y": kind, "7": loan}).items() for x in pair))
    if member == "bcnkk":
        return _field("949", "  ", "a", written.call_number, "l", written.location, "b", barcode)
    pairs = ("b", written.library, "c", written.location, "h", written.class_number, "i", written.author_number)
    return _field("852", "0 ", *pairs, "p", barcode, "t", str(copy))


def _serial(written: Description) -> Iterator[Field]:
    """The shelf, and which volumes stand on it."""
    first = written.entry.title.year + written.entry.chance.randint(0, 4)
    last = min(first + written.entry.chance.randint(1, 9), 2025)
    start = first - written.entry.title.year + 1
    for barcode in written.barcodes[:1]:
        yield _copy(written, 1, barcode)
    yield _field("866", " 0", "a", f"ปีที่ {start} ({first + 543})-ปีที่ {start + last - first} ({last + 543})")
