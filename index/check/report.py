"""The report on a list: an Excel workbook, CSV or JSON; no cell of the list becomes a formula in it."""

import csv
import datetime
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import xlsxwriter

from config.cells import BOM, safe
from config.tables import Tables, Text
from config.values import both_eras
from harvest.wording import in_thai
from index.check import money
from index.check.check import NAMES, NOT_HELD, RELATIONS, VERDICTS, Match, Report, Result
from index.check.entries import LEFT, NOTES, LeftOut
from index.check.money import BAHT
from index.match.judge import Reason
from index.match.reasons import said

CELL = 32_000  # letters: Excel takes 32,767
LINKS = 60_000  # of a worksheet: Excel takes 65,530
RELATED_SHOWN = 3  # other titles that one row of the report names

# The words of a report.
WORDS: dict[str, Text] = {
    "report": Text(th="ผลการตรวจรายการสั่งซื้อ", en="Purchase check"),
    "list": Text(th="รายการที่ตรวจ", en="List"),
    "moment": Text(th="ตรวจเมื่อ", en="Checked"),
    "against": Text(th="จำนวนชื่อเรื่องในสหบรรณ", en="Titles in the catalogue"),
    "summary": Text(th="สรุป", en="Summary"),
    "rows": Text(th="ผลรายแถว", en="Rows"),
    "evidence": Text(th="หลักฐาน", en="Evidence"),
    "unread": Text(th="ระเบียนที่อ่านไม่ได้", en="Unreadable records"),
    "verdict": Text(th="ผล", en="Verdict"),
    "count": Text(th="จำนวนแถว", en="Rows"),
    "share": Text(th="ร้อยละ", en="Per cent"),
    "all": Text(th="ทั้งหมด", en="All"),
    "repeated": Text(th="ซ้ำกับแถวก่อนหน้าในรายการเดียวกัน", en="Repeat an earlier row of the list"),
    "price_all": Text(th="ราคารวมของรายการที่มีราคา", en="Price of all rows with a price"),
    "price_saved": Text(th="ประหยัดได้ หากไม่ซื้อรายการที่มีแล้วและรายการซ้ำ", en="Saved by not buying what is held or repeated"),
    "sheet": Text(th="แผ่นงาน", en="Sheet"),
    "row": Text(th="แถวที่", en="Row"),
    "price": Text(th="ราคาต่อเล่ม", en="Price of a copy"),
    "currency": Text(th="สกุลเงิน", en="Currency"),
    "quantity": Text(th="จำนวนที่สั่ง", en="Copies to order"),
    "libraries": Text(th="ห้องสมุดที่มี", en="Libraries"),
    "copies": Text(th="จำนวนเล่มที่ทราบ", en="Copies known of"),
    "found": Text(th="ชื่อเรื่องในสหบรรณ", en="Title in the catalogue"),
    "imprint": Text(th="พิมพลักษณ์", en="Imprint"),
    "relation": Text(th="ความสัมพันธ์", en="Relation"),
    "others": Text(th="ฉบับอื่นที่มี", en="Other forms held"),
    "reasons": Text(th="เหตุผล", en="Reasons"),
    "points": Text(th="คะแนน", en="Points"),
    "duplicate": Text(th="ซ้ำกับแถวที่", en="Repeats row"),
    "note": Text(th="หมายเหตุ", en="Note"),
    "address": Text(th="ลิงก์", en="Link"),
    "reason": Text(th="สาเหตุ", en="Why"),
    "left": Text(th="แถวที่ไม่ใช่ชื่อเรื่อง", en="Rows that are no titles"),
    "author": Text(th="ผู้แต่ง", en="Author"),
}  # fmt: skip
TOLD = ("title", "creator", "publisher", "year", "edition", "volume", "isbn")  # fields of a row that a report repeats


