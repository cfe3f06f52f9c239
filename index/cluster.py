"""Which records are one title, which titles one work: pure functions of edges and decisions; and how ids live on."""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import msgspec

Pair = tuple[str, str]
WORK_MOST = 200  # titles of one work; what would make a larger one is left out, weakest first


def ordered(pair: Pair) -> Pair:
    return min(pair), max(pair)


class Partition(msgspec.Struct, frozen=True):
    """Groups of records, each sorted, in sorted order; and the links that were not followed, each with the pair
    because of which: one for two groups, the strongest."""

    groups: list[list[str]]
    refused: dict[Pair, Pair]


def partition(
    records: Iterable[str],
    edges: Mapping[Pair, int],
    same: Iterable[Pair] = (),
    different: Iterable[Pair] = (),
    against: Iterable[Pair] = (),
) -> Partition:
    """The clusters. ``edges`` are the pairs that are one title by their points, ``against`` those that cannot be;
    ``same`` and ``different`` are what people decided. The order of the arguments means nothing.

    Decisions come first, then edges, the strongest first; neither joins two groups that hold a pair decided different,
    and no edge two that hold a pair that speaks against it.
    """
    sets = _Sets(records)
    together = [(0, *ordered(pair)) for pair in same]
    apart = _neighbours(different)
    refused = dict(_join(sets, sorted(together), apart))
    decided = {(a, b) for _, a, b in together}
    apart = _neighbours([*different, *({(a, b) for a, b in map(ordered, against)} - decided)])
    strongest_first = sorted((-points, *ordered(pair)) for pair, points in edges.items())
    refused |= dict(_join(sets, strongest_first, apart))
    told: dict[Pair, Pair] = {}
    for link in refused:  # decisions, then edges, as they were met: the first of two groups is the strongest
        a, b = ordered((sets.root(link[0]), sets.root(link[1])))
        if a != b:
            told.setdefault((a, b), link)
    groups = sorted(sorted(members) for members in sets.members.values())
    return Partition(groups, {link: refused[link] for link in told.values()})


def _join(
    sets: "_Sets", links: Iterable[tuple[int, str, str]], apart: Mapping[str, set[str]]
) -> Iterator[tuple[Pair, Pair]]:
    """Follow links; what keeps two groups apart is found once, as long as neither grows."""
    known: dict[tuple[str, str, int, int], Pair] = {}
    for _, a, b in links:
        if a not in sets.parent or b not in sets.parent:
            continue
        small, large = sorted((sets.root(a), sets.root(b)), key=lambda r: (len(sets.members[r]), r))
        if small == large:
            continue
        tried = (small, large, len(sets.members[small]), len(sets.members[large]))
        if tried not in known:
            found = _between(sets.members[small], sets.members[large], apart)
            if found is None:
                sets.union(small, large)
                continue
            known[tried] = found
        yield (a, b), known[tried]


def _between(few: set[str], many: set[str], apart: Mapping[str, set[str]]) -> Pair | None:
    found = ((record, other) for record in few if record in apart for other in apart[record] & many)
    return min((min(pair, pair[::-1]) for pair in found), default=None)


