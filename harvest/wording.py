"""What the harvest says to people, in Thai and English: what a run did, why a record is in quarantine, and what was
mended in one."""

import re
from collections.abc import Iterable

from config.tables import Text
from harvest import notes
from harvest.store import Run

# What a run counts, and how it ended.
COUNTED: dict[str, Text] = {
    "added": Text("เพิ่ม {}", "{} added"),
    "changed": Text("แก้ไข {}", "{} changed"),
    "unchanged": Text("คงเดิม {}", "{} unchanged"),
    "deleted": Text("ถอนออก {}", "{} deleted"),
    "superseded": Text("เลขซ้ำในชุดเดียวกัน {}", "{} superseded"),
    "quarantined": Text("รับเข้าไม่ได้ {}", "{} quarantined"),
}
LONGEST = 1000  # characters of a line about one record: what a server says may go on for ever
SEEN = Text("{} ระเบียน", "{} seen")
REPAIRED = Text("ซ่อม {}", "{} repaired")
NOTHING_NEW = Text("ไม่มีอะไรใหม่", "nothing new")
ENDED: dict[str, Text] = {
    "done": Text("หมายเหตุ", "NOTE"),
    "held": Text("พักไว้ก่อน", "HELD"),
    "failed": Text("ไม่สำเร็จ", "FAILED"),
    "undone": Text("ย้อนกลับแล้ว", "UNDONE"),
    "running": Text("ยังไม่จบ หรือถูกหยุดกลางคัน", "it has not ended yet, or was killed"),
}


def run_line(code: str, run: Run, language: str = "en") -> str:
    """A run in one line: ``kku: 996 seen: 969 added, 27 deleted``."""
    counts = [text.in_language(language).format(n) for name, text in COUNTED.items() if (n := getattr(run, name))]
    counted = ", ".join(counts) or NOTHING_NEW.in_language(language)
    if run.repaired:
        counted += f" ({REPAIRED.in_language(language).format(run.repaired)})"
    seen = SEEN.in_language(language).format(run.seen)
    said = f"{code}: {seen}: {counted}" if run.seen else f"{code}: {NOTHING_NEW.in_language(language)}"
    error = notes.in_language(one_line(run.error or ""), language)
    ended = ENDED[run.outcome].in_language(language)
    if run.outcome == "failed" and not run.seen:
        return f"{code}: {ended}: {error}"
    if run.outcome == "running":
        return f"{said}; {ended}"
    return f"{said}; {ended}: {error}" if error or run.outcome != "done" else said


