"""The assessment of a plan's districts: points per rubric item with the reason for each, score, grade and rank.

``assess(AssessmentInputs)`` is pure: frames in, two frames out. An item is judged in ``judging`` by the arithmetic of
``scoring``, looking things up in ``facts``; bonuses, penalties and vetoes are in ``extras``, totals, grades and ranks
in ``standing``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from pipelines.warehouse import standing
from pipelines.warehouse.extras import extra_points, sentence, vetoes
from pipelines.warehouse.facts import Item, Text, gather, item_of, zh_day
from pipelines.warehouse.judging import Verdict, judge
from pipelines.warehouse.scoring import rounded
from pipelines.warehouse.standing import Points

Row = dict[str, Any]

NAMED = 3
"""So many of the ledgers still missing are named."""
AMOUNT = pl.Decimal(38, 4)
"""Numerators, denominators and targets, exactly."""

INPUT_SCHEMAS: dict[str, dict[str, pl.DataType]] = {
    "plan": {"plan_id": pl.String(), "evaluation_from": pl.Date()},
    "district": {
        "plan_id": pl.String(),
        "district_code": pl.String(),
        "district_name": pl.String(),
        "district_name_en": pl.String(),
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
        "entity": pl.String(),
        "basis": pl.String(),
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
        "days_late": pl.Int64(),
        "is_answered": pl.Boolean(),
        "is_scored": pl.Boolean(),
    },
    "commitment": {
        "plan_id": pl.String(),
        "district_code": pl.String(),
        "period_id": pl.String(),
        "indicator_id": pl.String(),
        "is_reported": pl.Boolean(),
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
        "first_accepted_at": pl.Datetime("us"),
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
    """Everything the assessment looks at. Make it with ``of(today, **frames)``, which casts and checks.

    - ``plan``, ``district``, ``period``, ``indicator``, ``milestone``, ``rubric_item``, ``rubric``: the plan tables.
    - ``indicator_value``: rows of ``fct_indicator`` per district (not ``ALL``), *main basis only*, of the variants
      ``audited``, ``strict``, ``reported`` and ``claimed``. A count has no denominator. A null numerator is no data.
      Rates whose data are absent (no third-party survey, form not given) have a null numerator or no row.
    - ``occasion``: one row per district and occasion of a cadence indicator; ``done_date`` null while not done;
      ``is_answered``: whether anything was given that would show it.
    - ``commitment``: one row per district, period and boolean or document indicator; ``is_reported`` likewise.
    - ``evidence``: how many rows of effective 佐证材料清单 name the subject (an indicator or a rubric item), all
      periods together.
    - ``submission_status``: ``mart_submission_status`` (on_time, late, returned, missing, not_due).
    - ``doubt`` (may be empty): units of the audited main basis whose rows carry an open warning: ``doubtful_in`` of
      the numerator, ``doubtful_out`` of the denominator outside the numerator.
    - ``assessment_entry``: what analysts entered (``snapshot.write_inputs`` writes it).
    - ``today``: the day of judging (that day, where a past state is re-issued).
    """

    today: date
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
    def of(cls, today: date, **frames: pl.DataFrame) -> AssessmentInputs:
        """The inputs with exactly the columns of ``INPUT_SCHEMAS``; a frame not given is empty.

        Raises ValueError naming the frame and the columns it lacks, or frames that are unknown.
        """
        if unknown := frames.keys() - INPUT_SCHEMAS.keys():
            raise ValueError(f"no such assessment input: {', '.join(sorted(unknown))}")
        made = {name: _shaped(name, frames.get(name)) for name in INPUT_SCHEMAS}
        return cls(today=today, **made)

    @classmethod
    def gathered(cls, tables: Mapping[str, pl.DataFrame]) -> AssessmentInputs:
        """The inputs from the tables of a build (``BUILD_TABLES``), of the plans that have received anything."""
        active = tables["int_period"].filter("is_active").select("plan_id").unique()
        given = {
            name: tables[table].join(active, on="plan_id", how="semi", maintain_order="left")
            for name, table in BUILD_TABLES.items()
        }
        place = ["plan_id", "district_code", "subject_id"]
        given["evidence"] = given["evidence"].group_by(place).agg(evidence_count=pl.len())
        given["indicator_value"] = given["indicator_value"].filter(
            pl.col("is_main") & (pl.col("district_code") != "ALL")
        )
        return cls.of(tables["run"]["today"].item(), **given)


BUILD_TABLES: dict[str, str] = {
    **{name: name for name in ("plan", "district", "period", "indicator", "milestone", "rubric_item", "rubric")},
    "indicator_value": "fct_indicator",
    "occasion": "int_duty",
    "commitment": "int_commitment",
    "evidence": "int_evidence_subject",
    "submission_status": "mart_submission_status",
    "doubt": "int_doubt",
    "assessment_entry": "assessment_entry",
}
"""Input → the table of a build it comes from, beside ``run`` and ``int_period``; those without a prefix are inputs."""


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
    "points_lost": pl.Decimal(8, 2),
    "reason_code": pl.String(),
    "next_unit": pl.String(),
    "next_unit_points": pl.Decimal(8, 2),
    "units_to_gain": pl.Int64(),
    "units_to_gain_points": pl.Decimal(8, 2),
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
"""One row per plan, district and rubric item. ``indicator_id``: the (first) one it was judged by. ``status``: scored,
no_data, no_evidence or not_applicable; a not applicable item has null points. ``reason_code``: why points were lost, in
a word (``full``, the status where it is not scored, below_floor, short_of_target, over_limit, reached_late, not_done,
done_late, dates_missed, dates_late, part_done, vetoed). ``next_unit``: what would be won next: one of the indicator's
basis, a document, a date, or evidence; ``next_unit_points``: what one of it would bring, null where the figure is
unknown; ``units_to_gain``: the fewest that bring anything (below a floor or a threshold one brings nothing), and
``units_to_gain_points`` what they bring; null where nothing more can be won.
``actual`` and ``target`` are in ``unit``: % for rates, else what was done of what was asked."""

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
    "bonus_reason_en": pl.String(),
    "penalty_reason_en": pl.String(),
    "veto_reason_en": pl.String(),
    "provisional_reason_en": pl.String(),
    "reason_en": pl.String(),
}
"""One row per plan and district. ``veto``: the ids of the vetoes that struck, joined by commas, else null."""


def assess(inputs: AssessmentInputs) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Items (``ITEM_SCHEMA``) and scores (``SCORE_SCHEMA``) of every plan that has a rubric, in a fixed order.

    Raises ValueError naming the item whose method cannot judge its indicator.
    """
    items: list[Row] = []
    scores: list[Row] = []
    for plan_id, params in inputs.rubric.select("plan_id", "params").iter_rows():
        assessed = _Plan(inputs, plan_id, json.loads(params))
        items += assessed.item_rows()
        scores += assessed.score_rows()
    return (
        pl.DataFrame(items, schema=ITEM_SCHEMA, orient="row"),
        pl.DataFrame(scores, schema=SCORE_SCHEMA, orient="row"),
    )


