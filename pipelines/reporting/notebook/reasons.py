"""Why a district lags, as far as the marts can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from pipelines.reporting.notebook.course import targets
from pipelines.reporting.notebook.published import Published
from pipelines.reporting.notebook.showing import FMT, WORDS
from pipelines.reporting.notebook.standing import OPEN, standing

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
        thresholds = [("gte", target) for _, target in targets(p, indicator)]
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
