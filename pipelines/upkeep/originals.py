"""The archive: every original has the bytes its name says, how it came is kept beside it, and a record speaks of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.intake import receive
from pipelines.intake.filing import KIND as EVIDENCE
from pipelines.intake.filing import unrecorded
from pipelines.intake.receive import DAMAGED, Received
from pipelines.progress import Stage
from pipelines.settings import Workspace
from pipelines.upkeep.findings import Finding

CHECK = "archive"
_HASH = re.compile(r"[0-9a-f]{64}")
FROM_BACKUP = (
    "程序不会改动它。请从备份取回这份原件（见 docs/howto-recover.md），"
    "或请报送单位把内容完全相同的文件再报一次，程序会用它替换"
)


def originals(ws: Workspace) -> list[Path]:
    """Every original in the archive, in the order of their hashes."""
    return sorted(path for path in ws.archive.glob("??/*") if _HASH.fullmatch(path.name))


def check(ws: Workspace, progress: Stage) -> Iterator[Finding]:
    """Read every original. Raises OSError where the archive as a whole can't be read."""
    homes = originals(ws)
    for number, home in enumerate(homes):
        progress.update(number, len(homes), home.name[:16])
        where = home.relative_to(ws.root).as_posix()
        try:
            is_sound = receive.is_sound(home)
        except OSError as error:
            yield Finding(CHECK, where, f"原件读不出来：{error.strerror}", FROM_BACKUP)
        else:
            if not is_sound:
                yield Finding(CHECK, where, "原件的内容与它的名称（SHA-256）不符，已经损坏", FROM_BACKUP)
        if receive.read_received(home) is None:
            yield _without_note(ws, home)
    for path in sorted(ws.archive.glob(f"??/*{DAMAGED}")):
        where = path.relative_to(ws.root).as_posix()
        yield Finding(CHECK, where, "这是一份损坏的原件，已由内容完好的替换", "确认不再需要后可以删除", is_notice=True)
    for sha256 in unrecorded(ws):
        if receive.read_received(ws.archive / receive.archive_path(sha256)):
            where = f"data/raw/archive/{receive.archive_path(sha256)}"
            yield Finding(CHECK, where, "原件已存档，还没有读取入库", "运行 actionplan run，会读取它")
    progress.summary = f"{len(homes)} 份"


def _without_note(ws: Workspace, home: Path) -> Finding:
    """An original of which it is not kept any more how it came: a record or the receipt may still tell."""
    where = home.with_suffix(".json").relative_to(ws.root).as_posix()
    what = "原件的收到时间和来源的记载（同名 .json）缺失或损坏"
    if told := _told_elsewhere(ws, home):
        remedy = "用 actionplan doctor --repair 由入库记录或回执补写"
        return Finding(CHECK, where, what, remedy, mend=partial(receive.write_received, ws.archive, told))
    remedy = (
        "入库记录和回执里也没有。请把原件复制到别处并改回原来的文件名，"
        "再用 actionplan submit 文件 --received-at 收到时间 重新提交，内容相同的原件不会重复存档"
    )
    return Finding(CHECK, where, what, remedy)


def can_be_read_anew(ws: Workspace, home: Path) -> bool:
    """Whether an original is there and sound, and it is known, or can be found out, how it came."""
    if not receive.is_sound(home):
        return False
    return receive.read_received(home) is not None or _told_elsewhere(ws, home) is not None


def _told_elsewhere(ws: Workspace, home: Path) -> Received | None:
    """How an original came, as its records or its receipt have it."""
    start = receive.submission_id(home.name)
    size = home.stat().st_size
    for kind, name in (("submission", start), (EVIDENCE, f"{start}-*"), ("bundle", start)):
        for path in sorted((ws.records / kind).glob(f"{name}.parquet")):
            try:
                return _received(home.name, size, pl.read_parquet(path).row(0, named=True))
            except (pl.exceptions.PolarsError, OSError, KeyError, TypeError, ValueError):
                continue
    for path in sorted(ws.receipts.rglob(f"*-{start[:8]}.json")):
        try:
            told = json.loads(path.read_text("utf-8"))
            if told["sha256"] == home.name:
                return _received(home.name, size, told)
        except (OSError, KeyError, TypeError, ValueError):
            continue
    return None


def _received(sha256: str, size: int, told: Mapping[str, Any]) -> Received:
    when = told["received_at"]
    when = datetime.fromisoformat(when) if isinstance(when, str) else when
    how = told.get("received_at_source") or receive.FIRST_SEEN
    return Received(sha256, told["file_name"], told["drop_path"], size, when, how)
