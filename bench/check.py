"""How right a purchase check is on labelled pairs of real records, and how many rows a second it takes.

    python -m bench.check PAIRS [--json] [--wrong FILE]
    python -m bench.check --titles N [--rows N] [--copies N] [--home DIR] [--profile] [--json]

PAIRS holds lines of ``{"a", "b", "label", "id"}``, the records as MARC in pymarc's JSON. The first records are the
catalogue, harvested into a store and indexed as members' records are; the second ones are the rows of a list, with
title, author, publisher and year only. What is the same follows from the pairs labelled so, chained. ``precision``:
of the rows that are said to be held, those for which a title was named that holds the same; ``recall_held``: of the
rows that are held, those that are said to be; ``recall_seen``: those for which the same was named as held, related or
to be looked at. A row may also be named with a record of another pair that nobody labelled against it; most of these
agree in every word and page. They count as wrong in ``precision``; ``unlabelled`` says how many they are, and
``precision_labelled`` leaves them out. ``alike`` says how many of these agree in title, author, year and extent by
their whole records, too, and ``attainable`` what ``precision`` would be if every held row were found and nothing but
those counted as wrong. ``--wrong`` writes the rows that went wrong, with reasons.

``--titles`` checks rows against so many composed titles (bench/composed.py), half of them held, through the same
service. A title has two records in the mean; ``--copies 1`` leaves one of each, so that a million titles are there
in half the time. ``--home`` keeps the catalogue for the next run.
"""

import argparse
import contextlib
import cProfile
import gzip
import json
import pstats
import random
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import islice
from pathlib import Path

import msgspec
import pymarc
from sqlalchemy import Engine

from bench import kept, measure
from bench.composed import SEED, Composed, compose, reading, vocabulary
from bench.index import fill
from bench.measure import BenchError, Clock, Figures, Share, machine, positive, progress, rate, run, show, tables
from config import database as databases
from config.tables import Source, Tables
from demo.sample import MEMBERS
from harvest.formats.marc import Marc
from harvest.packing import Reading
from harvest.record import Parsed, Payload
from harvest.store import Store
from index.build import Index
from index.check.check import HELD, Report, Result
from index.check.lists import List, Row, Table
from index.check.service import check_of
from index.match.facts import Facts, of_marc
from index.match.reasons import said
from search.documents import Documents

COLUMNS = ("title", "creator", "publisher", "year")
BATCH = 500
ROWS = 1000


class Pairs(msgspec.Struct, frozen=True):
    """The catalogue, the rows, and which records are the same."""

    catalogue: dict[str, bytes]  # id -> ISO 2709
    rows: dict[str, dict[str, tuple[str, ...]]]  # id -> values
    whole: dict[str, bytes]  # id -> the record that a row was made of
    different: set[tuple[str, str]]  # as they were labelled
    same: dict[str, str]  # id -> another that is the same, at last the one that stands for all
    held: set[str]  # of those that stand for others, the ones that the catalogue has


# ── how right it is ──────────────────────────────────────────────────────────────────────────────


def measure_pairs(path: Path, wrong: Path | None = None) -> Figures:
    given = tables()
    given = msgspec.structs.replace(given, settings=msgspec.structs.replace(given.settings, engine="memory"))
    pairs = read_pairs(path, given)
    with measure.home() as (directory, database):
        _harvest(pairs, Store(database), given)
        Index(given, database, directory).run()
        with Clock() as clock:
            report = check_of(given, database).run(_list(pairs.rows), _tell)
        records = _records(report, Documents(database))
    figures = _figures(pairs, report, records)
    if wrong:
        wrong.write_text("".join(_told(pairs, report, records)), encoding="utf-8")
    return figures | {"rows_per_second": rate(len(report.results), clock.seconds), "machine": machine()}


