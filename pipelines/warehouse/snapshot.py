"""What a build starts from: the plans, the submissions as known at a moment, the register made of them, and the day.

Everything lands in ``<build>/inputs/``. The same records, plans and decisions give the same bytes on the same day.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import polars as pl

from pipelines.intake.records import SUBMISSION_SCHEMA
from pipelines.plans import tables
from pipelines.plans.model import Plan
from pipelines.settings import Workspace, local
from pipelines.warehouse import decisions, evidence, gathering, proposals_inputs, register
from pipelines.warehouse.records import ensure_schemas

SUBMISSION_INPUT_SCHEMA: dict[str, pl.DataType] = {
    **SUBMISSION_SCHEMA,
    "is_effective": pl.Boolean(),
    "supersedes": pl.String(),
    "is_late": pl.Boolean(),
    "first_accepted_at": pl.Datetime("us"),
    "is_first_accepted": pl.Boolean(),
    "unit_code": pl.String(),
    "ledger_no": pl.Int64(),
}
"""``submission.parquet``: every record received by the moment known. The newest accepted one of a plan, district and
period is effective; ``supersedes``: the accepted one before it. ``is_late``: whether the *first* accepted one came
after the due date; null for a returned file, which is no receipt. ``unit_code``: under what name its figures are worked
out: its district's code where it is in force, a code of its own (``register.version_code``) where it was replaced.
``ledger_no``: the number of that ledger (``LEDGER_SCHEMA``)."""

LEDGER_SCHEMA: dict[str, pl.DataType] = {
    "plan_id": pl.String(),
    "period_id": pl.String(),
    "district_code": pl.String(),
    "ledger_no": pl.Int64(),
}
"""``ledger.parquet``: every district in every period of its plan, sent or not, and every version that was replaced
under its ``unit_code``. The numbers mean nothing beyond one build: they make joins cheap."""

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
    decided = decisions.read_decisions(ws.register, plans)
    folder = inputs_folder(ws)
    tables.write(plans, folder)
    submissions = effective(received(ws, known_at), plans)
    ledgers = numbered(submissions, plans)
    submissions = _with_ledger(submissions, ledgers, "unit_code")
    gathering.gather(ws, submissions, folder, ["community"])
    in_force = submissions.filter("is_effective")
    replaced = submissions.filter(pl.col("unit_code") != pl.col("district_code"))
    periods = tables.frames(plans)["period"]
    gathered = pl.scan_parquet(gathering.gathered(folder, "community"), glob=False)
    rows = gathered.select("record_no", *register.COMMUNITY_COLUMNS)
    is_in_force = pl.col("submission_id").is_in(in_force["submission_id"].implode())
    made = register.build(
        rows.filter(is_in_force),
        periods,
        in_force.select(_PLACE),
        seen_from.date(),
        decided,
        rows.filter(~is_in_force),
        replaced.select("submission_id", *_PLACE, "received_at"),
    )
    frames = {
        "submission": submissions,
        "ledger": ledgers,
        "register": _with_ledger(made.register, ledgers),
        "register_version": _with_ledger(made.versions, ledgers),
        "register_event": made.events,
        "decision": made.decisions,
        "evidence_line": evidence.lines(ws, in_force, known_at),
        "assessment_entry": decisions.read_entries(ws.register, plans),
        "run": pl.DataFrame({"today": [seen_from.date()]}, schema={"today": pl.Date()}),
    }
    with ThreadPoolExecutor(1) as beside:  # proposals are plain Python; Polars gathers and writes beside it
        others = [kind for kind in gathering.KINDS if kind != "community"]
        under_way = [beside.submit(gathering.gather, ws, submissions, folder, others)]
        under_way += [beside.submit(_write, frame, folder, name) for name, frame in frames.items()]
        stated = gathered.select("record_no", *COMMUNITY_COLUMNS).filter(is_in_force)
        standing = proposals_inputs.standing(made.register, stated, periods)
        proposals = proposals_inputs.proposed(standing, made.decisions, plans, ws.build / "proposals")
        frames["register_proposal"] = proposals
        _write(proposals, folder, "register_proposal")
        for one in under_way:
            one.result()
    return {name: frame.height for name, frame in frames.items()}


def _write(frame: pl.DataFrame, folder: Path, name: str) -> None:
    frame.write_parquet(folder / f"{name}.parquet", compression="zstd", statistics=False)


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
        .select(pl.col(name).cast(kind) for name, kind in SUBMISSION_INPUT_SCHEMA.items() if name != "ledger_no")
    )


def numbered(submissions: pl.DataFrame, plans: Mapping[str, Plan]) -> pl.DataFrame:
    """Every ledger there can be, numbered (``LEDGER_SCHEMA``): the places of the plans, then the replaced versions."""
    places = pl.DataFrame(
        [(plan.id, t.id, d.code) for plan in plans.values() for t in plan.periods for d in plan.districts],
        schema=["plan_id", "period_id", "district_code"],
        orient="row",
    )
    versions = submissions.filter(pl.col("unit_code") != pl.col("district_code"))
    every = pl.concat([places, versions.select("plan_id", "period_id", district_code="unit_code")])
    return every.with_row_index("ledger_no").select(pl.col(name).cast(kind) for name, kind in LEDGER_SCHEMA.items())


def _with_ledger(frame: pl.DataFrame, ledgers: pl.DataFrame, unit: str = "district_code") -> pl.DataFrame:
    """The frame with the number of the ledger that each row belongs to, under that name of its unit."""
    keys = ["plan_id", "period_id", unit]
    return frame.join(ledgers.rename({"district_code": unit}), on=keys, how="left", maintain_order="left")


def received(ws: Workspace, known_at: datetime | None = None) -> pl.DataFrame:
    """Every submission record, up to the moment known."""
    files = sorted((ws.records / "submission").glob("*.parquet"))
    found = _read(files, SUBMISSION_SCHEMA)
    return found if known_at is None else found.filter(pl.col("received_at") <= known_at)


COMMUNITY_COLUMNS = tuple(dict.fromkeys((*register.COMMUNITY_COLUMNS, *proposals_inputs.STATED)))
"""What register and proposals read of a community record."""


def communities(ws: Workspace, submission_ids: pl.Series) -> pl.DataFrame:
    """The community rows of these submissions as ``register.build`` and proposals read them."""
    rows = gathering.scan(ws, "community", submission_ids).select(COMMUNITY_COLUMNS)
    return rows.with_row_index("record_no").collect()


def _read(files: list[Path], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """The files in one frame; a column that an older record does not have is null."""
    if not files:
        return pl.DataFrame(schema=schema)
    return pl.scan_parquet(
        files, schema=schema, missing_columns="insert", extra_columns="ignore", glob=False
    ).collect()  # fmt: skip
