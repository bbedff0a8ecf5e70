"""What a plan's text states as already so, beside the figures of the ledgers that ought to show it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pipelines.plans.model import Indicator
from tests.independent.account import WHOLE, Account
from tests.independent.figures import NOTHING, Figure, Key, bases
from tests.independent.readings import Reading, half_up


@dataclass(frozen=True)
class Stated:
    """A stated number and the ledgers' own, for the whole plan area."""

    numerator: Fraction | None
    denominator: Fraction | None
    value: Fraction | None
    agrees: bool | None


def facts_stated(account: Account, reading: Reading, figures: dict[Key, Figure]) -> dict[tuple[str, ...], Stated]:
    """Indicator → what was found of its fact."""
    found = {}
    for indicator in account.plan.indicators:
        if indicator.fact is not None:
            period = indicator.fact.period or account.plan.periods[0].id
            measure = reading.measures.get(indicator.id)
            basis = next(iter(bases(measure))) if measure else indicator.basis
            figure = figures.get((WHOLE, period, indicator.id, basis, "audited"), NOTHING)
            value = figure.value(indicator.denominator is None)
            found[(indicator.id,)] = Stated(figure.numerator, figure.denominator, value, _agrees(indicator, figure))
    return found


def _agrees(indicator: Indicator, figure: Figure) -> bool | None:
    """A figure agrees when it rounds to the printed one; a range or a bound when it lies inside."""
    fact, value = indicator.fact, figure.value(indicator.denominator is None)
    assert fact is not None
    if value is None:
        return None
    if fact.of_each or fact.is_so:
        return figure.numerator == figure.denominator
    if fact.equals is not None:
        stated = Fraction(fact.equals)
        if indicator.denominator is None:
            return value == stated
        places = 10 ** max(0, -int(fact.equals.as_tuple().exponent))
        return half_up(value * places) == stated * places
    bounds = [
        fact.more_than is None or value > Fraction(fact.more_than),
        fact.at_least is None or value >= Fraction(fact.at_least),
        fact.less_than is None or value < Fraction(fact.less_than),
        fact.at_most is None or value <= Fraction(fact.at_most),
        fact.between is None or Fraction(fact.between[0]) <= value <= Fraction(fact.between[1]),
    ]
    return all(bounds)
