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
    """In Chinese, as officials write it."""
    en: str = Field(min_length=1)
    """In English."""


class Region(_Model):
    """The plan's whole area: code (none where the source is anonymised) and Chinese name."""

    code: str | None
    """GB/T 2260 code of the whole area; null where the source is anonymised."""
    name: str
    """Its Chinese name, which the pages carry."""


class Window(_Model):
    """From the first to the last day, both included."""

    start: Day
    """First day."""
    end: Day
    """Last day."""


class Parameters(_Model):
    """Readings of the plan that conditions depend on."""

    new_build_cutoff: Day | None = None
    """What is delivered on or after it is new-built; without it only the typed flag decides."""
    bodies_counted: tuple[Literal["owners_committee", "pm_committee", "owners_assembly"], ...]
    """Owners' bodies that count as a committee."""
    counted_statuses: tuple[Literal["formed", "term_expired", "re_election"], ...]
    """In which state a body counts."""


class District(_Model):
    """A reporting unit. A pseudo-region (development zone …) has its parent's code with a suffix."""

    code: str = Field(pattern=r"^\d{6}(-[A-Z]+)?$|^\d{9}$|^\d{12}$")
    """GB/T 2260 code (6, 9 or 12 digits), or its parent's with a suffix such as -KFQ."""
    name: Name
    """Official name."""
    short_name: str | None = None
    """Where there is little room."""
    parent: str | None = None
    """Code of the district, or of the whole area, that it belongs to."""
    pseudo_region: bool = False
    """A development zone, farm or office without a code of its own."""
    aliases: tuple[str, ...] = ()
    """Other names that workbooks may carry."""
    ambiguous_aliases: tuple[str, ...] = ()
    """Names that another unit may mean as well; they identify nobody."""
    forms: tuple[str, ...] | None = None
    """What it is asked for of a period's forms; None: all of them. (A city's own office has no communities.)"""
    tile: tuple[Annotated[int, Field(ge=0, le=40)], Annotated[int, Field(ge=0, le=40)]] | None = None
    """Its place on the map of tiles: column from the west, row from the north, both from 0."""

    def owes(self, form: str) -> bool:
        """Whether the unit has anything to say on this form."""
        return self.forms is None or form in self.forms


class Period(_Model):
    """One reporting occasion."""

    id: str = Field(pattern=r"^[0-9a-z][0-9a-z-]*$")
    """Short and stable, such as 2024-11; file names and tables carry it."""
    name: Name
    """As templates and pages call it."""
    kind: Literal["baseline", "ledger", "snapshot", "monthly", "facts"]
    """What is handed in: baseline survey, yearly ledger, snapshot between, month's sheet, or facts to compare."""
    as_of: Day
    """The day the figures speak of."""
    due: Day
    """The last day for handing in."""
    lateness_judged: bool = True
    """false where nobody can be late."""
    required_forms: tuple[str, ...]
    """Forms that must come; one missing is reported and leaves its indicators without data."""
    optional_forms: tuple[str, ...] = ()
    """Forms on the template too that may stay away."""
    aliases: tuple[str, ...] = ()
    """Other ways of writing the period."""

    @property
    def forms(self) -> tuple[str, ...]:
        """Every form on the template of the period, required ones first."""
        return self.required_forms + self.optional_forms


