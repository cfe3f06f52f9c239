"""Several members at once, each in a process of its own: one that hangs or crashes costs only itself."""

import logging
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, cast

import msgspec
from sqlalchemy import Engine

from config import database, logs
from config.processes import SPAWN, end_with_the_first, lean
from config.tables import Member, Tables
from harvest.run import Locked, broken_off, harvest
from harvest.store import Run, Store

logger = logging.getLogger(__name__)

OFTEN = 0.2  # seconds between two words on how far a member has come
GRACE = 10.0  # seconds for a process to end that was asked to


Tell = Callable[[str, int, int | None], None]  # of a member so many records were seen, of how many


class Ended(msgspec.Struct, frozen=True):
    """How the harvest of one member went: its run, or why there is none."""

    code: str
    seconds: float
    run: Run | None = None
    busy: str = ""  # another harvest of this member is running
    fault: str = ""  # it ended before it had a run


class _Going(msgspec.Struct, frozen=True):
    code: str
    process: BaseProcess
    began: float


def harvest_together(
    members: Sequence[Member], tables: Tables, engine: Engine, home: Path, tell: Tell
) -> Iterator[Ended]:
    """Each member as its harvest ends; so many of them run at once, and each for so long, as the settings say."""
    settings, store = tables.settings, Store(engine)
    waiting = deque(members)
    going: dict[Connection, _Going] = {}
    try:
        while waiting or going:
            while waiting and len(going) < settings.members_at_once:
                pipe, started = _start(waiting.popleft(), tables, engine, home)
                going[pipe] = started
                tell(started.code, 0, None)
            soonest = min(one.began for one in going.values()) + settings.longest_harvest
            for ready in connection.wait(list(going), max(0.0, soonest - time.monotonic())):
                pipe = cast(Connection, ready)
                if said := _heard(pipe, going[pipe], tell):
                    pipe.close()
                    yield _ended(said, going.pop(pipe), store, home)
            for pipe, one in list(going.items()):
                if time.monotonic() - one.began >= settings.longest_harvest:
                    _end(one.process)
                    pipe.close()
                    why = (
                        f"took longer than {settings.longest_harvest:g} seconds (longest_harvest in settings.toml) and "
                        "was stopped; the next run goes on from there"
                    )
                    yield _ended(("gone", why), going.pop(pipe), store, home)
    finally:
        for one in going.values():
            _end(one.process)


def _start(member: Member, tables: Tables, engine: Engine, home: Path) -> tuple[Connection, _Going]:
    here, there = SPAWN.Pipe(duplex=False)
    url = engine.url.render_as_string(hide_password=False)
    process = SPAWN.Process(
        target=_harvest, args=(there, member, tables, url, home, logging.getLogger().level), name=member.code
    )
    with lean():
        process.start()
    there.close()  # so that the end of the process is the end of what it says
    return here, _Going(member.code, process, time.monotonic())


def _heard(pipe: Connection, one: _Going, tell: Tell) -> tuple[str, Any] | None:
    """The last word of a process; None as long as it goes on."""
    try:
        kind, *told = pipe.recv()
    except (EOFError, OSError):  # in the midst of a word, too
        one.process.join(GRACE)
        code = one.process.exitcode or 0
        how = f"by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"with code {code}"
        return "gone", f"its process ended by itself, {how}: is there memory enough?"
    if kind == "seen":
        tell(one.code, *told)
        return None
    one.process.join(GRACE)
    return kind, told[0]


def _ended(said: tuple[str, Any], one: _Going, store: Store, home: Path) -> Ended:
    kind, told = said
    seconds = round(time.monotonic() - one.began, 1)
    _end(one.process)
    match kind:
        case "run":
            return Ended(one.code, seconds, told)
        case "gone":
            try:
                run = broken_off(one.code, store, home, told)
            except Exception as error:  # the database is gone, too, or somebody harvests it already
                logger.info("%s: its run cannot be marked: %s", one.code, error)
                run = None
            return Ended(one.code, seconds, run, fault="" if run else told)
        case _:
            return Ended(one.code, seconds, **{kind: told})


def _end(process: BaseProcess) -> None:
    if process.is_alive():
        process.terminate()
        process.join(GRACE)
    if process.is_alive():
        process.kill()
        process.join(GRACE)


# ── in the process ───────────────────────────────────────────────────────────────────────────────


def _harvest(pipe: Connection, member: Member, tables: Tables, url: str, home: Path, level: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the one who started it says what there is to say
    end_with_the_first()
    logs.to_standard_error(level)
    told = 0.0

    def tell(seen: int, of: int | None) -> None:
        nonlocal told
        if time.monotonic() - told >= OFTEN:
            told = time.monotonic()
            pipe.send(("seen", seen, of))

    try:
        run = harvest(member, tables, Store(database.connect(url)), home, tell=tell)
    except Locked as error:
        pipe.send(("busy", str(error)))
    except Exception as error:  # a full disk, a database that went away: this member's harvest, and not the night
        logger.exception("harvest of %s ended", member.code)
        said = str(error).partition("\n")[0]
        pipe.send(("fault", f"{type(error).__name__}: {said}"))
    else:
        pipe.send(("run", run))
