"""What the pages of one plan share: its dimensions, and its milestones as each area stands against them."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from pipelines.reporting import anchors
from pipelines.reporting.format import Number
from pipelines.reporting.marts import (
    ALL,
    Community,
    Coverage,
    District,
    Expected,
    Figure,
    FigureOfSet,
    GapCommunity,
    Indicator,
    Item,
    Marts,
    Period,
    Plan,
    Progress,
    RubricItem,
    RubricRule,
    Score,
    Submission,
)

STATUSES = ("overdue_not_met", "behind", "at_risk", "on_track", "met", "no_data", "not_applicable")
"""Milestone statuses in the order a reader needs them: trouble first."""
MEASURED = ("rate", "count", "trend")
SOFT = ("aspirational", "guideline", "encouraged", "derived")
"""Bindings whose miss is amber: the plan strives, advises, encourages, or the number is the project's own."""
MANY = 20
"""More districts than this are not drawn as lines of one chart, nor listed in the head of every page."""


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
    """The districts it binds; empty when it binds all, or none because its number is the whole area's."""
    all_but: tuple[District, ...] = ()
    """Those it does not bind, where they are the fewer."""

    @property
    def tone(self) -> str:
        return tone(self.progress.status, self.progress.binding)

    @property
    def thresholds(self) -> tuple[tuple[str, Number], ...]:
        """What rounding of this milestone's value must not cross."""
        return ((self.progress.operator, self.progress.target),) if self.progress.target is not None else ()

    @property
    def is_live(self) -> bool:
        """Whether the figure shown is the current period's, not one that was decided in an earlier one."""
        return not self.progress.is_final or self.progress.deciding_period_id == self.progress.period_id

    @property
    def anchor(self) -> str:
        return anchors.milestone(self.progress.milestone_id)


