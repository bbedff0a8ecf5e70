"""What a plan is: districts, reporting periods, indicators with their milestones, and the assessment rubric.

The classes mirror the plan files key by key. Everything is frozen; ``None`` as a district scope means every district.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from pipelines.plans import lookup
from pipelines.plans.entities import ENTITIES, Column, Measure
from pipelines.plans.found import suggestion

Kind = Literal["rate", "count", "boolean", "document", "cadence", "trend", "fact"]
Operator = Literal["gte", "gt", "eq", "lte", "lt", "hold_gte", "done_by"]
Binding = Literal["hard", "aspirational", "qualitative", "guideline", "encouraged", "derived"]
Direction = Literal["up", "down", "none"]
Basis = Literal[
    "communities", "households", "floor_area", "companies", "answers", "bodies", "persons", "districts", "occasions"
]  # fmt: skip
Method = Literal[
    "proportional",
    "proportional_from_baseline",
    "floor_linear",
    "control",
    "tiered",
    "deduct_per_miss",
    "deduct_per_pp",
    "boolean",
    "boolean_share",
    "checklist",
    "deadline",
    "by_case",
]

OPERATOR_KEYS: dict[str, Operator] = {
    "at_least": "gte",
    "more_than": "gt",
    "equals": "eq",
    "at_most": "lte",
    "less_than": "lt",
    "hold_at_least": "hold_gte",
}
"""How a plan file writes a milestone's operator: the key carries it, the value is the target."""


def _wrong(message: str) -> PydanticCustomError:
    """An error whose words reach the reader as they are."""
    return PydanticCustomError("plan", "{message}", {"message": message})


def _day(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)):
        return value
    raise _wrong(f"write a date as 2024-12-31, not {value!r}")


def _word(value: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9_]*", value):
        return value
    raise _wrong(f"an id has lower-case letters, digits and _, and starts with a letter, unlike {value!r}")


def _entity(value: str) -> str:
    if value in ENTITIES:
        return value
    hint = suggestion(value, ENTITIES) or f"; it is one of {', '.join(ENTITIES)}"
    raise _wrong(f"unknown entity {value!r}{hint}")


def _fraction(value: object) -> object:
    """Points may be written as a fraction (``2/3``), which no decimal could hold."""
    if isinstance(value, str) and re.fullmatch(r"\d+/[1-9]\d*", value):
        return Fraction(value)
    return Fraction(str(value)) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _sql(value: object) -> object:
    """YAML reads a bare ``true`` as a truth value; as SQL it means every row."""
    return str(value).lower() if isinstance(value, bool | int | Decimal) else value


Sql = Annotated[str, BeforeValidator(_sql), WithJsonSchema({"type": ["string", "boolean", "number"]})]
Day = Annotated[date, BeforeValidator(_day)]
Id = Annotated[str, AfterValidator(_word)]
Scope = tuple[str, ...] | None
Exact = Annotated[Fraction, BeforeValidator(_fraction), WithJsonSchema({"type": ["number", "string"]})]


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        coerce_numbers_to_str=True,
        arbitrary_types_allowed=True,
        ignored_types=(cached_property,),
        use_attribute_docstrings=True,
    )


class Name(_Model):
    """A text in Chinese and English."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Region(_Model):
    """The plan's whole area: code (none where the source is anonymised) and Chinese name."""

    code: str | None
    name: str


class Window(_Model):
    """From the first to the last day, both included."""

    start: Day
    end: Day


class Parameters(_Model):
    """Readings of the plan that conditions depend on.

    ``new_build_cutoff``: delivered on or after it is new-built; None = only the typed flag decides.
    ``bodies_counted``: owners' bodies that count as a committee; ``counted_statuses``: in which state they do.
    """

    new_build_cutoff: Day | None = None
    bodies_counted: tuple[Literal["owners_committee", "pm_committee", "owners_assembly"], ...]
    counted_statuses: tuple[Literal["formed", "term_expired", "re_election"], ...]


