"""The differences of real cataloguing: how each of the eleven writes down the same title."""

import functools
import random
import re
import tomllib
from importlib import resources
from typing import Literal

import msgspec
from stdnum import isbn as stdnum_isbn

from config.values import THAI_DIGITS, both_eras
from demo import callnumbers
from demo.sample import Entry, area_of
from demo.title import TEXT, Person, Role, Title

Era = Literal["2560", "2560.", "พ.ศ. 2560", "2017", "[2560]", "๒๕๖๐"]
TO_THAI_DIGITS = {latin: thai for thai, latin in THAI_DIGITS.items()}


class Habits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one library's cataloguers write. A number is the share of the records in which they do."""

    local_id: str  # how a running number becomes the record's id
    year: Era
    isbn: Literal["13", "9-7-8", "10", "1-0"]
    scheme: Literal["lc", "nlm", "dewey", "shelf"]
    honorifics: float = 0.0  # ดร. and นาง before the name
    ranks: Literal["after", "before"] = "after"  # คึกฤทธิ์ ปราโมช, ม.ร.ว. or ม.ร.ว. คึกฤทธิ์ ปราโมช
    inverted: bool = True  # Western names
    spaces: Literal["", "more", "none"] = ""
    capitals: bool = False  # English titles
    house: bool = False  # สำนักพิมพ์ before the name of a publisher
    qualifier: str = ""  # after an ISBN
    no_isbn: float = 0.05
    no_year: float = 0.0
    nikhahit: float = 0.0  # ำ typed as ํ and า
    barcode: str = ""  # what it begins with
    place: tuple[str, str] = ("", "")  # branch and shelf where nothing else is said
    elsewhere: dict[str, tuple[str, str]] = {}  # the same of an area or a kind


