"""Every indicator recomputed: numerators and denominators, per district and pooled, in every variant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from pipelines.plans.model import Indicator, Period
from tests.independent.account import WHOLE, Account, Cells, moments
from tests.independent.readings import PARTY_WORK, Facts, Measure, Reading, facts, is_counted, one
from tests.independent.register import Step, follow

Key = tuple[str, str, str, str, str]
"""District (or ALL), period, indicator, basis, variant."""


@dataclass(frozen=True)
class Figure:
    """A numerator over a denominator; None where nothing is known. ``missing``: districts without data (in ALL)."""

    numerator: Fraction | None
    denominator: Fraction | None
    missing: int | None = None

    def value(self, is_count: bool) -> Fraction | None:
        """Percent for rates, the number for counts."""
        if self.numerator is None:
            return None
        if is_count:
            return self.numerator
        return 100 * self.numerator / self.denominator if self.denominator else None


NOTHING = Figure(None, None)

# -- rows that indicators count ----------------------------------------------------------------------------------------

FORMS = {"community": "community", "body": "committee", "survey": "satisfaction"}
"""Kind of row → its sheet, where they differ in name."""
BASES = {
    "community": "communities",
    "company": "companies",
    "member": "persons",
    "dispute": "occasions",
    "inspection": "occasions",
    "showcase": "occasions",
}
"""What is counted where rows are counted; else bodies."""
CARRIED = ("company", "subdistrict", "neighbourhood", "party", "member", "showcase")
"""What stays as last told where a district does not give the sheet again. What happened in a period is its own."""


@dataclass(frozen=True)
class Body:
    """An owners' body on an as-of date."""

    cells: Cells
    as_of: date
    is_counted: bool

    def __getitem__(self, name: str) -> Any:
        return self.cells[name]


@dataclass(frozen=True)
class Told:
    """A row and whether the period's own workbook tells it; only such rows count above the line."""

    row: Any
    is_reported: bool


class Telling:
    """What one district has told of one period, by kind of row and variant."""

    def __init__(self, account: Account, reading: Reading, code: str, period: Period, step: Step) -> None:
        self.account, self.reading, self.code, self.period, self.step = account, reading, code, period, step
        self._kept: dict[tuple[str, str], list[Told]] = {}

    def rows(self, kind: str, variant: str) -> list[Told]:
        key = (kind, variant)
        if key not in self._kept:
            if kind == "community":
                found = [Told(f, f.is_reported) for f in self._communities(variant)]
            elif kind == "body":
                found = list(self._bodies())
            elif kind == "survey":
                found = [Told(s, True) for s in surveys(self.account, self.code, self.period, self.step)]
            elif kind == "inspection":
                found = [Told(i, True) for i in inspections(self.account, self.code, self.period)]
            else:
                found = list(self._last(kind))
            self._kept[key] = [t for t in found if t.is_reported] if variant == "reported" else found
        return self._kept[key]

    def _communities(self, variant: str) -> Iterable[Facts]:
        sticky = variant != "reported"
        for standing in self.step.standing:
            for sizes in standing.first_list if variant == "frozen_baseline" else (None,):
                yield facts(
                    standing,
                    self.period.as_of,
                    self.reading.bodies,
                    self.reading.new_since,
                    sticky=sticky,
                    sizes_of=sizes,
                )

    def _bodies(self) -> Iterable[Told]:
        """Bodies on the period's own sheet, those last known of communities that are missing, or all last known."""
        account, code = self.account, self.code
        own = account.rows(code, self.period, "committee")
        last = account.last_given(code, self.period, "committee")
        listed = account.rows(code, last, "committee") if last else []
        if last is not self.period:
            own = []
        known = {id(body) for body in listed}
        gone = [b for s in self.step.standing if not s.is_reported for b in s.listed if id(b) not in known]
        as_of, kinds = self.period.as_of, self.reading.bodies
        for rows, is_reported in ((own, True), (gone, False), ([] if own else listed, False)):
            for body in rows:
                yield Told(Body(body, as_of, is_counted(body, kinds, as_of)), is_reported)

    def _last(self, kind: str) -> Iterable[Told]:
        """The sheet's rows; those that were last given where this period's workbook has none."""
        last: Period | None = self.period
        if kind in CARRIED:
            last = self.account.last_given(self.code, self.period, kind)
        if last is not None:
            rows = self.account.rows(self.code, last, kind)
            if kind == "company":
                rows = [reached(c, self.account.rows(self.code, last, "party")) for c in rows]
            if kind == "dispute":
                rows = [fallen_due(d, self.period.as_of) for d in rows]
            for row in rows:
                yield Told(row, last is self.period)

    def knows(self, measure: Measure, period: Period) -> bool:
        """Whether the district's workbook of a period has every sheet that the measure rests on."""
        needed = (FORMS.get(measure.of, measure.of), *measure.needs)
        return all(self.account.gives(self.code, period, form) for form in needed)

    def figure(self, measure: Measure, sums: tuple[Any, Any], variant: str) -> Figure:
        above = measure.strict if variant == "strict" and measure.strict else measure.above
        rows = self.rows(measure.of, variant)
        below = [t for t in rows if measure.below is None or measure.below(t.row)]
        known = self.knows(measure, self.period) and not (measure.of == "survey" and not below)
        numerator = denominator = None
        if known:
            hits = [t for t in below if t.is_reported and above(t.row)]
            plain = [t for t in below if t.is_reported and measure.above(t.row)]
            if variant == "strict" and plain and all(above(t.row) is None for t in plain):
                return Figure(None, Fraction(sum(sums[1](t.row) for t in below)))
            numerator = sum((Fraction(sums[0](t.row)) for t in hits), Fraction(0))
        if measure.below is not None and (known or rows):
            denominator = sum((Fraction(sums[1](t.row)) for t in below), Fraction(0))
            last = self.account.last_said(self.code, self.period)
            if not denominator and not (last and self.knows(measure, last)):
                denominator = None  # nothing below the line, as far as anybody has told
        return Figure(numerator, denominator)