class District(_Model):
    """A reporting unit. A pseudo-region (development zone …) has its parent's code with a suffix."""

    code: str = Field(pattern=r"^\d{6}(-[A-Z]+)?$|^\d{9}$|^\d{12}$")
    name: Name
    short_name: str | None = None
    parent: str | None = None
    pseudo_region: bool = False
    aliases: tuple[str, ...] = ()
    ambiguous_aliases: tuple[str, ...] = ()
    forms: tuple[str, ...] | None = None
    """What it is asked for of a period's forms; None: all of them. (A city's own office has no communities.)"""

    def owes(self, form: str) -> bool:
        """Whether the unit has anything to say on this form."""
        return self.forms is None or form in self.forms


class Period(_Model):
    """One reporting occasion. ``required_forms`` are due (one missing is reported and leaves its indicators without
    data); ``optional_forms`` are on the template too but may stay away.
    """

    id: str = Field(pattern=r"^[0-9a-z][0-9a-z-]*$")
    name: Name
    kind: Literal["baseline", "ledger", "snapshot", "monthly", "facts"]
    as_of: Day
    due: Day
    lateness_judged: bool = True
    required_forms: tuple[str, ...]
    optional_forms: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        """Every form on the template of the period, required ones first."""
        return self.required_forms + self.optional_forms


class Milestone(_Model):
    """A target that an indicator must reach by a date. Percent for rates, a number for counts, 100 for booleans.

    ``clause``, ``binding`` and ``districts`` come from the indicator where the file does not repeat them.
    """

    indicator_id: Id
    due: Day
    operational: Day | None = None
    at_least: Decimal | None = None
    more_than: Decimal | None = None
    equals: Decimal | None = None
    at_most: Decimal | None = None
    less_than: Decimal | None = None
    hold_at_least: Decimal | None = None
    binding: Binding = "hard"
    clause: str
    districts: Scope = None
    date_is_default: bool = False
    target_is_derived: bool = False
    is_scored: bool = True
    all_of: tuple[str, ...] = ()
    whole_area_only: bool = False
    """The number is for the whole plan area: no district is measured by it (five model sites in the county)."""
    note: str | None = None

    @property
    def id(self) -> str:
        return f"{self.indicator_id}@{self.due.isoformat()}"

    @cached_property
    def _operator(self) -> tuple[Operator, Decimal]:
        for key, operator in OPERATOR_KEYS.items():
            if (target := getattr(self, key)) is not None:
                return operator, target
        return "done_by", Decimal(100)

    @property
    def operator(self) -> Operator:
        return self._operator[0]

    @property
    def target(self) -> Decimal:
        return self._operator[1]

    @property
    def is_hold(self) -> bool:
        """Must be true in every period, not only in the last before the date."""
        return self.operator == "hold_gte"

    @model_validator(mode="after")
    def _one_operator(self) -> Milestone:
        given = [key for key in OPERATOR_KEYS if getattr(self, key) is not None]
        if len(given) > 1:
            raise _wrong(f"one target only, found {' and '.join(given)}")
        return self


class Occasion(_Model):
    """One date by which something recurrent must have happened.

    ``key`` names what proves it: a period's id, or the year (2024), quarter (2024-Q1) or month (2024-01) in which it
    happened; the year of ``due`` when not said.
    """

    due: Day
    key: str | None = None
    is_scored: bool = True


class Cadence(_Model):
    """Something that recurs: what shows that it happened, who owes it, and when."""

    source: Literal["submission", "credit", "inspection", "mechanism", "meeting", "none"]
    type: str | None = None
    """Only inspections or meetings of this kind; every meeting, and double-random inspections, when not said."""
    reporter: Literal["district", "city"] = "district"
    lateness_judged: bool = True
    occasions: tuple[Occasion, ...] = Field(min_length=1)


FACT_KEYS: dict[str, str] = {
    "equals": "eq",
    "more_than": "gt",
    "at_least": "gte",
    "less_than": "lt",
    "at_most": "lte",
    "between": "between",
    "is_so": "is",
}
"""How a plan file writes what a fact states; ``between`` takes a pair, both ends included, ``is_so`` only true."""


