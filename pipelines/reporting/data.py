"""What each page says, as small dataclasses made from the published marts.

``load`` reads what the pages of one plan share; ``city``, ``district``, ``assessment``, ``intake`` and ``register``
shape it for a page.
Nothing is computed here that a mart publishes; only selection, order and counting of rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property

from pipelines.reporting.format import Number, exact, share
from pipelines.reporting.marts import (
    ALL,
    Bridge,
    Change,
    Community,
    Coverage,
    Difference,
    District,
    Ended,
    Expected,
    Figure,
    GapCommunity,
    Indicator,
    Issue,
    Item,
    Laggard,
    Marts,
    Period,
    Plan,
    Progress,
    Score,
    Stated,
    Submission,
    VersionFigure,
)

STATUSES = ("overdue_not_met", "behind", "at_risk", "on_track", "met", "no_data", "not_applicable")
"""Milestone statuses in the order a reader needs them: trouble first."""
MEASURED = ("rate", "count", "trend")
SOFT = ("aspirational", "guideline", "encouraged", "derived")
"""Bindings whose miss is amber: the plan strives, advises, encourages, or the number is the project's own."""
MANY = 20
"""More districts than this are not drawn as lines of one chart, nor listed in the head of every page."""
VARIANTS = ("audited", "reported", "claimed", "strict", "frozen_baseline")


def tone(status: str, binding: str | None = None) -> str:
    """The colour family of a milestone status; a miss of a soft target is amber, never red."""
    if status in ("overdue_not_met", "behind") and binding in SOFT:
        return "soft"
    return {
        "overdue_not_met": "late",
        "at_risk": "risk",
        "on_track": "good",
        "no_data": "none",
        "not_applicable": "na",
    }.get(status, status)


def current_period(periods: Sequence[Period], reporting: dict[str, int], districts: int) -> Period | None:
    """The period the pages speak of: the last one due.

    A period still running is shown once every district has reported, or when nothing was due yet; until then early
    workbooks would make the silent majority look like failure. ``reporting`` counts the districts with an effective
    workbook per period.
    """
    ordered = sorted(periods, key=lambda p: (p.as_of, p.seq))
    due = [p for p in ordered if p.is_due]
    complete = [p for p in ordered if reporting.get(p.period_id, 0) >= districts > 0]
    started = [p for p in ordered if reporting.get(p.period_id, 0)]
    candidates = due + complete or started
    return max(candidates, key=lambda p: (p.as_of, p.seq), default=None)


@dataclass(frozen=True)
class Measure:
    """A milestone as one area stands against it."""

    indicator: Indicator
    progress: Progress
    scope: tuple[District, ...]
    """The districts it binds; empty when it binds all."""

    @property
    def tone(self) -> str:
        return tone(self.progress.status, self.progress.binding)

    @property
    def thresholds(self) -> tuple[tuple[str, Number], ...]:
        """What rounding of this milestone's value must not cross."""
        return ((self.progress.operator, self.progress.target),) if self.progress.target is not None else ()

    @property
    def anchor(self) -> str:
        return anchor(self.progress.milestone_id)


def anchor(milestone_id: str) -> str:
    """A milestone's id as a fragment of an address."""
    return "m-" + milestone_id.replace("@", "-")


@dataclass(frozen=True)
class Verdict:
    """How many milestones of a kind stand how, and those that need attention."""

    counts: dict[str, int]
    total: int
    overdue: list[Measure]
    behind: list[Measure]
    at_risk: list[Measure]
    met: list[Measure]

    @classmethod
    def of(cls, measures: Iterable[Measure]) -> Verdict:
        scored = [m for m in measures if m.progress.is_scored is not False and m.progress.status != "not_applicable"]
        by: dict[str, list[Measure]] = defaultdict(list)
        for measure in scored:
            by[measure.progress.status].append(measure)
        counts = {status: len(by[status]) for status in STATUSES if by[status]}
        return cls(counts, len(scored), by["overdue_not_met"], by["behind"], by["at_risk"], by["met"])


@dataclass(frozen=True)
class Row:
    """One line of a milestone table: the area's own standing and that of each district."""

    measure: Measure
    districts: dict[str, Measure]

    def binds(self, code: str) -> bool:
        """Whether the milestone is asked of the district."""
        return code in self.districts and self.districts[code].progress.district_scope_in is not False

    def places(self, *statuses: str) -> list[str]:
        return [code for code, measure in self.districts.items() if measure.progress.status in statuses]


