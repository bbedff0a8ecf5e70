"""Figures over time and under each way of counting, for the plan area or one district."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.reporting.data.facts import MANY, MEASURED, Facts, Measure, measures_of
from pipelines.reporting.format import Number, exact
from pipelines.reporting.marts import ALL, Change, Figure, Indicator, Period

VARIANTS = ("audited", "reported", "claimed", "strict", "frozen_baseline")


@dataclass(frozen=True)
class Line:
    """One area's figures of an indicator over the periods (None where nothing was published)."""

    district_code: str
    figures: list[Figure | None]


@dataclass(frozen=True)
class Trend:
    """An indicator over time with the milestones that bind the area shown."""

    indicator: Indicator
    periods: list[Period]
    lines: list[Line]
    milestones: list[Measure]

    @property
    def thresholds(self) -> tuple[tuple[str, Number], ...]:
        return tuple(t for m in self.milestones for t in m.thresholds)


@dataclass(frozen=True)
class Move:
    """An indicator's step since the previous period, with the figures at both ends."""

    indicator: Indicator
    change: Change
    before: Figure | None
    after: Figure | None

    @property
    def cause(self) -> str:
        """What the step is owed to, as a key of the catalogue.

        ``worked``: more was done. ``base_shrank``, ``base_grew``: nothing more (nothing less) was done, the rate moved
        with what it is divided by. ``lost``: less is done than before. ``same``: it stayed.
        """
        change = self.change
        step = exact(change.value_to or 0) - exact(change.value_from or 0)
        work, base = change.work_effect or 0, change.denominator_effect or 0
        if not step:
            return "balanced" if work else "same"
        if step > 0:
            return "worked" if work > 0 else "base_shrank"
        return "lost" if work < 0 else "base_grew" if base < 0 else "same"


@dataclass(frozen=True)
class Readings:
    """One indicator under each way of counting, in the current period."""

    indicator: Indicator
    variants: dict[str, Figure]
    companions: dict[str, Figure]
    thresholds: tuple[tuple[str, Number], ...]


def trends(facts: Facts, code: str, most: int = 6) -> list[Trend]:
    """The headline rates that have figures, each with the milestones that bind the area."""
    measures = measures_of(facts.rows["measured"], code)
    bound = {m.indicator.indicator_id for m in measures}
    shown = [i for i in facts.indicators.values() if i.kind == "rate" and i.indicator_id in bound]
    shown = [i for i in shown if i.is_headline] or shown
    found = []
    if code == ALL:
        others = [d.district_code for d in facts.districts] if len(facts.districts) <= MANY else []
    else:
        others = [ALL]
    for indicator in shown:
        trend = trend_of(facts, indicator, code, others, measures)
        if any(f and f.value is not None for f in trend.lines[-1].figures):
            found.append(trend)
    return found[:most]


def trend_of(
    facts: Facts, indicator: Indicator, code: str, others: Iterable[str], measures: Iterable[Measure]
) -> Trend:
    """An indicator over time: an area's line, the last, those of others, and its milestones among the area's."""
    lines = [
        Line(area, [facts.figure(indicator, area, p.period_id) for p in facts.periods]) for area in (*others, code)
    ]
    binding = [
        m for m in measures
        if m.indicator is indicator and m.progress.status != "not_applicable" and not (code == ALL and m.scope)
    ]  # fmt: skip
    return Trend(indicator, facts.periods, lines, binding)


def moves(facts: Facts, code: str) -> list[Move]:
    """Each indicator's step since the previous period, where both periods have a rate: headline indicators first."""
    if facts.current is None:
        return []
    rows = facts.marts.read(
        Change,
        "mart_rate_change",
        "indicator_id",
        plan_id=facts.plan.plan_id,
        district_code=code,
        period_id=facts.current.period_id,
    )
    by = {row.indicator_id: row for row in rows if row.work_effect is not None}
    found = [
        Move(
            indicator,
            by[key],
            facts.figure(indicator, code, by[key].period_from),
            facts.figure(indicator, code, by[key].period_id),
        )
        for key, indicator in facts.indicators.items()
        if key in by and indicator.kind in MEASURED
    ]
    return sorted(found, key=lambda move: not move.indicator.is_headline)


def readings(facts: Facts, code: str) -> list[Readings]:
    """What is measured as audited, reported, claimed, strict …, and by households and floor area."""
    if facts.current is None:
        return []
    found = []
    thresholds: dict[str, list[tuple[str, Number]]] = defaultdict(list)
    for measure in measures_of(facts.rows["measured"], code):
        thresholds[measure.indicator.indicator_id] += measure.thresholds
    for key, indicator in facts.indicators.items():
        if indicator.kind not in MEASURED:
            continue
        period = facts.current.period_id
        variants = {v: f for v in VARIANTS if (f := facts.figure(indicator, code, period, v))}
        audited = facts.audited.get((key, code, period), {})
        companions = {basis: figure for basis, figure in audited.items() if basis != indicator.basis}
        if any(f.numerator is not None or f.value is not None for f in variants.values()):
            found.append(Readings(indicator, variants, companions, tuple(thresholds.get(key, ()))))
    return found
