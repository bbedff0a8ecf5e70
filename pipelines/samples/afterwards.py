"""What comes after a hand-in: a clerk answers a receipt and hands it in, an analyst decides about the register.

Told in ``afterwards.yaml``; shown by the demo.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from pipelines.intake.receipt.problems import HEADERS, SHEET
from pipelines.intake.receive import submit
from pipelines.intake.service import process_inbox
from pipelines.plans.model import Plan
from pipelines.samples.drops import Drop
from pipelines.samples.names import load
from pipelines.settings import Workspace

_RULE, _ANSWER = HEADERS.index("编号"), HEADERS.index("说明")


def answered(plan: Plan, drops: Sequence[Drop], folder: Path) -> Iterator[tuple[Drop, Path, datetime]]:
    """Receipts that came back with answers: the drop each is about, the workbook, and when it arrives.

    ``drops``: everything the plan's districts sent. Raises OSError where the folder can't be written.
    """
    for told in _told(plan)["answers"]:
        own = [drop for drop in drops if drop.plan_id == plan.id and drop.district_code == told["district"]]
        about = max((d for d in own if d.period_id == told["period"]), key=lambda d: d.received_at)
        path = folder / plan.id / about.period_id / about.district_code / f"{about.path.stem}-回执已说明.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        _fill_in(_receipt(plan, own, about), told["says"], path)
        yield about, path, datetime.fromisoformat(str(told["at"]))


def decisions(plan: Plan) -> str | None:
    """The analysts' file on the register, as they keep it; None where they decided nothing."""
    lines = _told(plan)["decisions"]
    if not lines:
        return None
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _told(plan: Plan) -> Mapping[str, Any]:
    return {"answers": [], "decisions": [], **load("afterwards.yaml").get(plan.id, {})}


def _receipt(plan: Plan, drops: Sequence[Drop], about: Drop) -> bytes:
    """The annotated workbook that the district gets for one of its drops, knowing the others."""
    with tempfile.TemporaryDirectory() as folder:
        ws = Workspace(Path(folder)).prepare()
        for drop in drops:
            place = f"{drop.plan_id}/{drop.period_id}/{drop.district_code}"
            submit(ws, [drop.path], received_at=drop.received_at, drop_folder=place)
        process_inbox(ws, {plan.id: plan}, max(drop.received_at for drop in drops))
        answers = ws.receipts / about.plan_id / about.period_id / about.district_code
        return max(answers.glob("*.xlsx"), key=lambda path: path.stat().st_mtime_ns).read_bytes()


def _fill_in(receipt: bytes, says: Mapping[str, str], path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(receipt))
    for row in book[SHEET].iter_rows():
        rule = str(row[_RULE].value or "").partition("/")[0] if len(row) > _RULE else ""
        if rule in says:
            row[_ANSWER].value = says[rule]
    book.save(path)
