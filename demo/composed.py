"""The composed titles of the sample: patterns filled with words, by persons who do not exist."""

import itertools
import random
import re
import tomllib
from collections.abc import Iterator
from importlib import resources

import msgspec

from demo.title import Kind, Person, Title

SEED = "sahaban"  # with what is drawn for: the same words give the same sample on every machine


def draw(*what: object) -> random.Random:
    """A source of chance of its own for one purpose, so that one more title leaves the others as they are."""
    return random.Random("|".join(map(str, (SEED, *what))))


class Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One [[pattern]] of composed.toml."""

    area: str
    title: str
    by: str
    kind: Kind = "book"
    subtitle: str = ""
    volume: str = ""
    degree: str = ""
    language: str = "tha"
    most: int = 10_000
    editions: bool = False  # some of the titles have a second edition


class Names(msgspec.Struct, frozen=True):
    men: tuple[str, ...]
    women: tuple[str, ...]
    families: tuple[str, ...]
    latin: tuple[str, ...]
    plain_ranks: dict[str, tuple[str, ...]]
    academic_ranks: tuple[str, ...]


class Words(msgspec.Struct, frozen=True):
    """composed.toml."""

    names: Names
    words: dict[str, tuple[str, ...]]
    pattern: tuple[Pattern, ...]


def words() -> Words:
    text = resources.files("demo").joinpath("composed.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Words)


def titles() -> Iterator[Title]:
    table = words()
    for pattern in table.pattern:
        for filled in _filled(pattern, table.words):
            first = _title(filled, table.names)
            yield first
            if pattern.editions and draw("edition", first.title).random() < 0.3:
                yield _next_edition(first)


def _filled(pattern: Pattern, table: dict[str, tuple[str, ...]]) -> list[Pattern]:
    """Every way to fill a pattern, or as many of them as it allows."""
    slots = list(dict.fromkeys(re.findall(r"\{(\w+)\}", pattern.title + pattern.subtitle + pattern.volume)))
    ways = list(itertools.product(*(table[slot] for slot in slots)))
    if len(ways) > pattern.most:
        ways = draw("ways", pattern.title).sample(ways, pattern.most)
    return [_fill(pattern, dict(zip(slots, way, strict=True))) for way in sorted(ways)]


def _fill(pattern: Pattern, way: dict[str, str]) -> Pattern:
    title, subtitle, volume = (t.format(**way) for t in (pattern.title, pattern.subtitle, pattern.volume))
    return msgspec.structs.replace(pattern, title=title, subtitle=subtitle, volume=volume)


def _title(filled: Pattern, names: Names) -> Title:
    chance = draw("title", filled.area, filled.title, filled.subtitle)
    stated = re.search(r"25\d\d", filled.title)
    return Title(
        kind=filled.kind,
        area=filled.area,
        title=filled.title,
        subtitle=filled.subtitle,
        volume=filled.volume,
        degree=filled.degree,
        language=filled.language,
        creators=_creators(filled, names, chance),
        publisher=filled.by.partition(".")[0] if _corporate(filled.by) else "",
        place="ขอนแก่น" if _corporate(filled.by) else "",
        year=int(stated[0]) - 543 if stated else chance.randint(1994, 2024),
        work=f"c-{filled.area}-{filled.title}-{filled.subtitle}",
    )


def _next_edition(first: Title) -> Title:
    number = draw("next", first.title).randint(2, 4)
    return msgspec.structs.replace(first, edition=f"พิมพ์ครั้งที่ {number}", year=min(first.year + 2 * number, 2025))


def _corporate(by: str) -> bool:
    return by not in ("persons", "ranked", "latin", "none")


def _creators(filled: Pattern, names: Names, chance: random.Random) -> tuple[Person, ...]:
    if filled.by == "none":
        return ()
    if _corporate(filled.by):
        return (Person(filled.by, "corporate"),)
    if filled.by == "latin":
        return (Person(chance.choice(names.latin), "western"),)
    alone = filled.kind == "thesis" or chance.random() < 0.75
    people = [_person(filled, names, chance) for _ in range(1 if alone else 2)]
    return tuple({p.name: p for p in people}.values())


def _person(filled: Pattern, names: Names, chance: random.Random) -> Person:
    """One of the few who write in an area: each of them has several titles."""
    writer = draw("writer", filled.area, chance.randrange(24))
    sex = writer.choice(("men", "women"))
    name = f"{writer.choice(names.men if sex == 'men' else names.women)} {writer.choice(names.families)}"
    learned = filled.by == "ranked" or writer.random() < 0.15
    rank = writer.choice(names.academic_ranks if learned else names.plain_ranks[sex])
    return Person(name, "thai", rank=rank)
