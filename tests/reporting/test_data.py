from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.reporting import data
from pipelines.reporting.data import current_period, tone
from pipelines.reporting.marts import Change, Indicator, Issue, Marts, Period
from tests.reporting.conftest import HOSTILE, PLAN, REPLACED, RESENT, SILENT


@pytest.fixture
def facts(marts: Path):
    with Marts(marts) as source:
        [plan] = source.plans()
        yield data.load(source, plan)


def _period(name: str, day: date, is_due: bool) -> Period:
    return Period(period_id=name, as_of=day, is_due=is_due)


BASELINE = _period("2023-baseline", date(2023, 9, 30), True)
FIRST = _period("2023-11", date(2023, 11, 30), True)
SECOND = _period("2024-11", date(2024, 11, 30), False)


@pytest.mark.parametrize(
    ("periods", "reporting", "shown"),
    [
        ([BASELINE, FIRST, SECOND], {"2023-baseline": 7, "2023-11": 6}, "2023-11"),
        ([BASELINE, FIRST, SECOND], {"2023-11": 0}, "2023-11"),
        ([BASELINE, FIRST, SECOND], {"2023-11": 7, "2024-11": 3}, "2023-11"),
        ([BASELINE, FIRST, SECOND], {"2023-11": 7, "2024-11": 7}, "2024-11"),
        ([replace(BASELINE, is_due=False), replace(FIRST, is_due=False)], {"2023-baseline": 2}, "2023-baseline"),
        ([replace(BASELINE, is_due=False)], {}, None),
        ([], {}, None),
    ],
)
def test_the_period_shown_is_the_last_due_or_the_first_complete(periods, reporting, shown) -> None:
    found = current_period(periods, reporting, 7)
    assert (found.period_id if found else None) == shown


@pytest.mark.parametrize(
    ("status", "binding", "family"),
    [
        ("overdue_not_met", "hard", "late"),
        ("overdue_not_met", "qualitative", "late"),
        ("overdue_not_met", "aspirational", "soft"),
        ("behind", "encouraged", "soft"),
        ("behind", "hard", "behind"),
        ("met", "aspirational", "met"),
        ("no_data", None, "none"),
    ],
)
def test_a_soft_target_missed_is_amber(status: str, binding: str | None, family: str) -> None:
    assert tone(status, binding) == family


def test_city_verdict_counts_every_milestone_once(facts: data.Facts) -> None:
    page = data.city_page(facts)
    assert page.verdict.total == sum(page.verdict.counts.values()) == len(page.measured) == 7
    assert page.duty_verdict.total == len(page.duties) == 3


def test_a_milestone_of_some_districts_names_them(facts: data.Facts) -> None:
    scoped = [row for row in facts.rows["measured"] if row.measure.scope]
    assert [d.district_code for row in scoped for d in row.measure.scope] == ["150802"]
    assert not scoped[0].binds("150826")
    assert scoped[0].binds("150802")


def test_gap_lists_name_workbook_sheet_and_row(facts: data.Facts) -> None:
    page = data.district_page(facts, "150826")
    assert page.gaps
    for gap in page.gaps:
        assert [p.rank for p in gap.communities] == list(range(1, len(gap.communities) + 1))
        assert gap.total == gap.measure.progress.gap_units
        assert all(p.source and p.source.file_name and p.source.row for p in gap.communities)


def test_a_silent_districts_communities_are_not_called_missing_one_by_one(facts: data.Facts) -> None:
    page = data.register_page(facts)
    assert [(d.district_code, n) for d, n in page.silent] == [(SILENT[0], 34)]
    assert SILENT[0] not in {p.community.district_code for p in page.missing}
    assert not data.district_page(facts, SILENT[0]).missing


def test_points_lost_per_group_add_up_to_what_is_missing(facts: data.Facts) -> None:
    for row in data.assessment_page(facts).ranking:
        assert row.score.applicable_points is not None
        assert sum(Decimal(str(v)) for v in row.groups.values()) == row.score.applicable_points - (
            row.score.raw_points or 0
        )


def test_evidence_is_added_up_where_it_is_asked_for(facts: data.Facts) -> None:
    backed = {row.district_code: (row.results, row.listed) for row in data.assessment_page(facts).evidence}
    count = len(facts.districts)
    assert backed == {
        **{district.district_code: (2, 2) for district in facts.districts},
        facts.districts[-1].district_code: (2, 1),
        "ALL": (2 * count, 2 * count - 1),
    }


def test_districts_are_inseparable_when_their_ranges_overlap(facts: data.Facts) -> None:
    ranking = {row.district.district_code: row for row in data.assessment_page(facts).ranking}
    apart = {d.district_code for d in ranking["150802"].inseparable}
    assert apart == {"150821", "150822"}


