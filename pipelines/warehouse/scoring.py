"""How points are earned: every method as exact arithmetic on fractions, and how figures are written.

All arguments and results are Fractions (or whole numbers); nothing is rounded before ``rounded``. Rates are in percent.
Over-fulfilment earns nothing and no method goes below 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

Number = Fraction | int


def clamp(share: Number) -> Fraction:
    """The share, but at least 0 and at most 1."""
    return max(Fraction(0), min(Fraction(1), Fraction(share)))


def proportional(points: Number, actual: Number, target: Number) -> Fraction:
    """Points in proportion to the target; a target of 0 is met by anything."""
    return points * (clamp(Fraction(actual) / target) if target else Fraction(1))


def proportional_from_baseline(points: Number, actual: Number, base: Number, target: Number) -> Fraction:
    """Points in proportion to the way from the baseline value to the target; works downwards too."""
    if base == target:
        return Fraction(points) if actual >= target else Fraction(0)
    return points * clamp(Fraction(actual - base) / (target - base))


def floor_linear(points: Number, actual: Number, floor: Number, target: Number) -> Fraction:
    """0 up to the floor, all points at the target, in proportion between them."""
    return proportional_from_baseline(points, actual, floor, target)


def control(points: Number, actual: Number, limit: Number) -> Fraction:
    """Less is better: all points within the limit, none at its double. A limit of 0 allows nothing."""
    return points * (clamp(2 - Fraction(actual) / limit) if limit else Fraction(int(actual <= 0)))


def tiered(points: Number, actual: Number, tiers: Sequence[tuple[Number, Number]]) -> Fraction:
    """The points of the highest tier reached (from-value, points), at most ``points``; 0 below all."""
    reached = max(((start, worth) for start, worth in tiers if actual >= start), default=(0, 0))
    return min(Fraction(points), Fraction(reached[1]))


def deduct(points: Number, units: Number, each: Number, per: Number = 1) -> Fraction:
    """``each`` off per ``per`` units (things missed, or percentage points short), parts of a unit in proportion."""
    return max(Fraction(0), points - Fraction(units) / per * each)


def lateness(days_late: int, late_days: int, late_factor: Number) -> Fraction:
    """What a thing done so many days after its date is worth of a whole: 1 in time, the factor up to ``late_days``."""
    if days_late <= 0:
        return Fraction(1)
    return Fraction(late_factor) if days_late <= late_days else Fraction(0)


def meets(operator: str, actual: Number, target: Number) -> bool:
    """Whether the value meets the target. ``eq`` asks for the whole (full coverage), which nothing can exceed."""
    return {
        "gt": actual > target,
        "lte": actual <= target,
        "lt": actual < target,
    }.get(operator, actual >= target)


def rounded(value: Number | Decimal, places: int = 2) -> Decimal:
    """Half up, as officials count."""
    numerator, denominator = value.as_integer_ratio()
    whole = (2 * abs(numerator) * 10**places + denominator) // (2 * denominator)
    return Decimal(whole if numerator >= 0 else -whole).scaleb(-places)


def number_text(value: Number | Decimal, places: int = 2) -> str:
    """A number with at most so many places and no trailing zeros."""
    text = f"{rounded(value, places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_text(value: Number, *thresholds: Number, places: int = 2) -> str:
    """A percentage, never shown on another side of a threshold than where it is: 99.996 is not shown as 100 %."""
    shown = Fraction(rounded(value, places))
    step = Fraction(1, 10**places)
    for threshold in thresholds:
        if value < threshold <= shown:
            shown = Fraction(int(value / step)) * step
        elif shown <= threshold < value:
            shown = -(-value // step) * step
    return f"{number_text(shown, places)}%"
