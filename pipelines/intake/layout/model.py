"""What a sheet was taken for: its tables, which column of each is which field, and what every row is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pipelines.forms import Form
from pipelines.forms.units import Unit
from pipelines.intake.issues import cell_name, column_letter
from pipelines.intake.layout.outline import Outline
from pipelines.intake.reader import Cell, RawSheet

BAND = 32
"""Merged ranges are looked up by bands of so many rows."""
PARENT, TICK, GIVEN = "parent", "tick", "given"
"""How a column was understood, beside forms.headers' ways: by its parent header alone, as one column for several that
are ticked, or from a section row, a title or the sheet's name.
"""


@dataclass(frozen=True, slots=True)
class ColumnFound:
    """One column of a sheet and what it was taken for. ``field`` is None when no field fits."""

    index: int
    header: str
    field: str | None = None
    unit: str | None = None
    problem: str | None = None
    """``duplicate``: another column has the field; ``ambiguous``: the header needs a parent to be told apart;
    ``ignored``: an analyst said that it is to be left out."""
    personal: bool = False
    how: str | None = None
    """How it was matched: forms.headers.EXACT and so on, PARENT, TICK, GIVEN."""
    part_of: str | None = None
    """The field that this column and its neighbours say together, with a tick in one of them."""

    @property
    def is_our_own(self) -> bool:
        """Whether it is a column that the sheet does not have: made of ticks, or of what stands outside the rows."""
        return self.how == GIVEN or (self.how == TICK and self.part_of is None)


@dataclass(frozen=True, slots=True)
class Given:
    """A value that stands outside the rows it is true of: in a section row, a title, or the sheet's name."""

    field: str
    value: str
    source: str
    """Where it was found, in Chinese: 分段行, 标题, 工作表名."""
    cell: Cell
    rows: tuple[int, ...]
    """The data rows that have it from there."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Rows that say something else than their section row, title or sheet; what is typed in the row holds."""

    field: str
    given: str
    source: str
    typed: str
    cell: Cell
    """Of the first such row."""
    rows: int


@dataclass(frozen=True, slots=True)
class Clash:
    """A row with several ticks where one is meant; its value can't be told."""

    field: str
    row: int
    cell: Cell
    words: tuple[str, ...]
    """What was ticked."""


@dataclass
class Table:
    """One table of a sheet. Rows and columns are 0-based, as on the sheet."""

    form: type[Form]
    sheet: RawSheet
    header_rows: tuple[int, int]
    columns: list[ColumnFound]
    unit_note: tuple[Unit, ...] = ()
    """The units a 单位 row above the header states."""
    data_rows: list[int] = field(default_factory=list)
    totals: list[tuple[int, str]] = field(default_factory=list)
    named_totals: set[int] = field(default_factory=set)
    """Total rows whose name column says so (R03)."""
    nameless: list[int] = field(default_factory=list)
    """Rows with content but without what identifies them (R02)."""
    skipped: list[tuple[int, str]] = field(default_factory=list)
    """Rows that are no data: notes, repeated headers, the sample row …, each with why."""
    given: list[Given] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)
    beside: bool = False
    """Another table of the same form stands in the same rows, further to the left."""
    score: float = 0.0
    title_rows: range = range(0)
    """The rows above its header that belong to it."""
    places: dict[Cell, Cell] = field(default_factory=dict)
    """Cells whose value stands elsewhere on the sheet, and where: what is given, and what ticks say."""

    @cached_property
    def fields(self) -> dict[str, ColumnFound]:
        """The columns by field, personal ones left out."""
        return {found.field: found for found in self.columns if found.field and not found.personal}

    @property
    def unmapped(self) -> list[ColumnFound]:
        return [c for c in self.columns if c.field is None and c.part_of is None and c.header]

    @property
    def span(self) -> tuple[int, int]:
        """Its first and last column with a heading."""
        indices = [found.index for found in self.columns if found.header and not found.is_our_own]
        return min(indices), max(indices)

    @property
    def source(self) -> str:
        """The sheet it is on, as records name it: rows of tables beside each other stay apart."""
        if not self.beside:
            return self.sheet.name
        first, last = self.span
        return f"{self.sheet.name}({column_letter(first)}—{column_letter(last)}列)"

    def where(self, row: int, column: int) -> str:
        """The name of the cell in which a value really stands; of a merged range its first."""
        row, column = self.places.get((row, column), (row, column))
        for top, left, bottom, right in (*self._merged.get(row // BAND, ()), *self._merged.get(None, ())):
            if top <= row <= bottom and left <= column <= right:
                return cell_name(top, left)
        return cell_name(row, column)

    @cached_property
    def _merged(self) -> dict[int | None, list[tuple[int, int, int, int]]]:
        """The merged ranges by bands of rows; under None those over many bands."""
        bands: dict[int | None, list[tuple[int, int, int, int]]] = {}
        for area in self.sheet.merged:
            first, last = area[0] // BAND, area[2] // BAND
            for band in range(first, last + 1) if last - first < BAND else [None]:
                bands.setdefault(band, []).append(area)
        return bands


@dataclass(slots=True)
class SheetLayout:
    """What a sheet was taken for."""

    sheet: RawSheet
    form: type[Form] | None
    tables: list[Table]
    titles: list[str]
    """Texts above the first header."""
    hint: type[Form] | None = None
    """The form its name says; where the content says otherwise, ``form`` differs."""
    outline: Outline | None = None
    """Where its header seems to be, for a sheet that no form fits."""
    copy_of: str | None = None
    """The sheet it is a copy of, if so: then it has no tables."""


def tables_by_form(layouts: Iterable[SheetLayout]) -> Mapping[str, list[Table]]:
    """The tables of a workbook by the form they belong to."""
    grouped: dict[str, list[Table]] = {}
    for layout in layouts:
        for table in layout.tables:
            grouped.setdefault(table.form.name, []).append(table)
    return grouped