class Fact(_Model):
    """What the text states as already so: a number, or (``is_so``, of a boolean or document) that it exists. Nothing is
    promised: it has no date to be met by.

    ``of_each``: true of every row (the numerator says which rows agree), rather than of their total. ``period``: whose
    ledgers ought to show it; the plan's first when not said.
    """

    equals: Decimal | None = None
    more_than: Decimal | None = None
    at_least: Decimal | None = None
    less_than: Decimal | None = None
    at_most: Decimal | None = None
    between: tuple[Decimal, Decimal] | None = None
    is_so: Literal[True] | None = None
    of_each: bool = False
    as_of: Day | None = None
    as_of_note: str | None = None
    period: str | None = None

    @cached_property
    def stated(self) -> tuple[str, Decimal, Decimal | None]:
        """Operator, value, and the upper end of a range."""
        [(key, operator)] = [(k, o) for k, o in FACT_KEYS.items() if getattr(self, k) is not None]
        given = getattr(self, key)
        return (operator, *given) if key == "between" else (operator, Decimal(given), None)

    @property
    def decimals(self) -> int:
        """How many places the text prints: a figure worked out agrees when it rounds to the same."""
        return max(0, -int(self.stated[1].as_tuple().exponent))

    @model_validator(mode="after")
    def _one_statement(self) -> Fact:
        given = [key for key in FACT_KEYS if getattr(self, key) is not None]
        if len(given) != 1:
            raise _wrong(f"a fact states one thing, with one of {', '.join(FACT_KEYS)}; found {len(given)}")
        if self.between and self.between[0] > self.between[1]:
            raise _wrong("the lower end of a range comes first")
        return self


class MeasurePair(_Model):
    """What is summed over the rows above and below the line."""

    numerator: Sql
    denominator: Sql = "1"


def _inherit(data: Any) -> Any:
    """Give each milestone of a plan file what it shares with its indicator."""
    if not isinstance(data, Mapping) or not isinstance(milestones := data.get("milestones"), list | tuple):
        return data
    shared = {k: data[k] for k in ("clause", "binding", "districts") if k in data} | {"indicator_id": data.get("id")}
    return {
        **data,
        "milestones": [{**shared, **m} if isinstance(m, Mapping) else m for m in milestones],
    }


