"""Figures of every version of a ledger: exact for those that were replaced, and without influence on anything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.settings import Workspace
from pipelines.warehouse import dbt, last_build
from tests.warehouse.conftest import JIA, YI, world
from tests.warehouse.world import BASELINE, P23, P24, P25, A, B, World, body, company, estate, unmanaged

Rows = list[tuple[Any, ...]]
REPLACED, IN_FORCE = 9, 13
"""Hours of the day: those of the world arrive at noon, so that no version makes anything late."""
OF_VERSIONS = {"fct_submission", "fct_submission_indicator", "mart_restatement"}
"""Tables whose rows are versions, or what they changed."""
COUNTS_VERSIONS = {
    "mart_submission_status": ("versions", "first_accepted_at", "received_at"),
    "mart_milestone_progress": ("is_restated",),
}
OF_VERSION_ROWS = {"mart_finding": "rule_id <> 'met_after_resending'"}
"""Which rows speak of the versions in force alone."""


def with_versions(*in_force: str) -> tuple[World, dict[str, str]]:
    """The world of conftest with more versions, and their ids; those named come after the ones they would replace."""
    made, ids = world(), {}

    def hand_in(name: str, district: str, day: date, period: str, **values: Any) -> None:
        hour = IN_FORCE if name in in_force else REPLACED
        ids[name] = made.hand_in(district, period, datetime(day.year, day.month, day.day, hour), **values)

    # Everything another way: a community fewer, one renamed, one that moved street; bodies, firms, proofs.
    rows = [
        estate(1, households=10, floor_area_sqm=900, disclosure_done=None, is_old_community=True),
        unmanaged(2, has_party_branch=False),
        estate(3, community_name="三号苑", change_type="rename", renovation_status="completed", is_old_community=True),
        estate(4, subdistrict="西街道"),
        estate(8, delivered_date=date(2024, 5, 1)),
        estate(9, change_type="demolished"),
        estate(21),
        unmanaged(22, construction_status="under_construction", delivered_date=None),
    ]
    other = {
        "community": rows,
        "committee": [body(1), body(3), body(8, community_code=None), body(5), body(21, status="preparing")],
        "company": [company("甲", None, party_org_form=None), company("乙", YI, party_org_form="none"), company("庚")],
        "party": [{"subject_type": "company", "subject_name": "甲物业有限公司", "org_form": "joint"}],
        "satisfaction": [
            {
                "survey_year": 2024,
                "organiser": "third_party",
                "community_name": "1号院",
                "valid_answers": 9,
                "satisfied": 4,
            }
        ],
        "task": [{"task_id": "trainings", "task": "培训", "actual": 99, "status": "done"}],
        "dispute": [{"case_no": "X1", "due_date": date(2024, 3, 10), "closed_date": date(2024, 4, 1)}],
        "credit": [{"rating_year": 2022, "company_name": "甲物业有限公司", "submitted_date": date(2023, 1, 1)}],
        "evidence": [{"evidence_id": "E9", "subject_ids": "rules、A2", "name": "旧稿"}],
        "inspection": [{"date": date(2024, 5, 5), "type": "double_random", "company_name": "甲物业有限公司"}],
        "summary": [{"measure": "community_count", "value": 99}, {"measure": "managed_count", "value": 98}],
    }
    day = date(2024, 11, 30)
    for name in ("twin", "changed"):
        hand_in(name, A, day, P24, missing=("community.contract_end",), **other)
    hand_in("first", A, date(2023, 9, 30), BASELINE, community=rows[:4], company=[company("甲", JIA), company("乙")])
    hand_in("merged", B, date(2025, 12, 2), P25, absent=("committee",), community=[
        estate(7, change_type="merge", prior_codes="C01、C02"), estate(3), unmanaged(4, committee_status_typed="formed")
    ])  # fmt: skip
    return made, ids


def built(world: World, root: Path) -> duckdb.DuckDBPyConnection:
    ws = world.write(root)
    dbt.build(ws)
    return duckdb.connect(str(last_build.database(ws)), read_only=True)


@pytest.fixture(scope="module")
def ids() -> dict[str, str]:
    return with_versions()[1]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The world with versions that were replaced."""
    return built(with_versions()[0], tmp_path_factory.mktemp("replaced"))