@dataclass(frozen=True)
class Verdict:
    """How many milestones of a kind stand how, and those that need attention."""

    counts: dict[str, int]
    total: int
    overdue: list[Measure]
    behind: list[Measure]
    at_risk: list[Measure]
    met: list[Measure]

    @property
    def missed(self) -> list[Measure]:
        """What is not as it should be: missed, or behind the straight path."""
        return self.overdue + self.behind

    @property
    def widest(self) -> Measure | None:
        """The milestone that most communities are lacking for, among those whose figure is of now."""
        counted = [m for m in self.missed if m.indicator.basis == "communities" and m.progress.gap_units]
        return max([m for m in counted if m.is_live] or counted, key=lambda m: m.progress.gap_units or 0, default=None)

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

    @property
    def shortfalls(self) -> list[tuple[str, int]]:
        """The districts that fall short, with how many units each lacks for itself, the largest first."""
        short = [(code, int(m.progress.gap_units)) for code, m in self.districts.items() if m.progress.gap_units]
        return sorted(short, key=lambda pair: -pair[1])

    def places(self, *statuses: str) -> list[str]:
        return [code for code, measure in self.districts.items() if measure.progress.status in statuses]


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
class Backed:
    """How far a district's results of the period rest on evidence, where the assessment asks for it."""

    district_code: str
    results: int
    listed: int
    present: int
    reused: int


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
    number: int | None = None
    """The number of the publication this is; None: it is none."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """Version → the number of the publication that brought it, of what was published before."""

    @cached_property
    def version(self) -> str:
        """Eight hex digits that stand for everything published about the plan."""
        return self.marts.content(self.plan.plan_id)[:8]

    def version_of(self, code: str) -> str:
        """The same for what one district's pages and files may say; of ``ALL``, everything.

        That is all of its own rows, and of others whatever is no list of communities or of what is in their workbooks.
        """
        if code == ALL:
            return self.version
        contents = self.marts.contents(self.plan.plan_id)
        listed = {
            table
            for table in self.marts.tables
            if {"community_id", "submission_id", "figure_set"} & self.marts.types(table).keys()
        }
        seen = [
            (table, district, content)
            for (table, district), content in sorted(contents.items())
            if table not in listed or district in (code, ALL, "columns")
        ]
        told = (seen, self.current.period_id if self.current else None, self.is_synthetic, self.known_on)
        return hashlib.sha256(repr(told).encode()).hexdigest()[:8]

    def number_of(self, code: str) -> int | None:
        """The number of the publication that last changed what ``version_of`` stands for."""
        return self.number and self.numbers.get(self.version_of(code), self.number)

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
        common = [areas for areas in by.values() if self._is_common(areas)]
        # An office that no common number is about need not be named at each of them.
        aside = {
            d.district_code
            for d in self.districts
            if common and all(d.district_code in _outside(areas) for areas in common)
        }  # fmt: skip
        for areas in by.values():
            some = next(iter(areas.values()))
            indicator = self.indicators.get(some.indicator_id)
            if indicator is None or ALL not in areas:
                continue
            scope, all_but = self._scope(areas, aside if indicator.kind in MEASURED else set())
            measures = {code: Measure(indicator, p, scope, all_but) for code, p in areas.items()}
            row = Row(
                measures[ALL],
                {d.district_code: measures[d.district_code] for d in self.districts if d.district_code in measures},
            )
            split["measured" if indicator.kind in MEASURED else "duties"].append(row)
        return split

    def _scope(self, areas: Mapping[str, Progress], aside: set[str]) -> tuple[tuple[District, ...], ...]:
        """Whom a milestone binds and whom not, where it is about some districts and not about others."""
        outside = _outside(areas)
        within = tuple(d for d in self.districts if d.district_code not in outside)
        without = tuple(d for d in self.districts if d.district_code in outside - aside)
        if not within or not without:
            return (), ()
        return within, without if len(without) < len(within) else ()

    def _is_common(self, areas: Mapping[str, Progress]) -> bool:
        """Whether these are the standings of a milestone with a number that is asked of several districts."""
        indicator = self.indicators.get(next(iter(areas.values())).indicator_id)
        return indicator is not None and indicator.kind in MEASURED and len(_outside(areas)) + 2 < len(areas)

    @cached_property
    def figures(self) -> dict[tuple[str, str, str, str, str], Figure]:
        """By indicator, district, period, basis and variant."""
        rows = self.marts.read(
            Figure, "fct_indicator", "indicator_id district_code period_id", plan_id=self.plan.plan_id
        )
        return {(f.indicator_id, f.district_code, f.period_id, f.basis, f.variant): f for f in rows}

    @cached_property
    def bases(self) -> set[str]:
        """What is counted by: communities, households …"""
        return {basis for *_, basis, _ in self.figures}

    @cached_property
    def audited(self) -> dict[tuple[str, str, str], dict[str, Figure]]:
        """The audited figures by indicator, district and period: of each, by basis."""
        found: dict[tuple[str, str, str], dict[str, Figure]] = defaultdict(dict)
        for (indicator, district, period, basis, variant), figure in self.figures.items():
            if variant == "audited":
                found[indicator, district, period][basis] = figure
        return found

    @cached_property
    def figure_sets(self) -> dict[tuple[str, str], list[FigureOfSet]]:
        """The figures that rows of a kind are part of, by kind and set."""
        rows = self.marts.read(
            FigureOfSet, "mart_figure_set", "entity figure_set indicator_id", plan_id=self.plan.plan_id
        )
        found: dict[tuple[str, str], list[FigureOfSet]] = defaultdict(list)
        for row in rows:
            found[row.entity, row.figure_set].append(row)
        return found

    @cached_property
    def gap_communities(self) -> dict[str, dict[str, list[GapCommunity]]]:
        """By district and milestone, in the current period: the communities that would close its gap, best first."""
        rows = self.marts.read(
            GapCommunity,
            "mart_gap_community",
            "district_code milestone_id rank community_id",
            plan_id=self.plan.plan_id,
            period_id=self.current.period_id if self.current else "",
        )
        found: dict[str, dict[str, list[GapCommunity]]] = defaultdict(lambda: defaultdict(list))
        for row in rows:
            found[row.district_code][row.milestone_id].append(row)
        return found

    @cached_property
    def items(self) -> list[Item]:
        return self.marts.read(
            Item, "mart_assessment_item", "sort_order item_id district_code", plan_id=self.plan.plan_id
        )

    @cached_property
    def rubric(self) -> dict[str, RubricItem]:
        """The lines of the assessment as the plan has them, by id."""
        rows = self.marts.read(RubricItem, "dim_rubric_item", "sort_order item_id", plan_id=self.plan.plan_id)
        return {row.item_id: row for row in rows}

    @cached_property
    def scores(self) -> dict[str, Score]:
        rows = self.marts.read(Score, "mart_assessment_score", "rank district_code", plan_id=self.plan.plan_id)
        return {s.district_code: s for s in rows}

    @cached_property
    def grades(self) -> dict[str, str]:
        """The English names of grades by their Chinese ones."""
        rules = self.marts.read(RubricRule, "dim_rubric_rule", "kind rule_id", plan_id=self.plan.plan_id)
        return {rule.rule_name: rule.rule_name_en for rule in rules if rule.kind == "grade" and rule.rule_name_en}

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


def load(
    marts: Marts,
    plan: Plan,
    known_on: date | None = None,
    number: int | None = None,
    numbers: Mapping[str, int] | None = None,
) -> Facts:
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
        number=number,
        numbers=numbers or {},
    )


def measures_of(rows: list[Row], code: str) -> list[Measure]:
    """An area's own standing against each milestone that is asked of it."""
    if code == ALL:
        return [row.measure for row in rows]
    return [row.districts[code] for row in rows if code in row.districts]


def by_status(rows: list[Row], code: str) -> list[tuple[str, list[tuple[Row, Measure]]]]:
    """The milestones asked of an area, grouped by how they stand: trouble first, in each group the widest gap first."""
    groups: dict[str, list[tuple[Row, Measure]]] = defaultdict(list)
    for row, measure in zip(rows, measures_of(rows, code), strict=True):
        groups[measure.progress.status].append((row, measure))
    for pairs in groups.values():
        pairs.sort(key=lambda pair: (pair[1].tone == "soft", not pair[1].is_live, -(pair[1].progress.gap_points or 0)))
    return [(status, groups[status]) for status in STATUSES if groups[status]]
