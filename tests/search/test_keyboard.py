"""The other keyboard layout: where it helps, and where it must keep quiet."""

import gzip
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pymarc
import pytest

from search.keyboard import other_layout

KEDMANEE = dict(
    zip(
        "ๅ/-ภถุึคตจขช"
        + "ๆไำพะัีรนยบลฃ"
        + "ฟหกดเ้่าสวง"
        + "ผปแอิืทมใฝ"
        + "+๑๒๓๔ู฿๕๖๗๘๙"
        + '๐"ฎฑธํ๊ณฯญฐ,ฅ'
        + "ฤฆฏโฌ็๋ษศซ."
        + "()ฉฮฺ์?ฒฬฦ",
        "1234567890-="
        + "qwertyuiop[]\\"
        + "asdfghjkl;'"
        + "zxcvbnm,./"
        + "!@#$%^&*()_+"
        + "QWERTYUIOP{}|"
        + 'ASDFGHJKL:"'
        + "ZXCVBNM<>?",
        strict=True,
    )
)  # the layout as it is printed on keyboards, written down here once more


def mistyped(thai: str) -> str:
    return "".join(KEDMANEE.get(letter, letter) for letter in thai)


def mistyped_latin(latin: str) -> str:
    keys = {key: letter for letter, key in KEDMANEE.items()}
    return "".join(keys.get(letter, letter) for letter in latin)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("l;ylfu", "สวัสดี"),
        ("-vocdjo", "ขอนแก่น"),
        ("ะ้ำ", "the"),
        ("้นนา", "hook"),
        ("ฆำแีพระั", "Security"),
        ("1", None),
        ("จ1", None),
        ("ฤ1ษี", None),
    ],
)
def test_the_other_layout(typed: str, meant: str | None) -> None:
    assert other_layout(typed) == meant


def test_every_key_there_and_back() -> None:
    assert other_layout(mistyped("สมุดฤๅษี")) == "สมุดฤๅษี"  # ๅ is the key of 1
    assert other_layout(mistyped("พระราชบัญญัติ ทฤษฎี")) == "พระราชบัญญัติ ทฤษฎี"
    assert other_layout(mistyped_latin("Library management system")) == "Library management system"


@pytest.mark.parametrize(
    "typed",
    ["Operating system concepts", "security", "c++", "C#", "ISBN 978-616-08-1234-5", "978-616-08-1234-5", "2560", "๒๕๖๐",
     "QA76.73.P98", "025.431", "Khon Kaen", "SPSS", "HTML", "PHP", "XML", "SQL", "TCP/IP", "RFID", "MS-DOS", "ERP", "IELTS", "TOEFL", "life", "world", "people", "it", "love story", "https://www.kku.ac.th", "", " ",
     "สวัสดี", "แพ", "เสือ", "ขอนแก่น", "ณรงค์", "เกาะ", "ๆ", "กทม.", "ภาษา C++", "SQL เบื้องต้น", "x" * 500, "'", "a-b"],
)  # fmt: skip
def test_what_makes_sense_is_left_alone(typed: str) -> None:
    assert other_layout(typed) is None


def english_titles(data: Path) -> Iterator[str]:
    with gzip.open(data / "thai" / "retrieval" / "titles.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from (row["en"] for row in map(json.loads, lines) if row["en"])
    with (data / "marc" / "psu-sample-728.mrc").open("rb") as file:
        for record in pymarc.MARCReader(file):
            if record and record.title:
                yield record.title


@pytest.mark.filterwarnings("ignore::pymarc.exceptions.BadSubfieldCodeWarning")
def test_no_real_title_is_taken_for_the_wrong_layout(data: Path) -> None:
    titles = list(english_titles(data))
    assert len(titles) > 800
    assert [title for title in titles if other_layout(title)] == []


def test_no_thai_title_is_taken_for_the_wrong_layout(data: Path) -> None:
    with gzip.open(data / "thai" / "retrieval" / "titles.jsonl.gz", "rt", encoding="utf-8") as lines:
        titles = [json.loads(line)["title"] for line in lines][::10]
    assert [title for title in titles if other_layout(title)] == []


def test_words_of_the_dictionary_are_recovered() -> None:
    from pythainlp.corpus import thai_words

    every = sorted(word for word in thai_words() if re.fullmatch("[ก-ฮะ-ูเ-ๆ็-์ ]{3,}", word))
    words = random.Random(2560).sample(every, 2000)
    assert sum(other_layout(mistyped(word)) == word for word in words) >= 0.99 * len(words)
    assert [word for word in words if other_layout(word)] == []
