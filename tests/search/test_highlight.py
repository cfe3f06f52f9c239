"""What matched is marked where it stands in the writer's own spelling, and nothing beside it."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.highlight import LONGEST, marked, marks


def brackets(shown: str, *terms: str) -> str:
    return "".join(f"[{piece}]" if on else piece for piece, on in marked(shown, terms))


@pytest.mark.parametrize(
    ("terms", "result"),
    [
        # one spelling, marked in the other
        (["น้ำ"], "[น\u0e4d\u0e49า]ตก"),
        (["น\u0e49\u0e4dา"], "[น้ำ]ตก"),
        (["แมว"], "[เเมว] และ [แมว]"),
        (["ขอนแก่น"], "มหาวิทยาลัย[ขอน\u200bแก่น]"),
        (["2560"], "ปี [๒๕๖๐]"),
        (["๒๕๖๐"], "ปี [2560]"),
        (["CAFE"], "[Café] Society"),
        (["café"], "[CAFE] Society"),
        (["ฤษี"], "[ฤๅษี]ดัดตน"),
        (["fine", "strasse"], "[ﬁne] [Straße]"),
        (["พศ"], "ใน [พ.ศ]. 2475"),
        (["พ.ศ."], "ใน [พศ] 2475"),
        (["usa"], "[U.S.A]. law"),
        # phrases and spaces
        (["ข้อมูลสารสนเทศ"], "[ข้อมูล สารสนเทศ]"),
        (["ข้อมูล สารสนเทศ"], "ระบบ[ข้อมูลสารสนเทศ]"),
        (["machine learning"], "A [Machine  Learning] book"),
        (["ข้อมูล", "สารสนเทศ"], "[ข้อมูลสารสนเทศ]"),  # they touch
        (["ข้อมูล", "สารสนเทศ"], "[ข้อมูล] [สารสนเทศ]"),
        (["หัวใจการพยาบาล"], "[การพยาบาล]โรค[หัวใจ]"),  # a chunk whose words stand apart
        # words and their parts
        (["พยาบาล"], "โรง[พยาบาล]ขอนแก่น"),
        (["สารสนเทศ"], "[สารสนเทศ]ศาสตร์"),
        (["แพ"], "[แพ]ที่เมืองแพร่"),
        (["เสือ"], "เสื้อลาย[เสือ]"),
        (["ขาว"], "ข้าวสี[ขาว]"),
        (["cat"], "[Cat] and category"),
        (["cat*"], "[Cat] and [cat]egory"),
        (["ขอน*"], "[ขอน]แก่น"),
        (["25"], "2560"),
        (["2560"], "2017"),  # only what is written
        # by letters, where the dictionary cuts otherwise
        (["ยาลัยขอน"], "มหาวิท[ยาลัยขอน]แก่น"),
        (["ขอนแ"], "[ขอน]แก่น"),
        # not markup, no operators
        (["ไทย", "b"], "<[b]>[ไทย]</[b]>"),
        (["c++"], "[C++] และ C# กับ c"),
        (["", " ", "*", "?"], "คืออะไร?"),
    ],
)  # fmt: skip
def test_what_matched_is_marked(terms: list[str], result: str) -> None:
    assert brackets(re.sub(r"[\[\]]", "", result), *terms) == result


@pytest.mark.parametrize(
    ("term", "shown"),
    [("เสือ", "เสื้อ"), ("แพ", "แพร่"), ("แพร", "จังหวัดแพร่"), ("ขาว", "ข้าว"), ("มา", "ม้า"), ("กา", "การ"), ("าร", "การ"),
     ("ปา", "ป่าไม้"), ("art", "party"), ("a", "ก a1"), ("2475", "12475"), ("การณ", "การณ์"), ("รู", "รู้"), ("นังส", "หนังสือ"),
     ("กมก", "เกมการเมือง"), ("รักเมี", "คนรักเมีย"), ("นาพหนั", "สนามภาพหนัง"), ("มกา", "เกม กาแฟ")],
)  # fmt: skip
def test_what_only_looks_alike_is_not_marked(term: str, shown: str) -> None:
    assert marks(shown, [term]) == []


def test_offsets_are_those_of_the_text_as_it_is_shown() -> None:
    shown = "น\u0e4d\u0e49า\u200b ๒๕๖๐ : ขอน แก่น"
    assert [shown[a:b] for a, b in marks(shown, ["น้ำ", "2560", "ขอนแก่น"])] == [shown[:5], "๒๕๖๐", "ขอน แก่น"]


THAI = st.text(st.sampled_from("กขนพรสอยวเแโใไะาำัิีืุู็่้์ํ \u200bๆ.๑2a"), max_size=40)
ANY = st.one_of(THAI, st.text(max_size=40))
FOLLOWS = re.compile("[\u0300-\u036fะาำัิ-ฺ็-๎\u200b]")


@settings(deadline=None, max_examples=300)
@given(ANY, st.lists(ANY, max_size=4))
def test_the_pieces_are_the_text(shown: str, terms: list[str]) -> None:
    assert "".join(piece for piece, _ in marked(shown, terms)) == shown
    found = marks(shown, terms)
    assert all(a < b for a, b in found)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))


@settings(deadline=None, max_examples=300)
@given(THAI, st.data())
def test_a_mark_never_parts_a_letter_from_its_vowel(shown: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(shown)))
    for edge in (edge for stretch in marks(shown, [shown[at : at + 8], shown[at:]]) for edge in stretch):
        assert not (0 < edge < len(shown) and "ก" <= shown[edge - 1] <= "ฮ" and FOLLOWS.match(shown[edge]))
        assert not (0 < edge < len(shown) and "เ" <= shown[edge - 1] <= "ไ" and "ก" <= shown[edge] <= "ฮ")


@settings(deadline=None)
@given(st.lists(st.sampled_from(["ขอนแก่น", "น้ำ", "แมว", "เสื้อ", "Python", "2560", "หนังสือ"]), min_size=1, max_size=5))
def test_a_whole_text_is_marked_wholly(words: list[str]) -> None:
    shown = " ".join(words)
    assert marks(shown, [shown]) == [(0, len(shown))]


def test_a_very_long_text_is_marked_at_its_beginning() -> None:
    shown = "แมว " * LONGEST
    assert marks(shown, ["แมว"])[-1][1] <= LONGEST
    assert marks("แมว", ["ก" * 100_000, "แมว"]) == [(0, 3)]
