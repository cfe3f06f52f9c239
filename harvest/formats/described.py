"""A MARC record under its paths: "245abnp:246a", "008[35-37]", "LDR[6]", the other script's 880 with each field."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import msgspec

_THAI = re.compile("[\u0e01-\u0e5b]")


class Field(msgspec.Struct, frozen=True, gc=False):
    """One MARC field: a control field has data, a data field has indicators and subfields."""

    tag: str
    data: str = ""
    indicators: str = "  "
    subfields: tuple[tuple[str, str], ...] = ()

    def all(self, code: str) -> list[str]:
        return [value for c, value in self.subfields if c == code]

    def first(self, code: str) -> str:
        return next(iter(self.all(code)), "")


class Path(NamedTuple):
    """One part of a path: a tag with subfield codes, or a stretch of a control field."""

    tag: str
    codes: str = ""
    span: tuple[int, int] | None = None


@lru_cache(maxsize=512)
def parse_path(spec: str) -> tuple[Path, ...]:
    """``"245abnp:008[35-37]"`` as its parts."""
    return tuple(_part(part) for part in spec.split(":") if part)


def _part(part: str) -> Path:
    tag, rest = part[:3], part[3:]
    if rest.startswith("["):
        low, _, high = rest.strip("[]").partition("-")
        return Path(tag, span=(int(low), int(high or low) + 1))
    return Path(tag, codes=rest)


class MarcDescribed:
    """A MARC record as paths see it."""

    kind = "marc"

    def __init__(self, leader: str, fields: Iterable[Field], repairs: tuple[str, ...] = ()):
        self.leader = leader
        self.repairs = repairs  # what had to be mended before it could be read: harvest.wording.REPAIRS
        self.in_order = tuple(fields)
        self.fields: dict[str, list[Field]] = {}
        for field in self.in_order:
            tag = field.tag if field.tag != "880" else _linked(field)
            if tag in self.fields:
                self.fields[tag].append(field)
            else:
                self.fields[tag] = [field]

    def texts(self, path: str) -> list[str]:
        """The texts at a path, trimmed of ISBD punctuation; of a field in two scripts the Thai one first."""
        found: list[str] = []
        for tag, codes, span in parse_path(path):
            if span:
                whole = [self.leader] if tag == "LDR" else [f.data for f in self.fields.get(tag, ())]
                found += [text[span[0] : span[1]].strip() for text in whole]
            elif fields := self.fields.get(tag):
                found += [_joined(fields[0], codes)] if len(fields) == 1 else _thai_first(fields, codes)
        return [text for text in found if text]

    def control(self, tag: str) -> str:
        return next((f.data.strip() for f in self.fields.get(tag, ())), "")


def _linked(field: Field) -> str:
    """The tag that the $6 of an 880 names: it is the same field in another script."""
    linked = field.first("6")[:3]
    return linked if re.fullmatch(r"\d{3}", linked) else "880"


def _joined(field: Field, codes: str) -> str:
    """The chosen subfields in the record's order; the subdivisions of a subject heading parted by " -- "."""
    if not field.subfields:
        return field.data.strip() if not codes else ""
    text = ""
    heading = field.tag[0] == "6"
    for code, value in field.subfields:
        if code in codes and (value := value.strip()):
            text += (" -- " if heading and code in "vxyz" else " ") + value if text else value
    return trim(text)


def _thai_first(fields: list[Field], codes: str) -> list[str]:
    return sorted([_joined(field, codes) for field in fields], key=lambda text: _THAI.search(text) is None)


# ISBD puts " /", " :", " ;", " =" and "," before the next element; the full stop that ends a field
# is dropped after a word or a year, and kept after an abbreviation (ม.ล., Jr.).
_TAIL = "/:;,="
_STOP = re.compile(r"(?<=[^\s.]{4})\.$|(?<=\d{4}\])\.$|(?<=[^\s.]{3}\))\.$")


def trim(text: str) -> str:
    """The text without the punctuation that ISBD puts at an element's end."""
    text = text.strip()
    while text and text[-1] in _TAIL:
        text = text.rstrip(_TAIL).rstrip()
    if (
        text and text[-1] == "." and _STOP.match(text, len(text) - 1)
    ):  # it looks behind; to search takes ten times as long
        return text[:-1].strip()
    return text
