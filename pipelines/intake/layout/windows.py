"""Header rows: every row that holds known headers, with up to two more above or below it, is a candidate; the one whose
texts fit a form best wins. One header may be several tables, one beside the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipelines.forms import FORMS, Form
from pipelines.forms.headers import BUILT_IN, Lexicon
from pipelines.forms.types import Decimal, Enum, Flag, Integer, PartialDate, Percent, Year
from pipelines.intake.layout.grid import Grid, is_filled
from pipelines.intake.layout.matching import Heading, match_columns
from pipelines.intake.layout.model import ColumnFound

DEPTH = 3
"""So many rows at most are one header."""
LONGEST = 60
"""A text longer than this is no header."""
LOOKED_AT, UNKNOWN = 10, 4
"""So many texts of a row tell whether it may be a header; after so many that are none it is not one."""
MOST_CUTS = 20
"""So many columns whose header stands further left as well are tried as the first of another table."""
EVIDENCE_ROWS = 8
CLOSE = 0.85
"""Headers whose scores differ by less are told apart by the cells below them."""


@dataclass(frozen=True, slots=True)
class Header:
    """Header rows (``first`` to ``last``, 0-based) and what their columns are for one form."""

    form: type[Form]
    first: int
    last: int
    columns: tuple[ColumnFound, ...]
    score: float
    share: float
    """Understood columns of those with a heading."""
    missing_required: int

    @property
    def span(self) -> tuple[int, int]:
        """Its first and last column with a heading."""
        indices = [found.index for found in self.columns if found.header]
        return min(indices), max(indices)

    @property
    def mapping(self) -> dict[int, str]:
        """Column → field."""
        return {c.index: c.field or c.part_of or "" for c in self.columns if c.field or c.part_of}

    @property
    def is_likely(self) -> bool:
        """Whether it is a header, whole or not: several columns, mostly understood, one that tells rows apart."""
        return self.has_anchor and len(self.mapping) >= 4 and self.share >= 0.5

    @property
    def has_anchor(self) -> bool:
        """Whether it has a column by which rows are told apart."""
        telling = [column for column in self.form.columns if column.identity] or self.form.required_columns
        fields = set(self.mapping.values())
        return any(column.field in fields for column in telling)


# ── candidates ────────────────────────────────────────────────────────────────────────────────────────────────────


def may_be_header(texts: Sequence[object], lexicon: Lexicon = BUILT_IN) -> bool:
    """Whether a row may hold headers: two of its first texts are like known ones. Quick, and not strict."""
    seen = known = 0
    for text in texts:
        if type(text) is str and text and not text.isspace():
            seen += 1
            known += len(text) <= LONGEST and lexicon.may_know(text)
            if known >= 2:
                return True
            if seen >= LOOKED_AT or seen - known >= UNKNOWN:
                return False
    return False


def is_mostly_known(texts: Sequence[object], lexicon: Lexicon) -> bool:
    """Whether a good part of a row's texts are like known headers."""
    said = [text for text in texts if isinstance(text, str) and text and not text.isspace()]
    return sum(len(text) <= LONGEST and lexicon.may_know(text) for text in said) >= 0.4 * len(said)


def likely_forms(grid: Grid, row: int, forms: Iterable[type[Form]], lexicon: Lexicon) -> list[type[Form]]:
    """The forms that know at least half as many of the headers in a row and the two below it as any form does."""
    texts = {text for r in range(row, min(row + DEPTH, grid.height)) for text in grid.texts(r) if text}
    known = {
        form: sum(lexicon.find(form, text) is not None for text in texts if len(text) <= LONGEST) for form in forms
    }
    most = max(known.values(), default=0)
    return [form for form, count in known.items() if count >= max(2, most / 2)]


# ── windows ───────────────────────────────────────────────────────────────────────────────────────────────────────


def headings(grid: Grid, first: int, last: int) -> tuple[Heading, ...]:
    """The texts over each column. A parent that is not merged reaches to the next parent (CSV, HTML)."""
    rows = [grid.texts(row) for row in range(first, last + 1)]
    if len(rows) == 1:
        return tuple((text,) if text else () for text in rows[0])
    levels = [_reaching(grid, first + depth, rows, depth) for depth in range(len(rows) - 1)] + [rows[-1]]
    paths = []
    for texts in zip(*levels, strict=True):
        path: list[str] = []
        for text in texts:
            if text and (not path or path[-1] != text):
                path.append(text)
        paths.append(tuple(path))
    return tuple(paths)


