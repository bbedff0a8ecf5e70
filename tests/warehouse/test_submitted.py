"""Who has handed in what, from the published marts and the day that is asked for."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.settings import Workspace
from pipelines.warehouse.submitted import standings, tallies

DUE, NEXT = date(2024, 11, 30), date(2025, 11, 30)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    """Three districts: one in time, one late, one that has not sent what was due; then a period to come."""
    ws = Workspace(tmp_path).prepare()
    names = {"1": "甲县", "2": "乙县", "3": "丙县"}
    rows = [
        ("1", "t", DUE, "on_time", 0, "s1"),
        ("2", "t", DUE, "late", 3, "s2"),
        ("3", "t", DUE, "missing", None, None),
        *((code, "u", NEXT, "not_due", None, None) for code in names),
    ]
    columns = ("district_code", "period_id", "expected_by", "status", "days_late", "submission_id")
    came = pl.when(pl.col("submission_id").is_not_null()).then(pl.lit(datetime(2024, 11, 20)))
    p = pl.lit("p").alias("plan_id")
    tables = {
        "mart_submission_status": pl.DataFrame(rows, schema=columns, orient="row").with_columns(p, received_at=came),
        "fct_submission": pl.DataFrame({"submission_id": ["s1", "s2"], "error_count": [0, 1], "warning_count": [2, 0]}),
        "dim_district": pl.DataFrame(
            {"district_code": list(names), "district_name": list(names.values()), "sort_order": [1, 2, 3]}
        ).with_columns(p),
        "dim_period": pl.DataFrame({"period_id": ["t", "u"], "period_name": ["一", "二"], "seq": [1, 2]}).with_columns(
            p
        ),
        "dim_plan": pl.DataFrame({"plan_name": ["方案"]}).with_columns(p),
    }
    for name, table in tables.items():
        table.write_parquet(ws.marts / f"{name}.parquet")
    return ws


def test_what_is_due_is_counted(ws: Workspace) -> None:
    [row] = tallies(standings(ws, date(2024, 12, 5)))
    assert (row["districts"], row["on_time"], row["late"], row["returned"], row["missing"]) == (3, 1, 1, 0, 1)
    assert (row["expected_by"], row["which"]) == (DUE, "丙县")


def test_what_fell_due_since_it_was_published_is_missing(ws: Workspace) -> None:
    assert [row["missing"] for row in tallies(standings(ws, NEXT))] == [1]
    assert [row["missing"] for row in tallies(standings(ws, date(2025, 12, 1)))] == [1, 3]


def test_nobody_owes_anything_before_the_first_run(tmp_path: Path) -> None:
    assert tallies(standings(Workspace(tmp_path), NEXT)) == []


def test_nor_where_nobody_has_handed_in_anything(ws: Workspace) -> None:
    """A first run over an empty inbox publishes tables without a row."""
    for name in ("mart_submission_status", "fct_submission"):
        table = pl.read_parquet((ws.marts / f"{name}.parquet").read_bytes())
        table.clear().write_parquet(ws.marts / f"{name}.parquet")
    assert tallies(standings(ws, NEXT)) == []
