"""The workbook a district fills in: cover, one sheet per form the period asks for, and a hidden mark of whose it is.

Headers, units, drop-downs, help and number formats all come from the forms. The sample row below each header has
``SAMPLE_ROW`` (示例) in its first cell; intake leaves such a row out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from pipelines.forms import FORM_VERSION, FORMS, SAMPLE_ROW, Column, Form
from pipelines.forms.schema import limits
from pipelines.forms.types import (
    Code,
    Codes,
    DatePeriod,
    Decimal,
    DocumentNo,
    Enum,
    Flag,
    IndicatorId,
    Integer,
    Name,
    PartialDate,
    Percent,
    Text,
    Uscc,
    Year,
)
from pipelines.letters import half_widths
from pipelines.plans import District, Indicator, Period, Plan

COVER = "填报说明"
META = "_meta"
TITLE_ROW, WHOSE_ROW, HINT_ROW, HEADER_ROW, EXAMPLE_ROW, FIRST_ROW = range(6)
"""Rows of a form's sheet, counted from 0."""

_LAST_ROW = FIRST_ROW + 4_999
"""Drop-downs reach this far; rows below are read all the same."""
_PAGE_WIDTH = 235
"""Characters that fit across an A4 page at a size that can still be read."""
_PAPER_A4 = 9
_WIDTHS = {Text: 16, Name: 12, PartialDate: 11, Uscc: 20, Codes: 14, IndicatorId: 26, DocumentNo: 18}
_COVER_WIDTHS = (36, 40, 16, 52)
_MECHANISMS = ("boolean", "document")
_FONTS = {"body": "宋体", "head": "黑体"}
_INK, _DEEP, _PALE, _LINE, _GREY = "#1F2A37", "#1F4E79", "#DCE6F1", "#A6B4C4", "#7F7F7F"

_INSTRUCTIONS = (
    "深色表头（带*）为必填栏。缺少“小区明细”表或其必填栏的，整份退回；缺少其他必填栏的，相关指标按无数据处理。",
    "有下拉箭头的单元格请从列表中选择；把光标移到表头上，可看到该栏的填写说明。",
    "一格只填一个数，单位以表头为准。面积以㎡计，写成 7.58万㎡ 也能识别；百分数写成 93.6 或 93.6%。",
    "日期写成 2023-09-30；只知道年月或年份的，写成 2023-09 或 2023，不要补成1日或1月。",
    "不清楚的留空或填“不详”，不适用的填“/”，不要用0代替。",
    "从示例行的下一行开始逐行填写。不要改动表头、示例行和工作表名称，不要合并单元格，不需要合计行。",
    "小区有新增、合并、拆分、更名、核销的，在“变更情况”栏选择，并填写原小区编码；未说明而不再上报的小区仍计入总数。",
    "备注等文字栏不要填写个人姓名、电话、身份证号。项目负责人、联系电话等个人信息栏只用于核对，不入库。",
)


