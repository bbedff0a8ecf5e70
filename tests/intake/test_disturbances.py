"""The same communities, written in whatever layout a district may choose, read to the same records."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.intake.books import ROW, Book, communities, found, grid, judged

HEADERS = list(ROW)
STREET = "街道(乡镇)"
ROWS = [row | {STREET: "团结街道" if n < 3 else "曙光镇"} for n, row in enumerate(communities(5))]
EXPECTED = judged(Book(ROWS)).frames["community"].drop("source_row", "source_sheet").sort("community_code")
GROUPS = {"合同": ["合同开始日期", "合同结束日期", "合同备案"], "规模": ["建筑面积(㎡)", "总户数", "入住户数"]}
TITLES = [
    ["住宅小区物业管理情况统计表"],
    [None],
    ["填报单位：临河区", None, "单位：个、㎡"],
    ["附件2"],
    [None, None, "（盖章）"],
]
NOTES = [["注：本表由各街道填报"], [None, "填表人：", None, "审核人："], ["说明：数据截至11月底"]]

Lines = list[list[object]]
Areas = list[tuple[int, int, int, int]]
Block = tuple[Lines, Areas]
"""Lines of cells from a corner, and the merged ranges among them (0-based, inclusive)."""


@st.composite
def blocks(draw: st.DrawFn, rows: Sequence[dict[str, object]], *, gaps: bool = True) -> Block:
    """A table of these rows: columns in any order with blank ones among them (``gaps``), a header of one to three rows,
    the street in its column or in section rows, totals, headers of further pages and blank rows in between.
    """
    has_sections = draw(st.booleans())
    order: list[str | None] = list(draw(st.permutations(HEADERS)))
    if has_sections and draw(st.booleans()):
        order.remove(STREET)
    depth = draw(st.integers(1, 3))
    if depth > 1:
        for leaves in GROUPS.values():
            first = min(order.index(leaf) for leaf in leaves)
            order = [header for header in order if header not in leaves]
            order[first:first] = leaves
    elif gaps and draw(st.booleans()):
        order.insert(draw(st.integers(1, len(order) - 1)), None)
    header, areas = _header(order, depth, draw)
    lines: Lines = [list(title) for title in draw(st.lists(st.sampled_from(TITLES), max_size=3))]
    merged = _moved(areas, len(lines), 0)
    lines += [list(line) for line in header]
    if draw(st.integers(0, 3)) == 0:
        lines.append([n if name else None for n, name in enumerate(order, start=1)])
    for street, members in groupby(rows, key=lambda row: row[STREET]):
        if has_sections:
            lines.append([draw(st.sampled_from(["{}", "一、{}", "{}（3个）", "街道：{}"])).format(street)])
        for row in members:
            lines.append([row[name] if name and (name != STREET or not has_sections) else None for name in order])
            again = draw(st.integers(0, 7))
            if again == 0:
                merged += _moved(areas, len(lines), 0)
                lines += [list(line) for line in header]
            elif again == 1:
                lines.append([])
        if draw(st.integers(0, 3)) == 0:
            lines.append(_total(order, "小 计"))
    if draw(st.booleans()):
        lines.append(_total(order, "合  计"))
    return lines, merged


def _total(order: Sequence[str | None], label: str) -> list[object]:
    """A total row without numbers, its label in the first column."""
    return [label, *[None] * (len(order) - 1)]


def _header(order: Sequence[str | None], depth: int, draw: st.DrawFn) -> Block:
    """Header rows: leaves that belong together stand under a parent, all else is merged downwards."""
    styles = {name: draw(st.sampled_from(["{}", "{}*", " {}\n", "★{}"])) for name in order if name}
    texts = [styles[name].format(name) if name else None for name in order]
    if depth == 1:
        return [texts], []
    lines: Lines = [list(texts), *([None] * len(texts) for _ in range(depth - 1))]
    areas: Areas = []
    inside: set[int] = set()
    for parent, leaves in GROUPS.items():
        first = order.index(leaves[0])
        places = range(first, first + len(leaves))
        inside |= set(places)
        for place in places:
            lines[0][place], lines[-1][place] = None, texts[place]
        lines[0][first] = parent
        areas.append((0, first, 0, places[-1]))
        if depth == 3:
            lines[1][first] = f"{parent}情况"
            areas.append((1, first, 1, places[-1]))
    areas += [(0, place, depth - 1, place) for place in range(len(texts)) if place not in inside and texts[place]]
    return lines, areas


def _moved(areas: Areas, down: int, right: int) -> Areas:
    return [(top + down, left + right, bottom + down, last + right) for top, left, bottom, last in areas]


@st.composite
def sheets(draw: st.DrawFn) -> Block:
    """One block, two below another, or two beside each other; not always in the corner, with notes at the end."""
    way = draw(st.sampled_from(["one", "below", "beside"]))
    if way == "one":
        lines, areas = draw(blocks(ROWS))
    else:
        # Of tables beside each other a blank column is the border: they have none inside.
        cut, gaps = draw(st.sampled_from([2, 3, 4])), way == "below"
        lines, areas = draw(blocks(ROWS[:cut], gaps=gaps))
        other, others = draw(blocks(ROWS[cut:], gaps=gaps))
        if way == "below":
            gap: Lines = [[] for _ in range(draw(st.integers(0, 2)))]
            areas = areas + _moved(others, len(lines) + len(gap), 0)
            lines = lines + gap + other
        else:
            width = max(map(len, lines))
            areas = areas + _moved(others, 0, width + 1)
            height = max(len(lines), len(other))
            full = [line + [None] * (width - len(line)) for line in [*lines, *([] for _ in range(height - len(lines)))]]
            lines = [line + [None] + (other[n] if n < len(other) else []) for n, line in enumerate(full)]
    down, right = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    lines = [[] for _ in range(down)] + [[None] * right + line for line in lines]
    if way != "beside":
        lines += draw(st.lists(st.sampled_from(NOTES), max_size=2, unique_by=str))
    return lines, _moved(areas, down, right)


def _named(area: tuple[int, int, int, int]) -> str:
    from pipelines.intake.issues import cell_name

    top, left, bottom, right = area
    return f"{cell_name(top, left)}:{cell_name(bottom, right)}"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(sheets())
def test_no_layout_changes_a_record(sheet: Block) -> None:
    lines, areas = sheet
    judgement = judged(grid(lines, [_named(area) for area in areas if area[:2] != area[2:]]))
    frame = judgement.frames.get("community", pl.DataFrame())
    assert judgement.submission["community_count"] == len(ROWS), lines
    assert frame.drop("source_row", "source_sheet").sort("community_code").equals(EXPECTED), lines
    assert frame.select("source_sheet", "source_row").is_unique().all()
    odd = {"R02", "unmapped_column", "duplicate_column", "ambiguous_column", "street_conflict"}
    assert not odd & {issue.rule_id for issue in judgement.issues}, [i for i in judgement.issues if i.rule_id in odd]
    assert not found(judgement, "T11")
