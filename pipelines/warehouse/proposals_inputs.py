"""What proposals are made from: every community with its record in force, and what analysts decided so far."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipelines.plans.model import Plan
from pipelines.warehouse import completion, identity
from pipelines.warehouse.kept import Kept
from pipelines.warehouse.proposals import INPUT_SCHEMA, propose, things

STATED = ("community_code", "address", "company_name", "unit_type", "households", "floor_area_sqm", "building_count")
"""What ``standing`` reads of a community record, beside its dates and ``record_no``."""


def proposed(
    communities: pl.DataFrame, decided: pl.DataFrame, plans: Mapping[str, Plan], kept: Path | None = None
) -> pl.DataFrame:
    """The proposals (``proposals.PROPOSAL_SCHEMA``) on a register as it stands (``standing``).

    ``kept``: a folder where what was found in a district is kept, for as long as nothing about it changes.
    """
    found = Kept(kept)
    apart = held_apart(decided, communities)
    proposals = propose(communities, {id: places(plan) for id, plan in plans.items()}, apart, kept=found)
    found.forget_others()
    return proposals


def places(plan: Plan) -> list[str]:
    """Names of city and districts that may stand before a community's name, in full and short."""
    names = [plan.region.name]
    for district in plan.districts:
        names += [district.name.zh, district.short_name or "", *district.aliases, *district.ambiguous_aliases]
    short = (name.removesuffix("市").removesuffix("区").removesuffix("县") for name in names)
    return sorted({name for name in (*names, *short) if len(name) > 1})


def standing(stands: pl.DataFrame, records: pl.DataFrame | pl.LazyFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """Who is in the register in each plan's last period.

    ``proposals.INPUT_SCHEMA`` with ``period_id``, ``last_period`` and ``fate``.
    """
    seq = periods.select("plan_id", "period_id", "seq", "as_of")
    last = stands.select("plan_id", "period_id").unique().join(seq, on=["plan_id", "period_id"])
    last = last.filter(pl.col("seq") == pl.col("seq").max().over("plan_id")).select("plan_id", "period_id")
    first = seq.rename({"period_id": "first_period", "seq": "first_seq", "as_of": "first_as_of"})
    final = seq.rename({"period_id": "last_period", "seq": "last_seq"}).drop("as_of")
    built = pl.coalesce(
        pl.when(pl.col(f"{field}_precision") != "decade").then(pl.col(field).dt.year()) for field in completion.DATES
    )
    here = stands.filter("in_register").join(last, on=["plan_id", "period_id"], how="semi")
    numbered = records.lazy().cast({"record_no": here.schema["record_no"]})
    in_force = numbered.join(here.lazy().select("record_no"), on="record_no", how="semi")
    stated = in_force.select("record_no", *STATED, built=built).collect()
    return (
        here.join(first, on=["plan_id", "first_period"])
        .join(final, on=["plan_id", "last_period"])
        .join(stated, on="record_no", how="left")
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
