"""What a visit finds out about its source: kept with the source for the next visit, and told in the report."""

from collections import Counter

import msgspec

from config import database
from config.tables import Text

# What a source may turn out to do -> how it is said. {many} is how often, {told} what was met first.
SENTENCES = {
    "shortfall": Text(
        "รายการสั้นกว่าที่เซิร์ฟเวอร์แจ้ง ({told})",
        "the list is shorter than the server says: {told}",
    ),
    "from": Text(
        "เซิร์ฟเวอร์ไม่สนใจ `from`: ได้ระเบียนเก่ากว่าที่ขอ {many} รายการ ({told})",
        "ignores `from`: {many} records came that are older than asked for ({told})",
    ),
    "until": Text(
        "เซิร์ฟเวอร์ไม่สนใจ `until`: ได้ระเบียนใหม่กว่าที่ขอ {many} รายการ ({told})",
        "ignores `until`: {many} records came that are newer than asked for ({told})",
    ),
    "set": Text(
        "เซิร์ฟเวอร์ไม่สนใจชุดที่ขอ: ตัดระเบียนของชุดอื่นออก {many} รายการ ({told})",
        "ignores the set: {many} records of others came, and were left out ({told})",
    ),
    "set-untold": Text(
        "ไม่มีระเบียนใดบอกว่าอยู่ในชุดที่ขอ ตรวจดูว่าชื่อชุดถูกหรือไม่ ({told})",
        "no record says that it is in the set that was asked for; is it the right one? ({told})",
    ),
    "granularity": Text(
        "วันเวลาของระเบียนละเอียดไม่ตรงกับที่แจ้งไว้ ({told}) จึงขอเป็นวัน",
        "datestamps are in another granularity than promised ({told}); days are asked for",
    ),
    "refuses-seconds": Text(
        "เซิร์ฟเวอร์ไม่รับเวลาใน `from` จึงขอเป็นวัน ({told})",
        "refuses times in `from`; days are asked for ({told})",
    ),
    "future": Text(
        "วันเวลาของระเบียนอยู่ในอนาคต {many} รายการ ({told})",
        "{many} datestamps lie in the future ({told})",
    ),
    "zone": Text(
        "วันเวลาไม่บอกเขตเวลา {many} รายการ ({told}) จึงย้อนไปขอเพิ่มอีกหนึ่งวันทุกครั้ง",
        "{many} datestamps have no time zone ({told}); each visit looks back a day",
    ),
    "undated": Text(
        "ไม่มีวันเวลาที่อ่านได้ {many} รายการ ({told})",
        "{many} records have no datestamp that can be read ({told})",
    ),
    "mended": Text(
        "แก้ XML ที่อ่านไม่ได้ {many} แห่ง ({told})",
        "{many} times XML that no parser takes was mended ({told})",
    ),
    "namespace": Text(
        "คำตอบไม่อยู่ใน namespace ของ OAI-PMH 2.0 ({told}) แต่อ่านได้",
        "answers in another namespace than OAI-PMH 2.0 ({told}); they were read all the same",
    ),
    "empty": Text(
        "รายการว่างเปล่า จึงไม่ถอนระเบียนใด ({told})",
        "its list is empty; nothing was withdrawn ({told})",
    ),
    "again": Text(
        "มี {many} หน้าที่ต้องขอซ้ำจึงได้ครบ ({told})",
        "{many} pages came whole only when they were asked for again ({told})",
    ),
    "halved": Text(
        "ขอทั้งรายการในคราวเดียวไม่ได้ จึงขอเป็นส่วน ๆ ({told})",
        "the list could not be had as one, and was asked for in parts ({told})",
    ),
    "stale": Text(
        "เซิร์ฟเวอร์ไม่รับ resumption token กลางรายการ {many} ครั้ง จึงขอต่อตามวันเวลา ({told})",
        "{many} times a resumption token was refused in the midst of a list; it went on by datestamp ({told})",
    ),
    "shrunk": Text(
        "รายการสั้นลงระหว่างอ่าน {many} ครั้ง จึงขอต่อตามวันเวลา ({told})",
        "{many} times the list became shorter while it was read; it went on by datestamp ({told})",
    ),
    "post": Text(
        "resumption token ยาวเกินที่อยู่เว็บ จึงส่งแบบ POST ({told})",
        "its resumption tokens are too long for an address; they are sent by POST ({told})",
    ),
    "moved": Text(
        "ย้ายที่อยู่ถาวรแล้ว แก้ใน members.toml ({told})",
        "has moved for good: put the new address into members.toml ({told})",
    ),
    "uploading": Text(
        "มี {many} ไฟล์ที่ยังส่งไม่เสร็จ ไว้อ่านครั้งหน้า ({told})",
        "{many} files were still being uploaded, and are left for the next run ({told})",
    ),
    "outside": Text(
        "ไม่ได้อ่าน {many} ไฟล์ ({told}) เพราะเป็นลิงก์ที่ชี้ออกนอกโฟลเดอร์ของแหล่งข้อมูล ให้วางไฟล์จริงไว้แทน",
        "links that lead out of the source's folder, and were not read: {many} ({told}); put the files there instead",
    ),
    "nameless": Text(
        "มี {many} แถวที่มีข้อมูลอยู่ในคอลัมน์ที่ไม่มีหัวตาราง จึงไม่ได้อ่านคอลัมน์นั้น ({told}) ใส่หัวตารางแล้วส่งรายการใหม่",
        "{many} rows hold something in columns without a header word, which are not read ({told}); "
        "name the columns, and send the list again",
    ),
    "owed": Text(
        "ระเบียนที่เซิร์ฟเวอร์เคยส่งไม่ได้ ขออีกครั้งก็ยังไม่ได้ ({told})",
        "records that it could not give before could not be asked for again ({told})",
    ),
    "identify": Text(
        "ไม่ตอบ Identify ({told}) จึงขอเป็นวัน",
        "does not answer Identify ({told}); days are asked for",
    ),
}

