"""Where each milestone stands, what moved a rate, and who has reported: worked out from the independent figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from pipelines.plans.model import Milestone, Period
from tests.independent.account import Account
from tests.independent.indicators import Figure, Key

MONTH = Fraction("30.4375")
NOTHING = Figure(None, None)


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


def main_figure(
    account: Account, figures: dict[Key, Figure], code: str, period: Period, milestone: Milestone
) -> Figure:
    """The audited figure on the main basis; for the whole area the sum over the districts in scope."""
    indicator = account.plan.indicator(milestone.indicator_id)
    assert indicator is not None
    scope = account.scope(milestone.districts if milestone.districts is not None else indicator.districts)
    if code == "ALL" and scope != account.codes:
        parts = [figures[one, period.id, indicator.id, indicator.basis, "audited"] for one in scope]
        known = [p.numerator for p in parts if p.numerator is not None]
        below = [p.denominator for p in parts if p.denominator is not None]
        return Figure(sum(known, Fraction(0)) if known else None, sum(below, Fraction(0)) if below else None)
    return figures.get((code, period.id, indicator.id, indicator.basis, "audited"), NOTHING)


def milestone_progress(account: Account, figures: dict[Key, Figure]) -> dict[tuple[str, str, str], Progress]:
    """Milestone, district (or ALL) and period → where it stands (all are of rates and booleans)."""
    return {
        (milestone.id, code, period.id): _progress(account, figures, milestone, code, period)
        for milestone in account.plan.milestones
        for code in [*account.codes, "ALL"]
        for period in account.periods
    }


def _progress(
    account: Account, figures: dict[Key, Figure], milestone: Milestone, code: str, period: Period
) -> Progress:
    indicator = account.plan.indicator(milestone.indicator_id)
    assert indicator is not None
    assert milestone.operator in ("gte", "eq", "done_by")
    deciding = max((p for p in account.plan.periods if p.as_of <= milestone.due), key=lambda p: p.as_of)
    is_final = period.as_of >= deciding.as_of
    scope = account.scope(milestone.districts if milestone.districts is not None else indicator.districts)
    if code != "ALL" and code not in scope:
        return Progress("not_applicable", is_final=is_final)
    spoken = deciding if is_final else period
    restated = is_final and any(len(account.accepted(one, deciding)) > 1 for one in scope if code in (one, "ALL"))
    history = [
        (p, f)
        for p in account.periods
        if p.as_of <= spoken.as_of
        and (f := main_figure(account, figures, code, p, milestone)).numerator is not None
        and f.denominator
    ]
    figure = main_figure(account, figures, code, spoken, milestone)
    common: dict[str, Any] = {
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "is_final": is_final,
        "is_restated": restated,
    }
    n, d = figure.numerator, figure.denominator
    yes_or_no = indicator.kind in ("boolean", "document") and code != "ALL"
    target = Fraction(milestone.target)
    gap = {}
    if d and not yes_or_no:  # how far the target is does not need to know what was reached by when
        gap = _gap(n, d, target)
    if n is None or d is None:
        return Progress("no_data", **common)
    if d == 0:
        return Progress("not_applicable", **common)
    value = 100 * n / d
    common["value"] = value
    reached = n * 100 >= target * d
    if yes_or_no:
        status = "met" if reached else "overdue_not_met" if is_final else "on_track"
        return Progress(status, **common)
    first, started = history[0]
    assert started.numerator is not None
    assert started.denominator is not None
    if reached:
        status = "met"
    elif is_final:
        status = "overdue_not_met"
    else:
        start = 100 * started.numerator / started.denominator
        passed = Fraction((period.as_of - first.as_of).days, (milestone.due - first.as_of).days)
        short = start + (target - start) * passed - value
        status = "on_track" if short <= 0 else "at_risk" if short <= 5 else "behind"
    left = months(period.as_of, milestone.due) if period.as_of < milestone.due else None
    pace = None
    if len(history) > 1:
        (earlier, was), (latest, now) = history[-2:]
        assert was.numerator is not None
        assert now.numerator is not None
        pace = (now.numerator - was.numerator) / months(earlier.as_of, latest.as_of)
    projected = None
    if pace is not None and left is not None:
        projected = min(max(value + 100 * pace * left / d, Fraction(0)), Fraction(100))
    return Progress(
        status,
        **common,
        **gap,
        required_per_month=gap["gap_units"] / left if left else None,
        observed_per_month=pace,
        projected_value=projected,
    )


def _gap(n: Fraction | None, d: Fraction, target: Fraction) -> dict[str, Any]:
    """Whole units lacking, and percentage points."""
    if n is None:
        return {}
    return {
        "gap_units": max(math.ceil(target * d / 100 - n), 0),
        "gap_points": max(target - 100 * n / d, Fraction(0)),
    }


@dataclass(frozen=True)
class Change:
    """What moved a rate from one period to the next, in percentage points."""

    value_from: Fraction
    value_to: Fraction
    work: Fraction
    denominator: Fraction


def rate_changes(account: Account, figures: dict[Key, Figure]) -> dict[tuple[str, str, str], Change]:
    """Indicator, district and later period → the change, wherever both sides are known."""
    found = {}
    for (code, period_id, indicator_id, basis, variant), later in figures.items():
        indicator = account.plan.indicator(indicator_id)
        assert indicator is not None
        if variant != "audited" or basis != indicator.basis or indicator.denominator is None:
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
        )
    return found


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
