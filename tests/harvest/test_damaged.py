"""Broken and odd files of real systems, and good ones that are broken here: nothing is lost, and titles can be read."""

import contextlib
import copy
import io
import random
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymarc
import pytest
from lxml import etree

from config import Tables
from harvest.formats import letters, marcxml, salvage, xml
from harvest.formats.marc import Marc
from harvest.record import HarvestError, Parsed, Payload
from harvest.wording import REPAIRS, in_thai
from tests.harvest.test_formats import TIGER, fault, marc21, pieces, reader

MOJIBAKE = ("à¸", "à¹", "Ã", "เธ\u0081", "\u00c2\u00a9")


def outcomes(tables: Tables, data: bytes, **source: str) -> list[tuple[Payload, Parsed | str]]:
    """Each record of a file with what was read from it, or why it is in quarantine. No bytes but blanks are lost."""
    form = reader(tables, "marc", **source)
    found = pieces(form, data)
    kept = b"".join(p.data for p in found)
    assert kept.translate(None, b"\r\n\t \x00\x1a") == data.translate(None, b"\r\n\t \x00\x1a"), "every byte is kept"
    return [(p, fault(form, p) or form.parse(p.data)) for p in found]


def damaged(data: Path) -> Iterator[Path]:
    yield from sorted((data / "damaged/iso2709").iterdir())


def dropped_by_pymarc(raw: bytes) -> set[int]:
    """The 0x1D-ended records that pymarc's own reader does not deliver, by their numbers."""
    ended = raw.split(b"\x1d")[:-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = [record is not None for record in pymarc.MARCReader(io.BytesIO(raw))]
    return {n for n in range(len(ended)) if n >= len(read) or not read[n]}


def test_every_record_of_every_damaged_file_is_stored_or_set_aside_with_a_reason(data: Path, tables: Tables) -> None:
    dropped = recovered = 0
    untitled: list[str] = []
    for path in damaged(data):
        raw = path.read_bytes()
        found = outcomes(tables, raw)
        ended = [result for payload, result in found if payload.data.endswith(b"\x1d")]
        assert len(ended) >= raw.count(b"\x1d"), path.name
        for payload, result in found:
            if isinstance(result, str):
                assert in_thai(result), f"{path.name}: no Thai for {result}"
            else:
                assert set(result.repairs) <= REPAIRS.keys(), path.name
                said = " ".join(text for texts in result.values.values() for text in texts)
                assert not any(sign in said for sign in MOJIBAKE), f"{path.name}: {said}"
                if b"245" in payload.data[:500] and not result.values.get("title"):
                    untitled.append(path.name)
        lost = dropped_by_pymarc(raw)
        dropped += len(lost)
        recovered += sum(not isinstance(ended[n], str) for n in lost)
    print(f"pymarc drops {dropped} records, {recovered} of them are stored")
    assert dropped > 20
    assert untitled == ["dchud+mrrc__non-ascii-tag-roundtrip.mrc"], "its title is cut away"
    assert recovered >= 0.9 * dropped, f"{recovered} of {dropped}"


def test_every_record_element_of_every_damaged_xml_file_is_stored_or_set_aside(data: Path, tables: Tables) -> None:
    """pymarc stops at the first bad byte, and loses what follows it."""
    seen = stored = 0
    for path in sorted((data / "damaged/xml").iterdir()):
        raw = path.read_bytes()
        if not re.search(rb"<(?:[\w.-]+:)?(?:record|dc)[\s>]", re.sub(rb"<!\[CDATA\[.*?\]\]>", b"", raw, flags=re.S)):
            with pytest.raises(HarvestError, match="is it the right file"):
                pieces(reader(tables, "marcxml"), raw)
            continue
        form = reader(tables, "oai_dc" if re.search(rb"<(?:[\w.-]+:)?dc[\s>]", raw) else "marcxml")
        if raw.count(b"<metadata>") == 0 and b"<record" in raw:
            assert len(pieces(form, raw)) >= len(re.findall(rb"<record[\s>]", raw)), path.name
        for piece in pieces(form, raw):
            why = fault(form, piece)
            assert not why or in_thai(why), f"{path.name}: no Thai for {why}"
            seen, stored = seen + 1, stored + (not why)
    assert seen >= 90
    assert stored >= 0.95 * seen, f"{stored} of {seen}"


@pytest.mark.parametrize(
    ("bad", "good", "found"),
    [
        (b"A & B", "A & B", "xml"),
        (b"A &#x1; B", "A  B", "xml"),
        (b"A \x0b B", "A  B", "xml"),
        ("การ".encode("cp874"), "การ", "xml"),
        (b"&amp;#3585;", "ก", "references"),
        (b"&amp; &lt;", "& <", ""),
    ],
)
def test_letters_that_xml_does_not_allow_are_mended(tables: Tables, bad: bytes, good: str, found: str) -> None:
    raw = b'<record><controlfield tag="001">1</controlfield><datafield tag="245"><subfield code="a">%s</subfield></datafield></record>'
    parsed = reader(tables, "marcxml").parse(raw % bad)
    assert (parsed.values["title"], parsed.repairs) == ((good,), (found,) if found else ())


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("edsu+pymarc__1251.dat", "Основы гидравлического расчета инженерных сетей"),  # pymarc: mojibake, no error
        ("internetarchive+openlibrary__dasrmischepriv00rein_meta.mrc", "Das römische Privatrecht"),
        ("edsu+pymarc__bad_subfield_code.dat", "ActivePerl with ASP and ADO"),
        ("dchud+mrrc__e101_directory_non_digit_start.bin", "The Great Gatsby"),
        ("indexdata+yaz__marc4.marc", "Byfornyelse ved Ibsen-Ringen"),  # five digits before the leader
        ("marc4j+marc4j__greekmissingcharsetchange.mrc", "Hē agora stē Mesogeio"),
        ("deutsche-nationalbibliothek+marc21-rs__invalid.mrc", "Strassenmusik und Feten-Fetzer Hits u. Tips für Solo"),
        ("edsu+pymarc__bad_eacc_encoding.dat", "Beikoku no tōchi no shikumi"),
        ("ruby-marc+ruby-marc__utf8_with_bad_bytes.marc", "Photčhanānukrom Čhin Klāng"),
    ],
)
def test_the_title_of_a_damaged_record(data: Path, tables: Tables, name: str, title: str) -> None:
    result = outcomes(tables, (data / "damaged/iso2709" / name).read_bytes())[0][1]
    assert isinstance(result, Parsed), result
    assert unicodedata.normalize("NFC", result.values["title"][0]).startswith(title)


