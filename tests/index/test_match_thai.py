"""The matcher on Thai cataloguing as it is: a table of pairs with a librarian's answers, and what may be done to a record."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from harvest.formats.described import MARK, Field, MarcDescribed
from index.match import blocking
from index.match.facts import Facts, of_marc, of_row
from index.match.judge import Judgement, hopeless, judge
from index.match.reasons import said

PAIRS = tomllib.loads(Path(__file__).with_name("thai_pairs.toml").read_text(encoding="utf-8"))["pair"]


def marc(fields: list[str]) -> Facts:
    """A record from its short form: leader/06-07; year, language and form of item of 008; the fields."""
    kind, coded, *rest = fields
    year, language, *form = coded.split()
    of_008 = f"000101s{year}    th {'':5}{(form or [' '])[0]}{'':11}{language} d"
    return of_marc(MarcDescribed(f"00000n{kind} a2200000   4500", [Field("008", of_008), *map(field, rest)]))


def field(text: str) -> Field:
    tag, rest = text.split(" ", 1)
    return Field(tag, "  " + "".join(MARK + part for part in rest.split("$")[1:]))


def read(given: Any) -> Facts:
    return marc(given) if isinstance(given, list) else of_row({name: (value,) for name, value in given.items()})


def told(found: Judgement) -> list[str]:
    return [said(reason, "en") for reason in found.reasons]


@pytest.mark.parametrize("pair", PAIRS, ids=[pair["why"] for pair in PAIRS])
def test_a_librarians_answer(pair: dict[str, Any]) -> None:
    a, b = read(pair["a"]), read(pair["b"])
    for one, two in ((a, b), (b, a)):
        found = judge(one, two)
        assert (found.verdict, found.relation) == (pair["verdict"], pair.get("relation", found.relation)), told(found)


def test_what_is_not_judged_would_have_been_told_different() -> None:
    """Every record of the table with some others, most of which have nothing to do with it."""
    records = [read(pair[side]) for pair in PAIRS for side in "ab"]
    pairs = [(a, records[(n + step) % len(records)]) for n, a in enumerate(records) for step in range(1, 60)]
    spared = [pair for pair in pairs if hopeless(*pair)]
    assert len(spared) > 0.9 * len(pairs)
    assert {judge(a, b).verdict for a, b in spared} == {"different"}


@pytest.mark.parametrize("pair", PAIRS, ids=[pair["why"] for pair in PAIRS])
def test_what_is_not_different_is_judged(pair: dict[str, Any]) -> None:
    a, b = read(pair["a"]), read(pair["b"])
    if pair["verdict"] != "different":
        assert not hopeless(a, b)
        assert not hopeless(b, a)


@pytest.mark.parametrize("pair", [p for p in PAIRS if p["verdict"] == "same"], ids=lambda pair: pair["why"])
def test_what_is_the_same_meets_in_a_block(pair: dict[str, Any]) -> None:
    assert set(blocking.keys(read(pair["a"]))) & set(blocking.keys(read(pair["b"])))


# ── what may be done to a record ─────────────────────────────────────────────────────────────────

SHEETS = [
    {"title": "การพัฒนาทรัพยากรมนุษย์ในองค์การ", "creator": "สมชาย ใจดี", "year": "2555", "publisher": "มหาวิทยาลัยขอนแก่น", "extent": "250 หน้า", "isbn": "9786169990017"},
    {"title": "น้ำพริก", "creator": "ประยูร อุลุชาฎะ", "year": "2542", "publisher": "ต้นอ้อ", "extent": "96 หน้า"},
    {"title": "กลุ่มชาติพันธุ์ลุ่มน้ำโขง", "creator": "สุวิทย์ ธีรศาศวัต", "year": "2551", "publisher": "สำนักพิมพ์คลังนานาวิทยา", "edition": "พิมพ์ครั้งที่ 2", "volume": "เล่ม 1"},
]  # fmt: skip
RECORD = ["am", "2549 tha", "020 $a9786169990024", "041 $atha", "100 $aคำพูน บุญทวี", "245 $aลูกอีสาน /$cคำพูน บุญทวี", "250 $aพิมพ์ครั้งที่ 14", "260 $aกรุงเทพฯ :$bโป๊ยเซียน,$c2549", "300 $a248 หน้า ;$c21 ซม."]  # fmt: skip


def changed(sheet: dict[str, str], **other: str) -> Facts:
    return read({name: value for name, value in (sheet | other).items() if value})


def replaced(*pairs: tuple[str, str]) -> Facts:
    text = "\n".join(RECORD)
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return marc(text.split("\n"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet["title"])
@pytest.mark.parametrize("change", [
    lambda s: {"year": str(int(s["year"]) - 543)},
    lambda s: {"year": f"พ.ศ. {s['year']}"},
    lambda s: {"year": f"{s['year']} [{int(s['year']) - 543}]"},
    lambda s: {"year": s["year"].translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))},
    lambda s: {"year": "[ม.ป.ป.]", "isbn": s.get("isbn", "")} if "extent" in s else {},
    lambda s: {"title": s["title"][:6] + " " + s["title"][6:]},
    lambda s: {"title": s["title"].replace("ำ", "\u0e4d\u0e32").replace("แ", "เเ")},
    lambda s: {"title": s["title"] + " /", "publisher": s["publisher"] + ",", "extent": s.get("extent", "") + " :"},
    lambda s: {"creator": "ผศ.ดร." + s["creator"]},
    lambda s: {"creator": "นาง" + s["creator"]},
    lambda s: {"creator": s["creator"] + ", ม.ล."},
    lambda s: {"creator": ", ".join(reversed(s["creator"].split()))},
    lambda s: {"publisher": "บริษัท " + s["publisher"] + " จำกัด"},
    lambda s: {"publisher": "", "extent": "", "isbn": ""},
    lambda s: {"isbn": "616-9990-01-9" if "isbn" in s else ""},
])  # fmt: skip
def test_still_the_same(sheet: dict[str, str], change: Any) -> None:
    found = judge(changed(sheet), changed(sheet, **change(sheet)))
    assert found.verdict == "same", told(found)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet["title"])
@pytest.mark.parametrize("change", [
    lambda s: {"volume": "เล่ม 7"},
    lambda s: {"title": s["title"] + " ภาค 3", "volume": ""},
    lambda s: {"edition": "พิมพ์ครั้งที่ 9"} if "edition" in s else {"extent": "ซีดีรอม 1 แผ่น"},
    lambda s: {"extent": "1 แหล่งข้อมูลออนไลน์", "material": "หนังสืออิเล็กทรอนิกส์"} if "extent" in s else {"title": "กลุ่มชาติพันธุ์"},
    lambda s: {"title": s["title"].replace("้ำ", "ำ").replace("่", "้").replace("ั", "้"), "isbn": ""} if len(s["title"]) < 16 else {"creator": "ใครอื่น คนหนึ่ง"},
])  # fmt: skip
def test_no_longer_the_same(sheet: dict[str, str], change: Any) -> None:
    found = judge(changed(sheet), changed(sheet, **change(sheet)))
    assert found.verdict != "same", told(found)


@pytest.mark.parametrize("pairs", [
    [("2549 tha", "2006 tha")],
    [("$c2549", "$c2006")],
    [("$c2549", "$cพ.ศ. ๒๕๔๙")],
    [("ลูกอีสาน /", "ลูก อีสาน /")],
    [("$aคำพูน บุญทวี\n", "$aบุญทวี, คำพูน.\n")],
    [("$a9786169990024", "$a616-9990-02-7 (ปกอ่อน)")],
    [("248 หน้า", "(8), 248 หน้า")],
    [("พิมพ์ครั้งที่ 14", "ครั้งที่ ๑๔")],
    [("$bโป๊ยเซียน", "$bสำนักพิมพ์โป๊ยเซียน")],
])  # fmt: skip
def test_still_the_same_record(pairs: list[tuple[str, str]]) -> None:
    found = judge(marc(RECORD), replaced(*pairs))
    assert found.verdict == "same", told(found)


@pytest.mark.parametrize(("pairs", "relation"), [
    ([("ลูกอีสาน /", "ลูกอีสาน.$nเล่ม 2 /")], "volume"),
    ([("พิมพ์ครั้งที่ 14", "พิมพ์ครั้งที่ 15")], "printing"),
    ([("พิมพ์ครั้งที่ 14", "พิมพ์ครั้งที่ 15"), ("248 หน้า", "290 หน้า")], "edition"),
    ([("2549 tha", "2549 tha o")], "ebook"),
    ([("$a248 หน้า ;$c21 ซม.", "$a1 ออนไลน์ (248 หน้า)")], "ebook"),
    ([("$a248 หน้า ;$c21 ซม.", "$aดีวีดี 1 แผ่น")], "carrier"),
    ([("$atha", "$alao"), ("2549 tha", "2549 lao")], "translation"),
    ([("am\n", "as\n")], "serial"),
])  # fmt: skip
def test_no_longer_the_same_record(pairs: list[tuple[str, str]], relation: str) -> None:
    found = judge(marc(RECORD), replaced(*pairs))
    assert (found.verdict, found.relation) == ("related", relation), told(found)
