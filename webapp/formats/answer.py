"""JSON: the answer as the command line gives it."""

import msgspec

from search.answer import as_json
from search.question import Page
from webapp.formats import Reader


def write(page: Page, _: Reader) -> bytes:
    return msgspec.json.encode(as_json(page))
