"""The district's earlier ledgers, as they were known when a workbook arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.intake.records import read_submissions, record_path
from pipelines.intake.rules.ledgers import COLUMNS, Ledger
from pipelines.plans import Plan

Order = tuple[datetime, date, str]
"""In which order workbooks are judged: as received; what came at once, in the order of periods; then by file name."""


@dataclass(frozen=True)
class Earlier:
    """One earlier ledger: where its records are."""

    submission_id: str
    period: str
    as_of: date


@dataclass(frozen=True)
class Version:
    """Another version of a ledger: when it came and under what name."""

    submission_id: str
    received_at: datetime
    file_name: str


class History:
    """Which submissions of which district were accepted, and their communities."""

    def __init__(self, records: Path, plans: Mapping[str, Plan]) -> None:
        self.records, self.plans = records, plans
        self._accepted: dict[tuple[str, str], list[tuple[Order, str, str]]] = {}
        self._received: dict[tuple[str, str, str], list[Version]] = {}
        """Every version of a ledger, returned ones too."""
        self._key_of: dict[str, tuple[str, str, str]] = {}
        columns = ["submission_id", "plan_id", "district_code", "period_id", "received_at", "file_name", "status"]
        for submission in read_submissions(records, columns):
            self.add(submission)

    def add(self, submission: Mapping[str, Any]) -> None:
        """Take a submission into account; figures and comparisons are about accepted ones alone."""
        order = self.order(submission)
        if order:
            key = submission["plan_id"], submission["district_code"], submission["period_id"]
            self._received.setdefault(key, []).append(_version(submission))
            self._key_of[submission["submission_id"]] = key
        if submission["status"] != "returned" and order:
            place = submission["plan_id"], submission["district_code"]
            self._accepted.setdefault(place, []).append((order, submission["period_id"], submission["submission_id"]))

    def discard(self, submission_id: str) -> None:
        """Forget a submission that is judged anew."""
        for known in self._accepted.values():
            known[:] = [entry for entry in known if entry[2] != submission_id]
        if key := self._key_of.pop(submission_id, None):
            versions = self._received[key]
            versions[:] = [version for version in versions if version.submission_id != submission_id]

    def order(self, submission: Mapping[str, Any]) -> Order | None:
        """None when the plan or period is not known here."""
        plan = self.plans.get(submission["plan_id"] or "")
        period = next((p for p in plan.periods if p.id == submission["period_id"]), None) if plan else None
        return (submission["received_at"], period.as_of, submission["file_name"]) if period else None

    def earlier(self, submission: Mapping[str, Any]) -> list[Earlier]:
        """The effective ledger of each earlier period, in the order of time, of those received before this one."""
        order = self.order(submission)
        plan = self.plans.get(submission["plan_id"] or "")
        if order is None or plan is None:
            return []
        before = {period.id: period for period in plan.periods if period.as_of < order[1]}
        newest: dict[str, tuple[tuple[datetime, str], str]] = {}
        for other, period_id, submission_id in self._accepted.get((plan.id, submission["district_code"]), ()):
            if period_id in before and other < order:
                rank = (other[0], other[2]), submission_id
                newest[period_id] = max(newest.get(period_id, rank), rank)
        found = (Earlier(newest[p.id][1], p.name.zh, p.as_of) for p in before.values() if p.id in newest)
        return sorted(found, key=lambda earlier: earlier.as_of)

    def replaced(self, submission: Mapping[str, Any]) -> Version | None:
        """The version that this one replaces: the newest accepted one of those received before it."""
        known = self._versions(submission)
        return max((v for v in known if _turn(v) < _turn(_version(submission))), key=_turn, default=None)

    def replaced_by(self, submission: Mapping[str, Any]) -> Version | None:
        """The version that replaces this one: the first accepted one of those received after it."""
        known = self._versions(submission)
        return min((v for v in known if _turn(v) > _turn(_version(submission))), key=_turn, default=None)

    def before(self, submission: Mapping[str, Any]) -> Version | None:
        """The version that the district sent before this one, be it that it was returned."""
        key = submission["plan_id"], submission["district_code"], submission["period_id"]
        this = _version(submission)
        others = (v for v in self._received.get(key, ()) if v.submission_id != this.submission_id)
        return max((v for v in others if _turn(v) < _turn(this)), key=_turn, default=None)

    def knows(self, submission: Mapping[str, Any]) -> bool:
        """Whether this very submission was accepted before."""
        return any(version.submission_id == submission["submission_id"] for version in self._versions(submission))

    def _versions(self, submission: Mapping[str, Any]) -> list[Version]:
        """The accepted versions of the same ledger."""
        place = submission["plan_id"], submission["district_code"]
        same = (o for o in self._accepted.get(place, ()) if o[1] == submission["period_id"])
        return [Version(submission_id, order[0], order[2]) for order, _, submission_id in same]

    def is_first_period(self, submission: Mapping[str, Any]) -> bool:
        """Whether the plan has no earlier period to compare with."""
        order, plan = self.order(submission), self.plans.get(submission["plan_id"] or "")
        return order is not None and plan is not None and all(p.as_of >= order[1] for p in plan.periods)


def _version(submission: Mapping[str, Any]) -> Version:
    return Version(submission["submission_id"], submission["received_at"], submission["file_name"])


def _turn(version: Version) -> tuple[datetime, str, str]:
    """In which order versions follow each other: as received, then by file name."""
    return version.received_at, version.file_name, version.submission_id


def read_ledgers(records: Path, earlier: Iterable[Earlier]) -> list[Ledger]:
    """The communities of earlier ledgers."""
    ledgers = []
    for one in earlier:
        path = record_path(records, "community", one.submission_id)
        if path.exists():
            rows = pl.read_parquet(path, columns=list(COLUMNS)).to_dicts()
            ledgers.append(Ledger(one.period, one.as_of, rows))
    return ledgers
