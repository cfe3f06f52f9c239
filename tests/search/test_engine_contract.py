"""One contract for every engine: the same ids, the same counts, the same order; memory is the specification."""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from whoosh import query as wq

from config import Tables
from config.holdings import Holding
from search.engines import ENGINES, Counts, Engine, open_engine
from search.question import SORTS, Document, Query
from search.schema import ID, Schema, facet_column, sort_column
from search.service import Catalogue

OTHERS = [name for name in ENGINES if name != "memory"]


def doc(id_: str, title: str, member: str = "kku", **values: str | Sequence[str]) -> Document:
    given: dict[str, tuple[str, ...]] = {"title": (title,)} if title else {}
    given |= {name: (value,) if isinstance(value, str) else tuple(value) for name, value in values.items()}
    members = tuple(member.split())
    return Document(id_, given, tuple(Holding(m) for m in members), members, added="2024-01-01T00:00:00Z")


DOCUMENTS = [
    doc("d01", "เสือ", "kku kktc", creator="น้อย อินทนนท์", year="1957", language="tha", material="book", subject=["สัตว์ป่า", "นวนิยายไทย"]),
    doc("d02", "เสื้อ", "kktc", year="2017", language="tha", subject="เครื่องแต่งกาย"),
    doc("d03", "การพยาบาลผู้ป่วยโรคหัวใจ", "bcnkk kkh", creator="สมหญิง รักเรียน", year="2017", isbn="9786169999991", language="tha"),
    doc("d04", "โรงพยาบาลมหาวิทยาลัยขอนแก่น", "kku", creator=["ก", "ข"], year="2007"),
    doc("d05", "Master in Security", "kku", creator="จตุชัย แพงจันทร์", year="2010", language="eng", isbn="9786162001062"),
    doc("d06", "Operating system concepts", "rmuti", creator="Silberschatz, Abraham", year="2019", language="eng"),
    doc("d07", "แมวดำกับแมวขาว", "kkpl", year="2550"),
    doc("d08", "แมวขาว แมวดำ", "kkpl", year="1999", note="แมวดำ"),
    doc("d09", "", "kkm"),
    doc("d10", "ข้าวหอมมะลิ", "kkpao", subject=["ข้าว", "เกษตรกรรม"], year="2000"),
    doc("d11", "ขาวดำ", "kkpl", year="2001"),
    doc("d12", "หัวใจของเสือ เล่ม 2", "kkpl kku", creator="น้อย อินทนนท์", year="1957", volume="2"),
]  # fmt: skip

Catalogues = Callable[[str], Catalogue]


