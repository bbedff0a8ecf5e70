"""What the page of the plan area says."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.reporting.data.facts import Facts, Measure, Row, Verdict, measures_of
from pipelines.reporting.data.figures import Readings, Trend, changes, readings, trends
from pipelines.reporting.marts import ALL, Change, District, Figure, Indicator, Laggard, Stated


@dataclass(frozen=True)
class Lag:
    """A district that is behind (or silent), with the milestone where it lacks most."""

    district: District
    laggard: Laggard
    worst: Measure | None


@dataclass(frozen=True)
class CityPage:
    """The plan area as a whole."""

    measured: list[Row]
    duties: list[Row]
    verdict: Verdict
    duty_verdict: Verdict
    laggards: list[Lag]
    trends: list[Trend]
    changes: list[tuple[Indicator, Change]]
    readings: list[Readings]
    stated: list[tuple[Indicator, Stated]]
    """What the plan's text states as already so."""
    recurring: list[tuple[Indicator, Figure]]
    """The plan's main recurrent duties, so far."""


def city_page(facts: Facts) -> CityPage:
    """The plan area as a whole."""
    measured, duties = facts.rows["measured"], facts.rows["duties"]
    laggards = facts.marts.read(
        Laggard,
        "mart_lagging_district",
        "rank district_code",
        plan_id=facts.plan.plan_id,
        period_id=facts.current.period_id if facts.current else "",
    )
    return CityPage(
        measured=measured,
        duties=duties,
        verdict=Verdict.of(measures_of(measured, ALL)),
        duty_verdict=Verdict.of(measures_of(duties, ALL)),
        laggards=[
            Lag(facts.district[row.district_code], row, _worst(measured + duties, row))
            for row in laggards
            if row.district_code in facts.district and (row.milestones_behind or row.milestones_no_data)
        ],
        trends=trends(facts, ALL),
        changes=changes(facts, ALL),
        readings=readings(facts, ALL),
        stated=stated(facts),
        recurring=[
            (indicator, figure)
            for indicator in facts.indicators.values()
            if indicator.kind == "cadence" and indicator.is_headline and facts.current is not None
            if (figure := facts.figure(indicator, ALL, facts.current.period_id))
        ],
    )


def stated(facts: Facts) -> list[tuple[Indicator, Stated]]:
    """What the plan's text states as already so, beside what the ledgers show."""
    rows = facts.marts.read(Stated, "mart_fact", "sort_order indicator_id", plan_id=facts.plan.plan_id)
    return [(facts.indicators[row.indicator_id], row) for row in rows if row.indicator_id in facts.indicators]


def _worst(rows: list[Row], laggard: Laggard) -> Measure | None:
    """The open milestone of a district's worst indicator with the widest gap."""
    measures = [
        measure
        for row in rows
        if (measure := row.districts.get(laggard.district_code))
        and measure.indicator.indicator_id == laggard.worst_indicator_id
        and measure.progress.status in ("behind", "overdue_not_met")
    ]
    return max(measures, key=lambda m: (m.progress.gap_points or 0, m.progress.gap_units or 0), default=None)
