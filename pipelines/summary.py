"""What a run came to, for people: after ``actionplan run``, in Dagster's pages, and later from its log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pipelines.journal import Late, Place, Publication, Summary

if TYPE_CHECKING:
    from pipelines.plans.model import Plan

VERDICTS = {"accepted": "通过", "accepted_with_issues": "通过但有问题", "returned": "退回"}
CHANGES = {
    "received": "新收 {} 份",
    "milestones": "目标状态 {} 项",
    "figures": "本期数据 {} 项",
    "restated": "往期数据 {} 项",
    "scores": "得分或名次 {} 个",
}
RESULTS = {"done": "完成", "failed": "失败", "interrupted": "中断", "unfinished": "未结束"}
SHOWN = 10
"""Lines of a kind."""


def lines(told: Summary, names: Names) -> Iterator[str]:
    """Everything worth knowing of a run, a line each; what did not happen is left out."""
    scope = f"，只限 {'/'.join(filter(None, (told.plan, told.period)))}" if told.plan else ""
    when = f"{told.started.replace('T', ' ')}，用时 {spell(told.seconds)}{scope}"
    yield f"运行 {told.run_id[:8]} {RESULTS[told.result]}（{when}）"
    if told.failure or told.result == "failed":
        yield f"  失败{f'于“{told.failed_stage}”' if told.failed_stage else ''}：{told.failure or '原因见日志'}"
    yield from (f"  {line}" for line in _what_came(told, names))
    if told.tables is not None:
        changed = f"{told.tables_changed} 张有变化" if told.tables_changed else "没有变化"
        yield f"  数据：{told.tables} 张表，{changed}"
    yield from (f"  变动：{names.plan(one.plan)}{_changed(one)}" for one in told.publications if one.number > 1)
    if first := [names.plan(one.plan) for one in told.publications if one.number == 1]:
        yield f"  首次发布：{len(first)} 个方案的报告"
    if told.pages or told.receipts_filled:
        filled = f"，填写回执 {told.receipts_filled} 份" if told.receipts_filled else ""
        yield f"  报告：{told.pages} 页{filled}"
    yield from (f"  {line}" for line in _cut([_late(one, names) for one in told.late]))
    checks = [f"检查{'提示' if c.severity == 'warn' else '未通过'}：{c.asset} 的 {c.check}" for c in told.checks]
    yield from (f"  {line}" for line in _cut(checks))
    if told.stages:
        took = [f"{stage.title} {stage.seconds:.1f} 秒{'' if stage.done else '（未完成）'}" for stage in told.stages]
        yield f"  用时：{'，'.join(took)}"


class Names:
    """Plans, periods and districts by their names, where the workspace still knows them."""

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        self._plans = plans

    def plan(self, plan_id: str | None) -> str:
        found = self._plans.get(plan_id or "")
        return str(found.name.zh) if found else plan_id or "方案不明"

    def period(self, plan_id: str | None, period_id: str | None) -> str:
        found = self._plans.get(plan_id or "")
        period = found.period(period_id) if found and period_id else None
        return str(period.name.zh) if period else period_id or "填报期不明"

    def district(self, plan_id: str | None, code: str | None) -> str:
        found = self._plans.get(plan_id or "")
        district = found.district(code) if found and code else None
        return str(district.name.zh) if district else code or "填报单位不明"


def _what_came(told: Summary, names: Names) -> Iterator[str]:
    if told.received:
        verdicts = "、".join(f"{word} {told.received[key]}" for key, word in VERDICTS.items() if key in told.received)
        yield f"收到 {sum(told.received.values())} 份：{verdicts}"
    elif told.tables is not None:
        yield "没有新的填报表"
    if told.again:
        yield f"另有 {told.again} 份与以前收到的完全相同"
    yield from _cut([_returned(one, names) for one in told.returned])


def _returned(one: Place, names: Names) -> str:
    if not (one.plan and one.period and one.district):
        return f"退回：无法识别的文件（{one.submission_id[:8]}），回执在 data/raw/receipts/ 中"
    where = f"data/raw/receipts/{one.plan}/{one.period}/{one.district}/"
    return f"退回：{names.district(one.plan, one.district)} {names.period(one.plan, one.period)}，回执在 {where}"


def _changed(one: Publication) -> str:
    parts = [text.format(one.changed[key]) for key, text in CHANGES.items() if one.changed.get(key)]
    return f"，第 {one.number} 次发布" + (f"：{'、'.join(parts)}" if parts else "")


def _late(one: Late, names: Names) -> str:
    named = "、".join(one.districts[:SHOWN]) + (f" 等 {len(one.districts)} 个" if len(one.districts) > SHOWN else "")
    return f"逾期未报：{names.period(one.plan, one.period)}，已过 {one.days} 天：{named}"


def _cut(told: list[str]) -> list[str]:
    return told if len(told) <= SHOWN else [*told[:SHOWN], f"……还有 {len(told) - SHOWN} 项"]


def spell(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 60:
        return f"{seconds:.1f} 秒"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} 分 {rest} 秒"
