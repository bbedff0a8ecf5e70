"""An .xlsx of the same content, for originals in formats that can't be written: xls, et, xlsb, ods, csv, html.

The reader says nothing of fonts and colours; what it says of the content (which rows are headers, what is merged, which
numbers are dates and percentages) is enough for a workbook that can be read, printed and filled in.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from math import ceil
from typing import Any

import xlsxwriter

from pipelines.intake.reader import RawSheet, RawWorkbook
from pipelines.intake.receipt.ownsheet import MOST_LETTERS
from pipelines.letters import half_widths

MOST_MERGED = 2_000
_SAMPLE = 300
"""Rows that widths are taken from."""
_NARROW, _WIDE = 6, 42
_PAGE = 220
"""Characters that fit across an A4 page at a size that can still be read."""
_BODY = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
_BOX = {"border": 1, "border_color": "#BFC7D1"}
_HEAD = _BODY | _BOX | {"bold": True, "bg_color": "#DCE6F1", "align": "center", "text_wrap": True}
_DAY, _MOMENT, _CLOCK, _PERCENT, _WHOLE, _TEXT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "hh:mm", "0.0#%", "0", "@"


def rebuilt(raw: RawWorkbook, names: Mapping[str, str], tables: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """The visible sheets that ``names`` lists, by the names it gives. ``tables``: what was recognised on them."""
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(content, options) as book:
        for sheet in raw.visible:
            if sheet.name in names:
                mine = [table for table in tables if table["sheet"] == sheet.name]
                _Sheet(book, book.add_worksheet(names[sheet.name]), sheet, mine).write()
        if not book.worksheets():
            book.add_worksheet("空")
    return content.getvalue()


class _Sheet:
    def __init__(self, book: Any, written: Any, sheet: RawSheet, tables: Sequence[Mapping[str, Any]]) -> None:
        self.book, self.written, self.sheet = book, written, sheet
        self.headers = {row - 1 for table in tables for row in table["header_rows"]}
        self.first = min(self.headers, default=0)
        self.last_header = max(tables[0]["header_rows"]) if tables else 0
        self.is_table = bool(tables)
        self.formats: dict[tuple[str, str], Any] = {}

    def write(self) -> None:
        merged = _apart(self.sheet.merged)
        for row, line in enumerate(self.sheet.cells):
            for column, cell in enumerate(line):
                self._cell(row, column, cell)
        for area in merged:
            self.written.merge_range(*area, "", self._format(area[0], ""))
            line = self.sheet.cells[area[0]] if area[0] < len(self.sheet.cells) else []
            self._cell(area[0], area[1], line[area[1]] if area[1] < len(line) else "")
        widths = self._widths()
        for column, width in enumerate(widths):
            self.written.set_column(column, column, width)
        self.written.set_landscape()
        self.written.set_paper(9)
        self.written.fit_to_pages(max(1, ceil(sum(widths) / _PAGE)), 0)
        self.written.set_margins(0.4, 0.4, 0.5, 0.6)
        self.written.set_footer("&L&A&R第 &P 页，共 &N 页")
        if self.last_header:
            self.written.repeat_rows(self.first, self.last_header - 1)
            if self.last_header <= 8:
                self.written.freeze_panes(self.last_header, 0)

    def _cell(self, row: int, column: int, cell: object) -> None:
        written = self.written
        if error := self.sheet.error_cells.get((row, column)):
            written.write_string(row, column, error, self._format(row, ""))
        elif isinstance(cell, str):
            if cell:
                number = _TEXT if cell.isdigit() and len(cell) > 1 else ""
                written.write_string(row, column, cell[:MOST_LETTERS], self._format(row, number))
            elif self.is_table and row >= self.first:
                written.write_blank(row, column, None, self._format(row, ""))
        elif isinstance(cell, bool):
            written.write_boolean(row, column, cell, self._format(row, ""))
        elif isinstance(cell, int | float):
            number = _PERCENT if (row, column) in self.sheet.percent_cells else _WHOLE if abs(cell) >= 1e11 else ""
            written.write_number(row, column, cell, self._format(row, number))
        elif isinstance(cell, datetime):
            written.write_datetime(row, column, cell, self._format(row, _MOMENT if cell.time() != time() else _DAY))
        elif isinstance(cell, date):
            written.write_datetime(row, column, cell, self._format(row, _DAY))
        elif isinstance(cell, time | timedelta):
            written.write_datetime(row, column, cell, self._format(row, _CLOCK))

    def _format(self, row: int, number: str) -> Any:
        """Titles above the table large, headers shaded, what is in the table boxed."""
        if not self.is_table:
            place = "loose"
        elif row in self.headers:
            place = "head"
        else:
            place = "title" if row < self.first else "body"
        if (place, number) not in self.formats:
            look = {
                "loose": _BODY,
                "head": _HEAD,
                "title": _BODY | {"bold": True, "font_size": 12},
                "body": _BODY | _BOX,
            }[place]
            self.formats[place, number] = self.book.add_format(look | ({"num_format": number} if number else {}))
        return self.formats[place, number]

    def _widths(self) -> list[float]:
        """As wide as the texts of the table need; what stands above it may run over."""
        widths: list[float] = []
        for row, line in enumerate(self.sheet.cells[self.first : self.first + _SAMPLE], start=self.first):
            widths += [_NARROW] * (len(line) - len(widths))
            for column, cell in enumerate(line):
                if cell not in ("", None):
                    width = 11 if isinstance(cell, date) else min(half_widths(_text(cell)), 200) + 2
                    if row in self.headers:  # a header may wrap
                        width = min(width, 14)
                    widths[column] = max(widths[column], min(width, _WIDE))
        return widths


def _text(cell: object) -> str:
    return f"{cell:.10g}" if isinstance(cell, float) else str(cell)


def _apart(areas: Sequence[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """The merged ranges that do not overlap an earlier one: Excel would not open the file."""
    kept: list[tuple[int, int, int, int]] = []
    for top, left, bottom, right in areas[:MOST_MERGED]:
        is_free = all(bottom < t or top > b or right < x or left > y for t, x, b, y in kept)
        if (top, left) != (bottom, right) and is_free:
            kept.append((top, left, bottom, right))
    return kept
