"""What every measurement shares: a clock, rates and percentiles, a home for one run, and how figures are printed."""

import contextlib
import json
import math
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine

import config
import sahaban
from config import database
from config.tables import Tables, read

Figures = dict[str, Any]
MATERIAL = Path(__file__).parents[2] / "shared" / "data"  # real records that lie beside the checkout


class BenchError(Exception):
    """What a measurement needs is not there, or not as it should be: one line says what."""


def material(name: str) -> Path:
    """A file of the real material. Raises BenchError where it is not there."""
    path = MATERIAL / name
    if not path.exists():
        raise BenchError(f"{name} is missing: it should lie in {MATERIAL}")
    return path


def run(main: Callable[[], None]) -> None:
    """The command of a measurement: one line and exit code 2 for what it cannot work with."""
    try:
        main()
    except BenchError as error:
        progress()
        print(error, file=sys.stderr)
        sys.exit(2)


class Clock:
    """Adds up the seconds of the blocks that it is held around."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._began


class Share(Clock):
    """A clock that also says which share of a processor this process got. Well below 1 others were at work, and times
    in milliseconds say little."""

    def __init__(self) -> None:
        super().__init__()
        self.worked = 0.0

    def __enter__(self) -> Self:
        self._worked = time.process_time()
        return super().__enter__()

    def __exit__(self, *given: object) -> None:
        super().__exit__(*given)
        self.worked += time.process_time() - self._worked

    def said(self) -> float:
        return round(self.worked / self.seconds, 3)


def rate(count: int, seconds: float) -> float:
    """So many a second."""
    return round(count / seconds, 1)


def ratio(ours: float, bare: float) -> float:
    return round(ours / bare, 3)


def milliseconds(seconds: Sequence[float]) -> Figures:
    """The mean, the median and the 99th percentile."""
    ordered = sorted(seconds)
    return {
        "mean_ms": round(1000 * sum(ordered) / len(ordered), 3),
        "p50_ms": round(1000 * percentile(ordered, 50), 3),
        "p99_ms": round(1000 * percentile(ordered, 99), 3),
    }


def percentile(ordered: Sequence[float], share: int) -> float:
    """The smallest value that ``share`` per cent of the values do not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]


def positive(text: str) -> int:
    """A whole number above 0, for argparse. Raises ValueError."""
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


def tables() -> Tables:
    """The tables that the program ships, whatever the environment says."""
    return read(Path(config.__file__).parent, sahaban.known(), {})


@contextlib.contextmanager
def home(under: Path | None = None) -> Iterator[tuple[Path, Engine]]:
    """An empty home with its database, under a directory where there is room; both are gone after the block."""
    if under:
        under.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sahaban-bench-", dir=under) as name:
        engine = database.connect(f"sqlite:///{Path(name) / 'sahaban.db'}")
        try:
            yield Path(name), engine
        finally:
            engine.dispose()


def machine() -> Figures:
    """Where the figures were taken; a load above the number of processors says that others were at work."""
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None  # Windows has none
    return {"python": platform.python_version(), "processors": os.cpu_count(), "load": load}


# ── what a person sees ───────────────────────────────────────────────────────────────────────────


def progress(text: str = "") -> None:
    """What is being done, in one line that the next replaces; nothing where nobody watches."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def show(figures: Figures, as_json: bool) -> None:
    progress()
    print(json.dumps(figures, ensure_ascii=False, indent=2) if as_json else "\n".join(_lines(figures)))


def _lines(figures: Figures, indent: str = "") -> Iterator[str]:
    """Figures one below the other; what holds the same figures for several things is a table."""
    plain = {name: value for name, value in figures.items() if not isinstance(value, dict)}
    width = max(map(len, plain), default=0)
    yield from (f"{indent}{name:<{width}}  {_said(value)}" for name, value in plain.items())
    for name, value in figures.items():
        if isinstance(value, dict):
            yield f"{indent}{name}"
            rows = value and all(isinstance(row, dict) for row in value.values())
            yield from _table(value, f"{indent}  ") if rows else _lines(value, f"{indent}  ")


def _table(rows: dict[str, Figures], indent: str) -> Iterator[str]:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    first = max(map(len, rows))
    yield f"{indent}{'':<{first}}" + "".join(f"  {column:>{_wide(column)}}" for column in columns)
    for name, row in rows.items():
        cells = (f"  {_said(row.get(column)):>{_wide(column)}}" for column in columns)
        yield f"{indent}{name:<{first}}" + "".join(cells)


def _wide(column: str) -> int:
    return max(9, len(column))


def _said(value: object) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)