class Indicator(_Model):
    """What is measured: the rows of an entity in the denominator, and those of them in the numerator.

    ``pools`` adds up the main figures of other indicators instead, above and below the line.

    Conditions are SQL boolean expressions over the entity's documented columns. A boolean or document indicator counts
    districts that have it; a cadence counts its occasions; a count sums ``measure`` over the rows of its numerator.
    """

    id: Id
    name: Name
    definition: Name
    kind: Kind = "rate"
    entity: Annotated[str, AfterValidator(_entity)]
    denominator: Sql | None = None
    numerator: Sql = "true"
    strict: Sql | None = None
    measure: Sql = "1"
    measures: dict[Basis, MeasurePair] = {}
    unit: str
    direction: Direction = "up"
    is_headline: bool = False
    binding: Binding | None = None
    clause: str
    districts: Scope = None
    milestones: tuple[Milestone, ...] = ()
    cadence: Cadence | None = None
    fact: Fact | None = None
    pools: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        data, kind = dict(data), data.get("kind", "rate")
        if kind in ("boolean", "document"):
            implied: dict[str, Any] = {
                "entity": "commitment",
                "denominator": "true",
                "numerator": "is_done",
                "unit": "个",
            }
        elif kind == "cadence":
            implied = {"entity": "occasion", "denominator": "true", "numerator": "is_done", "unit": "次"}
        elif data.get("pools"):
            both = {"bodies": {"numerator": "1", "denominator": "1"}}
            implied = {"entity": "community", "denominator": "true", "numerator": "true", "measures": both, "unit": "%"}
        else:
            implied = {"unit": "%"} if data.get("denominator") else {"unit": "个"}
        if data.get("milestones") or (kind in ("boolean", "document", "cadence") and not data.get("fact")):
            implied["binding"] = "hard"
        return _inherit({**implied, **data})

    @model_validator(mode="after")
    def _consistent(self) -> Indicator:
        if self.kind == "rate" and self.denominator is None:
            raise _wrong("a rate needs a denominator")
        if "numerator" not in self.model_fields_set and not self.measures:
            raise _wrong("say which rows count: numerator, or measures over all of them")
        if self.kind == "count" and self.denominator is not None:
            raise _wrong("a count has no denominator")
        if (self.kind == "cadence") != (self.cadence is not None):
            raise _wrong("a cadence indicator, and only such a one, lists its occasions")
        self._fact_fits()
        if self.kind not in ("boolean", "document", "cadence"):
            for milestone in self.milestones:
                if milestone.operator == "done_by":
                    raise _wrong(f"the milestone of {milestone.due} needs a target such as at_least: 95")
        return self

    def _fact_fits(self) -> None:
        """A number is stated of a ``fact``, and that something is so of a boolean or document; neither is promised."""
        is_done_or_not = self.kind in ("boolean", "document")
        if self.fact is None:
            if self.kind == "fact":
                raise _wrong("an indicator of kind fact has a fact: with the number that is stated")
        elif self.kind != "fact" and not is_done_or_not:
            raise _wrong(f"a {self.kind} has no fact; what the text states as already so is of kind fact")
        elif bool(self.fact.is_so) != is_done_or_not:
            raise _wrong("fact: {is_so: true} is for booleans and documents; of kind fact a number is stated")
        elif self.milestones:
            raise _wrong("what is already so has no milestones")

    @cached_property
    def bases(self) -> dict[str, Measure]:
        """What is summed per basis; the first is the main one. From the file, else as the entity has it."""
        if self.measures:
            return {basis: Measure(m.numerator, m.denominator) for basis, m in self.measures.items()}
        if self.denominator is None:
            return {ENTITIES[self.entity].main_basis: Measure(self.measure, "1")}
        return dict(ENTITIES[self.entity].bases)

    @property
    def basis(self) -> str:
        """The main basis: the one that milestones and scores use."""
        return next(iter(self.bases))

    @property
    def form(self) -> str | None:
        """The form without which there is no data; None where absence is itself the finding, or others' figures say."""
        if self.pools:
            return None
        if self.cadence is not None:
            return self.cadence.source if self.cadence.source not in ("submission", "none") else None
        return ENTITIES[self.entity].form

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The entity's columns that its conditions and sums rest on."""
        sums = [sql for measure in self.bases.values() for sql in (measure.numerator, measure.denominator)]
        return tuple(ENTITIES[self.entity].columns_used(self.denominator, self.numerator, self.strict, *sums))

    @property
    def fields(self) -> frozenset[str]:
        """``form.field`` of the columns that it rests on, with those that can stand in for them."""
        return frozenset(name for column in self.columns for need in column.needs for name in need.split("|"))


class Tier(_Model):
    """From ``at_least`` on, ``points``."""

    at_least: Decimal
    points: Decimal


class Case(_Model):
    """How an item is judged in some districts. The first case that names a district, or names none, applies."""

    districts: Scope = None
    indicator: Id
    method: Method
    params: Params


