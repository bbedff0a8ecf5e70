"""The second look at a judged workbook: against the evidence that came with it and the district's earlier ledgers, in
the order in which they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.forms import FORMS
from pipelines.intake import mended
from pipelines.intake.changes import Change, Changes, Places, layout_of, places
from pipelines.intake.changes import compare as differences
from pipelines.intake.history import Earlier, Version, read_ledgers
from pipelines.intake.issues import Issue
from pipelines.intake.judging import MAIN_FORM, RETURNED, Judgement
from pipelines.intake.papers import FORM, NOT_JUDGED, Files, about_files
from pipelines.intake.records import (
    read_issues,
    read_submission,
    record_path,
    write_changes,
    write_findings,
    write_form,
    write_submissions,
)
from pipelines.intake.rules.ledgers import Remark, compare, ledger_rows
from pipelines.intake.validate import display


@dataclass
class Settled:
    """A judged workbook and what it is compared with.

    ``earlier``: the ledgers of earlier periods. ``replaced``: the version of this ledger before it. ``replaced_by``:
    the one after it, where that was recorded already (this one was received before it, but came in here later).
    """

    judgement: Judgement
    earlier: Sequence[Earlier]
    files: Files | None = None
    """The evidence that came for it; None where none ever did."""
    before: Version | None = None
    """The version that the district sent before, be it that it was returned."""
    replaced: Version | None = None
    replaced_by: Version | None = None


def against_ledgers(judgement: Judgement, records: Path, earlier: Sequence[Earlier]) -> None:
    """Apply R30–R33: add their issues and withhold what they withhold."""
    frame = judgement.frames.get(MAIN_FORM)
    if frame is None or not earlier:
        return
    remarks = compare(ledger_rows(frame), read_ledgers(records, earlier))
    cells = places(layout_of(judgement.recognised))
    sheet = next((table["sheet"] for table in judgement.recognised if table["form"] == MAIN_FORM), None)
    judgement.issues += [_issue(remark, sheet, cells) for remark in remarks]
    if reused := [remark.row for remark in remarks if remark.row and remark.rule.withholds]:
        judgement.frames[MAIN_FORM] = _without_codes(frame, reused)


def against_files(judgement: Judgement, files: Files | None, listed: pl.DataFrame | None) -> None:
    """Compare the list of evidence with the files that came; where none did, only say so."""
    if files is not None:
        judgement.issues += about_files(listed, judgement.recognised, files)
        judgement.recount()
    elif listed is not None:
        judgement.notes.append(NOT_JUDGED)


def _recorded(records: Path, submission_id: str, form: str) -> pl.DataFrame | None:
    path = record_path(records, form, submission_id)
    return pl.read_parquet(path) if path.exists() else None


def _issue(remark: Remark, sheet: str | None, cells: Places) -> Issue:
    """What is said of a row, at its cell, or of ``sheet`` as a whole."""
    rule = remark.rule
    message = rule.message.format(**{name: display(value) for name, value in remark.values.items()})
    cell = row = None
    if remark.row:
        sheet, row = remark.row["source_sheet"], remark.row["source_row"]
        cell = cells(MAIN_FORM, sheet, row, remark.field)
    return Issue(rule.severity, rule.id, message, rule.remedy, sheet, cell, row, MAIN_FORM, remark.field, remark.entity)


def _without_codes(frame: pl.DataFrame, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    places = pl.DataFrame(
        [(row["source_sheet"], row["source_row"]) for row in rows],
        schema={"source_sheet": pl.String, "source_row": pl.Int64},
        orient="row",
    ).with_columns(reused=True)
    hit = pl.col("reused").fill_null(False)
    withheld = (
        pl.when(hit).then(pl.col("withheld").list.concat(pl.lit(["community_code"]))).otherwise(pl.col("withheld"))
    )
    return (
        frame.join(places, on=["source_sheet", "source_row"], how="left", maintain_order="left")
        .with_columns(pl.when(~hit).then(pl.col("community_code")), withheld.alias("withheld"))
        .drop("reused")
    )


def settle(records: Path, group: Sequence[Settled]) -> list[Judgement]:
    """Settle the workbooks of one district in the order in which they came, and record their verdicts.

    Their rows are recorded already; a later one is compared with what the earlier ones left. The records that make them
    count come last of all.
    """
    for settled in group:
        judgement = settled.judgement
        submission_id = judgement.submission["submission_id"]
        path = record_path(records, MAIN_FORM, submission_id)
        if settled.earlier and judgement.status != "returned" and path.exists():
            before = judgement.frames[MAIN_FORM] = pl.read_parquet(path)
            against_ledgers(judgement, records, settled.earlier)
            if judgement.frames[MAIN_FORM] is not before:
                write_form(records, submission_id, MAIN_FORM, judgement.frames[MAIN_FORM])
            judgement.frames = {}
            judgement.recount()
        if judgement.status != "returned":
            against_files(judgement, settled.files, _recorded(records, submission_id, FORM))
        if settled.before:
            against_findings(judgement, records, settled.before)
        judgement.submission["layout"] = layout_of(judgement.recognised)
        _against_versions(records, settled)
        write_findings(records, judgement.submission, judgement.issues, judgement.totals)
    write_submissions(records, [settled.judgement.submission for settled in group])
    return [settled.judgement for settled in group]


def against_findings(judgement: Judgement, records: Path, before: Version) -> None:
    """Say what became of the findings of the version before, and keep the answers given to those still there.

    A workbook that brings a list of its own says by it which answers hold.
    """
    findings = read_issues(records, before.submission_id)
    if findings or judgement.issues:
        judgement.mended = mended.compare(findings, judgement.issues)
    if not judgement.answers.given:
        answers = mended.carried_answers(findings, judgement.issues)
        judgement.issues = [
            issue if issue.answer else replace(issue, answer=answers.get(mended.key(issue)))
            for issue in judgement.issues
        ]


def against_version(judgement: Judgement, records: Path, replaced: Version) -> None:
    """Say what a judged workbook, whose rows are at hand, changes against the version it would replace."""
    cells = places(layout_of(judgement.recognised))
    judgement.changes = _changes(replaced, differences(_rows(records, replaced.submission_id), judgement.frames, cells))


def _against_versions(records: Path, settled: Settled) -> None:
    """Record what this version changed, and what the one after it then did. A returned one replaces nothing."""
    submission = settled.judgement.submission
    if settled.judgement.status == RETURNED:
        return
    if settled.replaced:
        settled.judgement.changes = _recorded_changes(records, settled.replaced, submission)
    write_changes(records, submission, settled.judgement.changes)
    if settled.replaced_by and (later := read_submission(records, settled.replaced_by.submission_id)):
        this = Version(submission["submission_id"], submission["received_at"], submission["file_name"])
        write_changes(records, later, _recorded_changes(records, this, later))


def _recorded_changes(records: Path, replaced: Version, submission: Mapping[str, Any]) -> Changes:
    cells = places(submission.get("layout") or ())
    old, new = _rows(records, replaced.submission_id), _rows(records, submission["submission_id"])
    return _changes(replaced, differences(old, new, cells))


def _changes(replaced: Version, rows: tuple[Change, ...]) -> Changes:
    return Changes(replaced.submission_id, replaced.received_at, replaced.file_name, rows)


def _rows(records: Path, submission_id: str) -> dict[str, pl.DataFrame]:
    """The recorded rows of a submission, by form."""
    files = {name: record_path(records, name, submission_id) for name in FORMS}
    return {name: pl.read_parquet(file) for name, file in files.items() if file.exists()}
