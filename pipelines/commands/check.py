"""Judge files without storing anything: the same verdict and issues as a real drop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.settings import Workspace

if TYPE_CHECKING:
    from pipelines.intake.judging import Judgement
    from pipelines.plans.model import Plan

VERDICTS = {"accepted": "通过", "accepted_with_issues": "通过，但有问题", "returned": "退回"}


@dataclass(frozen=True)
class Checked:
    """What became of one file. ``wanting``: something fatal or erroneous was found."""

    path: Path
    judgement: Judgement

    @property
    def wanting(self) -> bool:
        return any(issue.severity in ("fatal", "error") for issue in self.judgement.issues)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: whose workbook it is, the verdict, and every issue."""
        submission = self.judgement.submission
        return {
            "file": str(self.path),
            "status": self.judgement.status,
            "plan_id": submission.get("plan_id"),
            "district_code": submission.get("district_code"),
            "period_id": submission.get("period_id"),
            "issues": [asdict(issue) for issue in self.judgement.issues],
            "notes": self.judgement.notes,
        }

    def lines(self) -> Iterator[str]:
        """For a terminal: the verdict, then each issue with its place and its remedy."""
        from pipelines.intake.issues import SEVERITY_NAMES

        counts = Counter(issue.severity for issue in self.judgement.issues)
        tally = "，".join(
            f"{SEVERITY_NAMES[severity]} {counts[severity]}" for severity in SEVERITY_NAMES if counts[severity]
        )
        yield f"{self.path.name}：{VERDICTS[self.judgement.status]}{f'（{tally}）' if tally else ''}"
        for issue in self.judgement.issues:
            place = " ".join(filter(None, (issue.sheet, issue.cell, issue.entity)))
            yield f"  [{SEVERITY_NAMES[issue.severity]} {issue.rule_id}] {place + '：' if place else ''}{issue.message}"
            if issue.remedy:
                yield f"      → {issue.remedy}"
        yield from (f"  {note}" for note in self.judgement.notes)


def check_files(ws: Workspace, files: Sequence[Path], plans: Mapping[str, Plan]) -> list[Checked]:
    """Judge each file as if it lay in the inbox; the workspace's earlier records serve for comparison."""
    from pipelines.intake.service import history_of, judge

    history = history_of(ws, plans)
    return [Checked(path, judge(path, path.name, _drop_path(ws, path), plans, history)) for path in files]


def _drop_path(ws: Workspace, path: Path) -> str:
    """Where the file would lie in the inbox: where it lies, if it does; else at the top."""
    absolute = path.absolute()
    return absolute.relative_to(ws.inbox).as_posix() if absolute.is_relative_to(ws.inbox) else path.name