def reached(company: Cells, party: list[Cells]) -> Cells:
    """The company's row with how the party reaches it: by itself, else by the party's sheet."""
    said = [company["party_org_form"]] + [
        p["org_form"]
        for p in party
        if p["subject_type"] == "company"
        and (p["subject_code"] == company["uscc"] or p["subject_name"] == company["company_name"])
    ]
    form = next((f for f in said if f is not None), None)
    is_active = company["status"] in (None, "active")
    return {**company, "form": form, "has_party_work": form in PARTY_WORK, "is_active": is_active}


def fallen_due(dispute: Cells, as_of: date) -> Cells:
    """A complaint, and whether its limit has passed."""
    return {**dispute, "is_due": dispute["due_date"] is not None and dispute["due_date"] <= as_of}


def firm(company: Cells) -> str:
    """What tells a company from others, in whatever district it works."""
    return str(company["uscc"] or company["company_name"])


def surveys(account: Account, code: str, period: Period, step: Step) -> Iterable[Cells]:
    """Surveys with answers, how many are satisfied, and how large the community is."""
    for survey in account.rows(code, period, "satisfaction"):
        if survey["organiser"] != "third_party" or not survey["valid_answers"]:
            continue
        community = _asked_about(survey, [s.row for s in step.standing])
        happy = sum(survey[f] or 0 for f in ("very_satisfied", "satisfied", "fairly_satisfied"))
        yield {**survey, "happy": happy, "households": community["households"] or 0}


def _asked_about(survey: Cells, listed: list[Cells]) -> Cells:
    """The community that a survey is of: by its code, unless that is another's than the one it names, elsewhere."""
    named = [row for row in listed if row["community_name"] == survey["community_name"]]
    holders = [row for row in listed if survey["community_code"] and row["community_code"] == survey["community_code"]]
    streets = {row["subdistrict"] for row in named}
    held = [row for row in holders if row in named or not streets or row["subdistrict"] in streets]
    return next(iter([*held, *named]), {"households": 0})  # or nobody has listed it


def inspections(account: Account, code: str, period: Period) -> Iterable[Cells]:
    """Inspections, with the list on which the company's latest rating in the ledger put it."""
    flags: dict[str, tuple[int, str | None]] = {}
    for rating in account.rows(code, period, "credit"):
        year, flag = flags.get(rating["company_name"], (0, None))
        if rating["rating_year"] > year or (rating["rating_year"] == year and flag is None):
            flags[rating["company_name"]] = (rating["rating_year"], rating["list_flag"])
    for visit in account.rows(code, period, "inspection"):
        yield {**visit, "flag": flags.get(visit["company_name"], (0, None))[1]}


