"""dbt's models and tests over the inputs of one workspace."""

from __future__ import annotations

import glob
import shutil
from pathlib import Path
from typing import Any

from pipelines.settings import Workspace
from pipelines.warehouse import last_build, parsed
from pipelines.warehouse.dbt_runner import BuildFailed, OnEvent, invoke

__all__ = ["BuildFailed", "OnEvent", "build", "check_units", "docs", "manifest"]


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
    _invoke(ws, "build", *options, on_event=on_event)
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


def _invoke(ws: Workspace, command: str, *options: str, on_event: OnEvent | None = None) -> None:
    ws.build.mkdir(parents=True, exist_ok=True)
    project = parsed.for_dbt(ws.build)
    database, tables = last_build.database(ws), last_build.tables(ws)
    invoke(command, *options, database=database, tables=tables, target=_target(ws), manifest=project, on_event=on_event)
