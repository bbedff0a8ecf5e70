"""When the build that is there still is the one that would be made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.settings import Workspace
from pipelines.warehouse import last_build


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    ws = Workspace(tmp_path).prepare()
    (ws.build / "inputs" / "records").mkdir(parents=True)
    for name, content in {"inputs/run.parquet": b"today", "inputs/records/community.parquet": b"rows"}.items():
        (ws.build / name).write_bytes(content)
    last_build.database(ws).write_bytes(b"tables")
    last_build.tables(ws).mkdir()
    (last_build.tables(ws) / "dim_plan.parquet").write_bytes(b"plans")
    last_build.note(ws, last_build.rests_on(ws))
    return ws


def test_it_is_while_nothing_changes(ws: Workspace) -> None:
    assert last_build.is_current(ws)
    (ws.build / "inputs" / "run.parquet").write_bytes(b"today")  # written again, the same
    assert last_build.is_current(ws)


@pytest.mark.parametrize(
    "change",
    [
        lambda build: (build / "inputs" / "run.parquet").write_bytes(b"tomorrow"),
        lambda build: (build / "inputs" / "records" / "community.parquet").unlink(),
        lambda build: (build / "inputs" / "records" / "company.parquet").write_bytes(b""),
        lambda build: (build / "inputs" / "run.parquet").rename(build / "inputs" / "ran.parquet"),
        lambda build: (build / "warehouse.duckdb").write_bytes(b"tablet"),
        lambda build: (build / "warehouse.duckdb").unlink(),
        lambda build: (build / "tables" / "dim_plan.parquet").write_bytes(b"plane"),
        lambda build: (build / "tables" / "dim_plan.parquet").unlink(),
        lambda build: (build / "built.json").write_bytes(b"{"),
    ],
    ids=[
        "another day",
        "input gone",
        "input more",
        "input renamed",
        "damaged",
        "deleted",
        "table damaged",
        "table gone",
        "torn note",
    ],
)
def test_it_is_not_after(ws: Workspace, change: Callable[[Path], object]) -> None:
    change(ws.build)
    assert not last_build.is_current(ws)


def test_another_program_builds_anew(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_build, "fingerprint", lambda: b"another version")
    assert not last_build.is_current(ws)


def test_it_is_not_without_a_note(ws: Workspace) -> None:
    last_build.forget(ws)
    last_build.forget(ws)
    assert not last_build.is_current(ws)
