"""CSV for spreadsheet programs: one title a row, headers in the reader's language, no cell that runs as a formula."""

import csv
import io
from collections.abc import Callable, Iterable
from functools import partial

from config.cells import BOM, safe
from config.values import both_eras
from search.question import Document, Page
from webapp.display import isbn
from webapp.formats import Reader

Column = tuple[str, Callable[[Document], str]]


def write(page: Page, reader: Reader) -> bytes:
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\r\n")
    columns = table(reader)
    rows.writerow([header for header, _ in columns])
    rows.writerows([safe(cell(hit.document)) for _, cell in columns] for hit in page.hits)
    return (BOM + text.getvalue()).encode()


def table(reader: Reader) -> list[Column]:
    """The columns: number, every field of the table (years in both eras), and where the title is held."""
    say = reader.language.say
    columns: list[Column] = [(say("Number"), lambda document: document.id)]
    for name, field in reader.tables.fields.items():
        label = field.label.in_language(reader.language.code)
        if name == "year":
            columns.append((say("%(label)s (C.E.)", label=label), partial(values, name)))
            columns.append((say("%(label)s (B.E.)", label=label), buddhist_years))
        else:
            columns.append((label, partial(values, name)))
    columns.append((say("Libraries"), lambda document: joined(members(document, reader))))
    columns.append((say("Call numbers"), lambda document: joined(h.call_number for h in document.holdings)))
    columns.append((say("Address of the page"), reader.address))
    return columns


def values(field: str, document: Document) -> str:
    return joined(isbn(text) if field == "isbn" else text for text in document.all(field))


def joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))


def buddhist_years(document: Document) -> str:
    return joined(str(both_eras(int(year))[0]) for year in document.all("year") if year.isdecimal())


def members(document: Document, reader: Reader) -> list[str]:
    known = reader.tables.members
    return [known[code].name.in_language(reader.language.code) if code in known else code for code in document.members]
