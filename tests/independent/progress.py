"""Where each milestone stands, what moved a rate, and who has reported: worked out from the independent figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from pipelines.plans.model import Indicator, Milestone, Period
from tests.independent.account import WHOLE, Account
from tests.independent.figures import NOTHING, Figure, Key, bases, scope
from tests.independent.readings import Reading

MONTH = Fraction("30.4375")


def months(since: date, until: date) -> Fraction:
    return Fraction((until - since).days) / MONTH


@dataclass(frozen=True)
class Progress:
    """A milestone in one place and period."""

    status: str
    numerator: Fraction | None = None
    denominator: Fraction | None = None
    value: Fraction | None = None
    gap_units: int | None = None
    gap_points: Fraction | None = None
    required_per_month: Fraction | None = None
    observed_per_month: Fraction | None = None
    projected_value: Fraction | None = None
    is_final: bool = False
    is_restated: bool = False
    is_breached: bool = False
    reached_on_at_pace: date | None = None
    best_per_month: Fraction | None = None
    exceeds_best_pace: bool | None = None
    is_out_of_reach: bool = False
    baseline_value: Fraction | None = None
    months_left: Fraction | None = None
    figure_period_id: str | None = None
    deciding_period_id: str | None = None
    assessed_early: bool = False
    district_scope_in: bool = True


@dataclass(frozen=True)
class Target:
    """What a milestone asks of a figure: a rate of percent, or a count of its number."""

    operator: str
    number: Fraction
    is_count: bool

    @property
    def is_strict(self) -> bool:
        return self.operator in ("gt", "lt")

    def below(self, figure: Figure) -> Fraction | None:
        """How many units are lacking, exactly; negative beyond the target, None where nothing is known."""
        n, d = figure.numerator, self.whole(figure)
        if n is None or not d:
            return None
        lacking = self.number * d / 100 - n
        return -lacking if self.operator in ("lte", "lt") else lacking

    def whole(self, figure: Figure) -> Fraction | None:
        """What 100 % is; of a count its number is its own percentage."""
        return Fraction(100) if self.is_count else figure.denominator

    def is_reached(self, figure: Figure) -> bool | None:
        lacking = self.below(figure)
        if lacking is None:
            return None
        return lacking < 0 if self.is_strict else lacking <= 0

    def units(self, figure: Figure) -> int:
        """The fewest whole units that reach it."""
        lacking = self.below(figure)
        assert lacking is not None
        if self.is_strict:
            return max(math.floor(lacking) + 1, 0)
        return max(math.ceil(lacking), 0)


class Milestones:
    """Every milestone of a plan, judged on the independent figures."""

    def __init__(self, account: Account, reading: Reading, figures: dict[Key, Figure]) -> None:
        self.account, self.reading, self.figures = account, reading, figures

    def all(self) -> dict[tuple[str, str, str], Progress]:
        """Milestone, district (or ALL) and period → where it stands."""
        return {
            (milestone.id, code, period.id): self.progress(milestone, code, period)
            for milestone in self.account.plan.milestones
            for code in [*self.account.codes, WHOLE]
            for period in self.account.periods
        }

    def indicator(self, name: str) -> Indicator:
        indicator = self.account.plan.indicator(name)
        assert indicator is not None
        return indicator

    def scope(self, milestone: Milestone) -> list[str]:
        indicator = self.indicator(milestone.indicator_id)
        if milestone.districts is not None:
            return self.account.scope(milestone.districts)
        return scope(self.account, self.reading, indicator)

    def deciding(self, milestone: Milestone) -> Period:
        """The last period that ends by the due date, or the first of all."""
        before = [p for p in self.account.plan.periods if p.as_of <= milestone.due]
        return before[-1] if before else self.account.plan.periods[0]

    def figure(self, milestone: Milestone, code: str, period: Period, name: str | None = None) -> Figure:
        """The audited figure on the main basis; for the whole area over the districts in the milestone's scope."""
        indicator = self.indicator(name or milestone.indicator_id)
        places = self.scope(milestone)
        if code == WHOLE and name is None and places != scope(self.account, self.reading, indicator):
            parts = [self.main(indicator, place, period) for place in places]
            known = [p.numerator for p in parts if p.numerator is not None]
            below = [p.denominator for p in parts if p.denominator is not None]
            return Figure(sum(known, Fraction(0)) if known else None, sum(below, Fraction(0)) if below else None)
        return self.main(indicator, code, period)

    def main(self, indicator: Indicator, code: str, period: Period) -> Figure:
        measure = self.reading.measures.get(indicator.id)
        basis = next(iter(bases(measure))) if measure else indicator.basis
        return self.figures.get((code, period.id, indicator.id, basis, "audited"), NOTHING)

    def progress(self, milestone: Milestone, code: str, period: Period) -> Progress:
        account, indicator = self.account, self.indicator(milestone.indicator_id)
        assert indicator.kind != "cadence", "what recurs is judged by its occasions"
        target = Target(milestone.operator, Fraction(milestone.target), indicator.denominator is None)
        deciding = self.deciding(milestone)
        is_final = period.as_of >= deciding.as_of
        left = months(period.as_of, milestone.due) if period.as_of < milestone.due else None
        common: dict[str, Any] = {
            "is_final": is_final,
            "months_left": left,
            "deciding_period_id": deciding.id,
            "assessed_early": deciding.as_of < milestone.due,
        }
        places = self.scope(milestone)
        if code != WHOLE and (milestone.whole_area_only or code not in places):
            return Progress("not_applicable", **common, district_scope_in=False)
        spoken = deciding if is_final else period
        restated = is_final and any(_came_again(account, one, deciding) for one in places if code in (one, WHOLE))
        seen = [(p, self.figure(milestone, code, p)) for p in account.periods if p.as_of <= spoken.as_of]
        history = [(p, f) for p, f in seen if f.numerator is not None and target.whole(f)]
        figure = self.figure(milestone, code, spoken)

        def reached(at: Period) -> bool | None:
            """With every companion; one of which nothing is known is not reached."""
            own = target.is_reached(self.figure(milestone, code, at))
            others = [target.is_reached(self.figure(milestone, code, at, name)) for name in milestone.all_of]
            return None if own is None else own and all(others)

        breached = milestone.is_hold and any(reached(p) is False for p, _ in seen)
        n, d = figure.numerator, target.whole(figure)
        yes_or_no = indicator.kind in ("boolean", "document") and code != WHOLE
        turn = -1 if milestone.operator in ("lte", "lt") else 1
        won = [
            (turn * (_known(now.numerator) - _known(was.numerator)), (latest.as_of - earlier.as_of).days)
            for (earlier, was), (latest, now) in pairwise(history)
        ]
        best = max((step / days for step, days in won), default=None)
        common |= {
            "numerator": n,
            "denominator": figure.denominator,
            "baseline_value": _percent(target, history[0][1]) if history else None,
            "figure_period_id": spoken.id,
            "is_restated": restated,
            "is_breached": breached,
            "best_per_month": None if best is None or yes_or_no else best * MONTH,
            "is_out_of_reach": breached,
        }
        if n is None or d is None:
            return Progress("no_data", **common)
        if d == 0:
            return Progress("not_applicable", **common)
        value = 100 * n / d
        common["value"] = value
        is_reached = reached(spoken) and not breached
        common["is_out_of_reach"] = breached or (is_final and not is_reached)
        if yes_or_no:
            return Progress("met" if is_reached else "overdue_not_met" if is_final else "on_track", **common)
        if is_reached:
            status = "met"
        elif is_final or breached:
            status = "overdue_not_met"
        else:
            status = _on_the_way(target, history, value, period, milestone.due)
        pace = None
        if len(history) > 1:
            (earlier, was), (latest, now) = history[-2:]
            pace = (_known(now.numerator) - _known(was.numerator)) / months(earlier.as_of, latest.as_of)
        projected = None
        if pace is not None and left is not None:
            projected = max(value + 100 * pace * left / d, Fraction(0))
            projected = projected if target.is_count else min(projected, Fraction(100))
        gap = target.units(figure)
        days_left = (milestone.due - period.as_of).days
        exceeds = gap > best * days_left if gap and days_left > 0 and best is not None else None
        return Progress(
            status,
            **common,
            gap_units=gap,
            gap_points=max(turn * (target.number - value), Fraction(0)),
            required_per_month=gap / left if left else None,
            observed_per_month=pace,
            projected_value=projected,
            reached_on_at_pace=None if breached else _reached_on(spoken.as_of, gap, won),
            exceeds_best_pace=exceeds,
        )


