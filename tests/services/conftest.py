"""What districts sent, for services to find."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.plans.loader import load_plans
from pipelines.samples import write_drops
from pipelines.samples.drops import Drop
from tests.services.services import PLAN

DISTRICTS = ["150802", "150821", "150825"]


def _of(period: str, folder: Path) -> list[Drop]:
    return write_drops(load_plans()[PLAN], folder, communities=10, districts=DISTRICTS, periods=[period])


@pytest.fixture(scope="session")
def drops(tmp_path_factory: pytest.TempPathFactory) -> list[Drop]:
    """What three districts sent for a period."""
    return _of("2023-11", tmp_path_factory.mktemp("drops"))


@pytest.fixture(scope="session")
def later(tmp_path_factory: pytest.TempPathFactory) -> list[Drop]:
    """What they sent for the next."""
    return _of("2024-11", tmp_path_factory.mktemp("drops"))


@pytest.fixture(scope="session")
def last(tmp_path_factory: pytest.TempPathFactory) -> list[Drop]:
    """What they sent for the last."""
    return _of("2025-11", tmp_path_factory.mktemp("drops"))
