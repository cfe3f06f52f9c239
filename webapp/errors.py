"""What a page says when there is no page: one kind sentence, what to do next, and no traceback."""

import logging

import msgspec
from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from search.engines import EngineError
from search.question import QueryError
from webapp.context import N_, _, context, language

logger = logging.getLogger(__name__)


class Trouble(msgspec.Struct, frozen=True):
    """A heading and what to do."""

    heading: str
    advice: str


TROUBLES = {
    400: Trouble(
        N_("We could not read this question"),
        N_("Please change the words or the filters and search again."),
    ),
    404: Trouble(
        N_("There is no such page"),
        N_(
            "The address may be mistyped, or the title may have been withdrawn. "
            "Searching for its name will find it if a library still has it."
        ),
    ),
    405: Trouble(
        N_("This page cannot be used that way"),
        N_("Please go to the home page and start from there."),
    ),
    500: Trouble(
        N_("Something went wrong on our side"),
        N_("It has been written down for the people who run this catalogue. Please try again in a moment."),
    ),
    503: Trouble(
        N_("The catalogue is being prepared"),
        N_("The index has not been built yet, or is being rebuilt. Please come back in a few minutes."),
    ),
}


def register(app: Flask) -> None:
    app.register_error_handler(QueryError, _impossible_question)
    app.register_error_handler(EngineError, _no_index)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def _impossible_question(error: QueryError) -> Response:
    return _answer(400, str(error))


def _no_index(error: EngineError) -> Response:
    logger.error("no index: %s", error)
    response = _answer(503)
    response.headers["Retry-After"] = "120"
    return response


def _http(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:  # a redirect is no trouble
        return error.get_response()  # type: ignore[return-value]  # Flask's responses are Werkzeug's
    response = _answer(error.code or 500)
    response.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
    return response


def _unforeseen(error: Exception) -> Response:
    logger.exception("%s %s", request.method, request.path, exc_info=error)
    return _answer(500)


def _answer(code: int, detail: str = "") -> Response:
    trouble = TROUBLES.get(code) or TROUBLES[404 if code < 500 else 500]
    if (request.view_args or {}).get("extension") == "json":
        response = jsonify(error=detail or _(trouble.heading))
    else:
        page = render_template(
            "error.html",
            code=code,
            heading=language().say(trouble.heading),
            advice=language().say(trouble.advice),
            detail=detail,
            query=None,
            size=context().tables.settings.page_size,
        )
        response = Response(page, content_type="text/html; charset=utf-8")
    response.status_code = code
    return response