@functools.cache
def habits_of(member: str) -> Habits:
    text = resources.files("demo").joinpath("habits.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)[member], Habits)


class Name(msgspec.Struct, frozen=True):
    """A creator as one cataloguer writes it: the name, and the rank that stands apart from it."""

    name: str
    person: Person
    rank: str = ""

    @property
    def role(self) -> Role:
        return self.person.role

    @property
    def text(self) -> str:
        return f"{self.name}, {self.rank}" if self.rank else self.name


class Description(msgspec.Struct, frozen=True):
    """What one cataloguer wrote, before it is laid into a format."""

    entry: Entry
    local_id: str
    title: str
    volume: str
    subtitle: str
    creators: tuple[Name, ...]
    publisher: str
    year: str
    edition: str
    isbn: str
    extent: str
    class_number: str
    author_number: str
    library: str
    location: str
    barcodes: tuple[str, ...]

    @property
    def call_number(self) -> str:
        return f"{self.class_number} {self.author_number}"

    @property
    def whole_title(self) -> str:
        """Title, volume and subtitle as one text, for the formats that have one place for them."""
        head = f"{self.title} {self.volume}".strip()
        return f"{head} : {self.subtitle}" if self.subtitle else head

    def named(self, *, main: bool) -> tuple[Name, ...]:
        """Who made the work, or who had a part in it (translators, editors of another's work, illustrators)."""
        authors = tuple(n for n in self.creators if n.role in ("author", "director", "performer")) or self.creators[:1]
        return authors if main else tuple(n for n in self.creators if n not in authors)


def describe(entry: Entry) -> Description:
    """The title as this member's cataloguer describes it."""
    title, habits, chance = entry.title, habits_of(entry.member), entry.chance
    written = _written(habits, chance, title)
    library, location = _shelf(title, habits)
    return Description(
        entry=entry,
        local_id=habits.local_id.format(entry.number),
        title=written(title.title),
        volume=written(title.volume),
        subtitle=written(title.subtitle),
        creators=tuple(_name(person, habits, chance) for person in title.creators),
        publisher=_publisher(title, habits),
        year=_year(title, habits, chance),
        edition=title.edition.translate(TO_THAI_DIGITS) if habits.year == "๒๕๖๐" and title.thai else title.edition,
        isbn=_isbn(title, habits, chance),
        extent=_extent(title, chance),
        class_number=callnumbers.classed(title, habits.scheme, area_of(title).shelf),
        author_number=callnumbers.author_number(title),
        library=library,
        location=location,
        barcodes=tuple(f"{habits.barcode}{entry.number:06d}{n}" for n in range(1, entry.copies + 1))
        if habits.barcode
        else (),
    )


def _written(habits: Habits, chance: random.Random, title: Title) -> "Hand":
    return Hand(
        spaces=habits.spaces if title.thai and chance.random() < 0.7 else "",
        nikhahit=chance.random() < habits.nikhahit,
        digits=habits.year == "๒๕๖๐" and chance.random() < 0.5,
        capitals=habits.capitals and not title.thai,
    )


_BEFORE = re.compile(r"(?<=[ก-๛])(?=และ|สำหรับ|จังหวัด|อำเภอ|แห่ง)")
_BETWEEN_THAI = re.compile(r"(?<=[ก-๎]) (?=[ก-ๅ])")


class Hand(msgspec.Struct, frozen=True):
    """How the words of one record are typed."""

    spaces: str
    nikhahit: bool
    digits: bool
    capitals: bool

    def __call__(self, text: str) -> str:
        if self.spaces == "more":
            text = _BEFORE.sub(" ", text)
        elif self.spaces == "none":
            text = _BETWEEN_THAI.sub("", text)
        if self.nikhahit:
            text = text.replace("\u0e33", "\u0e4d\u0e32")
        if self.digits:
            text = text.translate(TO_THAI_DIGITS)
        return text.upper() if self.capitals else text


def _name(person: Person, habits: Habits, chance: random.Random) -> Name:
    if person.form == "western":
        surname, comma, given = person.name.partition(", ")
        return Name(person.name if habits.inverted or not comma else f"{given} {surname}", person)
    if person.noble:
        return Name(person.name, person, person.rank)
    if person.rank.startswith("ม."):  # a rank by birth is given with the name, somewhere
        after = habits.ranks == "after"
        return Name(person.name, person, person.rank) if after else Name(f"{person.rank} {person.name}", person)
    if person.rank and chance.random() < habits.honorifics:
        gap = "" if person.rank in ("นาย", "นาง", "นางสาว") else " "
        return Name(f"{person.rank}{gap}{person.name}", person)
    return Name(person.name, person)


_BODY = re.compile(
    r"สำนัก|มหาวิทยาลัย|จุฬาลงกรณ์|กรม|กระทรวง|คณะ|วิทยาลัย|บัณฑิต|ราชบัณฑิต|เทศบาล|องค์การ|โรงพยาบาล|โรงพิมพ์|สถาบัน|สมาคม|กอง|ภาควิชา|ศูนย์|แผนก|โครงการ|สาขา"
)


def _publisher(title: Title, habits: Habits) -> str:
    trade = title.kind in TEXT and title.thai and not _BODY.search(title.publisher)
    return f"สำนักพิมพ์{title.publisher}" if habits.house and trade else title.publisher


def _year(title: Title, habits: Habits, chance: random.Random) -> str:
    if chance.random() < habits.no_year and title.kind != "serial":
        return ""
    be, ce = both_eras(title.year)
    how: Era = habits.year
    if not title.thai and habits.scheme in ("lc", "nlm", "dewey"):
        how = "2017"  # in a book in English the year is printed so
    elif chance.random() < 0.08:
        how = chance.choice(("2560", "2017"))
    end = "-" if title.kind == "serial" else ""
    if how == "2017":
        return f"{ce}{end}"
    return (
        how.replace("2560", f"{be}").replace("๒๕๖๐", f"{be}".translate(TO_THAI_DIGITS)).rstrip("." if end else "") + end
    )


def _isbn(title: Title, habits: Habits, chance: random.Random) -> str:
    if not title.isbn or (not title.real and chance.random() < habits.no_isbn):
        return ""
    short = habits.isbn in ("10", "1-0") and title.isbn.startswith("978")
    hyphened = _hyphened(title.isbn) if habits.isbn in ("9-7-8", "1-0") else title.isbn
    text = _ten(hyphened) if short else hyphened
    return text + habits.qualifier if title.thai and title.kind != "ebook" else text


def _ten(isbn: str) -> str:
    """An ISBN of 13 digits as the older 10, its hyphens kept."""
    head = isbn.removeprefix("978").removeprefix("-")[:-1]
    return head + str(stdnum_isbn.to_isbn10(isbn))[-1]


def _hyphened(isbn: str) -> str:
    """In its parts. The composed ones are in no agency's ranges, so the sample parts them itself."""
    if isbn.startswith(("97867", "97868", "97869")):
        return "-".join((isbn[:3], isbn[3:5], isbn[5:9], isbn[9:12], isbn[12]))
    return str(stdnum_isbn.format(isbn))


def _extent(title: Title, chance: random.Random) -> str:
    pages = title.pages + (chance.choice((-2, 2)) if chance.random() < 0.08 else 0)
    if title.kind in TEXT:
        return f"{pages} หน้า" if title.thai else f"{pages} p."
    return {
        "ebook": f"1 ออนไลน์ ({pages} หน้า)",
        "av": f"1 ดีวีดี ({title.minutes} นาที)",
        "audio": f"1 ซีดี ({title.minutes} นาที)",
        "manuscript": "1 ผูก",
        "serial": "เล่ม" if title.thai else "v.",
    }[title.kind]


def _shelf(title: Title, habits: Habits) -> tuple[str, str]:
    return habits.elsewhere.get(title.kind) or habits.elsewhere.get(title.area) or habits.place
