"""Requests in a thread of their own: the next pages are fetched while the last one is read and stored."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from threading import Lock

from config import processes
from harvest.web import Response

MOST = 2  # answers that nobody has taken yet, the one that is waited for among them

Asked = Mapping[str, str]


class Ahead:
    """One request after another. What an answer leads on to is asked for as soon as it is there, and not more than
    ``MOST`` of them."""

    def __init__(self, ask: Callable[[Asked], Response], following: Callable[[Asked, Response], Asked | None]):
        self.ask, self.following = ask, following
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self.turns = ExitStack()
        self.turns.enter_context(processes.short_turns())
        self.coming: dict[frozenset[tuple[str, str]], Future[Response]] = {}
        self.lock = Lock()

    def answer(self, asked: Asked) -> Response:
        """The answer to a request, made now or already. Raises what asking raises."""
        try:
            answer = self._begin(asked).result()
        finally:
            with self.lock:
                del self.coming[_key(asked)]
        self._follow(asked, answer)
        return answer

    def forget(self) -> None:
        """Nobody wants what was asked ahead: what is not on its way yet is not asked for, and nothing that follows."""
        with self.lock:
            for coming in self.coming.values():
                coming.cancel()
            self.coming.clear()

    def close(self) -> None:
        """Waits for what is asked: it ends at once where the web was stopped."""
        self.thread.shutdown(cancel_futures=True)
        self.turns.close()

    def _begin(self, asked: Asked) -> Future[Response]:
        with self.lock:
            if _key(asked) not in self.coming:
                self.coming[_key(asked)] = self.thread.submit(self._ask, asked)
            return self.coming[_key(asked)]

    def _ask(self, asked: Asked) -> Response:
        answer = self.ask(asked)
        if _key(asked) in self.coming:
            self._follow(asked, answer)
        return answer

    def _follow(self, asked: Asked, answer: Response) -> None:
        """Go on from an answer, and from those that are there already; not in circles, where one leads to itself."""
        met = {_key(asked)}
        while len(self.coming) < MOST and (following := self.following(asked, answer)) and _key(following) not in met:
            met.add(_key(following))
            coming = self._begin(following)
            if not coming.done() or coming.exception():
                return
            asked, answer = following, coming.result()


def _key(asked: Asked) -> frozenset[tuple[str, str]]:
    return frozenset(asked.items())
