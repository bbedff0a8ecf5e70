"""The five plans read by hand: what each indicator counts, in plain Python, from the published meaning of its words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.independent.readings import Condition, Facts, Measure, Reading, half_up, is_filed, is_in_term

OWNERS = ("owners_committee",)
BRANCH = ("own", "joint")

# -- words that several plans use --------------------------------------------------------------------------------------


def done(f: Facts) -> bool:
    """A community that is built."""
    return f.is_completed


def communities(above: Condition, below: Condition = done, **more: Any) -> Measure:
    return Measure("community", above, below, **more)


def ticked(name: str, below: Condition = done) -> Measure:
    """A column of the sheet of particulars."""
    return communities(lambda f: f.says(name), below, needs=("special",))


def counted(of: str, above: Condition) -> Measure:
    """A number of things."""
    return Measure(of, above)


def rows(of: str, above: Condition, below: Condition = lambda row: True, **more: Any) -> Measure:
    return Measure(of, above, below, **more)


def has(name: str) -> Condition:
    return lambda row: row[name] is True


def built_and(condition: Condition) -> Condition:
    return lambda f: f.is_completed and condition(f)


def active_and(condition: Condition) -> Condition:
    return lambda company: company["is_active"] and condition(company)


def active(company: Any) -> bool:
    return bool(company["is_active"])


def formed(body: Any) -> bool:
    return bool(body.is_counted)


def formed_and(condition: Condition) -> Condition:
    return lambda body: body.is_counted and condition(body)


MANAGED = communities(lambda f: f.has_management)
WITH_COMMITTEE = communities(lambda f: f.has_committee, strict=lambda f: f.has_committee_in_force)


def served(f: Facts) -> bool:
    return f.is_professional


def under_contract(f: Facts) -> bool:
    return f.is_professional and f.has_current_contract


# -- Bayannur ----------------------------------------------------------------------------------------------------------

BAYANNUR = Reading(
    bodies=("owners_committee", "pm_committee"),
    new_since=date(2023, 1, 1),
    measures={
        "pm_coverage_rate": MANAGED,
        "professional_pm_coverage_rate": communities(served, strict=under_contract),
        "professional_pm_coverage_rate_new": communities(served, built_and(lambda f: f.is_new), strict=under_contract),
        "pm_coverage_rate_renovated_old": communities(
            lambda f: f.has_management, built_and(lambda f: f.is_renovated_old)
        ),
        "committee_formation_rate": WITH_COMMITTEE,
        "information_disclosure_rate": communities(
            lambda f: f.row["disclosure_done"] is True, built_and(lambda f: f.has_management)
        ),
        "basic_filing_rates_contract": communities(lambda f: f.row["contract_filed"] is True, built_and(served)),
        "building_steward_rate": communities(lambda f: f.row["building_steward"] is True),
        "fee_collection_rate": communities(
            lambda f: True,
            built_and(lambda f: f.row["fee_collection_rate"] is not None),
            sums={
                "households": (
                    lambda f: half_up(f.households * (f.row["fee_collection_rate"] or Decimal(0)) / 100),
                    lambda f: f.households,
                )
            },
        ),
        "committee_in_term_filed_rate": rows(
            "body", lambda b: is_filed(b.cells, b.as_of) and is_in_term(b.cells, b.as_of), formed
        ),
        "committees_with_party_member_rate": rows("body", lambda b: (b["party_member_count"] or 0) > 0, formed),
        "basic_filing_rates_committee": rows("body", lambda b: is_filed(b.cells, b.as_of), formed),
        "committee_party_member_share": rows(
            "body",
            lambda b: True,
            formed_and(lambda b: b["member_count"] and b["party_member_count"] is not None),
            sums={"bodies": (lambda b: b["party_member_count"], lambda b: b["member_count"])},
        ),
        "company_party_work_coverage_rate": rows("company", has("has_party_work"), active),
        "street_pm_body_rate": rows(
            "subdistrict",
            lambda s: s["has_body"] and (s["full_time"] or 0) + (s["part_time"] or 0) > 0 and (s["budget"] or 0) > 0,
        ),
        "subdistrict_mediation_rate": rows("subdistrict", has("has_mediation")),
        "owner_satisfaction_rate": rows(
            "survey",
            lambda s: True,
            sums={
                "answers": (lambda s: s["happy"], lambda s: s["valid_answers"]),
                "households": (
                    lambda s: half_up(Decimal(s["households"] * s["happy"]) / s["valid_answers"]),
                    lambda s: s["households"],
                ),
            },
        ),
        "dispute_timely_resolution_rate": rows(
            "dispute",
            lambda d: d["closed_date"] is not None and d["closed_date"] <= d["due_date"],
            lambda d: d["is_due"] and not d["is_repeat"],
        ),
        "bad_credit_inspection_intensity": counted("inspection", lambda i: i["flag"] == "black"),
    },
    in_time=("annual_work_report_nov", "credit_results_feb"),
    claimed={
        "pm_coverage_rate": "managed_count",
        "professional_pm_coverage_rate": "professional_count",
        "committee_formation_rate": "committee_count",
    },
)

# -- Shucheng ----------------------------------------------------------------------------------------------------------


def organised(company: Any) -> bool:
    return company["form"] in BRANCH


def has_organisation(party: Any) -> bool:
    """A company's organisation on the party's sheet."""
    return party["subject_type"] == "company" and party["org_form"] in BRANCH


SHUCHENG = Reading(
    bodies=OWNERS,
    measures={
        "baseline_communities_total": counted("community", done),
        "baseline_communities_managed": counted("community", built_and(lambda f: f.has_management)),
        "baseline_pm_coverage_rate": MANAGED,
        "committee_formation_rate": WITH_COMMITTEE,
        "pm_coverage_rate": MANAGED,
        "community_party_branch_rate": communities(lambda f: f.has_branch),
        "company_party_org_rate": rows("company", organised, active),
        "party_org_pooled_rate": Measure("", adds_up=("community_party_branch_rate", "company_party_org_rate")),
        "party_work_coverage_rate": communities(lambda f: f.has_branch or f.has_party_work),
        "red_alliance_coverage_rate": rows("subdistrict", has("has_party_alliance")),
        "community_joint_meeting_coverage_rate": rows("neighbourhood", has("has_joint_meeting")),
        "cobuilding_agreement_rate": rows("party", has("agreement_signed"), has_organisation),
        "cobuilding_projects_per_org": rows("party", lambda p: (p["projects_claimed"] or 0) >= 2, has_organisation),
        "committee_party_member_share": rows(
            "body",
            lambda b: 10 * b["party_member_count"] >= 6 * b["member_count"],
            formed_and(lambda b: b["member_count"] and b["party_member_count"] is not None),
        ),
        "demo_communities_municipal": Measure("community", built_and(lambda f: f.says("is_model")), needs=("special",)),
        "demo_companies_municipal": counted("company", active_and(has("is_model"))),
        "chair_annual_reporting": rows("body", has("reported_to_party"), formed),
        "exit_audit": rows(
            "body", has("exit_audited"), formed_and(lambda b: b["has_common_revenue"] and b["exit_audited"] is not None)
        ),
        "company_head_checkin": rows("company", has("head_checked_in"), active),
        "enforcement_item_list_posted": ticked("item_board_posted"),
        "old_community_dual_sync": communities(
            lambda f: f.says("consensus_before_listing") and f.says("consensus_before_start"),
            built_and(lambda f: f.is_old and f.renovation in ("in_progress", "completed")),
            needs=("special",),
        ),
        "service_station_six_haves": communities(
            lambda f: f.station_haves == 6, built_and(lambda f: f.station_haves > 0), needs=("special",)
        ),
        "company_party_work_coverage_rate": rows("company", has("has_party_work"), active),
        "company_charter_party_rate": rows("company", has("charter_has_party"), active),
        "party_fee_refund_rate": rows(
            "company",
            has("fees_refunded"),
            active_and(lambda c: c["ownership_type"] != "state" and c["fees_refunded"] is not None),
        ),
        "service_room_standard_rate": ticked("room_standard_met"),
        "joint_account_communities": Measure(
            "community", built_and(lambda f: f.says("joint_account")), needs=("special",)
        ),
        "third_party_rating_communities": Measure(
            "community", built_and(lambda f: f.says("third_party_rating")), needs=("special",)
        ),
    },
    claimed={
        "baseline_pm_coverage_rate": "managed_count",
        "pm_coverage_rate": "managed_count",
        "committee_formation_rate": "committee_count",
    },
)

# -- Chengdu -----------------------------------------------------------------------------------------------------------


def effectively_covered(f: Facts) -> bool:
    """By an organisation of any form that was active in the year, where activities are recorded."""
    return f.has_party_organisation and f.special.get("party_activities") != 0


CHENGDU = Reading(
    bodies=OWNERS,
    measures={
        "residential_area_party_coverage_rate": communities(effectively_covered),
        "env_pm_committee_rate": rows("neighbourhood", has("has_env_pm_committee")),
        "dispute_mediation_system_rate": rows("neighbourhood", has("has_mediation_system")),
        "dispute_ledger_closeout_rate": rows("neighbourhood", has("has_dispute_ledger")),
        "daily_patrol_notice_rate": rows("neighbourhood", has("has_patrol_system")),
        "owners_assembly_rate": ticked("has_owners_assembly"),
        "committee_member_credit_file_rate": rows("member", has("has_credit_file")),
        "companies_revenue_100m": counted("company", active_and(lambda c: (c["annual_revenue"] or 0) >= 100_000_000)),
        "brand_companies": counted("company", active_and(has("is_brand"))),
        "pm_coverage_rate": MANAGED,
        "dedicated_staff_system": rows("neighbourhood", has("has_dedicated_staff")),
        "common_revenue_disclosure": ticked("common_revenue_disclosed"),
    },
    claimed={"pm_coverage_rate": "managed_count"},
)

# -- the neighbourhood -------------------------------------------------------------------------------------------------


def single(condition: Condition) -> Measure:
    """Problems and complaints, each once."""
    return rows("dispute", condition, lambda d: not d["is_repeat"])


NEIGHBOURHOOD = Reading(
    bodies=OWNERS,
    measures={
        "fee_marketisation_rate": ticked("fee_is_market"),
        "grid_management_coverage_rate": ticked("grid_managed"),
        "urban_enforcement_coverage_rate": ticked("enforcement_covered"),
        "mediation_coverage_rate": ticked("mediation_covered"),
        "owners_assembly_rate": ticked("has_owners_assembly"),
        "committee_standard_operation_rate": ticked("committee_runs_well", built_and(lambda f: f.has_committee)),
        "problem_discovery_rate": single(lambda d: d["source"] in ("neighbourhood", "subdistrict")),
        "problem_disposal_rate": single(lambda d: d["status"] == "closed"),
        "elevator_safety_assessment": communities(
            lambda f: True,
            built_and(lambda f: f.number("old_elevators") > 0),
            needs=("special",),
            sums={
                "bodies": (
                    lambda f: min(f.number("assessed_elevators"), f.number("old_elevators")),
                    lambda f: f.number("old_elevators"),
                )
            },
        ),
        "relocation_housing_improvement": ticked(
            "is_improved", built_and(lambda f: f.row["property_type"] == "resettlement")
        ),
    },
)

# -- Hefei -------------------------------------------------------------------------------------------------------------


def since_2019(body: Any) -> bool:
    return body.is_counted and body["term_start"] is not None and body["term_start"] >= date(2019, 1, 1)


def shows(*ways: str) -> Condition:
    return lambda case: all(case[f"is_{way}_model"] for way in ways)


HEFEI = Reading(
    bodies=OWNERS,
    measures={
        "trinity_mechanism_communities": counted(
            "neighbourhood", lambda n: n["has_trinity_mechanism"] and n["urban_rural"] == "urban"
        ),
        "new_committees_since_2019": counted("body", since_2019),
        "new_committees_half_party_share": rows(
            "body",
            lambda b: 2 * (b["party_member_count"] or 0) >= b["member_count"],
            lambda b: since_2019(b) and b["member_count"],
        ),
        "typical_mechanism": counted("showcase", shows("mechanism")),
        "typical_committee": counted("showcase", shows("committee")),
        "typical_service": counted("showcase", shows("service")),
        "typical_all_three": counted("showcase", shows("mechanism", "committee", "service")),
        "streets_with_pm_department": counted("subdistrict", has("has_pm_department")),
        "streets_with_pm_department_rate": rows("subdistrict", has("has_pm_department")),
        "staff_per_residents_committee": rows("neighbourhood", lambda n: n["part_time_staff"] in (1, 2)),
        "pm_coverage_rate": MANAGED,
        "pm_coverage_rate_ge_20000sqm": communities(
            lambda f: f.has_management, built_and(lambda f: f.floor_area >= 20_000)
        ),
    },
)

READINGS: dict[str, Reading] = {
    "bayannur_2023_2025": BAYANNUR,
    "shucheng_2022_2024": SHUCHENG,
    "chengdu_2018_2020": CHENGDU,
    "xx_community_2015_2017": NEIGHBOURHOOD,
    "hefei_experience": HEFEI,
}
