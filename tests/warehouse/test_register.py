"""Who stands in the register, and what each step of it was made of."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipelines.warehouse.register import EVENT_SCHEMA, REGISTER_SCHEMA, build
from tests.warehouse.ledgers import PERIODS, PLAN, Row, estate, frame, replay, site

B, P23, P24, P25 = PERIODS["period_id"].to_list()
THREE = [estate("A-0001", "甲院"), estate("A-0002", "乙院"), estate("A-0003", "丙院")]


def over(*ledgers: list[Row] | None, district: str = "A", **options: object):  # type: ignore[no-untyped-def]
    """One district's ledgers, period by period; None = it sends nothing."""
    given = {(district, p): rows for p, rows in zip(PERIODS["period_id"], ledgers, strict=False) if rows is not None}
    return replay(given, **options)  # type: ignore[arg-type]


def test_nothing_in_nothing_out() -> None:
    nobody = pl.DataFrame(schema=dict.fromkeys(("plan_id", "district_code", "period_id"), pl.String()))
    made = build(frame({}), PERIODS, nobody, date(2025, 12, 5))
    assert made.register.schema == REGISTER_SCHEMA
    assert made.events.schema == EVENT_SCHEMA
    assert made.register.is_empty()


def test_what_vanishes_unexplained_is_missing_and_keeps_its_last_attributes() -> None:
    history = over(THREE, THREE[:1], THREE[:1])
    row = history.row(P24, "乙院")
    assert (row["in_register"], row["is_reported"], row["is_completed"], row["fate"]) == (True, False, True, "missing")
    assert (row["attributes_period_id"], row["source_row"], row["last_period"]) == (B, 3, B)
    assert history.counted(P24) == 3
    assert history.events(P23, "missing") == [("丙院", "not_reported"), ("乙院", "not_reported")]
    assert history.events(P24, "missing") == []


def test_missing_ones_found_again_change_no_count() -> None:
    history = over(THREE, THREE[:1], THREE)
    assert history.bridge(P24) == {}
    assert history.events(P24, "found") == [("丙院", "reported_again"), ("乙院", "reported_again")]
    assert history.row(P24, "乙院")["attributes_period_id"] == P24


def test_a_silent_district_is_carried_and_nobody_is_missing() -> None:
    history = over(THREE, None, THREE[:2])
    rows = history.made.register.filter(period_id=P23)
    assert rows["district_silent"].all()
    assert not rows["is_reported"].any()
    assert set(rows["fate"]) == {"active"}
    assert history.fate(P24) == {"甲院": "active", "乙院": "active", "丙院": "missing"}
    assert history.bridge(P23) == {}


def test_periods_count_once_they_are_due_or_somebody_has_reported() -> None:
    early = over(THREE, today=date(2023, 11, 30))
    assert set(early.made.register["period_id"]) == {B}
    begun = replay({("A", B): THREE, ("B", P23): []}, today=date(2023, 11, 30))
    assert begun.counted(P23, "A") == 3


def test_another_districts_rows_do_not_empty_a_silent_one() -> None:
    history = replay({("A", B): THREE, ("B", P23): THREE})
    assert history.counted(P23, "A") == 3
    assert history.counted(P23, "B") == 3


def test_a_community_first_reported_later_is_not_back_dated() -> None:
    history = over(THREE[:2], THREE)
    assert "丙院" not in history.fate(B)
    assert history.row(P23, "丙院")["first_period"] == P23


@pytest.mark.parametrize(
    ("values", "event", "cause"),
    [
        ({"change_type": "new_delivery", "delivered_date": date(2023, 10, 5)}, "added", "delivered"),
        ({"change_type": "new_delivery", "delivered_date": date(2015, 5, 1)}, "corrected", "stood_before"),
        ({"change_type": None, "delivered_date": date(2015, 5, 1)}, "corrected", "stood_before"),
        ({"change_type": "scope_correction", "delivered_date": date(2023, 10, 5)}, "corrected", "declared_omission"),
        ({"change_type": "new_delivery", "delivered_date": None}, "added", "delivered"),
        ({"change_type": None, "delivered_date": None}, "added", "delivered"),
        ({"change_type": "unchanged", "delivered_date": None}, "corrected", "claimed_unchanged"),
        ({"change_type": "unchanged", "delivered_date": date(2023, 10, 5)}, "added", "delivered"),
        (
            {"delivered_date": date(2023, 1, 1), "delivered_date_precision": "year", "change_type": "new_delivery"},
            "added",
            "delivered",
        ),
    ],
)
def test_what_a_new_row_counts_as(values: Row, event: str, cause: str) -> None:
    history = over(THREE, [*THREE, estate("A-0009", "新院", **values)])
    assert history.bridge(P23) == {event: 1}
    assert history.events(P23, event) == [("新院", cause)]


