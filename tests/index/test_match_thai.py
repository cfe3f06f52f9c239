"""The matcher on Thai cataloguing as it is: a table of pairs, each with the answer of a librarian."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from harvest.formats.described import Field, MarcDescribed
from index.match.facts import Facts, of_marc, of_row
from index.match.judge import judge
from index.match.reasons import said

PAIRS = tomllib.loads(Path(__file__).with_name("thai_pairs.toml").read_text(encoding="utf-8"))["pair"]


def marc(fields: list[str]) -> Facts:
    """A record from its short form: leader/06-07; year, language and form of item of 008; the fields."""
    kind, coded, *rest = fields
    year, language, *form = coded.split()
    of_008 = f"000101s{year}    th {'':5}{(form or [' '])[0]}{'':11}{language} d"
    given = [Field("008", data=of_008), *map(field, rest)]
    return of_marc(MarcDescribed(f"00000n{kind} a2200000   4500", given))


def field(text: str) -> Field:
    tag, rest = text.split(" ", 1)
    return Field(tag, subfields=tuple((part[0], part[1:]) for part in rest.split("$")[1:]))


def read(given: Any) -> Facts:
    return marc(given) if isinstance(given, list) else of_row({name: (value,) for name, value in given.items()})


@pytest.mark.parametrize("pair", PAIRS, ids=[pair["why"] for pair in PAIRS])
def test_a_librarians_answer(pair: dict[str, Any]) -> None:
    a, b = read(pair["a"]), read(pair["b"])
    for one, two in ((a, b), (b, a)):
        found = judge(one, two)
        told = [said(reason, "en") for reason in found.reasons]
        assert (found.verdict, found.relation or "") == (pair["verdict"], pair.get("relation", found.relation)), told
