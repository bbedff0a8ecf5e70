"""What it costs to turn published marts into pages and files, how that grows, and how soon a page is on the screen.

``python -m tests.benchmarks.bench_pages [--size 7x60 103x1000]``   districts × communities in each

The marts come from records made as in ``bench_warehouse``. Each size runs in a process of its own, so that the peak of
memory is its own too. Where a second process writes the files, its seconds count and its peak is told. The yardstick in
the same process: reading every published table and writing the bytes of all pages and files once. Told are seconds of
CPU (of wall clock in brackets) and how many times the yardstick that is.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from pipelines.reporting import build_reports
from pipelines.settings import Workspace
from tests.benchmarks.bench_warehouse import CHECKOUT, NOW, PERIODS

STAGES = ("yardstick", "first", "nothing new", "one name", "one figure")


def measure(ws: Workspace) -> dict[str, float]:
    """Build the reports of a workspace's marts: anew, again, after a community's company, after a figure changed."""
    shutil.rmtree(ws.reports, ignore_errors=True)
    found: dict[str, float] = {}

    def stage(name: str, work: Callable[[], object]) -> None:
        wall, cpu = time.perf_counter(), sum(os.times()[:4])
        work()
        found[f"{name}_wall"], found[name] = time.perf_counter() - wall, sum(os.times()[:4]) - cpu

    stage("first", lambda: build_reports(ws))
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    found["peak_mb"], found["beside_mb"] = (resource.getrusage(who).ru_maxrss / 1024 for who in both)
    stage("nothing new", lambda: build_reports(ws))
    pages = list(ws.reports.rglob("*.html"))
    found["pages"], found["heaviest_kb"] = len(pages), max(path.stat().st_size for path in pages) / 1000
    found["reports_mb"] = sum(path.stat().st_size for path in ws.reports.rglob("*") if path.is_file()) / 1e6
    stage("yardstick", lambda: _read_and_write(ws))
    status = ws.marts / "fct_community_status.parquet"
    rows = pl.read_parquet(status)
    district = rows["district_code"].max()
    mine = (pl.col("district_code") == district) & (pl.col("period_id") == rows["period_id"].max())
    _replace(status, rows.with_columns(company_name=pl.when(mine).then(pl.lit("某公司")).otherwise("company_name")))
    stage("one name", lambda: build_reports(ws))
    figures = ws.marts / "fct_indicator.parquet"
    rows = pl.read_parquet(figures)
    of = (pl.col("district_code") == district) & (pl.col("numerator") > 0)
    _replace(figures, rows.with_columns(numerator=pl.when(of).then(pl.col("numerator") - 1).otherwise("numerator")))
    stage("one figure", lambda: build_reports(ws))
    return found | _shown(ws)


def _read_and_write(ws: Workspace) -> None:
    """What no report can do without: the rows in, the bytes out."""
    for table in ws.marts.glob("*.parquet"):
        pl.read_parquet(table)
    with tempfile.TemporaryDirectory(dir=ws.root) as folder:
        for number, path in enumerate(ws.reports.rglob("*")):
            if path.is_file():
                (Path(folder) / str(number)).write_bytes(path.read_bytes())


def _replace(file: Path, rows: pl.DataFrame) -> None:
    part = file.with_suffix(".part")
    rows.write_parquet(part)
    os.replace(part, file)


PAINTED = """document.addEventListener('readystatechange', () => {
    if (document.readyState === 'interactive') requestAnimationFrame(() => requestAnimationFrame(
        () => window.painted = performance.now()));
});"""


def _shown(ws: Workspace) -> dict[str, float]:
    """Seconds until the slowest page is on the screen, opened from disk, and until the slowest answers to a hand.

    On the screen: read whole and painted. It answers once its scripts have run and its charts are drawn by them.
    """
    from playwright.sync_api import sync_playwright

    from tests.browser.browser import QUIET, kind, opened, program

    heaviest: dict[str, Path] = {}
    for page in ws.reports.glob("*/*.html"):
        if "@" not in page.parent.name:
            heaviest[kind(page)] = max(heaviest.get(kind(page), page), page, key=lambda path: path.stat().st_size)
    shown = answers = 0.0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=QUIET)
        for page in heaviest.values():
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.add_init_script(PAINTED)
            opened(tab, page.as_uri())
            answers = max(answers, tab.evaluate("performance.now()") / 1000)
            shown = max(shown, tab.evaluate("window.painted") / 1000)
            tab.close()
        browser.close()
    return {"shown": shown, "answers": answers}


MAKE = """
import sys; from pathlib import Path
from pipelines.plans import load_plans
from pipelines.warehouse import dbt
from pipelines.warehouse.publish import publish
from pipelines.warehouse.snapshot import write_inputs
from tests.benchmarks.bench_warehouse import NOW, make_workspace
ws = make_workspace(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
write_inputs(ws, load_plans(ws.plans), NOW)
dbt.build(ws)
publish(ws)
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", nargs="+", default=["7x60", "103x1000"])
    options.add_argument("--one", help=argparse.SUPPRESS)
    options.add_argument("--workspace", type=Path, help="measure the reports of this workspace (they are made anew)")
    given = options.parse_args()
    if given.one:
        print(json.dumps(measure(Workspace(Path(given.one)))))
        return
    environment = {**os.environ, "ACTIONPLAN_NOW": NOW.isoformat()}
    for size in [str(given.workspace)] if given.workspace else given.size:
        with tempfile.TemporaryDirectory() as folder:
            root = str(given.workspace or folder)
            if not given.workspace:
                districts, communities = map(int, size.split("x"))
                make = [sys.executable, "-c", MAKE, root, str(districts * communities * PERIODS), str(districts)]
                subprocess.run(make, cwd=CHECKOUT, env=environment, check=True, stdout=subprocess.DEVNULL)
            one = [sys.executable, "-m", __spec__.name, "--one", root]
            done = subprocess.run(one, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        told = ", ".join(
            f"{name} {found[name]:.2f} s [{found[f'{name}_wall']:.2f}], {found[name] / found['yardstick']:.1f}×"
            for name in STAGES
        )
        print(
            f"{size}: {told}; peak {found['peak_mb']:.0f} MB, of the second process "
            f"{found['beside_mb']:.0f} MB; {found['pages']:.0f} pages, heaviest "
            f"{found['heaviest_kb']:.0f} KB, all files {found['reports_mb']:.0f} MB; "
            f"shown in {found['shown']:.2f} s, answers after {found['answers']:.2f} s"
        )


if __name__ == "__main__":
    main()