def test_a_finished_building_site_is_added_whenever_it_was_delivered() -> None:
    history = over([*THREE, site("A-0009", "新院")], [*THREE, estate("A-0009", "新院")])
    assert history.counted(B) == 3
    assert history.bridge(P23) == {"added": 1}
    assert history.row(B, "新院")["in_register"]


def test_a_missing_building_site_stays_a_site() -> None:
    history = over([*THREE, site("A-0009", "新院")], THREE)
    assert history.row(P23, "新院")["is_completed"] is False
    assert history.bridge(P23) == {}


@pytest.mark.parametrize("status", ["under_construction", None])
def test_what_is_no_longer_completed_is_corrected(status: str | None) -> None:
    undone = estate("A-0003", "丙院", construction_status=status, delivered_date=None)
    history = over(THREE, [*THREE[:2], undone], THREE)
    assert history.bridge(P23) == {"corrected": -1}
    assert history.bridge(P24) == ({"corrected": 1} if status is None else {"added": 1})
    assert history.closes()


def test_demolished_ones_leave_once() -> None:
    gone = estate("A-0003", "丙院", change_type="demolished")
    history = over(THREE, [*THREE[:2], gone], [*THREE[:2], gone], THREE[:2])
    assert history.bridge(P23) == {"demolished": 1}
    row = history.row(P23, "丙院")
    assert (row["in_register"], row["is_reported"], row["is_ended"], row["fate"]) == (False, False, True, "demolished")
    assert row["attributes_period_id"] == P23
    assert history.counted(P24) == 2
    assert "丙院" not in history.fate(P24)
    assert history.bridge(P24) == {}


def test_a_missing_one_may_turn_out_to_be_demolished() -> None:
    history = over(THREE, THREE[:2], [*THREE[:2], estate("A-0003", "丙院", change_type="demolished")])
    assert history.bridge(P24) == {"demolished": 1}
    assert history.closes()


def test_a_last_row_of_something_unknown_ends_nothing() -> None:
    history = over(THREE, [*THREE, estate("A-0009", "无名院", change_type="demolished")])
    assert history.fate(P23).keys() == {"甲院", "乙院", "丙院"}
    assert history.bridge(P23) == {}


def test_demolished_and_reported_again() -> None:
    gone = estate("A-0003", "丙院", change_type="demolished")
    history = over(THREE, [*THREE[:2], gone], THREE)
    assert history.bridge(P24) == {"corrected": 1}
    assert history.events(P24, "corrected") == [("丙院", "reappeared")]
    assert history.ids(P24)["丙院"] == history.ids(B)["丙院"]


def test_rebuilt_under_the_old_name() -> None:
    gone = estate("A-0003", "丙院", change_type="demolished")
    fresh = estate("A-0009", "丙院", change_type="new_delivery", delivered_date=date(2023, 11, 1))
    history = over(THREE, [*THREE[:2], gone, fresh])
    assert history.bridge(P23) == {"demolished": 1, "added": 1}
    later = over(THREE, [*THREE[:2], gone], [*THREE[:2], {**fresh, "delivered_date": date(2024, 5, 1)}])
    assert later.bridge(P24) == {"added": 1}


@pytest.mark.parametrize("priors", ["A-0001、A-0002", "甲院、A-0002", "团结街道/甲院、乙院"])
def test_merged(priors: str) -> None:
    child = estate("A-0009", "甲乙合院", change_type="merge", prior_codes=priors)
    history = over(THREE, [THREE[2], child], [THREE[2], {**child, "change_type": "unchanged", "prior_codes": None}])
    assert history.bridge(P23) == {"merged_out": 1}
    assert history.bridge(P24) == {}
    assert history.fate(P23) == {"甲院": "merged", "乙院": "merged", "丙院": "active", "甲乙合院": "active"}
    assert sorted(history.row(P23, "甲乙合院")["baseline_ids"]) == sorted(history.ids(B)[n] for n in ("甲院", "乙院"))


