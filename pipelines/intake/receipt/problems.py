"""The first sheet of a receipt, 问题清单: verdict, what to do, and every finding with its place and its remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pipelines.intake.answers import ALL_OF_IT
from pipelines.intake.issues import ERROR, FATAL, SEVERITY_NAMES, SEVERITY_ORDER, WARNING, Issue
from pipelines.intake.judging import Judgement
from pipelines.intake.receipt.effects import named
from pipelines.intake.receipt.findings import Group, grouped, rule_title
from pipelines.intake.receipt.ownsheet import Cell, Choices, OwnSheet
from pipelines.intake.receipt.words import MEANING, MEANING_RETURNED, Words, plan_and_period, whose, words
from pipelines.plans import Plan

SHEET = "问题清单"
MOST_LISTED = 5_000
"""So many findings are listed one by one; the JSON has them all."""
HEADERS = ("序号", "级别", "工作表", "单元格", "小区/对象", "问题", "原填内容", "如何修改", "说明", "规则", "编号")
WIDTHS = (6, 6, 14, 9, 16, 38, 14, 36, 24, 16, 4)
CODE = len(HEADERS) - 1
"""The hidden column that tells intake which finding an answer belongs to."""
ANSWER = "I"
MOST_TYPED = 3
"""Different contents that a group line shows."""
_SUGGESTED = {
    FATAL: ("已补充", "已改正"),
    ERROR: ("已在表中改正", "原始资料中没有此项", "正在核实，下次报送时补正"),
    WARNING: ("已核实，填报无误", "已在表中改正", "正在核实，下次报送时补正"),
}
_PROMPT = {
    FATAL: "改正后在此注明改了什么，也可不填。",
    ERROR: "已改正的不必填写。无法改正的，请写明原因，例如：原始资料缺失，正在补办。不要写姓名、电话、身份证号。",
    WARNING: "核对后属实的，请写明原因，例如：已核实，填报无误。说明本期内有效。不要写姓名、电话、身份证号。",
}
_SAID = {FATAL: "said_fatal", ERROR: "said_error", WARNING: "said_warning", "good": "said_good"}
_TABS = {FATAL: "FFC00000", ERROR: "FFED7D31", WARNING: "FFFFC000", "good": "FF70AD47"}


def problem_sheet(judgement: Judgement, plans: Mapping[str, Plan]) -> OwnSheet:
    """The sheet; where the workbook has no sheets of its own to show, without links."""
    said, names = words(judgement, plans), whose(judgement, plans)
    plan, _ = plan_and_period(judgement, plans)
    sheet = OwnSheet(SHEET, WIDTHS, hidden=frozenset({CODE}), tab=_TABS[said.level])
    sheet.footer = "　".join((names[1], names[2])) if names else judgement.submission["file_name"]
    _top(sheet, judgement, said, names)
    if not judgement.issues:
        sheet.say("各列怎样理解见「识别结果」；各项指标在汇总后填入「本期数据」。")
        return sheet
    groups = grouped(judgement.issues, plan)
    _list(sheet, groups, has_sheets=bool(judgement.shown))
    if len({issue.rule_id for issue in judgement.issues}) > 1:
        _by_rule(sheet, groups, MEANING_RETURNED if said.level == FATAL else MEANING)
    return sheet


def _top(sheet: OwnSheet, judgement: Judgement, said: Words, names: tuple[str, str, str] | None) -> None:
    submission = judgement.submission
    sheet.say(f"报表回执　{names[1]}　{names[2]}" if names else "报表回执　未能识别是哪里、哪一期的报表", "title")
    received = submission["received_at"]
    facts = [
        *([names[0]] if names else []),
        f"文件：{submission['file_name']}",
        f"收到：{received:%Y年%m月%d日 %H:%M}",
        f"读取 {submission['row_count']} 行，其中小区 {submission['community_count']} 个",
    ]
    sheet.say("　　".join(facts), "small")
    sheet.say(f"{said.verdict}。{said.now}", _SAID[said.level])
    for text in (said.todo, said.left_out, said.progress, *judgement.notes):
        if text:
            sheet.say(text)
    if judgement.issues:
        several = "按规则的汇总见清单之后。" if len({issue.rule_id for issue in judgement.issues}) > 1 else ""
        sheet.say(f"共 {len(judgement.issues)} 处：{said.counts}。{several}")
    if len(judgement.issues) > MOST_LISTED:
        sheet.say(f"问题较多，以下逐条列出前 {MOST_LISTED} 处；全部问题见同名的 JSON 文件。")


def _list(sheet: OwnSheet, groups: Sequence[Group], *, has_sheets: bool) -> None:
    header = sheet.add(*((text, "head") for text in HEADERS))
    sheet.header_row = header
    if sum(map(sheet.height, range(1, header + 1))) < 230:  # more would leave too little of a small screen
        sheet.frozen_row = header
    areas: dict[str, list[int]] = {}
    listed = 0
    for number, group in enumerate(groups, start=1):
        if listed >= MOST_LISTED:
            break
        if not group.is_folded:
            _add(sheet, _line(str(number), group.first, group), group.first, areas, has_sheets)
            listed += 1
            continue
        _add(sheet, _group_line(number, group), group.first, areas, has_sheets, folds=True)
        for place, issue in enumerate(group.issues[: MOST_LISTED - listed], start=1):
            _add(sheet, _line(f"{number}-{place}", issue, group), issue, areas, has_sheets, level=1)
            listed += 1
    sheet.filtered = f"A{header}:K{len(sheet.rows)}"
    sheet.choices = [
        Choices(_areas(numbers), _SUGGESTED[severity], f"说明（{SEVERITY_NAMES[severity]}）", _PROMPT[severity])
        for severity, numbers in areas.items()
    ]


def _add(
    sheet: OwnSheet,
    cells: list[Cell],
    issue: Issue,
    areas: dict[str, list[int]],
    has_sheets: bool,
    *,
    level: int = 0,
    folds: bool = False,
) -> None:
    row = sheet.add(*cells, level=level, folds=folds)
    areas.setdefault(issue.severity, []).append(row)
    if issue.sheet and issue.cell and has_sheets:
        quoted = issue.sheet.replace("'", "''")
        sheet.links[f"D{row}"] = f"'{quoted}'!{issue.cell}"


def _line(number: str, issue: Issue, group: Group) -> list[Cell]:
    return [
        (int(number) if number.isdigit() else number, "center"),
        (SEVERITY_NAMES[issue.severity], issue.severity),
        (issue.sheet, "body"),
        (issue.cell, "link" if issue.cell else "body"),
        (issue.entity, "body"),
        (_problem(issue.message, group), "body"),
        (issue.raw, "body"),
        (issue.remedy, "body"),
        (issue.answer, "answer"),
        (rule_title(issue.rule_id), "quiet"),
        (code(issue), "quiet"),
    ]


def _group_line(number: int, group: Group) -> list[Cell]:
    first, count = group.first, len(group.issues)
    typed = list(dict.fromkeys(issue.raw for issue in group.issues if issue.raw))
    message = first.message if group.says_one_thing else f"例如：{first.message}"
    return [
        (number, "center"),
        (SEVERITY_NAMES[first.severity], first.severity),
        (first.sheet, "body"),
        (f"{first.cell}等" if first.cell else None, "link" if first.cell else "body"),
        (f"{len(group.objects)} 个" if group.objects else None, "body"),
        (f"【共 {count} 处，点左侧“+”逐条查看】{_problem(message, group)}\n（{group.where}）", "body"),
        ("、".join(typed[:MOST_TYPED]) + ("等" if len(typed) > MOST_TYPED else ""), "body"),
        (first.remedy, "body"),
        (None, "answer"),
        (rule_title(first.rule_id), "quiet"),
        (f"{code(first)}/{ALL_OF_IT}", "quiet"),
    ]


def _problem(message: str, group: Group) -> str:
    """The problem, and for an error what it keeps from being counted."""
    if not group.indicators:
        return message
    return f"{message.rstrip('。')}。涉及：{named(group.indicators, 2)}。"


def code(issue: Issue) -> str:
    """Which finding this is, for the reader of answers: rule and field."""
    return f"{issue.rule_id}/{issue.field or ''}"


def _areas(rows: Sequence[int]) -> str:
    """The answer cells of these rows, as ``I12:I15 I18``."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    return " ".join(f"{ANSWER}{first}:{ANSWER}{last}" for first, last in runs)


