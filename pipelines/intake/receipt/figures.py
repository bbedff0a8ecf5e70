"""The third sheet of a receipt, 本期数据: what the ledger comes to. Written empty at intake, filled after the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.intake.receipt.ownsheet import Cell, OwnSheet
from pipelines.plans import Period, Plan
from pipelines.plans.model import Indicator, Milestone

SHEET = "本期数据"
TITLE = "本期数据：按这份报表算出的指标"
"""How the sheet begins; it is told from a district's own sheet of the same name by this."""
_OPERATORS = {"gt": "高于", "lt": "低于", "lte": "不高于"}
WIDTHS = (34, 9, 9, 11, 16, 16, 16, 10, 18, 12, 34)
HEADERS = ("指标", "分子", "分母", "本期", "上期", "与上期相比", "下一节点", "目标", "还差", "状态", "备注")
RESENT_HEADERS = ("指标", "分子", "分母", "本版", "上一版", "本版带来的变化")


@dataclass(frozen=True)
class Line:
    """One indicator as the sheet shows it; texts ready to be shown."""

    indicator: str
    numerator: float | int | None = None
    denominator: float | int | None = None
    value: str = ""
    before: str = ""
    change: str = ""
    due: str = ""
    target: str = ""
    gap: str = ""
    status: str = ""
    tone: str = "center"
    """The look of the status: good, warning, error or center."""
    remark: str = ""
    is_headline: bool = True


@dataclass(frozen=True)
class Figures:
    """Everything the sheet shows once it is filled."""

    whose: str
    """District and period."""
    said: Sequence[str]
    """Texts above the table: of which day, what stands in place of this version …"""
    lines: Sequence[Line]
    resent: Sequence[Line] = ()
    """Where it replaces another version: this version's effect on each figure that it changes."""
    replaces: str = ""
    """Which version, in words."""


def next_milestone(indicator: Indicator, district_code: str, as_of: date) -> Milestone | None:
    """The first milestone of a district that is not before the day; the last one when all are past."""
    mine = sorted(
        (m for m in indicator.milestones if m.districts is None or district_code in m.districts), key=lambda m: m.due
    )
    return next((m for m in mine if m.due >= as_of), mine[-1] if mine else None)


def target_text(milestone: Milestone, unit: str) -> str:
    """``95%``, ``不低于…`` only where it is not the usual "at least"."""
    if milestone.operator == "done_by":
        return "完成"
    return f"{_OPERATORS.get(milestone.operator, '')}{milestone.target:f}".removesuffix(".0") + unit


def day(value: date) -> str:
    """A day as the sheet writes it."""
    return f"{value.year}年{value.month}月{value.day}日"


def placeholder(plan: Plan, district_code: str, period: Period, whose: str) -> OwnSheet:
    """The sheet at intake: the targets ahead, the figures to come."""
    lines = []
    for indicator in plan.indicators:
        milestone = next_milestone(indicator, district_code, period.as_of)
        if milestone is None or not indicator.is_headline:
            continue
        due, target = day(milestone.due), target_text(milestone, indicator.unit)
        lines.append(Line(indicator.name.zh, due=due, target=target, status="待汇总"))
    said = ("各项指标在全市汇总后自动填入本表，一般在收到当天；填入后可在原处重新打开本回执查看。",)
    return figures_sheet(Figures(whose, said, lines))


def figures_sheet(figures: Figures) -> OwnSheet:
    """The sheet, whatever is known by now."""
    sheet = OwnSheet(SHEET, WIDTHS, footer=figures.whose, is_filled_later=True)
    sheet.say(TITLE, "title")
    sheet.say(figures.whose, "small")
    for text in figures.said:
        sheet.say(text)
    _section(sheet, "主要指标", [line for line in figures.lines if line.is_headline])
    if figures.resent:
        _section(sheet, f"与上一版相比，本版改变的指标（上一版：{figures.replaces}）", figures.resent, RESENT_HEADERS)
    elif figures.replaces:
        sheet.say(f"与上一版相比，各项指标没有变化（上一版：{figures.replaces}）。")
    _section(sheet, "其他指标", [line for line in figures.lines if not line.is_headline])
    return sheet


def _section(sheet: OwnSheet, title: str, lines: Sequence[Line], headers: Sequence[str] = HEADERS) -> None:
    if lines:
        sheet.say(title, "section")
        header = _table(sheet, lines, headers)
        sheet.header_row = sheet.header_row or header
        sheet.add()


def _table(sheet: OwnSheet, lines: Sequence[Line], headers: Sequence[str]) -> int:
    header = sheet.add(*((text, "head") for text in headers))
    for line in lines:
        sheet.add(*_cells(line)[: len(headers)])
    return header


def _cells(line: Line) -> list[Cell]:
    return [
        (line.indicator, "body"),
        (line.numerator, "number"),
        (line.denominator, "number"),
        (line.value, "right"),
        (line.before, "right"),
        (line.change, "right"),
        (line.due, "center"),
        (line.target, "right"),
        (line.gap, "right"),
        (line.status, line.tone),
        (line.remark, "quiet"),
    ]


__all__ = ["Figures", "Line", "figures_sheet", "next_milestone", "placeholder"]
