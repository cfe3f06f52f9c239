"""Processes of the program's own: they load no more than their work, and are not left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT

PROGRAM = """
import os, sys, time
print("loaded", flush=True)
from config import processes

if __name__ == "__main__":
    with processes.pool(2) as pool:
        print(sorted(pool.map(abs, [-3, -2, -1])), *pool._processes, flush=True)
        time.sleep(60 if "stay" in sys.argv else 0)
"""


def start(tmp_path: Path, *more: str) -> "subprocess.Popen[str]":
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, str(program), *more], stdout=subprocess.PIPE, text=True, env=environ)


def test_work_is_done_elsewhere_without_loading_the_program_again(tmp_path: Path) -> None:
    said, _ = start(tmp_path).communicate(timeout=60)
    first, second = said.splitlines()
    assert (first, second.split("]")[0]) == ("loaded", "[1, 2, 3")


def test_a_program_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    program = start(tmp_path, "stay")
    assert program.stdout is not None
    program.stdout.readline()
    others = [int(number) for number in program.stdout.readline().split("]")[1].split()]
    assert others
    assert all(Path(f"/proc/{number}").exists() for number in others)
    program.send_signal(signal.SIGKILL)
    program.wait()
    program.stdout.close()
    end = time.monotonic() + 20
    while any(Path(f"/proc/{number}").exists() for number in others):
        assert time.monotonic() < end, "they stay"
        time.sleep(0.05)
