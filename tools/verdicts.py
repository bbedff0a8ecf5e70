"""What intake says about a folder of odd and real spreadsheets, as a page: ``python tools/verdicts.py FOLDER``.

FOLDER holds ``hostile/`` and ``workbooks/``, as ``data/`` of the shared material does; neither is part of the project.
The page names files, what they are and the verdict, and repeats nothing that is written in them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.intake.guard import Guard, outcome
from pipelines.intake.issues import FATAL, Refusal
from pipelines.intake.judging import Judgement, Source, judge_batch, refused
from pipelines.intake.reader import KINDS, RawWorkbook, read_workbook
from pipelines.plans import load_plans
from pipelines.settings import Limits

FOLDERS = ("hostile", "workbooks")
SECONDS = 10
"""A file that takes longer is a finding, and the page would say so."""
STATUS = {"accepted": "通过", "accepted_with_issues": "通过，但有问题", "returned": "退回"}
HEAD = """\
# 各种来源的表格文件与结论

由 `make verdicts` 写出，测试核对它与实际结论一致。这些文件不属于本项目，不随项目分发；没有这些文件时测试跳过。

- `hostile/`：各表格软件库测试集中的怪异或损坏文件。
- `workbooks/`：政府表格、统计年鉴、企业报表等真实的中文表格。多数不是本项目的填报表，正确的结论是说明理由后退回。

“读到”为可见工作表的 行×列；“另知”为单元格的值以外所知道的：合并区域、百分比格式、错误值、没有计算结果的公式、\
隐藏的工作表和行列、1904 日期系统。
"""


@dataclass(frozen=True)
class Verdict:
    """One file of the table."""

    path: Path
    judgement: Judgement
    book: RawWorkbook | None
    seconds: float

    @property
    def reasons(self) -> list[str]:
        return list(dict.fromkeys(i.rule_id for i in self.judgement.issues if i.severity == FATAL))

    def line(self, root: Path) -> str:
        name = self.path.relative_to(root)
        # Files of persons are called <person>__<title>.
        cells = (
            f"{name.parent}/{name.name.rpartition('__')[2]}",
            self.book.kind if self.book else "—",
            _sizes(self.book) if self.book else "—",
            ("、".join(_known(self.book)) if self.book else "") or "—",
            STATUS[self.judgement.status],
            self._why(),
        )
        return f"| {' | '.join(cell.replace('|', '｜') for cell in cells)} |"

    def _why(self) -> str:
        """The message of a refusal; of a workbook that was read, the ids of what returns it."""
        return "、".join(self.reasons) if self.book else self.judgement.issues[0].message


def _sizes(book: RawWorkbook) -> str:
    shown = [f"{len(sheet.cells)}×{len(sheet.cells[0]) if sheet.cells else 0}" for sheet in book.visible]
    return "、".join(shown[:4]) + (f" 等 {len(shown)} 张" if len(shown) > 4 else "")


def _known(book: RawWorkbook) -> Iterator[str]:
    for title, count in (
        ("合并", sum(len(sheet.merged) for sheet in book.visible)),
        ("百分比", sum(len(sheet.percent_cells) for sheet in book.visible)),
        ("错误值", sum(len(sheet.error_cells) for sheet in book.visible)),
        ("未计算公式", sum(len(sheet.formula_without_value) for sheet in book.visible)),
        ("隐藏表", len(book.sheets) - len(book.visible)),
        ("隐藏行", sum(sheet.hidden_rows for sheet in book.visible)),
        ("隐藏列", sum(sheet.hidden_columns for sheet in book.visible)),
    ):
        if count:
            yield f"{title} {count}"
    if book.date1904:
        yield "1904 日期"


def timed(data: bytes) -> tuple[RawWorkbook | Refusal, float]:
    """A reading and its time, in the guarded child."""
    start = time.perf_counter()
    try:
        return read_workbook(data), time.perf_counter() - start
    except Refusal as refusal:
        return refusal, time.perf_counter() - start


def verdicts(root: Path) -> list[Verdict]:
    """The verdict on every file, each read in a guarded child."""
    files = sorted(path for folder in FOLDERS for path in (root / folder).glob("*/*"))
    plans = load_plans()
    with Guard(2, Limits(read_seconds=SECONDS)) as guard:
        asked = [(path, guard.submit(timed, path.read_bytes())) for path in files]
        return [_verdict(path, future, plans) for path, future in asked]


def _verdict(path: Path, future: Future, plans: dict) -> Verdict:
    source = Source("0" * 16, "0" * 64, path.stat().st_size, path.name, None, datetime(2024, 11, 28), "first_seen")
    try:
        read, seconds = outcome(future)
    except Refusal as killed:
        read, seconds = killed, float("inf")
    if isinstance(read, Refusal):
        return Verdict(path, refused(source, read), None, seconds)
    [judgement] = judge_batch([(source, read)], plans)
    return Verdict(path, judgement, read, seconds)


def page(root: Path, found: Sequence[Verdict]) -> str:
    """The page, as docs/verdicts.md has it."""
    kinds = "\n".join(f"- `{kind}`：{title}" for kind, title in KINDS.items())
    table = "\n".join(verdict.line(root) for verdict in found)
    head = "| 文件 | 实际格式 | 读到 | 另知 | 结论 | 原因 |\n|---|---|---|---|---|---|"
    return f"{HEAD}\n实际格式由文件内容决定，与扩展名无关：\n\n{kinds}\n\n{head}\n{table}\n"


if __name__ == "__main__":
    from tools import verdicts as importable  # what children call can't be in __main__

    folder = Path(sys.argv[1])
    sys.stdout.write(importable.page(folder, importable.verdicts(folder)))
