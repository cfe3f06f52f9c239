"""As many titles as are asked for, composed from the words of demo/titles.tsv: title n is the same on every machine."""

import functools
import random
from collections import Counter
from collections.abc import Iterator

import msgspec

from config.holdings import Holding
from demo import facts
from demo.sample import MEMBERS, composed_isbn
from demo.title import Title
from harvest.record import Parsed, Payload
from harvest.store import Reading
from search import text
from search.question import Document

SEED = "sahaban-bench-1"  # with the number of the title; another seed is another catalogue
MATERIALS = ("book",) * 14 + ("thesis",) * 3 + ("ebook", "ebook", "serial", "video")
HOLDERS = (1, 1, 1, 2, 2, 3, 5)  # how many members have a title
THAI = 0.85  # the share of titles in Thai


class Vocabulary(msgspec.Struct, frozen=True):
    """The words of the real titles, each as often as it stands there, so that common words stay common."""

    words: dict[str, tuple[str, ...]]  # language -> words
    given: tuple[str, ...]
    families: tuple[str, ...]
    publishers: tuple[str, ...]
    subjects: tuple[str, ...]


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
        return Holding(member, location="ชั้นหนังสือทั่วไป", call_number=call_number, copies=1)


@functools.cache
def vocabulary() -> Vocabulary:
    titles = list(facts.titles())
    persons = [p.name.split() for title in titles for p in title.creators if p.form == "thai" and not p.rank]
    named = [parts for parts in persons if len(parts) == 2]
    return Vocabulary(
        words={language: _words(titles, language) for language in ("tha", "eng")},
        given=tuple(dict.fromkeys(parts[0] for parts in named)),
        families=tuple(dict.fromkeys(parts[1] for parts in named)),
        publishers=tuple(dict.fromkeys(title.publisher for title in titles if title.publisher)),
        subjects=tuple(dict.fromkeys(subject for title in titles for subject in title.subjects)),
    )


@functools.cache
def counts() -> Counter[str]:
    """How often each word stands in the real titles."""
    return Counter(word for words in vocabulary().words.values() for word in words)


def _words(titles: list[Title], language: str) -> tuple[str, ...]:
    said = (f"{title.title} {title.subtitle}" for title in titles if title.language == language)
    return tuple(word for line in said for word in text.words(line) if len(word) > 1)


def compose(number: int) -> Composed:
    """The title of that number, from 1; no two are the same title, as no two have the same ISBN."""
    source, chance = vocabulary(), random.Random(f"{SEED}/{number}")
    language = "tha" if chance.random() < THAI else "eng"
    words = tuple(chance.choice(source.words[language]) for _ in range(chance.randint(5, 9)))
    values = {
        "title": (_joined(words, language),),
        "creator": (f"{chance.choice(source.given)} {chance.choice(source.families)}",),
        "publisher": (chance.choice(source.publishers),),
        "place": (chance.choice(("กรุงเทพฯ", "กรุงเทพฯ", "ขอนแก่น", "นนทบุรี")),),
        "year": (str(chance.randint(1970, 2025)),),
        "extent": (f"{chance.randint(60, 900)} หน้า",),
        "language": (language,),
        "material": (chance.choice(MATERIALS),),
        "subject": tuple(chance.sample(source.subjects, chance.randint(1, 3))),
        "classification": (f"{chance.randint(0, 999):03d}.{chance.randint(1, 99)}",),
        "note": ("ระเบียนตัวอย่าง (sample record)",),
    }
    if chance.random() < 0.85:
        values["isbn"] = (composed_isbn(number),)
    drawn = chance.sample(MEMBERS, chance.choice(HOLDERS))
    return Composed(number, words, values, tuple(code for code in MEMBERS if code in drawn))


def _joined(words: tuple[str, ...], language: str) -> str:
    """Title and subtitle; Thai words stand without spaces between them."""
    space = "" if language == "tha" else " "
    half = (len(words) + 1) // 2
    return f"{space.join(words[:half])} : {space.join(words[half:])}"


def titles(count: int) -> Iterator[Composed]:
    return (compose(number) for number in range(1, count + 1))


def document(title: Composed) -> Document:
    """The title as the index would have merged it."""
    return Document(
        id=f"b{title.number:08d}",
        values=title.values,
        holdings=tuple(map(title.holding, title.members)),
        members=title.members,
        records=tuple((code, str(title.number)) for code in title.members),
    )


def reading(title: Composed, member: str) -> Reading:
    """One member's record of the title. Every other one writes it with fewer spaces, and some leave the ISBN out."""
    values = dict(title.values)
    habit = (title.number + MEMBERS.index(member)) % 6
    if habit % 2:
        values["title"] = (title.title.replace(" : ", " "),)
    if habit == 4:
        values.pop("isbn", None)  # title, creator and year still say which title it is
    parsed = Parsed(values, (title.holding(member),), local_id=str(title.number))
    return Reading(Payload(msgspec.json.encode(values), f"title {title.number}"), parsed)
