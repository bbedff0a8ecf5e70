"""xls and .et of all ages (BIFF2–8), through xlrd: pure Python, so a broken file is an exception and no crash.

xlrd says everything but whether a formula was ever computed; a scan of the records says that.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import xlrd  # type: ignore[import-untyped]
from xlrd.compdoc import CompDocError  # type: ignore[import-untyped]

from pipelines.intake.reading.ooxml import is_percent_format
from pipelines.intake.reading.refusals import (
    broken,
    encrypted,
    foreign,
    incomplete,
    no_sheet,
    too_many_sheets,
    too_spread,
    unreadable,
)
from pipelines.intake.reading.sheets import HIDDEN, VERY_HIDDEN, VISIBLE, Cell, RawSheet, RawWorkbook
from pipelines.settings import Limits

_STATES = {0: VISIBLE, 1: HIDDEN, 2: VERY_HIDDEN}
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.I)
_DAY_LIMIT = 2_958_466
"""The day after 9999-12-31, as a serial number."""


def read_xls(data: bytes, limits: Limits) -> RawWorkbook:
    """All sheets; the cells of those that are wanted."""
    with broken("xls"):
        book = _opened(data)
    if book.nsheets > limits.sheets:
        raise too_many_sheets(limits)
    formats = _Formats(book)
    sheets = []
    with broken("xls"):
        uncomputed = _uncomputed(book)
        names = book.sheet_names()
        for index in range(book.nsheets):
            state = _STATES.get(book._sheet_visibility[index], HIDDEN)
            sheet = RawSheet(names[index], state)
            sheets.append(sheet)
            if sheet.is_wanted:
                _fill(sheet, book.sheet_by_index(index), formats, limits)
                sheet.formula_without_value = uncomputed.get(index, set()) & _filled(sheet)
                book.unload_sheet(index)
    if not sheets:
        raise no_sheet()
    return RawWorkbook("xls", sheets, date1904=bool(book.datemode))


def _opened(data: bytes) -> xlrd.Book:
    options: dict[str, Any] = {
        "file_contents": data,
        "formatting_info": True,
        "on_demand": True,
        "ragged_rows": True,
        "logfile": io.StringIO(),
    }
    try:
        book = xlrd.open_workbook(**options)
        if book.biff_version < 80 and book.codepage is None:
            # Nothing says the encoding: in a Chinese office it is the Chinese one.
            book = xlrd.open_workbook(**options, encoding_override="gb18030")
    except CompDocError:
        raise incomplete() if len(data) % 512 else unreadable("OLE") from None
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            raise encrypted() from None
        if "Can't find workbook" in str(error):
            raise foreign("其他程序的文件") from None
        raise unreadable("xls") from None
    return book


class _Formats:
    """The number formats of a workbook's cell styles: which show a percent sign, which a span of time."""

    def __init__(self, book: xlrd.Book) -> None:
        named = {key: found.format_str or "" for key, found in book.format_map.items()}
        codes = [named.get(xf.format_key, "") for xf in book.xf_list]
        self.percent = frozenset(i for i, code in enumerate(codes) if is_percent_format(code))
        self.elapsed = frozenset(i for i, code in enumerate(codes) if _ELAPSED.search(code))


def _fill(sheet: RawSheet, read: xlrd.sheet.Sheet, formats: _Formats, limits: Limits) -> None:
    """Cells, merged ranges and what is hidden."""
    filled = (xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE, xlrd.XL_CELL_BOOLEAN, xlrd.XL_CELL_ERROR)
    height = width = 0
    for row in range(read.nrows):
        columns = [column for column, kind in enumerate(read.row_types(row)) if kind in filled]
        if columns:
            height, width = row + 1, max(width, columns[-1] + 1)
    if height * width > limits.cells:
        raise too_spread(sheet.name, height, width)
    date1904 = read.book.datemode == 1
    for row in range(height):
        line: list[object] = [""] * width
        sheet.cells.append(line)
        for column, (kind, value) in enumerate(zip(read.row_types(row), read.row_values(row), strict=True)):
            if kind not in filled:
                continue
            if kind == xlrd.XL_CELL_TEXT:
                line[column] = value
            elif kind == xlrd.XL_CELL_BOOLEAN:
                line[column] = bool(value)
            elif kind == xlrd.XL_CELL_ERROR:
                sheet.error_cells[row, column] = xlrd.error_text_from_code.get(value, "#N/A")
            else:
                style = read.cell_xf_index(row, column)
                if kind == xlrd.XL_CELL_DATE:
                    line[column] = moment(value, date1904=date1904, elapsed=style in formats.elapsed)
                else:
                    line[column] = float(value)
                    if style in formats.percent:
                        sheet.percent_cells.add((row, column))
    sheet.merged = [(top, left, bottom - 1, right - 1) for top, bottom, left, right in read.merged_cells]
    sheet.hidden_rows = sum(bool(info.hidden) for row, info in read.rowinfo_map.items() if row < height)
    sheet.hidden_columns = sum(bool(info.hidden) for column, info in read.colinfo_map.items() if column < width)


def moment(serial: float, *, date1904: bool, elapsed: bool) -> object:
    """What a number in a date format shows, as calamine gives it: a day, a time of day, both, or a span of time."""
    if elapsed:
        return timedelta(days=serial) if abs(serial) < _DAY_LIMIT else serial
    if not 0 <= serial < _DAY_LIMIT:
        return serial
    if serial < 1:
        return (datetime(2000, 1, 1) + timedelta(seconds=min(round(serial * 86_400), 86_399))).time()
    shown: datetime = xlrd.xldate.xldate_as_datetime(serial, int(date1904))
    return shown.date() if shown.time() == time() else shown


# ── formulas that were never computed ─────────────────────────────────────────────────────────────────────────────

_BOF, _EOF, _BOUNDSHEET = (0x0009, 0x0209, 0x0409, 0x0809), 0x000A, 0x0085
_FORMULAS = (0x0006, 0x0206, 0x0406)
_TO_COMPUTE = 0b11
"""Compute always and on load, with a result of zero: what programs write that compute nothing themselves."""


def _uncomputed(book: xlrd.Book) -> dict[int, set[Cell]]:
    """The cells of formulas that were never computed, by sheet."""
    if book.biff_version < 50:
        return {}
    stream = bytes(book.mem[book.base : book.base + book.stream_len])
    starts = [
        struct.unpack_from("<L", body)[0]
        for kind, body in _records(stream, 0)
        if kind == _BOUNDSHEET and len(body) > 5 and body[5] == 0
    ]
    return {number: cells for number, start in enumerate(starts) if (cells := set(_zeros(stream, start)))}


def _zeros(stream: bytes, start: int) -> Iterator[Cell]:
    for kind, body in _records(stream, start):
        if kind in _FORMULAS and len(body) >= 16 and body[6:14] == bytes(8) and body[14] & _TO_COMPUTE == _TO_COMPUTE:
            yield struct.unpack_from("<HH", body)


def _records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The records of one substream: from its beginning to its end, and not into charts inside it."""
    place, depth = start, 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        if kind in _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1:
            yield kind, stream[place + 4 : place + 4 + length]
        place += 4 + length


def _filled(sheet: RawSheet) -> set[Cell]:
    """The cells that hold the number zero: a formula to compute that shows something else was computed."""
    return {(row, column) for row, line in enumerate(sheet.cells) for column, cell in enumerate(line) if cell == 0}
