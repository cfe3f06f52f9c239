"""Every page in every language: what a reader sees, and what its address says."""

import hashlib
import itertools
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

import sahaban
from config.installation import Installation
from search.engines import EngineError
from search.question import Page, Query, QueryError
from search.service import Catalogue
from tests.conftest import ROOT
from tests.webapp.conftest import EVERYTHING, MANY, MERGED_AWAY, NAMED, VANISHED
from webapp.addresses import query_href
from webapp.app import create_app

LANGUAGES = {"th": "", "en": "/en"}
PAGES = (
    "/",
    "/search",
    "/search?q=ชุมชน",
    "/search?q=ชุมชน&member=kku&language=tha&years=2550-2560&sort=-year&page=2&size=5",
    "/search?q=zzzz&member=kku",
    "/search?years=เมื่อวาน",
    "/title/t-everything",
    "/title/t-script",
    "/title/t-empty",
    "/title/t-strange-codes",
    "/members",
    "/title/no-such-title",
)
every_page = pytest.mark.parametrize("path", PAGES)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def page(client: FlaskClient, path: str) -> html.HtmlElement:
    response = client.get(path)
    assert response.status_code == (404 if "no-such" in path else 200), path
    return html.document_fromstring(response.text)


def texts(tree: html.HtmlElement, path: str) -> list[str]:
    return [" ".join(found.text_content().split()) for found in tree.xpath(path)]


def hits(tree: html.HtmlElement) -> list[str]:
    return [found.get("id") for found in tree.xpath("//li[@class='hit']")]


# ── what holds for every page ────────────────────────────────────────────────────────────────────


@every_page
@every_language
def test_structure(client: FlaskClient, path: str, language: str) -> None:
    tree = page(client, LANGUAGES[language] + path)
    assert tree.get("lang") == language
    assert len(tree.xpath("//h1")) == 1
    assert len(tree.xpath("//main")) == len(tree.xpath("//header[@class='masthead']")) == 1
    assert texts(tree, "//title")[0].strip(" ·")
    levels = [int(heading.tag[1]) for heading in tree.xpath("//main//*[self::h1 or self::h2 or self::h3]")]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    for link in tree.xpath("//a"):
        assert link.text_content().strip() or link.get("aria-label"), html.tostring(link)


@every_page
@every_language
def test_every_control_has_a_label(client: FlaskClient, path: str, language: str) -> None:
    tree = page(client, LANGUAGES[language] + path)
    labelled = set(tree.xpath("//label/@for"))
    for control in tree.xpath("//input[not(@type='hidden')] | //select"):
        assert control.get("id") in labelled or control.xpath("ancestor::label"), html.tostring(control)


@every_page
@every_language
def test_nothing_that_the_content_policy_forbids(client: FlaskClient, path: str, language: str) -> None:
    response = client.get(LANGUAGES[language] + path)
    tree = html.document_fromstring(response.text)
    assert not tree.xpath("//script | //style | //@style | //iframe | //object | //base")
    assert not [name for name in tree.xpath("//@*/..") for name in name.keys() if name.startswith("on")]  # noqa: SIM118  (lxml)
    for address in tree.xpath("//link/@href | //img/@src"):
        assert urlsplit(address).hostname in (None, "localhost")
    assert all(not href.lower().startswith("javascript:") for href in tree.xpath("//@href"))
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"


@every_page
@every_language
def test_the_other_language_is_the_same_page(client: FlaskClient, path: str, language: str) -> None:
    tree = page(client, LANGUAGES[language] + path)
    other = next(code for code in LANGUAGES if code != language)
    link = tree.xpath(f"//nav//a[@hreflang='{other}']")[0]
    assert link.get("lang") == other
    there = urlsplit(link.get("href"))
    here = urlsplit(LANGUAGES[other] + path)
    assert (there.path, parse_qs(there.query)) == (here.path, parse_qs(here.query))
    assert page(client, link.get("href")).get("lang") == other


