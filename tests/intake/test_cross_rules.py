"""One sheet against another, and typed totals: T6–T14, R07, R36, and what bodies, lists and branches say."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.intake.issues import column_letter
from pipelines.intake.rules.totals import tasks_of
from tests.intake.books import PLAN, ROW, USCC, Book, communities, community, found, judged, plans, saved

OTHER = "911101066976941872"
FIRM = "测试物业服务有限公司"


def cells(judgement: Any, rule: str) -> list[tuple[str, str]]:
    return [(issue.sheet, issue.cell) for issue in found(judgement, rule)]


def with_sheet(name: str, lines: list[list[object]], rows: int = 3, **more: list[list[object]]) -> Any:
    return judged(Book(communities(rows), sheets={name: lines, **more}))


# ── companies ─────────────────────────────────────────────────────────────────────────────────────────────────────

COMPANY = ["企业名称", "统一社会信用代码", "在管项目数", "在管面积(万㎡)"]


@pytest.mark.parametrize(
    ("typed", "area", "rules"),
    [
        (3, 3, []),  # three communities of 10,000 ㎡
        (7, 20, []),  # more, in other districts
        (2, 3, ["T6"]),
        (3, 2.97, []),  # exactly 1 %
        (3, 2.969, ["T7"]),
        (None, None, []),
    ],
)
def test_a_company_manages_what_the_ledger_says_it_does(typed: object, area: object, rules: list[str]) -> None:
    judgement = with_sheet("企业明细", [COMPANY, [FIRM, USCC, typed, area]])
    assert [rule for rule in ("T6", "T7") if found(judgement, rule)] == rules
    assert {cell for rule in rules for _, cell in cells(judgement, rule)} <= {"C2", "D2"}


def test_a_community_without_code_goes_by_the_company_s_name() -> None:
    rows = [*communities(2), community(小区名称="别处", 小区编码="LH0009", 统一社会信用代码=None)]
    judgement = judged(Book(rows, sheets={"企业明细": [COMPANY, [FIRM, USCC, 2, 9]]}))
    [issue] = found(judgement, "T6")
    assert "填2个" in issue.message
    assert "有3个" in issue.message


def test_an_area_with_an_unknown_part_proves_nothing() -> None:
    rows = [*communities(2), community(小区名称="别处", 小区编码="LH0009", 建筑面积="不详")]
    assert not found(judged(Book(rows, sheets={"企业明细": [COMPANY, [FIRM, USCC, 3, 0.5]]})), "T7")


def test_one_company_with_two_codes() -> None:
    judgement = with_sheet("企业明细", [COMPANY, [FIRM, OTHER, 3, 3]])
    assert cells(judgement, "R36") == [("企业明细", "B2")]  # three communities say otherwise
    judgement = with_sheet("企业明细", [COMPANY, [FIRM, USCC, 3, 3], [FIRM, OTHER, 3, 3]])
    assert cells(judgement, "R36") == [("企业明细", "B3")]
    assert USCC in found(judgement, "R36")[0].message
    rows = [*communities(2), community(小区名称="别处", 小区编码="LH0009", 统一社会信用代码=OTHER)]
    assert cells(judged(Book(rows)), "R36") == [("小区明细", "R4")]
    assert cells(judged(Book(rows, sheets={"企业明细": [COMPANY, [FIRM, USCC, 3, 3]]})), "R36") == [("小区明细", "R4")]


PARTY = ["对象类别", "名称", "组建方式", "党组织名称", "党员数"]
FIRMS = ["企业名称", "统一社会信用代码", "党组织形式", "状态"]


@pytest.mark.parametrize(
    ("claim", "form", "party", "expected"),
    [
        (100, "无", [], ["乙物业有限公司"]),
        (100, "党建指导员", [], []),
        (100, "无", [["物业企业", "乙物业有限公司", "联合建", "某党支部", 1]], []),
        (50, "无", [], []),
    ],
)
def test_full_coverage_is_full(claim: object, form: str, party: list[list[object]], expected: list[str]) -> None:
    sheets = {
        "企业明细": [FIRMS, [FIRM, USCC, "单独建", "在营"], ["乙物业有限公司", OTHER, form, "在营"]],
        "党建情况": [PARTY, ["物业企业", FIRM, "单独建", "某支部", 4], *party],
        "任务台账": [
            ["任务编号", "工作任务", "计划值", "完成值", "完成状态"],
            ["company_party_work_coverage_rate", "党建覆盖", 100, claim, "已完成"],
        ],
        "汇总表": [["指标", "数值", "单位"], ["党组织覆盖率", claim, "%"]],
    }
    judgement = judged(Book([community()], sheets=sheets))
    assert cells(judgement, "T8") == ([("任务台账", "D2"), ("汇总表", "B2")] if expected else [])
    assert all(name in issue.message for name in expected for issue in found(judgement, "T8"))


def test_a_joint_branch_over_more_than_five() -> None:
    lines = [["物业企业", f"{n}号物业有限公司", "联合建", "第一联合党支部", 1] for n in range(6)]
    assert not found(with_sheet("党建情况", [PARTY, *lines[:5]]), "branch_covers_many")
    [issue] = found(with_sheet("党建情况", [PARTY, *lines]), "branch_covers_many")
    assert (issue.cell, "6个单位" in issue.message) == ("D2", True)


def test_three_members_and_an_instructor() -> None:
    lines = [["物业企业", FIRM, "党建指导员", None, count] for count in (2, 3)]
    assert cells(with_sheet("党建情况", [PARTY, *lines]), "should_have_org") == [("党建情况", "C3")]


# ── disputes, subdistricts, tasks ─────────────────────────────────────────────────────────────────────────────────

DISPUTE = ["工单编号", "受理时间", "诉求类别", "办结状态", "重复件"]


@pytest.mark.parametrize(("typed", "expected"), [(3, []), (2, []), (4, [("汇总表", "B2")])])
def test_the_number_of_disputes(typed: int, expected: list[tuple[str, str]]) -> None:
    lines = [["G1", "2024-05-01", "收费", "办结", "否"], ["G2", "2024-05-02", "停车", "办结", "否"]]
    lines.append(["G3", "2024-05-03", "停车", "重复", "是"])
    totals = [["指标", "数值", "单位"], ["矛盾纠纷数", typed, "件"]]
    judgement = judged(Book(sheets={"矛盾纠纷及12345": [DISPUTE, *lines], "汇总表": totals}))
    assert cells(judgement, "T10") == expected


def test_a_dispute_without_a_category_among_others() -> None:
    lines = [["G1", "2024-05-01", "收费", "办结", "否"], ["G2", "2024-05-02", None, "办结", "否"]]
    assert cells(with_sheet("矛盾纠纷及12345", [DISPUTE, *lines]), "T10") == [("矛盾纠纷及12345", "C3")]
    assert not found(with_sheet("矛盾纠纷及12345", [DISPUTE, lines[1]]), "T10")


def test_the_numbers_per_subdistrict() -> None:
    streets = [["街道(乡镇)", "社区数", "小区数"], ["团结街道", 2, 4], ["车站街道", 5, 5]]
    neighbourhoods = [["街道(乡镇)", "社区"], ["团结街道", "甲社区"], ["团结街道", "乙社区"], ["团结街道", "丙社区"]]
    judgement = with_sheet("街道机构", streets, 3, 社区情况=neighbourhoods)
    assert cells(judgement, "T11") == [("街道机构", "B2"), ("街道机构", "C2")]
    assert not found(with_sheet("街道机构", [streets[0], ["团结街道", 3, 3]], 3, 社区情况=neighbourhoods), "T11")


@pytest.mark.parametrize(("typed", "expected"), [(200, []), (100, [("小区明细", "N6")]), (300, [("小区明细", "N6")])])
def test_a_subtotal_that_names_its_subdistrict(typed: int, expected: list[tuple[str, str]]) -> None:
    """Its rows need not stand together: those of another subdistrict and a page's total lie between."""
    one, other, three = communities(3)
    rows = [one, other | {"街道(乡镇)": "车站街道"}, {"小区名称": "本页小计", "总户数": 200}, three]
    rows.append({"街道(乡镇)": "团结街道小计", "总户数": typed})
    assert cells(judged(Book(rows)), "T11") == expected


