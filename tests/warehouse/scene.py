"""A scene for the assessment: the built-in Bayannur plan and whatever figures, documents and dates a test puts in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import polars as pl

from pipelines.plans import tables
from pipelines.plans.loader import load_plans
from pipelines.plans.model import Plan
from pipelines.warehouse.assessment import INPUT_SCHEMAS, AssessmentInputs, assess

PLAN = "bayannur_2023_2025"
LINHE, WUYUAN, HANGJIN = "150802", "150821", "150826"
Row = dict[str, Any]


@lru_cache(maxsize=1)
def bayannur() -> Plan:
    return load_plans()[PLAN]


@dataclass
class Scene:
    """Rows of each input frame, filled by the methods; every ledger is in, on its due day, unless taken out."""

    now: datetime = datetime(2025, 12, 5, 9)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    ledgers: dict[tuple[str, str], date | None] = field(default_factory=dict)

    def put(self, frame: str, **values: Any) -> Scene:
        row = {**dict.fromkeys(INPUT_SCHEMAS[frame]), "plan_id": PLAN, **values}
        self.rows.setdefault(frame, []).append(row)
        return self

    def rate(
        self, district: str, indicator: str, numerator: int | None, denominator: int | None, **values: Any
    ) -> Scene:
        place = {"period_id": "2025-11", "variant": "audited", **values}
        return self.put(
            "indicator_value",
            district_code=district,
            indicator_id=indicator,
            numerator=numerator,
            denominator=denominator,
            **place,
        )

    def done(self, district: str, indicator: str, on: date | None, period: str = "2025-11", **values: Any) -> Scene:
        row = {"is_reported": True, "is_done": True, "done_date": on, "evidence_count": 0, **values}
        return self.put("commitment", district_code=district, indicator_id=indicator, period_id=period, **row)

    def occasion(self, district: str, indicator: str, due: date, done: date | None, **values: Any) -> Scene:
        late = (done - due).days if done else None
        row = {"done_date": done, "days_late": late and max(late, 0), "is_answered": True, "is_scored": True, **values}
        return self.put("occasion", district_code=district, indicator_id=indicator, due_date=due, **row)

    def proof(self, district: str, *subjects: str) -> Scene:
        for subject in subjects:
            self.put("evidence", district_code=district, subject_id=subject, evidence_count=1)
        return self

    def ledger(self, district: str, period: str, on: date | None) -> Scene:
        """When the first accepted ledger came; None = never."""
        self.ledgers[district, period] = on
        return self

    def judged(self, plan: Plan | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Items and scores."""
        return assess(self.inputs(plan))

    def inputs(self, plan: Plan | None = None) -> AssessmentInputs:
        """What the assessment looks at."""
        plan = plan or bayannur()
        frames = tables.frames({plan.id: plan})
        for district in plan.districts:
            for period in plan.periods:
                on = self.ledgers.get((district.code, period.id), period.due if period.due <= self.now.date() else None)
                self.put(
                    "submission_status",
                    district_code=district.code,
                    period_id=period.id,
                    status="missing" if on is None else "late" if on > period.due else "on_time",
                    first_accepted_at=on and datetime(on.year, on.month, on.day, 12),
                )
        given = {name: pl.DataFrame(rows, schema=INPUT_SCHEMAS[name], orient="row") for name, rows in self.rows.items()}
        planned = {name: frame for name, frame in frames.items() if name in INPUT_SCHEMAS and name != "occasion"}
        return AssessmentInputs.of(self.now.date(), **planned, **given)

    def item(self, district: str, item: str) -> Row:
        """One item's row."""
        items, _ = self.judged()
        return items.filter((pl.col("district_code") == district) & (pl.col("item_id") == item)).row(0, named=True)

    def score(self, district: str) -> Row:
        """One district's score."""
        _, scores = self.judged()
        return scores.filter(pl.col("district_code") == district).row(0, named=True)
