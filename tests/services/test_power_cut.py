"""A team's services: the history in PostgreSQL, webserver and daemon apart; and the power goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.samples.drops import Drop
from tests.conftest import Command
from tests.services.database import postgres
from tests.services.services import Services, hand_in, holder, in_inbox, received, until

pytestmark = pytest.mark.slow


def test_a_team_survives_a_power_cut(
    tmp_path: Path, drops: list[Drop], actionplan: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is killed in the middle of a run; started again, the services finish the work by themselves."""
    root = tmp_path / "workspace"
    with postgres() as address:
        services = Services(root, {"ACTIONPLAN_POSTGRES_URL": address})
        for only in ("daemon", "web"):
            services.start("--only", only)
        services.wait_until_ready()
        hand_in(root, drops)
        until(lambda: holder(root), "a run")
        [run] = services.runs()
        assert run["runId"] in holder(root)
        services.power_cut()

        for only in ("daemon", "web"):
            services.start("--only", only, *(["--read-only"] if only == "web" else []))
        services.wait_until_ready()
        until(lambda: {r["status"] for r in services.runs()} == {"FAILURE", "SUCCESS"}, "a second run")
        again, first = services.runs()
        assert first["runId"] == run["runId"]
        assert (again["parentRunId"], again["status"]) == (run["runId"], "SUCCESS")
        assert in_inbox(root) == []
        assert received(root) == len({drop.path.read_bytes() for drop in drops})

        done = actionplan(root, "run")
        assert done.returncode == 3
        assert "ACTIONPLAN_POSTGRES_URL" in done.stderr
        monkeypatch.setenv("ACTIONPLAN_POSTGRES_URL", address)
        done = actionplan(root, "run")
        assert done.returncode == 0, done.stderr
        assert [r["status"] for r in services.runs()] == ["SUCCESS", "SUCCESS", "FAILURE"]
        assert not (root / ".dagster/history").exists()
        assert os.environ["ACTIONPLAN_POSTGRES_URL"] not in (root / ".dagster/dagster.yaml").read_text()
        services.stop()
