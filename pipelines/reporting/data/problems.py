"""The findings of a page, grouped by rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.reporting.marts import Issue


@dataclass(frozen=True)
class Problem:
    """The findings of one rule and severity."""

    rule_id: str
    severity: str
    issues: list[Issue]
    districts: int
    answered: int


def problems(issues: Iterable[Issue]) -> list[Problem]:
    """Issues grouped by rule and severity, the gravest and most frequent first."""
    by: dict[tuple[str, str], list[Issue]] = defaultdict(list)
    for issue in issues:
        by[issue.severity, issue.rule_id].append(issue)
    order = {"fatal": 0, "error": 1, "warning": 2}
    keys = sorted(by, key=lambda key: (order.get(key[0], 3), -len(by[key]), key[1]))
    return [
        Problem(rule, severity, found, len({i.district_code for i in found}), sum(bool(i.answer) for i in found))
        for severity, rule in keys
        for found in [by[severity, rule]]
    ]