def test_problems_come_gravest_and_most_frequent_first() -> None:
    def issue(severity: str, rule: str, answer: str | None = None) -> Issue:
        return Issue(submission_id="s", severity=severity, rule_id=rule, message="m", district_code="1", answer=answer)

    found = data.problems(
        [
            issue("warning", "R16"),
            issue("error", "R12"),
            issue("warning", "R31", "yes"),
            issue("warning", "R31"),
            issue("fatal", "x"),
        ]
    )
    assert [(p.rule_id, len(p.issues), p.answered) for p in found] == [
        ("x", 1, 0),
        ("R12", 1, 0),
        ("R31", 2, 1),
        ("R16", 1, 0),
    ]


def test_an_unknown_column_is_named(tmp_path: Path) -> None:
    import polars as pl

    pl.DataFrame({"plan_id": [PLAN]}).write_parquet(tmp_path / "dim_plan.parquet")
    with Marts(tmp_path) as source, pytest.raises(ValueError, match=r"dim_plan.parquet lacks plan_name"):
        list(source.plans())


def test_a_ledger_that_was_sent_again(facts: data.Facts) -> None:
    page = data.intake_page(facts)
    [resent] = page.resent
    assert page.resent_in_all == 1
    assert resent.submission.submission_id == RESENT
    assert resent.replaced is not None
    assert resent.replaced.submission_id == REPLACED
    # Two cells of one row are one changed row.
    assert resent.rows == {"removed": 1, "added": 1, "changed": 201}
    assert [(d.kind, d.entity) for d in resent.differences[:2]] == [("removed", "旧车站楼"), ("added", HOSTILE)]
    # What did not change is not listed; where nothing is known now there is no difference to state.
    effects = {e.indicator.indicator_id: e for e in resent.effects}
    assert effects.keys() == {"pm_coverage_rate", "information_disclosure_rate"}
    assert effects["pm_coverage_rate"].difference == Fraction(2100, 26) - 80
    assert effects["information_disclosure_rate"].difference is None


def test_only_the_newest_re_sent_ledgers_are_looked_at(facts: data.Facts) -> None:
    page = data.intake_page(facts, resent=0)
    assert (page.resent, page.resent_in_all) == ([], 1)


@pytest.mark.parametrize(
    ("before", "after", "work", "base", "cause"),
    [
        (50, 60, 12, -2, "worked"),
        (50, 60, 0, 10, "base_shrank"),
        (50, 60, -2, 12, "base_shrank"),
        (60, 50, 2, -12, "base_grew"),
        (60, 50, 0, -10, "base_grew"),
        (60, 50, -12, 2, "lost"),
        (60, 60, 5, -5, "balanced"),
        (60, 60, 0, 0, "same"),
    ],
)
def test_what_a_step_is_owed_to(before: int, after: int, work: float, base: float, cause: str) -> None:
    change = Change(
        indicator_id="i",
        district_code="d",
        period_id="t",
        period_from="s",
        value_from=before,
        value_to=after,
        work_effect=work,
        denominator_effect=base,
    )
    indicator = Indicator(indicator_id="i", indicator_name="i")
    assert data.Move(indicator, change, None, None).cause == cause


def test_districts_stand_in_order_with_the_communities_that_would_close_their_gaps(facts: data.Facts) -> None:
    page = data.city_page(facts)
    assert {s.district.district_code for s in page.standings} == set(facts.district)
    ranks = [s.laggard.rank for s in page.standings]
    assert ranks == sorted(ranks)
    closing = {c.community_id for rows in facts.gap_communities.values() for r in rows.values() for c in r}
    assert page.communities_to_do == len(closing) == len(page.to_do)
    counts = [(-len(one.measures), -(one.community.households or 0)) for one in page.to_do]
    assert counts == sorted(counts)


def test_milestones_are_grouped_trouble_first(facts: data.Facts) -> None:
    groups = data.city_page(facts).groups
    order = [data.STATUSES.index(status) for status, _ in groups]
    assert order == sorted(order)
    assert sum(len(pairs) for _, pairs in groups) == len(facts.rows["measured"])


def test_rows_say_which_figures_they_count_for(facts: data.Facts) -> None:
    communities, *others = data.district_page(facts, "150802").sources
    assert communities.entity == "community"
    assert [rows.entity for rows in others] == ["committee", "mechanism"]
    for column in communities.columns:
        figure = column.figure
        assert figure is not None
        assert (column.counted, column.counted + column.uncounted) == (figure.numerator, figure.denominator)
        assert column.outside == len(communities.rows) - column.counted - column.uncounted
    first = communities.rows[0]
    assert first.marks["pm_coverage_rate"].cells[0] == f"F{first.source.row}"  # type: ignore[union-attr]
    duty = others[-1].rows[0].marks["credit_system_established"]
    assert (duty.numerator, duty.counts) == (None, False)


def test_recurrent_duties_without_a_date_are_shown_on_their_own(facts: data.Facts) -> None:
    listed = {row.measure.indicator.indicator_id for row in facts.rows["duties"]}
    found = {indicator.indicator_id for indicator, _ in data.city_page(facts).recurring}
    assert all(facts.indicators[key].is_headline for key in found & listed)