def _reaching(grid: Grid, row: int, rows: Sequence[Sequence[str]], depth: int) -> list[str]:
    """A row of parents, each one without a merge carried on over the columns that have a leaf and no parent."""
    filled, parent = [], ""
    for column, text in enumerate(rows[depth]):
        merge = grid.merge_at(row, column)
        if text:
            parent = "" if merge and (merge[3] > merge[1] or merge[2] > merge[0]) else text
            filled.append(text)
        elif parent and not merge and any(below[column] for below in rows[depth + 1 :]):
            filled.append(parent)
        else:
            filled.append("")
    return filled


@lru_cache(maxsize=2_048)
def _fit(form_name: str, paths: tuple[Heading, ...], left: int, lexicon: Lexicon) -> tuple[ColumnFound, ...] | None:
    """What the columns are for a form; None when hardly any is one of its fields."""
    columns = match_columns(FORMS[form_name], paths, lexicon, left)
    return tuple(columns) if len({c.field or c.part_of for c in columns} - {None}) >= 2 else None


def _header(
    form: type[Form], first: int, last: int, paths: tuple[Heading, ...], left: int, lexicon: Lexicon
) -> Header | None:
    columns = _fit(form.name, paths, left, lexicon)
    if columns is None:
        return None
    fields = {c.field or c.part_of for c in columns} - {None}
    required = {column.field for column in form.required_columns}
    named = sum(bool(c.header) for c in columns)
    understood = sum(bool(c.field or c.part_of) for c in columns)
    score = len(fields) + 0.5 * len(fields & required) - 0.1 * (last - first)
    return Header(form, first, last, columns, score, understood / max(named, 1), len(required - fields))


def best_at(grid: Grid, row: int, start: int, forms: Sequence[type[Form]], lexicon: Lexicon) -> Header | None:
    """The best header of up to three rows around a row that holds headers; nothing above ``start`` is looked at."""
    best: Header | None = None
    lasts = range(row, min(row + DEPTH, grid.height))
    for last in lasts:
        if last > row and not _may_hold_leaves(grid, last):
            break
        for first in range(row, max(start, last - DEPTH + 1) - 1, -1):
            if first < row and not any(grid.texts(first)):
                break
            paths = headings(grid, first, last)
            for form in forms:
                found = _header(form, first, last, paths, 0, lexicon)
                if found and (best is None or found.score > best.score + 1e-9):
                    best = found
    return _closed(grid, best, start, lexicon) if best else None


def _may_hold_leaves(grid: Grid, row: int) -> bool:
    """Whether a row may belong to the header above it: texts only, or numbers in a merged range of the header."""
    line = grid.line(row)
    filled = [cell for cell in line if is_filled(cell)]
    return bool(filled) and sum(isinstance(cell, str) for cell in filled) >= 0.8 * len(filled)


def _closed(grid: Grid, header: Header, start: int, lexicon: Lexicon) -> Header:
    """The header with the rows that merged ranges tie to it: cells that stand in both are one cell."""
    first, last = header.first, header.last
    while first > start and _tied(grid, first - 1, first):
        first -= 1
    while last + 1 < grid.height and last - first + 1 < DEPTH:
        if not _tied(grid, last, last + 1) and not _holds_leaves(grid, header, last + 1):
            break
        last += 1
    if (first, last) == (header.first, header.last) or last - first + 1 > DEPTH:
        return header
    wider = _header(header.form, first, last, headings(grid, first, last), 0, lexicon)
    return wider if wider and len(wider.mapping) >= len(header.mapping) else header


def _holds_leaves(grid: Grid, header: Header, row: int) -> bool:
    """Whether a row holds leaves of the header above it: texts only, under parents that are merged or reach over
    columns without a heading, and nothing where rows are told apart.
    """
    filled = [index for index, cell in enumerate(grid.line(row), start=grid.left) if is_filled(cell)]
    if len(filled) < 2 or not all(isinstance(grid.cells[row][index], str) for index in filled):
        return False
    telling = {c.field for c in header.form.columns if c.identity or c.required}
    mapping = header.mapping
    if any(
        mapping.get(i) in telling and grid.cells[header.last][i] and not _is_wide(grid, header.last, i) for i in filled
    ):
        return False
    above = grid.cells[header.last]
    return sum(not is_filled(above[i]) or _is_wide(grid, header.last, i) for i in filled) >= len(filled) / 2


