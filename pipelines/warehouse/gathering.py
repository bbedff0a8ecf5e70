"""The records of the workbooks that count, gathered from one file per workbook into one per kind of record.

dbt then opens a file where it had to open one per workbook and query, and joins rows by a number instead of by
workbook, sheet and line: ``record_no`` tells the rows of a kind apart, ``ledger_no`` the ledgers.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipelines.forms import FORMS
from pipelines.settings import Workspace
from pipelines.warehouse.records import SCHEMA_FILE, SCHEMAS

OF_WORKBOOKS = ("issue", "change")
"""Kinds that speak of a workbook, whether it was accepted or not. All others are rows of a form."""

KINDS = (*FORMS, *OF_WORKBOOKS)


def gathered(folder: Path, kind: str) -> Path:
    """Where the gathered records of a kind lie in the folder of a build's inputs."""
    return folder / "records" / f"{kind}.parquet"


def gather(ws: Workspace, submissions: pl.DataFrame, folder: Path, kinds: Iterable[str] = KINDS) -> None:
    """Write the records of these submissions (``snapshot.SUBMISSION_INPUT_SCHEMA``), kind by kind, in their order.

    Rows of a form: those of accepted submissions, with the number of the row, and of their ledger its number and the
    ``unit_code`` under which its figures are worked out.
    """
    (folder / "records").mkdir(parents=True, exist_ok=True)
    counted = submissions.filter(pl.col("unit_code").is_not_null())
    units = counted.lazy().select("submission_id", "unit_code", "ledger_no")
    for kind in kinds:
        if kind in OF_WORKBOOKS:
            _sink(scan(ws, kind, submissions["submission_id"]), gathered(folder, kind))
            continue
        rows = scan(ws, kind, counted["submission_id"]).with_row_index("record_no").cast({"record_no": pl.Int64})
        _sink(rows.join(units, on="submission_id", how="left", maintain_order="left"), gathered(folder, kind))


def scan(ws: Workspace, kind: str, submission_ids: pl.Series) -> pl.LazyFrame:
    """The records in the order of the submissions; a column that an older one does not have is null."""
    there = {file.name for file in (ws.records / kind).glob("*.parquet")}
    files = [ws.records / kind / name for name in (SCHEMA_FILE, *(submission_ids + ".parquet")) if name in there]
    if not files:
        return pl.LazyFrame(schema=SCHEMAS[kind])
    return pl.scan_parquet(
        files, schema=SCHEMAS[kind], missing_columns="insert", extra_columns="ignore", glob=False
    )  # fmt: skip


def _sink(rows: pl.LazyFrame, file: Path) -> None:
    rows.sink_parquet(file, compression="lz4", statistics=False)
