"""ISBNs that say nothing: they stand on different titles, or on too many volumes, so no one book has them."""

from collections.abc import Collection, Iterable
from itertools import combinations

from rapidfuzz import fuzz
from sqlalchemy import Connection, insert, select

from index import blocks, shape, sql
from index.match.facts import Facts

ALIKE = 60  # per cent of the letters; titles of one book that are less alike are different readings of its title page
VOLUMES = 3
MOST = 30  # titles of one ISBN that are compared with each other


def key(isbn: str) -> str:
    return f"isbn:{isbn}"


def said(connection: Connection) -> frozenset[str]:
    return frozenset(connection.scalars(select(shape.worthless.c.isbn)))


def weigh(connection: Connection, isbns: Collection[str]) -> set[int]:
    """Find out of ISBNs whether they are worth anything; the records of those that changed sides."""
    numbered = {blocks.block(key(isbn)): isbn for isbn in isbns}
    carriers: dict[str, list[int]] = {isbn: [] for isbn in isbns}
    for b, number in sql.within(connection, select(shape.blocks), shape.blocks.c.block, numbered):
        carriers[numbered[b]].append(number)
    shared = {isbn: numbers for isbn, numbers in carriers.items() if len(numbers) > 1}
    facts = blocks.read(connection, {number for numbers in shared.values() for number in numbers})
    bad = {isbn for isbn, numbers in shared.items() if worthless(facts[number] for number in numbers)}
    before = {row[0] for row in sql.within(connection, select(shape.worthless), shape.worthless.c.isbn, isbns)}
    sql.drop(connection, shape.worthless.c.isbn, before - bad)
    if new := sorted(bad - before):
        connection.execute(insert(shape.worthless), [{"isbn": isbn} for isbn in new])
    return {number for isbn in before ^ bad for number in carriers[isbn]}


def worthless(carriers: Iterable[Facts]) -> bool:
    """Whether records that share an ISBN are of different titles, or of more volumes than one number can stand for."""
    titles: dict[str, set[str]] = {}
    volumes: set[tuple[str, ...]] = set()
    for facts in carriers:
        for title in facts.titles:
            titles.setdefault(title.script, set()).add(title.main)
        volumes.add(facts.volume)
    if len(volumes - {()}) > VOLUMES or any(len(some) > MOST for some in titles.values()):
        return True
    return any(_different(a, b) for some in titles.values() for a, b in combinations(sorted(some), 2))


def _different(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    return fuzz.ratio(a, b) < ALIKE and not long.startswith(short)
