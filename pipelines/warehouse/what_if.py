"""What the assessment would come to if something were different: weights, thresholds, targets, grades or figures.

A what-if file is YAML; every part may be left out::

    items:                          # a line of the rubric: its points, or a parameter of its method
      A1: {points: 15, floor: 70}
    milestones:                     # a target
      pm_coverage_rate@2025-12-31: 95
    grades:                         # from how many points on
      excellent: 85
    figures:                        # a rate or count of one district and period
      - {district: 磴口县, indicator: pm_coverage_rate, period: 2025-11, numerator: 200, denominator: 210}
    done:                           # a system, document or pilot
      - {district: 磴口县, indicator: credit_system_established, on: 2024-12-01}
    evidence:                       # how many items of evidence are listed for a line or an indicator
      - {district: 磴口县, subject: A1, count: 1}

Nothing here touches what is published: plan and inputs are changed in memory and judged anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.plans import source, tables
from pipelines.plans.model import OPERATOR_KEYS, Indicator, Milestone, Params, Plan, RubricItem
from pipelines.warehouse.assessment import AMOUNT, AssessmentInputs, assess


class WhatIfError(ValueError):
    """A what-if file that can't be used, with every mistake found in it: file, line, field, message."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = list(mistakes)
        super().__init__("\n".join(self.mistakes))


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Figure(_Model):
    """A rate's parts, or a count's number, in one district and period."""

    district: str
    indicator: str
    period: str
    numerator: Decimal = Field(ge=0)
    denominator: Decimal | None = Field(None, ge=0)


class Done(_Model):
    """A boolean or document indicator done on a day; without ``on``, not done."""

    district: str
    indicator: str
    on: date | None = None


class Evidence(_Model):
    """How many items of evidence a district's lists name for a line of the rubric or an indicator."""

    district: str
    subject: str
    count: int = Field(ge=0)


