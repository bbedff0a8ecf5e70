"""The made-up world as plain data: what stood in each district, what it sent, and what is wrong with what it sent.

Nothing here knows of workbooks, intake or the warehouse, so that figures recomputed from this module are independent of
them. Rows carry the field names of the forms; values are typed: codes for words with a fixed meaning, ``bool``,
``date``, ``int`` and ``Decimal``; areas in ㎡, money in 元, rates in percent. ``None`` is a blank cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from dataclasses import field as filled_by
from datetime import date, datetime
from decimal import Decimal
from typing import Any

WITHHELD = "withheld"
"""What a planted error makes of a value: nothing is known of it any more, and it reads as null."""
SET_ASIDE = "set_aside"
"""What a planted error makes of a whole row: it is listed and not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One data row of a form."""

    def changed(self, **values: object) -> Any:
        return replace(self, **values)

    def cells(self) -> dict[str, object]:
        """Field → value, in the order of the class."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Community(Row):
    """A property-management area as it stood on the period's as-of date."""

    community_code: str | None
    district_name: str
    subdistrict: str
    neighbourhood: str | None
    community_name: str
    address: str
    unit_type: str
    property_type: str
    built_year: int | None
    completed_date: date | None
    delivered_date: date | None
    construction_status: str
    is_new_build: bool
    is_old_community: bool
    renovation_status: str | None
    renovation_date: date | None
    floor_area_sqm: int
    building_count: int
    households: int
    occupied_households: int | None
    management_mode: str
    company_name: str | None = None
    uscc: str | None = None
    contract_start: date | None = None
    contract_end: date | None = None
    contract_filed: bool | None = None
    fee_standard: Decimal | None = None
    fee_collection_rate: Decimal | None = None
    service_level: str | None = None
    disclosure_done: bool | None = None
    disclosure_date: date | None = None
    committee_status_typed: str | None = None
    has_party_branch: bool | None = None
    building_steward: bool | None = None
    change_type: str | None = None
    prior_codes: str | None = None
    change_date: date | None = None
    change_reason: str | None = None
    remark: str | None = None

    @property
    def is_completed(self) -> bool:
        return self.construction_status == "completed"

    @property
    def is_managed(self) -> bool:
        return self.management_mode not in ("none", "unknown")

    @property
    def is_professional(self) -> bool:
        return self.management_mode.startswith("professional_")

    @property
    def is_renovated_old(self) -> bool:
        return self.is_old_community and self.renovation_status == "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Company(Row):
    """A property company at work in the district."""

    company_name: str
    uscc: str
    legal_representative: str | None = None
    ownership_type: str = "private"
    registered_region: str | None = None
    managed_project_count: int = 0
    managed_area: int = 0
    employee_count: int = 0
    party_member_count: int = 0
    party_org_form: str | None = None
    annual_revenue: int | None = None
    credit_grade: str | None = None
    status: str | None = "active"
    is_brand: bool | None = None
    is_model: bool | None = None
    head_checked_in: bool | None = None
    charter_has_party: bool | None = None
    fees_refunded: bool | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Committee(Row):
    """One body (业委会 or 物管会); a community may have several over time."""

    community_code: str | None
    subdistrict: str
    community_name: str
    body_type: str
    body_name: str | None
    status: str
    established_date: date | None = None
    filed_date: date | None = None
    term_no: int | None = None
    term_years: int | None = None
    term_start: date | None = None
    term_end: date | None = None
    member_count: int | None = None
    party_member_count: int | None = None
    chair_is_party_member: bool | None = None
    has_seal: bool | None = None
    reported_to_party: bool | None = None
    has_common_revenue: bool | None = None
    exit_audited: bool | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party(Row):
    """What the party's work reaches: a company or a community."""

    subject_type: str
    subject_name: str
    subject_code: str | None
    party_member_count: int
    org_form: str
    org_name: str | None = None
    parent_org: str | None = None
    established_date: date | None = None
    approval_status: str | None = None
    covered_subjects: str | None = None
    agreement_signed: bool | None = None
    projects_claimed: int | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit(Row):
    """The rating of a company in one year."""

    rating_year: int
    company_name: str
    uscc: str | None
    legal_representative: str | None
    project_name: str | None
    base_score: Decimal
    bonus: Decimal
    penalty: Decimal
    total_score: Decimal
    grade: str
    list_flag: str | None
    submitted_date: date | None
    published_date: date | None
    published_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute(Row):
    """A complaint."""

    case_no: str
    source: str
    received_date: date
    community_name: str | None
    company_name: str | None
    category: str
    content: str | None
    handler: str | None
    due_date: date | None
    closed_date: date | None
    status: str
    mediation: str | None
    is_repeat: bool | None
    is_satisfied: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection(Row):
    """An inspection of one community."""

    date: date
    type: str
    department: str
    community_name: str | None
    company_name: str | None
    problems: int
    rectified: int
    fine: int | None = None
    published_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey(Row):
    """Form ``satisfaction``: the answers of one community."""

    survey_year: int
    organiser: str
    agency: str | None
    method: str
    community_code: str | None
    community_name: str
    sampled: int
    valid_answers: int
    very_satisfied: int
    satisfied: int
    fairly_satisfied: int
    neutral: int
    dissatisfied: int
    very_dissatisfied: int
    reported_rate: Decimal | None

    @property
    def satisfied_answers(self) -> int:
        return self.very_satisfied + self.satisfied + self.fairly_satisfied