class _Plan:
    """The assessment of one plan."""

    def __init__(self, inputs: AssessmentInputs, plan_id: str, rubric: Mapping[str, Any]) -> None:
        def own(frame: pl.DataFrame) -> pl.DataFrame:
            return frame.filter(pl.col("plan_id") == plan_id)

        self.plan_id, self.rubric = plan_id, rubric
        self.evaluation_from: date | None = own(inputs.plan)["evaluation_from"][0]
        self.facts = gather(inputs, plan_id, rubric)
        named = own(inputs.district).sort("sort_order").select("district_code", "district_name", "district_name_en")
        self.names = {code: Text(zh, en or zh) for code, zh, en in named.iter_rows()}
        self.lines = own(inputs.rubric_item).sort("sort_order").rows(named=True)
        self.items = [item_of(line) for line in self.lines]
        self.entries = own(inputs.assessment_entry).rows(named=True)
        self.verdicts = {code: self._verdicts(code) for code in self.names}

    def _entered(self, district: str, kind: str) -> list[Row]:
        return [entry for entry in self.entries if entry["district_code"] == district and entry["kind"] == kind]

    def _verdicts(self, district: str) -> list[Verdict]:
        zeroed = {entry["item_id"]: entry["reason"] for entry in self._entered(district, "veto") if entry["item_id"]}
        verdicts = ((item.id, judge(item, district, self.facts)) for item in self.items)
        return [_zeroed(verdict, zeroed[name]) if name in zeroed else verdict for name, verdict in verdicts]

    def item_rows(self) -> Iterator[Row]:
        """One row per district and item."""
        for district, verdicts in self.verdicts.items():
            for line, item, verdict in zip(self.lines, self.items, verdicts, strict=True):
                yield {
                    **{name: line[name] for name in ITEM_SCHEMA if name in line},
                    **verdict_row(verdict, item.maximum),
                    "district_code": district,
                    "method_params": line["params"],
                }

    def score_rows(self) -> Iterator[Row]:
        """One row per district."""
        points = [
            [_points(item, verdict) for item, verdict in zip(self.items, verdicts, strict=True)]
            for verdicts in self.verdicts.values()
        ]
        bonuses = [
            extra_points(self.rubric["bonus"], self._entered(code, "bonus"), code, self.facts) for code in self.names
        ]
        totals = [standing.score(own) for own in points]
        ranks = standing.ranks([total for _, _, total in totals], [bonus.points for bonus in bonuses])
        drawn = self.rubric["rank_ranges"]
        ranges = standing.rank_ranges(
            points,
            [bonus.points for bonus in bonuses],
            draws=drawn["draws"],
            spread=drawn["weight_spread"],
            seed=drawn["seed"],
        )
        provisional = self._provisional()
        for code, total, bonus, rank, span in zip(self.names, totals, bonuses, ranks, ranges, strict=True):
            penalty = extra_points(self.rubric["penalty"], self._entered(code, "penalty"), code, self.facts)
            struck = vetoes(
                self.rubric["vetoes"], self._entered(code, "veto"), self.facts.accepted.get(code, {}), self.facts.today
            )
            reasons = {
                "bonus_reason": bonus.why,
                "penalty_reason": penalty.why,
                "veto_reason": sentence(why for _, why in struck),
                "provisional_reason": provisional,
            }
            yield {
                "plan_id": self.plan_id,
                "district_code": code,
                **dict(zip(("raw_points", "applicable_points", "score"), total, strict=True)),
                "bonus": bonus.points,
                "penalty": penalty.points,
                "veto": ",".join(rule["id"] for rule, _ in struck) or None,
                "grade": self._grade(total[2], [rule for rule, _ in struck]),
                "rank": rank,
                "rank_low": span[0] if span else None,
                "rank_high": span[1] if span else None,
                "is_final": provisional is None,
                "is_proposal": bool(self.rubric.get("is_proposal")),
                **{name: why.zh if why else None for name, why in reasons.items()},
                **{f"{name}_en": why.en if why else None for name, why in reasons.items()},
                "reason_en": " ".join(why.en for why in reasons.values() if why) or None,
            }

    def _grade(self, score: Decimal | None, struck: Sequence[Mapping[str, Any]]) -> str | None:
        steps = [(step["id"], Decimal(str(step["at_least"]))) for step in self.rubric["grades"]]
        name = standing.grade(score, steps, [(rule["effect"], rule.get("grade")) for rule in struck])
        return next((step["name"]["zh"] for step in self.rubric["grades"] if step["id"] == name), None)

    def _provisional(self) -> Text | None:
        """Why the scores are not final yet; None when they are."""
        begins = self.evaluation_from
        if begins is not None and self.facts.today < begins:
            return Text(f"评价自{zh_day(begins)}开始，得分为暂定。", f"Provisional: the evaluation begins on {begins}.")
        owed = [
            Text(f"{self.names[code].zh}{period.name}", f"{self.names[code].en} ({period.id})")
            for period in self.facts.periods
            if period.as_of <= self.facts.horizon
            for code in self.names
            if period.id not in self.facts.accepted.get(code, {})
        ]
        if not owed:
            return None
        more = len(owed) - NAMED
        zh = "、".join(one.zh for one in owed[:NAMED]) + (f"等{len(owed)}份" if more > 0 else "")
        en = ", ".join(one.en for one in owed[:NAMED]) + (f" and {more} more" if more > 0 else "")
        return Text(f"{zh}尚未收到，得分为暂定。", f"Provisional: not in: {en}.")


