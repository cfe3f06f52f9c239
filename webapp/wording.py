"""Names and sentences in the page's language: of values, members, sorts and stages, and of what was asked."""

from collections.abc import Callable
from functools import cache

import msgspec

from config.tables import Member, Tables
from config.values import year_range
from search.question import Page, Query
from webapp import dates
from webapp.context import N_
from webapp.display import language_of
from webapp.language import Language, languages, tag

MATERIALS = {
    "book": N_("Book"),
    "ebook": N_("E-book"),
    "thesis": N_("Thesis"),
    "serial": N_("Journal or serial"),
    "article": N_("Article"),
    "video": N_("Video"),
    "audio": N_("Sound recording"),
    "score": N_("Music score"),
    "map": N_("Map"),
    "image": N_("Picture"),
    "manuscript": N_("Manuscript"),
    "software": N_("Software"),
    "kit": N_("Kit"),
    "object": N_("Object"),
}

KINDS = {
    "university": N_("University"),
    "college": N_("College"),
    "vocational college": N_("Vocational college"),
    "technical college": N_("Technical college"),
    "nursing college": N_("Nursing college"),
    "public library": N_("Public library"),
    "school": N_("School"),
    "hospital": N_("Hospital"),
    "municipality": N_("Municipality"),
    "provincial office": N_("Provincial office"),
}

# MARC codes that the CLDR has no name for.
LANGUAGES = {"nod": N_("Northern Thai"), "tai": N_("Tai languages"), "tts": N_("Isan")}

SORTS = {
    "relevance": N_("Relevance"),
    "-year": N_("Newest year first"),
    "year": N_("Oldest year first"),
    "title": N_("Title (ก–ฮ, A–Z)"),
    "creator": N_("Creator (ก–ฮ, A–Z)"),
    "newest": N_("Latest in the catalogue"),
}


class Stage(msgspec.Struct, frozen=True):
    """What is said of a stage that looked further than the words as typed.

    ``said`` is its sentence; where other words were looked for it names both, ``%(typed)s`` and ``%(found)s``,
    and ``why`` says what they have to do with each other.
    """

    said: str
    why: str = ""


NEARLY = Stage(N_("No title has exactly these words. These titles come nearest."))
INSTEAD = N_("Nothing found for “%(typed)s”. These are the titles for “%(found)s”.")

STAGES = {
    "trigrams": Stage(N_("No title has exactly these words. These titles have the same letters inside longer words.")),
    "some": Stage(N_("No title has all of these words. These titles have some of them, those with the most first.")),
    "folded": Stage(
        N_("No title has these words as they are spelled. These titles differ from them in tone marks or vowels only.")
    ),
    "spelling": Stage(INSTEAD, N_("The spelling comes nearest.")),
    "keyboard": Stage(INSTEAD, N_("The same keys, with the keyboard in the other language.")),
    "romanised": Stage(INSTEAD, N_("The same words, in the other script.")),
}


# ── names of values ──────────────────────────────────────────────────────────────────────────────


def material(code: str, language: Language) -> str:
    return language.say(MATERIALS[code]) if code in MATERIALS else code


def kind(member: Member, language: Language) -> str:
    return language.say(KINDS[member.kind]) if member.kind in KINDS else member.kind


def language_name(code: str, language: Language) -> str:
    """tha is ไทย, ger is เยอรมัน or German; a code that nobody knows stays as it is."""
    if code in LANGUAGES:
        return language.say(LANGUAGES[code])
    return str(language.locale.languages.get(tag(code), code))


def year(text: str, language: Language) -> str:
    return dates.year(int(text), language) if text.isdecimal() else text


def short_name(member: Member, language: Language) -> str:
    """A member's name for a phone: its first variant in the page's script, where that is shorter."""
    full = member.name.in_language(language.code)
    variant = next((v for v in member.variants if language_of(v) == language_of(full)), full)
    return min(full, variant, key=len)


NAMES: dict[str, Callable[[str, Language], str]] = {"material": material, "language": language_name, "year": year}


def in_words(field: str, value: str, code: str) -> str:
    """A value for a terminal: ``tha`` is ไทย, ``2017`` is พ.ศ. 2560 (2017); what has no other name stays."""
    spoken = _spoken()
    return NAMES[field](value, spoken.get(code, spoken["th"])).replace("\u00a0", " ") if field in NAMES else value


@cache
def _spoken() -> dict[str, Language]:
    return languages()


def value_name(facet: str, value: str, tables: Tables, language: Language) -> str:
    """A facet's value in words: a member's name, a language, both eras of a year; else the value itself."""
    if facet == "member":
        return short_name(tables.members[value], language) if value in tables.members else value
    return NAMES[facet](value, language) if facet in NAMES else value


def facet_name(facet: str, tables: Tables, language: Language) -> str:
    if facet == "member":
        return language.say("Library")
    return tables.fields[facet].label.in_language(language.code)


def era(language: Language) -> int:
    """What is added to a year CE to make it one of the era that the page counts in: 543 or 0."""
    # the era that a reader counts in; %(be)s is พ.ศ.
    return int(language.say("%(ce)s", be=543, ce=0))


def span_name(years: str, language: Language) -> str:
    """A span of years as it was understood: ``2550-2560`` is ``พ.ศ. 2550–2560 (2007–2017)``; "" is none."""
    low, high = year_range(years) or (None, None)
    if low is None and high is None:
        return ""
    if low is None or high is None:
        end = dates.year(low or high or 0, language)
        return language.say("from %(year)s", year=end) if low else language.say("until %(year)s", year=end)
    if low == high:
        return dates.year(low, language)
    return language.say("%(ce)s\u00a0(B.E.\u00a0%(be)s)", ce=f"{low}–{high}", be=f"{low + 543}–{high + 543}")


# ── sentences ────────────────────────────────────────────────────────────────────────────────────


def narrowing(query: Query, tables: Tables, language: Language) -> list[str]:
    """What an answer is narrowed to, in words, facet by facet."""
    said = [
        language.say(
            "%(facet)s: %(values)s",
            facet=facet_name(facet, tables, language),
            values=language.say(" or ").join(value_name(facet, value, tables, language) for value in values),
        )
        for facet, values in query.filters
    ]
    if span := span_name(query.year, language):
        said.append(language.say("Years: %(span)s", span=span))
    return said


def sentence(page: Page, language: Language) -> str:
    """How many titles were found, and for what."""
    text = looked_for(page)
    if not text:
        if not page.total:
            return language.say("No titles found")
        return language.plural("%(n)s title in all", "%(n)s titles in all", page.total)
    if not page.total:
        return language.say("Nothing found for “%(text)s”", text=text)
    return language.plural("%(n)s title for “%(text)s”", "%(n)s titles for “%(text)s”", page.total, text=text)


def stage(page: Page) -> Stage | None:
    """What to say where not every word was found as typed; None where it was, or where nothing was found."""
    if page.stage == "words" or not page.total:
        return None
    row = STAGES.get(page.stage, NEARLY)
    return row if row.said != INSTEAD or page.suggestion else NEARLY


def replaced(page: Page) -> bool:
    """Whether other words were looked for than the reader typed."""
    row = stage(page)
    return row is not None and row.said == INSTEAD


def looked_for(page: Page) -> str:
    """The words whose titles are shown."""
    return page.suggestion if replaced(page) and page.suggestion else page.query.text
