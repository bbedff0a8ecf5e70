"""The cells of a sheet as texts, with merged ranges spread over header rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.intake.reader import RawSheet

Area = tuple[int, int, int, int]
WIDEST = 500
"""No table is looked for right of so many columns."""
TALLEST = 10
"""No header cell is merged over more rows; what is, are rows of data that belong together."""


class Grid:
    """A sheet, or some columns of it (``left`` to ``right``, inclusive), to look for headers in."""

    def __init__(self, sheet: RawSheet, left: int = 0, right: int | None = None) -> None:
        self.sheet, self.cells, self.height = sheet, sheet.cells, len(sheet.cells)
        self.left = left
        self.right = min(len(sheet.cells[0]) if sheet.cells else 0, WIDEST) - 1 if right is None else right
        self.merged_in_row: dict[int, list[Area]] = {}
        for area in sheet.merged:
            if area[3] < self.left or area[1] > self.right or area[2] - area[0] >= TALLEST:
                continue
            for row in range(area[0], min(area[2], self.height - 1) + 1):
                self.merged_in_row.setdefault(row, []).append(area)
        self._texts: dict[int, list[str]] = {}

    def texts(self, row: int) -> list[str]:
        """The texts of a row up to the last column looked at; merged ranges filled across and down, others' columns
        blank.
        """
        if row not in self._texts:
            self._texts[row] = self._spread(row)
        return self._texts[row]

    def _spread(self, row: int) -> list[str]:
        texts = [c.strip() if isinstance(c, str) else text_of(c) for c in self.cells[row][: self.right + 1]]
        for top, left, _, right in self.merged_in_row.get(row, ()):
            if top < self.height and left < len(self.cells[top]):
                origin = text_of(self.cells[top][left])
                texts[left : right + 1] = [origin] * (min(right, len(texts) - 1) + 1 - left)
        texts[: self.left] = [""] * self.left
        return texts + [""] * (self.right + 1 - len(texts))

    def merge_at(self, row: int, column: int) -> Area | None:
        """The merged range a cell belongs to."""
        for area in self.merged_in_row.get(row, ()):
            if area[1] <= column <= area[3]:
                return area
        return None

    def line(self, row: int) -> Sequence[object]:
        """The cells of a row inside the columns looked at."""
        cells = self.cells[row]
        return cells if not self.left and self.right >= len(cells) - 1 else cells[self.left : self.right + 1]


def text_of(cell: object) -> str:
    """A cell as text; a whole number without its decimal point."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def is_filled(cell: object) -> bool:
    """Whether a cell holds anything but white space."""
    return cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())


def close(text: str) -> str:
    """A text without the spaces that spread words out in print: 合　计."""
    return re.sub(r"[ \t\u3000\xa0\u200b]+", "", text)


def compact(text: object) -> str:
    """A cell's text without any white space."""
    return re.sub(r"[\s\u200b]", "", str(text))