def read_pairs(path: Path, given: Tables) -> Pairs:
    """Raises BenchError where the file holds no such pairs."""
    form = Marc(Source("file", "marc"), "", given.fields)
    pairs = Pairs({}, {}, {}, set(), {}, set())
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                pair = json.loads(line)
                first, second = (_record(pair[side]) for side in ("a", "b"))
            except (ValueError, KeyError, IndexError, TypeError) as error:
                raise BenchError(f"{path.name}, line {number}: no pair of records in pymarc's JSON: {error}") from error
            one, two = _iso(first), _iso(second)
            a, b = (str(record["001"].data) for record in (first, second))
            pairs.catalogue[a] = one
            pairs.whole[b] = two
            values = form.parse(two).values
            pairs.rows[b] = {name: values[name][:1] for name in COLUMNS if name in values}
            if pair["label"]:
                _join(pairs.same, a, b)
            else:
                pairs.different.add((a, b))
    pairs.held.update(_root(pairs.same, a) for a in pairs.catalogue)
    return pairs


def _record(text: str) -> pymarc.Record:
    (record,) = pymarc.parse_json_to_array(text)  # type: ignore[no-untyped-call]  # pymarc's JSON reader is untyped
    assert isinstance(record, pymarc.Record)
    return record


def _iso(record: pymarc.Record) -> bytes:
    record.leader = pymarc.Leader(f"{str(record.leader)[:9]}a{str(record.leader)[10:]}")
    return bytes(record.as_marc())


def _join(same: dict[str, str], a: str, b: str) -> None:
    one, two = _root(same, a), _root(same, b)
    same[one] = same[two] = min(one, two)


def _root(same: dict[str, str], id_: str) -> str:
    while same.get(id_, id_) != id_:
        id_ = same[id_]
    return id_


def _harvest(pairs: Pairs, store: Store, given: Tables) -> None:
    """The catalogue as records of all members in turn."""
    for number, code in enumerate(MEMBERS):
        form = Marc(Source("file", "marc"), code, given.fields)
        mine = islice(pairs.catalogue.items(), number, None, len(MEMBERS))
        readings = (Reading(Payload(data, id_), _parsed(form, data, id_)) for id_, data in mine)
        _put(store, code, "marc", readings)


def _parsed(form: Marc, data: bytes, id_: str) -> Parsed:
    return msgspec.structs.replace(form.parse(data), local_id=id_)


def _put(store: Store, code: str, form: str, readings: Iterator[Reading]) -> None:
    with store.engine.begin() as connection:
        number = store.begin(connection, code)
    while batch := list(islice(readings, BATCH)):
        with store.engine.begin() as connection:
            store.put(connection, number, code, "bench", form, "bench", batch)
    with store.engine.begin() as connection:
        store.finish(connection, number, "done")


def _list(rows: dict[str, dict[str, tuple[str, ...]]]) -> List:
    """A list as a librarian would paste it; a row's number is its place among the ids."""
    cells = (tuple(" ".join(values.get(name, ())) for name in COLUMNS) for values in rows.values())
    table = Table("", COLUMNS, COLUMNS, tuple(Row(number, row) for number, row in enumerate(cells, 1)))
    return List("pairs", (table,))


def _tell(done: int, of: int) -> None:
    progress(f"check: {done} of {of}")


def _records(report: Report, documents: Documents) -> dict[str, set[str]]:
    """Title -> the local ids of its records."""
    ids = {match.id for result in report.results for match in result.matches}
    return {d.id: {local_id for _, local_id in d.records} for d in documents.fetch(sorted(ids))}


def _figures(pairs: Pairs, report: Report, records: dict[str, set[str]]) -> Figures:
    judged = [_judged(pairs, id_, result, records) for id_, result in _each(pairs, report)]
    held = sum(truth for truth, _, _ in judged)
    said_held = sum(verdict == HELD for _, verdict, _ in judged)
    right = sum(verdict == HELD and HELD in named for _, verdict, named in judged)
    unlabelled = [(id_, r) for id_, r in _each(pairs, report) if _unlabelled(pairs, id_, r, records)]
    alike = sum(_alike(pairs, id_, _named(result, records)) for id_, result in unlabelled)
    seen = sum(truth and bool(named) for truth, _, named in judged)
    return {
        "rows": len(judged),
        "held": held,
        "said_held": said_held,
        "precision": _share(right, said_held),
        "unlabelled": len(unlabelled),
        "precision_labelled": _share(right, said_held - len(unlabelled)),
        "alike": alike,
        "attainable": _share(held, held + alike),
        "recall_held": _share(right, held),
        "recall_seen": _share(seen, held),
        "verdicts": report.summary,
        "duplicates": report.duplicates,
    }


