"""When runs start by themselves: the inbox sensor and the schedules."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG
from dagster._core.test_utils import create_run_for_test

from pipelines.defs import inbox as inbox_defs
from pipelines.defs import workspace as of_process
from pipelines.defs.calendar import calendar, nightly, reporting_calendar
from pipelines.defs.inbox import inbox_sensor
from pipelines.defs.jobs import partition_keys, scope_of
from pipelines.settings import TIME_ZONE

PLAN = "bayannur_2023_2025"


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("ACTIONPLAN_ROOT", str(tmp_path))
    of_process.workspace.cache_clear()
    folder = tmp_path / "data" / "raw" / "inbox"
    folder.mkdir(parents=True)
    yield folder
    of_process.workspace.cache_clear()


def drop(inbox: Path, path: str, content: bytes = b"content") -> Path:
    file = inbox / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


Look = Callable[..., tuple[list[dg.RunRequest], str, str]]


@pytest.fixture
def look(instance: dg.DagsterInstance) -> Look:
    def one_look(cursor: str | None = None) -> tuple[list[dg.RunRequest], str, str]:
        """One look of the sensor: what it asks for, why nothing, and its cursor."""
        result = inbox_sensor(dg.build_sensor_context(instance=instance, cursor=cursor))
        assert isinstance(result, dg.SensorResult)
        skip = result.skip_reason.skip_message if isinstance(result.skip_reason, dg.SkipReason) else ""
        return list(result.run_requests or []), skip or "", result.cursor or ""

    return one_look


def test_a_file_is_taken_at_the_second_look(inbox: Path, look: Look) -> None:
    drop(inbox, f"{PLAN}/2024-11/150802/a.xlsx")
    requests, reason, cursor = look()
    assert requests == []
    assert "growing" in reason
    requests, _, _ = look(cursor)
    assert [request.partition_key for request in requests] == [f"{PLAN}/2024-11"]


def test_a_growing_file_waits(inbox: Path, look: Look) -> None:
    file = drop(inbox, f"{PLAN}/2024-11/150802/a.xlsx", b"begin")
    _, _, cursor = look()
    file.write_bytes(b"begin and more")
    requests, reason, cursor = look(cursor)
    assert requests == []
    assert "growing" in reason
    assert len(look(cursor)[0]) == 1


def test_one_run_per_period(inbox: Path, look: Look) -> None:
    for district in ("150802", "150821"):
        drop(inbox, f"{PLAN}/2024-11/{district}/a.xlsx", district.encode())
    drop(inbox, f"{PLAN}/2025-11/150802/a.xlsx")
    requests, _, _ = look(look()[2])
    assert [request.partition_key for request in requests] == [f"{PLAN}/2024-11", f"{PLAN}/2025-11"]
    assert len({request.run_key for request in requests}) == 2


@pytest.mark.parametrize(
    "path", ["a.xlsx", f"{PLAN}/a.xlsx", f"{PLAN}/2099-01/150802/a.xlsx", "elsewhere/2024-11/a.xlsx"]
)
def test_a_file_whose_path_says_nothing_asks_for_everything(inbox: Path, look: Look, path: str) -> None:
    drop(inbox, path)
    [request], _, _ = look(look()[2])
    assert request.partition_key is None
    assert request.tags[ASSET_PARTITION_RANGE_START_TAG] == partition_keys()[0]
    assert request.tags[ASSET_PARTITION_RANGE_END_TAG] == partition_keys()[-1]


def test_nothing_is_asked_for_twice(inbox: Path, look: Look) -> None:
    """The same files give the same run key, which Dagster takes once; the same bytes sent again are another drop."""
    file = drop(inbox, f"{PLAN}/2024-11/150802/a.xlsx")
    cursor = look()[2]
    first, second = look(cursor)[0][0], look(cursor)[0][0]
    assert first.run_key == second.run_key
    os.utime(file, ns=(0, 0))
    again = look(look(cursor)[2])[0][0]
    assert again.run_key != first.run_key


def test_what_is_no_drop_is_not_seen(inbox: Path, look: Look) -> None:
    for name in ("~$a.xlsx", ".a.xlsx", "a.xlsx.tmp", ".a.xlsx.received.json"):
        drop(inbox, name)
    requests, reason, cursor = look(look()[2])
    assert requests == []
    assert reason == "The inbox is empty."
    assert json.loads(cursor) == {}


def test_no_inbox_yet(inbox: Path, look: Look) -> None:
    inbox.rmdir()
    assert look()[1] == "The inbox is empty."


# ── files whose run did not take them ─────────────────────────────────────────────────────────────────────────────


def started(instance: dg.DagsterInstance, request: dg.RunRequest) -> dg.DagsterRun:
    """The run that Dagster makes of a request, going on."""
    run = create_run_for_test(instance, tags=dict(request.tags), status=dg.DagsterRunStatus.NOT_STARTED)
    instance.report_dagster_event(DagsterEvent(DagsterEventType.RUN_START.value, run.job_name), run.run_id)
    return run


def ended(instance: dg.DagsterInstance, run: dg.DagsterRun, well: bool) -> None:
    kind = DagsterEventType.RUN_SUCCESS if well else DagsterEventType.RUN_FAILURE
    instance.report_dagster_event(DagsterEvent(kind.value, run.job_name), run.run_id)


def test_files_wait_for_the_run_that_is_to_take_them(inbox: Path, look: Look, instance: dg.DagsterInstance) -> None:
    drop(inbox, f"{PLAN}/2024-11/150802/a.xlsx")
    cursor = look()[2]
    [request] = look(cursor)[0]
    started(instance, request)
    requests, reason, _ = look(cursor)
    assert requests == []
    assert "wait for run" in reason


def test_files_left_by_a_run_that_went_well_stay_in_peace(
    inbox: Path, look: Look, instance: dg.DagsterInstance
) -> None:
    drop(inbox, f"{PLAN}/2024-11/150802/evidence/a.pdf")
    cursor = look()[2]
    [request] = look(cursor)[0]
    ended(instance, started(instance, request), well=True)
    requests, reason, _ = look(cursor)
    assert requests == []
    assert "left where they are" in reason


def test_files_are_tried_again_some_time_after_a_failure(
    inbox: Path, look: Look, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(inbox, f"{PLAN}/2024-11/150802/a.xlsx")
    cursor = look()[2]
    [request] = look(cursor)[0]
    ended(instance, started(instance, request), well=False)
    requests, reason, _ = look(cursor)
    assert requests == []
    assert "tried again 0:05:00 after" in reason
    monkeypatch.setattr(inbox_defs, "WAIT_AFTER_FAILURE", timedelta())
    [again] = look(cursor)[0]
    assert again.run_key != request.run_key
    assert again.partition_key == request.partition_key


def test_runs_say_what_they_are_about(inbox: Path, look: Look) -> None:
    drop(inbox, f"{PLAN}/2024-11/150802/a.xlsx")
    [request] = look(look()[2])[0]
    assert request.tags["actionplan/plan"] == PLAN
    assert request.tags["actionplan/period"] == "2024-11"
    assert request.tags["dagster/max_retries"] == "2"


# ── the calendar ──────────────────────────────────────────────────────────────────────────────────────────────────


def at(day: str) -> dg.ScheduleEvaluationContext:
    return dg.build_schedule_context(
        scheduled_execution_time=datetime.fromisoformat(f"{day}T06:00").replace(tzinfo=TIME_ZONE)
    )


def test_calendar_runs_the_period_that_is_due() -> None:
    [request] = [one for one in reporting_calendar(at("2024-11-23")) if (one.partition_key or "").startswith(PLAN)]
    assert request.partition_key == f"{PLAN}/2024-11"
    assert request.tags["actionplan/event"] == "7 days before 2024-11"
    assert request.tags["actionplan/period"] == "2024-11"


def test_what_is_due_for_the_same_period_goes_in_one_run() -> None:
    requests = [one for one in reporting_calendar(at("2024-12-01")) if one.tags["actionplan/plan"] == PLAN]
    assert [(one.partition_key, one.tags["actionplan/event"]) for one in requests] == [
        (None, "30 days before double_random_inspection_yearly, 30 days before reference_price_publication"),
        (f"{PLAN}/2024-11", "day after 2024-11, provisional score with 2024-11"),
    ]


def test_credit_results_of_february_run_the_whole_plan() -> None:
    [request] = [one for one in reporting_calendar(at("2025-02-21")) if one.tags["actionplan/plan"] == PLAN]
    assert request.partition_key is None
    assert request.tags[ASSET_PARTITION_RANGE_START_TAG] == partition_keys(PLAN)[0]
    assert request.tags["actionplan/event"] == "7 days before credit_results_feb"


def test_calendar_says_what_comes_next() -> None:
    [skip] = reporting_calendar(at("2025-12-05"))
    assert isinstance(skip, dg.SkipReason)
    assert "next on 2025-12-24" in (skip.skip_message or "")
    [skip] = reporting_calendar(at("2031-11-30"))
    assert skip.skip_message == "Nothing is due on 2031-11-30."


def test_calendar_wakes_every_morning_in_shanghai() -> None:
    assert reporting_calendar.execution_timezone == "Asia/Shanghai"
    assert reporting_calendar.cron_schedule == "0 6 * * *"
    assert calendar()


def test_every_night_everything() -> None:
    request = nightly(at("2024-06-01"))
    assert request.run_key == "2024-06-01"
    assert request.tags[ASSET_PARTITION_RANGE_START_TAG] == partition_keys()[0]


def test_what_a_run_receives() -> None:
    assert scope_of(partition_keys()) == [(None, None)]
    assert scope_of(partition_keys(PLAN)) == [(PLAN, None)]
    assert scope_of([f"{PLAN}/2024-11", f"{PLAN}/2025-11"]) == [(PLAN, "2024-11"), (PLAN, "2025-11")]
