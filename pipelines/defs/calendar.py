"""When runs start by themselves: on the days of the reporting calendar, and every night."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby

import dagster as dg

from pipelines.defs.jobs import EVENT_TAG, partition_key, refresh, run_tags
from pipelines.defs.workspace import plans
from pipelines.plans.agenda import Event, agenda
from pipelines.settings import TIME_ZONE, local


def calendar() -> dict[date, list[Event]]:
    """Day → its events, over all plans."""
    events = sorted((event for plan in plans().values() for event in agenda(plan)), key=lambda event: event.day)
    return {day: list(of_day) for day, of_day in groupby(events, key=lambda event: event.day)}


@dg.schedule(
    job=refresh,
    cron_schedule="0 6 * * *",
    execution_timezone=str(TIME_ZONE),
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="A run for each plan and period that something is due for: 30, 7 and 1 days before, on the day, "
    "the day after; for the credit results of February and the scores too. On other days it says what comes next.",
)
def reporting_calendar(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run per plan and period: what else is due on that day for the same one goes with it."""
    today = local(context.scheduled_execution_time).date()
    events = calendar()
    if today not in events:
        coming = min((day for day in events if day > today), default=None)
        then = f"; next on {coming}: {_said(events[coming])}" if coming else ""
        yield dg.SkipReason(f"Nothing is due on {today}{then}.")
        return

    def of_run(event: Event) -> tuple[str, str]:
        return event.plan_id, event.period_id or ""

    for (plan_id, period_id), group in groupby(sorted(events[today], key=of_run), key=of_run):
        tags = run_tags(plan_id, period_id or None)
        yield dg.RunRequest(
            run_key=f"{plan_id}/{period_id}/{today}",
            partition_key=partition_key(plan_id, period_id) if period_id else None,
            tags={**tags, EVENT_TAG: _said(group)},
        )


def _said(events: Iterator[Event] | list[Event]) -> str:
    return ", ".join(dict.fromkeys(map(str, events)))


@dg.schedule(
    job=refresh,
    cron_schedule="30 2 * * *",
    execution_timezone=str(TIME_ZONE),
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Everything anew, because what is overdue changes with the day; takes what the sensor may have missed.",
)
def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run over all periods."""
    return dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d}", tags=run_tags())
