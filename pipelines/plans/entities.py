"""What can be counted, and the columns that conditions in plan files may use.

Each entity is one row per thing, district and period in the warehouse (``int_<entity>``), with exactly these columns.
``needs`` of a column names the form fields it comes from (``form.field``, alternatives joined by ``|``): where one of
them is absent from a workbook, the column is unknown and so is every indicator that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

SqlType = Literal["VARCHAR", "BIGINT", "DECIMAL(18,2)", "DOUBLE", "BOOLEAN", "DATE"]

FORM_NAMES = (
    "community",
    "company",
    "committee",
    "party",
    "credit",
    "dispute",
    "inspection",
    "satisfaction",
    "subdistrict",
    "neighbourhood",
    "task",
    "mechanism",
    "evidence",
    "meeting",
    "special",
    "member",
    "showcase",
    "summary",
)
"""Every kind of sheet a period may ask for."""


@dataclass(frozen=True)
class Column:
    """A column that conditions may use: its name, SQL type, meaning, its allowed words and the fields behind it."""

    name: str
    type: SqlType
    meaning: str
    values: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    optional: bool = False
    """Where its fields are absent nothing was recorded, and an indicator that uses it is answered all the same."""


@dataclass(frozen=True)
class Measure:
    """SQL expressions summed over the rows above and below the line; '1' counts rows."""

    numerator: str
    denominator: str


@dataclass(frozen=True)
class Entity:
    """Rows that indicators count. ``bases``: what is summed unless the plan says otherwise, the main basis first."""

    name: str
    meaning: str
    form: str | None
    bases: dict[str, Measure]
    columns: tuple[Column, ...]

    @property
    def main_basis(self) -> str:
        return next(iter(self.bases))

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name.lower()), None)

    def columns_used(self, *expressions: str | None) -> Iterator[Column]:
        """The documented columns that occur in SQL expressions, once each, in the entity's order."""
        code = " ".join(re.sub(r"'[^']*'", "", text) for text in expressions if text)
        words = set(re.findall(r"[a-z_]\w*", code.lower()))
        return (c for c in self.columns if c.name in words)


_COUNT = Measure("1", "1")


def _entity(
    name: str, meaning: str, form: str | None, bases: str | dict[str, Measure], columns: tuple[Column, ...]
) -> Entity:
    return Entity(name, meaning, form, {bases: _COUNT} if isinstance(bases, str) else bases, columns)


def _text(name: str, meaning: str, *values: str, needs: tuple[str, ...] = ()) -> Column:
    return Column(name, "VARCHAR", meaning, values, needs)


def _flag(name: str, meaning: str, *needs: str) -> Column:
    return Column(name, "BOOLEAN", meaning, (), needs)


def _number(name: str, meaning: str, *needs: str) -> Column:
    return Column(name, "BIGINT", meaning, (), needs)


def _amount(name: str, meaning: str, *needs: str) -> Column:
    return Column(name, "DECIMAL(18,2)", meaning, (), needs)


def _day(name: str, meaning: str, *needs: str) -> Column:
    return Column(name, "DATE", meaning, (), needs)


MANAGEMENT_MODES = (
    "professional_market",
    "professional_state",
    "quasi_residents_committee",
    "quasi_social_org",
    "quasi_owner_self",
    "quasi_unit",
    "quasi_basic",
    "none",
    "unknown",
)
BODY_TYPES = ("owners_committee", "pm_committee", "owners_assembly")
BODY_STATUSES = ("none", "preparing", "formed", "term_expired", "re_election", "suspended", "dissolved")
PARTY_FORMS = ("own", "joint", "attached", "grid", "working_group", "instructor", "none")
LIST_FLAGS = ("red", "black", "none")
DISPUTE_SOURCES = ("hotline_12345", "hotline_12319", "petition", "neighbourhood", "subdistrict", "online", "court")
DISPUTE_CATEGORIES = (
    "performance",
    "facilities",
    "fees",
    "parking",
    "public_income",
    "committee",
    "maintenance_fund",
    "illegal_building",
    "fire_safety",
    "other",
)
EVIDENCE_TYPES = ("document", "minutes", "filing", "contract", "photo", "screenshot", "ledger", "report", "link")


