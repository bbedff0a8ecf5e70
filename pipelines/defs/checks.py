"""Asset checks beside dbt's tests. A blocking one that fails stops everything after it; readers keep what they had."""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from pipelines.defs.intake import records, submission_records, submissions
from pipelines.defs.warehouse import published
from pipelines.defs.workspace import WorkspaceResource
from pipelines.settings import now

SHOWN = 20
"""How many findings a check lists."""


@dg.asset_check(
    asset=submissions, blocking=True, description="Every original in the archive has its record and verdict."
)
def archive_is_recorded(workspace: WorkspaceResource) -> dg.AssetCheckResult:
    """Nothing that was handed in is lost on the way."""
    from pipelines.intake.filing import unrecorded

    ws = workspace.folders
    archived = sum(not path.suffix for path in ws.archive.glob("??/*"))
    lost = unrecorded(ws)
    return dg.AssetCheckResult(
        passed=not lost, metadata={"archived": archived, "unrecorded": dg.MetadataValue.json(lost[:SHOWN])}
    )


@dg.asset_check(asset=submissions, blocking=True, description="The records of every form satisfy its pandera schema.")
def records_fit_their_forms(workspace: WorkspaceResource) -> dg.AssetCheckResult:
    """Records come from intake alone; one that doesn't fit was damaged or written by an older version."""
    from pandera.errors import SchemaErrors

    from pipelines.forms import FORMS

    misfits: dict[str, list[str]] = {}
    rows = 0
    for name, form in FORMS.items():
        frame = records(workspace.folders, name)
        rows += frame.height
        try:
            form.schema().validate(frame, lazy=True)
        except SchemaErrors as errors:
            cases = errors.failure_cases.select("column", "check").unique(maintain_order=True)
            misfits[name] = [f"{column}: {check}" for column, check in cases.head(SHOWN).iter_rows()]
    return dg.AssetCheckResult(passed=not misfits, metadata={"rows": rows, "misfits": dg.MetadataValue.json(misfits)})


@dg.asset_check(asset=submissions, description="No district's newest workbook was returned.")
def nothing_returned(workspace: WorkspaceResource) -> dg.AssetCheckResult:
    """A warning: a district has to send its workbook again. The table leads to the receipts."""
    import polars as pl

    newest = submission_records(workspace.folders).sort("received_at", "file_name").unique("place", keep="last")
    returned = newest.filter(pl.col("status") == "returned").sort("place")
    shown = returned.head(SHOWN).select("plan_id", "period_id", "district_code", "error_count", "place")
    rows = [
        {**row, "receipts": str(workspace.folders.receipts / row.pop("place"))} for row in shown.iter_rows(named=True)
    ]
    return _warning(returned.is_empty(), {"returned": returned.height}, rows)


@dg.asset_check(asset=published, description="Every district whose ledger is due has handed it in.")
def everything_due_is_in(workspace: WorkspaceResource) -> dg.AssetCheckResult:
    """Completeness: a warning with the state of each period."""
    from pipelines.warehouse.submitted import OWED, standings, tallies

    found = tallies(standings(workspace.folders, now().date()))
    owed = sum(row[status] for row in found for status in OWED)
    return _warning(owed == 0, {"owed": owed, "due": sum(row["districts"] for row in found)}, found)


@dg.asset_check(asset=published, description="Every ledger came in time.")
def everything_came_in_time(workspace: WorkspaceResource) -> dg.AssetCheckResult:
    """Timeliness: a warning with those that were latest."""
    from pipelines.warehouse.submitted import standings

    late = [one for one in standings(workspace.folders, now().date()) if one.status == "late"]
    late.sort(key=lambda one: -one.days_late)
    wanted = ("plan_id", "period_id", "district_name", "days_late")
    rows = ({name: getattr(one, name) for name in wanted} for one in late[:SHOWN])
    return _warning(not late, {"late": len(late)}, rows)


@dg.asset_check(asset=published, blocking=True, description="Every published table is the one that was built.")
def published_equals_built(workspace: WorkspaceResource) -> dg.AssetCheckResult:
    """Each mart has the same rows in the build, in its Parquet file and in warehouse.duckdb."""
    from pipelines.warehouse.soundness import differences

    wrong = differences(workspace.folders)
    tables = len(list(workspace.folders.marts.glob("*.parquet")))
    return dg.AssetCheckResult(
        passed=tables > 0 and not wrong, metadata={"tables": tables, "wrong": dg.MetadataValue.json(wrong[:SHOWN])}
    )


@dg.asset_check(asset=published, blocking=True, description="The register's bridge closes, step by step.")
def register_bridge_closes(workspace: WorkspaceResource) -> dg.AssetCheckResult:
    """What was there, plus and minus every kind of change, is what is there. The table adds up whole plans."""
    from pipelines.warehouse.soundness import bridge, open_steps

    wrong = open_steps(workspace.folders)
    return dg.AssetCheckResult(
        passed=wrong.is_empty(),
        metadata={
            "open": dg.MetadataValue.json(wrong.head(SHOWN).to_dicts()),
            "bridge": _table(bridge(workspace.folders).iter_rows(named=True)),
        },
    )


def _warning(passed: bool, counts: Mapping[str, int], rows: Iterable[Mapping[str, Any]]) -> dg.AssetCheckResult:
    """A result that never stops a run, with its counts and the rows it rests on."""
    return dg.AssetCheckResult(
        passed=passed, severity=dg.AssetCheckSeverity.WARN, metadata={**counts, "which": _table(rows)}
    )


def _table(rows: Iterable[Mapping[str, Any]]) -> dg.MetadataValue:
    """The rows as Dagster's pages show a table; a word where there are none, since a table must have columns."""
    records = [dg.TableRecord({name: str(value) for name, value in row.items()}) for row in rows]
    if not records:
        return dg.MetadataValue.text("none")
    schema = dg.TableSchema([dg.TableColumn(name) for name in records[0].data])
    return dg.MetadataValue.table(records, schema)
