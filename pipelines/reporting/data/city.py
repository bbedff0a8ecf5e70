"""What the page of the plan area says."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from pipelines.reporting.data.facts import Facts, Measure, Row, Verdict, by_status, measures_of
from pipelines.reporting.data.figures import Move, Readings, Trend, moves, readings, trends
from pipelines.reporting.marts import ALL, District, Expected, Figure, GapCommunity, Indicator, Laggard, Stated


@dataclass(frozen=True)
class Standing:
    """How one district stands."""

    district: District
    laggard: Laggard
    worst: Measure | None
    """The milestone where it lacks most."""
    verdict: Verdict
    duties_behind: int
    to_do: int
    """Communities that would close all its open gaps; one that is lacking in several respects counts once."""
    expected: Expected | None
    """What became of its ledger of the period."""


@dataclass(frozen=True)
class ToDo:
    """A community with every milestone it would help to close."""

    community: GapCommunity
    measures: list[Measure]


@dataclass(frozen=True)
class CityPage:
    """The plan area as a whole."""

    measured: list[Row]
    groups: list[tuple[str, list[tuple[Row, Measure]]]]
    """The measured milestones by how they stand."""
    duties: list[Row]
    verdict: Verdict
    duty_verdict: Verdict
    standings: list[Standing]
    """Every district, the one furthest behind first."""
    to_do: list[ToDo]
    """The communities that would close most gaps, those with more households first among equals."""
    trends: list[Trend]
    moves: list[Move]
    readings: list[Readings]
    stated: list[tuple[Indicator, Stated]]
    """What the plan's text states as already so."""
    recurring: list[tuple[Indicator, Figure]]
    """The plan's main recurrent duties so far, else those without a date of their own."""

    @property
    def lagging(self) -> list[Standing]:
        """The districts with a milestone behind."""
        return [s for s in self.standings if s.laggard.milestones_behind]

    @property
    def is_partly_silent(self) -> bool:
        """Whether a district owes its ledger: nothing is known of what it has to do."""
        return any(s.expected and s.expected.status in ("missing", "returned") for s in self.standings)

    @property
    def communities_to_do(self) -> int:
        return sum(standing.to_do for standing in self.standings)


def city_page(facts: Facts) -> CityPage:
    """The plan area as a whole."""
    measured, duties = facts.rows["measured"], facts.rows["duties"]
    return CityPage(
        measured=measured,
        groups=by_status(measured, ALL),
        duties=duties,
        verdict=Verdict.of(measures_of(measured, ALL)),
        duty_verdict=Verdict.of(measures_of(duties, ALL)),
        standings=standings(facts),
        to_do=_to_do(facts),
        trends=trends(facts, ALL),
        moves=moves(facts, ALL),
        readings=readings(facts, ALL),
        stated=stated(facts),
        recurring=recurring(facts),
    )


def recurring(facts: Facts) -> list[tuple[Indicator, Figure]]:
    """The plan's main recurrent duties so far; where it names none, those that no milestone lists among the duties."""
    if facts.current is None:
        return []
    listed = {row.measure.indicator.indicator_id for row in facts.rows["duties"]}
    found = [
        (indicator, figure)
        for indicator in facts.indicators.values()
        if indicator.kind == "cadence"
        if (figure := facts.figure(indicator, ALL, facts.current.period_id))
    ]
    main = [(indicator, figure) for indicator, figure in found if indicator.is_headline]
    return main or [(i, figure) for i, figure in found if i.indicator_id not in listed and figure.denominator]


def stated(facts: Facts) -> list[tuple[Indicator, Stated]]:
    """What the plan's text states as already so, beside what the ledgers show."""
    rows = facts.marts.read(Stated, "mart_fact", "sort_order indicator_id", plan_id=facts.plan.plan_id)
    return [(facts.indicators[row.indicator_id], row) for row in rows if row.indicator_id in facts.indicators]


def standings(facts: Facts) -> list[Standing]:
    """How every district stands, the one furthest behind first."""
    laggards = facts.marts.read(
        Laggard,
        "mart_lagging_district",
        "rank district_code",
        plan_id=facts.plan.plan_id,
        period_id=facts.current.period_id if facts.current else "",
    )
    by = {row.district_code: row for row in laggards}
    expected = {e.district_code: e for e in facts.expected_now}
    order = {code: n for n, code in enumerate(by)}
    rows = facts.rows["measured"] + facts.rows["duties"]
    found = []
    for district in facts.districts:
        code = district.district_code
        laggard = by.get(code) or Laggard(
            district_code=code, period_id="", rank=len(by) + 1, milestones_behind=0, worst_indicator_id=None
        )
        found.append(
            Standing(
                district,
                laggard,
                _worst(rows, laggard),
                Verdict.of(measures_of(facts.rows["measured"], code)),
                len(Verdict.of(measures_of(facts.rows["duties"], code)).missed),
                len({c.community_id for listed in facts.gap_communities[code].values() for c in listed}),
                expected.get(code),
            )
        )
    return sorted(found, key=lambda s: order.get(s.district.district_code, len(order)))


def _worst(rows: list[Row], laggard: Laggard) -> Measure | None:
    """The milestone that a district is furthest from."""
    found = [
        measure
        for row in rows
        if (measure := row.districts.get(laggard.district_code))
        and measure.indicator.indicator_id == laggard.worst_indicator_id
        and measure.progress.status in ("behind", "overdue_not_met")
        and laggard.worst_milestone_id in (None, measure.progress.milestone_id)
    ]
    return max(found, key=lambda m: (m.progress.gap_points or 0, m.progress.gap_units or 0), default=None)


def _to_do(facts: Facts) -> list[ToDo]:
    community: dict[str, GapCommunity] = {}
    closes: dict[str, list[Measure]] = defaultdict(list)
    for row in facts.rows["measured"]:
        for code, measure in row.districts.items():
            for found in facts.gap_communities[code][measure.progress.milestone_id]:
                community.setdefault(found.community_id, found)
                closes[found.community_id].append(measure)
    return [
        ToDo(community[key], closes[key])
        for key in sorted(community, key=lambda key: (-len(closes[key]), -(community[key].households or 0), key))
    ]
