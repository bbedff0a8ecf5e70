"""What a district's new ledger changed against its last: communities, answers, and what that did to the rates."""

from __future__ import annotations

import plotly.graph_objects as go
import polars as pl

from pipelines.reporting.notebook.colours import BASE, INK, WORK
from pipelines.reporting.notebook.published import Published
from pipelines.reporting.notebook.showing import FMT, WORDS, dressed

MOVES = ("added", "split_in", "merged_out", "demolished", "corrected")
"""Columns of the bridge that move the number of communities."""
TAKEN = ("merged_out", "demolished")
EVENTS = {
    "added": "新增",
    "split_in": "拆分",
    "merged_out": "合并",
    "demolished": "核销",
    "corrected": "更正",
    "renamed": "更名",
    "missing": "漏报",
    "found": "漏报后补报",
}
ANSWERS = {
    "has_management": "有物业管理",
    "is_professional": "专业化",
    "has_committee": "业委会（物管会）",
    "has_party_org": "党组织",
    "disclosure_done": "信息公开",
}
"""What a ledger answers with yes or no for each community."""
_COLOURS = ("#1f5a96", "#6fa0cf", "#b5492b", "#6b5b3e", "#c9862b")
_DARK = ("#1f5a96", "#b5492b", "#6b5b3e")
_HATCHES = ("", "/", "\\", "x", ".")


def last_ledger(published: Published, district_code: str, period_id: str | None = None) -> str | None:
    """The period of the district's last ledger before the one given (the current one unless said otherwise).

    A period in which it sent nothing is passed over; None where there is no earlier ledger.
    """
    frame = published.sql(
        """
        select t.period_id from dim_period as t
        inner join fct_submission as s on t.plan_id = s.plan_id and t.period_id = s.period_id and s.is_effective
        where t.plan_id = $plan and s.district_code = $district
            and t.seq < (select n.seq from dim_period as n where n.plan_id = $plan and n.period_id = $which)
        order by t.seq desc limit 1""",
        which=period_id or published.period.period_id,
        district=district_code,
    )
    return str(frame.item()) if frame.height else None


# -- the list ----------------------------------------------------------------------------------------------------------


def bridge(published: Published, period_id: str | None = None) -> pl.DataFrame:
    """How the list of completed communities moved in a step, per district: opening, every kind of move, closing."""
    return published.sql(
        """
        select coalesce(d.district_name, '全域') as 旗县区, b.opening as 期初, b.added as 新增, b.split_in as 拆分,
            -b.merged_out as 合并, -b.demolished as 核销, b.corrected as 更正, b.closing as 期末, b.missing as 其中未报
        from mart_register_bridge as b
        left join dim_district as d on b.plan_id = d.plan_id and b.district_code = d.district_code
        where b.plan_id = $plan and b.period_id = $which
        order by d.sort_order nulls last""",
        which=period_id or published.period.period_id,
    )


def bridge_figure(published: Published, period_id: str | None = None) -> go.Figure:
    """The moves of each district as bars to the right (more) and left (fewer), each kind with its number."""
    frame = bridge(published, period_id).filter(pl.col("旗县区") != "全域").reverse()
    figure = go.Figure(
        [
            go.Bar(
                y=frame["旗县区"].to_list(),
                x=frame[EVENTS[move]].to_list(),
                name=EVENTS[move],
                orientation="h",
                marker={"color": colour, "pattern": {"shape": hatch, "fgopacity": 0.25}},
                text=[FMT.signed(n, 0) if n else "" for n in frame[EVENTS[move]]],
                textfont={"color": "#ffffff" if colour in _DARK else INK},
                textposition="inside",
                insidetextanchor="middle",
            )
            for move, colour, hatch in zip(MOVES, _COLOURS, _HATCHES, strict=True)
        ]
    )
    figure.update_layout(barmode="relative")
    figure.update_xaxes(title="已建成小区数的增减", zeroline=True, zerolinecolor=INK)
    return dressed(figure, "名单怎么变的", 140 + 40 * frame.height)


