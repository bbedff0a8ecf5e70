"""What Dagster shows: names that people and other programs rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.plans.loader import load_plans
from tests.conftest import CHECKOUT

pytestmark = pytest.mark.slow
PUBLISHED = {
    *("dim_plan", "dim_district", "dim_period", "dim_indicator", "dim_community"),
    *("fct_submission", "fct_issue", "fct_community_status", "fct_indicator"),
    *("mart_milestone_progress", "mart_register_bridge", "mart_rate_change", "mart_gap_community"),
    *("mart_submission_status", "mart_fact", "mart_assessment_item", "mart_assessment_score", "mart_lagging_district"),
    *("dim_milestone", "dim_clause", "dim_rubric_item", "dim_rubric_rule"),
    *("mart_evidence_coverage", "mart_register_event", "mart_register_decision", "mart_register_proposal"),
    *("mart_figure_row", "mart_figure_set"),
}


def dg(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ACTIONPLAN_ROOT": str(root), "DAGSTER_HOME": "", "PYTHONPATH": str(CHECKOUT)}
    command = [str(Path(sys.executable).with_name("dg")), *arguments]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    done = dg(tmp_path_factory.mktemp("listed"), "list", "defs", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def keys(listed: dict[str, Any], group: str) -> set[str]:
    return {asset["asset_key"] for asset in listed["assets"] if asset["group_name"] == group}


def test_dg_check_defs(tmp_path: Path) -> None:
    done = dg(tmp_path, "check", "defs")
    assert done.returncode == 0, done.stdout + done.stderr


def test_assets(listed: dict[str, Any]) -> None:
    assert keys(listed, "intake") == {"inbox", "submissions"}
    assert keys(listed, "warehouse") == {"register_inputs"}
    assert keys(listed, "marts") >= PUBLISHED
    assert keys(listed, "publish") == {"published", "receipts"}
    assert keys(listed, "reports") == {f"reports/{plan}" for plan in load_plans()}
    others = {asset["group_name"] for asset in listed["assets"]} - {
        "intake",
        "warehouse",
        "marts",
        "publish",
        "reports",
    }
    assert others == {"staging", "intermediate"}


def test_the_graph_leads_from_drops_to_reports(listed: dict[str, Any]) -> None:
    upstream = {asset["asset_key"]: set(asset["dependency_keys"]) for asset in listed["assets"]}
    reached, frontier = set[str](), {"reports/bayannur_2023_2025"}
    while frontier:
        reached |= frontier
        frontier = set().union(*(upstream[key] for key in frontier)) - reached
    assert {"inbox", "submissions", "register_inputs", "published", *PUBLISHED} <= reached


def test_checks(listed: dict[str, Any]) -> None:
    checks = {check["key"] for check in listed["asset_checks"]}
    assert {
        "submissions:archive_is_recorded",
        "submissions:records_fit_their_forms",
        "submissions:nothing_returned",
        "published:published_equals_built",
        "published:register_bridge_closes",
        "published:everything_due_is_in",
        "published:everything_came_in_time",
    } <= checks
    tested = {check["asset_key"] for check in listed["asset_checks"]}
    assert tested >= PUBLISHED


def test_jobs_schedules_and_sensors(listed: dict[str, Any]) -> None:
    assert [job["name"] for job in listed["jobs"]] == ["housekeeping", "refresh"]
    assert [schedule["name"] for schedule in listed["schedules"]] == [
        "nightly",
        "reporting_calendar",
        "weekly_housekeeping",
    ]
    assert [sensor["name"] for sensor in listed["sensors"]] == [
        "inbox_sensor",
        "tell_after_run",
        "tell_due",
        "tell_failure",
    ]
