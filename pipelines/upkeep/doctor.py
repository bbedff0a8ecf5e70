"""Examining a workspace from the archive to the reports, and mending what can be made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.intake.upgrade import read_anew
from pipelines.locking import Busy, run_lock
from pipelines.progress import Stage, stage
from pipelines.settings import TIME_ZONE, Workspace
from pipelines.upkeep import originals, published, records, surroundings
from pipelines.upkeep.findings import Finding

LOCK = "run_lock"
LONG_SECONDS = 6 * 3600
"""A run that takes longer is stuck."""

Check = Callable[[Workspace, Stage], Iterator[Finding]]
AT_REST: dict[str, tuple[Check, ...]] = {
    "检查原件": (originals.check,),
    "检查记录和回执": (records.check,),
    "检查已发布的数据": (published.check_marts,),
    "检查报告": (published.check_reports,),
}
"""What a run changes as it goes: examined only while none is going on."""
AT_ANY_TIME = (
    surroundings.check_written,
    surroundings.check_disk,
    surroundings.check_rights,
    surroundings.check_inbox,
    surroundings.check_history,
)


@dataclass
class Examination:
    """What was found, and what was done about it."""

    findings: list[Finding] = field(default_factory=list)
    mended: list[Finding] = field(default_factory=list)

    @property
    def wanting(self) -> list[Finding]:
        """What is wrong still."""
        return [finding for finding in self.findings if not finding.is_notice]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "is_sound": not self.wanting,
            "findings": [finding.as_dict() for finding in self.findings],
            "mended": [finding.as_dict() for finding in self.mended],
        }


def examine(ws: Workspace, *, repair: bool = False) -> Examination:
    """Look at everything; with ``repair`` mend what can be. Holds the run lock meanwhile.

    While a run is going on only what it does not change is looked at, and nothing is mended. Raises Busy for a repair
    then, and OSError where the workspace can't be read, or mended.
    """
    if not ws.raw.is_dir():
        return Examination([Finding("workspace", "", f"{ws.root} 里没有 data/raw", "用 --root 指定工作区")])
    with ExitStack() as held:
        try:
            held.enter_context(run_lock(ws, "actionplan doctor"))
        except Busy as busy:
            if repair:
                raise
            return Examination([_held(busy), *_any_time(ws)])
        except OSError:  # a disk that can't be written; what that means is found below
            if repair:
                raise
        found = [
            *surroundings.check_format(ws),
            *_looked_at_rest(ws),
            *_any_time(ws),
            *surroundings.check_leftovers(ws),
        ]
        return mend(ws, found) if repair else Examination(found)


def _looked_at_rest(ws: Workspace) -> Iterator[Finding]:
    for title, checks in AT_REST.items():
        with stage(title) as progress:
            for check in checks:
                yield from check(ws, progress)


def _any_time(ws: Workspace) -> Iterator[Finding]:
    with stage("检查手工文件、磁盘、权限、收件箱和运行历史"):
        for check in AT_ANY_TIME:
            yield from check(ws)


def _held(busy: Busy) -> Finding:
    now = datetime.now(TIME_ZONE)
    age = (now - (busy.since or now)).total_seconds()
    what = f"另一次运行正在进行：{busy.holder}；原件、记录、已发布的数据和报告这次没有检查"
    if age < LONG_SECONDS:
        return Finding(LOCK, ".build/run.lock", what, "等它结束后再检查一次", is_notice=True)
    what = f"一次运行已进行 {age / 3600:.0f} 小时：{busy.holder}"
    return Finding(LOCK, ".build/run.lock", what, "可能已停住：结束这个进程后重新运行，不会丢失文件")


def mend(ws: Workspace, found: list[Finding]) -> Examination:
    """Mend what can be mended; the rest is still wanting. Raises OSError."""
    done = Examination()
    with stage("修复") as progress:
        for finding in found:
            if finding.mend:
                finding.mend()
            (done.mended if finding.can_be_mended else done.findings).append(finding)
        progress.summary = f"{len(done.mended)} 处"
    if again := {finding.read_anew for finding in done.mended if finding.read_anew}:
        read_anew(ws, again, "记录或回执损坏，重读原件")
    return done
