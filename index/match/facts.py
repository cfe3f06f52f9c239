"""Everything that matching needs of one record, normalised once."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from config import values as common
from config.tables import Source
from harvest.derive import LANGUAGES, MATERIALS, NO_LANGUAGE
from harvest.formats import marcxml
from harvest.formats.described import Field, MarcDescribed
from harvest.formats.marc import Marc
from harvest.record import Record
from index.match import normal, numbers, statements, titles
from index.match.titles import Title, joined

NORM_VERSION = 3  # raised with every change of what facts() says: stored facts of another version are made again


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that matching needs of one record. What is not known is empty or 0."""

    titles: tuple[Title, ...] = ()
    variants: tuple[str, ...] = ()  # parallel and varying titles, run together
    volume: tuple[str, ...] = ()  # the numbers of volume, part and issue, in their order
    volume_said: str = ""  # as 245 $n has it, run together
    part: str = ""  # the names of the parts ($p), run together
    numbers: tuple[str, ...] = ()  # every number in the title
    creators: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    said: str = ""  # the statement of responsibility, run together
    years: tuple[int, ...] = ()  # of publication, CE
    until: int = 0  # where it was published over several years: the last
    coded: int = 0  # what 008 says, where it says another year
    rights: tuple[int, ...] = ()  # of copyright and of printings
    span: tuple[int, int] | None = None  # what an unknown digit allows: 199-, 25--
    edition: str = ""  # its number; "revised" where it says no more
    edition_of: str = ""  # what else it says: 1st American ed.
    pages: int = 0
    height: int = 0  # cm
    pieces: int = 0  # how many volumes; -1: several or still growing
    publishers: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    country: str = ""  # of publication, as 008 codes it
    isbns: dict[str, str] = {}  # number -> its class: "", print, hard, soft, e, pdf, epub, audio, set, volume
    weak: tuple[str, ...] = ()  # cancelled and impossible ISBNs
    issns: tuple[str, ...] = ()
    type: str = ""  # leader/06
    level: str = ""  # leader/07: m, s, a …
    carrier: str = ""  # print, online, micro, audio, video …
    media: tuple[str, ...] = ()  # cd, lp, cassette, dvd …
    languages: tuple[str, ...] = ()
    language_said: bool = False  # in 041 or a column, not only in 008
    thesis: bool = False
    institution: str = ""
    host: tuple[str, ...] = ()  # 773: "w:" the host's numbers, "t:" its title, "g:" the place in it
    series: tuple[str, ...] = ()
    standard: tuple[str, ...] = ()  # 024, 028: other standard numbers
    control: str = ""  # 003 and 001
    rare: bool = False  # described as a rare book is
    source: str = ""  # marc or row

    @property
    def script(self) -> str:
        return self.titles[0].script if self.titles else ""


def facts(record: Record, encoding: str = "") -> Facts:
    """The facts of a member's record. ``encoding`` is the source's, where its files do not say it themselves.

    A payload that cannot be read again is known by its values alone.
    """
    try:
        if record.format == "marcxml":
            return of_marc(marcxml.described(record.payload))
        if record.format == "marc":
            source = Source("file", "marc", encoding=encoding)
            return of_marc(Marc(source, record.member, {}).described(record.payload))
    except ValueError:
        pass
    return of_row(record.values)


# ── a MARC record ────────────────────────────────────────────────────────────────────────────────

_FORM_AT = dict.fromkeys("efgk", 29)  # 008: where the form of item stands, 23 for all others
_FORMS = {
    **{"o": "online", "s": "online", "q": "disc", "f": "braille"},
    **dict.fromkeys("abc", "micro"),
    **dict.fromkeys("dr", "print"),
}
_PRINTED = "acdeft"  # leader/06 of what is on paper where nothing else is said


