"""Which communities would close a district's gap, worked out by hand: who falls short, and who comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from pipelines.plans.model import Milestone, Period
from tests.independent.account import Account, Cells
from tests.independent.figures import Telling, bases
from tests.independent.progress import Milestones, Progress
from tests.independent.readings import Facts, Reading
from tests.independent.register import Step

Place = tuple[str, ...]
"""District, period, township and name: where a community stands under the name it has there."""


@dataclass(frozen=True)
class Short:
    """A community below the line of a rate that is not, or not wholly, above it."""

    row: Cells
    is_reported: bool
    units: Fraction
    """What it would add above the line."""

    @property
    def order(self) -> tuple[bool, Fraction, int]:
        """Who is still reported before who has to be found again; who brings most; who is largest."""
        return not self.is_reported, -self.units, -(self.row["households"] or 0)


class Shortfalls:
    """Who falls short of which rate, by district, period and indicator."""

    def __init__(self, account: Account, reading: Reading, register: Mapping[str, Mapping[str, Step]]) -> None:
        self.reading = reading
        self._kept: dict[tuple[str, str, str], list[Short]] = {}
        self._told = {
            (code, period.id): Telling(account, reading, code, period, steps[period.id])
            for code, steps in register.items()
            for period in account.periods
        }

    def of(self, code: str, period_id: str, indicator_id: str) -> list[Short]:
        """Nobody where the indicator is no rate of communities."""
        key = (code, period_id, indicator_id)
        if key not in self._kept:
            self._kept[key] = self._short(*key)
        return self._kept[key]

    def _short(self, code: str, period_id: str, indicator_id: str) -> list[Short]:
        measure = self.reading.measures.get(indicator_id)
        if measure is None or measure.of != "community" or measure.below is None:
            return []
        above, below = next(iter(bases(measure).values()))
        found = []
        for told in self._told[code, period_id].rows("community", "audited"):
            community: Facts = told.row
            if measure.below(community):
                has = above(community) if told.is_reported and measure.above(community) else 0
                found.append(Short(community.row, told.is_reported, Fraction(below(community)) - has))
        return [short for short in found if short.units > 0]


def gap_communities(
    milestones: Milestones,
    progress: Mapping[tuple[str, str, str], Progress],
    shortfalls: Shortfalls,
    identities: Mapping[Place, str],
) -> dict[tuple[str, str, str, str], dict[str, object]]:
    """Milestone, district, period and community → its place among those that would close the gap.

    Of the published tables only the identities that communities have there are taken over.
    """
    account = milestones.account
    found: dict[tuple[str, str, str, str], dict[str, object]] = {}
    for milestone in account.plan.milestones:
        for code in account.codes:
            for period in account.periods:
                gap = progress[milestone.id, code, period.id].gap_units
                if not gap or not _is_open(milestones, milestone, period):
                    continue
                for rank, (name, short) in enumerate(
                    _enough(shortfalls.of(code, period.id, milestone.indicator_id), gap, code, period, identities), 1
                ):
                    found[milestone.id, code, period.id, name] = {
                        "rank": rank,
                        "indicator_id": milestone.indicator_id,
                        "units": short.units,
                        **{cell: short.row[cell] for cell in ("community_name", "subdistrict", "management_mode")},
                        **{cell: short.row[cell] for cell in ("households", "floor_area_sqm")},
                        "is_reported": short.is_reported,
                    }
    return found


def _is_open(milestones: Milestones, milestone: Milestone, period: Period) -> bool:
    """More is better, and the period is not past the one that decides: what is decided no community can close."""
    return milestone.operator not in ("lt", "lte") and period.as_of <= milestones.deciding(milestone).as_of


def _enough(
    short: list[Short], gap: int, code: str, period: Period, identities: Mapping[Place, str]
) -> list[tuple[str, Short]]:
    """The first of them, as many as are needed to win the gap; equals stand in the order of their identities."""

    def name(one: Short) -> str:
        return identities[code, period.id, one.row["subdistrict"], one.row["community_name"]]

    won, chosen = Fraction(0), []
    for one in sorted(short, key=lambda s: (s.order, name(s))):
        if won >= gap:
            break
        won += one.units
        chosen.append((name(one), one))
    return chosen
