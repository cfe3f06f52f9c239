"""What the columns of a list mean: by their header words, else by what stands in them."""

import re
import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise

from config import values
from config.tables import Field, Text
from harvest.formats.sheet import HEADERS, folded
from index.check import money
from index.match.normal import HONORIFICS

HEADER_WITHIN = 20  # rows: a banner and a date may stand above the header
HEADER_LENGTH = 60  # letters; what is longer is a title
SAMPLE = 200  # rows that are looked at
MOST_OF = 0.6  # the share of a column's cells that must look alike
LINE = "line"  # a whole entry in one cell: "title / author"

# What a list tells beside the fields of a record.
OWN: dict[str, Text] = {
    LINE: Text(th="ทั้งรายการในช่องเดียว (ชื่อเรื่อง / ผู้แต่ง)", en="Whole entry in one cell (title / author)"),
    "price": Text(th="ราคาต่อเล่ม", en="Price of a copy"),
    "total": Text(th="ราคารวม", en="Price in all"),
    "quantity": Text(th="จำนวนที่สั่ง", en="Copies to order"),
}
NOT_ASKED = ("subject", "classification", "note", "url")  # fields that tell nothing of which title a row is

WORDS: dict[str, tuple[str, ...]] = {
    "title": ("รายชื่อหนังสือ", "รายการหนังสือ", "รายการ", "หนังสือ", "ชื่อสินค้า", "ชื่อวารสาร", "name", "book", "item", "description"),
    "creator": ("ชื่อผู้เขียน", "นักเขียน", "ผู้ประพันธ์", "ผู้เรียบเรียง", "ผู้แต่ง/ผู้เขียน", "ชื่อผู้แต่ง/ผู้แปล", "writer", "by"),
    "publisher": ("สนพ", "สนพ.", "ชื่อสำนักพิมพ์", "โรงพิมพ์", "ผู้พิมพ์", "บริษัท", "publishers", "imprint", "publ"),
    "year": ("ปี", "พ.ศ", "ปีพ.ศ.", "ปีที่ตีพิมพ์", "publication year", "pub year", "pub date", "publication date", "published", "copyright"),
    "edition": ("พิมพ์ครั้งที่", "ครั้งที่", "ฉบับพิมพ์", "ed"),
    "isbn": ("isbn-13", "isbn13", "isbn-10", "isbn10", "หมายเลข isbn", "รหัส isbn", "ean", "บาร์โค้ด", "บาร์โคด", "barcode"),
    "price": ("ราคา", "ราคาปก", "ราคาขาย", "ราคาต่อหน่วย", "ราคาต่อเล่ม", "ราคา/หน่วย", "ราคา/เล่ม", "ราคาสุทธิ", "ราคา (บาท)", "บาท",
              "price", "unit price", "list price", "net price", "cost", "unit cost", "baht", "thb"),
    "total": ("ราคารวม", "รวมเงิน", "จำนวนเงิน", "รวมราคา", "รวมเป็นเงิน", "รวม", "มูลค่า", "total", "total price", "amount", "line total", "sum"),
    "quantity": (*HEADERS["copies"], "จำนวนที่สั่ง", "จำนวนสั่งซื้อ", "จำนวนที่ต้องการ", "จำนวน (เล่ม)", "เล่มที่สั่ง", "qty", "qty.", "order qty", "no of copies"),
    "": ("ลำดับ", "ลำดับที่", "ที่", "ข้อ", "เลขที่", "no", "no.", "#", "item no", "หน่วย", "หน่วยนับ", "unit", "ส่วนลด", "discount", "ผู้เสนอ",
         "สาขาวิชา", "คณะ", "หมายเหตุ", "remark", "remarks", "รหัสสินค้า", "sku", *HEADERS["id"], *HEADERS["location"], *HEADERS["status"]),
}  # fmt: skip


def labels(fields: Mapping[str, Field]) -> dict[str, Text]:
    """Everything that a column can mean, with its name, what is used most first."""
    asked = {name: field.label for name, field in fields.items() if name not in NOT_ASKED}
    return asked | OWN


