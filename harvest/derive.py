"""What no path can say: year, language, material, identifiers and names, each a function that a field's row calls."""

import re
from collections.abc import Callable, Iterable, Iterator

from config import values
from harvest.record import Described

Derive = Callable[[list[str], Described], Iterable[str]]


def year(texts: list[str], _: Described) -> Iterator[str]:
    """The year of publication, CE: the first that any of the texts names (260 before 008)."""
    found = next((y for text in texts if (y := values.year(text)) is not None), None)
    if found is not None:
        yield str(found)


def isbn(texts: list[str], _: Described) -> Iterator[str]:
    """Every valid ISBN, as 13 digits."""
    for text in texts:
        yield from values.isbns(text)


def issn(texts: list[str], _: Described) -> Iterator[str]:
    """Every valid ISSN. In Dublin Core only where the identifier says that it is one: 8 digits may be anything."""
    for text in texts:
        if _.kind != "dc" or "issn" in text.lower():
            yield from values.issns(text)


def url(texts: list[str], _: Described) -> Iterator[str]:
    """Web addresses, and nothing else that may stand in an identifier."""
    for text in texts:
        yield from _URL.findall(text)


_URL = re.compile(r"https?://[^\s<>\"]+")
_SEVERAL = re.compile(r"\s*[;\n]\s*")
# A name that ends otherwise has no role, and is not searched for one.
_ROLE_ENDS = (
    "ผู้แต่ง",
    "ผู้แปล",
    "บรรณาธิการ",
    "เรียบเรียง",
    "editor",
    "editors",
    "ed.",
    "author",
    "translator",
    "translators",
)
_ROLE = re.compile(
    r"\s*[\[(,]?\s*(?:ผู้แต่ง|ผู้แปล|ผู้แปลและเรียบเรียง|บรรณาธิการ|ผู้เรียบเรียง|editors?|ed\.|author|translators?)\s*[\])]?\s*$",
    re.I,
)


def creator(texts: list[str], described: Described) -> Iterator[str]:
    """Names, one each; a cell or an element may hold several, parted by semicolons, and end in a role."""
    for text in texts:
        for name in [text] if described.kind == "marc" else _SEVERAL.split(text):
            ends = name.rstrip().rstrip("])").rstrip().casefold().endswith(_ROLE_ENDS)
            yield (_ROLE.sub("", name) if ends else name).strip(" ,/")


def subject(texts: list[str], described: Described) -> Iterator[str]:
    """Headings, one each, written alike; a cell or an element may hold several, parted by semicolons."""
    for text in texts:
        for heading in [text] if described.kind == "marc" else _SEVERAL.split(text):
            yield " -- ".join(map(str.strip, heading.split("--")))  # เกษตรกรรม--ไทย is เกษตรกรรม -- ไทย


# Every spelling met so far of a language -> its MARC code (ISO 639-2/B).
LANGUAGES = {
    **dict.fromkeys(("th", "tha", "thai", "ไทย", "ภาษาไทย"), "tha"),
    **dict.fromkeys(("en", "eng", "english", "อังกฤษ", "ภาษาอังกฤษ"), "eng"),
    **dict.fromkeys(("zh", "chi", "zho", "chinese", "จีน", "ภาษาจีน"), "chi"),
    **dict.fromkeys(("ja", "jpn", "japanese", "ญี่ปุ่น", "ภาษาญี่ปุ่น"), "jpn"),
    **dict.fromkeys(("lo", "lao", "ลาว", "ภาษาลาว"), "lao"),
    **dict.fromkeys(("pi", "pli", "pali", "บาลี", "ภาษาบาลี"), "pli"),
    **dict.fromkeys(("km", "khm", "khmer", "เขมร", "ภาษาเขมร"), "khm"),
    **dict.fromkeys(("my", "bur", "mya", "burmese", "พม่า", "ภาษาพม่า"), "bur"),
    **dict.fromkeys(("vi", "vie", "vietnamese", "เวียดนาม", "ภาษาเวียดนาม"), "vie"),
    **dict.fromkeys(("fr", "fre", "fra", "french", "ฝรั่งเศส", "ภาษาฝรั่งเศส"), "fre"),
    **dict.fromkeys(("de", "ger", "deu", "german", "เยอรมัน", "ภาษาเยอรมัน"), "ger"),
    **dict.fromkeys(("es", "spa", "spanish", "สเปน", "ภาษาสเปน"), "spa"),
    **dict.fromkeys(("ru", "rus", "russian", "รัสเซีย", "ภาษารัสเซีย"), "rus"),
}
NO_LANGUAGE = {"und", "zxx", "mul", "mis", "xxx"}


