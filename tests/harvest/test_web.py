"""HTTP to members' servers: bounded, led nowhere, and without a secret on the way."""

import base64
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from config.tables import ConfigError, Settings, Source
from harvest import web
from harvest.record import HarvestError
from harvest.web import Refused, Unanswered, Web
from tests.conftest import Install, member
from tests.harvest.misbehaving import Asked, Server, serving
from tests.harvest.test_oai import counts, run

Serve = Callable[[], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(serving())


def redirecting(server: Server, location: Callable[[str], str], status: int = 302) -> None:
    def answer(server: Server, handler: Any, asked: Asked) -> bool:
        server.send(handler, b"", status, Location=location(handler.path))
        return True

    server.hooks["http"] = answer


def visit(url: str, directory: Path = Path(), settings: Settings | None = None, **source: Any) -> Web:
    return Web(Source("oai", "oai_dc", url=url, **source), settings or Settings(retries=0, backoff=0), directory)


# ── redirects and inward addresses ───────────────────────────────────────────────────────────────


def test_a_redirect_to_another_server_is_refused_and_says_how_to_allow_it(serve: Serve, install: Install) -> None:
    there, here = serve(), serve()
    redirecting(here, lambda path: f"http://127.0.0.1:{there.port}{path}")
    installation = install(member("aaa", protocol="oai", url=here.url, format="oai_dc"))
    result = run(installation)
    assert result.outcome == "failed"
    assert f"redirects to another server, http://127.0.0.1:{there.port}/oai" in (result.error or "")
    assert 'hosts = ["127.0.0.1"]' in (result.error or "")
    assert there.asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_that_the_source_allows_is_followed(serve: Serve, install: Install, status: int) -> None:
    there, here = serve(), serve()
    redirecting(here, lambda path: f"http://127.0.0.1:{there.port}{path}", status)
    text = member("aaa", protocol="oai", url=here.url, format="oai_dc") + f'hosts = ["127.0.0.1:{there.port}"]\n'
    result = run(install(text))
    assert (result.outcome, counts(result)) == ("done", {"added": 40}), result.error
    assert ("has moved for good" in (result.error or "")) == (status in (301, 308))


def test_a_redirect_within_the_server_is_followed_and_keeps_the_question(serve: Serve, install: Install) -> None:
    here = serve()

    def answer(server: Server, handler: Any, asked: Asked) -> bool:
        if handler.path.startswith("/new"):
            return False
        server.send(handler, b"", 302, Location="/new")
        return True

    here.hooks["http"] = answer
    assert counts(run(install(member("aaa", protocol="oai", url=here.url, format="oai_dc")))) == {"added": 40}


def test_redirects_without_end_end(serve: Serve) -> None:
    here = serve()
    redirecting(here, lambda path: path)
    with visit(here.url) as it, pytest.raises(Refused, match="more than 5 times"):
        it.ask({"verb": "Identify"})


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names of the public internet: name -> addresses. A connection to 9.9.9.9 ends at this machine."""
    names: dict[str, list[str]] = {"library.example": ["9.9.9.9"]}
    resolve, dial = web.resolve, web.dial
    monkeypatch.setattr(web, "resolve", lambda host, port: names.get(host) or resolve(host, port))
    monkeypatch.setattr(
        web, "dial", lambda address, port, given: dial("127.0.0.1" if address == "9.9.9.9" else address, port, given)
    )
    return names


INWARD = (
    "127.0.0.1", "10.0.0.7", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fe80::1",
    "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
)  # fmt: skip


@pytest.mark.parametrize("address", INWARD)
def test_a_name_that_means_an_inward_address_is_not_gone_to_from_a_public_server(
    serve: Serve, public: dict[str, list[str]], address: str
) -> None:
    public["inside.example"] = [address]
    here, there = serve(), serve()
    redirecting(here, lambda path: f"http://inside.example:{there.port}{path}")
    refused = pytest.raises(Refused, match="never gone to from a public server")
    with visit(f"http://library.example:{here.port}/oai", hosts=("inside.example",)) as it, refused:
        it.ask({"verb": "Identify"})
    assert there.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"])
def test_an_inward_address_is_not_gone_to_however_it_is_written(
    serve: Serve, public: dict[str, list[str]], host: str
) -> None:
    here, there = serve(), serve()
    redirecting(here, lambda path: f"http://{host}:{there.port}{path}")
    refused = pytest.raises(Refused, match="never gone to from a public server")
    with visit(f"http://library.example:{here.port}/oai", hosts=(host.strip("[]"),)) as it, refused:
        it.ask({"verb": "Identify"})
    assert there.asked == []


def test_a_public_name_that_changes_its_address_to_an_inward_one_is_left(
    serve: Serve, public: dict[str, list[str]]
) -> None:
    here = serve()
    with visit(f"http://library.example:{here.port}/oai") as it:
        assert it.ask({"verb": "Identify"}).status == 200
        public["library.example"] = ["127.0.0.1"]
        it.session.close()
        with pytest.raises(Refused, match="inside a network"):
            it.ask({"verb": "Identify"})
    assert len(here.asked) == 1


def test_the_operators_own_address_may_be_private(serve: Serve, install: Install) -> None:
    assert counts(run(install(member("aaa", protocol="oai", url=serve().url, format="oai_dc")))) == {"added": 40}


def test_a_resumption_token_is_never_an_address(serve: Serve, install: Install) -> None:
    here, there = serve(), serve()
    here.hooks["token"] = lambda server, asked, token: token and f"{token}&x={there.url}"
    installation = install(member("aaa", protocol="oai", url=here.url, format="oai_dc"))
    assert counts(run(installation)) == {"added": 40}
    assert there.asked == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:70/"])
def test_a_redirect_to_what_is_no_web_address(serve: Serve, target: str) -> None:
    here = serve()
    redirecting(here, lambda path: target)
    with visit(here.url) as it, pytest.raises(Refused, match="no web address"):
        it.ask({"verb": "Identify"})


# ── passwords ────────────────────────────────────────────────────────────────────────────────────


def asks_for_password(server: Server, told: str) -> None:
    wanted = "Basic " + base64.b64encode(told.encode()).decode()

    def answer(server: Server, handler: Any, asked: Asked) -> bool:
        if handler.headers.get("Authorization") == wanted:
            return False
        server.send(handler, b"who?", 401)
        return True

    server.hooks["http"] = answer


@pytest.mark.parametrize("where", ["env:LIBRARY_SECRET", "file:secret"])
def test_a_password_is_used_and_stands_nowhere(
    serve: Serve, install: Install, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    here = serve()
    asks_for_password(here, "me:s3cr3t")
    monkeypatch.setenv("LIBRARY_SECRET", "s3cr3t")
    installation = install(member("aaa", protocol="oai", url=here.url, format="oai_dc", user="me", password=where))
    secret = installation.directory / "secret"
    secret.write_text("s3cr3t\n")
    secret.chmod(0o600)
    with caplog.at_level(logging.DEBUG):
        result = run(installation)
    assert (result.outcome, counts(result)) == ("done", {"added": 40}), result.error
    assert "s3cr3t" not in caplog.text
    assert not any(b"s3cr3t" in path.read_bytes() for path in installation.home.rglob("*") if path.is_file())


def test_a_password_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t")
    secret.chmod(0o640)
    with pytest.raises(HarvestError, match="others can read this password; chmod 600") as error:
        visit("http://127.0.0.1:9/oai", tmp_path, user="me", password="file:secret")
    assert "s3cr3t" not in str(error.value)


@pytest.mark.parametrize("told", ["env:NO_SUCH_NAME", "file:no-such-file"])
def test_a_password_that_is_not_there(tmp_path: Path, told: str) -> None:
    with pytest.raises(HarvestError, match=r"NO_SUCH_NAME, and does not|no-such-file: the password cannot be read"):
        visit("http://127.0.0.1:9/oai", tmp_path, user="me", password=told)


def test_a_password_does_not_go_with_a_redirect(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIBRARY_SECRET", "s3cr3t")
    here, there = serve(), serve()
    redirecting(here, lambda path: f"http://localhost:{there.port}{path}")
    with visit(here.url, hosts=("localhost",), user="me", password="env:LIBRARY_SECRET") as it:
        it.ask({"verb": "Identify"})
    assert "Authorization" in here.headers[0]
    assert "Authorization" not in there.headers[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"url": "http://me:s3cr3t@library.example/oai"}, "a password never stands in an address"),
        ({"url": "http://library.example/oai", "user": "me", "password": "s3cr3t"}, "and not the password itself"),
        ({"url": "http://library.example/oai", "user": "me"}, "user and password go together"),
    ],
)
def test_a_password_in_the_table_is_a_fault(install: Install, source: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        _ = install(member("aaa", protocol="oai", format="oai_dc", **source)).tables
    assert "s3cr3t" not in str(error.value)


def test_a_source_that_wants_a_password_says_so(serve: Serve, install: Install) -> None:
    here = serve()
    asks_for_password(here, "me:s3cr3t")
    result = run(install(member("aaa", protocol="oai", url=here.url, format="oai_dc")))
    assert "HTTP 401" in (result.error or "")
    assert "user and password" in (result.error or "")


# ── who asks, and how long ───────────────────────────────────────────────────────────────────────


def test_the_server_is_told_who_asks_and_whom_to_write_to(serve: Serve) -> None:
    here = serve()
    settings = Settings(address="https://union.example.ac.th", contact="ห้องสมุด library@example.ac.th\r\nX-Evil: 1")
    with visit(here.url, settings=settings) as it:
        it.ask({"verb": "Identify"})
    agent = here.headers[0]["User-Agent"]
    assert agent.startswith("Sahaban/")
    assert "+https://union.example.ac.th; " in agent
    assert "library@example.ac.th" in agent
    assert "X-Evil" not in here.headers[0]


def test_what_is_slow_head_and_all_is_cut_off(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = Settings(retries=0, timeout=30, longest_answer=0.2)
        slow = pytest.raises(Unanswered, match=r"takes more than 0\.2 seconds")
        with visit(f"http://127.0.0.1:{port}/oai", settings=settings) as it, slow:
            it.ask({"verb": "Identify"})


def test_an_answer_whose_end_is_not_known_is_cut_off_and_not_taken_for_whole(serve: Serve) -> None:
    """An old server tells no length, and closes the connection at the end."""
    here = serve()

    def drip(server: Server, handler: Any, asked: Asked) -> bool:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n<OAI-PMH>")
        with contextlib.suppress(OSError):
            for _ in range(100):
                handler.wfile.write(b" ")
                time.sleep(0.05)
        handler.close_connection = True
        return True

    here.hooks["http"] = drip
    settings = Settings(retries=0, timeout=30, longest_answer=0.2)
    began = time.monotonic()
    with visit(here.url, settings=settings) as it, pytest.raises(Unanswered, match=r"takes more than 0\.2 seconds"):
        it.ask({"verb": "Identify"})
    assert time.monotonic() - began < 3
