"""What it costs to go from records to published marts, and how that grows with the number of community-period rows.

``python -m tests.benchmarks.bench_warehouse [--rows 10000 100000 1000000] [--districts 100] [--pages]``

Four districts' workbooks are read by intake; their records are then copied, under other codes and ids, until there are
as many rows as asked for. Each size runs in a process of its own, so that the peak of memory is its own too. The
yardstick in the same process: DuckDB adding up the same Parquet rows once, grouped by district and period.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines.forms import FORMS
from pipelines.intake.receive import submit
from pipelines.intake.service import process_inbox
from pipelines.plans import load_plans
from pipelines.samples import write_drops, write_load_plan
from pipelines.settings import Workspace
from pipelines.warehouse import dbt
from pipelines.warehouse.publish import publish
from pipelines.warehouse.snapshot import write_inputs

PERIODS = 4
NOW = datetime(2025, 12, 5, 9)
PATTERNS = 4
"""So many districts are made as workbooks; the others are copies of their records."""
CHECKOUT = Path(__file__).resolve().parents[2]


def make_workspace(root: Path, rows: int, districts: int) -> Workspace:
    """A workspace whose records hold about so many community-period rows."""
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


def measure(rows: int, districts: int, pages: bool) -> dict[str, float]:
    """Seconds of wall clock and of CPU per stage, and the peak of memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run(
            [sys.executable, "-c", MAKE, folder, str(rows), str(districts)],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise RuntimeError(made.stderr)
        ws = Workspace(Path(folder))
        plans = load_plans(ws.plans)
        found: dict[str, float] = {}

        def stage(name: str, work: Callable[[], object]) -> None:
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            found[name], found[f"{name}_cpu"] = time.perf_counter() - wall, time.process_time() - cpu

        dbt.manifest(ws)
        stage("yardstick", lambda: _add_up(ws))
        stage("register", lambda: write_inputs(ws, plans, NOW))
        stage("dbt", lambda: dbt.build(ws))
        stage("publish", lambda: publish(ws))
        if pages:
            from pipelines.reporting import build_reports

            stage("pages", lambda: build_reports(ws))
        status = pl.read_parquet(ws.marts / "fct_community_status.parquet", columns=["community_id"])
        found |= {"rows": status.height, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        found["marts_mb"] = sum(file.stat().st_size for file in ws.marts.iterdir()) / 1e6
        return found


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


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options.add_argument("--districts", type=int, default=100)
    options.add_argument("--pages", action="store_true")
    options.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        print(json.dumps(measure(given.rows[0], given.districts, given.pages)))
        return
    for rows in given.rows:
        command = [
            sys.executable,
            "-m",
            __spec__.name,
            "--one",
            "--rows",
            str(rows),
            "--districts",
            str(given.districts),
        ]
        done = subprocess.run(
            [*command, *(["--pages"] if given.pages else [])],
            cwd=CHECKOUT,
            env={**os.environ, "ACTIONPLAN_NOW": NOW.isoformat()},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found = json.loads(done.stdout.splitlines()[-1])
        stages = [name for name in ("yardstick", "register", "dbt", "publish", "pages") if name in found]
        told = ", ".join(f"{name} {found[name]:.1f} s (CPU {found[f'{name}_cpu']:.1f})" for name in stages)
        print(f"{found['rows']:>10,} rows: {told}; peak {found['peak_mb']:.0f} MB, marts {found['marts_mb']:.0f} MB")


if __name__ == "__main__":
    main()
