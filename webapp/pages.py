"""The readers' pages: home, results, a title, leafing, help, the members; each at one address in each language."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from search.engines import EngineError
from search.headings import EXACT, Completion
from search.question import Document, Hit, Page, Query
from webapp import browsing, help, results
from webapp.addresses import href, query_href
from webapp.context import context, language
from webapp.formats import FORMATS, Format, Reader
from webapp.holdings import by_member

NEWEST = 6  # titles on the home page
EXAMPLES = 3  # headings that the home page offers to search for
SIMILAR = 6  # titles at the end of a title's page
TYPED = 100  # characters that suggestions are made of
FEWEST = 2  # with one letter everything could be meant
SUGGESTED = 60  # seconds that a browser may keep suggestions

logger = logging.getLogger(__name__)
pages = Blueprint("pages", __name__)
_EXPORT = f"<any({', '.join(FORMATS)}):extension>"


@pages.get("/")
def home() -> str:
    newest = context().catalogue.search(Query(sort="newest", size=NEWEST))
    return render_template(
        "home.html",
        page=newest,
        titles=context().catalogue.titles(),
        query=_query({}),
        examples=[heading for heading, _ in newest.facets.get("subject", ()) if "--" not in heading][:EXAMPLES],
    )


@pages.get("/search")
def search() -> str | AnyResponse:
    query = _asked()
    page = context().catalogue.search(query)
    last = results.last_page(page)
    if query.page > last:
        return redirect(query_href(results.at(query, last)))
    return render_template(
        "search.html",
        page=page,
        query=query,
        last=last,
        facets=context().catalogue.facets,
        groups=results.groups(page, context().catalogue.facets),
        chips=list(results.chips(query)),
        plain=results.plain(query),
        export_links=partial(query_href, query),
    )


@pages.get(f"/search.{_EXPORT}")
def search_export(extension: str) -> Response:
    page = results.ungrouped(context().catalogue.search(_asked()))
    return _exported(page, FORMATS[extension], f"search.{extension}")


@pages.get("/suggest.json")
def suggest() -> Response:
    """What the reader may be typing, as ``[{"text", "kind", "titles"}]``; an empty list whatever goes wrong."""
    response = jsonify([msgspec.to_builtins(one) for one in _completions(request.args.get("q", ""))])
    response.headers["Cache-Control"] = f"public, max-age={SUGGESTED}"
    return response


@pages.get("/browse")
def browse() -> str:
    return render_template("browse.html", kinds=browsing.KINDS, query=_query({}))


@pages.get(f"/browse/<any({', '.join(browsing.KINDS)}):kind>")
def shelf(kind: str) -> str:
    start = request.args.get("from", "").strip()
    leaf = context().catalogue.browse(kind, start, browsing.SIZE, before=request.args.get("before") == "yes")
    return render_template(
        "shelf.html",
        kind=kind,
        shelf=leaf,
        start=start,
        typed=start if not start.startswith(EXACT) else "",
        here=browsing.place(kind, leaf.headings[0].text) if leaf.headings else "",
        bars=browsing.bars_of(kind),
        query=_query({}),
    )


@pages.get("/help")
def how() -> str:
    return render_template("help.html", topics=help.TOPICS, query=_query({}))


@pages.get("/title/<id>")
def title(id: str) -> str | AnyResponse:
    document = context().catalogue.document(id)
    if document is None:
        return redirect(href("title", id=_present(id)), 301)
    export_links = partial(_title_export_href, id)
    return render_template(
        "title.html",
        document=document,
        held=by_member(document),
        repairs=context().repairs(document),
        editions=_beside(context().catalogue.editions, document),
        similar=_beside(partial(context().catalogue.similar, size=SIMILAR), document),
        query=_query({}),
        export_links=export_links,
    )


@pages.get(f"/title/<id>.{_EXPORT}")
def title_export(id: str, extension: str) -> AnyResponse:
    document = context().catalogue.document(id)
    if document is None:
        return redirect(href("title_export", id=_present(id), extension=extension), 301)
    page = Page(query=Query(), total=1, hits=(Hit(document),), facets={})
    return _exported(page, FORMATS[extension], f"{id}.{extension}")


@pages.get("/members")
def members() -> str:
    return render_template("members.html", standings=context().standings(), query=_query({}))


# ── what the pages share ─────────────────────────────────────────────────────────────────────────


def _asked() -> Query:
    return _query(request.args.to_dict(flat=False))


def _query(args: dict[str, list[str]]) -> Query:
    return Query.from_args(args, context().catalogue.facets, context().tables.settings.page_size)


def _completions(typed: str) -> Sequence[Completion]:
    typed = " ".join(typed.split())[:TYPED]
    try:
        return context().catalogue.complete(typed) if len(typed) >= FEWEST else ()
    except Exception:  # a suggestion is a comfort: without one the reader types on
        logger.exception("no suggestions for %r", typed)
        return ()


def _beside(find: Callable[[Document], list[Document]], document: Document) -> list[Document]:
    """Other titles, for which the index is asked; without an index the title itself can still be shown."""
    try:
        return find(document)
    except EngineError as error:
        logger.error("nothing beside %s: %s", document.id, error)
        return []


def _present(id: str) -> str:
    """The id that a merged title goes by now, where that is a title; anything else is not found."""
    present = context().present_id(id)
    if present is None or present == id:
        abort(404)
    return present


def _title_export_href(id: str, extension: str) -> str:
    return href("title_export", id=id, extension=extension)


def _full_address(document: Document) -> str:
    return href("title", id=document.id, _external=True)


def _exported(page: Page, format: Format, name: str) -> Response:
    body = format.writer().write(page, Reader(context().tables, language(), _full_address))
    response = Response(body, content_type=format.content_type)
    if format.attachment:
        response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