def test_what_ulibm_exports_comes_out_right(data: Path, tables: Tables) -> None:
    raw = (data / "damaged/iso2709/ulibm+ulibm__marcexport-all.mrc").read_bytes()
    as_tis_620 = raw.decode().encode("tis-620")
    told_otherwise = raw.replace(b"nam a22", b"nam  22")
    for variant in (raw, as_tis_620, told_otherwise, raw.replace(b"nam a22", b"nam^a22")):
        read = [result for _, result in outcomes(tables, variant)]
        assert all(isinstance(result, Parsed) and "lengths" in result.repairs for result in read), read
        assert [r.local_id for r in read if isinstance(r, Parsed)] == ["ULIBM:6", "ULIBM:7", "ULIBM:5"]
        first = read[0]
        assert isinstance(first, Parsed)
        assert first.values["title"] == ("คอมพิวเตอร์ช่วยในการออกแบบเรขาคณิตของโครงสร้างเส้นด้าย 2 และ 3ไพร์",)
        assert first.values["creator"] == ("อรรถพล อ่อนสาคาม",)
        assert (first.values["year"], first.values["language"]) == (("2015",), ("tha",))
        assert [h.barcode for h in first.holdings if h.barcode] == ["00000002"]


ACCENTS = (("001", "a1"), ("245", "00$aBibliothèque française /$cDvořák"), ("500", "  $aGöteborg, Zürich."))


@pytest.mark.parametrize("leader", ["00000nam a2200000 a 4500", "00000nam  2200000 a 4500"])
@pytest.mark.parametrize(
    ("given", "encoding"), [(TIGER, "utf-8"), (TIGER, "cp874"), (ACCENTS, "utf-8"), (ACCENTS[:1] + ACCENTS[2:], "cp1252")]
)  # fmt: skip
def test_each_record_is_decoded_by_what_it_holds(tables: Tables, given: tuple, encoding: str, leader: str) -> None:  # type: ignore[type-arg]
    right = reader(tables, "marc").parse(marc21(*given))
    read = reader(tables, "marc").parse(marc21(*given, encoding=encoding, leader=leader))
    assert (read.values, read.holdings) == (right.values, right.holdings)


