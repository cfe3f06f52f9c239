"""Spreadsheets as libraries without a system keep them: CSV and Excel, with Thai or English header words."""

import csv
import datetime
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

import msgspec
from python_calamine import CalamineError, CalamineWorkbook

from config import tables, values
from config.holdings import Holding
from harvest import extract
from harvest.formats import letters
from harvest.record import HarvestError, Parsed, Payload

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
ENCODINGS = ("utf-8-sig", "cp874")  # tried in this order where the source names none
DELIMITERS = ",;\t"
LOST = re.compile("[\udc80-\udcff]")  # a byte that was no UTF-8, as surrogateescape keeps it
UNPACKED = 256 << 20  # bytes that a workbook may unpack to
CHUNK = 1 << 20
CELL = 32  # bytes that a cell of a workbook takes, unpacked
CELLS = 20_000_000  # the area from the first cell to the last of a sheet
SOME = "ชื่อเรื่อง, ผู้แต่ง, title, author"
NAMED = 5  # columns that a note names
HEADER_WITHIN = 20  # rows: a title and a date may stand above the header

# Header words of what is no bibliographic field: the record's id and the parts of a holding.
HEADERS = {
    "id": ("เลขทะเบียน", "รหัส", "รหัสหนังสือ", "เลขที่ทะเบียน", "id", "accession", "accession no", "record id"),
    "library": ("ห้องสมุด", "สาขา", "library", "branch"),
    "location": ("ชั้น", "สถานที่", "สถานที่เก็บ", "สถานที่จัดเก็บ", "ที่เก็บ", "ตู้", "location", "shelf"),
    "call_number": ("เลขเรียกหนังสือ", "เลขเรียก", "call number", "call no", "callnumber"),
    "copies": ("จำนวนเล่ม", "จำนวน", "จำนวนฉบับ", "copies", "quantity"),
    "barcode": ("บาร์โค้ด", "บาร์โคด", "barcode"),
    "status": ("สถานะ", "status"),
}
NUMBERS = ("isbn", "issn", "id", "barcode")  # long numbers, which Excel takes for quantities
SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}")  # 9.78616E+12
ROUNDED = re.compile(r"97[89][0-9]{0,4}0{6,}")  # the same, saved once more: 9786160000000
UNCLOSED = "a quotation mark in the line is never closed; close it or take it out, and send the list again"
IDENTIFYING = ("title", "creator", "year", "isbn", "volume", "edition", "call_number", "library", "location", "barcode")

# The lines at a list's end: รวม, รวม 300 รายการ, Total: 1,200 baht, VAT 7 %, หนึ่งร้อยบาทถ้วน. No title is that alone.
_SUM = re.compile(
    r"(?:(?:ยอด|ผล)?รวม(?:ทั้งสิ้น|ทั้งหมด|สุทธิ|จำนวน|เป็นเงิน|เงิน)*|(?:grand |sub)?total|sum|vat|discount|"
    r"ภาษีมูลค่าเพิ่ม|ส่วนลด)[\s:=]*(?:[\d.,]++\s*(?:(?:ชื่อ)?เรื่อง|เล่ม|รายการ|ชุด|บาท|%|titles?|items?|copies|books?|"
    r"volumes?|baht)?[\s,;=]*){0,3}\.?|\(?[ก-๙]+บาทถ้วน\)?",
    re.I,
)
# What members send instead of a list, by how it begins.
OTHERS = {b"%pdf": "a PDF", b"<!doctype html": "a web page", b"<html": "a web page", b"{\\rtf": "a text document"}
OWN = ("creator", "isbn", "issn", "barcode", "call_number", "classification", "id", "publisher")  # what no sum has

Row = list[tuple[str, str]]  # (header as the member wrote it, cell)


def is_sum(cells: Mapping[str, Sequence[str]]) -> bool:
    """Whether a row's title is that of a line of sums, and nothing else in it is a book's."""
    return bool(_SUM.fullmatch(" ".join(cells.get("title", ())[:1]).strip())) and cells.keys().isdisjoint(OWN)


