"""What is said once for many rows (the street a section, a title or a sheet is about), and columns that are ticked."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.intake.layout.streets import place_in_section, street_in
from tests.intake.books import Book, communities, found, grid, judged, saved

SHORT = ["序号", "街道(乡镇)", "小区名称", "总户数", "建筑面积(㎡)", "物业管理方式"]
WITHOUT = [header for header in SHORT if header != "街道(乡镇)"]


def row(name: str) -> list[object]:
    return [1, name, 100, 9000, "无物业"]


def streets(lines: Sequence[Sequence[object]], title: str = "小区明细") -> list[tuple[str, str | None]]:
    judgement = judged(grid(lines, title=title))
    assert not found(judgement, "R02")
    assert not found(judgement, "street_conflict")
    return judgement.frames["community"].select("community_name", "subdistrict").rows()


# ── streets ───────────────────────────────────────────────────────────────────────────────────────────────────────

EXPECTED = [("甲院", "团结街道"), ("乙院", "团结街道"), ("丙院", "车站镇")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["团结街道"], ["车站镇"]),
        (["一、团结街道"], ["二、车站镇"]),
        (["（一）团结街道（2个）"], ["（二）车站镇（1个）"]),
        (["街道：团结街道"], ["乡镇：车站镇"]),
        ([None, "团结街道", 2], [None, "车站镇", "1个"]),
        (["街道", "团结街道"], ["街道", "车站镇"]),
    ],
)
def test_section_rows_give_their_street(first: list[object], second: list[object]) -> None:
    assert streets([WITHOUT, first, row("甲院"), row("乙院"), second, row("丙院")]) == EXPECTED


def test_subtotals_end_a_section_and_are_no_street() -> None:
    lines = [
        WITHOUT,
        ["团结街道"],
        row("甲院"),
        ["团结街道小计", None, 100, 9000],
        row("乙院"),
        ["合计", None, 200, 18000],
    ]
    assert streets(lines) == [("甲院", "团结街道"), ("乙院", None)]


def test_a_section_in_the_column_of_names() -> None:
    lines = [SHORT[2:], ["团结街道"], row("甲院")[1:], row("乙院")[1:], ["车站街道办事处"], row("丙院")[1:]]
    assert streets(lines) == [("甲院", "团结街道"), ("乙院", "团结街道"), ("丙院", "车站街道办事处")]


@pytest.mark.parametrize(
    "title",
    [
        "团结街道",
        "团结街道小区明细",
        "1.团结街道",
        "临河区团结街道小区台账",
        "附件2 团结街道（12个）",
        "团结街道办事处",
    ],
)
def test_a_sheet_is_named_by_its_street(title: str) -> None:
    [(_, street)] = streets([WITHOUT, row("甲院")], title)
    assert street is not None
    assert street.startswith("团结街道")


def test_sheets_by_street_are_one_list() -> None:
    book = Book().workbook()
    book.remove(book["小区明细"])
    for name in ("团结街道", "车站街道", "曙光镇"):
        sheet = book.create_sheet(name)
        sheet.append(WITHOUT)
        sheet.append(row(f"{name}小院"))
    frame = judged(saved(book)).frames["community"]
    assert frame.select("subdistrict", "source_sheet").rows() == [(s, s) for s in ("团结街道", "车站街道", "曙光镇")]


@pytest.mark.parametrize(
    "titles",
    [
        [["临河区团结街道住宅小区物业管理情况明细表"]],
        [["住宅小区明细表"], ["街道(乡镇)：团结街道", None, "填报日期：2024-11-27"]],
        [["住宅小区明细表"], ["街道：", "团结街道"]],
    ],
)
def test_a_title_names_the_street(titles: list[list[object]]) -> None:
    assert streets([*titles, WITHOUT, row("甲院")]) == [("甲院", "团结街道")]


def test_blocks_with_a_title_each() -> None:
    lines = [["团结街道"], WITHOUT, row("甲院"), row("乙院"), [], ["车站镇"], WITHOUT[::-1], row("丙院")[::-1]]
    assert streets(lines) == EXPECTED


def test_what_is_typed_wins_and_a_conflict_is_told() -> None:
    lines = [
        SHORT,
        ["团结街道"],
        [1, None, "甲院", 100, 9000, "无物业"],
        [2, "先锋街道", "乙院", 100, 9000, "无物业"],
        [3, "团结街道办事处", "丙院", 100, 9000, "无物业"],
    ]
    judgement = judged(grid(lines))
    frame = judgement.frames["community"]
    assert frame["subdistrict"].to_list() == ["团结街道", "先锋街道", "团结街道办事处"]
    [issue] = found(judgement, "street_conflict")
    assert (issue.severity, issue.cell, issue.field) == ("warning", "B4", "subdistrict")
    assert "先锋街道" in issue.message


def test_what_was_given_is_told_with_its_cell_and_without_a_warning() -> None:
    judgement = judged(grid([WITHOUT, ["团结街道"], row("甲院"), row("乙院")]))
    [table] = judgement.recognised
    assert table["given"] == [
        {
            "field": "subdistrict",
            "meaning": "街道(乡镇)",
            "value": "团结街道",
            "source": "分段行",
            "cell": "A2",
            "rows": "3—4",
        }
    ]
    assert "街道(乡镇)" not in [column["header"] for column in table["columns"]]
    assert not [i for i in judgement.issues if i.field == "subdistrict"]


def test_a_fully_typed_ledger_is_given_nothing() -> None:
    judgement = judged(Book(communities(3)))
    assert judgement.recognised[0]["given"] == []


def test_neighbourhood_sections_below_streets() -> None:
    lines = [WITHOUT, ["团结街道"], ["和平社区"], row("甲院"), ["胜利社区"], row("乙院"), ["车站街道"], row("丙院")]
    frame = judged(grid(lines)).frames["community"]
    assert frame.select("subdistrict", "neighbourhood").rows() == [
        ("团结街道", "和平社区"),
        ("团结街道", "胜利社区"),
        ("车站街道", None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "各街道住宅小区明细表",
        "各街道办事处台账",
        "街道(乡镇)",
        "临河区住宅小区明细表",
        "2024年城镇老旧小区明细",
        "团结街道、车站街道小区明细",
        "乡镇",
    ],
)
def test_titles_that_name_no_one_street(text: str) -> None:
    assert street_in(text) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("杭锦后旗陕坝镇小区明细", "陕坝镇"),
        ("乌拉特前旗乌拉山镇住宅小区明细表", "乌拉山镇"),
        ("巴彦淖尔市临河区团结街道办事处2024年台账", "团结街道办事处"),
        ("城区街道小区明细", "城区街道"),
    ],
)
def test_titles_that_name_one(text: str, name: str) -> None:
    place = street_in(text)
    assert place is not None
    assert place.value == name


@given(st.text(max_size=20), st.booleans())
def test_no_text_is_too_strange_for_a_section(text: str, strict: bool) -> None:
    place = place_in_section(text, strict=strict)
    assert place is None or place.value
    street_in(text)


# ── ticks ─────────────────────────────────────────────────────────────────────────────────────────────────────────

TOP = [*SHORT[:5], "物业管理方式", None, None, "是否老旧小区", None, "业委会成立情况", None, None]
LEAVES = [*[None] * 5, "市场化物业", "准物业", "无物业", "是", "否", "已成立", "未成立", "筹备中"]
MERGED = ["F1:H1", "I1:J1", "K1:M1", "A1:A2", "B1:B2", "C1:C2", "D1:D2", "E1:E2"]
T = "√"


def ticked(
    *marks: object, merged: Sequence[str] = MERGED
) -> tuple[dict[str, object], list[tuple[str | None, str | None]]]:
    judgement = judged(grid([TOP, LEAVES, [1, "团结街道", "甲院", 100, 9000, *marks]], merged))
    record = judgement.frames["community"].row(0, named=True)
    return record, [(issue.cell, issue.field) for issue in found(judgement, "several_ticks")]


@pytest.mark.parametrize("merged", [MERGED, []])
@pytest.mark.parametrize("tick", [T, "✔", 1, "是", True])
def test_one_tick_is_its_word(tick: object, merged: Sequence[str]) -> None:
    record, clashes = ticked(None, tick, None, None, tick, None, None, tick, merged=merged)
    assert (record["management_mode"], record["is_old_community"]) == ("quasi_basic", False)
    assert record["committee_status_typed"] == "preparing"
    assert not clashes


def test_no_tick_is_blank_and_crosses_are_none() -> None:
    record, clashes = ticked("√", "×", None, None, None, 0, "否", "√")
    assert (record["management_mode"], record["is_old_community"]) == ("professional_market", None)
    assert record["committee_status_typed"] == "preparing"
    assert not clashes


def test_two_ticks_are_withheld_with_their_cell() -> None:
    record, clashes = ticked(None, None, T, T, T, None, T, None)
    assert record["is_old_community"] is None
    assert record["withheld"] == ["is_old_community"]
    assert clashes == [("I3", "is_old_community")]
    assert record["management_mode"] == "none"


def test_a_word_in_a_ticked_column_is_read_as_typed() -> None:
    record, _ = ticked(None, None, T, None, T, "已届满", None, None)
    assert record["committee_status_typed"] == "term_expired"


def test_ticked_columns_are_told_as_what_they_are() -> None:
    judgement = judged(grid([TOP, LEAVES, [1, "团结街道", "甲院", 100, 9000, None, None, T, None, T, None, T]], MERGED))
    columns = {c["letter"]: (c["field"], c["how"]) for c in judgement.recognised[0]["columns"]}
    assert [columns[letter] for letter in "FIM"] == [
        ("management_mode", "tick"),
        ("is_old_community", "tick"),
        ("committee_status_typed", "tick"),
    ]
    assert not found(judgement, "unmapped_column")
    assert judgement.recognised[0]["area"] == "A1:M3"


def test_a_finding_on_a_ticked_field_points_to_the_tick() -> None:
    leaves = [*LEAVES[:7], "其他", *LEAVES[8:]]
    judgement = judged(grid([TOP, leaves, [1, "团结街道", "甲院", 100, 9000, None, None, T, None, T, None, T]], MERGED))
    assert [(i.cell, i.field, i.raw) for i in found(judgement, "unknown_word")] == [("H3", "management_mode", "其他")]


def test_a_title_that_is_about_none_of_the_rows_is_told_once() -> None:
    rows = [[n, f"第{n}街道", f"{n}号院", 100, 9000, "无物业"] for n in range(1, 7)]
    judgement = judged(grid([["临河区团结街道小区明细表"], SHORT, *rows]))
    [issue] = found(judgement, "street_conflict")
    assert (issue.cell, issue.severity) == ("B3", "warning")
    assert "等6个" in issue.message
    assert judgement.frames["community"]["subdistrict"].to_list() == [row[1] for row in rows]
