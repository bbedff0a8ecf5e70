"""Files that are there whole or not at all, also after a power cut; and moving away what is replaced, for good."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pipelines.settings import TIME_ZONE, Workspace


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def to_disk() -> None:
    """Wait until everything written so far would survive a power cut; a system without such a call is trusted."""
    if hasattr(os, "sync"):
        os.sync()


def set_aside(ws: Workspace, paths: Iterable[Path], why: str) -> list[Path]:
    """Move files or folders of the workspace to ``data/raw/.set-aside/<day>/``, under their own paths; the new paths.

    Nothing is overwritten there, and ``moved.txt`` beside them says what came from where and why: moving a file back
    undoes it. What does not exist is passed over. Raises OSError (read-only or full disk) naming the path.
    """
    at = datetime.now(TIME_ZONE)  # the real clock: this is for people who look for a file
    home = ws.aside / f"{at:%Y-%m-%d}"
    moved = []
    for path in paths:
        if not os.path.lexists(path):
            continue
        below = path.relative_to(ws.root)
        target = _free(home / below)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
        with (home / "moved.txt").open("a", encoding="utf-8") as log:
            log.write(f"{at:%Y-%m-%d %H:%M:%S}\t{below.as_posix()}\t{target.relative_to(home).as_posix()}\t{why}\n")
        moved.append(target)
    return moved


def _free(path: Path) -> Path:
    """The path, or the same with a number where something is there already."""
    found, number = path, 1
    while os.path.lexists(found):
        number += 1
        found = path.with_name(f"{path.name}.{number}")
    return found
