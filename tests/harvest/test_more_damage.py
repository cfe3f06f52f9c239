"""Files as they arrive on a bad day, through the whole harvest: nothing crashes, all that came is accounted for."""

import gzip
import io
import random
import re
import warnings
import zipfile

import pytest

from config.installation import Installation
from config.tables import Tables
from demo import marc, sheets
from demo.sample import share
from harvest.store import Run, Store
from harvest.wording import in_thai
from tests.conftest import Install, member
from tests.harvest import xls
from tests.harvest.test_damaged import broken
from tests.harvest.test_formats import fault, pieces, reader
from tests.harvest.test_run import drop, run

MANY = 12
ENTRIES = share("kkpl")[:MANY]
ISO = marc.iso2709(ENTRIES)
TIS = marc.iso2709(ENTRIES, encoding="tis-620")
ULIBM = marc.ulibm(ENTRIES)
XML = marc.collection(ENTRIES)
CSV = sheets.comma_separated(ENTRIES, sheets.COLUMNS["kkpl"])
XLS = xls.workbook(sheets.rows(ENTRIES, sheets.COLUMNS["kkpl"]))
XLSX = sheets.workbook(ENTRIES, sheets.COLUMNS["kkpl"])


def taken_in(installation: Installation, name: str, raw: bytes) -> Run:
    """A run over the file: every record counted, every trouble said in words, every reason in Thai, too."""
    drop(installation, **{name: raw})
    result = run(installation)
    said = result.error or ""
    assert not re.search(r"\b\w*(?:Error|Exception|Unclosed): |\n", said), said
    for place, reason, kept in Store(installation.database).quarantined("aaa"):
        assert in_thai(reason), f"no Thai for {reason}"
        assert place.startswith("drop/")
        assert kept
    return result


def titles(installation: Installation) -> set[str]:
    found = (record for batch in Store(installation.database).records() for _, record in batch)
    return {" ".join(record.values.get("title", ())) for record in found}


def right(fmt: str, tables: Tables) -> frozenset[str]:
    """The titles of the undamaged file."""
    form = reader(tables, fmt)
    parsed = [form.parse(piece.data) for piece in pieces(form, {"marc": ISO, "marcxml": XML, "sheet": CSV}[fmt])]
    return frozenset(" ".join(one.values["title"]) for one in parsed)


def of(install: Install, fmt: str) -> Installation:
    return install(member("aaa", protocol="file", path="drop", format=fmt))


def inserted(raw: bytes, mark: bytes, what: bytes, every: int = 3) -> bytes:
    """``what`` before every third ``mark``."""
    parts = raw.split(mark)
    return b"".join(
        p + (b"" if n == len(parts) - 1 else (what if n % every == 0 else b"") + mark) for n, p in enumerate(parts)
    )


def changed_leader(raw: bytes, length: bytes) -> bytes:
    return b"".join(length + r[5:] + b"\x1d" for r in raw.split(b"\x1d") if r)


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return out.getvalue()


