"""The assessment with something different: weights, thresholds, targets or figures; nothing is stored or published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import polars as pl
from pydantic import BaseModel

from pipelines.locking import Busy
from pipelines.plans import load_plans
from pipelines.plans.model import Plan
from pipelines.reporting.notebook.colours import FAINT, INK, WORK
from pipelines.reporting.notebook.published import NotPublished, Published
from pipelines.reporting.notebook.showing import BOLD, FMT, WORDS, dressed
from pipelines.reporting.notebook.standing import standing
from pipelines.warehouse.assessment import AssessmentInputs
from pipelines.warehouse.judged import NothingBuilt, judged_inputs
from pipelines.warehouse.what_if import Outcome, WhatIf, apply, compare, parse


@dataclass(frozen=True)
class Judged:
    """What the last run judged from, and what came of it."""

    plan: Plan
    inputs: AssessmentInputs
    outcome: Outcome
    districts: dict[str, str]


@dataclass(frozen=True)
class Tried:
    """A trial beside the state as it is: scores of every district, and the lines of the rubric that differ."""

    judged: Judged
    outcome: Outcome
    scores: pl.DataFrame
    items: pl.DataFrame


def open_judged(published: Published) -> Judged:
    """What the published workspace's last run judged from; takes no lock. Raises NotPublished saying what to do."""
    plan = load_plans(published.workspace.plans)[published.plan_id]
    if plan.rubric is None:
        raise NotPublished(f"方案 {plan.id} 没有考核办法")
    try:
        inputs = judged_inputs(published.workspace)
    except NothingBuilt:
        raise NotPublished("没有可供试算的数据：先运行 actionplan run") from None
    except Busy as busy:
        raise NotPublished(f"另一次运行正在进行：{busy.holder}。等它结束后再打开") from None
    own = apply(WhatIf(), plan, inputs)
    return Judged(plan, own, Outcome.of(own), published.districts)


def rubric(judged: Judged) -> pl.DataFrame:
    """The lines of the rubric: id, name, points, method and parameters; what a trial may change."""
    assert judged.plan.rubric is not None
    rows = [
        (group.id, item.id, item.name.zh, float(item.points), item.method, _said(item.params.given))
        for group in judged.plan.rubric.groups
        for item in group.items
    ]
    schema = {"部分": pl.String, "编号": pl.String, "评分项": pl.String, "分值": pl.Float64}
    return pl.DataFrame(rows, schema={**schema, "计分办法": pl.String, "参数": pl.String}, orient="row").with_columns(
        pl.col("计分办法").replace({method: str(WORDS.label("method", method)) for _, _, _, _, method, _ in rows})
    )


def _said(value: Any) -> str:
    """Parameters in words: ``floor 80，target 100``; of a list its members, of a case what it gives."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_defaults=True)
    if isinstance(value, Mapping):
        return "，".join(f"{name} {_said(one)}" for name, one in value.items() if one not in (None, (), {}))
    return "、".join(map(_said, value)) if isinstance(value, list | tuple) else str(value)


def what_if(judged: Judged, changes: str) -> Tried:
    """Judge anew with the changes of a YAML text (docs/howto-what-if.md). Raises WhatIfError naming line and field."""
    after = Outcome.of(apply(parse(changes, judged.plan), judged.plan, judged.inputs))
    return Tried(judged, after, *compare(judged.outcome, after))


def scores(tried: Tried) -> pl.DataFrame:
    """Every district's score, grade and rank as it is and in the trial, the trial's best first."""
    names = tried.judged.districts
    frame = tried.scores.sort("rank", "district_code", nulls_last=True)
    return frame.select(
        pl.col("district_code").replace(names).alias("旗县区"),
        pl.col("score_before").alias("现得分"),
        pl.col("score").alias("试算得分"),
        (pl.col("score") - pl.col("score_before")).alias("变化"),
        pl.col("grade_before").alias("现等次"),
        pl.col("grade").alias("试算等次"),
        pl.col("rank_before").cast(pl.Int64).alias("现名次"),
        pl.col("rank").cast(pl.Int64).alias("试算名次"),
        pl.format("{}–{}", "rank_low", "rank_high").alias("试算名次区间"),
    )


def items(tried: Tried) -> pl.DataFrame:
    """The lines of the rubric that come out otherwise, with the reason in the trial."""
    return tried.items.select(
        pl.col("district_code").replace(tried.judged.districts).alias("旗县区"),
        pl.col("item_id").alias("编号"),
        pl.col("item_name").alias("评分项"),
        pl.col("points_before").alias("现得分"),
        pl.col("points").alias("试算得分"),
        pl.col("max_points_before").cast(pl.Decimal(8, 2)).alias("现分值"),
        pl.col("max_points").cast(pl.Decimal(8, 2)).alias("试算分值"),
        pl.col("reason").alias("理由"),
    )


def scores_figure(tried: Tried, title: str = "试算与现状") -> go.Figure:
    """Each district's score as it is (hollow) and in the trial (full), joined by a line."""
    frame = scores(tried).reverse()
    figure = go.Figure()
    for name, before, after in frame.select("旗县区", "现得分", "试算得分").iter_rows():
        figure.add_trace(
            go.Scatter(x=[before, after], y=[name, name], mode="lines", line={"color": FAINT}, showlegend=False)
        )
    for label, column, symbol, place in (
        ("现状", "现得分", "circle-open", "bottom center"),
        ("试算", "试算得分", "circle", "top center"),
    ):
        figure.add_trace(
            go.Scatter(
                x=frame[column].to_list(),
                y=frame["旗县区"].to_list(),
                mode="markers+text",
                name=label,
                text=[FMT.points(value) for value in frame[column]],
                textposition=place,
                cliponaxis=False,
                marker={"symbol": symbol, "size": 11, "color": WORK, "line": {"width": 2, "color": WORK}},
            )
        )
    figure.update_xaxes(title="得分", gridcolor="#eef1f4")
    return dressed(figure, title, 140 + 52 * frame.height)


