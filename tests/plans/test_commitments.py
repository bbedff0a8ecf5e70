"""Every commitment of every plan is in its file as the table beside this test has it, and nothing else is.

``data/commitments.csv`` was typed from the reading of the five texts, not from the plan files: one row for each
milestone, occasion or stated fact, and one for an indicator without any. ``section`` is that of the reading; ``text``
marks what the texts say beyond it. A scope is a list of codes, ``all but`` such a list, or ``whole``: a number for the
whole area. ``marks``: the date or the target is ours, an occasion is not scored or never late, the city owes it, a fact
is true of each. ``proof``: what shows that something recurrent happened, of which kind, and when. ``data/heads.csv``
has what stands around the commitments: titles, dates, periods, and every numbered clause of the text.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.plans import Plan, load_plans
from pipelines.plans.model import Indicator

DATA = Path(__file__).with_name("data")
PLANS = load_plans()
Row = tuple[str, ...]


def read(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


COMMITMENTS = read("commitments.csv")
COLUMNS = [column for column in COMMITMENTS[0] if column not in ("plan", "section")]
HEADS = {row["plan"]: row for row in read("heads.csv")}
SAID = ("document_no", "issued", "start", "end", "operational", "region", "breaks_off")


def typed(plan_id: str) -> list[Row]:
    rows = [row for row in COMMITMENTS if row["plan"] == plan_id]
    return [tuple(entry[column] for column in COLUMNS) for row in rows for entry in monthly(row)]


def monthly(row: dict[str, str]) -> Iterator[dict[str, str]]:
    """A row of months is one entry of the table."""
    if not row["due"].startswith("monthly"):
        yield row
        return
    _, first, last = row["due"].split()
    for year in range(int(first[:4]), int(last[:4]) + 1):
        for month in range(1, 13):
            end = date.fromordinal(date(year + month // 12, month % 12 + 1, 1).toordinal() - 1)
            yield {**row, "due": str(end), "proof": f"{row['proof']} {end:%Y-%m}"}


def loaded(plan: Plan) -> Iterator[Row]:
    for indicator in plan.indicators:
        shared = [indicator.clause, indicator.id, indicator.kind, indicator.basis]
        yield from ((*shared, *rest) for rest in promised(plan, indicator) or [untargeted(plan, indicator)])


def promised(plan: Plan, indicator: Indicator) -> list[list[str]]:
    """What an indicator's milestones, occasions or fact say, from ``due`` on."""
    rows = []
    for m in indicator.milestones:
        assert m.clause == indicator.clause
        target = "" if m.operator == "done_by" else f"{m.target.normalize():f}"
        marks = [("date", m.date_is_default), ("target", m.target_is_derived), ("unscored", not m.is_scored)]
        where = "whole" if m.whole_area_only else scope(plan, m.districts)
        rows.append([str(m.due), str(m.operational or ""), m.operator, target, where, m.binding, words(*marks),
                     " ".join(m.all_of), ""])  # fmt: skip
    if (cadence := indicator.cadence) is not None:
        kind = cadence.type or ("double_random" if cadence.source == "inspection" else "")
        source = f"{cadence.source}:{kind}" if kind else cadence.source
        for o in cadence.occasions:
            marks = [("unscored", not o.is_scored), ("never_late", not cadence.lateness_judged),
                     ("city", cadence.reporter == "city")]  # fmt: skip
            proof = f"{source} {o.key or ''}".strip()
            rows.append([str(o.due), "", "", "", scope(plan, indicator.districts), indicator.binding or "",
                         words(*marks), "", proof])  # fmt: skip
    if (fact := indicator.fact) is not None:
        operator, value, upper = fact.stated
        number = "" if operator == "is" else f"{value:f}" + (f" to {upper:f}" if upper is not None else "")
        rows.append([str(fact.as_of or ""), "", operator, number, scope(plan, indicator.districts),
                     indicator.binding or "", words(("each", fact.of_each)), "", ""])  # fmt: skip
    return rows


def untargeted(plan: Plan, indicator: Indicator) -> list[str]:
    return ["", "", "", "", scope(plan, indicator.districts), indicator.binding or "", "", "", ""]


def scope(plan: Plan, districts: tuple[str, ...] | None) -> str:
    if districts is None:
        return ""
    others = [d.code for d in plan.districts if d.code not in districts]
    return f"all but {' '.join(others)}" if 0 < len(others) < len(districts) / 2 else " ".join(districts)


