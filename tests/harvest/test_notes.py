"""What runs note and why sources fail, in Thai."""

import re

import pytest

from harvest import notes
from harvest.lessons import SENTENCES, Lesson

# What others say stays as they say it: parsers of XML, systems, servers.
OTHERS = re.compile(
    r"(?<=XML ที่ไม่ถูกต้อง: )[^;]*|(?<=XML ไม่ถูกต้อง: )[^;]*|(?<=แตกไฟล์ไม่ได้ \()[^)]*|(?<=เปิดเป็นแผ่นงานไม่ได้: )[^;]*|\[Errno \d+\][^;]*"
    r"|Connection \w+( \w+)*|\b(?:[A-Z][a-z]+){2,}: [^;]*"
)
PROSE = re.compile(r"[a-z']{2,}(?:,? [a-z']{2,}){3,}", re.I)


def english_in(said: str) -> list[str]:
    """Sentences that are left in English."""
    return PROSE.findall(OTHERS.sub("", said))


@pytest.mark.parametrize("name", SENTENCES)
def test_every_lesson_is_said_in_thai(name: str) -> None:
    lesson = Lesson(3, "2024-01-09T08:00:00Z of oai:x:13")
    said = f"http://x/oai: {lesson.said(name, 'en')}; a.mrc: the file is empty (0 bytes)"
    assert notes.in_language(said, "th") == f"http://x/oai: {lesson.said(name, 'th')}; a.mrc: ไฟล์ว่างเปล่า (0 ไบต์)"
    assert notes.in_language(said, "en") == said


@pytest.mark.parametrize(
    ("english", "thai"),
    [
        (
            "drop marc: it looks like the file of kku: of 30 records 28 are unknown and 1 have other titles, and 40 of 41 "
            "are missing; nothing of it was taken in. If it is right: sahaban harvest aaa --accept",
            "drop marc: ไฟล์นี้ดูเหมือนเป็นของ kku: จาก 30 ระเบียน ไม่รู้จัก 28 และชื่อเรื่องไม่ตรง 1 ส่วนของเดิมหายไป 40 จาก 41 "
            "จึงไม่รับเข้าเลย ถ้าถูกต้องแล้ว สั่ง sahaban harvest aaa --accept",
        ),
        (
            "http://x/oai: redirects to another server, http://y/; if that is right, put that address into "
            'members.toml, or allow it there: hosts = ["y"]',
            'http://x/oai: ส่งต่อไปเซิร์ฟเวอร์อื่น http://y/ ถ้าถูกต้องแล้ว ใส่ที่อยู่นั้นใน members.toml หรืออนุญาตไว้ที่นั่น: hosts = ["y"]',
        ),
        ("หนังสือ.csv: nobody foresaw this", "หนังสือ.csv: nobody foresaw this"),
    ],
)
def test_what_is_around_a_sentence_stays(english: str, thai: str) -> None:
    assert notes.in_language(english, "th") == thai
