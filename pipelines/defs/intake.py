"""From the inbox to records: what arrived, and what became of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipelines import journal
from pipelines.defs.jobs import partition_key, periods, scope_of
from pipelines.defs.record import seconds
from pipelines.defs.workspace import WorkspaceResource, plans
from pipelines.progress import Stage, stage
from pipelines.settings import Workspace, now

if TYPE_CHECKING:
    import polars as pl

    from pipelines.intake.service import Outcome

VERDICTS = {"accepted": "通过", "accepted_with_issues": "通过但有问题", "returned": "退回"}
BESIDE = {"bundle": "压缩包", "evidence": "佐证材料"}

inbox = dg.AssetSpec(
    "inbox",
    group_name="intake",
    kinds={"excel"},
    description="Workbooks the districts hand in. Never edited; a drop leaves the inbox when its record stands.",
)


@dg.asset(
    deps=[inbox],
    partitions_def=periods,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="intake",
    kinds={"python", "parquet"},
    description="Every workbook received: archived, judged, answered with a receipt, its rows recorded.",
)
def submissions(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """One run reads all new workbooks of its periods; each period's metadata says how its districts stand."""
    from pipelines.intake.service import process_inbox

    received = []
    with stage("接收填报表") as progress:
        for plan_id, period_id in scope_of(context.partition_keys):
            received += process_inbox(
                workspace.folders,
                plans(),
                now(),
                only_plan=plan_id,
                only_period=period_id,
                on_progress=progress.update,
            )
        books = [outcome for outcome in received if outcome.kind == "workbook"]
        new = [outcome for outcome in books if outcome.is_new]
        counts = Counter(outcome.status for outcome in new)
        said = [f"{label} {counts[status]} 份" for status, label in VERDICTS.items() if counts[status]]
        progress.summary = f"{len(new)} 份，{'、'.join(said)}" if new else "没有新的填报表"
        if len(books) > len(new):
            progress.note(f"另有 {len(books) - len(new)} 份与以前收到的完全相同，未作改变")
        _keep(workspace.folders, new, len(books) - len(new), progress)
        for outcome in new:
            if outcome.status == "returned":
                progress.note(f"退回：{outcome.drop_path}，回执：{outcome.receipt}")
        for outcome in received:
            if outcome.note:
                where = f"，详见 {outcome.receipt}" if outcome.receipt else ""
                progress.note(f"{BESIDE[outcome.kind]} {outcome.drop_path}：{outcome.note}{where}")
    standing = _standing(workspace.folders, context.partition_keys)
    for key in context.partition_keys:
        context.add_asset_metadata(standing[key], partition_key=key)
    return dg.MaterializeResult(
        metadata={
            "received": len(new),
            "again": len(books) - len(new),
            **{f"received_{s}": n for s, n in counts.items()},
            **seconds(progress.seconds),
        }
    )


def _keep(ws: Workspace, new: Sequence["Outcome"], again: int, progress: Stage) -> None:
    """What came in, for the log and summary of the run: ids, verdicts and counts."""
    told = journal.summary()
    told.again = again
    found = _findings(ws, [outcome.submission_id for outcome in new])
    for outcome in new:
        place = journal.Place(outcome.plan_id, outcome.period_id, outcome.district_code, outcome.submission_id)
        told.received[outcome.status] = told.received.get(outcome.status, 0) + 1
        if outcome.status == "returned":
            told.returned.append(place)
        where = asdict(place)
        counts = {"rows": outcome.row_count, "errors": outcome.error_count, "warnings": outcome.warning_count}
        journal.event("workbook", **where, status=outcome.status, counts=counts)
        for severity, rule_id, count in found.get(outcome.submission_id, ()):
            journal.event("findings", **where, rule_id=rule_id, status=severity, counts={"count": count})
        progress.detail(
            f"{VERDICTS[outcome.status]}：{outcome.drop_path}，{outcome.row_count} 行，"
            f"错误 {outcome.error_count} 处，提示 {outcome.warning_count} 处"
        )


def _findings(ws: Workspace, submissions: Sequence[str]) -> Mapping[str, list[tuple[str, str, int]]]:
    """Per submission how often each rule found something, with its severity."""
    import polars as pl

    files = [ws.records / "issue" / f"{submission}.parquet" for submission in submissions]
    if not (there := [file for file in files if file.is_file()]):
        return {}
    issues = pl.scan_parquet(there, glob=False).group_by("submission_id", "severity", "rule_id").len()
    found: dict[str, list[tuple[str, str, int]]] = {}
    counted = issues.sort("submission_id", "rule_id", "severity").collect()
    for submission, severity, rule_id, count in counted.iter_rows():
        found.setdefault(submission, []).append((severity, rule_id, count))
    return found


def _standing(ws: Workspace, keys: Iterable[str]) -> Mapping[str, dict[str, Any]]:
    """For each partition, what each district's newest workbook came to: a table and its counts."""
    newest = submission_records(ws).sort("received_at", "file_name").unique("place", keep="last", maintain_order=True)
    of_key: dict[str, list[dict[str, Any]]] = {key: [] for key in keys}
    for row in newest.sort("plan_id", "period_id", "district_code").iter_rows(named=True):
        key = partition_key(row["plan_id"], row["period_id"])
        if key in of_key:
            of_key[key].append(row)
    return {key: {"districts_in": len(rows), "status": _table(rows)} for key, rows in of_key.items()}


def records(ws: Workspace, kind: str) -> "pl.DataFrame":
    """All records of one kind: a form's rows, or ``submission``, ``issue``, ``total`` …"""
    import polars as pl

    from pipelines.warehouse.records import ensure_schemas

    ensure_schemas(ws.records)
    return pl.read_parquet(sorted((ws.records / kind).glob("*.parquet")), glob=False)


def submission_records(ws: Workspace) -> "pl.DataFrame":
    """The record of every workbook received whose district and period are known; ``place`` names the three together."""
    import polars as pl

    known = records(ws, "submission").filter(
        pl.all_horizontal(pl.col("plan_id", "period_id", "district_code").is_not_null())
    )
    return known.with_columns(place=pl.concat_str("plan_id", "period_id", "district_code", separator="/"))


def _table(rows: Iterable[Mapping[str, Any]]) -> dg.TableMetadataValue:
    shown = ("district_code", "status", "received_at", "row_count", "error_count", "warning_count")
    schema = dg.TableSchema([dg.TableColumn(name) for name in shown])
    return dg.MetadataValue.table([dg.TableRecord({name: str(row[name]) for name in shown}) for row in rows], schema)
