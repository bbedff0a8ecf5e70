"""Dagster's tables in a new workspace, whoever comes first."""

from __future__ import annotations

import multiprocessing
import sqlite3
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from pipelines.commands import serve
from pipelines.commands.history import dagster_instance
from pipelines.failures import explained
from pipelines.settings import Workspace


def versions(ws: Workspace) -> dict[str, int]:
    """How many versions each database says its tables have."""
    found = {}
    for path in ws.dagster_home.rglob("*.db"):
        with sqlite3.connect(path) as connection:
            found[path.name] = connection.execute("select count(*) from alembic_version").fetchone()[0]
    return found


def _open(root: Path, together: Barrier) -> None:
    import dagster  # noqa: F401 -- what takes time comes before the start

    together.wait()
    with dagster_instance(Workspace(root)):
        pass


def test_several_processes_make_them_once(tmp_path: Path) -> None:
    """A run and services that begin at the same moment: without the lock two versions were noted, for good."""
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(4)
    processes = [context.Process(target=_open, args=(tmp_path, together)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    assert versions(Workspace(tmp_path)) == {"runs.db": 1, "index.db": 1, "schedules.db": 1}


def test_two_versions_are_a_matter_for_the_doctor(tmp_path: Path) -> None:
    """A history from before there was a lock: the run says what to do instead of naming a library's error."""
    ws = Workspace(tmp_path)
    with dagster_instance(ws):
        pass
    with sqlite3.connect(next(ws.dagster_home.rglob("runs.db"))) as connection:
        connection.execute("insert into alembic_version values ('another')")
    with pytest.raises(Exception, match="more than one head") as failure, dagster_instance(ws):
        pass
    assert "actionplan doctor" in explained(failure.value).line


def test_services_find_them_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = Workspace(tmp_path)
    found = []
    monkeypatch.setattr(serve, "_watch", lambda *_: found.append(versions(ws)))
    serve.serve(ws, host="127.0.0.1", port=0)
    assert found == [{"runs.db": 1, "index.db": 1, "schedules.db": 1}]
