"""Other names of the same thing, and words that must not decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search import text
from search.aliases import groups, optional


def others(typed: str) -> set[str]:
    """The other names of the whole of what was typed."""
    (group,) = groups(text.words(typed))
    return {"".join(form) for form in group[1:]}


def test_as_typed_comes_first() -> None:
    assert groups(["พรบ", "คอมพิวเตอร์"]) == [(("พรบ",), ("พระราชบัญญัติ",)), (("คอมพิวเตอร์",),)]
    assert groups(["khon", "kaen"]) == [(("khon", "kaen"), ("ขอนแก่น",))]
    assert groups([]) == []


@pytest.mark.parametrize(
    ("typed", "other"),
    [
        ("พ.ร.บ.", "พระราชบัญญัติ"),
        ("พรบ", "พระราชบัญญัติ"),
        ("พระราชบัญญัติ", "พรบ"),
        ("กทม.", "กรุงเทพมหานคร"),
        ("กรุงเทพฯ", "bangkok"),
        ("Bangkok", "กรุงเทพ"),
        ("ดร.", "ด็อกเตอร์"),
        ("ดอกเตอร์", "ดร"),
        ("มข.", "มหาวิทยาลัยขอนแก่น"),
        ("ม.ขอนแก่น", "มหาวิทยาลัยขอนแก่น"),
        ("มหาวิทยาลัยขอนแก่น", "khonkaenuniversity"),
        ("KKU", "มหาวิทยาลัยขอนแก่น"),
        ("ส.ส.", "สมาชิกสภาผู้แทนราษฎร"),
        ("ผบ.ทบ.", "ผู้บัญชาการทหารบก"),
        ("รพ.สต.", "โรงพยาบาลส่งเสริมสุขภาพตำบล"),
        ("ม.6", "มัธยมศึกษาปีที่6"),
        ("ร.๕", "รัชกาลที่5"),
        ("ICT", "ไอซีที"),
        ("เอไอ", "ปัญญาประดิษฐ์"),
        ("KhonKaen", "ขอนแก่น"),
        ("โคราช", "นครราชสีมา"),
        ("อินเตอร์เน็ต", "อินเทอร์เน็ต"),
    ],
)
def test_another_name(typed: str, other: str) -> None:
    assert other in others(typed)


def test_every_province_in_both_languages() -> None:
    from pythainlp.corpus import provinces

    for row in provinces(details=True):
        assert row["name_th"] in others(row["name_en"])
        assert row["name_en"].replace(" ", "").lower() in others(row["name_th"])


def test_the_longest_name_is_taken() -> None:
    found = groups(text.words("โรงพยาบาล ม.ขอนแก่น"))
    assert [group[0] for group in found] == [("โรงพยาบาล",), ("ม", "ขอนแก่น")]


def test_an_abbreviation_of_one_letter_needs_what_follows() -> None:
    assert groups(text.words("จ.ขอนแก่น"))[0] == (("จ",), ("จังหวัด",))
    assert groups(text.words("อ.เมือง"))[0] == (("อ",), ("อำเภอ",), ("อาจารย์",))
    assert groups(["จ"]) == [(("จ",),)]
    assert groups(["จ", "2560"])[0] == (("จ",),)
    assert others("จังหวัด") == set()  # the long form does not look for a letter


@pytest.mark.parametrize("typed", ["มอดินแดง", "ว่าวจุฬา", "it", "who", "หนังสือ", "เสือ", "ม", "อ", "ศ", "นาย", "ปอ", "มอบ"])
def test_no_other_name(typed: str) -> None:
    assert all(len(group) == 1 for group in groups(text.words(typed)))


@given(
    st.lists(st.sampled_from(["พร", "บ", "ม", "ขอนแก่น", "khon", "kaen", "university", "จ", "ขุน", "ช้าง", "the", "6"]))
)
def test_groups_are_a_partition(words: list[str]) -> None:
    assert [word for group in groups(words) for word in group[0]] == words


# ── words that must not decide ───────────────────────────────────────────────────────────────────


def kept(typed: str) -> list[str]:
    words = text.words(typed)
    return [word for at, word in enumerate(words) if at not in optional(words)]


@pytest.mark.parametrize(
    ("typed", "deciding"),
    [
        ("ผศ.ดร.สมศรี", "สมศรี"),
        ("ม.ร.ว.คึกฤทธิ์ ปราโมช", "คึกฤทธิ์ปราโมช"),
        ("หม่อมราชวงศ์คึกฤทธิ์", "คึกฤทธิ์"),
        ("พล.ต.ต.สมชาย ใจดี", "สมชายใจดี"),
        ("ประวัติ พล.อ.เปรม", "ประวัติเปรม"),
        ("ศ. นพ.ประเวศ วะสี", "ประเวศวะสี"),
        ("น.ส.มาลี", "มาลี"),
        ("ด.ช.แดง", "แดง"),
        ("นางสาวโพระดก", "โพระดก"),
        ("หลวงวิจิตรวาทการ", "วิจิตรวาทการ"),
        ("พระครูสุนทร", "สุนทร"),
        ("Dr. Smith", "smith"),
        ("การ์ตูน และ เกม", "การ์ตูนเกม"),
        ("history of the world", "historyworld"),
        ("กฎหมายว่าด้วยการค้า", "กฎหมายการค้า"),
        ("the who", "who"),
        ("นายในฝัน", "นายฝัน"),
    ],
)
def test_titles_and_stop_words_do_not_decide(typed: str, deciding: str) -> None:
    assert "".join(kept(typed)) == deciding


@pytest.mark.parametrize(
    "typed",
    ["วังหลวง", "วังหลวง รัตนโกสินทร์", "ขุนช้างขุนแผน", "หลวงพระบาง", "ร.ศ. 112", "ศ", "นาย", "ดร.", "it", "นายกรัฐมนตรี",
     "พระมหาชนก", "ครูอาจารย์ไทย", "แม่น้ำเจ้าพระยา", "ที่ดิน", "โรงพยาบาล", "ขุน", ""],
)  # fmt: skip
def test_words_that_look_like_titles_decide(typed: str) -> None:
    assert kept(typed) == text.words(typed)


@pytest.mark.parametrize("typed", ["of the", "ใน ที่", "และ", "the", "by"])
def test_a_question_of_such_words_only_keeps_them_all(typed: str) -> None:
    assert optional(text.words(typed)) == set()


@given(st.lists(st.sampled_from(["ดร", "นาย", "the", "of", "ใน", "ศ", "ผศดร", "หลวง"]), min_size=1))
def test_something_always_decides(words: list[str]) -> None:
    assert len(optional(words)) < len(words)


def test_many_titles_together_take_no_time() -> None:
    assert isinstance(optional(["รตอ" * 300, "รตอ" * 300 + "x", "ก"]), set)


def test_a_stop_word_that_is_written_together_with_others_belongs_to_them() -> None:
    assert optional(["ของ", "ธนาคาร"]) == {0}
    assert optional(["ของ", "ธนาคาร"], joined={0, 1}) == set()
    assert optional(["นาย", "สมชาย"], joined={0, 1}) == {0}
