"""Workbooks made for people: a sheet is a title, what must be known about it, and one table. Nothing here knows marts.

What comes from districts is text, whatever it looks like: no cell is ever a formula or a link. Same sheets, same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format as Style

from pipelines.letters import half_widths
from pipelines.reporting.exports.page import ROW_HEIGHT, Page, Written
from pipelines.reporting.format import MISSING


@dataclass(frozen=True)
class Marked:
    """A word with the colour family (``data.tone``) it is shown in; the word alone says it all."""

    word: str
    tone: str


Cell = str | int | float | Decimal | Fraction | date | Marked | None
"""None shows as a dash. A Fraction is a figure already rounded as it shall be shown."""


@dataclass(frozen=True)
class Column:
    """A column: ``kind`` decides number format and side; columns of one ``band`` stand under a common heading."""

    header: str
    kind: str = "text"
    band: str = ""
    width: int = 40
    """The most it may take, in half-width characters; longer text wraps."""


@dataclass(frozen=True)
class Sheet:
    """One table with its heading. ``stem``: how many columns stay in sight when scrolling to the right."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    stamp: str = ""
    notes: Sequence[str] = field(default_factory=tuple)
    lead: Sequence[str] = field(default_factory=tuple)
    """Sentences before the table, said aloud: the conclusion."""
    stem: int = 1
    section: int | None = None
    """A column whose change starts a new group of rows; a line separates the groups."""


@dataclass(frozen=True)
class Look:
    """What depends on the language: formats of dates, and the page's foot."""

    day: str
    moment: str
    page: str
    """With ``&P`` and ``&N``."""
    heading_font: str
    body_font: str


_NUMBERS = {
    "count": "#,##0",
    "rate": "0.0",
    "points": "0.00",
    "signed": "+0.0;-0.0;0.0",
    "signed_count": "+#,##0;-#,##0;0",
    "area": "#,##0.00",
    "amount": "#,##0.00",
}
_CENTRED = ("status", "mark", "day")
_INK, _DEEP, _QUIET, _LINE, _PALE, _NOTICE = "#1D2B3A", "#163A5F", "#56616D", "#C3CBD4", "#E8EDF3", "#7D5200"
# Ink and ground of each colour family, as on the pages.
_TONES = {
    "met": ("#14653B", "#E4F2EA"),
    "good": ("#17508A", "#E6EFF8"),
    "risk": ("#7D5200", "#FCF0D6"),
    "soft": ("#7D5200", "#FCF0D6"),
    "behind": ("#A03C12", "#FBE8DF"),
    "late": ("#9B1030", "#F9E2E7"),
    "none": ("#4D5864", "#E9ECEF"),
    "na": ("#4D5864", "#E9ECEF"),
}
_PAPER_A4 = 9
_LONGEST_TEXT = 32_000
"""Excel refuses cells of more than 32,767 characters."""
_NAME_LENGTH = 31
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_SAID_AGAIN = (str, Marked, type(None))


def write_book(sheets: Sequence[Sheet], look: Look, title: str, made: date, stamp: str = "") -> bytes:
    """The workbook as bytes. ``title``, ``made`` (its date) and ``stamp`` (what it stands on) are its properties."""
    memory = io.BytesIO()
    options: Mapping[str, Any] = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(memory, options) as book:
        book.set_properties({"title": title, "comments": stamp, "created": datetime.combine(made, time())})
        book.set_size(2400, 1500)
        writer = _Writer(book, look)
        for sheet in sheets:
            writer.add(sheet)
    return memory.getvalue()


