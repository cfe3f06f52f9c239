"""A holding: where one member keeps its copies of a title."""

import msgspec


class Holding(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Copies of one title in one place of one member; "" is not known."""

    member: str = ""
    library: str = ""  # the library or branch
    location: str = ""  # the shelf or collection within it
    call_number: str = ""
    copies: int = 0  # 0 is not known
    barcode: str = ""
    status: str = ""
    note: str = ""  # a textual holding too: "ปีที่ 1 (2550)-ปีที่ 5 (2554)"
    link: str = ""


PARTS = tuple(f.name for f in msgspec.structs.fields(Holding) if f.name != "member")
