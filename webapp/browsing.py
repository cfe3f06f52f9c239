"""Leafing through the catalogue: what there is to leaf through, its letters and its classes."""

import msgspec

from search.text import normalise
from webapp.context import N_, language

SIZE = 30  # headings on a page
NUMBERS = "0–9"
THAI = "กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลวศษสหฬอฮ"  # with ฤ, which stands between ร and ล
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Kind(msgspec.Struct, frozen=True):
    """One order to leaf through the catalogue in."""

    name: str
    about: str


KINDS = {
    "title": Kind(N_("Titles"), N_("Every title, from the first letter to the last.")),
    "creator": Kind(N_("Creators"), N_("Persons and bodies, with how many titles there are of each.")),
    "subject": Kind(N_("Subjects"), N_("What the books are about, in the words of the libraries.")),
    "call_number": Kind(
        N_("Call numbers"),
        N_("As the books stand on the shelf: what stands beside each other belongs together."),
    ),
}


class Letter(msgspec.Struct, frozen=True):
    """A place in the order to begin from; ``name`` says what stands there where the letter does not."""

    shown: str
    start: str
    name: str = ""


class Bar(msgspec.Struct, frozen=True):
    """Letters that stand together."""

    name: str
    letters: tuple[Letter, ...]


DEWEY = tuple(
    Letter(code, code, name)
    for code, name in (
        ("000", N_("General works, computing")),
        ("100", N_("Philosophy, psychology")),
        ("200", N_("Religion")),
        ("300", N_("Social sciences")),
        ("400", N_("Language")),
        ("500", N_("Science")),
        ("600", N_("Technology, medicine")),
        ("700", N_("Arts, recreation")),
        ("800", N_("Literature")),
        ("900", N_("History, geography")),
    )
)

# The Library of Congress, with W of the National Library of Medicine.
CONGRESS = tuple(
    Letter(code, code, name)
    for code, name in (
        ("A", N_("General works")),
        ("B", N_("Philosophy, psychology, religion")),
        ("C", N_("Sciences of history")),
        ("D", N_("World history")),
        ("E", N_("History of the Americas")),
        ("G", N_("Geography, anthropology")),
        ("H", N_("Social sciences")),
        ("J", N_("Political science")),
        ("K", N_("Law")),
        ("L", N_("Education")),
        ("M", N_("Music")),
        ("N", N_("Fine arts")),
        ("P", N_("Language and literature")),
        ("Q", N_("Science")),
        ("R", N_("Medicine")),
        ("S", N_("Agriculture")),
        ("T", N_("Engineering, technology")),
        ("U", N_("Military science")),
        ("V", N_("Naval science")),
        ("W", N_("Medicine (NLM)")),
        ("Z", N_("Library science")),
    )
)
OWN = (Letter("ก–ฮ", "ก", N_("Marks of the libraries’ own, in Thai letters")),)


LETTERS = (
    Bar(N_("Numbers"), (Letter(NUMBERS, "0"),)),
    Bar(N_("Thai letters"), tuple(Letter(letter, letter) for letter in THAI)),
    Bar(N_("Latin letters"), tuple(Letter(letter, letter) for letter in LATIN)),
)
CLASSES = (
    Bar(N_("Dewey Decimal Classification"), DEWEY),
    Bar(N_("Library of Congress Classification"), CONGRESS),
    Bar(N_("Other call numbers"), OWN),
)


def bars_of(kind: str) -> tuple[Bar, ...]:
    """Where to begin: classes for call numbers, letters for everything else."""
    return CLASSES if kind == "call_number" else LETTERS


def called(kind: str) -> str:
    return language().say(KINDS[kind].name)


def initial(text: str) -> str:
    """The letter that a heading stands under: เก่า is ก, Émile is E, ๒๔๗๕ is 0–9; "" where it has none."""
    for letter in normalise(text):
        if letter in THAI:
            return letter
        if letter.upper() in LATIN:
            return letter.upper()
        if letter.isdecimal():
            return NUMBERS
    return ""


def place(kind: str, heading: str) -> str:
    """Which of the letters or classes a heading stands under, as ``Letter.shown``."""
    letter = initial(heading)
    if kind != "call_number":
        return letter
    if letter == NUMBERS:
        return next(f"{digit}00" for digit in normalise(heading) if digit.isdecimal())
    return OWN[0].shown if letter and letter in THAI else letter
