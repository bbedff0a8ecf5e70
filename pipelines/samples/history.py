"""From a story to a district's history: what stood at each as-of date, and every workbook it sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from pipelines.plans.model import District as PlanDistrict
from pipelines.plans.model import Period, Plan
from pipelines.samples.estates import Firm
from pipelines.samples.names import place
from pipelines.samples.paperwork import Desk, write_down
from pipelines.samples.problems import plant
from pipelines.samples.stories import story_of
from pipelines.samples.truth import District, Ledger, Submission
from pipelines.samples.world import DistrictWorld, Step, chains, history_begins


def histories(
    plan: Plan, *, communities: int | None = None, districts: Iterable[str] | None = None, seed: int = 2023
) -> Iterator[District]:
    """The districts of the plan one by one, in the plan's order.

    ``communities``: how many each has in the last period; None leaves the stories' own sizes. ``districts``: only these
    codes. A district does not depend on which others are asked for.
    """
    wanted = set(districts) if districts is not None else None
    shared = chains(seed, plan.region.name, plan.region.code or "150800")
    for district in plan.districts:
        if wanted is None or district.code in wanted:
            yield history(plan, district, shared, communities, seed)


def history(plan: Plan, district: PlanDistrict, shared: list[Firm], communities: int | None, seed: int) -> District:
    """One district's history."""
    rng = Random(f"{seed}:{plan.id}:{district.code}")
    story = story_of(plan, district.code, rng)
    course = story["course"]
    size = communities / course["completed"][-1] if communities and course["completed"][-1] else 1.0
    where, counted = place(district.code, district.name.zh, rng, story.get("towns")), plan.parameters.bodies_counted
    world = DistrictWorld(where, story, rng, shared, size, start=plan.start, counted=counted)
    told = District(district.code, district.name.zh, story["title"], {}, [])
    since, heard = history_begins(plan.start), True
    for number, period in enumerate(plan.periods):
        now = {measure: values[number] for measure, values in course.items()}
        step = Step(period.id, period.as_of, since, now, is_first=number == 0)
        # What changed since the last ledger that was sent, not since the last as-of date.
        world.advance(step, reset_changes=heard)
        for version, sent in enumerate(now["sent"], 1):
            if better := sent.get("better"):
                world.improve(step, {**now, **better})
            told.submissions.append(_submission(plan, period, world, step, sent, version, told.submissions, seed))
        told.stood[period.id] = tuple(estate.now for estate in world.estates)
        heard, since = bool(now["sent"]), period.as_of + timedelta(days=1)
    return told


def _submission(
    plan: Plan,
    period: Period,
    world: DistrictWorld,
    step: Step,
    sent: Mapping[str, Any],
    version: int,
    earlier: list[Submission],
    seed: int,
) -> Submission:
    received = datetime.fromisoformat(sent["at"])
    rng = Random(f"{seed}:{world.place.code}:{period.id}:{version}")
    kinds = {"baseline": f"{period.as_of.year}摸底调查情况统计表", "ledger": f"{period.as_of.year}年度工作台账"}
    kind = kinds.get(period.kind, period.name.zh)
    mark = f"(第{version}次报送)" if version > 1 else ""
    submission = Submission(
        ledger=write_down(Desk(plan, period, world, step, rng)),
        version=version,
        received_at=received,
        filled=received.date() if received.hour > 12 else received.date() - timedelta(days=1),
        file_name=f"{world.place.name}{kind}{mark}.xlsx",
        style=sent["style"],
        note=sent.get("note", ""),
        problems=tuple(sent.get("problems", ())),
    )
    plant(submission, _last_ledgers(earlier, period.as_of), rng)
    return submission


def _last_ledgers(earlier: list[Submission], before: date) -> list[Ledger]:
    """What the district had said of earlier periods, oldest first, each in its newest version."""
    by_period = {s.ledger.period_id: s.ledger for s in earlier if s.ledger.as_of < before and not s.returned}
    return list(by_period.values())
