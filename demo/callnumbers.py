"""Call numbers: a class, and the author number that Thai libraries put after it."""

import re

from demo.title import Person, Title

_CONSONANT = re.compile(r"[ก-ฮ]")
_LETTER = re.compile(r"[ก-ฮ]|[A-Za-z0-9]")


def author_number(title: Title) -> str:
    """``ค416ล``: the first consonant of the main entry, a number, the first consonant of the title.

    The number is drawn from the name's next letters in their order. It follows the form of the table of the
    National Library of Thailand, not its numbers.
    """
    main = next(iter(title.creators), None)
    name = _spoken(main) if main else title.title
    mark = _initial(title.title).lower() if main else ""
    return f"{_initial(name)}{_number(name)}{mark}"


def _spoken(person: Person) -> str:
    return person.name.partition(",")[0]


def _initial(text: str) -> str:
    """The first consonant, not the vowel written before it: เสนีย์ is entered under ส."""
    first = _LETTER.search(text)
    return first[0].upper() if first else "ก"


def _number(name: str) -> str:
    letters = _CONSONANT.findall(name)[1:3] or [c for c in name.upper() if c.isascii() and c.isalpha()][1:3]
    first, second = (*map(ord, letters), 0x0E01, 0x0E01)[:2]
    spread = 46 if first >= 0x0E00 else 26
    base = 0x0E01 if first >= 0x0E00 else ord("A")
    return str(100 + (first - base) % spread * 880 // spread + second % 18)


def classed(title: Title, scheme: str, shelf: str) -> str:
    """The class under a scheme: "lc", "nlm" (LC where NLM has none), "dewey", or "shelf" (a letter for fiction)."""
    number = {"lc": title.lc, "nlm": title.nlm or title.lc, "shelf": shelf}.get(scheme, "")
    return number or title.dewey


def tag(title: Title, scheme: str) -> str:
    """The MARC field that such a class stands in."""
    if scheme == "nlm" and title.nlm:
        return "060"
    return "050" if scheme in ("lc", "nlm") else "082"