@dataclass(frozen=True, slots=True, kw_only=True)
class Subdistrict(Row):
    """A township and who is in charge of property management there."""

    subdistrict: str
    has_body: bool
    body_name: str | None
    full_time: int
    part_time: int
    budget: int
    neighbourhoods: int
    communities: int
    has_mediation: bool
    has_party_alliance: bool | None = None
    has_pm_department: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood(Row):
    """A residents' committee's area."""

    subdistrict: str
    neighbourhood: str
    has_env_pm_committee: bool
    has_mediation_system: bool
    has_dispute_ledger: bool
    has_patrol_system: bool
    has_joint_meeting: bool
    has_trinity_mechanism: bool
    staff: int
    urban_rural: str
    part_time_staff: int | None = None
    has_dedicated_staff: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Row):
    """A line of the task ledger; ``task_id`` is an indicator."""

    task_id: str
    task: str
    target: str | None
    planned: Decimal | None
    actual: Decimal | None
    completion_rate: Decimal | None
    status: str
    done_date: date | None
    responsible_unit: str
    problem: str | None = None
    next_step: str | None = None
    evidence_ids: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism(Row):
    """A document that establishes what an indicator asks for."""

    indicator_id: str
    document_name: str
    document_no: str | None
    issued_date: date
    issuer: str
    is_public: bool | None = None
    url: str | None = None
    evidence_ids: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Row):
    """An item on the list of evidence."""

    evidence_id: str
    subject_ids: str
    name: str
    type: str
    date: date
    issuer: str
    pages: int
    location: str
    sha256: str
    has_personal_data: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting(Row):
    """A meeting."""

    date: date
    type: str
    level: str
    units: int
    items: int
    closed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Special(Row):
    """What only some plans want to know of a community; ``None`` for what this plan does not ask."""

    community_code: str | None
    subdistrict: str
    community_name: str
    has_owners_assembly: bool | None = None
    party_activities: int | None = None
    common_revenue_disclosed: bool | None = None
    fee_is_market: bool | None = None
    grid_managed: bool | None = None
    enforcement_covered: bool | None = None
    mediation_covered: bool | None = None
    committee_runs_well: bool | None = None
    is_improved: bool | None = None
    old_elevators: int | None = None
    assessed_elevators: int | None = None
    item_board_posted: bool | None = None
    consensus_before_listing: bool | None = None
    consensus_before_start: bool | None = None
    station_place: bool | None = None
    station_facilities: bool | None = None
    station_sign: bool | None = None
    station_flag: bool | None = None
    station_books: bool | None = None
    station_rules: bool | None = None
    room_standard_met: bool | None = None
    joint_account: bool | None = None
    third_party_rating: bool | None = None
    is_model: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Row):
    """One member of a committee, by number."""

    subdistrict: str
    community_name: str
    member_no: str
    position: str
    has_credit_file: bool
    filed_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Showcase(Row):
    """One model case."""

    case_name: str
    subdistrict: str
    subject_type: str
    is_mechanism_model: bool
    is_committee_model: bool
    is_service_model: bool
    recognised_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Total(Row):
    """Form ``summary``: a figure the district typed itself."""

    measure: str
    value: Decimal
    unit: str


