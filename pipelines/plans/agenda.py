"""The reporting calendar: on which days somebody has to look at a plan, and why.

Districts are looked at 30, 7 and 1 days before something is due, on the day, and the day after. What is due are the
ledgers of a period, and whatever else recurs and has a form to show it (the credit results of each February). With
every ledger a plan that is scored gets its provisional score, and its final one when the evaluation is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pipelines.plans.model import Name, Plan

REMINDER_DAYS = (30, 7, 1)
"""How long before a due date districts are looked at; the due date itself and the day after follow."""

Kind = Literal["reminder", "due", "overdue", "provisional_score", "final_score"]


@dataclass(frozen=True, order=True)
class Event:
    """One reason to look at a plan on one day."""

    day: date
    plan_id: str
    kind: Kind
    due: date
    """The day it is about: by when something must be there; for a score the day that it speaks of."""
    period_id: str | None = None
    """The period whose ledgers are due or scored; None for what else recurs."""
    indicator_id: str | None = None
    """What else recurs: the indicator that counts it."""

    @property
    def days_left(self) -> int:
        """Days from this day to the due date; -1 on the day after."""
        return (self.due - self.day).days

    def __str__(self) -> str:
        """In a few English words, for run tags and logs: ``7 days before 2024-11``."""
        subject = self.period_id or self.indicator_id or self.plan_id
        words = {
            "reminder": f"{self.days_left} days before",
            "due": "due date of",
            "overdue": "day after",
            "provisional_score": "provisional score with",
            "final_score": "final score of",
        }
        return f"{words[self.kind]} {subject}"


def agenda(plan: Plan) -> list[Event]:
    """Every event of the plan, by day."""
    return sorted({*_ledgers(plan), *_recurring(plan), *_scores(plan)}, key=lambda event: (event.day, str(event)))


def subject(plan: Plan, event: Event) -> Name:
    """What the event is about, by its name."""
    found = plan.indicator(event.indicator_id) if event.indicator_id else plan.period(event.period_id or "")
    return found.name if found else plan.name


def _ledgers(plan: Plan) -> Iterator[Event]:
    for period in plan.periods:
        for day, kind in _around(period.due):
            yield Event(day, plan.id, kind, period.due, period_id=period.id)


def _recurring(plan: Plan) -> Iterator[Event]:
    """What a form of its own shows; a ledger that comes is a period, and what nothing shows can't be looked at."""
    for indicator in plan.indicators:
        cadence = indicator.cadence
        if cadence and cadence.reporter == "district" and cadence.source not in ("submission", "none"):
            for occasion in cadence.occasions:
                for day, kind in _around(occasion.due):
                    yield Event(day, plan.id, kind, occasion.due, indicator_id=indicator.id)


def _scores(plan: Plan) -> Iterator[Event]:
    """The day after ledgers are due, and the first and last day of the evaluation and the day after it."""
    if plan.rubric is None:
        return
    evaluation = plan.evaluation
    for period in plan.periods:
        if evaluation is None or period.due < evaluation.start:
            yield Event(period.due + timedelta(days=1), plan.id, "provisional_score", period.due, period_id=period.id)
    if evaluation:
        for day in (evaluation.start, evaluation.end, evaluation.end + timedelta(days=1)):
            yield Event(day, plan.id, "final_score", evaluation.end)


def _around(due: date) -> Iterator[tuple[date, Kind]]:
    for days in REMINDER_DAYS:
        yield due - timedelta(days=days), "reminder"
    yield due, "due"
    yield due + timedelta(days=1), "overdue"
