"""What the assessment of a plan may look at, in the shape in which judging looks things up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from pipelines.warehouse.assessment import AssessmentInputs

DONE_KINDS = ("boolean", "document")


class Text(NamedTuple):
    """A sentence in Chinese and English."""

    zh: str
    en: str


NOTHING = Text("", "")
UNITS: dict[str, Text] = {
    "communities": Text("个小区", "communities"),
    "households": Text("户", "households"),
    "floor_area": Text("㎡", "㎡"),
    "companies": Text("家企业", "companies"),
    "answers": Text("份答卷", "answers"),
    "bodies": Text("个机构", "bodies"),
    "bodies_committee": Text("个业委会", "committees"),
    "bodies_subdistrict": Text("个街道（乡镇）", "subdistricts"),
    "bodies_neighbourhood": Text("个社区", "neighbourhoods"),
    "bodies_party": Text("个党组织", "party organisations"),
    "persons": Text("人", "persons"),
    "districts": Text("个地区", "districts"),
    "occasions": Text("件", "cases"),
}
"""What a basis counts; bodies by what they are of (``<basis>_<entity>``)."""


@dataclass(frozen=True)
class Period:
    """One reporting occasion."""

    id: str
    name: str
    as_of: date
    due: date


@dataclass(frozen=True)
class Indicator:
    """What the judging needs to know of an indicator. ``scope`` None: every district."""

    id: str
    name: Text
    kind: str
    basis: str
    is_headline: bool
    scope: Sequence[str] | None
    entity: str = ""

    @property
    def noun(self) -> Text:
        """What it counts."""
        return UNITS.get(f"{self.basis}_{self.entity}") or UNITS.get(self.basis, Text("个", "units"))


@dataclass(frozen=True)
class Target:
    """A milestone of an indicator."""

    due: date
    operator: str
    value: Fraction


@dataclass(frozen=True)
class Occasion:
    """One date of a cadence indicator in one district."""

    due: date
    done: date | None
    days_late: int
    is_answered: bool
    is_scored: bool


@dataclass(frozen=True)
class Commitment:
    """A boolean or document indicator in one district and period."""

    is_reported: bool
    is_done: bool
    done: date | None
    evidence: int


@dataclass(frozen=True)
class Item:
    """One line of a rubric. ``params`` as the plan tables write them (JSON: exact numbers may be text)."""

    id: str
    indicators: tuple[str, ...]
    method: str
    maximum: Fraction
    params: Mapping[str, Any]
    evidence: str
    evidence_note: str | None
    scope: Sequence[str] | None


Share = tuple[Fraction | None, Fraction | None]
"""Numerator and denominator."""


@dataclass(frozen=True)
class Facts:
    """Everything known of one plan that points may depend on."""

    today: date
    horizon: date
    """Figures after this day are not looked at: the as-of date of the assessment's period."""
    is_evaluated: bool = False
    """Whether the evaluation has begun: what is not there by then is not there."""
    periods: Sequence[Period] = ()
    indicators: Mapping[str, Indicator] = field(default_factory=dict)
    targets: Mapping[str, Sequence[Target]] = field(default_factory=dict)
    """By indicator, in the order of their dates."""
    accepted: Mapping[str, Mapping[str, date]] = field(default_factory=dict)
    """District → period → the day its first accepted ledger came."""
    values: Mapping[tuple[str, str, str, str], Share] = field(default_factory=dict)
    """By district, indicator, period and variant."""
    doubts: Mapping[tuple[str, str, str], tuple[Fraction, Fraction]] = field(default_factory=dict)
    """By district, indicator and period: units with an open warning in the numerator, and outside it."""
    occasions: Mapping[tuple[str, str], Sequence[Occasion]] = field(default_factory=dict)
    commitments: Mapping[tuple[str, str], Mapping[str, Commitment]] = field(default_factory=dict)
    """By district and indicator: period → row."""
    evidence: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By district and subject (lower case)."""

    def open_periods(self, district: str, until: date | None = None) -> list[Period]:
        """Periods that say something of the district by now: past their due date, or reported for."""
        last = min(until, self.horizon) if until else self.horizon
        return [
            period
            for period in self.periods
            if period.as_of <= last and (period.due < self.today or period.id in self.accepted.get(district, {}))
        ]

    def commitments_asked(self, district: str, indicator: str) -> list[tuple[Period, Commitment]]:
        """The periods in which a district is asked for something that is there or not, with what is known of it."""
        rows = self.commitments.get((district, indicator), {})
        return [(period, rows[period.id]) for period in self.open_periods(district) if period.id in rows]

    def commitments_told(self, district: str, indicator: str) -> list[tuple[Period, Commitment]]:
        """Those of which a ledger tells, the last word last.

        While a district is silent nothing becomes true, as a document on an earlier ledger that was dated ahead would.
        """
        asked, spoken = self.commitments_asked(district, indicator), self.accepted.get(district, {})
        return [(period, row) for period, row in asked if row.is_reported or (row.is_done and period.id in spoken)]

    def target(self, indicator: str, due: date | None) -> Target:
        """The milestone of that date, else the last one; without any, all of it."""
        known = self.targets.get(indicator, ())
        return next(
            (t for t in known if t.due == due), known[-1] if known else Target(self.horizon, "gte", Fraction(100))
        )


def value_of(share: Share) -> Fraction:
    """Percent of a rate, the number itself of a count."""
    numerator, denominator = share
    assert numerator is not None
    return numerator if denominator is None else 100 * numerator / denominator


def zh_day(day: date) -> str:
    """2024年11月30日."""
    return f"{day.year}年{day.month}月{day.day}日"


def item_of(line: Mapping[str, Any]) -> Item:
    """A row of the rubric's items, read."""
    return Item(
        id=line["item_id"],
        indicators=tuple(line["indicator_ids"]),
        method=line["method"],
        maximum=Fraction(line["max_points"]),
        params=json.loads(line["params"] or "{}"),
        evidence=line["evidence"],
        evidence_note=line["evidence_note"],
        scope=line["district_scope"],
    )


