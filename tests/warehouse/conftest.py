"""One world for all tests of the warehouse: two districts, four periods, every figure worked out in test_dbt.py.

District A has ten estates at first. In 2024 one leaves its list without a word (9), two merge (5 and 6 into 15), a
site is finished (10) and one is newly delivered (11). In 2025 it drops a column and the sheet of committees. District B
sends 2023 twice, has 2024 returned, and in 2025, late, reports a split (4 into 5 and 6) and a demolition (3).
"""

from __future__ import annotations

import glob
import shutil
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.settings import Workspace
from pipelines.warehouse import dbt, last_build, publish
from tests.warehouse.world import BASELINE, P23, P24, P25, A, B, Row, World, body, company, estate, unmanaged

Query = Callable[[str], list[tuple[Any, ...]]]
JIA, YI, WU = "91110000101623741K", "911101066976941872", "91350100M000100Y43"


def _quasi(n: int, **values: Any) -> Row:
    return estate(n, management_mode="quasi_residents_committee", company_name=None, **values)


def _first_ten() -> list[Row]:
    return [
        estate(1, households=1000, has_party_branch=True),
        estate(2, has_party_branch=True),
        estate(3, has_party_branch=True),
        estate(4, has_party_branch=True, contract_end=date(2024, 6, 30)),
        estate(5),
        estate(6, disclosure_done=False),
        _quasi(7),
        unmanaged(8, is_old_community=True, renovation_status="in_progress"),
        unmanaged(9),
        unmanaged(10, construction_status="under_construction", delivered_date=None, management_mode=None),
    ]


def _a_2024() -> list[Row]:
    first = {row["community_code"]: row for row in _first_ten()}
    return [
        *(first[code] for code in ("C01", "C02", "C03", "C04", "C07")),
        estate(8, is_old_community=True, renovation_status="completed"),
        estate(10, delivered_date=date(2024, 5, 1), delivered_date_precision="month"),
        estate(11, delivered_date=date(2024, 6, 1), change_type="new_delivery"),
        unmanaged(15, change_type="merge", prior_codes="C05、C06", households=200, floor_area_sqm=20_000),
    ]


def _a_2025() -> list[Row]:
    rows = {row["community_code"]: {**row, "disclosure_done": None} for row in _a_2024()}
    rows["C04"] |= {"has_party_branch": False, "committee_status_typed": "formed"}
    rows["C01"] |= {"committee_status_typed": "formed"}
    rows["C02"] |= {"committee_status_typed": "formed"}
    rows["C03"] |= {"committee_status_typed": "preparing"}
    rows["C08"] |= {"renovation_status": "in_progress"}
    rows["C09"] = estate(9, disclosure_done=None)
    rows["C15"] = _quasi(15, households=200, floor_area_sqm=20_000, disclosure_done=None)
    return list(rows.values())


def _cases(on_time: int, late: int) -> list[Row]:
    due = date(2023, 3, 10)
    return [
        {
            "case_no": f"W{n}",
            "due_date": due,
            "closed_date": date(2023, 3, 9 if n < on_time else 20),
            "status": "closed",
        }
        for n in range(on_time + late)
    ]


