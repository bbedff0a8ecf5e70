"""Items and scores of the Bayannur rubric: what figures, documents, dates and evidence earn, and the reasons told."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from pipelines.warehouse.assessment import ITEM_SCHEMA, SCORE_SCHEMA, AssessmentInputs, assess, verdict_row
from pipelines.warehouse.facts import Facts, Indicator, Item, Period, Target, Text
from pipelines.warehouse.judging import judge
from tests.warehouse.scene import HANGJIN, LINHE, PLAN, WUYUAN, Scene

H = HANGJIN


def test_without_plans_there_is_nothing_to_assess() -> None:
    items, scores = assess(AssessmentInputs.of(date(2025, 12, 5)))
    assert (items.schema, scores.schema) == (ITEM_SCHEMA, SCORE_SCHEMA)
    assert items.is_empty()


def test_inputs_say_what_they_lack() -> None:
    with pytest.raises(ValueError, match="doubt lacks district_code"):
        AssessmentInputs.of(date(2025, 12, 5), doubt=pl.DataFrame({"plan_id": []}))
    with pytest.raises(ValueError, match="no such assessment input: douts"):
        AssessmentInputs.of(date(2025, 12, 5), douts=pl.DataFrame())


@pytest.mark.parametrize(
    ("item", "indicator", "share", "points"),
    [
        ("A1", "pm_coverage_rate", (400, 400), "12"),
        ("A1", "pm_coverage_rate", (9996, 10000), "11.98"),
        ("A2", "professional_pm_coverage_rate", (76, 100), "8.55"),
        ("A2", "professional_pm_coverage_rate", (81, 100), "9"),
        ("A3", "professional_pm_coverage_rate_new", (8, 11), "2"),
        ("B1", "committee_formation_rate", (361, 400), "10.37"),
        ("B3", "committee_in_term_filed_rate", (2, 4), "1.5"),
        ("B4", "committees_with_party_member_rate", (3, 4), "1.5"),
        ("C1", "owner_satisfaction_rate", (155, 200), "5.25"),
        ("E1", "subdistrict_mediation_rate", (1, 4), "0.5"),
        ("G3", "street_pm_body_rate", (1, 2), "1"),
    ],
)
def test_rates(item: str, indicator: str, share: tuple[int, int], points: str) -> None:
    row = Scene().rate(H, indicator, *share).proof(H, indicator).item(H, item)
    assert (row["status"], row["points"]) == ("scored", Decimal(points))
    assert row["period_id"] == "2025-11"
    assert (row["numerator"], row["denominator"]) == share
    assert row["indicator_id"] == indicator
    assert f"（{share[0]}/{share[1]}）" in row["reason"]
    assert f"({share[0]}/{share[1]})" in row["reason_en"]


def test_the_reason_says_what_was_lost_and_what_is_lacking() -> None:
    row = Scene().rate(H, "committee_formation_rate", 361, 400).proof(H, "committee_formation_rate").item(H, "B1")
    assert "90.25%" in row["reason"]
    assert "得10.37分，失1.63分（满分12分），还差19个小区达到目标" in row["reason"]
    assert (row["actual"], row["target"], row["unit"]) == (90.25, 95.0, "%")


def test_just_below_full_coverage_is_not_shown_as_full() -> None:
    row = Scene().rate(H, "pm_coverage_rate", 99999, 100000).proof(H, "pm_coverage_rate").item(H, "A1")
    assert "99.99%" in row["reason"]
    assert row["points"] == Decimal(12)


def test_an_empty_denominator_does_not_apply() -> None:
    scene = Scene().rate(H, "pm_coverage_rate_renovated_old", 0, 0)
    row = scene.item(H, "A4")
    assert (row["status"], row["points"], row["points_low"]) == ("not_applicable", None, None)
    assert "不计分" in row["reason"]


def test_items_out_of_scope_do_not_apply() -> None:
    items, _ = Scene().judged()
    status = dict(items.filter(item_id="A5").select("district_code", "status").rows())
    assert {code for code, one in status.items() if one != "not_applicable"} == {LINHE}


@pytest.mark.parametrize("share", [(None, 400), (None, None)])
def test_no_data_earns_nothing_but_still_counts(share: tuple[int | None, int | None]) -> None:
    row = Scene().rate(H, "pm_coverage_rate", *share).item(H, "A1")
    assert (row["status"], row["points"]) == ("no_data", Decimal(0))
    assert "无数据" in row["reason"]


def test_no_evidence_earns_nothing_where_it_is_asked_for() -> None:
    row = Scene().rate(H, "pm_coverage_rate", 1, 1).item(H, "A1")
    assert (row["status"], row["points"]) == ("no_evidence", Decimal(0))
    assert "应得12分，但佐证材料清单中没有本项材料" in row["reason"]
    ledger = Scene().rate(H, "committee_in_term_filed_rate", 1, 1).item(H, "B3")
    assert (ledger["status"], ledger["points"]) == ("scored", Decimal(3))


@pytest.mark.parametrize("subject", ["A1", "a1", "pm_coverage_rate", "PM_coverage_rate "])
def test_evidence_names_the_item_or_its_indicator(subject: str) -> None:
    row = Scene().rate(H, "pm_coverage_rate", 1, 1).proof(H, subject).item(H, "A1")
    assert (row["status"], row["evidence_count"]) == ("scored", 1)


def test_what_earns_nothing_anyway_does_not_lack_evidence() -> None:
    row = Scene().rate(H, "pm_coverage_rate", 1, 2).item(H, "A1")
    assert (row["status"], row["points"]) == ("scored", Decimal(0))


@pytest.mark.parametrize(("share", "points"), [((75, 100), "3"), ((7499, 10000), "0"), ((751, 1000), "3")])
def test_a_dated_milestone_looks_at_its_own_period(share: tuple[int, int], points: str) -> None:
    scene = Scene().rate(H, "committee_formation_rate", *share, period_id="2024-11")
    row = scene.rate(H, "committee_formation_rate", 1, 100).item(H, "B2")
    assert (row["points"], row["period_id"], row["target"]) == (Decimal(points), "2024-11", 75.0)


@pytest.mark.parametrize(
    ("done", "points", "words"),
    [
        (date(2024, 12, 31), "3", "2024年12月31日完成"),
        (date(2025, 1, 1), "1.5", "晚于2024年12月31日，按50%计分"),
    ],
)
def test_late_counts_half(done: date, points: str, words: str) -> None:
    row = Scene().done(H, "credit_system_established", done).proof(H, "C3").item(H, "C3")
    assert row["points"] == Decimal(points)
    assert words in row["reason"]


def test_without_a_date_it_was_done_by_the_first_ledger_that_shows_it() -> None:
    early = Scene().done(H, "credit_system_established", None, "2024-11").done(H, "credit_system_established", None)
    assert early.proof(H, "C3").item(H, "C3")["points"] == Decimal(3)
    late = Scene().done(H, "credit_system_established", None).proof(H, "C3")
    assert late.item(H, "C3")["points"] == Decimal("1.5")


def test_what_was_shown_before_a_silent_period_stands() -> None:
    scene = Scene().done(H, "credit_system_established", date(2024, 6, 1), "2024-11", evidence_count=1)
    scene.done(H, "credit_system_established", None, is_done=False, is_reported=False)
    row = scene.item(H, "C3")
    assert (row["points"], row["period_id"], row["evidence_count"]) == (Decimal(3), "2024-11", 1)


def test_not_done_and_not_told_differ() -> None:
    told = Scene().done(H, "leading_group_established", None, is_done=False).item(H, "G1")
    untold = Scene().done(H, "leading_group_established", None, is_done=False, is_reported=False).item(H, "G1")
    assert (told["status"], untold["status"]) == ("scored", "no_data")
    assert told["points"] == untold["points"] == 0


@pytest.mark.parametrize(
    ("done", "points"), [("2025-02-28", "3"), ("2025-03-10", "1.5"), ("2025-03-31", "0"), (None, "0")]
)
def test_deadline(done: str | None, points: str) -> None:
    day = date.fromisoformat(done) if done else None
    row = Scene().occasion(H, "credit_results_feb", date(2025, 2, 28), day).item(H, "C4")
    assert (row["status"], row["points"]) == ("scored", Decimal(points))


def test_only_the_named_occasions_count() -> None:
    scene = Scene().occasion(H, "credit_results_feb", date(2025, 2, 28), date(2025, 2, 1))
    scene.occasion(H, "credit_results_feb", date(2024, 2, 29), None, is_scored=False)
    assert scene.item(H, "C4")["points"] == Decimal(3)


def test_three_reports_two_thirds_each() -> None:
    days = ((2023, 28), (2024, 30), (2025, 29))
    scene = Scene()
    for year, day in days:
        scene.occasion(H, "annual_work_report_nov", date(year, 11, 30), date(year, 11, day))
    assert scene.item(H, "G4")["points"] == Decimal(2)
    late = Scene()
    for year, done in ((2023, date(2023, 11, 30)), (2024, date(2024, 12, 2)), (2025, None)):
        late.occasion(H, "annual_work_report_nov", date(year, 11, 30), done)
    row = late.item(H, "G4")
    assert row["points"] == Decimal("1.00")
    assert "2024年11月30日应报，迟2天；2025年11月30日应报未报" in row["reason"]


def test_shares_of_years() -> None:
    scene = Scene()
    for year in (2023, 2024, 2025):
        scene.occasion(
            H, "double_random_inspection_yearly", date(year, 12, 31), date(year, 5, 1) if year > 2023 else None
        )
    assert scene.item(H, "C6")["points"] == Decimal("1.33")


def test_dates_to_come_are_left_out_until_the_evaluation_begins() -> None:
    scene = Scene(now=datetime(2024, 6, 1))
    for year in (2023, 2024, 2025):
        done = date(2023, 11, 30) if year == 2023 else None
        scene.occasion(H, "annual_work_report_nov", date(year, 11, 30), done)
    row = scene.item(H, "G4")
    assert (row["points"], row["target"]) == (Decimal(2), 1.0)


def test_dates_yet_to_come_do_not_apply() -> None:
    scene = Scene(now=datetime(2023, 10, 1)).occasion(H, "credit_results_feb", date(2025, 2, 28), None)
    assert scene.item(H, "C4")["status"] == "not_applicable"


def test_a_sheet_never_given_is_no_data() -> None:
    scene = Scene().occasion(H, "credit_results_feb", date(2025, 2, 28), None, is_answered=False)
    assert scene.item(H, "C4")["status"] == "no_data"


@pytest.mark.parametrize("spoke", [True, False])
def test_what_a_ledger_dated_ahead_does_not_come_true_while_the_district_is_silent(spoke: bool) -> None:
    scene = Scene().proof(WUYUAN, "G1").done(WUYUAN, "leading_group_established", None, "2024-11", is_done=False)
    scene.done(WUYUAN, "leading_group_established", date(2025, 4, 30), "2025-11", is_reported=False)
    item = scene.ledger(WUYUAN, "2025-11", date(2025, 11, 28) if spoke else None).item(WUYUAN, "G1")
    assert (item["points"], item["period_id"]) == ((1, "2025-11") if spoke else (0, "2024-11"))


@pytest.mark.parametrize(("second", "points"), [(True, "2"), (False, "1")])
def test_checklist(second: bool, points: str) -> None:
    scene = Scene().done(H, "three_way_mediation", date(2024, 6, 1)).proof(H, "E3")
    row = scene.done(H, "litigation_mediation_linkage", date(2024, 6, 1) if second else None, is_done=second).item(
        H, "E3"
    )
    assert row["points"] == Decimal(points)
    assert row["reason"].startswith(f"2项中完成{points}项")


def test_cases_by_district() -> None:
    scene = Scene().done(LINHE, "building_steward_pilot", date(2024, 6, 1)).proof(LINHE, "B4")
    scene.rate(H, "committees_with_party_member_rate", 1, 4).proof(H, "B4")
    scene.rate(LINHE, "committees_with_party_member_rate", 1, 4)
    linhe, hangjin = scene.item(LINHE, "B4"), scene.item(H, "B4")
    assert (linhe["points"], linhe["indicator_id"]) == (Decimal(2), "building_steward_pilot")
    assert (hangjin["points"], hangjin["indicator_id"]) == (Decimal("0.5"), "committees_with_party_member_rate")


def test_open_warnings_make_a_range() -> None:
    scene = Scene().rate(H, "professional_pm_coverage_rate", 76, 100).proof(H, "A2")
    place = {"district_code": H, "period_id": "2025-11", "indicator_id": "professional_pm_coverage_rate"}
    scene.put("doubt", **place, doubtful_in=4, doubtful_out=30)
    row = scene.item(H, "A2")
    assert [row[c] for c in ("points_low", "points", "points_high")] == [Decimal("8.10"), Decimal("8.55"), Decimal(9)]
    assert "可能为8.1–9分" in row["reason"]


def test_what_holds_on_paper_only_counts_against() -> None:
    scene = Scene().rate(H, "committee_formation_rate", 95, 100).proof(H, "B1")
    scene.rate(H, "committee_formation_rate", 60, 100, variant="strict")
    row = scene.item(H, "B1")
    assert (row["points_low"], row["points"], row["points_high"]) == (Decimal(0), Decimal(12), Decimal(12))


# --- the district's standing


def test_normalised_over_what_applies() -> None:
    scene = Scene().rate(H, "pm_coverage_rate", 1, 1).proof(H, "A1")
    row = scene.score(H)
    items, _ = scene.judged()
    applicable = items.filter((pl.col("district_code") == H) & (pl.col("status") != "not_applicable"))[
        "max_points"
    ].sum()
    assert row["raw_points"] == Decimal(12)
    assert row["applicable_points"] == applicable
    assert row["score"] == round(12 / Decimal(applicable) * 100, 2)


def test_every_item_of_every_district_with_a_reason() -> None:
    items, scores = Scene().judged()
    assert items.height == 28 * 7
    assert items["reason"].null_count() == items["reason_en"].null_count() == 0
    assert scores.height == 7
    assert scores["is_proposal"].all()


def test_final_once_the_evaluation_has_begun_and_everything_is_in() -> None:
    assert Scene().score(H)["is_final"]
    early = Scene(now=datetime(2025, 11, 30, 23)).score(H)
    assert not early["is_final"]
    assert "2025年12月1日" in early["provisional_reason"]
    lacking = Scene().ledger(WUYUAN, "2024-11", None).score(H)
    assert not lacking["is_final"]
    assert lacking["provisional_reason"].startswith("五原县2024年度")
    assert lacking["provisional_reason_en"] == "Provisional: not in: Wuyuan County (2024-11)."
    scene = Scene()
    for period in ("2023-baseline", "2023-11", "2024-11", "2025-11"):
        scene = scene.ledger(WUYUAN, period, None)
    many = scene.score(H)
    assert many["provisional_reason"].count("五原县") == 3
    assert many["provisional_reason"].endswith("等4份尚未收到，得分为暂定。")
    assert many["provisional_reason_en"].endswith("(2024-11) and 1 more.")


def test_a_reason_names_what_is_counted() -> None:
    row = Scene().rate(H, "committee_in_term_filed_rate", 60, 100).item(H, "B3")
    assert re.search(r"还差\d+个业委会达到目标", row["reason"])
    assert re.search(r"\d+ more committees reach the target", row["reason_en"])


def test_provisional_scores_stand_on_what_is_in() -> None:
    scene = Scene(now=datetime(2025, 6, 1)).rate(H, "pm_coverage_rate", 90, 100, period_id="2024-11").proof(H, "A1")
    row = scene.item(H, "A1")
    assert (row["points"], row["period_id"]) == (Decimal(6), "2024-11")
    sent = Scene(now=datetime(2025, 11, 20)).rate(H, "pm_coverage_rate", 1, 1).proof(H, "A1")
    sent.ledger(H, "2025-11", date(2025, 11, 19))
    assert sent.item(H, "A1")["period_id"] == "2025-11"
    assert sent.item(WUYUAN, "A1")["period_id"] == "2024-11"


@pytest.mark.parametrize(
    ("on", "now", "struck"),
    [
        (None, datetime(2025, 12, 31, 23), False),
        (None, datetime(2026, 1, 1, 9), True),
        (date(2025, 12, 31), datetime(2026, 1, 2), False),
        (date(2026, 1, 1), datetime(2026, 1, 2), True),
    ],
)
def test_no_ledger_by_the_end_of_the_year_disqualifies(on: date | None, now: datetime, struck: bool) -> None:
    row = Scene(now=now).ledger(H, "2025-11", on).score(H)
    assert (row["veto"] == "no_final_ledger") is struck
    if struck:
        assert row["grade"] == "不合格"
        assert "2025年12月31日" in row["veto_reason"]


def entered(scene: Scene, kind: str, entry: str, item: str | None = None, district: str = H) -> Scene:
    return scene.put(
        "assessment_entry", district_code=district, kind=kind, entry_id=entry, item_id=item, reason="经核查"
    )


def test_falsified_data_take_the_item_away() -> None:
    scene = entered(Scene().rate(H, "pm_coverage_rate", 1, 1).proof(H, "A1"), "veto", "falsified_data", "A1")
    row = scene.item(H, "A1")
    assert row["points"] == row["points_high"] == 0
    assert "一票否决" in row["reason"]
    assert scene.score(H)["veto"] == "falsified_data"


def test_bonus_from_figures_and_from_analysts() -> None:
    scene = entered(Scene().done(H, "state_owned_pm_company", date(2024, 1, 1)), "bonus", "commendation")
    scene.rate(H, "fee_collection_rate", 70, 100, period_id="2023-11").rate(H, "fee_collection_rate", 75, 100)
    row = scene.score(H)
    assert row["bonus"] == Decimal(3)
    assert "国有物业公司" in row["bonus_reason"]
    assert "提高5个百分点" in row["bonus_reason"]
    assert row["score"] == 0


def test_no_bonus_for_what_the_last_ledger_no_longer_shows() -> None:
    """As for the lines of the rubric: a task that is under way again is not done, whatever was said a year before."""
    scene = Scene().done(H, "state_owned_pm_company", None, period="2024-11")
    assert scene.score(H)["bonus"] == Decimal(1)
    scene.done(H, "state_owned_pm_company", None, is_done=False)
    assert scene.score(H)["bonus"] == Decimal(0)


def test_bonus_is_capped_and_breaks_ties() -> None:
    scene = Scene()
    for entry in ("commendation", "experience_circulated"):
        entered(scene, "bonus", entry)
    _, scores = scene.judged()
    ranks = dict(scores.select("district_code", "rank").rows())
    equal = set(scores.filter(pl.col("score") == 0)["district_code"])
    assert ranks[H] == 1
    assert {ranks[code] for code in equal - {H}} == {2}


@pytest.mark.parametrize(("claimed", "penalty"), [(90, 0), (92, 0), (93, 2)])
def test_typed_totals_more_than_two_points_off(claimed: int, penalty: int) -> None:
    scene = Scene().rate(H, "pm_coverage_rate", 90, 100, variant="reported")
    scene.rate(H, "pm_coverage_rate", claimed, 100, variant="claimed")
    row = scene.score(H)
    assert row["penalty"] == penalty
    if penalty:
        assert "自报93%、复算90%" in row["penalty_reason"]


def test_the_order_of_rows_plays_no_part() -> None:
    scene = Scene().rate(H, "pm_coverage_rate", 95, 100).rate(WUYUAN, "pm_coverage_rate", 99, 100)
    scene.proof(H, "A1").proof(WUYUAN, "A1")
    first = scene.judged()
    for rows in scene.rows.values():
        rows.reverse()
    scene.rows.pop("submission_status")
    second = scene.judged()
    assert all(a.equals(b) for a, b in zip(first, second, strict=True))


def test_a_method_that_cannot_judge_its_indicator_says_so() -> None:
    day = date(2025, 11, 30)
    facts = Facts(
        today=date(2025, 12, 5),
        horizon=day,
        periods=(Period("p", "期", day, day),),
        indicators={"n": Indicator("n", Text("次数", "count"), "count", "occasions", False, None)},
        values={("d", "n", "p", "audited"): (Fraction(1), None)},
    )
    odd = Item("X1", ("n",), "magic", Fraction(1), {}, "none", None, None)
    with pytest.raises(ValueError, match="item X1: the method magic cannot judge n"):
        judge(odd, "d", facts)


def test_plan_is_the_built_in_one() -> None:
    assert Scene().judged()[1]["plan_id"].unique().to_list() == [PLAN]


@pytest.mark.parametrize(
    ("item", "indicator", "share", "gain"),
    [
        ("B1", "committee_formation_rate", (361, 400), "0.09"),
        ("A1", "pm_coverage_rate", (400, 400), "0"),
        ("A3", "professional_pm_coverage_rate_new", (8, 11), "1"),
        ("A2", "professional_pm_coverage_rate", (79, 100), "0.11"),
        ("A2", "professional_pm_coverage_rate", (80, 100), "0"),
    ],
)
def test_one_more_unit_brings(item: str, indicator: str, share: tuple[int, int], gain: str) -> None:
    row = Scene().rate(H, indicator, *share).proof(H, indicator).item(H, item)
    assert row["next_unit_points"] == Decimal(gain)
    assert row["points_lost"] == row["max_points"] - row["points"]


@pytest.mark.parametrize(("formed", "gain"), [(298, "0"), (299, "3"), (300, "0")])
def test_one_more_unit_brings_all_or_nothing_at_a_threshold(formed: int, gain: str) -> None:
    row = Scene().rate(H, "committee_formation_rate", formed, 400, period_id="2024-11").item(H, "B2")
    assert row["next_unit_points"] == Decimal(gain)


def test_what_a_document_a_date_or_evidence_would_still_bring() -> None:
    undone = Scene().done(H, "credit_system_established", None, is_done=False)
    assert undone.item(H, "C3")["next_unit_points"] == Decimal("1.5"), "after its date it counts half"
    unproven = Scene().rate(H, "professional_pm_coverage_rate", 76, 100).item(H, "A2")
    assert (unproven["status"], unproven["next_unit_points"]) == ("no_evidence", Decimal("8.55"))
    assert Scene().item(H, "A2")["next_unit_points"] is None, "nothing is known"
    missed = Scene().occasion(H, "credit_results_feb", date(2025, 2, 28), None, is_answered=True).item(H, "C4")
    assert missed["next_unit_points"] == Decimal(0), "nine months late earns nothing"


@pytest.mark.parametrize(
    ("item", "indicator", "share", "expected"),
    [
        # Up to the floor of 80 % nothing is earned: 6 of 100 more are the first that earn.
        ("A1", "pm_coverage_rate", (75, 100), ("below_floor", 6, "0.60")),
        ("A1", "pm_coverage_rate", (80, 100), ("below_floor", 1, "0.60")),
        ("A1", "pm_coverage_rate", (99, 100), ("short_of_target", 1, "0.60")),
        ("A1", "pm_coverage_rate", (100, 100), ("full", None, None)),
        # Seven missed of five points' worth: the third one won is the first that counts.
        ("A3", "professional_pm_coverage_rate_new", (4, 11), ("short_of_target", 3, "1")),
        ("A2", "professional_pm_coverage_rate", (0, 100), ("short_of_target", 1, "0.11")),
    ],
)
def test_the_fewest_units_that_bring_anything(
    item: str, indicator: str, share: tuple[int, int], expected: tuple[str, int | None, str | None]
) -> None:
    row = Scene().rate(H, indicator, *share).proof(H, indicator).item(H, item)
    points = row["units_to_gain_points"]
    assert (row["reason_code"], row["units_to_gain"], points) == (*expected[:2], expected[2] and Decimal(expected[2]))
    assert row["next_unit"] == "communities"


def test_a_threshold_asks_for_all_of_the_gap() -> None:
    row = Scene().rate(H, "committee_formation_rate", 290, 400, period_id="2024-11").item(H, "B2")
    assert (row["next_unit_points"], row["units_to_gain"], row["units_to_gain_points"]) == (0, 10, 3)


def test_why_in_a_word() -> None:
    scene = Scene().done(H, "credit_system_established", date(2025, 3, 1)).proof(H, "C3")
    assert scene.item(H, "C3")["reason_code"] == "done_late"
    undone = Scene().done(H, "credit_system_established", None, is_done=False).item(H, "C3")
    assert (undone["reason_code"], undone["next_unit"], undone["units_to_gain"]) == ("not_done", "document", 1)
    late = Scene().occasion(H, "credit_results_feb", date(2025, 2, 28), date(2025, 3, 10)).item(H, "C4")
    assert (late["reason_code"], late["next_unit"], late["units_to_gain"]) == ("dates_late", "date", None)
    missed = Scene().occasion(H, "credit_results_feb", date(2025, 2, 28), None).item(H, "C4")
    assert (missed["reason_code"], missed["units_to_gain"]) == ("dates_missed", None)
    unproven = Scene().rate(H, "professional_pm_coverage_rate", 76, 100).item(H, "A2")
    assert (unproven["reason_code"], unproven["next_unit"], unproven["units_to_gain"]) == ("no_evidence", "evidence", 1)
    assert Scene().item(H, "A2")["reason_code"] == "no_data"
    assert Scene().item(H, "A5")["reason_code"] == "not_applicable"


TIERS: dict[str, object] = {"tiers": [{"at_least": 3, "points": 2}, {"at_least": 5, "points": 4}]}


@pytest.mark.parametrize(
    ("method", "params", "share", "target", "expected"),
    [
        # Points, what one more brings, the fewest that bring anything, what they bring.
        ("tiered", TIERS, (1, None), "gte 5", (0, 0, 2, 2)),
        ("tiered", TIERS, (4, None), "gte 5", (2, 2, 1, 2)),
        ("tiered", TIERS, (5, None), "gte 5", (4, 0, None, None)),
        ("control", {"limit": 10}, (25, 100), "lte 10", (0, 0, 6, "0.4")),
        ("control", {"limit": 10}, (11, 100), "lte 10", ("3.6", "0.4", 1, "0.4")),
        ("control", {"limit": 10}, (10, 100), "lte 10", (4, 0, None, None)),
        ("boolean", {}, (12, 100), "lte 10", (0, 0, 2, 4)),
        ("boolean", {}, (50, 100), "gt 50", (0, 4, 1, 4)),
        ("deduct_per_pp", {"points_each": 1}, (90, 100), "gte 95", (0, 0, 2, 1)),
        ("deduct_per_pp", {"points_each": 1}, (94, 100), "gte 95", (3, 1, 1, 1)),
        ("proportional_from_baseline", {}, (15, 100), "lte 10", (2, "0.4", 1, "0.4")),
        ("proportional", {}, (1, 3), "gte 100", ("1.33", "1.34", 1, "1.34")),
    ],
)  # fmt: skip
def test_what_more_brings_by_every_method(
    method: str, params: dict[str, object], share: tuple[int, int | None], target: str, expected: tuple[object, ...]
) -> None:
    """Of four points; the baseline is 20 of 100. Where less is better one fewer is won."""
    operator, goal = target.split()
    first, last = date(2024, 11, 30), date(2025, 11, 30)
    facts = Facts(
        today=date(2025, 12, 5),
        horizon=last,
        periods=(Period("a", "甲期", first, first), Period("b", "乙期", last, last)),
        indicators={"n": Indicator("n", Text("指标", "figure"), "rate", "communities", False, None)},
        targets={"n": (Target(last, operator, Fraction(goal)),)},
        values={
            ("d", "n", "a", "audited"): (Fraction(20), Fraction(100)),
            ("d", "n", "b", "audited"): (Fraction(share[0]), None if share[1] is None else Fraction(share[1])),
        },
    )
    verdict = judge(Item("X1", ("n",), method, Fraction(4), params, "none", None, None), "d", facts)
    row = verdict_row(verdict, Fraction(4))
    got = tuple(row[name] for name in ("points", "next_unit_points", "units_to_gain", "units_to_gain_points"))
    assert got == tuple(value if value is None else Decimal(str(value)) for value in expected)