def _is_wide(grid: Grid, row: int, column: int) -> bool:
    """Whether a cell of a header stands over several columns: merged, or with blank cells to its right."""
    if merge := grid.merge_at(row, column):
        return merge[3] > merge[1]
    return column + 1 <= grid.right and not is_filled(grid.cells[row][column + 1])


def _tied(grid: Grid, above: int, below: int) -> bool:
    """Whether several cells are merged over the border of two rows, each one narrow: parts of a header."""
    over = [
        area
        for area in grid.merged_in_row.get(below, ())
        if area[0] <= above and area[2] - area[0] < DEPTH and area[3] - area[1] <= 2
    ]
    has_parents = any(a[0] == a[2] and a[3] > a[1] for a in grid.merged_in_row.get(above, ()))
    return len(over) >= 2 or (len(over) == 1 and has_parents)


# ── tables beside each other ──────────────────────────────────────────────────────────────────────────────────────


def split(grid: Grid, header: Header, forms: Sequence[type[Form]], lexicon: Lexicon) -> list[Header]:
    """The tables that stand beside each other under these header rows, from left to right; mostly one."""
    if not any(c.problem in ("duplicate", "ambiguous") or (c.header and not c.field) for c in header.columns):
        return [header]
    paths = headings(grid, header.first, header.last)
    parts: list[Header] = []
    start = 0
    while True:
        rest = paths[start:]
        cut = _cut(header, rest, start, forms, lexicon)
        here = rest if cut is None else rest[: cut - start]
        if part := _best_part(header, here, start, forms, lexicon):
            parts.append(part)
        if cut is None:
            break
        start = cut
    return parts if len(parts) > 1 else [header]


def _best_part(
    header: Header, paths: Sequence[Heading], left: int, forms: Sequence[type[Form]], lexicon: Lexicon
) -> Header | None:
    fits = (_header(form, header.first, header.last, tuple(paths), left, lexicon) for form in (header.form, *forms))
    return max(filter(None, fits), key=lambda found: found.score, default=None)


def _cut(
    header: Header, paths: Sequence[Heading], left: int, forms: Sequence[type[Form]], lexicon: Lexicon
) -> int | None:
    """The column at which another table begins: where headers begin anew, from the blank column before them on."""
    seen: set[str] = set()
    border: int | None = None
    tries = 0
    for number, path in enumerate(paths):
        if not path:
            border = number + 1
            continue
        key = "-".join(path[-1:])
        if key in seen:
            tries += 1
            if tries > MOST_CUTS:
                return None
            for cut in dict.fromkeys(filter(None, (border, number))):
                if _both(header, paths, cut, left, forms, lexicon):
                    return left + cut
        seen.add(key)
    return None


def _both(
    header: Header,
    paths: Sequence[Heading],
    cut: int,
    left: int,
    forms: Sequence[type[Form]],
    lexicon: Lexicon,
) -> bool:
    """Whether both sides of a cut are tables of their own, with the column that tells their rows apart."""
    before = _header(header.form, header.first, header.last, tuple(paths[:cut]), left, lexicon)
    if before is None or not before.has_anchor:
        return False
    more = _header(header.form, header.first, header.last, tuple(paths[cut:]), left + cut, lexicon)
    after = more if more and more.has_anchor else _best_part(header, paths[cut:], left + cut, forms, lexicon)
    return after is not None and after.has_anchor


# ── the cells below ───────────────────────────────────────────────────────────────────────────────────────────────


def evidence(grid: Grid, header: Header) -> float:
    """How well the cells under a header suit its fields, 0–1; ½ when they say nothing."""
    good = bad = 0
    rows = [r for r in range(header.last + 1, grid.height) if any(map(is_filled, grid.line(r)))][:EVIDENCE_ROWS]
    for index, name in header.mapping.items():
        column = header.form.column(name)
        if not isinstance(column.type, Integer | Decimal | Percent | PartialDate | Year | Enum | Flag):
            continue
        for row in rows:
            cell = grid.cells[row][index]
            if is_filled(cell):
                parsed = column.parse(cell)
                good, bad = good + (parsed.value is not None), bad + (parsed.value is None)
    return good / (good + bad) if good + bad else 0.5


def fields_with_numbers(header: Header) -> Iterator[int]:
    """The columns of a header that hold numbers in every ordinary row: the required ones first."""
    numeric = [
        (not header.form.column(name).required, index)
        for index, name in header.mapping.items()
        if isinstance(header.form.column(name).type, Integer | Decimal) and header.form.column(name).required
    ]
    return (index for _, index in sorted(numeric))
