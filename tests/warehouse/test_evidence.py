"""Which listed items of evidence have come by now, whenever the files came."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.forms import FORMS
from pipelines.intake.evidence import File, Place
from pipelines.intake.records import EVIDENCE_FILE_SCHEMA, write_rows
from pipelines.settings import Workspace
from pipelines.warehouse.evidence import LINE_SCHEMA, lines
from pipelines.warehouse.records import ensure_schemas

HERE, THERE = ("p", "a", "2024"), ("p", "b", "2024")
IN_FORCE = pl.DataFrame(
    [("s1", *HERE), ("s2", *THERE)], schema=["submission_id", "plan_id", "district_code", "period_id"], orient="row"
)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    ws = Workspace(tmp_path).prepare()
    ensure_schemas(ws.records)
    for submission in ("s1", "s2"):
        rows = [{"source_sheet": "l", "source_row": n, "evidence_id": f"Z{n}"} for n in (2, 3)]
        frame = pl.DataFrame(rows, schema_overrides=FORMS["evidence"].record_schema)
        frame.write_parquet(ws.records / "evidence" / f"{submission}.parquet")
    return ws


def put(ws: Workspace, path: str, content: str, day: int, place: Place = HERE, size: int = 1) -> None:
    when = datetime(2024, 12, day)
    file = File(*place, path, content * 64, size, "pdf", when, "first_seen", path, "x")
    write_rows(ws.records, "evidence_file", file.file_id, [file.as_row()], EVIDENCE_FILE_SCHEMA)


def read(ws: Workspace, known_at: datetime | None = None) -> list[tuple[object, ...]]:
    found = lines(ws, IN_FORCE, known_at)
    assert found.schema == LINE_SCHEMA
    return found.drop("source_sheet").rows()


def test_nothing_came(ws: Workspace) -> None:
    assert read(ws) == []


def test_files_come_one_after_the_other(ws: Workspace) -> None:
    put(ws, "Z2.pdf", "a", 1)
    put(ws, "Z3.pdf", "b", 5, size=0)
    put(ws, "Z3.pdf", "c", 7)
    put(ws, "Z2 副本.pdf", "a", 9, THERE)
    assert read(ws, datetime(2024, 11, 30)) == []
    assert read(ws, datetime(2024, 12, 2)) == [("s1", 2, 1, True, 0), ("s1", 3, 0, False, 0)]
    assert read(ws, datetime(2024, 12, 6)) == [("s1", 2, 1, True, 0), ("s1", 3, 1, False, 0)]
    assert read(ws) == [
        ("s1", 2, 1, True, 1),
        ("s1", 3, 1, True, 0),
        ("s2", 2, 1, True, 1),
        ("s2", 3, 0, False, 0),
    ]
