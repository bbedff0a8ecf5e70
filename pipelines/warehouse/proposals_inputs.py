"""The register as analysts should see it now: every community with its record in force, and what they decided so far.

Worked out from the records and the decision files as they are, so that a decision shows as soon as it is typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from pipelines.forms import FORMS
from pipelines.intake.records import SUBMISSION_SCHEMA
from pipelines.plans import tables
from pipelines.plans.model import Plan
from pipelines.settings import Workspace
from pipelines.warehouse import completion, decisions, identity, register, snapshot
from pipelines.warehouse.proposals import INPUT_SCHEMA, things

_STATED = ("community_code", "address", "company_name", "unit_type", "households", "floor_area_sqm", "building_count")
_KEY = ("submission_id", "source_sheet", "source_row")


@dataclass(frozen=True)
class Standing:
    """The register's last state.

    ``communities``: ``proposals.INPUT_SCHEMA`` with ``period_id`` (the plan's last started one), ``last_period`` and
    ``fate``. ``decisions``: ``decisions.DECISION_SCHEMA`` with ``is_applied``. ``distinct``: who is held apart.
    """

    communities: pl.DataFrame
    decisions: pl.DataFrame
    distinct: pl.DataFrame


def read(ws: Workspace, plans: Mapping[str, Plan], now: datetime) -> Standing:
    """Everything as known now. Raises DecisionError when a decision file can't be used."""
    received = _parquet(sorted((ws.records / "submission").glob("*.parquet")), SUBMISSION_SCHEMA)
    in_force = snapshot.effective(received, plans).filter("is_effective")
    names = [ws.records / "community" / f"{submission}.parquet" for submission in in_force["submission_id"]]
    wanted = (*register.COMMUNITY_COLUMNS, *_STATED)
    schema = {name: FORMS["community"].record_schema[name] for name in dict.fromkeys(wanted)}
    records = _parquet([path for path in names if path.is_file()], schema)
    periods = tables.frames(plans)["period"]
    made = register.build(
        records.select(register.COMMUNITY_COLUMNS),
        periods,
        in_force.select("plan_id", "district_code", "period_id"),
        now.date(),
        decisions.read_decisions(ws.register, plans),
    )
    communities = standing(made.register, records, periods)
    return Standing(communities, made.decisions, held_apart(made.decisions, communities))


def standing(stands: pl.DataFrame, records: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """Who is in the register in each plan's last period (``Standing.communities``)."""
    seq = periods.select("plan_id", "period_id", "seq", "as_of")
    last = stands.select("plan_id", "period_id").unique().join(seq, on=["plan_id", "period_id"])
    last = last.filter(pl.col("seq") == pl.col("seq").max().over("plan_id")).select("plan_id", "period_id")
    first = seq.rename({"period_id": "first_period", "seq": "first_seq", "as_of": "first_as_of"})
    final = seq.rename({"period_id": "last_period", "seq": "last_seq"}).drop("as_of")
    built = pl.coalesce(
        pl.when(pl.col(f"{field}_precision") != "decade").then(pl.col(field).dt.year()) for field in completion.DATES
    )
    stated = records.unique(_KEY).select(*_KEY, *_STATED, built=built)
    return (
        stands.filter("in_register")
        .join(last, on=["plan_id", "period_id"], how="semi")
        .join(first, on=["plan_id", "first_period"])
        .join(final, on=["plan_id", "last_period"])
        .join(stated, on=_KEY, how="left")
        .with_columns(is_missing=pl.col("fate") == "missing")
        .select(*(pl.col(name).cast(kind) for name, kind in INPUT_SCHEMA.items()), "period_id", "last_period", "fate")
    )


def held_apart(decided: pl.DataFrame, communities: pl.DataFrame) -> pl.DataFrame:
    """plan_id, community_id, other_id of every pair that an analyst says are two (event ``distinct``)."""
    asked = decided.filter(pl.col("event") == "distinct")
    pairs = [pl.DataFrame(schema={"plan_id": pl.String, "community_id": pl.String, "other_id": pl.String})]
    for (plan_id,), own in asked.group_by("plan_id", maintain_order=True):
        here = communities.filter(pl.col("plan_id") == plan_id)
        one, other = (_meant(own.select("line", "district_code", ref=who), here) for who in ("community", "related"))
        pairs.append(
            one.join(other, on="line").select(
                pl.lit(plan_id).alias("plan_id"), community_id="thing", other_id="thing_right"
            )
        )
    return pl.concat(pairs)


def _meant(asked: pl.DataFrame, communities: pl.DataFrame) -> pl.DataFrame:
    """``line`` → ``thing``: the community_id that a decision's word means."""
    refs = asked.explode("ref") if asked.schema["ref"] == pl.List else asked
    refs = refs.with_row_index("ref_no").with_columns(street=pl.lit(None, pl.String))
    found = identity.resolve(refs.drop("line"), things(communities, pl.col("community_id")))
    return refs.select("ref_no", "line").join(found, on="ref_no").select("line", "thing")


def _parquet(files: list[Path], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """The files in one frame; a column that an older record does not have is null."""
    if not files:
        return pl.DataFrame(schema=schema)
    return pl.scan_parquet(
        files, schema=schema, missing_columns="insert", extra_columns="ignore", glob=False
    ).collect()  # fmt: skip
