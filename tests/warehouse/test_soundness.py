"""What is published is compared with what was built, and the register's bridge with itself."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.settings import Workspace
from pipelines.warehouse import last_build, soundness
from pipelines.warehouse.publish import WAREHOUSE, Mart

TABLE = "create table marts.dim_plan as select * from (values ('a', 1), ('b', null)) as t (plan_id, districts)"


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with one mart, built and published."""
    ws = Workspace(tmp_path).prepare()
    monkeypatch.setattr(soundness, "marts", lambda _: [Mart("dim_plan", "", {})])
    last_build.tables(ws).mkdir(parents=True)
    change(ws.marts / WAREHOUSE, "create schema marts", TABLE)
    for file, rows in ((mart(ws), "('b', null), ('a', 1)"), (built(ws), "('a', 1), ('b', null)")):
        duckdb.execute(f"copy (select * from (values {rows}) as t (plan_id, districts)) to '{file}'")
    return ws


def mart(ws: Workspace) -> Path:
    return ws.marts / "dim_plan.parquet"


def built(ws: Workspace) -> Path:
    return last_build.tables(ws) / "dim_plan.parquet"


def change(database: Path, *statements: str) -> None:
    with duckdb.connect(str(database)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_the_same_rows_in_any_order_are_the_same(ws: Workspace) -> None:
    assert soundness.differences(ws) == []


def test_a_changed_value_is_seen(ws: Workspace) -> None:
    change(ws.marts / WAREHOUSE, "update marts.dim_plan set districts = 2 where plan_id = 'a'")
    [wrong] = soundness.differences(ws)
    assert wrong.startswith("dim_plan in warehouse.duckdb: 2 rows")


def test_a_missing_row_is_seen(ws: Workspace) -> None:
    duckdb.execute(f"copy (select 'a' as plan_id, 1 as districts) to '{mart(ws)}'")
    [wrong] = soundness.differences(ws)
    assert wrong.startswith("dim_plan in dim_plan.parquet: 1 rows")


def test_the_build_may_stand_elsewhere_than_it_was_made(ws: Workspace) -> None:
    moved = Workspace(ws.root.rename(ws.root.with_name("moved")))
    assert soundness.differences(moved) == []


@pytest.mark.parametrize("damage", [b"", b"PAR1 torn"])
def test_a_torn_file_is_seen(ws: Workspace, damage: bytes) -> None:
    mart(ws).write_bytes(damage)
    [wrong] = soundness.differences(ws)
    assert wrong.startswith("dim_plan in dim_plan.parquet: ")


def test_a_bridge_that_does_not_close(ws: Workspace) -> None:
    step = "select 'p' as plan_id, '1' as district_code, 't' as period_id, 10 as opening, 2 as added, 0 as split_in, "
    change(
        ws.marts / WAREHOUSE,
        f"create table marts.mart_register_bridge as {step} 1 as merged_out, 0 as demolished, 0 as corrected, "
        "12 as closing",
        "create table marts.dim_district as select 'p' as plan_id, '1' as district_code",
    )
    assert soundness.open_steps(ws)["adds_up_to"].to_list() == [11]
    assert soundness.bridge(ws).rows() == [("p", "t", 10, 2, 0, 1, 0, 0, 12)]
