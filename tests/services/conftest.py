"""What districts sent, for services to find."""

from __future__ import annotations

import pytest

from pipelines.plans.loader import load_plans
from pipelines.samples import write_drops
from pipelines.samples.drops import Drop
from tests.services.services import PLAN

DISTRICTS = ["150802", "150821", "150825"]


@pytest.fixture(scope="session")
def drops(tmp_path_factory: pytest.TempPathFactory) -> list[Drop]:
    """What three districts sent for a period."""
    folder = tmp_path_factory.mktemp("drops")
    plan = load_plans()[PLAN]
    return write_drops(plan, folder, communities=10, districts=DISTRICTS, periods=["2023-11"])
