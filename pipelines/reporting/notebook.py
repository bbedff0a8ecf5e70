"""What the notebooks show: polars frames and plotly figures from the published ``warehouse.duckdb``, opened read-only.

A run replaces that file as a whole, so an open notebook neither blocks a run nor sees half of one; open it again to see
what is new. Headings and texts are Chinese: analysts of the city read them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import duckdb
import plotly.graph_objects as go
import plotly.io as pio
import polars as pl
from plotly.subplots import make_subplots

from pipelines.reporting.charts import BASE, FAINT, FONT, INK, QUIET, WORK
from pipelines.reporting.data import current_period
from pipelines.reporting.format import Format
from pipelines.reporting.marts import ALL, Period
from pipelines.reporting.messages import catalogue
from pipelines.settings import Workspace

FMT, WORDS = Format("zh"), catalogue("zh")
OPEN = ("behind", "overdue_not_met", "no_data")
"""Milestone statuses that make a district lag."""


class NotPublished(FileNotFoundError):
    """The workspace has no published tables yet."""


@dataclass(frozen=True)
class Published:
    """The published tables of a workspace, seen from one plan at its current period."""

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
    file = next((f for ws in candidates if (f := ws.marts / "warehouse.duckdb").is_file()), None)
    if file is None:
        raise NotPublished("还没有发布的数据：先运行 actionplan run（或 make demo 生成演示数据）")
    connection = duckdb.connect(str(file), read_only=True)
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
    return Published(connection, plan, name, period, districts, bool(is_synthetic))


# -- who lags ----------------------------------------------------------------------------------------------------------


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
    return _dressed(figure, "各旗县区距目标的差距", 130 + 46 * len(labels))


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


# -- how it came about -------------------------------------------------------------------------------------------------


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
        for due, target in _targets(published, indicator):
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
    return _dressed(figure, "主要指标走势（核定口径）", 250 * -(-len(rates) // 2) + 90)


_BOLD = ("#b5492b", "#1f5a96", "#6b5b3e", "#4f7942", "#7a4a8c", "#c9862b", "#173f6b")


def _line(code: str, frame: pl.DataFrame, highlighted: list[str], *, first: bool) -> go.Scatter:
    whole, bold = code == ALL, code in highlighted
    name = "全域" if whole else str(frame["旗县区"][0])
    colour = INK if whole else _BOLD[highlighted.index(code) % len(_BOLD)] if bold else FAINT
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


def _targets(published: Published, indicator_id: str) -> Iterator[tuple[Any, float]]:
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
    return _dressed(figure, f"{title}：较上期变动由何而来", 120 + 52 * len(names))


# -- why ---------------------------------------------------------------------------------------------------------------

Reason = tuple[str, str]
"""What it is about, and what was found, in words with the figures."""


def reasons(published: Published, district_code: str) -> pl.DataFrame:
    """Why a district stands where it stands, as far as the marts can tell: one finding per row, the gravest first."""
    found = [reason for look in _LOOKS for reason in look(published, district_code)]
    return pl.DataFrame(found, schema={"方面": pl.String, "发现": pl.String}, orient="row")


def _milestones_open(p: Published, code: str) -> Iterator[Reason]:
    frame = standing(p).filter((pl.col("district_code") == code) & pl.col("status").is_in(OPEN))
    for name, due, operator, target, n, d, value, units, basis, status in frame.select(
        "指标", "到期", "operator", "target", "分子", "分母", "数值", "还差", "basis", "status"
    ).iter_rows():
        goal = f"{FMT.month(due)}目标{WORDS.label('operator', operator)}{FMT.target(target)}"
        if status == "no_data":
            yield "指标", f"{name}：{goal}，没有数据"
            continue
        rate, lacking = FMT.rate(value, [(operator, target)]), WORDS(f"gap_unit.{basis}", n=units)
        yield "指标", f"{name}：{goal}，实际{rate}（{FMT.count(n)}/{FMT.count(d)}），还差{lacking}"


def _reporting(p: Published, code: str) -> Iterator[Reason]:
    frame = p.sql(
        """
        select t.period_name, s.status, s.days_late, s.versions
        from mart_submission_status as s inner join dim_period as t using (plan_id, period_id)
        where s.plan_id = $plan and s.district_code = $district order by t.seq""",
        district=code,
    )
    for period, status, late, versions in frame.iter_rows():
        if status == "missing":
            yield "报送", f"{period}没有报送"
        elif status == "returned":
            yield "报送", f"{period}被退回后没有重报"
        elif status == "late":
            yield "报送", f"{period}迟报{late}天"
        if versions > 1:
            yield "报送", f"{period}先后报送{versions}个版本，以最后一版为准"


def _silence(p: Published, code: str) -> Iterator[Reason]:
    """Communities that left the list, and what they would have done to the rate."""
    (missing,) = p.sql(
        """
        select count(*) from fct_community_status
        where plan_id = $plan and period_id = $period and district_code = $district
            and in_register and is_completed and not is_reported and not district_silent""",
        district=code,
    ).row(0)
    if not missing:
        return
    yield "少报", f"{missing}个小区以前报过，本期没有报，也没有说明去向，仍按实有计入分母"
    for name, reported, audited in _variants(p, code, "reported"):
        yield "少报", f"{name}：自报{reported}，核定{audited}"


def _merging(p: Published, code: str) -> Iterator[Reason]:
    """Steps in which communities were merged, and what that alone did to the rates."""
    frame = p.sql(
        """
        select t.period_name, b.merged_out, i.indicator_name, c.value_from, c.value_to, c.denominator_effect
        from mart_register_bridge as b
        inner join dim_period as t using (plan_id, period_id)
        inner join mart_rate_change as c on b.plan_id = c.plan_id and b.period_id = c.period_id
            and b.district_code = c.district_code
        inner join dim_indicator as i on c.plan_id = i.plan_id and c.indicator_id = i.indicator_id
        where b.plan_id = $plan and b.district_code = $district and t.as_of <= $last and b.merged_out > 0
            and i.is_headline and c.denominator_effect >= 0.5
        order by t.seq, i.sort_order""",
        district=code,
        last=p.period.as_of,
    )
    for period, merged, name, before, after, effect in frame.iter_rows():
        found = f"{period}：合并使小区减少{merged}个；{name}由{FMT.rate(before)}到{FMT.rate(after)}"
        yield "合并", f"{found}，其中分母变小占{FMT.effect(effect)}"


def _on_paper(p: Published, code: str) -> Iterator[Reason]:
    for name, strict, audited in _variants(p, code, "strict"):
        yield "成色", f"{name}：核定{audited}，从严（合同有效；已备案且在任期内）{strict}"


def _variants(p: Published, code: str, variant: str) -> Iterator[tuple[str, str, str]]:
    """The headline rates whose other reading differs by at least a tenth of a point: name, that reading, audited.

    Rounded so that neither seems to reach a target that it misses.
    """
    frame = p.sql(
        """
        select a.indicator_id, i.indicator_name, o.value, a.value
        from fct_indicator as a
        inner join fct_indicator as o on a.plan_id = o.plan_id and a.period_id = o.period_id
            and a.district_code = o.district_code and a.indicator_id = o.indicator_id and a.basis = o.basis
        inner join dim_indicator as i on a.plan_id = i.plan_id and a.indicator_id = i.indicator_id
        where a.plan_id = $plan and a.period_id = $period and a.district_code = $district and a.is_main
            and a.variant = 'audited' and o.variant = $variant and i.is_headline and abs(o.value - a.value) >= 0.1
        order by i.sort_order""",
        district=code,
        variant=variant,
    )
    for indicator, name, other, audited in frame.iter_rows():
        thresholds = [("gte", target) for _, target in _targets(p, indicator)]
        yield name, FMT.rate(other, thresholds), FMT.rate(audited, thresholds)


def _duties(p: Published, code: str) -> Iterator[Reason]:
    names = p.sql(
        """
        select i.indicator_name
        from mart_milestone_progress as m inner join dim_indicator as i using (plan_id, indicator_id)
        where m.plan_id = $plan and m.period_id = $period and m.district_code = $district and m.is_scored
            and i.kind in ('boolean', 'document', 'cadence') and m.status in ('behind', 'overdue_not_met', 'no_data')
        order by m.due_date, m.sort_order""",
        district=code,
    )["indicator_name"].to_list()
    if names:
        yield "任务", f"{len(names)}项到期没有完成：{'、'.join(dict.fromkeys(names))}"


def _quality(p: Published, code: str) -> Iterator[Reason]:
    frame = p.sql(
        """
        select count(*), count(distinct rule_id) from fct_issue
        where plan_id = $plan and period_id = $period and district_code = $district
            and is_effective and severity = 'error'""",
        district=code,
    )
    errors, rules = frame.row(0)
    if errors:
        yield "数据", f"本期台账有{errors}处错误（{rules}类），有关数值未采用"


_LOOKS: tuple[Callable[[Published, str], Iterator[Reason]], ...] = (
    _milestones_open,
    _reporting,
    _silence,
    _merging,
    _on_paper,
    _duties,
    _quality,
)


# -- where to go -------------------------------------------------------------------------------------------------------


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
                marker_color=_BOLD[number % len(_BOLD)],
                name=district,
                showlegend=False,
            )
        )
    figure.update_xaxes(title="户数", tickformat=",d")
    rows = sum(len(trace.x) for trace in figure.data)
    return _dressed(figure, "先去的小区在哪些街道（乡镇）", 130 + 30 * rows)


# -- showing -----------------------------------------------------------------------------------------------------------


class Table:
    """A frame as an HTML table with a caption; what Jupyter shows for it."""

    def __init__(self, frame: pl.DataFrame, caption: str) -> None:
        self.frame, self.caption = frame, caption

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" style="text-align:left">{escape(name)}</th>' for name in self.frame.columns)
        body = "".join(
            "<tr>"
            + "".join(f'<td style="text-align:{_side(value)}">{escape(_shown(value))}</td>' for value in row)
            + "</tr>"
            for row in self.frame.iter_rows()
        )
        caption = f'<caption style="text-align:left;font-weight:bold">{escape(self.caption)}</caption>'
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(value: object) -> str:
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if isinstance(value, float) else str(value)


def _side(value: object) -> str:
    return "right" if isinstance(value, int | float) else "left"


def use_offline_charts() -> None:
    """Charts carry their script with them: no network is needed to see them."""
    pio.renderers.default = "plotly_mimetype+notebook"


def _dressed(figure: go.Figure, title: str, height: int) -> go.Figure:
    return figure.update_layout(
        title={"text": title, "x": 0, "xref": "container", "pad": {"l": 10}},
        height=height,
        font={"family": FONT, "size": 12, "color": INK},
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
        margin={"l": 10, "r": 40, "t": 80, "b": 40},
        legend={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 1,
            "xanchor": "right",
            "font": {"color": QUIET},
        },
        yaxis={"automargin": True},
    )
