"""What intake leaves in ``data/raw/records``: a Parquet file per submission and kind, whole or not at all.

The submission record comes last: without it the other files of a submission count for nothing, and the next run writes
them anew.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.durable import to_disk
from pipelines.forms import FORMS
from pipelines.intake.changes import Changes
from pipelines.intake.issues import Issue
from pipelines.intake.parse import Total

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
    "layout": pl.List(pl.String()),
}
"""One row per workbook received. ``missing_columns``: ``form.field`` of each column that a given sheet lacks;
``layout``: where each field that it has stands (``changes.layout_of``)."""

CHANGE_SCHEMA: dict[str, pl.DataType] = {
    "submission_id": pl.String(),
    "change_no": pl.Int64(),
    "supersedes": pl.String(),
    "plan_id": pl.String(),
    "district_code": pl.String(),
    "period_id": pl.String(),
    "form": pl.String(),
    "kind": pl.String(),
    "entity": pl.String(),
    "field": pl.String(),
    "before": pl.String(),
    "after": pl.String(),
    "sheet": pl.String(),
    "cell": pl.String(),
    "source_row": pl.Int64(),
}
"""One row per difference between a re-sent workbook and the version it replaced (``changes.Change``)."""

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

EVIDENCE_FILE_SCHEMA: dict[str, pl.DataType] = {
    "file_id": pl.String(),
    "plan_id": pl.String(),
    "district_code": pl.String(),
    "period_id": pl.String(),
    "path": pl.String(),
    "file_name": pl.String(),
    "sha256": pl.String(),
    "size_bytes": pl.Int64(),
    "format": pl.String(),
    "received_at": pl.Datetime("us"),
    "received_at_source": pl.String(),
    "drop_path": pl.String(),
    "archive_path": pl.String(),
}
"""One row per file of evidence and plan, district and period it belongs to. ``path``: below ``evidence/``."""

BUNDLE_SCHEMA: dict[str, pl.DataType] = {
    "bundle_id": pl.String(),
    "file_name": pl.String(),
    "drop_path": pl.String(),
    "received_at": pl.Datetime("us"),
    "path": pl.String(),
    "became": pl.String(),
    "reason": pl.String(),
    "sha256": pl.String(),
}
"""One row per file in a zip that was taken in; ``became``: workbook, evidence or left, for a reason."""


def record_path(records: Path, kind: str, submission_id: str) -> Path:
    """Where a submission's records of a kind (a form, submission, issue, total) are."""
    return records / kind / f"{submission_id}.parquet"


def write_forms(records: Path, submission_id: str, frames: Mapping[str, pl.DataFrame]) -> None:
    """The rows of each form, where there are any; what an interrupted run left of others goes."""
    for name in FORMS:
        write_form(records, submission_id, name, frames.get(name, pl.DataFrame()))


def write_form(records: Path, submission_id: str, name: str, frame: pl.DataFrame) -> None:
    """The rows of one form."""
    _write_or_remove(record_path(records, name, submission_id), frame)


def write_findings(
    records: Path, submission: Mapping[str, Any], issues: Iterable[Issue], totals: Iterable[Total]
) -> None:
    """Issues and claimed totals, where there are any."""
    submission_id = submission["submission_id"]
    said = [
        asdict(issue) | {"submission_id": submission_id, "issue_no": number, "source_row": issue.row}
        for number, issue in enumerate(issues, start=1)
    ]
    _write_or_remove(record_path(records, "issue", submission_id), pl.DataFrame(said, schema=ISSUE_SCHEMA))
    key = [submission[name] for name in ("submission_id", "plan_id", "district_code", "period_id")]
    claimed = [(*key, t.form, t.sheet, t.row, t.label, t.field, t.value) for t in totals]
    _write_or_remove(
        record_path(records, "total", submission_id), pl.DataFrame(claimed, schema=TOTAL_SCHEMA, orient="row")
    )


def write_changes(records: Path, submission: Mapping[str, Any], changes: Changes | None) -> None:
    """What it says differently from the version it replaced, if it replaced one and says anything."""
    names = ("submission_id", "plan_id", "district_code", "period_id")
    same = {name: submission[name] for name in names} | {"supersedes": changes.supersedes if changes else None}
    found = [
        same | asdict(change) | {"change_no": number}
        for number, change in enumerate(changes.rows if changes else (), start=1)
    ]
    path = record_path(records, "change", submission["submission_id"])
    _write_or_remove(path, pl.DataFrame(found, schema=CHANGE_SCHEMA))


def write_submissions(records: Path, submissions: Sequence[Mapping[str, Any]]) -> None:
    """The records that make all others of these submissions count; those reach the disk before, also in a power cut.

    Waiting once for the whole disk is much cheaper than for each of a submission's dozen files.
    """
    to_disk()
    for submission in submissions:
        write_rows(records, "submission", submission["submission_id"], [submission], SUBMISSION_SCHEMA)


def write_rows(
    records: Path, kind: str, name: str, rows: Iterable[Mapping[str, Any]], schema: Mapping[str, pl.DataType]
) -> None:
    """A record of rows by itself, durably."""
    _write(record_path(records, kind, name), pl.DataFrame([dict(row) for row in rows], schema=schema), durable=True)


def read_submission(records: Path, submission_id: str) -> dict[str, Any] | None:
    """A submission's record; None when it is not (wholly) recorded."""
    path = record_path(records, "submission", submission_id)
    return pl.read_parquet(path).row(0, named=True) if path.exists() else None


def read_issues(records: Path, submission_id: str) -> list[Issue]:
    """What was found in a submission."""
    path = record_path(records, "issue", submission_id)
    if not path.exists():
        return []
    rows = pl.read_parquet(path).rename({"source_row": "row"})
    names = [field.name for field in fields(Issue) if field.name in rows.columns]
    return [Issue(**row) for row in rows.select(names).iter_rows(named=True)]


def read_submissions(records: Path, columns: list[str]) -> list[dict[str, Any]]:
    """These columns of every submission ever received; one that an older record does not have is null."""
    files = [path for path in (records / "submission").glob("*.parquet") if not path.name.startswith("_")]
    if not files:
        return []
    known = pl.scan_parquet(
        files, schema=SUBMISSION_SCHEMA, missing_columns="insert", extra_columns="ignore", glob=False
    )  # fmt: skip
    return known.select(columns).collect().to_dicts()


def _write_or_remove(path: Path, frame: pl.DataFrame) -> None:
    if frame.height:
        _write(path, frame)
    else:
        path.unlink(missing_ok=True)


def _write(path: Path, frame: pl.DataFrame, *, durable: bool = False) -> None:
    content = io.BytesIO()
    frame.write_parquet(content, compression="lz4", statistics=False)  # small files: zstd costs more than it saves
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content.getbuffer())
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what writers that were killed left half written."""
    for path in folder.rglob(".*.tmp"):
        path.unlink(missing_ok=True)
