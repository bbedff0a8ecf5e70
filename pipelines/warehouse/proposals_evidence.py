"""What, beside the name, says that two communities are one: address, subdistrict, size, age, company.

Each agreement or contradiction is worth points (``FACTS``), which add up with those of the names to a score of 0–100,
and is said in Chinese, so that an analyst sees what the score rests on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pipelines.warehouse.proposals_names import Name, Relation, alike, plain, swapped

FACTS: dict[str, int] = {
    "same_door": 28,
    "same_road": 12,
    "other_number": -8,
    "other_road": -8,
    "other_road_same_name": -4,
    "same_subdistrict": 8,
    "other_subdistrict": -26,
    "other_subdistrict_same_door": -8,
    "equal": 18,
    "equal_small": 10,
    "within_2": 12,
    "within_5": 8,
    "within_10": 4,
    "off_40": -8,
    "off_100": -15,
    "same_buildings": 4,
    "other_buildings": -4,
    "same_company": 8,
    "other_company": -4,
    "same_year": 4,
    "other_year": -8,
    "other_kind": -6,
    "next_period": 8,
    "built_since": -30,
    "frequent": -4,
}
"""Points per fact. ``equal`` to ``off_100``: households and floor area, each."""
_FEW_HOUSEHOLDS, _SMALL_AREA = 50, 2000
"""Below these, sizes agree by chance more often."""
STRONG = frozenset({"same_door", "equal", "within_2"})
"""Facts that two estates seldom share by chance."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address says a community is: its roads, and the first of them with a house number, and that number.

    ``plain``: the roads as they are compared.
    """

    text: str
    roads: tuple[str, ...]
    plain: tuple[str, ...]
    door: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Community:
    """One community as proposals look at it. ``year``: when it was built. ``first``, ``last``: the numbers of the
    periods in which it was first and last reported; ``since``: the year of the first.
    """

    index: int
    name: Name
    place: Place
    subdistrict: str | None
    company: str | None
    households: int | None
    area: float | None
    buildings: int | None
    year: int | None
    kind: str | None
    first: int
    last: int
    since: int | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One piece of evidence: its kind (a key of ``FACTS``), worth and words."""

    kind: str
    points: int
    words: str


def fact(kind: str, words: str) -> Fact:
    """The fact with its usual worth."""
    return Fact(kind, FACTS[kind], words)


_SPLIT = re.compile(r"[,，、。;；:：()（）\[\]【】·—\-]+|(?<=[街路道巷线段])[与和及]|交汇|交叉|交界|靠近|[与及至近]")
_NUMBER = "[\\d零〇一二三四五六七八九十]"
_ROAD = re.compile(
    rf"([^号]*?(?:大道|大街|(?<!米)路|街|巷|线|(?<!街)道|段)(?![道街])(?:[东西南北中]*{_NUMBER}*段|[^\d路街巷道号段]{{1,3}}段)?)"
    rf"(?:({_NUMBER}+)(?:号|$)(?:附(\d+))?)?"
)
_REGION = re.compile(r"^.*(?:省|市|区|县|旗|镇|乡|街道|社区|大队)(?=..)")
_LEAD = re.compile(r"^[东西南北侧面边内外交处以的临靠沿](?=..)")
_BEFORE = re.compile(r"^\s*[(（][^()（）]*[)）]")


@lru_cache(maxsize=400_000)
def place(address: str | None, notes: tuple[str, ...] = ()) -> Place:
    """What an address says, with the roads that brackets behind a name add."""
    roads: list[str] = []
    door: tuple[str, str] | None = None
    stated = re.sub(r"\s+", "", unicodedata.normalize("NFKC", _BEFORE.sub("", address or "")))
    for piece in (*_SPLIT.split(stated), *notes):
        for found in _ROAD.finditer(piece):
            road = _REGION.sub("", found[1])
            road = _LEAD.sub("", road) if found.start() else road
            if len(road) > 2 or (len(road) == 2 and not found.start() and found[2]):
                roads.append(road)
                if found[2] and door is None:
                    door = road, f"{plain(found[2])}号" + (f"附{found[3]}号" if found[3] else "")
    named = tuple(dict.fromkeys(roads))
    return Place(stated, named, tuple(map(plain, named)), door)


