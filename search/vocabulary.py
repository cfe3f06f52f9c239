"""The words of an index with the number of titles that have each, and those that are spelled nearly alike."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

LONG = 5  # letters of a word whose first two and last two are not both touched by one edit


class Vocabulary:
    """What an index knows of words."""

    def __init__(self, counts: Mapping[str, int]):
        self._counts = dict(counts)

    def titles(self, word: str) -> int:
        return self._counts.get(word, 0)

    def __contains__(self, word: object) -> bool:
        return word in self._counts

    def __len__(self) -> int:
        return len(self._counts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def near(self, word: str, distance: int = 1, limit: int = 10) -> list[tuple[str, int, int]]:
        """Other words within so many edits, each with its distance and titles: nearest first, then most titles.

        An edit is a letter more, less or other, or two neighbours exchanged; a Thai mark is a letter.
        """
        one = self._one_edit_long(word) if len(word) >= LONG else self._one_edit(word)
        found = dict.fromkeys(one, 1) if distance else {}
        if distance > 1 and len(found) < limit:
            found = {**self._further(word, distance), **found}
        ranked = sorted((edits, -self._counts[other], other) for other, edits in found.items())
        return [(other, edits, -titles) for edits, titles, other in ranked[:limit]]

    def _one_edit(self, word: str) -> Iterator[str]:
        """Of a short word every spelling at one edit is asked for: fewer than there are words of its length."""
        known = self._counts
        for cut in range(len(word) + 1):
            head, tail = word[:cut], word[cut:]
            rest = tail[1:]
            tried = [head + letter + tail for letter in self._letters_of(word)]
            if tail:
                tried.append(head + rest)
                tried += [head + letter + rest for letter in self._letters_of(word)]
            if rest:
                tried.append(head + rest[0] + tail[0] + rest[1:])
            yield from (other for other in tried if other in known and other != word)

    def _one_edit_long(self, word: str) -> Iterator[str]:
        """Of a long word one edit leaves the first two letters or the last two as they are."""
        for length in range(len(word) - 1, len(word) + 2):
            for end in (word[:2], "", length), ("", word[-2:], length):
                others = self._ends.get(end, [])
                yield from (
                    other
                    for other, _, _ in process.extract_iter(word, others, scorer=OSA.distance, score_cutoff=1)
                    if other != word
                )

    @cached_property
    def _ends(self) -> dict[tuple[str, str, int], list[str]]:
        """The long words by their first two letters, and by their last two, with their length."""
        buckets: dict[tuple[str, str, int], list[str]] = {}
        for word in self._counts:
            if (length := len(word)) >= LONG - 1:
                buckets.setdefault((word[:2], "", length), []).append(word)
                buckets.setdefault(("", word[-2:], length), []).append(word)
        return buckets

    def _further(self, word: str, distance: int) -> dict[str, int]:
        """The words within more than one edit, by comparing with those of about its length."""
        lengths = range(max(1, len(word) - distance), len(word) + distance + 1)
        found: dict[str, int] = {}
        for others in (self._alike.get((_block(word[:1]), length), []) for length in lengths):
            near = process.extract_iter(word, others, scorer=OSA.distance, score_cutoff=distance)
            found.update((other, int(edits)) for other, edits, _ in near if edits)
        return found

    @cached_property
    def _alike(self) -> dict[tuple[int, int], list[str]]:
        """The words by script and length."""
        buckets: dict[tuple[int, int], list[str]] = {}
        for word in self._counts:
            buckets.setdefault((_block(word[:1]), len(word)), []).append(word)
        return buckets

    @cached_property
    def _letters(self) -> dict[int, list[str]]:
        """The letters that occur, by their block of Unicode: Thai are edited by Thai letters."""
        blocks: dict[int, list[str]] = {}
        for letter in sorted(set().union(*self._counts)):
            blocks.setdefault(_block(letter), []).append(letter)
        return blocks

    def _letters_of(self, word: str) -> list[str]:
        return [letter for block in sorted({*map(_block, word)}) for letter in self._letters.get(block, [])]


def _block(letter: str) -> int:
    """The 128 characters that a letter stands among: all of Thai are one, plain Latin another."""
    return ord(letter) >> 7 if letter else 0
