"""Where the table on a sheet is: its header rows, which column is which field, its data rows, totals and notes.

Every row near the top is a candidate header, alone or as parent of the next; the one whose texts fit a form's headers
best wins. What was decided is kept, so that the receipt can show it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from pipelines.forms import FORMS, SAMPLE_ROW, Column, Form, headers
from pipelines.forms.units import Unit, find_unit, stated_units
from pipelines.intake.reader import RawSheet

COVER_SHEETS = ("填报说明", "封面")
REPORT_SHEETS = ("问题清单", "识别结果")
"""What a receipt adds to the district's workbook; no forms when it comes back."""

HEADER_DEPTH = 40
"""A header stands within the first rows of a sheet."""

TOTAL = re.compile(r"合计|小计|总计|共计|^其中|^平均")
NOTE = re.compile(
    r"^(注|备注|说明|填表说明|填报说明|制表|填表|填报人|审核|单位负责人|负责人|联系人|联系电话|填报日期|报送)[^:：]{0,6}[:：]|^注[:：1一]"
)
SPECIAL = re.compile(
    TOTAL.pattern.replace("^", "") + "|" + SAMPLE_ROW + "|注|说明|填表|审核|负责人|制表|联系|填报|报送|例"
)


@dataclass(frozen=True, slots=True)
class ColumnFound:
    """One column of a sheet and what it was taken for. ``field`` is None when no field fits."""

    index: int
    header: str
    field: str | None = None
    unit: str | None = None
    problem: str | None = None
    """``duplicate``: another column has the field; ``ambiguous``: the header needs a parent to be told apart."""
    personal: bool = False


@dataclass
class Table:
    """One table of a sheet. Rows are 0-based sheet rows."""

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

    @cached_property
    def fields(self) -> dict[str, ColumnFound]:
        """The columns by field, personal ones left out."""
        return {found.field: found for found in self.columns if found.field and not found.personal}

    @property
    def unmapped(self) -> list[ColumnFound]:
        return [found for found in self.columns if found.field is None and found.header]


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


# ── sheets ────────────────────────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1024)
def form_of_sheet_name(name: str) -> type[Form] | None:
    """The form a sheet's name says, exactly or with what people add: 附件2, a number, a district, 「(2)」."""
    if form := headers.form_of_sheet(name):
        return form
    folded = _key(name)
    known = ((_key(title), form) for form in FORMS.values() for title in (form.sheet, *form.sheet_aliases))
    inside = [(len(key), form.name) for key, form in known if len(key) >= 3 and key in folded]
    return FORMS[max(inside)[1]] if inside else None


def _key(text: str) -> str:
    return headers.header_key(headers.normalise_header(text)[0])


def is_cover(name: str) -> bool:
    """Whether a sheet is the cover."""
    return _key(name) in COVER_SHEETS


def is_report(name: str) -> bool:
    """Whether a sheet is one that a receipt added."""
    return name.strip() in REPORT_SHEETS


def lay_out(sheet: RawSheet) -> SheetLayout:
    """Find the tables of a sheet. One without a header that fits any form has ``form`` None and no tables."""
    hint = form_of_sheet_name(sheet.name)
    grid = _Grid(sheet)
    header = _best_header(grid, [hint]) if hint else None
    if header is None or header.score < 2 or (header.missing_required and header.share < 0.5):
        others = [form for form in FORMS.values() if form is not hint]
        other = _best_header(grid, others)
        if other and not other.missing_required and (header is None or other.score > 1.5 * header.score):
            header = other
    if header is None:
        return SheetLayout(sheet, None, [], _texts(sheet.cells[:HEADER_DEPTH]), hint)
    titles = _texts(sheet.cells[: header.first])
    table = Table(header.form, sheet, (header.first, header.last), list(header.columns), _unit_note(titles))
    return SheetLayout(sheet, header.form, _rows(grid, table), titles, hint)


def _texts(rows: Iterable[Sequence[object]]) -> list[str]:
    return [str(cell).strip() for row in rows for cell in row if isinstance(cell, str) and cell.strip()]


