"""A whole country's workbooks, from the inbox to the marts: time, memory and disk, and how they grow.

``python -m tests.benchmarks.bench_national [--districts 44 178 711 2844] [--communities 250] [--keep FOLDER]``

So many districts with so many communities each report over four periods. A few districts' workbooks are written by the
sample generator; the others' are the same with another district's code and name in their cells. Making them isn't
measured. Each size is taken in and built in a process of its own, as a run does it without Dagster around it; then one
workbook is handed in again, corrected, and everything built once more. A reader beside it adds up the memory of that
process and its children ten times a second.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import openpyxl

from pipelines.intake.receive import submit
from pipelines.intake.service import process_inbox
from pipelines.plans import load_plans
from pipelines.samples import write_drops, write_load_plan
from pipelines.settings import Workspace
from tests.benchmarks.bench_warehouse import CHECKOUT, _size_mb

PATTERNS = 4
NOW = datetime(2025, 12, 5, 9)


def make(root: Path, districts: int, communities: int) -> int:
    """Fill the inbox of a workspace; how many workbooks there are."""
    ws = Workspace(root).prepare()
    write_load_plan(ws.plans, districts)
    [plan] = [plan for plan in load_plans(ws.plans).values() if plan.id.startswith("load")]
    patterns = plan.districts[:PATTERNS]
    with tempfile.TemporaryDirectory() as folder:
        drops = write_drops(plan, Path(folder), communities=communities, districts=[p.code for p in patterns])
        of = {p.code: [drop for drop in drops if drop.district_code == p.code] for p in patterns}
        count = 0
        for district, pattern in zip(plan.districts, cycle(patterns), strict=False):
            for drop in of[pattern.code]:
                words = {pattern.code: district.code, pattern.name.zh: district.name.zh}
                name = drop.path.name.replace(pattern.name.zh, district.name.zh)
                path = Path(folder) / "copy" / drop.path.parent.parent.name / district.code / name
                path.parent.mkdir(parents=True, exist_ok=True)
                _rewrite(drop.path, path, words)
                submit(ws, [path], drop.received_at, f"{plan.id}/{drop.period_id}/{district.code}")
                path.unlink()
                count += 1
    return count


def _rewrite(source: Path, target: Path, words: dict[str, str]) -> None:
    with zipfile.ZipFile(source) as book, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        for part in book.infolist():
            data = book.read(part)
            if part.filename.endswith(".xml"):
                text = data.decode()
                for old, new in words.items():
                    text = text.replace(old, new)
                data = text.encode()
            copy.writestr(part.filename, data)


def work(root: Path, pages: bool) -> dict[str, dict[str, float]]:
    """Take the inbox in and build everything; per stage seconds of wall and CPU, children included."""
    from pipelines.warehouse import dbt
    from pipelines.warehouse.publish import publish
    from pipelines.warehouse.snapshot import write_inputs

    ws = Workspace(root)
    plans = load_plans(ws.plans)
    stages: dict[str, dict[str, float]] = {}

    def stage(name: str, call: Callable[[], object]) -> None:
        with Memory() as memory:
            wall, cpu = time.perf_counter(), _cpu()
            call()
            stages[name] = {
                "wall": time.perf_counter() - wall, "cpu": _cpu() - cpu, "peak_mb": memory.peak / 2**20
            }  # fmt: skip

    again = _corrected(ws, root)
    for round_ in ("", "again: "):
        if round_:
            submit(ws, [again], NOW, again.parent.relative_to(root / "again").as_posix())
        stage(f"{round_}intake", lambda: process_inbox(ws, plans, NOW))
        stage(f"{round_}inputs", lambda: write_inputs(ws, plans, NOW))
        stage(f"{round_}dbt", lambda: dbt.build(ws))
        stage(f"{round_}publish", lambda: publish(ws))
    if pages:
        from pipelines.reporting import build_reports

        [load] = [plan for plan in plans if plan.startswith("load")]
        stage("pages", lambda: build_reports(ws, load))
    return stages


def _corrected(ws: Workspace, root: Path) -> Path:
    """A workbook of the inbox once more, with one household more in one community; to be handed in later."""
    original = max(ws.inbox.rglob("*.xlsx"))
    copy = root / "again" / original.parent.relative_to(ws.inbox) / original.name
    copy.parent.mkdir(parents=True)
    book = openpyxl.load_workbook(original)
    column = None
    for row in book["小区明细"].iter_rows():
        for cell in row:
            if str(cell.value).startswith("总户数"):
                column = cell.column
            elif cell.column == column and isinstance(cell.value, int):
                cell.value += 1
                book.save(copy)
                return copy
    raise LookupError(f"{original}: no households")


def _cpu() -> float:
    """Seconds of this process and of all it started: the guarded readers are children of a child that lives on."""
    ticks = sum(sum(_ticks(pid)) for pid in _family(os.getpid()))
    return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> list[int]:
    """Of one process: its own in user and system mode, and those of the children it has waited for."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [int(value) for value in after_name[11:15]]


