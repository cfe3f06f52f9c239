"""OAI-PMH servers by others in their other modes: right counts, and what the server falls short of is said."""

import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from harvest.run import harvest
from harvest.store import COUNTS, Store
from tests.conftest import SHARED, Install, common, member

Start = Callable[[str, str], str]


@pytest.fixture
def start(servers: dict[int, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a server by its name with further options: its base URL."""
    there = common(tmp_path_factory) / "servers"
    with ExitStack() as stack:
        yield lambda name, options: stack.enter_context(_running(there, name, options))


@contextmanager
def _running(there: Path, name: str, options: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [
        there / name / "bin" / "python",
        SHARED / "servers" / f"{name}_server.py",
        "--data",
        there / "records.jsonl",
    ]
    with subprocess.Popen([*line, "--port", str(port), *options.split()], stdout=-3, stderr=-3) as process:
        url = f"http://127.0.0.1:{port}/oai"
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}?verb=Identify", timeout=10).close()
                break
            except OSError:
                time.sleep(0.05)
        try:
            yield url
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("name", "options", "live", "deleted", "said"),
    [
        ("pyoai", "--deleted no", 969, 0, ""),
        ("pyoai", "--granularity day", 969, 27, "another granularity than promised"),
        ("pyoai", "--no-shim", 969, 27, "asked for in parts"),
        ("oai_repo", "--granularity day", 969, 0, "claims 996 records and sent 969, 27 less"),
        ("oai_repo", "--gzip", 969, 0, "claims 996 records and sent 969, 27 less"),
        ("oai_repo", "--shrink-after 4", 966, 0, "went on by datestamp"),
    ],
)
def test_a_mode_of_a_server_by_others(
    start: Start,
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    options: str,
    live: int,
    deleted: int,
    said: str,
) -> None:
    monkeypatch.setenv("SAHABAN_BACKOFF", "0.001")
    installation = install(member("aaa", protocol="oai", url=start(name, options), format="oai_dc"))
    store, tables = Store(installation.database), installation.tables
    first, again, whole = (
        harvest(tables.members["aaa"], tables, store, installation.home, full=full) for full in (False, False, True)
    )
    assert (first.outcome, first.added, first.deleted, first.quarantined) == ("done", live, deleted, 0), first.error
    assert said in (first.error or "")
    assert again.seen == 0, "nothing changed since"
    assert {n for n in COUNTS if getattr(whole, n)} == {"unchanged"}
    assert whole.unchanged == live + deleted
