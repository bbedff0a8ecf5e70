"""Values that stand outside their rows, and columns that several columns say together, put into the rows.

Both get a column of our own, right of the sheet's last, or fill what is blank in the sheet's own column. The table
keeps where each value really stands, so that a finding points to a cell that is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.forms import Column
from pipelines.forms.keys import name_key, subdistrict_key
from pipelines.forms.values import clean
from pipelines.forms.vocabulary import codes, fold
from pipelines.intake.layout.grid import is_filled
from pipelines.intake.layout.matching import Ticked
from pipelines.intake.layout.model import GIVEN, TICK, Clash, ColumnFound, Conflict, Given, Table
from pipelines.intake.layout.rows import Section
from pipelines.intake.layout.streets import NEIGHBOURHOOD, SUBDISTRICT, Place
from pipelines.intake.reader import Cell

IN_SECTION, IN_TITLE, IN_SHEET_NAME = "分段行", "标题", "工作表名"
MOST_CONFLICTS = 3
"""So many other values are told one by one."""
_KEYS = {SUBDISTRICT: subdistrict_key, NEIGHBOURHOOD: name_key}


@dataclass(frozen=True, slots=True)
class Said:
    """A value said once for many rows, and where."""

    place: Place
    source: str
    cell: Cell


def give(table: Table, sections: Sequence[Section], outside: Sequence[Said]) -> None:
    """Give rows the street (and neighbourhood) of their section, else of the title, else of the sheet's name.

    What is typed in a row holds; where it differs the table notes a conflict. ``outside``: title first.
    """
    for name in (SUBDISTRICT, NEIGHBOURHOOD):
        column = next((c for c in table.form.columns if c.field == name and not c.identity), None)
        said = [s for s in outside if s.place.field == name]
        inside = any(s.place and s.place.field == name for s in sections)
        if column and (said or inside) and table.data_rows:
            _give(table, column, _by_row(table.data_rows, sections if inside else (), said, name))


def _by_row(rows: Sequence[int], sections: Sequence[Section], said: Sequence[Said], name: str) -> dict[int, Said]:
    """Which saying holds for each row."""
    holds: dict[int, Said] = {}
    usual = said[0] if said else None
    current, waiting = usual, list(sections)
    for row in rows:
        while waiting and waiting[0].row < row:
            section = waiting.pop(0)
            if section.place is None:
                current = usual
            elif section.place.field == name:
                current = Said(section.place, IN_SECTION, section.cell)
            elif section.place.field == SUBDISTRICT:  # another street: its neighbourhoods are others
                current = usual
        if current:
            holds[row] = current
    return holds


def _give(table: Table, column: Column, holds: Mapping[int, Said]) -> None:
    own = table.fields.get(column.field)
    cells = table.sheet.cells
    index = own.index if own else _add_column(table, column, GIVEN, table.span[0])
    key = _KEYS[column.field]
    taken: dict[Said, list[int]] = {}
    other: dict[tuple[Said, str], list[int]] = {}
    for row, said in holds.items():
        typed = clean(cells[row][index])
        if typed:
            if key(typed) != key(said.place.value):
                other.setdefault((said, typed), []).append(row)
            continue
        cells[row][index] = said.place.value
        table.places[row, index] = said.cell
        taken.setdefault(said, []).append(row)
    for said, rows in taken.items():
        table.given.append(Given(column.field, said.place.value, said.source, said.cell, tuple(rows)))
    for said in dict.fromkeys(said for said, _ in other):
        typed_rows = {typed: rows for (other_said, typed), rows in other.items() if other_said is said}
        if len(typed_rows) > MOST_CONFLICTS:  # what is said there is about none of these rows
            shown = "、".join(list(typed_rows)[:MOST_CONFLICTS]) + f"等{len(typed_rows)}个"
            typed_rows = {shown: sorted(row for rows in typed_rows.values() for row in rows)}
        for typed, rows in typed_rows.items():
            where = rows[0], index
            table.conflicts.append(Conflict(column.field, said.place.value, said.source, typed, where, len(rows)))


def _add_column(table: Table, column: Column, how: str, place: int) -> int:
    """A new blank column right of all others, whose header really stands at ``place``; its index."""
    index = len(table.sheet.cells[0])
    for line in table.sheet.cells:
        line.append("")
    table.columns.append(ColumnFound(index, column.header, column.field, how=how))
    table.__dict__.pop("fields", None)  # made anew with it
    table.places[table.header_rows[1], index] = table.header_rows[1], place
    return index


# ── ticks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_ticks(table: Table, groups: Sequence[Ticked]) -> None:
    """Make one column of each group of ticked ones. Two ticks in a row clash; a row without any is blank."""
    for group in groups:
        column = table.form.column(group.field)
        if column.field in table.fields:  # typed as well: the column itself holds
            continue
        index = _add_column(table, column, TICK, group.words[0][0])
        for row in table.data_rows:
            _read_tick(table, group, row, index)


def _read_tick(table: Table, group: Ticked, row: int, index: int) -> None:
    line = table.sheet.cells[row]
    filled = [(place, word, line[place]) for place, word in group.words if is_filled(line[place])]
    ticked = [(place, word, cell) for place, word, cell in filled if not _is_no(cell)]
    if len(ticked) > 1:
        table.clashes.append(Clash(group.field, row, (row, ticked[0][0]), tuple(word for _, word, _ in ticked)))
        table.places[row, index] = (row, ticked[0][0])
    elif ticked:
        place, word, cell = ticked[0]
        line[index] = word if _is_yes(cell) or fold(str(cell)) == fold(word) else cell
        table.places[row, index] = (row, place)
    elif filled and len(filled) == len(group.words) == 1:
        table.places[row, index] = (row, filled[0][0])


NOTHING = ("/", "-", "—")
_TICKS = frozenset("●○■▲Vv˅∨对")


def _is_yes(cell: object) -> bool:
    return cell is True or cell == 1 or codes("flag").get(fold(clean(cell))) == "true" or clean(cell) in _TICKS


def _is_no(cell: object) -> bool:
    return (
        cell is False or cell == 0 or codes("flag").get(fold(clean(cell))) == "false" or clean(cell) in ("/", "-", "—")
    )
