"""The inbox and the archive: nothing is lost, nothing half written is taken."""

from __future__ import annotations

import errno
import json
import os
import sys
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.intake import receive
from pipelines.settings import Workspace

NOW = datetime(2024, 11, 28, 10)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace").prepare()


def put(ws: Workspace, name: str, content: bytes = b"content") -> Path:
    path = ws.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(ws: Workspace) -> list[str]:
    return [drop.drop_path for drop in receive.find_drops(ws.inbox)]


def test_what_counts_as_a_drop(ws: Workspace) -> None:
    for name in ("a.xlsx", "plan/2024-11/150802/b.xlsx", "~$a.xlsx", ".hidden", "c.xlsx.tmp", ".a.xlsx.received.json"):
        put(ws, name)
    (ws.inbox / "folder.xlsx").mkdir()
    (ws.inbox / "link.xlsx").symlink_to(ws.inbox / "a.xlsx")
    (ws.inbox / "linked").symlink_to(ws.inbox / "plan", target_is_directory=True)
    os.mkfifo(ws.inbox / "pipe.xlsx")
    drops = {drop.drop_path: drop.is_regular for drop in receive.find_drops(ws.inbox)}
    assert drops == {
        "a.xlsx": True,
        "plan/2024-11/150802/b.xlsx": True,
        "folder.xlsx": False,
        "link.xlsx": False,
        "linked": False,
        "pipe.xlsx": False,
    }


def test_a_growing_file_waits(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    growing, whole = put(ws, "growing.xlsx"), put(ws, "whole.xlsx")
    monkeypatch.setattr(receive.time, "sleep", lambda _: growing.write_bytes(b"content and more"))
    assert [drop.path for drop in receive.settled(receive.find_drops(ws.inbox))] == [whole]


def test_a_file_that_changes_while_it_is_copied_waits(ws: Workspace) -> None:
    path = put(ws, "a.xlsx")
    [drop] = receive.find_drops(ws.inbox)
    path.write_bytes(b"content and more")
    assert receive.archive(ws, drop, NOW) is None
    assert not list(ws.archive.rglob("*"))


def test_archive_keeps_bytes_and_first_sight(ws: Workspace) -> None:
    path = put(ws, "联系13800000000.xlsx")
    [drop] = receive.find_drops(ws.inbox)
    received = receive.archive(ws, drop, NOW)
    assert received
    assert (ws.archive / received.archive_path).read_bytes() == b"content"
    assert received.file_name == received.drop_path == "联系***.xlsx"
    assert (received.received_at, received.received_at_source) == (NOW, "first_seen")
    later = receive.archive(ws, drop, datetime(2025, 1, 1))
    assert later == received == receive.read_received(ws.archive / received.archive_path)
    assert receive.release(drop)
    assert not path.exists()


def test_a_drop_that_was_replaced_is_not_removed(ws: Workspace) -> None:
    path = put(ws, "a.xlsx")
    [drop] = receive.find_drops(ws.inbox)
    path.write_bytes(b"a newer version")
    assert receive.release(drop)
    assert path.read_bytes() == b"a newer version"


def test_submit_states_when_it_came(ws: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "a.xlsx"
    source.write_bytes(b"content")
    [path] = receive.submit(ws, [source], datetime(2023, 11, 28, 9, 30))
    assert json.loads(receive.sidecar(path).read_text()) == {"received_at": "2023-11-28T09:30:00"}
    [drop] = receive.find_drops(ws.inbox)
    received = receive.archive(ws, drop, NOW)
    assert received
    assert (received.received_at, received.received_at_source) == (datetime(2023, 11, 28, 9, 30), "stated")
    receive.release(drop)
    assert not list(ws.inbox.iterdir())


def test_submit_never_overwrites(ws: Workspace, tmp_path: Path) -> None:
    for number, content in enumerate((b"one", b"two", b"one")):
        source = tmp_path / str(number) / "a.xlsx"
        source.parent.mkdir()
        source.write_bytes(content)
        receive.submit(ws, [source])
    assert {path.name: path.read_bytes() for path in ws.inbox.iterdir()} == {"a.xlsx": b"one", "a (2).xlsx": b"two"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are characters")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("临河区台账.xlsx".encode("gbk"), "临河区台账.xlsx"),
        (b"\xff\xfe.xlsx", "\ufffd\ufffd.xlsx"),
        (b"a\nb\x1b[31m.xlsx", "a_b_[31m.xlsx"),
        ("单".encode() * 83 + b".xlsx", "单" * 83 + ".xlsx"),
    ],
)
def test_any_name_is_taken(ws: Workspace, tmp_path: Path, name: bytes, shown: str) -> None:
    source = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    source.write_bytes(b"x")
    receive.submit(ws, [source], datetime(2023, 11, 28))
    [drop] = receive.find_drops(ws.inbox)
    assert drop.drop_path == shown
    received = receive.archive(ws, drop, NOW)
    assert received
    assert (received.file_name, received.received_at_source) == (shown, "stated")
    assert receive.release(drop)
    assert not list(ws.inbox.iterdir())


def test_submit_keeps_a_folder_together(ws: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "临河报送"
    (source / "evidence" / "照片").mkdir(parents=True)
    for name in ("台账.xlsx", "evidence/照片/一.jpg", "Thumbs.db", "~$台账.xlsx"):
        (source / name).write_bytes(b"x")
    (source / "链接.xlsx").symlink_to("/etc/passwd")
    for _ in range(2):
        receive.submit(ws, [source], datetime(2023, 11, 28))
    assert [drop.drop_path for drop in receive.find_drops(ws.inbox)] == [
        *("临河报送 (2)/evidence/照片/一.jpg", "临河报送 (2)/台账.xlsx"),
        *("临河报送/evidence/照片/一.jpg", "临河报送/台账.xlsx"),
    ]
    for drop in receive.find_drops(ws.inbox):
        received = receive.archive(ws, drop, NOW)
        assert received
        assert received.received_at_source == "stated"


def test_a_full_disk_loses_nothing(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(ws, "a.xlsx")
    [drop] = receive.find_drops(ws.inbox)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(ws.archive))

    with monkeypatch.context() as patched:
        patched.setattr(receive.os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            receive.archive(ws, drop, NOW)
    assert path.read_bytes() == b"content"
    assert not [file for file in ws.archive.rglob("*") if file.is_file()]
    assert receive.archive(ws, drop, NOW)
