"""What becomes of every clause of every plan: indicator, sheet and columns, table. Written as docs/coverage.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pipelines.forms import FORMS
from pipelines.plans import origins
from pipelines.plans.model import Indicator, Milestone, Plan, Unmeasured

OPERATORS = {
    "gte": "≥",
    "gt": ">",
    "eq": "=",
    "lte": "≤",
    "lt": "<",
    "hold_gte": "at every ledger ≥",
    "between": "from",
    "is": "in place",
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


INTRODUCTION = """# Coverage

Made from the plan files (`make docs`): every clause of every plan in its order, what of it is measured, the sheets and
columns this rests on, and the tables that show it. What nothing measures stands in its place with the reason, and in
`dim_clause`.

Every indicator has its row in `dim_indicator`, its figures in `fct_indicator` (each version's in
`fct_submission_indicator`), their steps in `mart_rate_change`, corrections in `mart_restatement` and its evidence in
`mart_evidence_coverage`. The last column names the other tables. A milestone has its row in `dim_milestone` and counts
in `mart_lagging_district`, a scored item has its row in `dim_rubric_item` and counts in `mart_assessment_score`.
"""


def page(plans: Mapping[str, Plan]) -> str:
    """docs/coverage.md."""
    lines = [INTRODUCTION]
    for plan in plans.values():
        lines += [f"## {plan.name.zh} `{plan.id}`", "", _summary(plan), ""]
        lines += ["| clause | what | kind | target | sheet: columns | further tables |", "|---|---|---|---|---|---|"]
        rows = [(indicator.clause, 0, _measured(plan, indicator)) for indicator in plan.indicators]
        rows += [(clause.clause, 1, _unmeasured(clause)) for clause in plan.unmeasured]
        for clause, _, cells in sorted(rows, key=lambda row: (*clause_order(row[0]), -1, row[1])):
            lines.append(f"| {clause} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _summary(plan: Plan) -> str:
    clauses = {indicator.clause for indicator in plan.indicators}
    others = {clause.clause for clause in plan.unmeasured}
    targets, facts = len(plan.milestones), sum(indicator.fact is not None for indicator in plan.indicators)
    counted = [f"{len(clauses | others)} clauses, {len(clauses)} of them with {len(plan.indicators)} indicators"]
    counted += [f"{targets} milestones"] if targets else []
    counted += [f"{facts} stated facts"] if facts else []
    cut = "" if plan.source_complete else f" The source is incomplete: it breaks off in {plan.truncated_after}."
    return f"{'; '.join(counted)}.{cut}"


def _measured(plan: Plan, indicator: Indicator) -> tuple[str, ...]:
    kind = str(indicator.kind)
    if kind in ("rate", "count", "trend", "fact"):
        kind += f" of {indicator.basis}" if indicator.denominator else f", in {indicator.unit}"
    name = f"{indicator.name.zh} `{indicator.id}`"
    return name, kind, _targets(indicator), "; ".join(_columns(plan, indicator)), tables(plan, indicator)


def _unmeasured(clause: Unmeasured) -> tuple[str, ...]:
    by = "".join(f" `{name}`" for name in clause.by)
    return clause.what.zh, "–", f"{REASONS[clause.why]}{by}", "", ""


def clause_order(clause: str) -> tuple[int, ...]:
    """Clauses as the text has them: 一, 二, 二(一), 二(十一), 三.2, and annexes last."""
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
        number = "" if operator == "is" else f" {value}" + (f" to {upper}" if upper is not None else "")
        return f"stated: {OPERATORS[operator]}{number}" + (" (each)" if indicator.fact.of_each else "")
    if indicator.cadence is not None:
        days = [occasion.due for occasion in indicator.cadence.occasions]
        dates = f"{len(days)} ×, {days[0]} … {days[-1]}" if len(days) > 2 else ", ".join(map(str, days))
        return dates + (" (owed by the city)" if indicator.cadence.reporter == "city" else "")
    if not indicator.milestones:
        none = "no date" if indicator.kind in ("boolean", "document") else "no target"
        return none + (f" ({indicator.binding})" if indicator.binding not in (None, "hard") else "")
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


def tables(plan: Plan, indicator: Indicator) -> str:
    """The published tables that show an indicator beside those that show every one."""
    shown = []
    if indicator.milestones:
        shown.append("mart_milestone_progress")
    if indicator.milestones and indicator.entity == "community" and indicator.denominator:
        shown.append("mart_gap_community")
    if indicator.fact is not None:
        shown.append("mart_fact")
    if indicator.cadence is not None and indicator.cadence.source == "submission":
        shown.append("mart_submission_status")
    if plan.rubric and any(indicator.id in item.indicators for item in plan.rubric.items):
        shown.append("mart_assessment_item")
    return ", ".join(f"`{name}`" for name in shown)
