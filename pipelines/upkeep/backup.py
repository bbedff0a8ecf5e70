"""Backups: what cannot be made anew, kept by its hash in a folder elsewhere, with a list for each moment.

``<target>/files/ab/abcd…``: the bytes, each once, whatever they are called · ``<target>/backups/<moment>.json``: which
file had which bytes. The list comes last, durably: a backup is there whole or not at all, and one that was interrupted
only leaves bytes that the next one need not copy. No file system needs to know links for that.

A run may go on meanwhile. It makes things in one order (original into the archive, rows, the record that makes them
count, receipt, then the drop leaves the inbox), so they are copied in the opposite one: whatever a copied file speaks
of is still there when its turn comes. What was replaced or moved away in between (an upgrade, a repair) is noticed, and
all is looked through once more.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import pipelines
from pipelines.durable import to_disk, write_durably
from pipelines.formats import FORMAT
from pipelines.progress import stage
from pipelines.settings import TIME_ZONE, Workspace

FILES, BACKUPS = "files", "backups"
CONFIGURATION = ("alerts.yaml", "dagster.yaml")
"""Files of a workspace's root that people write."""
TRIES = 20
"""So often all files are looked through until none has changed meanwhile."""
BLOCK = 1 << 20


class BackupError(Exception):
    """A backup can't be made, or is not sound; the text says what is wrong and what to do."""


@dataclass(frozen=True)
class Entry:
    """One file of a backup. ``path``: relative to the workspace, with ``/``; ``modified``: in nanoseconds."""

    path: str
    sha256: str
    size: int
    modified: int


@dataclass(frozen=True)
class Backup:
    """What a workspace held at one moment."""

    moment: str
    format: int
    written_by: str
    files: tuple[Entry, ...]

    @property
    def size(self) -> int:
        return sum(entry.size for entry in self.files)


@dataclass(frozen=True)
class Made:
    """What making a backup came to: the backup, and what had not been in the target before."""

    backup: Backup
    new_files: int
    new_bytes: int
    damaged: list[Entry]
    """Originals whose bytes are not those that their names say."""


def blob(target: Path, sha256: str) -> Path:
    """Where a target keeps bytes."""
    return target / FILES / sha256[:2] / sha256


# ── what belongs into a backup ────────────────────────────────────────────────────────────────────────────────────


def wanted(ws: Workspace) -> list[Path]:
    """Every file that cannot be made anew, in the order in which they are to be copied."""
    groups: list[Iterable[Path]] = [
        _below(ws.inbox),
        *(_below(ws.records / kind) for kind in ("submission", "bundle", "evidence_file")),
        _below(ws.records),
        _below(ws.receipts),
        _below(ws.raw),
        _below(ws.plans),
        (ws.root / name for name in CONFIGURATION),
        (path for path in _below(ws.logs / "alerts") if path.suffix != ".lock"),  # what was told already
        sorted(ws.reports.glob("*/edition/*")),
        *(_below(folder) for folder in sorted(ws.reports.glob("[!.]*@*"))),
    ]
    found = (path for group in groups for path in group if path.is_file() and not path.is_symlink())
    return list(dict.fromkeys(found))


def _below(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if not path.name.endswith(".tmp"))


# ── making one ────────────────────────────────────────────────────────────────────────────────────────────────────


