"""What there is to tell of: where everybody stands and which workbooks were returned, from the published marts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from pipelines.intake.rules.base import title_of
from pipelines.settings import Workspace
from pipelines.warehouse.submitted import Standing, standings

REASONS = 3
"""So many kinds of findings are named for a returned workbook."""
SEVERITIES = ("fatal", "error")
"""What a workbook is returned for, or has to mend in any case."""


@dataclass(frozen=True)
class Returned:
    """A district's newest workbook of a period, where it was returned."""

    submission_id: str
    plan_id: str
    period_id: str
    district_code: str
    reasons: tuple[tuple[str, int], ...]
    """What rules call it, and how often; the reason for the return first."""
    receipts: str
    """The folder of the receipt, relative to the workspace."""
    has_earlier: bool
    """An earlier workbook stays in force meanwhile."""


@dataclass(frozen=True)
class Facts:
    """Everything a digest or reminder is made of."""

    today: date
    standings: list[Standing] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    warnings: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """(plan, period) → warnings in ledgers in force, and how many of them are answered."""


def read(ws: Workspace, today: date) -> Facts:
    """The facts of this day; none before anything was published."""
    found = standings(ws, today)
    return Facts(today, found, _returned(ws), _warnings(ws)) if found else Facts(today)


def _returned(ws: Workspace) -> list[Returned]:
    place = ("plan_id", "period_id", "district_code")
    columns = ("submission_id", *place, "received_at", "status", "is_effective")
    received = pl.read_parquet(ws.marts / "fct_submission.parquet", columns=list(columns)).drop_nulls(place)
    in_force = {row[1:4] for row in received.filter("is_effective").select("submission_id", *place).iter_rows()}
    newest = received.sort("received_at", "submission_id").unique(place, keep="last", maintain_order=True)
    returned = newest.filter(pl.col("status") == "returned").sort(*place)
    reasons = _reasons(ws, returned["submission_id"].to_list())
    return [
        Returned(
            submission_id=row["submission_id"],
            plan_id=row["plan_id"],
            period_id=row["period_id"],
            district_code=row["district_code"],
            reasons=tuple(reasons.get(row["submission_id"], ())),
            receipts="/".join(("data/raw/receipts", row["plan_id"], row["period_id"], row["district_code"])),
            has_earlier=(row["plan_id"], row["period_id"], row["district_code"]) in in_force,
        )
        for row in returned.iter_rows(named=True)
    ]


def _reasons(ws: Workspace, submissions: list[str]) -> dict[str, list[tuple[str, int]]]:
    """Per submission its commonest findings by rule, those it was returned for first."""
    if not submissions:
        return {}
    counted = (
        pl.scan_parquet(ws.marts / "fct_issue.parquet")
        .filter(pl.col("submission_id").is_in(submissions), pl.col("severity").is_in(SEVERITIES))
        .group_by("submission_id", "severity", "rule_id")
        .len()
        .sort(pl.col("severity") != "fatal", -pl.col("len").cast(pl.Int64), "rule_id")
        .collect()
    )
    reasons: dict[str, list[tuple[str, int]]] = {}
    for submission, _, rule, count in counted.iter_rows():
        reasons.setdefault(submission, []).append((title_of(rule), count))
    return {submission: named[:REASONS] for submission, named in reasons.items()}


def _warnings(ws: Workspace) -> dict[tuple[str, str], tuple[int, int]]:
    counted = (
        pl.scan_parquet(ws.marts / "fct_issue.parquet")
        .filter("is_effective", pl.col("severity") == "warning")
        .group_by("plan_id", "period_id")
        .agg(pl.len(), pl.col("answer").is_not_null().sum().alias("answered"))
        .collect()
    )
    return {(plan, period): (count, answered) for plan, period, count, answered in counted.iter_rows()}
