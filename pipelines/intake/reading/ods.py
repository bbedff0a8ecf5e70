"""OpenDocument spreadsheets, packed (.ods) or in one XML file (.fods), from their XML.

A sheet may repeat a cell or a row a million times with one attribute; what is blank at the end is dropped and what is
filled counts against the limit before it is multiplied.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from pipelines.intake.reading.archive import Archive
from pipelines.intake.reading.refusals import encrypted, no_sheet, too_many_cells, too_many_sheets, unreadable
from pipelines.intake.reading.sheets import HIDDEN, VISIBLE, Area, RawSheet, RawWorkbook
from pipelines.intake.reading.xml import checked, walk
from pipelines.settings import Limits

_ERROR = re.compile(r"#[A-Z/0!?]+[!?]?|Err:\d{3}|#N/A")
_DURATION = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?")
_CELLS = ("table:table-cell", "table:covered-table-cell")
_NOT_CONTENT = ("office:annotation", "table:tracked-changes", "table:dde-links", "draw:frame", "table:shapes")
"""Parts that hold text or even cells, but none of the sheet's own."""
_MOST_COLUMNS = 16_384


def read_ods(archive: Archive, limits: Limits) -> RawWorkbook:
    """All sheets; the cells of those that are wanted."""
    archive.check(limits)
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise encrypted()
    return _read("ods", checked(archive.read("content.xml")), limits)


def read_flat(data: bytes, limits: Limits) -> RawWorkbook:
    """The same for a file that is one XML document."""
    return _read("fods", checked(data), limits)


def _read(kind: str, xml: bytes, limits: Limits) -> RawWorkbook:
    reader = _Reader(limits)
    walk(xml, reader.start, reader.end, reader.text)
    if not reader.sheets:
        raise no_sheet()
    for sheet in reader.sheets:
        _make_dense(sheet, limits)
    return RawWorkbook(kind, reader.sheets)


def _make_dense(sheet: RawSheet, limits: Limits) -> None:
    """Make all rows equally long."""
    width = max(map(len, sheet.cells), default=0)
    if width * len(sheet.cells) > limits.cells:
        raise too_many_cells(limits)
    for row in sheet.cells:
        row += [""] * (width - len(row))


