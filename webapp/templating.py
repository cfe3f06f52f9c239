"""What templates may call: addresses, names and records' texts, each in the language of the page."""

from collections.abc import Iterator

from flask import Flask
from markupsafe import Markup

from search.question import Document, Page, Query
from webapp import addresses, dates, display, holdings, results, wording
from webapp.context import context, language
from webapp.formats import FORMATS


def prepare(app: Flask) -> None:
    """Give the templates gettext and the functions below."""
    environment = app.jinja_env
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        lambda message: language().catalogue.gettext(message),
        lambda one, many, n: language().catalogue.ngettext(one, many, n),
        newstyle=True,
        pgettext=lambda context, message: language().catalogue.pgettext(context, message),
    )
    environment.filters.update(number="{:,}".format, whole=display.whole, phrases=display.phrases)
    environment.globals.update({function.__name__: function for function in CALLED})
    environment.globals.update(FORMATS=FORMATS, SORTS=wording.SORTS)
    app.context_processor(_known)


def _known() -> dict[str, object]:
    return {"language": language(), "languages": context().languages, "tables": context().tables}


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


def search_for(text: str, field: str = "any") -> str:
    """The address of a search for a phrase in one field."""
    return addresses.query_href(Query(text='"' + " ".join(text.replace('"', " ").split()) + '"', field=field))


def everything_with(facet: str, value: str) -> str:
    """The address of everything that has a facet's value."""
    size = context().tables.settings.page_size
    return addresses.query_href(Query(size=size).narrowed(facet, value))


def carried(query: Query, *without: str) -> Iterator[tuple[str, str]]:
    """What a form must carry along of a question, but for what it asks itself, and its page."""
    for name, value in query.to_args(context().tables.settings.page_size).items():
        if name not in (*without, "page"):
            yield from ((name, one) for one in ([value] if isinstance(value, str) else value))


# ── names ────────────────────────────────────────────────────────────────────────────────────────


def member_name(code: str) -> str:
    """A member's whole name; the code of one that is in the table no more."""
    member = context().tables.members.get(code)
    return member.name.in_language(language().code) if member else code


def facet_name(facet: str) -> str:
    return wording.facet_name(facet, context().tables, language())


def value_name(facet: str, value: str) -> str:
    return wording.value_name(facet, value, context().tables, language())


def span_name(years: str) -> str:
    return wording.span_name(years, language())


def kind_name(code: str) -> str:
    return wording.kind(context().tables.members[code], language())


def sort_name(sort: str) -> str:
    return language().say(wording.SORTS[sort])


def sentence(page: Page) -> str:
    return wording.sentence(page, language())


def stage_said(page: Page) -> str:
    return wording.stage(page, language())


def narrowing(query: Query) -> list[str]:
    return wording.narrowing(query, context().tables, language())


def searched_fields() -> list[tuple[str, str]]:
    """The fields of the search form: those that count in a search over everything, with their labels."""
    fields = [field for field in context().tables.fields.values() if field.analyser and field.weight]
    return [(field.name, field.label.in_language(language().code)) for field in fields]


# ── texts ────────────────────────────────────────────────────────────────────────────────────────


def shown(text: str, document: Document | None = None) -> Markup:
    """A record's text, escaped and marked with its language."""
    return display.shown(text, document.all("language") if document else (), language().code)


def facet_value(facet: str, value: str) -> Markup:
    """A facet's value in words; a name or a subject keeps its own language."""
    return shown(value_name(facet, value))


def years(document: Document) -> str:
    """A title's years in both eras; "" where none is known."""
    return ", ".join(wording.year(year, language()) for year in document.all("year"))


def time(iso: str) -> Markup:
    """A moment in words, in Bangkok time; nothing where the text is no time."""
    when = dates.moment(iso)
    if when is None:
        return Markup("")
    return Markup('<time datetime="{}">{}</time>').format(
        when.isoformat(timespec="minutes"), dates.minute(when, language())
    )


CALLED = (
    addresses.href,
    addresses.query_href,
    addresses.translated,
    carried,
    display.isbn,
    everything_with,
    facet_name,
    facet_value,
    holdings.by_member,
    kind_name,
    member_name,
    narrowing,
    results.at,
    results.pager,
    searched_fields,
    search_for,
    sentence,
    shown,
    sort_name,
    span_name,
    stage_said,
    time,
    value_name,
    years,
)
