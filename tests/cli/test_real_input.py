"""The whole way on workbooks made from real public listings, where they lie beside the checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.intake.receive import submit
from pipelines.settings import Workspace
from tests.conftest import Command

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(shared: Path, tmp_path_factory: pytest.TempPathFactory, actionplan: Command) -> Path:
    """A workspace that took in all of them."""
    root = tmp_path_factory.mktemp("real")
    drops = shared / "data" / "drops"
    for path in sorted(drops.rglob("*.xlsx")):
        submit(Workspace(root), [path], drop_folder=path.parent.relative_to(drops).as_posix())
    done = actionplan(root, "run")
    assert done.returncode == 0, done.stderr
    return root


def mart(root: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(root / "data" / "marts" / f"{name}.parquet")


def test_the_interface_holds(root: Path, shared: Path) -> None:
    tool = shared / "tools" / "check_interface.py"
    if not tool.is_file():
        pytest.skip("tools/check_interface.py is not beside the real input")
    done = subprocess.run([sys.executable, tool, root], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_workbook_has_a_verdict_and_a_receipt(root: Path, shared: Path) -> None:
    sent = list((shared / "data" / "drops").rglob("*.xlsx"))
    submissions = mart(root, "fct_submission")
    assert submissions.height == len(sent)
    assert submissions["plan_id"].null_count() == 0
    assert len(list((root / "data" / "raw" / "receipts").rglob("*.xlsx"))) == len(sent)


def test_no_value_is_guessed(root: Path) -> None:
    """Each cell of the recorded communities was read, withheld with an issue, or said to be unknown."""
    with duckdb.connect() as connection:
        records = f"read_parquet('{(root / 'data' / 'raw' / 'records' / 'community').as_posix()}/*.parquet')"
        issues = f"read_parquet('{(root / 'data' / 'raw' / 'records' / 'issue').as_posix()}/*.parquet')"
        unexplained = connection.execute(
            f"""select count(*) from (select submission_id, source_row, unnest(withheld) as field from {records}) r
            anti join (select submission_id, source_row, if(rule_id = 'R08', 'is_professional', field) as field
                from {issues} where severity = 'error') i
            using (submission_id, source_row, field)"""
        ).fetchone()
        out_of_range = connection.execute(
            f"select count(*) from {records} where households < 1 or floor_area_sqm <= 0 or floor_area_sqm >= 5000000"
        ).fetchone()
    assert unexplained == (0,)
    assert out_of_range == (0,)


def test_unknown_management_covers_nobody(root: Path) -> None:
    """Words like 暂无信息 in the management column are no management; coverage rests on what was said."""
    status = mart(root, "fct_community_status").filter(pl.col("is_reported"))
    covered = status.filter(pl.col("has_management"))
    assert 0 < covered.height < status.height
    assert not set(covered["management_mode"]) & {"none", "unknown", None}
    for row in mart(root, "fct_indicator").filter(pl.col("indicator_id") == "pm_coverage_rate").iter_rows(named=True):
        assert row["numerator"] is None or 0 <= row["numerator"] <= row["denominator"]
