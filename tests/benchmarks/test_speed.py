"""What the daily commands cost, as ratios to what can't be avoided, measured in one run: `make bench`."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from pipelines.plans.loader import load_plans
from pipelines.samples import write_drops
from pipelines.settings import Limits
from tests.conftest import Done

pytestmark = pytest.mark.benchmark
PLAN = "bayannur_2023_2025"
TIMES = 3


def best(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Seconds of the quickest of a few tries: the others were disturbed."""
    tries = []
    for _ in range(TIMES):
        started = clock()
        work()
        tries.append(clock() - started)
    return min(tries)


def bare_read(workbooks: Sequence[bytes]) -> None:
    """Every cell of every sheet through calamine, and nothing else."""
    for content in workbooks:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            book.get_sheet_by_name(name).to_python()


def test_many_workbooks_against_bare_reading(tmp_path: Path) -> None:
    """Reading and validating many workbooks: at most three times the CPU of calamine alone."""
    from pipelines.intake import judging, reader

    plans, limits = load_plans(), Limits()
    drops = write_drops(plans[PLAN], tmp_path, communities=300)
    workbooks = [drop.path.read_bytes() for drop in drops]

    def judged() -> None:
        for first in range(0, len(workbooks), 16):
            batch = []
            for number, content in enumerate(workbooks[first : first + 16], first):
                source = judging.Source(
                    f"{number:016}", "0" * 64, 1, "a.xlsx", None, datetime(2025, 12, 5), "first_seen"
                )
                batch.append((source, reader.read_workbook(content, limits)))
            judging.judge_batch(batch, plans)

    bare, whole = best(lambda: bare_read(workbooks)), best(judged)
    print(f"{len(workbooks)} workbooks: {whole:.2f} s of CPU, calamine alone {bare:.2f} s, ratio {whole / bare:.2f}")
    assert whole <= 3 * bare


def test_check_of_a_thousand_rows(tmp_path: Path, actionplan: Callable[..., Done]) -> None:
    """`actionplan check` of 1,000 communities: about a second, most of it Python's and the libraries' own start."""
    [drop] = write_drops(
        load_plans()[PLAN], tmp_path, communities=1000, districts=["150802"], periods=["2023-baseline"]
    )
    bare = [sys.executable, "-c", "import polars, pandera.polars, python_calamine, click, yaml, pydantic"]

    whole = best(lambda: actionplan(tmp_path, "check", drop.path), time.perf_counter)
    start = best(lambda: subprocess.run(bare, check=True), time.perf_counter)
    print(f"check of 1,000 rows: {whole:.2f} s, importing the libraries alone {start:.2f} s, ratio {whole / start:.2f}")
    assert whole <= 4 * start


def test_the_demo_is_not_mostly_start_up(tmp_path: Path, actionplan: Callable[..., Done]) -> None:
    """The demo's job after set-up, stage by stage."""
    started = time.perf_counter()
    done = actionplan(tmp_path / "demo", "demo")
    whole = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    stages = {
        name: float(seconds) for name, seconds in re.findall(r"^(\S+?)(?:：.*)?（([\d.]+) 秒）$", done.stderr, re.M)
    }
    print(f"demo: {whole:.1f} s; " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in stages.items()))
    assert stages["启动"] < whole / 2
