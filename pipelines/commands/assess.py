"""The assessment of a plan as it stands, or as it would stand if something were different; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.letters import aligned
from pipelines.plans.model import Plan
from pipelines.settings import Workspace
from pipelines.warehouse.facts import UNITS
from pipelines.warehouse.judged import judged_inputs
from pipelines.warehouse.scoring import number_text
from pipelines.warehouse.what_if import Outcome, WhatIf, apply, compare

MOST_LISTED = 8
"""So many lost items are listed per district."""


@dataclass(frozen=True)
class Assessment:
    """Scores (with those before), and the items to be told of."""

    plan: Plan
    scores: pl.DataFrame
    items: pl.DataFrame
    group_points: Mapping[tuple[str, str | None], Decimal]
    """Points by group and district; what they can be at most without a district."""
    what_if: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "plan_id": self.plan.id,
            "what_if": self.what_if and self.what_if.name,
            "scores": _plain(self.scores),
            "items": _plain(self.items),
        }

    def lines(self) -> Iterator[str]:
        """As an analyst reads it: all districts side by side, then why."""
        yield f"{self.plan.name.zh} · 考核得分{'（方案建议稿）' if self.scores['is_proposal'].any() else ''}"
        if self.what_if:
            yield f"假设情形：{self.what_if.name}。只是试算，不影响已发布的结果。"
        if provisional := next(iter(self.scores["provisional_reason"].drop_nulls()), None):
            yield provisional
        yield ""
        yield from self._table()
        for row in self._ordered().iter_rows(named=True):
            told = list(self._reasons(row))
            if told:
                yield ""
                yield self._name(row)
                yield from told
        if self.what_if and self._nothing_changed():
            yield ""
            yield "与现行结果相比，没有任何变化。"

    def _ordered(self) -> pl.DataFrame:
        return self.scores.sort("rank", "district_code", nulls_last=True)

    def _name(self, row: Mapping[str, Any]) -> str:
        return next(district.name.zh for district in self.plan.districts if district.code == row["district_code"])

    def _nothing_changed(self) -> bool:
        same = (pl.col(name).eq_missing(pl.col(f"{name}_before")).all() for name in COMPARED)
        return self.items.is_empty() and all(self.scores.select(list(same)).row(0))

    def _table(self) -> Iterator[str]:
        """Rank, score, grade and the points of each group."""
        rubric = self.plan.rubric
        assert rubric is not None
        groups = [group.id for group in rubric.groups]
        head = ["名次", "区间", "地区", "得分", "等次", *groups, "加分", "扣分"]
        full = ["", "", "满分", "100", "", *(_points(self.group_points[id, None]) for id in groups), "", ""]
        lines = [head, full]
        for row in self._ordered().iter_rows(named=True):
            span = f"{row['rank_low']}–{row['rank_high']}" if row["rank"] else "—"
            own = (self.group_points.get((id, row["district_code"])) for id in groups)
            said = [_compared(row, name, bool(self.what_if)) for name in ("rank", "score", "grade")]
            extra = (_points(row[name]) if row[name] else "" for name in ("bonus", "penalty"))
            lines.append([said[0], span, self._name(row), *said[1:], *(_points(one) for one in own), *extra])
        yield from aligned(lines)
        yield "；".join(f"{group.id} {group.name.zh}" for group in rubric.groups) + "。"
        spread = rubric.rank_ranges.weight_spread
        yield f"区间：各项权重上下浮动{spread}%、存疑记录两可时的名次；区间重叠的，不宜分先后。"

    def _reasons(self, row: Mapping[str, Any]) -> Iterator[str]:
        for name in ("veto_reason", "bonus_reason", "penalty_reason"):
            if row[name] and not self.what_if:
                yield f"    {EXTRAS[name]}：{row[name]}"
        latest = max(
            (item["period_id"] for item in self.items.iter_rows(named=True) if item["period_id"]), default=None
        )
        for item in self.items.filter(district_code=row["district_code"]).iter_rows(named=True):
            yield _changed_line(item) if self.what_if else _lost_line(item, latest)


COMPARED = ("score", "grade", "rank")
EXTRAS = {"veto_reason": "一票否决", "bonus_reason": "加分", "penalty_reason": "扣分"}


def _points(points: Decimal | None) -> str:
    return "—" if points is None else number_text(points)


def _said(value: object) -> str:
    return "—" if value is None else str(value)


def _compared(row: Mapping[str, Any], field: str, compared: bool) -> str:
    now, before = (_said(row[key]) for key in (field, f"{field}_before"))
    return f"{before}→{now}" if compared and before != now else now


def _changed_line(item: Mapping[str, Any]) -> str:
    points, most = _compared(item, "points", True), item["max_points_before"]
    weight = f"（满分{number_text(most)}→{number_text(item['max_points'])}）" if most != item["max_points"] else ""
    return f"    {item['item_id']} {item['item_name']}：{points}分{weight}。{item['reason']}"


def _lost_line(item: Mapping[str, Any], latest: str | None) -> str:
    more = _more(item, past=item["period_id"] not in (None, latest))
    return f"    {item['item_id']} {item['item_name']}：失{number_text(item['points_lost'])}分{more}。{item['reason']}"


def _more(item: Mapping[str, Any], past: bool) -> str:
    """What would have to be won for more points, and how many those are; of a past period, what it lacked then."""
    units, gain = item["units_to_gain"], item["units_to_gain_points"]
    if not units or not gain:
        return ""
    worth = f"可得{number_text(gain)}分"
    if what := {"document": "补齐", "date": "补报", "evidence": "列入佐证材料清单"}.get(item["next_unit"]):
        return f"（{what}{worth}）"
    step = "减" if item["reason_code"] == "over_limit" else "增"
    unit = UNITS[item["next_unit"]].zh if item["next_unit"] in UNITS else "个"
    return f"（{'当期' if past else ''}再{step}{units}{unit}{worth}）"


def _plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON can hold them: points and amounts are numbers."""
    exact = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Decimal)]
    return frame.with_columns(pl.col(exact).cast(pl.Float64)).to_dicts()


def assess_plan(
    ws: Workspace, plan: Plan, what_if: tuple[Path, WhatIf] | None = None, district_code: str | None = None
) -> Assessment:
    """The plan's assessment from the workspace's last build. Raises NothingBuilt, Busy while a run is on.

    As it stands: of each district the items on which most was lost. With ``what_if``: the items that would change.
    """
    inputs = judged_inputs(ws)
    base = apply(WhatIf(), plan, inputs)
    before = Outcome.of(base)
    after = Outcome.of(apply(what_if[1], plan, inputs)) if what_if else before
    scores, items = compare(before, after)
    if not what_if:
        lost = after.items.filter(pl.col("points_lost") > 0).sort("points_lost", descending=True, maintain_order=True)
        items = lost.group_by("district_code", maintain_order=True).head(MOST_LISTED).select(after.items.columns)
    if district_code:
        scores, items = (frame.filter(district_code=district_code) for frame in (scores, items))
    return Assessment(plan, scores, items, _group_points(after.items), what_if and what_if[0])


def _group_points(items: pl.DataFrame) -> dict[tuple[str, str | None], Decimal]:
    """What each district earned in each group, and the most a group is worth."""
    own = items.group_by("group_id", "district_code").agg(pl.col("points", "max_points").sum())
    found: dict[tuple[str, str | None], Decimal] = {(r[0], r[1]): r[2] for r in own.iter_rows()}
    return found | {
        (group, None): most for group, most in own.group_by("group_id").agg(pl.col("max_points").max()).rows()
    }
