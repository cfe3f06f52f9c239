"""One installation: its tables, its home directory and its database, opened when they are first asked for."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

from config import database
from config.tables import Known, Tables, read


class Installation:
    """What every command is handed. Nothing is read before it is asked for."""

    def __init__(
        self, directory: Path, home: Path, known: Callable[[], Known],
        named: Callable[[str, str, str], str] = lambda field, value, language: value,
        typeface: Callable[[], str] = lambda: "",
    ):  # fmt: skip
        self.directory = directory
        self.home = home
        self.known = known
        self.named = named  # a field's value in words, as the pages have it: of field, value and language
        self.typeface = typeface  # the pages' fonts as CSS that needs no other file

    @cached_property
    def tables(self) -> Tables:
        """Raises ConfigError with every fault of the tables."""
        return read(self.directory, self.known())

    @cached_property
    def database(self) -> Engine:
        self.home.mkdir(parents=True, exist_ok=True)
        url = self.tables.settings.database or f"sqlite:///{self.home.resolve() / 'sahaban.db'}"
        return database.connect(url)
