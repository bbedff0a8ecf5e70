"""What the page of the register says."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from pipelines.reporting.data.facts import Facts, Placed
from pipelines.reporting.marts import Bridge, District, Ended, Period


@dataclass(frozen=True)
class RegisterPage:
    """How the list of communities moved."""

    steps: list[tuple[Period, Period, list[Bridge]]]
    """Per step: from, to, one bridge per district and the whole last."""
    missing: list[Placed]
    """Communities that districts which did report left out."""
    silent: list[tuple[District, int]]
    """Districts that sent nothing, with the communities they leave unreported."""
    ended: list[Ended]


def register_page(facts: Facts) -> RegisterPage:
    """How the list of communities moved from period to period, and which communities left it."""
    plan_id = facts.plan.plan_id
    bridges: dict[str, list[Bridge]] = defaultdict(list)
    order = {d.district_code: n for n, d in enumerate(facts.districts)}
    for bridge in facts.marts.read(Bridge, "mart_register_bridge", "period_id district_code", plan_id=plan_id):
        bridges[bridge.period_id].append(bridge)
    period = {p.period_id: p for p in facts.periods}
    steps = [
        (period[rows[0].period_from], later, sorted(rows, key=lambda b: order.get(b.district_code, len(order))))
        for later in reversed(facts.periods)
        if (rows := bridges.get(later.period_id)) and rows[0].period_from in period
    ]
    unreported = facts.communities(in_register=True, is_reported=False)
    silent = Counter(c.district_code for c in unreported if c.district_silent)
    ended = facts.marts.read(
        Ended, "dim_community", "district_code fate last_period community_name community_id", plan_id=plan_id
    )
    return RegisterPage(
        steps=steps,
        missing=[facts.place(c) for c in unreported if not c.district_silent],
        silent=[(facts.district[code], n) for code, n in silent.items() if code in facts.district],
        ended=[e for e in ended if e.fate in ("merged", "split", "demolished")],
    )
