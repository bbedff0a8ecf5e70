"""A sheet → its tables: headers one below another and beside each other, each with the rows that are its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from pipelines.forms import FORMS, Form
from pipelines.forms.headers import BUILT_IN, Lexicon, key_of
from pipelines.forms.units import Unit, stated_units
from pipelines.intake.layout.given import IN_SHEET_NAME, IN_TITLE, Said, give, read_ticks
from pipelines.intake.layout.grid import Grid, is_filled
from pipelines.intake.layout.matching import ticks
from pipelines.intake.layout.model import SheetLayout, Table
from pipelines.intake.layout.outline import outline
from pipelines.intake.layout.rows import sort_rows
from pipelines.intake.layout.streets import street_in, street_in_titles
from pipelines.intake.layout.windows import (
    CLOSE,
    DEPTH,
    Header,
    best_at,
    evidence,
    fields_with_numbers,
    headings,
    is_mostly_known,
    likely_forms,
    may_be_header,
    split,
)
from pipelines.intake.reader import RawSheet

COVER_SHEETS = ("填报说明", "封面")

HEADER_DEPTH = 40
"""The first header stands within the first rows of a sheet."""
MOST_FIRST = 12
"""So many rows near the top are looked at closely."""
MOST_SEARCHES = 32
"""So many rows of a sheet are looked at closely for further headers; the same header again needs no close look."""
TITLE_ROWS = 6
"""So many rows above a further header may be its titles."""


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def form_of_sheet_name(name: str, lexicon: Lexicon = BUILT_IN) -> type[Form] | None:
    """The form a sheet's name says, exactly or with what people add: 附件2, a number, a district, 「(2)」."""
    return _form_of_sheet_name(name, lexicon)


@lru_cache(maxsize=2_048)
def _form_of_sheet_name(name: str, lexicon: Lexicon) -> type[Form] | None:
    if form := lexicon.form_of_sheet(name):
        return form
    folded = key_of(name)
    known = [(key_of(title), form.name) for form in FORMS.values() for title in (form.sheet, *form.sheet_aliases)]
    known += lexicon.sheets.items()
    inside = [(len(key), form) for key, form in known if len(key) >= 3 and key in folded]
    return FORMS[max(inside)[1]] if inside else None


def is_cover(name: str) -> bool:
    """Whether a sheet is the cover."""
    return key_of(name) in COVER_SHEETS


# ── a sheet ───────────────────────────────────────────────────────────────────────────────────────────────────────


def lay_out(sheet: RawSheet, lexicon: Lexicon = BUILT_IN) -> SheetLayout:
    """Find the tables of a sheet. One without a header that fits any form has ``form`` None and no tables."""
    hint = form_of_sheet_name(sheet.name, lexicon)
    grid = Grid(sheet)
    header = _first_header(grid, 0, hint, lexicon)
    if header is None:
        return SheetLayout(sheet, None, [], _texts(sheet.cells[:HEADER_DEPTH]), hint, outline(sheet))
    blocks: list[_Block] = []
    for strip, first in _strips(grid, header, hint, lexicon):
        blocks += _blocks(strip, first, hint, lexicon)
    tables = [_table(block, lexicon) for block in blocks]
    _set_apart(tables)
    titles = _texts(sheet.cells[: min(block.header.first for block in blocks)])
    return SheetLayout(sheet, tables[0].form, tables, titles, hint)


def _texts(rows: Iterable[Sequence[object]]) -> list[str]:
    return [str(cell).strip() for row in rows for cell in row if isinstance(cell, str) and cell.strip()]


def _set_apart(tables: Sequence[Table]) -> None:
    """Mark the tables whose rows are those of another one of their form, further to the left."""
    for number, table in enumerate(tables):
        rows = set(table.data_rows)
        table.beside = any(t.form is table.form and rows.intersection(t.data_rows) for t in tables[:number])


# ── tables between blank columns ──────────────────────────────────────────────────────────────────────────────────


