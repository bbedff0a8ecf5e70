"""How far each district is behind and why, worked out by hand from where its milestones stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from pipelines.plans.model import Milestone, Period
from tests.independent.account import WHOLE, Account
from tests.independent.gaps import Shortfalls
from tests.independent.progress import Change, Progress

BEHIND = ("behind", "overdue_not_met")
Standings = Mapping[tuple[str, str, str], Progress]
"""Milestone, district and period → where it stands."""
Changes = Mapping[tuple[str, str, str], Change]
"""Indicator, district and later period → what moved the rate."""


@dataclass(frozen=True)
class Reason:
    """Why a district is behind, the figure that says so and what that is seen against."""

    name: str | None = None
    observed: Fraction | int | None = None
    compared_with: Fraction | int | None = None


@dataclass(frozen=True)
class Tally:
    """What a district has missed in a period."""

    behind: list[tuple[Milestone, Progress]]
    no_data: int

    @property
    def worst(self) -> tuple[Milestone, Progress] | None:
        """Furthest below its target, of equals with most units lacking, of those as the plan lists them.

        What is done or not comes after every rate and number.
        """
        # The first of equals: max keeps the order of the plan.
        return max(self.behind, key=lambda one: (_points(one[1], -1), one[1].gap_units or 0), default=None)

    @property
    def points(self) -> Fraction | None:
        known = [progress.gap_points for _, progress in self.behind if progress.gap_points is not None]
        return max(known, default=None)

    @property
    def units(self) -> int:
        """Each indicator once, with the most that any of its targets lacks."""
        lacking: dict[str, int] = {}
        for milestone, progress in self.behind:
            known = lacking.get(milestone.indicator_id, 0)
            lacking[milestone.indicator_id] = max(known, progress.gap_units or 0)
        return sum(lacking.values())

    @property
    def lag(self) -> tuple[int, int, Fraction, int]:
        """Further behind is greater: missed or unknown, missed, points, units."""
        return len(self.behind) + self.no_data, len(self.behind), self.points or Fraction(0), self.units


def _points(progress: Progress, otherwise: int) -> Fraction:
    return Fraction(otherwise) if progress.gap_points is None else progress.gap_points


def lagging_districts(
    account: Account, progress: Standings, changes: Changes, shortfalls: Shortfalls
) -> dict[tuple[str, str], dict[str, object]]:
    """District and period → how far it is behind, and the main reason."""
    found: dict[tuple[str, str], dict[str, object]] = {}
    for period in account.periods:
        tallies = {code: _tally(account, progress, code, period) for code in account.codes}
        for code, tally in tallies.items():
            worst, reason = tally.worst, _reason(account, progress, changes, shortfalls, code, period, tally)
            found[code, period.id] = {
                "rank": 1 + sum(other.lag > tally.lag for other in tallies.values()),
                "milestones_behind": len(tally.behind),
                "milestones_no_data": tally.no_data,
                "worst_indicator_id": worst[0].indicator_id if worst else None,
                "worst_milestone_id": worst[0].id if worst else None,
                "worst_gap_points": tally.points,
                "worst_gap_units": worst[1].gap_units if worst else None,
                "gap_units": tally.units,
                "main_reason": reason.name,
                "reason_observed": reason.observed,
                "reason_compared_with": reason.compared_with,
            }
    return found


def _tally(account: Account, progress: Standings, code: str, period: Period) -> Tally:
    scored = [(m, progress[m.id, code, period.id]) for m in account.plan.milestones if m.is_scored]
    return Tally(
        [(milestone, one) for milestone, one in scored if one.status in BEHIND],
        sum(one.status == "no_data" for _, one in scored),
    )


def _reason(
    account: Account,
    progress: Standings,
    changes: Changes,
    shortfalls: Shortfalls,
    code: str,
    period: Period,
    tally: Tally,
) -> Reason:
    """The first reason that holds, told by the worst target."""
    if not tally.behind and not tally.no_data:
        return Reason()
    if account.is_silent(code, period):
        return Reason("no_ledger", tally.no_data, len(tally.behind))
    if tally.worst is None:
        return Reason("no_figures", tally.no_data, 0)
    milestone, stands = tally.worst
    if stands.gap_units is None:
        return Reason("not_done")
    if not stands.gap_units:
        return Reason("not_held" if stands.is_breached else "companion_short")
    turn = -1 if milestone.operator in ("lt", "lte") else 1
    figures_of = stands.figure_period_id
    assert figures_of is not None
    gone = sum(s.units for s in shortfalls.of(code, figures_of, milestone.indicator_id) if not s.is_reported)
    if turn > 0 and gone and 2 * gone >= stands.gap_units:
        return Reason("communities_missing", gone, stands.gap_units)
    moved = changes.get((milestone.indicator_id, code, figures_of))
    if moved is not None and turn > 0 and -moved.denominator >= max(1, abs(moved.work)):
        return Reason("denominator_grew", -moved.denominator, moved.work)
    whole = progress[milestone.id, WHOLE, period.id]
    if stands.observed_per_month is None:
        return Reason("first_figure", stands.baseline_value, whole.baseline_value)
    pace = turn * stands.observed_per_month
    if pace <= 0:
        return Reason("work_lost" if pace < 0 else "work_stalled", pace, stands.gap_units)
    starts_lower = turn * _known(stands.baseline_value) < turn * _known(whole.baseline_value)
    if starts_lower and _gained(stands, turn) >= _gained(whole, turn):
        return Reason("started_low", stands.baseline_value, whole.baseline_value)
    return Reason("too_slow", pace, stands.gap_units)


def _gained(stands: Progress, turn: int) -> Fraction:
    """Points towards the target since the first figure."""
    return turn * (_known(stands.value) - _known(stands.baseline_value))


def _known(number: Fraction | None) -> Fraction:
    assert number is not None
    return number
