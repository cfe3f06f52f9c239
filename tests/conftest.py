"""What all tests share: the shipped tables, installations in temporary folders, and material that lies beside."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest
from filelock import FileLock
from sqlalchemy import Engine, MetaData

import sahaban
from config import Tables, database, read
from config.installation import Installation
from tests import postgresql

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


def missing(what: str) -> NoReturn:
    """Skip with one line; fail where everything must be there."""
    if os.environ.get("SAHABAN_REQUIRE_ALL") == "1":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def data() -> Path:
    """Real third-party material that lies beside the checkout."""
    if not (SHARED / "data").is_dir():
        missing("../shared/data is not there: real records cannot be read")
    return SHARED / "data"


def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this run that all its workers share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, str]]:
    """Three OAI-PMH servers by others, over the same real records: port -> base URL; one set of them for all workers."""
    start = SHARED / "servers" / "start.sh"
    if not start.exists():
        missing("../shared/servers is not there: no OAI-PMH servers by others")
    for tool in ("perl", "curl"):
        if not shutil.which(tool):
            missing(f"{tool} is missing: apt-get install {tool}")
    urls = {port: f"http://127.0.0.1:{port}/oai" for port in (8101, 8102, 8104)}
    run = common(tmp_path_factory) / "servers"
    run.mkdir(exist_ok=True)
    environ = os.environ | {"SAHABAN_RUN": str(run)}
    log, used = run / "start.log", run / f"used-by-{os.getpid()}"
    with FileLock(run / "lock"):
        if not log.exists():
            with log.open("w") as file:
                subprocess.run([str(start)], env=environ, stdout=file, stderr=file, timeout=600, check=False)
        used.touch()
    try:
        started = log.read_text()
        if not all(f"{url} answers" in started for url in urls.values()):
            missing(f"the OAI-PMH servers do not start: {started[-500:]}")
        yield urls
    finally:
        with FileLock(run / "lock"):
            used.unlink()
            if not any(run.glob("used-by-*")):  # the last one
                subprocess.run([str(start), "stop"], env=environ, check=False, timeout=60)
                log.unlink()


@pytest.fixture(scope="session")
def tables() -> Tables:
    """The tables that the program ships."""
    return read(ROOT / "config", sahaban.known(), {})


# ── databases ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Server]:
    """A PostgreSQL server."""
    try:
        with postgresql.server() as server:
            yield server
    except postgresql.Missing as error:
        missing(str(error))


Databases = Callable[[], Engine]


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """New, empty databases: a test that asks for them runs on SQLite and on PostgreSQL."""
    made: list[Engine] = []
    if request.param == "sqlite":
        yield lambda: _kept(made, f"sqlite:///{tmp_path / f'database-{len(made)}.db'}")
    else:
        server: postgresql.Server = request.getfixturevalue("postgres")
        yield lambda: _kept(made, server.create())
    for engine in made:
        engine.dispose()
        if request.param == "postgresql":
            server.drop(engine.url.render_as_string(hide_password=False))


def _kept(made: list[Engine], url: str) -> Engine:
    made.append(database.connect(url))
    return made[-1]


@pytest.fixture
def engine(databases: Databases) -> Engine:
    """One new, empty database of either kind."""
    return databases()


def emptied(engine: Engine, shape: MetaData) -> None:
    """Empty a room's tables, for the next example of a property."""
    with database.writing(engine) as connection:
        for table in reversed(shape.sorted_tables):
            connection.execute(table.delete())


_SCHEMA = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
    "postgresql": "SELECT concat_ws(' ', table_name, column_name, data_type, collation_name, is_nullable, column_default)"
    " FROM information_schema.columns WHERE table_schema = 'public'"
    " UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


def schema(engine: Engine) -> set[str]:
    """All that a database says of its tables and indexes."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(_SCHEMA[engine.dialect.name]).scalars()
        return {" ".join(row.split()) for row in rows if "schema_versions" not in row}


Install = Callable[[str], Installation]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """An installation with the shipped fields and settings, and the members given as TOML."""

    def make(members: str) -> Installation:
        directory = tmp_path / "config"
        directory.mkdir(exist_ok=True)
        for name in ("fields.toml", "settings.toml"):
            text = (ROOT / "config" / name).read_text(encoding="utf-8")
            (directory / name).write_text(text.replace("settle = 1.0 ", "settle = 0.0 "), encoding="utf-8")
        (directory / "members.toml").write_text(members, encoding="utf-8")
        return Installation(directory, tmp_path / "home", sahaban.known)

    return make


def member(code: str, **source: str) -> str:
    """A member with one source, as TOML."""
    rows = "\n".join(f'{key} = "{value}"' for key, value in source.items())
    return f'[{code}]\nname.th = "ห้องสมุด {code}"\nname.en = "{code} Library"\nkind = "college"\n\n[[{code}.source]]\n{rows}\n'


def replaced(tables: Tables, **settings: object) -> Tables:
    return msgspec.structs.replace(tables, settings=msgspec.structs.replace(tables.settings, **settings))