def weigh(one: Community, other: Community, relation: Relation) -> list[Fact]:
    """Everything known of both that agrees or contradicts."""
    facts = [*_where(one, other, relation)]
    same_door = any(found.kind == "same_door" for found in facts)
    facts += _subdistricts(one, other, same_door)
    facts += _sizes("户数", one.households, other.households, "户", _FEW_HOUSEHOLDS)
    facts += _sizes("建筑面积", one.area, other.area, "㎡", _SMALL_AREA)
    facts += _buildings(one, other)
    facts += _companies(one, other)
    facts += _years(one, other)
    if one.kind and other.kind and one.kind != other.kind:
        facts.append(fact("other_kind", "类别不同"))
    return facts


def most(one: Community, other: Community) -> int:
    """No fewer points than ``weigh`` comes to, without reading roads or putting anything into words.

    Of pairs that share a key few are worth proposing; this tells at little cost of most of them that they are not.
    """
    points = sum(
        FACTS.get(kind, 0)
        for kind in (
            _size(one.households, other.households, _FEW_HOUSEHOLDS),
            _size(one.area, other.area, _SMALL_AREA),
            _built_alike(one.buildings, other.buildings),
            _built_together(one.year, other.year),
        )
        if kind
    )
    if one.company and other.company:
        points += FACTS["same_company" if one.company == other.company else "other_company"]
    if one.kind and other.kind and one.kind != other.kind:
        points += FACTS["other_kind"]
    here, there = one.place, other.place
    doors = here.door[1] == there.door[1] if here.door and there.door else not (here.roads and there.roads)
    points += FACTS["same_door" if doors else "same_road"]
    if one.subdistrict and other.subdistrict:
        elsewhere = "other_subdistrict_same_door" if doors else "other_subdistrict"
        points += FACTS["same_subdistrict" if one.subdistrict == other.subdistrict else elsewhere]
    return points


def lacking(one: Community, other: Community) -> str | None:
    """Which facts could not be compared because one of the two does not state them."""
    stated: dict[str, Callable[[Community], object]] = {
        "街道": lambda c: c.subdistrict,
        "地址": lambda c: c.place.roads,
        "户数": lambda c: c.households,
        "建筑面积": lambda c: c.area,
        "物业企业": lambda c: c.company,
    }
    missing = [what for what, of in stated.items() if not (of(one) and of(other))]
    return f"未能比对（至少一方未填）：{'、'.join(missing)}" if missing else None


def _where(one: Community, other: Community, relation: Relation) -> Iterator[Fact]:
    here, there = one.place, other.place
    if not (here.roads and there.roads):
        if here.text and len(here.text) == len(there.text) and all(map(alike, plain(here.text), plain(there.text))):
            numbered = any(character.isdigit() for character in plain(here.text))
            yield fact("same_door" if numbered else "same_road", f"地址相同：{here.text}")
        return
    if here.door and there.door and same_road(plain(here.door[0]), plain(there.door[0])):
        if here.door[1] == there.door[1]:
            yield fact("same_door", f"地址相同：{''.join(here.door)}")
        else:
            numbers = f"{here.door[1]}、{there.door[1]}"
            yield fact("other_number", f"同在{here.door[0]}，门牌号不同（{numbers}）")
    elif (shared := shared_road(here, there)) is not None:
        yield fact("same_road", f"同在{here.roads[shared]}")
    elif any(_slip(a, b) for a in here.plain for b in there.plain):
        yield Fact("slip", 0, f"路名或有笔误：{here.roads[0]}、{there.roads[0]}")
    else:
        named = relation.kind in ("identical", "place")
        roads = f"{here.roads[0]}、{there.roads[0]}"
        yield fact("other_road_same_name" if named else "other_road", f"道路不同：{roads}")


