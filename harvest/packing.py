"""A record as the store keeps it, made where it was read; a second process need not load the database for it."""

import hashlib
import zlib

import msgspec

from harvest.record import Parsed, Payload

FAST = 1  # zlib's level: of a record it takes 3 % more room than 6, and three quarters of the time
SMALL = 4096  # bytes of a payload that are kept as they came: to halve them takes 30 to 50 us
ZLIB = b"x"  # what it writes begins so, and nothing that is kept as it came


class Packed(msgspec.Struct, frozen=True, gc=False):
    """What is kept of a record, as it is kept."""

    payload: bytes | None  # None: as it came
    content: bytes
    digest: bytes


class Reading(msgspec.Struct, frozen=True, gc=False):
    """A payload with what its format made of it: parsed, or the fault that puts it into quarantine."""

    payload: Payload
    parsed: Parsed | None = None
    fault: str = ""
    packed: Packed | None = None  # where another process read it: then the values are in here only


def pack(payload: Payload, parsed: Parsed) -> Packed:
    """A record as it is kept."""
    deleted = payload.deleted or parsed.deleted
    large = len(payload.data) > SMALL or payload.data[:1] == ZLIB
    return Packed(
        zlib.compress(payload.data, FAST) if large else None,
        content(parsed),
        hashlib.sha256(payload.data + (b"\0deleted" if deleted else b"")).digest(),
    )


def unpacked(kept: bytes) -> bytes:
    """A payload or a content as it was before it was packed."""
    return zlib.decompress(kept) if kept[:1] == ZLIB else kept


def content(parsed: Parsed) -> bytes:
    """As it is: to compress so little takes a tenth of the whole harvest, and saves 200 bytes a record."""
    return msgspec.json.encode((parsed.values, parsed.holdings))
