"""Whether what came is another member's: of a full load, whose records are strangers here while ours are missing, and
of one that only adds."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, and_, func, select

from harvest import titles
from harvest.packing import Reading
from harvest.shape import records
from harvest.store import content_of, id_of, values_of

MANY = 0.5  # strangers among what came
SAMPLE = 500  # ids by which the other member is looked for
TOLD = "it looks like the file of"


class Foreign(Exception):
    """A load that is not taken in; what it says is for a person."""


class Watch:
    """Counts the strangers of a full load: ids that are unknown, or known by quite another title."""

    def __init__(self, member: str, source: str, reading: str):
        self.member, self.source, self.reading = member, source, reading
        self.came = self.unknown = self.renamed = 0
        self.ids: list[str] = []  # of strangers

    def sees(self, connection: Connection, batch: Sequence[Reading]) -> bool:
        """Counts a batch before it is stored. Whether most of its records are strangers."""
        came = {id_of(item): item for item in batch if item.parsed and not item.fault}
        here = and_(records.c.member == self.member, records.c.local_id.in_(came))
        columns = (records.c.local_id, records.c.reading, records.c.content)
        held = {row.local_id: row for row in connection.execute(select(*columns).where(here))}
        unknown = [local_id for local_id in came if local_id not in held]
        before = {local_id: values_of(row.content) for local_id, row in held.items() if row.reading == self.reading}
        renamed = [i for i, values in before.items() if not titles.alike(values, content_of(came[i]))]
        self.came += len(came)
        self.unknown += len(unknown)
        self.renamed += len(renamed)
        self.ids += (unknown + renamed)[: SAMPLE - len(self.ids)]
        return len(unknown) + len(renamed) > MANY * len(came)

    def told(self, connection: Connection, gone: int, live: int, much: bool) -> str:
        """What a person should know of the load where it is another member's, else "". ``much``: whether more of
        ours is missing than a member withdraws in a night."""
        known = self.came - self.unknown
        theirs = much and self.unknown + self.renamed > MANY * self.came
        if not theirs and not self.renamed > MANY * max(known, 1):
            return ""
        other = self._whose(connection)
        return (
            f"{self.source}: {TOLD} {other or 'another library'}: of {self.came} records "
            f"{self.unknown} are unknown and {self.renamed} have other titles, and {gone} of {live} are missing; "
            f"nothing of it was taken in. If it is right: sahaban harvest {self.member} --accept"
        )

    def _whose(self, connection: Connection) -> str:
        """The member that has most of the strangers, where it has more than half of them."""
        c = records.c
        here = and_(c.member != self.member, c.local_id.in_(self.ids), c.deleted.is_(False))
        query = select(c.member, func.count()).where(here).group_by(c.member).order_by(func.count().desc())
        found = connection.execute(query).first()
        return str(found[0]) if found and found[1] > MANY * len(self.ids) else ""


def copied(connection: Connection, member: str, source: str, run: int, others: Iterable[str]) -> str:
    """Another member that has most of what a run brought for the first time, under the same ids and with the same
    titles; "" where none has. A sample tells."""
    c = records.c
    mine = and_(c.member == member, c.source == source, c.run == run, c.first == run)
    came = connection.execute(select(c.local_id, c.content).where(mine).limit(SAMPLE))
    brought = {local_id: titles.key(values_of(content)) for local_id, content in came}
    for other in others:
        theirs = and_(c.member == other, c.local_id.in_(brought), c.deleted.is_(False))
        known = connection.execute(select(c.local_id, c.content).where(theirs))
        same = sum(brought[local_id] == titles.key(values_of(content)) != "" for local_id, content in known)
        if same > MANY * len(brought):
            return other
    return ""
