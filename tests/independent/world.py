"""The synthetic districts of every plan, sent once and looked at many times: by the product, and by hand."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from pipelines.intake.receive import submit
from pipelines.plans.loader import load_plans
from pipelines.plans.model import Plan
from pipelines.samples import District, histories, write_drops
from pipelines.settings import Workspace
from pipelines.warehouse import dbt, snapshot
from pipelines.warehouse.publish import publish
from tests.conftest import Command
from tests.independent import differences as against
from tests.independent.account import Account
from tests.independent.figures import all_figures
from tests.independent.gaps import Shortfalls, gap_communities
from tests.independent.lagging import lagging_districts
from tests.independent.plans import READINGS
from tests.independent.points import assess
from tests.independent.progress import Milestones, rate_changes, submission_status
from tests.independent.retelling import retell
from tests.independent.stated import facts_stated

PLANS = load_plans()
SMALL = {
    "bayannur_2023_2025": 8,
    "shucheng_2022_2024": 9,
    "chengdu_2018_2020": 6,
    "xx_community_2015_2017": 7,
    "hefei_experience": 40,
}
"""Communities per district."""


@dataclass(frozen=True)
class World:
    """Districts of some plans and the workspace that received their workbooks."""

    root: Path
    districts: dict[str, list[District]]

    def look(self, now: datetime, folder: Path) -> Path:
        """What the product makes of what had arrived by then, without the pages. Returns the workspace."""
        here = Workspace(folder)
        here.records.parent.mkdir(parents=True)
        os.symlink(Workspace(self.root).records, here.records)
        return build(here, now)

    def retold(self, number: int, now: datetime, folder: Path) -> World:
        """The same districts with something else in their ledgers, as the product sees them then."""
        here = Workspace(folder)
        shutil.copytree(Workspace(self.root).records, here.records)
        told = {name: retell(own, here.records, Random(f"{number}:{name}")) for name, own in self.districts.items()}
        return World(build(here, now), told)


def build(ws: Workspace, now: datetime) -> Path:
    """Everything behind intake: register, models, assessment, publishing."""
    snapshot.write_inputs(ws, PLANS, now, known_at=now)
    dbt.build(ws)
    publish(ws)
    return ws.root


def send(root: Path, sizes: dict[str, int | None], seed: int, until: datetime, actionplan: Command) -> World:
    """Hand in every workbook of these plans that had arrived by then, and run the whole way."""
    districts = {}
    for name, communities in sizes.items():
        districts[name] = list(histories(PLANS[name], communities=communities, seed=seed))
        for drop in write_drops(PLANS[name], root / "sent", communities=communities, seed=seed):
            if drop.received_at <= until:
                submit(Workspace(root), [drop.path], drop.received_at, "/".join(drop.path.parts[-4:-1]))
    done = actionplan(root, "run", now=until.isoformat())
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return World(root, districts)


def differences(root: Path, plan: Plan, districts: list[District], now: datetime) -> Iterable[against.Difference]:
    """Everything published for a plan that is not what the truth says."""
    account, reading = Account(plan, districts, now), READINGS[plan.id]
    marts = against.Marts(root, plan)
    figures, register = all_figures(account, reading)
    yield from against.status_differences(marts, submission_status(account))
    yield from against.bridge_differences(marts, register, account)
    yield from against.figure_differences(marts, account, figures)
    milestones, changes = Milestones(account, reading, figures), rate_changes(account, reading, figures)
    progress, shortfalls = milestones.all(), Shortfalls(account, reading, register)
    yield from against.change_differences(marts, changes)
    yield from against.progress_differences(marts, progress)
    yield from against.gap_differences(marts, gap_communities(milestones, progress, shortfalls, marts.identities()))
    yield from against.lagging_differences(marts, lagging_districts(account, progress, changes, shortfalls))
    yield from against.fact_differences(marts, facts_stated(account, reading, figures))
    if plan.rubric is not None:
        yield from against.assessment_differences(marts, *assess(account, figures))


def all_differences(root: Path, districts: dict[str, list[District]], now: datetime) -> str:
    """The differences of every plan that had received anything by then, in words; empty where there is none."""
    found = [
        (name, difference)
        for name, own in districts.items()
        if any(s.received_at <= now for district in own for s in district.submissions)
        for difference in differences(root, PLANS[name], own, now)
    ]
    if not found:
        return ""
    summary = Counter((name, d.table, d.what) for name, d in found)
    head = [f"{count} × {name} {table}.{what}" for (name, table, what), count in summary.most_common()]
    return "\n".join([f"{len(found)} differences", *head, "", *(f"{name} {d}" for name, d in found[:200])])