def language(texts: list[str], _: Described) -> Iterator[str]:
    """Languages as MARC codes; ``engtha`` in one 041 $a is two of them."""
    for text in texts:
        if text in LANGUAGES:
            yield LANGUAGES[text]
            continue
        for word in re.split(r"[;,/\n]", text):
            word = word.strip().casefold()
            if word in LANGUAGES:
                yield LANGUAGES[word]
            elif re.fullmatch(r"(?:[a-z]{3})+", word):
                codes = (LANGUAGES.get(word[i : i + 3], word[i : i + 3]) for i in range(0, len(word), 3))
                yield from (code for code in codes if code not in NO_LANGUAGE)


# MARC leader/06 -> material; text (a, t) is told apart by what else the record says.
# Source: MARC 21 Format for Bibliographic Data, Leader, Library of Congress.
RECORD_TYPES = {
    "c": "score", "d": "score", "e": "map", "f": "map", "g": "video", "i": "audio", "j": "audio",
    "k": "image", "m": "software", "o": "kit", "p": "manuscript", "r": "object",
}  # fmt: skip

# Words in a type cell or a dc:type, Thai or English -> material. The longest word that the text holds decides.
MATERIALS = {
    **dict.fromkeys(("หนังสือ", "ตำรา", "รายงาน", "เอกสาร", "book", "text", "textbook", "report", "monograph"), "book"),
    **dict.fromkeys(("วิทยานิพนธ์", "ปริญญานิพนธ์", "ดุษฎีนิพนธ์", "การศึกษาอิสระ", "thesis", "dissertation"), "thesis"),
    **dict.fromkeys(("วารสาร", "นิตยสาร", "หนังสือพิมพ์", "สิ่งพิมพ์ต่อเนื่อง", "serial", "journal", "periodical", "magazine"), "serial"),
    **dict.fromkeys(("บทความ", "ดัชนีวารสาร", "article"), "article"),
    **dict.fromkeys(("หนังสืออิเล็กทรอนิกส์", "อีบุ๊ก", "e-book", "ebook", "electronic book"), "ebook"),
    **dict.fromkeys(("วีดิทัศน์", "วิดีโอ", "สื่อโสตทัศน์", "โสตทัศนวัสดุ", "ภาพยนตร์", "video", "dvd", "vcd", "moving image", "movingimage"), "video"),
    **dict.fromkeys(("ซีดีเสียง", "หนังสือเสียง", "เสียง", "ซีดี", "audio", "sound"), "audio"),
    **dict.fromkeys(("แผนที่", "map"), "map"),
    **dict.fromkeys(("ใบลาน", "สมุดข่อย", "ต้นฉบับตัวเขียน", "manuscript", "palm leaf"), "manuscript"),
    **dict.fromkeys(("ภาพ", "image", "photograph"), "image"),
    **dict.fromkeys(("ซอฟต์แวร์", "โปรแกรม", "software"), "software"),
}  # fmt: skip
_BY_LENGTH = sorted(MATERIALS, key=len, reverse=True)


def material(texts: list[str], described: Described) -> Iterator[str]:
    """What kind of thing it is: book, ebook, serial, thesis, article, video, audio, map …; nothing where unknown."""
    if described.kind == "marc":
        for text in texts[:1]:
            yield _marc_material(text, described)
        return
    for text in texts:
        found = next((word for word in _BY_LENGTH if word in text.casefold()), None)
        if found:
            yield MATERIALS[found]
            return


_ONLINE = {"o", "s", "q"}  # 008/23, form of item


def _marc_material(leader_6_7: str, described: Described) -> str:
    kind, level = leader_6_7[:1], leader_6_7[1:2]
    if kind in RECORD_TYPES:
        return RECORD_TYPES[kind]
    if level in ("s", "i", "b"):
        return "article" if level == "b" else "serial"
    if level in ("a", "d"):
        return "article"
    if described.texts("502abc"):
        return "thesis"
    online = not _ONLINE.isdisjoint(described.texts("008[23]")) or "c" in described.texts("007[0]")
    return "ebook" if online else "book"


DERIVES: dict[str, Derive] = {
    "year": year,
    "isbn": isbn,
    "issn": issn,
    "url": url,
    "creator": creator,
    "subject": subject,
    "language": language,
    "material": material,
}
