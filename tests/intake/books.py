"""Workbooks typed for a test, and their judgement without a process of its own."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.intake.issues import Issue
from pipelines.intake.judging import Judgement, Source, judge_batch
from pipelines.intake.reader import read_workbook
from pipelines.plans import Plan, load_plans

PLAN = "bayannur_2023_2025"
USCC = "91110000101623741K"
RECEIVED = datetime(2024, 11, 28, 10)
COVER = {
    "方案": PLAN,
    "填报单位": "临河区",
    "行政区划代码": "150802",
    "填报期": "2024-11",
    "数据截止日期": "2024-11-30",
    "填报日期": "2024-11-27",
}
ROW: dict[str, object] = {
    "序号": 1,
    "小区编码": "LH0001",
    "旗县区": "临河区",
    "街道(乡镇)": "团结街道",
    "小区名称": "河套人家",
    "类别": "小区",
    "建成年份": 2009,
    "交付使用时间": "2010-06-01",
    "建设状态": "建成",
    "是否新建小区": "否",
    "是否老旧小区": "否",
    "老旧小区改造情况": "未列入",
    "建筑面积(㎡)": 10000,
    "总户数": 100,
    "入住户数": 80,
    "物业管理方式": "市场化物业",
    "物业服务企业": "测试物业服务有限公司",
    "统一社会信用代码": USCC,
    "合同开始日期": "2022-01-01",
    "合同结束日期": "2026-12-31",
    "合同备案": "是",
    "收费标准(元/㎡·月)": 1.2,
    "物业费收缴率(%)": 85.5,
    "信息公开公示": "是",
    "公示日期": "2024-05-01",
    "业委会(物管会)成立情况": "未成立",
    "小区党支部": "是",
    "楼栋长制": "是",
    "变更情况": "无变更",
    "原小区编码": None,
    "变更时间": None,
    "变更原因": None,
    "备注": None,
}
"""A row nothing is wrong with. Its keys are the headers a ledger has unless told otherwise."""


@cache
def plans() -> dict[str, Plan]:
    return load_plans()


def community(**changes: object) -> dict[str, object]:
    """A sound row with some cells changed. Headers with brackets are named without: 建筑面积, 总户数 …"""
    short = {header.partition("(")[0]: header for header in ROW} | {header: header for header in ROW}
    return ROW | {short[name]: value for name, value in changes.items()}


def communities(count: int, **changes: object) -> list[dict[str, object]]:
    """Several sound rows, each with a name and code of its own."""
    return [community(序号=n, 小区编码=f"LH{n:04}", 小区名称=f"河套{n}号院", **changes) for n in range(1, count + 1)]


@dataclass
class Book:
    """A workbook: cover, 小区明细 from dictionaries, other sheets as lines of cells."""

    rows: Sequence[Mapping[str, object]] = field(default_factory=lambda: [community()])
    cover: Mapping[str, object] | None = field(default_factory=lambda: dict(COVER))
    sheets: Mapping[str, Sequence[Sequence[object]]] = field(default_factory=dict)
    headers: Sequence[str] | None = None

    def workbook(self) -> openpyxl.Workbook:
        book = openpyxl.Workbook()
        book.remove(book.active)
        if self.cover is not None:
            cover = book.create_sheet("填报说明")
            for label, value in self.cover.items():
                cover.append([label, value])
        headers = list(self.headers or ROW)
        sheet = book.create_sheet("小区明细")
        sheet.append(headers)
        for row in self.rows:
            sheet.append([row.get(header) for header in headers])
        for name, lines in self.sheets.items():
            other = book.create_sheet(name)
            for line in lines:
                other.append(list(line))
        return book

    def bytes(self) -> bytes:
        return saved(self.workbook())


def saved(book: openpyxl.Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def grid(lines: Sequence[Sequence[object]], merged: Sequence[str] = (), title: str = "小区明细") -> bytes:
    """A workbook with a cover and one sheet written cell by cell."""
    book = Book().workbook()
    book.remove(book["小区明细"])
    sheet: Worksheet = book.create_sheet(title)
    for row, line in enumerate(lines, start=1):
        for column, value in enumerate(line, start=1):
            if value is not None:
                sheet.cell(row, column, value)
    for area in merged:
        sheet.merge_cells(area)
    return saved(book)


def judged(
    data: bytes | Book, *, received: datetime = RECEIVED, name: str = "报表.xlsx", path: str | None = None
) -> Judgement:
    """The judgement on a workbook, without earlier ledgers."""
    content = data.bytes() if isinstance(data, Book) else data
    source = Source("0" * 16, "0" * 64, len(content), name, path, received, "first_seen")
    [judgement] = judge_batch([(source, read_workbook(content))], plans())
    return judgement


def found(judgement: Judgement, rule_id: str) -> list[Issue]:
    return [issue for issue in judgement.issues if issue.rule_id == rule_id]


def record(judgement: Judgement, row: int = 0, form: str = "community") -> dict[str, Any]:
    """One record of a form."""
    return judgement.frames[form].row(row, named=True)