def write_template(plan: Plan, district: District, period: Period, path: Path) -> Path:
    """Write the empty workbook of this district and period. Raises OSError when the place can't be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        book.set_properties(
            {"title": f"{district.name.zh} {period.name.zh}", "created": datetime.combine(period.as_of, time())}
        )
        book.set_size(2400, 1500)
        _Template(book, plan, district, period).write()
    return path


class _Template:
    """One workbook while it is written: its styles and where the indicator ids stand on the cover."""

    def __init__(self, book: xlsxwriter.Workbook, plan: Plan, district: District, period: Period) -> None:
        self.book, self.plan, self.district, self.period = book, plan, district, period
        self.forms = [form for form in FORMS.values() if form.name in plan.forms(district, period)]
        self.ids: dict[bool, str] = {}
        """Where a drop-down finds indicator ids: True = those a document establishes, False = all."""
        self._styles: dict[tuple[tuple[str, Any], ...], Format] = {}

    def write(self) -> None:
        cover = self.book.add_worksheet(COVER)
        sheets = [(form, self.book.add_worksheet(form.sheet)) for form in self.forms]
        self._cover(cover)
        for form, sheet in sheets:
            self._form(sheet, form)
        self._meta(self.book.add_worksheet(META))

    def style(self, **options: Any) -> Format:
        """A cell format; body font, middle of the cell, wrapped, locked unless said otherwise."""
        options = {
            "font_name": _FONTS["body"],
            "font_size": 10,
            "font_color": _INK,
            "valign": "vcenter",
            "text_wrap": True,
            **options,
        }
        key = tuple(sorted(options.items()))
        if key not in self._styles:
            self._styles[key] = self.book.add_format(options)
        return self._styles[key]

    # ── cover ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _cover(self, sheet: Worksheet) -> None:
        _page(sheet)
        sheet.fit_to_pages(1, 0)
        for column, width in enumerate((2, *_COVER_WIDTHS)):
            sheet.set_column(column, column, width)
        head = {"font_name": _FONTS["head"], "align": "center"}
        sheet.merge_range("B1:E1", self.plan.name.zh, self.style(**head, font_size=18))
        sheet.merge_range("B2:E2", f"{self.district.name.zh}　{self.period.name.zh}", self.style(**head, font_size=13))
        sheet.set_row(0, 36)
        sheet.set_row(1, 24)
        row = self._identity(sheet, 3)
        row = self._instructions(sheet, row + 1)
        row = self._contents(sheet, row + 1)
        self._indicators(sheet, row + 1)
        _protect(sheet)
        sheet.activate()

    def _identity(self, sheet: Worksheet, row: int) -> int:
        """Whose workbook it is: label and value side by side; what the district adds is open."""
        boxed = {"border": 1, "border_color": _LINE}
        label = self.style(**boxed, bg_color=_PALE, align="center")
        given = self.style(**boxed, num_format="@", align="left", indent=1)
        asked = self.style(**boxed, num_format="@", align="left", indent=1, locked=False, bg_color="#FFFDF2")
        sheet.write(row, 1, "方案", label)
        sheet.merge_range(row, 2, row, 4, self.plan.name.zh, given)
        pairs: tuple[tuple[str | None, ...], ...] = (
            ("填报单位", self.district.name.zh, "行政区划代码", self.district.code),
            ("填报期", self.period.name.zh, "数据截止日期", self.period.as_of.isoformat()),
            ("填报日期", None, "单位", "以各表表头为准"),
            ("填报人", None, "联系电话", None),
            ("审核人", None),
        )
        for pair in pairs:
            row += 1
            for column, text in enumerate(pair, start=1):
                style = label if column in (1, 3) else asked if text is None else given
                sheet.write(row, column, text or "", style)
            sheet.set_row(row, 20)
        example = {"validate": "any", "input_title": "填报日期", "input_message": "如 2024-11-28"}
        sheet.data_validation(row - 2, 2, row - 2, 2, example)
        return row + 1

    def _heading(self, sheet: Worksheet, row: int, text: str) -> int:
        sheet.write(row, 1, text, self.style(font_name=_FONTS["head"], font_size=12, font_color=_DEEP, text_wrap=False))
        sheet.set_row(row, 22)
        return row + 1

    def _instructions(self, sheet: Worksheet, row: int) -> int:
        row = self._heading(sheet, row, "填写须知")
        due = self.period.due
        deadline = f"请于 {due.year}年{due.month}月{due.day}日 前报送。收到后会退回一份回执，逐格标出问题和改法。"
        for number, text in enumerate((*_INSTRUCTIONS, deadline), start=1):
            sheet.merge_range(row, 1, row, 4, f"{number}. {text}", self.style())
            sheet.set_row(row, 16 * ceil(half_widths(text) / 140))
            row += 1
        return row

    def _contents(self, sheet: Worksheet, row: int) -> int:
        row = self._heading(sheet, row, "需要填写的工作表")
        row = self._table_row(sheet, row, ("工作表", "内容", "是否必报", "必填栏"), head=True)
        for form in self.forms:
            required = "必报" if form.name in self.plan.required_forms(self.district, self.period) else "有则报"
            columns = "、".join(column.header for column in form.required_columns)
            self._table_row(sheet, row, ("", form.title, required, columns))
            sheet.write_url(
                row, 1, f"internal:'{form.sheet}'!A1", self._cell(font_color=_DEEP, underline=1), form.sheet
            )
            row += 1
        return row

    def _indicators(self, sheet: Worksheet, row: int) -> None:
        """The ids that 任务编号 and 指标编号 take, those a document establishes first."""
        if not any(isinstance(column.type, IndicatorId) for form in self.forms for column in form.columns):
            return
        mechanisms = [indicator for indicator in self.plan.indicators if indicator.kind in _MECHANISMS]
        others = [indicator for indicator in self.plan.indicators if indicator.kind not in _MECHANISMS]
        row = self._heading(sheet, row, "任务编号、指标编号（“制度机制清单”只用前一组）")
        first = row + 1
        for title, group in (("制度机制类", mechanisms), ("其他", others)):
            row = self._table_row(sheet, row, ("编号", f"名称（{title}）", "条款", "含义"), head=True)
            for indicator in group:
                self._table_row(sheet, row, _described(indicator))
                row += 1
            if group is mechanisms:
                self.ids[True] = f"={COVER}!$B${first + 1}:$B${row}"
        self.ids[False] = f"={COVER}!$B${first + 1}:$B${row}"

    def _table_row(self, sheet: Worksheet, row: int, texts: tuple[str, ...], *, head: bool = False) -> int:
        style = self._cell(bg_color=_PALE, align="center", indent=0) if head else self._cell()
        for column, text in enumerate(texts, start=1):
            sheet.write_string(row, column, text, style)
        lines = max(ceil(half_widths(text) / room) for text, room in zip(texts, _COVER_WIDTHS, strict=True))
        sheet.set_row(row, 4 + 13 * max(lines, 1))
        return row + 1

    def _cell(self, **options: Any) -> Format:
        return self.style(**{"border": 1, "border_color": _LINE, "align": "left", "indent": 1, **options})

    # ── forms ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _form(self, sheet: Worksheet, form: type[Form]) -> None:
        columns = form.columns_for(self.plan.fields)
        last = len(columns) - 1
        _page(sheet)
        pages = ceil(sum(map(_column_width, columns)) / _PAGE_WIDTH)
        sheet.fit_to_pages(pages, 0)
        sheet.repeat_rows(HEADER_ROW)
        names = [index for index, column in enumerate(columns) if column.identity]
        if pages > 1:
            sheet.repeat_columns(names[0], names[0])
        title = self.style(font_name=_FONTS["head"], font_size=16, text_wrap=False)
        sheet.write(TITLE_ROW, 0, f"{self.district.name.zh}{form.title}", title)
        whose = (
            f"填报单位：{self.district.name.zh}　　填报期：{self.period.name.zh}　　数据截止日期：{self.period.as_of}"
        )
        sheet.write(WHOSE_ROW, 0, whose, self.style(text_wrap=False))
        hint = "深色表头为必填栏；灰色斜体为示例行，请保留，从下一行开始填写；一格一个值，不清楚的留空。"
        sheet.write(HINT_ROW, 0, hint, self.style(text_wrap=False, font_color=_GREY, font_size=9))
        sheet.set_default_row(20)
        sheet.set_row(TITLE_ROW, 30)
        sheet.set_row(HEADER_ROW, 46)
        sheet.set_row(EXAMPLE_ROW, 30)
        for index, column in enumerate(columns):
            self._column(sheet, index, column, form)
        filled = f"COUNTA($A{FIRST_ROW + 1}:${xl_col_to_name(last)}{FIRST_ROW + 1})>0"
        lines = self.book.add_format({"border": 1, "border_color": _LINE})
        sheet.conditional_format(
            FIRST_ROW, 0, _LAST_ROW, last, {"type": "formula", "criteria": f"={filled}", "format": lines}
        )
        sheet.freeze_panes(FIRST_ROW, names[0] + 1 if names[0] < 6 else 0)
        _protect(sheet)

    def _column(self, sheet: Worksheet, index: int, column: Column, form: type[Form]) -> None:
        """Width, header with its comment, example, drop-down and input help of one column."""
        open_cell = self.style(num_format=_number_format(column), locked=False, **_align(column))
        sheet.set_column(index, index, _column_width(column), open_cell)
        head = {"font_name": _FONTS["head"], "align": "center", "border": 1, "border_color": _LINE}
        colours = {"bg_color": _DEEP, "font_color": "#FFFFFF"} if column.required else {"bg_color": _PALE}
        sheet.write_string(HEADER_ROW, index, column.heading, self.style(**head, **colours))
        if help_text := _help(column):
            lines = ceil(half_widths(help_text) / 34) + help_text.count("\n") + 1
            options = {"author": "填写说明", "font_name": _FONTS["body"], "font_size": 9, "width": 230}
            sheet.write_comment(HEADER_ROW, index, help_text, {**options, "height": 18 * lines + 8})
        example = SAMPLE_ROW if index == 0 else self._example(column)
        style = self.style(
            italic=True,
            font_color=_GREY,
            bg_color="#F5F5F5",
            border=1,
            border_color=_LINE,
            num_format=_number_format(column),
            **_align(column),
        )
        sheet.write(EXAMPLE_ROW, index, example, style)
        if rule := self._validation(column, form):
            sheet.data_validation(FIRST_ROW, index, _LAST_ROW, index, rule)

    def _example(self, column: Column) -> str | int | float:
        """What the sample row shows."""
        if column.field == "district_name":
            return self.district.name.zh
        if column.example is not None:
            return column.example
        if column.personal:
            return "（略）"
        match column.type:
            case IndicatorId():
                return self.plan.indicators[0].id
            case Uscc():
                return "（18位代码）"
            case Year():
                return self.plan.start.year + 1
            case PartialDate():
                return "2023-09-30"
            case Flag() | Enum():
                return column.options[0]
            case _:
                return ""

    def _validation(self, column: Column, form: type[Form]) -> dict[str, Any]:
        """What Excel checks and shows when a cell of the column is entered. Numbers only warn: 不详 is an answer."""
        shown = {"input_title": column.header[:32], "input_message": _help(column)[:255]} if _help(column) else {}
        ids = self.ids.get(form.name == "mechanism") if isinstance(column.type, IndicatorId) else None
        if ids:
            return {"validate": "list", "source": ids, "show_error": False, **shown}
        if column.options:
            is_open = isinstance(column.type, Enum) and column.type.open
            said = {"error_title": column.header[:32], "error_message": "请从下拉列表中选择；不清楚的留空。"}
            return {
                "validate": "list",
                "source": list(column.options),
                "show_error": not is_open,
                **said,
                **shown,
            }
        if isinstance(column.type, Uscc):
            said = {
                "error_title": "统一社会信用代码",
                "error_message": "应为18位，请对照营业执照核对。是否仍按所填保留？",
            }
            return {"validate": "length", "criteria": "==", "value": 18, "error_type": "warning", **said, **shown}
        if isinstance(column.type, (Integer, Decimal, Percent, Year)):
            return {**_number_rule(column), **shown}
        return {"validate": "any", **shown} if shown else {}

    # ── mark ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _meta(self, sheet: Worksheet) -> None:
        """Whose workbook it is, for intake; hidden so that nobody changes it by accident."""
        marks = {
            "plan_id": self.plan.id,
            "district_code": self.district.code,
            "period_id": self.period.id,
            "template_version": str(FORM_VERSION),
        }
        for row, (name, value) in enumerate(marks.items()):
            sheet.write_string(row, 0, name)
            sheet.write_string(row, 1, value)
        sheet.very_hidden()


def _page(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(_PAPER_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.set_footer("&C&9&A　第 &P 页 共 &N 页")


def _protect(sheet: Worksheet) -> None:
    """Lock titles, header and sample row; rows may be added and removed. No password: it guards against slips."""
    allowed = ("insert_rows", "delete_rows", "format_cells", "format_columns", "format_rows", "sort", "autofilter")
    sheet.protect("", dict.fromkeys(allowed, True))


def _described(indicator: Indicator) -> tuple[str, str, str, str]:
    return indicator.id, indicator.name.zh, indicator.clause, indicator.definition.zh


def _number_rule(column: Column) -> dict[str, Any]:
    """Excel's check of a number: kind, range and what it says when the check fails."""
    low = column.ge if column.ge is not None else column.gt
    high = column.le if column.le is not None else column.lt
    whole = isinstance(column.type, (Integer, Year))
    rule: dict[str, Any] = {"validate": "integer" if whole else "decimal", "error_type": "warning"}
    if isinstance(column.type, Year):
        low, high = 2000, 2100
    if low is not None and high is not None:
        rule |= {"criteria": "between", "minimum": low, "maximum": high}
    else:
        rule |= {"criteria": ">=", "value": low if low is not None else -1e12}
    kind = "整数" if whole else "数值"
    said = f"此处应填{kind}" + (f"（{limits(column)}）" if limits(column) else "") + "。是否仍按所填保留？"
    return {**rule, "error_title": column.header[:32], "error_message": said}


