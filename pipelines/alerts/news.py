"""What to tell a channel: the state of things where it changed, due dates that draw near, runs that fail or are well
again. Pure: facts and what has been told in, messages out; None where there is nothing to tell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from pipelines.alerts.config import Digest
from pipelines.alerts.facts import Facts, Returned
from pipelines.alerts.memory import Failing, Snapshot
from pipelines.alerts.messages import Message, Section
from pipelines.warehouse.submitted import Standing

if TYPE_CHECKING:
    from pipelines.plans.model import Period, Plan

GRACE = timedelta(days=3)
"""A reminder that could not be sent on its day (a weekend, no run) is still sent so much later."""
NAMES = 20
"""Names on one line."""
IN = ("on_time", "late")
"""Handed in and accepted."""


# ── the state of things ──────────────────────────────────────────────────────────────────────────────────────────────


def snapshot(facts: Facts, at: datetime, plans: Collection[str]) -> Snapshot:
    """What a digest of these facts tells. ``plans``: of these alone; of all where empty."""
    return Snapshot(
        at=at,
        overdue=tuple(sorted(map(_key, _overdue(facts, plans)))),
        returned=tuple(sorted(one.submission_id for one in facts.returned if _wanted(one.plan_id, plans))),
    )


def is_due(now: Snapshot, before: Snapshot | None, rule: Digest) -> bool:
    """Whether a digest is called for: something changed, or is overdue for long, and the last was a while ago."""
    if before is None:
        return bool(now.overdue or now.returned)
    since = now.at - before.at
    if timedelta(0) <= since < timedelta(hours=rule.at_most_every_hours):
        return False
    if (now.overdue, now.returned) != (before.overdue, before.returned):
        return True
    return bool(rule.repeat_days and (now.overdue or now.returned) and since >= timedelta(days=rule.repeat_days))


def digest(facts: Facts, now: Snapshot, before: Snapshot | None, plans: Collection[str]) -> Message:
    """Who is late and what was returned, by plan and period, and what changed since it was told last."""
    told = [f"逾期未报 {len(now.overdue)} 份"] if now.overdue else []
    told += [f"退回待重报 {len(now.returned)} 份"] if now.returned else []
    changes = tuple(_changes(facts, now, before))
    sections = [*_by_plan(facts, plans), *([Section("与上次通知相比", changes)] if changes else [])]
    title = f"报送情况：{'，'.join(told) or '已全部补齐'}"
    return Message("digest", title, tuple(sections), "warning" if told else "good")


def _by_plan(facts: Facts, plans: Collection[str]) -> Iterator[Section]:
    late, returned = _overdue(facts, plans), [one for one in facts.returned if _wanted(one.plan_id, plans)]
    told = {(s.plan_id, s.period_id) for s in late} | {(one.plan_id, one.period_id) for one in returned}
    periods: dict[tuple[str, str], list[Standing]] = {}
    for standing in facts.standings:
        if (standing.plan_id, standing.period_id) in told:
            periods.setdefault((standing.plan_id, standing.period_id), []).append(standing)
    by_due = sorted(periods.values(), key=lambda of_period: (of_period[0].expected_by, of_period[0].plan_id))
    for plan in dict.fromkeys(standing.plan_id for standing in facts.standings):
        lines = [
            line for of_period in by_due if of_period[0].plan_id == plan for line in _period_lines(of_period, facts)
        ]
        if lines:
            yield Section(next(s.plan_name for s in facts.standings if s.plan_id == plan), tuple(lines))


def _period_lines(standings: Sequence[Standing], facts: Facts) -> Iterator[str]:
    """One period: the due date and how many are in, who is missing, what was returned and why."""
    first, accepted = standings[0], sum(standing.status in IN for standing in standings)
    over = (facts.today - first.expected_by).days
    when = f"已逾期 {over} 天" if over > 0 else "今天截止" if over == 0 else f"还有 {-over} 天"
    yield f"{first.period_name}：{_day(first.expected_by)}截止，{when}；应报 {len(standings)} 份，已收 {accepted} 份"
    if over > 0:
        yield from _named("未报", (s.district_name for s in standings if s.status == "missing"))
    names = {standing.district_code: standing.district_name for standing in standings}
    for one in facts.returned:
        if (one.plan_id, one.period_id) == (first.plan_id, first.period_id):
            yield f"退回：{names.get(one.district_code, one.district_code)}，{_why(one)}；回执在 {one.receipts}/"
    count, answered = facts.warnings.get((first.plan_id, first.period_id), (0, 0))
    if count:
        yield f"已收填报表中的提示 {count} 处，已说明 {answered} 处，未说明 {count - answered} 处"


def _why(one: Returned) -> str:
    reasons = "、".join(f"{title} {count} 处" for title, count in one.reasons) or "原因见回执"
    return f"{reasons}（此前报送的一份仍有效）" if one.has_earlier else reasons


def _changes(facts: Facts, now: Snapshot, before: Snapshot | None) -> Iterator[str]:
    if before is None:
        return
    standing = {_key(s): s for s in facts.standings}
    settled = [standing[key] for key in before.overdue if key not in now.overdue and key in standing]
    late = [f"{s.district_name}（{s.period_name}，迟 {s.days_late} 天）" for s in settled if s.status in IN]
    yield from _named("已补报", late)
    added = [standing[key] for key in now.overdue if key not in before.overdue]
    yield from _named("新增逾期", (f"{s.district_name}（{s.period_name}）" for s in added))
    returned = [one for one in facts.returned if one.submission_id in set(now.returned) - set(before.returned)]
    places = (standing.get(f"{one.plan_id}/{one.period_id}/{one.district_code}") for one in returned)
    yield from _named("新退回", (f"{s.district_name}（{s.period_name}）" for s in places if s))
    if mended := len(set(before.returned) - set(now.returned)):
        yield f"退回后已重报 {mended} 份"


def _overdue(facts: Facts, plans: Collection[str]) -> list[Standing]:
    """Of what nothing acceptable has come though its day is past; what was returned counts."""
    return [
        standing
        for standing in facts.standings
        if standing.status not in IN and standing.expected_by < facts.today and _wanted(standing.plan_id, plans)
    ]


def _key(standing: Standing) -> str:
    return f"{standing.plan_id}/{standing.period_id}/{standing.district_code}"


def _wanted(plan_id: str, plans: Collection[str]) -> bool:
    return not plans or plan_id in plans


# ── due dates ────────────────────────────────────────────────────────────────────────────────────────────────────────


def reminders(
    plans: Mapping[str, Plan],
    facts: Facts,
    offsets: Sequence[int],
    told: Collection[str],
    wanted: Collection[str],
) -> tuple[Message, list[str]] | None:
    """Who has not handed in yet where a due date draws near or has just passed, and the keys of what this tells.

    ``offsets``: so many days before the due date; negative ones after it.
    """
    accepted = {_key(s) for s in facts.standings if s.status in IN}
    returned = {_key(s) for s in facts.standings if s.status == "returned"}
    sections, keys, nearest = [], list[str](), None
    for plan in plans.values():
        if not _wanted(plan.id, wanted):
            continue
        lines: list[str] = []
        for period in plan.periods:
            key = _occasion(plan, period, facts.today, offsets)
            if key is None or key in told or not period.lateness_judged:
                continue
            waited = [d for d in plan.districts if f"{plan.id}/{period.id}/{d.code}" not in accepted]
            if waited:
                keys.append(key)
                left = (period.due - facts.today).days
                nearest = left if nearest is None else min(nearest, left)
                done = len(plan.districts) - len(waited)
                lines.append(f"{period.name.zh}：{_day(period.due)}截止，{_left(left)}；已收 {done} 份")
                again = [d.name.zh for d in waited if f"{plan.id}/{period.id}/{d.code}" in returned]
                silent = [d.name.zh for d in waited if d.name.zh not in again]
                lines += [*_named("尚未报送", silent), *_named("退回待重报", again)]
        if lines:
            sections.append(Section(plan.name.zh, tuple(lines)))
    if nearest is None:
        return None
    return Message("reminder", f"报送提醒：{_left(nearest)}", tuple(sections), "warning"), keys


def _occasion(plan: Plan, period: Period, today: date, offsets: Sequence[int]) -> str | None:
    """The reminder whose day has come last, unless that was too long ago."""
    come = [offset for offset in offsets if period.due - timedelta(days=offset) <= today]
    if not come or today - (period.due - timedelta(days=min(come))) > GRACE:
        return None
    return f"{plan.id}/{period.id}/{min(come)}"


def _left(days: int) -> str:
    return f"还有 {days} 天" if days > 0 else "今天是截止日" if days == 0 else f"已过截止日 {-days} 天"


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def failures(failing: Mapping[str, Failing], told: Mapping[str, str]) -> Message | None:
    """Runs that fail for a reason that has not been told."""
    news = [one for one in failing.values() if one.signature not in told.values()]
    if not news:
        return None
    sections = [
        Section(
            "" if len(news) == 1 else f"运行 {one.run_id[:8]}",
            (
                f"时间：{one.at:%Y-%m-%d %H:%M}",
                *([f"停在：{one.stage}"] if one.stage else []),
                f"原因：{one.line}",
                *([f"运行编号：{one.run_id[:8]}（记录在 logs/ 中，用 actionplan runs 查看）"] if one.run_id else []),
                *_what_stands(one),
            ),
        )
        for one in news
    ]
    stages = list(dict.fromkeys(one.stage for one in news if one.stage))
    return Message("failure", f"运行失败{'：' + '、'.join(stages) if stages else ''}", tuple(sections), "alarm")


def _what_stands(one: Failing) -> Iterator[str]:
    if one.published is not None:
        yield "数据已更新，报告可能仍是上一次的。" if one.published else "已发布的数据和报告仍是上一次的，不受影响。"


def recovered(failing: Mapping[str, Failing], told: Mapping[str, str]) -> Message | None:
    """Everything that was told to fail is well again."""
    if failing or not told:
        return None
    before = tuple(f"此前的失败：{one}" for one in dict.fromkeys(told.values()))
    return Message("recovered", "运行已恢复正常", (Section("", (*before, "数据和报告已更新。")),), "good")


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test(now: datetime) -> Message:
    """Shows that a channel works."""
    lines = (f"发送时间：{now:%Y-%m-%d %H:%M}", "收到这条消息，说明本渠道可以使用。")
    return Message("test", "测试消息", (Section("", lines),))


def _named(what: str, names: Iterable[str]) -> Iterator[str]:
    """The names behind their number, so many on a line."""
    all_of_them = list(names)
    for start in range(0, len(all_of_them), NAMES):
        lead = f"{what} {len(all_of_them)} 个：" if start == 0 else "　"
        yield lead + "、".join(all_of_them[start : start + NAMES])


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
