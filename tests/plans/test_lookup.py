"""What people write for a plan, a district or a period is understood as a whole or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.plans import Plan, find_plan, load_plans

PLANS = load_plans()
BAYANNUR, CHENGDU = PLANS["bayannur_2023_2025"], PLANS["chengdu_2018_2020"]


@pytest.mark.parametrize(
    ("text", "plan_id"),
    [
        ("bayannur_2023_2025", "bayannur_2023_2025"),
        ("巴彦淖尔市住宅物业服务全覆盖提品质三年行动方案", "bayannur_2023_2025"),
        ("巴彦淖尔市住宅物业服务全覆盖提升品质三年行动方案", "bayannur_2023_2025"),
        (" 《巴彦淖尔市住宅物业服务全覆盖　提品质三年行动方案》\n", "bayannur_2023_2025"),
        ("成都市提升物业服务管理水平实施意见", "chengdu_2018_2020"),
        ("chengdu_2018_2020", "chengdu_2018_2020"),
        ("巴彦淖尔市住宅物业服务", None),
        ("三年行动方案", None),
        ("", None),
    ],
)
def test_plan_by_id_or_title(text: str, plan_id: str | None) -> None:
    found = find_plan(PLANS, text)
    assert (found.id if found else None) == plan_id


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("150802", "150802"),
        ("１５０８０２", "150802"),
        ("临河区", "150802"),
        ("临河", "150802"),
        ("临河地区", "150802"),
        ("巴彦淖尔市临河区", "150802"),
        ("内蒙古自治区巴彦淖尔市临河区", "150802"),
        ("临河区住房和城乡建设局", "150802"),
        ("杭锦后旗人民政府", "150826"),
        ("五原", "150821"),
        ("磴口", "150822"),
        ("乌前旗", "150823"),
        ("前旗", "150823"),
        ("中旗", "150824"),
        ("乌后旗", "150825"),
        ("杭后", "150826"),
        ("乌拉特　后旗", "150825"),
        ("后旗", None),
        ("150801", None),
        ("150800", None),
        ("巴彦淖尔市", None),
        ("临河区某某街道", None),
        ("", None),
    ],
)
def test_district(text: str, code: str | None) -> None:
    found = BAYANNUR.district(text)
    assert (found.code if found else None) == code


def test_a_name_of_two_districts_is_ambiguous() -> None:
    assert BAYANNUR.is_ambiguous("后旗")
    assert BAYANNUR.is_ambiguous("巴彦淖尔市后旗")
    assert not BAYANNUR.is_ambiguous("乌拉特后旗")
    assert not BAYANNUR.is_ambiguous("西旗")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("510100-GX", "510100-GX"),
        ("高新区", "510100-GX"),
        ("高新西区", "510100-GXX"),
        ("成都天府新区", "510100-TF"),
        ("成都市双流区", "510116"),
        ("510117", "510117"),
        ("510100", None),
    ],
)
def test_pseudo_regions(text: str, code: str | None) -> None:
    found = CHENGDU.district(text)
    assert (found.code if found else None) == code


def test_every_unit_of_chengdu_and_its_zones() -> None:
    codes = [d.code for d in CHENGDU.districts]
    assert len(codes) == 24
    assert [c for c in codes if "-" in c] == ["510100-GX", "510100-GXX", "510100-TF", "510100-SJ"]
    assert all(d.parent == "510100" for d in CHENGDU.districts if d.pseudo_region)
    assert [d.code for d in CHENGDU.districts if not d.owes("community")] == ["510100-SJ"]


@pytest.mark.parametrize(
    ("text", "period_id"),
    [
        ("2024-11", "2024-11"),
        ("2024年11月", "2024-11"),
        ("2024年11月底", "2024-11"),
        ("２０２４年１１月", "2024-11"),
        ("2024.11", "2024-11"),
        ("2024/11/30", "2024-11"),
        ("2024-11-01 00:00:00", "2024-11"),
        ("2024年11月30日", "2024-11"),
        ("202411", "2024-11"),
        ("20241130", "2024-11"),
        ("2024年度", "2024-11"),
        ("2024年", "2024-11"),
        ("2024", "2024-11"),
        ("2024.0", "2024-11"),
        ("2024年度工作台账", "2024-11"),
        ("2023年度", "2023-11"),
        ("2023年", "2023-11"),
        ("2023-baseline", "2023-baseline"),
        ("2023年摸底", "2023-baseline"),
        ("2023年摸底调查", "2023-baseline"),
        ("摸底", "2023-baseline"),
        ("摸底调查", "2023-baseline"),
        ("2023年9月", "2023-baseline"),
        ("2024年摸底", None),
        ("2024年12月", None),
        ("2024年13月", None),
        ("2026年", None),
        ("去年", None),
        ("", None),
    ],
)
def test_period(text: str, period_id: str | None) -> None:
    found = BAYANNUR.period(text)
    assert (found.id if found else None) == period_id


@pytest.mark.parametrize(
    ("text", "period_id"), [("2018年摸底", "2018-baseline"), ("2018年", "2018-12"), ("2020年12月31日", "2020-12")]
)
def test_periods_of_another_plan(text: str, period_id: str) -> None:
    found = CHENGDU.period(text)
    assert found is not None
    assert found.id == period_id


def with_second_ledger(kind: str, *names: str) -> Plan:
    """The plan with a second reporting occasion in December 2023; names as given."""
    data = BAYANNUR.model_dump(mode="json", exclude_unset=True)
    november, december = data["periods"][1], dict(data["periods"][1])
    november["name"], december["name"] = ({"zh": name, "en": name} for name in names)
    december.update(id="2023-12", kind=kind, as_of="2023-12-31", due="2023-12-31")
    return Plan.model_validate({**data, "periods": [data["periods"][0], november, december, *data["periods"][2:]]})


def test_a_year_with_two_ledgers_names_neither() -> None:
    plan = with_second_ledger("ledger", "第一期", "第二期")
    assert plan.period("2023年") is None
    assert plan.period("2023年12月").id == "2023-12"  # type: ignore[union-attr]
    assert plan.period("2024年").id == "2024-11"  # type: ignore[union-attr]


def test_a_supplement_does_not_take_the_year_from_the_ledger() -> None:
    plan = with_second_ledger("snapshot", "第一期", "年末补充")
    assert plan.period("2023年度").id == "2023-11"  # type: ignore[union-attr]
    assert plan.period("年末补充").id == "2023-12"  # type: ignore[union-attr]


@given(st.text(max_size=40))
def test_any_text_has_an_answer(text: str) -> None:
    for plan in PLANS.values():
        plan.district(text)
        plan.period(text)
        assert not (plan.is_ambiguous(text) and plan.district(text))
    find_plan(PLANS, text)