def test_building_sites_count_for_a_subdistrict_or_not() -> None:
    rows = [*communities(2), community(小区名称="工地", 小区编码="LH0009", 建设状态="在建")]
    for typed, expected in ((2, 0), (3, 0), (4, 1)):
        sheets = {"街道机构": [["街道(乡镇)", "小区数"], ["团结街道", typed]]}
        assert len(found(judged(Book(rows, sheets=sheets)), "T11")) == expected


def test_tasks_of_the_plan() -> None:
    asked = [task.split("\t") for task in tasks_of(plans()[PLAN], "150802")]
    ids = [task for task, _ in asked]
    assert "leading_group_established" in ids
    assert "state_owned_pm_company" not in ids  # merely encouraged
    assert "building_steward_pilot" in ids
    assert "building_steward_pilot" not in [task.split("\t")[0] for task in tasks_of(plans()[PLAN], "150821")]
    head = ["任务编号", "工作任务", "完成状态"]
    lines = [[task, title, "正在推进"] for task, title in asked]
    assert not found(with_sheet("任务台账", [head, *lines]), "T14")
    [issue] = found(with_sheet("任务台账", [head, *lines[1:]]), "T14")
    assert (issue.cell, asked[0][1] in issue.message) == ("A1", True)
    mechanisms = [["指标编号", "制度名称", "文号"], [ids[0], "某制度", "某建发〔2024〕1号"]]
    assert not found(with_sheet("任务台账", [head, *lines[1:]], 3, 制度机制清单=mechanisms), "T14")


