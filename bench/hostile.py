"""Questions that mean harm, or that nobody thought of: none may fail, and none may take long.

    python -m bench.hostile [--titles N] [--queries N] [--engine NAME] [--home DIR] [--json]

They are drawn with a fixed seed, from twelve families, and asked of composed titles (bench/composed.py). A question
that is refused with a sentence (QueryError) is no error, and counted apart.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from bench import kept
from bench.composed import block, vocabulary
from bench.measure import Figures, machine, milliseconds, positive, progress, run, show, tables
from bench.search import build
from search.engines import ENGINES
from search.question import SORTS, Query, QueryError
from search.service import Catalogue

SEED = "sahaban-bench-hostile-1"
TITLES, QUERIES = 100_000, 10_000
LONG = 100_000  # bytes of the longest questions
SLOW = (100, 500)  # milliseconds
SHOWN = 80  # characters of a question in the figures

FIELDS = ("title", "creator", "subject", "isbn", "year", "language", "any", "nothing", "ชื่อเรื่อง", "_id", "title_w")
OPERATORS = ("AND", "OR", "NOT", "ANDNOT", "ANDMAYBE", "TO", "(", ")", '"', "'", "[", "]", "{", "}", ":", "*", "?",
             "^", "~", "-", "+", "<", ">", "..", "\\", "/", "|", "&&", "!", ",", ";", "และ", "หรือ", "ไม่")  # fmt: skip
BOMBS = ("(a+)+$", "(.*)*", "((a*)*)*b", "a{1,9999}", "[ก-๙]*", "(?:x+x+)+y", "/.*.*.*.*/",
         "^(([a-z])+.)+[A-Z]([a-z])+$", "(ก|ก|ก)*ข", "\\", "[", "[^", "(?P<x", "*{2}", "\\x00",
         ".*" * 50, "?" * 60, "[" * 500)  # fmt: skip
CONTROLS = tuple(map(chr, (*range(0x20), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
                           *range(0x2060, 0x2070), 0xFEFF, 0xFFF9, 0xFFFE, 0xFFFF, 0xE000, 0x10FFFF)))  # fmt: skip
MARKS = tuple(
    map(chr, (0x0E31, *range(0x0E33, 0x0E3B), *range(0x0E47, 0x0E4F), 0x0E4D, 0x0E40, 0x0E24, 0x0E45, 0x0E46, 0x0E2F))
)


def _word(chance: random.Random) -> str:
    words = vocabulary().titles[chance.choice(("tha", "tha", "eng"))]
    return words.drawn(chance, 1)[0] if chance.random() < 0.5 else chance.choice(words.words)


def _some(chance: random.Random, most: int) -> list[str]:
    return [_word(chance) for _ in range(chance.randint(1, most))]


def _planes(chance: random.Random) -> str:
    """Characters of every plane; surrogates are none."""
    points = (
        chance.choice((chance.randrange(0x3000), chance.randrange(0x110000))) for _ in range(chance.randint(1, 200))
    )
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)


def _operators(chance: random.Random) -> str:
    parts = (_word(chance) if chance.random() < 0.4 else chance.choice(OPERATORS) for _ in range(chance.randint(1, 60)))
    return chance.choice((" ", "")).join(parts)


def _nesting(chance: random.Random) -> str:
    depth, word = chance.choice((5, 50, 500, 5000)), _word(chance)
    return chance.choice((
        "(" * depth + word + ")" * depth,
        "(" * depth + word,
        word + ")" * depth,
        "NOT " * depth + word,
        "-" * depth + word,
        f"({word} OR (" * depth + word + "))" * depth,
        f"({word} " * depth + ")" * depth,
        "title:(" * depth + word + ")" * depth,
        '"' * depth + word,
    ))  # fmt: skip


def _long(chance: random.Random) -> str:
    """As many bytes as fit into a long question."""
    parts = _some(chance, 200)
    between = chance.choice((" ", "", " OR ", " AND ", ", ", "* ", '" "', " title:"))
    text = between.join(parts) + between
    text *= LONG // len(text.encode()) + 1
    return text.encode()[:LONG].decode(errors="ignore")


def _bombs(chance: random.Random) -> str:
    bomb = chance.choice(BOMBS)
    return chance.choice(
        (bomb, f"title:{bomb}", f"{_word(chance)}{bomb}", f'"{bomb}"', f"{bomb} {_word(chance)}", bomb * 20)
    )


def _controls(chance: random.Random) -> str:
    parts = (_word(chance) if chance.random() < 0.3 else chance.choice(CONTROLS) for _ in range(chance.randint(1, 60)))
    return "".join(parts)


def _wildcards(chance: random.Random) -> str:
    """* and ? in every place of a word, and alone."""
    letters = list(chance.choice((_word(chance), "", "ก", "a", "การ", "1")))
    for _ in range(chance.randint(1, 6)):
        letters.insert(chance.randint(0, len(letters)), chance.choice(("*", "?", "**", "*?")))
    pattern = "".join(letters)
    return chance.choice(
        (pattern, f"title:{pattern}", " ".join([pattern] * chance.randint(2, 40)), f'"{pattern}"', f"-{pattern}")
    )


def _unbalanced(chance: random.Random) -> str:
    parts = _some(chance, 8)
    for _ in range(chance.randint(1, 12)):
        parts.insert(
            chance.randint(0, len(parts)), chance.choice(('"', "(", ")", "[", "]", "{", "}", "“", "”", "'", "«"))
        )
    return chance.choice((" ", "")).join(parts)


def _fields(chance: random.Random) -> str:
    """Names of fields before anything, and ranges that have no end, no order or no sense."""
    value = chance.choice((
        _word(chance), "", ":", "[2550 TO", "[2550 TO 2560]", "{TO}", "[TO 99999999999999999999]", "[ก TO ฮ]",
        "['' TO '']", "2560-2550", ">2550", "<=๒๕๖๐", "-1", "9" * 400, "1e400", "0x10", "[* TO *]",
        "978" + "0" * 10, '"', "(", "*",
    ))  # fmt: skip
    return ":".join([*chance.choices(FIELDS, k=chance.randint(1, 4)), value])


def _thai(chance: random.Random) -> str:
    """Marks that are repeated, and runs without a space: what Thai analysis has to get through."""
    length = chance.choice((5, 50, 500, 5000, 20_000))
    return chance.choice((
        "ก" + chance.choice(MARKS) * length,
        "".join(chance.choices(MARKS, k=length)),
        "".join(f"ก{mark}" for mark in chance.choices(MARKS, k=length)),
        _word(chance) * (length // 5 + 1),
        "".join(_some(chance, length // 5 + 1)),
        "ก" * length,
        "กา" * length,
        "เ" * length,
        "".join(chr(chance.randrange(0x0E01, 0x0E5C)) for _ in range(length)),
        " ".join("".join(chr(chance.randrange(0x0E01, 0x0E2F)) for _ in range(3)) for _ in range(length // 4)),
    ))  # fmt: skip


def _frequent(chance: random.Random) -> str:
    """What is in nearly every title, over and over: sensible words, but very many of them."""
    words = vocabulary().titles["tha"].words[:200]
    return chance.choice((" ", " OR ", "")).join(chance.choices(words, k=chance.randint(1, 200)))


def _titles(chance: random.Random) -> str:
    """Whole titles, damaged: a reader who pasted too much."""
    text = " ".join(title.title for title in chance.choices(block(0), k=chance.randint(1, 20)))
    cut = chance.randint(0, len(text))
    return text[cut:] + chance.choice(OPERATORS) + text[:cut]


FAMILIES: dict[str, Callable[[random.Random], str]] = {
    "planes": _planes,
    "operators": _operators,
    "nesting": _nesting,
    "long": _long,
    "bombs": _bombs,
    "controls": _controls,
    "wildcards": _wildcards,
    "unbalanced": _unbalanced,
    "fields": _fields,
    "thai": _thai,
    "frequent": _frequent,
    "titles": _titles,
}


def questions(count: int) -> list[tuple[str, Query]]:
    """So many (family, question); one of ten is the question of an address whose other arguments are hostile, too."""
    chance = random.Random(SEED)
    families = [chance.choice(tuple(FAMILIES)) for _ in range(count)]
    return [(family, _question(chance, FAMILIES[family](chance))) for family in families]


def _question(chance: random.Random, text: str) -> Query:
    if chance.random() < 0.9:
        return Query(text)

    def odd() -> str:
        return chance.choice(
            ("", "-1", "0", "999999", "๒๕๖๐", "kku", "tha", "2500-", "9" * 30, _controls(chance), _bombs(chance))
        )

    names = ("in", "years", "page", "size", "exact", "member", "language", "material", "year")
    args: dict[str, Any] = {name: [odd()] for name in names if chance.random() < 0.3}
    return Query.from_args(
        {"q": [text], "sort": [chance.choice(SORTS)], **args}, ("member", "language", "material", "year")
    )


class Tally(msgspec.Struct):
    """What happened to the questions of one family."""

    seconds: list[float] = []
    refused: int = 0
    errors: list[str] = []
    slowest: tuple[float, str] = (0.0, "")

    def ask(self, catalogue: Catalogue, query: Query) -> None:
        began = time.perf_counter()
        try:
            catalogue.search(query)
        except QueryError:
            self.refused += 1
        except Exception as error:  # that none of them reaches a reader is what is measured
            self.errors.append(f"{type(error).__name__}: {error}"[:200] + f" in {_shown(query)}")
        seconds = time.perf_counter() - began
        self.seconds.append(seconds)
        self.slowest = max(self.slowest, (seconds, _shown(query)))


def _shown(query: Query) -> str:
    """The question, cut; its length says how much of it is missing."""
    return f"{query.text[:SHOWN]!r} ({len(query.text)})"


def measure(
    count: int = TITLES, queries: int = QUERIES, engine: str = "tantivy", directory: Path | None = None
) -> Figures:
    given = tables()
    given = msgspec.structs.replace(given, settings=msgspec.structs.replace(given.settings, engine=engine))
    tallies = {family: Tally() for family in FAMILIES}
    with kept.home(directory, count) as (path, database):
        catalogue = Catalogue(given, database, path / engine)
        build(catalogue)
        for number, (family, query) in enumerate(questions(queries)):
            progress(f"questions: {number}, {family}")
            tallies[family].ask(catalogue, query)
        held = catalogue.titles()
    asked = {family: tally for family, tally in tallies.items() if tally.seconds}
    return _figures(asked.values()) | {
        "by_family": {family: _figures([tally]) for family, tally in asked.items()},
        "slowest": {family: tally.slowest[1] for family, tally in asked.items()},
        "examples": [error for tally in asked.values() for error in tally.errors[:3]],
        "titles": held,
        "queries": queries,
        "engine": engine,
        "seed": SEED,
        "machine": machine(),
    }


def _figures(tallies: Iterable[Tally]) -> Figures:
    some = list(tallies)
    seconds = [second for tally in some for second in tally.seconds]
    return {
        "errors": sum(len(tally.errors) for tally in some),
        "refused": sum(tally.refused for tally in some),
        **{f"over_{limit}_ms": sum(1000 * second > limit for second in seconds) for limit in SLOW},
        **milliseconds(seconds),
        "slowest_ms": round(1000 * max(seconds), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--titles", type=positive, default=TITLES, metavar="N", help=f"how many titles ({TITLES})")
    parser.add_argument(
        "--queries", type=positive, default=QUERIES, metavar="N", help=f"how many questions ({QUERIES})"
    )
    parser.add_argument("--engine", default="tantivy", choices=tuple(ENGINES))
    parser.add_argument("--home", type=Path, metavar="DIR", help="keep documents and indexes there for the next run")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    show(measure(given.titles, given.queries, given.engine, given.home), given.json)


if __name__ == "__main__":
    run(main)
