"""What the page of the intake says."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction

from pipelines.reporting.data.facts import Facts
from pipelines.reporting.data.problems import Problem, problems
from pipelines.reporting.format import Number, exact, share
from pipelines.reporting.marts import (
    Difference,
    District,
    Expected,
    Indicator,
    Issue,
    Period,
    Submission,
    VersionFigure,
)


@dataclass(frozen=True)
class Share:
    """A figure of one version; shaped as templates show figures."""

    numerator: Number | None
    denominator: Number | None
    value: float | None


@dataclass(frozen=True)
class Effect:
    """What a re-sent ledger did to one indicator of its district: the figure under the version before, and now."""

    indicator: Indicator
    before: Share
    after: Share

    @property
    def difference(self) -> Fraction | None:
        """In points (a count: in units), exactly; None where either is unknown."""
        if self.indicator.kind == "count":
            before, after = self.before.numerator, self.after.numerator
            return None if before is None or after is None else exact(after) - exact(before)
        old, new = (share(one.numerator, one.denominator) for one in (self.before, self.after))
        return None if old is None or new is None else new - old


@dataclass(frozen=True)
class Resent:
    """A ledger that replaced an earlier version: how many rows differ, and what that did to the figures."""

    submission: Submission
    replaced: Submission | None
    rows: dict[str, int]
    """Removed, added and changed rows."""
    differences: list[Difference]
    effects: list[Effect]
    """The figures that changed: headline indicators first, then the largest change."""


@dataclass(frozen=True)
class Rate:
    """How complete and how timely one period's ledgers came."""

    period: Period
    expected: int
    accepted: int
    on_time: int | None
    """None where lateness is not judged."""
    returned: int
    """Workbooks returned, whatever came after."""


@dataclass(frozen=True)
class Load:
    """The open problems of one district's ledger in force."""

    district: District
    counts: dict[str, int]
    """Errors and warnings."""
    answered: int
    open: int
    """Warnings without an answer, and errors."""


@dataclass(frozen=True)
class IntakePage:
    """Who handed in what, what was returned, which problems recur, what re-sent ledgers changed."""

    grid: list[tuple[District, list[Expected | None]]]
    counts: dict[str, int]
    rates: list[Rate]
    """The newest period first."""
    returned: list[tuple[Submission, list[Issue]]]
    made_good: frozenset[tuple[str | None, str | None]]
    """District and period of every ledger in force: what was returned there has been mended since."""
    problems: list[Problem]
    loads: list[Load]
    answers: list[Issue]
    """Warnings that districts answered, in ledgers in force of the current period."""
    submissions: list[Submission]
    resent: list[Resent]
    """The newest first; only so many are looked at closely."""
    resent_in_all: int


def intake_page(facts: Facts, resent: int = 20) -> IntakePage:
    """Who handed in what and when, what was returned and why, which problems recur, and what re-sent ledgers changed.

    ``resent``: at so many re-sent ledgers, the newest, the page looks closely.
    """
    plan_id = facts.plan.plan_id
    by = {(e.district_code, e.period_id): e for e in facts.expected}
    issues = facts.marts.read(Issue, "fct_issue", "submission_id issue_no", plan_id=plan_id)
    per: dict[str, list[Issue]] = defaultdict(list)
    for issue in issues:
        per[issue.submission_id].append(issue)
    open_issues = [
        i for i in issues
        if i.is_effective and facts.current and i.period_id == facts.current.period_id
    ]  # fmt: skip
    in_force = frozenset((s.district_code, s.period_id) for s in facts.submissions if s.is_effective)
    replacing = [s for s in reversed(facts.submissions) if s.supersedes]
    return IntakePage(
        grid=[(d, [by.get((d.district_code, p.period_id)) for p in facts.periods]) for d in facts.districts],
        counts=Counter(e.status for e in facts.expected_now),
        rates=[rate for period in reversed(facts.periods) if (rate := _rate(facts, period)).expected],
        returned=[
            (s, [i for i in per[s.submission_id] if i.severity == "fatal"])
            for s in reversed(facts.submissions)
            if s.status == "returned"
        ],
        made_good=in_force,
        problems=problems(open_issues),
        loads=_loads(facts, open_issues),
        answers=[i for i in open_issues if i.answer],
        submissions=list(reversed(facts.submissions)),
        resent=[_resent(facts, s) for s in replacing[:resent]],
        resent_in_all=len(replacing),
    )


def _rate(facts: Facts, period: Period) -> Rate:
    of_period = [e for e in facts.expected if e.period_id == period.period_id and e.status != "not_due"]
    counts = Counter(e.status for e in of_period)
    return Rate(
        period,
        len(of_period),
        counts["on_time"] + counts["late"],
        counts["on_time"] if period.lateness_judged else None,
        sum(s.status == "returned" and s.period_id == period.period_id for s in facts.submissions),
    )


def _loads(facts: Facts, issues: list[Issue]) -> list[Load]:
    """The districts with problems, the most open ones first."""
    own: dict[str | None, list[Issue]] = defaultdict(list)
    for issue in issues:
        own[issue.district_code].append(issue)
    loads = [
        Load(
            district,
            Counter(i.severity for i in own[district.district_code]),
            sum(bool(i.answer) for i in own[district.district_code]),
            sum(not i.answer for i in own[district.district_code]),
        )
        for district in facts.districts
    ]
    return sorted((load for load in loads if load.counts), key=lambda load: -load.open)


def _resent(facts: Facts, submission: Submission) -> Resent:
    own = {"submission_id": submission.submission_id}
    differences = facts.marts.read(Difference, "mart_submission_change", "change_no", **own)
    effects = [
        Effect(
            facts.indicators[f.indicator_id],
            Share(f.previous_numerator, f.previous_denominator, f.previous_value),
            Share(f.numerator, f.denominator, f.value),
        )
        for f in facts.marts.read(VersionFigure, "fct_submission_indicator", "indicator_id", **own)
        if f.indicator_id in facts.indicators
        and (f.numerator, f.denominator) != (f.previous_numerator, f.previous_denominator)
    ]
    order = {indicator: number for number, indicator in enumerate(facts.indicators.values())}
    return Resent(
        submission,
        facts.submission.get(submission.supersedes or ""),
        {kind: len({d.row for d in differences if d.kind == kind}) for kind in ("removed", "added", "changed")},
        differences,
        sorted(effects, key=lambda e: (not e.indicator.is_headline, -abs(e.difference or 0), order[e.indicator])),
    )
