"""Other names of what a question asks for, and the words of it that must not decide."""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from search import text

Words = tuple[str, ...]

WIDEST = 16  # words of a question that are read as one name


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """aliases.toml as it stands."""

    same: tuple[Words, ...]
    in_front: tuple[Words, ...]
    never: Words
    titles: Words
    titles_first: Words
    stop: Words


class _Rows(msgspec.Struct, frozen=True):
    """The table by letters: how the dictionary cuts a form does not matter."""

    same: dict[str, tuple[Words, ...]]  # letters of a form -> the words of every form of its row
    in_front: dict[str, tuple[Words, ...]]
    never: frozenset[str]
    titles: re.Pattern[str]
    titles_first: re.Pattern[str]
    stop: frozenset[str]


@cache
def _rows() -> _Rows:
    table = msgspec.convert(tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")), _Table)
    return _Rows(
        same=_by_letters((*table.same, *_provinces())),
        in_front={_letters(text.words(row[0])): tuple(tuple(text.words(f)) for f in row[1:]) for row in table.in_front},
        never=frozenset(_letters(text.words(name)) for name in table.never),
        titles=_titles(table.titles),
        titles_first=_titles((*table.titles, *table.titles_first)),
        stop=frozenset(_letters(text.words(word)) for word in table.stop),
    )


def _provinces() -> Iterator[Words]:
    from pythainlp.corpus import provinces  # reads a file of its own: only where a question is understood

    rows: Any = provinces(details=True)  # typed as either of its two answers
    for row in rows:
        yield row["name_th"], row["name_en"]


def _by_letters(rows: Iterable[Words]) -> dict[str, tuple[Words, ...]]:
    found: dict[str, dict[Words, None]] = {}
    for row in rows:
        forms = [tuple(text.words(form)) for form in row]
        for form in forms:
            found.setdefault(_letters(form), {}).update(dict.fromkeys(forms))
    return {letters: tuple(forms) for letters, forms in found.items()}


def _titles(forms: Words) -> re.Pattern[str]:
    """Titles, or several that were typed as one: ผศ.ดร. is one run of letters."""
    letters = sorted((re.escape(_letters(text.words(form))) for form in forms), key=len, reverse=True)
    return re.compile(f"(?:{'|'.join(letters)}){{1,4}}")


def _letters(words: Iterable[str]) -> str:
    return "".join(words)


# ── other names ──────────────────────────────────────────────────────────────────────────────────


def groups(words: Sequence[str]) -> list[tuple[Words, ...]]:
    """The words of a question in groups, each with its alternatives, the one as typed first.

    The longest name is taken: มหาวิทยาลัยขอนแก่น before ขอนแก่น.
    """
    found: list[tuple[Words, ...]] = []
    at = 0
    while at < len(words):
        width = _width(words, at)
        typed = tuple(words[at : at + width])
        if _letters(typed) in _rows().never:
            found += [((word,),) for word in typed]
        else:
            found.append((typed, *_others(typed, words[at + width : at + width + 1])))
        at += width
    return found


def _width(words: Sequence[str], at: int) -> int:
    """How many words from here are one name."""
    rows = _rows()
    for width in range(min(WIDEST, len(words) - at), 1, -1):
        letters = _letters(words[at : at + width])
        if letters in rows.never or letters in rows.same or (letters in rows.in_front and at + width < len(words)):
            return width
    return 1


def _others(typed: Words, following: Sequence[str]) -> tuple[Words, ...]:
    """The other forms. One letter is no name to look for: it is in too much; and no name to read by itself."""
    rows = _rows()
    letters = _letters(typed)
    others = rows.same.get(letters, ())
    if following and len(following[0]) > 1 and not following[0].isdigit():
        others += rows.in_front.get(letters, ())
    return tuple(form for form in dict.fromkeys(others) if not _same(form, typed) and len(_letters(form)) > 1)


def _same(form: Words, typed: Words) -> bool:
    """Thai has no spaces to differ by; khonkaen and khon kaen are two ways to write it."""
    return form == typed or (_letters(form) == _letters(typed) and not form[0].isascii())


# ── words that must not decide ───────────────────────────────────────────────────────────────────


def optional(words: Sequence[str], joined: Collection[int] = ()) -> set[int]:
    """The places of titles of persons and stop words; none where nothing else would be left.

    ``joined`` are the places of words that were written together with others: a stop word among them belongs to what
    was typed (ของธนาคาร), while a title is still one (นายสมชาย).
    """
    kept = _named(words)
    found = {*_stops(words, {*kept, *joined}), *_titled(words, kept)}
    return found if len(found) < len(words) else set()


def _named(words: Sequence[str]) -> set[int]:
    """The places of words that belong to a name which only looks like a title."""
    rows, kept = _rows(), set[int]()
    for at in range(len(words)):
        for width in range(1, min(WIDEST, len(words) - at) + 1):
            if _letters(words[at : at + width]) in rows.never:
                kept.update(range(at, at + width))
    return kept


def _stops(words: Sequence[str], kept: set[int]) -> set[int]:
    return {at for at, word in enumerate(words) if word in _rows().stop and at not in kept}


def _titled(words: Sequence[str], kept: set[int]) -> set[int]:
    """A title stands in front of a name: not last, not before a number (ร.ศ. 112) or a stop word (นายในฝัน)."""
    found: set[int] = set()
    at = 0
    while at < len(words) - 1:
        width = 0 if at in kept else _title(words, at, first=at == 0 or at - 1 in found)
        found.update(range(at, at + width))
        at += width or 1
    return found


def _title(words: Sequence[str], at: int, first: bool) -> int:
    """How many words from here are titles, with a name after them."""
    rows = _rows()
    pattern = rows.titles_first if first else rows.titles
    for width in range(min(4, len(words) - at - 1), 0, -1):
        name = words[at + width]
        if name.isdigit() or name in rows.stop:
            continue
        if pattern.fullmatch(_letters(words[at : at + width])):
            return width
    return 0
