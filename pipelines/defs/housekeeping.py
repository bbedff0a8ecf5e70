"""The history of runs is kept for half a year: each run leaves some four megabytes of events."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from pipelines.settings import TIME_ZONE

KEPT = timedelta(days=180)
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def forget_old_runs(instance: dg.DagsterInstance, now: datetime) -> int:
    """Delete every run that was made longer ago than ``KEPT`` and has ended; how many there were.

    What is known of assets is not lost with them: each night's run materialises every partition anew.
    """
    old = instance.get_runs(dg.RunsFilter(statuses=_ENDED, created_before=now - KEPT))
    for run in old:
        instance.delete_run(run.run_id)
        shard = getattr(instance.event_log_storage, "path_for_shard", None)
        if shard:  # SQLite: the file of a deleted run stays, empty but as large as it was
            Path(shard(run.run_id)).unlink(missing_ok=True)
    return len(old)


@dg.op(description="Delete runs of more than half a year ago from Dagster's history.")
def forget(context: dg.OpExecutionContext) -> None:
    """What the job does."""
    context.log.info(f"{forget_old_runs(context.instance, datetime.now(UTC))} old runs forgotten")


@dg.job(description="Keep Dagster's history from growing without end.")
def housekeeping() -> None:
    """One step."""
    forget()


weekly = dg.ScheduleDefinition(
    name="weekly_housekeeping",
    job=housekeeping,
    cron_schedule="30 3 * * 0",
    execution_timezone=str(TIME_ZONE),
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every Sunday morning, when nothing else runs.",
)