def _unit_note(titles: Iterable[str]) -> tuple[Unit, ...]:
    """What a 「单位:万平方米、户」 above the header says."""
    return tuple(unit for text in titles for unit in stated_units(text))


# ── header rows ───────────────────────────────────────────────────────────────────────────────────────────────────


class _Grid:
    """The cells of a sheet with merged ranges spread over header rows."""

    def __init__(self, sheet: RawSheet) -> None:
        self.sheet = sheet
        self.cells = sheet.cells
        self.height = len(sheet.cells)
        self.merged_in_row: dict[int, list[tuple[int, int, int, int]]] = {}
        for area in sheet.merged:
            for row in range(area[0], min(area[2], self.height - 1) + 1):
                self.merged_in_row.setdefault(row, []).append(area)

    def heading_row(self, row: int) -> list[str]:
        """The texts of a row, merged ranges filled across and down."""
        texts = [
            cell.strip() if isinstance(cell, str) else "" if cell is None else str(cell) for cell in self.cells[row]
        ]
        for top, left, _, right in self.merged_in_row.get(row, ()):
            if top < self.height:
                origin = self.cells[top][left] if left < len(self.cells[top]) else ""
                for column in range(left, min(right + 1, len(texts))):
                    texts[column] = str(origin or "").strip()
        return texts

    def is_vertical(self, row: int, column: int) -> bool:
        """Whether the cell belongs to a range merged downwards that starts above it."""
        return any(top < row and left <= column <= right for top, left, _, right in self.merged_in_row.get(row, ()))


@dataclass(frozen=True, slots=True)
class _Header:
    form: type[Form]
    first: int
    last: int
    columns: list[ColumnFound]
    score: float
    share: float
    """Matched columns of those with a heading."""
    missing_required: int


def _best_header(grid: _Grid, forms: Sequence[type[Form]]) -> _Header | None:
    """The best of all rows near the top and of all pairs of rows; at equal score the first, and one row before two.

    Once a header with every required column is found, only the row below it is looked at: it might hold its leaves.
    """
    best: _Header | None = None
    previous: list[str] = []
    previous_keys: list[str] = []
    for row in range(min(grid.height, HEADER_DEPTH)):
        if best and not best.missing_required and row > best.last + 1:
            break
        texts = grid.heading_row(row)
        keys = [_leaf_key(text) for text in texts]
        for form in forms:
            known = headers.index(form)
            hits, hits_above = sum(key in known for key in keys), sum(key in known for key in previous_keys)
            options = []
            if hits >= 2:
                options.append(_score(form.name, row, row, tuple(("", text) for text in texts)))
            if hits + hits_above >= 2 and any(keys) and any(previous_keys):
                options.append(_score(form.name, row - 1, row, tuple(_joined(grid, row, previous, texts))))
            for option in filter(None, options):
                if best is None or option.score > best.score:
                    best = option
        previous, previous_keys = texts, keys
    return best


@lru_cache(maxsize=16_384)
def _leaf_key(text: str) -> str:
    """A heading as headings are compared; a text too long to be one is none."""
    return _key(text) if text and len(text) <= 40 else ""


def _joined(grid: _Grid, row: int, parents: list[str], leaves: list[str]) -> list[tuple[str, str]]:
    """Parent and leaf of each column of a two-row header. A parent without merge reaches to the next parent (CSV)."""
    joined, parent = [], ""
    merged = grid.merged_in_row.get(row - 1)
    for column, (above, leaf) in enumerate(zip(parents, leaves, strict=False)):
        if above:
            parent = above
        elif merged:
            parent = ""
        if grid.is_vertical(row, column) or not leaf:
            joined.append(("", above))
        else:
            joined.append((parent, leaf))
    return joined


@lru_cache(maxsize=2_048)
def _score(form_name: str, first: int, last: int, headings: tuple[tuple[str, str], ...]) -> _Header | None:
    """How well headings fit a form: one point a field, a half more where it is required; None when hardly at all."""
    form = FORMS[form_name]
    columns = match_columns(form, headings)
    fields = {found.field for found in columns if found.field}
    if len(fields) < 2:
        return None
    required = {column.field for column in form.required_columns}
    named = sum(bool(leaf) for _, leaf in headings)
    if first < last and sum(bool(parent) for parent, _ in headings) == 0:
        return None
    return _Header(
        form,
        first,
        last,
        columns,
        len(fields) + 0.5 * len(fields & required) - 0.1 * (last - first),
        len([found for found in columns if found.field]) / max(named, 1),
        len(required - fields),
    )


