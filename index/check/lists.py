"""Lists as librarians have them: pasted text, CSV, Excel, ODS, or a vendor's MARC file; read into tables of cells."""

import contextlib
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from config.tables import Field, Source
from harvest.formats import marcxml
from harvest.formats.marc import Marc
from harvest.formats.marcxml import MarcXML
from harvest.formats.sheet import LOST, UNPACKED, as_text, decoded, workbook
from harvest.record import HarvestError, Record
from index.check import columns
from index.check.columns import LINE, Columns

MOST_ROWS = 20_000
MOST_COLUMNS = 60
MOST_LINES = 200_000  # of a text, blank ones too: a cell may hold several
MOST_CELLS = 2_000_000  # the area of all sheets, or the cells of a text
READ = MOST_ROWS + 50  # rows of a table that are read at all: a header and a banner may stand above too many
DELIMITERS = ",;\t|"
LONGEST = 2000  # letters of a cell; what follows is left away
PASTED = "pasted list"  # the name of a list that came without a file

_MARC_START = re.compile(rb"\s*[0-9]{5}[acdnpo ][a-z ]")
_XML_START = re.compile(  # also that of a saved web page, which is told to hold no record; titles begin with < too
    rb"^(?:\xef\xbb\xbf)?\s*<(?:\?xml\s|(?:[A-Za-z_][\w.-]*:)?(?:record|collection)[\s/>]|(?i:!doctype\s|html[\s>]))"
)


class ListError(Exception):
    """A list that cannot be checked: one sentence that names file, sheet, row, column and says what to do.

    ``kind`` is the same for a program: too_long, empty, unreadable, headless, wrong_column.
    """

    def __init__(self, said: str, kind: str = "unreadable"):
        super().__init__(said)
        self.kind = kind


class Row(msgspec.Struct, frozen=True):
    """One row with the number that it has in its file."""

    number: int
    cells: tuple[str, ...]


class Table(msgspec.Struct, frozen=True):
    """One sheet of a list, and what each of its columns means."""

    name: str  # of the sheet; "" where the file has but one table
    headers: tuple[str, ...]  # as they are written; "" where there is none
    columns: tuple[str, ...]  # a field, price, total, quantity or line; "" is not read
    rows: tuple[Row, ...]


class Given(msgspec.Struct, frozen=True):
    """One record of a vendor's file."""

    number: int
    record: Record
    price: str = ""  # what 020 $c or 365 $b say


class List(msgspec.Struct, frozen=True):
    """A purchase list as it was read. Either tables or records."""

    name: str
    tables: tuple[Table, ...] = ()
    records: tuple[Given, ...] = ()
    broken: tuple[tuple[int, str], ...] = ()  # records that cannot be read: number, why

    def __len__(self) -> int:
        return sum(len(table.rows) for table in self.tables) + len(self.records)


def read(data: bytes, name: str, fields: Mapping[str, Field]) -> List:
    """A list in whatever form it is; what its columns mean is guessed. Raises ListError."""
    if not data.strip():
        raise ListError(f"{name}: the file is empty; save it again with its rows", "empty")
    try:
        found = _read(data, name, fields)
    except HarvestError as error:
        raise ListError(str(error)) from error
    if not len(found):
        if found.broken:
            number, why = found.broken[0]
            raise ListError(f"{name}: no record can be read; record {number}: {why}; ask the vendor for a whole file")
        raise ListError(f"{name}: there is no row in it; add the titles, one a row", "empty")
    if len(found) + len(found.broken) > MOST_ROWS:
        raise _too_long(name)
    return found


def _too_long(name: str) -> ListError:
    return ListError(f"{name}: more than {MOST_ROWS:,} rows; split the list, and check the parts", "too_long")


def _read(data: bytes, name: str, fields: Mapping[str, Field]) -> List:
    if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0":
        sheets = [(sheet, _cells(rows)) for sheet, rows in workbook(data, name, MOST_CELLS)]
        return _tables(sheets, name, Columns(fields))
    if data[:1024].lstrip().startswith(b"%PDF-"):
        raise ListError(f"{name}: is a PDF; ask the vendor for Excel or CSV, or paste its lines")
    if b"\x1e" in data and (b"\x1f" in data or _MARC_START.match(data[:40])):  # whatever its leader says
        return _vendor(data, name, "marc", fields)
    head = data[:400]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "ignore").encode()
    if _XML_START.match(head):
        return _vendor(data, name, "marcxml", fields)
    return _of_text(decoded(data, name, ""), name, fields)


