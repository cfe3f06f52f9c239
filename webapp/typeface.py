"""The typeface of the pages for a page that stands alone: a report that is kept in a file."""

import base64
import re
from pathlib import Path

STATIC = Path(__file__).parent / "static"


def embedded() -> str:
    """The @font-face rules of the site for Thai and Latin, with the fonts in them."""
    rules = re.findall(r"^@font-face .*$", (STATIC / "site.css").read_text(encoding="utf-8"), re.MULTILINE)
    return "\n".join(_carried(rule) for rule in rules if "latin-ext" not in rule)


def _carried(rule: str) -> str:
    def data(match: re.Match[str]) -> str:
        font = base64.b64encode((STATIC / match[1]).read_bytes()).decode()
        return f'url("data:font/woff2;base64,{font}")'

    return re.sub(r'url\("([^"]+)"\)', data, rule)
