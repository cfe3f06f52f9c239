"""From a described record to its values: one row of fields.toml at a time."""

from collections.abc import Mapping

from config.tables import Field
from harvest.derive import DERIVES
from harvest.record import Described

VERSION = 3  # raised when extraction itself changes, so that stored records are read again


def values(described: Described, fields: Mapping[str, Field]) -> dict[str, tuple[str, ...]]:
    """Field name -> its texts, without repeats; a field that the record lacks is left out."""
    found: dict[str, tuple[str, ...]] = {}
    kind = described.kind
    for name, field in fields.items():
        path = field.marc if kind == "marc" else field.dc if kind == "dc" else name
        if not path and not field.derive:
            continue
        texts = described.texts(path) if path else []
        if field.derive:
            texts = list(DERIVES[field.derive](texts, described)) if texts or not path else texts
        if len(texts) == 1:  # as nearly always
            if text := texts[0].strip():
                found[name] = (text,)
        elif kept := tuple(dict.fromkeys([text for t in texts if (text := t.strip())])):
            found[name] = kept
    return found