def widest_gap(published: Published, district_code: str) -> dict[str, Any] | None:
    """The row of ``standing`` where a district lacks most communities' points; None where it lacks none."""
    lacking = standing(published).filter(
        pl.col("district_code") == district_code, pl.col("还差") > 0, pl.col("basis") == "communities"
    )
    return lacking.sort("差距（百分点）", descending=True).row(0, named=True) if lacking.height else None


def closing(published: Published, gap: dict[str, Any]) -> str:
    """The changes by which such a gap would be closed: exactly as many more communities as are lacking."""
    reached, whole = int(gap["分子"] + gap["还差"]), int(gap["分母"])
    return (
        f"figures: [{{district: '{gap['district_code']}', indicator: {gap['indicator_id']}, "
        f"period: {published.period.period_id}, numerator: {reached}, denominator: {whole}}}]"
    )


def closing_said(gap: dict[str, Any]) -> str:
    """The same in words."""
    reached, whole = int(gap["分子"] + gap["还差"]), int(gap["分母"])
    return (
        f"**{gap['旗县区']}**：{gap['指标']}由{int(gap['分子'])}/{whole}补到{reached}/{whole}（补{int(gap['还差'])}个）"
    )


def sweep(judged: Judged, item_id: str, points: Sequence[float]) -> pl.DataFrame:
    """Scores and ranks as one line of the rubric weighs more or less: a row per weight and district."""
    frames = [
        scores(what_if(judged, f"items: {{{item_id}: {{points: {weight}}}}}")).select(
            pl.lit(float(weight)).alias("分值"),
            "旗县区",
            pl.col("试算得分").alias("得分"),
            pl.col("试算名次").alias("名次"),
        )
        for weight in points
    ]
    return pl.concat(frames)


def sweep_figure(judged: Judged, item_id: str, points: Sequence[float]) -> go.Figure:
    """Ranks against the weight of one line: where lines cross, the order hangs on that weight."""
    frame = sweep(judged, item_id, points)
    figure = go.Figure()
    for number, name in enumerate(judged.districts.values()):
        own = frame.filter(pl.col("旗县区") == name)
        figure.add_trace(
            go.Scatter(
                x=own["分值"].to_list(),
                y=own["名次"].to_list(),
                mode="lines+markers+text",
                name=name,
                line={"color": BOLD[number % len(BOLD)]},
                text=["", *[""] * (own.height - 2), name],
                textposition="middle right",
                cliponaxis=False,
                showlegend=False,
                customdata=own["得分"].to_list(),
                hovertemplate=f"{name} %{{x}}分：第%{{y}}名，%{{customdata:.2f}}分<extra></extra>",
            )
        )
    figure.update_yaxes(autorange="reversed", dtick=1, title="名次", gridcolor="#eef1f4")
    figure.update_xaxes(title=f"{item_id} 的分值", gridcolor="#eef1f4", zerolinecolor=INK)
    figure = dressed(figure, f"名次随 {item_id} 的分值怎么变", 140 + 46 * len(judged.districts))
    return figure.update_layout(margin={"r": 110})
