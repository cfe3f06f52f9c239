"""The units that run an installation: what they name exists, their paths agree, and they may do no more than they must."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sahaban
from tests.conftest import ROOT, missing

DEPLOY = ROOT / "deploy"
SERVICES = sorted(DEPLOY.glob("*.service"))
HOME, TABLES, PROGRAM = "/var/lib/sahaban", "/etc/sahaban", "/opt/sahaban/.venv/bin/sahaban"


class Unit(dict[str, list[str]]):
    """A unit's keys with all their values."""

    def __init__(self, path: Path):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "=" in line and not line.startswith("#"):
                name, _, value = line.partition("=")
                self.setdefault(name, []).append(value)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_runs_a_command_of_the_program_as_nobody_special(path: Path) -> None:
    unit = Unit(path)
    program, command, *_ = shlex.split(unit["ExecStart"][0])
    assert (program, command in sahaban.COMMANDS) == (PROGRAM, True)
    assert unit["User"] == unit["Group"] == ["sahaban"]
    environ = dict(word.split("=") for word in unit["Environment"][0].split())
    assert (environ["SAHABAN_HOME"], environ["SAHABAN_CONFIG"]) == (HOME, TABLES)
    assert HOME in unit["ReadWritePaths"][0].split()
    assert f"/var/lib/{unit['StateDirectory'][0]}" == HOME == unit["WorkingDirectory"][0]
    assert TABLES not in unit["ReadWritePaths"][0], "no service changes the tables"
    for name, value in {
        "ProtectSystem": "strict", "NoNewPrivileges": "yes", "PrivateTmp": "yes", "ProtectHome": "yes", "UMask": "0027",
        "CapabilityBoundingSet": "", "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    }.items():  # fmt: skip
        assert unit[name] == [value], name


def test_both_services_are_hardened_alike() -> None:
    own = {"Description", "ExecStart", "Type", "Restart", "RestartSec", "SuccessExitStatus", "TimeoutStartSec", "Nice",
           "IOSchedulingClass", "ReadWritePaths", "WantedBy"}  # fmt: skip
    one, two = ({name: value for name, value in Unit(path).items() if name not in own} for path in SERVICES)
    assert one == two


def test_the_timer_and_cron_run_the_night_and_the_guide_names_the_same_paths() -> None:
    timer = Unit(DEPLOY / "sahaban-nightly.timer")
    assert timer["Persistent"] == ["yes"]
    assert (DEPLOY / "sahaban-nightly.service").exists(), "a timer starts the service of its name"
    cron = (DEPLOY / "sahaban.cron").read_text(encoding="utf-8")
    assert f"SAHABAN_CONFIG={TABLES}\nSAHABAN_HOME={HOME}\n30 1 * * *  sahaban  " in cron
    assert f"{PROGRAM} nightly" in cron
    guide = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert HOME in guide
    assert {*re.findall(r"sahaban-[a-z]+\.(?:service|timer)", guide)} <= {path.name for path in DEPLOY.iterdir()}
    assert {*re.findall(r"bin/sahaban ([a-z]+)", guide + cron)} <= {*sahaban.COMMANDS}
    night = Unit(DEPLOY / "sahaban-nightly.service")["ReadWritePaths"][0]
    assert "-/backup/sahaban" in night.split()
    assert "/backup/sahaban" in (ROOT / "config/settings.toml").read_text(encoding="utf-8")


def test_systemd_takes_the_units_and_finds_them_safe(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        missing("systemd-analyze is missing: apt-get install systemd")
    for path in DEPLOY.glob("sahaban-*"):
        text = path.read_text(encoding="utf-8").replace(PROGRAM, sys.executable)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    units = sorted(map(str, tmp_path.iterdir()))
    verified = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    said = [line for line in verified.stderr.splitlines() if "sahaban" in line]
    assert said == []
    for path in SERVICES:
        line = ["systemd-analyze", "security", "--offline=true", str(tmp_path / path.name)]
        shown = subprocess.run(line, capture_output=True, text=True, check=False).stdout
        exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", shown)
        assert exposure is not None, shown
        assert float(exposure[1]) <= 2.0, "of 10; a unit without any of this has 9.6"
