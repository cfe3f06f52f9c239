"""Every example of the help page finds what it says: in a small catalogue just that, in the sample's titles something."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from lxml import html

from config.holdings import Holding
from config.tables import Tables
from demo.sample import compose
from demo.title import Person, Title
from search.question import Document, Page, Query
from search.service import Catalogue
from tests.webapp.conftest import LANGUAGE_PREFIXES
from webapp.help import TOPICS

EXAMPLES = [example.typed for topic in TOPICS for example in topic.examples]


def book(id_: str, title: str, holdings: tuple[Holding, ...] = (), **values: str) -> Document:
    fields = {"title": (title,), **{name: tuple(text.split(" ; ")) for name, text in values.items()}}
    return Document(id_, fields, holdings, members=("kku",))


LIBRARY = (
    book("local", "ประวัติศาสตร์ท้องถิ่นขอนแก่น", year="2017", publisher="คลังนานาวิทยา"),
    book("town", "ขอนแก่นเมื่อวันวาน : ประวัติศาสตร์ของเมือง", year="2004"),
    book("budget", "งบประมาณขอนแก่น 2560", year="2016"),
    book("neighbour", "มหาสารคามวันนี้", year="2017"),
    book("security", "Management of information security", creator="Stamp, Mark", year="2019", publisher="Routledge"),
    book("apart", "Security, privacy and information flow", year="2012", subject="Computer networks"),
    book("wires", "Network security", year="2016"),
    book("food", "Food security", year="2015", publisher="Springer"),
    book("nurse", "หลักการพยาบาล"),
    book("nursing-journal", "วารสารพยาบาลศาสตร์", issn="0125-5118"),
    book("four-reigns", "สี่แผ่นดิน", creator="คึกฤทธิ์ ปราโมช, ม.ร.ว.", subject="นวนิยายไทย"),
    book("about-him", "คึกฤทธิ์กับการเมืองไทย", creator="วิลาศ มณีวัต"),
    book("namesake", "บ้านสวนปราโมช"),
    book("novels", "นวนิยายไทยในรอบร้อยปี", subject="วรรณกรรม -- ประวัติและวิจารณ์"),
    book("computing", "Computing for everyone"),
    book("computers", "Computers and society"),
    book("british", "The organisation of knowledge"),
    book("american", "Organizations of the future"),
    book("love", "ยามหล่อบอกต่อว่ารัก", isbn="9786160619108"),
    book("shelved", "ความสุขของกะทิ", (Holding(member="kku", call_number="895.913 ง553ค", barcode="C0003621"),)),
    book("palace", "บทละครรำ", (Holding(member="kku", call_number="PL4209 ด280ค"),)),
    book("copyright", "พระราชบัญญัติลิขสิทธิ์ พ.ศ. 2537", year="2006"),
    book("capital", "แผนพัฒนากรุงเทพมหานคร"),
    book("fable", "นิทานพื้นบ้าน"),
)  # fmt: skip

SECURITY = {"security", "apart", "wires", "food"}
OF_KHON_KAEN = {"local", "town", "budget"}
FOUND = {
    "ประวัติศาสตร์ ขอนแก่น": {"local", "town"},
    "ประวัติศาสตร์ขอนแก่น": {"local", "town"},
    "security information": {"security", "apart"},
    '"ประวัติศาสตร์ท้องถิ่น"': {"local"},
    '"information security"': {"security"},
    "ขอนแก่น OR มหาสารคาม": {*OF_KHON_KAEN, "neighbour"},
    "พยาบาล NOT วารสาร": {"nurse"},
    "security -food": SECURITY - {"food"},
    "(network OR information) AND security": {"security", "apart", "wires"},
    "ผู้แต่ง:ปราโมช": {"four-reigns"},
    "title:security": SECURITY,
    'หัวเรื่อง:"นวนิยายไทย"': {"four-reigns"},
    "publisher:Routledge": {"security"},
    "comput*": {"computing", "computers", "apart"},
    "organi?ation*": {"british", "american"},
    "ขอนแก่น 2560": {"local", "budget"},
    "ขอนแก่น 2017": {"local"},
    "ปีพิมพ์:2560": {"local", "neighbour"},
    "year:[2015 TO 2017] AND security": {"wires", "food"},
    "978-616-06-1910-8": {"love"},
    "6160619101": {"love"},
    "0125-5118": {"nursing-journal"},
    "895.913": {"shelved"},
    'เลขเรียก:"PL4209"': {"palace"},
    "พ.ร.บ. ลิขสิทธิ์": {"copyright"},
    "กทม.": {"capital"},
    "คึกฤทธิ์ ปราโมช": {"four-reigns"},
    "ม.ร.ว. คึกฤทธิ์ ปราโมช": {"four-reigns"},
    "Mark Stamp": {"security"},
    "obmko": {"fable"},
    "ืำะไนพา": {"wires", "apart"},
    "khon kaen": OF_KHON_KAEN,
    "Khō̜n Kǣn": OF_KHON_KAEN,
    "ประวัติศาตร์ท้องถิ่น": {"local"},
    "managment": {"security"},
}
INSTEAD = {"obmko": "นิทาน", "ืำะไนพา": "network", "managment": "management"}


@pytest.fixture(scope="module")
def library(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    made = Catalogue.of(LIBRARY, tables, tmp_path_factory.mktemp("library"))
    yield made
    made.documents_store.engine.dispose()


@pytest.fixture(scope="module")
def sample(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    """The titles of the demonstration; the copies of its members, with their call numbers, are not there."""
    documents = (_written(str(number), title) for number, title in enumerate(compose()))
    made = Catalogue.of(documents, tables, tmp_path_factory.mktemp("sample"))
    yield made
    made.documents_store.engine.dispose()


def _written(id_: str, title: Title) -> Document:
    values = {
        "title": (" : ".join(filter(None, (title.title, title.subtitle))),),
        "creator": tuple(_name(person) for person in title.creators),
        "publisher": (title.publisher,),
        "year": (str(title.year),) if title.year else (),
        "isbn": (title.isbn,),
        "issn": (title.issn,),
        "subject": tuple(title.subjects),
        "classification": tuple(filter(None, (title.dewey, title.nlm))),
    }
    return Document(id_, {name: tuple(filter(None, texts)) for name, texts in values.items()}, members=("kku",))


def _name(person: Person) -> str:
    return f"{person.name}, {person.rank}" if person.rank else person.name


def ids(page: Page) -> set[str]:
    return {document.id for hit in page.hits for document in (hit.document, *hit.editions)}


def test_each_example_is_told_once() -> None:
    assert len(EXAMPLES) == len(set(EXAMPLES)) > 30
    assert set(FOUND) == set(EXAMPLES)


@pytest.mark.parametrize("typed", EXAMPLES)
def test_an_example_finds_what_it_says(library: Catalogue, typed: str) -> None:
    page = library.search(Query(text=typed))
    assert ids(page) == FOUND[typed], page.stage
    if typed in INSTEAD:
        assert page.suggestion == INSTEAD[typed]


@pytest.mark.parametrize("typed", [typed for typed in EXAMPLES if not typed.startswith("เลขเรียก:")])
def test_an_example_finds_something_in_the_sample(sample: Catalogue, typed: str) -> None:
    page = sample.search(Query(text=typed))
    assert page.total, page.stage
    assert page.stage != "some"


def test_a_barcode_finds_its_title(library: Catalogue) -> None:
    assert ids(library.search(Query(text="C0003621"))) == {"shelved"}


@pytest.mark.parametrize("prefix", LANGUAGE_PREFIXES)
def test_every_example_is_a_link_that_searches(client: FlaskClient, prefix: str) -> None:
    tree = html.document_fromstring(client.get(f"{prefix}/help").text)
    links = tree.xpath("//dl[@class='examples']//a")
    assert ["".join(link.itertext()) for link in links] == EXAMPLES
    for link, typed in zip(links, EXAMPLES, strict=True):
        answer = html.document_fromstring(client.get(link.get("href")).text)
        assert answer.get_element_by_id("q").get("value") == typed
    topics = tree.xpath("//nav[@class='help-topics']//a/@href")
    assert len(topics) == len(TOPICS) + 2
    assert all(tree.get_element_by_id(topic.removeprefix("#")) is not None for topic in topics)
    assert tree.xpath("//nav[@aria-label]//a[@aria-current='page']/@href") == [f"{prefix}/help"]


@pytest.mark.parametrize("prefix", LANGUAGE_PREFIXES)
def test_the_menu_and_the_help_lead_to_the_purchase_check(client: FlaskClient, prefix: str) -> None:
    tree = html.document_fromstring(client.get(f"{prefix}/help").text)
    for place in ("//nav[@class='masthead-links']", "//section[@aria-labelledby='buying']"):
        (address,) = tree.xpath(f"{place}//a[contains(@href, 'check')]/@href")
        assert client.get(address).status_code == 200
    opened = html.document_fromstring(client.get(f"{prefix}/check").text)
    assert opened.xpath("//nav[@class='masthead-links']/a[@aria-current='page']/@href") == [address]
