"""How well the matcher tells same titles from different ones, on labelled pairs of records.

    python -m bench.match PAIRS.jsonl.gz [--folds N] [--json]

A pair is one JSON object a line: ``{"a", "a_format", "b", "b_format", "label"}``, the records as strings, label 1 for
the same title. Formats: marc-in-json, melinda-marc-json, marcxml, iso2709, oai_dc, and sheet (an object of field
values, or of cells under header words). With ``--folds`` the points are fitted anew for each part of the pairs on all
other parts; records that the labels join never stand in two parts. The cuts are the shipped ones.

``loose`` counts what reaches the looser cut by its points alone, as the published scores have no vetoes.
``by_reason`` says for each reason that spoke how many pairs with it were rightly and wrongly called the same, missed,
and rightly refused.
"""

import argparse
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from bench.measure import BenchError, Figures, positive, progress, run, show, tables
from bench.thai import lines
from config import tables as tables_
from config.tables import Source
from harvest.formats import open_format
from harvest.formats.described import Field, MarcDescribed
from harvest.record import Record
from index.match.facts import Facts, facts, of_marc, of_row
from index.match.features import Said, compare
from index.match.judge import Judgement, decide
from index.match.table import Table, table

# Published on the same kind of pairs; sources in docs/decisions.md.
PUBLISHED = {
    "CDL marc-match-ai, cut 0.9 (goldfinch)": {"precision": 0.995, "recall": 0.954},
    "CDL marc-match-ai, cut 0.5 (goldfinch)": {"precision": 0.977, "recall": 0.991},
    "Open Library points, replica (goldfinch)": {"precision": 0.994, "recall": 0.750},
    "Gold Rush key, replica (goldfinch)": {"precision": 0.996, "recall": 0.445},
    "RecordManager rule, replica (goldfinch)": {"precision": 0.986, "recall": 0.354},
    "Swissbib random forest (own pairs)": {"precision": 0.972, "recall": 0.949},
}


class Line(msgspec.Struct, frozen=True):
    """A pair as the file has it."""

    a: str
    a_format: str
    b: str
    b_format: str
    label: int
    id: str = ""


class Pair(msgspec.Struct, frozen=True):
    """Two records as the matcher sees them."""

    a: Facts
    b: Facts
    same: bool
    names: tuple[str, str]  # of the two records: what the folds are made by


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


def pairs(path: Path) -> list[Pair]:
    """The pairs of a file. Raises BenchError naming the line that holds none."""
    found = []
    for number, line in lines(path, Line):
        try:
            a, b = READERS[line.a_format](line.a), READERS[line.b_format](line.b)
        except KeyError as error:
            raise BenchError(
                f"{path}, line {number}: a format {error} is not known; known: {', '.join(READERS)}"
            ) from error
        except (ValueError, msgspec.MsgspecError) as error:
            raise BenchError(f"{path}, line {number}: no record: {error}") from error
        found.append(Pair(a, b, line.label == 1, (_named(line, 0), _named(line, 1))))
    if not found:
        raise BenchError(f"{path}: holds no pair")
    return found


def _named(line: Line, side: int) -> str:
    """A record's name: the pair's id holds both, else its own text does."""
    both = line.id.split("|")
    return both[side] if len(both) == 2 else hashlib.sha256((line.a, line.b)[side].encode()).hexdigest()


@cache
def _fields() -> Mapping[str, tables_.Field]:
    return tables().fields


class _Coded(msgspec.Struct):
    code: str
    value: str | None = None


class _Tagged(msgspec.Struct):
    tag: str
    value: str | None = None
    ind1: str = " "
    ind2: str = " "
    subfields: list[_Coded] = []


class _Melinda(msgspec.Struct):
    fields: list[_Tagged]
    leader: str = ""


def _melinda(text: str) -> Facts:
    record = msgspec.json.decode(text, type=_Melinda)
    return of_marc(MarcDescribed(record.leader, [_field(field) for field in record.fields]))


def _field(field: _Tagged) -> Field:
    if field.value:
        return Field(field.tag, field.value)
    return Field.coded(
        field.tag, (field.ind1 or " ") + (field.ind2 or " "), [(s.code, s.value or "") for s in field.subfields]
    )


def _marc_in_json(text: str) -> Facts:
    record = msgspec.json.decode(text)
    fields = [_of_pymarc(tag, value) for field in record["fields"] for tag, value in field.items()]
    return of_marc(MarcDescribed(record.get("leader", ""), fields))


def _of_pymarc(tag: str, value: Any) -> Field:
    if isinstance(value, str):
        return Field(tag, value)
    subfields = [(code, text or "") for subfield in value["subfields"] for code, text in subfield.items()]
    return Field.coded(tag, value.get("ind1", " ") + value.get("ind2", " "), subfields)


def _sheet(text: str) -> Facts:
    """Field values by the names of fields, or a row by its header words."""
    given = msgspec.json.decode(text, type=dict[str, str | int | list[str]] | list[tuple[str, str]])
    if isinstance(given, dict) and given.keys() <= _fields().keys():
        return of_row({name: tuple(v) if isinstance(v, list) else (str(v),) for name, v in given.items()})
    cells = given if isinstance(given, list) else [(k, w) for k, v in given.items() for w in _cells(v)]
    return _stored("sheet")(msgspec.json.encode(cells).decode())


