"""How runs are started on this machine, and how Dagster finds out that one has died."""

from dagster import DagsterInstance, DagsterRun
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus

from pipelines.locking import is_alive
from pipelines.settings import Workspace

GRACE_SECONDS = 300
"""A process that has just been started may not have got to its sign of life yet."""


class LocalRunLauncher(DefaultRunLauncher):
    """A process per run, as Dagster's own does it; but a run whose process is gone is known to be.

    Dagster's own launcher takes a run's word for it: one that was killed together with the daemon (a power cut, a
    stopped service), or was started by ``actionplan run``, would count as going on for ever, and the queue, which lets
    one run at a time through, would stand still.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Running as long as the process holds its sign of life; failed once nobody does."""
        alive = is_alive(Workspace.locate(), run.run_id)
        if alive is None and not _is_old(self._instance, run):
            alive = True
        if alive:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(
            WorkerStatus.FAILED, "The process of this run is gone: killed, or the machine stopped."
        )


def _is_old(instance: DagsterInstance, run: DagsterRun) -> bool:
    from dagster._time import get_current_timestamp

    record = instance.get_run_record_by_id(run.run_id)
    return record is None or get_current_timestamp() - (record.start_time or 0) > GRACE_SECONDS
