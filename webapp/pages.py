"""The readers' pages: home, results, a title, the members; each at one address in each language."""

from functools import partial

from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from search.question import Document, Hit, Page, Query
from webapp import results
from webapp.addresses import href, query_href
from webapp.context import context, language
from webapp.formats import FORMATS, Format, Reader
from webapp.holdings import by_member

NEWEST = 6  # titles on the home page
EXAMPLES = 3  # headings that the home page offers to search for

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
        return redirect(query_href(results.at(query, 1)))
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
    return _exported(context().catalogue.search(_asked()), FORMATS[extension], f"search.{extension}")


@pages.get("/title/<id>")
def title(id: str) -> str | AnyResponse:
    document = context().catalogue.document(id)
    if document is None:
        return redirect(href("title", id=_present(id)), 301)
    export_links = partial(_title_export_href, id)
    held = by_member(document)
    return render_template("title.html", document=document, held=held, query=_query({}), export_links=export_links)


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
