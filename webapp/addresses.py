"""The address of every page, in the language of the page that links to it."""

from typing import Any

from flask import request, url_for

from search.question import Query
from webapp.context import context, language


def href(page: str, /, **values: Any) -> str:
    """The address of a page (``home``, ``search``, ``title``, ``members``) in the present language."""
    return url_for(f"{language().code}.{page}", **values)


def query_href(query: Query, extension: str = "") -> str:
    """The address of an answer; with an extension, of its export."""
    args = query.to_args(context().tables.settings.page_size)
    return href("search_export", extension=extension, **args) if extension else href("search", **args)


def translated(code: str, *, whole: bool = False) -> str:
    """This same page in another language, with everything that was asked; the home page where there is none.

    What the reader asked is taken as it stands in the address: as arguments, ``_scheme`` and its like
    would be orders to ``url_for``.
    """
    page = (request.endpoint or "").partition(".")[2]
    address = url_for(f"{code}.{page or 'home'}", _external=whole, **(request.view_args or {}) if page else {})
    asked = request.query_string.decode("utf-8", "replace")
    return f"{address}?{asked}" if page and asked else address
