"""Every page in every language: what a reader sees, and what its address says."""

import hashlib
import itertools
import re
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

import sahaban
from config.installation import Installation
from search.engines import EngineError
from search.headings import Completion
from search.question import Document, Page, Query, QueryError
from search.service import Catalogue
from tests.conftest import ROOT
from tests.webapp.conftest import EVERYTHING, MANY, MERGED_AWAY, NAMED, VANISHED
from webapp.addresses import query_href
from webapp.app import create_app
from webapp.display import unbroken

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
    "/search?q=%3D6,%3Do",
    "/search?q=zzzz&exact=yes",
    "/search?q=ฟ้าบ่กั้น",
    "/title/t-edition-2",
    "/browse",
    "/browse/title",
    "/browse/creator?from=ส",
    "/browse/call_number",
    "/browse/subject?from=zzz",
    "/help",
    "/members",
    "/check",
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
def test_no_line_begins_with_the_dot_between_facts(client: FlaskClient, path: str, language: str) -> None:
    said = page(client, LANGUAGES[language] + path).xpath("string(//main)")
    assert not re.search("(?<!\u00a0)·", said)


@every_page
@every_language
def test_every_control_has_a_label(client: FlaskClient, path: str, language: str) -> None:
    tree = page(client, LANGUAGES[language] + path)
    labelled = set(tree.xpath("//label/@for"))
    for control in tree.xpath("//input[not(@type='hidden')] | //select | //textarea"):
        assert control.get("id") in labelled or control.xpath("ancestor::label"), html.tostring(control)


@every_page
@every_language
def test_nothing_that_the_content_policy_forbids(client: FlaskClient, path: str, language: str) -> None:
    response = client.get(LANGUAGES[language] + path)
    tree = html.document_fromstring(response.text)
    assert not tree.xpath("//style | //@style | //iframe | //object | //base")
    assert [urlsplit(script.get("src")).path for script in tree.xpath("//script")] == ["/static/site.js"]
    assert not any(script.text for script in tree.xpath("//script"))
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
    assert not tree.xpath("//input[@type='checkbox'][@name='year']")  # years are bars
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


def test_a_chosen_year_that_is_none_is_left_out(client: FlaskClient) -> None:
    tree = page(client, "/search?q=ชุมชน&year=abc&size=200")
    assert len(hits(tree)) == len(MANY)
    assert not tree.xpath("//ul[@class='chips'] | //input[@checked]")


def test_what_was_done_to_find_something_is_said_aloud(client: FlaskClient) -> None:
    assert not page(client, "/search?q=ชุมชน").xpath("//*[@role='status']")
    tree = page(client, "/search?q=การจัดการ+ลิงอุรังอุตัง")
    assert hits(tree)
    assert texts(tree, "//*[@role='status']")[0].startswith("ไม่พบรายการที่มีครบทุกคำ")


def test_of_one_facet_several_values_each_counted_as_if_none_was_chosen(client: FlaskClient) -> None:
    def counts(path: str) -> dict[tuple[str, str], int]:
        boxes = page(client, path).xpath("//details[@class='facet']//input[@type='checkbox']")
        return {(b.get("name"), b.get("value")): int(b.xpath("string(../span[@class='tally'])")) for b in boxes}

    free, one, both = (counts(f"/search?q=ชุมชน{chosen}") for chosen in ("", "&member=kku", "&member=kku&member=bcnkk"))
    assert one["member", "kku"] == free["member", "kku"] == 32
    assert one["member", "bcnkk"] == free["member", "bcnkk"] == 33  # what ticking it too would bring
    assert one["language", "tha"] < free["language", "tha"] == both["language", "tha"]
    assert len(hits(page(client, "/search?q=ชุมชน&member=kku&member=bcnkk&size=200"))) == 65


@every_language
def test_the_years_are_bars_that_narrow_to_just_what_they_count(client: FlaskClient, language: str) -> None:
    tree = page(client, f"{LANGUAGES[language]}/search?q=ชุมชน&member=kku&member=bcnkk")
    links = tree.xpath("//ol[@class='columns']//a")
    assert len(links) > 3
    total = 0
    for link in links:
        counted = int(re.search(r": ([\d,]+) ", " ".join(link.text_content().split()))[1])
        assert len(hits(page(client, link.get("href") + "&size=200"))) == counted
        assert "member=kku&member=bcnkk" in link.get("href")
        total += counted
    assert total == 65
    eras = r"พ\.ศ\.\s25\d\d–25\d\d\s\(20\d\d–20\d\d\)" if language == "th" else r"20\d\d–20\d\d\s\(B\.E\.\s25\d\d"
    assert re.search(eras, links[1].text_content())
    ends = texts(tree, "//p[@class='histogram-ends']/span")
    assert len(ends) == 2
    assert all(re.search(r"25\d\d", end) and re.search(r"(?:19|20)\d\d", end) for end in ends)


