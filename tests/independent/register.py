"""The list of communities over time, worked out by hand: who stands, who is missing, and why the list changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from pipelines.plans.model import Period
from tests.independent.account import Account, Cells


@dataclass(eq=False)
class Unit:
    """One community through all its periods."""

    row: Cells
    """What was last said of it."""
    bodies: list[Cells] | None = None
    """The owners' bodies it was last said to have; None where no sheet of bodies said anything then."""
    listed: list[Cells] = field(default_factory=list)
    """Its bodies on the sheet that was in force then."""
    special: Cells = field(default_factory=dict)
    """Its row on the sheet of particulars, where there was one when it was last told of."""
    party: list[Cells] = field(default_factory=list)
    """What the party's sheet said of it then."""
    first_list: list[Unit] = field(default_factory=list)
    """The communities of the first list that it stands for."""
    was_renovated: bool = False
    """At some time it was an old community whose renovation was completed."""
    was_finished: bool = False
    """At some time its renovation was said to be completed."""

    @property
    def is_completed(self) -> bool:
        return self.row["construction_status"] == "completed"


@dataclass(frozen=True)
class Standing:
    """A community of the register in one period."""

    unit: Unit
    row: Cells
    bodies: list[Cells] | None
    listed: list[Cells]
    special: Cells
    party: list[Cells]
    is_reported: bool
    was_renovated: bool
    was_finished: bool
    first_list: tuple[Cells, ...]
    """The first list's own rows of what it stands for."""


@dataclass
class Step:
    """What one period did to the register of a district."""

    standing: list[Standing] = field(default_factory=list)
    is_silent: bool = False
    opening: int = 0
    moves: Counter[str] = field(default_factory=Counter)

    @property
    def completed(self) -> list[Standing]:
        return [s for s in self.standing if s.row["construction_status"] == "completed"]

    @property
    def bridge(self) -> dict[str, int]:
        closing = len(self.completed)
        missing = sum(not s.is_reported for s in self.completed)
        names = ("added", "split_in", "merged_out", "demolished", "corrected")
        return {"opening": self.opening, **{n: self.moves[n] for n in names}, "missing": missing, "closing": closing}


def follow(account: Account, code: str) -> dict[str, Step]:
    """Period id → step, for every period there are figures of."""
    units: list[Unit] = []
    steps: dict[str, Step] = {}
    first_rows: dict[int, Cells] = {}
    for period in account.periods:
        step = Step(is_silent=account.is_silent(code, period))
        step.opening = sum(unit.is_completed for unit in units)
        reported = [] if step.is_silent else _listed(account, code, period, units, step)
        if period is account.plan.periods[0]:
            for unit in units:
                unit.first_list = [unit]
                first_rows[id(unit)] = unit.row
        step.standing = [
            Standing(
                unit,
                unit.row,
                unit.bodies,
                unit.listed,
                unit.special,
                unit.party,
                unit in reported,
                unit.was_renovated,
                unit.was_finished,
                tuple(first_rows[id(one)] for one in unit.first_list),
            )
            for unit in units
        ]
        steps[period.id] = step
    return steps


def same(one: Cells, other: Cells) -> bool:
    """Two rows of the same community: by code where both have one, else by township and name."""
    if one["community_code"] and other["community_code"]:
        return bool(one["community_code"] == other["community_code"])
    return (one["subdistrict"], plain(one["community_name"])) == (other["subdistrict"], plain(other["community_name"]))


def _is_about(party: Cells, row: Cells) -> bool:
    if party["subject_code"] and row["community_code"]:
        return bool(party["subject_code"] == row["community_code"])
    return plain(party["subject_name"]) == plain(row["community_name"])


def plain(name: str) -> str:
    return "".join(name.split()).removesuffix("小区")


