"""Points by every method, at their edges, and how figures are written."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.warehouse import scoring, standing
from pipelines.warehouse.standing import Points

fractions = st.fractions(min_value=0, max_value=200, max_denominator=1000)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (scoring.proportional(9, Fraction(76), Fraction(80)), "8.55"),
        (scoring.proportional(9, Fraction(90), Fraction(80)), "9"),
        (scoring.proportional(9, Fraction(0), Fraction(0)), "9"),
        (scoring.floor_linear(12, Fraction(36100, 400), Fraction(60), Fraction(95)), "10.37"),
        (scoring.floor_linear(12, Fraction(9996, 100), Fraction(80), Fraction(100)), "11.98"),
        (scoring.floor_linear(12, Fraction(80), Fraction(80), Fraction(100)), "0"),
        (scoring.floor_linear(12, Fraction(79), Fraction(80), Fraction(100)), "0"),
        (scoring.floor_linear(12, Fraction(101), Fraction(80), Fraction(100)), "12"),
        (scoring.proportional_from_baseline(10, Fraction(60), Fraction(50), Fraction(90)), "2.5"),
        (scoring.proportional_from_baseline(10, Fraction(15), Fraction(20), Fraction(10)), "5"),
        (scoring.proportional_from_baseline(10, Fraction(90), Fraction(90), Fraction(90)), "10"),
        (scoring.proportional_from_baseline(10, Fraction(89), Fraction(90), Fraction(90)), "0"),
        (scoring.control(10, Fraction(15), Fraction(10)), "5"),
        (scoring.control(10, Fraction(5), Fraction(10)), "10"),
        (scoring.control(10, Fraction(25), Fraction(10)), "0"),
        (scoring.control(10, Fraction(0), Fraction(0)), "10"),
        (scoring.control(10, Fraction(1), Fraction(0)), "0"),
        (scoring.tiered(5, Fraction(4), [(1, 1), (3, 3), (5, 5)]), "3"),
        (scoring.tiered(5, Fraction(0), [(1, 1), (3, 3)]), "0"),
        (scoring.tiered(2, Fraction(9), [(1, 1), (3, 3)]), "2"),
        (scoring.deduct(5, 3, 1), "2"),
        (scoring.deduct(5, 9, 1), "0"),
        (scoring.deduct(5, Fraction(5, 2), Fraction(1, 2)), "3.75"),
        (scoring.deduct(5, 20, 1, 10), "3"),
        (3 * scoring.lateness(10, 30, Fraction(1, 2)), "1.5"),
        (3 * scoring.lateness(0, 30, Fraction(1, 2)), "3"),
        (3 * scoring.lateness(30, 30, Fraction(1, 2)), "1.5"),
        (3 * scoring.lateness(31, 30, Fraction(1, 2)), "0"),
    ],
)
def test_worked_examples(points: Fraction, expected: str) -> None:
    assert scoring.rounded(points) == Decimal(expected)


@given(st.integers(1, 30), fractions, st.fractions(1, 100, max_denominator=100))
def test_no_method_leaves_its_points(points: int, actual: Fraction, target: Fraction) -> None:
    earned = [
        scoring.proportional(points, actual, target),
        scoring.floor_linear(points, actual, target / 2, target),
        scoring.proportional_from_baseline(points, actual, Fraction(50), target),
        scoring.control(points, actual, target),
        scoring.deduct(points, actual, target),
        scoring.tiered(points, actual, [(10, 3), (20, 99)]),
    ]
    assert all(0 <= one <= points for one in earned)


@pytest.mark.parametrize(
    ("operator", "actual", "met"),
    [
        ("gte", Fraction(95), True),
        ("gte", Fraction(9499, 100), False),
        ("gt", Fraction(95), False),
        ("gt", Fraction(9501, 100), True),
        ("eq", Fraction(95), True),
        ("eq", Fraction(94), False),
        ("hold_gte", Fraction(95), True),
        ("lte", Fraction(95), True),
        ("lte", Fraction(96), False),
        ("lt", Fraction(95), False),
    ],
)
def test_thresholds_are_exact(operator: str, actual: Fraction, met: bool) -> None:
    assert scoring.meets(operator, actual, Fraction(95)) is met


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1/200", "0.01"), ("1/3", "0.33"), ("2/3", "0.67"), ("-1/200", "-0.01"), ("7/2", "3.50")],
)
def test_rounding_is_half_up(value: str, expected: str) -> None:
    assert str(scoring.rounded(Fraction(value))) == expected


@pytest.mark.parametrize(
    ("value", "thresholds", "shown"),
    [
        (Fraction(99996, 1000), (100,), "99.99%"),
        (Fraction(100), (100,), "100%"),
        (Fraction(94998, 1000), (95,), "94.99%"),
        (Fraction(95001, 1000), (95,), "95.01%"),
        (Fraction(9025, 100), (60, 95), "90.25%"),
        (Fraction(99996, 1000), (), "100%"),
    ],
)
def test_a_percentage_never_crosses_a_threshold_by_rounding(
    value: Fraction, thresholds: tuple[int, ...], shown: str
) -> None:
    assert scoring.percent_text(value, *thresholds) == shown


def item(maximum: int, points: object, low: object = None, high: object = None) -> Points:
    spread = (Fraction(str(points if one is None else one)) for one in (points, low, high))
    return Points(Fraction(maximum), *spread)


NONE = Points(Fraction(0), Fraction(0), Fraction(0), Fraction(0))


def test_the_score_leaves_out_what_does_not_apply() -> None:
    assert standing.score([item(97, "90.21"), NONE]) == (Decimal("90.21"), Decimal("97.00"), Decimal("93.00"))
    assert standing.score([NONE]) == (Decimal(0), Decimal(0), None)


def test_the_total_is_rounded_once() -> None:
    third = Points(Fraction(1), Fraction(1, 3), Fraction(1, 3), Fraction(1, 3))
    assert standing.score([third] * 3)[0] == Decimal("1.00")


GRADES = [("excellent", Decimal(90)), ("good", Decimal(80)), ("pass", Decimal(60)), ("fail", Decimal(0))]


@pytest.mark.parametrize(
    ("score", "effects", "grade"),
    [
        ("90", [], "excellent"),
        ("89.99", [], "good"),
        ("59.99", [], "fail"),
        ("95", [("downgrade_one", None)], "good"),
        ("10", [("downgrade_one", None)], "fail"),
        ("95", [("cap_grade", "pass")], "pass"),
        ("50", [("cap_grade", "pass")], "fail"),
        ("95", [("downgrade_one", None), ("cap_grade", "pass")], "pass"),
        ("95", [("disqualify", None)], "fail"),
        ("95", [("zero_item", None)], "excellent"),
        (None, [], None),
        (None, [("disqualify", None)], "fail"),
    ],
)
def test_grades(score: str | None, effects: list[tuple[str, str | None]], grade: str | None) -> None:
    assert standing.grade(None if score is None else Decimal(score), GRADES, effects) == grade


def test_ranks_by_score_then_bonus_and_equals_are_equal() -> None:
    scores = [Decimal("90"), Decimal("95"), Decimal("90"), Decimal("90"), None]
    bonuses = [Decimal(0), Decimal(0), Decimal(1), Decimal(0), Decimal(5)]
    assert standing.ranks(scores, bonuses) == [3, 1, 2, 3, None]


def ranges(districts: list[list[Points]], **options: int) -> list[tuple[int, int] | None]:
    drawn = {"draws": 200, "spread": 20, "seed": 7, **options}
    return standing.rank_ranges(districts, [Decimal(0)] * len(districts), **drawn)


def test_ranges_of_those_far_apart_do_not_overlap() -> None:
    assert ranges([[item(50, 50), item(50, 50)], [item(50, 10), item(50, 10)]]) == [(1, 1), (2, 2)]


def test_ranges_overlap_where_weights_decide() -> None:
    close = [[item(50, 50), item(50, 30)], [item(50, 31), item(50, 50)]]
    assert ranges(close) == [(1, 2), (1, 2)]
    assert ranges(close, spread=0) == [(2, 2), (1, 1)]


def test_warnings_count_for_and_against() -> None:
    doubtful = [[item(100, 80, low=60, high=80)], [item(100, 70)]]
    assert ranges(doubtful, spread=0) == [(1, 2), (1, 2)]


def test_who_is_not_assessed_has_no_range() -> None:
    assert ranges([[NONE], [item(10, 5)]]) == [None, (1, 1)]
    assert ranges([[NONE]]) == [None]


def test_equals_share_their_rank() -> None:
    assert ranges([[item(10, 5)], [item(10, 5)], [item(10, 1)]]) == [(1, 1), (1, 1), (3, 3)]


def test_the_draws_are_the_same_everywhere() -> None:
    """Numbers worked out by hand from SplitMix64: a change of library or machine must not move them."""

    def split_mix(position: int, seed: int) -> int:
        mask = 2**64 - 1
        state = (position + seed) * 0x9E3779B97F4A7C15 & mask
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & mask
        state = (state ^ state >> 27) * 0x94D049BB133111EB & mask
        return state ^ state >> 31

    drawn = standing._factors(3, 4, 20, 20251130)
    assert drawn.ravel().tolist() == [80 + split_mix(n, 20251130) % 41 for n in range(1, 13)]


@given(st.lists(st.lists(st.integers(0, 10), min_size=3, max_size=3), min_size=1, max_size=5))
def test_the_range_holds_the_rank(points: list[list[int]]) -> None:
    districts = [[item(10, p) for p in own] for own in points]
    scores = [standing.score(own)[2] for own in districts]
    ranks = standing.ranks(scores, [Decimal(0)] * len(districts))
    for rank, span in zip(ranks, ranges(districts, draws=20), strict=True):
        assert span is not None
        assert rank is not None
        assert span[0] <= rank <= span[1]
