"""Which form the records of a workspace have: ``data/raw/format.json``, written before anything of that form is.

A program that is older than a workspace refuses it before it touches anything; one that is newer brings the records up
to its own form (``intake.upgrade``). The marker also says what was begun and is not finished yet.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pipelines
from pipelines.durable import write_durably
from pipelines.settings import Workspace

FORMAT = 2
"""Of the records that this program writes; ``form_version`` of every submission. Raised when a kind of record gains,
loses or changes a column or its meaning: records of an older form are then read anew from their originals."""

UPGRADE, RESTORE = "upgrade", "restore"


class FormatError(Exception):
    """The workspace is not one that this program may work on; the text says why and what to do."""


@dataclass(frozen=True)
class State:
    """What the marker of a workspace says. ``unfinished``: what was begun, UPGRADE or RESTORE."""

    format: int
    written_by: str
    unfinished: str | None = None


def marker(ws: Workspace) -> Path:
    """Where the marker is."""
    return ws.raw / "format.json"


def read(ws: Workspace) -> State | None:
    """What the marker says; None where there is none or it can't be read."""
    try:
        told = json.loads(marker(ws).read_text("utf-8"))
        return State(int(told["format"]), str(told["written_by"]), told.get("unfinished"))
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(ws: Workspace, unfinished: str | None = None) -> None:
    """Mark the workspace as one of this program's. Raises OSError."""
    marker(ws).parent.mkdir(parents=True, exist_ok=True)
    told = {"format": FORMAT, "written_by": pipelines.__version__, "unfinished": unfinished}
    write_durably(marker(ws), (json.dumps(told, indent=1) + "\n").encode())


def check(ws: Workspace) -> None:
    """Raises FormatError for a workspace of a newer program, and for one that is half restored."""
    state = read(ws)
    if state and state.format > FORMAT:
        raise too_new(ws, state.format, state.written_by)
    if state and state.unfinished == RESTORE:
        raise FormatError(f"工作区 {ws.root} 的恢复没有完成：请再次运行 actionplan restore，会接着完成。")


def too_new(ws: Workspace, found: int, written_by: str = "") -> FormatError:
    """What to say of a workspace whose records are of a newer form."""
    by = f"由较新的程序（版本 {written_by}）写入，" if written_by else ""
    return FormatError(
        f"工作区 {ws.root} {by}数据格式为 {found}，本程序（版本 {pipelines.__version__}）只认得到格式 {FORMAT}。"
        "没有改动任何文件；请改用较新版本的程序，或用 --root 指定别的工作区。"
    )


def check_upgraded(ws: Workspace) -> None:
    """Raises FormatError where records are being brought up to this program's form, so that some are away."""
    check(ws)
    state = read(ws)
    if state and state.unfinished == UPGRADE:
        raise FormatError("记录正在升级到本程序的格式，尚未完成：请先运行 actionplan run，会接着完成。")
