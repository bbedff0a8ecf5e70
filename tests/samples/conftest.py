"""One world and its workbooks for all tests of this folder: both are read only."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pipelines.plans import Plan, load_plans
from pipelines.samples import District, Drop, histories, write_drops
from pipelines.settings import Workspace


@pytest.fixture(scope="session")
def plan() -> Plan:
    return load_plans()["bayannur_2023_2025"]


@pytest.fixture(scope="session")
def world(plan: Plan) -> dict[str, District]:
    return {district.code: district for district in histories(plan)}


@pytest.fixture(scope="session")
def drops(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> list[Drop]:
    return write_drops(plan, tmp_path_factory.mktemp("drops"))


@pytest.fixture(scope="session")
def folder(drops: list[Drop]) -> Path:
    return drops[0].path.parents[3]


@pytest.fixture(scope="session")
def taken_in(plan: Plan, drops: list[Drop], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace that has received all drops at the times they came."""
    from pipelines.intake.receive import submit
    from pipelines.intake.service import process_inbox

    ws = Workspace(tmp_path_factory.mktemp("workspace")).prepare()
    for drop in drops:
        submit(ws, [drop.path], received_at=drop.received_at)
    process_inbox(ws, {plan.id: plan}, datetime(2025, 12, 10, 9))
    return ws
