"""A published folder renewed whole: who opens it finds it as it was or as it is, never something between.

The next state is made beside the published one, from hard links to its files, so that what does not change costs
nothing and stays the same file. Then the two folders change places in one step of the file system. Where it has no such
step (not Linux, or a network drive) the folder is away for the moment between two renames, and never half there.

One process at a time may renew a folder (the workspace's run lock sees to that). A process killed anywhere leaves the
published folder whole; what else it leaves beside it is removed by the next.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def renewed(folder: Path, before: Callable[[Path], None] = lambda fresh: None) -> Iterator[Path]:
    """A copy of the folder to change; at the end of the block it takes the folder's place, if anything did change.

    Write files into it by replacing them, never by opening one that is there: it is the published file. ``before`` is
    called with the finished copy just before the change of places. An error in the block leaves the folder as it was.
    Raises OSError (read-only or full disk) naming the path.
    """
    folder = folder.resolve()  # a link to a folder elsewhere stays a link
    fresh, aside = beside(folder)
    _clear(folder, fresh, aside)
    if folder.is_dir():
        link(folder, fresh)
    else:
        fresh.mkdir(parents=True)
    try:
        yield fresh
        if folder.is_dir() and not (changed := _changed(folder, fresh)):
            return
        for path in changed if folder.is_dir() else _files(fresh):
            _to_disk(fresh / path)
        before(fresh)
        if not folder.is_dir():
            os.rename(fresh, folder)
        elif not _exchanged(fresh, folder):
            os.rename(folder, aside)
            os.rename(fresh, folder)
    finally:
        _clear(folder, fresh, aside)


def beside(folder: Path) -> tuple[Path, Path]:
    """Where the next state of a folder is made, and where its last one is for a moment."""
    return folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")


def mend(folder: Path) -> None:
    """Take away what a process that was killed left beside a folder. Raises OSError."""
    _clear(folder.resolve(), *beside(folder.resolve()))


def _clear(folder: Path, fresh: Path, aside: Path) -> None:
    """Take away what is not published, and first mend what was stopped between two renames."""
    if aside.is_dir() and not folder.exists():
        os.rename(aside, folder)
    for left in (fresh, aside):
        shutil.rmtree(left, ignore_errors=True)


def link(source: Path, target: Path) -> None:
    """Make ``target`` a folder with the same files as ``source``: hard links, or copies where there can be none."""

    def one(file: str, other: str) -> None:
        try:
            os.link(file, other)
        except OSError:
            shutil.copy2(file, other)

    shutil.copytree(source, target, copy_function=one)


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def _changed(old: Path, new: Path) -> set[Path]:
    """The files that are in one only or differ; what is one file under two names needs no reading."""
    ours, theirs = _files(old), _files(new)
    return (ours ^ theirs) | {path for path in ours & theirs if not _same(old / path, new / path)}


def _same(one: Path, other: Path) -> bool:
    first, second = one.stat(), other.stat()
    if (first.st_ino, first.st_dev) == (second.st_ino, second.st_dev):
        return True
    return first.st_size == second.st_size and one.read_bytes() == other.read_bytes()


def _to_disk(file: Path) -> None:
    if file.is_file():
        with file.open("rb") as handle:
            os.fsync(handle.fileno())


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change places at once, where the system can."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        change = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(change(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)
