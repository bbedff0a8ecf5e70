"""What must hold in the assessment of a plan: items that can be judged, points that add up, names that exist."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from pipelines.plans.found import Found, Path, known, unique
from pipelines.plans.model import METHOD_PARAMS, Case, Extra, Indicator, Kind, Params, Plan, RubricItem, Veto

_ANY = frozenset({"boolean", "boolean_share", "checklist", "by_case"})
_METHODS: dict[str, frozenset[str]] = {
    "figure": frozenset(METHOD_PARAMS) - {"deadline"},
    "done": _ANY | {"deadline"},
    "cadence": _ANY | {"deadline"},
}
"""How what is measured, what is done or not, and what recurs can be judged."""
_OF_RATES = ("deduct_per_miss", "deduct_per_pp", "boolean_share")
"""Methods for parts of a whole; a count has none."""


def check_rubric(plan: Plan) -> Found:
    """The mistakes in the rubric; see ``checks.cross_check``."""
    rubric = plan.rubric
    if rubric is None:
        return
    ids = [i.id for i in plan.indicators]
    periods = [p.id for p in plan.periods]
    yield from known(("rubric", "period"), "period", [rubric.period], periods)
    yield from unique(("rubric", "groups"), "id", [g.id for g in rubric.groups])
    seen: set[str] = set()
    for n, group in enumerate(rubric.groups):
        for k, item in enumerate(group.items):
            here: Path = ("rubric", "groups", n, "items", k)
            if item.id in seen:
                yield (*here, "id"), f"{item.id} occurs twice"
            seen.add(item.id)
            yield from _item(here, item, plan, ids)
    if rubric.total != 100:
        parts = " + ".join(f"{group.id} {sum(item.points for item in group.items)}" for group in rubric.groups)
        yield ("rubric", "groups"), f"the points add up to {rubric.total}, not 100 ({parts})"
    for key in ("bonus", "penalty"):
        extras = getattr(rubric, key).items
        yield from unique(("rubric", key, "items"), "id", [extra.id for extra in extras])
        for n, extra in enumerate(extras):
            yield from _extra(("rubric", key, "items", n), extra, ids)
    bounds = [grade.at_least for grade in rubric.grades]
    if bounds != sorted(set(bounds), reverse=True) or not bounds or bounds[-1] != 0:
        yield ("rubric", "grades"), "list the grades from the best down to the one that starts at 0"
    grades = [grade.id for grade in rubric.grades]
    yield from unique(("rubric", "grades"), "id", grades)
    yield from unique(("rubric", "vetoes"), "id", [veto.id for veto in rubric.vetoes])
    for n, veto in enumerate(rubric.vetoes):
        yield from _veto(("rubric", "vetoes", n), veto, grades, periods)


def _veto(here: Path, veto: Veto, grades: Collection[str], periods: Collection[str]) -> Found:
    yield from known((*here, "grade"), "grade", filter(None, [veto.grade]), grades)
    yield from known((*here, "no_submission_for"), "period", filter(None, [veto.no_submission_for]), periods)
    if veto.effect == "cap_grade" and veto.grade is None:
        yield here, "cap_grade needs the grade it caps at"
    if (veto.no_submission_for is None) != (veto.after is None):
        yield here, "no_submission_for and after: YYYY-MM-DD go together: by when the ledger had to be there"


def _extra(here: Path, extra: Extra, ids: Collection[str]) -> Found:
    yield from known((*here, "indicator"), "indicator", filter(None, [extra.indicator]), ids)
    if extra.rise:
        yield from known((*here, "rise", "indicator"), "indicator", [extra.rise.indicator], ids)


def _item(here: Path, item: RubricItem, plan: Plan, ids: Collection[str]) -> Found:
    codes = [district.code for district in plan.districts]
    yield from known((*here, "indicators"), "indicator", item.indicators, ids)
    yield from known((*here, "districts"), "district", item.districts or (), codes)
    for indicator in _found(item.indicators, plan):
        if item.method != "by_case":
            yield from _judgeable(here, item.method, item.params, indicator)
        scope = plan.scope(indicator)
        if item.districts and scope is not None and not set(item.districts) & set(scope):
            yield (*here, "districts"), f"{indicator.id} is about none of these districts"
    yield from _params((*here, "params"), item, item.params)
    for k, case in enumerate(item.params.cases):
        yield from _case((*here, "params", "cases", k), case, item, plan, codes)


def _case(here: Path, case: Case, item: RubricItem, plan: Plan, codes: Collection[str]) -> Found:
    yield from known((*here, "indicator"), "indicator", [case.indicator], item.indicators)
    yield from known((*here, "districts"), "district", case.districts or (), codes)
    if case.method in ("by_case", "checklist"):
        yield (*here, "method"), f"a case is judged by one indicator, not by {case.method}"
        return
    for indicator in _found([case.indicator], plan):
        yield from _judgeable(here, case.method, case.params, indicator)
    yield from _params((*here, "params"), item, case.params)


def _found(names: Collection[str], plan: Plan) -> Iterator[Indicator]:
    return (indicator for name in names if (indicator := plan.indicator(name)) is not None)


def _judgeable(here: Path, method: str, params: Params, indicator: Indicator) -> Found:
    """A method can judge the kind of indicator, and its dates are dates of that indicator."""
    fitting = _METHODS[_sort(indicator.kind)]
    in_full = method == "proportional" and params.target == 100  # of what is done or not, and of occasions, their share
    if method not in fitting and not in_full:
        others = ", ".join(sorted(fitting - {"by_case", "checklist"}))
        yield (*here, "method"), f"{method} can't judge {indicator.id}, which is a {indicator.kind}; {others} can"
        return
    if method in _OF_RATES and _sort(indicator.kind) == "figure" and not indicator.denominator:
        yield (*here, "method"), f"{method} needs a rate, and {indicator.id} has no denominator"
    if method == "boolean" and indicator.kind == "count" and not indicator.milestones:
        yield (*here, "method"), f"boolean asks whether a milestone was reached, and {indicator.id} has none"
    dues = [milestone.due for milestone in indicator.milestones]
    if params.due is not None and _sort(indicator.kind) == "figure" and params.due not in dues:
        told = ", ".join(map(str, dues)) or "none"
        yield (*here, "params", "due"), f"{indicator.id} has no milestone on {params.due} (it has: {told})"
    if indicator.cadence is not None:
        days = [str(occasion.due) for occasion in indicator.cadence.occasions]
        yield from known((*here, "params", "occasions"), "occasion", map(str, params.occasions), days)


def _sort(kind: Kind) -> str:
    return "cadence" if kind == "cadence" else "done" if kind in ("boolean", "document") else "figure"


def _params(here: Path, item: RubricItem, params: Params) -> Found:
    """Numbers that a method can work with."""
    if params.floor is not None and params.floor == params.target:
        yield (*here, "floor"), f"the floor and the target are both {params.floor}"
    if "tiers" in params.model_fields_set and not params.tiers:
        yield (*here, "tiers"), "list at least one tier"
    for k, tier in enumerate(params.tiers):
        if tier.points > item.points:
            yield (*here, "tiers", k, "points"), f"{tier.points} is more than the item's {item.points} points"
    ranked = sorted(params.tiers, key=lambda tier: tier.at_least)
    if any(higher.at_least == lower.at_least or higher.points <= lower.points for lower, higher in pairwise(ranked)):
        yield (*here, "tiers"), "a higher tier must earn more than the one below it"
    if params.points_each is not None and params.occasions and params.points_each * len(params.occasions) > item.points:
        total = params.points_each * len(params.occasions)
        yield (*here, "points_each"), f"{len(params.occasions)} occasions make {total}, the item has {item.points}"
