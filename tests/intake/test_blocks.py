"""Several tables on one sheet, headers of several rows, and what stands between the rows."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.intake.judging import Judgement
from pipelines.intake.layout import lay_out, outline
from pipelines.intake.reader import RawSheet
from tests.intake.books import USCC, found, grid, judged

SHORT = ["序号", "街道(乡镇)", "小区名称", "总户数", "建筑面积(㎡)", "物业管理方式"]
COMPANY = ["序号", "企业名称", "统一社会信用代码", "企业性质", "党员人数", "状态"]
FIRM = [1, "甲物业有限公司", USCC, "民营", 3, "在营"]


def row(number: int, name: str, households: int = 100) -> list[object]:
    return [number, "团结街道", name, households, 90 * households, "无物业"]


def names(judgement: Judgement, form: str = "community") -> list[str]:
    field = {"community": "community_name", "company": "company_name"}[form]
    return judgement.frames[form][field].to_list() if form in judgement.frames else []


def reads_cleanly(judgement: Judgement) -> bool:
    odd = {"R02", "row_without_name", "unmapped_column", "duplicate_column", "ambiguous_column", "T11", "R03"}
    return not odd & {issue.rule_id for issue in judgement.issues} and judgement.status != "returned"


# ── one below another ─────────────────────────────────────────────────────────────────────────────────────────────


def test_another_form_below_with_its_title() -> None:
    judgement = judged(
        grid([SHORT, row(1, "甲院"), row(2, "乙院"), ["合计", None, None, 200, 18000], [], ["企业明细"], COMPANY, FIRM])
    )
    assert (names(judgement), names(judgement, "company")) == (["甲院", "乙院"], ["甲物业有限公司"])
    assert [table["area"] for table in judgement.recognised] == ["A1:F4", "A7:F8"]
    assert reads_cleanly(judgement)


def test_an_annex_number_and_a_place_for_a_seal_are_no_communities() -> None:
    named = [SHORT[2], *SHORT[:2], *SHORT[3:]]
    first = [named, ["甲院", 1, "团结街道", 100, 9000, "无物业"]]
    between = [[], ["（盖章）"], ["附件2"], ["小区情况统计表"]]
    judgement = judged(grid([*first, *between, SHORT, row(2, "乙院")]))
    assert names(judgement) == ["甲院", "乙院"]


def test_another_form_directly_below() -> None:
    judgement = judged(grid([SHORT, row(1, "甲院"), COMPANY, FIRM]))
    assert (names(judgement), names(judgement, "company")) == (["甲院"], ["甲物业有限公司"])


def test_the_same_form_again_with_other_columns_units_and_totals() -> None:
    again = ["物业管理方式", "小区名称", "总户数", "建筑面积(万㎡)", "街道(乡镇)"]
    judgement = judged(
        grid(
            [
                SHORT,
                row(1, "甲院"),
                ["合计", None, None, 100, 9000],
                [],
                ["单位：户、万㎡"],
                again,
                ["无物业", "乙院", 50, 0.4, "车站街道"],
                ["合计", None, 50, 0.4],
            ]
        )
    )
    frame = judgement.frames["community"]
    assert frame.select("community_name", "subdistrict", "source_row").rows() == [
        ("甲院", "团结街道", 2),
        ("乙院", "车站街道", 7),
    ]
    assert [float(area) for area in frame["floor_area_sqm"]] == [9000, 4000]
    assert reads_cleanly(judgement)


def test_a_total_of_one_block_that_is_wrong_is_told() -> None:
    lines = [SHORT, row(1, "甲院"), ["合计", None, None, 100, 9000], [], SHORT[::-1]]
    lines += [row(2, "乙院", 50)[::-1], [None, 4500, 51, None, None, "合计"]]
    assert [issue.cell for issue in found(judged(grid(lines)), "T11")] == ["C7"]


def test_headers_of_further_pages() -> None:
    """The header again, also under the repeated title, and with its row of column numbers."""
    title = ["住宅小区物业管理情况明细表（续）"]
    numbers = [1, 2, 3, 4, 5, 6]
    judgement = judged(
        grid([title, SHORT, numbers, row(1, "甲院"), title, SHORT, numbers, row(2, "乙院"), SHORT, row(3, "丙院")])
    )
    assert names(judgement) == ["甲院", "乙院", "丙院"]
    assert len(judgement.recognised) == 1
    assert reads_cleanly(judgement)


def test_a_header_of_two_rows_again() -> None:
    top = ["序号", "街道(乡镇)", "小区名称", "基本情况", None, "物业管理方式", "合同期限", None]
    below = [None, None, None, "总户数", "建筑面积(㎡)", None, "起", "止"]
    line = [*row(1, "甲院")[:5], "无物业", None, None]
    judgement = judged(
        grid(
            [top, below, line, top, below, [2, *line[1:2], "乙院", *line[3:]]],
            ["D1:E1", "G1:H1", "D4:E4", "G4:H4", *(f"{c}1:{c}2" for c in "ABCF"), *(f"{c}4:{c}5" for c in "ABCF")],
        )
    )
    assert names(judgement) == ["甲院", "乙院"]
    assert judgement.recognised[0]["header_rows"] == [1, 2]
    assert reads_cleanly(judgement)


def test_rows_after_notes_are_read() -> None:
    judgement = judged(
        grid([SHORT, row(1, "甲院"), ["注：以上为城区"], ["填表人：", None, "审核人："], row(2, "乙院")])
    )
    assert names(judgement) == ["甲院", "乙院"]
    assert reads_cleanly(judgement)


# ── beside each other ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("gap", [[None], [None, None], []])
def test_two_blocks_side_by_side(gap: list[None]) -> None:
    other = ["街道(乡镇)", "小区名称", "物业管理方式", "总户数", "建筑面积(㎡)"]
    judgement = judged(
        grid(
            [
                ["住宅小区明细"],
                [*SHORT, *gap, *other],
                [*row(1, "甲院"), *gap, "车站街道", "乙院", "无物业", 50, 4500],
                row(2, "丙院"),
                ["合计", None, None, 200, 18000, None, *gap, "合计", None, None, 50, 4500],
            ]
        )
    )
    frame = judgement.frames["community"]
    assert sorted(frame.select("community_name", "subdistrict", "households").rows()) == [
        ("丙院", "团结街道", 100),
        ("乙院", "车站街道", 50),
        ("甲院", "团结街道", 100),
    ]
    assert frame.select("source_sheet", "source_row").is_unique().all(), "a record says where it comes from"
    assert reads_cleanly(judgement)


def test_findings_in_a_block_point_to_its_cells() -> None:
    lines = [
        [*SHORT, None, *SHORT],
        [*row(1, "甲院"), None, *row(2, "乙院", 0)],
        [*row(3, "丙院"), None, 4, "团结街道", None, 9],
    ]
    judgement = judged(grid(lines))
    assert [(i.sheet, i.cell, i.entity) for i in found(judgement, "R04")] == [("小区明细", "K2", "乙院")]
    assert [(i.sheet, i.cell) for i in found(judgement, "R02")] == [("小区明细", "J3")]


def test_two_forms_side_by_side() -> None:
    judgement = judged(grid([[*SHORT, None, *COMPANY], [*row(1, "甲院"), None, *FIRM], row(2, "乙院")]))
    assert (names(judgement), names(judgement, "company")) == (["甲院", "乙院"], ["甲物业有限公司"])
    assert reads_cleanly(judgement)


def test_a_block_further_down_on_the_right() -> None:
    empty = [None] * 7
    judgement = judged(
        grid(
            [
                SHORT,
                row(1, "甲院"),
                [*row(2, "乙院"), None, "企业明细"],
                [*row(3, "丙院"), None, *COMPANY],
                [*empty, *FIRM],
            ]
        )
    )
    assert (names(judgement), names(judgement, "company")) == (["甲院", "乙院", "丙院"], ["甲物业有限公司"])


def test_a_blank_column_inside_a_table_is_no_border() -> None:
    judgement = judged(grid([[*SHORT[:3], None, *SHORT[3:]], [*row(1, "甲院")[:3], None, *row(1, "甲院")[3:]]]))
    assert len(judgement.recognised) == 1
    assert reads_cleanly(judgement)


def test_numbers_of_columns_beside_a_stray_column() -> None:
    """A blank column inside the right table leaves its 序号 with the left one; the column numbers stay no community."""
    left = [SHORT, [1, 2, 3, 4, 5, 6], row(1, "甲院"), row(2, "乙院")]
    right = [SHORT, [1, None, 3, 4, 5, 6], row(3, "丙院"), row(4, "丁院")]
    lines = [[*here, None, there[0], None, *there[1:]] for here, there in zip(left, right, strict=True)]
    assert sorted(names(judged(grid(lines)))) == sorted(["甲院", "乙院", "丙院", "丁院"])


def test_two_columns_of_one_meaning_are_no_second_table() -> None:
    judgement = judged(grid([[*SHORT, "项目名称", "备注"], [*row(1, "甲院"), "甲院一期", "好"]]))
    assert len(judgement.recognised) == 1
    assert len(found(judgement, "duplicate_column")) == 1


# ── headers of several rows ───────────────────────────────────────────────────────────────────────────────────────

THREE = [
    ["序号", "基本信息", None, None, None, "管理情况", None],
    [None, "位置", None, "规模", None, "物业", None],
    [None, "街道(乡镇)", "小区名称", "户数", "建筑面积(㎡)", "管理方式", "服务企业"],
]
MERGED = ["A2:A4", "B2:E2", "F2:G2", "B3:C3", "D3:E3", "F3:G3"]


@pytest.mark.parametrize("merged", [[*MERGED, "A1:G1"], []])
def test_a_header_of_three_rows(merged: Sequence[str]) -> None:
    judgement = judged(grid([["住宅小区明细"], *THREE, [*row(1, "甲院"), None]], merged))
    assert names(judgement) == ["甲院"]
    assert judgement.recognised[0]["header_rows"][-1] == 4
    assert judgement.frames["community"]["management_mode"].to_list() == ["none"]


def test_three_rows_whose_parents_tell_the_leaves_apart() -> None:
    lines = [
        [*SHORT, "合同", None],
        [*[None] * 6, "期限", None],
        [*[None] * 6, "开始日期", "结束日期"],
        [*row(1, "甲院")[:5], "市场化物业", "2023-01-01", "2025-12-31"],
    ]
    lines[0][6] = "合同期限"
    merged = [*(f"{c}1:{c}3" for c in "ABCDEF"), "G1:H1", "G2:H2"]
    frame = judged(grid(lines, merged)).frames["community"]
    assert frame.select("contract_start_raw", "contract_end_raw").row(0) == ("2023-01-01", "2025-12-31")


def test_the_whole_under_a_parent() -> None:
    lines = [
        [*SHORT[:4], "建筑面积", None, SHORT[5]],
        [*[None] * 4, "合计(㎡)", "其中住宅", None],
        [*row(1, "甲院")[:5], 8000, "无物业"],
    ]
    judgement = judged(grid(lines, ["E1:F1"]))
    assert [float(area) for area in judgement.frames["community"]["floor_area_sqm"]] == [9000]
    [column] = [c for c in judgement.recognised[0]["columns"] if c["letter"] == "E"]
    assert (column["how"], column["unit"]) == ("parent", "㎡")


def test_a_header_in_csv_has_no_merges() -> None:
    text = "\n".join(
        [
            "住宅小区明细表,,,,,,,",
            "序号,街道(乡镇),小区名称,基本情况,,物业管理方式,合同期限,",
            ",,,总户数,建筑面积(㎡),,起,止",
            "1,2,3,4,5,6,7,8",
            "1,团结街道,甲院,100,9000,市场化物业,2023-01-01,2025-12-31",
        ]
    )
    path = "bayannur_2023_2025/2024-11/150802/小区明细.csv"
    frame = judged(text.encode(), name="小区明细.csv", path=path).frames["community"]
    assert frame.select("households", "contract_start_raw", "contract_end_raw").row(0) == (
        100,
        "2023-01-01",
        "2025-12-31",
    )


# ── what a header may be ──────────────────────────────────────────────────────────────────────────────────────────


def test_instructions_in_a_header_do_not_hide_it() -> None:
    headers = [
        "序号",
        "所在街道（填全称）",
        "小区名称（请填写备案名，分期的注明期数）",
        "总户数（户，按房产证套数）",
        "建筑面积（含地下车库，单位：万平方米）",
        "物业管理方式（市场化物业/准物业/无物业）",
    ]
    judgement = judged(grid([headers, [1, "团结街道", "甲院", 100, 0.9, "无物业"]]))
    assert reads_cleanly(judgement)
    assert float(judgement.frames["community"]["floor_area_sqm"][0]) == 9000
    assert {c["how"] for c in judgement.recognised[0]["columns"][2:]} == {"remark"}


def test_a_bracket_that_tells_columns_apart_is_kept() -> None:
    judgement = judged(grid([[*SHORT, "户数（已入住）", "小区名称（原）"], [*row(1, "甲院"), 80, "旧院"]]))
    assert [issue.cell for issue in found(judgement, "unmapped_column")] == ["G1", "H1"]
    assert judgement.frames["community"]["occupied_households"].to_list() == [None]


def test_a_near_miss_is_told_and_not_taken() -> None:
    headers = [*SHORT[:4], "建筑面机(㎡)", SHORT[5]]
    judgement = judged(grid([headers, row(1, "甲院")]))
    assert judgement.status == "returned"
    [issue] = found(judgement, "unmapped_column")
    assert issue.cell == "E1"
    assert "与“建筑面积”相近" in issue.message
    assert judgement.recognised[0]["columns"][4]["near"] == ["建筑面积"]
    [fatal] = [issue for issue in judgement.issues if issue.severity == "fatal"]
    assert "表头“建筑面机(㎡)”与它相近" in fatal.message


def test_a_sheet_that_is_none_says_where_its_header_is() -> None:
    lines = [
        ["职工花名册"],
        [],
        ["工号", "姓名", "部门", "入职时间", "工资"],
        *([n, f"员工{n}", "办公室", "2020-01", 5000] for n in range(5)),
    ]
    judgement = judged(grid(lines, title="花名册"))
    [issue] = found(judgement, "unrecognised_sheet")
    assert "表头在第3行" in issue.message
    assert issue.cell == "A3"


def test_without_a_hint_a_sheet_is_known_though_a_column_is_missing() -> None:
    judgement = judged(grid([[*SHORT[:5], "备注"], row(1, "甲院")[:5]], title="Sheet1"))
    assert judgement.submission["forms"] == ["community"]
    assert [i.field for i in judgement.issues if i.severity == "fatal"] == ["management_mode"]


# ── anything at all ───────────────────────────────────────────────────────────────────────────────────────────────

WORDS = st.sampled_from(
    [*SHORT, *COMPANY, "合同期限", "起", "止", "是", "否", "√", "合计", "团结街道", "注：", "单位：户", "1", "甲"]
)
CELLS = st.one_of(
    st.just(""), WORDS, st.floats(allow_nan=True), st.booleans(), st.datetimes(), st.text(max_size=8), st.timedeltas()
)


@st.composite
def raw_sheets(draw: st.DrawFn) -> RawSheet:
    width = draw(st.integers(1, 9))
    lines = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=9))
    corner = st.integers(0, 12)
    areas = draw(st.lists(st.tuples(corner, corner, corner, corner), max_size=4))
    merged = [(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in areas]
    name = draw(st.sampled_from(["小区明细", "Sheet1", "团结街道", "企业明细", "1"]))
    return RawSheet(name, cells=lines, merged=merged)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw_sheets())
def test_no_sheet_is_too_strange(sheet: RawSheet) -> None:
    """Whatever stands on a sheet, it is laid out, and each row of a table is one thing only."""
    for table in lay_out(sheet).tables:
        kinds = [*table.data_rows, *(r for r, _ in table.totals), *table.nameless, *(r for r, _ in table.skipped)]
        assert len(kinds) == len(set(kinds))
        assert all(table.header_rows[1] < row < len(sheet.cells) for row in kinds)
        assert all(column.index < len(sheet.cells[0]) for column in table.columns)
    outline(sheet)


def test_names_of_people_between_two_tables_are_masked_and_no_rows() -> None:
    signed = ["填表人：某甲", None, "联系电话：13800000000"]
    lines = [SHORT, row(1, "甲院"), signed, [], [None, None, "企业明细"], COMPANY, FIRM, signed]
    judgement = judged(grid(lines))
    assert (names(judgement), names(judgement, "company")) == (["甲院"], ["甲物业有限公司"])
    assert reads_cleanly(judgement)
    assert {cell[0] for cell in judgement.personal["小区明细"]} == {2, 7}
    assert "某甲" not in str((judgement.issues, judgement.recognised, judgement.frames))
