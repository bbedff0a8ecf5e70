"""What counts of what the synthetic districts sent: the sample generator's truth, read once, period by period.

From the generator come plain rows of typed values (never workbooks); from the plan dates, targets and points. What
those rows mean is written out in this package anew, after the published semantics, and shares no code with intake,
register, dbt models or scoring.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from pipelines.plans.model import Period, Plan
from pipelines.samples.truth import District, Submission

Cells = dict[str, Any]
"""A row: field → value; a value that was withheld or left blank is None."""
WHOLE = "ALL"
"""The whole plan area, where tables ask for a district."""


@dataclass
class Account:
    """A plan's districts as they told of themselves, known at a moment."""

    plan: Plan
    districts: list[District]
    now: datetime

    def __post_init__(self) -> None:
        self._rows: dict[tuple[str, str, str], list[Cells]] = {}
        self._effective: dict[tuple[str, str], Submission | None] = {}

    @cached_property
    def codes(self) -> list[str]:
        return [district.code for district in self.districts]

    def scope(self, districts: Iterable[str] | None, *forms: str) -> list[str]:
        """The districts that are meant: all where none are named, but for those that are not asked for a form."""
        if districts is not None:
            return [code for code in self.codes if code in set(districts)]
        return [code for code in self.codes if all(self.owes(code, form) for form in forms)]

    def owes(self, code: str, form: str) -> bool:
        district = next(d for d in self.plan.districts if d.code == code)
        return district.forms is None or form in district.forms

    def received(self, code: str, period: Period) -> list[Submission]:
        """Every workbook for the period that had arrived, oldest first, returned ones included."""
        district = next(d for d in self.districts if d.code == code)
        sent = [s for s in district.submissions if s.ledger.period_id == period.id and s.received_at <= self.now]
        return sorted(sent, key=lambda s: (s.received_at, s.file_name))

    def accepted(self, code: str, period: Period) -> list[Submission]:
        return [s for s in self.received(code, period) if not s.returned]

    def effective(self, code: str, period: Period) -> Submission | None:
        """The newest accepted workbook: what the district says of the period."""
        key = (code, period.id)
        if key not in self._effective:
            accepted = self.accepted(code, period)
            self._effective[key] = accepted[-1] if accepted else None
        return self._effective[key]

    def is_silent(self, code: str, period: Period) -> bool:
        return self.effective(code, period) is None

    def gives(self, code: str, period: Period, *forms: str) -> bool:
        """Whether the district's workbook of the period has one of the sheets."""
        said = self.effective(code, period)
        return said is not None and any(form in said.typed for form in forms)

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

    def until(self, period: Period) -> tuple[Period, ...]:
        """The plan's periods up to this one."""
        return self.plan.periods[: self.plan.periods.index(period) + 1]

    def rows(self, code: str, period: Period, form: str) -> list[Cells]:
        """The form's rows that count, planted effects applied: withheld values None, rows set aside left out."""
        key = (code, period.id, form)
        if key not in self._rows:
            said = self.effective(code, period)
            self._rows[key] = said.as_read(form) if said else []
        return self._rows[key]

    def last_said(self, code: str, period: Period) -> Period | None:
        """The period itself where the district spoke, else the last before it in which it did."""
        spoken = [p for p in self.until(period) if not self.is_silent(code, p)]
        return spoken[-1] if spoken else None

    def last_given(self, code: str, period: Period, form: str) -> Period | None:
        """The period itself where the district gave the sheet, else the last before it in which it did."""
        given = [p for p in self.until(period) if self.gives(code, p, form)]
        return given[-1] if given else None

    def ever(self, code: str, form: str, until: Period | None = None) -> list[Cells]:
        """The form's rows of all effective workbooks (up to a period)."""
        periods = self.plan.periods if until is None else self.until(until)
        return [cells for period in periods for cells in self.rows(code, period, form)]


def moments(day: date | None) -> set[str]:
    """The year, quarter and month of a day as plans write them; none of a day that nobody knows."""
    if day is None:
        return set()
    return {f"{day:%Y}", f"{day:%Y}-Q{(day.month + 2) // 3}", f"{day:%Y-%m}"}