def of_marc(marc: MarcDescribed) -> Facts:
    """The facts of a MARC record."""
    fields = marc.fields

    def get(*tags: str) -> list[Field]:
        return [field for tag in tags for field in fields.get(tag, ())]

    type_, level = marc.leader[6:7].strip(" #"), marc.leader[7:8].strip(" #")
    coded = next((f.data for f in fields.get("008", ())), "")
    creators = _names(joined(f, "abq") for f in get("100", "110", "111"))
    others = _names(joined(f, "abq") for f in get("700", "710", "711"))
    described = titles.of_fields(get("245"), (*creators, *others))
    dates = _dates(coded, get("264", "260"))
    isbns = statements.Isbns()
    for field in get("020"):
        for number in field.all("a"):
            isbns.add(number, " ".join(field.all("q")))
        isbns.weak += [raw for number in field.all("z") for raw in common.isbns(number)]
    extents = [" ".join(field.all("a")) for field in get("300")]
    pages, pieces = statements.extent(extents[0]) if extents else (0, 0)
    editions = [" ".join(field.all("a") + field.all("b")) for field in get("250")]
    number, revised, named = statements.edition(editions[0] if editions else described.edition)
    imprint = [field for field in get("264", "260") if field.tag != "264" or field.indicators[1:2] not in "024"]
    thesis = [" ".join(value for _, value in field.subfields) for field in get("502")]
    return Facts(
        titles=described.titles,
        variants=(*described.variants, *_squeezed(joined(f, "ab") for f in get("246", "240", "130", "740"))),
        volume=described.volume,
        volume_said=described.volume_said,
        part=described.part,
        numbers=described.numbers,
        creators=creators,
        others=others,
        said=normal.squeezed(" ".join(joined(f, "c") for f in get("245"))),
        years=dates.years,
        until=dates.until,
        coded=dates.coded if dates.coded not in dates.years else 0,
        rights=dates.rights,
        span=dates.span,
        edition=number or ("revised" if revised else ""),
        edition_of=named,
        pages=pages,
        pieces=pieces,
        height=statements.height(" ".join(v for f in get("300") for v in f.all("c"))),
        publishers=tuple(statements.strings(statements.publisher(v) for f in imprint for v in f.all("b"))),
        places=tuple(statements.strings(statements.place(v) for f in imprint for v in f.all("a"))),
        country=_country(coded[15:18]),
        isbns=isbns.good,
        weak=tuple(statements.strings(isbns.weak)),
        issns=tuple(statements.strings(n for f in get("022") for v in f.all("a") for n in common.issns(v))),
        type=type_,
        level=level,
        carrier=_carrier(marc, type_, coded, extents),
        media=_media(marc, extents),
        languages=_languages(coded, [v for f in get("041") for v in f.all("a")]),
        language_said=bool(fields.get("041")),
        thesis=bool(thesis),
        institution=next((found for text in thesis if (found := statements.institution(text))), ""),
        host=tuple(statements.strings(_in_host(c, v) for f in get("773") for c, v in f.subfields if c in "wtg")),
        series=tuple(statements.strings(statements.series(joined(f, "av")) for f in get("490", "830", "440"))),
        standard=tuple(statements.strings(_standard(f) for f in get("024", "028"))),
        control=" ".join(filter(None, (marc.control("003"), marc.control("001")))),
        rare=any(v.startswith(("dcrm", "bdrb", "dcrb")) for f in get("040") for v in f.all("e")),
        source="marc",
    )  # fmt: skip


_STATES = {"u": "us", "k": "uk", "c": "cn", "a": "at"}  # what a code of three letters ends in: nyu, enk, onc, xna


def _country(code: str) -> str:
    code = code.strip(" |#").lower()
    return "" if code in ("xx", "vp") or not re.fullmatch("[a-z]{2,3}", code) else _STATES.get(code[2:], code)


def _standard(field: Field) -> str:
    """A publisher's number with the publisher (028), another standard number (024); not an ISBN once more."""
    text = normal.squeezed(" ".join(field.all("b") + field.all("a")) if field.tag == "028" else field.first("a"))
    return text if len(text) > 3 and not common.isbns(text) and "isbn" not in text else ""


def _in_host(code: str, text: str) -> str:
    """A part of 773; of a number and of the place in the host only the digits, as they are written in many ways."""
    found = "-".join(numbers.digits(text)) if code in "wg" else ""
    return f"{code}:{found or normal.squeezed(text)}"


def _dates(coded: str, imprint: Sequence[Field]) -> statements.Dates:
    """Of the imprint and of 008; where 008 gives two, the second is a copyright, an original, or the last year."""
    found = statements.dates(v for f in imprint for v in f.all("c"))
    kind, one, two = coded[6:7], *(next(common.years(coded[i : i + 4]), 0) for i in (7, 11))
    if kind == "q" and one and two:
        return msgspec.structs.replace(found, span=found.span or (one, two))
    return msgspec.structs.replace(
        found,
        years=found.years or ((one,) if one else ()),
        coded=one,
        until=found.until or (two if kind in "mcdik" and one and two > one else 0),
        rights=tuple(dict.fromkeys((*found.rights, *((two,) if kind == "t" and two else ())))),
    )


