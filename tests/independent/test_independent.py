"""Everything published for every plan, against a calculation that shares nothing with the product.

Synthetic districts of known truth are sent through the whole way (receive, read, validate, register, dbt, assessment,
publish); every published figure must be what the truth says under the published semantics. ``make sweep`` does it with
more seeds, sizes and retellings.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.independent.world import PLANS, SMALL, World, all_differences, send

pytestmark = pytest.mark.slow
AFTERWARDS = datetime(2025, 12, 10, 10)
"""After the last date of the last plan."""
MOMENTS = ["2016-08-20T10:00:00", "2023-12-20T10:00:00", "2019-03-10T10:00:00", "2024-12-15T10:00:00"]
"""In the midst of each plan; the first two are looked at every day."""
SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "2 3 5 7 11").split()]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, actionplan: Command) -> World:
    return send(tmp_path_factory.mktemp("world"), dict(SMALL), 1, AFTERWARDS, actionplan)


def test_every_published_figure_of_every_plan(world: World) -> None:
    assert world.districts.keys() == PLANS.keys()
    differences = all_differences(world.root, world.districts, AFTERWARDS)
    assert not differences, differences


@pytest.mark.parametrize("now", MOMENTS[:2])
def test_every_figure_as_it_was_known(world: World, now: str, tmp_path: Path) -> None:
    moment = datetime.fromisoformat(now)
    differences = all_differences(world.look(moment, tmp_path), world.districts, moment)
    assert not differences, differences


@pytest.mark.parametrize(("number", "now"), [(2, AFTERWARDS), (4, datetime(2024, 12, 15, 10))])
def test_every_figure_of_untidy_ledgers(world: World, number: int, now: datetime, tmp_path: Path) -> None:
    """Ledgers that never came, sheets not given, rows left out, cells that are blank or say something else."""
    told = world.retold(number, now, tmp_path)
    differences = all_differences(told.root, told.districts, now)
    assert not differences, differences


@pytest.mark.sweep
@pytest.mark.parametrize("seed", SEEDS)
def test_at_every_seed(seed: int, tmp_path: Path, actionplan: Command) -> None:
    """Sizes that change with the seed, and every third time those of the stories."""
    sizes = {name: size + seed % 7 if seed % 3 else None for name, size in SMALL.items()}
    told = send(tmp_path / "sent", sizes, seed, AFTERWARDS, actionplan)
    assert not (found := all_differences(told.root, told.districts, AFTERWARDS)), found
    for number, moment in enumerate(map(datetime.fromisoformat, MOMENTS)):
        found = all_differences(told.look(moment, tmp_path / f"look-{number}"), told.districts, moment)
        assert not found, found
    for number in range(5):
        again = told.retold(number, AFTERWARDS, tmp_path / f"retold-{number}")
        assert not (found := all_differences(again.root, again.districts, AFTERWARDS)), found
