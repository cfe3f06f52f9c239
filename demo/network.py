"""The sample network written out: what its members drop, and the three tables that harvest them."""

from collections.abc import Callable
from functools import partial
from importlib import resources
from pathlib import Path

from config.tables import TABLES
from demo import marc, sheets
from demo.sample import Entry, share

PORT = 8104  # in sources.toml
Writer = Callable[[tuple[Entry, ...]], bytes]

# What each member without an OAI-PMH server leaves in its drop folder.
FILES: dict[str, tuple[str, Writer]] = {
    "cas": ("cas.mrc", marc.iso2709),
    "bcnkk": ("bcnkk.xml", marc.collection),
    "kkvc": ("kkvc.mrc", partial(marc.iso2709, encoding="tis-620")),
    "kktc": ("kktc.mrc", marc.ulibm),
    "kkpl": ("ทะเบียนหนังสือ.csv", partial(sheets.comma_separated, columns=sheets.COLUMNS["kkpl"], encoding="utf-8-sig")),
    "kkm": ("kkm.csv", partial(sheets.comma_separated, columns=sheets.COLUMNS["kkm"])),
    "kkh": ("books.xlsx", partial(sheets.workbook, columns=sheets.COLUMNS["kkh"])),
    "kkpao": ("kkpao.xlsx", partial(sheets.workbook, columns=sheets.COLUMNS["kkpao"])),
}


def write(directory: Path, port: int = PORT) -> None:
    """Writes the drop folders and the tables; ``port`` is the provider's on this machine."""
    for member, (name, written) in FILES.items():
        folder = directory / "drop" / member
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(written(share(member)))
    for table in TABLES:
        text = resources.files("config").joinpath(table).read_text(encoding="utf-8")
        if table == "members.toml":
            text = f"{text.rstrip()}\n\n{_sources(port)}"
        (directory / table).write_text(text, encoding="utf-8", newline="\n")


def _sources(port: int) -> str:
    text = resources.files("demo").joinpath("sources.toml").read_text(encoding="utf-8")
    return text.replace(f"127.0.0.1:{PORT}/", f"127.0.0.1:{port}/")
