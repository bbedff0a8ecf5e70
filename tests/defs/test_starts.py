"""When runs start by themselves: the inbox sensor and the schedules."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from pipelines.defs import workspace as of_process
from pipelines.defs.calendar import calendar, inbox_sensor, nightly, reporting_calendar
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


def look(cursor: str | None = None) -> tuple[list[dg.RunRequest], str, str]:
    """One look of the sensor: what it asks for, why nothing, and its cursor."""
    with dg.DagsterInstance.ephemeral() as instance:
        result = inbox_sensor(dg.build_sensor_context(instance=instance, cursor=cursor))
    assert isinstance(result, dg.SensorResult)
    skip = result.skip_reason.skip_message if isinstance(result.skip_reason, dg.SkipReason) else ""
    return list(result.run_requests or []), skip or "", result.cursor or ""


def test_a_file_is_taken_at_the_second_look(inbox: Path) -> None:
    drop(inbox, f"{PLAN}/2024-11/150802/a.xlsx")
    requests, reason, cursor = look()
    assert requests == []
    assert "growing" in reason
    requests, _, _ = look(cursor)
    assert [request.partition_key for request in requests] == [f"{PLAN}/2024-11"]


def test_a_growing_file_waits(inbox: Path) -> None:
    file = drop(inbox, f"{PLAN}/2024-11/150802/a.xlsx", b"begin")
    _, _, cursor = look()
    file.write_bytes(b"begin and more")
    requests, reason, cursor = look(cursor)
    assert requests == []
    assert "growing" in reason
    assert len(look(cursor)[0]) == 1


def test_one_run_per_period(inbox: Path) -> None:
    for district in ("150802", "150821"):
        drop(inbox, f"{PLAN}/2024-11/{district}/a.xlsx", district.encode())
    drop(inbox, f"{PLAN}/2025-11/150802/a.xlsx")
    requests, _, _ = look(look()[2])
    assert [request.partition_key for request in requests] == [f"{PLAN}/2024-11", f"{PLAN}/2025-11"]
    assert len({request.run_key for request in requests}) == 2


@pytest.mark.parametrize(
    "path", ["a.xlsx", f"{PLAN}/a.xlsx", f"{PLAN}/2099-01/150802/a.xlsx", "elsewhere/2024-11/a.xlsx"]
)
def test_a_file_whose_path_says_nothing_asks_for_everything(inbox: Path, path: str) -> None:
    drop(inbox, path)
    [request], _, _ = look(look()[2])
    assert request.partition_key is None
    assert request.tags[ASSET_PARTITION_RANGE_START_TAG] == partition_keys()[0]
    assert request.tags[ASSET_PARTITION_RANGE_END_TAG] == partition_keys()[-1]


def test_nothing_is_asked_for_twice(inbox: Path) -> None:
    """The same files give the same run key, which Dagster takes once; the same bytes sent again are another drop."""
    file = drop(inbox, f"{PLAN}/2024-11/150802/a.xlsx")
    cursor = look()[2]
    first, second = look(cursor)[0][0], look(cursor)[0][0]
    assert first.run_key == second.run_key
    os.utime(file, ns=(0, 0))
    again = look(look(cursor)[2])[0][0]
    assert again.run_key != first.run_key


def test_what_is_no_drop_is_not_seen(inbox: Path) -> None:
    for name in ("~$a.xlsx", ".a.xlsx", "a.xlsx.tmp", ".a.xlsx.received.json"):
        drop(inbox, name)
    requests, reason, cursor = look(look()[2])
    assert requests == []
    assert reason == "The inbox is empty."
    assert json.loads(cursor) == {}


def test_no_inbox_yet(inbox: Path) -> None:
    inbox.rmdir()
    assert look()[1] == "The inbox is empty."


def at(day: str) -> dg.ScheduleEvaluationContext:
    return dg.build_schedule_context(
        scheduled_execution_time=datetime.fromisoformat(f"{day}T06:00").replace(tzinfo=TIME_ZONE)
    )


@pytest.mark.parametrize(
    ("day", "event"),
    [
        ("2024-10-31", "30 days before"),
        ("2024-11-23", "7 days before"),
        ("2024-11-29", "1 days before"),
        ("2024-11-30", "due date"),
        ("2024-12-01", "day after"),
    ],
)
def test_calendar_runs_the_period_that_is_due(day: str, event: str) -> None:
    [request] = [one for one in reporting_calendar(at(day)) if (one.partition_key or "").startswith(f"{PLAN}/")]
    assert request.partition_key == f"{PLAN}/2024-11"
    assert request.tags["actionplan/event"] == event


def test_calendar_skips_the_same_day_of_another_year() -> None:
    [skip] = reporting_calendar(at("2031-11-30"))
    assert isinstance(skip, dg.SkipReason)
    assert "2031-11-30" in (skip.skip_message or "")


def test_calendar_wakes_on_each_of_its_days_in_shanghai() -> None:
    assert reporting_calendar.execution_timezone == "Asia/Shanghai"
    days = {(day.day, day.month) for day in calendar()}
    crons = reporting_calendar.cron_schedule
    assert {(int(cron.split()[2]), int(cron.split()[3])) for cron in crons} == days


def test_every_night_everything() -> None:
    request = nightly(at("2024-06-01"))
    assert request.run_key == "2024-06-01"
    assert request.tags[ASSET_PARTITION_RANGE_START_TAG] == partition_keys()[0]


def test_what_a_run_receives() -> None:
    assert scope_of(partition_keys()) == [(None, None)]
    assert scope_of(partition_keys(PLAN)) == [(PLAN, None)]
    assert scope_of([f"{PLAN}/2024-11", f"{PLAN}/2025-11"]) == [(PLAN, "2024-11"), (PLAN, "2025-11")]
