"""One command of dbt in this process.

dbt costs seconds to import, so nothing here imports it before it is needed. What varies between workspaces is only the
DuckDB file, the folder beside it and how much memory DuckDB may take, which reach dbt through the environment: all else
of the project is the same everywhere.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.warehouse.program import PROJECT

OnEvent = Callable[[Any], None]
"""Receives every event of dbt (a protobuf message; ``event.info.name`` says what it is) as it happens."""

LEAST_MEMORY_MB = 1500
"""Enough for a build of a million rows."""

_LOCK = threading.Lock()
"""dbt keeps its state in the process: one command at a time."""


class BuildFailed(Exception):
    """Models or tests failed, or the project can't be parsed. The text names each, its file and what went wrong."""


def invoke(
    command: str,
    *options: str,
    database: Path,
    tables: Path,
    target: Path,
    memory_mb: int = LEAST_MEMORY_MB,
    manifest: Any = None,
    on_event: OnEvent | None = None,
) -> None:
    """Run ``dbt <command>`` over a DuckDB file; models that are files of their own go to ``tables``, what dbt writes
    beside to ``target``. ``memory_mb``: what DuckDB may hold before it writes intermediate results to disk.

    ``manifest``: the project as ``parsed.for_dbt`` has it, which spares parsing it again. Raises BuildFailed.
    """
    from dbt.cli.main import dbtRunner

    arguments = [command, *options, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    arguments += ["--target-path", str(target), "--log-path", str(target), "--log-level", "none"]
    arguments += ["--log-level-file", "none", "--no-print", "--no-use-colors"]
    arguments += ["--no-version-check", "--no-send-anonymous-usage-stats"]
    with _LOCK, _environment(database, tables, memory_mb), _collecting_seldom():
        outcome = dbtRunner(manifest=manifest, callbacks=[on_event] if on_event else []).invoke(arguments)
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
def _environment(database: Path, tables: Path, memory_mb: int) -> Iterator[None]:
    """What dbt reads from the environment, for as long as it runs."""
    wanted = {
        "ACTIONPLAN_BUILD_DB": str(database),
        "ACTIONPLAN_BUILD_TABLES": tables.as_posix(),
        "ACTIONPLAN_BUILD_MEMORY": f"{memory_mb}MB",
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


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Look for unreachable objects less often: dbt makes very many and keeps nearly all of them until it ends, so that
    looking through them again and again is a twelfth of what it costs.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _close_connections() -> None:
    """Let go of the DuckDB file: dbt keeps its last connection open until the next run."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
