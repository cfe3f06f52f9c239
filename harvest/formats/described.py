"""A MARC record under its paths: "245abnp:246a", "008[35-37]", "LDR[6]", the other script's 880 with each field."""

import re
from collections.abc import Iterable, KeysView
from functools import lru_cache
from typing import NamedTuple, Self

import msgspec

MARK = "\x1f"  # stands before a subfield's code
_THAI = re.compile("[\u0e01-\u0e5b]")


class Field(msgspec.Struct, frozen=True, gc=False):
    """One MARC field as ISO 2709 has it: the data of a control field; the indicators of a data field, then each
    subfield behind its mark. It is cut where somebody asks: of most subfields nobody does."""

    tag: str
    text: str = "  "

    @classmethod
    def coded(cls, tag: str, indicators: str, subfields: Iterable[tuple[str, str]]) -> Self:
        """A data field. A code is one character: what else an XML attribute says is cut off."""
        return cls(tag, indicators + "".join([f"{MARK}{code[:1]}{value}" for code, value in subfields]))

    @property
    def data(self) -> str:
        """Of a control field; a data field has none."""
        return "" if MARK in self.text else self.text

    @property
    def indicators(self) -> str:
        return self.text[:2]

    @property
    def subfields(self) -> tuple[tuple[str, str], ...]:
        return tuple([(part[0], part[1:]) for part in self.text.split(MARK)[1:] if part])

    def all(self, code: str) -> list[str]:
        return [part[1:] for part in self.text.split(MARK)[1:] if part[:1] == code]

    def first(self, code: str) -> str:
        return next(iter(self.all(code)), "")


class Part(NamedTuple):
    """One part of a path: a tag with subfield codes, or a stretch of a control field."""

    tag: str
    codes: str = ""
    span: slice | None = None
    mark: str = ""  # before a subfield, where only one is named


@lru_cache(maxsize=512)
def parse_path(spec: str) -> tuple[Part, ...]:
    """``"245abnp:008[35-37]"`` as its parts."""
    return tuple(_part(part) for part in spec.split(":") if part)


def _part(part: str) -> Part:
    tag, rest = part[:3], part[3:]
    if rest.startswith("["):
        low, _, high = rest.strip("[]").partition("-")
        return Part(tag, span=slice(int(low), int(high or low) + 1))
    return Part(tag, codes=rest, mark=MARK + rest if len(rest) == 1 else "")


class MarcDescribed:
    """A MARC record as paths see it; its leader is the field LDR."""

    kind = "marc"

    def __init__(self, leader: str, fields: Iterable[Field], repairs: tuple[str, ...] = ()):
        self.leader = leader
        self.repairs = repairs  # what had to be mended before it could be read: harvest.wording.REPAIRS
        by_tag: dict[str, list[Field]] = {}
        for field in fields:
            tag = field.tag
            if tag == "880":
                tag = _linked(field)
            if tag in by_tag:
                by_tag[tag].append(field)
            else:
                by_tag[tag] = [field]
        by_tag["LDR"] = [Field("LDR", leader.replace(MARK, " "))]
        self.fields = by_tag

    @property
    def there(self) -> KeysView[str]:
        return self.fields.keys()

    def texts(self, path: str) -> list[str]:
        """The texts at a path, trimmed of ISBD punctuation; of a field in two scripts the Thai one first."""
        fields = self.fields
        found: list[str] = []
        for tag, codes, span, mark in parse_path(path):
            if tag not in fields:
                continue
            here = fields[tag]
            if span:
                found += [text for field in here if (text := field.data[span].strip())]
            elif len(here) > 1:
                found += _thai_first(here, codes, mark)
            elif text := _joined(here[0], codes, mark):
                found.append(text)
        return found

    def control(self, tag: str) -> str:
        fields = self.fields.get(tag)
        return fields[0].data.strip() if fields else ""


def _linked(field: Field) -> str:
    """The tag that the $6 of an 880 names: it is the same field in another script."""
    linked = field.first("6")[:3]
    return linked if re.fullmatch(r"\d{3}", linked) else "880"


def _joined(field: Field, codes: str, mark: str) -> str:
    """The chosen subfields in the record's order; the subdivisions of a subject heading parted by " -- "."""
    text = field.text
    if not codes:
        return field.data.strip()
    if mark and text.count(mark) == 1:  # as nearly always
        text = text.partition(mark)[2].partition(MARK)[0].strip()
    elif field.tag[0] == "6":
        chosen = [part for part in text.split(MARK)[1:] if part and part[0] in codes]
        text = ""
        for part in chosen:
            if value := part[1:].strip():
                text += (" -- " if part[0] in "vxyz" else " ") + value if text else value
    else:
        chosen = [part[1:].strip() for part in text.split(MARK)[1:] if part and part[0] in codes]
        text = chosen[0] if len(chosen) == 1 else " ".join(filter(None, chosen))
    return trim(text) if text and text[-1] in ENDS else text


def _thai_first(fields: list[Field], codes: str, mark: str) -> list[str]:
    joined = [text for field in fields if (text := _joined(field, codes, mark))]
    return sorted(joined, key=lambda text: _THAI.search(text) is None) if len(joined) > 1 else joined


# ISBD puts " /", " :", " ;", " =" and "," before the next element; the full stop that ends a field
# is dropped after a word or a year, and kept after an abbreviation (ม.ล., Jr.).
_TAIL = "/:;,="
_BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))
ENDS = f"{_TAIL}."
_STOP = re.compile(r"(?<=[^\s.]{4})\.$|(?<=\d{4}\])\.$|(?<=[^\s.]{3}\))\.$")


def trim(text: str) -> str:
    """The text without the punctuation that ISBD puts at an element's end."""
    text = text.strip()
    if text[-1:] in _TAIL:
        text = text.rstrip(_TAIL + _BLANKS)
    if text[-1:] == "." and _STOP.match(text, len(text) - 1):  # it looks behind; to search takes ten times as long
        return text[:-1].strip()
    return text
