"""Questions with a typing error, and words that are right as they stand."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from search import text
from search.spelling import better, corrections
from search.vocabulary import Vocabulary

TITLES = [
    "คุณค่าที่องค์กรได้รับจากการลงทุน",
    "พระราชบัญญัติสถาบันอุดมศึกษาเอกชน",
    "ซื้อขายกองทุนรวมผ่านเว็บไซต์ของตัวแทนขาย",
    "แพและเรือพื้นบ้าน",
    "จังหวัดแพร่",
    "เสือโคร่งในป่าตะวันตก",
    "เสื้อผ้าพื้นเมือง",
    "ความเป็นส่วนตัวของข้อมูล",
    "กลุ่มดาวจักรราศี",
    "มหาวิทยาลัยขอนแก่น",
    "Information systems management",
    "Library science",
]


def vocabulary_of(titles: list[str]) -> Vocabulary:
    counts: Counter[str] = Counter()
    for title in titles:
        words = set(text.words(title))
        counts.update(words.union(*map(text.subwords, words)))
    return Vocabulary(counts)


@pytest.fixture(scope="module")
def few() -> Vocabulary:
    return vocabulary_of(TITLES)


@pytest.fixture(scope="module")
def many(data: Path) -> tuple[Vocabulary, dict[int, str]]:
    with gzip.open(data / "thai" / "retrieval" / "titles.jsonl.gz", "rt", encoding="utf-8") as lines:
        titles = {row["id"]: row["title"] for row in map(json.loads, lines)}
    return vocabulary_of(list(titles.values())), titles


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("คุณค่าที่งค์กรได้รับ", "คุณค่าที่องค์กรได้รับ"),
        ("สถาบันอุดมษึกษาเอกชน", "สถาบันอุดมศึกษาเอกชน"),
        ("เว็บไซต์ของตัวแทณ", "เว็บไซต์ของตัวแทน"),
        ("สวนตัว", "ส่วนตัว"),
        ("ดาวจักรราศิ", "ดาวจักรราศี"),
        ("มหาวิทยาลัยขอนแกน", "มหาวิทยาลัยขอนแก่น"),
        ("มหาวีทยาลัย", "มหาวิทยาลัย"),
        ("infromation systms", "information systems"),
        ("libary science", "library science"),
        ("mangaemant", "management"),  # eight letters and more: two edits
        ("libary อุดมษึกษา", "library อุดมศึกษา"),
    ],
)
def test_what_was_meant_is_offered(few: Vocabulary, typed: str, meant: str) -> None:
    assert meant in corrections(typed, few)


@pytest.mark.parametrize("typed", ["แพ", "เสือ", "เสื้อ", "แพร่", "ห้องสมุด", "library", "2560", "", "...", "ก"])
def test_a_word_that_is_right_is_not_corrected(few: Vocabulary, typed: str) -> None:
    assert corrections(typed, few) == []
    assert better(typed, few) is None


@pytest.mark.parametrize("typed", ["เสือดาว", "เสือ พื้นเมือง", "เสือเลบรารี"])
def test_a_tiger_is_never_a_shirt(few: Vocabulary, typed: str) -> None:
    assert not any("เสื้อ" in offered for offered in corrections(typed, few))


def test_what_is_right_stays_where_another_word_explains_the_failure(few: Vocabulary) -> None:
    for offered in corrections("แพ มหาวีทยาลัย", few):
        assert offered.split()[0] == "แพ"


def test_the_text_as_typed_is_not_offered(few: Vocabulary) -> None:
    for typed in ("คุณค่าที่งค์กรได้รับ", "libary science", "กขฃคฅ", "ฮฮฮฮฮฮ"):
        assert typed not in corrections(typed, few)


def test_no_more_than_asked_and_none_twice(few: Vocabulary) -> None:
    offered = corrections("คุณค่าที่งค์กรได้รับ", few, 3)
    assert 0 < len(offered) <= 3
    assert len(set(offered)) == len(offered)


def test_a_question_of_any_length(few: Vocabulary) -> None:
    assert isinstance(corrections("กรรมษึ" * 1000, few), list)
    assert isinstance(corrections("ab " * 1000, few), list)
    assert corrections("ก", Vocabulary({})) == []


def test_did_you_mean() -> None:
    vocabulary = Vocabulary(
        {"management": 60, "managment": 2, "มหาวิทยาลัย": 100, "มหาวีทยาลัย": 1, "แพ": 1, "แพร่": 90, "data": 3}
    )
    assert better("managment data", vocabulary) == "management data"
    assert better("management", vocabulary) is None
    assert better("แพ", vocabulary) is None  # a word of the dictionary, however rare
    assert better("managment", Vocabulary({"management": 30, "managment": 2})) is None  # not so many times more
    assert better("managment", Vocabulary({"management": 90, "managment": 3})) is None  # three titles are no accident


def test_real_typing_errors(many: tuple[Vocabulary, dict[int, str]], data: Path) -> None:
    """How often one of the five is in the wanted title; 272 of 300 when this was written."""
    vocabulary, titles = many
    with gzip.open(data / "thai" / "retrieval" / "queries.jsonl.gz", "rt", encoding="utf-8") as lines:
        queries = [row for row in map(json.loads, lines) if row["kind"].startswith("E")]
    found = 0
    for query in queries:
        wanted = "".join(text.runs(titles[query["id"]]))
        found += any("".join(text.runs(offered)) in wanted for offered in corrections(query["q"], vocabulary))
    assert found >= 0.88 * len(queries)
