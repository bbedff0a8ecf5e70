"""One run at a time per workspace."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.settings import TIME_ZONE, Workspace

NOTE = "run.holder.json"
"""In the build folder while the lock is held: who holds it."""


class Busy(Exception):
    """Another process is running this workspace. ``holder`` says who, since when and with what."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@contextmanager
def run_lock(ws: Workspace, what: str, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the workspace's run lock; within one process it may be taken again by the inner steps of the same run.

    The lock is the operating system's: it is released when its holder dies, however it dies. Raises Busy when another
    process still holds it after ``wait_seconds``, OSError when the lock file can't be written.
    """
    ws.build.mkdir(parents=True, exist_ok=True)
    lock = FileLock(ws.build / "run.lock", is_singleton=True, thread_local=False)
    holder = ws.build / NOTE
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise Busy(_read_holder(holder)) from None
    try:
        if lock.lock_counter == 1:
            since = datetime.now(TIME_ZONE)  # the real clock: ACTIONPLAN_NOW is for data, this is for people
            holder.write_text(json.dumps({"pid": os.getpid(), "since": f"{since:%Y-%m-%d %H:%M:%S}", "what": what}))
        yield
    finally:
        if lock.lock_counter == 1:
            holder.unlink(missing_ok=True)
        lock.release()


def _read_holder(path: Path) -> str:
    """Who holds the lock, as a phrase; the note is written just after the lock is taken, so it may not be there yet."""
    try:
        note = json.loads(path.read_text())
        return f"{note['what']}（进程 {note['pid']}，开始于 {note['since']}）"
    except (OSError, ValueError, KeyError):
        return "另一个进程（刚刚开始）"
