"""What a run did, kept in ``logs/`` of the workspace: one JSON object a line, the last of which sums the run up.

Ids, counts, times and words of the program alone: an event takes no other field, so that no cell of a workbook, name of
a file or message of a library gets in. The newest ``KEPT`` runs are kept. Times are the clock's, not
``ACTIONPLAN_NOW``: a log is for people.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pipelines.settings import TIME_ZONE, Workspace, local

KEPT = 200
"""Runs whose logs stay."""
SUMMARY = "run_finished"
"""The event of the last line."""
Result = Literal["done", "failed", "interrupted", "unfinished"]

_LOG = logging.getLogger("actionplan")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False
_LOG.setLevel(logging.INFO)


@dataclass
class StageTime:
    """One stage of a run: what it is called, how long it took, and whether it came to its end."""

    title: str
    seconds: float
    done: bool = True


@dataclass
class Place:
    """A workbook, by where it belongs."""

    plan: str | None
    period: str | None
    district: str | None
    submission_id: str


@dataclass
class Publication:
    """What a run published of a plan: its number, and how much is otherwise than before."""

    plan: str
    number: int
    changed: dict[str, int]


@dataclass
class Late:
    """Who has not handed in a ledger that was due."""

    plan: str
    period: str
    days: int
    districts: list[str]


@dataclass
class Check:
    """A check that did not pass."""

    asset: str
    check: str
    severity: str


@dataclass
class Summary:
    """What a run came to. Filled by the code that does the work; every part may be missing."""

    run_id: str = ""
    what: str = ""
    started: str = ""
    result: Result = "unfinished"
    seconds: float = 0.0
    plan: str | None = None
    period: str | None = None
    stages: list[StageTime] = field(default_factory=list)
    received: dict[str, int] = field(default_factory=dict)
    """Verdict → new workbooks."""
    again: int = 0
    """Workbooks that had been received before."""
    returned: list[Place] = field(default_factory=list)
    tables: int | None = None
    tables_changed: int | None = None
    publications: list[Publication] = field(default_factory=list)
    receipts_filled: int = 0
    pages: int = 0
    late: list[Late] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    failed_stage: str = ""
    failure: str = ""
    """Why it failed, in the line that people are told."""

    @classmethod
    def read(cls, told: dict[str, Any]) -> Summary:
        """The summary of a log's last line; fields of another version are left out."""
        lists: dict[str, type] = {
            "stages": StageTime,
            "returned": Place,
            "publications": Publication,
            "late": Late,
            "checks": Check,
        }
        known = {one.name: told[one.name] for one in fields(cls) if one.name in told}
        for name, kind in lists.items():
            known[name] = [kind(**entry) for entry in known.get(name, [])]
        return cls(**known)


class _Json(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, TIME_ZONE).isoformat(timespec="milliseconds")
        told = {"time": moment, "level": record.levelname.lower(), "event": record.msg, **getattr(record, "fields", {})}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def event(
    name: str,
    *,
    level: int = logging.INFO,
    plan: str | None = None,
    period: str | None = None,
    district: str | None = None,
    submission_id: str | None = None,
    rule_id: str | None = None,
    stage: str | None = None,
    seconds: float | None = None,
    status: str | None = None,
    node: str | None = None,
    check: str | None = None,
    error: str | None = None,
    counts: Mapping[str, int] | None = None,
) -> None:
    """Write an event into the log of the run in hand; nothing where none is open.

    ``node``: a dbt node; ``error``: the class of an exception, or the line people are told.
    """
    if _open is None:
        return
    said = {
        "run_id": _open.run_id,
        "plan": plan,
        "period": period,
        "district": district,
        "submission_id": submission_id,
        "rule_id": rule_id,
        "stage": stage,
        "seconds": None if seconds is None else round(seconds, 3),
        "status": status,
        "node": node,
        "check": check,
        "error": error,
        **(counts or {}),
    }
    _LOG.log(level, name, extra={"fields": {key: value for key, value in said.items() if value is not None}})