class Memory:
    """Watches how much this process and its children hold together; pages they share count once."""

    def __init__(self) -> None:
        self.peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            self.peak = max(self.peak, sum(map(_held, _family(os.getpid()))))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            for child in (task / "children").read_text().split():
                yield from _family(int(child))
        except OSError:
            continue


def _held(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def measure(folder: Path, districts: int, communities: int, pages: bool) -> dict[str, Any]:
    """One size; the inbox is made anew where it has been taken in."""
    root = folder / f"{districts}x{communities}"
    ready = root / "made"
    if not ready.is_file():
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        ready.write_text(str(make(root, districts, communities)))
    taken = Path(f"{root}-taken")
    shutil.rmtree(taken, ignore_errors=True)
    shutil.copytree(root, taken)
    call = f"print(json.dumps(bench_national.work(Path({str(taken)!r}), {pages})))"
    code = f"import json; from pathlib import Path; from tests.benchmarks import bench_national; {call}"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    ws = Workspace(taken)
    parts = {
        "archive": ws.archive,
        "records": ws.records,
        "receipts": ws.receipts,
        "build": ws.build,
        "marts": ws.marts,
    }
    sizes = {name: _size_mb(path) for name, path in parts.items()} | (
        {"reports": _size_mb(ws.reports)} if pages else {}
    )
    shutil.rmtree(taken)
    return {
        "districts": districts, "books": int(ready.read_text()), "stages": json.loads(done.stdout.splitlines()[-1]),
        "disk_mb": sizes,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--districts", type=int, nargs="+", default=[44, 178])
    parser.add_argument("--communities", type=int, default=250)
    parser.add_argument("--pages", action="store_true", help="build the reports too")
    parser.add_argument("--keep", type=Path, help="keep the inboxes here, and take them from here the next time")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for districts in asked.districts:
            found = measure(asked.keep or Path(scratch), districts, asked.communities, asked.pages)
            stages = found["stages"]
            print(f"{districts} districts × {asked.communities} communities, {found['books']} workbooks:")
            for name, spent in stages.items():
                print(f"  {name:14} {spent['wall']:8.1f} s wall {spent['cpu']:8.1f} s CPU {spent['peak_mb']:8.0f} MB")
            for round_, chosen in (("all", False), ("one re-sent", True)):
                of = [spent for name, spent in stages.items() if name.startswith("again") is chosen]
                wall, cpu = (sum(spent[key] for spent in of) for key in ("wall", "cpu"))
                print(f"  {round_:14} {wall:8.1f} s wall {cpu:8.1f} s CPU")
            print(
                "  disk: " + ", ".join(f"{name} {size:.0f} MB" for name, size in found["disk_mb"].items()), flush=True
            )


if __name__ == "__main__":
    main()
