"""Headers and sheet names as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.forms import FORMS, Form
from pipelines.forms.headers import form_of_sheet, header_key, index, normalise_header
from pipelines.forms.units import find_unit, stated_units

COMMUNITY = FORMS["community"]


@pytest.mark.parametrize(
    ("written", "name", "unit"),
    [
        ("建筑面积", "建筑面积", None),
        ("建筑面积(万㎡)", "建筑面积", "万㎡"),
        ("建筑面积（万平方米）*", "建筑面积", "万㎡"),
        ("★1、建筑 面积\n(单位:平方米)", "建筑面积", "㎡"),
        ("建筑面积[m²](必填)", "建筑面积", "㎡"),
        ("(一)总户数（户）", "总户数", "户"),
        ("街道（乡镇）", "街道(乡镇)", None),
        ("业委会（物管会）成立情况", "业委会(物管会)成立情况", None),
        ("收费标准（元/平方米·月）", "收费标准", "元/㎡·月"),
        ("物业费收缴率（％）", "物业费收缴率", "%"),
        ("任期（年）", "任期", "年"),
        ("12345工单编号", "12345工单编号", None),
        ("一般", "一般", None),
        ("\u200b小区\u3000名称\xa0:", "小区名称", None),
    ],
)
def test_a_header_splits_into_name_and_unit(written: str, name: str, unit: str | None) -> None:
    assert normalise_header(written) == (name, unit)


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("街道/乡镇", "subdistrict"),
        ("街道、乡镇", "subdistrict"),
        ("苏木乡镇", "subdistrict"),
        ("项目名称", "community_name"),
        ("总建筑面积", "floor_area_sqm"),
        ("元/平方米/月", None),
        ("元/㎡/月", "fee_standard"),
        ("合同期限", "contract_period"),
        ("项目经理", "project_manager"),
        ("联系电话", "contact_phone"),
        ("身份证号码", "identity_number"),
        ("天气", None),
    ],
)
def test_headers_find_their_column(written: str, field: str | None) -> None:
    column = index(COMMUNITY).get(header_key(normalise_header(written)[0]))
    assert (column and column.field) == field


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
def test_every_header_and_alias_names_one_column_and_none_twice(form: type[Form]) -> None:
    for column in (*form.columns, *form.alternatives):
        keys = [header_key(normalise_header(text)[0]) for text in (column.header, *column.aliases)]
        assert len(keys) == len(set(keys)), f"{column.field} repeats an alias"
        assert {index(form)[key].field for key in keys} == {column.field}


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
def test_a_template_heading_reads_back_with_its_unit(form: type[Form]) -> None:
    for column in form.columns:
        name, unit = normalise_header(column.heading)
        assert index(form)[header_key(name)] is column
        assert unit == column.unit


def test_sheets_are_found_by_name_and_alias() -> None:
    for form in FORMS.values():
        for name in (form.sheet, *form.sheet_aliases):
            assert form_of_sheet(name) is form
    assert form_of_sheet("业委会（物管会）明细") is FORMS["committee"]
    assert form_of_sheet(" 小区 明细 ") is COMMUNITY
    assert form_of_sheet("Sheet1") is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("平米", "㎡"),
        ("M2", "㎡"),
        ("万平方米", "万㎡"),
        ("亿元", "亿元"),
        ("％", "%"),
        ("元/平米/月", "元/㎡·月"),
        ("公里", None),
    ],
)
def test_units(written: str, name: str | None) -> None:
    unit = find_unit(written)
    assert (unit and unit.name) == name


def test_a_line_of_units_is_read_in_its_order() -> None:
    assert [unit.name for unit in stated_units("（单位：个、万平方米、%）")] == ["个", "万㎡", "%"]
    assert stated_units("临河区住宅小区情况表") == []


@given(st.text(max_size=30))
def test_no_header_is_too_strange(text: str) -> None:
    name, _ = normalise_header(text)
    assert normalise_header(text) == (name, _)
    header_key(name)
