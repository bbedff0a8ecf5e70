"""Reading originals anew: their records are moved aside, and the next intake makes them from the archive.

An original without a submission record is one that intake has still to read; how and when it came is kept beside it in
the archive. So nothing else is needed to mend a damaged record, or to bring one of an older form up to date. The
submission record goes first: without it the others count for nothing, and a kill anywhere leaves work for the next run.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pipelines import formats
from pipelines.durable import set_aside
from pipelines.formats import FORMAT
from pipelines.intake import receive
from pipelines.intake.records import read_submissions, record_path
from pipelines.progress import stage
from pipelines.settings import Workspace


def read_anew(ws: Workspace, submission_ids: Collection[str], why: str) -> None:
    """Move the records and receipts of submissions aside, so that the next intake reads their originals anew.

    Raises OSError.
    """
    wanted = set(submission_ids)
    others: dict[str, list[Path]] = {submission_id: [] for submission_id in wanted}
    for path in ws.records.glob("*/*.parquet"):
        if path.stem in wanted and path.parent.name != "submission":
            others[path.stem].append(path)
    starts = {submission_id[:8]: submission_id for submission_id in wanted}
    for path in ws.receipts.rglob("*-回执-????????.*"):
        if submission_id := starts.get(path.stem.rpartition("-")[2]):
            others[submission_id].append(path)
    with stage("移开旧记录") as progress:
        for number, submission_id in enumerate(sorted(wanted)):
            progress.update(number, len(wanted), submission_id)
            first = record_path(ws.records, "submission", submission_id)
            set_aside(ws, [first, *sorted(others[submission_id])], why)
        progress.summary = f"{len(wanted)} 份，移至 {ws.aside}，将由存档原件重新读取"


def begin(ws: Workspace) -> None:
    """Move the records of an older form aside, so that they are made anew; what is up to date is not touched.

    Raises FormatError where the workspace, or a record in it, is of a newer program: nothing is touched then.
    """
    formats.check(ws)
    state = formats.read(ws)
    if state and state.format == FORMAT and not state.unfinished:
        return
    known = read_submissions(ws.records, ["submission_id", "sha256", "form_version"])
    newest = max((row["form_version"] or 0 for row in known), default=0)
    if newest > FORMAT:
        raise formats.too_new(ws, newest)
    older = {row["submission_id"]: row for row in known if (row["form_version"] or 0) < FORMAT}
    older = {name: row for name, row in older.items() if _can_be_read_anew(ws, row["sha256"])}
    formats.write(ws, formats.UPGRADE if older or (state and state.unfinished) else None)
    if older:
        read_anew(ws, older, f"记录升级到格式 {FORMAT}")


def _can_be_read_anew(ws: Workspace, sha256: str | None) -> bool:
    """Whether the original is there and how it came; what was no regular file never is, and its record stays."""
    if sha256 is None:
        return False
    home = ws.archive / receive.archive_path(sha256)
    return receive.is_sound(home) and receive.read_received(home) is not None


def finish(ws: Workspace) -> None:
    """Say that every record has this program's form."""
    state = formats.read(ws)
    if state is None or state.unfinished:
        formats.write(ws)
