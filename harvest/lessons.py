"""What a visit finds out about its source: kept with the source for the next visit, and told in the report."""

from collections import Counter

import msgspec

from config import database

# What a source may turn out to do -> how it is said. {many} is how often, {told} what was met first.
SENTENCES = {
    "shortfall": "the list is shorter than the server says: {told}",
    "from": "ignores `from`: {many} records came that are older than asked for ({told})",
    "until": "ignores `until`: {many} records came that are newer than asked for ({told})",
    "set": "ignores the set: {many} records of others came, and were left out ({told})",
    "set-untold": "no record says that it is in the set that was asked for; is it the right one? ({told})",
    "granularity": "datestamps are in another granularity than promised ({told}); days are asked for",
    "refuses-seconds": "refuses times in `from`; days are asked for ({told})",
    "future": "{many} datestamps lie in the future ({told})",
    "zone": "{many} datestamps have no time zone ({told}); each visit looks back a day",
    "undated": "{many} records have no datestamp that can be read ({told})",
    "mended": "{many} times XML that no parser takes was mended ({told})",
    "namespace": "answers in another namespace than OAI-PMH 2.0 ({told}); they were read all the same",
    "empty": "its list is empty; nothing was withdrawn ({told})",
    "again": "{many} pages came whole only when they were asked for again ({told})",
    "halved": "the list could not be had as one, and was asked for in parts ({told})",
    "stale": "{many} times a resumption token was refused in the midst of a list; it went on by datestamp ({told})",
    "shrunk": "{many} times the list became shorter while it was read; it went on by datestamp ({told})",
    "post": "its resumption tokens are too long for an address; they are sent by POST ({told})",
    "moved": "has moved for good: put the new address into members.toml ({told})",
    "uploading": "{many} files were still being uploaded, and are left for the next run ({told})",
    "identify": "does not answer Identify ({told}); days are asked for",
}

DELETIONS = {
    "no": "says nothing of deletions: every whole_days it is listed whole, and what is missing withdrawn",
    "transient": "may forget deletions: every whole_days it is listed whole, and what is missing withdrawn",
    "persistent": "tells every deletion",
}


class Learned(msgspec.Struct, frozen=True):
    """What is known of a source."""

    facts: dict[str, str] = {}  # what the next visit goes by
    lessons: dict[str, str] = {}  # what it was seen to do: name -> a sentence with its date

    def said(self) -> list[str]:
        """One sentence each, for a person."""
        told = []
        if granularity := self.facts.get("granularity"):
            told.append(f"datestamps: {granularity}")
        if deletions := self.facts.get("deletions"):
            told.append(f"deletions: {DELETIONS.get(deletions, deletions)}")
        if whole := self.facts.get("whole"):
            told.append(f"last listed whole: {whole}")
        return [*told, *self.lessons.values()]


class Lessons:
    """Gathers what is noticed during one visit."""

    def __init__(self, known: Learned | None = None):
        known = known or Learned()
        self.facts, self.before = dict(known.facts), known.lessons
        self.still = False  # nothing of it changed since it was read last, and so it was not read again
        self.left = False  # some of it was not read this time: what did not come may still be there
        self.whole = False  # the source was listed from its beginning to its end, and nothing was missing
        self._many: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def notice(self, name: str, told: str, many: int = 1) -> None:
        self._many[name] += many
        self._first.setdefault(name, told)

    def noticed(self, *names: str) -> bool:
        return any(name in self._many for name in names)

    def said(self) -> list[str]:
        """What this visit met, one sentence each."""
        return [SENTENCES[name].format(many=n, told=self._first[name]) for name, n in self._many.items()]

    def learned(self) -> Learned:
        """With what was known before; a whole visit without it proves that a fault is mended."""
        today = database.now()[:10]
        now = {name: f"{sentence} [{today}]" for name, sentence in zip(self._many, self.said(), strict=True)}
        return Learned(self.facts, now if self.whole else {**self.before, **now})