# -- what is set up, what recurs, what the task ledger counts ----------------------------------------------------------


def task_figure(account: Account, code: str, period: Period, indicator: Indicator) -> Figure:
    """From the task ledger: done of planned, or for a count what was done."""
    if not account.gives(code, period, "task"):
        return NOTHING
    tasks = [t for t in account.rows(code, period, "task") if t["task_id"] == indicator.id]
    if indicator.denominator is None:
        return Figure(sum((Fraction(t["actual"] or 0) for t in tasks), Fraction(0)), None)
    planned = [t for t in tasks if (t["planned"] or 0) > 0]
    done = sum(min(Fraction(t["actual"] or 0), Fraction(t["planned"])) for t in planned)
    return Figure(Fraction(done), Fraction(sum(Fraction(t["planned"]) for t in planned)))


def documents(account: Account, code: str, indicator_id: str, until: Period | None = None) -> list[Cells]:
    """The rows of any ledger so far that name a document by which something stands."""
    rows = account.ever(code, "mechanism", until=until)
    return [m for m in rows if m["indicator_id"] == indicator_id and (m["document_name"] or m["document_no"])]


def done_on(account: Account, code: str, period: Period, indicator_id: str) -> tuple[bool, date | None]:
    """Whether a thing is established by the period's as-of date, and since when: a document on any ledger so far, or
    the period's own task ledger."""
    dates: list[date | None] = [
        m["issued_date"]
        for m in documents(account, code, indicator_id, until=period)
        if m["issued_date"] is not None and m["issued_date"] <= period.as_of
    ]
    dates += [
        t["done_date"]
        for t in account.rows(code, period, "task")
        if t["task_id"] == indicator_id
        and t["status"] == "done"
        and (t["done_date"] is None or t["done_date"] <= period.as_of)
    ]
    known = [d for d in dates if d is not None]
    return bool(dates), min(known, default=None)


def commitment_figure(account: Account, code: str, period: Period, indicator_id: str, variant: str) -> Figure:
    """A district has it or not: one of one, or none of one. Unknown where the sheets that say so were due and lack."""
    is_done, _ = done_on(account, code, period, indicator_id)
    proofs = ("mechanism", "task")
    is_told = account.gives(code, period, *proofs) or not any(form in period.required_forms for form in proofs)
    if is_told and not account.is_silent(code, period):
        return Figure(Fraction(is_done), Fraction(1))
    return NOTHING if variant == "reported" else Figure(None, Fraction(1))


@dataclass(frozen=True)
class Duty:
    """One occasion of something recurrent in one district."""

    due: date
    done: date | None
    is_on_time: bool
    is_answered: bool
    """Whether anything we have speaks of it."""

    @property
    def days_late(self) -> int | None:
        return None if self.done is None else max((self.done - self.due).days, 0)


def duties(account: Account, code: str, indicator: Indicator) -> list[Duty]:
    """When each occasion was met, by what proves it."""
    found = []
    cadence = indicator.cadence
    assert cadence is not None
    form, kind = cadence.source, cadence.type
    for occasion in cadence.occasions:
        key = occasion.key or str(occasion.due.year)
        proofs: list[date] = []
        if form == "submission":
            accepted = account.accepted(code, next(p for p in account.plan.periods if p.id == key))
            proofs = [s.received_at.date() for s in accepted[:1]]
        elif form == "credit":
            rated = [r for r in account.ever(code, "credit") if str(r["rating_year"]) == key]
            proofs = [r["submitted_date"] for r in rated if r["submitted_date"]]
        elif form == "inspection":
            visits = [i for i in account.ever(code, form) if i["type"] == (kind or "double_random")]
            proofs = [i["date"] for i in visits if key in moments(i["date"])]
        elif form == "meeting":
            held = [m for m in account.ever(code, form) if kind is None or m["type"] == kind]
            proofs = [m["date"] for m in held if key in moments(m["date"])]
        elif form == "mechanism":
            issued = [m["issued_date"] for m in documents(account, code, indicator.id)]
            proofs = [day for day in issued if key in moments(day)]
        done = min(proofs, default=None)
        on_time = done is not None and (done <= occasion.due or not cadence.lateness_judged)
        heard = any(account.gives(code, p, form) for p in account.periods if p.as_of >= occasion.due)
        found.append(Duty(occasion.due, done, on_time, bool(proofs) or form == "submission" or heard))
    return found


