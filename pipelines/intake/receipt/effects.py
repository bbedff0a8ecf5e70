"""Which indicators a finding keeps a value from: said in the receipt, and what its list is sorted by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from pipelines.intake.issues import ERROR, Issue
from pipelines.intake.rules import RULES
from pipelines.plans import Plan
from pipelines.plans.entities import ENTITIES
from pipelines.plans.model import Indicator

_BEHIND: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("community", "is_completed"): ("community.construction_status", "community.delivered_date"),
    ("community", "is_new_build"): ("community.delivered_date", "community.is_new_build"),
    ("community", "has_management"): ("community.management_mode",),
    ("community", "is_professional"): ("community.management_mode", "community.is_professional"),
    ("community", "has_committee"): ("committee.status", "committee.body_type", "committee.established_date"),
    ("community", "has_committee_strict"): ("committee.filed_date", "committee.term_end"),
    ("community", "has_party_org"): ("community.has_party_branch",),
    ("committee", "is_counted"): ("committee.status", "committee.body_type", "committee.established_date"),
    ("company", "is_active"): ("company.status",),
    ("survey", "is_third_party"): ("satisfaction.organiser",),
    ("survey", "satisfied_answers"): (
        "satisfaction.very_satisfied",
        "satisfaction.satisfied",
        "satisfaction.fairly_satisfied",
    ),
}
"""The fields behind the columns that need more than the field of their own name."""

_WHOLE_ROW = frozenset({"R02", "R39", "row_without_name", "missing_sheet", "missing_form"})
"""Rules that leave a whole row, or sheet, out of every figure."""

_WITHHOLDS: Mapping[tuple[str, str | None, str | None], tuple[str, ...]] = {
    (rule.id, rule.form, rule.field): rule.withholds for rule in RULES if rule.withholds
}


def indicators_without(issue: Issue, plan: Plan | None) -> tuple[Indicator, ...]:
    """The indicators of the plan to which what an error withholds would have counted; headline ones first."""
    if plan is None or issue.severity != ERROR or issue.form is None:
        return ()
    return _affected(_key(plan), issue.rule_id, issue.form, issue.field)


def named(indicators: Iterable[Indicator], most: int = 3) -> str:
    """``物业管理覆盖率、专业化物业管理覆盖率等5项指标``."""
    names = [indicator.name.zh for indicator in indicators]
    if not names:
        return ""
    return "、".join(names[:most]) + (f"等{len(names)}项指标" if len(names) > most else "")


_plans: dict[str, Plan] = {}


def _key(plan: Plan) -> str:
    """Plans are no keys of a cache; their ids are, as long as one stands for one plan."""
    if _plans.get(plan.id) is not plan:
        _plans[plan.id] = plan
        _affected.cache_clear()
    return plan.id


@lru_cache(maxsize=4096)
def _affected(plan_id: str, rule_id: str, form: str, field: str | None) -> tuple[Indicator, ...]:
    whole = rule_id in _WHOLE_ROW or field is None
    named = _WITHHOLDS.get((rule_id, form, field)) or (field,)
    withheld = {f"{form}.{name}" for name in named if name}
    found = []
    for indicator in _plans[plan_id].indicators:
        fields = _fields(indicator)
        if fields & withheld or (whole and any(name.startswith(f"{form}.") for name in fields)):
            found.append(indicator)
    return tuple(sorted(found, key=lambda indicator: (not indicator.is_headline, not indicator.milestones)))


def _fields(indicator: Indicator) -> set[str]:
    """``form.field`` of everything an indicator looks at."""
    entity = ENTITIES[indicator.entity]
    measure = next(iter(indicator.bases.values()), None)
    summed = (measure.numerator, measure.denominator) if measure else ()
    used = entity.columns_used(indicator.denominator, indicator.numerator, *summed)
    fields: set[str] = set()
    for column in used:
        behind = _BEHIND.get((entity.name, column.name))
        if behind is None:
            behind = tuple(option for need in column.needs for option in need.split("|"))
            behind += (f"{entity.form}.{column.name}",) if entity.form else ()
        fields |= set(behind)
    if entity.form and not fields:
        fields.add(f"{entity.form}.")
    return fields
