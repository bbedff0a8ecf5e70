"""Percentages in all their spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.forms import FORMS
from pipelines.forms.values import is_fraction_column

RATE = FORMS["community"].column("fee_collection_rate")


@pytest.mark.parametrize(
    ("typed", "percent"),
    [
        (93.6, 93.6),
        ("93.6", 93.6),
        ("93.6%", 93.6),
        ("９３．６％", 93.6),
        ("936‰", 93.6),
        ("百分之九十三点六", 93.6),
        ("百分之90", 90),
        ("九成", 90),
        ("九成五", 95),
        ("9.5成", 95),
        ("九成半", 95),
        ("1%", 1),
        ("0.5%", 0.5),
        ("117/125", 93.6),
        ("百分百", 100),
        ("百分之百", 100),
        ("物业费收缴率：93.6%", 93.6),
        ("93.6%（含商铺）", 93.6),
        (0, 0),
        (100, 100),
    ],
)
def test_rates(typed: object, percent: float) -> None:
    read = RATE.parse(typed)
    assert (read.value, read.problem) == (percent, None)


@pytest.mark.parametrize("typed", ["95%以上", "约95", "95%左右", "不低于95%", "≥95%"])
def test_rough_rates(typed: str) -> None:
    read = RATE.parse(typed)
    assert (read.value, read.state) == (95, "approximate")


@pytest.mark.parametrize("typed", [1, 1.0, "1"])
def test_a_lone_one_is_ambiguous(typed: object) -> None:
    read = RATE.parse(typed)
    assert (read.value, read.state, read.marker) == (None, "withheld", "ambiguous_percent")
    assert RATE.parse(typed, unit="fraction").value == 100


def test_a_percent_format_counts_hundredfold_whatever_stands_there() -> None:
    assert RATE.parse(0.936, percent_format=True).value == 93.6
    assert RATE.parse(93.6, percent_format=True).value == 9360
    assert RATE.parse("93.6%", percent_format=True).value == 93.6


def test_fractions_are_told_by_the_whole_column() -> None:
    assert is_fraction_column([0.936, 1, "0.88", "", "不详", None])
    assert is_fraction_column([0.5, "93%"])
    assert not is_fraction_column([0.936, 93.6])
    assert not is_fraction_column([1, 1, 0])
    assert not is_fraction_column([])
    assert RATE.parse(0.936, unit="fraction").value == 93.6
    assert RATE.parse("93%", unit="fraction").value == 93


def test_a_small_number_among_percents_is_kept_with_a_question() -> None:
    read = RATE.parse(0.936)
    assert read.value == 0.936
    assert read.problem
    assert read.problem.rule_id == "percent_below_one"


@pytest.mark.parametrize("typed", ["90%-95%", "很高", "93,6", "过半", True, float("nan"), "12成", "1/0"])
def test_what_is_no_single_rate_is_withheld(typed: object) -> None:
    read = RATE.parse(typed)
    assert (read.value, read.state) == (None, "withheld")


@given(st.integers(101, 10_000).map(lambda hundredths: hundredths / 100))
def test_a_rate_reads_the_same_however_it_is_written(rate: float) -> None:
    spellings = (rate, f"{rate}", f"{rate}%", f"{rate} ％", f"百分之{rate}")
    assert {RATE.parse(typed).value for typed in spellings} == {rate}
