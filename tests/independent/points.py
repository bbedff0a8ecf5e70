"""Points of the proposed Bayannur rubric, item by item, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from pipelines.plans.model import Period
from tests.independent.account import Account
from tests.independent.figures import NOTHING, Duty, Figure, Key, done_on, duties
from tests.independent.plans import BAYANNUR

WEIGHTS = {
    "A1": 12, "A2": 9, "A3": 5, "A4": 6, "A5": 3, "B1": 12, "B2": 3, "B3": 3, "B4": 2, "C1": 6, "C2": 4, "C3": 3,
    "C4": 3, "C5": 2, "C6": 2, "D1": 3, "D2": 4, "D3": 1, "D4": 2, "E1": 2, "E2": 2, "E3": 2, "F1": 2, "F2": 1,
    "G1": 1, "G2": 1, "G3": 2, "G4": 2,
}  # fmt: skip
assert sum(WEIGHTS.values()) == 100
LINHE = "150802"
YEAR_END_2024 = date(2024, 12, 31)
EVALUATION = date(2025, 12, 1)


def cents(points: Fraction) -> Decimal:
    """Two places, halves up."""
    return (Decimal(points.numerator) / Decimal(points.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True)
class Item:
    """One item of one district: its points before rounding, None where it does not apply."""

    status: str
    points: Fraction | None

    @property
    def rounded(self) -> Decimal | None:
        return None if self.points is None else cents(self.points)


NO_DATA = Item("no_data", Fraction(0))
NOT_APPLICABLE = Item("not_applicable", None)


class Marking:
    """Marks one district on the figures of one period."""

    def __init__(self, account: Account, figures: dict[Key, Figure], code: str, period: Period) -> None:
        self.account, self.figures, self.code, self.period = account, figures, code, period
        self.listed = {
            subject.strip()
            for cells in account.ever(code, "evidence")
            for subject in str(cells["subject_ids"]).replace(";", "、").replace(",", "、").split("、")
        }

    @property
    def case_of_b4(self) -> str:
        return "building_steward_pilot" if self.code == LINHE else "committees_with_party_member_rate"

    def figure(self, indicator_id: str, period_id: str | None = None) -> Figure:
        indicator = self.account.plan.indicator(indicator_id)
        assert indicator is not None
        key = (self.code, period_id or self.period.id, indicator_id, indicator.basis, "audited")
        return self.figures.get(key, NOTHING)

    # -- methods: share of the points that a figure earns --------------------------------------------------------

    def rate(self, item: str, indicator_id: str, share: Callable[[Fraction], Fraction]) -> Item:
        figure = self.figure(indicator_id)
        if figure.denominator == 0:
            return NOT_APPLICABLE
        if figure.numerator is None or figure.denominator is None:
            return NO_DATA
        return Item("scored", WEIGHTS[item] * share(100 * figure.numerator / figure.denominator))

    def misses(self, item: str, indicator_id: str) -> Item:
        """A point off for every one that is not covered."""
        figure = self.figure(indicator_id)
        if figure.denominator == 0:
            return NOT_APPLICABLE
        if figure.numerator is None or figure.denominator is None:
            return NO_DATA
        return Item("scored", max(WEIGHTS[item] - (figure.denominator - figure.numerator), Fraction(0)))

    def reached(self, item: str, indicator_id: str, target: int, period_id: str) -> Item:
        """All or nothing on an earlier snapshot, or for the time being on the last there is."""
        is_in = period_id in {period.id for period in self.account.periods}
        figure = self.figure(indicator_id, period_id if is_in else None)
        if figure.denominator == 0:
            return NOT_APPLICABLE
        if figure.numerator is None or figure.denominator is None:
            return NO_DATA
        return Item("scored", Fraction(WEIGHTS[item] * (figure.numerator * 100 >= target * figure.denominator)))

    def document(self, item: str, *indicator_ids: str, due: date | None = None) -> Item:
        """A share per thing that stands, by the last ledger that came; what came after a due date counts half.

        Where no sheet says since when, it stands since the first ledger that shows it.
        """
        said = self.account.last_said(self.code, self.period)
        if said is None:
            return NO_DATA
        total = Fraction(0)
        for indicator_id in indicator_ids:
            is_done, since = done_on(self.account, self.code, said, indicator_id)
            if is_done and since is None:
                since = self.first_shown(said, indicator_id)
            late = due is not None and since is not None and since > due
            total += Fraction(is_done) / (2 if late else 1)
        return Item("scored", WEIGHTS[item] * total / len(indicator_ids))

    def first_shown(self, until: Period, indicator_id: str) -> date:
        """The as-of date of the first ledger by which a thing stands, of those up to one that shows it."""
        spoken = (p for p in self.account.until(until) if not self.account.is_silent(self.code, p))
        return next(p.as_of for p in spoken if done_on(self.account, self.code, p, indicator_id)[0])

    def duties(self, indicator_id: str, dates: set[date]) -> list[Duty]:
        """The occasions of these dates that are over or were met before their date; in the evaluation all of them."""
        indicator = self.account.plan.indicator(indicator_id)
        assert indicator is not None
        asked = [duty for duty in duties(self.account, self.code, indicator) if duty.due in dates]
        assert len(asked) == len(dates)
        today = self.account.now.date()
        return [duty for duty in asked if duty.done is not None or today > duty.due or today >= EVALUATION]

    def recurrent(self, item: str, asked: list[Duty], mark: Callable[[Duty], Fraction], *, whole: bool = False) -> Item:
        """A mark per occasion, averaged, or all of them or nothing."""
        if not asked:
            return NOT_APPLICABLE
        if not any(duty.is_answered for duty in asked):
            return NO_DATA
        marks = [mark(duty) for duty in asked]
        share = Fraction(all(marks)) if whole else sum(marks, Fraction(0)) / len(marks)
        return Item("scored", WEIGHTS[item] * share)

    # -- items ---------------------------------------------------------------------------------------------------

    def items(self) -> dict[str, Item]:
        found = {
            "A1": self.rate("A1", "pm_coverage_rate", linear(80, 100)),
            "A2": self.rate("A2", "professional_pm_coverage_rate", up_to(80)),
            "A3": self.misses("A3", "professional_pm_coverage_rate_new"),
            "A4": self.misses("A4", "pm_coverage_rate_renovated_old"),
            "A5": self.reached("A5", "pm_coverage_rate", 100, "2024-11") if self.code == LINHE else NOT_APPLICABLE,
            "B1": self.rate("B1", "committee_formation_rate", linear(60, 95)),
            "B2": self.reached("B2", "committee_formation_rate", 75, "2024-11"),
            "B3": self.rate("B3", "committee_in_term_filed_rate", up_to(100)),
            "B4": self.document("B4", self.case_of_b4)
            if self.code == LINHE
            else self.rate("B4", self.case_of_b4, up_to(100)),
            "C1": self.rate("C1", "owner_satisfaction_rate", linear(60, 80)),
            "C2": self.rate("C2", "information_disclosure_rate", up_to(100)),
            "C3": self.document("C3", "credit_system_established", due=YEAR_END_2024),
            "C4": self.timely("C4", "credit_results_feb", {date(2025, 2, 28)}),
            "C5": self.document("C5", "credit_bidding_linkage"),
            "C6": self.held("C6", "double_random_inspection_yearly", {date(y, 12, 31) for y in (2023, 2024, 2025)}),
            "D1": self.document("D1", "party_led_pm_system_established", due=YEAR_END_2024),
            "D2": self.rate("D2", "company_party_work_coverage_rate", up_to(100)),
            "D3": self.document("D3", "industry_party_branch_established"),
            "D4": self.document("D4", "party_cobuilding_mechanism"),
            "E1": self.rate("E1", "subdistrict_mediation_rate", up_to(100)),
            "E2": self.rate("E2", "dispute_timely_resolution_rate", up_to(100)),
            "E3": self.document("E3", "three_way_mediation", "litigation_mediation_linkage"),
            "F1": self.every("F1", "reference_price_publication", {date(2024, 12, 31), date(2025, 12, 31)}),
            "F2": self.document("F2", "committee_funding_pilot"),
            "G1": self.document("G1", "leading_group_established"),
            "G2": self.document("G2", "local_implementation_plan_issued"),
            "G3": self.rate("G3", "street_pm_body_rate", up_to(100)),
            "G4": self.timely("G4", "annual_work_report_nov", {date(y, 11, 30) for y in (2023, 2024, 2025)}),
        }
        return {item: self._with_evidence(item, mark) for item, mark in found.items()}

    def timely(self, item: str, indicator_id: str, dates: set[date]) -> Item:
        """In time, up to 30 days late for half, or not."""
        return self.recurrent(item, self.duties(indicator_id, dates), in_time)

    def held(self, item: str, indicator_id: str, dates: set[date]) -> Item:
        """Whether it happened at all, early or late."""
        return self.recurrent(item, self.duties(indicator_id, dates), happened)

    def every(self, item: str, indicator_id: str, dates: set[date]) -> Item:
        """All or nothing over the occasions."""
        return self.recurrent(item, self.duties(indicator_id, dates), happened, whole=True)

    def _with_evidence(self, item_id: str, mark: Item) -> Item:
        """Where the item asks for it, nothing without evidence on the list; what earns nothing needs no evidence.

        Evidence names the item or what the district is judged by in it: in B4 one thing in Linhe, another elsewhere.
        """
        assert self.account.plan.rubric is not None
        item = next(i for i in self.account.plan.rubric.items if i.id == item_id)
        assert item.points == WEIGHTS[item_id]
        if mark.status != "scored" or not mark.points or item.evidence != "listed":
            return mark
        judged_by = {self.case_of_b4} if item_id == "B4" else set(item.indicators)
        return mark if self.listed & {item.id, *judged_by} else Item("no_evidence", Fraction(0))


def up_to(target: int) -> Callable[[Fraction], Fraction]:
    """Proportional up to the target, nothing more beyond it."""
    return lambda value: min(value / target, Fraction(1))


def in_time(duty: Duty) -> Fraction:
    if duty.days_late is None:
        return Fraction(0)
    return Fraction(1) if duty.is_on_time else Fraction(1, 2) if duty.days_late <= 30 else Fraction(0)


def happened(duty: Duty) -> Fraction:
    return Fraction(duty.done is not None)


def linear(floor: int, target: int) -> Callable[[Fraction], Fraction]:
    """Nothing at the floor, all at the target."""
    return lambda value: min(max((value - floor) / (target - floor), Fraction(0)), Fraction(1))


@dataclass(frozen=True)
class Score:
    """One district's result."""

    raw_points: Decimal
    applicable_points: Decimal
    score: Decimal
    bonus: Decimal
    penalty: Decimal
    grade: str
    rank: int
    is_final: bool


