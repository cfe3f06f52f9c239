"""Which MARC fields hold a member's copies: a mapping per source, with ready ones for 852, 866, 856, 945, 949, 952."""

import msgspec

from config.holdings import Holding
from config.tables import Source, holdings_of
from harvest.formats.described import ENDS, MARK, Field, MarcDescribed, trim

# 852 and 866: MARC 21 Format for Holdings Data. 945: ULibM's items. 949: SirsiDynix. 952: Koha.
READY = {
    "852": "852: a=library b=library c=location k=call_number h=call_number i=call_number m=call_number"
    " p=barcode z=note u=link",
    "866": "866: a=note z=note",
    "856": "856: u=link 3=note y=note z=note",
    "945": "945: l=location i=barcode",
    "949": "949: m=library l=location a=call_number i=barcode",
    "952": "952: b=library c=location o=call_number p=barcode z=note u=link",
}


class Mapping(msgspec.Struct, frozen=True):
    """One field's subfields and the part of a holding that each is."""

    tag: str
    parts: tuple[tuple[str, str], ...]
    codes: frozenset[str]  # of those parts


def mappings(source: Source) -> tuple[Mapping, ...]:
    """The mappings that a source names; where it names none, all the ready ones. Links are always read."""
    named = holdings_of(source)
    specs = [READY.get(name, name) for name in named] + [READY["856"], READY["866"]] if named else READY.values()
    return tuple(dict.fromkeys(_mapping(spec) for spec in specs))


def _mapping(spec: str) -> Mapping:
    tag, _, pairs = spec.partition(":")
    split = (pair.partition("=") for pair in pairs.split())
    parts = tuple((code, part) for code, _, part in split)
    return Mapping(tag, parts, frozenset(code for code, _ in parts))


def holdings(marc: MarcDescribed, member: str, maps: tuple[Mapping, ...]) -> tuple[Holding, ...]:
    """A record's holdings, each copy once."""
    found = [
        holding
        for mapping in maps
        if mapping.tag in marc.fields
        for field in marc.fields[mapping.tag]
        if (holding := _read(field, member, mapping))
    ]
    if any(h.note for h in found):
        found = _told(found)
    if not all(h.call_number or h.link for h in found):
        number = _call_number(marc)
        found = [h if h.call_number or h.link else msgspec.structs.replace(h, call_number=number) for h in found]
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


def _told(found: list[Holding]) -> list[Holding]:
    """What is held as text only (866) is said of the one shelf there is, if there is one."""
    shelves = [h for h in found if _shelved(h)]
    spoken = [h for h in found if h.note and not h.link and not _shelved(h)]
    if len(shelves) != 1 or not spoken:
        return found
    said = "; ".join(filter(None, [shelves[0].note, *(h.note for h in spoken)]))
    return [msgspec.structs.replace(shelves[0], note=said), *(h for h in found if h.link)]


def _shelved(holding: Holding) -> bool:
    return bool(holding.location or holding.library or holding.call_number or holding.barcode)


def _read(field: Field, member: str, mapping: Mapping) -> Holding | None:
    if field.tag == "856" and field.indicators[1:] == "2":
        return None  # a related resource (a cover, a table of contents), not the thing itself
    said: dict[str, str] = {}
    for piece in field.text.split(MARK)[1:]:
        code = piece[:1]
        if code in mapping.codes and (value := piece[1:].strip()):
            said[code] = f"{said[code]} {value}" if code in said else value
    texts: dict[str, str] = {}
    for code, part in mapping.parts:
        if code in said:
            texts[part] = f"{texts[part]} {said[code]}" if part in texts else said[code]
    copies = texts.pop("copies", "")
    for part, text in texts.items():
        if text[-1] in ENDS and part != "link":
            texts[part] = trim(text)
    if not any(texts.values()):
        return None
    count = int(copies) if copies.isdecimal() else int(bool(texts.get("barcode")))
    return Holding(member=member, copies=count, **texts)


def _call_number(marc: MarcDescribed) -> str:
    """ULibM and others keep the call number once, as class and author number, not with each copy."""
    shelved = (
        " ".join([*f.all("a")[:1], *f.all("b")[:1]]) for t in CLASS_TAGS for f in marc.fields.get(t, ()) if f.first("b")
    )
    return next(shelved, "")


CLASS_TAGS = ("090", "099", "082", "060", "050")  # a class with an author number ($b) is a call number