def moved(published: Published, district_code: str, period_id: str | None = None) -> pl.DataFrame:
    """The communities that came, went, changed name or were left out since the last ledger, with their source."""
    frame = published.sql(
        """
        select e.event, e.note as 缘由, e.subdistrict as "街道（乡镇）", e.community_name as 小区,
            coalesce(nullif(e.former_name, e.community_name), e.related_names) as "曾用名或相关小区",
            s.file_name as 工作簿, e.source_sheet as 工作表, e.source_row as 行
        from mart_register_event as e
        left join fct_submission as s on e.submission_id = s.submission_id
        inner join dim_period as t on e.plan_id = t.plan_id and e.period_id = t.period_id
        where e.plan_id = $plan and e.district_code = $district
            and t.seq <= (select n.seq from dim_period as n where n.plan_id = $plan and n.period_id = $which)
            and t.seq > coalesce(
                (select l.seq from dim_period as l where l.plan_id = $plan and l.period_id = $last), 0
            )
        order by e.event, e.subdistrict, e.community_name, e.community_id""",
        which=period_id or published.period.period_id,
        last=last_ledger(published, district_code, period_id),
        district=district_code,
    )
    words = pl.Series("变动", [EVENTS.get(event, event) for event in frame["event"]], dtype=pl.String)
    return frame.drop("event").insert_column(0, words)


# -- the answers -------------------------------------------------------------------------------------------------------


def turned_communities(published: Published, district_code: str, period_id: str | None = None) -> pl.DataFrame:
    """Every answer that a completed community gives otherwise than in the last ledger, one per row.

    Of communities that both ledgers report: what is asked, who, before and now (是, 否, 不详), and where it stands.
    """
    pairs = published.sql(
        f"""
        select n.community_name as 小区, n.subdistrict as "街道（乡镇）",
            {", ".join(f"p.{answer} as {answer}_was, n.{answer}" for answer in ANSWERS)},
            s.file_name as 工作簿, n.source_sheet as 工作表, n.source_row as 行
        from fct_community_status as n
        inner join fct_community_status as p
            on n.plan_id = p.plan_id and n.community_id = p.community_id and p.period_id = $before
        left join fct_submission as s on n.submission_id = s.submission_id
        where n.plan_id = $plan and n.period_id = $which and n.district_code = $district
            and n.is_reported and p.is_reported and n.is_completed and p.is_completed
        order by n.subdistrict, n.community_name, n.community_id""",
        before=last_ledger(published, district_code, period_id),
        which=period_id or published.period.period_id,
        district=district_code,
    )

    def said(column: str) -> pl.Expr:
        return pl.when(column).then(pl.lit("是")).when(~pl.col(column)).then(pl.lit("否")).otherwise(pl.lit("不详"))

    found = [
        pairs.filter(pl.col(f"{answer}_was").ne_missing(pl.col(answer))).select(
            pl.lit(name).alias("方面"),
            "小区",
            "街道（乡镇）",
            said(f"{answer}_was").alias("上期"),
            said(answer).alias("本期"),
            "工作簿",
            "工作表",
            "行",
        )
        for answer, name in ANSWERS.items()
    ]
    return pl.concat(found).sort(pl.col("方面").cast(pl.Enum(ANSWERS.values())), "本期", maintain_order=True)


def turned(published: Published, district_code: str, period_id: str | None = None) -> pl.DataFrame:
    """How many communities turned to yes and how many back to no, by what is asked; back is rare and worth a look."""
    frame = turned_communities(published, district_code, period_id)
    counted = frame.group_by("方面", maintain_order=True).agg(
        (pl.col("本期") == "是").sum().alias("变为是"),
        ((pl.col("上期") == "是") & (pl.col("本期") == "否")).sum().alias("由是变否"),
        (pl.col("本期") == "不详").sum().alias("变为不详"),
    )
    return counted.with_columns(pl.col(pl.UInt32).cast(pl.Int64))


# -- the rates ---------------------------------------------------------------------------------------------------------


