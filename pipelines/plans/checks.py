"""What must hold between the parts of a plan, beyond the shape of each."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta

from pipelines.plans.entities import ENTITIES, FORM_NAMES
from pipelines.plans.found import Found, Path, known, unique
from pipelines.plans.model import Indicator, Milestone, Plan
from pipelines.plans.rubric_checks import check_rubric

_DATED = ("inspection", "mechanism", "meeting")
"""Sources of proof that carry a date."""
_MOMENT = re.compile(r"\d{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?")
_AFTER = timedelta(days=366)
"""What recurs may fall due for the last time after the plan's end: the ratings of its last year."""


def cross_check(plan: Plan) -> Found:
    """Each mistake as the path of its field and a message."""
    codes = [d.code for d in plan.districts]
    ids = [i.id for i in plan.indicators]
    periods = [p.id for p in plan.periods]
    yield from unique(("districts",), "code", codes)
    yield from unique(("periods",), "id", periods)
    yield from unique(("indicators",), "id", ids)
    yield from _dates(plan)
    yield from _periods(plan)
    for n, district in enumerate(plan.districts):
        within = [*codes, *([plan.region.code] if plan.region.code else [])]
        if district.parent is not None:
            yield from known(("districts", n, "parent"), "district", [district.parent], within)
    for n, indicator in enumerate(plan.indicators):
        path: Path = ("indicators", n)
        yield from known((*path, "districts"), "district", indicator.districts or (), codes)
        if indicator.districts == ():
            yield (*path, "districts"), "an empty scope is about nobody; leave it out to mean every district"
        yield from _milestones(path, plan, indicator, codes, ids)
        yield from _cadence(path, plan, indicator, periods)
        yield from _forms(path, plan, indicator)
        yield from known((*path, "pools"), "indicator", indicator.pools, ids)
        if any(i.pools or not i.denominator for i in plan.indicators if i.id in indicator.pools):
            yield (*path, "pools"), "only rates with rows of their own can be pooled"
        if indicator.fact and indicator.fact.period is not None:
            yield from known((*path, "fact", "period"), "period", [indicator.fact.period], periods)
    for n, clause in enumerate(plan.unmeasured):
        yield from known(("unmeasured", n, "by"), "indicator", clause.by, ids)
    yield from check_rubric(plan)


def check_conditions(plan: Plan) -> Found:
    """Parses every SQL expression of the plan; see ``conditions.check``."""
    from pipelines.plans.conditions import check

    ids = [i.id for i in plan.indicators]
    for n, indicator in enumerate(plan.indicators):
        entity = ENTITIES[indicator.entity]
        for key in ("denominator", "numerator", "strict"):
            if (sql := getattr(indicator, key)) is not None:
                yield from ((("indicators", n, key), m) for m in check(sql, entity, task_ids=ids))
        yield from ((("indicators", n, "measure"), m) for m in check(indicator.measure, entity, wants="sum"))
        for basis, pair in indicator.measures.items():
            for key in ("numerator", "denominator"):
                for message in check(getattr(pair, key), entity, wants="sum"):
                    yield ("indicators", n, "measures", basis, key), message


def _milestones(path: Path, plan: Plan, indicator: Indicator, codes: Collection[str], ids: Collection[str]) -> Found:
    remark = "; an indicator has one milestone a date"
    yield from unique((*path, "milestones"), "due", [m.due.isoformat() for m in indicator.milestones], remark)
    for k, milestone in enumerate(indicator.milestones):
        here = (*path, "milestones", k)
        if milestone.districts != indicator.districts:  # what it has from its indicator is told there
            yield from known((*here, "districts"), "district", milestone.districts or (), codes)
        yield from _all_of((*here, "all_of"), plan, milestone, indicator, ids)
        if milestone.operational and milestone.operational > milestone.due:
            yield (*here, "operational"), "the operational deadline lies after the due date"
        if indicator.denominator and not 0 <= milestone.target <= 100:
            yield here, f"the target of a rate is a percentage from 0 to 100, not {milestone.target}"
        if not plan.start <= milestone.due <= plan.end:
            yield (*here, "due"), f"lies outside the plan ({plan.start} to {plan.end})"
        elif undecided := _undecided(plan, indicator, milestone):
            yield (*here, "due"), undecided
        if milestone.whole_area_only and milestone.districts is not None:
            yield (*here, "districts"), "whole_area_only is about no district in particular"
        for code in milestone.districts or ():
            if indicator.districts is not None and code in codes and code not in indicator.districts:
                yield (*here, "districts"), f"the indicator itself is not about {code}"
        for k2, earlier in enumerate(indicator.milestones[:k]):
            yield from _in_step((*path, "milestones", max(k, k2)), indicator, earlier, milestone)


def _undecided(plan: Plan, indicator: Indicator, milestone: Milestone) -> str | None:
    """Why no period's figures decide a milestone; None when some do. What recurs is decided after its date."""
    days = [period.as_of for period in plan.periods]
    if indicator.kind == "cadence":
        return None if max(days) >= milestone.due else f"no period decides it: the last one speaks of {max(days)}"
    return None if min(days) <= milestone.due else f"no period decides it: the first one speaks of {min(days)}"


