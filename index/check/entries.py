"""The rows of a list as they are looked for: fields, facts, price and number of copies."""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from config import values
from config.tables import Field, Text
from harvest import extract
from harvest.formats.sheet import SheetDescribed, is_sum
from index.check import columns, money
from index.check.columns import LINE
from index.check.lists import Given, List, Row, Table
from index.check.money import Price
from index.match.facts import Facts, facts, of_row
from index.match.normal import HONORIFICS, squeezed

# What is wrong with a row, said with its verdict.
NOTES: dict[str, Text] = {
    "isbn_rounded": Text(
        th="ISBN ถูกโปรแกรมตารางปัดเป็นตัวเลขย่อ จึงตรวจด้วยข้อมูลอื่น",
        en="The spreadsheet rounded the ISBN; the row was checked by its other data",
    ),
    "isbn_wrong": Text(
        th="ISBN ไม่ถูกต้อง (เลขตรวจสอบไม่ตรง) จึงตรวจด้วยข้อมูลอื่น",
        en="The ISBN is wrong (its check digit does not fit); the row was checked by its other data",
    ),
    "isbn_rounded_alone": Text(
        th="ISBN ถูกโปรแกรมตารางปัดเป็นตัวเลขย่อ และไม่มีชื่อเรื่อง จึงไม่ได้ตรวจ",
        en="The spreadsheet rounded the ISBN, and there is no title: not checked",
    ),
    "isbn_wrong_alone": Text(
        th="ISBN ไม่ถูกต้อง (เลขตรวจสอบไม่ตรง) และไม่มีชื่อเรื่อง จึงไม่ได้ตรวจ",
        en="The ISBN is wrong (its check digit does not fit), and there is no title: not checked",
    ),
    "no_title": Text(th="ไม่มีชื่อเรื่อง จึงตรวจด้วย ISBN เท่านั้น", en="Without a title: checked by ISBN only"),
    "empty": Text(th="ไม่มีทั้งชื่อเรื่องและ ISBN จึงไม่ได้ตรวจ", en="Neither title nor ISBN: not checked"),
}

# Why a row is none of the list's titles.
LEFT: dict[str, Text] = {
    "sum": Text(th="เป็นแถวผลรวม", en="a line of sums"),
    "nothing": Text(th="ไม่มีข้อมูลหนังสือในคอลัมน์ที่ใช้", en="the columns that are used tell of no book in it"),
}

Cells = dict[str, list[str]]


class Entry(msgspec.Struct, frozen=True):
    """One row of a list. ``quantity`` is how many copies it asks for."""

    sheet: str
    number: int
    values: dict[str, tuple[str, ...]]
    facts: Facts
    price: Price | None = None
    quantity: int = 1
    note: str = ""
    typed: str = ""  # an ISBN that is none, as it was typed

    @property
    def cost(self) -> Price | None:
        """What all its copies cost."""
        return Price(self.price.amount * self.quantity, self.price.currency) if self.price else None

    def first(self, field: str) -> str:
        return next(iter(self.values.get(field, ())), "")


class LeftOut(msgspec.Struct, frozen=True):
    """A row that is no title."""

    sheet: str
    number: int
    why: str

    @property
    def place(self) -> str:
        """As its file numbers it: ``5``, or ``Sheet2: 5`` of several sheets."""
        return f"{self.sheet}: {self.number}" if self.sheet else str(self.number)


def entries(given: List, fields: Mapping[str, Field]) -> Iterator[Entry]:
    """The rows in their order; the line of sums at the end is none."""
    return (row for row in listed(given, fields) if isinstance(row, Entry))


def listed(given: List, fields: Mapping[str, Field]) -> Iterator[Entry | LeftOut]:
    """Every row in its order, those that are no title, too."""
    for record in given.records:
        yield _of_record(record)
    wanted = extract.wanted("sheet", fields)
    for table in given.tables:
        for row in table.rows:
            yield _of_row(row, table, wanted)