def _listed(account: Account, code: str, period: Period, units: list[Unit], step: Step) -> list[Unit]:
    """Take over a district's list; returns the units it reports."""
    bodies, specials = account.rows(code, period, "committee"), account.rows(code, period, "special")
    party = [p for p in account.rows(code, period, "party") if p["subject_type"] == "community"]
    before = list(units)
    was_completed = {id(unit): unit.is_completed for unit in before}
    rows = account.rows(code, period, "community")
    ended = [row for row in rows if row["change_type"] == "demolished"]
    for row in ended:
        for gone in [u for u in units if same(u.row, row)]:
            units.remove(gone)
            step.moves["demolished"] += was_completed[id(gone)]
    heirs: dict[int, list[Unit]] = {}
    parents: dict[int, list[Unit]] = {}
    reported = []
    for row in (r for r in rows if r["change_type"] != "demolished"):
        unit = next((u for u in before if u in units and same(u.row, row)), None)
        if unit is None:
            unit = Unit(row)
            units.append(unit)
            parents[id(unit)] = _parents(row, before)
            for parent in parents[id(unit)]:
                heirs.setdefault(id(parent), []).append(unit)
            if not parents[id(unit)] and unit.is_completed:
                step.moves["corrected" if _stood_before(account, period, row) else "added"] += 1
        elif unit.is_completed != (row["construction_status"] == "completed"):
            # A building site is finished; or what was said to be built is not.
            step.moves["corrected" if unit.is_completed else "added"] += -1 if unit.is_completed else 1
        unit.row = row
        unit.bodies = None
        if account.gives(code, period, "committee"):
            unit.bodies = unit.listed = [body for body in bodies if same(body, row)]
        unit.special = next((special for special in specials if same(special, row)), {})
        unit.party = [p for p in party if _is_about(p, row)]
        unit.was_finished |= row["renovation_status"] == "completed"
        unit.was_renovated |= bool(row["is_old_community"]) and row["renovation_status"] == "completed"
        reported.append(unit)
    for unit in reported:
        _inherit(unit, parents.get(id(unit), []), heirs)
    for group in _families(reported, parents):
        _count_family(group, parents[id(group[0])], was_completed, step)
    for parent in before:
        if id(parent) in heirs and parent in units:
            units.remove(parent)
    return reported


def _inherit(unit: Unit, parents: list[Unit], heirs: dict[int, list[Unit]]) -> None:
    """A merged or split community carries on what it came from."""
    if not parents:
        return
    unit.was_renovated |= any(parent.was_renovated for parent in parents)
    unit.was_finished |= any(parent.was_finished for parent in parents)
    if len(parents) > 1:
        unit.first_list = [one for parent in parents for one in parent.first_list]
    elif unit is max(heirs[id(parents[0])], key=lambda child: child.row["households"] or 0):
        unit.first_list = parents[0].first_list  # once, behind its largest part (of equals the one listed first)


def _families(reported: list[Unit], parents: dict[int, list[Unit]]) -> list[list[Unit]]:
    """Communities of this list that came out of the same earlier ones."""
    families: dict[tuple[int, ...], list[Unit]] = {}
    for unit in reported:
        if own := parents.get(id(unit)):
            families.setdefault(tuple(id(parent) for parent in own), []).append(unit)
    return list(families.values())


def _count_family(children: list[Unit], parents: list[Unit], was_completed: dict[int, bool], step: Step) -> None:
    """What a merger or split did to the number of completed communities."""
    were = sum(was_completed[id(parent)] for parent in parents)
    are = sum(child.is_completed for child in children)
    step.moves["merged_out"] += max(were - 1, 0)
    step.moves["split_in"] += max(are - 1, 0)
    if not were and are:  # building sites, finished as they were put together or taken apart
        step.moves["added"] += 1
    if were and not are:
        step.moves["corrected"] -= 1


def _parents(row: Cells, before: list[Unit]) -> list[Unit]:
    if row["change_type"] not in ("merge", "split") or not row["prior_codes"]:
        return []
    named = row["prior_codes"].split("、")
    return [u for u in before if u.row["community_code"] in named or u.row["community_name"] in named]


def _stood_before(account: Account, period: Period, row: Cells) -> bool:
    """Omitted earlier: declared as such, or built before the last as-of date by what is known of it.

    Where nothing is known, a row that is said to be unchanged was there before.
    """
    previous = account.before(period)
    if previous is None or row["change_type"] == "scope_correction":
        return previous is not None
    built: date | None = row["delivered_date"] or row["completed_date"]
    if built is not None:
        return built < previous.as_of
    if row["built_year"] is not None:
        return bool(row["built_year"] < previous.as_of.year)
    return bool(row["change_type"] == "unchanged")