def test_a_short_word_is_thai_where_its_record_is(tables: Tables) -> None:
    """รถ in TIS-620 is ö in UTF-8."""
    record = marc21(*TIGER, ("650", " 4$aรถ"), ("650", " 4$aวน"), encoding="cp874")
    assert reader(tables, "marc").parse(record).values["subject"] == ("รถ", "วน")


@pytest.mark.parametrize(
    ("bad", "good", "found"),
    [
        ("การพยาบาล".encode().decode("latin-1"), "การพยาบาล", ("twice",)),
        ("การพยาบาลผู้ป่วย".encode("cp874").decode("latin-1"), "การพยาบาลผู้ป่วย", ("twice",)),
        ("r\u00c3\u0083\u00c2\u00b6mische", "römische", ("twice",)),
        ("&#x0E40;&#3626;&#3639;&#3629; &#38; &amp;", "เสือ & &amp;", ("references",)),
        ("Computer\x05Bible", "Computer Bible", ("control",)),
        ("เธออยู่ในเนินเขา เน็ตเวิร์ก เธก", "เธออยู่ในเนินเขา เน็ตเวิร์ก เธก", ()),
        ("façade ÀÉÎ naïve ¿Qué? Ãlvaro £5", "façade ÀÉÎ naïve ¿Qué? Ãlvaro £5", ()),
        ("&#0; &#xD800; &#99999999;", "&#0; &#xD800; &#99999999;", ()),
    ],
    ids=["utf-8-as-latin-1", "tis-620-as-latin-1", "twice", "references", "control", "thai", "latin", "no-character"],
)
def test_text_that_was_saved_wrongly(bad: str, good: str, found: tuple[str, ...]) -> None:
    assert letters.mended(bad) == (good, found)


def test_utf_8_that_was_read_as_thai_and_saved() -> None:
    bad = "".join(
        b.decode("cp874") if b.decode("cp874", "ignore") else chr(b[0])
        for b in (bytes([n]) for n in "ภาษาไทย".encode())
    )
    assert bad.startswith("เธ")
    assert letters.mended(bad) == ("ภาษาไทย", ("twice",))


def test_a_directory_in_another_order_than_the_fields(tables: Tables) -> None:
    good = marc21(*TIGER)
    base = int(good[12:17])
    entries = [good[n : n + 12] for n in range(24, base - 1, 12)]
    turned = b"99999" + good[5:24] + b"".join(reversed(entries)) + good[base - 1 :]
    assert salvage.read(turned).fields == salvage.read(good).fields


@pytest.mark.parametrize("leader", ["00705aam^a2200457ua^4500", "00705aam^a22000857ua^4500", "00705aam^a220045ua^4500"])
def test_everything_that_ulibm_does_at_once(leader: str) -> None:
    """Lengths in letters, starts that begin at 2, carets for blanks, 0x1F before 001, no subfield code, no indicators;
    a leader that has a letter too many, or too few."""
    texts = {"001": "\x1f 6042", "245": "00\x1faเสือสมิง /\x1fcน้อย", "650": "0test", "999": "\x1faใช้"}
    directory, at = "", 2
    for tag, text in texts.items():
        directory += f"{tag}{len(text) + 1:04d}{at:05d}"
        at += len(text) + 1
    body = "".join(text + "\x1e" for text in texts.values())
    record = leader + directory + "\x1e" + body + "\x1d"
    for data in (record.encode(), b"\xef\xbb\xbf" + record.encode(), record.encode("cp874")):
        read = salvage.read(data)
        assert [field.tag for field in read.fields] == list(texts)
        assert read.fields[0].data.strip() == "6042"
        assert [field.subfields[0] for field in read.fields[1:]] == [("a", "เสือสมิง /"), ("a", "test"), ("a", "ใช้")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\x1f" + b"b", b"\x1e\x1f" + b"b"),  # a stray end mark within the title
        (b"2500-\x1e", b"2500-"),  # an end mark lost before the title
    ],
    ids=["one-too-many", "one-too-few"],
)
def test_a_field_more_or_less_leaves_the_others_in_their_places(tables: Tables, old: bytes, new: bytes) -> None:
    record = marc21(*TIGER).replace(old, new, 1)
    parsed = reader(tables, "marc").parse(record)
    assert "fields" in parsed.repairs
    assert parsed.values["publisher"] == ("คลังนานา",)
    assert parsed.local_id == "t1"


