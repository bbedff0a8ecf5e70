"""Published tables against the independent results, as a list that says where they part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.plans.model import Plan
from tests.independent.account import Account
from tests.independent.figures import Figure, Key
from tests.independent.points import Item, Score
from tests.independent.progress import Change, Progress
from tests.independent.register import Step
from tests.independent.stated import Stated

CLOSE = 1e-9


@dataclass(frozen=True)
class Difference:
    """A published value that is not what it must be."""

    table: str
    key: tuple[str, ...]
    what: str
    expected: object
    got: object

    def __str__(self) -> str:
        return f"{self.table} {' '.join(self.key)}: {self.what} is {_shown(self.got)}, must be {_shown(self.expected)}"


def _shown(value: object) -> str:
    if isinstance(value, Fraction):
        return str(value) if value.denominator < 10_000 else f"{float(value):.10g}"
    return str(value)


class Marts:
    """A workspace's published tables, one plan's rows by key."""

    def __init__(self, root: Path, plan: Plan) -> None:
        self.folder, self.plan = root / "data" / "marts", plan

    def rows(self, table: str, *key: str) -> dict[tuple[str, ...], dict[str, Any]]:
        found: dict[tuple[str, ...], dict[str, Any]] = {}
        for row in self._all(table):
            at = tuple(str(row[name]) for name in key)
            assert at not in found, f"{table} has two rows of {at}"
            found[at] = row
        return found

    def _all(self, table: str) -> list[dict[str, Any]]:
        frame = pl.read_parquet(self.folder / f"{table}.parquet")
        return frame.filter(pl.col("plan_id") == self.plan.id).to_dicts()

    def identities(self) -> dict[tuple[str, ...], str]:
        """District, period, township and name → the identity of the community that stands there under it."""
        here = [row for row in self._all("fct_community_status") if row["in_register"]]
        names = ("district_code", "period_id", "subdistrict", "community_name")
        found = {tuple(row[name] for name in names): row["community_id"] for row in here}
        assert len(found) == len(here), "two communities of one name in one township"
        return found


def equal(expected: object, got: object) -> bool:
    """Exactly the same; a computed fraction may be published as the nearest float."""
    if isinstance(expected, Fraction) and isinstance(got, float):
        return abs(float(expected) - got) <= CLOSE * max(1.0, abs(got))
    if isinstance(expected, Fraction | Decimal | int) and isinstance(got, Decimal | int) and got is not None:
        return Fraction(expected) == Fraction(got)
    return expected == got


def _compare(
    table: str,
    expected: Mapping[Any, Mapping[str, object]],
    got: Mapping[tuple[str, ...], Mapping[str, object]],
) -> Iterable[Difference]:
    for key in sorted(expected.keys() | got.keys()):
        if key not in got:
            yield Difference(table, key, "row", "there", "absent")
        elif key not in expected:
            yield Difference(table, key, "row", "absent", "there")
        else:
            for what, value in expected[key].items():
                if not equal(value, got[key][what]):
                    yield Difference(table, key, what, value, got[key][what])


def figure_differences(marts: Marts, account: Account, figures: dict[Key, Figure]) -> Iterable[Difference]:
    """Numerators, denominators and values. A figure of which nothing is known may be a row of nulls or no row."""
    got = marts.rows("fct_indicator", "district_code", "period_id", "indicator_id", "basis", "variant")
    counts = {i.id for i in account.plan.indicators if i.denominator is None}
    expected: dict[tuple[str, ...], dict[str, object]] = {}
    for key, figure in figures.items():
        if key not in got and figure.numerator is None and figure.denominator is None:
            continue
        expected[key] = {
            "numerator": figure.numerator,
            "denominator": figure.denominator,
            "value": figure.value(key[2] in counts),
        }
        if key[0] == "ALL" and key[4] == "audited":
            expected[key]["districts_missing"] = figure.missing
    empty = {
        key
        for key, row in got.items()
        if key not in expected and key[4] == "audited" and row["numerator"] is None and row["denominator"] is None
    }
    return _compare("fct_indicator", expected, {key: row for key, row in got.items() if key not in empty})


def progress_differences(marts: Marts, progress: dict[tuple[str, str, str], Progress]) -> Iterable[Difference]:
    columns = list(Progress.__dataclass_fields__)
    expected = {key: {name: getattr(p, name) for name in columns} for key, p in progress.items()}
    got = marts.rows("mart_milestone_progress", "milestone_id", "district_code", "period_id")
    return _compare("mart_milestone_progress", expected, got)


def gap_differences(marts: Marts, communities: Mapping[Any, Mapping[str, object]]) -> Iterable[Difference]:
    got = marts.rows("mart_gap_community", "milestone_id", "district_code", "period_id", "community_id")
    return _compare("mart_gap_community", communities, got)


def lagging_differences(marts: Marts, districts: Mapping[Any, Mapping[str, object]]) -> Iterable[Difference]:
    got = marts.rows("mart_lagging_district", "district_code", "period_id")
    return _compare("mart_lagging_district", districts, got)


def change_differences(marts: Marts, changes: dict[tuple[str, str, str], Change]) -> Iterable[Difference]:
    expected = {
        key: {
            "value_from": change.value_from,
            "value_to": change.value_to,
            "work_effect": change.work,
            "denominator_effect": change.denominator,
            "silence_effect": change.silence,
            "districts_one_sided": change.one_sided,
        }
        for key, change in changes.items()
    }
    got = marts.rows("mart_rate_change", "indicator_id", "district_code", "period_id")
    return _compare("mart_rate_change", expected, got)


def bridge_differences(marts: Marts, register: dict[str, dict[str, Step]], account: Account) -> Iterable[Difference]:
    expected: dict[tuple[str, ...], dict[str, object]] = {}
    for period in account.periods[1:]:
        steps = {code: register[code][period.id].bridge for code in account.codes}
        expected |= {(code, period.id): dict(step) for code, step in steps.items()}
        expected["ALL", period.id] = {
            name: sum(step[name] for step in steps.values()) for name in steps[account.codes[0]]
        }
    return _compare("mart_register_bridge", expected, marts.rows("mart_register_bridge", "district_code", "period_id"))


def fact_differences(marts: Marts, stated: dict[tuple[str, ...], Stated]) -> Iterable[Difference]:
    expected = {key: dict(vars(one)) for key, one in stated.items()}
    return _compare("mart_fact", expected, marts.rows("mart_fact", "indicator_id"))


def status_differences(marts: Marts, statuses: dict[tuple[str, str], dict[str, Any]]) -> Iterable[Difference]:
    got = marts.rows("mart_submission_status", "district_code", "period_id")
    return _compare("mart_submission_status", statuses, got)


def assessment_differences(
    marts: Marts, items: dict[tuple[str, str], Item], scores: dict[str, Score]
) -> Iterable[Difference]:
    expected = {key: {"points": item.rounded, "status": item.status} for key, item in items.items()}
    yield from _compare(
        "mart_assessment_item", expected, marts.rows("mart_assessment_item", "district_code", "item_id")
    )
    columns = list(Score.__dataclass_fields__)
    told = {(code,): {name: getattr(score, name) for name in columns} for code, score in scores.items()}
    got = marts.rows("mart_assessment_score", "district_code")
    yield from _compare("mart_assessment_score", told, got)
    for (code,), row in got.items():
        if not row["rank_low"] <= row["rank"] <= row["rank_high"]:
            yield Difference(
                "mart_assessment_score", (code,), "rank", f"{row['rank_low']}–{row['rank_high']}", row["rank"]
            )
        if row["veto"] is not None:
            yield Difference("mart_assessment_score", (code,), "veto", None, row["veto"])