class WhatIf(_Model):
    """What is to be different."""

    items: dict[str, dict[str, Any]] = {}
    milestones: dict[str, Decimal] = {}
    grades: dict[str, Decimal] = {}
    figures: tuple[Figure, ...] = ()
    done: tuple[Done, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def read(path: Path, plan: Plan) -> WhatIf:
    """The file's changes, checked against the plan. Raises WhatIfError with every mistake, OSError if unreadable."""
    try:
        return parse(path.read_text(encoding="utf-8-sig"), plan, str(path))
    except UnicodeDecodeError:
        raise WhatIfError([f"{path}:1: 不是UTF-8编码的文本"]) from None


def parse(text: str, plan: Plan, name: str = "试算") -> WhatIf:
    """The same of a text; ``name`` is what its mistakes call it."""
    try:
        parsed = source.parse(text)
    except source.SourceError as error:
        raise WhatIfError([f"{name}:{error.line}: {error}"]) from None

    def mistake(where: source.Path, message: str) -> str:
        return f"{name}:{parsed.line(where)}: {'.'.join(map(str, where))}: {message}"

    repeated = [mistake(where, "写了两次") for where in parsed.repeated]
    try:
        change = WhatIf.model_validate(parsed.value or {})
    except ValidationError as error:
        found = [mistake(tuple(e["loc"]), _said(e)) for e in error.errors(include_url=False)]
        raise WhatIfError([*repeated, *found]) from None
    checked = sorted(_check(change, plan), key=lambda found: parsed.line(found[0]))
    if mistakes := [*repeated, *(mistake(where, message) for where, message in checked)]:
        raise WhatIfError(mistakes)
    return change


def _check(change: WhatIf, plan: Plan) -> Iterator[tuple[source.Path, str]]:
    """Names the plan does not know, parameters its methods do not have."""
    rubric = plan.rubric
    if rubric is None:
        yield (), f"方案 {plan.id} 没有考核办法"
        return
    items = {item.id: item for item in rubric.items}
    known: dict[str, Iterable[str]] = {
        "items": items,
        "milestones": [milestone.id for milestone in plan.milestones],
        "grades": [grade.id for grade in rubric.grades],
    }
    for part, names in known.items():
        for name in getattr(change, part):
            if name not in names:
                yield (part, name), _unknown(name, names)
    for name, values in change.items.items():
        if name in items:
            try:
                _changed_item(items[name], values)
            except (ValidationError, ValueError) as error:
                yield ("items", name), _first(error)
    indicators = {indicator.id: indicator for indicator in plan.indicators}
    for milestone in plan.milestones:
        target = change.milestones.get(milestone.id)
        if target is not None and not 0 <= target <= 100 and indicators[milestone.indicator_id].kind != "count":
            yield ("milestones", milestone.id), f"目标{target}不在0—100%之间"
    for part in ("figures", "done", "evidence"):
        for number, one in enumerate(getattr(change, part)):
            if plan.district(one.district) is None:
                names = [word for district in plan.districts for word in (district.name.zh, district.code)]
                yield (part, number, "district"), _unknown(one.district, names)
            if part == "evidence":
                if one.subject not in indicators and one.subject not in items:
                    yield (part, number, "subject"), _unknown(one.subject, [*items, *indicators])
                continue
            if one.indicator not in indicators:
                yield (part, number, "indicator"), _unknown(one.indicator, indicators)
            elif (indicators[one.indicator].kind in DONE_KINDS) != (part == "done"):
                other = "done" if part == "figures" else "figures"
                yield (part, number, "indicator"), f"{one.indicator} 不是这一类指标，请写在 {other} 中"
            if part == "figures":
                if plan.period(one.period) is None:
                    yield (part, number, "period"), _unknown(one.period, [period.id for period in plan.periods])
                if wrong := _not_a_figure(one, indicators.get(one.indicator)):
                    yield (part, number), wrong


def _not_a_figure(figure: Figure, indicator: Indicator | None) -> str | None:
    """What is wrong with the numbers themselves."""
    if indicator is None or indicator.kind in DONE_KINDS:
        return None
    if (indicator.denominator is None) != (figure.denominator is None):
        return "计数指标没有分母" if indicator.denominator is None else "缺少分母 denominator"
    shares = all(measure.numerator == measure.denominator for measure in indicator.bases.values())
    if figure.denominator is not None and shares and figure.numerator > figure.denominator:
        return f"分子{figure.numerator}大于分母{figure.denominator}"
    return None


DONE_KINDS = ("boolean", "document")


def _unknown(name: str, names: Iterable[str]) -> str:
    close = get_close_matches(name, list(names), n=1)
    return f"方案中没有 {name!r}" + (f"；是不是 {close[0]!r}？" if close else "")


def _first(error: Exception) -> str:
    return _said(error.errors(include_url=False)[0]) if isinstance(error, ValidationError) else str(error)


_WRONG = {
    "missing": "没有填写",
    "extra_forbidden": "没有这一项",
    "decimal_parsing": "不是数",
    "decimal_type": "不是数",
    "greater_than": "须大于0",
    "greater_than_equal": "不能小于0",
    "int_parsing": "不是整数",
    "int_type": "不是整数",
    "date_from_datetime_parsing": "不是日期（如 2024-12-01）",
    "date_type": "不是日期（如 2024-12-01）",
    "dict_type": "应当是若干“名称: 值”",
    "model_type": "应当是若干“名称: 值”",
    "tuple_type": "应当是以“-”开头的若干行",
}
"""What pydantic finds → how an analyst is told."""


def _said(error: Any) -> str:
    told = _WRONG.get(error["type"], error["msg"])
    if error["type"] == "extra_forbidden" and len(error["loc"]) == 1:
        told += f"；可用：{'、'.join(WhatIf.model_fields)}"
    return told


# ── changing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def apply(change: WhatIf, plan: Plan, inputs: AssessmentInputs) -> AssessmentInputs:
    """The inputs of this plan alone, with what the file says changed."""
    own = AssessmentInputs.of(inputs.today, **{name: _of_plan(frame, plan) for name, frame in _frames(inputs).items()})
    planned = tables.frames({plan.id: _changed_plan(change, plan)})
    return AssessmentInputs.of(
        own.today,
        **{
            **_frames(own),
            **{name: planned[name] for name in ("rubric", "rubric_item", "milestone")},
            "indicator_value": _with_figures(own.indicator_value, change, plan),
            "doubt": _without_doubts(own.doubt, change, plan),
            "commitment": _with_done(own, change, plan),
            "evidence": _with_evidence(own.evidence, change, plan),
        },
    )


def _frames(inputs: AssessmentInputs) -> dict[str, pl.DataFrame]:
    return {f.name: getattr(inputs, f.name) for f in fields(inputs) if f.name != "today"}


def _of_plan(frame: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    return frame.filter(pl.col("plan_id") == plan.id)


def _changed_plan(change: WhatIf, plan: Plan) -> Plan:
    rubric = plan.rubric
    assert rubric is not None
    groups = tuple(
        group.model_copy(
            update={"items": tuple(_changed_item(item, change.items.get(item.id, {})) for item in group.items)}
        )
        for group in rubric.groups
    )
    grades = tuple(
        grade.model_copy(update={"at_least": change.grades.get(grade.id, grade.at_least)}) for grade in rubric.grades
    )
    indicators = tuple(
        indicator.model_copy(
            update={"milestones": tuple(_changed_milestone(one, change.milestones) for one in indicator.milestones)}
        )
        for indicator in plan.indicators
    )
    changed = rubric.model_copy(update={"groups": groups, "grades": grades})
    return plan.model_copy(update={"rubric": changed, "indicators": indicators})


def _changed_milestone(milestone: Milestone, targets: Mapping[str, Decimal]) -> Milestone:
    """The milestone with another target, under the operator it has."""
    if milestone.id not in targets:
        return milestone
    stated = next((key for key in OPERATOR_KEYS if getattr(milestone, key) is not None), "at_least")
    return Milestone.model_validate(milestone.model_dump() | {stated: targets[milestone.id]})


def _changed_item(item: RubricItem, values: Mapping[str, Any]) -> RubricItem:
    """The item with other points or parameters; judged as the plan file would be. Raises ValidationError."""
    if not values:
        return item
    params = {name: value for name, value in values.items() if name != "points"}
    given = item.model_dump(exclude={"params"}) | {"points": values.get("points", item.points)}
    return RubricItem.model_validate(given | {"params": Params.model_validate(item.params.given | params)})


def _code(plan: Plan, district: str) -> str:
    found = plan.district(district)
    assert found is not None
    return found.code


def _figure_keys(change: WhatIf, plan: Plan) -> pl.DataFrame:
    rows = [(_code(plan, f.district), f.indicator, f.period, f.numerator, f.denominator) for f in change.figures]
    amounts = {"new_numerator": AMOUNT, "new_denominator": AMOUNT}
    frame = pl.DataFrame(rows, schema={**dict.fromkeys(_FIGURE, pl.String()), **amounts}, orient="row")
    return frame.unique(_FIGURE, keep="last", maintain_order=True)


_FIGURE = ["district_code", "indicator_id", "period_id"]


def _with_figures(values: pl.DataFrame, change: WhatIf, plan: Plan) -> pl.DataFrame:
    """Audited figures as stated; the other variants of a stated figure say nothing any more."""
    stated = _figure_keys(change, plan)
    new = stated.select(
        pl.lit(plan.id).alias("plan_id"),
        *_FIGURE,
        pl.lit("audited").alias("variant"),
        pl.col("new_numerator").alias("numerator"),
        pl.col("new_denominator").alias("denominator"),
    )
    return pl.concat([values.join(stated, on=_FIGURE, how="anti"), new.select(values.columns)])


def _without_doubts(doubts: pl.DataFrame, change: WhatIf, plan: Plan) -> pl.DataFrame:
    return doubts.join(_figure_keys(change, plan), on=_FIGURE, how="anti")


def _with_done(inputs: AssessmentInputs, change: WhatIf, plan: Plan) -> pl.DataFrame:
    """Commitments as stated, in every period of the district; evidence already listed stays."""
    rows = inputs.commitment
    for one in change.done:
        hit = (pl.col("district_code") == _code(plan, one.district)) & (pl.col("indicator_id") == one.indicator)
        is_done = pl.lit(False) if one.on is None else pl.col("period_id").is_in(_periods_from(inputs.period, one.on))
        rows = rows.with_columns(
            is_reported=pl.when(hit).then(True).otherwise("is_reported"),
            is_done=pl.when(hit).then(is_done).otherwise("is_done"),
            done_date=pl.when(hit).then(pl.lit(one.on, pl.Date)).otherwise("done_date"),
        )
    return rows


def _periods_from(periods: pl.DataFrame, day: date) -> list[str]:
    """The periods whose ledger can show what was done on that day."""
    return periods.filter(pl.col("as_of") >= day)["period_id"].to_list()


def _with_evidence(evidence: pl.DataFrame, change: WhatIf, plan: Plan) -> pl.DataFrame:
    stated = pl.DataFrame(
        [(plan.id, _code(plan, one.district), one.subject, one.count) for one in change.evidence],
        schema=evidence.schema,
        orient="row",
    ).unique(evidence.columns[:3], keep="last", maintain_order=True)
    return pl.concat([evidence.join(stated, on=evidence.columns[:3], how="anti"), stated])


# ── comparing ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Outcome:
    """Items and scores of one plan, as ``assess`` returns them."""

    items: pl.DataFrame
    scores: pl.DataFrame

    @classmethod
    def of(cls, inputs: AssessmentInputs) -> Outcome:
        """What these inputs come to."""
        return cls(*assess(inputs))


def compare(before: Outcome, after: Outcome) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scores of every district side by side, and the items whose points, weight or status differ.

    Columns: what ``assess`` returns for the state after, with ``score_before``, ``grade_before``, ``rank_before``; of
    items ``points_before``, ``max_points_before``, ``status_before``.
    """
    place = ["plan_id", "district_code"]
    scores = after.scores.join(
        before.scores.select(*place, *(pl.col(name).alias(f"{name}_before") for name in ("score", "grade", "rank"))),
        on=place,
        how="left",
        maintain_order="left",
    )
    items = after.items.join(
        before.items.select(*place, "item_id", *(pl.col(n).alias(f"{n}_before") for n in _JUDGED)),
        on=[*place, "item_id"],
        how="left",
        maintain_order="left",
    )
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in _JUDGED)
    return scores, items.filter(differs)


_JUDGED = ("points", "max_points", "status")