# name -> (format, file, how many of the twelve records are stored; None: whatever can be)
DAMAGE: dict[str, tuple[str, bytes, int | None]] = {
    "bom-in-front": ("marc", b"\xef\xbb\xbf" + ISO, MANY),
    "utf-16-bom-in-front": ("marc", b"\xff\xfe" + ISO, MANY),
    "crlf-between": ("marc", ISO.replace(b"\x1d", b"\x1d\r\n"), MANY),
    "crlf-for-lf-after-text-mode-ftp": ("marc", ISO.replace(b"\x1e", b"\x1e\r\n"), None),
    "nul-padded": ("marc", ISO + b"\0" * 2048, MANY),
    "ctrl-z": ("marc", ISO + b"\x1a", MANY),
    "lengths-99999": ("marc", changed_leader(ISO, b"99999"), MANY),
    "lengths-00000": ("marc", changed_leader(ISO, b"00000"), MANY),
    "lengths-in-letters": ("marc", changed_leader(ISO, b"ABCDE"), MANY),
    "lengths-negative": ("marc", changed_leader(ISO, b"-0001"), MANY),
    "end-mark-within-a-field": ("marc", inserted(ISO, b"\x1fa", b"\x1d", 40), None),
    "two-encodings-in-one-file": ("marc", ISO + TIS.replace(b"sample-kkpl", b"sample-tis"), 2 * MANY),
    "ulibm": ("marc", ULIBM, MANY),
    "ulibm-without-end-marks": ("marc", ULIBM.replace(b"\x1d", b""), MANY),
    "ulibm-with-line-ends-for-end-marks": ("marc", ULIBM.replace(b"\x1d", b"\r\n"), MANY),
    "without-end-marks": ("marc", ISO.replace(b"\x1d", b""), MANY),
    "utf-16": ("marc", ISO.decode().encode("utf-16"), None),
    "marc-then-xml": ("marc", ISO + XML, MANY),
    "xml-as-marc": ("marc", XML, 0),
    "sheet-as-marc": ("marc", CSV, 0),
    "workbook-as-marc": ("marc", XLSX, 0),
    "one-huge-record": ("marc", ISO[:-2] + b"\x1fb" + b"x" * 3_000_000 + ISO[-2:], MANY),
    "gz": ("marc", gzip.compress(ISO), MANY),
    "gz-with-garbage-behind": ("marc", gzip.compress(ISO) + b"garbage" * 30, None),
    "gz-with-zeros-behind": ("marc", gzip.compress(ISO) + b"\0" * 512, MANY),
    "gz-of-several-parts": ("marc", gzip.compress(ISO[:5000]) + gzip.compress(ISO[5000:]), MANY),
    "gz-cut": ("marc", gzip.compress(ISO)[:-40], None),
    "gz-in-gz": ("marc", gzip.compress(gzip.compress(ISO)), 0),
    "zip-nested-folders": ("marc", zipped(**{"a/b/c/x.mrc": ISO, "a/": b""}), MANY),
    "zip-in-zip": ("marc", zipped(**{"x.zip": zipped(**{"x.mrc": ISO})}), 0),
    "zip-cut": ("marc", zipped(**{"x.mrc": ISO})[:-30], 0),
    "zip-with-bytes-in-front": ("marc", b"MZ\0\0" + zipped(**{"x.mrc": ISO}), None),
    "zip-escaping": ("marc", zipped(**{"../../../tmp/x.mrc": ISO}), MANY),
    "wrong-declaration-tis-620": ("marcxml", XML.replace(b"encoding='UTF-8'", b"encoding='TIS-620'"), MANY),
    "wrong-declaration-utf-16": ("marcxml", XML.replace(b"encoding='UTF-8'", b"encoding='UTF-16'"), MANY),
    "wrong-declaration-unknown": ("marcxml", XML.replace(b"encoding='UTF-8'", b"encoding='x-thai'"), MANY),
    "really-tis-620": ("marcxml", marc_in_tis := XML.decode().replace("UTF-8", "TIS-620").encode("cp874", "xmlcharrefreplace"), MANY),
    "tis-620-undeclared": ("marcxml", marc_in_tis.replace(b" encoding='TIS-620'", b""), MANY),
    "xml-utf-16": ("marcxml", XML.decode().replace("UTF-8", "UTF-16").encode("utf-16"), MANY),
    "no-namespace": ("marcxml", XML.replace(b' xmlns="http://www.loc.gov/MARC21/slim"', b""), MANY),
    "prefixes": ("marcxml", re.sub(rb"<(/?)(?=[a-z])", rb"<\1marc:", XML).replace(b"xmlns=", b"xmlns:marc="), MANY),
    "undeclared-prefixes": ("marcxml", re.sub(rb"<(/?)(?=[a-z])", rb"<\1marc:", XML).replace(b' xmlns="http://www.loc.gov/MARC21/slim"', b""), MANY),
    "two-collections": ("marcxml", XML + XML.replace(b"sample-kkpl", b"sample-two"), 2 * MANY),
    "xml-then-marc": ("marcxml", XML + ISO, MANY),
    "xml-cut": ("marcxml", XML[: len(XML) // 2], None),
    "marc-as-xml": ("marcxml", ISO, 0),
    "crlf": ("marcxml", XML.replace(b"\n", b"\r\n"), MANY),
    "text-before": ("marcxml", b"Warning: session_start() in /var/www/x.php\n" + XML, MANY),
    "csv-utf-16": ("sheet", CSV.decode().encode("utf-16"), MANY),
    "csv-utf-16-without-bom": ("sheet", CSV.decode().encode("utf-16-le"), None),
    "csv-cp874": ("sheet", CSV.decode().encode("cp874", "replace"), MANY),
    "csv-cr": ("sheet", CSV.replace(b"\r\n", b"\r"), MANY),
    "csv-nul": ("sheet", inserted(CSV, b"\r\n", b"\0", 4), None),
    "csv-twice": ("sheet", CSV + CSV, MANY),
    "workbook-in-zip": ("sheet", zipped(**{"x.xlsx": XLSX}), None),
    "workbook-cut": ("sheet", XLSX[:-100], 0),
    "marc-as-sheet": ("sheet", ISO, 0),
    "xml-as-sheet": ("sheet", XML, 0),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_a_file_of_a_bad_day(install: Install, tables: Tables, what: str) -> None:
    fmt, raw, stored = DAMAGE[what]
    installation = of(install, fmt)
    result = taken_in(installation, "a.dat", raw)
    live = Store(installation.database).standings()["aaa"].live
    if stored is not None:
        assert live == stored
        assert result.outcome == "done" or not stored
    if stored:
        assert titles(installation) == right(fmt, tables)
    assert result.seen or result.outcome == "failed", "it is said where nothing came"


@pytest.mark.parametrize("fmt", ["marc", "marcxml", "sheet"])
def test_random_damage_through_the_whole_harvest(install: Install, fmt: str) -> None:
    """The store itself counts what it was given against what it did with it."""
    installation = of(install, fmt)
    whole = {"marc": (ISO, TIS, ULIBM), "marcxml": (XML,), "sheet": (CSV, XLSX, XLS)}[fmt]
    for seed in range(40):
        chance = random.Random(seed)
        result = taken_in(installation, f"{seed}.dat", broken(chance, chance.choice(whole)))
        assert result.seen or result.outcome == "failed"


@pytest.mark.parametrize("fmt", ["marc", "marcxml"])
def test_cut_at_any_place_nothing_before_the_cut_is_lost(tables: Tables, fmt: str) -> None:
    whole, end = {"marc": (ISO, b"\x1d"), "marcxml": (XML, b"</record>")}[fmt]
    form = reader(tables, fmt)
    for at in [
        *random.Random(1).sample(range(2000, len(whole)), 60),
        *(whole.index(c, 3000) for c in b"\x1e\x1f<>" if bytes([c]) in whole),
    ]:
        head = whole[:at]
        good = [piece for piece in pieces(form, head) if not fault(form, piece)] if end in head else []
        assert len(good) == head.count(end)


# ── archives ─────────────────────────────────────────────────────────────────────────────────────


def test_two_files_of_one_name_in_an_archive(install: Install) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("x.mrc", marc.iso2709(ENTRIES[:5]))
        archive.writestr("x.mrc", marc.iso2709(ENTRIES[5:]))
    assert taken_in(of(install, "marc"), "a.zip", out.getvalue()).added == MANY


def test_an_archive_with_a_password(install: Install) -> None:
    raw = bytearray(zipped(**{"x.mrc": ISO}))
    raw[6] |= 1  # the flag, in the file's own header and in the archive's directory
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    result = taken_in(of(install, "marc"), "a.zip", bytes(raw))
    assert "is locked with a password; ask for it without one" in (result.error or "")
