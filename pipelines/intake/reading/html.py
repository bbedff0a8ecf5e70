"""HTML tables, most often called .xls: what web systems and Excel itself export."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from pipelines.intake.issues import Refusal
from pipelines.intake.reading.decode import decoded
from pipelines.intake.reading.refusals import SEND_XLSX, broken, too_many_cells, unreadable
from pipelines.intake.reading.sheets import Area, Cell, RawSheet, RawWorkbook
from pipelines.intake.reading.text import dense_sheet
from pipelines.settings import Limits

_SHEET_NAME = re.compile(r"<x:Name>([^<]*)</x:Name>", re.I)
_HIDDEN = re.compile(r"display\s*:\s*none", re.I)
_SPACE = re.compile(r"[ \t\r\n]+")
_MOST_SPAN = 1000


def read_html(data: bytes, limits: Limits) -> RawWorkbook:
    """One sheet per table that is not inside another."""
    text = decoded(data)
    if text is None:
        raise unreadable("编码")
    sheets = page_sheets(text, limits)
    if not sheets:
        raise Refusal("no_sheet", "这是一个网页，里面没有表格。", SEND_XLSX)
    names = sheet_names(text)
    if len(names) == len(sheets):  # Excel says in a comment what the sheets were called
        for sheet, name in zip(sheets, names, strict=True):
            sheet.name = name or sheet.name
    return RawWorkbook("html", sheets)


def sheet_names(text: str) -> list[str]:
    """The names of the sheets a page was made from, where Excel made it."""
    return [name.strip() for name in _SHEET_NAME.findall(text)]


def page_sheets(text: str, limits: Limits) -> list[RawSheet]:
    """The tables of a page that hold anything."""
    page = _Tables(limits)
    with broken("HTML"):
        page.feed(text)
        page.close()
    sheets = []
    for number, table in enumerate(filter(None, page.tables), start=1):
        sheet = dense_sheet(f"表{number}", table.rows, limits)
        sheet.merged, sheet.hidden_rows, sheet.hidden_columns = table.merged, table.hidden_rows, table.hidden_columns
        sheets.append(sheet)
        if number == limits.sheets:
            break
    return sheets


class _Table:
    """Rows of texts; spanned cells are merged ranges like in a workbook."""

    def __init__(self) -> None:
        self.rows: list[list[object]] = []
        self.merged: list[Area] = []
        self.taken: set[Cell] = set()
        self.hidden_rows = self.hidden_columns = 0

    def __bool__(self) -> bool:
        return any(map(any, self.rows))

    def skip_taken(self) -> None:
        """Leave blank what a cell above or beside spans."""
        if self.rows:
            row = len(self.rows) - 1
            while (row, len(self.rows[row])) in self.taken:
                self.taken.discard((row, len(self.rows[row])))
                self.rows[row].append("")


class _Tables(HTMLParser):
    """The outermost tables of a page. What stands in a table inside a cell belongs to the cell."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(convert_charrefs=True)
        self.limits = limits
        self.tables: list[_Table] = []
        self.depth = 0
        self.text: list[str] | None = None
        self.cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "table":
            self.depth += 1
            if self.depth == 1:
                self.tables.append(_Table())
        elif tag == "br" and self.text is not None:
            self.text.append("\n")
        elif self.depth != 1:
            if self.text is not None and tag in ("td", "th", "tr"):
                self.text.append(" ")
        elif tag == "tr":
            self._close()
            self.tables[-1].rows.append([])
            self.tables[-1].hidden_rows += _is_hidden(attributes)
        elif tag == "col":
            self.tables[-1].hidden_columns += _is_hidden(attributes)
        elif tag in ("td", "th"):
            self._open(attributes)

    def _open(self, attributes: dict[str, str | None]) -> None:
        """Begin a cell; a cell outside a row begins one."""
        self._close()
        table = self.tables[-1]
        if not table.rows:
            table.rows.append([])
        table.skip_taken()
        row, column = len(table.rows) - 1, len(table.rows[-1])
        down, across = (_span(attributes.get(name)) for name in ("rowspan", "colspan"))
        if down > 1 or across > 1:
            table.merged.append((row, column, row + down - 1, column + across - 1))
            self._count(down * across)
            table.taken |= {(row + i, column + j) for i in range(down) for j in range(across) if i or j}
        self._count(1)
        self.text = []

    def _count(self, cells: int) -> None:
        self.cells += cells
        if self.cells > self.limits.cells:
            raise too_many_cells(self.limits)

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.append(_SPACE.sub(" ", data))

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            if self.depth == 1:
                self._close()
            self.depth = max(self.depth - 1, 0)
        elif tag in ("td", "th", "tr") and self.depth == 1:
            self._close()
        elif tag == "p" and self.text:
            self.text.append("\n")

    def close(self) -> None:
        super().close()
        self._close()

    def _close(self) -> None:
        if self.text is None:
            return
        lines = "".join(self.text).split("\n")
        table = self.tables[-1]
        table.rows[-1].append("\n".join(line.strip() for line in lines).strip())
        self.text = None
        table.skip_taken()


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    return bool(_HIDDEN.search(attributes.get("style") or ""))


def _span(text: str | None) -> int:
    text = (text or "").strip()
    return min(int(text), _MOST_SPAN) if text.isdecimal() and text.isascii() and len(text) < 9 and int(text) else 1
