"""How the Bayannur plan is read and scored; what it commits to is in ``test_commitments.py``."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import pytest

from pipelines.plans import Plan, load_plans

EVERYWHERE = None
LINHE = ("150802",)

# id: (indicators, points, method, params, evidence, clause)
RUBRIC = {
    "A1": ("pm_coverage_rate", 12, "floor_linear", {"floor": 80, "target": 100}, "listed", "一、二(一)"),
    "A2": ("professional_pm_coverage_rate", 9, "proportional", {"target": 80}, "listed", "一"),
    "A3": ("professional_pm_coverage_rate_new", 5, "deduct_per_miss", {"points_each": 1}, "listed", "一"),
    "A4": ("pm_coverage_rate_renovated_old", 6, "deduct_per_miss", {"points_each": 1}, "listed", "一"),
    "A5": ("pm_coverage_rate", 3, "boolean", {"due": "2024-12-31"}, "ledger", "一"),
    "B1": ("committee_formation_rate", 12, "floor_linear", {"floor": 60, "target": 95}, "listed", "一、二(二)"),
    "B2": ("committee_formation_rate", 3, "boolean", {"due": "2024-12-31"}, "ledger", "一"),
    "B3": ("committee_in_term_filed_rate", 3, "proportional", {"target": 100}, "ledger", "二(二)"),
    "B4": ("building_steward_pilot committees_with_party_member_rate", 2, "by_case", None, "listed", "二(二)"),
    "C1": ("owner_satisfaction_rate", 6, "floor_linear", {"floor": 60, "target": 80}, "listed", "一"),
    "C2": ("information_disclosure_rate", 4, "proportional", {"target": 100}, "listed", "二(四)"),
    "C3": ("credit_system_established", 3, "boolean", {"due": "2024-12-31", "late_factor": 0.5}, "listed", "二(四)"),
    "C4": (
        "credit_results_feb",
        3,
        "deadline",
        {"occasions": ["2025-02-28"], "late_days": 30, "late_factor": 0.5},
        "ledger",
        "二(四)",
    ),
    "C5": ("credit_bidding_linkage", 2, "boolean", {}, "listed", "二(四)"),
    "C6": (
        "double_random_inspection_yearly",
        2,
        "boolean_share",
        {"occasions": ["2023-12-31", "2024-12-31", "2025-12-31"]},
        "ledger",
        "二(四)",
    ),
    "D1": (
        "party_led_pm_system_established",
        3,
        "boolean",
        {"due": "2024-12-31", "late_factor": 0.5},
        "listed",
        "一",
    ),
    "D2": ("company_party_work_coverage_rate", 4, "proportional", {"target": 100}, "listed", "一"),
    "D3": ("industry_party_branch_established", 1, "boolean", {}, "listed", "一"),
    "D4": ("party_cobuilding_mechanism", 2, "boolean", {}, "listed", "一"),
    "E1": ("subdistrict_mediation_rate", 2, "boolean_share", {}, "listed", "二(五)"),
    "E2": ("dispute_timely_resolution_rate", 2, "proportional", {"target": 100}, "ledger", "二(五)"),
    "E3": ("three_way_mediation litigation_mediation_linkage", 2, "checklist", {}, "listed", "二(五)"),
    "F1": (
        "reference_price_publication",
        2,
        "boolean",
        {"occasions": ["2024-12-31", "2025-12-31"]},
        "listed",
        "二(六)",
    ),
    "F2": ("committee_funding_pilot", 1, "boolean", {}, "listed", "二(六)"),
    "G1": ("leading_group_established", 1, "boolean", {}, "listed", "四(二)"),
    "G2": ("local_implementation_plan_issued", 1, "boolean", {}, "listed", "三(二)"),
    "G3": ("street_pm_body_rate", 2, "proportional", {"target": 100}, "listed", "四(三)"),
    "G4": (
        "annual_work_report_nov",
        2,
        "deadline",
        {
            "occasions": ["2023-11-30", "2024-11-30", "2025-11-30"],
            "points_each": Fraction(2, 3),
            "late_days": 30,
            "late_factor": 0.5,
        },
        "ledger",
        "四(五)",
    ),
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plans()["bayannur_2023_2025"]


def iso(day: object) -> str | None:
    return None if day is None else str(day)


def test_what_is_summed_beside_the_main_figure(plan: Plan) -> None:
    assert list(plan.indicator("pm_coverage_rate").bases) == ["communities", "households", "floor_area"]  # type: ignore[union-attr]
    assert list(plan.indicator("owner_satisfaction_rate").bases) == ["answers", "households"]  # type: ignore[union-attr]


def test_headlines_are_the_seven_numbers_of_the_goals(plan: Plan) -> None:
    hard = [i.id for i in plan.indicators if i.kind == "rate" and any(m.binding == "hard" for m in i.milestones)]
    assert len(hard) == 7
    assert [i.id for i in plan.indicators if i.is_headline] == hard


def test_every_figure_is_explained_in_both_languages(plan: Plan) -> None:
    for indicator in plan.indicators:
        assert re.search(r"[一-鿿]", indicator.name.zh), indicator.id
        assert re.search(r"[一-鿿]", indicator.definition.zh), indicator.id
        assert not re.search(r"[一-鿿]", indicator.name.en + indicator.definition.en), indicator.id
        assert re.fullmatch(r"[一二三四](\([一二三四五六]\))?", indicator.clause), indicator.id


def test_districts_and_periods(plan: Plan) -> None:
    assert [(d.code, d.name.zh) for d in plan.districts] == [
        ("150802", "临河区"),
        ("150821", "五原县"),
        ("150822", "磴口县"),
        ("150823", "乌拉特前旗"),
        ("150824", "乌拉特中旗"),
        ("150825", "乌拉特后旗"),
        ("150826", "杭锦后旗"),
    ]
    assert [(p.id, p.kind, iso(p.as_of), iso(p.due), p.lateness_judged) for p in plan.periods] == [
        ("2023-baseline", "baseline", "2023-09-30", "2023-09-30", False),
        ("2023-11", "ledger", "2023-11-30", "2023-11-30", True),
        ("2024-11", "ledger", "2024-11-30", "2024-11-30", True),
        ("2025-11", "ledger", "2025-11-30", "2025-11-30", True),
    ]
    baseline, ledger = plan.periods[0], plan.periods[1]
    assert set(baseline.forms) == {"community", "company", "committee", "party", "subdistrict", "summary"}
    assert set(ledger.required_forms) - set(baseline.forms) == {
        "task",
        "credit",
        "dispute",
        "inspection",
        "satisfaction",
        "mechanism",
        "evidence",
    }
    assert ledger.optional_forms == ("neighbourhood", "meeting")
    assert len({p.forms for p in plan.periods[1:]}) == 1


def test_dates_and_readings_of_the_plan(plan: Plan) -> None:
    assert (iso(plan.issued), iso(plan.start), iso(plan.end)) == ("2023-10-17", "2023-01-01", "2025-12-31")
    assert iso(plan.operational_deadline) == "2025-11-30"
    assert plan.evaluation is not None
    assert (iso(plan.evaluation.start), iso(plan.evaluation.end)) == ("2025-12-01", "2025-12-31")
    assert iso(plan.parameters.new_build_cutoff) == "2023-01-01"
    assert plan.parameters.bodies_counted == ("owners_committee", "pm_committee")
    assert plan.parameters.counted_statuses == ("formed", "term_expired", "re_election")


@pytest.mark.parametrize("item_id", RUBRIC)
def test_rubric_item(plan: Plan, item_id: str) -> None:
    assert plan.rubric is not None
    item = next(i for i in plan.rubric.items if i.id == item_id)
    indicators, points, method, params, evidence, clause = RUBRIC[item_id]
    assert (item.indicators, item.points, item.method) == (tuple(indicators.split()), points, method)
    assert (item.evidence, item.clause) == (evidence, clause)
    assert item.evidence_note
    assert item.districts == (LINHE if item_id == "A5" else EVERYWHERE)
    if params is not None:
        given = {k: [str(d) for d in v] if k == "occasions" else v for k, v in item.params.given.items()}
        given = {k: str(v) if k == "due" else v for k, v in given.items()}
        assert given == params


def test_building_stewards_in_linhe_and_party_members_elsewhere(plan: Plan) -> None:
    assert plan.rubric is not None
    linhe, others = next(i for i in plan.rubric.items if i.id == "B4").params.cases
    assert (linhe.districts, linhe.indicator, linhe.method) == (LINHE, "building_steward_pilot", "boolean")
    assert (others.districts, others.indicator) == (EVERYWHERE, "committees_with_party_member_rate")
    assert (others.method, others.params.target) == ("proportional", 100)


def test_the_rubric_as_a_whole(plan: Plan) -> None:
    rubric = plan.rubric
    assert rubric is not None
    assert [i.id for i in rubric.items] == list(RUBRIC)
    assert {g.id: sum(i.points for i in g.items) for g in rubric.groups} == {
        "A": 35,
        "B": 20,
        "C": 20,
        "D": 10,
        "E": 6,
        "F": 3,
        "G": 6,
    }
    assert rubric.total == 100
    assert rubric.is_proposal
    assert rubric.period == "2025-11"
    assert [(g.name.zh, g.at_least) for g in rubric.grades] == [
        ("优秀", 90),
        ("良好", 80),
        ("合格", 60),
        ("不合格", 0),
    ]
    assert (rubric.bonus.cap, [(b.id, b.points) for b in rubric.bonus.items]) == (
        5,
        [
            ("state_owned_company", 1),
            ("commendation", 1),
            ("experience_circulated", 1),
            ("fee_collection_rise", 1),
            ("local_standard", 1),
        ],
    )
    assert (rubric.penalty.cap, [(p.id, p.points, p.per_case) for p in rubric.penalty.items]) == (
        5,
        [("data_error", 2, True), ("late_rectification_reply", 1, False)],
    )
    assert rubric.penalty.items[0].claimed_difference_over == 2
    assert [(v.id, v.effect, v.grade) for v in rubric.vetoes] == [
        ("falsified_data", "cap_grade", "pass"),
        ("no_final_ledger", "disqualify", None),
        ("fatal_accident", "downgrade_one", None),
        ("refused_check", "disqualify", None),
    ]
    assert (rubric.vetoes[1].no_submission_for, iso(rubric.vetoes[1].after)) == ("2025-11", "2025-12-31")
    assert (rubric.rank_ranges.weight_spread, rubric.rank_ranges.draws) == (20, 1000)


def test_points_of_the_three_reports_are_exact(plan: Plan) -> None:
    assert plan.rubric is not None
    item = next(i for i in plan.rubric.items if i.id == "G4")
    assert item.params.points_each is not None
    assert item.params.points_each * len(item.params.occasions) == Decimal(2)
