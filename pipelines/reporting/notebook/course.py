"""How the rates came about: over the periods, and from one to the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from pipelines.reporting.marts import ALL
from pipelines.reporting.notebook.colours import BASE, FAINT, INK, WORK
from pipelines.reporting.notebook.published import Published
from pipelines.reporting.notebook.showing import BOLD, FMT, dressed


def course(published: Published, indicator_id: str) -> pl.DataFrame:
    """An audited rate over the periods: of every district and of the whole area (``ALL``)."""
    return published.sql(
        """
        select f.district_code, d.district_name as 旗县区, f.period_id, f.as_of as 截止, f.numerator as 分子,
            f.denominator as 分母, f.value as 数值
        from fct_indicator as f
        left join dim_district as d on f.plan_id = d.plan_id and f.district_code = d.district_code
        where f.plan_id = $plan and f.indicator_id = $indicator and f.variant = 'audited' and f.is_main
            and f.as_of <= $last
        order by f.district_code, f.as_of""",
        indicator=indicator_id,
        last=published.period.as_of,
    )


def headline_rates(published: Published) -> list[tuple[str, str]]:
    """The indicators the plan names first, with their names."""
    frame = published.sql("""
        select indicator_id, indicator_name from dim_indicator
        where plan_id = $plan and is_headline and kind = 'rate' order by sort_order""")
    return list(frame.iter_rows())


def course_figure(published: Published, highlighted: Sequence[str] = ()) -> go.Figure:
    """The headline rates over time, one small chart each; some districts bold, the whole area dashed, targets as ◇."""
    rates = headline_rates(published)
    figure = make_subplots(
        rows=-(-len(rates) // 2), cols=2, subplot_titles=[name for _, name in rates], vertical_spacing=0.09
    )
    for number, (indicator, _) in enumerate(rates):
        place: dict[str, Any] = {"row": number // 2 + 1, "col": number % 2 + 1}
        frame = course(published, indicator)
        for code, lines in frame.group_by("district_code", maintain_order=True):
            figure.add_trace(_line(str(code[0]), lines, list(highlighted), first=number == 0), **place)
        for due, target in targets(published, indicator):
            figure.add_trace(
                go.Scatter(
                    x=[due],
                    y=[target],
                    mode="markers",
                    showlegend=False,
                    hovertemplate=f"目标 {target:g}%<extra></extra>",
                    marker={"symbol": "diamond-open", "size": 11, "color": WORK, "line": {"width": 2}},
                ),
                **place,
            )
    figure.update_yaxes(ticksuffix="%", range=[0, 106], gridcolor="#dfe3e8")
    figure.update_xaxes(gridcolor="#eef1f4", tickformat="%Y-%m")
    return dressed(figure, "主要指标走势（核定口径）", 250 * -(-len(rates) // 2) + 90)


def _line(code: str, frame: pl.DataFrame, highlighted: list[str], *, first: bool) -> go.Scatter:
    whole, bold = code == ALL, code in highlighted
    name = "全域" if whole else str(frame["旗县区"][0])
    colour = INK if whole else BOLD[highlighted.index(code) % len(BOLD)] if bold else FAINT
    parts = [f"{FMT.count(n)}/{FMT.count(d)}" for n, d in frame.select("分子", "分母").iter_rows()]
    return go.Scatter(
        x=frame["截止"].to_list(),
        y=frame["数值"].to_list(),
        name=name,
        legendgroup=code,
        customdata=parts,
        showlegend=first and (whole or bold),
        mode="lines+markers",
        line={"color": colour, "width": 2.5 if bold else 1.5 if whole else 1, "dash": "dot" if whole else "solid"},
        marker={"size": 6 if bold else 4},
        hovertemplate=f"{escape(name)} %{{x|%Y-%m}}<br>%{{y:.1f}}% (%{{customdata}})<extra></extra>",
    )


def targets(published: Published, indicator_id: str) -> Iterator[tuple[Any, float]]:
    """The targets of an indicator: date and percent."""
    frame = published.sql(
        """
        select distinct due_date, cast(target as double) as target from mart_milestone_progress
        where plan_id = $plan and indicator_id = $indicator and is_scored order by due_date""",
        indicator=indicator_id,
    )
    return frame.iter_rows()


def change_figure(published: Published, indicator_id: str) -> go.Figure:
    """Why a rate moved since the last period, per district: work done, or another number below the line."""
    frame = published.sql(
        """
        select d.district_name as name, c.work_effect, c.denominator_effect
        from mart_rate_change as c inner join dim_district as d using (plan_id, district_code)
        where c.plan_id = $plan and c.period_id = $period and c.indicator_id = $indicator and c.district_code <> 'ALL'
        order by d.sort_order desc""",
        indicator=indicator_id,
    )
    names = frame["name"].to_list()
    bars = (("分母变化", "denominator_effect", BASE, "/"), ("工作进展", "work_effect", WORK, ""))
    figure = go.Figure(
        [
            go.Bar(
                y=names,
                x=frame[column].to_list(),
                name=label,
                orientation="h",
                marker={"color": colour, "pattern": {"shape": pattern}},
                text=[FMT.signed(value) for value in frame[column]],
                textposition="outside",
                cliponaxis=False,
            )
            for label, column, colour, pattern in bars
        ]
    )
    figure.update_layout(barmode="group", legend={"traceorder": "reversed"})
    figure.update_xaxes(title="百分点", zeroline=True, zerolinecolor=INK)
    title = dict(headline_rates(published)).get(indicator_id, indicator_id)
    return dressed(figure, f"{title}：较上期变动由何而来", 120 + 52 * len(names))