class SheetDescribed:
    """One row as paths see it: a path is a field's name."""

    kind = "sheet"

    def __init__(self, cells: dict[str, list[str]]):
        self.cells = cells

    @property
    def there(self) -> KeysView[str]:
        return self.cells.keys()

    def texts(self, path: str) -> list[str]:
        return self.cells.get(path, [])


class Sheet:
    """Reads the rows of CSV and Excel files by their header words."""

    def __init__(self, source: tables.Source, member: str, fields: Mapping[str, tables.Field]):
        self.encoding = source.encoding
        self.member = member
        self.wanted = extract.wanted("sheet", fields)
        words = [(word, target) for target, given in HEADERS.items() for word in given]
        words += [(word, name) for name, field in fields.items() for word in field.sheet]
        words += list(source.columns.items())
        self.targets = {folded(word): target for word, target in words}
        self.noticed: list[tuple[str, str, int]] = []

    def split(self, stream: BinaryIO, name: str) -> Iterator[Payload]:
        """The rows of every sheet. A sheet without a header is broken row by row, unless no sheet has one."""
        data = stream.read()
        faults: list[str] = []
        headless: list[Payload] = []
        for sheet, rows in self._sheets(data, name):
            place = f"{name}, {sheet}" if sheet else name
            known = list(rows)
            header = self._header(known)
            if header is None:
                faults.append(f"{place}: no header row in its first {HEADER_WITHIN} rows (words such as {SOME})")
                headless += self._without_header(known, place)
            else:
                self._notice_nameless(known[header:], place)
                yield from self._payloads(known, header, place)
                faults.append("")
        if faults and all(faults):
            raise HarvestError("; ".join(faults))
        yield from headless

    def _sheets(self, data: bytes, name: str) -> Iterator[tuple[str, Iterable[Sequence[object]]]]:
        if not data:
            raise HarvestError(f"{name}: the file is empty (0 bytes)")
        head = data[:200].lstrip().lower()
        if other := next((what for begin, what in OTHERS.items() if head.startswith(begin)), ""):
            raise HarvestError(f"{name}: is {other}, and no list; ask the member for CSV or Excel")
        if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0":
            yield from workbook(data, name)
        else:
            yield "", _csv(data, name, self.encoding, self._known)

    def _header(self, rows: Sequence[Sequence[object]]) -> int | None:
        """Where the header row stands: the first that holds two known words, or nothing but one."""
        for number, row in enumerate(rows[:HEADER_WITHIN]):
            cells = [cell for cell in map(as_text, row) if cell]
            if cells and self._known(cells) >= min(2, len(cells)):
                return number
        return None

    def _known(self, cells: Iterable[str]) -> int:
        """How many of the cells are header words."""
        return sum(folded(cell) in self.targets for cell in cells)

    def _payloads(self, rows: Sequence[Sequence[object]], header: int, place: str) -> Iterator[Payload]:
        words = [LOST.sub("\ufffd", as_text(value)) for value in rows[header]]
        for number, row in enumerate(rows[header + 1 :], header + 2):
            if isinstance(row, Unclosed):
                yield Payload(row.line.encode("utf-8", "surrogateescape"), f"{place}, row {number}", broken=UNCLOSED)
                continue
            cells = [as_text(value) for value in row]
            if any(cells) and cells != words:  # lists are joined with their header rows
                yield self._payload(_paired(words, cells), f"{place}, row {number}")

    def _notice_nameless(self, rows: Sequence[Sequence[object]], place: str) -> None:
        """Columns that hold something, but have no header word: nobody knows what it is."""
        words = [as_text(value) for value in rows[0]]
        bare = [column for column, word in enumerate(words) if not word]
        columns: set[int] = set()
        many = 0
        for row in rows[1:]:
            if isinstance(row, Unclosed):
                continue
            there = [n for n in (*bare, *range(len(words), len(row))) if n < len(row) and row[n] not in ("", None)]
            filled = [n for n in there if as_text(row[n])]
            columns.update(filled)
            many += bool(filled)
        if columns:
            told = f"{place}: {', '.join(map(_letters, sorted(columns)[:NAMED]))}{' …' if len(columns) > NAMED else ''}"
            self.noticed.append(("nameless", told, many))

    def _payload(self, row: Row, place: str) -> Payload:
        if any(LOST.search(cell) for _, cell in row):
            return Payload(_raw([cell for _, cell in row]), place, broken="the row holds bytes that are no UTF-8")
        data = msgspec.json.encode(row)
        return Payload(data, place, broken=self._fault(data))

    def _without_header(self, rows: Sequence[Sequence[object]], place: str) -> Iterator[Payload]:
        for number, row in enumerate(rows, 1):
            cells = [as_text(value) for value in row]
            if any(cells):
                data = _raw(cells) if any(map(LOST.search, cells)) else msgspec.json.encode(_paired([], cells))
                yield Payload(data, f"{place}, row {number}", broken="the sheet has no header row")

    def _fault(self, payload: bytes) -> str:
        cells = self._cells(payload)
        for column in NUMBERS:
            for cell in cells.get(column, ()):
                if SHORTENED.fullmatch(cell) or (
                    column == "isbn" and ROUNDED.fullmatch(cell) and not values.isbns(cell)
                ):
                    return (
                        f"the {column} {cell} is a number of which a spreadsheet kept the first digits only; "
                        "make the column text, and send the list again"
                    )
        if not any(cells.get("title", ())):
            return "the row has no title"
        return "a line of sums, not a title" if is_sum(cells) else ""

    def _cells(self, payload: bytes) -> dict[str, list[str]]:
        """Field or part of a holding -> the cells that hold it."""
        try:
            row = msgspec.json.decode(payload, type=Row)
        except msgspec.DecodeError as error:
            raise ValueError(f"not a stored row: {error}") from error
        cells: dict[str, list[str]] = {}
        for header, cell in row:
            target = self.targets.get(folded(header))
            if target and cell:
                cells.setdefault(target, []).append(cell)
        return cells

    def parse(self, payload: bytes) -> Parsed:
        told = self._cells(payload)
        local_id, repairs = _local_id(told), dict[str, None]()
        cells: dict[str, list[str]] = {}
        for target, texts in told.items():
            for text, found in map(letters.mended, texts):
                cells.setdefault(target, []).append(text)
                repairs |= dict.fromkeys(found)
        return Parsed(
            values=extract.values(SheetDescribed(cells), self.wanted),
            holdings=(self._holding(cells),),
            local_id=local_id,
            repairs=tuple(repairs),
        )

    def _holding(self, cells: Mapping[str, list[str]]) -> Holding:
        parts = {part: " ".join(cells.get(part, ())) for part in HEADERS if part not in ("id", "copies")}
        number = re.search(r"\d+", values.ascii_digits(" ".join(cells.get("copies", ()))))
        return Holding(member=self.member, copies=int(number[0]) if number else 0, **parts)