class Reader(msgspec.Struct, frozen=True):
    """Who a report is written for; ``address`` gives the whole address of a title's page."""

    tables: Tables
    language: str
    address: Callable[[str], str]

    def say(self, word: str) -> str:
        return WORDS[word].in_language(self.language)

    def verdict(self, verdict: str) -> str:
        return NAMES[verdict].in_language(self.language)

    def relation(self, relation: str) -> str:
        return RELATIONS[relation].in_language(self.language) if relation in RELATIONS else relation

    def field(self, name: str) -> str:
        if name == "creator":
            return self.say("author")  # who orders books says so
        return self.tables.fields[name].label.in_language(self.language) if name in self.tables.fields else name

    def member(self, code: str) -> str:
        known = self.tables.members.get(code)
        return known.name.in_language(self.language) if known else code

    def reasons(self, reasons: Iterable[Reason]) -> str:
        return "; ".join(said(reason, self.language) for reason in reasons)

    def note(self, result: Result) -> str:
        return NOTES[result.note].in_language(self.language) if result.note else ""

    def why_unread(self, reason: str) -> str:
        """Why a vendor's record cannot be read."""
        return (in_thai(reason) if self.language == "th" else "") or reason

    def left(self, row: LeftOut) -> str:
        """``17: a line of sums``"""
        return f"{row.place}: {LEFT[row.why].in_language(self.language)}"

    def currency(self, code: str) -> str:
        return money.NAMES[code].in_language(self.language)

    def year(self, text: str) -> str:
        if not text.isdecimal():
            return text
        buddhist, christian = both_eras(int(text))
        return f"{christian} (B.E. {buddhist})" if self.language == "en" else f"พ.ศ. {buddhist} ({christian})"


def place(report: Report, n: int) -> str:
    """The row at a place of the list, as its file numbers it: ``5``, or ``Sheet2: 5`` of several sheets."""
    result = report.results[n]
    return f"{result.sheet}: {result.number}" if result.sheet else str(result.number)


def held_by(copies: Mapping[str, int], reader: Reader) -> str:
    """``A (2); B``: members with the copies that are known of."""
    return "; ".join(f"{reader.member(code)} ({n})" if n else reader.member(code) for code, n in copies.items())


def imprint(match: Match, reader: Reader) -> str:
    parts = (
        match.values.get("publisher", ""),
        reader.year(match.values.get("year", "")),
        match.values.get("edition", ""),
    )
    return ", ".join(filter(None, parts))


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


def as_json(report: Report, reader: Reader) -> dict[str, Any]:
    """``{"rows": […], "summary": {verdict: n}, …}``; codes as they are, amounts as text."""
    return {
        "list": report.name,
        "rows": [_row_json(report, result, reader) for result in report.results],
        "summary": report.summary,
        "duplicates": report.duplicates,
        "price": {currency: str(amount) for currency, amount in report.asked.items()},
        "saved": {currency: str(amount) for currency, amount in report.saved.items()},
        "left_out": [
            {"row": row.number, "reason": LEFT[row.why].in_language(reader.language)}
            | ({"sheet": row.sheet} if row.sheet else {})
            for row in report.left
        ],
        "unread": [{"record": number, "reason": why} for number, why in report.broken],
    }


def _row_json(report: Report, result: Result, reader: Reader) -> dict[str, Any]:
    row: dict[str, Any] = {"row": result.number}
    if result.sheet:
        row["sheet"] = result.sheet
    row |= {name: result.first(name) for name in TOLD if result.first(name)}
    row |= {
        "verdict": result.verdict,
        "members": list(result.members),
        "copies": result.copies,
        "matches": [_match_json(match, reader) for match in result.matches],
    }
    if result.price:
        row |= {"price": str(result.price.amount), "currency": result.price.currency, "quantity": result.quantity}
    if result.duplicate_of is not None:
        row |= {"duplicate_of": report.results[result.duplicate_of].number}
        if result.sheet:
            row |= {"duplicate_of_sheet": report.results[result.duplicate_of].sheet}
    if result.note:
        row["note"] = reader.note(result)
    if result.typed:
        row["isbn_typed"] = result.typed
    return row


def _match_json(match: Match, reader: Reader) -> dict[str, Any]:
    return {
        "id": match.id,
        "verdict": match.verdict,
        "relation": match.relation,
        "points": match.points,
        "reasons": [
            {"name": r.name, "points": r.points, "row": r.a, "record": r.b, "said": said(r, reader.language)}
            for r in match.reasons
        ],
        "title": match.values.get("title", ""),
        "year": match.values.get("year", ""),
        "members": list(match.members),
        "copies": match.copies,
        "address": reader.address(match.id),
    }


def to_json(report: Report, reader: Reader) -> bytes:
    return msgspec.json.encode(as_json(report, reader))


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────

Cell = str | int | Decimal


def to_csv(report: Report, reader: Reader) -> bytes:
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\r\n")
    columns = _columns(report, reader)
    rows.writerow([header for header, _, _ in columns])
    for n, result in enumerate(report.results):
        cells = (cell(n, result) for _, _, cell in columns)
        rows.writerow([safe(cell) if isinstance(cell, str) else str(cell) for cell in cells])
    return (BOM + text.getvalue()).encode("utf-8", "replace")


Column = tuple[str, int, Callable[[int, Result], Cell]]  # header, width, cell


