"""How long intake takes, against the bare calamine read of the same files in the same run.

``python -m tests.benchmarks.bench_intake [--books 200] [--rows 250]`` prints a table, as does ``make bench``.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import xlsxwriter
from python_calamine import CalamineWorkbook

from pipelines.forms import FORMS
from pipelines.intake import receive
from pipelines.intake.guard import Guard
from pipelines.intake.inbox import BATCH, BATCH_BYTES
from pipelines.intake.judging import Source, judge_batch
from pipelines.intake.receipt import write_receipt
from pipelines.intake.service import process_inbox
from pipelines.plans import load_plans
from pipelines.settings import Limits, Workspace

CHECKOUT = Path(__file__).resolve().parents[2]
NOW = datetime(2025, 12, 5, 9)


def make_books(folder: Path, books: int, rows: int, problems: int = 0) -> list[Path]:
    """Workbooks of one 小区明细 each, no two alike. ``problems``: so many rows without households."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_make(folder / f"{number}.xlsx", number, rows, problems) for number in range(books)]


def _make(path: Path, number: int, rows: int, problems: int) -> Path:
    rng = random.Random(number)
    columns = FORMS["community"].columns
    with xlsxwriter.Workbook(path) as book:
        cover = book.add_worksheet("填报说明")
        for line, pair in enumerate((("方案", "bayannur_2023_2025"), ("填报单位", "临河区"), ("填报期", "2024-11"))):
            cover.write_row(line, 0, pair)
        sheet = book.add_worksheet("小区明细")
        sheet.write_row(0, 0, [column.heading for column in columns])
        for row in range(rows):
            cells = _cells(rng, number, row) | ({"households": 0} if row < problems else {})
            sheet.write_row(row + 1, 0, [cells.get(column.field) for column in columns])
    return path


def _cells(rng: random.Random, number: int, row: int) -> dict[str, object]:
    def pick(words: str) -> str:
        return rng.choice(words.split())

    professional = rng.random() < 0.7
    contract = {
        "company_name": f"巴彦淖尔市第{rng.randint(1, 90)}物业服务有限公司",
        "uscc": "91110000101623741K",
        "contract_start": f"{rng.randint(2021, 2023)}-{rng.randint(1, 12):02}-01",
        "contract_end": f"{rng.randint(2025, 2027)}-{rng.randint(1, 12):02}-28",
        "contract_filed": "是",
    }
    return {
        "seq_no": row + 1,
        "community_code": f"150802-{number:04}-{row:05}",
        "district_name": "临河区",
        "subdistrict": pick("团结街道 车站街道 先锋街道 新华街道"),
        "neighbourhood": f"第{rng.randint(1, 40)}社区",
        "community_name": f"{pick('阳光 和谐 锦绣 金沙')}{pick('花园 家园 名苑 雅居')}{number}区{row}号院",
        "address": f"{pick('胜利路 解放街 利民街 庆丰街')}{rng.randint(1, 900)}号",
        "unit_type": "小区",
        "property_type": "商品住房",
        "built_year": rng.randint(1980, 2000),
        "delivered_date": f"{rng.randint(1990, 2020)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        "construction_status": "建成",
        "is_new_build": "否",
        "is_old_community": pick("是 否"),
        "renovation_status": "未列入",
        "floor_area_sqm": rng.randint(20_000, 90_000) + rng.randint(0, 99) / 100,
        "building_count": rng.randint(1, 30),
        "households": rng.randint(400, 800),
        "occupied_households": rng.randint(50, 399),
        "management_mode": "市场化物业" if professional else pick("居委会托管 业主自治"),
        **(contract if professional else {}),
        "fee_standard": rng.randint(30, 250) / 100,
        "fee_collection_rate": rng.randint(400, 990) / 10,
        "service_level": "三级",
        "disclosure_done": "是",
        "disclosure_date": f"2024-{rng.randint(1, 11):02}-01",
        "committee_status_typed": pick("已成立 未成立 筹备中"),
        "has_party_branch": pick("是 否"),
        "building_steward": "否",
        "change_type": "无变更",
    }


