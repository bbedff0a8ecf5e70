"""A small area whose ledgers hold names made to break pages, taken the real way from workbooks to pages.

Three districts of a made-up plan: the first two send lifelike ledgers, the third one that has to be returned. Some
communities of the first are renamed, in its workbooks as they are handed in, to what a page could take for markup,
script or a formula; its last ledger comes a second time with another number in it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from pipelines.intake.receive import submit
from pipelines.intake.service import process_inbox
from pipelines.plans import load_plans
from pipelines.reporting import build_reports
from pipelines.samples import write_drops, write_load_plan
from pipelines.settings import Workspace
from pipelines.warehouse import dbt
from pipelines.warehouse.publish import publish
from pipelines.warehouse.snapshot import write_inputs

PLAN = "load_2023_2025"
DISTRICTS = ("900001", "900002", "900003")
NOT_STARTED = "hefei_experience"
"""A plan that has received nothing has pages too, when they are asked for."""
NAMES = (
    "<script>alert(1)</script>花园",
    '"><img src=x onerror=alert(2)>小区',
    "</script><!--家园",
    "{{ 7*7 }}{% raw %}苑",
    "&lt;b&gt;&amp;公寓",
    '=HYPERLINK("x","y")',
    "+1+1'\"小区",
    "右左\u202e区小\u202c苑",
    "\u200f东湖\u200e<b>里",
)
FILE = "<b>台账&.xlsx"
NOW = datetime(2025, 12, 5, 9)


def make(root: Path) -> Path:
    """The reports folder, in both languages."""
    ws = Workspace(root).prepare()
    write_load_plan(ws.plans, len(DISTRICTS), PLAN)
    plans = load_plans(ws.plans)
    for drop in write_drops(plans[PLAN], root / "drops", communities=14):
        path = drop.path
        if drop.district_code == DISTRICTS[0]:
            rename(path)
            last = path
        elif drop.district_code == DISTRICTS[2]:
            if drop.period_id != "2025-11":
                continue
            path = _without_its_list(path)
        submit(ws, [path], drop.received_at, "/".join(drop.path.parts[-4:-1]))
    submit(ws, [_corrected(last)], datetime(2025, 12, 1, 9), f"{PLAN}/2025-11/{DISTRICTS[0]}")
    process_inbox(ws, plans, NOW)
    write_inputs(ws, plans, NOW)
    dbt.build(ws)
    publish(ws)
    build_reports(ws)
    build_reports(ws, PLAN, lang="en")
    build_reports(ws, NOT_STARTED)
    return ws.reports


def rename(path: Path) -> None:
    """Give the workbook's first communities the names above, wherever the workbook speaks of them."""
    book = openpyxl.load_workbook(path)
    old = [str(cell.value) for cell in _column(book, "小区名称") if cell.value]
    new = dict(zip(old, NAMES, strict=False))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value in new:
                    cell.value = new[cell.value]
                    cell.data_type = "s"  # also what begins with = is text
    book.save(path)


def _corrected(path: Path) -> Path:
    """The same ledger with one more household in its first community."""
    book = openpyxl.load_workbook(path)
    households = next(cell for cell in _column(book, "总户数") if cell.value)
    households.value += 1
    again = path.with_name(f"{path.stem}（更正）.xlsx")
    book.save(again)
    return again


def _without_its_list(path: Path) -> Path:
    """A ledger that has to be returned, under a name made to break pages."""
    book = openpyxl.load_workbook(path)
    del book["小区明细"]
    broken = path.with_name(FILE)
    book.save(broken)
    return broken


def _column(book: openpyxl.Workbook, header: str) -> list[Any]:
    """The cells under a header of the list of communities."""
    rows = book["小区明细"].iter_rows()
    column = next(cell.column for row in rows for cell in row if str(cell.value).startswith(header))
    return [row[column - 1] for row in rows]
