"""Ticks, statuses, modes, names and codes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.forms import FORMS, Column
from pipelines.forms.codes import judge_uscc, organisation_check_digit, uscc_check_digit
from pipelines.forms.types import Flag
from pipelines.forms.vocabulary import choices, codes

COMMUNITY = FORMS["community"].column
EVERY_COLUMN = [column for form in FORMS.values() for column in (*form.columns, *form.alternatives)]


@pytest.mark.parametrize(
    "typed", ["是", "有", "√", "✓", "✔", "☑", "Y", "y", 1, 1.0, "1", True, "已备案", " 已 公示 ", "达标"]
)
def test_yes(typed: object) -> None:
    assert COMMUNITY("contract_filed").parse(typed).value is True


@pytest.mark.parametrize(
    "typed", ["否", "无", "没有", "未", "×", "✗", "X", "x", "N", 0, 0.0, "0", False, "未公示", "不达标"]
)
def test_no(typed: object) -> None:
    assert COMMUNITY("contract_filed").parse(typed).value is False


@pytest.mark.parametrize("typed", ["筹备中", "正在筹备", "组建中", "拟成立", "换届中"])
def test_under_way_is_not_yet_and_says_so(typed: str) -> None:
    read = COMMUNITY("has_party_branch").parse(typed)
    assert (read.value, read.marker) == (False, "in_progress")


@pytest.mark.parametrize("typed", ["/", "—", "-", "不适用", "不详", "待核实", "", None])
def test_neither_yes_nor_no(typed: object) -> None:
    read = COMMUNITY("contract_filed").parse(typed)
    assert (read.value, read.problem) == (None, None)


def test_an_unknown_word_is_a_question_that_names_the_choices() -> None:
    read = COMMUNITY("renovation_status").parse("是")
    assert (read.value, read.state) == (None, "withheld")
    assert read.problem
    assert "已改造" in read.problem.remedy
    assert "是" not in read.problem.message


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("市场化物业", "professional_market"),
        ("物业公司管理", "professional_market"),
        ("国有物业公司托管", "professional_state"),
        ("社区兜底", "quasi_residents_committee"),
        ("街道办事处（委员会）代管物业", "quasi_residents_committee"),
        ("业主自管", "quasi_owner_self"),
        ("业主自筹物业", "quasi_owner_self"),
        ("单位自管", "quasi_unit"),
        ("私人承办物业", "quasi_basic"),
        ("无物业", "none"),
        ("弃管", "none"),
        ("无", "none"),
        ("×", "none"),
        ("不详", "unknown"),
        ("暂无信息", "unknown"),
        ("professional_state", "professional_state"),
    ],
)
def test_management_modes(typed: str, code: str) -> None:
    read = COMMUNITY("management_mode").parse(typed)
    assert (read.value, read.marker, read.problem) == (code, None, None)


@pytest.mark.parametrize("typed", ["有物业", "是", "有", "√", "有物业。", "是（2023年）"])
def test_a_mode_that_only_says_yes_needs_a_company(typed: str) -> None:
    read = COMMUNITY("management_mode").parse(typed)
    assert (read.value, read.marker) == ("professional_market", "needs_company")


@pytest.mark.parametrize("typed", ["自主物业", "开发商代管", "市场化物业、业主自治"])
def test_a_mode_nobody_can_place_is_a_question(typed: str) -> None:
    assert COMMUNITY("management_mode").parse(typed).state == "withheld"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("是", "formed"),
        ("已备案", "formed"),
        ("筹备组已成立", "preparing"),
        ("公示中", "preparing"),
        ("逾期未换届", "term_expired"),
        ("换届中", "re_election"),
        ("未成立", "none"),
        ("否", "none"),
        ("停摆", "suspended"),
    ],
)
def test_committee_statuses(typed: str, code: str) -> None:
    assert COMMUNITY("committee_status_typed").parse(typed).value == code


@pytest.mark.parametrize("typed", ["是（2023年）", "已备案(2023.5)", "已备案。", "是（已备案）", "2023年已备案"])
def test_a_tick_with_its_date_is_a_tick(typed: str) -> None:
    assert COMMUNITY("contract_filed").parse(typed).value is True


@pytest.mark.parametrize("typed", ["是（筹备中）", "是（未备案）", "是（部分）", "2023年拟备案", "部分完成", "□"])
def test_a_tick_with_a_but_is_a_question(typed: str) -> None:
    assert COMMUNITY("contract_filed").parse(typed).state == "withheld"


SPOKEN = {
    "contract_filed": {
        True: "是 有 √ ✓ ✔ ☑ Y y 1 已 已成立 已建立 已组建 已实施 已覆盖 已备案 已公示 已签订 全部 完成 达标",
        False: "否 无 没有 未 × ✗ ✕ x X N 0 未成立 未建立 未实施 未公示 不达标 筹备中 正在筹备 组建中 在建 拟成立"
        " 推进中 公示中 换届中",
        None: "/ - — —— 不适用 不涉及 不详 待核实 待查 不清楚 未统计",
    },
    "management_mode": {
        "professional_market": "市场化物业 专业化物业 物业公司管理 物业企业 有物业",
        "professional_state": "国有物业 国企物业 国有物业公司托管",
        "quasi_residents_committee": "社区托管 社区代管 居委会托管 社区兜底 街道兜底",
        "quasi_social_org": "社会组织代管 公益性物业",
        "quasi_owner_self": "业主自治 业主自管 居民自治 自管",
        "quasi_unit": "单位自管 产权单位管理 后勤管理",
        "quasi_basic": "准物业 基础物业 保洁式物业",
        "none": "无物业 无人管理 失管 弃管 三无小区 物业撤离",
    },
    "committee_status_typed": {
        "none": "未成立 无",
        "preparing": "筹备中 筹备组已成立 发起中 组建中 公示中",
        "formed": "已成立 已组建 已选举 已备案",
        "term_expired": "已到期 已届满 逾期未换届 过期",
        "re_election": "换届中",
        "suspended": "停摆 不正常运行 缺额",
        "dissolved": "解散 撤销",
    },
    "unit_type": {
        "community": "小区 封闭小区 开放小区",
        "single_building": "单体楼 独栋 零星楼 散楼",
        "building_group": "组团 片区",
    },
    "property_type": {
        "commodity": "商品住房",
        "affordable": "经济适用房",
        "reformed": "房改房",
        "public_rental": "公租/廉租房 公租房 廉租房",
        "resettlement": "安置房 拆迁安置 回迁房 动迁房",
        "self_built": "单位自建 集资房",
        "mixed": "商住",
    },
    "construction_status": {"completed": "建成 已交付", "under_construction": "在建 未交付"},
    "renovation_status": {
        "not_planned": "未列入",
        "planned": "已列入",
        "in_progress": "改造中 施工中",
        "completed": "已改造 已完工 竣工验收",
    },
}
"""The words that districts are known to type, by column and meaning."""


@pytest.mark.parametrize("field", SPOKEN)
def test_every_word_that_districts_are_known_to_type(field: str) -> None:
    for meaning, words in SPOKEN[field].items():
        for word in words.split():
            assert COMMUNITY(field).parse(word).value == meaning, word


def test_an_open_vocabulary_keeps_other_words() -> None:
    category = FORMS["dispute"].column("category")
    assert category.parse("停车管理").value == "parking"
    assert category.parse("噪音 扰民").value == "噪音扰民"
    assert FORMS["summary"].column("measure").parse("总建筑面积(万㎡)").value == "floor_area_sqm"


@pytest.mark.parametrize("column", EVERY_COLUMN, ids=lambda column: f"{column.field}")
def test_every_label_and_synonym_reads_as_its_code(column: Column) -> None:
    for code, choice in column.allowed.items():
        for word in (choice.label, *choice.synonyms):
            assert column.parse(word).value == (code == "true" if isinstance(column.type, Flag) else code)


def test_no_word_of_a_vocabulary_has_two_meanings() -> None:
    for column in EVERY_COLUMN:
        if vocabulary := getattr(column.type, "vocabulary", None):
            assert set(codes(vocabulary).values()) == set(choices(vocabulary))


@pytest.mark.parametrize(
    ("typed", "name", "marker"),
    [
        ("万科 物业", "万科物业", None),
        ("无", None, None),
        ("/", None, None),
        ("业主自管", None, "mode:quasi_owner_self"),
        ("私人承办物业", None, "mode:quasi_basic"),
        ("无物业", None, "mode:none"),
        ("小区物管处", None, None),
        ("①业主自管", None, "mode:quasi_owner_self"),
        ("文昌居委会", None, "mode:quasi_residents_committee"),
        ("华成路社区居民委员会", None, "mode:quasi_residents_committee"),
        ("茶店子化成社区街道办", None, "mode:quasi_residents_committee"),
        ("小区业主委员会自管", None, "mode:quasi_owner_self"),
        ("中国石油自管", None, None),
        ("搜房评估参考价：2875元/平方米", None, None),
        ("上海吉松物业管理中心", "上海吉松物业管理中心", None),
        ("锦绣社区服务中心", "锦绣社区服务中心", None),
    ],
)
def test_a_mode_in_the_company_column_is_no_company(typed: str, name: str | None, marker: str | None) -> None:
    read = COMMUNITY("company_name").parse(typed)
    assert (read.value, read.marker) == (name, marker)
    assert bool(read.problem) == (typed not in ("无", "/") and name is None)


def test_marks_that_take_no_room_leave_no_space_in_a_name() -> None:
    assert COMMUNITY("community_name").parse("\u200f东湖\u200e里\u200b\ufeff").value == "东湖里"


def test_the_spaces_that_align_a_name_go() -> None:
    assert COMMUNITY("community_name").parse("寿　县 Green Town\n一期").value == "寿县 Green Town 一期"


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("91110000101623741K", "valid"),
        ("911101066976941872", "valid"),
        ("91350100M000100Y43", "valid"),
        ("12440600MB2C07549J", "valid"),
        ("92141127MA0KD1Y64A", "valid"),
        ("91350211M0000XUF46", "valid_format_bad_check"),
        ("91350203M0001QKT19", "valid_format_bad_check"),
        ("362322198709086409", "pii_suspected"),
        ("111111111111111111", "invalid"),
        ("9111000010162374IK", "invalid"),
        ("9111000010162374", "invalid"),
    ],
)
def test_credit_codes(code: str, verdict: str) -> None:
    assert judge_uscc(code) == verdict


@pytest.mark.parametrize(
    ("typed", "value", "rule"),
    [
        (" 9111 0000 1016 2374 1k ", "91110000101623741K", None),
        ("９１１１００００１０１６２３７４１Ｋ", "91110000101623741K", None),
        ("91350211M0000XUF46", "91350211M0000XUF46", "R25"),
        ("362322198709086409", None, "R26"),
        ("9.11501E+17", None, "R25"),
        ("'91110000101623741K", "91110000101623741K", None),
        ("#NAME?", None, "formula_error"),
        ("Err:502", None, "formula_error"),
        ("########", None, "formula_error"),
        (911101066976941872, None, "R25"),
        ("911101066976941000", None, "R25"),
        (9.11101066976941e17, None, "R25"),
        ("12345", None, "R25"),
    ],
)
def test_the_credit_code_column(typed: object, value: str | None, rule: str | None) -> None:
    read = COMMUNITY("uscc").parse(typed)
    assert (read.value, read.problem and read.problem.rule_id) == (value, rule)


_BASE = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@given(
    st.text("19Y", min_size=1, max_size=1),
    st.text("123", min_size=1, max_size=1),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(_BASE, min_size=8, max_size=8),
)
def test_a_code_with_the_right_check_digits_is_valid_and_with_a_wrong_one_is_not(
    registry: str, category: str, region: str, organisation: str
) -> None:
    first17 = registry + category + region + organisation + organisation_check_digit(organisation)
    if first17[16] not in _BASE:
        return
    code = first17 + uscc_check_digit(first17)
    assert judge_uscc(code) in ("valid", "pii_suspected")
    other = _BASE[(_BASE.index(code[17]) + 1) % 31]
    assert judge_uscc(code[:17] + other) in ("valid_format_bad_check", "pii_suspected")


def test_codes_stay_text() -> None:
    code = COMMUNITY("community_code")
    assert code.parse("0150").value == "0150"
    assert code.parse(150802001001.0).value == "150802001001"
    assert code.parse(1508020010010001.0).state == "withheld"
    assert COMMUNITY("prior_codes").parse("A1；A2，A3\nA1").value == "A1、A2、A3"


@pytest.mark.parametrize(
    "typed", ["某建发[2024]12号", "某建发(2024)第012号", "某建发【2024】 12 号", "某建发〔2024〕12号"]
)
def test_document_numbers_come_in_one_form(typed: str) -> None:
    read = FORMS["mechanism"].column("document_no").parse(typed)
    assert (read.value, read.problem) == ("某建发〔2024〕12号", None)


def test_another_document_number_is_kept_with_a_warning() -> None:
    read = FORMS["mechanism"].column("document_no").parse("第三次会议纪要")
    assert read.value == "第三次会议纪要"
    assert read.problem
    assert read.problem.severity == "warning"


@pytest.mark.parametrize(
    ("typed", "year"), [("2024", 2024), (2024.0, 2024), ("2024年度", 2024), (date(2024, 5, 1), 2024)]
)
def test_years(typed: object, year: int) -> None:
    assert FORMS["credit"].column("rating_year").parse(typed).value == year
    assert FORMS["credit"].column("rating_year").parse("去年").state == "withheld"


_TYPED = st.text("0123456789.,-年月日至约万亿㎡元/%户套是否无√×() 一二三十百千零点ⅣＡ#*'", max_size=14) | st.text(
    max_size=12
)
_CELLS = _TYPED | st.none() | st.booleans() | st.floats() | st.integers() | st.dates() | st.datetimes() | st.times()


@given(_CELLS)
def test_no_cell_makes_any_column_raise_and_what_is_withheld_says_why(cell: object) -> None:
    for column in EVERY_COLUMN:
        read = column.parse(cell)
        assert (read.state == "withheld") <= (read.value is None and read.problem is not None)
        assert (read.state in ("blank", "unknown", "not_applicable")) <= (read.value is None)


@given(_TYPED.filter(str.strip))
def test_messages_never_repeat_what_was_typed(cell: str) -> None:
    marked = f"张三丰{cell}李四光"
    for column in EVERY_COLUMN:
        problem = column.parse(marked).problem
        assert problem is None or "张三丰" not in problem.message + problem.remedy