@pytest.fixture(scope="module")
def catalogue(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Catalogues:
    made = {name: Catalogue.of(DOCUMENTS, tables, tmp_path_factory.mktemp(name), engine=name) for name in ENGINES}
    return made.__getitem__


QUESTIONS = [
    "", "เสือ", "เสื้อ", "พยาบาล", "ขอนแก่น", "หัวใจ", "โรคหัวใจ", "แมว", "แมวดำ", '"แมวดำ"', '"แมวดำ แมวขาว"', '"แมวขาว แมวดำ"',
    "แมว OR เสือ", "แมว -ดำ", "NOT เสือ", "NOT (แมว OR เสือ)", "title:เสือ", "creator:น้อย", "creator:จตุชัย security", "security", "secur*", "sec?rity",
    "พยา*", "978-616-200-106-2", "6162001067", "9786162001062", "isbn:9786162001062", "2560", "พ.ศ. 2560", "year:[2550 TO 2560]", "year:2017", '"2560"', "ร.ศ. 236", "978 616 200 106 2", "*a*b*c*d*e*", "?*?*",
    "year:abc", "2500", "ข้าว", "ขาว", "ข", "เล่ม 2", "ไม่มีในระบบ", "*", "xyzzy OR เสือ", "หะวใจ", "subject:ข้าว", "note:แมว", "silberschatz abraham",
    "call_number:QA*", 'call_number:"QA76"', "extent:ab*", 'extent:"ab cd"', "url:a?b", "extent:x",
]  # fmt: skip


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("typed", QUESTIONS)
def test_the_same_question_finds_the_same(catalogue: Catalogues, engine: str, typed: str) -> None:
    wanted, given = (catalogue(name).search(Query(typed, size=50), facet_values=50) for name in ("memory", engine))
    assert {hit.document.id for hit in given.hits} == {hit.document.id for hit in wanted.hits}
    assert (given.total, given.stage, given.facets) == (wanted.total, wanted.stage, wanted.facets)


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("sort", [sort for sort in SORTS if sort != "relevance"])
@pytest.mark.parametrize("typed", ["", "แมว OR เสือ OR หัวใจ"])
def test_field_sorts_have_one_order(catalogue: Catalogues, engine: str, sort: str, typed: str) -> None:
    pages = [
        [
            hit.document.id
            for page in (1, 2, 3)
            for hit in catalogue(name).search(Query(typed, sort=sort, size=4, page=page)).hits
        ]
        for name in ("memory", engine)
    ]
    assert pages[0] == pages[1]


def test_what_is_missing_comes_last_in_either_direction(catalogue: Catalogues) -> None:
    for engine in ENGINES:
        for sort in ("year", "-year"):
            ids = [hit.document.id for hit in catalogue(engine).search(Query(sort=sort)).hits]
            assert ids[-1] == "d09", (engine, sort)


def test_titles_sort_as_in_the_dictionary(catalogue: Catalogues) -> None:
    ids = [hit.document.id for hit in catalogue("tantivy").search(Query(sort="title")).hits]
    assert ids.index("d11") < ids.index("d10") < ids.index("d01") < ids.index("d02") < ids.index("d05"), (
        "ขาว ข้าว เสือ เสื้อ Master"
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_filters_narrow_and_values_of_one_facet_are_either_or(catalogue: Catalogues, engine: str) -> None:
    def found(**more: Any) -> set[str]:
        return {hit.document.id for hit in catalogue(engine).search(Query(size=50, **more)).hits}

    assert found(filters=(("member", ("bcnkk", "rmuti")),)) == {"d03", "d06"}
    assert found(filters=(("language", ("tha",)), ("member", ("kktc",)))) == {"d01", "d02"}
    assert found(filters=(("subject", ("นวนิยายไทย",)),)) == {"d01"}
    assert found(year="2560") == found(year="2017") == {"d02", "d03"}
    assert found(year="2550-2560") == {"d02", "d03", "d04", "d05"}
    assert found(year="2562-") == {"d06", "d07"} - {"d07"} | {"d07"}
    assert found(year="nonsense") == set()
    assert found(filters=(("member", ("nobody",)),)) == set()


@pytest.mark.parametrize("engine", ENGINES)
def test_tiger_never_finds_shirt(catalogue: Catalogues, engine: str) -> None:
    found = [hit.document.id for hit in catalogue(engine).search(Query("เสือ")).hits]
    assert "d02" not in found
    assert found[0] == "d01"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_phrase_does_not_cross_from_one_value_to_the_next(tables: Tables, tmp_path: Path, engine: str) -> None:
    made = Catalogue.of([doc("x", "", creator=["สมชาย ใจดี", "รักเรียน มานะ"])], tables, tmp_path, engine=engine)
    assert made.search(Query('creator:"สมชาย ใจดี"')).total == 1
    tree = wq.Phrase("creator_w", ["ใจดี", "รัก"])
    assert made.engine().all(tree) == set()


@pytest.fixture(scope="module")
def schema(tables: Tables) -> Schema:
    return Schema(tables.fields)


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, schema: Schema, tmp_path: Path) -> Iterator[Engine]:
    return open_engine(request.param, tmp_path / request.param, schema)  # type: ignore[return-value]


def test_an_empty_index_answers(empty: Engine) -> None:
    assert empty.search(wq.Every(), None, 0, 10).numbers == ()
    assert empty.search(wq.Term("title_w", "x"), sort_column("title"), 0, 10).numbers == ()
    assert empty.counts(wq.Every(), {facet_column("member"): 10}) == Counts(0, {facet_column("member"): []})
    assert empty.words("any") == {}


def test_an_entry_replaces_the_one_of_its_id_and_what_is_gone_is_gone(empty: Engine, schema: Schema) -> None:
    empty.write(schema.entry(d, number) for number, d in enumerate(DOCUMENTS[:3], 1))
    empty.write([schema.entry(doc("d01", "ช้าง"), 1)], gone=["d02"])
    assert empty.count() == 2
    assert empty.all(wq.Term("title_w", "ช้าง")) == {1}
    assert empty.all(wq.Term("title_w", "เสือ")) == set()
    assert empty.all(wq.Every()) == {1, 3}


def test_writing_that_fails_leaves_the_index_as_it_was(empty: Engine, schema: Schema) -> None:
    empty.write(schema.entry(d, number) for number, d in enumerate(DOCUMENTS[:3], 1))

    def broken() -> Iterator[Any]:
        yield schema.entry(DOCUMENTS[4], 5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        empty.write(broken())
    empty.refresh()
    assert empty.all(wq.Every()) == {1, 2, 3}
    empty.write([schema.entry(DOCUMENTS[4], 5)])
    assert empty.count() == 4


ODD = [
    wq.NullQuery, wq.And([]), wq.Or([]), wq.Phrase("title_w", []), wq.Phrase("title_w", ["แมว"]), wq.Term("nothing", "x"),
    wq.NumericRange("year_n", None, None), wq.Prefix("title_w", "[("), wq.Wildcard("title_w", "*("), wq.And([wq.Every(), wq.Not(wq.NullQuery)]),
    wq.Or([wq.NullQuery, wq.Term("title_w", "แมว")]), wq.And([wq.NullQuery, wq.Every()]), wq.ConstantScoreQuery(wq.NullQuery, 0.0),
    wq.AndMaybe(wq.Term("any", "แมว"), wq.NullQuery), wq.AndMaybe(wq.NullQuery, wq.Term("any", "แมว")), wq.Term(ID, "d01"), wq.Term(ID, "nobody"),
    wq.Prefix("nothing", "x"), wq.Wildcard("nothing", "x*"), wq.Phrase("nothing", ["x", "y"]),
]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("tree", ODD, ids=repr)
def test_odd_trees_are_answered_alike(catalogue: Catalogues, engine: str, tree: wq.Query) -> None:
    wanted = catalogue("memory").engine().all(tree)
    assert catalogue(engine).engine().all(tree) == wanted
    assert catalogue(engine).engine().counts(tree, {}).total == len(wanted)


@pytest.mark.parametrize("engine", OTHERS)
def test_the_words_of_an_index(catalogue: Catalogues, engine: str) -> None:
    words = catalogue("memory").engine().words("any")
    assert catalogue(engine).engine().words("any") == words
    assert (words["เสือ"], words["security"]) == (2, 1)
    assert not any(word[0].isdigit() for word in words)


def test_a_page_beyond_the_last_is_empty(catalogue: Catalogues) -> None:
    for engine in ENGINES:
        page = catalogue(engine).search(Query("แมว", page=400))
        assert (page.hits, page.total > 0) == ((), True), engine


# ── over real records ────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def real(tables: Tables, data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Catalogue]:
    """The PSU, Virginia and lcnetdev records and a thousand Thai titles, on every engine."""
    import gzip
    import json

    from config import Source
    from harvest.formats import open_format

    documents: dict[str, Document] = {}
    for fmt, path in (
        ("marc", "psu-sample-728.mrc"),
        ("marc", "uva-marc8-0001-1000.mrc"),
        ("marcxml", "lcnetdev-cc0/nlm.xml"),
    ):
        form = open_format(Source(protocol="file", format=fmt, path="x"), "kku", tables.fields)
        with (data / "marc" / path).open("rb") as stream:
            for payload in form.split(stream, path):
                parsed = form.parse(payload.data)
                id_ = f"{path[:3]}{parsed.local_id}"
                documents[id_] = Document(id_, parsed.values, parsed.holdings, (path[:3],))
    with gzip.open(data / "thai/retrieval/titles.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line, _ in zip(lines, range(1000), strict=False):
            row = json.loads(line)
            documents[f"th{row['id']}"] = doc(
                f"th{row['id']}", row["title"] if "title" in row else row["t"], "kku", language="tha"
            )
    return {
        name: Catalogue.of(documents.values(), tables, tmp_path_factory.mktemp(name), engine=name) for name in ENGINES
    }


def two_hundred(catalogue: Catalogue) -> list[str]:
    """Questions from the records themselves: words, phrases, names, years, ISBNs, Thai stretches."""
    chance = random.Random(7)
    documents = sorted(catalogue.documents(list(catalogue.engine().all(wq.Every()))), key=lambda d: d.id)
    asked: list[str] = []
    while len(asked) < 200:
        document = chance.choice(documents)
        title, words = document.first("title"), document.first("title").split()
        if not words:
            continue
        start = chance.randrange(max(1, len(title) - 6))
        kinds = [chance.choice(words), " ".join(words[:2]), f'"{" ".join(words[:3])}"', title[start : start + 8],
                 document.first("creator"), document.first("isbn"), document.first("year"), f"title:{words[-1]}",
                 f"{words[0]} OR {words[-1]}", f"{words[0]} -{words[-1]}", f"{words[0][:4]}*", document.first("subject")[:30]]  # fmt: skip
        asked.append(chance.choice([kind for kind in kinds if kind.strip()]))
    return asked


@pytest.mark.parametrize("engine", OTHERS)
def test_two_hundred_questions_over_real_records(real: dict[str, Catalogue], engine: str) -> None:
    memory, other = real["memory"], real[engine]
    shared = 0
    for typed in two_hundred(memory):
        query = Query(typed)
        answer, other_answer = (c._answer(c.engine(), query) for c in (memory, other))
        assert (other_answer.stage, other_answer.suggestion) == (answer.stage, answer.suggestion), typed
        tree = answer.tree or wq.Every()
        wanted = memory.engine().all(tree)
        assert other.engine().all(tree) == wanted, typed
        found, other_found = (c.engine().search(tree, None, 0, 10) for c in (memory, other))
        last = found.scores[-1] if found.scores else 0.0
        alike = len(set(found.numbers) & set(other_found.numbers)) >= min(8, len(found.numbers))
        shared += alike or _tied(memory, tree, last, len(wanted), other_found.numbers)
    assert shared == 200


def _tied(catalogue: Catalogue, tree: wq.Query, last: float, total: int, given: Sequence[int]) -> bool:
    """Where more than ten score alike at the edge, any of them may stand there: all given score as much.

    Whoosh keeps a field's length in one byte, steps of 3 %, so what differs by less than 2 % is alike to it.
    """
    found = catalogue.engine().search(tree, None, 0, total)
    scores = dict(zip(found.numbers, found.scores, strict=True))
    return sum(scores[number] >= last * 0.98 for number in given) >= min(8, len(given))


def test_facet_counts_equal_a_count_over_the_documents(real: dict[str, Catalogue]) -> None:
    from collections import Counter

    catalogue = real["tantivy"]
    page = catalogue.search(Query("", size=1), facet_values=20_000)
    counted: dict[str, Counter[str]] = {facet: Counter() for facet in catalogue.facets}
    for batch in catalogue.documents_store.since():
        for _, document in batch:
            assert document is not None
            counted["member"].update(document.members)
            for facet in catalogue.facets[1:]:
                counted[facet].update(document.all(facet))
    for facet in catalogue.facets:
        assert dict(page.facets[facet]) == dict(counted[facet]), facet


@pytest.mark.parametrize(
    "typed", ["2560", "พ.ศ. 2560", '"2560"', '"พ.ศ. 2560"', "๒๕๖๐", "2017", "ร.ศ. 236", "จ.ศ. 1379", "B.E. 2560"]
)
def test_a_year_finds_what_was_published_then_in_every_spelling(catalogue: Catalogues, typed: str) -> None:
    assert {"d02", "d03"} <= {hit.document.id for hit in catalogue("tantivy").search(Query(typed)).hits}


@pytest.mark.parametrize(
    "typed", ["9786162001062", "978 616 200 106 2", "978-616-200-106-2", "616 200 106 7", "ISBN 9786162001062"]
)
def test_an_isbn_is_found_in_every_spelling(catalogue: Catalogues, typed: str) -> None:
    assert catalogue("tantivy").search(Query(typed)).hits[0].document.id == "d05"


def test_a_letter_that_is_left_over_does_not_find_everything(catalogue: Catalogues) -> None:
    page = catalogue("tantivy").search(Query("เสีอ"))
    assert (page.stage, page.suggestion) == ("spelling", "เสือ")
    assert catalogue("tantivy").search(Query("เสีอ", exact=True)).total == 0


def test_what_is_not_wanted_stays_away_in_every_stage(catalogue: Catalogues) -> None:
    page = catalogue("tantivy").search(Query("เสือ ช้าง -หัวใจ"))
    assert (page.stage, [hit.document.id for hit in page.hits]) == ("some", ["d01"])


def test_a_surrogate_is_no_error(catalogue: Catalogues) -> None:
    for engine in ENGINES:
        assert catalogue(engine).search(Query("\udc80 เสือ\ud800", filters=(("subject", ("\ud800",)),))).total == 0
