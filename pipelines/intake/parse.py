"""Cells of found tables → typed columns, many workbooks at once; what can't be read becomes an issue with its cell.

Distinct raw values of a column are read once. Rows of all workbooks of a batch are gathered per form, so that the
schemas and rules afterwards look at one frame and not at many small ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.forms import Column, Form, Parsed, Problem
from pipelines.forms.personal import find as find_personal
from pipelines.forms.personal import mask
from pipelines.forms.problems import problem
from pipelines.forms.types import Decimal as DecimalType
from pipelines.forms.types import PartialDate, Percent
from pipelines.forms.units import Unit, find_unit
from pipelines.forms.values import clean, is_fraction_column
from pipelines.intake.issues import Issue
from pipelines.intake.layout import Table
from pipelines.intake.plain import plain_days, plain_numbers, plain_texts

_EPOCH = date(1970, 1, 1)
_1904 = timedelta(days=1462)
RAW_SHOWN = 60
"""So much of a cell's text is kept with its issue."""

FLAGS = ("unit_not_stated", "needs_company")
"""Markers of a reading that rules over whole rows look at; frames have them as Boolean ``_<marker>`` columns."""


@dataclass
class Rows:
    """The rows of one form over a batch of workbooks, column by column. All lists have one entry per row."""

    form: type[Form]
    book: list[int] = field(default_factory=list)
    table: list[int] = field(default_factory=list)
    """Position in ``tables``."""
    row: list[int] = field(default_factory=list)
    """0-based sheet row."""
    values: dict[str, list[Any]] = field(default_factory=dict)
    """Record column → values, decimals as text and dates as days since 1970."""
    flags: dict[str, list[bool]] = field(default_factory=dict)
    withheld: dict[int, list[str]] = field(default_factory=dict)
    """Row → the fields whose value was typed and could not be kept."""
    first_table: dict[int, Table] = field(default_factory=dict)
    """Workbook → its first table with rows."""
    tables: list[Table] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.values = {name: [] for column in self.form.columns for name in column.record_columns}
        self.flags = {name: [] for name in FLAGS}

    def __len__(self) -> int:
        return len(self.row)

    def withhold(self, row: int, name: str) -> None:
        fields = self.withheld.setdefault(row, [])
        if name not in fields:
            fields.append(name)

    def frame(self) -> pl.DataFrame:
        """All rows as one typed frame: ``_row`` (position here), ``_book``, the record columns, the flags."""
        data: dict[str, pl.Series] = {
            "_row": pl.int_range(len(self), dtype=pl.UInt32, eager=True),
            "_book": pl.Series(self.book, dtype=pl.UInt32),
        }
        for name, values in self.values.items():
            data[name] = _series(values, self.form.record_schema[name])
        for name, flags in self.flags.items():
            data[f"_{name}"] = pl.Series(flags, dtype=pl.Boolean)
        return pl.DataFrame(data)


def _series(values: list[Any], dtype: pl.DataType) -> pl.Series:
    if isinstance(dtype, pl.Decimal):
        return pl.Series(values, dtype=pl.String).cast(dtype)
    if isinstance(dtype, pl.Date):
        return pl.Series(values, dtype=pl.Int32).cast(pl.Date)
    return pl.Series(values, dtype=dtype)


def read_table(rows: Rows, book: int, table: Table, units: Sequence[Unit], date1904: bool, issues: list[Issue]) -> None:
    """Read the data rows of a table into ``rows``; findings go to ``issues``.

    ``units``: what the cover states, for columns whose unit neither the header nor a 单位 row says.
    """
    count, start = len(table.data_rows), len(rows)
    rows.book += [book] * count
    rows.table += [len(rows.tables)] * count
    if count:
        rows.first_table.setdefault(book, table)
    rows.tables.append(table)
    rows.row += table.data_rows
    for flags in rows.flags.values():
        flags += [False] * count
    _Reading(rows, start, table, units, date1904, issues).run()


MEMO_SIZE = 50_000
"""So many distinct values of a column are remembered from workbook to workbook."""


@dataclass(slots=True)
class _Memo:
    """What distinct raw values of a column read as. ``odd``: those with a problem or a marker."""

    stored: dict[object, Any] = field(default_factory=dict)
    precision: dict[object, str] = field(default_factory=dict)
    raw: dict[object, Any] = field(default_factory=dict)
    odd: dict[object, Parsed] = field(default_factory=dict)


_MEMOS: dict[tuple[str, str, str | None, bool], _Memo] = {}


def _memo(form: str, name: str, unit: str | None, date1904: bool) -> _Memo:
    """The memory of a column under a unit; forgotten when it grows too large."""
    key = form, name, unit, date1904
    memo = _MEMOS.get(key)
    if memo is None or len(memo.stored) > MEMO_SIZE:
        memo = _MEMOS[key] = _Memo()
    return memo


