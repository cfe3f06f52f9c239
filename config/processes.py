"""Further processes of the program: started afresh, as a fork would copy threads and database connections in whatever
state they are, and never left behind."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from types import ModuleType

SPAWN = get_context("spawn")
TURN = 0.0005  # seconds that work may keep a thread waiting which reads what comes in dozens of pieces


def pool(count: int, begin: Callable[..., None] | None = None, *given: object) -> ProcessPoolExecutor:
    """So many processes for pure work, on their way; ``begin`` is called in each with what is given."""
    made = ProcessPoolExecutor(count, SPAWN, _begin, (begin, given))
    with lean():
        for _ in range(count):
            made.submit(started)
    return made


def started() -> None:
    """Answered when a process is there."""


@contextmanager
def lean() -> Iterator[None]:
    """What is started here loads what it is handed, and not the program's main module first: a command line imports
    for a tenth of a second, a bench for most of one, what pure work has no use for."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def short_turns() -> Iterator[None]:
    """While threads of this process bring it data, from another process or the net, and it works: at Python's own
    measure of five milliseconds a megabyte in pieces of 64 KB would wait for 80."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def end_with_the_first() -> None:
    """A process that was killed leaves none behind that waits for it, or holds a lock."""
    threading.Thread(target=_wait_for_the_first, daemon=True).start()


def _wait_for_the_first() -> None:
    if first := parent_process():
        first.join()
        os._exit(1)


def _begin(begin: Callable[..., None] | None, given: tuple[object, ...]) -> None:
    end_with_the_first()
    if begin:
        begin(*given)