def _of_text(text: str, name: str, fields: Mapping[str, Field]) -> List:
    """CSV, cells pasted from a spreadsheet, or plain lines."""
    _bounded(text, name)
    known, least = Columns(fields), 2 if name.lower().endswith((".csv", ".tsv")) else 3
    split = _split(LOST.sub("\ufffd", text), known, least)
    filled = list(islice((row for row in split if any(map(str.strip, row[1]))), READ))
    if len(filled) >= READ:
        raise _too_long(name)
    rows = [(number, [tidy(cell) for cell in cells]) for number, cells in filled]
    return _tables([("", [row for row in rows if any(row[1])])], name, known)


def _bounded(text: str, name: str) -> None:
    """Refuse, before a line or a cell is made of it, what no list is: nobody waits for millions of empty ones."""
    if max(text.count("\n"), text.count("\r")) > MOST_LINES:
        raise ListError(f"{name}: more than {MOST_LINES:,} lines; delete the blank ones, or split the list", "too_long")
    if max(map(text.count, DELIMITERS)) > MOST_CELLS:
        raise ListError(f"{name}: more than {MOST_CELLS:,} cells; delete the empty columns", "too_long")


def arranged(given: List, meanings: Sequence[Sequence[str]], fields: Mapping[str, Field]) -> List:
    """The list with other meanings of its columns, table by table. Raises ListError where one is not known."""
    known = columns.labels(fields)
    tables = []
    for table, chosen in zip(given.tables, meanings, strict=True):
        for meaning in chosen:
            if meaning and meaning not in known:
                raise ListError(
                    f"{given.name}: a column cannot mean {meaning}; one of {', '.join(known)}",
                    "wrong_column",
                )  # fmt: skip
        tables.append(msgspec.structs.replace(table, columns=tuple(chosen)))
    return msgspec.structs.replace(given, tables=tuple(tables))


def told(given: List) -> None:
    """Raises ListError where no column says which titles are meant."""
    for table in given.tables:
        if not {"title", LINE, "isbn"} & set(table.columns):
            where = f"{given.name}, sheet {table.name}" if table.name else given.name
            seen = ", ".join(h for h in table.headers if h) or "no header row"
            raise ListError(
                f"{where}: no column of titles or ISBN was recognised ({seen}); name one: --column 1=title",
                "headless",
            )  # fmt: skip


# ── tables of cells ──────────────────────────────────────────────────────────────────────────────


def _cells(rows: Iterable[Sequence[object]]) -> list[tuple[int, list[str]]]:
    """The rows that hold something, with their numbers; one list must not fill the memory."""
    found: list[tuple[int, list[str]]] = []
    for number, row in enumerate(rows, 1):
        cells = [tidy(as_text(value)) if value != "" else "" for value in row[:MOST_COLUMNS]]
        if any(cells):
            found.append((number, cells))
        if len(found) >= READ:
            break
    return found


_AS_FORMULA = re.compile(r'^="(.*)"$')  # how a program keeps a spreadsheet from rounding an ISBN
_APOSTROPHE = re.compile(r"^'(?=[0-9=+@-])")  # how a person does


def tidy(cell: str) -> str:
    """A cell's text on one line, without what a spreadsheet program put round it."""
    cell = cell[:LONGEST].strip()
    if not cell:
        return ""
    cell = _AS_FORMULA.sub(r"\1", cell)
    return " ".join(_APOSTROPHE.sub("", cell).split())


def _tables(sheets: Sequence[tuple[str, list[tuple[int, list[str]]]]], name: str, known: Columns) -> List:
    tables = [table for sheet, rows in sheets if rows and (table := _table(sheet, rows, known))]
    telling = [t for t in tables if {"title", LINE, "isbn"} & set(t.columns) and t.rows]
    if any(any(table.headers) for table in telling):  # a sheet of notes is no part of the list
        telling = [table for table in telling if any(table.headers) or LINE not in table.columns]
    kept = telling or tables[:1]
    if {table.name for table in kept} & {sheet for sheet, rows in sheets if len(rows) >= READ}:
        raise _too_long(name)  # what follows was not read
    if len(kept) == 1 and len(sheets) == 1:
        kept = [msgspec.structs.replace(kept[0], name="")]
    return List(name, tuple(kept))