class Milestone(_Model):
    """A target that an indicator must reach by a date. Percent for rates, a number for counts, 100 for booleans.

    ``clause``, ``binding`` and ``districts`` come from the indicator where the file does not repeat them.
    """

    indicator_id: Id
    """The indicator it belongs to."""
    due: Day
    """By when; the last period that ends by then decides."""
    operational: Day | None = None
    """An earlier day by which the work is to be done."""
    at_least: Decimal | None = None
    """Target: this or more."""
    more_than: Decimal | None = None
    """Target: more than this."""
    equals: Decimal | None = None
    """Target: this; 100 for full coverage."""
    at_most: Decimal | None = None
    """Target: this or less."""
    less_than: Decimal | None = None
    """Target: less than this."""
    hold_at_least: Decimal | None = None
    """Target: this or more in every period; one dip is a breach."""
    binding: Binding = "hard"
    """How binding the words are; it colours a miss and changes no status."""
    clause: str
    """Where the text says so."""
    districts: Scope = None
    """Whom it is for; all of them when left out."""
    date_is_default: bool = False
    """The text has no date; this one is ours."""
    target_is_derived: bool = False
    """The text has no number; this one is ours."""
    is_scored: bool = True
    """false: shown, and left out of counts of what is met."""
    all_of: tuple[str, ...] = ()
    """Other indicators that must reach the same target for this one to be met."""
    whole_area_only: bool = False
    """The number is for the whole plan area: no district is measured by it (five model sites in the county)."""
    note: str | None = None
    """What a reader should know of the reading."""

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
    """One date by which something recurrent must have happened."""

    due: Day
    """By when it must have happened."""
    key: str | None = None
    """What proves it: a period's id, or the year (2024, that of ``due`` when not said), quarter (2024-Q1) or month
    (2024-01) in which it happened."""
    is_scored: bool = True
    """false: tracked, never scored."""


class Cadence(_Model):
    """Something that recurs: what shows that it happened, who owes it, and when."""

    source: Literal["submission", "credit", "inspection", "mechanism", "meeting", "none"]
    """The form that proves it; submission: a ledger that came; none: nothing does, it is only a date."""
    type: str | None = None
    """Only inspections or meetings of this kind; every meeting, and double-random inspections, when not said."""
    reporter: Literal["district", "city"] = "district"
    """Who owes it."""
    lateness_judged: bool = True
    """false where nobody can be late."""
    occasions: tuple[Occasion, ...] = Field(min_length=1)
    """The dates, one by one or as a row of months."""


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
    """What the text states as already so: a number, or of a boolean or document that it exists. Nothing is promised: it
    has no date to be met by.
    """

    equals: Decimal | None = None
    """It is this, as closely as the text prints it."""
    more_than: Decimal | None = None
    """It is more than this."""
    at_least: Decimal | None = None
    """It is this or more."""
    less_than: Decimal | None = None
    """It is less than this."""
    at_most: Decimal | None = None
    """It is this or less."""
    between: tuple[Decimal, Decimal] | None = None
    """It is from the first to the second, both included."""
    is_so: Literal[True] | None = None
    """It exists."""
    of_each: bool = False
    """True of every row (the numerator says which rows agree) rather than of their total."""
    as_of: Day | None = None
    """The day it was so."""
    as_of_note: str | None = None
    """What the text says of its date, where it has none."""
    period: str | None = None
    """Whose ledgers ought to show it; the first when left out."""

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
    """SQL expression summed over the rows above the line."""
    denominator: Sql = "1"
    """Summed over all rows of the denominator."""


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
    """Lower-case words joined by _; workbooks name documents, tasks and evidence by it."""
    name: Name
    """As pages show it."""
    definition: Name
    """What is counted, in a sentence that an official can check."""
    kind: Kind = "rate"
    """rate (the default), count, boolean, document, cadence, trend (no target) or fact (already so)."""
    entity: Annotated[str, AfterValidator(_entity)]
    """What is counted: its rows and columns are listed in docs/entities.md."""
    denominator: Sql | None = None
    """Condition: which rows are below the line."""
    numerator: Sql = "true"
    """Condition: which of them are above it; for a count, which rows count."""
    strict: Sql | None = None
    """The numerator of the stricter variant."""
    measure: Sql = "1"
    """SQL expression summed for a count, such as actual; 1 counts rows."""
    measures: dict[Basis, MeasurePair] = {}
    """What is summed instead of rows, by basis; the first is the main one."""
    unit: str
    """Shown behind a count; % for rates."""
    direction: Direction = "up"
    """Which way is better; none where neither is."""
    is_headline: bool = False
    """One of the few that stand first on every page."""
    binding: Binding | None = None
    """How binding the words are; hard where milestones do not say otherwise."""
    clause: str
    """Where the text says so, such as 二(四)."""
    districts: Scope = None
    """Whom it is about; all who are asked for its form when left out."""
    milestones: tuple[Milestone, ...] = ()
    """Targets with their dates."""
    cadence: Cadence | None = None
    """For kind cadence: when it falls due and what proves it."""
    fact: Fact | None = None
    """For kind fact, and for what a text says exists: what it states."""
    pools: tuple[str, ...] = ()
    """Rates whose figures are added up instead of counting rows."""

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
    """From this value on."""
    points: Decimal
    """What it earns."""