def rate_effects(published: Published, district_code: str, period_id: str | None = None) -> pl.DataFrame:
    """What the ledger did to each rate against the last one: parts and value, how much is work, how much denominator.

    In percentage points, split as ``mart_rate_change`` does, also across a period in which nothing was sent.
    """
    return published.sql(
        """
        with step as (
            select i.indicator_name, i.is_headline, i.sort_order, b.numerator as n0, b.denominator as d0,
                n.numerator as n1, n.denominator as d1, b.value as v0, n.value as v1
            from fct_indicator as n
            inner join dim_indicator as i on n.plan_id = i.plan_id and n.indicator_id = i.indicator_id
            inner join fct_indicator as b on n.plan_id = b.plan_id and n.district_code = b.district_code
                and n.indicator_id = b.indicator_id and b.period_id = $last and b.variant = 'audited' and b.is_main
            where n.plan_id = $plan and n.period_id = $which and n.district_code = $district
                and n.variant = 'audited' and n.is_main and i.kind in ('rate', 'trend')
                and b.denominator > 0 and n.denominator > 0
        )
        select indicator_name as 指标, n0 as 上期分子, d0 as 上期分母, v0 as "上期%", n1 as 本期分子, d1 as 本期分母,
            v1 as "本期%", round(100.0 * n1 / d1 - 100.0 * n0 / d0, 9) as 变化,
            round(50.0 * (n1 - n0) / d0 + 50.0 * (n1 - n0) / d1, 9) as 工作影响,
            round(50.0 * (n0 + n1) / d1 - 50.0 * (n0 + n1) / d0, 9) as 分母影响
        from step
        where (n0, d0) <> (n1, d1)
        order by not is_headline, sort_order""",
        which=period_id or published.period.period_id,
        last=last_ledger(published, district_code, period_id),
        district=district_code,
    ).with_columns(pl.col("上期分子", "上期分母", "本期分子", "本期分母").cast(pl.Int64, strict=False))


def rate_effects_figure(published: Published, district_code: str, period_id: str | None = None) -> go.Figure:
    """The rates that moved, each with the two parts of its change side by side; the widest ten."""
    frame = rate_effects(published, district_code, period_id)
    frame = frame.sort(pl.col("变化").abs(), descending=True, maintain_order=True).head(10).reverse()
    figure = go.Figure(
        [
            go.Bar(
                y=frame["指标"].to_list(),
                x=frame[name].to_list(),
                name=name,
                orientation="h",
                marker={"color": colour, "pattern": {"shape": hatch}},
                text=[FMT.signed(value) for value in frame[name]],
                textposition="outside",
                cliponaxis=False,
            )
            for name, colour, hatch in (("分母影响", BASE, "/"), ("工作影响", WORK, ""))
        ]
    )
    figure.update_layout(barmode="group")
    figure.update_xaxes(title="百分点", zeroline=True, zerolinecolor=INK)
    return dressed(figure, f"{published.districts[district_code]}：比率为什么变", 140 + 46 * max(frame.height, 1))


# -- within a period ---------------------------------------------------------------------------------------------------


def versions(published: Published, district_code: str | None = None) -> pl.DataFrame:
    """Ledgers sent again: which rates each new version moved, all else as it is; districts in the plan's order."""
    frame = published.sql(
        """
        select d.district_name as 旗县区, t.period_name as 填报期, s.received_at as 收到, i.indicator_name as 指标,
            v.previous_value as "上一版%", v.value as "本版%", v.value - v.previous_value as 变化,
            (select count(*) from mart_submission_change as c where c.submission_id = v.submission_id) as 改动处数
        from fct_submission_indicator as v
        inner join fct_submission as s on v.submission_id = s.submission_id
        inner join dim_district as d on v.plan_id = d.plan_id and v.district_code = d.district_code
        inner join dim_period as t on v.plan_id = t.plan_id and v.period_id = t.period_id
        inner join dim_indicator as i on v.plan_id = i.plan_id and v.indicator_id = i.indicator_id
        where v.plan_id = $plan and v.supersedes is not null and i.kind in ('rate', 'trend')
            and (v.numerator, v.denominator) is distinct from (v.previous_numerator, v.previous_denominator)
            and v.district_code = coalesce($district, v.district_code)
        order by d.sort_order, t.seq, s.received_at, i.sort_order""",
        district=district_code,
    )
    return frame.with_columns(pl.col("收到").dt.strftime("%Y-%m-%d"))


def changed_cells(published: Published, district_code: str, most: int = 30) -> pl.DataFrame:
    """Rows and cells in which the ledger that a district sent again last differs from the version it replaced."""
    frame = published.sql(
        """
        select c.kind, c.sheet as 工作表, c.cell as 单元格, c.entity as "小区/对象", c.field as 栏目,
            c.before as 上一版, c.after as 本版
        from mart_submission_change as c
        where c.submission_id = (
            select s.submission_id from fct_submission as s
            where s.plan_id = $plan and s.district_code = $district and s.supersedes is not null
            order by s.received_at desc, s.submission_id limit 1
        )
        order by c.change_no limit $most""",
        district=district_code,
        most=most,
    )
    words = pl.Series("改动", [str(WORDS(f"resent.row.{kind}")) for kind in frame["kind"]], dtype=pl.String)
    return frame.drop("kind").insert_column(0, words)
