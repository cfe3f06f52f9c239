"""As many records as are asked for, with known truth: books as bench/composed.py has them, catalogued as libraries do.

A work has further editions, printings, volumes, an e-book, yearly reports, or a title that many other works have. Each
such book is held by one to five members, and each has its own record of it: with other punctuation, spaces and
honorifics, names in either order, publishers long or short, years a year off, slips in long titles, and parts missing.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from bench.composed import HOLDERS, Composed, joined, titles
from bench.measure import BenchError
from config.holdings import Holding
from demo.sample import MEMBERS, composed_isbn
from harvest.packing import Reading
from harvest.record import Parsed, Payload

SEED = "sahaban-cataloguing-2"

# Titles that many books have.
COMMON = (
    "หลักการตลาด", "เศรษฐศาสตร์จุลภาค", "การบัญชีชั้นต้น", "สถิติเบื้องต้น", "ฟิสิกส์", "แคลคูลัส",
    "จิตวิทยาทั่วไป", "การจัดการทรัพยากรมนุษย์", "ระเบียบวิธีวิจัย", "วารสาร",
    "Introduction to economics", "Principles of marketing",
)  # fmt: skip
HONORIFICS = ("ดร.", "รศ.", "ผศ.ดร.", "นาย", "ศาสตราจารย์ ")
HOUSES = (
    "ซีเอ็ดยูเคชั่น", "โอเดียนสโตร์", "แม่คำผาง", "จุฬาลงกรณ์มหาวิทยาลัย", "มหาวิทยาลัยขอนแก่น",
    "ไทยวัฒนาพานิช", "คุรุสภา", "วีพริ้นท์", "มติชน", "อมรินทร์", "คลังนานาวิทยา", "ด่านสุทธา",
    "ประกายพรึก", "สุขภาพใจ", "แสงดาว", "นานมี", "McGraw-Hill", "Pearson", "Springer", "Wiley",
)  # fmt: skip
PLACES = ("กรุงเทพฯ", "ขอนแก่น", "นนทบุรี", "New York")

# How often a record lacks what the book has, or says it amiss.
NOISE = {
    "no creator": 0.08, "no imprint": 0.12, "no year": 0.04, "no isbn": 0.35, "no extent": 0.15, "no edition": 0.03,
    "spaces": 0.40, "slip": 0.03, "honorific": 0.25, "year off": 0.03, "pages off": 0.05, "another isbn": 0.004,
}  # fmt: skip
IMPRINT = {"a": "place", "b": "publisher", "c": "year"}

Values = dict[str, tuple[str, ...]]


class Book(msgspec.Struct, frozen=True):
    """What one cluster should be: an edition in one carrier."""

    key: str
    work: int
    title: str
    spaced: str  # the same with spaces where some put them
    creator: str
    year: int
    language: str
    house: str
    place: str
    pages: int
    isbn: str = ""
    edition: int = 1
    volume: int = 0
    ebook: bool = False
    holders: int = 1


class Copy(msgspec.Struct, frozen=True):
    """One member's record of a book."""

    book: str
    work: int
    member: str
    local_id: str
    values: Values
    marc: bool

    def reading(self) -> Reading:
        said = _iso2709(self) if self.marc else msgspec.json.encode(self.values)
        holding = Holding(self.member, call_number=f"{self.work % 1000:03d} ก{self.work % 89:02d}", copies=1)
        return Reading(Payload(said, self.local_id, self.local_id), Parsed(self.values, (holding,)))


# ── books ────────────────────────────────────────────────────────────────────────────────────────


