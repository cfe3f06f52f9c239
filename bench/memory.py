"""The memory of a process and all its children, as Linux tells it."""

from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def processes(pid: int) -> Iterator[int]:
    """The process, its children, and theirs; one that has just ended is left out."""
    yield pid
    for told in PROC.glob(f"{pid}/task/*/children"):
        try:
            children = told.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from processes(int(child))


class Peak:
    """The most memory that was seen, in MiB; 0 where /proc does not say.

    ``shared`` counts once what several processes share (PSS), which is what the machine needs; ``added`` counts it
    in each of them (RSS).
    """

    def __init__(self) -> None:
        self.shared = self.added = 0.0

    def look(self, pid: int) -> None:
        shared = added = 0
        for process in processes(pid):
            told = _kilobytes(process)
            shared += told.get("Pss", 0)
            added += told.get("Rss", 0)
        self.shared, self.added = max(self.shared, shared / 1024), max(self.added, added / 1024)


def _kilobytes(pid: int) -> dict[str, int]:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    except OSError:  # it has just ended
        return {}
    return {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
