"""The next item is fetched while the last one is being used."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T], stop: Callable[[], None]) -> Iterator[T]:
    """The same items in their order, and their exception. ``stop`` ends what is waited for when nobody wants more."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        try:
            coming = pool.submit(next, items, None)
            while (item := coming.result()) is not None:
                coming = pool.submit(next, items, None)
                yield item
        except BaseException as error:
            if not isinstance(error, Exception):  # the reader went away
                stop()
            raise