def _cells(value: str | int | list[str]) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


def _stored(name: str) -> Callable[[str], Facts]:
    """A reader of what a member sends in one of the harvest's own formats."""

    def read(text: str) -> Facts:
        payload = text.encode()
        parsed = open_format(Source("file", name), "pairs", _fields()).parse(payload)
        return facts(Record("pairs", "", name, payload, parsed.values))

    return read


READERS: dict[str, Callable[[str], Facts]] = {
    "marc-in-json": _marc_in_json,
    "melinda-marc-json": _melinda,
    "marcxml": _stored("marcxml"),
    "iso2709": _stored("marc"),
    "marc": _stored("marc"),
    "oai_dc": _stored("oai_dc"),
    "sheet": _sheet,
    "values": _sheet,
}


# ── folds ────────────────────────────────────────────────────────────────────────────────────────


def folded(given: Sequence[Pair], folds: int) -> list[int]:
    """The part of each pair, by a hash of the smallest name among the records that the labels join with its first;
    so it depends on neither order nor chance."""
    above: dict[str, str] = {}

    def root(name: str) -> str:
        while (up := above.setdefault(name, name)) != name:
            above[name] = up = above[up]
            name = up
        return name

    for pair in given:
        one, two = root(pair.names[0]), root(pair.names[1])
        if pair.same:
            above[max(one, two)] = min(one, two)
    return [int(hashlib.sha256(root(pair.names[0]).encode()).hexdigest(), 16) % folds for pair in given]


# ── the measurement ──────────────────────────────────────────────────────────────────────────────

Judged = tuple[bool, Judgement]  # whether the label says that it is the same, and what we say


def measure(path: Path, folds: int = 0) -> Figures:
    """Every pair judged once. Raises BenchError."""
    given = pairs(path)
    found = [compare(pair.a, pair.b) for pair in given]
    judged = list(_judged(given, found, folds) if folds else _with(given, found, table()))
    cut = table().cut
    loose = [(same, judgement.points >= cut.loose) for same, judgement in judged]
    return {
        "pairs": len(given),
        "same": sum(same for same, _ in judged),
        **_quality((same, judgement.verdict == "same") for same, judgement in judged),
        "loose": _quality(loose),
        "verdicts": _verdicts(judged),
        "by_reason": _by_reason(judged),
        "published": PUBLISHED,
        "cuts": {"same": cut.same, "loose": cut.loose, "review": cut.review},
        "folds": folds,
    }


def _with(given: Sequence[Pair], found: Sequence[list[Said]], rows: Table) -> Iterator[Judged]:
    for pair, said in zip(given, found, strict=True):
        yield pair.same, decide(pair.a, pair.b, said, rows)


def _judged(given: Sequence[Pair], found: Sequence[list[Said]], folds: int) -> Iterator[Judged]:
    from bench import fit  # numpy is there where one develops, not where one only measures

    part = folded(given, folds)
    for fold in range(folds):
        progress(f"fold {fold + 1} of {folds}")
        rows = fit.fitted([p for p, f in zip(given, part, strict=True) if f != fold], table())
        inside = [n for n, f in enumerate(part) if f == fold]
        yield from _with([given[n] for n in inside], [found[n] for n in inside], rows)


def _quality(answers: Iterable[tuple[bool, bool]]) -> Figures:
    right = wrong = missed = 0
    for same, said in answers:
        right += same and said
        wrong += said and not same
        missed += same and not said
    return {
        "precision": _share(right, right + wrong),
        "recall": _share(right, right + missed),
        "wrong": wrong,
        "missed": missed,
    }


def _share(some: int, of: int) -> float | None:
    return round(some / of, 4) if of else None


def _verdicts(judged: Sequence[Judged]) -> Figures:
    """verdict -> how many same and different pairs have it."""
    found: dict[str, Figures] = {v: {"same": 0, "different": 0} for v in ("same", "related", "review", "different")}
    for same, judgement in judged:
        found[judgement.verdict]["same" if same else "different"] += 1
    return found


def _by_reason(judged: Sequence[Judged]) -> Figures:
    found: dict[str, Figures] = {}
    for same, judgement in judged:
        said = judgement.verdict == "same"
        kind = ("right" if said else "missed") if same else ("wrong" if said else "refused")
        for reason in judgement.reasons:
            name = f"veto {reason.name}" if reason.name in table().veto else reason.name
            found.setdefault(name, dict.fromkeys(("right", "wrong", "missed", "refused"), 0))[kind] += 1
    return {name: found[name] for name in sorted(found)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.match", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "pairs", type=Path, metavar="PAIRS", help="labelled pairs, one JSON object a line, compressed or not"
    )
    parser.add_argument("--folds", type=positive, metavar="N", help="fit the points anew without each Nth of the pairs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    show(measure(given.pairs, given.folds or 0), given.json)


if __name__ == "__main__":
    run(main)