class Columns:
    """Recognises columns by the header words of the fields' table and of purchase lists."""

    def __init__(self, fields: Mapping[str, Field]):
        known = labels(fields)
        words = [(word, name) for name, field in fields.items() for word in field.sheet]
        words += [(word, name) for name, given in WORDS.items() for word in given]
        self.words = {folded(word): name if name in known else "" for word, name in words}
        told = (fields[name].sheet for name in ("title", "creator", "isbn") if name in fields)
        self.sure = {folded(word) for given in told for word in given}
        self.longest = sorted((word for word in self.words if len(word) > 3), key=len, reverse=True)

    def named(self, header: str, exact: bool = False) -> str | None:
        """What a header says that its column means: "" is nothing that is asked for, None is not known.

        ``ราคา (บาท)`` is the price, ``ชื่อเรื่อง/Title`` the title, ``ราคาที่เสนอ`` the price again.
        """
        whole = folded(header)
        if whole in self.words:
            return self.words[whole]
        if exact or not whole or len(whole) > HEADER_LENGTH:
            return None
        parts = [folded(part) for part in re.split(r"[/(\[\n:,]|\s-\s", header)]
        if found := next((part for part in parts if part in self.words), None):
            return self.words[found]
        held = next((word for word in self.longest if word in whole), None)
        return self.words[held] if held else None

    def header(self, rows: Sequence[Sequence[str]]) -> int | None:
        """Where the header stands: the first row with two words that are known just so, or nothing but one;
        else the first in which most cells hold a known word, and none a number; else one with a field's very name."""
        above = [[cell for cell in row if cell] for row in rows[:HEADER_WITHIN]]
        for number, cells in enumerate(above):
            known = sum(self.named(cell, exact=True) is not None for cell in cells)
            if cells and known >= min(2, len(cells)) and not any(map(_numeric, cells)):
                return number
        for number, cells in enumerate(above):
            known = sum(self.named(cell) is not None for cell in cells)
            if known >= 2 and known * 2 >= len(cells) and not any(map(_numeric, cells)):
                return number
        for number, cells in enumerate(above):
            if any(folded(cell) in self.sure for cell in cells) and not any(map(_numeric, cells)):
                return number
        return None

    def guess(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """The meaning of each column; what no header tells is told by the cells."""
        said = [self.named(header) if header else None for header in headers]
        cells = [[row[n] for row in rows[:SAMPLE] if n < len(row) and row[n]] for n in range(len(headers))]
        meanings = [name if name is not None else None for name in said]
        open_ = [n for n, name in enumerate(meanings) if name is None and cells[n]]
        for name, looks in LOOKS:
            if name in meanings and name != "":
                continue
            for n in open_:
                if meanings[n] is None and looks(cells[n], not any(headers)):
                    meanings[n] = name
                    if name:
                        break
        _text_columns(meanings, cells, open_)
        return tuple(name or "" for name in meanings)


def _text_columns(meanings: list[str | None], cells: Sequence[Sequence[str]], open_: Sequence[int]) -> None:
    """Where no column is the title: of the texts that are left, the longest is; where all else is told, the rest."""
    if "title" in meanings or LINE in meanings:
        return
    left = [n for n in open_ if meanings[n] is None and not _share(cells[n], _numeric) >= MOST_OF]
    if not left:
        return
    if len(left) == 1 and len([c for c in cells if c]) == 1:
        meanings[left[0]] = LINE
        return
    for name, looks in (("publisher", _is_publisher), ("creator", _is_name)):
        best = max(left, key=lambda n: _share(cells[n], looks))
        if name not in meanings and len(left) > 1 and _share(cells[best], looks) >= 0.4:
            meanings[best] = name
            left.remove(best)
    title = max(left, key=lambda n: statistics.mean(len(cell) for cell in cells[n]))
    meanings[title] = "title"
    after = [n for n in left if n > title]
    if after and "creator" not in meanings:  # a list that says nothing else tells the author after the title
        meanings[after[0]] = "creator"


def _share(cells: Sequence[str], looks: "re.Pattern[str] | object") -> float:
    test = looks.search if isinstance(looks, re.Pattern) else looks
    return sum(bool(test(cell)) for cell in cells) / len(cells)  # type: ignore[operator]  # a pattern or a function


def _plain(cell: str) -> str:
    return values.ascii_digits(cell).replace(",", "").strip(" '=\"")


def _numeric(cell: str) -> bool:
    """A header holds no such thing: an amount, a year, an ISBN."""
    return bool(re.fullmatch(r"[฿$]?\s*[0-9][0-9.\-Xx]*(?:[eE]\+?[0-9]+)?\s*(?:บาท|\.-)?", _plain(cell)))


def isbn(cell: str) -> str:
    """The ISBN of a cell as 13 digits, or "". A spreadsheet that took one for a number lost its leading zero."""
    plain = _plain(cell)
    if re.fullmatch(r"[0-9]{8}[0-9Xx]", plain):
        plain = f"0{plain}"
    return next(iter(values.isbns(plain if re.fullmatch(r"[0-9]{9}[0-9Xx]", plain) else cell)), "")


def rounded(cell: str) -> bool:
    """An ISBN of which a spreadsheet kept only the first digits: 9.78974E+12."""
    return bool(re.fullmatch(r"97[89]0{6,}[0-9]?|9[.,]7[89][0-9]*[eE]\+?12", _plain(cell)))


_MISTYPED = re.compile(r"97[89][0-9 -]{10,14}")  # an ISBN by its prefix, whatever its check digit


def _isbns(cells: Sequence[str], _: bool) -> bool:
    return _share(cells, lambda cell: isbn(cell) or rounded(cell) or _MISTYPED.fullmatch(_plain(cell))) >= MOST_OF


def _years(cells: Sequence[str], _: bool) -> bool:
    def is_year(cell: str) -> bool:
        plain = _plain(cell)
        year = values.year(plain)
        era = re.fullmatch(r"(?:พ\.?\s*ศ\.?|ค\.?\s*ศ\.?|[cC©])?\s*[0-9]{4}", plain)
        return bool(era) and year is not None and 1850 <= year <= 2100

    return _share(cells, is_year) >= MOST_OF


def _prices(cells: Sequence[str], headless: bool) -> bool:
    marked = _share(cells, lambda cell: money.MARKED.search(values.ascii_digits(cell)) and len(cell) < 24) >= MOST_OF
    if marked or not headless:
        return marked
    amounts = [float(_plain(cell)) for cell in cells if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", _plain(cell))]
    return len(amounts) >= MOST_OF * len(cells) and 20 <= statistics.median(amounts) <= 20_000


def _counted(cells: Sequence[str], headless: bool) -> bool:
    """The numbers of the rows: 1, 2, 3 …"""
    numbers = [int(p) for cell in cells if (p := _plain(cell).rstrip(".")).isdecimal() and len(p) < 7]
    rising = all(b == a + 1 for a, b in pairwise(numbers))
    return len(numbers) >= MOST_OF * len(cells) and len(numbers) > 1 and rising


def _copies(cells: Sequence[str], headless: bool) -> bool:
    small = [cell for cell in cells if re.fullmatch(r"[0-9]{1,2}(?:\s*(?:เล่ม|copies|copy))?", _plain(cell))]
    return headless and len(small) >= MOST_OF * len(cells)


LOOKS = (("", _counted), ("isbn", _isbns), ("year", _years), ("price", _prices), ("quantity", _copies))

_is_publisher = re.compile(
    r"สำนักพิมพ์|สนพ\.|พับลิชชิ่ง|บุ๊คส์|บุ๊กส์|การพิมพ์|โรงพิมพ์|\bบริษัท|press\b|publish|verlag|\bbooks\b|\binc\b|\bltd\b|wiley|springer|elsevier|mcgraw",
    re.I,
)
_RANKS = "|".join(re.escape(rank) for rank in HONORIFICS if len(rank) > 2)
_is_name = re.compile(
    rf"^(?:{_RANKS})|^(?:ดร|รศ|ผศ|ศ|นพ|พญ|ม\.ร\.ว|ม\.ล)\.|\bet al\b|และคณะ|^[A-Z][A-Za-z'-]+, (?:[A-Z][A-Za-z.'-]*\s?)+$|^(?:[A-Z][a-z'-]+|[A-Z]\.)(?: (?:[A-Z][a-z'-]+|[A-Z]\.)){{1,3}}$"
    r"|^[\u0e01-\u0e5b]{3,14} [\u0e01-\u0e5b]{3,20}$"
)
