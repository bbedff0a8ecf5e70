"""Running dbt's models and tests in this process, over the inputs of one workspace.

dbt costs seconds to import, so nothing here imports it before it is needed. What varies between workspaces reaches dbt
through the environment (never through ``--vars``, which would have it parse everything anew): the inputs and the
private DuckDB file. Its parse of the project is kept in ``<build>/dbt`` and used again.
"""

from __future__ import annotations

import glob
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.settings import CHECKOUT, Workspace
from pipelines.warehouse import last_build

PROJECT = CHECKOUT / "dbt_project"
OnEvent = Callable[[Any], None]
"""Receives every event of dbt (a protobuf message; ``event.info.name`` says what it is) as it happens."""

_LOCK = threading.Lock()
"""dbt keeps its state in the process: one build at a time."""


class BuildFailed(Exception):
    """Models or tests failed. The text names each one, its file and what went wrong."""


def build(ws: Workspace, *, threads: int = 2, on_event: OnEvent | None = None) -> None:
    """Build and test every model afresh into ``<build>/warehouse.duckdb`` from ``<build>/inputs``.

    Unit tests are left out: they test the project, not the data. A build that went through is noted, so that
    ``last_build.is_current`` knows it again. Raises BuildFailed.
    """
    last_build.forget(ws)
    rested_on = last_build.rests_on(ws)
    for file in (last_build.database(ws), last_build.database(ws).with_suffix(".duckdb.wal")):
        file.unlink(missing_ok=True)
    _invoke(ws, "build", "--exclude-resource-type", "unit_test", "--threads", str(threads), on_event=on_event)
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


def manifest(ws: Workspace) -> Path:
    """What dbt knows of the project as it stands, parsed anew where a file changed. Raises BuildFailed."""
    file = _target(ws) / "manifest.json"
    if not _is_whole(file) or file.stat().st_mtime < max(path.stat().st_mtime for path in PROJECT.rglob("*")):
        _invoke(ws, "parse")
    return file


def _is_whole(file: Path) -> bool:
    """Whether a file holds JSON to its end: dbt writes in place, and may have been killed meanwhile."""
    try:
        json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return True


def _target(ws: Workspace) -> Path:
    return ws.build / "dbt"


def _invoke(ws: Workspace, command: str, *options: str, on_event: OnEvent | None = None) -> None:
    from dbt.cli.main import dbtRunner

    ws.build.mkdir(parents=True, exist_ok=True)
    arguments = [command, *options, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    arguments += ["--target-path", str(_target(ws)), "--log-path", str(_target(ws)), "--log-level", "none"]
    arguments += ["--log-level-file", "none", "--no-print", "--no-use-colors"]
    arguments += ["--no-version-check", "--no-send-anonymous-usage-stats"]
    with _LOCK, _environment(ws):
        runner = dbtRunner(callbacks=[on_event] if on_event else [])
        outcome = runner.invoke(arguments)
        _close_connections()
    if outcome.success:
        return
    if outcome.exception is not None:
        raise BuildFailed(f"dbt {command}: {outcome.exception}") from outcome.exception
    raise BuildFailed("\n".join(_failures(outcome.result)))


def _failures(result: Any) -> Iterator[str]:
    """One paragraph per node that failed: its name, its file, its message."""
    for node in result.results:
        if node.status in ("error", "fail", "runtime error"):
            lines = [line.strip() for line in (node.message or str(node.status)).strip().splitlines()]
            if len(lines) > 1 and " Error in " in lines[0]:
                del lines[0]  # says again which node it was
            yield "\n  ".join([f"{node.node.name} ({node.node.original_file_path}): {lines[0]}", *lines[1:]])


@contextmanager
def _environment(ws: Workspace) -> Iterator[None]:
    """What the project reads from the environment, for as long as dbt runs."""
    wanted = {
        "ACTIONPLAN_BUILD_DB": str(last_build.database(ws)),
        "ACTIONPLAN_INPUTS": _in_sql(ws.build / "inputs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _in_sql(folder: Path) -> str:
    """A folder as it stands in a quoted glob of DuckDB in a template of dbt-duckdb: nothing in it is special."""
    return glob.escape(folder.as_posix()).replace("'", "''").replace("{", "{{").replace("}", "}}")


def _close_connections() -> None:
    """Let go of the DuckDB file: dbt keeps its last connection open until the next run."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
