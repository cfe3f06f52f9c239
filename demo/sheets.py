"""The sample's descriptions as the spreadsheets that libraries without a system keep."""

import csv
import datetime
import io
from collections.abc import Callable, Iterable

import xlsxwriter

from demo.cataloguing import Description, Name, describe
from demo.sample import NOTE, Entry

Column = tuple[str, Callable[[Description], str | int]]
CREATED = datetime.datetime(2025, 7, 1, 9, 0)  # not the clock: the same file twice is the same bytes
KINDS = {
    "thesis": "วิทยานิพนธ์", "serial": "วารสาร", "av": "วีดิทัศน์", "audio": "หนังสือเสียง", "ebook": "หนังสืออิเล็กทรอนิกส์",
    "report": "รายงาน", "reference": "หนังสืออ้างอิง", "textbook": "หนังสือเรียน", "manuscript": "ใบลาน",
}  # fmt: skip
KINDS_IN_ENGLISH = {
    "thesis": "thesis",
    "serial": "journal",
    "av": "video",
    "audio": "audio",
    "ebook": "e-book",
    "report": "report",
}
LANGUAGES = {"tha": "Thai", "eng": "English", "pli": "Pali"}


def _everyone(written: Description) -> str:
    return _joined((*written.named(main=True), *written.named(main=False)))


def _authors(written: Description) -> str:
    return _joined(written.named(main=True))


def _others(written: Description) -> str:
    return _joined(written.named(main=False))


def _joined(names: Iterable[Name]) -> str:
    return " ; ".join(name.text for name in names)


def _edition_number(written: Description) -> str:
    return written.edition.removeprefix("พิมพ์ครั้งที่ ").strip()


# Header words as each member wrote them, and what stands below.
COLUMNS: dict[str, tuple[Column, ...]] = {
    "kkpl": (
        ("เลขทะเบียน", lambda d: d.local_id),
        ("ชื่อหนังสือ", lambda d: d.whole_title),
        ("ผู้แต่ง", _everyone),
        ("สำนักพิมพ์", lambda d: d.publisher),
        ("ปีที่พิมพ์", lambda d: d.year),
        ("พิมพ์ครั้งที่", _edition_number),
        ("ISBN", lambda d: d.isbn),
        ("เลขเรียกหนังสือ", lambda d: d.call_number),
        ("จำนวนเล่ม", lambda d: d.entry.copies),
        ("หัวเรื่อง", lambda d: " ; ".join(d.entry.title.subjects)),
        ("ประเภท", lambda d: KINDS.get(d.entry.title.kind, "หนังสือ")),
        ("ชั้น", lambda d: d.location),
        ("หมายเหตุ", lambda d: NOTE),
    ),
    "kkm": (
        ("รหัส", lambda d: d.local_id),
        ("ชื่อทรัพยากร", lambda d: d.whole_title),
        ("ผู้เขียน", _authors),
        ("ผู้แปล", _others),
        ("ผู้จัดพิมพ์", lambda d: d.publisher),
        ("ปี พ.ศ.", lambda d: d.year),
        ("ครั้งที่พิมพ์", lambda d: d.edition),
        ("เลขมาตรฐานสากล", lambda d: d.isbn),
        ("เลขเรียก", lambda d: d.call_number),
        ("จำนวน", lambda d: d.entry.copies),
        ("คำสำคัญ", lambda d: "; ".join(d.entry.title.subjects)),
        ("ประเภทวัสดุ", lambda d: KINDS.get(d.entry.title.kind, "หนังสือ")),
        ("สถานที่", lambda d: d.location),
        ("บาร์โค้ด", lambda d: next(iter(d.barcodes), "")),
        ("หมายเหตุ", lambda d: NOTE),
    ),
    "kkh": (
        ("ID", lambda d: d.local_id),
        ("Title", lambda d: d.whole_title),
        ("Author", _authors),
        ("Contributor", _others),
        ("Publisher", lambda d: d.publisher),
        ("Year", lambda d: d.year),
        ("Edition", lambda d: d.edition),
        ("ISBN", lambda d: d.isbn),
        ("Pages", lambda d: d.extent),
        ("Call number", lambda d: d.call_number),
        ("Copies", lambda d: d.entry.copies),
        ("Location", lambda d: d.location),
        ("Subjects", lambda d: "; ".join(d.entry.title.subjects)),
        ("Type", lambda d: KINDS_IN_ENGLISH.get(d.entry.title.kind, "book")),
        ("Language", lambda d: LANGUAGES[d.entry.title.language]),
        ("URL", lambda d: d.entry.title.url),
        ("หมายเหตุ", lambda d: NOTE),
    ),
    "kkpao": (
        ("ลำดับ", lambda d: d.entry.number),
        ("รหัส", lambda d: d.local_id),
        ("ชื่อเรื่อง", lambda d: d.whole_title),
        ("ผู้แต่ง", _authors),
        ("ผู้ร่วมงาน", _others),
        ("สถานที่พิมพ์", lambda d: d.entry.title.place),
        ("สำนักพิมพ์", lambda d: d.publisher),
        ("ปีพิมพ์", lambda d: d.year),
        ("พิมพ์ครั้งที่", _edition_number),
        ("เลขมาตรฐาน", lambda d: d.isbn),
        ("เลขเรียกหนังสือ", lambda d: d.call_number),
        ("จำนวน", lambda d: d.entry.copies),
        ("ที่เก็บ", lambda d: d.location),
        ("หัวเรื่อง", lambda d: " ; ".join(d.entry.title.subjects)),
        ("ประเภททรัพยากร", lambda d: KINDS.get(d.entry.title.kind, "หนังสือ")),
        ("ภาษา", lambda d: {"tha": "ไทย", "eng": "อังกฤษ", "pli": "บาลี"}[d.entry.title.language]),
        ("หมายเหตุ", lambda d: NOTE),
    ),
}


def rows(entries: Iterable[Entry], columns: tuple[Column, ...]) -> list[list[str | int]]:
    """The header and a row an entry."""
    header: list[str | int] = [word for word, _ in columns]
    return [header, *([cell(written) for _, cell in columns] for written in map(describe, entries))]


def comma_separated(entries: Iterable[Entry], columns: tuple[Column, ...], encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows(entries, columns))
    return text.getvalue().encode(encoding)


def workbook(entries: Iterable[Entry], columns: tuple[Column, ...]) -> bytes:
    """An XLSX file. Numbers that are names (ISBN, ids) are text, so that no digit and no leading zero is lost."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True, "strings_to_numbers": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": NOTE, "created": CREATED})
        sheet = book.add_worksheet("รายการ")
        for number, row in enumerate(rows(entries, columns)):
            sheet.write_row(number, 0, row)
    return data.getvalue()
