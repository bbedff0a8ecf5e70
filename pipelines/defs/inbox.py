"""New files in the inbox start runs: one per period, soon after they are whole, again when a run failed."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from pipelines.defs.jobs import FILES_TAG, periods, refresh, run_tags
from pipelines.defs.workspace import workspace

LOOK_EVERY_SECONDS = 15
"""A file is taken at the second look at which it is the same."""
WAIT_AFTER_FAILURE = timedelta(minutes=5)
"""Before files are tried again whose run failed; twice as long after each further failure."""
LONGEST_WAIT = timedelta(hours=6)


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="New workbooks in the inbox, one run per period; a file still being written waits for the next look.",
)
def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """The cursor holds what every file looked like last time: one that looks the same twice is whole.

    What a run has taken in is gone from the inbox. Files that are still there are left to a run that is queued or going
    on; after a failed run they are tried again, and after one that went well they were left on purpose.
    """
    from pipelines.intake.receive import find_drops

    folder = workspace().inbox
    drops = find_drops(folder) if folder.is_dir() else []
    looks = {drop.drop_path: list(drop.signature) for drop in drops}
    before = json.loads(context.cursor or "{}")
    groups: dict[str, list[str]] = {}
    why: list[str] = []
    growing = 0
    for drop in drops:
        if looks[drop.drop_path] != before.get(drop.drop_path):
            growing += 1
        else:
            groups.setdefault(_partition_of(drop.drop_path), []).append(f"{drop.drop_path} {drop.signature}")
    if growing:
        why.append(f"{growing} files may still be growing.")
    requests = []
    for partition, files in sorted(groups.items()):
        content = hashlib.sha256("\n".join(sorted(files)).encode()).hexdigest()
        runs = context.instance.get_run_records(dg.RunsFilter(tags={FILES_TAG: content}))
        if waiting := _reason_to_wait(runs, datetime.now(UTC)):
            why.append(f"{len(files)} files {waiting}")
            continue
        requests.append(
            dg.RunRequest(
                run_key=f"{content}/{len(runs)}",
                partition_key=partition or None,
                tags={**run_tags(*filter(None, partition.split("/"))), FILES_TAG: content},
            )
        )
    reason = dg.SkipReason(" ".join(why) or "The inbox is empty.")
    return dg.SensorResult(
        run_requests=requests, skip_reason=None if requests else reason, cursor=json.dumps(looks, sort_keys=True)
    )


def _partition_of(drop_path: str) -> str:
    """The partition that a path ``<plan>/<period>/…`` names; empty for a file that has to be looked into."""
    key = "/".join(drop_path.split("/")[:2])
    return key if periods.has_partition_key(key) else ""


def _reason_to_wait(runs: Sequence[dg.RunRecord], now: datetime) -> str:
    """Why files that runs were started for are not asked for again, newest run first; empty where they should be."""
    if not runs:
        return ""
    newest = runs[0]
    run_id = newest.dagster_run.run_id[:8]
    if not newest.dagster_run.is_finished:
        return f"wait for run {run_id}."
    if newest.dagster_run.is_success:
        return f"were left where they are by run {run_id}."
    wait = min(WAIT_AFTER_FAILURE * 2 ** (len(runs) - 1), LONGEST_WAIT)
    ended = datetime.fromtimestamp(newest.end_time or 0, UTC)
    return f"are tried again {wait} after run {run_id} failed." if now < ended + wait else ""
