"""One run of the whole way through Dagster, in this process, and whom to tell of it: what ``actionplan run`` does."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from pipelines import journal
from pipelines.alerts.memory import Failing
from pipelines.alerts.service import Delivery, after_run
from pipelines.commands.history import dagster_instance
from pipelines.failures import explained
from pipelines.intake.service import aliases_of
from pipelines.locking import Busy, run_lock
from pipelines.plans.loader import PlanError, load_plans
from pipelines.progress import stage
from pipelines.settings import Workspace, now

if TYPE_CHECKING:
    from dagster import DagsterInstance

SHOWN_UNDER_JOB = {".dagster/repository": "__repository__@actionplan"}
"""How Dagster's pages know that a run is one of this project's job."""


def run(
    ws: Workspace, plan_id: str | None, period_id: str | None, say: Callable[[Delivery], object]
) -> journal.Summary:
    """``refresh``, then tell by the workspace's channels what there is to tell, whether it went well or not.

    ``say`` gets what became of each message. Raises what ``refresh`` raises, after a failure has been told.
    """
    scope = "/".join(filter(None, (plan_id, period_id)))
    before = journal.last()
    try:
        told = refresh(ws, plan_id, period_id)
    except Busy:
        raise
    except Exception as error:
        last = journal.last()
        failure = _failing(error, last if last and last is not before else journal.Summary())
        for delivery in _tell(ws, scope, failure):
            say(delivery)
        raise
    for delivery in _tell(ws, scope):
        say(delivery)
    return told


def _failing(error: Exception, told: journal.Summary) -> Failing:
    line, published = explained(error).line, told.tables is not None
    return Failing(run_id=told.run_id, at=now(), stage=told.failed_stage, line=line, published=published)


def _tell(ws: Workspace, scope: str, failure: Failing | None = None) -> list[Delivery]:
    try:
        plans = load_plans(ws.plans)
    except PlanError:  # what made the run fail; of plans there is nothing to tell meanwhile
        plans = {}
    return after_run(ws, plans, now(), scope, failure)


def refresh(ws: Workspace, plan_id: str | None = None, period_id: str | None = None) -> journal.Summary:
    """Receive the inbox and materialise everything downstream: what it came to.

    With ``plan_id`` (and ``period_id``) only that plan's (period's) workbooks are received and its reports written.
    Raises Busy while another run is going on, and whatever made a step fail: OSError for a read-only or full disk.
    """
    aliases_of(ws, load_plans(ws.plans))  # a broken file is told at once, not after Dagster has been imported
    with run_lock(ws, "actionplan run"):
        ws.prepare()
        os.environ["ACTIONPLAN_ROOT"] = str(ws.root)
        with journal.opened(ws, str(uuid4()), "actionplan run", plan_id, period_id) as told:
            try:
                _execute(ws, told.run_id, plan_id, period_id)
            except Exception as error:
                told.failure = explained(error).line
                raise
        return told


def _execute(ws: Workspace, run_id: str, plan_id: str | None, period_id: str | None) -> None:
    with stage("启动"):
        _hush()
        from dagster import DagsterExecutionInterruptedError

        from pipelines.definitions import defs
        from pipelines.defs.jobs import partition_tags, report_keys
        from pipelines.defs.record import COMMAND_TAG
        from pipelines.defs.workspace import workspace

        if workspace() != ws:
            raise RuntimeError(f"this process has its definitions for {workspace().root}, not for {ws.root}")
        job = defs().resolve_job_def("refresh")
        unwanted = set(report_keys()) - set(report_keys(plan_id))
        wanted = [key for key in job.asset_layer.executable_asset_keys if key not in unwanted]
    with dagster_instance(ws) as instance:
        _close_abandoned_runs(instance)
        try:
            job.execute_in_process(
                instance=instance,
                run_id=run_id,
                asset_selection=wanted if unwanted else None,
                tags={COMMAND_TAG: "command", **SHOWN_UNDER_JOB, **partition_tags(plan_id, period_id)},
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        except DagsterExecutionInterruptedError:
            raise KeyboardInterrupt from None


def _close_abandoned_runs(instance: DagsterInstance) -> None:
    """Runs of earlier commands that were killed still count as going on; holding the lock, we know they are not.

    (A daemon finds that out by itself, as ``defs/launcher.py`` tells it.)
    """
    from dagster import DagsterRunStatus, RunsFilter

    from pipelines.defs.record import COMMAND_TAG

    going_on = [DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.NOT_STARTED]
    for run in instance.get_runs(RunsFilter(statuses=going_on, tags={COMMAND_TAG: "command"})):
        instance.report_run_failed(run, "The process that ran this was killed; a later run finished its work.")


def _hush() -> None:
    """Keep Dagster's and dbt's own chatter off the terminal; what matters is in the run's event log."""
    warnings.filterwarnings("ignore", module=r"dagster.*")
    warnings.filterwarnings("ignore", module=r"dbt.*")
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
