"""What a reader gets for what was typed: from exact to forgiving, and what must not be forgiven."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from config import Tables, database
from config.holdings import Holding
from search import service
from search.engines import ENGINES
from search.question import Document, Query
from search.service import Catalogue
from search.vocabulary import Vocabulary


def doc(id_: str, title: str, work: str = "", call_number: str = "", barcode: str = "", **values: str) -> Document:
    given = {"title": (title,), **{name: tuple(value.split(" | ")) for name, value in values.items()}}
    holding = Holding("kku", call_number=call_number, barcode=barcode)
    return Document(id_, {k: v for k, v in given.items() if v[0]}, (holding,), ("kku",), work=work)


DOCUMENTS = [
    doc("tiger", "เสือ", creator="น้อย อินทนนท์", year="1957", language="tha", subject="สัตว์ป่า"),
    doc("shirt", "เสื้อผ้าไทย", year="2017", language="tha", subject="เครื่องแต่งกาย"),
    doc("raft", "แพ", year="2001", language="tha"),
    doc("phrae", "แพร่ เมืองไม้สัก", year="2001", language="tha"),
    doc("hello", "สวัสดีเมืองไทย", year="1999", language="tha"),
    doc("kk", "ประวัติศาสตร์ขอนแก่น", creator="สมชาย ใจดี", year="2007", language="tha", subject="ขอนแก่น -- ประวัติศาสตร์"),
    doc("kk2", "การสำรวจดินในขอนแก่น", creator="ดร. มานี รักเรียน", year="2008", language="tha", subject="ขอนแก่น | ดิน"),
    doc("act", "พ.ร.บ. คอมพิวเตอร์", year="2007", language="tha"),
    doc("act2", "พระราชบัญญัติเทศบาล", year="1953", language="tha"),
    doc("nurse", "การพยาบาลผู้ป่วยโรคหัวใจ", year="2017", language="tha", subject="โรคหัวใจ", isbn="9786162001062"),
    doc("value", "คุณค่าที่องค์กรได้รับจากการตรวจสอบเทคโนโลยีสารสนเทศ", year="2015", language="tha"),
    doc("os9", "Operating system concepts", "w1", "QA76.76.O63 S55 2012", year="2012", language="eng", creator="Silberschatz, Abraham"),
    doc("os10", "Operating system concepts", "w1", "QA76.76.O63 S55 2018", "31379012345678", year="2018", language="eng", creator="Silberschatz, Abraham"),
    doc("sec", "Master in Security", year="2010", language="eng"),
    doc("kkr", "Khō̜n Kǣn nai ʻadīt | ขอนแก่นในอดีต", year="1980", language="tha"),
]  # fmt: skip


@pytest.fixture(scope="module")
def catalogue(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return Catalogue.of(DOCUMENTS, tables, tmp_path_factory.mktemp("service"), engine="tantivy")


def found(catalogue: Catalogue, typed: str, **more: object) -> list[str]:
    page = catalogue.search(Query(typed, size=50, **more))  # type: ignore[arg-type]  # as the test gives it
    return [d.id for hit in page.hits for d in (hit.document, *hit.editions)]


@pytest.mark.parametrize(
    ("typed", "stage", "instead", "first"),
    [
        ("เสือ", "words", None, "tiger"),
        ("l;ylfu", "keyboard", "สวัสดี", "hello"),
        ("กฟหำพฟะรืเ หัหะำท", "keyboard", "operating system", "os9"),
        ("khon kaen prawattisat", "romanised", None, "kk"),
        ("sawatdi", "romanised", "สวัสดี", "hello"),
        ("Prawattisāt Khō̜n Kǣn", "romanised", None, "kk"),
        ("พยาบาบ", "spelling", "พยาบาล", "nurse"),
        ("securty", "spelling", "security", "sec"),
        ("การสารวจดิน", "folded", None, "kk2"),  # a sara am that a PDF lost
        ("เสือผา", "folded", None, "shirt"),
        ("คุณค่าที่งค์กรได้รับ", "spelling", None, "value"),
        ("ยาบาลผู้ป่ว", "trigrams", None, "nurse"),  # cut in the middle of words
        ("เสือ จักรวาล", "some", None, "tiger"),
    ],
)  # fmt: skip
def test_the_stage_that_answers(catalogue: Catalogue, typed: str, stage: str, instead: str | None, first: str) -> None:
    if typed.startswith("กฟหำ"):
        from pythainlp.util import eng_to_thai

        typed = eng_to_thai("operating system")
    page = catalogue.search(Query(typed))
    assert (page.stage, page.hits[0].document.id) == (stage, first)
    if instead:
        assert page.suggestion == instead


@pytest.mark.parametrize("typed", ["l;ylfu", "พยาบาบ", "khon kaen prawattisat", "คุณค่าที่งค์กรได้รับ", "เสือผา"])
def test_the_reader_can_insist_on_what_was_typed(catalogue: Catalogue, typed: str) -> None:
    page = catalogue.search(Query(typed, exact=True))
    assert (page.total, page.stage, page.suggestion) == (0, "words", None)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("แพ", ["raft"]),  # never แพร่
        ("เสือ", ["tiger"]),  # never เสื้อ
        ("Operating system concepts", ["os9", "os10"]),
        ("Master in Security", ["sec"]),
    ],
)
def test_what_is_there_is_not_corrected(catalogue: Catalogue, typed: str, wanted: list[str]) -> None:
    page = catalogue.search(Query(typed))
    assert (page.stage, page.suggestion) == ("words", None)
    assert found(catalogue, typed) == wanted


def test_what_nobody_has_stays_empty(catalogue: Catalogue) -> None:
    for typed in ("จักรวาลวิทยา", "xyzzyq"):
        assert catalogue.search(Query(typed)).total == 0, typed
    for typed in ("???", "♥♥"):  # says nothing, and so asks for everything
        assert catalogue.search(Query(typed)).total == len(DOCUMENTS), typed


def test_a_single_letter_that_is_left_over_finds_nothing(tables: Tables, tmp_path: Path) -> None:
    made = Catalogue.of([doc("a", "Vitamin L"), doc("b", "บ้าน")], tables, tmp_path)
    assert found(made, "l;ylfu") == []
    assert found(made, "L") == ["a"]


def test_what_a_filter_leaves_out_is_not_misspelt(catalogue: Catalogue) -> None:
    page = catalogue.search(Query("เสือ", filters=(("language", ("eng",)),)))
    assert (page.total, page.stage, page.suggestion) == (0, "words", None)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("พ.ร.บ.", {"act", "act2"}),
        ("พระราชบัญญัติ", {"act", "act2"}),
        ("ดร. สมชาย ใจดี", {"kk"}),
        ("ใจดี สมชาย", {"kk"}),
        ("มานี รักเรียน", {"kk2"}),
        ("นายสมชาย ใจดี", {"kk"}),
        ("khon kaen", {"kk", "kk2", "kkr"}),
        ("ขอนแก่น", {"kk", "kk2", "kkr"}),
        ("การพยาบาล ของ ผู้ป่วย", {"nurse"}),
        ("the operating system", {"os9", "os10"}),
        ("QA76.76", {"os9", "os10"}),
        ("QA76.76.O63 S55 2018", {"os10"}),
        ("call_number:QA76", {"os9", "os10"}),
        ("call_number:QA*", {"os9", "os10"}),
        ('call_number:"QA76.76.O63 S55 2012"', {"os9"}),
        ("31379012345678", {"os10"}),
        ("978-616-200-106-2", {"nurse"}),
        ("พ.ศ. 2560", {"shirt", "nurse"}),
        ('"operating system"', {"os9", "os10"}),
        ('"system operating"', set()),
    ],
)
def test_what_a_question_means(catalogue: Catalogue, typed: str, wanted: set[str]) -> None:
    assert set(found(catalogue, typed, exact=True)) == wanted


def test_a_phrase_ends_where_its_last_number_ends(tables: Tables, tmp_path: Path) -> None:
    made = Catalogue.of([doc("a", "ตำนานเมือง 1"), doc("b", "ตำนานเมือง 16"), doc("c", "ตำนาน เมือง 1")], tables, tmp_path)
    assert set(found(made, '"ตำนานเมือง 1"')) == {"a", "c"}


def test_a_word_is_found_inside_a_longer_one_of_a_heading(tables: Tables, tmp_path: Path) -> None:
    made = Catalogue.of([doc("a", "Security", subject="Computer networks"), doc("b", "Cooking")], tables, tmp_path)
    assert found(made, "network") == ["a"]


def test_stop_words_alone_are_words(tables: Tables, tmp_path: Path) -> None:
    made = Catalogue.of([doc("a", "ของ และ ใน"), doc("b", "The Who"), doc("c", "บ้าน")], tables, tmp_path)
    assert found(made, "ของ") == ["a"]
    assert found(made, "the who") == ["b"]


def test_a_whole_title_stands_first(tables: Tables, tmp_path: Path) -> None:
    longer = [doc(f"d{n}", "แมว แมว แมว", subject="แมว | แมวไทย") for n in range(20)]
    made = Catalogue.of([*longer, doc("cat", "แมว", note="บันทึก " * 200)], tables, tmp_path, engine="tantivy")
    assert found(made, "แมว")[0] == "cat"


def test_editions_of_a_work_stand_together(catalogue: Catalogue) -> None:
    page = catalogue.search(Query("operating system"))
    assert [(hit.document.work, len(hit.editions)) for hit in page.hits] == [("w1", 1)]
    assert page.total == 2
    (first,) = page.hits
    assert catalogue.editions(first.document) == [catalogue.document(first.editions[0].id)]


def test_similar_titles_share_words_and_are_no_editions(catalogue: Catalogue) -> None:
    similar = {
        name: [d.id for d in catalogue.similar(document)]
        for name in ("kk", "os9")
        if (document := catalogue.document(name))
    }
    assert similar["kk"][0] == "kk2"
    assert "os10" not in similar["os9"]


def test_a_facet_counts_as_if_its_own_values_were_not_chosen(catalogue: Catalogue) -> None:
    page = catalogue.search(Query("", filters=(("language", ("eng",)),)))
    assert page.total == 3
    assert dict(page.facets["language"]) == {"tha": len(DOCUMENTS) - 3, "eng": 3}
    assert sum(count for _, count in page.facets["year"]) == 3
    by_year = catalogue.search(Query("", year="2560"))
    assert (by_year.total, len(by_year.facets["year"])) == (2, len({d.first("year") for d in DOCUMENTS}))


@pytest.mark.parametrize("engine", ENGINES)
def test_counts_of_few_hits_are_those_of_the_engine(tables: Tables, tmp_path: Path, engine: str) -> None:
    made = Catalogue.of(DOCUMENTS, tables, tmp_path, engine=engine)
    few, paged = made.search(Query("ขอนแก่น")), made.search(Query("ขอนแก่น", size=1))
    assert few.facets == paged.facets
    assert few.total == paged.total == 3


def test_did_you_mean_only_where_it_would_find_much_more(tables: Tables, tmp_path: Path) -> None:
    right = [doc(f"r{n}", f"Library science, part {n}") for n in range(60)]
    made = Catalogue.of([*right, doc("wrong", "Libary")], tables, tmp_path, engine="tantivy")
    page = made.search(Query("libary"))
    assert (page.stage, page.hits[0].document.id, page.suggestion) == ("words", "wrong", "library")
    assert made.search(Query("library")).suggestion is None


def test_words_that_are_read_over_a_switch_are_not_kept(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = Catalogue.of([Document("a", {"title": ("tiger",)})], tables, tmp_path)

    def slowly(words: Mapping[str, int]) -> Vocabulary:
        monkeypatch.undo()
        with database.writing(catalogue.documents_store.engine) as connection:
            catalogue.documents_store.put(connection, [Document("b", {"title": ("lion",)})])
        catalogue.generations.build(catalogue.documents_store)
        catalogue.engine()  # another reader comes
        return Vocabulary(words)

    monkeypatch.setattr(service, "Vocabulary", slowly)
    assert catalogue.vocabulary().titles("tiger") == 1
    assert catalogue.vocabulary().titles("lion") == 1