def _carrier(marc: MarcDescribed, type_: str, coded: str, extents: Sequence[str]) -> str:
    said = [*marc.texts("338ab"), *extents]
    if found := next((c for text in said if (c := statements.carrier_of(text))), ""):
        return found
    form = _FORMS.get(coded[_FORM_AT.get(type_, 23) :][:1], "") or statements.carrier_of(" ".join(marc.texts("245h")))
    if form == "micro" and any(statements.extent(text) != (0, 0) for text in extents):
        return ""  # a reproduction that is described as its original: neither the one nor the other
    if form:
        return form
    if found := next((c for f in marc.fields.get("007", ()) if (c := _CARRIER_007.get(f.data[:1], ""))), ""):
        return found
    return "print" if type_ in _PRINTED else ""


_CARRIER_007 = {"c": "online", "s": "audio", "v": "video", "h": "micro", "m": "video"}
_MEDIA_007 = {"vs": "bluray", "vv": "dvd", "vb": "vhs", "ss": "cassette", "st": "reel"}


def _media(marc: MarcDescribed, extents: Sequence[str]) -> tuple[str, ...]:
    found = [name for text in extents for name in statements.media(text)]
    for field in marc.fields.get("007", ()):
        data = field.data
        if data[:1] == "v":
            found.append(_MEDIA_007.get(f"v{data[4:5]}", ""))
        elif data[:2] == "sd":
            found.append({"f": "cd", "b": "lp"}.get(data[3:4], "disc"))
        else:
            found.append(_MEDIA_007.get(data[:2], ""))
    return tuple(statements.strings(found))


def _languages(coded: str, given: Iterable[str]) -> tuple[str, ...]:
    """MARC codes, whether they are run together (``engtha``) or said in words (ไทย)."""
    found = [coded[35:38].lower()]
    for text in map(str.casefold, given):
        found += [LANGUAGES[text]] if text in LANGUAGES else [text[i : i + 3] for i in range(0, len(text), 3)]
    codes = (LANGUAGES.get(code, code) for code in found if re.fullmatch("[a-z]{3}", code))
    return tuple(dict.fromkeys(code for code in codes if code not in NO_LANGUAGE))


# ── a row ────────────────────────────────────────────────────────────────────────────────────────


def of_row(values: Mapping[str, Sequence[str]]) -> Facts:
    """The facts of logical field values: a row of a list, or a record without subfields."""

    def get(name: str) -> Sequence[str]:
        return values.get(name, ())

    creators, others = _names(get("creator")), _names(get("contributor"))
    described = titles.of_texts(get("title"), get("volume"), (*creators, *others))
    dates = statements.dates(get("year"))
    isbns = statements.Isbns()
    for text in get("isbn"):
        isbns.add(text)
    extents = list(get("extent"))
    pages, pieces = statements.extent(extents[0]) if extents else (0, 0)
    number, revised, named = statements.edition(" ".join(get("edition")) or described.edition)
    material = next((MATERIALS.get(text.casefold(), text.casefold()) for text in get("material")), "")
    carrier = next((c for text in extents if (c := statements.carrier_of(text))), "") or _CARRIERS.get(material, "")
    if not carrier and material == "thesis" and get("url") and not pages:
        carrier = "online"  # a repository's copy
    if not carrier and (pages or (material == "book" and not get("url"))):
        carrier = "print"
    return Facts(
        titles=described.titles,
        variants=described.variants,
        volume=described.volume,
        volume_said=described.volume_said,
        part=described.part,
        numbers=described.numbers,
        creators=creators,
        others=others,
        years=dates.years,
        until=dates.until,
        rights=dates.rights,
        span=dates.span,
        edition=number or ("revised" if revised else ""),
        edition_of=named,
        pages=pages,
        pieces=pieces,
        publishers=tuple(statements.strings(map(statements.publisher, get("publisher")))),
        places=tuple(statements.strings(map(statements.place, get("place")))),
        isbns=isbns.good,
        weak=tuple(statements.strings(isbns.weak)),
        issns=tuple(statements.strings(n for text in get("issn") for n in common.issns(text))),
        level=_LEVELS.get(material, "m" if pages and get("publisher") and not material else ""),
        carrier=carrier,
        media=tuple(statements.strings(m for text in extents for m in statements.media(text))),
        language_said=True,
        languages=_languages("", get("language")),
        thesis=material == "thesis",
        series=tuple(statements.strings(map(statements.series, get("series")))),
        source="row",
    )  # fmt: skip


_LEVELS = {"serial": "s", "article": "a", "book": "m", "thesis": "m", "ebook": "m"}
_CARRIERS = {"ebook": "online", "video": "video", "audio": "audio", "manuscript": "manuscript"}


def _names(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(statements.strings(map(normal.written, given)))


def _squeezed(given: Iterable[str]) -> Iterator[str]:
    return statements.strings(map(normal.squeezed, given))
