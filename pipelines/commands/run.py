"""One run of the whole way through Dagster, in this process: what ``actionplan run`` does."""

from __future__ import annotations

import logging
import os
import warnings
from typing import TYPE_CHECKING

from pipelines.commands.history import dagster_instance
from pipelines.intake.service import aliases_of
from pipelines.locking import run_lock
from pipelines.plans.loader import load_plans
from pipelines.progress import stage
from pipelines.settings import Workspace

if TYPE_CHECKING:
    from dagster import DagsterInstance

COMMAND_TAG = "actionplan/started_by"
SHOWN_UNDER_JOB = {".dagster/repository": "__repository__@actionplan"}
"""How Dagster's pages know that a run is one of this project's job."""


def refresh(ws: Workspace, plan_id: str | None = None, period_id: str | None = None) -> str:
    """Receive the inbox and materialise everything downstream; the id of the Dagster run.

    With ``plan_id`` (and ``period_id``) only that plan's (period's) workbooks are received and its reports written.
    Raises Busy while another run is going on, and whatever made a step fail: OSError for a read-only or full disk.
    """
    aliases_of(ws, load_plans(ws.plans))  # a broken file is told at once, not after Dagster has been imported
    with run_lock(ws, "actionplan run"):
        ws.prepare()
        os.environ["ACTIONPLAN_ROOT"] = str(ws.root)
        with stage("启动"):
            _hush()
            from dagster import DagsterExecutionInterruptedError

            from pipelines.definitions import defs
            from pipelines.defs.jobs import partition_tags, report_keys
            from pipelines.defs.workspace import workspace

            if workspace() != ws:
                raise RuntimeError(f"this process has its definitions for {workspace().root}, not for {ws.root}")
            job = defs().resolve_job_def("refresh")
            unwanted = set(report_keys()) - set(report_keys(plan_id))
            wanted = [key for key in job.asset_layer.executable_asset_keys if key not in unwanted]
        with dagster_instance(ws) as instance:
            _close_abandoned_runs(instance)
            try:
                result = job.execute_in_process(
                    instance=instance,
                    asset_selection=wanted if unwanted else None,
                    tags={COMMAND_TAG: "command", **SHOWN_UNDER_JOB, **partition_tags(plan_id, period_id)},
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                )
            except DagsterExecutionInterruptedError:
                raise KeyboardInterrupt from None
            return result.run_id


def _close_abandoned_runs(instance: DagsterInstance) -> None:
    """Runs of earlier commands that were killed still count as going on; holding the lock, we know they are not.

    (A daemon finds that out by itself, as ``defs/launcher.py`` tells it.)
    """
    from dagster import DagsterRunStatus, RunsFilter

    going_on = [DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.NOT_STARTED]
    for run in instance.get_runs(RunsFilter(statuses=going_on, tags={COMMAND_TAG: "command"})):
        instance.report_run_failed(run, "The process that ran this was killed; a later run finished its work.")


def _hush() -> None:
    """Keep Dagster's and dbt's own chatter off the terminal; what matters is in the run's event log."""
    warnings.filterwarnings("ignore", module=r"dagster.*")
    warnings.filterwarnings("ignore", module=r"dbt.*")
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
