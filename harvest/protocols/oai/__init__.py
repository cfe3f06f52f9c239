"""OAI-PMH 2.0: what changed since the last visit, page by page, whatever the server does on the way."""

from collections.abc import Iterator

from harvest.protocols import Visit
from harvest.protocols.oai.client import Client
from harvest.protocols.oai.kept import Kept
from harvest.protocols.oai.walk import Walk
from harvest.record import Batch, Format
from harvest.web import Web


def fetch(visit: Visit, form: Format) -> Iterator[Batch]:
    """The pages of what changed since the last visit; of everything, where the visit is a full one."""
    kept = Kept(visit.pages)
    if visit.full:
        kept.found.clear()
    try:
        with Web(visit.source, visit.settings, visit.directory) as web, Client(web, visit.lessons, kept) as client:
            yield from Walk(client, visit).batches()
    finally:
        kept.clear()
