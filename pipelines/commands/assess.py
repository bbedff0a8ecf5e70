"""The assessment of a plan as it stands, or as it would stand if something were different; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.locking import run_lock
from pipelines.plans.model import Plan
from pipelines.settings import Workspace
from pipelines.warehouse import dbt
from pipelines.warehouse.assessment import BUILD_TABLES, AssessmentInputs
from pipelines.warehouse.scoring import number_text
from pipelines.warehouse.snapshot import inputs_folder
from pipelines.warehouse.what_if import Outcome, WhatIf, apply, compare

MOST_LISTED = 8
"""So many lost items are listed per district."""


class NothingBuilt(Exception):
    """The workspace has no finished build to start from."""


@dataclass(frozen=True)
class Assessment:
    """Scores (with those before), and the items to be told of."""

    plan: Plan
    scores: pl.DataFrame
    items: pl.DataFrame
    what_if: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "plan_id": self.plan.id,
            "what_if": self.what_if and self.what_if.name,
            "scores": _plain(self.scores),
            "items": _plain(self.items),
        }

    def lines(self) -> Iterator[str]:
        """As an analyst reads it."""
        names = {district.code: district.name.zh for district in self.plan.districts}
        yield f"{self.plan.name.zh} · 考核得分" + ("（方案建议稿）" if self.scores["is_proposal"].any() else "")
        if self.what_if:
            yield f"假设情形：{self.what_if.name}。只是试算，不影响已发布的结果。"
        if provisional := next(iter(self.scores["provisional_reason"].drop_nulls()), None):
            yield provisional
        yield ""
        ordered = self.scores.sort("rank", "district_code", nulls_last=True)
        for row in ordered.iter_rows(named=True):
            yield _score_line(names[row["district_code"]], row, bool(self.what_if))
            for item in self.items.filter(district_code=row["district_code"]).iter_rows(named=True):
                yield _changed_line(item) if self.what_if else _lost_line(item)


def _score_line(name: str, row: Mapping[str, Any], compared: bool) -> str:
    def told(field: str) -> str:
        now, before = (_said(row[key]) for key in (field, f"{field}_before"))
        return f"{before}→{now}" if compared and before != now else now

    rank = f"第{told('rank')}名（{row['rank_low']}–{row['rank_high']}）" if row["rank"] else "无名次"
    extras = "".join(
        f"，{label}{number_text(row[field])}分"
        for label, field in (("加分", "bonus"), ("扣分", "penalty"))
        if row[field]
    )
    return f"{name}：{told('score')}分，{told('grade')}，{rank}{extras}"


def _said(value: object) -> str:
    return "—" if value is None else str(value)


def _changed_line(item: Mapping[str, Any]) -> str:
    return (
        f"    {item['item_id']} {item['item_name']}：{_said(item['points_before'])}→{_said(item['points'])}分。"
        f"{item['reason']}"
    )


def _lost_line(item: Mapping[str, Any]) -> str:
    gain = item["next_unit_points"]
    more = f"（多一个可多得{number_text(gain)}分）" if gain else ""
    return f"    {item['item_id']} {item['item_name']}：失{number_text(item['points_lost'])}分{more}。{item['reason']}"


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
    inputs = _inputs(ws)
    base = apply(WhatIf(), plan, inputs)
    before = Outcome.of(base)
    after = Outcome.of(apply(what_if[1], plan, inputs)) if what_if else before
    scores, items = compare(before, after)
    if not what_if:
        lost = after.items.filter(pl.col("points_lost") > 0).sort("points_lost", descending=True, maintain_order=True)
        items = lost.group_by("district_code", maintain_order=True).head(MOST_LISTED).select(after.items.columns)
    if district_code:
        scores, items = (frame.filter(district_code=district_code) for frame in (scores, items))
    return Assessment(plan, scores, items, what_if and what_if[0])


def _inputs(ws: Workspace) -> AssessmentInputs:
    """What the last build judged from."""
    database, folder = dbt.database(ws), inputs_folder(ws)
    with run_lock(ws, "actionplan assess"):
        if not database.is_file() or not folder.is_dir():
            raise NothingBuilt
        with duckdb.connect(str(database), read_only=True) as connection:
            tables = {name: _table(name, folder, connection) for name in ("run", "int_period", *BUILD_TABLES.values())}
    return AssessmentInputs.gathered(tables)


def _table(name: str, folder: Path, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """An input of the last build, or a table that it made."""
    if (file := folder / f"{name}.parquet").is_file():
        return pl.read_parquet(file)
    where = "select table_schema from information_schema.tables where table_name = ?"
    if not (found := connection.execute(where, [name]).fetchall()):
        raise NothingBuilt
    return connection.sql(f'select * from "{found[0][0]}"."{name}"').pl()
