"""The landing of everything intake reads: ``records/<kind>/<submission_id>.parquet``, one kind per form and three more.

An empty ``_schema.parquet`` in each folder says what a record has, so that reading never depends on what happens to be
there, and a workspace without a single workbook is read like any other.
"""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from pipelines.forms import FORMS

SCHEMA_FILE = "_schema.parquet"

SUBMISSION_SCHEMA: dict[str, pl.DataType] = {
    "submission_id": pl.String(),
    "plan_id": pl.String(),
    "district_code": pl.String(),
    "period_id": pl.String(),
    "file_name": pl.String(),
    "sha256": pl.String(),
    "size_bytes": pl.Int64(),
    "received_at": pl.Datetime("us"),
    "received_at_source": pl.String(),
    "status": pl.String(),
    "stated_fill_date": pl.Date(),
    "stated_as_of": pl.Date(),
    "row_count": pl.Int64(),
    "community_count": pl.Int64(),
    "fatal_count": pl.Int64(),
    "error_count": pl.Int64(),
    "warning_count": pl.Int64(),
    "forms": pl.List(pl.String()),
    "missing_columns": pl.List(pl.String()),
    "form_version": pl.Int64(),
    "is_synthetic": pl.Boolean(),
    "archive_path": pl.String(),
    "drop_path": pl.String(),
}
"""One row per workbook received. ``missing_columns``: ``form.field`` of each column that a given sheet lacks."""

ISSUE_SCHEMA: dict[str, pl.DataType] = {
    "submission_id": pl.String(),
    "issue_no": pl.Int64(),
    "severity": pl.String(),
    "rule_id": pl.String(),
    "form": pl.String(),
    "sheet": pl.String(),
    "cell": pl.String(),
    "source_row": pl.Int64(),
    "field": pl.String(),
    "entity": pl.String(),
    "message": pl.String(),
    "remedy": pl.String(),
    "raw": pl.String(),
    "answer": pl.String(),
}
"""One row per problem found in a workbook."""

TOTAL_SCHEMA: dict[str, pl.DataType] = {
    "submission_id": pl.String(),
    "plan_id": pl.String(),
    "district_code": pl.String(),
    "period_id": pl.String(),
    "form": pl.String(),
    "source_sheet": pl.String(),
    "source_row": pl.Int64(),
    "label": pl.String(),
    "field": pl.String(),
    "value": pl.Decimal(18, 4),
}
"""One row per number in a 合计 row of a sheet, as claimed."""

SCHEMAS: dict[str, dict[str, pl.DataType]] = {
    **{name: form.record_schema for name, form in FORMS.items()},
    "submission": SUBMISSION_SCHEMA,
    "issue": ISSUE_SCHEMA,
    "total": TOTAL_SCHEMA,
}
"""Columns and types of every kind of record."""


def ensure_schemas(records: Path) -> None:
    """Give every kind of record a folder with its empty schema file; one that is right already is not touched.

    Raises OSError (read-only or full disk) naming the path.
    """
    for kind, schema in SCHEMAS.items():
        file = records / kind / SCHEMA_FILE
        if file.is_file() and pl.read_parquet_schema(file.read_bytes()) == schema:
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        # Not *.parquet, so that nobody reads a half-written file.
        fresh = file.with_suffix(f".{os.getpid()}.tmp")
        pl.DataFrame(schema=schema).write_parquet(fresh)
        os.replace(fresh, file)
