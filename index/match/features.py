"""What two records have in common and what not: one function a question, each answering with named features."""

import re
from collections.abc import Callable, Collection, Iterator

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from harvest.derive import RECORD_TYPES
from index.match import names, normal
from index.match.facts import Facts
from index.match.titles import ARTICLES, Title, without_article

Said = tuple[str, str, str]  # a feature's name, and what the two records say
Feature = Callable[[Facts, Facts, Collection[str]], Iterator[Said]]

# ── titles ───────────────────────────────────────────────────────────────────────────────────────

EDITS_IN = 12  # one misspelt letter in so many
SUBTITLE = 12  # letters: what is shorter and follows a Thai title makes another title of it
SHORT = 16  # Thai titles below this many letters are equal or different: a tone mark makes another word
LEVELS = (
    "title_equal", "title_near", "title_subtitle", "title_variant", "title_begins", "title_rest", "title_words",
    "title_within", "title_close", "title_partly", "title_far", "title_scripts", "title_missing",
)  # fmt: skip
RANK = {name: number for number, name in enumerate(LEVELS)}


def title(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    """How well the titles agree, each script with its own."""
    if not a.titles or not b.titles:
        yield "title_missing", _shown(a), _shown(b)
        return
    found = ("title_scripts", a.titles[0], b.titles[0])
    for one in a.titles:
        for two in b.titles:
            if one.script == two.script:
                name = title_level(one, two)
                if RANK[name] < RANK[found[0]]:
                    found = (name, one, two)
    name, one, two = found
    if RANK[name] > RANK["title_variant"] and _variant(a, b):
        name = "title_variant"
    yield name, one.shown, two.shown


def title_level(one: Title, two: Title) -> str:
    """How well two titles in one script agree."""
    if one.full == two.full or one.shown.casefold() == two.shown.casefold():
        return "title_equal"
    if one.script == "latin" and (one.words[0] in ARTICLES) != (two.words[0] in ARTICLES):
        one, two = without_article(one), without_article(two)
        if one.full == two.full:
            return "title_equal"
    short, long = (one, two) if len(one.full) <= len(two.full) else (two, one)
    if _near(short.full, long.full, one.script) and _typed(one, two):
        return "title_near"
    if short.full == long.main or (one.main == two.main and one.main in (one.full, two.full)):
        return "title_subtitle"
    if len(short.full) >= 6 and _begins(short, long):
        return "title_begins"
    if one.main == two.main and len(one.main) >= 8:
        return "title_rest"
    less, more = sorted((one.main, two.main), key=len)
    if (one.main == one.full or two.main == two.full) and _near(less, more, one.script):
        return "title_begins"
    if len(short.full) >= 10 and short.full in long.full:
        return "title_within"
    if one.script == "thai":
        return _ratio(fuzz.ratio(one.full, two.full)) if len(short.full) >= SHORT else "title_far"
    ours, theirs = set(one.words) - SMALL, set(two.words) - SMALL
    least = min(len(ours), len(theirs))
    shared = len(ours & theirs)
    if shared == least >= 3:
        return "title_words"
    ratio = fuzz.ratio(one.full, two.full)
    if least >= 4 and shared >= 0.8 * least:
        ratio = max(ratio, 90)
    return _ratio(ratio)


def _begins(short: Title, long: Title) -> bool:
    """Whether the longer title begins with the shorter and goes on with a word of its own: จิตวิทยา does not begin
    จิตวิทยาการศึกษา."""
    if not long.full.startswith(short.full) or (long.script == "thai" and len(long.full) - len(short.full) < SUBTITLE):
        return False
    at = 0
    for word in long.words:
        at += len(word)
        if at >= len(short.full):
            return at == len(short.full)
    return False


def _typed(one: Title, two: Title) -> bool:
    """Whether each word that differs is the other misspelt: crawfish is not catfish."""
    if one.script == "thai" or len(one.words) != len(two.words):
        return True
    return all(x == y or OSA.distance(x, y) <= max(1, len(x) // 6) for x, y in zip(one.words, two.words, strict=True))


SMALL = frozenset(["the", "a", "an", "of", "and", "in", "on", "for", "to", "by", "with", "from", "or"])


def _ratio(ratio: float) -> str:
    return "title_close" if ratio >= 90 else "title_partly" if ratio >= 70 else "title_far"


def _near(short: str, long: str, script: str) -> bool:
    """Whether one is the other misspelt: never in a digit, and never in a short title."""
    most = len(short) // EDITS_IN
    if script == "thai":
        most = min(most, 2)  # three in a row make another word: ปริญญาตรี, ปริญญาโท
    if not most or (script == "thai" and len(short) < SHORT) or len(long) - len(short) > most:
        return False
    if OSA.distance(short, long, score_cutoff=most) > most:
        return False
    return [c for c in short if c.isdigit()] == [c for c in long if c.isdigit()]


def _variant(a: Facts, b: Facts) -> bool:
    """Whether one's title is the other's parallel or varying title, or the name of its part."""
    ours = {t for title in a.titles for t in (title.full, title.main)}
    theirs = {t for title in b.titles for t in (title.full, title.main)}
    return any(len(t) >= 8 for t in (ours & {*b.variants, b.part}) | (theirs & {*a.variants, a.part}))


def _shown(facts: Facts) -> str:
    return facts.titles[0].shown if facts.titles else ""


def title_numbers(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    """Numbers in the titles, where one has some that the other lacks and the other way round."""
    ours, theirs = set(a.numbers) - set(b.numbers), set(b.numbers) - set(a.numbers)
    if ours and theirs:
        yield "numbers_differ", ", ".join(sorted(ours)), ", ".join(sorted(theirs))
    elif (ours or theirs) and a.titles and b.titles:
        yield "numbers_more", ", ".join(sorted(ours)), ", ".join(sorted(theirs))


def part(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    """The names of parts: other ones, or only one has some."""
    if a.part and b.part:
        short, long = sorted((a.part, b.part), key=len)
        if short != long and not _near(short, long, a.script):
            yield ("part_more" if short in long else "part_differs"), a.part, b.part
    elif (a.part or b.part) and not _within(a.part or b.part, b if a.part else a):
        yield "part_one", a.part, b.part


def _within(text: str, facts: Facts) -> bool:
    return any(text in title.full for title in facts.titles)


# ── people and bodies ────────────────────────────────────────────────────────────────────────────


def author(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    """How well the creators agree; one who is named as a contributor or beside the title counts, too."""
    if not (a.creators or a.others) and not (b.creators or b.others):
        yield "author_none", "", ""
        return
    how, one, two = names.best(a.creators or a.others, b.creators or b.others)
    if how not in ("equal", "initials"):
        for ours, theirs in ((a.creators, b.others), (a.others, b.creators), (a.others, b.others)):
            other = names.best(ours, theirs)
            if other[0] in ("equal", "initials"):
                how, one, two = other
                break
    if how not in ("equal", "initials", "near") and (said := _said(a, b) or _said(b, a)):
        yield "author_said", said, said
    elif how not in ("equal", "initials", "near") and (said := _issues(a, b) or _issues(b, a)):
        yield "author_issues", said, said
    elif not one:
        yield "author_one", next(iter((*a.creators, *a.others)), ""), next(iter((*b.creators, *b.others)), "")
    else:
        yield f"author_{how}", one, two


def _said(a: Facts, b: Facts) -> str:
    """A creator of the one who stands in the other's statement of responsibility."""
    for name in (*a.creators, *a.others)[:3]:
        parts = [part for part in name.split() if len(part) > 2]
        if b.said and parts and len("".join(parts)) > 5 and all(part in b.said for part in parts[:2]):
            return name
    return ""


def _issues(a: Facts, b: Facts) -> str:
    """One who made the one and is the other's publisher: bodies are entered as either."""
    for name in (*a.creators[:2], *a.others[:3]):
        for publisher in b.publishers:
            if len(publisher) > 5 and names.level(name, publisher) in ("equal", "initials", "near"):
                return name
    return ""


# ── dates ────────────────────────────────────────────────────────────────────────────────────────

DECADE = 20  # years: what an uncertain year allows beyond is no year at all
REFORM = 1940  # until then the Thai year began on 1 April, so two Christian years are in one


def year(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    """How far the years of publication are apart."""
    one, two = _years(a), _years(b)
    if not one or not two:
        yield ("year_one" if one or two else "year_none"), one, two
        return
    gap = min((abs(x - y) for x in a.years for y in b.years), default=99)
    if gap == 0:
        yield ("year_end" if a.until and b.until and a.until != b.until else "year_equal"), one, two
        return
    if allowed := _spans(a, b) or _spans(b, a):
        yield ("year_range" if allowed <= DECADE else "year_one"), one, two
        return
    if gap == 1 and _contradicted(a, b):
        yield "year_near", one, two
    elif gap == 1:
        old = "thai" in (a.script, b.script) and max(*a.years, *b.years) <= REFORM + 1
        yield ("year_equal" if old else "year_next"), one, two
    else:
        yield ("year_near" if gap <= 4 else "year_apart" if gap <= 20 else "year_far"), one, two
    if {*a.years, *a.rights} & {*b.years, *b.rights}:
        yield "rights_equal", one, two
    elif {*a.years, a.coded} & {*b.years, b.coded} - {0}:
        yield "coded_equal", one, two


def _contradicted(a: Facts, b: Facts) -> bool:
    """Whether a coded year contradicts its own imprint, and the other's year yet more."""
    ours, theirs = ({facts.coded} if facts.coded else set(facts.years) for facts in (a, b))
    return bool(a.coded or b.coded) and min((abs(x - y) for x in ours for y in theirs), default=0) > 1


def _spans(a: Facts, b: Facts) -> int:
    """How many years an unknown digit of the one allows, where the other's is one of them."""
    if not a.span:
        return 0
    low, high = a.span
    theirs = [b.span] if b.span and not b.years else [(year, year) for year in b.years]
    return high - low + 1 if any(first <= high and low <= last for first, last in theirs) else 0


def _years(facts: Facts) -> str:
    if facts.years:
        return "/".join(map(str, facts.years))
    return "-".join(map(str, facts.span)) if facts.span else ""


def edition(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    """Editions: equal, in conflict, or named by one only (a first edition often is not named)."""
    one, two = a.edition, b.edition
    if one == two:
        if one:
            yield "edition_equal", one, two
    elif one and two:
        yield ("edition_worded" if "revised" in (one, two) else "edition_differs"), one, two
    elif (one or two) == "1":
        yield "edition_first", one, two
    else:
        yield ("edition_revised" if (one or two) == "revised" else "edition_one"), one, two
    if a.edition_of != b.edition_of and not _near_or_in(a.edition_of, b.edition_of):
        yield "edition_named", a.edition_of, b.edition_of


def _near_or_in(one: str, two: str) -> bool:
    return bool(one and two) and fuzz.token_set_ratio(one, two) >= 80


# ── extent ───────────────────────────────────────────────────────────────────────────────────────


def pages(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    """How far the numbers of pages are apart; nothing where several volumes have them."""
    if a.pieces not in (0, 1) or b.pieces not in (0, 1):
        return
    one, two = a.pages, b.pages
    if not one or not two:
        yield ("pages_one" if one or two else "pages_none"), str(one or ""), str(two or "")
        return
    off = abs(one - two)
    share = off / max(one, two)
    if off == 0:
        name = "pages_equal"
    elif off <= 3:
        name = "pages_near"
    elif share <= 0.03:
        name = "pages_close"
    else:
        name = "pages_off" if share <= 0.2 else "pages_far"
    yield name, str(one), str(two)


def pieces(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    """How many volumes: equal, other, or one against a set."""
    one, two = a.pieces, b.pieces
    if not one or not two or (one == two == 1):
        return
    if one == two:
        yield "pieces_equal", _pieces(one), _pieces(two)
    elif -1 in (one, two):
        yield ("pieces_growing" if 1 not in (one, two) else "pieces_set_growing"), _pieces(one), _pieces(two)
    elif 1 in (one, two):
        yield "pieces_set", _pieces(one), _pieces(two)
    else:
        yield "pieces_differ", _pieces(one), _pieces(two)


def _pieces(count: int) -> str:
    return "many" if count < 0 else str(count)


def height(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    if a.height and b.height:
        off = abs(a.height - b.height)
        if off > 1:
            yield ("height_off" if off <= 3 else "height_far"), f"{a.height}", f"{b.height}"


# ── publication ──────────────────────────────────────────────────────────────────────────────────


def publisher(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    if not a.publishers or not b.publishers:
        yield "publisher_one" if a.publishers or b.publishers else "publisher_none", "", ""
        return
    level, one, two = max((_alike(x, y), x, y) for x in a.publishers for y in b.publishers)
    name = (
        "publisher_scripts" if level < 0
        else "publisher_equal" if level >= 95
        else "publisher_close" if level >= 75
        else "publisher_partly" if level >= 45
        else "publisher_differs"
    )  # fmt: skip
    yield name, one, two


def _alike(one: str, two: str) -> float:
    thai = [normal.script(text) == "thai" for text in (one, two)]
    if thai[0] != thai[1]:
        return -1
    if one == two:
        return 100
    if thai[0]:
        one, two = one.replace(" ", ""), two.replace(" ", "")
        if min(len(one), len(two)) >= 4 and (one in two or two in one):
            return 96
        short, long = sorted((one, two), key=len)
        return MAYBE if _abbreviated(short, long) else fuzz.ratio(one, two)
    if _initials(one, two) or _initials(two, one):
        return 96
    return fuzz.token_set_ratio(one, two)


MAYBE = 45  # neither for nor against
_CONSONANTS = re.compile("[ก-ฮ]{2,6}")


def _abbreviated(short: str, long: str) -> bool:
    """Whether a Thai name may be the other in short, มข for มหาวิทยาลัยขอนแก่น: its letters, in their order."""
    if not _CONSONANTS.fullmatch(short) or short[0] != long[0]:
        return False
    letters = iter(long)
    return all(letter in letters for letter in short)


def _initials(one: str, two: str) -> bool:
    """Whether a word of the one is made of the first letters of the other's: ASTM."""
    letters = "".join(word[0] for word in two.split())
    return len(letters) > 2 and any(len(word) > 2 and word == letters for word in one.split())


def place(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    if a.places and b.places:
        level, one, two = max((_near_place(x, y), x, y) for x in a.places for y in b.places)
        if level < 60 and a.script == b.script:
            yield "place_differs", one, two
    if a.country and b.country and a.country != b.country:
        yield "country_differs", a.country, b.country


def _near_place(one: str, two: str) -> float:
    return 100 if one[:6] == two[:6] or one in two or two in one else fuzz.ratio(one, two)


def series(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    """Series: the same with the same number, with another, or other ones."""
    if not a.series or not b.series:
        return
    level, one, two = max((_in_series(x, y), x, y) for x in a.series for y in b.series)
    name = ("series_differs", "series_number", "series_equal", "series_and_number")[level]
    yield name, one.replace("|", " ").strip(), two.replace("|", " ").strip()


def _in_series(one: str, two: str) -> int:
    (name, number), (other, another) = one.split("|"), two.split("|")
    alike = name in other or other in name or fuzz.ratio(name, other) >= 75
    if number and number == another:
        return 3 if alike else 2
    return (1 if number and another else 2) if alike else 0


# ── identifiers ──────────────────────────────────────────────────────────────────────────────────

DIGITAL = frozenset(["e", "pdf", "epub", "audio"])
SERIAL = ("s", "i")  # leader/07


def isbn(a: Facts, b: Facts, worthless: Collection[str]) -> Iterator[Said]:
    """ISBNs that say something: not a set's, not seen on different titles, and not on a serial."""
    if a.level in SERIAL and b.level in SERIAL:
        return
    if not (a.isbns or a.weak) or not (b.isbns or b.weak):
        return
    one = {i: c for i, c in a.isbns.items() if c != "set" and i not in worthless}
    two = {i: c for i, c in b.isbns.items() if c != "set" and i not in worthless}
    shared = sorted(one.keys() & two.keys())
    if shared:
        yield "isbn_shared", shared[0], shared[0]
    elif one and two:
        classes = {_binding(c) for c in one.values()}, {_binding(c) for c in two.values()}
        apart = not classes[0] & classes[1] and ("" not in classes[0] | classes[1] or {"e"} in classes)
        yield ("isbn_binding" if apart else "isbn_differs"), next(iter(one)), next(iter(two))
    elif weak := sorted((set(a.weak) | one.keys()) & (set(b.weak) | two.keys())):
        yield "isbn_weak", weak[0], weak[0]


def _binding(kind: str) -> str:
    return "e" if kind in DIGITAL else kind if kind in ("hard", "soft") else ""


def issn(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    if a.issns and b.issns:
        shared = sorted(set(a.issns) & set(b.issns))
        one, two = (shared[0], shared[0]) if shared else (a.issns[0], b.issns[0])
        yield ("issn_shared" if shared else "issn_differs"), one, two


def control(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    """The same control number of the same origin: copies of one record."""
    if len(a.control) >= 8 and a.control == b.control:
        yield "control_shared", a.control, b.control
    elif shared := sorted(set(a.standard) & set(b.standard)):
        yield "standard_shared", shared[0], shared[0]


# ── kinds ────────────────────────────────────────────────────────────────────────────────────────


def kind_of(facts: Facts) -> str:
    """What kind of thing a record describes, as reasons say it."""
    return RECORD_TYPES.get(facts.type, "unpublished" if facts.type == "t" else "text")


def kind(a: Facts, b: Facts, _: Collection[str]) -> Iterator[Said]:
    if a.type and b.type and a.type != b.type:
        yield "type_differs", kind_of(a), kind_of(b)
    if a.languages and b.languages and not set(a.languages) & set(b.languages):
        yield "language_differs", a.languages[0], b.languages[0]


FEATURES: tuple[Feature, ...] = (
    title, title_numbers, part, author, year, edition, pages, pieces, height, publisher, place, series, isbn, issn,
    control, kind,
)  # fmt: skip

# ── what counts together ─────────────────────────────────────────────────────────────────────────

TITLE = frozenset(["title_equal", "title_near", "title_subtitle", "title_variant", "title_begins", "title_words"])
LONGER = frozenset(["title_subtitle", "title_begins", "title_within", "title_words", "title_rest", "title_close"])
AUTHOR = frozenset(["author_equal", "author_initials", "author_near", "author_said", "author_issues"])
NO_AUTHOR = frozenset(["author_none", "author_one"])
YEAR = frozenset(["year_equal", "year_range", "year_end"])
OTHER_YEAR = frozenset(["year_next", "year_near", "year_apart", "year_far"])
PAGES = frozenset(["pages_equal", "pages_near"])
OTHER_PAGES = frozenset(["pages_off", "pages_far"])
PUBLISHER = frozenset(["publisher_equal", "publisher_close"])
OTHER_PUBLISHER = frozenset(["publisher_differs", "publisher_partly"])
OTHER_EDITION = frozenset(["edition_differs", "edition_one", "edition_worded", "edition_revised"])

# Features that say more together than one by one: each stands where one of every set is there.
TOGETHER: dict[str, tuple[frozenset[str], ...]] = {
    "core": (TITLE, AUTHOR, YEAR),
    "year_pages": (YEAR, PAGES),
    "year_publisher": (YEAR, PUBLISHER),
    "pages_publisher": (PAGES, PUBLISHER),
    "title_pages": (TITLE, PAGES),
    "title_publisher": (TITLE, PUBLISHER),
    "all_but_title": (AUTHOR, YEAR, PAGES, PUBLISHER),
    "all_but_year": (TITLE, AUTHOR, frozenset(["year_next"]), frozenset(["pages_equal"]), PUBLISHER),
    "anonymous": (TITLE, NO_AUTHOR, YEAR, PUBLISHER),
    "publisher_place": (OTHER_PUBLISHER, frozenset(["place_differs"])),
    "publisher_abroad": (OTHER_PUBLISHER, frozenset(["place_differs"]), frozenset(["country_differs"])),
    "edition_year": (OTHER_EDITION, OTHER_YEAR),
    "year_apart_pages": (OTHER_YEAR, PAGES),
    "longer_and_pages": (LONGER, OTHER_PAGES),
    "isbn_title": (frozenset(["isbn_shared"]), TITLE | {"title_close", "title_rest"}),
}  # fmt: skip


def kinds(a: Facts, b: Facts, found: Collection[str]) -> Iterator[Said]:
    """What makes a serial, and what a thesis."""
    if not {"title_equal", "title_near", "title_subtitle"} & set(found):
        return
    if a.level == b.level and a.level in SERIAL:
        issued = {"year_equal", "issn_shared", "author_equal", "publisher_equal", "coded_equal"} & set(found)
        if issued and not {"author_differs", "place_differs"} & set(found):
            yield "serial_title", "", ""
    elif (a.thesis or b.thesis) and AUTHOR & set(found) and {"year_equal", "year_next", "coded_equal"} & set(found):
        yield "thesis_title", "", ""


def compare(a: Facts, b: Facts, worthless: Collection[str] = ()) -> list[Said]:
    """Every feature that two records show."""
    found = [said for feature in FEATURES for said in feature(a, b, worthless)]
    shown = {said[0] for said in found}
    for name, sides in TOGETHER.items():
        for side in sides:
            if side.isdisjoint(shown):
                break
        else:
            found.append((name, "", ""))
    found += kinds(a, b, shown)
    return found
