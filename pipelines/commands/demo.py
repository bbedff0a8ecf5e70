"""The whole way on synthetic workbooks, in a workspace of its own."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.commands.run import refresh
from pipelines.journal import Summary
from pipelines.locking import run_lock
from pipelines.progress import stage
from pipelines.settings import Workspace

if TYPE_CHECKING:
    from pipelines.plans.model import Plan

MARK = ".made-by-demo"
RAW = tuple(f"data/raw/{folder}" for folder in ("inbox", "archive", "records", "receipts"))
MADE = ("drops", *RAW, "data/marts", "reports", ".dagster", "logs")
"""What a demo leaves in its workspace, and all that the next one removes (beside the contents of ``.build``)."""


class NotADemo(Exception):
    """The folder holds something that no demo made."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.folder = folder


def run_demo(ws: Workspace, plans: Sequence[Plan]) -> Summary:
    """Make synthetic drops for every district and period of the plans, back-load them, run everything; what it came to.

    An earlier demo's files are removed first; a folder that holds anything else, but for plan files, is refused
    (NotADemo).
    """
    mark = ws.root / MARK
    if ws.root.exists() and any(item.name != "plans" for item in ws.root.iterdir()) and not mark.exists():
        raise NotADemo(ws.root)
    from pipelines.intake.receive import submit
    from pipelines.samples import write_drops

    ws.root.mkdir(parents=True, exist_ok=True)
    mark.touch()
    with run_lock(ws, "actionplan demo"):
        for made in MADE:
            shutil.rmtree(ws.root / made, ignore_errors=True)
        ws.prepare()
        with stage("编制虚构的填报表") as progress:
            drops = [drop for plan in plans for drop in write_drops(plan, ws.root / "drops")]
            for drop in sorted(drops, key=lambda drop: (drop.received_at, drop.path)):
                folder = f"{drop.plan_id}/{drop.period_id}/{drop.district_code}"
                submit(ws, [drop.path], received_at=drop.received_at, drop_folder=folder)
            progress.summary = f"{len(drops)} 份"
        return refresh(ws)
