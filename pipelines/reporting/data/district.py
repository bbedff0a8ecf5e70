"""What the page of one district says."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.reporting.data.facts import Facts, Measure, Placed, Row, Verdict, by_status, measures_of
from pipelines.reporting.data.figures import Move, Readings, Trend, moves, readings, trends
from pipelines.reporting.data.problems import Problem, problems
from pipelines.reporting.data.sources import Rows, sources
from pipelines.reporting.marts import (
    Community,
    District,
    Expected,
    Finding,
    Issue,
    Item,
    Laggard,
    Period,
    Score,
    Submission,
)


@dataclass(frozen=True)
class Gap:
    """The communities that would close one milestone in one district, best first.

    ``total`` of them close it, of which ``communities`` are listed; ``short`` is how many fall short altogether (None
    where the milestone counts something else).
    """

    measure: Measure
    communities: list[Placed]
    total: int
    short: int | None


@dataclass(frozen=True)
class DistrictPage:
    """One district."""

    district: District
    measured: list[Row]
    groups: list[tuple[str, list[tuple[Row, Measure]]]]
    """The measured milestones by how they stand."""
    duties: list[Row]
    verdict: Verdict
    duty_verdict: Verdict
    laggard: Laggard | None
    expected: list[tuple[Period, Expected]]
    submissions: list[Submission]
    trends: list[Trend]
    moves: list[Move]
    readings: list[Readings]
    gaps: list[Gap]
    missing: list[Placed]
    problems: list[Problem]
    score: Score | None
    items: list[Item]
    communities: list[Placed]
    findings: list[Finding]
    """Patterns that are a question to it."""
    sources: list[Rows]
    """The rows behind the figures: communities first, then the other kinds."""

    @property
    def short(self) -> list[Item]:
        """The items of the assessment that lost points, most first; the score sheet has them all."""
        scored = [i for i in self.items if i.status != "not_applicable" and i.points is not None]
        lost = {i.item_id: i.max_points - (i.points or 0) for i in scored}
        return sorted((i for i in scored if lost[i.item_id]), key=lambda i: -lost[i.item_id])


def district_page(facts: Facts, code: str, gap_rows: int = 40) -> DistrictPage:
    """One district. ``gap_rows`` bounds each list of communities in question; the list of communities has them all."""
    rows = facts.rows
    measured, duties = ([row for row in rows[kind] if row.binds(code)] for kind in ("measured", "duties"))
    plan_id, period_id = facts.plan.plan_id, facts.current.period_id if facts.current else ""
    communities = facts.communities(code, in_register=True)
    laggard = facts.marts.read(
        Laggard, "mart_lagging_district", "rank", plan_id=plan_id, period_id=period_id, district_code=code
    )
    issues = facts.marts.read(
        Issue,
        "fct_issue",
        "submission_id issue_no",
        plan_id=plan_id,
        district_code=code,
        period_id=period_id,
        is_effective=True,
    )
    period = {p.period_id: p for p in facts.periods}
    return DistrictPage(
        district=facts.district[code],
        measured=measured,
        groups=by_status(measured, code),
        duties=duties,
        verdict=Verdict.of(measures_of(measured, code)),
        duty_verdict=Verdict.of(measures_of(duties, code)),
        laggard=laggard[0] if laggard else None,
        expected=sorted(
            ((period[e.period_id], e) for e in facts.expected if e.district_code == code and e.period_id in period),
            key=lambda pair: pair[0].as_of,
        ),
        submissions=[s for s in facts.submissions if s.district_code == code],
        trends=trends(facts, code),
        moves=moves(facts, code),
        readings=readings(facts, code),
        gaps=_gaps(facts, code, {c.community_id: c for c in communities}, gap_rows),
        missing=[facts.place(c) for c in communities if c.is_reported is False and not c.district_silent],
        problems=problems(issues),
        score=facts.scores.get(code),
        items=[i for i in facts.items if i.district_code == code],
        communities=[facts.place(c) for c in communities],
        findings=facts.marts.read(
            Finding,
            "mart_finding",
            "sort_order rule_id subject",
            plan_id=plan_id,
            district_code=code,
            period_id=period_id,
        ),
        sources=sources(facts, code, communities),
    )


def _gaps(facts: Facts, code: str, communities: dict[str, Community], most: int) -> list[Gap]:
    by = facts.gap_communities[code]
    gaps = []
    for measure in measures_of(facts.rows["measured"], code):
        found = [r for r in by[measure.progress.milestone_id] if r.community_id in communities]
        if found:
            placed = [facts.place(communities[r.community_id], r.rank) for r in found[:most]]
            p = measure.progress
            counted = measure.indicator.basis == "communities" and p.numerator is not None and p.denominator is not None
            gaps.append(Gap(measure, placed, len(found), int(p.denominator - p.numerator) if counted else None))  # type: ignore[operator]
    return gaps
