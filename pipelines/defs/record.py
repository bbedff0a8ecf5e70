"""Every run has its log and its summary; what Dagster knows better than the code that worked is added at the end."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import dagster as dg

from pipelines import journal
from pipelines.failures import Cause, explain
from pipelines.plans.model import Plan
from pipelines.settings import Workspace, now
from pipelines.summary import Names, lines

PLAN_TAG, PERIOD_TAG = "actionplan/plan", "actionplan/period"
"""What a run is about, where that is not everything."""
COMMAND_TAG = "actionplan/started_by"
"""Borne by the runs of ``actionplan run``."""


def place_of(tags: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The plan and period that a run with these tags is about; None each where it is about all of them."""
    key = tags.get("dagster/partition", "").split("/")
    named = (key[0], key[1]) if len(key) == 2 else (None, None)
    return tags.get(PLAN_TAG) or named[0], tags.get(PERIOD_TAG) or named[1]


def scope_of_run(tags: Mapping[str, str]) -> str:
    """The same as one word: ``plan/period``, ``plan``, or nothing for everything."""
    return "/".join(filter(None, place_of(tags)))


@contextmanager
def recorded(ws: Workspace, context: dg.InitResourceContext) -> Iterator[None]:
    """Within the block the run is logged; at its end it is summed up."""
    run = context.run
    if run is None:
        yield
        return
    with journal.opened(ws, run.run_id, "Dagster", *place_of(run.tags)) as told:
        try:
            yield
        finally:
            if context.instance:
                _sum_up(ws, context.instance, run.run_id, told)


def _sum_up(ws: Workspace, instance: dg.DagsterInstance, run_id: str, told: journal.Summary) -> None:
    wanted = {dg.DagsterEventType.ASSET_CHECK_EVALUATION, dg.DagsterEventType.STEP_FAILURE}
    for record in instance.get_records_for_run(run_id, of_type=wanted).records:
        happened = record.event_log_entry.dagster_event
        if happened is None:
            continue
        if happened.is_step_failure:
            if not told.failure:
                told.failure = explain(causes_of(happened.step_failure_data.error)).line
            continue
        check = happened.asset_check_evaluation_data
        if not check.passed:
            one = journal.Check(check.asset_key.to_user_string(), check.check_name, check.severity.value.lower())
            told.checks.append(one)
            journal.event("check_failed", check=f"{one.asset}:{one.check}", status=one.severity)
    if told.tables is not None:
        told.late = list(_late(ws))


def causes_of(error: object) -> Iterable[Cause]:
    """An exception as Dagster keeps it, and what it came from."""
    while error is not None:
        cause = Cause(getattr(error, "cls_name", None) or "", _said(error))
        if not (cause.kind.startswith("Dagster") and getattr(error, "cause", None)):
            yield cause
        error = getattr(error, "cause", None) or getattr(error, "context", None)


def _said(error: object) -> str:
    """Its words, without the class before them."""
    return str(getattr(error, "message", "")).partition(": ")[2].strip()


def _late(ws: Workspace) -> Iterator[journal.Late]:
    from pipelines.warehouse.submitted import standings

    late: dict[tuple[str, str], journal.Late] = {}
    for standing in standings(ws, now().date()):
        if standing.status == "missing":
            empty = journal.Late(standing.plan_id, standing.period_id, standing.days_late, [])
            late.setdefault((standing.plan_id, standing.period_id), empty).districts.append(standing.district_name)
    yield from late.values()


def seconds(spent: float) -> dict[str, dg.MetadataValue]:
    """How long an asset took, as its metadata."""
    return {"seconds": dg.MetadataValue.float(round(spent, 1))}


def summed_up(plans: Mapping[str, Plan]) -> dict[str, dg.MetadataValue]:
    """What the run came to so far, for its last asset: what came in, what was returned, what changed."""
    _, *told = lines(journal.summary(), Names(plans))
    return {"summary": dg.MetadataValue.md("\n".join(f"- {line.strip()}" for line in told))}


def timings(extra: Iterable[journal.StageTime] = ()) -> dict[str, dg.MetadataValue]:
    """How long each stage of the run took so far, as a table for the run's last asset."""
    stages = [*journal.summary().stages, *extra]
    rows = [f"| {stage.title} | {stage.seconds:.1f} |" for stage in stages]
    total = sum(stage.seconds for stage in stages)
    table = "\n".join(["| stage | seconds |", "|---|---:|", *rows, f"| **all** | **{total:.1f}** |"])
    return {"timings": dg.MetadataValue.md(table)}