def _special_columns() -> tuple[Column, ...]:
    """What only some plans ask of a community: its row in 小区专项情况. Null where the sheet has no row for it."""

    def flag(name: str, meaning: str) -> Column:
        return _flag(name, meaning, f"special.{name}")

    stations = ("place", "facilities", "sign", "flag", "books", "rules")
    return (
        flag("has_owners_assembly", "an owners' assembly has been set up"),
        Column(
            "party_activities",
            "BIGINT",
            "activities of its party organisation in the year; null where none are recorded",
            needs=("special.party_activities",),
            optional=True,
        ),
        flag("common_revenue_disclosed", "income and spending of common parts are published"),
        flag("fee_is_market", "fees are agreed on the market"),
        flag("grid_managed", "under grid management"),
        flag("enforcement_covered", "urban enforcement works in the community"),
        flag("mediation_covered", "mediation of disputes reaches the community"),
        flag("committee_runs_well", "its committee works by the rules"),
        flag("is_improved", "management has visibly improved"),
        _number("old_elevators", "old lifts", "special.old_elevators"),
        _number("assessed_elevators", "old lifts whose safety has been assessed", "special.assessed_elevators"),
        flag("item_board_posted", "a board lists what is enforced there"),
        flag("consensus_before_listing", "owners agreed on upkeep before renovation was planned"),
        flag("consensus_before_start", "owners agreed on management and fees before work began"),
        _number("station_haves", "of the six things its service station must have, those it has",
                *(f"special.station_{thing}" for thing in stations)),
        flag("room_standard_met", "rooms for the service are as large as prescribed"),
        flag("joint_account", "common income is on a joint account"),
        flag("third_party_rating", "a third party rated the service in the year"),
        _flag("is_model", "recognised as a model community at municipal level", "special.is_model"),
    )  # fmt: skip


ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        _entity(
            "community",
            "one residential community or single building of the register",
            "community",
            {
                "communities": _COUNT,
                "households": Measure("households", "households"),
                "floor_area": Measure("floor_area_sqm", "floor_area_sqm"),
            },
            (
                _text("community_name", "name as reported"),
                _text("subdistrict", "street, town or sumu"),
                _text("unit_type", "kind of unit", "community", "single_building", "building_group"),
                _text(
                    "property_type",
                    "kind of housing",
                    "commodity",
                    "affordable",
                    "reformed",
                    "public_rental",
                    "resettlement",
                    "self_built",
                    "mixed",
                ),
                _text("construction_status", "state of construction", "completed", "under_construction"),
                _flag("is_completed", "built or delivered, or no status and a past delivery date"),
                _flag("is_reported", "in the district's own list of the period"),
                _flag(
                    "is_new_build",
                    "delivered on or after the plan's cut-off when the date is known, else the typed flag",
                    "community.delivered_date|community.is_new_build",
                ),
                _flag("is_old_community", "listed as an old community", "community.is_old_community"),
                _text(
                    "renovation_status",
                    "state of an old community's renovation",
                    "not_planned",
                    "planned",
                    "in_progress",
                    "completed",
                    needs=("community.renovation_status",),
                ),
                _flag(
                    "is_renovated_old",
                    "old community whose renovation is completed; once true it stays so",
                    "community.is_old_community",
                    "community.renovation_status",
                ),
                _number("households", "households"),
                _amount("floor_area_sqm", "floor area, ㎡"),
                _text("management_mode", "how the community is managed", *MANAGEMENT_MODES),
                _flag("has_management", "managed in any mode: neither none nor unknown"),
                _flag("is_professional", "served by a property-management company"),
                _day("contract_start", "service contract from", "community.contract_start"),
                _day("contract_end", "service contract to", "community.contract_end"),
                _flag("contract_filed", "service contract is on file", "community.contract_filed"),
                _flag("has_current_contract", "contract in force on the as-of date", "community.contract_end"),
                _flag("disclosure_done", "service information is on public display", "community.disclosure_done"),
                _day("disclosure_date", "date of the display", "community.disclosure_date"),
                _amount("fee_standard", "fee, yuan per ㎡ and month", "community.fee_standard"),
                Column(
                    "fee_collection_rate",
                    "DOUBLE",
                    "fees collected of fees due, percent",
                    (),
                    ("community.fee_collection_rate",),
                ),
                _flag("has_committee", "at least one body that the plan counts"),
                _flag("has_committee_strict", "at least one counted body that is on file and within its term"),
                _text("committee_type", "the body that counts", *BODY_TYPES),
                _flag("has_party_org", "covered by a party organisation"),
                _flag("has_party_branch", "has a party branch of its own", "community.has_party_branch"),
                _flag("has_party_work", "has an organisation, an instructor or a working group"),
                _flag("building_steward", "building stewards are in place", "community.building_steward"),
                _number("building_count", "buildings", "community.building_count"),
                *_special_columns(),
            ),
        ),
        _entity(
            "committee",
            "one owners' body of a community: owners' committee, property-management committee or owners' assembly",
            "committee",
            "bodies",
            (
                _text("body_type", "kind of body", *BODY_TYPES),
                _text("status", "state of the body", *BODY_STATUSES),
                _flag("is_counted", "a kind and state that the plan counts, established by the as-of date"),
                _flag("is_filed", "filed by the as-of date", "committee.filed_date"),
                _flag("is_in_term", "term not ended by the as-of date", "committee.term_end"),
                _day("filed_date", "date of filing", "committee.filed_date"),
                _day("term_end", "last day of the term", "committee.term_end"),
                _number("member_count", "members", "committee.member_count"),
                _number("party_member_count", "members who belong to the party", "committee.party_member_count"),
                _flag("has_seal", "has its seal", "committee.has_seal"),
                _flag("chair_is_party_member", "chaired by a party member", "committee.chair_is_party_member"),
                _day("established_date", "established on", "committee.established_date"),
                _day("term_start", "first day of the term", "committee.term_start"),
                _flag(
                    "reported_to_party", "its chair reported to the party in the year", "committee.reported_to_party"
                ),
                _flag("has_common_revenue", "common parts earn money", "committee.has_common_revenue"),
                _flag("exit_audited", "audited at re-election or departure", "committee.exit_audited"),
            ),
        ),
        _entity(
            "company",
            "one property-management company working in the district",
            "company",
            "companies",
            (
                _text("status", "whether it works here", "active", "exited", "deregistered"),
                _flag("is_active", "active, or no status"),
                _number("party_member_count", "employees who belong to the party", "company.party_member_count"),
                _text(
                    "party_org_form",
                    "how the party reaches it",
                    *PARTY_FORMS,
                    needs=("company.party_org_form|party.org_form",),
                ),
                _flag(
                    "has_party_org",
                    "own, joint, attached or grid organisation",
                    "company.party_org_form|party.org_form",
                ),
                _flag(
                    "has_party_work_coverage",
                    "has an organisation, an instructor or a working group",
                    "company.party_org_form|party.org_form",
                ),
                _number("managed_project_count", "communities it manages", "company.managed_project_count"),
                _amount("managed_area_sqm", "floor area it manages, ㎡", "company.managed_area"),
                _number("employee_count", "employees", "company.employee_count"),
                _amount("annual_revenue_yuan", "annual revenue, yuan", "company.annual_revenue"),
                _text("credit_grade", "credit grade as published", needs=("company.credit_grade",)),
                _text(
                    "ownership_type",
                    "whose it is",
                    "state",
                    "private",
                    "collective",
                    "other",
                    needs=("company.ownership_type",),
                ),
                _flag("is_brand", "recognised as a brand company", "company.is_brand"),
                _flag("is_model", "recognised as a model company at municipal level", "company.is_model"),
                _flag("head_checked_in", "its head has reported to the neighbourhood", "company.head_checked_in"),
                _flag("charter_has_party", "party building stands in its articles", "company.charter_has_party"),
                _flag("fees_refunded", "party dues are refunded in full", "company.fees_refunded"),
            ),
        ),
        _entity(
            "survey",
            "one satisfaction survey in one community",
            "satisfaction",
            "answers",
            (
                _number("survey_year", "year of the survey"),
                _text("organiser", "who ran it", "third_party", "authority", "self"),
                _flag("is_third_party", "run by a third party"),
                _number("valid_answers", "valid answers"),
                _number("satisfied_answers", "very satisfied, satisfied and fairly satisfied; neutral is not"),
                _number("households", "households of the community"),
            ),
        ),
        _entity(
            "subdistrict",
            "one street, town or sumu",
            "subdistrict",
            "bodies",
            (
                _flag("has_body", "a body in charge of property management is named", "subdistrict.has_body"),
                _number("full_time", "full-time staff", "subdistrict.full_time"),
                _number("part_time", "part-time staff", "subdistrict.part_time"),
                _number("staff", "full-time and part-time staff", "subdistrict.full_time|subdistrict.part_time"),
                _amount("budget_yuan", "working budget, yuan", "subdistrict.budget"),
                _flag(
                    "is_qualified",
                    "body, staff and budget are all there",
                    "subdistrict.has_body",
                    "subdistrict.full_time|subdistrict.part_time",
                    "subdistrict.budget",
                ),
                _flag("has_mediation", "has a mediation organisation", "subdistrict.has_mediation"),
                _flag("has_party_alliance", "a party-building alliance exists", "subdistrict.has_party_alliance"),
                _flag("has_pm_department", "a department of its own is in charge", "subdistrict.has_pm_department"),
            ),
        ),
        _entity(
            "neighbourhood",
            "one neighbourhood (residents' committee area)",
            "neighbourhood",
            "bodies",
            (
                _flag(
                    "has_env_pm_committee",
                    "has an environment and property-management committee",
                    "neighbourhood.has_env_pm_committee",
                ),
                _flag("has_mediation_system", "has a mediation system", "neighbourhood.has_mediation_system"),
                _flag("has_dispute_ledger", "keeps and closes a dispute ledger", "neighbourhood.has_dispute_ledger"),
                _flag("has_patrol_system", "has daily patrols with notices", "neighbourhood.has_patrol_system"),
                _flag("has_joint_meeting", "holds joint meetings", "neighbourhood.has_joint_meeting"),
                _flag("has_trinity_mechanism", "has the three-in-one mechanism", "neighbourhood.has_trinity_mechanism"),
                _number("staff", "staff for property management", "neighbourhood.staff"),
                _number("part_time_staff", "part-time staff", "neighbourhood.part_time_staff"),
                _flag("has_dedicated_staff", "somebody does nothing else", "neighbourhood.has_dedicated_staff"),
                _text("urban_rural", "urban or rural", "urban", "rural", needs=("neighbourhood.urban_rural",)),
            ),
        ),
        _entity(
            "dispute",
            "one complaint or dispute",
            "dispute",
            "occasions",
            (
                _text("source", "where it came in", *DISPUTE_SOURCES),
                _text("status", "how far it is", "closed", "open", "extended", "returned", "duplicate"),
                _flag("is_due", "its time limit has passed by the as-of date", "dispute.due_date"),
                _flag("is_closed_on_time", "closed within its time limit", "dispute.due_date", "dispute.closed_date"),
                _flag("is_repeat", "repeats an earlier case"),
                _flag("is_satisfied", "the caller was satisfied", "dispute.is_satisfied"),
                _text("category", "what it is about", *DISPUTE_CATEGORIES),
            ),
        ),
        _entity(
            "inspection",
            "one inspection",
            "inspection",
            "occasions",
            (
                _text("type", "kind of inspection", "double_random", "special", "routine"),
                _flag("is_double_random", "place and inspector drawn by lot", "inspection.type"),
                _text("company_list_flag", "the inspected company's place on the red and black list", *LIST_FLAGS),
                _number("problems", "problems found", "inspection.problems"),
                _number("rectified", "problems put right", "inspection.rectified"),
            ),
        ),
        _entity(
            "credit",
            "one credit rating of a company or project in one year",
            "credit",
            "companies",
            (
                _number("rating_year", "year rated"),
                _text("grade", "credit grade", needs=("credit.grade",)),
                _text("list_flag", "red list, black list or neither", *LIST_FLAGS, needs=("credit.list_flag",)),
                _day("submitted_date", "reported to the city on", "credit.submitted_date"),
                _day("published_date", "published on", "credit.published_date"),
            ),
        ),
        _entity(
            "task",
            "one numbered row of the task ledger",
            "task",
            "occasions",
            (
                _text("task_id", "the indicator it reports on"),
                _amount("planned", "planned amount"),
                _amount("actual", "amount done"),
                _text("status", "how far it is", "done", "in_progress", "not_started", "delayed"),
                _flag("is_done", "reported as done"),
                _day("done_date", "done on", "task.done_date"),
            ),
        ),
        _entity(
            "commitment",
            "one thing a district must establish or issue",
            "mechanism",
            "districts",
            (
                _flag("is_done", "proven by a document on the list, or done by the task ledger"),
                _day("done_date", "earliest proof"),
                _text("document_no", "number of the document"),
                _flag("has_document", "a document with name or number was issued by the as-of date"),
                _flag("has_task", "the task ledger has a row for it"),
                _number("evidence_count", "items of evidence listed for it"),
            ),
        ),
        _entity(
            "occasion",
            "one date by which something recurrent was due",
            None,
            "occasions",
            (
                _flag("is_done", "it happened, on time or late"),
                _flag("is_on_time", "it happened by its date"),
                _number("days_late", "days after the date"),
            ),
        ),
        _entity(
            "party",
            "one row of the party-building sheet",
            "party",
            "bodies",
            (
                _text("subject_type", "what is covered", "community", "company", "committee", "industry"),
                _text("org_form", "how it is covered", *PARTY_FORMS),
                _number("party_member_count", "party members", "party.party_member_count"),
                _flag("has_party_org", "own, joint, attached or grid organisation"),
                _flag("has_party_work_coverage", "has an organisation, an instructor or a working group"),
                _flag("agreement_signed", "co-building agreement is signed", "party.agreement_signed"),
                _number("projects_claimed", "service projects taken on", "party.projects_claimed"),
            ),
        ),
        _entity(
            "meeting",
            "one meeting",
            "meeting",
            "occasions",
            (
                _day("date", "held on"),
                _text("type", "kind of meeting", "joint_meeting", "dispatch", "regular", "special"),
                _text(
                    "level",
                    "at which level",
                    "city",
                    "district",
                    "subdistrict",
                    "neighbourhood",
                    needs=("meeting.level",),
                ),
                _number("units", "units present", "meeting.units"),
                _number("items", "items discussed", "meeting.items"),
                _number("closed", "items settled", "meeting.closed"),
            ),
        ),
        _entity(
            "member",
            "one member of an owners' committee",
            "member",
            "persons",
            (
                _text("position", "place in the committee", needs=("member.position",)),
                _flag("has_credit_file", "a credit file is kept"),
                _day("filed_date", "the file was opened on", "member.filed_date"),
            ),
        ),
        _entity(
            "showcase",
            "one model case",
            "showcase",
            "occasions",
            (
                _text(
                    "subject_type",
                    "what is exemplary",
                    "community",
                    "company",
                    "committee",
                    "neighbourhood",
                    needs=("showcase.subject_type",),
                ),
                _flag("is_mechanism_model", "its conferring mechanism is exemplary", "showcase.is_mechanism_model"),
                _flag("is_committee_model", "its committee is exemplary", "showcase.is_committee_model"),
                _flag("is_service_model", "its service is exemplary", "showcase.is_service_model"),
                _day("recognised_date", "recognised on", "showcase.recognised_date"),
            ),
        ),
        _entity(
            "evidence",
            "one item of evidence",
            "evidence",
            "occasions",
            (
                _text("type", "kind of item", *EVIDENCE_TYPES, needs=("evidence.type",)),
                _day("date", "made on", "evidence.date"),
                _number("pages", "pages", "evidence.pages"),
                _flag("has_personal_data", "said to hold personal data", "evidence.has_personal_data"),
            ),
        ),
    )
}

