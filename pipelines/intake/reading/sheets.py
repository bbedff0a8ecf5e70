"""The one shape every format is read into."""

from __future__ import annotations

from dataclasses import dataclass, field

META_SHEET = "_meta"
VISIBLE, HIDDEN, VERY_HIDDEN = "visible", "hidden", "very_hidden"

Cell = tuple[int, int]
"""0-based row and column."""

Area = tuple[int, int, int, int]
"""First row, first column, last row, last column; all inclusive and 0-based."""


@dataclass(slots=True)
class RawSheet:
    """One sheet as it is. ``cells`` is dense from A1: texts, floats, booleans, dates; "" where there is no value."""

    name: str
    state: str = VISIBLE
    cells: list[list[object]] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)
    """None reaches beyond the cells."""
    percent_cells: set[Cell] = field(default_factory=set)
    """Numbers whose format shows a percent sign: they are fractions of 1."""
    error_cells: dict[Cell, str] = field(default_factory=dict)
    """#DIV/0! and the like. In ``cells`` they are blank, or the text itself where the format has nothing else."""
    formula_without_value: set[Cell] = field(default_factory=set)
    hidden_rows: int = 0
    hidden_columns: int = 0

    def trim_merged(self) -> None:
        """Cut merged ranges off where the cells end, and drop what is left of none."""
        bottom, right = len(self.cells) - 1, len(self.cells[0]) - 1 if self.cells else -1
        cut = ((top, left, min(last, bottom), min(end, right)) for top, left, last, end in self.merged)
        areas = (a for a in cut if 0 <= a[0] <= a[2] and 0 <= a[1] <= a[3] and a[:2] != a[2:])
        self.merged = list(dict.fromkeys(areas))

    @property
    def is_wanted(self) -> bool:
        """Whether its cells are read: visible sheets, and the template's mark."""
        return self.state == VISIBLE or self.name == META_SHEET


@dataclass(slots=True)
class RawWorkbook:
    """All sheets of a workbook in their order. ``kind`` is what the bytes are, one of ``reader.KINDS``."""

    kind: str
    sheets: list[RawSheet]
    date1904: bool = False
    """Whether plain numbers that are dates count from 1904. Cells formatted as dates are converted already."""

    @property
    def visible(self) -> list[RawSheet]:
        return [sheet for sheet in self.sheets if sheet.state == VISIBLE]
