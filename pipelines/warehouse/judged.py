"""What the last build judged from, read without getting into a run's way.

DuckDB lets no reader beside its writer, so the build is copied and the copy is read: no lock is taken, no run waits. A
run that starts or ends meanwhile changes the files, and then the copy is not used.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import duckdb
import polars as pl

from pipelines.locking import NOTE, Busy, run_lock
from pipelines.settings import Workspace
from pipelines.warehouse import last_build
from pipelines.warehouse.assessment import BUILD_TABLES, AssessmentInputs
from pipelines.warehouse.snapshot import inputs_folder

_LOOKED_AT = ("run", "int_period", *BUILD_TABLES.values())


class NothingBuilt(Exception):
    """The workspace has no finished build to start from."""


def judged_inputs(ws: Workspace) -> AssessmentInputs:
    """Everything the assessment of the last build looked at. Raises NothingBuilt, Busy while a run is on."""
    database, folders = last_build.database(ws), [last_build.tables(ws), inputs_folder(ws)]
    if not database.is_file() or not all(folder.is_dir() for folder in folders):
        raise NothingBuilt
    if _is_noted(ws):
        with run_lock(ws, "…"):  # raises Busy; a note that a killed run left is gone afterwards
            pass
    with tempfile.TemporaryDirectory(prefix="actionplan-") as scratch:
        before = _look(database, folders)
        copy = Path(shutil.copy(database, scratch))
        for file in (folder / f"{name}.parquet" for folder in folders for name in _LOOKED_AT):
            if file.is_file():
                shutil.copy(file, scratch)
        if _is_noted(ws) or _look(database, folders) != before:
            raise Busy("刚刚开始的运行")
        with duckdb.connect(str(copy), read_only=True) as connection:
            tables = {name: _table(name, Path(scratch), connection) for name in _LOOKED_AT}
    return AssessmentInputs.gathered(tables)


def _is_noted(ws: Workspace) -> bool:
    return (ws.build / NOTE).is_file()


def _look(database: Path, folders: list[Path]) -> list[tuple[str, int, int]]:
    """By what it is seen that anything was written."""
    files = [*database.parent.glob(f"{database.name}*"), *(file for folder in folders for file in folder.iterdir())]
    return sorted((file.name, (status := file.stat()).st_mtime_ns, status.st_size) for file in files)


def _table(name: str, folder: Path, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """An input of the last build, or a table that it made."""
    if (file := folder / f"{name}.parquet").is_file():
        return pl.read_parquet(file)
    where = "select table_schema from information_schema.tables where table_name = ?"
    if not (found := connection.execute(where, [name]).fetchall()):
        raise NothingBuilt
    return connection.sql(f'select * from "{found[0][0]}"."{name}"').pl()
