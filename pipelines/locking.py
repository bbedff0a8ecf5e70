"""One run at a time per workspace, and a sign of life of each."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from pipelines.settings import TIME_ZONE, Workspace

NOTE = "run.holder.json"
"""In the build folder while the lock is held: who holds it."""


class Busy(Exception):
    """Another process is running this workspace. ``holder`` says who, since when and with what; ``since``: when it
    began, where that is known.
    """

    def __init__(self, holder: str, since: datetime | None = None) -> None:
        super().__init__(holder)
        self.holder, self.since = holder, since


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
        raise Busy(*_read_holder(holder)) from None
    try:
        if lock.lock_counter == 1:
            since = datetime.now(TIME_ZONE)  # the real clock: ACTIONPLAN_NOW is for data, this is for people
            holder.write_text(json.dumps({"pid": os.getpid(), "since": f"{since:%Y-%m-%d %H:%M:%S}", "what": what}))
        yield
    finally:
        if lock.lock_counter == 1:
            holder.unlink(missing_ok=True)
        lock.release()


def give_sign_of_life(ws: Workspace, run_id: str) -> None:
    """From now until this process ends, however it ends, ``is_alive`` says that the Dagster run is.

    Like the run lock it is the operating system's. What processes that are gone have left behind is removed. Raises
    OSError where it can't be written.
    """
    path = _life(ws, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob("*.alive"):
        if old.stem != run_id and time.time() - old.stat().st_mtime > _KEPT_SECONDS and not is_alive(ws, old.stem):
            old.unlink(missing_ok=True)
    if run_id not in _alive:
        lock = FileLock(path, thread_local=False)
        lock.acquire()
        os.utime(path)
        _alive[run_id] = lock


def is_alive(ws: Workspace, run_id: str) -> bool | None:
    """Whether the process of a Dagster run is there; None where it has given no sign of life, or long ago."""
    path = _life(ws, run_id)
    if not path.exists():
        return None
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


_alive: dict[str, BaseFileLock] = {}
_KEPT_SECONDS = 7 * 24 * 3600


def _life(ws: Workspace, run_id: str) -> Path:
    return ws.build / "runs" / f"{run_id}.alive"


def _read_holder(path: Path) -> tuple[str, datetime | None]:
    """Who holds the lock, as a phrase; the note is written just after the lock is taken, so it may not be there yet."""
    try:
        note = json.loads(path.read_text())
        since = datetime.fromisoformat(note["since"]).replace(tzinfo=TIME_ZONE)
        return f"{note['what']}（进程 {note['pid']}，开始于 {note['since']}）", since
    except (OSError, ValueError, KeyError, TypeError):
        return "另一个进程（刚刚开始）", None
