"""Titles as they are compared: in each script, without volume and part, in words and run together."""

import re
from collections.abc import Collection, Iterable, Sequence

import msgspec

from harvest.formats.described import Field
from index.match import normal, numbers, statements


class Title(msgspec.Struct, frozen=True, array_like=True):
    """A title in one script: run together for comparison, in words, and as it was written."""

    full: str  # 245 a and b, without the volume
    main: str  # 245 a
    words: tuple[str, ...]
    script: str
    shown: str


class Titled(msgspec.Struct, frozen=True):
    """What a record's title says, taken apart."""

    titles: tuple[Title, ...] = ()
    variants: tuple[str, ...] = ()  # its equivalents in other languages
    volume: tuple[str, ...] = ()
    part: str = ""
    numbers: tuple[str, ...] = ()
    volume_said: str = ""
    edition: str = ""  # where it is said with the title


def of_fields(given: Sequence[Field], names: Collection[str]) -> Titled:
    """The title of MARC 245, and of the 880 that is linked with it. ``names``: of who made it."""
    titles: list[Title] = []
    variants: list[str] = []
    volume: tuple[str, ...] = ()
    part = edition = ""
    counted: list[str] = []
    for field in given:
        first, one = statements.bare(" ".join(field.all("a")), names)
        second, two = statements.bare(" ".join(field.all("b")), names)
        edition = edition or one or two
        counted += (first, second, *field.all("n"), *field.all("p"))
        main, found = statements.volume(first, bare=True)
        rest, more = statements.volume(second)
        own, others = _parallel(f"{main} {rest}")
        volume = volume or tuple(n for text in field.all("n") for n in statements.numbered(text)) or found or more
        part = part or normal.squeezed(" ".join(field.all("p")))
        titles.append(_title(main, own, joined(field, "abnp")))
        variants += others
    told = normal.squeezed(" ".join(v for f in given for v in f.all("n")))
    return Titled(_each_script(titles), tuple(variants), volume, part, _numbers(counted), told, edition)


def of_texts(given: Sequence[str], volumes: Sequence[str], names: Collection[str]) -> Titled:
    """The title of a row: the first is the title, the others are what else it is called. Whoever stands behind " / "
    is no part of it."""
    if not given:
        return Titled()
    head, _, said = given[0].partition(" / ")
    text, edition = statements.bare(head, names)
    rest, found = statements.volume(text, bare=True)
    own, variants = _parallel(rest)
    title = _title(_MAIN.split(own)[0], own, " ".join((given[0], *volumes)))
    volume = tuple(n for text in volumes for n in statements.numbered(text)) or found
    variants += map(normal.squeezed, given[1:])
    counted = _numbers([text, said, *volumes])
    return Titled(_each_script([title]), tuple(statements.strings(variants)), volume, "", counted, edition=edition)


_MAIN = re.compile(r"\s[:;]\s|:\s")
_EQUAL = re.compile(r"\s=\s|\s=$")


def joined(field: Field, codes: str) -> str:
    return " ".join(value for code, value in field.subfields if code in codes and value)


def _parallel(text: str) -> tuple[str, list[str]]:
    """(the title, its equivalents in other languages): what stands behind " = "."""
    if "=" not in text:
        return text, []
    own, *others = _EQUAL.split(text)
    return own, [normal.squeezed(other) for other in others if other.strip()]


def _title(main: str, full: str, shown: str) -> Title:
    words = normal.words(full) or normal.words(shown)
    whole = "".join(words)
    return Title(whole, normal.squeezed_words(main) or whole, tuple(words), normal.script(whole), shown.strip(" /:;,="))


ARTICLES = frozenset(["the", "a", "an"])


def without_article(title: Title) -> Title:
    """A title without the article that begins it, which many records leave out."""
    if len(title.words) < 2 or title.words[0] not in ARTICLES:
        return title
    first = len(title.words[0])
    return Title(title.full[first:], title.main[first:] or title.main, title.words[1:], title.script, title.shown)


def _each_script(titles: Iterable[Title]) -> tuple[Title, ...]:
    found: dict[str, Title] = {}
    for title in titles:
        if title.full:
            found.setdefault(title.script, title)
    return tuple(found.values())


def _numbers(texts: Iterable[str]) -> tuple[str, ...]:
    """Every number; a year in either era is one CE, and ``1914-18`` is 1914 and 1918."""
    found = {n for text in texts for n in numbers.digits(_SHORT_RANGE.sub(r"\1\2-\1\3", text))}
    return tuple(sorted(map(statements.era, found)))


_SHORT_RANGE = re.compile(r"(?<!\d)(\d\d)(\d\d)\s*[-–]\s*(\d\d)(?!\d)")
