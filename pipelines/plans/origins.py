"""Which columns of which sheets a figure is made from: how methods pages and the coverage table lead back to a form."""

from __future__ import annotations

from pipelines.plans.entities import ENTITIES, origins
from pipelines.plans.model import Indicator, Plan

PROOFS = {
    "credit": "credit.rating_year credit.submitted_date",
    "inspection": "inspection.date inspection.type",
    "mechanism": "mechanism.indicator_id mechanism.issued_date",
    "meeting": "meeting.date meeting.type",
}
"""What shows that an occasion happened, by the source of a cadence. That a ledger arrived is in none of its columns."""


def fields(plan: Plan, indicator: Indicator) -> tuple[str, ...]:
    """``form.field`` of every column that a figure is made from, or ``form`` alone where each of its rows counts.

    None where the arrival of a ledger says it all.
    """
    if indicator.pools:
        parts = [part for name in indicator.pools if (part := plan.indicator(name)) is not None]
        return tuple(dict.fromkeys(name for part in parts for name in fields(plan, part)))
    if indicator.cadence is not None:
        return tuple(PROOFS.get(indicator.cadence.source, "").split())
    entity = ENTITIES[indicator.entity]
    found = tuple(dict.fromkeys(name for column in indicator.columns for name in origins(entity, column)))
    return found or ((entity.form,) if entity.form else ())
