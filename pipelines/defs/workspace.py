"""The workspace and its plans, as every definition here sees them."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache

import dagster as dg

from pipelines import formats
from pipelines.defs.record import recorded
from pipelines.locking import give_sign_of_life, run_lock
from pipelines.plans.loader import load_plans
from pipelines.plans.model import Plan
from pipelines.settings import Workspace
from pipelines.unhurried import unhurried_sqlite

WAIT_FOR_OTHER_RUN_SECONDS = 15 * 60


@cache
def workspace() -> Workspace:
    """The workspace of this process: ``ACTIONPLAN_ROOT``, else the checkout."""
    return Workspace.locate()


@cache
def plans() -> dict[str, Plan]:
    """The plans of this process's workspace, built-in and its own."""
    return load_plans(workspace().plans)


class WorkspaceResource(dg.ConfigurableResource):
    """Holds the workspace's run lock for as long as a run lasts, so that runs started from different places
    (a command, a sensor, the launchpad) follow one another.
    """

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator["WorkspaceResource", None, None]:
        formats.check(self.folders)
        run_id = context.run.run_id if context.run else "none"
        give_sign_of_life(self.folders, run_id)
        what = f"Dagster run {run_id}"
        with unhurried_sqlite(), run_lock(self.folders, what, wait_seconds=WAIT_FOR_OTHER_RUN_SECONDS):
            self.folders.prepare()
            with recorded(self.folders, context):
                yield self

    @property
    def folders(self) -> Workspace:
        return workspace()


@dg.definitions
def resources() -> dg.Definitions:
    """The workspace, and one process per run: a process per step would spend its time on imports."""
    return dg.Definitions(resources={"workspace": WorkspaceResource()}, executor=dg.in_process_executor)