def _of_record(given: Given) -> Entry:
    told = given.record.values
    note = "" if told.get("title") else "no_title" if told.get("isbn") else "empty"
    return Entry(
        "", given.number, told, facts(given.record), money.price(given.price) if given.price else None, 1, note
    )


def _of_row(row: Row, table: Table, wanted: Sequence[extract.Wanted]) -> Entry | LeftOut:
    cells: Cells = {}
    for meaning, cell in zip(table.columns, row.cells, strict=False):
        if cell and meaning:
            cells.setdefault(meaning, []).append(cell)
    for text in cells.pop(LINE, []):
        _add(cells, line(text))
    title = " ".join(cells.get("title", [])[:1])
    if " / " in title and "creator" not in cells:
        cells["title"] = cells["title"][1:]
        _add(cells, line(title))
    if is_sum(cells):
        return LeftOut(table.name, row.number, "sum")
    price, quantity = _price(cells)
    if not any(field.name in cells for field in wanted):  # an amount below the list is a sum, too
        return LeftOut(table.name, row.number, "sum" if price else "nothing")
    note = _isbn_note(cells)
    typed = "; ".join(cells["isbn"]) if note else ""
    cells["isbn"] = [columns.isbn(cell) or cell for cell in cells.get("isbn", ())]
    told = extract.values(SheetDescribed(cells), wanted)
    if not told.get("title"):
        note = f"{note}_alone" if note else "no_title" if told.get("isbn") else "empty"
    return Entry(table.name, row.number, told, of_row(told), price, quantity, note, typed)


def _add(cells: Cells, more: Mapping[str, str]) -> None:
    for meaning, text in more.items():
        cells.setdefault(meaning, []).append(text)


def _price(cells: Cells) -> tuple[Price | None, int]:
    """(the price of a copy, how many copies); where only the sum is told, its share."""
    counts = [n for cell in cells.pop("quantity", []) if (n := money.quantity(cell)) is not None]
    quantity = counts[0] if counts and counts[0] > 0 else 1
    prices = [p for cell in cells.pop("price", []) if (p := money.price(cell))]
    totals = [p for cell in cells.pop("total", []) if (p := money.price(cell))]
    if prices:
        return prices[0], quantity
    return (Price(totals[0].amount / quantity, totals[0].currency), quantity) if totals else (None, quantity)


def _isbn_note(cells: Cells) -> str:
    given = cells.get("isbn", [])
    if not given or any(columns.isbn(cell) for cell in given):
        return ""
    if any(columns.rounded(cell) for cell in given):
        return "isbn_rounded"
    return "isbn_wrong" if any(re.search(r"\d{6}", re.sub(r"[-\s]", "", cell)) for cell in given) else ""


# ── a whole entry in one line ────────────────────────────────────────────────────────────────────

_NUMBERED = re.compile(r"^\s*(?:[0-9๐-๙]{1,5}\s*[.)]\s+|[-–•*]\s+)(?=\S)")
_ISBN = re.compile(
    r"\(?\s*(?:e-?)?isbn(?:-1[03])?\s*:?\s*[0-9๐-๙Xx -]*\)?|(?<![0-9])97[89][0-9 -]{10,14}(?![0-9])", re.I
)
_WRONG_ISBN = re.compile(
    r"\(?\s*(?:e-?)?isbn(?:-1[03])?\s*:?\s*([0-9][0-9 -]{7,16}[0-9Xx])\)?|(?<![0-9])(97[89][0-9 -]{10,14})(?![0-9])",
    re.I,
)
_IMPRINT = re.compile(r"[.,]\s+(?:(?P<place>[^\s:,.][^:,.]*?)\s+:\s+)?(?P<publisher>[^:,.][^:,]*?),\s*(?P<year>(?:พ\.ศ\.\s*|ค\.ศ\.\s*|c)?[12][0-9]{3})\s*\.?\s*$")  # fmt: skip
_YEAR = re.compile(r"[\s,.(\[]+((?:พ\.ศ\.\s*|ค\.ศ\.\s*|c)?(?:1[89]|2[0-6])[0-9]{2})[)\].]*\s*$")
_BRACKETED = re.compile(
    r"(?:,\s*|\s*[(\[])((?:พ\.ศ\.\s*|ค\.ศ\.\s*|c)?(?:1[89]|2[0-6])[0-9]{2})[)\]]?\.?\s*$"
)  # a title may end in a year
_EDITION = re.compile(r"[\s,.;(]*(?:พิมพ์)?ครั้งที่\s*([0-9]+)\)?|[\s,.;(]+([0-9]+(?:st|nd|rd|th) ed(?:ition|\.)?)\)?", re.I)


