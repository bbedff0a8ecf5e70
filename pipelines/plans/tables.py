"""The plans as Parquet tables: what the warehouse reads instead of the files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.plans import origins
from pipelines.plans.entities import ENTITIES
from pipelines.plans.entities import origins as origins_of
from pipelines.plans.model import Extra, Grade, Indicator, Params, Plan, Rubric, Veto

Row = dict[str, Any]
_TEXT, _TEXTS, _INT, _FLAG, _DATE = pl.String(), pl.List(pl.String()), pl.Int64(), pl.Boolean(), pl.Date()
_DATES = pl.List(pl.Date())
_TARGET, _POINTS = pl.Decimal(12, 4), pl.Decimal(8, 4)

SCHEMAS: dict[str, dict[str, pl.DataType]] = {
    "plan": {
        "plan_id": _TEXT,
        "plan_name": _TEXT,
        "plan_name_en": _TEXT,
        "issuer": _TEXT,
        "document_no": _TEXT,
        "issued": _DATE,
        "start_date": _DATE,
        "end_date": _DATE,
        "operational_deadline": _DATE,
        "region_code": _TEXT,
        "region_name": _TEXT,
        "new_build_cutoff": _DATE,
        "bodies_counted": _TEXTS,
        "counted_statuses": _TEXTS,
        "evaluation_from": _DATE,
        "evaluation_to": _DATE,
        "source_complete": _FLAG,
        "truncated_after": _TEXT,
        "source_note": _TEXT,
        "source_note_en": _TEXT,
        "source_sha256": _TEXT,
        "sort_order": _INT,
    },
    "district": {
        "plan_id": _TEXT,
        "district_code": _TEXT,
        "district_name": _TEXT,
        "district_name_en": _TEXT,
        "short_name": _TEXT,
        "parent_code": _TEXT,
        "is_pseudo_region": _FLAG,
        "tile_column": _INT,
        "tile_row": _INT,
        "sort_order": _INT,
    },
    "period": {
        "plan_id": _TEXT,
        "period_id": _TEXT,
        "period_name": _TEXT,
        "period_name_en": _TEXT,
        "kind": _TEXT,
        "as_of": _DATE,
        "due_date": _DATE,
        "lateness_judged": _FLAG,
        "seq": _INT,
        "previous_period_id": _TEXT,
    },
    "period_form": {"plan_id": _TEXT, "period_id": _TEXT, "form": _TEXT, "is_required": _FLAG},
    "indicator": {
        "plan_id": _TEXT,
        "indicator_id": _TEXT,
        "indicator_name": _TEXT,
        "indicator_name_en": _TEXT,
        "kind": _TEXT,
        "entity": _TEXT,
        "basis": _TEXT,
        "unit": _TEXT,
        "direction": _TEXT,
        "denominator_sql": _TEXT,
        "numerator_sql": _TEXT,
        "strict_numerator_sql": _TEXT,
        "numerator_measure_sql": _TEXT,
        "denominator_measure_sql": _TEXT,
        "form": _TEXT,
        "is_headline": _FLAG,
        "binding": _TEXT,
        "clause": _TEXT,
        "definition": _TEXT,
        "definition_en": _TEXT,
        "district_scope": _TEXTS,
        "needs": _TEXTS,
        "decided_by": _TEXTS,
        "pools": _TEXTS,
        "bases": _TEXTS,
        "sources": _TEXTS,
        "occasions": _DATES,
        "sort_order": _INT,
    },
    "indicator_basis": {
        "plan_id": _TEXT,
        "indicator_id": _TEXT,
        "basis": _TEXT,
        "numerator_measure_sql": _TEXT,
        "denominator_measure_sql": _TEXT,
        "is_main": _FLAG,
    },
    "milestone": {
        "plan_id": _TEXT,
        "milestone_id": _TEXT,
        "indicator_id": _TEXT,
        "due_date": _DATE,
        "operational_deadline": _DATE,
        "operator": _TEXT,
        "target": _TARGET,
        "binding": _TEXT,
        "clause": _TEXT,
        "is_hold": _FLAG,
        "date_is_default": _FLAG,
        "target_is_derived": _FLAG,
        "is_scored": _FLAG,
        "district_scope": _TEXTS,
        "all_of": _TEXTS,
        "whole_area_only": _FLAG,
        "note": _TEXT,
        "sort_order": _INT,
    },
    "occasion": {
        "plan_id": _TEXT,
        "indicator_id": _TEXT,
        "occasion_id": _TEXT,
        "due_date": _DATE,
        "source": _TEXT,
        "source_key": _TEXT,
        "is_scored": _FLAG,
        "reporter": _TEXT,
        "lateness_judged": _FLAG,
        "type": _TEXT,
    },
    "fact": {
        "plan_id": _TEXT,
        "indicator_id": _TEXT,
        "operator": _TEXT,
        "stated": _TARGET,
        "stated_to": _TARGET,
        "decimals": _INT,
        "of_each": _FLAG,
        "as_of": _DATE,
        "as_of_note": _TEXT,
        "period_id": _TEXT,
    },
    "rubric_item": {
        "plan_id": _TEXT,
        "item_id": _TEXT,
        "group_id": _TEXT,
        "group_name": _TEXT,
        "group_name_en": _TEXT,
        "item_name": _TEXT,
        "item_name_en": _TEXT,
        "indicator_ids": _TEXTS,
        "method": _TEXT,
        "max_points": _POINTS,
        "params": _TEXT,
        "evidence": _TEXT,
        "evidence_note": _TEXT,
        "clause": _TEXT,
        "district_scope": _TEXTS,
        "sort_order": _INT,
    },
    "rubric": {
        "plan_id": _TEXT,
        "params": _TEXT,
        "is_proposal": _FLAG,
        "note": _TEXT,
        "note_en": _TEXT,
        "period_id": _TEXT,
    },
    "rubric_rule": {
        "plan_id": _TEXT,
        "kind": _TEXT,
        "rule_id": _TEXT,
        "rule_name": _TEXT,
        "rule_name_en": _TEXT,
        "points": _POINTS,
        "cap": _POINTS,
        "per_case": _FLAG,
        "effect": _TEXT,
        "capped_grade": _TEXT,
        "zero_item": _FLAG,
        "sort_order": _INT,
    },
    "clause": {
        "plan_id": _TEXT,
        "clause": _TEXT,
        "what": _TEXT,
        "what_en": _TEXT,
        "why": _TEXT,
        "covered_by": _TEXTS,
        "sort_order": _INT,
    },
}
"""Columns and types of every plan table. ``needs`` of an indicator: the form fields (``form.field``, alternatives
joined by ``|``) without which it has no data; ``sources``: every one it is made from (``origins.fields``);
``decided_by``: those that say whether a row counts above the line, and by how much; ``bases``: what else it is counted
by, beside its main basis. ``points`` of a grade in ``rubric_rule``: where it begins."""


def write(plans: Mapping[str, Plan], folder: Path) -> None:
    """Write ``<table>.parquet`` for every plan table into an existing or new folder.

    Rows stand in the order of the plan files, so the same plans give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames(plans).items():
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd", statistics=False)


