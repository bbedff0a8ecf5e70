"""What a form gives to everyone: columns, record schema, pandera schema, keys, dictionary."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from pandera.errors import SchemaErrors

from pipelines.forms import FORMS, ORIGIN, Form
from pipelines.forms.dictionary import entries, markdown
from pipelines.forms.keys import address_key, company_key, name_key, subdistrict_key
from pipelines.forms.schema import violations

COMMUNITY = FORMS["community"]
NAMES = (
    "community company committee party credit dispute inspection satisfaction subdistrict neighbourhood task mechanism"
    " evidence meeting special member showcase summary"
)


def rows(form: type[Form], *values: dict[str, Any]) -> pl.DataFrame:
    blank = dict.fromkeys(form.record_schema) | dict.fromkeys(ORIGIN, "x") | {"source_row": 5, "withheld": []}
    return pl.DataFrame([blank | value for value in values], schema=form.record_schema)


def test_the_forms_in_the_order_of_the_workbook() -> None:
    assert " ".join(FORMS) == NAMES
    assert all(form.name == name for name, form in FORMS.items())


def test_required_columns_without_which_a_workbook_is_returned() -> None:
    assert {column.header for column in COMMUNITY.required_columns} == {
        "街道(乡镇)", "小区名称", "总户数", "建筑面积", "物业管理方式",
    }  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
def test_every_column_is_described_and_every_form_has_an_identity(form: type[Form]) -> None:
    assert any(column.identity for column in form.columns)
    assert all(column.description and column.header for column in form.columns)
    assert list(form.record_schema)[: len(ORIGIN)] == list(ORIGIN)


def test_personal_columns_have_no_place_in_records() -> None:
    for form in FORMS.values():
        for column in form.columns:
            assert column.personal == (column.field not in form.record_schema)


def test_partial_dates_keep_precision_and_raw_text() -> None:
    schema = COMMUNITY.record_schema
    assert schema["delivered_date"] == pl.Date
    assert {"delivered_date_precision", "delivered_date_raw"} <= set(schema)
    assert schema["floor_area_sqm"] == pl.Decimal(18, 2)
    assert schema["households"] == pl.Int64


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
def test_the_schema_fits_the_record_and_titles_every_column(form: type[Form]) -> None:
    schema = form.schema()
    assert list(schema.columns) == list(form.record_schema)
    assert all(column.title for column in schema.columns.values())
    assert violations(form, pl.DataFrame(schema=form.record_schema)) == []
    assert violations(form, rows(form, {})) == []


def test_values_outside_their_limits_are_named_by_row_field_and_rule() -> None:
    frame = rows(
        COMMUNITY,
        {"households": 600, "floor_area_sqm": Decimal(75800), "fee_collection_rate": 93.6},
        {"households": 0, "floor_area_sqm": Decimal(5_000_000)},
        {"fee_collection_rate": 9360.0, "fee_standard": Decimal("10.5")},
    )
    found = [(v.row, v.field, v.problem.rule_id) for v in violations(COMMUNITY, frame)]
    assert sorted(found) == [
        (1, "floor_area_sqm", "out_of_range"),
        (1, "households", "R04"),
        (2, "fee_collection_rate", "R23"),
        (2, "fee_standard", "out_of_range"),
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda frame: frame.drop("households"), "a column is missing"),
        (lambda frame: frame.with_columns(pl.col("households").cast(pl.String)), "a column has another type"),
        (lambda frame: frame.with_columns(pl.lit(1).alias("more")), "a column too many"),
        (lambda frame: frame.with_columns(pl.lit("市场化").alias("management_mode")), "a word that is no code"),
    ],
)
def test_a_frame_that_is_wrong_in_itself_is_a_fault_of_the_program(change: Any, reason: str) -> None:
    with pytest.raises(SchemaErrors):
        violations(COMMUNITY, change(rows(COMMUNITY, {})))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("阳光花园", "阳光　花园小区", True),
        ("阳光花园(一期)", "阳光花园一期", True),
        ("阳光花园一期", "阳光花园二期", False),
        ("阳光花园A区", "阳光花园Ｂ区", False),
        ("阳光花园A区", "阳光花园ａ区", True),
        ("阳光花园", "阳光家园", False),
        ("阳光花园2号", "阳光花园", False),
    ],
)
def test_community_names_agree_but_for_spaces_and_a_trailing_word(one: str, other: str, same: bool) -> None:
    assert (name_key(one) == name_key(other)) == same


def test_other_names() -> None:
    assert name_key("小区") == "小区"
    assert name_key("") is None
    assert subdistrict_key("团结街道办事处") == subdistrict_key("团结街道") == subdistrict_key("团 结")
    assert subdistrict_key("团结镇") != subdistrict_key("团结街道")
    assert address_key("幸福路 12号") == address_key("幸福路，12号")
    assert company_key("某某物业服务有限公司") == company_key("某某物业服务有限责任公司")
    assert company_key("某某物业服务有限公司") != company_key("某某物业服务有限公司临河分公司")


def test_keys_are_added_where_names_are() -> None:
    frame = pl.DataFrame(
        {"community_name": ["阳光花园小区", None], "subdistrict": ["团结街道", "团结镇"]}
    ).with_columns(address=pl.lit(None, pl.String), company_name=pl.lit("甲有限公司"))
    keyed = COMMUNITY.with_keys(frame)
    assert keyed["name_key"].to_list() == ["阳光花园", None]
    assert keyed["subdistrict_key"].to_list() == ["团结", "团结镇"]
    assert keyed["address_key"].to_list() == [None, None]
    assert keyed["company_key"].to_list() == ["甲", "甲"]


def test_the_dictionary_has_every_column_and_says_what_is_stored() -> None:
    rows = list(entries())
    assert len(rows) == sum(len(form.columns) + len(form.alternatives) for form in FORMS.values())
    area = next(row for row in rows if row.field == "floor_area_sqm")
    assert (area.header, area.unit, area.required, area.stored) == (
        "建筑面积", "㎡", True, "floor_area_sqm Decimal(precision=18, scale=2)",
    )  # fmt: skip
    assert all(row.stored == "" for row in rows if row.personal)
    assert "| 建筑面积(㎡)* | `floor_area_sqm` |" in markdown()