class Params(_Model):
    """What a method needs: ``METHOD_PARAMS`` says which of these belong to which."""

    floor: Decimal | None = None
    target: Decimal | None = None
    limit: Decimal | None = Field(default=None, ge=0)
    due: Day | None = None
    late_factor: Decimal | None = Field(default=None, ge=0, le=1)
    late_days: int | None = Field(default=None, ge=0)
    per: Decimal | None = Field(default=None, gt=0)
    points_each: Exact | None = Field(default=None, gt=0)
    occasions: tuple[Day, ...] = ()
    tiers: tuple[Tier, ...] = ()
    cases: tuple[Case, ...] = ()

    @property
    def given(self) -> dict[str, Any]:
        """Only what the file states."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


Case.model_rebuild()

METHOD_PARAMS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    method: (frozenset(required.split()), frozenset(optional.split()))
    for method, required, optional in (
        ("proportional", "target", ""),
        ("proportional_from_baseline", "target", ""),
        ("floor_linear", "floor target", ""),
        ("control", "limit", ""),
        ("tiered", "tiers", ""),
        ("deduct_per_miss", "points_each", "per"),
        ("deduct_per_pp", "target points_each", "per"),
        ("boolean", "", "due late_factor occasions"),
        ("boolean_share", "", "occasions"),
        ("checklist", "", ""),
        ("deadline", "occasions", "points_each late_days late_factor"),
        ("by_case", "cases", ""),
    )
}
"""Method → the parameters it must have and those it may have."""


class RubricItem(_Model):
    """One line of the assessment: which indicators, how many points, and how they are earned.

    ``evidence``: ``listed`` = nothing without evidence on the list; ``ledger`` = the ledger's own sheets are the proof.
    """

    id: str
    name: Name
    indicators: tuple[Id, ...] = Field(min_length=1)
    points: Decimal = Field(gt=0)
    method: Method
    params: Params = Params()
    evidence: Literal["listed", "ledger", "none"] = "listed"
    evidence_note: str | None = None
    clause: str
    districts: Scope = None

    @model_validator(mode="after")
    def _parameters(self) -> RubricItem:
        for method, params in [(self.method, self.params), *((c.method, c.params) for c in self.params.cases)]:
            required, optional = METHOD_PARAMS[method]
            if lacking := required - params.model_fields_set:
                raise _wrong(f"{method} needs {', '.join(sorted(lacking))}")
            if odd := params.model_fields_set - required - optional:
                raise _wrong(f"{method} has no {', '.join(sorted(odd))}")
        return self


class RubricGroup(_Model):
    """Items under one heading."""

    id: str
    name: Name
    items: tuple[RubricItem, ...] = Field(min_length=1)


class Grade(_Model):
    """From ``at_least`` points of 100 on."""

    id: Id
    name: Name
    at_least: Decimal


class Rise(_Model):
    """An indicator's gain between its first and its last value, in percentage points."""

    indicator: Id
    at_least: Decimal


class Extra(_Model):
    """A bonus or penalty: points, and where it comes from: an indicator that is done or above 0, a rise, a difference
    between typed and recomputed headline rates (percentage points), or an analyst's entry when none is named.
    """

    id: Id
    name: Name
    points: Decimal = Field(gt=0)
    indicator: Id | None = None
    rise: Rise | None = None
    claimed_difference_over: Decimal | None = None
    per_case: bool = False


class Extras(_Model):
    """Bonuses or penalties with their common cap. Shown and used to break ties; never added to the score."""

    cap: Decimal
    items: tuple[Extra, ...]


class Veto(_Model):
    """What overrides the score. ``no_submission_for``: the period whose missing ledger triggers it by itself on
    ``after``; otherwise an analyst enters it.
    """

    id: Id
    name: Name
    effect: Literal["zero_item", "cap_grade", "downgrade_one", "disqualify"]
    grade: Id | None = None
    zero_item: bool = False
    no_submission_for: str | None = None
    after: Day | None = None


class RankRanges(_Model):
    """How rank ranges are drawn: every weight varies by ``weight_spread`` percent, independently."""

    weight_spread: int = 20
    draws: int = Field(default=1000, gt=0)
    seed: int


class Rubric(_Model):
    """The assessment. ``is_proposal``: ours until an official table is entered, and every page says so."""

    is_proposal: bool
    note: Name
    period: str
    grades: tuple[Grade, ...]
    bonus: Extras
    penalty: Extras
    vetoes: tuple[Veto, ...]
    rank_ranges: RankRanges
    groups: tuple[RubricGroup, ...]

    @property
    def items(self) -> tuple[RubricItem, ...]:
        """Every item in the order of the file."""
        return tuple(item for group in self.groups for item in group.items)

    @property
    def total(self) -> Decimal:
        return sum((item.points for item in self.items), Decimal(0))


