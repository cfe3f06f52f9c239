"""Spreadsheets as libraries without a system keep them: CSV and Excel, with Thai or English header words."""

import csv
import datetime
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO

import msgspec
from python_calamine import CalamineError, CalamineWorkbook

from config import tables, values
from config.holdings import Holding
from harvest import extract
from harvest.record import HarvestError, Parsed, Payload

ENCODINGS = ("utf-8-sig", "cp874")  # tried in this order where the source names none
DELIMITERS = ",;\t"
HEADER_WITHIN = 20  # rows: a title and a date may stand above the header

# Header words of what is no bibliographic field: the record's id and the parts of a holding.
HEADERS = {
    "id": ("เลขทะเบียน", "รหัส", "รหัสหนังสือ", "เลขที่ทะเบียน", "id", "accession", "accession no", "record id"),
    "library": ("ห้องสมุด", "สาขา", "library", "branch"),
    "location": ("ชั้น", "สถานที่", "ที่เก็บ", "ตู้", "location", "shelf"),
    "call_number": ("เลขเรียกหนังสือ", "เลขเรียก", "call number", "call no", "callnumber"),
    "copies": ("จำนวนเล่ม", "จำนวน", "จำนวนฉบับ", "copies", "quantity"),
    "barcode": ("บาร์โค้ด", "บาร์โคด", "barcode"),
    "status": ("สถานะ", "status"),
}
IDENTIFYING = ("title", "creator", "year", "isbn", "volume", "edition", "call_number")

Row = list[tuple[str, str]]  # (header as the member wrote it, cell)


class SheetDescribed:
    """One row as paths see it: a path is a field's name."""

    kind = "sheet"

    def __init__(self, cells: dict[str, list[str]]):
        self.cells = cells

    def texts(self, path: str) -> list[str]:
        return self.cells.get(path, [])


class Sheet:
    """Reads the rows of CSV and Excel files by their header words."""

    def __init__(self, source: tables.Source, member: str, fields: Mapping[str, tables.Field]):
        self.encoding = source.encoding
        self.member = member
        self.fields = fields
        words = [(word, target) for target, given in HEADERS.items() for word in given]
        words += [(word, name) for name, field in fields.items() for word in field.sheet]
        words += list(source.columns.items())
        self.targets = {_folded(word): target for word, target in words}

    def split(self, stream: BinaryIO, name: str) -> Iterator[Payload]:
        data = stream.read()
        for sheet, rows in self._sheets(data, name):
            yield from self._payloads(rows, f"{name}, {sheet}" if sheet else name)

    def _sheets(self, data: bytes, name: str) -> Iterator[tuple[str, Iterable[Sequence[object]]]]:
        if not data:
            raise HarvestError(f"{name}: the file is empty (0 bytes)")
        if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0":
            yield from _workbook(data, name)
        else:
            yield "", _csv(data, name, self.encoding)

    def _payloads(self, rows: Iterable[Sequence[object]], place: str) -> Iterator[Payload]:
        header: list[str] | None = None
        for number, row in enumerate(rows, 1):
            cells = [_cell(value) for value in row]
            if not any(cells):
                continue
            if header is None:
                if sum(_folded(cell) in self.targets for cell in cells) >= min(2, sum(map(bool, cells))):
                    header = cells
                elif number >= HEADER_WITHIN:
                    break
                continue
            data = msgspec.json.encode(_paired(header, cells))
            yield Payload(data, f"{place}, row {number}", broken=self._fault(data))
        if header is None:
            some = "ชื่อเรื่อง, ผู้แต่ง, title, author"
            raise HarvestError(f"{place}: no header row in its first {HEADER_WITHIN} rows (words such as {some})")

    def _fault(self, payload: bytes) -> str:
        cells = self._cells(payload)
        return "" if any(cells.get("title", ())) else "the row has no title"

    def _cells(self, payload: bytes) -> dict[str, list[str]]:
        """Field or part of a holding -> the cells that hold it."""
        try:
            row = msgspec.json.decode(payload, type=Row)
        except msgspec.DecodeError as error:
            raise ValueError(f"not a stored row: {error}") from error
        cells: dict[str, list[str]] = {}
        for header, cell in row:
            target = self.targets.get(_folded(header))
            if target and cell:
                cells.setdefault(target, []).append(cell)
        return cells

    def parse(self, payload: bytes) -> Parsed:
        cells = self._cells(payload)
        found = extract.values(SheetDescribed(cells), self.fields)
        return Parsed(values=found, holdings=(self._holding(cells),), local_id=_local_id(cells))

    def _holding(self, cells: Mapping[str, list[str]]) -> Holding:
        parts = {part: " ".join(cells.get(part, ())) for part in HEADERS if part not in ("id", "copies")}
        number = re.search(r"\d+", values.ascii_digits(" ".join(cells.get("copies", ()))))
        return Holding(member=self.member, copies=int(number[0]) if number else 0, **parts)


def _workbook(data: bytes, name: str) -> Iterator[tuple[str, Iterable[Sequence[object]]]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for sheet in book.sheet_names:
            rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            if any(any(cell != "" for cell in row) for row in rows):
                yield sheet, rows
    except CalamineError as error:
        raise HarvestError(f"{name}: cannot be read as a workbook: {error}") from error


def _csv(data: bytes, name: str, encoding: str) -> Iterator[list[str]]:
    text = _decoded(data, name, encoding)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _decoded(data: bytes, name: str, encoding: str) -> str:
    for candidate in (encoding,) if encoding else ENCODINGS:
        try:
            return data.decode(candidate).replace("\x00", "")
        except UnicodeDecodeError as error:
            fault = error
    raise HarvestError(f"{name}: is not in {encoding or ' or '.join(ENCODINGS)}: {fault}")


def _cell(value: object) -> str:
    """A cell as text: 2560.0 as 2560, a date as ISO, white space single."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return " ".join(str(value).split(" ")).strip() if value is not None else ""


def _folded(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").strip(" .:*").split())


def _paired(header: Sequence[str], cells: Sequence[str]) -> Row:
    return [(h, c) for h, c in zip([*header, *[""] * len(cells)], cells, strict=False) if c]


def _local_id(cells: Mapping[str, list[str]]) -> str:
    """The id column, else a hash of the cells that identify the row."""
    if own := " ".join(cells.get("id", ())):
        return own
    told = "\x1f".join("\x1e".join(cells.get(name, ())) for name in IDENTIFYING)
    return "row-" + hashlib.sha256(told.encode()).hexdigest()[:16]