def line(text: str) -> dict[str, str]:
    """What a line tells: ``1. ข้างหลังภาพ / ศรีบูรพา. กรุงเทพฯ : ผดุงศึกษา, 2480. 150 บาท`` has a title, a creator,
    a place, a publisher, a year and a price."""
    text = values.ascii_digits(_NUMBERED.sub("", text, count=1))
    found: dict[str, str] = {}
    if isbn := next(iter(values.isbns(text)), ""):
        found["isbn"] = isbn
        text = _ISBN.sub(" ", text)
        text = text if isbn not in text else text.replace(isbn, " ")
    elif wrong := _WRONG_ISBN.search(text):
        found["isbn"] = (wrong[1] or wrong[2]).strip(" -")
        text = text[: wrong.start()] + " " + text[wrong.end() :]
    text, found = _taken(text, money.MARKED, found, "price")
    text = text.strip(" ,;|")
    title, slash, rest = text.partition(" / ")
    where = rest if slash else title
    if slash and (imprint := _imprint(where)):
        found |= {name: part for name, part in imprint.groupdict().items() if part}
        where = where[: imprint.start()]
    elif year := (_YEAR if slash else _BRACKETED).search(where):
        found["year"] = year[1]
        where = where[: year.start()]
    if edition := _EDITION.search(where):
        found["edition"] = edition[1] or edition[2]
        where = (where[: edition.start()] + where[edition.end() :]).strip()
    title, rest = (title, where) if slash else (where, "")
    if title.strip(" .,/"):
        found["title"] = title.strip(" ,/")
    if rest.strip(" .,"):
        found["creator"] = rest.strip(" ,;")
    return found


_ABBREVIATED = re.compile(r"(?:^|\s)((?:[^\s.]+\.)*[^\s.]+)$")  # the word before a full stop
_SHORT = re.compile(r"[A-Za-z]|[ก-ฮ]{1,2}")  # stands before the full stop of an abbreviation


def _imprint(text: str) -> re.Match[str] | None:
    """Publisher and year at the end. A full stop after a rank or an initial ends no author, unless a place follows:
    ม.ร.ว. คึกฤทธิ์ ปราโมช."""
    found = _IMPRINT.search(text)
    while found and not found["place"]:
        word = _ABBREVIATED.search(text, 0, found.start()) if found[0].startswith(".") else None
        if not (word and _abbreviation(word[1])) and not _initials(found["publisher"]):
            break
        found = _IMPRINT.search(text, found.start() + 1)
    return found


def _initials(text: str) -> bool:
    return all(part.endswith(".") and _abbreviation(part.rstrip(".")) for part in text.split())


def _abbreviation(word: str) -> bool:
    return "." in word or bool(_SHORT.fullmatch(word)) or squeezed(word.casefold()) in HONORIFICS


def _taken(text: str, pattern: re.Pattern[str], found: dict[str, str], name: str) -> tuple[str, dict[str, str]]:
    match = pattern.search(text)
    if not match:
        return text, found
    return text[: match.start()] + " " + text[match.end() :], found | {name: match[0]}
