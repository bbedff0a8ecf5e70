"""Left to itself: Dagster's own webserver and daemon over a workspace into which files are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from pipelines.samples.drops import Drop
from pipelines.settings import TIME_ZONE
from tests.conftest import Command
from tests.services.services import PLAN, SELECTOR, Services, hand_in, in_inbox, received, until

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
    until(lambda: {run["status"] for run in services.runs()} <= {"SUCCESS", "FAILURE"}, "the end of the runs")
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


def test_a_second_daemon_is_refused(services: Services, actionplan: Command) -> None:
    done = actionplan(services.root, "serve", "--only", "daemon")
    assert done.returncode == 3
    assert "已在运行" in done.stderr
    done = actionplan(services.root, "serve", "--only", "web", "--port", str(services.port))
    assert done.returncode == 3
    assert "--port" in done.stderr