def bare(paths: Sequence[Path]) -> int:
    """The read everything is compared with: every cell of every sheet as Python objects, nothing else."""
    cells = 0
    for path in paths:
        book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        for name in book.sheet_names:
            cells += sum(map(len, book.get_sheet_by_name(name).to_python(skip_empty_area=False)))
    return cells


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@dataclass(frozen=True)
class Measured:
    """One line of the table. ``ratio`` is to the bare read in two processes, where that makes sense."""

    what: str
    seconds: float
    ratio: float | None = None


def throughput(folder: Path, books: int, rows: int) -> Iterator[Measured]:
    """Reading, validating and recording a pile of workbooks with two processes."""
    from pipelines.intake import worker
    from tests.benchmarks import bench_intake as importable  # what children call can't be in __main__

    plans, limits = load_plans(), Limits()
    paths = make_books(folder / "books", books, rows)
    warm = make_books(folder / "warm", 4, 50)
    one = min(seconds(lambda: bare(paths)) for _ in range(2))
    sources = [
        (Source(f"{n:016}", f"{n:064}", 1, path.name, None, NOW, "first_seen"), path)
        for n, path in enumerate([*warm, *paths])
    ]
    records = folder / "records"
    with Guard(2, limits, "pipelines.intake.worker:prepare", (plans, limits)) as guard:

        def everywhere(function: Callable[..., object], batches: Sequence[object], *rest: object) -> None:
            for future in [guard.submit(function, batch, *rest, seconds=600) for batch in batches]:
                future.result()

        everywhere(worker.read_and_judge, [sources[:2], sources[2:4]], records, (None, None))
        fitting = BATCH_BYTES // max(path.stat().st_size for path in paths)
        size = max(1, min(BATCH, fitting, -(-books // 2)))
        two = seconds(lambda: everywhere(importable.bare, [paths[n : n + size] for n in range(0, books, size)]))
        yield Measured(f"bare calamine read, one process, {books} × {rows} rows", one, one / two)
        yield Measured("the same, two processes", two, 1.0)
        work = [sources[n : n + size] for n in range(4, books + 4, size)]
        ours = seconds(lambda: everywhere(worker.read_and_judge, work, records, (None, None)))
        yield Measured("read, validate and record, two processes", ours, ours / two)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield Measured(f"(the largest of these processes held {peak:.0f} MB)", 0)


def whole_run(folder: Path, books: int, rows: int) -> Measured:
    """An inbox taken in from start to end: archive, records, receipts."""
    ws = Workspace(folder / "workspace").prepare()
    receive.submit(ws, make_books(folder / "books", books, rows))
    return Measured(
        f"whole run with receipts, {books} workbooks", seconds(lambda: process_inbox(ws, load_plans(), NOW))
    )


def one_check(folder: Path) -> Measured:
    """``actionplan check`` of a ledger of a thousand rows, start of the interpreter included."""
    [path] = make_books(folder / "one", 1, 1000)
    command = [sys.executable, "-m", "pipelines", "check", str(path)]
    environment = {**os.environ, "ACTIONPLAN_ROOT": str(folder / "nowhere")}

    def check() -> None:
        subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, check=False)

    return Measured("check of 1,000 rows", min(seconds(check) for _ in range(3)))


def one_receipt(folder: Path) -> Measured:
    """The receipt of a ledger of a thousand rows with a hundred problems."""
    from pipelines.intake.reader import read_workbook

    plans = load_plans()
    [path] = make_books(folder / "problems", 1, 1000, problems=100)
    source = Source("0" * 16, "0" * 64, 1, path.name, None, NOW, "first_seen")
    [judgement] = judge_batch([(source, read_workbook(path.read_bytes()))], plans)
    target = folder / "receipt.xlsx"
    return Measured(
        "receipt of 1,000 rows, 100 problems", seconds(lambda: write_receipt(judgement, path, target, plans))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--books", type=int, default=200)
    parser.add_argument("--rows", type=int, default=250)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [
            *throughput(folder / "many", arguments.books, arguments.rows),
            whole_run(folder / "run", min(arguments.books, 50), arguments.rows),
            one_check(folder),
            one_receipt(folder),
        ]
    for line in lines:
        ratio = f"{line.ratio:5.2f} ×" if line.ratio is not None else ""
        sys.stdout.write(f"{line.what:60} {line.seconds:8.2f} s {ratio}\n")


if __name__ == "__main__":
    main()
