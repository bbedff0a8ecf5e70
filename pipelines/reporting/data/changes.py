"""What a publication changed against the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.reporting.data.facts import Facts
from pipelines.reporting.data.intake import Effect, Share
from pipelines.reporting.marts import ALL, Figure, Indicator, Marts, Period, Progress, Score, Submission


@dataclass(frozen=True)
class Moved:
    """A figure of a period that another value was published for before (or none, where the area had not reported)."""

    district_code: str
    period: Period
    effect: Effect


@dataclass(frozen=True)
class Turned:
    """A milestone that stands otherwise than it did."""

    district_code: str
    indicator: Indicator
    before: Progress | None
    after: Progress


@dataclass(frozen=True)
class Rescored:
    """A district whose score or rank is another."""

    district_code: str
    before: Score | None
    after: Score


@dataclass(frozen=True)
class Changes:
    """Everything that moved between two publications; empty where only lists or texts did."""

    received: list[Submission] = field(default_factory=list)
    opened: list[Period] = field(default_factory=list)
    """Periods of which nothing was published before."""
    milestones: list[Turned] = field(default_factory=list)
    figures: list[Moved] = field(default_factory=list)
    """Of the current period."""
    restated: list[Moved] = field(default_factory=list)
    """Of earlier periods."""
    scores: list[Rescored] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each, as the ledger of publications has them."""
        names = ("received", "milestones", "figures", "restated", "scores")
        return {name: len(getattr(self, name)) for name in names}

    def __bool__(self) -> bool:
        return any(self.counts.values()) or bool(self.opened)


def compare(facts: Facts, before: Path, then: str | None) -> Changes:
    """Compare what is published now with the tables of an earlier publication, whose current period was ``then``."""
    plan_id = facts.plan.plan_id
    with Marts(before) as old:
        known = {s.submission_id for s in old.read(Submission, "fct_submission", "submission_id", plan_id=plan_id)}
        figures = {
            (f.indicator_id, f.district_code, f.period_id): f
            for f in old.read(Figure, "fct_indicator", "all", plan_id=plan_id, variant="audited")
            if (indicator := facts.indicators.get(f.indicator_id)) and f.basis == indicator.basis
        }
        progress = {
            (p.milestone_id, p.district_code): p
            for p in old.read(Progress, "mart_milestone_progress", "all", plan_id=plan_id, period_id=then or "")
        }
        scores = {s.district_code: s for s in old.read(Score, "mart_assessment_score", "all", plan_id=plan_id)}
    moved = list(_moved(facts, figures))
    current = facts.current.period_id if facts.current else None
    published = {period for _, _, period in figures}
    return Changes(
        received=[s for s in facts.submissions if s.submission_id not in known],
        opened=[period for period in facts.periods if period.period_id not in published],
        milestones=[
            Turned(now.district_code, facts.indicators[now.indicator_id], was, now)
            for now in _areas_first(facts, facts.progress)
            if now.indicator_id in facts.indicators
            and (was := progress.get((now.milestone_id, now.district_code))) is not None
            and was.status != now.status
        ],
        figures=[one for one in moved if one.period.period_id == current],
        restated=[one for one in moved if one.period.period_id != current],
        scores=[
            Rescored(code, scores.get(code), now)
            for code, now in facts.scores.items()
            if code in facts.district and _standing(scores.get(code)) != _standing(now)
        ],
    )


def _moved(facts: Facts, before: Mapping[tuple[str, str, str], Figure]) -> list[Moved]:
    """Figures of periods that were published before, where they are others now; the whole area first."""
    published = {period for _, _, period in before}
    found = []
    for code in (ALL, *(d.district_code for d in facts.districts)):
        for period in facts.periods:
            if period.period_id not in published:
                continue
            for indicator in facts.indicators.values():
                old = before.get((indicator.indicator_id, code, period.period_id))
                new = facts.figure(indicator, code, period.period_id)
                if new and (old is None or (old.numerator, old.denominator) != (new.numerator, new.denominator)):
                    found.append(Moved(code, period, Effect(indicator, _share(old), _share(new))))
    return found


def _share(figure: Figure | None) -> Share:
    return Share(figure.numerator, figure.denominator, figure.value) if figure else Share(None, None, None)


def _areas_first(facts: Facts, rows: list[Progress]) -> list[Progress]:
    order = {code: number for number, code in enumerate((ALL, *(d.district_code for d in facts.districts)))}
    return sorted((p for p in rows if p.district_code in order), key=lambda p: order[p.district_code])


def _standing(score: Score | None) -> tuple[object, ...]:
    return (score.score, score.rank, score.grade) if score else ()
