"""What the statements of a description say: volume, edition, extent, dates, carrier, publisher, qualifiers of an ISBN."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

import msgspec

from config import values
from index.match import normal, numbers

AGAIN = 1 << 10  # extents, publishers and places come again and again: so many of each are read once

# ── what stands with a title and is none ─────────────────────────────────────────────────────────

_REPORT = "รายงาน(?:ผล)?(?:การ)?วิจัย(?:ฉบับสมบูรณ์)?"
_REPORT_FIRST = re.compile(rf"^[\s“\"(\[]*{_REPORT}[\s:]*(?:เรื่อง)?[\s:]*")
_REPORT_LAST = re.compile(rf"(?:^|[\s:;(/\[]+){_REPORT}[\s)\].]*$")
_EDITION_LAST = re.compile(
    r"(?:^|[\s,:;(/\[]+)((?:ฉบับ)?พิมพ์ครั้งที่\s*\d+|ฉบับปรับปรุง[ก-๎]*(?:\s*ครั้งที่\s*\d+)?|\d+(?:st|nd|rd|d|th) ed(?:ition|n)?|rev(?:ised|\.)? ed(?:ition|n)?)[\s)\].]*$",
    re.I,
)
_BY = re.compile(r"[\s,;:/(\[]+(?:\[?by\]?|โดย)\s+(.+)$", re.I)
REMAINS = 8  # letters that a title must have without what stands with it


def bare(text: str, names: Collection[str]) -> tuple[str, str]:
    """(a title without what is said beside it, its statement of edition): that it reports research, which edition it is,
    and by whom, where that is one of ``names``. ``รายงานการวิจัยเรื่อง น้ำใต้ดินในลุ่มน้ำชี`` is น้ำใต้ดินในลุ่มน้ำชี."""
    text = values.ascii_digits(text)
    edition_ = ""
    if match := _EDITION_LAST.search(text):
        text, edition_ = text[: match.start()], match[1]
    if (match := _BY.search(text)) and _one_of(normal.written(match[1]), names):
        text = text[: match.start()]
    for pattern in (_REPORT_FIRST, _REPORT_LAST):
        rest = pattern.sub("", text)
        if not rest or len(normal.squeezed(rest)) >= REMAINS:
            text = rest
    return text, edition_


def _one_of(name: str, names: Collection[str]) -> bool:
    parts = {part for part in name.split() if len(part) > 2}
    return bool(parts) and any(parts <= set(other.split()) for other in names)


# ── volumes ──────────────────────────────────────────────────────────────────────────────────────

_PLACE = "ต้น|กลาง|ปลาย|จบ|แรก|สอง|สาม|สี่|ห้า|หนึ่ง"
_THAI_VOLUME = r"(?:เล่ม|ภาค|ตอน|หน่วย|ชุด|ฉบับ|บท|ปี)(?:ที่)?"
_NUMBER = r"\d+(?:\s*[-–,/]\s*\d+)*"
_LATIN_NUMBER = rf"{_NUMBER}|[ivxlc]+(?![a-z\d])|(?:one|two|three|four|five|six|seven|eight|nine|ten)(?![a-z])"
_LATIN_VOLUME = r"volumes?|vols?|v|parts?|pts?|books?|bk|tomes?|tomus|band|bd|teil|osa|del"
_ISSUE = r"numbers?|no|nr|issues?|serie|series|ser"
_THAI = (
    rf"(?:(?<!พ)(?P<thai>{_THAI_VOLUME})\s*\.?\s*(?P<n>{_NUMBER}|[ivx]+(?![a-z\d])|[ก-ฮ](?![ก-๎])|(?:{_PLACE})(?![ก-๎]))"
)


def _pattern(latin: str, letters: str) -> re.Pattern[str]:
    return re.compile(
        rf"[\s,.:;/(\[\-–—]*{_THAI}|(?<![a-z\d])(?P<latin>{latin})(?:\.\s*|\s+)(?P<m>{_LATIN_NUMBER}{letters}))[)\]]*",
        re.I,
    )


_VOLUME = _pattern(_LATIN_VOLUME, "")
_ALONE = _pattern(f"{_LATIN_VOLUME}|{_ISSUE}", r"|[a-h](?![a-z\d'])")
_BARE = re.compile(r"(?<=[^\s\d.,:;(])[\s,]+\(?(\d{1,3}|[ivx]{1,5})\)?[\s.:;/=]*$", re.I)


def volume(text: str, bare: bool = False) -> tuple[str, tuple[str, ...]]:
    """(the title without its volumes, their numbers): ``หลักการบัญชี เล่มที่ ๒`` is หลักการบัญชี and 2.

    ``bare``: a number that ends the title is one, too (``แคลคูลัส 1``), where it is no year.
    """
    text = values.ascii_digits(text)
    found: list[str] = []

    def noted(match: re.Match[str]) -> str:
        found.append(_volume_number(match["n"] or match["m"]))
        return " "

    rest = _VOLUME.sub(noted, text)
    if not rest.strip(" .,:;/()[]"):
        return text, ()
    if bare and not found and (match := _BARE.search(rest)):
        found.append(numbers.number(match[1]))
        rest = rest[: match.start()]
    return rest, tuple(found)


def _volume_number(text: str) -> str:
    if many := numbers.digits(text):
        return "-".join(era(n) for n in many)
    return numbers.number(text) or text.casefold()


def era(number: str) -> str:
    """A number that is a year in the Buddhist era as the year CE, any other as it is."""
    return str(int(number) - 543) if len(number) == 4 and int(number) in values.BUDDHIST else number


def numbered(text: str) -> tuple[str, ...]:
    """The numbers of a volume statement that stands by itself (245 $n, a column): ``เล่ม 2``, ``II``, ``Serie A``.

    Words without any number are a name, not a number.
    """
    if found := [_volume_number(m["n"] or m["m"]) for m in _ALONE.finditer(values.ascii_digits(text))]:
        return tuple(found)
    words = normal.words(text)
    plain = [n for word in words if (n := numbers.number(word))] or (words if len(words) < 3 else [])
    return ("-".join(plain),) if plain else ()


# ── editions ─────────────────────────────────────────────────────────────────────────────────────

_THAI_EDITION = re.compile(r"(?:พิมพ์)?ครั้ง(?:ที่)?\s*(\d+|แรก|หนึ่ง|สอง|สาม|สี่|ห้า|หก|เจ็ด|แปด|เก้า|สิบ)")
_REVISED = re.compile(r"ปรับปรุง|แก้ไข|เพิ่มเติม|\brev|\benl|\bexpand|\bnew\b", re.I)


_EDITION_WORDS = frozenset(["ed", "eds", "edition", "editions", "the", "a", "an", "and", "of", "rev", "revised", "enl", "enlarged", "new", "by", "with", "printing", "impression", "print", "expanded", "corrected", "improved", "พิมพ์ครั้งที่", "ครั้งที่", "พิมพ์ครั้ง", "พิมพ์", "ฉบับ"])  # fmt: skip


@lru_cache(AGAIN)
def edition(text: str) -> tuple[str, bool, str]:
    """(an edition's number or "", whether it says that it was revised, what else it says: ``1st American ed.``)."""
    text = values.ascii_digits(text)
    found = normal.words(text)
    if match := _THAI_EDITION.search(text):
        number = numbers.number(match[1])
        rest = normal.squeezed(_REVISED.sub("", _THAI_EDITION.sub("", text)))
    else:
        number = next((n for word in found[:6] if (n := _ordinal(word))), "")
        rest = " ".join(word for word in found if word not in _EDITION_WORDS and not _ordinal(word))
    return number, bool(_REVISED.search(text)), rest


_ORDINAL = re.compile(r"(\d{1,3})(?:st|nd|rd|th|d|a|e|ed|\.)?")


def _ordinal(word: str) -> str:
    if match := _ORDINAL.fullmatch(word):
        return match[1].lstrip("0")
    return numbers.WORDS.get(word, "")


# ── extent ───────────────────────────────────────────────────────────────────────────────────────

_PIECES = re.compile(r"(\d+)\s*(?:v\b|vols?\b|volumes?\b|เล่ม|osaa?\b)", re.I)
_GROWING = re.compile(r"^\W*(?:v|vols?|volumes?|เล่ม)\b\W*", re.I)
_NO_PAGES = re.compile(
    r"\[?\d+\]?\s*(?:(?:unnumbered |folded |col\. )*lea(?:f|ves) of|v\b|vols?\b|volumes?\b|เล่ม|p\. ?l\b|cm|ซม|ชั่วโมง|นาที|min|online|ออนไลน์|แหล่งข้อมูล|pdf|files?\b|ไฟล์|แฟ้ม|cd|dvd|disc|แผ่น|ฉบับ)|online resource[^(]*",
    re.I,
)
_NUMBERS = re.compile(r"\d+")


@lru_cache(AGAIN)
def extent(text: str) -> tuple[int, int]:
    """(the highest page number, how many volumes): ``xii, 350 p.`` is 350, 1; ``2 เล่ม`` is 0, 2; ``v.`` is 0, -1."""
    text = values.ascii_digits(text)
    pages = max((int(n) for n in _NUMBERS.findall(_NO_PAGES.sub(" ", text)) if len(n) < 5), default=0)
    if _GROWING.match(text):
        return 0, -1
    if match := _PIECES.search(text):
        return pages, int(match[1][:4])
    return pages, 1 if pages else 0


_HEIGHT = re.compile(r"(\d{2})(?:[.,]\d| 1/2)?\s*(?:cm|ซม)")


def height(text: str) -> int:
    """The height in cm, 0 where none is said."""
    found = _HEIGHT.search(values.ascii_digits(text))
    return int(found[1]) if found else 0


# ── dates ────────────────────────────────────────────────────────────────────────────────────────

_UNSURE = re.compile(r"(?<!\d)(\d{3})[-–?u](?![\d-])|(?<!\d)(\d{2})(?:--|–|uu|\?\?)")
_RANGE = re.compile(r"(\d{4})\??\]?\s*[-–]\s*[\[<c©]*(\d{4}|\d{2})?(?!\d)")
_RIGHTS = re.compile(r"(?:(?<![a-z])[c©pป]\.?\s*|ลิขสิทธิ์\s*|copyright\s*|cop\.?\s*)(\d{4})|(\d{4})\s*printing", re.I)


class Dates(msgspec.Struct, frozen=True):
    """What the dates of a publication say."""

    years: tuple[int, ...] = ()
    until: int = 0
    rights: tuple[int, ...] = ()
    span: tuple[int, int] | None = None
    coded: int = 0


def dates(texts: Iterable[str]) -> Dates:
    """Years of publication, CE; the last of a range; copyright years; what an unknown digit allows.

    A copyright year that stands alone is the year of publication.
    """
    years: list[int] = []
    rights: list[int] = []
    until, span = 0, None
    for text in map(values.ascii_digits, texts):
        if match := _UNSURE.search(text):
            span = span or _decade(match)
        if (match := _RANGE.search(text)) and (first := values.year(match[1])):
            years.append(first)
            if match[2]:
                until = values.year(match[2] if len(match[2]) == 4 else match[1][:2] + match[2]) or 0
            continue
        of_rights = {y for match in _RIGHTS.finditer(text) for y in values.years(match[1] or match[2])}
        for year in values.years(text):
            (rights if year in of_rights else years).append(year)
    if not years:
        years, rights = rights[:1], rights[1:]
    return Dates(tuple(dict.fromkeys(years)), until, tuple(dict.fromkeys(rights)), span if not years else None)


def _decade(match: re.Match[str]) -> tuple[int, int] | None:
    """``199-`` is 1990 to 1999, ``254-`` 1997 to 2006, ``19--`` a century; ``25--`` says nothing."""
    text = match[1] or match[2]
    if text == "25":
        return None
    width = 4 - len(text)
    low, high = int(text + "0" * width), int(text + "9" * width)
    if low >= 2300:
        low, high = low - 543, high - 543
    return (low, high) if 1000 <= low < 2100 else None


# ── carriers ─────────────────────────────────────────────────────────────────────────────────────

_MEDIA = [(re.compile(pattern, re.I), name) for pattern, name in (
    (r"blu-?\s?ray|บลูเรย์", "bluray"), (r"\bdvd|ดีวีดี", "dvd"), (r"\bvcd|วีซีดี", "vcd"), (r"\bvhs|videoca?ss|videokas|วีดิทัศน์|วิดีทัศน์|วีดีโอ", "vhs"),
    (r"daisy|เดซี", "daisy"), (r"\bcd-?rom|ซีดีรอม|ซีดี-รอม", "cdrom"), (r"\bcd\b|compact dis|ซีดี", "cd"), (r"\blp\b|แผ่นเสียง", "lp"),
    (r"cassette|kassett|kasett|เทปเสียง|ตลับ", "cassette"), (r"äänilev|ljudskiv|sound dis|audio dis", "disc"),
    (r"microfi|microform|ไมโครฟิล์ม|ไมโครฟิช", "micro"), (r"braille|อักษรเบรลล์", "braille"),
)]  # fmt: skip
_CARRIER_OF = {
    "bluray": "video",
    "dvd": "video",
    "vcd": "video",
    "vhs": "video",
    "daisy": "audio",
    "cdrom": "disc",
    "cd": "audio",
    "lp": "audio",
    "cassette": "audio",
    "disc": "audio",
    "micro": "micro",
    "braille": "braille",
}
_ONLINE = re.compile(
    r"online|ออนไลน์|e-?book|electronic resource|อิเล็กทรอนิกส์|อีบุ๊|verkkoaineisto|application/|\bpdf\b|\bepub\b", re.I
)
_PRINT = re.compile(r"\bp\b|\bpages?\b|หน้า|\bv\b|เล่ม", re.I)


@lru_cache(AGAIN)
def media(text: str) -> tuple[str, ...]:
    """Which kinds of disc, tape and film a text names: cd, lp, dvd …"""
    found = [name for pattern, name in _MEDIA if pattern.search(text)]
    return tuple(
        name
        for name in found
        if not (name == "disc" and ("cd" in found or "lp" in found)) and not (name == "cd" and "cdrom" in found)
    )


@lru_cache(AGAIN)
def carrier_of(text: str) -> str:
    """print, online, micro, audio, video, disc or braille, as an extent or a designation says it, or ""."""
    if _ONLINE.search(text):
        return "online"
    found = media(text)
    return _CARRIER_OF[found[0]] if found else ""


# ── publishers ───────────────────────────────────────────────────────────────────────────────────

_NOISE_THAI = re.compile(
    "สำนักพิมพ์แห่ง|สำนักพิมพ์|สนพ|โรงพิมพ์แห่ง|โรงพิมพ์|ห้างหุ้นส่วนจำกัด|หจก|บริษัท|บจก|จำกัด|มหาชน|ผู้แต่ง|ศูนย์หนังสือ|การพิมพ์|พับลิชชิ่ง"
)
_NOISE = frozenset(["press", "pub", "publ", "publisher", "publishers", "publishing", "publication", "publications", "co", "company", "comp", "ltd", "limited", "inc", "incorporated", "corp", "corporation", "and", "the", "of", "sons", "bros", "brothers", "books", "book", "for", "sale", "by", "supt", "docs", "verlag", "print", "printing", "printer", "printed", "office", "off", "s", "n", "sn", "u", "et", "de", "la", "house", "distributed"])  # fmt: skip
_IN_FULL = {"gpo": "govt", "government": "govt", "hmso": "hm stationery", "univ": "university", "dept": "department", "assn": "association", "inst": "institute", "soc": "society"}  # fmt: skip
_UNKNOWN = re.compile(
    r"^\W*(?:s\.?\s?[nl]\.?|ม\.?ป\.?[พทป]\.?|publisher not identified|place of publication not identified|ไม่ปรากฏ[ก-๎]*)\W*$",
    re.I,
)


@lru_cache(AGAIN)
def publisher(text: str) -> str:
    """A publisher's name without what all publishers are called; the words in their order. "" where unknown."""
    if _UNKNOWN.match(text):
        return ""
    words = [_IN_FULL.get(word, word) for word in normal.words(text)]
    found = [bare for word in words for bare in [_NOISE_THAI.sub("", word)] if bare and bare not in _NOISE]
    return " ".join(found) or " ".join(words)


@lru_cache(AGAIN)
def place(text: str) -> str:
    """A place's name, "" where unknown."""
    if _UNKNOWN.match(text):
        return ""
    found = normal.squeezed(text)
    return "กรุงเทพ" if found in ("กรุงเทพ", "กรุงเทพมหานคร", "กทม", "bangkok", "krungthep", "พระนคร") else found


def series(text: str) -> str:
    """A series as its name and its number: ``Borzoi pocket books ; 33`` is ``borzoipocketbooks|33``."""
    found = numbers.digits(text)
    return f"{normal.squeezed(re.sub(_SERIES_NUMBER, ' ', values.ascii_digits(text)))}|{'-'.join(found)}"


_SERIES_NUMBER = re.compile(r"\d+|(?<![a-z])(?:v|vol|no|nr|ที่|เล่ม|ลำดับ)\.?(?=[\s\d]|$)", re.I)

_INSTITUTIONS = [re.compile(pattern, re.I) for pattern in (
    "[ก-๎]*มหาวิทยาลัย[ก-๎]*", "สถาบัน[ก-๎]+|[ก-๎]*ราชวิทยาลัย[ก-๎]*|วิทยาลัย[ก-๎]+", r"[a-z][a-z .&']*?\b(?:university|institute|college)\b[a-z ]*",
)]  # fmt: skip


def institution(text: str) -> str:
    """Where a thesis was accepted, as its note says: ``วิทยานิพนธ์ (ศศ.ม.) -- มหาวิทยาลัยขอนแก่น, 2550``."""
    text = text.rpartition("--")[2]
    found = next((match[0] for pattern in _INSTITUTIONS if (match := pattern.search(text))), "")
    return normal.squeezed(found)


# ── identifiers ──────────────────────────────────────────────────────────────────────────────────

_CLASSES = [(re.compile(pattern, re.I), name) for pattern, name in (
    (r"\bset\b|complete|ครบชุด|\bชุด|ทั้งชุด|koko teos|เล่ม\s*\d+\s*[-–]\s*\d+|vols?\.?\s*\d+\s*-\s*\d+", "set"),
    (r"epub", "epub"), (r"pdf", "pdf"), (r"e-?book|electronic|online|อิเล็กทรอนิกส์|อีบุ๊|\be-?isbn|verkko", "e"),
    (r"audio|mp3|daisy|เสียง|\bcd\b|ääni", "audio"),
    (r"\bpbk|paper|soft|ปกอ่อน|pehmeä|nidottu|\bnid", "soft"), (r"\bhbk|\bhard|cloth|bound|ปกแข็ง|kova|sidottu|\bsid", "hard"),
    (r"เล่ม|\bv(?:ol)?\.?\s*\d|\bosa\b|\bpt\b|part", "volume"), (r"print|ฉบับพิมพ์", "print"),
)]  # fmt: skip


def isbn_class(qualifier: str) -> str:
    """What the words beside an ISBN make of it: set, e, pdf, epub, audio, hard, soft, volume, print; "" for none."""
    return next((name for pattern, name in _CLASSES if pattern.search(qualifier)), "") if qualifier else ""


class Isbns(msgspec.Struct):
    """ISBNs while they are collected: the good ones with their class, the rest as it stands."""

    good: dict[str, str] = msgspec.field(default_factory=dict)
    weak: list[str] = msgspec.field(default_factory=list)

    def add(self, text: str, qualifier: str = "") -> None:
        found = values.isbns(text)
        qualifier = f"{qualifier} {_after(text)}"
        for isbn in found:
            self.good.setdefault(isbn, isbn_class(qualifier))
        if not found and (raw := re.sub(r"[^0-9xX]", "", values.ascii_digits(text))):
            self.weak.append(raw)


def _after(text: str) -> str:
    return " ".join(re.findall(r"[^\d\sXx\-–:][^\d\-–]*(?:\d+\s*-\s*\d+)?[^\d]*", text)) if len(text) > 17 else ""


def strings(found: Iterable[str]) -> Iterator[str]:
    return (text for text in dict.fromkeys(found) if text)