class Case(_Model):
    """How an item is judged in some districts. The first case that names a district, or names none, applies."""

    districts: Scope = None
    """Where it applies; everywhere else when left out."""
    indicator: Id
    """What is judged there, one of the item's indicators."""
    method: Method
    """How it is judged there."""
    params: Params
    """With which numbers."""


class Params(_Model):
    """What a method needs: ``METHOD_PARAMS`` says which of these belong to which."""

    floor: Decimal | None = None
    """Nothing up to here."""
    target: Decimal | None = None
    """All points from here on; the milestone's when left out."""
    limit: Decimal | None = Field(default=None, ge=0)
    """All points up to here, none at its double."""
    due: Day | None = None
    """Judged as of this date, one of the milestones."""
    late_factor: Decimal | None = Field(default=None, ge=0, le=1)
    """What is done after the date is worth, 0 to 1."""
    late_days: int | None = Field(default=None, ge=0)
    """Up to how many days late still earns late_factor."""
    per: Decimal | None = Field(default=None, gt=0)
    """How many units or points cost points_each."""
    points_each: Exact | None = Field(default=None, gt=0)
    """Points per unit missed, or per occasion; 2/3 is fine."""
    occasions: tuple[Day, ...] = ()
    """Only these dates of what recurs."""
    tiers: tuple[Tier, ...] = ()
    """From which value on how many points."""
    cases: tuple[Case, ...] = ()
    """One method per district or group of them."""

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
    """One line of the assessment: which indicators, how many points, and how they are earned."""

    id: str
    """Such as A1; evidence may name it."""
    name: Name
    """As the table of points shows it."""
    indicators: tuple[Id, ...] = Field(min_length=1)
    """What it looks at."""
    points: Decimal = Field(gt=0)
    """At most these."""
    method: Method
    """How points are earned: proportional, or proportional_from_baseline, to the target; floor_linear between floor and
    target; control, where less is better; tiered; deduct_per_miss and deduct_per_pp, so much off each; boolean, all or
    nothing; boolean_share of the occasions; checklist of several indicators; deadline, late earns less; by_case, which
    depends on the district."""
    params: Params = Params()
    """The numbers the method needs."""
    evidence: Literal["listed", "ledger", "none"] = "listed"
    """listed: nothing without an item on the list of evidence; ledger: its own sheets are the proof; none: no proof."""
    evidence_note: str | None = None
    """What evidence is expected."""
    clause: str
    """Where the text says so; several are joined by 、."""
    districts: Scope = None
    """Whom it applies to; others are scored without it."""

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
    """Such as A."""
    name: Name
    """Its heading."""
    items: tuple[RubricItem, ...] = Field(min_length=1)
    """Its lines."""


class Grade(_Model):
    """From ``at_least`` points of 100 on."""

    id: Id
    """Named by vetoes."""
    name: Name
    """As shown."""
    at_least: Decimal
    """From so many points of 100 on."""


class Rise(_Model):
    """An indicator's gain between its first and its last value, in percentage points."""

    indicator: Id
    """Whose gain."""
    at_least: Decimal
    """Percentage points."""


class Extra(_Model):
    """A bonus or penalty: points, and where it comes from: an indicator that is done or above 0, a rise, a difference
    between typed and recomputed headline rates (percentage points), or an analyst's entry when none is named.
    """

    id: Id
    """Analysts' entries name it."""
    name: Name
    """As shown."""
    points: Decimal = Field(gt=0)
    """For each time."""
    indicator: Id | None = None
    """Earned when it is done, or above 0."""
    rise: Rise | None = None
    """Earned by a gain."""
    claimed_difference_over: Decimal | None = None
    """Struck by headline rates whose typed totals are off by more than so many points."""
    per_case: bool = False
    """Counts every time, not once."""


