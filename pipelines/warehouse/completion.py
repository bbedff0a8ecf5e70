"""Whether a community is built: the one definition that register, denominators and rules share."""

from __future__ import annotations

import polars as pl

DATES = ("delivered_date", "completed_date", "built_year")
"""What tells when a community was built; the first one given decides when only one can."""
COLUMNS = ("construction_status", "withheld", *DATES, *(f"{field}_precision" for field in DATES))
"""Columns of a community record these expressions read."""


def floor_to(day: pl.Expr, precision: pl.Expr) -> pl.Expr:
    """The first day of the day's year, month or decade, so that it compares with a date known no closer.

    Stored dates of such a precision are that first day already; an unknown precision counts as a day.
    """
    decade = pl.date(day.dt.year() // 10 * 10, 1, 1)
    return (
        pl.when(precision == "month")
        .then(day.dt.truncate("1mo"))
        .when(precision == "year")
        .then(day.dt.truncate("1y"))
        .when(precision == "decade")
        .then(decade)
        .otherwise(day)
    )


def is_completed(as_of: pl.Expr) -> pl.Expr:
    """True where construction was completed by the as-of date; never null.

    The typed status decides. Where it is blank, a delivery date, completion date or year built that has come does, at
    its own precision. Where one of them was typed but can't be read the row stays in: what is withheld never makes a
    denominator smaller.
    """
    status = pl.col("construction_status")
    past = pl.any_horizontal(pl.col(field) <= floor_to(as_of, pl.col(f"{field}_precision")) for field in DATES)
    unreadable = pl.any_horizontal(pl.col("withheld").list.contains(f) for f in ("construction_status", *DATES))
    known = pl.when(status.is_not_null()).then(status == "completed").otherwise(past | unreadable)
    return known.fill_null(False).alias("is_completed")


def is_site() -> pl.Expr:
    """True where the district says that it is still being built."""
    return (pl.col("construction_status") == "under_construction").fill_null(False).alias("is_site")


def stood_before(day: pl.Expr) -> pl.Expr:
    """True where it was handed over before the day (rule R33), compared at the precision of what is known.

    The delivery date decides, else the completion date, else the year built. Null where none is known.
    """
    return pl.coalesce(pl.col(field) < floor_to(day, pl.col(f"{field}_precision")) for field in DATES).alias(
        "stood_before"
    )
