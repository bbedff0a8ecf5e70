"""What it costs to go from records to published marts, and how that grows with the number of community-period rows.

``python -m tests.benchmarks.bench_warehouse [--rows 10000 100000 1000000] [--districts 100] [--pages] [--nodes 10]
[--keep FOLDER]``

Four districts' workbooks are read by intake; their records are then copied, under other codes and ids, until there are
as many rows as asked for. ``--keep`` leaves the workspaces in a folder and takes them from there the next time. Each
size runs in a process of its own, and that process's peak of memory is told per stage; CPU is that of the processes it
starts, too. Two yardsticks in the same process: *sums*, DuckDB adding up the same Parquet rows once by district and
period, and *copy*, DuckDB reading all records once and writing them once, which no warehouse that publishes its
rows can do without. *inputs* keep nothing of an earlier build; *again* are those of the next one, where no ledger is
new, and no part of the sum. ``--nodes`` runs dbt with a single thread and tells what its dearest nodes cost in CPU.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.forms import FORMS
from pipelines.intake.receive import submit
from pipelines.intake.service import process_inbox
from pipelines.plans import load_plans
from pipelines.samples import write_drops, write_load_plan
from pipelines.settings import Workspace
from pipelines.warehouse import dbt, last_build
from pipelines.warehouse.publish import publish
from pipelines.warehouse.snapshot import write_inputs

PERIODS = 4
NOW = datetime(2025, 12, 5, 9)
PATTERNS = 4
"""So many districts are made as workbooks; the others are copies of their records."""
CHECKOUT = Path(__file__).resolve().parents[2]


def make_workspace(root: Path, rows: int, districts: int) -> Workspace:
    """A workspace whose records hold about so many community-period rows."""
    root.mkdir(parents=True, exist_ok=True)
    ws = Workspace(root).prepare()
    write_load_plan(ws.plans, districts)
    plans = load_plans(ws.plans)
    plan = next(plan for plan in plans.values() if plan.id.startswith("load"))
    codes = [district.code for district in plan.districts]
    patterns = codes[:PATTERNS]
    drops = write_drops(plan, root / "drops", communities=max(1, rows // districts // PERIODS), districts=patterns)
    for drop in drops:
        submit(ws, [drop.path], drop.received_at, "/".join(drop.path.parts[-4:-1]))
    process_inbox(ws, plans, NOW)
    for kind in [*FORMS, "issue", "total", "submission"]:
        for file in sorted((ws.records / kind).glob("*.parquet")):
            _copy(file, patterns, codes[PATTERNS:])
    return ws


def _copy(file: Path, patterns: list[str], codes: list[str]) -> None:
    """The same records for the districts that follow the pattern."""
    frame = pl.read_parquet(file)
    if "district_code" not in frame.columns:  # issues belong to a submission only
        submission = pl.read_parquet(file.parent.parent / "submission" / file.name)
        [pattern] = submission["district_code"].to_list()
    else:
        pattern = frame["district_code"][0]
    if pattern not in patterns:
        return
    for number, code in enumerate(codes):
        if patterns[number % len(patterns)] != pattern:
            continue
        suffix = f"-{code}"
        changed = [pl.col("submission_id") + suffix]
        if "district_code" in frame.columns:
            changed.append(pl.lit(code).alias("district_code"))
        if "community_code" in frame.columns:
            changed.append(pl.col("community_code") + suffix)
        frame.with_columns(changed).write_parquet(file.with_name(f"{file.stem}{suffix}.parquet"), compression="lz4")


def measure(rows: int, districts: int, pages: bool, nodes: int, keep: Path | None) -> dict[str, Any]:
    """Per stage seconds of wall clock and of CPU and the peak of memory in MB; sizes on disk in MB; dearest nodes."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = keep / f"{rows}-{districts}" if keep else Path(scratch)
        if not (folder / "made").is_file():
            made = subprocess.run(
                [sys.executable, "-c", MAKE, str(folder), str(rows), str(districts)],
                cwd=CHECKOUT,
                capture_output=True,
                text=True,
            )
            if made.returncode:
                raise RuntimeError(made.stderr)
            (folder / "made").touch()
        ws = Workspace(folder)
        plans = load_plans(ws.plans)
        stages: dict[str, dict[str, float]] = {}
        costs = _Nodes()

        def stage(name: str, work: Callable[[], object]) -> None:
            _forget_peak()
            wall, cpu = time.perf_counter(), _cpu()
            work()
            spent = {"wall": time.perf_counter() - wall, "cpu": _cpu() - cpu, "peak_mb": _peak_mb()}
            stages[name] = spent

        dbt.manifest(ws)
        stage("sums", lambda: _add_up(ws))
        stage("copy", lambda: _copy_once(ws))
        shutil.rmtree(ws.build / "proposals", ignore_errors=True)
        stage("inputs", lambda: write_inputs(ws, plans, NOW))
        stage("again", lambda: write_inputs(ws, plans, NOW))
        if nodes:
            stage("dbt", lambda: dbt.build(ws, threads=1, on_event=costs.follow))
        else:
            stage("dbt", lambda: dbt.build(ws))
        shutil.rmtree(ws.marts, ignore_errors=True)
        stage("publish", lambda: publish(ws))
        if pages:
            from pipelines.reporting import build_reports

            stage("pages", lambda: build_reports(ws))
        status = pl.read_parquet(ws.marts / "fct_community_status.parquet", columns=["community_id"])
        disk = {
            "records": ws.records,
            "inputs": ws.build / "inputs",
            "build": last_build.database(ws),
            "tables": last_build.tables(ws),
            "marts": ws.marts,
        }
        return {
            "rows": status.height,
            "stages": stages,
            "disk_mb": {name: _size_mb(path) for name, path in disk.items()},
            "nodes": sorted(costs.spent, reverse=True)[:nodes],
        }