class _Reading:
    """The reading of one table."""

    def __init__(
        self, rows: Rows, start: int, table: Table, units: Sequence[Unit], date1904: bool, issues: list[Issue]
    ) -> None:
        self.rows, self.start, self.table, self.issues = rows, start, table, issues
        self.form, self.sheet = table.form, table.sheet
        self.units = (*table.unit_note, *units)
        self.date1904 = date1904
        self.count = len(table.data_rows)
        self.raw = _columns(self.sheet.cells, table.data_rows)
        self.pending: list[tuple[Column, int, Parsed]] = []

    def run(self) -> None:
        if not self.count:
            return
        for column in self.form.columns:
            found = self.table.fields.get(column.field)
            if column.personal:
                continue
            if found is None or found.index >= len(self.raw):
                for name in column.record_columns:
                    self.rows.values[name] += [None] * self.count
            else:
                self._read(column, self.raw[found.index], found.index, found.unit)
        for column in self.form.alternatives:
            if found := self.table.fields.get(column.field):
                self._read_period(column, self.raw[found.index], found.index)
        self._row_units()
        self._settle_percents()
        self._uncomputed()
        self._clashes()
        for found in self.table.unmapped:
            if found.index < len(self.raw):
                self._look_for_personal(found.index, found.header)

    # ── columns ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, column: Column, raw: tuple[object, ...], index: int, unit: str | None) -> None:
        names = list(column.record_columns)
        distinct = set(raw)
        if distinct == {""}:
            for name in names:
                self.rows.values[name] += [None] * self.count
            return
        if (True in distinct or False in distinct) and any(isinstance(value, bool) for value in raw):
            # True and 1.0 are one dictionary key; as words they are two.
            raw = tuple(str(value).upper() if isinstance(value, bool) else value for value in raw)
            distinct = set(raw)
        percent = isinstance(column.type, Percent)
        unit = self._unit(column, raw, index) if percent else unit or self._stated_unit(column)
        memo = _memo(self.form.name, column.field, unit, self.date1904)
        if new := distinct.difference(memo.stored):
            self._learn(memo, column, unit, new)
        values = self.rows.values
        values[names[0]] += map(memo.stored.__getitem__, raw)
        if len(names) > 1:
            values[names[1]] += map(memo.precision.get, raw)
            values[names[2]] += map(memo.raw.get, raw)
        if not memo.odd.keys().isdisjoint(distinct):
            for position, value in enumerate(raw):
                if value in memo.odd:
                    self._note(column, position, index, memo.odd[value])
        if percent and self.sheet.percent_cells:
            self._percent_cells(column, raw, index)

    def _learn(self, memo: _Memo, column: Column, unit: str | None, new: set[object]) -> None:
        """Read values that were not seen before in a column of this kind."""
        plain = plain_texts(column, new)
        memo.stored.update(zip(plain, plain, strict=True))
        numbers = plain_numbers(column, unit, new)
        memo.stored.update(numbers)
        days = plain_days(column, new)
        memo.stored.update((text, _days(day)) for text, day in days.items())
        memo.precision.update(dict.fromkeys(days, "day"))
        memo.raw.update(zip(days, days, strict=True))
        for value in new.difference(plain, numbers, days):
            parsed = self._parse(column, value, unit)
            memo.stored[value] = _stored(column, parsed.value)
            if parsed.problem or parsed.marker:
                memo.odd[value] = parsed
            if parsed.precision:
                memo.precision[value] = parsed.precision
            if parsed.raw:
                memo.raw[value] = _raw_text(parsed)

    def _parse(self, column: Column, value: object, unit: str | None) -> Parsed:
        if (
            self.date1904
            and isinstance(value, float)
            and isinstance(column.type, PartialDate)
            and 8_000 < value < 80_000
        ):
            value = value + _1904.days
        return column.parse(value, unit=unit)

    def _stated_unit(self, column: Column) -> str | None:
        """The unit a 单位 row or the cover gives for this kind of quantity."""
        wanted = find_unit(column.unit) if column.unit else None
        if wanted is None or wanted.dimension not in ("area", "money"):
            return None
        return next((unit.name for unit in self.units if unit.dimension == wanted.dimension), None)

    def _unit(self, column: Column, raw: Sequence[object], index: int) -> str | None:
        """``fraction`` for a percent column whose plain cells are fractions of 1."""
        formatted = self.sheet.percent_cells
        rows = self.table.data_rows
        plain = [v for position, v in enumerate(raw) if not formatted or (rows[position], index) not in formatted]
        return "fraction" if is_fraction_column(plain) else None

    def _percent_cells(self, column: Column, raw: Sequence[object], index: int) -> None:
        """Cells with a percent format hold fractions: ×100."""
        values = self.rows.values[column.field]
        for position, row in enumerate(self.table.data_rows):
            if (row, index) in self.sheet.percent_cells and isinstance(raw[position], float):
                parsed = column.parse(raw[position], percent_format=True)
                self._forget(column, position, index)
                values[self.start + position] = parsed.value
                if parsed.problem:
                    self._note(column, position, index, parsed)

    def _forget(self, column: Column, position: int, index: int) -> None:
        """Take back what was noted about a cell before its format was looked at."""
        self.pending = [p for p in self.pending if (p[0], p[1]) != (column, position)]
        cell = self.table.where(self.table.data_rows[position], index)
        self.issues[:] = [i for i in self.issues if (i.sheet, i.cell, i.field) != (self.sheet.name, cell, column.field)]
        self.rows.withheld.get(self.start + position, []).clear()

    def _read_period(self, column: Column, raw: Sequence[object], index: int) -> None:
        """Start and end in one cell fill the two date columns where these are blank."""
        sides = ("contract_start", "contract_end")
        read = {value: column.parse(value) for value in set(raw)}
        for position, value in enumerate(raw):
            parsed = read[value]
            if parsed.problem:
                self._note(column, position, index, parsed)
            for side, part in zip(sides, parsed.value or (), strict=False):
                values = self.rows.values
                if part.value is not None and values[side][self.start + position] is None:
                    values[side][self.start + position] = _days(part.value)
                    values[f"{side}_precision"][self.start + position] = part.precision
                    values[f"{side}_raw"][self.start + position] = _raw_text(parsed) or _raw_text(part)

    def _row_units(self) -> None:
        """Where a sheet has one unit per row (汇总表), its number counts in that unit."""
        value, unit = self.table.fields.get("value"), self.table.fields.get("unit")
        if value is None or unit is None:
            return
        column = self.form.column("value")
        for position, (raw, stated) in enumerate(zip(self.raw[value.index], self.raw[unit.index], strict=True)):
            if isinstance(stated, str) and find_unit(stated):
                parsed = column.parse(raw, unit=stated)
                if parsed.value is not None:
                    self.rows.values["value"][self.start + position] = _stored(column, parsed.value)

    # ── findings ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _note(self, column: Column, position: int, index: int, parsed: Parsed) -> None:
        row = self.start + position
        if parsed.marker in self.rows.flags:
            self.rows.flags[parsed.marker][row] = True
        if parsed.marker == "ambiguous_percent" or (parsed.problem and parsed.problem.rule_id == "percent_below_one"):
            self.pending.append((column, position, parsed))
            return
        if parsed.problem:
            self._add(parsed.problem, column.field, position, index)
            if parsed.state == "withheld":
                self.rows.withhold(row, column.field)

    def _add(self, said: Problem, name: str | None, position: int, index: int) -> None:
        row = self.table.data_rows[position]
        self.issues.append(
            Issue(
                said.severity,
                said.rule_id,
                said.message,
                said.remedy,
                self.sheet.name,
                self.table.where(row, index),
                row + 1,
                self.form.name,
                name,
                self.entity(position),
                shown(self.raw[index][position]),
            )
        )

    def entity(self, position: int) -> str | None:
        return entity_of(self.table, self.table.data_rows[position])

    def _settle_percents(self) -> None:
        """A lone 1, or a number below 1 among percents: settled by recomputation where the row allows it."""
        for column, position, parsed in self.pending:
            row = self.start + position
            index = self.table.fields[column.field].index
            recompute = RECOMPUTED.get((self.form.name, column.field))
            expected = recompute(self.rows.values, row) if recompute else None
            typed = parsed.value if parsed.value is not None else 1.0
            candidates = [rate for rate in (typed, typed * 100) if expected is not None and abs(rate - expected) <= 0.1]
            if len(candidates) == 1:
                self.rows.values[column.field][row] = candidates[0]
                continue
            assert parsed.problem is not None
            self._add(parsed.problem, column.field, position, index)
            if parsed.state == "withheld":
                self.rows.withhold(row, column.field)

    def _uncomputed(self) -> None:
        """Error values and formulas without a result read as blank; they are none."""
        if not self.sheet.error_cells and not self.sheet.formula_without_value:
            return
        positions = {row: position for position, row in enumerate(self.table.data_rows)}
        for name, found in self.table.fields.items():
            header = self.form.column(name).header
            for cells, kind in (
                (self.sheet.error_cells, problem("formula_error", header)),
                (self.sheet.formula_without_value, problem("formula_without_value", header)),
            ):
                for row, index in cells:
                    if index == found.index and row in positions and self.raw[index][positions[row]] == "":
                        self._add(kind, name, positions[row], index)
                        self.rows.withhold(self.start + positions[row], name)

    def _clashes(self) -> None:
        """Several ticks where one is meant: none is chosen."""
        if not self.table.clashes:
            return
        positions = {row: position for position, row in enumerate(self.table.data_rows)}
        for clash in self.table.clashes:
            said = problem("several_ticks", self.form.column(clash.field).header, value="、".join(clash.words))
            self._add(said, clash.field, positions[clash.row], self.table.fields[clash.field].index)
            self.rows.withhold(self.start + positions[clash.row], clash.field)

    def _look_for_personal(self, index: int, header: str) -> None:
        """Personal data in a column that belongs to no field: it goes nowhere, but the district is told."""
        raw = self.raw[index]
        hits = {}
        for value in set(raw):
            text = value if isinstance(value, str) else clean(value) if isinstance(value, float) and value > 1e9 else ""
            if text and (found := find_personal(text)):
                kinds = {hit.kind for hit in found}
                hits[value] = problem("R26" if kinds & {"id_card", "id_card_15"} else "R27", header)
        if hits:
            for position, value in enumerate(raw):
                if value in hits:
                    self._add(hits[value], None, position, index)