@dataclass(frozen=True)
class Line:
    """One area's figures of an indicator over the periods (None where nothing was published)."""

    district_code: str
    figures: list[Figure | None]


@dataclass(frozen=True)
class Trend:
    """An indicator over time with the milestones that bind the area shown."""

    indicator: Indicator
    periods: list[Period]
    lines: list[Line]
    milestones: list[Measure]

    @property
    def thresholds(self) -> tuple[tuple[str, Number], ...]:
        return tuple(t for m in self.milestones for t in m.thresholds)


@dataclass(frozen=True)
class Readings:
    """One indicator under each way of counting, in the current period."""

    indicator: Indicator
    variants: dict[str, Figure]
    companions: dict[str, Figure]
    thresholds: tuple[tuple[str, Number], ...]


@dataclass(frozen=True)
class Source:
    """Where a row was read: workbook, sheet, row."""

    file_name: str
    sheet: str
    row: int
    submission_id: str


@dataclass(frozen=True)
class Placed:
    """A community with its source and, for a gap list, its rank."""

    community: Community
    source: Source | None
    rank: int = 0


@dataclass(frozen=True)
class Gap:
    """The communities that would close one milestone in one district, best first.

    ``total`` of them close it, of which ``communities`` are listed; ``short`` is how many fall short altogether (None
    where the milestone counts something else).
    """

    measure: Measure
    communities: list[Placed]
    total: int
    short: int | None


@dataclass(frozen=True)
class Problem:
    """The findings of one rule and severity."""

    rule_id: str
    severity: str
    issues: list[Issue]
    districts: int
    answered: int


@dataclass(frozen=True)
class Lost:
    """A district's score with the points lost in each group of the rubric."""

    district: District
    score: Score
    groups: dict[str, Number]
    inseparable: list[District]
    """Districts whose range of ranks overlaps this one's."""


@dataclass(frozen=True)
class Lag:
    """A district that is behind (or silent), with the milestone where it lacks most."""

    district: District
    laggard: Laggard
    worst: Measure | None


@dataclass(frozen=True)
class CityPage:
    """The plan area as a whole."""

    measured: list[Row]
    duties: list[Row]
    verdict: Verdict
    duty_verdict: Verdict
    laggards: list[Lag]
    trends: list[Trend]
    changes: list[tuple[Indicator, Change]]
    readings: list[Readings]
    stated: list[tuple[Indicator, Stated]]
    """What the plan's text states as already so."""
    recurring: list[tuple[Indicator, Figure]]
    """The plan's main recurrent duties, so far."""


@dataclass(frozen=True)
class DistrictPage:
    """One district."""

    district: District
    measured: list[Row]
    duties: list[Row]
    verdict: Verdict
    duty_verdict: Verdict
    laggard: Laggard | None
    expected: list[tuple[Period, Expected]]
    submissions: list[Submission]
    trends: list[Trend]
    changes: list[tuple[Indicator, Change]]
    readings: list[Readings]
    gaps: list[Gap]
    missing: list[Placed]
    problems: list[Problem]
    score: Score | None
    items: list[Item]
    communities: list[Placed]


@dataclass(frozen=True)
class AssessmentPage:
    """The ranking and the points of every item."""

    ranking: list[Lost]
    groups: dict[str, str]
    items: list[tuple[Item, dict[str, Item]]]
    """One example row per rubric item, with the row of each district."""
    evidence: list[Backed] = field(default_factory=list)


@dataclass(frozen=True)
class Backed:
    """How far a district's results of the period rest on evidence, where the assessment asks for it."""

    district_code: str
    results: int
    listed: int
    present: int
    reused: int


@dataclass(frozen=True)
class Share:
    """A figure of one version; shaped as templates show figures."""

    numerator: Number | None
    denominator: Number | None
    value: float | None


@dataclass(frozen=True)
class Effect:
    """What a re-sent ledger did to one indicator of its district: the figure under the version before, and now."""

    indicator: Indicator
    before: Share
    after: Share

    @property
    def difference(self) -> Fraction | None:
        """In points (a count: in units), exactly; None where either is unknown."""
        if self.indicator.kind == "count":
            before, after = self.before.numerator, self.after.numerator
            return None if before is None or after is None else exact(after) - exact(before)
        old, new = (share(one.numerator, one.denominator) for one in (self.before, self.after))
        return None if old is None or new is None else new - old


