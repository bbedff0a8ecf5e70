"""Every Bayannur indicator recomputed: numerators and denominators, per district and pooled, in every variant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from pipelines.plans.model import Indicator, Period
from tests.independent.account import Account, Cells
from tests.independent.register import Standing, Step, follow

COUNTED_BODIES = ("owners_committee", "pm_committee")
COUNTED_STATES = ("formed", "term_expired", "re_election")
PARTY_WORK = ("own", "joint", "attached", "grid", "instructor", "working_group")
NEW_SINCE = date(2023, 1, 1)

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


# -- what is true of a community, a body, a company --------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What counts of a community in one period."""

    is_reported: bool
    is_completed: bool
    has_management: bool
    is_professional: bool
    has_current_contract: bool
    is_new: bool
    is_renovated_old: bool
    discloses: bool
    contract_filed: bool
    fee_rate: Decimal | None
    has_committee: bool
    has_committee_in_force: bool
    households: int
    floor_area: Fraction


def facts(standing: Standing, as_of: date, *, sticky: bool, sizes_of: Cells | None = None) -> Facts:
    """Read a community's row.

    ``sticky``: a renovation once completed stays so. ``sizes_of``: the row whose households and area it counts with.
    """
    row, sizes = standing.row, sizes_of or standing.row
    mode = row["management_mode"]
    ends, delivered = row["contract_end"], row["delivered_date"]
    counted = [body for body in standing.bodies if is_counted(body, as_of)]
    # A company must be named: without one the row is not professional, whatever its mode says.
    is_professional = mode in ("professional_market", "professional_state") and bool(row["company_name"])
    now_renovated = row["renovation_status"] == "completed"
    return Facts(
        is_reported=standing.is_reported,
        is_completed=row["construction_status"] == "completed",
        has_management=mode not in (None, "none", "unknown"),
        is_professional=is_professional,
        has_current_contract=ends is not None and ends >= as_of,
        is_new=bool(row["is_new_build"]) if delivered is None else delivered >= NEW_SINCE,
        is_renovated_old=bool(row["is_old_community"]) and (now_renovated or (sticky and standing.was_renovated)),
        discloses=row["disclosure_done"] is True,
        contract_filed=row["contract_filed"] is True,
        fee_rate=row["fee_collection_rate"],
        has_committee=bool(counted),
        has_committee_in_force=any(is_filed(body, as_of) and is_in_term(body, as_of) for body in counted),
        households=sizes["households"] or 0,
        floor_area=Fraction(sizes["floor_area_sqm"] or 0),
    )


def is_counted(body: Cells, as_of: date) -> bool:
    """A kind and a state that the plan counts, established by the as-of date (a withheld date proves nothing)."""
    established = body["established_date"]
    return (
        body["body_type"] in COUNTED_BODIES
        and body["status"] in COUNTED_STATES
        and established is not None
        and established <= as_of
    )


def is_filed(body: Cells, as_of: date) -> bool:
    return body["filed_date"] is not None and body["filed_date"] <= as_of


def is_in_term(body: Cells, as_of: date) -> bool:
    return body["term_end"] is not None and body["term_end"] >= as_of


def half_up(number: Fraction | Decimal) -> int:
    """The nearest whole number, halves away from zero."""
    exact = Fraction(number)
    return int((Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1), ROUND_HALF_UP))


# -- communities -------------------------------------------------------------------------------------------------------

Condition = Callable[[Facts], bool]


@dataclass(frozen=True)
class CommunityRate:
    """Which communities are below the line, which of them above it, and above it in the strict sense."""

    below: Condition
    above: Condition
    strict: Condition | None = None


def _served(f: Facts) -> bool:
    return f.is_professional


def _under_contract(f: Facts) -> bool:
    return f.is_professional and f.has_current_contract