def _columns(cells: list[list[object]], rows: Sequence[int]) -> list[tuple[object, ...]]:
    """The columns of the given rows, one tuple each."""
    if not rows:
        return []
    contiguous = rows[-1] - rows[0] + 1 == len(rows)
    lines: Iterable[Sequence[object]] = cells[rows[0] : rows[-1] + 1] if contiguous else [cells[row] for row in rows]
    return list(zip(*lines, strict=True))


def _stored(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, DecimalType):
        return str(value)
    return _days(value) if isinstance(column.type, PartialDate) else value


def _days(day: date) -> int:
    return (day - _EPOCH).days


def _raw_text(parsed: Parsed) -> str | None:
    return mask(parsed.raw)[:RAW_SHOWN] if parsed.raw else None


def shown(raw: object) -> str | None:
    """A cell's text as an issue may show it: masked and short."""
    text = mask(clean(raw))
    return (text if len(text) <= RAW_SHOWN else text[: RAW_SHOWN - 1] + "…") or None


def entity_of(table: Table, row: int) -> str | None:
    """What a row is about: its identifying text, masked."""
    line = table.sheet.cells[row]
    for column in table.form.columns:
        if column.identity and (found := table.fields.get(column.field)) and found.index < len(line):
            return shown(line[found.index])
    return None