def _strips(grid: Grid, header: Header, hint: type[Form] | None, lexicon: Lexicon) -> list[tuple[Grid, Header]]:
    """The parts of a sheet, between columns without anything in them, that are tables for themselves, each with its
    first header; mostly the whole sheet with the one that was found.
    """
    named = {column.index for column in header.columns if column.header}
    blank = [
        column
        for column in range(grid.left, grid.right + 1)
        if column not in named and not any(line[column] != "" and is_filled(line[column]) for line in grid.cells)
    ]
    if not blank:
        return [(grid, header)]
    parts: list[tuple[Grid, Header]] = []
    begins: int | None = None
    for left, right in pairwise([grid.left - 1, *blank, grid.right + 1]):
        if right - left <= 1:
            continue
        begins = left + 1 if begins is None else begins
        part = Grid(grid.sheet, begins, right - 1)
        first = _first_header(part, 0, hint, lexicon)
        if first and first.has_anchor and (not parts or _is_apart(part, first, parts[-1][1], lexicon)):
            parts.append((part, first))
        elif parts and not _begins_anew(part, parts[-1][1], lexicon):
            before = Grid(grid.sheet, parts[-1][0].left, right - 1)
            parts[-1] = before, _first_header(before, 0, hint, lexicon) or parts[-1][1]
        else:
            continue  # what tells its rows apart stands further to the right
        begins = None
    if len(parts) < 2:
        return [(grid, header)]
    leftmost = Grid(grid.sheet, grid.left, parts[0][0].right)
    parts[0] = leftmost, _first_header(leftmost, 0, hint, lexicon) or parts[0][1]
    return parts


def _begins_anew(part: Grid, before: Header, lexicon: Lexicon) -> bool:
    """Whether columns say again what the table left of them has already."""
    found = _first_header(part, 0, before.form, lexicon)
    fields = set(found.mapping.values()) if found else set()
    return bool(fields) and len(fields & set(before.mapping.values())) >= len(fields) / 2


def _is_apart(part: Grid, header: Header, before: Header, lexicon: Lexicon) -> bool:
    """Whether what stands right of a blank column is a table of its own and not more of the one before."""
    if header.form is before.form:
        return True
    more = best_at(part, header.last, header.first, [before.form], lexicon)
    new = set(more.mapping.values()) - set(before.mapping.values()) if more else set()
    return not header.missing_required and len(header.mapping) > len(new)


# ── the first header ──────────────────────────────────────────────────────────────────────────────────────────────


def _first_header(grid: Grid, start: int, hint: type[Form] | None, lexicon: Lexicon) -> Header | None:
    """The best header near the top. Below one that is whole, or likely and some rows away, none is looked for here."""
    best: Header | None = None
    searches = 0
    for row in range(start, min(grid.height, start + HEADER_DEPTH)):
        if best and best.share >= 0.5 and (not best.missing_required or (best.is_likely and row > best.last + DEPTH)):
            break
        if searches < MOST_FIRST and may_be_header(grid.texts(row), lexicon):
            searches += 1
            found = _header_at(grid, row, start, hint, lexicon)
            if found and (best is None or found.score > best.score):
                best = found
    return best


def _header_at(
    grid: Grid, row: int, start: int, hint: type[Form] | None, lexicon: Lexicon, usual: type[Form] | None = None
) -> Header | None:
    """The best header around a row: the hinted form's unless another form fits much better and whole."""
    hinted = best_at(grid, row, start, [hint], lexicon) if hint else None
    if hinted and not hinted.missing_required and hinted.share >= 0.5:
        return hinted
    other = _best_of_all(grid, row, start, [form for form in (usual, *FORMS.values()) if form is not hint], lexicon)
    if hinted is None or other is None:
        return hinted or other
    is_well = hinted.score >= 2 and (not hinted.missing_required or hinted.share >= 0.5)
    return other if not is_well and not other.missing_required and other.score > 1.5 * hinted.score else hinted


