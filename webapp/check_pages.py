"""The pages for librarians that check a purchase list: bring it, say what its columns mean, wait, read the result."""

import logging
import threading
from ipaddress import ip_address, ip_network
from itertools import islice
from urllib.parse import urlsplit

import msgspec
from flask import Response, abort, jsonify, redirect, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from harvest.wording import in_thai
from index.check import columns, lists, money
from index.check.check import HELD, NAMES, NOT_HELD, RELATED, RELATIONS, REVIEW, VERDICTS, Match, Report, Result
from index.check.entries import LEFT, NOTES
from index.check.lists import MOST_ROWS, List, ListError, Table
from index.check.report import FORMS, Reader, place
from index.check.service import NothingHeld, check_of
from index.match.judge import Reason
from index.match.reasons import said
from search.question import Query
from webapp.addresses import href
from webapp.checking import MOST_OF_ONE, Desk, Full, Gone, Many
from webapp.context import N_, _, context, language
from webapp.pages import pages

SHOWN = 50  # rows on a page
EXAMPLES = 3  # cells of a column that are shown beside its meaning
NAME = 120  # letters of a file's name
READING = 2  # lists that a process reads at once: it serves readers too
REPEATED = "repeated"  # the filter for rows that repeat an earlier one

FAULTS = {  # what a list can lack, as ListError.kind
    "empty": N_("There is no row in it. Please add the titles, one a row, and try again."),
    "too_long": N_("The list has more than %(most)s rows. Please split it and check the parts one after the other."),
    "headless": N_("No column of titles or ISBN is chosen. Please choose at least one."),
    "wrong_column": N_("A column has a meaning that we do not know. Please choose from the list."),
    "unreadable": N_("The file cannot be read. Please save it as Excel (.xlsx), CSV, ODS or MARC and try again."),
}
ABOUT = {
    HELD: N_("A member library has this very edition, or the title where the row names no edition."),
    RELATED: N_("Not this one, but another edition, volume, binding or language of it, or the e-book."),
    REVIEW: N_("Too little agrees, or disagrees, to be sure. Please look at the title."),
    NOT_HELD: N_("No member library told us of it."),
}

logger = logging.getLogger(__name__)
_reading = threading.BoundedSemaphore(READING)


# ── bring a list ─────────────────────────────────────────────────────────────────────────────────


@pages.route("/check", methods=["GET", "POST"])
def check() -> AnyResponse:
    if request.method != "POST":
        return _private(_start())
    _same_site()
    settings = context().tables.settings
    request.max_content_length = request.max_form_memory_size = settings.upload_mb << 20
    try:
        data, name = _brought()
    except RequestEntityTooLarge:
        most = settings.upload_mb
        too_large = _("The file is larger than %(most)s MB. Please leave out what is no part of the list.", most=most)
        return _private(_start(too_large), 413)
    if not data.strip():
        return _private(_start(_("Please choose a file or paste a list first.")), 400)
    try:
        check_of(context().tables, context().installation.database)
        return redirect(href("check_list", token=_kept(data, name)), 303)
    except ListError as error:
        return _private(_start(_fault(error)), 400)
    except Many:
        return _private(_start(_many()), 429)
    except Full:
        return _private(_start(_full()), 503)
    except NothingHeld:
        return _private(_start(_("The catalogue holds no title yet, so nothing can be checked.")), 503)


def _kept(data: bytes, name: str) -> str:
    """Read the list and keep it. Its token. Raises ListError, Many, Full."""
    address = _address()
    _desk().room(address)
    if not _reading.acquire(blocking=False):
        raise Full
    try:
        given = lists.read(data, name, context().tables.fields)
    finally:
        _reading.release()
    return _desk().keep(given, address)


def _address() -> str:
    """Who sends the list, for as long as it is kept: the network, where one client has as many addresses as it likes.
    Behind a proxy on this machine it is whom the proxy names last."""
    address = request.remote_addr or ""
    try:
        if ip_address(address).is_loopback:
            address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or address
        found = ip_address(address)
    except ValueError:
        return address
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False))


def _start(fault: str = "") -> str:
    limits = {"most": MOST_ROWS, "megabytes": context().tables.settings.upload_mb}
    return render_template("check.html", fault=fault, pasted=_pasted() if fault else "", query=_nothing(), **limits)


def _pasted() -> str:
    try:
        return request.form.get("list", "")
    except RequestEntityTooLarge:
        return ""


def _brought() -> tuple[bytes, str]:
    """(the list's bytes, its name). A file counts, where both came."""
    file = request.files.get("file")
    if file and file.filename:
        return file.read(), file.filename.replace("\\", "/").rpartition("/")[2][-NAME:]
    return request.form.get("list", "").encode("utf-8", "replace"), _("pasted list")


# ── say what its columns mean ────────────────────────────────────────────────────────────────────


@pages.get("/check/<token>")
def check_list(token: str) -> AnyResponse:
    """Whatever comes next for a list: its columns, its progress, or its result."""
    try:
        progress = _desk().progress(token)
        if progress is None:
            given = _desk().list(token)
            return _private(_columns(token, given)) if given else _gone()
        report = _desk().report(token)
        if report is None:
            page = render_template("check_wait.html", token=token, progress=progress, query=_nothing())
            return _private(page)
        return _private(_result(token, report))
    except Gone:
        return _gone()


