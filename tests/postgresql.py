"""A PostgreSQL server of the tests' own: made in a temporary folder, spoken to through a socket in it, and removed."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, make_url, text

GIVEN = "SAHABAN_TEST_POSTGRESQL"  # the URL of a server to use instead, where databases may be made
PLAIN = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")  # it need not survive


class Missing(Exception):
    """There is no PostgreSQL to start: one line that says what brings it."""


class Server:
    """A server, and the databases that are made on it."""

    def __init__(self, url: URL):
        self.url = url
        self._numbers = count(1)
        self._admin: Engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def create(self) -> str:
        """The URL of a new, empty database. Its name holds the process's number: tests may run in several."""
        name = f"sahaban_test_{os.getpid()}_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
        return self.url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        self._execute(f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')

    def _execute(self, sql: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(sql))

    def close(self) -> None:
        self._admin.dispose()


@contextmanager
def server() -> Iterator[Server]:
    """The server that the environment names, else one of our own. Raises Missing."""
    given = os.environ.get(GIVEN)
    with _given(given) if given else _own() as url:
        running = Server(url)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def _given(url: str) -> Iterator[URL]:
    yield make_url(url).set(drivername="postgresql+psycopg")


@contextmanager
def _own() -> Iterator[URL]:
    """A cluster whose language is Thai, so that nothing leans on an order by code points. The socket's path must
    be short; the server refuses to run as root, so root lends it to the user who owns least."""
    tools = _tools()
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        directory, user = Path(name), _user()
        if os.geteuid() == 0:
            os.chown(directory, user.pw_uid, user.pw_gid)
        cluster = directory / "cluster"
        _run([tools / "initdb", "-D", cluster, "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync",
              "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=th"], user)  # fmt: skip
        options = " ".join(f"-c {option}" for option in (*PLAIN, f"unix_socket_directories={directory}"))
        control = [tools / "pg_ctl", "-D", cluster]
        _run([*control, "-w", "-o", options, "-l", directory / "log", "start"], user)
        try:
            yield URL.create("postgresql+psycopg", "tests", database="postgres", query={"host": str(directory)})
        finally:
            _run([*control, "-w", "-m", "immediate", "stop"], user)


def _user() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _tools() -> Path:
    """Debian keeps them out of the path, a directory a version."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version)
    places = [place for place in places if (place / "initdb").exists()]
    if not places:
        raise Missing("PostgreSQL is missing: apt-get install postgresql")
    return places[-1]


def _version(place: Path) -> int:
    return int(place.parent.name) if place.parent.name.isdecimal() else 0


def _run(command: Sequence[object], user: pwd.struct_passwd) -> None:
    root = os.geteuid() == 0
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, timeout=120, cwd="/", check=False,
        user=user.pw_uid if root else None, group=user.pw_gid if root else None, extra_groups=[] if root else None,
    )  # fmt: skip
    if done.returncode:
        raise Missing(f"PostgreSQL does not start: {done.stderr.decode(errors='replace')[-500:]}")
