"""``data/raw/register/<plan>_proposals.csv``: decision lines as proposed, which nothing reads but their analyst.

A proposal takes effect when its line is moved to ``<plan>.csv``, whose columns it has (and a score behind). Lines are
only ever added; the file as it was is copied to ``backup/`` first.
"""

from __future__ import annotations

import codecs
import csv
import io
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.durable import write_durably

COLUMNS = ("district_code", "event", "community", "related", "date", "reason", "score")
_NOTE = (
    "# 以下为系统建议，尚未生效。请逐行核对，认可的移到 {plan}.csv（没有则新建，首行照抄本表表头）；"
    "不认可的，把 event 改为 distinct 再移过去，以后不再建议\n"
)
_SAME = ("district_code", "event", "community", "related")


class ProposalFileError(ValueError):
    """The file is there, but is not what this module writes; it is left as it is."""


@dataclass(frozen=True)
class Written:
    """What adding did: how many lines are new, how many were there already, and where the old file was copied to."""

    path: Path
    added: int
    known: int
    backup: Path | None


def path_of(folder: Path, plan_id: str) -> Path:
    """Where a plan's proposals are written."""
    return folder / f"{plan_id}_proposals.csv"


def pending(folder: Path, plan_id: str) -> list[dict[str, str]]:
    """The lines that wait to be looked at, with their line numbers. Raises ProposalFileError."""
    path = path_of(folder, plan_id)
    return _lines(path, _read(path)[0]) if path.is_file() else []


def add(folder: Path, plan_id: str, proposals: Iterable[Mapping[str, Any]], now: datetime) -> Written:
    """Add the lines of the proposals (rows of ``proposals.PROPOSAL_SCHEMA``) that are not in the file.

    Raises ProposalFileError, and OSError on a read-only or full disk, without having changed the file.
    """
    path = path_of(folder, plan_id)
    text, encoding = _read(path) if path.is_file() else ("", "utf-8-sig")
    known = {tuple(line[column] for column in _SAME) for line in _lines(path, text)} if text.strip() else set()
    wanted = {tuple(row[:4]): row for row in map(_row, proposals)}
    fresh = [row for key, row in wanted.items() if key not in known]
    if not fresh:
        return Written(path, 0, len(wanted), None)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if not text.strip():
        out.write(_NOTE.format(plan=plan_id))
        writer.writerow(COLUMNS)
    writer.writerows(fresh)
    before = text if not text.strip() or text.endswith("\n") else text + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    backup = _backup(path, now) if path.is_file() else None
    write_durably(path, (before + out.getvalue()).encode(encoding))
    return Written(path, len(fresh), len(wanted) - len(fresh), backup)


def _row(proposal: Mapping[str, Any]) -> tuple[str, ...]:
    day = proposal["date"]
    return (
        proposal["district_code"],
        proposal["event"],
        proposal["community"],
        "、".join(proposal["related"]),
        f"{day:%Y-%m-%d}" if day else "",
        proposal["reason"],
        str(proposal["score"]),
    )


def _backup(path: Path, now: datetime) -> Path:
    """A copy of the file under a name that nothing has yet."""
    folder = path.parent / "backup"
    folder.mkdir(exist_ok=True)
    stem = f"{path.stem}_{now:%Y%m%dT%H%M%S}"
    names = (f"{stem}{f'-{number}' if number else ''}.csv" for number in range(1_000_000))
    target = next(target for name in names if not (target := folder / name).exists())
    shutil.copy2(path, target)
    return target


def _read(path: Path) -> tuple[str, str]:
    """The file's text and its encoding: Excel saves CSV in either."""
    content = path.read_bytes()
    for encoding in ("utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8", "gb18030"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise ProposalFileError(f"{path.name} 既不是 UTF-8 也不是 GB18030 编码，请另存为 CSV UTF-8，或将其改名后再试")


def _lines(path: Path, text: str) -> list[dict[str, str]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    header: list[str] | None = None
    lines = []
    for cells in reader:
        values = [cell.strip() for cell in cells]
        if not any(values) or values[0].startswith("#"):
            continue
        if header is None:
            header = values
            if tuple(header[: len(COLUMNS)]) != COLUMNS:
                raise ProposalFileError(f"{path.name} 的表头应为 {','.join(COLUMNS)}，请改正，或将该文件改名后再试")
            continue
        padded = [*values, *[""] * (len(COLUMNS) - len(values))]
        lines.append({"line": str(reader.line_num), **dict(zip(COLUMNS, padded, strict=False))})
    return lines
