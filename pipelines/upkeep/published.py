"""What readers see: the marts agree with each other, and the reports with the marts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from pipelines.durable import set_aside
from pipelines.hashing import file_sha256
from pipelines.progress import Stage
from pipelines.reporting import editions
from pipelines.reporting.marts import Marts
from pipelines.reporting.pages.build import RECORD, amiss
from pipelines.settings import Workspace
from pipelines.upkeep.findings import Finding
from pipelines.warehouse.publish import WAREHOUSE
from pipelines.warehouse.soundness import content, parquet

MARTS, REPORTS = "marts", "reports"
_RUN = "运行 actionplan run，会重新生成"
_MOVE = "用 actionplan doctor --repair 移开，再运行 actionplan run 重新生成"


def check_marts(ws: Workspace, progress: Stage) -> Iterator[Finding]:
    """Each Parquet file against the hash it was published with, and against its table in the DuckDB file."""
    files = {file.stem: file for file in sorted(ws.marts.glob("*.parquet"))}
    warehouse = ws.marts / WAREHOUSE
    if not files and not warehouse.exists():
        if any((ws.records / "submission").glob("[!_.]*.parquet")):
            yield Finding(MARTS, "data/marts", "还没有发布数据", _RUN)
        return
    progress.summary = f"{len(files)} 张表"
    try:
        with duckdb.connect(str(warehouse), read_only=True) as published:
            yield from _against(ws, published, files, progress)
    except (duckdb.Error, OSError) as error:
        said = str(error).splitlines()[0][:120]
        yield _replaceable(ws, MARTS, warehouse, f"数据库读不出来：{said}")
        with duckdb.connect() as nothing:
            for file in files.values():
                if isinstance(rows := content(nothing, parquet(file)), str):
                    yield _replaceable(ws, MARTS, file, f"文件读不出来：{rows}")


def _against(
    ws: Workspace, published: duckdb.DuckDBPyConnection, files: dict[str, Path], progress: Stage
) -> Iterator[Finding]:
    published.execute("set enable_progress_bar = false")
    names = "select table_name from information_schema.tables where table_schema = 'marts'"
    tables = {name for (name,) in published.execute(names).fetchall()}
    try:
        hashes = dict(published.execute("select table_name, sha256 from publication_file").fetchall())
    except duckdb.CatalogException:  # published by an earlier version
        hashes = {}
    for name in sorted(tables - files.keys()):
        yield Finding(MARTS, f"data/marts/{name}.parquet", "已发布的表缺少 Parquet 文件", _RUN)
    for number, (name, file) in enumerate(files.items()):
        progress.update(number, len(files), name)
        if name not in tables:
            yield _replaceable(ws, MARTS, file, f"{WAREHOUSE} 中没有这张表")
            continue
        table, rows = content(published, f'marts."{name}"'), content(published, parquet(file))
        if name in hashes and file_sha256(file) != hashes[name]:
            yield _replaceable(ws, MARTS, file, "文件与发布时的内容（SHA-256）不符")
        elif isinstance(rows, str):
            yield _replaceable(ws, MARTS, file, f"文件读不出来：{rows}")
        elif not isinstance(table, str) and table != rows:
            yield _replaceable(ws, MARTS, ws.marts / WAREHOUSE, f"表 {name} 与 Parquet 文件不一致")
        if isinstance(table, str):
            yield _replaceable(ws, MARTS, ws.marts / WAREHOUSE, f"表 {name} 读不出来：{table}")


def _replaceable(ws: Workspace, check: str, path: Path, what: str) -> Finding:
    where = path.relative_to(ws.root).as_posix()
    return Finding(check, where, what, _MOVE, mend=partial(set_aside, ws, [path], what))


def check_reports(ws: Workspace, progress: Stage) -> Iterator[Finding]:
    """Each plan's folder: what it was published as, its files, and whether the marts say the same."""
    for home in sorted(ws.reports.glob(f"[!.]*/{editions.FOLDER}")):
        if "@" not in home.parent.name:
            progress.update(0, 0, home.parent.name)
            yield from _of_folder(ws, home.parent)
    if not any(ws.marts.glob("*.parquet")):
        return
    try:
        with Marts(ws.marts) as marts:
            for plan in marts.plans(None):
                progress.update(0, 0, plan.plan_name)
                yield from _against_marts(ws, ws.reports / plan.plan_id, marts.content(plan.plan_id))
    except (duckdb.Error, OSError) as error:
        said = str(error).splitlines()[0][:120]
        yield Finding(REPORTS, "data/marts", f"已发布的数据读不出来，没有与报告核对：{said}", _MOVE)


def _ledger(folder: Path) -> list[editions.Edition] | None:
    """The publications of a plan; None where they can't be read."""
    try:
        return editions.read(folder)
    except (ValueError, KeyError, TypeError, OSError):
        return None


def _of_folder(ws: Workspace, folder: Path) -> Iterator[Finding]:
    where = folder.relative_to(ws.root).as_posix()
    home = folder / editions.FOLDER
    if _ledger(folder) is None:
        what = "各次发布的记载（ledger.json）已损坏"
        remedy = "用 actionplan doctor --repair 移开，由上一次发布的记载接续"
        yield Finding(REPORTS, f"{where}/edition/ledger.json", what, remedy, mend=partial(_mend_ledger, ws, folder))
    for table in sorted(home.glob("*.parquet")):
        try:
            pl.read_parquet(table)
        except (pl.exceptions.PolarsError, OSError):
            mend = partial(set_aside, ws, [table, home / RECORD], "已损坏")
            below = table.relative_to(ws.root).as_posix()
            yield Finding(REPORTS, below, "与上次发布对比用的数据已损坏", _MOVE, mend=mend)
    if wrong := amiss(folder):
        yield Finding(REPORTS, f"{where}/{wrong[0]}", f"有 {len(wrong)} 个文件缺失、多余或与生成时不符", _RUN)


def _against_marts(ws: Workspace, folder: Path, content: str) -> Iterator[Finding]:
    where, ledger = folder.relative_to(ws.root).as_posix(), _ledger(folder)
    if ledger is None:  # told already
        return
    if not ledger:
        yield Finding(REPORTS, where, "还没有报告", _RUN)
    elif ledger[-1].content != content:
        said = f"报告（第 {ledger[-1].number} 次发布，数据截至 {ledger[-1].as_of}）与已发布的数据不一致"
        yield Finding(REPORTS, where, said, _RUN)


def _mend_ledger(ws: Workspace, folder: Path) -> None:
    """Move a damaged ledger aside and go on from the newest earlier publication whose own can be read."""
    ledger = folder / editions.FOLDER / editions.LEDGER
    set_aside(ws, [ledger], "已损坏")
    for number, _ in reversed(list(editions.kept(folder))):
        earlier = editions.beside(folder, number) / editions.FOLDER / editions.LEDGER
        try:
            json.loads(earlier.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        ledger.write_bytes(earlier.read_bytes())
        break
    set_aside(ws, [folder / editions.FOLDER / RECORD], "报告需要重新生成")
