"""CSV and its relatives: tabs or semicolons, any encoding, quoted line breaks."""

from __future__ import annotations

import csv
import io
import re
from typing import Literal

from pipelines.intake.issues import Refusal
from pipelines.intake.reading.decode import decoded
from pipelines.intake.reading.refusals import SEND_XLSX, broken, too_many_cells, unreadable
from pipelines.intake.reading.sheets import RawSheet, RawWorkbook
from pipelines.settings import Limits

DELIMITERS = ",\t;|"
LONGEST_CELL = 1_000_000
MOST_LINES_IN_CELL = 100
"""A cell of more lines means that a quotation mark was never closed."""

_QUOTED = re.compile(r'"[^"]*"')
_SEPARATOR = re.compile(r"sep=(.)\r?\n", re.I)
_LITERAL = re.compile(r'="([^"]*)"')


def read_csv(data: bytes, limits: Limits) -> RawWorkbook:
    """One sheet of texts."""
    text = decoded(data)
    if text is None:
        raise unreadable("编码")
    text = text.rstrip("\x1a")
    if stated := _SEPARATOR.match(text):
        text, delimiter = text[stated.end() :], stated[1]
    else:
        delimiter = _delimiter(text)
    with broken("CSV"):
        rows = _rows(text, delimiter, limits, quoted=True)
        if any(str(cell).count("\n") > MOST_LINES_IN_CELL for row in rows for cell in row):
            rows = _rows(text, delimiter, limits, quoted=False)
    if max(map(len, rows), default=0) < 2:
        raise Refusal("foreign_file", "这是一个纯文本文件，里面没有分列的表格。", SEND_XLSX)
    return RawWorkbook("csv", [dense_sheet("CSV", rows, limits)])


def _delimiter(text: str) -> str:
    """The one that divides the most lines of the beginning; among equals, the one that occurs most often."""
    lines = _QUOTED.sub("", text[:65_536]).splitlines()[:200]
    return max(
        DELIMITERS,
        key=lambda sign: (sum(sign in line for line in lines), sum(map(str.count, lines, [sign] * len(lines)))),
    )


def _rows(text: str, delimiter: str, limits: Limits, *, quoted: bool) -> list[list[object]]:
    csv.field_size_limit(LONGEST_CELL)
    rows: list[list[object]] = []
    cells = 0
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting):
        cells += len(row)
        if cells > limits.cells:
            raise too_many_cells(limits)
        rows.append([_plain(cell) for cell in row])
    return rows


def _plain(cell: str) -> str:
    """``="00123"`` is how programs keep the zeros of a code."""
    if cell.startswith('="') and (literal := _LITERAL.fullmatch(cell)):
        return literal[1]
    return cell


def dense_sheet(name: str, rows: list[list[object]], limits: Limits) -> RawSheet:
    """A sheet of rows of any length. Raises Refusal when the rectangle around them is beyond the limit."""
    width = max(map(len, rows), default=0)
    if width * len(rows) > limits.cells:
        raise too_many_cells(limits)
    return RawSheet(name, cells=[row + [""] * (width - len(row)) for row in rows])
