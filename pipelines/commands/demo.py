"""The whole way on synthetic workbooks, in a workspace of its own."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.commands.run import refresh
from pipelines.durable import write_durably
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

    Beside them a receipt that a district answered, and decisions of analysts on the register; these are written once
    and stay as somebody changed them.

    An earlier demo's files are removed first; a folder that holds anything else, but for plan files, is refused
    (NotADemo).
    """
    mark = ws.root / MARK
    if ws.root.exists() and any(item.name != "plans" for item in ws.root.iterdir()) and not mark.exists():
        raise NotADemo(ws.root)
    from pipelines.intake.receive import submit
    from pipelines.samples import write_drops
    from pipelines.samples.afterwards import answered, decisions

    ws.root.mkdir(parents=True, exist_ok=True)
    mark.touch()
    with run_lock(ws, "actionplan demo"):
        for made in MADE:
            shutil.rmtree(ws.root / made, ignore_errors=True)
        ws.prepare()
        with stage("编制虚构的填报表") as progress:
            drops = [drop for plan in plans for drop in write_drops(plan, ws.root / "drops")]
            sent = [(drop, drop.path, drop.received_at) for drop in drops]
            for plan in plans:
                sent += answered(plan, drops, ws.root / "drops")
                decided = ws.register / f"{plan.id}.csv"
                if not decided.exists() and (text := decisions(plan)):
                    ws.register.mkdir(parents=True, exist_ok=True)
                    write_durably(decided, text.encode())
            for drop, path, received_at in sorted(sent, key=lambda one: (one[2], one[1])):
                folder = f"{drop.plan_id}/{drop.period_id}/{drop.district_code}"
                submit(ws, [path], received_at=received_at, drop_folder=folder)
            progress.summary = f"{len(sent)} 份"
        return refresh(ws)
