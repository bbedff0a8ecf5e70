"""The findings of a workbook as its receipt lists them: by weight, many of one kind in one column together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipelines.forms import FORMS
from pipelines.intake.issues import SEVERITY_ORDER, Issue, cell_name, column_index, column_letter
from pipelines.intake.receipt.effects import indicators_without
from pipelines.intake.rules import RULES
from pipelines.plans import Plan
from pipelines.plans.model import Indicator

FOLDED_FROM = 5
"""So many findings of one kind in one column (or of one sheet) are shown as one, with the single ones under it."""

_TITLES = {rule.id: title for rule in RULES if (title := getattr(rule, "title", ""))}
_NUMBERED = re.compile(r"[RT]\d{1,2}")


def rule_title(rule_id: str) -> str:
    """A rule as a clerk reads it: ``R08 专业化须有企业名称``; one of no number by its title alone."""
    title = _TITLES.get(rule_id)
    if title is None:
        return rule_id
    return f"{rule_id} {title}" if _NUMBERED.fullmatch(rule_id) else title


@dataclass(frozen=True)
class Group:
    """Findings of one rule in one column of a sheet, at least one."""

    issues: tuple[Issue, ...]
    indicators: tuple[Indicator, ...]

    @property
    def first(self) -> Issue:
        return self.issues[0]

    @property
    def is_folded(self) -> bool:
        return len(self.issues) >= FOLDED_FROM

    @cached_property
    def cells(self) -> str:
        """``N3:N9、N12``."""
        return ranges(issue.cell for issue in self.issues if issue.cell)

    @property
    def objects(self) -> list[str]:
        """The communities and other things it is about, each once."""
        return list(dict.fromkeys(issue.entity for issue in self.issues if issue.entity))

    @property
    def where(self) -> str:
        """The cells, shortened where they are many; else what it is about."""
        if self.cells:
            return shortened(self.cells.split("、"))
        return shortened(self.objects)

    @property
    def says_one_thing(self) -> bool:
        """Whether all of them say the same words."""
        return len({issue.message for issue in self.issues}) == 1


def header_of(issue: Issue) -> str | None:
    """The header of the column a finding is about, where it is about one."""
    if issue.form not in FORMS or issue.field is None:
        return None
    form = FORMS[issue.form]
    return next((c.header for c in (*form.columns, *form.alternatives) if c.field == issue.field), None)


def grouped(issues: Sequence[Issue], plan: Plan | None) -> list[Group]:
    """Fatal ones, then errors by what they keep from the figures, then warnings; each kind in the order of its rows."""
    kinds: dict[tuple[object, ...], list[Issue]] = {}
    for issue in issues:
        column = issue.cell.rstrip("0123456789") if issue.cell else None
        kind = issue.severity, issue.rule_id, issue.sheet, column, issue.field
        kinds.setdefault(kind, []).append(issue)
    groups = []
    for found in kinds.values():
        indicators = indicators_without(found[0], plan)
        if len(found) >= FOLDED_FROM:
            groups.append(Group(tuple(sorted(found, key=_place)), indicators))
        else:
            groups += [Group((issue,), indicators) for issue in found]
    return sorted(groups, key=_weight)


def _place(issue: Issue) -> tuple[int, str]:
    return issue.row or 0, issue.cell or ""


def _weight(group: Group) -> tuple[object, ...]:
    first = group.first
    headline = sum(indicator.is_headline for indicator in group.indicators)
    return (
        SEVERITY_ORDER[first.severity],
        -headline,
        -len(group.indicators),
        first.sheet or "",
        first.row or 0,
        first.cell or "",
        first.rule_id,
    )


def shortened(names: Sequence[str], letters: int = 40) -> str:
    """As many names as fit into so many letters: ``甲、乙等``."""
    said = ""
    for name in names:
        if said and len(said) + len(name) > letters:
            return f"{said}等"
        said += ("、" if said else "") + name
    return said


def ranges(cells: Iterable[str]) -> str:
    """Cells of one column as ranges, in order: ``N3:N9、N12``."""
    rows: dict[int, set[int]] = {}
    for cell in cells:
        letters = cell.rstrip("0123456789")
        rows.setdefault(column_index(letters), set()).add(int(cell[len(letters) :]))
    said = []
    for column, numbers in sorted(rows.items()):
        runs: list[list[int]] = []
        for number in sorted(numbers):
            if runs and number == runs[-1][1] + 1:
                runs[-1][1] = number
            else:
                runs.append([number, number])
        for first, last in runs:
            start = cell_name(first - 1, column)
            said.append(start if first == last else f"{start}:{column_letter(column)}{last}")
    return "、".join(said)
