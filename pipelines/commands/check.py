"""Judge files without storing anything: the same verdict and issues as a real drop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from pipelines.settings import Limits, Workspace

if TYPE_CHECKING:
    from pipelines.intake.judging import Judgement
    from pipelines.intake.receipt.findings import Group
    from pipelines.plans.model import Plan

WHAT_THEN = {
    "fatal": "如果现在报送，会被退回，不算已报。",
    "error": "可以报送；但标为“错误”的内容不会采用，按空白处理，改正后才计入指标。",
    "warning": "可以报送；标为“提示”之处请核对，属实的可在回执的“说明”栏注明。",
    "good": "可以报送。",
}
"""What would happen to a file that is only checked."""
CHANGES = 10
"""So many differences from the version in force are listed; JSON has all."""
COLOURS = {"fatal": "red", "error": "red", "warning": "yellow", "good": "green"}


@dataclass(frozen=True)
class Checked:
    """What became of one file. ``wanting``: something fatal or erroneous was found."""

    path: Path
    """What was named; of a workbook in a zip, with its path inside."""
    judgement: Judgement
    plans: Mapping[str, Plan]
    original: Path
    """Where its bytes are."""

    @property
    def wanting(self) -> bool:
        return any(issue.severity in ("fatal", "error") for issue in self.judgement.issues)

    def as_dict(self) -> dict[str, Any]:
        """The same as a receipt's JSON (docs/receipt-json.md), and which file it is about."""
        from pipelines.intake.receipt import as_json

        return {"file": str(self.path), **as_json(self.judgement, self.plans)}

    def lines(self) -> Iterator[str]:
        """For a terminal: whose, verdict and counts; then the findings by sheet, each with its cells and its remedy."""
        from pipelines.intake.receipt.findings import grouped
        from pipelines.intake.receipt.words import plan_and_period, whose, words

        said, names = words(self.judgement, self.plans), whose(self.judgement, self.plans)
        yield click.style(self.judgement.submission["file_name"], bold=True)
        yield "  " + (f"{names[1]} · {names[2]} · {names[0]}" if names else "未能识别是哪里、哪一期的报表")
        yield "  " + click.style(f"{said.verdict}。", fg=COLOURS[said.level], bold=True) + WHAT_THEN[said.level]
        yield from (f"  {text}" for text in (said.left_out, said.progress, *self.judgement.notes) if text)
        if changes := self.judgement.changes:
            yield f"  {changes.headline}"
            yield from (f"      {change.text}" for change in changes.rows[:CHANGES])
            if len(changes.rows) > CHANGES:
                yield f"      …… 另有 {len(changes.rows) - CHANGES} 处（--json 列出全部）"
        if not self.judgement.issues:
            return
        yield f"  共 {len(self.judgement.issues)} 处：{said.counts}"
        sheets: dict[str | None, list[Group]] = {}
        for group in grouped(self.judgement.issues, plan_and_period(self.judgement, self.plans)[0]):
            sheets.setdefault(group.first.sheet, []).append(group)
        for sheet, groups in sheets.items():
            yield f"  ── {sheet or '整个文件'} ──"
            for group in groups:
                yield from _told(group)

    def write_receipt(self, folder: Path) -> Path:
        """Write the receipt that the file would get (workbook and JSON) into a folder, and nothing else."""
        from pipelines.intake.guard import Guard, outcome
        from pipelines.intake.receipt import write_plain, write_receipt
        from pipelines.intake.receipt.write import file_name

        target = folder / file_name(self.judgement.submission)
        judgement = replace(self.judgement, frames={})
        try:
            with Guard(1, Limits.stated()) as guard:
                outcome(guard.submit(write_receipt, judgement, self.original, target, dict(self.plans)))
        except OSError:
            raise
        except Exception:  # too odd to be annotated, or no file at all
            write_plain(judgement, target, self.plans)
        return target


def _told(group: Group) -> Iterator[str]:
    """A finding, or several of one kind in one column: where, what is wrong, what to do."""
    from pipelines.intake.issues import SEVERITY_NAMES
    from pipelines.intake.receipt.findings import rule_title

    first = group.first
    count = f"（{len(group.issues)} 处）" if group.is_folded else ""
    place = group.where if group.is_folded else " ".join(filter(None, (first.cell, first.entity)))
    severity = click.style(f"[{SEVERITY_NAMES[first.severity]}]", fg=COLOURS[first.severity])
    where = f"{place}{count}：" if place else ""
    what = first.message if group.says_one_thing else f"例如：{first.message}"
    typed = f"，现填“{first.raw}”" if first.raw and not group.is_folded else ""
    yield f"  {severity} {where}{what}{typed}（{rule_title(first.rule_id)}）"
    if first.remedy:
        yield f"         → {first.remedy}"
    if first.answer:
        yield f"         已有说明：{first.answer}"


@contextmanager
def check_files(ws: Workspace, files: Sequence[Path], plans: Mapping[str, Plan]) -> Iterator[list[Checked]]:
    """Judge each file, and each workbook in a zip, as if it lay in the inbox with the evidence beside it.

    The workspace's earlier records serve for comparison. What a zip held is there until the context ends.
    """
    from pipelines.intake.checking import Checker
    from pipelines.intake.service import aliases_of, history_of

    with TemporaryDirectory(prefix="actionplan-check-") as scratch:
        checker = Checker(ws, plans, Path(scratch), history_of(ws, plans), aliases_of(ws, plans))
        yield [
            Checked(path / seen.name.partition("/")[2], seen.judgement, plans, seen.original)
            for path in files
            for seen in checker.see(path, _drop_path(ws, path))
        ]


def _drop_path(ws: Workspace, path: Path) -> str:
    """Where the file would lie in the inbox: where it lies, if it does; else at the top."""
    absolute = path.absolute()
    return absolute.relative_to(ws.inbox).as_posix() if absolute.is_relative_to(ws.inbox) else path.name
