"""One night at a time: who has the turn and since when, and what a night that was killed leaves behind."""

import contextlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from config import database
from index.build import Busy

LOCK, HOLDER = "nightly.lock", "nightly.json"  # another file, as a locked one cannot be read everywhere


class Holder(msgspec.Struct, frozen=True):
    """Who has the turn."""

    process: int
    host: str
    since: str
    doing: str


@contextmanager
def turn(home: Path, doing: str) -> Iterator[Holder | None]:
    """The turn, and who had it last if that process was killed. Raises Busy, which says who has it.

    The operating system gives the lock itself back when a process dies, so that a killed night stops nobody.
    """
    home.mkdir(parents=True, exist_ok=True)
    told = home / HOLDER
    try:
        with FileLock(home / LOCK).acquire(timeout=0):
            killed = _holder(told)
            here = Holder(os.getpid(), socket.gethostname(), database.now(), doing)
            with contextlib.suppress(OSError):  # a full disk: the night itself says so, and to whom it can
                told.write_bytes(msgspec.json.encode(here))
            try:
                yield killed
            finally:
                with contextlib.suppress(OSError):
                    told.unlink(missing_ok=True)
    except Timeout as error:
        held = _holder(told)
        if held is None:
            raise Busy("another nightly run is going on") from error
        who = f"since {held.since}, process {held.process} on {held.host}"
        raise Busy(f"another run ({held.doing}) is going on {who}") from error


def _holder(told: Path) -> Holder | None:
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode(told.read_bytes(), type=Holder)
    return None
