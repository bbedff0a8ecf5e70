"""Two names: when they may mean one estate, and when never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.warehouse.proposals_names import WORDS, look, near, parse, relation, sound

PLACES = {"临河", "临河区", "杭后"}
BRANDS = {"保利"}


def kind(one: str, other: str) -> str | None:
    found = relation(parse(one), parse(other), PLACES, BRANDS)
    return found.kind if found else None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阳光花园", "阳光花园一期"),
        ("阳光花园一期", "阳光花园二期"),
        ("阳光花园A区", "阳光花园B区"),
        ("奥林国际一区", "奥林国际一期"),
        ("新城康都", "新城康都Ⅲ"),
        ("阳光二号园", "阳光三号园"),
        ("芙蓉花园", "芙蓉二号花园"),
        ("明珠城北区", "明珠城南区"),
        ("交大花园（南园）", "交大花园（北园）"),
        ("泉水南苑", "泉水北苑"),
        ("东苑", "西苑"),
        ("长顺上街116号1号院", "长顺上街116号2号院"),
        ("三槐树路87号", "三槐树路85号"),
        ("成飞512小区", "成飞817小区"),
        ("二十九所丙区", "二十九所丁区"),
        ("机关三号院", "机关三号楼"),
        ("三中家属楼", "四中家属楼"),
        ("皇经楼（2街68号）", "皇经楼（2街69号）"),
        ("玉林小区(解放街93号)", "玉林小区(解放街95号)"),
        ("文庙前街50号", "文庙后街50号"),
    ],
)
def test_phase_zone_and_number_are_significant(one: str, other: str) -> None:
    assert kind(one, other) is None
    assert kind(other, one) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阳光花园一期", "阳光花园（1期）"),
        ("阳光花园第一期", "阳光 花园·一期"),
        ("新城康都Ⅲ", "新城康都三"),
        ("天元小区A", "天元小区A区"),
        ("三圣街49号", "三圣街４９号院"),
        ("二十一世纪花园二期", "21世纪花园2期"),
        ("浩彤·新坐标", "浩彤新坐标"),
        ("南苑小区A区", "南苑A区"),
        ("川大花园（北园）", "川大花园北园"),
        ("久福园", "久福园小区(解放街)"),
        ("河大住宅小区", "河大小区"),
    ],
)
def test_the_same_name_typed_differently(one: str, other: str) -> None:
    assert kind(one, other) == "identical"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("景晨花园", "景辰花园", "sound"),
        ("金沙丽苑", "金莎丽苑", "sound"),
        ("万锦世纪城", "万锦世际城", "sound"),
        ("海棠蓝湾", "海棠兰湾", "sound"),
        ("御帝坊", "御缔纺", "sound"),
        ("黉门街79号", "簧门街79号", "look"),
        ("锦程家园", "锦岑家园", "near_sound"),
        ("武侯庭院", "武侯庭园", "generic_alike"),
        ("今日嘉园", "今日家园", "generic_alike"),
        ("阳光花园", "阳光", "garden"),
        ("农行家属楼", "农行职工宿舍", "staff"),
        ("阳光花园", "阳光公寓", "generic_differs"),
        ("杭后塞恒小区", "塞恒小区", "place"),
        ("棠湖社区百货公司宿舍", "百货公司宿舍", "place"),
        ("棠湖小区百货公司宿舍", "百货公司宿舍", "part"),
        ("保利香槟光华", "香槟光华", "brand"),
        ("鸿臣·欧洲假日", "欧洲假日", "brand"),
        ("鸿臣欧洲假日", "鸥洲假日", "part"),
        ("育才（河大家属楼）", "河大家属楼", "alias"),
        ("新开寺街28号", "新开寺28号", "street_word"),
        ("树蓓街106号", "树蓓巷106号", "street_type"),
        ("成科路10号", "科成路10号", "swap"),
        ("柳城印象国际公馆", "柳城印象", "ornament"),
        ("紫檀山云玺", "紫檀山", "tail"),
        ("金沙杏苑", "金沙榕苑", "one_character"),
        ("健康家园", "健康新家园", "none"),
        ("绿都新村", "绿岛新村", "none"),
    ],
)
def test_kinds(one: str, other: str, expected: str) -> None:
    assert kind(one, other) == expected
    assert kind(other, one) == expected


def test_what_says_more_is_worth_more() -> None:
    def points(one: str, other: str) -> int:
        found = relation(parse(one), parse(other), PLACES, BRANDS)
        assert found
        return found.points

    assert points("金沙丽景城", "金莎丽景城") > points("金沙苑", "金莎苑") > points("金苑", "锦苑")
    assert points("阳光花园", "阳光花园小区") > points("金沙丽景城", "金莎丽景城")
    assert points("鸿臣欧洲假日", "欧洲假日") > points("鸿臣欧洲假日", "鸥洲假日")


STEMS = st.sampled_from(["阳光", "幸福", "金沙丽", "河套人家", "万锦世纪城", "乌兰"])
MARKS = ["一期", "二期", "三期", "A区", "B区", "东区", "西区", "1号院", "2号院", "3号楼", "甲区", "北苑", "10号", "Ⅱ期"]
GENERIC = st.sampled_from(["", "花园", "家园", "苑", "小区", "家属楼"])


@given(STEMS, GENERIC, GENERIC, st.sampled_from(MARKS), st.sampled_from([*MARKS, ""]))
def test_names_of_one_stem_and_other_marks_are_never_related(
    stem: str, here: str, there: str, mark: str, other: str
) -> None:
    same = {mark, other} in ({mark}, {"二期", "Ⅱ期"})
    one, two = parse(f"{stem}{here}{mark}"), parse(f"{stem}{there}{other}")
    assert (relation(one, two) is not None) == same


@given(
    st.text("阳光金沙花园苑一二期ABC区东西1２·（）() 小家属楼路号", max_size=12),
    st.text("金莎阳光园院一1期(区)", max_size=8),
)
def test_any_two_names_can_be_compared(one: str, other: str) -> None:
    there, back = relation(parse(one), parse(other)), relation(parse(other), parse(one))
    assert (there and (there.kind, there.points)) == (back and (back.kind, back.points))
    alone = relation(parse(one), parse(one))
    assert alone
    assert alone.kind == "identical"


@given(STEMS, GENERIC, st.sampled_from(["", *MARKS]))
def test_brackets_spaces_and_width_change_nothing(stem: str, generic: str, mark: str) -> None:
    plain = parse(f"{stem}{generic}{mark}")
    bracketed = f"（{mark}）" if mark else ""
    typed = parse(f" {stem[0]} {stem[1:]}{generic}{bracketed} ")
    assert (plain.text, plain.marks) == (typed.text, typed.marks)


def test_every_character_has_one_syllable() -> None:
    assert (sound("兰"), sound("蓝"), sound("缔"), sound("帝")) == ("lan", "lan", "di", "di")
    assert sound("A") == "A"
    assert near("zhong") == near("zong")
    assert near("jing") == near("jin")
    assert look("簧") == look("黉")
    groups = [character for group in WORDS["look_alike"] for character in group]
    assert len(groups) == len(set(groups))