# ── recomputation ─────────────────────────────────────────────────────────────────────────────────────────────────


def _satisfaction(values: dict[str, list[Any]], row: int) -> float | None:
    answers = values["valid_answers"][row]
    parts = [values[name][row] for name in ("very_satisfied", "satisfied", "fairly_satisfied")]
    if not answers or all(part is None for part in parts):
        return None
    return 100 * sum(part or 0 for part in parts) / answers


def _completion(values: dict[str, list[Any]], row: int) -> float | None:
    planned, actual = values["planned"][row], values["actual"][row]
    if planned is None or actual is None or not Decimal(planned):
        return None
    return float(100 * Decimal(actual) / Decimal(planned))


RECOMPUTED: dict[tuple[str, str], Callable[[dict[str, list[Any]], int], float | None]] = {
    ("satisfaction", "reported_rate"): _satisfaction,
    ("task", "completion_rate"): _completion,
}
"""Percent columns that the rest of their row determines."""


# ── totals ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Total:
    """A number in a 合计 or 小计 row: what the district claims its rows add up to."""

    form: str
    sheet: str
    row: int
    label: str
    field: str
    value: Decimal
    column: int
    """0-based column of its cell."""
    source: str = ""
    """The sheet as records name it: tables beside each other stay apart."""


def read_totals(table: Table, units: Sequence[Unit]) -> list[Total]:
    """The numbers in a table's total rows, in the units of the records. What is no number is left out."""
    totals = []
    reading = _Reading(Rows(table.form), 0, _without_rows(table), units, False, [])
    for row, label in table.totals:
        line = table.sheet.cells[row]
        for name, found in table.fields.items():
            column = table.form.column(name)
            cell = line[found.index] if found.index < len(line) else ""
            if not column.record_columns or not column.record_columns[column.field].is_numeric() or cell in ("", None):
                continue
            unit = "fraction" if (row, found.index) in table.sheet.percent_cells else found.unit
            value = column.parse(cell, unit=unit or reading._stated_unit(column)).value
            if isinstance(value, int | float | Decimal):
                place = table.form.name, table.sheet.name, row + 1, mask(label)
                totals.append(Total(*place, name, Decimal(str(value)), found.index, table.source))
    return totals


def _without_rows(table: Table) -> Table:
    return Table(table.form, table.sheet, table.header_rows, table.columns, table.unit_note)
