"""From records to published marts: the register, dbt's models and tests, and the swap that readers see."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from pipelines import journal
from pipelines.defs.intake import submissions
from pipelines.defs.record import seconds
from pipelines.defs.workspace import WorkspaceResource, plans, workspace
from pipelines.progress import Stage, stage
from pipelines.settings import now
from pipelines.warehouse import dbt, last_build

MANIFEST = dbt.manifest(workspace())


@dg.asset(
    deps=[submissions],
    group_name="warehouse",
    kinds={"python", "parquet"},
    description="The plans, which submission is in force, and the register of communities over time.",
)
def register_inputs(workspace: WorkspaceResource) -> dg.MaterializeResult:
    """What dbt reads beside the records."""
    from pipelines.warehouse.snapshot import write_inputs

    with stage("登记小区变动") as progress:
        write_inputs(workspace.folders, plans(), now(), None)
    folder = workspace.folders.build / "inputs"
    return dg.MaterializeResult(metadata={"folder": dg.MetadataValue.path(str(folder)), **seconds(progress.seconds)})


class Translator(DagsterDbtTranslator):
    """dbt's sources are our own assets; its folders are our groups."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return submissions.key if dbt_resource_props["source_name"] == "records" else register_inputs.key
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props["fqn"][1]


translator = Translator()
NODE_FINISHED = {"LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult"}
NODE_COUNT = sum(node["resource_type"] in ("model", "test", "seed", "snapshot") for node in MANIFEST["nodes"].values())


@dbt_assets(manifest=MANIFEST, name="dbt_models", dagster_dbt_translator=translator)
def dbt_models(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> Iterator[Any]:
    """Every model is built and tested in this process, unless the last build rests on the very same.

    Where anything differs a full rebuild is cheaper than deciding what it touches.
    """
    finished: list[Any] = []
    failed: Exception | None = None
    with stage("汇总与考核") as progress:
        if last_build.is_current(workspace.folders):
            progress.summary = "没有变化"
            yield from _unchanged(context)
            return

        def follow(event: Any) -> None:
            if event.info.name in NODE_FINISHED:
                finished.append(event)
                _told(event, progress)
                progress.update(len(finished), NODE_COUNT, event.data.node_info.node_name)

        try:
            dbt.build(workspace.folders, on_event=follow)
        except dbt.BuildFailed as failure:
            failed = failure
        yield from _dagster_events(context, finished)
        if failed:
            raise failed


def _unchanged(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """That every table asked for is as it was, and that it passed what must be passed to be published."""
    needed = {spec.key: {dep.asset_key for dep in spec.deps} for spec in dbt_models.specs}
    passed: dict[dg.AssetKey, list[dg.AssetCheckResult]] = {}
    for check in dbt_models.check_specs:
        if check.blocking and check.key in context.selected_asset_check_keys:
            kept = dg.AssetCheckResult(
                passed=True, asset_key=check.asset_key, check_name=check.name, metadata={"unchanged": True}
            )
            passed.setdefault(check.asset_key, []).append(kept)
    for key in TopologicalSorter(needed).static_order():
        if key in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=key, check_results=passed.get(key), metadata={"unchanged": True})


def _told(event: Any, progress: Stage) -> None:
    """A finished node in the log, and for who wants to see each."""
    name, status, took = event.data.node_info.node_name, event.data.status.lower(), event.data.execution_time
    journal.event("node", node=name, status=status, seconds=took)
    progress.detail(f"{name} {status}（{took:.1f} 秒）")


def _dagster_events(context: dg.AssetExecutionContext, finished: list[Any]) -> Iterator[Any]:
    """Dbt's node results as materialisations and check results, of what this run selected."""
    from google.protobuf.json_format import MessageToDict

    for event in finished:
        raw = MessageToDict(event, preserving_proto_field_name=True)
        message = DbtCoreCliEventMessage(raw_event=raw, event_history_metadata={})
        yield from message.to_default_asset_events(MANIFEST, translator, context)


FRESHNESS = dg.FreshnessPolicy.time_window(warn_window=timedelta(hours=26), fail_window=timedelta(hours=50))
"""All is made anew each night, since what is overdue changes with the day: a missed night shows, two are a fault."""


@dg.asset(
    deps=[key for key, group in dbt_models.group_names_by_key.items() if group == "marts"],
    group_name="publish",
    kinds={"duckdb", "parquet"},
    description="The marts as readers see them: Parquet files and warehouse.duckdb, swapped in whole.",
    freshness_policy=FRESHNESS,
)
def published(workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Readers keep the tables they have open and find the new ones at their next opening."""
    from pipelines.warehouse.publish import publish

    with stage("发布数据") as progress:
        before = _looks(workspace.folders.marts)
        publish(workspace.folders)
        after = _looks(workspace.folders.marts)
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        progress.summary = f"{len(after)} 张表，{f'{len(changed)} 张有变化' if changed else '没有变化'}"
        for name in changed:
            progress.detail(name)
    told = journal.summary()
    told.tables, told.tables_changed = len(after), len(changed)
    return dg.MaterializeResult(
        metadata={
            "tables": len(after),
            "changed": len(changed),
            "changed_tables": dg.MetadataValue.json(changed),
            "folder": dg.MetadataValue.path(str(workspace.folders.marts)),
            **seconds(progress.seconds),
        }
    )


def _looks(folder: Path) -> dict[str, tuple[int, int]]:
    """By what it is seen that a table was written anew: one that did not change stays the same file."""
    return {file.stem: (file.stat().st_ino, file.stat().st_mtime_ns) for file in folder.glob("*.parquet")}
