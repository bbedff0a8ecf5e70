"""Dagster's webserver and daemon as ``actionplan serve`` starts them, and what they answer."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.intake.receive import submit
from pipelines.samples.drops import Drop
from pipelines.settings import Workspace
from tests.conftest import CHECKOUT

PLAN = "bayannur_2023_2025"
PATIENCE = 600
"""Seconds until something that must happen is taken not to: a busy machine is no failure."""
SELECTOR = {"repositoryName": "__repository__", "repositoryLocationName": "actionplan"}
RUNS = "{ runsOrError { ... on Runs { results { runId status rootRunId parentRunId tags { key value } } } } }"


def until(holds: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """What ``holds`` answers, as soon as that is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.3)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def hand_in(root: Path, drops: list[Drop]) -> None:
    for drop in drops:
        submit(Workspace(root), [drop.path], drop.received_at, "/".join(drop.path.parts[-4:-1]))


def received(root: Path) -> int:
    """How many submissions are published."""
    return pl.read_parquet(root / "data/marts/fct_submission.parquet")["submission_id"].n_unique()


def in_inbox(root: Path) -> list[Path]:
    return [path for path in (root / "data/raw/inbox").rglob("*") if path.is_file()]


def holder(root: Path) -> str:
    """Who runs the workspace at the moment."""
    try:
        return (root / ".build/run.holder.json").read_text()
    except FileNotFoundError:
        return ""


class Services:
    """``actionplan serve`` in processes of their own."""

    def __init__(self, root: Path, environment: Mapping[str, str] | None = None) -> None:
        self.root, self.port = root, free_port()
        self.environment = {**os.environ, "ACTIONPLAN_NOW": "2025-12-05T09:00:00", **(environment or {})}
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> None:
        """Once with everything, or once for each service (``--only web``)."""
        log = (self.root.parent / f"serve-{len(self.processes)}.log").open("ab")
        command = [sys.executable, "-m", "pipelines", "serve", "--root", str(self.root), "--port", str(self.port)]
        self.processes.append(
            subprocess.Popen(
                [*command, *arguments],
                cwd=CHECKOUT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        )
        log.close()

    def wait_until_ready(self) -> None:
        until(lambda: self._answers() and self.daemons() and all(self.daemons().values()), "healthy services")

    def ask(self, query: str, **variables: object) -> Any:
        """What the webserver's GraphQL says."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            said = json.load(answer)
        assert "errors" not in said, said
        return said["data"]

    def _answers(self) -> bool:
        for process in self.processes:
            assert process.poll() is None, self.log()
        try:
            query = """{ workspaceOrError { ... on Workspace { locationEntries {
                loadStatus locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
            [location] = self.ask(query)["workspaceOrError"]["locationEntries"]
        except (urllib.error.URLError, OSError):
            return False
        said = location["locationOrLoadError"]
        assert said is None or said["__typename"] == "RepositoryLocation", said
        return said is not None and bool(location["loadStatus"] == "LOADED")

    def daemons(self) -> dict[str, bool]:
        said = self.ask("{ instance { daemonHealth { allDaemonStatuses { daemonType healthy required } } } }")
        statuses = said["instance"]["daemonHealth"]["allDaemonStatuses"]
        return {one["daemonType"]: bool(one["healthy"]) for one in statuses if one["required"]}

    def runs(self) -> list[dict[str, Any]]:
        """Newest first; ``tags`` as a mapping."""
        found = self.ask(RUNS)["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]

    def idle(self) -> bool:
        """Whether every run has ended, well or not."""
        return {run["status"] for run in self.runs()} <= {"SUCCESS", "FAILURE", "CANCELED"}

    def log(self) -> str:
        return "".join(path.read_text(errors="replace")[-3000:] for path in self.root.parent.glob("serve-*.log"))

    def stop(self) -> None:
        """As Ctrl-C or systemd does it."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            assert process.wait(60) == 0
        self.processes.clear()

    def power_cut(self) -> None:
        """Everything that has to do with this workspace is gone at once."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if f"ACTIONPLAN_ROOT={self.root}\0".encode() in (process / "environ").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)
            except OSError:  # gone meanwhile, or somebody else's
                continue
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()
