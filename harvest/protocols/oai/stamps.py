"""Datestamps, in whatever form servers write them."""

import datetime

DAY, SECOND = "YYYY-MM-DD", "YYYY-MM-DDThh:mm:ssZ"
STEPS = {DAY: datetime.timedelta(days=1), SECOND: datetime.timedelta(seconds=1)}
FORMS = {DAY: "%Y-%m-%d", SECOND: "%Y-%m-%dT%H:%M:%SZ"}


def moment(stamp: str) -> datetime.datetime | None:
    """The moment of a datestamp; without a zone it is taken for UTC, a day for its beginning. None where it is none."""
    try:
        found = datetime.datetime.fromisoformat(stamp.strip())
    except ValueError:
        return None
    return found.astimezone(datetime.UTC) if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def written(when: datetime.datetime, granularity: str) -> str:
    return when.strftime(FORMS[granularity])


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


class Order:
    """Whether a list comes in the order of its datestamps, and from where it could be asked for again."""

    def __init__(self, last: str = "", ordered: bool = True) -> None:
        self.sorted = ordered
        self.last = last  # the latest datestamp so far ...
        self.reached = last  # ... and before the latest page: that page has shown that nothing older follows

    def page(self, stamps: list[str]) -> None:
        given = [stamp for stamp in stamps if stamp]
        if not given:
            return
        self.sorted = self.sorted and given == sorted(given) and given[0] >= self.last
        self.reached = self.last if self.sorted else ""
        self.last = max(self.last, given[-1])
