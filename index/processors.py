"""Pure work on every processor: the answers come in the order of the questions, whoever found them."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TypeVar

from config import processes
from index.look import MatchError

MOST = 8  # processes; more wait for the one that writes
AHEAD = 2  # questions of each that wait, so that none stands idle and memory stays that of a few batches

T = TypeVar("T")
R = TypeVar("R")


def each(work: Callable[[T], R], questions: Iterable[T], many: bool) -> Iterator[R]:
    """What ``work``, a function of a module, says to each question; in this process where there are not many.

    Raises MatchError where a process dies.
    """
    count = min(os.cpu_count() or 1, MOST)
    if not many or count == 1:
        yield from map(work, questions)
        return
    waiting: deque[Future[R]] = deque()
    source = iter(questions)
    pool = processes.pool(count)
    try:
        waiting.extend(pool.submit(work, question) for question in islice(source, count * AHEAD))
        while waiting:
            answer = waiting.popleft().result()
            waiting.extend(pool.submit(work, question) for question in islice(source, 1))
            yield answer
    except BrokenProcessPool as error:
        raise MatchError("a process of the recognition ended by itself: is there memory enough?") from error
    finally:
        pool.shutdown(cancel_futures=True)