def books(title: Composed) -> Iterator[Book]:
    """The books of one work."""
    chance = random.Random(f"{SEED}/{title.number}")
    thai = title.thai
    first = Book(
        key=f"{title.number}", work=title.number, title=title.title,
        spaced=" ".join(map(joined, (title.words[:2], title.words[2:]))).strip(),
        creator=title.values["creator"][0], year=int(title.values["year"][0]), language="tha" if thai else "eng",
        house=chance.choice(HOUSES[:16] if thai else HOUSES[16:]),
        place=chance.choice(PLACES[:3]) if thai else PLACES[3],
        pages=chance.randint(60, 900), isbn=title.isbn, holders=chance.choice(HOLDERS),
    )  # fmt: skip
    other = msgspec.structs.replace
    drawn = chance.random()
    if drawn < 0.03:
        common = chance.choice(COMMON[:10] if thai else COMMON[10:])
        first = other(first, title=common, spaced=common)
    elif drawn < 0.05:
        for n in range(3):
            year = 2005 + (title.number + n) % 20
            named = (
                f"{joined(title.words[:3])} รายงานประจำปี {year + 543}"
                if thai
                else f"{title.title} annual report {year}"
            )
            yield other(first, key=f"{first.key}y{n}", title=named, spaced=named, year=year, isbn="",
                        pages=first.pages + chance.randint(0, 4), holders=chance.choice(HOLDERS))  # fmt: skip
        return
    elif drawn < 0.11:
        yield from (
            other(first, key=f"{first.key}v{n}", volume=n, isbn=composed_isbn(title.number * 4 + 4_000_003 + n),
                  pages=first.pages + chance.randint(-40, 40), holders=chance.choice(HOLDERS))
            for n in range(1, chance.randint(3, 5))
        )  # fmt: skip
        return
    yield first
    if drawn < 0.25:
        yield other(first, key=f"{first.key}e2", edition=2, year=min(first.year + chance.randint(2, 6), 2026),
                    pages=first.pages + chance.randint(4, 60), isbn=composed_isbn(title.number + 3_000_000),
                    holders=chance.choice(HOLDERS))  # fmt: skip
    if 0.2 < drawn < 0.26:
        yield other(first, key=f"{first.key}p3", edition=3, year=min(first.year + chance.randint(2, 8), 2026),
                    holders=chance.choice(HOLDERS))  # fmt: skip
    if 0.25 < drawn < 0.32:
        yield other(first, key=f"{first.key}x", ebook=True, isbn=composed_isbn(title.number + 6_000_000),
                    holders=chance.choice((1, 1, 2)))  # fmt: skip


# ── records ──────────────────────────────────────────────────────────────────────────────────────


def copies(count: int) -> Iterator[Copy]:
    """So many records, the same on every machine."""
    return islice((copy for title in titles(2 * count) for book in books(title) for copy in _copies(book)), count)


def _copies(book: Book) -> Iterator[Copy]:
    chance = random.Random(f"{SEED}/{book.key}")
    for member in chance.sample(MEMBERS, book.holders):
        yield Copy(book.key, book.work, member, book.key, catalogued(book, chance), marc=member in MEMBERS[:6])


def catalogued(book: Book, chance: random.Random) -> Values:
    """What one cataloguer wrote of a book."""

    def met(what: str) -> bool:
        return chance.random() < NOISE[what]

    thai = book.language == "tha"
    title = book.spaced if met("spaces") else book.title
    if len(title) > 20 and met("slip"):
        title = _slip(title, chance)
    if book.volume and thai:
        title += chance.choice((f" เล่ม {book.volume}", f" เล่มที่ {book.volume}", ""))
    values: dict[str, str] = {"title": title + chance.choice(("", "", " /", "."))}
    if book.volume and not title.endswith(str(book.volume)):
        values["volume"] = f"เล่ม {book.volume}" if thai else f"v. {book.volume}"
    if not met("no creator"):
        values["creator"] = _name(book, chance)
    if not met("no imprint"):
        values |= {"publisher": _house(book, chance), "place": book.place}
    if not met("no year"):
        values["year"] = str(book.year + (chance.choice((-1, 1)) if met("year off") else 0))
    if book.isbn and not met("no isbn"):
        values["isbn"] = composed_isbn(chance.randrange(10**6)) if met("another isbn") else book.isbn
    values |= {"language": book.language, "material": "ebook" if book.ebook else "book"}
    if book.ebook:
        values["extent"] = chance.choice(("1 ออนไลน์", "1 online resource", f"1 online resource ({book.pages} p.)"))
    elif not met("no extent"):
        pages = book.pages + (chance.randint(1, 3) if met("pages off") else 0)
        values["extent"] = f"{pages} หน้า" if thai else f"xii, {pages} p."
    if book.edition > 1 and not met("no edition"):
        values["edition"] = chance.choice(_editions(book.edition, thai))
    elif book.edition == 1 and chance.random() < 0.15:
        values["edition"] = "พิมพ์ครั้งที่ 1" if thai else "1st ed."
    return {name: (value,) for name, value in values.items()}