def cadence_figure(
    account: Account, reading: Reading, code: str, period: Period, indicator: Indicator, variant: str
) -> Figure:
    """Occasions due by the as-of date, and those met (in time, where the indicator asks for it).

    Reported are only those of which some ledger speaks.
    """
    cadence = indicator.cadence
    assert cadence is not None
    if cadence.source == "none" or cadence.reporter == "city":
        return NOTHING
    due = [d for d in duties(account, code, indicator) if d.due <= period.as_of]
    due = [d for d in due if d.is_answered or variant != "reported"]
    if not due:
        return NOTHING
    known = all(d.is_answered for d in due)
    hits = sum((d.is_on_time if indicator.id in reading.in_time else d.done is not None) for d in due)
    return Figure(Fraction(hits) if known else None, Fraction(len(due)))


# -- all of it ---------------------------------------------------------------------------------------------------------


def scope(account: Account, reading: Reading, indicator: Indicator) -> list[str]:
    """The districts that an indicator is about: those it names, else those that are asked for what it rests on."""
    forms: list[str] = []
    for name in (indicator.id, *_adds_up(reading, indicator)):
        measure = reading.measures.get(name)
        if measure is not None and not measure.adds_up:
            forms.append(FORMS.get(measure.of, measure.of))
    if indicator.cadence is not None and indicator.cadence.source not in ("none", "submission"):
        forms.append(indicator.cadence.source)
    elif indicator.kind in ("boolean", "document"):
        forms.append("mechanism")
    elif indicator.id not in reading.measures and indicator.cadence is None:
        forms.append("task")
    return account.scope(indicator.districts, *forms)


def _adds_up(reading: Reading, indicator: Indicator) -> tuple[str, ...]:
    measure = reading.measures.get(indicator.id)
    return measure.adds_up if measure else ()


def bases(measure: Measure) -> dict[str, tuple[Any, Any]]:
    """What is summed per basis, the main one first."""
    if measure.sums:
        return measure.sums
    found: dict[str, tuple[Any, Any]] = {BASES.get(measure.of, "bodies"): (one, one)}
    if measure.of == "community" and measure.below is not None:
        found |= {name: (amount, amount) for name, amount in SIZES.items()}
    return found


SIZES = {"households": lambda f: f.households, "floor_area": lambda f: f.floor_area}


def all_figures(account: Account, reading: Reading) -> tuple[dict[Key, Figure], dict[str, dict[str, Step]]]:
    """Every figure there must be, and the register of each district."""
    known = {indicator.id for indicator in account.plan.indicators}
    assert not reading.measures.keys() - known, "readings of indicators that the plan does not have"
    register = {code: follow(account, code) for code in account.codes}
    figures: dict[Key, Figure] = {}
    for period in account.periods:
        told = {code: Telling(account, reading, code, period, register[code][period.id]) for code in account.codes}
        for indicator in account.plan.indicators:
            _of_period(told, indicator, figures)
    return figures, register