def test_other_words_are_named_and_the_reader_can_insist(client: FlaskClient) -> None:
    tree = page(client, "/search?q=%3D6,%3Do&member=kku&sort=title")
    assert texts(tree, "//*[@role='status']/p[1]") == [
        "ไม่พบ “=6,=o” แสดงผลของ “ชุมชน” แทน ซึ่งเป็นปุ่มเดียวกันบนแป้นพิมพ์อีกภาษาหนึ่ง"
    ]
    assert texts(tree, "//h1") == ["พบ 32 รายการ สำหรับ “ชุมชน”"]
    assert tree.get_element_by_id("q").get("value") == "=6,=o"
    insist = tree.xpath("//*[@role='status']//a")[0]
    assert insist.text_content() == "ค้นหา “=6,=o” ตามที่พิมพ์"
    asked = parse_qs(urlsplit(insist.get("href")).query)
    assert asked == {"q": ["=6,=o"], "member": ["kku"], "sort": ["title"], "exact": ["yes"]}
    empty = page(client, insist.get("href"))
    assert texts(empty, "//h1") == ["ไม่พบรายการสำหรับ “=6,=o”"]
    back = empty.xpath("//div[@class='empty']//a[@class='button-link']/@href")[0]
    assert parse_qs(urlsplit(back).query) == {"q": ["=6,=o"], "member": ["kku"], "sort": ["title"]}


def test_to_insist_is_kept_while_the_answer_is_narrowed(client: FlaskClient) -> None:
    tree = page(client, "/search?q=ชุมชน&exact=yes&size=5")
    forms = tree.xpath("//section[@class='filters']//form | //form[@class='sort']")
    assert [dict(form.form_values())["exact"] for form in forms] == ["yes", "yes"]
    assert all("exact=yes" in link for link in tree.xpath("//nav[@class='pager']//a/@href"))
    assert "exact" not in dict(tree.xpath("//form[@role='search']")[0].form_values())
    assert "exact" not in tree.xpath("//a[@class='choice']/@href")[0]


class Suggesting(Catalogue):
    """A catalogue that finds and has something better."""

    def search(self, query: Query, facet_values: int = 30) -> Page:
        return msgspec.structs.replace(super().search(query, facet_values), suggestion="การ <จัดการ>")


def test_what_may_have_been_meant_is_offered_and_not_searched(installation: Installation, catalogue: Catalogue) -> None:
    made = Suggesting(installation.tables, installation.database, installation.home)
    made.generations = catalogue.generations
    tree = page(create_app(installation, made, TESTING=True).test_client(), "/search?q=ชุมชน&in=title&member=kku&page=2")
    said = tree.xpath("//p[@class='note']")[0]
    assert " ".join(said.text_content().split()) == "หมายถึง “การ <จัดการ>” หรือไม่"
    asked = parse_qs(urlsplit(said.xpath("a/@href")[0]).query)
    assert asked == {"q": ["การ <จัดการ>"], "in": ["title"], "member": ["kku"]}
    assert texts(tree, "//h1") == ["พบ 32 รายการ สำหรับ “ชุมชน”"]


def test_what_was_looked_for_is_marked_in_title_creator_and_subject(client: FlaskClient) -> None:
    row = page(client, "/search?q=ขอนแก่น").get_element_by_id("t-everything")
    assert set(row.xpath(".//mark/text()")) == {"ขอนแก่น"}
    assert row.xpath("string(.//h3)") == "ประวัติศาสตร์ขอนแก่น : เมืองเก่าและวัดต่าง\u00a0ๆ"
    assert row.xpath(".//h3//mark") and row.xpath(".//h3/following-sibling::p[1]//mark")  # noqa: PT018
    assert texts(row, ".//p[@class='why-found']") == ["หัวเรื่อง: ขอนแก่น -- ประวัติศาสตร์"]
    english = page(client, "/en/search?q=ขอนแก่น").get_element_by_id("t-everything")
    assert {mark.getparent().get("lang") for mark in english.xpath(".//h3//mark")} == {"th"}
    assert not page(client, "/search").xpath("//mark")


