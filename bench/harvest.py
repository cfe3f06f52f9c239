"""Records harvested a second, beside a loop that only downloads; records read from ISO 2709, beside bare pymarc.

    python -m bench.harvest [--url URL] [--format marcxml] [--file FILE.mrc] [--json]

Of each figure the fastest of several rounds counts; a round runs the bare loop and ours one after the other.
Ratios are ours to the bare one's in records a second: 1.0 would cost nothing beside the download or pymarc.
"""

import argparse
import contextlib
import html
import io
import multiprocessing
import re
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import pymarc
import requests
from pymarc.exceptions import BadSubfieldCodeWarning

from bench.measure import MATERIAL, Clock, Figures, home, machine, positive, progress, rate, ratio, show, tables
from config.tables import Member, Source, Tables, Text
from demo import marc
from demo.provider import serving
from demo.repository import repository
from demo.sample import share
from harvest.formats import open_format
from harvest.run import harvest
from harvest.store import Run, Store

MEMBER, FILES_MEMBER = "kku", "cas"  # whose share of the sample is served, and whose is written to a file
# Real records: of 4 KB in UTF-8, and of 1.15 KB in MARC-8. The sample's have 1 KB in half as many fields.
REAL = (MATERIAL / "marc" / "psu-sample-728.mrc", MATERIAL / "marc" / "uva-marc8-0001-1000.mrc")
RECORDS = 20_000  # at least so many are in the files that are written
ROUNDS = 5


def measure(
    url: str = "", fmt: str = "marcxml", file: Path | None = None, *,
    prefix: str = "", rounds: int = ROUNDS, items: int | None = None, records: int = RECORDS,
) -> Figures:  # fmt: skip
    """Both measurements. ``items`` is how many of the sample are served (None: all), ``records`` how many are
    written to the file at least; ``prefix`` is the server's own name for the format."""
    with contextlib.nullcontext(url) if url else provider(items) as address:
        oai = measure_oai(address, fmt, prefix or fmt, rounds)
    iso2709 = measure_iso2709(file, rounds, 0 if file else records)
    top = {name: oai[name] for name in ("records_per_second", "ratio_to_bare")}
    found = top | {"rounds": rounds, "oai": oai, "iso2709": iso2709}
    if not file:
        found["iso2709_real"] = [measure_iso2709(real, rounds, records) for real in REAL if real.exists()]
    return found | {"machine": machine()}


def fastest(rounds: int, *timed: Callable[[], float]) -> list[float]:
    """The shortest time of each; they take turns, so that what disturbs the machine disturbs all of them."""
    taken = []
    for number in range(1, rounds + 1):
        progress(f"round {number} of {rounds}")
        taken.append([run() for run in timed])
    return [min(column) for column in zip(*taken, strict=True)]


def network(code: str, source: Source) -> Tables:
    """The shipped tables with one member that has one source."""
    member = Member(Text(code, code), "college", code=code, source=(source,))
    return msgspec.structs.replace(tables(), members={code: member})


def harvested(given: Tables, clock: Clock) -> Run:
    """One whole harvest into an empty store. Raises RuntimeError where it does not end well."""
    (member,) = given.members.values()
    with home() as (directory, database):
        store = Store(database)
        with clock:
            run = harvest(member, given, store, directory)
    if run.outcome != "done":
        raise RuntimeError(f"the harvest ended as {run.outcome}: {run.error}")
    return run


# ── OAI-PMH ──────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def provider(items: int | None) -> Iterator[str]:
    """The sample's repository on loopback, in a process of its own: its work must not be ours."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, items), daemon=True)
    process.start()
    theirs.close()
    try:
        yield f"{ours.recv()}/{MEMBER}/oai"
    finally:
        ours.close()
        process.join()
        process.close()


def _serve(pipe: Connection, items: int | None) -> None:
    """Serves until the other end of the pipe is closed."""
    whole = repository(MEMBER)
    with serving(repositories={MEMBER: msgspec.structs.replace(whole, items=whole.items[:items])}) as address:
        pipe.send(address)
        with contextlib.suppress(EOFError):
            pipe.recv()


def measure_oai(url: str, fmt: str, prefix: str, rounds: int) -> Figures:
    given = network(MEMBER, Source("oai", fmt, url=url, prefix=prefix))
    progress(f"{url}: the list once, so that the server is warm")
    pages, listed, size = download(url, prefix, Clock())
    runs: list[Run] = []

    def ours() -> float:
        clock = Clock()
        runs.append(harvested(given, clock))
        return clock.seconds

    def bare() -> float:
        clock = Clock()
        download(url, prefix, clock)
        return clock.seconds

    bare_seconds, seconds = fastest(rounds, bare, ours)
    seen = runs[-1].seen
    return {
        "url": url,
        "format": fmt,
        "pages": pages,
        "bytes": size,
        "records": seen,
        "bare_records": listed,
        "seconds": round(seconds, 3),
        "bare_seconds": round(bare_seconds, 3),
        "records_per_second": rate(seen, seconds),
        "bare_records_per_second": rate(listed, bare_seconds),
        "ratio_to_bare": ratio(seen / seconds, listed / bare_seconds),
        "added_ms_per_record": round(1000 * (seconds - bare_seconds) / seen, 3),
    }


_TOKEN = re.compile(rb"<(?:[\w.-]+:)?resumptionToken\b[^>]*>([^<]+)<")
_HEADER = re.compile(rb"<(?:[\w.-]+:)?header\b")


def download(url: str, prefix: str, clock: Clock) -> tuple[int, int, int]:
    """The same pages and nothing else: (pages, records in them, bytes). Counting is off the clock."""
    pages = records = size = 0
    arguments = {"verb": "ListRecords", "metadataPrefix": prefix}
    with requests.Session() as session:
        while arguments:
            with clock:
                response = session.get(url, params=arguments, timeout=60)
                response.raise_for_status()
                token = _TOKEN.search(response.content)
            said = html.unescape(token[1].decode()).strip() if token else ""
            arguments = {"verb": "ListRecords", "resumptionToken": said} if said else {}
            pages, size = pages + 1, size + len(response.content)
            records += len(_HEADER.findall(response.content))
    if not records:
        raise RuntimeError(f"{url}: lists no record in {prefix}: {response.text[:500]}")
    return pages, records, size


# ── ISO 2709 ─────────────────────────────────────────────────────────────────────────────────────


def measure_iso2709(file: Path | None, rounds: int, records: int) -> Figures:
    """Of the sample's records, or those of a file, again and again until there are so many; 0: of the file itself."""
    with home() as (directory, _):
        path = file.resolve() if file else directory / f"{FILES_MEMBER}.mrc"
        if not file:
            progress(f"writing {records} records")
            path.write_bytes(repeated(records))
        elif records:
            progress(f"writing {records} records of {file.name}")
            path = directory / file.name
            path.write_bytes(repeated_file(file, records))
        return {"file": path.name} | _read_in_turn(path, rounds)


