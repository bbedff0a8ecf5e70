"""What a run came to, in words; how much a command says."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines import journal
from pipelines.cli import cli
from pipelines.journal import Check, Late, Place, Publication, StageTime, Summary
from pipelines.plans.loader import load_plans
from pipelines.progress import stage, watched
from pipelines.settings import Workspace
from pipelines.summary import Names, lines, spell

PLAN = "bayannur_2023_2025"
NAMES = Names(load_plans())
TOLD = Summary(
    run_id="0123456789ab",
    what="actionplan run",
    started="2025-12-05T09:00:00",
    result="done",
    seconds=95.2,
    stages=[StageTime("启动", 10.04), StageTime("生成报告", 20.0)],
    received={"accepted": 3, "returned": 1},
    again=2,
    returned=[Place(PLAN, "2025-11", "150821", "77"), Place(None, None, None, "8888888899")],
    tables=32,
    tables_changed=5,
    publications=[Publication(PLAN, 2, {"received": 4, "figures": 3, "scores": 0}), Publication("gone", 1, {})],
    pages=40,
    receipts_filled=4,
    late=[Late(PLAN, "2025-11", 5, ["磴口县", "五原县"])],
    checks=[Check("submissions", "nothing_returned", "warn")],
)


def test_everything_worth_knowing() -> None:
    assert list(lines(TOLD, NAMES)) == [
        "运行 01234567 完成（2025-12-05 09:00:00，用时 1 分 35 秒）",
        "  收到 4 份：通过 3、退回 1",
        "  另有 2 份与以前收到的完全相同",
        "  退回：五原县 2025年度工作台账，回执在 data/raw/receipts/bayannur_2023_2025/2025-11/150821/",
        "  退回：无法识别的文件（88888888），回执在 data/raw/receipts/ 中",
        "  数据：32 张表，5 张有变化",
        "  变动：巴彦淖尔市住宅物业服务全覆盖提品质三年行动方案，第 2 次发布：新收 4 份、本期数据 3 项",
        "  首次发布：1 个方案的报告",
        "  报告：40 页，填写回执 4 份",
        "  逾期未报：2025年度工作台账，已过 5 天：磴口县、五原县",
        "  检查提示：submissions 的 nothing_returned",
        "  用时：启动 10.0 秒，生成报告 20.0 秒",
    ]


def test_a_run_that_failed_says_where() -> None:
    told = Summary(run_id="0123456789ab", result="failed", failed_stage="发布数据", failure="磁盘已满")
    assert "  失败于“发布数据”：磁盘已满" in list(lines(told, NAMES))


def test_nothing_new() -> None:
    told = Summary(run_id="0123456789ab", result="done", tables=32, tables_changed=0)
    assert {"  没有新的填报表", "  数据：32 张表，没有变化"} <= set(lines(told, NAMES))


def test_long_lists_are_cut() -> None:
    told = Summary(result="done", late=[Late(PLAN, "2025-11", 5, [f"第{n}区" for n in range(99)])] * 30)
    late = [line for line in lines(told, NAMES) if "逾期未报" in line]
    assert len(late) == 10
    assert "等 99 个" in late[0]
    assert "  ……还有 20 项" in list(lines(told, NAMES))


@pytest.mark.parametrize(("seconds", "said"), [(3.14, "3.1 秒"), (60, "1 分 0 秒"), (3601, "60 分 1 秒")])
def test_times(seconds: float, said: str) -> None:
    assert spell(seconds) == said


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.setenv("ACTIONPLAN_ROOT", str(tmp_path / "workspace"))
    monkeypatch.setenv("ACTIONPLAN_NOW", "2025-12-05T09:00:00")
    return lambda *arguments: CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def ran(tmp_path: Path) -> Workspace:
    """A workspace with a run that went well, and then one that did not."""
    ws = Workspace(tmp_path / "workspace")
    with journal.opened(ws, "aaaaaaaa-1", "actionplan run") as told, stage("启动"):
        told.received, told.returned = TOLD.received, TOLD.returned
    [first] = ws.logs.glob("*.jsonl")
    first.rename(first.with_name("2025-01-01-090000-aaaaaaaa.jsonl"))
    with suppress(OSError), journal.opened(ws, "bbbbbbbb-2", "Dagster") as told, stage("发布数据"):
        told.failure = "磁盘已满"
        raise OSError("full")
    return ws


def test_past_runs(invoke: Invoke, ran: Workspace) -> None:
    shown = invoke("runs").stdout.splitlines()
    assert ["bbbbbbbb" in shown[1], "失败" in shown[1], "停在“发布数据”：磁盘已满" in shown[2]] == [True, True, True]
    assert ["aaaaaaaa" in shown[3], "完成" in shown[3], "actionplan run" in shown[3]] == [True, True, True]
    assert len(invoke("runs", "1").stdout.splitlines()) == 3
    assert [one["run_id"] for one in json.loads(invoke("runs", "--json").stdout)] == ["bbbbbbbb-2", "aaaaaaaa-1"]
    assert "用时：启动" in invoke("runs", "--run", "aaaa").stdout
    unknown = invoke("runs", "--run", "cccc")
    assert (unknown.exit_code, "cccc" in unknown.stderr) == (2, True)


def test_no_runs_yet(invoke: Invoke) -> None:
    assert invoke("runs").stdout == "还没有运行过。\n"


@pytest.mark.parametrize("command", ["run", "report", "demo", "submit"])
@pytest.mark.parametrize("options", [("--verbose", "--quiet"), ("-q", "-v")])
def test_everything_and_nothing_at_once(invoke: Invoke, tmp_path: Path, command: str, options: tuple[str, str]) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"x")
    result = invoke(command, *options, *([file] if command == "submit" else []))
    assert result.exit_code == 2
    assert "不能同时使用" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "workspace").exists()


def test_how_much_submit_says(invoke: Invoke, tmp_path: Path) -> None:
    for name, option, said in (("a", None, True), ("b", "--quiet", False), ("c", "--verbose", True)):
        file = tmp_path / f"{name}.xlsx"
        file.write_bytes(b"x" * 3000)
        result = invoke("submit", file, *filter(None, [option]))
        assert result.exit_code == 0
        assert (f"{name}.xlsx" in result.output) is said
        assert ("（3 KB）" in result.output) is (option == "--verbose")


def test_quiet_still_tells_errors(invoke: Invoke, tmp_path: Path) -> None:
    plans = tmp_path / "workspace" / "plans"
    plans.mkdir(parents=True)
    (plans / "mine.yaml").write_text("id: mine\n", encoding="utf-8")
    result = invoke("run", "--quiet")
    assert (result.exit_code, "mine.yaml" in result.stderr) == (3, True)


def shown(**volume: bool) -> str:
    stream = io.StringIO()
    with watched(stream, **volume), stage("汇总与考核") as progress:
        progress.detail("dim_plan ok（0.1 秒）")
        progress.note("退回：b.xlsx")
    return stream.getvalue()


def test_how_much_of_a_stage_is_shown() -> None:
    assert shown() == "汇总与考核（0.0 秒）\n  退回：b.xlsx\n"
    assert shown(verbose=True) == "  dim_plan ok（0.1 秒）\n汇总与考核（0.0 秒）\n  退回：b.xlsx\n"
    assert shown(quiet=True) == ""
