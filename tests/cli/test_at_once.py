"""Two commands typed at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from pipelines.intake.receive import submit
from pipelines.plans import load_plans
from pipelines.samples import write_drops
from pipelines.settings import Workspace
from tests.conftest import Command

pytestmark = pytest.mark.slow


def test_one_of_two_runs_works_and_the_other_says_so(tmp_path: Path, typed: Command) -> None:
    """Every workbook is taken in once, by whichever came first."""
    plan = load_plans()["bayannur_2023_2025"]
    drops = write_drops(plan, tmp_path / "drops", communities=5, districts=["150825"])
    ws = Workspace(tmp_path / "workspace").prepare()
    for drop in drops:
        submit(ws, [drop.path], drop.received_at, f"{plan.id}/{drop.period_id}/{drop.district_code}")
    with ThreadPoolExecutor(2) as beside:
        done = sorted(beside.map(lambda _: typed(ws.root, "run"), range(2)), key=lambda one: one.returncode)
    assert [one.returncode for one in done] == [0, 3], [one.stderr for one in done]
    assert "actionplan run" in done[1].stderr
    assert pl.read_parquet(ws.records / "submission" / "[0-9a-f]*.parquet")["sha256"].is_unique().all()
    assert pl.read_parquet(ws.marts / "fct_submission.parquet")["submission_id"].n_unique() == len(drops)
