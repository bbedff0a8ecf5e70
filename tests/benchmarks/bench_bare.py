"""A whole city's job, against two scripts that only add up: what the rest of it costs, and what it changes.

``python -m tests.benchmarks.bench_bare [--districts 7] [--communities 250] [--pandas PYTHON] [--keep FOLDER]``

The job is ``actionplan run`` over four periods of workbooks. The scripts (``bare/``) read the same files and add up
the headline rates: one with Polars and DuckDB, one with pandas and openpyxl, which wants a Python of its own
(``--pandas``). They know nothing of who sent what twice, of spellings, dates in words, communities that vanished or of
milestones; how many of their figures are those published as *reported* is told beside the times.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import polars as pl

from pipelines.settings import Workspace
from tests.benchmarks import bench_national
from tests.benchmarks.bench_runs import measured, run

BARE = Path(__file__).with_name("bare")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--districts", type=int, default=7)
    parser.add_argument("--communities", type=int, default=250)
    parser.add_argument("--pandas", help="a Python that has pandas and openpyxl")
    parser.add_argument("--keep", type=Path, help="make the workspace here, and leave it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = (asked.keep or Path(scratch)) / f"bare-{asked.districts}x{asked.communities}"
        books = bench_national.make(root, asked.districts, asked.communities)
        [inbox] = Workspace(root).inbox.glob("load*")
        scripts = [("polars and duckdb", sys.executable, "with_polars.py")]
        if asked.pandas:
            scripts.append(("pandas and openpyxl", asked.pandas, "with_pandas.py"))
        ran = [(what, *measured(str(BARE / script), str(inbox), python=python)) for what, python, script in scripts]
        job = run(root)
        published = _reported(Workspace(root))
        print(f"{books} workbooks")
        for what, wall, cpu, said in ran:
            ratio = job[1] / cpu
            print(f"{what:22} {wall:7.1f} s wall {cpu:7.1f} s CPU   the job: {ratio:.1f} times as much CPU")
            found = {(place, rate): (n, d) for place, rate, n, d in json.loads(said)}
            same = [key for key, figure in found.items() if key in published and published[key] == figure]
            print(f"{'':22} {len(same)} of {len([key for key in found if key in published])} figures as reported")
        print(f"{'the whole job':22} {job[0]:7.1f} s wall {job[1]:7.1f} s CPU")


def _reported(ws: Workspace) -> dict[tuple[str, str], tuple[float, float]]:
    """(period/district, indicator) → numerator and denominator of what the rows of the effective workbook say."""
    figures = pl.read_parquet(ws.marts / "fct_indicator.parquet").filter(
        pl.col("plan_id").str.starts_with("load"), pl.col("is_main"), pl.col("variant") == "reported"
    )
    return {
        (f"{row['period_id']}/{row['district_code']}", row["indicator_id"]): (row["numerator"], row["denominator"])
        for row in figures.iter_rows(named=True)
    }


if __name__ == "__main__":
    main()
