"""Whether what is published is what was built, and whether the register adds up. Reads, changes nothing."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from pipelines.settings import Workspace
from pipelines.warehouse import last_build
from pipelines.warehouse.publish import WAREHOUSE, marts


def differences(ws: Workspace) -> list[str]:
    """Every published table that is not the one built, as a Parquet file or in ``warehouse.duckdb``; with the reason.

    Rows are compared as sets, by count and a hash over all columns.
    """
    wrong: list[str] = []
    published = ws.marts / WAREHOUSE
    with duckdb.connect(str(published), read_only=True) as warehouse:
        for mart in marts(ws):
            # The file itself: a view on it stands where the workspace was when it was built.
            built = content(warehouse, parquet(last_build.tables(ws) / f"{mart.name}.parquet"))
            file = ws.marts / f"{mart.name}.parquet"
            for where, found in (
                (file.name, content(warehouse, parquet(file))),
                (WAREHOUSE, content(warehouse, f"marts.{mart.name}")),
            ):
                if found != built:
                    wrong.append(f"{mart.name} in {where}: {_said(found)}, built {_said(built)}")
    return wrong


def open_steps(ws: Workspace) -> pl.DataFrame:
    """The steps of the register's bridge that don't close to the unit; none, when all is well."""
    return _asked(
        ws,
        """
        select
            plan_id, district_code, period_id, opening, closing,
            opening + added + split_in - merged_out - demolished + corrected as adds_up_to
        from marts.mart_register_bridge
        where closing <> opening + added + split_in - merged_out - demolished + corrected
        order by all
        """,
    )


def bridge(ws: Workspace) -> pl.DataFrame:
    """The register's bridge over whole plans: plan_id, period_id, opening, every kind of change, closing."""
    return _asked(
        ws,
        """
        select
            b.plan_id, b.period_id, sum(opening) as opening, sum(added) as added, sum(split_in) as split_in,
            sum(merged_out) as merged_out, sum(demolished) as demolished, sum(corrected) as corrected,
            sum(closing) as closing
        from marts.mart_register_bridge as b
        join marts.dim_district as d using (plan_id, district_code)
        group by all
        order by all
        """,
    )


def _asked(ws: Workspace, query: str) -> pl.DataFrame:
    with duckdb.connect(str(ws.marts / WAREHOUSE), read_only=True) as warehouse:
        found = warehouse.execute(query)
        return pl.DataFrame(found.fetchall(), schema=[column[0] for column in found.description or ()], orient="row")


def content(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int] | str:
    """Stands for the rows of a relation, every value read: how many, and a hash; what is wrong where it can't be."""
    try:
        row = connection.execute(f"select count(*), coalesce(bit_xor(hash(t)), 0) from {relation} as t").fetchone()
    except duckdb.Error as error:
        return str(error).splitlines()[0][:120]
    assert row
    return int(row[0]), int(row[1])


def parquet(file: Path) -> str:
    """A Parquet file as a relation."""
    return "read_parquet('" + file.as_posix().replace("'", "''") + "')"


def _said(found: tuple[int, int] | str) -> str:
    return found if isinstance(found, str) else f"{found[0]} rows with hash {found[1]:016x}"
