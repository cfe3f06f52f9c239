"""The pages in a real browser: without JavaScript, on a phone, in the dark, by keyboard."""

import itertools
import re
import shutil
import threading
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright
from werkzeug.serving import make_server

from tests.conftest import missing
from webapp.display import TORN

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--disable-default-apps", "--metrics-recording-only", "--disable-domain-reliability",
    "--disable-features=OptimizationHints,MediaRouter,Translate", "--disable-dev-shm-usage", "--disable-gpu",
]  # fmt: skip
PATHS = (
    "/",
    "/search?q=ชุมชน",
    "/search?q=ชุมชน&member=kku&member=bcnkk&language=tha&years=2550-2560",
    "/search?q=zzzz&member=kku",
    "/title/t-everything",
    "/title/t-german",
    "/search?q=%3D6,%3Do",
    "/search?q=%3D6,%3Do&exact=yes",
    "/search?q=ฟ้าบ่กั้น",
    "/title/t-edition-2",
    "/browse",
    "/browse/title?from=ก",
    "/browse/call_number",
    "/help",
    "/members",
    "/check",
    "/no-such-page",
)
LANGUAGES = ("", "/en")
every_page = pytest.mark.parametrize("path", [language + path for language in LANGUAGES for path in PATHS])


@pytest.fixture(scope="module")
def site(app: Flask) -> Iterator[str]:
    def whole(environ: Any, start: Any) -> list[bytes]:
        """The answer from memory: no file stays open where the browser hangs up."""
        body = app(environ, start)
        try:
            return [b"".join(body)]
        finally:
            cast(Any, body).close()

    server = make_server("127.0.0.1", 0, whole, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not shutil.which(CHROMIUM):
        missing("chromium is missing: apt-get install chromium fonts-thai-tlwg")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


def opened(browser: Browser, site: str, path: str, width: int = 1280, **options: Any) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 800}, **options)
    page = context.new_page()
    page.goto(site + path)
    return page


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """One window for the tests that load pages and look at them; a window for each would take processes of its own."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def told(window: Page) -> Iterator[list[str]]:
    """What the window said: of the console, of errors, of what could not be loaded."""
    said: list[str] = []
    heard: dict[Any, Any] = {
        "console": lambda message: said.append(message.text),
        "pageerror": lambda error: said.append(str(error)),
        "requestfailed": lambda request: said.append(request.url),
    }
    for event, hear in heard.items():
        window.on(event, hear)
    yield said
    for event, hear in heard.items():
        window.remove_listener(event, hear)


def look(window: Page, address: str, width: int = 1280, scheme: Any = "light") -> None:
    window.set_viewport_size({"width": width, "height": 800})
    window.emulate_media(color_scheme=scheme)
    window.goto(address)


UNFOLD = "document.querySelectorAll('details').forEach(fold => fold.open = true)"


# What stands further right than the text may: the padding of the page is no room for it.
OUTSIDE = """() => {
  const edge = document.querySelector('main .width').getBoundingClientRect();
  const right = edge.right - parseFloat(getComputedStyle(document.querySelector('main .width')).paddingRight) + 1;
  return [...document.querySelectorAll('main .width *')]
    .filter(e => e.checkVisibility() && !e.closest('.unseen, svg') && e.getBoundingClientRect().right > right)
    .map(e => e.outerHTML.slice(0, 100));
}"""


# ── a search from end to end ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("width", [390, 1280])
def test_a_search_without_javascript(browser: Browser, site: str, width: int) -> None:
    page = opened(browser, site, "/", width, java_script_enabled=False)
    page.get_by_role("searchbox", name="คำค้น").fill("ชุมชน")
    page.get_by_role("button", name="สืบค้น").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("พบ 65 รายการ สำหรับ “ชุมชน”")
    if width == 390:  # filters are folded on a phone
        expect(page.get_by_role("checkbox", name="สำนักหอสมุด มข.")).to_be_hidden()
        page.locator(".filters-fold > summary").click()
    page.get_by_role("checkbox", name="สำนักหอสมุด มข.").check()
    page.get_by_role("checkbox", name="วิทยานิพนธ์").check()
    page.get_by_label("ช่วงปี (พ.ศ. หรือ ค.ศ.)").fill("2543-2552")
    page.get_by_role("button", name="ใช้ตัวกรอง").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("พบ 5 รายการ สำหรับ “ชุมชน”")
    page.get_by_role("link", name="นำตัวกรอง วิทยานิพนธ์ ออก").click()
    page.get_by_label("เรียงตาม").select_option("title")
    page.get_by_role("button", name="เรียง").click()
    first = page.locator(".hit h3 a").first
    said = first.inner_text()
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(said)
    page.go_back()
    assert page.locator(".hit h3 a").first.inner_text() == said
    page.get_by_role("link", name="English").click()
    expect(page.get_by_label("Sort by")).to_have_value("title")
    expect(page.get_by_role("searchbox")).to_have_value("ชุมชน")
    page.context.close()


def test_the_pager_by_its_links(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/search?q=ชุมชน&sort=title", java_script_enabled=False)
    page.get_by_role("link", name="ถัดไป").click()
    expect(page.get_by_role("navigation", name="หน้าผลการสืบค้น").locator("[aria-current]")).to_have_text("หน้า 2")
    assert "page=2" in page.url
    page.context.close()


def test_other_words_by_their_links(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/search?q=%3D6,%3Do", java_script_enabled=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("พบ 65 รายการ สำหรับ “ชุมชน”")
    page.get_by_role("link", name="ค้นหา “=6,=o” ตามที่พิมพ์").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ไม่พบรายการสำหรับ “=6,=o”")
    page.get_by_role("link", name="ค้นโดยเทียบคำสะกดและอักษรอื่นด้วย").click()
    expect(page.get_by_role("status")).to_contain_text("แสดงผลของ “ชุมชน” แทน")
    page.context.close()


@pytest.mark.parametrize("width", [375, 1280])
def test_the_years_by_their_columns(browser: Browser, site: str, width: int) -> None:
    page = opened(browser, site, "/search?q=ชุมชน", width, java_script_enabled=False)
    if width == 375:
        page.locator(".filters-fold > summary").click()
    columns = page.get_by_role("list", name="จำนวนรายการตามปีพิมพ์").get_by_role("link")
    assert all(box["width"] >= 24 and box["height"] >= 44 for column in columns.all() if (box := column.bounding_box()))
    column = columns.nth(2)
    said = column.locator(".column-said")
    assert said.evaluate("e => getComputedStyle(e).opacity") == "0"
    column.hover()
    assert said.evaluate("e => getComputedStyle(e).opacity") == "1"
    span, _, titles = said.inner_text().partition(": ")
    column.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"พบ {titles}")
    expect(page.get_by_role("list", name="ตัวกรองที่เลือก")).to_contain_text(span)
    page.context.close()


def test_leafing_by_its_links(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/browse", 375, java_script_enabled=False)
    page.get_by_role("link", name="ชื่อเรื่อง").click()
    first = page.locator(".headings a").first.inner_text()
    page.get_by_role("link", name="ถัดไป").click()
    assert page.locator(".headings a").first.inner_text() != first
    page.get_by_role("link", name="ก่อนหน้า").click()
    assert page.locator(".headings a").first.inner_text() == first
    page.get_by_role("link", name="พ", exact=True).click()
    expect(page.locator(".headings a").first).to_have_text("พจนานุกรม ฉบับราชบัณฑิตยสถาน")
    page.get_by_label("เริ่มจาก", exact=True).fill("ประ")
    page.get_by_role("button", name="ไป").click()
    page.locator(".headings a").first.click()
    expect(page.locator(".hit h3 a")).to_have_text(["ประวัติศาสตร์ขอนแก่น : เมืองเก่าและวัดต่าง\u00a0ๆ"])
    page.context.close()


def test_what_was_looked_for_is_seen_without_moving_a_letter(browser: Browser, site: str) -> None:
    """A mark within a Thai word neither breaks the line nor shifts what follows."""
    page = opened(browser, site, "/search?q=ขอนแก่น", 375)
    title = page.locator("#t-everything h3 a")
    expect(title.locator("mark")).to_have_text("ขอนแก่น")
    marked = title.bounding_box()
    title.evaluate("e => e.querySelectorAll('mark').forEach(mark => mark.replaceWith(...mark.childNodes))")
    assert title.bounding_box() == marked
    page.context.close()


# ── suggestions ──────────────────────────────────────────────────────────────────────────────────


def suggestions(page: Page) -> Locator:
    return page.get_by_role("listbox", name="คำแนะนำ")


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="คำค้น")


@pytest.mark.parametrize("path", ["/", "/members"])
def test_a_suggestion_is_chosen_by_keyboard(browser: Browser, site: str, path: str) -> None:
    page = opened(browser, site, path)
    expect(box(page)).to_have_attribute("aria-expanded", "false")
    box(page).press_sequentially("การจัดการ")
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    options = suggestions(page).get_by_role("option")
    expect(page.get_by_role("status")).to_have_text(f"มีคำแนะนำ {options.count()} รายการ กดลูกศรขึ้นลงเพื่อเลือก")
    expect(page.locator("[aria-selected=true]")).to_have_count(0)  # Enter would search what was typed
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[aria-selected=true]")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert box(page).get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    assert box(page).input_value() == "การจัดการ"
    expect(options.first).to_contain_text("การจัดการความรู้")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text('พบ 65 รายการ สำหรับ “"การจัดการความรู้"”')
    expect(page.get_by_label("ค้นใน")).to_have_value("subject")
    page.context.close()


def test_a_creator_that_was_chosen_is_found_in_every_role(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/")
    box(page).press_sequentially("Chris")
    suggestions(page).get_by_role("option", name="Chris Baker").click()
    expect(page.locator(".hit")).to_have_count(1)
    page.context.close()


def test_enter_searches_what_was_typed_and_escape_closes(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/")
    box(page).press_sequentially("การจัดการ")
    expect(suggestions(page)).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(suggestions(page)).to_be_hidden()
    expect(box(page)).to_have_attribute("aria-expanded", "false")
    expect(box(page)).not_to_have_attribute("aria-activedescendant", re.compile("."))
    assert box(page).input_value() == "การจัดการ"
    page.keyboard.press("ArrowDown")  # opens it again
    expect(suggestions(page)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("พบ 65 รายการ สำหรับ “การจัดการ”")
    page.context.close()


def test_the_list_goes_when_the_box_is_left(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/")
    box(page).press_sequentially("การ")
    expect(suggestions(page)).to_be_visible()
    page.keyboard.press("Tab")
    expect(suggestions(page)).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "in"
    page.context.close()


def test_nothing_is_asked_before_a_letter_is_whole(browser: Browser, site: str) -> None:
    """A phone's keyboard composes: what it shows meanwhile is not yet typed."""
    page = opened(browser, site, "/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "suggest" in request.url else None)
    box(page).focus()
    keyboard = page.context.new_cdp_session(page)
    for shown in ("กา", "การ"):
        keyboard.send(
            "Input.imeSetComposition", {"text": shown, "selectionStart": len(shown), "selectionEnd": len(shown)}
        )
        page.wait_for_timeout(400)
    assert box(page).input_value() == "การ"
    assert asked == []
    keyboard.send("Input.insertText", {"text": "การจัด"})
    expect(suggestions(page)).to_be_visible()
    assert len(asked) == 1
    page.context.close()


def test_an_answer_that_comes_too_late_is_dropped_and_keys_are_waited_for(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/")
    asked: list[str] = []

    def answer(route: Route) -> None:
        typed = parse_qs(urlsplit(route.request.url).query)["q"][0]
        asked.append(typed)
        if typed == "slow":
            page.wait_for_timeout(900)
        route.fulfill(json=[{"text": f"for {typed}", "kind": "title", "titles": 1}])

    page.route("**/suggest.json?*", answer)
    box(page).press_sequentially("slow", delay=20)
    page.wait_for_timeout(400)
    box(page).press_sequentially("er", delay=20)
    expect(suggestions(page).get_by_role("option")).to_have_text(["for slower ชื่อเรื่อง 1"])
    page.wait_for_timeout(900)
    expect(suggestions(page).get_by_role("option")).to_have_text(["for slower ชื่อเรื่อง 1"])
    assert asked == ["slow", "slower"]
    page.context.close()


def test_a_suggestion_is_text_and_never_markup(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/")
    box(page).press_sequentially("<script>alert")
    expect(suggestions(page).get_by_role("option").first).to_contain_text("<script>alert('ไทย')</script>")
    assert page.locator(".suggestions script").count() == 0
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".hit")).to_have_attribute("id", "t-script")
    page.context.close()


def test_without_suggestions_the_box_works_on(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/")
    page.route("**/suggest.json?*", lambda route: route.abort())
    box(page).press_sequentially("ชุมชน")
    page.wait_for_timeout(400)
    expect(suggestions(page)).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("พบ 65 รายการ สำหรับ “ชุมชน”")
    page.context.close()


def test_the_list_stays_on_a_phone(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/", 375)
    box(page).press_sequentially("การ")
    expect(suggestions(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    heights = [
        bounds["height"]
        for option in suggestions(page).get_by_role("option").all()
        if (bounds := option.bounding_box())
    ]
    assert min(heights) >= 44
    assert page.evaluate(WEAK_TEXTS) == []
    page.context.close()


# ── how it stands on the screen ──────────────────────────────────────────────────────────────────


@every_page
def test_nothing_runs_over_the_edge_and_nothing_is_refused(window: Page, told: list[str], site: str, path: str) -> None:
    for width in (320, 375, 390, 768, 1280):
        look(window, site + path, width)
        window.evaluate(UNFOLD)
        assert window.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        assert window.evaluate(OUTSIDE) == [], (path, width)
        assert [t for t in told if not ("404" in t and "no-such" in path)] == []


def test_the_looped_thai_letters_are_ours(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/")
    page.evaluate("document.fonts.ready")
    loaded = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family + f.weight)")
    assert {name.replace('"', "") for name in loaded} == {"Noto Sans Thai Looped400", "Noto Sans Thai Looped700"}
    page.context.close()


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(window: Page, site: str, path: str, scheme: str) -> None:
    look(window, site + path, scheme=scheme)
    assert window.evaluate(WEAK_TEXTS) == []


# Every element with text of its own: its colour against the nearest ground that is not transparent.
WEAK_TEXTS = """() => {
  const parse = colour => colour.match(/[\\d.]+/g).map(Number);
  const part = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? [0, 0, 0] : [255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!(own || element.matches('input, select')) || !element.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push([element.outerHTML.slice(0, 120), ratio.toFixed(2)]);
  }
  return weak;
}"""


@pytest.mark.parametrize("path", PATHS)
def test_what_is_tapped_is_large_enough(window: Page, site: str, path: str) -> None:
    """44 px for controls and for links that stand alone; links within a text keep its lines."""
    look(window, site + path, 390)
    window.evaluate(UNFOLD)
    small = window.evaluate("""() => [...document.querySelectorAll(
        'button, select, input:not([type=hidden]):not([type=checkbox]), summary, label.check, nav a, .chip a, .exports a, .tile')]
        .filter(e => e.checkVisibility() && !e.matches('.unseen'))
        .map(e => [e.outerHTML.slice(0, 100), e.getBoundingClientRect().height])
        .filter(([, height]) => height < 43.5)""")
    assert small == []


@pytest.mark.parametrize("path", ["/search?q=ชุมชน", "/title/t-everything", "/members"])
def test_no_line_of_thai_begins_with_a_mark(window: Page, site: str, path: str) -> None:
    """Lines as the browser broke them: none begins with a vowel or tone sign or ๆ, none ends with เ แ โ ใ ไ."""
    for width in (320, 390, 1280):
        look(window, site + path, width)
        lines = window.evaluate(LINES)
        assert len(lines) > 20
        assert not [line for line in lines if line[0] in "ะัาำิีึืฺุู็่้๊๋์ๆฯ" or line.rstrip()[-1:] in tuple("เแโใไ")]


@pytest.mark.parametrize("path", ["/", "/search?q=ชุมชน", "/title/t-everywhere", "/members"])
def test_no_line_ends_within_a_word_that_browsers_tear_apart(window: Page, site: str, path: str) -> None:
    for width in (320, 390, 412, 1280):
        look(window, site + path, width)
        assert not window.evaluate(OUTSIDE)
        torn = [
            (before, after)
            for before, after in itertools.pairwise(window.evaluate(LINES))
            for word in TORN
            if any(before.endswith(word[:n]) and after.startswith(word[n:]) for n in range(1, len(word)))
        ]
        assert not torn


@pytest.mark.parametrize(("path", "names"), [("/", ".roll a"), ("/members", ".member h2")])
def test_a_library_s_name_breaks_where_its_spaces_are(window: Page, site: str, path: str, names: str) -> None:
    look(window, site + path)
    phrases = window.evaluate(f"""() => [...document.querySelectorAll('{names} .phrase')]
        .map(e => [e.textContent, e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight)])""")
    assert {"สำนักหอสมุด", "สยามบรมราชกุมารี", "มหาวิทยาลัยภาคตะวันออกเฉียงเหนือ"} <= {text for text, _ in phrases}
    if path == "/":
        assert not [text for text, lines in phrases if lines > 1.5]
        underlined = "getComputedStyle(document.querySelector('.roll a .phrase')).textDecorationLine"
        assert window.evaluate(underlined) == "underline"


LINES = """() => {
  const lines = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    if (!node.data.trim() || !node.parentElement.checkVisibility() || node.parentElement.closest('.unseen, option')) continue;
    const range = document.createRange();
    let line = '', top = null;
    for (let i = 0; i < node.data.length; i++) {
      range.setStart(node, i); range.setEnd(node, i + 1);
      const box = range.getClientRects()[0];
      if (!box || !box.width && /\\s/.test(node.data[i])) continue;
      if (top !== null && box.top > top + 12) { lines.push(line); line = ''; }
      line += node.data[i]; top = box.top;
    }
    if (line.trim()) lines.push(line.trimStart());
  }
  return lines.filter(line => /[ก-ฮ]/.test(line));
}"""


# ── a purchase list ──────────────────────────────────────────────────────────────────────────────

BOUGHT = "\n".join(["ชื่อเรื่อง,ผู้แต่ง,ปีพิมพ์,ราคา (บาท)", *(f"หนังสือที่ไม่มีใครมี {n},ก ข,2560,100" for n in range(60))])


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
def test_a_purchase_list_from_end_to_end(browser: Browser, site: str, width: int, javascript: bool) -> None:
    page = opened(browser, site, "/check", width, java_script_enabled=javascript)
    page.get_by_label("เลือกไฟล์").set_input_files(
        {"name": "สั่งซื้อ.csv", "mimeType": "text/csv", "buffer": BOUGHT.encode()}
    )
    page.get_by_role("button", name="อ่านรายการ").click()
    expect(page.get_by_label("ราคา (บาท)")).to_have_value("price")
    if javascript:
        assert not page.evaluate(OUTSIDE)
    page.get_by_label("ผู้แต่ง").select_option("contributor")
    page.get_by_role("button", name="ตรวจ 60 แถว").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ผลการตรวจ", timeout=60_000)
    expect(page.locator(".verdict-not-held .verdict-count")).to_have_text("60")
    page.get_by_role("link", name="ถัดไป").click()
    expect(page.locator(".row")).to_have_count(10)
    if javascript:
        assert not page.evaluate(OUTSIDE)
    page.get_by_role("button", name="ลบผลการตรวจทันที").click()
    expect(page.get_by_role("status")).to_have_text("ลบรายการและผลการตรวจแล้ว")
    page.context.close()


def test_the_copies_stand_beside_the_library_on_a_phone(window: Page, site: str) -> None:
    look(window, f"{site}/en/check", 390)
    name, copies = window.evaluate("""() => {
      document.querySelector('main .width').innerHTML = '<ol><li class="row"><ul class="held"><li><span>' +
        'Khon Kaen Vocational College Library</span> <span class="status">1 copy</span></li></ul></li></ol>';
      return [...document.querySelectorAll('.held span')].map(e => e.getBoundingClientRect().toJSON());
    }""")
    assert copies["left"] >= name["right"]
    assert copies["top"] < name["top"] + copies["height"] < name["bottom"]  # the name has two lines


# ── by keyboard and by ear ───────────────────────────────────────────────────────────────────────


def test_the_tab_key_meets_the_skip_links_then_the_filters_then_the_titles(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/search?q=ชุมชน")
    met: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        met.append(page.evaluate("(e => e.name || e.innerText || '')(document.activeElement)").strip())
        if met[-1].startswith("การจัดการความรู้ในชุมชน"):
            break
    assert met[:3] == ["ข้ามไปยังเนื้อหา", "ข้ามไปยังช่องค้น", "ข้ามไปยังรายการแรก"]
    order = [met.index(name) for name in ("สหบรรณ\nสหบรรณานุกรมห้องสมุดขอนแก่น", "q", "member", "ใช้ตัวกรอง", "sort")]
    assert order == sorted(order)
    assert met[-1].startswith("การจัดการความรู้ในชุมชน")
    page.context.close()


def test_the_third_skip_link_passes_the_filters(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/search?q=ชุมชน")
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0  # it is seen when it has focus
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "sort"
    page.context.close()


def test_where_the_keyboard_is_can_be_seen(browser: Browser, site: str) -> None:
    page = opened(browser, site, "/members")
    for _ in range(12):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(s => [s.outlineStyle, parseFloat(s.outlineWidth)])(getComputedStyle(document.activeElement))"
        )
        assert style == ["solid", 3]
    page.context.close()


@pytest.mark.parametrize(
    ("path", "link", "name", "arrow"),
    [("/", ".tile", ".tile .tile-name", ".tile"), ("/browse", ".way a", ".way a", ".way h2")],
)
def test_a_tile_looks_like_the_link_that_it_is(
    window: Page, site: str, path: str, link: str, name: str, arrow: str
) -> None:
    look(window, site + path)
    style = "([of, part]) => (s => [s.color, s.content, s.outlineStyle])(getComputedStyle(document.querySelector(of), part))"
    line = "of => (s => [s.textDecorationLine, s.textDecorationColor])(getComputedStyle(document.querySelector(of)))"
    blue, _, _ = window.evaluate(style, ["main a", None])
    assert [window.evaluate(style, [name, None])[0], window.evaluate(style, [arrow, "::after"])[1]] == [blue, '"→"']
    window.hover(link)
    assert window.evaluate(line, name) == ["underline", blue]
    window.mouse.move(0, 0)
    window.keyboard.press("Tab")
    window.locator(link).first.focus()
    assert window.evaluate(line, name) == ["underline", blue]
    box, edge = (window.evaluate(style, [link, part])[2] for part in (None, "::after"))
    assert "solid" in (box, edge)


@pytest.mark.parametrize("path", ["/", "/search?q=ชุมชน", "/title/t-everything"])
def test_landmarks(browser: Browser, site: str, path: str) -> None:
    page = opened(browser, site, path)
    for role in ("banner", "main", "contentinfo", "search"):
        expect(page.get_by_role(role)).to_have_count(1)
    for navigation in page.get_by_role("navigation").all():
        assert navigation.get_attribute("aria-label")
    page.context.close()
