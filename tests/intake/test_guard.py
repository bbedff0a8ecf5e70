"""Many calls of guarded children, one after the other."""

from __future__ import annotations

import operator
from collections.abc import Iterator

from pipelines.intake.guard import AHEAD, Guard


def test_results_come_in_order_and_faults_take_their_place() -> None:
    with Guard(2) as guard:
        found = list(guard.each(operator.truediv, [(6, 3), (1, 0), (9, 3)]))
    assert (found[0], found[2]) == (2, 3)
    assert isinstance(found[1], ZeroDivisionError)


def test_tasks_are_only_asked_for_when_their_turn_is_near() -> None:
    """So that what a task holds, and what its call returned, need not be held for all of them at once."""
    asked: list[int] = []

    def tasks() -> Iterator[tuple[int]]:
        for number in range(200):
            asked.append(number)
            yield (number,)

    with Guard(1) as guard:
        for delivered, result in enumerate(guard.each(operator.neg, tasks())):
            assert result == -delivered
            assert len(asked) <= delivered + AHEAD + 2
    assert len(asked) == 200
