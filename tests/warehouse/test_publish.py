"""What readers see: the same bytes for the same marts, whole tables, nothing left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.settings import Workspace
from pipelines.warehouse import dbt, last_build, publish


@pytest.fixture
def ws(built: Workspace, tmp_path: Path) -> Workspace:
    """The built world in a workspace of its own, nothing published yet."""
    own = Workspace(tmp_path)
    shutil.copytree(built.build, own.build)
    return own


def contents(ws: Workspace) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(ws.marts.iterdir())}


def test_every_mart_is_there_twice(ws: Workspace) -> None:
    publish.publish(ws)
    names = {mart.name for mart in publish.marts(ws)}
    assert {file.stem for file in ws.marts.glob("*.parquet")} == names
    assert sorted(contents(ws)) == sorted([*(f"{name}.parquet" for name in names), publish.WAREHOUSE])
    with duckdb.connect(str(ws.marts / publish.WAREHOUSE), read_only=True) as warehouse:
        for name in names:
            file = (ws.marts / f"{name}.parquet").as_posix()
            assert warehouse.execute(
                f"select count(*) from (from marts.{name} except all from read_parquet('{file}'))"
            ).fetchone() == (0,)
        comment = "select comment from duckdb_columns() where table_name = 'fct_indicator' and column_name = 'value'"
        assert "null where there is nothing below the line" in warehouse.execute(comment).fetchall()[0][0]
    assert (ws.marts / publish.WAREHOUSE).stat().st_size < 2_000_000


def change(ws: Workspace, table: str, query: str) -> None:
    """Another table in the build, from what stands there."""
    file = last_build.tables(ws) / f"{table}.parquet"
    before = pl.read_parquet(file)
    duckdb.sql(query).pl().write_parquet(file)
    assert not before.equals(pl.read_parquet(file))


@pytest.mark.slow
def test_same_marts_same_bytes(ws: Workspace) -> None:
    """Rows come sorted, whatever order and number of threads the build had."""
    publish.publish(ws)
    before = contents(ws)
    dbt.build(ws, threads=1)
    publish.publish(ws)
    assert contents(ws) == before
    (ws.marts / publish.WAREHOUSE).unlink()
    publish.publish(ws)
    assert {name: data for name, data in contents(ws).items() if name != publish.WAREHOUSE} == {
        name: data for name, data in before.items() if name != publish.WAREHOUSE
    }


def test_rows_are_sorted(ws: Workspace) -> None:
    """By what the model says, else by its key; no two rows are equal in it."""
    publish.publish(ws)
    nodes = dbt.manifest(ws)["nodes"].values()
    orders = {
        node["attached_node"]: node["test_metadata"]["kwargs"]["columns"]
        for node in nodes
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "key"
    }
    said = {node["unique_id"]: order for node in nodes if (order := node["config"]["meta"].get("sorted_by"))}
    assert said
    for mart in publish.marts(ws):
        model = f"model.actionplan.{mart.name}"
        order = (orders | said)[model]
        rows = pl.read_parquet(ws.marts / f"{mart.name}.parquet", columns=order)
        assert rows.equals(rows.sort(order)), mart.name
        assert rows.is_unique().all(), mart.name


def test_what_is_no_more_goes(ws: Workspace) -> None:
    ws.marts.mkdir(parents=True)
    (ws.marts / "mart_of_yesterday.parquet").write_bytes(b"")
    (ws.marts / ".gitkeep").touch()
    killed = ws.marts.with_name(".marts.new")
    killed.mkdir()
    (killed / "half.parquet").write_bytes(b"")
    publish.publish(ws)
    assert not (ws.marts / "mart_of_yesterday.parquet").exists()
    assert [path.name for path in ws.marts.parent.iterdir()] == ["marts"]
    assert (ws.marts / ".gitkeep").exists()


def test_a_damaged_warehouse_is_made_anew(ws: Workspace) -> None:
    publish.publish(ws)
    (ws.marts / publish.WAREHOUSE).write_bytes(b"no database")
    publish.publish(ws)
    with duckdb.connect(str(ws.marts / publish.WAREHOUSE), read_only=True) as warehouse:
        assert warehouse.execute("select count(*) from marts.dim_plan").fetchone() == (1,)


def test_an_open_reader_keeps_its_tables(ws: Workspace) -> None:
    publish.publish(ws)
    with duckdb.connect(str(ws.marts / publish.WAREHOUSE), read_only=True) as reader:
        count = "select count(*) from marts.fct_indicator"
        before = reader.execute(count).fetchone()
        change(ws, "fct_indicator", "from before where district_code <> 'ALL'")
        publish.publish(ws)
        assert reader.execute(count).fetchone() == before
    fresh = ws.root / "copy.duckdb"
    shutil.copyfile(ws.marts / publish.WAREHOUSE, fresh)
    with duckdb.connect(str(fresh), read_only=True) as reader:
        assert reader.execute(count).fetchone() != before


def test_a_failure_on_the_way_leaves_what_was_there(ws: Workspace) -> None:
    publish.publish(ws)
    before = contents(ws)
    (last_build.tables(ws) / "mart_rate_change.parquet").unlink()
    change(ws, "dim_plan", "from before where false")
    with pytest.raises(FileNotFoundError, match="mart_rate_change"):
        publish.publish(ws)
    assert contents(ws) == before


def test_no_build_no_publish(ws: Workspace) -> None:
    shutil.rmtree(last_build.tables(ws))
    with pytest.raises(FileNotFoundError, match="tables"):
        publish.publish(ws)
    assert not ws.marts.exists()
