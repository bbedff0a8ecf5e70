"""What Dagster's sensors tell after runs that it started, and what they leave to others."""

import errno
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines import journal
from pipelines.defs import workspace as of_process
from pipelines.defs.alerts import tell_after_run, tell_due, tell_failure
from pipelines.defs.record import COMMAND_TAG, causes_of, place_of, summed_up, timings
from pipelines.failures import explain
from pipelines.progress import stage
from pipelines.settings import Workspace
from tests.alerts import world
from tests.alerts.world import Sent

GROUP = "channels:\n  - {id: group, kind: wecom, url_from: GROUP, plans: [bayannur_2023_2025]}\n"


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("ACTIONPLAN_ROOT", str(tmp_path))
    monkeypatch.setenv("ACTIONPLAN_NOW", "2025-12-05T09:00:00")
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
    of_process.workspace.cache_clear()
    ws = of_process.workspace()
    world.publish(ws, [Sent((period, code)) for period in world.PERIODS for code in world.DISTRICTS])
    ws.alerts.write_text(GROUP, encoding="utf-8")
    yield ws
    of_process.workspace.cache_clear()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[world.Web]:
    with world.web() as web:
        monkeypatch.setenv("GROUP", web.url)
        yield web


def titles(web: world.Web) -> list[str]:
    contents = [taken.json["markdown"]["content"] for taken in web.taken]
    return [content.splitlines()[0].removeprefix("### 【三年行动计划】") for content in contents]


@pytest.fixture
def ends(ws: Workspace) -> Callable[..., str]:
    """A run that ends, well or with an error, and what the sensor that hears of it says."""

    def ended(error: Exception | None = None, tags: dict[str, str] | None = None, job: str = "refresh") -> str:
        @dg.op
        def work(context: dg.OpExecutionContext) -> None:
            with journal.opened(ws, context.run_id, "Dagster"), stage("发布数据"):
                if error:
                    raise error

        @dg.job(name=job)
        def made() -> None:
            work()

        with dg.DagsterInstance.ephemeral() as instance:
            result = made.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
            kind = dg.DagsterEventType.PIPELINE_SUCCESS if result.success else dg.DagsterEventType.PIPELINE_FAILURE
            [event] = [event for event in result.all_events if event.event_type is kind]
            context: Any = dg.build_run_status_sensor_context(
                sensor_name="any", dagster_event=event, dagster_instance=instance, dagster_run=result.dagster_run
            )
            said = tell_after_run(context) if result.success else tell_failure(context.for_run_failure())
        assert isinstance(said, dg.SkipReason)
        return said.skip_message or ""

    return ended


FULL = OSError(errno.ENOSPC, "No space left on device", "/data/x")


def test_a_run_that_fails_and_one_that_is_well(ends: Callable[..., str], web: world.Web) -> None:
    assert "已通知：group" in ends(FULL)
    assert ends(FULL) == "Nothing to tell."
    assert "已恢复" in ends()
    assert ends() == "Nothing to tell."
    assert titles(web) == ["运行失败：发布数据", "运行已恢复正常"]
    told = web.taken[0].json["markdown"]["content"]
    assert "磁盘已满" in told
    assert "已收到的文件都在" in told


def test_runs_of_the_command_are_its_own_business(ends: Callable[..., str], web: world.Web) -> None:
    assert "command" in ends(FULL, {COMMAND_TAG: "command"})
    assert "command" in ends(None, {COMMAND_TAG: "command"})
    assert web.taken == []


def test_a_run_that_is_tried_again_has_not_failed(ends: Callable[..., str], web: world.Web) -> None:
    assert "tried again" in ends(FULL, {"dagster/will_retry": "true"})
    assert web.taken == []


def test_each_job_is_well_again_by_itself(ends: Callable[..., str], web: world.Web) -> None:
    ends(FULL, job="housekeeping")
    assert ends() == "Nothing to tell."
    ends(job="housekeeping")
    assert titles(web) == ["运行失败：发布数据", "运行已恢复正常"]


def test_some_assets_made_anew_mend_no_run(ends: Callable[..., str], web: world.Web) -> None:
    ends(FULL, {"actionplan/plan": "p"})
    assert ends(job="some_assets") == "Nothing to tell."
    assert ends(None, {"actionplan/plan": "p"}) != "Nothing to tell."


def test_what_may_repeat_a_cell_stays_here(ends: Callable[..., str], web: world.Web) -> None:
    ends(ValueError("could not parse '幸福小区'"))
    assert "ValueError" in web.taken[0].json["markdown"]["content"]
    assert "幸福" not in web.taken[0].json["markdown"]["content"]


def test_a_run_tells_what_it_brought(ws: Workspace, ends: Callable[..., str], web: world.Web) -> None:
    world.publish(ws, [Sent(("2024-11", code)) for code in world.DISTRICTS])
    ends()
    assert titles(web) == ["报送情况：逾期未报 3 份"]


def test_days_that_go_by(ws: Workspace, web: world.Web, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish(ws, [Sent(("2024-11", code)) for code in world.DISTRICTS])
    with dg.DagsterInstance.ephemeral() as instance:
        for day in ("2025-11-23T09:00:00", "2025-11-23T10:00:00", "2025-11-29T09:00:00"):
            monkeypatch.setenv("ACTIONPLAN_NOW", day)
            assert isinstance(tell_due(dg.build_sensor_context(instance=instance)), dg.SkipReason)
    assert titles(web) == ["报送提醒：还有 7 天", "报送提醒：还有 1 天"]


def test_without_a_file_nothing_happens(ws: Workspace, ends: Callable[..., str], web: world.Web) -> None:
    ws.alerts.unlink()
    assert ends(FULL) == ends() == "There is no alerts.yaml."
    with dg.DagsterInstance.ephemeral() as instance:
        said = tell_due(dg.build_sensor_context(instance=instance))
    assert isinstance(said, dg.SkipReason)
    assert not (ws.logs / "alerts").exists()


def test_what_a_run_is_about() -> None:
    assert place_of({}) == (None, None)
    assert place_of({"actionplan/plan": "p"}) == ("p", None)
    assert place_of({"actionplan/plan": "p", "actionplan/period": "t"}) == ("p", "t")
    assert place_of({"dagster/partition": "p/t"}) == ("p", "t")


def test_an_error_as_dagster_keeps_it() -> None:
    from dagster._utils.error import serializable_error_info_from_exc_info

    try:
        try:
            raise FULL
        except OSError as error:
            raise RuntimeError("step failed") from error
    except RuntimeError:
        kept = serializable_error_info_from_exc_info(sys.exc_info())
    assert explain(causes_of(kept)).line.startswith("磁盘已满")


def test_the_table_of_timings(ws: Workspace) -> None:
    with journal.opened(ws, "01234567", "run"):
        with stage("启动"):
            pass
        table = timings([journal.StageTime("生成报告", 2.0)])["timings"].value
    assert str(table).splitlines()[2:] == ["| 启动 | 0.0 |", "| 生成报告 | 2.0 |", "| **all** | **2.0** |"]


def test_what_a_run_came_to(ws: Workspace) -> None:
    with journal.opened(ws, "01234567", "run") as told:
        assert summed_up({})["summary"].value == ""
        told.received, told.tables, told.tables_changed = {"accepted": 3}, 32, 0
        assert summed_up({})["summary"].value == "- 收到 3 份：通过 3\n- 数据：32 张表，没有变化"