class Extras(_Model):
    """Bonuses or penalties with their common cap. Shown and used to break ties; never added to the score."""

    cap: Decimal
    """At most so many points together."""
    items: tuple[Extra, ...]
    """One by one."""


class Veto(_Model):
    """What overrides the score: a ledger that never came strikes by itself, anything else is entered by an analyst."""

    id: Id
    """Analysts' entries name it."""
    name: Name
    """As shown."""
    effect: Literal["zero_item", "cap_grade", "downgrade_one", "disqualify"]
    """zero_item: an item earns nothing; cap_grade: at most that; downgrade_one: one less; disqualify: the lowest."""
    grade: Id | None = None
    """The highest grade left, for cap_grade."""
    zero_item: bool = False
    """The item named in the entry earns nothing as well."""
    no_submission_for: str | None = None
    """Struck when this period's ledger has not come by the end of ``after``."""
    after: Day | None = None
    """The last day for that ledger."""


class RankRanges(_Model):
    """How rank ranges are drawn: every weight varies by ``weight_spread`` percent, independently."""

    weight_spread: int = 20
    """Percent up and down."""
    draws: int = Field(default=1000, gt=0)
    """How often weights are drawn."""
    seed: int
    """So that the same draws come again."""


class Rubric(_Model):
    """The assessment."""

    is_proposal: bool
    """true until an official table is entered; every page says so."""
    note: Name
    """Where it comes from, as pages say it."""
    period: str
    """Whose figures are scored."""
    grades: tuple[Grade, ...]
    """From the best down to the one at 0."""
    bonus: Extras
    """What breaks ties."""
    penalty: Extras
    """What is shown against."""
    vetoes: tuple[Veto, ...]
    """What overrides the score."""
    rank_ranges: RankRanges
    """How firm the ranks are."""
    groups: tuple[RubricGroup, ...]
    """Headings with their items; 100 points in all."""

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
    """Which clause."""
    what: Name
    """What it says, in our words."""
    why: WhyUnmeasured
    """Why nothing measures it."""
    by: tuple[str, ...] = ()
    """For covered: the indicators that do."""

    @model_validator(mode="after")
    def _by_whom(self) -> Unmeasured:
        if (self.why == "covered") != bool(self.by):
            raise _wrong("a covered clause, and only such a one, names the indicators in by: [...]")
        return self


class Plan(_Model):
    """One three-year action plan."""

    id: Id
    """The file's name without .yaml; every table carries it."""
    name: Name
    """The plan's title."""
    aliases: tuple[str, ...] = ()
    """Other spellings of the title."""
    issuer: str
    """Who issued it."""
    document_no: str | None = None
    """Its number, 文号."""
    issued: Day | None = None
    """When it was issued."""
    start: Day
    """First day of the plan."""
    end: Day
    """Last day of the plan."""
    operational_deadline: Day | None = None
    """The day by which the text wants everything done."""
    evaluation: Window | None = None
    """When the assessment takes place; before it scores are provisional."""
    region: Region
    """The whole area."""
    source_complete: bool = True
    """false where the text breaks off."""
    truncated_after: str | None = None
    """The last clause an incomplete text still has."""
    source_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """Of the text this file was made from, as UTF-8 and without what a website put above it."""
    source_note: Name | None = None
    """What a reader should know of the text."""
    parameters: Parameters
    """Readings that conditions depend on."""
    districts: tuple[District, ...] = Field(min_length=1)
    """The units that report, in the order of the pages."""
    periods: tuple[Period, ...] = Field(min_length=1)
    """When they report, in the order of their as-of dates."""
    indicators: tuple[Indicator, ...] = Field(min_length=1)
    """What is measured."""
    unmeasured: tuple[Unmeasured, ...] = ()
    """Clauses that no indicator measures, with the reason."""
    rubric: Rubric | None = None
    """The assessment; left out where nothing is scored."""

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
