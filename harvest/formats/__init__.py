"""The record formats that members send; a new one is a file here and a row in FORMATS."""

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from config.tables import Field, Source
from harvest.record import Format

FORMATS = {
    "marc": "harvest.formats.marc:Marc",
    "marcxml": "harvest.formats.marcxml:MarcXML",
    "oai_dc": "harvest.formats.oai_dc:DublinCore",
    "sheet": "harvest.formats.sheet:Sheet",
}


def open_format(source: Source, member: str, fields: Mapping[str, Field]) -> Format:
    """The format of a source, ready to read that member's records."""
    module, _, name = FORMATS[source.format].partition(":")
    return cast(Format, getattr(import_module(module), name)(source, member, fields))
