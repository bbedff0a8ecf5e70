"""What the page of the assessment says."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.reporting.data.facts import Backed, Facts
from pipelines.reporting.format import Number
from pipelines.reporting.marts import District, Item, Score


@dataclass(frozen=True)
class Lost:
    """A district's score with the points lost in each group of the rubric."""

    district: District
    score: Score
    groups: dict[str, Number]
    inseparable: list[District]
    """Districts whose range of ranks overlaps this one's."""


@dataclass(frozen=True)
class AssessmentPage:
    """The ranking and the points of every item."""

    ranking: list[Lost]
    groups: dict[str, str]
    items: list[tuple[Item, dict[str, Item]]]
    """One example row per rubric item, with the row of each district."""
    evidence: list[Backed] = field(default_factory=list)


def assessment_page(facts: Facts) -> AssessmentPage:
    """The ranking with its uncertainty, and where points were lost."""
    groups: dict[str, str] = {}
    by_item: dict[str, dict[str, Item]] = {}
    for item in facts.items:
        groups.setdefault(item.group_id or "", item.group_name or item.group_id or "")
        by_item.setdefault(item.item_id, {})[item.district_code] = item
    ranking = []
    for score in facts.scores.values():
        if score.district_code not in facts.district:
            continue
        lost: dict[str, Number] = dict.fromkeys(groups, 0)
        for item in facts.items:
            if item.district_code == score.district_code and item.status != "not_applicable":
                lost[item.group_id or ""] += item.max_points - (item.points or 0)  # type: ignore[operator]
        ranking.append(Lost(facts.district[score.district_code], score, lost, _inseparable(facts, score)))
    return AssessmentPage(ranking, groups, [(next(iter(d.values())), d) for d in by_item.values()], facts.evidence)


def _inseparable(facts: Facts, score: Score) -> list[District]:
    def overlaps(other: Score) -> bool:
        ranges = (score.rank_low, score.rank_high, other.rank_low, other.rank_high)
        if None in ranges:
            return False
        low, high, other_low, other_high = ranges
        return low <= other_high and other_low <= high  # type: ignore[operator]

    return [
        facts.district[other.district_code]
        for other in facts.scores.values()
        if other.district_code != score.district_code and other.district_code in facts.district and overlaps(other)
    ]