def _columns(report: Report, reader: Reader) -> list[Column]:
    """The columns of the rows' sheet: what the list says, the verdict, and where it is held."""
    say = reader.say
    columns: list[Column] = []
    if any(result.sheet for result in report.results):
        columns.append((say("sheet"), 14, lambda n, r: r.sheet))
    columns += [
        (say("row"), 7, lambda n, r: r.number),
        (say("verdict"), 16, lambda n, r: reader.verdict(r.verdict)),
    ]
    columns += [_field(name, reader) for name in TOLD if any(_cell(r, name) for r in report.results)]
    if report.asked:
        columns += [
            (say("price"), 11, lambda n, r: r.price.amount if r.price else ""),
            (say("currency"), 14, lambda n, r: reader.currency(r.price.currency) if r.price else ""),
            (say("quantity"), 9, lambda n, r: r.quantity),
        ]
    columns += [
        (say("libraries"), 40, lambda n, r: held_by(r.copies, reader)),
        (say("copies"), 10, lambda n, r: sum(r.copies.values()) or ""),
        (say("found"), 40, lambda n, r: r.matches[0].values.get("title", "") if r.matches else ""),
        (say("imprint"), 30, lambda n, r: imprint(r.matches[0], reader) if r.matches else ""),
        (say("relation"), 18, lambda n, r: reader.relation(r.matches[0].relation) if r.matches else ""),
        (say("others"), 44, lambda n, r: _others(r, reader)),
        (say("reasons"), 60, lambda n, r: reader.reasons(r.matches[0].reasons) if r.matches else ""),
        (say("duplicate"), 12, lambda n, r: place(report, r.duplicate_of) if r.duplicate_of is not None else ""),
        (say("note"), 30, lambda n, r: reader.note(r)),
        (say("address"), 34, lambda n, r: reader.address(r.matches[0].id) if r.matches else ""),
    ]
    return columns


def _field(name: str, reader: Reader) -> Column:
    wide = {"title": 44, "creator": 26, "publisher": 22, "isbn": 16}
    if name == "year":
        return reader.field(name), 18, lambda n, r: reader.year(r.first("year"))
    return reader.field(name), wide.get(name, 12), lambda n, r: _cell(r, name)


def _cell(result: Result, name: str) -> str:
    """What a row says of a field; an ISBN that is none as it was typed."""
    return "; ".join(result.values.get(name, ())) or (result.typed if name == "isbn" else "")


def _others(result: Result, reader: Reader) -> str:
    """The related titles beside the first match, in short."""
    others = [match for match in result.matches[1:] if match.relation][:RELATED_SHOWN]
    return "; ".join(
        f"{reader.relation(m.relation)}: {imprint(m, reader)} [{held_by(m.copies, reader)}]" for m in others
    )


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────

COLOURS = {"held": "#DCEFE2", "related": "#FBF1D3", "review": "#F7E0D8", NOT_HELD: "#FFFFFF"}
PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "constant_memory": True}


def to_xlsx(report: Report, reader: Reader) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, PLAIN) as book:
        writer = _Workbook(book, reader)
        writer.summary(report)
        writer.rows(report)
        writer.evidence(report)
        if report.broken:
            writer.unread(report)
    return out.getvalue()


