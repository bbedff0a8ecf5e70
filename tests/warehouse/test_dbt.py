"""Every mart over the world of conftest.py, against values worked out on paper."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml

from pipelines.plans.entities import ENTITIES
from pipelines.settings import CHECKOUT, Workspace
from pipelines.warehouse import dbt, last_build, publish
from tests.warehouse.conftest import Query
from tests.warehouse.world import BASELINE, P23, P24, P25, PLAN, A, B, World, estate, unmanaged


def figure(sql: Query, district: str, period: str, indicator: str, variant: str = "audited", basis: str = "") -> Any:
    chosen = f"basis = '{basis}'" if basis else "is_main"
    rows = sql(
        f"""select numerator, denominator from fct_indicator
        where district_code = '{district}' and period_id = '{period}'
        and indicator_id = '{indicator}' and variant = '{variant}' and {chosen}"""
    )
    assert len(rows) <= 1
    return rows[0] if rows else None


@pytest.mark.parametrize(
    ("district", "period", "indicator", "variant", "expected"),
    [
        # A site is out of the denominator until it is built; one that left without a word stays in it, not above it.
        (A, BASELINE, "coverage", "audited", (7, 9)),
        (A, P24, "coverage", "audited", (8, 10)),
        (A, P24, "coverage", "reported", (8, 9)),
        (A, P25, "coverage", "audited", (10, 10)),
        (A, BASELINE, "coverage", "claimed", (8, 9)),
        (A, P23, "coverage", "claimed", None),
        # The first list: 5 and 6 stand behind 15, which nobody manages; 9 is missing, 10 counts once built.
        (A, BASELINE, "coverage", "frozen_baseline", (7, 9)),
        (A, P24, "coverage", "frozen_baseline", (7, 10)),
        (B, P25, "coverage", "frozen_baseline", (3, 3)),
        # On the basis of homes the first list keeps its own weights.
        (A, P24, "homes", "audited", (1700, 2000)),
        (A, P24, "homes", "reported", (1700, 1900)),
        (A, P24, "homes", "frozen_baseline", (1600, 1900)),
        # A contract that has run out leaves the strict figure only.
        (A, P24, "professional", "audited", (7, 10)),
        (A, P24, "professional", "strict", (6, 10)),
        # A company that is not named is none, but somebody manages the community (R08).
        (B, P25, "professional", "audited", (3, 4)),
        # Known to the month: May 2024 is after the cut-off of 15 June 2023.
        (A, P24, "new_professional", "audited", (2, 2)),
        (A, P23, "new_professional", "audited", (0, 0)),
        # A finished renovation does not come undone in audited figures.
        (A, P24, "renovated", "audited", (1, 1)),
        (A, P25, "renovated", "audited", (1, 1)),
        (A, P25, "renovated", "reported", (0, 0)),
        # Preparing is not formed; two bodies are one hit; the column decides only where the sheet is absent.
        (A, P23, "committees", "audited", (3, 9)),
        (A, P23, "committees", "strict", (2, 9)),
        (A, P24, "committees", "audited", (2, 10)),
        (A, P24, "committees", "strict", (2, 10)),
        (A, P25, "committees", "audited", (3, 10)),
        (A, P25, "committees", "strict", (None, 10)),
        # The body of the missing community stays below the line; without the sheet the last list is carried.
        (A, P23, "bodies", "audited", (2, 3)),
        (A, P24, "bodies", "audited", (2, 4)),
        (A, P24, "bodies", "reported", (2, 3)),
        (A, P25, "bodies", "audited", (None, 3)),
        # A column that is not there leaves its indicator without data.
        (A, P24, "disclosure", "audited", (8, 8)),
        (A, P25, "disclosure", "audited", (None, 10)),
        # The party sheet fills the blank of one company; struck off is not counted.
        (A, P24, "companies", "audited", (2, 3)),
        # One firm in two districts is one, reached if any district reaches it.
        (A, BASELINE, "companies", "audited", (1, 1)),
        (B, BASELINE, "companies", "audited", (1, 2)),
        ("ALL", BASELINE, "companies", "audited", (2, 2)),
        # Third-party answers only; neutral is not satisfied; no survey is no data.
        (A, P23, "satisfaction", "audited", (75, 100)),
        (A, P24, "satisfaction", "audited", (None, None)),
        (A, BASELINE, "streets", "audited", (1, 2)),
        (A, P23, "late_disputes", "audited", (1, 5)),
        (A, P25, "late_disputes", "audited", (0, 0)),
        # A number has nothing below the line.
        (A, P24, "trainings", "audited", (12, None)),
        (A, BASELINE, "trainings", "audited", (None, None)),
        # Documents stay proven; a task done after the as-of date is not done yet.
        (A, P23, "rules", "audited", (0, 1)),
        (A, P24, "rules", "audited", (1, 1)),
        (A, P25, "rules", "audited", (1, 1)),
        (A, P24, "pilot", "audited", (0, 1)),
        (B, P23, "pilot", "audited", None),
        # Recurrent duties that had fallen due.
        (A, P24, "ledgers", "audited", (2, 2)),
        (B, P24, "ledgers", "audited", (1, 2)),
        (B, P25, "ledgers", "audited", (1, 3)),
        (A, P24, "credit", "audited", (1, 1)),
        (A, P25, "credit", "audited", (1, 2)),
        # Silence: the denominator is carried, there is no reported row, and it counts as nothing in the whole.
        (B, P23, "coverage", "audited", (4, 4)),
        (B, P24, "coverage", "audited", (None, 4)),
        (B, P24, "coverage", "reported", None),
        (B, P24, "coverage", "frozen_baseline", (None, 4)),
        (B, P24, "companies", "audited", (None, None)),
        (B, P24, "rules", "audited", (None, 1)),
        (B, P24, "renovated", "audited", (None, 0)),
        # A demolished one is out of every denominator.
        (B, P25, "coverage", "audited", (4, 4)),
        (B, P25, "coverage", "reported", (4, 4)),
        ("ALL", P24, "coverage", "audited", (8, 14)),
        ("ALL", P24, "coverage", "reported", (8, 9)),
        ("ALL", P25, "coverage", "audited", (14, 14)),
        ("ALL", P24, "rules", "audited", (1, 2)),
        ("ALL", P23, "pilot", "audited", (0, 1)),
    ],
)
def test_figures(sql: Query, district: str, period: str, indicator: str, variant: str, expected: Any) -> None:
    assert figure(sql, district, period, indicator, variant) == expected


def test_other_bases(sql: Query) -> None:
    assert figure(sql, A, P24, "coverage", basis="households") == (1700, 2000)
    assert figure(sql, A, P24, "coverage", basis="floor_area") == (Decimal(80_000), Decimal(110_000))
    assert figure(sql, A, P24, "homes", basis="communities") is None


def test_values_and_silence_are_told(sql: Query) -> None:
    [(value, missing, submissions, as_of)] = sql(
        f"""select value, districts_missing, submissions, as_of from fct_indicator where district_code = 'ALL'
        and period_id = '{P24}' and indicator_id = 'coverage' and variant = 'audited' and is_main"""
    )
    assert (value, missing, submissions, as_of) == (pytest.approx(100 * 8 / 14), 1, 1, date(2024, 11, 30))
    assert sql(
        f"""select districts_missing from fct_indicator where district_code = 'ALL' and period_id = '{P25}' and is_main
        and indicator_id = 'disclosure' and variant = 'audited'"""
    ) == [(1,)]


@pytest.mark.parametrize(
    ("district", "period", "milestone", "status", "gap"),
    [
        (A, P23, "coverage@2024-12-31", "at_risk", 2),
        (A, P24, "coverage@2024-12-31", "overdue_not_met", 2),
        (A, P25, "coverage@2024-12-31", "overdue_not_met", 2),
        (B, P24, "coverage@2024-12-31", "not_applicable", None),
        ("ALL", P24, "coverage@2024-12-31", "overdue_not_met", 2),
        (A, BASELINE, "coverage@2025-12-31", "on_track", 2),
        (A, P24, "coverage@2025-12-31", "at_risk", 1),
        (A, P25, "coverage@2025-12-31", "met", 0),
        (B, P23, "coverage@2025-12-31", "met", 0),
        (B, P24, "coverage@2025-12-31", "no_data", None),
        ("ALL", P24, "coverage@2025-12-31", "behind", 5),
        (A, P24, "homes@2025-12-31", "at_risk", 100),
        (A, P23, "new_professional@2025-12-31", "not_applicable", None),
        (A, P24, "professional@2025-12-31", "met", 0),
        # Held exactly, then missed: one dip is a breach.
        (A, P24, "branches@2025-12-31", "met", 0),
        (A, P25, "branches@2025-12-31", "overdue_not_met", 1),
        # Both have to be reached.
        (A, P25, "both@2025-12-31", "overdue_not_met", 0),
        (A, P23, "satisfaction@2025-12-31", "on_track", 5),
        (A, P24, "satisfaction@2025-12-31", "no_data", None),
        # Less is better: 20 % is allowed, 30 % is three in ten too many by one.
        (A, P23, "late_disputes@2025-12-31", "met", 0),
        (A, P24, "late_disputes@2025-12-31", "behind", 1),
        (A, P23, "trainings@2025-12-31", "on_track", 6),
        (A, P24, "trainings@2025-12-31", "met", 0),
        (A, P23, "rules@2024-12-31", "on_track", None),
        (A, P24, "rules@2024-12-31", "met", None),
        (B, P25, "rules@2024-12-31", "no_data", None),
        ("ALL", P24, "rules@2024-12-31", "overdue_not_met", 1),
        (A, P25, "pilot@2025-12-31", "overdue_not_met", None),
        (A, P23, "ledgers@2024-11-30", "met", None),
        (B, P23, "ledgers@2024-11-30", "on_track", None),
        (B, P24, "ledgers@2024-11-30", "overdue_not_met", None),
        (A, P24, "credit@2025-02-28", "on_track", None),
        (A, P25, "credit@2025-02-28", "overdue_not_met", None),
    ],
)
def test_milestones(sql: Query, district: str, period: str, milestone: str, status: str, gap: int | None) -> None:
    assert sql(
        f"""select status, gap_units from mart_milestone_progress where district_code = '{district}'
        and period_id = '{period}' and milestone_id = '{milestone}'"""
    ) == [(status, gap)]


def test_what_is_decided_stays(sql: Query) -> None:
    rows = sql(
        f"""select period_id, numerator, denominator, is_final, assessed_early, deciding_period_id, months_left
        from mart_milestone_progress where district_code = '{A}' and milestone_id = 'coverage@2024-12-31' order by 1"""
    )
    assert [row[:6] for row in rows] == [
        (P23, 7, 9, False, True, P24),
        (BASELINE, 7, 9, False, True, P24),
        (P24, 8, 10, True, True, P24),
        (P25, 8, 10, True, True, P24),
    ]
    assert [row[6] is None for row in rows] == [False, False, False, True]


def test_pace(sql: Query) -> None:
    [(required, observed, projected, baseline, points)] = sql(
        f"""select required_per_month, observed_per_month, projected_value, baseline_value, gap_points
        from mart_milestone_progress
        where district_code = '{A}' and period_id = '{P24}' and milestone_id = 'homes@2025-12-31'"""
    )
    months_left, months_between = 396 / 30.4375, 366 / 30.4375
    assert required == pytest.approx(100 / months_left)
    assert observed == pytest.approx(100 / months_between)
    assert projected == pytest.approx(min(100, 85 + 100 * (100 / months_between) * months_left / 2000))
    assert baseline == pytest.approx(100 * 1600 / 1800)
    assert points == pytest.approx(5)


def test_bridge(sql: Query) -> None:
    steps = {
        row[:2]: row[2:]
        for row in sql(
            """select district_code, period_id,
                opening, added, split_in, merged_out, demolished, corrected, missing, closing
            from mart_register_bridge"""
        )
    }
    assert steps[A, P24] == (9, 2, 0, 1, 0, 0, 1, 10)
    assert steps[A, P25] == (10, 0, 0, 0, 0, 0, 0, 10)
    assert steps[B, P24] == (4, 0, 0, 0, 0, 0, 4, 4)
    assert steps[B, P25] == (4, 0, 1, 0, 1, 0, 0, 4)
    assert steps["ALL", P24] == (13, 2, 0, 1, 0, 0, 5, 14)
    assert len(steps) == 9


def test_rate_change(sql: Query) -> None:
    [(period_from, work, denominator, change)] = sql(
        f"""select period_from, work_effect, denominator_effect, value_to - value_from from mart_rate_change
        where district_code = '{A}' and period_id = '{P24}' and indicator_id = 'coverage'"""
    )
    assert period_from == P23
    assert work == pytest.approx(100 * 0.5 * 1 * (1 / 9 + 1 / 10))
    assert denominator == pytest.approx(100 * 0.5 * 15 * (1 / 10 - 1 / 9))
    assert change == pytest.approx(work + denominator)
    assert sql(f"select count(*) from mart_rate_change where district_code = '{B}' and period_id = '{P25}' "
               "and indicator_id = 'coverage'") == [(0,)]  # fmt: skip


def test_who_closes_the_gap(sql: Query) -> None:
    assert sql(
        f"""select rank, community_name, is_reported from mart_gap_community where district_code = '{A}'
        and period_id = '{P24}' and milestone_id = 'coverage@2024-12-31' order by rank"""
    ) == [(1, "15号院", True), (2, "9号院", False)]
    # Only as many as the gap asks for; here one of two.
    assert sql(
        f"""select rank, community_name from mart_gap_community where district_code = '{A}' and period_id = '{P24}'
        and milestone_id = 'coverage@2025-12-31'"""
    ) == [(1, "15号院")]
    assert sql(
        "select count(*) from mart_gap_community where period_id = '2025-11' and milestone_id like '%2024%'"
    ) == [(0,)]


def test_fates(sql: Query) -> None:
    fates = dict(
        sql(f"select community_name, fate from dim_community where district_code = '{A}' and fate <> 'active'")
    )
    assert fates == {"5号院": "merged", "6号院": "merged"}
    fates = dict(
        sql(f"select community_name, fate from dim_community where district_code = '{B}' and fate <> 'active'")
    )
    assert fates == {"3号院": "demolished", "4号院": "split"}


def test_status_of_communities(sql: Query) -> None:
    """A missing community counts below the line and for nothing above it; its row says where it was last read."""
    [row] = sql(
        f"""select in_register, is_reported, has_committee, management_mode, attributes_period_id,
            source_sheet, source_row
        from fct_community_status where community_name = '9号院' and district_code = '{A}' and period_id = '{P24}'"""
    )
    assert row == (True, False, False, "none", P23, "小区明细", 10)
    assert sql(
        f"""select count(*) from fct_community_status
        where district_code = '{B}' and period_id = '{P24}' and has_management"""
    ) == [(0,)]
    for period, counted in ((P24, (8, 10)), (P25, (10, 10))):
        assert sql(
            f"""select count(*) filter (where has_management), count(*) from fct_community_status
            where district_code = '{A}' and period_id = '{period}' and in_register and is_completed"""
        ) == [counted]


def test_a_record_older_than_a_column(sql: Query) -> None:
    """What came later is unknown in what was recorded before."""
    assert sql(
        f"""select count(*), count(building_steward) from build.intermediate.int_community
        where district_code = '{A}' and period_id = '{BASELINE}'"""
    ) == [(10, 0)]


def test_submission_status(sql: Query) -> None:
    status = {
        row[:2]: row[2:]
        for row in sql("select district_code, period_id, status, days_late, versions from mart_submission_status")
    }
    assert status == {
        (A, BASELINE): ("on_time", None, 1),
        (A, P23): ("on_time", 0, 1),
        (A, P24): ("on_time", 0, 1),
        (A, P25): ("on_time", 0, 1),
        (B, BASELINE): ("on_time", None, 1),
        (B, P23): ("on_time", 0, 2),
        (B, P24): ("returned", None, 0),
        (B, P25): ("late", 2, 1),
    }
    [(received, last)] = sql(
        f"""select received_at, last_accepted_at from mart_submission_status
        where district_code = '{B}' and period_id = '{P23}'"""
    )
    assert (received, last) == (datetime(2023, 11, 30, 12), datetime(2024, 2, 1))


def test_lagging(sql: Query) -> None:
    """Silence is not ahead of being behind."""
    assert sql(f"select district_code from mart_lagging_district where period_id = '{P24}' order by rank") == [
        (B,),
        (A,),
    ]
    [(worst, behind)] = sql(
        f"""select worst_indicator_id, milestones_behind from mart_lagging_district
        where district_code = '{A}' and period_id = '{P24}'"""
    )
    assert (worst, behind) == ("companies", 4)


def test_doubt(sql: Query) -> None:
    """Open warnings on rows above and below the line; an answered one raises no doubt."""
    assert sql(
        f"""select doubtful_in, doubtful_out from build.intermediate.int_doubt where district_code = '{A}'
        and period_id = '{P23}' and indicator_id = 'coverage'"""
    ) == [(1, 1)]


def test_evidence_is_counted_once_per_item(sql: Query) -> None:
    assert sql(
        f"""select evidence_count, done_date from build.intermediate.int_commitment where district_code = '{A}'
        and period_id = '{P25}' and indicator_id = 'rules'"""
    ) == [(2, date(2024, 3, 1))]


def test_every_district_has_every_item_with_its_reason(sql: Query) -> None:
    rows = sql("select district_code, item_id, points, max_points, reason from mart_assessment_item order by all")
    assert [row[:2] for row in rows] == [(A, "A1"), (A, "A2"), (B, "A1"), (B, "A2")]
    assert all(reason for *_, reason in rows)
    assert rows[0][2] == Decimal(60)
    assert sql("select count(*) from mart_assessment_score where score is not null") == [(2,)]


def test_the_interface_holds(built: Workspace, shared: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(shared / "tools" / "check_interface.py"), str(_plain_copy(built))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def _plain_copy(built: Workspace) -> Path:
    """The published files where a tool that globs can read them."""
    folder = built.root.parent / "plain"
    shutil.copytree(built.marts, folder / "data" / "marts", dirs_exist_ok=True)
    return folder


def test_the_documentation_is_one_page(built: Workspace) -> None:
    """Every table with its columns' types, and every exposure."""
    page = dbt.docs(built).read_text(encoding="utf-8")
    marts = [mart.name for mart in publish.marts(built)]
    for name in (*marts, "int_finding", "stg_company", "lagging_districts_notebook"):
        assert f'"{name}"' in page, name
    assert '"type": "DECIMAL(8,2)"' in page