def _table(sheet: str, rows: list[tuple[int, list[str]]], known: Columns) -> Table | None:
    header = known.header([cells for _, cells in rows])
    body = rows[header + 1 :] if header is not None else _without_banner(rows)
    words = rows[header][1] if header is not None else []
    width = max((n + 1 for _, cells in body for n, cell in enumerate(cells) if cell), default=0)
    headers = tuple((words + [""] * width)[:width])
    body = [(number, (cells + [""] * width)[:width]) for number, cells in body]
    body = [(number, cells) for number, cells in body if any(cells) and cells != list(headers)]
    meanings = known.guess(headers, [cells for _, cells in body])
    return Table(sheet, headers, meanings, tuple(Row(number, tuple(cells)) for number, cells in body))


def _without_banner(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The rows below a title that stands alone in its row, where the rows of the list have several cells."""
    filled = [sum(map(bool, cells)) for _, cells in rows]
    if sorted(filled)[len(filled) // 2] < 2:
        return rows
    first = next((n for n, count in enumerate(filled) if count > 1), 0)
    return rows[first:]


# ── pasted text and CSV ──────────────────────────────────────────────────────────────────────────


def _split(text: str, known: Columns, least: int) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(UNPACKED)  # one for the whole process
    first = islice((line for line in io.StringIO(text, newline=None) if line.strip()), columns.HEADER_WITHIN)
    delimiter = _delimiter([line[: MOST_COLUMNS * LONGEST].rstrip("\n") for line in first], known, least)
    if not delimiter:
        yield from ((number, [line]) for number, line in enumerate(io.StringIO(text, newline=None), 1))
        return
    stream = io.StringIO(text, newline="")
    whole = text.count('"') % 2 == 0  # a lone quotation mark would take all that follows into its cell
    reader = csv.reader(stream, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if whole else csv.QUOTE_NONE)
    before = 0
    with contextlib.suppress(csv.Error):
        for cells in reader:
            yield before + 1, cells[:MOST_COLUMNS]
            before = reader.line_num


def _delimiter(above: Sequence[str], known: Columns, least: int) -> str:
    """What parts the cells; "" where each line is one entry. A comma may stand in a title: it parts cells only
    below a header that it parts, or where each line has as many, and at least so many."""
    tabs = sum("\t" in line for line in above)
    if tabs and tabs * 2 >= len(above):
        return "\t"
    for delimiter in DELIMITERS:
        rows = [[tidy(cell) for cell in row[:MOST_COLUMNS]] for row in _quietly(above, delimiter)]
        if known.header([row for row in rows if len(row) > 1]) is not None:
            return delimiter
    for delimiter in ";|,":
        counts = {len(row) for row in _quietly(above, delimiter)}
        if len(counts) == 1 and counts.pop() >= (2 if delimiter != "," else least) and len(above) > 1:
            return delimiter
    return ""


def _quietly(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


# ── a vendor's records ───────────────────────────────────────────────────────────────────────────


def _vendor(data: bytes, name: str, form: str, fields: Mapping[str, Field]) -> List:
    source = Source(protocol="file", format=form, path=name)
    reader = MarcXML(source, "", fields) if form == "marcxml" else Marc(source, "", fields)
    described = marcxml.described if form == "marcxml" else Marc(source, "", fields).described
    given: list[Given] = []
    broken: list[tuple[int, str]] = []
    for number, piece in enumerate(islice(reader.split(io.BytesIO(data), name), MOST_ROWS + 1), 1):
        try:
            if piece.broken:
                raise ValueError(piece.broken)
            parsed = reader.parse(piece.data)
        except ValueError as error:
            broken.append((number, str(error)))
            continue
        record = Record("", parsed.local_id, form, piece.data, parsed.values, parsed.holdings)
        price = next(iter(described(piece.data).texts("020c:365b")), "")
        given.append(Given(number, record, price))
    return List(name, records=tuple(given), broken=tuple(broken))