@every_language
def test_an_english_page_has_no_thai_of_ours_and_a_thai_one_no_english(client: FlaskClient, language: str) -> None:
    tree = page(client, f"{LANGUAGES[language]}/search?q=zzzz")
    for found in tree.xpath("//*[@lang][not(self::html)]"):
        found.drop_tree()
    said = re.sub("zzzz|ISBN|ISSN", "", tree.text_content())
    assert not re.search("[A-Za-z]{2,}" if language == "th" else "[ก-ฮ]{2,}", said), said


def test_orders_to_the_router_in_an_address_are_only_words(client: FlaskClient) -> None:
    tree = page(client, "/search?q=ชุมชน&_scheme=javascript&_external=1&_anchor=x")
    link = tree.xpath("//nav//a[@hreflang='en']/@href")[0]
    assert link.startswith("/en/search?")


# ── home ─────────────────────────────────────────────────────────────────────────────────────────


@every_language
def test_home_counts_and_leads_on(client: FlaskClient, language: str) -> None:
    tree = page(client, LANGUAGES[language] + "/")
    assert str(len(NAMED) + len(MANY)) in texts(tree, "//p[@class='lead']")[0]
    assert len(tree.xpath("//ul[@class='cards']/li")) == 6
    assert len(tree.xpath("//ul[@class='roll']/li")) == 11
    for href in tree.xpath("//main//a/@href"):
        assert client.get(href.partition("#")[0]).status_code == 200, href


# ── results ──────────────────────────────────────────────────────────────────────────────────────


def test_a_row_says_what_it_is_and_who_has_it(client: FlaskClient) -> None:
    tree = page(client, "/search?q=ประวัติศาสตร์ขอนแก่น")
    row = " ".join(tree.get_element_by_id("t-everything").text_content().split())
    for part in (
        "หนังสือ",
        "สุพัฒน์ ส่องแสงจันทร์",
        "พ.ศ. 2560 (2017)",
        "สำนักหอสมุด มข.",
        "DS589.K4 ส43",
        "959.3 ส43",
        "อยู่บนชั้น",
    ):
        assert part in row, (part, row)


def test_a_row_with_many_members_names_four_and_links_to_the_rest(client: FlaskClient) -> None:
    row = page(client, "/search?q=พจนานุกรม").get_element_by_id("t-everywhere")
    held = row.xpath(".//ul[@class='held']/li")
    assert len(held) == 5
    assert "และอีก 2 แห่ง" in held[-1].text_content()
    assert held[-1].xpath(".//a/@href") == ["/title/t-everywhere#holdings"]


def test_the_count_and_the_question_are_heading_and_title(client: FlaskClient) -> None:
    tree = page(client, "/search?q=ชุมชน&page=2")
    assert texts(tree, "//h1") == ["พบ 65 รายการ สำหรับ “ชุมชน”"]
    assert texts(tree, "//title") == ["พบ 65 รายการ สำหรับ “ชุมชน” (หน้า 2 จาก 4) · สหบรรณ"]
    tree = page(client, "/en/search?q=ชุมชน&member=kku&years=2560")
    assert texts(tree, "//title")[0].endswith("· Library: KKU Library · Years: 2017 (B.E. 2560) · Sahaban")


def test_ticking_a_facet_narrows_to_just_what_it_counts(client: FlaskClient) -> None:
    tree = page(client, "/search?q=ชุมชน")
    groups = tree.xpath("//details[@class='facet']")
    assert [summary.text for group in groups for summary in group.xpath("./summary")] == [
        "ห้องสมุด", "ประเภททรัพยากร", "ปีพิมพ์", "ภาษา", "ผู้แต่ง", "หัวเรื่อง",
    ]  # fmt: skip
    for box in tree.xpath("//details[@class='facet']//input[@type='checkbox']"):
        counted = int(box.xpath("string(../span[@class='tally'])"))
        narrowed = page(client, f"/search?q=ชุมชน&size=200&{box.get('name')}={box.get('value')}")
        assert len(hits(narrowed)) == counted > 0


