"""What a rule is: a function with its id, severity, message and remedy beside it, kept in ``RULES``.

Rules look at one frame of the rows of many workbooks. Besides the record columns it has: ``_row`` (position),
``_book``, ``_as_of``, ``_received`` (dates), ``_cutoff`` (first day of what is new), ``_district`` (the district the
typed one means), the markers of parse.FLAGS, ``_has_<field>`` for columns that the workbook has at all, and
``_has_bodies`` where it has the sheet of committees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

import polars as pl
import yaml

from pipelines.intake.issues import ERROR, WARNING

Check = Callable[[], pl.Expr]

Scope = Literal["row", "column", "book", "history", "cell", "file"]
"""row: an expression that is true where the rule is broken · column, book, history: a function over frames ·
cell, file: found while reading; listed here for the record."""


class Name(NamedTuple):
    """What a rule is called (``names.yaml``)."""

    title: str
    """Short, Chinese, for clerks: 小区漏报."""
    says: str
    """What it asks, in English."""
    source: str
    """Where it comes from."""


@cache
def names() -> Mapping[str, Name]:
    """Every finding's name, by rule id. Several rules may share an id: they are cases of one."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    entries = yaml.load((Path(__file__).parent / "names.yaml").read_text("utf-8"), loader)["rules"]
    return MappingProxyType({rule_id: Name(**entry) for rule_id, entry in entries.items()})


def title_of(rule_id: str) -> str:
    """The clerk's name of a rule; its id where nobody has named it."""
    return names()[rule_id].title if rule_id in names() else rule_id


@dataclass(frozen=True)
class Rule:
    """One rule. ``message`` and ``remedy`` are Chinese; ``{field}`` in the message stands for the row's value."""

    id: str
    severity: str
    form: str | None
    field: str | None
    """Where the finding points to."""
    message: str
    remedy: str
    withholds: tuple[str, ...] = ()
    """The fields whose value an error withholds."""
    scope: Scope = "row"
    check: Callable[..., object] | None = None
    shows: Mapping[str, Check] = made(default_factory=dict)
    """Placeholders of the message that are no columns, and what they show."""

    @property
    def title(self) -> str:
        """What a clerk calls it: 小区漏报."""
        return title_of(self.id)

    @property
    def name(self) -> str:
        return self.check.__name__ if self.check else self.id


RULES: list[Rule] = []
"""Every rule of intake, in the order of their files."""


def row_rule(
    rule_id: str,
    severity: str,
    form: str,
    field: str,
    message: str,
    remedy: str,
    withholds: str = "",
    **shows: Check,
) -> Callable[[Check], Check]:
    """Register a function that returns the expression which is true where the rule is broken.

    ``shows``: expressions for the placeholders of the message that are no columns of the frame.
    """

    def register(check: Check) -> Check:
        withheld = tuple(withholds.split())
        RULES.append(Rule(rule_id, severity, form, field, message, remedy, withheld, "row", check, shows))
        return check

    return register


@dataclass(frozen=True)
class Finding:
    """What a rule over whole workbooks found. ``row`` is the position in the frame of ``rule.form``; None = the sheet,
    or with ``field`` the column's header.
    """

    book: int
    row: int | None = None
    field: str | None = None
    values: Mapping[str, object] | None = None
    """Fill the placeholders of the message."""


BookCheck = Callable[[Mapping[str, pl.DataFrame]], Sequence[Finding]]


def book_rule(
    rule_id: str, severity: str, form: str, field: str | None, message: str, remedy: str, withholds: str = ""
) -> Callable[[BookCheck], BookCheck]:
    """Register a function over the frames of all forms (of many workbooks at once)."""

    def register(check: BookCheck) -> BookCheck:
        RULES.append(Rule(rule_id, severity, form, field, message, remedy, tuple(withholds.split()), "book", check))
        return check

    return register


def listed(
    rule_id: str,
    severity: str,
    form: str | None,
    field: str | None,
    message: str,
    remedy: str,
    scope: Scope,
    withholds: str = "",
) -> Rule:
    """A rule whose finding is made elsewhere (while reading, or against earlier ledgers), kept in the same register."""
    rule = Rule(rule_id, severity, form, field, message, remedy, tuple(withholds.split()), scope)
    RULES.append(rule)
    return rule


# ── words that rules share ────────────────────────────────────────────────────────────────────────────────────────

FORMED = ("formed", "term_expired", "re_election")
"""States in which a body counts as formed."""


def col(name: str) -> pl.Expr:
    """A column."""
    return pl.col(name)


def said(name: str) -> pl.Expr:
    """A text or date is given."""
    return pl.col(name).is_not_null()


def lacks(name: str) -> pl.Expr:
    """The workbook has the column, the row leaves it empty, and nothing unreadable stands there."""
    return pl.col(f"_has_{name}") & pl.col(name).is_null() & ~pl.col("withheld").list.contains(name)


def last_day(name: str) -> pl.Expr:
    """The last day that a date of its precision may mean."""
    day, precision = pl.col(name), pl.col(f"{name}_precision")
    return (
        pl.when(precision == "month")
        .then(day.dt.month_end())
        .when(precision == "year")
        .then(day.dt.offset_by("1y").dt.offset_by("-1d"))
        .when(precision == "decade")
        .then(day.dt.offset_by("10y").dt.offset_by("-1d"))
        .otherwise(day)
    )


def is_professional() -> pl.Expr:
    """Managed by a property company."""
    return pl.col("management_mode").str.starts_with("professional")


def is_managed() -> pl.Expr:
    """Managed in any mode."""
    return ~pl.col("management_mode").is_in(["none", "unknown"])


__all__ = [
    "ERROR",
    "FORMED",
    "RULES",
    "WARNING",
    "Finding",
    "Name",
    "Rule",
    "book_rule",
    "col",
    "is_managed",
    "is_professional",
    "lacks",
    "last_day",
    "listed",
    "names",
    "row_rule",
    "said",
    "title_of",
]
