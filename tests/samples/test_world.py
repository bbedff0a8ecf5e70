"""The made-up world keeps its own laws, and each district's story is really in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from pipelines.forms import FORMS
from pipelines.forms.codes import judge_uscc
from pipelines.forms.keys import name_key, subdistrict_key
from pipelines.forms.personal import find
from pipelines.forms.types import Enum
from pipelines.plans import Plan, load_plans
from pipelines.samples import District, Ledger, Submission, histories
from pipelines.samples.problems import PROBLEMS, SYNTHETIC_IDENTITY, SYNTHETIC_PHONE
from pipelines.samples.stories import story_of
from pipelines.samples.truth import ROWS, Community

World = dict[str, District]


def submissions(world: World) -> Iterator[Submission]:
    return (s for district in world.values() for s in district.submissions)


def completed(ledger: Ledger) -> list[Community]:
    return [c for c in ledger.of("community") if c.is_completed and c.change_type != "demolished"]


def rate(rows: list[Community], flag: str) -> tuple[int, int]:
    return sum(getattr(row, flag) for row in rows), len(rows)


def with_committee(ledger: Ledger) -> int:
    counted = {
        (b.subdistrict, b.community_name)
        for b in ledger.of("committee")
        if b.status in ("formed", "term_expired", "re_election")
    }
    return sum((c.subdistrict, c.community_name) in counted for c in completed(ledger))


# -- laws --------------------------------------------------------------------------------------------------------------


def test_rows_speak_the_language_of_the_forms(world: World) -> None:
    for name, row_class in ROWS.items():
        fields = {column.field for column in FORMS[name].columns}
        assert set(row_class.__dataclass_fields__) <= fields
        words = {
            column.field: column.allowed
            for column in FORMS[name].columns
            if isinstance(column.type, Enum) and not column.type.open
        }
        for submission in submissions(world):
            for row in submission.ledger.of(name):
                for field, allowed in words.items():
                    value = row.cells().get(field)
                    assert value is None or value in allowed, f"{name}.{field}: {value}"


def test_every_district_and_period_of_the_plan_is_told(plan: Plan, world: World) -> None:
    assert list(world) == [district.code for district in plan.districts]
    for district in world.values():
        assert list(district.stood) == [period.id for period in plan.periods]
    asked = {period.id: set(period.forms) for period in plan.periods}
    for submission in submissions(world):
        assert set(submission.ledger.rows) == asked[submission.ledger.period_id]
        assert submission.received_at.date() >= submission.filled


def test_every_plan_is_played_in_its_own_calendar() -> None:
    """No workbook comes years after its period, and only one that is told to be late comes after its date."""
    for plan in load_plans().values():
        for district in plan.districts:
            course = story_of(plan, district.code, Random(1))["course"]
            for period, sent in zip(plan.periods, course["sent"], strict=True):
                for first, *_ in [sent] if sent else []:
                    at = datetime.fromisoformat(first["at"]).date()
                    assert period.as_of - timedelta(days=10) <= at <= period.due + timedelta(days=10), district.code


def test_communities_are_told_apart(world: World) -> None:
    for submission in submissions(world):
        rows = submission.ledger.of("community")
        codes = [row.community_code for row in rows if row.community_code]
        assert len(codes) == len(set(codes))
        names = Counter((subdistrict_key(row.subdistrict), name_key(row.community_name)) for row in rows)
        assert max(names.values()) == 1


def test_a_clean_ledger_breaks_no_rule_that_withholds_a_value(world: World) -> None:
    for submission in submissions(world):
        ledger = submission.ledger
        companies = {(c.company_name, c.uscc) for c in ledger.of("company")}
        for row in ledger.of("community"):
            assert row.households >= 1
            assert 20 <= row.floor_area_sqm / row.households <= 400
            assert (row.occupied_households or 0) <= row.households
            assert row.is_professional == (row.company_name is not None)
            if row.is_professional:
                assert (row.company_name, row.uscc) in companies
                assert row.contract_start <= row.contract_end
            if row.is_completed:
                assert row.delivered_date <= ledger.as_of
                assert row.is_new_build == (row.delivered_date.year >= 2023)
            assert row.renovation_status != "completed" or row.is_old_community
        for body in ledger.of("committee"):
            if body.status in ("formed", "term_expired", "re_election"):
                assert body.established_date <= ledger.as_of
                assert body.filed_date is None or body.filed_date >= body.established_date
                assert body.party_member_count <= body.member_count
                assert (body.status == "formed") == (body.term_end >= ledger.as_of)
        for case in ledger.of("dispute"):
            assert case.closed_date is None or case.closed_date >= case.received_date
        for survey in ledger.of("satisfaction"):
            rest = survey.neutral + survey.dissatisfied + survey.very_dissatisfied
            assert survey.satisfied_answers + rest == survey.valid_answers <= survey.sampled
            assert min(survey.satisfied, survey.neutral, survey.very_dissatisfied) >= 0


def test_what_the_clerk_adds_up_is_what_the_rows_say(world: World) -> None:
    for submission in submissions(world):
        ledger, rows = submission.ledger, completed(submission.ledger)
        totals = {total.measure: total.value for total in ledger.of("summary")}
        assert totals["community_count"] == len(rows)
        assert totals["managed_count"] == rate(rows, "is_managed")[0]
        assert totals["professional_count"] == rate(rows, "is_professional")[0]
        assert totals["committee_count"] == with_committee(ledger)
        assert totals["floor_area_sqm"] == sum(row.floor_area_sqm for row in rows)


def test_nothing_happens_without_a_word_except_what_is_dropped(world: World) -> None:
    """From ledger to ledger: closing = opening + added + split − merged − demolished + corrected − dropped + found."""
    for district in world.values():
        ledgers = [
            s.ledger
            for p in district.stood
            if (s := district.effective(p)) and s.ledger.of("community")[0].community_code
        ]
        for before, after in pairwise(ledgers):
            opening, closing = ({c.community_code: c for c in completed(x)} for x in (before, after))
            changes = Counter(row.change_type for row in after.of("community") if row.is_completed)
            parents = [
                code
                for row in after.of("community")
                if row.change_type == "merge"
                for code in row.prior_codes.split("、")
            ]
            assert set(parents) <= set(opening)
            gone = {c.community_code for c in after.dropped} & set(opening)
            found = {c.community_code for c in before.dropped} & set(closing)
            expected = len(opening) + changes["new_delivery"] + changes["scope_correction"] + changes["split"] // 2
            expected += changes["merge"] - len(parents) - changes["demolished"] - len(gone) + len(found)
            assert len(closing) == expected


def test_credit_codes_are_sound_and_nobody_is_named(world: World) -> None:
    for submission in submissions(world):
        for company in submission.ledger.of("company"):
            assert judge_uscc(company.uscc) == "valid"
            assert company.legal_representative is None
        hits = [
            text[hit.start : hit.end]
            for rows in submission.ledger.rows.values()
            for row in rows
            for field, text in row.cells().items()
            if isinstance(text, str) and field != "sha256"
            for hit in find(text)
        ]
        assert hits == []


def test_another_seed_makes_another_world_and_the_same_seed_the_same(plan: Plan, world: World) -> None:
    again, other = (next(histories(plan, districts=["150825"], seed=seed)) for seed in (2023, 7))
    assert again == world["150825"]
    assert other != world["150825"]


@pytest.mark.parametrize("communities", [12, 150])
def test_the_size_is_a_parameter(plan: Plan, communities: int) -> None:
    for district in histories(plan, communities=communities):
        last = district.effective("2025-11")
        assert last is not None
        rows = completed(last.ledger)
        standing = len(rows) + sum(c.is_completed for c in last.ledger.dropped)
        assert abs(standing - communities) <= max(2, communities // 10)


@pytest.mark.parametrize("communities", [1, 4])
def test_a_tiny_world_leaves_out_what_has_no_room(plan: Plan, communities: int) -> None:
    for seed in range(4):
        for district in histories(plan, communities=communities, seed=seed):
            assert all(district.stood.values())


# -- stories -----------------------------------------------------------------------------------------------------------


def last(world: World, code: str, period: str) -> Ledger:
    effective = world[code].effective(period)
    assert effective is not None
    return effective.ledger


def test_linhe_misses_every_target_by_one(world: World) -> None:
    ledger = last(world, "150802", "2025-11")
    rows = completed(ledger)
    managed, of = rate(rows, "is_managed")
    assert managed == of - 1
    professional = rate(rows, "is_professional")[0]
    assert 100 * professional < 80 * of <= 100 * (professional + 1)
    formed = with_committee(ledger)
    assert 100 * formed < 95 * of <= 100 * (formed + 1)
    assert f"{100 * formed / of:.1f}" == "95.0"  # as it would be printed
    new = [row for row in rows if row.is_new_build]
    assert rate(new, "is_professional")[0] == len(new) - 1
    renovated = [row for row in rows if row.is_renovated_old]
    assert rate(renovated, "is_managed")[0] == len(renovated) - 1
    answers = sum(s.valid_answers for s in ledger.of("satisfaction"))
    satisfied = sum(s.satisfied_answers for s in ledger.of("satisfaction"))
    assert 100 * satisfied < 80 * answers <= 100 * (satisfied + 1)
    earlier = completed(last(world, "150802", "2024-11"))
    assert rate(earlier, "is_managed")[0] == len(earlier) - 1
    assert 100 * (with_committee(last(world, "150802", "2024-11")) + 1) >= 75 * len(earlier)


def test_wuyuan_leads_after_a_returned_first_ledger(world: World) -> None:
    district = world["150821"]
    ledger = last(world, "150821", "2025-11")
    rows = completed(ledger)
    assert rate(rows, "is_managed") == (len(rows), len(rows))
    assert rate(rows, "is_professional")[0] * 100 >= 80 * len(rows)
    assert with_committee(ledger) * 100 >= 95 * len(rows)
    first, second = (s for s in district.submissions if s.ledger.period_id == "2023-11")
    assert first.returned
    assert not second.returned
    assert district.effective("2023-11") is second
    assert district.effective("2023-11", known_at=first.received_at) is None


def test_dengkou_drops_nine_and_lists_three_again(world: World) -> None:
    dropped = last(world, "150822", "2024-11").dropped
    assert len(dropped) == 9
    assert not any(row.is_managed for row in dropped)
    now = last(world, "150822", "2025-11")
    assert len(now.dropped) == 6
    listed = {row.community_code: row for row in now.of("community")}
    assert sum(row.community_code in listed for row in dropped) == 3
    stood = [row for row in world["150822"].stood["2024-11"] if row.is_completed]
    reported = completed(last(world, "150822", "2024-11"))
    assert rate(reported, "is_managed")[0] / len(reported) > rate(stood, "is_managed")[0] / len(stood) + 0.1


def test_urad_front_merges_its_way_up(world: World) -> None:
    before, after = last(world, "150823", "2023-11"), last(world, "150823", "2024-11")
    assert with_committee(after) == with_committee(before)
    assert len(completed(after)) < 0.85 * len(completed(before))
    merged = [row for row in after.of("community") if row.change_type == "merge"]
    by_code = {row.community_code: row for row in before.of("community")}
    assert len(merged) == 11
    for row in merged:
        parents = [by_code[code] for code in row.prior_codes.split("、")]
        assert row.households == sum(parent.households for parent in parents)
        assert row.floor_area_sqm == sum(parent.floor_area_sqm for parent in parents)


def test_the_silent_the_late_and_the_one_without_new_estates(plan: Plan, world: World) -> None:
    assert world["150824"].effective("2024-11") is None
    surveys = [s for sub in world["150824"].submissions for s in sub.ledger.of("satisfaction")]
    assert {s.organiser for s in surveys} == {"self"}
    due = {period.id: period.due for period in plan.periods}
    late = {
        (district.code, s.ledger.period_id)
        for district in world.values()
        for s in district.submissions
        if s.received_at.date() > due[s.ledger.period_id] and s.version == 1
    }
    assert late == {("150823", "2023-baseline"), ("150823", "2024-11"), ("150825", "2025-11")}
    assert not any(row.is_new_build for row in world["150825"].stood["2025-11"])


def test_hanggin_tells_2024_again_in_2025_with_better_numbers(world: World) -> None:
    first, second = (s for s in world["150826"].submissions if s.ledger.period_id == "2024-11")
    assert second.received_at.year == 2025
    worse, better = completed(first.ledger), completed(second.ledger)
    assert rate(worse, "is_managed")[0] < rate(better, "is_managed")[0]
    assert 100 * with_committee(first.ledger) < 75 * len(worse)
    assert 100 * with_committee(second.ledger) >= 75 * len(better)


def test_credit_results_are_on_time_late_and_missing(world: World) -> None:
    sent = {
        code: {c.rating_year: c.submitted_date.isoformat() for c in last(world, code, "2025-11").of("credit")}
        for code in world
    }
    assert sent["150822"][2024] == "2025-03-10"
    assert sent["150826"] == {2023: "2024-02-29", 2024: "2025-02-28"}
    assert 2023 not in sent["150824"]


def test_companies_work_in_several_districts_and_bodies_share_a_community(world: World) -> None:
    districts = Counter(
        company.uscc
        for code in world
        for company in {c.uscc: c for c in last(world, code, "2025-11").of("company")}.values()
    )
    assert max(districts.values()) == 3
    states: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for code in world:
        for body in last(world, code, "2025-11").of("committee"):
            states.setdefault((code, body.community_name), set()).add((body.body_type, body.status))
    replaced = {("owners_committee", "term_expired"), ("pm_committee", "formed")}
    assert any(replaced <= found for found in states.values())


# -- problems ----------------------------------------------------------------------------------------------------------


def test_every_kind_of_problem_is_planted_somewhere(world: World) -> None:
    told = {name for s in submissions(world) for name in s.problems}
    harmless = {"percent_text", "dates_as_text", "unknown_words"}
    assert told >= set(PROBLEMS) - harmless
    for submission in submissions(world):
        for name in set(submission.problems) - harmless:
            rule = name.split("_")[0] if name[0] in "RT" else None
            assert any(rule in (None, p.rule_id) for p in submission.planted), name
        assert (rules := [p.rule_id for p in submission.planted]) or not set(submission.problems) - harmless, rules


def test_what_must_be_read_differs_from_the_ledger_only_where_a_problem_says_so(world: World) -> None:
    for submission in submissions(world):
        if submission.returned:
            assert submission.as_read("community") == []
            continue
        for form in submission.ledger.rows:
            clean = [row.cells() for row in submission.ledger.of(form)]
            read = submission.as_read(form)
            spoilt = {p.row for p in submission.planted if p.form == form}
            if any(p.rule_id == "T14" for p in submission.planted if p.form == form):
                assert len(read) == len(clean) - 1
                continue
            for place, cells in enumerate(clean):
                if place not in spoilt and None not in spoilt and "unknown_words" not in submission.problems:
                    assert read[place] == cells, f"{submission.file_name} {form} {place}"


def test_personal_data_is_planted_with_constants_only(world: World) -> None:
    rows = [row for s in submissions(world) for sheet in s.typed.values() for row in sheet]
    texts = [str(value) for row in rows for field, value in row.items() if field != "sha256"]
    hits = {text[hit.start : hit.end] for text in texts for hit in find(text)}
    assert hits == {SYNTHETIC_PHONE, SYNTHETIC_IDENTITY}