def test_editions_of_a_work_stand_together_and_each_is_a_link(client: FlaskClient) -> None:
    tree = page(client, "/search?q=ฟ้าบ่กั้น&sort=-year")
    assert hits(tree) == ["t-edition-3"]
    row = tree.get_element_by_id("t-edition-3")
    assert texts(row, ".//p[@class='editions-name']") == ["ฉบับและเล่มอื่น ๆ (3)"]
    assert texts(row, ".//ul[@class='edition-list']/li") == [
        "ฟ้าบ่กั้น = The politician and other stories · พ.ศ. 2544 (2001) · Silkworm Books · อังกฤษ · 1 แห่ง",
        "ฟ้าบ่กั้น พ.ศ. 2512 (1969) · บรรณกิจ · 2 แห่ง",
        "ฟ้าบ่กั้น พ.ศ. 2501 (1958) · เกวียนทอง · 1 แห่ง",
    ]
    assert row.xpath(".//ul[@class='edition-list']//a/@href") == [f"/title/t-edition-{n}" for n in (4, 2, 1)]
    assert texts(tree, "//p[@class='bar-said']") == ["1–4 จาก 4 รายการ"]
    saved = client.get("/search.json?q=ฟ้าบ่กั้น&sort=-year").json
    assert [hit["id"] for hit in saved["hits"]] == [f"t-edition-{n}" for n in (3, 4, 2, 1)]


@every_language
def test_nothing_found_says_what_to_try(client: FlaskClient, language: str) -> None:
    tree = page(client, f"{LANGUAGES[language]}/search?q=zzzz&in=title&member=kku")
    ways = [link.get("href") for link in tree.xpath("//div[@class='empty']//a")]
    prefix = LANGUAGES[language]
    leaves = [f"{prefix}/browse/{kind}?from=zzzz" for kind in ("title", "creator", "subject")]
    assert ways == [f"{prefix}/search?q=zzzz"] * 2 + [*leaves, f"{prefix}/help", f"{prefix}/members"]
    assert all(client.get(way).status_code == 200 for way in ways)
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


def test_a_page_past_the_end_leads_to_the_last(client: FlaskClient) -> None:
    response = client.get("/search?q=ชุมชน&page=9999&member=kku")
    assert response.status_code == 302
    assert parse_qs(urlsplit(response.location).query) == {"q": ["ชุมชน"], "member": ["kku"], "page": ["2"]}
    assert len(hits(page(client, response.location))) == 32 - 20
    nothing = client.get("/search?q=ชุมชน&page=9999&member=kkh")
    assert parse_qs(urlsplit(nothing.location).query) == {"q": ["ชุมชน"], "member": ["kkh"]}


WORDS = st.text("กขคงจ่าเแabc12 \"'<>&#?=%+/\\", max_size=12).map(str.strip)


def chosen_of(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, min_size=1, max_size=3, unique=True).map(tuple)


