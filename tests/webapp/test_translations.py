"""Every message of the pages has its Thai, and fits the English one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from tests.conftest import ROOT
from webapp.language import CATALOGUES, languages

METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {**DEFAULT_KEYWORDS, "say": None, "plural": (1, 2)}
Message = tuple[str | None, str | tuple[str, ...]]


def messages() -> Iterator[tuple[str, Message]]:
    for file, line, message, _, context in extract_from_dir(str(ROOT / "webapp"), METHODS, keywords=KEYWORDS):
        yield f"{file}:{line}", (context, tuple(message) if isinstance(message, (tuple, list)) else message)


def catalogue(language: str) -> Catalog:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def test_the_messages_are_found() -> None:
    found = {message for _, (_, message) in messages()}
    assert {"Filters", "Nothing found for “%(text)s”", ("%(n)s copy", "%(n)s copies"), "Thesis"} <= found
    assert len(found) > 120


@pytest.mark.parametrize("language", sorted({path.stem for path in CATALOGUES.glob("*.po")} - {"en"}))
def test_every_message_is_translated(language: str) -> None:
    held = {(m.context, m.id): m for m in catalogue(language) if m.id}
    wanted = {message: place for place, message in messages()}
    missing = {
        place: message for message, place in wanted.items() if message not in held or not any(held[message].string)
    }
    assert not missing
    assert not [key for key in held if key not in wanted], "messages that no page says"
    assert not [m.id for m in held.values() if m.fuzzy]


@pytest.mark.parametrize("language", sorted(path.stem for path in CATALOGUES.glob("*.po")))
def test_a_translation_asks_only_for_what_the_message_has(language: str) -> None:
    extra = {"be", "ce"}  # a year is handed over in both eras
    for message in catalogue(language):
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        known = set(re.findall(r"%\((\w+)\)s", " ".join(ids)))
        for string in strings:
            asked = set(re.findall(r"%\((\w+)\)s", string))
            assert asked <= known | (extra if known & extra else set()), message.id
            assert known - {"be", "ce"} <= asked, message.id
            assert not re.search(r"%(?!\(\w+\)s|%)", string), message.id


def test_a_line_break_would_be_a_space_in_thai() -> None:
    for message in catalogue("th"):
        for string in (message.string,) if isinstance(message.string, str) else message.string:
            assert "\n" not in string or not message.id
            assert "  " not in string


def test_thai_marks_do_not_break_lines() -> None:
    """ๆ and a year after พ.ศ. keep their no-break space."""
    said = [string for m in catalogue("th") for string in ([m.string] if isinstance(m.string, str) else m.string)]
    assert not [string for string in said if " ๆ" in string or re.search(r"[พค]\.ศ\. %", string) or " น." in string]


def test_a_catalogue_more_is_a_language_more(tmp_path: Path) -> None:
    for path in CATALOGUES.glob("*.po"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "lo.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        'msgctxt "the name of this language, in this language"\nmsgid "English"\nmsgstr "ພາສາລາວ"\n\n'
        'msgid "Filters"\nmsgstr "ຕົວກອງ"\n',
        encoding="utf-8",
    )
    spoken = languages(tmp_path)
    assert [spoken[code].name for code in ("en", "lo", "th")] == ["English", "ພາສາລາວ", "ภาษาไทย"]
    assert spoken["lo"].say("Filters") == "ຕົວກອງ"
    assert spoken["lo"].say("Sort by") == "Sort by"
