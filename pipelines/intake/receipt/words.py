"""A verdict in plain words: what happens now, what was left out because of it, by when and how to send again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.intake.issues import ERROR, FATAL, SEVERITY_NAMES, SEVERITY_ORDER, WARNING, Issue
from pipelines.intake.judging import Judgement
from pipelines.intake.receipt.effects import indicators_without, named
from pipelines.intake.receipt.findings import header_of, rule_title, shortened
from pipelines.plans import Period, Plan
from pipelines.plans.model import Indicator

MEANING = {
    FATAL: "整份报表没有采用",
    ERROR: "该处内容没有采用，按空白处理，改正前不计入指标",
    WARNING: "该处内容已采用，请核对",
}
MASKED = "表中的个人信息已屏蔽为“***”，再报时不必补填。"
MEANING_RETURNED = MEANING | {ERROR: "改正重报时请一并改正", WARNING: "改正重报时请一并核对"}
"""The same where the whole workbook is returned."""
_MOST_HEADERS = 8


@dataclass(frozen=True)
class Words:
    """What the receipt says in front of its list. Empty texts are not shown."""

    level: str
    """fatal, error, warning or good: the colour of the verdict."""
    verdict: str
    """In a few words: 通过 …"""
    now: str
    """What happens with the workbook now."""
    todo: str
    """What to do, by when, and how."""
    left_out: str
    """What errors keep from the figures."""
    progress: str
    """What was mended since the version before."""
    counts: str


def whose(judgement: Judgement, plans: Mapping[str, Plan]) -> tuple[str, str, str] | None:
    """Plan, district and period by name; None when not identified."""
    if judgement.key is None or judgement.key[0] not in plans:
        return None
    plan = plans[judgement.key[0]]
    district = next((d.name.zh for d in plan.districts if d.code == judgement.key[1]), judgement.key[1])
    period = next((p.name.zh for p in plan.periods if p.id == judgement.key[2]), judgement.key[2])
    return plan.name.zh, district, period


def plan_and_period(judgement: Judgement, plans: Mapping[str, Plan]) -> tuple[Plan | None, Period | None]:
    """The plan and period of a workbook, where they are known."""
    plan = plans.get(judgement.key[0]) if judgement.key else None
    period = next((p for p in plan.periods if judgement.key and p.id == judgement.key[2]), None) if plan else None
    return plan, period


def words(judgement: Judgement, plans: Mapping[str, Plan]) -> Words:
    """What to say about a judged workbook."""
    plan, period = plan_and_period(judgement, plans)
    counts = Counter(issue.severity for issue in judgement.issues)
    received = judgement.submission["received_at"]
    answered = Counter(issue.severity for issue in judgement.issues if issue.answer is not None)
    open_ = counts[WARNING] - answered[WARNING]
    level = next((severity for severity in (FATAL, ERROR) if counts[severity]), WARNING if open_ else "good")
    verdict, now = _verdict(level, counts, open_)
    return Words(
        level,
        verdict,
        now,
        _todo(level, received, period, bool(judgement.kind))
        + (MASKED if level != "good" and _is_masked(judgement) else ""),
        "" if counts[FATAL] else _left_out(judgement.issues, plan),
        judgement.mended.sentence if judgement.mended else "",
        "、".join(f"{SEVERITY_NAMES[severity]} {counts[severity]} 处" for severity in SEVERITY_ORDER)
        + (f"；其中 {answered.total()} 处已有说明" if answered else ""),
    )


def _verdict(level: str, counts: Mapping[str, int], open_: int) -> tuple[str, str]:
    """``open_``: warnings that nobody has answered."""
    if level == FATAL:
        return (
            f"退回：有 {counts[FATAL]} 处必须先改正",
            "本次报送没有采用，不算已报。以前报送并已通过的，仍以那一版为准。",
        )
    if level == ERROR:
        return (
            f"通过，但有 {counts[ERROR]} 处错误",
            "本次报送已采用；标为“错误”的内容没有采用，按空白处理，改正重报后才计入指标。",
        )
    if level == WARNING:
        return (
            f"通过，{'有' if open_ == counts[WARNING] else '还有'} {open_} 处请核对",
            "本次报送已全部采用。标为“提示”之处请核对：有误的改正后重报；属实的在“说明”栏注明即可。",
        )
    return "通过，提示均已说明" if counts[WARNING] else "通过，没有发现问题", "本次报送已全部采用，不必再报。"


def _todo(level: str, received: datetime, period: Period | None, has_sheets: bool) -> str:
    if level == "good":
        return ""
    how = (
        "直接在本文件中修改：点“单元格”一栏可跳到标了颜色的格子，改好后保存，把本文件按原来的途径再报一次即可"
        "（前面的回执页不必删，不会当作数据）。"
        if has_sheets
        else "按下表所说处理原文件后，按原来的途径再报一次。"
    )
    if level == WARNING:
        how = f"要改正或写说明的，{how}"
    return _when(level, received.date(), period) + how


def _is_masked(judgement: Judgement) -> bool:
    """Whether personal data was taken out of the sheets that the receipt shows again."""
    columns = (column for table in judgement.recognised for column in table["columns"])
    return bool(judgement.personal) or any(column["personal"] for column in columns)


def _when(level: str, received: date, period: Period | None) -> str:
    if period is None:
        return "请尽快改正重报。" if level == FATAL else ""
    due = f"{period.due:%Y}年{period.due.month}月{period.due.day}日"
    in_time = received <= period.due
    if level == FATAL:
        if not period.lateness_judged:
            return f"请在{due}前改正重报。" if in_time else f"已过报送期限（{due}），请尽快改正重报。"
        if in_time:
            return f"请在{due}前（含当日）改正重报；以通过之日判断是否迟报。"
        return f"已过报送期限（{due}），请尽快改正重报；以通过之日判断是否迟报。"
    if level == ERROR:
        return (f"请在{due}前改正重报；" if in_time else "请尽快改正重报；") + "补正不影响已收到的时间，不算迟报。"
    return ""


def _left_out(issues: list[Issue], plan: Plan | None) -> str:
    """What errors withheld, by column, and the indicators that lack it."""
    errors = [issue for issue in issues if issue.severity == ERROR]
    if not errors:
        return ""
    missing = [f"「{issue.sheet}」" for issue in errors if issue.rule_id == "missing_sheet"]
    columns = Counter(_what(issue) for issue in errors if issue.rule_id != "missing_sheet")
    parts = [f"{header}{count} 处" for header, count in columns.most_common(_MOST_HEADERS)]
    said = "、".join(parts) + ("等" if len(columns) > _MOST_HEADERS else "")
    if missing:
        said += ("；" if said else "") + f"缺少{shortened(missing)}表"
    lacking: dict[str, Indicator] = {}
    for issue in errors:
        lacking |= {indicator.id: indicator for indicator in indicators_without(issue, plan)}
    ordered = sorted(lacking.values(), key=lambda indicator: not indicator.is_headline)
    affected = f"；涉及{named(ordered)}" if ordered else "；不影响指标"
    return f"没有计入的内容：{said}{affected}。"


def _what(issue: Issue) -> str:
    """What an error is about: the column whose value is withheld, else the rule by its name."""
    header = header_of(issue)
    return f"“{header}”" if header else rule_title(issue.rule_id).removeprefix(issue.rule_id).strip()
