"""One title of the sample in its canonical form, before any cataloguer has touched it."""

from typing import Literal

import msgspec

Kind = Literal["book", "textbook", "reference", "report", "thesis", "serial", "av", "audio", "ebook", "manuscript"]
Role = Literal["author", "translator", "editor", "illustrator", "director", "performer"]

TEXT = ("book", "textbook", "reference", "report", "thesis")  # what is printed once and has pages


class Person(msgspec.Struct, frozen=True):
    """A creator. A Western name is inverted ("Penman, Stephen H."); a Thai name is in its order, its rank apart."""

    name: str
    form: Literal["thai", "western", "corporate"]
    rank: str = ""  # "ม.ร.ว.", "ผศ. ดร."
    noble: bool = False  # the rank is part of the name: ดำรงราชานุภาพ, สมเด็จพระเจ้าบรมวงศ์เธอ กรมพระยา
    role: Role = "author"


class Title(msgspec.Struct, frozen=True):
    """One edition or volume of one work: what it is, and what the sample says of it."""

    kind: Kind
    area: str
    title: str
    volume: str = ""  # "เล่ม 2"
    subtitle: str = ""
    original: str = ""  # the title in the other language: of the work translated, or parallel
    creators: tuple[Person, ...] = ()
    publisher: str = ""
    place: str = ""
    year: int = 0  # CE; a serial's first
    edition: str = ""  # "พิมพ์ครั้งที่ 2", "2nd ed."
    isbn: str = ""  # 13 digits
    issn: str = ""
    subjects: tuple[str, ...] = ()
    dewey: str = ""
    nlm: str = ""
    lc: str = ""
    language: str = "tha"
    work: str = ""  # titles of one work share it
    romanised: str = ""
    degree: str = ""  # of a thesis: "พย.ม. (การพยาบาล)"
    pages: int = 0
    url: str = ""
    real: bool = False  # title and creators are facts
    popular: bool = False

    @property
    def key(self) -> str:
        """What no two titles of the sample share."""
        parts = (self.kind, self.title, self.volume, self.subtitle, self.edition, str(self.year), self.isbn)
        return "|".join((*parts, *(p.name for p in self.creators)))

    @property
    def minutes(self) -> int:
        """How long a film or a recording runs."""
        return 30 + self.pages % 90

    @property
    def thai(self) -> bool:
        return self.language == "tha"


class Area(msgspec.Struct, frozen=True):
    """A subject area: who buys in it, its headings, its class numbers, its publishers."""

    audience: str
    publishers: str
    dewey: str
    lc: str
    subjects: tuple[str, ...]
    nlm: str = ""
    shelf: str = ""  # what public libraries write before the author number in place of a class: น for novels


class Areas(msgspec.Struct, frozen=True):
    """areas.toml."""

    audience: dict[str, dict[str, float]]
    publishers: dict[str, tuple[str, ...]]
    area: dict[str, Area]