@dataclass(frozen=True)
class Resent:
    """A ledger that replaced an earlier version: how many rows differ, and what that did to the figures."""

    submission: Submission
    replaced: Submission | None
    rows: dict[str, int]
    """Removed, added and changed rows."""
    differences: list[Difference]
    effects: list[Effect]
    """The figures that changed: headline indicators first, then the largest change."""


@dataclass(frozen=True)
class IntakePage:
    """Who handed in what, what was returned, which problems recur, what re-sent ledgers changed."""

    grid: list[tuple[District, list[Expected | None]]]
    counts: dict[str, int]
    returned: list[tuple[Submission, list[Issue]]]
    problems: list[Problem]
    submissions: list[Submission]
    resent: list[Resent]
    """The newest first; only so many are looked at closely."""
    resent_in_all: int


@dataclass(frozen=True)
class RegisterPage:
    """How the list of communities moved."""

    steps: list[tuple[Period, Period, list[Bridge]]]
    """Per step: from, to, one bridge per district and the whole last."""
    missing: list[Placed]
    """Communities that districts which did report left out."""
    silent: list[tuple[District, int]]
    """Districts that sent nothing, with the communities they leave unreported."""
    ended: list[Ended]


def _outside(areas: Mapping[str, Progress]) -> set[str]:
    """The districts that a milestone is not about."""
    return {code for code, progress in areas.items() if progress.district_scope_in is False}


@dataclass(frozen=True)
class Facts:
    """What the pages of one plan share: dimensions, and the rows of the current period."""

    marts: Marts
    plan: Plan
    districts: list[District]
    periods: list[Period]
    """Up to the current one."""
    current: Period | None
    indicators: dict[str, Indicator]
    progress: list[Progress]
    submissions: list[Submission]
    expected: list[Expected]
    known_on: date | None = None
    """The past day whose knowledge this is; None: what is known now."""

    @cached_property
    def district(self) -> dict[str, District]:
        return {d.district_code: d for d in self.districts}

    @cached_property
    def submission(self) -> dict[str, Submission]:
        return {s.submission_id: s for s in self.submissions}

    @property
    def expected_now(self) -> list[Expected]:
        """What is owed for the current period, one per district."""
        return [e for e in self.expected if self.current and e.period_id == self.current.period_id]

    @property
    def is_synthetic(self) -> bool:
        return any(s.is_synthetic for s in self.submissions)

    @property
    def latest_received(self) -> datetime | None:
        return max((s.received_at for s in self.submissions), default=None)

    @cached_property
    def rows(self) -> dict[str, list[Row]]:
        """``measured`` and ``duties``: the milestones in order, each with every area's standing."""
        by: dict[str, dict[str, Progress]] = defaultdict(dict)
        for progress in self.progress:
            by[progress.milestone_id][progress.district_code] = progress
        split: dict[str, list[Row]] = {"measured": [], "duties": []}
        measured = [areas for areas in by.values() if self._is_measured(areas)]
        aside = {
            d.district_code
            for d in self.districts
            if all(d.district_code in _outside(areas) for areas in measured)
        }  # fmt: skip
        for areas in by.values():
            some = next(iter(areas.values()))
            indicator = self.indicators.get(some.indicator_id)
            if indicator is None or ALL not in areas:
                continue
            outside = _outside(areas) - (aside if indicator.kind in MEASURED else set())
            scope = tuple(d for d in self.districts if d.district_code not in outside) if outside else ()
            measures = {code: Measure(indicator, p, scope) for code, p in areas.items()}
            row = Row(
                measures[ALL],
                {d.district_code: measures[d.district_code] for d in self.districts if d.district_code in measures},
            )
            split["measured" if indicator.kind in MEASURED else "duties"].append(row)
        return split

    def _is_measured(self, areas: Mapping[str, Progress]) -> bool:
        """Whether these are the standings of a milestone with a number, and of some district among them."""
        indicator = self.indicators.get(next(iter(areas.values())).indicator_id)
        return indicator is not None and indicator.kind in MEASURED and len(_outside(areas)) + 1 < len(areas)

    @cached_property
    def figures(self) -> dict[tuple[str, str, str, str, str], Figure]:
        """By indicator, district, period, basis and variant."""
        rows = self.marts.read(
            Figure, "fct_indicator", "indicator_id district_code period_id", plan_id=self.plan.plan_id
        )
        return {(f.indicator_id, f.district_code, f.period_id, f.basis, f.variant): f for f in rows}

    @cached_property
    def items(self) -> list[Item]:
        return self.marts.read(
            Item, "mart_assessment_item", "sort_order item_id district_code", plan_id=self.plan.plan_id
        )

    @cached_property
    def scores(self) -> dict[str, Score]:
        rows = self.marts.read(Score, "mart_assessment_score", "rank district_code", plan_id=self.plan.plan_id)
        return {s.district_code: s for s in rows}

    @cached_property
    def evidence(self) -> list[Backed]:
        """By district, the whole area last: indicators with a result in the current period, and those with evidence."""
        rows = self.marts.read(Coverage, "mart_evidence_coverage", "indicator_id", plan_id=self.plan.plan_id)
        current = self.current.period_id if self.current else None
        of_period = [row for row in rows if row.is_asked and row.period_id == current]
        backed = []
        for code in (*(d.district_code for d in self.districts), ALL):
            mine = [row for row in of_period if row.district_code == code]
            names = ("results", "results_listed", "results_present", "evidence_reused")
            if mine:
                backed.append(Backed(code, *(sum(getattr(row, name) for row in mine) for name in names)))
        return backed if any(one.results for one in backed) else []

    def name(self, code: str, lang: str) -> str:
        """A district's name in a language."""
        district = self.district[code]
        return (district.district_name_en or district.district_name) if lang == "en" else district.district_name

    def figure(
        self, indicator: Indicator, code: str, period_id: str, variant: str = "audited", basis: str | None = None
    ) -> Figure | None:
        return self.figures.get((indicator.indicator_id, code, period_id, basis or indicator.basis, variant))

    def place(self, community: Community, rank: int = 0) -> Placed:
        """A community with the workbook row it was read from."""
        submission = self.submission.get(community.submission_id or "")
        source = (
            Source(submission.file_name, community.source_sheet, community.source_row, submission.submission_id)
            if submission and community.source_sheet and community.source_row is not None
            else None
        )
        return Placed(community, source, rank)

    def communities(self, code: str | None = None, **where: object) -> list[Community]:
        """Communities of the register in the current period."""
        return self.marts.read(
            Community,
            "fct_community_status",
            "district_code subdistrict community_name community_id",
            plan_id=self.plan.plan_id,
            period_id=self.current.period_id if self.current else "",
            district_code=code,
            **where,
        )


