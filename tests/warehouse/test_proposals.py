"""What is proposed, what never is, and that the line proposed settles it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.warehouse import proposals, proposals_blocks
from pipelines.warehouse.proposals_common import Common
from pipelines.warehouse.proposals_evidence import most, place, weigh
from pipelines.warehouse.proposals_names import MOST, parse, relation

Row = dict[str, Any]
_number = itertools.count(1)
NOTHING_COMMON = Common(frozenset(), frozenset(), {})
AS_OF = {1: date(2023, 9, 30), 2: date(2023, 11, 30), 3: date(2024, 11, 30)}


def estate(name: str, reported: tuple[int, int] = (1, 2), **values: Any) -> Row:
    """An estate on 团结街道, reported from one period to another; missing when that is not the second."""
    first, last = reported
    return {
        "plan_id": "p",
        "district_code": "A",
        "community_id": f"id{next(_number):05}",
        "community_code": None,
        "community_name": name,
        "subdistrict": "团结街道",
        "is_missing": last < 2,
        "first_seq": first,
        "last_seq": last,
        "first_as_of": AS_OF[first],
        **values,
    }


def propose(*rows: Row, distinct: list[tuple[str, str]] | None = None, places: tuple[str, ...] = ()) -> list[Row]:
    frame = pl.DataFrame(rows, schema=proposals.INPUT_SCHEMA, orient="row")
    apart = pl.DataFrame(
        [("p", *pair) for pair in distinct or ()], schema=["plan_id", "community_id", "other_id"], orient="row"
    )
    return proposals.propose(frame, {"p": places}, apart if distinct else None).to_dicts()


def only(found: list[Row]) -> Row:
    assert len(found) == 1, found
    return found[0]


# ── duplicates ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_spellings_side_by_side() -> None:
    one = only(
        propose(
            estate("景晨花园", address="北环路12号", households=620, floor_area_sqm=48_000.0),
            estate("景辰花园", address="北环路12号", households=620),
            estate("景泰花园", address="北环路14号", households=400),
        )
    )
    assert (one["kind"], one["grade"], one["event"]) == ("duplicate", "很可能", "same")
    assert (one["community"], one["related"]) == ("景辰花园", ["景晨花园"])
    evidence = "；".join(one["evidence"])
    for words in ("读音相同：“晨”与“辰”", "地址相同：北环路12号", "街道相同", "户数相同：620户", "未能比对"):
        assert words in evidence
    assert one["reason"].startswith("疑似重复（很可能，100分）：名称读音相同")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"subdistrict": "东街道"}),
        ({"address": "北环路1号", "households": 100}, {"address": "北环路9号", "households": 900}),
        ({"address": "北环路1号", "households": 100}, {"address": "南环路9号", "households": 900}),
    ],
)
def test_what_contradicts_outweighs_a_like_name(one: Row, other: Row) -> None:
    assert propose(estate("金沙丽苑", **one), estate("金莎丽苑", **other)) == []


def test_siblings_on_one_estate_are_no_duplicates() -> None:
    facts: Row = {"address": "金阳路30号", "households": 96, "building_count": 4, "company_name": "甲物业有限公司"}
    assert propose(*(estate(f"天韵金沙{tree}苑", **facts) for tree in "杏榕桂")) == []


def test_same_facts_never_outweigh_another_phase() -> None:
    facts: Row = {"address": "金阳路30号", "households": 96, "floor_area_sqm": 9_000.0, "company_name": "甲物业"}
    names = (
        "阳光花园",
        "阳光花园一期",
        "阳光花园二期",
        "阳光花园A区",
        "阳光花园东区",
        "阳光花园1号院",
        "阳光花园3号楼",
    )
    assert propose(*(estate(name, **facts) for name in names)) == []


def test_districts_are_never_mixed() -> None:
    assert propose(estate("景晨花园"), estate("景晨花园", district_code="B")) == []


def test_a_name_that_every_district_has_says_less() -> None:
    def score(*others: str) -> int:
        elsewhere = [estate("幸福佳苑", district_code=code) for code in others]
        facts: Row = {"address": "幸福路3号"}
        found = propose(estate("幸福佳苑", **facts), estate("幸福嘉苑", **facts), *elsewhere)
        return int(only(found)["score"])

    facts = score(), score("B"), score("B", "C", "D", "E", "F")
    assert facts[0] > facts[1] > facts[2]


def test_a_place_before_the_name() -> None:
    assert only(propose(estate("杭后塞恒小区"), estate("塞恒小区"), places=("杭后",)))["kind"] == "duplicate"
    assert propose(estate("杭后塞恒小区"), estate("塞恒小区")) == []


def test_a_unit_that_slipped_is_said_and_not_held_against_it() -> None:
    one = only(propose(estate("逸城广场", floor_area_sqm=220_000.0), estate("逸城广场", floor_area_sqm=22_000.0)))
    assert any("相差10倍" in words for words in one["evidence"])


def test_of_three_spellings_two_lines_are_enough() -> None:
    facts: Row = {"address": "塞北街1号", "households": 500}
    found = propose(*(estate(name, **facts) for name in ("欧洲假日", "鸥洲假日", "鸿臣·欧洲假日")))
    assert len(found) == 2
    joined = {one["community_id"] for one in found} | {one["related_ids"][0] for one in found}
    assert len(joined) == 3


def test_a_name_that_fits_two_subdistricts_is_said_to() -> None:
    found = propose(
        estate("河套人家", subdistrict="东街道", households=300),
        estate("河套人家", subdistrict="西街道", households=305),
        estate("河套人家小区", subdistrict=None, households=302),
    )
    assert len(found) == 2
    assert any("请核对是哪一个" in words for one in found for words in one["evidence"])


def test_who_dropped_out_gives_way() -> None:
    one = only(propose(estate("金沙丽苑", (1, 1), households=300), estate("金莎丽苑", households=300)))
    assert (one["kind"], one["community"], one["related"]) == ("duplicate", "金沙丽苑", ["金莎丽苑"])
    assert "“金沙丽苑”现已不再上报" in one["evidence"]


def test_an_analyst_may_hold_two_apart() -> None:
    one, other = estate("景晨花园", households=300), estate("景辰花园", households=300)
    assert propose(one, other, distinct=[(other["community_id"], one["community_id"])]) == []


# ── renames ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_another_name_at_the_same_door() -> None:
    facts: Row = {"address": "团结路12号", "households": 412, "floor_area_sqm": 38_215.0}
    one = only(propose(estate("老机床厂宿舍", (1, 1), **facts), estate("锦绣名邸", (2, 2), **facts)))
    assert (one["kind"], one["event"]) == ("rename", "same")
    assert (one["community"], one["related"]) == ("锦绣名邸", ["老机床厂宿舍"])
    assert "一个不再上报的同一期，另一个首次上报" in one["evidence"]


@pytest.mark.parametrize(
    "facts",
    [
        {"address": "团结路12号"},
        {"households": 412},
        {"households": 412, "company_name": "甲物业", "building_count": 6},
    ],
)
def test_another_name_needs_more_than_one_strong_fact(facts: Row) -> None:
    assert propose(estate("老机床厂宿舍", (1, 1), **facts), estate("锦绣名邸", (2, 2), **facts)) == []


def test_a_rename_needs_somebody_gone_and_somebody_new() -> None:
    facts: Row = {"address": "团结路12号", "households": 412, "floor_area_sqm": 38_215.0}
    assert propose(estate("老机床厂宿舍", **facts), estate("锦绣名邸", **facts)) == []
    assert propose(estate("老机床厂宿舍", (1, 1), **facts), estate("锦绣名邸", (1, 2), **facts)) == []


def test_a_house_just_built_is_no_old_one_renamed() -> None:
    facts: Row = {"address": "团结路12号", "households": 412, "floor_area_sqm": 38_215.0}
    assert (
        propose(estate("机床厂宿舍", (1, 1), built=1988, **facts), estate("锦绣名邸", (2, 2), built=2023, **facts))
        == []
    )


def test_each_has_one_former_name_and_rivals_are_said() -> None:
    facts: Row = {"households": 300, "floor_area_sqm": 30_000.0, "address": "河套大街8号"}
    found = propose(
        estate("金沙丽苑", (1, 1), **facts),
        estate("金莎丽苑", (2, 2), **facts),
        estate("锦绣名邸", (2, 2), **facts),
        estate("先到的", **{**facts, "address": "红旗街1号", "households": 7, "floor_area_sqm": None}),
    )
    one = only(found)
    assert one["community"] == "金莎丽苑"
    assert any("另有1个小区也可能对应" in words for words in one["evidence"])


# ── mergers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_several_gone_and_one_as_large() -> None:
    one = only(
        propose(
            estate("翠湖花园一期", (1, 1), households=200, floor_area_sqm=20_000.0, building_count=4),
            estate("翠湖花园二期", (1, 1), households=300, floor_area_sqm=31_000.0, building_count=6),
            estate("别处小区", (1, 1), households=123),
            estate("翠湖花园", (2, 2), households=500, floor_area_sqm=51_000.0, building_count=10),
        )
    )
    assert (one["kind"], one["event"], one["date"]) == ("merge", "merge", date(2023, 11, 30))
    assert (one["community"], sorted(one["related"])) == ("翠湖花园", ["翠湖花园一期", "翠湖花园二期"])
    assert any("户数合计 500户，正好等于新小区 500户" in words for words in one["evidence"])


def test_strangers_merge_only_when_both_sizes_add_up() -> None:
    def found(area: float) -> list[Row]:
        return propose(
            estate("机床厂宿舍", (1, 1), households=210, floor_area_sqm=20_000.0),
            estate("粮站家属院", (1, 1), households=190, floor_area_sqm=18_000.0),
            estate("红旗片区", (2, 2), households=400, floor_area_sqm=area),
        )

    assert only(found(38_000.0))["kind"] == "merge"
    assert found(30_000.0) == []


def test_three_strangers() -> None:
    gone = [estate(name, (1, 1), households=210, floor_area_sqm=2e4) for name in ("机床厂宿舍", "粮站大院", "老电影院")]
    assert len(only(propose(*gone, estate("红旗片区", (2, 2), households=630, floor_area_sqm=6e4)))["related"]) == 3


def test_the_more_are_gone_the_less_a_sum_proves() -> None:
    def found(others: int) -> list[Row]:
        gone = [
            estate(f"{name}厂", (1, 1), households=100 + n, floor_area_sqm=1e4 + n) for n, name in enumerate("甲乙")
        ]
        gone += [estate(f"第{n}粮站", (1, 1), households=2_000 + n, floor_area_sqm=2e5 + n) for n in range(others)]
        return propose(*gone, estate("红旗片区", (2, 2), households=201, floor_area_sqm=20_001.0))

    assert len(only(found(1))["related"]) == 2
    assert found(60) == []


def test_neighbours_by_number_have_only_the_street_in_common() -> None:
    gone = [estate(f"三倒拐{number}号", (1, 1), households=112) for number in (4, 34)]
    assert propose(*gone, estate("三倒拐76号", (2, 2), households=224)) == []


def test_nobody_is_merged_and_renamed_at_once() -> None:
    facts: Row = {"address": "河套大街8号"}
    found = propose(
        estate("翠湖花园一期", (1, 1), households=200, floor_area_sqm=20_000.0, **facts),
        estate("翠湖花园二期", (1, 1), households=300, floor_area_sqm=30_000.0, **facts),
        estate("翠湖花园", (2, 2), households=500, floor_area_sqm=50_000.0, **facts),
        estate("翠湖苑", (2, 2), households=500, floor_area_sqm=50_000.0, address="红旗街1号"),
    )
    merges = [one for one in found if one["kind"] == "merge"]
    assert len(merges) == 1
    assert merges[0]["community"] == "翠湖花园"


# ── decision lines ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_line_names_each_without_doubt() -> None:
    found = propose(
        estate("景晨花园", community_code="1508020010010001", households=300),
        estate("景辰花园", subdistrict=None, households=300),
        estate("金沙丽苑", households=200),
        estate("金沙丽苑", subdistrict="东街道", households=900, address="东街9号"),
        estate("金莎丽苑/南门、一", households=200),
        estate("金莎丽苑", households=200),
    )
    lines = {one["community"]: one["related"] for one in found}
    assert lines["景辰花园"] == ["1508020010010001"]
    assert "团结街道/金沙丽苑" in {*lines, *(ref for refs in lines.values() for ref in refs)}
    assert all(one["can_be_decided"] for one in found)


def test_the_address_tells_apart_what_has_neither_code_nor_subdistrict() -> None:
    facts: Row = {"subdistrict": None}
    with_address = estate("华海尚都", address="胜利路、解放街交汇处", households=3015, **facts)
    one = only(propose(estate("华海尚都", **facts), with_address))
    assert one["can_be_decided"]
    assert {one["community"], *one["related"]} == {"华海尚都@", "华海尚都@胜利路 解放街交汇处"}


def test_what_no_line_can_tell_apart_is_said() -> None:
    facts: Row = {"subdistrict": None}
    one = only(propose(estate("华海尚都", **facts), estate("华海尚都", households=3015, **facts)))
    assert not one["can_be_decided"]


# ── whatever is given ────────────────────────────────────────────────────────────────────────────────────────────────

NAMES = [
    f"{stem}{rest}"
    for stem in ("阳光", "金沙", "金莎", "翠湖")
    for rest in ("花园", "花园一期", "苑二期", "小区A区", "")
]


@st.composite
def lists(draw: st.DrawFn) -> list[Row]:
    some = st.none() | st.sampled_from([100, 200, 300, 500])
    return [
        estate(
            draw(st.sampled_from(NAMES)),
            draw(st.sampled_from([(1, 1), (1, 2), (2, 2)])),
            community_id=f"{number:03}",
            district_code=draw(st.sampled_from("AB")),
            subdistrict=draw(st.sampled_from(["东街道", "西街道", None])),
            address=draw(st.sampled_from([None, "河套大街8号", "红旗街1号"])),
            households=draw(some),
            floor_area_sqm=draw(st.none() | st.sampled_from([1e4, 2e4, 3e4])),
        )
        for number in range(draw(st.integers(2, 14)))
    ]


@settings(max_examples=40, deadline=None)
@given(lists(), st.randoms())
def test_laws(rows: list[Row], random: Any) -> None:
    found = propose(*rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert propose(*shuffled) == found
    by_id = {row["community_id"]: row for row in rows}
    changed = [one for one in found if one["kind"] != "duplicate"]
    members = [i for one in changed for i in (one["community_id"], *one["related_ids"])]
    assert len(members) == len(set(members))
    for one in found:
        who = [by_id[i] for i in (one["community_id"], *one["related_ids"])]
        assert {row["district_code"] for row in who} == {one["district_code"]}
        assert proposals.LEAST <= one["score"] <= 100
        assert one["evidence"]
        if one["event"] == "same":
            assert len({parse(row["community_name"]).marks for row in who}) == 1
        if one["kind"] != "duplicate":
            assert all(row["is_missing"] for row in who[1:])
            assert who[0]["first_seq"] == 2


def communities(number: int, crowded: bool = False) -> list[Row]:
    """Real-looking names, all different; or all the same in one subdistrict."""
    names = (
        f"{a}{b}{c}" for a in "金锦翠龙凤河海天" for b in "沙湖泉山城都林庭" for c in ("花园", "苑", "家园", "小区")
    )
    pool = list(names) if not crowded else ["幸福小区"]
    return [
        estate(f"{pool[n % len(pool)]}{n // len(pool) or ''}" if not crowded else pool[0], address=f"幸福路{n}号")
        for n in range(number)
    ]


@pytest.mark.parametrize("crowded", [False, True])
def test_the_work_grows_with_the_length_of_the_list(crowded: bool) -> None:
    def compared(number: int) -> int:
        frame = pl.DataFrame(communities(number, crowded), schema=proposals.INPUT_SCHEMA, orient="row")
        listed = proposals.Listing(frame, NOTHING_COMMON, set(), proposals.LEAST)
        return len(proposals_blocks.alike(listed.all))

    few, many = compared(1_000), compared(4_000)
    assert many <= 5 * few
    assert few <= 1_000 * max(proposals_blocks.CROWD, proposals_blocks.NEIGHBOURS)


def _some(values: Sequence[object]) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, *values])


_estates = st.builds(
    estate,
    st.sampled_from(
        ["景晨花园", "景辰花园", "景晨小区", "景晨", "临河景晨花园", "五一街小区", "五一路小区", "庆丰(景晨)"]
    ),
    subdistrict=_some(["团结街道", "先锋街道"]),
    address=_some(["北环路12号", "北环路", "北换路14号", "北环街12号", "胜利路12号", "二完小北", "二完小北12号"]),
    company_name=_some(["甲物业", "乙物业"]),
    unit_type=_some(["residential", "office"]),
    households=_some([0, 10, 49, 50, 51, 100, 500]),
    floor_area_sqm=_some([0.5, 1999.0, 2000.0, 2100.0, 5000.0, 50_000.0]),
    building_count=_some([1, 2, 5]),
    built=_some([1990, 1991, 2010]),
)


@given(_estates, _estates)
@settings(max_examples=300)
def test_no_pair_is_passed_over_that_its_evidence_would_carry(one: Row, other: Row) -> None:
    frame = pl.DataFrame([one, other], schema=proposals.INPUT_SCHEMA, orient="row")
    a, b = proposals.Listing(frame, NOTHING_COMMON, set(), proposals.LEAST).all
    for places, brands in (((), ()), (("临河",), ()), ((), ("临河",))):
        if said := relation(a.name, b.name, places, brands):
            assert said.points <= MOST
            assert sum(found.points for found in weigh(a, b, said)) <= most(a, b)


# ── addresses ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("address", "roads", "door"),
    [
        ("庆丰东街南团结路东", ("庆丰东街", "团结路"), None),
        ("临河区汇丰街与西苑路交汇处", ("汇丰街", "西苑路"), None),
        ("新区五一街乌兰布和路交汇", ("五一街", "乌兰布和路"), None),
        ("巴彦淖尔市临河区胜利北路", ("胜利北路",), None),
        ("双流区东升镇淳化街23号", ("淳化街",), ("淳化街", "23号")),
        ("(高新衣冠庙)一环路南四段15号附9号", ("一环路南四段",), ("一环路南四段", "15号附9号")),
        ("武 侯大道双楠段112号", ("武侯大道双楠段",), ("武侯大道双楠段", "112号")),
        ("光华大道一段光华东三路３９８号", ("光华大道一段", "光华东三路"), ("光华东三路", "398号")),
        ("新津街道兴园10路", ("兴园10路",), None),
        ("二完小北", (), None),
        (None, (), None),
    ],
)
def test_roads_and_doors(address: str | None, roads: tuple[str, ...], door: tuple[str, str] | None) -> None:
    found = place(address)
    assert (found.roads, found.door) == (roads, door)
