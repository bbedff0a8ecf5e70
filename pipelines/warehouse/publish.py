"""From the private build to what readers see: one Parquet file per mart, and all of them in ``warehouse.duckdb``.

The build has written those files as they are published. The same marts give the same Parquet bytes on every machine:
rows are sorted without ties, and the writer's settings are fixed. (A DuckDB file carries a random number of its own; it
is left alone while nothing in it would change.) The folder is renewed whole, so that no reader sees some tables of one
publication beside those of another, and a failure on the way leaves what was there. A file whose content did not change
is not touched; an open one stays readable as it was.
"""

from __future__ import annotations

import filecmp
import glob
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.hashing import file_sha256
from pipelines.renewal import renewed
from pipelines.settings import Workspace
from pipelines.warehouse import dbt, last_build

WAREHOUSE = "warehouse.duckdb"
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "1500MB",
}
_QUIET = "set enable_progress_bar = false"

_LARGE = 8 * 2**20
"""Bytes of Parquet from which on the DuckDB file is laid out for size."""


@dataclass(frozen=True)
class Mart:
    """One published table, as dbt's yml beside the model describes it."""

    name: str
    description: str
    columns: dict[str, str]
    """Column → description."""


def marts(ws: Workspace) -> list[Mart]:
    """The tables of the schema ``marts``, by name. Raises BuildFailed where the project can't be parsed."""
    found = [
        Mart(
            node["name"],
            node["description"],
            {name: column["description"] for name, column in node["columns"].items()},
        )
        for node in dbt.manifest(ws)["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    ]
    return sorted(found, key=lambda mart: mart.name)


def publish(ws: Workspace) -> None:
    """Swap the marts of the last build in, and take away files of tables that are no more.

    Raises OSError naming the path where there is no finished build or the disk is read-only or full; what was published
    stays.
    """
    tables = marts(ws)
    ws.marts.parent.mkdir(parents=True, exist_ok=True)
    with renewed(ws.marts) as folder, tempfile.TemporaryDirectory(prefix=".making-", dir=folder) as scratch:
        made = Path(scratch)
        for mart in tables:
            shutil.copyfile(_file(mart, last_build.tables(ws)), _file(mart, made))
        hashes = {mart.name: file_sha256(made / f"{mart.name}.parquet") for mart in tables}
        content = hashlib.sha256(repr((tables, hashes)).encode()).hexdigest()
        if _content_of(folder / WAREHOUSE) != content:
            _write_warehouse(tables, made, content, hashes)
        for stale in set(folder.glob("*.parquet")) - {folder / f"{mart.name}.parquet" for mart in tables}:
            stale.unlink()
        for file in sorted(made.iterdir()):
            _swap_in(file, folder / file.name)


def _side_by_side(
    work: Callable[[Mart, duckdb.DuckDBPyConnection], None], tables: Iterable[Mart], shared: duckdb.DuckDBPyConnection
) -> None:
    """Two tables at a time, in this order: much of what a table costs keeps only one core busy."""

    def one(mart: Mart) -> None:
        with shared.cursor() as own:
            work(mart, own)

    with ThreadPoolExecutor(2) as both:
        list(both.map(one, tables))


def _content_of(warehouse: Path) -> str | None:
    """The digest a published DuckDB file was given; None where there is no sound one."""
    if not warehouse.is_file():
        return None
    try:
        with duckdb.connect(str(warehouse), read_only=True, config=_OFFLINE) as published:
            row = published.execute("select content from publication").fetchone()
    except duckdb.Error:
        return None
    return row[0] if row else None


def _write_warehouse(tables: list[Mart], folder: Path, content: str, hashes: dict[str, str]) -> None:
    """``content`` stands for everything the file holds, rows and descriptions; ``hashes`` for the files beside it."""

    def write(mart: Mart, warehouse: duckdb.DuckDBPyConnection) -> None:
        table = f"marts.{mart.name}"
        warehouse.execute(f"create table {table} as from read_parquet({_text(glob.escape(_file(mart, folder)))})")
        warehouse.execute(f"comment on table {table} is {_text(mart.description)}")
        for column, description in mart.columns.items():
            warehouse.execute(f'comment on column {table}."{column}" is {_text(description)}')

    config = {**_OFFLINE, "default_block_size": _block_size(folder)}
    with duckdb.connect(str(folder / WAREHOUSE), config=config) as warehouse:
        warehouse.execute(_QUIET)
        warehouse.execute(f"create table publication as select {_text(content)} as content")
        warehouse.execute("create table publication_file (table_name varchar, sha256 varchar)")
        warehouse.executemany("insert into publication_file values (?, ?)", list(hashes.items()))
        warehouse.execute("create schema marts")
        _side_by_side(write, sorted(tables, key=lambda mart: -Path(_file(mart, folder)).stat().st_size), warehouse)
        warehouse.execute("checkpoint")


def _block_size(folder: Path) -> int:
    """Small blocks where tables hold a few hundred rows; for large tables they would cost twice the time and space."""
    size = sum(file.stat().st_size for file in folder.glob("*.parquet"))
    return 16384 if size < _LARGE else 262144


def _file(mart: Mart, folder: Path) -> str:
    return (folder / f"{mart.name}.parquet").as_posix()


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _swap_in(fresh: Path, published: Path) -> None:
    if published.is_file() and filecmp.cmp(fresh, published, shallow=False):
        return
    os.replace(fresh, published)