def _all_of(path: Path, plan: Plan, milestone: Milestone, indicator: Indicator, ids: Collection[str]) -> Found:
    """The others must reach the same target; two that name each other are met or missed together."""
    yield from known(path, "indicator", milestone.all_of, ids)
    if indicator.id in milestone.all_of:
        yield path, "names the indicator itself; all_of lists the others that must reach the target too"
    for other in (plan.indicator(name) for name in milestone.all_of):
        if other is not None and bool(other.denominator) != bool(indicator.denominator):
            yield path, f"{other.id} can't be held against the same target: one is a rate, the other a count"


def _in_step(path: Path, indicator: Indicator, one: Milestone, other: Milestone) -> Found:
    """Of two milestones for the same districts the later must not ask for less."""
    scopes = [set(m.districts) if m.districts is not None else None for m in (one, other)]
    if scopes[0] is not None and scopes[1] is not None and not scopes[0] & scopes[1]:
        return
    earlier, later = sorted((one, other), key=lambda m: m.due)
    rises = {"gte", "gt", "eq", "hold_gte"}
    falls = {"lte", "lt"}
    for kind, sign in ((rises, 1), (falls, -1)):
        both = earlier.operator in kind and later.operator in kind and indicator.kind not in ("boolean", "document")
        if both and earlier.due < later.due and (later.target - earlier.target) * sign < 0:
            what = "less" if sign > 0 else "more"
            yield path, f"asks for {what} by {later.due} ({later.target}) than by {earlier.due} ({earlier.target})"


def _forms(path: Path, plan: Plan, indicator: Indicator) -> Found:
    """An indicator can only be about units that are asked for its form."""
    if (form := indicator.form) is None:
        return
    sources = ("mechanism", "task") if indicator.kind in ("boolean", "document") else (form,)
    for district in plan.districts:
        if indicator.districts and district.code in indicator.districts and not any(map(district.owes, sources)):
            yield (
                (*path, "districts"),
                f"{district.code} is not asked for the form it rests on ({' or '.join(sources)})",
            )


def _dates(plan: Plan) -> Found:
    if plan.start > plan.end:
        yield ("end",), "the plan ends before it starts"
    if plan.operational_deadline and plan.operational_deadline > plan.end:
        yield ("operational_deadline",), "the operational deadline lies after the end of the plan"
    if plan.evaluation and plan.evaluation.start > plan.evaluation.end:
        yield ("evaluation", "end"), "the evaluation ends before it starts"


def _periods(plan: Plan) -> Found:
    for n, district in enumerate(plan.districts):
        yield from known(("districts", n, "forms"), "form", district.forms or (), FORM_NAMES)
    for n, period in enumerate(plan.periods):
        if not plan.start <= period.as_of <= plan.end:
            yield ("periods", n, "as_of"), f"lies outside the plan ({plan.start} to {plan.end})"
        if period.due < period.as_of:
            yield ("periods", n, "due"), "is due before its as-of date"
        if n and period.as_of <= plan.periods[n - 1].as_of:
            yield ("periods", n, "as_of"), "periods must stand in the order of their as-of dates"
        for key in ("required_forms", "optional_forms"):
            yield from known(("periods", n, key), "form", getattr(period, key), FORM_NAMES)
        for form in sorted({f for f in period.forms if period.forms.count(f) > 1}):
            yield ("periods", n), f"form {form} is asked for twice"


def _cadence(path: Path, plan: Plan, indicator: Indicator, periods: Collection[str]) -> Found:
    if indicator.cadence is None:
        return
    here = (*path, "cadence", "occasions")
    source = indicator.cadence.source
    yield from unique(here, "due", [o.due.isoformat() for o in indicator.cadence.occasions])
    days = {o.due for o in indicator.cadence.occasions}
    proofs: dict[str, date] = {}
    for k, milestone in enumerate(indicator.milestones):
        if milestone.due not in days:
            yield (*path, "milestones", k, "due"), "a milestone of something recurrent falls on one of its occasions"
    for k, occasion in enumerate(indicator.cadence.occasions):
        if source == "submission":
            yield from known((*here, k, "key"), "period", [occasion.key or ""], periods)
        elif source == "credit" and not (occasion.key or "").isdecimal():
            yield (*here, k, "key"), "a credit occasion needs the year rated, such as key: 2024"
        elif source in _DATED and not _MOMENT.fullmatch(occasion.key or f"{occasion.due:%Y}"):
            yield (*here, k, "key"), f"when a {source} proves it: key: 2024, 2024-Q1 or 2024-01, not {occasion.key!r}"
        proof = occasion.key or f"{occasion.due:%Y}"
        if source != "none" and (first := proofs.setdefault(proof, occasion.due)) != occasion.due:
            yield (*here, k), f"{proof} would prove {first} as well; give each occasion its own key"
        if occasion.due < plan.start or occasion.due - plan.end > _AFTER:
            yield (*here, k, "due"), f"lies outside the plan ({plan.start} to {plan.end}, and a year after it)"
    if indicator.cadence.type is not None and source not in ("meeting", "inspection"):
        yield (*path, "cadence", "type"), f"only meetings and inspections have a type, not {source}"
    elif indicator.cadence.type is not None and (column := ENTITIES[source].column("type")):
        yield from known((*path, "cadence", "type"), "type", [indicator.cadence.type], column.values)
