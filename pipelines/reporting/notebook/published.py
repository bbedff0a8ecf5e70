"""The published tables of a workspace, opened read-only.

A run replaces the file as a whole, so an open notebook neither blocks a run nor sees half of one; open it again to see
what is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.reporting.data import current_period
from pipelines.reporting.marts import Period
from pipelines.settings import Workspace


class NotPublished(FileNotFoundError):
    """The workspace has no published tables yet."""


@dataclass(frozen=True)
class Published:
    """The published tables of a workspace, seen from one plan at its current period."""

    workspace: Workspace
    connection: duckdb.DuckDBPyConnection
    plan_id: str
    plan_name: str
    period: Period
    districts: dict[str, str]
    """Code → name, in the plan's order."""
    is_synthetic: bool

    def sql(self, query: str, **parameters: object) -> pl.DataFrame:
        """The answer to a query over the published tables (schema ``marts``).

        ``$plan`` and ``$period`` stand for the plan and its current period, further ``$names`` for ``parameters``.
        """
        known = {"plan": self.plan_id, "period": self.period.period_id, **parameters}
        used = {name: value for name, value in known.items() if f"${name}" in query}
        return self.connection.sql(query, params=used or None).pl()


def open_published(root: str | Path | None = None, plan_id: str | None = None) -> Published:
    """Open what a workspace has published: ``root``, else ``ACTIONPLAN_ROOT``, else the checkout, else its demo.

    ``plan_id``: None is the first plan with workbooks. Raises NotPublished saying what to run.
    """
    own = Workspace.locate(root)
    candidates = [own] if root else [own, Workspace(own.root / "demo")]
    workspace = next((ws for ws in candidates if (ws.marts / "warehouse.duckdb").is_file()), None)
    if workspace is None:
        raise NotPublished("还没有发布的数据：先运行 actionplan run（或 make demo 生成演示数据）")
    connection = duckdb.connect(str(workspace.marts / "warehouse.duckdb"), read_only=True)
    connection.execute("set schema = 'marts'")
    plans = connection.execute(
        "select plan_id, plan_name from dim_plan where plan_id in (select plan_id from fct_submission)"
        " and plan_id = coalesce($plan, plan_id) order by sort_order, plan_id",
        {"plan": plan_id},
    ).fetchall()
    if not plans:
        raise NotPublished(f"方案 {plan_id} 还没有报送" if plan_id else "还没有收到任何报送")
    plan, name = plans[0]
    rows = connection.execute(
        "select period_id, as_of, period_name, seq, is_due from dim_period where plan_id = $plan", {"plan": plan}
    ).fetchall()
    periods = [Period(period_id=p, as_of=a, period_name=n, seq=s, is_due=d) for p, a, n, s, d in rows]
    heard = "select period_id, count(*) from fct_submission where plan_id = $plan and is_effective group by 1"
    reporting = dict(connection.execute(heard, {"plan": plan}).fetchall())
    names = "select district_code, district_name from dim_district where plan_id = $plan and district_code <> 'ALL'"
    districts = dict(connection.execute(f"{names} order by sort_order, district_code", {"plan": plan}).fetchall())
    synthetic = "select coalesce(bool_or(is_synthetic), false) from fct_submission where plan_id = $plan"
    ((is_synthetic,),) = connection.execute(synthetic, {"plan": plan}).fetchall()
    period = current_period(periods, reporting, len(districts))
    if period is None:
        raise NotPublished("还没有到任何报送期")
    return Published(workspace, connection, plan, name, period, districts, bool(is_synthetic))
