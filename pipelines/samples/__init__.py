"""Synthetic districts for the demo, for load and for tests: lifelike, deterministic, every mistake known."""

from pipelines.samples.drops import Drop, stream_drops, write_drops, write_load_plan
from pipelines.samples.history import histories
from pipelines.samples.truth import District, Ledger, Planted, Submission

__all__ = [
    "District",
    "Drop",
    "Ledger",
    "Planted",
    "Submission",
    "histories",
    "stream_drops",
    "write_drops",
    "write_load_plan",
]