def load(marts: Marts, plan: Plan, known_on: date | None = None) -> Facts:
    """The shared facts of a plan, at its current period."""
    plan_id = plan.plan_id
    districts = marts.read(District, "dim_district", "sort_order district_code", plan_id=plan_id)
    periods = marts.read(Period, "dim_period", "as_of seq", plan_id=plan_id)
    submissions = marts.read(Submission, "fct_submission", "received_at file_name submission_id", plan_id=plan_id)
    reporting = Counter(s.period_id for s in submissions if s.is_effective and s.period_id)
    # A plan nobody has reported for has nothing to be silent about.
    current = current_period(periods, reporting, len(districts)) if submissions else None
    progress = marts.read(
        Progress,
        "mart_milestone_progress",
        "due_date sort_order milestone_id district_code",
        plan_id=plan_id,
        period_id=current.period_id if current else "",
    )
    indicators = marts.read(Indicator, "dim_indicator", "sort_order indicator_id", plan_id=plan_id)
    return Facts(
        marts=marts,
        plan=plan,
        districts=[d for d in districts if d.district_code != ALL],
        periods=[p for p in periods if current and (p.as_of, p.seq) <= (current.as_of, current.seq)],
        current=current,
        indicators={i.indicator_id: i for i in indicators},
        progress=progress,
        submissions=submissions,
        expected=marts.read(Expected, "mart_submission_status", "district_code period_id", plan_id=plan_id),
        known_on=known_on,
    )


def _measures(rows: list[Row], code: str) -> list[Measure]:
    if code == ALL:
        return [row.measure for row in rows]
    return [row.districts[code] for row in rows if code in row.districts]