def make(ws: Workspace, target: Path) -> Made:
    """Add a backup of the workspace to a target, and verify what is new there.

    Raises BackupError where the target lies in the workspace or the workspace never comes to rest, and OSError
    (read-only or full disk) naming the path; earlier backups stay as they are in any case.
    """
    target = target.expanduser().resolve()
    if target.is_relative_to(ws.root) and not _is_outside(ws, target):
        raise BackupError(f"备份位置 {target} 在工作区的数据之内：请选另一个文件夹，最好在另一块磁盘上")
    if not ws.raw.is_dir():
        raise BackupError(f"{ws.root} 里没有 data/raw，没有可备份的数据：请用 --root 指定工作区")
    (target / FILES).mkdir(parents=True, exist_ok=True)
    (target / BACKUPS).mkdir(exist_ok=True)
    for left in (target / FILES).glob(".*.tmp"):
        left.unlink()
    known = {(entry.path, entry.size, entry.modified): entry.sha256 for entry in _last(target)}
    copied: dict[Path, tuple[tuple[int, int, int], Entry]] = {}
    new: dict[str, int] = {}
    with stage("复制到备份") as progress:
        for _ in range(TRIES):
            paths = wanted(ws)
            for number, path in enumerate(paths):
                progress.update(number, len(paths), path.name)
                if path in copied and copied[path][0] == _signature(path):
                    continue
                copied.pop(path, None)
                if one := _copied(ws, path, target, known, new):
                    copied[path] = one
            copied = {path: copied[path] for path in paths if path in copied}
            if all(_is_still(ws, path, copied) for path in paths):
                break
        else:
            raise BackupError("工作区的文件一直在变动，没有做成一致的备份：请等其他操作结束后再试")
        progress.summary = f"新增 {len(new)} 个文件，{_megabytes(sum(new.values()))}"
    to_disk()
    _verify(target, new)
    at = datetime.now(TIME_ZONE)
    files = tuple(sorted((entry for _, entry in copied.values()), key=lambda entry: entry.path))
    backup = Backup(f"{at:%Y-%m-%dT%H%M%S}", FORMAT, pipelines.__version__, files)
    told = asdict(backup)
    write_durably(target / BACKUPS / f"{backup.moment}.json", (json.dumps(told, ensure_ascii=False) + "\n").encode())
    to_disk()
    damaged = [entry for entry in files if (name := _original(entry)) and name != entry.sha256]
    return Made(backup, len(new), sum(new.values()), damaged)


def _is_still(ws: Workspace, path: Path, copied: Mapping[Path, tuple[tuple[int, int, int], Entry]]) -> bool:
    """Whether a listed file is copied and has not changed since. A drop may leave the inbox: it is archived then."""
    return path.is_relative_to(ws.inbox) or (path in copied and copied[path][0] == _signature(path))


def _original(entry: Entry) -> str | None:
    """The hash that an original's name says; None for what is no original."""
    folder, _, name = entry.path.rpartition("/")
    return name if folder.startswith("data/raw/archive/") and len(name) == 64 else None


def _is_outside(ws: Workspace, target: Path) -> bool:
    """Whether nothing of a target within the workspace's folder would be backed up itself."""
    return not any(target.is_relative_to(folder) for folder in (ws.raw, ws.plans, ws.reports, ws.marts))


def _last(target: Path) -> tuple[Entry, ...]:
    """The files of the last backup there, whose bytes need not be read again while they look the same."""
    for moment in reversed(moments(target)):
        try:
            return read(target, moment).files
        except BackupError:
            continue
    return ()


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def _copied(
    ws: Workspace, path: Path, target: Path, known: dict[tuple[str, int, int], str], new: dict[str, int]
) -> tuple[tuple[int, int, int], Entry] | None:
    """Copy one file's bytes, unless the target has them; None when it went away or changed meanwhile."""
    signature = _signature(path)
    if signature is None:
        return None
    size, modified, _ = signature
    name = path.relative_to(ws.root).as_posix()
    sha256 = known.get((name, size, modified))
    if sha256 is None or not blob(target, sha256).is_file():
        try:
            sha256 = _put(path, target, new)
        except FileNotFoundError:
            if path.exists():
                raise
            return None
    return (signature, Entry(name, sha256, size, modified)) if _signature(path) == signature else None