def test_unit_tests_of_the_project(built: Workspace) -> None:
    dbt.check_units(built)


def test_entities_have_the_documented_columns(sql: Query) -> None:
    for name, entity in ENTITIES.items():
        found = {row[0]: row[1] for row in sql(f"describe build.intermediate.int_{name}")}
        for column in entity.columns:
            kind = found.get(column.name, "").split("(")[0]
            assert kind == column.type.split("(")[0], f"int_{name}.{column.name} is {kind or 'absent'}"


def test_every_model_and_column_is_described() -> None:
    models = CHECKOUT / "dbt_project" / "models"
    undescribed = []
    for file in [*models.glob("*/*.sql"), *models.glob("*/*.py")]:
        described = yaml.safe_load(file.with_suffix(".yml").read_text(encoding="utf-8"))["models"]
        assert [model["name"] for model in described] == [file.stem]
        for item in (*described, *described[0]["columns"]):
            if not item.get("description", "").endswith("."):
                undescribed.append(f"{file.stem}: {item['name']}")
    assert undescribed == []


def test_columns_are_described_and_only_those(sql: Query, built: Workspace) -> None:
    models = CHECKOUT / "dbt_project" / "models"
    for file in models.glob("*/*.yml"):
        if file.parent.name == "marts" or file.stem == "sources":
            continue  # the contract sees to these
        [model] = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
        found = [row[0] for row in sql(f"describe build.{file.parent.name}.{file.stem}")]
        assert [column["name"] for column in model["columns"]] == found, file.stem


