"""A disk that is full: nothing is lost, the message says so, and with room again the work is finished."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli import cli
from pipelines.hashing import file_sha256
from pipelines.intake.service import process_inbox
from pipelines.settings import Workspace
from pipelines.upkeep import backup
from tests.intake.books import plans
from tests.intake.test_inbox import hand_in, ledger, snapshot

NOW = datetime(2025, 12, 5, 9)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own; ``room`` changes its size."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or os.getuid():
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def room(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


@pytest.mark.slow
def test_full_while_taking_in(disk: Path, tmp_path: Path) -> None:
    undisturbed, ws = Workspace(tmp_path / "undisturbed").prepare(), Workspace(disk / "w").prepare()
    files = {f"{period}.xlsx": ledger(3, period) for period in ("2023-11", "2024-11", "2025-11")}
    for one in (undisturbed, ws):
        hand_in(one, files)
        shutil.rmtree(one.root / "sent")
    process_inbox(undisturbed, plans(), NOW)
    sent = {file_sha256(path) for path in undisturbed.archive.glob("??/*") if not path.suffix}
    stuck = 0
    for size in ("110k", "190k", "320k", "8m"):
        room(disk, size)
        try:
            process_inbox(ws, plans(), NOW)
        except OSError as error:
            stuck += error.errno == errno.ENOSPC
        there = [path for path in ws.archive.glob("??/*") if not path.suffix]
        assert all(file_sha256(path) == path.name for path in there)
        assert sent <= {file_sha256(path) for path in (*there, *ws.inbox.glob("*.xlsx"))}
    assert stuck > 1
    assert snapshot(ws.records) == snapshot(undisturbed.records)
    assert not list(ws.inbox.iterdir())


def test_full_while_backing_up(disk: Path, tmp_path: Path) -> None:
    ws = Workspace(tmp_path / "w").prepare()
    for number in range(8):
        (ws.inbox / f"{number}.bin").write_bytes(os.urandom(300_000))
    done = CliRunner().invoke(cli, ["backup", str(disk / "b"), "--root", str(ws.root)])
    assert (done.exit_code, "磁盘已满" in done.stderr) == (3, True)
    assert backup.moments(disk / "b") == []
    room(disk, "8m")
    done = CliRunner().invoke(cli, ["backup", str(disk / "b"), "--root", str(ws.root)])
    assert done.exit_code == 0, done.stderr
    assert CliRunner().invoke(cli, ["backup", str(disk / "b"), "--verify"]).exit_code == 0
    assert not list((disk / "b").rglob(".*.tmp"))
