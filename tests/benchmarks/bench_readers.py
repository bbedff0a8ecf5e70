"""Readers that query the published file all the while a run renews it: what they wait, and what they cost the run.

``python -m tests.benchmarks.bench_readers [--readers 8] [--districts 7] [--communities 250]``

A last ledger is taken in and everything published anew, once with nobody reading and once with so many readers, each a
process that opens ``warehouse.duckdb``, asks one of four questions and closes it, again and again. A reader that fails,
or finds tables of two publications in one opening, stops the measurement.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipelines.settings import Workspace
from tests.benchmarks import bench_national
from tests.benchmarks.bench_runs import run
from tests.benchmarks.bench_warehouse import CHECKOUT

QUESTIONS = (
    "select district_code, numerator, denominator from marts.fct_indicator where indicator_id = 'pm_coverage_rate'",
    "select status, count(*) from marts.mart_milestone_progress group by all",
    "select district_code, score from marts.mart_assessment_score order by all",
    "select period_id, count(*), count(distinct community_id) from marts.fct_community_status group by all",
)


def read(warehouse: Path, until: Path) -> None:
    """Ask until a file appears; seconds of each opening, and how many publications were seen."""
    import duckdb

    took: list[float] = []
    seen = set()
    print("ready", flush=True)
    while not until.exists():
        began = time.perf_counter()
        with duckdb.connect(str(warehouse), read_only=True, config={"threads": 1}) as db:
            before = db.execute("select content from publication").fetchone()
            db.execute(QUESTIONS[len(took) % len(QUESTIONS)]).fetchall()
            if db.execute("select content from publication").fetchone() != before:
                raise RuntimeError("one opening saw two publications")
        seen.add(before)
        took.append(time.perf_counter() - began)
    print(json.dumps({"took": took, "seen": len(seen)}))


def with_readers(ws: Workspace, count: int, work: float | None) -> tuple[tuple[float, float] | None, list[float], int]:
    """What a run costs (or nothing, for so many seconds) beside readers; what they waited; publications seen."""
    until = ws.root / "stop"
    until.unlink(missing_ok=True)
    call = f"bench_readers.read(Path({str(ws.marts / 'warehouse.duckdb')!r}), Path({str(until)!r}))"
    code = f"from pathlib import Path; from tests.benchmarks import bench_readers; {call}"
    readers = [
        subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    for reader in readers:
        assert reader.stdout
        reader.stdout.readline()
    if work is None:
        spent = run(ws.root)
    else:
        spent = None
        time.sleep(work)
    until.touch()
    written = [reader.communicate()[0] for reader in readers]
    if any(reader.returncode for reader in readers):
        raise RuntimeError("a reader failed")
    said = [json.loads(text) for text in written]
    return spent, [second for one in said for second in one["took"]], max((one["seen"] for one in said), default=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--districts", type=int, default=7)
    parser.add_argument("--communities", type=int, default=250)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        ws = Workspace(Path(scratch) / "work")
        bench_national.make(ws.root, asked.districts, asked.communities)
        last = sorted(ws.inbox.rglob("*.xlsx"))[-1]
        held, place = Path(scratch) / last.name, last
        shutil.move(last, held)
        run(ws.root)
        _, alone, _ = with_readers(ws, 1, 5)
        _, idle, _ = with_readers(ws, asked.readers, 5)
        other = Workspace(Path(scratch) / "other")
        shutil.copytree(ws.root, other.root, symlinks=True)
        for one in (ws, other):
            target = one.root / place.relative_to(ws.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(held, target)
        quiet = run(other.root)
        spent, beside, seen = with_readers(ws, asked.readers, None)
        for what, took in (
            ("one reader, no run", alone),
            (f"{asked.readers} readers, no run", idle),
            (f"{asked.readers} readers, a run", beside),
        ):
            ordered = sorted(took)
            half, most = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
            print(
                f"{what:22} {len(took):6} answers   half within {half * 1000:6.1f} ms"
                f"   99 % within {most * 1000:6.1f} ms   slowest {ordered[-1] * 1000:6.1f} ms"
            )
        print(f"publications seen by one reader during the run: {seen}")
        print(f"the run alone          {quiet[0]:7.1f} s wall {quiet[1]:7.1f} s CPU")
        if spent:
            print(f"the run beside readers {spent[0]:7.1f} s wall {spent[1]:7.1f} s CPU")


if __name__ == "__main__":
    main()
