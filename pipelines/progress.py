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
from typing import IO


class Stage:
    """One stage of a run. ``update`` while it works, ``note`` for lines under it, ``summary`` for its result."""

    def __init__(self, title: str, screen: Screen | None) -> None:
        self.title = title
        self.summary = ""
        self.notes: list[str] = []
        self._screen = screen

    def update(self, done: int, total: int, what: str = "") -> None:
        """Say how far the stage is: ``done`` of ``total``, and what it has in hand."""
        if self._screen:
            self._screen.count(self.title, done, total, what)

    def note(self, line: str) -> None:
        """Keep a line to be shown under the finished stage."""
        self.notes.append(line)


class Screen:
    """Where stages are shown. Writes to its own copy of the stream, so that capturing the process's output
    elsewhere (Dagster does) doesn't hide it.
    """

    def __init__(self, stream: IO[str] | None = None) -> None:
        stream = stream or sys.stderr
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
def watched(stream: IO[str] | None = None) -> Iterator[Screen]:
    """Within the block, stages of this process are shown on ``stream`` (standard error by default)."""
    global _watching
    _watching = screen = Screen(stream)
    try:
        yield screen
    finally:
        _watching = None


@contextmanager
def stage(title: str) -> Iterator[Stage]:
    """A stage of the work in hand, shown to whoever watches this process."""
    screen, started = _watching, time.monotonic()
    current = Stage(title, screen)
    if screen:
        screen.open(title)
    try:
        yield current
    except BaseException:
        if screen:
            screen.fail(current)
        raise
    if screen:
        screen.close(current, time.monotonic() - started)