def assess(account: Account, figures: dict[Key, Figure]) -> tuple[dict[tuple[str, str], Item], dict[str, Score]]:
    """District and item → points; district → score. Judged on the rubric's period, before it on the last there is."""
    rubric = account.plan.rubric
    assert rubric is not None
    wanted = next(p for p in account.plan.periods if p.id == rubric.period)
    period = wanted if wanted in account.periods else account.periods[-1]
    marks = {code: Marking(account, figures, code, period).items() for code in account.codes}
    totals = {}
    for code, items in marks.items():
        applicable = Fraction(sum(WEIGHTS[i] for i, m in items.items() if m.points is not None))
        raw = sum((m.points for m in items.values() if m.points is not None), Fraction(0))
        totals[code] = (raw, applicable, cents(raw / applicable * 100))
    extra = {code: (_bonus(account, figures, code, period), _penalty(figures, code, period)) for code in account.codes}
    order = {code: (totals[code][2], extra[code][0]) for code in account.codes}
    # Ranks compare all districts, so one ledger that never came leaves every score provisional.
    final = account.now.date() >= EVALUATION and not any(
        account.is_silent(code, p) for code in account.codes for p in account.plan.periods
    )
    scores = {
        code: Score(
            cents(raw),
            cents(applicable),
            score,
            extra[code][0],
            extra[code][1],
            "优秀" if score >= 90 else "良好" if score >= 80 else "合格" if score >= 60 else "不合格",
            1 + sum(other > order[code] for other in order.values()),
            final,
        )
        for code, (raw, applicable, score) in totals.items()
    }
    return {(code, item): mark for code, items in marks.items() for item, mark in items.items()}, scores


