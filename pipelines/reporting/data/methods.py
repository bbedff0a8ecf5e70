"""What the page of data and methods says: definitions, clauses, the rubric, the ledgers behind it, and the limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.forms.coverage import clause_order
from pipelines.reporting import anchors
from pipelines.reporting.data.city import stated
from pipelines.reporting.data.facts import Facts
from pipelines.reporting.format import clauses
from pipelines.reporting.marts import (
    Clause,
    District,
    Indicator,
    Making,
    Period,
    RubricItem,
    RubricRule,
    Stated,
    Submission,
    Target,
)

DUTIES = ("boolean", "document")
LEDGERS = 400
"""Workbooks in force that the page lists; the others are in ``fct_submission``."""


@dataclass(frozen=True)
class Definition:
    """An indicator with everything that defines it."""

    indicator: Indicator
    making: Making
    targets: list[Target]
    items: list[RubricItem]

    @property
    def sheets(self) -> dict[str, list[str]]:
        """Form → the fields of it that the figure is made from; none where each of its rows counts."""
        found: dict[str, list[str]] = {}
        for source in self.making.sources:
            form, _, name = source.partition(".")
            found.setdefault(form, []).extend([name] if name else [])
        return found


@dataclass(frozen=True)
class ClauseRow:
    """A clause of the plan, with the indicators that measure it and what of it nothing measures."""

    clause: str
    indicators: list[Indicator]
    items: list[RubricItem]
    unmeasured: list[Clause]


@dataclass(frozen=True)
class Ledgers:
    """The workbooks in force of one period, and who has none."""

    period: Period
    in_force: list[tuple[Submission, int]]
    """Each with how many versions were accepted."""
    silent: list[District]


@dataclass(frozen=True)
class MethodsPage:
    """Definitions, sources, versions, rules and limits of one plan."""

    definitions: list[Definition]
    clauses: list[ClauseRow]
    ledgers: list[Ledgers]
    """The newest period first; the oldest are left out where the page would grow too long."""
    ledgers_left_out: int
    groups: list[tuple[RubricItem, list[RubricItem]]]
    """The rubric's groups, each by its first line."""
    rules: dict[str, list[RubricRule]]
    stated: list[tuple[Indicator, Stated]]
    default_dates: list[Target]
    derived_targets: list[Target]
    carried: list[District]
    """Districts without a ledger in the current period."""

    @property
    def measured(self) -> list[Definition]:
        """What has a number of its own."""
        return [d for d in self.definitions if d.indicator.kind not in DUTIES]

    @property
    def duties(self) -> list[Definition]:
        """What is done or not: all of them are counted in the same way."""
        return [d for d in self.definitions if d.indicator.kind in DUTIES]


def methods_page(facts: Facts) -> MethodsPage:
    """What every figure of the plan means, where it comes from and what limits it."""
    plan_id = facts.plan.plan_id
    read = facts.marts.read
    makings = {m.indicator_id: m for m in read(Making, "dim_indicator", "sort_order indicator_id", plan_id=plan_id)}
    targets = read(Target, "dim_milestone", "sort_order milestone_id", plan_id=plan_id)
    items = list(facts.rubric.values())
    rules: dict[str, list[RubricRule]] = defaultdict(list)
    for rule in read(RubricRule, "dim_rubric_rule", "sort_order rule_id", plan_id=plan_id):
        rules[rule.kind].append(rule)
    definitions = [
        Definition(
            indicator,
            makings[indicator.indicator_id],
            [t for t in targets if t.indicator_id == indicator.indicator_id],
            [i for i in items if indicator.indicator_id in i.indicator_ids],
        )
        for indicator in facts.indicators.values()
    ]
    ledgers, left_out = _ledgers(facts)
    return MethodsPage(
        definitions=definitions,
        clauses=_clauses(definitions, items, read(Clause, "dim_clause", "sort_order", plan_id=plan_id)),
        ledgers=ledgers,
        ledgers_left_out=left_out,
        groups=_groups(items),
        rules=dict(rules),
        stated=stated(facts),
        default_dates=[t for t in targets if t.date_is_default],
        derived_targets=[t for t in targets if t.target_is_derived],
        carried=ledgers[0].silent if ledgers else [],
    )


def _ledgers(facts: Facts) -> tuple[list[Ledgers], int]:
    versions: dict[tuple[str | None, str | None], int] = defaultdict(int)
    in_force: dict[tuple[str | None, str | None], Submission] = {}
    for submission in facts.submissions:
        place = (submission.district_code, submission.period_id)
        versions[place] += submission.status != "returned"
        if submission.is_effective:
            in_force[place] = submission
    found, listed, left_out = list[Ledgers](), 0, 0
    for period in reversed(facts.periods):
        places = [(d, (d.district_code, period.period_id)) for d in facts.districts]
        own = [(in_force[place], versions[place]) for _, place in places if place in in_force]
        if found and listed + len(own) > LEDGERS:
            left_out += len(own)
            continue
        listed += len(own)
        found.append(Ledgers(period, own, [d for d, place in places if place not in in_force]))
    return found, left_out


def _clauses(
    definitions: Iterable[Definition], items: Iterable[RubricItem], unmeasured: Iterable[Clause]
) -> list[ClauseRow]:
    """Every clause that anything refers to, in the order of the text."""
    rows: dict[str, ClauseRow] = {}

    def row(clause: str) -> ClauseRow:
        return rows.setdefault(anchors.clause(clause), ClauseRow(clause, [], [], []))

    for definition in definitions:
        named = [definition.indicator.clause, *(target.clause for target in definition.targets)]
        for clause in dict.fromkeys(one for text in named if text for one in clauses(text)):
            row(clause).indicators.append(definition.indicator)
    for item in items:
        for clause in clauses(item.clause or ""):
            if clause:
                row(clause).items.append(item)
    for part in unmeasured:
        row(part.clause).unmeasured.append(part)
    return sorted(rows.values(), key=lambda one: clause_order(one.clause))


def _groups(items: Iterable[RubricItem]) -> list[tuple[RubricItem, list[RubricItem]]]:
    found: dict[str | None, list[RubricItem]] = defaultdict(list)
    for item in items:
        found[item.group_id].append(item)
    return [(own[0], own) for own in found.values()]
