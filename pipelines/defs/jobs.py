"""The job, and how a run says which plans and periods it is about."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    MAX_RETRIES_TAG,
    RETRY_STRATEGY_TAG,
)

from pipelines.defs.record import PERIOD_TAG, PLAN_TAG
from pipelines.defs.workspace import plans

EVENT_TAG = "actionplan/event"
"""Why the reporting calendar started a run."""
FILES_TAG = "actionplan/files"
"""Which files the sensor started a run for, as a hash of their names and looks."""

RETRIES = {MAX_RETRIES_TAG: "2", RETRY_STRATEGY_TAG: "ALL_STEPS"}
"""A run whose process died is started again, from the beginning: what it had done by then costs next to nothing.
(One that failed by itself would only fail again; dagster.yaml says so.)
"""


def partition_key(plan_id: str, period_id: str) -> str:
    """``<plan>/<period>``: the partition of the submissions asked for on that occasion."""
    return f"{plan_id}/{period_id}"


def partition_keys(plan_id: str | None = None) -> list[str]:
    """Every partition, plan after plan and each in its order of time; or those of one plan."""
    chosen = [plan for plan in plans().values() if plan_id in (None, plan.id)]
    return [partition_key(plan.id, period.id) for plan in chosen for period in plan.periods]


periods = dg.StaticPartitionsDefinition(partition_keys())


def partition_tags(plan_id: str | None = None, period_id: str | None = None) -> dict[str, str]:
    """The tags of a run over one period, one plan or everything."""
    keys = [partition_key(plan_id, period_id)] if plan_id and period_id else partition_keys(plan_id)
    tags = {ASSET_PARTITION_RANGE_START_TAG: keys[0], ASSET_PARTITION_RANGE_END_TAG: keys[-1]}
    return tags | _named(plan_id, period_id)


def run_tags(plan_id: str | None = None, period_id: str | None = None) -> dict[str, str]:
    """The tags of a run that starts by itself; one over a single period gets that as its partition key beside them."""
    tags = _named(plan_id, period_id) if plan_id and period_id else partition_tags(plan_id)
    return tags | RETRIES


def _named(plan_id: str | None, period_id: str | None) -> dict[str, str]:
    return ({PLAN_TAG: plan_id} if plan_id else {}) | ({PERIOD_TAG: period_id} if period_id else {})


def scope_of(keys: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """What to receive for the partitions of a run, as (plan, period): everything, whole plans or periods."""
    if set(keys) == set(partition_keys()):
        return [(None, None)]
    scope: list[tuple[str | None, str | None]] = []
    for plan in plans().values():
        wanted = [period.id for period in plan.periods if partition_key(plan.id, period.id) in keys]
        scope += [(plan.id, None)] if len(wanted) == len(plan.periods) else [(plan.id, period) for period in wanted]
    return scope


def report_keys(plan_id: str | None = None) -> list[dg.AssetKey]:
    """The report assets, of all plans or of one."""
    return [dg.AssetKey(["reports", plan.id]) for plan in plans().values() if plan_id in (None, plan.id)]


refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Receive the inbox, validate, rebuild the marts, publish them and write the reports.",
)
