"""The pandera schema of a form's records and what it finds, over the rows of many workbooks at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from pipelines.forms.base import ORIGIN, Column, Form
from pipelines.forms.parsed import Problem
from pipelines.forms.problems import problem
from pipelines.forms.types import Enum

_LIMITS: dict[str, tuple[str, Callable[[float], pa.Check]]] = {
    "greater_than_or_equal_to": ("ge", lambda limit: pa.Check.ge(limit)),
    "greater_than": ("gt", lambda limit: pa.Check.gt(limit)),
    "less_than_or_equal_to": ("le", lambda limit: pa.Check.le(limit)),
    "less_than": ("lt", lambda limit: pa.Check.lt(limit)),
}
"""What pandera calls each limit → the column's attribute and the check it makes."""
PRECISIONS = ("day", "month", "year", "decade")


class Violation(NamedTuple):
    """One value outside what its column allows: the row of the frame, the field and what to tell the district."""

    row: int
    field: str
    problem: Problem


@cache
def build(form: type[Form]) -> pa.DataFrameSchema:
    """The schema of the form's records: exact columns and types, ranges and allowed codes, with title and description.

    Every value may be null: what is missing is for the rules to judge.
    """
    columns = {name: pa.Column(dtype, nullable=name == "withheld", title=name) for name, dtype in ORIGIN.items()}
    for key, (field, _) in form.key_columns.items():
        columns[key] = pa.Column(pl.String, nullable=True, title=key, description=f"{field} as names are compared")
    for column in form.columns:
        for name, dtype in column.record_columns.items():
            part = name.removeprefix(column.field).strip("_")
            columns[name] = pa.Column(
                dtype,
                nullable=True,
                title=column.header,
                description=column.description + (f" ({part})" if part else ""),
                checks=_checks(column) if not part else _precisions() if part == "precision" else None,
            )
    return pa.DataFrameSchema(columns, strict=True, ordered=True, name=form.name, title=form.title)


def _checks(column: Column) -> list[pa.Check]:
    checks = [make(limit) for name, make in _LIMITS.values() if (limit := getattr(column, name)) is not None]
    if isinstance(column.type, Enum) and not column.type.open:
        checks.append(pa.Check.isin(list(column.allowed)))
    return checks


def _precisions() -> list[pa.Check]:
    return [pa.Check.isin(PRECISIONS)]


def violations(form: type[Form], frame: pl.DataFrame) -> list[Violation]:
    """Values outside their column's limits, by row and field, each once. The frame has the form's record columns.

    Raises SchemaErrors when the frame itself is wrong (a column missing, a type, a word that is no code): that is a
    fault of the program, not of a district.
    """
    try:
        form.schema().validate(frame, lazy=True)
    except SchemaErrors as errors:
        if not all(isinstance(error.check, pa.Check) and error.check.name in _LIMITS for error in errors.schema_errors):
            raise
        return sorted(set(_found(form, errors.failure_cases)))
    return []


def _found(form: type[Form], cases: pl.DataFrame) -> Iterator[Violation]:
    for row, field in cases.select("index", "column").iter_rows():
        column = form.column(field)
        yield Violation(row, field, problem(column.rule, column.header, limit=limits(column)))


def limits(column: Column) -> str:
    """The column's range as a clerk reads it: 大于0、小于5000000."""
    words = {"ge": "不小于", "gt": "大于", "le": "不大于", "lt": "小于"}
    return "、".join(
        f"{word}{limit:g}" if abs(limit) < 1e6 else f"{word}{limit:,.0f}"
        for name, word in words.items()
        if (limit := getattr(column, name)) is not None
    )
