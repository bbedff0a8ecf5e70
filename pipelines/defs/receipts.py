"""The figures in the receipts that districts get back."""

import dagster as dg

from pipelines import journal
from pipelines.defs.record import seconds
from pipelines.defs.warehouse import published
from pipelines.defs.workspace import WorkspaceResource
from pipelines.progress import stage


@dg.asset(
    deps=[published],
    group_name="publish",
    kinds={"excel"},
    description="The sheet 本期数据 of each receipt: what the ledger came to. Only what is new or changed is touched.",
)
def receipts(workspace: WorkspaceResource) -> dg.MaterializeResult:
    """From the published marts alone; a receipt that its district has saved over stays as it is."""
    from pipelines.reporting.receipts import fill_receipts

    with stage("填写回执") as progress:
        done = fill_receipts(workspace.folders)
        progress.summary = f"{done.written} 份" if done.written else "没有变化"
    journal.summary().receipts_filled = done.written
    counts = {"filled": done.written, "saved_over": len(done.left)}
    return dg.MaterializeResult(metadata={**counts, **seconds(progress.seconds)})
