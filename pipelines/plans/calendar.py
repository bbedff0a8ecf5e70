"""Writes out what a plan file says of a row of months in one entry.

    periods:
      - months: {from: 2015-01, to: 2017-12, due_after_days: 5}
        name: {zh: "{year}年{month}月", en: "{year}-{month:02}"}
        kind: monthly
        required_forms: [community, meeting]

stands for 36 periods ``2015-01`` … ``2017-12``, each with the last day of its month as as-of date. In a cadence's
``occasions`` the same entry stands for one occasion a month, due on its last day, with the month as key. Every entry
made remembers the lines of the one it was made from, so that a mistake in it is found.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from pipelines.plans.source import Path, Source

MONTHS_LIMIT = 240
"""Twenty years; more is a slip of the pen."""
_SPAN = {"from", "to", "due_after_days"}


def write_out(source: Source) -> Iterator[tuple[Path, str]]:
    """Replace every ``months`` entry by what it stands for; yields the mistakes in those that can't be."""
    if not isinstance(source.value, dict):
        return
    yield from _write_out(source, source.value, ("periods",), _period)
    indicators = source.value.get("indicators")
    for n, indicator in enumerate(indicators if isinstance(indicators, list) else ()):
        if isinstance(indicator, dict) and isinstance(cadence := indicator.get("cadence"), dict):
            yield from _write_out(source, cadence, ("indicators", n, "cadence", "occasions"), _occasion)


def _write_out(
    source: Source, holder: dict[Any, Any], path: Path, make: Callable[[dict[str, Any], date, int], dict[str, Any]]
) -> Iterator[tuple[Path, str]]:
    entries = holder.get(path[-1])
    if not isinstance(entries, list) or not any(isinstance(e, dict) and "months" in e for e in entries):
        return
    made: list[Any] = []
    origin: list[int] = []
    for n, entry in enumerate(entries):
        if not (isinstance(entry, dict) and "months" in entry):
            made, origin = [*made, entry], [*origin, n]
            continue
        span = entry["months"]
        if wrong := _wrong(span):
            yield (*path, n, "months"), wrong
            continue
        rest = {key: value for key, value in entry.items() if key != "months"}
        ends = list(_month_ends(span["from"], span["to"]))
        made += [make(rest, end, span.get("due_after_days", 0)) for end in ends]
        origin += [n] * len(ends)
    holder[path[-1]] = made
    _move_lines(source, path, origin)


def _wrong(span: Any) -> str | None:
    """What is wrong with the span of months; None when it is sound."""
    if not isinstance(span, dict) or not {"from", "to"} <= set(span) <= _SPAN:
        return "write months: {from: 2015-01, to: 2017-12}, and due_after_days if the report is due later"
    if not all(
        isinstance(span[k], str) and re.fullmatch(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", span[k]) for k in ("from", "to")
    ):
        return "write a month as 2015-01"
    days = span.get("due_after_days", 0)
    if not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= 366:
        return "due_after_days is a number of days from 0 to 366"
    if span["from"] > span["to"]:
        return "the last month comes before the first"
    if sum(1 for _ in _month_ends(span["from"], span["to"])) > MONTHS_LIMIT:
        return f"that is more than {MONTHS_LIMIT} months"
    return None


def _month_ends(first: str, last: str) -> Iterator[date]:
    year, month = map(int, first.split("-"))
    while (text := f"{year}-{month:02}") <= last and text >= first:
        yield date(year, month, calendar.monthrange(year, month)[1])
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _period(rest: dict[str, Any], end: date, days: int) -> dict[str, Any]:
    name = rest.get("name")
    if isinstance(name, dict):
        name = {key: _named(text, end) for key, text in name.items()}
    due = end + timedelta(days=days)
    made = {"id": f"{end:%Y-%m}", "as_of": end.isoformat(), "due": due.isoformat()}
    return {**made, **rest, **({} if name is None else {"name": name})}


def _occasion(rest: dict[str, Any], end: date, days: int) -> dict[str, Any]:
    return {"due": (end + timedelta(days=days)).isoformat(), "key": f"{end:%Y-%m}", **rest}


def _named(text: Any, end: date) -> Any:
    """The name of one month: {year}, {month} and {month:02} are filled in, other braces stay."""
    if not isinstance(text, str):
        return text
    for key, value in (("{year}", f"{end.year}"), ("{month}", f"{end.month}"), ("{month:02}", f"{end.month:02}")):
        text = text.replace(key, value)
    return text


def _move_lines(source: Source, path: Path, origin: list[int]) -> None:
    """Give the entries of a list the lines, and the aliases, of those they were made from."""
    depth = len(path)
    inside: dict[int, list[tuple[Path, int]]] = {}
    for place, line in list(source.lines.items()):
        if len(place) > depth and place[:depth] == path and isinstance(step := place[depth], int):
            inside.setdefault(step, []).append((place[depth + 1 :], line))
            del source.lines[place]
    for new, old in enumerate(origin):
        for rest, line in inside.get(old, ()):
            source.lines[(*path, new, *rest)] = line

    def moved(place: Path) -> list[Path]:
        if len(place) <= depth or place[:depth] != path or place[depth] not in origin:
            return [place]
        return [(*path, new, *place[depth + 1 :]) for new, old in enumerate(origin) if old == place[depth]]

    source.aliases = {key: moved(target)[0] for place, target in source.aliases.items() for key in moved(place)}
    for new, old in enumerate(origin):  # what the entries of a row share is written once
        if (first := origin.index(old)) != new:
            shared = {str(rest[0]) for rest, _ in inside.get(old, ()) if rest and rest[0] != "months"}
            source.aliases |= {(*path, new, key): (*path, first, key) for key in shared}
