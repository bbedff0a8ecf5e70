"""Every rule: what breaks it, where the finding points, and what an error withholds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from pipelines.forms import FORMS
from pipelines.intake.rules import RULES
from tests.intake.books import COVER, ROW, USCC, Book, communities, community, found, judged, record, saved


def test_a_sound_ledger_breaks_no_rule() -> None:
    judgement = judged(Book([community()]))
    assert {issue.rule_id for issue in judgement.issues} == {"missing_sheet"}
    assert judgement.status == "accepted_with_issues"
    assert record(judgement)["withheld"] == []


@pytest.mark.parametrize(
    ("rule", "severity", "cell", "changes", "withheld"),
    [
        ("R01", "error", "C2", {"旗县区": "五原县"}, "district_name"),
        ("R01", "error", "C2", {"旗县区": "后旗"}, "district_name"),
        ("R04", "error", "N2", {"总户数": 0}, "households"),
        ("R05", "warning", "O2", {"入住户数": 101}, None),
        ("R06", "warning", "M2", {"建筑面积": 3.2}, None),
        ("R08", "error", "Q2", {"物业服务企业": None}, "is_professional"),
        ("R08", "error", "P2", {"物业管理方式": "有物业", "物业服务企业": None}, "management_mode"),
        ("R09", "warning", "R2", {"统一社会信用代码": None}, None),
        ("R09", "warning", "T2", {"合同开始日期": None, "合同结束日期": None}, None),
        ("R10", "error", "Q2", {"物业管理方式": "无物业", "收费标准": None}, "company_name"),
        ("R11", "warning", "T2", {"合同结束日期": "2024-10-31"}, None),
        ("R12", "error", "S2", {"合同开始日期": "2027-02-01"}, "contract_start contract_end"),
        ("R13", "error", "H2", {"交付使用时间": "2024-12-20"}, "delivered_date"),
        ("R14", "warning", "J2", {"是否新建小区": "是"}, None),
        ("R15", "warning", "K2", {"是否老旧小区": "是"}, None),
        ("R16", "error", "L2", {"老旧小区改造情况": "已改造"}, "renovation_status"),
        ("R23", "error", "W2", {"物业费收缴率": 120}, "fee_collection_rate"),
        ("R25", "error", "R2", {"统一社会信用代码": "不是代码"}, "uscc"),
        ("R25", "error", "R2", {"统一社会信用代码": 911101066976941872}, "uscc"),
        ("R25", "warning", "R2", {"统一社会信用代码": "91350211M0000XUF46"}, None),
        ("R26", "error", "R2", {"统一社会信用代码": "362322198709086409"}, "uscc"),
        ("R27", "error", "AG2", {"备注": "联系13800000000"}, None),
        ("R28", "warning", "V2", {"物业管理方式": "无物业", "物业服务企业": None}, None),
        ("R28", "warning", "P2", {"物业管理方式": "不详", "物业服务企业": None}, None),
        ("R29", "warning", "X2", {"公示日期": None}, None),
        ("R35", "warning", "AE2", {"变更时间": "2025-03-01"}, None),
        ("R37", "warning", "Z2", {"建设状态": "在建", "业委会(物管会)成立情况": "已成立"}, None),
        ("R38", "warning", "Z2", {"类别": "单体楼", "业委会(物管会)成立情况": "已成立"}, None),
        ("change_without_source", "warning", "AD2", {"变更情况": "合并"}, None),
    ],
)  # fmt: skip
def test_rules_on_a_community(
    rule: str, severity: str, cell: str, changes: dict[str, object], withheld: str | None
) -> None:
    judgement = judged(Book([community(**changes)]))
    [issue] = found(judgement, rule)
    assert (issue.severity, issue.cell, issue.row, issue.sheet) == (severity, cell, 2, "小区明细")
    assert issue.entity == "河套人家"
    assert issue.remedy
    row = record(judgement)
    assert set((withheld or "").split()) <= set(row["withheld"])
    assert not (withheld or "").split() or all(row.get(name) is None for name in withheld.split())  # type: ignore[union-attr]
    assert (row["withheld"] == []) == (withheld is None)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"合同结束日期": "2024-11"}, "R11"),  # a month that is not over on its last day
        ({"合同结束日期": "2024"}, "R11"),
        ({"合同开始日期": "2026", "合同结束日期": "2026-03"}, "R12"),
        ({"交付使用时间": "2024-11"}, "R13"),
        ({"建成年份": "2023", "是否新建小区": "是"}, "R14"),
        ({"老旧小区改造情况": "已改造", "备注": "棚改项目"}, "R16"),
        ({"物业服务企业": None, "物业管理方式": "居委会托管"}, "R08"),
        ({"建设状态": "在建", "交付使用时间": "2026-05-01"}, "R35"),
        ({"旗县区": "150802"}, "R01"),
    ],
)
def test_what_does_not_break_a_rule(changes: dict[str, object], rule: str) -> None:
    assert not found(judged(Book([community(**changes)])), rule)


def test_an_unmanaged_community_loses_its_company_and_stays() -> None:
    judgement = judged(Book([community(物业管理方式="弃管", 收费标准=None)]))
    row = record(judgement)
    assert (row["management_mode"], row["company_name"]) == ("none", None)


def test_contract_in_one_column() -> None:
    headers = [h for h in ROW if h not in ("合同开始日期", "合同结束日期")] + ["合同期限"]
    judgement = judged(Book([community() | {"合同期限": "2022.1-2024.12"}], headers=headers))
    row = record(judgement)
    assert (row["contract_start"], row["contract_end"]) == (date(2022, 1, 1), date(2024, 12, 1))
    assert (row["contract_start_precision"], row["contract_end_precision"]) == ("month", "month")
    assert not {"community.contract_start", "community.contract_end"} & set(judgement.submission["missing_columns"])


class TestRowsSetAside:
    def test_no_name(self) -> None:
        judgement = judged(Book([community(), community(小区名称=None, 小区编码="LH0002")]))
        [issue] = found(judgement, "R02")
        assert (issue.severity, issue.cell, issue.row) == ("error", "E3", 3)
        assert judgement.submission["community_count"] == 1

    def test_only_a_running_number_is_an_empty_row(self) -> None:
        judgement = judged(Book([community(), {"序号": 2, "旗县区": "临河区"}, {"序号": 3}]))
        assert not found(judgement, "R02")
        assert judgement.submission["community_count"] == 1

    def test_second_row_of_the_same_community(self) -> None:
        twice = [community(), community(小区名称="河套人家 小区", 小区编码=None, 总户数=120)]
        judgement = judged(Book(twice))
        [issue] = found(judgement, "R39")
        assert (issue.severity, issue.row) == ("error", 3)
        assert "第2行" in issue.message
        assert judgement.frames["community"]["households"].to_list() == [100]

    def test_phases_and_streets_and_codes_tell_communities_apart(self) -> None:
        rows = [
            community(),
            community(小区名称="河套人家二期", 小区编码="LH0002"),
            community(**{"街道(乡镇)": "车站街道", "小区编码": "LH0003"}),
            community(小区编码="LH0004"),
        ]
        judgement = judged(Book(rows))
        assert not found(judgement, "R39")
        assert judgement.submission["community_count"] == 4

    def test_last_row_beside_a_new_community_of_the_same_name(self) -> None:
        rows = [community(), community(变更情况="核销", 小区编码=None)]
        assert not found(judged(Book(rows)), "R39")

    def test_without_a_subdistrict_the_address_decides(self) -> None:
        headers = [*ROW, "地址"]
        rows = [
            community(**{"街道(乡镇)": None, "小区编码": None}) | {"地址": place}
            for place in ("胜利路1号", "解放街2号")
        ]
        assert not found(judged(Book(rows, headers=headers)), "R39")
        rows[1]["地址"] = "胜利路 1号"
        assert len(found(judged(Book(rows, headers=headers)), "R39")) == 1


def test_one_code_for_two_communities() -> None:
    judgement = judged(Book([community(), community(小区名称="别处", **{"街道(乡镇)": "车站街道"})]))
    [issue] = found(judgement, "duplicate_code")
    assert issue.severity == "warning"
    assert judgement.submission["community_count"] == 2


def test_filled_down_column() -> None:
    judgement = judged(Book(communities(12)))
    assert {issue.field for issue in found(judgement, "R40")} == {
        "contract_filed",
        "disclosure_done",
        "has_party_branch",
        "building_steward",
    }
    assert all(issue.cell and issue.cell.endswith("1") and issue.row is None for issue in found(judgement, "R40"))


NO_UNIT = [header.replace("建筑面积(㎡)", "建筑面积") for header in ROW]


class TestAreaUnit:
    def rows(self, *areas: object) -> list[dict[str, object]]:
        return [row | {"建筑面积": area} for row, area in zip(communities(len(areas)), areas, strict=True)]

    def test_none_stated(self) -> None:
        judgement = judged(Book(self.rows(9000, 1.2, "7.58万m2"), headers=NO_UNIT))
        assert [(i.severity, i.cell) for i in found(judgement, "R34")] == [("error", "M3"), ("warning", "M1")]
        areas = judgement.frames["community"]["floor_area_sqm"].cast(pl.Float64).to_list()
        assert areas == [9000, None, 75800]

    def test_none_stated_and_no_households_to_check_with(self) -> None:
        rows = [row | {"总户数": "不详"} for row in self.rows(9000)]
        judgement = judged(Book(rows, headers=NO_UNIT))
        assert [i.severity for i in found(judgement, "R34")] == ["error"]

    def test_header_says_ten_thousands(self) -> None:
        headers = [header.replace("建筑面积(㎡)", "建筑面积(万㎡)") for header in ROW]
        judgement = judged(Book([community() | {"建筑面积(万㎡)": 1.05}], headers=headers))
        assert float(record(judgement)["floor_area_sqm"]) == 10500

    def test_cover_or_unit_row_says_it(self) -> None:
        judgement = judged(Book(self.rows(1.05), cover=COVER | {"单位": "个、万平方米、%"}, headers=NO_UNIT))
        assert float(record(judgement)["floor_area_sqm"]) == 10500
        assert not found(judgement, "R34")


# ── other sheets ──────────────────────────────────────────────────────────────────────────────────────────────────

BODY = [
    "小区编码",
    "街道(乡镇)",
    "小区名称",
    "组织类型",
    "状态",
    "成立日期",
    "备案日期",
    "本届任期开始日期",
    "本届任期结束日期",
    "委员人数",
    "党员委员人数",
]


def body(**changes: object) -> list[object]:
    sound = dict(
        zip(
            BODY,
            [
                "LH0001",
                "团结街道",
                "河套人家",
                "业委会",
                "已成立",
                "2023-01-10",
                "2023-02-01",
                "2023-01-10",
                "2026-01-09",
                7,
                4,
            ],
            strict=True,
        )
    )
    return list((sound | changes).values())


@pytest.mark.parametrize(
    ("rule", "severity", "cell", "changes", "withheld"),
    [
        ("R17", "error", "F2", {"成立日期": "2024-12-05"}, "status"),
        ("R18", "warning", "G2", {"备案日期": None}, None),
        ("R21", "warning", "E2", {"本届任期结束日期": "2024-01-09"}, None),
        ("R22", "error", "K2", {"党员委员人数": 8}, "party_member_count"),
        ("filed_before_established", "warning", "G2", {"备案日期": "2022-02-01"}, None),
        ("body_without_community", "warning", "C2", {"小区名称": "没有的小区", "小区编码": None}, None),
    ],
)
def test_rules_on_bodies(rule: str, severity: str, cell: str, changes: dict[str, object], withheld: str | None) -> None:
    judgement = judged(Book(sheets={"业委会(物管会)明细": [BODY, body(**changes)]}))
    [issue] = found(judgement, rule)
    assert (issue.severity, issue.cell, issue.form) == (severity, cell, "committee")
    row = record(judgement, form="committee")
    assert row["withheld"] == ([withheld] if withheld else [])
    assert withheld is None or row[withheld] is None


def test_sound_body() -> None:
    judgement = judged(Book(sheets={"业委会(物管会)明细": [BODY, body()]}))
    assert {issue.rule_id for issue in judgement.issues} == {"missing_sheet"}


def test_a_tick_against_a_body_in_preparation() -> None:
    book = Book([community(**{"业委会(物管会)成立情况": "已成立"})])
    book.sheets = {"业委会(物管会)明细": [BODY, body(状态="筹备中", 成立日期=None, 备案日期=None)]}
    [issue] = found(judged(book), "R19")
    assert (issue.severity, issue.cell, issue.sheet) == ("warning", "Z2", "小区明细")


def test_both_bodies_of_a_community() -> None:
    lines = [BODY, body(), body(组织类型="物管会", 小区编码=None)]
    judgement = judged(Book(sheets={"业委会(物管会)明细": lines}))
    assert not found(judgement, "R20")  # one is listed by code, the other by name only
    lines = [BODY, body(), body(组织类型="物管会")]
    [issue] = found(judged(Book(sheets={"业委会(物管会)明细": lines})), "R20")
    assert issue.cell == "D3"


@pytest.mark.parametrize(("change", "rule"), [({"类别": "单体楼"}, "R38"), ({"建设状态": "在建"}, "R37")])
def test_bodies_where_none_belongs(change: dict[str, object], rule: str) -> None:
    """With the sheet of bodies the finding points there, once."""
    book = Book([community(**change, **{"业委会(物管会)成立情况": "已成立"})])
    book.sheets = {"业委会(物管会)明细": [BODY, body()]}
    [issue] = found(judged(book), rule)
    assert issue.form == "committee"


SURVEY = [
    "调查年度",
    "组织方式",
    "小区名称",
    "有效样本",
    "非常满意",
    "满意",
    "基本满意",
    "一般",
    "不满意",
    "非常不满意",
    "满意率(%)",
]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ([2024, "第三方", "河套人家", 120, 30, 40, 25, 15, 10, 0, 90], "R24"),
        ([2024, "第三方", "河套人家", 130, 30, 40, 25, 15, 10, 0, 73.1], "answers_do_not_add_up"),
        ([2024, "第三方", "河套人家", 20, 10, 10, 0, 0, 0, 0, 100], "small_sample"),
    ],
)
def test_rules_on_surveys(line: list[object], rule: str) -> None:
    judgement = judged(Book(sheets={"满意度调查": [SURVEY, line]}))
    assert {issue.rule_id for issue in judgement.issues} == {"missing_sheet", rule}


def test_a_lone_one_is_settled_by_recomputation() -> None:
    def rate(typed: object, *others: object) -> Any:
        lines = [[2024, "第三方", f"小区{n}", 100, 60, 30, 4, 3, 2, 1, other] for n, other in enumerate(others)]
        full = [2024, "第三方", "河套人家", 100, 100, 0, 0, 0, 0, 0, typed]
        judgement = judged(Book(sheets={"满意度调查": [SURVEY, full, *lines]}))
        return record(judgement, form="satisfaction")["reported_rate"], found(judgement, "ambiguous_percent")

    assert rate(1, 94) == (100, [])
    assert rate(1, 0.94) == (100, [])  # a column of fractions


def test_a_lone_one_that_nothing_settles_is_withheld() -> None:
    rows = communities(2)
    rows[0]["物业费收缴率(%)"], rows[1]["物业费收缴率(%)"] = 1, 88
    judgement = judged(Book(rows))
    [issue] = found(judgement, "ambiguous_percent")
    assert (issue.severity, issue.cell) == ("error", "W2")
    assert judgement.frames["community"]["fee_collection_rate"].to_list() == [None, 88]


def test_percent_formats() -> None:
    book = Book(communities(3)).workbook()
    sheet = book["小区明细"]
    column = [cell.value for cell in sheet[1]].index("物业费收缴率(%)") + 1
    for row, (value, number_format) in enumerate([(0.936, "0.0%"), ("93.6%", "@"), (93.6, "General")], start=2):
        sheet.cell(row, column, value).number_format = number_format
    assert judged(saved(book)).frames["community"]["fee_collection_rate"].to_list() == [93.6] * 3


TASK = ["任务编号", "工作任务", "计划值", "完成值", "完成率(%)", "完成状态", "完成日期", "佐证材料编号"]
EVIDENCE = ["材料编号", "指标/任务编号", "材料名称", "形成日期", "SHA-256"]


def test_tasks_and_evidence() -> None:
    sheets = {
        "任务台账": [
            TASK,
            ["a", "甲", 10, 5, 80, "正在推进", None, None],
            ["b", "乙", 10, 10, 100, "已完成", "2024-12-10", None],
            ["c", "丙", 10, 10, 100, "已完成", "2024-10-10", "E9"],
        ],
        "佐证材料清单": [
            EVIDENCE,
            *([f"E{n}", "c", f"材料{n}", "2024-10-01", "f" * 64] for n in range(1, 6)),
            ["E6", "c", "材料6", "2025-01-01", None],
        ],
    }
    judgement = judged(Book(sheets=sheets), received=datetime(2024, 12, 20))
    cells = {(i.rule_id, i.severity): i.cell for i in judgement.issues if i.rule_id != "missing_sheet"}
    assert (
        cells.items()
        >= {
            ("T14", "warning"): "A1",
            ("R24", "warning"): "E2",
            ("done_without_evidence", "warning"): "H3",
            ("done_after_as_of", "warning"): "G3",
            ("T13", "warning"): "H4",
            ("evidence_reused", "warning"): "E2",
            ("evidence_after_submission", "error"): "D7",
        }.items()
    )
    assert record(judgement, 5, "evidence")["date"] is None


COMPANY = ["企业名称", "统一社会信用代码", "在管面积(万㎡)", "从业人员", "党员人数", "党组织形式", "状态"]
FIRM = ["测试物业服务有限公司", USCC, 12.5, 40, 2, "联合建", "在营"]


def test_rules_on_companies() -> None:
    lines = [COMPANY, FIRM, ["乙物业有限公司", "911101066976941872", 3, 5, 6, "党建指导员", "在营"]]
    judgement = judged(Book(sheets={"企业明细": lines}))
    assert float(record(judgement, form="company")["managed_area"]) == 125_000
    [issue] = found(judgement, "R22")
    assert (issue.cell, issue.severity) == ("E3", "error")
    bare = [header.replace("(万㎡)", "") for header in COMPANY]
    judgement = judged(Book(sheets={"企业明细": [bare, FIRM]}))
    assert [i.cell for i in found(judgement, "R34")] == ["C2"]
    assert record(judgement, form="company")["managed_area"] is None


def test_subjects_of_other_sheets() -> None:
    sheets = {
        "企业明细": [COMPANY, FIRM],
        "党建情况": [
            ["对象类别", "名称", "组建方式"],
            ["物业企业", "没有的物业有限公司", "联合建"],
            ["物业企业", FIRM[0], "联合建"],
        ],
        "信用评价及红黑榜": [
            ["评价年度", "企业名称", "项目名称", "信用等级", "红黑榜"],
            [2024, FIRM[0], "河套人家", "AAA", "红榜"],
            [2024, FIRM[0], "别处", "A", None],
        ],
    }
    judgement = judged(Book(sheets=sheets))
    assert [i.cell for i in found(judgement, "T8")] == ["B2"]
    assert [i.cell for i in found(judgement, "T15")] == ["C3"]
    assert [i.cell for i in found(judgement, "T9")] == ["E3"]


class TestTypedTotals:
    def totals(self, rows: list[dict[str, object]], *lines: list[object], **sheets: list[list[object]]) -> list[Any]:
        book = Book(rows, sheets={"汇总表": [["指标", "数值", "单位"], *lines], **sheets})
        return [(i.rule_id, i.cell) for i in judged(book).issues if i.rule_id.startswith("T")]

    def test_right_ones(self) -> None:
        lines = [["小区总数", 3, "个"], ["物业管理覆盖数", 3, "个"], ["专业化覆盖数", 3, "个"], ["总户数", 300, "户"]]
        assert self.totals(communities(3), *lines, ["总建筑面积", 3, "万㎡"], ["业委会(物管会)组建数", 0, "个"]) == []

    def test_wrong_ones(self) -> None:
        lines = [["小区总数", 4, "个"], ["物业管理覆盖数", 2, "个"], ["总户数", 301, "户"], ["总建筑面积", 3.2, "万㎡"]]
        assert self.totals(communities(3), *lines, ["业委会(物管会)组建数", 1, "个"]) == [
            ("T1", "B2"),
            ("T2", "B3"),
            ("T3", "B4"),
            ("T3", "B5"),
            ("T4", "B6"),
        ]

    def test_building_sites_may_be_counted_or_not(self) -> None:
        rows = [*communities(2), community(小区编码="LH0009", 小区名称="工地", 建设状态="在建")]
        assert self.totals(rows, ["小区总数", 3, "个"]) == []
        assert self.totals(rows, ["小区总数", 2, "个"]) == []

    def test_sum_with_an_unreadable_part_proves_nothing(self) -> None:
        assert self.totals([*communities(2), community(总户数="不详")], ["总户数", 5000, "户"]) == []

    def test_companies_are_counted_once(self) -> None:
        lines = {"企业明细": [COMPANY, FIRM, ["乙物业有限公司", "911101066976941872", 3, 9, 1, None, "注销"]]}
        assert self.totals([community()], ["企业数", 1, "家"], **lines) == []
        assert self.totals([community()], ["企业数", 2, "家"], **lines) == [("T5", "B2")]


def test_the_register_of_rules_is_complete() -> None:
    """Each rule speaks Chinese, names its remedy, and refers to forms and fields that exist."""
    for rule in RULES:
        assert rule.message, rule
        assert rule.remedy, rule
        assert rule.severity in ("fatal", "error", "warning"), rule
        if rule.form:
            form = FORMS[rule.form]
            for name in filter(None, (rule.field, *rule.withholds)):
                assert name == "is_professional" or form.column(name), rule
    ids = {rule.id for rule in RULES}
    wanted = {*range(1, 7), *range(8, 35), 35, 37, 38, 39, 40}
    assert {f"R{n:02}" for n in wanted} <= ids
    assert {"R19", "T1", "T2", "T3", "T4", "T5", "T8", "T9", "T11", "T13", "T15"} <= ids