COMMUNITY_RATES: dict[str, CommunityRate] = {
    "pm_coverage_rate": CommunityRate(lambda f: f.is_completed, lambda f: f.has_management),
    "professional_pm_coverage_rate": CommunityRate(lambda f: f.is_completed, _served, _under_contract),
    "professional_pm_coverage_rate_new": CommunityRate(lambda f: f.is_completed and f.is_new, _served, _under_contract),
    "pm_coverage_rate_renovated_old": CommunityRate(
        lambda f: f.is_completed and f.is_renovated_old, lambda f: f.has_management
    ),
    "committee_formation_rate": CommunityRate(
        lambda f: f.is_completed, lambda f: f.has_committee, lambda f: f.has_committee_in_force
    ),
    "information_disclosure_rate": CommunityRate(lambda f: f.is_completed and f.has_management, lambda f: f.discloses),
    "basic_filing_rates_contract": CommunityRate(
        lambda f: f.is_completed and f.is_professional, lambda f: f.contract_filed
    ),
}
CLAIMED = {
    "pm_coverage_rate": "managed_count",
    "professional_pm_coverage_rate": "professional_count",
    "committee_formation_rate": "committee_count",
}
"""Rate → the typed total above the line; below it stands the typed number of communities."""


def _weigh(basis: str, f: Facts) -> Fraction:
    return {"communities": Fraction(1), "households": Fraction(f.households), "floor_area": f.floor_area}[basis]


def community_figures(step: Step, as_of: date) -> Iterable[tuple[str, str, str, Figure]]:
    """Indicator, basis, variant and figure of one district in one period."""
    audited = [facts(s, as_of, sticky=True) for s in step.standing]
    frozen = [facts(s, as_of, sticky=True, sizes_of=first) for s in step.standing for first in s.first_list]
    variants = {"audited": audited, "strict": audited, "frozen_baseline": frozen}
    if not step.is_silent:
        variants["reported"] = [facts(s, as_of, sticky=False) for s in step.standing if s.is_reported]
    for variant, rows in variants.items():
        for indicator, rate in COMMUNITY_RATES.items():
            above = rate.strict if variant == "strict" else rate.above
            if above is None:
                continue
            below = [f for f in rows if rate.below(f)]
            hits = [f for f in below if f.is_reported and above(f)]
            for basis in ("communities", "households", "floor_area"):
                numerator = None if step.is_silent else sum((_weigh(basis, f) for f in hits), Fraction(0))
                denominator = sum((_weigh(basis, f) for f in below), Fraction(0))
                yield indicator, basis, variant, Figure(numerator, denominator)
        if variant != "strict":
            below = [f for f in rows if f.is_completed and f.fee_rate is not None]
            paid = sum(half_up(f.households * (f.fee_rate or Decimal(0)) / 100) for f in below if f.is_reported)
            yield (
                "fee_collection_rate",
                "households",
                variant,
                Figure(None if step.is_silent else Fraction(paid), Fraction(sum(f.households for f in below))),
            )


# -- everything else ---------------------------------------------------------------------------------------------------

Two = tuple[list[Cells], list[Cells]]


def body_rows(account: Account, code: str, period: Period, step: Step) -> Two:
    """Bodies on the period's own sheet, and those last known of communities that are missing."""
    own = account.rows(code, period, "committee")
    last = account.last_said(code, period)
    listed = account.rows(code, last, "committee") if last else []
    known = {id(body) for body in listed}
    missing = [b for s in step.standing if not s.is_reported for b in s.bodies if id(b) not in known]
    return own, missing + (listed if step.is_silent else [])


def body_figures(account: Account, code: str, period: Period, step: Step) -> Iterable[tuple[str, str, str, Figure]]:
    as_of = period.as_of
    own, carried = body_rows(account, code, period, step)
    for variant in ("audited", "reported"):
        rows = [b for b in (own + carried if variant == "audited" else own) if is_counted(b, as_of)]
        hits = [b for b in rows if any(b is one for one in own)]
        if variant == "reported" and step.is_silent:
            continue
        conditions: dict[str, Callable[[Cells], bool]] = {
            "committee_in_term_filed_rate": lambda b: is_filed(b, as_of) and is_in_term(b, as_of),
            "committees_with_party_member_rate": lambda b: (b["party_member_count"] or 0) > 0,
            "basic_filing_rates_committee": lambda b: is_filed(b, as_of),
        }
        for indicator, above in conditions.items():
            numerator = None if step.is_silent else Fraction(sum(above(b) for b in hits))
            yield indicator, "bodies", variant, Figure(numerator, Fraction(len(rows)))
        both = [b for b in rows if b["member_count"] and b["party_member_count"] is not None]
        members = sum(b["party_member_count"] for b in both if any(b is one for one in own))
        yield (
            "committee_party_member_share",
            "bodies",
            variant,
            Figure(None if step.is_silent else Fraction(members), Fraction(sum(b["member_count"] for b in both))),
        )


