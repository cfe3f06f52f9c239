"""What a request knows: its installation, its catalogue and its language."""

from collections.abc import Mapping
from typing import cast

import msgspec
from flask import current_app, g

from config.installation import Installation
from config.tables import Tables
from harvest.store import Standing, Store
from index.ledger import Ledger
from search.question import Document
from search.service import Catalogue
from webapp.language import Language


class Context(msgspec.Struct, frozen=True):
    """What the application was made with."""

    installation: Installation
    catalogue: Catalogue
    languages: dict[str, Language]

    @property
    def tables(self) -> Tables:
        return self.installation.tables

    def standings(self) -> Mapping[str, Standing]:
        """Every member's records and last harvest, as they are now."""
        return Store(self.installation.database).standings()

    def repairs(self, document: Document) -> Mapping[tuple[str, str], list[str]]:
        """What was mended in a title's records, by their keys; names in harvest.wording.REPAIRS."""
        return Store(self.installation.database).repairs(document.records)

    def present_id(self, id: str) -> str | None:
        """The id that a merged title goes by now; None for one that never was."""
        return Ledger(self.installation.database).resolve(id)


def context() -> Context:
    return cast(Context, current_app.extensions["sahaban"])


def language() -> Language:
    """The language of the page that is being made."""
    return cast(Language, g.language)


def _(message: str, /, **values: object) -> str:
    """The message in the page's language."""
    return language().say(message, **values)


def N_(message: str) -> str:
    """Marks a message that a table holds; it is translated where it is shown."""
    return message