def one_line(text: str) -> str:
    """Text from outside, as one line without anything that a terminal or a header would obey."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


# What a salvaged record's ``repairs`` name.
REPAIRS: dict[str, Text] = {
    "lengths": Text("ความยาวในระเบียนไม่ตรง จึงตัดเขตข้อมูลตามเครื่องหมายจบ", "its lengths were wrong: cut at the end marks"),
    "fields": Text("จำนวนเขตข้อมูลไม่ตรงกับสารบัญระเบียน", "it had more or fewer fields than its directory lists"),
    "end": Text("ไม่มีเครื่องหมายจบระเบียน แต่ข้อมูลครบ", "its end mark was missing, all its fields were there"),
    "indicators": Text("ตัวบ่งชี้หรือรหัสเขตข้อมูลย่อยขาดหาย", "indicators or subfield codes were missing"),
    "codes": Text("รหัสเขตข้อมูลย่อยเพี้ยน", "subfield codes had accents"),
    "utf-8": Text("อักขระเป็น UTF-8 แต่ระเบียนบอกเป็นอย่างอื่น", "its letters were UTF-8, which it does not say"),
    "cp874": Text("อักขระเป็น TIS-620 แต่ระเบียนบอกเป็นอย่างอื่น", "its letters were TIS-620 (cp874), which it does not say"),
    "marc-8": Text("อักขระเป็น MARC-8 แต่ระเบียนบอกเป็นอย่างอื่น", "its letters were MARC-8, which it does not say"),
    "cp1252": Text("อักขระเป็น Latin-1 แต่ระเบียนบอกเป็นอย่างอื่น", "its letters were Latin-1 (cp1252), which it does not say"),
    "cp1251": Text("อักขระเป็นซีริลลิก (cp1251)", "its letters were Cyrillic (cp1251)"),
    "cp866": Text("อักขระเป็นซีริลลิก (cp866)", "its letters were Cyrillic (cp866)"),
    "references": Text("ถอดรหัสอักขระแบบ &#…;", "numeric references (&#…;) were read as letters"),
    "twice": Text("อักขระเพี้ยนเพราะแปลงรหัสซ้ำ แก้กลับแล้ว", "its letters had been converted once too often"),
    "control": Text("มีอักขระควบคุมแทรก เปลี่ยนเป็นช่องว่าง", "control characters in it became blanks"),
    "xml": Text("อักขระที่ XML ไม่อนุญาต แก้ให้อ่านได้แล้ว", "characters that XML does not allow were mended"),
    "nameless": Text("ข้ามเขตข้อมูลที่ไม่มีแท็กหรือรหัส", "fields or subfields without tag or code were left out"),
    "unreadable": Text("มีบางไบต์อ่านไม่ได้ แสดงเป็น \ufffd", "a few bytes could not be read, and show as \ufffd"),
}  # fmt: skip


def repaired(names: Iterable[str], language: str) -> str:
    """What was mended, in words."""
    return "; ".join(REPAIRS[name].in_language(language) if name in REPAIRS else name for name in names)


# Why a record is in quarantine: what the formats and protocols say, and the same in Thai.
REASONS: tuple[tuple[re.Pattern[str], str], ...] = tuple((re.compile(english, re.S), thai) for english, thai in (
    (r"too short for a MARC record: (\d+) bytes", r"สั้นเกินกว่าจะเป็นระเบียน MARC: มีเพียง \1 ไบต์"),
    (r"no MARC record, but something that begins with (.+)", r"ไม่ใช่ระเบียน MARC แต่เป็นข้อมูลที่ขึ้นต้นด้วย \1 ตรวจดูว่าส่งไฟล์ถูกหรือไม่"),
    (r"no record ends within (\d+) MB", r"ไม่พบเครื่องหมายจบระเบียนใน \1 MB"),
    (r"an authority record, not a bibliographic one", r"เป็นระเบียนรายการหลักฐาน (authority) ไม่ใช่ระเบียนบรรณานุกรม"),
    (r"a holdings record whose title is not there", r"เป็นระเบียนตัวเล่ม (holdings) ที่ไม่พบระเบียนบรรณานุกรมของมัน"),
    (r"no directory of fields stands at its beginning", r"ไม่พบสารบัญเขตข้อมูลที่ต้นระเบียน จึงไม่รู้ว่าเขตใดคืออะไร"),
    (r"the record is cut off: its last field does not end", r"ระเบียนขาดตอน: เขตข้อมูลสุดท้ายไม่จบ ขอให้ส่งไฟล์ใหม่"),
    (r"the record is cut off: (\d+) of its (\d+) fields are there", r"ระเบียนขาดตอน: มีเพียง \1 จาก \2 เขตข้อมูล ขอให้ส่งไฟล์ใหม่"),
    (r"the record is cut off: it does not end", r"ระเบียนขาดตอน: ไม่มีแท็กปิด ขอให้ส่งไฟล์ใหม่"),
    (r"its directory does not fit its fields", r"สารบัญระเบียนไม่ตรงกับเขตข้อมูล จึงไม่รู้ว่าเขตใดคืออะไร"),
    (r"not well-formed XML: (.+)", r"XML ไม่ถูกต้อง: \1"),
    (r"no <record> in it, but (<.*>)", r"ไม่มี <record> แต่เป็น \1"),
    (r"a <record> without fields", r"เป็น <record> ที่ไม่มีเขตข้อมูล"),
    (r"a (.+) without its (tag|code)", r"\1 ไม่มี \2"),
    (r"an empty element", r"เป็นระเบียนว่าง"),
    (r"an end without its beginning", r"มีแท็กปิดที่ไม่มีแท็กเปิด"),
    (r"part of a record that is longer than (\d+) MB", r"เป็นส่วนหนึ่งของระเบียนที่ยาวกว่า \1 MB"),
    (r"no Dublin Core element in (<.*>)", r"ไม่มีข้อมูล Dublin Core ใน \1"),
    (r"the record has no identifier in its header", r"ระเบียนไม่มีรหัสประจำ (identifier)"),
    (r"the record has no metadata, and is not said to be deleted", r"ระเบียนไม่มีข้อมูล และไม่ได้บอกว่าถูกลบ"),
    (r"the row holds bytes that are no UTF-8", r"แถวนี้มีอักขระที่อ่านไม่ได้ บันทึกไฟล์ใหม่เป็น UTF-8"),
    (r"the sheet has no header row", r"แผ่นงานนี้ไม่มีแถวหัวตาราง"),
    (r"the (\w+) (\S+) is a number of which a spreadsheet kept the first digits only; .+", r"\1 \2 เป็นตัวเลขที่โปรแกรมตารางตัดเหลือแต่หลักต้น ตั้งคอลัมน์เป็นข้อความแล้วส่งใหม่"),
    (r"a quotation mark in the line is never closed; .+", r'บรรทัดนี้มีเครื่องหมาย " ที่ไม่ปิด แก้แล้วส่งใหม่'),
    (r"the row has no title", r"แถวนี้ไม่มีชื่อเรื่อง"),
    (r"a line of sums, not a title", r"เป็นแถวผลรวม ไม่ใช่ชื่อเรื่อง"),
    (r"no XML, but ISO 2709; .+", r"ไม่ใช่ XML แต่เป็นระเบียน ISO 2709 ขอให้ส่งแยกเป็นอีกไฟล์หนึ่ง"),
    (r"the server's XML of this record is broken: (.+)", r"XML ของระเบียนนี้ที่เซิร์ฟเวอร์ส่งมาเสียหาย: \1"),
    (r"the server cannot give this record: (.+)", r"เซิร์ฟเวอร์ส่งระเบียนนี้ไม่ได้: \1"),
    (r"the server lists this record and does not give it: (.+)", r"เซิร์ฟเวอร์แจ้งว่ามีระเบียนนี้ แต่ไม่ส่งมาให้: \1"),
    (r"the record is in other sets now: (.+)", r"ระเบียนนี้อยู่ในชุดอื่นแล้ว: \1"),
    (r"the server gives another record instead: one without an identifier", r"เซิร์ฟเวอร์ส่งระเบียนอื่นที่ไม่มีรหัสประจำมาแทน"),
    (r"the server gives another record instead: (.+)", r"เซิร์ฟเวอร์ส่งระเบียนอื่นมาแทน: \1"),
    (r"cannot be read: (.+)", r"อ่านไม่ได้: \1"),
    (r"not a stored row: (.+)", r"ไม่ใช่แถวที่เก็บไว้: \1"),
))  # fmt: skip


def aside(place: str, reason: str) -> str:
    """What was set aside and why, in one line: ``books.csv, row 3: the row has no title · แถวนี้ไม่มีชื่อเรื่อง``."""
    thai = in_thai(reason)
    return one_line(f"{place}: {reason}{f' · {thai}' if thai else ''}")[:LONGEST]


def in_thai(reason: str) -> str:
    """A reason in Thai; "" where there is no Thai for it."""
    for english, thai in REASONS:
        if match := english.fullmatch(reason):
            return match.expand(thai)
    return ""