WORKED_OUT: dict[str, dict[str, str]] = {
    "community": {
        "is_completed": "community.construction_status community.delivered_date community.completed_date",
        "has_management": "community.management_mode",
        "is_professional": "community.management_mode community.company_name",
        "has_committee": (
            "committee.body_type committee.status committee.established_date community.committee_status_typed"
        ),
        "has_committee_strict": "committee.status committee.filed_date committee.term_end",
        "has_party_org": "party.subject_type party.org_form community.has_party_branch",
        "has_party_work": "party.subject_type party.org_form community.has_party_branch",
    },
    "committee": {"is_counted": "committee.body_type committee.status committee.established_date"},
    "company": {"is_active": "company.status"},
    "survey": {
        "is_third_party": "satisfaction.organiser",
        "satisfied_answers": "satisfaction.very_satisfied satisfaction.satisfied satisfaction.fairly_satisfied",
        "households": "community.households",
    },
    "dispute": {"is_repeat": "dispute.is_repeat"},
    "inspection": {"company_list_flag": "inspection.company_name credit.company_name credit.list_flag"},
    "commitment": {
        "is_done": "mechanism.indicator_id mechanism.document_name mechanism.issued_date task.task_id task.status",
    },
}
"""Where columns come from that are worked out of others, and whose absence does not leave an indicator without data:
entity → column → ``form.field``. The others bear the name of a field of their entity's form."""


def origins(entity: Entity, column: Column) -> tuple[str, ...]:
    """The ``form.field`` of everything a column rests on."""
    if told := WORKED_OUT.get(entity.name, {}).get(column.name):
        return tuple(told.split())
    if column.needs:
        return tuple(name for need in column.needs for name in need.split("|"))
    return (f"{entity.form}.{column.name}",) if entity.form else ()
