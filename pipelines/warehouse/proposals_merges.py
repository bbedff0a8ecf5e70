"""Probable mergers: several communities that are gone, and a new one about as large as they were together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log2
from operator import attrgetter

from pipelines.warehouse.proposals_evidence import Community, Fact, shared_road
from pipelines.warehouse.proposals_names import without_streets

MOST_PARENTS = 6
TRIED = 10
"""Of more candidates than this, only pairs are tried, beside all of them at once."""
FEW = 4
"""Among so many who are gone, a sum that fits is worth what it is; each doubling takes points away."""
POINTS: dict[str, int] = {
    "exact": 30,
    "exact_small": 14,
    "within_1": 26,
    "within_3": 14,
    "off": -15,
    "buildings": 8,
    "subdistrict": 8,
    "names": 26,
    "some_names": 6,
    "roads": 10,
    "some_roads": 4,
    "companies": 6,
    "more_parents": -3,
    "nothing_in_common": -10,
    "doubled": -4,
}


@dataclass(frozen=True)
class Merger:
    """A new community and those it probably came out of."""

    child: Community
    parents: tuple[Community, ...]
    facts: tuple[Fact, ...]

    @property
    def score(self) -> int:
        return sum(fact.points for fact in self.facts)


def mergers(gone: Sequence[Community], come: Sequence[Community], least: int) -> list[Merger]:
    """The best merger of each new community that reaches ``least`` points; best first, nobody in two of them.

    ``gone`` and ``come``: of one district. Parents left in the step in which the new one came, and stand in its
    subdistrict where both are known.
    """
    by_place: dict[tuple[int, str | None], list[Community]] = {}
    for one in gone:
        by_place.setdefault((one.last, one.subdistrict), []).append(one)
    anywhere = {last: [c for (at, _), cs in by_place.items() if at == last for c in cs] for last, _ in by_place}
    found = []
    for child in come:
        pool = by_place.get((child.first - 1, child.subdistrict), []) + by_place.get((child.first - 1, None), [])
        pool = pool if child.subdistrict else anywhere.get(child.first - 1, [])
        tried = (Merger(child, parents, tuple(_facts(child, parents, len(pool)))) for parents in _groups(child, pool))
        best = max(tried, key=lambda m: (m.score, -len(m.parents)), default=None)
        if best and best.score >= least:
            found.append(best)
    taken: set[int] = set()
    kept = []
    for merger in sorted(found, key=lambda m: (-m.score, m.child.index)):
        members = {merger.child.index, *(parent.index for parent in merger.parents)}
        if not members & taken:
            taken |= members
            kept.append(merger)
    return kept


def _groups(child: Community, pool: Sequence[Community]) -> Iterator[tuple[Community, ...]]:
    """Groups of candidates whose households or floor areas add up to the new one's, within 3 %; of strangers both.

    All of them and pairs; where there are few, any group of up to ``MOST_PARENTS``. Those related by name or road come
    first.
    """
    smaller = [c for c in pool if (c.households or 0) <= (child.households or 0) or (c.area or 0) <= (child.area or 0)]
    related = [c for c in smaller if _named_alike(child, c) or _on_one_road(child, c)]
    tried: dict[tuple[int, ...], tuple[Community, ...]] = {}
    for candidates in (related, smaller):
        groups = [tuple(candidates)] if len(candidates) > 1 else []
        if len(candidates) <= TRIED:
            groups += (g for n in range(2, min(MOST_PARENTS + 1, len(candidates))) for g in combinations(candidates, n))
        else:
            groups += [*_pairs(child, candidates, _households), *_pairs(child, candidates, _area)]
        tried |= {tuple(c.index for c in group): group for group in groups}
    known = {c.index for c in related}
    for group in tried.values():
        fits = [_adds_up(child, group, size) for size in (_households, _area)]
        if all(fits) or (any(fits) and any(c.index in known for c in group)):
            yield group


def _pairs(child: Community, pool: Sequence[Community], size: _Size) -> Iterator[tuple[Community, ...]]:
    """Pairs whose sizes add up, by walking in from both ends of the sorted pool."""
    target = size(child)
    sized = sorted((c for c in pool if size(c)), key=lambda c: (size(c) or 0, c.index))
    low, high = 0, len(sized) - 1
    while target and low < high:
        both = (size(sized[low]) or 0) + (size(sized[high]) or 0)
        if abs(both - target) <= 0.03 * target:
            yield tuple(sorted((sized[low], sized[high]), key=lambda c: c.index))
        if both < target:
            low += 1
        else:
            high -= 1


_Size = Callable[[Community], float | None]
_households: _Size = attrgetter("households")
_area: _Size = attrgetter("area")
_buildings: _Size = attrgetter("buildings")


def _sum(group: Sequence[Community], size: _Size) -> float | None:
    sizes = [size(c) for c in group]
    return None if None in sizes else float(sum(sizes))  # type: ignore[arg-type]


def _adds_up(child: Community, group: Sequence[Community], size: _Size) -> bool:
    target = size(child)
    total = _sum(group, size) if target else None
    return bool(total and target and abs(total - target) <= 0.03 * target)


def _facts(child: Community, parents: Sequence[Community], among: int) -> Iterator[Fact]:
    for what, unit, size, small in (("户数", "户", _households, 100), ("建筑面积", "㎡", _area, 5000)):
        total, target = _sum(parents, size), size(child)
        if total and target:
            off = abs(total - target) / target
            kind = "exact" if off == 0 else "within_1" if off <= 0.01 else "within_3" if off <= 0.03 else "off"
            words = {"exact": "正好等于", "off": "不等于"}.get(kind, "接近")
            kind = "exact_small" if kind in ("exact", "within_1") and target < small else kind
            yield _worth(kind, f"原小区{what}合计 {total:,.0f}{unit}，{words}新小区 {target:,.0f}{unit}")
    if (total := _sum(parents, _buildings)) and total == child.buildings:
        yield _worth("buildings", f"楼栋数合计相符：{total:.0f}栋")
    if child.subdistrict and all(p.subdistrict == child.subdistrict for p in parents):
        yield _worth("subdistrict", "街道相同")
    named = [p for p in parents if _named_alike(child, p)]
    if named:
        whole = len(named) == len(parents)
        yield _worth("names" if whole else "some_names", f"名称相关：{'、'.join(p.name.typed for p in named)}")
    near = [p for p in parents if _on_one_road(child, p)]
    if near:
        whole = len(near) == len(parents)
        yield _worth("roads" if whole else "some_roads", "同一道路" if whole else "部分在同一道路")
    if child.company and all(p.company == child.company for p in parents):
        yield _worth("companies", f"物业企业相同：{child.company}")
    if len(parents) not in (len(named), len(near)):
        # Of many that are gone some add up to anything: the more there are, the less a sum proves.
        chance = POINTS["nothing_in_common"] + round(POINTS["doubled"] * log2(max(1, among / FEW)))
        yield Fact(
            "nothing_in_common",
            chance,
            f"不是每个都看得出名称或道路上的关联（同期漏报{among}个，合计相符也可能是巧合）",
        )
    if len(parents) > 3:
        yield Fact("more_parents", POINTS["more_parents"] * (len(parents) - 3), f"涉及{len(parents)}个小区")


def _worth(kind: str, words: str) -> Fact:
    return Fact(kind, POINTS[kind], words)


def _named_alike(child: Community, parent: Community) -> bool:
    """One stem begins with the other, whatever phase or zone it is: 阳光花园 and 阳光花园一期.

    A street is no name, and neighbours who differ in their house numbers have only the street in common.
    """
    short, long = sorted((child.name, parent.name), key=lambda name: len(name.sounds))
    begins = long.sounds[: len(short.sounds)] == short.sounds
    enough = len(short.sounds) > (1 if len(short.sounds) == len(long.sounds) else 2)
    numbers = {mark for mark in child.name.marks if mark.startswith("plain")}
    return begins and enough and without_streets(short.stem) == short.stem and numbers <= set(parent.name.marks)


def _on_one_road(child: Community, parent: Community) -> bool:
    return shared_road(child.place, parent.place) is not None
