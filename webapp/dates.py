"""Years in both eras and moments in words, in Bangkok time."""

from datetime import UTC, datetime, timedelta, timezone

from config.values import both_eras
from webapp.language import Language

BANGKOK = timezone(timedelta(hours=7), "Asia/Bangkok")  # no summer time since 1920: no table of zones needed


def year(ce: int, language: Language) -> str:
    """A year CE in both eras, the reader's first: ``พ.ศ. 2560 (2017)``, ``2017 (B.E. 2560)``."""
    buddhist, christian = both_eras(ce)
    # the year in both eras; %(be)s is พ.ศ.
    return language.say("%(ce)s\u00a0(B.E.\u00a0%(be)s)", be=buddhist, ce=christian)


def moment(iso: str) -> datetime | None:
    """An ISO time (UTC where it names no zone) in Bangkok; None where the text is no time."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return None
    zoned = when if when.tzinfo else when.replace(tzinfo=UTC)
    return zoned.astimezone(BANGKOK)


def day(when: datetime, language: Language) -> str:
    """The day in words: ``22 พฤศจิกายน 2569``, ``22 November 2026``."""
    month = language.locale.months["format"]["wide"][when.month]
    return language.say("%(day)s %(month)s %(ce)s", day=when.day, month=month, be=when.year + 543, ce=when.year)


def minute(when: datetime, language: Language) -> str:
    """Day and time: ``22 พฤศจิกายน 2569 09.10 น.``, ``22 November 2026, 09:10``."""
    values = {"day": day(when, language), "hour": f"{when.hour:02}", "minute": f"{when.minute:02}"}
    return language.say("%(day)s, %(hour)s:%(minute)s", **values)
