"""Which story a district follows, fitted to its plan's calendar.

``stories.yaml`` tells the districts of the plan it was written for, what is usual, and archetypes for districts without
a story. ``<plan id>.yaml`` here tells the districts of another plan; what it leaves out is as usual, with dates moved
to the plan's own years and courses stretched over its periods. So any plan can be played, with a story or without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from pipelines.plans.model import Period, Plan
from pipelines.samples.names import load

HOME_YEAR = 2023
"""In which year the usual story and the archetypes begin."""
ARCHETYPES = ("leading", "middling", "middling", "lagging")
_WHOLE = ("completed", "sites", "preparing", "unprofessional_new")
"""Courses that count things; the others are percentages."""
_BY_YEAR = ("inspections", "publishes", "credit", "documents", "state_company")
_DEEP = ("course", "documents")


def story_of(plan: Plan, code: str, rng: Random) -> Mapping[str, Any]:
    """The story of a district: what is usual with what its own says instead, one value per period of the plan."""
    home = load("stories.yaml")
    own_file = Path(__file__).with_name(f"{plan.id}.yaml")
    if own_file.exists():
        told = load(f"stories/{plan.id}.yaml")
        usual = _merged(_moved(home["usual"], plan), told.get("usual", {}))
        story = _merged(usual, told["districts"].get(code, {}))
    elif code in home["districts"]:
        story = _merged(home["usual"], home["districts"][code])
    else:
        story = _merged(_moved(home["usual"], plan), _moved(home["archetypes"][rng.choice(ARCHETYPES)], plan))
    course = {name: _fitted(name, values, plan.periods) for name, values in story["course"].items()}
    return {**story, "course": course}


def _merged(usual: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The usual with what a story says instead; the mappings of ``course`` and ``documents`` are merged key by key."""
    return {**usual, **own, **{key: {**usual.get(key, {}), **own.get(key, {})} for key in _DEEP}}


def _moved(story: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """The dates and years of a story in the plan's own years."""
    years = plan.start.year - HOME_YEAR
    moved = {key: _later(value, years) if years and key in _BY_YEAR else value for key, value in story.items()}
    course = {key: _undated(value) if key == "sent" else value for key, value in story["course"].items()}
    return moved | {"course": course}


def _undated(sent: Sequence[Sequence[Mapping[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Workbooks without the moments they were sent at: those belong to the calendar the story was written for."""
    return [[{key: value for key, value in one.items() if key != "at"} for one in period] for period in sent]


def _later(value: Any, years: int) -> Any:
    if isinstance(value, date):
        return value.replace(year=value.year + years, day=min(value.day, 28))
    if isinstance(value, int) and 2000 < value < 2100:
        return value + years
    if isinstance(value, Mapping):
        return {_later(key, years): _later(item, years) for key, item in value.items()}
    return [_later(item, years) for item in value] if isinstance(value, list) else value


def _fitted(name: str, values: Any, periods: Sequence[Period]) -> list[Any]:
    """A course with one value per period. A mapping (the particulars of communities) has a course in each entry."""
    if name == "sent":
        return [_sent(period, said) for period, said in zip(periods, _spread(values, len(periods), _stay), strict=True)]
    if isinstance(values, Mapping):
        courses = {key: _spread(course, len(periods), _between) for key, course in values.items()}
        return [{key: course[number] for key, course in courses.items()} for number in range(len(periods))]
    if name == "events" and len(values) != len(periods):
        return [{} for _ in periods]
    return _spread(values, len(periods), _whole if name in _WHOLE else _between)


def _sent(period: Period, said: Any) -> list[dict[str, Any]]:
    """The workbooks of a period; one in time and without a slip where the story does not say."""
    usual = {"at": f"{period.due - timedelta(days=2)} 10:00", "style": "canonical"}
    return [{**usual, **one} for one in ([{}] if said is None else said)]


def _spread(values: Any, number: int, between: Callable[[Any, Any, float], Any]) -> list[Any]:
    """A course of any length over so many periods."""
    if not isinstance(values, list):
        return [values] * number
    if len(values) == number:
        return list(values)
    if between is _stay:  # when a workbook was sent belongs to its own calendar
        return [None] * number
    spread = []
    for place in range(number):
        at = place * (len(values) - 1) / max(number - 1, 1)
        low = min(int(at), len(values) - 1)
        spread.append(between(values[low], values[min(low + 1, len(values) - 1)], at - low))
    return spread


def _stay(before: Any, _: Any, __: float) -> Any:
    return before


def _between(before: Any, after: Any, share: float) -> Any:
    """A value on the way from one to the next; what is no number stays until the next."""
    if isinstance(before, int | float) and isinstance(after, int | float):
        return round(before + (after - before) * share, 2)
    return after if share > 0.99 else before


def _whole(before: Any, after: Any, share: float) -> Any:
    return round(before + (after - before) * share)
