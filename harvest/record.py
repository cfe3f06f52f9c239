"""One member's one record, and what a protocol and a format say of it on the way."""

from collections.abc import Iterator, KeysView
from typing import Any, BinaryIO, Protocol

import msgspec

from config.holdings import Holding


class HarvestError(Exception):
    """A source could not be read: one sentence that names it and says what to do."""


class Payload(msgspec.Struct, frozen=True, gc=False):
    """The bytes of one record as the member sent them, with what the protocol says of it."""

    data: bytes
    place: str  # where it stood: "books.mrc, record 12" or "page 3, oai:x:12"
    local_id: str = ""  # "" where only the record itself says it
    datestamp: str = ""
    deleted: bool = False
    broken: str = ""  # why it cannot be a record; then it goes to quarantine with its bytes
    element: Any = None  # the data as an XML element, where the protocol had to parse it anyway


class Progress(msgspec.Struct, frozen=True):
    """How far the harvest of one source has come; kept with it between runs."""

    watermark: str = ""  # everything that changed before this is here
    token: str = ""  # the list is not finished: go on with this resumption token
    until: str = ""  # the watermark that the unfinished list will have reached
    reached: str = ""  # the unfinished list comes in the order of its datestamps, and has come so far
    files: dict[str, str] = {}  # what was read, as it was then: name -> size and time, or ETag and Last-Modified
    reading: str = ""  # ... with which tables
    run: int = 0  # ... in which run; of a server: the last one that listed it whole, and was not held back
    superseded: int = 0  # ... and how many of its records a later one of the same id replaced
    load: str = ""  # ... and as which load: full or delta; "" where that was not kept yet


class Batch(msgspec.Struct, frozen=True):
    """Payloads that are stored in one transaction, with where to go on from."""

    payloads: tuple[Payload, ...]
    progress: Progress | None = None
    of: int | None = None  # how many records the source promises in all
    large: bool = False  # the file that it is from holds thousands of them


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """What a format read from a payload."""

    values: dict[str, tuple[str, ...]]
    holdings: tuple[Holding, ...] = ()
    local_id: str = ""
    deleted: bool = False
    repairs: tuple[str, ...] = ()  # what had to be mended: names in harvest.wording.REPAIRS
    beside: bool = False  # a record of holdings under the number of its title: it never stands in that one's place


class Record(msgspec.Struct, frozen=True):
    """One member's one record."""

    member: str
    local_id: str
    format: str
    payload: bytes
    values: dict[str, tuple[str, ...]]
    holdings: tuple[Holding, ...] = ()
    datestamp: str = ""
    deleted: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.member, self.local_id


class Described(Protocol):
    """What paths and derive functions may ask of a record, whatever its format."""

    kind: str  # "marc", "dc" or "sheet": the key of fields.toml that holds its paths

    @property
    def there(self) -> KeysView[str]:
        """The tags or names that it has: what a path names, and is not among them, has no texts."""
        ...

    def texts(self, path: str) -> list[str]:
        """The texts that stand at a path, in the record's order; none is an empty list."""
        ...


class Format(Protocol):
    """How records lie in bytes."""

    def split(self, stream: BinaryIO, name: str) -> Iterator[Payload]:
        """The payloads of a file. Raises HarvestError where the file as a whole is no such file."""
        ...

    def parse(self, payload: bytes) -> Parsed:
        """One record. Raises ValueError with a sentence where the bytes are none."""
        ...


class TableFormat(Format, Protocol):
    """A format whose records are rows: what a file lacks is seen in all of them."""

    noticed: list[tuple[str, str, int]]  # by split, for Lessons.notice, which takes it out of here


class XmlFormat(Format, Protocol):
    """A format whose records are XML elements."""

    def of(self, element: Any, data: bytes) -> Parsed:
        """As parse, of bytes that were written from an element that is there still."""
        ...