@dataclass
class _Reader:
    """Follows the XML of a spreadsheet."""

    limits: Limits
    sheets: list[RawSheet] = field(default_factory=list)
    invisible: set[str] = field(default_factory=set)
    """Names of table styles that hide the sheet."""
    style: str = ""
    sheet: RawSheet | None = None
    tables: int = 0
    """How many tables are open: a cell may hold another table."""
    skipped: int = 0
    """How many elements are open inside something that is no content."""
    blank: int = 0
    """How many blank rows stand since the last one that holds anything."""
    row: list[object] = field(default_factory=list)
    row_repeated: int = 1
    cell: dict[str, str] | None = None
    paragraphs: list[list[str]] = field(default_factory=list)
    in_paragraph: int = 0
    cells: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self.skipped or name in _NOT_CONTENT:
            self.skipped += 1
        elif name == "style:style":
            self.style = attributes.get("style:name", "")
        elif name == "style:table-properties":
            if attributes.get("table:display") == "false":
                self.invisible.add(self.style)
        elif name == "table:table":
            self._start_table(attributes)
        elif self.sheet is None or self.tables != 1:
            return
        elif name == "table:table-row":
            self.row, self.row_repeated = [], _count(attributes.get("table:number-rows-repeated"))
            if attributes.get("table:visibility") in ("collapse", "filter"):
                self.sheet.hidden_rows += self.row_repeated
        elif name == "table:table-column":
            if attributes.get("table:visibility") in ("collapse", "filter"):
                self.sheet.hidden_columns += _count(attributes.get("table:number-columns-repeated"))
        elif name in _CELLS:
            self.cell, self.paragraphs, self.in_paragraph = attributes, [], 0
        elif self.cell is not None:
            self._start_text(name, attributes)

    def _start_table(self, attributes: dict[str, str]) -> None:
        self.tables += 1
        if self.tables > 1:
            return
        if len(self.sheets) >= self.limits.sheets:
            raise too_many_sheets(self.limits)
        hidden = attributes.get("table:style-name") in self.invisible or attributes.get("table:display") == "false"
        self.sheet = RawSheet(attributes.get("table:name", ""), HIDDEN if hidden else VISIBLE)
        self.sheets.append(self.sheet)
        self.blank = 0

    def _start_text(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("text:p", "text:h"):
            self.paragraphs.append([])
            self.in_paragraph += 1
        elif self.paragraphs and name == "text:s":
            self.paragraphs[-1].append(" " * min(_count(attributes.get("text:c")), 1000))
        elif self.paragraphs and name in ("text:tab", "text:line-break"):
            self.paragraphs[-1].append("\t" if name == "text:tab" else "\n")

    def text(self, text: str) -> None:
        if self.in_paragraph and not self.skipped:
            self.paragraphs[-1].append(text)

    def end(self, name: str) -> None:
        if self.skipped:
            self.skipped -= 1
        elif name == "table:table":
            self.tables -= 1
            if self.tables == 0:
                self.sheet = None
        elif self.sheet is None or self.tables != 1:
            return
        elif name in ("text:p", "text:h"):
            self.in_paragraph = max(self.in_paragraph - 1, 0)
        elif name in _CELLS:
            self._end_cell(self.sheet)
        elif name == "table:table-row":
            self._end_row(self.sheet)

    def _end_cell(self, sheet: RawSheet) -> None:
        attributes, self.cell = self.cell or {}, None
        repeated = _count(attributes.get("table:number-columns-repeated"))
        if not sheet.is_wanted:
            return
        row, column = len(sheet.cells) + self.blank, len(self.row)
        down, across = (_count(attributes.get(f"table:number-{name}-spanned")) for name in ("rows", "columns"))
        if down > 1 or across > 1:
            sheet.merged.append(_area(row, column, down, across))
        text = "\n".join("".join(parts) for parts in self.paragraphs)
        value = _value(attributes, text)
        problem = _problem(attributes, text)
        if value == "" and problem is None:
            repeated = min(repeated, _MOST_COLUMNS - column)
        if column + repeated > _MOST_COLUMNS:
            raise unreadable("ods")
        # Blanks are kept only once something follows them.
        self.row += [value] * max(repeated, 0)
        for place in range(column, column + repeated) if problem is not None or _is_percent(attributes, value) else ():
            if problem is None:
                sheet.percent_cells.add((row, place))
            elif problem:
                sheet.error_cells[row, place] = problem
            else:
                sheet.formula_without_value.add((row, place))

    def _end_row(self, sheet: RawSheet) -> None:
        """Keep the row as often as it is repeated, and the blank ones before it."""
        first, count = len(sheet.cells) + self.blank, self.row_repeated
        while self.row and self.row[-1] == "" and (first, len(self.row) - 1) not in sheet.error_cells:
            self.row.pop()
        if not self.row:
            self.blank += count
            return
        self.cells += self.blank + count * len(self.row)
        if self.cells > self.limits.cells:
            raise too_many_cells(self.limits)
        sheet.cells += [[] for _ in range(self.blank)]
        sheet.cells += [list(self.row) for _ in range(count)]
        self.blank = 0
        if count > 1:
            _repeat(sheet, first, count)


def _repeat(sheet: RawSheet, first: int, count: int) -> None:
    """What is known about the cells of a row holds for its repetitions."""
    rows = range(first + 1, first + count)
    sheet.percent_cells |= {(row, column) for top, column in list(sheet.percent_cells) if top == first for row in rows}
    sheet.formula_without_value |= {
        (row, column) for top, column in list(sheet.formula_without_value) if top == first for row in rows
    }
    errors = {column: text for (top, column), text in sheet.error_cells.items() if top == first}
    sheet.error_cells |= {(row, column): text for column, text in errors.items() for row in rows}


def _count(text: str | None) -> int:
    return max(int(text), 1) if text and text.isdecimal() and len(text) < 9 else 1


def _area(row: int, column: int, down: int, across: int) -> Area:
    return row, column, row + down - 1, column + across - 1


def _is_percent(attributes: dict[str, str], value: object) -> bool:
    return attributes.get("office:value-type") == "percentage" and isinstance(value, float)


def _problem(attributes: dict[str, str], text: str) -> str | None:
    """The error a cell shows; "" for a formula that was never computed; None for all others."""
    formula = attributes.get("table:formula")
    if attributes.get("calcext:value-type") == "error" or (formula and _ERROR.fullmatch(text)):
        return text or "#VALUE!"
    if formula and not text and "office:value-type" not in attributes:
        return ""
    return None


def _value(attributes: dict[str, str], text: str) -> object:
    """The value of a cell; "" where there is none, or an error."""
    kind = attributes.get("office:value-type")
    if _problem(attributes, text) is not None:
        return ""
    try:
        if kind in ("float", "percentage", "currency"):
            return float(attributes["office:value"])
        if kind == "boolean":
            return attributes["office:boolean-value"] == "true"
        if kind == "date":
            return _date(attributes["office:date-value"])
        if kind == "time":
            return _span(attributes["office:time-value"])
    except (KeyError, ValueError, OverflowError):
        return text
    return text or attributes.get("office:string-value", "")


def _date(text: str) -> object:
    """A day, or a moment. Raises ValueError for what is none."""
    if "T" not in text:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text[:26].rstrip("Z"))
    return moment.date() if moment.time() == time() else moment


def _span(text: str) -> object:
    """A time of day, or a longer span of time. Raises ValueError for what is none."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(text)
    days, hours, minutes = (int(part or 0) for part in found.groups()[1:4])
    seconds = float((found[5] or "0").replace(",", "."))
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if found[1]:
        return -span
    return (datetime.min + span).time() if span < timedelta(days=1) else span