def test_merged_into_one_of_them() -> None:
    child = estate("A-0001", "甲院", change_type="merge", prior_codes="A-0001、A-0002")
    history = over(THREE, [THREE[2], child])
    assert history.bridge(P23) == {"merged_out": 1}
    assert history.ids(P23)["甲院"] == history.ids(B)["甲院"]
    assert history.fate(P23)["乙院"] == "merged"


def test_merging_a_missing_parent() -> None:
    child = estate("A-0009", "甲乙合院", change_type="merge", prior_codes="A-0001、A-0002")
    history = over(THREE, THREE[1:], [THREE[2], child])
    assert history.bridge(P24) == {"merged_out": 1}
    assert history.counted(P24) == 2


def test_a_parent_that_still_reports_is_not_merged() -> None:
    child = estate("A-0009", "合院", change_type="merge", prior_codes="A-0001、A-0002")
    history = over(THREE, [*THREE, child])
    assert history.bridge(P23) == {"corrected": 1}
    assert history.counted(P23) == 4


def test_last_rows_beside_a_merger_leave_once() -> None:
    """Some list the old communities as 核销 and the new one as 合并: they merged."""
    child = estate("A-0009", "合院", change_type="merge", prior_codes="A-0001、A-0002")
    gone = [{**row, "change_type": "demolished"} for row in THREE[:2]]
    history = over(THREE, [*gone, THREE[2], child])
    assert history.bridge(P23) == {"merged_out": 1}
    assert history.fate(P23)["甲院"] == "merged"


def test_merged_building_sites_that_are_finished() -> None:
    sites = [site("A-0001", "甲院"), site("A-0002", "乙院")]
    child = estate(
        "A-0009", "合院", change_type="merge", prior_codes="A-0001、A-0002", delivered_date=date(2023, 11, 1)
    )
    history = over([*sites, THREE[2]], [child, THREE[2]])
    assert history.bridge(P23) == {"added": 1}


def test_merged_with_parents_nobody_knows() -> None:
    child = estate("A-0009", "合院", change_type="merge", prior_codes="X-1、X-2")
    history = over(THREE, [*THREE, child])
    assert history.bridge(P23) == {"corrected": 1}


def test_split() -> None:
    parts = [
        estate("A-0008", "甲东院", change_type="split", prior_codes="A-0001", households=30),
        estate("A-0009", "甲西院", change_type="split", prior_codes="A-0001", households=70),
    ]
    history = over(THREE, [*parts, *THREE[1:]])
    assert history.bridge(P23) == {"split_in": 1}
    assert history.fate(P23)["甲院"] == "split"
    assert history.row(P23, "甲西院")["baseline_ids"] == [history.ids(B)["甲院"]]
    assert history.row(P23, "甲东院")["baseline_ids"] == []


def test_split_off_from_one_that_goes_on() -> None:
    part = estate("A-0009", "甲西院", change_type="split", prior_codes="A-0001", households=900)
    history = over(THREE, [*THREE, part])
    assert history.bridge(P23) == {"split_in": 1}
    assert history.fate(P23)["甲院"] == "active"
    assert history.row(P23, "甲院")["baseline_ids"] == [history.ids(B)["甲院"]]


def test_merged_and_split_in_one_go() -> None:
    parts = [
        estate("A-0008", "东院", change_type="split", prior_codes="A-0001、A-0002"),
        estate("A-0009", "西院", change_type="split", prior_codes="A-0002、A-0003"),
    ]
    history = over(THREE, parts)
    assert history.bridge(P23) == {"split_in": 1, "merged_out": 2}
    assert history.closes()


@pytest.mark.parametrize(
    "row",
    [
        estate("A-0003", "锦绣院", change_type="rename"),
        estate("A-0009", "锦绣院", change_type="rename", prior_codes="A-0003"),
        estate(None, "锦绣院", change_type="rename", prior_codes="丙院"),
        estate("A-0009", "锦绣院", prior_codes="A-0003"),
    ],
)
def test_renamed(row: Row) -> None:
    history = over(THREE, [*THREE[:2], row])
    assert history.bridge(P23) == {}
    assert history.ids(P23)["锦绣院"] == history.ids(B)["丙院"]
    assert len(history.events(P23, "renamed")) == 1


