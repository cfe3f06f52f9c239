"""Titles, names, editions and volumes in the form in which they are compared: nothing that tells two apart is lost."""

import re

from search.text import runs

# Ranks and honorifics that stand before or after a Thai name, and are no part of it; the longest first.
# Source: facts on cataloguing practice in docs/decisions.md. หลวง, พระยา, สมเด็จ and the like are the name itself.
HONORIFICS = sorted(
    ["นาย", "นาง", "นางสาว", "นส", "ดช", "ดญ", "เด็กชาย", "เด็กหญิง", "ดร", "ศ", "รศ", "ผศ", "อ", "ศดร", "รศดร", "ผศดร", "อดร", "ดอกเตอร์", "ศาสตราจารย์", "ศาสตราจารย์เกียรติคุณ", "เกียรติคุณ", "รองศาสตราจารย์", "ผู้ช่วยศาสตราจารย์", "อาจารย์", "ครู", "นพ", "พญ", "ทพ", "ทญ", "ทพญ", "ภก", "ภญ", "นสพ", "สพญ", "นายแพทย์", "แพทย์หญิง", "ทันตแพทย์", "ทันตแพทย์หญิง", "เภสัชกร", "เภสัชกรหญิง", "สัตวแพทย์", "มรว", "มล", "มจ", "หม่อมราชวงศ์", "หม่อมหลวง", "หม่อมเจ้า", "พลเอก", "พลโท", "พลตรี", "พลตำรวจเอก", "พลตำรวจโท", "พลตำรวจตรี", "พลเรือเอก", "พลเรือโท", "พลเรือตรี", "พลอากาศเอก", "พลอากาศโท", "พลอากาศตรี", "พลอ", "พลท", "พลต", "พลตอ", "พลตท", "พลตต", "พลรอ", "พลรท", "พลรต", "พลออ", "พลอท", "พลอต", "พตอ", "พตท", "พตต", "พันเอก", "พันโท", "พันตรี", "พันตำรวจเอก", "พันตำรวจโท", "พันตำรวจตรี", "พอ", "พท", "พต", "รอ", "รท", "รต", "รตอ", "รตท", "รตต", "นอ", "นท", "นต", "จสอ", "สอ", "ดต", "ร้อยเอก", "ร้อยโท", "ร้อยตรี", "ร้อยตำรวจเอก", "ร้อยตำรวจโท", "ร้อยตำรวจตรี", "ว่าที่ร้อยตรี", "ว่าที่รต", "นาวาเอก", "นาวาโท", "นาวาตรี", "นาวาอากาศเอก", "นาวาอากาศโท", "นาวาอากาศตรี", "คุณหญิง", "ท่านผู้หญิง", "คุณ", "พระมหา", "พระอาจารย์", "พระครู", "หลวงพ่อ", "หลวงปู่", "mr", "mrs", "ms", "miss", "dr", "prof", "sir", "phd"],
    key=len, reverse=True,
)  # fmt: skip
_ATTACHED = tuple(
    h
    for h in HONORIFICS
    if (len(h) > 3 or h in ("นาย", "นาง", "คุณ", "ดร", "มรว")) and h not in ("เกียรติคุณ", "คณะ") and not h.isascii()
)
_SET = frozenset(HONORIFICS)
_BEGINS = re.compile("[ก-ฮเ-ไ][ก-๎]")  # what a Thai word can begin with: ดรุณี is not ดร. ุณี
# Words beside a name that say what the person did, and how many others there were.
ROLES = frozenset(["ผู้แต่ง", "ผู้เขียน", "ผู้แปล", "แปล", "บรรณาธิการ", "เรียบเรียง", "ผู้เรียบเรียง", "ผู้รวบรวม", "รวบรวม", "ผู้วาด", "โดย", "และคณะ", "คณะ", "และคนอื่น", "คนอื่น", "และอื่น", "พศ", "คศ", "author", "editor", "editors", "ed", "eds", "translator", "tr", "et", "al", "by", "and"])  # fmt: skip
_INITIAL = re.compile(r"(?<![A-Za-z])([A-Za-z])\.")
_DATES = re.compile(r"\b\d{4}\s*-\s*(?:\d{4})?|\b(?:born|b\.|d\.)\s*\d{4}", re.I)


def squeezed(text: str) -> str:
    """The letters and digits of a text, run together: spaces and punctuation say nothing in Thai."""
    return "".join(runs(text))


def name(text: str) -> str:
    """A person's name without ranks and dates, its parts in one order: ``คึกฤทธิ์ ปราโมช, ม.ร.ว.`` is
    ``ม.ร.ว. คึกฤทธิ์ ปราโมช``, ``Stamp, Mark`` is ``Mark Stamp``. What is nothing but a rank stays as it is."""
    parts = _parts(text)
    return " ".join(sorted(_bare(parts)))


def written(text: str) -> str:
    """A name as ``name`` has it, its parts in the order in which they were written."""
    return " ".join(_bare(_parts(text)))


def _parts(text: str) -> list[str]:
    """The parts of a name without its dates; initials stand apart, whether they were written so (``J.K.``) or not."""
    return runs(_INITIAL.sub(r"\1. ", _DATES.sub(" ", text)))


def _bare(parts: list[str]) -> list[str]:
    kept = [_detached(part) for part in parts if part not in _SET]
    return [part for part in kept if part not in ROLES] or parts


def _detached(part: str) -> str:
    """นายสมชาย is สมชาย; the shortest name is three letters."""
    if not part.startswith(_ATTACHED):
        return part
    for title in _ATTACHED:
        if part.startswith(title) and len(part) - len(title) > 2 and _BEGINS.match(part, len(title)):
            return _detached(part[len(title) :])
    return part


# ── what the matcher compares ────────────────────────────────────────────────────────────────────

_GMD = re.compile(
    r"\[[^\]]*(?:resource|electronic|microform|microfilm|microfiche|sound|video|map|text|computer|graphic|อิเล็กทรอนิกส์|สื่อ|วีดิทัศน์|วิดีโอ|ซีดี|สิ่งพิมพ์|ภาพ|แผนที่)[^\]]*\]",
    re.I,
)
_THAI = re.compile("[\u0e01-\u0e5b]")
_LATIN = re.compile("[a-z]")
_AND_THAI = re.compile("(?<=[\u0e01-\u0e5b])\\s*&\\s*(?=[\u0e01-\u0e5b])")


def words(text: str) -> list[str]:
    """The words of a title as they are compared: without a material designation, ``&`` spelled out."""
    if "[" in text:
        text = _GMD.sub(" ", text) if _GMD.sub("", text).strip(" /:;,.") else text
    if "&" in text:
        text = _AND_THAI.sub("และ", text).replace("&", " and ")
    return runs(text)


def squeezed_words(text: str) -> str:
    """The words of a title, run together."""
    return "".join(words(text))


def script(text: str) -> str:
    """Which script a normalised text is in: thai, latin, or other; a text in two is of the first of these."""
    if _THAI.search(text):
        return "thai"
    return "latin" if _LATIN.search(text) or text.isascii() else "other"