def test_a_filter_form_carries_the_question_and_forgets_the_page(client: FlaskClient) -> None:
    tree = page(client, "/search?q=ชุมชน&in=title&sort=title&size=5&page=3&member=kku")
    form = tree.xpath("//section[@class='filters']//form")[0]
    assert form.method.lower() == "get"
    sent = dict(form.form_values())
    assert sent == {"q": "ชุมชน", "in": "title", "sort": "title", "size": "5", "member": "kku", "years": ""}
    sort = dict(tree.xpath("//form[@class='sort']")[0].form_values())
    assert sort == {"q": "ชุมชน", "in": "title", "sort": "title", "size": "5", "member": "kku"}


def test_values_of_one_facet_are_alternatives_and_each_chip_takes_one_away(client: FlaskClient) -> None:
    tree = page(client, "/search?q=ชุมชน&member=kku&member=bcnkk&language=eng&size=200")
    assert len(hits(tree)) == 13
    chips = {link.getparent().text_content().strip(): link.get("href") for link in tree.xpath("//li[@class='chip']/a")}
    assert len(chips) == 3
    assert len(hits(page(client, next(href for said, href in chips.items() if "มข." in said)))) == 7
    assert len(hits(page(client, next(href for said, href in chips.items() if "อังกฤษ" in said)))) == 65
    assert len(hits(page(client, tree.xpath("//li[@class='chip-all']/a/@href")[0] + "&size=200"))) == 65
    boxes = tree.xpath("//input[@name='member'][@checked]/@value")
    assert sorted(boxes) == ["bcnkk", "kku"]


def test_a_chosen_value_stays_to_be_taken_away_where_nothing_is_left_of_it(client: FlaskClient) -> None:
    tree = page(client, "/search?q=ชุมชน&member=kkh")
    assert tree.xpath("//input[@name='member'][@checked]/@value") == ["kkh"]
    assert tree.xpath("//details[@class='facet'][.//input[@name='member']]/@open") != []


@pytest.mark.parametrize("years", ["2560-2562", "2017-2019", "๒๕๖๐-๒๕๖๒"])
def test_years_are_understood_in_either_era_and_said_in_both(client: FlaskClient, years: str) -> None:
    tree = page(client, f"/search?q=ชุมชน&years={years}&size=200")
    assert len(hits(tree)) == 9
    assert "พ.ศ. 2560–2562 (2017–2019)" in texts(tree, "//li[@class='chip']")[0]
    assert tree.get_element_by_id("years").get("value") == years


def test_years_that_are_none_are_told_and_stay_to_be_mended(client: FlaskClient) -> None:
    tree = page(client, "/search?q=ชุมชน&years=เมื่อวาน")
    assert "เป็นปีไม่ได้" in texts(tree, "//p[@class='note']")[0]
    assert tree.get_element_by_id("years").get("value") == "เมื่อวาน"


def test_what_was_done_to_find_something_is_said_aloud(client: FlaskClient) -> None:
    assert not page(client, "/search?q=ชุมชน").xpath("//*[@role='status']")
    tree = page(client, "/search?q=การจัดการ+ลิงอุรังอุตัง")
    assert hits(tree)
    assert texts(tree, "//*[@role='status']")[0].startswith("ไม่พบรายการที่มีครบทุกคำ")


@every_language
def test_nothing_found_says_what_to_try(client: FlaskClient, language: str) -> None:
    tree = page(client, f"{LANGUAGES[language]}/search?q=zzzz&in=title&member=kku")
    ways = [link.get("href") for link in tree.xpath("//div[@class='empty']//a")]
    prefix = LANGUAGES[language]
    assert ways == [f"{prefix}/search?q=zzzz", f"{prefix}/search?q=zzzz", f"{prefix}/members"]
    assert not tree.xpath("//nav[@class='pager']")


def test_the_pager_goes_through_everything_once(client: FlaskClient) -> None:
    seen: list[str] = []
    path = "/search?q=ชุมชน&sort=title&size=7"
    while path:
        tree = page(client, path)
        seen += hits(tree)
        step = tree.xpath("//nav[@class='pager']/a[@rel='next']/@href")
        assert step == tree.xpath("//head/link[@rel='next']/@href")
        path = step[0] if step else ""
    assert sorted(seen) == sorted(document.id for document in MANY)


