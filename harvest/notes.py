"""What runs note and why sources fail, in Thai: kept in English, and put into Thai where a person reads it.

Addresses, names of files and what a server or a parser said stay as they are.
"""

import re
from functools import cache

from harvest.lessons import SENTENCES

LONGEST = 5000  # characters that are looked through: what a server says may go on for ever
_COMMAND = r"(sahaban \w+ \S+(?: --\w+)*)"

# A piece of English -> the same in Thai. A run's note is made of several.
PIECES: tuple[tuple[str, str], ...] = (
    # what a run found
    (rf"members\.toml no longer names it; records that came from there only: (\d+)\. They are kept; if they were withdrawn: {_COMMAND}",
     r"members.toml ไม่มีแหล่งนี้แล้ว ระเบียนที่มาจากแหล่งนี้แหล่งเดียวมี \1 รายการ ยังเก็บไว้ ถ้าถอนแล้วจริง สั่ง \2"),
    (rf"(?<!\d)(\d+) of (\d+) records are new, and (\S+) has them under the same numbers; if they are not this library's, take them back: {_COMMAND}",
     r"ระเบียน \1 จาก \2 รายการเป็นของใหม่ และ \3 มีระเบียนเลขเดียวกัน ถ้าไม่ใช่ของห้องสมุดนี้ ย้อนกลับด้วย \4"),
    (r"records whose number another one of quite another title has: (\d+) \((.*?)\); of each number only the last is kept\. Ask the member for numbers that are one record's each",
     r"เลขระเบียนที่ซ้ำกันทั้งที่เป็นคนละเรื่องมี \1 เลข (\2) แต่ละเลขเก็บไว้เฉพาะระเบียนสุดท้าย ขอให้ห้องสมุดใช้เลขไม่ซ้ำกัน"),
    (r"none of its records can be read \((\d+) in quarantine\); is it the right file, and the right format\?",
     r"อ่านไม่ได้สักระเบียน (รับเข้าไม่ได้ \1 รายการ) ตรวจดูว่าไฟล์และรูปแบบถูกต้องหรือไม่"),
    (rf"(?<!\d)(\d+) of (\d+) records are missing from the full load; they are kept\. If they were withdrawn: {_COMMAND}",
     r"ระเบียนหายไปจากรายการทั้งหมด \1 จาก \2 รายการ ยังเก็บไว้ ถ้าถอนแล้วจริง สั่ง \3"),
    (rf"\. (\d+) of (\d+) records that came are new; does this address serve another library\? They are taken back by: {_COMMAND}",
     r" ระเบียนที่มา \1 จาก \2 รายการเป็นของใหม่ ที่อยู่นี้เป็นของห้องสมุดอื่นหรือไม่ ถ้าใช่ ย้อนกลับด้วย \3"),
    (r"it looks like the file of another library: ", "ไฟล์นี้ดูเหมือนเป็นของห้องสมุดอื่น: "),
    (r"it looks like the file of (\S+): ", r"ไฟล์นี้ดูเหมือนเป็นของ \1: "),
    (rf"of (\d+) records (\d+) are unknown and (\d+) have other titles, and (\d+) of (\d+) are missing; nothing of it was taken in\. If it is right: {_COMMAND}",
     r"จาก \1 ระเบียน ไม่รู้จัก \2 และชื่อเรื่องไม่ตรง \3 ส่วนของเดิมหายไป \4 จาก \5 จึงไม่รับเข้าเลย ถ้าถูกต้องแล้ว สั่ง \6"),
    (r"as before run (\d+)", r"เหมือนก่อนรอบที่ \1"),
    (r"the run was killed", "ถูกหยุดกลางคัน"),
    (r"took longer than (\S+) seconds \(longest_harvest in settings\.toml\) and was stopped; the next run goes on from there",
     r"ใช้เวลาเกิน \1 วินาที (longest_harvest ใน settings.toml) จึงถูกหยุด รอบหน้าจะทำต่อจากตรงนั้น"),
    (r"its process ended by itself, (.+?): is there memory enough\?", r"โปรเซสหยุดเอง (\1) หน่วยความจำพอหรือไม่"),
    (r"another harvest of this member is running", "กำลังดึงข้อมูลของห้องสมุดนี้อยู่แล้วในอีกโปรเซสหนึ่ง"),
    # servers
    (r"is busy \(HTTP (\d+)\) and asks to come back in (\d+) seconds; longest_wait in settings\.toml is (\S+)",
     r"เซิร์ฟเวอร์ไม่ว่าง (HTTP \1) ขอให้มาใหม่ใน \2 วินาที แต่ longest_wait ใน settings.toml คือ \3"),
    (r"does not answer in time", "ไม่ตอบภายในเวลาที่กำหนด"),
    (r"takes more than (\S+) seconds for one answer", r"ใช้เวลาตอบเกิน \1 วินาที"),
    (r"its certificate or encryption is not good: ", "ใบรับรองหรือการเข้ารหัสใช้ไม่ได้: "),
    (r"cannot be reached: ", "ติดต่อไม่ได้: "),
    (r"\[Errno 111\] Connection refused", "เครื่องนั้นไม่รับการเชื่อมต่อ ตรวจที่อยู่และพอร์ต"),
    (r"\[Errno -[235]\] [A-Z][a-z ]+", "ไม่รู้จักชื่อเครื่องนี้ ตรวจที่อยู่"),
    (r"\[Errno 113\] No route to host", "ไปไม่ถึงเครื่องนั้น"),
    (r"\[Errno 101\] Network is unreachable", "ไปไม่ถึงเครือข่ายนั้น"),
    (r"cannot be asked: ", "ส่งคำขอไม่ได้: "),
    (r"the answer breaks off: ", "คำตอบขาดกลางคัน: "),
    (r"the packed answer is damaged: ", "คำตอบที่บีบอัดมาเสียหาย: "),
    (r"the packed answer breaks off", "คำตอบที่บีบอัดมาขาดกลางคัน"),
    (r"answers packed as (.+?), though only gzip was asked for", r"ตอบโดยบีบอัดแบบ \1 ทั้งที่ขอเพียง gzip"),
    (r"one answer is larger than (\d+) MB; if that is right, raise answer_mb in settings\.toml",
     r"คำตอบใหญ่เกิน \1 MB ถ้าถูกต้องแล้ว เพิ่ม answer_mb ใน settings.toml"),
    (r"redirects more than (\d+) times", r"ส่งต่อไปที่อยู่อื่นเกิน \1 ครั้ง"),
    (r"redirects to (\S+), which is no web address", r"ส่งต่อไปที่ \1 ซึ่งไม่ใช่ที่อยู่เว็บ"),
    (r"redirects to another server, (\S+); if that is right, put that address into members\.toml, or allow it there: ",
     r"ส่งต่อไปเซิร์ฟเวอร์อื่น \1 ถ้าถูกต้องแล้ว ใส่ที่อยู่นั้นใน members.toml หรืออนุญาตไว้ที่นั่น: "),
    (r"leads to (\S+), which is (\S+): an address inside a network is never gone to from a public server",
     r"พาไปที่ \1 ซึ่งคือ \2 จะไม่ไปที่อยู่ภายในเครือข่ายจากเซิร์ฟเวอร์สาธารณะ"),
    (r"no address is known for it, and so it is not gone to", "ไม่พบที่อยู่ของเครื่องนี้ จึงไม่ไป"),
    (r"is no web address: ", "ไม่ใช่ที่อยู่เว็บ: "),
    (r"keeps answering with an error: HTTP (\d+)", r"ตอบว่าผิดพลาดทุกครั้ง: HTTP \1"),
    (r"; it wants to know who asks: give the source user and password in members\.toml",
     " ต้องบอกว่าใครเป็นผู้ขอ ใส่ user และ password ของแหล่งนี้ใน members.toml"),
    (r"the password of the source should stand in the environment as (\S+), and does not",
     r"รหัสผ่านของแหล่งนี้ควรอยู่ในตัวแปรสภาพแวดล้อม \1 แต่ไม่มี"),
    (r"the password cannot be read: ", "อ่านรหัสผ่านไม่ได้: "),
    (r"others can read this password; (chmod 600 .+)", r"ผู้อื่นอ่านรหัสผ่านนี้ได้ สั่ง \1"),
    (r"the file of the password is empty", "ไฟล์รหัสผ่านว่างเปล่า"),
    # OAI-PMH
    (r"answered with nothing \(0 bytes\)", "ตอบมาว่างเปล่า (0 ไบต์)"),
    (r"answered with a web page \(HTML\), not with OAI-PMH 2\.0", "ตอบเป็นหน้าเว็บ (HTML) ไม่ใช่ OAI-PMH 2.0"),
    (r"answered with an answer that is, not with OAI-PMH 2\.0", "ตอบมาไม่ใช่ OAI-PMH 2.0"),
    (r"answered with (<.*?>), not with OAI-PMH 2\.0", r"ตอบเป็น \1 ไม่ใช่ OAI-PMH 2.0"),
    (r"the answer is not well-formed XML: ", "คำตอบเป็น XML ที่ไม่ถูกต้อง: "),
    (r"not well-formed XML: ", "XML ไม่ถูกต้อง: "),
    (r"first on page (\d+): ", r"พบครั้งแรกในหน้า \1: "),
    (r"(?<!\d)(\d+) control characters", r"อักขระควบคุม \1"),
    (r"(?<!\d)(\d+) bare &", r"เครื่องหมาย & เดี่ยว \1"),
    (r"(?<!\d)(\d+) entities of HTML", r"รหัสอักขระของ HTML \1"),
    (r"(?<!\d)(\d+) bytes that are no UTF-8", r"ไบต์ที่ไม่ใช่ UTF-8 \1"),
    (r"(?<!\d)(\d+) text around the XML", r"ข้อความนอก XML \1"),
    (r"page (\d+): holds neither records nor an error", r"หน้า \1 ไม่มีทั้งระเบียนและข้อผิดพลาด"),
    (r"sends the same resumption token again and again: ", "ส่ง resumption token เดิมซ้ำไปซ้ำมา: "),
    (r"sent (\d+) pages without a record, each with a further token", r"ส่งมา \1 หน้าที่ไม่มีระเบียน แต่มี token ต่อทุกหน้า"),
    (r"says in the midst of a list that nothing matches: ", "ตอบกลางรายการว่าไม่มีระเบียนที่ตรง: "),
    (r"nothing matches", "ไม่มีระเบียนที่ตรงกับคำขอ"),
    (r"answers with an error without a proper code", "ตอบว่าผิดพลาดโดยไม่มีรหัสที่ถูกต้อง"),
    (r"GetRecord holds no record", "GetRecord ไม่มีระเบียน"),
    (r"offers no (\S+), but (.+)", r"ไม่มีรูปแบบ \1 มีแต่ \2"),
    (r"not all could be had: ", "ได้มาไม่ครบ: "),
    (r"(?<!\S)(\S{1,40}|the beginning) to (\S{1,40}|now): (?=\S{1,300}: )", r"ช่วง \1 ถึง \2: "),
    (r"the list became shorter while it was read", "รายการสั้นลงระหว่างอ่าน"),
    (r"it claims (\d+) records and sent (\d+): a shortfall of (\d+)", r"แจ้งว่ามี \1 ระเบียน แต่ส่งมา \2 ขาดไป \3"),
    (r"it claims (\d+) records and sent (\d+), (\d+) less", r"แจ้งว่ามี \1 ระเบียน แต่ส่งมา \2 ขาดไป \3"),
    # files
    (r"HTTP (\d+); is the address still right\?", r"HTTP \1 ที่อยู่ยังถูกต้องหรือไม่"),
    (r"the directory has no file; put the member's export there: ", "โฟลเดอร์ไม่มีไฟล์ วางไฟล์ที่ห้องสมุดส่งออกไว้ที่ "),
    (r"there is no such file or directory; put the member's export there: ",
     "ไม่มีไฟล์หรือโฟลเดอร์นี้ วางไฟล์ที่ห้องสมุดส่งออกไว้ที่ "),
    (r"changed while it was read; the next run reads it again", "ไฟล์เปลี่ยนระหว่างอ่าน รอบหน้าจะอ่านใหม่"),
    (r"the file is empty \(0 bytes\); ask the member to send it again", "ไฟล์ว่างเปล่า (0 ไบต์) ขอให้ห้องสมุดส่งใหม่"),
    (r"the file is empty \(0 bytes\)", "ไฟล์ว่างเปล่า (0 ไบต์)"),
    (r"there is no record in it; is it the right file, and the right format\?",
     "ไม่มีระเบียนในไฟล์ ตรวจดูว่าไฟล์และรูปแบบถูกต้องหรือไม่"),
    (r"no (<\w+>) element in it; is it the right file, and the right format\?",
     r"ไม่มีองค์ประกอบ \1 ในไฟล์ ตรวจดูว่าไฟล์และรูปแบบถูกต้องหรือไม่"),
    (r"is an archive within an archive; unpack it first", "เป็นไฟล์บีบอัดซ้อนในไฟล์บีบอัด แตกไฟล์ก่อน"),
    (r"is packed as 7z or RAR; ask the member for a zip file", "บีบอัดแบบ 7z หรือ RAR ขอให้ห้องสมุดส่งเป็น zip"),
    (r"cannot be unpacked: (.+?); ask for it again", r"แตกไฟล์ไม่ได้ (\1) ขอให้ส่งใหม่"),
    (r"there is no file in it", "ไม่มีไฟล์อยู่ข้างใน"),
    (r"holds more than (\d+) files", r"มีไฟล์เกิน \1 ไฟล์"),
    (r"is locked with a password; ask for it without one", "ล็อกด้วยรหัสผ่าน ขอไฟล์ที่ไม่ล็อก"),
    (r"unpacks to more than (\d+) MB, the unpacked_mb of settings\.toml",
     r"แตกแล้วใหญ่เกิน \1 MB ซึ่งเป็นค่า unpacked_mb ใน settings.toml"),
    (r"unpacks to more than (\d+) MB", r"แตกแล้วใหญ่เกิน \1 MB"),
    (r"is a PDF, and no list; ask the member for CSV or Excel", "เป็น PDF ไม่ใช่รายการ ขอให้ห้องสมุดส่งเป็น CSV หรือ Excel"),
    (r"is a web page, and no list; ask the member for CSV or Excel", "เป็นหน้าเว็บ ไม่ใช่รายการ ขอให้ห้องสมุดส่งเป็น CSV หรือ Excel"),
    (r"is a text document, and no list; ask the member for CSV or Excel",
     "เป็นเอกสารข้อความ ไม่ใช่รายการ ขอให้ห้องสมุดส่งเป็น CSV หรือ Excel"),
    (r"no header row in its first (\d+) rows \(words such as (.+?)\)", r"ไม่พบแถวหัวตารางใน \1 แถวแรก (คำอย่าง \2)"),
    (r"cannot be read as a workbook: it is damaged; ask for it again", "เปิดเป็นแผ่นงานไม่ได้ ไฟล์เสียหาย ขอให้ส่งใหม่"),
    (r"cannot be read as a workbook: ", "เปิดเป็นแผ่นงานไม่ได้: "),
    (r"cannot be read as CSV: ", "อ่านเป็น CSV ไม่ได้: "),
    (r"is no workbook, though its name says so: damaged, or something else; open it and save it as \.xlsx",
     "ไม่ใช่แผ่นงานตามที่นามสกุลบอก อาจเสียหายหรือเป็นไฟล์ชนิดอื่น เปิดแล้วบันทึกใหม่เป็น .xlsx"),
    (r"is no text in (\S+); mend the encoding of its source in members\.toml", r"ไม่ใช่ข้อความรหัส \1 แก้ encoding ของแหล่งนี้ใน members.toml"),
    (r"is neither a workbook nor text in UTF-8, UTF-16 or TIS-620 \(cp874\); is it the right file\? Save it again",
     "ไม่ใช่ทั้งแผ่นงานและข้อความใน UTF-8, UTF-16 หรือ TIS-620 (cp874) ตรวจดูว่าไฟล์ถูกต้องหรือไม่ บันทึกใหม่"),
    (r"; or ask for it again, as Excel or as CSV in UTF-8", " หรือขอใหม่เป็น Excel หรือ CSV ใน UTF-8"),
    (r"cannot be read: ", "อ่านไม่ได้: "),
)  # fmt: skip


def in_language(note: str, language: str) -> str:
    """A run's note, or why a source failed, for a person who reads that language."""
    if language == "en":
        return note
    said, rest = note[:LONGEST], note[LONGEST:]
    for english, thai in _patterns():
        said = english.sub(thai, said)
    return said + rest


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Whole sentences before what may stand in them."""
    lessons = [(_told(text.en), _filled(text.th)) for text in SENTENCES.values()]
    return tuple((re.compile(english, re.S), thai) for english, thai in [*lessons, *PIECES])


def _told(sentence: str) -> str:
    """A lesson's sentence as a pattern; what was told stands in its brackets, or goes on to the next note."""
    pattern = re.escape(sentence).replace(r"\{many\}", r"(?P<many>\d+)")
    return pattern.replace(r"\{told\}", r"(?P<told>[^;]*)" if sentence.endswith("{told}") else r"(?P<told>.*?)", 1)


def _filled(sentence: str) -> str:
    return sentence.replace("\\", r"\\").replace("{many}", r"\g<many>").replace("{told}", r"\g<told>")