def _help(column: Column) -> str:
    """What a clerk should know about a column, in a few words."""
    return "\n".join(_help_lines(column))


def _help_lines(column: Column) -> Iterator[str]:
    if column.note:
        yield column.note + "。"
    if isinstance(column.type, (PartialDate, DatePeriod)):
        yield "如 2023-09-30；只知年月填 2023-09，只知年份填 2023。"
    if column.options and not isinstance(column.type, Flag):
        yield "可选：" + "、".join(column.options) + "。"
    if bounds := limits(column):
        yield f"数值{bounds}。"
    if column.personal:
        yield "个人信息，只用于核对，不入库。"


def _number_format(column: Column) -> str:
    match column.type:
        case Integer() | Year():
            return "0"
        case Percent():
            return "0.0"
        case Decimal():
            return "#,##0.00" if column.unit in ("㎡", "万㎡", "万元") else "General"
        case _:
            return "@"


def _align(column: Column) -> dict[str, Any]:
    """Figures to the right, words and codes of one length in the middle, texts to the left."""
    if isinstance(column.type, (Integer, Decimal, Percent)):
        return {"align": "right"}
    centred = (Flag, Enum, PartialDate, Year, Code, Codes, Uscc)
    return {"align": "center"} if isinstance(column.type, centred) else {"align": "left", "indent": 1}


def _column_width(column: Column) -> int:
    """Wide enough for the header in two lines and for what usually stands below."""
    usual = 10 if column.personal else _WIDTHS.get(type(column.type), 7)
    words = max(map(half_widths, column.options), default=0) + 3 if column.options else 0
    example = half_widths(str(column.example)) + 2 if column.example else 0
    header = ceil(half_widths(column.heading) / 2) + 3
    return min(max(usual, words, min(example, 24), header), 26)
