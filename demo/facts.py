"""The real titles of the sample, read from titles.tsv."""

import csv
import re
from collections.abc import Iterator
from importlib import resources

import msgspec

from config import values
from demo.title import Person, Title

_RANK = re.compile(r"ม\.ร\.ว\.|ม\.ล\.|ม\.จ\.|นพ\.|พญ\.")
_NOBLE = re.compile(r"สมเด็จ|พระ|กรม|หลวง|ขุน|เจ้า|ท้าว|นาย$")
_CORPORATE = re.compile(
    r"กรม(?!หมื่น|พระ)|กระทรวง|สำนัก|มหาวิทยาลัย|จุฬาลงกรณ์มหา|สถาบัน|มูลนิธิ|สมาคม|ราชบัณฑิตยสถาน|วิทยาลัย|คณะ|ธนาคาร|สภา"
    r"|โรงพยาบาล|เทศบาล|ศูนย์|องค์การ|โครงการ|บริษัท|ไทย$|ไทย\.|คาราบาว|GET SMART|Fake Documentary|วง|American |Citrix"
)
_THAI = re.compile(r"[ก-๛]")


def titles() -> Iterator[Title]:
    text = resources.files("demo").joinpath("titles.tsv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        yield _title(row)


def _title(row: dict[str, str]) -> Title:
    given = {name: row[name] for name in ("area", "title", "volume", "subtitle", "original", "publisher", "place")}
    given |= {name: row[name] for name in ("edition", "issn", "language", "work", "romanised")}
    fields = given | {
        "kind": row["kind"],
        "creators": [person(text) for text in row["creators"].split(" ; ") if text],
        "year": int(row["year"] or 0),
        "isbn": _isbn13(row["isbn"]),
        "subjects": [s for s in row["subjects"].split(" ; ") if s],
        "dewey": row["classification"] if row["classification"][:1].isdigit() else "",
        "nlm": "" if row["classification"][:1].isdigit() else row["classification"],
        "real": True,
    }
    return msgspec.convert(fields, Title)


def _isbn13(text: str) -> str:
    return next(iter(values.isbns(text)), "") if text else ""


def person(text: str) -> Person:
    """A creator as titles.tsv writes one: ``ยุพร แสงทักษิณ``, ``คึกฤทธิ์ ปราโมช, ม.ร.ว.``, ``Wolf, Wayne [editor]``."""
    match = re.fullmatch(r"(.*?)(?: \[(\w+)\])?", text)
    assert match  # every part is optional
    name, role = match[1], match[2] or "author"
    head, comma, tail = name.rpartition(", ")
    if comma and _RANK.match(tail):
        found = Person(head, "thai", rank=tail)
    elif comma and _NOBLE.match(tail):
        found = Person(head, "thai", rank=tail, noble=True)
    elif _CORPORATE.match(name):
        found = Person(name, "corporate")
    elif comma:
        found = Person(name, "western")
    elif not _THAI.search(name):
        found = Person(_inverted(name), "western")
    else:
        found = Person(name, "thai")
    return msgspec.structs.replace(found, role=role)


def _inverted(name: str) -> str:
    """J.K. Rowling -> Rowling, J.K.; a name of one word stays."""
    given, _, surname = name.rpartition(" ")
    return f"{surname}, {given}" if given and surname not in ("Jr.",) else name
