"""What is true of a row: a community of the register, an owners' body, a company, a complaint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from tests.independent.account import Cells
from tests.independent.register import Standing

COUNTED_STATES = ("formed", "term_expired", "re_election")
PARTY_ORGANISATION = ("own", "joint", "attached", "grid")
PARTY_WORK = (*PARTY_ORGANISATION, "instructor", "working_group")
STATION = ("place", "facilities", "sign", "flag", "books", "rules")


def half_up(number: Fraction | Decimal | int) -> int:
    """The nearest whole number, halves away from zero."""
    exact = Fraction(number)
    return int((Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(frozen=True)
class Facts:
    """What counts of a community in one period."""

    is_reported: bool
    row: Cells
    special: Cells
    """What only some plans ask; nothing where no sheet says it."""
    is_completed: bool
    has_management: bool
    is_professional: bool
    has_current_contract: bool
    is_new: bool
    is_old: bool
    renovation: str | None
    is_renovated_old: bool
    has_committee: bool
    has_committee_in_force: bool | None
    """Unknown where no sheet of bodies tells."""
    has_branch: bool
    """A party branch of its own, or one that it shares with others."""
    has_party_organisation: bool
    has_party_work: bool
    households: int
    floor_area: Fraction

    def says(self, name: str) -> bool:
        """A tick on the sheet of particulars."""
        return self.special.get(name) is True

    def number(self, name: str) -> int:
        return self.special.get(name) or 0

    @property
    def station_haves(self) -> int:
        return sum(self.says(f"station_{thing}") for thing in STATION)


def facts(
    standing: Standing,
    as_of: date,
    counted: tuple[str, ...],
    new_since: date | None,
    *,
    sticky: bool,
    sizes_of: Cells | None = None,
) -> Facts:
    """Read a community's row.

    ``counted``: the bodies that make a committee. ``sticky``: a renovation once completed stays so. ``sizes_of``: the
    row whose households and area it counts with.
    """
    row, sizes = standing.row, sizes_of or standing.row
    mode, ends, delivered = row["management_mode"], row["contract_end"], row["delivered_date"]
    begins = row["contract_start"]
    formed = [body for body in standing.bodies or () if is_counted(body, counted, as_of)]
    ticked = row["committee_status_typed"] in COUNTED_STATES
    # A company must be named: without one the row is not professional, whatever its mode says.
    is_professional = mode in ("professional_market", "professional_state") and bool(row["company_name"])
    is_old, now_renovated = bool(row["is_old_community"]), row["renovation_status"] == "completed"
    ways = {party["org_form"] for party in standing.party}
    # The list says whether it has a branch of its own; a branch shared with others only the party's sheet tells.
    own = "own" in ways if row["has_party_branch"] is None else bool(row["has_party_branch"])
    return Facts(
        is_reported=standing.is_reported,
        row=row,
        special=standing.special,
        is_completed=row["construction_status"] == "completed",
        has_management=mode not in (None, "none", "unknown"),
        is_professional=is_professional,
        has_current_contract=ends is not None and ends >= as_of and (begins is None or begins <= as_of),
        is_new=bool(row["is_new_build"]) if delivered is None or new_since is None else delivered >= new_since,
        is_old=is_old,
        renovation="completed" if sticky and standing.was_finished else row["renovation_status"],
        is_renovated_old=(is_old and (now_renovated or (sticky and standing.was_finished)))
        or (sticky and standing.was_renovated),
        # Without the sheet of bodies the column in the list speaks.
        has_committee=ticked if standing.bodies is None else bool(formed),
        has_committee_in_force=None
        if standing.bodies is None
        else any(is_filed(body, as_of) and is_in_term(body, as_of) for body in formed),
        has_branch=own or bool(ways & {"joint", "grid"}),
        has_party_organisation=own or bool(ways & {"joint", "attached", "grid"}),
        has_party_work=own or bool(ways & set(PARTY_WORK)),
        households=sizes["households"] or 0,
        floor_area=Fraction(sizes["floor_area_sqm"] or 0),
    )


def is_counted(body: Cells, counted: tuple[str, ...], as_of: date) -> bool:
    """A kind and a state that the plan counts, established by the as-of date where one is told."""
    established = body["established_date"]
    return (
        body["body_type"] in counted
        and body["status"] in COUNTED_STATES
        and (established is None or established <= as_of)
    )


def is_filed(body: Cells, as_of: date) -> bool:
    return body["filed_date"] is not None and body["filed_date"] <= as_of


def is_in_term(body: Cells, as_of: date) -> bool:
    return body["term_end"] is not None and body["term_end"] >= as_of


Condition = Callable[[Any], bool]
Amount = Callable[[Any], Any]


def one(_: Any) -> int:
    """What a row weighs where rows are counted."""
    return 1


@dataclass(frozen=True)
class Measure:
    """What an indicator counts: of which rows, those above the line and (of a rate) those below it.

    ``of``: community, body, company, survey or a form. ``strict``: above the line in the strict sense. ``needs``:
    sheets it can't do without beside that of its own rows. ``sums``: basis → what a row adds above and below the line.
    ``adds_up``: the indicators whose main figures it adds up instead.
    """

    of: str
    above: Condition = lambda row: True
    below: Condition | None = None
    strict: Condition | None = None
    needs: tuple[str, ...] = ()
    sums: dict[str, tuple[Amount, Amount]] = field(default_factory=dict)
    adds_up: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """One plan read by hand: which bodies make a committee, since when an estate is new, what each indicator counts.

    What is set up (a document, a mechanism), what recurs, and what the task ledger counts are the same in every plan;
    ``in_time`` names the recurrent duties of which only those met in time count. ``claimed``: rate → the typed total
    above the line (below it stands the typed number of communities).
    """

    bodies: tuple[str, ...]
    measures: dict[str, Measure]
    new_since: date | None = None
    in_time: tuple[str, ...] = ()
    claimed: dict[str, str] = field(default_factory=dict)
