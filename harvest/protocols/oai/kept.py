"""The last pages of a list, kept until they are stored: after a kill no more than one is asked for again.

While a page is stored the next ones are fetched already; without this all would be gone.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from harvest.protocols.oai.ahead import MOST
from harvest.web import Response

PAGES = 1 + MOST  # the one that is being stored, and those that are fetched meanwhile


class Page(msgspec.Struct, frozen=True):
    """An answer, with what was asked for."""

    asked: dict[str, str]
    answer: Response


class Kept:
    """Pages in a folder of their source; nothing is kept where there is none."""

    def __init__(self, folder: Path | None):
        self.folder = folder
        self.number = 0
        self.found = list(_read(folder)) if folder and folder.is_dir() else []  # left by a harvest that was killed

    def take(self, asked: Mapping[str, str]) -> Response | None:
        """The answer to that request, once."""
        for page in self.found:
            if page.asked == asked:
                self.found.remove(page)
                return page.answer
        return None

    def keep(self, asked: Mapping[str, str], answer: Response) -> None:
        """The answer, in place of the oldest one. A full disk is told where something is stored."""
        if self.folder is None:
            return
        headers = {name.lower(): value for name, value in answer.headers.items()}
        page = Page(dict(asked), msgspec.structs.replace(answer, headers=headers))
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            half = self.folder / "half"
            half.write_bytes(msgspec.msgpack.encode(page))
            os.replace(half, self.folder / str(self.number % PAGES))
        self.number += 1

    def clear(self) -> None:
        """The visit is over: all that came is stored."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _read(folder: Path) -> Iterator[Page]:
    for number in range(PAGES):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            yield msgspec.msgpack.decode((folder / str(number)).read_bytes(), type=Page)
