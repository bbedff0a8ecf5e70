"""What the page of findings says: the questions that figures raise, each with the rows it stands on."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from pipelines.reporting.data.facts import Facts, Source
from pipelines.reporting.marts import Finding, FindingExample, Period

LISTED = 150
"""Questions that the page lists, shared out evenly among the kinds; the others are in ``mart_finding``."""


@dataclass(frozen=True)
class Question:
    """One finding with its place and the rows it stands on."""

    finding: Finding
    source: Source | None
    examples: list[tuple[FindingExample, Source | None]]


@dataclass(frozen=True)
class Kind:
    """The findings of one kind, the current period's."""

    rule_id: str
    questions: list[Question]
    total: int

    @property
    def first(self) -> Finding:
        return self.questions[0].finding


@dataclass(frozen=True)
class FindingsPage:
    """The questions of the current period by kind, and how many each district has."""

    kinds: list[Kind]
    by_district: dict[tuple[str, str], int]
    """District and kind → how many."""
    total: int
    earlier: list[tuple[Period, int]]
    """How many were raised in each earlier period."""


def findings_page(facts: Facts) -> FindingsPage:
    """The questions that the figures of the current period raise, in the order of what bears most on the figures."""
    plan_id, current = facts.plan.plan_id, facts.current.period_id if facts.current else ""
    order = {d.district_code: n for n, d in enumerate(facts.districts)}
    every = facts.marts.read(Finding, "mart_finding", "sort_order rule_id district_code subject", plan_id=plan_id)
    rows = [f for f in every if f.period_id == current and f.district_code in order]
    examples = _examples(facts, current)
    by_kind: dict[str, list[Finding]] = defaultdict(list)
    for finding in rows:
        by_kind[finding.rule_id].append(finding)
    each = max(1, LISTED // max(1, len(by_kind)))
    kinds = [
        Kind(
            rule,
            [
                _question(facts, finding, examples[finding.district_code, rule, finding.subject])
                for finding in sorted(found, key=lambda f: (order[f.district_code], f.subject))[:each]
            ],
            len(found),
        )
        for rule, found in by_kind.items()
    ]
    before = Counter(f.period_id for f in every if f.district_code in order)
    return FindingsPage(
        kinds,
        Counter((f.district_code, f.rule_id) for f in rows),
        len(rows),
        [(p, before[p.period_id]) for p in reversed(facts.periods) if p is not facts.current and before[p.period_id]],
    )


def _examples(facts: Facts, period_id: str) -> dict[tuple[str, str, str], list[FindingExample]]:
    found: dict[tuple[str, str, str], list[FindingExample]] = defaultdict(list)
    for example in facts.marts.read(
        FindingExample,
        "mart_finding_example",
        "district_code rule_id subject example_no",
        plan_id=facts.plan.plan_id,
        period_id=period_id,
    ):
        found[example.district_code, example.rule_id, example.subject].append(example)
    return found


def _question(facts: Facts, finding: Finding, examples: list[FindingExample]) -> Question:
    return Question(finding, _source(facts, finding), [(example, _source(facts, example)) for example in examples])


def _source(facts: Facts, row: Finding | FindingExample) -> Source | None:
    submission = facts.submission.get(row.submission_id or "")
    if submission is None or row.source_sheet is None or row.source_row is None:
        return None
    return Source(submission.file_name, row.source_sheet, row.source_row, submission.submission_id)
