"""Which communities to visit first."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import polars as pl

from pipelines.reporting.notebook.published import Published
from pipelines.reporting.notebook.showing import BOLD, WORDS, dressed


def visits(published: Published, district_code: str, most: int = 15) -> pl.DataFrame:
    """The communities to visit first: those that help most milestones, then the largest; with the row they stand in."""
    frame = published.sql(
        """
        with wanted as (
            select community_id, count(*) as helps, string_agg(indicator_name, '、' order by sort_order) as what
            from (
                select distinct g.community_id, i.indicator_name, i.sort_order
                from mart_gap_community as g inner join dim_indicator as i using (plan_id, indicator_id)
                where g.plan_id = $plan and g.period_id = $period and g.district_code = $district
            ) group by community_id
        )
        select c.subdistrict as "街道（乡镇）", c.community_name as 小区, c.households as 户数,
            c.management_mode as mode,
            w.helps as 可补指标, w.what as 补哪些, case when c.is_reported then '' else '本期未报' end as 提示,
            s.file_name as 工作簿, c.source_sheet as 工作表, c.source_row as 行
        from wanted as w
        inner join fct_community_status as c using (community_id)
        left join fct_submission as s on c.submission_id = s.submission_id
        where c.plan_id = $plan and c.period_id = $period and c.district_code = $district
        order by w.helps desc, c.is_reported desc, coalesce(c.households, 0) desc, c.community_id
        limit $most""",
        district=district_code,
        most=most,
    )
    modes = [str(WORDS.label("mode", mode)) if mode else "" for mode in frame["mode"]]
    return frame.with_columns(pl.Series("mode", modes, dtype=pl.String)).rename({"mode": "管理方式"})


def visits_figure(published: Published, district_codes: Sequence[str], most: int = 15) -> go.Figure:
    """Where the communities to visit lie: households to reach, by township, for some districts."""
    figure = go.Figure()
    for number, code in enumerate(district_codes):
        frame = visits(published, code, most).group_by("街道（乡镇）").agg(pl.col("户数").sum(), pl.len().alias("个数"))
        frame = frame.sort("户数", "街道（乡镇）")
        district = published.districts[code]
        figure.add_trace(
            go.Bar(
                y=[[district] * frame.height, frame["街道（乡镇）"].to_list()],
                x=frame["户数"].to_list(),
                orientation="h",
                text=[f"{count}个小区" for count in frame["个数"]],
                textposition="outside",
                cliponaxis=False,
                marker_color=BOLD[number % len(BOLD)],
                name=district,
                showlegend=False,
            )
        )
    figure.update_xaxes(title="户数", tickformat=",d")
    rows = sum(len(trace.x) for trace in figure.data)
    return dressed(figure, "先去的小区在哪些街道（乡镇）", 130 + 30 * rows)
