"""Telling, once each: what is sent by which channel, held back, tried again and remembered."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.alerts import memory
from pipelines.alerts.config import AlertsError
from pipelines.alerts.memory import Failing, failed, failing, succeeded
from pipelines.alerts.service import Delivery, tell
from pipelines.cli import cli
from pipelines.plans.loader import load_plans
from pipelines.settings import Workspace
from tests.alerts import world
from tests.alerts.world import OK, Sent, answers

PLANS = load_plans()
MORNING = datetime(2025, 12, 5, 9)
FAILURE = Failing(run_id="0123456789abcdef", at=MORNING, stage="发布数据", line="磁盘已满")
EARLIER = [Sent(("2024-11", code)) for code in world.DISTRICTS]
IN_TIME = [Sent((period, code)) for period in world.PERIODS for code in world.DISTRICTS]
GROUP = "channels:\n  - {id: group, kind: wecom, url_from: GROUP, timeout_seconds: 1, plans: [bayannur_2023_2025]}\n"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    """A workspace in which two districts have not sent the last ledger, one of them had it returned."""
    ws = Workspace(tmp_path)
    issues = [("fatal", "missing_column", None), ("warning", "R18", None)]
    returned = Sent(("2025-11", "150821"), "returned", datetime(2025, 11, 28, 9), issues)
    good = Sent(("2025-11", "150802"), issues=[("warning", "R18", None), ("warning", "R20", "属实")])
    world.publish(ws, [*EARLIER, good, returned])
    ws.alerts.write_text(GROUP, encoding="utf-8")
    return ws


Tell = Callable[..., list[Delivery]]


@pytest.fixture
def now(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Tell at a moment, the group's robot being this server."""

    def telling(web: world.Web, moment: datetime = MORNING) -> list[Delivery]:
        monkeypatch.setenv("GROUP", web.url)
        return tell(ws, PLANS, moment, pauses=())

    return telling


def titles(web: world.Web) -> list[str]:
    return [
        taken.json["markdown"]["content"].splitlines()[0].removeprefix("### 【三年行动计划】") for taken in web.taken
    ]


def test_no_file_nothing_happens(tmp_path: Path) -> None:
    assert tell(Workspace(tmp_path), PLANS, MORNING) == []
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_tell_nothing_sent(ws: Workspace, now: Tell) -> None:
    world.publish(ws, IN_TIME)
    with world.web() as web:
        assert now(web) == []
        assert web.taken == []


def test_a_digest_of_the_marts(ws: Workspace, now: Tell) -> None:
    with world.web() as web:
        [delivery] = now(web)
        [taken] = web.taken
    assert delivery == Delivery("group", "报送情况：逾期未报 2 份，退回待重报 1 份")
    assert taken.json["markdown"]["content"].splitlines()[1:] == [
        "**巴彦淖尔市方案**",
        "2025年度工作台账：2025年11月30日截止，已逾期 5 天；应报 3 份，已收 1 份",
        "未报 1 个：磴口县",
        "退回：五原县，缺少必要的列 1 处；回执在 data/raw/receipts/bayannur_2023_2025/2025-11/150821/",
        "已收填报表中的提示 2 处，已说明 1 处，未说明 1 处",
    ]


def test_the_same_is_not_told_twice(ws: Workspace, now: Tell) -> None:
    with world.web() as web:
        now(web)
        assert now(web) == []
        assert now(web, MORNING.replace(day=20)) == []
        world.publish(ws, [*EARLIER, *(Sent(("2025-11", code), at=datetime(2025, 12, 19)) for code in world.DISTRICTS)])
        now(web, MORNING.replace(day=20))
        assert titles(web) == ["报送情况：逾期未报 2 份，退回待重报 1 份", "报送情况：已全部补齐"]
        assert "五原县（2025年度工作台账，迟 19 天）" in web.taken[-1].json["markdown"]["content"]
        assert now(web, MORNING.replace(day=21)) == []


def test_what_did_not_arrive_is_tried_at_the_next_occasion(now: Tell) -> None:
    with world.web(answers(200, {"errcode": 45009}), OK) as web:
        [failed_one] = now(web)
        assert "频繁" in failed_one.trouble
        [arrived] = now(web)
        assert not arrived.trouble
        assert now(web) == []