def of_version(build: duckdb.DuckDBPyConnection, submission_id: str) -> Rows:
    return build.execute(
        """select indicator_id, basis, numerator, denominator, value from marts.fct_submission_indicator
        where submission_id = ? order by all""",
        [submission_id],
    ).fetchall()


def test_versions_that_were_replaced_change_nothing(
    both: duckdb.DuckDBPyConnection, built_plain: Callable[[str], Rows]
) -> None:
    tables = [name for (name,) in both.execute(
        "select table_name from information_schema.tables where table_schema = 'marts' order by all"
    ).fetchall()]  # fmt: skip
    assert len(tables) > 15
    for table in sorted(set(tables) - OF_VERSIONS):
        hidden = COUNTS_VERSIONS.get(table, ())
        columns = f"* exclude ({', '.join(hidden)})" if hidden else "*"
        rows = f"marts.{table} where {OF_VERSION_ROWS[table]}" if table in OF_VERSION_ROWS else f"marts.{table}"
        query = f"select {columns} from {rows} order by all"
        assert both.execute(query).fetchall() == built_plain(query), table


@pytest.fixture(scope="module")
def built_plain(built: Workspace) -> Callable[[str], Rows]:
    connection = duckdb.connect(str(last_build.database(built)), read_only=True)
    return lambda query: connection.execute(query).fetchall()


@pytest.mark.parametrize("in_force", [("changed", "merged"), ("first",)])
def test_a_replaced_version_has_the_figures_it_would_have_in_force(
    both: duckdb.DuckDBPyConnection, ids: dict[str, str], in_force: tuple[str, ...], tmp_path: Path
) -> None:
    world, _ = with_versions(*in_force)
    build = built(world, tmp_path)
    for name in in_force:
        reported = build.execute(
            """select f.indicator_id, f.basis, f.numerator, f.denominator, f.value from marts.fct_indicator as f
            join marts.fct_submission as s using (plan_id, district_code, period_id)
            join marts.dim_indicator as i using (plan_id, indicator_id)
            where s.submission_id = ? and s.is_effective
            and f.variant = 'reported' and f.is_main and i.entity <> 'occasion'
            order by all""",
            [ids[name]],
        ).fetchall()
        assert len(reported) > 10
        assert any(row[2] for row in reported)
        assert of_version(both, ids[name]) == reported, name


def test_one_version_after_another(both: duckdb.DuckDBPyConnection, ids: dict[str, str]) -> None:
    """Versions of the same content have the same figures; each is set against the one it replaced."""
    assert of_version(both, ids["twin"]) == of_version(both, ids["changed"])
    chain = both.execute(
        """select submission_id, is_effective, numerator, denominator, previous_numerator, previous_denominator
        from marts.fct_submission_indicator where district_code = ? and period_id = ? and indicator_id = 'coverage'
        order by is_effective, previous_numerator nulls first""",
        [A, P24],
    ).fetchall()
    # 1, 3, 4, 8 and 21 of those with 2; a demolished one and a building site are out. In force: 8 of 9.
    assert chain == [
        (ids["twin"], False, 5, 6, None, None),
        (ids["changed"], False, 5, 6, 5, 6),
        ("s03", True, 8, 9, 5, 6),
    ]


def test_what_was_restated(both: duckdb.DuckDBPyConnection, ids: dict[str, str]) -> None:
    """District B's ledger of 2023 came twice; the second says that estate 4 is managed."""
    rows = both.execute(
        """select first_numerator, first_denominator, numerator, denominator, difference, restated_at
        from marts.mart_restatement where district_code = ? and period_id = ? order by indicator_id""",
        [B, P23],
    ).fetchall()
    assert (3, 4, 4, 4, 25.0, datetime(2024, 2, 1)) in rows
    unchanged = both.execute(
        "select count(*) from marts.mart_restatement where numerator is not distinct from first_numerator "
        "and denominator is not distinct from first_denominator"
    ).fetchone()
    assert unchanged == (0,)
    places = both.execute(
        "select distinct district_code, period_id from marts.mart_restatement order by all"
    ).fetchall()
    assert places == [(A, BASELINE), (A, P24), (B, P23), (B, P25)]