# ── sub-areas ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "parts", "wrong"),
    [
        (("住宅面积(㎡)", "非住宅面积(㎡)"), (8000, 2000), False),
        (("住宅面积(㎡)", "非住宅面积(㎡)"), (8000, 2100), False),  # exactly 1 %
        (("住宅面积(㎡)", "非住宅面积(㎡)"), (8000, 2101), True),
        (("住宅面积(㎡)", "非住宅面积(㎡)"), (8000, 1899), True),
        (("住宅面积(㎡)", "非住宅面积(㎡)"), (8000, None), False),  # the rest may be unknown
        (("住宅面积(㎡)", "非住宅面积(㎡)"), (12000, None), True),
        (("住宅建筑面积(万㎡)", "商业建筑面积(万㎡)", "其他建筑面积(万㎡)"), (0.8, 0.1, 0.1), False),
        (("住宅建筑面积(万㎡)", "商业建筑面积(万㎡)", "其他建筑面积(万㎡)"), (0.8, 0.1, 0.2), True),
        (("住宅建筑面积(㎡)", "商业建筑面积(㎡)"), (100, 100), False),  # no complete set
        (("住宅用地面积(㎡)", "非住宅用地面积(㎡)"), (1, 1), False),
    ],
)
def test_sub_areas_add_up(headers: tuple[str, ...], parts: tuple[object, ...], wrong: bool) -> None:
    row = community() | dict(zip(headers, parts, strict=True))
    issues = found(judged(Book([row], headers=[*ROW, *headers])), "R07")
    assert [(i.severity, i.cell, i.entity) for i in issues] == ([("warning", "M2", "河套人家")] if wrong else [])


# ── sheets by themselves ──────────────────────────────────────────────────────────────────────────────────────────

BODY = ["街道(乡镇)", "小区名称", "组织类型", "状态", "委员人数", "任期(年)", "本届任期开始日期", "本届任期结束日期"]


@pytest.mark.parametrize(("count", "unusual"), [(5, False), (7, False), (11, False), (6, True), (3, True), (13, True)])
def test_the_number_of_members(count: int, unusual: bool) -> None:
    line = ["团结街道", "河套人家", "业委会", "已成立", count, 3, "2023-01-10", "2026-01-09"]
    judgement = judged(Book(sheets={"业委会(物管会)明细": [BODY, line]}))
    assert [i.cell for i in found(judgement, "member_count_unusual")] == (["E2"] if unusual else [])


@pytest.mark.parametrize(
    ("years", "end", "wrong"),
    [(3, "2026-01-09", False), (3, "2026-03", False), (5, "2026-01-09", True), (3, "2026", False)],
)
def test_the_length_of_a_term(years: int, end: str, wrong: bool) -> None:
    line = ["团结街道", "河套人家", "业委会", "已成立", 7, years, "2023-01-10", end]
    judgement = judged(Book(sheets={"业委会(物管会)明细": [BODY, line]}))
    assert [i.cell for i in found(judgement, "term_against_years")] == (["H2"] if wrong else [])


CREDIT = ["评价年度", "企业名称", "基础分", "加分", "扣分", "得分", "信用等级", "红黑榜"]


@pytest.mark.parametrize(
    ("score", "grade", "listed", "rules"),
    [
        (86, "A", "红榜", []),
        (86, "C", "红榜", ["list_against_grade"]),
        (86, "AAA", "黑榜", ["list_against_grade"]),
        (86, "B", "黑榜", []),
        (90, "A", "未列入", ["score_against_parts"]),
    ],
)
@pytest.mark.parametrize("penalty", [2, -2])
def test_credit_ratings(score: object, grade: str, listed: str, rules: list[str], penalty: int) -> None:
    line = [2024, FIRM, 80, 8, penalty, score, grade, listed]
    judgement = judged(Book(sheets={"信用评价及红黑榜": [CREDIT, line]}))
    ids = [i.rule_id for i in judgement.issues if i.rule_id in ("list_against_grade", "score_against_parts")]
    assert ids == rules


