"""How members' records are fetched; a new protocol is a file here and a row in PROTOCOLS."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import cast

import msgspec

from config.tables import Settings, Source
from harvest.lessons import Lessons
from harvest.record import Batch, Format, Progress

PROTOCOLS = {
    "oai": "harvest.protocols.oai:fetch",
    "file": "harvest.protocols.file:fetch",
}


class Visit(msgspec.Struct, frozen=True):
    """One visit to one source: where it is, how far the last visit came, and whether to begin anew."""

    source: Source
    directory: Path  # relative paths start here
    settings: Settings
    progress: Progress = Progress()
    full: bool = False
    owed: tuple[str, ...] = ()  # the ids of records that the server could not give; the first ones are asked for again
    pages: Path | None = None  # where what is fetched may lie until it is stored
    lessons: Lessons = msgspec.field(default_factory=Lessons)  # what the visit finds out on the way


Fetch = Callable[[Visit, Format], Iterator[Batch]]


def fetch(visit: Visit, form: Format) -> Iterator[Batch]:
    """The batches of a source. Raises HarvestError; when it ends without one, the list was whole."""
    module, _, name = PROTOCOLS[visit.source.protocol].partition(":")
    return cast(Fetch, getattr(import_module(module), name))(visit, form)
