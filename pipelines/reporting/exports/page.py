"""A worksheet whose rows are kept as finished text: a cell costs a fifth of one that is written by itself.

The rows follow whatever the sheet has above them. Their cells refer to styles and shared strings like all others, in
the order of the sheet, so that the file is the one that would come of writing them cell by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from operator import itemgetter
from typing import NamedTuple

from xlsxwriter.format import Format as Style
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

ROW_HEIGHT, HIGHEST_ROW = 15.5, 409
"""In points: of a line, and what Excel allows."""
_LINES = itemgetter(2)
_MOST_UNITS = 32_767
"""So many UTF-16 units a cell may have."""


class Written(NamedTuple):
    """A cell but for its place: its style, the rest of its element, and how many lines its text takes."""

    style: Style
    element: str
    lines: int = 1


class Page(Worksheet):
    """A worksheet for tables of many rows."""

    def __init__(self) -> None:
        super().__init__()
        self._body: Sequence[Sequence[Written]] = ()
        self._body_starts = 0

    def text(self, text: str, style: Style, lines: int = 1) -> Written:
        """A cell of text; whatever it looks like, it is no formula."""
        if 2 * len(text) > _MOST_UNITS:
            text = text.encode("utf-16-le")[: 2 * _MOST_UNITS].decode("utf-16-le", "ignore")
        number = self.str_table._get_shared_string_index(text)
        return Written(style, f' t="s"><v>{number}</v></c>', lines)

    def number(self, number: float, style: Style) -> Written:
        """A cell with a number."""
        return Written(style, f"><v>{number:.16G}</v></c>")

    def moment(self, moment: date, style: Style) -> Written:
        """A cell with a day, or a day and its time."""
        return self.number(self._convert_date_time(moment), style)

    def place(self, first: int, rows: Sequence[Sequence[Written]], said_again: int) -> None:
        """Put the rows below the others, the first of them in row ``first``, each as high as the text in it.

        ``said_again``: how many of the cells are texts that were made once and stand in several places.
        """
        self._body, self._body_starts = rows, first
        self.str_table.count += said_again
        if rows:
            self._check_dimensions(first + len(rows) - 1, len(rows[0]) - 1)

    def _write_rows(self) -> None:
        last = self.dim_rowmax  # type: ignore[has-type]
        if self._body:
            self.dim_rowmax = self._body_starts - 1
        super()._write_rows()
        self.dim_rowmax = last
        styles: dict[Style, int] = {}
        for number, cells in enumerate(self._body, self._body_starts + 1):
            written = [f'<row r="{number}" spans="1:{len(cells)}"{_height(max(map(_LINES, cells)))}>']
            for column, (style, element, _) in enumerate(cells):
                index = styles.get(style)
                if index is None:
                    index = styles[style] = style._get_xf_index()
                written.append(f'<c r="{_letters(column)}{number}" s="{index}"{element}')
            written.append("</row>")
            self.fh.write("".join(written))


@cache
def _letters(column: int) -> str:
    return str(xl_col_to_name(column))


@cache
def _height(lines: int) -> str:
    if lines == 1:
        return ""
    pixels = int(min(ROW_HEIGHT * lines, HIGHEST_ROW) * 4 / 3 + 0.5)
    return f' ht="{pixels * 0.75:.16g}" customHeight="1"'
