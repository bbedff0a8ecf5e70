"""The register as analysts should see it now: every community with its record in force, and what they decided so far.

Worked out from the records and the decision files as they are, so that a decision shows as soon as it is typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pipelines.plans import tables
from pipelines.plans.model import Plan
from pipelines.settings import Workspace
from pipelines.warehouse import decisions, register, snapshot
from pipelines.warehouse.proposals_inputs import standing


@dataclass(frozen=True)
class Standing:
    """The register's last state.

    ``communities``: ``proposals.INPUT_SCHEMA`` with ``period_id`` (the plan's last started one), ``last_period`` and
    ``fate``. ``decisions``: ``decisions.DECISION_SCHEMA`` with ``is_applied``.
    """

    communities: pl.DataFrame
    decisions: pl.DataFrame


def read(ws: Workspace, plans: Mapping[str, Plan], now: datetime) -> Standing:
    """Everything as known now. Raises DecisionError when a decision file can't be used."""
    in_force = snapshot.effective(snapshot.received(ws), plans).filter("is_effective")
    records = snapshot.communities(ws, in_force["submission_id"])
    periods = tables.frames(plans)["period"]
    made = register.build(
        records,
        periods,
        in_force.select("plan_id", "district_code", "period_id"),
        now.date(),
        decisions.read_decisions(ws.register, plans),
    )
    return Standing(standing(made.register, records, periods), made.decisions)
