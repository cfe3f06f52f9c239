"""Titles as they are compared: in each script, without volume and part, in words and run together."""

import re
from collections.abc import Iterable, Sequence

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


def of_fields(given: Sequence[Field]) -> Titled:
    """The title of MARC 245, and of the 880 that is linked with it."""
    titles: list[Title] = []
    variants: list[str] = []
    volume: tuple[str, ...] = ()
    part = ""
    for field in given:
        main, found = statements.volume(" ".join(field.all("a")), bare=True)
        rest, more = statements.volume(" ".join(field.all("b")))
        own, others = _parallel(f"{main} {rest}")
        volume = volume or tuple(n for text in field.all("n") for n in statements.numbered(text)) or found or more
        part = part or normal.squeezed(" ".join(field.all("p")))
        titles.append(_title(main, own, joined(field, "abnp")))
        variants += others
    told = normal.squeezed(" ".join(v for f in given for v in f.all("n")))
    numbers_ = _numbers(joined(field, "abnp") for field in given)
    return Titled(_each_script(titles), tuple(variants), volume, part, numbers_, told)


def of_texts(given: Sequence[str], volumes: Sequence[str]) -> Titled:
    """The title of a row: the first is the title, the others are what else it is called. Whoever stands behind " / "
    is no part of it."""
    if not given:
        return Titled()
    rest, found = statements.volume(given[0].partition(" / ")[0], bare=True)
    own, variants = _parallel(rest)
    title = _title(_MAIN.split(own)[0], own, " ".join((given[0], *volumes)))
    volume = tuple(n for text in volumes for n in statements.numbered(text)) or found
    variants += map(normal.squeezed, given[1:])
    return Titled(
        _each_script([title]), tuple(statements.strings(variants)), volume, "", _numbers([given[0], *volumes])
    )


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
