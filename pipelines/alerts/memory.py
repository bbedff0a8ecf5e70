"""What has been told, per channel, and what is failing: two small files in ``logs/alerts`` of the workspace, and a log.

A file is replaced whole after each message that arrived. Who is killed in between has at worst told something that is
told once more; nothing is ever left untold.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.durable import write_durably
from pipelines.settings import Workspace

File = TypeVar("File", bound="_Model")
LOG = "sent.jsonl"
LOG_BYTES = 1_000_000
WAIT_SECONDS = 30
"""For another process that is telling: longer than it may take."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Snapshot(_Model):
    """What the last digest told: ``plan/period/district`` of what was overdue, the submissions that were returned."""

    at: datetime
    overdue: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()


class Told(_Model):
    """What one channel has been told."""

    digest: Snapshot | None = None
    reminders: dict[str, datetime] = {}
    """``plan/period/days before`` → when."""
    failures: dict[str, str] = {}
    """What failed (its scope) → the stage and line told of it."""


class Failing(_Model):
    """A run that failed, and has not succeeded since."""

    run_id: str
    at: datetime
    stage: str
    line: str
    published: bool | None = None
    """Whether its data had been published by then; None where nobody knows."""

    @property
    def signature(self) -> str:
        """The same trouble again is no news."""
        return f"{self.stage}：{self.line}"


class _ToldFile(_Model):
    channels: dict[str, Told] = {}


class _FailingFile(_Model):
    scopes: dict[str, Failing] = {}


class Memory:
    """What every channel has been told; ``keep`` after each message."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _read(path, _ToldFile)

    def of(self, channel: str) -> Told:
        return self._file.channels.get(channel, Told())

    def note(self, at: datetime, channel: str, kind: str, *, arrived: bool, remark: str) -> None:
        """Add a line on a message to the log of all of them; a large log is put aside for a new one. Raises OSError."""
        log = self._path.with_name(LOG)
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".old.jsonl"))
        told = {"time": at.isoformat(), "channel": channel, "kind": kind, "status": "arrived" if arrived else "failed"}
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**told, **({"error": remark} if remark else {})}, ensure_ascii=False) + "\n")

    def keep(self, channel: str, told: Told) -> None:
        """Write down that this channel has been told this. Raises OSError."""
        self._file.channels[channel] = told
        _write(self._path, self._file)


def _folder(ws: Workspace) -> Path:
    return ws.logs / "alerts"


@contextmanager
def memory(ws: Workspace) -> Iterator[Memory | None]:
    """The workspace's memory, for one process at a time; None where another is telling just now.

    Raises OSError where the folder can't be written.
    """
    folder = _folder(ws)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "telling.lock", timeout=WAIT_SECONDS):
            yield Memory(folder / "told.json")
    except Timeout:
        yield None


def recall(ws: Workspace) -> Memory:
    """The memory to look at."""
    return Memory(_folder(ws) / "told.json")


def failing(ws: Workspace) -> Mapping[str, Failing]:
    """What failed and has not succeeded since, by scope."""
    return _read(_folder(ws) / "failing.json", _FailingFile).scopes


def failed(ws: Workspace, scope: str, failure: Failing) -> None:
    """Note that a run failed. Raises OSError.

    ``scope``: empty for everything, ``plan`` or ``plan/period``; ``job:name`` for a job that does something else.
    """
    with _failing_file(ws) as file:
        file.scopes[scope] = failure


def succeeded(ws: Workspace, scope: str) -> None:
    """Note that a run succeeded: what failed within its scope is well again. Raises OSError."""
    if failing(ws):
        with _failing_file(ws) as file:
            for well in [other for other in file.scopes if covers(scope, other)]:
                del file.scopes[well]


def covers(scope: str, other: str) -> bool:
    """Whether a run over one scope does all that a run over the other does; another job's scope is ``job:name``."""
    return scope == other or (":" not in other and (scope == "" or other.startswith(f"{scope}/")))


@contextmanager
def _failing_file(ws: Workspace) -> Iterator[_FailingFile]:
    folder = _folder(ws)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "failing.lock"):
        file = _read(folder / "failing.json", _FailingFile)
        yield file
        _write(folder / "failing.json", file)


def _read(path: Path, kind: type[File]) -> File:
    """A file's content; a new one where there is none, or what is there can't be read (it is put aside)."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return kind()
    except (ValidationError, ValueError):
        os.replace(path, path.with_suffix(".unreadable"))
        return kind()


def _write(path: Path, content: BaseModel) -> None:
    write_durably(path, json.dumps(content.model_dump(mode="json"), ensure_ascii=False, indent=1).encode())
