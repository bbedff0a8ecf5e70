"""What becomes of every clause of every plan: indicator, sheet and columns, table. Written as docs/coverage.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pipelines.forms import FORMS
from pipelines.plans import origins
from pipelines.plans.model import Indicator, Milestone, Plan

OPERATORS = {
    "gte": "≥",
    "gt": ">",
    "eq": "=",
    "lte": "≤",
    "lt": "<",
    "hold_gte": "at every ledger ≥",
    "between": "from",
}
REASONS = {
    "principle": "how the work is to be done; nothing to measure",
    "permission": "may be done or tried, not owed",
    "no_measure": "no number, date or document in it that could be observed",
    "other_bodies": "owed by bodies that report nothing here",
    "covered": "measured by",
    "background": "history and reasons",
    "missing_text": "not in the source text",
}
_NUMERALS = {char: number for number, char in enumerate("一二三四五六七八九十", 1)}


def page(plans: Mapping[str, Plan]) -> str:
    """docs/coverage.md."""
    lines = [
        "# Coverage",
        "",
        "Made from the plan files (`make docs`): every clause of every plan with the indicators that measure it, the",
        "sheets and columns these rest on, and the tables that show them. Clauses that nothing measures stand below,",
        "each with the reason. Every indicator is in `dim_indicator` and `fct_indicator`; `+` names the other tables.",
    ]
    for plan in plans.values():
        lines += ["", f"## {plan.name.zh} `{plan.id}`", ""]
        if not plan.source_complete:
            lines += [f"The source is incomplete: it ends after {plan.truncated_after}.", ""]
        lines += ["| clause | indicator | kind | target | sheet: columns | + |", "|---|---|---|---|---|---|"]
        for indicator in sorted(plan.indicators, key=lambda indicator: clause_order(indicator.clause)):
            name = f"{indicator.name.zh} `{indicator.id}`"
            where = "; ".join(_columns(plan, indicator))
            cells = (indicator.clause, name, indicator.kind, _targets(indicator), where, _tables(plan, indicator))
            lines.append("| " + " | ".join(cells) + " |")
        if plan.unmeasured:
            lines += ["", "| clause without an indicator | what it says | why |", "|---|---|---|"]
        for clause in sorted(plan.unmeasured, key=lambda clause: clause_order(clause.clause)):
            by = "".join(f" `{name}`" for name in clause.by)
            lines.append(f"| {clause.clause} | {clause.what.zh} | {REASONS[clause.why]}{by} |")
    return "\n".join(lines) + "\n"


def clause_order(clause: str) -> tuple[int, ...]:
    """Clauses as the text has them: 一, 二, 二(一), 二(十一), 三.2."""
    return tuple(_number(part) for part in re.findall(r"[一二三四五六七八九十]+|\d+", clause)) or (99,)


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    tens, _, ones = text.rpartition("十")
    if "十" not in text:
        return _NUMERALS[text]
    return (_NUMERALS[tens] if tens else 1) * 10 + (_NUMERALS[ones] if ones else 0)


def fields(plan: Plan, indicator: Indicator) -> tuple[str, ...]:
    """``form.field`` of every column that a figure is made from; where each row counts, what a row is known by."""
    return tuple(name if "." in name else _identity(name) for name in origins.fields(plan, indicator))


def _identity(form: str) -> str:
    return f"{form}.{next(column for column in FORMS[form].columns if column.identity).field}"


def _columns(plan: Plan, indicator: Indicator) -> Iterator[str]:
    """Sheet and headers, as the clerk knows them."""
    by_form: dict[str, list[str]] = {}
    for name in fields(plan, indicator):
        form, _, field = name.partition(".")
        by_form.setdefault(form, []).append(FORMS[form].column(field).header)
    yield from (f"{FORMS[form].sheet}: {'、'.join(headers)}" for form, headers in by_form.items())
    if indicator.cadence is not None and not by_form:
        yield "time the ledger arrived" if indicator.cadence.source == "submission" else "its date alone"


def _targets(indicator: Indicator) -> str:
    if indicator.fact is not None:
        operator, value, upper = indicator.fact.stated
        return f"stated: {OPERATORS[operator]} {value}" + (f" to {upper}" if upper is not None else "")
    if indicator.cadence is not None:
        days = [occasion.due for occasion in indicator.cadence.occasions]
        return f"{len(days)} ×, {days[0]} … {days[-1]}" if len(days) > 2 else ", ".join(map(str, days))
    return "<br>".join(map(_target, indicator.milestones))


def _target(milestone: Milestone) -> str:
    number = "" if milestone.operator == "done_by" else f" {OPERATORS[milestone.operator]} {milestone.target}"
    notes: list[str] = [milestone.binding] if milestone.binding != "hard" else []
    notes += ["date by default"] if milestone.date_is_default else []
    notes += ["number derived"] if milestone.target_is_derived else []
    notes += [f"only {'、'.join(milestone.districts)}"] if milestone.districts and len(milestone.districts) < 4 else []
    notes += ["whole area"] if milestone.whole_area_only else []
    notes += [f"with {'、'.join(milestone.all_of)}"] if milestone.all_of else []
    return f"{milestone.due}{number}" + (f" ({', '.join(notes)})" if notes else "")


def _tables(plan: Plan, indicator: Indicator) -> str:
    shown = []
    if indicator.milestones:
        shown.append("mart_milestone_progress")
    if indicator.milestones and indicator.entity == "community" and indicator.denominator:
        shown.append("mart_gap_community")
    if indicator.fact is not None:
        shown.append("mart_fact")
    if plan.rubric and any(indicator.id in item.indicators for item in plan.rubric.items):
        shown.append("mart_assessment_item")
    return ", ".join(f"`{name}`" for name in shown)