def workbook(data: bytes, name: str, most: int = CELLS) -> Iterator[tuple[str, Iterable[Sequence[object]]]]:
    """The sheets of an Excel or ODS file that hold something, with their rows. Raises HarvestError, also where they
    span more than so many cells."""
    _bounded(data, name, most)
    spanned = 0
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for title in book.sheet_names:
            sheet = book.get_sheet_by_name(title)
            spanned += sheet.total_height * sheet.total_width
            if spanned > most:
                raise HarvestError(_far(name, spanned))
            rows = sheet.to_python(skip_empty_area=False)
            _fill(rows, sheet.merged_cell_ranges or ())
            if any(any(cell != "" for cell in row) for row in rows):
                yield title, rows
    except CalamineError as error:
        raise HarvestError(f"{name}: cannot be read as a workbook: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # calamine's, at a damaged XLS: it would end the night
            raise
        raise HarvestError(f"{name}: cannot be read as a workbook: it is damaged; ask for it again") from error


def _fill(rows: list[list[Any]], merged: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """A cell that is merged over several rows holds for each of them. One that is merged over columns is one cell."""
    for (top, left), (bottom, _) in merged:
        for row in rows[top + 1 : bottom + 1]:
            if left < len(row) and row[left] == "":
                row[left] = rows[top][left]


def _bounded(data: bytes, name: str, most: int) -> None:
    """Refuse a workbook that unpacks to too much, or whose cells lie so far apart that the area between them
    does not fit into memory: calamine makes room for all of it at once. Raises HarvestError."""
    if data[:2] != b"PK":
        return
    left = allowed = min(UNPACKED, most * CELL)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for part in archive.infolist():
                chunks = _counted(archive, part, left)
                if part.filename.startswith("xl/worksheets/"):
                    used, area = _area(chunks)
                elif part.filename == "content.xml":
                    content = b"".join(chunks)
                    used, area = len(content), _repeated(content)
                else:
                    used, area = sum(map(len, chunks)), 0
                if area > most:
                    raise HarvestError(_far(name, area))
                left -= used
                if left < 0:
                    raise HarvestError(f"{name}: unpacks to more than {allowed >> 20} MB")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise HarvestError(f"{name}: cannot be read as a workbook: {error}") from error


def _counted(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    """A part of a zip file whatever size it declares, to a little past so many bytes. Raises ValueError."""
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("packed in another way than workbooks are")  # zipfile unpacks the others without a bound
    part.file_size = most + 2 * CHUNK  # zipfile would stop at the size that is declared; who reads it later does not
    read = 0
    with archive.open(part) as unpacked:
        while read <= most and (chunk := unpacked.read(CHUNK)):
            read += len(chunk)
            yield chunk


def _far(name: str, area: int) -> str:
    return f"{name}: its cells span {area} places: one lies far off; delete it and save again"


_ODS_ROW, _ODS_ROW_END = b"<table:table-row", b"</table:table-row>"
_ODS_CELL = re.compile(rb"<table:(?:covered-)?table-cell([^<>]*?)(/?)>")
_ODS_TIMES = re.compile(rb"table:number-(?:rows|columns)-repeated=[\"']([0-9]{1,9})[\"']")


def _repeated(content: bytes) -> int:
    """The cells of an ODS file's rows that hold something, each as often as it is to be repeated. The last cell of
    a row, where it is empty, and empty rows are repeated to the sheet's end, and cost nothing."""
    return sum(_times(opening) * _wide(row) for opening, row in _ods_rows(content) if b"<text:p" in row)


def _ods_rows(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(the attributes, what is in it) of each row."""
    begin = 0
    while (end := content.find(_ODS_ROW_END, begin)) >= 0:
        opening, _, row = content[begin:end].rpartition(_ODS_ROW)[2].partition(b">")
        yield opening, row
        begin = end + len(_ODS_ROW_END)


def _wide(row: bytes) -> int:
    cells = list(_ODS_CELL.finditer(row))
    while cells and cells[-1][2]:
        cells.pop()
    return sum(_times(cell[1]) for cell in cells)


def _times(attributes: bytes) -> int:
    found = _ODS_TIMES.search(attributes)
    return int(found[1]) if found else 1


_REFERENCE = re.compile(rb"<c[^<>]*?\sr=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")


def _area(chunks: Iterable[bytes]) -> tuple[int, int]:
    """(bytes, rows times columns of the cells that they name) of a worksheet's XML. Raises ValueError."""
    read = columns = rows = 0
    rest = b""
    for chunk in chunks:
        read += len(chunk)
        rest += chunk
        for column, digits in set(_REFERENCE.findall(rest)):
            columns = max(columns, _column(column))
            rows = max(rows, int(digits))
        tag = rest.rfind(b"<")
        rest = rest[tag:] if tag >= 0 and b">" not in rest[tag:] else b""  # a tag may go on in the next chunk
        if len(rest) > CHUNK:
            raise ValueError("a tag in it does not end")
    return read, columns * rows


def _column(letters: bytes) -> int:
    """The number of a column: A is 1, XFD is 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _letters(column: int) -> str:
    """The letters of a column, counted from 0: A, Z, AA."""
    before, last = divmod(column, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


class Unclosed(list[str]):
    """A line of a CSV file with a quotation mark that nothing closes: no row, but the next line is one."""

    def __init__(self, line: str):
        super().__init__([line])
        self.line = line


def _csv(data: bytes, name: str, encoding: str, known: Callable[[Iterable[str]], int]) -> Iterator[list[str]]:
    """The rows, each a list of cells. A quotation mark that is not closed costs its line, not the rest of the file."""
    lines = list(io.StringIO(decoded(data, name, encoding), newline=""))
    delimiter = _delimiter(lines[:HEADER_WITHIN], known)
    usual = max((line.count(delimiter) for line in lines[:HEADER_WITHIN]), default=0)
    csv.field_size_limit(UNPACKED)  # one for the whole process: another file may be read at the same time
    begin = 0
    while begin < len(lines):
        rows = csv.reader((lines[n] for n in range(begin, len(lines))), delimiter=delimiter)  # read at once
        read = 0
        try:
            for row in rows:
                raw = lines[begin + read : begin + rows.line_num]
                if _swallowed(row, raw, delimiter, usual):
                    break
                yield row
                read = rows.line_num
            else:
                return
        except csv.Error as error:
            raise HarvestError(f"{name}: cannot be read as CSV: {error}") from error
        yield Unclosed(lines[begin + read].rstrip("\r\n"))
        begin += read + 1


def _delimiter(lines: Sequence[str], known: Callable[[Iterable[str]], int]) -> str:
    """What parts the most header words; where none is known, what stands in a line most often."""

    def judged(delimiter: str) -> tuple[int, int]:
        words = (known(cell.strip().strip('"') for cell in line.split(delimiter)) for line in lines)
        return max(words, default=0), max((line.count(delimiter) for line in lines), default=0)

    return max(DELIMITERS, key=judged)


def _swallowed(row: Sequence[str], raw: Sequence[str], delimiter: str, usual: int) -> bool:
    """Whether a cell took in lines that are rows themselves, or the file's end."""
    if usual and any(line.count(delimiter) >= usual for line in raw[1:-1]):
        return True
    if usual and any(_OPENING.match(line) and line.count(delimiter) >= usual for line in raw[1:]):
        return True
    return len(row) <= usual and "".join(raw).count('"') % 2 == 1


_OPENING = re.compile('"[^",;\t\r\n]')


def decoded(data: bytes, name: str, encoding: str) -> str:
    """The text, in the encoding that the source names, or UTF-16 or UTF-8 or cp874, whichever holds.

    Where none does, it is UTF-8 with bad bytes in some rows, which are set aside one by one; unless it is
    more bad bytes than text.
    """
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for candidate in (encoding,) if encoding else ("utf-16",) if utf16 else ENCODINGS:
        with suppress(UnicodeDecodeError):
            return data.decode(candidate).replace("\x00", "")
    escaped = data.decode("utf-8-sig", "surrogateescape")
    if encoding or utf16 or len(LOST.findall(escaped)) * 20 > len(escaped):
        raise HarvestError(f"{name}: {_neither(name, encoding)}; or ask for it again, as Excel or as CSV in UTF-8")
    return escaped.replace("\x00", "")


def _neither(name: str, encoding: str) -> str:
    """What a file is not that is neither a workbook nor text, and what may help."""
    if name.lower().endswith(WORKBOOKS):
        return "is no workbook, though its name says so: damaged, or something else; open it and save it as .xlsx"
    if encoding:
        return f"is no text in {encoding}; mend the encoding of its source in members.toml"
    return "is neither a workbook nor text in UTF-8, UTF-16 or TIS-620 (cp874); is it the right file? Save it again"


def as_text(value: object) -> str:
    """A cell as text: 2560.0 as 2560, a date as ISO, white space single."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return " ".join(str(value).split(" ")).strip() if value is not None else ""


def folded(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").strip(" .:*").split())


def _raw(cells: Sequence[str]) -> bytes:
    """The cells as they stood, with what is no UTF-8 in them."""
    return "\t".join(cells).encode("utf-8", "surrogateescape")


def _paired(header: Sequence[str], cells: Sequence[str]) -> Row:
    return [(h, c) for h, c in zip([*header, *[""] * len(cells)], cells, strict=False) if c]


def _local_id(cells: Mapping[str, list[str]]) -> str:
    """The id column, else a hash of the cells that identify the row."""
    if own := " ".join(cells.get("id", ())):
        return own
    told = "\x1f".join("\x1e".join(cells.get(name, ())) for name in IDENTIFYING)
    return "row-" + hashlib.sha256(told.encode()).hexdigest()[:16]
