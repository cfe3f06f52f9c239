"""The languages of the pages: one gettext catalogue each, read from the folder translations/."""

import gettext
import io
from collections.abc import Mapping
from pathlib import Path

import msgspec
from babel import Locale
from babel.core import get_global
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent / "translations"


class Language(msgspec.Struct, frozen=True):
    """A language that pages are written in; messages are English sentences."""

    code: str
    catalogue: gettext.GNUTranslations
    locale: Locale

    def say(self, message: str, /, **values: object) -> str:
        """The message in this language, its ``%(name)s`` filled in; a plain % is written %%."""
        return self.catalogue.gettext(message) % values

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        """The message that fits n; ``%(n)s`` in it is n with thousands marked."""
        return self.catalogue.ngettext(one, many, n) % {"n": f"{n:,}", **values}

    @property
    def name(self) -> str:
        """The language's name in itself: ภาษาไทย, English."""
        return self.catalogue.pgettext("the name of this language, in this language", "English")


def languages(folder: Path = CATALOGUES) -> dict[str, Language]:
    """Every language that has a catalogue, by its code: ``th.po`` is ``th``."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.po"))}


def _read(path: Path) -> Language:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(path.stem, gettext.GNUTranslations(compiled), Locale.parse(path.stem))


# ── languages that records are written in ────────────────────────────────────────────────────────


def tag(code: str) -> str:
    """A MARC language code as the tag that pages use: tha is th, ger is de; one without a tag stays."""
    aliases: Mapping[str, str] = get_global("language_aliases")
    return aliases.get(code, code)


def written_in(code: str) -> str:
    """The script that a MARC language code is usually written in: tha is Thai, ger is Latn; "" is not known."""
    likely: Mapping[str, str] = get_global("likely_subtags")
    return next((part for part in likely.get(tag(code), "").split("_") if len(part) == 4), "")
