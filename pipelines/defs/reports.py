"""The pages officials open: one asset per plan."""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.jobs import report_keys
from pipelines.defs.receipts import receipts
from pipelines.defs.warehouse import FRESHNESS, published
from pipelines.defs.workspace import WorkspaceResource, plans
from pipelines.progress import stage


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
    from pipelines.reporting import build_reports

    with stage("生成报告") as progress:
        keys = sorted(context.selected_asset_keys, key=lambda key: list(plans()).index(key.path[-1]))
        for number, key in enumerate(keys):
            plan = plans()[key.path[-1]]
            progress.update(number, len(keys), plan.name.zh)
            pages = build_reports(workspace.folders, plan.id)
            index = workspace.folders.reports / plan.id / "index.html"
            yield dg.MaterializeResult(
                asset_key=key, metadata={"pages": len(pages), "open": dg.MetadataValue.path(str(index))}
            )
