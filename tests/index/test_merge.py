"""How members' values become one, by the rule of each field."""

import pytest

from config import Tables
from harvest.record import Record
from index.match import normal
from index.merge import document, earliest, first, longest, union


@pytest.mark.parametrize(
    ("given", "merged"),
    [
        ([("ข้างหลังภาพ",), ("ข้างหลัง ภาพ",)], ("ข้างหลังภาพ",)),
        ([("สงคราม",), ("สงครามชีวิต : นวนิยาย",)], ("สงครามชีวิต : นวนิยาย",)),
        ([("สี่แผ่นดิน", "Four reigns"), ("สี่แผ่นดิน /",)], ("สี่แผ่นดิน", "Four reigns")),
        ([("เสือ",), ("เสื้อ",)], ("เสื้อ", "เสือ")),
    ],
)
def test_longest_keeps_what_others_call_it(given: list[tuple[str, ...]], merged: tuple[str, ...]) -> None:
    assert longest(given, normal.squeezed) == merged


def test_union_names_a_person_once() -> None:
    given = [("คึกฤทธิ์ ปราโมช",), ("ม.ร.ว. คึกฤทธิ์ ปราโมช", "ศรีบูรพา"), ("คึกฤทธิ์ ปราโมช, ม.ร.ว.",)]
    assert union(given, normal.name) == ("คึกฤทธิ์ ปราโมช", "ศรีบูรพา")


def test_first_is_the_first_members_word() -> None:
    assert first([("350 หน้า",), ("350 p.",)], str) == ("350 หน้า",)


def test_earliest_is_a_number() -> None:
    assert earliest([("2017",), ("999",), ("ม.ป.ป.",)], str) == ("999",)


def test_thai_is_shown_with_one_sara_am(tables: Tables) -> None:
    values = {"title": ("รายงานประจ\u0e4dาปี ๒๕๖๐",), "url": ("http://a.example/ประจ\u0e4dา",)}
    merged = document("t", [Record("kku", "1", "dc", b"", values)], tables.fields, ["kku"])
    assert merged.first("title") == "รายงานประจำปี ๒๕๖๐"
    assert merged.first("url") == values["url"][0], "an address stays as it is"