def companies(account: Account, code: str, period: Period) -> dict[str, bool]:
    """Active companies of the last list given, by credit code, else name → the party's work reaches it."""
    last = account.last_said(code, period)
    if last is None:
        return {}
    party = [p for p in account.rows(code, last, "party") if p["subject_type"] == "company"]
    found: dict[str, bool] = {}
    for company in account.rows(code, last, "company"):
        if company["status"] not in (None, "active"):
            continue
        said = [company["party_org_form"]] + [
            p["org_form"]
            for p in party
            if p["subject_code"] == company["uscc"] or p["subject_name"] == company["company_name"]
        ]
        form = next((f for f in said if f is not None), None)
        found[company["uscc"] or company["company_name"]] = form in PARTY_WORK
    return found


def subdistrict_figures(account: Account, code: str, period: Period) -> Iterable[tuple[str, Figure]]:
    last = account.last_said(code, period)
    rows = account.rows(code, last, "subdistrict") if last else []
    silent = account.is_silent(code, period)
    qualified = sum(bool(r["has_body"]) and r["full_time"] + r["part_time"] > 0 and r["budget"] > 0 for r in rows)
    mediation = sum(bool(r["has_mediation"]) for r in rows)
    for indicator, number in (("street_pm_body_rate", qualified), ("subdistrict_mediation_rate", mediation)):
        yield indicator, Figure(None if silent else Fraction(number), Fraction(len(rows)))


def survey_figures(account: Account, code: str, period: Period, step: Step) -> dict[str, Figure]:
    """By basis. Only surveys by third parties enter at all; without one nothing is known."""
    surveys = [
        s
        for s in account.rows(code, period, "satisfaction")
        if s["organiser"] == "third_party" and (s["valid_answers"] or 0) > 0
    ]
    if not surveys:
        return {"answers": Figure(None, None), "households": Figure(None, None)}
    answers = households = satisfied = weighted = 0
    for survey in surveys:
        happy = sum(survey[f] or 0 for f in ("very_satisfied", "satisfied", "fairly_satisfied"))
        community = next(
            s.row
            for s in step.standing
            if (survey["community_code"] and s.row["community_code"] == survey["community_code"])
            or s.row["community_name"] == survey["community_name"]
        )
        size = community["households"] or 0
        answers += survey["valid_answers"]
        satisfied += happy
        households += size
        weighted += half_up(Fraction(size * happy, survey["valid_answers"]))
    return {
        "answers": Figure(Fraction(satisfied), Fraction(answers)),
        "households": Figure(Fraction(weighted), Fraction(households)),
    }


def dispute_figure(account: Account, code: str, period: Period) -> Figure:
    """Complaints whose limit has passed by the as-of date, repeats left out, and those closed within it."""
    if account.is_silent(code, period) or "dispute" not in period.forms:
        return Figure(None, None)
    due = [
        d
        for d in account.rows(code, period, "dispute")
        if d["due_date"] is not None and d["due_date"] <= period.as_of and not d["is_repeat"]
    ]
    on_time = sum(d["closed_date"] is not None and d["closed_date"] <= d["due_date"] for d in due)
    return Figure(Fraction(on_time), Fraction(len(due)))


def black_list_inspections(account: Account, code: str, period: Period) -> Figure:
    """Inspections at companies whose latest rating in the ledger put them on the black list."""
    if account.is_silent(code, period) or "inspection" not in period.forms:
        return Figure(None, None)
    flags: dict[str, tuple[int, str | None]] = {}
    for rating in account.rows(code, period, "credit"):
        known = flags.get(rating["company_name"])
        if known is None or rating["rating_year"] > known[0]:
            flags[rating["company_name"]] = (rating["rating_year"], rating["list_flag"])
    visited = [i["company_name"] for i in account.rows(code, period, "inspection")]
    return Figure(Fraction(sum(flags.get(name, (0, None))[1] == "black" for name in visited)), None)