def _by_rule(sheet: OwnSheet, groups: Sequence[Group], meaning: Mapping[str, str]) -> None:
    """Below the list: how many findings each level and each rule has, and what it means for the figures."""
    sheet.add()
    sheet.say("按规则汇总", "section")
    header = sheet.add(
        ("处数", "head"), ("级别", "head"), ("规则", "head"), (None, "head"), (None, "head"), ("结果", "head"),
        (None, "head"), ("涉及的指标", "head"),
    )  # fmt: skip
    rules: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        rules.setdefault((group.first.severity, group.first.rule_id), []).append(group)
    for (severity, rule_id), found in sorted(rules.items(), key=lambda item: SEVERITY_ORDER[item[0][0]]):
        indicators = {i.id: i for group in found for i in group.indicators}
        sheet.add(
            (sum(len(group.issues) for group in found), "center"),
            (SEVERITY_NAMES[severity], severity),
            (rule_title(rule_id), "body"),
            (None, "body"),
            (None, "body"),
            (meaning[severity], "body"),
            (None, "body"),
            (named(indicators.values(), 2) or ("全部指标" if severity == FATAL else "不影响指标"), "body"),
        )
    counts = Counter({key: sum(len(group.issues) for group in found) for key, found in rules.items()})
    sheet.add((counts.total(), "center"), ("合计", "center"))
    for row in range(header, len(sheet.rows)):
        sheet.merges += [f"C{row}:E{row}", f"F{row}:G{row}"]
