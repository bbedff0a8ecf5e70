"""The pages officials open: one asset per plan."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from pipelines import journal
from pipelines.defs.jobs import report_keys
from pipelines.defs.receipts import receipts
from pipelines.defs.record import seconds, summed_up, timings
from pipelines.defs.warehouse import FRESHNESS, published
from pipelines.defs.workspace import WorkspaceResource, plans
from pipelines.journal import StageTime
from pipelines.progress import Stage, stage

if TYPE_CHECKING:
    from pipelines.reporting.editions import Edition


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            key,
            deps=[published, receipts],
            group_name="reports",
            kinds={"html", "excel"},
            freshness_policy=FRESHNESS,
            description=f"{plans()[key.path[-1]].name.zh}: city, districts, assessment, intake, register.",
        )
        for key in report_keys()
    ],
    can_subset=True,
)
def reports(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> Iterator[dg.MaterializeResult]:
    """Offline HTML and downloads under ``reports/<plan>/``, from the published marts; districts get receipts along."""
    from pipelines.reporting import build_reports, editions

    with stage("生成报告") as progress:
        keys = sorted(context.selected_asset_keys, key=lambda key: list(plans()).index(key.path[-1]))
        for number, key in enumerate(keys):
            plan = plans()[key.path[-1]]
            progress.update(number, len(keys), plan.name.zh)
            folder, began = workspace.folders.reports / plan.id, progress.seconds
            before = editions.read(folder)
            pages = build_reports(workspace.folders, plan.id)
            _keep(plan.id, pages, before, editions.read(folder), progress)
            spent = progress.seconds - began
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    "pages": len(pages),
                    "open": dg.MetadataValue.path(str(folder / "index.html")),
                    **seconds(spent),
                    **summed_up(plans()),
                    **timings([StageTime(progress.title, progress.seconds)]),
                },
            )


def _keep(
    plan_id: str, pages: Sequence[Path], before: Sequence["Edition"], after: Sequence["Edition"], progress: Stage
) -> None:
    """What was published, for the log and summary of the run."""
    told = journal.summary()
    told.pages += len(pages)
    if after and after[-1:] != before[-1:]:
        told.publications.append(journal.Publication(plan_id, after[-1].number, after[-1].changed))
    journal.event("pages", plan=plan_id, counts={"count": len(pages)})
    for page in pages:
        progress.detail(f"{plan_id}/{page.name}")
