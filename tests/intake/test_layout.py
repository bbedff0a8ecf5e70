"""Where a table stands on a sheet, and that it does not matter where."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from pipelines.forms import FORMS, headers
from pipelines.intake.layout import form_of_sheet_name, lay_out, match_columns
from pipelines.intake.reader import RawSheet
from tests.intake.books import ROW, Book, communities, community, found, grid, judged, record

HEADERS = list(ROW)
LINES = [[row[header] for header in HEADERS] for row in communities(3)]
Lines = Sequence[Sequence[object]]


def sheet(
    *lines: Sequence[object], name: str = "小区明细", merged: Sequence[tuple[int, int, int, int]] = ()
) -> RawSheet:
    width = max(map(len, lines))
    cells = [["" if cell is None else cell for cell in line] + [""] * (width - len(line)) for line in lines]
    return RawSheet(name, cells=cells, merged=list(merged))


# ── the same records wherever the table stands ────────────────────────────────────────────────────────────────────

TITLES = st.lists(
    st.sampled_from(
        [
            ["住宅小区物业管理情况统计表"],
            [None],
            ["填报单位：临河区", None, "单位：个、㎡"],
            ["附件2"],
            [None, None, "（盖章）"],
        ]
    ),
    max_size=4,
)
PARENTS = {"合同": ["合同开始日期", "合同结束日期", "合同备案"], "基本情况": ["建筑面积(㎡)", "总户数", "入住户数"]}


@st.composite
def layouts(draw: st.DrawFn) -> tuple[list[list[object]], list[str]]:
    """The same three communities, in columns of any order, under titles, a one- or two-row header, with totals between
    the rows, notes below them and empty rows and columns anywhere."""
    order = draw(st.permutations(HEADERS))
    two_rows = draw(st.booleans())
    lines: list[list[object]] = [list(line) for line in draw(TITLES)]
    gap = draw(st.integers(0, 2))
    if two_rows:
        for parent, leaves in PARENTS.items():
            first = min(order.index(leaf) for leaf in leaves)
            order = [header for header in order if header not in leaves]
            order[first:first] = leaves
            assert parent
    top: list[object] = [None] * gap + [
        draw(st.sampled_from([header, f"{header}*", f" {header}\n"])) for header in order
    ]
    merged: list[str] = []
    row = len(lines) + 1
    if two_rows:
        below: list[object] = [None] * len(top)
        for parent, leaves in PARENTS.items():
            first = order.index(leaves[0]) + gap
            for place, leaf in enumerate(leaves, start=first):
                top[place], below[place] = None, leaf
            top[first] = parent
            merged.append(f"{get_column_letter(first + 1)}{row}:{get_column_letter(first + len(leaves))}{row}")
        for place, cell in enumerate(below):
            if cell is None and top[place] is not None:
                merged.append(f"{get_column_letter(place + 1)}{row}:{get_column_letter(place + 1)}{row + 1}")
        lines += [top, below]
    else:
        lines.append(top)
    name = order.index("小区名称") + gap
    total: list[object] = [None] * len(top)
    total[name] = "合 计"
    total[order.index("总户数") + gap] = 300
    for line in LINES:
        if draw(st.booleans()) and draw(st.booleans()):
            lines.append([None] * len(top))
        lines.append([None] * gap + [line[HEADERS.index(header)] for header in order])
        if draw(st.integers(0, 5)) == 0:
            lines.append(list(top))  # the header of the next printed page
    if draw(st.booleans()):
        lines.append(total)
    if draw(st.booleans()):
        lines += [[None], ["注：本表由各街道填报"], ["填表人：", None, "审核人："]]
    return lines, merged


EXPECTED = judged(Book(communities(3)))
KEPT = [name for name in EXPECTED.frames["community"].columns if name != "source_row"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(layouts())
def test_layout_changes_no_record(drawn: tuple[list[list[object]], list[str]]) -> None:
    lines, merged = drawn
    judgement = judged(grid(lines, merged))
    assert judgement.frames["community"].select(KEPT).equals(EXPECTED.frames["community"].select(KEPT)), lines
    assert not found(judgement, "R02")
    assert not found(judgement, "unmapped_column")


# ── headers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def fields(*headings: str | tuple[str, str]) -> list[str | None]:
    pairs = [heading if isinstance(heading, tuple) else ("", heading) for heading in headings]
    return [column.field for column in match_columns(FORMS["community"], pairs)]


def test_aliases_units_and_stars() -> None:
    assert fields("★1、 总建筑\n面积（万㎡）", "苏木乡镇", "（二）项目名称", "户数(必填)", "有无物业") == [
        "floor_area_sqm",
        "subdistrict",
        "community_name",
        "households",
        "management_mode",
    ]


def test_parent_and_leaf() -> None:
    assert fields(("合同期限", "起"), ("合同期限", "止"), ("合同", "备案")) == [
        "contract_start",
        "contract_end",
        "contract_filed",
    ]


def test_a_leaf_that_occurs_twice_needs_its_parent() -> None:
    columns = match_columns(FORMS["community"], [("一季度", "户数"), ("二季度", "户数"), ("", "小区名称")])
    assert [(column.field, column.problem) for column in columns] == [
        (None, "ambiguous"),
        (None, "ambiguous"),
        ("community_name", None),
    ]


def test_the_canonical_header_wins_over_an_alias() -> None:
    columns = match_columns(FORMS["community"], [("", "项目名称"), ("", "小区名称"), ("", "楼盘名称")])
    assert [(column.field, column.problem) for column in columns] == [
        (None, "duplicate"),
        ("community_name", None),
        (None, "duplicate"),
    ]


def test_unknown_columns_are_listed() -> None:
    judgement = judged(Book([community() | {"网格员": "3人"}], headers=[*HEADERS, "网格员"]))
    [issue] = found(judgement, "unmapped_column")
    assert (issue.severity, issue.cell) == ("warning", "AH1")
    assert "网格员" in issue.message


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("小区明细", "community"),
        ("附件2：住宅小区明细", "community"),
        ("1.小区台账(临河区)", "community"),
        ("企业明细 (2)", "company"),
        ("业委会（物管会）明细", "committee"),
        ("Sheet1", None),
        ("封面", None),
    ],
)
def test_sheet_names(name: str, form: str | None) -> None:
    found_form = form_of_sheet_name(name)
    assert (found_form.name if found_form else None) == form


def test_a_sheet_of_another_form_by_mistake() -> None:
    lines = [
        ["企业名称", "统一社会信用代码", "企业性质", "党员人数", "状态"],
        ["甲物业有限公司", "91110000101623741K", "民营", 3, "在营"],
    ]
    judgement = judged(Book(sheets={"业委会明细": lines}))
    assert judgement.submission["forms"] == ["community", "company"]
    assert [issue.sheet for issue in found(judgement, "sheet_of_another_form")] == ["业委会明细"]


def test_a_sheet_without_a_name_is_known_by_its_header() -> None:
    judgement = judged(grid([HEADERS, *LINES], title="Sheet1"))
    assert judgement.submission["community_count"] == 3


def test_a_required_column_missing_returns_the_workbook() -> None:
    judgement = judged(Book(headers=[h for h in HEADERS if h != "物业管理方式"]))
    assert judgement.status == "returned"
    assert judgement.frames == {}
    [issue] = [i for i in judgement.issues if i.severity == "fatal"]
    assert (issue.rule_id, issue.field, issue.sheet) == ("missing_column", "management_mode", "小区明细")
    assert "物业管理方式" in issue.message


def test_every_header_of_every_form_finds_its_field() -> None:
    for form in FORMS.values():
        columns = match_columns(form, [("", column.heading) for column in form.columns])
        assert [c.field for c in columns] == [column.field for column in form.columns]
        assert headers.form_of_sheet(form.sheet) is form


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────

SHORT = ["序号", "街道(乡镇)", "小区名称", "总户数", "建筑面积(㎡)", "物业管理方式"]


def kinds(*lines: Sequence[object], merged: Sequence[tuple[int, int, int, int]] = ()) -> dict[str, list[object]]:
    [table] = lay_out(sheet(SHORT, *lines, merged=merged)).tables
    return {
        "data": list(table.data_rows),
        "totals": [row for row, _ in table.totals],
        "nameless": list(table.nameless),
        "skipped": [row for row, _ in table.skipped],
    }


def test_what_rows_are() -> None:
    assert kinds(
        ["示例", "团结街道", "示例小区", 100, 9000, "市场化物业"],
        [1, "团结街道", "甲", 100, 9000, "无物业"],
        [None, "团结街道小计", None, 100, 9000, None],
        [2, "车站街道", None, 100, 9000, "无物业"],
        [3, None, None, None, None, None],
        ["合  计", None, None, 200, 18000, None],
        SHORT,
        [4, "车站街道", "乙", 1, 1, "无物业"],
        [None, None, "其中：改造小区", 1, 1, None],
        ["注：户数以房产证为准", None, None, None, None, None],
        ["另起一行的说明", None, None, None, None, None],
    ) == {"data": [2, 8], "totals": [3, 6, 9], "nameless": [4], "skipped": [1, 7, 10, 11]}


def test_numbered_and_unit_rows_under_the_header() -> None:
    assert kinds([1, 2, 3, 4, 5, 6], [1, "团结街道", "甲", 100, 9000, "无物业"])["data"] == [2]
    lines = [
        [*SHORT[:4], "建筑面积", *SHORT[5:]],
        [None, None, None, "户", "万㎡", None],
        [1, "团结街道", "甲", 100, 0.9, "无物业"],
    ]
    judgement = judged(grid(lines))
    assert float(record(judgement)["floor_area_sqm"]) == 9000


def test_merged_down_is_filled_inside_the_merge_only() -> None:
    lines = [SHORT, *([n, None, f"小区{n}", 100, 9000, "无物业"] for n in range(1, 5))]
    lines[1][1] = "团结街道"
    judgement = judged(grid(lines, ["B2:B4"]))
    assert judgement.frames["community"]["subdistrict"].to_list() == ["团结街道"] * 3 + [None]


def test_total_rows_are_claims_and_no_communities() -> None:
    lines = [SHORT, [1, "团结街道", "甲", 100, 9000, "无物业"], [None, None, "合计", 120, 9000, None]]
    judgement = judged(grid(lines))
    assert judgement.submission["community_count"] == 1
    assert [(t.label, t.field, int(t.value), t.row) for t in judgement.totals] == [
        ("合计", "households", 120, 3),
        ("合计", "floor_area_sqm", 9000, 3),
    ]
    assert [(i.severity, i.cell) for i in found(judgement, "R03")] == [("warning", "C3")]
    assert [(i.severity, i.cell) for i in found(judgement, "T11")] == [("warning", "D3")]


def test_subtotals_are_compared_with_their_street() -> None:
    lines = [
        SHORT,
        [1, "团结街道", "甲", 100, 9000, "无物业"],
        [2, "团结街道", "乙", 50, 4000, "无物业"],
        [None, "团结街道小计", None, 150, 13000, None],
        [3, "车站街道", "丙", 70, 5000, "无物业"],
        [None, "车站街道小计", None, 71, 5000, None],
        ["合计", None, None, 220, 18000, None],
    ]
    assert [i.cell for i in found(judged(grid(lines)), "T11")] == ["D6"]


def test_what_was_recognised_is_told() -> None:
    judgement = judged(Book())
    [table] = judgement.recognised
    assert (table["sheet"], table["form"], table["header_rows"], table["data_rows"]) == (
        "小区明细",
        "community",
        [1],
        1,
    )
    assert table["columns"][4] == {
        "letter": "E",
        "header": "小区名称",
        "field": "community_name",
        "meaning": "小区名称",
        "unit": None,
        "personal": False,
        "how": "exact",
    }
