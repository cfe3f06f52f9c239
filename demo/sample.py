"""The sample: every title of the network completed, and who of the eleven members holds it."""

import datetime
import functools
import random
import tomllib
from collections import Counter
from importlib import resources

import msgspec
from stdnum import ean

from demo import composed, facts
from demo.composed import draw
from demo.title import TEXT, Area, Areas, Title

NOTE = "ระเบียนตัวอย่าง (sample record)"
MEMBERS = ("kku", "kkvc", "kktc", "rmuti", "neu", "cas", "kkpl", "kkh", "kkm", "kkpao", "bcnkk")
WITHDRAWN = 6  # records that a member once had and has no more
# Where theses come from: the school's library, the first year that it grants degrees under this name, in which areas.
SCHOOLS = {
    "มหาวิทยาลัยขอนแก่น": ("kku", 1980, None),
    "มหาวิทยาลัยภาคตะวันออกเฉียงเหนือ": ("neu", 2001, ("business", "local")),
    "วิทยาลัยบัณฑิตเอเซีย": ("cas", 2006, ("education", "business", "local")),
    "มหาวิทยาลัยเทคโนโลยีราชมงคลอีสาน": ("rmuti", 2007, ("engineering", "computing")),
}
ORDINALS = {2: "2nd", 3: "3rd", 4: "4th"}
LENDING_LIBRARIES = ("kku", "rmuti", "neu", "bcnkk", "kkh")  # who buys e-books


class Entry(msgspec.Struct, frozen=True):
    """One member's holding of one title: what its cataloguer had in hand."""

    title: Title
    member: str
    number: int  # running, from 1
    copies: int
    datestamp: datetime.datetime  # when the record last changed, UTC

    @property
    def chance(self) -> random.Random:
        """What this cataloguer does now and then, always the same for this record."""
        return draw("entry", self.member, self.title.key)