def _bonus(account: Account, figures: dict[Key, Figure], code: str, period: Period) -> Decimal:
    """A state-owned company, a fee-collection rate that rose by five points, a standard issued: one point each."""

    def known(indicator_id: str, basis: str, *, is_count: bool) -> list[Fraction]:
        periods = [p for p in account.periods if p.as_of <= period.as_of]
        found = [figures.get((code, p.id, indicator_id, basis, "audited")) for p in periods]
        values = [figure.value(is_count) for figure in found if figure is not None]
        return [value for value in values if value is not None]

    said = account.last_said(code, period)
    fees = known("fee_collection_rate", "households", is_count=False)
    standards = known("standards_issued", "occasions", is_count=True)
    points = int(said is not None and done_on(account, code, said, "state_owned_pm_company")[0])
    points += bool(fees) and fees[-1] - fees[0] >= 5
    points += bool(standards) and standards[-1] > 0
    return Decimal(min(points, 5)).quantize(Decimal("0.01"))


def _penalty(figures: dict[Key, Figure], code: str, period: Period) -> Decimal:
    """Two points for each headline rate whose typed totals are more than two points off the rows beneath them."""
    points = 0
    for indicator in BAYANNUR.claimed:
        typed = figures.get((code, period.id, indicator, "communities", "claimed"))
        counted = figures.get((code, period.id, indicator, "communities", "reported"))
        if typed is None or counted is None:
            continue
        said, found = typed.value(is_count=False), counted.value(is_count=False)
        points += 2 * (said is not None and found is not None and abs(said - found) > 2)
    return Decimal(min(points, 5)).quantize(Decimal("0.01"))
