"""What keeps two records apart whatever else agrees, each by its name."""

import re
from collections.abc import Callable, Collection

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from index.match import normal
from index.match.facts import Facts
from index.match.features import DIGITAL, kind_of

Names = Collection[str]  # of the features that two records show
Veto = Callable[[Facts, Facts, Names], tuple[str, str] | None]  # what the two say, or None

SERIAL, COMPONENT = "si", "ab"
TEXTS = "at"  # printed and manuscript text: theses are coded as either


def _thai(a: Facts, b: Facts) -> bool:
    return "thai" in (a.script, b.script)


def _twins(a: Facts, b: Facts, found: Names) -> bool:
    """Whether title, year, publisher and pages agree, in Latin script: there names are romanised and pseudonyms
    resolved in many ways, and a series' number may stand with the title. In Thai a name or number is what it says.

    Where the pages are not known the title must be a long one: many wrote a "Calculus" for one house.
    """
    if (
        _thai(a, b)
        or not {"title_equal", "year_equal"} <= set(found)
        or {"publisher_differs", "publisher_partly"} & set(found)
    ):
        return False
    if "pages_equal" in found:
        return True
    known = {"pages_one", "pages_none"} & set(found) and "year_publisher" in found
    return bool(known) and len(a.titles[0].full) >= LONG


LONG = 24  # letters


def volume(a: Facts, b: Facts, _: Names) -> tuple[str, str] | None:
    apart = a.volume and b.volume and a.volume != b.volume and not _written_alike(a, b)
    return (_listed(a.volume), _listed(b.volume)) if apart else None


def _written_alike(a: Facts, b: Facts) -> bool:
    """Whether the titles are the same text, volumes and all, however it is divided."""
    return bool(a.titles and b.titles) and normal.squeezed(a.titles[0].shown) == normal.squeezed(b.titles[0].shown)


