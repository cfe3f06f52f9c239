"""How a record's text stands on a page: the language it is in, and the spaces that must not break."""

import re
from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup, escape
from stdnum import isbn as _isbn

from search.highlight import marked
from webapp.language import tag, written_in

# The scripts that records here are written in, with the language that is meant where the record does not say.
# Latin comes last: a Thai sentence with an English word in it is Thai.
SCRIPTS = (
    ("Thai", "th", re.compile("[\u0e01-\u0e5b]")),
    ("Laoo", "lo", re.compile("[\u0e81-\u0edf]")),
    ("Mymr", "my", re.compile("[\u1000-\u109f]")),
    ("Khmr", "km", re.compile("[\u1780-\u17ff]")),
    ("Jpan", "ja", re.compile("[\u3041-\u30ff]")),
    ("Kore", "ko", re.compile("[\uac00-\ud7a3]")),
    ("Hans", "zh", re.compile("[\u4e00-\u9fff]")),
    ("Arab", "ar", re.compile("[\u0620-\u06ff]")),
    ("Cyrl", "ru", re.compile("[\u0400-\u04ff]")),
    ("Latn", "en", re.compile("[A-Za-z\u00c0-\u024f]")),
)

# Measured in Chromium: with a plain space ๆ begins a line and "พ.ศ. 2569" is torn apart.
_BEFORE_MARK = re.compile(r" +(?=ๆ)")
_BEFORE_NUMBER = re.compile(r"(พ\.ศ\.|ค\.ศ\.|เล่ม|เล่มที่|ฉบับที่|ครั้งที่|ปีที่|หน้า|ชั้น|อาคาร|เลขที่) +(?=[0-9๐-๙])")
_BEFORE_UNIT = re.compile(r"(?<=[0-9๐-๙]) +(?=(?:น\.|หน้า|เล่ม|ซม\.)(?:$|[\s,;:.]))")


# What a browser's dictionary of Thai words tears apart and a reader would not, and spans of numbers or hours.
# A word joiner would be copied with the text and is ignored by some segmenters; a span that does not wrap is neither.
TORN = (
    "ห้องสมุด", "หัวเรื่อง", "ฉบับที่", "ต่อเนื่อง", "เจ้าหน้าที่", "ตะวันออกเฉียงเหนือ", "รัตนราชสุดาฯ", "สยามบรมราชกุมารี",
    "บรมราชชนนี", "ราชมงคลอีสาน", "ราชมงคล",
)  # fmt: skip
_WHOLE = re.compile(rf"{'|'.join(TORN)}|[0-9๐-๙][0-9๐-๙.:]*[–-][0-9๐-๙][0-9๐-๙.:]*(?:\u00a0น\.)?")


def unbroken(text: str) -> str:
    """The text with no-break spaces where Thai must not break a line."""
    text = _BEFORE_MARK.sub("\u00a0", text)
    text = _BEFORE_NUMBER.sub("\\1\u00a0", text)
    return _BEFORE_UNIT.sub("\u00a0", text)


def whole(text: str, terms: Sequence[str] = ()) -> Markup:
    """The text, escaped, with what must stay on one line held together and what was looked for marked."""
    text = unbroken(text)
    found = [hit for piece, hit in marked(text, terms) for _ in piece] if terms else [False] * len(text)
    parts: list[Markup] = []
    end = 0
    for match in _WHOLE.finditer(text):
        start, begin = end, match.start()
        end = match.end()
        held = _dressed(match[0], found[begin:end])
        parts += [_dressed(text[start:begin], found[start:begin]), Markup('<span class="whole">{}</span>').format(held)]
    return Markup("").join([*parts, _dressed(text[end:], found[end:])])


def _dressed(text: str, found: Sequence[bool]) -> Markup:
    """The text, escaped; ``found`` tells letter by letter what was looked for."""
    runs = groupby(zip(text, found, strict=True), key=lambda letter: letter[1])
    said = ((hit, "".join(letter for letter, _ in run)) for hit, run in runs)
    return Markup("").join(Markup("<mark>{}</mark>").format(run) if hit else escape(run) for hit, run in said)


def phrases(text: str, page: str) -> Markup:
    """A heading or a name that breaks between its phrases first, which in Thai is where its spaces are."""
    parts = (shown(part, (), page) for part in text.split(" "))
    return Markup(" ").join(Markup('<span class="phrase">{}</span>').format(part) for part in parts)


def isbn(digits: str) -> str:
    """An ISBN with its hyphens, as it stands on the book; a spreadsheet does not take it for a number then."""
    return str(_isbn.format(digits)) if _isbn.is_valid(digits) else digits


def language_of(text: str, written: Sequence[str] = ()) -> str:
    """The language tag of a record's text, from its script; "" where it has no letters.

    ``written`` are the record's own languages as MARC codes: Latin letters in a German record are German.
    """
    script, usual = next(((script, usual) for script, usual, letters in SCRIPTS if letters.search(text)), ("", ""))
    return next((tag(code) for code in written if script and written_in(code) == script), usual)


def shown(text: str, written: Sequence[str], page: str, terms: Sequence[str] = ()) -> Markup:
    """A record's text as it stands on a page: escaped, and marked where it is not in the page's language.

    ``terms`` are what was looked for; what of it stands in the text is marked too.
    """
    language = language_of(text, written)
    inner = whole(text, terms)
    return inner if language in ("", page) else Markup('<span lang="{}">{}</span>').format(language, inner)
