"""The forms that an answer is exported in: one file and its row."""

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

import msgspec

from config.tables import Tables
from search.question import Document, Page
from webapp.context import N_
from webapp.language import Language


class Reader(msgspec.Struct, frozen=True):
    """Who an export is written for; ``address`` gives the whole address of a title's page."""

    tables: Tables
    language: Language
    address: Callable[[Document], str]


class Writer(Protocol):
    """What a format's module offers."""

    def write(self, page: Page, reader: Reader) -> bytes:
        """The hits of an answer, in their order. A single title is an answer with one hit."""
        ...


class Format(msgspec.Struct, frozen=True):
    """One row: the module that writes it, its content type and what a page calls it."""

    module: str
    content_type: str
    label: str
    attachment: bool = True  # saved as a file rather than opened

    def writer(self) -> Writer:
        return cast(Writer, import_module(f"webapp.formats.{self.module}"))


FORMATS = {  # by extension
    "csv": Format("sheet", "text/csv; charset=utf-8", N_("Spreadsheet (CSV)")),
    "ris": Format("ris", "application/x-research-info-systems; charset=utf-8", N_("Zotero, EndNote (RIS)")),
    "json": Format("answer", "application/json", N_("Data (JSON)"), attachment=False),
}
