"""What became of the findings of the version before: mended, still there, new. Pure: two lists of issues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.intake.issues import Issue

Key = tuple[str | None, ...]


@dataclass(frozen=True)
class Mended:
    """How two versions of a workbook compare in their findings."""

    before: int
    mended: int
    still: int
    new: int

    @property
    def sentence(self) -> str:
        """For the receipt."""
        parts = [f"已改正 {self.mended} 处", f"仍有 {self.still} 处", f"新增 {self.new} 处"]
        return f"与上一次报送相比：上次 {self.before} 处，{'，'.join(parts)}。"


def key(issue: Issue) -> Key:
    """What makes a finding the same in another version: its rule and what it is about, wherever the row stands now."""
    if issue.entity:
        return issue.rule_id, issue.form, issue.field, issue.entity
    return issue.rule_id, issue.form, issue.field, issue.sheet, issue.cell


def compare(previous: Sequence[Issue], current: Sequence[Issue]) -> Mended:
    """Each finding counts once; of several about one thing as many are mended as there are fewer."""
    before, now = Counter(map(key, previous)), Counter(map(key, current))
    still = (before & now).total()
    return Mended(before.total(), before.total() - still, still, now.total() - still)


def carried_answers(previous: Sequence[Issue], current: Sequence[Issue]) -> dict[Key, str]:
    """The answers of the version before to what is found again: they hold until the period ends."""
    given = {key(issue): issue.answer for issue in previous if issue.answer}
    return {key(issue): given[key(issue)] for issue in current if key(issue) in given}
