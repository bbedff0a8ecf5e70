"""The districts' ledgers told otherwise, to the product and to the calculation by hand alike.

Stories are tidy: what they never tell, no comparison of them can find. So the records of a finished intake are bent
afterwards: ledgers that never came, sheets that were not given, communities left out, cells that are blank or say
something else. The same is done to the truth, row by row, so both sides must still agree on every figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from pipelines.samples import District
from pipelines.samples.truth import Ledger
from tests.independent.account import Cells

NEVER_SENT, NOT_GIVEN, LEFT_OUT, BENT = 0.1, 0.08, 0.06, 0.08
"""How likely a ledger never came, a sheet was not given, a row was left out, a cell says something else."""
PARTY_FORMS = ("own", "joint", "attached", "grid", "working_group", "instructor", "none")
PROFESSIONAL = "professional_market"
MODES = (PROFESSIONAL, "quasi_residents_committee", "none", "unknown")


@dataclass(frozen=True)
class Retold:
    """A submission of which every cell is already read."""

    ledger: Ledger
    received_at: datetime
    file_name: str
    returned: bool
    typed: Mapping[str, list[Cells]]

    def as_read(self, form: str) -> list[Cells]:
        return self.typed.get(form, [])


def one_of(*words: Any) -> Callable[[Random, Any], Any]:
    return lambda rng, was: rng.choice(words)


def about(was_blank: int, spread: int) -> Callable[[Random, Any], Any]:
    """A whole number near the old one, or nothing."""
    return lambda rng, was: None if rng.random() < 0.2 else max(0, (was or was_blank) + rng.randint(-spread, spread))


def some_day(rng: Random, was: date | None) -> date | None:
    """A day near the old one, or nothing."""
    return None if was is None or rng.random() < 0.3 else was + timedelta(days=rng.randint(-500, 500))


FLAG = one_of(True, False, None)
BENDS: Mapping[str, Mapping[str, Callable[[Random, Any], Any]]] = {
    "community": {
        "construction_status": one_of("completed", "under_construction"),
        "delivered_date": some_day,
        "completed_date": some_day,
        "is_new_build": FLAG,
        "is_old_community": FLAG,
        "renovation_status": one_of("not_planned", "in_progress", "completed", None),
        "households": about(100, 80),
        "floor_area_sqm": lambda rng, was: rng.choice([None, 19_999, 20_000, Decimal("20000.01"), 8_000]),
        "management_mode": one_of(*MODES),
        "contract_start": some_day,
        "contract_end": some_day,
        "contract_filed": FLAG,
        "fee_collection_rate": lambda rng, was: rng.choice([None, Decimal("62.5"), Decimal("79.96"), Decimal(100)]),
        "disclosure_done": FLAG,
        "committee_status_typed": one_of("formed", "preparing", "none", "term_expired", None),
        "has_party_branch": FLAG,
        "building_steward": FLAG,
    },
    "committee": {
        "body_type": one_of("owners_committee", "pm_committee", "owners_assembly"),
        "status": one_of("formed", "term_expired", "re_election", "preparing", "suspended", "dissolved", "none"),
        "established_date": some_day,
        "filed_date": some_day,
        "term_start": some_day,
        "term_end": some_day,
        "member_count": about(5, 5),
        "party_member_count": about(2, 3),
        "reported_to_party": FLAG,
        "has_common_revenue": FLAG,
        "exit_audited": FLAG,
    },
    "company": {
        "status": one_of("active", "exited", "deregistered", None),
        "party_org_form": one_of(*PARTY_FORMS, None),
        "annual_revenue": lambda rng, was: rng.choice([None, 99_999_999, 100_000_000, 250_000_000]),
        "ownership_type": one_of("state", "private", "collective", None),
        **dict.fromkeys(("is_brand", "is_model", "head_checked_in", "charter_has_party", "fees_refunded"), FLAG),
    },
    "party": {
        "org_form": one_of(*PARTY_FORMS),
        "agreement_signed": FLAG,
        "projects_claimed": about(2, 2),
    },
    "subdistrict": {
        "has_body": FLAG,
        "full_time": one_of(0, 1, None),
        "part_time": one_of(0, 1, None),
        "budget": one_of(0, 20_000, None),
        **dict.fromkeys(("has_mediation", "has_party_alliance", "has_pm_department"), FLAG),
    },
    "neighbourhood": {
        "part_time_staff": one_of(0, 1, 2, 3, None),
        "urban_rural": one_of("urban", "rural", None),
        **dict.fromkeys(
            (
                "has_env_pm_committee",
                "has_mediation_system",
                "has_dispute_ledger",
                "has_patrol_system",
                "has_joint_meeting",
                "has_trinity_mechanism",
                "has_dedicated_staff",
            ),
            FLAG,
        ),
    },
    "special": {
        "party_activities": one_of(0, 1, None),
        "old_elevators": one_of(0, 2, 3, None),
        "assessed_elevators": one_of(0, 2, 4, None),
        **dict.fromkeys(
            (
                "has_owners_assembly",
                "common_revenue_disclosed",
                "fee_is_market",
                "grid_managed",
                "enforcement_covered",
                "mediation_covered",
                "committee_runs_well",
                "is_improved",
                "item_board_posted",
                "consensus_before_listing",
                "consensus_before_start",
                "station_place",
                "station_facilities",
                "station_sign",
                "station_flag",
                "station_books",
                "station_rules",
                "room_standard_met",
                "joint_account",
                "third_party_rating",
                "is_model",
            ),
            FLAG,
        ),
    },
    "member": {"has_credit_file": FLAG},
    "showcase": dict.fromkeys(("is_mechanism_model", "is_committee_model", "is_service_model"), FLAG),
    "dispute": {
        "source": one_of("hotline_12345", "neighbourhood", "subdistrict", None),
        "status": one_of("closed", "open", "extended", None),
        "due_date": some_day,
        "closed_date": some_day,
        "is_repeat": FLAG,
    },
    "inspection": {"type": one_of("double_random", "special", "routine")},
    "satisfaction": {
        "organiser": one_of("third_party", "authority", "self"),
        "valid_answers": about(5, 4),
        "very_satisfied": about(1, 3),
        "satisfied": about(1, 3),
        "fairly_satisfied": about(1, 3),
    },
    "credit": {"list_flag": one_of("red", "black", "none", None), "submitted_date": some_day},
    "task": {
        "status": one_of("done", "in_progress", "not_started", None),
        "done_date": some_day,
        "planned": one_of(0, 3, None),
        "actual": one_of(0, 2, 5, None),
    },
    "mechanism": {"issued_date": some_day, "document_name": one_of(None), "document_no": one_of(None)},
    "evidence": {},
    "meeting": {"type": one_of("regular", "dispatch", "joint_meeting"), "date": some_day},
}
"""Form → field → what else it may say. What identifies a row stays as it is."""


def retell(districts: list[District], records: Path, rng: Random) -> list[District]:
    """Bend the records in place, and give back the districts as they tell it then. Intake has to have read them all."""
    plan_id = districts[0].submissions[0].ledger.plan_id
    known = pl.read_parquet(records / "submission" / "*.parquet").filter(pl.col("plan_id") == plan_id)
    names = {(row["district_code"], row["received_at"]): row["submission_id"] for row in known.iter_rows(named=True)}
    found = []
    for district in districts:
        told = []
        for submission in district.submissions:
            name = names[district.code, submission.received_at]
            read = {form: submission.as_read(form) for form in submission.typed}
            if rng.random() < NEVER_SENT:
                (records / "submission" / f"{name}.parquet").unlink()
                continue
            if not submission.returned:
                read = _bent(read, records, name, rng)
            told.append(
                Retold(submission.ledger, submission.received_at, submission.file_name, submission.returned, read)
            )
        found.append(replace(district, submissions=told))
    return found


def _bent(read: dict[str, list[Cells]], records: Path, name: str, rng: Random) -> dict[str, list[Cells]]:
    """One ledger's sheets, some of them not given, with rows left out and cells that say something else."""
    kept: dict[str, list[Cells]] = {}
    gone = {form for form in read if form != "community" and rng.random() < NOT_GIVEN}
    for form, rows in read.items():
        file = records / form / f"{name}.parquet"
        if form in gone:
            file.unlink(missing_ok=True)
            continue
        kept[form] = rows
        if rows and form in BENDS:
            frame = pl.read_parquet(file)
            assert frame.height == len(rows), f"{name} {form}: {frame.height} records of {len(rows)} rows"
            kept[form], frame = _bent_rows(form, rows, frame, rng)
            frame.write_parquet(file)
    told = records / "submission" / f"{name}.parquet"
    frame = pl.read_parquet(told)
    forms = [form for form in frame["forms"].item().to_list() if form not in gone]
    frame.with_columns(forms=pl.Series([forms], dtype=frame.schema["forms"])).write_parquet(told)
    return kept


def _bent_rows(form: str, rows: list[Cells], frame: pl.DataFrame, rng: Random) -> tuple[list[Cells], pl.DataFrame]:
    """The rows and their records after the same changes."""
    records = frame.to_dicts()
    kept = [place for place in range(len(rows)) if rng.random() >= LEFT_OUT]
    bent = []
    for place in kept:
        cells, record = dict(rows[place]), records[place]
        for field, bend in BENDS[form].items():
            if rng.random() >= BENT or field not in cells:
                continue
            cells[field] = bend(rng, cells[field])
            if cells[field] == PROFESSIONAL and not cells["company_name"]:
                cells[field] = "quasi_basic"  # who serves it must be named (R08): intake would see to that
            record[field] = cells[field]
            if f"{field}_precision" in record:
                record[f"{field}_precision"] = None if cells[field] is None else "day"
        bent.append(cells)
    made = pl.DataFrame([records[place] for place in kept], schema=frame.schema, orient="row")
    return bent, made