ROWS: Mapping[str, type[Row]] = {
    "community": Community,
    "company": Company,
    "committee": Committee,
    "party": Party,
    "credit": Credit,
    "dispute": Dispute,
    "inspection": Inspection,
    "satisfaction": Survey,
    "subdistrict": Subdistrict,
    "neighbourhood": Neighbourhood,
    "task": Task,
    "mechanism": Mechanism,
    "evidence": Evidence,
    "meeting": Meeting,
    "special": Special,
    "member": Member,
    "showcase": Showcase,
    "summary": Total,
}
"""Form → the class of its rows."""

Rows = Mapping[str, tuple[Row, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What a district says of one period once every cell is read as it was meant; problems are planted on top of it."""

    plan_id: str
    district_code: str
    district_name: str
    period_id: str
    as_of: date
    rows: Rows
    dropped: tuple[Community, ...] = ()
    """Communities that stand, stood in an earlier ledger, and are neither listed nor explained here."""

    def of(self, form: str) -> tuple[Any, ...]:
        return self.rows.get(form, ())


@dataclass(frozen=True, slots=True)
class Raw:
    """A cell written exactly so, whatever its column's type."""

    value: str | int | float
    means: object = None
    """What it must be read as; None is nothing."""
    percent: bool = False
    """Formatted as a percentage."""


@dataclass(slots=True)
class Planted:
    """A problem put into a workbook on purpose, and what it must do to the figures."""

    rule_id: str
    """R01–R40, T1–T15, or the lower_snake name of what is wrong."""
    severity: str
    note: str
    form: str | None = None
    row: int | None = None
    """Index among the rows the form's sheet is given (rows added by a problem included, total rows not)."""
    field: str | None = None
    reads: dict[str, object] = filled_by(default_factory=dict)
    """Field → what must be read instead of the ledger's value (``WITHHELD``: nothing); empty when nothing changes.
    Holds for every row where ``row`` is None."""
    row_is: str | None = None
    """``SET_ASIDE`` when the whole row must not count."""
    entity: str | None = None
    sheet: str | None = None
    cell: str | None = None
    """A1 address, once the workbook is written."""


@dataclass(slots=True, kw_only=True)
class Submission:
    """One workbook a district sent."""

    ledger: Ledger
    version: int
    received_at: datetime
    filled: date
    file_name: str
    style: str
    note: str
    problems: tuple[str, ...] = ()
    returned: bool = False
    """The workbook lacks what it must have, so nothing of it counts."""
    planted: list[Planted] = filled_by(default_factory=list)
    typed: dict[str, list[dict[str, object]]] = filled_by(default_factory=dict)
    """Form → rows as the clerk types them: field → value; the ledger with the planted problems in it."""
    quirks: frozenset[str] = frozenset()
    """What is odd about the workbook's layout."""

    def as_read(self, form: str) -> list[dict[str, object]]:
        """The rows of a form as they must be read: planted effects applied, withheld values None, set-aside rows out.

        ``is_professional`` appears where a planted problem decides it against the mode. Nothing when returned.
        """
        if self.returned:
            return []
        rows = [
            {k: v.means if isinstance(v, Raw) else v for k, v in cells.items()} for cells in self.typed.get(form, ())
        ]
        gone: set[int] = set()
        for problem in (p for p in self.planted if p.form == form):
            touched = range(len(rows)) if problem.row is None else (problem.row,)
            for row in touched:
                rows[row].update({k: None if v == WITHHELD else v for k, v in problem.reads.items()})
            if problem.row_is == SET_ASIDE and problem.row is not None:
                gone.add(problem.row)
        return [cells for row, cells in enumerate(rows) if row not in gone]


@dataclass(slots=True)
class District:
    """One district's history."""

    code: str
    name: str
    story: str
    stood: dict[str, tuple[Community, ...]]
    """Period → every community that stood on its as-of date, listed by the district or not; building sites included."""
    submissions: list[Submission]

    def effective(self, period_id: str, known_at: datetime | None = None) -> Submission | None:
        """The newest submission of the period that was not returned, of those received by ``known_at``."""
        accepted = [
            s
            for s in self.submissions
            if s.ledger.period_id == period_id and not s.returned and (known_at is None or s.received_at <= known_at)
        ]
        return max(accepted, key=lambda s: (s.received_at, s.file_name), default=None)
