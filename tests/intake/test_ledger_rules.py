"""Rules against earlier ledgers: what vanished, changed, was reused, merged or split, and whether it all adds up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.forms.keys import name_key
from pipelines.intake.rules.ledgers import COLUMNS, Ledger, Remark, compare


def row(name: str, code: str | None = None, street: str | None = "团结街道", **values: Any) -> dict[str, Any]:
    sound = dict.fromkeys(COLUMNS) | {
        "source_sheet": "小区明细",
        "source_row": 2,
        "community_code": code,
        "community_name": name,
        "name_key": name_key(name),
        "subdistrict_key": street,
        "households": 100,
        "floor_area_sqm": Decimal(10_000),
        "delivered_date": date(2010, 6, 1),
        "delivered_date_precision": "day",
    }
    return sound | values


def found(now: list[dict[str, Any]], *before: list[dict[str, Any]]) -> list[tuple[str, str | None, str | None]]:
    ledgers = [
        Ledger(f"{2022 + number}年", date(2022 + number, 11, 30), rows) for number, rows in enumerate(before, start=1)
    ]
    return [(r.rule.id, r.entity, r.field) for r in compare(now, ledgers)]


def remarks(now: list[dict[str, Any]], before: list[dict[str, Any]], rule: str) -> list[Remark]:
    return [r for r in compare(now, [Ledger("2023年", date(2023, 11, 30), before)]) if r.rule.id == rule]


OLD = [row("甲", "A1"), row("乙", "A2"), row("丙", "A3")]


def test_an_unchanged_ledger_is_sound() -> None:
    assert found(OLD, OLD) == []


def test_nothing_to_compare_with() -> None:
    assert compare(OLD, []) == []


@pytest.mark.parametrize(
    ("households", "area", "fields"),
    [
        (110, 10_000, []),  # exactly 10 %
        (111, 10_000, ["households"]),
        (90, 11_000, []),
        (89, Decimal("11000.01"), ["households", "floor_area_sqm"]),
    ],
)
def test_r30_from_more_than_ten_percent_on(households: int, area: Any, fields: list[str]) -> None:
    now = [row("甲", "A1", households=households, floor_area_sqm=Decimal(area)), *OLD[1:]]
    assert found(now, OLD) == [("R30", "甲", field) for field in fields]


def test_r30_is_silent_where_the_change_is_declared() -> None:
    assert found([row("甲二", "A1", change_type="rename", households=300), *OLD[1:]], OLD) == []


def test_r31_and_t12_where_a_community_vanishes() -> None:
    assert found(OLD[:2], OLD) == [("R31", "丙", None), ("T12", None, None)]
    assert found(OLD[:2], OLD, OLD[:2])[0] == ("R31", "丙", None)  # still, a year later


def test_r32_a_code_given_to_another_community() -> None:
    now = [*OLD, row("丁", "A1", "车站街道", delivered_date=date(2024, 5, 1), change_type="new_delivery")]
    assert found(now, OLD) == [("R32", "丁", "community_code")]


def test_r32_the_code_of_a_demolished_community_given_to_a_new_one() -> None:
    new = row("丁", "A3", delivered_date=date(2024, 5, 1), change_type="new_delivery")
    gone = row("丙", "A3", change_type="demolished")
    # in the same ledger, on the same street
    assert found([*OLD[:2], gone, new], OLD) == [("R32", "丁", "community_code")]
    # and a year later
    later = new | {"delivered_date": date(2025, 5, 1)}
    assert found([*OLD[:2], later], OLD, [*OLD[:2], gone]) == [("R32", "丁", "community_code")]


def test_r33_what_was_omitted_before() -> None:
    omitted = row("丁", "A9", change_type="new_delivery")
    assert found([*OLD, omitted], OLD) == [("R33", "丁", "change_type")]
    assert found([*OLD, omitted | {"change_type": "scope_correction"}], OLD) == []


def test_t12_is_what_is_declared() -> None:
    before = [*OLD, row("丁", "A4"), row("戊", "A5")]
    now = [
        row("甲", "A1"),
        row("乙丙", "A6", change_type="merge", prior_codes="A2、A3", households=200, floor_area_sqm=Decimal(20_000)),
        row("丁一期", "A7", change_type="split", prior_codes="A4", households=50, floor_area_sqm=Decimal(5_000)),
        row("丁二期", "A8", change_type="split", prior_codes="A4", households=50, floor_area_sqm=Decimal(5_000)),
        row("戊", "A5", change_type="demolished"),
        row("己", "A9", change_type="new_delivery", delivered_date=date(2024, 3, 1)),
    ]
    assert found(now, before) == []
    [remark] = remarks([*now[:-1], now[-1] | {"change_type": None}], before, "T12")
    assert remark.row is None
    assert remark.values == {
        "period": "2023年", "opening": 5, "added": 0, "split": 1, "corrected": 0, "merged": 1, "demolished": 1,
        "expected": 4, "closing": 5,
    }  # fmt: skip


def test_t12_needs_to_know_what_was_merged() -> None:
    assert not remarks([row("甲乙", "A1", change_type="merge"), OLD[2]], OLD, "T12")


@pytest.mark.parametrize(("households", "count"), [(202, 0), (203, 1), (198, 0), (197, 1)])
def test_a_merge_keeps_its_households_to_one_percent(households: int, count: int) -> None:
    merged = row("甲乙", "A9", change_type="merge", prior_codes="A1、A2", households=households)
    merged["floor_area_sqm"] = Decimal(20_000)
    assert len(remarks([merged, OLD[2]], OLD, "change_not_conserved")) == count


def test_a_split_that_the_old_name_survives() -> None:
    now = [row("甲", "A1", households=60, change_type="split", prior_codes="A1"), *OLD[1:]]
    now.append(row("甲东区", "A8", households=60, change_type="split", prior_codes="A1"))
    assert [r.entity for r in remarks(now, OLD, "change_not_conserved")] == ["甲", "甲"]
    assert not remarks(now, OLD, "T12")


@given(st.integers(1, 8), st.integers(0, 8), st.integers(0, 8))
def test_t12_holds_for_any_declared_change(stay: int, leave: int, come: int) -> None:
    before = [row(f"旧{n}号院", f"A{n}") for n in range(stay + leave)]
    now = [*before[:stay], *(one | {"change_type": "demolished"} for one in before[stay:])]
    new = {"change_type": "new_delivery", "delivered_date": date(2024, 3, 1)}
    now += [row(f"新{n}号院", f"B{n}", **new) for n in range(come)]
    assert found(now, before) == []
    if come:
        assert [rule for rule, _, _ in found([*now[:-1], now[-1] | {"change_type": None}], before)] == ["T12"]