def gather(inputs: AssessmentInputs, plan_id: str, rubric: Mapping[str, Any]) -> Facts:
    """One plan's inputs as the judging looks them up."""

    def own(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(pl.col("plan_id") == plan_id)

    periods = [
        Period(r["period_id"], r["period_name"], r["as_of"], r["due_date"])
        for r in own(inputs.period).sort("seq").iter_rows(named=True)
    ]
    judged = next((p for p in periods if p.id == rubric.get("period")), None)
    accepted: dict[str, dict[str, date]] = {}
    for district, period_id, moment in (
        own(inputs.submission_status).select("district_code", "period_id", "first_accepted_at").drop_nulls().iter_rows()
    ):
        accepted.setdefault(district, {})[period_id] = moment.date()
    targets: dict[str, list[Target]] = {}
    for r in own(inputs.milestone).sort("indicator_id", "due_date").iter_rows(named=True):
        targets.setdefault(r["indicator_id"], []).append(Target(r["due_date"], r["operator"], Fraction(r["target"])))
    occasions: dict[tuple[str, str], list[Occasion]] = {}
    for r in own(inputs.occasion).sort("due_date").iter_rows(named=True):
        occasions.setdefault((r["district_code"], r["indicator_id"]), []).append(
            Occasion(r["due_date"], r["done_date"], r["days_late"] or 0, bool(r["is_answered"]), bool(r["is_scored"]))
        )
    commitments: dict[tuple[str, str], dict[str, Commitment]] = {}
    for r in own(inputs.commitment).iter_rows(named=True):
        commitments.setdefault((r["district_code"], r["indicator_id"]), {})[r["period_id"]] = Commitment(
            bool(r["is_reported"]), bool(r["is_done"]), r["done_date"], r["evidence_count"] or 0
        )
    evidence: dict[tuple[str, str], int] = {}
    for district, subject, count in (
        own(inputs.evidence).select("district_code", "subject_id", "evidence_count").iter_rows()
    ):
        key = (district, subject.strip().lower())
        evidence[key] = evidence.get(key, 0) + count
    used = pl.col("variant").is_in(["audited", "strict", "reported", "claimed"])
    begins: date | None = own(inputs.plan)["evaluation_from"][0]
    return Facts(
        is_evaluated=begins is not None and inputs.today >= begins,
        today=inputs.today,
        horizon=judged.as_of if judged else max(p.as_of for p in periods),
        periods=periods,
        indicators={
            r["indicator_id"]: Indicator(
                r["indicator_id"],
                Text(r["indicator_name"], r["indicator_name_en"] or r["indicator_id"]),
                r["kind"],
                r["basis"],
                bool(r["is_headline"]),
                r["district_scope"],
                r["entity"],
            )
            for r in own(inputs.indicator).iter_rows(named=True)
        },
        targets=targets,
        accepted=accepted,
        values={
            (r[0], r[1], r[2], r[3]): (_fraction(r[4]), _fraction(r[5]))
            for r in own(inputs.indicator_value)
            .filter(used)
            .select("district_code", "indicator_id", "period_id", "variant", "numerator", "denominator")
            .iter_rows()
        },
        doubts={
            (r[0], r[1], r[2]): (_fraction(r[3]) or Fraction(0), _fraction(r[4]) or Fraction(0))
            for r in own(inputs.doubt)
            .select("district_code", "indicator_id", "period_id", "doubtful_in", "doubtful_out")
            .iter_rows()
        },
        occasions=occasions,
        commitments=commitments,
        evidence=evidence,
    )


def _fraction(value: Decimal | None) -> Fraction | None:
    return None if value is None else Fraction(value)