class _Writer:
    def __init__(self, book: xlsxwriter.Workbook, look: Look) -> None:
        self.book, self.look = book, look
        self._styles: dict[tuple[tuple[str, Any], ...], Style] = {}
        self._bodies: dict[tuple[str, str, bool, bool], Style] = {}

    def style(self, **options: Any) -> Style:
        options = {
            "font_name": self.look.body_font,
            "font_size": 10,
            "font_color": _INK,
            "valign": "vcenter",
            **options,
        }
        key = tuple(sorted(options.items()))
        if key not in self._styles:
            self._styles[key] = self.book.add_format(options)
        return self._styles[key]

    def add(self, sheet: Sheet) -> None:
        page = self.book.add_worksheet(sheet.name[:_NAME_LENGTH], Page)
        widths = [_width(column, [row[i] for row in sheet.rows[:400]]) for i, column in enumerate(sheet.columns)]
        for i, width in enumerate(widths):
            page.set_column(i, i, width)
        head = self._heading(page, sheet, sum(widths))
        first = self._header(page, sheet, head, widths)
        self._rows(page, sheet, first, widths)
        self._print(page, sheet, head, first)

    def _heading(self, page: Page, sheet: Sheet, width: float) -> int:
        """Title, stamp, notes and lead; returns the row where the table's header starts."""
        across = len(sheet.columns) - 1
        heading = self.look.heading_font
        lines: list[tuple[str, dict[str, Any]]] = [
            (sheet.title, {"font_name": heading, "font_size": 16, "font_color": _DEEP, "bold": True})
        ]
        if sheet.stamp:
            lines.append((sheet.stamp, {"font_color": _QUIET}))
        lines += [(note, {"font_color": _NOTICE, "font_size": 9}) for note in sheet.notes]
        lines += [(sentence, {"font_size": 11}) for sentence in sheet.lead]
        for row, (text, options) in enumerate(lines):
            size = options.get("font_size", 10)
            height = ROW_HEIGHT * size / 10 * _lines_of(text, width * 10 / size) + (10 if row == 0 else 3)
            page.set_row(row, height)
            style = self.style(text_wrap=True, **options)
            if across:
                page.merge_range(row, 0, row, across, "", style)
            page.write_string(row, 0, text, style)
        page.set_row(len(lines), 6)
        return len(lines) + 1

    def _header(self, page: Page, sheet: Sheet, row: int, widths: Sequence[float]) -> int:
        """One row of headers, or two where columns are banded; returns the first row of the body."""
        style = self.style(
            font_name=self.look.heading_font,
            bold=True,
            font_color="#FFFFFF",
            bg_color=_DEEP,
            border=1,
            border_color=_LINE,
            align="center",
            text_wrap=True,
        )
        lines = max(
            (_lines_of(c.header, w - 1) for c, w in zip(sheet.columns, widths, strict=True)), default=1
        )  # fmt: skip
        banded = any(column.band for column in sheet.columns)
        if banded:
            page.set_row(row, ROW_HEIGHT + 2)
            start = 0
            while start < len(sheet.columns):
                band = sheet.columns[start].band
                end = start
                while band and end + 1 < len(sheet.columns) and sheet.columns[end + 1].band == band:
                    end += 1
                if not band:
                    page.merge_range(row, start, row + 1, start, "", style)
                    page.write_string(row, start, sheet.columns[start].header, style)
                elif end > start:
                    page.merge_range(row, start, row, end, "", style)
                    page.write_string(row, start, band, style)
                else:
                    page.write_string(row, start, band, style)
                start = end + 1
            row += 1
        page.set_row(row, ROW_HEIGHT * lines + 4)
        for i, column in enumerate(sheet.columns):
            if column.band or not banded:
                page.write_string(row, i, column.header, style)
        return row + 1

    def _rows(self, page: Page, sheet: Sheet, first: int, widths: Sequence[float]) -> None:
        marks: dict[int, dict[str, str]] = {}
        # What has been said is said again without being worked out anew: flags, names of districts, dashes.
        known: list[dict[tuple[Cell, bool], Written]] = [{} for _ in sheet.columns]
        said_again = 0
        before: Cell = None
        rows = []
        for number, values in enumerate(sheet.rows):
            starts = sheet.section is not None and number > 0 and values[sheet.section] != before
            before = values[sheet.section] if sheet.section is not None else None
            row = []
            for i, value in enumerate(values):
                if type(value) in _SAID_AGAIN:
                    cell = known[i].get((value, starts))
                    if cell is None:
                        cell = known[i][value, starts] = self._cell(page, sheet.columns[i], value, starts, widths[i])
                        if isinstance(value, Marked):
                            marks.setdefault(i, {})[value.word] = value.tone
                    else:
                        said_again += 1
                else:
                    cell = self._cell(page, sheet.columns[i], value, starts, widths[i])
                row.append(cell)
            rows.append(row)
        page.place(first, rows, said_again)
        for i, words in marks.items():
            for word, tone in words.items():
                ink, ground = _TONES[tone]
                page.conditional_format(
                    first,
                    i,
                    first + len(sheet.rows) - 1,
                    i,
                    {
                        "type": "cell",
                        "criteria": "==",
                        "value": '"' + word.replace('"', '""') + '"',
                        "format": self.book.add_format({"font_color": ink, "bg_color": ground}),
                    },
                )

    def _cell(self, page: Page, column: Column, value: Cell, starts: bool, width: float) -> Written:
        numeric = column.kind in _NUMBERS
        match value:
            case None:
                return page.text(MISSING, self._of("", "right" if numeric else "center", starts))
            case Marked():
                return page.text(value.word, self._of("", "center", starts))
            case datetime():
                return page.moment(value, self._of(self.look.moment, "center", starts))
            case date():
                return page.moment(value, self._of(self.look.day, "center", starts))
            case str():
                align = "center" if column.kind in _CENTRED else "right" if numeric else "left"
                quoted = value.startswith(_FORMULA_SIGNS)
                # Not every program makes a row as high as its wrapped text when it opens the file.
                wraps = 2 * len(value) > width - 3 or "\n" in value
                lines = _lines_of(value, width - 3) if wraps else 1
                return page.text(value[:_LONGEST_TEXT], self._of("", align, starts, quoted), lines)
            case _:
                number = float(value)
                whole = column.kind == "amount" and number.is_integer()
                pattern = _NUMBERS["count" if whole else column.kind]
                return page.number(number, self._of(pattern, "right", starts))

    def _of(self, pattern: str, align: str, starts: bool, quoted: bool = False) -> Style:
        """A body cell's style. ``quoted``: stays text when somebody edits the cell."""
        key = (pattern, align, starts, quoted)
        if key not in self._bodies:
            options: dict[str, Any] = {"border": 1, "border_color": _LINE, "align": align}
            if starts:
                options |= {"top": 2, "top_color": _QUIET}
            if pattern:
                options["num_format"] = pattern
            if quoted:
                options["quote_prefix"] = True
            if align == "left":
                options |= {"text_wrap": True, "indent": 1}
            self._bodies[key] = self.style(**options)
        return self._bodies[key]

    def _print(self, page: Page, sheet: Sheet, head: int, first: int) -> None:
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(_PAPER_A4)
        page.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.75)
        page.fit_to_pages(1, 0)
        page.center_horizontally()
        page.repeat_rows(head, first - 1)
        page.set_footer(f"&L&8{_foot(sheet.stamp)}&R&9{self.look.page}")
        last = first + max(len(sheet.rows), 1) - 1
        page.print_area(0, 0, last, len(sheet.columns) - 1)
        if sheet.rows:
            page.autofilter(first - 1, 0, last, len(sheet.columns) - 1)
        # A tall heading would leave no room to scroll in.
        if head <= 6:
            page.freeze_panes(first, min(sheet.stem, len(sheet.columns) - 1))


def _foot(text: str) -> str:
    """Text for a page's foot: at most 200 characters, an ampersand doubled, and no digit right after the size."""
    return " " + text[:200].replace("&", "&&")


@lru_cache(maxsize=1 << 14)
def _lines_of(text: str, width: float) -> int:
    return sum(max(1, -(-half_widths(line) // max(1, int(width)))) for line in text.split("\n"))


def _width(column: Column, values: Sequence[Cell]) -> float:
    """Wide enough for what is in it and for half of its header (which may wrap), within the column's bound."""
    least = {"day": 15, "moment": 21, "area": 13}.get(column.kind, 7)
    header = half_widths(column.header)
    # The filter's button covers two characters.
    wanted = max(least, header + 3 if header <= 8 else -(-header // 2) + 4)
    numbers = [float(value) for value in values if isinstance(value, int | float | Fraction | Decimal)]
    if numbers:
        wanted = max(wanted, len(f"{max(map(abs, numbers)):,.{0 if column.kind == 'count' else 1}f}") + 2)
    texts = {value.word if isinstance(value, Marked) else value for value in values if isinstance(value, str | Marked)}
    for text in texts:
        wanted = max(wanted, max(map(half_widths, text.split("\n"))) + 2)
    return min(wanted, column.width)
