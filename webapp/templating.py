"""What templates may call: addresses, names and records' texts, each in the language of the page."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from flask import Flask
from markupsafe import Markup

from config import values
from harvest.wording import repaired
from search.headings import FIELDS
from search.highlight import marked
from search.question import CALL_NUMBER, Document, Page, Query
from webapp import addresses, browsing, dates, display, histogram, holdings, results, wording
from webapp.context import context, language
from webapp.formats import FORMATS

DOT = "\u00a0· "  # between the facts of a line; a line may end with it, and never begins with it
SUBJECTS = 3  # of those that hold what was looked for, so many are shown with a hit


def prepare(app: Flask, called: Sequence[Callable[..., object]] = ()) -> None:
    """Give the templates gettext, the functions below and those of other pages."""
    environment = app.jinja_env
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        lambda message: language().catalogue.gettext(message),
        lambda one, many, n: language().catalogue.ngettext(one, many, n),
        newstyle=True,
        pgettext=lambda context, message: language().catalogue.pgettext(context, message),
    )
    environment.filters.update(number="{:,}".format, whole=display.whole, phrases=phrases)
    environment.globals.update({function.__name__: function for function in (*CALLED, *called)})
    environment.globals.update(DOT=DOT, FORMATS=FORMATS, SORTS=wording.SORTS)
    app.context_processor(_known)


def _known() -> dict[str, object]:
    return {"language": language(), "languages": context().languages, "tables": context().tables}


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


def search_for(text: str, field: str = "any") -> str:
    """The address of a search for a phrase in one field."""
    return addresses.query_href(Query(text=_quoted(text), field=field))


def _quoted(text: str) -> str:
    return '"' + " ".join(text.replace('"', " ").split()) + '"'


def heading_href(kind: str, text: str) -> str:
    """The address of the search for a heading; where several fields have headings of the kind, in each of them."""
    fields = FIELDS[kind]
    if kind not in context().tables.fields or len(fields) == 1:
        return search_for(text, kind)
    return addresses.query_href(Query(text=" OR ".join(f"{field}:{_quoted(text)}" for field in fields)))


def heading_fields(kind: str) -> str:
    return " ".join(FIELDS[kind])


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


def stage_said(page: Page) -> Markup:
    """The sentence of a stage that looked further; the words in it are marked with their language."""
    row = wording.stage(page)
    return filled(row.said, typed=page.query.text, found=page.suggestion or "") if row else Markup("")


def filled(message: str, **texts: str) -> Markup:
    """A message that a table holds, in the page's language, with readers' words in it."""
    said = Markup.escape(language().catalogue.gettext(message))
    return said % {name: shown(text) for name, text in texts.items()}


def meant(page: Page) -> Markup:
    """What the reader may have meant, as the way to it."""
    return Markup('<a class="choice" href="{}">{}</a>').format(
        addresses.query_href(results.instead(page.query, page.suggestion or "")), shown(page.suggestion or "")
    )


def stage_why(page: Page) -> str:
    row = wording.stage(page)
    return language().say(row.why) if row and row.why else ""


def replaced(page: Page) -> bool:
    return wording.replaced(page)


def repair_said(name: str) -> str:
    """What one of a record's repairs was, in words."""
    return repaired([name], language().code)


def narrowing(query: Query) -> list[str]:
    return wording.narrowing(query, context().tables, language())


def searched_fields() -> list[tuple[str, str]]:
    """The fields of the search form: those that count in a search over everything, and call numbers; with labels."""
    fields = [field for field in context().tables.fields.values() if field.analyser and field.weight]
    named = [(field.name, field.label.in_language(language().code)) for field in fields]
    return [*named, (CALL_NUMBER, language().say("Call number"))]


# ── texts ────────────────────────────────────────────────────────────────────────────────────────


def shown(text: str, document: Document | None = None, terms: Sequence[str] = ()) -> Markup:
    """A record's text, escaped and marked with its language; and what was looked for, where it stands in it."""
    return display.shown(text, document.all("language") if document else (), language().code, terms)


def phrases(text: str) -> Markup:
    return display.phrases(text, language().code)


def subjects_found(document: Document, terms: Sequence[str]) -> list[str]:
    """The subjects that hold what was looked for: why a title is in the answer."""
    found = (subject for subject in document.all("subject") if any(hit for _, hit in marked(subject, terms)))
    return list(islice(found, SUBJECTS)) if terms else []


def facet_value(facet: str, value: str) -> Markup:
    """A facet's value in words; a name or a subject keeps its own language."""
    name = value_name(facet, value)
    return phrases(name) if facet == "member" else shown(name)


def bars(page: Page) -> tuple[histogram.Bar, ...]:
    """The answer's years as bars, in decades of the era that the page counts in."""
    return histogram.bars(page, wording.era(language()))


def bar_ends(bars: Sequence[histogram.Bar]) -> tuple[str, str]:
    """What stands under the first and the last bar: the year that each begins or ends with."""
    first, last = (values.year_range(bar.years) or (None, None) for bar in (bars[0], bars[-1]))
    begin = dates.year(first[0], language()) if first[0] else span_name(bars[0].years)
    return begin, dates.year(last[1] or 0, language())


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
    bar_ends,
    bars,
    browsing.called,
    carried,
    display.isbn,
    everything_with,
    facet_name,
    facet_value,
    heading_fields,
    heading_href,
    holdings.by_member,
    kind_name,
    meant,
    member_name,
    narrowing,
    repair_said,
    replaced,
    results.as_typed,
    results.at,
    results.instead,
    results.pager,
    searched_fields,
    search_for,
    sentence,
    shown,
    sort_name,
    span_name,
    stage_said,
    stage_why,
    subjects_found,
    time,
    value_name,
    years,
)
