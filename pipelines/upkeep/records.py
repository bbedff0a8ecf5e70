"""Records and receipts: each can be read, a submission's are complete, and its original is there."""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import formats
from pipelines.durable import set_aside
from pipelines.formats import FORMAT
from pipelines.forms import FORMS
from pipelines.intake import receive
from pipelines.intake.filing import KIND as EVIDENCE
from pipelines.intake.receipt import receipt_path
from pipelines.progress import Stage
from pipelines.settings import Workspace
from pipelines.upkeep import originals
from pipelines.upkeep.findings import Finding

CHECK, RECEIPTS = "records", "receipts"
OF_SUBMISSIONS = ("submission", "issue", "total", "change", *FORMS)
_DO = "用 actionplan doctor --repair 移开这份填报表的记录，再运行 actionplan run 由存档原件重读"
_MOVE = "用 actionplan doctor --repair 移开，再运行 actionplan run"
_GONE = "原件不在，不能重读；记录保持原样。请从备份取回，见 docs/howto-recover.md"


@dataclass
class _Read:
    """What is recorded of submissions: rows of each kind, and what could not be read."""

    submissions: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    """Submission → kind → number of rows."""
    torn: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))


def check(ws: Workspace, progress: Stage) -> Iterator[Finding]:
    """Read every record."""
    paths = [path for kind in OF_SUBMISSIONS for path in sorted((ws.records / kind).glob("[!_.]*.parquet"))]
    found = _Read()
    for number, path in enumerate(paths):
        progress.update(number, len(paths), path.parent.name)
        _read(path, found)
    for submission_id in sorted(found.submissions.keys() | found.torn.keys() | found.rows.keys()):
        yield from _of_submission(ws, submission_id, found)
    older = sum((submission["form_version"] or 0) < FORMAT for submission in found.submissions.values())
    if older and formats.read(ws) is None:
        what = f"{older} 份填报表的记录是旧格式"
        yield Finding(CHECK, "data/raw/records", what, f"运行 actionplan run，会由存档原件升级到格式 {FORMAT}")
    yield from _of_evidence_and_zips(ws)
    progress.summary = f"{len(found.submissions)} 份填报表，{len(paths)} 个文件"


def _read(path: Path, found: _Read) -> None:
    kind, submission_id = path.parent.name, path.stem
    try:
        frame = pl.read_parquet(path)
        if kind == "submission":
            row = found.submissions[submission_id] = frame.row(0, named=True)
            if row["submission_id"] != submission_id:
                raise ValueError("another submission's")
        else:
            found.rows[submission_id][kind] = frame.height
    except (pl.exceptions.PolarsError, OSError, ValueError, KeyError, IndexError):
        if kind == "submission":
            found.submissions.pop(submission_id, None)
        found.torn[submission_id].append(path)


def _of_submission(ws: Workspace, submission_id: str, found: _Read) -> Iterator[Finding]:
    submission = found.submissions.get(submission_id)
    home = _home(ws, submission_id, submission)
    where = f"data/raw/records/submission/{submission_id}.parquet"
    is_recorded = submission is not None or any(p.parent.name == "submission" for p in found.torn[submission_id])
    if torn := found.torn[submission_id]:
        for path in torn:
            where, what = path.relative_to(ws.root).as_posix(), "记录文件已损坏，读不出来"
            if submission_id.startswith("x"):  # of a folder, link or pipe in the inbox: there never was an original
                yield Finding(CHECK, where, what, _MOVE, mend=partial(set_aside, ws, [path], what))
            else:
                yield _amiss(where, what, _again(ws, submission_id, home))
        return
    if not is_recorded:
        if home is None:  # else the archive's own check says that it has still to be read
            yield Finding(
                CHECK, where, "有表内记录而没有填报表的记录，也没有原件：不起作用", "可以不管", is_notice=True
            )
        return
    assert submission is not None
    name = submission["file_name"]
    if submission["sha256"] and home is None:
        yield Finding(CHECK, where, f"{name} 的原件不在存档中（{submission['archive_path']}）", _GONE)
    elif said := _incomplete(submission, found.rows[submission_id]):
        yield _amiss(where, f"{name} 的记录不完整：{said}", _again(ws, submission_id, home))
    elif home and (said := _otherwise_told(submission, receive.read_received(home))):
        yield _amiss(where, f"{name} {said}", _again(ws, submission_id, home))
    elif said := _receipt_amiss(receipt_path(ws.receipts, submission)):
        where = receipt_path(ws.receipts, submission).relative_to(ws.root).as_posix()
        again = _again(ws, submission_id, home)
        yield Finding(RECEIPTS, where, f"回执{said}", _DO if again else _GONE, read_anew=again)


