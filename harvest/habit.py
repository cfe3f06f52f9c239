"""What a member's history of runs gives away and no single run does: it is quieter than its habit, or has stopped."""

import datetime
from collections.abc import Iterator, Sequence

import msgspec

from config.tables import Member, Settings

FINISHED = ("done", "held")
REMEMBERED = 50  # silences that make a habit: a member may change its ways
ENOUGH = 5  # silences; fewer are no habit yet
MARGIN = 2  # times the longest silence of the habit


class Past(msgspec.Struct, frozen=True):
    """A run of earlier, as far as a habit goes: when it began, how it ended, how many records were other after it."""

    started: str
    outcome: str
    brought: int


class Alarm(msgspec.Struct, frozen=True):
    """Something to ask a member about."""

    kind: str  # quiet | stopped | failing
    since: str  # when it last brought something, or was last harvested; "" where it never was
    days: int  # for which that was looked for in vain
    longest: int = 0  # days that it was quiet for before (quiet only)


def alarm(history: Sequence[Past], member: Member, settings: Settings) -> Alarm | None:
    """What the runs of a member, in their order, say about it; the gravest of three.

    ``failing``: no run has finished for ``failing_days``. ``stopped``: whatever the runs' outcomes, nothing came for
    ``stopped_days``. ``quiet``: the runs finish, and nothing came for twice as long as in the longest of its last
    fifty silences, and for ``quiet_days`` at least. Where changes come by chance (a Poisson process), n silences are
    followed by one of twice the longest with the probability 2/((n+1)(n+2)): 5 % after five, 0.1 % after fifty. No
    fewer than five are taken for a habit, and then ``stopped_days`` is what remains.

    Days are counted between runs, never up to now: what nobody looked for, while the machine was off or the source
    was down, is not held against the member, and makes no habit either.
    """
    runs = [run for run in history if run.outcome != "undone"]
    if not runs:
        return None
    last, first = runs[-1], runs[0]
    finished = [run for run in runs if run.outcome in FINISHED]
    if last.outcome not in FINISHED:
        failing = _days(finished[-1] if finished else first, last)
        if failing >= settings.failing_days:
            return Alarm("failing", finished[-1].started if finished else "", failing)
    brought = [run for run in runs if run.brought]
    since = brought[-1].started if brought else ""
    silent = _days(brought[-1] if brought else first, last)
    if member.quiet_days == 0:
        return None
    if silent >= (member.quiet_days or settings.stopped_days):
        return Alarm("stopped", since, silent)
    silences = list(_silences(runs))[-REMEMBERED:]
    if member.quiet_days or len(silences) < ENOUGH or last.outcome not in FINISHED:
        return None
    if silent > max(settings.quiet_days, MARGIN * max(silences)):
        return Alarm("quiet", since, silent, max(silences))
    return None


def _silences(runs: Sequence[Past]) -> Iterator[int]:
    """The days for which finished runs were seen to bring nothing, between each two days on which something came."""
    since: Past | None = None
    silent = 0
    for run in runs:
        if run.brought:
            if since and since.started[:10] != run.started[:10]:
                yield silent
            since, silent = run, 0
        elif since and run.outcome in FINISHED:
            silent = _days(since, run)


def _days(before: Past, after: Past) -> int:
    """Nights are a few minutes more or less than a day apart."""
    return round((_moment(after) - _moment(before)) / datetime.timedelta(days=1))


def _moment(run: Past) -> datetime.datetime:
    return datetime.datetime.fromisoformat(run.started)