def test_a_mechanism_without_number_and_date() -> None:
    head = ["指标编号", "制度名称", "文号", "印发日期"]
    lines = [
        ["leading_group_established", "通知", *rest]
        for rest in ([None, None], ["建发〔2024〕1号", None], [None, "2024"])
    ]
    assert cells(with_sheet("制度机制清单", [head, *lines]), "mechanism_without_proof") == [("制度机制清单", "C2")]


@pytest.mark.parametrize(
    ("remark", "mode", "wrong"),
    [
        ("物业公司已撤离", "市场化物业", True),
        ("已弃管", "市场化物业", True),
        ("物业公司2024年5月撤出", "市场化物业", True),
        ("原物业公司已撤离，现由社区代管", "市场化物业", False),
        ("物业未撤离", "市场化物业", False),
        ("物业公司已撤离", "居委会托管", False),
        ("防止物业弃管", "市场化物业", False),
    ],
)
def test_a_remark_against_the_mode(remark: str, mode: str, wrong: bool) -> None:
    judgement = judged(Book([community(备注=remark, 物业管理方式=mode)]))
    assert [i.cell for i in found(judgement, "remark_against_mode")] == (["P2"] if wrong else [])


@pytest.mark.parametrize(
    ("area", "plausible"), [(2000, True), (1999.99, False), (40000, True), (40000.01, False)]
)  # fmt: skip
def test_area_per_household_at_its_limits(area: float, plausible: bool) -> None:
    """20 and 400 ㎡ are plausible themselves, with a stated unit (R06) and without (R34)."""
    assert bool(found(judged(Book([community(建筑面积=area)])), "R06")) == (not plausible)
    headers = [header.replace("建筑面积(㎡)", "建筑面积") for header in ROW]
    judgement = judged(Book([community() | {"建筑面积": area}], headers=headers))
    assert [i.severity for i in found(judgement, "R34")] == (["warning"] if plausible else ["error"])


@pytest.mark.parametrize(("typed", "wrong"), [(95, False), (95.1, False), (94.9, False), (95.11, True), (94.89, True)])
def test_a_typed_rate_to_a_tenth_of_a_point(typed: float, wrong: bool) -> None:
    head = ["调查年度", "组织方式", "小区名称", "有效样本", "非常满意", "满意", "基本满意", "一般", "满意率(%)"]
    line = [2024, "第三方", "河套人家", 100, 50, 40, 5, 5, typed]
    assert bool(found(judged(Book(sheets={"满意度调查": [head, line]})), "R24")) == wrong


# ── single cells and rows of the smaller sheets ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("header", "typed", "rule", "severity", "kept"),
    [
        ("总户数", "约120户", "approximate_value", "warning", 120),
        ("总户数", "62间商铺、100套公寓", "several_values", "error", None),
        ("总户数", "12.5", "not_whole", "error", None),
        ("总户数", "几百户", "unreadable_number", "error", None),
        ("建筑面积", "150亩", "unit_mismatch", "error", None),
        ("建筑面积", 6_000_000, "out_of_range", "error", None),
        ("建筑面积", "9" * 20, "too_large", "error", None),
        ("交付使用时间", "2010年左右", "approximate_date", "warning", "2010-01-01"),
        ("交付使用时间", "2010年、2012年", "several_dates", "error", None),
        ("交付使用时间", "2010-02-30", "impossible_date", "error", None),
        ("交付使用时间", "去年", "unreadable_date", "error", None),
        ("交付使用时间", 2010.1, "ambiguous_month", "warning", "2010-01-01"),
        ("物业费收缴率", "很高", "unreadable_percent", "error", None),
        ("物业管理方式", "自主物业", "unknown_word", "error", None),
        ("物业服务企业", "和平社区居委会", "mode_in_company_column", "warning", None),
        ("信息公开公示", "#REF!", "formula_error", "error", None),
    ],
)
def test_single_cells(header: str, typed: object, rule: str, severity: str, kept: object) -> None:
    judgement = judged(Book([community(**{header: typed})]))
    [issue] = found(judgement, rule)
    full = next(name for name in ROW if name.startswith(header))
    assert issue.severity == severity
    assert issue.cell == f"{column_letter(list(ROW).index(full))}2"
    value = judgement.frames["community"].row(0, named=True)[issue.field]
    assert (None if value is None else str(value)) == (None if kept is None else str(kept))