def _each(pairs: Pairs, report: Report) -> Iterable[tuple[str, Result]]:
    """Rows that say nothing at all are left out of a report."""
    ids = list(pairs.rows)
    return ((ids[result.number - 1], result) for result in report.results)


def _judged(pairs: Pairs, id_: str, result: Result, records: dict[str, set[str]]) -> tuple[bool, str, set[str]]:
    """(whether the catalogue has the row, the verdict, the verdicts under which the same was named)."""
    root = _root(pairs.same, id_)
    named = {m.verdict for m in result.matches if any(_root(pairs.same, r) == root for r in records.get(m.id, ()))}
    return root in pairs.held, result.verdict, named


def _unlabelled(pairs: Pairs, id_: str, result: Result, records: dict[str, set[str]]) -> bool:
    """Whether a row is said to be held for records that nobody labelled against it, or what is the same as it."""
    _, verdict, named = _judged(pairs, id_, result, records)
    if verdict != HELD or HELD in named:
        return False
    return not any((record, id_) in pairs.different for record in _named(result, records))


def _named(result: Result, records: dict[str, set[str]]) -> set[str]:
    """The records of the titles that a row is said to be."""
    return {record for match in result.matches if match.verdict == HELD for record in records.get(match.id, ())}


def _alike(pairs: Pairs, id_: str, named: set[str]) -> bool:
    """Whether a row's whole record agrees with one of those in title, author, year and extent; nothing is weighed."""
    read = Marc(Source("file", "marc"), "", {})
    own = of_marc(read.described(pairs.whole[id_]))
    return any(_agree(own, of_marc(read.described(pairs.catalogue[record]))) for record in named)


