"""An answer as JSON: what the command line prints and the pages give to programs."""

from typing import Any

import msgspec

from search.question import Document, Page


def as_json(page: Page) -> dict[str, Any]:
    """``{"total", "hits": […], "facets": {name: [[value, count]…]}, "stage", "suggestion"}``; codes as they are.
    Every title is a hit of its own, the editions of a work one after another."""
    return {
        "total": page.total,
        "hits": [hit_json(document) for hit in page.hits for document in hit.documents],
        "facets": {name: [list(pair) for pair in values] for name, values in page.facets.items()},
        "stage": page.stage,
        "suggestion": page.suggestion,
    }


def hit_json(document: Document) -> dict[str, Any]:
    """One title: what a list shows of it, and all its holdings. The year is CE, or null."""
    year = document.first("year")
    return {
        "id": document.id,
        "title": document.first("title"),
        "creators": list(document.all("creator")),
        "year": int(year) if year.isdecimal() else None,
        "members": list(document.members),
        "holdings": msgspec.to_builtins(document.holdings),
    }
