"""Putting a backup back: verified before anything is written, and never over other data.

While it goes on, the workspace's marker says so, and no command works on it: one that was killed is finished by the
same command once more.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pipelines import formats
from pipelines.durable import to_disk
from pipelines.formats import FORMAT
from pipelines.hashing import file_sha256
from pipelines.locking import run_lock
from pipelines.progress import stage
from pipelines.settings import Workspace
from pipelines.upkeep.backup import Backup, BackupError, Entry, blob, verify, wanted

SHOWN = 5


def restore(target: Path, backup: Backup, ws: Workspace) -> int:
    """Put a backup's files into an empty workspace, or one that holds nothing else; how many were missing.

    Raises BackupError where the backup is not sound, of a newer program, or the workspace has other data, before
    anything is touched; OSError (read-only or full disk) naming the path, after which the same call goes on.
    """
    if backup.format > FORMAT:
        raise BackupError(
            f"这份备份由较新的程序（版本 {backup.written_by}，数据格式 {backup.format}）做成，"
            f"本程序只认得到格式 {FORMAT}：请用较新版本的程序恢复"
        )
    state = formats.read(ws)
    if state and state.format > FORMAT:
        raise formats.too_new(ws, state.format, state.written_by)
    if wrong := verify(target, [backup]):
        shown = "\n  ".join(wrong[:SHOWN])
        raise BackupError(f"备份 {backup.moment} 有 {len(wrong)} 个文件缺失或损坏，没有恢复任何文件：\n  {shown}")
    with run_lock(ws, "actionplan restore"):
        marker = formats.marker(ws)
        _refuse_other_data(ws, backup, marker)
        formats.write(ws, formats.RESTORE)
        done = 0
        marked = marker.relative_to(ws.root).as_posix()
        with stage("恢复文件") as progress:
            files = [entry for entry in backup.files if entry.path != marked]
            for number, entry in enumerate(files):
                progress.update(number, len(files), entry.path)
                if not _has(ws, entry):
                    _put(blob(target, entry.sha256), ws.root / entry.path, entry)
                    done += 1
            progress.summary = f"{done} 个，另有 {len(files) - done} 个已在" if done < len(files) else f"{done} 个"
        to_disk()
        old = next((entry for entry in backup.files if entry.path == marked), None)
        if old:
            _put(blob(target, old.sha256), marker, old)
        else:  # made before there were markers: the next run finds out
            marker.unlink()
        to_disk()
    return done


def _refuse_other_data(ws: Workspace, backup: Backup, marker: Path) -> None:
    theirs = {entry.path: entry for entry in backup.files}
    other = []
    for path in wanted(ws):
        name = path.relative_to(ws.root).as_posix()
        if path != marker and (name not in theirs or not _has(ws, theirs[name])):
            other.append(name)
    if other:
        shown = "、".join(other[:SHOWN])
        raise BackupError(
            f"工作区 {ws.root} 里已有与备份不同的数据（{len(other)} 个文件，如 {shown}），没有改动任何文件。"
            "请用 --into 恢复到空文件夹，或先把现有的数据移走"
        )


def _has(ws: Workspace, entry: Entry) -> bool:
    path = ws.root / entry.path
    return path.is_file() and path.stat().st_size == entry.size and file_sha256(path) == entry.sha256


def _put(source: Path, path: Path, entry: Entry) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.restoring.tmp")
    try:
        shutil.copyfile(source, temporary)
        os.utime(temporary, ns=(entry.modified, entry.modified))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
