"""Excel 2003's XML spreadsheets, which WPS and the systems of many offices still write."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from pipelines.intake.reading.decode import decoded
from pipelines.intake.reading.ooxml import is_percent_format
from pipelines.intake.reading.refusals import no_sheet, too_many_cells, too_many_sheets, too_spread, unreadable
from pipelines.intake.reading.sheets import HIDDEN, VERY_HIDDEN, VISIBLE, RawSheet, RawWorkbook
from pipelines.intake.reading.xml import checked, local, walk
from pipelines.settings import Limits

_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
_STATES = {"SheetHidden": HIDDEN, "SheetVeryHidden": VERY_HIDDEN}
_EPOCHS = (datetime(1899, 12, 31), datetime(1904, 1, 1))
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384


def read_spreadsheetml(data: bytes, limits: Limits) -> RawWorkbook:
    """All sheets; the cells of those that are wanted."""
    text = decoded(data)
    if text is None:
        raise unreadable("编码")
    # The text may be in GB18030 whatever it declares, and the XML parser knows few encodings.
    reader = _Reader(limits)
    walk(checked(_DECLARATION.sub("", text, count=1).strip().encode()), reader.start, reader.end, reader.text)
    if not reader.sheets:
        raise no_sheet()
    for sheet, rows in zip(reader.sheets, reader.rows, strict=True):
        if sheet.is_wanted:
            _make_dense(sheet, rows, limits)
    return RawWorkbook("xml", reader.sheets, reader.date1904)


def _make_dense(sheet: RawSheet, rows: dict[int, dict[int, object]], limits: Limits) -> None:
    height = max(rows, default=-1) + 1
    width = max((max(line) for line in rows.values()), default=-1) + 1
    if height * width > limits.cells:
        raise too_spread(sheet.name, height, width)
    sheet.cells = [[""] * width for _ in range(height)]
    for row, line in rows.items():
        for column, value in line.items():
            sheet.cells[row][column] = value


@dataclass
class _Reader:
    """Follows the XML of a workbook."""

    limits: Limits
    sheets: list[RawSheet] = field(default_factory=list)
    rows: list[dict[int, dict[int, object]]] = field(default_factory=list)
    """Of each sheet, the filled cells by row and column."""
    date1904: bool = False
    percent: set[str] = field(default_factory=set)
    """Ids of styles whose number format shows a percent sign."""
    style: str = ""
    row: int = -1
    column: int = -1
    row_style: str = ""
    column_styles: dict[int, str] = field(default_factory=dict)
    cell: dict[str, str] | None = None
    kind: str | None = None
    """Type of the cell's data."""
    parts: list[str] | None = None
    """Text of the element that is being read."""
    value: str = ""
    span: int = 0
    cells: int = 0

    @property
    def sheet(self) -> RawSheet | None:
        return self.sheets[-1] if self.sheets else None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = local(name)
        given = {local(key): value for key, value in attributes.items()}
        if tag == "Data" and self.cell is not None:
            self.kind, self.parts = given.get("Type", "String"), []
        elif tag == "Cell":
            self._start_cell(given)
        elif tag == "Row":
            self._start_row(given)
        elif tag == "Column":
            self._start_column(given)
        elif tag == "Worksheet":
            if len(self.sheets) >= self.limits.sheets:
                raise too_many_sheets(self.limits)
            self.sheets.append(RawSheet(given.get("Name", "")))
            self.rows.append({})
            self.row, self.column, self.column_styles = -1, -1, {}
        elif tag == "Style":
            self.style = given.get("ID", "")
        elif tag == "NumberFormat":
            code = given.get("Format", "")
            if code == "Percent" or is_percent_format(code):
                self.percent.add(self.style)
        elif tag == "Date1904":
            self.date1904 = True
        elif tag == "Visible":
            self.parts = []

    def _start_column(self, given: dict[str, str]) -> None:
        self.column = _position(given, self.column, _MOST_COLUMNS)
        first, self.column = self.column, self.column + _span(given.get("Span"))
        if given.get("StyleID") and self.column < _MOST_COLUMNS:
            self.column_styles |= dict.fromkeys(range(first, self.column + 1), given["StyleID"])
        if self.sheet and given.get("Hidden") == "1":
            self.sheet.hidden_columns += self.column - first + 1

    def _start_row(self, given: dict[str, str]) -> None:
        self.row = _position(given, self.row + self.span, _MOST_ROWS)
        self.span = _span(given.get("Span"))
        self.column, self.row_style = -1, given.get("StyleID", "")
        if self.sheet and given.get("Hidden") == "1":
            self.sheet.hidden_rows += 1 + self.span

    def _start_cell(self, given: dict[str, str]) -> None:
        self.column = _position(given, self.column, _MOST_COLUMNS)
        self.cell, self.kind, self.value = given, None, ""

    def text(self, text: str) -> None:
        if self.parts is not None:
            self.parts.append(text)

    def end(self, name: str) -> None:
        tag = local(name)
        if tag == "Data" and self.parts is not None:
            self.value, self.parts = "".join(self.parts), None
        elif tag == "Visible" and self.parts is not None:
            if self.sheet:
                self.sheet.state = _STATES.get("".join(self.parts).strip(), VISIBLE)
            self.parts = None
        elif tag == "Cell" and self.cell is not None:
            self._end_cell(self.cell)
            self.cell = None

    def _end_cell(self, given: dict[str, str]) -> None:
        sheet, place = self.sheet, (self.row, self.column)
        across, down = _span(given.get("MergeAcross")), _span(given.get("MergeDown"))
        self.column += across
        if sheet is None or self.row < 0:
            return
        if across or down:
            sheet.merged.append((*place, place[0] + down, place[1] + across))
        value = _value(self.kind, self.value, self.date1904)
        if self.kind == "Error":
            sheet.error_cells[place] = self.value
            value = ""
        elif "Formula" in given and self.kind is None:
            sheet.formula_without_value.add(place)
        elif value == "":
            return
        style = given.get("StyleID") or self.row_style or self.column_styles.get(place[1], "")
        if style in self.percent and isinstance(value, float):
            sheet.percent_cells.add(place)
        self.rows[-1].setdefault(place[0], {})[place[1]] = value
        self.cells += 1
        if self.cells > self.limits.cells:
            raise too_many_cells(self.limits)


def _position(given: dict[str, str], last: int, most: int) -> int:
    """Where an element stands: where it says, else behind the last one."""
    index = given.get("Index", "")
    position = int(index) - 1 if index.isdecimal() and len(index) < 9 else last + 1
    if not 0 <= position < most:
        raise unreadable("XML")
    return position


def _span(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 8 else 0


def _value(kind: str | None, text: str, date1904: bool) -> object:
    """The value of a cell's data; the text where it is not what it claims to be."""
    if kind == "Number":
        try:
            return float(text)
        except ValueError:
            return text
    if kind == "Boolean":
        return text.strip() in ("1", "true", "True")
    if kind == "DateTime":
        return _moment(text, date1904)
    return text


def _moment(text: str, date1904: bool) -> object:
    """A day, a moment, or, on the day that dates count from, a time of day."""
    try:
        moment = datetime.fromisoformat(text.strip()[:23].rstrip("Z"))
    except ValueError:
        return text
    if moment.date() == _EPOCHS[date1904].date():
        return moment.time()
    if moment < _EPOCHS[date1904] - timedelta(days=1):
        return text
    return moment.date() if moment.time() == time() else moment