def _neighbours(pairs: Iterable[Pair]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for a, b in pairs:
        found.setdefault(a, set()).add(b)
        found.setdefault(b, set()).add(a)
    return found


class _Sets:
    """Disjoint sets, each with its members at its root."""

    def __init__(self, records: Iterable[str]):
        self.parent = {record: record for record in records}
        self.members = {record: {record} for record in self.parent}

    def root(self, record: str) -> str:
        while self.parent[record] != record:
            self.parent[record] = self.parent[self.parent[record]]
            record = self.parent[record]
        return record

    def union(self, small: str, large: str) -> None:
        self.parent[small] = large
        self.members[large] |= self.members.pop(small)


def works(ids: Mapping[str, str], links: Mapping[Pair, int]) -> dict[str, str]:
    """Title -> its work, for titles that are not alone in theirs. ``ids`` is record -> title, ``links`` are pairs of
    records of one work, with points. A work goes by the title of it that sorts first."""
    sets = _Sets(set(ids.values()))
    for _, a, b in sorted((-points, *ordered(pair)) for pair, points in links.items()):
        if a not in ids or b not in ids:
            continue
        small, large = sorted((sets.root(ids[a]), sets.root(ids[b])), key=lambda r: (len(sets.members[r]), r))
        if small != large and len(sets.members[small]) + len(sets.members[large]) <= WORK_MOST:
            sets.union(small, large)
    together = (titles for titles in sets.members.values() if len(titles) > 1)
    return {title: first for titles in together for first in [min(titles)] for title in titles}


Asked = Callable[[Collection[str]], set[str]]  # which of some ids …


def assign(
    groups: Iterable[list[str]], before: Mapping[str, str], taken: Asked, retired: Asked = lambda ids: set()
) -> tuple[dict[str, str], dict[str, str]]:
    """(record -> id, id that disappears -> id that follows it).

    An id stays with the group that has most of its records (of equals the one whose first record sorts
    first), but for groups that were joined and are parted again: each has the id that it had. A group that inherits
    several keeps the one that brings most records (of equals the one that its first record gives by itself, then the
    one that sorts first). ``before`` is record -> id as it was, ``taken`` tells which of some ids are those of other
    titles, ``retired`` which of them redirect.
    """
    groups = list(groups)
    share: dict[str, Counter[int]] = {}
    for number, members in enumerate(groups):
        for record in members:
            if record in before:
                share.setdefault(before[record], Counter())[number] += 1
    parted = {number for counts in share.values() if len(counts) > 1 for number in counts}
    new = {number for number, members in enumerate(groups) if before.keys().isdisjoint(members)}
    had = _had({number: groups[number] for number in parted | new}, lambda some: retired(some) - share.keys())
    heirs: dict[int, list[tuple[int, bool, str]]] = {}
    for old, counts in share.items():
        number = min(counts, key=lambda n: (n in had, -counts[n], groups[n][0]))
        heirs.setdefault(number, []).append((-counts[number], old != drawn(groups[number][0]), old))
    inherited = {number: [old for _, _, old in sorted(olds)] for number, olds in heirs.items()}
    waiting = {number: members[0] for number, members in enumerate(groups) if number not in heirs}
    again = {number: had[number] for number in waiting if number in had}
    begun = [record for number, record in waiting.items() if number not in again]
    fresh = _fresh(begun, {*share, *again.values()}, taken)
    ids: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for number, members in enumerate(groups):
        olds = inherited.get(number, ())
        id_ = olds[0] if olds else again.get(number) or fresh[members[0]]
        ids |= dict.fromkeys(members, id_)
        aliases |= dict.fromkeys(olds[1:], id_)
    return ids, aliases


def _had(groups: Mapping[int, list[str]], retired: Asked) -> dict[int, str]:
    """The id that redirects and was drawn from a record of the group, by the group's number."""
    drew = {drawn(record): number for number, members in groups.items() for record in reversed(members)}
    resting = retired(drew.keys())
    return {number: id_ for id_, number in drew.items() if id_ in resting}


def _fresh(records: list[str], given: set[str], taken: Asked) -> dict[str, str]:
    """An id for each record that begins a cluster."""
    found: dict[str, str] = {}
    attempt = 0
    while waiting := [record for record in records if record not in found]:
        tried = {record: drawn(record, attempt) for record in waiting}
        closed = given | taken(set(tried.values()))
        for record, id_ in tried.items():
            if id_ not in closed:
                found[record] = id_
                closed.add(id_)
        given = given | set(found.values())
        attempt += 1
    return found


def drawn(record: str, attempt: int = 0) -> str:
    """Ten letters and digits, from the record that a cluster begins with."""
    digest = hashlib.sha256(f"{record}\0{attempt}".encode()).digest()
    return base64.b32encode(digest)[:10].decode().lower()
