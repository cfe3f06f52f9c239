"""Lucene, as Solr-based catalogues use it, over the same titles and questions: run beside ours in the same run.

The peer (LucenePeer.java, with run.sh beside it) lies beside the checkout and reads two files of tab-separated lines:

    RECORDS.tsv   id, title, author, subject, isbn, year, members with "," between them, language, material
    QUERIES.tsv   label, words with spaces between them

Texts are words with spaces between them, as ours are cut; or as they stand, for Lucene's own ThaiAnalyzer.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from bench.composed import Composed, identifier
from bench.measure import MATERIAL, BenchError, Figures, ratio
from search import text

PEER = MATERIAL.parent / "peers" / "lucene" / "run.sh"
RECORDS, QUERIES = "RECORDS.tsv", "QUERIES.tsv"
SPACES = re.compile(r"\s+")

Cut = Callable[[str], str]


def present() -> bool:
    return PEER.exists()


def words(value: str) -> str:
    """The words of a text with spaces between them."""
    return " ".join(text.words(value))


def unsegmented(value: str) -> str:
    """The text as it stands, on one line."""
    return SPACES.sub(" ", value).strip()


def row(title: Composed, cut: Cut) -> str:
    """The line of a title in RECORDS.tsv."""
    given = title.values
    texts = (cut(" ; ".join(given[name])) for name in ("title", "creator", "subject"))
    coded = (title.isbn, *given["year"], ",".join(title.members), *given["language"], *given["material"])
    return "\t".join((identifier(title), *texts, *coded))


def write_records(path: Path, titles: Iterable[Composed], cut: Cut = words) -> int:
    """RECORDS.tsv of the titles. How many they are."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for count, title in enumerate(titles, 1):  # noqa: B007  # the last one is the answer
            file.write(row(title, cut) + "\n")
    return count


def read_records(path: Path) -> Iterator[list[str]]:
    """The cells of each line of RECORDS.tsv."""
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield line.rstrip("\n").split("\t")


def write_queries(path: Path, questions: dict[str, Sequence[Sequence[str]]]) -> None:
    """QUERIES.tsv of each label's questions, each as its words."""
    lines = (f"{label}\t{' '.join(cut)}\n" for label, asked in questions.items() for cut in asked)
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


# ── the peer ─────────────────────────────────────────────────────────────────────────────────────


def index(records: Path, directory: Path, *, thai: bool = False) -> float:
    """Index the records. How many a second, on two threads, as Lucene itself says. Raises BenchError."""
    told = _run("index", str(records), str(directory), run=directory.parent, thai=thai)
    if not (match := re.search(r"lucene index \d+ records, ([\d.]+) records/s", told)):
        raise BenchError(f"Lucene does not say how fast it was: {told[-300:]}")
    return float(match[1])


def search(queries: Path, directory: Path, repeats: int) -> dict[str, Figures]:
    """What each label's questions took, and ALL of them. Of several repeats the first warms up."""
    told = _run("search", str(queries), str(directory), str(repeats), run=directory.parent)
    if not (found := parsed(told)):
        raise BenchError(f"Lucene does not say how long it took: {told[-300:]}")
    return found


_TOLD = re.compile(r"^lucene (\S+) +n=(\d+) p50 ([\d.]+) ms p99 ([\d.]+) ms mean ([\d.]+) ms$", re.MULTILINE)


def parsed(told: str) -> dict[str, Figures]:
    return {
        label: {"mean_ms": float(mean), "p50_ms": float(p50), "p99_ms": float(p99), "asked": int(asked)}
        for label, asked, p50, p99, mean in _TOLD.findall(told)
    }


def faster(one: dict[str, Figures], other: dict[str, Figures]) -> dict[str, Figures]:
    """Of two runs the one with the lower mean of all: a disturbed machine must not make us look better."""
    return min(one, other, key=lambda figures: float(figures["ALL"]["mean_ms"]))


def beside(ours: Figures, lucene: Figures) -> Figures:
    """Lucene's figures beside ours; ratios below 1 say that ours is the faster."""
    return {
        "lucene_mean_ms": lucene["mean_ms"],
        "lucene_p99_ms": lucene["p99_ms"],
        "ratio_to_lucene": ratio(ours["mean_ms"], lucene["mean_ms"]),
        "p99_ratio_to_lucene": ratio(ours["p99_ms"], lucene["p99_ms"]),
    }


def _run(*arguments: str, run: Path, thai: bool = False) -> str:
    environ = os.environ | {"SAHABAN_RUN": str(run / "peer"), "JAVA_OPTS": "-Dthai=1" if thai else ""}
    done = subprocess.run([str(PEER), *arguments], env=environ, capture_output=True, check=False)
    if done.returncode:
        raise BenchError(f"Lucene fails: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return done.stdout.decode()
