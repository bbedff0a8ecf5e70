"""Which row is which community, and what analysts decide about it."""

from __future__ import annotations

from datetime import date

import pytest

from tests.warehouse.ledgers import PERIODS, History, Row, estate, replay

B, P23, P24, P25 = PERIODS["period_id"].to_list()


def over(*ledgers: list[Row], decisions: tuple[Row, ...] = ()) -> History:
    return replay({("A", p): rows for p, rows in zip(PERIODS["period_id"], ledgers, strict=False)}, decisions=decisions)


def same(first: Row, second: Row, **options: tuple[Row, ...]) -> bool:
    """Whether the two rows, one in each of two periods, are taken for one community."""
    history = over([first], [second], **options)
    return history.made.register["community_id"].n_unique() == 1


OTHER_STREET = {"subdistrict": "解放街道"}
NOWHERE = {"subdistrict": None}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (estate("A-0001", "阳光花园"), estate("A-0001", "阳光花园")),
        (estate("A-0001", "阳光花园"), estate("A-0001", "阳光花园", **OTHER_STREET)),
        (estate("A-0001", "阳光花园"), estate("A-0001", "锦绣家园")),
        (estate("A-0001", "阳光花园"), estate("A-0077", "阳光花园")),
        (estate(None, "阳光花园"), estate(None, "阳光 花园小区")),
        (estate(None, "阳光花园"), estate("A-0001", "阳光花园")),
        (estate(None, "阳光花园"), estate(None, "阳光花园", subdistrict="团结街道办事处")),
        (estate(None, "阳光花园", address="胜利路1号"), estate(None, "阳光花园", address="胜利路1号", **OTHER_STREET)),
        (estate(None, "阳光花园", **NOWHERE), estate(None, "阳光花园", **NOWHERE)),
    ],
)
def test_one_community(first: Row, second: Row) -> None:
    assert same(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (estate(None, "阳光花园一期"), estate(None, "阳光花园二期")),
        (estate(None, "阳光花园A区"), estate(None, "阳光花园B区")),
        (estate(None, "阳光花园1号"), estate(None, "阳光花园2号")),
        (estate(None, "阳光花园"), estate(None, "阳光佳园")),
        (estate(None, "阳光花园"), estate(None, "阳光花园", **OTHER_STREET)),
        (estate(None, "阳光花园"), estate(None, "阳光花园", **NOWHERE)),
        (estate("A-0001", "阳光花园"), estate("A-0001", "锦绣家园", **OTHER_STREET)),
    ],
)
def test_two_communities(first: Row, second: Row) -> None:
    assert not same(first, second)


def test_a_reused_code_leaves_identity_to_name_and_subdistrict() -> None:
    history = over(
        [estate("A-0001", "阳光花园"), estate("A-0002", "锦绣家园", **OTHER_STREET)],
        [estate("A-0001", "锦绣家园", **OTHER_STREET)],
    )
    assert history.ids(P23)["锦绣家园"] == history.ids(B)["锦绣家园"]
    assert history.fate(P23)["阳光花园"] == "missing"


def test_running_numbers_that_shift_do_not_rename() -> None:
    """Codes that are row numbers move up when a row goes; the names say who is who."""
    names = ["甲院", "乙院", "丙院", "丁院"]
    before = [estate(str(n), name) for n, name in enumerate(names, 1)]
    after = [estate(str(n), name) for n, name in enumerate(names[1:], 1)]
    history = over(before, after)
    assert history.fate(P23) == {"甲院": "missing", "乙院": "active", "丙院": "active", "丁院": "active"}
    assert history.events(P23, "renamed") == []


def test_the_first_of_two_rows_of_one_community_counts() -> None:
    rows = [estate(None, "甲院", households=1), estate("A-0001", "甲院", households=2), estate(None, "甲院小区")]
    history = over(rows)
    assert history.counted(B) == 1
    assert history.row(B, "甲院")["source_row"] == 2


def test_a_name_that_two_share_with_codes_of_their_own_stays_two() -> None:
    rows = [estate("A-0001", "甲院"), estate("A-0002", "甲院")]
    history = over(rows, rows[::-1])
    assert history.counted(P23) == 2
    assert history.bridge(P23) == {}


def test_an_ambiguous_name_matches_neither() -> None:
    history = over([estate("A-0001", "甲院"), estate("A-0002", "甲院")], [estate(None, "甲院")])
    assert history.counted(P23) == 3


def test_a_row_without_a_name_is_nobody() -> None:
    assert over([estate("A-0001", None)]).counted(B) == 0


def test_an_old_name_is_remembered() -> None:
    renamed = estate(None, "锦绣家园", change_type="rename", prior_codes="阳光花园")
    history = over([estate(None, "阳光花园")], [renamed], [estate(None, "阳光花园")])
    assert history.ids(P24)["阳光花园"] == history.ids(B)["阳光花园"]


def test_a_code_used_again_gives_another_id() -> None:
    history = over([estate("A-0001", "甲院")], [estate("A-0001", "乙院", **OTHER_STREET)])
    assert len(set(history.ids(P23).values())) == 2


# --- decisions of analysts


def decide(event: str, community: str, *related: str, on: date | None = None) -> Row:
    return {"event": event, "community": community, "related": list(related), "date": on, "reason": "核实"}


SUMMER = date(2023, 10, 15)
TWO = [estate("A-0001", "甲院"), estate("A-0002", "乙院")]


