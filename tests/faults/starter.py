"""Starts commands as processes of their own, without the seconds that importing Dagster and dbt costs each.

Reads a JSON line (root, arguments, now), forks, says the child's process id, waits for it and says how it ended. The
child leads a process group of its own and runs the command just like the console script does.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import dagster
import dagster_dbt
import dbt.adapters.duckdb
import dbt.cli.main
import dbt.task.build
import duckdb
import jinja2
import pandera.polars
import plotly
import polars

from pipelines.cli import cli
from pipelines.locking import run_lock
from pipelines.plans import loader
from pipelines.progress import stage, watched
from pipelines.settings import Workspace
from pipelines.settings import now as clock

LOADED = (dagster, dagster_dbt, dbt.adapters.duckdb, dbt.cli.main, dbt.task.build)
LOADED += (duckdb, jinja2, pandera.polars, plotly, polars)


def command(root: str, arguments: list[str], now: str) -> NoReturn:
    """In the child: what ``actionplan`` does with these arguments."""
    os.setsid()
    with open(f"{root}.log", "ab", buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ |= {"ACTIONPLAN_ROOT": root, "ACTIONPLAN_NOW": now}
    code = 70
    try:
        {"intake": intake, "publish": publish}.get(arguments[0], lambda: cli(arguments, prog_name="actionplan"))()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 71
    finally:
        os._exit(code)


def intake() -> NoReturn:
    """The first part of a run, without Dagster."""
    from pipelines.intake.service import process_inbox

    ws = Workspace.locate()
    with watched(), run_lock(ws, "intake"):
        process_inbox(ws, loader.load_plans(), clock())
    sys.exit(0)


def publish() -> NoReturn:
    """The last part of a run, from what was built, without Dagster."""
    from pipelines.reporting import build_reports
    from pipelines.reporting.receipts import fill_receipts
    from pipelines.warehouse.publish import publish as swap_in

    ws = Workspace.locate()
    with watched(), run_lock(ws, "publish"):
        with stage("发布数据"):
            swap_in(ws)
        with stage("填写回执"):
            fill_receipts(ws)
        with stage("生成报告"):
            build_reports(ws)
    sys.exit(0)


def with_one_plan(plan: str) -> None:
    """The project as if it came with this plan alone: what a run does is the same, and there is less of it."""
    folder = Path(tempfile.mkdtemp())
    shutil.copy2(loader.BUILT_IN / f"{plan}.yaml", folder)
    loader.BUILT_IN = folder


if __name__ == "__main__":
    with_one_plan(sys.argv[1])
    print(flush=True)  # ready
    for line in sys.stdin:
        wanted = json.loads(line)
        if (child := os.fork()) == 0:
            command(**wanted)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
