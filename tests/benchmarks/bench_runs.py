"""What a run costs where little or nothing is new, against importing its libraries alone and against making all anew.

``python -m tests.benchmarks.bench_runs [--districts 7] [--communities 80] [--keep FOLDER]``

In a workspace of so many districts with four periods each: a run with nothing new, a run with one re-sent workbook, and
a run that has only the records left and makes everything else anew. Each is the command in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipelines.settings import Workspace
from tests.benchmarks import bench_national
from tests.benchmarks.bench_warehouse import CHECKOUT

IMPORTS = "import dagster, dagster_dbt, dbt.cli.main, polars, duckdb"


def spent(*command: str, root: Path | None = None) -> tuple[float, float]:
    """Seconds of wall and CPU of a command and its children.

    The guarded readers of workbooks are not among them: they are children of a process that outlives the command by a
    moment. `bench_national` counts them.
    """
    return measured(*command, root=root)[:2]


def measured(*command: str, root: Path | None = None, python: str = sys.executable) -> tuple[float, float, str]:
    """The same, and what it wrote."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {
        **os.environ,
        "ACTIONPLAN_NOW": "2025-12-05T09:00:00",
        **({"ACTIONPLAN_ROOT": str(root)} if root else {}),
    }
    done = subprocess.run([python, *command], cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, cpu, done.stdout


def run(root: Path) -> tuple[float, float]:
    return spent("-m", "pipelines", "run", "--quiet", root=root)


def send_one_again(root: Path) -> None:
    """One of the workbooks once more, packed otherwise: other bytes, the same cells."""
    ws = Workspace(root)
    source = next(path for path in sorted(ws.archive.glob("??/*")) if not path.suffix)
    target = ws.inbox / "again.xlsx"
    bench_national._rewrite(source, target, {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--districts", type=int, default=7)
    parser.add_argument("--communities", type=int, default=80)
    parser.add_argument("--keep", type=Path, help="make the workspace here, and leave it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = (asked.keep or Path(scratch)) / f"runs-{asked.districts}x{asked.communities}"
        books = bench_national.make(root, asked.districts, asked.communities) if not root.exists() else 0
        told = [("import of dagster, dagster-dbt, dbt, polars and duckdb", min(spent("-c", IMPORTS) for _ in range(3)))]
        if books:
            told.append((f"first run: {books} workbooks and everything else", run(root)))
        told.append(("run with nothing new", min(run(root) for _ in range(2))))
        send_one_again(root)
        told.append(("run with one re-sent workbook", run(root)))
        for folder in (Workspace(root).build, Workspace(root).marts, Workspace(root).reports):
            shutil.rmtree(folder)
        told.append(("run that has only the records left", run(root)))
        base = told[0][1]
        for what, (wall, cpu) in told:
            print(f"{what:60} {wall:7.1f} s wall {cpu:7.1f} s CPU {cpu / base[1]:6.1f} × the imports")


if __name__ == "__main__":
    main()