def test_a_record_that_lost_its_end_mark_does_not_take_the_next_one_along(tables: Tables) -> None:
    good, other = marc21(*TIGER), marc21(("001", "t2"), *TIGER[1:])
    read = [result for _, result in outcomes(tables, good[:-1] + other + good[:-1])]
    assert [r.local_id for r in read if isinstance(r, Parsed)] == ["t1", "t2", "t1"]
    assert isinstance(read[0], Parsed)
    assert read[0].repairs[0] == "end"


def test_a_record_that_is_cut_off_is_never_half_stored(tables: Tables) -> None:
    good = marc21(*TIGER)
    for length in range(30, len(good) - 2):
        (_, result), *more = outcomes(tables, good[:length])
        assert isinstance(result, str), length
        assert in_thai(result)
        assert not more


# ── good records, read as pymarc reads them ──────────────────────────────────────────────────────


def as_pymarc(payload: bytes, encoding: str = "") -> list[tuple[object, ...]]:
    if encoding:
        record = pymarc.Record(data=payload[:9] + b" " + payload[10:], file_encoding=encoding)
    else:
        record = pymarc.Record(data=payload, hide_utf8_warnings=True)
    found = (
        (f.tag, f.data or "", "" if f.control_field else "".join(f.indicators or ""), [tuple(s) for s in f.subfields])
        for f in record.fields
    )
    return sorted(found, key=tag_and_link)


def as_ours(form: Marc, payload: bytes) -> list[tuple[object, ...]]:
    marc = form.described(payload)
    found = (
        (f.tag, f.data, "", []) if f.tag < "010" else (f.tag, "", f.indicators, list(f.subfields))
        for tag, fields in marc.fields.items()
        for f in fields
        if tag != "LDR"
    )
    return sorted(found, key=tag_and_link)


def tag_and_link(field: tuple[Any, ...]) -> tuple[str, str]:
    """Fields of one tag stay in the record's order, those in another script in that of each tag that they name."""
    return field[0], dict(field[3]).get("6", "")[:3] if field[0] == "880" else ""


@pytest.mark.parametrize("name", ["psu-sample-728.mrc", "uva-marc8-0001-1000.mrc"])
def test_what_is_well_formed_is_read_just_as_pymarc_reads_it(data: Path, tables: Tables, name: str) -> None:
    form = reader(tables, "marc")
    assert isinstance(form, Marc)
    for piece in pieces(form, (data / "marc" / name).read_bytes())[:300]:
        if not form.described(piece.data).repairs:
            assert as_ours(form, piece.data) == as_pymarc(piece.data), piece.place


@pytest.mark.parametrize("encoding", ["", "tis-620"])
def test_random_well_formed_records_are_read_just_as_pymarc_reads_them(tables: Tables, encoding: str) -> None:
    chance = random.Random(2560)
    form = reader(tables, "marc", encoding=encoding)
    assert isinstance(form, Marc)
    thai = "เสือสมิงน้ำปู่ย่า กขค๑๒"
    for _ in range(500):
        fields = [("001", f"x{chance.random()}")]
        for _ in range(chance.randrange(1, 12)):
            subfields = "".join(
                "$" + chance.choice("abcxyz09") + "".join(chance.choices(thai + "abc .,/", k=chance.randrange(20)))
                for _ in range(chance.randrange(4))
            )
            fields.append((str(chance.randrange(10, 1000)).zfill(3), chance.choice(("  ", "10", "1 ")) + subfields))
        record = marc21(*fields, encoding=encoding or "utf-8")
        assert as_ours(form, record) == as_pymarc(record, encoding)


