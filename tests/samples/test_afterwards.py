"""What comes after the ledgers is about what they really say."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl

from pipelines.intake.receive import submit
from pipelines.intake.service import process_inbox
from pipelines.plans import load_plans
from pipelines.samples import Drop
from pipelines.samples.afterwards import answered, decisions
from pipelines.settings import Workspace
from pipelines.warehouse.decisions import read_decisions

PLANS = load_plans()
PLAN = PLANS["bayannur_2023_2025"]


def test_an_answered_receipt_is_taken_in_with_its_answers(drops: list[Drop], tmp_path: Path) -> None:
    """It says what the ledger said, and every finding it was to answer is answered."""
    [(about, path, received_at)] = answered(PLAN, drops, tmp_path / "drops")
    ws = Workspace(tmp_path / "workspace").prepare()
    own = [(drop.path, drop.received_at, drop) for drop in drops if drop.district_code == about.district_code]
    for file, at, drop in [*own, (path, received_at, about)]:
        submit(ws, [file], received_at=at, drop_folder=f"{drop.plan_id}/{drop.period_id}/{drop.district_code}")
    process_inbox(ws, PLANS, datetime(2025, 12, 5))
    [again] = pl.read_parquet(ws.records / "submission").filter(received_at=received_at)["submission_id"]
    said = pl.read_parquet(ws.records / "issue" / f"{again}.parquet").filter(pl.col("answer").is_not_null())
    assert set(said["rule_id"]) == {"R33", "R38"}
    assert all(answer.startswith("已核实") for answer in said["answer"])
    assert not (ws.records / "change" / f"{again}.parquet").exists()  # no cell differs from the version before


def test_analysts_decide_about_communities_of_the_ledgers(drops: list[Drop], tmp_path: Path) -> None:
    """One of the two that a clerk respelled; the other is left for whoever looks at the demo."""
    text = decisions(PLAN)
    assert text
    (tmp_path / f"{PLAN.id}.csv").write_text(text, encoding="utf-8")
    [decided] = read_decisions(tmp_path, PLANS).to_dicts()
    assert (decided["event"], decided["date"]) == ("same", date(2025, 12, 4))
    named = {
        drop.period_id: {cells["community_name"] for cells in drop.submission.typed["community"]}
        for drop in drops
        if drop.district_code == decided["district_code"]
    }
    assert decided["community"] in named["2025-11"] - named["2024-11"]
    assert set(decided["related"]) <= named["2024-11"] - named["2025-11"]


def test_plans_nobody_tells_of_have_none(tmp_path: Path) -> None:
    other = PLANS["shucheng_2022_2024"]
    assert list(answered(other, [], tmp_path)) == []
    assert decisions(other) is None
