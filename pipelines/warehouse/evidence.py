"""Which lines of the lists in force have their file of evidence by now: files may come after the workbook."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import polars as pl

from pipelines.forms import FORMS
from pipelines.intake.evidence import File, Place, in_force
from pipelines.intake.records import EVIDENCE_FILE_SCHEMA
from pipelines.intake.rules.papers import Line, proven, serving
from pipelines.settings import Workspace
from pipelines.warehouse.records import SCHEMA_FILE

LINE_SCHEMA: dict[str, pl.DataType] = {
    "submission_id": pl.String(),
    "source_sheet": pl.String(),
    "source_row": pl.Int64(),
    "files": pl.Int64(),
    "is_present": pl.Boolean(),
    "uses": pl.Int64(),
}
"""``evidence_line.parquet``: each line of the lists in force for which files came at all: how many serve it, whether
one of them proves it came, and in how many other places the same bytes serve as evidence."""


def lines(ws: Workspace, submissions: pl.DataFrame, known_at: datetime | None) -> pl.DataFrame:
    """The lines of these submissions' lists (``LINE_SCHEMA``), with the files received by the moment known."""
    files = _files(ws, known_at)
    place = ["plan_id", "district_code", "period_id"]
    ids = {row[:3]: row[3] for row in submissions.select(*place, "submission_id").iter_rows()}
    by_place: dict[Place, list[File]] = {}
    places_of: dict[str, set[Place]] = {}
    for file in files:
        by_place.setdefault(file.place, []).append(file)
        places_of.setdefault(file.sha256, set()).add(file.place)
    found = []
    for where, mine in by_place.items():
        if submission_id := ids.get(where):
            listed = _listed(ws.records / "evidence" / f"{submission_id}.parquet")
            found += [(submission_id, *row) for row in _judged(listed, mine, places_of)]
    return pl.DataFrame(found, schema=LINE_SCHEMA, orient="row").sort("submission_id", "source_sheet", "source_row")


def _judged(
    listed: list[Line], mine: list[File], places_of: dict[str, set[Place]]
) -> Iterable[tuple[str, int, int, bool, int]]:
    served = serving(listed, mine)
    for number, line in enumerate(listed):
        files = [mine[position] for position, numbers in served.items() if number in numbers]
        others = {place for file in files if file.size_bytes for place in places_of[file.sha256]} - {mine[0].place}
        yield line.sheet, line.row, len(files), proven(line, files), len(others)


def _files(ws: Workspace, known_at: datetime | None) -> list[File]:
    folder = ws.records / "evidence_file"
    frame = _read(folder, sorted(folder.glob("*.parquet")), EVIDENCE_FILE_SCHEMA)
    known = frame if known_at is None else frame.filter(pl.col("received_at") <= known_at)
    return in_force(File.read(row) for row in known.iter_rows(named=True))


def _listed(path: Path) -> list[Line]:
    if not path.exists():
        return []
    schema = FORMS["evidence"].record_schema
    frame = _read(path.parent, [path], {name: schema[name] for name in Line.COLUMNS})
    return [Line(*row) for row in frame.iter_rows()]


def _read(folder: Path, paths: list[Path], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """The files in one frame, its columns in the order of the schema; one that an older record lacks is null."""
    every = [folder / SCHEMA_FILE, *(path for path in paths if path.name != SCHEMA_FILE)]
    scanned = pl.scan_parquet(every, schema=schema, missing_columns="insert", extra_columns="ignore", glob=False)
    return scanned.select(list(schema)).collect()
