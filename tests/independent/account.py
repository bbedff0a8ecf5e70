"""What counts of what the synthetic districts sent: the sample generator's truth, read once, period by period.

From the generator come plain rows of typed values (never workbooks); from the plan dates, targets and points. What
those rows mean is written out in this package anew, after the published semantics, and shares no code with intake,
register, dbt models or scoring.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from pipelines.plans.model import Period, Plan
from pipelines.samples.truth import District, Submission

Cells = dict[str, Any]
"""A row: field → value; a value that was withheld or left blank is None."""


@dataclass
class Account:
    """A plan's districts as they told of themselves, known at a moment."""

    plan: Plan
    districts: list[District]
    now: datetime

    def __post_init__(self) -> None:
        self._rows: dict[tuple[str, str, str], list[Cells]] = {}

    @cached_property
    def codes(self) -> list[str]:
        return [district.code for district in self.districts]

    def scope(self, districts: Iterable[str] | None) -> list[str]:
        """The districts that are meant: all where none are named."""
        return self.codes if districts is None else [code for code in self.codes if code in set(districts)]

    def received(self, code: str, period: Period) -> list[Submission]:
        """Every workbook for the period that had arrived, oldest first, returned ones included."""
        district = next(d for d in self.districts if d.code == code)
        sent = [s for s in district.submissions if s.ledger.period_id == period.id and s.received_at <= self.now]
        return sorted(sent, key=lambda s: (s.received_at, s.file_name))

    def accepted(self, code: str, period: Period) -> list[Submission]:
        return [s for s in self.received(code, period) if not s.returned]

    def effective(self, code: str, period: Period) -> Submission | None:
        """The newest accepted workbook: what the district says of the period."""
        accepted = self.accepted(code, period)
        return accepted[-1] if accepted else None

    def is_silent(self, code: str, period: Period) -> bool:
        return self.effective(code, period) is None

    def is_due(self, period: Period) -> bool:
        """A due date is met up to its midnight."""
        return self.now.date() > period.due

    @cached_property
    def periods(self) -> list[Period]:
        """The periods there are figures of: those that are due, and those of which somebody has already spoken."""
        return [
            period
            for period in self.plan.periods
            if self.is_due(period) or any(self.effective(code, period) for code in self.codes)
        ]

    def before(self, period: Period) -> Period | None:
        place = self.plan.periods.index(period)
        return self.plan.periods[place - 1] if place else None

    def rows(self, code: str, period: Period, form: str) -> list[Cells]:
        """The form's rows that count, planted effects applied: withheld values None, rows set aside left out."""
        key = (code, period.id, form)
        if key not in self._rows:
            said = self.effective(code, period)
            self._rows[key] = said.as_read(form) if said else []
        return self._rows[key]

    def last_said(self, code: str, period: Period) -> Period | None:
        """The period itself where the district spoke, else the last before it in which it did."""
        place = self.plan.periods.index(period)
        spoken = [p for p in self.plan.periods[: place + 1] if not self.is_silent(code, p)]
        return spoken[-1] if spoken else None

    def ever(self, code: str, form: str, until: Period | None = None) -> list[Cells]:
        """The form's rows of all effective workbooks (up to a period)."""
        periods = self.plan.periods
        if until is not None:
            periods = periods[: periods.index(until) + 1]
        return [cells for period in periods for cells in self.rows(code, period, form)]