def repeated(records: int) -> bytes:
    """The member's share again and again, until there are so many; each copy has numbers of its own."""
    entries = share(FILES_MEMBER)
    copies = -(-records // len(entries))
    numbered = enumerate((entry for _ in range(copies) for entry in entries), 1)
    return marc.iso2709(msgspec.structs.replace(entry, number=number) for number, entry in numbered)


def repeated_file(file: Path, records: int) -> bytes:
    """What pymarc reads of a file again and again, byte by byte as it is but for the numbers in 001, as long as they
    were; records that share one do so within each copy."""
    reader = pymarc.MARCReader(file.read_bytes())
    found = [(record["001"].data.encode(), reader.current_chunk) for record in reader if record]
    numbers = {number: place for place, number in enumerate(dict.fromkeys(number for number, _ in found))}
    written = bytearray()
    for copy in range(-(-records // len(found))):
        for number, data in found:
            base = int(data[12:17])
            new = b"%0*d" % (len(number), copy * len(numbers) + numbers[number])
            written += data[:base] + data[base:].replace(number, new, 1)
    return bytes(written)


def _read_in_turn(path: Path, rounds: int) -> Figures:
    """pymarc alone, our reading of the same bytes, and the whole harvest of the file with the store behind it."""
    source = Source("file", "marc", path=str(path))
    given, data = network(FILES_MEMBER, source), path.read_bytes()
    counts: list[tuple[int, int]] = []
    alone: list[int] = []
    runs: list[Run] = []

    def bare() -> float:
        with Clock() as clock:
            alone.append(sum(record is not None for record in pymarc.MARCReader(data)))
        return clock.seconds

    def ours() -> float:
        with Clock() as clock:
            counts.append(_read(data, source, given))
        return clock.seconds

    def stored() -> float:
        clock = Clock()
        runs.append(harvested(given, clock))
        return clock.seconds

    bare_seconds, seconds, stored_seconds = fastest(rounds, bare, ours, stored)
    read, unreadable = counts[-1]
    by_pymarc, by_us, by_store = alone[-1] / bare_seconds, read / seconds, runs[-1].seen / stored_seconds
    return {
        "bytes": len(data),
        "records": read,
        "unreadable": unreadable,
        "pymarc_records": alone[-1],
        "records_per_second": round(by_us, 1),
        "pymarc_records_per_second": round(by_pymarc, 1),
        "ratio_to_pymarc": ratio(by_us, by_pymarc),
        "harvested": runs[-1].seen,
        "harvested_per_second": round(by_store, 1),
        "harvested_ratio_to_pymarc": ratio(by_store, by_pymarc),
        "store_adds_ms_per_record": round(1000 * (1 / by_store - 1 / by_us), 3),
    }


def _read(data: bytes, source: Source, given: Tables) -> tuple[int, int]:
    """Records split and parsed, values and holdings: (how many could be read, how many could not)."""
    form = open_format(source, FILES_MEMBER, given.fields)
    read = unreadable = 0
    for payload in form.split(io.BytesIO(data), source.path):
        try:
            if payload.broken:
                raise ValueError(payload.broken)
            form.parse(payload.data)
            read += 1
        except ValueError:
            unreadable += 1
    return read, unreadable


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.harvest", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", default="", help="an OAI-PMH base URL; without it the sample's kku is served")
    parser.add_argument("--format", default="marcxml", choices=("marcxml", "oai_dc"))
    parser.add_argument("--prefix", default="", help="the server's own name for the format, where it is another")
    parser.add_argument("--file", type=Path, help="an ISO 2709 file; without it: the sample's cas, and real records")
    parser.add_argument("--rounds", type=positive, default=ROUNDS, help=f"the fastest of so many counts ({ROUNDS})")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    warnings.simplefilter("ignore", BadSubfieldCodeWarning)  # pymarc's word on each odd code of a real file
    figures = measure(given.url, given.format, given.file, prefix=given.prefix, rounds=given.rounds)
    show(figures, given.json)


if __name__ == "__main__":
    main()
