"""Who has handed in what: read from the published marts, judged by the day that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from pipelines.settings import Workspace

_NAMES = ("plan_id", "plan_name", "period_id", "period_name", "district_code", "district_name")

OWED = ("returned", "missing")
"""Of what is due, what still has to come."""


@dataclass(frozen=True)
class Standing:
    """One district's workbook of one period. ``days_late``: how long it was, or by now is, overdue, else 0."""

    plan_id: str
    plan_name: str
    period_id: str
    period_name: str
    district_code: str
    district_name: str
    status: str
    expected_by: date
    received_at: datetime | None
    days_late: int
    error_count: int | None
    warning_count: int | None
    receipts: str | None
    """The folder of its receipts, relative to the workspace."""


def standings(ws: Workspace, today: date, plan_id: str | None = None) -> list[Standing]:
    """Every district's workbook of every period that the marts know, with what fell overdue since they were published.

    None before anything was published.
    """
    if not (ws.marts / "mart_submission_status.parquet").exists():
        return []
    return [_standing(row, today) for row in _rows(ws, plan_id)]


def tallies(standings: Iterable[Standing]) -> list[dict[str, Any]]:
    """For each plan and period that is due: how many districts owe a workbook, how many are on_time, late, returned,
    missing; ``which`` names the last two. A plan of which nothing ever came has nothing due.
    """
    due: dict[tuple[str, date, str], list[Standing]] = {}
    for one in standings:
        if one.status != "not_due":
            due.setdefault((one.plan_id, one.expected_by, one.period_id), []).append(one)
    return [
        {
            "plan_id": plan_id,
            "period_id": period_id,
            "expected_by": expected_by,
            "districts": len(own),
            **{status: sum(one.status == status for one in own) for status in ("on_time", "late", *OWED)},
            "which": "、".join(one.district_name for one in own if one.status in OWED),
        }
        for (plan_id, expected_by, period_id), own in sorted(due.items())
    ]


def _rows(ws: Workspace, plan_id: str | None) -> list[dict[str, Any]]:
    def mart(name: str) -> pl.LazyFrame:
        return pl.scan_parquet(ws.marts / f"{name}.parquet")

    submission = mart("fct_submission").select("submission_id", "error_count", "warning_count")
    district = mart("dim_district").select("plan_id", "district_code", "district_name", "sort_order")
    period = mart("dim_period").select("plan_id", "period_id", "period_name", "seq")
    plan = mart("dim_plan").select("plan_id", "plan_name")
    return (
        mart("mart_submission_status")
        .filter(pl.lit(True) if plan_id is None else pl.col("plan_id") == plan_id)
        .join(plan, on="plan_id")
        .join(district, on=["plan_id", "district_code"])
        .join(period, on=["plan_id", "period_id"])
        .join(submission, on="submission_id", how="left")
        .sort("plan_id", "sort_order", "district_code", "seq")
        .collect()
        .to_dicts()
    )


def _standing(row: Mapping[str, Any], today: date) -> Standing:
    status, late = row["status"], row["days_late"] or 0
    if status in ("not_due", "missing"):
        overdue = (today - row["expected_by"]).days
        status, late = ("missing", overdue) if overdue > 0 else ("not_due", 0)
    receipts = "/".join(("data/raw/receipts", row["plan_id"], row["period_id"], row["district_code"]))
    return Standing(
        **{name: row[name] for name in _NAMES},
        status=status,
        expected_by=row["expected_by"],
        received_at=row["received_at"],
        days_late=late,
        error_count=row["error_count"],
        warning_count=row["warning_count"],
        receipts=receipts if row["received_at"] else None,
    )