def _put(path: Path, target: Path, new: dict[str, int]) -> str:
    """Bring a file's bytes into the target under their hash, which is returned."""
    digest, size = hashlib.sha256(), 0
    temporary = target / FILES / f".{os.getpid()}.tmp"
    try:
        with path.open("rb") as source, temporary.open("wb") as copy:
            while block := source.read(BLOCK):
                digest.update(block)
                copy.write(block)
                size += len(block)
        home = blob(target, digest.hexdigest())
        if not home.is_file():
            home.parent.mkdir(exist_ok=True)
            os.replace(temporary, home)
            new[home.name] = size
    finally:
        temporary.unlink(missing_ok=True)
    return home.name


# ── looking at them ───────────────────────────────────────────────────────────────────────────────────────────────


def moments(target: Path) -> list[str]:
    """The backups of a target by their moment, oldest first."""
    return sorted(path.stem for path in (target / BACKUPS).glob("[!.]*.json"))


def read(target: Path, moment: str) -> Backup:
    """One backup. Raises BackupError where its list is not there or can't be read."""
    path = target / BACKUPS / f"{moment}.json"
    try:
        told = json.loads(path.read_text("utf-8"))
        return Backup(**{**told, "files": tuple(Entry(**entry) for entry in told["files"])})
    except FileNotFoundError:
        known = moments(target)
        hint = f"现有：{'、'.join(known[-5:])}" if known else "这里没有备份"
        raise BackupError(f"{target} 中没有 {moment} 的备份。{hint}") from None
    except (ValueError, KeyError, TypeError):
        raise BackupError(f"备份清单 {path} 已损坏：请用别的备份") from None


def find(target: Path, as_of: str | None) -> Backup:
    """The newest backup, or the newest one up to a moment such as 2025-12-05 or 2025-12-05T0900. Raises BackupError."""
    known = moments(target)
    if not known:
        raise BackupError(f"{target} 中没有备份")
    asked = (as_of or "").replace(":", "")
    chosen = [moment for moment in known if moment[: len(asked)] <= asked] if as_of else known
    if not chosen:
        raise BackupError(f"{target} 中没有 {as_of} 及以前的备份，最早的是 {known[0]}")
    return read(target, chosen[-1])


def verify(target: Path, backups: Iterable[Backup]) -> list[str]:
    """Read all bytes that backups need; what is missing or damaged, by the names of the files concerned."""
    named: dict[str, str] = {}
    for backup in backups:
        for entry in backup.files:
            named.setdefault(entry.sha256, entry.path)
    wrong = []
    with stage("核对备份") as progress:
        for number, sha256 in enumerate(sorted(named)):
            progress.update(number, len(named), named[sha256])
            if said := _amiss(blob(target, sha256)):
                wrong.append(f"{named[sha256]}：{said}（{FILES}/{sha256[:2]}/{sha256}）")
        progress.summary = f"{len(named)} 个文件，{len(wrong)} 个有问题" if wrong else f"{len(named)} 个文件，全部完好"
    return wrong


def _verify(target: Path, new: Iterable[str]) -> None:
    for sha256 in new:
        if said := _amiss(blob(target, sha256)):
            blob(target, sha256).unlink(missing_ok=True)
            raise BackupError(f"写入的备份核对不符（{said}）：{blob(target, sha256)}。备份磁盘可能有故障，请更换后再试")


def _amiss(file: Path) -> str | None:
    """What is wrong with bytes in a target, read from the disk where the system can be asked for that."""
    try:
        with file.open("rb") as opened:
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return "缺失"
    return None if found == file.name else "内容已损坏"


def prune(target: Path, keep: int) -> int:
    """Remove all but the newest backups, and the bytes that none of those needs; how many backups went.

    Raises BackupError where a list that stays can't be read, since nobody knows then what it needs.
    """
    known = moments(target)
    needed = {entry.sha256 for moment in known[-keep:] for entry in read(target, moment).files}
    for moment in known[:-keep]:
        (target / BACKUPS / f"{moment}.json").unlink()
    for path in (target / FILES).glob("??/*"):
        if path.name not in needed:
            path.unlink()
    return len(known[:-keep])


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:.1f} MB"
