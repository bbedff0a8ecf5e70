"""What is kept of a run, and what is never in it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines import journal
from pipelines.journal import Check, Late, Place, Publication, StageTime, Summary
from pipelines.progress import stage
from pipelines.settings import Workspace
from tests.conftest import CHECKOUT


def written(ws: Workspace) -> list[dict[str, Any]]:
    [file] = ws.logs.glob("*.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_a_run_in_lines(ws: Workspace) -> None:
    with journal.opened(ws, "0123456789ab", "actionplan run", "p", "t"), stage("接收填报表"):
        journal.event(
            "workbook", plan="p", district="150802", submission_id="77", status="returned", counts={"rows": 3}
        )
    lines = written(ws)
    assert [line["event"] for line in lines] == [
        "run_started",
        "stage_started",
        "workbook",
        "stage_finished",
        "run_finished",
    ]
    assert all({"time", "level", "event"} <= line.keys() for line in lines)
    assert {line["run_id"] for line in lines} == {"0123456789ab"}
    assert lines[2]["rows"] == 3
    assert "period" not in lines[2]
    assert lines[3]["seconds"] >= 0
    assert lines[-1]["result"] == "done"


def test_a_stage_that_fails(ws: Workspace) -> None:
    with pytest.raises(ValueError, match="幸福小区"), journal.opened(ws, "01234567", "run"), stage("发布数据"):
        raise ValueError("幸福小区 13812345678")
    lines = written(ws)
    assert lines[2]["level"] == "error"
    assert lines[2]["error"] == "ValueError"
    assert (lines[-1]["result"], lines[-1]["failed_stage"]) == ("failed", "发布数据")
    [file] = ws.logs.glob("*.jsonl")
    assert "幸福" not in file.read_text(encoding="utf-8")


def test_no_other_field_gets_in(ws: Workspace) -> None:
    with journal.opened(ws, "01234567", "run"), pytest.raises(TypeError):
        journal.event("workbook", file_name="张三.xlsx")  # type: ignore[call-arg]


def test_nothing_is_open_nothing_is_written(ws: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    journal.event("workbook", level=logging.ERROR)
    journal.summary().pages += 3
    assert journal.summary().pages == 0
    assert list(ws.root.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_a_run_inside_a_run_is_part_of_it(ws: Workspace) -> None:
    with journal.opened(ws, "01234567", "outer") as outer, journal.opened(ws, "76543210", "inner") as inner:
        assert inner is outer
    assert written(ws)[-1]["what"] == "outer"


def test_a_log_that_cannot_be_written_stops_nothing(ws: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    ws.logs.write_text("a file where the folder should be")
    with journal.opened(ws, "01234567", "run") as told:
        journal.event("workbook")
    assert told.result == "done"
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_is_not_told_by_the_log(ws: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    class Full(logging.FileHandler):
        def __init__(self, _path: Path, **options: Any) -> None:
            super().__init__("/dev/full", **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging, "FileHandler", Full)
        with journal.opened(ws, "01234567", "run"):
            journal.event("workbook")
    assert capfd.readouterr() == ("", "")


def test_only_so_many_runs_are_kept(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT", 3)
    ws.logs.mkdir()
    for number in range(5):
        (ws.logs / f"2025-01-0{number + 1}-090000-aaaaaaa{number}.jsonl").write_text("{}")
    (ws.logs / "alerts").mkdir()
    with journal.opened(ws, "01234567", "run"):
        pass
    kept = sorted(file.stem.rpartition("-")[2] for file in ws.logs.glob("*.jsonl"))
    assert kept == ["01234567", "aaaaaaa3", "aaaaaaa4"]
    assert (ws.logs / "alerts").is_dir()


FULL = Summary(
    run_id="0123456789ab",
    what="actionplan run",
    stages=[StageTime("启动", 1.5), StageTime("发布数据", 2.0, done=False)],
    received={"accepted": 3, "returned": 1},
    returned=[Place("p", "t", "150802", "77")],
    tables=32,
    tables_changed=5,
    publications=[Publication("p", 2, {"figures": 3})],
    late=[Late("p", "t", 5, ["磴口县"])],
    checks=[Check("submissions", "nothing_returned", "warn")],
)


def test_what_is_read_is_what_was_written(ws: Workspace) -> None:
    with journal.opened(ws, FULL.run_id, FULL.what) as told:
        for name in ("stages", "received", "returned", "tables", "tables_changed", "publications", "late", "checks"):
            setattr(told, name, getattr(FULL, name))
    [read] = journal.runs(ws, 10)
    assert read == told
    assert journal.find(ws, "0123") == told
    assert journal.find(ws, FULL.run_id) == told
    assert journal.find(ws, "99") is None


def test_a_summary_of_another_version_is_read_as_far_as_known() -> None:
    assert Summary.read({"run_id": "1", "what": "run", "weather": "fine"}) == Summary(run_id="1", what="run")


def test_a_run_that_was_killed(ws: Workspace) -> None:
    dies = (
        "import os, signal, sys; from pathlib import Path; from pipelines.settings import Workspace\n"
        "from pipelines import journal; from pipelines.progress import stage\n"
        "with journal.opened(Workspace(Path(sys.argv[1])), '0123456789ab', 'actionplan run'):\n"
        "    with stage('启动'): pass\n"
        "    with stage('汇总与考核'): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", dies, str(ws.root)], cwd=CHECKOUT, check=False, env={**os.environ})
    [told] = journal.runs(ws, 10)
    assert (told.result, told.failed_stage, told.run_id) == ("unfinished", "汇总与考核", "0123456789ab")
    assert [(one.title, one.done) for one in told.stages] == [("启动", True)]
    [file] = ws.logs.glob("*.jsonl")
    with file.open("a") as half:
        half.write('{"time": "2025')
    assert journal.find(ws, "0123")


def test_logs_that_hold_nothing_are_passed_over(ws: Workspace) -> None:
    ws.logs.mkdir()
    (ws.logs / "2025-01-01-090000-aaaaaaaa.jsonl").write_text("")
    (ws.logs / "2025-01-02-090000-bbbbbbbb.jsonl").write_text("{half")
    assert list(journal.runs(ws, 10)) == []
