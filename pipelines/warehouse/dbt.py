"""dbt's models and tests over the inputs of one workspace."""

from __future__ import annotations

import glob
import os
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.settings import Workspace
from pipelines.warehouse import last_build, parsed
from pipelines.warehouse.dbt_runner import LEAST_MEMORY_MB, BuildFailed, OnEvent, invoke

__all__ = ["BuildFailed", "OnEvent", "build", "check_units", "docs", "manifest", "memory_for"]


def build(ws: Workspace, *, threads: int = 2, on_event: OnEvent | None = None) -> None:
    """Build and test every model afresh from ``<build>/inputs``, into ``<build>/warehouse.duckdb`` and the files beside
    it that it has views on (``<build>/tables``).

    Unit tests are left out: they test the project, not the data. A build that went through is noted, so that
    ``last_build.is_current`` knows it again. Raises BuildFailed.
    """
    last_build.forget(ws)
    rested_on = last_build.rests_on(ws)
    _begin(ws)
    options = ["--exclude-resource-type", "unit_test", "--threads", str(threads)]
    options += ["--no-write-json"]  # what it knows of the project is kept already, what became of it is told by events
    _invoke(ws, "build", *options, memory_mb=memory_for(ws), on_event=on_event)
    last_build.note(ws, rested_on)


def check_units(ws: Workspace) -> None:
    """Run the project's unit tests. They take their column types from a finished build. Raises BuildFailed."""
    _invoke(ws, "test", "--resource-type", "unit_test")


def docs(ws: Workspace) -> Path:
    """One HTML page with every source, model, column, test and exposure, their SQL and their lineage.

    Column types are those of the last build. Raises BuildFailed.
    """
    _invoke(ws, "docs", "generate", "--static")
    return _target(ws) / "static_index.html"


def manifest(ws: Workspace) -> Any:
    """What dbt knows of the project as it stands, as its ``manifest.json`` has it. Raises BuildFailed."""
    return parsed.as_json(ws.build)


def _begin(ws: Workspace) -> None:
    """A new DuckDB file with the inputs as views, which are dbt's sources, and no file of a model."""
    import duckdb

    if (tables := last_build.tables(ws)).exists():
        shutil.rmtree(tables)
    tables.mkdir(parents=True)

    file = last_build.database(ws)
    for old in (file, file.with_suffix(".duckdb.wal")):
        old.unlink(missing_ok=True)
    inputs = ws.build / "inputs"
    with duckdb.connect(str(file)) as database:
        for schema, folder in (("inputs", inputs), ("records", inputs / "records")):
            database.execute(f"create schema {schema}")
            for table in sorted(folder.glob("*.parquet")):
                path = glob.escape(table.as_posix()).replace("'", "''")
                database.execute(f"create view {schema}.\"{table.stem}\" as from read_parquet('{path}')")


def _target(ws: Workspace) -> Path:
    return ws.build / "dbt"


def memory_for(ws: Workspace) -> int:
    """Megabytes for DuckDB: sorts and joins write to disk what has no room, but not all, and two models run at once.

    1.5 KB for each row of the register, little more than making the register took; half of the machine's at most.
    """
    register = ws.build / "inputs" / "register.parquet"
    if not register.is_file():
        return LEAST_MEMORY_MB  # the models will say what is missing
    rows: int = pl.scan_parquet(register, glob=False).select(pl.len()).collect().item()
    half_of_all = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return max(LEAST_MEMORY_MB, min(rows * 1500, half_of_all) // 10**6)


def _invoke(
    ws: Workspace,
    command: str,
    *options: str,
    memory_mb: int = LEAST_MEMORY_MB,
    on_event: OnEvent | None = None,
) -> None:
    ws.build.mkdir(parents=True, exist_ok=True)
    invoke(
        command,
        *options,
        database=last_build.database(ws),
        tables=last_build.tables(ws),
        target=_target(ws),
        memory_mb=memory_mb,
        manifest=parsed.for_dbt(ws.build),
        on_event=on_event,
    )
