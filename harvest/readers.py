"""Payloads read: one by one, and where there are many of them in a second process beside this one."""

import gc
import hashlib
import logging
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from multiprocessing import parent_process
from typing import cast

import msgspec

from config import processes
from config.tables import Source, Tables
from harvest.formats import open_format
from harvest.packing import Packed, Reading, pack
from harvest.record import Batch, Format, Parsed, Payload, XmlFormat

logger = logging.getLogger(__name__)

MANY = 3000  # payloads that this process reads before it asks for a second one, which takes 0.2 s to start
WAITING = 5  # batches that lie ready for the second process: it must not wait while this one reads or stores
AHEAD = 24  # batches that are read before the first of them is stored

Read = tuple[str, Parsed, Packed | None]  # fault, what was read but without values, and both as the store keeps them


def read(payload: Payload, form: Format) -> Reading:
    """One payload as its format reads it. What no format foresaw costs one record, and not the run."""
    if payload.broken:
        return Reading(payload, fault=payload.broken)
    if payload.deleted and not payload.data:
        return Reading(payload, Parsed({}, deleted=True))
    try:
        if payload.element is not None and hasattr(form, "of"):
            parsed = cast(XmlFormat, form).of(payload.element, payload.data)
        else:
            parsed = form.parse(payload.data)
    except ValueError as error:
        if payload.deleted:  # the header's word holds, whatever stands below it
            return Reading(msgspec.structs.replace(payload, data=b""), Parsed({}, deleted=True))
        return Reading(payload, fault=str(error))
    except Exception as error:
        logger.exception("%s cannot be read", payload.place)
        return Reading(payload, fault=f"cannot be read: {type(error).__name__}: {error}")
    if not (payload.local_id or parsed.local_id):
        digest = hashlib.sha256(payload.data).hexdigest()[:16]
        parsed = msgspec.structs.replace(parsed, local_id=f"sha-{digest}")
    return Reading(payload, parsed)


def readings(
    batches: Iterator[Batch], form: Format, source: Source, member: str, tables: Tables
) -> Iterator[tuple[Batch, list[Reading]]]:
    """Each batch with its readings, in their order. Files of many records are read by two processes, this one and a
    second one, from the beginning where the file is seen to be large; a server's answers are waited for longer than
    they are read."""
    seen = 0
    alone = source.protocol != "file" or (os.cpu_count() or 1) == 1 or parent_process() is not None
    for batch in batches:
        if (seen >= MANY or batch.large) and not alone:
            batches = chain([batch], batches)
            break
        yield batch, _here(batch, form)
        seen += len(batch.payloads)
    else:
        return
    with processes.short_turns(), processes.pool(1, _begin, source, member, tables) as pool:
        try:
            yield from _shared(batches, form, pool)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _shared(batches: Iterator[Batch], form: Format, pool: ProcessPoolExecutor) -> Iterator[tuple[Batch, list[Reading]]]:
    broken = False
    trouble: list[Exception] = []
    waiting: deque[tuple[Batch, Future[list[Read]] | list[Reading]]] = deque()
    for batch in _until_trouble(batches, trouble):
        theirs = sum(isinstance(work, Future) and not work.done() for _, work in waiting)
        if theirs < WAITING and not broken:
            try:
                waiting.append((batch, pool.submit(_work, batch.payloads)))
            except BrokenProcessPool:
                broken = True
                waiting.append((batch, _here(batch, form)))
        else:
            waiting.append((batch, _here(batch, form)))
        while waiting and (_ready(waiting[0][1]) or len(waiting) > AHEAD):
            yield _taken(*waiting.popleft(), form)
    while waiting:
        _help(waiting, form)
        yield _taken(*waiting.popleft(), form)
    if trouble:
        raise trouble[0]


def _here(batch: Batch, form: Format) -> list[Reading]:
    """A batch read by this process."""
    return [read(payload, form) for payload in batch.payloads]


def _help(waiting: deque[tuple[Batch, Future[list[Read]] | list[Reading]]], form: Format) -> None:
    """At the end, what the second process has not come to is read here, the last batch first. It may read that, too:
    then nobody waits for it."""
    while not _ready(waiting[0][1]):
        undone = [place for place, (_, work) in enumerate(waiting) if not _ready(work)]
        if len(undone) == 1:
            return
        batch, _ = waiting[undone[-1]]
        waiting[undone[-1]] = batch, _here(batch, form)


def _until_trouble(batches: Iterator[Batch], trouble: list[Exception]) -> Iterator[Batch]:
    """What came before a source failed is not lost with it."""
    try:
        yield from batches
    except Exception as error:  # raised again when all of that is stored
        trouble.append(error)


def _ready(work: Future[list[Read]] | list[Reading]) -> bool:
    return not isinstance(work, Future) or work.done()


def _taken(batch: Batch, work: Future[list[Read]] | list[Reading], form: Format) -> tuple[Batch, list[Reading]]:
    if not isinstance(work, Future):
        return batch, work
    try:
        there = zip(batch.payloads, work.result(), strict=True)
    except BrokenProcessPool:  # the second process was killed: nothing but time is lost
        return batch, _here(batch, form)
    return batch, [
        Reading(payload, fault=fault) if fault else Reading(payload, parsed, packed=packed)
        for payload, (fault, parsed, packed) in there
    ]


# ── in the second process ────────────────────────────────────────────────────────────────────────

_form: list[Format] = []


def _begin(source: Source, member: str, tables: Tables) -> None:
    gc.disable()  # nothing here refers to itself, and a batch is soon over
    _form.append(open_format(source, member, tables.fields))


def _work(payloads: Sequence[Payload]) -> list[Read]:
    return [_packed(read(payload, _form[0])) for payload in payloads]


def _packed(reading: Reading) -> Read:
    parsed = reading.parsed
    if parsed is None or reading.fault:
        return reading.fault, Parsed({}), None
    told = msgspec.structs.replace(parsed, values={}, holdings=())
    return "", told, pack(reading.payload, parsed)