DELETIONS = {
    "no": Text(
        "ไม่บอกว่าลบระเบียนใด: ขอทั้งหมดทุก whole_days วัน แล้วถอนที่หายไป",
        "says nothing of deletions: every whole_days it is listed whole, and what is missing withdrawn",
    ),
    "transient": Text(
        "อาจลืมว่าลบระเบียนใด: ขอทั้งหมดทุก whole_days วัน แล้วถอนที่หายไป",
        "may forget deletions: every whole_days it is listed whole, and what is missing withdrawn",
    ),
    "persistent": Text("บอกทุกครั้งที่ลบระเบียน", "tells every deletion"),
}

FACTS = {
    "granularity": Text("วันเวลาของระเบียน: {}", "datestamps: {}"),
    "deletions": Text("การลบ: {}", "deletions: {}"),
    "whole": Text("ขอทั้งรายการครั้งล่าสุด: {}", "last listed whole: {}"),
}


class Lesson(msgspec.Struct, frozen=True):
    """What a source was seen to do: how often in one visit, what was met first, and when last."""

    many: int
    told: str
    date: str = ""

    def said(self, name: str, language: str) -> str:
        sentence = SENTENCES[name].in_language(language).format(many=self.many, told=self.told)
        return f"{sentence} [{self.date}]" if self.date else sentence


class Learned(msgspec.Struct, frozen=True):
    """What is known of a source."""

    facts: dict[str, str] = {}  # what the next visit goes by
    lessons: dict[str, Lesson] = {}  # by their names in SENTENCES

    def said(self, language: str = "en") -> list[str]:
        """One sentence each, for a person."""
        facts = self.facts | {"deletions": self._deletions(language)}
        told = [said.in_language(language).format(facts[name]) for name, said in FACTS.items() if facts.get(name)]
        return told + [lesson.said(name, language) for name, lesson in self.lessons.items() if name in SENTENCES]

    def _deletions(self, language: str) -> str:
        told = self.facts.get("deletions", "")
        return DELETIONS[told].in_language(language) if told in DELETIONS else told


class Lessons:
    """Gathers what is noticed during one visit."""

    def __init__(self, known: Learned | None = None):
        known = known or Learned()
        self.facts, self.before = dict(known.facts), known.lessons
        self.still = False  # nothing of it changed since it was read last, and so it was not read again
        self.left = False  # some of it was not read this time: what did not come may still be there
        self.anew = False  # all of it was read: what was noticed before and is not noticed now is mended
        self.whole = False  # the source was listed from its beginning to its end, and nothing was missing
        self._many: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def notice(self, name: str, told: str, many: int = 1) -> None:
        self._many[name] += many
        self._first.setdefault(name, told)

    def noticed(self, *names: str) -> bool:
        return any(name in self._many for name in names)

    def said(self) -> list[str]:
        """What this visit met, one sentence each."""
        return [lesson.said(name, "en") for name, lesson in self._met("").items()]

    def learned(self) -> Learned:
        """With what was known before, unless this visit would have met it again."""
        now = self._met(database.now()[:10])
        return Learned(self.facts, now if self.whole or self.anew else {**self.before, **now})

    def _met(self, date: str) -> dict[str, Lesson]:
        return {name: Lesson(many, self._first[name], date) for name, many in self._many.items()}
