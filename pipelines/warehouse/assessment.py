"""The assessment of a plan's districts: points per rubric item with the reason for each, score, grade and rank.

``assess(AssessmentInputs)`` is pure: frames in, two frames out. Methods and arithmetic are in ``scoring``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

AMOUNT = pl.Decimal(38, 4)
"""Numerators, denominators and targets, exactly."""

INPUT_SCHEMAS: dict[str, dict[str, pl.DataType]] = {
    "plan": {"plan_id": pl.String(), "evaluation_from": pl.Date(), "evaluation_to": pl.Date()},
    "district": {
        "plan_id": pl.String(),
        "district_code": pl.String(),
        "district_name": pl.String(),
        "sort_order": pl.Int64(),
    },
    "period": {
        "plan_id": pl.String(),
        "period_id": pl.String(),
        "period_name": pl.String(),
        "kind": pl.String(),
        "as_of": pl.Date(),
        "due_date": pl.Date(),
        "seq": pl.Int64(),
    },
    "indicator": {
        "plan_id": pl.String(),
        "indicator_id": pl.String(),
        "indicator_name": pl.String(),
        "indicator_name_en": pl.String(),
        "kind": pl.String(),
        "unit": pl.String(),
        "direction": pl.String(),
        "is_headline": pl.Boolean(),
        "district_scope": pl.List(pl.String()),
    },
    "milestone": {
        "plan_id": pl.String(),
        "milestone_id": pl.String(),
        "indicator_id": pl.String(),
        "due_date": pl.Date(),
        "operator": pl.String(),
        "target": AMOUNT,
    },
    "rubric_item": {
        "plan_id": pl.String(),
        "item_id": pl.String(),
        "group_id": pl.String(),
        "group_name": pl.String(),
        "item_name": pl.String(),
        "indicator_ids": pl.List(pl.String()),
        "method": pl.String(),
        "max_points": pl.Decimal(8, 4),
        "params": pl.String(),
        "evidence": pl.String(),
        "evidence_note": pl.String(),
        "clause": pl.String(),
        "district_scope": pl.List(pl.String()),
        "sort_order": pl.Int64(),
    },
    "rubric": {"plan_id": pl.String(), "params": pl.String()},
    "indicator_value": {
        "plan_id": pl.String(),
        "period_id": pl.String(),
        "district_code": pl.String(),
        "indicator_id": pl.String(),
        "variant": pl.String(),
        "numerator": AMOUNT,
        "denominator": AMOUNT,
    },
    "occasion": {
        "plan_id": pl.String(),
        "district_code": pl.String(),
        "indicator_id": pl.String(),
        "due_date": pl.Date(),
        "done_date": pl.Date(),
        "is_on_time": pl.Boolean(),
        "days_late": pl.Int64(),
        "is_scored": pl.Boolean(),
    },
    "commitment": {
        "plan_id": pl.String(),
        "district_code": pl.String(),
        "period_id": pl.String(),
        "indicator_id": pl.String(),
        "is_done": pl.Boolean(),
        "done_date": pl.Date(),
        "evidence_count": pl.Int64(),
    },
    "evidence": {
        "plan_id": pl.String(),
        "district_code": pl.String(),
        "subject_id": pl.String(),
        "evidence_count": pl.Int64(),
    },
    "submission_status": {
        "plan_id": pl.String(),
        "district_code": pl.String(),
        "period_id": pl.String(),
        "status": pl.String(),
    },
    "doubt": {
        "plan_id": pl.String(),
        "period_id": pl.String(),
        "district_code": pl.String(),
        "indicator_id": pl.String(),
        "doubtful_in": AMOUNT,
        "doubtful_out": AMOUNT,
    },
    "assessment_entry": {
        "plan_id": pl.String(),
        "district_code": pl.String(),
        "kind": pl.String(),
        "entry_id": pl.String(),
        "item_id": pl.String(),
        "entry_date": pl.Date(),
        "reason": pl.String(),
    },
}
"""Columns each input frame must have (others are ignored, casts are made here). All are keyed by plan_id."""


@dataclass(frozen=True)
class AssessmentInputs:
    """Everything the assessment looks at. Make it with ``of(now, **frames)``, which casts and checks.

    - ``plan``, ``district``, ``period``, ``indicator``, ``milestone``, ``rubric_item``, ``rubric``: the plan tables.
    - ``indicator_value``: rows of ``fct_indicator`` per district (not ``ALL``), *main basis only*, of the variants
      ``audited``, ``strict``, ``reported`` and ``claimed``. A count has no denominator. A null numerator is no data.
      Rates whose data are absent (no third-party survey, form not given) have a null numerator or no row.
    - ``occasion``: one row per district and occasion of a cadence indicator; ``done_date`` null while not done.
    - ``commitment``: one row per district, period and boolean or document indicator.
    - ``evidence``: how many rows of effective 佐证材料清单 name the subject (an indicator or a rubric item), all
      periods together.
    - ``submission_status``: ``mart_submission_status`` (on_time, late, returned, missing, not_due).
    - ``doubt`` (may be empty): units of the audited main basis whose rows carry an open warning: ``doubtful_in`` of
      the numerator, ``doubtful_out`` of the denominator outside the numerator.
    - ``assessment_entry``: what analysts entered (``snapshot.write_inputs`` writes it).
    - ``now``: the moment of judging (``known_at`` where a past state is re-issued).
    """

    now: datetime
    plan: pl.DataFrame
    district: pl.DataFrame
    period: pl.DataFrame
    indicator: pl.DataFrame
    milestone: pl.DataFrame
    rubric_item: pl.DataFrame
    rubric: pl.DataFrame
    indicator_value: pl.DataFrame
    occasion: pl.DataFrame
    commitment: pl.DataFrame
    evidence: pl.DataFrame
    submission_status: pl.DataFrame
    doubt: pl.DataFrame
    assessment_entry: pl.DataFrame

    @classmethod
    def of(cls, now: datetime, **frames: pl.DataFrame) -> AssessmentInputs:
        """The inputs with exactly the columns of ``INPUT_SCHEMAS``; a frame not given is empty.

        Raises ValueError naming the frame and the columns it lacks, or frames that are unknown.
        """
        if unknown := frames.keys() - INPUT_SCHEMAS.keys():
            raise ValueError(f"no such assessment input: {', '.join(sorted(unknown))}")
        made = {name: _shaped(name, frames.get(name)) for name in INPUT_SCHEMAS}
        return cls(now=now, **made)


def _shaped(name: str, frame: pl.DataFrame | None) -> pl.DataFrame:
    schema = INPUT_SCHEMAS[name]
    if frame is None:
        return pl.DataFrame(schema=schema)
    if lacking := schema.keys() - set(frame.columns):
        raise ValueError(f"assessment input {name} lacks {', '.join(sorted(lacking))}")
    return frame.select(pl.col(column).cast(kind) for column, kind in schema.items())


ITEM_SCHEMA: dict[str, pl.DataType] = {
    "plan_id": pl.String(),
    "district_code": pl.String(),
    "item_id": pl.String(),
    "indicator_id": pl.String(),
    "group_id": pl.String(),
    "group_name": pl.String(),
    "item_name": pl.String(),
    "max_points": pl.Decimal(8, 4),
    "points": pl.Decimal(8, 2),
    "points_low": pl.Decimal(8, 2),
    "points_high": pl.Decimal(8, 2),
    "method": pl.String(),
    "method_params": pl.String(),
    "period_id": pl.String(),
    "numerator": AMOUNT,
    "denominator": AMOUNT,
    "actual": pl.Float64(),
    "target": pl.Float64(),
    "unit": pl.String(),
    "status": pl.String(),
    "evidence_count": pl.Int64(),
    "reason": pl.String(),
    "reason_en": pl.String(),
    "clause": pl.String(),
    "sort_order": pl.Int64(),
}
"""One row per plan, district and rubric item. ``indicator_id``: the first of the item's. ``status``: scored, no_data,
no_evidence or not_applicable; a not applicable item has null points. ``actual`` and ``target`` are in ``unit``: % for
rates, else what was done of what was asked."""

SCORE_SCHEMA: dict[str, pl.DataType] = {
    "plan_id": pl.String(),
    "district_code": pl.String(),
    "raw_points": pl.Decimal(8, 2),
    "applicable_points": pl.Decimal(8, 2),
    "score": pl.Decimal(8, 2),
    "bonus": pl.Decimal(8, 2),
    "penalty": pl.Decimal(8, 2),
    "veto": pl.String(),
    "grade": pl.String(),
    "rank": pl.Int64(),
    "rank_low": pl.Int64(),
    "rank_high": pl.Int64(),
    "is_final": pl.Boolean(),
    "is_proposal": pl.Boolean(),
    "bonus_reason": pl.String(),
    "penalty_reason": pl.String(),
    "veto_reason": pl.String(),
    "provisional_reason": pl.String(),
    "reason_en": pl.String(),
}
"""One row per plan and district. ``veto``: the ids of the vetoes that struck, joined by commas, else null."""


def assess(inputs: AssessmentInputs) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Items (``ITEM_SCHEMA``) and scores (``SCORE_SCHEMA``) of every plan that has a rubric, in a fixed order."""
    raise NotImplementedError