def task_figure(account: Account, code: str, period: Period, indicator: Indicator) -> Figure:
    """From the task ledger: done of planned, or for a count what was done."""
    if account.is_silent(code, period) or "task" not in period.forms:
        return Figure(None, None)
    tasks = [t for t in account.rows(code, period, "task") if t["task_id"] == indicator.id]
    if indicator.kind == "count":
        return Figure(Fraction(sum(Fraction(t["actual"] or 0) for t in tasks)), None)
    planned = [t for t in tasks if (t["planned"] or 0) > 0]
    done = sum(min(Fraction(t["actual"] or 0), Fraction(t["planned"])) for t in planned)
    return Figure(Fraction(done), Fraction(sum(Fraction(t["planned"]) for t in planned)))


def done_on(account: Account, code: str, period: Period, indicator_id: str) -> tuple[bool, date | None]:
    """Whether a thing is established by the period's as-of date, and since when: a document on any ledger so far, or
    the period's own task ledger."""
    dates: list[date | None] = [
        m["issued_date"]
        for m in account.ever(code, "mechanism", until=period)
        if m["indicator_id"] == indicator_id
        and (m["document_name"] or m["document_no"])
        and m["issued_date"] is not None
        and m["issued_date"] <= period.as_of
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


def commitment_figure(account: Account, code: str, period: Period, indicator_id: str) -> Figure:
    """A district has it or not: one of one, or none of one."""
    is_done, _ = done_on(account, code, period, indicator_id)
    return Figure(None if account.is_silent(code, period) else Fraction(is_done), Fraction(1))


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
    for occasion in cadence.occasions:
        proofs: list[date] = []
        form = cadence.source
        if form == "submission":
            accepted = account.accepted(code, next(p for p in account.plan.periods if p.id == occasion.key))
            proofs = [s.received_at.date() for s in accepted[:1]]
        elif form == "credit":
            rated = [r for r in account.ever(code, "credit") if str(r["rating_year"]) == occasion.key]
            proofs = [r["submitted_date"] for r in rated if r["submitted_date"]]
        elif form == "inspection":
            visits = [i for i in account.ever(code, "inspection") if i["type"] == "double_random"]
            proofs = [i["date"] for i in visits if str(i["date"].year) == occasion.key]
        elif form == "mechanism":
            issued = [m for m in account.ever(code, "mechanism") if m["indicator_id"] == indicator.id]
            proofs = [m["issued_date"] for m in issued if str(m["issued_date"].year) == occasion.key]
        done = min(proofs, default=None)
        on_time = done is not None and (done <= occasion.due or not cadence.lateness_judged)
        later = [p for p in account.periods if p.as_of >= occasion.due and form in p.forms]
        heard = any(not account.is_silent(code, p) for p in later)
        found.append(Duty(occasion.due, done, on_time, bool(proofs) or form == "submission" or heard))
    return found


def cadence_figure(account: Account, code: str, period: Period, indicator: Indicator) -> Figure:
    """Occasions due by the as-of date, and those met (in time, where the indicator asks for it)."""
    cadence = indicator.cadence
    assert cadence is not None
    if cadence.source == "none" or cadence.reporter == "city":
        return Figure(None, None)
    due = [d for d in duties(account, code, indicator) if d.due <= period.as_of]
    if not due:
        return Figure(None, None)
    in_time = indicator.numerator == "is_on_time"
    known = all(d.is_answered for d in due)
    hits = sum((d.is_on_time if in_time else d.done is not None) for d in due)
    return Figure(Fraction(hits) if known else None, Fraction(len(due)))


# -- all of it ---------------------------------------------------------------------------------------------------------


def all_figures(account: Account) -> tuple[dict[Key, Figure], dict[str, dict[str, Step]]]:
    """Every figure there must be, and the register of each district."""
    register = {code: follow(account, code) for code in account.codes}
    figures: dict[Key, Figure] = {}
    for period in account.periods:
        for code in account.codes:
            figures |= _district(account, code, period, register[code][period.id])
        figures |= _pooled(account, period, figures)
    return figures, register


def _district(account: Account, code: str, period: Period, step: Step) -> dict[Key, Figure]:
    found: dict[Key, Figure] = {}

    def enter(indicator: str, basis: str, variant: str, figure: Figure) -> None:
        found[code, period.id, indicator, basis, variant] = figure

    def both(indicator: str, basis: str, figure: Figure) -> None:
        enter(indicator, basis, "audited", figure)
        if not step.is_silent:
            enter(indicator, basis, "reported", figure)

    for indicator, basis, variant, figure in community_figures(step, period.as_of):
        enter(indicator, basis, variant, figure)
    for indicator, basis, variant, figure in body_figures(account, code, period, step):
        enter(indicator, basis, variant, figure)
    active = companies(account, code, period)
    reached = None if step.is_silent else Fraction(sum(active.values()))
    both("company_party_work_coverage_rate", "companies", Figure(reached, Fraction(len(active))))
    for indicator, figure in subdistrict_figures(account, code, period):
        both(indicator, "bodies", figure)
    for basis, figure in survey_figures(account, code, period, step).items():
        both("owner_satisfaction_rate", basis, figure)
    both("dispute_timely_resolution_rate", "occasions", dispute_figure(account, code, period))
    both("bad_credit_inspection_intensity", "occasions", black_list_inspections(account, code, period))
    for one in account.plan.indicators:
        if code not in account.scope(one.districts):
            continue
        if one.entity == "task":
            both(one.id, one.basis, task_figure(account, code, period, one))
        elif one.entity == "commitment":
            both(one.id, "districts", commitment_figure(account, code, period, one.id))
        elif one.entity == "occasion":
            both(one.id, "occasions", cadence_figure(account, code, period, one))
    typed = {t["measure"]: Fraction(t["value"]) for t in reversed(account.rows(code, period, "summary"))}
    for indicator, total in CLAIMED.items():
        if total in typed and "community_count" in typed:
            enter(indicator, "communities", "claimed", Figure(typed[total], typed["community_count"]))
    return found


def _pooled(account: Account, period: Period, figures: dict[Key, Figure]) -> dict[Key, Figure]:
    """The whole area: sums of numerators and of denominators. What a silent district's people have is still there."""
    found: dict[Key, Figure] = {}
    kinds = {(i, b, v) for (_, p, i, b, v) in figures if p == period.id}
    for indicator, basis, variant in kinds:
        scope = account.scope(next(i.districts for i in account.plan.indicators if i.id == indicator))
        parts = [figures.get((code, period.id, indicator, basis, variant)) for code in scope]
        known = [p for p in parts if p is not None and p.numerator is not None]
        below = known if variant in ("reported", "claimed") else [p for p in parts if p is not None]
        denominators = [p.denominator for p in below if p.denominator is not None]
        found["ALL", period.id, indicator, basis, variant] = Figure(
            sum((p.numerator or Fraction(0) for p in known), Fraction(0)) if known else None,
            sum(denominators, Fraction(0)) if denominators else None,
            len(scope) - len(known),
        )
    _distinct_companies(account, period, found)
    return found


def _distinct_companies(account: Account, period: Period, found: dict[Key, Figure]) -> None:
    """A company at work in several districts counts once, and is reached when it is reached in one of them."""
    for variant in ("audited", "reported"):
        key = ("ALL", period.id, "company_party_work_coverage_rate", "companies", variant)
        if key not in found:
            continue
        reached: dict[str, bool] = {}
        for code in account.codes:
            silent = account.is_silent(code, period)
            if silent and variant == "reported":
                continue
            for company, is_reached in companies(account, code, period).items():
                reached[company] = reached.get(company, False) or (is_reached and not silent)
        if found[key].numerator is not None:
            found[key] = Figure(Fraction(sum(reached.values())), Fraction(len(reached)), found[key].missing)
