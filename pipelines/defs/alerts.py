"""When people are told something by themselves: after each run, and as days and quiet hours go by.

What is told, and that it is told once, is a matter of ``pipelines.alerts``; without an ``alerts.yaml`` nothing happens.
``actionplan run`` tells what there is to tell itself, daemon or not, so its runs are passed over here.
"""

from collections.abc import Sequence

import dagster as dg

from pipelines import journal
from pipelines.alerts.memory import Failing
from pipelines.alerts.service import Delivery, after_run
from pipelines.alerts.service import tell as tell_what_is_due
from pipelines.defs.jobs import refresh
from pipelines.defs.record import COMMAND_TAG, causes_of, scope_of_run
from pipelines.defs.workspace import plans, workspace
from pipelines.failures import explain
from pipelines.settings import now

PAUSES = (1.0,)
"""Between attempts: a sensor that takes a minute is ended by Dagster; what did not arrive is tried at the next look."""
LOOK_EVERY_SECONDS = 300
NO_FILE = "There is no alerts.yaml."
SOME_ASSETS = "__ASSET_JOB"
"""What Dagster calls a run over assets that somebody chose."""
WILL_RETRY_TAG = "dagster/will_retry"


@dg.run_failure_sensor(
    name="tell_failure",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells by the channels of alerts.yaml that a run failed, where, why and what to do; the same once.",
)
def tell_failure(context: dg.RunFailureSensorContext) -> dg.SkipReason:
    """A run that will be tried again has not failed yet."""
    run, ws = context.dagster_run, workspace()
    if passed_over := _passed_over(run):
        return passed_over
    if run.tags.get(WILL_RETRY_TAG) == "true":
        return dg.SkipReason("The run is tried again.")
    steps = context.get_step_failure_events()
    error = steps[0].step_failure_data.error if steps else None
    logged = journal.find(ws, run.run_id)
    failure = Failing(
        run_id=run.run_id,
        at=now(),
        stage=(logged and logged.failed_stage) or (steps[0].step_key if steps and steps[0].step_key else ""),
        published=logged.tables is not None if logged and error else None,
        line=explain(causes_of(error)).line if error else "运行所在的进程已不在（被终止，或机器重启）",
    )
    return _said(after_run(ws, plans(), now(), _scope(run), failure, pauses=PAUSES))


@dg.run_status_sensor(
    name="tell_after_run",
    run_status=dg.DagsterRunStatus.SUCCESS,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells what a run brought: who is late, what was returned, who has to be reminded, what is well again.",
)
def tell_after_run(context: dg.RunStatusSensorContext) -> dg.SkipReason:
    """The state of things, where it is otherwise than told. A run over some assets alone makes nothing good."""
    run, ws = context.dagster_run, workspace()
    if passed_over := _passed_over(run):
        return passed_over
    if run.job_name == SOME_ASSETS:
        return _said(tell_what_is_due(ws, plans(), now(), pauses=PAUSES))
    return _said(after_run(ws, plans(), now(), _scope(run), pauses=PAUSES))


@dg.sensor(
    name="tell_due",
    minimum_interval_seconds=LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reminders on their days, and whatever quiet hours or a channel that was down have held back.",
)
def tell_due(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Looks at the published marts; starts nothing."""
    if not workspace().alerts.exists():
        return dg.SkipReason(NO_FILE)
    deliveries = tell_what_is_due(workspace(), plans(), now(), pauses=PAUSES)
    for delivery in deliveries:
        if delivery.trouble:
            context.log.warning(str(delivery))
    return _said(deliveries)


def _scope(run: dg.DagsterRun) -> str:
    """What a run is about, as ``pipelines.alerts`` knows it."""
    return scope_of_run(run.tags) if run.job_name in (refresh.name, SOME_ASSETS) else f"job:{run.job_name}"


def _passed_over(run: dg.DagsterRun) -> dg.SkipReason | None:
    if not workspace().alerts.exists():
        return dg.SkipReason(NO_FILE)
    if COMMAND_TAG in run.tags:
        return dg.SkipReason("The command that started this run tells of it.")
    return None


def _said(deliveries: Sequence[Delivery]) -> dg.SkipReason:
    return dg.SkipReason("；".join(map(str, deliveries)) or "Nothing to tell.")
