"""Asset checks beside dbt's tests. A blocking one that fails stops everything after it; readers keep what they had."""

from pathlib import Path

import dagster as dg
import duckdb

from pipelines.defs.intake import records, submission_records, submissions
from pipelines.defs.warehouse import published
from pipelines.defs.workspace import WorkspaceResource

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
    """A warning: a district has to send its workbook again."""
    import polars as pl

    newest = submission_records(workspace.folders).sort("received_at", "file_name").unique("place", keep="last")
    returned = sorted(newest.filter(pl.col("status") == "returned")["place"])
    return dg.AssetCheckResult(
        passed=not returned,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"returned": len(returned), "which": dg.MetadataValue.json(returned[:SHOWN])},
    )


@dg.asset_check(
    asset=published, blocking=True, description="Each mart is published, readable, and in warehouse.duckdb."
)
def published_is_readable(workspace: WorkspaceResource) -> dg.AssetCheckResult:
    """Every Parquet file and the table of the same name hold the same number of rows."""
    marts = workspace.folders.marts
    wrong: list[str] = []
    files = sorted(marts.glob("*.parquet"))
    with duckdb.connect(str(marts / "warehouse.duckdb"), read_only=True) as warehouse:
        for file in files:
            in_file = _count(warehouse, f"read_parquet('{_quoted(file)}')")
            in_table = _count(warehouse, f'marts."{file.stem}"')
            if in_file != in_table:
                wrong.append(f"{file.stem}: {in_file} rows in the file, {in_table} in the table")
    return dg.AssetCheckResult(
        passed=bool(files) and not wrong, metadata={"tables": len(files), "wrong": dg.MetadataValue.json(wrong[:SHOWN])}
    )


def _quoted(path: Path) -> str:
    return path.as_posix().replace("'", "''")


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int | str:
    try:
        row = connection.execute(f"select count(*) from {relation}").fetchone()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return int(row[0]) if row else 0
