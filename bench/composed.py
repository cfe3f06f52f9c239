"""As many titles as are asked for, composed from the words of real ones: title n is the same on every machine.

Words are drawn as often as they stand in 50,000 real Thai titles and 21,500 real subject headings, and as many of
them as a real title or heading has: so common words stay common. No title and no heading comes twice, as none does
there: a short one begins with a pair of words that no other one has. Names of creators come again as real ones do.
"""

import csv
import functools
import gzip
import json
import random
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bench.measure import material
from config.holdings import Holding
from demo import facts
from demo.sample import MEMBERS, composed_isbn
from harvest.packing import Reading
from harvest.record import Parsed, Payload
from search.question import Document

# With the number of the block; another seed is another catalogue. Of the first million titles of this one none is the
# same as another, of their 2 million headings two are: two words that read like three others.
SEED = "sahaban-bench-4"
BLOCK = 1000  # titles that are composed together: one of them costs as much as all
PAIRS = 1 << 22  # pairs of words that are given out, each once: enough for 1.3 million titles of up to three headings
MOST_SUBJECTS = 3
THAI = 0.85  # the share of titles in Thai
MATERIALS = ("book",) * 14 + ("thesis",) * 3 + ("ebook", "ebook", "serial", "video")
HOLDERS = (1, 1, 1, 2, 2, 3, 5)  # how many members have a title
YEARS = tuple(range(1961, 2026))
LOCATIONS = ("ชั้นหนังสือทั่วไป", "ชั้นหนังสือทั่วไป", "หนังสืออ้างอิง", "วิทยานิพนธ์", "ชั้น 3")

Text = str
T = TypeVar("T")


class Words(msgspec.Struct, frozen=True):
    """The words of real texts, the most frequent first, and how many of them each text has."""

    words: tuple[str, ...]
    upto: tuple[int, ...]  # how often a word and all before it stand there
    lengths: tuple[int, ...]  # of every text
    pairs: tuple[int, ...]  # as ``upto``, of the pairs that begin with the word
    short: int  # words; chance alone keeps apart what is longer

    def drawn(self, chance: random.Random, count: int) -> list[str]:
        return chance.choices(self.words, cum_weights=self.upto, k=count)

    def pair(self, number: int) -> list[str]:
        """The pair of that number: the first word as frequent as it is, the second any. No two numbers below
        PAIRS have the same one."""
        place = number * 2_654_435_761 % PAIRS  # odd, so each place is reached by one number
        first = bisect_right(self.pairs, place)
        second = place - (self.pairs[first - 1] if first else 0)
        return [self.words[first], self.words[(second + first * 7919) % len(self.words)]]

    def text(self, chance: random.Random, length: int, number: int) -> list[str]:
        """So many words; of a short text the first two are the pair of its number."""
        if length > self.short:
            return self.drawn(chance, length)
        return self.pair(number) + self.drawn(chance, length - 2)


class Vocabulary(msgspec.Struct, frozen=True):
    """What titles are composed from."""

    titles: dict[str, Words]  # language -> words
    headings: Words
    given: tuple[str, ...]  # each as often as a real creator has it
    families: tuple[str, ...]


class Composed(msgspec.Struct, frozen=True):
    """One title: the words that it was put together from, what a record says of it, and who has it."""

    number: int
    words: tuple[str, ...]
    values: dict[str, tuple[str, ...]]
    members: tuple[str, ...]

    @property
    def thai(self) -> bool:
        return self.values["language"] == ("tha",)

    @property
    def title(self) -> str:
        return self.values["title"][0]

    @property
    def isbn(self) -> str:
        """13 digits, or "" where the title has none."""
        return "".join(self.values.get("isbn", ()))

    def holding(self, member: str) -> Holding:
        call_number = f"{self.number % 1000:03d} ก{self.number % 89:02d}"
        return Holding(member, location=LOCATIONS[self.number % len(LOCATIONS)], call_number=call_number, copies=1)


# ── the real texts ───────────────────────────────────────────────────────────────────────────────


@functools.cache
def vocabulary() -> Vocabulary:
    """Read from the real texts. Raises BenchError where they are not there."""
    rows = list(real_titles())
    english = [row["en"] for row in rows if row.get("en")]
    english += [f"{title.title} {title.subtitle}" for title in facts.titles() if title.language == "eng"]
    names = [name.split(" ") for name in real_creators()]
    return Vocabulary(
        titles={
            "tha": _words((row["title"] for row in rows), shortest=2, short=4),
            "eng": _words(english, shortest=7, short=6),  # fewer words have fewer different titles in them
        },
        headings=_words(real_headings(), shortest=2, short=6),
        given=tuple(name[0] for name in names),
        families=tuple(name[1] for name in names),
    )


