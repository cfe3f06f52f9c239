"""From a described record to its values: one row of fields.toml at a time."""

from collections.abc import Iterable, Mapping

from config.tables import Field
from harvest.derive import DERIVES
from harvest.record import Described

VERSION = 2  # raised when extraction itself changes, so that stored records are read again


def values(described: Described, fields: Mapping[str, Field]) -> dict[str, tuple[str, ...]]:
    """Field name -> its texts, without repeats; a field that the record lacks is left out."""
    found: dict[str, tuple[str, ...]] = {}
    kind = described.kind
    for name, field in fields.items():
        path = field.marc if kind == "marc" else field.dc if kind == "dc" else name
        texts: Iterable[str] = described.texts(path) if path else ()
        if field.derive:
            texts = DERIVES[field.derive](list(texts), described)
        if kept := tuple(dict.fromkeys([text for t in texts if (text := t.strip())])):
            found[name] = kept
    return found