def _trends(facts: Facts, code: str, most: int = 6) -> list[Trend]:
    """The headline rates that have figures, each with the milestones that bind the area."""
    measures = _measures(facts.rows["measured"], code)
    bound = {m.indicator.indicator_id for m in measures}
    shown = [i for i in facts.indicators.values() if i.kind == "rate" and i.indicator_id in bound]
    shown = [i for i in shown if i.is_headline] or shown
    trends = []
    if code == ALL:
        others = [d.district_code for d in facts.districts] if len(facts.districts) <= MANY else []
    else:
        others = [ALL]
    for indicator in shown:
        lines = [
            Line(area, [facts.figure(indicator, area, p.period_id) for p in facts.periods]) for area in (*others, code)
        ]
        binding = [
            m for m in measures
            if m.indicator is indicator and m.progress.status != "not_applicable" and not (code == ALL and m.scope)
        ]  # fmt: skip
        if any(f and f.value is not None for f in lines[-1].figures):
            trends.append(Trend(indicator, facts.periods, lines, binding))
    return trends[:most]


def _changes(facts: Facts, code: str) -> list[tuple[Indicator, Change]]:
    if facts.current is None:
        return []
    rows = facts.marts.read(
        Change,
        "mart_rate_change",
        "indicator_id",
        plan_id=facts.plan.plan_id,
        district_code=code,
        period_id=facts.current.period_id,
    )
    by = {row.indicator_id: row for row in rows}
    return [
        (indicator, by[key])
        for key, indicator in facts.indicators.items()
        if key in by and indicator.kind in MEASURED and by[key].work_effect is not None
    ]


def headline(changes: list[tuple[Indicator, Change]]) -> list[tuple[Indicator, Change]]:
    """The changes of headline indicators; all where none is one."""
    return [pair for pair in changes if pair[0].is_headline] or changes


def _readings(facts: Facts, code: str) -> list[Readings]:
    """What is measured as audited, reported, claimed, strict …, and by households and floor area."""
    if facts.current is None:
        return []
    found = []
    thresholds: dict[str, list[tuple[str, Number]]] = defaultdict(list)
    for measure in _measures(facts.rows["measured"], code):
        thresholds[measure.indicator.indicator_id] += measure.thresholds
    for key, indicator in facts.indicators.items():
        if indicator.kind not in MEASURED:
            continue
        period = facts.current.period_id
        variants = {v: f for v in VARIANTS if (f := facts.figure(indicator, code, period, v))}
        companions = {
            basis: figure
            for (i, d, p, basis, variant), figure in facts.figures.items()
            if (i, d, p, variant) == (key, code, period, "audited") and basis != indicator.basis
        }
        if any(f.numerator is not None or f.value is not None for f in variants.values()):
            found.append(Readings(indicator, variants, companions, tuple(thresholds.get(key, ()))))
    return found


def city(facts: Facts) -> CityPage:
    """The plan area as a whole."""
    measured, duties = facts.rows["measured"], facts.rows["duties"]
    laggards = facts.marts.read(
        Laggard,
        "mart_lagging_district",
        "rank district_code",
        plan_id=facts.plan.plan_id,
        period_id=facts.current.period_id if facts.current else "",
    )
    return CityPage(
        measured=measured,
        duties=duties,
        verdict=Verdict.of(_measures(measured, ALL)),
        duty_verdict=Verdict.of(_measures(duties, ALL)),
        laggards=[
            Lag(facts.district[row.district_code], row, _worst(measured + duties, row))
            for row in laggards
            if row.district_code in facts.district and (row.milestones_behind or row.milestones_no_data)
        ],
        trends=_trends(facts, ALL),
        changes=_changes(facts, ALL),
        readings=_readings(facts, ALL),
        stated=_stated(facts),
        recurring=[
            (indicator, figure)
            for indicator in facts.indicators.values()
            if indicator.kind == "cadence" and indicator.is_headline and facts.current is not None
            if (figure := facts.figure(indicator, ALL, facts.current.period_id))
        ],
    )


def _stated(facts: Facts) -> list[tuple[Indicator, Stated]]:
    rows = facts.marts.read(Stated, "mart_fact", "sort_order indicator_id", plan_id=facts.plan.plan_id)
    return [(facts.indicators[row.indicator_id], row) for row in rows if row.indicator_id in facts.indicators]


def _worst(rows: list[Row], laggard: Laggard) -> Measure | None:
    """The open milestone of a district's worst indicator with the widest gap."""
    measures = [
        measure
        for row in rows
        if (measure := row.districts.get(laggard.district_code))
        and measure.indicator.indicator_id == laggard.worst_indicator_id
        and measure.progress.status in ("behind", "overdue_not_met")
    ]
    return max(measures, key=lambda m: (m.progress.gap_points or 0, m.progress.gap_units or 0), default=None)


