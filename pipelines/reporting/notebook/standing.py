"""Who lags, and where."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import polars as pl

from pipelines.reporting.notebook.published import Published
from pipelines.reporting.notebook.showing import FMT, WORDS, dressed

OPEN = ("behind", "overdue_not_met", "no_data")
"""Milestone statuses that make a district lag."""


def ranking(published: Published) -> pl.DataFrame:
    """The districts, furthest behind first: milestones behind and without data, and where the gap is widest."""
    return published.sql("""
        select l.rank as 名次, d.district_name as 旗县区, l.milestones_behind as 落后节点,
            l.milestones_no_data as 无数据节点, i.indicator_name as 差距最大的指标,
            round(l.worst_gap_points, 1) as "差距（百分点）", l.gap_units as 合计还差
        from mart_lagging_district as l
        inner join dim_district as d using (plan_id, district_code)
        left join dim_indicator as i on l.plan_id = i.plan_id and l.worst_indicator_id = i.indicator_id
        where l.plan_id = $plan and l.period_id = $period
        order by l.rank, l.district_code""")


def lagging(published: Published, most: int | None = None) -> list[str]:
    """The codes of the districts with something behind or without data, furthest behind first."""
    frame = published.sql("""
        select district_code from mart_lagging_district
        where plan_id = $plan and period_id = $period and milestones_behind + milestones_no_data > 0
        order by rank, district_code""")
    return frame["district_code"].to_list()[:most]


def standing(published: Published) -> pl.DataFrame:
    """Each district against each measured milestone: value, target, gap and status, in the plan's order."""
    return published.sql("""
        select m.milestone_id, m.indicator_id, i.indicator_name as 指标, m.due_date as 到期, m.operator, m.target,
            m.district_code, d.district_name as 旗县区, m.numerator as 分子, m.denominator as 分母, m.value as 数值,
            m.gap_points as "差距（百分点）", m.gap_units as 还差, i.basis, m.status
        from mart_milestone_progress as m
        inner join dim_indicator as i using (plan_id, indicator_id)
        inner join dim_district as d on m.plan_id = d.plan_id and m.district_code = d.district_code
        where m.plan_id = $plan and m.period_id = $period and m.is_scored and i.kind in ('rate', 'count')
            and m.district_code <> 'ALL'
        order by m.due_date, m.sort_order, m.milestone_id, d.sort_order, m.district_code""")


def standing_figure(published: Published) -> go.Figure:
    """Milestones by districts: how many points are missing, each cell with its words as well as its colour."""
    frame = standing(published)
    names = list(published.districts.values())
    milestones = frame.unique("milestone_id", keep="first", maintain_order=True)
    labels = [
        f"{name} {WORDS.label('operator', operator)}{FMT.target(target)}<br>{FMT.month(due)}"
        for name, operator, target, due in milestones.select("指标", "operator", "target", "到期").iter_rows()
    ]
    cells = {
        (m, d): (gap, status)
        for m, d, gap, status in frame.select("milestone_id", "旗县区", "差距（百分点）", "status").iter_rows()
    }
    shades, texts = [], []
    for milestone in milestones["milestone_id"]:
        row = [cells.get((milestone, name), (None, "not_applicable")) for name in names]
        shades.append([_shade(gap, status) for gap, status in row])
        texts.append([_cell(gap, status) for gap, status in row])
    figure = go.Figure(
        go.Heatmap(
            z=shades,
            x=names,
            y=labels,
            text=texts,
            texttemplate="%{text}",
            hoverinfo="text",
            xgap=2,
            ygap=2,
            colorscale=[[0, "#e6f0e6"], [0.001, "#fbeee0"], [1, "#b5492b"]],
            zmin=0,
            zmax=max(_highest(shades), 10),
            colorbar={"title": "差距<br>（百分点）"},
        )
    )
    figure.update_yaxes(autorange="reversed")
    return dressed(figure, "各旗县区距目标的差距", 130 + 46 * len(labels))


def _cell(gap: float | None, status: str) -> str:
    word = str(WORDS.label("status", status))
    return f"{word}<br>差{FMT.gap(gap).removesuffix('个百分点')}" if gap else word


def _shade(gap: float | None, status: str) -> float | None:
    """How dark a cell is: nothing where there are no figures, and even the smallest gap not as light as none."""
    if status in ("no_data", "not_applicable"):
        return None
    return max(gap, 0.5) if gap else 0.0


def _highest(rows: Sequence[Sequence[float | None]]) -> float:
    return max((value for row in rows for value in row if value is not None), default=0.0)