WhyUnmeasured = Literal[
    "principle", "permission", "no_measure", "other_bodies", "covered", "background", "missing_text"
]


class Unmeasured(_Model):
    """A clause without an indicator: what it says in our words, and why nothing measures it.

    ``principle``: how work is to be done. ``permission``: what may be done. ``no_measure``: nothing in it can be
    observed or counted. ``other_bodies``: owed by those who report nothing here. ``covered``: the indicators of ``by``
    measure it. ``background``: reasons and history. ``missing_text``: the source does not have it.
    """

    clause: str
    what: Name
    why: WhyUnmeasured
    by: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _by_whom(self) -> Unmeasured:
        if (self.why == "covered") != bool(self.by):
            raise _wrong("a covered clause, and only such a one, names the indicators in by: [...]")
        return self


class Plan(_Model):
    """One three-year action plan.

    ``truncated_after``: the last clause that an incomplete source still has. ``source_sha256``: of the text this file
    was made from, as UTF-8 and without what a website put above it.
    """

    id: Id
    name: Name
    aliases: tuple[str, ...] = ()
    issuer: str
    document_no: str | None = None
    issued: Day | None = None
    start: Day
    end: Day
    operational_deadline: Day | None = None
    evaluation: Window | None = None
    region: Region
    source_complete: bool = True
    truncated_after: str | None = None
    source_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    source_note: Name | None = None
    parameters: Parameters
    districts: tuple[District, ...] = Field(min_length=1)
    periods: tuple[Period, ...] = Field(min_length=1)
    indicators: tuple[Indicator, ...] = Field(min_length=1)
    unmeasured: tuple[Unmeasured, ...] = ()
    rubric: Rubric | None = None

    @cached_property
    def fields(self) -> frozenset[str]:
        """``form.field`` of every column that some indicator rests on."""
        return frozenset().union(*(indicator.fields for indicator in self.indicators))

    def scope(self, indicator: Indicator) -> tuple[str, ...] | None:
        """The districts an indicator is about: those it names, else those that owe its form; None when that is all."""
        if indicator.districts is not None:
            return indicator.districts
        forms = {form for part in (indicator, *self._parts(indicator)) if (form := part.form) is not None}
        able = tuple(district.code for district in self.districts if all(map(district.owes, forms)))
        return None if len(able) == len(self.districts) else able

    def _parts(self, indicator: Indicator) -> Iterator[Indicator]:
        return (part for name in indicator.pools if (part := self.indicator(name)) is not None)

    def required_forms(self, district: District, period: Period) -> tuple[str, ...]:
        """The forms without which the district's ledger of the period is incomplete."""
        return tuple(form for form in period.required_forms if district.owes(form))

    def forms(self, district: District, period: Period) -> tuple[str, ...]:
        """Every form on the district's template of the period."""
        return tuple(form for form in period.forms if district.owes(form))

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        """Every milestone in the order of the file."""
        return tuple(m for indicator in self.indicators for m in indicator.milestones)

    @cached_property
    def _indicators(self) -> dict[str, Indicator]:
        return {indicator.id: indicator for indicator in self.indicators}

    @cached_property
    def _districts(self) -> lookup.Index[District]:
        return lookup.district_index(self)

    @cached_property
    def _periods(self) -> lookup.Index[Period]:
        return lookup.period_index(self.periods)

    def indicator(self, indicator_id: str) -> Indicator | None:
        return self._indicators.get(indicator_id)

    def district(self, text: str) -> District | None:
        """The district a code, name or alias means; None when unknown or ambiguous (后旗)."""
        return self._districts.find(lookup.district_key(text, self.region.name))

    def is_ambiguous(self, text: str) -> bool:
        """Whether the text fits several districts."""
        return self._districts.is_ambiguous(lookup.district_key(text, self.region.name))

    def period(self, text: str) -> Period | None:
        """The period a text means: 2024-11, 2024年11月, 2024年度, 2024年, 2023年摸底, 摸底 …; None when unknown."""
        return self._periods.find(lookup.period_key(text))
