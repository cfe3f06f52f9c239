"""A small workbook as Excel 97 to 2003 saved it: BIFF8 in a compound file. No library in use writes them any more.

After [MS-XLS] and [MS-CFB], Microsoft's open specifications.
"""

import struct
from collections.abc import Sequence

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
LEAST = 4096  # bytes of a stream that lies in whole sectors


def workbook(rows: Sequence[Sequence[str | float]]) -> bytes:
    """One sheet with those cells."""
    return _compound(_globals_and_sheet(rows))


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _text(text: str, length: str) -> bytes:
    return struct.pack(length, len(text)) + b"\x01" + text.encode("utf-16-le")


def _globals_and_sheet(rows: Sequence[Sequence[str | float]]) -> bytes:
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    begin += _record(0x0042, struct.pack("<H", 1200))  # code page: UTF-16
    name = b"\0\0" + _text("รายการ", "<B")
    at = len(begin) + 4 + 4 + len(name) + 4
    begin += _record(0x0085, struct.pack("<I", at) + name) + _record(0x000A)
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    sheet += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            place = struct.pack("<HHH", y, x, 0)
            if isinstance(value, str):
                sheet += _record(0x0204, place + _text(value, "<H"))
            else:
                sheet += _record(0x0203, place + struct.pack("<d", value))
    return begin + sheet + _record(0x000A)


def _compound(stream: bytes) -> bytes:
    stream = stream.ljust(max(LEAST, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    sectors = len(stream) // SECTOR
    assert sectors + 2 <= SECTOR // 4, "one sector of the allocation table is enough"
    chain = [FAT, END, *range(3, sectors + 2), END]
    table = struct.pack(f"<{SECTOR // 4}I", *chain, *[FREE] * (SECTOR // 4 - len(chain)))
    directory = (
        _entry("Root Entry", 5, 1, END, 0) + _entry("Workbook", 2, FREE, 2, len(stream)) + _entry("", 0, FREE, 0, 0) * 2
    )
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, LEAST, END, 0, END, 0) + struct.pack("<109I", 0, *[FREE] * 108)
    return head + table + directory + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    told = name.encode("utf-16-le")
    length = len(told) + 2 if name else 0
    return (
        told.ljust(64, b"\0") + struct.pack("<HBBIII", length, kind, 1, FREE, FREE, child) + b"\0" * 36
        + struct.pack("<IQ", start, size)
    )  # fmt: skip