@dataclass
class _Nodes:
    """What each node of dbt cost in CPU; true while one of them runs at a time."""

    spent: list[tuple[float, str]] = field(default_factory=list)
    began: float = 0.0

    def follow(self, event: Any) -> None:
        if event.info.name == "NodeStart":
            self.began = time.process_time()
        elif event.info.name == "NodeFinished":
            self.spent.append((time.process_time() - self.began, event.data.node_info.node_name))


def _cpu() -> float:
    """Of this process and of those it started that have ended."""
    return sum(os.times()[:4])


def _forget_peak() -> None:
    """Let the peak of memory begin anew (Linux; elsewhere it is that of the whole process)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.is_file():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _size_mb(path: Path) -> float:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


MAKE = """
import sys; from pathlib import Path
from tests.benchmarks.bench_warehouse import make_workspace
make_workspace(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
"""


def _add_up(ws: Workspace) -> None:
    """One pass over the rows: what no warehouse can do without."""
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        connection.execute(
            "select plan_id, period_id, district_code, count(*), sum(households), sum(floor_area_sqm), "
            "count(*) filter (management_mode not in ('none', 'unknown')) "
            f"from read_parquet('{ws.records}/community/*.parquet') group by all"
        ).fetchall()


def _copy_once(ws: Workspace) -> None:
    """Every record read and written once, form by form."""
    with duckdb.connect() as connection, tempfile.TemporaryDirectory(dir=ws.root) as folder:
        connection.execute("set threads = 2")
        for form in FORMS:
            if len(list((ws.records / form).glob("*.parquet"))) > 1:
                connection.execute(
                    f"copy (from read_parquet('{ws.records}/{form}/*.parquet', union_by_name = true)) "
                    f"to '{folder}/{form}.parquet' (compression zstd)"
                )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options.add_argument("--districts", type=int, default=100)
    options.add_argument("--pages", action="store_true", help="build the reports too")
    options.add_argument("--nodes", type=int, default=0, help="tell so many of dbt's dearest nodes")
    options.add_argument("--keep", type=Path, help="where workspaces stay for the next time")
    options.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        print(json.dumps(measure(given.rows[0], given.districts, given.pages, given.nodes, given.keep)))
        return
    for rows in given.rows:
        command = [sys.executable, "-m", __spec__.name, "--one", "--rows", str(rows)]
        command += ["--districts", str(given.districts), "--nodes", str(given.nodes)]
        command += ["--pages"] if given.pages else []
        command += ["--keep", str(given.keep.resolve())] if given.keep else []
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env={**os.environ, "ACTIONPLAN_NOW": NOW.isoformat()},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        tell(json.loads(done.stdout.splitlines()[-1]))


def tell(found: dict[str, Any]) -> None:
    """One size: a line per stage, what it comes to against the yardsticks, sizes on disk, nodes."""
    stages = found["stages"]
    print(f"{found['rows']:,} rows")
    for name, spent in stages.items():
        print(f"  {name:8} {spent['wall']:8.1f} s {spent['cpu']:8.1f} CPU s {spent['peak_mb']:8.0f} MB")
    build = [stages[name] for name in ("inputs", "dbt", "publish")]
    cpu, wall = (sum(spent[kind] for spent in build) for kind in ("cpu", "wall"))
    ratios = ", ".join(f"{cpu / stages[name]['cpu']:.1f} × {name}" for name in ("sums", "copy"))
    print(f"  {'build':8} {wall:8.1f} s {cpu:8.1f} CPU s {max(s['peak_mb'] for s in build):8.0f} MB  = {ratios}")
    print("  on disk", ", ".join(f"{name} {size:.0f} MB" for name, size in found["disk_mb"].items()))
    for seconds, name in found["nodes"]:
        print(f"    {seconds:6.2f} CPU s  {name}")


if __name__ == "__main__":
    main()
