"""What people are told of an exception, met in this process or kept by Dagster."""

from __future__ import annotations

import errno

import pytest

from pipelines.failures import Cause, chain, explain, explained
from pipelines.locking import Busy
from pipelines.plans.loader import Mistake, PlanError
from pipelines.warehouse.dbt import BuildFailed


def test_an_exception_that_is_its_own_cause_is_told_once() -> None:
    first, second = RuntimeError("first"), RuntimeError("second")
    first.__cause__, second.__cause__ = second, first
    assert list(chain(first)) == [first, second]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), "磁盘已满：/data/x。已收到的文件都在"),
        (PermissionError(errno.EACCES, "Permission denied", b"/data/x"), "没有读写权限：/data/x。"),
        (RuntimeError("duckdb: No space left on device"), "磁盘已满。"),
        (RuntimeError("(sqlite3.OperationalError) attempt to write a readonly database"), "磁盘为只读。"),
        (Busy("actionplan run（进程 7，开始于 2025-12-05）"), "另一次运行正在进行：actionplan run（进程 7"),
        (BuildFailed("a_test (tests/a.sql): Got 3 results\nb_test (tests/b.sql): no"), "未通过（a_test、b_test），"),
    ],
)
def test_what_is_known_by_name(error: Exception, line: str) -> None:
    told = explained(error)
    assert line in told.line
    assert told.known
    kept = explain([Cause("DagsterExecutionStepExecutionError", "Error"), Cause(type(error).__name__, str(error))])
    assert kept.line.partition("：")[0].partition("。")[0] == told.line.partition("：")[0].partition("。")[0]


def test_mistakes_are_a_matter_for_the_terminal() -> None:
    told = explained(PlanError([Mistake("plans/mine.yaml", 3, "name", "is required")]))
    assert "plans/mine.yaml:3" in str(told)
    assert "plans/mine.yaml" not in told.line


def test_a_check_that_failed_is_named() -> None:
    text = "1 blocking asset check failed with ERROR severity:\nsubmissions: archive_is_recorded"
    assert "（archive_is_recorded）" in explain([Cause("DagsterAssetCheckFailedError", text)]).line


def test_what_nobody_foresaw_keeps_its_words_to_itself() -> None:
    """They may repeat what stands in a cell."""
    told = explained(ValueError("could not convert '幸福小区' to int"))
    assert not told.known
    assert "ValueError" in told.line
    assert "幸福" not in str(told)
