"""How figures are written: rounding that never crosses a threshold, gaps that never vanish, dates, units.

Pure functions over exact numbers (int, Decimal, Fraction; a float is taken at its shortest decimal form). Rates are
percent 0–100. Everything a reader sees passes through here, so that two pages never round the same figure differently.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from pipelines.reporting.messages import catalogue

Number = int | float | Decimal | Fraction
MISSING = "—"


def exact(value: Number) -> Fraction:
    """The number as a fraction; a float as its shortest decimal (0.1 is one tenth)."""
    if isinstance(value, Fraction):
        return value
    return Fraction(str(value)) if isinstance(value, float) else Fraction(*value.as_integer_ratio())


def reaches(value: Number, operator: str, target: Number) -> bool:
    """Whether a value satisfies a milestone's operator; ``eq`` is full coverage, above which there is nothing."""
    number, threshold = exact(value), exact(target)
    match operator:
        case "gt":
            return number > threshold
        case "lt":
            return number < threshold
        case "lte":
            return number <= threshold
        case _:
            return number >= threshold


def round_half_up(value: Number, places: int = 1) -> Fraction:
    """Rounded half away from zero to ``places`` decimals."""
    number = exact(value)
    units = (2 * abs(number.numerator) * 10**places + number.denominator) // (2 * number.denominator)
    return Fraction(-units if number < 0 else units, 10**places)


def round_within(value: Number, thresholds: Iterable[tuple[str, Number]] = (), places: int = 1) -> Fraction:
    """Rounded half up, unless that would seem to cross a threshold: then cut towards the side where the value stands.

    ``thresholds`` are (operator, target) pairs. 99.96 against ``gte 100`` is 99.9, not 100.0.
    """
    number, rounded = exact(value), round_half_up(value, places)
    for operator, target in thresholds:
        if reaches(rounded, operator, target) != reaches(number, operator, target):
            scaled = number * 10**places
            step = math.floor(scaled) if rounded > number else math.ceil(scaled)
            return Fraction(step, 10**places)
    return rounded


# A share that is not all is never shown as 100 %, one that is not nothing never as 0 %.
_ENDS: tuple[tuple[str, Number], ...] = (("gte", 100), ("gt", 0))


def _fixed(value: Fraction, places: int, grouped: bool = True) -> str:
    return f"{Decimal(value.numerator) / Decimal(value.denominator):{',' if grouped else ''}.{places}f}"