def _editions(number: int, thai: bool) -> tuple[str, ...]:
    if thai:
        return f"พิมพ์ครั้งที่ {number}", f"ครั้งที่ {number}", f"พิมพ์ครั้งที่ {number} ฉบับปรับปรุง"
    return f"{number}{'nd' if number == 2 else 'rd'} ed.", f"ed. {number}"


def _slip(title: str, chance: random.Random) -> str:
    """A letter doubled, left out, or changed with the next; a number is read twice."""
    places = [n for n in range(3, len(title) - 3) if not any(c.isdigit() or c == " " for c in title[n - 1 : n + 2])]
    if not places:
        return title
    at = chance.choice(places)
    return title[:at] + chance.choice((title[at] * 2, "", title[at + 1] + title[at])) + title[at + 1 :]


def _name(book: Book, chance: random.Random) -> str:
    given, _, family = book.creator.partition(" ")
    if book.language != "tha":
        return chance.choice((f"{family}, {given}", f"{given} {family}", f"{family}, {given}."))
    return (chance.choice(HONORIFICS) if chance.random() < NOISE["honorific"] else "") + book.creator


def _house(book: Book, chance: random.Random) -> str:
    if book.language != "tha":
        return chance.choice((book.house, f"{book.house} Press", f"{book.house}, Inc."))
    return chance.choice((book.house, f"สำนักพิมพ์{book.house}", f"บริษัท {book.house} จำกัด"))


def _iso2709(copy: Copy) -> bytes:
    """The record as MARC 21 in UTF-8."""
    get = {name: value[0] for name, value in copy.values.items()}
    electronic = get["material"] == "ebook"
    year = get.get("year", "    ")
    fields = [
        ("001", copy.local_id),
        ("008", f"170101s{year:4}    th      {'o' if electronic else ' '}     000 0 {get['language']} d"),
        ("020", f"  $a{get['isbn']}" if "isbn" in get else ""),
        ("100", f"0 $a{get['creator']}" if "creator" in get else ""),
        ("245", f"00$a{get['title']}" + (f"$n{get['volume']}" if "volume" in get else "")),
        ("250", f"  $a{get['edition']}" if "edition" in get else ""),
        ("260", "  " + "".join(f"${code}{get[name]}" for code, name in IMPRINT.items() if name in get)),
        ("300", f"  $a{get['extent']}" if "extent" in get else ""),
    ]  # fmt: skip
    return _written([(tag, text) for tag, text in fields if text.strip()])


def _written(fields: Sequence[tuple[str, str]]) -> bytes:
    directory, body = b"", b""
    for tag, text in fields:
        data = text.replace("$", "\x1f").encode() + b"\x1e"
        directory += f"{tag}{len(data):04d}{len(body):05d}".encode()
        body += data
    base = 24 + len(directory) + 1
    head = f"{base + len(body) + 1:05d}nam a22{base:05d} a 4500".encode()
    if len(head) != 24:
        raise BenchError(f"a leader of {len(head)} bytes")
    return head + directory + b"\x1e" + body + b"\x1d"