@pages.post("/check/<token>")
def check_start(token: str) -> AnyResponse:
    _same_site()
    try:
        given = _desk().list(token)
        if given is None:
            return redirect(href("check_list", token=token), 303)
        try:
            chosen = lists.arranged(given, _meanings(given), context().tables.fields)
            lists.told(chosen)
            _desk().start(token, chosen, context().installation)
        except ListError as error:
            return _private(_columns(token, given, _fault(error)), 400)
        except Full:
            return _private(_columns(token, given, _full()), 503)
    except Gone:
        return _gone()
    return redirect(href("check_list", token=token), 303)


def _columns(token: str, given: List, fault: str = "") -> str:
    known = columns.labels(context().tables.fields)
    labels = {name: label.in_language(language().code) for name, label in known.items()}
    examples = [[_examples(table, at) for at in range(len(table.columns))] for table in given.tables]
    return render_template(
        "check_columns.html", token=token, given=given, labels=labels, fault=fault, examples=examples, query=_nothing(),
        in_thai=in_thai,
    )  # fmt: skip


def _examples(table: Table, at: int) -> list[str]:
    """The first cells of a column that hold something."""
    return list(islice((row.cells[at] for row in table.rows if row.cells[at]), EXAMPLES))


def _meanings(given: List) -> list[list[str]]:
    """What the form says of each column; what it leaves out stays as it was guessed."""
    return [
        [request.form.get(f"c{n}-{at}", guessed) for at, guessed in enumerate(table.columns)]
        for n, table in enumerate(given.tables)
    ]


# ── wait ─────────────────────────────────────────────────────────────────────────────────────────


@pages.get("/check/<token>/progress.<any(json):extension>")
def check_progress(token: str, extension: str) -> AnyResponse:
    try:
        progress = _desk().progress(token)
    except Gone:
        abort(404)
    return _private(jsonify(msgspec.to_builtins(progress)))


# ── read the result ──────────────────────────────────────────────────────────────────────────────


def _result(token: str, report: Report) -> str:
    wanted = request.args.get("verdict", "")
    chosen = [n for n, result in enumerate(report.results) if _is(result, wanted)]
    last = max(1, -(-len(chosen) // SHOWN))
    asked = request.args.get("page", "")
    page = min(max(int(asked), 1), last) if asked.isdecimal() and len(asked) < 7 else 1
    return render_template(
        "check_result.html", token=token, report=report, chosen=chosen[(page - 1) * SHOWN : page * SHOWN],
        verdict=wanted, page=page, last=last, count=len(chosen), forms=FORMS, query=_nothing(),
        verdicts=VERDICTS, about=ABOUT, place=place, repeated=REPEATED,
    )  # fmt: skip


def _is(result: Result, wanted: str) -> bool:
    if wanted == REPEATED:
        return result.duplicate_of is not None
    return wanted not in VERDICTS or result.verdict == wanted


@pages.get(f"/check/<token>/report.<any({', '.join(FORMS)}):extension>")
def check_report(token: str, extension: str) -> AnyResponse:
    try:
        report = _desk().report(token)
    except Gone:
        return _gone()
    if report is None:
        return redirect(href("check_list", token=token), 303)
    reader = Reader(context().tables, language().code, lambda id: href("title", id=id, _external=True))
    response = Response(FORMS[extension].write(report, reader), content_type=FORMS[extension].content_type)
    response.headers.set("Content-Disposition", "attachment", filename=f"check.{extension}")
    return _private(response)


@pages.post("/check/<token>/forget")
def check_forget(token: str) -> AnyResponse:
    _same_site()
    try:
        _desk().forget(token)
    except Gone:
        return _gone()
    return redirect(href("check", removed="yes"), 303)


# ── what the pages share ─────────────────────────────────────────────────────────────────────────


def _desk() -> Desk:
    return Desk(context().installation.home)


def _nothing() -> Query:
    return Query(size=context().tables.settings.page_size)


def _gone() -> AnyResponse:
    removed = _("This list is no longer here: lists are removed after an hour. Please bring it again.")
    return _private(_start(removed), 404)


def _full() -> str:
    return _("Many lists are being checked just now. Please try again in a few minutes.")


def _many() -> str:
    return _(
        "%(most)s lists from your address are here already. Please remove one that you are done with, "
        "or try again in an hour.",
        most=MOST_OF_ONE,
    )


def _fault(error: ListError) -> str:
    return language().say(FAULTS.get(error.kind, FAULTS["unreadable"]), most=f"{MOST_ROWS:,}")


def _private(page: str | Response, code: int = 200) -> Response:
    """An answer that nobody keeps: a list is its library's own."""
    response = page if isinstance(page, Response) else Response(page, content_type="text/html; charset=utf-8")
    response.status_code = code
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _same_site() -> None:
    """Refuse a form that another site sends. There is no session that it could use, but work that it could make."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        if site not in ("same-origin", "none"):
            abort(403)
    elif origin is not None and urlsplit(origin).netloc != request.host:
        abort(403)


# ── names, for the templates ─────────────────────────────────────────────────────────────────────


def verdict_name(verdict: str) -> str:
    return NAMES[verdict].in_language(language().code)


def relation_name(match: Match) -> str:
    return RELATIONS[match.relation].in_language(language().code) if match.relation in RELATIONS else match.relation


def reason_said(reason: Reason) -> str:
    return said(reason, language().code)


def note_said(note: str) -> str:
    return NOTES[note].in_language(language().code)


def left_said(why: str) -> str:
    return LEFT[why].in_language(language().code)


def currency_name(code: str) -> str:
    return money.NAMES[code].in_language(language().code)


CALLED = (currency_name, left_said, note_said, reason_said, relation_name, verdict_name)