def summary() -> Summary:
    """The summary of the run in hand; one that nobody reads where none is open."""
    return _open or Summary()


_open: Summary | None = None
_last: Summary | None = None


def last() -> Summary | None:
    """The summary of the run of this process that ended last."""
    return _last


@contextmanager
def opened(
    ws: Workspace, run_id: str, what: str, plan: str | None = None, period: str | None = None
) -> Iterator[Summary]:
    """Within the block, events of this process go into the log of this run; a run inside a run is part of it.

    Where the log can't be written the run goes on without one.
    """
    global _open, _last
    if _open is not None:
        yield _open
        return
    began, moment = time.monotonic(), datetime.now(TIME_ZONE)
    _open = told = Summary(run_id, what, f"{local(moment):%Y-%m-%dT%H:%M:%S}", plan=plan, period=period)
    handler: logging.Handler | None = None
    with suppress(OSError):
        ws.logs.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(ws.logs / f"{local(moment):%Y-%m-%d-%H%M%S}-{run_id[:8]}.jsonl", encoding="utf-8")
        handler.setFormatter(_Json())
        _LOG.addHandler(handler)
    loud, logging.raiseExceptions = logging.raiseExceptions, False  # others tell of a full disk
    try:
        event("run_started", plan=plan, period=period, status=what)
        yield told
        told.result = "failed" if told.failed_stage or told.failure else "done"
    except KeyboardInterrupt:
        told.result = "interrupted"
        raise
    except BaseException:
        told.result = "failed"
        raise
    finally:
        told.seconds = round(time.monotonic() - began, 1)
        level = logging.INFO if told.result == "done" else logging.ERROR
        _LOG.log(level, SUMMARY, extra={"fields": asdict(told)})
        logging.raiseExceptions, _open, _last = loud, None, told
        if handler:
            _LOG.removeHandler(handler)
            with suppress(OSError):
                handler.close()
            _forget(ws)


def _files(ws: Workspace) -> list[Path]:
    """The logs, newest run first."""
    return sorted(ws.logs.glob("*.jsonl"), reverse=True)


def _forget(ws: Workspace) -> None:
    for old in _files(ws)[KEPT:]:
        with suppress(OSError):
            old.unlink()


def runs(ws: Workspace, at_most: int) -> Iterator[Summary]:
    """The last runs, newest first; one that was killed, or still goes on, has no end and is ``unfinished``."""
    for file in _files(ws)[:at_most]:
        with suppress(OSError, ValueError, TypeError):
            yield _read(file)


def find(ws: Workspace, run_id: str) -> Summary | None:
    """The newest run whose id begins so."""
    for file in _files(ws):
        if file.stem.rpartition("-")[2] == run_id[:8] or file.stem.rpartition("-")[2].startswith(run_id):
            with suppress(OSError, ValueError, TypeError):
                return _read(file)
    return None


def _read(file: Path) -> Summary:
    """The summary in a log's last line; of a run without one, how far it came. Raises ValueError for what is no log."""
    lines = [_parsed(line) for line in file.read_text(encoding="utf-8").splitlines()]
    if lines and lines[-1].get("event") == SUMMARY:
        return Summary.read(lines[-1])
    if not lines or "run_id" not in lines[0]:
        raise ValueError(file)
    told = Summary(lines[0]["run_id"], lines[0].get("status", ""), lines[0]["time"][:19])
    for one in lines:
        kind = one.get("event")
        if kind == "stage_started":
            told.failed_stage = one["stage"]
        elif kind in ("stage_finished", "stage_failed"):
            told.stages.append(StageTime(one["stage"], one["seconds"], kind == "stage_finished"))
            told.failed_stage = ""
    return told


def _parsed(line: str) -> dict[str, Any]:
    """A line; nothing where a kill left half of it."""
    try:
        return dict(json.loads(line))
    except ValueError:
        return {}