def _best_of_all(
    grid: Grid, row: int, start: int, forms: Sequence[type[Form] | None], lexicon: Lexicon
) -> Header | None:
    """The best header of any form around a row; of those that fit alike, the one that suits the cells below."""
    likely = likely_forms(grid, row, filter(None, dict.fromkeys(forms)), lexicon)
    found = (best_at(grid, row, start, [form], lexicon) for form in likely)
    fitting = [header for header in found if header and _is_plausible(header)]
    best = max((header.score for header in fitting), default=0.0)
    close = [header for header in fitting if header.score >= CLOSE * best]
    if len(close) < 2:
        return close[0] if close else None
    return max(close, key=lambda header: evidence(grid, header) + header.score / best)


def _is_plausible(header: Header) -> bool:
    """Whether a header that nothing hints at may be this form's: whole, or mostly understood."""
    if not header.has_anchor:
        return False
    if not header.missing_required:
        return True
    return header.is_likely and header.missing_required <= len(header.form.required_columns) / 2


# ── one below another, and beside each other ──────────────────────────────────────────────────────────────────────


@dataclass
class _Block:
    """One header with the rows and columns that are its own."""

    grid: Grid
    header: Header
    window: tuple[int, int]
    titles: range
    stop: int
    repeats: set[int] = field(default_factory=set)
    """The rows of its header on further pages."""
    between: set[int] = field(default_factory=set)
    """Rows right above a further header: titles, or the last rows before it."""

    def overlaps(self, header: Header) -> bool:
        left, right = self.header.span
        return left <= header.span[1] and header.span[0] <= right

    def is_repeated_at(self, row: int) -> bool:
        """Whether its header stands again in a row and those below it, letter by letter."""
        first, last = self.header.first, self.header.last
        if row + last - first >= self.grid.height:
            return False
        return all(self.grid.texts(row + n) == self.grid.texts(first + n) for n in range(last - first + 1))

    def is_repeated_by(self, header: Header) -> bool:
        """Whether another header says the same of the same columns, if perhaps not of all."""
        mine, others = self.header.mapping, header.mapping
        is_part = others.items() <= mine.items()
        return header.form is self.header.form and is_part and len(others) >= max(2, 0.4 * len(mine))


def _blocks(grid: Grid, header: Header, hint: type[Form] | None, lexicon: Lexicon) -> Iterator[_Block]:
    """The blocks of a grid from its first header down."""
    forms = [form for form in (hint, header.form, *FORMS.values()) if form]
    done: list[_Block] = []
    active = _opened(grid, split(grid, header, forms, lexicon), range(header.first))
    row = header.last + 1
    searches = 0
    while searches < MOST_SEARCHES and (candidate := _next_candidate(grid, row, active, lexicon)) is not None:
        if pages := [block for block in active if block.is_repeated_at(candidate)]:
            row = candidate + pages[0].header.last - pages[0].header.first + 1
            for block in pages:
                block.repeats |= set(range(candidate, row))
                block.between |= set(_titles_above(grid, candidate, block.header.last + 1))
            continue
        if not is_mostly_known(grid.line(candidate), lexicon):
            row = candidate + 1
            continue
        searches += 1
        found = _later_header(grid, candidate, row, active, lexicon)
        if found is None:
            row = candidate + 1
            continue
        parts = split(grid, found, [found.form, *FORMS.values()], lexicon)
        titles = _titles_above(grid, found.first, row)
        fresh = []
        for part in parts:
            again = next((block for block in active if block.is_repeated_by(part)), None)
            if again:
                again.repeats |= set(range(found.first, found.last + 1))
                again.between |= set(titles)
            else:
                fresh.append(part)
        if fresh:
            closed = [block for block in active if any(map(block.overlaps, fresh))]
            for block in closed:
                block.stop = found.first
                block.between |= set(titles)
            active = [block for block in active if block not in closed] + _opened(grid, fresh, titles)
            active.sort(key=lambda block: block.header.span)
            done += closed
        row = found.last + 1
    yield from sorted(done + active, key=lambda block: (block.header.first, block.header.span))


def _opened(grid: Grid, headers: Sequence[Header], titles: range) -> list[_Block]:
    """Blocks for headers beside each other; what stands between two belongs to the left one."""
    blocks = []
    for number, header in enumerate(headers):
        left = header.span[0] if number else grid.left
        right = headers[number + 1].span[0] - 1 if number + 1 < len(headers) else grid.right
        blocks.append(_Block(grid, header, (left, right), titles, grid.height))
    return blocks


