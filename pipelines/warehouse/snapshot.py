"""What a build starts from: the plans, the submissions as known at a moment, the register made of them, and the moment.

Everything lands in ``<build>/inputs/``. The same records, plans and decisions give the same bytes, bar ``run.parquet``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

import pipelines
from pipelines.forms import FORMS
from pipelines.intake.records import SUBMISSION_SCHEMA
from pipelines.plans import tables
from pipelines.plans.model import Plan
from pipelines.settings import Workspace, local
from pipelines.warehouse import decisions, evidence, proposals_inputs, register
from pipelines.warehouse.records import SCHEMA_FILE, ensure_schemas

SUBMISSION_INPUT_SCHEMA: dict[str, pl.DataType] = {
    **SUBMISSION_SCHEMA,
    "is_effective": pl.Boolean(),
    "supersedes": pl.String(),
    "is_late": pl.Boolean(),
    "first_accepted_at": pl.Datetime("us"),
    "is_first_accepted": pl.Boolean(),
    "unit_code": pl.String(),
}
"""``submission.parquet``: every record received by the moment known. The newest accepted one of a plan, district and
period is effective; ``supersedes``: the accepted one before it. ``is_late``: whether the *first* accepted one came
after the due date; null for a returned file, which is no receipt. ``unit_code``: under what name its figures are worked
out: its district's code where it is in force, a code of its own (``register.version_code``) where it was replaced."""

_PLACE = ("plan_id", "district_code", "period_id")


def inputs_folder(ws: Workspace) -> Path:
    """Where the inputs of a build lie."""
    return ws.build / "inputs"


def write_inputs(
    ws: Workspace, plans: Mapping[str, Plan], now: datetime, known_at: datetime | None = None
) -> dict[str, int]:
    """Write every input of a build and return how many rows each table has.

    ``known_at``: look at the world as it was known then (submissions received later do not exist yet, and that moment's
    date is today). Raises DecisionError when an analysts' file can't be used, OSError on a read-only or full disk.
    """
    now, known_at = local(now), None if known_at is None else local(known_at)
    seen_from = now if known_at is None else min(known_at, now)
    ensure_schemas(ws.records)
    submissions = effective(received(ws, known_at), plans)
    in_force = submissions.filter("is_effective")
    replaced = submissions.filter(pl.col("unit_code") != pl.col("district_code"))
    decided = decisions.read_decisions(ws.register, plans)
    periods = tables.frames(plans)["period"]
    rows = communities(ws, in_force["submission_id"].to_list())
    made = register.build(
        rows.select(register.COMMUNITY_COLUMNS),
        periods,
        in_force.select(_PLACE),
        seen_from.date(),
        decided,
        communities(ws, replaced["submission_id"].to_list()).select(register.COMMUNITY_COLUMNS),
        replaced.select("submission_id", *_PLACE, "received_at"),
    )
    run = {"now": now, "known_at": known_at, "today": seen_from.date(), "version": pipelines.__version__}
    run_schema: dict[str, pl.DataType] = {
        "now": pl.Datetime("us"),
        "known_at": pl.Datetime("us"),
        "today": pl.Date(),
        "version": pl.String(),
    }
    frames = {
        "submission": submissions,
        "register": made.register,
        "register_version": made.versions,
        "register_event": made.events,
        "register_proposal": proposals_inputs.proposed(
            proposals_inputs.standing(made.register, rows, periods), made.decisions, plans
        ),
        "decision": made.decisions,
        "evidence_line": evidence.lines(ws, in_force, known_at),
        "assessment_entry": decisions.read_entries(ws.register, plans),
        "run": pl.DataFrame([run], schema=run_schema),
    }
    folder = inputs_folder(ws)
    tables.write(plans, folder)
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd", statistics=False)
    return {name: frame.height for name, frame in frames.items()}


def effective(received: pl.DataFrame, plans: Mapping[str, Plan]) -> pl.DataFrame:
    """The submissions (``SUBMISSION_SCHEMA``) with what follows from their order (``SUBMISSION_INPUT_SCHEMA``).

    Order is by the time received, then file name, then submission_id. A due date is met until its day ends; where the
    plan does not judge lateness nothing is late. What names a district or period that no plan has is never effective.
    """
    places = pl.DataFrame(
        [
            (plan.id, district.code, period.id, period.due, period.lateness_judged)
            for plan in plans.values()
            for district in plan.districts
            for period in plan.periods
        ],
        schema={**dict.fromkeys(_PLACE, pl.String), "due": pl.Date, "judged": pl.Boolean},
        orient="row",
    )
    accepted = pl.col("status") != "returned"
    ordered = received.sort("received_at", "file_name", "submission_id")
    counted = (
        ordered.filter(accepted)
        .join(places, on=_PLACE, how="inner", maintain_order="left")
        .select(
            "submission_id",
            is_effective=pl.col("submission_id") == pl.col("submission_id").last().over(_PLACE),
            supersedes=pl.col("submission_id").shift(1).over(_PLACE),
            is_late=pl.col("judged") & (pl.col("received_at").first().over(_PLACE).dt.date() > pl.col("due")),
            first_accepted_at=pl.col("received_at").first().over(_PLACE),
            is_first_accepted=pl.col("submission_id") == pl.col("submission_id").first().over(_PLACE),
            unit_code=pl.when(pl.col("submission_id") == pl.col("submission_id").last().over(_PLACE))
            .then("district_code")
            .otherwise(register.version_code()),
        )
    )
    return (
        ordered.join(counted, on="submission_id", how="left", maintain_order="left")
        .with_columns(pl.col("is_effective", "is_first_accepted").fill_null(False))
        .sort(*_PLACE, "received_at", "file_name", "submission_id", nulls_last=True)
        .select(pl.col(name).cast(kind) for name, kind in SUBMISSION_INPUT_SCHEMA.items())
    )


def received(ws: Workspace, known_at: datetime | None = None) -> pl.DataFrame:
    """Every submission record, up to the moment known."""
    files = sorted((ws.records / "submission").glob("*.parquet"))
    found = _read(files, SUBMISSION_SCHEMA)
    return found if known_at is None else found.filter(pl.col("received_at") <= known_at)


def communities(ws: Workspace, submission_ids: list[str]) -> pl.DataFrame:
    """The community rows of these submissions, as far as ``register.build`` and proposals read them."""
    folder = ws.records / "community"
    files = [
        file for name in (SCHEMA_FILE, *(f"{id}.parquet" for id in submission_ids)) if (file := folder / name).is_file()
    ]
    wanted = dict.fromkeys((*register.COMMUNITY_COLUMNS, *proposals_inputs.STATED))
    schema = {name: FORMS["community"].record_schema[name] for name in wanted}
    return _read(files, schema)


def _read(files: list[Path], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """The files in one frame; a column that an older record does not have is null."""
    if not files:
        return pl.DataFrame(schema=schema)
    return pl.scan_parquet(
        files, schema=schema, missing_columns="insert", extra_columns="ignore", glob=False
    ).collect()  # fmt: skip
