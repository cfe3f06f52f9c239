"""The application: every page in every language, its headers and its errors."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request

from config.installation import Installation
from search.service import Catalogue
from webapp import check_pages, errors, templating
from webapp.context import Context, context
from webapp.language import languages
from webapp.pages import pages

YEAR = 365 * 24 * 3600

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # what somebody searched for is nobody else's business
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create_app(installation: Installation, catalogue: Catalogue, **config: Any) -> Flask:
    """The WSGI application over one installation and its catalogue. Raises ConfigError where the tables are wrong."""
    app = Flask(__name__)
    app.config.from_mapping(config)
    spoken = languages()
    app.extensions["sahaban"] = Context(installation, catalogue, spoken)
    app.extensions["sahaban.versions"] = _versions(Path(app.static_folder or ""))
    templating.prepare(app, check_pages.CALLED)
    first = installation.tables.settings.language
    for code in spoken:
        app.register_blueprint(pages, url_prefix="" if code == first else f"/{code}", name=code)
    app.before_request(_choose_language)
    app.after_request(_finish)
    app.url_defaults(_version)
    errors.register(app)
    return app


def _choose_language() -> None:
    """The language is the first part of the address; without one it is the installation's first."""
    spoken = context().languages
    part = request.path.split("/")[1]
    g.language = spoken[part if part in spoken else context().tables.settings.language]


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static":
        if "v" in request.args or "/fonts/" in request.path:  # such an address changes when its file does
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    elif request.method in ("GET", "HEAD") and response.status_code == 200:
        response.headers.setdefault("Cache-Control", "no-cache")  # kept, and asked about each time
        response.add_etag()
        response.make_conditional(request)
    return response


# ── the version in a file's address ──────────────────────────────────────────────────────────────


def _versions(folder: Path) -> dict[str, str]:
    """What stands in a static file's address, so that it may be kept for a year. Fonts carry theirs in the path."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:10] for path in folder.glob("*.*")}


def _version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and (version := current_app.extensions["sahaban.versions"].get(values.get("filename"))):
        values.setdefault("v", version)
