"""From the records of a cluster to its document: each field by the rule of its row, in Thai spelled to be shown."""

from collections.abc import Callable, Mapping, Sequence

from config.holdings import Holding
from config.tables import Field
from harvest.record import Record
from index.match import normal
from search import text
from search.question import Document

Values = tuple[str, ...]
Same = Callable[[str], str]  # two texts are one for the reader when this says the same of them


def longest(given: Sequence[Values], same: Same) -> Values:
    """The longest of the records' first values, as a reader counts: the first member's of equals. What others
    call it follows, where it says anything that does not stand in it already."""
    best = max((values[0] for values in given), key=lambda value: len(same(value)))
    others = union(given, same)
    return (best, *(value for value in others if same(value) not in same(best)))


def union(given: Sequence[Values], same: Same) -> Values:
    """All values, each once, in the order of the members."""
    kept: dict[str, str] = {}
    for values in given:
        for value in values:
            kept.setdefault(same(value) or value, value)
    return tuple(kept.values())


def first(given: Sequence[Values], same: Same) -> Values:
    """What the first member that says anything says."""
    return given[0]


def earliest(given: Sequence[Values], same: Same) -> Values:
    """The smallest number."""
    return (
        min(
            (values[0] for values in given),
            key=lambda value: (not value.isdecimal(), int(value) if value.isdecimal() else 0),
        ),
    )


MERGES: dict[str, Callable[[Sequence[Values], Same], Values]] = {
    "longest": longest,
    "union": union,
    "first": first,
    "earliest": earliest,
}


def document(
    id_: str, records: Sequence[Record], fields: Mapping[str, Field], members: Sequence[str], work: str = ""
) -> Document:
    """The document of a cluster's live records; ``members`` is the order of the table."""
    rank = {code: number for number, code in enumerate(members)}
    ordered = sorted(records, key=lambda r: (rank.get(r.member, len(rank)), r.member, r.local_id))
    return Document(
        id=id_,
        values=_values(ordered, fields),
        holdings=tuple(holding for record in ordered for holding in _holdings(record)),
        members=tuple(dict.fromkeys(record.member for record in ordered)),
        records=tuple(record.key for record in ordered),
        work=work,
    )


def _values(records: Sequence[Record], fields: Mapping[str, Field]) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for name, field in fields.items():
        given = [values for record in records if (values := record.values.get(name))]
        if given:
            if field.analyser in ("thai", "name"):
                given = [tuple(map(text.spelled, values)) for values in given]
            same = normal.name if field.analyser == "name" else normal.squeezed if field.analyser == "thai" else str
            found[name] = MERGES[field.merge](given, same)
    return found


def _holdings(record: Record) -> tuple[Holding, ...]:
    """A record that tells of no copy still says that the member has it."""
    return record.holdings or (Holding(member=record.member),)