def _reached_on(day: date, gap: int, won: list[tuple[Fraction, int]]) -> date | None:
    """When the pace of the last step closes the gap; not told where it takes more than a hundred years."""
    if not gap or not won or won[-1][0] <= 0:
        return None
    step, days = won[-1]
    needed = gap * days / step
    return day + timedelta(days=math.ceil(needed)) if needed <= 36525 else None


def _percent(target: Target, figure: Figure) -> Fraction:
    """Of a rate its percent, of a count its number."""
    return 100 * _known(figure.numerator) / _known(target.whole(figure))


def _known(number: Fraction | None) -> Fraction:
    assert number is not None
    return number


def _on_the_way(
    target: Target, history: list[tuple[Period, Figure]], value: Fraction, period: Period, due: date
) -> str:
    """Against the straight path from the first value to the target; of a number, five in a hundred of it are near."""
    first, started = history[0]
    start = _percent(target, started)
    passed = Fraction((period.as_of - first.as_of).days, (due - first.as_of).days)
    short = start + (target.number - start) * passed - value
    short = -short if target.operator in ("lte", "lt") else short
    near = target.number / 20 if target.is_count else Fraction(5)
    return "on_track" if short <= 0 else "at_risk" if short <= near else "behind"


def _came_again(account: Account, code: str, period: Period) -> bool:
    """Whether what counts of a period came after its date, in place of what had been accepted before."""
    accepted = account.accepted(code, period)
    return len(accepted) > 1 and accepted[-1].received_at.date() > period.due


