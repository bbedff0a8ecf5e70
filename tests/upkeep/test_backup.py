"""A backup holds what cannot be made anew, once; it comes back as it was, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines import formats
from pipelines.cli import cli
from pipelines.intake import receive
from pipelines.settings import Workspace
from pipelines.upkeep import backup, restore
from pipelines.upkeep.backup import BackupError
from tests.intake.test_inbox import hand_in, snapshot


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def ws(ws: Workspace) -> Workspace:
    """With what people wrote, a file that waits, earlier publications, and things that can be made anew."""
    for name, text in {
        "plans/notes.txt": "a",
        "alerts.yaml": "b",
        "data/raw/register/bayannur_2023_2025.csv": "c",
        "data/raw/geo/x.geojson": "{}",
        "data/marts/dim_plan.parquet": "made anew",
        "reports/p/index.html": "made anew",
        "reports/p/edition/ledger.json": "[]",
        "reports/p@1/index.html": "the first",
        ".build/x": "made anew",
    }.items():
        path = ws.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    hand_in(ws, {"等待.xlsx": b"waiting"})
    shutil.rmtree(ws.root / "sent")
    return ws


def kept(ws: Workspace) -> dict[str, bytes]:
    """What a backup has to hold."""
    tops = ("data/raw", "plans", "reports/p/edition", "reports/p@1", "alerts.yaml")
    return {name: content for name, content in snapshot(ws.root).items() if name.startswith(tops)}


def test_back_as_it_was(ws: Workspace, tmp_path: Path) -> None:
    assert command("backup", tmp_path / "backup", "--root", ws.root).exit_code == 0
    done = command("restore", tmp_path / "backup", "--into", tmp_path / "other")
    assert done.exit_code == 0, done.stderr
    other = Workspace(tmp_path / "other")
    assert kept(other) == kept(ws)
    there = {name for name in snapshot(other.root) if not name.startswith(".build/run")}
    assert there == set(kept(ws))
    times = {path: path.stat().st_mtime_ns for path in ws.raw.rglob("*.json")}
    assert {p: (other.root / p.relative_to(ws.root)).stat().st_mtime_ns for p in times} == times
    again = command("restore", tmp_path / "backup", "--into", tmp_path / "other")
    assert "0 个，另有" in again.stderr


def test_bytes_are_kept_once_and_any_moment_can_come_back(ws: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    first = backup.make(ws, target)
    again = backup.make(ws, target)
    assert (again.new_files, again.new_bytes) == (0, 0)
    assert again.backup.files == first.backup.files
    (target / backup.BACKUPS / f"{first.backup.moment}.json").rename(target / backup.BACKUPS / "2024-01-01T000000.json")
    (ws.root / "plans" / "notes.txt").write_text("changed")
    (ws.root / "alerts.yaml").unlink()
    assert backup.make(ws, target).new_files == 1
    restore.restore(target, backup.find(target, "2024-05-01"), old := Workspace(tmp_path / "old"))
    restore.restore(target, backup.find(target, None), new := Workspace(tmp_path / "new"))
    assert (old.root / "plans" / "notes.txt").read_text() == "a"
    assert (new.root / "plans" / "notes.txt").read_text() == "changed"
    assert not (new.root / "alerts.yaml").exists()
    with pytest.raises(BackupError, match="2023-12-31"):
        backup.find(target, "2023-12-31")


def test_only_the_last_are_kept(ws: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    old = backup.make(ws, target).backup
    (target / backup.BACKUPS / f"{old.moment}.json").rename(target / backup.BACKUPS / "2024-01-01T000000.json")
    notes = ws.root / "plans" / "notes.txt"
    notes.write_text("changed")
    done = command("backup", target, "--keep", "1", "--root", ws.root)
    assert "移除了 1 次" in done.stdout
    assert len(backup.moments(target)) == 1
    assert command("backup", target, "--verify").exit_code == 0
    [gone] = [entry for entry in old.files if entry.path == "plans/notes.txt"]
    assert not backup.blob(target, gone.sha256).exists()


def test_damage_in_a_backup_is_found_before_anything_is_put_back(ws: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    made = backup.make(ws, target).backup
    [entry] = [entry for entry in made.files if entry.path == "data/raw/register/bayannur_2023_2025.csv"]
    backup.blob(target, entry.sha256).write_bytes(b"x")
    for done in (
        command("backup", target, "--verify"),
        command("restore", target, "--into", tmp_path / "other"),
    ):
        assert done.exit_code in (1, 3)
        assert entry.path in done.output
    assert not (tmp_path / "other").exists()
    backup.blob(target, entry.sha256).unlink()
    backup.make(ws, target)
    assert command("backup", target, "--verify").exit_code == 0


def test_other_data_is_never_overwritten(ws: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    backup.make(ws, target)
    hand_in(ws, {"later.xlsx": b"later"})
    (ws.root / "alerts.yaml").write_text("mine")
    before = snapshot(ws.root)
    done = command("restore", target, "--root", ws.root)
    assert done.exit_code == 3
    assert "later.xlsx" in done.stderr
    assert "2 个文件" in done.stderr
    after = {name: content for name, content in snapshot(ws.root).items() if name in before}
    assert after == before


def test_a_restore_that_was_killed_is_finished_and_nothing_runs_meanwhile(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, other = tmp_path / "backup", Workspace(tmp_path / "other")
    made = backup.make(ws, target).backup
    put, count = restore._put, iter(range(1000))

    def dies(*given: object) -> None:
        if next(count) == 20:
            raise KeyboardInterrupt
        put(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(restore, "_put", dies)
    with pytest.raises(KeyboardInterrupt):
        restore.restore(target, made, other)
    refused = command("run", "--root", other.root)
    assert refused.exit_code == 3
    assert "restore" in refused.stderr
    monkeypatch.setattr(restore, "_put", put)
    assert restore.restore(target, made, other) == len(kept(ws)) - 20 - 1  # and the marker, which comes last
    assert kept(other) == kept(ws)


def test_while_files_come_and_go(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drop is archived and leaves the inbox, and a record is moved aside, just as they are to be copied."""
    [drop] = receive.find_drops(ws.inbox)
    moved = next((ws.records / "community").glob("[0-9a-f]*.parquet"))
    copy, seen = backup._copied, []

    def meanwhile(ws_: Workspace, path: Path, *rest: object) -> object:
        seen.append(path)
        if len(seen) == 1:
            receive.archive(ws, drop, datetime(2025, 12, 5))
            receive.release(drop)
        if path == moved and seen.count(path) == 1:
            (ws.records / "submission" / path.name).unlink()
            path.unlink()
        return copy(ws_, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(backup, "_copied", meanwhile)
    made = backup.make(ws, tmp_path / "backup").backup
    there = {entry.path for entry in made.files}
    assert there == set(kept(ws))
    assert f"data/raw/archive/{receive.archive_path(hashlib.sha256(b'waiting').hexdigest())}" in there


def test_a_workspace_that_never_rests(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, count = ws.root / "alerts.yaml", iter(range(1000))
    look = backup.wanted

    def restless(ws_: Workspace) -> list[Path]:
        found = look(ws_)
        os.utime(path, ns=(next(count), next(count)))
        return found

    monkeypatch.setattr(backup, "wanted", lambda ws_: [*restless(ws_)])
    signature = backup._signature
    monkeypatch.setattr(backup, "_signature", lambda p: (0, next(count), 0) if p == path else signature(p))
    with pytest.raises(BackupError, match="一直在变动"):
        backup.make(ws, tmp_path / "backup")
    assert backup.moments(tmp_path / "backup") == []


def test_a_damaged_original_is_told_with_where_it_is_still_sound(ws: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    backup.make(ws, target)
    home = next(path for path in ws.archive.glob("??/*") if not path.suffix)
    home.write_bytes(b"rotten")
    done = command("backup", target, "--root", ws.root)
    assert done.exit_code == 1
    assert f"cp {backup.blob(target.resolve(), home.name)} {home}" in done.stdout


def test_not_into_its_own_data(ws: Workspace) -> None:
    done = command("backup", ws.raw / "backup", "--root", ws.root)
    assert done.exit_code == 3
    assert "另一块磁盘" in done.stderr
    assert not (ws.raw / "backup").exists()


def test_a_backup_of_a_newer_program_is_refused(ws: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    made = backup.make(ws, target).backup
    path = target / backup.BACKUPS / f"{made.moment}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": formats.FORMAT + 1}))
    done = command("restore", target, "--into", tmp_path / "other")
    assert done.exit_code == 3
    assert "较新" in done.stderr


def test_an_unfinished_list_is_no_backup(ws: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    made = backup.make(ws, target).backup
    (target / backup.BACKUPS / "2030-01-01T000000.json").write_text("{")
    assert "已损坏" in command("backup", target, "--list").stdout
    assert backup.make(ws, target).new_files == 0
    assert made.moment in backup.moments(target)
