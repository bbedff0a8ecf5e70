"""xlsb: cells through calamine, the rest from a scan of its records.

Excel is the only program that writes the format, and it writes every formula with its value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pipelines.intake.reading.archive import Archive, stored
from pipelines.intake.reading.engine import fill, opened
from pipelines.intake.reading.ooxml import percent_formats, relations, workbook_part
from pipelines.intake.reading.refusals import broken, no_sheet, too_many_sheets, too_spread, unreadable
from pipelines.intake.reading.sheets import HIDDEN, VERY_HIDDEN, VISIBLE, RawSheet, RawWorkbook
from pipelines.settings import Limits

_ROW, _BLANK, _ERROR, _LAST_CELL, _FORMULA_ERROR = 0, 1, 3, 11, 11
_FORMAT, _STYLE, _COLUMN = 44, 47, 60
_WORKBOOK, _SHEET, _MERGED = 153, 156, 176
_STYLES_START, _STYLES_END = 617, 618
_RICH_STRING_CELL = 62
USUAL = "xl/workbook.bin"
_STATES = {0: VISIBLE, 1: HIDDEN, 2: VERY_HIDDEN}
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


def read_xlsb(archive: Archive, limits: Limits) -> RawWorkbook:
    """All sheets; the cells of those that are wanted."""
    archive.check(limits)
    part = workbook_part(archive, USUAL)
    related = relations(archive, part)
    sheets: list[RawSheet] = []
    read: list[tuple[int, RawSheet]] = []
    date1904 = False
    with broken("xlsb"):
        styles = next((r.part for r in related.values() if r.kind == "styles"), "xl/styles.bin")
        percent = _percent_styles(archive.read(styles))
        position = 0
        for kind, body in _records(archive.read(part)):
            if kind == _WORKBOOK:
                date1904 = bool(body[0] & 1)
            elif kind == _SHEET:
                state, name, found = _sheet(body)
                relation = related.get(found)
                if relation and relation.kind == "worksheet":
                    sheet = RawSheet(name, state)
                    sheets.append(sheet)
                    if sheet.is_wanted:
                        _look_into(sheet, archive.read(relation.part), percent, limits)
                        read.append((position, sheet))
                position += 1
                if len(sheets) > limits.sheets:
                    raise too_many_sheets(limits)
    if not sheets:
        raise no_sheet()
    book = opened(archive.data if part == USUAL else _moved(archive, part))
    if len(book.sheet_names) != position:
        raise unreadable("xlsb")
    room = limits.cells
    for index, sheet in read:
        merged = sheet.merged
        room -= fill(sheet, book, index, room, limits)
        sheet.merged = merged
        for row in sheet.cells:  # the format has whole numbers of its own
            row[:] = [float(cell) if type(cell) is int else cell for cell in row]
    return RawWorkbook("xlsb", sheets, date1904)


def _moved(archive: Archive, part: str) -> bytes:
    """A package whose workbook stands elsewhere, as calamine expects it."""
    folder, _, name = part.lower().rpartition("/")
    moved = {found: found.replace(f"{folder}/", "xl/", 1) for found in archive.names if found.startswith(f"{folder}/")}
    moved |= {part.lower(): USUAL, f"{folder}/_rels/{name}.rels": "xl/_rels/workbook.bin.rels"}
    return stored((target, archive.part(found)) for found, target in moved.items())


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and body of each record; both numbers before the body are written seven bits at a time."""
    place, end = 0, len(part)
    while place < end:
        kind = part[place]
        place += 1
        if kind & 0x80:
            kind = kind & 0x7F | (part[place] & 0x7F) << 7
            place += 1
        length = shift = 0
        while True:
            byte = part[place]
            place += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80 or shift > 21:
                break
        yield kind, part[place : place + length]
        place += length


def _string(body: bytes, place: int) -> tuple[str, int]:
    """A text with its length before it, and where it ends."""
    (length,) = struct.unpack_from("<L", body, place)
    if length == 0xFFFFFFFF:
        return "", place + 4
    end = place + 4 + 2 * length
    return body[place + 4 : end].decode("utf-16-le", "replace"), end


def _sheet(body: bytes) -> tuple[str, str, str]:
    """State, name and relation of a sheet."""
    (state,) = struct.unpack_from("<L", body)
    relation, place = _string(body, 8)
    return _STATES.get(state & 3, HIDDEN), _string(body, place)[0], relation


def _percent_styles(styles: bytes) -> frozenset[int]:
    """The cell styles whose number format shows a percent sign."""
    codes: dict[int, str] = {}
    used: list[int] = []
    inside = False
    for kind, body in _records(styles):
        if kind == _FORMAT:
            codes[int.from_bytes(body[:2], "little")] = _string(body, 2)[0]
        elif kind in (_STYLES_START, _STYLES_END):
            inside = kind == _STYLES_START
        elif kind == _STYLE and inside:
            used.append(int.from_bytes(body[2:4], "little"))
    percent = percent_formats(codes)
    return frozenset(position for position, number in enumerate(used) if number in percent)


def _look_into(sheet: RawSheet, part: bytes, percent: frozenset[int], limits: Limits) -> None:
    """Fill in what the records say. Raises Refusal when the filled cells are spread beyond the limit."""
    row = -1
    rows: list[int] = []
    first, last = 1 << 30, -1
    for kind, body in _records(part):
        if kind == _ROW:
            (row,) = struct.unpack_from("<L", body)
            sheet.hidden_rows += bool(body[11] & 0x10)
        elif _BLANK < kind <= _LAST_CELL or kind == _RICH_STRING_CELL:
            column, style = struct.unpack_from("<LL", body)
            first, last = min(first, column), max(last, column)
            if not rows or rows[-1] != row:
                rows.append(row)
            if kind in (_ERROR, _FORMULA_ERROR):
                sheet.error_cells[row, column] = _ERRORS.get(body[8], "#N/A")
            elif style & 0xFFFFFF in percent:
                sheet.percent_cells.add((row, column))
        elif kind == _COLUMN:
            sheet.hidden_columns += body[16] & 1
        elif kind == _MERGED:
            top, bottom, left, right = struct.unpack_from("<4L", body)
            sheet.merged.append((top, left, bottom, right))
    if rows:
        height, width = max(rows) - min(rows) + 1, last - first + 1
        if height * width > limits.cells:
            raise too_spread(sheet.name, height, width)