def match_columns(form: type[Form], headings: Sequence[tuple[str, str]]) -> list[ColumnFound]:
    """Which column is which field. ``headings``: parent ("" when there is none) and leaf of each column.

    Parent and leaf joined are matched first, then the leaf; a leaf that occurs twice needs its parent. Where two
    columns fit one field, the one with the canonical header has it, else the first.
    """
    known = headers.index(form)
    names = [(headers.normalise_header(parent), headers.normalise_header(leaf)) for parent, leaf in headings]
    keys = [headers.header_key(leaf) for _, (leaf, _) in names]
    holders: dict[str, tuple[int, bool]] = {}
    found: list[ColumnFound] = []
    for index, ((above, unit_above), (name, unit)) in enumerate(names):
        heading = " ".join("-".join(filter(None, headings[index])).split())
        if not name:
            found.append(ColumnFound(index, ""))
            continue
        unit = unit or unit_above
        column = known.get(headers.header_key(above + name)) if above else None
        if column is None:
            column = known.get(keys[index])
            if column and not column.personal and above and keys.count(keys[index]) > 1:
                found.append(ColumnFound(index, heading, unit=unit, problem="ambiguous"))
                continue
        if column is None:
            found.append(ColumnFound(index, heading, unit=unit))
            continue
        canonical = keys[index] == headers.header_key(column.header)
        if column.field in holders and not column.personal:
            holder, holder_canonical = holders[column.field]
            if holder_canonical or not canonical:
                found.append(ColumnFound(index, heading, unit=unit, problem="duplicate"))
                continue
            found[holder] = replace(found[holder], field=None, problem="duplicate")
        holders[column.field] = index, canonical
        found.append(ColumnFound(index, heading, column.field, unit, personal=column.personal))
    return found


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rows(grid: _Grid, table: Table) -> list[Table]:
    """Sort the rows below a header into data, totals, notes …; a new header below begins another table."""
    cells, form = grid.cells, table.form
    start = table.header_rows[1] + 1
    if start < grid.height and _is_unit_row(cells[start]):
        table.skipped.append((start, "单位或栏次行"))
        _take_units(table, cells[start])
        start += 1
    fields = table.fields
    anchors = [fields[c.field].index for c in form.columns if c.identity and c.field in fields]
    if not anchors:
        anchors = [fields[c.field].index for c in form.required_columns if c.field in fields]
    heading = {found.index: found.header.rpartition("-")[2] for found in table.columns if found.field}
    passive = {fields[name].index for name in ("seq_no", "district_name") if name in fields}
    _fill_merged(grid, start)
    first = min(anchors, default=0)
    names = [str(line[first]) for line in cells[start:]]
    leading = [str(line[0]) for line in cells[start:]]
    # Most sheets hold plain rows only: one look at all names tells.
    texts = _close("\n".join((*names, *leading)))
    is_plain = not SPECIAL.search(texts) and _close(heading.get(first, "\0")) not in texts
    after_note = False
    for row, (name, lead) in enumerate(zip(names, leading, strict=True), start=start):
        if is_plain and name and not name.isspace():
            table.data_rows.append(row)
            continue
        if _compact(name) == _close(heading.get(first, "")) and _repeats_header(cells[row], heading):
            table.skipped.append((row, "重复的表头"))
            continue
        if name and not name.isspace() and not SPECIAL.search(_close(f"{lead}\n{name}")):
            table.data_rows.append(row)
            continue
        kind, text = _kind_of(cells[row], anchors, passive, after_note)
        if kind == "data":
            table.data_rows.append(row)
        elif kind == "total":
            table.totals.append((row, text))
            if TOTAL.search(_compact(name)):
                table.named_totals.add(row)
        elif kind == "nameless":
            table.nameless.append(row)
        elif kind in SKIPPED:
            after_note = after_note or kind == "note"
            table.skipped.append((row, SKIPPED[kind]))
    return [table]