def _gaps(facts: Facts, code: str, communities: dict[str, Community], most: int) -> list[Gap]:
    rows = facts.marts.read(
        GapCommunity,
        "mart_gap_community",
        "milestone_id rank community_id",
        plan_id=facts.plan.plan_id,
        district_code=code,
        period_id=facts.current.period_id if facts.current else "",
    )
    by: dict[str, list[GapCommunity]] = defaultdict(list)
    for row in rows:
        by[row.milestone_id].append(row)
    gaps = []
    for measure in _measures(facts.rows["measured"], code):
        found = [r for r in by[measure.progress.milestone_id] if r.community_id in communities]
        if found:
            placed = [facts.place(communities[r.community_id], r.rank) for r in found[:most]]
            p = measure.progress
            counted = measure.indicator.basis == "communities" and p.numerator is not None and p.denominator is not None
            gaps.append(Gap(measure, placed, len(found), int(p.denominator - p.numerator) if counted else None))  # type: ignore[operator]
    return gaps


def problems(issues: Iterable[Issue]) -> list[Problem]:
    """Issues grouped by rule and severity, the gravest and most frequent first."""
    by: dict[tuple[str, str], list[Issue]] = defaultdict(list)
    for issue in issues:
        by[issue.severity, issue.rule_id].append(issue)
    order = {"fatal": 0, "error": 1, "warning": 2}
    keys = sorted(by, key=lambda key: (order.get(key[0], 3), -len(by[key]), key[1]))
    return [
        Problem(rule, severity, found, len({i.district_code for i in found}), sum(bool(i.answer) for i in found))
        for severity, rule in keys
        for found in [by[severity, rule]]
    ]


def district(facts: Facts, code: str, gap_rows: int = 40) -> DistrictPage:
    """One district. ``gap_rows`` bounds each list of communities in question; the list of communities has them all."""
    rows = facts.rows
    measured, duties = ([row for row in rows[kind] if row.binds(code)] for kind in ("measured", "duties"))
    plan_id, period_id = facts.plan.plan_id, facts.current.period_id if facts.current else ""
    communities = facts.communities(code, in_register=True)
    laggard = facts.marts.read(
        Laggard, "mart_lagging_district", "rank", plan_id=plan_id, period_id=period_id, district_code=code
    )
    issues = facts.marts.read(
        Issue,
        "fct_issue",
        "submission_id issue_no",
        plan_id=plan_id,
        district_code=code,
        period_id=period_id,
        is_effective=True,
    )
    period = {p.period_id: p for p in facts.periods}
    return DistrictPage(
        district=facts.district[code],
        measured=measured,
        duties=duties,
        verdict=Verdict.of(_measures(measured, code)),
        duty_verdict=Verdict.of(_measures(duties, code)),
        laggard=laggard[0] if laggard else None,
        expected=sorted(
            ((period[e.period_id], e) for e in facts.expected if e.district_code == code and e.period_id in period),
            key=lambda pair: pair[0].as_of,
        ),
        submissions=[s for s in facts.submissions if s.district_code == code],
        trends=_trends(facts, code),
        changes=_changes(facts, code),
        readings=_readings(facts, code),
        gaps=_gaps(facts, code, {c.community_id: c for c in communities}, gap_rows),
        missing=[facts.place(c) for c in communities if c.is_reported is False and not c.district_silent],
        problems=problems(issues),
        score=facts.scores.get(code),
        items=[i for i in facts.items if i.district_code == code],
        communities=[facts.place(c) for c in communities],
    )


def assessment(facts: Facts) -> AssessmentPage:
    """The ranking with its uncertainty, and where points were lost."""
    groups: dict[str, str] = {}
    by_item: dict[str, dict[str, Item]] = {}
    for item in facts.items:
        groups.setdefault(item.group_id or "", item.group_name or item.group_id or "")
        by_item.setdefault(item.item_id, {})[item.district_code] = item
    ranking = []
    for score in facts.scores.values():
        if score.district_code not in facts.district:
            continue
        lost: dict[str, Number] = dict.fromkeys(groups, 0)
        for item in facts.items:
            if item.district_code == score.district_code and item.status != "not_applicable":
                lost[item.group_id or ""] += item.max_points - (item.points or 0)  # type: ignore[operator]
        ranking.append(Lost(facts.district[score.district_code], score, lost, _inseparable(facts, score)))
    return AssessmentPage(ranking, groups, [(next(iter(d.values())), d) for d in by_item.values()], facts.evidence)


