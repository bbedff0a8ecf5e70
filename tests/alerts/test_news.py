"""What is told, when, and that it is told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from pipelines.alerts import news
from pipelines.alerts.config import Digest
from pipelines.alerts.facts import Facts, Returned
from pipelines.alerts.memory import Failing, Snapshot, covers
from pipelines.alerts.messages import Message
from pipelines.plans.loader import load_plans
from pipelines.warehouse.submitted import Standing

PLANS = {"bayannur_2023_2025": load_plans()["bayannur_2023_2025"]}
PLAN = PLANS["bayannur_2023_2025"]
DUE = date(2025, 11, 30)
DAY = date(2025, 12, 5)
MORNING = datetime(2025, 12, 5, 9)


def standing(district: str, status: str, days_late: int = 0) -> Standing:
    return Standing(
        *(PLAN.id, PLAN.name.zh, "2025-11", "2025年度工作台账", district, PLAN.district(district).name.zh),
        status=status,
        expected_by=DUE,
        received_at=None,
        days_late=days_late,
        error_count=None,
        warning_count=None,
        receipts=None,
    )


RETURNED = Returned(
    "0123", PLAN.id, "2025-11", "150821", (("缺少必填列", 2), ("户数有误", 1)), "data/raw/receipts/p/t/d", False
)
FACTS = Facts(
    DAY,
    [standing("150802", "on_time"), standing("150821", "returned"), standing("150822", "missing", 5)],
    [RETURNED],
    {(PLAN.id, "2025-11"): (120, 3)},
)
SHOT = news.snapshot(FACTS, MORNING, ())


def test_a_digest_says_who_is_late_and_what_was_returned() -> None:
    text = str(news.digest(FACTS, SHOT, None, ()))
    assert text.splitlines() == [
        "报送情况：逾期未报 2 份，退回待重报 1 份",
        "",
        PLAN.name.zh,
        "2025年度工作台账：2025年11月30日截止，已逾期 5 天；应报 3 份，已收 1 份",
        "未报 1 个：磴口县",
        "退回：五原县，缺少必填列 2 处、户数有误 1 处；回执在 data/raw/receipts/p/t/d/",
        "已收填报表中的提示 120 处，已说明 3 处，未说明 117 处",
    ]


def test_what_changed_since() -> None:
    before = Snapshot(at=MORNING - timedelta(days=1), overdue=SHOT.overdue, returned=SHOT.returned)
    facts = replace(
        FACTS,
        standings=[standing("150802", "missing", 6), standing("150821", "late", 6), standing("150822", "late", 7)],
        returned=[],
    )
    text = str(news.digest(facts, news.snapshot(facts, MORNING, ()), before, ()))
    assert "报送情况：逾期未报 1 份\n" in text
    assert "已补报 2 个：五原县（2025年度工作台账，迟 6 天）、磴口县（2025年度工作台账，迟 7 天）" in text
    assert "新增逾期 1 个：临河区（2025年度工作台账）" in text
    assert "退回后已重报 1 份" in text


def test_everything_in_is_told_once() -> None:
    facts = replace(FACTS, standings=[standing("150822", "late", 6)], returned=[])
    now = news.snapshot(facts, MORNING + timedelta(days=1), ())
    assert news.is_due(now, SHOT, Digest())
    assert "已全部补齐" in news.digest(facts, now, SHOT, ()).title
    assert not news.is_due(news.snapshot(facts, MORNING + timedelta(days=2), ()), now, Digest())


@pytest.mark.parametrize(
    ("after", "changed", "rule", "due"),
    [
        (timedelta(hours=3), True, Digest(), False),
        (timedelta(hours=4), True, Digest(), True),
        (timedelta(days=30), False, Digest(), False),
        (timedelta(days=6), False, Digest(repeat_days=7), False),
        (timedelta(days=7), False, Digest(repeat_days=7), True),
        (timedelta(days=-9), True, Digest(), True),  # the clock was set back: better told again than never
    ],
)
def test_when_a_digest_is_due(after: timedelta, changed: bool, rule: Digest, due: bool) -> None:
    now = news.snapshot(replace(FACTS, returned=[] if changed else [RETURNED]), MORNING + after, ())
    assert news.is_due(now, SHOT, rule) is due


def test_days_going_by_are_no_news() -> None:
    later = news.snapshot(replace(FACTS, today=DAY + timedelta(days=9)), MORNING + timedelta(days=9), ())
    assert not news.is_due(later, SHOT, Digest())


def test_nothing_late_nothing_told() -> None:
    facts = replace(FACTS, standings=[standing("150802", "on_time")], returned=[])
    assert not news.is_due(news.snapshot(facts, MORNING, ()), None, Digest())


def test_plans_a_channel_does_not_want() -> None:
    assert not news.is_due(news.snapshot(FACTS, MORNING, ("another",)), None, Digest())


def remind(
    days_before: int, told: set[str] | frozenset[str] = frozenset(), facts: Facts | None = None
) -> Message | None:
    facts = replace(facts or FACTS, today=DUE - timedelta(days=days_before))
    found = news.reminders(PLANS, facts, (30, 7, 1, 0, -1), told, ())
    return found[0] if found else None


@pytest.mark.parametrize(
    ("days", "title"),
    [
        (30, "还有 30 天"),
        (7, "还有 7 天"),
        (5, "还有 5 天"),
        (1, "还有 1 天"),
        (0, "今天是截止日"),
        (-1, "已过截止日 1 天"),
        (-4, "已过截止日 4 天"),
    ],
)
def test_reminders_of_a_due_date(days: int, title: str) -> None:
    message = remind(days)
    assert message
    assert message.title == f"报送提醒：{title}"


@pytest.mark.parametrize("days", [31, 26, 3, -5, -100])
def test_days_without_a_reminder(days: int) -> None:
    """Between two occasions, and long after the last."""
    assert remind(days) is None


def test_a_reminder_names_who_has_not_sent() -> None:
    message = remind(7)
    assert message
    [section] = message.sections
    assert section.lines == (
        "2025年度工作台账：2025年11月30日截止，还有 7 天；已收 1 份",
        "尚未报送 5 个：磴口县、乌拉特前旗、乌拉特中旗、乌拉特后旗、杭锦后旗",
        "退回待重报 1 个：五原县",
    )


def test_a_reminder_before_anything_was_ever_sent() -> None:
    message = remind(1, facts=Facts(DAY))
    assert message
    assert "尚未报送 7 个" in str(message)


def test_a_reminder_is_told_once_and_the_next_is_another() -> None:
    found = news.reminders(PLANS, replace(FACTS, today=DUE - timedelta(days=7)), (30, 7, 1), (), ())
    assert found
    _, keys = found
    assert keys == [f"{PLAN.id}/2025-11/7"]
    assert remind(6, set(keys)) is None
    assert remind(1, set(keys))


def test_nobody_to_remind() -> None:
    everybody = [standing(district.code, "on_time") for district in PLAN.districts]
    assert remind(1, facts=replace(FACTS, standings=everybody)) is None


def test_a_period_in_which_nobody_can_be_late() -> None:
    assert not next(period for period in PLAN.periods if period.id == "2023-baseline").lateness_judged
    assert news.reminders(PLANS, Facts(date(2023, 9, 30)), (0,), (), ()) is None


FULL = Failing(run_id="0123456789abcdef", at=MORNING, stage="发布数据", line="磁盘已满")


def test_a_failure_says_where_and_what_to_do() -> None:
    message = news.failures({"": FULL}, {})
    assert message
    assert message.title == "运行失败：发布数据"
    assert "原因：磁盘已满" in str(message)
    assert "01234567" in str(message)


@pytest.mark.parametrize(("published", "says"), [(False, "仍是上一次的，不受影响"), (True, "数据已更新"), (None, "")])
def test_a_failure_says_what_readers_see(published: bool | None, says: str) -> None:
    text = str(news.failures({"": FULL.model_copy(update={"published": published})}, {}))
    assert says in text
    assert ("上一次" in text) is (published is not None)


def test_the_same_trouble_is_told_once_another_again() -> None:
    told = {"": FULL.signature}
    assert news.failures({"": FULL, "plan/2024-11": FULL}, told) is None
    other = FULL.model_copy(update={"line": "没有读写权限"})
    assert news.failures({"": other}, told)


def test_recovery_is_told_to_who_knows_of_the_failure() -> None:
    assert news.recovered({}, {}) is None
    assert news.recovered({"": FULL}, {"": FULL.signature}) is None
    message = news.recovered({}, {"": FULL.signature})
    assert message
    assert "发布数据：磁盘已满" in str(message)


@pytest.mark.parametrize(
    ("scope", "other", "does"),
    [
        ("", "p/t", True),
        ("p", "p/t", True),
        ("p/t", "p/t", True),
        ("p/t", "", False),
        ("p", "pq", False),
        ("", "job:x", False),
        ("job:x", "job:x", True),
    ],
)
def test_what_a_success_makes_good(scope: str, other: str, does: bool) -> None:
    assert covers(scope, other) is does


def test_many_names_take_many_lines() -> None:
    lines = list(news._named("未报", [f"第{n}区" for n in range(45)]))
    assert [len(line.split("、")) for line in lines] == [20, 20, 5]
    assert lines[0].startswith("未报 45 个：")
