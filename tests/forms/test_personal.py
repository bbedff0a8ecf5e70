"""Personal data is found by pattern; codes, coordinates and amounts are not taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.forms import FORMS
from pipelines.forms.personal import find, mask

REMARK = FORMS["community"].column("remark")
# Numbers made for these tests: the check digits are right, the people don't exist.
IDENTITY, OLD_IDENTITY, CARD = "362322198709086409", "130503670401001", "6217000000000000004"


@pytest.mark.parametrize(
    ("text", "kind", "masked"),
    [
        ("请联系13800138000", "mobile", "请联系***"),
        ("电话:138 0013 8000。", "mobile", "电话:***。"),
        ("+86-138-0013-8000", "mobile", "***"),
        ("１３８００１３８０００", "mobile", "***"),
        ("座机0478-8262345", "landline", "座机***"),
        ("(0478)8262345", "landline", "***"),
        ("010-88886666", "landline", "***"),
        ("电话8262345", "landline", "电话***"),
        (f"身份证{IDENTITY}号", "id_card", "身份证***号"),
        ("362322 19870908 6409", "id_card", "***"),
        (f"旧证{OLD_IDENTITY}", "id_card_15", "旧证***"),
        ("邮箱 who.am-i@example.org.cn", "email", "邮箱 ***"),
        (f"卡号{CARD}", "bank_card", "卡号***"),
    ],
)
def test_personal_data_is_found_and_masked(text: str, kind: str, masked: str) -> None:
    assert [hit.kind for hit in find(text)] == [kind]
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "1508020010010001",
        "5101040010010001",
        "150802001001",
        "原小区编码 1508020010010001、1508020010010002",
        "107.41543912345,40.75813912345",
        "总投资13800000000元",
        "面积13800000000㎡",
        "2023-09-30至2024-12-31",
        "91110000101623741K",
        "911101066976941872",
        "巴政发〔2023〕12号",
        "工单2024031612345678",
        "362322198709086400",
        "幸福路138号12栋3单元",
        "",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert find(text) == []
    assert mask(text) == text


def test_several_finds_are_all_masked() -> None:
    assert mask("张某13800138000,李某0478-8262345") == "张某***,李某***"


def test_a_text_column_keeps_the_rest_and_reports_the_cell() -> None:
    read = REMARK.parse("物业已撤离,有事打13800138000")
    assert read.value == "物业已撤离,有事打***"
    assert read.problem
    assert (read.problem.rule_id, read.problem.severity) == ("R27", "error")
    assert "138" not in read.problem.message


def test_a_name_that_is_nothing_but_a_number_is_withheld() -> None:
    read = FORMS["company"].column("company_name").parse("13800138000")
    assert (read.value, read.state) == (None, "withheld")


def test_an_identity_number_is_caught_in_every_column_that_keeps_text() -> None:
    for form in FORMS.values():
        for column in form.columns:
            read = column.parse(IDENTITY)
            assert IDENTITY not in str(read.value)
            assert column.personal or read.problem


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.text("中文字 ,。:", max_size=5),
    st.text("中文字,。", max_size=5),
)
def test_every_mobile_number_is_masked(mobile: str, before: str, after: str) -> None:
    assert mobile not in mask(before + mobile + after)


@given(st.text(max_size=40))
def test_masking_is_done_in_one_go(text: str) -> None:
    assert find(mask(text)) == []