@pytest.mark.parametrize("named", [("阳光佳园", "阳光花园"), ("阳光花园", "阳光佳园")])
def test_an_alias_makes_one_of_two_spellings(named: tuple[str, str]) -> None:
    first, second = estate(None, "阳光花园"), estate(None, "阳光佳园")
    assert same(first, second, decisions=(decide("same", *named),))


def test_an_alias_leaves_one_row_of_two() -> None:
    rows = [estate(None, "阳光花园"), estate(None, "阳光佳园")]
    history = over(rows, rows, decisions=(decide("same", "阳光佳园", "阳光花园"),))
    assert (history.counted(B), history.counted(P23)) == (1, 1)
    assert history.fate(P23) == {"阳光花园": "active"}
    assert history.made.decisions["is_applied"].to_list() == [True]


@pytest.mark.parametrize(
    ("community", "related"),
    [
        ("阳光花园@", "阳光花园@胜利路 8号"),
        ("阳光花园@胜利路8号", "阳光花园@新华街1号"),
        ("阳光花园＠新华街1号", "阳光花园@"),
    ],
)
def test_an_address_says_which_of_the_same_name(community: str, related: str) -> None:
    nowhere: Row = {"subdistrict": None}
    rows = [
        estate(None, "阳光花园", **nowhere),
        estate(None, "阳光花园", address="胜利路8号", **nowhere),
        estate(None, "阳光花园小区", address="新华街1号", **nowhere),
    ]
    assert over(rows).counted(B) == 3
    history = over(rows, rows, decisions=(decide("same", community, related),))
    assert (history.counted(B), history.counted(P23)) == (2, 2)
    assert history.made.decisions["is_applied"].to_list() == [True]
    assert history.closes()


def test_an_address_beside_the_subdistrict() -> None:
    rows = [
        estate(None, "阳光花园", address="胜利路8号"),
        estate(None, "阳光花园", address="胜利路8号", **OTHER_STREET),
        estate(None, "阳光佳园"),
    ]
    vague = decide("same", "阳光佳园", "阳光花园@胜利路8号")
    exact = decide("same", "阳光佳园", "解放街道/阳光花园@胜利路8号")
    assert [over(rows, decisions=(line,)).counted(B) for line in (vague, exact)] == [3, 2]


def test_what_is_held_apart() -> None:
    first, second = estate("A-0001", "阳光花园"), estate("A-0001", "锦绣家园")
    assert not same(first, second, decisions=(decide("distinct", "锦绣家园", "阳光花园"),))


def test_decided_merger_wins_over_rows_that_go_on() -> None:
    history = over(TWO, TWO, TWO, decisions=(decide("merge", "甲院", "乙院", on=SUMMER),))
    assert history.bridge(P23) == {"merged_out": 1}
    assert history.fate(P24) == {"甲院": "active"}
    assert history.closes()


def test_a_merger_written_from_the_old_to_the_new_one_is_understood() -> None:
    decisions = tuple(decide("merge", name, "合院", on=SUMMER) for name in ("甲院", "乙院"))
    history = over(TWO, [estate("A-0009", "合院")], decisions=decisions)
    assert history.bridge(P23) == {"merged_out": 1}
    assert history.fate(P23) == {"甲院": "merged", "乙院": "merged", "合院": "active"}


def test_decided_split_of_a_missing_one() -> None:
    parts = [estate("A-0008", "东院"), estate("A-0009", "西院")]
    decisions = tuple(decide("split", name, "A-0002", on=SUMMER) for name in ("东院", "西院"))
    history = over(TWO, [TWO[0], *parts], decisions=decisions)
    assert history.bridge(P23) == {"split_in": 1}


@pytest.mark.parametrize(("event", "counted"), [("demolished", "demolished"), ("removed", "corrected")])
def test_decided_ends_hold_whatever_is_reported(event: str, counted: str) -> None:
    history = over(TWO, TWO, TWO, decisions=(decide(event, "A-0002", on=SUMMER),))
    assert history.bridge(P23) == {counted: 1 if counted == "demolished" else -1}
    assert history.fate(P23)["乙院"] == "demolished"
    assert history.counted(P24) == 1
    assert history.bridge(P24) == {}


def test_a_rejected_change_does_not_count() -> None:
    gone = {**TWO[1], "change_type": "demolished"}
    history = over(TWO, [TWO[0], gone], decisions=(decide("rejected", "乙院", on=SUMMER),))
    assert history.counted(P23) == 2
    assert history.fate(P23)["乙院"] == "active"


@pytest.mark.parametrize(("event", "year"), [("added", 2010), ("corrected", 2023)])
def test_how_a_new_one_counts_may_be_decided(event: str, year: int) -> None:
    new = estate("A-0009", "新院", delivered_date=date(year, 10, 5), change_type="new_delivery")
    history = over(TWO, [*TWO, new], decisions=(decide(event, "新院", on=SUMMER),))
    assert history.bridge(P23) == {event: 1}


def test_decisions_of_another_period_or_about_nobody_do_nothing() -> None:
    decisions = (decide("demolished", "乙院", on=date(2026, 1, 1)), decide("same", "没有的院", "也没有"))
    history = over(TWO, TWO, decisions=decisions)
    assert history.counted(P23) == 2
    assert history.made.decisions["is_applied"].to_list() == [False, False]