def frames(plans: Mapping[str, Plan]) -> dict[str, pl.DataFrame]:
    """Every plan table as a frame."""
    return {
        name: pl.DataFrame(
            [{"plan_id": plan.id, **row} for n, plan in enumerate(plans.values(), 1) for row in _ROWS[name](plan, n)],
            schema=schema,
            orient="row",
        )
        for name, schema in SCHEMAS.items()
    }


def _plan(plan: Plan, order: int) -> Iterable[Row]:
    yield {
        "plan_name": plan.name.zh,
        "plan_name_en": plan.name.en,
        "issuer": plan.issuer,
        "document_no": plan.document_no,
        "issued": plan.issued,
        "start_date": plan.start,
        "end_date": plan.end,
        "operational_deadline": plan.operational_deadline,
        "region_code": plan.region.code,
        "region_name": plan.region.name,
        "new_build_cutoff": plan.parameters.new_build_cutoff,
        "bodies_counted": list(plan.parameters.bodies_counted),
        "counted_statuses": list(plan.parameters.counted_statuses),
        "evaluation_from": plan.evaluation.start if plan.evaluation else None,
        "evaluation_to": plan.evaluation.end if plan.evaluation else None,
        "source_complete": plan.source_complete,
        "truncated_after": plan.truncated_after,
        "source_note": plan.source_note.zh if plan.source_note else None,
        "source_note_en": plan.source_note.en if plan.source_note else None,
        "source_sha256": plan.source_sha256,
        "sort_order": order,
    }


