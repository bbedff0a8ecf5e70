"""What the page for comparing says: every indicator of every area over the periods, audited and reported."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.reporting.data.facts import MEASURED, Facts, Row
from pipelines.reporting.data.figures import Trend, trend_of
from pipelines.reporting.format import Number
from pipelines.reporting.marts import ALL, Figure, Indicator

MOST_CELLS = 5_500
"""So many figures, about 60 bytes each with all around them: keeps the page of a large area under 400 KB."""


@dataclass(frozen=True)
class Reading:
    """An area's figure of one period as audited, and as reported where that is another (or none)."""

    audited: Figure | None
    reported: Figure | None
    differs: bool


@dataclass(frozen=True)
class Compared:
    """An indicator over the periods: by area, the plan area first, a reading per period."""

    indicator: Indicator
    rows: list[Row]
    """Its milestones, each with every area's standing."""
    areas: dict[str, list[Reading]]

    @property
    def thresholds(self) -> tuple[tuple[str, Number], ...]:
        return tuple(threshold for row in self.rows for threshold in row.measure.thresholds)


@dataclass(frozen=True)
class ExplorePage:
    """Indicators with milestones, then those only followed; ``left_out``: so many of these there was no room for."""

    aimed: list[Compared]
    followed: list[Compared]
    left_out: int
    first: Trend | None
    """The first one drawn, where it is a rate: stands there before a script has run, or where none does."""

    @property
    def compared(self) -> list[Compared]:
        return self.aimed + self.followed


def explore_page(facts: Facts, most_cells: int = MOST_CELLS) -> ExplorePage:
    """Every measured indicator with a figure in some period."""
    found = [one for indicator in facts.indicators.values() if (one := _compared(facts, indicator))]
    found.sort(key=lambda one: (not one.rows, not one.indicator.is_headline))
    shown, cells = list[Compared](), 0
    for one in found:
        cells += sum(map(len, one.areas.values()))
        if one.rows or cells <= most_cells:
            shown.append(one)
    return ExplorePage(
        [one for one in shown if one.rows],
        [one for one in shown if not one.rows],
        len(found) - len(shown),
        _trend(facts, shown[0]) if shown and shown[0].indicator.kind == "rate" else None,
    )


def _trend(facts: Facts, one: Compared) -> Trend:
    others = (code for code in one.areas if code != ALL)
    return trend_of(facts, one.indicator, ALL, others, [row.measure for row in one.rows])


def _compared(facts: Facts, indicator: Indicator) -> Compared | None:
    if indicator.kind not in MEASURED:
        return None
    areas = {}
    for code in (ALL, *(district.district_code for district in facts.districts)):
        readings = [_reading(facts, indicator, code, period.period_id) for period in facts.periods]
        if any(one.audited or one.reported for one in readings):
            areas[code] = readings
    rows = [row for row in facts.rows["measured"] if row.measure.indicator is indicator]
    return Compared(indicator, rows, areas) if areas else None


def _reading(facts: Facts, indicator: Indicator, code: str, period_id: str) -> Reading:
    audited, reported = (facts.figure(indicator, code, period_id, variant) for variant in ("audited", "reported"))
    return Reading(audited, reported, _said(audited) != _said(reported))


def _said(figure: Figure | None) -> tuple[Number | None, Number | None] | None:
    return None if figure is None or figure.numerator is None else (figure.numerator, figure.denominator)
