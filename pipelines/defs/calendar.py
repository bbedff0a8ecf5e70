"""When runs start by themselves: new files in the inbox, the reporting calendar, every night."""

import hashlib
import json
from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg

from pipelines.defs.jobs import PERIOD_TAG, PLAN_TAG, partition_key, partition_tags, periods, refresh
from pipelines.defs.workspace import plans, workspace
from pipelines.settings import TIME_ZONE, local

REMINDER_DAYS = (30, 7, 1)
"""How long before a due date districts are looked at; the due date itself and the day after follow."""

EVENTS = {**{-days: f"{days} days before" for days in REMINDER_DAYS}, 0: "due date", 1: "day after"}


def calendar() -> dict[date, list[tuple[str, str, str]]]:
    """Day → the (plan, period, event) of that day, over all plans."""
    days: dict[date, list[tuple[str, str, str]]] = {}
    for plan in plans().values():
        for period in plan.periods:
            for offset, event in EVENTS.items():
                days.setdefault(period.due + timedelta(days=offset), []).append((plan.id, period.id, event))
    return days


def _crons() -> list[str]:
    """Six in the morning of every day of the year on which some plan has something; cron knows no years."""
    return sorted({f"0 6 {day.day} {day.month} *" for day in calendar()})


@dg.schedule(
    job=refresh,
    cron_schedule=_crons(),
    execution_timezone=str(TIME_ZONE),
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="A run for each period 30, 7 and 1 days before it is due, on the day, and the day after.",
)
def reporting_calendar(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Days of other years are skipped with the reason."""
    today = local(context.scheduled_execution_time).date()
    events = calendar().get(today, [])
    if not events:
        yield dg.SkipReason(f"No plan has a due date or reminder on {today:%Y-%m-%d}.")
    for plan_id, period_id, event in events:
        yield dg.RunRequest(
            run_key=f"{plan_id}/{period_id}/{today:%Y-%m-%d}",
            partition_key=partition_key(plan_id, period_id),
            tags={PLAN_TAG: plan_id, PERIOD_TAG: period_id, "actionplan/event": event},
        )


@dg.schedule(
    job=refresh,
    cron_schedule="30 2 * * *",
    execution_timezone=str(TIME_ZONE),
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Everything anew, because what is overdue changes with the day; takes what the sensor may have missed.",
)
def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run over all periods."""
    return dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d}", tags=partition_tags())


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="New workbooks in the inbox, one run per period; a file still being written waits for the next look.",
)
def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """The cursor holds what every file looked like last time: one that looks the same twice is whole."""
    from pipelines.intake.evidence import split
    from pipelines.intake.receive import file_sha256, find_drops

    folder = workspace().inbox
    drops = find_drops(folder) if folder.is_dir() else []
    looks = {drop.drop_path: list(drop.signature) for drop in drops}
    before = json.loads(context.cursor or "{}")
    groups: dict[str, list[str]] = {}
    waiting = 0
    for drop in drops:
        if looks[drop.drop_path] != before.get(drop.drop_path):
            waiting += 1
            continue
        content = file_sha256(drop.path) if drop.is_regular and not split(drop.drop_path) else ""
        groups.setdefault(_partition_of(drop.drop_path), []).append(f"{drop.drop_path} {drop.signature} {content}")
    requests = [
        dg.RunRequest(
            run_key=hashlib.sha256("\n".join(sorted(files)).encode()).hexdigest(),
            partition_key=partition or None,
            tags=None if partition else partition_tags(),
        )
        for partition, files in sorted(groups.items())
    ]
    reason = dg.SkipReason(f"{waiting} files may still be growing." if waiting else "The inbox is empty.")
    return dg.SensorResult(
        run_requests=requests, skip_reason=None if requests else reason, cursor=json.dumps(looks, sort_keys=True)
    )


def _partition_of(drop_path: str) -> str:
    """The partition that a path ``<plan>/<period>/…`` names; empty for a file that has to be looked into."""
    key = "/".join(drop_path.split("/")[:2])
    return key if periods.has_partition_key(key) else ""
