"""Runs, and their first and last parts by themselves, of a project with one plan, for ``tests.starter`` to start."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from pipelines.locking import run_lock
from pipelines.plans import loader
from pipelines.progress import stage, watched
from pipelines.settings import Workspace
from pipelines.settings import now as clock
from tests.starter import serve


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
    serve({"intake": intake, "publish": publish})