def _next_candidate(grid: Grid, start: int, active: Sequence[_Block], lexicon: Lexicon) -> int | None:
    """The next row that may be a header. A row with a number where each table has numbers is an ordinary one."""
    cells = grid.cells
    numeric = [next(fields_with_numbers(block.header), None) for block in active]
    if len(numeric) == 1 and numeric[0] is not None:
        place = numeric[0]
        rows: Iterable[int] = (r for r in range(start, grid.height) if type(cells[r][place]) is not float)
    elif None in numeric:
        rows = range(start, grid.height)
    else:
        places = [place for place in numeric if place is not None]
        rows = (r for r in range(start, grid.height) if any(type(cells[r][p]) is not float for p in places))
    if len(active) == 1:
        return next((r for r in rows if may_be_header(grid.line(r), lexicon)), None)
    windows = [(block.window[0], block.window[1] + 1) for block in active]
    return next((r for r in rows if any(may_be_header(cells[r][a:b], lexicon) for a, b in windows)), None)


def _later_header(grid: Grid, row: int, start: int, active: Sequence[_Block], lexicon: Lexicon) -> Header | None:
    """The header at a row below another table, if it is one: texts only, mostly understood."""
    if any(isinstance(cell, float) for cell in grid.line(row)) and len(active) == 1:
        return None
    titles = _titles_above(grid, row, start)
    hint = next((form for r in titles for text in grid.texts(r) if text and (form := form_of_sheet_name(text))), None)
    usual = active[0].header.form if active else None
    found = _header_at(grid, row, start, hint, lexicon, usual)
    if found is None or not found.has_anchor or found.share < 0.5:
        return None
    enough = min(3, len(found.form.columns))
    return found if len(found.mapping) >= enough else None


def _titles_above(grid: Grid, first: int, start: int) -> range:
    """The rows right above a header that are its titles: one text each, or blank."""
    top = first
    while top > max(start, first - TITLE_ROWS):
        filled = [cell for cell in grid.line(top - 1) if is_filled(cell)]
        if len(filled) > 3 or any(not isinstance(cell, str) for cell in filled):
            break
        top -= 1
    return range(top, first)


# ── a table ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _table(block: _Block, lexicon: Lexicon) -> Table:
    header, grid = block.header, block.grid
    titles = [grid.texts(row) for row in block.titles]
    units = _unit_note(text for line in titles for text in line)
    columns = [column for column in header.columns if column.header or column.field]
    table = Table(header.form, grid.sheet, (header.first, header.last), columns, units, score=round(header.score, 2))
    left, right = block.window
    table.title_rows = block.titles
    sections = sort_rows(grid, table, block.stop, block.window, block.repeats, block.between)
    groups = ticks(header.form, headings(grid, header.first, header.last), lexicon) if _has_ticks(columns) else []
    read_ticks(table, [group for group in groups if left <= group.words[0][0] <= right])
    give(table, sections, _said(block, table))
    return table


def _has_ticks(columns: Iterable[object]) -> bool:
    return any(getattr(column, "part_of", None) for column in columns)


def _unit_note(titles: Iterable[str]) -> tuple[Unit, ...]:
    """What a 「单位:万平方米、户」 above the header says."""
    return tuple(dict.fromkeys(unit for text in titles if text for unit in stated_units(text)))


def _said(block: _Block, table: Table) -> list[Said]:
    """The street that the titles above a table name, then the one its sheet's name says."""
    said = []
    left, right = block.window
    lines = [
        [text if left <= column <= right else "" for column, text in enumerate(block.grid.texts(row))]
        for row in block.titles
    ]
    if lines and (found := street_in_titles(lines)):
        place, line, column = found
        said.append(Said(place, IN_TITLE, (block.titles[line], column)))
    by_name = street_in(re.sub(r"^附?[件表]?\d*[.、:：\-_ ]*", "", table.sheet.name))
    if by_name:
        said.append(Said(by_name, IN_SHEET_NAME, (table.header_rows[0], table.span[0])))
    return said