@dataclass(frozen=True)
class Change:
    """What moved a rate from one period to the next, in percentage points."""

    value_from: Fraction
    value_to: Fraction
    work: Fraction
    denominator: Fraction
    silence: Fraction = Fraction(0)
    """Of both, what is owed to districts that have a figure in only one of the two periods."""
    one_sided: int = 0
    """How many of them there are."""


def rate_changes(account: Account, reading: Reading, figures: dict[Key, Figure]) -> dict[tuple[str, str, str], Change]:
    """Indicator, district and later period → the change, wherever both sides are known."""
    found = {}
    for (code, period_id, indicator_id, basis, variant), later in figures.items():
        indicator = account.plan.indicator(indicator_id)
        assert indicator is not None
        measure = reading.measures.get(indicator_id)
        main = next(iter(bases(measure))) if measure else indicator.basis
        if variant != "audited" or basis != main or indicator.denominator is None:
            continue
        previous = account.before(next(p for p in account.plan.periods if p.id == period_id))
        if previous is None:
            continue
        earlier = figures.get((code, previous.id, indicator_id, basis, variant), NOTHING)
        n0, d0, n1, d1 = earlier.numerator, earlier.denominator, later.numerator, later.denominator
        if n0 is None or n1 is None or not d0 or not d1:
            continue
        found[indicator_id, code, period_id] = Change(
            100 * n0 / d0,
            100 * n1 / d1,
            50 * (n1 - n0) * (1 / d0 + 1 / d1),
            50 * (n0 + n1) * (1 / d1 - 1 / d0),
            *(
                _silence(account, figures, (indicator_id, basis), previous, period_id, n0 + n1, d0, d1)
                if code == WHOLE
                else ()
            ),
        )
    return found


def _silence(
    account: Account,
    figures: dict[Key, Figure],
    what: tuple[str, str],
    previous: Period,
    period_id: str,
    numerators: Fraction,
    d0: Fraction,
    d1: Fraction,
) -> tuple[Fraction, int]:
    """What districts heard in only one of the two periods did to the whole, and how many they are."""
    above, below, count = Fraction(0), Fraction(0), 0
    for code in account.codes:
        was = figures.get((code, previous.id, *what, "audited"), NOTHING)
        now = figures.get((code, period_id, *what, "audited"), NOTHING)
        if (was.numerator is None) != (now.numerator is None):
            above += (now.numerator or 0) - (was.numerator or 0)
            below += (now.denominator or 0) - (was.denominator or 0)
            count += 1
    return 50 * above * (1 / d0 + 1 / d1) - 50 * numerators * below / (d0 * d1), count


def submission_status(account: Account) -> dict[tuple[str, str], dict[str, Any]]:
    """District and period → whether its workbook came, and when."""
    found = {}
    for period in account.plan.periods:
        for code in account.codes:
            accepted, received = account.accepted(code, period), account.received(code, period)
            first = accepted[0].received_at if accepted else None
            if first is not None:
                late = period.lateness_judged and first.date() > period.due
                status = "late" if late else "on_time"
            elif received:
                status = "returned"
            else:
                status = "missing" if account.is_due(period) else "not_due"
            found[code, period.id] = {
                "status": status,
                "expected_by": period.due,
                "received_at": first or (received[-1].received_at if received else None),
            }
    return found