@pytest.mark.parametrize(
    ("sheet", "head", "line", "rule", "cell"),
    [
        (
            "矛盾纠纷及12345",
            ["工单编号", "受理时间", "办结时间"],
            ["G1", "2024-05-03", "2024-05-02"],
            "closed_before_received",
            "C2",
        ),
        ("双随机检查", ["检查日期", "发现问题数", "整改数"], ["2024-05-03", 3, 4], "rectified_more_than_found", "C2"),
        (
            "制度机制清单",
            ["指标编号", "制度名称", "文号"],
            ["leading_group_established", "通知", "第三次会议"],
            "document_no_format",
            "C2",
        ),
        ("信用评价及红黑榜", ["评价年度", "企业名称"], ["去年", FIRM], "unreadable_year", "A2"),
    ],
)
def test_rows_of_the_smaller_sheets(sheet: str, head: list[object], line: list[object], rule: str, cell: str) -> None:
    assert cells(with_sheet(sheet, [head, line]), rule) == [(sheet, cell)]


def test_a_contract_period_that_is_none() -> None:
    headers = [h for h in ROW if h not in ("合同开始日期", "合同结束日期")] + ["合同期限"]
    judgement = judged(Book([community() | {"合同期限": "三年"}], headers=headers))
    assert [i.severity for i in found(judgement, "unreadable_period")] == ["error"]


def test_a_ledger_without_its_main_sheet_and_one_without_rows() -> None:
    totals = [
        ["指标", "数值"],
        *([name, 1] for name in ("小区总数", "物业管理覆盖数", "总户数", "业委会组建数", "企业数")),
    ]
    book = Book(sheets={"企业明细": [COMPANY, [FIRM, USCC, 1, 1]], "汇总表": totals}).workbook()
    book.remove(book["小区明细"])
    assert [i.severity for i in found(judged(saved(book)), "missing_form")] == ["fatal"]
    judgement = judged(Book([]))
    assert judgement.status == "returned"
    assert [i.rule_id for i in judgement.issues if i.severity == "fatal"] == ["no_rows"]


def test_hidden_rows_are_read_and_said() -> None:
    book = Book(communities(3)).workbook()
    book["小区明细"].row_dimensions[3].hidden = True
    judgement = judged(saved(book))
    assert judgement.submission["community_count"] == 3
    assert [i.sheet for i in found(judgement, "hidden_rows")] == ["小区明细"]


@pytest.mark.parametrize("name", ["小区明细 (2)", "小区明细（2）", "小区明细-副本", "小区明细最终版", "小区明细 备份"])
def test_a_stale_copy_of_a_sheet_is_said_and_not_read(name: str) -> None:
    book = Book(communities(4)).workbook()
    copy = book.copy_worksheet(book["小区明细"])
    copy.title = name
    copy["N2"] = 999
    book.move_sheet(copy, -1)
    judgement = judged(saved(book))
    assert [i.sheet for i in found(judgement, "sheet_copy")] == [name]
    assert judgement.frames["community"]["households"].to_list() == [100] * 4
    assert not found(judgement, "R39")


def test_a_second_sheet_that_carries_on_is_read() -> None:
    book = Book(communities(4)).workbook()
    more = book.copy_worksheet(book["小区明细"])
    more.title = "小区明细 (2)"
    for row in range(2, 6):
        more[f"E{row}"], more[f"B{row}"] = f"河套新{row}号院", f"LH10{row}"
    more["E5"], more["B5"] = "河套1号院", "LH0001"
    judgement = judged(saved(book))
    assert judgement.submission["community_count"] == 7
    [issue] = found(judgement, "R39")
    assert "「小区明细」第2行" in issue.message


def test_ids_that_are_none_of_the_plan() -> None:
    tasks = [
        ["任务编号", "工作任务", "完成状态"],
        ["leading_group_established", "专班", "已完成"],
        ["leading_group", "专班", "已完成"],
    ]
    tasks.append([None, "其他工作", "已完成"])
    mechanisms = [["指标编号", "制度名称", "文号"], ["credit_system", "办法", "某建发〔2024〕1号"]]
    judgement = with_sheet("任务台账", tasks, 3, 制度机制清单=mechanisms)
    assert cells(judgement, "indicator_unknown") == [("任务台账", "A3"), ("制度机制清单", "A2")]


def test_only_third_party_surveys_count() -> None:
    head = ["调查年度", "组织方式", "小区名称", "有效样本", "非常满意"]
    lines = [[2024, who, "河套人家", 100, 100] for who in ("第三方", "企业自查", None)]
    assert cells(with_sheet("满意度调查", [head, *lines]), "survey_not_third_party") == [("满意度调查", "B1")]
