"""Numbers, areas, fees and counts as districts type them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.forms import FORMS, Parsed
from pipelines.forms.numbers import chinese_numeral

COMMUNITY = FORMS["community"].column
AREA, HOUSEHOLDS, FEE, BUILDINGS = map(COMMUNITY, ("floor_area_sqm", "households", "fee_standard", "building_count"))


@pytest.mark.parametrize(
    ("typed", "sqm"),
    [
        (75800, "75800"),
        (75800.0, "75800"),
        ("75,800", "75800"),
        ("７５８００㎡", "75800"),
        ("75800 平方米", "75800"),
        ("75800m2", "75800"),
        ("75800M²", "75800"),
        ("7.58万m2", "75800"),
        ("7.58万㎡", "75800"),
        ("7.58 万平方米", "75800"),
        ("7.58万平", "75800"),
        ("7.58万", "75800"),
        ("100万方", "1000000"),
        ("0.5亿㎡", "50000000"),
        ("一万二千平方米", "12000"),
        ("1万2千平方米", "12000"),
        ("12 345 678", "12345678"),
        ("7.58w㎡", "75800"),
        ("75800（㎡）", "75800"),
        ("7.58（万平方米）", "75800"),
        ("建筑面积：75800平方米", "75800"),
        ("总建筑面积75800㎡", "75800"),
        ("7.58万平方米（含地下）", "75800"),
        ("12 平方米", "12"),
        ("0.005", "0.01"),
    ],
)
def test_areas_are_read_in_square_metres(typed: object, sqm: str) -> None:
    read = AREA.parse(typed)
    assert (read.value, read.state, read.problem) == (Decimal(sqm), "read", None)


@pytest.mark.parametrize(
    "typed", ["约7.58万㎡", "7.58万㎡左右", "7.58万余平方米", "7.58万多", "≥7.58万㎡", "75800㎡以上"]
)
def test_rough_areas_are_read_with_a_warning(typed: str) -> None:
    read = AREA.parse(typed)
    assert (read.value, read.state) == (Decimal(75800), "approximate")
    assert read.problem
    assert read.problem.severity == "warning"
    assert "75800 ㎡" in read.problem.message


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("7万至8万㎡", "several_values"),
        ("7-8万", "several_values"),
        ("40万㎡（一期14万㎡）", "several_values"),
        ("20 0000", "several_values"),
        ("1,23", "several_values"),
        ("150亩", "unit_mismatch"),
        ("12.81hm2", "unit_mismatch"),
        ("7.58公顷", "unit_mismatch"),
        ("75800㎡/户", "unreadable_number"),
        ("7.58万㎡（地上）", "unreadable_number"),
        ("75800²", "unreadable_number"),
        ("½万㎡", "unreadable_number"),
        ("A区3万", "unreadable_number"),
        ("某某物业", "unreadable_number"),
        (True, "unreadable_number"),
        (float("nan"), "unreadable_number"),
        (float("inf"), "unreadable_number"),
        ("600户", "unit_mismatch"),
        ("5元", "unit_mismatch"),
        ("#REF!", "formula_error"),
        (1e22, "too_large"),
        ("9" * 30, "too_large"),
    ],
)
def test_what_is_no_area_is_withheld_and_never_zero(typed: object, rule: str) -> None:
    read = AREA.parse(typed)
    assert (read.value, read.state) == (None, "withheld")
    assert read.problem
    assert (read.problem.rule_id, read.problem.severity) == (rule, "error")


@pytest.mark.parametrize(
    ("typed", "header", "sqm", "marker"),
    [
        ("7.58", "万㎡", 75800, None),
        (7.58, "万㎡", 75800, None),
        ("7.58万", "万㎡", 75800, None),
        ("75800㎡", "万㎡", 75800, None),
        ("75800", "㎡", 75800, None),
        ("75800", None, 75800, "unit_not_stated"),
        ("7.58万", None, 75800, "unit_not_stated"),
        ("75800㎡", None, 75800, None),
    ],
)
def test_a_unit_in_the_cell_wins_over_the_header(
    typed: object, header: str | None, sqm: int, marker: str | None
) -> None:
    read = AREA.parse(typed, unit=header)
    assert (read.value, read.marker) == (Decimal(sqm), marker)


def test_a_header_of_another_kind_of_unit_is_a_question() -> None:
    problem = AREA.parse("75800", unit="户").problem
    assert problem
    assert problem.rule_id == "unit_mismatch"


@pytest.mark.parametrize(
    ("form", "field", "typed", "base"),
    [
        ("company", "managed_area", 42.5, 425_000),
        ("company", "managed_area", "425000㎡", 425_000),
        ("company", "annual_revenue", "620", 6_200_000),
        ("company", "annual_revenue", "0.062亿元", 6_200_000),
        ("subdistrict", "budget", "15万元", 150_000),
        ("summary", "value", "7.58万㎡", 75_800),
        ("summary", "value", "93.6%", Decimal("93.6")),
    ],
)
def test_money_and_areas_are_stored_in_yuan_and_square_metres(
    form: str, field: str, typed: object, base: object
) -> None:
    assert FORMS[form].column(field).parse(typed).value == base


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        (1700, 1700),
        ("1,700", 1700),
        ("1700户", 1700),
        ("1700 套", 1700),
        ("共1700户", 1700),
        ("1.2万户", 12000),
        ("三百二", 320),
        ("一百零五户", 105),
        ("两千", 2000),
        ("3千", 3000),
        ("852户 852户", 852),
        ("一千二百", 1200),
        ("一千二", 1200),
        ("壹仟贰佰户", 1200),
        ("一二○○", 1200),
        ("1200（户）", 1200),
        ("1200户/套", 1200),
        ("合计：1200", 1200),
        ("总户数：1200户", 1200),
        ("1.2w", 12000),
        (11.9999999999, 12),
    ],
)
def test_counts(typed: object, count: int) -> None:
    assert HOUSEHOLDS.parse(typed) == Parsed(count, "read")


@pytest.mark.parametrize(
    "typed",
    [
        "1700户左右",
        "约1700户",
        "1700余户",
        "1700多",
        "1700+",
        "1700户以上",
        "近一千七百户",
        "不足1700户",
        "1700（估算）",
    ],
)
def test_rough_counts(typed: str) -> None:
    read = HOUSEHOLDS.parse(typed)
    assert (read.value, read.state) == (1700, "approximate")


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("62间商铺、100套公寓", "several_values"),
        ("A区：800户，B区：600户", "several_values"),
        ("总户数852户 当期户数800户", "several_values"),
        ("500~600", "several_values"),
        ("600+600", "several_values"),
        ("600、600", "several_values"),
        ("600*2", "several_values"),
        ("1200（含商铺20户）", "several_values"),
        ("①1200", "unreadable_number"),
        ("1200户（住宅）", "unreadable_number"),
        ("住宅1200户", "unreadable_number"),
        ("12OO", "unreadable_number"),
        ("几百户", "unreadable_number"),
        ("百十户", "unreadable_number"),
        ("七八百户", "unreadable_number"),
        ("500人", "unit_mismatch"),
        ("12.5", "not_whole"),
        (10**20, "too_large"),
    ],
)
def test_what_is_no_single_count_is_withheld(typed: object, rule: str) -> None:
    read = HOUSEHOLDS.parse(typed)
    assert (read.value, read.problem and read.problem.rule_id) == (None, rule)


def test_buildings_are_not_counted_in_households() -> None:
    assert BUILDINGS.parse("12栋").value == 12
    problem = BUILDINGS.parse("600户").problem
    assert problem
    assert problem.rule_id == "unit_mismatch"


@pytest.mark.parametrize(
    "typed",
    [
        "1.2",
        "1.2元",
        "1.2元/平米/月",
        "1.20元/㎡·月",
        "1.2 元/平方米.月",
        "1.2元/月/㎡",
        "14.4元/㎡/年",
        "1.2元/m2·月",
        "￥1.2",
        "1.2/㎡",
        "1.2/平米·月",
    ],
)
def test_fees(typed: str) -> None:
    assert FEE.parse(typed).value == Decimal("1.2")


def test_what_is_free_costs_nothing() -> None:
    assert {FEE.parse(typed).value for typed in ("免费", "免收", "不收费", 0, "0.00元/㎡/月")} == {Decimal(0)}


@pytest.mark.parametrize("typed", ["120元/户·年", "10元/户/月"])
def test_a_fee_per_household_is_no_fee_per_square_metre(typed: str) -> None:
    problem = FEE.parse(typed).problem
    assert problem
    assert problem.rule_id == "unit_mismatch"


@pytest.mark.parametrize("typed", ["0.8至2元/平米/月", "多层0.5、高层1.2", "0.5-0.8", "2.6~3.5 元/㎡·月", "80元/户/月"])
def test_several_fees_are_not_averaged(typed: str) -> None:
    read = FEE.parse(typed)
    assert (read.value, read.state) == (None, "withheld")


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        (None, "blank"),
        ("", "blank"),
        ("\u3000\xa0", "blank"),
        ("不详", "unknown"),
        (" 暂无数据", "unknown"),
        ("暂无信息 平方米", "unknown"),
        ("/", "not_applicable"),
        ("—", "not_applicable"),
        ("无", "not_applicable"),
    ],
)
def test_cells_that_say_nothing_have_no_problem(typed: object, state: str) -> None:
    read = AREA.parse(typed)
    assert (read.value, read.state, read.problem) == (None, state, None)


@given(st.integers(0, 9_999_999))
def test_a_count_reads_the_same_however_it_is_written(number: int) -> None:
    spellings = (str(number), f"{number:,}", f"{number}户", f"{number} 套", f"共{number}户", number, float(number))
    full_width = str(number).translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    assert {HOUSEHOLDS.parse(typed).value for typed in (*spellings, full_width)} == {number}


@given(st.decimals(min_value=0, max_value=4_999_999, places=2))
def test_an_area_reads_the_same_however_it_is_written(area: Decimal) -> None:
    spellings = (
        f"{area}㎡",
        f"{area} 平方米",
        f"{area:,}m2",
        f"{area.scaleb(-4):f}万㎡",
        f"{area.scaleb(-8):f}亿平方米",
        f"{area}",
    )
    assert {AREA.parse(typed).value for typed in spellings} == {area}


@given(st.integers(1, 9_999), st.integers(1, 9_999), st.sampled_from("+、*;和"))
def test_two_amounts_are_never_one(one: int, other: int, between: str) -> None:
    read = HOUSEHOLDS.parse(f"{one}户{between}{other}户") if between != "*" else HOUSEHOLDS.parse(f"{one}*{other}")
    assert (read.value, read.state) == (None, "withheld")


@given(st.integers(0, 9_999_999), st.sampled_from(["（户）", "户（含商铺）", "户/套", "户。"]))
def test_what_follows_a_count_takes_nothing_away(number: int, after: str) -> None:
    assert HOUSEHOLDS.parse(f"{number}{after}") == Parsed(number, "read")


@given(st.integers(0, 99_999_999))
def test_chinese_numerals_round_trip(number: int) -> None:
    assert chinese_numeral(_in_chinese(number)) == number


def _in_chinese(number: int) -> str:
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        gap = "零" if 0 < low < 1_000 else ""
        return f"{_in_chinese(high)}万{gap}{_in_chinese(low) if low else ''}"
    digits = "零一二三四五六七八九"
    text = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            text += digits[digit] + name
        elif text and number and not text.endswith("零"):
            text += "零"
    return text or "零"
