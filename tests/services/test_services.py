"""Left to itself: Dagster's own webserver and daemon over a workspace into which files are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from pipelines.samples.drops import Drop, write_load_plan
from pipelines.settings import TIME_ZONE
from tests.conftest import Command
from tests.services.services import PLAN, SELECTOR, Services, hand_in, holder, in_inbox, received, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    services = Services(tmp_path_factory.mktemp("embedded") / "workspace")
    services.start()
    services.wait_until_ready()
    yield services
    services.stop()


def test_everything_that_should_is_on(services: Services) -> None:
    instigators = services.ask(
        """query($of: RepositorySelector!) {
            sensorsOrError(repositorySelector: $of) { ... on Sensors { results { name sensorState { status } } } }
            schedulesOrError(repositorySelector: $of) { ... on Schedules { results { name scheduleState { status } } } }
        }""",
        of=SELECTOR,
    )
    sensors = {one["name"]: one["sensorState"]["status"] for one in instigators["sensorsOrError"]["results"]}
    schedules = {one["name"]: one["scheduleState"]["status"] for one in instigators["schedulesOrError"]["results"]}
    assert sensors["inbox_sensor"] == "RUNNING"
    assert schedules == dict.fromkeys(schedules, "RUNNING")
    assert {"nightly", "reporting_calendar"} <= set(schedules)
    assert {"SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "MONITORING", "FRESHNESS_DAEMON"} <= set(
        services.daemons()
    )


def test_drops_are_taken_once_and_what_belongs_nowhere_is_left(services: Services, drops: list[Drop]) -> None:
    """The districts' ledgers in one run; a stray file that names no period in another, which leaves it in peace."""
    hand_in(services.root, drops)
    stray = services.root / "data/raw/inbox/evidence/合同.pdf"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"%PDF-1.4 nobody's")
    until(lambda: len(services.runs()) == 2, "a run for the period and one for the stray file")
    until(services.idle, "the end of the runs")
    runs = services.runs()
    assert [run["status"] for run in runs] == ["SUCCESS", "SUCCESS"]
    assert {run["tags"].get("actionplan/period") for run in runs} == {"2023-11", None}
    assert {run["tags"].get("dagster/partition") for run in runs} == {f"{PLAN}/2023-11", None}
    assert in_inbox(services.root) == [stray]
    assert received(services.root) == len({drop.path.read_bytes() for drop in drops})
    assert (services.root / "reports" / PLAN / "index.html").is_file()
    for drop in drops:
        folder = services.root / "data/raw/receipts" / PLAN / drop.period_id / drop.district_code
        assert list(folder.glob("*.json")), drop.path.name

    ticks = """query($of: SensorSelector!) { sensorOrError(sensorSelector: $of) { ... on Sensor {
        sensorState { ticks(limit: 1) { status skipReason } } } } }"""
    of = {**SELECTOR, "sensorName": "inbox_sensor"}

    def reason() -> str:
        [tick] = services.ask(ticks, of=of)["sensorOrError"]["sensorState"]["ticks"]
        return tick["skipReason"] or ""

    until(lambda: "left where they are" in reason(), "a look that leaves the stray file alone")
    assert len(services.runs()) == 2


def test_a_command_during_a_run_of_the_sensor_is_refused(
    services: Services, later: list[Drop], actionplan: Command
) -> None:
    """It names who is at work, changes nothing, and the run takes everything in."""
    known = received(services.root)
    hand_in(services.root, later)
    until(lambda: "Dagster run" in holder(services.root), "a run of the sensor")
    refused = actionplan(services.root, "run")
    assert refused.returncode == 3
    assert "Dagster run" in refused.stderr
    until(services.idle, "the end of the run")
    assert {run["status"] for run in services.runs()} == {"SUCCESS"}
    assert received(services.root) == known + len(later)


def test_what_comes_during_a_command_is_taken_in_after_it(
    services: Services, last: list[Drop], actionplan: Command
) -> None:
    """The sensor's run waits for the lock: neither is lost, neither fails, nothing is on record twice."""
    known = received(services.root)
    first, *others = last
    hand_in(services.root, [first])
    with ThreadPoolExecutor(1) as beside:
        command = beside.submit(actionplan, services.root, "run")
        until(lambda: "actionplan run" in holder(services.root), "the command")
        until(lambda: not [path for path in in_inbox(services.root) if path.suffix == ".xlsx"], "its taking in")
        hand_in(services.root, others)
        done = command.result()
    assert done.returncode == 0, done.stderr
    until(lambda: received(services.root) == known + len(last) and services.idle(), "a run for the others")
    assert {run["status"] for run in services.runs()} == {"SUCCESS"}


@pytest.mark.parametrize(
    ("day", "requested"),
    [
        ("2024-11-23", {f"{PLAN}/2024-11": "7 days before 2024-11"}),
        ("2025-02-21", {"": "7 days before credit_results_feb"}),
        ("2025-03-10", {}),
    ],
)
def test_the_calendar_as_the_webserver_tries_it(services: Services, day: str, requested: dict[str, str]) -> None:
    mutation = """mutation($of: ScheduleSelector!, $at: Float!) { scheduleDryRun(selectorData: $of, timestamp: $at) {
        __typename ... on DryRunInstigationTick { evaluationResult {
            error { message } skipReason runRequests { tags { key value } } } } } }"""
    moment = datetime.fromisoformat(f"{day}T06:00").replace(tzinfo=TIME_ZONE).timestamp()
    tick = services.ask(mutation, of={**SELECTOR, "scheduleName": "reporting_calendar"}, at=moment)["scheduleDryRun"]
    result = tick["evaluationResult"]
    assert result["error"] is None
    tags = [{tag["key"]: tag["value"] for tag in one["tags"]} for one in result["runRequests"] or []]
    ours = [one for one in tags if one["actionplan/plan"] == PLAN]
    assert {one.get("dagster/partition", ""): one["actionplan/event"] for one in ours} == requested
    assert ours or "next on" in result["skipReason"]


def test_a_plan_put_into_the_workspace_is_known_without_a_restart(services: Services) -> None:
    ours = "{ assetNodes { assetKey { path } } }"

    def reported() -> set[str]:
        keys = [node["assetKey"]["path"] for node in services.ask(ours)["assetNodes"]]
        return {key[1] for key in keys if key[0] == "reports"}

    assert PLAN in reported()
    write_load_plan(services.root / "plans", 2)
    until(lambda: "load_2023_2025" in reported(), "the new plan in Dagster's pages", seconds=180)


def test_a_second_daemon_is_refused(services: Services, actionplan: Command) -> None:
    done = actionplan(services.root, "serve", "--only", "daemon")
    assert done.returncode == 3
    assert "已在运行" in done.stderr
    done = actionplan(services.root, "serve", "--only", "web", "--port", str(services.port))
    assert done.returncode == 3
    assert "--port" in done.stderr
