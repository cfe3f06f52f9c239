"""Broken XML made readable: control characters, bare ampersands, bytes that are no UTF-8; each counted."""

import html
import html.entities
import re
from collections import Counter

# Characters that XML 1.0 does not allow, as they are and as references.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,8}));")
_AMPERSAND = re.compile(
    r"&(?!#x[0-9A-Fa-f]{1,8};|#[0-9]{1,8};|(?:amp|lt|gt|quot|apos);)(?:([A-Za-z][A-Za-z0-9]{1,31};))?"
)
_LITERAL = re.compile(r"(<!\[CDATA\[.*?\]\]>|<!--.*?-->)", re.S)  # here an ampersand is one
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"'][^>]*\?>")
_DECLARATION = re.compile(r"^\s*<\?xml.*?\?>\s*", re.S)

CONTROL, AMPERSAND, ENTITY, UTF8 = "control characters", "bare &", "entities of HTML", "bytes that are no UTF-8"


def mended(data: bytes) -> tuple[bytes, Counter[str]]:
    """The same XML in UTF-8 without what no parser takes, and how much of what was mended. Nothing else is touched."""
    done: Counter[str] = Counter()
    text = _DECLARATION.sub("", _decoded(data, done))
    text = _CONTROL.sub(lambda _: _counted(done, CONTROL, ""), text)
    text = _REFERENCE.sub(lambda match: _reference(match, done), text)
    parts = _LITERAL.split(text)
    parts[::2] = [_AMPERSAND.sub(lambda match: _ampersand(match, done), part) for part in parts[::2]]
    return "".join(parts).encode(), done


def _decoded(data: bytes, done: Counter[str]) -> str:
    declared = _DECLARED.match(data[:300])
    named = declared[1].decode("ascii").lower() if declared else "utf-8"
    try:
        return data.decode({"windows-874": "cp874"}.get(named, named))
    except (LookupError, UnicodeDecodeError):
        pass
    if not _mostly_utf8(data):
        try:
            text = data.decode("cp874")
        except UnicodeDecodeError:
            pass
        else:  # Thai in TIS-620 all through, under a declaration that says UTF-8
            done[UTF8] += sum(byte > 0x7F for byte in data)
            return text
    text = data.decode("utf-8", "surrogateescape")
    return re.sub("[\udc80-\udcff]+", lambda match: _counted(done, UTF8, "\ufffd", len(match[0])), text)


def _mostly_utf8(data: bytes) -> bool:
    """Two letters of TIS-620 may by chance be one of UTF-8 (as ยก is); all of them are not."""
    text = data.decode("utf-8", "surrogateescape")
    bad = sum(1 for c in text if "\udc80" <= c <= "\udcff")
    return sum(byte > 0x7F for byte in data) > 2 * bad


def _counted(done: Counter[str], what: str, instead: str, many: int = 1) -> str:
    done[what] += many
    return instead


def _reference(match: re.Match[str], done: Counter[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    allowed = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code <= 0x10FFFF
    return match[0] if allowed else _counted(done, CONTROL, "")


def _ampersand(match: re.Match[str], done: Counter[str]) -> str:
    """An entity that HTML knows is its character; any other ampersand stands for itself."""
    meant = html.entities.html5.get(match[1] or "")
    return _counted(done, ENTITY, html.escape(meant)) if meant else _counted(done, AMPERSAND, f"&amp;{match[1] or ''}")
