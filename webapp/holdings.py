"""Holdings as a page shows them: member by member, copies of one shelf mark in one line."""

from collections.abc import Sequence

import msgspec

from config.holdings import Holding
from search.question import Document


class Held(msgspec.Struct, frozen=True):
    """What one member has of a title; no holdings where it only sent a description."""

    member: str
    holdings: tuple[Holding, ...]

    @property
    def copies(self) -> int:
        """How many copies are known of; 0 is not known."""
        return sum(holding.copies for holding in self.holdings)

    @property
    def call_numbers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(h.call_number for h in self.holdings if h.call_number))

    @property
    def statuses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(h.status for h in self.holdings if h.status))


def by_member(document: Document) -> list[Held]:
    """Every member that has the title, in the order of the table."""
    given: dict[str, list[Holding]] = {code: [] for code in document.members}
    for holding in document.holdings:
        given.setdefault(holding.member, []).append(holding)
    return [Held(code, merged(holdings)) for code, holdings in given.items()]


def merged(holdings: Sequence[Holding]) -> tuple[Holding, ...]:
    """Copies that differ in nothing but their barcode as one line, its copies counted together."""
    lines: dict[Holding, int] = {}
    for holding in filter(_says_something, holdings):
        line = msgspec.structs.replace(holding, copies=0, barcode="")
        lines[line] = lines.get(line, 0) + (holding.copies or (1 if holding.barcode else 0))
    return tuple(msgspec.structs.replace(line, copies=copies) for line, copies in lines.items())


def _says_something(holding: Holding) -> bool:
    """A member that only tells that it has the title sends a holding with nothing in it."""
    return holding != Holding(member=holding.member)
