"""From a described record to its values: one row of fields.toml at a time."""

from collections.abc import Mapping

from config.tables import Field
from harvest.derive import DERIVES
from harvest.record import Described

VERSION = 2  # raised when extraction itself changes, so that stored records are read again


def values(described: Described, fields: Mapping[str, Field]) -> dict[str, tuple[str, ...]]:
    """Field name -> its texts, without repeats; a field that the record lacks is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for name, field in fields.items():
        texts = _texts(described, field)
        if field.derive:
            texts = list(DERIVES[field.derive](texts, described))
        kept = tuple(dict.fromkeys(text for text in (t.strip() for t in texts) if text))
        if kept:
            found[name] = kept
    return found


def _texts(described: Described, field: Field) -> list[str]:
    match described.kind:
        case "marc":
            return described.texts(field.marc) if field.marc else []
        case "dc":
            return described.texts(field.dc) if field.dc else []
        case _:
            return described.texts(field.name)
