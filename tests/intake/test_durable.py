"""A power cut may take what was written last; it never leaves a submission on record whose rows are torn."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.intake import records, worker
from pipelines.intake.judging import Source
from pipelines.intake.settle import Settled
from pipelines.settings import Limits
from tests.intake.books import Book, communities, plans


class Disk:
    """What a power cut would leave: files are whole once the system, or the file by itself, was waited for."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.safe: set[Path] = set()
        self.at_risk: dict[Path, set[Path]] = {}
        """Submission record → record files that a power cut would have torn when it appeared."""
        replace, fsync = os.replace, os.fsync
        synced: set[int] = set()

        def on_sync() -> None:
            self.safe |= set(self.files())

        def on_fsync(number: int) -> None:
            fsync(number)
            synced.add(os.fstat(number).st_ino)

        def on_replace(source: Any, target: Any) -> None:
            inode = Path(source).stat().st_ino
            replace(source, target)
            self.safe.discard(Path(target))
            if inode in synced:
                self.safe.add(Path(target))
            if Path(target).parent.name == "submission":
                self.at_risk[Path(target)] = set(self.files()) - self.safe

        for name, call in (("sync", on_sync), ("fsync", on_fsync), ("replace", on_replace)):
            monkeypatch.setattr(records.os, name, call)

    def files(self) -> list[Path]:
        return [path for path in self.root.rglob("*.parquet") if not path.name.startswith(".")]


def test_a_submission_is_on_record_only_when_its_rows_are_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "records"
    batch = []
    for number in (1, 2):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(Book(communities(number)).bytes())
        when = datetime(2024, 11, 28, number)
        batch.append((Source(str(number) * 16, "0" * 64, 1, path.name, path.name, when, "first_seen"), path))
    worker.prepare(plans(), Limits())
    disk = Disk(folder, monkeypatch)
    judged = worker.read_and_judge(batch, folder, (None, None))
    worker.settle(folder, [Settled(judgement, ()) for judgement in judged])
    assert [path.stem for path in disk.at_risk] == ["1" * 16, "2" * 16]
    assert not any(disk.at_risk.values())
    assert {pl.read_parquet(path).height for path in (folder / "community").iterdir()} == {1, 2}
