"""Purchase lists while they are checked: kept under an unguessable name, for an hour at the latest."""

import logging
import multiprocessing
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from config.installation import Installation
from config.processes import SPAWN
from config.tables import Known
from index.check.check import Report
from index.check.lists import List
from index.check.service import check_of

HOUR = 3600  # seconds that anything of a list is kept
SWEEP = 60  # seconds between two looks for what is older
MOST = 60  # lists at once
MOST_OF_ONE = 15  # of them from one address: a college may have only one
LEFT = 600  # seconds after which a list that nobody had checked makes room for another one
WAITING = 6  # of them being checked, or waiting for it
STARTING = 60  # seconds that the process of a check may take to begin

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_encoder = msgspec.msgpack.Encoder()

logger = logging.getLogger(__name__)


class Full(Exception):
    """So many lists are being checked that another one must wait outside."""


class Many(Full):
    """So many lists of one address are here that another one must wait until one is removed."""


class Gone(Exception):
    """No list of that name is kept, or no longer."""


class Progress(msgspec.Struct, frozen=True):
    """How far a check has come: starting, queued behind another list, running, done or failed."""

    state: str
    done: int = 0
    of: int = 0


class Desk:
    """The folder of the lists that are being checked, shared by all processes that serve."""

    def __init__(self, home: Path):
        self.folder = home / "check"
        self.lock = FileLock(home / "desk.lock")  # held while the places are counted and one is taken

    def keep(self, given: List, address: str = "") -> str:
        """Keep a list until it is checked. Its token. Raises Full; Many where its address has lists enough."""
        self.sweep()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        token = secrets.token_urlsafe(24)
        with self.lock:
            self._room(address)
            (self.folder / token).mkdir(mode=0o700)
            (self.folder / token / "since").write_text(address)
        _write(self.folder / token / "list", _encoder.encode(given))
        return token

    def room(self, address: str) -> None:
        """Raises Full where no further list is kept: it need not be read then."""
        self.sweep()
        self._room(address)

    def _room(self, address: str) -> None:
        kept = list(self.folder.glob("*"))
        ours = [folder for folder in kept if address and _address(folder) == address]
        for some, most, error in ((ours, MOST_OF_ONE, Many), (kept, MOST, Full)):
            if len(some) < most:
                continue
            left = [folder for folder in some if not (folder / "progress").exists() and _age(folder) >= LEFT]
            if not left:
                raise error
            shutil.rmtree(max(left, key=_age), ignore_errors=True)

    def list(self, token: str) -> List | None:
        """The list as it was read; None from the moment that it is checked. Raises Gone."""
        try:
            return msgspec.msgpack.decode((self._of(token) / "list").read_bytes(), type=List)
        except FileNotFoundError:
            return None

    def start(self, token: str, given: List, installation: Installation) -> None:
        """Check a list in a process of its own. Raises Full, Gone."""
        folder = self._of(token)
        with self.lock:
            if (folder / "progress").exists():
                return  # the button was pressed twice
            if sum(1 for path in self.folder.glob("*/progress") if not (path.parent / "report").exists()) >= WAITING:
                raise Full
            try:
                _write(folder / "list", _encoder.encode(given))
                _write(folder / "progress", msgspec.json.encode(Progress("starting", 0, len(given))))
            except FileNotFoundError as error:  # it was removed meanwhile
                raise Gone from error
        place = (installation.directory.resolve(), installation.home.resolve())
        SPAWN.Process(target=work, args=(*place, installation.known, folder.resolve()), daemon=True).start()

    def progress(self, token: str) -> Progress | None:
        """How far the check has come; None where it was not begun. Raises Gone."""
        folder = self._of(token)
        if (folder / "report").exists():
            return Progress("done")
        try:
            raw, since = (folder / "progress").read_bytes(), (folder / "progress").stat().st_mtime
        except FileNotFoundError:
            return None
        told = msgspec.json.decode(raw, type=Progress)
        if told.state != "failed" and time.time() - since > STARTING and not _alive(folder):
            return Progress("done") if (folder / "report").exists() else Progress("failed", told.done, told.of)
        return told

    def report(self, token: str) -> Report | None:
        """The finished report. Raises Gone."""
        try:
            return msgspec.msgpack.decode((self._of(token) / "report").read_bytes(), type=Report)
        except FileNotFoundError:
            return None

    def forget(self, token: str) -> None:
        """Remove everything of a list. Raises Gone."""
        shutil.rmtree(self._of(token), ignore_errors=True)

    def sweep(self, older: float = HOUR) -> None:
        """Remove what is older than so many seconds."""
        for path in self.folder.glob("*"):
            if _age(path) >= older:
                shutil.rmtree(path, ignore_errors=True)

    def keep_swept(self) -> None:
        """Sweep from now on for as long as this process lives, whether somebody asks for a page or not."""

        def sweeping() -> None:
            while True:
                time.sleep(SWEEP)
                try:
                    self.sweep()
                except OSError:
                    logger.exception("old purchase lists were not removed")

        threading.Thread(target=sweeping, name="sweep", daemon=True).start()

    def _of(self, token: str) -> Path:
        self.sweep()
        folder = self.folder / token
        if not _TOKEN.fullmatch(token) or not folder.is_dir():
            raise Gone
        return folder


def _age(folder: Path) -> float:
    """How many seconds ago the list came, as the time of a folder changes with what is written into it; 0 where it is
    gone."""
    came = folder / "since"
    try:
        return time.time() - (came if came.exists() else folder).stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _address(folder: Path) -> str:
    try:
        return (folder / "since").read_text()
    except FileNotFoundError:
        return ""


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: another process may be reading."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    beside.write_bytes(data)
    beside.replace(path)


def _alive(folder: Path) -> bool:
    try:
        with FileLock(folder / "alive.lock").acquire(timeout=0):
            return False
    except Timeout:
        return True


# ── in the process of a check ────────────────────────────────────────────────────────────────────


def work(directory: Path, home: Path, known: Callable[[], Known], folder: Path) -> None:
    """Check one list, after those that came before it; readers have precedence."""
    if hasattr(os, "nice"):  # not on Windows
        os.nice(10)
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent, folder), daemon=True).start()
    turn = FileLock(folder.parent.parent / "check.lock")
    with FileLock(folder / "alive.lock"):
        try:
            turn.acquire(timeout=0)
        except Timeout:
            _write(folder / "progress", msgspec.json.encode(Progress("queued")))
            turn.acquire()
        with turn:
            _check(Installation(directory, home, known), folder)


def _end_with(parent: BaseProcess, folder: Path) -> None:
    """End, and leave no list, when the server is gone, however it went: nobody would read the result."""
    parent.join()
    _failed(folder)
    os._exit(1)


def _failed(folder: Path) -> None:
    with suppress(FileNotFoundError):  # it was removed meanwhile
        _write(folder / "progress", msgspec.json.encode(Progress("failed")))
        (folder / "list").unlink(missing_ok=True)


def _check(installation: Installation, folder: Path) -> None:
    try:
        given = msgspec.msgpack.decode((folder / "list").read_bytes(), type=List)
        report = check_of(installation.tables, installation.database).run(given, _teller(folder))
        _write(folder / "report", _encoder.encode(report))
    except Exception:
        if not folder.exists():
            return  # it was removed meanwhile
        logger.exception("a purchase list was not checked")
        _failed(folder)
    finally:
        (folder / "list").unlink(missing_ok=True)


def _teller(folder: Path) -> Callable[[int, int], None]:
    def tell(done: int, of: int) -> None:
        _write(folder / "progress", msgspec.json.encode(Progress("running", done, of)))

    return tell