@lru_cache(maxsize=1 << 16)
def plain(value: Number, places: int = 4) -> str:
    """A number without trailing zeros, thousands grouped: 80, 97.5, 1,024."""
    text = _fixed(round_half_up(value, places), places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def rate_shown(value: Number, thresholds: Iterable[tuple[str, Number]] = (), places: int = 1) -> Fraction:
    """A rate rounded as every reader sees it: neither ends nor thresholds are crossed."""
    return round_within(value, (*thresholds, *_ENDS), places)


def percentage(value: Number, thresholds: Iterable[tuple[str, Number]] = (), places: int = 1) -> str:
    """A rate in percent, without its sign: ``97.4``. Ends and thresholds are never crossed by rounding."""
    return _percentage(value, tuple(thresholds), places)


@lru_cache(maxsize=1 << 16)
def _percentage(value: Number, thresholds: tuple[tuple[str, Number], ...], places: int) -> str:
    """A figure is shown many times: on the pages of its district, of the area, in tables of all."""
    return _fixed(rate_shown(value, thresholds, places), places)


def share(numerator: Number | None, denominator: Number | None) -> Fraction | None:
    """Numerator over denominator in percent, exact; None where either is unknown or the denominator is 0."""
    if numerator is None or not denominator:
        return None
    return exact(numerator) * 100 / exact(denominator)


def at_least_shown(value: Number, places: int = 1) -> Fraction:
    """A gap rounded up: what is still missing never shows as nothing."""
    return Fraction(math.ceil(exact(value) * 10**places), 10**places)


def clauses(number: str) -> list[str]:
    """The clauses a reference names, one by one: ``一、二(二)`` are two."""
    return re.split(r"[、,，;；]\s*", number)


@dataclass(frozen=True)
class Format:
    """The formatting functions of one language, as templates use them. None is shown as a dash everywhere."""

    lang: str

    def _as(self, pattern: str, *values: object, **named: object) -> str:
        return self._pattern(pattern).format(*values, **named)

    def _pattern(self, name: str) -> str:
        return catalogue(self.lang).messages[f"format.{name}"]

    def rate(self, value: Number | None, thresholds: Iterable[tuple[str, Number]] = ()) -> str:
        """``97.4%``."""
        return MISSING if value is None else self._as("percent", percentage(value, thresholds))

    def target(self, value: Number | None, unit: str = "%") -> str:
        """A target as the plan states it: ``80%``, ``55``."""
        return MISSING if value is None else plain(value) + unit

    def gap(self, value: Number | None) -> str:
        """Percentage points still missing, rounded up: ``2.6个百分点``."""
        return MISSING if value is None else self._as("points", _fixed(at_least_shown(value), 1))

    def effect(self, value: Number | None) -> str:
        """A signed difference in percentage points: ``+1.2个百分点``; the minus is a real one."""
        return MISSING if value is None else self._as("points", self.signed(value))

    def signed(self, value: Number | None, places: int = 1) -> str:
        """A signed number: ``+1.2``, ``−0.4``, ``0.0`` for exactly nothing; a small change keeps its sign."""
        if value is None:
            return MISSING
        number = exact(value)
        sign = "+" if number > 0 else "−" if number < 0 else "±"
        return sign + _fixed(abs(round_half_up(number, places)), places)

    def count(self, value: Number | None) -> str:
        """Whole units, thousands grouped."""
        return MISSING if value is None else plain(value, 0)

    def pace(self, value: Number | None) -> str:
        """Units per month, one decimal, half up."""
        return MISSING if value is None else _fixed(round_half_up(value), 1)

    def points(self, value: Number | None) -> str:
        """Assessment points, two decimals half up."""
        return MISSING if value is None else _fixed(round_half_up(value, 2), 2)

    def area(self, value: Number | None) -> str:
        """Floor area given in ㎡: ``12.34万㎡`` (zh), ``123,400 m²`` (en)."""
        if value is None:
            return MISSING
        ten_thousands = exact(value) / 10_000
        return self._as("area", ten_thousands=_fixed(round_half_up(ten_thousands, 2), 2), square_metres=plain(value, 0))

    def clause(self, number: str | None) -> str:
        """A clause of the plan: ``二（四）`` is ``第二部分（四）``. The bare first one, 一, would look like a dash."""
        if not number:
            return MISSING
        return self._as("comma").join(map(self.one_clause, clauses(number)))

    def one_clause(self, number: str) -> str:
        """One clause alone, as ``clause`` writes it."""
        part = re.match(r"[一二三四五六七八九十]+", number)
        if not part:
            return number
        rest = re.sub(r"\.?(\d+)", lambda item: self._as("clause_item", item[1]), number[part.end() :])
        return self._as("clause", part.group(), rest)

    def day(self, value: date | None) -> str:
        """``2024年11月30日`` / ``30 November 2024``."""
        return self._date("day", value)

    def month(self, value: date | None) -> str:
        """``2024年11月`` / ``November 2024``."""
        return self._date("month", value)

    def moment(self, value: datetime | None) -> str:
        """Day and minute."""
        return self._date("moment", value)

    def _date(self, pattern: str, value: date | None) -> str:
        if value is None:
            return MISSING
        name = self._pattern("months").split()[value.month - 1]
        time = value.strftime("%H:%M") if isinstance(value, datetime) else ""
        return self._as(pattern, y=value.year, m=value.month, d=value.day, name=name, time=time)
