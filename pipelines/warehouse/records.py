"""The landing of everything intake reads: ``records/<kind>/<submission_id>.parquet``, one kind per form and a few more.

An empty ``_schema.parquet`` in each folder says what a record has, so that reading never depends on what happens to be
there, and a workspace without a single workbook is read like any other.
"""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from pipelines.durable import write_durably
from pipelines.forms import FORMS
from pipelines.intake.records import (
    BUNDLE_SCHEMA,
    CHANGE_SCHEMA,
    EVIDENCE_FILE_SCHEMA,
    ISSUE_SCHEMA,
    SUBMISSION_SCHEMA,
    TOTAL_SCHEMA,
)

SCHEMA_FILE = "_schema.parquet"

SCHEMAS: dict[str, dict[str, pl.DataType]] = {
    **{name: form.record_schema for name, form in FORMS.items()},
    "submission": SUBMISSION_SCHEMA,
    "issue": ISSUE_SCHEMA,
    "total": TOTAL_SCHEMA,
    "change": CHANGE_SCHEMA,
    "evidence_file": EVIDENCE_FILE_SCHEMA,
    "bundle": BUNDLE_SCHEMA,
}
"""Columns and types of every kind of record."""


def ensure_schemas(records: Path) -> None:
    """Give every kind of record a folder with its empty schema file; one that is right already is not touched.

    Raises OSError (read-only or full disk) naming the path.
    """
    for kind, schema in SCHEMAS.items():
        file = records / kind / SCHEMA_FILE
        if _schema_of(file) == schema:
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        pl.DataFrame(schema=schema).write_parquet(content)
        write_durably(file, content.getvalue())


def _schema_of(file: Path) -> dict[str, pl.DataType] | None:
    """What a schema file says; None where there is none, or it is damaged."""
    try:
        return pl.read_parquet_schema(file.read_bytes())
    except (FileNotFoundError, pl.exceptions.PolarsError):
        return None