def test_an_undeclared_rename_is_told_apart() -> None:
    history = over(THREE, [*THREE[:2], estate("A-0003", "锦绣院")])
    assert history.events(P23, "renamed") == [("锦绣院", "undeclared")]


def test_moving_to_another_district() -> None:
    east = estate("B-0001", "东院")
    history = replay({("A", B): THREE, ("B", B): [east], ("A", P23): THREE[:2], ("B", P23): [east, THREE[2]]})
    assert history.bridge(P23, "A") == {"corrected": -1}
    assert history.bridge(P23, "B") == {"corrected": 1}
    assert history.row(P23, "丙院")["district_code"] == "B"
    assert history.ids(P23)["丙院"] == history.ids(B)["丙院"]
    assert history.counted(P23) == 4
    assert history.closes()


def test_merged_across_districts() -> None:
    child = estate("B-0009", "合院", change_type="merge", prior_codes="B-0001、A-0003")
    history = replay(
        {("A", B): THREE, ("B", B): [estate("B-0001", "东院")], ("A", P23): THREE[:2], ("B", P23): [child]}
    )
    assert history.bridge(P23, "A") == {"corrected": -1}
    assert history.bridge(P23, "B") == {"corrected": 1, "merged_out": 1}
    assert history.closes()


def test_running_numbers_prove_nothing_in_another_district() -> None:
    history = replay({("A", B): [estate("1", "甲院")], ("B", B): [], ("A", P23): [], ("B", P23): [estate("1", "甲院")]})
    assert history.counted(P23) == 2


def test_renovation_once_completed_stays_so() -> None:
    done, again = (estate("A-0001", "甲院", renovation_status=status) for status in ("completed", "in_progress"))
    child = estate("A-0009", "合院", change_type="merge", prior_codes="A-0001、A-0002")
    history = over([done, THREE[1]], [again, THREE[1]], [child])
    assert history.row(P23, "甲院")["renovation_completed_ever"]
    assert history.row(P24, "合院")["renovation_completed_ever"]
    assert not history.row(P23, "乙院")["renovation_completed_ever"]


def test_an_old_community_once_renovated_stays_one_and_so_does_what_it_is_merged_into() -> None:
    done = estate("A-0001", "甲院", renovation_status="completed", is_old_community=True)
    never = estate("A-0002", "乙院", renovation_status="completed", is_old_community=False)
    child = estate("A-0009", "合院", change_type="merge", prior_codes="A-0001、A-0003", is_old_community=False)
    history = over([done, never, THREE[2]], [estate("A-0001", "甲院"), never, THREE[2]], [never, child])
    assert history.row(P23, "甲院")["renovated_old_ever"]
    assert history.row(P24, "合院")["renovated_old_ever"]
    assert not history.row(P24, "乙院")["renovated_old_ever"]


def test_baseline_ids_are_those_of_the_first_period() -> None:
    history = over(THREE[:2], THREE)
    assert history.row(P25, "甲院")["baseline_ids"] == [history.ids(B)["甲院"]]
    assert history.row(P25, "丙院")["baseline_ids"] == []


def test_ids_do_not_depend_on_other_communities() -> None:
    alone = over(THREE[:1]).ids(B)
    together = over([estate("A-0000", "先院"), *THREE]).ids(B)
    assert alone["甲院"] == together["甲院"]
    assert len(set(together.values())) == 4


def test_two_plans_do_not_mix() -> None:
    other = PERIODS.with_columns(plan_id=pl.lit("q"))
    rows = frame({("A", B): THREE})
    both = pl.concat([rows, rows.with_columns(plan_id=pl.lit("q"))])
    sent = pl.DataFrame({"plan_id": [PLAN, "q"], "district_code": "A", "period_id": B})
    made = build(both, pl.concat([PERIODS, other]), sent, date(2023, 10, 5))
    assert made.register.group_by("plan_id").len().sort("plan_id")["len"].to_list() == [3, 3]
    assert made.register["community_id"].n_unique() == 6