QUERIES = st.builds(
    Query,
    text=WORDS,
    field=st.sampled_from(["any", "title", "creator"]),
    filters=st.fixed_dictionaries(
        {},
        optional={
            "year": chosen_of(st.integers(1850, 2030).map(str)),
            **dict.fromkeys(("member", "language", "subject"), chosen_of(WORDS.filter(bool))),
        },
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
    assert texts(tree, "//details[@class='sources']/ul/li")[2] == "ห้องสมุด โรงพยาบาลขอนแก่น kkh/<9>"


@every_language
def test_what_was_mended_in_a_record_is_told_with_it(client: FlaskClient, language: str) -> None:
    said = {
        "th": ("ซ่อมแซมแล้ว 1 ระเบียน", "อักขระเป็น TIS-620 แต่ระเบียนบอกเป็นอย่างอื่น", "ไม่มีเครื่องหมายจบระเบียน แต่ข้อมูลครบ"),
        "en": (
            "1 repaired",
            "its letters were TIS-620 (cp874), which it does not say",
            "its end mark was missing, all its fields were there",
        ),
    }[language]
    sources = page(client, LANGUAGES[language] + "/title/t-everything").xpath("//details[@class='sources']")[0]
    assert texts(sources, "summary/span") == [f"· {said[0]}"]
    ours, *others = sources.xpath("ul/li")
    assert texts(ours, "ul/li") == [*said[1:], "<i>"]  # a name that is in no table stays as it is
    assert not [other for other in others if other.xpath("ul | p")]
    nothing = page(client, LANGUAGES[language] + "/title/t-script")
    assert not nothing.xpath(
        "//details[@class='sources']/*[self::summary or self::ul]//*[self::p or self::ul or @class='tally']"
    )


def test_a_record_is_text_and_never_markup(client: FlaskClient) -> None:
    for path in ("/title/t-script", "/search?q=วัวชน", "/search?q=<script>alert(1)</script>", "/"):
        response = client.get(path)
        assert response.data.count(b"<script") == 1  # our own, which has nothing in it
        assert re.search(rb"<script src=.[^<>]* defer></script>", response.data)
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


def test_a_title_leads_to_its_editions_and_to_what_is_like_it(client: FlaskClient) -> None:
    tree = page(client, "/title/t-edition-2")
    section = tree.xpath("//section[@aria-labelledby='editions']")[0]
    assert sorted(section.xpath(".//a/@href")) == [f"/title/t-edition-{n}" for n in (1, 3, 4)]
    assert texts(section, ".//h2") == ["ฉบับและเล่มอื่น ๆ (3)"]
    assert not tree.xpath("//section[@aria-labelledby='similar']//a[starts-with(@href, '/title/t-edition')]")
    similar = page(client, "/title/n-001").xpath("//section[@aria-labelledby='similar']//h3/a/@href")
    assert len(similar) == 6
    assert "/title/n-001" not in similar
    assert all(client.get(address).status_code == 200 for address in similar)
    assert not page(client, "/title/n-001").xpath("//section[@aria-labelledby='editions']")


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


# ── leafing ──────────────────────────────────────────────────────────────────────────────────────


def headings(tree: html.HtmlElement) -> dict[str, str]:
    rows = tree.xpath("//ol[@class='headings']/li")
    return {" ".join(row.xpath("string(a)").split()): row.xpath("string(span[@class='tally'])") for row in rows}


@pytest.mark.parametrize("kind", ["title", "creator", "subject", "call_number"])
def test_leafing_there_and_back_passes_every_heading_once(client: FlaskClient, kind: str) -> None:
    pages: list[list[str]] = []
    path = f"/browse/{kind}"
    while path:
        tree = page(client, path)
        pages.append(list(headings(tree)))
        assert tree.get_element_by_id("from").get("value") == ""  # what the pager asks is nothing that one typed
        last, path = path, next(iter(tree.xpath("//nav[@class='steps']/a[@rel='next']/@href")), "")
    seen = [heading for one in pages for heading in one]
    assert len(seen) == len(set(seen)) > 15
    back: list[str] = []
    while last:
        tree = page(client, last)
        back = list(headings(tree)) + back
        last = next(iter(tree.xpath("//nav[@class='steps']/a[@rel='prev']/@href")), "")
    assert back == seen
    shown = {" ".join(unbroken(v).split()) for d in (*NAMED, *MANY) for v in d.values.get(kind, ())}
    assert shown - set(seen) == set() or kind == "call_number"


def test_headings_stand_in_the_order_of_the_dictionary_with_their_counts(client: FlaskClient) -> None:
    found = headings(page(client, "/browse/subject?from=ก"))
    assert list(found)[:3] == ["การจัดการความรู้", "ขอนแก่น -- ประวัติศาสตร์", "เรื่องสั้นไทย"]  # เ after its consonant
    assert found["การจัดการความรู้"] == "65 รายการ"
    assert headings(page(client, "/en/browse/subject?from=ว"))["วัด"] == "1 title"


@pytest.mark.parametrize("kind", ["title", "creator", "subject", "call_number"])
def test_every_heading_leads_to_as_many_titles_as_it_says(client: FlaskClient, kind: str) -> None:
    path = f"/browse/{kind}"
    while path:
        tree = page(client, path)
        for row in tree.xpath("//ol[@class='headings']/li"):
            address = row.xpath("a/@href")[0]
            answer = client.get(f"{urlsplit(address).path}.json?{urlsplit(address).query}&size=200").json
            counted = int(row.xpath("string(span[@class='tally'])").split()[0])
            assert answer["stage"] == "words"
            if kind == "title":  # the words of one title may stand in a longer one
                exactly = [
                    hit for hit in answer["hits"] if hit["title"] == row.xpath("string(a)").replace("\u00a0", " ")
                ]
                assert len(exactly) == counted, address
            else:
                assert answer["total"] == counted, address
        path = next(iter(tree.xpath("//nav[@class='steps']/a[@rel='next']/@href")), "")


@every_language
@pytest.mark.parametrize("kind", ["title", "call_number"])
def test_every_letter_and_class_leads_on(client: FlaskClient, language: str, kind: str) -> None:
    tree = page(client, f"{LANGUAGES[language]}/browse/{kind}")
    links = tree.xpath("//nav[@class='bars']//a/@href")
    assert len(links) == (72 if kind == "title" else 32)
    assert all(client.get(link).status_code == 200 for link in links)


def test_where_one_is_in_the_alphabet_is_said(client: FlaskClient) -> None:
    def here(path: str) -> list[str]:
        return [b.text_content() for b in page(client, path).xpath("//nav[@class='bars']//a[@aria-current]/b")]

    assert here("/browse/title?from=ก") == ["ก"]
    assert here("/browse/subject?from=เร") == ["ร"]
    assert here("/browse/title?from=g") == ["G"]
    assert here("/browse/call_number?from=9") == ["900"]
    assert here("/browse/call_number?from=PL") == ["P"]
    assert here("/browse/title?from=zzz") == []


def test_the_end_of_the_list_leads_back(client: FlaskClient) -> None:
    tree = page(client, "/browse/title?from=zzz")
    assert "รายการสิ้นสุดก่อน “zzz”" in texts(tree, "//div[@class='empty']/p")[0]
    back = tree.xpath("//nav[@class='steps']/a[@rel='prev']/@href")[0]
    assert headings(page(client, back))


@pytest.mark.parametrize("start", ["<script>", '"', "=", "\x00", "ก" * 800, "%ff", "ำ่", "🙂"])
def test_leafing_begins_anywhere(client: FlaskClient, start: str) -> None:
    for kind in ("title", "call_number"):
        assert client.get(f"/browse/{kind}", query_string={"from": start, "before": "yes"}).status_code == 200
        assert client.get(f"/browse/{kind}", query_string={"from": start}).status_code == 200
    assert client.get("/browse/publisher").status_code == 404


# ── suggestions ──────────────────────────────────────────────────────────────────────────────────


def test_suggestions_are_headings_with_their_kind_and_count(client: FlaskClient) -> None:
    response = client.get("/suggest.json?q=การจัด")
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert {"text": "การจัดการความรู้", "kind": "subject", "titles": 65} in response.json
    assert 2 <= len(response.json) <= 8
    assert {one["kind"] for one in response.json} <= {"title", "creator", "subject"}
    assert client.get("/en/suggest.json?q=การจัด").json == response.json


@pytest.mark.parametrize(
    "typed", ["", " ", "ก", "\x00\x00", "%", "_%", "'; DROP TABLE headings; --", "ก" * 5000, "🙂🙂", "\ud800x"]
)
def test_whatever_is_typed_there_is_a_list(client: FlaskClient, typed: str) -> None:
    asked = typed.encode("utf-8", "surrogatepass")
    response = client.get("/suggest.json?q=" + "".join(f"%{byte:02x}" for byte in asked))
    assert response.status_code == 200
    assert isinstance(response.json, list)


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

    def complete(self, typed: str, size: int = 8) -> list[Completion]:
        raise self.error

    def editions(self, document: Document, size: int = 20) -> list[Document]:
        raise self.error

    def similar(self, document: Document, size: int = 6) -> list[Document]:
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


@pytest.mark.parametrize("error", [EngineError("no index"), RuntimeError("a secret of the house")])
def test_trouble_is_no_reason_not_to_type_on(broken: Flask, error: Exception) -> None:
    Broken.error = error
    response = broken.test_client().get("/suggest.json?q=การ")
    assert (response.status_code, response.json) == (200, [])


def test_a_title_is_shown_where_there_is_no_index_to_look_beside_it(broken: Flask) -> None:
    Broken.error = EngineError("no index")
    tree = page(broken.test_client(), "/title/t-edition-2")
    assert tree.xpath("//section[@class='title-held']")
    assert not tree.xpath("//section[@class='beside']")


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
