"""Schemas and rules over the rows of many workbooks at once: issues, and the values they withhold.

The order: rows without identity are set aside; pandera judges ranges and codes; rules look at what is left; what errors
withhold becomes null and is named in the row's ``withheld``; duplicate rows are set aside last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from string import Formatter
from typing import Any

import polars as pl

from pipelines.forms import FORMS, Form
from pipelines.forms.schema import violations
from pipelines.forms.types import PartialDate
from pipelines.intake.issues import Issue
from pipelines.intake.layout import Table
from pipelines.intake.parse import FLAGS, Rows, entity_of, shown
from pipelines.intake.rules import RULES, Finding, Rule, books, reading, totals
from pipelines.plans import Plan


@dataclass
class Place:
    """Whose rows these are and what rules compare them with. Null where the workbook could not be identified."""

    submission_id: str
    received: date
    plan: Plan | None = None
    district_code: str | None = None
    period_id: str | None = None
    as_of: date | None = None
    issues: list[Issue] = field(default_factory=list)
    """Findings are added here."""
    missing: set[str] = field(default_factory=set)
    """``form.field`` of the columns the workbook does not have."""
    forms: set[str] = field(default_factory=set)
    """The forms it has."""


def validate(rows_of: Mapping[str, Rows], places: Sequence[Place]) -> dict[str, pl.DataFrame]:
    """Judge the rows of a batch of workbooks. Findings go to their place.

    Returned are the records of each form that stand, typed as the form says, with ``_book`` (position in ``places``) in
    front.
    """
    frames = {name: _prepared(rows, places) for name, rows in rows_of.items() if len(rows)}
    for name, frame in frames.items():
        frames[name] = _judge_rows(rows_of[name], frame, places)
    aside: dict[str, set[int]] = {}
    for rule in RULES:
        if rule.scope == "book" and rule.form in frames and rule.check:
            for finding in rule.check(frames):  # type: ignore[attr-defined]
                _report(rule, finding, rows_of[rule.form], frames[rule.form], places)
                if rule.id == "R39" and finding.row is not None:
                    aside.setdefault(rule.form, set()).add(finding.row)
    return {
        name: _record(rows_of[name].form, frame.filter(~pl.col("_row").is_in(list(aside.get(name, ())))))
        for name, frame in frames.items()
    }


def _record(form: type[Form], frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select("_book", *form.record_schema)


# ── frames ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _prepared(rows: Rows, places: Sequence[Place]) -> pl.DataFrame:
    """The rows with their origin, keys and what rules compare with; rows without identity set aside."""
    form = rows.form
    sheets = [table.source for table in rows.tables]
    frame = rows.frame().with_columns(
        pl.Series("source_sheet", [sheets[table] for table in rows.table], dtype=pl.String),
        pl.Series("source_row", rows.row, dtype=pl.Int64) + 1,
        _withheld(rows),
    )
    frame = frame.join(_context(form, places), on="_book", how="left", maintain_order="left")
    if form.name == "community":
        frame = frame.with_columns(_typed_district(frame, places))
    frame = form.with_keys(frame)
    identity = [column.field for column in form.columns if column.identity]
    if not identity:
        return frame
    nameless = frame.filter(pl.any_horizontal(pl.col(name).is_null() for name in identity))
    for book, row in nameless.select("_book", "_row").iter_rows():
        header = form.column(identity[0]).header
        message, remedy = reading.filled(reading.R02, header=header)
        _add(places[book], rows, row, identity[0], _spoken(reading.R02, form), message, remedy)
    return (
        frame
        if nameless.is_empty()
        else frame.join(nameless.select("_row"), on="_row", how="anti", maintain_order="left")
    )


def _spoken(rule: Rule, form: type[Form]) -> Rule:
    """A rule that reading makes for any form, as one of this form. R02 is about communities."""
    name = rule.id if rule.id != "R02" or form.name == "community" else "row_without_name"
    return Rule(name, rule.severity, form.name, rule.field, rule.message, rule.remedy, rule.withholds, rule.scope)


def _withheld(rows: Rows) -> pl.Series:
    """The withheld fields of every row. Made from joined text: a Series of lists takes as long as the reading."""
    joined: list[str | None] = [None] * len(rows)
    for row, names in rows.withheld.items():
        joined[row] = " ".join(names) or None
    nothing = pl.lit([], dtype=pl.List(pl.String))
    fields = pl.col("withheld").str.split(" ").fill_null(nothing)
    return pl.DataFrame({"withheld": pl.Series(joined, dtype=pl.String)}).select(fields)["withheld"]


def _context(form: type[Form], places: Sequence[Place]) -> pl.DataFrame:
    """One row per workbook: origin columns, dates to compare with, and which columns it has."""
    data: dict[str, Any] = {
        "_book": pl.Series(range(len(places)), dtype=pl.UInt32),
        "submission_id": pl.Series([p.submission_id for p in places], dtype=pl.String),
        "plan_id": pl.Series([p.plan.id if p.plan else None for p in places], dtype=pl.String),
        "district_code": pl.Series([p.district_code for p in places], dtype=pl.String),
        "period_id": pl.Series([p.period_id for p in places], dtype=pl.String),
        "_as_of": pl.Series([p.as_of for p in places], dtype=pl.Date),
        "_received": pl.Series([p.received for p in places], dtype=pl.Date),
        "_cutoff": pl.Series([p.plan.parameters.new_build_cutoff if p.plan else None for p in places], dtype=pl.Date),
    }
    data["_has_bodies"] = pl.Series(["committee" in p.forms for p in places], dtype=pl.Boolean)
    if form.name == "task":
        asked = [totals.tasks_of(p.plan, p.district_code) if p.plan and p.district_code else () for p in places]
        data["_tasks"] = pl.Series([list(tasks) for tasks in asked], dtype=pl.List(pl.String))
    if form.name in ("task", "mechanism"):
        ids = [[indicator.id for indicator in p.plan.indicators] if p.plan else None for p in places]
        data["_indicators"] = pl.Series(ids, dtype=pl.List(pl.String))
    for name in _asked_for(form.name):
        data[f"_has_{name}"] = pl.Series([f"{form.name}.{name}" not in p.missing for p in places], dtype=pl.Boolean)
    return pl.DataFrame(data)


@cache
def _expressions(form: str) -> dict[int, pl.Expr]:
    """The row rules of a form, by position in ``RULES``."""
    return {
        number: rule.check()  # type: ignore[misc]
        for number, rule in enumerate(RULES)
        if rule.scope == "row" and rule.form == form and rule.check
    }


@cache
def _asked_for(form: str) -> tuple[str, ...]:
    """The fields whose column's presence some rule asks for."""
    roots = {root for expression in _expressions(form).values() for root in expression.meta.root_names()}
    named = {root.removeprefix("_has_") for root in roots if root.startswith("_has_")} - {"bodies"}
    return tuple(sorted(named | ({"list_flag"} if form == "credit" else set())))


