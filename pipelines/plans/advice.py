"""What a plan file may say but hardly means: the plan works, and something in it will never show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from itertools import combinations

from pipelines.plans.found import Found
from pipelines.plans.model import Indicator, Period, Plan


def advise(plan: Plan) -> Found:
    """Each doubt as the path of its field and a message. Mistakes are told by ``checks.cross_check``."""
    for n, indicator in enumerate(plan.indicators):
        if lacking := _not_asked(indicator, plan.periods):
            yield ("indicators", n), f"no period asks for {lacking}, so there will be no data"
            continue
        for k, milestone in enumerate(indicator.milestones):
            before = [period for period in plan.periods if period.as_of <= milestone.due]
            if indicator.kind != "cadence" and before and (lacking := _not_asked(indicator, before[-1:])):
                place = ("indicators", n, "milestones", k, "due")
                yield place, f"{before[-1].id} decides it, and does not ask for {lacking}"
    yield from _shared_names(plan)
    yield from _unjudged(plan)
    if not plan.unmeasured:
        yield (
            ("unmeasured",),
            "list the clauses that no indicator measures, and why: coverage.md shows them",
        )


def _not_asked(indicator: Indicator, periods: Collection[Period]) -> str | None:
    """The forms an indicator rests on that none of the periods asks for; None when each is asked for somewhere."""
    asked = {form for period in periods for form in period.forms}
    if indicator.kind in ("boolean", "document"):
        return None if asked & {"mechanism", "task"} else "mechanism or task"
    lacking = {indicator.form} - asked - {None}
    for column in indicator.columns if indicator.cadence is None else ():
        for need in column.needs:
            forms = [field.partition(".")[0] for field in need.split("|")]
            if not asked.intersection(forms):
                lacking.add(" or ".join(dict.fromkeys(forms)))
    return ", ".join(sorted(filter(None, lacking))) or None


def _shared_names(plan: Plan) -> Found:
    """A name that two districts have is understood as neither."""
    claims: dict[str, list[int]] = defaultdict(list)
    for n, district in enumerate(plan.districts):
        for name in dict.fromkeys(filter(None, (district.name.zh, district.short_name, *district.aliases))):
            claims[name].append(n)
    for name, places in claims.items():
        for n in places[1:]:
            first = plan.districts[places[0]].code
            yield ("districts", n), f"{name} means {first} as well; list it under ambiguous_aliases of both"


def _unjudged(plan: Plan) -> Found:
    """Most methods judge the first of an item's indicators that is about the district."""
    for n, group in enumerate(plan.rubric.groups if plan.rubric else ()):
        for k, item in enumerate(group.items):
            if item.method in ("checklist", "by_case"):
                continue
            judged = [one for name in item.indicators if (one := plan.indicator(name)) is not None]
            for one, other in combinations(judged, 2):
                scopes = [set(s) for s in (plan.scope(one), plan.scope(other)) if s is not None]
                if len(scopes) < 2 or scopes[0] & scopes[1]:
                    place = ("rubric", "groups", n, "items", k, "indicators")
                    yield place, f"where {one.id} applies, {other.id} is not looked at; checklist takes several"