def _agree(a: Facts, b: Facts) -> bool:
    ours, theirs = {*a.creators, *a.others}, {*b.creators, *b.others}
    return (
        [title.full for title in a.titles] == [title.full for title in b.titles]
        and bool(set(a.years) & set(b.years))
        and (a.pages, a.pieces) == (b.pages, b.pieces)
        and bool(ours & theirs or not ours or not theirs)
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _told(pairs: Pairs, report: Report, records: dict[str, set[str]]) -> Iterator[str]:
    """The rows that went wrong, those first that are wrongly said to be held."""
    by_root: dict[str, str] = {_root(pairs.same, a): a for a in pairs.catalogue}
    form = Marc(Source("file", "marc"), "", tables().fields)
    kinds: dict[str, list[str]] = {"wrongly held": [], "not seen": [], "seen, not held": [], "unlabelled": []}
    for id_, result in _each(pairs, report):
        truth, verdict, named = _judged(pairs, id_, result, records)
        kind = "wrongly held" if verdict == HELD and HELD not in named else ""
        kind = "unlabelled" if kind and _unlabelled(pairs, id_, result, records) else kind
        kind = kind or ("not seen" if truth and not named else "seen, not held" if truth and HELD not in named else "")
        if not kind:
            continue
        lines = [f"\n[{kind}] {id_}: {verdict}\n  row     {_values(pairs.rows[id_])}\n"]
        if truth:
            own = form.parse(pairs.catalogue[by_root[_root(pairs.same, id_)]]).values
            lines.append(
                f"  same    {_values({name: own[name] for name in (*COLUMNS, 'edition', 'extent') if name in own})}\n"
            )
        for match in result.matches[:3]:
            ids = ", ".join(sorted(records.get(match.id, ())))
            reasons = "; ".join(f"{r.name} {r.points:+d} ({said(r, 'en')})" for r in match.reasons)
            lines.append(f"  named   {match.verdict} {match.relation} {match.points}: {match.values} [{ids}]\n")
            lines.append(f"          {reasons}\n")
        kinds[kind].append("".join(lines))
    yield "".join(f"{kind}: {len(found)}\n" for kind, found in kinds.items())
    for found in kinds.values():
        yield from found


def _values(values: dict[str, tuple[str, ...]]) -> str:
    return " | ".join(f"{name}: {'; '.join(texts)}" for name, texts in values.items())


# ── how fast it is ───────────────────────────────────────────────────────────────────────────────


def measure_speed(count: int, rows: int, directory: Path | None, profile: bool, copies: int | None = None) -> Figures:
    """Rows of composed titles, half of them held, against so many titles."""
    vocabulary()
    given = tables()
    with contextlib.ExitStack() as stack:
        if directory is None:
            path, database = stack.enter_context(measure.home())
            _build(given, database, path, count, copies)
        else:
            path = directory.resolve() / "check"
            said = f"{SEED}, {count} titles to check against" + (f", {copies} copies at most" if copies else "")
            kept.once(path, said, lambda made: _built(given, made, count, copies))
            database = databases.connect(f"sqlite:///{path / 'sahaban.db'}")
            stack.callback(database.dispose)
        given_list = _list(_rows(count, rows))
        check = check_of(given, database)
        profiler = cProfile.Profile()
        with Share() as clock:
            if profile:
                profiler.enable()
            report = check.run(given_list, _tell)
            profiler.disable()
    if profile:
        told = StringIO()
        pstats.Stats(profiler, stream=told).sort_stats("cumulative").print_stats(35)
        print(told.getvalue())
    return {
        "titles": check.titles,
        "rows": len(report.results),
        "rows_per_second": rate(len(report.results), clock.seconds),
        "processor_share": clock.said(),
        "verdicts": report.summary,
        "machine": machine(),
    }


def _built(given: Tables, path: Path, count: int, copies: int | None) -> None:
    database = databases.connect(f"sqlite:///{path / 'sahaban.db'}")
    _build(given, database, path, count, copies)
    database.dispose()


def _build(given: Tables, database: Engine, home: Path, count: int, copies: int | None) -> None:
    fill(Store(database), count, copies)
    Index(given, database, home, lambda step, done, of: progress(f"{step}: {done}")).run()


def _rows(count: int, rows: int) -> dict[str, dict[str, tuple[str, ...]]]:
    """Half are titles of the catalogue as a vendor would write them, half are titles that it has not."""
    chance = random.Random(SEED)
    held = [compose(chance.randrange(1, count + 1)) for _ in range(rows // 2)]
    others = list(islice(_after(count), rows - len(held)))
    mixed = [*held, *others]
    chance.shuffle(mixed)
    return {f"{n} {title.number}": _asked(title) for n, title in enumerate(mixed)}


def _after(count: int) -> Iterator[Composed]:
    number = count
    while True:
        number += 1
        yield compose(number)


def _asked(title: Composed) -> dict[str, tuple[str, ...]]:
    told = reading(title, title.members[0]).parsed
    values = told.values if told else title.values
    return {name: values[name] for name in COLUMNS if name in values}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.check", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pairs", type=Path, nargs="?", metavar="PAIRS", help="labelled pairs, a JSON object a line")
    parser.add_argument("--wrong", type=Path, metavar="FILE", help="write the rows that went wrong there")
    parser.add_argument("--titles", type=positive, metavar="N", help="check against so many composed titles")
    parser.add_argument("--rows", type=positive, default=ROWS, metavar="N", help=f"rows of that list ({ROWS})")
    parser.add_argument("--copies", type=positive, metavar="N", help="at most so many records of each title")
    parser.add_argument("--home", type=Path, metavar="DIR", help="keep the composed catalogue there for the next run")
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    if given.pairs is None and given.titles is None:
        parser.error("name a file of pairs, or --titles")
    if given.pairs is not None and not given.pairs.exists():
        raise BenchError(f"{given.pairs}: there is no such file")
    figures = measure_pairs(given.pairs, given.wrong) if given.pairs else {}
    if given.titles:
        figures |= {"speed": measure_speed(given.titles, given.rows, given.home, given.profile, given.copies)}
    show(figures, given.json)


if __name__ == "__main__":
    run(main)