def part(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    return (a.part, b.part) if {"part_differs", "part_one"} & set(found) else None


def set_(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """Several volumes against one that says which it is, or that has pages where the set has none."""
    for one, other in ((a, b), (b, a)):
        many = one.pieces > 1 or one.pieces < 0 or "set" in one.isbns.values()
        paged = other.pieces == 1 and other.pages > 0 and one.pieces > 1 and not one.pages
        single = bool(other.volume) or (paged and _thai(a, b))
        if many and single and not one.volume and other.pieces in (0, 1):
            return _volumes(a), _volumes(b)
    return None


def volume_one(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """Only one says which volume it is, and nothing says that the other is the same one."""
    if bool(a.volume) == bool(b.volume):
        return None
    one, other = (a, b) if a.volume else (b, a)
    if set(one.volume) <= set(other.numbers):
        return None
    if one.pieces not in (0, 1) or _twins(a, b, found) or _written_alike(a, b):
        return None
    if one.volume_said and any(one.volume_said in text for text in (*(t.full for t in other.titles), other.said)):
        return None
    return _listed(a.volume), _listed(b.volume)


def printing(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """Another number of the edition, but one book: its ISBN, pages and publisher agree."""
    if "edition_differs" in found and {"isbn_shared", "pages_equal"} <= set(found) and "publisher_differs" not in found:
        return a.edition, b.edition
    return None


def edition(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    return (a.edition, b.edition) if {"edition_differs", "edition_worded"} & set(found) else None


def edition_alone(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """A later edition that only one names, where neither year nor extent nor a number says that it is both."""
    return (a.edition, b.edition) if "edition_one" in found and SETTLED.isdisjoint(found) else None


SETTLED = frozenset(
    ["year_equal", "year_end", "year_range", "rights_equal", "coded_equal", "pages_equal", "pages_near", "isbn_shared"]
)


def coedition(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """Another publisher, and another extent, country or (in Thai) another place: another edition of the text."""
    if "publisher_differs" not in found or "isbn_shared" in found:
        return None
    other = {"pages_off", "pages_far", "publisher_abroad"} | ({"place_differs"} if _thai(a, b) else set())
    return (a.publishers[0], b.publishers[0]) if other & set(found) else None


def extent(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """In Thai, far fewer pages without an ISBN that says it is the same book."""
    if _thai(a, b) and "pages_far" in found and "isbn_shared" not in found:
        return str(a.pages), str(b.pages)
    return None


def year(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """Years that are more than one apart, where neither a number nor the extent says that it is one book."""
    if not {"year_near", "year_apart", "year_far"} & set(found) or {"rights_equal", "coded_equal"} & set(found):
        return None
    if "issn_shared" in found:
        return None  # a serial is described from the issue that a library has
    if "pages_equal" in found and ("isbn_shared" in found or not {"edition_one", "edition_named"} & set(found)):
        return None
    return _listed(a.years), _listed(b.years)


def ebook(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """Print and online, as the carriers say it, or the ISBNs."""
    digital = [bool(f.isbns) and DIGITAL.issuperset(f.isbns.values()) for f in (a, b)]
    if "isbn_binding" in found and digital[0] != digital[1]:
        return ("online", "print") if digital[0] else ("print", "online")
    apart = a.carrier and b.carrier and a.carrier != b.carrier and "online" in (a.carrier, b.carrier)
    return (a.carrier, b.carrier) if apart and "print" in (a.carrier, b.carrier) else None


def carrier(a: Facts, b: Facts, _: Names) -> tuple[str, str] | None:
    """Another carrier, or another kind of disc, tape or film."""
    if a.carrier and b.carrier and a.carrier != b.carrier:
        return a.carrier, b.carrier
    ours, theirs = set(a.media), set(b.media)
    if ("daisy" in ours) != ("daisy" in theirs) and (ours or theirs) and a.carrier == b.carrier:
        return _listed(a.media), _listed(b.media)
    if (
        not ours
        or not theirs
        or ours & theirs
        or ({"disc"} in (ours, theirs) and (ours | theirs) <= {"disc", "cd", "lp"})
    ):
        return None
    return _listed(a.media), _listed(b.media)


def form(a: Facts, b: Facts, _: Names) -> tuple[str, str] | None:
    """One ISBN that is called PDF in one record and EPUB in the other."""
    for isbn in a.isbns.keys() & b.isbns.keys():
        if {a.isbns[isbn], b.isbns[isbn]} == {"pdf", "epub"}:
            return a.isbns[isbn], b.isbns[isbn]
    return None


def binding(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """Different ISBNs that are said to be of different bindings, or of print and e-book."""
    if "isbn_binding" not in found:
        return None
    return _listed(sorted(set(a.isbns.values()))), _listed(sorted(set(b.isbns.values())))


def language(a: Facts, b: Facts, _: Names) -> tuple[str, str] | None:
    """Other languages of the text. 008 alone errs: between European languages it takes 041 or a column to say so."""
    if not a.languages or not b.languages or set(a.languages) & set(b.languages):
        return None
    sure = a.language_said or b.language_said or "tha" in (*a.languages, *b.languages) or _thai(a, b)
    return (_listed(a.languages), _listed(b.languages)) if sure else None


def serial(a: Facts, b: Facts, _: Names) -> tuple[str, str] | None:
    if a.level and b.level and (a.level in SERIAL) != (b.level in SERIAL):
        return _level(a), _level(b)
    return None


def component(a: Facts, b: Facts, _: Names) -> tuple[str, str] | None:
    if a.level and b.level and (a.level in COMPONENT or bool(a.host)) != (b.level in COMPONENT or bool(b.host)):
        return _level(a), _level(b)
    return None


def host(a: Facts, b: Facts, _: Names) -> tuple[str, str] | None:
    """Components of different hosts, or at different places in one."""
    if not a.host or not b.host:
        return None
    for kind in ("w:", "g:"):
        ours, theirs = ({text for text in facts.host if text.startswith(kind)} for facts in (a, b))
        if ours and theirs and not ours & theirs:
            return tuple(", ".join(sorted(text[2:] for text in side)) for side in (ours, theirs))  # type: ignore[return-value]  # two sides make a pair
    return None


def issn(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    both = a.level in SERIAL and b.level in SERIAL if a.level and b.level else True
    return (a.issns[0], b.issns[0]) if "issn_differs" in found and both else None


def issuer(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """Serials of one title, where neither a number nor who issues them says that they are one."""
    serials = bool(a.level and b.level) and a.level in SERIAL and b.level in SERIAL
    if not serials or {"serial_title", "issn_shared", "control_shared"} & set(found):
        return None
    return _listed((*a.creators, *a.publishers, *a.places)[:2]), _listed((*b.creators, *b.publishers, *b.places)[:2])


def type_(a: Facts, b: Facts, _: Names) -> tuple[str, str] | None:
    apart = a.type and b.type and a.type != b.type and not (a.type in TEXTS and b.type in TEXTS)
    return (kind_of(a), kind_of(b)) if apart else None


def institution(a: Facts, b: Facts, _: Names) -> tuple[str, str] | None:
    """Theses of other universities. Thai ones are told apart by their last letters: ราชภัฏเลย, ราชภัฏสุรินทร์."""
    one, two = sorted((a.institution, b.institution), key=len)
    script = normal.script(one)
    if not one or script != normal.script(two):
        return None
    alike = one in two or OSA.distance(one, two) < 2 if script == "thai" else fuzz.partial_ratio(one, two) >= 90
    return None if alike else (a.institution, b.institution)


def author(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """Other authors; in Thai a name that agrees only in part is another, too."""
    apart = "author_differs" in found or ("author_part" in found and _thai(a, b))
    if a.creators and b.creators and apart and not _twins(a, b, found):
        return a.creators[0], b.creators[0]
    return None


# A book that goes with another: its title is the other's and one of these.
COMPANIONS = (
    "แบบฝึกหัด", "คู่มือครู", "เฉลย", "แผนการสอน", "แผนการจัดการเรียนรู้",
    "workbook", "teachers", "solutions", "studyguide", "instructors", "answerkey",
)  # fmt: skip
_COMPANION = re.compile("|".join(COMPANIONS))


def companion(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    if "title_equal" in found:
        return None
    ours, theirs = ({word for t in facts.titles for word in _COMPANION.findall(t.full)} for facts in (a, b))
    return (a.titles[0].shown, b.titles[0].shown) if ours != theirs and a.titles and b.titles else None


def title(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """In Thai titles that are only alike are others: one letter makes another word."""
    alike = {"title_partly", "title_close", "title_rest", "title_within"} & set(found)
    if alike and _thai(a, b):
        return (a.titles[0].shown, b.titles[0].shown)
    return None


def numbers(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """Other numbers in the titles: in the main title, or anywhere where it is Thai, or where words differ, too, and no
    author agrees."""
    if "numbers_differ" not in found:
        return None
    if {"author_none", "author_one"} & set(found) and {"title_rest", "title_close", "title_within"} & set(found):
        return _listed(a.numbers), _listed(b.numbers)
    ours, theirs = ([c for title in facts.titles for c in title.main if c.isdigit()] for facts in (a, b))
    apart = ours and theirs and ours != theirs
    return (_listed(a.numbers), _listed(b.numbers)) if apart or _thai(a, b) else None


def scripts(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    if "title_scripts" in found and not {"isbn_shared", "issn_shared", "control_shared"} & set(found):
        return a.titles[0].shown, b.titles[0].shown
    return None


def isbn(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    return (next(iter(a.isbns)), next(iter(b.isbns))) if "isbn_differs" in found else None


def rare(a: Facts, b: Facts, _: Names) -> tuple[str, str] | None:
    return (_listed(a.years), _listed(b.years)) if a.rare or b.rare else None


AGREEMENTS = (
    ("author_equal", "author_initials", "author_near", "author_said", "author_issues"),
    ("year_equal", "year_range", "year_end", "year_next", "rights_equal", "coded_equal"),
    ("publisher_equal", "publisher_close"), ("pages_equal", "pages_near"), ("pieces_equal",), ("series_and_number",),
)  # fmt: skip
ENOUGH = frozenset(["isbn_shared", "issn_shared", "control_shared", "standard_shared", "serial_title", "thesis_title"])


def little(a: Facts, b: Facts, found: Names) -> tuple[str, str] | None:
    """Less than two things agree beside the title, and no number does. A long title with its year is enough
    where no author contradicts it, in Thai where none is named; a Thai title whose author only one record names needs
    the extent, too, or to be long and of one publisher."""
    long = {"title_equal", "year_equal"} <= set(found) and len(a.titles[0].full) >= LONG
    known = {"pages_equal", "isbn_shared", "issn_shared"} & set(found) or (long and "publisher_equal" in found)
    if _thai(a, b) and "author_one" in found and not known:
        return "", ""
    nobody = "author_none" in found or not (_thai(a, b) or "author_differs" in found)
    if long and nobody and "publisher_differs" not in found:
        return None
    if not ENOUGH.isdisjoint(found) or sum(any(name in found for name in some) for some in AGREEMENTS) > 1:
        return None
    return "", ""


VETOES: dict[str, Veto] = {
    "volume": volume, "part": part, "set": set_, "volume_one": volume_one, "printing": printing, "edition": edition,
    "edition_alone": edition_alone,
    "issuer": issuer, "coedition": coedition,
    "ebook": ebook, "carrier": carrier, "form": form, "binding": binding, "language": language, "serial": serial,
    "component": component, "host": host, "issn": issn, "type": type_, "institution": institution, "author": author,
    "year": year, "extent": extent, "companion": companion, "title": title, "numbers": numbers, "scripts": scripts,
    "isbn": isbn, "rare": rare, "little": little,
}  # fmt: skip


def vetoes(a: Facts, b: Facts, found: Names) -> list[tuple[str, str, str]]:
    """Every veto that speaks, the strongest first, with what the two records say; where the titles are others,
    nothing else is asked."""
    if "title_far" in found:
        return [("title", a.titles[0].shown, b.titles[0].shown)]
    return [(name, *said) for name, veto in VETOES.items() if (said := veto(a, b, found))]


def _level(facts: Facts) -> str:
    if facts.level in COMPONENT or facts.host:
        return "article"
    return {"s": "serial", "i": "serial", "c": "collection"}.get(facts.level, "book")


def _listed(values: Collection[object]) -> str:
    return ", ".join(map(str, values))


def _volumes(facts: Facts) -> str:
    return _listed(facts.volume) or ("" if not facts.pieces else "many" if facts.pieces < 0 else str(facts.pieces))
