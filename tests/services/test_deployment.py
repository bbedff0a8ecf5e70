"""The units an administrator copies start what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from pipelines.cli import cli
from tests.conftest import CHECKOUT

UNITS = sorted((CHECKOUT / "deploy/systemd").glob("*.service"))


def setting(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.M)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_command_with_options_it_has(unit: Path) -> None:
    [line] = setting(unit, "ExecStart")
    program, name, *arguments = shlex.split(line)
    assert program == "/opt/actionplan/.venv/bin/actionplan"
    command = cli.commands[name]
    with click.Context(command) as context:
        command.parse_args(context, list(arguments))  # raises for what the command doesn't know


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_may_write_to_the_workspace_alone(unit: Path) -> None:
    assert setting(unit, "User") == ["actionplan"]
    assert setting(unit, "ProtectSystem") == ["strict"]
    [writable] = setting(unit, "ReadWritePaths")
    assert "/srv/actionplan" in writable.split()
    assert setting(unit, "EnvironmentFile") == ["/etc/actionplan.env"]


def test_everything_the_guide_copies_is_there() -> None:
    guide = (CHECKOUT / "docs/deployment.md").read_text()
    named = set(re.findall(r"/opt/actionplan/(deploy/[\w./-]+)", guide))
    assert "deploy/actionplan.env" in named
    for path in named:
        assert list(CHECKOUT.glob(f"{path}*") if path.endswith((".", "-")) else CHECKOUT.glob(path)), path