def test_every_message_is_a_line_in_the_log(ws: Workspace, now: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.web(answers(500), OK) as web:
        now(web)
        now(web)
    log = ws.logs / "alerts" / "sent.jsonl"
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [(line["channel"], line["kind"], line["status"]) for line in lines] == [
        ("group", "digest", "failed"),
        ("group", "digest", "arrived"),
    ]
    assert lines[0]["error"] == "对方返回 HTTP 500"
    monkeypatch.setattr(memory, "LOG_BYTES", 10)
    failed(ws, "", FAILURE)
    with world.web() as web:
        now(web)
    assert len(log.read_text().splitlines()) == 1
    assert len(log.with_suffix(".old.jsonl").read_text().splitlines()) == 2


def test_one_dead_channel_does_not_keep_another_from_its_own(
    ws: Workspace, now: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws.alerts.write_text(GROUP + "  - {id: other, kind: json, url_from: OTHER}\n", encoding="utf-8")
    with world.web(answers(500)) as dead, world.web(answers(200)) as alive:
        monkeypatch.setenv("OTHER", alive.url)
        assert [(one.channel, bool(one.trouble)) for one in now(dead)] == [("group", True), ("other", False)]
        assert [(one.channel, bool(one.trouble)) for one in now(dead)] == [("group", True)]
        assert len(alive.taken) == 1


def test_quiet_hours_hold_everything_back(ws: Workspace, now: Tell) -> None:
    ws.alerts.write_text(GROUP + "quiet_hours: 21:00-07:30\n", encoding="utf-8")
    failed(ws, "", FAILURE)
    with world.web() as web:
        assert now(web, MORNING.replace(hour=2)) == []
        assert web.taken == []
        now(web, MORNING.replace(hour=8))
        assert titles(web) == ["运行失败：发布数据", "报送情况：逾期未报 2 份，退回待重报 1 份"]


def test_a_failure_and_what_follows(ws: Workspace, now: Tell) -> None:
    world.publish(ws, IN_TIME)
    with world.web() as web:
        failed(ws, "bayannur_2023_2025/2025-11", FAILURE)
        now(web)
        failed(ws, "", FAILURE.model_copy(update={"run_id": "fedcba9876543210"}))
        assert now(web) == []
        succeeded(ws, "bayannur_2023_2025")
        assert failing(ws).keys() == {""}
        assert now(web) == []
        succeeded(ws, "")
        now(web)
        assert now(web) == []
        assert titles(web) == ["运行失败：发布数据", "运行已恢复正常"]


def test_a_failure_mended_overnight_is_not_told(ws: Workspace, now: Tell) -> None:
    world.publish(ws, IN_TIME)
    failed(ws, "", FAILURE)
    succeeded(ws, "")
    with world.web() as web:
        assert now(web) == []


def test_reminders_are_told_once(ws: Workspace, now: Tell) -> None:
    with world.web() as web:
        for day in (23, 24, 25, 29):
            now(web, datetime(2025, 11, day, 9))
        told = titles(web)
    assert [title for title in told if title.startswith("报送提醒")] == ["报送提醒：还有 7 天", "报送提醒：还有 1 天"]


def test_a_long_digest_comes_in_pieces(ws: Workspace, now: Tell) -> None:
    districts = {f"1508{n:02}": f"很长名字的第{n}个旗县区" for n in range(99)}
    world.publish(ws, [Sent(("2024-11", "150800"))], districts)
    with world.web() as web:
        now(web)
        assert len(web.taken) > 1
        assert all(len(taken.json["markdown"]["content"].encode()) <= 4096 for taken in web.taken)


def test_a_second_piece_that_fails_does_not_bring_the_first_again(ws: Workspace, now: Tell) -> None:
    districts = {f"1508{n:02}": f"很长名字的第{n}个旗县区" for n in range(99)}
    world.publish(ws, [Sent(("2024-11", "150800"))], districts)
    with world.web(OK, answers(404)) as web:
        [delivery] = now(web)
        assert "只送达前 1 条" in delivery.remark
        assert now(web) == []


def test_killed_while_telling(ws: Workspace, now: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is whole at any moment: a write that ends half-way leaves what stood there."""
    with world.web() as web:
        now(web)
        before = (ws.logs / "alerts" / "told.json").read_bytes()

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as dying:
            dying.setattr(os, "replace", killed)
            failed_before = ws.logs / "alerts" / "failing.json"
            with pytest.raises(KeyboardInterrupt):
                failed(ws, "", FAILURE)
            assert not failed_before.exists()
        assert (ws.logs / "alerts" / "told.json").read_bytes() == before
        failed(ws, "", FAILURE)
        assert [one.title for one in now(web)] == ["运行失败：发布数据"]


def test_a_memory_that_cannot_be_read_is_put_aside(ws: Workspace, now: Tell) -> None:
    with world.web() as web:
        now(web)
        (ws.logs / "alerts" / "told.json").write_text("{half")
        assert len(now(web)) == 1
        assert (ws.logs / "alerts" / "told.unreadable").read_text() == "{half"


def test_no_secret_is_written(ws: Workspace, now: Tell) -> None:
    with world.web(answers(500)) as web:
        deliveries = now(web)
    failed(ws, "", FAILURE)
    written = "".join(file.read_text() for file in (ws.logs / "alerts").iterdir())
    assert "SECRET" not in written + "".join(map(str, deliveries))


def test_a_file_with_mistakes(ws: Workspace) -> None:
    ws.alerts.write_text("channels: nonsense", encoding="utf-8")
    with pytest.raises(AlertsError):
        tell(ws, PLANS, MORNING)


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def command(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("ACTIONPLAN_NOW", MORNING.isoformat())

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli, ["--root", str(ws.root), "alerts", *arguments])
        return result.exit_code, result.output

    return run


def test_command_without_a_file(command: Callable[..., tuple[int, str]], ws: Workspace) -> None:
    ws.alerts.unlink()
    code, said = command()
    assert code == 0
    assert "没有 alerts.yaml" in said


def test_command_shows_what_would_be_sent(command: Callable[..., tuple[int, str]], ws: Workspace) -> None:
    code, said = command("--preview")
    assert code == 0
    assert "环境变量 GROUP 没有设置" in said
    assert "【三年行动计划】报送情况：逾期未报 2 份" in said
    assert not ws.logs.exists()


def test_command_sends_a_test(command: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    with world.web() as web:
        monkeypatch.setenv("GROUP", web.url)
        code, said = command("--test")
        assert code == 0
        assert titles(web) == ["测试消息"]
    monkeypatch.delenv("GROUP")
    code, said = command("--test")
    assert code == 3
    assert "GROUP 没有设置" in said


def test_command_sends_what_is_due(command: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    with world.web() as web:
        monkeypatch.setenv("GROUP", web.url)
        assert command("--send")[0] == 0
        assert "没有需要发送的通知" in command("--send")[1]
        assert len(web.taken) == 1


def test_command_names_mistakes(command: Callable[..., tuple[int, str]], ws: Workspace) -> None:
    ws.alerts.write_text("channels: []", encoding="utf-8")
    code, said = command()
    assert code == 1
    assert "alerts.yaml:1" in said


def test_command_refuses_two_wishes(command: Callable[..., tuple[int, str]]) -> None:
    assert command("--test", "--preview")[0] == 2


def test_a_run_stopped_by_a_plan_with_mistakes_is_told(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the channel names a plan, and plans can't be read."""
    monkeypatch.setenv("ACTIONPLAN_NOW", MORNING.isoformat())
    world.publish(ws, IN_TIME)
    ws.plans.mkdir()
    (ws.plans / "mine.yaml").write_text("id: mine\n", encoding="utf-8")
    with world.web() as web:
        monkeypatch.setenv("GROUP", web.url)
        for _ in range(2):
            result = CliRunner().invoke(cli, ["--root", str(ws.root), "run"])
            assert result.exit_code == 3
            assert "mine.yaml" in result.stderr
        assert titles(web) == ["运行失败"]
        told = web.taken[0].json["markdown"]["content"]
    assert "方案文件有误" in told
    assert "运行编号" not in told


def test_a_run_that_cannot_tell_says_so(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONPLAN_NOW", MORNING.isoformat())
    ws.plans.mkdir()
    (ws.plans / "mine.yaml").write_text("id: mine\n", encoding="utf-8")
    for content, says in ((GROUP, "环境变量 GROUP 没有设置"), ("channels: []", "alerts.yaml:1")):
        ws.alerts.write_text(content, encoding="utf-8")
        result = CliRunner().invoke(cli, ["--root", str(ws.root), "run"])
        assert result.exit_code == 3
        assert says in result.stderr
        assert "方案文件有误" in result.stderr


def test_what_is_remembered_can_be_read(ws: Workspace, now: Tell) -> None:
    with world.web() as web:
        now(web)
    told = json.loads((ws.logs / "alerts" / "told.json").read_text())["channels"]["group"]["digest"]
    assert told["overdue"] == ["bayannur_2023_2025/2025-11/150821", "bayannur_2023_2025/2025-11/150822"]
