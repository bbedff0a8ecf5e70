from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reporting.format import Format, at_least_shown, exact, percentage, reaches, round_half_up, share

ZH, EN = Format("zh"), Format("en")


@pytest.mark.parametrize(
    ("value", "thresholds", "shown"),
    [
        (Fraction("99.96"), [("eq", 100)], "99.9"),
        (Fraction("99.96"), [], "99.9"),
        (100, [("eq", 100)], "100.0"),
        (Fraction(9496, 100), [("gte", 95)], "94.9"),
        (Fraction(949999, 10000), [("gte", 95)], "94.9"),
        (95, [("gte", 95)], "95.0"),
        (Fraction("80.04"), [("gte", 80)], "80.0"),
        (Fraction("80.04"), [("gt", 80)], "80.1"),
        (80, [("gt", 80)], "80.0"),
        (Fraction("20.04"), [("lte", 20)], "20.1"),
        (Fraction("0.04"), [], "0.1"),
        (0, [], "0.0"),
        (Fraction("90.25"), [("gte", 95)], "90.3"),
        (Fraction("90.35"), [("gte", 95)], "90.4"),
        (74.95, [("gte", 75)], "74.9"),
    ],
)
def test_a_rounded_rate_never_crosses_a_threshold(value, thresholds, shown) -> None:
    assert percentage(value, thresholds) == shown


@given(
    st.integers(0, 5000),
    st.integers(1, 5000),
    st.sampled_from(["gte", "gt", "eq", "hold_gte", "lte", "lt"]),
    st.integers(0, 100),
)
def test_what_is_shown_says_the_same_as_the_exact_figure(
    numerator: int, denominator: int, operator: str, target: int
) -> None:
    value = share(min(numerator, denominator), denominator)
    assert value is not None
    shown = Fraction(percentage(value, [(operator, target)]))
    assert reaches(shown, operator, target) == reaches(value, operator, target)
    assert (shown == 100) == (value == 100)
    assert (shown == 0) == (value == 0)
    assert abs(shown - value) < Fraction(1, 10)


@given(
    st.integers(0, 5000),
    st.integers(1, 5000),
    st.sampled_from(["gte", "gt", "lte", "lt"]),
    st.decimals(0, 100, places=2),
)
def test_targets_with_decimals_are_not_crossed_either(
    numerator: int, denominator: int, operator: str, target: Decimal
) -> None:
    """79.96 % and 62.5 % as well: who is short of it is not shown as if it were reached."""
    value = share(min(numerator, denominator), denominator)
    assert value is not None
    shown = Fraction(percentage(value, [(operator, target)]))
    assert reaches(shown, operator, target) == reaches(value, operator, target)


@given(st.fractions(min_value=0, max_value=100))
def test_a_gap_is_rounded_up(value: Fraction) -> None:
    shown = at_least_shown(value)
    assert shown >= value
    assert (shown == 0) == (value == 0)


def test_half_up_is_away_from_zero_and_exact_for_floats() -> None:
    assert round_half_up(0.05) == Fraction("0.1")
    assert round_half_up(-0.25) == Fraction("-0.3")
    assert round_half_up(Decimal("2.345"), 2) == Fraction("2.35")
    assert exact(0.1) == Fraction(1, 10)


def test_share_is_unknown_without_a_denominator() -> None:
    assert share(1, 0) is None
    assert share(None, 5) is None
    assert share(Decimal("1.00"), Decimal("3.00")) == Fraction(100, 3)


def test_words_of_each_language() -> None:
    assert ZH.day(date(2024, 11, 30)) == "2024年11月30日"
    assert EN.day(date(2024, 11, 30)) == "30 November 2024"
    assert ZH.moment(datetime(2024, 12, 3, 9, 5)) == "2024年12月3日09:05"
    assert ZH.gap(0.04) == "0.1个百分点"
    assert EN.gap(2.51) == "2.6 percentage points"
    assert ZH.effect(-0.04) == "−0.0个百分点"
    assert ZH.signed(0) == "±0.0"
    assert ZH.area(Decimal("123456.70")) == "12.35万㎡"
    assert EN.area(123456) == "123,456 m²"
    assert ZH.target(Decimal("80.0000")) == "80%"
    assert ZH.target(Decimal("97.5")) == "97.5%"
    assert ZH.points(Decimal("11.985")) == "11.99"
    assert ZH.count(1234567) == "1,234,567"
    assert ZH.rate(None) == ZH.day(None) == ZH.count(None) == "—"


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        ("一", "第一部分", "Part 一"),
        ("二(四)", "第二部分(四)", "Part 二(四)"),
        ("一、二（一）", "第一部分、第二部分（一）", "Part 一, Part 二（一）"),
        ("三.10", "第三部分第10项", "Part 三(10)"),
        ("二(一)2", "第二部分(一)第2项", "Part 二(一)(2)"),
        ("3.2", "3.2", "3.2"),
        (None, "—", "—"),
    ],
)
def test_a_clause_is_no_dash(number, zh: str, en: str) -> None:
    assert ZH.clause(number) == zh
    assert EN.clause(number) == en