def records_in(data: Path) -> list[etree._Element]:
    """Every record in the real XML, and each twice again with something about it made unusual."""
    chance = random.Random(2560)
    found: list[etree._Element] = []
    for path in sorted(data.rglob("*.xml")):
        with contextlib.suppress(ValueError):
            found += [e for e in xml.parse_mended(path.read_bytes())[0].iter() if xml.name(e) == "record"]
    for record in found[:]:
        for _ in range(2):
            changed = copy.deepcopy(record)
            element = chance.choice([e for e in changed.iter() if isinstance(e.tag, str)])
            chance.choice(UNUSUAL)(element)
            found.append(changed)
    return found


UNUSUAL: list[Callable[[etree._Element], object]] = [
    lambda e: setattr(e, "text", " a < b &amp; c\t"),
    lambda e: setattr(e, "text", "&#3648;สือ \r\n"),
    lambda e: setattr(e, "text", "à¹€à¸ªà¸·à¸­"),
    lambda e: setattr(e, "tail", "between"),
    lambda e: e.set("tag", ""),
    lambda e: e.set("code", 'a"b'),
    lambda e: e.set("ind1", "<"),
    lambda e: e.set("more", "x"),
    lambda e: e.insert(0, etree.Element("subfield", code="a")),
    lambda e: e.append(etree.Comment("x")),
    lambda e: e.append(etree.Element("{urn:x}datafield", tag="245", ind1="0", ind2="0")),
    lambda e: e.clear(),
]


def test_marcxml_is_read_by_its_text_just_as_by_its_elements(data: Path) -> None:
    many = 0
    for element in records_in(data):
        written = etree.tostring(element, encoding="utf-8", with_tail=False)
        if by_text := marcxml.plainly(written):
            many += 1
            by_elements = marcxml.described(written)
            assert by_text.fields == by_elements.fields, written
            assert not by_elements.repairs, written
    assert many > 700


# ── fuzz ─────────────────────────────────────────────────────────────────────────────────────────


def broken(chance: random.Random, raw: bytes) -> bytes:
    """Bytes flipped, dropped, doubled, cut out and spliced in."""
    data = bytearray(raw)
    for _ in range(chance.randrange(1, 12)):
        at = chance.randrange(len(data))
        match chance.randrange(6):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randrange(1, 60)]
            case 2:
                data[at:at] = data[at : at + chance.randrange(1, 200)]
            case 3:
                data[at:at] = chance.choice((b"\x1d", b"\x1e", b"\x1f", b"\x1b$1", b"\xff", b"\r\n", b"\x00"))
            case 4:
                data[at] ^= 1 << chance.randrange(8)
            case _:
                data = data[: max(40, at)] if chance.random() < 0.2 else data
    return bytes(data)


def test_however_a_file_is_broken_it_is_read_and_every_byte_kept(data: Path, tables: Tables) -> None:
    sources = [(data / "damaged/iso2709/ulibm+ulibm__marcexport-all.mrc").read_bytes()]
    sources += [marc21(*TIGER) + marc21(*ACCENTS) + marc21(*TIGER, encoding="cp874")]
    sources += [(data / "damaged/iso2709" / name).read_bytes() for name in ("edsu+pymarc__1251.dat", "marc4j+marc4j__greekmissingcharsetchange.mrc")]  # fmt: skip
    for seed in range(60):
        chance = random.Random(seed)
        raw = broken(chance, chance.choice(sources))
        for _, result in outcomes(tables, raw):  # checks that the bytes add up
            assert isinstance(result, Parsed) or in_thai(result), f"seed {seed}: {result}"


def test_one_flipped_byte_costs_at_most_its_record_and_rarely_that(tables: Tables) -> None:
    good = marc21(*TIGER)
    chance = random.Random(1)
    read = 0
    for _ in range(300):
        hurt = bytearray(good)
        hurt[chance.randrange(len(good) - 1)] ^= 1 << chance.randrange(8)
        around = outcomes(tables, marc21(*ACCENTS) + bytes(hurt) + marc21(*ACCENTS))
        assert isinstance(around[0][1], Parsed)
        assert isinstance(around[-1][1], Parsed)
        read += any(isinstance(r, Parsed) and r.values.get("title", ("",))[0].startswith("เสือ") for _, r in around)
    assert read >= 270, "nine of ten still have their title"
