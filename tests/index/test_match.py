"""The plain, safe rule, on Thai cataloguing as it is."""

import pytest

from harvest.record import Record
from index.match import normal, rule


def record(title: str, **values: str) -> Record:
    given = {"title": (title,)} | {name: (value,) for name, value in values.items()}
    return Record("kku", "1", "marc", b"", given)


def same(a: Record, b: Record) -> bool:
    return bool({k.block for k in rule.keys(a)} & {k.block for k in rule.keys(b)})


BOOK = {"creator": "คึกฤทธิ์ ปราโมช", "year": "1953"}


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (record("สี่แผ่นดิน", **BOOK), record("สี่ แผ่นดิน", **BOOK)),
        (record("สี่แผ่นดิน", **BOOK), record("สี่แผ่นดิน /", creator="ม.ร.ว.คึกฤทธิ์ ปราโมช", year="1953")),
        (record("สี่แผ่นดิน", **BOOK), record("สี่แผ่นดิน", creator="คึกฤทธิ์ ปราโมช, ม.ร.ว.", year="1953")),
        (record("น้ำเซาะทราย", **BOOK), record("น\u0e49\u0e4dาเซาะทราย", **BOOK)),
        (record("ปีที่ ๒๕", **BOOK), record("ปีที่ 25", **BOOK)),
        (record("ก", **BOOK, edition="พิมพ์ครั้งที่ 2"), record("ก", **BOOK, edition="ครั้งที่ ๒")),
        (record("ก", **BOOK, edition="พิมพ์ครั้งที่ 1"), record("ก", **BOOK)),
        (record("ก เล่ม 2", **BOOK), record("ก", **BOOK, volume="เล่มที่ ๒")),
        (record("ก เล่ม 2", **BOOK, volume="เล่ม 2"), record("ก", **BOOK, volume="2")),
        (record("ก", isbn="9789749113738"), record("ก", isbn="9789749113738", **BOOK)),
        (record("ก", **BOOK, material="thesis"), record("ก", **BOOK)),
        (record("Security", creator="Stamp, Mark", year="2023"), record("SECURITY.", creator="Mark Stamp", year="2023")),
        (record("เสือ", creator="ผศ.ดร.สมชาย ใจดี", year="2017"), record("เสือ", creator="สมชาย  ใจดี", year="2017")),
    ],
)  # fmt: skip
def test_one_title(a: Record, b: Record) -> None:
    assert same(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (record("เสือ", **BOOK), record("เสื้อ", **BOOK)),
        (record("เสือ", isbn="9789749113738"), record("เสื้อ", isbn="9789749113738")),
        (record("ป่า", **BOOK), record("ป้า", **BOOK)),
        (record("ก เล่ม 1", **BOOK), record("ก เล่ม 2", **BOOK)),
        (record("ก", **BOOK, volume="หน่วยที่ 1-7"), record("ก", **BOOK, volume="หน่วยที่ 8-15")),
        (record("ก", **BOOK, edition="พิมพ์ครั้งที่ 2"), record("ก", **BOOK)),
        (record("ก", **BOOK, material="ebook"), record("ก", **BOOK, material="book")),
        (record("ก", **BOOK), record("ก", creator="คึกฤทธิ์ ปราโมช", year="1954")),
        (record("ก", **BOOK), record("ก", creator="ศรีบูรพา", year="1953")),
        (record("ก", year="1953"), record("ก", year="1953")),
        (record("ก"), record("ก")),
    ],
)
def test_not_one_title(a: Record, b: Record) -> None:
    assert not same(a, b)


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("นายสมชาย ใจดี", "สมชาย ใจดี"),
        ("ดร. สมชาย ใจดี", "สมชาย ใจดี"),
        ("ม.ล. ปิ่น มาลากุล", "ปิ่น มาลากุล"),
        ("ปิ่น มาลากุล, ม.ล.", "ปิ่น มาลากุล"),
        ("Silberschatz, Abraham, 1947-", "Abraham Silberschatz"),
    ],
)
def test_a_name_without_ranks(name: str, bare: str) -> None:
    assert normal.name(name) == normal.name(bare)


@pytest.mark.parametrize("name", ["หลวงวิจิตรวาทการ", "ศรีบูรพา", "นาย", "ดอกไม้สด", "สมเด็จพระเทพรัตนราชสุดาฯ"])
def test_a_name_that_is_the_rank_itself_stays(name: str) -> None:
    assert normal.name(name) == normal.squeezed(name)
