"""Networks that are filled by hand, on either database."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config import Tables
from tests.conftest import Databases
from tests.index.test_build import Network

Networks = Callable[..., Network]


@pytest.fixture
def networks(tables: Tables, tmp_path: Path, databases: Databases) -> Networks:
    """New, empty networks, by the names of their homes."""

    def make(name: str = "home", engine: str = "memory") -> Network:
        return Network(tables, tmp_path / name, engine, databases())

    return make


@pytest.fixture
def network(networks: Networks) -> Network:
    return networks()
