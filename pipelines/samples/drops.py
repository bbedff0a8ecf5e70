"""Writes a plan's synthetic workbooks as districts would drop them, and made-up plans with any number of districts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from pipelines.plans.loader import BUILT_IN
from pipelines.plans.model import Plan
from pipelines.samples.history import histories
from pipelines.samples.truth import District, Submission
from pipelines.samples.workbooks import write_workbook

LIKE = "bayannur_2023_2025"
"""The plan whose districts the stories tell."""


@dataclass(frozen=True)
class Drop:
    """One workbook as it arrives."""

    path: Path
    received_at: datetime
    plan_id: str
    district_code: str
    period_id: str
    note: str
    submission: Submission
    """What it says, and what is planted in it."""


def write_drops(
    plan: Plan,
    folder: Path,
    *,
    communities: int | None = None,
    districts: Iterable[str] | None = None,
    periods: Iterable[str] | None = None,
    seed: int = 2023,
) -> list[Drop]:
    """Write every workbook the plan's districts send, as ``<folder>/<plan>/<period>/<district>/<file>.xlsx``.

    ``communities`` per district (None: the stories' own sizes); only these ``districts`` and ``periods`` when given.
    The drops come in the order in which they were received. The same arguments write the same bytes on every machine.
    """
    told = histories(plan, communities=communities, districts=districts, seed=seed)
    drops = [drop for district in told for drop in _write(plan, district, folder, periods)]
    return sorted(drops, key=lambda drop: (drop.received_at, drop.path))


def stream_drops(
    plan: Plan, folder: Path, *, communities: int | None = None, periods: Iterable[str] | None = None, seed: int = 2023
) -> Iterator[Path]:
    """The same, district by district, keeping nothing: memory does not grow with the number of districts."""
    for district in histories(plan, communities=communities, seed=seed):
        for drop in _write(plan, district, folder, periods):
            yield drop.path


def _write(plan: Plan, district: District, folder: Path, periods: Iterable[str] | None) -> Iterator[Drop]:
    wanted = None if periods is None else set(periods)
    for submission in district.submissions:
        ledger = submission.ledger
        if wanted is not None and ledger.period_id not in wanted:
            continue
        path = folder / plan.id / ledger.period_id / district.code / submission.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_workbook(submission, plan.name.zh, path, plan.fields)
        yield Drop(path, submission.received_at, plan.id, district.code, ledger.period_id, submission.note, submission)


def write_load_plan(folder: Path, districts: int, plan_id: str = "load_2023_2025") -> Path:
    """Write a made-up plan with so many districts (codes 900001 …) and the Bayannur plan's contents; returns its file.

    Raises ValueError when there are more districts than codes.
    """
    if not 1 <= districts <= 99_999:
        raise ValueError(f"1 to 99999 districts, not {districts}")
    plan = yaml.safe_load((BUILT_IN / f"{LIKE}.yaml").read_text(encoding="utf-8"))
    plan |= {
        "id": plan_id,
        "name": {"zh": "虚构区域住宅物业服务三年行动方案（负载测试）", "en": "Made-up region: load test"},
        "aliases": [],
        "region": {"code": "900000", "name": "虚构区域"},
        "districts": [
            {"code": f"{900_000 + n}", "name": {"zh": f"虚构{n:05}县", "en": f"Made-up county {n:05}"}}
            for n in range(1, districts + 1)
        ],
    }
    own = {district["code"] for district in plan["districts"]}
    for holder in [*plan["indicators"], *(m for i in plan["indicators"] for m in i.get("milestones", ()))]:
        if "districts" in holder:  # the district that the original singles out
            holder["districts"] = [min(own)]
    for item in (item for group in plan["rubric"]["groups"] for item in group["items"]):
        for holder in [item, *item.get("params", {}).get("cases", ())]:
            if "districts" in holder:
                holder["districts"] = [min(own)]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{plan_id}.yaml"
    path.write_text(yaml.safe_dump(plan, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path