def _districts(plan: Plan, _: int) -> Iterable[Row]:
    for order, district in enumerate(plan.districts, 1):
        yield {
            "district_code": district.code,
            "district_name": district.name.zh,
            "district_name_en": district.name.en,
            "short_name": district.short_name or district.name.zh,
            "parent_code": district.parent or plan.region.code,
            "is_pseudo_region": district.pseudo_region,
            "tile_column": district.tile[0] if district.tile else None,
            "tile_row": district.tile[1] if district.tile else None,
            "sort_order": order,
        }


def _periods(plan: Plan, _: int) -> Iterable[Row]:
    previous = None
    for seq, period in enumerate(plan.periods, 1):
        yield {
            "period_id": period.id,
            "period_name": period.name.zh,
            "period_name_en": period.name.en,
            "kind": period.kind,
            "as_of": period.as_of,
            "due_date": period.due,
            "lateness_judged": period.lateness_judged,
            "seq": seq,
            "previous_period_id": previous,
        }
        previous = period.id


def _period_forms(plan: Plan, _: int) -> Iterable[Row]:
    for period in plan.periods:
        for form in period.forms:
            yield {"period_id": period.id, "form": form, "is_required": form in period.required_forms}


def _needs(indicator: Indicator) -> list[str]:
    """Form fields behind the columns that the indicator's conditions and main sums use."""
    main = indicator.bases[indicator.basis]
    used = ENTITIES[indicator.entity].columns_used(
        indicator.denominator, indicator.numerator, main.numerator, main.denominator
    )
    return sorted({need for column in used if not column.optional for need in column.needs})


def _decided_by(indicator: Indicator) -> list[str]:
    """Form fields that say whether a row counts above the line, and by how much."""
    entity, main = ENTITIES[indicator.entity], indicator.bases[indicator.basis]
    used = (*entity.columns_used(indicator.numerator), *entity.columns_used(main.numerator))
    return list(dict.fromkeys(field for column in used for field in origins_of(entity, column)))


def _indicators(plan: Plan, _: int) -> Iterable[Row]:
    for order, indicator in enumerate(plan.indicators, 1):
        main = indicator.bases[indicator.basis]
        yield {
            "indicator_id": indicator.id,
            "indicator_name": indicator.name.zh,
            "indicator_name_en": indicator.name.en,
            "kind": indicator.kind,
            "entity": indicator.entity,
            "basis": indicator.basis,
            "unit": indicator.unit,
            "direction": indicator.direction,
            "denominator_sql": indicator.denominator,
            "numerator_sql": indicator.numerator,
            "strict_numerator_sql": indicator.strict,
            "numerator_measure_sql": main.numerator,
            "denominator_measure_sql": main.denominator,
            "form": indicator.form,
            "is_headline": indicator.is_headline,
            "binding": indicator.binding,
            "clause": indicator.clause,
            "definition": indicator.definition.zh,
            "definition_en": indicator.definition.en,
            "district_scope": _scope(plan.scope(indicator)),
            "needs": _needs(indicator),
            "decided_by": _decided_by(indicator),
            "pools": list(indicator.pools),
            "bases": [basis for basis in indicator.bases if basis != indicator.basis],
            "sources": list(origins.fields(plan, indicator)),
            "occasions": [occasion.due for occasion in indicator.cadence.occasions] if indicator.cadence else [],
            "sort_order": order,
        }


def _bases(plan: Plan, _: int) -> Iterable[Row]:
    for indicator in plan.indicators:
        for basis, measure in indicator.bases.items():
            yield {
                "indicator_id": indicator.id,
                "basis": basis,
                "numerator_measure_sql": measure.numerator,
                "denominator_measure_sql": measure.denominator,
                "is_main": basis == indicator.basis,
            }


def _milestones(plan: Plan, _: int) -> Iterable[Row]:
    for order, milestone in enumerate(plan.milestones, 1):
        yield {
            "milestone_id": milestone.id,
            "indicator_id": milestone.indicator_id,
            "due_date": milestone.due,
            "operational_deadline": milestone.operational,
            "operator": milestone.operator,
            "target": milestone.target,
            "binding": milestone.binding,
            "clause": milestone.clause,
            "is_hold": milestone.is_hold,
            "date_is_default": milestone.date_is_default,
            "target_is_derived": milestone.target_is_derived,
            "is_scored": milestone.is_scored,
            "district_scope": _scope(milestone.districts),
            "all_of": list(milestone.all_of),
            "whole_area_only": milestone.whole_area_only,
            "note": milestone.note,
            "sort_order": order,
        }


