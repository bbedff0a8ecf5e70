"""Which days the reporting calendar has."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines.plans import load_plans
from pipelines.plans.agenda import Event, agenda, subject

PLANS = load_plans()
BAYANNUR = PLANS["bayannur_2023_2025"]


def on(day: str) -> list[str]:
    return [str(event) for event in agenda(BAYANNUR) if event.day == date.fromisoformat(day)]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2024-10-31", ["30 days before 2024-11"]),
        ("2024-11-23", ["7 days before 2024-11"]),
        ("2024-11-29", ["1 days before 2024-11"]),
        ("2024-11-30", ["due date of 2024-11"]),
        ("2024-01-30", ["30 days before credit_results_feb"]),
        ("2024-02-29", ["due date of credit_results_feb"]),
        ("2025-03-01", ["day after credit_results_feb"]),
        (
            "2025-12-31",
            [
                "due date of double_random_inspection_yearly",
                "due date of reference_price_publication",
                "final score of bayannur_2023_2025",
            ],
        ),
        ("2024-06-15", []),
    ],
)
def test_days_of_bayannur(day: str, said: list[str]) -> None:
    assert on(day) == said


def test_scores_are_provisional_until_the_evaluation_begins() -> None:
    provisional = [e for e in agenda(BAYANNUR) if e.kind == "provisional_score" and e.period_id != "2023-baseline"]
    assert [e.day for e in provisional] == [date(2023, 12, 1), date(2024, 12, 1), date(2025, 12, 1)]
    final = [e.day for e in agenda(BAYANNUR) if e.kind == "final_score"]
    assert final == [date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 1)]


def test_what_is_not_scored_has_no_score() -> None:
    for plan in PLANS.values():
        scored = {event.kind for event in agenda(plan)} & {"provisional_score", "final_score"}
        assert bool(scored) == (plan.rubric is not None)


@pytest.mark.parametrize("plan", PLANS.values(), ids=list(PLANS))
def test_every_period_is_looked_at_five_times(plan) -> None:
    for period in plan.periods:
        kinds = [event for event in agenda(plan) if event.period_id == period.id and event.kind != "provisional_score"]
        assert [event.days_left for event in kinds] == [30, 7, 1, 0, -1]


def test_an_event_has_the_name_of_its_subject() -> None:
    due = date(2024, 11, 30)
    assert subject(BAYANNUR, Event(due, BAYANNUR.id, "due", due, period_id="2024-11")).zh == "2024年度工作台账"
    credit = Event(due, BAYANNUR.id, "due", due, indicator_id="credit_results_feb")
    assert subject(BAYANNUR, credit).zh == "信用评价结果和红黑榜上报"
