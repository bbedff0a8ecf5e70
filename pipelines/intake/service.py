"""Intake as its callers see it: judge one workbook, or take in everything that lies in the inbox.

Importing this module costs little; the heavy parts are imported while a guarded child is reading already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.intake import receive
from pipelines.intake.guard import Guard, outcome
from pipelines.intake.issues import Refusal
from pipelines.intake.reader import read_workbook, too_large
from pipelines.settings import Limits, Workspace
from pipelines.settings import now as clock

if TYPE_CHECKING:
    from pipelines.intake.history import History
    from pipelines.intake.judging import Judgement
    from pipelines.intake.layout import Aliases
    from pipelines.intake.papers import Files
    from pipelines.plans import Plan

Progress = Callable[[int, int, str], object]


@dataclass(frozen=True)
class Outcome:
    """What became of one drop, or of the evidence of one place.

    ``is_new`` is False when the same bytes had been received before.
    """

    submission_id: str
    drop_path: str
    file_name: str
    status: str
    plan_id: str | None
    district_code: str | None
    period_id: str | None
    received_at: datetime
    row_count: int
    error_count: int
    warning_count: int
    is_new: bool
    receipt: Path | None
    kind: str = "workbook"
    """workbook, also what was taken for one and returned; bundle: a zip of files; evidence: files beside workbooks."""
    note: str = ""
    """What there is to say about a bundle, or evidence."""


# ── one workbook ──────────────────────────────────────────────────────────────────────────────────────────────────


def judge(
    source: bytes | Path,
    file_name: str,
    drop_path: str | None,
    plans: Mapping[str, Plan],
    history: History | None = None,
    *,
    limits: Limits | None = None,
    aliases: Aliases | None = None,
) -> Judgement:
    """Judge a workbook without storing anything; never raises for what is in the file.

    ``history``: the workspace's earlier ledgers; without them the rules that need them are skipped, and a note says so.
    ``aliases``: what the workspace's analysts say that odd headers mean.
    """
    return second_look(first_look(source, file_name, drop_path, plans, limits=limits, aliases=aliases), history)


def first_look(
    source: bytes | Path,
    file_name: str,
    drop_path: str | None,
    plans: Mapping[str, Plan],
    *,
    limits: Limits | None = None,
    aliases: Aliases | None = None,
) -> Judgement:
    """The judgement on a workbook by itself."""
    limits = limits or Limits.stated()
    if isinstance(source, Path) and not source.is_file():
        return _irregular(file_name, drop_path)
    if isinstance(source, Path) and source.stat().st_size > limits.file_bytes:
        data = b""
        size = source.stat().st_size
    else:
        data = source if isinstance(source, bytes) else source.read_bytes()
        size = len(data)
    with Guard(1, limits) as guard:
        reading = guard.submit(read_workbook, data, limits)
        from pipelines.forms.personal import mask
        from pipelines.intake import judging
        from pipelines.intake.layout import NO_ALIASES

        sha256 = hashlib.sha256(data).hexdigest()
        workbook = judging.Source(
            receive.submission_id(sha256), sha256, size, mask(file_name), drop_path, clock(), receive.FIRST_SEEN
        )
        try:
            if size > limits.file_bytes:
                raise too_large(limits)
            raw = outcome(reading)
        except Refusal as refusal:
            return judging.refused(workbook, refusal)
        [judgement] = judging.judge_batch([(workbook, raw)], plans, aliases or NO_ALIASES)
    return judgement


def second_look(judgement: Judgement, history: History | None, files: Files | None = None) -> Judgement:
    """The same judgement after comparison with the district's earlier ledgers and the evidence that came along."""
    if judgement.kind is None:
        return judgement
    from pipelines.intake.settle import against_files, against_findings

    _compare(judgement, history)
    judgement.conclude()
    if judgement.status != "returned":
        against_files(judgement, files, judgement.frames.get("evidence"))
    if history and (before := history.before(judgement.submission)):
        against_findings(judgement, history.records, before)
    return judgement


def _irregular(file_name: str, drop_path: str | None) -> Judgement:
    from pipelines.forms.personal import mask
    from pipelines.intake import judging

    source = judging.Source("x" * 16, None, 0, mask(file_name), drop_path, clock(), receive.FIRST_SEEN)
    return judging.refused(source, NOT_REGULAR)


NOT_REGULAR = Refusal(
    "not_regular_file",
    "这不是普通文件（而是文件夹、链接或管道），或没有读取权限，没有读取。",
    "请把工作簿文件本身放进收件箱。",
)


def _compare(judgement: Judgement, history: History | None) -> None:
    from pipelines.intake.judging import MAIN_FORM
    from pipelines.intake.settle import against_ledgers, against_version

    if MAIN_FORM not in judgement.frames:
        return
    earlier = history.earlier(judgement.submission) if history else []
    if history and earlier:
        against_ledgers(judgement, history.records, earlier)
    elif history is None or not history.is_first_period(judgement.submission):
        judgement.notes.append("没有以往台账可供比较，与以往台账核对的规则（R30—R33、T12）没有执行。")
    if history and not history.knows(judgement.submission) and (replaced := history.replaced(judgement.submission)):
        against_version(judgement, history.records, replaced)


def history_of(ws: Workspace, plans: Mapping[str, Plan] | None = None) -> History | None:
    """The earlier ledgers of a workspace; None when nothing has been received there."""
    if not (ws.records / "submission").is_dir():
        return None
    from pipelines.intake.history import History
    from pipelines.plans import load_plans

    return History(ws.records, plans or load_plans(ws.plans))


def aliases_of(ws: Workspace, plans: Mapping[str, Plan]) -> Aliases | None:
    """What the workspace's analysts say that odd headers mean; None where they say nothing. Raises AliasError."""
    if not ws.header_aliases.is_file():
        return None
    from pipelines.intake.layout import read_aliases

    return read_aliases(ws.header_aliases, plans)


# ── the inbox ─────────────────────────────────────────────────────────────────────────────────────────────────────


def process_inbox(
    ws: Workspace,
    plans: Mapping[str, Plan],
    now: datetime,
    only_plan: str | None = None,
    only_period: str | None = None,
    on_progress: Progress | None = None,
    *,
    limits: Limits | None = None,
) -> list[Outcome]:
    """Take in everything that lies in the inbox: archive, judge, record, answer with a receipt, clear the inbox.

    With ``only_plan`` or ``only_period`` workbooks of others stay where they are; those that can't be identified are
    returned. The outcome does not depend on the order of the files. Records of an older form are made anew from their
    originals. Raises FormatError for the workspace of a newer program, before anything is touched, and OSError when it
    can't be written; what was received by then is safe, and the next call goes on from there.
    """
    from pipelines.intake import upgrade
    from pipelines.intake.inbox import Run

    upgrade.begin(ws)
    outcomes = Run(
        ws.prepare(), plans, now, (only_plan, only_period), on_progress, limits or Limits.stated()
    ).outcomes()
    upgrade.finish(ws)
    return outcomes
