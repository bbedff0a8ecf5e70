"""The history of runs does not grow without end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.test_utils import create_run_for_test

from pipelines.defs.housekeeping import KEPT, forget_old_runs

NOW = datetime.now(UTC)


@pytest.mark.parametrize("days", [0, KEPT.days - 1, KEPT.days + 1])
def test_what_ended_long_ago_is_forgotten(tmp_path: Path, days: int) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        ended = create_run_for_test(instance, status=dg.DagsterRunStatus.SUCCESS)
        going_on = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED)
        for run in (ended, going_on):
            event = DagsterEvent(DagsterEventType.RUN_START.value, run.job_name)
            instance.report_dagster_event(event, run.run_id)
        instance.report_dagster_event(DagsterEvent(DagsterEventType.RUN_SUCCESS.value, ended.job_name), ended.run_id)
        is_old = days > KEPT.days
        assert forget_old_runs(instance, NOW + timedelta(days=days)) == is_old
        assert {run.run_id for run in instance.get_runs()} == {going_on.run_id} | (set() if is_old else {ended.run_id})
        files = {path.stem for path in tmp_path.rglob("*.db")}
        assert going_on.run_id in files
        assert (ended.run_id in files) != is_old
