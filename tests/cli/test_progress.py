"""What a person watching a run sees."""

from __future__ import annotations

import io

import pytest

from pipelines.progress import stage, watched


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_when_nobody_watches_live() -> None:
    stream = io.StringIO()
    with watched(stream), stage("接收填报表") as progress:
        progress.update(1, 2, "a.xlsx")
        progress.summary = "2 份"
        progress.note("退回：b.xlsx")
    assert stream.getvalue().startswith("接收填报表：2 份（0.0 秒）\n  退回：b.xlsx\n")
    assert "\r" not in stream.getvalue()


def test_counts_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with watched(stream), stage("接收填报表") as progress:
        progress.update(1, 2, "a.xlsx")
        progress.update(2, 2, "b.xlsx")
    shown = stream.getvalue()
    assert "接收填报表 1/2 a.xlsx" in shown
    assert "接收填报表 2/2 b.xlsx" in shown
    assert shown.endswith("接收填报表（0.0 秒）\n")


def test_a_stage_that_fails_says_so() -> None:
    stream = io.StringIO()
    with pytest.raises(OSError, match="full"), watched(stream), stage("发布数据"):
        raise OSError("full")
    assert stream.getvalue() == "发布数据：未完成\n"


def test_nobody_watching_nothing_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with stage("接收填报表") as progress:
        progress.update(1, 2)
        progress.summary = "2 份"
    assert capfd.readouterr() == ("", "")
