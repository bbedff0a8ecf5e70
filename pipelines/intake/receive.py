"""From the inbox to the archive: every original is kept under its SHA-256 before anything reads it.

A drop stays in the inbox until its record stands; a kill anywhere leaves work that the next call finishes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pipelines.durable import write_durably
from pipelines.hashing import file_sha256
from pipelines.settings import Workspace, local

FIRST_SEEN, STATED = "first_seen", "stated"
SETTLING_SECONDS = 1.0
"""A file written to within the last second may still be growing: it is looked at once more."""

WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".et", ".ods", ".csv")


class ClockError(Exception):
    """The clock says less than when something was first seen; the text says what to do."""


@dataclass(frozen=True)
class Drop:
    """Something found in the inbox. ``drop_path`` is relative to the inbox, with ``/``, as people read it."""

    path: Path
    drop_path: str
    is_regular: bool
    """A file that can be read; folders, links, pipes and files of others are not."""
    signature: tuple[int, int, int]
    """Size, modification time and inode: a drop that changes them is another drop."""

    @property
    def name(self) -> str:
        return self.drop_path.rpartition("/")[2]

    def is_unchanged(self) -> bool:
        try:
            return _signature(self.path.lstat()) == self.signature
        except OSError:
            return False


@dataclass(frozen=True)
class Received:
    """An original in the archive and how it came. Kept beside it as JSON, so that first sight survives a kill."""

    sha256: str
    file_name: str
    """Masked: names of people and numbers do not outlive the archive."""
    drop_path: str
    size_bytes: int
    received_at: datetime
    received_at_source: str
    also: tuple[str, ...] = ()
    """Other drop paths by which the same evidence came: it belongs to each of their places."""

    @property
    def submission_id(self) -> str:
        return submission_id(self.sha256)

    @property
    def archive_path(self) -> str:
        """Relative to the workspace's archive."""
        return archive_path(self.sha256)


def archive_path(sha256: str) -> str:
    """Where an original is, relative to the workspace's archive."""
    return f"{sha256[:2]}/{sha256}"


def submission_id(sha256: str) -> str:
    """The id of a submission: the beginning of the SHA-256 of its bytes."""
    return sha256[:16]


def irregular_id(drop: Drop) -> str:
    """The id of what is no regular file: from its path and time."""
    text = f"{drop.drop_path}\0{drop.signature[1]}"
    return "x" + hashlib.sha256(text.encode()).hexdigest()[:15]


def is_ignored(name: str) -> bool:
    """Whether a name is that of a lock, a hidden or an unfinished file, or of what Windows and macOS leave behind."""
    return name.startswith(("~$", ".")) or name.endswith(".tmp") or name.lower() in LEFT_BEHIND


LEFT_BEHIND = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


def readable(path: str) -> str:
    """A path as people read it: names in GBK decoded, control characters replaced."""
    try:
        path.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8
        raw = os.fsencode(path)
        try:
            path = raw.decode("gb18030")
        except UnicodeDecodeError:
            path = raw.decode("utf-8", "replace")
    return _ODD.sub("_", path)


_ODD = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")
"""Control characters, among them those that turn the direction of reading; halves of characters."""


def find_drops(inbox: Path) -> list[Drop]:
    """Everything in the inbox that is a drop, in the order of its path.

    ``~$*``, dot files and ``.tmp`` are ignored. Symlinks, FIFOs and folders named like a workbook are listed as not
    regular; nothing behind them is looked at.
    """
    return sorted(_walk(inbox, inbox), key=lambda drop: drop.drop_path)


def _walk(folder: Path, inbox: Path) -> Iterator[Drop]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if is_ignored(name):
                continue
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False) and not name.lower().endswith(WORKBOOK_ENDINGS):
                yield from _walk(path, inbox)
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            relative = readable(path.relative_to(inbox).as_posix())
            yield Drop(path, relative, stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK), _signature(status))


def _signature(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


def settled(drops: Iterable[Drop]) -> list[Drop]:
    """The drops that are not being written to. Waits a moment only when a file is very fresh."""
    drops = list(drops)
    fresh = time.time_ns() - int(SETTLING_SECONDS * 1e9)
    if any(drop.is_regular and drop.signature[1] > fresh for drop in drops):
        time.sleep(SETTLING_SECONDS / 4)
    return [drop for drop in drops if drop.is_unchanged()]


def sidecar(path: Path) -> Path:
    """Where ``--received-at`` is kept beside a file of the inbox."""
    return _hidden(path, ".received.json")


def _hidden(path: Path, ending: str) -> Path:
    """A hidden name beside a file, made from its own where that is not too long."""
    name = f".{path.name}{ending}"
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:32]}{ending}"
    return path.with_name(name)


LONGEST_NAME = 255
"""Bytes that a file's name may have."""


def submit(
    ws: Workspace, files: Iterable[Path], received_at: datetime | None = None, drop_folder: str | None = None
) -> list[Path]:
    """Put files into the inbox; each appears there whole. ``received_at`` back-loads what came on an earlier day.

    A folder goes there with all its files, so that evidence stays beside its workbook.
    ``drop_folder``: ``<plan>/<period>/<district code>`` where it is known. A name that is taken by other bytes gets a
    number. Returns the new paths. Raises OSError naming the file or folder.
    """
    folder = ws.inbox / (drop_folder or "")
    folder.mkdir(parents=True, exist_ok=True)
    placed = []
    for source in map(Path, files):
        target = _free_name(folder, source)
        temporary = _hidden(target, ".tmp")
        if source.is_dir():
            _copy_folder(source, temporary, received_at)
        else:
            _copy_file(source, temporary)
            _state(target, received_at)
        os.replace(temporary, target)
        placed.append(target)
    return placed