def _zeroed(verdict: Verdict, reason: str) -> Verdict:
    if verdict.status == "not_applicable":
        return verdict
    why = Text(f"{verdict.why.zh}一票否决，本项计0分：{reason}。", f"{verdict.why.en} Vetoed, 0 points: {reason}.")
    return replace(
        verdict, points=Fraction(0), low=None, high=None, code="vetoed", gain=Fraction(0), fewest=None, why=why
    )


def _points(item: Item, verdict: Verdict) -> Points:
    if verdict.status == "not_applicable":
        return Points(Fraction(0), Fraction(0), Fraction(0), Fraction(0))
    return Points(item.maximum, verdict.points, verdict.least, verdict.most)


def _rounded_gain(verdict: Verdict, gain: Fraction) -> Decimal:
    """What a gain would add to the rounded points."""
    return rounded(verdict.points + gain) - rounded(verdict.points)


def verdict_row(verdict: Verdict, maximum: Fraction) -> Row:
    """A verdict as a row shows it: rounded once, what does not apply without points."""
    applies = verdict.status != "not_applicable"
    return {
        "indicator_id": verdict.indicator_id,
        "points": rounded(verdict.points) if applies else None,
        "points_low": rounded(verdict.least) if applies else None,
        "points_high": rounded(verdict.most) if applies else None,
        "points_lost": rounded(maximum) - rounded(verdict.points) if applies else None,
        "reason_code": verdict.code,
        "next_unit": verdict.next if applies else None,
        "next_unit_points": _rounded_gain(verdict, verdict.gain) if applies and verdict.gain is not None else None,
        "units_to_gain": verdict.fewest[0] if applies and verdict.fewest else None,
        "units_to_gain_points": _rounded_gain(verdict, verdict.fewest[1]) if applies and verdict.fewest else None,
        "period_id": verdict.period_id,
        "numerator": None if verdict.numerator is None else rounded(verdict.numerator, 4),
        "denominator": None if verdict.denominator is None else rounded(verdict.denominator, 4),
        "actual": None if verdict.actual is None else float(verdict.actual),
        "target": None if verdict.target is None else float(verdict.target),
        "unit": verdict.unit,
        "status": verdict.status,
        "evidence_count": verdict.evidence_count,
        "reason": verdict.why.zh,
        "reason_en": verdict.why.en,
    }
