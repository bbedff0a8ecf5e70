"""The landing has a place and a shape for everything before anything is there."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.forms import FORMS
from pipelines.warehouse.records import SCHEMA_FILE, SCHEMAS, ensure_schemas


def test_every_kind_can_be_read_when_nothing_is_there(tmp_path: Path) -> None:
    ensure_schemas(tmp_path)
    others = {"submission", "issue", "total", "change", "evidence_file", "bundle"}
    assert {folder.name for folder in tmp_path.iterdir()} == {*FORMS, *others}
    for kind, schema in SCHEMAS.items():
        frame = pl.read_parquet(tmp_path / kind / "*.parquet")
        assert frame.height == 0
        assert frame.schema == schema


def test_only_what_is_wrong_is_written(tmp_path: Path) -> None:
    ensure_schemas(tmp_path)
    files = {kind: tmp_path / kind / SCHEMA_FILE for kind in SCHEMAS}
    pl.DataFrame(schema={"plan_id": pl.String}).write_parquet(files["party"])
    files["task"].unlink()
    before = {kind: file.stat().st_ino for kind, file in files.items() if file.is_file()}
    ensure_schemas(tmp_path)
    after = {kind: file.stat().st_ino for kind, file in files.items()}
    assert {kind for kind in files if after[kind] != before.get(kind)} == {"party", "task"}
    assert pl.read_parquet(files["party"]).schema == FORMS["party"].record_schema
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("in the way")
    with pytest.raises(OSError, match="records"):
        ensure_schemas(tmp_path / "records")
