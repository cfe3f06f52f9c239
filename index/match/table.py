"""The table of points: what each feature counts, what each veto means, and how each reason is said."""

import tomllib
from functools import cache
from pathlib import Path

import msgspec


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A feature with its points, or a veto with the relation that it leaves."""

    th: str
    en: str
    points: int = 0
    why: str = ""
    sign: str = ""  # what a fit may make of the points: "+", "-" or anything
    relation: str = ""


class Cut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The points from which on a pair is one title, nearly one, and worth a look."""

    same: int
    loose: int
    review: int


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a code is said."""

    th: str
    en: str


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """points.toml as it stands."""

    bias: int
    cut: Cut
    feature: dict[str, Row]
    veto: dict[str, Row]
    told: dict[str, Row]  # what a purchase check adds: it counts nothing, and is no veto
    word: dict[str, Word]


PATH = Path(__file__).with_name("points.toml")


@cache
def table() -> Table:
    return msgspec.convert(tomllib.loads(PATH.read_text(encoding="utf-8")), Table)
