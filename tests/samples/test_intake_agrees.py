"""Intake reads from the workbooks exactly what the world says stands in them, and finds what was planted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.forms import FORMS
from pipelines.hashing import file_sha256
from pipelines.intake.receive import submission_id, submit
from pipelines.intake.rules import RULES
from pipelines.intake.service import process_inbox
from pipelines.plans import load_plans
from pipelines.samples import Drop, Planted, write_drops
from pipelines.samples.workbooks import STYLES
from pipelines.settings import Workspace


def records(ws: Workspace, kind: str, drop: Drop) -> pl.DataFrame:
    path = ws.records / kind / f"{submission_id(file_sha256(drop.path))}.parquet"
    return pl.read_parquet(path) if path.exists() else pl.DataFrame()


def planted(drops: list[Drop]) -> Iterator[tuple[Drop, Planted]]:
    """Every planted problem that some rule of intake is about."""
    known = {rule.id for rule in RULES}
    return ((drop, problem) for drop in drops for problem in drop.submission.planted if problem.rule_id in known)


def test_every_workbook_is_accepted_but_the_one_without_households(drops: list[Drop], taken_in: Workspace) -> None:
    for drop in drops:
        [row] = records(taken_in, "submission", drop).to_dicts()
        assert (row["plan_id"], row["district_code"], row["period_id"]) == (
            drop.plan_id,
            drop.district_code,
            drop.period_id,
        )
        assert (row["status"] == "returned") == drop.submission.returned
        assert row["received_at"] == drop.received_at
        assert row["is_synthetic"]


def test_each_planted_problem_is_found_where_it_stands(drops: list[Drop], taken_in: Workspace) -> None:
    lost = []
    for drop, problem in planted(drops):
        issues = [i for i in records(taken_in, "issue", drop).to_dicts() if i["rule_id"] == problem.rule_id]
        issues = [i for i in issues if i["severity"] == problem.severity]
        at = [i for i in issues if i["cell"] is None or problem.cell is None or i["cell"] == problem.cell]
        named = [i for i in at if problem.cell or problem.entity is None or i["entity"] == problem.entity]
        if not named:
            lost.append((drop.path.name, problem.rule_id, problem.cell, problem.note))
    assert lost == []


def test_no_error_is_found_that_was_not_planted(drops: list[Drop], taken_in: Workspace) -> None:
    for drop in drops:
        expected = Counter(p.rule_id for p in drop.submission.planted if p.severity in ("error", "fatal"))
        issues = records(taken_in, "issue", drop)
        found = Counter(issues.filter(pl.col("severity") != "warning")["rule_id"]) if issues.height else Counter()
        assert found == expected, drop.path.name


def same(stated: object, read: object, field: str) -> bool:
    if isinstance(stated, int | Decimal) and not isinstance(stated, bool) and read is not None:
        year = read.year if isinstance(read, date) and field == "built_year" else read
        return abs(Decimal(str(year)) - Decimal(stated)) < Decimal("0.0001")
    if isinstance(stated, str) and isinstance(read, str):
        return stated.replace(" ", "") == read.replace(" ", "")
    return stated == read


OWN = ("special", "member", "showcase")
"""Forms that other plans ask for."""


@pytest.mark.parametrize("form", sorted(set(FORMS) - set(OWN)))
def test_records_are_what_the_world_says(drops: list[Drop], taken_in: Workspace, form: str) -> None:
    assert compared(drops, taken_in, form) > 0


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Drop], Workspace]:
    """A few ledgers of the other plans, and a workspace that took them in."""
    plans, folder = load_plans(), tmp_path_factory.mktemp("others")
    chosen = {
        "shucheng_2022_2024": {"periods": ["2022-baseline", "2023-12"]},
        "chengdu_2018_2020": {"districts": ["510104"], "periods": ["2020-12"]},
        "xx_community_2015_2017": {"periods": ["2015-12", "2016-01"]},
        "hefei_experience": {},
    }
    drops = [drop for name, some in chosen.items() for drop in write_drops(plans[name], folder, **some)]
    ws = Workspace(tmp_path_factory.mktemp("workspace")).prepare()
    for drop in drops:
        submit(ws, [drop.path], received_at=drop.received_at)
    process_inbox(ws, plans, datetime(2025, 12, 10, 9))
    return drops, ws


@pytest.mark.parametrize("form", sorted(FORMS))
def test_records_of_other_plans_are_what_their_worlds_say(others: tuple[list[Drop], Workspace], form: str) -> None:
    drops, ws = others
    found = compared(drops, ws, form)
    assert found > 0 or form in ("credit", "satisfaction", "dispute")


def compared(drops: list[Drop], ws: Workspace, form: str) -> int:
    """Compare every value of a form's records with what the world says; how many rows there were."""
    fields = [column.field for column in FORMS[form].columns if not column.personal]
    rows = 0
    for drop in drops:
        if form not in drop.submission.typed or drop.submission.returned:
            continue
        stated = drop.submission.as_read(form)
        frame = records(ws, form, drop)
        read = frame.sort("source_row").to_dicts() if frame.height else []
        assert len(read) == len(stated), drop.path.name
        if STYLES[drop.submission.style].subtotals and form == "community":
            towns = list(dict.fromkeys(row["subdistrict"] for row in drop.submission.typed[form]))
            stated.sort(key=lambda row: towns.index(row["subdistrict"]))
        for expected, found in zip(stated, read, strict=True):
            for field in fields:
                if field in expected:
                    assert same(expected[field], found[field], field), (
                        drop.path.name,
                        field,
                        expected[field],
                        found[field],
                    )
                    rows += 1
            if expected.get("is_professional") is False and str(found.get("management_mode")).startswith("prof"):
                assert "is_professional" in found["withheld"]
    return rows