def _occasions(plan: Plan, _: int) -> Iterable[Row]:
    for indicator in plan.indicators:
        if (cadence := indicator.cadence) is None:
            continue
        for occasion in cadence.occasions:
            yield {
                "indicator_id": indicator.id,
                "occasion_id": occasion.due.isoformat(),
                "due_date": occasion.due,
                "source": cadence.source,
                "source_key": occasion.key,
                "is_scored": occasion.is_scored,
                "reporter": cadence.reporter,
                "lateness_judged": cadence.lateness_judged,
                "type": cadence.type or ("double_random" if cadence.source == "inspection" else None),
            }


def _facts(plan: Plan, _: int) -> Iterable[Row]:
    for indicator in plan.indicators:
        if (fact := indicator.fact) is not None:
            operator, value, upper = fact.stated
            yield {
                "indicator_id": indicator.id,
                "operator": operator,
                "stated": value,
                "stated_to": upper,
                "decimals": fact.decimals,
                "of_each": fact.of_each,
                "as_of": fact.as_of,
                "as_of_note": fact.as_of_note,
                "period_id": fact.period or plan.periods[0].id,
            }


def _rubric_items(plan: Plan, _: int) -> Iterable[Row]:
    if plan.rubric is None:
        return
    order = 0
    for group in plan.rubric.groups:
        for item in group.items:
            order += 1
            yield {
                "item_id": item.id,
                "group_id": group.id,
                "group_name": group.name.zh,
                "group_name_en": group.name.en,
                "item_name": item.name.zh,
                "item_name_en": item.name.en,
                "indicator_ids": list(item.indicators),
                "method": item.method,
                "max_points": item.points,
                "params": _json(item.params.given),
                "evidence": item.evidence,
                "evidence_note": item.evidence_note,
                "clause": item.clause,
                "district_scope": _scope(item.districts),
                "sort_order": order,
            }


def _rubrics(plan: Plan, _: int) -> Iterable[Row]:
    if plan.rubric is not None:
        rules = {name: getattr(plan.rubric, name) for name in Rubric.model_fields if name != "groups"}
        yield {
            "params": _json(rules),
            "is_proposal": plan.rubric.is_proposal,
            "note": plan.rubric.note.zh,
            "note_en": plan.rubric.note.en,
            "period_id": plan.rubric.period,
        }


def _rubric_rules(plan: Plan, _: int) -> Iterable[Row]:
    if (rubric := plan.rubric) is None:
        return
    rules: list[tuple[str, Grade | Extra | Veto, Row]] = [
        *(("grade", grade, {"points": grade.at_least}) for grade in rubric.grades),
        *(
            (kind, extra, {"points": extra.points, "cap": extras.cap, "per_case": extra.per_case})
            for kind, extras in (("bonus", rubric.bonus), ("penalty", rubric.penalty))
            for extra in extras.items
        ),
        *(
            ("veto", veto, {"effect": veto.effect, "capped_grade": veto.grade, "zero_item": veto.zero_item})
            for veto in rubric.vetoes
        ),
    ]
    for order, (kind, rule, more) in enumerate(rules, 1):
        named = {"kind": kind, "rule_id": rule.id, "rule_name": rule.name.zh, "rule_name_en": rule.name.en}
        yield {**named, **more, "sort_order": order}


def _clauses(plan: Plan, _: int) -> Iterable[Row]:
    for order, clause in enumerate(plan.unmeasured, 1):
        yield {
            "clause": clause.clause,
            "what": clause.what.zh,
            "what_en": clause.what.en,
            "why": clause.why,
            "covered_by": list(clause.by),
            "sort_order": order,
        }


_ROWS: dict[str, Callable[[Plan, int], Iterable[Row]]] = {
    "plan": _plan,
    "district": _districts,
    "period": _periods,
    "period_form": _period_forms,
    "indicator": _indicators,
    "indicator_basis": _bases,
    "milestone": _milestones,
    "occasion": _occasions,
    "fact": _facts,
    "rubric_item": _rubric_items,
    "rubric": _rubrics,
    "rubric_rule": _rubric_rules,
    "clause": _clauses,
}


def _scope(districts: tuple[str, ...] | None) -> list[str] | None:
    return None if districts is None else list(districts)


def _json(value: Any) -> str:
    """Compact JSON with sorted keys. Whole numbers are numbers, other exact ones are text (``"0.5"``, ``"2/3"``)."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, Params):
        return _plain(value.given)
    if isinstance(value, Decimal | Fraction):
        return int(value) if value == int(value) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(type(value), "model_fields"):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    return value
