"""The whole way, from hand-typed workbooks to published figures, against values worked out on paper (see world.py)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.acceptance import world
from tests.conftest import Command

PHONE = "13800000000"
Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, actionplan: Command) -> Path:
    """A workspace into which everything was handed in, and one run."""
    folder = tmp_path_factory.mktemp("world")
    for number, book in enumerate(world.everything()):
        path = book.save(folder / "sent" / str(number))
        done = actionplan(folder, "submit", str(path), "--received-at", book.received)
        assert done.returncode == 0, done.stderr
    done = actionplan(folder, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def sql(root: Path) -> Query:
    """Query the published Parquet files by table name."""
    connection = duckdb.connect()
    for file in sorted((root / "data" / "marts").glob("*.parquet")):
        connection.execute(f"create view {file.stem} as from read_parquet('{file.as_posix()}')")
    return lambda query: connection.execute(query).fetchall()


def fraction(
    sql: Query, district: str, period: str, indicator: str, variant: str = "audited", basis: str | None = None
) -> tuple[Any, Any]:
    basis_condition = (
        f"and basis = '{basis}'"
        if basis
        else "and basis = (select basis from dim_indicator d where d.plan_id = f.plan_id and d.indicator_id = f.indicator_id)"
    )
    rows = sql(
        f"""select numerator, denominator from fct_indicator f where plan_id = 'bayannur_2023_2025' and district_code = '{district}'
        and period_id = '{period}' and indicator_id = '{indicator}' and variant = '{variant}' {basis_condition}"""
    )
    assert len(rows) <= 1
    return rows[0] if rows else (None, None)


@pytest.mark.parametrize(
    ("district", "period", "indicator", "variant", "expected"),
    [
        ("150802", "2023-baseline", "pm_coverage_rate", "audited", (8, 9)),
        ("150802", "2024-11", "pm_coverage_rate", "audited", (10, 10)),
        ("150802", "2025-11", "pm_coverage_rate", "audited", (11, 11)),
        ("150802", "2023-baseline", "professional_pm_coverage_rate", "audited", (6, 9)),
        ("150802", "2025-11", "professional_pm_coverage_rate", "audited", (9, 11)),
        ("150802", "2025-11", "professional_pm_coverage_rate_new", "audited", (2, 2)),
        ("150821", "2024-11", "pm_coverage_rate", "reported", (15, 15)),
        ("150821", "2024-11", "pm_coverage_rate", "audited", (15, 20)),
        ("150821", "2025-11", "pm_coverage_rate", "reported", (18, 18)),
        ("150821", "2025-11", "pm_coverage_rate", "audited", (18, 20)),
        ("150822", "2024-11", "pm_coverage_rate", "audited", (11, 12)),
        ("150822", "2025-11", "pm_coverage_rate", "audited", (11, 12)),
        ("150823", "2025-11", "professional_pm_coverage_rate", "audited", (1999, 2500)),
        ("150823", "2025-11", "committee_formation_rate", "audited", (2375, 2500)),
        ("150823", "2024-11", "pm_coverage_rate", "audited", (None, 2500)),
        ("150823", "2024-11", "pm_coverage_rate", "reported", (None, None)),
        ("150825", "2023-11", "pm_coverage_rate", "audited", (4, 4)),
        ("150825", "2024-11", "pm_coverage_rate", "audited", (4, 4)),
        ("150826", "2025-11", "committee_formation_rate", "audited", (3, 10)),
        ("150826", "2025-11", "committee_formation_rate", "strict", (2, 10)),
        ("150826", "2025-11", "committee_in_term_filed_rate", "audited", (2, 4)),
        ("150826", "2025-11", "owner_satisfaction_rate", "audited", (155, 200)),
        ("150826", "2025-11", "company_party_work_coverage_rate", "audited", (3, 4)),
        ("150826", "2025-11", "pm_coverage_rate_renovated_old", "audited", (1, 1)),
        ("150826", "2025-11", "professional_pm_coverage_rate_new", "audited", (0, 0)),
        ("150826", "2025-11", "information_disclosure_rate", "audited", (10, 10)),
        ("150826", "2025-11", "dispute_timely_resolution_rate", "audited", (3, 4)),
        ("150826", "2025-11", "street_pm_body_rate", "audited", (1, 2)),
        ("ALL", "2025-11", "pm_coverage_rate", "audited", (2554, 2557)),
        ("ALL", "2024-11", "pm_coverage_rate", "audited", (50, 2556)),
        ("ALL", "2024-11", "pm_coverage_rate", "reported", (50, 51)),
    ],
)
def test_figures(
    sql: Query, district: str, period: str, indicator: str, variant: str, expected: tuple[int, int]
) -> None:
    assert fraction(sql, district, period, indicator, variant) == expected


def test_other_bases(sql: Query) -> None:
    assert fraction(sql, "150802", "2023-baseline", "pm_coverage_rate", basis="households") == (1700, 1800)
    assert fraction(sql, "150802", "2023-baseline", "pm_coverage_rate", basis="floor_area") == (
        Decimal(80000),
        Decimal(90000),
    )


def test_silence_is_counted(sql: Query) -> None:
    missing = dict(
        sql(
            """select period_id, districts_missing from fct_indicator where district_code = 'ALL' and plan_id = 'bayannur_2023_2025'
            and indicator_id = 'pm_coverage_rate' and basis = 'communities' and variant = 'audited'"""
        )
    )
    assert missing == {"2023-baseline": 1, "2023-11": 2, "2024-11": 2, "2025-11": 1}


def test_bridge(sql: Query) -> None:
    rows = sql(
        """select district_code, period_id, opening, added, split_in, merged_out, demolished, corrected, missing, closing
        from mart_register_bridge where plan_id = 'bayannur_2023_2025' and district_code in ('150802', '150821', '150822') order by all"""
    )
    steps = {(row[0], row[1]): row[2:] for row in rows}
    assert steps["150802", "2024-11"] == (9, 1, 0, 0, 0, 0, 0, 10)
    assert steps["150802", "2025-11"] == (10, 1, 0, 0, 0, 0, 0, 11)
    assert steps["150821", "2024-11"] == (20, 0, 0, 0, 0, 0, 5, 20)
    assert steps["150821", "2025-11"] == (20, 0, 0, 0, 0, 0, 2, 20)
    assert steps["150822", "2024-11"] == (12, 0, 1, 2, 1, 2, 0, 12)
    assert steps["150822", "2025-11"] == (12, 0, 0, 0, 0, 0, 0, 12)


def test_fates(sql: Query) -> None:
    fates = sql(
        "select fate, count(*) from dim_community where plan_id = 'bayannur_2023_2025' and district_code = '150822' group by fate order by fate"
    )
    assert fates == [("active", 12), ("demolished", 1), ("merged", 3), ("split", 1)]
    assert sql("select count(*) from dim_community where district_code = '150821' and fate = 'missing'") == [(2,)]


def test_frozen_baseline_follows_successors(sql: Query) -> None:
    numerator, _ = fraction(sql, "150822", "2024-11", "pm_coverage_rate", "frozen_baseline")
    assert numerator == 8  # DK05's children and DK06-12; the merged three are unmanaged, DK04 is gone


@pytest.mark.parametrize(
    ("district", "period", "milestone", "status", "gap"),
    [
        ("150802", "2023-11", "pm_coverage_rate@2024-12-31", "at_risk", 1),
        ("150802", "2024-11", "pm_coverage_rate@2024-12-31", "met", 0),
        ("150821", "2024-11", "pm_coverage_rate@2024-12-31", "not_applicable", None),
        ("150821", "2025-11", "pm_coverage_rate@2025-12-31", "overdue_not_met", 2),
        ("150823", "2025-11", "professional_pm_coverage_rate@2025-12-31", "overdue_not_met", 1),
        ("150823", "2025-11", "committee_formation_rate@2025-12-31", "met", 0),
        ("150823", "2024-11", "committee_formation_rate@2024-12-31", "no_data", None),
        ("150826", "2025-11", "professional_pm_coverage_rate@2025-12-31", "met", 0),
        ("150826", "2025-11", "professional_pm_coverage_rate_new@2025-12-31", "not_applicable", None),
        ("150826", "2025-11", "owner_satisfaction_rate@2025-12-31", "overdue_not_met", 5),
        ("150825", "2025-11", "owner_satisfaction_rate@2025-12-31", "no_data", None),
        ("ALL", "2025-11", "pm_coverage_rate@2025-12-31", "overdue_not_met", 3),
    ],
)
def test_milestones(sql: Query, district: str, period: str, milestone: str, status: str, gap: int | None) -> None:
    rows = sql(
        f"""select status, gap_units from mart_milestone_progress where plan_id = 'bayannur_2023_2025' and district_code = '{district}'
        and period_id = '{period}' and milestone_id = '{milestone}'"""
    )
    assert len(rows) == 1
    assert rows[0][0] == status
    if gap is not None:
        assert rows[0][1] == gap


def test_pace(sql: Query) -> None:
    [(required,)] = sql(
        """select required_per_month from mart_milestone_progress where district_code = '150802' and period_id = '2023-11'
        and milestone_id = 'pm_coverage_rate@2024-12-31'"""
    )
    assert float(required) == pytest.approx(1 / (397 / 30.4375), rel=1e-6)


def test_rate_change(sql: Query) -> None:
    [(work, denominator)] = sql(
        """select work_effect, denominator_effect from mart_rate_change where district_code = '150802' and period_id = '2024-11'
        and indicator_id = 'pm_coverage_rate'"""
    )
    assert work == pytest.approx(100 * 0.5 * 2 * (1 / 9 + 1 / 10))
    assert denominator == pytest.approx(-10)


def test_who_closes_the_gap(sql: Query) -> None:
    names = sql(
        """select dim_community.community_name from mart_gap_community join dim_community using (plan_id, community_id)
        where mart_gap_community.district_code = '150821' and period_id = '2025-11' and milestone_id = 'pm_coverage_rate@2025-12-31' order by 1"""
    )
    assert names == [("隆兴19号院",), ("隆兴20号院",)]


def test_submissions(sql: Query) -> None:
    status = {
        (row[0], row[1]): row[2]
        for row in sql(
            "select district_code, period_id, status from mart_submission_status where plan_id = 'bayannur_2023_2025'"
        )
    }
    assert len(status) == 28
    assert [status["150825", p] for p in ("2023-baseline", "2023-11", "2024-11", "2025-11")] == [
        "on_time",
        "on_time",
        "late",
        "on_time",
    ]
    assert {status["150824", p] for p in world.PERIOD_TEXT} == {"missing"}
    assert status["150823", "2024-11"] == "missing"
    versions = sql(
        "select status, is_effective, supersedes is not null from fct_submission where district_code = '150825' and period_id = '2023-11' order by received_at"
    )
    assert [row[1] for row in versions] == [False, True]
    assert versions[1][2]
    returned = sql(
        "select status, is_effective from fct_submission where district_code = '150825' and period_id = '2024-11' order by received_at"
    )
    assert returned[0] == ("returned", False)
    assert returned[1][1]


def test_issues(sql: Query) -> None:
    joined = "fct_issue i join fct_submission s using (submission_id)"
    assert sql(
        f"select count(*), count(cell) from {joined} where s.district_code = '150821' and s.period_id = '2024-11' and rule_id = 'R31'"
    ) == [(5, 0)]
    assert sql(
        f"select count(*) from {joined} where s.district_code = '150826' and s.period_id = '2025-11' and rule_id = 'R19' and severity = 'warning'"
    ) == [(1,)]
    [(cell, severity)] = sql(
        f"select cell, severity from {joined} where s.district_code = '150826' and s.period_id = '2025-11' and rule_id = 'R27'"
    )
    assert (cell, severity) == ("Y6", "error")
    assert (
        sql(
            f"select count(*) from {joined} where s.district_code = '150822' and s.period_id = '2024-11' and rule_id = 'R33'"
        )[0][0]
        >= 1
    )
    assert (
        sql(
            f"select count(*) from {joined} where s.district_code = '150825' and s.period_id = '2024-11' and severity = 'fatal'"
        )[0][0]
        >= 1
    )


def test_no_personal_data_anywhere(root: Path, sql: Query) -> None:
    tables = [row[0] for row in sql("select view_name from duckdb_views() where not internal")]
    for table in tables:
        for line in sql(f"select * from {table}"):
            assert not any(PHONE in str(value) for value in line), table
    connection = duckdb.connect()
    for file in (root / "data" / "raw" / "records").glob("*/*.parquet"):
        rows = connection.execute(f"from read_parquet('{file.as_posix()}')").fetchall()
        assert not any(PHONE in str(value) for row in rows for value in row), file
    for file in [*root.glob("reports/**/*.html"), *root.glob("data/raw/receipts/**/*.json")]:
        assert PHONE not in file.read_text(encoding="utf-8"), file


@pytest.mark.parametrize(
    ("item", "points"),
    [("A1", "12.00"), ("A2", "9.00"), ("A4", "6.00"), ("B1", "0.00"), ("B3", "1.50"), ("C1", "5.25"), ("C2", "0.00"), ("C3", "3.00"),
     ("C4", "1.50"), ("D1", "1.50"), ("D2", "3.00"), ("E2", "1.50"), ("G3", "0.00"), ("G4", "2.00")],
)  # fmt: skip
def test_assessment_items(sql: Query, item: str, points: str) -> None:
    [(got, reason)] = sql(
        f"select points, reason from mart_assessment_item where district_code = '150826' and item_id = '{item}'"
    )
    assert Decimal(str(got)) == Decimal(points), reason
    assert reason


def test_assessment_scores(sql: Query) -> None:
    assert sql(
        "select count(distinct item_id), count(*) from mart_assessment_item where plan_id = 'bayannur_2023_2025'"
    ) == [(28, 196)]
    applicable = {row[0]: row[1] for row in sql("select district_code, applicable_points from mart_assessment_score")}
    assert Decimal(str(applicable["150802"])) > Decimal(90)
    [(veto, final)] = sql("select veto, is_final from mart_assessment_score where district_code = '150824'")
    assert veto is None or not final  # before the year's end the ledger may still come
    total = sql(
        "select raw_points, (select sum(points) from mart_assessment_item i where i.district_code = s.district_code) from mart_assessment_score s"
    )
    assert all(abs(Decimal(str(raw)) - Decimal(str(points))) <= Decimal("0.14") for raw, points in total)


def test_veto_without_the_last_ledger(root: Path, sql: Query, tmp_path: Path, actionplan: Command) -> None:
    """After 31 December a district without a 2025 ledger fails, whatever it did before."""
    for source in ("data/raw/archive", "data/raw/records"):
        target = tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(root / source), str(target)], check=True)
    done = actionplan(tmp_path, "run", "--plan", "bayannur_2023_2025", now="2026-01-02T09:00:00")
    assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect() as connection:
        file = tmp_path / "data" / "marts" / "mart_assessment_score.parquet"
        [(veto, grade)] = connection.execute(
            f"select veto, grade from read_parquet('{file.as_posix()}') where district_code = '150824'"
        ).fetchall()
    assert veto
    assert grade == "不合格"


def test_same_bytes_again_change_nothing(root: Path, sql: Query, actionplan: Command) -> None:
    before = {file.name: file.read_bytes() for file in (root / "data" / "marts").glob("*.parquet")}
    path = next((root / "sent" / "0").glob("*.xlsx"))
    assert actionplan(root, "submit", str(path)).returncode == 0
    done = actionplan(root, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    after = {file.name: file.read_bytes() for file in (root / "data" / "marts").glob("*.parquet")}
    assert {name for name in before if before[name] != after[name]} == set()


def test_receipts_and_pages(root: Path) -> None:
    receipts = root / "data" / "raw" / "receipts"
    assert len(list(receipts.rglob("*.xlsx"))) == len(world.everything())
    pages = root / "reports" / "bayannur_2023_2025"
    expected = {"index", "assessment", "intake", "register", *world.NAMES}
    assert expected <= {page.stem for page in pages.glob("*.html")}


def test_check_judges_without_storing(root: Path, tmp_path: Path, actionplan: Command) -> None:
    good = world.linhe()[0].save(tmp_path / "good")
    bad = world.houqi()[3].save(tmp_path / "bad")
    empty = tmp_path / "empty"
    done = actionplan(empty, "check", "--json", str(good))
    [judged] = json.loads(done.stdout)
    severities = {(issue["rule_id"], issue["severity"]) for issue in judged["issues"]}
    assert judged["status"] == "accepted_with_issues"
    # The other sheets that a survey asks for are not there, nor are columns that indicators need.
    assert {("missing_sheet", "error"), ("missing_column", "error")} <= severities
    assert "fatal" not in {severity for _, severity in severities}
    assert done.returncode == 1
    done = actionplan(empty, "check", str(bad))
    assert done.returncode == 1
    assert "物业管理方式" in done.stdout
    assert not (empty / "data" / "raw" / "records" / "submission").exists()