def test_a_page_past_the_end_leads_to_the_first(client: FlaskClient) -> None:
    response = client.get("/search?q=ชุมชน&page=99&member=kku")
    assert response.status_code == 302
    assert parse_qs(urlsplit(response.location).query) == {"q": ["ชุมชน"], "member": ["kku"]}


WORDS = st.text("กขคงจ่าเแabc12 \"'<>&#?=%+/\\", max_size=12).map(str.strip)
QUERIES = st.builds(
    Query,
    text=WORDS,
    field=st.sampled_from(["any", "title", "creator"]),
    filters=st.dictionaries(
        st.sampled_from(["member", "language", "subject", "year"]),
        st.lists(WORDS.filter(bool), min_size=1, max_size=3, unique=True).map(tuple),
    ).map(lambda chosen: tuple(sorted(chosen.items()))),
    year=st.sampled_from(["", "2550-2560", "พ.ศ. 2560", "-2560"]),
    sort=st.sampled_from(["relevance", "-year", "title"]),
    page=st.integers(1, 50),
    size=st.sampled_from([20, 5, 200]),
)


@given(query=QUERIES)
def test_every_question_is_an_address_and_back(app: Flask, catalogue: Catalogue, query: Query) -> None:
    with app.test_request_context("/en/"):
        app.preprocess_request()
        address = query_href(query)
    with app.test_request_context(address) as context:
        args = context.request.args.to_dict(flat=False)
        assert Query.from_args(args, catalogue.facets, 20) == query


# ── a title ──────────────────────────────────────────────────────────────────────────────────────


def test_a_title_shows_every_field_with_its_label(client: FlaskClient) -> None:
    for prefix, expected in {
        "": {"ผู้แต่ง": "สุพัฒน์ ส่องแสงจันทร์", "ปีพิมพ์": "พ.ศ. 2560 (2017)", "ภาษา": "ไทย", "ประเภททรัพยากร": "หนังสือ"},
        "/en": {"Creator": "สุพัฒน์ ส่องแสงจันทร์", "Year": "2017 (B.E. 2560)", "Language": "Thai", "Material": "Book"},
    }.items():
        facts = page(client, f"{prefix}/title/t-everything").xpath("//section[@class='title-facts']//dl/div")
        shown = {" ".join(f.xpath("string(dt)").split()): " ".join(f.xpath("string(dd)").split()) for f in facts}
        assert shown | expected == shown
        assert len(shown) == len(EVERYTHING.values) - 1  # the title itself is the heading


def test_creators_and_subjects_lead_to_what_else_there_is(client: FlaskClient) -> None:
    tree = page(client, "/title/t-everything")
    for said in ("สุพัฒน์ ส่องแสงจันทร์", "วัด", "Chris Baker", "ไทย", "พ.ศ. 2560 (2017)"):
        link = next(a for a in tree.xpath("//dl//a") if " ".join(a.text_content().split()) == said)
        assert "t-everything" in hits(page(client, link.get("href") + "&size=200")), said


def test_every_members_holdings_with_how_to_visit_it(client: FlaskClient) -> None:
    tree = page(client, "/title/t-everything")
    assert texts(tree, "//p[@class='held-sum']") == ["3 แห่ง · อย่างน้อย 3 เล่ม"]
    holders = tree.xpath("//section[@class='holder']")
    assert [h.xpath("string(h3)") for h in holders] == [
        "สำนักหอสมุด มหาวิทยาลัยขอนแก่น",
        "ห้องสมุดประชาชนเฉลิมพระเกียรติสมเด็จพระเทพรัตนราชสุดาฯ สยามบรมราชกุมารี จังหวัดขอนแก่น",
        "ห้องสมุด โรงพยาบาลขอนแก่น",
    ]
    copies = [[" ".join(p.text_content().split()) for p in li.xpath("p")] for li in holders[0].xpath("ul/li")]
    assert copies == [
        ["เลขเรียกหนังสือ DS589.K4 ส43", "สำนักหอสมุดกลาง · ชั้น 3", "2 เล่ม"],  # two barcodes, one line
        ["เลขเรียกหนังสือ อ DS589.K4", "หนังสืออ้างอิง", "1 เล่ม ใช้ในห้องสมุด"],
    ]
    assert "08.30–20.00" in holders[0].text_content()
    assert "ไม่ได้ส่งเลขเรียกหนังสือ" in holders[2].text_content()
    assert texts(tree, "//details[@class='sources']/ul/li")[2] == "ห้องสมุด โรงพยาบาลขอนแก่น <9>"


