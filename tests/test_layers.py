"""The house: a file imports only from its own room and the rooms below it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BELOW = {
    "config": set(),
    "harvest": {"config"},
    "search": {"config"},
    "index": {"config", "harvest", "search"},
    "webapp": {"config", "harvest", "search", "index"},
    "demo": {"config", "harvest", "search", "index", "webapp"},
}
FILES = [path for room in BELOW for path in sorted((ROOT / room).rglob("*.py"))]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the room"
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_from_its_own_room_and_those_below(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    rooms = {name for name in imported(path) if name in BELOW or name in ("sahaban", "bench", "tests")}
    assert rooms <= BELOW[room] | {room}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_in_one_sentence_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "no module docstring"


def loaded_by(*arguments: str) -> set[str]:
    code = f"import sys; sys.argv = ['sahaban', *{arguments!r}]; import sahaban\ntry:\n sahaban.main()\nexcept SystemExit: pass\n"
    code += "print('\\n' + ' '.join({name.split('.')[0] for name in sys.modules}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(out.stdout.splitlines()[-1].split())


def test_a_nightly_harvest_does_not_load_the_web() -> None:
    assert not loaded_by("harvest", "--help") & {"flask", "jinja2", "webapp", "tantivy", "whoosh", "pythainlp"}


def test_the_help_loads_no_room() -> None:
    assert not loaded_by("--help") & {"harvest", "index", "search", "webapp", "demo", "sqlalchemy", "lxml", "pymarc"}
