"""What the page of the register says."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from pipelines.reporting.data.facts import Facts, Placed, Source
from pipelines.reporting.marts import Bridge, Decision, District, Period, Proposal, RegisterEvent


@dataclass(frozen=True)
class RegisterPage:
    """How the list of communities moved."""

    steps: list[tuple[Period, Period, list[Bridge]]]
    """Per step: from, to, one bridge per district and the whole last."""
    missing: list[Placed]
    """Communities that districts which did report left out."""
    silent: list[tuple[District, int]]
    """Districts that sent nothing, with the communities they leave unreported."""
    events: list[tuple[RegisterEvent, Source | None]]
    """Communities renamed, merged, split, demolished or put right, the newest first."""
    decisions: list[Decision]
    proposals: list[Proposal]
    """What waits for a decision, the most certain first."""
    hints: dict[str, Proposal]
    """Community → the proposal that it is in."""


TOLD = ("merged_out", "split_in", "renamed", "demolished", "corrected")
"""Events that are told one by one; who was added is counted in the bridge, who is missing listed."""


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
    order_of = {p.period_id: n for n, p in enumerate(facts.periods)}
    events = facts.marts.read(
        RegisterEvent, "mart_register_event", "district_code event community_name community_id", plan_id=plan_id
    )
    told = sorted(
        (e for e in events if e.event in TOLD and e.period_id in order_of),
        key=lambda e: (-order_of[e.period_id], TOLD.index(e.event), order.get(e.district_code, 0)),
    )
    proposals = sorted(
        facts.marts.read(Proposal, "mart_register_proposal", "district_code kind community_id", plan_id=plan_id),
        key=lambda p: -p.score,
    )
    return RegisterPage(
        steps=steps,
        missing=[facts.place(c) for c in unreported if not c.district_silent],
        silent=[(facts.district[code], n) for code, n in silent.items() if code in facts.district],
        events=[(event, _source(facts, event)) for event in told],
        decisions=facts.marts.read(Decision, "mart_register_decision", "line", plan_id=plan_id),
        proposals=proposals,
        hints={name: p for p in reversed(proposals) for name in (p.community_id, *p.related_ids)},
    )


def _source(facts: Facts, event: RegisterEvent) -> Source | None:
    submission = facts.submission.get(event.submission_id or "")
    if submission is None or event.source_sheet is None or event.source_row is None:
        return None
    return Source(submission.file_name, event.source_sheet, event.source_row, submission.submission_id)
