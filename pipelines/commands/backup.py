"""``actionplan backup`` in words."""

from __future__ import annotations

from pathlib import Path

from pipelines.settings import Workspace
from pipelines.upkeep import backup

SHOWN = 20


def made(ws: Workspace, target: Path, keep: int | None) -> tuple[list[str], bool]:
    """Make a backup; what there is to say, and whether all that was backed up is sound. Raises BackupError, OSError."""
    done = backup.make(ws, target)
    size = f"{len(done.backup.files)} 个文件，共 {done.backup.size / 1024**2:.1f} MB"
    said = [f"已备份到 {target}：{done.backup.moment}，{size}，新增并核对 {done.new_files} 个"]
    if keep and (gone := backup.prune(target, keep)):
        said.append(f"移除了 {gone} 次较早的备份，留最近 {keep} 次")
    for entry in done.damaged[:SHOWN]:
        said.append(f"注意：原件已损坏：{entry.path}")
        good = backup.blob(target, Path(entry.path).name)
        if good.is_file():
            said.append(f"      早先的备份里有完好的：cp {good} {ws.root / entry.path}")
    return said, not done.damaged


def listed(target: Path) -> list[str]:
    """The backups there are."""
    said = []
    for moment in backup.moments(target):
        try:
            one = backup.read(target, moment)
            said.append(f"{moment}\t{len(one.files)} 个文件\t{one.size / 1024**2:.1f} MB\t程序版本 {one.written_by}")
        except backup.BackupError as error:
            said.append(str(error))
    return said or [f"{target} 中没有备份"]


def verified(target: Path) -> tuple[list[str], bool]:
    """Read all that backups need; what there is to say, and whether all is sound. Raises BackupError, OSError."""
    known = backup.moments(target)
    if not known:
        raise backup.BackupError(f"{target} 中没有备份")
    wrong = backup.verify(target, [backup.read(target, moment) for moment in known])
    if not wrong:
        return [f"{len(known)} 次备份全部完好，最近一次是 {known[-1]}"], True
    said = [f"备份中有 {len(wrong)} 个文件缺失或损坏：", *(f"  · {one}" for one in wrong[:SHOWN])]
    said.append("工作区里若还有完好的，删除备份中损坏的文件后再备份一次即可补上；否则请用另一份备份。")
    return said, False