def shared_road(here: Place, there: Place) -> int | None:
    """Which of the roads here is one of the roads there."""
    return next((at for at, a in enumerate(here.plain) for b in there.plain if same_road(a, b)), None)


def same_road(one: str, other: str) -> bool:
    """One road under two spellings: every character sounds or looks alike; one may have more before it."""
    if len(one) > len(other):
        one, other = other, one
    return len(one) > 1 and (other.endswith(one) or all(map(alike, reversed(one), reversed(other))))


def _slip(one: str, other: str) -> bool:
    """One road but for 街, 路 … or two neighbouring characters exchanged: as likely a slip as another road."""
    if len(one) != len(other) or len(one) < 3:
        return False
    return swapped(one, other) or (one[-1] != other[-1] and all(map(alike, one[:-1], other[:-1])))


def _subdistricts(one: Community, other: Community, same_door: bool) -> Iterator[Fact]:
    if one.subdistrict and other.subdistrict:
        if one.subdistrict == other.subdistrict:
            yield fact("same_subdistrict", "街道相同")
        else:
            kind = "other_subdistrict_same_door" if same_door else "other_subdistrict"
            yield fact(kind, f"街道不同：{one.subdistrict}、{other.subdistrict}")


def _sizes(what: str, a: float | None, b: float | None, unit: str, small: float) -> Iterator[Fact]:
    kind = _size(a, b, small)
    if not (a and b and kind):
        return
    said = f"{a:,.0f}{unit}、{b:,.0f}{unit}"
    if kind in ("equal", "equal_small"):
        yield fact(kind, f"{what}相同：{a:,.0f}{unit}")
    elif kind == "slip":
        factor = max(a, b) / min(a, b)
        yield Fact(kind, 0, f"{what}相差{factor:,.0f}倍，疑为单位或小数点误填：{said}")
    else:
        yield fact(kind, f"{what}{'接近' if kind.startswith('within') else '相差大'}：{said}")


def _size(a: float | None, b: float | None, small: float) -> str | None:
    """How far two sizes agree, as a key of ``FACTS``; slip: a factor that tells of a wrong unit or decimal point."""
    if not a or not b:
        return None
    low, high = (a, b) if a <= b else (b, a)
    off = float(high) / float(low) - 1
    if off == 0:
        return "equal" if low >= small else "equal_small"
    if off <= 0.1:
        return None if low < small else "within_2" if off <= 0.02 else "within_5" if off <= 0.05 else "within_10"
    if off > 8 and any(abs(off + 1 - factor) < 0.001 * factor for factor in (10, 10_000)):
        return "slip"
    return None if off < 0.4 else "off_100" if off >= 1 else "off_40"


def _buildings(one: Community, other: Community) -> Iterator[Fact]:
    kind = _built_alike(one.buildings, other.buildings)
    if kind == "same_buildings":
        yield fact(kind, f"楼栋数相同：{one.buildings}栋")
    elif kind:
        yield fact(kind, f"楼栋数不同：{one.buildings}栋、{other.buildings}栋")


def _built_alike(a: int | None, b: int | None) -> str | None:
    if not a or not b:
        return None
    if a == b:
        return "same_buildings" if a > 1 else None
    return "other_buildings" if a >= 2 * b or b >= 2 * a else None


def _companies(one: Community, other: Community) -> Iterator[Fact]:
    if one.company and other.company:
        if one.company == other.company:
            yield fact("same_company", f"物业企业相同：{one.company}")
        else:
            yield fact("other_company", "物业企业不同")


def _years(one: Community, other: Community) -> Iterator[Fact]:
    kind = _built_together(one.year, other.year)
    if kind == "same_year":
        yield fact(kind, f"建成年份相同：{one.year}年")
    elif kind:
        yield fact(kind, f"建成年份不同：{one.year}年、{other.year}年")


def _built_together(a: int | None, b: int | None) -> str | None:
    if not a or not b:
        return None
    return "same_year" if a == b else "other_year" if abs(a - b) > 4 else None