def _of_period(told: dict[str, Telling], indicator: Indicator, figures: dict[Key, Figure]) -> None:
    """One indicator in one period: each district's figures in every basis and variant, and those of the whole."""
    some = next(iter(told.values()))
    account, reading, period = some.account, some.reading, some.period
    places = scope(account, reading, indicator)
    measure = reading.measures.get(indicator.id)
    found: dict[tuple[str, str], dict[str, Figure]] = {}

    def enter(code: str, basis: str, variant: str, figure: Figure) -> None:
        found.setdefault((basis, variant), {})[code] = figure

    for code in places:
        telling = told[code]
        if measure is None:
            for variant in ("audited",) if telling.step.is_silent else ("audited", "reported"):
                basis, figure = _other(account, reading, code, period, indicator, variant)
                enter(code, basis, variant, figure)
        elif measure.adds_up:
            for variant in ("audited", "reported"):
                parts = [_main(reading, figures, code, period, name, variant) for name in measure.adds_up]
                if any(part is not None for part in parts):
                    enter(code, "bodies", variant, _added([part or NOTHING for part in parts]))
        else:
            for variant in _variants(measure, telling):
                for basis, sums in bases(measure).items():
                    enter(code, basis, variant, telling.figure(measure, sums, variant))
        typed = {t["measure"]: Fraction(t["value"]) for t in reversed(account.rows(code, period, "summary"))}
        total = reading.claimed.get(indicator.id)
        if total in typed and "community_count" in typed:
            enter(code, "communities", "claimed", Figure(typed[total], typed["community_count"]))
    for (basis, variant), by_district in found.items():
        for code, figure in by_district.items():
            figures[code, period.id, indicator.id, basis, variant] = figure
        whole = _pooled(by_district, places, variant)
        if measure is not None and measure.of == "company":
            whole = _distinct([told[code] for code in places], measure, variant, whole)
        elif measure is not None and measure.adds_up:
            whole = _whole_of_parts(reading, figures, period, measure, variant, whole)
        figures[WHOLE, period.id, indicator.id, basis, variant] = whole


def _variants(measure: Measure, telling: Telling) -> Iterable[str]:
    yield "audited"
    if not telling.step.is_silent:
        yield "reported"
    if measure.strict is not None:
        yield "strict"
    if measure.of == "community":
        yield "frozen_baseline"


def _other(
    account: Account, reading: Reading, code: str, period: Period, indicator: Indicator, variant: str
) -> tuple[str, Figure]:
    if indicator.kind in ("boolean", "document"):
        return "districts", commitment_figure(account, code, period, indicator.id, variant)
    if indicator.cadence is not None:
        return "occasions", cadence_figure(account, reading, code, period, indicator, variant)
    return indicator.basis, task_figure(account, code, period, indicator)


def _main(
    reading: Reading, figures: dict[Key, Figure], code: str, period: Period, name: str, variant: str
) -> Figure | None:
    basis = next(iter(bases(reading.measures[name])))
    return figures.get((code, period.id, name, basis, variant))


def _added(parts: Sequence[Figure]) -> Figure:
    """The sum of figures that are all known."""
    above, below = [p.numerator for p in parts], [p.denominator for p in parts]
    return Figure(
        None if None in above else sum((n for n in above if n is not None), Fraction(0)),
        None if None in below else sum((d for d in below if d is not None), Fraction(0)),
    )


def _pooled(by_district: dict[str, Figure], places: list[str], variant: str) -> Figure:
    """The whole area: sums of numerators and of denominators. What a silent district's people have is still there."""
    parts = list(by_district.values())
    known = [p for p in parts if p.numerator is not None]
    below = known if variant in ("reported", "claimed") else parts
    denominators = [p.denominator for p in below if p.denominator is not None]
    return Figure(
        sum((p.numerator or Fraction(0) for p in known), Fraction(0)) if known else None,
        sum(denominators, Fraction(0)) if denominators else None,
        len(places) - len(known),
    )


def _distinct(told: list[Telling], measure: Measure, variant: str, pooled: Figure) -> Figure:
    """A company at work in several districts counts once, and is above the line when it is so in one of them."""
    if pooled.numerator is None and pooled.denominator is None:
        return pooled
    hits: dict[str, bool] = {}
    for telling in told:
        for item in telling.rows("company", variant):
            if measure.below is None or measure.below(item.row):
                is_above = item.is_reported and bool(measure.above(item.row))
                hits[firm(item.row)] = hits.get(firm(item.row), False) or is_above
    below = None if measure.below is None else Fraction(len(hits))
    # Where nobody speaks, what was last told is still below the line.
    above = None if pooled.numerator is None else Fraction(sum(hits.values()))
    return Figure(above, below, pooled.missing)


def _whole_of_parts(
    reading: Reading, figures: dict[Key, Figure], period: Period, measure: Measure, variant: str, pooled: Figure
) -> Figure:
    """Parts that count shared things once are added up as they stand for the whole area."""
    if pooled.numerator is None:
        return pooled
    parts = [_main(reading, figures, WHOLE, period, name, variant) or NOTHING for name in measure.adds_up]
    total = _added(parts)
    return Figure(total.numerator, total.denominator, pooled.missing)
