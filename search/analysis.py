"""Documents become entries: here, or in as many processes as the machine has processors."""

import gc
import os
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from queue import Empty, Full

import msgspec

from config import database
from config.processes import SPAWN, lean
from search.documents import Documents, Row, unpacked
from search.engines import EngineError
from search.schema import Entry, Schema

MANY = 20_000  # documents from which on starting processes is worth its second
BATCH = 500  # documents that go from process to process at once
AHEAD = 8  # batches that a process may be ahead: the engine takes them in bursts
PATIENCE = 5.0  # seconds after which a silent process is looked at


class Batch(msgspec.Struct, array_like=True, gc=False):
    """What a process sends: entries, and the ids of documents that are gone; neither at its end."""

    entries: list[Entry] = []
    gone: list[str] = []
    error: str = ""


def entries(documents: Documents, schema: Schema, after: int, gone: list[str]) -> Iterator[Entry]:
    """The entries of what changed after a revision, in its order; ``gone`` takes the ids of what is there no more.

    Raises EngineError where a process fails.
    """
    many = after == 0 and documents.count() >= MANY
    batches = _elsewhere(documents, schema, after) if many and (os.cpu_count() or 1) > 1 else None
    for batch in batches or (analysed(schema, rows) for rows in documents.rows(after, BATCH)):
        gone += batch.gone
        yield from batch.entries


def analysed(schema: Schema, rows: list[Row]) -> Batch:
    return Batch(
        [schema.entry(unpacked(row), row.number) for row in rows if row.body is not None],
        [row.id for row in rows if row.body is None],
    )


# ── in several processes ─────────────────────────────────────────────────────────────────────────

_DECODER = msgspec.msgpack.Decoder(Batch)
_ENCODER = msgspec.msgpack.Encoder()

# The queues' own threads keep a process busy while the engine, which holds Python's lock, takes in what came.
Way = tuple[SpawnProcess, "Queue[bytes]"]


def _elsewhere(documents: Documents, schema: Schema, after: int) -> Iterator[Batch]:
    """Every process reads the batches that are its own, and they are taken in turn: so their order stays."""
    url, parts = documents.engine.url.render_as_string(hide_password=False), min(os.cpu_count() or 1, 8)
    ways: list[Way] = []
    try:
        for part in range(parts):
            queue: Queue[bytes] = SPAWN.Queue(AHEAD)
            process = SPAWN.Process(target=_work, args=(url, schema, after, part, parts, queue), daemon=True)
            ways.append((process, queue))
            with lean():
                process.start()
        yield from _in_turn(ways)
    finally:
        for process, _ in ways:
            process.terminate()
            process.join()


def _in_turn(ways: list[Way]) -> Iterator[Batch]:
    while True:
        for way in ways:
            batch = _DECODER.decode(_next(*way))
            if batch.error:
                raise EngineError(f"the analysis of the documents failed: {batch.error}")
            if not batch.entries and not batch.gone:
                return
            yield batch


def _next(process: SpawnProcess, queue: "Queue[bytes]") -> bytes:
    while True:
        try:
            return queue.get(timeout=PATIENCE)
        except Empty:
            if not process.is_alive() and queue.empty():
                raise EngineError(f"a process of the analysis ended by itself (code {process.exitcode})") from None


def _work(url: str, schema: Schema, after: int, part: int, parts: int, queue: "Queue[bytes]") -> None:
    gc.disable()  # nothing here refers to itself, and a batch is soon over
    try:
        for rows in Documents(database.connect(url)).rows(after, BATCH, part, parts):
            _send(queue, analysed(schema, rows))
        _send(queue, Batch())
    except Exception as error:  # whatever it is, it must be told where the build is waiting
        _send(queue, Batch(error=f"{type(error).__name__}: {error}"))


def _send(queue: "Queue[bytes]", batch: Batch) -> None:
    """Hand over a batch; a build that was killed takes none, and its processes end with it."""
    told = _ENCODER.encode(batch)
    while (parent := parent_process()) and parent.is_alive():
        with suppress(Full):
            return queue.put(told, timeout=PATIENCE)
    os._exit(1)
