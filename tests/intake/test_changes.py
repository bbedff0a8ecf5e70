"""What a re-sent ledger says differently: found whatever the order of its rows, told as a clerk reads it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.forms import FORMS
from pipelines.intake import receive
from pipelines.intake.changes import Change, Changes, compare, layout_of, places
from pipelines.intake.service import history_of, judge, process_inbox
from pipelines.settings import Workspace
from tests.intake.books import COVER, ROW, Book, communities, community, judged, plans

Lines = list[Sequence[object]]
BODY = ["序号", "小区编码", "街道(乡镇)", "小区名称", "组织类型", "状态", "成立日期", "委员人数"]


def changed(old: Book, new: Book) -> tuple[Change, ...]:
    before, after = judged(old), judged(new)
    return compare(before.frames, after.frames, places(layout_of(after.recognised)))


def said(old: Book, new: Book) -> list[str]:
    return [change.text for change in changed(old, new)]


def of(*rows: dict[str, object]) -> Book:
    return Book(list(rows))


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rows_that_came_and_went() -> None:
    one, two, three = communities(3)
    found = changed(of(one, two), of(two | {"序号": 1}, three | {"序号": 2}))
    assert [(c.kind, c.entity) for c in found] == [("removed", "河套1号院"), ("added", "河套3号院")]
    gone, come = found
    assert (gone.sheet, gone.cell, gone.source_row) == (None, None, None)
    assert (come.sheet, come.cell, come.source_row) == ("小区明细", "E3", 3)


def test_moving_rows_about_changes_nothing() -> None:
    rows = communities(30)
    shuffled = random.Random(5).sample(rows, len(rows))
    assert changed(Book(rows), Book([row | {"序号": n} for n, row in enumerate(shuffled, 1)])) == ()


def test_other_order_of_columns_changes_nothing() -> None:
    assert changed(Book(communities(3)), Book(communities(3), headers=list(reversed(ROW)))) == ()


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        # A code and a name agree.
        ({}, {"街道": "胜利街道"}, True),
        # Renamed, by the same code in the same street.
        ({}, {"小区名称": "河套新苑"}, True),
        # Spelled otherwise: spaces and 小区 at the end are no name.
        ({"小区编码": None}, {"小区编码": None, "小区名称": "河套 人家小区"}, True),
        # A code found for what had none, and lost again.
        ({"小区编码": None}, {}, True),
        # The code with another name in another street has been given to somebody else.
        ({}, {"小区名称": "金川小区", "街道": "胜利街道"}, False),
        # A declared rename keeps its code wherever it stands.
        ({}, {"小区名称": "金川小区", "街道": "胜利街道", "变更情况": "更名"}, True),
        # A subdistrict filled in, where nothing but the name is the same.
        ({"小区编码": None, "街道": None}, {"小区编码": None}, True),
        # The same name in another subdistrict may be another estate.
        ({"小区编码": None}, {"小区编码": None, "街道": "胜利街道"}, False),
        # Phases are estates of their own.
        ({"小区编码": None, "小区名称": "河套一期"}, {"小区编码": None, "小区名称": "河套二期"}, False),
    ],
)
def test_which_row_is_which(old: dict[str, object], new: dict[str, object], same: bool) -> None:
    kinds = {change.kind for change in changed(of(community(**old)), of(community(**new)))}
    assert kinds == ({"changed"} if same else {"removed", "added"}) if old != new else not kinds


def test_an_address_put_right_makes_no_other_community_of_it() -> None:
    bare, headers = community(小区编码=None, 街道=None), [*ROW, "地址"]
    old, new = (Book([bare | {"地址": text}], headers=headers) for text in ("甲路1号", "甲路11号"))
    assert said(old, new) == ["小区明细「河套人家」地址：甲路1号 → 甲路11号"]


def test_nothing_is_guessed_between_rows_that_share_what_identifies_them() -> None:
    body: Lines = [BODY, [1, "LH0001", "团结街道", "河套人家", "业主委员会", "已成立", "2020-01-01", 5]]
    twice: Lines = [*body, [2, "LH0001", "团结街道", "河套人家", "业主委员会", "已成立", "2021-01-01", 7]]
    other: Lines = [*body, [2, "LH0001", "团结街道", "河套人家", "业主委员会", "已成立", "2021-01-01", 9]]
    third: Lines = [BODY, *([n, *twice[1][1:6], f"2022-0{n}-01", n] for n in (1, 2))]
    sheet = "业委会(物管会)明细"
    # One of two stayed as it was, so the other one is known.
    assert said(Book(sheets={sheet: twice}), Book(sheets={sheet: other})) == [f"{sheet}「河套人家」委员人数：7 → 9"]
    assert [c.kind for c in changed(Book(sheets={sheet: twice}), Book(sheets={sheet: third}))] == [
        "removed", "removed", "added", "added",
    ]  # fmt: skip


def test_a_sheet_that_was_left_out() -> None:
    sheet: Lines = [
        ["企业名称", "统一社会信用代码", "状态"],
        ["甲物业有限公司", None, "在营"],
        ["乙物业有限公司", None, "在营"],
    ]
    assert said(Book(sheets={"企业明细": sheet}), Book()) == [
        "企业明细：删除「甲物业有限公司」",
        "企业明细：删除「乙物业有限公司」",
    ]


# ── cells ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ({"总户数": 100}, {"总户数": 1120}, "总户数：100 → 1,120"),
        ({"建筑面积": 10000}, {"建筑面积": "1.25万㎡"}, "建筑面积：10,000㎡ → 12,500㎡"),
        ({"物业管理方式": "市场化物业"}, {"物业管理方式": "国有物业"}, "物业管理方式：市场化物业 → 国有物业"),
        ({"合同备案": "是"}, {"合同备案": "×"}, "合同备案：是 → 否"),
        ({"物业费收缴率": 85.5}, {"物业费收缴率": "90%"}, "物业费收缴率：85.5% → 90%"),
        ({"收费标准": 1.2}, {"收费标准": None}, "收费标准：1.2元/㎡·月 → （空）"),
        ({"交付使用时间": "2010-06-01"}, {"交付使用时间": "2010年6月"}, "交付使用时间：2010-06-01 → 2010年6月"),
        ({"建成年份": 2009}, {"建成年份": "90年代"}, "建成年份：2009年 → 1990年代"),
        ({"入住户数": 80}, {"入住户数": "不少"}, "入住户数：80 → （未采用）"),
    ],
)
def test_cells_in_words(old: dict[str, object], new: dict[str, object], text: str) -> None:
    assert said(of(community(**old)), of(community(**new))) == [f"小区明细「河套人家」{text}"]


@pytest.mark.parametrize("typed", ["100", "１００", "100户", 100.0])
def test_the_same_value_typed_otherwise_is_no_change(typed: object) -> None:
    assert changed(of(community()), of(community(总户数=typed))) == ()


def test_the_cell_is_the_one_of_the_new_workbook() -> None:
    headers = ["小区名称", "总户数", *(h for h in ROW if h not in ("小区名称", "总户数"))]
    *two, three = communities(3)
    [change] = changed(of(*two, three), Book([*two, three | {"总户数": 7}], headers=headers))
    assert (change.cell, change.source_row, change.header) == ("B4", 4, "总户数")


def test_a_column_that_is_not_there_any_more_points_to_the_name() -> None:
    found = changed(of(community()), Book([community()], headers=[h for h in ROW if h != "小区党支部"]))
    assert [(c.field, c.before, c.after, c.cell) for c in found] == [("has_party_branch", "是", None, "E2")]


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_every_row_is_told_once(order: Sequence[int], without: set[int], touched: set[int]) -> None:
    told = {"community_code": "C{}", "name_key": "{}号院", "community_name": "{}号院", "subdistrict_key": "东街道"}
    place = {"source_sheet": "s", "withheld": [], "households": 9}
    rows = [place | {"source_row": n} | {name: text.format(n) for name, text in told.items()} for n in range(6)]
    new = [rows[n] | {"households": 10 if n in touched else 9} for n in order if n not in without]
    frames = [{"community": pl.DataFrame(part, schema=FORMS["community"].record_schema)} for part in (rows, new)]
    found = compare(frames[0], frames[1], places([]))
    assert {c.entity for c in found if c.kind == "removed"} == {f"{n}号院" for n in without}
    assert {c.entity for c in found if c.kind == "changed"} == {f"{n}号院" for n in touched - without}
    assert len(found) == len(without | touched)


def test_counts_and_headline() -> None:
    rows = (
        Change("community", "removed", "甲"),
        Change("community", "changed", "乙", "households", "1", "2", "小区明细", "L2", 2),
        Change("community", "changed", "乙", "address", "a", "b", "小区明细", "H2", 2),
        Change("company", "added", "丙", sheet="企业明细", cell="B3", source_row=3),
    )
    changes = Changes("x", datetime(2024, 11, 20, 9, 30), "台账.xlsx", rows)
    assert changes.counts() == {"community": {"removed": 1, "changed": 1}, "company": {"added": 1}}
    assert changes.headline == (
        "与2024-11-20 09:30收到的上一版「台账.xlsx」相比：小区明细删除 1 行、修改 1 行；企业明细新增 1 行。"
    )


# ── in the workspace ──────────────────────────────────────────────────────────────────────────────────────────────

FIRST, SECOND, THIRD = (datetime(2024, 11, day, 10) for day in (5, 15, 25))


def versions() -> list[tuple[bytes, datetime]]:
    """Accepted, re-sent, re-sent without its list (returned), re-sent again."""
    one, two, three, four = communities(4)
    books = [
        Book([one, two, three]),
        Book([two | {"总户数": 120}, three, four], cover=COVER | {"填报日期": "2024-11-15"}),
        Book([], cover=COVER | {"填报日期": "2024-11-20"}),
        Book([two | {"总户数": 120}, three], cover=COVER | {"填报日期": "2024-11-25"}),
    ]
    moments = (FIRST, SECOND, datetime(2024, 11, 20, 10), THIRD)
    return [(book.bytes(), moment) for book, moment in zip(books, moments, strict=True)]


def hand_in(ws: Workspace, content: bytes, received: datetime) -> None:
    path = ws.root / f"台账{received:%d}.xlsx"
    path.write_bytes(content)
    receive.submit(ws, [path], received)


def recorded(ws: Workspace) -> dict[str, list[tuple[object, ...]]]:
    """Every difference on record, by the day its version came."""
    received = pl.read_parquet(ws.records / "submission" / "*").select("submission_id", "received_at").iter_rows()
    days = {submission_id: f"{moment:%d}" for submission_id, moment in received}
    found: dict[str, list[tuple[object, ...]]] = {}
    for file in sorted((ws.records / "change").glob("*.parquet")):
        for row in pl.read_parquet(file).to_dicts():
            what = (row[name] for name in ("kind", "entity", "field", "before", "after", "cell"))
            found.setdefault(days[row["submission_id"]], []).append((days[row["supersedes"]], *what))
    return found


EXPECTED = {
    "15": [
        ("05", "removed", "河套1号院", None, None, None, None),
        ("05", "added", "河套4号院", None, None, None, "E4"),
        ("05", "changed", "河套2号院", "households", "100", "120", "N2"),
    ],
    "25": [("15", "removed", "河套4号院", None, None, None, None)],
}


@pytest.mark.parametrize(
    ("order", "together"),
    [([0, 1, 2, 3], True), ([0, 1, 2, 3], False), ([3, 2, 1, 0], False), ([1, 3, 0, 2], False)],
)
def test_any_order_of_arrival_records_the_same(tmp_path: Path, order: list[int], together: bool) -> None:
    ws = Workspace(tmp_path).prepare()
    sent = versions()
    for number in [*order, order[-1]]:
        hand_in(ws, *sent[number])
        if not together:
            process_inbox(ws, plans(), datetime(2025, 12, 5))
    process_inbox(ws, plans(), datetime(2025, 12, 5))
    assert recorded(ws) == EXPECTED


def test_check_compares_with_the_version_in_force(tmp_path: Path) -> None:
    ws = Workspace(tmp_path).prepare()
    sent = versions()
    for content, received in sent[:2]:
        hand_in(ws, content, received)
    process_inbox(ws, plans(), datetime(2024, 11, 16))
    history = history_of(ws, plans())
    checked = judge(sent[3][0], "台账.xlsx", None, plans(), history).changes
    assert checked is not None
    assert [(c.kind, c.entity) for c in checked.rows] == [("removed", "河套4号院")]
    assert checked.received_at == SECOND
    assert judge(sent[2][0], "台账.xlsx", None, plans(), history).changes is None
    assert judge(sent[0][0], "台账.xlsx", None, plans(), history).changes is None
