"""The command that serves: a real server on a free port, and one line where it cannot."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from config.installation import Installation
from search.service import Catalogue
from tests.conftest import ROOT
from tests.webapp.conftest import NAMED

COMMAND = [sys.executable, "-m", "sahaban"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def served(home: Path, port: int, wait: float = 60) -> subprocess.CompletedProcess[str]:
    """The command where it is expected to end by itself."""
    command = [*COMMAND, "--config", str(ROOT / "config"), "--home", str(home), "serve", "--port", str(port)]
    environ = {**os.environ, "SAHABAN_ENGINE": "tantivy"}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=wait, check=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, installation: Installation) -> Path:
    path = tmp_path_factory.mktemp("served")
    made = Catalogue.of(NAMED, installation.tables, path, engine="tantivy")
    made.documents_store.engine.dispose()
    return path


def test_it_serves_until_it_is_interrupted(home: Path) -> None:
    port = free_port()
    command = [*COMMAND, "--config", str(ROOT / "config"), "--home", str(home), "serve", "--port", str(port)]
    environ = {**os.environ, "SAHABAN_ENGINE": "tantivy"}
    server = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        page = fetched(f"http://127.0.0.1:{port}/en/title/t-german", server)
        assert "Grundriß der siamesischen Grammatik" in page
        long = "%E0%B8%81" * 400  # 400 Thai letters: 3,600 characters of an address
        assert "<h1>" in fetched(f"http://127.0.0.1:{port}/search?q={long}&in=title&member=kku", server)
    finally:
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=30)
    assert out == f"http://127.0.0.1:{port}/\n"
    assert "Traceback" not in err
    assert server.returncode == 0


def fetched(address: str, server: subprocess.Popen[str]) -> str:
    for _ in range(150):
        try:
            with urllib.request.urlopen(address, timeout=60) as response:
                return str(response.read().decode())
        except ConnectionError:
            pass
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
        assert server.poll() is None, server.communicate()
        time.sleep(0.2)
    raise AssertionError(f"{address} does not answer")


def test_a_port_that_is_taken_is_one_line(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = served(home, port)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"Error: port {port} on 127.0.0.1 is taken: choose another with --port\n"


def test_a_missing_index_is_one_line_that_names_the_command(tmp_path: Path) -> None:
    ended = served(tmp_path, free_port())
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "Error: there is no index yet: run `sahaban index`\n"