def _typed_district(frame: pl.DataFrame, places: Sequence[Place]) -> pl.Series:
    """The code of the district that each row's typed name means; null when unknown or ambiguous."""
    pairs = frame.select("_book", "district_name")
    distinct = pairs.unique()
    codes = []
    for book, text in distinct.iter_rows():
        plan = places[book].plan
        district = plan.district(text) if plan and text else None
        codes.append(district.code if district else None)
    meant = distinct.with_columns(pl.Series("_district", codes, dtype=pl.String))
    return pairs.join(
        meant, on=["_book", "district_name"], how="left", nulls_equal=True, maintain_order="left"
    ).get_column("_district")


# ── judging ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _judge_rows(rows: Rows, frame: pl.DataFrame, places: Sequence[Place]) -> pl.DataFrame:
    """Schema, then the rules over single rows. Returned: the frame without the withheld values."""
    form = rows.form
    numbers = frame["_row"].to_list()
    broken: dict[str, list[int]] = {}
    for found in violations(form, frame.select(list(form.record_schema))):
        row = numbers[found.row]
        said = found.problem
        rule = Rule(said.rule_id, said.severity, form.name, found.field, said.message, said.remedy)
        _add(places[rows.book[row]], rows, row, found.field, rule, said.message, said.remedy)
        broken.setdefault(found.field, []).append(row)
        rows.withhold(row, found.field)
    frame = _without(form, frame, broken, rows)
    withheld: dict[str, list[int]] = {}
    for number, hits in _hits(form, frame).items():
        rule = RULES[number]
        for row, values in _values(rule, form, hits):
            _add(places[rows.book[row]], rows, row, rule.field, rule, rule.message.format(**values), rule.remedy)
            for name in rule.withholds:
                rows.withhold(row, name)
                withheld.setdefault(name, []).append(row)
    for name, late in books.future_dates(form.name, frame):
        header = form.column(name).header
        for row, value in late.select("_row", f"{name}_raw").iter_rows():
            rule = _spoken(reading.R35, form)
            message, remedy = reading.filled(rule, header=header, value=value)
            _add(places[rows.book[row]], rows, row, name, rule, message, remedy)
    return _without(form, frame, withheld, rows)


