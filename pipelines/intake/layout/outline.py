"""Where a sheet seems to have its header, its rows, totals and notes, whatever it is about.

No form is asked: a header is the rows whose texts are short, unlike each other, stand over every column that holds
something, sound like headings, and have other things than texts below them. Good for telling a district why its sheet
was not understood: the header was seen, but it is no form's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from pipelines.intake.layout.grid import Grid, close, compact, is_filled, text_of
from pipelines.intake.reader import RawSheet

Kind = Literal["blank", "title", "header", "data", "total", "group", "note"]

LONGEST_SHEET, WIDEST_SHEET = 5_000, 200
LOOKED_AT = 40
DEPTH = 3
BELOW = 12
LONGEST = 40
NEARLY = 0.9
ENOUGH = 4.0
"""A header scores 3 for standing over every column, 1½ for unlike texts, 1 for sounding so, 2 for numbers below."""

TOTAL = re.compile(r"合\s*计|小\s*计|总\s*计|共\s*计|^(?:總計|合計|小計)$")
NOTE = re.compile(
    r"^[\s(（]*(?:(?:附?注|註|备\s*注|说\s*明|填表说明|数据来源|资料来源|来源|制表|填表|填报|审核|复核|经办|负责人|联系人|签字|盖章"
    r"|[^:：]{0,12}(?:意见|要求)|[^:：]{0,14}(?:负责人|工程师|签字|签名|盖章|日期)|回访人|调查人|检查人)[^:：]{0,6}[:：]"
    r"|(?:设计|校对|审核|审批|制单|制表)$)"
)
_HEADING = re.compile(
    r"序号|编号|代码|编码|名称|姓名|单位|地区|地址|日期|时间|年份|类别|类型|性质|情况|方式|状态|备\s*注|说明|电话|金额|面积|数量|合计"
    r"|项目|指标|级别|层次|结果|部门|机构|区域|[数率额量价费人户名号率长度重]$|^(?:19|20)\d\d(?:\.0)?年?(?:Q[1-4]|第?[一二三四1-4]季度)?$"
    r"|^\d{1,2}[月日周]$|^第.{1,3}[周季期月]$|%$"
)
_LABELLED = re.compile(r"[^:：]{1,12}[:：]")
_NUMBER = re.compile(r"-?[\d,，]+(?:\.\d+)?%?")


@dataclass(frozen=True, slots=True)
class Outline:
    """The rows of a sheet by kind; ``header`` is its first and last header row (0-based), None when none stands out."""

    header: tuple[int, int] | None
    kinds: tuple[Kind, ...]

    def rows(self, kind: Kind) -> set[int]:
        """The 0-based rows of a kind."""
        return {row for row, what in enumerate(self.kinds) if what == kind}


def outline(sheet: RawSheet) -> Outline:
    """The outline of a sheet; of a huge one, of its beginning."""
    if len(sheet.cells) > LONGEST_SHEET or (sheet.cells and len(sheet.cells[0]) > WIDEST_SHEET):
        cells = [line[:WIDEST_SHEET] for line in sheet.cells[:LONGEST_SHEET]]
        sheet = RawSheet(sheet.name, cells=cells, merged=sheet.merged)
    grid = Grid(sheet)
    filled = [[i for i, cell in enumerate(line) if is_filled(cell)] for line in sheet.cells]
    header = _header(grid, filled)
    return Outline(header, tuple(_kinds(grid, filled, header)))


# ── the header ────────────────────────────────────────────────────────────────────────────────────────────────────


def _header(grid: Grid, filled: Sequence[Sequence[int]]) -> tuple[int, int] | None:
    """The rows that score best; of several that score nearly so, the topmost."""
    scores: dict[tuple[int, int], float] = {}
    for first in range(min(grid.height, LOOKED_AT)):
        for last in range(first, min(first + DEPTH, grid.height)):
            if not filled[last] or (last > first and len(filled[last]) < 2):
                break
            scores[first, last] = _score(grid, filled, first, last)
    best: tuple[int, int] | None = None
    enough = ENOUGH
    while above := {rows: score for rows, score in scores.items() if best is None or rows[1] < best[0]}:
        rows = max(above, key=above.__getitem__)
        if above[rows] < enough:
            break
        best, enough = rows, max(enough, above[rows] - NEARLY)
    return _closed(grid, *best) if best else None


def _score(grid: Grid, filled: Sequence[Sequence[int]], first: int, last: int) -> float:
    """How much rows look like a header of the rows below them."""
    below = [row for row in range(last + 1, grid.height) if filled[row]][:BELOW]
    rows = [grid.texts(row) for row in range(first, last + 1)]
    paths = {
        column: tuple(dict.fromkeys(texts[column] for texts in rows if texts[column])) for column in range(len(rows[0]))
    }
    used = sorted({column for row in below for column in filled[row]} | {c for c, path in paths.items() if path})
    named = [path for column in used if (path := paths[column])]
    if len(used) < 2 or len(set(named)) < 2:
        return 0.0
    leaves = [path[-1] for path in named]
    odd = sum(len(leaf) > LONGEST or _LABELLED.match(leaf) is not None for leaf in leaves)
    numbers = sum(len(path) == 1 and _is_number(path[0]) and not _HEADING.search(path[0]) for path in named)
    return (
        3 * len(named) / len(used)
        + 1.5 * _unlike(used, paths)
        + sum(_HEADING.search(compact(leaf)) is not None for leaf in leaves) / len(leaves)
        + 2 * _contrast(grid, paths, used, below)
        - 3 * (odd + numbers) / len(leaves)
        - 0.3 * (last - first)
        - 0.03 * first
    )


def _unlike(used: Sequence[int], paths: Mapping[int, tuple[str, ...]]) -> float:
    """The share of headings that are no other one's in their table."""
    told, before, seen = 0, -2, set[tuple[str, ...]]()
    begins: tuple[str, ...] = ()
    for column in used:
        if column > before + 1 or (paths[column] == begins and paths[before] != begins):  # beside another table
            seen, begins = set(), paths[column]
        told += bool(paths[column]) and paths[column] not in seen
        seen.add(paths[column])
        before = column
    return told / len(used)