SKIPPED = {"note": "说明或签字行", "sample": "示例行", "section": "分段标题"}


def _close(text: str) -> str:
    """A text without the spaces that spread words out in print: 合　计."""
    return re.sub(r"[ \t\u3000\xa0\u200b]+", "", text)


def _compact(text: object) -> str:
    return re.sub(r"[\s\u200b]", "", str(text))


def _kind_of(line: Sequence[object], anchors: Sequence[int], passive: set[int], after_note: bool) -> tuple[str, str]:
    """What a row is that is no plain data row: blank, data, total, nameless, note, sample or section; and its label."""
    filled = [
        i
        for i, cell in enumerate(line)
        if cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())
    ]
    if not filled:
        return "blank", ""
    texts = [_compact(line[i]) for i in filled if isinstance(line[i], str)][:5]
    leading = texts[0] if texts else ""
    if leading.startswith((SAMPLE_ROW, "例:", "例：")):
        return "sample", ""
    if len(filled) <= 6 and NOTE.match(leading):
        return "note", leading
    for text in texts[:4]:
        if TOTAL.search(text) and len(text) <= 20:
            return "total", text
    if any(i in anchors for i in filled):
        return "data", ""
    if all(i in passive for i in filled) and all(len(text) <= 6 for text in texts):
        return "blank", ""
    if len(filled) == 1 or (after_note and len(filled) <= 3):
        return "section", leading
    return "nameless", ""


def _repeats_header(line: Sequence[object], heading: Mapping[int, str]) -> bool:
    same = sum(1 for index, text in heading.items() if index < len(line) and _compact(line[index]) == _close(text))
    return same >= max(2, len(heading) // 2)


def _is_unit_row(line: Sequence[object]) -> bool:
    """A row right under the header with nothing but units, or with the numbers of the columns (1 2 3 …, 甲 乙 …)."""
    filled = [cell for cell in line if cell not in ("", None)]
    if len(filled) < 2:
        return False
    if all(isinstance(cell, str) and (find_unit(cell) or cell.strip() in "甲乙丙丁戊己庚辛 ——/") for cell in filled):
        return True
    numbers = [int(n[1]) for cell in filled if (n := re.fullmatch(r"[(（]?(\d{1,3})(?:\.0)?[)）]?", str(cell).strip()))]
    rest = len(filled) - len(numbers)
    return len(numbers) >= 3 and rest <= 3 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _take_units(table: Table, line: Sequence[object]) -> None:
    """Give columns without a unit in their header the one written under it."""
    for position, found in enumerate(table.columns):
        text = line[found.index] if found.index < len(line) else ""
        if found.unit is None and isinstance(text, str) and (unit := find_unit(text.strip("()（） "))):
            table.columns[position] = replace(found, unit=unit.name)


def _fill_merged(grid: _Grid, start: int) -> None:
    """Fill cells merged downwards with their value, inside the merge only."""
    for top, left, bottom, right in grid.sheet.merged:
        if top < start or bottom == top:
            continue
        value = grid.cells[top][left] if left < len(grid.cells[top]) else ""
        if value == "":
            continue
        for row in range(top + 1, min(bottom, grid.height - 1) + 1):
            for column in range(left, min(right, len(grid.cells[row]) - 1) + 1):
                if grid.cells[row][column] == "":
                    grid.cells[row][column] = value if column == left else ""


def missing_required(form: type[Form], tables: Sequence[Table]) -> list[Column]:
    """The required columns of a form that none of its tables has."""
    present = {name for table in tables for name in table.fields}
    return [column for column in form.required_columns if column.field not in present]


def tables_by_form(layouts: Iterable[SheetLayout]) -> Mapping[str, list[Table]]:
    """The tables of a workbook by the form they belong to."""
    grouped: dict[str, list[Table]] = {}
    for layout in layouts:
        for table in layout.tables:
            grouped.setdefault(table.form.name, []).append(table)
    return grouped