def words(*marks: tuple[str, bool]) -> str:
    return " ".join(word for word, holds in marks if holds)


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.id)
def test_the_plan_says_what_the_table_says_and_nothing_else(plan: Plan) -> None:
    expected, found = Counter(typed(plan.id)), Counter(loaded(plan))
    assert sorted((expected - found).elements()) == [], "missing from the plan file, or different there"
    assert sorted((found - expected).elements()) == [], "in the plan file only, or different there"


def test_the_tables_are_about_these_plans_and_complete() -> None:
    assert {row["plan"] for row in COMMITMENTS} == set(HEADS) == set(PLANS)
    sections = {"A.1.a", "A.1.b", "A.1.c", "A.1.d", "A.2.a", "A.2.b", "A.2.c", "A.2.d", "A.3", "A.4", "A.5", "C.3"}
    assert {row["section"] for row in COMMITMENTS} == sections | {"text"}


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.id)
def test_heads_periods_and_readings(plan: Plan) -> None:
    head = HEADS[plan.id]
    assert head["issuer"] in plan.issuer.replace("中共成都", "").replace("中共舒城", "")
    days = (plan.issued, plan.start, plan.end, plan.operational_deadline)
    said = [plan.document_no, *days, plan.region.code, plan.truncated_after]
    assert ["" if value is None else str(value) for value in said] == [head[column] for column in SAID]
    assert plan.source_complete == (plan.truncated_after is None)
    assert set(filter(None, head["titles"].split(" | "))) <= {plan.name.zh, *plan.aliases}
    assert [period.id for period in plan.periods] == head["periods"].split()
    assert plan.parameters.bodies_counted == tuple(head["bodies"].split())
    assert plan.parameters.counted_statuses == ("formed", "term_expired", "re_election")


def test_what_the_texts_state_is_consistent() -> None:
    facts = {i.id: i.fact.stated for plan in PLANS.values() for i in plan.indicators if i.fact}
    number = {name: stated[1] for name, stated in facts.items()}
    share = Fraction(100 * number["baseline_communities_managed"]) / Fraction(number["baseline_communities_total"])
    assert abs(share - Fraction(number["baseline_pm_coverage_rate"])) <= Fraction(
        1, 20
    )  # 93.571 % is printed as 93.6 %
    assert number["typical_all_three"] <= min(
        number[f"typical_{kind}"] for kind in ("mechanism", "committee", "service")
    )
    assert facts["staff_per_residents_committee"] == ("between", Decimal(1), Decimal(2))


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.id)
def test_every_clause_is_measured_or_has_its_reason(plan: Plan) -> None:
    cited = {indicator.clause for indicator in plan.indicators} | {clause.clause for clause in plan.unmeasured}
    assert cited == set(HEADS[plan.id]["clauses"].split())


def headings(text: str) -> Iterator[str]:
    """The numbered clauses of a text, parts (一、), sections ((一)) and items (1.), but not those that hold others."""
    part = section = ""
    found: list[str] = []
    for line in text.splitlines():
        if match := re.match(r"\s*([一二三四五六七八九])、", line):
            part, section = match[1], ""
            found.append(part)
        elif match := re.match(r"\s*\(([一二三四五六七八九十]+)\)", line):
            section = f"({match[1]})"
            found.append(part + section)
        elif match := re.match(r"\s*(\d{1,2})[、.]?(?=[一-鿿])", line):
            found.append(f"{part}{section}{match[1]}")
    for place, clause in enumerate(found):
        if place + 1 == len(found) or not found[place + 1].startswith(clause):
            yield clause


def test_the_clauses_are_those_of_the_texts(shared: Path) -> None:
    texts = {
        path.name[2:].removesuffix(".txt"): path.read_text(encoding="utf-8")
        for path in (shared / "policies").glob("*.txt")
    }
    known = {name: set(head["clauses"].split()) for name, head in HEADS.items()}
    assert set(headings(texts["bayannur"])) == known["bayannur_2023_2025"]
    numbered = {re.sub(r"三\([一二三四五六七八九]\)(\d+)", r"三.\1", clause) for clause in headings(texts["shucheng"])}
    assert numbered == known["shucheng_2022_2024"]
    through = {re.sub(r"^[一二三四五六七]", "", clause) for clause in headings(texts["chengdu"])}
    assert through | {"附件"} == known["chengdu_2018_2020"]
    assert set(headings(texts["community"])) | {"二(四)2以后"} == known["xx_community_2015_2017"]
    assert len(texts["hefei"].strip().splitlines()) == len(known["hefei_experience"])