def _copy_folder(source: Path, target: Path, received_at: datetime | None) -> None:
    """Copy the files of a folder, links and what the inbox ignores left out."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for path in sorted(source.rglob("*")):
        below = path.relative_to(source)
        if path.is_file() and not path.is_symlink() and not any(map(is_ignored, below.parts)):
            copy = target / below
            copy.parent.mkdir(parents=True, exist_ok=True)
            _copy_file(path, copy)
            _state(copy, received_at)


def _copy_file(source: Path, target: Path) -> None:
    """Copy bytes, and wait until they are on disk: who is told that a file was taken may delete his own."""
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _state(target: Path, received_at: datetime | None) -> None:
    if received_at:
        stated = {"received_at": local(received_at).isoformat(timespec="seconds")}
        write_durably(sidecar(target), json.dumps(stated).encode())


def _free_name(folder: Path, source: Path) -> Path:
    for number in range(1, 10_000):
        target = folder / (source.name if number == 1 else f"{source.stem} ({number}){source.suffix}")
        if not os.path.lexists(target):
            return target
        if (
            target.is_file()
            and source.is_file()
            and target.stat().st_size == source.stat().st_size
            and _same_bytes(target, source)
        ):
            return target
    raise FileExistsError(f"{folder / source.name}: too many files of this name")


def _same_bytes(one: Path, other: Path) -> bool:
    return file_sha256(one) == file_sha256(other)


def is_sound(home: Path) -> bool:
    """Whether an original is there and has the bytes that its name says. Raises OSError where it can't be read."""
    return home.is_file() and file_sha256(home) == home.name


def archive(ws: Workspace, drop: Drop, now: datetime) -> Received | None:
    """Copy a drop into the archive, durably, and say how it came; None when it changed meanwhile and has to wait.

    A file received before keeps the time it was first seen. Raises OSError when the archive can't be written.
    """
    from pipelines.forms.personal import mask  # costs more than the rest of this module

    came = _received_at(drop.path, now)
    try:
        with drop.path.open("rb") as source:
            return keep(ws.archive, source, mask(drop.name), mask(drop.drop_path), came, drop.is_unchanged)
    except FileNotFoundError:
        if os.path.lexists(drop.path):
            raise
        return None  # taken away by its sender


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int = -1, /) -> bytes | None: ...


def keep(
    archive: Path,
    source: Readable,
    file_name: str,
    drop_path: str,
    came: tuple[datetime, str],
    is_whole: Callable[[], bool] = lambda: True,
) -> Received | None:
    """Copy a stream into the archive under its SHA-256, durably; None when it was not whole after all.

    Names are masked already. Bytes that are there stay as they are and keep the names and the time (``came``: when, and
    how that is known) they were first seen with; a damaged original is put aside for these, which are sound. Raises
    OSError when the archive can't be written, and what ``source`` raises.
    """
    temporary = archive / f".{os.getpid()}-{hashlib.sha256(drop_path.encode()).hexdigest()[:16]}.tmp"
    digest, size = hashlib.sha256(), 0
    try:
        with temporary.open("wb") as target:
            while block := source.read(1 << 20):
                digest.update(block)
                target.write(block)
                size += len(block)
            sha256 = digest.hexdigest()
            home = archive / sha256[:2] / sha256
            known = read_received(home)
            if known and is_sound(home):
                return known
            target.flush()
            os.fsync(target.fileno())
        if not is_whole():
            return None
        when, how_known = (known.received_at, known.received_at_source) if known else came
        received = Received(sha256, file_name, drop_path, size, when, how_known)
        home.parent.mkdir(exist_ok=True)
        if home.exists() and not is_sound(home):
            os.replace(home, home.with_suffix(DAMAGED))
        os.replace(temporary, home)
        write_received(archive, received)
        return received
    finally:
        temporary.unlink(missing_ok=True)


DAMAGED = ".damaged"
"""Ends the name of an original that was found to have other bytes than its name says, and has been replaced since."""


def _received_at(path: Path, now: datetime) -> tuple[datetime, str]:
    try:
        stated = json.loads(sidecar(path).read_text(encoding="utf-8"))["received_at"]
        return local(datetime.fromisoformat(stated)), STATED
    except FileNotFoundError:
        return now, FIRST_SEEN
    except (ValueError, KeyError, TypeError):
        return now, FIRST_SEEN


def has_stated_time(drop: Drop) -> bool:
    """Whether its sender said when it came."""
    return sidecar(drop.path).is_file()


def write_received(archive: Path, received: Received) -> None:
    """Keep how an original came beside it. Raises OSError."""
    write_durably((archive / received.archive_path).with_suffix(".json"), _as_json(received))


def _as_json(received: Received) -> bytes:
    content = asdict(received) | {"received_at": received.received_at.isoformat(timespec="seconds")}
    if not received.also:
        del content["also"]
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def read_received(home: Path) -> Received | None:
    """How an archived original came; None when it is not (wholly) archived."""
    try:
        content = json.loads(home.with_suffix(".json").read_text(encoding="utf-8"))
        also = tuple(content.get("also", ()))
        return Received(**content | {"received_at": datetime.fromisoformat(content["received_at"]), "also": also})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def release(drop: Drop) -> bool:
    """Remove a drop whose record stands; one that was replaced meanwhile stays. False when it could not be removed."""
    if not drop.is_unchanged():
        return True
    try:
        drop.path.unlink()
        sidecar(drop.path).unlink(missing_ok=True)
    except OSError:
        return False
    return True