def test_nothing_handed_in(tmp_path: Path) -> None:
    """A workspace without a workbook builds: the plans are there, and no figure."""
    ws = World().write(tmp_path)
    dbt.build(ws)
    publish.publish(ws)
    with duckdb.connect(str(ws.marts / publish.WAREHOUSE), read_only=True) as warehouse:
        assert warehouse.execute("select count(*) from marts.dim_indicator").fetchone() == (len(PLAN.indicators),)
        for table in ("fct_indicator", "mart_milestone_progress", "mart_submission_status", "mart_assessment_score"):
            assert warehouse.execute(f"select count(*) from marts.{table}").fetchone() == (0,), table


def test_before_anything_is_due(tmp_path: Path) -> None:
    """A period begins with its first workbook; the others are not due, and nobody is late."""
    world = World()
    world.hand_in(A, BASELINE, datetime(2023, 9, 1), community=[estate(1), unmanaged(2)])
    ws = world.write(tmp_path, datetime(2023, 9, 30, 23, 59))
    dbt.build(ws)
    assert last_build.is_current(ws)
    with duckdb.connect(str(last_build.database(ws)), read_only=True) as build:
        status = build.execute("select district_code, period_id, status from marts.mart_submission_status").fetchall()
        assert {row[2] for row in status if row[0] == B} == {"not_due"}
        assert build.execute("select distinct period_id from marts.fct_indicator").fetchall() == [(BASELINE,)]
        assert build.execute(
            "select numerator, denominator, districts_missing from marts.fct_indicator where district_code = 'ALL' "
            "and indicator_id = 'coverage' and variant = 'audited' and is_main"
        ).fetchall() == [(1, 2, 1)]