class _Workbook:
    def __init__(self, book: Any, reader: Reader):
        self.book, self.reader = book, reader
        self.bold = book.add_format({"bold": True})
        self.large = book.add_format({"bold": True, "font_size": 15})
        self.head = book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "top"})
        self.money = book.add_format({"num_format": "#,##0.00"})
        self.percent = book.add_format({"num_format": "0.0"})
        self.link = book.add_format({"font_color": "#0B559F", "underline": 1, "valign": "top"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.verdicts = {v: book.add_format({"bg_color": c, "bold": True, "valign": "top"}) for v, c in COLOURS.items()}
        self.links = 0

    def summary(self, report: Report) -> None:
        say, sheet = self.reader.say, self.book.add_worksheet(self.reader.say("summary"))
        sheet.set_column(0, 0, 52)
        sheet.set_column(1, 2, 16)
        line = _Lines(sheet)
        line.put([(say("report"), self.large)])
        line.put([(say("list"), None), (report.name, None)])
        line.put([(say("moment"), None), (moment(self.reader.language), None)])
        line.put([(say("against"), None), (report.titles, None)])
        line.put([])
        line.put([(say("verdict"), self.head), (say("count"), self.head), (say("share"), self.head)])
        total = len(report.results)
        for verdict in VERDICTS:
            count = report.summary[verdict]
            share = round(100 * count / total, 1) if total else 0.0
            line.put([(self.reader.verdict(verdict), self.verdicts[verdict]), (count, None), (share, self.percent)])
        line.put([(say("all"), self.bold), (total, self.bold)])
        line.put([(say("repeated"), None), (report.duplicates, None)])
        if report.left:
            line.put([(say("left"), None), (len(report.left), None)])
            for row in report.left:
                line.put([(self.reader.left(row), None)])
        if report.asked:
            line.put([])
            for word, sums in (("price_all", report.asked), ("price_saved", report.saved)):
                for currency, amount in (sums or {BAHT: Decimal()}).items():
                    line.put([(say(word), self.bold), (amount, self.money), (self.reader.currency(currency), None)])

    def rows(self, report: Report) -> None:
        sheet = self.book.add_worksheet(self.reader.say("rows"))
        columns = _columns(report, self.reader)
        for number, (header, width, _) in enumerate(columns):
            sheet.set_column(number, number, width)
            _write(sheet, 0, number, header, self.head)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, max(1, len(report.results)), len(columns) - 1)
        verdict_at = next(n for n, column in enumerate(columns) if column[0] == self.reader.say("verdict"))
        for n, result in enumerate(report.results):
            for number, (_, _, cell) in enumerate(columns):
                style = self.verdicts[result.verdict] if number == verdict_at else self.wrapped
                value = cell(n, result)
                if number == len(columns) - 1 and value:
                    self._address(sheet, n + 1, number, str(value))
                else:
                    _write(sheet, n + 1, number, value, style)

    def evidence(self, report: Report) -> None:
        """Every title that was found for a row, with all its reasons."""
        say, sheet = self.reader.say, self.book.add_worksheet(self.reader.say("evidence"))
        headers = ("row", "verdict", "found", "imprint", "relation", "libraries", "points", "reasons", "address")
        for number, (header, width) in enumerate(zip(headers, (9, 16, 44, 30, 18, 40, 8, 90, 34), strict=True)):
            sheet.set_column(number, number, width)
            _write(sheet, 0, number, say(header), self.head)
        sheet.freeze_panes(1, 0)
        at = 1
        for n, result in enumerate(report.results):
            for match in result.matches:
                cells: Sequence[Cell] = (
                    place(report, n) if result.sheet else result.number,
                    self.reader.verdict(match.verdict),
                    match.values.get("title", ""),
                    imprint(match, self.reader),
                    self.reader.relation(match.relation),
                    held_by(match.copies, self.reader),
                    match.points,
                    self.reader.reasons(match.reasons),
                )
                for number, value in enumerate(cells):
                    _write(sheet, at, number, value, self.wrapped)
                self._address(sheet, at, len(cells), self.reader.address(match.id))
                at += 1

    def unread(self, report: Report) -> None:
        sheet = self.book.add_worksheet(self.reader.say("unread"))
        sheet.set_column(1, 1, 100)
        line = _Lines(sheet)
        line.put([(self.reader.say("row"), self.head), (self.reader.say("reason"), self.head)])
        for number, why in report.broken:
            line.put([(number, None), (self.reader.why_unread(why), None)])

    def _address(self, sheet: Any, row: int, column: int, address: str) -> None:
        self.links += 1
        if self.links > LINKS or not address.startswith(("https://", "http://")):
            _write(sheet, row, column, address, self.wrapped)
        else:
            sheet.write_url(row, column, address, self.link)


class _Lines:
    """Writes one line below the other."""

    def __init__(self, sheet: Any):
        self.sheet, self.at = sheet, 0

    def put(self, cells: Sequence[tuple[Cell | float, Any]]) -> None:
        for column, (value, style) in enumerate(cells):
            _write(self.sheet, self.at, column, value, style)
        self.at += 1


def _write(sheet: Any, row: int, column: int, value: Cell | float, style: Any) -> None:
    """A text is written as a text, whatever it begins with."""
    if isinstance(value, str):
        sheet.write_string(row, column, value[:CELL], style)
    else:
        sheet.write_number(row, column, float(value), style)


BANGKOK = datetime.timezone(datetime.timedelta(hours=7))


def moment(language: str) -> str:
    """Now, in Bangkok: ``22/11/2569 14.05 น.``, ``2026-11-22 14:05``."""
    now = datetime.datetime.now(BANGKOK)
    return f"{now:%Y-%m-%d %H:%M}" if language == "en" else f"{now.day}/{now.month}/{now.year + 543} {now:%H.%M} น."


class Form(msgspec.Struct, frozen=True):
    """One form of a report: its content type and what writes it."""

    content_type: str
    write: Callable[[Report, Reader], bytes]


FORMS = {  # by extension
    "xlsx": Form("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", to_xlsx),
    "csv": Form("text/csv; charset=utf-8", to_csv),
    "json": Form("application/json", to_json),
}
