"""What each command says and how it exits when something is missing, wrong or in the way."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import cli
from tests.conftest import CHECKOUT, Command

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """A command in this process, on an empty workspace."""
    monkeypatch.setenv("ACTIONPLAN_ROOT", str(tmp_path / "workspace"))
    monkeypatch.setenv("ACTIONPLAN_NOW", "2025-12-05T09:00:00")
    return lambda *arguments: CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "--plan", "bayannur"), "bayannur_2023_2025"),
        (("run", "--period", "2099-01"), "没有填报期"),
        (("run", "--plan", "bayannur_2023_2025", "--period", "2024-12"), "2024-11"),
        (("template", "--plan", "bayannur_2023_2025", "--district", "临合区", "--period", "2024-11"), "临河区"),
        (("template", "--plan", "bayannur_2023_2025", "--district", "后旗", "--period", "2024-11"), "全称"),
        (("template", "--plan", "nowhere", "--district", "150802", "--period", "2024-11"), "可用"),
        (("check", "nothing-here.xlsx"), "文件不存在"),
        (("submit", "nothing-here.xlsx"), "文件不存在"),
        (("plans", "check", "nothing-here.yaml"), "文件不存在"),
        (("report", "--as-of", "2030-01-01"), "晚于今天"),
        (("report", "--as-of", "2020-01-01"), "没有收到过报表，没有可重出的报告"),
        (("status", "--plan", "nowhere"), "没有方案"),
    ],
)
def test_wrong_names_are_named_with_what_was_meant(invoke: Invoke, arguments: tuple[str, ...], says: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("arguments", [("nonsense",), ("run", "--nonsense"), ("check",), ("report", "--as-of", "soon")])
def test_wrong_usage(invoke: Invoke, arguments: tuple[str, ...]) -> None:
    assert invoke(*arguments).exit_code == 2


def test_a_period_that_two_plans_have_needs_the_plan(invoke: Invoke, tmp_path: Path) -> None:
    text = (CHECKOUT / "pipelines" / "plans" / "bayannur_2023_2025.yaml").read_text(encoding="utf-8")
    plans = tmp_path / "workspace" / "plans"
    plans.mkdir(parents=True)
    copy = text.replace("bayannur_2023_2025", "another_plan")
    (plans / "another.yaml").write_text(copy, encoding="utf-8")
    result = invoke("run", "--period", "2024-11")
    assert result.exit_code == 2
    assert "another_plan" in result.stderr
    assert "bayannur_2023_2025" in result.stderr


def test_clock_that_is_no_date(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONPLAN_NOW", "next week")
    result = invoke("status")
    assert result.exit_code == 2
    assert "ACTIONPLAN_NOW" in result.stderr
    assert "next week" in result.stderr


def test_limits_that_are_none(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONPLAN_LIMITS", "patience=60")
    result = invoke("status")
    assert result.exit_code == 2
    assert "ACTIONPLAN_LIMITS" in result.stderr


def test_received_later_than_now(invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"x")
    result = invoke("submit", file, "--received-at", "2026-01-01")
    assert result.exit_code == 2
    assert "2026-01-01" in result.stderr


def test_plans_are_listed(invoke: Invoke) -> None:
    result = invoke("plans")
    assert result.exit_code == 0
    assert "bayannur_2023_2025\t巴彦淖尔" in result.stdout


def test_plan_mistakes_exit_with_1_and_say_where(invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("id: mine\nname: {zh: 我的, en: Mine}\nnonsense: 1\n", encoding="utf-8")
    result = invoke("plans", "check", file)
    assert result.exit_code == 1
    assert "mine.yaml:3: nonsense" in result.stdout


def test_a_broken_plan_in_the_workspace_stops_a_run(invoke: Invoke, tmp_path: Path) -> None:
    plans = tmp_path / "workspace" / "plans"
    plans.mkdir(parents=True)
    (plans / "mine.yaml").write_text("id: mine\n", encoding="utf-8")
    result = invoke("run")
    assert result.exit_code == 3
    assert "mine.yaml" in result.stderr
    assert "plans check" in result.stderr


def test_root_wherever_it_stands(invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"x")
    assert invoke("--root", tmp_path / "one", "submit", file).exit_code == 0
    assert invoke("submit", file, "--root", tmp_path / "two").exit_code == 0
    for root in ("one", "two"):
        assert (tmp_path / root / "data" / "raw" / "inbox" / "a.xlsx").read_bytes() == b"x"


def test_status_before_anything_happened(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("status")
    assert result.exit_code == 0
    assert "actionplan run" in result.stdout
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"x")
    assert invoke("submit", file).exit_code == 0
    overview = json.loads(invoke("status", "--json").stdout)
    assert overview["inbox"] == ["a.xlsx"]
    assert overview["standings"] == []


def test_demo_leaves_other_folders_alone(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    mine = tmp_path / "workspace" / "mine.txt"
    mine.write_text("precious")
    result = invoke("demo")
    assert result.exit_code == 2
    assert "--root" in result.stderr
    assert mine.read_text() == "precious"
    assert [path.name for path in (tmp_path / "workspace").iterdir()] == ["mine.txt"]


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the workspace's run lock."""
    hold = (
        "import sys; from pathlib import Path\n"
        "from pipelines.locking import run_lock; from pipelines.settings import Workspace\n"
        "with run_lock(Workspace(Path(sys.argv[1])), 'actionplan run'): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / "workspace")],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("command", ["run", "report"])
def test_a_second_run_names_the_first(invoke: Invoke, holder: subprocess.Popen[str], command: str) -> None:
    result = invoke(command)
    assert result.exit_code == 3
    assert str(holder.pid) in result.stderr
    assert "actionplan run" in result.stderr
    assert time.strftime("%Y") in result.stderr


def test_the_lock_dies_with_its_holder(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    from pipelines.locking import run_lock
    from pipelines.settings import Workspace

    holder.kill()
    holder.wait()
    with run_lock(Workspace(tmp_path / "workspace"), "test", wait_seconds=5):
        pass


def bound_by_permissions() -> None:
    """In a child about to start: give up root's right to write where permissions forbid it."""
    drop_from_bounding_set, dac_override, dac_read_search = 24, 1, 2
    if os.getuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (dac_override, dac_read_search):
            if libc.prctl(drop_from_bounding_set, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")


@pytest.mark.skipif(sys.platform != "linux", reason="root gives up its rights in Linux's way")
@pytest.mark.parametrize("command", [("run",), ("submit", "a.xlsx"), ("demo",)])
def test_read_only_disk(typed: Command, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"x")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    workspace.chmod(0o555)
    arguments = [str(tmp_path / "a.xlsx") if argument == "a.xlsx" else argument for argument in command]
    done = typed(workspace, *arguments, preexec_fn=bound_by_permissions)
    assert done.returncode == 3, done.stderr
    assert "没有读写权限" in done.stderr
    assert str(workspace) in done.stderr
    assert list(workspace.iterdir()) == []