def test_a_failure_names_model_file_and_message(built: Workspace, tmp_path: Path) -> None:
    ws = Workspace(tmp_path).prepare()
    shutil.copytree(built.build / "inputs", ws.build / "inputs")
    (ws.build / "inputs" / "register.parquet").unlink()
    rules = ws.build / "inputs" / "rubric_rule.parquet"
    pl.read_parquet(rules).with_columns(rule_id=pl.lit(None, pl.String)).write_parquet(rules)
    with pytest.raises(dbt.BuildFailed) as failure:
        dbt.build(ws)
    assert not last_build.is_current(ws)
    text = str(failure.value)
    assert "dim_community (models/marts/dim_community.sql): Catalog Error: " in text
    assert "Table with name register does not exist" in text
    assert "dim_rubric_rule (models/marts/dim_rubric_rule.sql): " in text
    assert "NOT NULL constraint failed: dim_rubric_rule.rule_id" in text
    assert "mart_gap_community" not in text  # what was only skipped is no news


def test_events_name_every_node(built: Workspace, nodes: list[str]) -> None:
    """What a caller can follow: one finished event per model and test."""
    models = {file.stem for file in (CHECKOUT / "dbt_project" / "models").glob("*/*") if file.suffix in (".sql", ".py")}
    assert models <= set(nodes)
    assert len(nodes) == len(set(nodes))
    assert any(name.startswith("key_fct_indicator") for name in nodes)
