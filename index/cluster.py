"""Which records are one title: a pure function of edges and decisions; and how its ids live on."""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

Pair = tuple[str, str]


def partition(
    records: Iterable[str], edges: Iterable[Pair], same: Iterable[Pair], different: Iterable[Pair]
) -> list[list[str]]:
    """The groups of records, each sorted, in sorted order; the order of the arguments means nothing.

    People's decisions come first: what is decided the same is joined, and no edge joins two groups that
    hold a pair decided different.
    """
    parent = {record: record for record in records}
    apart: dict[str, set[str]] = {record: set() for record in parent}
    for a, b in different:
        if a in parent and b in parent:
            apart[a].add(b)
            apart[b].add(a)
    group = {record: {record} for record in parent}

    def root(record: str) -> str:
        while parent[record] != record:
            parent[record] = parent[parent[record]]
            record = parent[record]
        return record

    for a, b in [*sorted(same), *sorted(edges)]:
        if a not in parent or b not in parent:
            continue
        x, y = sorted((root(a), root(b)), key=lambda r: (-len(group[r]), r))
        if x == y or any(apart[record] & group[x] for record in group[y] if apart[record]):
            continue
        parent[y] = x
        group[x] |= group.pop(y)
    return sorted(sorted(members) for members in group.values())


def assign(
    groups: Iterable[list[str]], before: Mapping[str, str], taken: Callable[[str], bool]
) -> tuple[dict[str, str], dict[str, str]]:
    """(record -> id, id that disappears -> id that follows it).

    An id stays with the group that has most of its records (of equals the one whose first record sorts
    first); a group that inherits several keeps the one that brings most records (of equals the one that
    sorts first). ``before`` is record -> id as it was, ``taken`` tells whether an id was ever given.
    """
    groups = list(groups)
    share: dict[str, Counter[int]] = {}
    for number, members in enumerate(groups):
        for record in members:
            if record in before:
                share.setdefault(before[record], Counter())[number] += 1
    heirs: dict[int, list[tuple[int, str]]] = {}
    for old, counts in share.items():
        number = min(counts, key=lambda n: (-counts[n], groups[n][0]))
        heirs.setdefault(number, []).append((-counts[number], old))
    ids: dict[str, str] = {}
    aliases: dict[str, str] = {}
    given: set[str] = set(share)
    for number, members in enumerate(groups):
        inherited = [old for _, old in sorted(heirs.get(number, ()))]
        id_ = inherited[0] if inherited else _new(members[0], lambda i: i in given or taken(i))
        given.add(id_)
        ids |= dict.fromkeys(members, id_)
        aliases |= dict.fromkeys(inherited[1:], id_)
    return ids, aliases


def _new(record: str, taken: Callable[[str], bool]) -> str:
    """An id that was never given: ten letters and digits, from the record that the cluster began with."""
    attempt = 0
    while True:
        digest = hashlib.sha256(f"{record}\0{attempt}".encode()).digest()
        id_ = base64.b32encode(digest)[:10].decode().lower()
        if not taken(id_):
            return id_
        attempt += 1