def _contrast(grid: Grid, paths: Mapping[int, tuple[str, ...]], used: Sequence[int], below: Sequence[int]) -> float:
    """The share of columns with a text on top and numbers below."""
    told = 0.0
    for column in used:
        cells = [grid.cells[row][column] for row in below if is_filled(grid.cells[row][column])]
        if cells and paths[column] and not _is_number(paths[column][-1]):
            told += sum(not isinstance(cell, str) or _is_number(cell.strip()) for cell in cells) / len(cells)
    return told / len(used)


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _closed(grid: Grid, first: int, last: int) -> tuple[int, int]:
    """The rows with those that narrow merged ranges tie to them."""
    while first > 0 and last - first + 1 < DEPTH and _tied(grid, first - 1, first):
        first -= 1
    while last + 1 < grid.height and last - first + 1 < DEPTH and _tied(grid, last, last + 1):
        last += 1
    return first, last


def _tied(grid: Grid, above: int, below: int) -> bool:
    over = [a for a in grid.merged_in_row.get(below, ()) if a[0] <= above and a[2] - a[0] < DEPTH and a[3] - a[1] <= 2]
    has_parents = any(a[0] == a[2] and a[3] > a[1] for a in grid.merged_in_row.get(above, ()))
    return len(over) >= 2 or (len(over) == 1 and has_parents)


# ── the rows ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _kinds(grid: Grid, filled: Sequence[Sequence[int]], header: tuple[int, int] | None) -> list[Kind]:
    kinds: list[Kind] = ["blank" if not places else "data" for places in filled]
    first, last = header or (0, -1)
    for row in range(grid.height):
        if filled[row] and row < first:
            kinds[row] = "title"
        elif header and first <= row <= last:
            kinds[row] = "header"
    body = [row for row in range(last + 1, grid.height) if filled[row]]
    usual = median([len(filled[row]) for row in body]) if body else 0
    is_after_note = False
    for row in body:
        kinds[row] = _kind(grid.cells[row], filled[row], usual, is_after_note)
        is_after_note = kinds[row] == "note"
    if usual >= 3:  # what stands alone after the last full row is a note, too
        full = max((row for row in body if kinds[row] in ("data", "total")), default=grid.height)
        kinds[full + 1 :] = ["note" if kind == "group" else kind for kind in kinds[full + 1 :]]
    return kinds


def _kind(line: Sequence[object], filled: Sequence[int], usual: float, is_after_note: bool) -> Kind:
    texts = [close(text_of(line[i])) for i in filled[:4]]
    if NOTE.match(texts[0]) and len(filled) <= max(6, usual):
        return "note"
    if is_after_note and (len(filled) == 1 or len(filled) <= 3 < usual):
        return "note"
    if any(TOTAL.search(text) and len(text) <= 20 for text in texts):
        return "total"
    if len(filled) == 1 and usual >= 3:
        return "group"
    return "data"
