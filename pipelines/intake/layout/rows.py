"""What every row below a header is: data, a total, a note, a section heading, a row without a name …

Most sheets hold plain rows only; one look at the names of all rows tells. Only where something is odd are rows looked
at one by one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipelines.forms import SAMPLE_ROW
from pipelines.forms.units import find_unit
from pipelines.intake.layout.grid import Grid, close, compact, is_filled
from pipelines.intake.layout.model import Table
from pipelines.intake.layout.streets import Place, place_in_section
from pipelines.intake.reader import Cell

TOTAL = re.compile(r"合计|小计|总计|共计|^其中|^平均|^累计$|^总和$")
NOTE = re.compile(
    r"^(?:附?注|备注|说明|填表|填报|制表|制单|审核|复核|经办|负责人|单位|联系|报送|上报|附件|附表|盖章|签字|统计时间|时间|日期|截[至止]"
    r"|数据|资料|来源)[^:：]{0,8}[:：]|^注[一1]|^附[件表][\d一二三四五六七八九十]{0,3}$"
    r"|^[(（]?(?:盖章|公章|签字|签章)[)）]?$"
)
SPECIAL = re.compile(
    TOTAL.pattern.replace("^", "").replace("$", "")
    + "|"
    + SAMPLE_ROW
    + "|注|说明|填表|审核|负责人|制表|联系|填报|报送|上报|例|来源|盖章|签字|复核|经办|制单|单位|附件|附表|时间|日期|截"
)
STREET_LIKE = re.compile(
    r"(?m)(?:街道|街道办|办事处|镇|乡|苏木)\s*(?:[(（][^()（）\n]*[)）]|共?\d+个)?[:：]?\s*$|[:：]"
)
"""In a column of names: a row that may be a section heading."""
SAMPLE = (SAMPLE_ROW, "例:", "例：")

HEADER_AGAIN, UNITS, NOTES, EXAMPLE, SECTION = "重复的表头", "单位或栏次行", "说明或签字行", "示例行", "分段标题"
TITLE = "标题"


@dataclass(frozen=True, slots=True)
class Section:
    """A row that says a value for the rows below it, or, without one, that the last one ends."""

    row: int
    place: Place | None
    cell: Cell


def sort_rows(
    grid: Grid,
    table: Table,
    stop: int,
    window: tuple[int, int],
    repeats: Collection[int] = (),
    between: Collection[int] = (),
) -> list[Section]:
    """Sort the rows from the header down to ``stop``, looking at the columns of ``window`` only. Returned: sections.

    ``repeats``: header rows of further pages; ``between``: the rows right above a further header, which may be titles.
    """
    cells = grid.cells
    start = _skip_units(grid, table, table.header_rows[1] + 1, stop, window)
    if start >= stop:
        return []
    _fill_merged(grid, start, stop)
    anchors = _anchors(table)
    first, lead = min(anchors, default=window[0]), window[0]
    names = [str(line[first]) for line in cells[start:stop]]
    leading = [str(line[lead]) for line in cells[start:stop]]
    # A close look is worth its time only where something is odd: no name, or a word that totals and notes have.
    listed = "\n".join(names)
    odd_words = SPECIAL.search(close("\n".join((listed, *leading))))
    if not (
        odd_words or repeats or between or "" in names or STREET_LIKE.search(listed) or any(map(str.isspace, names))
    ):
        table.data_rows += range(start, stop)
        return []
    sorting = _Sorting(grid, table, window, anchors, between)
    return sorting.run(range(start, stop), names, leading, repeats, bool(odd_words))


def _anchors(table: Table) -> list[int]:
    """The columns that tell rows apart, else the required ones."""
    fields, form = table.fields, table.form
    by_identity = [fields[c.field].index for c in form.columns if c.identity and c.field in fields]
    return by_identity or [fields[c.field].index for c in form.required_columns if c.field in fields]


class _Sorting:
    """The close look at the rows of one table."""

    def __init__(
        self,
        grid: Grid,
        table: Table,
        window: tuple[int, int],
        anchors: Sequence[int],
        between: Collection[int],
    ) -> None:
        self.grid, self.table, self.window, self.anchors, self.between = grid, table, window, anchors, between
        fields = table.fields
        self.passive = {fields[name].index for name in ("seq_no", "district_name") if name in fields}
        self.sections: list[Section] = []
        self.after_note = False

    def run(
        self,
        rows: range,
        names: Sequence[str],
        leading: Sequence[str],
        repeats: Collection[int],
        odd_words: bool,
    ) -> list[Section]:
        """Sort them."""
        table = self.table
        again = False
        for row, name, lead in zip(rows, names, leading, strict=True):
            if row in repeats:
                table.skipped.append((row, HEADER_AGAIN))
                again = True
                continue
            line = self._line(row)
            if again and _is_unit_row(line):
                table.skipped.append((row, UNITS))
                continue
            again = False
            if name and not name.isspace() and not (odd_words and SPECIAL.search(close(f"{lead}\n{name}"))):
                if row in self.between and sum(map(is_filled, line)) == 1 and not STREET_LIKE.search(name):
                    table.skipped.append((row, TITLE))
                    continue
                if STREET_LIKE.search(name) and (section := self._section(row, line)):
                    self.sections.append(section)
                    table.skipped.append((row, _section_text(section)))
                    continue
                table.data_rows.append(row)
                self.after_note = False
                continue
            self._odd(row, line, name)
        return self.sections

    def _line(self, row: int) -> Sequence[object]:
        left, right = self.window
        cells = self.grid.cells[row]
        return cells if not left and right >= len(cells) - 1 else cells[left : right + 1]

    def _odd(self, row: int, line: Sequence[object], name: str) -> None:
        table = self.table
        kind, text = self._kind(row, line)
        if kind == "data":
            table.data_rows.append(row)
            self.after_note = False
        elif kind == "total":
            table.totals.append((row, text))
            if TOTAL.search(compact(name)):
                table.named_totals.add(row)
            if self.sections and table.data_rows and table.data_rows[-1] > self.sections[-1].row:
                self.sections.append(Section(row, None, (row, self.window[0])))
        elif kind == "nameless" and row in self.between:
            table.skipped.append((row, TITLE))
        elif kind == "nameless":
            table.nameless.append(row)
        elif kind == SECTION:
            section = self._section(row, line)
            if section:
                self.sections.append(section)
            table.skipped.append((row, _section_text(section) if section else SECTION))
        elif kind in (NOTES, EXAMPLE):
            self.after_note = self.after_note or kind == NOTES
            table.skipped.append((row, kind))

    def _section(self, row: int, line: Sequence[object]) -> Section | None:
        """The section a row begins, when it holds nothing but its name (and perhaps how many there are)."""
        if any(column.identity and column.field == "subdistrict" for column in self.table.form.columns):
            return None  # there a row is about a subdistrict, and not headed by one
        filled = [i for i, cell in enumerate(line) if is_filled(cell)]
        if not filled or len(filled) > 3 or not isinstance(line[filled[0]], str):
            return None
        rest = [compact(line[i]) for i in filled[1:]]
        left = self.window[0]
        if any(i + left in self.anchors for i in filled[1:]) or not all(
            re.fullmatch(r"(?:共)?\d+(?:\.0)?个?(?:小区)?", text) for text in rest
        ):
            label, value = str(line[filled[0]]), str(line[filled[-1]])
            place = place_in_section(f"{label}:{value}") if len(filled) == 2 else None
            return Section(row, place, (row, left + filled[-1])) if place else None
        in_name = filled[0] + left in self.anchors
        place = place_in_section(str(line[filled[0]]), strict=in_name and not rest)
        return Section(row, place, (row, left + filled[0])) if place else None

    def _kind(self, row: int, line: Sequence[object]) -> tuple[str, str]:
        """What a row is that is no plain data row, and the label of a total."""
        left = self.window[0]
        filled = [i for i, cell in enumerate(line) if is_filled(cell)]
        if not filled:
            return "blank", ""
        texts = [compact(line[i]) for i in filled if isinstance(line[i], str)][:5]
        leading = texts[0] if texts else ""
        if leading.startswith(SAMPLE):
            return EXAMPLE, ""
        if len(filled) <= 6 and NOTE.match(leading):
            return NOTES, leading
        for text in texts[:4]:
            if TOTAL.search(text) and len(text) <= 20:
                return "total", text
        if self._section(row, line):
            return SECTION, leading
        if any(i + left in self.anchors for i in filled):
            return "data", ""
        if all(i + left in self.passive for i in filled) and all(len(text) <= 6 for text in texts):
            return "blank", ""
        if len(filled) == 1 or (self.after_note and len(filled) <= 3):
            return SECTION, leading
        return "nameless", ""


def _section_text(section: Section) -> str:
    return f"{SECTION}：{section.place.value}" if section.place else SECTION


# ── units and numbers of columns ──────────────────────────────────────────────────────────────────────────────────

_COLUMN_NAMES = frozenset((*"甲乙丙丁戊己庚辛壬癸—-/ABCDEFG", "——", "栏次", "行次", "栏目"))
_NUMBERED = re.compile(r"[(（]?(\d{1,3})(?:\.0)?[)）]?(?:[=＝].*)?")


def _skip_units(grid: Grid, table: Table, start: int, stop: int, window: tuple[int, int]) -> int:
    """Pass over rows of units and of column numbers right under the header, taking the units along."""
    left, right = window
    while start < min(stop, grid.height):
        line = grid.cells[start]
        # A column that is no part of the table may break the row of numbers.
        own = [line[found.index] for found in table.columns if found.field and found.index < len(line)]
        if not (_is_unit_row(line[left : right + 1]) or _is_unit_row(own)):
            break
        table.skipped.append((start, UNITS))
        _take_units(table, line)
        start += 1
    return start


def _is_unit_row(line: Sequence[object]) -> bool:
    """A row with nothing but units, or with the numbers of the columns (1 2 3 …, 甲 乙 …)."""
    filled = [cell for cell in line if is_filled(cell)]
    if len(filled) < 2 or (isinstance(filled[0], str) and len(filled[0]) > 12):
        return False
    words = [str(cell).strip() for cell in filled]
    if all(isinstance(cell, str) for cell in filled) and all(
        find_unit(word.strip("()（） ")) or word in _COLUMN_NAMES for word in words
    ):
        return True
    numbers = [int(found[1]) for word in words if (found := _NUMBERED.fullmatch(word))]
    rest = [word for word in words if not _NUMBERED.fullmatch(word)]
    steps = [after - before for before, after in pairwise(numbers)]
    if len(numbers) < 3 or min(steps) < 1 or max(steps) > 3 or sum(steps) > 1.5 * len(steps):
        return False
    if numbers[0] > 2:  # the first columns are another table's
        return len(numbers) > 3 and max(steps) == 1 and not rest
    return len(rest) <= 3 and all(word in _COLUMN_NAMES for word in rest)


def _take_units(table: Table, line: Sequence[object]) -> None:
    """Give columns without a unit in their header the one written under it."""
    for position, found in enumerate(table.columns):
        text = line[found.index] if found.index < len(line) else ""
        if found.unit is None and isinstance(text, str) and (unit := find_unit(text.strip("()（） "))):
            table.columns[position] = replace(found, unit=unit.name)


def _fill_merged(grid: Grid, start: int, stop: int) -> None:
    """Fill cells merged downwards with their value, inside the merge only."""
    left_over = 2 * grid.height * max(grid.right, 1)  # merged ranges that overlap without end are no sheet's
    for top, left, bottom, right in grid.sheet.merged:
        if top < start or top >= stop or bottom == top or left >= len(grid.cells[top]):
            continue
        left_over -= (min(bottom, grid.height - 1) - top) * (min(right, grid.right) - left + 1)
        if left_over < 0:
            return
        value = grid.cells[top][left]
        if value == "":
            continue
        for row in range(top + 1, min(bottom, grid.height - 1) + 1):
            for column in range(left, min(right, len(grid.cells[row]) - 1) + 1):
                if grid.cells[row][column] == "":
                    grid.cells[row][column] = value if column == left else ""