def _again(ws: Workspace, submission_id: str, home: Path | None) -> str | None:
    """The submission, where its original can be read anew."""
    return submission_id if home and originals.can_be_read_anew(ws, home) else None


def _amiss(where: str, what: str, again: str | None) -> Finding:
    return Finding(CHECK, where, what, _DO if again else _GONE, read_anew=again)


def _home(ws: Workspace, submission_id: str, submission: Mapping[str, Any] | None) -> Path | None:
    """The original of a submission, if it is there; of one whose record can't be read by the beginning of its hash."""
    if submission and submission["sha256"]:
        home = ws.archive / receive.archive_path(submission["sha256"])
        return home if home.is_file() else None
    found = ws.archive.glob(f"{submission_id[:2]}/{submission_id}*")
    return next((path for path in found if not path.suffix), None)


def _otherwise_told(submission: Mapping[str, Any], note: receive.Received | None) -> str | None:
    """Where the note beside the original says another time than the record: somebody has corrected it."""
    if note is None or note.received_at == submission["received_at"]:
        return None
    return f"的收到时间记为 {submission['received_at']}，存档的记载是 {note.received_at}"


def _incomplete(submission: Mapping[str, Any], rows: Mapping[str, int]) -> str | None:
    """Where the rows on record are not those that were counted when they were read."""
    issues = sum(submission[f"{severity}_count"] or 0 for severity in ("fatal", "error", "warning"))
    of_forms = sum(rows.get(name, 0) for name in FORMS)
    if of_forms != submission["row_count"]:
        return f"应有 {submission['row_count']} 行，现有 {of_forms} 行"
    if rows.get("community", 0) != submission["community_count"]:
        return f"应有小区 {submission['community_count']} 个，现有 {rows.get('community', 0)} 个"
    if rows.get("issue", 0) != issues:
        return f"应有问题 {issues} 处，现有 {rows.get('issue', 0)} 处"
    return None


def _receipt_amiss(path: Path) -> str | None:
    """What is wrong with a receipt: the workbook, which a district may have saved over, and the JSON beside it."""
    if not path.is_file() or not path.with_suffix(".json").is_file():
        return "缺失"
    try:
        json.loads(path.with_suffix(".json").read_text("utf-8"))
    except ValueError:
        return "的 JSON 已损坏"
    return None if zipfile.is_zipfile(path) else "工作簿已损坏"


def _of_evidence_and_zips(ws: Workspace) -> Iterator[Finding]:
    """Their records are made anew from the original and what is kept beside it."""
    for kind in (EVIDENCE, "bundle"):
        for path in sorted((ws.records / kind).glob("[!_.]*.parquet")):
            where = path.relative_to(ws.root).as_posix()
            home = _home(ws, path.name[:16], None)
            try:
                pl.read_parquet(path)
            except (pl.exceptions.PolarsError, OSError):
                what = "记录文件已损坏，读不出来"
                if home is None or not originals.can_be_read_anew(ws, home):
                    yield Finding(CHECK, where, what, _GONE)
                    continue
                same = sorted(path.parent.glob(f"{path.name[:16]}*.parquet"))  # one original may belong to several
                mend = partial(_file_anew, ws, home, same, what)
                yield Finding(CHECK, where, what, _MOVE, mend=mend)
                continue
            if home is None:
                yield Finding(CHECK, where, "原件不在存档中", _GONE)


def _file_anew(ws: Workspace, home: Path, same: list[Path], what: str) -> None:
    """Move the records of one original aside, once the note beside it has every path by which they say it came."""
    note = receive.read_received(home)
    assert note  # it could be read anew, and notes are mended first
    for path in same:
        try:
            came = pl.read_parquet(path)["drop_path"][0]
        except (pl.exceptions.PolarsError, OSError):
            continue
        if path.parent.name == EVIDENCE and came not in (note.drop_path, *note.also):
            note = replace(note, also=(*note.also, came))
    receive.write_received(ws.archive, note)
    set_aside(ws, same, what)
