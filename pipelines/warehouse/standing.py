"""From the points of the items to the district's standing: score, bonus, penalty, veto, grade, rank and its range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pipelines.warehouse.scoring import rounded

Ints = npt.NDArray[np.int64]
_UNIT = 10**8
"""Points are varied as whole numbers of a hundred-millionth."""


@dataclass(frozen=True)
class Points:
    """One district's item: what it can earn, earns, and would earn if open warnings counted against or for it.

    ``maximum`` 0: it does not apply.
    """

    maximum: Fraction
    points: Fraction
    low: Fraction
    high: Fraction


def score(items: Sequence[Points]) -> tuple[Decimal, Decimal, Decimal | None]:
    """Raw points, applicable points and the score per 100, each rounded once; no score where nothing applies."""
    raw, applicable = sum((i.points for i in items), Fraction(0)), sum((i.maximum for i in items), Fraction(0))
    return rounded(raw), rounded(applicable), rounded(raw / applicable * 100) if applicable else None


def grade(
    points: Decimal | None, grades: Sequence[tuple[str, Decimal]], effects: Sequence[tuple[str, str | None]]
) -> str | None:
    """The grade of a score after the vetoes. ``grades``: (id, from-score). ``effects``: (effect, grade it caps at).

    ``downgrade_one`` goes first, then ``cap_grade``; ``disqualify`` gives the lowest grade whatever the score.
    """
    ladder = sorted(grades, key=lambda step: step[1])
    order = [name for name, _ in ladder]
    if any(effect == "disqualify" for effect, _ in effects):
        return order[0]
    if points is None:
        return None
    place = max((n for n, (_, start) in enumerate(ladder) if points >= start), default=0)
    place = max(0, place - sum(effect == "downgrade_one" for effect, _ in effects))
    caps = [order.index(cap) for effect, cap in effects if effect == "cap_grade" and cap in order]
    return order[min([place, *caps])]


def ranks(scores: Sequence[Decimal | None], bonuses: Sequence[Decimal]) -> list[int | None]:
    """Rank by score, then bonus; equals share the better rank, who has no score has none."""
    keys = [None if s is None else (s, b) for s, b in zip(scores, bonuses, strict=True)]
    return [None if key is None else 1 + sum(other is not None and other > key for other in keys) for key in keys]


def rank_ranges(
    districts: Sequence[Sequence[Points]], bonuses: Sequence[Decimal], *, draws: int, spread: int, seed: int
) -> list[tuple[int, int] | None]:
    """The best and worst rank of each district over all draws; None for one to which nothing applies.

    In each draw every item's weight is 100 ± ``spread`` percent, the same for all districts. A district's worst rank
    counts its open warnings against it and the others' for them, its best rank the other way round. The weights as they
    are make one draw more, so the range holds the rank itself. Whole numbers only: the same on every machine.
    """
    there = [n for n, items in enumerate(districts) if any(item.maximum for item in items)]
    result: list[tuple[int, int] | None] = [None] * len(districts)
    if not there:
        return result
    factors = np.vstack([np.full(len(districts[0]), 100), _factors(draws, len(districts[0]), spread, seed)])
    most = _matrix(districts, there, "maximum")
    extra = np.array([int(bonuses[n] * 100) for n in there], dtype=np.int64)
    low, high = (_keys(factors, _matrix(districts, there, name), most, extra) for name in ("low", "high"))
    best = 1 + _above(low, high).min(axis=0)
    worst = 1 + _above(high, low).max(axis=0)
    for n, place in enumerate(there):
        result[place] = (int(best[n]), int(worst[n]))
    return result


def _matrix(districts: Sequence[Sequence[Points]], there: Sequence[int], name: str) -> Ints:
    """Items × districts, in units of points."""
    rows = [[int(rounded(getattr(item, name) * _UNIT, 0)) for item in districts[n]] for n in there]
    return np.array(rows, dtype=np.int64).T


def _keys(factors: Ints, points: Ints, most: Ints, extra: Ints) -> Ints:
    """Draws × districts: hundredths of the score, rounded half up, then the bonus."""
    won, could = factors @ points, factors @ most
    hundredths: Ints = (won * 20_000 + could) // (could * 2)
    return hundredths * 100_000 + extra


def _above(others: Ints, own: Ints) -> Ints:
    """Draws × districts: how many other districts' keys are higher than one's own."""
    count = np.empty_like(own)
    for draw in range(own.shape[0]):
        ordered = np.sort(others[draw])
        count[draw] = ordered.size - np.searchsorted(ordered, own[draw], side="right")
    # One's own entry among the others counts when it is the higher of the two.
    return count - (others > own)


def _factors(draws: int, items: int, spread: int, seed: int) -> Ints:
    """Whole percentages around 100, from SplitMix64 over seed and position: no library's generator, no floats."""
    with np.errstate(over="ignore"):
        state = (np.arange(1, draws * items + 1, dtype=np.uint64) + np.uint64(seed)) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    step = (state % np.uint64(2 * spread + 1)).astype(np.int64)
    varied: Ints = (100 - spread + step).reshape(draws, items)
    return varied