def test_a_record_is_text_and_never_markup(client: FlaskClient) -> None:
    for path in ("/title/t-script", "/search?q=วัวชน", "/search?q=<script>alert(1)</script>", "/"):
        response = client.get(path)
        assert b"<script" not in response.data
        assert b"<img" not in response.data
    assert "&lt;script&gt;" in client.get("/title/t-script").text


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/title/t-everything", {"Chris Baker": "en", "DS589.K4 ส43": None}),
        ("/en/title/t-everything", {"ประวัติศาสตร์ขอนแก่น : เมืองเก่าและวัดต่าง ๆ": "th", "Chris Baker": None}),
        ("/title/t-german", {"Grundriß der siamesischen Grammatik": "de"}),
        ("/en/title/t-german", {"Grundriß der siamesischen Grammatik": "de"}),
    ],
)
def test_text_in_another_language_is_marked(client: FlaskClient, path: str, marked: dict[str, str | None]) -> None:
    tree = page(client, path)
    found = {" ".join(span.text_content().split()): span.get("lang") for span in tree.xpath("//main//span[@lang]")}
    for text, language in marked.items():
        assert found.get(text) == language, (text, found)


@every_language
@pytest.mark.parametrize("old", [MERGED_AWAY, "t-before-that"])
def test_a_title_that_was_merged_leads_to_what_it_is_now(client: FlaskClient, language: str, old: str) -> None:
    prefix = LANGUAGES[language]
    for tail in ("", ".ris", ".json"):
        response = client.get(f"{prefix}/title/{old}{tail}")
        assert (response.status_code, response.location) == (301, f"{prefix}/title/t-everything{tail}")


@pytest.mark.parametrize("id_", ["no-such-title", VANISHED, "../etc/passwd", "%00", "ก"])
def test_a_title_that_is_not_there(client: FlaskClient, id_: str) -> None:
    assert client.get(f"/title/{id_}").status_code == 404


# ── members ──────────────────────────────────────────────────────────────────────────────────────


def test_the_directory_tells_of_all_members_and_how_fresh_they_are(client: FlaskClient) -> None:
    tree = page(client, "/members")
    rows = {row.get("id"): " ".join(row.text_content().split()) for row in tree.xpath("//li[@class='member']")}
    assert len(rows) == 11
    assert "2 ระเบียน" in rows["kku"]
    assert "22 พฤศจิกายน 2569 09.10 น." in rows["kku"]
    assert "Khon Kaen University Library" in rows["kku"]
    assert "ไม่สำเร็จ" in rows["kktc"]
    assert "ยังไม่มีข้อมูลในระบบ" in rows["bcnkk"]
    assert tree.xpath("//li[@id='kku']//time/@datetime") == ["2026-11-22T09:10+07:00"]
    assert tree.xpath("//li[@id='kku']//a[contains(@href, 'member=kku')]/@href") == ["/search?member=kku"]
    english = page(client, "/en/members").get_element_by_id("kku").text_content()
    assert "22 November 2026, 09:10" in english


# ── trouble ──────────────────────────────────────────────────────────────────────────────────────


class Broken(Catalogue):
    """A catalogue that answers every question with one error."""

    error: Exception = RuntimeError("a secret of the house")

    def search(self, query: Query, facet_values: int = 30) -> Page:
        raise self.error


@pytest.fixture
def broken(installation: Installation) -> Flask:
    made = Broken(installation.tables, installation.database, installation.home)
    return create_app(installation, made, PROPAGATE_EXCEPTIONS=False)