def real_titles() -> Iterator[dict[str, Any]]:
    with gzip.open(material("thai/retrieval/titles.jsonl.gz"), "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def real_headings() -> list[str]:
    with gzip.open(material("thai/msu-subject-headings-even.tsv.gz"), "rt", encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["heading_display"] for row in rows if row["heading_display"]]


_NAME = re.compile(r"[ก-๛]+ [ก-๛]+")


def real_creators() -> list[str]:
    """The names of a given name and a family name in Thai, as often as they sign something."""
    with material("thai/thaijo-authors.csv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        signed = [f"{row['_source.author']},{row['_source.co-author']}".split(",") for row in rows]
    return [name.strip() for names in signed for name in names if _NAME.fullmatch(name.strip())]


def _words(texts: Iterable[str], shortest: int, short: int) -> Words:
    found = [_cut(text) for text in texts]
    ordered = sorted(Counter(word for words in found for word in words).items(), key=lambda pair: (-pair[1], pair[0]))
    words, counts = zip(*ordered, strict=True)
    lengths = tuple(max(shortest, len(words)) for words in found)
    return Words(words, tuple(accumulate(counts)), lengths, tuple(accumulate(_shares(counts))), short)


_WORD = re.compile("[ก-๎a-zA-Z0-9]{2,}")


def _cut(text: str) -> list[str]:
    """Cut without search/text.py, which is measured: its changes must not change the titles."""
    return [word for word in _segmenter()(text) if _WORD.fullmatch(word)]


@functools.cache
def _segmenter() -> Callable[[str], list[str]]:
    import nlpo3
    from pythainlp.corpus import corpus_path

    nlpo3.load_dict(str(Path(corpus_path()) / "words_th.txt"), "bench")
    return functools.partial(nlpo3.segment, dict_name="bench")


def _shares(counts: tuple[int, ...]) -> Iterator[int]:
    """How many of the pairs begin with each word: by how often it stands there, but each pair only once."""
    places, standing = PAIRS, sum(counts)
    for count in counts:
        share = min(len(counts), round(places * count / standing))
        yield share
        places, standing = places - share, standing - count


@functools.cache
def counts() -> Counter[str]:
    """How often each word stands in the real titles and headings."""
    found: Counter[str] = Counter()
    for words in (*vocabulary().titles.values(), vocabulary().headings):
        found.update(dict(zip(words.words, _differences(words.upto), strict=True)))
    return found


def _differences(sums: tuple[int, ...]) -> Iterator[int]:
    return (after - before for before, after in zip((0, *sums), sums, strict=False))


# ── the composed ones ────────────────────────────────────────────────────────────────────────────


@functools.lru_cache(maxsize=4)
def block(number: int) -> tuple[Composed, ...]:
    """The titles from ``number * BLOCK + 1`` on. What is drawn for all at once is drawn first."""
    source, chance = vocabulary(), random.Random(f"{SEED}/{number}")

    def each(values: tuple[T, ...], count: int = BLOCK) -> list[T]:
        return chance.choices(values, k=count)

    isbns = [chance.random() < 0.85 for _ in range(BLOCK)]
    thai = [chance.random() < THAI for _ in range(BLOCK)]
    columns = zip(
        range(number * BLOCK + 1, (number + 1) * BLOCK + 1), thai, isbns, each(source.given), each(source.families),
        each(YEARS), each(MATERIALS), each(range_of(MOST_SUBJECTS)), each(HOLDERS), strict=True,
    )  # fmt: skip
    return tuple(_composed(source, chance, *row) for row in columns)


def range_of(most: int) -> tuple[int, ...]:
    return tuple(range(1, most + 1))


def _composed(
    source: Vocabulary, chance: random.Random, number: int, thai: bool, isbn: bool,
    given: str, family: str, year: int, material: str, subjects: int, holders: int,
) -> Composed:  # fmt: skip
    language = "tha" if thai else "eng"
    kept = source.titles[language]
    words = kept.text(chance, chance.choice(kept.lengths), number)
    values = {
        "title": (joined(words),),
        "creator": (f"{given} {family}",),
        "year": (str(year),),
        "language": (language,),
        "material": (material,),
        "subject": tuple(_heading(source.headings, chance, number * MOST_SUBJECTS + i) for i in range(subjects)),
    }
    if isbn:
        values["isbn"] = (composed_isbn(number),)
    drawn = set(chance.choices(MEMBERS, k=holders))
    return Composed(number, tuple(words), values, tuple(code for code in MEMBERS if code in drawn))


def _heading(source: Words, chance: random.Random, number: int) -> str:
    """Two of three headings end in a subdivision, as two of three real ones do."""
    words = source.text(chance, chance.choice(source.lengths), number)
    cut = len(words) - 1 if chance.random() < 0.66 else len(words)
    return " -- ".join(filter(None, (joined(words[:cut]), *words[cut:])))


def joined(words: Sequence[str]) -> str:
    """Thai words stand without spaces between them, others with."""
    if "".join(words).isascii():
        return " ".join(words)
    spaced = (f" {word} " if word.isascii() else word for word in words)
    return "".join(spaced).replace("  ", " ").strip()


def compose(number: int) -> Composed:
    """The title of that number, from 1."""
    return block((number - 1) // BLOCK)[(number - 1) % BLOCK]


def titles(count: int) -> Iterator[Composed]:
    whole = (title for number in range(-(-count // BLOCK)) for title in block(number))
    return islice(whole, count)


def document(title: Composed) -> Document:
    """The title as the index would have merged it."""
    return Document(
        id=identifier(title),
        values=title.values,
        holdings=tuple(map(title.holding, title.members)),
        members=title.members,
        records=tuple((code, str(title.number)) for code in title.members),
    )


def identifier(title: Composed) -> str:
    return f"b{title.number:08d}"


@functools.cache
def _publishers() -> tuple[str, ...]:
    return tuple(dict.fromkeys(title.publisher for title in facts.titles() if title.publisher))


def reading(title: Composed, member: str) -> Reading:
    """One member's record of the title. Some have a space in it that others have not, and some leave the ISBN out."""
    publishers = _publishers()
    values = title.values | {
        "publisher": (publishers[title.number % len(publishers)],),
        "extent": (f"{60 + title.number * 37 % 840} หน้า",),
    }
    habit = (title.number + MEMBERS.index(member)) % 6
    if habit % 2:
        values["title"] = (" ".join(map(joined, (title.words[:2], title.words[2:]))).strip(),)
    if habit == 4:
        values.pop("isbn", None)  # title, creator and year still say which title it is
    parsed = Parsed(values, (title.holding(member),), local_id=str(title.number))
    return Reading(Payload(msgspec.json.encode(values), f"title {title.number}"), parsed)
