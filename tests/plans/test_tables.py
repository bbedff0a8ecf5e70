"""The plan tables: columns, types, values and bytes that the warehouse relies on."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.plans import load_plans, tables

TYPES = {"V": "VARCHAR", "L": "VARCHAR[]", "D": "DATE", "B": "BOOLEAN", "I": "BIGINT"}

COLUMNS = {
    "plan": """plan_id V plan_name V plan_name_en V issuer V document_no V issued D start_date D end_date D
        operational_deadline D region_code V region_name V new_build_cutoff D bodies_counted L counted_statuses L
        evaluation_from D evaluation_to D source_complete B truncated_after V source_note V source_note_en V
        source_sha256 V sort_order I""",
    "district": """plan_id V district_code V district_name V district_name_en V short_name V parent_code V
        is_pseudo_region B tile_column I tile_row I sort_order I""",
    "period": """plan_id V period_id V period_name V period_name_en V kind V as_of D due_date D lateness_judged B seq I
        previous_period_id V""",
    "period_form": "plan_id V period_id V form V is_required B",
    "indicator": """plan_id V indicator_id V indicator_name V indicator_name_en V kind V entity V basis V unit V
        direction V denominator_sql V numerator_sql V strict_numerator_sql V numerator_measure_sql V
        denominator_measure_sql V form V is_headline B binding V clause V definition V definition_en V district_scope L
        needs L decided_by L pools L bases L sources L occasions DATE[] sort_order I""",
    "indicator_basis": """plan_id V indicator_id V basis V numerator_measure_sql V denominator_measure_sql V
        is_main B""",
    "milestone": """plan_id V milestone_id V indicator_id V due_date D operational_deadline D operator V
        target DECIMAL(12,4) binding V clause V is_hold B date_is_default B target_is_derived B is_scored B
        district_scope L all_of L whole_area_only B note V sort_order I""",
    "occasion": """plan_id V indicator_id V occasion_id V due_date D source V source_key V is_scored B reporter V
        lateness_judged B type V""",
    "fact": """plan_id V indicator_id V operator V stated DECIMAL(12,4) stated_to DECIMAL(12,4) decimals I of_each B
        as_of D as_of_note V period_id V""",
    "rubric_item": """plan_id V item_id V group_id V group_name V group_name_en V item_name V item_name_en V
        indicator_ids L method V
        max_points DECIMAL(8,4) params V evidence V evidence_note V clause V district_scope L sort_order I""",
    "rubric": "plan_id V params V is_proposal B note V note_en V period_id V",
    "rubric_rule": """plan_id V kind V rule_id V rule_name V rule_name_en V points DECIMAL(8,4) cap DECIMAL(8,4)
        per_case B effect V capped_grade V zero_item B sort_order I""",
    "clause": "plan_id V clause V what V what_en V why V covered_by L sort_order I",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build") / "inputs"
    tables.write(load_plans(), folder)
    return folder


def query(sql: str) -> list[dict[str, Any]]:
    with duckdb.connect() as db:
        result = db.execute(sql)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def rows(folder: Path, table: str, where: str = "true") -> list[dict[str, Any]]:
    return query(f"from read_parquet('{folder / table}.parquet') where {where}")


def test_every_table_has_its_columns_and_types(folder: Path) -> None:
    assert {p.stem for p in folder.glob("*.parquet")} == set(COLUMNS)
    for table, text in COLUMNS.items():
        words = text.split()
        expected = [(name, TYPES.get(kind, kind)) for name, kind in zip(words[::2], words[1::2], strict=True)]
        described = query(f"describe from read_parquet('{folder / table}.parquet')")
        assert [(row["column_name"], row["column_type"]) for row in described] == expected, table


def test_tables_without_rows_keep_their_columns(tmp_path: Path) -> None:
    tables.write({"hefei_experience": load_plans()["hefei_experience"]}, tmp_path)
    for table in ("milestone", "occasion", "rubric", "rubric_item", "rubric_rule"):
        frame = pl.read_parquet(tmp_path / f"{table}.parquet")
        assert frame.is_empty()
        assert frame.schema == tables.SCHEMAS[table]


def test_the_same_plans_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    tables.write(load_plans(), tmp_path)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_a_milestone_row(folder: Path) -> None:
    (row,) = rows(folder, "milestone", "plan_id like 'bayannur%' and milestone_id = 'pm_coverage_rate@2024-12-31'")
    assert row["due_date"] == date(2024, 12, 31)
    assert (row["operator"], row["target"], row["district_scope"]) == ("eq", Decimal(100), ["150802"])
    assert (row["binding"], row["clause"], row["is_hold"], row["is_scored"]) == ("hard", "一", False, True)
    assert (row["all_of"], row["operational_deadline"]) == ([], None)
    (city,) = rows(folder, "milestone", "plan_id like 'bayannur%' and milestone_id = 'pm_coverage_rate@2025-12-31'")
    assert (city["district_scope"], city["operational_deadline"]) == (None, date(2025, 11, 30))


def test_an_indicator_row_and_its_bases(folder: Path) -> None:
    (row,) = rows(folder, "indicator", "indicator_id = 'information_disclosure_rate'")
    assert (row["denominator_sql"], row["numerator_sql"]) == ("is_completed and has_management", "disclosure_done")
    assert (row["form"], row["basis"], row["unit"]) == ("community", "communities", "%")
    assert row["needs"] == ["community.disclosure_done"]
    bases = rows(folder, "indicator_basis", "indicator_id = 'information_disclosure_rate'")
    assert [(b["basis"], b["denominator_measure_sql"], b["is_main"]) for b in bases] == [
        ("communities", "1", True),
        ("households", "households", False),
        ("floor_area", "floor_area_sqm", False),
    ]


def test_alternatives_of_a_needed_field(folder: Path) -> None:
    (row,) = rows(folder, "indicator", "plan_id like 'bayannur%' and indicator_id = 'company_party_work_coverage_rate'")
    assert row["needs"] == ["company.party_org_form|party.org_form"]


def test_what_need_not_be_recorded_is_no_need(folder: Path) -> None:
    """Party coverage asks for an activity where activities are recorded; without that sheet it is answered too."""
    (row,) = rows(folder, "indicator", "indicator_id = 'residential_area_party_coverage_rate'")
    assert row["needs"] == []
    assert "special.party_activities" in row["sources"]


def test_every_indicator_has_one_main_basis(folder: Path) -> None:
    main = {r["indicator_id"]: r for r in rows(folder, "indicator_basis", "is_main and plan_id like 'bayannur%'")}
    indicators = rows(folder, "indicator", "plan_id like 'bayannur%'")
    assert set(main) == {r["indicator_id"] for r in indicators}
    for row in indicators:
        for column in ("basis", "numerator_measure_sql", "denominator_measure_sql"):
            assert row[column] == main[row["indicator_id"]][column]


def test_periods_know_the_one_before(folder: Path) -> None:
    found = rows(folder, "period", "plan_id like 'bayannur%'")
    assert [(r["seq"], r["period_id"], r["previous_period_id"]) for r in found] == [
        (1, "2023-baseline", None),
        (2, "2023-11", "2023-baseline"),
        (3, "2024-11", "2023-11"),
        (4, "2025-11", "2024-11"),
    ]


def test_forms_that_may_stay_away(folder: Path) -> None:
    optional = rows(folder, "period_form", "not is_required and period_id = '2024-11'")
    assert [r["form"] for r in optional] == ["neighbourhood", "meeting"]


def test_a_district_belongs_to_its_region(folder: Path) -> None:
    (zone,) = rows(folder, "district", "district_code = '510100-GX'")
    assert (zone["parent_code"], zone["is_pseudo_region"], zone["short_name"]) == ("510100", True, "高新区")
    (linhe,) = rows(folder, "district", "district_code = '150802'")
    assert (linhe["parent_code"], linhe["is_pseudo_region"], linhe["short_name"]) == ("150800", False, "临河")


def test_parameters_of_rubric_items_are_exact(folder: Path) -> None:
    params = {r["item_id"]: json.loads(r["params"]) for r in rows(folder, "rubric_item")}
    assert params["A1"] == {"floor": 80, "target": 100}
    assert params["C3"] == {"due": "2024-12-31", "late_factor": "0.5"}
    assert params["C5"] == {}
    assert params["G4"]["points_each"] == "2/3"
    assert params["B4"] == {
        "cases": [
            {"districts": ["150802"], "indicator": "building_steward_pilot", "method": "boolean", "params": {}},
            {
                "districts": None,
                "indicator": "committees_with_party_member_rate",
                "method": "proportional",
                "params": {"target": 100},
            },
        ]
    }


def test_rules_of_the_rubric(folder: Path) -> None:
    (row,) = rows(folder, "rubric")
    rules = json.loads(row["params"])
    assert rules["is_proposal"] is True
    assert [g["at_least"] for g in rules["grades"]] == [90, 80, 60, 0]
    assert rules["bonus"]["items"][3]["rise"] == {"indicator": "fee_collection_rate", "at_least": 5}
    assert rules["rank_ranges"] == {"draws": 1000, "seed": 20251130, "weight_spread": 20}


def test_rules_beside_the_items(folder: Path) -> None:
    found = rows(folder, "rubric_rule", "plan_id like 'bayannur%'")
    assert [r["kind"] for r in found] == ["grade"] * 4 + ["bonus"] * 5 + ["penalty"] * 2 + ["veto"] * 4
    assert [(r["points"], r["cap"], r["per_case"]) for r in found if r["rule_id"] == "data_error"] == [(2, 5, True)]
    (falsified,) = (r for r in found if r["rule_id"] == "falsified_data")
    assert (falsified["effect"], falsified["capped_grade"], falsified["zero_item"]) == ("cap_grade", "pass", True)


def test_clauses_that_nothing_measures(folder: Path) -> None:
    found = rows(folder, "clause", "plan_id like 'bayannur%' and clause = '二(六)'")
    assert [(r["why"], r["covered_by"]) for r in found] == [
        ("other_bodies", []),
        ("covered", ["pm_coverage_rate_renovated_old"]),
        ("covered", ["pricing_mechanism_established", "reference_price_publication"]),
    ]


def test_what_an_indicator_is_made_from(folder: Path) -> None:
    made = {r["indicator_id"]: r for r in rows(folder, "indicator", "plan_id like 'bayannur%'")}
    assert made["information_disclosure_rate"]["bases"] == ["households", "floor_area"]
    assert "community.disclosure_done" in made["information_disclosure_rate"]["sources"]
    assert made["annual_work_report_nov"]["sources"] == []
    assert made["annual_work_report_nov"]["occasions"] == [date(y, 11, 30) for y in (2023, 2024, 2025)]
