"""What a person watching a run sees: one line per stage, counting on a terminal, plain lines elsewhere.

The stages are announced by the code that does the work (``with stage("读取工作簿") as s``), whoever runs it. Nobody
watching (a scheduled run), nothing printed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging import ERROR
from typing import IO

from pipelines import journal


class Stage:
    """One stage of a run. ``update`` while it works, ``note`` for lines under it, ``summary`` for its result."""

    def __init__(self, title: str, screen: Screen | None) -> None:
        self.title = title
        self.summary = ""
        self.notes: list[str] = []
        self._screen = screen
        self._started = time.monotonic()
        self._took: float | None = None

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return time.monotonic() - self._started if self._took is None else self._took

    def end(self) -> None:
        """Stop the clock."""
        self._took = self.seconds

    def update(self, done: int, total: int, what: str = "") -> None:
        """Say how far the stage is: ``done`` of ``total``, and what it has in hand."""
        if self._screen:
            self._screen.count(self.title, done, total, what)

    def note(self, line: str) -> None:
        """Keep a line to be shown under the finished stage."""
        self.notes.append(line)

    def detail(self, line: str) -> None:
        """Show a line at once to whoever wants to see everything."""
        if self._screen and self._screen.verbose:
            self._screen.line(line)


class Screen:
    """Where stages are shown. Writes to its own copy of the stream, so that capturing the process's output
    elsewhere (Dagster does) doesn't hide it.
    """

    def __init__(self, stream: IO[str] | None = None, *, verbose: bool = False) -> None:
        stream = stream or sys.stderr
        self.verbose = verbose
        self.live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._stream = stream
        self._shown_at = 0.0

    def count(self, title: str, done: int, total: int, what: str) -> None:
        """Overwrite the current line, at most ten times a second; only on a terminal."""
        if self.live and (time.monotonic() - self._shown_at > 0.1 or done == total):
            self._shown_at = time.monotonic()
            of = f" {done}/{total}" if total else ""
            self._write(f"\r\033[K{title}{of} {what}"[:160])

    def open(self, title: str) -> None:
        """Show that a stage begins; only on a terminal, where its line can be replaced."""
        if self.live:
            self._write(f"\r\033[K{title} …")

    def line(self, text: str) -> None:
        """Show a line of the stage in hand."""
        start = "\r\033[K" if self.live else ""
        self._write(f"{start}  {text}\n")

    def close(self, stage: Stage, seconds: float) -> None:
        """Show a finished stage: title, result, time, and the notes under it."""
        start = "\r\033[K" if self.live else ""
        result = f"：{stage.summary}" if stage.summary else ""
        self._write(f"{start}{stage.title}{result}（{seconds:.1f} 秒）\n")
        for line in stage.notes:
            self._write(f"  {line}\n")

    def fail(self, stage: Stage) -> None:
        """Close the line of a stage that ended with an exception."""
        start = "\r\033[K" if self.live else ""
        self._write(f"{start}{stage.title}：未完成\n")
        for line in stage.notes:
            self._write(f"  {line}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


_watching: Screen | None = None


@contextmanager
def watched(stream: IO[str] | None = None, *, verbose: bool = False, quiet: bool = False) -> Iterator[None]:
    """Within the block, stages of this process are shown on ``stream`` (standard error by default).

    ``verbose``: with every detail; ``quiet``: not at all.
    """
    global _watching
    _watching = None if quiet else Screen(stream, verbose=verbose)
    try:
        yield
    finally:
        _watching = None


@contextmanager
def stage(title: str) -> Iterator[Stage]:
    """A stage of the work in hand, shown to whoever watches this process, and kept in the log of the run."""
    screen = _watching
    current = Stage(title, screen)
    journal.event("stage_started", stage=title)
    if screen:
        screen.open(title)
    try:
        yield current
    except BaseException as error:
        _keep(current, done=False)
        journal.event("stage_failed", level=ERROR, stage=title, seconds=current.seconds, error=type(error).__name__)
        journal.summary().failed_stage = title
        if screen:
            screen.fail(current)
        raise
    _keep(current, done=True)
    journal.event("stage_finished", stage=title, seconds=current.seconds)
    if screen:
        screen.close(current, current.seconds)


def _keep(stage: Stage, *, done: bool) -> None:
    stage.end()
    journal.summary().stages.append(journal.StageTime(stage.title, round(stage.seconds, 2), done))