def _hits(form: type[Form], frame: pl.DataFrame) -> dict[int, pl.DataFrame]:
    """The rows that break each rule over single rows, rules that nothing breaks left out."""
    expressions = _expressions(form.name)
    if not expressions:
        return {}
    judged = frame.select(expression.fill_null(False).alias(str(number)) for number, expression in expressions.items())
    counts = judged.sum().row(0)
    return {
        number: frame.filter(judged[str(number)]) for number, count in zip(expressions, counts, strict=True) if count
    }


def _without(form: type[Form], frame: pl.DataFrame, fields: Mapping[str, list[int]], rows: Rows) -> pl.DataFrame:
    """The frame with these values nulled and ``withheld`` brought up to date."""
    if not fields:
        return frame
    nulled = []
    for name, numbers in fields.items():
        hit = pl.col("_row").is_in(pl.Series(sorted(set(numbers)), dtype=pl.UInt32).implode())
        for part in _parts(form, name):
            nulled.append(pl.when(hit).then(None).otherwise(pl.col(part)).alias(part))
    withheld = _withheld(rows).gather(frame["_row"])
    return form.with_keys(frame.with_columns(*nulled, withheld.alias("withheld")))


def _parts(form: type[Form], name: str) -> Iterable[str]:
    """The record columns of a withheld field. The raw text of a date stays: it says what was typed. ``is_professional``
    is a conclusion and no column: the warehouse reads it from ``withheld``.
    """
    columns = {column.field: column for column in form.columns}
    if name not in columns:
        return ()
    return [part for part in columns[name].record_columns if not part.endswith("_raw")]


@cache
def _placeholders(message: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(message) if name))


def _values(rule: Rule, form: type[Form], hits: pl.DataFrame) -> Iterable[tuple[int, dict[str, str]]]:
    """Each hit row with what the message shows of it."""
    names = _placeholders(rule.message)
    dates = {name: f"{name}_raw" for name in names if f"{name}_raw" in form.record_schema}
    shown_as = [
        rule.shows[name]()
        if name in rule.shows
        else pl.coalesce(pl.col(dates[name]), pl.col(name).cast(pl.String))
        if name in dates
        else pl.col(name)
        for name in names
    ]
    for row, *values in hits.select("_row", *(e.alias(n) for e, n in zip(shown_as, names, strict=True))).iter_rows():
        yield row, {name: display(value) for name, value in zip(names, values, strict=True)}


def display(value: object) -> str:
    """A value as a message shows it."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)


# ── issues ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _report(rule: Rule, finding: Finding, rows: Rows, frame: pl.DataFrame, places: Sequence[Place]) -> None:
    """Turn what a rule over whole workbooks found into an issue: at a row, at a column's header, or for the sheet."""
    values = {name: display(value) for name, value in (finding.values or {}).items()}
    message = rule.message.format(**values)
    place = places[finding.book]
    if finding.row is not None:
        _add(place, rows, finding.row, rule.field, rule, message, rule.remedy)
        return
    table = rows.first_table[finding.book]
    found = table.fields.get(finding.field or "")
    cell = table.where(table.header_rows[1], found.index) if found else None
    place.issues.append(
        Issue(rule.severity, rule.id, message, rule.remedy, table.sheet.name, cell, None, rows.form.name, finding.field)
    )


def _add(place: Place, rows: Rows, row: int, name: str | None, rule: Rule, message: str, remedy: str) -> None:
    table, line = rows.tables[rows.table[row]], rows.row[row]
    place.issues.append(at_cell(rule, table, line, name, message, remedy))


def at_cell(rule: Rule, table: Table, line: int, name: str | None, message: str, remedy: str) -> Issue:
    """An issue at a field of a sheet row; where the sheet has no such column, at the row's identifying cell."""
    found = table.fields.get(name or "")
    place = found or next(
        (table.fields[c.field] for c in table.form.columns if c.identity and c.field in table.fields), None
    )
    raw = table.sheet.cells[line][found.index] if found and found.index < len(table.sheet.cells[line]) else None
    return Issue(
        rule.severity,
        rule.id,
        message,
        remedy,
        table.sheet.name,
        table.where(line, place.index) if place else None,
        line + 1,
        table.form.name,
        name,
        entity_of(table, line),
        shown(raw),
    )


def date_fields(form: str) -> tuple[str, ...]:
    """The fields of a form that hold dates."""
    return tuple(c.field for c in FORMS[form].columns if isinstance(c.type, PartialDate) and not c.personal)


__all__ = ["FLAGS", "Place", "at_cell", "date_fields", "display", "validate"]
