"""Whether two names are of one person or body, whatever their order, initials and script."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import permutations

from rapidfuzz import fuzz

from index.match import normal

# How well two names agree, the best first.
LEVELS = ("equal", "initials", "near", "part", "differs", "scripts")


def best(ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, str, str]:
    """(how well the best pair of names agrees, the two names)."""
    found = ("scripts", "", "")
    for one in ours:
        for two in theirs:
            how = level(one, two)
            if how == "equal":
                return how, one, two
            if LEVELS.index(how) < LEVELS.index(found[0]) or not found[1]:
                found = (how, one, two)
    return found


@lru_cache(maxsize=1 << 14)
def level(one: str, two: str) -> str:
    """How well two normalised names agree; "scripts" where they cannot be compared."""
    if one == two:
        return "equal"
    if normal.script(one) != normal.script(two):
        return "scripts"
    ours, theirs = one.split(), two.split()
    if sorted(ours) == sorted(theirs) or _joined(ours, theirs):
        return "equal"
    short, long = sorted((ours, theirs), key=len)
    if _covered(short, long):
        return "initials"
    if fuzz.ratio(" ".join(sorted(ours)), " ".join(sorted(theirs))) >= 85 and len(one) >= 8:
        return "near"
    shared = {part for part in ours if len(part) > 3} & {part for part in theirs if len(part) > 3}
    return "part" if shared else "differs"


def _joined(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether they are the same letters with other spaces, in any order: หลวงวิจิตรวาทการ is วิจิตรวาทการ, หลวง."""
    short, long = sorted((ours, theirs), key=len)
    whole = "".join(short)
    if len(whole) != sum(map(len, long)) or len(long) > 3:
        return False
    return any("".join(order) == whole for order in permutations(long))


def _covered(short: Iterable[str], long: Sequence[str]) -> bool:
    """Every part of the shorter name is a part of the longer one or its initial; one at least is whole."""
    left, whole = list(long), False
    for part in short:
        if part in left:
            left.remove(part)
            whole = whole or len(part) > 2
            continue
        other = next((o for o in left if _initial(part, o)), None)
        if other is None:
            return False
        left.remove(other)
    return whole


def _initial(one: str, two: str) -> bool:
    return (len(one) == 1 and two.startswith(one)) or (len(two) == 1 and one.startswith(two))
