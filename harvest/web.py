"""HTTP to members' servers: patient, bounded, and never led from a public host to an inward address."""

import contextlib
import datetime
import ipaddress
import logging
import os
import re
import socket
import ssl
import stat
import threading
import zlib
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec
import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import connection

from config.tables import Settings, Source
from harvest.record import HarvestError

logger = logging.getLogger(__name__)

AGAIN = (408, 429, 500, 502, 503, 504)  # may be gone in a moment
BUSY = (429, 503)  # says itself that it will be
REDIRECTS = (301, 302, 303, 307, 308)
HOPS = 5
PORTS = {"http": 80, "https": 443}


class Refused(HarvestError):
    """An address that is not gone to, or an answer that is not taken, whatever the server says."""


class NotNow(Refused):
    """The server asks to come back later than anybody waits."""


class Unanswered(HarvestError):
    """No whole answer came: not reachable, silent, too slow, broken off."""


class Failed(HarvestError):
    """The server answered with an error of HTTP."""

    def __init__(self, said: str, status: int, content: bytes):
        super().__init__(said)
        self.status, self.content = status, content


class Response(msgspec.Struct, frozen=True):
    """A whole answer, unpacked."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes


class Web:
    """One source's server, on one session: connections are kept, requests time out and are tried again."""

    def __init__(self, source: Source, settings: Settings, directory: Path, *, secret: bool = False):
        self.url, self.settings = source.url, settings
        self.secret = secret  # so is the address: nothing is logged
        self.hosts = frozenset(host.lower() for host in source.hosts)
        self.auth = (source.user, password(source.password, directory)) if source.user else None
        self.outward: bool | None = None  # whether the source's own host is a public one; known when it is first met
        self.moved = ""  # where the source has moved for good, as it says
        self.stopped = threading.Event()
        self.slow = False  # the answer that is being read takes too long
        self.socket: socket.socket | None = None  # of the answer that is being waited for
        self.session = requests.Session()
        self.session.trust_env = False  # no password from .netrc; proxies and certificates are taken up below
        self.session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        self.session.headers.update({"User-Agent": user_agent(settings), "Accept-Encoding": "gzip, deflate"})
        for scheme in PORTS:
            self.session.mount(f"{scheme}://", _Adapter(self))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.session.close()

    def stop(self) -> None:
        """Ends what is being waited for, from another thread."""
        self.stopped.set()
        self._hang_up()

    def pause(self, seconds: float) -> None:
        """Waits, unless it is stopped. Raises Unanswered then."""
        if self.stopped.wait(seconds):
            raise Unanswered(f"{self.url}: stopped")

    def ask(self, arguments: Mapping[str, str], method: str = "GET", *, patient: bool = True) -> Response:
        """The answer to one request, with whatever status; what may be gone in a moment is asked again.

        Raises Unanswered, Refused.
        """
        return self._patiently(lambda: self._followed(arguments, method), patient)

    def post(self, content: bytes, kind: str) -> Response:
        """The answer to content of some kind, tried again like a request; a redirect is an answer like any other.

        Raises Unanswered, Refused.
        """
        self.session.headers["Content-Type"] = kind
        return self._patiently(lambda: self._once(self.url, content, "POST"), patient=True)

    def _patiently(self, asked: Callable[[], Response], patient: bool) -> Response:
        for attempt in range(self.settings.retries + 1):
            last = attempt == self.settings.retries
            wait = self.settings.backoff * 2**attempt
            try:
                response = asked()
            except Unanswered as error:
                if last or not patient or (attempt >= 2 and _nobody_there(error.__cause__)):
                    raise
                self._log("%s; asking again", error)
            else:
                if response.status not in AGAIN or last or not (patient or response.status in BUSY):
                    return response
                wait = self._retry_after(response, wait)
                self._log("%s: HTTP %s; asking again in %s s", self.url, response.status, wait)
            self.pause(wait)
        raise AssertionError("the last attempt returns or raises")

    def _log(self, message: str, *told: object) -> None:
        if not self.secret:
            logger.info(message, *told)

    def _retry_after(self, response: Response, otherwise: float) -> float:
        wait = retry_after(response.headers)
        if wait is None:
            return otherwise
        if wait > self.settings.longest_wait:
            raise NotNow(
                f"{self.url}: is busy (HTTP {response.status}) and asks to come back in {wait:.0f} seconds; "
                f"longest_wait in settings.toml is {self.settings.longest_wait:g}"
            )
        return max(wait, otherwise)

    def _followed(self, arguments: Mapping[str, str], method: str) -> Response:
        """One request and the redirects that may be followed."""
        url = self.url
        for _ in range(HOPS):
            response = self._once(url, arguments, method)
            location = response.headers.get("location", "")
            if response.status not in REDIRECTS or not location:
                return response
            target = urljoin(response.url, location)
            self._check(target)
            if response.status in (301, 308):
                self.moved = target.partition("?")[0]
            if response.status == 303:
                method = "GET"
            bare, _, query = target.partition("?")
            url, arguments = (target, {}) if query and method == "GET" else (bare, arguments)
        raise Refused(f"{self.url}: redirects more than {HOPS} times")

    def _check(self, target: str) -> None:
        """Raises Refused where a redirect must not be followed."""
        here, there = place(self.url), place(target)
        if urlsplit(target).scheme not in PORTS or not there[0]:
            raise Refused(f"{self.url}: redirects to {target[:200]}, which is no web address")
        named = {there[0], f"{there[0]}:{there[1]}"}
        secured = here[0] == there[0] and (here[1], there[1]) == (80, 443)
        if here != there and not secured and not named & self.hosts:
            raise Refused(
                f"{self.url}: redirects to another server, {target.partition('?')[0][:200]}; if that is right, put "
                f'that address into members.toml, or allow it there: hosts = ["{there[0]}"]'
            )

    def _once(self, url: str, arguments: Mapping[str, str] | bytes, method: str) -> Response:
        given: dict[str, Any] = {"data": arguments} if method == "POST" else {"params": arguments}
        at_home = place(url) == place(self.url) or urlsplit(url).scheme == "https"
        own = urlsplit(url).hostname == urlsplit(self.url).hostname
        self.slow = False
        watch = threading.Timer(self.settings.longest_answer, self._cut_off)
        watch.daemon = True
        watch.start()
        try:
            with self.session.request(
                method, url, timeout=self.settings.timeout, stream=True, allow_redirects=False,
                auth=self.auth if own and at_home else None, proxies=self._proxies(url), **given,
            ) as response:  # fmt: skip
                raw = self._read(response)
                content = unpacked(raw, response.headers.get("Content-Encoding", ""), self._limit, self.url)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Response(response.url, response.status_code, headers, content)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            too_slow = f"takes more than {self.settings.longest_answer:g} seconds for one answer"
            said = too_slow if self.slow else _said(error)
            raise Unanswered(f"{self.url}: {said}") from error
        except ValueError as error:  # a bad address, or a socket that was closed under http.client
            raise Unanswered(f"{self.url}: cannot be asked: {error}") from error
        finally:
            watch.cancel()
            self.socket = None

    @property
    def _limit(self) -> int:
        return self.settings.answer_mb << 20

    def _read(self, response: requests.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.raw.stream(1 << 16, decode_content=False):
            size += len(part)
            if size > self._limit:
                raise too_large(self.url, self._limit)
            parts.append(part)
        if self.slow or self.stopped.is_set():  # the end of it is ours: not every server says how long an answer is
            raise ConnectionAbortedError("cut off")
        return b"".join(parts)

    def _cut_off(self) -> None:
        self.slow = True
        self._hang_up()

    def _hang_up(self) -> None:
        if open_ := self.socket:
            with contextlib.suppress(OSError):
                open_.shutdown(socket.SHUT_RDWR)

    def _proxies(self, url: str) -> dict[str, str]:
        proxies: dict[str, str] = dict(get_environ_proxies(url))
        if any(scheme in proxies for scheme in (urlsplit(url).scheme, "all")):
            try:  # the proxy connects, and knows nothing of what is refused
                self.addresses(*place(url))
            except OSError as error:
                if place(url) != place(self.url):
                    raise Refused(f"{url[:200]}: no address is known for it, and so it is not gone to") from error
        return proxies

    def addresses(self, host: str, port: int) -> list[str]:
        """Where a host may be reached. Raises Refused where a public source leads inward, OSError for no such name."""
        found = resolve(host, port)
        outside = [address for address in found if is_outward(address)]
        if self.outward is None:
            self.outward = bool(outside)
        if not self.outward:
            return found
        if not outside:
            raise Refused(
                f"{self.url}: leads to {host}, which is {found[0]}: an address inside a network is never gone to "
                "from a public server"
            )
        return outside


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


def place(url: str) -> tuple[str, int]:
    """Host and port of an address."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise Refused(f"{url[:200]}: is no web address: {error}") from error
    return (parts.hostname or "").lower().rstrip("."), port or PORTS.get(parts.scheme, 0)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, in the system's order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_outward(address: str) -> bool:
    """Whether an address is one of the public internet. What carries an IPv4 address is judged by it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if carried is None and ip in _NAT64:
            carried = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if carried is not None:
            return is_outward(str(carried))
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def dial(address: str, port: int, given: HTTPConnection) -> socket.socket:
    """A connection to an address that was looked at: what the name says meanwhile does not count any more."""
    return connection.create_connection(
        (address, port), given.timeout, source_address=given.source_address, socket_options=given.socket_options
    )


class _Adapter(HTTPAdapter):
    """Connections that look where they go."""

    def __init__(self, web: Web):
        self.web = web
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **given: Any) -> None:
        super().init_poolmanager(*args, **given)
        web = self.web

        class Plain(_Looking, HTTPConnection):
            looking = web

        class Secure(_Looking, HTTPSConnection):
            looking = web

        class Plains(HTTPConnectionPool):
            ConnectionCls = Plain

        class Secures(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": Plains, "https": Secures}


class _Looking(HTTPConnection):
    looking: Web

    def _new_conn(self) -> socket.socket:
        fault: OSError | None = None
        try:
            for address in self.looking.addresses(self.host, self.port or 0):
                try:
                    return dial(address, self.port or 0, self)
                except OSError as error:
                    fault = error
        except OSError as error:
            fault = error
        if isinstance(fault, TimeoutError):
            raise urllib3.exceptions.ConnectTimeoutError(self, "does not answer in time") from fault
        raise urllib3.exceptions.NewConnectionError(self, str(fault)) from fault

    def getresponse(self) -> Any:
        self.looking.socket = self.sock  # the connection lets go of it where the server says that it will close
        return super().getresponse()


# ── what is in an answer ─────────────────────────────────────────────────────────────────────────


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, of a Retry-After that tells seconds or a date (against the server's own clock); None without one."""
    told = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", told, re.ASCII):
        return float(told)
    when, now = _date(told), _date(headers.get("date", ""))
    if when is None:
        return None
    return max(0.0, (when - (now or datetime.datetime.now(datetime.UTC))).total_seconds())


def _date(text: str) -> datetime.datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def unpacked(raw: bytes, announced: str, limit: int, url: str) -> bytes:
    """The content itself: gzip by its first bytes, announced or not; what is announced and is not packed, as it is.

    Raises Unanswered where it breaks off, Refused where it is too large or packed otherwise.
    """
    if raw.startswith(b"\x1f\x8b"):
        return _inflated(raw, 31, limit, url)
    if "deflate" in announced and not raw.lstrip().startswith(b"<"):
        return _inflated(raw, 15 if raw[:1] == b"\x78" else -15, limit, url)
    if re.search(r"\b(br|zstd|compress)\b", announced) and not raw.lstrip().startswith(b"<"):
        raise Refused(f"{url}: answers packed as {announced}, though only gzip was asked for")
    return raw


def _inflated(raw: bytes, form: int, limit: int, url: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    while raw:
        unpacker = zlib.decompressobj(form)
        try:
            part = unpacker.decompress(raw, limit - size + 1)
        except zlib.error as error:
            raise Unanswered(f"{url}: the packed answer is damaged: {error}") from error
        size += len(part)
        if size > limit:
            raise too_large(url, limit)
        if not unpacker.eof:
            raise Unanswered(f"{url}: the packed answer breaks off")
        parts.append(part)
        raw = unpacker.unused_data if unpacker.unused_data.startswith(b"\x1f\x8b") else b""
    return b"".join(parts)


def too_large(url: str, limit: int) -> Refused:
    return Refused(
        f"{url}: one answer is larger than {limit >> 20} MB; if that is right, raise answer_mb in settings.toml"
    )


# ── who asks ─────────────────────────────────────────────────────────────────────────────────────


def user_agent(settings: Settings) -> str:
    """Which installation asks, and whom to write to; header fields are ASCII."""
    told = filter(None, (settings.address and f"+{settings.address}", settings.contact or "no contact set"))
    said = re.sub(r"[^\x20-\x7e]+", "?", "; ".join(told)).translate(str.maketrans("()", "[]"))
    return f"Sahaban/0.1 (union catalogue; {said})"


def password(told: str, directory: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The password that ``env:NAME`` or ``file:PATH`` leads to. Raises HarvestError; never shows it."""
    kind, _, name = told.partition(":")
    if kind == "env":
        if not environ.get(name):
            raise HarvestError(f"the password of the source should stand in the environment as {name}, and does not")
        return environ[name]
    path = directory / name
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise HarvestError(f"{name}: the password cannot be read: {getattr(error, 'strerror', '') or error}") from error
    if os.name == "posix" and (not stat.S_ISREG(mode) or mode & 0o077):
        raise HarvestError(f"{name}: others can read this password; chmod 600 {path}")
    if not text:
        raise HarvestError(f"{name}: the file of the password is empty")
    return text


def address_length(url: str, arguments: Mapping[str, str]) -> int:
    return len(url) + 1 + len(urlencode(arguments))


def _said(error: Exception) -> str:
    """A network error as a librarian's administrator would say it."""
    if isinstance(error, requests.Timeout | TimeoutError | urllib3.exceptions.TimeoutError):
        return "does not answer in time"
    if isinstance(error, requests.exceptions.SSLError | ssl.SSLError):
        return f"its certificate or encryption is not good: {_last(error)}"
    if isinstance(error, requests.ConnectionError):
        return f"cannot be reached: {_last(error)}"
    if isinstance(error, urllib3.exceptions.HTTPError | requests.exceptions.ChunkedEncodingError | OSError):
        return f"the answer breaks off: {_last(error)}"
    return _last(error)


def _nobody_there(error: BaseException | None) -> bool:
    """Whether not even a connection was made: then the server is down, and not only busy."""
    reason = getattr(error.args[0], "reason", None) if error is not None and error.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def _last(error: Exception) -> str:
    return str(error).rpartition(": ")[2].strip("\"')( ") or type(error).__name__
