"""What the pages of the assessment say: the ranking with its uncertainty, and every point of every district."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipelines.reporting.data.facts import Backed, Facts, Measure
from pipelines.reporting.format import Number, exact
from pipelines.reporting.marts import District, Item, RubricItem, Score, Submission


@dataclass(frozen=True)
class Lost:
    """A district's score with the points lost in each group of the rubric."""

    district: District
    score: Score
    groups: dict[str, Number]
    inseparable: list[District]
    """Districts whose range of ranks overlaps this one's."""

    @property
    def steps(self) -> list[tuple[str, Fraction]]:
        """From full marks down: group and what it costs of a hundred, the dearest first; nothing for nothing."""
        whole = exact(self.score.applicable_points or 0)
        scaled = [(group, exact(lost) * 100 / whole) for group, lost in self.groups.items() if lost and whole]
        return sorted(scaled, key=lambda step: -step[1])


@dataclass(frozen=True)
class ItemRow:
    """A line of the rubric over all districts."""

    item: Item
    by: dict[str, Item]
    earned: Fraction | None
    """Points earned of those that could be earned, in percent, all districts together."""


@dataclass(frozen=True)
class AssessmentPage:
    """The ranking and the points of every item."""

    ranking: list[Lost]
    tiers: list[list[Lost]]
    """The ranking in groups that can be told apart: no range of one reaches into the next."""
    groups: dict[str, str]
    items: list[ItemRow]
    evidence: list[Backed]

    @property
    def close(self) -> list[list[Lost]]:
        """The groups of districts that can't be told apart."""
        return [tier for tier in self.tiers if len(tier) > 1]


@dataclass(frozen=True)
class ItemPoints:
    """One line for one district."""

    item: Item
    rubric: RubricItem | None
    measure: Measure | None
    """The milestone of its figure that leads to the communities in question."""

    @property
    def lost(self) -> Fraction:
        return (
            Fraction(0)
            if self.item.status == "not_applicable"
            else exact(self.item.max_points) - exact(self.item.points or 0)
        )


@dataclass(frozen=True)
class ScoreSheet:
    """Every point of one district."""

    row: Lost
    of: int
    """Districts that have a rank."""
    groups: list[tuple[str, str, list[ItemPoints]]]
    """Id, name and lines of each group, in the order of the rubric."""
    losses: list[ItemPoints]
    """The lines with points lost, the dearest first."""
    ledgers: list[Submission]
    """The workbooks in force that the points rest on, newest first."""


def assessment_page(facts: Facts) -> AssessmentPage:
    """The ranking with its uncertainty, and where points were lost."""
    by_item: dict[str, dict[str, Item]] = {}
    for item in facts.items:
        by_item.setdefault(item.item_id, {})[item.district_code] = item
    ranking = _ranking(facts)
    return AssessmentPage(
        ranking,
        tiers(ranking),
        _groups(facts),
        [ItemRow(next(iter(by.values())), by, _earned(list(by.values()))) for by in by_item.values()],
        facts.evidence,
    )


def score_sheets(facts: Facts) -> list[ScoreSheet]:
    """Every point of every district that is assessed, in the order of districts."""
    own: dict[str, list[Item]] = defaultdict(list)
    for item in facts.items:
        own[item.district_code].append(item)
    names = _groups(facts)
    ranking = {row.district.district_code: row for row in _ranking(facts)}
    in_force: dict[str | None, list[Submission]] = defaultdict(list)
    for submission in reversed(facts.submissions):
        if submission.is_effective:
            in_force[submission.district_code].append(submission)
    ranked = sum(row.score.rank is not None for row in ranking.values())
    sheets = []
    for code in (d.district_code for d in facts.districts if d.district_code in ranking):
        lines = [ItemPoints(i, facts.rubric.get(i.item_id), _measure(facts, code, i)) for i in own[code]]
        sheets.append(
            ScoreSheet(
                ranking[code],
                ranked,
                [(group, names[group], [p for p in lines if (p.item.group_id or "") == group]) for group in names],
                sorted((p for p in lines if p.lost), key=lambda p: -p.lost),
                in_force[code],
            )
        )
    return sheets


def tiers(ranking: Sequence[Lost]) -> list[list[Lost]]:
    """The ranking cut wherever no range of ranks reaches over the cut."""
    found: list[list[Lost]] = []
    reach = 0
    for row in ranking:
        low, high = row.score.rank_low, row.score.rank_high
        if not found or low is None or high is None or low > reach:
            found.append([])
        found[-1].append(row)
        reach = max(reach, high or 0)
    return found


def _ranking(facts: Facts) -> list[Lost]:
    groups = _groups(facts)
    lost: dict[str, dict[str, Number]] = {code: dict.fromkeys(groups, 0) for code in facts.scores}
    for item in facts.items:
        if item.status != "not_applicable" and item.district_code in lost:
            lost[item.district_code][item.group_id or ""] += item.max_points - (item.points or 0)  # type: ignore[operator]
    return [
        Lost(facts.district[code], score, lost[code], _inseparable(facts, score))
        for code, score in facts.scores.items()
        if code in facts.district
    ]


def _groups(facts: Facts) -> dict[str, str]:
    return {item.group_id or "": item.group_name or item.group_id or "" for item in facts.items}


def _earned(items: Sequence[Item]) -> Fraction | None:
    counted = [item for item in items if item.status != "not_applicable"]
    whole = sum((exact(item.max_points) for item in counted), Fraction(0))
    return sum((exact(item.points or 0) for item in counted), Fraction(0)) * 100 / whole if whole else None


def _measure(facts: Facts, code: str, item: Item) -> Measure | None:
    """The district's milestone of the item's indicator that is due last."""
    found = [
        row.districts[code]
        for row in facts.rows["measured"]
        if row.measure.indicator.indicator_id == item.indicator_id and row.binds(code)
    ]
    return found[-1] if found else None


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