@functools.cache
def areas() -> Areas:
    text = resources.files("demo").joinpath("areas.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Areas)


def area_of(title: Title) -> Area:
    return areas().area[title.area]


@functools.cache
def compose() -> tuple[Title, ...]:
    """Every title of the sample, completed. The same on every machine."""
    real = _numbered_editions()
    printed = [_completed(title, number) for number, title in enumerate([*real, *composed.titles()], 1)]
    electronic = [t for t in printed if t.popular and t.isbn and not t.real][::3]
    return (*printed, *(_electronic(t, len(printed) + n) for n, t in enumerate(electronic, 1)))


def _numbered_editions() -> list[Title]:
    """The real titles. Of which edition and year each is, where the facts do not say it, is composed."""
    works: Counter[tuple[object, ...]] = Counter()
    namesakes: Counter[str] = Counter()
    found = []
    for title in facts.titles():
        work = (title.kind, title.title, title.volume, title.subtitle, title.creators)
        works[work] += 1
        namesakes[title.title + title.volume] += 1
        if works[work] > 1 and not title.edition and not title.isbn:
            ordinal = f"พิมพ์ครั้งที่ {works[work]}" if title.thai else f"{ORDINALS[works[work]]} ed."
            title = msgspec.structs.replace(title, edition=ordinal)
        first = draw("year", title.title, title.volume).randint(1995, 2013)
        year = title.year or first + 3 * (namesakes[title.title + title.volume] - 1)
        found.append(msgspec.structs.replace(title, year=year))
    return found


def _completed(title: Title, number: int) -> Title:
    """What no fact says, composed."""
    area, chance = area_of(title), draw("complete", title.key)
    publisher = title.publisher or _publisher(title, area, chance)
    has_isbn = title.kind == "ebook" or (title.kind in ("book", "textbook", "reference") and chance.random() < 0.85)
    return msgspec.structs.replace(
        title,
        publisher=publisher,
        place=title.place or _place(title, chance),
        subjects=title.subjects or _subjects(area, chance),
        dewey=title.dewey or area.dewey,
        lc=area.lc,
        nlm=title.nlm or area.nlm,
        isbn=title.isbn or (composed_isbn(number) if has_isbn else ""),
        url=_link(number) if title.kind == "ebook" else "",
        pages=chance.randint(24, 40) if title.area == "children" else chance.randint(96, 620),
        popular=chance.random() < (0.24 if title.real else 0.14)
        and title.kind in ("book", "textbook", "reference", "av"),
    )


def _publisher(title: Title, area: Area, chance: random.Random) -> str:
    if title.kind == "thesis":
        known = [
            name
            for name, (_, since, fields) in SCHOOLS.items()
            if title.year >= since and (not fields or title.area in fields)
        ]
        return chance.choice(known)
    houses = areas().publishers["english" if title.language == "eng" else area.publishers]
    return chance.choice(houses)


def _place(title: Title, chance: random.Random) -> str:
    if title.language == "eng":
        return "Bangkok" if not title.publisher else ""
    return chance.choice(("กรุงเทพฯ", "กรุงเทพฯ", "ขอนแก่น", "นนทบุรี")) if not title.publisher else ""


def _subjects(area: Area, chance: random.Random) -> tuple[str, ...]:
    return area.subjects[: chance.randint(1, len(area.subjects))]


def composed_isbn(number: int) -> str:
    """The n-th ISBN in 978-67 to 978-69, group identifiers that no agency was given: it belongs to no book."""
    body = f"978{67 + number % 3}{number * 7919 % 10**7:07d}"
    return body + ean.calc_check_digit(body)


def _electronic(title: Title, number: int) -> Title:
    """The e-book of a printed title: published a year later, with an ISBN of its own."""
    return msgspec.structs.replace(
        title,
        kind="ebook",
        year=min(title.year + 1, 2025),
        isbn=composed_isbn(number),
        url=_link(number),
        popular=False,
    )


def _link(number: int) -> str:
    return f"https://ebook.example.org/{number}"


# ── who holds it ─────────────────────────────────────────────────────────────────────────────────


def holders(title: Title) -> tuple[str, ...]:
    """The members that hold a title, in the order of the table; at least one."""
    chance = draw("holders", title.key)
    shares = _shares(title)
    if title.popular:
        wanted = chance.randint(5, 9)
        drawn = sorted(shares, key=lambda code: chance.random() ** (1 / max(shares[code], 0.01)), reverse=True)[:wanted]
    else:
        rarity = chance.choice((0.45, 0.7, 0.7, 0.9))
        drawn = [code for code, share in shares.items() if chance.random() < share * rarity]
    drawn = drawn or [max(shares, key=lambda code: shares[code])]
    return tuple(code for code in MEMBERS if code in drawn)


def _shares(title: Title) -> dict[str, float]:
    """Member -> how likely it is to hold the title."""
    shares = dict(areas().audience[area_of(title).audience])
    if title.kind == "thesis":
        shares = {code: share * 0.25 for code, share in shares.items()} | {"kku": 0.6}
        shares[SCHOOLS[title.publisher][0] if title.publisher in SCHOOLS else "kku"] = 2.0
    elif title.kind == "ebook":
        shares = {code: share for code, share in shares.items() if code in LENDING_LIBRARIES}
    elif title.kind == "manuscript":
        shares = {"kku": 1.0}
    elif title.kind in ("av", "audio"):
        shares = {code: shares.get(code, 0.1) for code in ("kku", "neu", "kkpl", "kkvc", "kkm", "rmuti")}
    elif title.language == "eng":
        shares = {
            code: share * (0.8 if code in ("kku", "rmuti", "neu", "cas") else 0.5) for code, share in shares.items()
        }
    if title.romanised:
        shares["kku"] = 5.0  # the classics, which kku also describes in Latin letters
    return {code: shares[code] for code in MEMBERS if code in shares}


@functools.cache
def _held() -> dict[str, tuple[Title, ...]]:
    held: dict[str, list[Title]] = {code: [] for code in MEMBERS}
    for title in compose():
        for code in holders(title):
            held[code].append(title)
    return {code: tuple(titles) for code, titles in held.items()}


@functools.cache
def share(member: str) -> tuple[Entry, ...]:
    """What one member holds, in the order of its numbers."""
    titles = sorted(_held()[member], key=lambda title: draw("bought", member, title.key).random())
    return tuple(_entry(title, member, number) for number, title in enumerate(titles, 1))


@functools.cache
def withdrawn(member: str) -> tuple[Entry, ...]:
    """What one member once held and withdrew; its numbers follow those of the share."""
    mine = {title.key for title in _held()[member]}
    gone = [title for title in compose() if title.kind in TEXT and title.key not in mine]
    gone = draw("withdrawn", member).sample(gone, WITHDRAWN)
    return tuple(_entry(title, member, number) for number, title in enumerate(gone, len(mine) + 1))


def _entry(title: Title, member: str, number: int) -> Entry:
    chance = draw("holding", member, title.key)
    copies = 1 if title.kind in ("thesis", "ebook", "manuscript", "serial") else chance.choice((1, 1, 1, 2, 2, 3, 5))
    start = datetime.datetime(2023, 1, 9, 2, tzinfo=datetime.UTC)
    return Entry(title, member, number, copies, start + datetime.timedelta(seconds=chance.randrange(900 * 86400)))