def _inseparable(facts: Facts, score: Score) -> list[District]:
    def overlaps(other: Score) -> bool:
        ranges = (score.rank_low, score.rank_high, other.rank_low, other.rank_high)
        if None in ranges:
            return False
        low, high, other_low, other_high = ranges
        return low <= other_high and other_low <= high  # type: ignore[operator]

    return [
        facts.district[other.district_code]
        for other in facts.scores.values()
        if other.district_code != score.district_code and other.district_code in facts.district and overlaps(other)
    ]


def _resent(facts: Facts, submission: Submission) -> Resent:
    own = {"submission_id": submission.submission_id}
    differences = facts.marts.read(Difference, "mart_submission_change", "change_no", **own)
    effects = [
        Effect(
            facts.indicators[f.indicator_id],
            Share(f.previous_numerator, f.previous_denominator, f.previous_value),
            Share(f.numerator, f.denominator, f.value),
        )
        for f in facts.marts.read(VersionFigure, "fct_submission_indicator", "indicator_id", **own)
        if f.indicator_id in facts.indicators
        and (f.numerator, f.denominator) != (f.previous_numerator, f.previous_denominator)
    ]
    order = {indicator: number for number, indicator in enumerate(facts.indicators.values())}
    return Resent(
        submission,
        facts.submission.get(submission.supersedes or ""),
        {kind: len({d.row for d in differences if d.kind == kind}) for kind in ("removed", "added", "changed")},
        differences,
        sorted(effects, key=lambda e: (not e.indicator.is_headline, -abs(e.difference or 0), order[e.indicator])),
    )


def intake(facts: Facts, resent: int = 20) -> IntakePage:
    """Who handed in what and when, what was returned and why, which problems recur, and what re-sent ledgers changed.

    ``resent``: at so many re-sent ledgers, the newest, the page looks closely.
    """
    plan_id = facts.plan.plan_id
    by = {(e.district_code, e.period_id): e for e in facts.expected}
    issues = facts.marts.read(Issue, "fct_issue", "submission_id issue_no", plan_id=plan_id)
    per: dict[str, list[Issue]] = defaultdict(list)
    for issue in issues:
        per[issue.submission_id].append(issue)
    open_issues = [
        i for i in issues
        if i.is_effective and facts.current and i.period_id == facts.current.period_id
    ]  # fmt: skip
    replacing = [s for s in reversed(facts.submissions) if s.supersedes]
    return IntakePage(
        grid=[(d, [by.get((d.district_code, p.period_id)) for p in facts.periods]) for d in facts.districts],
        counts=Counter(e.status for e in facts.expected_now),
        returned=[
            (s, [i for i in per[s.submission_id] if i.severity == "fatal"])
            for s in reversed(facts.submissions)
            if s.status == "returned"
        ],
        problems=problems(open_issues),
        submissions=list(reversed(facts.submissions)),
        resent=[_resent(facts, s) for s in replacing[:resent]],
        resent_in_all=len(replacing),
    )


def register(facts: Facts) -> RegisterPage:
    """How the list of communities moved from period to period, and which communities left it."""
    plan_id = facts.plan.plan_id
    bridges: dict[str, list[Bridge]] = defaultdict(list)
    order = {d.district_code: n for n, d in enumerate(facts.districts)}
    for bridge in facts.marts.read(Bridge, "mart_register_bridge", "period_id district_code", plan_id=plan_id):
        bridges[bridge.period_id].append(bridge)
    period = {p.period_id: p for p in facts.periods}
    steps = [
        (period[rows[0].period_from], later, sorted(rows, key=lambda b: order.get(b.district_code, len(order))))
        for later in reversed(facts.periods)
        if (rows := bridges.get(later.period_id)) and rows[0].period_from in period
    ]
    unreported = facts.communities(in_register=True, is_reported=False)
    silent = Counter(c.district_code for c in unreported if c.district_silent)
    ended = facts.marts.read(
        Ended, "dim_community", "district_code fate last_period community_name community_id", plan_id=plan_id
    )
    return RegisterPage(
        steps=steps,
        missing=[facts.place(c) for c in unreported if not c.district_silent],
        silent=[(facts.district[code], n) for code, n in silent.items() if code in facts.district],
        ended=[e for e in ended if e.fate in ("merged", "split", "demolished")],
    )