def world() -> World:
    """Everything both districts ever handed in."""
    made = World()
    bodies = [body(1), body(2, filed_date=None), body(3, status="preparing", established_date=None), body(9)]
    made.hand_in(
        A,
        BASELINE,
        community=_first_ten(),
        committee=bodies,
        company=[company("甲", JIA)],
        subdistrict=[
            {"subdistrict": "东街道", "has_body": True, "full_time": 2, "budget": 50_000},
            {"subdistrict": "西街道", "has_body": True, "full_time": 0, "part_time": 0, "budget": 50_000},
        ],
        summary=[{"measure": "community_count", "value": 9}, {"measure": "managed_count", "value": 8}],
    )
    warned = made.hand_in(
        A,
        P23,
        community=_first_ten(),
        committee=bodies,
        company=[company("甲", JIA)],
        satisfaction=[
            {
                "survey_year": 2023,
                "organiser": "third_party",
                "community_code": "C01",
                "community_name": "1号院",
                "valid_answers": 100,
                "very_satisfied": 20,
                "satisfied": 40,
                "fairly_satisfied": 15,
                "neutral": 25,
            },
            {
                "survey_year": 2023,
                "organiser": "self",
                "community_name": "2号院",
                "valid_answers": 50,
                "very_satisfied": 50,
            },
        ],
        task=[{"task_id": "trainings", "task": "培训", "actual": 4, "status": "in_progress"}],
        dispute=_cases(4, 1),
    )
    made.warn(warned, "community", 2)
    made.warn(warned, "community", 10, rule_id="R28")
    made.warn(warned, "community", 3, answer="合同正在续签")
    made.hand_in(
        A,
        P24,
        community=_a_2024(),
        committee=[
            body(1, term_end=date(2024, 6, 30)),
            body(1, body_type="pm_committee", established_date=date(2024, 3, 1), filed_date=date(2024, 3, 20)),
            body(2, filed_date=date(2024, 2, 1)),
            body(3, status="preparing", established_date=None),
        ],
        company=[
            company("甲", JIA),
            company("乙", YI, party_org_form=None, status=None),
            company("丙", party_org_form="none"),
            company("丁", status="deregistered"),
        ],
        party=[{"subject_type": "company", "subject_name": "乙物业有限公司", "subject_code": YI, "org_form": "joint"}],
        task=[
            {"task_id": "trainings", "task": "培训", "actual": 12, "status": "done"},
            {"task_id": "pilot", "task": "试点", "status": "done", "done_date": date(2024, 12, 15)},
        ],
        dispute=_cases(7, 3),
        mechanism=[{"indicator_id": "rules", "document_name": "办法", "issued_date": date(2024, 3, 1)}],
        evidence=[
            {"evidence_id": "E1", "subject_ids": "rules、A2", "name": "办法"},
            {"evidence_id": "E2", "subject_ids": "rules", "name": "纪要"},
        ],
        credit=[{"rating_year": 2023, "company_name": "甲物业有限公司", "submitted_date": date(2024, 2, 20)}],
    )
    made.hand_in(A, P25, community=_a_2025(), missing=("community.disclosure_done",), absent=("committee",))

    three = [estate(1), estate(2), estate(3)]
    made.hand_in(
        B,
        BASELINE,
        datetime(2023, 10, 9),
        community=[*three, unmanaged(4)],
        company=[company("甲", party_org_form="none"), company("戊", WU)],
    )
    made.hand_in(B, P23, community=[*three, unmanaged(4)])
    made.hand_in(B, P23, datetime(2024, 2, 1), community=[*three, estate(4)])
    made.hand_in(B, P24, returned=True)
    parts = [estate(n, change_type="split", prior_codes="C04", households=50, floor_area_sqm=5_000) for n in (5, 6)]
    gone = estate(3, change_type="demolished")
    nameless = estate(2, company_name=None, withheld=["is_professional"])
    made.hand_in(B, P25, datetime(2025, 12, 2, 12), community=[estate(1), nameless, gone, *parts])
    return made


@pytest.fixture(scope="session")
def nodes() -> list[str]:
    """The models and tests that the build of ``built`` reported as finished."""
    return []


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, nodes: list[str]) -> Workspace:
    """That world, built and published. No character of the path is special to anybody."""

    def follow(event: Any) -> None:
        if event.info.name in ("LogModelResult", "LogTestResult"):
            nodes.append(event.data.node_info.node_name)

    ws = world().write(tmp_path_factory.mktemp("world") / "w[1] it's {x} 甲*")
    # One ledger was recorded before a column of the form existed.
    older = ws.records / "community" / "s01.parquet"
    pl.read_parquet(older.read_bytes()).drop("building_steward").write_parquet(older)
    dbt.build(ws, on_event=follow)
    publish.publish(ws)
    return ws


@pytest.fixture(scope="session")
def sql(built: Workspace) -> Query:
    """Query the published Parquet files by table name, and a copy of the private build by schema (``build.…``)."""
    copy = built.root.parent / "build.duckdb"
    shutil.copyfile(last_build.database(built), copy)
    connection = duckdb.connect()
    for mart in publish.marts(built):
        file = glob.escape((built.marts / f"{mart.name}.parquet").as_posix()).replace("'", "''")
        connection.execute(f"create table {mart.name} as from read_parquet('{file}')")
    connection.execute(f"attach '{copy.as_posix()}' as build (read_only)")
    return lambda query: connection.execute(query).fetchall()