@every_language
@pytest.mark.parametrize(
    ("error", "code", "thai", "english"),
    [
        (RuntimeError("a secret of the house"), 500, "ระบบขัดข้อง", "Something went wrong"),
        (EngineError("run `sahaban index`"), 503, "กำลังเตรียมข้อมูล", "being prepared"),
        (QueryError("คำค้นยาวเกินไป"), 400, "คำค้นยาวเกินไป", "could not read this question"),
    ],
)
def test_kind_sentences(broken: Flask, language: str, error: Exception, code: int, thai: str, english: str) -> None:
    Broken.error = error
    response = broken.test_client().get(LANGUAGES[language] + "/search?q=1")
    assert response.status_code == code
    tree = html.document_fromstring(response.text)
    assert (thai if language == "th" else english) in tree.xpath("string(//main)")
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert response.headers["Content-Security-Policy"]
    assert tree.xpath("//form[@role='search']")
    assert ("Retry-After" in response.headers) == (code == 503)


def test_a_program_that_asked_for_json_is_told_in_json(broken: Flask) -> None:
    Broken.error = QueryError("too long")
    response = broken.test_client().get("/search.json?q=1")
    assert (response.status_code, response.json) == (400, {"error": "too long"})


@pytest.mark.parametrize("path", ["/nowhere", "/en/nowhere", "/search.pdf", "/title/", "/de/"])
def test_no_such_page(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert ("There is no such page" if path.startswith("/en") else "ไม่พบหน้านี้") in response.text


def test_a_page_cannot_be_posted_to(client: FlaskClient) -> None:
    response = client.post("/search")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────


def test_a_page_that_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/title/t-everything")
    again = client.get("/title/t-everything", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get("/en/title/t-everything", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


def test_files_are_kept_for_a_year_at_an_address_that_changes_with_them(client: FlaskClient) -> None:
    tree = page(client, "/")
    style = tree.xpath("//link[@rel='stylesheet']/@href")[0]
    assert re.search(r"\?v=[0-9a-f]{10}$", style)
    response = client.get(style, buffered=True)
    assert "max-age=31536000, immutable" in response.headers["Cache-Control"]
    fonts = re.findall(r'url\("(fonts/[^"]+)"\)', response.text)
    assert len(fonts) == 6
    for font in fonts:
        sent = client.get(f"/static/{font}", buffered=True)
        assert (sent.status_code, sent.content_type) == (200, "font/woff2")
        assert "immutable" in sent.headers["Cache-Control"]
    assert "immutable" not in client.get("/static/site.css", buffered=True).headers["Cache-Control"]


def test_the_fonts_are_the_ones_that_were_taken() -> None:
    """SHA256SUMS was written when they were copied from @fontsource/noto-sans-thai-looped; the licence goes with them."""
    folders = list((ROOT / "webapp" / "static" / "fonts").iterdir())
    assert folders
    for folder in folders:
        sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
        files = {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
        assert files == set(sums)
        assert "OFL.txt" in files
        for name, told in sums.items():
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == told, name


def test_the_first_language_of_the_settings_stands_without_a_prefix(
    installation: Installation, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAHABAN_LANGUAGE", "en")
    english = Installation(installation.directory, installation.home, sahaban.known)
    client = create_app(english, catalogue, TESTING=True).test_client()
    assert page(client, "/").get("lang") == "en"
    assert page(client, "/th/members").get("lang") == "th"
    english.database.dispose()


@pytest.mark.parametrize("language", ["", "/en"])
def test_the_examples_of_the_home_page_find_something(client: FlaskClient, language: str) -> None:
    page = html.fromstring(client.get(f"{language}/").get_data(as_text=True))
    offered = page.xpath('//*[@class="hint"]//a/@href | //*[@class="how"]//a/@href')
    assert len(offered) >= 3
    for address in offered:
        found = client.get(address).get_data(as_text=True)
        assert "/title/" in found, address
        assert "&amp;#34;" not in found
